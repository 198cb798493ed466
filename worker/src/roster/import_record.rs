//! Uploaded files in the database: kept sealed between preview and apply, and
//! after that with a record of what they changed, while they can be taken back.

use domain::ids::{ImportId, StaffId};
use domain::roster::{ImportCounts, ImportKind, ImportView};
use domain::time::Instant;
use domain::words::Words;
use serde::Deserialize;

use super::import_store::NEXT_APPOINTMENT;
use super::import_writes::{Places, Touched, Writes};
use crate::appointment::sealed::{COLUMNS, SealedAppointment};
use crate::args;
use crate::platform::app::App;
use crate::platform::crypto::Keys;
use crate::platform::d1::{Answers, Guarded, sql};
use crate::platform::error::AppError;
use crate::platform::host::Host;
use crate::platform::json;

/// Bytes of one part of a record: a value of D1 holds 2 MB.
const PART: usize = 1_000_000;
/// Applied files that are listed.
const LISTED: usize = 30;

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
            upload.kind.key(),
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
        kind: ImportKind,
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
        kind: row.kind,
        sealed: row.sealed,
        key_id: row.key_id,
        sha256: row.sha256,
        roll_version: row.roll_version,
        applied: row.applied_at.is_some(),
    }))
}

/// Takes the upload: it is applied once.
pub fn take<'a>(batch: Guarded<'a>, id: ImportId, now: Instant) -> Guarded<'a> {
    batch.must(
        "UPDATE imports SET applied_at = ?2, sealed = NULL, applied_version = (SELECT roll_version FROM school WHERE id = 1)
         WHERE id = ?1 AND applied_at IS NULL",
        args![id, now],
    )
}

/// What a part of a record is bound to.
fn bound_to(id: ImportId, part: usize) -> String {
    format!("import:{id}:{part}")
}

/// Writes down what applying did, for the newest file only: no other can be
/// taken back, and what is sealed here is no archive. It comes behind the
/// audit entry of the batch.
///
/// # Errors
/// Where it cannot be sealed.
pub fn record<'a>(
    batch: Guarded<'a>,
    (keys, host): (&Keys, &dyn Host),
    id: ImportId,
    counts: &ImportCounts,
    writes: &Writes,
    touched: &Touched,
) -> Result<Guarded<'a>, AppError> {
    let mut batch = batch.then(
        "UPDATE imports SET counts = ?2, touched = ?3, audit_seq = (SELECT MAX(seq) FROM audit) WHERE id = ?1",
        args![id, json::text(counts)?, json::text(touched)?],
    );
    batch = batch.then("DELETE FROM import_records WHERE import_id < ?1", args![id]);
    for (part, bytes) in json::text(writes)?.as_bytes().chunks(PART).enumerate() {
        let sealed = keys.seal(host, bytes, bound_to(id, part).as_bytes())?;
        batch = batch.then(
            "INSERT INTO import_records (import_id, part, key_id, sealed) VALUES (?1, ?2, ?3, ?4)",
            args![id, part, keys.data_key_id(), sealed],
        );
    }
    Ok(batch)
}

/// Why import `i` stays, as a word of ours; NULL where it can be taken back.
/// The roll is as it left it, nobody has submitted anything to a class that it
/// changed, no second person has confirmed or declined a post that it gives,
/// nobody whom it gave or took a post has acted, and no slip of somebody whom
/// it brought was used.
const STAYS: &str = "CASE
    WHEN i.undone_at IS NOT NULL THEN 'undone'
    WHEN i.applied_version IS NOT (SELECT roll_version FROM school WHERE id = 1) THEN 'later'
    WHEN NOT EXISTS (SELECT 1 FROM import_records r WHERE r.import_id = i.id) THEN 'later'
    WHEN EXISTS (
      SELECT 1 FROM audit a WHERE a.seq > i.audit_seq AND a.action = 'message.submitted' AND EXISTS (
        SELECT 1 FROM streams s CROSS JOIN messages m ON m.id = a.subject_id
          CROSS JOIN recipients r ON r.message_id = m.id AND r.version = m.version AND r.stream_id = s.id
        WHERE s.class_id IN (SELECT value FROM json_each(i.touched, '$.classes')) OR s.id = 1 AND i.kind = 'staff'))
      THEN 'submitted'
    WHEN EXISTS (
      SELECT 1 FROM json_each(i.touched, '$.acting') j CROSS JOIN appointments a ON a.staff_id = j.value
      WHERE a.import_id = i.id AND (a.confirmed_by IS NOT NULL OR a.declined_by IS NOT NULL))
      THEN 'confirmed'
    WHEN EXISTS (
      SELECT 1 FROM audit a WHERE a.seq > i.audit_seq AND a.action LIKE 'message.%'
        AND a.actor IN (SELECT value FROM json_each(i.touched, '$.acting')))
      THEN 'acted'
    WHEN EXISTS (
      SELECT 1 FROM json_each(i.touched, '$.added') j CROSS JOIN activations v ON v.staff_id = j.value
      WHERE v.used_at IS NOT NULL)
      THEN 'opened' END";

