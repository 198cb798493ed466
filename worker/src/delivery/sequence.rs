//! Order within a stream (I6): which message is at its head, what of it goes
//! to the queue, when the next one follows. Run by the stream's Sequencer
//! object alone; everything it knows it reads from D1, so that an object that
//! was evicted or moved goes on where it was.

use domain::audit::AuditAction;
use domain::delivery::{ApartReason, BatchState, CLAIMS_IN_VAIN, ENQUEUED_MAX, HOLD, PlaceState, RoundState};
use domain::ids::{MessageId, StreamId};
use domain::time::{Instant, MINUTE, SECOND, SendingWindow};
use serde::Deserialize;
use serde_json::json;

use super::{BatchKey, halt, provider};
use crate::args;
use crate::message::transition;
use crate::platform::app::App;
use crate::platform::d1::{Answers, Audit, Rows, Stmt, Subject, audit_if, sql};
use crate::platform::error::AppError;
use crate::platform::json;
use crate::sequencer::{self, SmsJob};

/// Messages that one call settles or numbers at most; the alarm goes on.
const STEPS_MAX: usize = 32;
/// How soon to look again at something that will move by itself.
const SOON: i64 = 5 * SECOND;

#[derive(Debug, Deserialize)]
struct Place {
    message_id: i64,
    round: u8,
    state: PlaceState,
    round_state: RoundState,
    /// Whether another place behind it could have the turn.
    #[serde(deserialize_with = "json::flag")]
    others: bool,
}

#[derive(Debug, Deserialize)]
struct Resting {
    message_id: i64,
    round: u8,
    no: i64,
    state: BatchState,
    not_before: Instant,
    check_at: Option<Instant>,
    claim: i64,
    forgiven: i64,
}

impl Resting {
    fn key(&self) -> BatchKey {
        BatchKey { message_id: self.message_id, round: self.round, no: self.no }
    }

    /// Whether a consumer has it in hand: one whose lease is over may have died.
    fn is_under_way(&self, now: Instant) -> bool {
        self.state == BatchState::Submitting
            || self.state == BatchState::Claimed && self.check_at.is_some_and(|lease| lease > now)
    }
}

#[derive(Debug, Deserialize)]
struct SchoolRow {
    #[serde(deserialize_with = "json::flag")]
    stopped: bool,
    window_from: u16,
    window_to: u16,
    /// Until when the provider is left alone.
    open_until: Option<Instant>,
}

/// A stream's head: the place whose turn it is, else the first one that could have it. A paused
/// message is passed over; it only keeps a turn that it already has (see [`give_way`]).
const HEAD: &str = "SELECT s.message_id, s.round, s.state, r.state AS round_state FROM message_streams s
  CROSS JOIN rounds r ON r.message_id = s.message_id AND r.round = s.round
  WHERE s.stream_id = ?1 AND s.state <> 'settled' AND (s.state = 'numbered' OR r.state <> 'paused')
  ORDER BY s.seq IS NULL, s.seq, s.ready_at, s.message_id, s.round LIMIT 1";

/// What is read of a batch.
const RESTING: &str = "b.message_id, b.round, b.no, b.state, b.not_before, b.check_at, b.claim, b.forgiven";

/// Reads a stream whole, in one round trip: its late batches, its head, the head's batches. What is
/// set apart is none of them: it holds nobody up, and waits for a person or for another version.
fn read_sql(stream: StreamId, provider: &str) -> [Stmt; 4] {
    [
        // Late: put off to a retry, or passed over while paused, their round settled in this stream
        // meanwhile. Few, and found by an index of their own.
        sql(
            format!(
                "SELECT {RESTING} FROM batches b
                 CROSS JOIN message_streams s ON s.message_id = b.message_id AND s.round = b.round AND s.stream_id = b.stream_id
                 CROSS JOIN rounds r ON r.message_id = b.message_id AND r.round = b.round
                 WHERE b.stream_id = ?1 AND b.not_before > 0 AND b.state <> 'settled' AND b.set_apart_at IS NULL
                   AND s.state = 'settled' AND r.state = 'sending'"
            ),
            args![stream],
        ),
        sql(
            format!(
                "SELECT head.message_id, head.round, head.state, head.round_state, EXISTS (
                   SELECT 1 FROM message_streams o CROSS JOIN rounds r ON r.message_id = o.message_id AND r.round = o.round
                   WHERE o.stream_id = ?1 AND o.state <> 'settled' AND r.state = 'sending'
                     AND (o.message_id, o.round) <> (head.message_id, head.round)) AS others
                 FROM ({HEAD}) head"
            ),
            args![stream],
        ),
        sql(
            format!(
                "SELECT {RESTING} FROM ({HEAD}) head CROSS JOIN batches b INDEXED BY batches_open
                   ON b.stream_id = ?1 AND b.message_id = head.message_id AND b.round = head.round AND b.state <> 'settled'
                 WHERE b.set_apart_at IS NULL"
            ),
            args![stream],
        ),
        sql(
            "SELECT stopped_at IS NOT NULL AS stopped, window_from, window_to,
               (SELECT h.open_until FROM provider_health h WHERE h.provider = ?1) AS open_until FROM school WHERE id = 1",
            args![provider],
        ),
    ]
}

