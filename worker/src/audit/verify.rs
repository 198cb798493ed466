//! The check of the log, in pieces: an invocation takes a bounded number of
//! entries or rows, and tells where to go on. `docs/ARCHITECTURE.md` says what
//! it names and what it cannot.

use std::collections::{BTreeMap, BTreeSet};

use domain::audit::{
    AuditExport, Entry, Fault, GuardFault, Head, HeadCheck, PersonKind, RecordKind, SealedValue, VerifyFrom,
    VerifyPage, VerifyPart, Walk, check_head, values_hash,
};
use domain::time::{DAY, Instant, MINUTE};
use serde::Deserialize;

use super::forged::{forged, sealed_rows};
use super::seal::{HEADS, day_of, head_name};
use crate::args;
use crate::platform::app::App;
use crate::platform::d1::guards::{Difference, differences};
use crate::platform::d1::{Answers, Stmt, sql};
use crate::platform::error::AppError;
use crate::platform::host::ARCHIVE;
use crate::seals::{AuditHeadSeal, Seal};

/// Entries of one piece.
const ENTRIES: i64 = 2_000;
/// Characters of their details.
const CHARS: i64 = 4_000_000;
/// Heads of one piece: each is a file to fetch.
const HEADS_MAX: usize = 30;
/// Heads of one piece of the export.
const EXPORTED_HEADS_MAX: usize = 500;
/// Rows of a table in one piece, by id.
const ROWS: i64 = 500;
/// Faults told of one piece.
const FAULTS_MAX: usize = 100;
/// So long after its first seal a day's head may still be on its way.
const HEAD_IN: i64 = 5 * MINUTE;

/// A piece of the check.
///
/// # Errors
/// Where the database or the archive fails.
pub async fn page(app: &App, part: VerifyPart, from: i64) -> Result<VerifyPage, AppError> {
    let mut page = match part {
        VerifyPart::Guards => guards(app).await?,
        VerifyPart::Entries => entries(app, from).await?,
        VerifyPart::Heads => heads(app, from).await?,
        other => rows(app, other, from).await?,
    };
    page.faults.truncate(FAULTS_MAX);
    Ok(page)
}

fn piece(part: VerifyPart, (checked, of): (i64, i64), faults: Vec<Fault>, more: bool) -> VerifyPage {
    let next = if more { Some((part, checked)) } else { part.next().map(|part| (part, 0)) };
    let next = next.map(|(part, from)| VerifyFrom { part, from });
    VerifyPage { part, checked, of, faults, next, head: String::new() }
}

async fn guards(app: &App) -> Result<VerifyPage, AppError> {
    let faults = differences(&app.db).await?.into_iter().map(|difference| match difference {
        Difference::Missing(name) => Fault::OtherGuard { name, how: GuardFault::Missing },
        Difference::Changed(name) => Fault::OtherGuard { name, how: GuardFault::Changed },
        Difference::Strange(name) => Fault::OtherGuard { name, how: GuardFault::Strange },
    });
    Ok(piece(VerifyPart::Guards, (1, 1), faults.collect(), false))
}

#[derive(Deserialize)]
struct SealedRow {
    seq: i64,
    hash: String,
    sealed_at: Instant,
    at: Option<Instant>,
    actor: Option<i64>,
    action: Option<String>,
    subject: Option<String>,
    subject_id: Option<i64>,
    detail: Option<String>,
}

impl SealedRow {
    fn entry(&self) -> Option<Entry> {
        Some(Entry {
            seq: self.seq,
            at: self.at?,
            actor: self.actor?,
            action: self.action.clone()?,
            subject: self.subject.clone()?,
            subject_id: self.subject_id?,
            detail: self.detail.clone()?,
        })
    }
}

#[derive(Deserialize)]
struct HashRow {
    hash: String,
}

#[derive(Deserialize)]
struct LastRow {
    last: i64,
}

