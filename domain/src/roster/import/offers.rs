//! What a file merely lacks. A list may be a part of the school, or last
//! year's; so a post that it does not name goes on and a person whom it does
//! not name stays, unless somebody ticks exactly that.

use std::collections::HashSet;

use super::changes::{class_words, post_words};
use super::diff::{RollStudent, StudentChange};
use super::plan::{StaffPlan, StaffRoll};
use super::refs::Held;
use crate::access::Post;
use crate::ids::{AppointmentId, GuardianId, StaffId, StudentId};
use crate::problem::Refusal;
use crate::roster::{Offer, OfferKind};
use crate::words;
use crate::words::Words;

/// What was ticked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ticked {
    /// Posts that end.
    pub posts: HashSet<AppointmentId>,
    /// Staff who leave.
    pub staff: HashSet<StaffId>,
    /// Students who leave.
    pub students: HashSet<StudentId>,
    /// Guardians who leave.
    pub guardians: HashSet<GuardianId>,
}

impl Ticked {
    /// Reads what was ticked; it has to be among the offers.
    ///
    /// # Errors
    /// Where something was ticked that was not offered.
    pub fn read(ticked: &[String], offers: &[Offer]) -> Result<Self, Refusal> {
        let offered: HashSet<&str> = offers.iter().map(|o| o.id.as_str()).collect();
        let mut read = Self::default();
        for id in ticked {
            let unknown = || {
                Refusal::field(
                    "not_offered",
                    "ticked",
                    Words::fixed(
                        "勾选的内容不在预览里，请重新核对",
                        "Something was ticked that was not offered: look again",
                    ),
                )
            };
            let (kind, number) =
                id.split_once(':').filter(|_| offered.contains(id.as_str())).ok_or_else(unknown)?;
            let number: i64 = number.parse().map_err(|_| unknown())?;
            match kind {
                "post" => read.posts.insert(AppointmentId(number)),
                "staff" => read.staff.insert(StaffId(number)),
                "student" => read.students.insert(StudentId(number)),
                _ => read.guardians.insert(GuardianId(number)),
            };
        }
        Ok(read)
    }

    /// Refuses where somebody who leaves was chosen for something, or is the person at the screen.
    ///
    /// # Errors
    /// One for each.
    pub fn agrees(&self, plan: &StaffPlan, roll: &StaffRoll, by: StaffId) -> Result<(), Vec<Refusal>> {
        let mut refusals = Vec::new();
        for person in roll.people.iter().filter(|p| self.staff.contains(&p.id)) {
            let name = &person.name;
            let gains =
                plan.desired.get(&person.number).is_some_and(|d| d.iter().any(|h| !person.held.contains(h)));
            if gains {
                let words = words!(
                    "{name}勾选了离校，却又被选为负责人，请改一处",
                    "{name} is ticked as leaving, and chosen for something: change one of the two"
                );
                refusals.push(Refusal::field("leaves_and_chosen", "ticked", words));
            }
        }
        if self.staff.contains(&by) {
            refusals.push(own_leaving());
        }
        if refusals.is_empty() { Ok(()) } else { Err(refusals) }
    }
}

/// Nobody signs off by a file of one's own: the office would be without a key.
pub fn own_leaving() -> Refusal {
    Refusal::field(
        "own_leaving",
        "ticked",
        Words::fixed(
            "不能在自己导入的名单里给自己办理离校，请由同事办理",
            "You cannot leave by your own import: ask a colleague",
        ),
    )
}

/// What a staff file lacks. `named` are all numbers that stand in it, also in rows that are left out.
pub fn staff(plan: &StaffPlan, roll: &StaffRoll, named: &HashSet<String>) -> Vec<Offer> {
    let mut offers = Vec::new();
    // Custody passes on by itself, when the next custodian is confirmed.
    let custodians = plan.desired.values().flatten().filter(|held| held.post == Post::Custodian);
    let passes_on: HashSet<_> = custodians.map(|held| &held.unit).collect();
    for held in &roll.appointments {
        if held.held.post == Post::Custodian && passes_on.contains(&held.held.unit) {
            continue;
        }
        let ends = plan.desired.get(&held.number).is_some_and(|d| !d.contains(&held.held))
            && !plan.moves(&held.number, &held.held);
        let Some(person) = plan.people.get(&held.number).filter(|_| ends) else { continue };
        offers.push(Offer {
            id: format!("post:{}", held.id),
            kind: OfferKind::PostEnds,
            group: held.held.post.title(),
            who: format!("{}（{}）", person.name, held.number),
            what: ending(plan, &held.number, &held.held),
        });
    }
    let mut absent: Vec<_> = roll.people.iter().filter(|p| !p.left && !named.contains(&p.number)).collect();
    absent.sort_by_key(|p| (p.held.first().map(|h| h.post), p.number.as_str()));
    for person in absent {
        let group =
            person.held.first().map_or_else(|| Words::fixed("没有职务", "No post"), |h| h.post.title());
        let posts: Vec<Words> = person.held.iter().map(post_words).collect();
        let (zh, en): (Vec<_>, Vec<_>) = posts.into_iter().map(|w| (w.zh, w.en)).unzip();
        offers.push(Offer {
            id: format!("staff:{}", person.id),
            kind: OfferKind::StaffLeaves,
            group,
            who: format!("{}（{}）", person.name, person.number),
            what: Words { zh: zh.join("；").into(), en: en.join("; ").into() },
        });
    }
    offers
}

/// A post that would end; who led a unit and does not any more may get the lesser post in its stead.
fn ending(plan: &StaffPlan, number: &str, held: &Held) -> Words {
    let words = post_words(held);
    let (lead, beside) = held.unit.posts();
    let lesser = plan.desired.get(number).and_then(|desired| {
        desired.iter().find(|new| held.post == lead && Some(new.post) == beside && new.unit == held.unit)
    });
    let Some(lesser) = lesser.map(post_words) else { return words };
    Words {
        zh: format!("{} → {}", words.zh, lesser.zh).into(),
        en: format!("{} → {}", words.en, lesser.en).into(),
    }
}

/// What a student file lacks; as for the staff.
pub fn students(changes: &[StudentChange<'_>], roll: &[RollStudent], named: &HashSet<String>) -> Vec<Offer> {
    let mut offers = Vec::new();
    for change in changes {
        let Some(student) = change.known else { continue };
        let missing = change.moves.missing.iter().filter_map(|at| student.guardians.get(*at));
        for guardian in missing {
            let (name, number) = (&student.name, &student.number);
            offers.push(Offer {
                id: format!("guardian:{}", guardian.id),
                kind: OfferKind::GuardianLeaves,
                group: Words::name(class_words(&change.row.class)),
                who: format!("{}（{}）", guardian.name, guardian.relation),
                what: words!("{name}（{number}）的家长", "Parent of {name} ({number})"),
            });
        }
    }
    let mut absent: Vec<_> = roll.iter().filter(|s| !s.left && !named.contains(&s.number)).collect();
    absent.sort_by(|a, b| (&a.class, &a.number).cmp(&(&b.class, &b.number)));
    for student in absent {
        offers.push(Offer {
            id: format!("student:{}", student.id),
            kind: OfferKind::StudentLeaves,
            group: Words::name(class_words(&student.class)),
            who: format!("{}（{}）", student.name, student.number),
            what: Words::name(class_words(&student.class)),
        });
    }
    offers
}
