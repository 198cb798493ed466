//! An audience: whom it holds now, in which classes, and the world around it,
//! which decides the chain that fits and who holds the posts that decide. Read
//! for a draft that is typed, and together with a message that is saved.

use std::borrow::Cow;

use domain::access::{Action, Appointment, ClassPlace, Person, Post};
use domain::approval::{
    Absence, Binding, Holder, OWN_PROCEDURE, Procedure, ProcedureStep, Scope, Sender, Step,
};
use domain::ids::{AppointmentId, ClassId, MessageId, PhoneId, ProcedureId, StaffId, StreamId, UnitId};
use domain::message::{
    Audience, Audiences, Category, ChosenChild, Draft, ListRoot, MessageState, Missed, Recipient,
    RecipientKind, RootHasher,
};
use domain::roster::OWN_NUMBER;
use domain::school::UnitKind;
use domain::time::{Instant, SendingWindow};
use domain::words::Words;
use serde::Deserialize;

use super::children::{self, KnownChild};
use crate::args;
use crate::delegation::sealed::{OBJECT, SealedAbsence};
use crate::platform::app::App;
use crate::platform::crypto::Keys;
use crate::platform::d1::{Answers, Rows, Stmt, Value, sql};
use crate::platform::error::AppError;
use crate::platform::json;
use crate::procedure::sealed::{COLUMNS, SealedProcedure};
use crate::roster::scope::Scope as ReadableRolls;
use crate::roster::whose::barred;

/// Streams whose entries are read at once: at eighty entries of some 25 bytes each, 1.4 MB.
pub const STREAMS_OF_A_PAGE: usize = 700;

/// A class of the audience, with its name.
#[derive(Clone, Debug, Deserialize)]
pub struct NamedClass {
    /// Class.
    pub id: ClassId,
    unit_id: UnitId,
    #[serde(deserialize_with = "json::column")]
    within: Vec<UnitId>,
    /// Name.
    pub name: String,
}

impl NamedClass {
    /// As the rules need it.
    pub fn place(&self) -> ClassPlace {
        ClassPlace { id: self.id, unit: self.unit_id, within: self.within.clone() }
    }
}

/// A holder of a post that decides.
#[derive(Deserialize)]
struct HolderRow {
    id: AppointmentId,
    staff_id: StaffId,
    name: String,
    post: Post,
    unit_id: UnitId,
    given_by: StaffId,
    confirmed_by: StaffId,
    confirmed_at: Instant,
    #[serde(deserialize_with = "json::column")]
    away: Vec<SealedAbsence>,
}

impl HolderRow {
    /// An absence that nobody recorded through the Worker lets nobody stand in.
    fn holder(self, keys: &Keys) -> Holder {
        let away = self.away.into_iter().filter(|absence| absence.fits(keys));
        Holder {
            appointment: self.id,
            staff: self.staff_id,
            name: self.name,
            post: self.post,
            unit: self.unit_id,
            given_by: self.given_by,
            confirmed_by: self.confirmed_by,
            confirmed_at: self.confirmed_at,
            away: away.map(|a| Absence { recorded_by: a.recorded_by, until: a.until_at }).collect(),
        }
    }
}

#[derive(Deserialize)]
struct UnitRow {
    id: UnitId,
    parent_id: Option<UnitId>,
    kind: UnitKind,
    name: String,
}

#[derive(Deserialize)]
struct SchoolRow {
    signature: String,
    window_from: u16,
    window_to: u16,
    roll_version: i64,
}

/// A procedure in force, and whether it carries its seal.
struct InForce {
    procedure: Procedure,
    row: SealedProcedure,
}

impl InForce {
    fn read(row: SealedProcedure) -> Result<Self, AppError> {
        let unknown = || AppError::Internal(format!("procedure {} is of a kind that is not known", row.id));
        let steps: Vec<ProcedureStep> = json::read("a procedure's steps", &row.steps)?;
        let label = Words { zh: row.label_zh.clone().into(), en: row.label_en.clone().into() };
        let sender = Sender::from_key(&row.sender).ok_or_else(unknown)?;
        let scope = Scope::from_key(&row.scope).ok_or_else(unknown)?;
        let (id, version) = (ProcedureId(row.id), row.version);
        Ok(Self { procedure: Procedure { id, version, sender, scope, label, steps }, row })
    }
}

