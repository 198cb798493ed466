//! All SQL of messages. A message is read together with everything that its
//! screen shows in one round trip; what the caller may not see is no row (I10).

use domain::access::{Action, Person, Reach};
use domain::approval::{Policy, PolicyStep, Scope};
use domain::ids::{ClassId, MessageId, StaffId, UnitId};
use domain::message::{Audience, Audiences, ClassPlace, Draft, ListRoot, Recipient};
use domain::time::Instant;
use serde::Deserialize;

use crate::app::App;
use crate::args;
use crate::bindings::{Db, Rows, Stmt};
use crate::error::AppError;

/// What a person may see: own messages, those of units and steps within reach.
pub struct Sight {
    me: StaffId,
    school: bool,
    units: String,
    posts: String,
}

impl Sight {
    /// What the person's posts let see.
    pub fn of(person: &Person) -> Self {
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
        Self {
            me: person.id,
            school: person.may_school(Action::ReadMessages),
            units: serde_json::to_string(&units).unwrap_or_default(),
            posts: serde_json::to_string(&posts).unwrap_or_default(),
        }
    }

    /// The values for [`SEEN`], as ?1 to ?4.
    fn args(&self) -> [crate::bindings::Value; 4] {
        [self.me.into(), self.school.into(), self.units.as_str().into(), self.posts.as_str().into()]
    }
}

/// Whether `m` is within sight: ?1 me, ?2 whole school, ?3 units, ?4 `post:unit` held.
/// Nobody sees another's draft, nor what was taken back before it was
/// submitted: only a version that was has a digest.
const SEEN: &str = "(m.author_id = ?1 OR m.digest IS NOT NULL AND (
    ?2 = 1
    OR m.unit_id IN (SELECT value FROM json_each(?3))
    OR EXISTS (SELECT 1 FROM decisions d WHERE d.message_id = m.id AND d.staff_id = ?1)
    OR EXISTS (SELECT 1 FROM message_steps s WHERE s.message_id = m.id AND s.version = m.version
               AND (s.post || ':' || COALESCE(s.unit_id, '') IN (SELECT value FROM json_each(?4))
                 OR s.substitute || ':' IN (SELECT value FROM json_each(?4))))))";

/// A message's row.
#[derive(Clone, Debug, Deserialize)]
pub struct MessageRow {
    /// Id.
    pub id: MessageId,
    /// Version.
    pub version: u32,
    /// State key.
    pub state: String,
    /// Drafter.
    pub author_id: StaffId,
    /// Drafter's name.
    pub author_name: String,
    /// The smallest unit that holds the audience.
    pub unit_id: UnitId,
    /// The sender as parents see it.
    pub sender_title: String,
    /// Audience as JSON.
    pub audience: String,
    /// Audience in Chinese words.
    pub audience_zh: String,
    /// Audience in English words.
    pub audience_en: String,
    /// Category key.
    pub category: Option<String>,
    /// Title.
    pub title: String,
    /// Text.
    pub body: String,
    /// Scheduled time.
    pub send_at: Option<Instant>,
    /// Reasons as JSON.
    pub reasons: String,
    /// Findings as JSON.
    pub findings: String,
    /// Template name.
    pub template: String,
    /// Template version.
    pub template_version: u32,
    /// Signature.
    pub signature: String,
    /// Frozen lists as JSON.
    pub lists: Option<String>,
    /// How many the frozen list reaches, as JSON; not read where a batch is sent.
    #[serde(default)]
    pub reach: Option<String>,
    /// Digest.
    pub digest: Option<String>,
    /// First saved.
    pub created_at: Instant,
    /// Last saved; also the revision that an edit names.
    pub changed_at: Instant,
    /// Submitted.
    pub submitted_at: Option<Instant>,
    /// Last decision.
    pub approved_at: Option<Instant>,
    /// Its time.
    pub due_at: Option<Instant>,
    /// Fan-out.
    pub released_at: Option<Instant>,
}

