//! Order within a stream (I6): which message has the word, what of it goes
//! to the queue, when the next one follows. Run by the stream's Sequencer
//! object alone; everything it knows it reads from D1, so that an object that
//! was evicted or moved goes on where it was.

use domain::delivery::{ENQUEUED_MAX, HOLD};
use domain::time::{Instant, MINUTE, SECOND};
use serde::Deserialize;
use serde_json::json;

use super::BatchKey;
use crate::app::App;
use crate::args;
use crate::bindings::{Audit, SmsJob, Subject, sms_queue};
use crate::error::AppError;

/// Messages that one call settles or numbers at most; the alarm goes on.
const STEPS_MAX: usize = 32;
/// How soon to look again at something that will move by itself.
const SOON: i64 = 5 * SECOND;
/// Queue messages in one send.
const SEND_MAX: usize = 100;

#[derive(Debug, Deserialize)]
struct Place {
    message_id: i64,
    round: u8,
    state: String,
    held: i64,
}

#[derive(Debug, Deserialize)]
struct Resting {
    message_id: i64,
    round: u8,
    no: i64,
    state: String,
    not_before: Instant,
    check_at: Option<Instant>,
}

/// The stream's open places in their order, the one that has the word first;
/// `held` says that its message is paused or all sending is stopped.
const PLACES: &str = "SELECT s.message_id, s.round, s.state,
    (m.state <> 'sending' OR EXISTS (SELECT 1 FROM school WHERE stopped_at IS NOT NULL)) AS held
  FROM message_streams s CROSS JOIN messages m ON m.id = s.message_id
  WHERE s.stream = ?1 AND s.state <> 'settled' ORDER BY s.seq IS NULL, s.seq, s.ready_at, s.message_id LIMIT 1";

/// The batches of the place that has the word, and late ones of this stream.
const RESTING: &str = "SELECT b.message_id, b.round, b.no, b.state, b.not_before, b.check_at FROM batches b
  WHERE b.message_id = ?1 AND b.round = ?2 AND b.stream = ?3 AND b.state <> 'settled'";

/// Late batches: put off to a retry or a window, their message settled in
/// this stream meanwhile. Few, and found by an index of their own.
const LATE: &str = "SELECT b.message_id, b.round, b.no, b.state, b.not_before, b.check_at
  FROM batches b CROSS JOIN message_streams s ON s.message_id = b.message_id AND s.round = b.round AND s.stream = b.stream
  CROSS JOIN messages m ON m.id = b.message_id
  WHERE b.stream = ?1 AND b.not_before > 0 AND b.state <> 'settled'
    AND s.state = 'settled' AND m.state IN ('sending', 'sent') AND NOT EXISTS (SELECT 1 FROM school WHERE stopped_at IS NOT NULL)";

/// Gives the next message its number: only where none has the word, and only
/// once. (`<> 'settled'` is what the index of open places asks for; the other
/// one would walk through all that the stream ever sent.)
const NUMBER: &str = "UPDATE message_streams SET state = 'numbered',
    seq = (SELECT COALESCE(MAX(seq), 0) + 1 FROM message_streams WHERE stream = ?3 AND seq IS NOT NULL)
  WHERE message_id = ?1 AND round = ?2 AND stream = ?3 AND state = 'ready'
    AND NOT EXISTS (SELECT 1 FROM message_streams o WHERE o.stream = ?3 AND o.state <> 'settled' AND o.state = 'numbered')";

/// Settles a place none of whose batches holds it any more.
const SETTLE: &str = "UPDATE message_streams SET state = 'settled', settled_at = ?4
  WHERE message_id = ?1 AND round = ?2 AND stream = ?3 AND state = 'numbered'
    AND NOT EXISTS (SELECT 1 FROM batches b WHERE b.message_id = ?1 AND b.round = ?2 AND b.stream = ?3 AND b.state <> 'settled' AND b.not_before <= ?5)";

/// Does all that can be done for a stream now.
///
/// Returns when to look again, if anything rests.
///
/// # Errors
/// Where the database or the queue fails; calling again is safe.
pub async fn advance(app: &App, stream: &str) -> Result<Option<Instant>, AppError> {
    let now = app.now();
    let late: Vec<Resting> = app.db.all(LATE, args![stream]).await?;
    put_on_queue(app, late.iter().filter(|b| is_due(b, now)).collect(), now).await?;
    let late = next_look(&late, now);
    let next = word(app, stream).await?;
    Ok(match (late, next) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, None) | (None, one) => one,
    })
}

