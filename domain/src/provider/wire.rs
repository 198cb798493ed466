//! What passes between us and a provider, whichever it is.

use serde_json::Value;

use super::account::Account;
use super::code::{self, Cause, Outcome};
use super::json;
use super::signing;
use super::variables::NotAllowed;
use crate::delivery::Reason;
use crate::phone::Phone;
use crate::sms::Template;
use crate::time::Instant;

/// Most bytes of an answer, or of what a provider posts, that are read.
pub const ANSWER_BYTES_MAX: usize = 1_000_000;

/// The code of our own for a wording that the provider has not approved.
pub const NO_TEMPLATE: &str = "template_not_approved";

/// One HTTP request to a provider.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpCall {
    /// `POST`.
    pub method: &'static str,
    /// The address with its query.
    pub url: String,
    /// Names in lower case. `host` is the provider's own, also where the call goes through a relay.
    pub headers: Vec<(&'static str, String)>,
    /// Body.
    pub body: Vec<u8>,
}

/// A provider's answer.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    /// HTTP status.
    pub status: u16,
    /// Body.
    pub body: Vec<u8>,
}

/// What is known of a provider, with its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The host that a signature is made for.
    pub host: &'static str,
    /// SMS in one call, each with variables of its own: a link belongs to one phone.
    pub recipients_per_call: usize,
    /// SMS in one batch of ours, which is one attempt.
    pub recipients_per_batch: usize,
    /// Calls in a second that it takes of an account.
    pub calls_per_second: u32,
    /// SMS to one number in 24 hours, unless the account arranges otherwise.
    pub per_number_and_day: u32,
    /// Whether it can prove that it has not taken an SMS.
    pub proves_absence: bool,
    /// What its callbacks of receipts are answered with.
    pub ack_report: &'static str,
    /// What its callbacks of replies are answered with.
    pub ack_reply: &'static str,
}

/// SMS that go to a provider in one call.
pub struct Submission<'a> {
    /// Our reference of the attempt; comes back with answers, receipts or questions.
    pub reference: &'a str,
    /// The wording.
    pub template: &'a Template,
    /// The title in it.
    pub title: &'a str,
    /// To whom, with the whole link of each.
    pub sms: Vec<(&'a Phone, &'a str)>,
}

/// Why nothing can be sent to a provider as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSendable {
    /// The wording is not filed with it, or not approved.
    NoTemplate,
    /// A variable breaks its rules.
    Variable(NotAllowed),
}

/// What a call came to for one SMS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What became of it.
    pub outcome: Outcome,
    /// The provider's own id of it, by which a receipt may name it.
    pub id: Option<String>,
    /// The provider's code, where it is other than its word for success.
    pub code: Option<String>,
}

impl From<Outcome> for Part {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, id: None, code: None }
    }
}

/// What an answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Of each SMS, in order.
    pub parts: Vec<Part>,
    /// The call was refused as a whole, for this: one of its SMS may have it alone, and its halves tell which.
    pub split: Option<Cause>,
}

impl Reading {
    /// The same of all SMS of a call.
    pub(super) fn of_all(submission: &Submission<'_>, part: &Part, split: Option<Cause>) -> Self {
        Self { parts: vec![part.clone(); submission.sms.len()], split }
    }

    /// An answer that does not say what became of the SMS.
    pub fn unknown(submission: &Submission<'_>, what: &str) -> Self {
        let part = Part { outcome: Outcome::Unknown, id: None, code: Some(code::shown(what)) };
        Self::of_all(submission, &part, None)
    }

    /// A call that was refused as a whole: nothing of it was taken, unless its code leaves that open.
    pub(super) fn refused(submission: &Submission<'_>, cause: Cause, code: &str) -> Self {
        let part = Part { outcome: cause.outcome(), id: None, code: Some(code::shown(code)) };
        let split = Some(cause).filter(|cause| cause.is_of_one_sms() && submission.sms.len() > 1);
        Self::of_all(submission, &part, split)
    }
}

/// What a provider is asked of one SMS of an attempt.
pub struct Question<'a> {
    /// Our reference of the attempt.
    pub reference: &'a str,
    /// The number.
    pub phone: &'a Phone,
    /// When the call was begun.
    pub at: Instant,
}

/// What asking gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The provider has it: its id, and what became of it where that is known.
    Taken(Option<String>, Option<Fate>),
    /// It has sent these to the number since, and does not say which of them are of this attempt: ids, and
    /// what became of each.
    OneOf(Vec<(String, Option<Fate>)>),
    /// The provider proves that it has not.
    Absent,
    /// It does not tell.
    CannotSay,
}

/// What became of an SMS at the phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// On the phone.
    Delivered,
    /// Not, and why.
    Failed(Reason),
}