const MESSAGE_COLUMNS: &str = "m.id, m.version, m.state, m.author_id, a.name AS author_name, m.unit_id, m.sender_title,
    m.audience, m.audience_zh, m.audience_en, m.category, m.title, m.body, m.send_at, m.reasons, m.findings,
    m.template, m.template_version, m.signature, m.lists, m.reach, m.digest, m.created_at, m.changed_at, m.submitted_at,
    m.approved_at, m.due_at, m.released_at";

/// A step's row.
#[derive(Clone, Debug, Deserialize)]
pub struct StepRow {
    /// Position.
    pub position: u32,
    /// Kind key.
    pub kind: String,
    /// Post key.
    pub post: String,
    /// Unit.
    pub unit_id: Option<UnitId>,
    /// Substitute post key.
    pub substitute: Option<String>,
}

/// A decision's row.
#[derive(Clone, Debug, Deserialize)]
pub struct DecisionRow {
    /// Version it was about.
    pub version: u32,
    /// Position.
    pub position: u32,
    /// What the step asked for.
    pub kind: String,
    /// Who.
    pub staff_id: StaffId,
    /// Name.
    pub name: String,
    /// By which post.
    pub post: String,
    /// Verdict key.
    pub verdict: String,
    /// On which digest.
    pub digest: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Instant,
}

/// A holder of a post that decides.
#[derive(Clone, Debug, Deserialize)]
pub struct HolderRow {
    /// Who.
    pub staff_id: StaffId,
    /// Name.
    pub name: String,
    /// Staff number.
    pub number: String,
    /// Post key.
    pub post: String,
    /// Unit.
    pub unit_id: UnitId,
}

/// What an earlier version said.
#[derive(Clone, Debug, Deserialize)]
pub struct EarlierRow {
    /// Title.
    pub title: String,
    /// Text.
    pub body: String,
    /// Audience in words.
    pub audience_zh: String,
    /// Audience in words.
    pub audience_en: String,
}

/// Someone whom the audience holds now: a frozen list's entry in the making.
#[derive(Clone, Debug, Deserialize)]
pub struct WhoRow {
    /// Stream key.
    pub stream: String,
    /// Guardian or staff id.
    pub person: i64,
    /// Student id, or 0.
    pub student: i64,
}

/// A name that joined or left since the list was frozen.
#[derive(Clone, Debug, Deserialize)]
pub struct MovedRow {
    /// `joined` or `left`.
    pub what: String,
    /// Name.
    pub name: String,
}

/// Counts of an audience.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct ReachRow {
    /// Children.
    pub children: u32,
    /// Entries.
    pub people: u32,
    /// Phones.
    pub phones: u32,
    /// Children without any guardian.
    pub unreachable: u32,
}

impl From<ReachRow> for Audiences {
    fn from(r: ReachRow) -> Self {
        Self { children: r.children, people: r.people, phones: r.phones, unreachable: r.unreachable }
    }
}

/// A policy's row.
#[derive(Clone, Debug, Deserialize)]
struct PolicyRow {
    scope: String,
    version: i64,
    steps: String,
}

/// Progress of one batch.
#[derive(Clone, Debug, Deserialize)]
pub struct ProgressRow {
    /// `{state: n}`.
    pub totals: String,
    /// Confirmed.
    pub confirmed: u32,
    /// Opened.
    pub opened: u32,
}

/// What the world looks like for an audience: who it holds, which chain fits.
pub struct Surroundings {
    /// Classes of the audience that exist.
    pub classes: Vec<NamedClass>,
    /// The root unit.
    pub school_unit: UnitId,
    /// Units without a custodian.
    pub without_custodian: Vec<UnitId>,
    /// The policies in force.
    pub policies: Vec<(String, Policy)>,
    /// Who holds posts that decide.
    pub holders: Vec<HolderRow>,
    /// SMS signature.
    pub signature: String,
    /// Sending window.
    pub window: domain::time::SendingWindow,
    /// How many.
    pub reach: Audiences,
}

/// A class with its name.
#[derive(Clone, Debug, Deserialize)]
pub struct NamedClass {
    /// Class.
    pub id: ClassId,
    /// Grade.
    pub unit_id: UnitId,
    /// Name.
    pub name: String,
}

