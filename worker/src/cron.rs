//! Every minute: release what is due, end what is over, tell the streams, seal
//! the audit, and last ask about what is unknown. Each step stands alone: one
//! that fails holds none of the others, and the next minute tries again. Each
//! has a budget, and goes on in the next minute where it was.

use std::collections::BTreeSet;

use domain::delivery::{BATCH_MAX, PATIENCE};
use domain::ids::{MessageId, StreamId};
use domain::time::{DAY, MINUTE, SECOND, SendingWindow};
use serde::Deserialize;
use serde_json::json;

use crate::delivery::provider::{self, LOOK_UP_TIMEOUT, Provider};
use crate::delivery::{BatchKey, expire, halt, release, resolve};
use crate::message::transition;
use crate::platform::app::App;
use crate::platform::d1::{Answers, Audit, Subject, audit_if, sql};
use crate::platform::error::AppError;
use crate::platform::json;
use crate::{args, audit, filing, sandbox, sequencer};

/// Calls past their deadline that one run gives up waiting for; the next minute takes the rest.
const GIVEN_UP_MAX: usize = 30;
/// Statements for giving up waiting, for asking about an unknown outcome, for closing without a receipt.
const GIVE_UP: usize = 6;
const ASK: usize = 18;
const CLOSE: usize = 2;
/// Questions to the provider in one run. Each may take [`LOOK_UP_TIMEOUT`], and they come last: a slow
/// provider keeps neither the sealer nor the pokes.
const ASKS_MAX: usize = 10;
/// No question is begun later than so long after the first one.
const ASKING_MAX: i64 = 20 * SECOND;
/// Batches whose receipts never came, closed in one run.
const CLOSED_MAX: usize = 60;
/// Streams that one run pokes; the next one goes on behind the last of them.
const POKES_MAX: usize = 300;
/// Rounds that one run looks at whether they have ended.
const ENDED_MAX: usize = 20;
const END: usize = 3;
/// How long a dead letter is kept for the office.
const DEAD_LETTERS_KEPT: i64 = 30 * DAY;
/// Reading what is due, sealing, forgetting.
const REST: usize = 30;

/// D1 statements of one run. (Receipts are handed over by cron in the demo alone.)
const QUERIES: usize = (release::RELEASES_MAX * release::RELEASE_QUERIES) as usize
    + expire::EXPIRED_MAX * expire::EXPIRE_QUERIES
    + GIVEN_UP_MAX * GIVE_UP
    + ASKS_MAX * ASK
    + CLOSED_MAX * CLOSE
    + ENDED_MAX * END
    + filing::chase::QUERIES
    + REST;
/// Subrequests of one run, were each statement a round trip of its own: those, one for each poke, one
/// for each number that is asked about, and the day's head into the bucket.
const SUBREQUESTS: usize = QUERIES + POKES_MAX + ASKS_MAX * BATCH_MAX + 1;
// The platform gives an invocation 1,000 D1 queries and 10,000 subrequests, and cron 15 minutes.
const _: () = assert!(QUERIES < 1_000 && SUBREQUESTS < 10_000);
const _: () = assert!(ASKING_MAX + LOOK_UP_TIMEOUT < MINUTE);

/// Runs all steps: first what others wait for, and last the questions that may take long.
pub async fn every_minute(app: &App) {
    provider::prepare(app).await;
    let mut streams = BTreeSet::new();
    let mut told = |step: &str, result: Result<BTreeSet<StreamId>, AppError>| match result {
        Ok(more) => streams.extend(more),
        Err(error) => app.log_error("cron", &error, json!({ "step": step })),
    };
    told("release", release::release_due(app).await);
    told("give_up", give_up_waiting(app).await);
    told("expire", expire::end_what_is_over(app).await);
    told("apart", halt::take_up_again(app).await.map(|()| BTreeSet::new()));
    if let Err(error) = poke(app, streams).await {
        app.log_error("cron", &error, json!({ "step": "poke" }));
    }
    for (step, result) in [
        ("seal", audit::seal(app).await),
        ("receipts", sandbox::receipts::hand_over(app).await),
        ("close", close_without_receipt(app).await),
        ("forget", forget(app).await),
        ("chase", filing::chase::chase(app).await),
        ("ask", ask(app).await),
        ("end", end_rounds(app).await),
    ] {
        if let Err(error) = result {
            app.log_error("cron", &error, json!({ "step": step }));
        }
    }
}

