//! The ways in of the audit log.

use domain::audit::AuditPage;

use super::store;
use crate::error::AppError;
use crate::router::{Answer, Call};

/// Entries of one page.
const PAGE: usize = 100;

/// `GET /api/audit?before=<seq>`: newest first.
///
/// # Errors
/// Where the database fails.
pub async fn list(call: Call) -> Result<Answer, AppError> {
    let before = match call.query.get("before") {
        Some(seq) => seq.parse().map_err(|_| AppError::NotFound)?,
        None => i64::from(u32::MAX),
    };
    let mut entries = store::page(&call.app, before, PAGE + 1).await?;
    let more = entries.len() > PAGE;
    entries.truncate(PAGE);
    Answer::json(200, &AuditPage { entries, more })
}

/// `GET /api/audit/verify`: walks the whole chain.
///
/// # Errors
/// Where the database fails.
pub async fn verify(call: Call) -> Result<Answer, AppError> {
    Answer::json(200, &store::verify(&call.app).await?)
}