impl NamedClass {
    /// As the rules need it.
    pub fn place(&self) -> ClassPlace {
        ClassPlace { id: self.id, unit: self.unit_id }
    }
}

#[derive(Deserialize)]
struct UnitRow {
    id: UnitId,
    kind: String,
    custodian_id: Option<StaffId>,
}

#[derive(Deserialize)]
struct SchoolRow {
    signature: String,
    window_from: u16,
    window_to: u16,
}

/// The classes `c` of the audience `a` (an SQL expression that gives its JSON).
fn in_audience(a: &str) -> String {
    format!(
        "c.archived_at IS NULL AND ({a} ->> '$.kind' = 'all_guardians'
           OR {a} ->> '$.kind' = 'classes' AND c.id IN (SELECT value FROM json_each({a}, '$.classes')))"
    )
}

/// Whom the audience holds now. Driven from the classes, few, into the
/// indexes of the growing tables.
fn who(a: &str) -> String {
    let classes = in_audience(a);
    format!(
        "who (stream, person, student, phone_id) AS (
           SELECT 'class:' || c.id, g.id, s.id, g.phone_id
           FROM classes c
           CROSS JOIN students s ON s.class_id = c.id AND s.left_at IS NULL
           CROSS JOIN guardians g ON g.student_id = s.id AND g.left_at IS NULL
           WHERE {classes}
           UNION ALL
           SELECT 'staff', t.id, 0, t.phone_id FROM staff t
           WHERE {a} ->> '$.kind' = 'all_teachers' AND t.left_at IS NULL AND t.phone_id IS NOT NULL)"
    )
}

/// How many the audience holds now.
fn reach(a: &str) -> String {
    let (who, classes) = (who(a), in_audience(a));
    format!(
        "WITH {who} SELECT
           (SELECT COUNT(*) FROM classes c CROSS JOIN students s ON s.class_id = c.id AND s.left_at IS NULL WHERE {classes}) AS children,
           COUNT(*) AS people, COUNT(DISTINCT phone_id) AS phones,
           (SELECT COUNT(*) FROM classes c CROSS JOIN students s ON s.class_id = c.id AND s.left_at IS NULL
            WHERE {classes} AND NOT EXISTS (SELECT 1 FROM guardians g WHERE g.student_id = s.id AND g.left_at IS NULL)) AS unreachable
         FROM who"
    )
}

/// The audience of message ?1 while it can change; of no use afterwards, and
/// then read by nobody.
const OPEN_AUDIENCE: &str = "(SELECT audience FROM messages WHERE id = ?1 AND digest IS NULL)";

/// The audience of message ?1 while its list is frozen and not yet sent to.
const FROZEN_AUDIENCE: &str =
    "(SELECT audience FROM messages WHERE id = ?1 AND state IN ('submitted', 'approved'))";

/// Reads what surrounds an audience; `a` gives its JSON, `arg` is bound to its ?1.
fn surroundings_sql(
    db: &Db,
    a: &str,
    arg: &crate::bindings::Value,
    now: Instant,
) -> Result<Vec<Stmt>, AppError> {
    let arg = std::slice::from_ref(arg);
    Ok(vec![
        db.sql(&format!("SELECT c.id, c.unit_id, c.name FROM classes c WHERE {} ORDER BY c.id", in_audience(a)), arg)?,
        db.sql("SELECT id, kind, custodian_id FROM units", &[])?,
        db.sql(
            "SELECT p.scope, p.version, p.steps FROM policies p
             WHERE p.version = (SELECT MAX(q.version) FROM policies q WHERE q.scope = p.scope AND q.in_force_from <= ?1)",
            args![now],
        )?,
        // The posts that decide are few; those of teachers are many and decide nothing.
        db.sql(
            "SELECT t.id AS staff_id, t.name, t.number, a.post, a.unit_id FROM appointments a JOIN staff t ON t.id = a.staff_id
             WHERE a.post IN ('principal', 'vice_principal', 'office_director', 'office_clerk', 'grade_head', 'department_head')
               AND a.since <= ?1 AND (a.until IS NULL OR a.until > ?1) AND t.left_at IS NULL ORDER BY t.id",
            args![now],
        )?,
        db.sql("SELECT signature, window_from, window_to FROM school WHERE id = 1", &[])?,
        db.sql(&reach(a), arg)?,
    ])
}

