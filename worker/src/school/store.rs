//! All SQL of the school.

use domain::access::Post;
use domain::audit::AuditAction;
use domain::ids::{StaffId, UnitId};
use domain::school::{PersonRef, SchoolView, Setup, StopOrder, Stopped, UnitKind, UnitView};
use domain::time::{Instant, SendingWindow};
use serde::Deserialize;
use serde_json::json;

use crate::account::slips::{self, Owner, SlipRow};
use crate::args;
use crate::platform::app::App;
use crate::platform::d1::{Answers, Audit, Guarded, Rows, Stmt, Subject, sql};
use crate::platform::error::AppError;
use crate::platform::json as columns;
use crate::seals::{AppointmentSeal, ProcedureSeal, Seal};

#[derive(Deserialize)]
struct SchoolRow {
    name: String,
    signature: String,
    platform_word: String,
    window_from: u16,
    window_to: u16,
    #[serde(deserialize_with = "columns::flag")]
    has_colleges: bool,
    stopped_at: Option<Instant>,
    stopped_by: Option<String>,
    stopped_post: Option<String>,
    stop_reason: Option<String>,
    #[serde(deserialize_with = "columns::flag")]
    vacant: bool,
    #[serde(deserialize_with = "columns::flag")]
    trial: bool,
    #[serde(deserialize_with = "columns::optional_column")]
    asked_by: Option<PersonRef>,
}

/// Reads the school; for [`school_view`].
pub fn school_sql() -> Stmt {
    sql(
        "SELECT s.name, s.signature, s.platform_word, COALESCE((SELECT a.trial FROM sms_account_in_force a), 0) AS trial, s.window_from, s.window_to, s.stopped_at, s.stopped_post, s.stop_reason,
            EXISTS (SELECT 1 FROM units u WHERE u.kind = 'college' AND u.closed_at IS NULL) AS has_colleges,
           (SELECT t.name FROM staff t WHERE t.id = s.stopped_by) AS stopped_by,
           s.stopped_at IS NOT NULL AND NOT EXISTS (
             SELECT 1 FROM ranks r CROSS JOIN appointments_in_power a ON a.post = r.post
             WHERE r.rank >= COALESCE((SELECT rank FROM ranks WHERE post = s.stopped_post), 4)) AS vacant,
           (SELECT json_object('id', t.id, 'name', t.name, 'number', t.number) FROM staff t WHERE t.id = s.lift_asked_by AND EXISTS (
             SELECT 1 FROM appointments_in_power a CROSS JOIN ranks r ON r.post = a.post WHERE a.staff_id = t.id)) AS asked_by
         FROM school s WHERE s.id = 1",
        &[],
    )
}

/// The school from the rows of [`school_sql`].
///
/// # Errors
/// Where there is none yet.
pub fn school_view(rows: &Rows) -> Result<SchoolView, AppError> {
    let row: SchoolRow = rows.first()?.ok_or(AppError::NotFound)?;
    Ok(SchoolView {
        name: row.name,
        signature: row.signature,
        platform_word: row.platform_word,
        class_leader: Post::class_leader(row.has_colleges),
        window: SendingWindow { from: row.window_from, to: row.window_to },
        trial: row.trial,
        stopped: row.stopped_at.map(|at| Stopped {
            by: row.stopped_by.unwrap_or_default(),
            // Where it cannot be read, only the highest post lifts it.
            post: row.stopped_post.as_deref().and_then(Post::from_key).unwrap_or(Post::Principal),
            reason: row.stop_reason.unwrap_or_default(),
            at,
            vacant: row.vacant,
            asked_by: row.asked_by,
        }),
    })
}

/// The school.
///
/// # Errors
/// Where there is none yet.
pub async fn school(app: &App) -> Result<SchoolView, AppError> {
    let rows = app.db.run(vec![school_sql()]).await?;
    school_view(rows.at(0)?)
}