/// What a provider reports of one SMS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Our reference, where the provider repeats it.
    pub reference: Option<String>,
    /// The provider's own id.
    pub id: Option<String>,
    /// The number.
    pub phone: Phone,
    /// What became of it.
    pub fate: Fate,
}

/// An SMS that somebody sent back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// From which number.
    pub phone: Phone,
    /// What it says.
    pub text: String,
    /// The same for an SMS that is told twice, and of no two others.
    pub key: String,
}

/// What a provider posted cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

/// What is spoken with a provider.
pub trait Protocol: Sync {
    /// What is known of it.
    fn facts(&self) -> &'static Facts;

    /// The call that submits SMS: at most `recipients_per_call`.
    ///
    /// # Errors
    /// Where the wording is not approved there, or a variable breaks its rules.
    fn submit(
        &self,
        account: &Account,
        submission: &Submission<'_>,
        now: Instant,
        nonce: &str,
    ) -> Result<HttpCall, NotSendable>;

    /// What its answer says.
    fn read_submit(&self, answer: &HttpAnswer, submission: &Submission<'_>) -> Reading;

    /// The call that asks what became of an SMS.
    fn ask(&self, account: &Account, question: &Question<'_>, now: Instant, nonce: &str) -> HttpCall;

    /// What its answer says, at the time it came.
    fn read_ask(&self, answer: &HttpAnswer, question: &Question<'_>, now: Instant) -> Finding;

    /// The receipts in what it posted; entries that cannot be read are passed over.
    ///
    /// # Errors
    /// Where it is no list of receipts at all.
    fn read_report(&self, body: &[u8]) -> Result<Vec<Receipt>, Unreadable>;

    /// The replies in what it posted.
    ///
    /// # Errors
    /// As [`Protocol::read_report`].
    fn read_reply(&self, body: &[u8]) -> Result<Vec<Reply>, Unreadable>;

    /// What a code of its answers means.
    fn cause(&self, code: &str) -> Cause;
}

/// Whether an SMS that came back says that no more are wanted: what carriers and providers print on SMS.
pub fn is_opt_out(text: &str) -> bool {
    let folded: String = text
        .chars()
        .map(|c| match c {
            'Ａ'..='Ｚ' | 'ａ'..='ｚ' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
            other => other,
        })
        .filter(|c| c.is_alphanumeric())
        .collect::<String>()
        .to_uppercase();
    matches!(folded.as_str(), "退订" | "退訂" | "退" | "TD" | "T" | "N" | "回T" | "回TD")
}

/// The address of a call: the provider's, or the deployment's own way to it.
pub(super) fn address(account: &Account, host: &str, query: &str) -> String {
    let base = account.base_url.as_deref().map_or_else(|| format!("https://{host}"), str::to_owned);
    let base = base.trim_end_matches('/');
    if query.is_empty() { format!("{base}/") } else { format!("{base}/?{query}") }
}

/// The same call by way of the deployment's relay, which takes what carries its secret: the call's host,
/// the time, and a MAC over both and the call.
pub fn by_relay(call: &mut HttpCall, secret: &str, now: Instant) {
    let host = call.headers.iter().find(|(name, _)| *name == "host").map_or("", |(_, host)| host);
    let rest = call.url.split_once("://").map_or("", |(_, rest)| rest);
    let path = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/");
    let time = now.0.to_string();
    let body = signing::sha256(&call.body);
    let to_sign = [call.method, host, path, &time, &body].join("\n");
    let mac = signing::mac(secret.as_bytes(), &to_sign);
    let host = host.to_owned();
    call.headers.extend([("x-relay-host", host), ("x-relay-time", time), ("x-relay-mac", mac)]);
}

/// What an answer without a word of the provider's says: that of a relay, or of whatever stands in between.
pub(super) fn not_the_providers(
    submission: &Submission<'_>,
    answer: &HttpAnswer,
    body: Option<&Value>,
) -> Reading {
    let relay = body.and_then(|body| json::text(body, "Relay"));
    match relay.as_deref() {
        // It says that the provider was not called, or not reached.
        Some("refused") => Reading::refused(submission, Cause::Address, "relay refused"),
        Some("unreachable") => Reading::refused(submission, Cause::Busy, "relay unreachable"),
        // Refused before anybody looked at it.
        None if answer.status == 429 => Reading::refused(submission, Cause::Busy, "HTTP 429"),
        _ => Reading::unknown(submission, &format!("HTTP {}", answer.status)),
    }
}

/// The provider's id of an approved wording.
pub(super) fn filed<'a>(account: &'a Account, template: &Template) -> Result<&'a str, NotSendable> {
    account.code(template.name, template.version).ok_or(NotSendable::NoTemplate)
}
