//! The content check (G15, G48): run by the browser while typing and by the
//! Worker at submission, whose word counts.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::words::Words;

/// What a finding does to a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Hint,
    /// Has to be changed, or a reason given that the approver reads.
    Explain,
    /// Has to be changed.
    Block,
}

/// Something found in a title or text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Stable name of the rule; reasons are given by it.
    pub rule: Cow<'static, str>,
    /// What it does to a submission.
    pub severity: Severity,
    /// `title` or `body`.
    pub field: Cow<'static, str>,
    /// First character of the place, counted in characters.
    pub start: usize,
    /// Characters of the place.
    pub len: usize,
    /// What is wrong and what to do.
    pub words: Words,
    /// What to write instead, where that is certain.
    pub fix: Option<String>,
}
