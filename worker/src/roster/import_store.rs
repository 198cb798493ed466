//! All SQL of roster files: the roll as a file is compared with it, and the
//! one batch that applies a file. Lists travel as JSON arrays (a statement
//! takes 100 values), in pieces that stay below D1's limit for one value.

use std::collections::{BTreeSet, HashMap};

use domain::access::Post;
use domain::ids::{AppointmentId, ClassId, GuardianId, ImportId, StaffId, StudentId, UnitId};
use domain::message::RecipientKind;
use domain::roster::ImportKind;
use domain::roster::import::diff::{RollGuardian, RollStudent};
use domain::roster::import::places::{Places, RollClass, RollUnit};
use domain::roster::import::plan::{RollPerson, RollPost, StaffRoll};
use domain::roster::import::refs::{ClassRef, Held, UnitRef};
use domain::school::UnitKind;
use domain::time::Instant;
use serde::{Deserialize, Serialize};

use crate::appointment::sealed::{COLUMNS, SealedAppointment};
use crate::args;
use crate::platform::app::App;
use crate::platform::crypto::Keys;
use crate::platform::d1::{Guarded, Rows, Value, sql};
use crate::platform::error::AppError;
use crate::platform::json;
use crate::seals::{PhoneChangeSeal, Seal};

/// The id of the key behind `phones.lookup` and `phones.last4`: a deployment has one.
pub const INDEX_KEY: u8 = 1;
/// Rows of one JSON array: some 150 KB.
const PIECE: usize = 1_000;

/// The ids that the next rows get. An application gives ids itself, since a
/// number is sealed to its id, classes refer to units of the same batch, and
/// appointments are sealed with whose they are, and what is written down to be taken back names each row; it holds only
/// while nobody else has taken them, which its first statement asks.
/// Ids of numbers never return, not even the highest after its row is deleted.
const NEXT_UNIT: &str = "(SELECT COALESCE(MAX(id), 0) + 1 FROM units)";
const NEXT_CLASS: &str = "(SELECT COALESCE(MAX(id), 0) + 1 FROM classes)";
pub const NEXT_PHONE: &str = "(SELECT COALESCE(MAX(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'phones')";
const NEXT_STAFF: &str = "(SELECT COALESCE(MAX(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'staff')";
const NEXT_STUDENT: &str = "(SELECT COALESCE(MAX(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'students')";
const NEXT_GUARDIAN: &str =
    "(SELECT COALESCE(MAX(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'guardians')";
pub(super) const NEXT_APPOINTMENT: &str =
    "(SELECT COALESCE(MAX(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'appointments')";

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
    /// The id that the next member of staff gets.
    pub next_staff: i64,
    /// The id that the next student gets.
    pub next_student: i64,
    /// The id that the next guardian's entry gets.
    pub next_guardian: i64,
    /// The id that the next appointment gets.
    pub next_appointment: i64,
    /// Ids of the numbers that have a row, by their keyed index.
    pub phones: HashMap<String, i64>,
    /// Units and classes.
    pub places: Places,
    /// Staff; only for a staff file.
    pub staff: StaffRoll,
    /// The same posts as they are sealed.
    pub sealed: Vec<SealedAppointment>,
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
    next_staff: i64,
    next_student: i64,
    next_guardian: i64,
    next_appointment: i64,
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
    id: StaffId,
    number: String,
    name: String,
    lookup: Option<String>,
    left: i64,
}

