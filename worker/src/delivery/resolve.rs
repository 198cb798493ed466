//! Finding out what became of calls that gave no answer, and closing what
//! will never be known.

use domain::delivery::PATIENCE;
use domain::phone::Phone;
use domain::time::{Instant, MINUTE};
use serde::Deserialize;
use serde_json::json;

use super::provider::{Lookup, Outcome, Part, Provider, call};
use super::record::{apply, write_parts};
use super::{BatchKey, PhoneRow, totals};
use crate::args;
use crate::platform::app::App;
use crate::platform::d1::sql;
use crate::platform::error::AppError;

/// What is asked about an unknown attempt when, and when it is given up.
#[derive(Deserialize)]
struct OpenAttempt {
    reference: String,
    provider: String,
    started_at: Instant,
    members: String,
}

/// Finds out what became of a batch's unknown deliveries; after 72 hours
/// they are abandoned. Whatever fails, the batch is looked at again later,
/// behind all others that are due.
///
/// # Errors
/// Where the database fails.
pub async fn resolve_unknown(
    app: &App,
    provider: Option<&dyn Provider>,
    key: BatchKey,
    tries: u32,
) -> Result<(), AppError> {
    let now = app.now();
    let attempt: Option<OpenAttempt> = app
        .db
        .first(
            "SELECT reference, provider, started_at, members FROM attempts
             WHERE message_id = ?1 AND round = ?2 AND batch_no = ?3 AND state = 'unknown'",
            args![key.message_id, key.round, key.no],
        )
        .await?;
    let Some(attempt) = attempt else {
        // Nobody is left to be asked.
        let waited = sql(ABANDON, args![key.message_id, key.round, key.no, now, now.plus(-PATIENCE)]);
        let later = totals::recount(&[key], Some(now.plus(60 * MINUTE)))?;
        app.db.run(vec![waited, later]).await?;
        return Ok(());
    };
    let phones: Vec<PhoneRow> = app
        .db
        .all(
            "SELECT p.id, p.key_id, p.sealed FROM json_each(?3) x CROSS JOIN phones p ON p.id = x.value
             CROSS JOIN deliveries d ON d.message_id = ?1 AND d.round = ?2 AND d.phone_id = p.id WHERE d.state = 'unknown'",
            args![key.message_id, key.round, attempt.members.as_str()],
        )
        .await?;
    // A number that cannot be opened any more stays unknown, until it is given up; the others are asked about.
    let keys = app.keys()?;
    let open = |p: &PhoneRow| Some((p.id.0, keys.open_phone(p.id.0, p.key_id, &p.sealed).ok()?));
    let (members, numbers): (Vec<i64>, Vec<Phone>) = phones.iter().filter_map(open).unzip();
    let known = look_up(app, provider, &attempt, &numbers).await.unwrap_or_else(|error| {
        app.log_error("provider", &error, json!({ "reference": attempt.reference }));
        None
    });
    let batch = app.db.guarded();
    let (batch, look_at) = match known {
        Some(parts) => {
            let batch = batch.must(
                "UPDATE attempts SET state = 'resolved', ended_at = ?2 WHERE reference = ?1 AND state = 'unknown'",
                args![&attempt.reference, now],
            );
            let batch = write_parts(batch, &attempt.reference, &attempt.provider, &members, &parts)?;
            (apply(batch, key, tries, &members, &parts, now)?, now.plus(PATIENCE))
        }
        None if attempt.started_at.plus(PATIENCE) <= now => {
            let batch = batch
                .must(
                    "UPDATE attempts SET state = 'resolved', ended_at = ?2, answer = 'abandoned' WHERE reference = ?1 AND state = 'unknown'",
                    args![attempt.reference.as_str(), now],
                )
                .then(ABANDON, args![key.message_id, key.round, key.no, now, now]);
            (batch, now.plus(PATIENCE))
        }
        // Ask again, less often the longer it lasts.
        None => {
            let waited = now.0 - attempt.started_at.0;
            (batch, now.plus((waited / 2).clamp(MINUTE, 60 * MINUTE)))
        }
    };
    batch.append([totals::recount(&[key], Some(look_at))?]).commit().await?;
    Ok(())
}

