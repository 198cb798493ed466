//! All SQL that reads the roll for the screen, limited to what the caller
//! may see (I10).

use std::collections::HashMap;

use domain::access::{Action, Appointment, ClassPlace, Person, Reach};
use domain::ids::{ClassId, GuardianId, StaffId, StudentId, UnitId};
use domain::roster::{ClassRoll, ClassView, GuardianView, StaffView, StudentView};
use domain::time::Instant;
use serde::Deserialize;
use serde_json::json;

use crate::account::store::{AppointmentRow, all_appointments};
use crate::args;
use crate::platform::app::App;
use crate::platform::d1::{Answers, Value, sql};
use crate::platform::error::AppError;
use crate::platform::json;

/// Which classes a person's posts reach, for the query itself.
struct Scope {
    school: bool,
    units: String,
    classes: String,
}

impl Scope {
    fn of(person: &Person, actions: &[Action]) -> Self {
        let mut school = false;
        let (mut units, mut classes): (Vec<UnitId>, Vec<ClassId>) = (Vec::new(), Vec::new());
        for (held, reach) in actions.iter().flat_map(|a| person.reaches(*a)) {
            match reach {
                Reach::School => school = true,
                Reach::Unit => units.push(held.unit),
                Reach::Class => classes.extend(held.class),
            }
        }
        Self { school, units: json!(units).to_string(), classes: json!(classes).to_string() }
    }

    /// Values for ?1 to ?3 of [`WITHIN`].
    fn args(&self) -> Vec<Value> {
        vec![self.school.into(), self.units.as_str().into(), self.classes.as_str().into()]
    }
}

/// Whether class `c` lies within the scope ?1 to ?3.
const WITHIN: &str = "c.archived_at IS NULL AND (?1 = 1
    OR EXISTS (SELECT 1 FROM unit_tree t WHERE t.unit_id = c.unit_id AND t.ancestor_id IN (SELECT value FROM json_each(?2)))
    OR c.id IN (SELECT value FROM json_each(?3)))";

/// A class with its counts (students, guardians, phones, students who can be
/// reached); ?4 is now. Counted in one pass, driven from the class into indexes.
const CLASS: &str = "SELECT c.id, c.unit_id, c.name,
    (SELECT json_group_array(t.ancestor_id) FROM (SELECT ancestor_id FROM unit_tree WHERE unit_id = c.unit_id ORDER BY depth) t) AS within,
    (SELECT json_group_array(t.name) FROM appointments a JOIN staff t ON t.id = a.staff_id
     WHERE a.class_id = c.id AND a.post = 'homeroom_teacher' AND a.since <= ?4 AND (a.until IS NULL OR a.until > ?4)
       AND t.left_at IS NULL) AS homeroom,
    (SELECT json_array(COUNT(DISTINCT s.id), COUNT(g.id), COUNT(DISTINCT g.phone_id),
       COUNT(DISTINCT CASE WHEN p.contact_state NOT IN ('invalid', 'opted_out') THEN s.id END))
     FROM students s LEFT JOIN guardians g ON g.student_id = s.id AND g.left_at IS NULL LEFT JOIN phones p ON p.id = g.phone_id
     WHERE s.class_id = c.id AND s.left_at IS NULL) AS counts
  FROM classes c WHERE ";

#[derive(Deserialize)]
struct ClassRow {
    id: ClassId,
    unit_id: UnitId,
    name: String,
    #[serde(deserialize_with = "json::column")]
    within: Vec<UnitId>,
    #[serde(deserialize_with = "json::column")]
    homeroom: Vec<String>,
    #[serde(deserialize_with = "json::column")]
    counts: [u32; 4],
}

