//! The end of what never went (I7): a batch of a message whose time is more
//! than a day past is not sent any more, whatever holds it: a pause that
//! nobody ended, the switch, a provider that is missing, a row that cannot be
//! read. And what a stopped message still had in hand, or gets back.

use std::collections::{BTreeMap, BTreeSet};

use domain::audit::AuditAction;
use domain::delivery::{Reason, RoundState, TOO_OLD};
use domain::ids::StreamId;
use domain::time::Instant;
use serde::Deserialize;
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

/// Batches ended in one run, each at worst a message of its own.
pub const EXPIRED_MAX: usize = 50;
/// Statements that the end of one costs.
pub const EXPIRE_QUERIES: usize = 4;

/// Nobody has it in hand: not claimed, or its lease is over (?2 is now).
const RESTS: &str =
    "(b.state IN ('ready', 'numbered', 'enqueued') OR b.state = 'claimed' AND b.check_at <= ?2)";

#[derive(Deserialize)]
struct OverRow {
    message_id: i64,
    round: u8,
    no: i64,
    stream_id: StreamId,
    state: String,
}

/// Ends what may not go any more: batches of open rounds that are too old, or stopped. Tells the
/// streams that have something new to look at.
///
/// # Errors
/// Where the database cannot be read.
pub async fn end_what_is_over(app: &App) -> Result<BTreeSet<StreamId>, AppError> {
    let now = app.now();
    let over: Vec<OverRow> = app
        .db
        .all(
            format!(
                "SELECT b.message_id, b.round, b.no, b.stream_id, r.state FROM rounds r INDEXED BY rounds_open
                 CROSS JOIN batches b ON b.message_id = r.message_id AND b.round = r.round
                 WHERE r.ended_at IS NULL AND (r.due_at < ?1 OR r.state = 'stopped') AND {RESTS} LIMIT {EXPIRED_MAX}"
            ),
            args![now.plus(-TOO_OLD), now],
        )
        .await?;
    let streams = over.iter().map(|b| b.stream_id).collect();
    let mut by_message: BTreeMap<(i64, bool), Vec<BatchKey>> = BTreeMap::new();
    for b in over {
        let key = BatchKey { message_id: b.message_id, round: b.round, no: b.no };
        by_message.entry((b.message_id, b.state == RoundState::Stopped.key())).or_default().push(key);
    }
    for ((message, is_stopped), batches) in by_message {
        let reason = if is_stopped { Reason::Stopped } else { Reason::TooOld };
        if let Err(error) = expire(app, message, &batches, reason, now).await {
            app.log_error("cron", &error, json!({ "step": "expire", "message": message }));
        }
    }
    Ok(streams)
}

/// Skips what these batches of one message still hold, and settles them.
async fn expire(
    app: &App,
    message: i64,
    batches: &[BatchKey],
    reason: Reason,
    now: Instant,
) -> Result<(), AppError> {
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
                args![keys.as_str(), now, reason.key()],
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
                    detail: &json!({ "reason": reason.key(), "batches": batches.len() }),
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
