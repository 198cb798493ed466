//! Receipts: matched only against attempts of ours, moving forward only.

use domain::phone::Phone;

use super::totals;
use crate::args;
use crate::platform::app::App;
use crate::platform::d1::sql;
use crate::platform::error::AppError;
use crate::platform::json;

/// What a provider reports of one SMS.
pub struct Receipt {
    /// Our reference.
    pub reference: String,
    /// The number.
    pub phone: Phone,
    /// On the phone, or not.
    pub delivered: bool,
}

/// The deliveries that receipts (JSON `[[reference, lookup]]` in ?1) are about:
/// the attempt must be ours, and the phone one of its members. Where the
/// answer to the call is still to be written, the members say so.
const MATCHED: &str = "SELECT a.message_id, a.round, p.id FROM json_each(?1) r
  CROSS JOIN attempts a ON a.reference = r.value ->> 0
  CROSS JOIN phones p ON p.lookup = r.value ->> 1
  WHERE EXISTS (SELECT 1 FROM attempt_parts t WHERE t.reference = a.reference AND t.phone_id = p.id)
    OR a.state IN ('submitting', 'unknown') AND p.id IN (SELECT value FROM json_each(a.members))";

/// Takes in receipts. The same one twice, an old one late, one for nobody:
/// nothing happens.
///
/// # Errors
/// Where the database fails; taking them in again is safe.
pub async fn take_in(app: &App, receipts: &[Receipt]) -> Result<(), AppError> {
    let keys = app.keys()?;
    let of = |delivered: bool| -> Vec<(&str, String)> {
        receipts
            .iter()
            .filter(|r| r.delivered == delivered)
            .map(|r| (r.reference.as_str(), keys.phone_lookup(&r.phone)))
            .collect()
    };
    let now = app.now();
    let mut statements = Vec::new();
    for (list, to, from, reason) in [
        (
            of(true),
            "delivered",
            "'queued', 'accepted', 'unknown', 'undelivered', 'rejected', 'no_receipt', 'abandoned'",
            "NULL",
        ),
        (of(false), "undelivered", "'queued', 'accepted', 'unknown'", "'phone_unreachable'"),
    ] {
        if list.is_empty() {
            continue;
        }
        let list = json::text(&list)?;
        statements.push(sql(
            format!(
                "UPDATE deliveries SET state = '{to}', reason = {reason}, moved_at = ?2
                 WHERE state IN ({from}) AND (message_id, round, phone_id) IN ({MATCHED})"
            ),
            args![list.as_str(), now],
        ));
        // What is known of the number, with its evidence. An owner's own word is stronger than any receipt.
        // A delivery to a number of which nothing bad is known is no news: nobody reads `reachable`
        // otherwise than `unknown`, and a row written for each phone of a sending is paid for.
        let (known, before) = if to == "delivered" {
            ("reachable", "'unreachable', 'invalid'")
        } else {
            ("unreachable", "'unknown', 'reachable'")
        };
        statements.push(sql(
            format!(
                "UPDATE phones SET contact_state = '{known}', contact_why = '{to}', contact_at = ?2
                 WHERE contact_state IN ({before}) AND id IN (SELECT id FROM ({MATCHED}))"
            ),
            args![list.as_str(), now],
        ));
        // In the same transaction: a total that was missed would stay wrong for days.
        statements.push(totals::recount_batches(BATCHES, list.into()));
    }
    if !statements.is_empty() {
        app.db.run(statements).await?;
    }
    Ok(())
}

/// The batches that hold the deliveries of [`MATCHED`] now.
const BATCHES: &str = "SELECT d.message_id, d.round, d.batch_no FROM json_each(?1) r
  CROSS JOIN attempts a ON a.reference = r.value ->> 0
  CROSS JOIN phones p ON p.lookup = r.value ->> 1
  CROSS JOIN deliveries d ON d.message_id = a.message_id AND d.round = a.round AND d.phone_id = p.id";
