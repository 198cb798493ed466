//! What a staff file leaves open, as questions to the office: who answers for
//! an account, who administers, who heads a unit of which the file names no
//! head or several, which departments a leader is in charge of, and who sends
//! for them (G2, G7).

use std::collections::{BTreeSet, HashMap, HashSet};

use super::plan::{StaffPlan, StaffRoll};
use super::refs::{Held, UnitRef};
use super::rows::small;
use super::staff::is_technical;
use crate::access::Post;
use crate::problem::Refusal;
use crate::roster::{Choice, Question};
use crate::school::UnitKind;
use crate::words;
use crate::words::Words;

/// Fewest administrators: neither is alone with the keys.
const ADMINISTRATORS_MIN: usize = 2;
/// Most administrators: few people hold managing rights.
const ADMINISTRATORS_MAX: usize = 5;
/// Questions of one file: more than that nobody answers on a screen.
pub const MAX_QUESTIONS: usize = 200;
/// Choices of all questions of one file together: a preview is kept in one row,
/// and a row of D1 holds 2 MB.
pub const MAX_CHOICES: usize = 6_000;
/// Characters of a choice's label.
const LABEL: usize = 60;

/// A question whose choices are still numbers.
struct Open<'a> {
    id: String,
    words: Words,
    min: usize,
    max: usize,
    from: Vec<&'a str>,
    suggested: Vec<&'a str>,
}

/// People of one unit, each once, by number.
#[derive(Default)]
struct UnitPeople<'a> {
    /// Who holds a post in it, or belongs to it.
    members: Vec<&'a str>,
    /// Who holds the leading post.
    leads: Vec<&'a str>,
    /// Members for more than being an administrator.
    others: Vec<&'a str>,
    /// Who answers for what a department applies for (第一责任人).
    responsible: Vec<&'a str>,
    /// Who sends for it (指派专人).
    senders: Vec<&'a str>,
    /// Whether a post in it is by the regulation that of its account's custodian.
    has_custodian: bool,
}

/// Who is where, found in one pass over everybody.
#[derive(Default)]
struct Index<'a> {
    everyone: Vec<&'a str>,
    managing: Vec<&'a str>,
    administrators: Vec<&'a str>,
    technical: Vec<&'a str>,
    office_directors: Vec<&'a str>,
    units: HashMap<&'a UnitRef, UnitPeople<'a>>,
}

/// Adds a number, once: people are gone through one after the other.
fn add<'a>(list: &mut Vec<&'a str>, number: &'a str) {
    if list.last() != Some(&number) {
        list.push(number);
    }
}

fn is_technical_unit(unit: &UnitRef) -> bool {
    unit.kind() == UnitKind::Department && is_technical(unit.name())
}

impl<'a> Index<'a> {
    fn new(plan: &'a StaffPlan) -> Self {
        let mut index = Self::default();
        for (number, held) in &plan.desired {
            let number = number.as_str();
            index.everyone.push(number);
            for held in held {
                index.add(number, held, plan.lead(&held.unit).0);
            }
            let unit = plan.people.get(number).and_then(|p| p.unit.as_ref());
            if let Some(unit) = unit.filter(|unit| plan.units.contains(*unit)) {
                let people = index.units.entry(unit).or_default();
                add(&mut people.members, number);
                add(&mut people.others, number);
            }
        }
        index
    }

    fn add(&mut self, number: &'a str, held: &'a Held, lead: Post) {
        let unit = &held.unit;
        if unit.kind() != UnitKind::Grade {
            add(&mut self.managing, number);
        }
        if held.post == Post::Administrator {
            add(&mut self.administrators, number);
        }
        if held.post == Post::OfficeDirector {
            add(&mut self.office_directors, number);
        }
        if is_technical_unit(unit) {
            add(&mut self.technical, number);
        }
        let people = self.units.entry(unit).or_default();
        add(&mut people.members, number);
        if held.post == lead {
            add(&mut people.leads, number);
        }
        if held.post == Post::FirstResponsible {
            add(&mut people.responsible, number);
        }
        if held.post == Post::DesignatedSender {
            add(&mut people.senders, number);
        }
        people.has_custodian |= held.post.is_custodian() && held.post != Post::Custodian;
        if held.post != Post::Administrator {
            add(&mut people.others, number);
        }
    }
}

/// Who holds what on the roll now, as far as questions suggest it.
struct Now<'a> {
    administrators: Vec<&'a str>,
    leads: HashMap<&'a UnitRef, &'a str>,
    custodians: HashMap<&'a UnitRef, &'a str>,
    senders: HashMap<&'a UnitRef, &'a str>,
    /// Departments by who is in charge of them.
    in_charge: HashMap<&'a str, Vec<&'a UnitRef>>,
}