fn read_surroundings(rows: &[Rows]) -> Result<Surroundings, AppError> {
    let missing = || AppError::Internal("surroundings are incomplete".into());
    let at = |n: usize| rows.get(n).ok_or_else(missing);
    let units: Vec<UnitRow> = at(1)?.all()?;
    let school: SchoolRow = at(4)?.first()?.ok_or(AppError::NotFound)?;
    let policies: Vec<PolicyRow> = at(2)?.all()?;
    Ok(Surroundings {
        classes: at(0)?.all()?,
        school_unit: units.iter().find(|u| u.kind == "school").map(|u| u.id).ok_or_else(missing)?,
        without_custodian: units.iter().filter(|u| u.custodian_id.is_none()).map(|u| u.id).collect(),
        policies: policies
            .into_iter()
            .map(|p| {
                let steps: Vec<PolicyStep> = serde_json::from_str(&p.steps)
                    .map_err(|e| AppError::Internal(format!("policy {}: {e}", p.version)))?;
                Ok((p.scope, Policy { version: p.version, label: domain::approval::OWN_PROCEDURE, steps }))
            })
            .collect::<Result<_, AppError>>()?,
        holders: at(3)?.all()?,
        signature: school.signature,
        window: domain::time::SendingWindow { from: school.window_from, to: school.window_to },
        reach: at(5)?.first::<ReachRow>()?.unwrap_or_default().into(),
    })
}

impl Surroundings {
    /// Reads what surrounds a draft that need not be saved.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn of(app: &App, audience: &Audience) -> Result<Self, AppError> {
        let rows = app.db.run(surroundings_sql(&app.db, "?1", &json(audience)?.into(), app.now())?).await?;
        read_surroundings(&rows)
    }

    /// The smallest unit that holds the audience, and the scope of its policy.
    pub fn place(&self, audience: &Audience) -> (UnitId, Scope) {
        let mut units = self.classes.iter().map(|c| c.unit_id);
        match (audience, units.next()) {
            (Audience::Classes { .. }, Some(first)) if units.all(|u| u == first) => (first, Scope::Grade),
            _ => (self.school_unit, Scope::School),
        }
    }

    /// The steps that a message to this audience takes.
    pub fn steps(&self, audience: &Audience) -> Vec<domain::approval::Step> {
        let (unit, scope) = self.place(audience);
        self.policies
            .iter()
            .find(|(s, _)| s == scope.key())
            .map(|(_, policy)| domain::approval::Step::bind(&policy.steps, unit))
            .unwrap_or_default()
    }
}

/// JSON of one of our own values.
///
/// # Errors
/// Never for plain structs.
pub fn json<T: serde::Serialize>(value: &T) -> Result<String, AppError> {
    serde_json::to_string(value).map_err(|e| AppError::Internal(e.to_string()))
}

/// A message with all that its screen shows.
pub struct Loaded {
    /// The row.
    pub row: MessageRow,
    /// The audience.
    pub audience: Audience,
    /// Steps of this version.
    pub steps: Vec<StepRow>,
    /// Decisions of all versions.
    pub decisions: Vec<DecisionRow>,
    /// The version before.
    pub earlier: Option<EarlierRow>,
    /// Who joined or left since.
    pub moved: Vec<MovedRow>,
    /// Whom the audience holds now; only read where asked for.
    pub who: Vec<WhoRow>,
    /// Progress by batch.
    pub progress: Vec<ProgressRow>,
    /// Skipped at release.
    pub skipped: Option<u32>,
    /// The world around.
    pub around: Surroundings,
}

#[derive(Deserialize)]
struct SkippedRow {
    skipped: u32,
}

/// How many names of a moved audience are told.
const MOVED_MAX: u32 = 50;