/// The message that a draft corrects, as its correction is judged by it.
#[derive(Clone, Debug, Deserialize)]
pub struct EarlierMessage {
    /// Where it stands.
    pub state: MessageState,
    /// What it was about.
    pub category: Option<Category>,
    /// Its audience in words.
    pub audience_zh: String,
    /// Its audience in words.
    pub audience_en: String,
    audience_unit_id: UnitId,
    appointment_id: AppointmentId,
    capacity_post: Post,
    capacity_unit_id: UnitId,
    capacity_class: Option<ClassId>,
    /// Its correction that is under way or has gone out.
    pub open_id: Option<MessageId>,
    /// Who wrote that one.
    pub open_author: Option<StaffId>,
    #[serde(deserialize_with = "json::flag")]
    to_staff: bool,
}

impl EarlierMessage {
    fn sent_as(&self) -> SentAs {
        SentAs {
            appointment: self.appointment_id,
            post: self.capacity_post,
            unit: self.capacity_unit_id,
            class: self.capacity_class,
        }
    }
}

/// By which appointment a message was sent.
#[derive(Clone, Copy, Debug)]
pub struct SentAs {
    /// The appointment.
    pub appointment: AppointmentId,
    /// Its post.
    pub post: Post,
    /// Its unit.
    pub unit: UnitId,
    /// Its class, of a teacher's.
    pub class: Option<ClassId>,
}

impl SentAs {
    /// Whether an appointment sends corrections of what was sent by this one: itself; in an office or a college,
    /// any of that very unit that sends as the same, and none of a class below it; of a class, whoever leads it now.
    pub fn is_corrected_by(&self, held: &Appointment) -> bool {
        let Some(sender) = held.post.sender().filter(|sender| self.post.sender() == Some(*sender)) else {
            return false;
        };
        let leads = held.post.leads_a_class();
        held.id == self.appointment
            || if self.class.is_some() || sender == Sender::Teacher {
                leads && held.class.is_some() && held.class == self.class
            } else {
                held.unit == self.unit && held.class.is_none()
            }
    }
}

/// What the world looks like for an audience: who it holds, which chain fits.
pub struct Surroundings {
    /// Classes of the audience that exist.
    pub classes: Vec<NamedClass>,
    /// The root unit.
    school_unit: UnitId,
    /// All units.
    units: Vec<UnitRow>,
    /// The procedures in force.
    procedures: Vec<InForce>,
    /// Who holds posts that decide.
    pub holders: Vec<Holder>,
    /// SMS signature.
    pub signature: String,
    /// Sending window.
    pub window: SendingWindow,
    /// How many.
    pub reach: Audiences,
    /// Students chosen one by one who are or were in their class.
    pub children: Vec<ChosenChild>,
    /// The roll that all this was read from.
    pub roll_version: i64,
    /// The message that is corrected, where the audience is a correction's.
    pub earlier: Option<EarlierMessage>,
}

/// The message that the audience `a` corrects; no row is of it where it corrects none.
fn corrected(a: &str) -> String {
    format!("(CASE {a} ->> '$.kind' WHEN 'earlier' THEN {a} ->> '$.message' END)")
}

/// Whom a correction concerns: each entry `e.value` of those to whom the original went, with who it is now.
fn reached(a: &str) -> String {
    format!(
        "(SELECT e.value AS value, d.phone_id, e.value ->> 0 AS kind, e.value ->> 1 AS person, e.value ->> 2 AS student
          FROM deliveries d CROSS JOIN json_each(d.recipients) e
          WHERE d.message_id = {} AND d.round = 0 AND d.state <> 'skipped') e
         LEFT JOIN guardians g ON e.kind = 'guardian' AND g.id = e.person
         LEFT JOIN students s ON e.student <> 0 AND s.id = e.student
         LEFT JOIN staff t ON e.kind = 'staff' AND t.id = e.person",
        corrected(a)
    )
}

