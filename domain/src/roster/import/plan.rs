//! What a staff file means for the school: its units, its classes, who holds
//! which post; and what the file leaves open, as questions to the office (G2).

use std::collections::{BTreeMap, BTreeSet};

use super::classes::{ClassName, grade_rank};
use super::staff::{StaffRow, is_technical};
use crate::access::Post;
use crate::problem::Refusal;
use crate::roster::{Answer, Choice, Question};
use crate::school::UnitKind;
use crate::words;
use crate::words::Words;

/// Fewest administrators: neither is alone with the keys.
const ADMINISTRATORS_MIN: usize = 2;
/// Most administrators: few people hold managing rights.
const ADMINISTRATORS_MAX: usize = 5;

/// A unit by its name in the file. Ordered as a school lists its units.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum UnitRef {
    /// The school itself.
    School,
    /// 校办室, by the school's own name for it; a school has one.
    Office(String),
    /// 处室.
    Department(String),
    /// 年级.
    Grade(String),
}

impl Ord for UnitRef {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.place().cmp(&other.place())
    }
}

impl PartialOrd for UnitRef {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl UnitRef {
    fn place(&self) -> (u8, usize, &str) {
        match self {
            Self::School => (0, 0, ""),
            Self::Office(name) => (1, 0, name),
            Self::Department(name) => (2, 0, name),
            Self::Grade(name) => (3, grade_rank(name), name),
        }
    }

    /// What it is.
    pub fn kind(&self) -> UnitKind {
        match self {
            Self::School => UnitKind::School,
            Self::Office(_) => UnitKind::Office,
            Self::Department(_) => UnitKind::Department,
            Self::Grade(_) => UnitKind::Grade,
        }
    }

    /// From what the roll stores.
    pub fn of(kind: UnitKind, name: &str) -> Self {
        match kind {
            UnitKind::School => Self::School,
            UnitKind::Office => Self::Office(name.to_owned()),
            UnitKind::Department => Self::Department(name.to_owned()),
            UnitKind::Grade => Self::Grade(name.to_owned()),
        }
    }

    /// Its name; empty for the school.
    pub fn name(&self) -> &str {
        match self {
            Self::School => "",
            Self::Office(name) | Self::Department(name) | Self::Grade(name) => name,
        }
    }

    fn id(&self) -> &str {
        if *self == Self::School { "school" } else { self.name() }
    }

    /// The post that leads it, and the one beside it for those who do not.
    fn posts(&self) -> (Post, Option<Post>) {
        match self {
            Self::School => (Post::Principal, Some(Post::VicePrincipal)),
            Self::Office(_) => (Post::OfficeDirector, Some(Post::OfficeClerk)),
            Self::Department(_) => (Post::DepartmentHead, Some(Post::DepartmentClerk)),
            Self::Grade(_) => (Post::GradeHead, None),
        }
    }
}

/// A post held, by names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Held {
    /// The post.
    pub post: Post,
    /// Where.
    pub unit: UnitRef,
    /// The class, for teachers.
    pub class: Option<String>,
    /// The subject, for subject teachers.
    pub subject: Option<String>,
}

impl Held {
    pub(super) fn plain(post: Post, unit: UnitRef) -> Self {
        Self { post, unit, class: None, subject: None }
    }

    pub(super) fn in_class(post: Post, class: &ClassName, subject: Option<String>) -> Self {
        Self { post, unit: UnitRef::Grade(class.grade.clone()), class: Some(class.name.clone()), subject }
    }
}

/// A member of staff on the roll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollPerson {
    /// Staff number.
    pub number: String,
    /// Name.
    pub name: String,
    /// What stands for the phone: equal where the number is.
    pub phone: Option<String>,
    /// Posts held now.
    pub held: BTreeSet<Held>,
    /// Whether the person has left.
    pub left: bool,
}

