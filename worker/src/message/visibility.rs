//! What a person may see of messages (I10), and what of it waits for that person: the queries themselves are
//! limited to it, so that what is not visible is no row.

use domain::access::{Action, Person, Reach};
use domain::ids::{MessageId, StaffId, UnitId};
use domain::time::Instant;

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
        let classes = person
            .reaches(Action::ReadMessages)
            .filter(|(_, reach)| *reach == Reach::Class)
            .filter_map(|(held, _)| held.class)
            .map(|class| format!("class:{class}"));
        let posts: Vec<String> = person
            .appointments
            .iter()
            .flat_map(|a| [format!("{}:{}", a.post.key(), a.unit), format!("{}:", a.post.key())])
            .chain(classes)
            .collect();
        Ok(Self {
            me: person.id,
            school: person.may_school(Action::ReadMessages),
            units: json::text(&units)?,
            posts: json::text(&posts)?,
        })
    }

    /// The values for [`VISIBLE_WHOLE`], as ?1 to ?4, and what comes behind them.
    pub fn values(&self, more: impl IntoIterator<Item = Value>) -> Vec<Value> {
        let mut values: Vec<Value> =
            vec![self.me.into(), self.school.into(), self.units.as_str().into(), self.posts.as_str().into()];
        values.extend(more);
        values
    }
}

/// Whether `m` is visible as a whole: ?1 me, ?2 whole school, ?3 units, ?4 `post:unit` held.
/// Designated senders of a department see what it sends, since any of them may release it.
/// Nobody sees another's draft, nor what was taken back before it was
/// submitted: only a version that was has a digest.
pub const VISIBLE_WHOLE: &str = "(m.author_id = ?1 OR m.digest IS NOT NULL AND (
    ?2 = 1
    OR EXISTS (SELECT 1 FROM unit_tree t WHERE t.unit_id = m.audience_unit_id
               AND t.ancestor_id IN (SELECT value FROM json_each(?3)))
    OR EXISTS (SELECT 1 FROM decisions d WHERE d.message_id = m.id AND d.staff_id = ?1)
    OR EXISTS (SELECT 1 FROM appointments k WHERE k.id = m.appointment_id AND k.post = 'designated_sender'
               AND k.post || ':' || m.capacity_unit_id IN (SELECT value FROM json_each(?4)))
    OR EXISTS (SELECT 1 FROM message_steps s WHERE s.message_id = m.id AND s.version = m.version
               AND (s.post || ':' || COALESCE(s.unit_id, '') IN (SELECT value FROM json_each(?4))
                 OR s.substitute || ':' || COALESCE(s.substitute_unit_id, '') IN (SELECT value FROM json_each(?4))))))";

/// Whether `m` was released to a class whose messages I may read, `class:id` in ?4. Driven from the
/// few classes, each with one stream, into the key of the places.
const TOLD_TO_MY_CLASS: &str = "(m.released_at IS NOT NULL AND EXISTS (
    SELECT 1 FROM json_each(?4) c
    CROSS JOIN streams w ON w.class_id = CAST(substr(c.value, 7) AS INTEGER)
    CROSS JOIN message_streams p ON p.message_id = m.id AND p.round = 0 AND p.stream_id = w.id
    WHERE c.value LIKE 'class:%'))";

/// Whether `m` is visible, as a whole or for an own class; values as in [`VISIBLE_WHOLE`].
pub fn visible_sql() -> String {
    format!("({VISIBLE_WHOLE} OR {TOLD_TO_MY_CLASS})")
}

/// Whether `m` waits for me: to be decided or registered, or returned and not submitted again.
pub fn waiting_sql() -> String {
    format!(
        "m.id IN (SELECT m.id FROM messages m WHERE {WAITS_FOR_ME}
           UNION ALL SELECT m.id FROM messages m WHERE {TO_REGISTER}
           UNION ALL SELECT r.id FROM messages r WHERE {RETURNED_TO_ME})"
    )
}

/// Whether `r` is mine, was returned, and is not submitted again.
const RETURNED_TO_ME: &str =
    "r.author_id = ?1 AND r.state IN ('draft', 'returned') AND (r.state = 'returned' OR r.version > 1)";

