//! One batch, from the queue to the provider and back.
//!
//! 1. Claim by a conditional update with a lease; the claim asks again what
//!    may have changed since: state, window, switch, older SMS on their way (I6).
//! 2. Recompute the digest from what is about to be rendered; where it
//!    differs, nothing goes out (I2).
//! 3. Write the attempt: the last await before the provider is called. From
//!    here on a crash means «unknown», never «again».
//! 4. Call the provider.
//! 5. Record, batch settled; then tell the Sequencer.

use domain::delivery::{
    ASK_UNKNOWN_AFTER, ATTEMPT_DEADLINE, ATTEMPTS_MAX, CALL_TIMEOUT, LEASE, PATIENCE, RETRY_AFTER, Reason,
};
use domain::ids::PhoneId;
use domain::link::DeliveryId;
use domain::message::{ListRoot, Recipient};
use domain::time::{Instant, MINUTE, SECOND, SendingWindow};
use serde::Deserialize;
use serde_json::json;

use super::expire::is_too_old;
use super::provider::{Answer, Known, Outcome, Provider, Request, Sms};
use super::{BatchKey, store};
use crate::app::App;
use crate::args;
use crate::bindings::{Audit, Guarded, SmsJob, Subject};
use crate::crypto;
use crate::error::AppError;
use crate::message;
use crate::message::store::{MessageRow, json};

/// What follows from a job, for the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// The Sequencer of this stream has something new to look at.
    Tell(String),
    /// Nothing: the batch is in other hands, or settled.
    Nothing,
}

#[derive(Deserialize)]
struct Claimed {
    stream: String,
    tries: u32,
    claim: i64,
}

#[derive(Deserialize)]
struct SchoolRow {
    window_from: u16,
    window_to: u16,
}

#[derive(Deserialize)]
struct PhoneRow {
    id: PhoneId,
    key_id: i64,
    sealed: String,
}

/// How soon a batch looks again whether a phone is free.
const LOOK_AGAIN: i64 = 3 * SECOND;

const CLAIM: &str = "UPDATE batches SET state = 'claimed', claim = claim + 1, check_at = ?4
  WHERE message_id = ?1 AND round = ?2 AND no = ?3 AND state = 'enqueued' AND not_before <= ?5
    AND EXISTS (SELECT 1 FROM messages m WHERE m.id = ?1 AND m.state IN ('sending', 'sent'))
    AND EXISTS (SELECT 1 FROM school WHERE stopped_at IS NULL AND window_from <= ?6 AND ?6 < window_to)
    -- I6: a phone waits while an older SMS to it is on its way in another stream. One that is
    -- held back is not on its way, and one that still waits for its turn there is waited for as
    -- long as a message holds its stream: two streams never wait for each other for good.
    AND NOT EXISTS (
      SELECT 1 FROM batches o CROSS JOIN json_each(o.members) x
      WHERE o.state <> 'settled' AND o.stream <> batches.stream AND o.not_before <= ?5 + ?7
        AND (o.ready_at, o.message_id) < (batches.ready_at, batches.message_id)
        AND (o.state IN ('claimed', 'submitting') OR (o.state <> 'ready' OR o.ready_at > ?5 - ?7)
          AND EXISTS (SELECT 1 FROM messages p WHERE p.id = o.message_id AND p.state IN ('sending', 'sent')))
        AND x.value IN (SELECT y.value FROM json_each(batches.members) y))
  RETURNING stream, tries, claim";

