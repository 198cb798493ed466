//! The desk of whoever keeps the register: what waits for its registration, filings with the late ones
//! first, and the limit of days.

use domain::access::Action;
use domain::audit::AuditAction;
use domain::filing::{FilingLimit, FilingLine, Filings, ToRegister};
use domain::ids::MessageId;
use domain::time::Instant;
use serde::Deserialize;
use serde_json::json;

use super::store::filing_json;
use crate::args;
use crate::platform::d1::{Answers, Audit, Rows, Stmt, Subject, sql};
use crate::platform::error::AppError;
use crate::platform::http::{Kept, Reply, Signed};
use crate::platform::json;

/// Filings that wait, in one answer; the oldest come first, and so the late ones.
const OPEN_MAX: u32 = 200;
/// Filings that are registered, in one answer.
const RECEIVED_MAX: u32 = 100;

#[derive(Deserialize)]
struct LimitRow {
    days: u32,
}

#[derive(Deserialize)]
struct ToRegisterRow {
    id: MessageId,
    title: String,
    sender_title: String,
    approved_at: Instant,
}

#[derive(Deserialize)]
struct LineRow {
    id: MessageId,
    title: String,
    sender_title: String,
    #[serde(deserialize_with = "json::column")]
    filing: domain::filing::Filing,
    #[serde(deserialize_with = "json::flag")]
    asked: bool,
    chased: u32,
}

fn lines(which: &str) -> String {
    format!(
        "SELECT m.id, m.title, m.sender_title, {} AS filing,
           EXISTS (SELECT 1 FROM message_comments q WHERE q.message_id = m.id AND q.kind = 'question' AND q.answered_by IS NULL) AS asked,
           (SELECT COUNT(*) FROM chases c WHERE c.message_id = f.message_id AND c.version = f.version AND c.position = f.position) AS chased
         FROM filings f {which}",
        filing_json()
    )
}

fn statements(call: &Signed) -> [Stmt; 4] {
    let mine = "EXISTS (SELECT 1 FROM registrars a WHERE a.message_id = f.message_id AND a.version = f.version AND a.position = f.position
        AND a.staff_id = ?1 AND a.since <= ?2)";
    let values = args![call.person.id, call.app.now()];
    [
        sql("SELECT days FROM filing_limit WHERE id = 1", &[]),
        sql(
            format!(
                "SELECT m.id, m.title, m.sender_title, m.approved_at FROM messages m INDEXED BY messages_approved
                 WHERE m.state = 'approved' AND EXISTS (SELECT 1 FROM missing_registrations r
                   JOIN registrars a ON a.message_id = r.message_id AND a.position = r.position AND a.staff_id = ?1 AND a.since <= ?2
                   WHERE r.message_id = m.id)
                 ORDER BY m.approved_at LIMIT {OPEN_MAX}"
            ),
            values,
        ),
        sql(
            lines(&format!(
                "INDEXED BY filings_open CROSS JOIN messages m ON m.id = f.message_id WHERE f.registered_at IS NULL AND {mine}
                 ORDER BY f.filed_at LIMIT {OPEN_MAX}"
            )),
            values,
        ),
        // By number: the newest of this year and of the one before.
        sql(
            lines(&format!(
                "INDEXED BY filings_number CROSS JOIN messages m ON m.id = f.message_id
                 WHERE f.year >= ?3 - 1 AND f.registered_at IS NOT NULL AND {mine}
                 ORDER BY f.year DESC, f.no DESC LIMIT {RECEIVED_MAX}"
            )),
            args![call.person.id, call.app.now(), call.app.now().year()],
        ),
    ]
}

fn line(row: LineRow) -> FilingLine {
    FilingLine {
        message: row.id,
        title: row.title,
        sender: row.sender_title,
        filing: row.filing,
        is_asked: row.asked,
        chased: row.chased,
    }
}

fn read(rows: &[Rows]) -> Result<Filings, AppError> {
    let waiting: Vec<ToRegisterRow> = rows.at(1)?.all()?;
    let open: Vec<LineRow> = rows.at(2)?.all()?;
    let received: Vec<LineRow> = rows.at(3)?.all()?;
    Ok(Filings {
        days: rows.at(0)?.one::<LimitRow>()?.days,
        to_register: waiting
            .into_iter()
            .map(|row| ToRegister {
                message: row.id,
                title: row.title,
                sender: row.sender_title,
                approved_at: row.approved_at,
            })
            .collect(),
        filings: open.into_iter().chain(received).map(line).collect(),
    })
}

/// `GET /api/filings`.
///
/// # Errors
/// Where the database fails.
pub async fn list(call: Signed) -> Result<Reply<Filings>, AppError> {
    let rows = call.app.db.run(statements(&call).into()).await?;
    Reply::json(200, &read(&rows)?)
}

/// `PUT /api/filings/limit`: by those of the register's office who also answer for sending.
///
/// # Errors
/// Where the caller may not, or the number of days cannot be set.
pub async fn set_limit(call: Signed, limit: FilingLimit) -> Result<Reply<Filings>, AppError> {
    if !call.person.may(Action::StopSending) {
        return Err(AppError::Forbidden);
    }
    let days = limit.checked()?;
    let batch =
        call.app.db.guarded().must("UPDATE filing_limit SET days = ?1 WHERE id = 1", args![days]).audit(
            &Audit {
                at: call.app.now(),
                actor: call.person.id.0,
                action: AuditAction::FilingLimitSet,
                subject: Subject::Row("school", 1),
                detail: &json!({ "days": days }),
            },
        );
    let batch = call.remember(batch, 200, Kept::Resource(domain::api::FILINGS.operation.path));
    let at = batch.len();
    let rows = batch.append(statements(&call)).commit().await?;
    Reply::json(200, &read(rows.get(at..).unwrap_or_default())?)
}
