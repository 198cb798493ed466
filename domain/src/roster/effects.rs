//! Roster files: what one says row by row, and what it would do before
//! anything is done. Whose number it gives to somebody else is asked, what
//! changes from what to what is shown, and what it merely lacks is offered and
//! done only where a person ticks it.

use serde::{Deserialize, Serialize};

use crate::ids::ImportId;
use crate::keys::keyed;
use crate::time::Instant;
use crate::words::Words;

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
    /// Staff number; for a department, its names.
    pub number: String,
    /// `姚燕佳（校办室主任）`; `教务处`.
    pub label: String,
}

/// Something the file does not say and the office has to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Question {
    /// Stable name: `custodian:school`, `custodian:七年级`, `administrators`, `head:教务处`, `head:信息学院/学生科`,
    /// `in_charge:U0002` (of which departments), `sender:教务处`.
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
    /// People who leave: ticked, or replaced.
    #[serde(default)]
    pub left: u32,
    /// Posts that end: ticked, or of people who leave.
    #[serde(default)]
    pub ended: u32,
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
    /// Numbers that have another name in the file; such rows are left out until they are answered.
    pub others: Vec<OtherPerson>,
    /// All that would change, with the answers given so far and the suggested ones.
    pub changes: Vec<ImportChange>,
    /// What the file lacks: the first [`MAX_OFFERS`].
    pub offers: Vec<Offer>,
    /// How many more there are.
    pub offers_left_out: u32,
    /// Stands for the changes and offers shown; an application names it.
    pub shown: String,
}

impl ImportPreview {
    /// The likely answer to each question and to nothing else, for what is shown: what a form begins with.
    pub fn likely(&self) -> ImportApply {
        let answer = |q: &Question| Answer { id: q.id.clone(), chosen: q.suggested.clone() };
        ImportApply {
            answers: self.questions.iter().map(answer).collect(),
            persons: Vec::new(),
            ticked: Vec::new(),
            shown: self.shown.clone(),
        }
    }
}

/// Findings shown in one preview; the counts count them all.
pub const MAX_FINDINGS: usize = 500;
/// Bytes of a roster file: some 12,000 students, and a D1 row holds 2 MB.
pub const MAX_IMPORT_BYTES: usize = 1_500_000;

/// What applying a file did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ImportApplied {
    /// The file: to take it back.
    pub id: ImportId,
    /// What happened.
    pub counts: ImportCounts,
    /// Appointments of this file that count once a second person has confirmed them.
    pub waiting: u32,
}

keyed! {
    /// What it means that a number on the roll has another name in the file.
    pub enum Sameness {
        /// The same person under a new or corrected name.
        Renamed = "renamed",
        /// The row is wrong: it is left out.
        Mistake = "mistake",
        /// Another person: the one on the roll leaves, the number passes on.
        NewPerson = "new_person",
    }
}

/// A number that stands for one name on the roll and for another in the file;
/// or a guardian of whom both name and number differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OtherPerson {
    /// Stable name: `staff:12`, `student:7`, `guardian:9`, by the id on the roll.
    pub id: String,
    /// Line in the file.
    pub row: u32,
    /// Whose entry it is: `教职工号 T0001`.
    pub whose: Words,
    /// Who stands on the roll.
    pub before: String,
    /// Who stands in the file.
    pub after: String,
    /// What helps to answer.
    pub hints: Vec<Words>,
}

/// The answer to an [`OtherPerson`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PersonAnswer {
    /// Its id.
    pub id: String,
    /// What it means.
    pub is: Sameness,
}

keyed! {
    /// What kind of change a file makes, in the order in which they are shown.
    pub enum ChangeKind {
        /// A name on the roll changes.
        Renamed = "renamed",
        /// Somebody on the roll leaves because the number passes on.
        Replaced = "replaced",
        /// A student changes to another class.
        Moved = "moved",
        /// A number changes.
        Phone = "phone",
        /// A guardian's relation changes.
        Relation = "relation",
        /// A guardian's place in the list changes.
        Position = "position",
        /// A guardian comes to a student who is on the roll.
        GuardianAdded = "guardian_added",
        /// A post begins.
        PostBegins = "post_begins",
        /// A post goes over to the unit into which its class was moved.
        PostMoves = "post_moves",
        /// Somebody who had left is on the roll again.
        Returned = "returned",
        /// Somebody comes to the roll.
        Added = "added",
        /// A unit is made.
        UnitMade = "unit_made",
        /// A class is made, or taken into use again.
        ClassMade = "class_made",
        /// A unit or class gets its code.
        Code = "code",
    }
}