/// Takes one job from the queue as far as it goes.
///
/// # Errors
/// Where the database fails; the batch rests where it was and cron sees it.
pub async fn run(app: &App, job: SmsJob) -> Result<Done, AppError> {
    let provider = Provider::of(app)?;
    let now = app.now();
    let key = BatchKey { message_id: job.message, round: job.round, no: job.no };
    let minute = i64::from(now.minute_of_day());
    // 1.
    let rows = app
        .db
        .run(vec![
            app.db.sql(
                CLAIM,
                args![job.message, job.round, job.no, now.plus(LEASE), now, minute, domain::delivery::HOLD],
            )?,
            message::store::row_sql(&app.db, domain::ids::MessageId(job.message))?,
            app.db.sql(
                "SELECT r.person, r.student FROM batches b
                 CROSS JOIN messages m ON m.id = b.message_id
                 CROSS JOIN recipients r ON r.message_id = m.id AND r.version = m.version AND r.stream = b.stream
                 WHERE b.message_id = ?1 AND b.round = ?2 AND b.no = ?3",
                args![job.message, job.round, job.no],
            )?,
            app.db.sql(
                "SELECT p.id, p.key_id, p.sealed FROM batches b CROSS JOIN json_each(b.members) x CROSS JOIN phones p ON p.id = x.value
                 CROSS JOIN deliveries d ON d.message_id = b.message_id AND d.round = b.round AND d.phone_id = p.id
                 WHERE b.message_id = ?1 AND b.round = ?2 AND b.no = ?3 AND d.batch_no = b.no AND d.state = 'queued'",
                args![job.message, job.round, job.no],
            )?,
            app.db.sql("SELECT window_from, window_to FROM school WHERE id = 1", &[])?,
        ])
        .await?;
    let at = |n: usize| rows.get(n).ok_or_else(|| AppError::Internal("a statement gave nothing".into()));
    let Some(claimed) = at(0)?.first::<Claimed>()? else {
        let school = at(4)?.first::<SchoolRow>()?;
        let window = school.map(|s| SendingWindow { from: s.window_from, to: s.window_to });
        return rest(app, key, window, now).await;
    };
    let message: MessageRow =
        at(1)?.first()?.ok_or_else(|| AppError::Internal("a batch without a message".into()))?;
    let entries: Vec<Recipient> = at(2)?.all()?;
    let phones: Vec<PhoneRow> = at(3)?.all()?;

    if is_too_old(message.due_at, now) {
        return skip(app, key, &claimed, Reason::TooOld, now).await;
    }
    // 2.
    let lists: Vec<ListRoot> =
        message.lists.as_deref().and_then(|l| serde_json::from_str(l).ok()).unwrap_or_default();
    let digest = crate::message::view::sealed(&message, &lists).digest().to_hex();
    let root = ListRoot::of(&claimed.stream, &entries);
    if message.digest.as_deref() != Some(&digest) || !lists.contains(&root) {
        return skip(app, key, &claimed, Reason::DigestMismatch, now).await;
    }
    let sms = render(app, &message, job.round, &phones)?;
    if sms.is_empty() {
        return settle_nothing(app, key, &claimed).await;
    }
    // 3.
    let now = app.now();
    let reference = data_encoding::HEXLOWER.encode(&crypto::random::<16>()?);
    let members: Vec<i64> = sms.iter().map(|s| s.phone_id.0).collect();
    app.db
        .guarded()
        .must(
            "UPDATE batches SET state = 'submitting', check_at = ?4 WHERE message_id = ?1 AND round = ?2 AND no = ?3 AND state = 'claimed' AND claim = ?5",
            args![key.message_id, key.round, key.no, now.plus(ATTEMPT_DEADLINE), claimed.claim],
        )?
        .then(
            "INSERT INTO attempts (reference, message_id, round, batch_no, provider, digest, members, late, state, started_at, deadline)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7,
               EXISTS (SELECT 1 FROM message_streams s WHERE s.message_id = ?2 AND s.round = ?3 AND s.stream = ?8 AND s.state = 'settled'),
               'submitting', ?9, ?10",
            args![
                reference.as_str(), key.message_id, key.round, key.no, provider.key(), digest, json(&members)?,
                claimed.stream.as_str(), now, now.plus(ATTEMPT_DEADLINE)
            ],
        )?
        .commit()
        .await?;
    // 4. Not where writing that took so long that the call could outlive its
    // deadline: cron finds the attempt, and that nothing was taken.
    if app.now() > now.plus(ATTEMPT_DEADLINE - CALL_TIMEOUT) {
        return Ok(Done::Nothing);
    }
    let answer =
        provider.submit(app, &Request { reference: &reference, sms: &sms, tries: claimed.tries }).await;
    // 5.
    record(app, key, &claimed, &reference, &members, &answer).await?;
    Ok(Done::Tell(claimed.stream))
}

fn render(app: &App, message: &MessageRow, round: u8, phones: &[PhoneRow]) -> Result<Vec<Sms>, AppError> {
    let keys = app.keys()?;
    let link_key = keys.links.first().ok_or_else(|| AppError::Internal("no link key".into()))?;
    let template = domain::sms::LINK_TEMPLATE;
    if template.name != message.template || template.version != message.template_version {
        return Err(AppError::Internal(format!(
            "template {} v{} is unknown",
            message.template, message.template_version
        )));
    }
    phones
        .iter()
        .map(|row| {
            let id = DeliveryId { message: message.id, round, phone: row.id };
            let token = link_key
                .sign(id)
                .ok_or_else(|| AppError::Internal("an id is too large for a link".into()))?;
            Ok(Sms {
                phone_id: row.id,
                phone: keys.open_phone(row.id.0, row.key_id, &row.sealed)?,
                text: template.render(
                    &message.signature,
                    &message.title,
                    &format!("{}/m/{token}", app.origin),
                ),
            })
        })
        .collect()
}

