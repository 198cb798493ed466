//! From what to what: every change that applying a file makes, one by one, so
//! that nothing is changed that a preview did not show.

use std::collections::HashMap;

use serde::Serialize;

use super::diff::{self, Change, StudentChange};
use super::on_roll::{Known, OnRoll};
use super::persons::Settled;
use super::places::PlaceChanges;
use super::plan::{StaffPlan, StaffRoll};
use super::refs::{ClassRef, Held};
use super::staff::StaffRow;
use crate::digest::Digest;
use crate::phone::Phone;
use crate::roster::{ChangeKind, ImportChange, Offer};
use crate::words;
use crate::words::Words;

/// A change as it is found here. The number on the roll lies sealed: what
/// stands for it is told instead, and whoever shows the change opens it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    /// The change.
    pub change: ImportChange,
    /// What stands for the number that changes; `before` is empty then.
    pub old_phone: Option<String>,
}

impl Found {
    fn new(kind: ChangeKind, row: u32, who: String, before: Words, after: Words) -> Self {
        Self { change: ImportChange { kind, row, who, before, after }, old_phone: None }
    }

    fn phone(row: u32, who: String, old: Option<&str>, new: Option<&Phone>) -> Self {
        let after = new.map_or_else(no_number, |phone| Words::name(phone.masked()));
        let before = if old.is_some() { nothing() } else { no_number() };
        let change = ImportChange { kind: ChangeKind::Phone, row, who, before, after };
        Self { change, old_phone: old.map(str::to_owned) }
    }
}

fn nothing() -> Words {
    Words::fixed("", "")
}

fn no_number() -> Words {
    Words::fixed("没有号码", "no number")
}

fn left() -> Words {
    Words::fixed("已离校", "had left")
}

fn joined(all: impl IntoIterator<Item = Words>) -> Words {
    let (zh, en): (Vec<_>, Vec<_>) = all.into_iter().map(|w| (w.zh, w.en)).unzip();
    Words { zh: zh.join("；").into(), en: en.join("; ").into() }
}

fn who<T: OnRoll>(person: &T) -> String {
    named(person.name(), person.number())
}

fn named(name: &str, number: &str) -> String {
    format!("{name}（{number}）")
}

/// A class by its name, with its unit where the name does not tell it.
pub(super) fn class_words(class: &ClassRef) -> String {
    let is_told = class.unit.path().len() == 1 && class.name.starts_with(class.unit.name());
    if is_told { class.name.clone() } else { class.written() }
}

/// A post with its place: `任课教师 七年级1班 语文`.
pub(super) fn post_words(held: &Held) -> Words {
    let place = match &held.class {
        Some(class) => class_words(class),
        None if held.unit.is_school() => String::new(),
        None => held.unit.written(),
    };
    let subject = held.subject.as_deref().unwrap_or_default();
    let tail: String =
        [place.as_str(), subject].iter().filter(|t| !t.is_empty()).map(|t| format!(" {t}")).collect();
    let Words { zh, en } = held.post.title();
    words!("{zh}{tail}", "{en}{tail}")
}

/// What the plan of a staff file changes; `plan` holds no ticks.
pub fn staff(
    rows: &[StaffRow],
    plan: &StaffPlan,
    roll: &StaffRoll,
    settled: &Settled,
    key: &impl Fn(&Phone) -> String,
) -> Vec<Found> {
    let mut found = Vec::new();
    let people = Known::new(&roll.people);
    let by_row: HashMap<u32, &StaffRow> = rows.iter().map(|row| (row.row, row)).collect();
    for person in &roll.people {
        let Some((_, row)) = settled.staff.iter().find(|(id, _)| *id == person.id) else { continue };
        let after = by_row.get(row).map_or("", |row| row.name.as_str());
        found.push(Found::new(
            ChangeKind::Replaced,
            *row,
            who(person),
            joined(person.held.iter().map(post_words)),
            words!("离校，号码归{after}", "leaves; the number passes on to {after}"),
        ));
    }
    let mut begun: HashMap<&str, Vec<&Held>> = HashMap::new();
    for (number, held) in diff::begun(plan, roll) {
        begun.entry(number).or_default().push(held);
    }
    for row in rows {
        let posts = begun.remove(row.number.as_str()).unwrap_or_default();
        let Some(person) = people.of(&row.number, &row.name) else {
            let phone = row.phone.as_ref().map(|p| Words::name(p.masked()));
            let after = joined(posts.into_iter().map(post_words).chain(phone));
            found.push(Found::new(
                ChangeKind::Added,
                row.row,
                named(&row.name, &row.number),
                nothing(),
                after,
            ));
            continue;
        };
        if person.left {
            let after = Words::fixed("重新在册", "on the roll again");
            found.push(Found::new(ChangeKind::Returned, row.row, who(person), left(), after));
        }
        if person.name != row.name {
            let (before, after) = (Words::name(&person.name), Words::name(&row.name));
            found.push(Found::new(ChangeKind::Renamed, row.row, who(person), before, after));
        }
        if person.phone != row.phone.as_ref().map(key) {
            found.push(Found::phone(row.row, who(person), person.phone.as_deref(), row.phone.as_ref()));
        }
        found.extend(posts.into_iter().map(|held| begins(row.row, who(person), &person.held, held)));
    }
    // Posts that an answer gives to people outside the file.
    let mut rest: Vec<_> = begun.into_iter().collect();
    rest.sort_unstable_by_key(|(number, _)| *number);
    for (number, posts) in rest {
        let Some(person) = people.present(number) else { continue };
        found.extend(posts.into_iter().map(|held| begins(0, who(person), &person.held, held)));
    }
    found
}

