//! All SQL of roster files: the roll as a file is compared with it, and the
//! one batch that applies a file. Lists travel as JSON arrays (a statement
//! takes 100 values), in pieces that stay below D1's limit for one value.

use std::collections::{BTreeSet, HashMap};

use domain::access::Post;
use domain::ids::{ClassId, GuardianId, ImportId, StaffId, StudentId, UnitId};
use domain::roster::import::diff::{RollGuardian, RollStudent};
use domain::roster::import::places::{Places, RollClass, RollUnit};
use domain::roster::import::plan::{RollPerson, StaffRoll};
use domain::roster::import::refs::{ClassRef, Held, UnitRef};
use domain::roster::{ImportCounts, ImportKind};
use domain::school::UnitKind;
use domain::time::Instant;
use serde::{Deserialize, Serialize};

use crate::args;
use crate::platform::app::App;
use crate::platform::d1::{Guarded, Rows, Value, sql};
use crate::platform::error::AppError;
use crate::platform::json;

/// Rows of one JSON array: some 150 KB.
const PIECE: usize = 1_000;

/// The ids that the next rows get. An application gives ids itself, since a
/// number is sealed to its id and classes refer to units of the same batch; it
/// holds only while nobody else has taken them, which its first statement asks.
/// Ids of numbers never return, not even the highest after its row is deleted.
const NEXT_UNIT: &str = "(SELECT COALESCE(MAX(id), 0) + 1 FROM units)";
const NEXT_CLASS: &str = "(SELECT COALESCE(MAX(id), 0) + 1 FROM classes)";
const NEXT_PHONE: &str = "(SELECT COALESCE(MAX(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'phones')";

/// The roll as a file is compared with it.
pub struct Roll {
    /// Each applied file adds one; a preview holds for one.
    pub version: i64,
    /// The id that the next upload gets.
    pub next_import: i64,
    /// The id that the next number gets.
    pub next_phone: i64,
    /// The id that the next unit gets.
    pub next_unit: i64,
    /// The id that the next class gets.
    pub next_class: i64,
    /// Ids of the numbers that have a row, by their keyed index.
    pub phones: HashMap<String, i64>,
    /// Units and classes.
    pub places: Places,
    /// Staff; only for a staff file.
    pub staff: StaffRoll,
    /// Posts in force: id, whose, what; only for a staff file.
    pub appointments: Vec<(i64, String, Held)>,
    /// Students; only for a student file.
    pub students: Vec<RollStudent>,
}

impl Roll {
    fn unit(&self, id: UnitId) -> Result<UnitRef, AppError> {
        self.places.unit(id).ok_or_else(|| AppError::Internal(format!("unit {id} is not in the tree")))
    }

    fn class(&self, id: ClassId) -> Result<ClassRef, AppError> {
        self.places.class(id).ok_or_else(|| AppError::Internal(format!("class {id} is in no unit")))
    }
}

#[derive(Deserialize)]
struct BaseRow {
    version: i64,
    school_name: String,
    next_import: i64,
    next_phone: i64,
    next_unit: i64,
    next_class: i64,
}

#[derive(Deserialize)]
struct PhoneIdRow {
    id: i64,
    lookup: String,
}

#[derive(Deserialize)]
struct UnitRow {
    id: UnitId,
    parent_id: Option<UnitId>,
    kind: String,
    name: String,
    code: Option<String>,
    custodian: Option<String>,
}

#[derive(Deserialize)]
struct ClassRow {
    id: ClassId,
    unit_id: UnitId,
    name: String,
    code: Option<String>,
    archived: i64,
    led: i64,
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
    unit_id: UnitId,
    class_id: Option<ClassId>,
    subject: Option<String>,
}

