//! The Idempotency-Key: the same order that comes twice is done once, and
//! answered as the first time. Written in the batch of its effect.

use domain::time::Instant;
use serde::Deserialize;

use super::call::{Key, Signed};
use crate::args;
use crate::platform::d1::{Guarded, Stmt, sql};
use crate::platform::error::AppError;

/// Longest key.
const KEY_BYTES_MAX: usize = 64;
/// Shortest key.
const KEY_BYTES_MIN: usize = 8;

/// What is kept of an answer.
pub enum Kept<'a> {
    /// JSON as it was sent.
    Json(&'a str),
    /// The path of what the order was about; a repeat reads it again.
    Resource(&'a str),
    /// `{"id": …, "changed_at": …}` of the message that the batch inserts.
    NewestMessage,
}

/// What was answered before under a key.
#[derive(Debug, Deserialize)]
pub struct Earlier {
    body_hash: String,
    /// HTTP status.
    pub status: u16,
    /// The answer, where it was kept.
    pub answer: Option<String>,
    /// Else the path that gives it.
    pub resource: Option<String>,
}

/// The key in a header.
///
/// # Errors
/// Where it is too short, too long, or not visible ASCII.
pub fn checked(header: Option<&str>) -> Result<Option<&str>, AppError> {
    match header {
        None => Ok(None),
        Some(key)
            if (KEY_BYTES_MIN..=KEY_BYTES_MAX).contains(&key.len())
                && key.bytes().all(|b| b.is_ascii_graphic()) =>
        {
            Ok(Some(key))
        }
        Some(_) => Err(AppError::BadJson(format!(
            "Idempotency-Key: {KEY_BYTES_MIN} to {KEY_BYTES_MAX} visible ASCII characters"
        ))),
    }
}

/// Reads what was answered before under a key, for whom `who` (SQL of ours over ?1) names.
pub fn earlier(who: &str, arg: impl Into<crate::platform::d1::Value>, route: &str, key: &str) -> Stmt {
    sql(
        format!(
            "SELECT body_hash, status, answer, resource FROM idempotency WHERE staff_id = {who} AND route = ?2 AND key = ?3"
        ),
        &[arg.into(), route.into(), key.into()],
    )
}

impl Earlier {
    /// Refuses where the key was used for another body.
    ///
    /// # Errors
    /// [`AppError::KeyReused`].
    pub fn of_this_body(self, body_hash: &str) -> Result<Self, AppError> {
        if self.body_hash == body_hash { Ok(self) } else { Err(AppError::KeyReused) }
    }
}

impl Signed {
    /// Writes the answer under the Idempotency-Key, in the batch of its effect.
    #[must_use]
    pub fn remember<'a>(&self, batch: Guarded<'a>, status: u16, kept: Kept<'_>) -> Guarded<'a> {
        let Some(Key { staff, route, key, body_hash }) = &self.key else { return batch };
        let at: Instant = self.app.now();
        let (answer, json, resource) = match kept {
            Kept::Json(json) => ("?6", Some(json), None),
            Kept::Resource(path) => ("?6", None, Some(path)),
            Kept::NewestMessage => (
                "COALESCE(?6, (SELECT json_object('id', id, 'changed_at', changed_at) FROM messages
                       WHERE id = (SELECT MAX(id) FROM messages)))",
                None,
                None,
            ),
        };
        batch.then(
            format!(
                "INSERT INTO idempotency (staff_id, route, key, body_hash, status, answer, resource, at)
                 SELECT ?1, ?2, ?3, ?4, ?5, {answer}, ?7, ?8"
            ),
            args![*staff, route, key, body_hash, status, json, resource, at],
        )
    }
}