impl<'a> Now<'a> {
    fn new(roll: &'a StaffRoll, plan: &StaffPlan) -> Self {
        let mut now = Self {
            administrators: Vec::new(),
            leads: HashMap::new(),
            custodians: HashMap::new(),
            senders: HashMap::new(),
            in_charge: HashMap::new(),
        };
        for person in roll.people.iter().filter(|p| !p.left) {
            for held in &person.held {
                if held.post == Post::Administrator {
                    add(&mut now.administrators, &person.number);
                }
                match held.post {
                    Post::Custodian => {
                        now.custodians.entry(&held.unit).or_insert(&person.number);
                    }
                    Post::DesignatedSender => {
                        now.senders.entry(&held.unit).or_insert(&person.number);
                    }
                    Post::DepartmentLeader => {
                        now.in_charge.entry(&person.number).or_default().push(&held.unit)
                    }
                    _ => {}
                }
                if held.post == plan.lead(&held.unit).0 {
                    now.leads.entry(&held.unit).or_insert(&person.number);
                }
            }
        }
        now
    }
}

impl StaffPlan {
    /// What the file does not say.
    ///
    /// # Errors
    /// Where it is more than anybody could answer: then the file is refused.
    pub fn questions(&self, roll: &StaffRoll) -> Result<Vec<Question>, Refusal> {
        let (index, now) = (Index::new(self), Now::new(roll, self));
        let departments = self.departments(&now);
        let mut open = Vec::new();
        for unit in self.units.iter().filter(|unit| self.asks_custodian(unit, &index)) {
            open.push(self.custodian_question(unit, &index, &now));
        }
        open.push(administrators_question(&index, &now));
        open.extend(self.units.iter().filter_map(|unit| self.head_question(unit, &index, &now)));
        open.extend(
            self.in_charge
                .iter()
                .filter_map(|leader| self.in_charge_question(leader, &departments, &index, &now)),
        );
        open.extend(self.units.iter().filter_map(|unit| sender_question(unit, &index, &now)));
        let n = open.len();
        if n > MAX_QUESTIONS {
            return Err(Refusal::state(
                "too_many_questions",
                words!(
                    "文件没有写明的有 {n} 件事（各部门由谁负责），一次最多 {MAX_QUESTIONS} 件。请先在“职务”一列写上各部门的负责人，或分成几个文件",
                    "The file leaves {n} things open (who heads which unit), at most {MAX_QUESTIONS} at a time: write the heads into the column 职务, or split the file"
                ),
            ));
        }
        for question in &mut open {
            question.widen(&index.everyone);
        }
        let most = most_each(open.iter().map(|q| q.from.len()), MAX_CHOICES);
        Ok(open.into_iter().map(|q| self.question(q, most)).collect())
    }

