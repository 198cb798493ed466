//! What a staff file means for the school: its units, its classes, who holds
//! which post, with the office's answers to what the file leaves open (G2).

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::on_roll::OnRoll;
use super::refs::{ClassRef, Held, UnitRef};
use super::staff::StaffRow;
use crate::access::Post;
use crate::ids::{AppointmentId, StaffId};
use crate::problem::Refusal;
use crate::roster::{Answer, Question};
use crate::school::UnitKind;
use crate::words;
use crate::words::Words;

/// A member of staff on the roll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollPerson {
    /// Whose entry it is.
    pub id: StaffId,
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

impl OnRoll for RollPerson {
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

/// A post in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollPost {
    /// Which appointment.
    pub id: AppointmentId,
    /// Whose.
    pub staff: StaffId,
    /// Whose staff number.
    pub number: String,
    /// What.
    pub held: Held,
}

/// The staff as they are on the roll before a file is applied.
#[derive(Clone, Debug, Default)]
pub struct StaffRoll {
    /// Everyone, by any order.
    pub people: Vec<RollPerson>,
    /// All posts in force.
    pub appointments: Vec<RollPost>,
}

/// The school as the file and the answers make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffPlan {
    /// Units that the file names.
    pub units: BTreeSet<UnitRef>,
    /// Classes that the file names.
    pub classes: BTreeSet<ClassRef>,
    /// All posts of everybody, in the file or not.
    pub desired: BTreeMap<String, BTreeSet<Held>>,
    /// Who is in charge of departments (分管校领导), by staff number.
    pub(super) in_charge: BTreeSet<String>,
    /// Whether the school is a university: 学生处 and colleges send, each on its level (校院两级).
    pub(super) is_university: bool,
    /// By staff number, everybody in the file or on the roll.
    pub(super) people: BTreeMap<String, Planned>,
}

/// A person as questions name one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Planned {
    pub name: String,
    /// `校办室主任`, as the file has it; empty for people who are not in it.
    pub place: String,
    /// The unit that the person belongs to, also without a post there.
    pub unit: Option<UnitRef>,
}

impl StaffPlan {
    /// What the file alone says. People who are not in it keep their posts.
    pub fn new(rows: &[StaffRow], roll: &StaffRoll) -> Self {
        let mut plan = Self {
            units: BTreeSet::from([UnitRef::school()]),
            classes: BTreeSet::new(),
            desired: BTreeMap::new(),
            in_charge: BTreeSet::new(),
            is_university: false,
            people: BTreeMap::new(),
        };
        for person in roll.people.iter().filter(|p| !p.left) {
            plan.desired.insert(person.number.clone(), person.held.clone());
            let planned = Planned { name: person.name.clone(), place: String::new(), unit: None };
            plan.people.insert(person.number.clone(), planned);
        }
        // Most rows name a unit that the row above has named.
        let (mut units, mut classes) = (HashSet::new(), HashSet::new());
        for row in rows {
            for held in &row.held {
                units.insert(&held.unit);
                classes.extend(&held.class);
            }
            // A level that sends is asked about even where the file gives nobody a post in it.
            units.extend(row.unit.as_ref().filter(|unit| is_level(unit)));
            if row.in_charge {
                plan.in_charge.insert(row.number.clone());
            }
            units.extend(&row.colleges);
            plan.desired.insert(row.number.clone(), row.held.clone());
            let place = format!("{}{}", row.department, row.position);
            let planned = Planned { name: row.name.clone(), place, unit: row.unit.clone() };
            plan.people.insert(row.number.clone(), planned);
        }
        plan.units.extend(units.into_iter().cloned());
        plan.classes.extend(classes.into_iter().cloned());
        let held = plan.desired.values().flatten().map(|held| &held.unit);
        plan.is_university = plan.units.iter().chain(held).any(is_level);
        plan
    }

    /// Whether a unit is a college's year group: that has no head and no account.
    pub(super) fn is_within_a_college(&self, unit: &UnitRef) -> bool {
        let mut above = (1..unit.path().len()).map(|length| &unit.path()[..length]);
        above.any(|path| self.units.contains(&UnitRef::new(UnitKind::College, path)))
    }