/// Seals behind ?1 with their entries: at most [`ENTRIES`] numbers and some [`CHARS`] characters.
fn sealed(from: i64) -> Vec<Stmt> {
    vec![
        sql("SELECT hash FROM audit_seals WHERE seq = ?1", args![from]),
        sql("SELECT COALESCE(MAX(seq), 0) AS last FROM audit_seals", &[]),
        sql(
            "SELECT s.seq, s.hash, s.sealed_at, a.at, a.actor, a.action, a.subject, a.subject_id, a.detail
             FROM audit_seals s LEFT JOIN audit a ON a.seq = s.seq
             WHERE s.seq > ?1 AND s.seq <= COALESCE((
               SELECT MAX(seq) FROM (SELECT seq, SUM(length(detail)) OVER (ORDER BY seq) AS chars FROM audit
                                     WHERE seq > ?1 AND seq <= ?1 + ?2 ORDER BY seq) WHERE chars <= ?3), ?1 + ?2)
             ORDER BY s.seq",
            args![from, ENTRIES, CHARS],
        ),
    ]
}

async fn entries(app: &App, from: i64) -> Result<VerifyPage, AppError> {
    let answers = app.db.run(sealed(from)).await?;
    let before: Option<HashRow> = answers.at(0)?.first()?;
    let of = answers.at(1)?.one::<LastRow>()?.last;
    let rows: Vec<SealedRow> = answers.at(2)?.all()?;
    let mut walk = before.map_or_else(Walk::default, |b| Walk { head: b.hash, seq: from });
    let mut faults = Vec::new();
    let mut days: BTreeMap<String, Instant> = BTreeMap::new();
    let mut told: BTreeMap<i64, String> = BTreeMap::new();
    for row in &rows {
        let entry = row.entry();
        faults.extend(walk.step(row.seq, &row.hash, entry.as_ref()));
        days.entry(row.sealed_at.date()).or_insert(row.sealed_at);
        let detail: Option<serde_json::Value> = entry.and_then(|e| serde_json::from_str(&e.detail).ok());
        let values = detail.as_ref().and_then(|d| d.get("values")).and_then(serde_json::Value::as_str);
        if let Some(hash) = values {
            told.insert(row.seq, hash.to_owned());
        }
    }
    // Where only gaps are left behind, the next piece begins behind them.
    let last = rows.last().map_or((from + ENTRIES).min(of), |row| row.seq);
    faults.extend(without_head(app, &days).await?);
    faults.extend(beside(app, (from, last), &told).await?);
    let mut page = piece(VerifyPart::Entries, (last, of), faults, last < of);
    page.head = walk.head;
    Ok(page)
}

/// Days on which entries were sealed and of which the archive has no head.
async fn without_head(app: &App, days: &BTreeMap<String, Instant>) -> Result<Vec<Fault>, AppError> {
    let (Some(first), Some(last)) = (days.keys().next(), days.keys().next_back()) else {
        return Ok(Vec::new());
    };
    let mut kept = BTreeSet::new();
    // Just before the first one: names are in order of the days.
    let mut after = format!("{HEADS}{first}");
    loop {
        let names = app.host.names(ARCHIVE, HEADS, &after).await?;
        let Some(newest) = names.last().cloned() else { break };
        kept.extend(names.iter().filter_map(|name| day_of(name)).map(str::to_owned));
        if newest >= head_name(last) {
            break;
        }
        after = newest;
    }
    let missing = days.iter().filter(|(day, at)| !kept.contains(*day) && at.plus(HEAD_IN) < app.now());
    Ok(missing.map(|(day, _)| Fault::NoHead { day: day.clone() }).collect())
}

#[derive(Deserialize)]
struct ValueRow {
    seq: i64,
    kind: PersonKind,
    person: i64,
    sealed: String,
}

#[derive(Deserialize)]
struct AloneRow {
    seq: i64,
    kind: RecordKind,
    id: i64,
}

/// Rows that a retention run has taken are not missed: whose they were is gone, and a run is on record.
const UNLESS_RETAINED: &str = "NOT EXISTS (SELECT 1 FROM retention_runs)";