/// Whether such an entry is still on the roll.
const STILL_THERE: &str = "CASE e.kind WHEN 'guardian' THEN g.left_at IS NULL AND g.id IS NOT NULL AND s.left_at IS NULL AND s.id IS NOT NULL
       WHEN 'staff' THEN t.left_at IS NULL AND t.id IS NOT NULL ELSE s.left_at IS NULL AND s.id IS NOT NULL END";
/// Its phone now. (A student's number is the frozen one.)
const PHONE_NOW: &str =
    "CASE e.kind WHEN 'guardian' THEN g.phone_id WHEN 'staff' THEN t.phone_id ELSE e.phone_id END";

/// How many who are missed are named.
const MISSED_MAX: u32 = 50;

/// Reads who got the message that the audience `a` (bound to ?1) corrects and will not get the correction.
/// A child's parent is named to those who may read the class's roll.
fn missed_sql(a: &str, arg: &Value, author: &Person) -> Stmt {
    let readable = ReadableRolls::holds("c", 2);
    let roll = ReadableRolls::of(author, &[Action::ReadRoster]).args();
    sql(
        format!(
            "SELECT COALESCE(CASE WHEN e.student = 0 THEN t.name
                 ELSE (SELECT s.name FROM classes c WHERE c.id = s.class_id AND {readable}) || COALESCE('（' || g.relation || '）', '') END, '') AS name,
               CASE WHEN NOT {STILL_THERE} THEN 'left' ELSE 'number_gone' END AS why
             FROM {} LEFT JOIN phones p ON p.id = {PHONE_NOW}
             WHERE NOT {STILL_THERE} OR p.id IS NULL OR {} IS NOT NULL ORDER BY 1 DESC LIMIT {MISSED_MAX}",
            reached(a),
            barred("p")
        ),
        &[std::slice::from_ref(arg), roll.as_slice()].concat(),
    )
}

/// Whether an entry `g` of the roll is of those to whom the audience `a` goes: the parents, or the students.
fn is_meant(a: &str) -> String {
    format!("(g.relation = '{OWN_NUMBER}') = ({a} ->> '$.kind' = 'students')")
}

/// The classes `c` all of whose guardians, or students, the audience `a` holds (an SQL expression that gives its JSON).
fn in_audience(a: &str) -> String {
    format!(
        "c.archived_at IS NULL AND ({a} ->> '$.kind' = 'all_guardians'
           OR {a} ->> '$.kind' IN ('classes', 'students') AND c.id IN (SELECT value FROM json_each({a}, '$.classes')))"
    )
}

/// The students `s` of the audience `a` who were chosen one by one and are in their class today.
fn chosen(a: &str) -> String {
    format!(
        "{a} ->> '$.kind' = 'children' AND s.left_at IS NULL AND s.class_id = {a} ->> '$.class'
         AND s.id IN (SELECT value FROM json_each({a}, '$.students'))"
    )
}

/// Whom the audience holds now. Driven from the classes, few, into the
/// indexes of the growing tables.
pub(super) fn who(a: &str) -> String {
    let (classes, chosen, meant) = (in_audience(a), chosen(a), is_meant(a));
    format!(
        "who (stream_id, kind, person, student, phone_id) AS (
           SELECT t.id, 'guardian', g.id, s.id, g.phone_id
           FROM classes c
           CROSS JOIN streams t ON t.class_id = c.id
           CROSS JOIN students s ON s.class_id = c.id AND s.left_at IS NULL
           CROSS JOIN guardians g ON g.student_id = s.id AND g.left_at IS NULL
           WHERE {classes} AND {meant}
           UNION ALL
           SELECT t.id, 'guardian', g.id, s.id, g.phone_id
           FROM students s
           CROSS JOIN classes c ON c.id = s.class_id AND c.archived_at IS NULL
           CROSS JOIN streams t ON t.class_id = c.id
           CROSS JOIN guardians g ON g.student_id = s.id AND g.left_at IS NULL
           WHERE {chosen} AND {meant}
           UNION ALL
           SELECT {staff}, 'staff', t.id, 0, t.phone_id FROM staff t
           WHERE {a} ->> '$.kind' = 'all_teachers' AND t.left_at IS NULL AND t.phone_id IS NOT NULL
           UNION ALL
           SELECT {staff}, 'staff', t.id, 0, t.phone_id FROM staff t
           WHERE {a} ->> '$.kind' = 'units' AND t.left_at IS NULL AND t.phone_id IS NOT NULL AND EXISTS (
             SELECT 1 FROM appointments_in_power p CROSS JOIN unit_tree w ON w.unit_id = p.unit_id
             WHERE p.staff_id = t.id AND w.ancestor_id IN (SELECT value FROM json_each({a}, '$.units')))
           UNION ALL
           SELECT e.value ->> 3, e.kind, e.person, e.student, {PHONE_NOW} FROM {reached}
           WHERE {STILL_THERE} AND {PHONE_NOW} IS NOT NULL)",
        staff = domain::delivery::STAFF_STREAM,
        reached = reached(a)
    )
}

