//! Moving and closing a unit. Where a unit lies says who decides for it and who
//! sees what it sends, and a closed one sends no more; so each takes two people,
//! and the second one reads what would follow.

use serde::{Deserialize, Serialize};

use crate::access::{Post, Reach, grants};
use crate::ids::{StaffId, UnitChangeId, UnitId};
use crate::problem::Refusal;
use crate::school::PersonRef;
use crate::time::Instant;
use crate::words;
use crate::words::Words;

/// `POST /api/units/{id}/move`: with all that lies below it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UnitMove {
    /// The unit that it would lie in.
    pub parent: UnitId,
}

/// Somebody whose post reaches down from one of the units above.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Overseer {
    /// Name.
    pub name: String,
    /// Which post.
    pub post: Post,
    /// Name of the unit in which it is held.
    pub unit_name: String,
}

impl Post {
    /// Whether it reaches from its unit to all that lies below: what a move of a unit gives or takes.
    pub fn reaches_down(self) -> bool {
        grants(self).iter().any(|(_, reach)| *reach == Reach::Unit)
    }
}

/// A move or closing that waits for a second person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WaitingUnitChange {
    /// Its id.
    pub id: UnitChangeId,
    /// Which unit.
    pub unit: UnitId,
    /// Its name.
    pub name: String,
    /// Names of the units above it, the school first.
    pub from: Vec<String>,
    /// Names of those that it would lie in; none where it is to be closed.
    pub to: Option<Vec<String>>,
    /// Who proposed it.
    pub proposed_by: PersonRef,
    /// When.
    pub proposed_at: Instant,
    /// Units that move with it.
    pub units: u32,
    /// Classes that move with it.
    pub classes: u32,
    /// Messages from or to what moves, that are under way: they keep their steps.
    pub under_way: u32,
    /// Who would be above it.
    pub gained: Vec<Overseer>,
    /// Who would not be above it any more.
    pub lost: Vec<Overseer>,
    /// Why the reader cannot confirm it.
    pub bar: Option<Words>,
}

impl WaitingUnitChange {
    /// What would follow, in sentences: for the second person.
    pub fn consequences(&self) -> Vec<Words> {
        let Some(_) = &self.to else {
            return vec![Words::fixed(
                "停用后不能再从这里发送，也不能在这里任职；以前的记录都保留。",
                "Nothing is sent from a closed unit and nobody is appointed in it; its records stay.",
            )];
        };
        let mut all = Vec::new();
        let (units, classes) = (self.units, self.classes);
        if units + classes > 0 {
            all.push(words!(
                "{units} 个下级部门、{classes} 个班级随它一起移动。",
                "Units that move with it: {units}. Classes: {classes}."
            ));
        }
        if self.under_way > 0 {
            let n = self.under_way;
            all.push(words!(
                "{n} 条在办的通知仍按报批时的步骤办理。",
                "Notices under way, which keep the steps they were submitted with: {n}."
            ));
        }
        let people = |of: &[Overseer]| -> (String, String) {
            let zh = |o: &Overseer| format!("{}（{}{}）", o.name, o.unit_name, o.post.title().zh);
            let en = |o: &Overseer| format!("{} ({}, {})", o.name, o.post.title().en, o.unit_name);
            (
                of.iter().map(zh).collect::<Vec<_>>().join("、"),
                of.iter().map(en).collect::<Vec<_>>().join(", "),
            )
        };
        if !self.gained.is_empty() {
            let (zh, en) = people(&self.gained);
            all.push(words!(
                "以后可以查看或审核、审批它的：{zh}。",
                "Would see it, review or approve for it from then on: {en}."
            ));
        }
        if !self.lost.is_empty() {
            let (zh, en) = people(&self.lost);
            all.push(words!("以后不再管到它的：{zh}。", "Would no longer be above it: {en}."));
        }
        if self.gained.is_empty() && self.lost.is_empty() {
            all.push(Words::fixed("管它的人不变。", "Whoever is above it today still is."));
        }
        all
    }
}

/// `GET /api/units/changes`, and what is left after an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UnitChanges {
    /// Oldest first.
    pub waiting: Vec<WaitingUnitChange>,
}

/// Why somebody cannot be the second person: nobody moves or closes a unit alone.
pub fn second_bar(reader: StaffId, proposed_by: StaffId) -> Option<Refusal> {
    (reader == proposed_by).then(|| {
        Refusal::rights(
            "proposed_by_you",
            Words::fixed(
                "由您提出，须由另一位能调整部门的人确认",
                "You proposed it: somebody else who edits units has to confirm it",
            ),
        )
    })
}

/// As a conflict: the unit has such a proposal already.
pub fn waits_already() -> Refusal {
    Refusal::state(
        "unit_change_waits",
        Words::fixed(
            "这个部门已有一项调整在等第二人确认，请先确认或撤回",
            "A move or closing of this unit waits for a second person already: let it be confirmed or taken back first",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(to: Option<Vec<String>>) -> WaitingUnitChange {
        let dean =
            |unit: &str, name: &str| Overseer { name: name.into(), post: Post::Dean, unit_name: unit.into() };
        WaitingUnitChange {
            id: UnitChangeId(1),
            unit: UnitId(3),
            name: "数学系".into(),
            from: vec!["示范大学".into(), "信息学院".into()],
            to,
            proposed_by: PersonRef { id: StaffId(1), name: "甲".into(), number: "T1".into() },
            proposed_at: Instant(0),
            units: 0,
            classes: 2,
            under_way: 3,
            gained: vec![dean("商学院", "乙")],
            lost: vec![dean("信息学院", "丙")],
            bar: None,
        }
    }

    #[test]
    fn the_second_person_reads_what_a_move_gives_and_takes() {
        let said = |c: &WaitingUnitChange| {
            c.consequences().into_iter().map(|w| w.zh.into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(
            said(&change(Some(vec!["示范大学".into(), "商学院".into()]))),
            [
                "0 个下级部门、2 个班级随它一起移动。",
                "3 条在办的通知仍按报批时的步骤办理。",
                "以后可以查看或审核、审批它的：乙（商学院院长）。",
                "以后不再管到它的：丙（信息学院院长）。"
            ]
        );
        assert_eq!(said(&change(None)).len(), 1);
    }

    #[test]
    fn nobody_moves_a_unit_alone() {
        assert!(second_bar(StaffId(1), StaffId(1)).is_some());
        assert!(second_bar(StaffId(2), StaffId(1)).is_none());
    }
}
