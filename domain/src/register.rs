//! The register (登记簿): every message that was ever submitted, under its number by year and unit, with who
//! drafted, reviewed, approved and sent it (G60), and what goes out next.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::access::Post;
use crate::approval::{StepKind, Verdict};
use crate::ids::{MessageId, UnitId};
use crate::message::{Asker, Audiences, Category, MessageState};
use crate::time::Instant;
use crate::words;
use crate::words::Words;

/// Lines of one page of the register.
pub const PAGE: usize = 50;
/// Most characters that are looked for: as long as a digest.
pub const SOUGHT_MAX: usize = 64;

/// A number in the register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RegisterNumber {
    /// The year in which the message was first submitted.
    pub year: u32,
    /// The unit that sent it.
    pub unit: UnitId,
    /// That unit's name.
    pub unit_name: String,
    /// 1, 2, 3, … within year and unit.
    pub no: u32,
}

impl RegisterNumber {
    /// `七年级〔2026〕12号`.
    pub fn words(&self) -> Words {
        let Self { year, unit_name, no, .. } = self;
        words!("{unit_name}〔{year}〕{no}号", "{unit_name} {year}/{no}")
    }
}

/// What somebody put their name to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Signature {
    /// What the step asked for.
    pub kind: StepKind,
    /// By which post.
    pub post: Post,
    /// Who.
    pub name: String,
    /// What was said.
    pub verdict: Verdict,
    /// When.
    pub at: Instant,
}

/// A filing (备案) with another office, or its registration (登记).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Filed {
    /// What the step asked for.
    pub kind: StepKind,
    /// Its number, where it has one.
    pub number: Option<String>,
    /// When it was handed in.
    pub at: Instant,
    /// Who took it in; none while nobody has.
    pub by: Option<String>,
}

/// A line of the register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RegisterEntry {
    /// The message.
    pub id: MessageId,
    /// Its number.
    pub number: RegisterNumber,
    /// Which version stands.
    pub version: u32,
    /// Its title.
    pub title: String,
    /// What it is about.
    pub category: Option<Category>,
    /// To whom, in words.
    pub audience: Words,
    /// How many.
    pub reach: Audiences,
    /// Where it stands.
    pub state: MessageState,
    /// Who drafted it.
    pub drafter: String,
    /// In which capacity.
    pub post: Post,
    /// The sender as parents see it.
    pub sender: String,
    /// Decisions on the version that stands, in order.
    pub signatures: Vec<Signature>,
    /// Filings and registrations of it.
    pub filed: Vec<Filed>,
    /// When it was first submitted, and took its number.
    pub registered_at: Instant,
    /// When it was last submitted.
    pub submitted_at: Option<Instant>,
    /// When it was approved.
    pub approved_at: Option<Instant>,
    /// When it went out.
    pub released_at: Option<Instant>,
    /// When its drafter stated to answer for it.
    pub statement_at: Option<Instant>,
    /// The digest of the version that stands; none while it is being changed.
    pub digest: Option<String>,
    /// Who asked the office for it (G13).
    #[serde(default)]
    pub asked: Option<Asker>,
    /// The message that it corrects.
    pub corrects: Option<MessageId>,
}

impl RegisterEntry {
    /// Names of those who decided steps of a kind, in order.
    pub fn signed(&self, kind: StepKind) -> Vec<&Signature> {
        self.signatures.iter().filter(|s| s.kind == kind).collect()
    }
}

/// `GET /api/register`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RegisterPage {
    /// The newest number first.
    pub entries: Vec<RegisterEntry>,
    /// Where the next page begins.
    pub next: Option<RegisterCursor>,
}

/// The last line of a page: pass as `before` and `before_at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RegisterCursor {
    /// The message.
    pub before: MessageId,
    /// When it took its number.
    pub before_at: Instant,
}

/// What a unit sent in a month: open to all staff (G64).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MonthTotal {
    /// `2026-11`.
    pub month: String,
    /// The unit.
    pub unit: UnitId,
    /// Its name.
    pub unit_name: String,
    /// Messages that took a number.
    pub registered: u32,
    /// Of these, those that went out.
    pub sent: u32,
    /// Phones that they went to.
    pub phones: u32,
}