/// How many the audience holds now.
fn reach(a: &str) -> String {
    let (who, classes, chosen) = (who(a), in_audience(a), chosen(a));
    let meant = is_meant(a);
    let alone = format!(
        "NOT EXISTS (SELECT 1 FROM guardians g WHERE g.student_id = s.id AND g.left_at IS NULL AND {meant})"
    );
    format!(
        "WITH {who} SELECT
           (SELECT COUNT(*) FROM classes c CROSS JOIN students s ON s.class_id = c.id AND s.left_at IS NULL WHERE {classes})
             + (SELECT COUNT(*) FROM students s WHERE {chosen})
             + COUNT(DISTINCT CASE WHEN {a} ->> '$.kind' = 'earlier' THEN NULLIF(student, 0) END) AS children,
           COUNT(*) AS people, COUNT(DISTINCT phone_id) AS phones,
           (SELECT COUNT(*) FROM classes c CROSS JOIN students s ON s.class_id = c.id AND s.left_at IS NULL WHERE {classes} AND {alone})
             + (SELECT COUNT(*) FROM students s WHERE {chosen} AND {alone}) AS unreachable
         FROM who"
    )
}

/// Reads what surrounds an audience; `a` gives its JSON, `arg` is bound to its ?1. `roll` is the reader's
/// scope of rolls: of others no child is named.
pub(super) fn surroundings_sql(a: &str, arg: &Value, roll: &[Value], now: Instant) -> Vec<Stmt> {
    let known = sql(children::known(a, 2), &[std::slice::from_ref(arg), roll].concat());
    let arg = std::slice::from_ref(arg);
    vec![
        sql(
            format!(
                "SELECT c.id, c.unit_id, c.name, (SELECT json_group_array(t.ancestor_id) FROM
                   (SELECT ancestor_id FROM unit_tree WHERE unit_id = c.unit_id ORDER BY depth) t) AS within
                 FROM classes c WHERE {}
                   OR c.archived_at IS NULL AND {a} ->> '$.kind' = 'children' AND c.id = {a} ->> '$.class'
                   OR c.id IN (SELECT w.class_id FROM message_streams q CROSS JOIN streams w ON w.id = q.stream_id
                     WHERE q.message_id = {} AND q.round = 0) ORDER BY c.id",
                in_audience(a),
                corrected(a)
            ),
            arg,
        ),
        sql("SELECT id, parent_id, kind, name FROM units", &[]),
        sql(
            // As the trigger `messages_procedure` asks it: the newest that is confirmed and whose day has come.
            format!(
                "SELECT {COLUMNS} FROM procedures p
                 WHERE p.version = (SELECT MAX(q.version) FROM procedures q
                                    WHERE q.id = p.id AND q.in_force_from <= ?1 AND q.confirmed_at <= ?1)"
            ),
            args![now],
        ),
        holders_sql(now),
        sql("SELECT signature, window_from, window_to, roll_version FROM school WHERE id = 1", &[]),
        sql(reach(a), arg),
        known,
        sql(
            format!(
                "SELECT o.state, o.category, o.audience_zh, o.audience_en, o.audience_unit_id, o.appointment_id, o.capacity_unit_id,
                   h.post AS capacity_post, h.class_id AS capacity_class, n.id AS open_id, n.author_id AS open_author,
                   EXISTS (SELECT 1 FROM message_streams q WHERE q.message_id = o.id AND q.round = 0 AND q.stream_id = {staff}) AS to_staff
                 FROM messages o CROSS JOIN appointments h ON h.id = o.appointment_id
                 LEFT JOIN messages n ON n.corrects_id = o.id AND {STANDS} WHERE o.id = {id}",
                staff = domain::delivery::STAFF_STREAM,
                id = corrected(a)
            ),
            arg,
        ),
    ]
}

