//! The ways in of the audit log.

use domain::api;
use domain::audit::{AuditPage, Verdict};

use super::store;
use crate::platform::error::AppError;
use crate::platform::http::{Reply, Signed};

/// Entries of one page.
const PAGE: usize = 100;

/// `GET /api/audit?before=<seq>`: newest first.
///
/// # Errors
/// Where the database fails.
pub async fn list(call: Signed) -> Result<Reply<AuditPage>, AppError> {
    let before = call.asked(api::BEFORE_ENTRY)?.unwrap_or(i64::from(u32::MAX));
    let mut entries = store::page(&call.app, before, PAGE + 1).await?;
    let more = entries.len() > PAGE;
    entries.truncate(PAGE);
    Reply::json(200, &AuditPage { entries, more })
}

/// `GET /api/audit/verify`: walks the whole chain.
///
/// # Errors
/// Where the database fails.
pub async fn verify(call: Signed) -> Result<Reply<Verdict>, AppError> {
    Reply::json(200, &store::verify(&call.app).await?)
}
