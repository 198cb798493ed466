//! What the content check finds, and how it is collected.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::time::Instant;
use crate::words::Words;

/// What a finding does to a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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

/// What a text is checked beside.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Now: a date without its year is near it.
    pub now: Instant,
    /// The host of this platform, whose own links are on the school's list.
    pub host: &'a str,
}

/// Most places shown for one rule in one field.
pub(super) const PLACES_PER_RULE: usize = 20;

/// What was found so far in one field.
pub(super) struct Findings {
    field: &'static str,
    list: Vec<Finding>,
}

impl Findings {
    pub fn new(field: &'static str) -> Self {
        Self { field, list: Vec::new() }
    }

    /// By place; at one place the gravest first.
    pub fn sorted(mut self) -> Vec<Finding> {
        self.list.sort_by(|a, b| (a.start, b.severity).cmp(&(b.start, a.severity)));
        self.list
    }

    pub fn is_title(&self) -> bool {
        self.field == "title"
    }

    pub fn add(
        &mut self,
        (rule, severity): (&'static str, Severity),
        (start, len): (usize, usize),
        words: Words,
        fix: Option<String>,
    ) {
        if self.list.iter().filter(|f| f.rule == rule).count() < PLACES_PER_RULE {
            let field = self.field.into();
            self.list.push(Finding { rule: rule.into(), severity, field, start, len, words, fix });
        }
    }
}