fn begins<'a>(row: u32, who: String, now: impl IntoIterator<Item = &'a Held>, held: &Held) -> Found {
    match now.into_iter().find(|old| held.is_moved_from(old)) {
        Some(old) => {
            let (before, after) = (Words::name(old.unit.written()), post_words(held));
            Found::new(ChangeKind::PostMoves, row, who, before, after)
        }
        None => Found::new(ChangeKind::PostBegins, row, who, nothing(), post_words(held)),
    }
}

/// What a student file changes, ticks apart.
pub fn students(
    changes: &[StudentChange<'_>],
    roll: &[super::diff::RollStudent],
    settled: &Settled,
    key: &impl Fn(&Phone) -> String,
) -> Vec<Found> {
    let mut found = Vec::new();
    let by_row: HashMap<u32, &str> = changes.iter().map(|c| (c.row.row, c.row.name.as_str())).collect();
    for student in roll {
        let Some((_, row)) = settled.students.iter().find(|(id, _)| *id == student.id) else { continue };
        let after = by_row.get(row).copied().unwrap_or_default();
        found.push(Found::new(
            ChangeKind::Replaced,
            *row,
            who(student),
            Words::name(class_words(&student.class)),
            words!("离校，学号归{after}", "leaves; the number passes on to {after}"),
        ));
    }
    for StudentChange { row, known, moves, change } in changes {
        let guardian = |at: &usize| row.guardians.get(*at);
        let Some(student) = known else {
            let guardians = row.guardians.iter().map(guardian_words);
            let after = joined(std::iter::once(Words::name(class_words(&row.class))).chain(guardians));
            found.push(Found::new(
                ChangeKind::Added,
                row.row,
                named(&row.name, &row.number),
                nothing(),
                after,
            ));
            continue;
        };
        if *change == Change::Same {
            continue;
        }
        let child = || who(*student);
        if student.left {
            let after = Words::name(class_words(&row.class));
            found.push(Found::new(ChangeKind::Returned, row.row, child(), left(), after));
        }
        if student.name != row.name {
            let (before, after) = (Words::name(&student.name), Words::name(&row.name));
            found.push(Found::new(ChangeKind::Renamed, row.row, child(), before, after));
        }
        if student.class != row.class {
            let (before, after) = (class_words(&student.class), class_words(&row.class));
            found.push(Found::new(
                ChangeKind::Moved,
                row.row,
                child(),
                Words::name(before),
                Words::name(after),
            ));
        }
        for (old, at) in &moves.updated {
            let (Some(old), Some(new)) = (student.guardians.get(*old), guardian(at)) else { continue };
            let parent = || format!("{}的家长{}", who(*student), old.name);
            let changed = |kind, before: &str, after: &str| {
                let (before, after) = (Words::name(before), Words::name(after));
                Found::new(kind, row.row, parent(), before, after)
            };
            if old.name != new.name {
                found.push(changed(ChangeKind::Renamed, &old.name, &new.name));
            }
            if old.relation != new.relation {
                found.push(changed(ChangeKind::Relation, &old.relation, &new.relation));
            }
            if old.phone != key(&new.phone) {
                found.push(Found::phone(row.row, parent(), Some(&old.phone), Some(&new.phone)));
            }
            if old.position != at + 1 {
                let (before, after) = (old.position.to_string(), (at + 1).to_string());
                found.push(changed(ChangeKind::Position, &before, &after));
            }
        }
        for old in moves.replaced.iter().filter_map(|old| student.guardians.get(*old)) {
            let before = format!("{}（{}）", old.name, old.relation);
            let after = Words::fixed("不再接收短信", "gets no more SMS");
            found.push(Found::new(ChangeKind::Replaced, row.row, child(), Words::name(before), after));
        }
        for new in moves.added.iter().filter_map(guardian) {
            found.push(Found::new(
                ChangeKind::GuardianAdded,
                row.row,
                child(),
                nothing(),
                guardian_words(new),
            ));
        }
    }
    found
}

fn guardian_words(guardian: &super::students::GuardianEntry) -> Words {
    Words::name(format!("{}（{}）{}", guardian.name, guardian.relation, guardian.phone.masked()))
}

/// Units and classes that a file makes, and codes that it gives.
pub fn places(changes: &PlaceChanges, revived: &[ClassRef], coded: &[(String, String)]) -> Vec<Found> {
    let mut found = Vec::new();
    let coded_words = |code: &Option<String>| {
        code.as_ref().map_or_else(nothing, |code| words!("代码 {code}", "code {code}"))
    };
    for (unit, code) in &changes.units {
        found.push(Found::new(ChangeKind::UnitMade, 0, unit.written(), nothing(), coded_words(code)));
    }
    for (class, code) in &changes.classes {
        found.push(Found::new(ChangeKind::ClassMade, 0, class.written(), nothing(), coded_words(code)));
    }
    for class in revived {
        let (before, after) = (Words::fixed("已停用", "archived"), Words::fixed("重新启用", "in use again"));
        found.push(Found::new(ChangeKind::ClassMade, 0, class.written(), before, after));
    }
    for (name, code) in coded {
        found.push(Found::new(ChangeKind::Code, 0, name.clone(), nothing(), Words::name(code)));
    }
    found
}

/// Stands for what a preview shows: whoever applies the file names it, and
/// what would change otherwise by then is not applied.
pub fn shown(changes: &[Found], offers: &[Offer]) -> String {
    Digest::of(&(changes, offers)).to_hex()
}
