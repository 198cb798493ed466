//! A provider on the network. What is said to it and read from it is `domain::provider`'s; here calls are made,
//! within the time that an attempt has. What was answered counts, whatever becomes of the rest: a call that was
//! not begun has sent nothing, and one without an answer leaves its own SMS unknown.

use std::collections::VecDeque;
use std::rc::Rc;

use data_encoding::HEXLOWER;
use domain::delivery::{CALL_TIMEOUT, Reason};
use domain::provider::{
    self, Account, Action, Finding, HttpAnswer, HttpCall, NotSendable, Outcome, Part, Protocol, Reading,
    Submission,
};
use domain::time::SECOND;
use futures_util::future::LocalBoxFuture;

use super::call::{CallResult, LOOK_UP_TIMEOUT, Provider, Question, Request, in_time};
use crate::platform::app::App;
use crate::platform::error::AppError;

/// How long one call to the provider may take.
const ONE_CALL: i64 = 10 * SECOND;
/// What is left of an attempt's time for writing down what its calls came to.
const RESERVE: i64 = SECOND;
/// How often a call that was refused for its text is halved before one of its SMS was taken: where all have the
/// title that is not allowed, halving finds nothing.
const BLIND_HALVINGS: u32 = 3;

/// An account with a provider.
pub struct Http {
    account: Rc<Account>,
    protocol: &'static dyn Protocol,
}

impl Http {
    /// The account's provider; none where it has no network.
    pub fn new(account: Rc<Account>) -> Option<Self> {
        account.provider.protocol().map(|protocol| Self { account, protocol })
    }

    /// One call; none where no answer came.
    async fn call(&self, app: &App, mut call: HttpCall, most: i64) -> Option<HttpAnswer> {
        if self.account.base_url.is_some()
            && let Some(secret) = app.host.setting("RELAY_SECRET")
        {
            provider::by_relay(&mut call, &secret, app.now());
        }
        in_time(app, app.host.fetch(&call), most.min(ONE_CALL)).await?.ok()
    }

    /// What one call came to. Where nothing can be said to the provider, nothing was.
    async fn submit_some(
        &self,
        app: &App,
        submission: &Submission<'_>,
        most: i64,
    ) -> Result<Reading, AppError> {
        let of_all = |outcome, code: &str| Reading {
            parts: vec![Part { outcome, id: None, code: Some(code.to_owned()) }; submission.sms.len()],
            split: None,
        };
        Ok(match self.protocol.submit(&self.account, submission, app.now(), &nonce(app)?) {
            Ok(call) => match self.call(app, call, most).await {
                Some(answer) => self.protocol.read_submit(&answer, submission),
                None => Reading::unknown(submission, "no answer"),
            },
            Err(NotSendable::NoTemplate) => of_all(Outcome::Later, provider::NO_TEMPLATE),
            Err(NotSendable::Variable(_)) => of_all(Outcome::Rejected(Reason::ContentRefused), "variable"),
        })
    }

    async fn submit_all(&self, app: &App, request: &Request<'_>) -> Result<CallResult, AppError> {
        let until = app.now().plus(CALL_TIMEOUT - RESERVE);
        let (all, size) = (request.sms.len(), self.protocol.facts().recipients_per_call);
        let mut parts: Vec<Part> = vec![Outcome::Later.into(); all];
        let mut waiting: VecDeque<(usize, usize, u32)> =
            (0..all).step_by(size).map(|from| (from, (from + size).min(all), 0)).collect();
        let mut some_taken = false;
        while let Some((from, to, halved)) = waiting.pop_front() {
            let left = until.0 - app.now().0;
            if left < SECOND {
                break;
            }
            let sms = request.sms.get(from..to).unwrap_or_default();
            let submission = Submission {
                reference: request.reference,
                template: request.template,
                title: request.title,
                sms: sms.iter().map(|sms| (&sms.phone, sms.link.as_str())).collect(),
            };
            let reading = self.submit_some(app, &submission, left).await?;
            let halves = reading.split.filter(|cause| {
                cause.action() != Action::ContentRefused || some_taken || halved < BLIND_HALVINGS
            });
            if halves.is_some() {
                // One of them keeps the others from going: nothing was taken, so each half may be tried at once.
                let middle = from + (to - from) / 2;
                waiting.extend([(from, middle, halved + 1), (middle, to, halved + 1)]);
                continue;
            }
            some_taken |= reading.parts.iter().any(|part| part.outcome == Outcome::Accepted);
            // What it does not take now it does not take a moment later.
            let stop = reading.parts.iter().any(|part| part.outcome == Outcome::Later);
            for (part, read) in parts.iter_mut().skip(from).zip(reading.parts) {
                *part = read;
            }
            if stop {
                break;
            }
        }
        Ok(CallResult::Parts(parts))
    }

    async fn ask_all(&self, app: &App, question: &Question<'_>) -> Result<Vec<Finding>, AppError> {
        let until = app.now().plus(LOOK_UP_TIMEOUT - RESERVE);
        let mut findings = vec![Finding::CannotSay; question.phones.len()];
        for (finding, phone) in findings.iter_mut().zip(question.phones) {
            let left = until.0 - app.now().0;
            if left < SECOND {
                break;
            }
            let about = provider::Question { reference: question.reference, phone, at: question.at };
            let call = self.protocol.ask(&self.account, &about, app.now(), &nonce(app)?);
            // Where it does not answer at all, the others are asked another time.
            let Some(answer) = self.call(app, call, left).await else { break };
            *finding = self.protocol.read_ask(&answer, &about, app.now());
        }
        Ok(findings)
    }
}

fn nonce(app: &App) -> Result<String, AppError> {
    Ok(HEXLOWER.encode(&app.random::<16>()?))
}

impl Provider for Http {
    fn key(&self) -> &'static str {
        self.account.provider.key()
    }

    fn submit<'a>(
        &'a self,
        app: &'a App,
        request: &'a Request<'a>,
    ) -> LocalBoxFuture<'a, Result<CallResult, AppError>> {
        Box::pin(self.submit_all(app, request))
    }

    fn look_up<'a>(
        &'a self,
        app: &'a App,
        question: &'a Question<'a>,
    ) -> LocalBoxFuture<'a, Result<Vec<Finding>, AppError>> {
        Box::pin(self.ask_all(app, question))
    }
}
