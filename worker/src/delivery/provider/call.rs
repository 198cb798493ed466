//! What passes between us and an SMS provider.

use domain::delivery::{CALL_TIMEOUT, Reason};
use domain::ids::PhoneId;
use domain::phone::Phone;
use domain::time::SECOND;
use futures_util::future::{Either, LocalBoxFuture, select};

use crate::platform::app::App;
use crate::platform::d1;
use crate::platform::error::AppError;

/// One SMS of a call.
pub struct Sms {
    /// Our id of the phone.
    pub phone_id: PhoneId,
    /// The number.
    pub phone: Phone,
    /// The rendered text.
    pub text: String,
}

/// One provider call.
pub struct Request<'a> {
    /// Our reference: the provider is asked by it later.
    pub reference: &'a str,
    /// At most `BATCH_MAX` SMS.
    pub sms: &'a [Sms],
    /// Earlier attempts of these SMS.
    pub tries: u32,
}

/// What a provider says of one SMS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Taken.
    Accepted,
    /// Refused for good.
    Rejected(Reason),
    /// Proven not taken; may be tried again.
    NotTaken,
}

/// What became of one SMS of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What the provider says of it.
    pub outcome: Outcome,
    /// The provider's own id of it, by which a receipt may name it.
    pub id: Option<String>,
}

impl From<Outcome> for Part {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, id: None }
    }
}

/// What a call gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallResult {
    /// What became of each SMS, in order.
    Parts(Vec<Part>),
    /// No answer, or none that can be read: nobody knows. The text is for the log.
    Unknown(String),
}

/// What looking an attempt up by its reference gave for one phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// The provider has it.
    Taken,
    /// The provider proves that it has not.
    Absent,
}

/// An SMS provider.
pub trait Provider {
    /// The name that is stored with batches and attempts.
    fn key(&self) -> &'static str;

    /// Submits a batch. Every error is an unknown outcome: it may have arrived.
    fn submit<'a>(
        &'a self,
        app: &'a App,
        request: &'a Request<'a>,
    ) -> LocalBoxFuture<'a, Result<CallResult, AppError>>;

    /// Asks what became of an attempt; one answer for each phone, or none where the provider cannot tell.
    fn look_up<'a>(
        &'a self,
        app: &'a App,
        reference: &'a str,
        phones: &'a [Phone],
    ) -> LocalBoxFuture<'a, Result<Option<Vec<Lookup>>, AppError>>;
}

/// How long a question about an attempt may take.
pub const LOOK_UP_TIMEOUT: i64 = 10 * SECOND;

/// Waits for a call as long as it may take. One that takes longer is dropped on the spot, and with it
/// whatever it holds: nothing of it goes on behind our back. A provider that calls over HTTP does so
/// through a future that aborts its request when it is dropped.
async fn in_time<T>(app: &App, call: LocalBoxFuture<'_, T>, most: i64) -> Option<T> {
    match select(call, app.host.sleep(most)).await {
        Either::Left((result, _)) => Some(result),
        Either::Right(((), call)) => {
            drop(call);
            None
        }
    }
}

/// Submits a batch. A call that takes too long is dropped, so that it is over
/// when it is asked about.
pub async fn submit(app: &App, provider: &dyn Provider, request: &Request<'_>) -> CallResult {
    d1::count_provider_call();
    let result = match in_time(app, provider.submit(app, request), CALL_TIMEOUT).await {
        Some(Ok(result)) => result,
        Some(Err(error)) => CallResult::Unknown(format!("{error:?}")),
        None => CallResult::Unknown("no answer in time".into()),
    };
    match result {
        CallResult::Parts(parts) if parts.len() != request.sms.len() => {
            CallResult::Unknown(format!("{} answers to {} SMS", parts.len(), request.sms.len()))
        }
        other => other,
    }
}

/// Asks what became of an attempt; none where the provider cannot tell, or not in time.
///
/// # Errors
/// Where the provider's answer cannot be had.
pub async fn look_up(
    app: &App,
    provider: &dyn Provider,
    reference: &str,
    phones: &[Phone],
) -> Result<Option<Vec<Lookup>>, AppError> {
    in_time(app, provider.look_up(app, reference, phones), LOOK_UP_TIMEOUT).await.unwrap_or(Ok(None))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use domain::time::Instant;

    use super::*;
    use crate::platform::d1::Backend;
    use crate::platform::d1::sqlite::Sqlite;
    use crate::platform::host::DB;
    use crate::platform::host::native::Native;

    /// Tells when it is dropped: what holds it is over.
    struct Held(Rc<Cell<bool>>);

    impl Drop for Held {
        fn drop(&mut self) {
            self.0.set(true);
        }
    }

    /// A provider that never answers.
    struct Silent(Rc<Cell<bool>>);

    impl Provider for Silent {
        fn key(&self) -> &'static str {
            "silent"
        }

        fn submit<'a>(
            &'a self,
            _: &'a App,
            _: &'a Request<'a>,
        ) -> LocalBoxFuture<'a, Result<CallResult, AppError>> {
            let held = Held(self.0.clone());
            Box::pin(async move {
                let _held = held;
                std::future::pending().await
            })
        }

        fn look_up<'a>(
            &'a self,
            _: &'a App,
            _: &'a str,
            _: &'a [Phone],
        ) -> LocalBoxFuture<'a, Result<Option<Vec<Lookup>>, AppError>> {
            let held = Held(self.0.clone());
            Box::pin(async move {
                let _held = held;
                std::future::pending().await
            })
        }
    }

    /// Polls a future that never has to wait for anything outside.
    fn now<T>(future: impl Future<Output = T>) -> T {
        use futures_util::FutureExt;
        future.now_or_never().expect("it needs nobody else")
    }

    #[test]
    fn a_call_that_takes_too_long_is_dropped_and_not_forgotten() {
        let database: Rc<dyn Backend> =
            Rc::new(Sqlite::over(rusqlite::Connection::open_in_memory().expect("memory")).expect("SQLite"));
        let app = App::new(Native::new(Instant(1), 1, [], [(DB, database)])).expect("a deployment");
        let over = Rc::new(Cell::new(false));
        let silent = Silent(over.clone());
        let request = Request { reference: "r", sms: &[], tries: 0 };
        let result = now(submit(&app, &silent, &request));
        assert!(matches!(result, CallResult::Unknown(_)), "{result:?}");
        assert!(over.replace(false), "the call is over when its outcome is written");
        assert_eq!(app.now(), Instant(1 + CALL_TIMEOUT));

        let found = now(look_up(&app, &silent, "r", &[])).expect("no fault");
        assert_eq!((found, over.get()), (None, true));
        assert_eq!(app.now(), Instant(1 + CALL_TIMEOUT + LOOK_UP_TIMEOUT));
    }
}