/// What entries from ?1 to ?2 tell of and is not there: what was done, and rows. (Two statements, since
/// D1 takes five terms of a UNION.)
fn entries_alone() -> [String; 2] {
    let of_rows = "FROM audit a CROSS JOIN json_each(a.detail, '$.rows') r
        WHERE a.seq > ?1 AND a.seq <= ?2 AND a.action = 'record.changed' AND a.detail ->> '$.kind'";
    let message_is_there =
        format!("(EXISTS (SELECT 1 FROM messages m WHERE m.id = a.subject_id) OR {UNLESS_RETAINED})");
    let done = format!(
        "SELECT a.seq, 'decision' AS kind, a.subject_id AS id FROM audit a
         WHERE a.seq > ?1 AND a.seq <= ?2 AND a.action = 'message.decided' AND {message_is_there}
           AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.message_id = a.subject_id AND d.version = a.detail ->> '$.version'
             AND d.position = a.detail ->> '$.position' AND d.staff_id = a.actor AND d.post = a.detail ->> '$.post'
             AND d.verdict = a.detail ->> '$.verdict' AND d.digest = a.detail ->> '$.digest')
         UNION ALL
         SELECT a.seq, 'round', a.subject_id FROM audit a
         WHERE a.seq > ?1 AND a.seq <= ?2 AND a.action = 'message.released' AND {message_is_there}
           AND NOT EXISTS (SELECT 1 FROM rounds n WHERE n.message_id = a.subject_id AND n.round = a.detail ->> '$.round')
         UNION ALL
         SELECT a.seq, 'import', a.subject_id FROM audit a
         WHERE a.seq > ?1 AND a.seq <= ?2 AND a.action = 'roster.applied'
           AND NOT EXISTS (SELECT 1 FROM imports i WHERE i.id = a.subject_id AND i.applied_at IS NOT NULL)
         UNION ALL
         SELECT a.seq, 'import', a.subject_id FROM audit a
         WHERE a.seq > ?1 AND a.seq <= ?2 AND a.action = 'roster.undone'
           AND NOT EXISTS (SELECT 1 FROM imports i WHERE i.id = a.subject_id AND i.undone_at = a.at)"
    );
    let rows = format!(
        "SELECT a.seq, 'appointment' AS kind, CAST(r.key AS INTEGER) AS id {of_rows} = 'appointment'
           AND (EXISTS (SELECT 1 FROM staff t WHERE t.id = r.value ->> '$.staff[1]') OR {UNLESS_RETAINED})
           AND NOT EXISTS (SELECT 1 FROM appointments p WHERE p.id = CAST(r.key AS INTEGER)
             AND p.staff_id = r.value ->> '$.staff[1]' AND p.post = COALESCE(r.value ->> '$.post[1]', p.post)
             AND p.unit_id = COALESCE(r.value ->> '$.unit[1]', p.unit_id)
             AND (r.value ->> '$.until[1]' IS NULL OR p.until IS NOT NULL))
         UNION ALL
         SELECT a.seq, 'delegation', CAST(r.key AS INTEGER) {of_rows} = 'delegation' AND {UNLESS_RETAINED}
           AND NOT EXISTS (SELECT 1 FROM delegations g WHERE g.id = CAST(r.key AS INTEGER)
             AND (r.value ->> '$.withdrawn_at[1]' IS NULL OR g.withdrawn_at IS NOT NULL))
         UNION ALL
         SELECT a.seq, 'procedure', CAST(r.key AS INTEGER) {of_rows} = 'procedure'
           AND NOT EXISTS (SELECT 1 FROM procedures p WHERE p.id = CAST(r.key AS INTEGER)
             AND p.version = r.value ->> '$.version[1]' AND p.steps = r.value ->> '$.steps[1]')
         UNION ALL
         SELECT a.seq, 'sms_account', CAST(r.key AS INTEGER) {of_rows} = 'sms_account'
           AND NOT EXISTS (SELECT 1 FROM sms_accounts p WHERE p.version = CAST(r.key AS INTEGER)
             AND p.templates = COALESCE(r.value ->> '$.templates[1]', p.templates)
             AND (r.value ->> '$.confirmed_by[1]' IS NULL OR p.confirmed_by IS NOT NULL))
         UNION ALL
         SELECT a.seq, 'phone_change', CAST(r.key AS INTEGER) {of_rows} IN ('staff', 'guardian')
           AND r.value -> '$.phone' IS NOT NULL AND r.value -> '$.added' IS NULL
           AND (CASE a.detail ->> '$.kind' WHEN 'staff' THEN EXISTS (SELECT 1 FROM staff t WHERE t.id = CAST(r.key AS INTEGER))
                ELSE EXISTS (SELECT 1 FROM guardians g WHERE g.id = CAST(r.key AS INTEGER)) END OR {UNLESS_RETAINED})
           AND NOT EXISTS (SELECT 1 FROM phone_changes c WHERE c.kind = a.detail ->> '$.kind' AND c.person = CAST(r.key AS INTEGER)
             AND c.from_phone IS r.value ->> '$.phone[0]' AND c.to_phone IS r.value ->> '$.phone[1]')"
    );
    [done, rows]
}

