//! A file against the roll as it is: who is new, who changes, who stays.
//! Nobody leaves the roll because a file does not name them.

use std::collections::{BTreeSet, HashMap};

use super::plan::{RollPerson, StaffPlan, StaffRoll};
use super::refs::{ClassRef, Held};
use super::rows::small;
use super::staff::StaffRow;
use super::students::{GuardianEntry, StudentRow};
use crate::ids::{GuardianId, StudentId};
use crate::phone::Phone;
use crate::roster::ImportCounts;

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

/// A guardian on the roll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollGuardian {
    /// Its id.
    pub id: GuardianId,
    /// Name.
    pub name: String,
    /// Relation.
    pub relation: String,
    /// What stands for the phone: equal where the number is.
    pub phone: String,
}

/// What becomes of a student's guardians.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GuardianMoves {
    /// Entries that change: the roll's id, and the place in the file's list.
    pub updated: Vec<(GuardianId, usize)>,
    /// Places in the file's list that are new.
    pub added: Vec<usize>,
    /// Entries that the file no longer has.
    pub left: Vec<GuardianId>,
}

/// What the file does to one student. `key` makes of a phone what stands for
/// it on the roll.
pub fn student(row: &StudentRow, roll: Option<&RollStudent>, key: &impl Fn(&Phone) -> String) -> Change {
    let Some(roll) = roll else { return Change::Added };
    let same = !roll.left
        && roll.name == row.name
        && roll.class == row.class
        && roll.guardians.len() == row.guardians.len()
        && roll.guardians.iter().zip(&row.guardians).all(|(old, new)| is_same(old, new, key));
    if same { Change::Same } else { Change::Changed }
}

fn is_same(old: &RollGuardian, new: &GuardianEntry, key: &impl Fn(&Phone) -> String) -> bool {
    old.name == new.name && old.relation == new.relation && old.phone == key(&new.phone)
}

type Fits<'a> = &'a dyn Fn(&GuardianEntry, &RollGuardian) -> bool;

/// Pairs a file's guardians with the roll's: by phone and name, by phone, by
/// name. A guardian with a new number keeps the entry, so that a message
/// already approved for that guardian reaches the new number.
pub fn guardians(
    file: &[GuardianEntry],
    roll: &[RollGuardian],
    key: &impl Fn(&Phone) -> String,
) -> GuardianMoves {
    let mut pairs: Vec<Option<usize>> = vec![None; file.len()];
    let by_both =
        |new: &GuardianEntry, old: &RollGuardian| new.name == old.name && key(&new.phone) == old.phone;
    let by_phone = |new: &GuardianEntry, old: &RollGuardian| key(&new.phone) == old.phone;
    let by_name = |new: &GuardianEntry, old: &RollGuardian| new.name == old.name;
    let ways: [Fits<'_>; 3] = [&by_both, &by_phone, &by_name];
    for fits in ways {
        for (at, new) in file.iter().enumerate() {
            if pairs[at].is_none() {
                pairs[at] =
                    (0..roll.len()).find(|old| !pairs.contains(&Some(*old)) && fits(new, &roll[*old]));
            }
        }
    }
    let mut moves = GuardianMoves::default();
    for (at, pair) in pairs.iter().enumerate() {
        match pair {
            None => moves.added.push(at),
            Some(old) if *old != at || !is_same(&roll[*old], &file[at], key) => {
                moves.updated.push((roll[*old].id, at))
            }
            Some(_) => {}
        }
    }
    moves.left = (0..roll.len()).filter(|old| !pairs.contains(&Some(*old))).map(|old| roll[old].id).collect();
    moves
}

/// What the file does to each of its students, in its order.
pub fn students(rows: &[StudentRow], roll: &[RollStudent], key: &impl Fn(&Phone) -> String) -> Vec<Change> {
    let roll: HashMap<&str, &RollStudent> = roll.iter().map(|s| (s.number.as_str(), s)).collect();
    rows.iter().map(|row| student(row, roll.get(row.number.as_str()).copied(), key)).collect()
}

/// What the plan does to each person of the file, in its order.
pub fn staff(
    rows: &[StaffRow],
    plan: &StaffPlan,
    roll: &StaffRoll,
    key: &impl Fn(&Phone) -> String,
) -> Vec<Change> {
    let people: HashMap<&str, &RollPerson> = roll.people.iter().map(|p| (p.number.as_str(), p)).collect();
    let none = BTreeSet::new();
    rows.iter()
        .map(|row| {
            let Some(person) = people.get(row.number.as_str()) else { return Change::Added };
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
        roll.people.iter().map(|p| (p.number.as_str(), &p.held)).collect();
    let begun = plan.desired.iter().flat_map(|(number, desired)| {
        let now = now.get(number.as_str()).copied();
        let new = desired.iter().filter(move |held| !now.is_some_and(|now| now.contains(*held)));
        new.map(move |held| (number.as_str(), held))
    });
    begun.collect()
}

/// The counts with the changes in them.
pub fn with_changes(counts: ImportCounts, changes: &[Change]) -> ImportCounts {
    let n = |change: Change| small(changes.iter().filter(|c| **c == change).count());
    ImportCounts { added: n(Change::Added), changed: n(Change::Changed), same: n(Change::Same), ..counts }
}