/// Unknown members of a batch since ?5 or longer: nobody will ever know.
const ABANDON: &str = "UPDATE deliveries SET state = 'abandoned', moved_at = ?4
  WHERE message_id = ?1 AND round = ?2 AND state = 'unknown' AND batch_no = ?3 AND moved_at <= ?5
    AND phone_id IN (SELECT x.value FROM batches b, json_each(b.members) x WHERE b.message_id = ?1 AND b.round = ?2 AND b.no = ?3)";

/// Asks the provider that took it about an attempt; none where it cannot tell of every phone.
async fn look_up(
    app: &App,
    provider: Option<&dyn Provider>,
    attempt: &OpenAttempt,
    numbers: &[Phone],
) -> Result<Option<Vec<Part>>, AppError> {
    let Some(provider) = provider.filter(|p| p.key() == attempt.provider) else { return Ok(None) };
    if numbers.is_empty() {
        return Ok(None);
    }
    let found = call::look_up(app, provider, &attempt.reference, numbers).await?;
    Ok(found.filter(|found| found.len() == numbers.len()).map(|found| {
        let outcome = |lookup: &Lookup| match lookup {
            Lookup::Taken => Outcome::Accepted,
            Lookup::Absent => Outcome::NotTaken,
        };
        found.iter().map(|lookup| outcome(lookup).into()).collect()
    }))
}

/// Attempts past their deadline without an answer: the consumer died, or the
/// network did.
///
/// # Errors
/// Where the database fails.
pub async fn give_up_waiting(app: &App, key: BatchKey) -> Result<(), AppError> {
    let now = app.now();
    app.db
        .guarded()
        .must(
            "UPDATE batches SET state = 'settled', check_at = ?4 WHERE message_id = ?1 AND round = ?2 AND no = ?3 AND state = 'submitting' AND check_at <= ?4",
            args![key.message_id, key.round, key.no, now],
        )
        .then(
            "UPDATE deliveries SET state = 'unknown', reason = 'no_answer', moved_at = ?4
             WHERE message_id = ?1 AND round = ?2 AND state = 'queued' AND batch_no = ?3
               AND phone_id IN (SELECT x.value FROM attempts a, json_each(a.members) x
                                WHERE a.message_id = ?1 AND a.round = ?2 AND a.batch_no = ?3 AND a.state = 'submitting')",
            args![key.message_id, key.round, key.no, now],
        )
        .then(
            "UPDATE attempts SET state = 'unknown', answer = 'no_answer'
             WHERE message_id = ?1 AND round = ?2 AND batch_no = ?3 AND state = 'submitting'",
            args![key.message_id, key.round, key.no],
        )
        .append([totals::recount(&[key], Some(now))?])
        .commit()
        .await?;
    Ok(())
}

/// Accepted deliveries without a receipt after 72 hours.
///
/// # Errors
/// Where the database fails.
pub async fn close_without_receipt(app: &App, key: BatchKey) -> Result<(), AppError> {
    let now = app.now();
    app.db
        .run(vec![
            sql(
                "UPDATE deliveries SET state = 'no_receipt', moved_at = ?4
                 WHERE message_id = ?1 AND round = ?2 AND state = 'accepted' AND batch_no = ?3 AND moved_at <= ?5
                   AND phone_id IN (SELECT x.value FROM batches b, json_each(b.members) x WHERE b.message_id = ?1 AND b.round = ?2 AND b.no = ?3)",
                args![key.message_id, key.round, key.no, now, now.plus(-PATIENCE)],
            ),
            totals::recount(&[key], Some(now.plus(60 * MINUTE)))?,
        ])
        .await?;
    Ok(())
}
