//! All SQL that reads the roll for the screen, limited to what the caller
//! may see (I10).

use std::collections::HashMap;

use domain::access::{Action, Appointment, ClassPlace, Person};
use domain::ids::{ClassId, GuardianId, StaffId, StudentId, UnitId};
use domain::roster::people::NumberState;
use domain::roster::{ClassRoll, ClassView, GuardianView, LEFT_MAX, OWN_NUMBER, StaffView, StudentView};
use domain::time::Instant;
use serde::Deserialize;

use super::scope::Scope;
use super::teachers;
use crate::account::store::{AppointmentRow, all_appointments};
use crate::appointment::coming;
use crate::args;
use crate::platform::app::App;
use crate::platform::crypto::Keys;
use crate::platform::d1::{Answers, sql};
use crate::platform::error::AppError;
use crate::platform::json;

/// Whether class `c` is in use and lies within the scope ?1 to ?3.
fn within() -> String {
    format!("c.archived_at IS NULL AND {}", Scope::holds("c", 1))
}

/// A guardian `g` with the phone `p`, as the roll shows it: for [`GuardianRow`].
pub const GUARDIAN: &str = "g.id, g.student_id, g.name, g.relation, p.id AS phone_id, p.key_id, p.sealed,
    CASE WHEN EXISTS (SELECT 1 FROM disputes q WHERE q.phone_id = p.id AND q.kind = 'guardian' AND q.person = g.id
                      AND q.settled_at IS NULL) THEN 'disputed'
         WHEN p.revoked_at IS NOT NULL THEN 'revoked'
         WHEN p.contact_state IN ('invalid', 'opted_out') THEN p.contact_state ELSE 'usable' END AS number";