/// The statements that read a message whole.
pub fn load_sql(
    db: &Db,
    sight: &Sight,
    id: MessageId,
    with_who: bool,
    now: Instant,
) -> Result<Vec<Stmt>, AppError> {
    let [me, school, units, posts] = sight.args();
    let (open, frozen) = (who(OPEN_AUDIENCE), who(FROZEN_AUDIENCE));
    let mut statements = vec![
        db.sql(
            &format!("SELECT {MESSAGE_COLUMNS} FROM messages m JOIN staff a ON a.id = m.author_id WHERE m.id = ?5 AND {SEEN}"),
            &[me, school, units, posts, id.into()],
        )?,
        db.sql(
            "SELECT s.position, s.kind, s.post, s.unit_id, s.substitute FROM message_steps s
             JOIN messages m ON m.id = s.message_id AND m.version = s.version WHERE s.message_id = ?1 ORDER BY s.position",
            args![id],
        )?,
        db.sql(
            "SELECT d.version, d.position, s.kind, d.staff_id, t.name, d.post, d.verdict, d.digest, d.reason, d.at
             FROM decisions d JOIN staff t ON t.id = d.staff_id
             JOIN message_steps s ON s.message_id = d.message_id AND s.version = d.version AND s.position = d.position
             WHERE d.message_id = ?1 ORDER BY d.version, d.position",
            args![id],
        )?,
        db.sql(
            "SELECT v.title, v.body, v.audience_zh, v.audience_en FROM message_versions v
             JOIN messages m ON m.id = v.message_id AND v.version = m.version - 1 WHERE v.message_id = ?1",
            args![id],
        )?,
        db.sql(
            &format!(
                "WITH {frozen}, frozen AS (
                   SELECT r.stream, r.person, r.student FROM messages m
                   CROSS JOIN recipients r ON r.message_id = m.id AND r.version = m.version
                   WHERE m.id = ?1 AND m.state IN ('submitted', 'approved')),
                 moved AS (
                   SELECT 'joined' AS what, person, student FROM who
                   WHERE EXISTS (SELECT 1 FROM frozen) AND (stream, person, student) NOT IN (SELECT stream, person, student FROM frozen)
                   UNION ALL
                   SELECT 'left', person, student FROM frozen WHERE (person, student) NOT IN (SELECT person, student FROM who))
                 SELECT DISTINCT moved.what, COALESCE(s.name, t.name) AS name FROM moved
                 LEFT JOIN students s ON s.id = moved.student AND moved.student <> 0
                 LEFT JOIN staff t ON t.id = moved.person AND moved.student = 0
                 LIMIT {MOVED_MAX}"
            ),
            args![id],
        )?,
        db.sql(PROGRESS, args![id])?,
        db.sql("SELECT SUM(skipped) AS skipped FROM rounds WHERE message_id = ?1 HAVING COUNT(*) > 0", args![id])?,
        if with_who {
            db.sql(&format!("WITH {open} SELECT stream, person, student FROM who"), args![id])?
        } else {
            db.sql("SELECT 1 WHERE 0", &[])?
        },
    ];
    statements.extend(surroundings_sql(db, OPEN_AUDIENCE, &id.into(), now)?);
    Ok(statements)
}

/// Progress by batch: two rows read for each, whatever its size.
pub const PROGRESS: &str = "SELECT b.totals, b.confirmed,
      COALESCE((SELECT COUNT(*) FROM opened o, json_each(o.seen) WHERE o.message_id = b.message_id AND o.round = b.round AND o.batch_no = b.no), 0) AS opened
    FROM batches b WHERE b.message_id = ?1";

/// Reads what [`load_sql`] gave.
///
/// # Errors
/// [`AppError::NotFound`] where it does not exist or is not within sight.
pub fn read(rows: &[Rows]) -> Result<Loaded, AppError> {
    let at = |n: usize| rows.get(n).ok_or_else(|| AppError::Internal("a statement gave nothing".into()));
    let row: MessageRow = at(0)?.first()?.ok_or(AppError::NotFound)?;
    let audience =
        serde_json::from_str(&row.audience).map_err(|e| AppError::Internal(format!("audience: {e}")))?;
    Ok(Loaded {
        audience,
        steps: at(1)?.all()?,
        decisions: at(2)?.all()?,
        earlier: at(3)?.first()?,
        moved: at(4)?.all()?,
        progress: at(5)?.all()?,
        skipped: at(6)?.first::<SkippedRow>()?.map(|s| s.skipped),
        who: at(7)?.all()?,
        around: read_surroundings(rows.get(8..).unwrap_or_default())?,
        row,
    })
}

