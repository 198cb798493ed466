//! The roll (在册): classes, students, guardians, teachers, and the files they
//! come from (G24, G25, G42).

use serde::{Deserialize, Serialize};

use crate::access::{Appointment, ClassPlace};
use crate::appointment::ComingPost;
use crate::ids::{AppointmentId, ClassId, GuardianId, StaffId, StudentId, UnitId};

use crate::problem::Refusal;
use crate::words::Words;

mod effects;
#[cfg(feature = "import")]
pub mod import;
pub mod people;
mod template;

pub use effects::*;
pub use template::{SAMPLE, template};

use people::{Left, NumberState};

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
    /// That unit's names, from below the school down to it.
    pub path: Vec<String>,
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
    /// Students whose parents no SMS can reach; should be 0.
    pub unreachable: u32,
    /// Students who have a number of their own on the roll.
    #[serde(default)]
    pub own_numbers: u32,
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

    /// Its name, with its unit in front where the name does not tell it: a 2023级1班 stands in every college.
    pub fn full_name(&self) -> String {
        let says_unit = self.path.last().is_none_or(|unit| self.name.starts_with(unit.as_str()));
        if says_unit && self.path.len() < 2 {
            self.name.clone()
        } else {
            let above = self.path.len() - usize::from(says_unit);
            let above: String = self.path.iter().take(above).map(String::as_str).collect();
            format!("{above}{}", self.name)
        }
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
    /// Whether SMS go there.
    pub number: NumberState,
}

/// Somebody who teaches the class (任课教师).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClassTeacher {
    /// The appointment as a subject teacher of the class.
    pub appointment: AppointmentId,
    /// Who.
    pub name: String,
    /// Staff number (教职工号).
    pub number: String,
    /// The subject; may be empty.
    pub subject: String,
    /// Since when it may write to the class's parents; none while it may not.
    pub listed_at: Option<crate::time::Instant>,
}

/// `PUT /api/classes/{id}/teachers`: who of the class's subject teachers may write to its parents
/// (调整能针对本班发布短信的任课教师).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ListTeachers {
    /// Appointments to put on the list.
    pub list: Vec<AppointmentId>,
    /// Appointments to take off it.
    pub strike: Vec<AppointmentId>,
}

impl ListTeachers {
    /// Appointments that one order changes at most; a class has far fewer teachers.
    pub const MAX: usize = 100;

    /// # Errors
    /// Where it names nothing, too many, or one twice.
    pub fn check(&self) -> Result<(), Refusal> {
        let all: Vec<AppointmentId> = self.list.iter().chain(&self.strike).copied().collect();
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        if (1..=Self::MAX).contains(&all.len()) && distinct.len() == all.len() {
            return Ok(());
        }
        Err(Refusal::field(
            "teachers",
            "list",
            Words::fixed("请选择任课教师，每位只选一次", "Choose the subject teachers, each of them once"),
        ))
    }
}

/// The relation of an entry that is the student's own number: parents' messages do not go there, and
/// messages to students go nowhere else.
pub const OWN_NUMBER: &str = "本人";

/// `GET /api/classes/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClassRoll {
    /// The class.
    pub class: ClassView,
    /// Its students by number.
    pub students: Vec<StudentView>,
    /// Students and guardians who left it, newest first; at most [`LEFT_MAX`].
    pub left: Vec<Left>,
    /// Its subject teachers by subject.
    pub teachers: Vec<ClassTeacher>,
    /// Whether the caller may change numbers and take people off the roll.
    pub may_edit: bool,
    /// Whether the caller says who of the subject teachers may write to the parents.
    pub may_list: bool,
}

/// Leavers that a class's roll shows.
pub const LEFT_MAX: u32 = 50;

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
    /// Posts that begin on a later day.
    #[serde(default)]
    pub coming: Vec<ComingPost>,
    /// Whether the account has been activated.
    pub active: bool,
    /// Until when an unused activation slip works.
    pub slip_until: Option<crate::time::Instant>,
}