/// When something of these batches is due next, a second from now at the earliest.
fn next_look(batches: &[Resting], now: Instant) -> Option<Instant> {
    let due = |b: &Resting| {
        if is_due(b, now) { now.plus(ENQUEUED_MAX) } else { b.check_at.unwrap_or(b.not_before) }
    };
    batches.iter().map(due).min().map(|at| at.max(now.plus(SECOND)))
}

/// Works for the message that has the word, and for those that get it.
async fn word(app: &App, stream: &str) -> Result<Option<Instant>, AppError> {
    for _ in 0..STEPS_MAX {
        let now = app.now();
        let places: Vec<Place> = app.db.all(PLACES, args![stream]).await?;
        let Some(place) = places.first() else { return Ok(None) };
        let resting: Vec<Resting> = app.db.all(RESTING, args![place.message_id, place.round, stream]).await?;
        // Where nothing is left to hold, it keeps nobody waiting.
        if place.held != 0 && !resting.is_empty() {
            return Ok(Some(now.plus(MINUTE)));
        }
        if place.state == "ready" {
            number(app, place, stream, now).await?;
            continue;
        }
        if resting.iter().all(|b| b.not_before > now.plus(HOLD)) {
            settle(app, place, stream, now).await?;
            continue;
        }
        let due = resting.iter().filter(|b| is_due(b, now)).collect();
        put_on_queue(app, due, now).await?;
        return Ok(next_look(&resting, now));
    }
    Ok(Some(app.now().plus(SOON)))
}

/// Whether a batch has to be put on the queue (again): it has its number and
/// waits for nothing, or it was lost on the queue or by a consumer.
fn is_due(batch: &Resting, now: Instant) -> bool {
    match batch.state.as_str() {
        "ready" | "numbered" => batch.not_before <= now,
        "enqueued" | "claimed" => batch.check_at.is_none_or(|at| at <= now),
        // A provider call is under way; past its deadline it is cron's.
        _ => false,
    }
}

async fn number(app: &App, place: &Place, stream: &str, now: Instant) -> Result<(), AppError> {
    app.db
        .run(vec![
            app.db.sql(NUMBER, args![place.message_id, place.round, stream])?,
            app.db.sql(
                "UPDATE batches SET state = 'numbered', check_at = ?4
                 WHERE message_id = ?1 AND round = ?2 AND stream = ?3 AND state = 'ready'
                   AND EXISTS (SELECT 1 FROM message_streams s WHERE s.message_id = ?1 AND s.round = ?2 AND s.stream = ?3 AND s.state = 'numbered')",
                args![place.message_id, place.round, stream, now],
            )?,
        ])
        .await?;
    Ok(())
}

async fn settle(app: &App, place: &Place, stream: &str, now: Instant) -> Result<(), AppError> {
    app.db
        .run(vec![
            app.db.sql(SETTLE, args![place.message_id, place.round, stream, now, now.plus(HOLD)])?,
            app.db.sql(
                "UPDATE messages SET state = 'sent', changed_at = ?2 WHERE id = ?1 AND state IN ('sending', 'paused')
                   AND NOT EXISTS (SELECT 1 FROM message_streams s WHERE s.message_id = ?1 AND s.state <> 'settled')",
                args![place.message_id, now],
            )?,
            app.db.audit_if(
                "changes() = 1",
                &Audit {
                    at: now,
                    actor: 0,
                    action: "message.sent",
                    subject: Subject::Row("message", place.message_id),
                    detail: &json!({ "round": place.round }),
                },
            )?,
        ])
        .await?;
    Ok(())
}

/// Marks batches as enqueued, then enqueues those that this call marked. Dying
/// in between costs a minute: the mark has a time limit.
async fn put_on_queue(app: &App, batches: Vec<&Resting>, now: Instant) -> Result<(), AppError> {
    if batches.is_empty() {
        return Ok(());
    }
    let keys: Vec<(i64, u8, i64, &str)> =
        batches.iter().map(|b| (b.message_id, b.round, b.no, b.state.as_str())).collect();
    let marked: Vec<BatchKey> = app
        .db
        .all(
            "UPDATE batches SET state = 'enqueued', check_at = ?2
             WHERE (message_id, round, no, state) IN (SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?1))
               AND (state = 'numbered' OR state = 'ready' OR check_at <= ?3)
             RETURNING message_id, round, no",
            args![crate::message::store::json(&keys)?, now.plus(ENQUEUED_MAX), now],
        )
        .await?;
    let queue = sms_queue(&app.env)?;
    for some in marked.chunks(SEND_MAX) {
        let jobs: Vec<SmsJob> =
            some.iter().map(|b| SmsJob { message: b.message_id, round: b.round, no: b.no }).collect();
        queue.send_batch(jobs).await?;
    }
    Ok(())
}
