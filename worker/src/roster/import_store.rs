//! All SQL of roster files: the roll as a file is compared with it, and the
//! one batch that applies a file. Lists travel as JSON arrays (a statement
//! takes 100 values), in pieces that stay below D1's limit for one value.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::access::Post;
use domain::ids::{GuardianId, ImportId, StaffId, StudentId, UnitId};
use domain::roster::import::diff::{RollGuardian, RollStudent};
use domain::roster::import::plan::{Held, RollPerson, StaffRoll, UnitRef};
use domain::roster::{ImportCounts, ImportKind};
use domain::school::UnitKind;
use domain::time::Instant;
use serde::{Deserialize, Serialize};

use super::routes::to_json;
use crate::app::App;
use crate::args;
use crate::bindings::{Guarded, Rows, Value};
use crate::error::AppError;

/// Rows of one JSON array: some 150 KB.
const PIECE: usize = 1_000;

/// The roll as a file is compared with it.
pub struct Roll {
    /// Each applied file adds one; a preview holds for one.
    pub version: i64,
    /// The school's name, which is also its root unit's.
    pub school_name: String,
    /// The root unit.
    pub school_unit: UnitId,
    /// The id that the next upload gets.
    pub next_import: i64,
    /// The id that the next number gets.
    pub next_phone: i64,
    /// Keyed indexes of the numbers that have a row.
    pub lookups: BTreeSet<String>,
    /// Classes with a homeroom teacher.
    pub led: Vec<String>,
    /// Staff; only for a staff file.
    pub staff: StaffRoll,
    /// Posts in force: id, whose, what; only for a staff file.
    pub appointments: Vec<(i64, String, Held)>,
    /// Students; only for a student file.
    pub students: Vec<RollStudent>,
}

impl Roll {
    /// A unit's name in the database.
    pub fn unit_name(&self, unit: &UnitRef) -> String {
        match unit {
            UnitRef::School => self.school_name.clone(),
            other => other.name().to_owned(),
        }
    }
}

#[derive(Deserialize)]
struct BaseRow {
    version: i64,
    school_name: String,
    school_unit: UnitId,
    next_import: i64,
    next_phone: i64,
}

#[derive(Deserialize)]
struct NameRow {
    name: String,
}

#[derive(Deserialize)]
struct PersonRow {
    number: String,
    name: String,
    lookup: Option<String>,
    left: i64,
}

#[derive(Deserialize)]
struct PostRow {
    id: i64,
    number: String,
    post: String,
    kind: String,
    unit: String,
    class: Option<String>,
    subject: Option<String>,
}

#[derive(Deserialize)]
struct UnitRow {
    kind: String,
    name: String,
    custodian: Option<String>,
}

#[derive(Deserialize)]
struct StudentRow {
    id: StudentId,
    number: String,
    name: String,
    class: String,
    left: i64,
}

#[derive(Deserialize)]
struct GuardianRow {
    id: GuardianId,
    student_id: StudentId,
    name: String,
    relation: String,
    lookup: String,
}

