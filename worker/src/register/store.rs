//! All SQL of the register.

use domain::access::{Person, Post};
use domain::approval::{OWN_PROCEDURE, StepKind, Verdict};
use domain::ids::{MessageId, ProcedureId, UnitId};
use domain::message::{Asker, Audiences, Category, ListRoot, MessageState};
use domain::register::{AgendaItem, Filed, PAGE, RegisterEntry, RegisterNumber, RegisterSheet, Signature};
use domain::time::{DAY, Instant};
use domain::words::Words;
use serde::Deserialize;

use crate::args;
use crate::message::rows::{MessageRow, row_sql};
use crate::message::visibility::{Visibility, visible_sql};
use crate::platform::d1::{Answers, Rows, Stmt, sql};
use crate::platform::error::AppError;
use crate::platform::json;
use crate::roster::names::name_at;

/// What the register is searched for.
pub struct Search {
    /// Part of a title or name.
    pub sought: Option<String>,
    /// Of this unit or one below it.
    pub unit: Option<UnitId>,
    /// In this state.
    pub state: Option<MessageState>,
    /// Registered from then on,
    pub since: Instant,
    /// and before then.
    pub until: Instant,
    /// Where the page begins.
    pub before_at: Instant,
    /// The message before it.
    pub before: MessageId,
}

/// `[kind, post, name, verdict, at]`.
type SignatureRow = (StepKind, Post, String, Verdict, Instant);
/// `[kind, number, handed in at, taken in by]`.
type FiledRow = (StepKind, Option<String>, Instant, Option<String>);

fn signatures(rows: Vec<SignatureRow>) -> Vec<Signature> {
    let read = |(kind, post, name, verdict, at)| Signature { kind, post, name, verdict, at };
    rows.into_iter().map(read).collect()
}

#[derive(Deserialize)]
struct EntryRow {
    id: MessageId,
    version: u32,
    register_year: u32,
    register_unit: UnitId,
    unit_name: String,
    register_no: u32,
    title: String,
    category: Option<Category>,
    audience_zh: String,
    audience_en: String,
    #[serde(deserialize_with = "json::optional_column")]
    reach: Option<Audiences>,
    state: MessageState,
    drafter: String,
    post: Post,
    sender_title: String,
    #[serde(deserialize_with = "json::column")]
    signatures: Vec<SignatureRow>,
    #[serde(deserialize_with = "json::column")]
    filed: Vec<FiledRow>,
    registered_at: Instant,
    submitted_at: Option<Instant>,
    approved_at: Option<Instant>,
    released_at: Option<Instant>,
    statement_at: Option<Instant>,
    digest: Option<String>,
    corrects_id: Option<MessageId>,
    #[serde(deserialize_with = "json::optional_column")]
    asked: Option<Asker>,
}

impl EntryRow {
    fn entry(self) -> RegisterEntry {
        let filed = |(kind, number, at, by)| Filed { kind, number, at, by };
        RegisterEntry {
            id: self.id,
            number: RegisterNumber {
                year: self.register_year,
                unit: self.register_unit,
                unit_name: self.unit_name,
                no: self.register_no,
            },
            version: self.version,
            title: self.title,
            category: self.category,
            audience: Words { zh: self.audience_zh.into(), en: self.audience_en.into() },
            reach: self.reach.unwrap_or_default(),
            state: self.state,
            drafter: self.drafter,
            post: self.post,
            sender: self.sender_title,
            signatures: signatures(self.signatures),
            filed: self.filed.into_iter().map(filed).collect(),
            registered_at: self.registered_at,
            submitted_at: self.submitted_at,
            approved_at: self.approved_at,
            released_at: self.released_at,
            statement_at: self.statement_at,
            digest: self.digest,
            asked: self.asked,
            corrects: self.corrects_id,
        }
    }
}

/// Decisions on a version, given by SQL of ours, as a JSON array in the order of the steps.
fn signed(message: &str, version: &str) -> String {
    format!(
        "(SELECT json_group_array(json_array(x.kind, x.post, x.name, x.verdict, x.at)) FROM (
           SELECT s.kind, d.post, {} AS name, d.verdict, d.at FROM decisions d JOIN staff t ON t.id = d.staff_id
           JOIN message_steps s ON s.message_id = d.message_id AND s.version = d.version AND s.position = d.position
           WHERE d.message_id = {message} AND d.version = {version} ORDER BY d.position) x)",
        name_at("staff", "t", "d.at")
    )
}