impl ChangeKind {
    /// For the screen.
    pub fn title(self) -> Words {
        match self {
            Self::Renamed => Words::fixed("姓名变更", "Names that change"),
            Self::Replaced => Words::fixed("由他人接替，原来的人离校", "Replaced: the old holder leaves"),
            Self::Moved => Words::fixed("转班、升级", "Students who change class"),
            Self::Phone => Words::fixed("手机号变更", "Numbers that change"),
            Self::Relation => Words::fixed("与学生的关系变更", "Relations that change"),
            Self::Position => Words::fixed("家长顺序变更", "Order of the parents"),
            Self::GuardianAdded => Words::fixed("新增家长", "Parents added"),
            Self::PostBegins => Words::fixed("新任职务", "Posts that begin"),
            Self::PostMoves => Words::fixed("随班级调整的职务", "Posts that move with their class"),
            Self::Returned => Words::fixed("重新在册", "Back on the roll"),
            Self::Added => Words::fixed("新增人员", "New on the roll"),
            Self::UnitMade => Words::fixed("新建部门", "New units"),
            Self::ClassMade => Words::fixed("新建或重新启用的班级", "Classes made or used again"),
            Self::Code => Words::fixed("代码", "Codes"),
        }
    }
}

/// One change, from what to what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ImportChange {
    /// What kind.
    pub kind: ChangeKind,
    /// Line in the file; 0 where it follows from an answer.
    pub row: u32,
    /// Whom or what it is about.
    pub who: String,
    /// What stands there now; empty where there is nothing.
    pub before: Words,
    /// What will.
    pub after: Words,
}

keyed! {
    /// What a file merely lacks: done only where it is ticked.
    pub enum OfferKind {
        /// A post held now that the file does not name.
        PostEnds = "post_ends",
        /// A member of staff whom the file does not name.
        StaffLeaves = "staff_leaves",
        /// A student whom the file does not name.
        StudentLeaves = "student_leaves",
        /// A guardian whom the file does not name.
        GuardianLeaves = "guardian_leaves",
    }
}

impl OfferKind {
    /// For the screen.
    pub fn title(self) -> Words {
        match self {
            Self::PostEnds => Words::fixed("文件里没有的职务", "Posts that the file does not name"),
            Self::StaffLeaves => Words::fixed("文件里没有的教职工", "Staff whom the file does not name"),
            Self::StudentLeaves => Words::fixed("文件里没有的学生", "Students whom the file does not name"),
            Self::GuardianLeaves => Words::fixed("文件里没有的家长", "Parents whom the file does not name"),
        }
    }

    /// What ticking does.
    pub fn remedy(self) -> Words {
        match self {
            Self::PostEnds => Words::fixed(
                "勾选后免去这一职务；不勾选则保留",
                "Ticked: the post ends. Not ticked: it stays",
            ),
            Self::StaffLeaves => Words::fixed(
                "勾选后办理离校：职务终止，账号停用；不勾选则不变",
                "Ticked: this person leaves, posts end, the account closes. Not ticked: nothing changes",
            ),
            Self::StudentLeaves => Words::fixed(
                "勾选后办理离校，家长不再收到短信；不勾选则不变",
                "Ticked: the student leaves, and the family gets no more SMS. Not ticked: nothing changes",
            ),
            Self::GuardianLeaves => Words::fixed(
                "勾选后这位家长不再收到短信；不勾选则不变",
                "Ticked: this parent gets no more SMS. Not ticked: nothing changes",
            ),
        }
    }
}

/// Something that the file lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Offer {
    /// Stable name: `post:7`, `staff:12`, `student:5`, `guardian:9`, by the id on the roll.
    pub id: String,
    /// What ticking it does.
    pub kind: OfferKind,
    /// Under what it is listed: a class, a post.
    pub group: Words,
    /// Whom it is about.
    pub who: String,
    /// More about it: the post, the student.
    pub what: Words,
}

/// Changes of one file that can be shown and so be made.
pub const MAX_CHANGES: usize = 40_000;
/// Offers that one preview lists.
pub const MAX_OFFERS: usize = 3_000;
/// Bytes of an application: answers, and ticks for all offers.
pub const MAX_APPLY_BYTES: usize = 250_000;

/// `POST /api/roster/imports/{id}/preview` and, with what was shown, `…/apply`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ImportApply {
    /// An answer for every question of the preview.
    pub answers: Vec<Answer>,
    /// An answer for every number that has another name in the file.
    pub persons: Vec<PersonAnswer>,
    /// Ids of the offers that were ticked.
    pub ticked: Vec<String>,
    /// `shown` of the preview: nothing is changed that it did not show.
    pub shown: String,
}

/// A file that was applied, in `GET /api/roster/imports`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ImportView {
    /// Its id.
    pub id: ImportId,
    /// What it is about.
    pub kind: ImportKind,
    /// Name of the person who applied it.
    pub by: String,
    /// When.
    pub applied_at: Instant,
    /// What it did.
    pub counts: ImportCounts,
    /// When it was taken back.
    pub undone_at: Option<Instant>,
    /// Why it cannot be taken back; none where it can.
    pub stays: Option<Words>,
}
