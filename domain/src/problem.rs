//! What goes wrong, told so that a clerk knows what to do next (RFC 9457).

use serde::{Deserialize, Serialize};

use crate::words::{Lang, Words};

/// A problem as it goes over the wire: `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Stable, relative: `/problems/<kind>`; clients branch on it.
    #[serde(rename = "type")]
    pub kind: String,
    /// The sentence, in the reader's language.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// What to do about it, where there is more to say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detail: Option<String>,
    /// One entry per field that has to change.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub errors: Vec<FieldError>,
}

/// What is wrong with one field of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// The field's name in the request.
    pub field: String,
    /// The sentence to show beside it.
    pub message: String,
}

/// A refusal by a rule, before it is bound to a language and a status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Stable name: the last part of the problem's `type`.
    pub kind: std::borrow::Cow<'static, str>,
    /// The sentence.
    pub words: Words,
    /// The field that it is about, where there is one.
    pub field: Option<std::borrow::Cow<'static, str>>,
}

impl Refusal {
    /// A refusal that is about no single field.
    pub fn new(kind: &'static str, words: Words) -> Self {
        Self { kind: kind.into(), words, field: None }
    }

    /// A refusal about one field.
    pub fn field(kind: &'static str, field: &'static str, words: Words) -> Self {
        Self { kind: kind.into(), words, field: Some(field.into()) }
    }

    /// The entry for `errors[]`.
    pub fn as_field_error(&self, lang: Lang) -> Option<FieldError> {
        self.field
            .as_ref()
            .map(|field| FieldError { field: field.to_string(), message: self.words.get(lang).to_owned() })
    }
}