/// A class with its counts (students, guardians, their phones, students whose guardians can be
/// reached, students with a number of their own); ?4 is now. Counted in one pass, driven from the class into indexes.
fn class_text() -> String {
    format!("SELECT c.id, c.unit_id, c.name,
    (SELECT json_group_array(t.ancestor_id) FROM (SELECT ancestor_id FROM unit_tree WHERE unit_id = c.unit_id ORDER BY depth) t) AS within,
    (SELECT json_group_array(t.name) FROM appointments_in_power a JOIN staff t ON t.id = a.staff_id
     WHERE a.class_id = c.id AND a.post IN ('homeroom_teacher', 'counsellor') AND a.since <= ?4) AS homeroom,
    (SELECT json_group_array(n.name) FROM (SELECT u.name FROM unit_tree t JOIN units u ON u.id = t.ancestor_id
     WHERE t.unit_id = c.unit_id AND u.parent_id IS NOT NULL ORDER BY t.depth DESC) n) AS path,
    (SELECT json_array(COUNT(DISTINCT s.id), COUNT(g.id) FILTER (WHERE {parent}), COUNT(DISTINCT g.phone_id) FILTER (WHERE {parent}),
       COUNT(DISTINCT s.id) FILTER (WHERE {parent} AND p.contact_state NOT IN ('invalid', 'opted_out') AND p.revoked_at IS NULL),
       COUNT(DISTINCT s.id) FILTER (WHERE NOT {parent}))
     FROM students s LEFT JOIN guardians g ON g.student_id = s.id AND g.left_at IS NULL LEFT JOIN phones p ON p.id = g.phone_id
     WHERE s.class_id = c.id AND s.left_at IS NULL) AS counts
  FROM classes c WHERE ", parent = format_args!("g.relation <> '{OWN_NUMBER}'"))
}

#[derive(Deserialize)]
struct ClassRow {
    id: ClassId,
    unit_id: UnitId,
    name: String,
    #[serde(deserialize_with = "json::column")]
    within: Vec<UnitId>,
    #[serde(deserialize_with = "json::column")]
    path: Vec<String>,
    #[serde(deserialize_with = "json::column")]
    homeroom: Vec<String>,
    #[serde(deserialize_with = "json::column")]
    counts: [u32; 5],
}

impl ClassRow {
    fn view(self, person: &Person) -> ClassView {
        let [students, guardians, phones, reachable, own_numbers] = self.counts;
        let place = ClassPlace { id: self.id, unit: self.unit_id, within: self.within };
        ClassView {
            id: self.id,
            unit: self.unit_id,
            path: self.path,
            homeroom: self.homeroom,
            students,
            guardians,
            phones,
            unreachable: students - reachable,
            own_numbers,
            may_write: person.may_class(Action::WriteToClass, &place),
            may_read: person.may_class(Action::ReadRoster, &place),
            name: self.name,
            within: place.within,
        }
    }
}

/// Classes of which the caller may at least know the size.
///
/// # Errors
/// Where the database fails.
pub async fn classes(app: &App, person: &Person) -> Result<Vec<ClassView>, AppError> {
    let actions = [Action::ReadRoster, Action::WriteToClass, Action::ReadMessages, Action::ImportRoster];
    let mut values = Scope::of(person, &actions).args().to_vec();
    values.push(app.now().into());
    let sql = format!("{}{} ORDER BY c.unit_id, length(c.name), c.name", class_text(), within());
    let rows: Vec<ClassRow> = app.db.all(sql, &values).await?;
    Ok(rows.into_iter().map(|row| row.view(person)).collect())
}

#[derive(Deserialize)]
struct StudentRow {
    id: StudentId,
    number: String,
    name: String,
}

/// A guardian with the phone.
#[derive(Deserialize)]
pub struct GuardianRow {
    id: GuardianId,
    student_id: StudentId,
    name: String,
    relation: String,
    phone_id: i64,
    key_id: i64,
    sealed: String,
    number: NumberState,
}

impl GuardianRow {
    /// The phone's id.
    pub fn phone_id(&self) -> i64 {
        self.phone_id
    }

    /// As the roll shows it, the number masked.
    ///
    /// # Errors
    /// Where the number cannot be opened.
    pub fn view(self, keys: &Keys) -> Result<GuardianView, AppError> {
        let phone = keys.masked_phone(self.phone_id, self.key_id, &self.sealed);
        Ok(GuardianView { id: self.id, name: self.name, relation: self.relation, phone, number: self.number })
    }
}

/// A class's roll, in one round trip.
///
/// # Errors
/// [`AppError::NotFound`] where it is not the caller's to read.
pub async fn class_roll(app: &App, person: &Person, id: ClassId) -> Result<ClassRoll, AppError> {
    let scope = Scope::of(person, &[Action::ReadRoster]);
    let mut of_class = scope.args().to_vec();
    of_class.extend([app.now().into(), id.into()]);
    let mut of_roll = scope.args().to_vec();
    of_roll.push(id.into());
    let within = within();
    let rows = app
        .db
        .run(vec![
            sql(format!("{}{within} AND c.id = ?5", class_text()), &of_class),
            sql(
                format!(
                    "SELECT s.id, s.number, s.name FROM classes c CROSS JOIN students s ON s.class_id = c.id AND s.left_at IS NULL
                     WHERE {within} AND c.id = ?4 ORDER BY s.number"
                ),
                &of_roll,
            ),
            sql(
                format!(
                    "SELECT {GUARDIAN}
                     FROM classes c CROSS JOIN students s ON s.class_id = c.id AND s.left_at IS NULL
                     CROSS JOIN guardians g ON g.student_id = s.id AND g.left_at IS NULL JOIN phones p ON p.id = g.phone_id
                     WHERE {within} AND c.id = ?4 ORDER BY g.student_id, g.position"
                ),
                &of_roll,
            ),
            // Who left: students, and guardians of those who stayed. A file's leavers are seen in the file.
            sql(
                format!(
                    "SELECT d.kind, d.person, l.name, d.left_at AS at, d.reason, COALESCE(b.name, '') AS by FROM (
                       SELECT 'student' AS kind, s.id, s.name FROM classes c CROSS JOIN students s ON s.class_id = c.id
                       WHERE {within} AND c.id = ?4 AND s.left_at IS NOT NULL
                       UNION ALL
                       SELECT 'guardian', g.id, g.name || '（' || s.name || '）' FROM classes c CROSS JOIN students s ON s.class_id = c.id
                       CROSS JOIN guardians g ON g.student_id = s.id
                       WHERE {within} AND c.id = ?4 AND s.left_at IS NULL AND g.left_at IS NOT NULL) l
                     CROSS JOIN departures d ON d.kind = l.kind AND d.person = l.id AND d.returned_at IS NULL
                     LEFT JOIN staff b ON b.id = d.by ORDER BY d.left_at DESC, d.id DESC LIMIT {LEFT_MAX}"
                ),
                &of_roll,
            ),
            teachers::of_class(id, app.now()),
        ])
        .await?;
    let class = rows.at(0)?.one::<ClassRow>()?.view(person);
    let (students, guardians) = (rows.at(1)?, rows.at(2)?);
    let keys = app.keys()?;
    let mut by_student: HashMap<StudentId, Vec<GuardianView>> = HashMap::new();
    for row in guardians.all::<GuardianRow>()? {
        by_student.entry(row.student_id).or_default().push(row.view(keys)?);
    }
    let students = students
        .all::<StudentRow>()?
        .into_iter()
        .map(|s| StudentView {
            guardians: by_student.remove(&s.id).unwrap_or_default(),
            id: s.id,
            number: s.number,
            name: s.name,
        })
        .collect();
    let may_edit = person.may_class(Action::EditRoster, &class.place());
    let may_list = person.may_class(Action::ListTeachers, &class.place());
    let (left, teachers) = (rows.at(3)?.all()?, rows.at(4)?.all()?);
    Ok(ClassRoll { class, students, left, teachers, may_edit, may_list })
}

