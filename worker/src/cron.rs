//! Every minute: release what is due, move what rests, settle what is
//! unknown, seal the audit. Each step stands alone: one that fails holds
//! none of the others, and the next minute tries again.

use std::collections::{BTreeMap, BTreeSet};

use domain::time::{DAY, Instant, MINUTE};
use serde::Deserialize;
use serde_json::json;
use worker::Env;

use crate::app::App;
use crate::args;
use crate::delivery::expire::{expire, is_too_old};
use crate::delivery::{self, BatchKey, attempt};
use crate::error::AppError;
use crate::{audit, sandbox};

/// Batches that one run looks at; the next minute takes the rest.
const BATCHES_MAX: u32 = 200;
/// Batches that rest before their call, looked at in one run.
const RESTING_MAX: u32 = 1_000;
/// D1 statements that one run spends on batches: the platform gives an
/// invocation 1,000, and releases take some 300.
const STATEMENTS_MAX: usize = 500;
/// Statements for giving up waiting, for asking about an unknown outcome, for
/// closing without a receipt.
const GIVE_UP: usize = 7;
const ASK: usize = 13;
const CLOSE: usize = 2;
/// Batches expired at once.
const EXPIRED_MAX: usize = 100;
/// Streams that one run pokes for being open too long.
const STREAMS_MAX: u32 = 100;

/// Runs all steps.
pub async fn every_minute(env: Env) {
    let app = match App::new(env) {
        Ok(app) => app,
        Err(error) => return log("open", &error),
    };
    for (step, result) in [
        ("release", delivery::release::release_due(&app).await),
        ("sweep", sweep(&app).await),
        ("receipts", sandbox::network::hand_over_receipts(&app).await),
        ("seal", audit::seal(&app).await),
        ("forget", forget(&app).await),
    ] {
        if let Err(error) = result {
            log(step, &error);
        }
    }
}

fn log(step: &str, error: &AppError) {
    worker::console_error!(
        "{}",
        json!({ "level": "error", "area": "cron", "step": step, "cause": format!("{error:?}") })
    );
}

#[derive(Deserialize)]
struct Due {
    message_id: i64,
    round: u8,
    no: i64,
    stream: String,
    state: String,
    tries: u32,
    totals: String,
}

#[derive(Deserialize)]
struct Resting {
    message_id: i64,
    round: u8,
    no: i64,
    stream: String,
    due_at: Option<Instant>,
}

#[derive(Deserialize)]
struct Open {
    stream: String,
}

/// Moves what rests, by resting place (DESIGN, who acts next).
async fn sweep(app: &App) -> Result<(), AppError> {
    let mut streams = settle_calls(app).await?;
    streams.extend(look_at_resting(app).await?);
    // Places without a batch, and those whose Sequencer was never told.
    let open: Vec<Open> = app
        .db
        .all(
            &format!(
                "SELECT DISTINCT stream FROM message_streams INDEXED BY message_streams_open
                 WHERE state <> 'settled' AND ready_at <= ?1 LIMIT {STREAMS_MAX}"
            ),
            args![app.now().plus(-MINUTE)],
        )
        .await?;
    streams.extend(open.into_iter().map(|o| o.stream));
    delivery::poke(app, streams.into_iter().collect()).await;
    Ok(())
}

/// Calls past their deadline, outcomes nobody knows, receipts that never came.
/// Each one looked at is due later again, so that none keeps others from their turn.
async fn settle_calls(app: &App) -> Result<BTreeSet<String>, AppError> {
    let due: Vec<Due> = app
        .db
        .all(
            &format!(
                "SELECT message_id, round, no, stream, state, tries, totals FROM batches
                 WHERE check_at IS NOT NULL AND check_at <= ?1 AND state IN ('submitting', 'settled')
                 ORDER BY check_at LIMIT {BATCHES_MAX}"
            ),
            args![app.now()],
        )
        .await?;
    let mut streams = BTreeSet::new();
    let mut spent = 0;
    for batch in due {
        if spent > STATEMENTS_MAX {
            break;
        }
        let key = BatchKey { message_id: batch.message_id, round: batch.round, no: batch.no };
        let result = if batch.state == "submitting" {
            spent += GIVE_UP + ASK;
            match attempt::give_up_waiting(app, key).await {
                Ok(()) => attempt::resolve_unknown(app, key, batch.tries).await,
                other => other,
            }
        } else if batch.totals.contains("\"unknown\"") {
            spent += ASK;
            attempt::resolve_unknown(app, key, batch.tries).await
        } else {
            spent += CLOSE;
            attempt::close_without_receipt(app, key).await
        };
        match result {
            Ok(()) | Err(AppError::Lost) => {}
            Err(error) => log("sweep", &error),
        }
        streams.insert(batch.stream);
    }
    Ok(streams)
}

/// Batches that rest before their call. Never onto the queue from here: order
/// is the Sequencer's. What is too old ends.
async fn look_at_resting(app: &App) -> Result<BTreeSet<String>, AppError> {
    let now = app.now();
    let resting: Vec<Resting> = app
        .db
        .all(
            &format!(
                "SELECT b.message_id, b.round, b.no, b.stream, m.due_at FROM batches b CROSS JOIN messages m ON m.id = b.message_id
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
            streams.insert(batch.stream);
        }
    }
    for (message, batches) in old {
        if let Err(error) = expire(app, message, &batches, now).await {
            log("expire", &error);
        }
    }
    Ok(streams)
}

/// Forgets what was kept for a while only.
async fn forget(app: &App) -> Result<(), AppError> {
    let now = app.now();
    app.db
        .run(vec![
            app.db.sql("DELETE FROM idempotency WHERE at < ?1", args![now.plus(-2 * DAY)])?,
            app.db.sql("DELETE FROM sessions WHERE expires_at < ?1", args![now])?,
            app.db.sql("DELETE FROM signin_failures WHERE last_at < ?1", args![now.plus(-DAY)])?,
            // An upload that nobody applied is full of numbers.
            app.db.sql(
                "UPDATE imports SET sealed = NULL WHERE uploaded_at BETWEEN ?1 AND ?2 AND sealed IS NOT NULL",
                args![now.plus(-3 * DAY), now.plus(-DAY)],
            )?,
        ])
        .await?;
    Ok(())
}