/// What a stream has to do.
struct Standing {
    late: Vec<Resting>,
    /// The place at the head.
    head: Option<Place>,
    /// The batches of the head.
    resting: Vec<Resting>,
    school: SchoolRow,
}

impl Standing {
    fn read(rows: &[Rows]) -> Result<Self, AppError> {
        Ok(Self {
            late: rows.at(0)?.all()?,
            head: rows.at(1)?.first()?,
            resting: rows.at(2)?.all()?,
            school: rows.at(3)?.one()?,
        })
    }

    /// Until when nothing of this stream goes to the queue: while all sending is stopped or no provider
    /// is there, until somebody has changed that; outside the sending hours, until they begin. What
    /// waits for that keeps its place and its order.
    fn held_until(&self, app: &App, now: Instant) -> Option<Instant> {
        if self.school.stopped || provider::missing(app).is_some() {
            return Some(now.plus(MINUTE));
        }
        let window = SendingWindow { from: self.school.window_from, to: self.school.window_to };
        let open = self.school.open_until.map_or(now, |until| until.max(now));
        Some(window.next_open(open)).filter(|open| *open > now)
    }
}

/// Gives the next place its turn, and the number that parents see where it takes one: only where
/// no place is at the head, and only once. (`<> 'settled'` is what the index of open places asks
/// for; the other condition would walk through all that the stream ever sent.)
const NUMBER: &str = "UPDATE message_streams SET state = 'numbered',
    seq = (SELECT COALESCE(MAX(seq), 0) + 1 FROM message_streams WHERE stream_id = ?3 AND seq IS NOT NULL),
    number = CASE WHEN takes_number = 1
      THEN (SELECT COALESCE(MAX(number), 0) + 1 FROM message_streams WHERE stream_id = ?3 AND number IS NOT NULL) END
  WHERE message_id = ?1 AND round = ?2 AND stream_id = ?3 AND state = 'ready'
    AND NOT EXISTS (SELECT 1 FROM message_streams o WHERE o.stream_id = ?3 AND o.state <> 'settled' AND o.state = 'numbered')";

/// Settles a place none of whose batches holds it any more.
const SETTLE: &str = "UPDATE message_streams SET state = 'settled', settled_at = ?4
  WHERE message_id = ?1 AND round = ?2 AND stream_id = ?3 AND state = 'numbered'
    AND NOT EXISTS (SELECT 1 FROM batches b WHERE b.message_id = ?1 AND b.round = ?2 AND b.stream_id = ?3 AND b.state <> 'settled'
                    AND b.not_before <= ?5 AND b.set_apart_at IS NULL)";

/// Gives the turn of a paused place away: the next one follows, and what is left of it goes out once
/// it is resumed, as late. Only where nothing of it is under way.
const GIVE_WAY: &str = "UPDATE message_streams SET state = 'settled', settled_at = ?4
  WHERE message_id = ?1 AND round = ?2 AND stream_id = ?3 AND state = 'numbered'
    AND EXISTS (SELECT 1 FROM rounds r WHERE r.message_id = ?1 AND r.round = ?2 AND r.state = 'paused')
    AND NOT EXISTS (SELECT 1 FROM batches b INDEXED BY batches_open WHERE b.stream_id = ?3 AND b.message_id = ?1 AND b.round = ?2
                    AND b.state <> 'settled' AND (b.state = 'submitting' OR b.state = 'claimed' AND b.check_at > ?4))";

