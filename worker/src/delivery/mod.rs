//! Deliveries: from release to receipt. Batches carry the truth; whoever is
//! killed whenever, the next one to look at a batch knows what to do.

pub mod attempt;
pub mod expire;
pub mod provider;
pub mod receipts;
pub mod release;
pub mod routes;
pub mod sequence;
pub mod store;

use std::rc::Rc;

use futures_util::StreamExt;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::bindings;
use crate::error::AppError;
use crate::router::Answer;

/// Stubs asked at the same time: the platform holds six connections open.
const POKES_AT_ONCE: usize = 6;

/// A late batch, whose stream has gone on without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchKey {
    /// Message.
    pub message_id: i64,
    /// Round.
    pub round: u8,
    /// Number.
    pub no: i64,
}

/// Tells the Sequencers of these streams to look at D1. A poke carries no
/// truth: one that is lost is made up for by cron.
pub async fn poke(app: &App, streams: Vec<String>) {
    futures_util::stream::iter(streams)
        .map(|stream| async move {
            if let Err(error) = poke_one(app, &stream).await {
                worker::console_error!("{}", serde_json::json!({ "level": "error", "area": "poke", "stream": stream, "cause": format!("{error:?}") }));
            }
        })
        .buffer_unordered(POKES_AT_ONCE)
        .collect::<Vec<()>>()
        .await;
}

async fn poke_one(app: &App, stream: &str) -> Result<(), AppError> {
    let stub = app.env.durable_object(bindings::SEQUENCER)?.get_by_name(stream)?;
    stub.fetch_with_str("https://sequencer/poke").await?;
    Ok(())
}

/// Pokes after the answer has left.
pub fn poke_later(answer: Answer, app: &Rc<App>, streams: Vec<String>) -> Answer {
    let app = app.clone();
    answer.then(async move { poke(&app, streams).await })
}
