//! Units edited by hand (G1): a new one, another name or place, closing one
//! that nobody is in. What lies where is asked before anything is written.

mod change;

pub use change::{Overseer, UnitChanges, UnitMove, WaitingUnitChange, second_bar, waits_already};

use serde::{Deserialize, Serialize};

use crate::blank::is_blank;
use crate::ids::UnitId;
use crate::problem::Refusal;
use crate::school::UnitKind;
use crate::words;
use crate::words::Words;

/// Longest name of a unit.
pub const NAME_MAX: usize = 40;

/// `POST /api/units`. A unit that was closed under this name is open again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NewUnit {
    /// The unit above it.
    pub parent: UnitId,
    /// What it is.
    pub kind: UnitKind,
    /// Name, unique below that unit.
    pub name: String,
}

/// `PUT /api/units/{id}`: another name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UnitChange {
    /// Name.
    pub name: String,
}

/// A unit as the rules of the tree need it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TreeUnit {
    /// Its id.
    pub id: UnitId,
    /// The unit above it; none for the school.
    pub parent: Option<UnitId>,
    /// What it is.
    pub kind: UnitKind,
    /// Name.
    pub name: String,
    /// Whether it is closed.
    pub closed: bool,
}

/// What is in a unit: nothing of it may be left when it is closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitUse {
    /// Open units directly below it.
    pub units: u32,
    /// Classes in use with students on the roll.
    pub classes: u32,
    /// Posts held in it, or waiting for a second person.
    pub posts: u32,
    /// Messages that are sent by it, or to it, and have not come to their end.
    pub messages: u32,
}

impl UnitUse {
    /// Refuses to close a unit that is in use.
    ///
    /// # Errors
    /// Says what is left in it.
    pub fn check(self) -> Result<(), Refusal> {
        let Self { units, classes, posts, messages } = self;
        let counted = [
            (units, "个下级部门", "units below it"),
            (classes, "个班级", "classes"),
            (posts, "项任职", "posts"),
            (messages, "条未办结的通知", "open notices"),
        ];
        let left: Vec<_> = counted.into_iter().filter(|(n, ..)| *n > 0).collect();
        if left.is_empty() {
            return Ok(());
        }
        let zh = left.iter().map(|(n, zh, _)| format!("{n} {zh}")).collect::<Vec<_>>().join("、");
        let en = left.iter().map(|(n, _, en)| format!("{n} {en}")).collect::<Vec<_>>().join(", ");
        Err(Refusal::state(
            "unit_in_use",
            words!("还有{zh}，不能停用；请先移出、结束或办结", "Still in it: {en}. Move or end them first"),
        ))
    }
}

impl UnitKind {
    /// Kinds of which a school has one.
    pub fn is_single(self) -> bool {
        matches!(self, Self::School | Self::Office | Self::StudentAffairs)
    }

    /// Whether such a unit can lie directly in one of that kind.
    pub fn lies_in(self, parent: Self) -> bool {
        match self {
            Self::School => false,
            Self::Office | Self::StudentAffairs => parent == Self::School,
            Self::College => matches!(parent, Self::School | Self::Department),
            Self::Society => matches!(parent, Self::School | Self::College),
            Self::Department => !matches!(parent, Self::Grade | Self::Society),
            Self::Grade => !matches!(parent, Self::Office | Self::StudentAffairs | Self::Society),
        }
    }
}

/// What making a unit means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Making {
    /// A new row.
    New,
    /// This one is closed and called so: it is open again.
    Again(UnitId),
}

fn name(text: &str) -> Result<String, Refusal> {
    let name = text.trim();
    let field = |words| Refusal::field("unit_name", "name", words);
    if is_blank(name) {
        return Err(field(Words::fixed("请填写名称", "Fill in the name")));
    }
    if name.chars().count() > NAME_MAX {
        return Err(field(words!("名称最多 {NAME_MAX} 个字", "At most {NAME_MAX} characters")));
    }
    if name.contains(['/', '>', '＞', '／']) || name.chars().any(char::is_control) {
        return Err(field(Words::fixed("名称里不能有“/”和“>”", "A name has no “/” and no “>”")));
    }
    Ok(name.to_owned())
}

/// The units of a school.
#[derive(Clone, Copy, Debug)]
pub struct Tree<'a>(pub &'a [TreeUnit]);

