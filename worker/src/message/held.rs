//! What holds a message that is approved, or will be: its author lost the
//! post in which it is sent or is no longer on the class's list, or nobody
//! answers for the account (G2).

use domain::ids::MessageId;
use domain::message::HoldReason;
use domain::time::Instant;
use serde::Deserialize;

use crate::args;
use crate::platform::d1::{Rows, Stmt, sql};
use crate::platform::error::AppError;

/// Whether the author of `m` does not hold the post in which it is sent, as of ?1. The trigger
/// `messages_in_a_post` asks the same.
pub const NOT_IN_ITS_POST: &str = "NOT EXISTS (SELECT 1 FROM appointments ia JOIN staff it ON it.id = ia.staff_id
    WHERE ia.id = m.appointment_id AND ia.staff_id = m.author_id AND it.left_at IS NULL AND (ia.until IS NULL OR ia.until > ?1)
      AND (ia.post <> 'subject_teacher' OR ia.listed_at IS NOT NULL OR m.audience ->> 'kind' NOT IN ('classes', 'children', 'students')))";

/// Whether the author of `m` still teaches, but is not on the class's list.
const OFF_THE_LIST: &str = "EXISTS (SELECT 1 FROM appointments_in_power la WHERE la.id = m.appointment_id
    AND la.staff_id = m.author_id AND NOT la.listed)";

/// Whether nobody answers for the account of the level that sends `m`, as of ?1. The trigger `messages_with_custodian`
/// asks the same.
pub const WITHOUT_CUSTODIAN: &str =
    "NOT EXISTS (SELECT 1 FROM message_custodians wc WHERE wc.message_id = m.id AND wc.since <= ?1)";

#[derive(Deserialize)]
struct HeldRow {
    held: HoldReason,
}

/// Reads what holds a message on its way to release.
pub fn held_sql(id: MessageId, now: Instant) -> Stmt {
    sql(
        format!(
            "SELECT CASE WHEN NOT {NOT_IN_ITS_POST} THEN '{}' WHEN {OFF_THE_LIST} THEN '{}' ELSE '{}' END AS held FROM messages m
             WHERE m.id = ?2 AND m.state IN ('submitted', 'approved') AND ({NOT_IN_ITS_POST} OR {WITHOUT_CUSTODIAN})",
            HoldReason::NoCustodian.key(),
            HoldReason::NotListed.key(),
            HoldReason::AuthorLeft.key()
        ),
        args![now, id],
    )
}

/// Reads what [`held_sql`] gave.
///
/// # Errors
/// Where the row does not fit.
pub fn read_held(rows: &Rows) -> Result<Option<HoldReason>, AppError> {
    Ok(rows.first::<HeldRow>()?.map(|row| row.held))
}
