//! What would follow when somebody leaves, and what leavers left behind.

use domain::access::{Action, Person};
use domain::ids::{GuardianId, MessageId, StaffId, StudentId};
use domain::roster::people::{
    Departures, FamilyLeaving, Left, LeftDraft, MessageRef, StaffLeaving, Vacancy, WaitingStep,
};
use domain::time::Instant;
use domain::words::Words;
use serde::Deserialize;

use crate::account::store::{AppointmentRow, posts_of};
use crate::args;
use crate::message::held::NOT_IN_ITS_POST;
use crate::message::visibility::{Visibility, WAITS_FOR_ME};
use crate::platform::app::App;
use crate::platform::d1::{Answers, sql};
use crate::platform::error::AppError;
use crate::platform::json;
use crate::roster::scope::Scope;

/// Lines of each list.
const MOST: u32 = 100;

/// Whether appointment `a` holds as of ?2.
const IN_FORCE: &str = "a.since <= ?2 AND (a.until IS NULL OR a.until > ?2)";

/// Whether somebody else than `a`'s holder has the same post as of ?2.
const SOMEBODY_ELSE: &str = "EXISTS (SELECT 1 FROM appointments b JOIN staff o ON o.id = b.staff_id
    WHERE b.post = a.post AND b.unit_id = a.unit_id AND b.class_id IS a.class_id AND b.subject IS a.subject
      AND b.staff_id <> a.staff_id AND o.left_at IS NULL AND b.since <= ?2 AND (b.until IS NULL OR b.until > ?2))";

#[derive(Deserialize)]
struct NameRow {
    name: String,
}

#[derive(Deserialize)]
struct StaffRow {
    name: String,
    number: String,
}

#[derive(Deserialize)]
struct IdRow {
    id: i64,
}

#[derive(Deserialize)]
struct WaitingRow {
    id: MessageId,
    title: String,
    #[serde(deserialize_with = "json::column")]
    others: Vec<String>,
}

fn names(rows: Vec<NameRow>) -> Vec<String> {
    rows.into_iter().map(|row| row.name).collect()
}

/// What would follow when a member of staff leaves: two round trips.
///
/// # Errors
/// [`AppError::NotFound`] where nobody of that id is on the staff.
pub async fn staff(app: &App, id: StaffId) -> Result<StaffLeaving, AppError> {
    let now = app.now();
    let rows = app
        .db
        .run(vec![
            sql("SELECT name, number FROM staff WHERE id = ?1 AND left_at IS NULL", args![id]),
            posts_of(id, now),
            sql(
                format!("SELECT a.id FROM appointments a WHERE a.staff_id = ?1 AND {IN_FORCE} AND NOT {SOMEBODY_ELSE}"),
                args![id, now],
            ),
            sql(
                "SELECT DISTINCT u.name FROM appointments a CROSS JOIN custodians c ON c.appointment_id = a.id CROSS JOIN units u ON u.id = c.unit_id
                 WHERE a.staff_id = ?1 AND c.since <= ?2
                   AND NOT EXISTS (SELECT 1 FROM custodians o WHERE o.unit_id = c.unit_id AND o.staff_id <> ?1 AND o.since <= ?2) ORDER BY u.id",
                args![id, now],
            ),
            sql(
                format!(
                    "SELECT id, title FROM messages WHERE author_id = ?1 AND state IN ('draft', 'returned') ORDER BY id DESC LIMIT {MOST}"
                ),
                args![id],
            ),
            sql(
                format!(
                    "SELECT id, title FROM messages WHERE author_id = ?1 AND state IN ('submitted', 'approved') ORDER BY id DESC LIMIT {MOST}"
                ),
                args![id],
            ),
        ])
        .await?;
    let StaffRow { name, number } = rows.at(0)?.one()?;
    let posts: Vec<_> =
        rows.at(1)?.all::<AppointmentRow>()?.into_iter().filter_map(AppointmentRow::appointment).collect();
    let leaver = Person { id, name, number, appointments: posts };
    let waiting = waiting(app, &leaver, now).await?;
    Ok(StaffLeaving {
        name: leaver.name,
        posts: leaver.appointments,
        vacant: rows.at(2)?.all::<IdRow>()?.into_iter().map(|row| row.id).collect(),
        custodian_of: names(rows.at(3)?.all()?),
        drafts: rows.at(4)?.all()?,
        held: rows.at(5)?.all()?,
        waiting,
    })
}

