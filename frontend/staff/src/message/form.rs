//! The form of a draft as signals, and the copy that the browser keeps until
//! the Worker has it: what a teacher typed is never lost.

use std::collections::BTreeMap;

use domain::ids::{AppointmentId, ClassId, MessageId, StaffId, StudentId, UnitId};
use domain::message::{Audience, Category, Draft};
use domain::time::Instant;
use leptos::prelude::*;
use leptos::web_sys;

use super::applied::Applied;

pub const CLASSES: &str = "classes";
pub const ALL_GUARDIANS: &str = "all_guardians";
pub const ALL_TEACHERS: &str = "all_teachers";
pub const UNITS: &str = "units";
pub const PARENTS: &str = "parents";
pub const STUDENTS: &str = "students";
pub const WHOLE: &str = "whole";
pub const SOME: &str = "some";
pub const EARLIER: &str = "earlier";
pub const NOW: &str = "now";
pub const LATER: &str = "later";

/// What is being written.
#[derive(Clone, Copy)]
pub struct Form {
    /// [`CLASSES`], [`ALL_GUARDIANS`], [`ALL_TEACHERS`], [`UNITS`] or [`EARLIER`].
    pub audience: RwSignal<String>,
    /// The message that is corrected, with [`EARLIER`].
    pub corrects: RwSignal<Option<MessageId>>,
    /// Ids of the classes chosen.
    pub classes: RwSignal<Vec<String>>,
    /// [`PARENTS`] or [`STUDENTS`]: whose numbers, of the classes.
    pub whose: RwSignal<String>,
    /// [`WHOLE`] or [`SOME`]: of a class that is chosen alone, all or some of its students.
    pub part: RwSignal<String>,
    /// Ids of the students chosen,
    pub students: RwSignal<Vec<String>>,
    /// and of their class: where another one is chosen they no longer count.
    pub students_of: RwSignal<String>,
    /// Ids of the units chosen.
    pub units: RwSignal<Vec<String>>,
    /// The id of the appointment in which it is sent, or empty where the one that fits is taken.
    pub appointment: RwSignal<String>,
    /// A category's key, or empty.
    pub category: RwSignal<String>,
    pub title: RwSignal<String>,
    pub body: RwSignal<String>,
    /// [`NOW`] or [`LATER`].
    pub when: RwSignal<String>,
    /// `2026-09-01T07:30` in Shanghai.
    pub time: RwSignal<String>,
    /// Reasons by rule.
    pub reasons: RwSignal<BTreeMap<String, String>>,
    /// A department's application.
    pub applied: Applied,
}

impl Form {
    /// The form of a draft.
    pub fn of(draft: &Draft) -> Self {
        let form = Self {
            audience: RwSignal::default(),
            corrects: RwSignal::default(),
            classes: RwSignal::default(),
            whose: RwSignal::default(),
            part: RwSignal::default(),
            students: RwSignal::default(),
            students_of: RwSignal::default(),
            units: RwSignal::default(),
            appointment: RwSignal::default(),
            category: RwSignal::default(),
            title: RwSignal::default(),
            body: RwSignal::default(),
            when: RwSignal::default(),
            time: RwSignal::default(),
            reasons: RwSignal::default(),
            applied: Applied::default(),
        };
        form.fill(draft);
        form
    }

    /// Shows another draft in the form.
    pub fn fill(self, draft: &Draft) {
        let (part, of, students) = match &draft.audience {
            Audience::Children { class, students } => {
                (SOME, class.to_string(), students.iter().map(ToString::to_string).collect())
            }
            _ => (WHOLE, String::new(), Vec::new()),
        };
        let to_students = matches!(draft.audience, Audience::Students { .. });
        self.whose.set(if to_students { STUDENTS } else { PARENTS }.to_owned());
        self.part.set(part.to_owned());
        self.students_of.set(of);
        self.students.set(students);
        self.units.set(match &draft.audience {
            Audience::Units { units } => units.iter().map(ToString::to_string).collect(),
            _ => Vec::new(),
        });
        let (audience, classes) = match &draft.audience {
            Audience::Children { class, .. } => (CLASSES, vec![class.to_string()]),
            Audience::Classes { classes } | Audience::Students { classes } => {
                (CLASSES, classes.iter().map(ToString::to_string).collect())
            }
            Audience::Units { .. } => (UNITS, Vec::new()),
            Audience::AllGuardians => (ALL_GUARDIANS, Vec::new()),
            Audience::AllTeachers => (ALL_TEACHERS, Vec::new()),
            Audience::Earlier { .. } => (EARLIER, Vec::new()),
        };
        self.audience.set(audience.to_owned());
        self.classes.set(classes);
        self.corrects.set(draft.audience.corrects());
        self.appointment.set(draft.appointment.map(|id| id.to_string()).unwrap_or_default());
        self.category.set(draft.category.map(Category::key).unwrap_or_default().to_owned());
        self.title.set(draft.title.clone());
        self.body.set(draft.body.clone());
        self.when.set(if draft.send_at.is_some() { LATER } else { NOW }.to_owned());
        self.time.set(draft.send_at.map(Instant::to_local).unwrap_or_default());
        self.reasons.set(draft.reasons.clone());
        self.applied.fill(draft.application.as_ref());
    }