#[derive(Deserialize)]
struct CalledRow {
    message_id: i64,
    round: u8,
    no: i64,
    stream_id: StreamId,
    tries: u32,
}

impl CalledRow {
    fn key(&self) -> BatchKey {
        BatchKey { message_id: self.message_id, round: self.round, no: self.no }
    }
}

/// Batches whose call is over, those that wait longest first. Each that is looked at is due later
/// again, so that none keeps others from their turn; each kind has a query of its own for the same reason.
async fn called(app: &App, which: &str, most: usize) -> Result<Vec<CalledRow>, AppError> {
    app.db
        .all(
            format!(
                "SELECT message_id, round, no, stream_id, tries FROM batches INDEXED BY batches_check
                 WHERE check_at IS NOT NULL AND state IN ('submitting', 'settled') AND check_at <= ?1 AND {which}
                 ORDER BY check_at LIMIT {most}"
            ),
            args![app.now()],
        )
        .await
}

/// Whether some of its outcomes are unknown.
const UNKNOWN: &str = "totals ->> '$.unknown' > 0";

fn unless_lost(app: &App, step: &str, result: Result<(), AppError>) {
    match result {
        Ok(()) | Err(AppError::Lost) => {}
        Err(error) => app.log_error("cron", &error, json!({ "step": step })),
    }
}

/// Calls past their deadline become unknown; their streams go on.
async fn give_up_waiting(app: &App) -> Result<BTreeSet<StreamId>, AppError> {
    let mut streams = BTreeSet::new();
    for batch in called(app, "state = 'submitting'", GIVEN_UP_MAX).await? {
        unless_lost(app, "give_up", resolve::give_up_waiting(app, batch.key()).await);
        streams.insert(batch.stream_id);
    }
    Ok(streams)
}

/// What was taken and never heard of again.
async fn close_without_receipt(app: &App) -> Result<(), AppError> {
    let which = format!("state = 'settled' AND COALESCE({UNKNOWN}, 0) = 0");
    for batch in called(app, &which, CLOSED_MAX).await? {
        unless_lost(app, "close", resolve::close_without_receipt(app, batch.key()).await);
    }
    Ok(())
}

/// Outcomes nobody knows: asks the provider, within a budget of number and time. A retry that
/// follows waits for its stream's next look.
async fn ask(app: &App) -> Result<(), AppError> {
    let until = app.now().plus(ASKING_MAX);
    let provider = provider::of(app).ok();
    let provider: Option<&dyn Provider> = provider.as_deref();
    let mut streams = BTreeSet::new();
    for batch in called(app, &format!("state = 'settled' AND {UNKNOWN}"), ASKS_MAX).await? {
        if app.now() > until {
            break;
        }
        let result = resolve::resolve_unknown(app, provider, batch.key(), batch.tries).await;
        unless_lost(app, "ask", result);
        streams.insert(batch.stream_id);
    }
    sequencer::poke(app, streams.into_iter().collect()).await;
    Ok(())
}

#[derive(Deserialize)]
struct StandingRow {
    #[serde(deserialize_with = "json::flag")]
    stopped: bool,
    window_from: u16,
    window_to: u16,
    cursor: i64,
}

#[derive(Deserialize)]
struct OpenRow {
    stream_id: StreamId,
}

/// Open streams beyond ?1 whose Sequencer may not have been told: places that are open for a minute,
/// and what was put off and is due. Those of a paused message have nothing to be told of.
const OPEN: &str = "SELECT stream_id FROM (
    SELECT s.stream_id FROM message_streams s INDEXED BY message_streams_open
      CROSS JOIN rounds r ON r.message_id = s.message_id AND r.round = s.round
      WHERE s.state <> 'settled' AND s.stream_id > ?1 AND s.ready_at <= ?2 AND r.state <> 'paused'
    UNION
    SELECT b.stream_id FROM batches b INDEXED BY batches_put_off
      CROSS JOIN rounds r ON r.message_id = b.message_id AND r.round = b.round
      WHERE b.state <> 'settled' AND b.not_before > 0 AND b.not_before <= ?3 AND b.set_apart_at IS NULL
        AND b.stream_id > ?1 AND r.state <> 'paused')
  ORDER BY stream_id LIMIT ?4";