#[derive(Deserialize)]
struct StudentRow {
    id: StudentId,
    number: String,
    name: String,
    class_id: ClassId,
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
        sql(
            format!(
                "SELECT s.roll_version AS version, u.name AS school_name,
                   (SELECT COALESCE(MAX(id), 0) + 1 FROM imports) AS next_import,
                   {NEXT_PHONE} AS next_phone, {NEXT_UNIT} AS next_unit, {NEXT_CLASS} AS next_class
                 FROM school s JOIN units u ON u.parent_id IS NULL WHERE s.id = 1"
            ),
            &[],
        ),
        sql("SELECT id, lookup FROM phones", &[]),
        sql(
            "SELECT u.id, u.parent_id, u.kind, u.name, u.code, t.number AS custodian
             FROM units u LEFT JOIN staff t ON t.id = u.custodian_id AND t.left_at IS NULL ORDER BY u.id",
            &[],
        ),
        sql(
            format!(
                "SELECT c.id, c.unit_id, c.name, c.code, c.archived_at IS NOT NULL AS archived,
                   EXISTS (SELECT 1 FROM appointments a
                           WHERE a.class_id = c.id AND a.post = 'homeroom_teacher' AND {in_force}) AS led
                 FROM classes c ORDER BY c.id"
            ),
            args![now],
        ),
    ];
    match kind {
        ImportKind::Staff => statements.extend([
            sql(
                "SELECT t.number, t.name, p.lookup, t.left_at IS NOT NULL AS left
                 FROM staff t LEFT JOIN phones p ON p.id = t.phone_id ORDER BY t.number",
                &[],
            ),
            sql(
                format!(
                    "SELECT a.id, t.number, a.post, a.unit_id, a.class_id, a.subject
                     FROM appointments a JOIN staff t ON t.id = a.staff_id WHERE t.left_at IS NULL AND {in_force}"
                ),
                args![now],
            ),
        ]),
        ImportKind::Students => statements.extend([
            sql(
                "SELECT id, number, name, class_id, left_at IS NOT NULL AS left FROM students",
                &[],
            ),
            sql(
                "SELECT g.id, g.student_id, g.name, g.relation, p.lookup FROM guardians g JOIN phones p ON p.id = g.phone_id
                 WHERE g.left_at IS NULL ORDER BY g.student_id, g.position",
                &[],
            ),
        ]),
    }
    let rows = app.db.run(statements).await?;
    let [base, phones, units, classes, rest @ ..] = rows.as_slice() else {
        return Err(AppError::Internal("the roll is incomplete".into()));
    };
    let base: BaseRow = base.first()?.ok_or(AppError::NotFound)?;
    let units: Vec<UnitRow> = units.all()?;
    let mut roll = Roll {
        version: base.version,
        next_import: base.next_import,
        next_phone: base.next_phone,
        next_unit: base.next_unit,
        next_class: base.next_class,
        phones: phones.all::<PhoneIdRow>()?.into_iter().map(|r| (r.lookup, r.id)).collect(),
        places: read_places(&base.school_name, &units, classes)?,
        staff: StaffRoll::default(),
        appointments: Vec::new(),
        students: Vec::new(),
    };
    for (id, number) in units.into_iter().filter_map(|u| Some((u.id, u.custodian?))) {
        let unit = roll.unit(id)?;
        roll.staff.custodians.insert(unit, number);
    }
    match (kind, rest) {
        (ImportKind::Staff, [people, posts]) => read_staff(&mut roll, people, posts)?,
        (ImportKind::Students, [students, guardians]) => read_students(&mut roll, students, guardians)?,
        _ => return Err(AppError::Internal("the roll is incomplete".into())),
    }
    Ok(roll)
}
fn read_places(school: &str, units: &[UnitRow], classes: &Rows) -> Result<Places, AppError> {
    let mut tree = Vec::new();
    for row in units {
        let kind = UnitKind::from_key(&row.kind)
            .ok_or_else(|| AppError::Internal(format!("unit kind {}", row.kind)))?;
        let (name, code) = (row.name.clone(), row.code.clone());
        tree.push(RollUnit { id: row.id, parent: row.parent_id, kind, name, code });
    }
    let classes: Vec<RollClass> = classes
        .all::<ClassRow>()?
        .into_iter()
        .map(|row| RollClass {
            id: row.id,
            unit: row.unit_id,
            name: row.name,
            code: row.code,
            archived: row.archived == 1,
            led: row.led == 1,
        })
        .collect();
    Ok(Places::new(school, &tree, &classes))
}

