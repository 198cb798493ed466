//! What passes between us and an SMS provider.

use domain::delivery::{CALL_TIMEOUT, Reason};
use domain::ids::PhoneId;
use domain::phone::Phone;
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

/// Submits a batch. A call that takes too long is dropped, so that it is over
/// when it is asked about.
pub async fn submit(app: &App, provider: &dyn Provider, request: &Request<'_>) -> CallResult {
    d1::count_provider_call();
    let call = provider.submit(app, request);
    let result = match select(call, app.host.sleep(CALL_TIMEOUT)).await {
        Either::Left((Ok(result), _)) => result,
        Either::Left((Err(error), _)) => CallResult::Unknown(format!("{error:?}")),
        Either::Right(_) => CallResult::Unknown("no answer in time".into()),
    };
    match result {
        CallResult::Parts(parts) if parts.len() != request.sms.len() => {
            CallResult::Unknown(format!("{} answers to {} SMS", parts.len(), request.sms.len()))
        }
        other => other,
    }
}