#[derive(Deserialize)]
struct StreamRow {
    stream: String,
}

/// A batch that may not go now rests: until the window opens (it has its
/// number already, and blocks nobody longer than the hold), or a few seconds
/// where something older is on its way to one of its phones.
async fn rest(
    app: &App,
    key: BatchKey,
    window: Option<SendingWindow>,
    now: Instant,
) -> Result<Done, AppError> {
    let open = window.map_or(now, |w| w.next_open(now));
    let (state, not_before, check_at) =
        if open > now { ("numbered", Some(open), open) } else { ("enqueued", None, now.plus(LOOK_AGAIN)) };
    let stream: Option<StreamRow> = app
        .db
        .first(
            "UPDATE batches SET state = ?4, not_before = COALESCE(?5, not_before), check_at = ?6
             WHERE message_id = ?1 AND round = ?2 AND no = ?3 AND state = 'enqueued' AND not_before <= ?7 RETURNING stream",
            args![key.message_id, key.round, key.no, state, not_before, check_at, now],
        )
        .await?;
    Ok(stream.map_or(Done::Nothing, |s| Done::Tell(s.stream)))
}

fn settled<'a>(
    batch: Guarded<'a>,
    key: BatchKey,
    claimed: &Claimed,
    from: &str,
) -> Result<Guarded<'a>, AppError> {
    batch.must(
        "UPDATE batches SET state = 'settled' WHERE message_id = ?1 AND round = ?2 AND no = ?3 AND state = ?4 AND claim = ?5",
        args![key.message_id, key.round, key.no, from, claimed.claim],
    )
}

async fn skip(
    app: &App,
    key: BatchKey,
    claimed: &Claimed,
    reason: Reason,
    now: Instant,
) -> Result<Done, AppError> {
    let batch = settled(app.db.guarded(), key, claimed, "claimed")?
        .then(
            "UPDATE deliveries SET state = 'skipped', reason = ?4, moved_at = ?5
             WHERE message_id = ?1 AND round = ?2 AND state = 'queued' AND batch_no = ?3
               AND phone_id IN (SELECT x.value FROM batches b, json_each(b.members) x WHERE b.message_id = ?1 AND b.round = ?2 AND b.no = ?3)",
            args![key.message_id, key.round, key.no, reason.key(), now],
        )?
        .append(vec![store::recount(&app.db, &[key], None)?])
        .audit(&Audit {
            at: now,
            actor: 0,
            action: "delivery.stopped",
            subject: Subject::Row("message", key.message_id),
            detail: &json!({ "reason": reason.key(), "stream": claimed.stream, "batch": key.no }),
        })?;
    batch.commit().await?;
    Ok(Done::Tell(claimed.stream.clone()))
}

async fn settle_nothing(app: &App, key: BatchKey, claimed: &Claimed) -> Result<Done, AppError> {
    settled(app.db.guarded(), key, claimed, "claimed")?
        .append(vec![store::recount(&app.db, &[key], None)?])
        .commit()
        .await?;
    Ok(Done::Tell(claimed.stream.clone()))
}

/// Writes what the provider said. Nothing here is lost by dying before it:
/// cron finds the attempt past its deadline and asks.
async fn record(
    app: &App,
    key: BatchKey,
    claimed: &Claimed,
    reference: &str,
    members: &[i64],
    answer: &Answer,
) -> Result<(), AppError> {
    let now = app.now();
    let mut batch = app.db.guarded();
    let look_at = match answer {
        Answer::Unknown(cause) => {
            worker::console_warn!(
                "{}",
                json!({ "level": "warn", "area": "provider", "reference": reference, "cause": cause })
            );
            batch = batch
                .must(
                    "UPDATE attempts SET state = 'unknown', answer = 'no_answer' WHERE reference = ?1 AND state = 'submitting'",
                    args![reference],
                )?
                .then(UNKNOWN, args![key.message_id, key.round, json(&members)?, now])?;
            now.plus(ASK_UNKNOWN_AFTER)
        }
        Answer::Outcomes(outcomes) => {
            // Where cron has asked meanwhile, its finding stands: a retry may be under way.
            batch = batch.must(
                "UPDATE attempts SET state = 'answered', ended_at = ?2, answer = 'ok' WHERE reference = ?1 AND state IN ('submitting', 'unknown')",
                args![reference, now],
            )?;
            batch = apply(batch, key, claimed.tries, members, outcomes, now)?;
            now.plus(PATIENCE)
        }
    };
    batch
        .then(
            "UPDATE batches SET state = 'settled', check_at = ?4 WHERE message_id = ?1 AND round = ?2 AND no = ?3 AND state = 'submitting' AND claim = ?5",
            args![key.message_id, key.round, key.no, look_at, claimed.claim],
        )?
        .append(vec![store::recount(&app.db, &[key], None)?])
        .commit()
        .await?;
    Ok(())
}