/// What the entries of a piece stand beside: the rows that they tell of, and the values sealed with them.
async fn beside(
    app: &App,
    (from, last): (i64, i64),
    told: &BTreeMap<i64, String>,
) -> Result<Vec<Fault>, AppError> {
    let [done, rows] = entries_alone();
    let answers = app
        .db
        .run(vec![
            sql(done, args![from, last]),
            sql(rows, args![from, last]),
            sql(
                "SELECT seq, kind, person, sealed FROM audit_values WHERE seq > ?1 AND seq <= ?2",
                args![from, last],
            ),
        ])
        .await?;
    let (done, rows) = (answers.at(0)?.all::<AloneRow>()?, answers.at(1)?.all::<AloneRow>()?);
    let mut faults: Vec<Fault> = done
        .into_iter()
        .chain(rows)
        .map(|row| Fault::EntryAlone { seq: row.seq, kind: row.kind, id: row.id })
        .collect();
    let mut found: BTreeMap<i64, Vec<SealedValue>> = BTreeMap::new();
    for ValueRow { seq, kind, person, sealed } in answers.at(2)?.all()? {
        found.entry(seq).or_default().push(SealedValue { kind, person, sealed });
    }
    let all: BTreeSet<i64> = told.keys().chain(found.keys()).copied().collect();
    let differs = |seq: &i64| found.get(seq).map(|values| values_hash(values)) != told.get(seq).cloned();
    faults.extend(all.into_iter().filter(differs).map(|seq| Fault::OtherValues { seq }));
    Ok(faults)
}

/// The day that lies so many days after 1970 in Shanghai.
fn day_number(day: i64) -> String {
    Instant(0).plus(day * DAY).date()
}

fn number_of(day: &str) -> Option<i64> {
    Instant::from_local(&format!("{day}T08:00")).map(|at| at.0.div_euclid(DAY))
}

/// Holds the archive's heads against the log, day by day.
async fn heads(app: &App, from: i64) -> Result<VerifyPage, AppError> {
    let today = number_of(&app.now().date()).unwrap_or_default();
    let after = if from == 0 { String::new() } else { head_name(&day_number(from)) };
    let names = app.host.names(ARCHIVE, HEADS, &after).await?;
    let more = names.len() > HEADS_MAX;
    let names: Vec<String> = names.into_iter().take(HEADS_MAX).collect();
    let mut faults = Vec::new();
    let mut found = Vec::new();
    for name in &names {
        let day = day_of(name).unwrap_or(name);
        match read_head(app, name).await? {
            Some(head) => found.push((day, head)),
            None => faults.push(Fault::ForgedHead { day: day.to_owned() }),
        }
    }
    let seals =
        found.iter().map(|(_, head)| sql("SELECT hash FROM audit_seals WHERE seq = ?1", args![head.seq]));
    let hashes = if found.is_empty() { Vec::new() } else { app.db.run(seals.collect()).await? };
    for ((day, head), hash) in found.iter().zip(&hashes) {
        let hash: Option<HashRow> = hash.first()?;
        let fits =
            AuditHeadSeal { day: &head.day, seq: head.seq, hash: &head.hash }.fits(app.keys()?, &head.mac);
        let hash = hash.as_ref().map(|row| row.hash.as_str());
        faults.extend(check_head(HeadCheck { head, day, fits, hash }));
    }
    let last = names.last().and_then(|name| number_of(day_of(name)?));
    let more = more && last.is_some_and(|last| last > from);
    Ok(piece(VerifyPart::Heads, (if more { last.unwrap_or(today) } else { today }, today), faults, more))
}