    /// The departments that a leader can be in charge of, as they are written.
    fn departments<'a>(&'a self, now: &Now<'a>) -> Vec<(String, &'a UnitRef)> {
        let of_roll = now.in_charge.values().flatten().copied();
        let all: BTreeSet<&UnitRef> =
            self.units.iter().chain(of_roll).filter(|unit| unit.kind() == UnitKind::Department).collect();
        all.into_iter().map(|unit| (unit.id(), unit)).collect()
    }

    /// Whether somebody has to be named who answers for a unit's account: at a university the regulation
    /// itself names who, as far as the posts are held.
    fn asks_custodian(&self, unit: &UnitRef, index: &Index<'_>) -> bool {
        match unit.kind() {
            UnitKind::School => !self.is_university,
            UnitKind::Grade => !self.is_within_a_college(unit),
            UnitKind::StudentAffairs | UnitKind::College => {
                !index.units.get(unit).is_some_and(|people| people.has_custodian)
            }
            // A society's teacher is that person.
            UnitKind::Office | UnitKind::Department | UnitKind::Society => false,
        }
    }

    fn choice(&self, open: &str, number: &str) -> Choice {
        if open.starts_with("in_charge:") {
            return Choice { number: number.to_owned(), label: number.chars().take(LABEL).collect() };
        }
        let (name, place) =
            self.people.get(number).map(|p| (p.name.as_str(), p.place.as_str())).unwrap_or_default();
        let place: String =
            if place.is_empty() { number.to_owned() } else { place.chars().take(LABEL / 2).collect() };
        let name: String = name.chars().take(LABEL / 2).collect();
        Choice { number: number.to_owned(), label: format!("{name}（{place}）") }
    }

    fn head_question<'a>(&self, unit: &'a UnitRef, index: &Index<'a>, now: &Now<'a>) -> Option<Open<'a>> {
        let people = index.units.get(unit);
        let heads = people.map(|p| p.leads.as_slice()).unwrap_or_default();
        // A department that applies to send has somebody who answers for it.
        let is_led = people.is_some_and(|p| heads.is_empty() && !p.responsible.is_empty());
        let is_year = unit.kind() == UnitKind::Grade && self.is_within_a_college(unit);
        if heads.len() == 1 || is_led || is_year {
            return None;
        }
        let (zh, en) = if unit.names_its_lead() {
            let title = self.lead(unit).0.title();
            (format!("（{}）", title.zh), format!(" ({})", title.en))
        } else {
            (String::new(), String::new())
        };
        let name = unit.written();
        let (words, from) = if heads.is_empty() {
            let words = words!(
                "名单里没有写{name}的负责人{zh}，由谁担任？",
                "The file names no head of {name}{en}. Who is it?"
            );
            (words, people.map(|p| p.others.clone()).unwrap_or_default())
        } else {
            let n = heads.len();
            let words = words!(
                "名单里{name}的负责人{zh}有 {n} 位，由哪一位负责？",
                "The file names {n} heads of {name}{en}. Which one is it?"
            );
            (words, heads.to_vec())
        };
        let suggested = match now.leads.get(unit) {
            Some(number) => vec![*number],
            None if from.len() == 1 => from.clone(),
            None => Vec::new(),
        };
        Some(Open { id: format!("head:{}", unit.id()), words, min: 1, max: 1, from, suggested })
    }

    fn in_charge_question<'a>(
        &'a self,
        leader: &str,
        departments: &'a [(String, &'a UnitRef)],
        index: &Index<'a>,
        now: &Now<'a>,
    ) -> Option<Open<'a>> {
        let name = &self.people.get(leader)?.name;
        let is_only_one = self.in_charge.len() == 1;
        let mine = now.in_charge.get(leader).map(Vec::as_slice).unwrap_or_default();
        let applies =
            |unit: &UnitRef| index.units.get(unit).is_some_and(|people| !people.responsible.is_empty());
        let is_likely =
            |unit: &UnitRef| mine.contains(&unit) || mine.is_empty() && is_only_one && applies(unit);
        let likely = departments.iter().filter(|(_, unit)| is_likely(unit));
        (!departments.is_empty()).then(|| Open {
            id: format!("in_charge:{leader}"),
            words: words!(
                "{name}是分管校领导，分管哪些部门？这些部门申请发送的信息由其审批",
                "{name} is a school leader in charge of departments. Of which? What they apply to send needs that leader's approval"
            ),
            min: 1,
            max: departments.len(),
            from: departments.iter().map(|(id, _)| id.as_str()).collect(),
            suggested: likely.map(|(id, _)| id.as_str()).collect(),
        })
    }

    fn question(&self, open: Open<'_>, most: usize) -> Question {
        let from: HashSet<&str> = open.from.iter().copied().collect();
        let mut suggested: Vec<&str> = open.suggested.into_iter().filter(|s| from.contains(s)).collect();
        suggested.dedup();
        suggested.truncate(open.max);
        let mut words = open.words;
        let all = open.from.len();
        let listed: Vec<&str> = if all > most {
            let more = words!(
                "（有 {all} 人可选，这里只列出 {most} 人；不在其中的，请写进文件的“职务”一列）",
                " ({all} people could be chosen, {most} are listed: write anybody else into the column 职务)"
            );
            words = Words {
                zh: format!("{}{}", words.zh, more.zh).into(),
                en: format!("{}{}", words.en, more.en).into(),
            };
            let is_suggested: HashSet<&str> = suggested.iter().copied().collect();
            let rest = open.from.into_iter().filter(|n| !is_suggested.contains(n));
            suggested.iter().copied().chain(rest).take(most).collect()
        } else {
            open.from
        };
        let choices = listed.into_iter().map(|n| self.choice(&open.id, n)).collect();
        Question {
            id: open.id,
            words,
            min: small(open.min),
            max: small(open.max),
            choices,
            suggested: suggested.into_iter().map(str::to_owned).collect(),
        }
    }

    fn custodian_question<'a>(&'a self, unit: &'a UnitRef, index: &Index<'a>, now: &Now<'a>) -> Open<'a> {
        let (mut from, lead, words) = if unit.is_school() {
            (
                index.managing.clone(),
                index.office_directors.as_slice(),
                Words::fixed(
                    "学校账号和密码由谁专人负责？没有专人负责就不能发送",
                    "Who answers for the school's account and password? Without that nobody can send",
                ),
            )
        } else {
            let name = unit.written();
            let people = index.units.get(unit);
            (
                people.map(|p| p.members.clone()).unwrap_or_default(),
                people.map(|p| p.leads.as_slice()).unwrap_or_default(),
                words!(
                    "{name}的账号和密码由谁专人负责？没有专人负责就不能发送",
                    "Who answers for the account and password of {name}? Without that it cannot send"
                ),
            )
        };
        let now = now.custodians.get(unit).copied().filter(|n| self.desired.contains_key(*n));
        let mut suggested: Vec<&str> = now.into_iter().collect();
        if let [lead] = lead {
            suggested.push(lead);
        }
        if suggested.is_empty() && from.len() == 1 {
            suggested.clone_from(&from);
        }
        from.extend(now.filter(|n| !from.contains(n)));
        Open { id: format!("custodian:{}", unit.id()), words, min: 1, max: 1, from, suggested }
    }
}

