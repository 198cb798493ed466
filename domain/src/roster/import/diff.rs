//! A file against the roll as it is: who is new, who changes, who stays.
//! Nobody leaves the roll because a file does not name them.

use std::collections::{BTreeSet, HashMap};

use super::on_roll::{Known, OnRoll};
use super::plan::{StaffPlan, StaffRoll};
use super::refs::{ClassRef, Held};
use super::rows::small;
use super::staff::StaffRow;
use super::students::{GuardianEntry, StudentRow};
use crate::ids::{GuardianId, StudentId};
use crate::phone::Phone;
use crate::roster::{ImportCounts, Sameness};

/// What a file does to one person's entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// New to the roll.
    Added,
    /// On the roll, and the entry changes.
    Changed,
    /// On the roll as the file has it.
    Same,
}

/// A student on the roll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollStudent {
    /// Its id.
    pub id: StudentId,
    /// Student number.
    pub number: String,
    /// Name.
    pub name: String,
    /// The class.
    pub class: ClassRef,
    /// Guardians in their order.
    pub guardians: Vec<RollGuardian>,
    /// Whether the student has left.
    pub left: bool,
}

impl OnRoll for RollStudent {
    fn number(&self) -> &str {
        &self.number
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn has_left(&self) -> bool {
        self.left
    }
}

/// A guardian on the roll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollGuardian {
    /// Its id.
    pub id: GuardianId,
    /// Place in the order of the form.
    pub position: usize,
    /// Name.
    pub name: String,
    /// Relation.
    pub relation: String,
    /// What stands for the phone: equal where the number is.
    pub phone: String,
}

/// A file's guardians of one student against the roll's, by their places in both lists.
pub struct Pairs {
    /// For each of the file's, the one on the roll that it is.
    of_file: Vec<Option<usize>>,
    /// Of whom both name and number differ, so that it may be another person: the roll's, the file's.
    pub others: Vec<(usize, usize)>,
    /// On the roll, and in no way in the file.
    missing: Vec<usize>,
}

type Fits<'a> = &'a dyn Fn(&GuardianEntry, &RollGuardian) -> bool;

impl Pairs {
    /// By phone and name, by phone, by name: a guardian with a new number keeps
    /// the entry, so that a message already approved for that guardian reaches
    /// the new number. What is left over on both sides may be another person.
    pub fn of(file: &[GuardianEntry], roll: &[RollGuardian], key: &impl Fn(&Phone) -> String) -> Self {
        let mut of_file: Vec<Option<usize>> = vec![None; file.len()];
        let by_both =
            |new: &GuardianEntry, old: &RollGuardian| new.name == old.name && key(&new.phone) == old.phone;
        let by_phone = |new: &GuardianEntry, old: &RollGuardian| key(&new.phone) == old.phone;
        let by_name = |new: &GuardianEntry, old: &RollGuardian| new.name == old.name;
        let ways: [Fits<'_>; 3] = [&by_both, &by_phone, &by_name];
        for fits in ways {
            for (at, new) in file.iter().enumerate() {
                if of_file[at].is_none() {
                    of_file[at] =
                        (0..roll.len()).find(|old| !of_file.contains(&Some(*old)) && fits(new, &roll[*old]));
                }
            }
        }
        let mut missing: Vec<usize> = (0..roll.len()).filter(|old| !of_file.contains(&Some(*old))).collect();
        let mut others = Vec::new();
        for same_relation in [true, false] {
            for (at, new) in file.iter().enumerate() {
                if of_file[at].is_some() || others.iter().any(|(_, other)| *other == at) {
                    continue;
                }
                let fits = |old: &usize| !same_relation || roll[*old].relation == new.relation;
                if let Some(place) = missing.iter().position(fits) {
                    others.push((missing.remove(place), at));
                }
            }
        }
        others.sort_unstable();
        Self { of_file, others, missing }
    }
}

/// What becomes of a student's guardians.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GuardianMoves {
    /// Entries that change: their place on the roll, and the place in the file's list.
    pub updated: Vec<(usize, usize)>,
    /// Places in the file's list that are new.
    pub added: Vec<usize>,
    /// Entries on the roll whose place another person takes.
    pub replaced: Vec<usize>,
    /// Entries on the roll that the file does not name: they stay until somebody ticks them.
    pub missing: Vec<usize>,
}

impl GuardianMoves {
    /// Whether nothing changes.
    pub fn is_nothing(&self) -> bool {
        self.updated.is_empty() && self.added.is_empty() && self.replaced.is_empty()
    }
}