/// The staff as they are on the roll before a file is applied.
#[derive(Clone, Debug, Default)]
pub struct StaffRoll {
    /// Everyone, by any order.
    pub people: Vec<RollPerson>,
    /// Custodians now.
    pub custodians: BTreeMap<UnitRef, String>,
    /// The office's name, where there is one: a file that calls it otherwise means the same.
    pub office: Option<String>,
}

/// The school as the file and the answers make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffPlan {
    /// Units that the file names.
    pub units: BTreeSet<UnitRef>,
    /// Classes that the file names, with their grade.
    pub classes: BTreeMap<String, String>,
    /// All posts of everybody, in the file or not.
    pub desired: BTreeMap<String, BTreeSet<Held>>,
    /// Who answers for which unit's account, as answered.
    pub custodians: BTreeMap<UnitRef, String>,
    names: BTreeMap<String, (String, String)>,
}

impl StaffPlan {
    /// What the file alone says. People who are not in it keep their posts.
    pub fn new(rows: &[StaffRow], roll: &StaffRoll) -> Self {
        let here = |held: &Held| {
            let mut held = held.clone();
            if let (UnitRef::Office(name), Some(office)) = (&mut held.unit, &roll.office) {
                name.clone_from(office);
            }
            held
        };
        let mut plan = Self {
            units: BTreeSet::from([UnitRef::School]),
            classes: BTreeMap::new(),
            desired: BTreeMap::new(),
            custodians: BTreeMap::new(),
            names: BTreeMap::new(),
        };
        for person in roll.people.iter().filter(|p| !p.left) {
            plan.desired.insert(person.number.clone(), person.held.clone());
            plan.names.insert(person.number.clone(), (person.name.clone(), String::new()));
        }
        for row in rows {
            let held: BTreeSet<Held> = row.held.iter().map(here).collect();
            for held in &held {
                plan.units.insert(held.unit.clone());
                if let (Some(class), UnitRef::Grade(grade)) = (&held.class, &held.unit) {
                    plan.classes.insert(class.clone(), grade.clone());
                }
            }
            plan.desired.insert(row.number.clone(), held);
            let (department, position) = (&row.department, &row.position);
            plan.names.insert(row.number.clone(), (row.name.clone(), format!("{department}{position}")));
        }
        plan
    }

    fn holders(&self, is: impl Fn(&Held) -> bool) -> Vec<&str> {
        let holders = self.desired.iter().filter(|(_, held)| held.iter().any(&is));
        holders.map(|(number, _)| number.as_str()).collect()
    }

    fn choice(&self, number: &str) -> Choice {
        let (name, place) = self.names.get(number).map(|(n, p)| (n.as_str(), p.as_str())).unwrap_or_default();
        let label =
            if place.is_empty() { format!("{name}（{number}）") } else { format!("{name}（{place}）") };
        Choice { number: number.to_owned(), label }
    }

    fn question(
        &self,
        id: String,
        words: Words,
        counts: (usize, usize),
        from: &[&str],
        suggested: &[&str],
    ) -> Question {
        let everyone: Vec<&str>;
        let from = if from.len() >= counts.0 {
            from
        } else {
            everyone = self.desired.keys().map(String::as_str).collect();
            &everyone
        };
        let mut suggested: Vec<String> =
            suggested.iter().filter(|s| from.contains(s)).map(|s| (*s).to_owned()).collect();
        suggested.dedup();
        suggested.truncate(counts.1);
        Question {
            id,
            words,
            min: super::small(counts.0),
            max: super::small(counts.1),
            choices: from.iter().map(|n| self.choice(n)).collect(),
            suggested,
        }
    }

    /// What the file does not say.
    pub fn questions(&self, roll: &StaffRoll) -> Vec<Question> {
        let mut questions = Vec::new();
        let managing =
            self.holders(|h| matches!(h.unit, UnitRef::School | UnitRef::Office(_) | UnitRef::Department(_)));
        for unit in self.units.iter().filter(|u| matches!(u, UnitRef::School | UnitRef::Grade(_))) {
            questions.push(self.custodian_question(unit, &managing, roll));
        }
        questions.push(self.administrators_question(&managing, roll));
        questions.extend(self.units.iter().filter_map(|unit| self.head_question(unit, roll)));
        questions
    }

