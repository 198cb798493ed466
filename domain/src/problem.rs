//! What goes wrong, told so that a clerk knows what to do next (RFC 9457).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::words::{Lang, Words};

/// A problem as it goes over the wire: `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FieldError {
    /// The field's name in the request.
    pub field: String,
    /// The sentence to show beside it.
    pub message: String,
}

/// A refusal by a rule, before it is bound to a language and a status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Refusal {
    /// Stable name: the last part of the problem's `type`.
    pub kind: Cow<'static, str>,
    /// The sentence.
    pub words: Words,
    /// What it rests on.
    pub ground: Ground,
}

/// What a refusal rests on; the HTTP status follows from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "on", content = "field", rename_all = "snake_case")]
pub enum Ground {
    /// This person may not do it, whatever the request says.
    Rights,
    /// It cannot be done as things stand now.
    State,
    /// This field of the request has to change.
    Field(Cow<'static, str>),
}

impl Refusal {
    /// A refusal because of who asks.
    pub fn rights(kind: &'static str, words: Words) -> Self {
        Self { kind: kind.into(), words, ground: Ground::Rights }
    }

    /// A refusal because of how things stand.
    pub fn state(kind: &'static str, words: Words) -> Self {
        Self { kind: kind.into(), words, ground: Ground::State }
    }

    /// A refusal of one field.
    pub fn field(kind: &'static str, field: impl Into<Cow<'static, str>>, words: Words) -> Self {
        Self { kind: kind.into(), words, ground: Ground::Field(field.into()) }
    }

    /// The same refusal, told beside `field` of the request that caused it.
    #[must_use]
    pub fn beside(self, field: impl Into<Cow<'static, str>>) -> Self {
        Self { ground: Ground::Field(field.into()), ..self }
    }

    /// The field that has to change, where there is one.
    pub fn field_name(&self) -> Option<&str> {
        match &self.ground {
            Ground::Field(field) => Some(field),
            Ground::Rights | Ground::State => None,
        }
    }

    /// The entry for `errors[]`.
    pub fn as_field_error(&self, lang: Lang) -> Option<FieldError> {
        let message = self.words.get(lang).to_owned();
        self.field_name().map(|field| FieldError { field: field.to_owned(), message })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_keeps_its_ground_over_the_wire() {
        let words = || Words::fixed("请填写标题", "Write a title");
        for (refusal, ground) in [
            (Refusal::rights("own_draft", words()), serde_json::json!({ "on": "rights" })),
            (Refusal::state("nothing_waits", words()), serde_json::json!({ "on": "state" })),
            (
                Refusal::field("title_missing", "title", words()),
                serde_json::json!({ "on": "field", "field": "title" }),
            ),
        ] {
            let json = serde_json::to_value(&refusal).expect("json");
            assert_eq!(json["ground"], ground);
            assert_eq!(serde_json::from_value::<Refusal>(json).expect("a refusal"), refusal);
        }
    }
}
