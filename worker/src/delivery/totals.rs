//! What a batch holds in which state: always counted anew from its
//! deliveries, so that no lost update can make it wrong.

use domain::time::Instant;

use super::BatchKey;
use crate::platform::d1::{Stmt, Value, sql};
use crate::platform::error::AppError;
use crate::platform::json;

/// Recounts batches and sets when cron has to look again: never more where
/// all have ended. `?2` is the time to look at again while some are open;
/// which batches, a subquery over `?1` says.
const RECOUNT: &str = "UPDATE batches SET
    totals = COALESCE((SELECT json_group_object(state, n) FROM (
        SELECT d.state, COUNT(*) AS n FROM json_each(batches.members) x
        CROSS JOIN deliveries d ON d.message_id = batches.message_id AND d.round = batches.round AND d.phone_id = x.value
        WHERE d.batch_no = batches.no GROUP BY d.state)), '{}'),
    check_at = CASE WHEN state = 'settled' AND NOT EXISTS (
        SELECT 1 FROM json_each(batches.members) x
        CROSS JOIN deliveries d ON d.message_id = batches.message_id AND d.round = batches.round AND d.phone_id = x.value
        WHERE d.batch_no = batches.no AND d.state IN ('queued', 'accepted', 'unknown')) THEN NULL
      WHEN state = 'settled' AND ?2 IS NOT NULL THEN ?2 ELSE check_at END
  WHERE (message_id, round, no) IN ";

/// Recounts the batches that a subquery over `?1` gives; when to look again stays.
pub(super) fn recount_batches(which: impl std::fmt::Display, arg: Value) -> Stmt {
    sql(format!("{RECOUNT} ({which})"), &[arg, Value::Null])
}

/// Recounts some batches, and says when to look at them again.
///
/// # Errors
/// Where the keys cannot be written as JSON.
pub(super) fn recount(batches: &[BatchKey], look_at: Option<Instant>) -> Result<Stmt, AppError> {
    let keys: Vec<(i64, u8, i64)> = batches.iter().map(|b| (b.message_id, b.round, b.no)).collect();
    let which = "(SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?1))";
    Ok(sql(format!("{RECOUNT} {which}"), &[json::text(&keys)?.into(), look_at.into()]))
}