/// `GET /api/register/{id}`: the 审核登记表 of one message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RegisterSheet {
    /// Its line.
    pub entry: RegisterEntry,
    /// The text that parents read.
    pub body: String,
    /// What the chain is called.
    pub procedure: Words,
    /// Findings of the content check that were explained, by rule.
    pub reasons: Vec<String>,
}

/// `GET /api/register/{id}/verify`: whether a digest on paper is that of a message on record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Verification {
    /// The number of the message.
    pub number: RegisterNumber,
    /// Its title in the version of the digest.
    pub title: String,
    /// Which version the digest is of.
    pub version: u32,
    /// Whether that version is the one that stands.
    pub is_current: bool,
    /// Whether the digest comes out again from what is on record; none for a version that stands no more.
    pub fits: Option<bool>,
    /// Where the message stands.
    pub state: MessageState,
    /// Decisions on this version.
    pub signatures: Vec<Signature>,
    /// When it went out.
    pub released_at: Option<Instant>,
}

/// A message that goes out, or may: a line of the agenda.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AgendaItem {
    /// The message.
    pub id: MessageId,
    /// Title.
    pub title: String,
    /// To whom, in words.
    pub audience: Words,
    /// The sender as parents see it.
    pub sender: String,
    /// Where it stands.
    pub state: MessageState,
    /// When it went out or will; none where it goes as soon as it is approved.
    pub at: Option<Instant>,
    /// Phones that it goes to.
    pub phones: u32,
}

/// What is looked for in the register, as it stands in an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sought(pub String);

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Sought {
    fn schema_name() -> Cow<'static, str> {
        "Sought".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string" })
    }
}

/// A cell that a spreadsheet shows as text and never computes: what begins like a formula gets an apostrophe.
pub fn plain_cell(text: &str) -> Cow<'_, str> {
    let first = text.trim_start_matches([' ', '\u{a0}', '\u{3000}', '\u{feff}']).chars().next();
    let is_formula = first.is_some_and(|c| "=+-@＝＋－＠\t\r\n|%".contains(c));
    if is_formula { format!("'{text}").into() } else { text.into() }
}

/// Rows as CSV that spreadsheets open as it is meant: UTF-8 with its mark, CRLF, and no cell a formula.
pub fn csv(rows: &[Vec<String>]) -> String {
    let mut text = String::from('\u{feff}');
    for row in rows {
        let cells: Vec<String> =
            row.iter().map(|cell| format!("\"{}\"", plain_cell(cell).replace('"', "\"\""))).collect();
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_reads_as_a_school_writes_it() {
        let number = RegisterNumber { year: 2026, unit: UnitId(7), unit_name: "七年级".into(), no: 12 };
        assert_eq!(number.words().zh, "七年级〔2026〕12号");
        assert_eq!(number.words().en, "七年级 2026/12");
    }

    #[test]
    fn no_cell_is_a_formula() {
        for evil in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            " =1",
            "\u{3000}=1",
            "＝1",
            "\u{feff}=cmd|' /C calc'!A0",
            "|calc",
            "%x",
        ] {
            assert!(plain_cell(evil).starts_with('\''), "{evil:?}");
        }
        for plain in ["", "运动会", "2026-11-25 09:00", "a=b", "七年级〔2026〕12号"] {
            assert_eq!(plain_cell(plain), plain);
        }
    }

    #[test]
    fn csv_opens_as_it_is_meant() {
        let row = |cells: &[&str]| cells.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>();
        let text =
            csv(&[row(&["编号", "标题"]), row(&["1", "=HYPERLINK(\"http://x\")"]), row(&["2", "一\n二,三"])]);
        assert_eq!(
            text,
            "\u{feff}\"编号\",\"标题\"\r\n\"1\",\"'=HYPERLINK(\"\"http://x\"\")\"\r\n\"2\",\"一\n二,三\"\r\n"
        );
    }
}