/// What is passed over is found as what was put off.
const PASSED_OVER: &str = "UPDATE batches SET state = CASE state WHEN 'claimed' THEN 'enqueued' ELSE 'numbered' END,
    not_before = MAX(not_before, ?4), check_at = ?4
  WHERE message_id = ?1 AND round = ?2 AND stream_id = ?3 AND state IN ('numbered', 'enqueued', 'claimed') AND set_apart_at IS NULL
    AND EXISTS (SELECT 1 FROM message_streams s WHERE s.message_id = ?1 AND s.round = ?2 AND s.stream_id = ?3 AND s.state = 'settled')";

/// Does all that can be done for a stream now.
///
/// Returns when to look again, if anything rests.
///
/// # Errors
/// Where the database or the queue fails; calling again is safe.
pub async fn advance(app: &App, stream: StreamId) -> Result<Option<Instant>, AppError> {
    let now = app.now();
    provider::prepare(app).await;
    let standing = Standing::read(&app.db.run(read_sql(stream, provider::key_of(app)).into()).await?)?;
    let late = match standing.held_until(app, now) {
        Some(until) => (!standing.late.is_empty()).then_some(until),
        None => {
            put_on_queue(app, standing.late.iter().filter(|b| is_due(b, now)).collect(), now).await?;
            next_look(&standing.late, now)
        }
    };
    let next = advance_head(app, stream, standing).await?;
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

/// Works for the place at the head of the stream, and for those that follow it.
async fn advance_head(
    app: &App,
    stream: StreamId,
    mut standing: Standing,
) -> Result<Option<Instant>, AppError> {
    for _ in 0..STEPS_MAX {
        let now = app.now();
        let Some(place) = &standing.head else { return Ok(None) };
        let resting = &standing.resting;
        if place.state == PlaceState::Numbered && resting.iter().all(|b| b.not_before > now.plus(HOLD)) {
            standing = settle(app, place, stream, now).await?;
            continue;
        }
        // Where nothing is left to hold, it keeps nobody waiting.
        if !resting.is_empty() {
            if let Some(until) = standing.held_until(app, now) {
                return Ok(Some(until));
            }
            match place.round_state {
                RoundState::Paused if place.others && !resting.iter().any(|b| b.is_under_way(now)) => {
                    standing = give_way(app, place, stream, now).await?;
                    continue;
                }
                // Cron ends what is left of a stopped one.
                RoundState::Paused | RoundState::Stopped => {
                    let soon = if place.others { SOON } else { MINUTE };
                    return Ok(Some(now.plus(soon)));
                }
                _ => {}
            }
        }
        if place.state == PlaceState::Ready {
            if start(app, place, stream, now).await? > 0 {
                return Ok(Some(now.plus(ENQUEUED_MAX)));
            }
            standing = Standing::read(&app.db.run(read_sql(stream, provider::key_of(app)).into()).await?)?;
            continue;
        }
        let due = resting.iter().filter(|b| is_due(b, now)).collect();
        put_on_queue(app, due, now).await?;
        return Ok(next_look(resting, now));
    }
    Ok(Some(app.now().plus(SOON)))
}

/// Whether a batch has to be put on the queue (again): it has its number and
/// waits for nothing, or it was lost on the queue or by a consumer.
fn is_due(batch: &Resting, now: Instant) -> bool {
    match batch.state {
        BatchState::Ready | BatchState::Numbered => batch.not_before <= now,
        BatchState::Enqueued | BatchState::Claimed => batch.check_at.is_none_or(|at| at <= now),
        // A provider call is under way; past its deadline it is cron's.
        BatchState::Submitting | BatchState::Settled => false,
    }
}

/// Gives the head its number and puts its batches on the queue; tells how many.
async fn start(app: &App, place: &Place, stream: StreamId, now: Instant) -> Result<usize, AppError> {
    let key = args![place.message_id, place.round, stream, now];
    let numbered = "EXISTS (SELECT 1 FROM message_streams s
        WHERE s.message_id = ?1 AND s.round = ?2 AND s.stream_id = ?3 AND s.state = 'numbered')";
    let move_on = |set: &str, from: &str| {
        format!(
            "UPDATE batches SET {set} WHERE message_id = ?1 AND round = ?2 AND stream_id = ?3 AND state = '{from}' AND {numbered}"
        )
    };
    let rows = app
        .db
        .run(vec![
            sql(NUMBER, &key[..3]),
            sql(move_on("state = 'numbered', check_at = ?4", "ready"), key),
            sql(
                move_on("state = 'enqueued', check_at = ?5", "numbered")
                    + " AND not_before <= ?4 RETURNING message_id, round, no",
                args![place.message_id, place.round, stream, now, now.plus(ENQUEUED_MAX)],
            ),
        ])
        .await?;
    let marked: Vec<BatchKey> = rows.at(2)?.all()?;
    enqueue(app, &marked).await?;
    Ok(marked.len())
}