/// A head that was stored; none where it cannot be read.
async fn read_head(app: &App, name: &str) -> Result<Option<Head>, AppError> {
    let content = app.host.load(ARCHIVE, name).await?.unwrap_or_default();
    Ok(serde_json::from_slice(&content).ok())
}

/// For a table: what a row is, its highest id, and its rows with ids from ?1 to ?2 that no entry tells of.
fn untold(part: VerifyPart) -> (RecordKind, &'static str, String) {
    let told = |kind: &str, id: &str, condition: &str| {
        format!(
            "EXISTS (SELECT 1 FROM audit_about b CROSS JOIN audit a ON a.seq = b.seq
               WHERE b.kind = {kind} AND b.id = {id} AND {condition})"
        )
    };
    let field = |id: &str, field: &str, place: u8| {
        format!("a.action = 'record.changed' AND a.detail ->> ('$.rows.\"' || {id} || '\".{field}[{place}]')")
    };
    match part {
        VerifyPart::Decisions => (
            RecordKind::Decision,
            "SELECT COALESCE(MAX(message_id), 0) AS last FROM decisions",
            format!(
                "SELECT d.message_id AS id FROM decisions d WHERE d.message_id > ?1 AND d.message_id <= ?2 AND NOT {}",
                told(
                    "'message'",
                    "d.message_id",
                    "a.action = 'message.decided' AND a.actor = d.staff_id AND a.detail ->> '$.version' = d.version
                     AND a.detail ->> '$.position' = d.position AND a.detail ->> '$.verdict' = d.verdict
                     AND a.detail ->> '$.post' = d.post AND a.detail ->> '$.digest' = d.digest"
                )
            ),
        ),
        VerifyPart::Rounds => (
            RecordKind::Round,
            "SELECT COALESCE(MAX(message_id), 0) AS last FROM rounds",
            format!(
                "SELECT n.message_id AS id FROM rounds n WHERE n.message_id > ?1 AND n.message_id <= ?2 AND NOT {}",
                told("'message'", "n.message_id", "a.action = 'message.released' AND a.detail ->> '$.round' = n.round")
            ),
        ),
        VerifyPart::Appointments => {
            let given = [field("p.id", "staff", 1) + " = p.staff_id", field("p.id", "post", 1) + " = p.post",
                field("p.id", "unit", 1) + " = p.unit_id"].join(" AND ");
            (
                RecordKind::Appointment,
                "SELECT COALESCE(MAX(id), 0) AS last FROM appointments",
                format!(
                    "SELECT p.id FROM appointments p WHERE p.id > ?1 AND p.id <= ?2 AND (NOT {} OR p.until IS NOT NULL AND NOT {})",
                    told("'appointment'", "p.id", &given),
                    told("'appointment'", "p.id", &(field("p.id", "until", 1) + " = p.until"))
                ),
            )
        }
        VerifyPart::Delegations => {
            let recorded = [field("g.id", "appointment", 1) + " = g.appointment_id", field("g.id", "until_at", 1) + " = g.until_at",
                "a.actor = g.recorded_by".to_owned()].join(" AND ");
            (
                RecordKind::Delegation,
                "SELECT COALESCE(MAX(id), 0) AS last FROM delegations",
                format!(
                    "SELECT g.id FROM delegations g WHERE g.id > ?1 AND g.id <= ?2 AND NOT {}",
                    told("'delegation'", "g.id", &recorded)
                ),
            )
        }
        VerifyPart::Procedures => (
            RecordKind::Procedure,
            "SELECT COALESCE(MAX(id), 0) AS last FROM procedures",
            format!(
                "SELECT p.id FROM procedures p WHERE p.id > ?1 AND p.id <= ?2 AND (NOT {} OR p.confirmed_by IS NOT NULL AND NOT {})",
                told(
                    "'procedure'",
                    "p.id",
                    &[field("p.id", "version", 1) + " = p.version", field("p.id", "steps", 1) + " = p.steps",
                        field("p.id", "scope", 1) + " = p.scope"].join(" AND ")
                ),
                told(
                    "'procedure'",
                    "p.id",
                    &[field("p.id", "version", 1) + " = p.version",
                        field("p.id", "confirmed_by", 1) + " = p.confirmed_by"].join(" AND ")
                )
            ),
        ),
        VerifyPart::UnitChanges => (
            RecordKind::UnitChange,
            "SELECT COALESCE(MAX(id), 0) AS last FROM unit_changes",
            format!(
                "SELECT c.id FROM unit_changes c WHERE c.id > ?1 AND c.id <= ?2 AND (NOT {} OR c.confirmed_by IS NOT NULL AND NOT {})",
                told(
                    "'unit_change'",
                    "c.id",
                    &[field("c.id", "unit", 1) + " = c.unit_id", field("c.id", "parent", 1) + " IS c.to_parent",
                        field("c.id", "proposed_by", 1) + " = c.proposed_by"].join(" AND ")
                ),
                told("'unit_change'", "c.id", &(field("c.id", "confirmed_by", 1) + " = c.confirmed_by"))
            ),
        ),
        VerifyPart::Registrations => (
            RecordKind::Message,
            "SELECT COALESCE(MAX(message_id), 0) AS last FROM registrations",
            format!(
                "SELECT r.message_id AS id FROM registrations r WHERE r.message_id > ?1 AND r.message_id <= ?2 AND NOT {}",
                told("'message'", "r.message_id", "a.action = 'message.registered' AND a.actor = r.staff_id AND a.at = r.at")
            ),
        ),
        VerifyPart::ReleaseOrders => (
            RecordKind::Message,
            "SELECT COALESCE(MAX(message_id), 0) AS last FROM release_orders",
            format!(
                "SELECT o.message_id AS id FROM release_orders o WHERE o.message_id > ?1 AND o.message_id <= ?2 AND NOT {}",
                told("'message'", "o.message_id", "a.action = 'message.ordered' AND a.actor = o.staff_id AND a.at = o.at")
            ),
        ),
        VerifyPart::SmsAccounts => (
            RecordKind::SmsAccount,
            "SELECT COALESCE(MAX(version), 0) AS last FROM sms_accounts",
            format!(
                "SELECT p.version AS id FROM sms_accounts p WHERE p.version > ?1 AND p.version <= ?2
                   AND (NOT {} OR p.confirmed_by IS NOT NULL AND NOT {})",
                told(
                    "'sms_account'",
                    "p.version",
                    &[field("p.version", "provider", 1) + " = p.provider", field("p.version", "trial", 1) + " = p.trial",
                        field("p.version", "templates", 1) + " = p.templates"].join(" AND ")
                ),
                told("'sms_account'", "p.version", &(field("p.version", "confirmed_by", 1) + " = p.confirmed_by"))
            ),
        ),
        VerifyPart::PhoneChanges => (
            RecordKind::PhoneChange,
            "SELECT COALESCE(MAX(id), 0) AS last FROM phone_changes",
            format!(
                "SELECT c.person AS id FROM phone_changes c WHERE c.id > ?1 AND c.id <= ?2 AND NOT {}",
                told(
                    "c.kind",
                    "c.person",
                    &[
                        "a.actor = c.by".to_owned(),
                        field("c.person", "phone", 0) + " IS c.from_phone",
                        field("c.person", "phone", 1) + " IS c.to_phone",
                    ]
                    .join(" AND ")
                )
            ),
        ),
        VerifyPart::Imports => (
            RecordKind::Import,
            "SELECT COALESCE(MAX(id), 0) AS last FROM imports",
            format!(
                "SELECT i.id FROM imports i WHERE i.id > ?1 AND i.id <= ?2
                   AND (i.applied_at IS NOT NULL AND NOT {} OR i.undone_at IS NOT NULL AND NOT {})",
                told("'import'", "i.id", "a.action = 'roster.applied' AND a.at = i.applied_at"),
                told("'import'", "i.id", "a.action = 'roster.undone' AND a.at = i.undone_at AND a.actor = i.undone_by")
            ),
        ),
        // Each has its own kind; these two have pieces of their own.
        VerifyPart::Changes | VerifyPart::Entries | VerifyPart::Heads | VerifyPart::Guards => (
            RecordKind::School,
            "SELECT COALESCE(MAX(id), 0) AS last FROM changes",
            "SELECT c.row_id AS id, c.kind FROM changes c WHERE c.id > ?1 AND c.id <= ?2".to_owned(),
        ),
    }
}

