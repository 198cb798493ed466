//! SMS providers: one call for one batch, and asking what became of it.
//!
//! So far there is `sandbox`. A provider answers per phone; where a call as
//! a whole gives no answer the outcome is unknown, and stays unknown until
//! the provider is asked (I5).

use std::pin::pin;
use std::time::Duration;

use domain::delivery::{CALL_TIMEOUT, Reason};
use domain::ids::PhoneId;
use domain::phone::Phone;
use futures_util::future::{Either, select};

use crate::app::App;
use crate::error::AppError;
use crate::sandbox;

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

/// What a call gave.
pub enum Answer {
    /// An outcome for each SMS, in order.
    Outcomes(Vec<Outcome>),
    /// No answer, or none that can be read: nobody knows.
    Unknown(String),
}

/// What asking by reference gave for one phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// The provider has it.
    Taken,
    /// The provider proves that it has not.
    Absent,
}

/// The provider that the deployment names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// The demo's pretend network.
    Sandbox,
}

impl Provider {
    /// The provider of this deployment.
    ///
    /// # Errors
    /// Where none is named, or the sandbox outside the demo.
    pub fn of(app: &App) -> Result<Self, AppError> {
        match app.env.var("SMS_PROVIDER").map(|v| v.to_string()).unwrap_or_default().as_str() {
            "sandbox" if app.demo => Ok(Self::Sandbox),
            "sandbox" => Err(AppError::Internal("the provider «sandbox» exists in the demo only".into())),
            "" => Err(AppError::Internal("no SMS provider is set (SMS_PROVIDER)".into())),
            other => Err(AppError::Internal(format!("unknown SMS provider «{other}»"))),
        }
    }

    /// The name stored with attempts.
    pub fn key(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
        }
    }

    /// Submits a batch. Every error is an unknown outcome: it may have arrived.
    /// A call that takes too long is dropped, so that it is over when it is asked about.
    pub async fn submit(self, app: &App, request: &Request<'_>) -> Answer {
        crate::bindings::count_provider_call();
        let call = pin!(async {
            match self {
                Self::Sandbox => sandbox::network::submit(app, request).await,
            }
        });
        let end = pin!(worker::Delay::from(Duration::from_millis(CALL_TIMEOUT.unsigned_abs())));
        match select(call, end).await {
            Either::Left((answer, _)) => answer.unwrap_or_else(|error| Answer::Unknown(format!("{error:?}"))),
            Either::Right(_) => Answer::Unknown("no answer in time".into()),
        }
    }

    /// Asks what became of an attempt; one answer for each phone, or none where the provider cannot tell.
    ///
    /// # Errors
    /// Where it cannot be asked.
    pub async fn ask(
        self,
        app: &App,
        reference: &str,
        phones: &[Phone],
    ) -> Result<Option<Vec<Known>>, AppError> {
        match self {
            Self::Sandbox => sandbox::network::ask(app, reference, phones).await.map(Some),
        }
    }
}