    fn custodian_question(&self, unit: &UnitRef, managing: &[&str], roll: &StaffRoll) -> Question {
        let (from, lead, words) = if *unit == UnitRef::School {
            (
                managing.to_vec(),
                self.holders(|h| h.post == Post::OfficeDirector),
                Words::fixed(
                    "学校账号和密码由谁专人负责？没有专人负责就不能发送",
                    "Who answers for the school's account and password? Without that nobody can send",
                ),
            )
        } else {
            let name = unit.name();
            (
                self.holders(|h| h.unit == *unit),
                self.holders(|h| h.unit == *unit && h.post == Post::GradeHead),
                words!(
                    "{name}的账号和密码由谁专人负责？没有专人负责就不能发送",
                    "Who answers for the account and password of {name}? Without that it cannot send"
                ),
            )
        };
        let now = roll.custodians.get(unit).map(String::as_str).filter(|n| self.desired.contains_key(*n));
        let suggested: Vec<&str> =
            now.into_iter().chain(if lead.len() == 1 { lead } else { Vec::new() }).collect();
        let suggested = if suggested.is_empty() && from.len() == 1 { from.clone() } else { suggested };
        let mut from = from;
        from.extend(now.filter(|n| !from.contains(n)));
        self.question(format!("custodian:{}", unit.id()), words, (1, 1), &from, &suggested)
    }

    fn administrators_question(&self, managing: &[&str], roll: &StaffRoll) -> Question {
        let now: Vec<&str> = roll
            .people
            .iter()
            .filter(|p| !p.left && p.held.iter().any(|h| h.post == Post::Administrator))
            .map(|p| p.number.as_str())
            .collect();
        let named = self.holders(|h| h.post == Post::Administrator);
        let technical = self.holders(|h| matches!(&h.unit, UnitRef::Department(name) if is_technical(name)));
        // Those who are, else those whom the file points to.
        let mut suggested: Vec<&str> = if now.len() >= ADMINISTRATORS_MIN { now.clone() } else { Vec::new() };
        if suggested.is_empty() {
            for number in now.iter().chain(&named).chain(&technical) {
                if !suggested.contains(number) {
                    suggested.push(number);
                }
            }
        }
        let mut from: Vec<&str> = managing.to_vec();
        for number in now.iter().chain(&named) {
            if !from.contains(number) {
                from.push(number);
            }
        }
        self.question(
            "administrators".to_owned(),
            words!(
                "由谁担任系统管理员？至少 {ADMINISTRATORS_MIN} 人：开通账号、监督使用，不能发送和审批",
                "Who are the administrators? At least {ADMINISTRATORS_MIN}: they open accounts and watch over use, and neither send nor approve"
            ),
            (ADMINISTRATORS_MIN, ADMINISTRATORS_MAX),
            &from,
            &suggested,
        )
    }

    fn head_question(&self, unit: &UnitRef, roll: &StaffRoll) -> Option<Question> {
        let (lead, _) = unit.posts();
        let heads = self.holders(|h| h.unit == *unit && h.post == lead);
        if heads.len() == 1 {
            return None;
        }
        let title = lead.title();
        let (zh, en) = (title.zh, title.en);
        let name = if *unit == UnitRef::School { "学校" } else { unit.name() };
        let (words, from) = if heads.is_empty() {
            let words = words!(
                "名册里没有写{name}的负责人（{zh}），由谁担任？",
                "The file names no head of {name} ({en}). Who is it?"
            );
            (words, self.holders(|h| h.unit == *unit && h.post != Post::Administrator))
        } else {
            let n = heads.len();
            let words = words!(
                "名册里{name}的负责人（{zh}）有 {n} 位，由哪一位负责？",
                "The file names {n} heads of {name} ({en}). Which one is it?"
            );
            (words, heads)
        };
        let now =
            roll.people.iter().find(|p| !p.left && p.held.iter().any(|h| h.unit == *unit && h.post == lead));
        let suggested: Vec<&str> = match now {
            Some(person) => vec![person.number.as_str()],
            None if from.len() == 1 => from.clone(),
            None => Vec::new(),
        };
        Some(self.question(format!("head:{}", unit.id()), words, (1, 1), &from, &suggested))
    }