    /// The post that leads a unit, and the one beside it. A university's school level is led by 主管校领导.
    pub(super) fn lead(&self, unit: &UnitRef) -> (Post, Option<Post>) {
        if self.is_university && unit.is_school() { (Post::LeaderInCharge, None) } else { unit.posts() }
    }

    /// Whether the person still holds the post once the plan is applied.
    pub fn keeps(&self, number: &str, held: &Held) -> bool {
        self.desired.get(number).is_some_and(|desired| desired.contains(held))
    }

    /// Whether the person gets this very post in the unit into which its class was moved.
    pub(super) fn moves(&self, number: &str, held: &Held) -> bool {
        self.desired.get(number).is_some_and(|desired| desired.iter().any(|new| new.is_moved_from(held)))
    }

    /// The plan in which every post goes on that nobody ticked: a file or an
    /// answer gives posts, it takes none. Who goes on leading a unit gets no
    /// lesser post beside it.
    #[must_use]
    pub fn kept(mut self, roll: &StaffRoll, ticked: &HashSet<AppointmentId>) -> Self {
        let stays = |post: &&RollPost| !ticked.contains(&post.id) && !self.moves(&post.number, &post.held);
        let kept: Vec<&RollPost> = roll.appointments.iter().filter(stays).collect();
        for RollPost { number, held, .. } in &kept {
            let (lead, beside) = held.unit.posts();
            if held.post == lead {
                self.change(number, |desired| {
                    if !desired.contains(held) {
                        desired.retain(|new| Some(new.post) != beside || new.unit != held.unit);
                    }
                });
            }
        }
        for RollPost { number, held, .. } in kept {
            self.change(number, |desired| {
                desired.insert(held.clone());
            });
        }
        self
    }

    /// The plan without those who leave.
    #[must_use]
    pub fn without(mut self, roll: &StaffRoll, leaving: &HashSet<StaffId>) -> Self {
        for person in roll.people.iter().filter(|p| !p.left && leaving.contains(&p.id)) {
            self.desired.remove(&person.number);
        }
        self
    }

    /// The plan with the office's answers in it.
    ///
    /// # Errors
    /// One refusal per question whose answer is missing or not among the
    /// choices; its field is `answers.<question>`.
    pub fn answered(mut self, questions: &[Question], answers: &[Answer]) -> Result<Self, Vec<Refusal>> {
        let mut given: HashMap<&str, &[String]> = HashMap::new();
        for answer in answers {
            given.entry(&answer.id).or_insert(&answer.chosen);
        }
        let mut holders = Holders::new(&self);
        let mut refusals = Vec::new();
        for question in questions {
            match chosen(question, given.get(question.id.as_str()).copied().unwrap_or_default()) {
                Ok(chosen) => self.take(&question.id, &chosen, &mut holders),
                Err(words) => {
                    let field = format!("answers.{}", question.id);
                    refusals.push(Refusal::field("answer_missing", field, words));
                }
            }
        }
        if refusals.is_empty() { Ok(self) } else { Err(refusals) }
    }

    /// The plan with the answers given so far, and where there is none with
    /// the suggestion, if that would do: what a preview shows.
    pub fn suggested(mut self, questions: &[Question], answers: &[Answer]) -> Self {
        let mut given: HashMap<&str, &[String]> = HashMap::new();
        for answer in answers {
            given.entry(&answer.id).or_insert(&answer.chosen);
        }
        let mut holders = Holders::new(&self);
        for question in questions {
            let answer = given.get(question.id.as_str()).copied().unwrap_or(&question.suggested);
            if let Ok(chosen) = chosen(question, answer) {
                self.take(&question.id, &chosen, &mut holders);
            }
        }
        self
    }