impl<'a> Tree<'a> {
    /// A unit.
    pub fn get(self, id: UnitId) -> Option<&'a TreeUnit> {
        self.0.iter().find(|unit| unit.id == id)
    }

    fn parent(self, id: UnitId, kind: UnitKind) -> Result<&'a TreeUnit, Refusal> {
        let field = |kind, words| Refusal::field(kind, "parent", words);
        let missing = || {
            field(
                "unit_parent",
                Words::fixed("上级部门已停用或不存在", "The unit above it is closed or not there"),
            )
        };
        let parent = self.get(id).filter(|unit| !unit.closed).ok_or_else(missing)?;
        if !kind.lies_in(parent.kind) {
            let (what, place) = (kind.title(), parent.kind.title());
            let (zh, en, pz, pe) = (what.zh, what.en, place.zh, place.en);
            return Err(field(
                "unit_place",
                words!("{zh}不能设在{pz}下面", "{en}: not possible below: {pe}"),
            ));
        }
        Ok(parent)
    }

    fn called(self, parent: UnitId, name: &str) -> Option<&'a TreeUnit> {
        self.0.iter().find(|unit| unit.parent == Some(parent) && unit.name == name)
    }

    fn taken(name: &str) -> Refusal {
        Refusal::field(
            "unit_name_taken",
            "name",
            words!("同一上级下已有“{name}”", "There is a “{name}” below that unit already"),
        )
    }

    /// Checks a new unit, and gives its name.
    ///
    /// # Errors
    /// What stands against it, by field.
    pub fn make(self, order: &NewUnit) -> Result<(String, Making), Refusal> {
        let name = name(&order.name)?;
        self.parent(order.parent, order.kind)?;
        let has_one = self.0.iter().any(|unit| unit.kind == order.kind && !unit.closed);
        if order.kind.is_single() && has_one {
            let title = order.kind.title();
            let (zh, en) = (title.zh, title.en);
            return Err(Refusal::field(
                "unit_single",
                "kind",
                words!("学校已有{zh}", "The school has one already: {en}"),
            ));
        }
        match self.called(order.parent, &name) {
            None => Ok((name, Making::New)),
            Some(unit) if unit.closed && unit.kind == order.kind => Ok((name, Making::Again(unit.id))),
            Some(_) => Err(Self::taken(&name)),
        }
    }

    /// A unit that can be changed: open, and not the school itself.
    fn changeable(self, id: UnitId) -> Option<(&'a TreeUnit, UnitId)> {
        let unit = self.get(id).filter(|unit| !unit.closed)?;
        Some((unit, unit.parent?))
    }

    /// Checks another name, and gives it.
    ///
    /// # Errors
    /// What stands against it, by field; [`None`] where there is no such unit to change.
    pub fn rename(self, id: UnitId, order: &UnitChange) -> Result<String, Option<Refusal>> {
        let (_, parent) = self.changeable(id).ok_or(None)?;
        let name = name(&order.name)?;
        match self.called(parent, &name) {
            Some(other) if other.id != id => Err(Some(Self::taken(&name))),
            _ => Ok(name),
        }
    }

    /// Checks another place.
    ///
    /// # Errors
    /// What stands against it, by field; [`None`] where there is no such unit to move.
    pub fn moves(self, id: UnitId, to: UnitId) -> Result<(), Option<Refusal>> {
        let (unit, parent) = self.changeable(id).ok_or(None)?;
        if parent == to {
            return Err(Some(Refusal::field(
                "unit_stays",
                "parent",
                Words::fixed("它已经在那里了", "It lies there already"),
            )));
        }
        self.parent(to, unit.kind)?;
        // A unit does not lie below itself, however far down.
        if self.above(to).iter().any(|above| above.id == id) {
            return Err(Some(Refusal::field(
                "unit_cycle",
                "parent",
                Words::fixed(
                    "不能移到自己的下级部门里",
                    "A unit cannot be moved into one that lies below it",
                ),
            )));
        }
        match self.called(to, &unit.name) {
            Some(_) => Err(Some(Refusal::field("unit_name_taken", "parent", Self::taken(&unit.name).words))),
            None => Ok(()),
        }
    }

    /// A unit and those above it, itself first. A broken tree is followed as far as it goes.
    pub fn above(self, id: UnitId) -> Vec<&'a TreeUnit> {
        let next = |unit: &&'a TreeUnit| unit.parent.and_then(|parent| self.get(parent));
        std::iter::successors(self.get(id), next).take(self.0.len()).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn unit(id: i64, parent: i64, kind: UnitKind, name: &str) -> TreeUnit {
        let parent = (parent > 0).then_some(UnitId(parent));
        TreeUnit { id: UnitId(id), parent, kind, name: name.into(), closed: false }
    }

    fn school() -> Vec<TreeUnit> {
        vec![
            unit(1, 0, UnitKind::School, "示范大学"),
            unit(2, 1, UnitKind::College, "信息学院"),
            unit(3, 2, UnitKind::Department, "数学系"),
            unit(4, 3, UnitKind::Grade, "2023级"),
            unit(5, 1, UnitKind::StudentAffairs, "学生处"),
            TreeUnit { closed: true, ..unit(6, 1, UnitKind::College, "文学院") },
        ]
    }

    fn moves(id: i64, parent: i64) -> Result<(), Option<String>> {
        Tree(&school()).moves(UnitId(id), UnitId(parent)).map_err(|r| r.map(|r| r.kind.into_owned()))
    }

    fn rename(id: i64, name: &str) -> Result<String, Option<String>> {
        Tree(&school())
            .rename(UnitId(id), &UnitChange { name: name.into() })
            .map_err(|r| r.map(|r| r.kind.into_owned()))
    }

    fn make(parent: i64, kind: UnitKind, name: &str) -> Result<Making, String> {
        let order = NewUnit { parent: UnitId(parent), kind, name: name.into() };
        Tree(&school()).make(&order).map(|(_, making)| making).map_err(|r| r.kind.into_owned())
    }

    #[test]
    fn g1_what_can_lie_where() {
        assert_eq!(make(1, UnitKind::College, " 商学院 "), Ok(Making::New));
        assert_eq!(make(1, UnitKind::College, "文学院"), Ok(Making::Again(UnitId(6))));
        assert_eq!(make(2, UnitKind::Society, "青年志愿者协会"), Ok(Making::New));
        assert_eq!(make(1, UnitKind::Society, "大学生艺术团"), Ok(Making::New));
        for (parent, kind, name, refused) in [
            (1, UnitKind::College, "信息学院", "unit_name_taken"),
            (1, UnitKind::Department, "文学院", "unit_name_taken"),
            (1, UnitKind::StudentAffairs, "学工处", "unit_single"),
            (2, UnitKind::StudentAffairs, "学工处", "unit_place"),
            (5, UnitKind::Grade, "2024级", "unit_place"),
            (3, UnitKind::Society, "青年志愿者协会", "unit_place"),
            (1, UnitKind::School, "分校", "unit_place"),
            (6, UnitKind::Department, "中文系", "unit_parent"),
            (99, UnitKind::Department, "中文系", "unit_parent"),
            (1, UnitKind::Department, " \u{200b} ", "unit_name"),
            (1, UnitKind::Department, "教务处/考务科", "unit_name"),
        ] {
            assert_eq!(make(parent, kind, name), Err(refused.to_owned()), "{name}");
        }
        assert_eq!(make(1, UnitKind::Department, &"处".repeat(NAME_MAX + 1)), Err("unit_name".to_owned()));
    }

    #[test]
    fn g1_a_unit_does_not_move_into_itself() {
        assert_eq!(moves(3, 1), Ok(()));
        for (id, parent, refused) in [
            (3, 3, "unit_cycle"),
            (2, 3, "unit_cycle"),
            (3, 4, "unit_place"),
            (3, 2, "unit_stays"),
            (3, 6, "unit_parent"),
        ] {
            assert_eq!(moves(id, parent), Err(Some(refused.to_owned())), "{id} → {parent}");
        }
        assert_eq!(moves(1, 2), Err(None), "the school stays where it is");
        assert_eq!(moves(6, 1), Err(None), "what is closed is not moved");
        assert_eq!(moves(99, 1), Err(None));
        assert_eq!(rename(3, " 统计系 "), Ok("统计系".to_owned()));
        assert_eq!(rename(2, "学生处"), Err(Some("unit_name_taken".to_owned())));
        assert_eq!(rename(1, "x"), Err(None));
    }

    #[test]
    fn a_unit_in_use_is_not_closed() {
        assert!(UnitUse::default().check().is_ok());
        let refused = UnitUse { posts: 2, messages: 1, ..UnitUse::default() }.check().expect_err("in use");
        assert_eq!(refused.words.zh, "还有2 项任职、1 条未办结的通知，不能停用；请先移出、结束或办结");
    }

    proptest! {
        /// Whatever is moved whereto, from every unit the school is reached.
        #[test]
        fn g1_no_order_makes_a_circle(moves in prop::collection::vec((1..12i64, 1..12i64), 0..40)) {
            let mut units = vec![unit(1, 0, UnitKind::School, "校")];
            units.extend((2..12).map(|id| unit(id, 1, UnitKind::Department, &format!("处{id}"))));
            for (id, parent) in moves {
                if Tree(&units).moves(UnitId(id), UnitId(parent)).is_ok() {
                    units[(id - 1) as usize].parent = Some(UnitId(parent));
                }
                for unit in &units {
                    let mut at = unit;
                    for _ in 0..units.len() {
                        let Some(above) = at.parent else { break };
                        at = &units[(above.0 - 1) as usize];
                    }
                    prop_assert!(at.parent.is_none(), "{} is cut off", unit.name);
                }
            }
        }
    }
}
