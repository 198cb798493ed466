//! The consumer of the SMS queue. Each message has its own verdict; whatever
//! comes twice finds its batch already claimed or settled, and does nothing.

use std::rc::Rc;

use domain::delivery::BATCH_MAX;
use futures_util::StreamExt;
use worker::{Context, Env, MessageBatch, MessageExt, QueueRetryOptionsBuilder};

use crate::app::App;
use crate::bindings::SmsJob;
use crate::delivery::attempt::{self, Done};
use crate::delivery::poke;
use crate::error::AppError;
use crate::sandbox;

/// Batches worked on at once. Each holds one connection at a time (D1 or the
/// provider), and the platform gives an invocation six.
const AT_ONCE: usize = 6;
/// Seconds before a failed job comes again.
const RETRY_SECONDS: u32 = 5;
/// A consumer's D1 calls for one job, counted against 1,000 queries an
/// invocation: 5 + 3 + 8 statements, ten jobs in a queue batch.
pub const QUERIES_PER_JOB: usize = 16;
const _: () = assert!(QUERIES_PER_JOB * 10 < 1_000 && BATCH_MAX <= 100);

/// Consumes one batch of queue messages.
pub async fn consume(batch: &MessageBatch<serde_json::Value>, env: Env, _context: &Context) {
    let app = match App::new(env) {
        Ok(app) => Rc::new(app),
        Err(error) => {
            log(&error);
            batch.retry_all();
            return;
        }
    };
    let app = &app;
    let streams: Vec<Option<String>> = futures_util::stream::iter(batch.iter())
        .map(|message| async move {
            let Ok(message) = message else { return None };
            // A body that is no job goes to the dead letters by its retries.
            let Ok(job) = serde_json::from_value::<SmsJob>(message.body().clone()) else {
                message.retry();
                return None;
            };
            match attempt::run(app, job).await {
                Ok(Done::Tell(stream)) => {
                    message.ack();
                    Some(stream)
                }
                Ok(Done::Nothing) | Err(AppError::Lost) => {
                    message.ack();
                    None
                }
                Err(error) => {
                    log(&error);
                    message.retry_with_options(
                        &QueueRetryOptionsBuilder::new().with_delay_seconds(RETRY_SECONDS).build(),
                    );
                    None
                }
            }
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let mut streams: Vec<String> = streams.into_iter().flatten().collect();
    streams.sort_unstable();
    streams.dedup();
    poke(app, streams).await;
    if let Err(error) = sandbox::network::hand_over_receipts(app).await {
        log(&error);
    }
}

fn log(error: &AppError) {
    worker::console_error!(
        "{}",
        serde_json::json!({ "level": "error", "area": "sms_queue", "cause": format!("{error:?}") })
    );
}