#[derive(Deserialize)]
struct UntoldRow {
    id: i64,
    kind: Option<RecordKind>,
}

async fn rows(app: &App, part: VerifyPart, from: i64) -> Result<VerifyPage, AppError> {
    let (kind, highest, untold) = untold(part);
    let to = from.saturating_add(ROWS);
    let mut statements = vec![sql(highest, &[]), sql(untold, args![from, to])];
    statements.extend(sealed_rows(part, from, to));
    let answers = app.db.run(statements).await?;
    let of = answers.at(0)?.one::<LastRow>()?.last;
    let found: Vec<UntoldRow> = answers.at(1)?.all()?;
    let mut faults: Vec<Fault> = found
        .into_iter()
        .map(|row| Fault::ChangeAlone { kind: row.kind.unwrap_or(kind), id: row.id })
        .collect();
    if let Some(sealed) = answers.get(2) {
        let forged = forged(app.keys()?, part, sealed)?;
        faults.extend(forged.into_iter().map(|id| Fault::ForgedRow { kind, id }));
    }
    Ok(piece(part, (to.min(of), of), faults, to < of))
}

/// A piece of the log as a file; the last one brings the archive's heads.
///
/// # Errors
/// Where the database or the archive fails.
pub async fn export(app: &App, from: i64) -> Result<AuditExport, AppError> {
    let answers = app.db.run(sealed(from)).await?;
    let of = answers.at(1)?.one::<LastRow>()?.last;
    let rows: Vec<SealedRow> = answers.at(2)?.all()?;
    let last = rows.last().map_or((from + ENTRIES).min(of), |row| row.seq);
    let next = (last < of).then_some(last);
    // The heads of its days; the last piece brings those behind it, too: an end that was cut off shows by them.
    let day = |row: Option<&SealedRow>| row.map(|row| row.sealed_at.date());
    let (first, until) = (day(rows.first()), day(rows.last()).filter(|_| next.is_some()));
    let mut after = first.map(|day| format!("{HEADS}{day}")).unwrap_or_default();
    let mut heads = Vec::new();
    'all: loop {
        let names = app.host.names(ARCHIVE, HEADS, &after).await?;
        let Some(newest) = names.last().cloned() else { break };
        for name in names {
            if until.as_ref().is_some_and(|day| name > head_name(day)) || heads.len() == EXPORTED_HEADS_MAX {
                break 'all;
            }
            heads.extend(read_head(app, &name).await?);
        }
        after = newest;
    }
    Ok(AuditExport {
        entries: rows.iter().filter_map(SealedRow::entry).collect(),
        seals: rows.into_iter().map(|row| (row.seq, row.hash)).collect(),
        heads,
        next,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_numbered_as_shanghai_counts_them() {
        for day in ["1970-01-01", "2026-09-01", "2027-02-28"] {
            assert_eq!(number_of(day).map(day_number).as_deref(), Some(day));
        }
    }
}