/// Reads the roll, in one round trip.
///
/// # Errors
/// Where the database fails.
pub async fn load(app: &App, kind: ImportKind) -> Result<Roll, AppError> {
    let now = app.now();
    let in_force = "a.since <= ?1 AND (a.until IS NULL OR a.until > ?1)";
    let mut statements = vec![
        app.db.sql(
            "SELECT s.roll_version AS version, u.name AS school_name, u.id AS school_unit,
               (SELECT COALESCE(MAX(id), 0) + 1 FROM imports) AS next_import,
               (SELECT COALESCE(MAX(id), 0) + 1 FROM phones) AS next_phone
             FROM school s JOIN units u ON u.kind = 'school' WHERE s.id = 1",
            &[],
        )?,
        app.db.sql("SELECT lookup AS name FROM phones", &[])?,
        app.db.sql(
            &format!(
                "SELECT DISTINCT c.name FROM classes c JOIN appointments a ON a.class_id = c.id AND a.post = 'homeroom_teacher'
                 WHERE c.archived_at IS NULL AND {in_force}"
            ),
            args![now],
        )?,
    ];
    match kind {
        ImportKind::Staff => statements.extend([
            app.db.sql(
                "SELECT t.number, t.name, p.lookup, t.left_at IS NOT NULL AS left
                 FROM staff t LEFT JOIN phones p ON p.id = t.phone_id ORDER BY t.number",
                &[],
            )?,
            app.db.sql(
                &format!(
                    "SELECT a.id, t.number, a.post, u.kind, u.name AS unit, c.name AS class, a.subject
                     FROM appointments a JOIN staff t ON t.id = a.staff_id JOIN units u ON u.id = a.unit_id
                     LEFT JOIN classes c ON c.id = a.class_id WHERE t.left_at IS NULL AND {in_force}"
                ),
                args![now],
            )?,
            app.db.sql(
                "SELECT u.kind, u.name, t.number AS custodian FROM units u LEFT JOIN staff t ON t.id = u.custodian_id AND t.left_at IS NULL",
                &[],
            )?,
        ]),
        ImportKind::Students => statements.extend([
            app.db.sql(
                "SELECT s.id, s.number, s.name, c.name AS class, s.left_at IS NOT NULL AS left
                 FROM students s JOIN classes c ON c.id = s.class_id",
                &[],
            )?,
            app.db.sql(
                "SELECT g.id, g.student_id, g.name, g.relation, p.lookup FROM guardians g JOIN phones p ON p.id = g.phone_id
                 WHERE g.left_at IS NULL ORDER BY g.student_id, g.position",
                &[],
            )?,
        ]),
    }
    let rows = app.db.run(statements).await?;
    let [base, lookups, led, rest @ ..] = rows.as_slice() else {
        return Err(AppError::Internal("the roll is incomplete".into()));
    };
    let base: BaseRow = base.first()?.ok_or(AppError::NotFound)?;
    let names = |rows: &Rows| Ok::<_, AppError>(rows.all::<NameRow>()?.into_iter().map(|r| r.name));
    let mut roll = Roll {
        version: base.version,
        school_name: base.school_name,
        school_unit: base.school_unit,
        next_import: base.next_import,
        next_phone: base.next_phone,
        lookups: names(lookups)?.collect(),
        led: names(led)?.collect(),
        staff: StaffRoll::default(),
        appointments: Vec::new(),
        students: Vec::new(),
    };
    match rest {
        [people, posts, units] => read_staff(&mut roll, people, posts, units)?,
        [students, guardians] => roll.students = read_students(students, guardians)?,
        _ => return Err(AppError::Internal("the roll is incomplete".into())),
    }
    Ok(roll)
}

fn read_staff(roll: &mut Roll, people: &Rows, posts: &Rows, units: &Rows) -> Result<(), AppError> {
    let unit_of = |kind: &str, name: &str| {
        let kind = UnitKind::from_key(kind).ok_or_else(|| AppError::Internal(format!("unit kind {kind}")))?;
        Ok::<_, AppError>(UnitRef::of(kind, name))
    };
    let mut held: HashMap<String, BTreeSet<Held>> = HashMap::new();
    for row in posts.all::<PostRow>()? {
        let post =
            Post::from_key(&row.post).ok_or_else(|| AppError::Internal(format!("post {}", row.post)))?;
        let one = Held { post, unit: unit_of(&row.kind, &row.unit)?, class: row.class, subject: row.subject };
        held.entry(row.number.clone()).or_default().insert(one.clone());
        roll.appointments.push((row.id, row.number, one));
    }
    for row in units.all::<UnitRow>()? {
        let unit = unit_of(&row.kind, &row.name)?;
        if let UnitRef::Office(name) = &unit {
            roll.staff.office = Some(name.clone());
        }
        if let Some(number) = row.custodian {
            roll.staff.custodians.insert(unit, number);
        }
    }
    roll.staff.people = people
        .all::<PersonRow>()?
        .into_iter()
        .map(|row| RollPerson {
            held: held.remove(&row.number).unwrap_or_default(),
            number: row.number,
            name: row.name,
            phone: row.lookup,
            left: row.left == 1,
        })
        .collect();
    Ok(())
}