/// Members whose attempt has no answer: ?3 are the phones.
pub const UNKNOWN: &str = "UPDATE deliveries SET state = 'unknown', reason = 'no_answer', moved_at = ?4
  WHERE message_id = ?1 AND round = ?2 AND state = 'queued' AND phone_id IN (SELECT value FROM json_each(?3))";

/// Moves deliveries by what is known of each: taken, refused, or to be tried
/// again in a batch of its own, later each time.
///
/// # Errors
/// Where values cannot be bound.
pub fn apply<'a>(
    mut batch: Guarded<'a>,
    key: BatchKey,
    tries: u32,
    members: &[i64],
    outcomes: &[Outcome],
    now: Instant,
) -> Result<Guarded<'a>, AppError> {
    let of = |wanted: fn(&Outcome) -> bool| -> Vec<i64> {
        members.iter().zip(outcomes).filter(|(_, o)| wanted(o)).map(|(m, _)| *m).collect()
    };
    let taken = of(|o| *o == Outcome::Accepted);
    if !taken.is_empty() {
        batch = batch.then(
            "UPDATE deliveries SET state = 'accepted', reason = NULL, moved_at = ?4
             WHERE message_id = ?1 AND round = ?2 AND state IN ('queued', 'unknown') AND phone_id IN (SELECT value FROM json_each(?3))",
            args![key.message_id, key.round, json(&taken)?, now],
        )?;
    }
    let again = of(|o| *o == Outcome::NotTaken);
    let given_up = tries + 1 >= ATTEMPTS_MAX;
    let mut refused: Vec<(i64, Reason)> = members
        .iter()
        .zip(outcomes)
        .filter_map(|(m, o)| if let Outcome::Rejected(reason) = o { Some((*m, *reason)) } else { None })
        .collect();
    if given_up {
        refused.extend(again.iter().map(|m| (*m, Reason::TooManyTries)));
    }
    if !refused.is_empty() {
        batch = batch.then(
            "UPDATE deliveries SET state = 'rejected', moved_at = ?4,
               reason = (SELECT value ->> 1 FROM json_each(?3) WHERE value ->> 0 = deliveries.phone_id)
             WHERE message_id = ?1 AND round = ?2 AND state IN ('queued', 'unknown')
               AND phone_id IN (SELECT value ->> 0 FROM json_each(?3))",
            args![key.message_id, key.round, json(&refused)?, now],
        )?;
    }
    if !again.is_empty() && !given_up {
        let at = now.plus(RETRY_AFTER << tries.min(8));
        let phones = json(&again)?;
        batch = batch
            .then(
                // Those whose receipt came first are in no further batch: nobody counts twice.
                "INSERT INTO batches (message_id, round, no, stream, state, members, tries, not_before, ready_at, check_at, totals)
                 SELECT message_id, round, (SELECT MAX(no) + 1 FROM batches WHERE message_id = ?1 AND round = ?2), stream, 'numbered',
                        l.members, tries + 1, ?5, ready_at, ?5, json_object('queued', l.n)
                 FROM batches CROSS JOIN (
                   SELECT json_group_array(d.phone_id) AS members, COUNT(*) AS n FROM json_each(?4) x
                   CROSS JOIN deliveries d ON d.message_id = ?1 AND d.round = ?2 AND d.phone_id = x.value
                   WHERE d.state IN ('queued', 'unknown')) l
                 WHERE message_id = ?1 AND round = ?2 AND no = ?3 AND l.n > 0",
                args![key.message_id, key.round, key.no, phones.as_str(), at],
            )?
            .then(
                "UPDATE deliveries SET state = 'queued', reason = NULL, moved_at = ?4,
                   batch_no = (SELECT MAX(no) FROM batches WHERE message_id = ?1 AND round = ?2)
                 WHERE message_id = ?1 AND round = ?2 AND state IN ('queued', 'unknown') AND phone_id IN (SELECT value FROM json_each(?3))",
                args![key.message_id, key.round, phones.as_str(), now],
            )?;
    }
    Ok(batch)
}

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
pub async fn resolve_unknown(app: &App, key: BatchKey, tries: u32) -> Result<(), AppError> {
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
        let waited =
            app.db.sql(ABANDON, args![key.message_id, key.round, key.no, now, now.plus(-PATIENCE)])?;
        let later = store::recount(&app.db, &[key], Some(now.plus(60 * MINUTE)))?;
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
    let members: Vec<i64> = phones.iter().map(|p| p.id.0).collect();
    let known = ask(app, &attempt, &phones).await.unwrap_or_else(|error| {
        worker::console_warn!(
            "{}",
            json!({ "level": "warn", "area": "provider", "reference": attempt.reference, "cause": format!("{error:?}") })
        );
        None
    });
    let batch = app.db.guarded();
    let (batch, look_at) = match known {
        Some(outcomes) => {
            let batch = batch.must(
                "UPDATE attempts SET state = 'resolved', ended_at = ?2 WHERE reference = ?1 AND state = 'unknown'",
                args![attempt.reference.as_str(), now],
            )?;
            (apply(batch, key, tries, &members, &outcomes, now)?, now.plus(PATIENCE))
        }
        None if attempt.started_at.plus(PATIENCE) <= now => {
            let batch = batch
                .must(
                    "UPDATE attempts SET state = 'resolved', ended_at = ?2, answer = 'abandoned' WHERE reference = ?1 AND state = 'unknown'",
                    args![attempt.reference.as_str(), now],
                )?
                .then(ABANDON, args![key.message_id, key.round, key.no, now, now])?;
            (batch, now.plus(PATIENCE))
        }
        // Ask again, less often the longer it lasts.
        None => {
            let waited = now.0 - attempt.started_at.0;
            (batch, now.plus((waited / 2).clamp(MINUTE, 60 * MINUTE)))
        }
    };
    batch.append(vec![store::recount(&app.db, &[key], Some(look_at))?]).commit().await?;
    Ok(())
}