/// Whether a correction `n` is under way or has gone out. The trigger `corrections_fit` asks the same.
pub(super) const STANDS: &str = "n.state NOT IN ('withdrawn', 'cancelled', 'stopped')";

/// Reads who holds posts that decide. They are few; those of teachers are many and decide nothing.
pub(crate) fn holders_sql(now: Instant) -> Stmt {
    sql(
        format!(
            "SELECT a.id, a.staff_id, t.name, a.post, a.unit_id, a.given_by, a.confirmed_by, a.confirmed_at,
               (SELECT json_group_array({OBJECT}) FROM delegations g
                WHERE g.appointment_id = a.id AND g.withdrawn_at IS NULL
                  AND g.recorded_at <= ?1 AND g.from_at <= ?1 AND g.until_at > ?1) AS away
             FROM appointments_in_power a JOIN staff t ON t.id = a.staff_id
             WHERE a.post IN (SELECT post FROM posts_to_confirm) AND a.since <= ?1 ORDER BY a.staff_id, a.id"
        ),
        args![now],
    )
}

/// The holders of [`holders_sql`].
///
/// # Errors
/// Where a row cannot be read.
pub(crate) fn holders(rows: &Rows, keys: &Keys) -> Result<Vec<Holder>, AppError> {
    Ok(rows.all::<HolderRow>()?.into_iter().map(|row| row.holder(keys)).collect())
}

pub(super) fn read_surroundings(rows: &[Rows], keys: &Keys) -> Result<Surroundings, AppError> {
    let units: Vec<UnitRow> = rows.at(1)?.all()?;
    let school: SchoolRow = rows.at(4)?.one()?;
    let root = units.iter().find(|u| u.kind == UnitKind::School);
    Ok(Surroundings {
        classes: rows.at(0)?.all()?,
        school_unit: root.ok_or_else(|| AppError::Internal("there is no root unit".into()))?.id,
        units,
        procedures: rows
            .at(2)?
            .all::<SealedProcedure>()?
            .into_iter()
            .map(InForce::read)
            .collect::<Result<_, _>>()?,
        holders: holders(rows.at(3)?, keys)?,
        signature: school.signature,
        window: SendingWindow { from: school.window_from, to: school.window_to },
        reach: rows.at(5)?.first()?.unwrap_or_default(),
        children: rows.at(6)?.all::<KnownChild>()?.into_iter().map(ChosenChild::from).collect(),
        roll_version: school.roll_version,
        earlier: rows.at(7)?.first()?,
    })
}