impl ClassRow {
    fn view(self, person: &Person) -> ClassView {
        let [students, guardians, phones, reachable] = self.counts;
        let place = ClassPlace { id: self.id, unit: self.unit_id, within: self.within };
        ClassView {
            id: self.id,
            unit: self.unit_id,
            homeroom: self.homeroom,
            students,
            guardians,
            phones,
            unreachable: students - reachable,
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
    let mut values = Scope::of(person, &actions).args();
    values.push(app.now().into());
    let sql = format!("{CLASS}{WITHIN} ORDER BY c.unit_id, length(c.name), c.name");
    let rows: Vec<ClassRow> = app.db.all(sql, &values).await?;
    Ok(rows.into_iter().map(|row| row.view(person)).collect())
}

#[derive(Deserialize)]
struct StudentRow {
    id: StudentId,
    number: String,
    name: String,
}

#[derive(Deserialize)]
struct GuardianRow {
    id: GuardianId,
    student_id: StudentId,
    name: String,
    relation: String,
    phone_id: i64,
    key_id: i64,
    sealed: String,
}

/// A class's roll, in one round trip.
///
/// # Errors
/// [`AppError::NotFound`] where it is not the caller's to read.
pub async fn class_roll(app: &App, person: &Person, id: ClassId) -> Result<ClassRoll, AppError> {
    let scope = Scope::of(person, &[Action::ReadRoster]);
    let mut of_class = scope.args();
    of_class.extend([app.now().into(), id.into()]);
    let mut within = scope.args();
    within.push(id.into());
    let rows = app
        .db
        .run(vec![
            sql(format!("{CLASS}{WITHIN} AND c.id = ?5"), &of_class),
            sql(
                format!(
                    "SELECT s.id, s.number, s.name FROM classes c CROSS JOIN students s ON s.class_id = c.id AND s.left_at IS NULL
                     WHERE {WITHIN} AND c.id = ?4 ORDER BY s.number"
                ),
                &within,
            ),
            sql(
                format!(
                    "SELECT g.id, g.student_id, g.name, g.relation, p.id AS phone_id, p.key_id, p.sealed
                     FROM classes c CROSS JOIN students s ON s.class_id = c.id AND s.left_at IS NULL
                     CROSS JOIN guardians g ON g.student_id = s.id AND g.left_at IS NULL JOIN phones p ON p.id = g.phone_id
                     WHERE {WITHIN} AND c.id = ?4 ORDER BY g.student_id, g.position"
                ),
                &within,
            ),
        ])
        .await?;
    let class = rows.at(0)?.one::<ClassRow>()?.view(person);
    let (students, guardians) = (rows.at(1)?, rows.at(2)?);
    let keys = app.keys()?;
    let mut by_student: HashMap<StudentId, Vec<GuardianView>> = HashMap::new();
    for row in guardians.all::<GuardianRow>()? {
        let phone = keys.open_phone(row.phone_id, row.key_id, &row.sealed)?.masked();
        let view = GuardianView { id: row.id, name: row.name, relation: row.relation, phone };
        by_student.entry(row.student_id).or_default().push(view);
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
    Ok(ClassRoll { class, students })
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
                    WHERE a.staff_id = t.id AND a.used_at IS NULL AND a.expires_at > ?1) AS slip_until
                 FROM staff t LEFT JOIN phones p ON p.id = t.phone_id WHERE t.left_at IS NULL ORDER BY t.number",
                args![now],
            ),
            all_appointments(now),
        ])
        .await?;
    let (people, appointments) = (rows.at(0)?, rows.at(1)?);
    let mut held: HashMap<StaffId, Vec<Appointment>> = HashMap::new();
    for row in appointments.all::<AppointmentRow>()? {
        let staff = row.staff_id;
        held.entry(staff).or_default().extend(row.appointment());
    }
    let keys = app.keys()?;
    people
        .all::<StaffRow>()?
        .into_iter()
        .map(|row| {
            let phone = match (row.phone_id, row.key_id, row.sealed) {
                (Some(id), Some(key), Some(sealed)) => keys.open_phone(id, key, &sealed)?.masked(),
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
                active: row.active == 1,
                slip_until: row.slip_until,
            })
        })
        .collect()
}
