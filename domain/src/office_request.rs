//! What leaders and departments hand in to the school office (统一报校办室办理, G13):
//! they do not send themselves. The office writes it up as a message of its own
//! and sends it through its own chain; where it changes the words, who asked
//! for it agrees first.

use serde::{Deserialize, Serialize};

use crate::access::{Action, Person, Post};
use crate::ids::{MessageId, RequestId};
use crate::keys::keyed;
use crate::message::{MessageState, TEXT_MAX, TITLE_MAX};
use crate::problem::Refusal;
use crate::time::Instant;
use crate::words;
use crate::words::Words;

/// Most characters of the audience in words.
pub const WHOM_MAX: usize = 100;
/// Most characters of a note, and of a reason.
pub const NOTE_MAX: usize = 200;
/// Requests that a list holds, newest first.
pub const SHOWN_MAX: u32 = 100;

/// `POST /api/requests`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HandIn {
    /// Title of the message that is wished for.
    pub title: String,
    /// Its text.
    pub body: String,
    /// To whom, in words: the office chooses the audience.
    pub whom: String,
    /// When it should go out; as soon as it is approved where absent.
    pub wanted_at: Option<Instant>,
    /// What the office should know beside it; may be empty.
    pub note: String,
}

impl HandIn {
    /// What is wrong with it, by field.
    pub fn check(&self, now: Instant) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        let mut limit = |field: &'static str, text: &str, least: usize, most: usize, name: Words| {
            let n = text.trim().chars().count();
            if n < least || n > most {
                let (zh, en) = (name.zh, name.en);
                let words = if n == 0 {
                    words!("请填写{zh}", "Fill in the {en}")
                } else {
                    words!("{zh}最多 {most} 个字", "The {en} has at most {most} characters")
                };
                refusals.push(Refusal::field("length", field, words));
            }
        };
        limit("title", &self.title, 1, TITLE_MAX, Words::fixed("标题", "title"));
        limit("body", &self.body, 1, TEXT_MAX, Words::fixed("正文", "text"));
        limit("whom", &self.whom, 1, WHOM_MAX, Words::fixed("发送范围", "audience"));
        limit("note", &self.note, 0, NOTE_MAX, Words::fixed("说明", "note"));
        if self.wanted_at.is_some_and(|at| at <= now) {
            refusals.push(Refusal::field(
                "time_passed",
                "wanted_at",
                Words::fixed("希望发送的时间已经过去", "The time that is wished for has passed"),
            ));
        }
        refusals
    }
}

/// `POST /api/requests/{id}/take`: which of the caller's drafts it becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TakeUp {
    /// The draft.
    pub message: MessageId,
}

/// `POST /api/requests/{id}/decline`, with the reason that who asked is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeclineRequest {
    /// Why.
    pub reason: String,
}

/// `POST /api/requests/{id}/answer`: about the changed words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AnswerChange {
    /// When the office asked: what is answered is what was read.
    pub asked_at: Instant,
    /// Whether it may go out so.
    pub agree: bool,
    /// Why not; empty where it may.
    pub reason: String,
}

/// A reason as it is kept.
///
/// # Errors
/// Where there is none, or it is too long.
pub fn checked_reason(reason: &str) -> Result<&str, Refusal> {
    let reason = reason.trim();
    if (1..=NOTE_MAX).contains(&reason.chars().count()) {
        return Ok(reason);
    }
    Err(Refusal::field(
        "reason",
        "reason",
        words!("请写明理由，最多 {NOTE_MAX} 个字", "Say why, in at most {NOTE_MAX} characters"),
    ))
}

keyed! {
    /// How far a request has got.
    pub enum RequestState {
        /// The office has not taken it up.
        Open = "open",
        /// Somebody of the office writes it up; what becomes of it is the message's state.
        Taken = "taken",
        /// The office will not send it.
        Declined = "declined",
        /// Who asked took it back.
        Withdrawn = "withdrawn",
    }
}

impl RequestState {
    /// For the screen.
    pub fn title(self) -> Words {
        match self {
            Self::Open => Words::fixed("待接办", "Not taken up yet"),
            Self::Taken => Words::fixed("办理中", "Taken up"),
            Self::Declined => Words::fixed("未予办理", "Declined"),
            Self::Withdrawn => Words::fixed("已撤回", "Taken back"),
        }
    }
}

/// Words that the office changed, and who asked has to agree to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChangedWords {
    /// Title.
    pub title: String,
    /// Text.
    pub body: String,
    /// Since when it waits.
    pub asked_at: Instant,
}

/// A request in `GET /api/requests`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RequestView {
    /// Its id.
    pub id: RequestId,
    /// Whether it is the reader's own.
    pub own: bool,
    /// Who handed it in.
    pub requester: String,
    /// In which post.
    pub post: Post,
    /// Of which unit.
    pub unit: String,
    /// What was handed in.
    pub asked: HandIn,
    /// When.
    pub at: Instant,
    /// How far it has got.
    pub state: RequestState,
    /// Who of the office has it, or declined it; empty while it is open.
    pub officer: String,
    /// Whether that is the reader.
    pub mine: bool,
    /// The message that it became.
    pub message: Option<MessageId>,
    /// That message's state.
    pub message_state: Option<MessageState>,
    /// Whether the message's words differ from those that were agreed.
    pub differs: bool,
    /// Changed words that wait for who asked.
    pub changed: Option<ChangedWords>,
    /// Why it was declined, or why the changed words may not go out; may be empty.
    pub reason: String,
}

/// `GET /api/requests`: the own ones, for the office all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Requests {
    /// Newest first.
    pub requests: Vec<RequestView>,
}

impl RequestView {
    /// Whether it waits for this reader.
    pub fn waits_for(&self, reader: &Person) -> bool {
        self.own && self.changed.is_some()
            || self.state == RequestState::Open && reader.may(Action::TakeUpRequests)
    }
}

/// Says that the words differ from those that were agreed.
pub fn not_agreed() -> Refusal {
    Refusal::state(
        "words_not_agreed",
        Words::fixed(
            "文字与来件不同，须经来件人确认后才能报批：请在“校办来件”中请对方确认",
            "The words differ from what was handed in: who asked for it has to agree first. Ask on the page of requests",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_says_what_to_whom_and_when() {
        let now = Instant(1_000);
        let good = HandIn {
            title: "运动会".into(),
            body: "周五举行。".into(),
            whom: "全校家长".into(),
            wanted_at: None,
            note: String::new(),
        };
        let fields = |request: &HandIn| {
            let refusals = request.check(now);
            refusals.iter().filter_map(|r| r.field_name().map(str::to_owned)).collect::<Vec<_>>()
        };
        assert_eq!(fields(&good), [""; 0]);
        let blank = HandIn { title: " ".into(), body: String::new(), whom: "\n".into(), ..good.clone() };
        assert_eq!(fields(&blank), ["title", "body", "whom"]);
        let long = HandIn { note: "长".repeat(201), wanted_at: Some(Instant(1_000)), ..good.clone() };
        assert_eq!(fields(&long), ["note", "wanted_at"]);
        assert_eq!(fields(&HandIn { title: "长".repeat(21), ..good }), ["title"]);
    }
}