impl Surroundings {
    /// Reads what surrounds a draft that need not be saved, as this person may know it.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn of(app: &App, person: &Person, audience: &Audience) -> Result<Self, AppError> {
        let roll = ReadableRolls::of(person, &[Action::ReadRoster]).args();
        let audience = json::text(audience)?.into();
        let rows = app.db.run(surroundings_sql("?1", &audience, &roll, app.now())).await?;
        read_surroundings(&rows, app.keys()?)
    }

    /// Reads the same, and who is missed by a correction.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn with_missed(
        app: &App,
        audience: &Audience,
        author: &Person,
    ) -> Result<(Self, Vec<Missed>), AppError> {
        let arg: Value = json::text(audience)?.into();
        let roll = ReadableRolls::of(author, &[Action::ReadRoster]).args();
        let mut statements = surroundings_sql("?1", &arg, &roll, app.now());
        let at = statements.len();
        if audience.corrects().is_some() {
            statements.push(missed_sql("?1", &arg, author));
        }
        let rows = app.db.run(statements).await?;
        let missed = rows.get(at).map(|rows| rows.all()).transpose()?.unwrap_or_default();
        Ok((read_surroundings(&rows, app.keys()?)?, missed))
    }

    /// The classes as the rules need them.
    pub fn places(&self) -> Vec<ClassPlace> {
        self.classes.iter().map(NamedClass::place).collect()
    }

    /// The smallest unit that holds the whole audience.
    pub fn unit(&self, audience: &Audience) -> UnitId {
        if let (Audience::Earlier { .. }, Some(earlier)) = (audience, &self.earlier) {
            return earlier.audience_unit_id;
        }
        let paths: Vec<Vec<UnitId>> = match audience {
            Audience::AllGuardians | Audience::AllTeachers | Audience::Earlier { .. } => {
                return self.school_unit;
            }
            Audience::Units { units } => units.iter().map(|unit| self.path(*unit)).collect(),
            Audience::Classes { .. } | Audience::Students { .. } | Audience::Children { .. } => {
                self.classes.iter().map(|class| class.within.clone()).collect()
            }
        };
        let Some((first, others)) = paths.split_first() else { return self.school_unit };
        let holds_all = |unit: &&UnitId| others.iter().all(|path| path.contains(unit));
        first.iter().find(holds_all).copied().unwrap_or(self.school_unit)
    }

    /// A unit and every unit above it; nothing where there is none.
    pub fn path(&self, unit: UnitId) -> Vec<UnitId> {
        let above = |row: &&UnitRow| row.parent_id.and_then(|parent| self.unit_row(parent));
        std::iter::successors(self.unit_row(unit), above).map(|row| row.id).collect()
    }

    /// The name of a unit.
    pub fn unit_name(&self, unit: UnitId) -> Option<&str> {
        self.unit_row(unit).map(|row| row.name.as_str())
    }

    /// A class's name, behind its college's: a 2023级1班 stands in every college.
    pub fn class_name(&self, class: &NamedClass) -> String {
        let college = self.college(class.unit_id).and_then(|id| self.unit_name(id));
        match college.filter(|college| !class.name.starts_with(college)) {
            Some(college) => format!("{college}{}", class.name),
            None => class.name.clone(),
        }
    }

    fn unit_row(&self, id: UnitId) -> Option<&UnitRow> {
        self.units.iter().find(|unit| unit.id == id)
    }

    /// The nearest college at or above a unit.
    fn college(&self, unit: UnitId) -> Option<UnitId> {
        let is_college = |id: &UnitId| self.unit_row(*id).is_some_and(|row| row.kind == UnitKind::College);
        self.path(unit).into_iter().find(is_college)
    }

    /// The unit in whose part of the register it is entered: the college above, else the unit itself. The trigger
    /// `messages_in_register` asks the same.
    pub fn register_unit(&self, capacity: Capacity) -> UnitId {
        self.college(capacity.unit).unwrap_or(capacity.unit)
    }

    /// Whether the level that sends has nobody who answers for its account (G2). A department's designated
    /// sender is that person, and so is a society's teacher.
    pub fn lacks_custodian(&self, capacity: Capacity) -> bool {
        let level = match capacity.post.sender() {
            Some(Sender::Department | Sender::Society) => return false,
            Some(Sender::College) => self.college(capacity.unit).unwrap_or(capacity.unit),
            _ => capacity.unit,
        };
        let is_custodian = |holder: &Holder| holder.unit == level && holder.post.is_custodian();
        !self.holders.iter().any(is_custodian)
    }

    fn in_force(&self, capacity: Capacity, audience: &Audience) -> Option<&InForce> {
        let sender = capacity.post.sender()?;
        let is_grade = self.unit_row(self.unit(audience)).is_some_and(|row| row.kind == UnitKind::Grade);
        let scope = if is_grade { Scope::Grade } else { Scope::School };
        let fits = |p: &&InForce| p.procedure.sender == sender && p.procedure.scope == scope;
        let any = |p: &&InForce| p.procedure.sender == sender && p.procedure.scope == Scope::Any;
        self.procedures.iter().find(fits).or_else(|| self.procedures.iter().find(any))
    }

    /// The procedure that a message takes which is sent in this capacity to this audience, if there is one.
    pub fn procedure(&self, capacity: Capacity, audience: &Audience) -> Option<&Procedure> {
        self.in_force(capacity, audience).map(|p| &p.procedure)
    }

    /// Whether that procedure is not as the school set it: nothing takes it, since nothing would be sent.
    pub fn procedure_is_forged(&self, keys: &Keys, capacity: Capacity, audience: &Audience) -> bool {
        self.in_force(capacity, audience).is_some_and(|p| !p.row.is_in_force(keys))
    }

    /// What the chain of such a message is called.
    pub fn procedure_label(&self, capacity: Option<Capacity>, audience: &Audience) -> Words {
        let procedure = capacity.and_then(|capacity| self.procedure(capacity, audience));
        procedure.map_or(OWN_PROCEDURE, |procedure| procedure.label.clone())
    }

    /// The steps of that procedure, bound to the units of the message.
    pub fn steps(&self, capacity: Capacity, audience: &Audience) -> Vec<Step> {
        let binding = Binding {
            own: capacity.unit,
            college: self.college(capacity.unit),
            audience: self.unit(audience),
        };
        let procedure = self.procedure(capacity, audience);
        procedure.map(|p| Step::bind(&p.steps, binding)).unwrap_or_default()
    }

    /// Whether a person can send to this audience by an appointment: it lets write to some of it, and the
    /// rest is reached by other appointments as the same sender. A counsellor of two colleges sends for one.
    fn fits(&self, author: &Person, held: &Appointment, audience: &Audience) -> bool {
        let alone = |with: &Appointment| Person { appointments: vec![with.clone()], ..author.clone() };
        let action = match audience {
            // What a society says is for all of a class (G59).
            Audience::Children { .. } if held.post == Post::SocietyTeacher => return false,
            Audience::Classes { .. } | Audience::Students { .. } | Audience::Children { .. } => {
                Action::WriteToClass
            }
            Audience::AllGuardians => return alone(held).may_school(Action::WriteToAllGuardians),
            Audience::AllTeachers => return alone(held).may_school(Action::WriteToAllTeachers),
            Audience::Earlier { .. } => return self.corrects(author, held),
            Audience::Units { units } => {
                let (alone, action) = (alone(held), Action::WriteToAllTeachers);
                let within = |unit: &UnitId| alone.may_unit(action, &self.path(*unit));
                return alone.may(action) && units.iter().all(within);
            }
        };
        let is_same = |other: &&Appointment| {
            other.post.sender() == held.post.sender()
                && (held.post.sender() != Some(Sender::College)
                    || self.college(other.unit) == self.college(held.unit))
        };
        let others = author.appointments.iter().filter(is_same).cloned().collect();
        let together = Person { appointments: others, ..author.clone() };
        let (alone, places) = (alone(held), self.places());
        alone.may(action)
            && (places.is_empty() || places.iter().any(|class| alone.may_class(action, class)))
            && places.iter().all(|class| together.may_class(action, class))
    }

    /// Whether a person can send a correction of the earlier message by an appointment: one that stands for what
    /// that was sent by, and lets write to all whom it reached.
    fn corrects(&self, author: &Person, held: &Appointment) -> bool {
        let Some(earlier) = &self.earlier else { return false };
        let alone = Person { appointments: vec![held.clone()], ..author.clone() };
        earlier.sent_as().is_corrected_by(held)
            && (!earlier.to_staff || alone.may_school(Action::WriteToAllTeachers))
            && self.places().iter().all(|class| author.may_class(Action::WriteToClass, class))
    }

    /// In which of a person's appointments a draft can be sent, in the order in which posts are shown.
    pub fn capacities<'a>(&self, author: &'a Person, audience: &Audience) -> Vec<&'a Appointment> {
        let sends = |held: &&Appointment| held.post.sender().is_some() && self.fits(author, held, audience);
        let mut fit: Vec<&Appointment> = author.appointments.iter().filter(sends).collect();
        fit.sort_by_key(|held| (held.post, held.id));
        fit
    }

    /// The appointment in which a draft is sent: the chosen one, where it fits; else the first that does.
    pub fn capacity<'a>(&self, author: &'a Person, draft: &Draft) -> Option<&'a Appointment> {
        let fit = self.capacities(author, &draft.audience);
        match draft.appointment {
            Some(chosen) => fit.into_iter().find(|held| held.id == chosen),
            None => fit.into_iter().next(),
        }
    }
}