fn read_students(students: &Rows, guardians: &Rows) -> Result<Vec<RollStudent>, AppError> {
    let mut by_student: HashMap<StudentId, Vec<RollGuardian>> = HashMap::new();
    for row in guardians.all::<GuardianRow>()? {
        by_student.entry(row.student_id).or_default().push(RollGuardian {
            id: row.id,
            name: row.name,
            relation: row.relation,
            phone: row.lookup,
        });
    }
    Ok(students
        .all::<StudentRow>()?
        .into_iter()
        .map(|row| RollStudent {
            guardians: by_student.remove(&row.id).unwrap_or_default(),
            id: row.id,
            number: row.number,
            name: row.name,
            class: row.class,
            left: row.left == 1,
        })
        .collect())
}

/// An upload to keep until it is applied.
pub struct Upload {
    /// Its id.
    pub id: ImportId,
    /// What it is about.
    pub kind: ImportKind,
    /// The sealed file.
    pub sealed: Vec<u8>,
    /// Under which key.
    pub key_id: u8,
    /// SHA-256 of the file.
    pub sha256: String,
    /// The roll that it was compared with.
    pub roll_version: i64,
}

fn kind_key(kind: ImportKind) -> &'static str {
    match kind {
        ImportKind::Staff => "staff",
        ImportKind::Students => "students",
    }
}

/// Keeps an upload; loses where another one took the id.
///
/// # Errors
/// Where the values cannot be bound.
pub fn keep<'a>(
    batch: Guarded<'a>,
    upload: Upload,
    by: StaffId,
    now: Instant,
) -> Result<Guarded<'a>, AppError> {
    batch.must(
        "INSERT INTO imports (id, kind, sealed, key_id, sha256, roll_version, uploaded_by, uploaded_at)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE NOT EXISTS (SELECT 1 FROM imports WHERE id = ?1)",
        args![
            upload.id,
            kind_key(upload.kind),
            upload.sealed,
            upload.key_id,
            upload.sha256,
            upload.roll_version,
            by,
            now
        ],
    )
}

/// An upload as kept.
pub struct Kept {
    /// What it is about.
    pub kind: ImportKind,
    /// The sealed file, until it is applied or stale.
    pub sealed: Option<Vec<u8>>,
    /// Under which key.
    pub key_id: i64,
    /// SHA-256 of the file.
    pub sha256: String,
    /// The roll that it was compared with.
    pub roll_version: i64,
    /// Whether it has been applied.
    pub applied: bool,
}

/// An upload of this person.
///
/// # Errors
/// Where the database fails.
pub async fn kept(app: &App, id: ImportId, by: StaffId) -> Result<Option<Kept>, AppError> {
    #[derive(Deserialize)]
    struct Row {
        kind: String,
        sealed: Option<Vec<u8>>,
        key_id: i64,
        sha256: String,
        roll_version: i64,
        applied_at: Option<Instant>,
    }
    let row: Option<Row> = app
        .db
        .first(
            "SELECT kind, sealed, key_id, sha256, roll_version, applied_at FROM imports WHERE id = ?1 AND uploaded_by = ?2",
            args![id, by],
        )
        .await?;
    Ok(row.map(|row| Kept {
        kind: if row.kind == kind_key(ImportKind::Staff) { ImportKind::Staff } else { ImportKind::Students },
        sealed: row.sealed,
        key_id: row.key_id,
        sha256: row.sha256,
        roll_version: row.roll_version,
        applied: row.applied_at.is_some(),
    }))
}

