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
pub const JOBS_MAX: usize = 33;
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
    provider::prepare(app).await;
    match provider::of(app) {
        Ok(provider) if app.links_are_safe() => work_with(app, &*provider, bodies).await,
        // Coming again would not help, only end among the dead letters: the batches rest, and their
        // streams put them on the queue once there is a provider.
        other => {
            let why = other.err().unwrap_or_else(|| AppError::Internal("PUBLIC_ORIGIN is not set".into()));
            app.log_error("sms_queue", &why, json!({}));
            let rests = |body: &Option<SmsJob>| if body.is_some() { Verdict::Ack } else { Verdict::Retry };
            (bodies.iter().map(rests).collect(), BTreeSet::new())
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

    /// A job that comes while nothing can go out is no dead letter: its batch rests.
    #[test]
    fn without_a_provider_jobs_rest() {
        use std::rc::Rc;

        use futures_util::FutureExt;

        use crate::platform::d1::Backend;
        use crate::platform::d1::sqlite::Sqlite;
        use crate::platform::host::DB;
        use crate::platform::host::native::Native;

        let memory = rusqlite::Connection::open_in_memory().expect("memory");
        let database: Rc<dyn Backend> = Rc::new(Sqlite::over(memory).expect("SQLite"));
        let host = Native::new(domain::time::Instant(1), 1, [], [(DB, database)]);
        let app = App::new(host).expect("a deployment");
        let job = SmsJob { message: 1, round: 0, no: 1 };
        let (verdicts, streams) = work(&app, &[Some(job), None]).now_or_never().expect("it needs nobody");
        assert_eq!((verdicts, streams.len()), (vec![Verdict::Ack, Verdict::Retry], 0));
    }

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
