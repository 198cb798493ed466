//! Children chosen one by one, by name: only for who may read their class's roll.

use domain::ids::StudentId;
use domain::message::ChosenChild;
use serde::Deserialize;

use crate::platform::json;
use crate::roster::names::name_at;
use crate::roster::scope::Scope;

/// The class and the children of an audience, as they were called then; none where it is of another kind,
/// or the reader may not read that roll.
pub type Named = Option<(String, Vec<String>)>;

/// A chosen student who is or was in the class.
#[derive(Deserialize)]
pub(super) struct KnownChild {
    student: StudentId,
    name: Option<String>,
    #[serde(deserialize_with = "json::flag")]
    is_here: bool,
}

impl From<KnownChild> for ChosenChild {
    fn from(KnownChild { student, name, is_here }: KnownChild) -> Self {
        Self { student, name, is_here }
    }
}

/// Reads the chosen students of the audience `a` who are or were in its class, under the name that they
/// have or had there: whoever never was is told like one who does not exist. The scope of readable
/// rolls is bound from `?first` on.
pub(super) fn known(a: &str, first: usize) -> String {
    let readable = Scope::holds("c", first);
    let was = "FROM former_names f WHERE f.kind = 'student' AND f.subject = s.id AND f.place = c.id";
    format!(
        "SELECT s.id AS student, s.class_id = c.id AND s.left_at IS NULL AS is_here,
           CASE WHEN NOT {readable} THEN NULL WHEN s.class_id = c.id THEN s.name
             ELSE (SELECT f.name {was} ORDER BY f.until DESC LIMIT 1) END AS name
         FROM classes c
         CROSS JOIN json_each({a}, '$.students') x
         CROSS JOIN students s ON s.id = x.value
         WHERE {a} ->> '$.kind' = 'children' AND c.id = {a} ->> '$.class'
           AND (s.class_id = c.id OR EXISTS (SELECT 1 {was})) ORDER BY s.number, s.id"
    )
}

/// SQL for [`Named`]: the class and the students that the two expressions give, as they were called `at`
/// that moment.
fn named(class: &str, students: &str, at: &str, first: usize) -> String {
    let readable = Scope::holds("k", first);
    let (student, name) = (name_at("student", "s", at), name_at("class", "k", at));
    format!(
        "(SELECT json_array({name}, json((SELECT json_group_array(o.name) FROM (
            SELECT {student} AS name FROM students s WHERE s.id IN ({students}) ORDER BY s.number, s.id) o)))
          FROM classes k WHERE k.id = {class} AND {readable})"
    )
}

/// SQL for [`Named`] of a message `m`.
pub(super) fn of_message(first: usize) -> String {
    let students = "SELECT value FROM json_each(m.audience, '$.students')";
    let named = named("m.audience ->> '$.class'", students, "m.submitted_at", first);
    format!("CASE WHEN m.audience ->> '$.kind' = 'children' THEN {named} END")
}

/// SQL for [`Named`] of an earlier version `v` of a message: from its frozen list, where its words tell
/// that it was to children chosen one by one.
pub(super) fn of_version(first: usize) -> String {
    let list = "FROM recipients r WHERE r.message_id = v.message_id AND r.version = v.version";
    let class =
        format!("(SELECT w.class_id FROM streams w WHERE w.id = (SELECT r.stream_id {list} LIMIT 1))");
    let named = named(&class, &format!("SELECT r.student {list}"), "v.submitted_at", first);
    format!("CASE WHEN v.audience_zh LIKE '%{}' THEN {named} END", domain::message::CHILDREN_ZH)
}