/// A line of the register of message `m`, whose author is `a` and whose unit is `u`.
fn entry_select() -> String {
    let author = name_at("staff", "a", "m.submitted_at");
    let signed = signed("m.id", "m.version");
    let (asker, of_unit) = (name_at("staff", "q", "r.at"), name_at("unit", "x", "r.at"));
    format!(
        "SELECT m.id, m.version, m.register_year, m.register_unit, u.name AS unit_name, m.register_no, m.title, m.category,
           m.audience_zh, m.audience_en, m.reach, m.state, {author} AS drafter,
           (SELECT p.post FROM appointments p WHERE p.id = m.appointment_id) AS post, m.sender_title, {signed} AS signatures,
           (SELECT json_group_array(json_array(z.kind, z.number, z.at, z.name)) FROM (
              SELECT 'file' AS kind, '备〔' || f.year || '〕' || f.no || '号' AS number, f.filed_at AS at, (SELECT t.name FROM staff t WHERE t.id = f.registered_by) AS name
              FROM filings f WHERE f.message_id = m.id AND f.version = m.version
              UNION ALL SELECT 'register', r.number, r.at, (SELECT t.name FROM staff t WHERE t.id = r.staff_id)
              FROM registrations r WHERE r.message_id = m.id AND r.version = m.version) z) AS filed,
           m.registered_at, m.submitted_at, m.approved_at, m.released_at, m.statement_at, m.digest, m.corrects_id,
           (SELECT json_object('request', r.id, 'name', {asker}, 'post', k.post, 'unit', {of_unit}, 'at', r.at)
            FROM office_requests r CROSS JOIN staff q ON q.id = r.requester_id CROSS JOIN appointments k ON k.id = r.appointment_id
            CROSS JOIN units x ON x.id = k.unit_id WHERE r.message_id = m.id) AS asked
         FROM messages m JOIN staff a ON a.id = m.author_id JOIN units u ON u.id = m.register_unit"
    )
}

/// Reads a page of the register: one line more than a page has where another page follows.
///
/// # Errors
/// Where the lists of what the person may see cannot be written as JSON.
pub fn list_sql(person: &Person, search: &Search) -> Result<Stmt, AppError> {
    let values = Visibility::of(person)?.values(
        args![
            search.sought.as_deref(),
            search.unit,
            search.state.map(MessageState::key),
            search.since,
            search.until,
            search.before_at,
            search.before
        ]
        .to_vec(),
    );
    Ok(sql(
        format!(
            "{} WHERE m.registered_at BETWEEN ?8 AND ?10 AND m.registered_at < ?9 AND (m.registered_at < ?10 OR m.id < ?11)
               AND (?5 IS NULL OR instr(m.title, ?5) > 0 OR instr(a.name, ?5) > 0 OR instr(m.sender_title, ?5) > 0)
               AND (?6 IS NULL OR EXISTS (SELECT 1 FROM unit_tree w WHERE w.unit_id = m.register_unit AND w.ancestor_id = ?6))
               AND (?7 IS NULL OR m.state = ?7) AND {}
             ORDER BY m.registered_at DESC, m.id DESC LIMIT {}",
            entry_select(),
            visible_sql(),
            PAGE + 1
        ),
        &values,
    ))
}

/// Lines of the register.
///
/// # Errors
/// Where a row cannot be read.
pub fn entries(rows: &Rows) -> Result<Vec<RegisterEntry>, AppError> {
    Ok(rows.all::<EntryRow>()?.into_iter().map(EntryRow::entry).collect())
}

/// What each unit sent, by month in Shanghai. Nothing of what was written is in it.
pub fn totals_sql(since: Instant, until: Instant) -> Stmt {
    sql(
        "SELECT strftime('%Y-%m', (m.registered_at + 28800000) / 1000, 'unixepoch') AS month, m.register_unit AS unit, u.name AS unit_name,
           COUNT(*) AS registered, SUM(m.released_at IS NOT NULL) AS sent,
           COALESCE(SUM(CASE WHEN m.released_at IS NOT NULL THEN m.reach ->> '$.phones' END), 0) AS phones
         FROM messages m JOIN units u ON u.id = m.register_unit
         WHERE m.registered_at >= CAST(?1 AS INTEGER) AND m.registered_at < CAST(?2 AS INTEGER)
         GROUP BY month, unit ORDER BY month DESC, sent DESC, unit",
        args![since, until],
    )
}

#[derive(Deserialize)]
struct SheetRow {
    body: String,
    procedure_zh: Option<String>,
    procedure_en: Option<String>,
    #[serde(deserialize_with = "json::column")]
    reasons: std::collections::BTreeMap<String, String>,
}

/// Reads the sheet of a message that is visible and has a number.
///
/// # Errors
/// Where the lists of what the person may see cannot be written as JSON.
pub fn sheet_sql(person: &Person, id: MessageId) -> Result<[Stmt; 2], AppError> {
    let values = Visibility::of(person)?.values([id.into()]);
    let visible = visible_sql();
    Ok([
        sql(format!("{} WHERE m.id = ?5 AND m.registered_at IS NOT NULL AND {visible}", entry_select()), &values),
        // Why something stands although the check found it is between the drafter and those who decide.
        sql(
            format!(
                "SELECT m.body, CASE WHEN {whole} THEN m.reasons ELSE '{{}}' END AS reasons,
                   (SELECT p.label_zh FROM procedures p WHERE p.id = m.procedure_id AND p.version = m.procedure_version) AS procedure_zh,
                   (SELECT p.label_en FROM procedures p WHERE p.id = m.procedure_id AND p.version = m.procedure_version) AS procedure_en
                 FROM messages m WHERE m.id = ?5 AND {visible}",
                whole = crate::message::visibility::VISIBLE_WHOLE
            ),
            &values,
        ),
    ])
}