/// Reads a message whole.
///
/// # Errors
/// [`AppError::NotFound`] where it is not within sight.
pub async fn load(app: &App, person: &Person, id: MessageId, with_who: bool) -> Result<Loaded, AppError> {
    read(&app.db.run(load_sql(&app.db, &Sight::of(person), id, with_who, app.now())?).await?)
}

/// A list's roots by stream, and the entries as JSON for the frozen list.
///
/// # Errors
/// Never for plain structs.
pub fn freeze(who: &[WhoRow]) -> Result<(Vec<ListRoot>, String), AppError> {
    let mut by_stream: std::collections::BTreeMap<&str, Vec<Recipient>> = std::collections::BTreeMap::new();
    for w in who {
        by_stream.entry(&w.stream).or_default().push(Recipient { person: w.person, student: w.student });
    }
    let entries: Vec<(&str, i64, i64)> =
        who.iter().map(|w| (w.stream.as_str(), w.person, w.student)).collect();
    Ok((by_stream.iter().map(|(stream, list)| ListRoot::of(stream, list)).collect(), json(&entries)?))
}

/// Columns of a draft, as ?1 to ?10: for INSERT and UPDATE alike.
pub struct DraftColumns {
    /// Unit.
    pub unit: UnitId,
    /// Sender as parents see it.
    pub sender_title: String,
    /// Audience in Chinese.
    pub audience_zh: String,
    /// Audience in English.
    pub audience_en: String,
    /// Signature.
    pub signature: String,
}

/// `INSERT` of a new draft.
///
/// # Errors
/// Where its values cannot be bound.
pub fn insert<'a>(
    batch: crate::bindings::Guarded<'a>,
    author: StaffId,
    draft: &Draft,
    columns: &DraftColumns,
    now: Instant,
) -> Result<crate::bindings::Guarded<'a>, AppError> {
    let template = domain::sms::LINK_TEMPLATE;
    batch.must(
        "INSERT INTO messages (author_id, unit_id, sender_title, audience, audience_zh, audience_en, category, title, body,
           send_at, reasons, template, template_version, signature, created_at, changed_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?15)",
        args![
            author, columns.unit, columns.sender_title.as_str(), json(&draft.audience)?, columns.audience_zh.as_str(),
            columns.audience_en.as_str(), draft.category.map(|c| c.key()), draft.title.as_str(), draft.body.as_str(),
            draft.send_at, json(&draft.reasons)?, template.name, template.version, columns.signature.as_str(), now
        ],
    )
}

/// `UPDATE` of a draft that nobody changed since `revision`.
///
/// # Errors
/// Where its values cannot be bound.
pub fn update<'a>(
    batch: crate::bindings::Guarded<'a>,
    row: &MessageRow,
    draft: &Draft,
    columns: &DraftColumns,
    now: Instant,
) -> Result<crate::bindings::Guarded<'a>, AppError> {
    batch.must(
        "UPDATE messages SET unit_id = ?1, sender_title = ?2, audience = ?3, audience_zh = ?4, audience_en = ?5, category = ?6,
           title = ?7, body = ?8, send_at = ?9, reasons = ?10, signature = ?11, changed_at = ?12
         WHERE id = ?13 AND state = 'draft' AND author_id = ?14",
        args![
            columns.unit, columns.sender_title.as_str(), json(&draft.audience)?, columns.audience_zh.as_str(),
            columns.audience_en.as_str(), draft.category.map(|c| c.key()), draft.title.as_str(), draft.body.as_str(),
            draft.send_at, json(&draft.reasons)?, columns.signature.as_str(), now, row.id, row.author_id
        ],
    )
}