/// Steps that wait for a person, each with those who can decide it beside them.
async fn waiting(app: &App, person: &Person, now: Instant) -> Result<Vec<WaitingStep>, AppError> {
    let values = Visibility::of(person)?.values([now.into()]);
    let rows: Vec<WaitingRow> = app
        .db
        .all(
            format!(
                "SELECT m.id, m.title, (
                   SELECT json_group_array(DISTINCT t.name) FROM message_steps s
                   CROSS JOIN appointments a ON (a.post = s.post AND (s.unit_id IS NULL OR a.unit_id = s.unit_id)
                     OR a.post = s.substitute AND (s.substitute_unit_id IS NULL OR a.unit_id = s.substitute_unit_id))
                   CROSS JOIN staff t ON t.id = a.staff_id
                   WHERE s.message_id = m.id AND s.version = m.version AND t.left_at IS NULL AND t.id NOT IN (?1, m.author_id)
                     AND a.since <= ?5 AND (a.until IS NULL OR a.until > ?5)
                     AND s.position = (SELECT MIN(e.position) FROM message_steps e WHERE e.message_id = m.id AND e.version = m.version
                       AND e.holds = 1 AND e.kind IN ('review', 'approve') AND NOT EXISTS (SELECT 1 FROM decisions d
                         WHERE d.message_id = e.message_id AND d.version = e.version AND d.position = e.position))) AS others
                 FROM messages m WHERE {WAITS_FOR_ME} ORDER BY m.id LIMIT {MOST}"
            ),
            &values,
        )
        .await?;
    let step = |row: WaitingRow| WaitingStep {
        message: MessageRef { id: row.id, title: row.title },
        others: row.others,
    };
    Ok(rows.into_iter().map(step).collect())
}

#[derive(Deserialize)]
struct FamilyRow {
    name: String,
    #[serde(deserialize_with = "json::column")]
    guardians: Vec<String>,
    messages: u32,
    others: u32,
}

/// Messages under way whose frozen list holds guardians of student `s` (one of them where `g` narrows it).
fn under_way(g: &str) -> String {
    let of_state = |state: &str| {
        format!(
            "(SELECT COUNT(*) FROM messages m WHERE m.state = '{state}' AND EXISTS (
               SELECT 1 FROM streams w CROSS JOIN guardians x ON x.student_id = s.id{g}
               CROSS JOIN recipients r ON r.message_id = m.id AND r.version = m.version AND r.stream_id = w.id
                 AND r.kind = 'guardian' AND r.person = x.id AND r.student = s.id
               WHERE w.class_id = s.class_id))"
        )
    };
    // Each state has an index of its own.
    format!("{} + {}", of_state("submitted"), of_state("approved"))
}

/// What would follow when a student leaves.
///
/// # Errors
/// [`AppError::NotFound`] where the student is not within reach.
pub async fn student(app: &App, person: &Person, id: StudentId) -> Result<FamilyLeaving, AppError> {
    let [school, units, classes] = Scope::of(person, &[Action::EditRoster]).args();
    let row: Option<FamilyRow> = app
        .db
        .first(
            format!(
                "SELECT s.name, {} AS messages, 0 AS others,
                   (SELECT json_group_array(g.name) FROM guardians g WHERE g.student_id = s.id AND g.left_at IS NULL) AS guardians
                 FROM students s JOIN classes c ON c.id = s.class_id WHERE s.id = ?1 AND s.left_at IS NULL AND {}",
                under_way(""),
                Scope::holds("c", 2)
            ),
            &[id.into(), school, units, classes],
        )
        .await?;
    let FamilyRow { name, guardians, messages, .. } = row.ok_or(AppError::NotFound)?;
    Ok(FamilyLeaving { name, guardians, messages, unreachable: false })
}

