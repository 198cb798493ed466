//! Every minute: release what is due, move what rests, settle what is
//! unknown, seal the audit. Each step stands alone: one that fails holds
//! none of the others, and the next minute tries again.

use std::collections::{BTreeMap, BTreeSet};

use domain::delivery::{BatchState, DeliveryState};
use domain::ids::StreamId;
use domain::time::{DAY, Instant, MINUTE};
use serde::Deserialize;
use serde_json::json;

use crate::delivery::expire::{expire, is_too_old};
use crate::delivery::provider::{self, Provider};
use crate::delivery::{BatchKey, release, resolve};
use crate::platform::app::App;
use crate::platform::d1::sql;
use crate::platform::error::AppError;
use crate::platform::json;
use crate::{args, audit, sandbox, sequencer};

/// Batches that one run looks at; the next minute takes the rest.
const BATCHES_MAX: u32 = 200;
/// Batches that rest before their call, looked at in one run.
const RESTING_MAX: u32 = 1_000;
/// D1 statements that one run spends on calls that are over.
const STATEMENTS_MAX: usize = 500;
/// Statements for giving up waiting, for asking about an unknown outcome, for
/// closing without a receipt.
const GIVE_UP: usize = 7;
const ASK: usize = 14;
const CLOSE: usize = 2;
/// Batches expired in one run, each at worst a message of its own.
const EXPIRED_MAX: usize = 50;
const EXPIRE: usize = 4;
/// Reading what is due, sealing, forgetting.
const REST: usize = 20;
/// Streams that one run pokes for being open too long.
const STREAMS_MAX: u32 = 100;

// The platform gives an invocation 1,000 D1 queries. (Receipts are handed over by cron in the demo alone.)
const _: () = assert!(
    (release::RELEASES_MAX * release::RELEASE_QUERIES) as usize
        + STATEMENTS_MAX
        + GIVE_UP
        + ASK
        + EXPIRED_MAX * EXPIRE
        + REST
        < 1_000
);

/// Runs all steps.
pub async fn every_minute(app: &App) {
    for (step, result) in [
        ("release", release::release_due(app).await),
        ("sweep", sweep(app).await),
        ("receipts", sandbox::receipts::hand_over(app).await),
        ("seal", audit::seal(app).await),
        ("forget", forget(app).await),
    ] {
        if let Err(error) = result {
            app.log_error("cron", &error, json!({ "step": step }));
        }
    }
}

#[derive(Deserialize)]
struct DueRow {
    message_id: i64,
    round: u8,
    no: i64,
    stream_id: StreamId,
    state: BatchState,
    tries: u32,
    #[serde(deserialize_with = "json::column")]
    totals: BTreeMap<DeliveryState, u32>,
}

#[derive(Deserialize)]
struct RestingRow {
    message_id: i64,
    round: u8,
    no: i64,
    stream_id: StreamId,
    due_at: Instant,
}

#[derive(Deserialize)]
struct OpenRow {
    stream_id: StreamId,
}

/// Moves what rests, by resting place.
async fn sweep(app: &App) -> Result<(), AppError> {
    let mut streams = settle_calls(app).await?;
    streams.extend(look_at_resting(app).await?);
    // Places without a batch, and those whose Sequencer was never told.
    let open: Vec<OpenRow> = app
        .db
        .all(
            format!(
                "SELECT DISTINCT stream_id FROM message_streams INDEXED BY message_streams_open
                 WHERE state <> 'settled' AND ready_at <= ?1 LIMIT {STREAMS_MAX}"
            ),
            args![app.now().plus(-MINUTE)],
        )
        .await?;
    streams.extend(open.into_iter().map(|o| o.stream_id));
    sequencer::poke(app, streams.into_iter().collect()).await;
    Ok(())
}