/// In which capacity a message is sent: the post, and the unit in which it is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// The post.
    pub post: Post,
    /// The unit.
    pub unit: UnitId,
}

impl From<&Appointment> for Capacity {
    fn from(held: &Appointment) -> Self {
        Self { post: held.post, unit: held.unit }
    }
}

/// One page of the audience, by stream: its entries, sorted, as lines of text.
#[derive(Deserialize)]
struct PageRow {
    stream_id: StreamId,
    entries: Cow<'static, str>,
}

/// Reads the entries of the first streams of an audience behind a stream.
pub(super) fn page_sql(a: &str, arg: &Value, behind: StreamId) -> Stmt {
    sql(
        format!(
            "WITH {who} SELECT stream_id, group_concat(kind || ' ' || person || ' ' || student || ' ' || phone_id, char(10)) AS entries
             FROM (SELECT * FROM who WHERE stream_id > ?2 ORDER BY stream_id, kind, person, student, phone_id)
             GROUP BY stream_id ORDER BY stream_id LIMIT {STREAMS_OF_A_PAGE}",
            who = who(a)
        ),
        &[arg.clone(), behind.into()],
    )
}

/// The roots of the streams of a page. Only the page is held, never the whole list.
///
/// # Errors
/// Where an entry cannot be read.
pub(super) fn page_roots(rows: &Rows) -> Result<Vec<ListRoot>, AppError> {
    let broken = || AppError::Internal("an entry of an audience cannot be read".into());
    rows.all::<PageRow>()?
        .into_iter()
        .map(|page| {
            let mut hasher = RootHasher::new(page.stream_id);
            for line in page.entries.split('\n') {
                hasher.add(&entry(line).ok_or_else(broken)?).map_err(|_| broken())?;
            }
            Ok(hasher.finish())
        })
        .collect()
}

