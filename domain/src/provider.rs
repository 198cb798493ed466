//! SMS providers, as far as they can be told without a network: what is sent
//! to one, signed, and what its answers, receipts and replies say.
//!
//! A provider is one file and one line in [`ProviderKind::protocol`]. All that
//! comes from outside is read without trust: what cannot be read moves
//! nothing, and an answer that does not say what became of an SMS leaves it
//! unknown (I5).

pub mod account;
mod aliyun;
pub mod code;
mod json;
pub mod signing;
mod tencent;

use crate::delivery::Reason;
use crate::phone::Phone;
use crate::sms::Template;
use crate::time::Instant;

pub use account::{Account, Credentials, FiledTemplate, FilingState, ProviderKind};
pub use code::{Action, Cause};

/// Most bytes of an answer, or of what a provider posts, that are read.
pub const ANSWER_BYTES_MAX: usize = 1_000_000;

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
    /// UTF-16 units that one variable may hold.
    pub variable_max: usize,
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
    Variable(Flaw),
}

/// What is wrong with a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Longer than the provider takes.
    TooLong,
    /// A character that it does not take.
    NotAllowed(char),
    /// An address, which has to stand in the filed wording.
    Link,
}

/// What became of one SMS of a call, or what is known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Taken.
    Accepted,
    /// Refused for good.
    Rejected(Reason),
    /// Proven not taken; may be tried again a few times.
    NotTaken,
    /// Refused for now, for no fault of this SMS: tried again until its time is over.
    Later,
    /// Refused since its number got too many: tried again a few times, much later.
    OverLimit,
    /// Nobody knows: it may have been taken.
    Unknown,
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
    fn of_all(submission: &Submission<'_>, part: &Part, split: Option<Cause>) -> Self {
        Self { parts: vec![part.clone(); submission.sms.len()], split }
    }

    /// An answer that does not say what became of the SMS.
    pub fn unknown(submission: &Submission<'_>, what: &str) -> Self {
        let part = Part { outcome: Outcome::Unknown, id: None, code: Some(code::shown(what)) };
        Self::of_all(submission, &part, None)
    }

    /// A call that was refused as a whole: nothing of it was taken, unless its code leaves that open.
    fn refused(submission: &Submission<'_>, cause: Cause, code: &str) -> Self {
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

impl ProviderKind {
    /// What is spoken with it; none with the sandbox, which has no network.
    pub fn protocol(self) -> Option<&'static dyn Protocol> {
        match self {
            Self::Sandbox => None,
            Self::Aliyun => Some(&aliyun::Aliyun),
            Self::Tencent => Some(&tencent::Tencent),
        }
    }
}

/// The variables of a wording, by the names under which it is filed: the title, and the
/// part of the link that differs from phone to phone. The address before it stands in the wording, since
/// no provider takes addresses in variables.
///
/// # Errors
/// Where the title breaks the provider's rules.
pub fn variables(
    kind: ProviderKind,
    template: &Template,
    title: &str,
    link: &str,
) -> Result<Vec<(&'static str, String)>, Flaw> {
    let token = link.rsplit('/').next().unwrap_or_default();
    let names = template.variables();
    let values = names.iter().map(|name| (*name, if *name == "title" { title } else { token }.to_owned()));
    if let Some(facts) = kind.protocol().map(Protocol::facts) {
        check_variable(title, facts.variable_max)?;
    }
    Ok(values.collect())
}

/// What both providers refuse in a variable: brackets of a signature, addresses, and signs that are no
/// text (Aliyun 463270, Tencent 39023).
fn check_variable(value: &str, max: usize) -> Result<(), Flaw> {
    if value.encode_utf16().count() > max {
        return Err(Flaw::TooLong);
    }
    let barred =
        |c: &char| matches!(c, '【' | '】' | '{' | '}' | '$') || c.is_control() || *c as u32 > 0xFFFF;
    if let Some(c) = value.chars().find(barred) {
        return Err(Flaw::NotAllowed(c));
    }
    let lower = value.to_ascii_lowercase();
    if ["://", "www.", ".com", ".cn", ".net"].iter().any(|sign| lower.contains(sign)) {
        return Err(Flaw::Link);
    }
    Ok(())
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
fn address(account: &Account, host: &str, query: &str) -> String {
    let base = account.base_url.as_deref().map_or_else(|| format!("https://{host}"), str::to_owned);
    let base = base.trim_end_matches('/');
    if query.is_empty() { format!("{base}/") } else { format!("{base}/?{query}") }
}

/// The provider's id of an approved wording.
fn filed<'a>(account: &'a Account, template: &Template) -> Result<&'a str, NotSendable> {
    let same = |t: &&FiledTemplate| t.name == template.name && t.version == template.version;
    let found = account.templates.iter().find(same).filter(|t| t.state == FilingState::Approved);
    found.map(|t| t.code.as_str()).ok_or(NotSendable::NoTemplate)
}

#[cfg(test)]
mod tests;