/// A first administrator's appointment: given and confirmed by nobody, in the batch that opens the
/// school for two people at once.
fn first_appointment(staff: StaffId, now: Instant) -> AppointmentSeal<'static> {
    AppointmentSeal {
        staff: staff.0,
        post: Post::Administrator.key(),
        unit: 1,
        class: None,
        subject: None,
        since: now,
        given_by: 0,
        confirmed_by: Some(0),
        confirmed_at: Some(now),
    }
}

/// Opens the school with its root unit, its two administrators and its
/// approval procedures, in one batch that only an empty database takes.
///
/// # Errors
/// [`AppError::Lost`] where a school exists.
pub async fn open(
    app: &App,
    wanted: &Setup,
    window: SendingWindow,
    administrators: &[Owner],
    slip_rows: &[SlipRow],
    now: Instant,
) -> Result<(), AppError> {
    let (name, keys) = (wanted.name.trim(), app.keys()?);
    let mut batch = app
        .db
        .guarded()
        .must(
            "INSERT INTO school (id, name, signature, platform_word, window_from, window_to, created_at)
             SELECT 1, ?1, ?2, ?3, ?4, ?5, ?6 WHERE NOT EXISTS (SELECT 1 FROM school)",
            args![
                name,
                wanted.signature.as_str(),
                wanted.platform_word.as_deref().unwrap_or("校讯通"),
                i64::from(window.from),
                i64::from(window.to),
                now
            ],
        )
        .then(
            "INSERT INTO units (id, kind, name, created_at) VALUES (1, 'school', ?1, ?2)",
            args![name, now],
        );
    for person in administrators {
        batch = batch
            .then(
                "INSERT INTO staff (id, number, name, created_at) VALUES (?1, ?2, ?3, ?4)",
                args![person.id, person.number.as_str(), person.name.as_str(), now],
            )
            .then(
                "INSERT INTO appointments (staff_id, post, unit_id, since, given_by, confirmed_by, confirmed_at, mac)
                 VALUES (?1, ?2, 1, ?3, 0, 0, ?3, ?4)",
                args![person.id, Post::Administrator.key(), now, first_appointment(person.id, now).mac(keys)],
            );
    }
    for (id, preset) in (1i64..).zip(wanted.regulation.presets()) {
        let steps = json!(preset.steps).to_string();
        let label = (preset.label.zh.as_ref(), preset.label.en.as_ref());
        let (sender, scope) = (preset.sender.key(), preset.scope.key());
        let seal = ProcedureSeal {
            id,
            version: 1,
            sender,
            scope,
            label,
            steps: &steps,
            in_force_from: now,
            set_by: 0,
            set_at: now,
            confirmed_by: Some(0),
            confirmed_at: Some(now),
        };
        // They come with the two administrators, who open the school together.
        batch = batch.then(
            "INSERT INTO procedures (id, version, sender, scope, label_zh, label_en, steps, in_force_from, set_by, set_at,
               confirmed_by, confirmed_at, mac)
             VALUES (?1, 1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?7, 0, ?7, ?8)",
            args![id, sender, scope, label.0, label.1, steps.as_str(), now, seal.mac(keys)],
        );
    }
    slips::insert(batch, slip_rows, StaffId(0), now)?
        .audit(&Audit {
            at: now,
            actor: 0,
            action: AuditAction::SchoolOpened,
            subject: Subject::Row("school", 1),
            detail: &json!({ "administrators": administrators.len() }),
        })
        .commit()
        .await?;
    Ok(())
}

