//! The consumer of the SMS queue. Each message has its own verdict; whatever
//! comes twice finds its batch already claimed or settled, and does nothing.

use std::collections::BTreeSet;

use domain::delivery::BATCH_MAX;
use domain::ids::StreamId;
use serde_json::json;

use crate::delivery::attempt::{self, Done, QUERIES_PER_JOB};
use crate::delivery::provider::{self, Provider};
use crate::platform::app::App;
use crate::platform::error::AppError;
use crate::sandbox;
use crate::sequencer::{self, SmsJob};

/// Queue messages of one invocation: `max_batch_size` in wrangler.toml.
pub const JOBS_MAX: usize = 40;
// An invocation has 1,000 D1 queries.
const _: () = assert!(QUERIES_PER_JOB * JOBS_MAX < 1_000 && BATCH_MAX <= 100);

/// What the queue is to do with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is done.
    Ack,
    /// It comes again.
    Retry,
}

/// Works on the messages of one invocation: a verdict for each, in order, and the streams whose
/// Sequencers have something new to look at. What is no job has no verdict of its own and comes
/// again, until the queue hands it to the dead letters.
pub async fn work(app: &App, bodies: &[Option<SmsJob>]) -> (Vec<Verdict>, BTreeSet<StreamId>) {
    match provider::of(app) {
        Ok(provider) => work_with(app, &*provider, bodies).await,
        Err(error) => {
            app.log_error("sms_queue", &error, json!({}));
            (vec![Verdict::Retry; bodies.len()], BTreeSet::new())
        }
    }
}

/// As [`work`], with a provider of the caller's.
pub async fn work_with(
    app: &App,
    provider: &dyn Provider,
    bodies: &[Option<SmsJob>],
) -> (Vec<Verdict>, BTreeSet<StreamId>) {
    let jobs: Vec<SmsJob> = bodies.iter().copied().flatten().collect();
    let mut done = attempt::run(app, provider, &jobs).await.into_iter();
    let mut streams: BTreeSet<StreamId> = BTreeSet::new();
    let verdicts = bodies
        .iter()
        .map(|body| match body.and_then(|_| done.next()) {
            Some(Ok(Done::Tell(stream))) => {
                streams.insert(stream);
                Verdict::Ack
            }
            Some(Ok(Done::Nothing) | Err(AppError::Lost)) => Verdict::Ack,
            Some(Err(error)) => {
                app.log_error("sms_queue", &error, json!({}));
                Verdict::Retry
            }
            None => Verdict::Retry,
        })
        .collect();
    (verdicts, streams)
}

/// What follows once the queue has its verdicts; where it is lost, cron does it.
pub async fn afterwards(app: &App, streams: BTreeSet<StreamId>) {
    sequencer::poke(app, streams.into_iter().collect()).await;
    if let Err(error) = sandbox::receipts::hand_over(app).await {
        app.log_error("sms_queue", &error, json!({ "step": "receipts" }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An invocation never gets more than it can work on within its queries.
    #[test]
    fn the_queue_hands_over_no_more_than_an_invocation_may_take() {
        let text = include_str!("../../wrangler.toml");
        let sizes: Vec<usize> =
            text.lines().filter_map(|line| line.strip_prefix("max_batch_size = ")?.parse().ok()).collect();
        assert_eq!(sizes.len(), 4, "four consumers");
        assert!(sizes.iter().all(|size| *size <= JOBS_MAX), "{sizes:?}");
        assert!(sizes.contains(&JOBS_MAX), "the constant is the queue's");
    }
}
