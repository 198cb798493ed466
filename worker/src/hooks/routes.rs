//! The ways in. A provider that is not answered as it wants posts again: so it is only where everything is written.

use domain::provider::{Protocol, ProviderKind};
use serde_json::json;
use subtle::ConstantTimeEq;

use super::replies;
use crate::delivery::receipts;
use crate::platform::crypto::sha256;
use crate::platform::error::AppError;
use crate::platform::http::{Call, Reply};

/// Most bytes of a post: a few thousand receipts.
pub const HOOK_BYTES_MAX: usize = 500_000;

/// Fewest characters of the secret in the address.
pub const HOOK_SECRET_MIN: usize = 32;

/// Who posts, where the address is the right one.
fn posted_by(call: &Call) -> Result<(ProviderKind, &'static dyn Protocol), AppError> {
    let param = |name| call.params.get(name).map(String::as_str).unwrap_or_default();
    let secret = call.app.host.setting("HOOK_SECRET").filter(|secret| secret.len() >= HOOK_SECRET_MIN);
    // Hashes are of one length, and tell nothing by the time that comparing them takes.
    let is_right = secret.is_some_and(|secret| {
        let (own, given) = (sha256(secret.as_bytes()), sha256(param("secret").as_bytes()));
        own.as_bytes().ct_eq(given.as_bytes()).into()
    });
    let kind = ProviderKind::from_key(param("provider")).filter(|_| is_right);
    kind.and_then(|kind| Some((kind, kind.protocol()?))).ok_or(AppError::NotFound)
}

/// What a post that cannot be read is: none of it is told to the log, since numbers may stand in it.
fn unreadable(call: &Call, kind: ProviderKind) -> AppError {
    call.app.log_warning("hooks", json!({ "provider": kind.key(), "unreadable": call.body.len() }));
    AppError::BadJson("not what a provider posts".into())
}

/// `POST /hooks/{provider}/{secret}/report`.
///
/// # Errors
/// Where the address is wrong, the post cannot be read, or the database fails.
pub async fn report(call: Call) -> Result<Reply, AppError> {
    let (kind, protocol) = posted_by(&call)?;
    let receipts = protocol.read_report(&call.body).map_err(|_| unreadable(&call, kind))?;
    receipts::take_in(&call.app, kind.key(), &receipts).await?;
    Ok(Reply::json_text(200, protocol.facts().ack_report.to_owned()))
}

/// `POST /hooks/{provider}/{secret}/reply`.
///
/// # Errors
/// As [`report`].
pub async fn reply(call: Call) -> Result<Reply, AppError> {
    let (kind, protocol) = posted_by(&call)?;
    let replies = protocol.read_reply(&call.body).map_err(|_| unreadable(&call, kind))?;
    replies::take_in(&call.app, kind, &replies).await?;
    Ok(Reply::json_text(200, protocol.facts().ack_reply.to_owned()))
}
