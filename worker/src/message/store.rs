//! All SQL of messages. A message is read together with everything that its
//! screen shows in one round trip; what the caller may not see is no row (I10).

mod around;

use domain::access::{Action, Person, Reach};
use domain::ids::{MessageId, StaffId, UnitId};
use domain::message::{Audience, Draft, ListRoot, Recipient};
use domain::time::Instant;
use serde::Deserialize;

pub use around::{NamedClass, Surroundings};
use around::{read_surroundings, surroundings_sql, who};

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
    /// How many the frozen list reaches, as JSON.
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

/// The audience of message ?1 while it can change; of no use afterwards, and
/// then read by nobody.
const OPEN_AUDIENCE: &str = "(SELECT audience FROM messages WHERE id = ?1 AND digest IS NULL)";

/// The audience of message ?1 while its list is frozen and not yet sent to.
const FROZEN_AUDIENCE: &str =
    "(SELECT audience FROM messages WHERE id = ?1 AND state IN ('submitted', 'approved'))";

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

/// A message's row for the system itself, which sees them all.
///
/// # Errors
/// Where its values cannot be bound.
pub fn row_sql(db: &Db, id: MessageId) -> Result<Stmt, AppError> {
    db.sql(
        &format!(
            "SELECT {MESSAGE_COLUMNS} FROM messages m JOIN staff a ON a.id = m.author_id WHERE m.id = ?1"
        ),
        args![id],
    )
}
