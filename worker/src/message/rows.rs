//! A message as it is read: together with everything that its screen shows, in
//! one round trip.

use std::collections::BTreeMap;

use domain::access::{Person, Post};
use domain::approval::{Need, StepKind, Verdict};
use domain::content::Finding;
use domain::ids::{AppointmentId, MessageId, ProcedureId, StaffId, StreamId, UnitId};
use domain::message::{
    AnswerLevel, Audience, Audiences, CanonicalMessage, Category, ListRoot, MessageState, Mode,
};
use domain::time::Instant;
use serde::Deserialize;

use super::audience::{self, Surroundings, page_roots, page_sql, read_surroundings, surroundings_sql, who};
use super::visibility::{VISIBLE, Visibility};
use crate::args;
use crate::platform::app::App;
use crate::platform::d1::{Answers, Rows, Stmt, Value, sql};
use crate::platform::error::AppError;
use crate::platform::json;

/// A message's row.
#[derive(Clone, Debug, Deserialize)]
pub struct MessageRow {
    /// Id.
    pub id: MessageId,
    /// Version.
    pub version: u32,
    /// State.
    pub state: MessageState,
    /// Drafter.
    pub author_id: StaffId,
    /// Drafter's name.
    pub author_name: String,
    /// The appointment in which it is sent.
    pub appointment_id: AppointmentId,
    /// The unit of that appointment.
    pub capacity_unit_id: UnitId,
    /// The sender as parents see it.
    pub sender_title: String,
    /// Audience as JSON: this very text is in the digest.
    pub audience: String,
    /// Audience in Chinese words.
    pub audience_zh: String,
    /// Audience in English words.
    pub audience_en: String,
    /// Category.
    pub category: Option<Category>,
    /// Title.
    pub title: String,
    /// Text.
    pub body: String,
    /// Scheduled time.
    pub send_at: Option<Instant>,
    /// Reasons by rule.
    #[serde(deserialize_with = "json::column")]
    pub reasons: BTreeMap<String, String>,
    /// Findings as submitted.
    #[serde(deserialize_with = "json::column")]
    pub findings: Vec<Finding>,
    /// Template name.
    pub template: String,
    /// Template version.
    pub template_version: u32,
    /// How parents get to the text.
    pub mode: Mode,
    /// What is asked of parents.
    pub answer: AnswerLevel,
    /// Signature.
    pub signature: String,
    /// Digest.
    pub digest: Option<String>,
    /// How many the frozen list reaches.
    #[serde(deserialize_with = "json::optional_column")]
    pub reach: Option<Audiences>,
    /// First saved.
    pub created_at: Instant,
    /// Last saved; also the revision that an edit names.
    pub changed_at: Instant,
    /// Submitted.
    pub submitted_at: Option<Instant>,
    /// Last decision.
    pub approved_at: Option<Instant>,
    /// Fan-out.
    pub released_at: Option<Instant>,
}

const COLUMNS: &str = "m.id, m.version, m.state, m.author_id, a.name AS author_name, m.appointment_id, m.capacity_unit_id,
    m.sender_title, m.audience, m.audience_zh, m.audience_en, m.category, m.title, m.body, m.send_at, m.reasons, m.findings,
    m.template, m.template_version, m.mode, m.answer, m.signature, m.digest,
    m.reach, m.created_at, m.changed_at, m.submitted_at, m.approved_at, m.released_at";

impl MessageRow {
    /// The digest over what the row and the given lists say (I2), in the form that the version was
    /// submitted in; none where that form or the procedure is not known.
    pub fn digest_over(
        &self,
        form: u32,
        procedure: (ProcedureId, u32),
        lists: &[ListRoot],
    ) -> Option<String> {
        let canonical = CanonicalMessage {
            title: &self.title,
            body: &self.body,
            category: self.category,
            signature: &self.signature,
            template: &self.template,
            template_version: self.template_version,
            mode: self.mode,
            answer: self.answer,
            send_at: self.send_at,
            author: self.author_id,
            sender_title: &self.sender_title,
            appointment: self.appointment_id,
            capacity_unit: self.capacity_unit_id,
            audience: &self.audience,
            procedure: procedure.0,
            procedure_version: procedure.1,
            lists,
        };
        canonical.digest(form).map(|digest| digest.to_hex())
    }
}

/// A message's row for the system itself, which sees them all.
pub fn row_sql(id: MessageId) -> Stmt {
    sql(
        format!("SELECT {COLUMNS} FROM messages m JOIN staff a ON a.id = m.author_id WHERE m.id = ?1"),
        args![id],
    )
}