/// What [`sheet_sql`] gave.
///
/// # Errors
/// [`AppError::NotFound`] where it is not visible or has no number.
pub fn sheet(rows: &[Rows]) -> Result<RegisterSheet, AppError> {
    let entry = rows.at(0)?.one::<EntryRow>()?.entry();
    let row: SheetRow = rows.at(1)?.one()?;
    let procedure = row.procedure_zh.zip(row.procedure_en);
    Ok(RegisterSheet {
        entry,
        body: row.body,
        procedure: procedure.map_or(OWN_PROCEDURE, |(zh, en)| Words { zh: zh.into(), en: en.into() }),
        reasons: row.reasons.into_values().filter(|reason| !reason.trim().is_empty()).collect(),
    })
}

/// A submitted version, as a digest on paper is held against it.
#[derive(Deserialize)]
pub struct VersionRow {
    /// Version.
    pub version: u32,
    /// Title.
    pub title: String,
    /// How its digest was computed.
    pub digest_form: u32,
    procedure_id: ProcedureId,
    procedure_version: u32,
    /// Roots of its list.
    #[serde(deserialize_with = "json::column")]
    pub lists: Vec<ListRoot>,
    register_year: u32,
    register_unit: UnitId,
    unit_name: String,
    register_no: u32,
    #[serde(deserialize_with = "json::column", rename = "signatures")]
    signed: Vec<SignatureRow>,
    /// Decisions on it.
    #[serde(skip)]
    pub signatures: Vec<Signature>,
}

impl VersionRow {
    /// The procedure that it took.
    pub fn procedure(&self) -> (ProcedureId, u32) {
        (self.procedure_id, self.procedure_version)
    }

    /// The number of its message.
    pub fn number(&self) -> RegisterNumber {
        RegisterNumber {
            year: self.register_year,
            unit: self.register_unit,
            unit_name: self.unit_name.clone(),
            no: self.register_no,
        }
    }
}

/// Reads a message and its version of this digest.
pub fn verify_sql(id: MessageId, digest: &str) -> [Stmt; 2] {
    [
        row_sql(id),
        sql(
            format!(
                "SELECT v.version, v.title, v.digest_form, v.procedure_id, v.procedure_version, v.lists,
                   m.register_year, m.register_unit, u.name AS unit_name, m.register_no, {} AS signatures
                 FROM messages m CROSS JOIN message_versions v ON v.message_id = m.id JOIN units u ON u.id = m.register_unit
                 WHERE m.id = ?1 AND v.digest = ?2",
                signed("v.message_id", "v.version")
            ),
            args![id, digest],
        ),
    ]
}

/// What [`verify_sql`] gave.
///
/// # Errors
/// [`AppError::NotFound`] where no version has the digest.
pub fn verified(rows: &[Rows]) -> Result<(MessageRow, VersionRow), AppError> {
    let mut version: VersionRow = rows.at(1)?.one()?;
    version.signatures = signatures(std::mem::take(&mut version.signed));
    Ok((rows.at(0)?.one()?, version))
}

#[derive(Deserialize)]
struct AgendaRow {
    id: MessageId,
    title: String,
    audience_zh: String,
    audience_en: String,
    sender_title: String,
    state: MessageState,
    at: Option<Instant>,
    #[serde(deserialize_with = "json::optional_column")]
    reach: Option<Audiences>,
}

/// Reads what went out today, is going out, and goes out or may within a week.
///
/// # Errors
/// Where the lists of what the person may see cannot be written as JSON.
pub fn agenda_sql(person: &Person, now: Instant) -> Result<Stmt, AppError> {
    let today = now.start_of_day();
    let values = Visibility::of(person)?.values([today.into(), today.plus(7 * DAY).into()]);
    let columns = "m.id, m.title, m.audience_zh, m.audience_en, m.sender_title, m.state, m.reach";
    let visible = visible_sql();
    Ok(sql(
        format!(
            "SELECT * FROM (
               SELECT {columns}, m.released_at AS at FROM messages m WHERE m.released_at >= ?5 AND {visible}
               UNION ALL SELECT {columns}, m.due_at FROM messages m WHERE m.state = 'approved' AND m.due_at < ?6 AND {visible}
               UNION ALL SELECT {columns}, m.send_at FROM messages m INDEXED BY messages_submitted
                 WHERE m.state = 'submitted' AND COALESCE(m.send_at, 0) < ?6 AND {visible})
             ORDER BY at IS NULL, at, id LIMIT 300"
        ),
        &values,
    ))
}

/// What [`agenda_sql`] gave.
///
/// # Errors
/// Where a row cannot be read.
pub fn agenda(rows: &Rows) -> Result<Vec<AgendaItem>, AppError> {
    let read = |row: AgendaRow| AgendaItem {
        id: row.id,
        title: row.title,
        audience: Words { zh: row.audience_zh.into(), en: row.audience_en.into() },
        sender: row.sender_title,
        state: row.state,
        at: row.at,
        phones: row.reach.unwrap_or_default().phones,
    };
    Ok(rows.all::<AgendaRow>()?.into_iter().map(read).collect())
}
