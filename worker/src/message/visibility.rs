//! What a person may see of messages (I10): the queries themselves are
//! limited to it, so that what is not visible is no row.

use domain::access::{Action, Person, Reach};
use domain::ids::{MessageId, StaffId, UnitId};

use crate::platform::d1::{Stmt, Value, sql};
use crate::platform::error::AppError;
use crate::platform::json;

/// What a person may see: own messages, those of units and steps within reach.
pub struct Visibility {
    me: StaffId,
    school: bool,
    units: String,
    posts: String,
}

impl Visibility {
    /// What the person's posts let see.
    ///
    /// # Errors
    /// Where the lists cannot be written as JSON.
    pub fn of(person: &Person) -> Result<Self, AppError> {
        let units: Vec<UnitId> = person
            .reaches(Action::ReadMessages)
            .filter(|(_, reach)| *reach == Reach::Unit)
            .map(|(held, _)| held.unit)
            .collect();
        let posts: Vec<String> = person
            .appointments
            .iter()
            .flat_map(|a| [format!("{}:{}", a.post.key(), a.unit), format!("{}:", a.post.key())])
            .collect();
        Ok(Self {
            me: person.id,
            school: person.may_school(Action::ReadMessages),
            units: json::text(&units)?,
            posts: json::text(&posts)?,
        })
    }

    /// The values for [`VISIBLE`] and [`WAITS_FOR_ME`], as ?1 to ?4, and what comes behind them.
    pub fn values(&self, more: impl IntoIterator<Item = Value>) -> Vec<Value> {
        let mut values: Vec<Value> =
            vec![self.me.into(), self.school.into(), self.units.as_str().into(), self.posts.as_str().into()];
        values.extend(more);
        values
    }
}

/// Whether `m` is visible: ?1 me, ?2 whole school, ?3 units, ?4 `post:unit` held.
/// Nobody sees another's draft, nor what was taken back before it was
/// submitted: only a version that was has a digest.
pub const VISIBLE: &str = "(m.author_id = ?1 OR m.digest IS NOT NULL AND (
    ?2 = 1
    OR EXISTS (SELECT 1 FROM unit_tree t WHERE t.unit_id = m.audience_unit_id
               AND t.ancestor_id IN (SELECT value FROM json_each(?3)))
    OR EXISTS (SELECT 1 FROM decisions d WHERE d.message_id = m.id AND d.staff_id = ?1)
    OR EXISTS (SELECT 1 FROM message_steps s WHERE s.message_id = m.id AND s.version = m.version
               AND (s.post || ':' || COALESCE(s.unit_id, '') IN (SELECT value FROM json_each(?4))
                 OR s.substitute || ':' || COALESCE(s.substitute_unit_id, '') IN (SELECT value FROM json_each(?4))))))";

/// Whether the step that waits in `m` is mine to decide; values as in [`VISIBLE`].
pub const WAITS_FOR_ME: &str = "m.state = 'submitted' AND m.author_id <> ?1
    AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.message_id = m.id AND d.version = m.version AND d.staff_id = ?1)
    AND EXISTS (SELECT 1 FROM message_steps s WHERE s.message_id = m.id AND s.version = m.version
      AND s.holds = 1 AND s.kind IN ('review', 'approve')
      AND (s.post || ':' || COALESCE(s.unit_id, '') IN (SELECT value FROM json_each(?4))
        OR s.substitute || ':' || COALESCE(s.substitute_unit_id, '') IN (SELECT value FROM json_each(?4)))
      AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.message_id = s.message_id AND d.version = s.version AND d.position = s.position)
      AND NOT EXISTS (SELECT 1 FROM message_steps e WHERE e.message_id = s.message_id AND e.version = s.version
        AND e.holds = 1 AND e.kind IN ('review', 'approve') AND e.position < s.position
        AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.message_id = e.message_id AND d.version = e.version AND d.position = e.position)))";

/// Columns of ours of a message that is visible.
///
/// # Errors
/// Where the lists cannot be written as JSON.
pub fn visible(person: &Person, id: MessageId, columns: &str) -> Result<Stmt, AppError> {
    let values = Visibility::of(person)?.values([id.into()]);
    Ok(sql(format!("SELECT {columns} FROM messages m WHERE m.id = ?5 AND {VISIBLE}"), &values))
}

/// How many messages wait for a person's decision: for the badge.
///
/// # Errors
/// Where the lists cannot be written as JSON.
pub fn count_waiting(person: &Person) -> Result<Stmt, AppError> {
    let values = Visibility::of(person)?.values([]);
    Ok(sql(format!("SELECT COUNT(*) AS n FROM messages m WHERE {WAITS_FOR_ME}"), &values))
}
