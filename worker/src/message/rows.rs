//! A message as it is read: together with everything that its screen shows, in
//! one round trip.

use std::collections::BTreeMap;

use domain::access::{Action, Person, Post};
use domain::approval::passage::PassageView;
use domain::approval::{Need, Sender, StepKind, Verdict};
use domain::content::Finding;
use domain::delivery::SetApart;
use domain::filing::Application;
use domain::ids::{AppointmentId, ClassId, MessageId, ProcedureId, StaffId, StreamId, UnitId};
use domain::message::{
    AnswerLevel, AskedFor, Audience, Audiences, CanonicalMessage, Category, HoldReason, Linked, ListRoot,
    MessageState, Mode,
};
use domain::time::Instant;
use serde::Deserialize;

use super::audience::{
    self, Capacity, STANDS, SentAs, Surroundings, page_roots, page_sql, read_surroundings, surroundings_sql,
    who,
};
use super::children::{self, Named};
use super::held::{held_sql, read_held};
use super::visibility::{VISIBLE_WHOLE, Visibility, visible_sql};
use crate::args;
use crate::filing::store::{Beside, beside_sql, read_beside};
use crate::office_request::store::{asked_sql, read_asked};
use crate::platform::app::App;
use crate::platform::crypto::Keys;
use crate::platform::d1::{Answers, Rows, Stmt, Value, sql};
use crate::platform::error::AppError;
use crate::platform::json;
use crate::roster::names::name_at;
use crate::roster::scope::Scope;

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
    /// Its post.
    pub capacity_post: Post,
    /// Its class, of a teacher's.
    pub capacity_class: Option<ClassId>,
    /// Label of the procedure that its chain was copied from, in Chinese; none before submission.
    pub procedure_zh: Option<String>,
    /// In English.
    pub procedure_en: Option<String>,
    /// The sender as parents see it.
    pub sender_title: String,
    /// Audience as JSON: this very text is in the digest.
    pub audience: String,
    /// Audience in Chinese words.
    pub audience_zh: String,
    /// Audience in English words.
    pub audience_en: String,
    /// Children chosen one by one, where the reader may know their names.
    #[serde(deserialize_with = "json::optional_column")]
    pub children: Named,
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
    /// Its time, moved to the first open window.
    pub due_at: Option<Instant>,
    /// Paused or stopped when.
    pub halted_at: Option<Instant>,
    /// By whom.
    pub halted_name: Option<String>,
    /// By which post. A text, so that one this version does not know is no fault.
    pub halted_post: Option<String>,
    /// Why it was stopped.
    pub halt_reason: Option<String>,
    /// The message that it corrects.
    pub corrects_id: Option<MessageId>,
    /// Its number in the register; none before it was first submitted.
    pub register_no: Option<u32>,
    /// Since when its step waits, and in how many hours that should be done.
    #[serde(deserialize_with = "json::optional_column")]
    pub waits: Option<(Instant, Option<i64>)>,
    /// Last reminded.
    pub reminded_at: Option<Instant>,
    /// The written application of a department.
    #[serde(deserialize_with = "json::optional_column")]
    pub application: Option<Application>,
    /// Whether the reader sees it as a whole, not for an own class alone.
    #[serde(deserialize_with = "json::flag")]
    pub seen_whole: bool,
}

impl MessageRow {
    /// In which capacity it is sent.
    pub fn capacity(&self) -> Capacity {
        Capacity { post: self.capacity_post, unit: self.capacity_unit_id }
    }

    /// By which appointment it is sent.
    pub fn sent_as(&self) -> SentAs {
        SentAs {
            appointment: self.appointment_id,
            post: self.capacity_post,
            unit: self.capacity_unit_id,
            class: self.capacity_class,
        }
    }

    /// Whether it goes out by the order of a designated sender alone (G7).
    pub fn needs_order(&self) -> bool {
        self.capacity_post.sender() == Some(Sender::Department)
    }