#[derive(Deserialize)]
struct StaffRow {
    id: StaffId,
    number: String,
    name: String,
    active: i64,
    slip_until: Option<Instant>,
    phone_id: Option<i64>,
    key_id: Option<i64>,
    sealed: Option<String>,
}

/// Everybody on the staff, with posts.
///
/// # Errors
/// Where the database fails.
pub async fn staff(app: &App) -> Result<Vec<StaffView>, AppError> {
    let now = app.now();
    let rows = app
        .db
        .run(vec![
            sql(
                "SELECT t.id, t.number, t.name, t.password IS NOT NULL AS active, p.id AS phone_id, p.key_id, p.sealed,
                   (SELECT MAX(a.expires_at) FROM activations a
                    WHERE a.staff_id = t.id AND a.code_index IS NOT NULL AND a.used_at IS NULL AND a.expires_at > ?1) AS slip_until
                 FROM staff t LEFT JOIN phones p ON p.id = t.phone_id WHERE t.left_at IS NULL ORDER BY t.number",
                args![now],
            ),
            all_appointments(now),
            coming::all_sql(now),
        ])
        .await?;
    let (people, appointments) = (rows.at(0)?, rows.at(1)?);
    let mut held: HashMap<StaffId, Vec<Appointment>> = HashMap::new();
    for row in appointments.all::<AppointmentRow>()? {
        let staff = row.staff_id;
        held.entry(staff).or_default().extend(row.appointment());
    }
    let mut coming = coming::by_holder(rows.at(2)?)?;
    let keys = app.keys()?;
    people
        .all::<StaffRow>()?
        .into_iter()
        .map(|row| {
            let phone = match (row.phone_id, row.key_id, row.sealed) {
                (Some(id), Some(key), Some(sealed)) => keys.masked_phone(id, key, &sealed),
                _ => String::new(),
            };
            let mut appointments = held.remove(&row.id).unwrap_or_default();
            appointments.sort_by_key(|a| a.post);
            Ok(StaffView {
                id: row.id,
                number: row.number,
                name: row.name,
                phone,
                appointments,
                coming: coming.remove(&row.id).unwrap_or_default(),
                active: row.active == 1,
                slip_until: row.slip_until,
            })
        })
        .collect()
}