fn stays(why: &str) -> Words {
    match why {
        "undone" => Words::fixed("已经撤销", "It has been taken back"),
        "submitted" => Words::fixed(
            "导入之后，已有通知向其中的班级或教职工报批，不能再整体撤销；请改好文件后重新导入",
            "Since then a notice to its classes or staff was submitted, so it cannot be taken back as a whole: correct the file and import it again",
        ),
        "confirmed" => Words::fixed(
            "导入之后，其中的任命已由第二人作出决定，不能再整体撤销；请改好文件后重新导入",
            "Since then a second person has confirmed or declined an appointment of it, so it cannot be taken back as a whole: correct the file and import it again",
        ),
        "acted" => Words::fixed(
            "导入之后，由它任免的人员已经起草或审批过通知，不能再整体撤销；请改好文件后重新导入",
            "Since then people to whom it gave or took a post have written or decided, so it cannot be taken back as a whole: correct the file and import it again",
        ),
        "opened" => Words::fixed(
            "导入之后，由它新增的人员已经开通账号，不能再整体撤销；请改好文件后重新导入",
            "Since then somebody whom it brought has opened the account, so it cannot be taken back as a whole: correct the file and import it again",
        ),
        _ => Words::fixed(
            "导入之后名单又有改动（再次导入、撤销或手工修改），只能撤销最近一次导入",
            "The roll has changed since (by another import, an undo or by hand): only the latest import can be taken back",
        ),
    }
}

#[derive(Deserialize)]
struct ViewRow {
    id: ImportId,
    kind: ImportKind,
    by: String,
    applied_at: Instant,
    #[serde(deserialize_with = "json::column")]
    counts: ImportCounts,
    undone_at: Option<Instant>,
    stays: Option<String>,
}

impl ViewRow {
    fn view(self) -> ImportView {
        ImportView {
            id: self.id,
            kind: self.kind,
            by: self.by,
            applied_at: self.applied_at,
            counts: self.counts,
            undone_at: self.undone_at,
            stays: self.stays.as_deref().map(stays),
        }
    }
}

fn view(rest: &str) -> String {
    format!(
        "SELECT i.id, i.kind, t.name AS by, i.applied_at, i.counts, i.undone_at, {STAYS} AS stays
         FROM imports i CROSS JOIN staff t ON t.id = i.uploaded_by WHERE i.applied_at IS NOT NULL {rest}"
    )
}

/// The files applied last, newest first.
///
/// # Errors
/// Where the database fails.
pub async fn list(app: &App) -> Result<Vec<ImportView>, AppError> {
    let rows: Vec<ViewRow> = app.db.all(view("ORDER BY i.applied_at DESC LIMIT ?1"), args![LISTED]).await?;
    Ok(rows.into_iter().map(ViewRow::view).collect())
}

/// One that could be taken back.
pub struct Applied {
    /// As it is listed.
    pub view: ImportView,
    /// What it wrote, turned round.
    pub writes: Writes,
    /// Classes and codes that it brought.
    pub places: Places,
    /// The posts that it gave.
    pub sealed: Vec<SealedAppointment>,
}

/// An applied file with its record.
///
/// # Errors
/// Where the database fails; 409 where it stays, and says why.
pub async fn applied(app: &App, id: ImportId) -> Result<Applied, AppError> {
    #[derive(Deserialize)]
    struct Part {
        part: usize,
        key_id: i64,
        sealed: Vec<u8>,
        next_appointment: i64,
    }
    let rows = app
        .db
        .run(vec![
            sql(view("AND i.id = ?1"), args![id]),
            sql(
                format!(
                    "SELECT part, key_id, sealed, {NEXT_APPOINTMENT} AS next_appointment
                     FROM import_records WHERE import_id = ?1 ORDER BY part"
                ),
                args![id],
            ),
            sql(
                format!(
                    "SELECT {COLUMNS} FROM imports i CROSS JOIN json_each(i.touched, '$.acting') j
                     CROSS JOIN appointments a ON a.staff_id = j.value
                     WHERE i.id = ?1 AND a.import_id = i.id AND a.until IS NULL"
                ),
                args![id],
            ),
        ])
        .await?;
    let view = rows.at(0)?.first::<ViewRow>()?.ok_or(AppError::NotFound)?.view();
    if let Some(words) = view.stays {
        return Err(AppError::conflict("import_stays", words));
    }
    let (mut bytes, mut next_appointment) = (Vec::new(), 0);
    for part in rows.at(1)?.all::<Part>()? {
        bytes.extend(app.keys()?.open(part.key_id, &part.sealed, bound_to(id, part.part).as_bytes())?);
        next_appointment = part.next_appointment;
    }
    let text = String::from_utf8(bytes).map_err(|_| AppError::Internal("a record is no text".into()))?;
    let writes: Writes = json::read("an import's record", &text)?;
    let (places, writes) = writes.turned_round(next_appointment);
    Ok(Applied { view, writes, places, sealed: rows.at(2)?.all()? })
}

/// It, once it has been taken back.
pub fn undone(view: ImportView, now: Instant) -> ImportView {
    ImportView { undone_at: Some(now), stays: Some(stays("undone")), ..view }
}

/// Why it stays where somebody was quicker.
pub fn changed_meanwhile() -> Words {
    stays("later")
}

/// Takes the file back, first in the batch: the roll is as the file left it,
/// and still nothing depends on it.
pub fn take_back<'a>(batch: Guarded<'a>, id: ImportId, by: StaffId, now: Instant) -> Guarded<'a> {
    batch
        .require(
            &format!("COALESCE((SELECT {STAYS} IS NULL FROM imports i WHERE i.id = ?1 AND i.applied_at IS NOT NULL), 0)"),
            args![id],
        )
        .must("UPDATE school SET roll_version = roll_version + 1 WHERE id = 1", &[])
        .must(
            "UPDATE imports SET undone_at = ?2, undone_by = ?3 WHERE id = ?1 AND undone_at IS NULL",
            args![id, now, by],
        )
        .then("DELETE FROM import_records WHERE import_id = ?1", args![id])
}
