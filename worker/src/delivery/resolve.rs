//! Finding out what became of calls that gave no answer, and closing what
//! will never be known.

use domain::delivery::PATIENCE;
use domain::phone::Phone;
use domain::provider::{Fate, Finding};
use domain::time::{Instant, MINUTE};
use serde::Deserialize;

use super::provider::{Outcome, Part, Provider, Question, call};
use super::record::{apply, arrived, write_parts};
use super::{BatchKey, PhoneRow, totals};
use crate::args;
use crate::platform::app::App;
use crate::platform::d1::{Answers, sql};
use crate::platform::error::AppError;
use crate::platform::json;

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
        app.log_error("provider", &error, serde_json::json!({ "reference": attempt.reference }));
        Known::default()
    });
    let known = eliminate(app, &attempt.provider, &members, known).await?.of(&members);
    // What is known of some is written down, and the others stay as they are.
    let batch = if known.members.is_empty() {
        app.db.guarded()
    } else {
        let state = if known.members.len() == phones.len() { "resolved" } else { "unknown" };
        let batch = app.db.guarded().must(
            "UPDATE attempts SET state = ?3, ended_at = CASE WHEN ?3 = 'resolved' THEN ?2 END
             WHERE reference = ?1 AND state = 'unknown'",
            args![&attempt.reference, now, state],
        );
        let batch = write_parts(batch, &attempt.reference, &attempt.provider, &known.members, &known.parts)?;
        let batch = apply(batch, key, tries, &known.members, &known.parts, now, app.random::<1>()?)?;
        arrived(batch, key, &known.fates, now)?
    };
    let (batch, look_at) = match () {
        () if known.members.len() == phones.len() && !phones.is_empty() => (batch, now.plus(PATIENCE)),
        () if attempt.started_at.plus(PATIENCE) <= now => {
            let batch = batch
                .must(
                    "UPDATE attempts SET state = 'resolved', ended_at = ?2, answer = 'abandoned' WHERE reference = ?1 AND state = 'unknown'",
                    args![attempt.reference.as_str(), now],
                )
                .then(ABANDON, args![key.message_id, key.round, key.no, now, now]);
            (batch, now.plus(PATIENCE))
        }
        // Ask again, less often the longer it lasts.
        () => {
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

/// What asking gave of each phone, in order.
#[derive(Default)]
struct Known(Vec<Finding>);

/// Of whom something is known, and what.
struct Findings {
    members: Vec<i64>,
    parts: Vec<Part>,
    fates: Vec<(i64, Fate)>,
}

impl Known {
    fn of(self, members: &[i64]) -> Findings {
        let mut found = Findings { members: Vec::new(), parts: Vec::new(), fates: Vec::new() };
        for (member, finding) in members.iter().zip(self.0) {
            let part = match finding {
                Finding::Taken(id, fate) => {
                    found.fates.extend(fate.map(|fate| (*member, fate)));
                    Part { id, ..Outcome::Accepted.into() }
                }
                Finding::Absent => Outcome::NotTaken.into(),
                Finding::OneOf(_) | Finding::CannotSay => continue,
            };
            found.members.push(*member);
            found.parts.push(part);
        }
        found
    }
}

#[derive(Deserialize)]
struct KnownRow {
    phone_id: i64,
    provider_id: String,
}

#[derive(Deserialize)]
struct OpenRow {
    phone_id: i64,
}

/// Where a provider names SMS to a phone without saying of which attempt each is: those of ours whose answers
/// told their ids are others. The one that is left is this one, where the phone has no second call without an
/// answer. Only what the provider was asked is believed so, never what somebody posts.
async fn eliminate(app: &App, provider: &str, members: &[i64], mut known: Known) -> Result<Known, AppError> {
    let named: Vec<(i64, &str)> = members
        .iter()
        .zip(&known.0)
        .filter_map(|(member, finding)| match finding {
            Finding::OneOf(ids) => Some(ids.iter().map(|(id, _)| (*member, id.as_str()))),
            _ => None,
        })
        .flatten()
        .collect();
    if named.is_empty() {
        return Ok(known);
    }
    let list = json::text(&named)?;
    let rows = app
        .db
        .run(vec![
            sql(
                "SELECT t.phone_id, t.provider_id FROM json_each(?1) x CROSS JOIN attempt_parts t
                 ON t.provider = ?2 AND t.provider_id = x.value ->> 1 AND t.phone_id = x.value ->> 0",
                args![list.as_str(), provider],
            ),
            sql(
                "SELECT d.phone_id FROM rounds o CROSS JOIN json_each(?1) x
                 CROSS JOIN deliveries d ON d.message_id = o.message_id AND d.round = o.round AND d.phone_id = x.value
                 CROSS JOIN attempts a ON a.message_id = d.message_id AND a.round = d.round AND a.batch_no = d.batch_no
                 WHERE o.ended_at IS NULL AND a.state IN ('submitting', 'unknown') AND a.provider = ?2
                   AND d.state IN ('queued', 'unknown')",
                args![json::text(&members)?, provider],
            ),
        ])
        .await?;
    let others: Vec<KnownRow> = rows.at(0)?.all()?;
    let open: Vec<OpenRow> = rows.at(1)?.all()?;
    for (member, finding) in members.iter().zip(&mut known.0) {
        let Finding::OneOf(ids) = finding else { continue };
        ids.retain(|(id, _)| !others.iter().any(|o| o.phone_id == *member && o.provider_id == *id));
        let alone = open.iter().filter(|o| o.phone_id == *member).count() == 1;
        *finding = match (ids.as_slice(), alone) {
            ([(id, fate)], true) => Finding::Taken(Some(id.clone()), *fate),
            _ => Finding::CannotSay,
        };
    }
    Ok(known)
}

/// Asks the provider that was called about an attempt, and no other.
async fn look_up(
    app: &App,
    provider: Option<&dyn Provider>,
    attempt: &OpenAttempt,
    numbers: &[Phone],
) -> Result<Known, AppError> {
    let Some(provider) = provider.filter(|p| p.key() == attempt.provider && !numbers.is_empty()) else {
        return Ok(Known::default());
    };
    let question = Question { reference: &attempt.reference, at: attempt.started_at, phones: numbers };
    Ok(Known(call::look_up(app, provider, &question).await?))
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
