//! What parents answer. An answer is an event: a later one of the same kind
//! takes its place, the earlier one stays on record.

use serde::{Deserialize, Serialize};

use crate::keys::keyed;
use crate::time::Instant;
use crate::words::Words;

keyed! {
    /// What is answered.
    pub enum AnswerKind {
        /// That the message was read (确认).
        Confirm = "confirm",
    }
}

/// The words on the button, on the parents' page and in the writer's preview of it.
pub const CONFIRM: Words = Words::fixed("已阅读，确认收到", "I have read this");

/// What the parents' page shows: `GET /m/{token}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// The school's name.
    pub school: String,
    /// The platform's word, 校讯通.
    pub platform_word: String,
    /// Names of the children it is about, with class; empty for staff.
    pub children: Vec<Child>,
    /// Whether it is to these students themselves, and not to their parents.
    #[serde(default)]
    pub to_students: bool,
    /// The staff member's name where the recipient is one.
    pub recipient: Option<String>,
    /// Title.
    pub title: String,
    /// Text; blank lines part paragraphs.
    pub body: String,
    /// The sender's post, `七年级1班班主任`.
    pub sender: String,
    /// When it was sent.
    pub at: Instant,
    /// When this family confirmed.
    pub confirmed_at: Option<Instant>,
    /// By which notice it was corrected.
    pub corrected_by: Option<Other>,
    /// Which notice it corrects.
    pub corrects: Option<Other>,
    /// When the school withdrew it: its sending was stopped.
    pub withdrawn_at: Option<Instant>,
}

/// Another notice that the page names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Other {
    /// Title and the token of its link, where this very phone got it.
    pub link: Option<(String, String)>,
    /// When it was sent.
    pub at: Instant,
}

/// A child on the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Child {
    /// Name.
    pub name: String,
    /// Class.
    pub class_name: String,
    /// The message's number in that class, the class's 12th notice.
    pub number: Option<i64>,
}
