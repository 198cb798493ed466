//! The scan of a signed original: taken as it is, known by its first bytes, kept in the bucket under
//! its hash, and served to who may read the message.

use domain::audit::AuditAction;
use domain::filing::{Scan, ScanKind};
use domain::ids::MessageId;
use domain::words::Words;
use serde_json::json;

use super::rights::{why_not_registered, with_papers};
use crate::message::rows;
use crate::platform::app::App;
use crate::platform::crypto::sha256;
use crate::platform::d1::{Audit, Subject};
use crate::platform::error::AppError;
use crate::platform::host::ARCHIVE;
use crate::platform::http::{Kept, Reply, Signed};
use crate::platform::json;

/// The name of a scan in the bucket.
fn name(sha256: &str) -> String {
    format!("scans/{sha256}")
}

fn unknown() -> AppError {
    let words = Words::fixed(
        "这个文件不是 PDF 或照片（JPEG、PNG、WebP），请重新扫描或拍照后上传",
        "This file is neither a PDF nor a picture (JPEG, PNG, WebP): scan or photograph the original again",
    );
    AppError::field("scan_unknown", "document", words)
}

/// What these bytes are.
fn look(bytes: &[u8]) -> Result<Scan, AppError> {
    let kind = ScanKind::of(bytes).ok_or_else(unknown)?;
    Ok(Scan { sha256: sha256(bytes), kind, size: bytes.len() as u32 })
}

/// A stored scan, with its bytes: only as it was stored.
///
/// # Errors
/// Where the bucket fails, or holds something else under this hash.
pub async fn stored(app: &App, hash: &str) -> Result<Option<(Scan, Vec<u8>)>, AppError> {
    let Some(bytes) = app.host.load(ARCHIVE, &name(hash)).await? else { return Ok(None) };
    let scan = look(&bytes)?;
    if scan.sha256 != hash {
        return Err(AppError::Internal("a scan in the bucket is not what was stored".into()));
    }
    Ok(Some((scan, bytes)))
}

/// `POST /api/messages/{id}/scan`.
///
/// # Errors
/// 403 where the caller does not register it; 422 where it is neither a picture nor a PDF.
pub async fn store(call: Signed, id: MessageId) -> Result<Reply<Scan>, AppError> {
    let scan = look(&call.body)?;
    let loaded = rows::load(&call.app, &call.person, id).await?;
    why_not_registered(&call.person, &loaded)?;
    call.app.host.store_new(ARCHIVE, &name(&scan.sha256), call.body.clone()).await?;
    let batch = call.app.db.guarded().audit(&Audit {
        at: call.app.now(),
        actor: call.person.id.0,
        action: AuditAction::MessageScanned,
        subject: Subject::Row("message", id.0),
        detail: &json!({ "version": loaded.row.version, "sha256": scan.sha256, "size": scan.size }),
    });
    call.remember(batch, 200, Kept::Json(&json::text(&scan)?)).commit().await?;
    Reply::json(200, &scan)
}

/// `GET /api/messages/{id}/scan`: to be saved, never opened as a page of ours.
///
/// # Errors
/// 404 where there is none, or not for this reader.
pub async fn show(call: Signed, id: MessageId) -> Result<Reply<domain::api::File>, AppError> {
    let loaded = rows::load(&call.app, &call.person, id).await?;
    let papers = with_papers(&loaded);
    let registration = papers.and_then(|papers| papers.registration.as_ref()).ok_or(AppError::NotFound)?;
    let scan = registration.scan.as_ref().ok_or(AppError::NotFound)?;
    let (scan, bytes) = stored(&call.app, &scan.sha256).await?.ok_or(AppError::NotFound)?;
    let file = format!("attachment; filename=\"register-{}-{id}.{}\"", registration.year, scan.kind.ending());
    Ok(Reply::file(scan.kind.key(), bytes).header("Content-Disposition", file))
}