/// Pokes the streams that have something new, and of the open ones as many as a run may: it goes on
/// behind the last one of the run before, so that none is starved by those that are held.
async fn poke(app: &App, mut streams: BTreeSet<StreamId>) -> Result<(), AppError> {
    let now = app.now();
    let standing: Option<StandingRow> = app
        .db
        .first(
            "SELECT s.stopped_at IS NOT NULL AS stopped, s.window_from, s.window_to,
               COALESCE((SELECT at FROM cron_cursors WHERE name = 'poke'), 0) AS cursor FROM school s WHERE s.id = 1",
            &[],
        )
        .await?;
    // While nothing may go out, nobody has to be told of what rests.
    let goes_out = standing.filter(|s| {
        let window = SendingWindow { from: s.window_from, to: s.window_to };
        !s.stopped && window.next_open(now) <= now && provider::missing(app).is_none()
    });
    if let Some(standing) = goes_out {
        let open = |beyond: i64| sql(OPEN, args![beyond, now.plus(-MINUTE), now, POKES_MAX]);
        let rows = app.db.run(vec![open(standing.cursor), open(0)]).await?;
        let beyond: Vec<OpenRow> = rows.at(0)?.all()?;
        // Round the end: those before the cursor come behind all others.
        let from_start =
            rows.at(1)?.all::<OpenRow>()?.into_iter().filter(|o| o.stream_id.0 <= standing.cursor);
        let turn: Vec<StreamId> = beyond.into_iter().chain(from_start).map(|o| o.stream_id).collect();
        let last = turn.iter().take(POKES_MAX.saturating_sub(streams.len())).next_back();
        let cursor = last.map_or(standing.cursor, |stream| stream.0);
        streams.extend(turn.into_iter().take(POKES_MAX.saturating_sub(streams.len())));
        if cursor != standing.cursor {
            let write = "INSERT INTO cron_cursors (name, at) VALUES ('poke', ?1) ON CONFLICT (name) DO UPDATE SET at = excluded.at";
            app.db.run(vec![sql(write, args![cursor])]).await?;
        }
    }
    sequencer::poke(app, streams.into_iter().take(POKES_MAX).collect()).await;
    Ok(())
}

#[derive(Deserialize)]
struct EndedRow {
    message_id: i64,
    round: u8,
}

/// Rounds whose last delivery ended otherwise than by an answer to its call: by a receipt, by being
/// asked about, by being skipped.
async fn end_rounds(app: &App) -> Result<(), AppError> {
    let now = app.now();
    let over: Vec<EndedRow> = app
        .db
        .all(
            format!(
                "SELECT r.message_id, r.round FROM rounds r INDEXED BY rounds_open
                 WHERE r.ended_at IS NULL AND r.state IN ('sending', 'paused', 'stopped')
                   AND NOT EXISTS (SELECT 1 FROM message_streams s WHERE s.message_id = r.message_id AND s.round = r.round AND s.state <> 'settled')
                   AND NOT EXISTS (SELECT 1 FROM batches b WHERE b.message_id = r.message_id AND b.round = r.round
                                   AND (b.state <> 'settled' OR b.{UNKNOWN}))
                 ORDER BY r.at LIMIT {ENDED_MAX}"
            ),
            &[],
        )
        .await?;
    for round in over {
        let [ended, sent] = transition::sent(MessageId(round.message_id), round.round, now);
        let entry = audit_if(
            "changes() = 1",
            &Audit {
                at: now,
                actor: 0,
                action: domain::audit::AuditAction::MessageSent,
                subject: Subject::Row("message", round.message_id),
                detail: &json!({ "round": round.round }),
            },
        );
        app.db.run(vec![ended, sent, entry]).await?;
    }
    Ok(())
}

/// Forgets what was kept for a while only.
async fn forget(app: &App) -> Result<(), AppError> {
    let now = app.now();
    app.db
        .run(vec![
            sql("DELETE FROM idempotency WHERE at < ?1", args![now.plus(-2 * DAY)]),
            sql("DELETE FROM sessions WHERE expires_at < ?1", args![now]),
            sql("DELETE FROM signin_failures WHERE last_at < ?1", args![now.plus(-DAY)]),
            sql("DELETE FROM early_receipts WHERE at < ?1", args![now.plus(-PATIENCE)]),
            sql("DELETE FROM dead_letters WHERE at < ?1", args![now.plus(-DEAD_LETTERS_KEPT)]),
            // An upload that nobody applied is full of numbers.
            sql(
                "UPDATE imports SET sealed = NULL WHERE uploaded_at BETWEEN ?1 AND ?2 AND sealed IS NOT NULL",
                args![now.plus(-3 * DAY), now.plus(-DAY)],
            ),
        ])
        .await?;
    Ok(())
}