/// Settles a place where nothing holds it any more, and ends its round and its message with the
/// last one. Also stands behind the batch that settles its last SMS batch, so that a Sequencer
/// finds the next message at the head.
pub(super) fn settle_sql(message: i64, round: u8, stream: StreamId, now: Instant) -> [Stmt; 4] {
    let key = args![message, round, stream, now, now.plus(HOLD)];
    let [ended, sent] = transition::sent(MessageId(message), round, now);
    let entry = audit_if(
        "changes() = 1",
        &Audit {
            at: now,
            actor: 0,
            action: AuditAction::MessageSent,
            subject: Subject::Row("message", message),
            detail: &json!({ "round": round }),
        },
    );
    [sql(SETTLE, key), ended, sent, entry]
}

/// Settles the head; tells how the stream then stands.
async fn settle(app: &App, place: &Place, stream: StreamId, now: Instant) -> Result<Standing, AppError> {
    let settling = settle_sql(place.message_id, place.round, stream, now);
    then_read(app, settling.into(), stream).await
}

/// Passes the paused head over; tells how the stream then stands.
async fn give_way(app: &App, place: &Place, stream: StreamId, now: Instant) -> Result<Standing, AppError> {
    let key = args![place.message_id, place.round, stream, now];
    then_read(app, vec![sql(GIVE_WAY, key), sql(PASSED_OVER, key)], stream).await
}

async fn then_read(app: &App, first: Vec<Stmt>, stream: StreamId) -> Result<Standing, AppError> {
    let at = first.len();
    let rows = app.db.run(first.into_iter().chain(read_sql(stream, provider::key_of(app))).collect()).await?;
    Standing::read(rows.get(at..).unwrap_or_default())
}

/// Marks batches as enqueued, then enqueues those that this call marked. Dying
/// in between costs a minute: the mark has a time limit. One that was claimed in
/// vain too often is set apart: whatever it is that fails would fail again.
async fn put_on_queue(app: &App, batches: Vec<&Resting>, now: Instant) -> Result<(), AppError> {
    let (vain, batches): (Vec<&Resting>, Vec<&Resting>) = batches
        .into_iter()
        .partition(|b| b.state == BatchState::Claimed && b.claim - b.forgiven >= CLAIMS_IN_VAIN);
    if !vain.is_empty() {
        let vain: Vec<(BatchKey, i64)> = vain.iter().map(|b| (b.key(), b.claim)).collect();
        app.db.run(halt::set_apart(&vain, ApartReason::ClaimedInVain, now)?).await?;
    }
    if batches.is_empty() {
        return Ok(());
    }
    let keys: Vec<(i64, u8, i64, &str)> =
        batches.iter().map(|b| (b.message_id, b.round, b.no, b.state.key())).collect();
    let marked: Vec<BatchKey> = app
        .db
        .all(
            "UPDATE batches SET state = 'enqueued', check_at = ?2
             WHERE (message_id, round, no, state) IN (SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?1))
               AND (state = 'numbered' OR state = 'ready' OR check_at <= ?3) AND set_apart_at IS NULL
             RETURNING message_id, round, no",
            args![json::text(&keys)?, now.plus(ENQUEUED_MAX), now],
        )
        .await?;
    enqueue(app, &marked).await
}

async fn enqueue(app: &App, marked: &[BatchKey]) -> Result<(), AppError> {
    let jobs: Vec<SmsJob> =
        marked.iter().map(|b| SmsJob { message: b.message_id, round: b.round, no: b.no }).collect();
    sequencer::enqueue(app, &jobs).await
}
