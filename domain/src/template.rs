//! Shared templates (G63): wordings that a unit keeps for its own.

use serde::{Deserialize, Serialize};

use crate::access::Person;
use crate::blank::is_blank;
use crate::ids::{TemplateId, UnitId};
use crate::message::{Category, TEXT_MAX, TITLE_MAX};
use crate::problem::Refusal;
use crate::time::Instant;
use crate::words;
use crate::words::Words;

/// Most templates that a unit keeps.
pub const TEMPLATES_MAX: u32 = 100;

/// A template as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TemplateView {
    /// Its id.
    pub id: TemplateId,
    /// Whose it is.
    pub unit: UnitId,
    /// That unit's name.
    pub unit_name: String,
    /// Title.
    pub title: String,
    /// Text.
    pub body: String,
    /// What it is about.
    pub category: Option<Category>,
    /// Who saved it.
    pub by: String,
    /// When.
    pub at: Instant,
    /// Whether the reader may take it away.
    pub may_remove: bool,
}

/// `POST /api/templates`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NewTemplate {
    /// For which unit: one in which the writer holds a post that sends.
    pub unit: UnitId,
    /// Title, as of a notice.
    pub title: String,
    /// Text, as of a notice.
    pub body: String,
    /// What it is about.
    #[serde(default)]
    pub category: Option<Category>,
}

/// Whether a person keeps the templates of a unit: a post held in it sends.
pub fn keeps(person: &Person, unit: UnitId) -> bool {
    person.appointments.iter().any(|held| held.unit == unit && held.post.sender().is_some())
}

impl NewTemplate {
    /// What stands against saving it.
    pub fn check(&self, person: &Person) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        if !keeps(person, self.unit) {
            refusals.push(Refusal::field(
                "unit_not_yours",
                "unit",
                Words::fixed(
                    "只能为自己任职并可发送通知的单位保存模板",
                    "Templates are saved for a unit in which you hold a post that sends",
                ),
            ));
        }
        let field = |name: &'static str, text: &str, max: usize| {
            let n = text.chars().count();
            if is_blank(text) {
                Some(Refusal::field(
                    "template_empty",
                    name,
                    Words::fixed("这一项不能为空", "This cannot be empty"),
                ))
            } else if n > max {
                Some(Refusal::field(
                    "template_too_long",
                    name,
                    words!("最多 {max} 个字", "At most {max} characters"),
                ))
            } else {
                None
            }
        };
        refusals.extend(field("title", &self.title, TITLE_MAX));
        refusals.extend(field("body", &self.body, TEXT_MAX));
        refusals
    }
}
