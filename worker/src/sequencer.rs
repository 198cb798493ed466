//! What travels to the SMS queue and to the Sequencers, and how: binding
//! names, message types, and the names of the objects, in one place.

use std::rc::Rc;

use domain::ids::StreamId;
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::platform::app::App;
use crate::platform::error::AppError;
use crate::platform::http::Reply;

/// The queue towards the SMS provider.
pub const SMS_QUEUE: &str = "SMS_QUEUE";
/// One object for each stream.
pub const SEQUENCER: &str = "SEQUENCER";
/// Queue messages in one send: the platform's limit.
const SEND_MAX: usize = 100;
/// Objects called at the same time: the platform holds six connections open.
const POKES_AT_ONCE: usize = 6;

/// What travels on the SMS queue: which batch, nothing of its content (I11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmsJob {
    /// Message id.
    pub message: i64,
    /// Round.
    pub round: u8,
    /// Batch number.
    pub no: i64,
}

/// Puts jobs on the SMS queue.
///
/// # Errors
/// Where the queue does not take them; what is not on it is put there again.
pub async fn enqueue(app: &App, jobs: &[SmsJob]) -> Result<(), AppError> {
    for some in jobs.chunks(SEND_MAX) {
        let bodies = some.iter().map(|job| json!(job)).collect();
        app.host.enqueue(SMS_QUEUE, bodies).await?;
    }
    Ok(())
}

/// The name of a stream's object.
pub fn object_name(stream: StreamId) -> String {
    stream.to_string()
}

/// The stream of an object's name.
pub fn stream_of(name: &str) -> Option<StreamId> {
    name.parse().ok()
}

/// Tells the Sequencers of these streams to look at the database. A poke carries no
/// truth: one that is lost is made up for by cron.
pub async fn poke(app: &App, streams: Vec<StreamId>) {
    futures_util::stream::iter(streams)
        .map(|stream| async move {
            if let Err(error) = app.host.wake(SEQUENCER, &object_name(stream)).await {
                app.log_error("poke", &error, json!({ "stream": stream }));
            }
        })
        .buffer_unordered(POKES_AT_ONCE)
        .collect::<Vec<()>>()
        .await;
}

/// Pokes after the answer has left.
pub fn poke_later<A>(reply: Reply<A>, app: &Rc<App>, streams: Vec<StreamId>) -> Reply<A> {
    let app = app.clone();
    reply.then(async move { poke(&app, streams).await })
}