/// Calls past their deadline, outcomes nobody knows, receipts that never came.
/// Each one looked at is due later again, so that none keeps others from their turn.
async fn settle_calls(app: &App) -> Result<BTreeSet<StreamId>, AppError> {
    let due: Vec<DueRow> = app
        .db
        .all(
            format!(
                "SELECT message_id, round, no, stream_id, state, tries, totals FROM batches
                 WHERE check_at IS NOT NULL AND check_at <= ?1 AND state IN ('submitting', 'settled')
                 ORDER BY check_at LIMIT {BATCHES_MAX}"
            ),
            args![app.now()],
        )
        .await?;
    let provider = provider::of(app).ok();
    let provider: Option<&dyn Provider> = provider.as_deref();
    let mut streams = BTreeSet::new();
    let mut spent = 0;
    for batch in due {
        if spent > STATEMENTS_MAX {
            break;
        }
        let key = BatchKey { message_id: batch.message_id, round: batch.round, no: batch.no };
        let result = if batch.state == BatchState::Submitting {
            spent += GIVE_UP + ASK;
            match resolve::give_up_waiting(app, key).await {
                Ok(()) => resolve::resolve_unknown(app, provider, key, batch.tries).await,
                other => other,
            }
        } else if batch.totals.contains_key(&DeliveryState::Unknown) {
            spent += ASK;
            resolve::resolve_unknown(app, provider, key, batch.tries).await
        } else {
            spent += CLOSE;
            resolve::close_without_receipt(app, key).await
        };
        match result {
            Ok(()) | Err(AppError::Lost) => {}
            Err(error) => app.log_error("cron", &error, json!({ "step": "sweep" })),
        }
        streams.insert(batch.stream_id);
    }
    Ok(streams)
}

/// Batches that rest before their call. Never onto the queue from here: order
/// is the Sequencer's. What is too old ends.
async fn look_at_resting(app: &App) -> Result<BTreeSet<StreamId>, AppError> {
    let now = app.now();
    let resting: Vec<RestingRow> = app
        .db
        .all(
            format!(
                "SELECT b.message_id, b.round, b.no, b.stream_id, r.due_at FROM batches b
                 CROSS JOIN rounds r ON r.message_id = b.message_id AND r.round = b.round
                 WHERE b.check_at IS NOT NULL AND b.check_at <= ?1 AND b.state IN ('ready', 'numbered', 'enqueued', 'claimed')
                 ORDER BY b.check_at LIMIT {RESTING_MAX}"
            ),
            args![now],
        )
        .await?;
    let mut streams = BTreeSet::new();
    let mut old: BTreeMap<i64, Vec<BatchKey>> = BTreeMap::new();
    let mut expired = 0;
    for batch in resting {
        if expired < EXPIRED_MAX && is_too_old(batch.due_at, now) {
            expired += 1;
            let key = BatchKey { message_id: batch.message_id, round: batch.round, no: batch.no };
            old.entry(batch.message_id).or_default().push(key);
        }
        if streams.len() < STREAMS_MAX as usize {
            streams.insert(batch.stream_id);
        }
    }
    for (message, batches) in old {
        if let Err(error) = expire(app, message, &batches, now).await {
            app.log_error("cron", &error, json!({ "step": "expire", "message": message }));
        }
    }
    Ok(streams)
}

/// Forgets what was kept for a while only.
async fn forget(app: &App) -> Result<(), AppError> {
    let now = app.now();
    app.db
        .run(vec![
            sql("DELETE FROM idempotency WHERE at < ?1", args![now.plus(-2 * DAY)]),
            sql("DELETE FROM sessions WHERE expires_at < ?1", args![now]),
            sql("DELETE FROM signin_failures WHERE last_at < ?1", args![now.plus(-DAY)]),
            // An upload that nobody applied is full of numbers.
            sql(
                "UPDATE imports SET sealed = NULL WHERE uploaded_at BETWEEN ?1 AND ?2 AND sealed IS NOT NULL",
                args![now.plus(-3 * DAY), now.plus(-DAY)],
            ),
        ])
        .await?;
    Ok(())
}