#[derive(Deserialize)]
struct PostRow {
    id: AppointmentId,
    staff_id: StaffId,
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
    position: usize,
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
    let in_force = "a.since <= ?1 AND a.until IS NULL";
    let mut statements = vec![
        sql(
            format!(
                "SELECT s.roll_version AS version, u.name AS school_name,
                   (SELECT COALESCE(MAX(id), 0) + 1 FROM imports) AS next_import,
                   {NEXT_PHONE} AS next_phone, {NEXT_UNIT} AS next_unit, {NEXT_CLASS} AS next_class,
                   {NEXT_STAFF} AS next_staff, {NEXT_STUDENT} AS next_student, {NEXT_GUARDIAN} AS next_guardian,
                   {NEXT_APPOINTMENT} AS next_appointment
                 FROM school s JOIN units u ON u.parent_id IS NULL WHERE s.id = 1"
            ),
            &[],
        ),
        sql("SELECT id, lookup FROM phones", &[]),
        sql(
            "SELECT u.id, u.parent_id, u.kind, u.name, u.code FROM units u ORDER BY u.id",
            &[],
        ),
        sql(
            format!(
                "SELECT c.id, c.unit_id, c.name, c.code, c.archived_at IS NOT NULL AS archived,
                   EXISTS (SELECT 1 FROM appointments a
                           WHERE a.class_id = c.id AND a.post IN ('homeroom_teacher', 'counsellor') AND {in_force}) AS led
                 FROM classes c ORDER BY c.id"
            ),
            args![now],
        ),
    ];
    match kind {
        ImportKind::Staff => statements.extend([
            sql(
                "SELECT t.id, t.number, t.name, p.lookup, t.left_at IS NOT NULL AS left
                 FROM staff t LEFT JOIN phones p ON p.id = t.phone_id ORDER BY t.number, t.id",
                &[],
            ),
            sql(
                format!(
                    "SELECT {COLUMNS}, t.number
                     FROM appointments a JOIN staff t ON t.id = a.staff_id WHERE t.left_at IS NULL AND {in_force}"
                ),
                args![now],
            ),
        ]),
        ImportKind::Students => statements.extend([
            sql(
                "SELECT id, number, name, class_id, left_at IS NOT NULL AS left FROM students ORDER BY id",
                &[],
            ),
            sql(
                "SELECT g.id, g.student_id, g.position, g.name, g.relation, p.lookup FROM guardians g JOIN phones p ON p.id = g.phone_id
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
        next_staff: base.next_staff,
        next_student: base.next_student,
        next_guardian: base.next_guardian,
        next_appointment: base.next_appointment,
        staff: StaffRoll::default(),
        sealed: Vec::new(),
        students: Vec::new(),
    };
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
    let mut held: HashMap<StaffId, BTreeSet<Held>> = HashMap::new();
    roll.sealed = posts.all()?;
    for row in posts.all::<PostRow>()? {
        let post =
            Post::from_key(&row.post).ok_or_else(|| AppError::Internal(format!("post {}", row.post)))?;
        let class = row.class_id.map(|id| roll.class(id)).transpose()?;
        let one = Held { post, unit: roll.unit(row.unit_id)?, class, subject: row.subject };
        held.entry(row.staff_id).or_default().insert(one.clone());
        let post = RollPost { id: row.id, staff: row.staff_id, number: row.number, held: one };
        roll.staff.appointments.push(post);
    }
    roll.staff.people = people
        .all::<PersonRow>()?
        .into_iter()
        .map(|row| RollPerson {
            held: held.remove(&row.id).unwrap_or_default(),
            id: row.id,
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
            position: row.position,
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

/// Takes the roll's version, first in the batch: of two who change the roll at
/// once, the second loses. So does who would give an id that somebody else has
/// given meanwhile.
pub fn take_roll<'a>(batch: Guarded<'a>, roll: &Roll) -> Guarded<'a> {
    batch.must(
        format!(
            "UPDATE school SET roll_version = roll_version + 1 WHERE id = 1 AND roll_version = ?1
               AND {NEXT_PHONE} = ?2 AND {NEXT_UNIT} = ?3 AND {NEXT_CLASS} = ?4 AND {NEXT_STAFF} = ?5
               AND {NEXT_STUDENT} = ?6 AND {NEXT_GUARDIAN} = ?7 AND {NEXT_APPOINTMENT} = ?8"
        ),
        args![
            roll.version,
            roll.next_phone,
            roll.next_unit,
            roll.next_class,
            roll.next_staff,
            roll.next_student,
            roll.next_guardian,
            roll.next_appointment
        ],
    )
}

/// Numbers as they are shown, by what stands for them.
///
/// # Errors
/// Where the database fails.
pub async fn masked(app: &App, lookups: &[&str]) -> Result<HashMap<String, String>, AppError> {
    #[derive(Deserialize)]
    struct Row {
        lookup: String,
        id: i64,
        key_id: i64,
        sealed: String,
    }
    if lookups.is_empty() {
        return Ok(HashMap::new());
    }
    let mut statements = Vec::new();
    for piece in lookups.chunks(PIECE) {
        statements.push(sql(
            "SELECT p.lookup, p.id, p.key_id, p.sealed FROM json_each(?1) j CROSS JOIN phones p ON p.lookup = j.value",
            args![json::text(piece)?],
        ));
    }
    let keys = app.keys()?;
    let mut masked = HashMap::new();
    for rows in app.db.run(statements).await? {
        for Row { lookup, id, key_id, sealed } in rows.all()? {
            masked.insert(lookup, keys.masked_phone(id, key_id, &sealed));
        }
    }
    Ok(masked)
}

/// What every statement of one application shares.
pub struct Writer<'a> {
    /// When.
    pub now: Instant,
    /// Who applies the file.
    pub by: StaffId,
    /// Which file.
    pub import: ImportId,
    /// Seal what carries power.
    pub keys: &'a Keys,
    /// Posts that can end by it.
    pub sealed: &'a [SealedAppointment],
}

/// A changed number: kind, person, from, to, seal.
pub type NumberChange = (&'static str, i64, Option<i64>, Option<i64>, String);

impl Writer<'_> {
    /// A change of number under its seal.
    pub fn change(
        &self,
        kind: RecipientKind,
        person: i64,
        from: Option<i64>,
        to: Option<i64>,
    ) -> NumberChange {
        let seal = PhoneChangeSeal { kind: kind.key(), person, from, to, at: self.now, by: self.by.0 };
        (kind.key(), person, from, to, seal.mac(self.keys))
    }
}

/// Writes down changes of numbers, before the numbers themselves.
///
/// # Errors
/// Where the values cannot be bound.
pub(super) fn write_changes<'a>(
    batch: Guarded<'a>,
    writer: &Writer<'_>,
    changes: &[NumberChange],
) -> Result<Guarded<'a>, AppError> {
    each_piece(
        batch,
        changes,
        "INSERT INTO phone_changes (kind, person, from_phone, to_phone, at, by, import_id, mac)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, ?2, ?3, ?4, value ->> 4 FROM json_each(?1)",
        args![writer.now, writer.by, writer.import],
    )
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

/// As [`each_piece`], for statements that have to change one row for each
/// entry: where somebody changed one meanwhile, the batch is lost.
pub(super) fn each_counted<'a, T: Serialize>(
    mut batch: Guarded<'a>,
    list: &[T],
    sql: &'static str,
    rest: &[Value],
) -> Result<Guarded<'a>, AppError> {
    for piece in list.chunks(PIECE) {
        batch = each_piece(batch, piece, sql, rest)?.require("changes() = ?1", args![piece.len()]);
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