    fn take(&mut self, id: &str, chosen: &[String], holders: &mut Holders) {
        match id.split_once(':') {
            None => {
                let administrator = Held::plain(Post::Administrator, UnitRef::school());
                for number in std::mem::take(&mut holders.administrators) {
                    self.change(&number, |held| held.retain(|h| h.post != Post::Administrator));
                }
                for number in chosen {
                    self.change(number, |held| {
                        held.insert(administrator.clone());
                    });
                }
            }
            Some(("custodian", id)) => {
                if let (Some(unit), Some(number)) = (holders.units.get(id), chosen.first()) {
                    // The school's account is the one that its office works with.
                    let offices =
                        self.units.iter().filter(|u| unit.is_school() && u.kind() == UnitKind::Office);
                    let units: Vec<UnitRef> = offices.chain([unit]).cloned().collect();
                    for held in units.into_iter().map(|unit| Held::plain(Post::Custodian, unit)) {
                        for former in holders.custodians.remove(&held.unit).unwrap_or_default() {
                            self.change(&former, |desired| {
                                desired.remove(&held);
                            });
                        }
                        self.change(number, |desired| {
                            desired.insert(held);
                        });
                    }
                }
            }
            Some(("in_charge", number)) => {
                let departments: Vec<Held> = chosen
                    .iter()
                    .filter_map(|id| holders.units.get(id))
                    .map(|unit| Held::plain(Post::DepartmentLeader, unit.clone()))
                    .collect();
                self.change(number, |held| {
                    held.retain(|held| held.post != Post::DepartmentLeader);
                    held.extend(departments);
                });
            }
            Some(("sender", id)) => {
                if let (Some(unit), Some(number)) = (holders.units.get(id), chosen.first()) {
                    let sender = Held::plain(Post::DesignatedSender, unit.clone());
                    self.change(number, |held| {
                        held.insert(sender);
                    });
                }
            }
            Some((_, id)) => {
                let Some(unit) = holders.units.get(id) else { return };
                let (lead, beside) = self.lead(unit);
                let lead = Held::plain(lead, unit.clone());
                let beside = beside.map(|post| Held::plain(post, unit.clone()));
                for number in holders.leads.remove(unit).unwrap_or_default() {
                    self.change(&number, |held| {
                        if !chosen.contains(&number) && held.remove(&lead) {
                            held.extend(beside.clone());
                        }
                    });
                }
                for number in chosen {
                    self.change(number, |held| {
                        held.insert(lead.clone());
                        held.retain(|h| Some(h) != beside.as_ref());
                    });
                }
            }
        }
    }

    fn change(&mut self, number: &str, change: impl FnOnce(&mut BTreeSet<Held>)) {
        if let Some(held) = self.desired.get_mut(number) {
            change(held);
        }
    }
}

/// Whether a unit is one of the two levels that send at a university.
fn is_level(unit: &UnitRef) -> bool {
    matches!(unit.kind(), UnitKind::StudentAffairs | UnitKind::College)
}

/// Who holds the posts that answers give and take, found once for all of them:
/// a large file has hundreds of questions.
struct Holders {
    units: HashMap<String, UnitRef>,
    leads: HashMap<UnitRef, Vec<String>>,
    custodians: HashMap<UnitRef, Vec<String>>,
    administrators: Vec<String>,
}

impl Holders {
    fn new(plan: &StaffPlan) -> Self {
        // A leader can be in charge of departments that the file does not name.
        let on_roll: HashSet<&UnitRef> = plan.desired.values().flatten().map(|held| &held.unit).collect();
        let mut holders = Self {
            units: on_roll.into_iter().chain(&plan.units).map(|u| (u.id(), u.clone())).collect(),
            leads: HashMap::new(),
            custodians: HashMap::new(),
            administrators: Vec::new(),
        };
        for (number, held) in &plan.desired {
            for held in held {
                if held.post == plan.lead(&held.unit).0 {
                    holders.leads.entry(held.unit.clone()).or_default().push(number.clone());
                }
                if held.post == Post::Custodian {
                    holders.custodians.entry(held.unit.clone()).or_default().push(number.clone());
                }
                if held.post == Post::Administrator {
                    holders.administrators.push(number.clone());
                }
            }
        }
        holders
    }
}

fn chosen(question: &Question, answer: &[String]) -> Result<Vec<String>, Words> {
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
    // At most as many as a question has answers, so that no index is needed.
    if !chosen.iter().all(|c| question.choices.iter().any(|o| o.number == *c)) {
        return Err(Words::fixed("请从列出的人里选", "Choose from the people listed"));
    }
    Ok(chosen)
}