/// What would follow when a guardian leaves.
///
/// # Errors
/// [`AppError::NotFound`] where the guardian is not within reach.
pub async fn guardian(app: &App, person: &Person, id: GuardianId) -> Result<FamilyLeaving, AppError> {
    let [school, units, classes] = Scope::of(person, &[Action::EditRoster]).args();
    let row: Option<FamilyRow> = app
        .db
        .first(
            format!(
                "SELECT g.name, json_array(g.name) AS guardians, {} AS messages,
                   (SELECT COUNT(*) FROM guardians o WHERE o.student_id = s.id AND o.left_at IS NULL AND o.id <> g.id) AS others
                 FROM guardians g JOIN students s ON s.id = g.student_id JOIN classes c ON c.id = s.class_id
                 WHERE g.id = ?1 AND g.left_at IS NULL AND s.left_at IS NULL AND {}",
                under_way(" AND x.id = g.id"),
                Scope::holds("c", 2)
            ),
            &[id.into(), school, units, classes],
        )
        .await?;
    let FamilyRow { name, guardians, messages, others } = row.ok_or(AppError::NotFound)?;
    Ok(FamilyLeaving { name, guardians, messages, unreachable: others == 0 })
}

#[derive(Deserialize)]
struct DraftRow {
    id: MessageId,
    author: String,
    audience_zh: String,
    audience_en: String,
    title: String,
    body: String,
    changed_at: Instant,
}

/// What leavers left behind, in one round trip.
///
/// # Errors
/// Where the database fails.
pub async fn left_behind(app: &App) -> Result<Departures, AppError> {
    let now = app.now();
    let rows = app
        .db
        .run(vec![
            sql(
                format!(
                    "SELECT d.kind, d.person, t.name, d.left_at AS at, d.reason, COALESCE(b.name, '') AS by
                     FROM departures d CROSS JOIN staff t ON t.id = d.person LEFT JOIN staff b ON b.id = d.by
                     WHERE d.kind = 'staff' AND d.returned_at IS NULL ORDER BY d.left_at DESC, d.id DESC LIMIT {MOST}"
                ),
                &[],
            ),
            // ?2 is now, as the shared conditions have it.
            sql(
                format!(
                    "SELECT a.post, u.name AS unit, c.name AS class, a.subject, t.name AS held_by, a.until AS since
                     FROM staff t CROSS JOIN appointments a ON a.staff_id = t.id AND a.until = t.left_at
                     CROSS JOIN units u ON u.id = a.unit_id LEFT JOIN classes c ON c.id = a.class_id
                     WHERE t.left_at > ?1 AND NOT {SOMEBODY_ELSE} AND c.archived_at IS NULL ORDER BY a.until DESC LIMIT {MOST}"
                ),
                args![0i64, now],
            ),
            sql(
                "SELECT u.name FROM units_with_account a JOIN units u ON u.id = a.unit_id
                 WHERE NOT EXISTS (SELECT 1 FROM custodians c WHERE c.unit_id = u.id AND c.since <= ?1) ORDER BY u.id",
                args![now],
            ),
            sql(
                format!(
                    "SELECT m.id, t.name AS author, m.audience_zh, m.audience_en, m.title, m.body, m.changed_at
                     FROM staff t CROSS JOIN messages m ON m.author_id = t.id
                     WHERE t.left_at IS NOT NULL AND m.state IN ('draft', 'returned') ORDER BY m.id DESC LIMIT {MOST}"
                ),
                &[],
            ),
            sql(
                format!(
                    "SELECT m.id, m.title FROM messages m WHERE m.state = 'submitted' AND {NOT_IN_ITS_POST}
                     UNION ALL SELECT m.id, m.title FROM messages m WHERE m.state = 'approved' AND {NOT_IN_ITS_POST} LIMIT {MOST}"
                ),
                args![now],
            ),
        ])
        .await?;
    let draft = |row: DraftRow| LeftDraft {
        id: row.id,
        author: row.author,
        audience: Words { zh: row.audience_zh.into(), en: row.audience_en.into() },
        title: row.title,
        body: row.body,
        changed_at: row.changed_at,
    };
    Ok(Departures {
        left: rows.at(0)?.all::<Left>()?,
        vacancies: rows.at(1)?.all::<Vacancy>()?,
        without_custodian: names(rows.at(2)?.all()?),
        drafts: rows.at(3)?.all::<DraftRow>()?.into_iter().map(draft).collect(),
        held: rows.at(4)?.all()?,
    })
}