/// A step's row.
#[derive(Clone, Debug, Deserialize)]
pub struct StepRow {
    /// Position.
    pub position: u32,
    /// Kind.
    pub kind: StepKind,
    /// Post.
    pub post: Post,
    /// Unit.
    pub unit_id: Option<UnitId>,
    /// Substitute.
    pub substitute: Option<Post>,
    /// The substitute's unit.
    pub substitute_unit_id: Option<UnitId>,
    /// Whether it holds sending.
    #[serde(deserialize_with = "json::flag")]
    pub holds: bool,
    /// What it needs.
    #[serde(deserialize_with = "json::column")]
    pub needs: Vec<Need>,
}

/// A decision's row.
#[derive(Clone, Debug, Deserialize)]
pub struct DecisionRow {
    /// Version it was about.
    pub version: u32,
    /// Position.
    pub position: u32,
    /// What the step asked for.
    pub kind: StepKind,
    /// Who.
    pub staff_id: StaffId,
    /// Name.
    pub name: String,
    /// By which post.
    pub post: Post,
    /// Verdict.
    pub verdict: Verdict,
    /// On which digest.
    pub digest: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Instant,
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

/// Which way somebody moved since the list was frozen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moved {
    /// Into the audience.
    Joined,
    /// Out of it.
    Left,
}

/// A name that joined or left since the list was frozen.
#[derive(Clone, Debug, Deserialize)]
pub struct MovedRow {
    /// Which way.
    pub what: Moved,
    /// Name.
    pub name: String,
}

/// Progress of one batch of the sending.
#[derive(Clone, Debug, Deserialize)]
pub struct ProgressRow {
    /// How many phones are in which state.
    #[serde(deserialize_with = "json::column")]
    pub totals: BTreeMap<domain::delivery::DeliveryState, u32>,
    /// Confirmed.
    pub confirmed: u32,
    /// Opened.
    pub opened: u32,
}

/// Progress by batch of the sending: two rows read for each, whatever its size.
/// Later rounds go to the same phones, so that counting them would count a phone twice.
pub const PROGRESS: &str = "SELECT b.totals, b.confirmed,
      COALESCE((SELECT COUNT(*) FROM opened o, json_each(o.seen) WHERE o.message_id = b.message_id AND o.round = b.round AND o.batch_no = b.no), 0) AS opened
    FROM batches b WHERE b.message_id = ?1 AND b.round = 0";

/// The audience of message ?1 while it can change; of no use afterwards, and
/// then read by nobody.
const OPEN_AUDIENCE: &str = "(SELECT audience FROM messages WHERE id = ?1 AND digest IS NULL)";

/// The audience of message ?1 while its list is frozen and not yet sent to.
const FROZEN_AUDIENCE: &str =
    "(SELECT audience FROM messages WHERE id = ?1 AND state IN ('submitted', 'approved'))";

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
    /// Progress by batch.
    pub progress: Vec<ProgressRow>,
    /// Skipped at release; none before.
    pub skipped: Option<u32>,
    /// Streams in which it is not settled yet.
    pub open_streams: Vec<StreamId>,
    /// The world around.
    pub around: Surroundings,
}

#[derive(Deserialize)]
struct SkippedRow {
    skipped: u32,
}

#[derive(Deserialize)]
struct StreamRow {
    stream_id: StreamId,
}

/// How many names of a moved audience are told.
const MOVED_MAX: u32 = 50;

