//! Committing an order about a message, and answering with the message as it
//! then is, in the same round trip.

use domain::api;
use domain::ids::MessageId;
use domain::message::MessageView;

use super::rows::{self, Loaded};
use crate::delivery::provider;
use crate::platform::d1::Guarded;
use crate::platform::error::AppError;
use crate::platform::http::{Kept, Reply, Signed};

/// The path by which a message is read, also when its order comes a second time.
pub fn resource(id: MessageId) -> String {
    api::MESSAGE.at(id).url
}

/// Commits a batch and answers with the message.
///
/// # Errors
/// Where the batch loses.
pub async fn commit_and_show(
    call: &Signed,
    batch: Guarded<'_>,
    id: MessageId,
) -> Result<(Reply<MessageView>, Loaded), AppError> {
    let batch = call.remember(batch, 200, Kept::Resource(&resource(id)));
    let at = batch.len();
    let batch = batch.append(rows::load_sql(&call.person, id, call.app.now())?);
    let answers = batch.commit().await?;
    provider::prepare(&call.app).await;
    let loaded = rows::read(answers.get(at..).unwrap_or_default(), call.app.keys()?)?;
    Ok((Reply::json(200, &loaded.view(&call.app, &call.person)?)?, loaded))
}