/// Stops all sending, or goes on; loses where it is so already, or where somebody else stopped it meanwhile.
pub fn stop<'a>(
    batch: Guarded<'a>,
    (by, post): (StaffId, Post),
    order: &StopOrder,
    lifted: Option<&Stopped>,
    now: Instant,
) -> Guarded<'a> {
    if order.stopped {
        batch.must(
            "UPDATE school SET stopped_at = ?1, stopped_by = ?2, stopped_post = ?4, stop_reason = ?3, lift_asked_by = NULL, lift_asked_at = NULL
             WHERE id = 1 AND stopped_at IS NULL",
            args![now, by, order.reason.trim(), post.key()],
        )
    } else {
        batch.must(
            "UPDATE school SET stopped_at = NULL, stopped_by = NULL, stopped_post = NULL, stop_reason = NULL, lifted_by = ?2
             WHERE id = 1 AND stopped_at = ?1",
            args![lifted.map(|stop| stop.at), by],
        )
    }
}

/// Asks to let all sending go on; loses where it is another stop by now.
pub fn ask_to_lift<'a>(batch: Guarded<'a>, stop: &Stopped, by: StaffId, now: Instant) -> Guarded<'a> {
    batch.must(
        "UPDATE school SET lift_asked_by = ?2, lift_asked_at = ?3 WHERE id = 1 AND stopped_at = ?1",
        args![stop.at, by, now],
    )
}

#[derive(Deserialize)]
struct UnitRow {
    id: UnitId,
    parent_id: Option<UnitId>,
    kind: String,
    name: String,
    has_account: i64,
}

#[derive(Deserialize)]
struct HeadRow {
    unit_id: UnitId,
    id: StaffId,
    name: String,
    number: String,
}

/// The posts that lead a unit.
const HEADS: [Post; 9] = [
    Post::Principal,
    Post::LeaderInCharge,
    Post::OfficeDirector,
    Post::StudentAffairsHead,
    Post::Dean,
    Post::FirstResponsible,
    Post::DepartmentHead,
    Post::GradeHead,
    Post::SocietyTeacher,
];

/// All units with who leads and who keeps them.
///
/// # Errors
/// Where the database fails.
pub async fn units(app: &App) -> Result<Vec<UnitView>, AppError> {
    let heads = json!(HEADS.map(Post::key)).to_string();
    let rows = app
        .db
        .run(vec![
            sql(
                "SELECT u.id, u.parent_id, u.kind, u.name, EXISTS (SELECT 1 FROM units_with_account a WHERE a.unit_id = u.id) AS has_account
                 FROM units u WHERE u.closed_at IS NULL ORDER BY u.id",
                &[],
            ),
            sql(
                "SELECT c.unit_id, t.id, t.name, t.number FROM custodians c JOIN staff t ON t.id = c.staff_id WHERE c.since <= ?1 ORDER BY c.appointment_id",
                args![app.now()],
            ),
            sql(
                "SELECT DISTINCT a.unit_id, t.id, t.name, t.number FROM appointments_in_power a JOIN staff t ON t.id = a.staff_id
                 WHERE a.post IN (SELECT value FROM json_each(?1)) AND a.since <= ?2 ORDER BY t.number",
                args![heads, app.now()],
            ),
        ])
        .await?;
    let (units, custodians, heads) = (rows.at(0)?, rows.at(1)?, rows.at(2)?);
    let custodians: Vec<HeadRow> = custodians.all()?;
    let heads: Vec<HeadRow> = heads.all()?;
    let person = |row: &HeadRow| PersonRef { id: row.id, name: row.name.clone(), number: row.number.clone() };
    let of = |rows: &[HeadRow], unit: UnitId| -> Vec<PersonRef> {
        rows.iter().filter(|row| row.unit_id == unit).map(person).collect()
    };
    units
        .all::<UnitRow>()?
        .into_iter()
        .map(|u| {
            Ok(UnitView {
                id: u.id,
                parent: u.parent_id,
                kind: UnitKind::from_key(&u.kind)
                    .ok_or_else(|| AppError::Internal(format!("unit kind {}", u.kind)))?,
                name: u.name,
                has_account: u.has_account == 1,
                custodian: of(&custodians, u.id).into_iter().next(),
                heads: of(&heads, u.id),
            })
        })
        .collect()
}