/// Whether `m` is approved and waits for me to enter its signed original in the register; ?1 me, ?5 now.
pub const TO_REGISTER: &str = "m.state = 'approved' AND EXISTS (SELECT 1 FROM missing_registrations r
    CROSS JOIN registrars a ON a.message_id = r.message_id AND a.position = r.position AND a.staff_id = ?1 AND a.since <= ?5
    WHERE r.message_id = m.id)";

/// Whether the step that waits in `m` is mine to decide; ?1 me, ?5 now. As the trigger
/// `decisions_fit` asks it: a substitute's only while nobody who holds the post can.
pub const WAITS_FOR_ME: &str = "m.state = 'submitted'
    AND EXISTS (SELECT 1 FROM deciding_steps s CROSS JOIN deciders a ON a.message_id = s.message_id AND a.position = s.position
      WHERE s.message_id = m.id AND s.version = m.version
      AND a.staff_id = ?1 AND a.since <= ?5
      AND (a.stands_in = 0 OR NOT EXISTS (SELECT 1 FROM deciders h
        WHERE h.message_id = s.message_id AND h.position = s.position AND h.stands_in = 0 AND h.since <= ?5
        AND NOT EXISTS (SELECT 1 FROM delegations g WHERE g.appointment_id = h.appointment_id AND g.withdrawn_at IS NULL
          AND g.recorded_at <= ?5 AND g.from_at <= ?5 AND g.until_at > ?5
          AND (g.recorded_by = h.staff_id OR g.recorded_by NOT IN (m.author_id, ?1)))))
      AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.message_id = s.message_id AND d.version = s.version AND d.position = s.position)
      AND NOT EXISTS (SELECT 1 FROM deciding_steps e WHERE e.message_id = s.message_id AND e.version = s.version
        AND e.position < s.position
        AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.message_id = e.message_id AND d.version = e.version AND d.position = e.position)))";

/// Whether the step that waits in `m` is late, and I am the next in line: its substitute, or who decides the
/// step behind it; values as in [`WAITS_FOR_ME`]. Being told gives no right to decide it.
const LATE_FOR_ME: &str = "m.state = 'submitted'
    AND EXISTS (SELECT 1 FROM waiting_steps w CROSS JOIN deciders a ON a.message_id = w.message_id
      WHERE w.message_id = m.id AND w.since + w.within_hours * 3600000 <= ?5 AND a.staff_id = ?1 AND a.since <= ?5
      AND (a.position = w.position AND a.stands_in = 1
        OR a.position = (SELECT MIN(n.position) FROM deciding_steps n
                         WHERE n.message_id = w.message_id AND n.version = w.version AND n.position > w.position)))";

/// Whether `m` is late and I am the next in line, and it does not wait for me itself.
pub fn late_sql() -> String {
    format!("m.id IN (SELECT m.id FROM messages m WHERE {LATE_FOR_ME} AND NOT ({WAITS_FOR_ME}))")
}

/// Columns of ours of a message that is visible.
///
/// # Errors
/// Where the lists cannot be written as JSON.
pub fn visible(person: &Person, id: MessageId, columns: &str) -> Result<Stmt, AppError> {
    let values = Visibility::of(person)?.values([id.into()]);
    let visible = visible_sql();
    Ok(sql(format!("SELECT {columns} FROM messages m WHERE m.id = ?5 AND {visible}"), &values))
}

/// How many messages wait for a person's decision, and how many came back to it: for the badge.
///
/// # Errors
/// Where the lists cannot be written as JSON.
pub fn count_waiting(person: &Person, now: Instant) -> Result<Stmt, AppError> {
    let values = Visibility::of(person)?.values([now.into()]);
    Ok(sql(
        format!(
            "SELECT (SELECT COUNT(*) FROM messages m WHERE {WAITS_FOR_ME})
                 + (SELECT COUNT(*) FROM messages m WHERE {TO_REGISTER}) AS waiting,
               (SELECT COUNT(*) FROM messages r WHERE {RETURNED_TO_ME}) AS returned,
               (SELECT COUNT(*) FROM messages m WHERE {LATE_FOR_ME} AND NOT ({WAITS_FOR_ME})) AS late"
        ),
        &values,
    ))
}