impl<'a> Open<'a> {
    /// Anybody can be chosen where too few would fit.
    fn widen(&mut self, everyone: &[&'a str]) {
        if self.from.len() < self.min {
            self.from = everyone.to_vec();
        }
    }
}

fn administrators_question<'a>(index: &Index<'a>, now: &Now<'a>) -> Open<'a> {
    let (named, now) = (&index.administrators, &now.administrators);
    // Those who are, else those whom the file points to.
    let mut suggested: Vec<&str> = Vec::new();
    if now.len() >= ADMINISTRATORS_MIN {
        suggested.clone_from(now);
    } else {
        let mut seen = HashSet::new();
        suggested.extend(now.iter().chain(named).chain(&index.technical).filter(|n| seen.insert(**n)));
    }
    let mut from = index.managing.clone();
    let mut seen: HashSet<&str> = from.iter().copied().collect();
    from.extend(now.iter().chain(named).filter(|n| seen.insert(**n)));
    Open {
        id: "administrators".to_owned(),
        words: words!(
            "由谁担任系统管理员？至少 {ADMINISTRATORS_MIN} 人：开通账号、监督使用，不能发送和审批",
            "Who are the administrators? At least {ADMINISTRATORS_MIN}: they open accounts and watch over use, and neither send nor approve"
        ),
        min: ADMINISTRATORS_MIN,
        max: ADMINISTRATORS_MAX,
        from,
        suggested,
    }
}

/// Who sends for a department that has somebody to answer for it: not that person.
fn sender_question<'a>(unit: &'a UnitRef, index: &Index<'a>, now: &Now<'a>) -> Option<Open<'a>> {
    let people = index.units.get(unit).filter(|p| !p.responsible.is_empty() && p.senders.is_empty())?;
    let from: Vec<&str> =
        people.members.iter().copied().filter(|n| !people.responsible.contains(n)).collect();
    let name = unit.written();
    let suggested = match now.senders.get(unit) {
        Some(number) => vec![*number],
        None if from.len() == 1 => from.clone(),
        None => Vec::new(),
    };
    (!from.is_empty()).then(|| Open {
        id: format!("sender:{}", unit.id()),
        words: words!(
            "{name}指派谁为专人，负责信息发送？没有指派就不能申请发送",
            "Whom does {name} designate to send? Without that it cannot apply to send"
        ),
        min: 0,
        max: 1,
        from,
        suggested,
    })
}

/// The most choices that each question may have so that all of them together
/// stay within a limit; small questions leave what they do not need to large ones.
fn most_each(sizes: impl Iterator<Item = usize>, limit: usize) -> usize {
    let mut sizes: Vec<usize> = sizes.collect();
    sizes.sort_unstable();
    let mut left = limit;
    for (at, size) in sizes.iter().enumerate() {
        let share = left / (sizes.len() - at);
        if *size > share {
            return share;
        }
        left -= size;
    }
    usize::MAX
}

#[cfg(test)]
mod tests {
    use super::most_each;

    #[test]
    fn choices_are_shared_out() {
        let most = |sizes: &[usize], limit| most_each(sizes.iter().copied(), limit);
        assert_eq!(most(&[], 10), usize::MAX);
        assert_eq!(most(&[3, 3, 4], 10), usize::MAX);
        assert_eq!(most(&[1, 100, 100], 21), 10);
        assert_eq!(most(&[20_000, 20_000, 20_000], 6_000), 2_000);
        for sizes in [[5, 9, 2, 40], [7, 7, 7, 7], [0, 0, 0, 30]] {
            let most = most(&sizes, 20);
            assert!(sizes.iter().map(|n| n.min(&most)).sum::<usize>() <= 20, "{sizes:?} {most}");
        }
    }
}
