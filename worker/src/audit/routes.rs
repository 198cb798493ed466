//! The ways in of the audit log.

use domain::api;
use domain::audit::{AuditExport, AuditPage, History, Reveal, Revealed, VerifyPage, VerifyPart};

use super::{history, store, verify};
use crate::platform::error::AppError;
use crate::platform::http::{Reply, Signed};

/// Entries of one page.
const PAGE: usize = 100;

fn before(call: &Signed) -> Result<i64, AppError> {
    Ok(call.asked(api::BEFORE_ENTRY)?.unwrap_or(i64::from(u32::MAX)))
}

/// `GET /api/audit?before=<seq>`: newest first.
///
/// # Errors
/// Where the database fails.
pub async fn list(call: Signed) -> Result<Reply<AuditPage>, AppError> {
    let mut entries = store::page(&call.app, &call.person, before(&call)?, PAGE + 1).await?;
    let more = entries.len() > PAGE;
    entries.truncate(PAGE);
    Reply::json(200, &AuditPage { entries, more })
}

/// `GET /api/audit/verify?part=&from=`: a piece of the check.
///
/// # Errors
/// Where the database or the archive fails.
pub async fn verify(call: Signed) -> Result<Reply<VerifyPage>, AppError> {
    let part = call.asked(api::PART)?.unwrap_or(VerifyPart::Entries);
    let from = call.asked(api::FROM)?.unwrap_or(0);
    Reply::json(200, &verify::page(&call.app, part, from).await?)
}

/// `GET /api/audit/export?from=<seq>`.
///
/// # Errors
/// Where the database or the archive fails.
pub async fn export(call: Signed) -> Result<Reply<AuditExport>, AppError> {
    let from = call.asked(api::FROM)?.unwrap_or(0);
    Reply::json(200, &verify::export(&call.app, from).await?)
}

/// `GET /api/audit/history?kind=&id=`.
///
/// # Errors
/// [`AppError::NotFound`] where no kind and id are named.
pub async fn history(call: Signed) -> Result<Reply<History>, AppError> {
    let kind = call.asked(api::HISTORY_OF)?.ok_or(AppError::NotFound)?;
    let id = call.asked(api::HISTORY_ID)?.ok_or(AppError::NotFound)?;
    Reply::json(200, &history::history(&call.app, &call.person, (kind, id), before(&call)?, PAGE).await?)
}

/// `POST /api/audit/values`.
///
/// # Errors
/// [`AppError::NotFound`] where nothing is told of it, or not to this reader.
pub async fn reveal(call: Signed, order: Reveal) -> Result<Reply<Revealed>, AppError> {
    Reply::json(200, &history::reveal(&call.app, &call.person, order).await?)
}