    /// The post that paused or stopped it. Where it cannot be read, only the highest one lifts it.
    pub fn halting_post(&self) -> Post {
        self.halted_post.as_deref().and_then(Post::from_key).unwrap_or(Post::Principal)
    }
}

/// Since when the step that waits of `m` does so, and in how many hours it should be done, as JSON.
pub const WAITS: &str =
    "(SELECT json_array(w.since, w.within_hours) FROM waiting_steps w WHERE w.message_id = m.id)";
/// When the drafter of `m` last reminded whoever it waits for.
pub const REMINDED: &str =
    "(SELECT MAX(r.at) FROM reminders r WHERE r.message_id = m.id AND r.version = m.version)";

/// The written application of `m` in its current version, as JSON.
pub(super) const APPLICATION: &str =
    "(SELECT json_object('need', p.need, 'content', p.content, 'audience', p.audience, 'sender', p.sender, 'from', p.from_at, 'until', p.until_at)
     FROM applications p WHERE p.message_id = m.id AND p.version = m.version)";

/// Columns of [`MessageRow`] behind the author's name.
const COLUMNS: &str = "m.id, m.version, m.state, m.author_id, m.appointment_id, m.capacity_unit_id,
    (SELECT p.post FROM appointments p WHERE p.id = m.appointment_id) AS capacity_post,
    (SELECT p.class_id FROM appointments p WHERE p.id = m.appointment_id) AS capacity_class, m.corrects_id, m.register_no,
    (SELECT p.label_zh FROM procedures p WHERE p.id = m.procedure_id AND p.version = m.procedure_version) AS procedure_zh,
    (SELECT p.label_en FROM procedures p WHERE p.id = m.procedure_id AND p.version = m.procedure_version) AS procedure_en, m.sender_title, m.audience, m.audience_zh, m.audience_en, m.category, m.title, m.body, m.send_at, m.reasons, m.findings,
    m.template, m.template_version, m.mode, m.answer, m.signature, m.digest,
    m.reach, m.created_at, m.changed_at, m.submitted_at, m.approved_at, m.released_at,
    m.due_at, m.halted_at, (SELECT h.name FROM staff h WHERE h.id = m.halted_by) AS halted_name, m.halted_post, m.halt_reason";

/// A message's row `m` with its author `a`: a submitted one keeps the name of that moment. `whole`
/// tells whether all of it is seen, `children` how the chosen children are called.
fn select(whole: &str, children: &str) -> String {
    format!(
        "SELECT {COLUMNS}, {APPLICATION} AS application, {WAITS} AS waits, {REMINDED} AS reminded_at, {whole} AS seen_whole, {children} AS children, {} AS author_name FROM messages m JOIN staff a ON a.id = m.author_id",
        name_at("staff", "a", "m.submitted_at")
    )
}

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
            application: self.application.as_ref(),
            lists,
            corrects: self.corrects_id,
        };
        canonical.digest(form).map(|digest| digest.to_hex())
    }
}

/// A message's row for the system itself, which sees them all.
pub fn row_sql(id: MessageId) -> Stmt {
    sql(format!("{} WHERE m.id = ?1", select("1", "NULL")), args![id])
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

/// What was wrong where, of decision `d`, in the words of its version.
const PASSAGES: &str = "(SELECT json_group_array(json_object('part', p.part, 'start', p.start, 'len', p.len, 'reason', p.reason, 'words', p.words))
    FROM (SELECT q.part, q.start, q.len, q.reason,
            substr(CASE q.part WHEN 'title' THEN v.title ELSE v.body END, q.start + 1, q.len) AS words
          FROM return_passages q CROSS JOIN message_versions v ON v.message_id = q.message_id AND v.version = q.version
          WHERE q.message_id = d.message_id AND q.version = d.version AND q.position = d.position ORDER BY q.no) p)";

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
    /// What was wrong where.
    #[serde(deserialize_with = "json::column")]
    pub passages: Vec<PassageView>,
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
    /// Children chosen one by one, where the reader may know their names.
    #[serde(deserialize_with = "json::optional_column")]
    pub children: Named,
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