/// A line of the list.
#[derive(Clone, Debug, Deserialize)]
pub struct SummaryRow {
    /// Id.
    pub id: MessageId,
    /// Title.
    pub title: String,
    /// Audience.
    pub audience_zh: String,
    /// Audience.
    pub audience_en: String,
    /// State key.
    pub state: String,
    /// Drafter's name.
    pub author_name: String,
    /// Changed.
    pub changed_at: Instant,
    /// Scheduled or due.
    pub send_at: Option<Instant>,
    /// Released.
    pub released_at: Option<Instant>,
    /// `[[totals, confirmed]]` of its batches.
    pub progress: String,
    /// Skipped at release.
    pub skipped: u32,
}

/// Which list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Box {
    /// Waits for my decision.
    Waiting,
    /// I drafted it.
    Mine,
    /// Within sight.
    All,
}

/// Lines of one page.
pub const PAGE: u32 = 30;

/// Whether the step that waits in `m` is mine to decide; ?4 as in `SEEN`.
pub const WAITS_FOR_ME: &str = "m.state = 'submitted' AND m.author_id <> ?1
    AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.message_id = m.id AND d.version = m.version AND d.staff_id = ?1)
    AND EXISTS (SELECT 1 FROM message_steps s WHERE s.message_id = m.id AND s.version = m.version AND s.kind <> 'file'
      AND (s.post || ':' || COALESCE(s.unit_id, '') IN (SELECT value FROM json_each(?4)) OR s.substitute || ':' IN (SELECT value FROM json_each(?4)))
      AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.message_id = s.message_id AND d.version = s.version AND d.position = s.position)
      AND NOT EXISTS (SELECT 1 FROM message_steps e WHERE e.message_id = s.message_id AND e.version = s.version AND e.kind <> 'file' AND e.position < s.position
        AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.message_id = e.message_id AND d.version = e.version AND d.position = e.position)))";

/// Messages of a list, newest first, `before` an id.
///
/// # Errors
/// Where the database fails.
pub async fn list(app: &App, person: &Person, which: Box, before: i64) -> Result<Vec<SummaryRow>, AppError> {
    let filter = match which {
        Box::Waiting => WAITS_FOR_ME,
        Box::Mine => "m.author_id = ?1",
        Box::All => SEEN,
    };
    let [me, school, units, posts] = Sight::of(person).args();
    app.db
        .all(
            &format!(
                "SELECT m.id, m.title, m.audience_zh, m.audience_en, m.state, a.name AS author_name, m.changed_at,
                   COALESCE(m.due_at, m.send_at) AS send_at, m.released_at,
                   COALESCE((SELECT json_group_array(json_array(json(b.totals), b.confirmed)) FROM batches b WHERE b.message_id = m.id), '[]') AS progress,
                   COALESCE((SELECT SUM(r.skipped) FROM rounds r WHERE r.message_id = m.id), 0) AS skipped
                 FROM messages m JOIN staff a ON a.id = m.author_id
                 WHERE m.id < ?5 AND {filter} ORDER BY m.id DESC LIMIT {PAGE}"
            ),
            &[me, school, units, posts, before.into()],
        )
        .await
}

/// `SELECT COUNT(*)` of what waits for a person: for the badge.
///
/// # Errors
/// Where its values cannot be bound.
pub fn count_waiting(db: &Db, person: &Person) -> Result<Stmt, AppError> {
    let [me, school, units, posts] = Sight::of(person).args();
    db.sql(&format!("SELECT COUNT(*) AS n FROM messages m WHERE {WAITS_FOR_ME}"), &[me, school, units, posts])
}

/// A row of a message within sight, with columns of ours.
///
/// # Errors
/// Where its values cannot be bound.
pub fn visible(db: &Db, sight: &Sight, id: MessageId, columns: &'static str) -> Result<Stmt, AppError> {
    let [me, school, units, posts] = sight.args();
    db.sql(
        &format!("SELECT {columns} FROM messages m WHERE m.id = ?5 AND {SEEN}"),
        &[me, school, units, posts, id.into()],
    )
}
