//! Chasing late filings: once a day, as an item on the home page of who registers them. No SMS.

use domain::audit::AuditAction;
use serde::Deserialize;
use serde_json::json;

use super::store::DUE;
use crate::args;
use crate::platform::app::App;
use crate::platform::d1::{Audit, Subject, audit_if, sql};
use crate::platform::error::AppError;

/// Statements that it costs.
pub const QUERIES: usize = 4;
/// Filings that one day chases.
const CHASED_MAX: u32 = 500;

#[derive(Deserialize)]
struct LateRow {
    n: u32,
}

/// Chases what is late, on the first run of a day.
///
/// # Errors
/// Where the database fails.
pub async fn chase(app: &App) -> Result<(), AppError> {
    let now = app.now();
    let day = now.start_of_day();
    let late = format!("f.registered_at IS NULL AND {DUE} < ?1");
    let due: Option<LateRow> = app
        .db
        .first(
            format!(
                "SELECT COUNT(*) AS n FROM filings f INDEXED BY filings_open
                 WHERE COALESCE((SELECT at FROM cron_cursors WHERE name = 'chase'), 0) < ?2 AND {late}"
            ),
            args![now, day],
        )
        .await?;
    let Some(LateRow { n: 1.. }) = due else { return Ok(()) };
    let n = due.map_or(0, |row| row.n.min(CHASED_MAX));
    app.db
        .run(vec![
            sql(
                format!(
                    "INSERT INTO chases (message_id, version, position, day, at)
                     SELECT f.message_id, f.version, f.position, ?2, ?1 FROM filings f INDEXED BY filings_open
                     WHERE {late} AND NOT EXISTS (SELECT 1 FROM chases c WHERE c.message_id = f.message_id AND c.version = f.version
                       AND c.position = f.position AND c.day = ?2)
                     ORDER BY f.filed_at LIMIT {CHASED_MAX}"
                ),
                args![now, now.date()],
            ),
            audit_if(
                "changes() > 0",
                &Audit {
                    at: now,
                    actor: 0,
                    action: AuditAction::FilingsChased,
                    subject: Subject::Row("school", 1),
                    detail: &json!({ "filings": n, "day": now.date() }),
                },
            ),
            sql(
                "INSERT INTO cron_cursors (name, at) VALUES ('chase', ?1) ON CONFLICT (name) DO UPDATE SET at = excluded.at",
                args![now],
            ),
        ])
        .await?;
    Ok(())
}