    /// The plan with the office's answers in it.
    ///
    /// # Errors
    /// One refusal per question whose answer is missing or not among the
    /// choices; its field is `answers.<question>`.
    pub fn answered(mut self, questions: &[Question], answers: &[Answer]) -> Result<Self, Vec<Refusal>> {
        let mut refusals = Vec::new();
        for question in questions {
            match chosen(question, answers) {
                Ok(chosen) => self.take(&question.id, &chosen),
                Err(words) => refusals.push(Refusal {
                    kind: "answer_missing".into(),
                    words,
                    field: Some(format!("answers.{}", question.id).into()),
                }),
            }
        }
        if refusals.is_empty() { Ok(self) } else { Err(refusals) }
    }

    /// The plan with every suggestion that would do: what a preview counts.
    pub fn suggested(mut self, questions: &[Question]) -> Self {
        for question in questions.iter().filter(|q| q.suggested.len() >= q.min as usize) {
            self.take(&question.id, &question.suggested);
        }
        self
    }

    fn take(&mut self, id: &str, chosen: &[String]) {
        let unit_of = |id: &str| self.units.iter().find(|u| u.id() == id).cloned();
        match id.split_once(':') {
            None => {
                for (number, held) in &mut self.desired {
                    held.retain(|h| h.post != Post::Administrator);
                    if chosen.contains(number) {
                        held.insert(Held::plain(Post::Administrator, UnitRef::School));
                    }
                }
            }
            Some(("custodian", name)) => {
                if let (Some(unit), Some(number)) = (unit_of(name), chosen.first()) {
                    self.custodians.insert(unit.clone(), number.clone());
                    // The school's account is the one that its office works with.
                    let offices: Vec<UnitRef> = self
                        .units
                        .iter()
                        .filter(|u| unit == UnitRef::School && u.kind() == UnitKind::Office)
                        .cloned()
                        .collect();
                    self.custodians.extend(offices.into_iter().map(|office| (office, number.clone())));
                }
            }
            Some((_, name)) => {
                let Some(unit) = unit_of(name) else { return };
                let (lead, beside) = unit.posts();
                for (number, held) in &mut self.desired {
                    let lead = Held::plain(lead, unit.clone());
                    let beside = beside.map(|post| Held::plain(post, unit.clone()));
                    if chosen.contains(number) {
                        held.extend([lead]);
                        held.retain(|h| Some(h) != beside.as_ref());
                    } else if held.remove(&lead) {
                        held.extend(beside);
                    }
                }
            }
        }
    }
}

fn chosen(question: &Question, answers: &[Answer]) -> Result<Vec<String>, Words> {
    let answer =
        answers.iter().find(|a| a.id == question.id).map(|a| a.chosen.as_slice()).unwrap_or_default();
    let mut chosen: Vec<String> = answer.to_vec();
    chosen.sort_unstable();
    chosen.dedup();
    let (min, max) = (question.min, question.max);
    if chosen.len() < min as usize {
        return Err(words!("请至少选 {min} 人", "Choose at least {min}"));
    }
    if chosen.len() > max as usize {
        return Err(words!("最多选 {max} 人", "Choose at most {max}"));
    }
    if !chosen.iter().all(|c| question.choices.iter().any(|o| o.number == *c)) {
        return Err(Words::fixed("请从列出的人里选", "Choose from the people listed"));
    }
    Ok(chosen)
}
