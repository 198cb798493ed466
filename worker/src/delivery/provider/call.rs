//! What passes between us and an SMS provider.

use domain::delivery::CALL_TIMEOUT;
use domain::ids::PhoneId;
use domain::phone::Phone;
use domain::provider::Finding;
pub use domain::provider::{Outcome, Part};
use domain::sms::Template;
use domain::time::{Instant, SECOND};
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
    /// The whole link in it.
    pub link: String,
}

/// One provider call.
pub struct Request<'a> {
    /// Our reference: the provider is asked by it later.
    pub reference: &'a str,
    /// The wording of the SMS.
    pub template: &'a Template,
    /// The title in it.
    pub title: &'a str,
    /// At most `BATCH_MAX` SMS.
    pub sms: &'a [Sms],
    /// Earlier attempts of these SMS.
    pub tries: u32,
}

/// What a call gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallResult {
    /// What became of each SMS, in order.
    Parts(Vec<Part>),
    /// No answer, or none that can be read: nobody knows. The text is for the log.
    Unknown(String),
}

/// An attempt that the provider is asked about.
pub struct Question<'a> {
    /// Our reference.
    pub reference: &'a str,
    /// When it was begun.
    pub at: Instant,
    /// The numbers whose outcome is not known.
    pub phones: &'a [Phone],
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

    /// Asks what became of an attempt: one answer for each phone.
    fn look_up<'a>(
        &'a self,
        app: &'a App,
        question: &'a Question<'a>,
    ) -> LocalBoxFuture<'a, Result<Vec<Finding>, AppError>>;
}

/// How long a question about an attempt may take.
pub const LOOK_UP_TIMEOUT: i64 = 10 * SECOND;

/// Waits for a call as long as it may take. One that takes longer is dropped on the spot, and with it
/// whatever it holds: nothing of it goes on behind our back. A provider that calls over HTTP does so
/// through a future that aborts its request when it is dropped.
pub(super) async fn in_time<T>(app: &App, call: LocalBoxFuture<'_, T>, most: i64) -> Option<T> {
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

/// Asks what became of an attempt; nothing where no answer comes in time.
///
/// # Errors
/// Where the provider's answer cannot be had.
pub async fn look_up(
    app: &App,
    provider: &dyn Provider,
    question: &Question<'_>,
) -> Result<Vec<Finding>, AppError> {
    in_time(app, provider.look_up(app, question), LOOK_UP_TIMEOUT).await.unwrap_or(Ok(Vec::new()))
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
            _: &'a Question<'a>,
        ) -> LocalBoxFuture<'a, Result<Vec<Finding>, AppError>> {
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
        let template = &domain::sms::LINK_TEMPLATE;
        let request = Request { reference: "r", template, title: "", sms: &[], tries: 0 };
        let result = now(submit(&app, &silent, &request));
        assert!(matches!(result, CallResult::Unknown(_)), "{result:?}");
        assert!(over.replace(false), "the call is over when its outcome is written");
        assert_eq!(app.now(), Instant(1 + CALL_TIMEOUT));

        let question = Question { reference: "r", at: app.now(), phones: &[] };
        let found = now(look_up(&app, &silent, &question)).expect("no fault");
        assert_eq!((found.len(), over.get()), (0, true));
        assert_eq!(app.now(), Instant(1 + CALL_TIMEOUT + LOOK_UP_TIMEOUT));
    }
}
