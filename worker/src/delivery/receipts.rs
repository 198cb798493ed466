//! Receipts: matched only against attempts of ours, moving forward only.

use domain::delivery::Reason;
use domain::provider::{Fate, Receipt};

use super::totals;
use crate::args;
use crate::platform::app::App;
use crate::platform::d1::sql;
use crate::platform::error::AppError;
use crate::platform::json;

/// A receipt as statements take it: our reference, the provider's id, the number's index, the provider, and what
/// became of it.
type Row<'a> = (Option<&'a str>, Option<&'a str>, &'a str, &'a str, &'static str, Option<Reason>);

/// The deliveries that receipts (JSON, [`Row`]s, in ?1) are about: the attempt must be ours and with the provider
/// that reports, the phone one of its members, and the provider's id, where both sides have one, the same.
/// Where the answer to the call is still to be written, the members say so.
const MATCHED: &str = "SELECT a.message_id, a.round, p.id FROM json_each(?1) r
  CROSS JOIN phones p ON p.lookup = r.value ->> 2
  CROSS JOIN attempts a ON a.reference = COALESCE(r.value ->> 0,
    (SELECT t.reference FROM attempt_parts t WHERE t.provider = r.value ->> 3 AND t.provider_id = r.value ->> 1 AND t.phone_id = p.id))
  LEFT JOIN attempt_parts t ON t.reference = a.reference AND t.phone_id = p.id
  WHERE a.provider = r.value ->> 3 AND CASE WHEN t.reference IS NOT NULL
    THEN t.provider_id IS NULL OR r.value ->> 1 IS NULL OR t.provider_id = r.value ->> 1
    ELSE a.state IN ('submitting', 'unknown') AND p.id IN (SELECT value FROM json_each(a.members)) END";

/// Keeps those that name an SMS by an id that no answer has told yet, where the phone has a call of this
/// provider that is open; the trigger `parts_take_early` takes them up.
const EARLY: &str = "INSERT INTO early_receipts (provider, provider_id, phone_id, state, reason, at)
  SELECT r.value ->> 3, r.value ->> 1, p.id, r.value ->> 4, r.value ->> 5, ?2 FROM json_each(?1) r
  CROSS JOIN phones p ON p.lookup = r.value ->> 2
  WHERE r.value ->> 0 IS NULL
    AND NOT EXISTS (SELECT 1 FROM attempt_parts t WHERE t.provider = r.value ->> 3 AND t.provider_id = r.value ->> 1 AND t.phone_id = p.id)
    AND EXISTS (
      SELECT 1 FROM rounds o CROSS JOIN deliveries d ON d.message_id = o.message_id AND d.round = o.round AND d.phone_id = p.id
      CROSS JOIN attempts a ON a.message_id = d.message_id AND a.round = d.round AND a.batch_no = d.batch_no
      WHERE o.ended_at IS NULL AND d.state IN ('queued', 'unknown') AND a.state IN ('submitting', 'unknown') AND a.provider = r.value ->> 3)
  ON CONFLICT (provider, provider_id, phone_id) DO UPDATE SET state = excluded.state, reason = excluded.reason
    WHERE excluded.state = 'delivered'";

/// What a receipt says of the number itself, with its evidence, and what may be known of it before. An owner's own
/// word is stronger than any receipt. A delivery to a number of which nothing bad is known is no news: nobody
/// reads `reachable` otherwise than `unknown`, and a row written for each phone of a sending is paid for.
fn of_the_number(fate: Fate) -> Option<(&'static str, &'static str, &'static str)> {
    match fate {
        Fate::Delivered => Some(("reachable", "delivered", "'unreachable', 'invalid'")),
        Fate::Failed(Reason::PhoneUnreachable) => {
            Some(("unreachable", "undelivered", "'unknown', 'reachable'"))
        }
        Fate::Failed(Reason::NumberInvalid) => {
            Some(("invalid", "number_invalid", "'unknown', 'reachable', 'unreachable'"))
        }
        // The text, or how often it got one: nothing about the number.
        Fate::Failed(_) => None,
    }
}

/// Takes in what a provider reports. The same receipt twice, an old one late, one for nobody:
/// nothing happens.
///
/// # Errors
/// Where the database fails; taking them in again is safe.
pub async fn take_in(app: &App, provider: &str, receipts: &[Receipt]) -> Result<(), AppError> {
    let keys = app.keys()?;
    let lookups: Vec<String> = receipts.iter().map(|r| keys.phone_lookup(&r.phone)).collect();
    let mut groups: Vec<(Fate, Vec<Row<'_>>)> = Vec::new();
    for (receipt, lookup) in receipts.iter().zip(&lookups) {
        let (state, reason) = match receipt.fate {
            Fate::Delivered => ("delivered", None),
            Fate::Failed(reason) => ("undelivered", Some(reason)),
        };
        let row =
            (receipt.reference.as_deref(), receipt.id.as_deref(), lookup.as_str(), provider, state, reason);
        match groups.iter_mut().find(|(fate, _)| *fate == receipt.fate) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((receipt.fate, vec![row])),
        }
    }
    // What was delivered first: it absorbs what else is said in the same breath.
    groups.sort_by_key(|(fate, _)| *fate != Fate::Delivered);
    let now = app.now();
    let mut statements = Vec::new();
    for (fate, rows) in &groups {
        let list = json::text(rows)?;
        let (to, reason, from) = match fate {
            Fate::Delivered => (
                "delivered",
                None,
                "'queued', 'accepted', 'unknown', 'undelivered', 'rejected', 'no_receipt', 'abandoned'",
            ),
            Fate::Failed(reason) => ("undelivered", Some(reason.key()), "'queued', 'accepted', 'unknown'"),
        };
        statements.push(sql(
            format!(
                "UPDATE deliveries SET state = '{to}', reason = ?3, moved_at = ?2
                 WHERE state IN ({from}) AND (message_id, round, phone_id) IN ({MATCHED})"
            ),
            args![list.as_str(), now, reason],
        ));
        if let Some((known, why, before)) = of_the_number(*fate) {
            statements.push(sql(
                format!(
                    "UPDATE phones SET contact_state = '{known}', contact_why = '{why}', contact_at = ?2
                     WHERE contact_state IN ({before}) AND id IN (SELECT id FROM ({MATCHED}))"
                ),
                args![list.as_str(), now],
            ));
        }
        if rows.iter().any(|row| row.0.is_none()) {
            statements.push(sql(EARLY, args![list.as_str(), now]));
        }
        // In the same transaction: a total that was missed would stay wrong for days.
        statements.push(totals::recount_batches(batches(), list.into()));
    }
    if !statements.is_empty() {
        app.db.run(statements).await?;
    }
    Ok(())
}

/// The batches that hold the deliveries of [`MATCHED`] now.
fn batches() -> String {
    format!(
        "SELECT d.message_id, d.round, d.batch_no FROM ({MATCHED}) x
         CROSS JOIN deliveries d ON d.message_id = x.message_id AND d.round = x.round AND d.phone_id = x.id"
    )
}