    /// The draft as it stands (reactive).
    pub fn draft(self) -> Draft {
        let corrects = self.corrects.get();
        let audience = self.audience.with(|kind| match kind.as_str() {
            EARLIER if let Some(message) = corrects => Audience::Earlier { message },
            ALL_GUARDIANS => Audience::AllGuardians,
            ALL_TEACHERS => Audience::AllTeachers,
            UNITS => {
                let mut units: Vec<UnitId> =
                    self.units.with(|u| u.iter().filter_map(|id| id.parse().ok()).collect());
                units.sort_unstable();
                Audience::Units { units }
            }
            _ => {
                let mut classes: Vec<ClassId> =
                    self.classes.with(|c| c.iter().filter_map(|id| id.parse().ok()).collect());
                // The order of tapping is no change of the draft.
                classes.sort_unstable();
                match classes.as_slice() {
                    _ if self.whose.with(|w| w == STUDENTS) => Audience::Students { classes },
                    [class] if self.part.with(|p| p == SOME) => {
                        Audience::Children { class: *class, students: self.chosen_of(*class) }
                    }
                    _ => Audience::Classes { classes },
                }
            }
        });
        let later = self.when.with(|w| w == LATER);
        Draft {
            audience,
            appointment: self.appointment.with(|id| id.parse::<AppointmentId>().ok()),
            category: self.category.with(|c| Category::from_key(c)),
            title: self.title.get(),
            body: self.body.get(),
            send_at: self.time.with(|t| Instant::from_local(t)).filter(|_| later),
            reasons: self.reasons.get(),
            application: self.applied.application(),
        }
    }

    /// The students of a class that are chosen (reactive).
    fn chosen_of(self, class: ClassId) -> Vec<StudentId> {
        if self.students_of.with(|of| *of != class.to_string()) {
            return Vec::new();
        }
        let mut students: Vec<StudentId> =
            self.students.with(|s| s.iter().filter_map(|id| id.parse().ok()).collect());
        students.sort_unstable();
        students
    }

    /// Puts a student of a class into the choice, or takes the student out.
    pub fn choose_student(self, class: ClassId, student: StudentId, on: bool) {
        let (class, student) = (class.to_string(), student.to_string());
        self.students.update(|chosen| {
            if self.students_of.with_untracked(|of| *of != class) {
                chosen.clear();
            }
            chosen.retain(|id| *id != student);
            if on {
                chosen.push(student);
            }
        });
        self.students_of.set(class);
    }

    /// «At a time» is chosen and the time is not: sending at once would be
    /// the very opposite of what was meant.
    pub fn lacks_time(self) -> bool {
        self.when.with(|w| w == LATER) && self.time.with(|t| Instant::from_local(t).is_none())
    }
}

/// A copy of a notice as a new one: what was written, to whom and why findings stand; neither its time nor
/// the capacity, which its writer may hold no more. To whom a correction went is not chosen anew.
pub fn copied(draft: &Draft) -> Draft {
    let audience = match draft.audience.corrects() {
        Some(_) => empty_draft().audience,
        None => draft.audience.clone(),
    };
    Draft { audience, send_at: None, appointment: None, ..draft.clone() }
}

/// A draft with nothing in it.
pub fn empty_draft() -> Draft {
    Draft {
        audience: Audience::Classes { classes: Vec::new() },
        appointment: None,
        category: None,
        title: String::new(),
        body: String::new(),
        send_at: None,
        reasons: BTreeMap::new(),
        application: None,
    }
}

/// Whether there is anything worth keeping.
pub fn is_blank(draft: &Draft) -> bool {
    draft.title.trim().is_empty() && draft.body.trim().is_empty()
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

fn key(staff: StaffId, message: Option<MessageId>) -> String {
    match message {
        Some(id) => format!("xiaoxun-draft-{staff}-{id}"),
        None => format!("xiaoxun-draft-{staff}-new"),
    }
}

/// Keeps a copy in this browser.
pub fn keep(staff: StaffId, message: Option<MessageId>, draft: &Draft) {
    if let (Some(storage), Ok(text)) = (storage(), serde_json::to_string(draft)) {
        // A full or forbidden storage leaves the Worker's copy as the only one.
        let _ = storage.set_item(&key(staff, message), &text);
    }
}

/// The copy kept in this browser, if there is one.
pub fn kept(staff: StaffId, message: Option<MessageId>) -> Option<Draft> {
    let text = storage()?.get_item(&key(staff, message)).ok().flatten()?;
    domain::json::parse(text.as_bytes()).ok()
}

/// Forgets the copy: the Worker has it, or nobody wants it.
pub fn forget(staff: StaffId, message: Option<MessageId>) {
    if let Some(storage) = storage() {
        let _ = storage.remove_item(&key(staff, message));
    }
}

/// Forgets the copy where it is what the Worker has just saved; what was
/// typed since stays.
pub fn forget_saved(staff: StaffId, message: Option<MessageId>, saved: &Draft) {
    if kept(staff, message).as_ref() == Some(saved) {
        forget(staff, message);
    }
}