fn read_staff(roll: &mut Roll, people: &Rows, posts: &Rows) -> Result<(), AppError> {
    let mut held: HashMap<String, BTreeSet<Held>> = HashMap::new();
    for row in posts.all::<PostRow>()? {
        let post =
            Post::from_key(&row.post).ok_or_else(|| AppError::Internal(format!("post {}", row.post)))?;
        let class = row.class_id.map(|id| roll.class(id)).transpose()?;
        let one = Held { post, unit: roll.unit(row.unit_id)?, class, subject: row.subject };
        held.entry(row.number.clone()).or_default().insert(one.clone());
        roll.appointments.push((row.id, row.number, one));
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

fn read_students(roll: &mut Roll, students: &Rows, guardians: &Rows) -> Result<(), AppError> {
    let mut by_student: HashMap<StudentId, Vec<RollGuardian>> = HashMap::new();
    for row in guardians.all::<GuardianRow>()? {
        by_student.entry(row.student_id).or_default().push(RollGuardian {
            id: row.id,
            name: row.name,
            relation: row.relation,
            phone: row.lookup,
        });
    }
    for row in students.all::<StudentRow>()? {
        let student = RollStudent {
            guardians: by_student.remove(&row.id).unwrap_or_default(),
            id: row.id,
            number: row.number,
            name: row.name,
            class: roll.class(row.class_id)?,
            left: row.left == 1,
        };
        roll.students.push(student);
    }
    Ok(())
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
pub fn keep<'a>(batch: Guarded<'a>, upload: Upload, by: StaffId, now: Instant) -> Guarded<'a> {
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
/// apply at once, the second loses. So does who would give an id that somebody
/// else has given meanwhile.
///
/// # Errors
/// Where the values cannot be bound.
pub fn take<'a>(batch: Guarded<'a>, id: ImportId, roll: &Roll, now: Instant) -> Guarded<'a> {
    batch
        .must(
            format!(
                "UPDATE school SET roll_version = roll_version + 1 WHERE id = 1 AND roll_version = ?1
                   AND {NEXT_PHONE} = ?2 AND {NEXT_UNIT} = ?3 AND {NEXT_CLASS} = ?4"
            ),
            args![roll.version, roll.next_phone, roll.next_unit, roll.next_class],
        )
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
    Ok(batch.then("UPDATE imports SET counts = ?2 WHERE id = ?1", args![id, json::text(counts)?]))
}

/// What every statement of one application shares.
pub struct Writer {
    /// When.
    pub now: Instant,
    /// Who applies the file.
    pub by: StaffId,
    /// Which file.
    pub import: ImportId,
}

/// Adds a statement for each piece of a list; the piece is ?1, `rest` follow.
pub(super) fn each_piece<'a, T: Serialize>(
    mut batch: Guarded<'a>,
    list: &[T],
    sql: &'static str,
    rest: &[Value],
) -> Result<Guarded<'a>, AppError> {
    for piece in list.chunks(PIECE) {
        let mut values = vec![Value::from(json::text(&piece)?)];
        values.extend_from_slice(rest);
        batch = batch.then(sql, &values);
    }
    Ok(batch)
}

/// A number's row: id, data key's id, index key's id, sealed, lookup, last four.
pub type PhoneRow = (i64, u8, u8, String, String, String);

/// Adds numbers.
///
/// # Errors
/// Where the values cannot be bound.
pub fn add_phones<'a>(batch: Guarded<'a>, rows: &[PhoneRow]) -> Result<Guarded<'a>, AppError> {
    each_piece(
        batch,
        rows,
        "INSERT INTO phones (id, key_id, index_key_id, sealed, lookup, last4)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(?1)",
        &[],
    )
}

