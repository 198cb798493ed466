//! The roll (在册): classes, students, guardians, teachers, and the files they
//! come from (G24, G25, G42).

use serde::{Deserialize, Serialize};

use crate::access::{Appointment, ClassPlace};
use crate::ids::{ClassId, GuardianId, ImportId, StaffId, StudentId, UnitId};
use crate::keys::keyed;
use crate::words::Words;

#[cfg(feature = "import")]
pub mod import;

/// A class in `GET /api/classes`, limited to what the caller may see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClassView {
    /// Its id.
    pub id: ClassId,
    /// `七年级1班`.
    pub name: String,
    /// The grade it lies in.
    pub unit: UnitId,
    /// That unit and every unit above it.
    pub within: Vec<UnitId>,
    /// Names of its homeroom teachers.
    pub homeroom: Vec<String>,
    /// Students on the roll.
    pub students: u32,
    /// Guardian entries.
    pub guardians: u32,
    /// Distinct phones behind them.
    pub phones: u32,
    /// Students whom no SMS can reach; should be 0.
    pub unreachable: u32,
    /// Whether the caller may message it.
    pub may_write: bool,
    /// Whether the caller may open its roll.
    pub may_read: bool,
}

impl ClassView {
    /// Where it lies, as the rules of access need it.
    pub fn place(&self) -> ClassPlace {
        ClassPlace { id: self.id, unit: self.unit, within: self.within.clone() }
    }
}

/// A student in `GET /api/classes/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StudentView {
    /// Its id.
    pub id: StudentId,
    /// Student number (学号).
    pub number: String,
    /// Name.
    pub name: String,
    /// Guardians, in the order of the form.
    pub guardians: Vec<GuardianView>,
}

/// A guardian's entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GuardianView {
    /// Its id.
    pub id: GuardianId,
    /// Name.
    pub name: String,
    /// 父亲, 母亲, ….
    pub relation: String,
    /// `199******50`.
    pub phone: String,
}

/// `GET /api/classes/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClassRoll {
    /// The class.
    pub class: ClassView,
    /// Its students by number.
    pub students: Vec<StudentView>,
}

/// A member of staff in `GET /api/staff`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StaffView {
    /// Its id.
    pub id: StaffId,
    /// Staff number (教职工号).
    pub number: String,
    /// Name.
    pub name: String,
    /// `199******50`, or empty.
    pub phone: String,
    /// Posts held now.
    pub appointments: Vec<Appointment>,
    /// Whether the account has been activated.
    pub active: bool,
    /// Until when an unused activation slip works.
    pub slip_until: Option<crate::time::Instant>,
}

keyed! {
    /// What a roster file is about.
    pub enum ImportKind {
        /// 教职工.
        Staff = "staff",
        /// 学生和监护人.
        Students = "students",
    }
}

/// How serious a row's finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RowLevel {
    /// The row is left out until it is corrected.
    Error,
    /// The row is taken, something in it was repaired; shown as before → after.
    Repaired,
    /// The row is taken as it is; somebody should look.
    Warning,
}

/// One finding in a file, by row and cell, in plain words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RowFinding {
    /// Line in the file, the header is 1.
    pub row: u32,
    /// The column's header, empty where it is about the row.
    pub column: String,
    /// How serious.
    pub level: RowLevel,
    /// What is in the cell (a phone only with its last digits).
    pub value: String,
    /// What is wrong and what to do, or what was repaired.
    pub words: Words,
}

/// A person to choose in answer to a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Choice {
    /// Staff number.
    pub number: String,
    /// `姚燕佳（校办室主任）`.
    pub label: String,
}

/// Something the file does not say and the office has to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Question {
    /// Stable name: `custodian:school`, `custodian:七年级`, `administrators`, `head:教务处`, `head:信息学院/学生科`.
    pub id: String,
    /// The question.
    pub words: Words,
    /// Fewest choices.
    pub min: u32,
    /// Most choices.
    pub max: u32,
    /// Who can be chosen.
    pub choices: Vec<Choice>,
    /// The likely answer: staff numbers.
    pub suggested: Vec<String>,
}

/// The answer to a [`Question`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Answer {
    /// The question's id.
    pub id: String,
    /// Staff numbers chosen.
    pub chosen: Vec<String>,
}

/// What applying a file would do, by kind of row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ImportCounts {
    /// Rows in the file, without the header.
    pub rows: u32,
    /// Rows that will be taken.
    pub valid: u32,
    /// Rows left out for an error.
    pub errors: u32,
    /// Rows repaired.
    pub repaired: u32,
    /// People new to the roll.
    pub added: u32,
    /// People already on the roll whose entry changes.
    pub changed: u32,
    /// People on the roll who stay as they are.
    pub same: u32,
    /// Classes in the file.
    pub classes: u32,
    /// Guardian entries in the file.
    pub guardians: u32,
    /// Distinct phones in the file.
    pub phones: u32,
    /// Students without a reachable guardian.
    pub unreachable: u32,
}

/// The answer to `POST /api/roster/imports?kind=students`: nothing has changed yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ImportPreview {
    /// To apply it.
    pub id: ImportId,
    /// What the file is about.
    pub kind: ImportKind,
    /// `UTF-8` or `GB18030`.
    pub encoding: String,
    /// What would happen.
    pub counts: ImportCounts,
    /// Findings by row; at most [`MAX_FINDINGS`].
    pub findings: Vec<RowFinding>,
    /// What the file does not say.
    pub questions: Vec<Question>,
}

/// Findings shown in one preview; the counts count them all.
pub const MAX_FINDINGS: usize = 500;
/// Bytes of a roster file: some 12,000 students, and a D1 row holds 2 MB.
pub const MAX_IMPORT_BYTES: usize = 1_500_000;

/// `POST /api/roster/imports/{id}/apply`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ImportApply {
    /// An answer for every question of the preview.
    pub answers: Vec<Answer>,
}

/// What applying a file did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ImportApplied {
    /// What happened.
    pub counts: ImportCounts,
}
