//! Every minute: release what is due, move what rests, settle what is
//! unknown, seal the audit. Each step stands alone: one that fails holds
//! none of the others, and the next minute tries again.

use std::collections::BTreeSet;

use domain::time::{DAY, MINUTE};
use serde::Deserialize;
use serde_json::json;
use worker::Env;

use crate::app::App;
use crate::args;
use crate::delivery::{self, BatchKey, attempt};
use crate::error::AppError;
use crate::{audit, sandbox};

/// Batches that one run looks at; the next minute takes the rest.
const BATCHES_MAX: u32 = 200;
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
struct Open {
    stream: String,
}

/// Moves what rests, by resting place (DESIGN, who acts next).
async fn sweep(app: &App) -> Result<(), AppError> {
    let now = app.now();
    let due: Vec<Due> = app
        .db
        .all(
            &format!(
                "SELECT message_id, round, no, stream, state, tries, totals FROM batches
                 WHERE check_at IS NOT NULL AND check_at <= ?1 ORDER BY check_at LIMIT {BATCHES_MAX}"
            ),
            args![now],
        )
        .await?;
    let mut streams = BTreeSet::new();
    for batch in due {
        let key = BatchKey { message_id: batch.message_id, round: batch.round, no: batch.no };
        let result = match batch.state.as_str() {
            // Never onto the queue from here: order is the Sequencer's.
            "ready" | "numbered" | "enqueued" | "claimed" => Ok(()),
            "submitting" => match attempt::give_up_waiting(app, key).await {
                Ok(()) => attempt::resolve_unknown(app, key, batch.tries).await,
                other => other,
            },
            _ if batch.totals.contains("\"unknown\"") => {
                attempt::resolve_unknown(app, key, batch.tries).await
            }
            _ => attempt::close_without_receipt(app, key).await,
        };
        match result {
            Ok(()) | Err(AppError::Lost) => {}
            Err(error) => log("sweep", &error),
        }
        streams.insert(batch.stream);
    }
    // Places without a batch, and those whose Sequencer was never told.
    let open: Vec<Open> = app
        .db
        .all(
            &format!(
                "SELECT DISTINCT stream FROM message_streams INDEXED BY message_streams_open
                 WHERE state <> 'settled' AND ready_at <= ?1 LIMIT {STREAMS_MAX}"
            ),
            args![now.plus(-MINUTE)],
        )
        .await?;
    streams.extend(open.into_iter().map(|o| o.stream));
    delivery::poke(app, streams.into_iter().collect()).await;
    Ok(())
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