/// Takes the roll's version and the upload, first in the batch: of two who
/// apply at once, the second loses.
///
/// # Errors
/// Where the values cannot be bound.
pub fn take(batch: Guarded<'_>, id: ImportId, version: i64, now: Instant) -> Result<Guarded<'_>, AppError> {
    batch
        .must(
            "UPDATE school SET roll_version = roll_version + 1 WHERE id = 1 AND roll_version = ?1",
            args![version],
        )?
        .must(
            "UPDATE imports SET applied_at = ?2, sealed = NULL WHERE id = ?1 AND applied_at IS NULL",
            args![id, now],
        )
}

/// Writes down what applying did.
///
/// # Errors
/// Where the values cannot be bound.
pub fn record<'a>(batch: Guarded<'a>, id: ImportId, counts: &ImportCounts) -> Result<Guarded<'a>, AppError> {
    batch.then("UPDATE imports SET counts = ?2 WHERE id = ?1", args![id, to_json(counts)?])
}

/// What every statement of one application shares.
pub struct Writer {
    /// When.
    pub now: Instant,
    /// The root unit.
    pub school_unit: UnitId,
}

/// Adds a statement for each piece of a list; the piece is ?1, `rest` follow.
fn each_piece<'a, T: Serialize>(
    mut batch: Guarded<'a>,
    list: &[T],
    sql: &str,
    rest: &[Value],
) -> Result<Guarded<'a>, AppError> {
    for piece in list.chunks(PIECE) {
        let mut values = vec![Value::from(to_json(&piece)?)];
        values.extend_from_slice(rest);
        batch = batch.then(sql, &values)?;
    }
    Ok(batch)
}

/// A number's row: id, key id, sealed, lookup, last four.
pub type PhoneRow = (i64, u8, String, String, String);

/// Adds numbers.
///
/// # Errors
/// Where the values cannot be bound.
pub fn add_phones<'a>(batch: Guarded<'a>, rows: &[PhoneRow]) -> Result<Guarded<'a>, AppError> {
    each_piece(
        batch,
        rows,
        "INSERT INTO phones (id, key_id, sealed, lookup, last4)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?1)",
        &[],
    )
}

/// Adds units below the school, by name and kind, where they are missing.
///
/// # Errors
/// Where the values cannot be bound.
pub fn add_units<'a>(
    batch: Guarded<'a>,
    writer: &Writer,
    units: &[(String, &str)],
) -> Result<Guarded<'a>, AppError> {
    each_piece(
        batch,
        units,
        "INSERT INTO units (parent_id, kind, name, created_at)
         SELECT ?2, value ->> 1, value ->> 0, ?3 FROM json_each(?1) WHERE true ON CONFLICT (name) DO NOTHING",
        args![writer.school_unit, writer.now],
    )
}

/// Adds classes to their grades, where they are missing.
///
/// # Errors
/// Where the values cannot be bound.
pub fn add_classes<'a>(
    batch: Guarded<'a>,
    writer: &Writer,
    classes: &BTreeMap<String, String>,
) -> Result<Guarded<'a>, AppError> {
    let list: Vec<(&String, &String)> = classes.iter().collect();
    each_piece(
        batch,
        &list,
        "INSERT INTO classes (unit_id, name, created_at)
         SELECT u.id, j.value ->> 0, ?2 FROM json_each(?1) j CROSS JOIN units u ON u.name = j.value ->> 1
         WHERE true ON CONFLICT (name) DO UPDATE SET archived_at = NULL WHERE archived_at IS NOT NULL",
        args![writer.now],
    )
}

/// What a student file writes.
#[derive(Default)]
pub struct StudentWrites {
    /// Number, name, class.
    pub students: Vec<(String, String, String)>,
    /// Student number, position, name, relation, phone's lookup.
    pub added: Vec<(String, usize, String, String, String)>,
    /// Entry, position, name, relation, phone's lookup.
    pub updated: Vec<(GuardianId, usize, String, String, String)>,
    /// Entries that end.
    pub left: Vec<GuardianId>,
}