/// Somebody who joined or left since the list was frozen.
#[derive(Clone, Debug, Deserialize)]
pub struct MovedRow {
    /// Which way.
    pub what: Moved,
    /// Name, where the reader may know it.
    pub name: Option<String>,
    /// How many moved that way.
    pub n: u32,
}

/// A number of the frozen list that was changed between submission and release.
#[derive(Clone, Debug, Deserialize)]
pub struct ChangedRow {
    /// Whose, where the reader may know it.
    pub name: Option<String>,
    /// When.
    pub at: Instant,
    /// Whether a file did it.
    #[serde(deserialize_with = "json::flag")]
    pub by_import: bool,
    /// The phones of before and now: `[[id, key, sealed] or null, …]`.
    #[serde(deserialize_with = "json::column")]
    pub phones: [Option<(i64, i64, String)>; 2],
}

/// Reads [`ChangedRow`]s: from the changes of that time, few, to the list by key.
fn changed_sql(id: MessageId, roll: &[Value], now: Instant) -> Stmt {
    let readable = Scope::holds("k", 3);
    let phone =
        |of: &str| format!("(SELECT json_array(p.id, p.key_id, p.sealed) FROM phones p WHERE p.id = c.{of})");
    sql(
        format!(
            "SELECT c.at, c.import_id IS NOT NULL AS by_import, json_array(json({}), json({})) AS phones,
               CASE c.kind WHEN 'guardian' THEN (SELECT g.name FROM guardians g JOIN students s ON s.id = g.student_id
                      JOIN classes k ON k.id = s.class_id WHERE g.id = c.person AND {readable})
                    WHEN 'staff' THEN (SELECT t.name FROM staff t WHERE t.id = c.person) END AS name
             FROM messages m
             CROSS JOIN phone_changes c ON c.at > m.submitted_at AND c.at <= COALESCE(m.released_at, ?2)
             WHERE m.id = ?1 AND m.state IN ('submitted', 'approved', 'sending', 'paused', 'sent') AND EXISTS (
               SELECT 1 FROM message_versions v CROSS JOIN json_each(v.lists) l
               CROSS JOIN recipients r ON r.message_id = v.message_id AND r.version = v.version AND r.stream_id = l.value ->> '$.stream'
                 AND r.kind = c.kind AND r.person = c.person
               WHERE v.message_id = m.id AND v.version = m.version)
             ORDER BY c.at DESC LIMIT {MOVED_MAX}",
            phone("from_phone"),
            phone("to_phone")
        ),
        &[args![id, now], roll].concat(),
    )
}

/// Progress of one batch of the sending.
#[derive(Clone, Debug, Deserialize)]
pub struct ProgressRow {
    /// How many phones are in which state.
    #[serde(deserialize_with = "totals")]
    pub totals: BTreeMap<domain::delivery::DeliveryState, u32>,
    /// Confirmed.
    pub confirmed: u32,
    /// Opened.
    pub opened: u32,
}

/// Totals of a batch. A state that this version does not know counts as unknown, so that the sum stays
/// what it is and one row never makes a page of errors.
///
/// # Errors
/// Never: what is no table of numbers counts nothing.
pub fn totals<'de, D: serde::Deserializer<'de>>(
    from: D,
) -> Result<BTreeMap<domain::delivery::DeliveryState, u32>, D::Error> {
    use domain::delivery::DeliveryState;
    let counted: Option<BTreeMap<String, u32>> = json::lenient_column(from)?;
    let mut totals = BTreeMap::new();
    for (state, n) in counted.unwrap_or_default() {
        *totals.entry(DeliveryState::from_key(&state).unwrap_or(DeliveryState::Unknown)).or_default() += n;
    }
    Ok(totals)
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
    /// Streams in which something of it is still to be done.
    pub open_streams: Vec<StreamId>,
    /// What is set apart.
    pub set_apart: Vec<SetApart>,
    /// Why it is not released, where something holds it.
    pub held: Option<HoldReason>,
    /// Numbers changed between submission and release.
    pub changed: Vec<ChangedRow>,
    /// The message that it corrects, where the reader may see that one.
    pub corrects: Option<Linked>,
    /// Its correction that is under way or has gone out.
    pub corrected_by: Option<Linked>,
    /// Whether the reader may see that one.
    pub sees_correction: bool,
    /// Who asked the office for it.
    pub asked: Option<AskedFor>,
    /// The papers beside it.
    pub beside: Beside,
    /// The world around.
    pub around: Surroundings,
}