/// What the file does to a student's guardians, as the office has answered.
pub fn guardians(
    file: &[GuardianEntry],
    roll: &[RollGuardian],
    key: &impl Fn(&Phone) -> String,
    answered: &HashMap<GuardianId, Sameness>,
) -> GuardianMoves {
    let Pairs { mut of_file, others, missing } = Pairs::of(file, roll, key);
    let mut moves = GuardianMoves { missing, ..GuardianMoves::default() };
    let mut left_out = BTreeSet::new();
    for (old, at) in others {
        match answered.get(&roll[old].id) {
            Some(Sameness::Renamed) => of_file[at] = Some(old),
            Some(Sameness::NewPerson) => moves.replaced.push(old),
            Some(Sameness::Mistake) | None => {
                left_out.insert(at);
            }
        }
    }
    for (at, pair) in of_file.iter().enumerate().filter(|(at, _)| !left_out.contains(at)) {
        match pair {
            None => moves.added.push(at),
            Some(old) if !is_same(&roll[*old], &file[at], at, key) => moves.updated.push((*old, at)),
            Some(_) => {}
        }
    }
    moves
}

fn is_same(old: &RollGuardian, new: &GuardianEntry, at: usize, key: &impl Fn(&Phone) -> String) -> bool {
    old.position == at + 1
        && old.name == new.name
        && old.relation == new.relation
        && old.phone == key(&new.phone)
}

/// A row of a student file, whom it means on the roll, and what it does.
pub struct StudentChange<'a> {
    /// The row.
    pub row: &'a StudentRow,
    /// The student on the roll; none for a new one.
    pub known: Option<&'a RollStudent>,
    /// What becomes of the guardians; all are new where the student is.
    pub moves: GuardianMoves,
    /// In short.
    pub change: Change,
}

/// What the file does to each of its students, in its order. `key` makes of a
/// phone what stands for it on the roll.
pub fn students<'a>(
    rows: &'a [StudentRow],
    roll: &'a [RollStudent],
    key: &impl Fn(&Phone) -> String,
    answered: &HashMap<GuardianId, Sameness>,
) -> Vec<StudentChange<'a>> {
    let people = Known::new(roll);
    let change = |row: &'a StudentRow| {
        let known = people.of(&row.number, &row.name);
        let old = known.map(|s| s.guardians.as_slice()).unwrap_or_default();
        let moves = guardians(&row.guardians, old, key, answered);
        let change = match known {
            None => Change::Added,
            Some(s) if !s.left && s.name == row.name && s.class == row.class && moves.is_nothing() => {
                Change::Same
            }
            Some(_) => Change::Changed,
        };
        StudentChange { row, known, moves, change }
    };
    rows.iter().map(change).collect()
}

/// What the plan does to each person of the file, in its order.
pub fn staff(
    rows: &[StaffRow],
    plan: &StaffPlan,
    roll: &StaffRoll,
    key: &impl Fn(&Phone) -> String,
) -> Vec<Change> {
    let people = Known::new(&roll.people);
    let none = BTreeSet::new();
    rows.iter()
        .map(|row| {
            let Some(person) = people.of(&row.number, &row.name) else { return Change::Added };
            let desired: &BTreeSet<Held> = plan.desired.get(&row.number).unwrap_or(&none);
            let same = !person.left
                && person.name == row.name
                && person.phone == row.phone.as_ref().map(key)
                && person.held == *desired;
            if same { Change::Same } else { Change::Changed }
        })
        .collect()
}

/// Posts that begin with the plan: whose, and what.
pub fn begun<'a>(plan: &'a StaffPlan, roll: &StaffRoll) -> Vec<(&'a str, &'a Held)> {
    let now: HashMap<&str, &BTreeSet<Held>> =
        roll.people.iter().filter(|p| !p.left).map(|p| (p.number.as_str(), &p.held)).collect();
    let begun = plan.desired.iter().flat_map(|(number, desired)| {
        let now = now.get(number.as_str()).copied();
        let new = desired.iter().filter(move |held| !now.is_some_and(|now| now.contains(*held)));
        new.map(move |held| (number.as_str(), held))
    });
    begun.collect()
}

/// The counts with the changes in them.
pub fn with_changes(counts: ImportCounts, changes: impl IntoIterator<Item = Change>) -> ImportCounts {
    let mut counts = counts;
    for change in changes {
        match change {
            Change::Added => counts.added += 1,
            Change::Changed => counts.changed += 1,
            Change::Same => counts.same += 1,
        }
    }
    counts
}

/// How many, for the counts.
pub fn number_of(n: usize) -> u32 {
    small(n)
}
