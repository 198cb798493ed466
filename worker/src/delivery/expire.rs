//! The end of what never went (I7): a batch of a message whose time is more
//! than a day past is not sent any more, whatever holds it: a pause that
//! nobody ended, the switch, a provider that is missing, a row that cannot be read.

use domain::audit::AuditAction;
use domain::delivery::{Reason, TOO_OLD};
use domain::time::Instant;
use serde_json::json;

use super::{BatchKey, totals};
use crate::args;
use crate::platform::app::App;
use crate::platform::d1::{Audit, Subject, audit_if, sql};
use crate::platform::error::AppError;
use crate::platform::json;

/// Whether the time of a round is too long past.
pub fn is_too_old(due_at: Instant, now: Instant) -> bool {
    due_at.plus(TOO_OLD) < now
}

/// The condition that cron looked at a batch under, once more: nobody has it in hand.
const RESTS: &str = "b.state IN ('ready', 'numbered', 'enqueued', 'claimed') AND b.check_at <= ?2";

/// Skips what these batches of one message still hold, and settles them.
///
/// # Errors
/// Where the database fails; nothing was changed then.
pub async fn expire(app: &App, message: i64, batches: &[BatchKey], now: Instant) -> Result<(), AppError> {
    let keys: Vec<(i64, u8, i64)> = batches.iter().map(|b| (b.message_id, b.round, b.no)).collect();
    let keys = json::text(&keys)?;
    let of_keys = "FROM json_each(?1) k CROSS JOIN batches b
        ON b.message_id = k.value ->> 0 AND b.round = k.value ->> 1 AND b.no = k.value ->> 2";
    app.db
        .run(vec![
            sql(
                format!(
                    "UPDATE deliveries SET state = 'skipped', reason = ?3, moved_at = ?2
                     WHERE state = 'queued' AND (message_id, round, phone_id) IN (
                       SELECT b.message_id, b.round, x.value {of_keys} CROSS JOIN json_each(b.members) x WHERE {RESTS})"
                ),
                args![keys.as_str(), now, Reason::TooOld.key()],
            ),
            sql(
                format!(
                    "UPDATE batches SET state = 'settled' WHERE (message_id, round, no) IN (
                       SELECT b.message_id, b.round, b.no {of_keys} WHERE {RESTS})"
                ),
                args![keys.as_str(), now],
            ),
            audit_if(
                "changes() > 0",
                &Audit {
                    at: now,
                    actor: 0,
                    action: AuditAction::DeliveryStopped,
                    subject: Subject::Row("message", message),
                    detail: &json!({ "reason": Reason::TooOld.key(), "batches": batches.len() }),
                },
            ),
            totals::recount(batches, None)?,
        ])
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_the_limit() {
        let due = Instant(1_000);
        assert!(!is_too_old(due, due.plus(TOO_OLD)));
        assert!(is_too_old(due, due.plus(TOO_OLD + 1)));
    }
}
