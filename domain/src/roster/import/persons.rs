//! "Same number, other person": a file whose numbers stand for other names
//! than those on the roll. It is asked row by row, since a renaming, a slip in
//! the file and a new person with a freed number look alike, and the wrong one
//! hands over an account, or a family's messages. Many at once are no question
//! but the wrong file.

use std::collections::{HashMap, HashSet};

use super::diff::{self, RollGuardian, RollStudent};
use super::on_roll::{Known, OnRoll, same_name};
use super::plan::{RollPost, StaffRoll};
use super::staff::StaffRow;
use super::students::StudentRow;
use crate::ids::{GuardianId, StaffId, StudentId};
use crate::phone::Phone;
use crate::problem::Refusal;
use crate::roster::{OtherPerson, PersonAnswer, Sameness};
use crate::words;
use crate::words::Words;

/// So many other names are asked about, however small the file is.
const ALWAYS_ASKED: usize = 5;
/// Beyond that a file looks wrong where so many of a hundred known numbers have another name.
const WRONG_SHARE: usize = 10;
/// And in any case where nobody could answer them on a screen.
pub const MAX_OTHERS: usize = 200;

/// The office's answers, by the id of what was asked.
pub struct Given<'a>(HashMap<&'a str, Sameness>);

impl<'a> Given<'a> {
    /// The first answer to each.
    pub fn new(answers: &'a [PersonAnswer]) -> Self {
        let mut given = HashMap::new();
        for answer in answers {
            given.entry(answer.id.as_str()).or_insert(answer.is);
        }
        Self(given)
    }

    fn of(&self, id: &str) -> Option<Sameness> {
        self.0.get(id).copied()
    }
}

/// What was asked and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// All that is asked.
    pub asked: Vec<OtherPerson>,
    /// Of these, ids without an answer: their rows are left out for now.
    pub open: Vec<String>,
    /// Staff who leave because their number passes on: who, and the row.
    pub staff: Vec<(StaffId, u32)>,
    /// Their posts, which end.
    pub posts: Vec<RollPost>,
    /// Students, likewise.
    pub students: Vec<(StudentId, u32)>,
    /// What was answered about guardians.
    pub guardians: HashMap<GuardianId, Sameness>,
}

impl Settled {
    fn ask(&mut self, other: OtherPerson, given: &Given<'_>) -> Sameness {
        let answer = given.of(&other.id);
        if answer.is_none() {
            self.open.push(other.id.clone());
        }
        self.asked.push(other);
        answer.unwrap_or(Sameness::Mistake)
    }

    /// One refusal for each that has no answer.
    pub fn unanswered(&self) -> Vec<Refusal> {
        let refusal = |id: &String| {
            let words = Words::fixed(
                "请说明是改名、填错还是换了人",
                "Say whether it is a new name, a slip, or another person",
            );
            Refusal::field("answer_missing", format!("persons.{id}"), words)
        };
        self.open.iter().map(refusal).collect()
    }

    /// The line of the file in which a number passes on from this person.
    pub fn replaced(&self, id: StaffId) -> bool {
        self.staff.iter().any(|(staff, _)| *staff == id)
    }
}

/// Refuses a file of which too much belongs to other people.
fn looks_wrong(others: usize, known: usize) -> Result<(), Refusal> {
    if others > ALWAYS_ASKED && (others * 100 >= known * WRONG_SHARE || others > MAX_OTHERS) {
        return Err(Refusal::state(
            "wrong_file",
            words!(
                "这看起来不是要导入的文件：有 {others} 个号码在名单上是另外的人。请检查是不是选错了文件，或者号码与姓名错了行",
                "This looks like the wrong file: {others} of its numbers belong to other people on the roll. Is it another school's or year's, or have numbers and names slipped apart?"
            ),
        ));
    }
    Ok(())
}

fn elsewhere(name: &str, number: &str) -> Words {
    words!(
        "名单上的“{name}”用的是 {number}，像是错了行",
        "On the roll {name} has the number {number}: rows may have slipped"
    )
}

/// Settles the rows of a staff file: rows that are a mistake go, whoever is
/// replaced has left.
///
/// # Errors
/// Where it looks like the wrong file.
pub fn staff(
    rows: &mut Vec<StaffRow>,
    roll: &mut StaffRoll,
    given: &Given<'_>,
    key: &impl Fn(&Phone) -> String,
) -> Result<Settled, Refusal> {
    let mut settled = Settled::default();
    let mut left_out = HashSet::new();
    let known = Known::new(&roll.people);
    let found = || rows.iter().filter_map(|row| known.present(&row.number).map(|person| (row, person)));
    let others: Vec<_> = found().filter(|(row, person)| !same_name(&row.name, &person.name)).collect();
    looks_wrong(others.len(), found().count())?;
    if others.is_empty() {
        return Ok(settled);
    }
    let by_name = by_name(&roll.people);
    for (row, person) in others {
        let number = &row.number;
        let mut hints = Vec::new();
        if let Some(other) = by_name.get(row.name.as_str()) {
            hints.push(elsewhere(&row.name, other));
        }
        if row.phone.as_ref().map(key).is_some_and(|new| person.phone.as_ref() == Some(&new)) {
            hints.push(Words::fixed("手机号没有变", "The phone number is the same"));
        }
        let titles = |language: fn(&Words) -> &str| {
            person.held.iter().map(|h| language(&h.post.title()).to_owned()).collect::<Vec<_>>()
        };
        if !person.held.is_empty() {
            let (zh, en) = (titles(|w| &w.zh).join("、"), titles(|w| &w.en).join(", "));
            hints.push(words!("现任职务：{zh}", "Posts held now: {en}"));
        }
        let other = OtherPerson {
            id: format!("staff:{}", person.id),
            row: row.row,
            whose: words!("教职工号 {number}", "Staff number {number}"),
            before: person.name.clone(),
            after: row.name.clone(),
            hints,
        };
        match settled.ask(other, given) {
            Sameness::Renamed => {}
            Sameness::Mistake => {
                left_out.insert(row.row);
            }
            Sameness::NewPerson => settled.staff.push((person.id, row.row)),
        }
    }
    rows.retain(|row| !left_out.contains(&row.row));
    let gone: HashSet<StaffId> = settled.staff.iter().map(|(id, _)| *id).collect();
    for person in roll.people.iter_mut().filter(|p| gone.contains(&p.id)) {
        person.left = true;
    }
    let posts = std::mem::take(&mut roll.appointments);
    (settled.posts, roll.appointments) = posts.into_iter().partition(|post| gone.contains(&post.staff));
    Ok(settled)
}