/// Unknown members of a batch since ?5 or longer: nobody will ever know.
const ABANDON: &str = "UPDATE deliveries SET state = 'abandoned', moved_at = ?4
  WHERE message_id = ?1 AND round = ?2 AND state = 'unknown' AND batch_no = ?3 AND moved_at <= ?5
    AND phone_id IN (SELECT x.value FROM batches b, json_each(b.members) x WHERE b.message_id = ?1 AND b.round = ?2 AND b.no = ?3)";

/// Asks the provider about an attempt; none where it cannot tell of every phone.
async fn ask(
    app: &App,
    attempt: &OpenAttempt,
    phones: &[PhoneRow],
) -> Result<Option<Vec<Outcome>>, AppError> {
    let provider = Provider::of(app)?;
    if provider.key() != attempt.provider {
        return Ok(None);
    }
    let keys = app.keys()?;
    let numbers =
        phones.iter().map(|p| keys.open_phone(p.id.0, p.key_id, &p.sealed)).collect::<Result<Vec<_>, _>>()?;
    let known = provider.ask(app, &attempt.reference, &numbers).await?;
    Ok(known.filter(|k| k.len() == numbers.len()).map(|known| {
        known
            .iter()
            .map(|k| match k {
                Known::Taken => Outcome::Accepted,
                Known::Absent => Outcome::NotTaken,
            })
            .collect()
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
        )?
        .then(
            "UPDATE deliveries SET state = 'unknown', reason = 'no_answer', moved_at = ?4
             WHERE message_id = ?1 AND round = ?2 AND state = 'queued' AND batch_no = ?3
               AND phone_id IN (SELECT x.value FROM attempts a, json_each(a.members) x
                                WHERE a.message_id = ?1 AND a.round = ?2 AND a.batch_no = ?3 AND a.state = 'submitting')",
            args![key.message_id, key.round, key.no, now],
        )?
        .then(
            "UPDATE attempts SET state = 'unknown', answer = 'no_answer'
             WHERE message_id = ?1 AND round = ?2 AND batch_no = ?3 AND state = 'submitting'",
            args![key.message_id, key.round, key.no],
        )?
        .append(vec![store::recount(&app.db, &[key], Some(now))?])
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
            app.db.sql(
                "UPDATE deliveries SET state = 'no_receipt', moved_at = ?4
                 WHERE message_id = ?1 AND round = ?2 AND state = 'accepted' AND batch_no = ?3 AND moved_at <= ?5
                   AND phone_id IN (SELECT x.value FROM batches b, json_each(b.members) x WHERE b.message_id = ?1 AND b.round = ?2 AND b.no = ?3)",
                args![key.message_id, key.round, key.no, now, now.plus(-PATIENCE)],
            )?,
            store::recount(&app.db, &[key], Some(now.plus(60 * MINUTE)))?,
        ])
        .await?;
    Ok(())
}