#[derive(Deserialize)]
struct LinkedRow {
    id: MessageId,
    title: String,
    state: MessageState,
    released_at: Option<Instant>,
    #[serde(deserialize_with = "json::flag")]
    is_seen: bool,
    #[serde(deserialize_with = "json::flag")]
    is_corrected: bool,
}

impl LinkedRow {
    fn linked(self) -> Linked {
        let Self { id, title, state, released_at, .. } = self;
        Linked { id, title, state, released_at }
    }
}

/// What message ?5 corrects, and by which one it is corrected, each with whether it is seen.
fn linked_sql(visible: &str, values: &[Value]) -> Stmt {
    let linked = "m.id, m.title, m.state, m.released_at";
    sql(
        format!(
            "SELECT {linked}, {visible} AS is_seen, 1 AS is_corrected FROM messages m
             WHERE m.id = (SELECT corrects_id FROM messages WHERE id = ?5)
             UNION ALL SELECT {linked}, {visible}, 0 FROM messages m WHERE m.corrects_id = ?5 AND {}",
            STANDS.replace("n.", "m.")
        ),
        values,
    )
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
    let roll = Scope::of(person, &[Action::ReadRoster]).args();
    let seen = Visibility::of(person)?.values([id.into()]);
    let values = [seen.as_slice(), roll.as_slice()].concat();
    let (who, readable) = (who(FROZEN_AUDIENCE), Scope::holds("c", 2));
    let visible = visible_sql();
    let mut statements = vec![
        sql(
            format!("{} WHERE m.id = ?5 AND {visible}", select(VISIBLE_WHOLE, &children::of_message(6))),
            &values,
        ),
        sql(
            "SELECT s.position, s.kind, s.post, s.unit_id, s.substitute, s.substitute_unit_id, s.holds, s.needs FROM message_steps s
             JOIN messages m ON m.id = s.message_id AND m.version = s.version WHERE s.message_id = ?1 ORDER BY s.position",
            args![id],
        ),
        sql(
            format!(
                "SELECT d.version, d.position, s.kind, d.staff_id, {} AS name, d.post, d.verdict, d.digest, d.reason, d.at,
                   {PASSAGES} AS passages
                 FROM decisions d JOIN staff t ON t.id = d.staff_id
                 JOIN message_steps s ON s.message_id = d.message_id AND s.version = d.version AND s.position = d.position
                 WHERE d.message_id = ?1 ORDER BY d.version, d.position",
                name_at("staff", "t", "d.at")
            ),
            args![id],
        ),
        sql(
            format!(
                "SELECT v.title, v.body, v.audience_zh, v.audience_en, {} AS children FROM message_versions v
                 JOIN messages m ON m.id = v.message_id AND v.version = m.version - 1 WHERE v.message_id = ?1",
                children::of_version(2)
            ),
            &[args![id], roll.as_slice()].concat(),
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
                   WHERE (kind, person, student) NOT IN (SELECT kind, person, student FROM who)),
                 -- A child's name is for those who may read its class's roll; the others are told how many.
                 people AS (SELECT DISTINCT what, CASE WHEN student <> 0 THEN 'student' ELSE kind END AS kind,
                   CASE WHEN student <> 0 THEN student ELSE person END AS person FROM moved),
                 named AS (
                   SELECT p.what, CASE p.kind
                     WHEN 'student' THEN (SELECT s.name FROM students s JOIN classes c ON c.id = s.class_id WHERE s.id = p.person AND {readable})
                     WHEN 'staff' THEN (SELECT t.name FROM staff t WHERE t.id = p.person) END AS name FROM people p)
                 SELECT what, name, n FROM (
                   SELECT what, name, COUNT(*) OVER (PARTITION BY what) AS n,
                     ROW_NUMBER() OVER (PARTITION BY what ORDER BY name IS NULL) AS k FROM named) WHERE k <= {MOVED_MAX}"
            ),
            &[args![id], roll.as_slice()].concat(),
        ),
        sql(PROGRESS, args![id]),
        sql("SELECT skipped FROM rounds WHERE message_id = ?1 AND round = 0", args![id]),
        sql(
            "SELECT stream_id FROM message_streams WHERE message_id = ?1 AND state <> 'settled'
             UNION SELECT stream_id FROM batches INDEXED BY batches_put_off
               WHERE message_id = ?1 AND state <> 'settled' AND not_before > 0",
            args![id],
        ),
        sql(
            "SELECT set_apart_why AS why, SUM(size) AS phones, MIN(set_apart_at) AS since FROM batches INDEXED BY batches_apart
             WHERE message_id = ?1 AND set_apart_at IS NOT NULL AND state <> 'settled' GROUP BY set_apart_why",
            args![id],
        ),
        held_sql(id, now),
        changed_sql(id, &roll, now),
        linked_sql(&visible, &seen),
        beside_sql(person, id, now),
        asked_sql(person, id),
    ];
    statements.extend(surroundings_sql(OPEN_AUDIENCE, &id.into(), &roll, now));
    Ok(statements)
}