/// Numbers by the name of who has them; none where a name stands there twice.
fn by_name<T: OnRoll>(people: &[T]) -> HashMap<&str, &str> {
    let mut found: HashMap<&str, Option<&str>> = HashMap::new();
    for person in people.iter().filter(|p| !p.has_left()) {
        found.entry(person.name()).and_modify(|n| *n = None).or_insert(Some(person.number()));
    }
    found.into_iter().filter_map(|(name, number)| Some((name, number?))).collect()
}

/// Settles the rows of a student file, guardians included.
///
/// # Errors
/// Where it looks like the wrong file.
pub fn students(
    rows: &mut Vec<StudentRow>,
    roll: &mut [RollStudent],
    given: &Given<'_>,
    key: &impl Fn(&Phone) -> String,
) -> Result<Settled, Refusal> {
    let mut settled = Settled::default();
    let mut left_out = HashSet::new();
    let known = Known::new(roll);
    let found = || rows.iter().filter_map(|row| known.present(&row.number).map(|student| (row, student)));
    let others: Vec<_> = found().filter(|(row, student)| !same_name(&row.name, &student.name)).collect();
    looks_wrong(others.len(), found().count())?;
    let by_name = if others.is_empty() { HashMap::new() } else { by_name(roll) };
    for (row, student) in others {
        let number = &row.number;
        let mut hints = Vec::new();
        if let Some(other) = by_name.get(row.name.as_str()) {
            hints.push(elsewhere(&row.name, other));
        }
        let is_known = |g: &RollGuardian| row.guardians.iter().any(|new| key(&new.phone) == g.phone);
        if student.guardians.iter().any(is_known) {
            hints.push(Words::fixed("有家长的手机号没有变", "A parent's number is the same"));
        }
        let class = student.class.written();
        hints.push(words!("现在的班级：{class}", "Class now: {class}"));
        let other = OtherPerson {
            id: format!("student:{}", student.id),
            row: row.row,
            whose: words!("学号 {number}", "Student number {number}"),
            before: student.name.clone(),
            after: row.name.clone(),
            hints,
        };
        match settled.ask(other, given) {
            Sameness::Renamed => {}
            Sameness::Mistake => {
                left_out.insert(row.row);
            }
            Sameness::NewPerson => settled.students.push((student.id, row.row)),
        }
    }
    rows.retain(|row| !left_out.contains(&row.row));
    let gone: HashSet<StudentId> = settled.students.iter().map(|(id, _)| *id).collect();
    for student in roll.iter_mut().filter(|s| gone.contains(&s.id)) {
        student.left = true;
    }
    guardians(rows, roll, given, key, &mut settled)?;
    Ok(settled)
}

/// A guardian of whom both name and number differ is another person, or the
/// same one with two corrections: a new number alone keeps the entry.
fn guardians(
    rows: &[StudentRow],
    roll: &[RollStudent],
    given: &Given<'_>,
    key: &impl Fn(&Phone) -> String,
    settled: &mut Settled,
) -> Result<(), Refusal> {
    let known = Known::new(roll);
    let mut others = Vec::new();
    let mut entries = 0;
    for row in rows {
        let Some(student) = known.of(&row.number, &row.name) else { continue };
        entries += student.guardians.len();
        let pairs = diff::Pairs::of(&row.guardians, &student.guardians, key);
        others.extend(pairs.others.into_iter().map(|(old, at)| (row, student, old, at)));
    }
    looks_wrong(others.len(), entries)?;
    for (row, student, old, at) in others {
        let (Some(old), Some(new)) = (student.guardians.get(old), row.guardians.get(at)) else { continue };
        let child = format!("{}（{}）", student.name, student.number);
        let other = OtherPerson {
            id: format!("guardian:{}", old.id),
            row: row.row,
            whose: words!("{child}的家长", "Parent of {child}"),
            before: format!("{}（{}）", old.name, old.relation),
            after: format!("{}（{}）{}", new.name, new.relation, new.phone.masked()),
            hints: vec![Words::fixed("姓名和手机号都不同", "Both name and number differ")],
        };
        let answer = settled.ask(other, given);
        settled.guardians.insert(old.id, answer);
    }
    Ok(())
}