/// The statements that read a message whole.
///
/// # Errors
/// Where the lists of what the person may see cannot be written as JSON.
pub fn load_sql(person: &Person, id: MessageId, now: Instant) -> Result<Vec<Stmt>, AppError> {
    let values = Visibility::of(person)?.values([id.into()]);
    let who = who(FROZEN_AUDIENCE);
    let mut statements = vec![
        sql(
            format!("SELECT {COLUMNS} FROM messages m JOIN staff a ON a.id = m.author_id WHERE m.id = ?5 AND {VISIBLE}"),
            &values,
        ),
        sql(
            "SELECT s.position, s.kind, s.post, s.unit_id, s.substitute, s.substitute_unit_id, s.holds, s.needs FROM message_steps s
             JOIN messages m ON m.id = s.message_id AND m.version = s.version WHERE s.message_id = ?1 ORDER BY s.position",
            args![id],
        ),
        sql(
            "SELECT d.version, d.position, s.kind, d.staff_id, t.name, d.post, d.verdict, d.digest, d.reason, d.at
             FROM decisions d JOIN staff t ON t.id = d.staff_id
             JOIN message_steps s ON s.message_id = d.message_id AND s.version = d.version AND s.position = d.position
             WHERE d.message_id = ?1 ORDER BY d.version, d.position",
            args![id],
        ),
        sql(
            "SELECT v.title, v.body, v.audience_zh, v.audience_en FROM message_versions v
             JOIN messages m ON m.id = v.message_id AND v.version = m.version - 1 WHERE v.message_id = ?1",
            args![id],
        ),
        sql(
            format!(
                "WITH {who}, frozen AS (
                   SELECT r.stream_id, r.kind, r.person, r.student FROM messages m
                   CROSS JOIN recipients r ON r.message_id = m.id AND r.version = m.version
                   WHERE m.id = ?1 AND m.state IN ('submitted', 'approved')),
                 moved AS (
                   SELECT 'joined' AS what, w.kind, w.person, w.student FROM messages m CROSS JOIN who w
                   WHERE m.id = ?1 AND NOT EXISTS (SELECT 1 FROM recipients r WHERE r.message_id = m.id AND r.version = m.version
                     AND r.stream_id = w.stream_id AND r.kind = w.kind AND r.person = w.person AND r.student = w.student)
                   UNION ALL
                   SELECT 'left', kind, person, student FROM frozen
                   WHERE (kind, person, student) NOT IN (SELECT kind, person, student FROM who))
                 SELECT DISTINCT moved.what, COALESCE(s.name, t.name) AS name FROM moved
                 LEFT JOIN students s ON s.id = moved.student AND moved.student <> 0
                 LEFT JOIN staff t ON t.id = moved.person AND moved.kind = 'staff'
                 LIMIT {MOVED_MAX}"
            ),
            args![id],
        ),
        sql(PROGRESS, args![id]),
        sql("SELECT skipped FROM rounds WHERE message_id = ?1 AND round = 0", args![id]),
        sql("SELECT stream_id FROM message_streams WHERE message_id = ?1 AND round = 0 AND state <> 'settled'", args![id]),
    ];
    statements.extend(surroundings_sql(OPEN_AUDIENCE, &id.into(), now));
    Ok(statements)
}

/// Reads what [`load_sql`] gave.
///
/// # Errors
/// [`AppError::NotFound`] where it does not exist or is not visible.
pub fn read(rows: &[Rows]) -> Result<Loaded, AppError> {
    let row: MessageRow = rows.at(0)?.one()?;
    Ok(Loaded {
        audience: json::read("an audience", &row.audience)?,
        steps: rows.at(1)?.all()?,
        decisions: rows.at(2)?.all()?,
        earlier: rows.at(3)?.first()?,
        moved: rows.at(4)?.all()?,
        progress: rows.at(5)?.all()?,
        skipped: rows.at(6)?.first::<SkippedRow>()?.map(|s| s.skipped),
        open_streams: rows.at(7)?.all::<StreamRow>()?.into_iter().map(|s| s.stream_id).collect(),
        around: read_surroundings(rows.get(8..).unwrap_or_default())?,
        row,
    })
}

/// Reads a message whole.
///
/// # Errors
/// [`AppError::NotFound`] where it is not visible.
pub async fn load(app: &App, person: &Person, id: MessageId) -> Result<Loaded, AppError> {
    read(&app.db.run(load_sql(person, id, app.now())?).await?)
}

/// Reads a message whole, with the roots of the list that submission would freeze.
/// A long list comes in pages, so that no more than one page is held.
///
/// # Errors
/// As [`load`].
pub async fn load_with_roots(
    app: &App,
    person: &Person,
    id: MessageId,
) -> Result<(Loaded, Vec<ListRoot>), AppError> {
    let arg: Value = id.into();
    let mut statements = load_sql(person, id, app.now())?;
    let at = statements.len();
    statements.push(page_sql(OPEN_AUDIENCE, &arg, StreamId(0)));
    let rows = app.db.run(statements).await?;
    let loaded = read(&rows)?;
    let mut page = page_roots(rows.at(at)?)?;
    drop(rows);
    let mut roots = Vec::new();
    loop {
        let last = page.last().map(|root| root.stream).filter(|_| page.len() == audience::STREAMS_OF_A_PAGE);
        roots.append(&mut page);
        let Some(last) = last else { return Ok((loaded, roots)) };
        page = page_roots(app.db.run(vec![page_sql(OPEN_AUDIENCE, &arg, last)]).await?.at(0)?)?;
    }
}

/// Freezes the audience of a draft (?1) as the list of its version (?2): by the
/// database itself, so that the list never travels.
pub(super) fn freeze_sql() -> String {
    format!(
        "WITH {} INSERT INTO recipients (message_id, version, stream_id, kind, person, student, phone_id)
         SELECT ?1, ?2, stream_id, kind, person, student, phone_id FROM who",
        who(OPEN_AUDIENCE)
    )
}