fn entry(line: &str) -> Option<Recipient> {
    let mut words = line.split(' ');
    let kind = RecipientKind::from_key(words.next()?)?;
    let mut number = || words.next()?.parse().ok();
    Some(Recipient { kind, person: number()?, student: number()?, phone: PhoneId(number()?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Post, unit, class: of a correction's capacity, of what was sent.
    #[test]
    fn g33_who_stands_for_what_a_message_was_sent_as() {
        use Post::*;
        let sent = |post, unit, class: Option<i64>| SentAs {
            appointment: AppointmentId(1),
            post,
            unit: UnitId(unit),
            class: class.map(ClassId),
        };
        let held = |id, post, unit, class: Option<i64>| Appointment {
            id: AppointmentId(id),
            post,
            unit: UnitId(unit),
            unit_name: String::new(),
            class: class.map(ClassId),
            class_name: None,
            subject: None,
            above: None,
            listed: true,
        };
        let of_class = sent(SubjectTeacher, 7, Some(71));
        assert!(of_class.is_corrected_by(&held(1, SubjectTeacher, 7, Some(71))), "the very one");
        assert!(of_class.is_corrected_by(&held(2, HomeroomTeacher, 7, Some(71))), "who leads the class");
        assert!(!of_class.is_corrected_by(&held(2, HomeroomTeacher, 7, Some(72))), "of another class");
        assert!(!of_class.is_corrected_by(&held(2, SubjectTeacher, 7, Some(71))), "teaches it as well");
        let office = sent(OfficeClerk, 3, None);
        assert!(office.is_corrected_by(&held(2, OfficeDirector, 3, None)), "the same office");
        assert!(!office.is_corrected_by(&held(2, OfficeDirector, 4, None)), "another office");
        assert!(!office.is_corrected_by(&held(2, DesignatedSender, 3, None)), "sends as another");
        assert!(
            !sent(CollegeClerk, 20, None).is_corrected_by(&held(2, CollegeLeader, 21, None)),
            "another college"
        );
        assert!(
            !sent(CollegeClerk, 20, None).is_corrected_by(&held(2, Counsellor, 20, Some(201))),
            "who leads one class of it"
        );
    }

    #[test]
    fn an_entry_reads_back() {
        let read = Recipient { kind: RecipientKind::Guardian, person: 12, student: 34, phone: PhoneId(56) };
        assert_eq!(entry("guardian 12 34 56"), Some(read));
        for broken in ["", "guardian 12 34", "guardian 12 34 x", "neighbour 12 34 56"] {
            assert_eq!(entry(broken), None);
        }
    }
}
