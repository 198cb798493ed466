//! Why may I not do this, and who may: the refusals of the rules themselves, asked before anything is
//! tried. Nothing here decides: what is refused comes from [`Person::may_unit`],
//! [`ConfirmBar`] and the rules of the message; who may comes from the same
//! table. Of people it tells the names and posts of those in power, no more.

use serde::{Deserialize, Serialize};

use crate::access::{Action, Person, Post, Reach, grants};
use crate::appointment::{ConfirmBar, may_end_post, may_take_off};
use crate::approval::Holder;
use crate::ids::{StaffId, UnitId};
use crate::words;
use crate::words::Words;

/// Something that the reader cannot do now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WhyNot {
    /// What.
    pub what: Words,
    /// Why the reader cannot.
    pub reason: Words,
    /// Who can, by post; empty where nobody holds such a post.
    pub who: Vec<WhoMay>,
}

/// Those who can, by what lets them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WhoMay {
    /// A post, or what somebody is to the message.
    pub by: Words,
    /// Their names.
    pub names: Vec<String>,
}

/// An appointment that somebody else has to confirm before it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Whose.
    pub staff: StaffId,
    /// The post.
    pub post: Post,
    /// Who gave it.
    pub given_by: StaffId,
    /// Who alone opened the account.
    pub opened_by: Option<StaffId>,
}

/// Some holders by post, in the order of the posts, each name once.
pub fn by_post<'a>(holders: impl IntoIterator<Item = &'a Holder>) -> Vec<WhoMay> {
    let mut held: Vec<(Post, &str)> = holders.into_iter().map(|h| (h.post, h.name.as_str())).collect();
    held.sort_unstable();
    held.dedup();
    let mut all: Vec<(Post, Vec<String>)> = Vec::new();
    for (post, name) in held {
        match all.last_mut() {
            Some((last, names)) if *last == post => names.push(name.to_owned()),
            _ => all.push((post, vec![name.to_owned()])),
        }
    }
    all.into_iter().map(|(post, names)| WhoMay { by: post.title(), names }).collect()
}

/// The holders whose post grants an action for a unit that lies within these; for the school where that is none.
fn granted<'a>(
    holders: &'a [Holder],
    action: Action,
    within: Option<&'a [UnitId]>,
) -> impl Iterator<Item = &'a Holder> {
    holders.iter().filter(move |holder| {
        grants(holder.post).iter().any(|(granted, reach)| {
            *granted == action
                && match (reach, within) {
                    (Reach::School, _) => true,
                    (Reach::Unit, Some(within)) => within.contains(&holder.unit),
                    // A society's teacher stands for the society alone, not for the college around it.
                    (Reach::Unit | Reach::Above | Reach::Class, _) => false,
                }
        })
    })
}

/// Why the table does not grant an action here.
fn not_granted(reader: &Person, action: Action, waiting: &[Post]) -> Words {
    let would = |post: &&Post| grants(**post).iter().any(|(granted, _)| *granted == action);
    if let Some(post) = waiting.iter().find(would) {
        let title = post.title();
        let (zh, en) = (title.zh, title.en);
        return words!(
            "您的任命（{zh}）还没有经第二人确认，确认后才算数",
            "Your appointment ({en}) counts once a second person has confirmed it"
        );
    }
    match reader.reaches(action).next() {
        Some((held, reach)) => {
            let title = held.post.title();
            let (zh, en) = (title.zh, title.en);
            let place = match reach {
                Reach::Class => held.class_name.as_deref().unwrap_or(&held.unit_name),
                Reach::Unit | Reach::Above | Reach::School => &held.unit_name,
            };
            words!(
                "您的岗位（{zh}）只管{place}，这里不在其内",
                "Your post ({en}) reaches {place} only, and this lies outside"
            )
        }
        None => Words::fixed("您的岗位没有这项权限", "None of your posts allows it"),
    }
}

/// What can be done in a unit and for it.
const OF_A_UNIT: [Action; 7] = [
    Action::WriteToClass,
    Action::WriteToAllTeachers,
    Action::ReadMessages,
    Action::ReadRoster,
    Action::EditRoster,
    Action::ManageAccounts,
    Action::EditUnits,
];

/// What a reader cannot do in a unit, which lies within these, itself first. `waiting` are the reader's own
/// appointments that nobody has confirmed.
pub fn of_unit(reader: &Person, within: &[UnitId], holders: &[Holder], waiting: &[Post]) -> Vec<WhyNot> {
    let refused = OF_A_UNIT.into_iter().filter(|action| !reader.may_unit(*action, within));
    refused
        .map(|action| WhyNot {
            what: action.title(),
            reason: not_granted(reader, action, waiting),
            who: by_post(granted(holders, action, Some(within))),
        })
        .collect()
}