/// What a student file writes.
#[derive(Default)]
pub struct StudentWrites {
    /// Number, name, class.
    pub students: Vec<(String, String, ClassId)>,
    /// Student number, position, name, relation, phone's id.
    pub added: Vec<(String, usize, String, String, i64)>,
    /// Entry, position, name, relation, phone's id.
    pub updated: Vec<(GuardianId, usize, String, String, i64)>,
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
         SELECT value ->> 0, value ->> 1, value ->> 2, ?2 FROM json_each(?1)
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
        "INSERT INTO phone_changes (kind, person, from_phone, to_phone, at, by, import_id)
         SELECT 'guardian', g.id, g.phone_id, j.value ->> 4, ?2, ?3, ?4
         FROM json_each(?1) j CROSS JOIN guardians g ON g.id = j.value ->> 0 WHERE g.phone_id <> j.value ->> 4",
        args![now, writer.by, writer.import],
    )?;
    let batch = each_piece(
        batch,
        &writes.updated,
        "UPDATE guardians SET position = j.position, name = j.name, relation = j.relation, phone_id = j.phone_id
         FROM (SELECT value ->> 0 AS id, value ->> 1 AS position, value ->> 2 AS name, value ->> 3 AS relation,
                 value ->> 4 AS phone_id FROM json_each(?1)) AS j
         WHERE guardians.id = j.id",
        &[],
    )?;
    each_piece(
        batch,
        &writes.added,
        "INSERT INTO guardians (student_id, position, name, relation, phone_id, created_at)
         SELECT s.id, j.value ->> 1, j.value ->> 2, j.value ->> 3, j.value ->> 4, ?2
         FROM json_each(?1) j CROSS JOIN students s ON s.number = j.value ->> 0",
        args![now],
    )
}

/// Writes staff: number, name, phone's id.
///
/// # Errors
/// Where the values cannot be bound.
pub fn write_staff<'a>(
    batch: Guarded<'a>,
    writer: &Writer,
    people: &[(String, String, Option<i64>)],
) -> Result<Guarded<'a>, AppError> {
    let batch = each_piece(
        batch,
        people,
        "INSERT INTO phone_changes (kind, person, from_phone, to_phone, at, by, import_id)
         SELECT 'staff', t.id, t.phone_id, j.value ->> 2, ?2, ?3, ?4
         FROM json_each(?1) j CROSS JOIN staff t ON t.number = j.value ->> 0 WHERE t.phone_id IS NOT j.value ->> 2",
        args![writer.now, writer.by, writer.import],
    )?;
    each_piece(
        batch,
        people,
        "INSERT INTO staff (number, name, phone_id, created_at)
         SELECT value ->> 0, value ->> 1, value ->> 2, ?2 FROM json_each(?1)
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
    /// The unit.
    pub unit: UnitId,
    /// The class.
    pub class: Option<ClassId>,
    /// Subject.
    pub subject: Option<String>,
}

/// Ends and begins posts, and sets custodians (unit, staff number).
///
/// # Errors
/// Where the values cannot be bound.
pub fn write_posts<'a>(
    batch: Guarded<'a>,
    writer: &Writer,
    ended: &[i64],
    begun: &[Begun],
    custodians: &[(UnitId, String)],
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
         SELECT t.id, j.value ->> '$.post', j.value ->> '$.unit', j.value ->> '$.class', j.value ->> '$.subject', ?2
         FROM json_each(?1) j CROSS JOIN staff t ON t.number = j.value ->> '$.number'",
        args![writer.now],
    )?;
    each_piece(
        batch,
        custodians,
        "UPDATE units SET custodian_id = j.staff_id
         FROM (SELECT value ->> 0 AS unit, t.id AS staff_id FROM json_each(?1) CROSS JOIN staff t ON t.number = value ->> 1) AS j
         WHERE units.id = j.unit",
        &[],
    )
}