/// Writes students and guardians.
///
/// # Errors
/// Where the values cannot be bound.
pub fn write_students<'a>(
    batch: Guarded<'a>,
    writer: &Writer,
    writes: &StudentWrites,
) -> Result<Guarded<'a>, AppError> {
    let now = writer.now;
    let batch = each_piece(
        batch,
        &writes.students,
        "INSERT INTO students (number, name, class_id, created_at)
         SELECT j.value ->> 0, j.value ->> 1, c.id, ?2 FROM json_each(?1) j CROSS JOIN classes c ON c.name = j.value ->> 2
         WHERE true ON CONFLICT (number) DO UPDATE SET name = excluded.name, class_id = excluded.class_id, left_at = NULL",
        args![now],
    )?;
    let batch = each_piece(
        batch,
        &writes.left,
        "UPDATE guardians SET left_at = ?2 WHERE id IN (SELECT value FROM json_each(?1)) AND left_at IS NULL",
        args![now],
    )?;
    let batch = each_piece(
        batch,
        &writes.updated,
        "UPDATE guardians SET position = j.position, name = j.name, relation = j.relation, phone_id = j.phone_id
         FROM (SELECT value ->> 0 AS id, value ->> 1 AS position, value ->> 2 AS name, value ->> 3 AS relation, p.id AS phone_id
               FROM json_each(?1) CROSS JOIN phones p ON p.lookup = value ->> 4) AS j
         WHERE guardians.id = j.id",
        &[],
    )?;
    each_piece(
        batch,
        &writes.added,
        "INSERT INTO guardians (student_id, position, name, relation, phone_id, created_at)
         SELECT s.id, j.value ->> 1, j.value ->> 2, j.value ->> 3, p.id, ?2
         FROM json_each(?1) j CROSS JOIN students s ON s.number = j.value ->> 0 CROSS JOIN phones p ON p.lookup = j.value ->> 4",
        args![now],
    )
}

/// Writes staff: number, name, phone's lookup.
///
/// # Errors
/// Where the values cannot be bound.
pub fn write_staff<'a>(
    batch: Guarded<'a>,
    writer: &Writer,
    people: &[(String, String, Option<String>)],
) -> Result<Guarded<'a>, AppError> {
    each_piece(
        batch,
        people,
        "INSERT INTO staff (number, name, phone_id, created_at)
         SELECT j.value ->> 0, j.value ->> 1, (SELECT p.id FROM phones p WHERE p.lookup = j.value ->> 2), ?2
         FROM json_each(?1) j
         WHERE true ON CONFLICT (number) DO UPDATE SET name = excluded.name, phone_id = excluded.phone_id, left_at = NULL",
        args![writer.now],
    )
}

/// A post that begins.
#[derive(Serialize)]
pub struct Begun {
    /// Whose.
    pub number: String,
    /// Key of the post.
    pub post: &'static str,
    /// Name of the unit.
    pub unit: String,
    /// Name of the class.
    pub class: Option<String>,
    /// Subject.
    pub subject: Option<String>,
}

/// Ends and begins posts, and sets custodians (unit's name, staff number).
///
/// # Errors
/// Where the values cannot be bound.
pub fn write_posts<'a>(
    batch: Guarded<'a>,
    writer: &Writer,
    ended: &[i64],
    begun: &[Begun],
    custodians: &[(String, String)],
) -> Result<Guarded<'a>, AppError> {
    let batch = each_piece(
        batch,
        ended,
        "UPDATE appointments SET until = ?2 WHERE id IN (SELECT value FROM json_each(?1)) AND until IS NULL",
        args![writer.now],
    )?;
    let batch = each_piece(
        batch,
        begun,
        "INSERT INTO appointments (staff_id, post, unit_id, class_id, subject, since)
         SELECT t.id, j.value ->> '$.post', u.id, (SELECT c.id FROM classes c WHERE c.name = j.value ->> '$.class'),
           j.value ->> '$.subject', ?2
         FROM json_each(?1) j CROSS JOIN staff t ON t.number = j.value ->> '$.number'
         CROSS JOIN units u ON u.name = j.value ->> '$.unit'",
        args![writer.now],
    )?;
    each_piece(
        batch,
        custodians,
        "UPDATE units SET custodian_id = j.staff_id
         FROM (SELECT value ->> 0 AS unit, t.id AS staff_id FROM json_each(?1) CROSS JOIN staff t ON t.number = value ->> 1) AS j
         WHERE units.name = j.unit",
        &[],
    )
}
