//! Which classes a person's posts reach, for the query itself (I10).

use domain::access::{Action, Person, Reach};
use domain::ids::{ClassId, UnitId};
use serde_json::json;

use crate::platform::d1::Value;

/// Which classes a person's posts reach for some actions.
pub struct Scope {
    school: bool,
    units: String,
    classes: String,
}

impl Scope {
    /// Values that a scope takes.
    pub const VALUES: usize = 3;

    /// The classes for which any of the actions is granted.
    pub fn of(person: &Person, actions: &[Action]) -> Self {
        let mut school = false;
        let (mut units, mut classes): (Vec<UnitId>, Vec<ClassId>) = (Vec::new(), Vec::new());
        for (held, reach) in actions.iter().flat_map(|a| person.reaches(*a)) {
            match reach {
                Reach::School => school = true,
                Reach::Unit => units.push(held.unit),
                Reach::Above => units.extend(held.above),
                Reach::Class => classes.extend(held.class),
            }
        }
        Self { school, units: json!(units).to_string(), classes: json!(classes).to_string() }
    }

    /// The values for [`Scope::holds`].
    pub fn args(&self) -> [Value; Self::VALUES] {
        [self.school.into(), self.units.as_str().into(), self.classes.as_str().into()]
    }

    /// SQL for whether the class of this alias lies within the scope that is bound from `?first` on.
    pub fn holds(class: &str, first: usize) -> String {
        let (units, classes) = (first + 1, first + 2);
        format!(
            "(?{first} = 1
               OR EXISTS (SELECT 1 FROM unit_tree wt WHERE wt.unit_id = {class}.unit_id
                          AND wt.ancestor_id IN (SELECT value FROM json_each(?{units})))
               OR {class}.id IN (SELECT value FROM json_each(?{classes})))"
        )
    }
}