/// What who manages accounts cannot do about a member of staff, some of whose appointments wait.
pub fn of_member(reader: &Person, member: StaffId, holders: &[Holder], waiting: &[Waiting]) -> Vec<WhyNot> {
    let others = || granted(holders, Action::ManageAccounts, None).filter(move |h| h.staff != member);
    let mut lines = Vec::new();
    if let Err(refusal) = may_end_post(reader.id, member) {
        let what = Words::fixed("结束此人的任职", "End this person's posts");
        lines.push(WhyNot { what, reason: refusal.words, who: by_post(others()) });
    }
    if let Err(refusal) = may_take_off(reader.id, member) {
        let what = Words::fixed("为此人办理离校", "Take this person off the staff");
        lines.push(WhyNot { what, reason: refusal.words, who: by_post(others()) });
    }
    for one in waiting {
        let bar = |me| ConfirmBar::of(me, one.staff, one.given_by, one.opened_by);
        let Some(barred) = bar(reader.id) else { continue };
        let title = one.post.title();
        let (zh, en) = (title.zh, title.en);
        let seconds = granted(holders, Action::ManageAccounts, None).filter(|h| bar(h.staff).is_none());
        lines.push(WhyNot {
            what: words!("确认任命：{zh}", "Confirm the appointment: {en}"),
            reason: barred.words(),
            who: by_post(seconds),
        });
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Appointment;
    use crate::ids::AppointmentId;
    use crate::time::Instant;

    fn holder(staff: i64, post: Post, unit: i64) -> Holder {
        Holder {
            appointment: AppointmentId(staff * 10),
            staff: StaffId(staff),
            name: format!("人{staff}"),
            post,
            unit: UnitId(unit),
            given_by: StaffId(0),
            confirmed_by: StaffId(0),
            confirmed_at: Instant(0),
            away: Vec::new(),
        }
    }

    fn person(staff: i64, posts: &[(Post, i64)]) -> Person {
        let held = |(post, unit): &(Post, i64)| Appointment {
            id: AppointmentId(1),
            post: *post,
            unit: UnitId(*unit),
            unit_name: format!("部门{unit}"),
            above: None,
            class: None,
            class_name: None,
            subject: None,
            listed: true,
        };
        Person {
            id: StaffId(staff),
            name: String::new(),
            number: String::new(),
            appointments: posts.iter().map(held).collect(),
        }
    }

    /// School 1 over the colleges 2 and 3.
    fn everybody() -> Vec<Holder> {
        vec![
            holder(1, Post::CollegeLeader, 2),
            holder(2, Post::CollegeLeader, 3),
            holder(3, Post::StudentAffairsHead, 1),
            holder(4, Post::Administrator, 1),
            holder(5, Post::Administrator, 1),
        ]
    }

    /// What is told is what the table refuses, and those who are named are those whom it lets: no second table.
    #[test]
    fn the_answer_is_the_tables_own() {
        let within = [UnitId(2), UnitId(1)];
        for post in Post::ALL {
            for unit in [1, 2, 3] {
                let reader = person(9, &[(post, unit)]);
                let refused: Vec<Words> =
                    of_unit(&reader, &within, &everybody(), &[]).into_iter().map(|l| l.what).collect();
                for action in OF_A_UNIT {
                    let is_told = refused.contains(&action.title());
                    assert_eq!(is_told, !reader.may_unit(action, &within), "{post:?} {unit} {action:?}");
                }
            }
        }
        for line in of_unit(&person(9, &[]), &within, &everybody(), &[]) {
            let action = OF_A_UNIT.into_iter().find(|a| a.title() == line.what).expect("an action");
            let named: Vec<String> = line.who.into_iter().flat_map(|who| who.names).collect();
            for h in everybody() {
                let may = person(h.staff.0, &[(h.post, h.unit.0)]).may_unit(action, &within);
                assert_eq!(named.contains(&h.name), may, "{action:?} {}", h.name);
            }
        }
    }

    #[test]
    fn the_reason_is_the_post_the_place_or_the_second_person() {
        let within = [UnitId(2), UnitId(1)];
        let reason = |reader: &Person, waiting: &[Post]| {
            let lines = of_unit(reader, &within, &everybody(), waiting);
            let line = lines.into_iter().find(|l| l.what == Action::ReadRoster.title()).expect("refused");
            (line.reason.zh.into_owned(), line.who.into_iter().flat_map(|w| w.names).collect::<Vec<_>>())
        };
        let (why, who) = reason(&person(2, &[(Post::CollegeLeader, 3)]), &[]);
        assert_eq!(why, "您的岗位（分管学生工作的院领导）只管部门3，这里不在其内");
        assert_eq!(who, ["人3", "人1"]);
        assert_eq!(reason(&person(9, &[(Post::DepartmentHead, 2)]), &[]).0, "您的岗位没有这项权限");
        let (why, _) = reason(&person(9, &[]), &[Post::CollegeLeader]);
        assert_eq!(why, "您的任命（分管学生工作的院领导）还没有经第二人确认，确认后才算数");
    }

    #[test]
    fn about_oneself_and_ones_own_giving_another_decides() {
        let reader = person(4, &[(Post::Administrator, 1)]);
        let lines = of_member(&reader, StaffId(4), &everybody(), &[]);
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().all(|l| l.who[0].names == ["人5"]), "{lines:?}");
        let given = Waiting { staff: StaffId(9), post: Post::Dean, given_by: StaffId(4), opened_by: None };
        let lines = of_member(&reader, StaffId(9), &everybody(), &[given]);
        assert_eq!((lines.len(), lines[0].reason.zh.as_ref()), (1, "由您任命，须由另一位能管理账号的人确认"));
        assert_eq!(lines[0].who[0].names, ["人5"]);
        assert!(
            of_member(&person(5, &[(Post::Administrator, 1)]), StaffId(9), &everybody(), &[given]).is_empty()
        );
    }
}