/// Reads what [`load_sql`] gave.
///
/// # Errors
/// [`AppError::NotFound`] where it does not exist or is not visible.
pub fn read(rows: &[Rows], keys: &Keys) -> Result<Loaded, AppError> {
    let row: MessageRow = rows.at(0)?.one()?;
    let (corrected, correction): (Vec<LinkedRow>, Vec<LinkedRow>) =
        rows.at(11)?.all::<LinkedRow>()?.into_iter().partition(|row| row.is_corrected);
    let correction = correction.into_iter().next();
    Ok(Loaded {
        corrects: corrected.into_iter().find(|row| row.is_seen).map(LinkedRow::linked),
        sees_correction: correction.as_ref().is_some_and(|row| row.is_seen),
        corrected_by: correction.map(LinkedRow::linked),
        audience: json::read("an audience", &row.audience)?,
        steps: rows.at(1)?.all()?,
        decisions: rows.at(2)?.all()?,
        earlier: rows.at(3)?.first()?,
        moved: rows.at(4)?.all()?,
        progress: rows.at(5)?.all()?,
        skipped: rows.at(6)?.first::<SkippedRow>()?.map(|s| s.skipped),
        open_streams: rows.at(7)?.all::<StreamRow>()?.into_iter().map(|s| s.stream_id).collect(),
        set_apart: rows.at(8)?.known(),
        held: read_held(rows.at(9)?)?,
        changed: rows.at(10)?.all()?,
        beside: read_beside(rows.at(12)?)?,
        asked: read_asked(rows.at(13)?)?,
        around: read_surroundings(rows.get(14..).unwrap_or_default(), keys)?,
        row,
    })
}

/// Reads a message whole.
///
/// # Errors
/// [`AppError::NotFound`] where it is not visible.
pub async fn load(app: &App, person: &Person, id: MessageId) -> Result<Loaded, AppError> {
    read(&app.db.run(load_sql(person, id, app.now())?).await?, app.keys()?)
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
    let loaded = read(&rows, app.keys()?)?;
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
