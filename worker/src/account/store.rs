//! People, the posts they hold, and their sessions in the database.

use domain::access::{Appointment, Person, Post};
use domain::account::{Device, SESSION_LIFE, session_rules};
use domain::audit::AuditAction;
use domain::ids::{AppointmentId, ClassId, StaffId, UnitId};
use domain::time::{Instant, MINUTE};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::throttle::{CountRow, Keyed, OwnLane};
use crate::args;
use crate::platform::app::App;
use crate::platform::d1::{Answers, Audit, Rows, Stmt, Subject, sql};
use crate::platform::error::AppError;
use crate::platform::json;
use crate::seals::Seal;

/// How old `seen_at` may get before it is written again: a write for every request would be paid for.
const SEEN_EVERY: i64 = 5 * MINUTE;

#[derive(Deserialize)]
struct PersonRow {
    id: StaffId,
    name: String,
    number: String,
}

/// An appointment that holds now, and whose it is.
#[derive(Deserialize)]
pub struct AppointmentRow {
    id: AppointmentId,
    /// Whose.
    pub staff_id: StaffId,
    post: String,
    unit_id: UnitId,
    unit_name: String,
    class_id: Option<ClassId>,
    class_name: Option<String>,
    above: Option<UnitId>,
    subject: Option<String>,
    #[serde(deserialize_with = "json::flag")]
    listed: bool,
}

impl AppointmentRow {
    /// The appointment; none where the post is one that this version does not know.
    pub fn appointment(self) -> Option<Appointment> {
        Some(Appointment {
            id: self.id,
            post: Post::from_key(&self.post)?,
            unit: self.unit_id,
            unit_name: self.unit_name,
            class: self.class_id,
            class_name: self.class_name,
            subject: self.subject,
            above: self.above,
            listed: self.listed,
        })
    }
}

/// Appointments that count as of ?1.
const APPOINTMENTS: &str =
    "SELECT a.id, a.staff_id, a.post, a.unit_id, u.name AS unit_name, u.parent_id AS above, a.class_id, c.name AS class_name, a.subject, a.listed
     FROM appointments_in_power a JOIN units u ON u.id = a.unit_id LEFT JOIN classes c ON c.id = a.class_id
     WHERE a.since <= ?1";

/// The posts of the staff id that `who` (SQL of ours, over ?2) gives.
fn appointments(who: &str, now: Instant, arg: &str) -> Stmt {
    sql(format!("{APPOINTMENTS} AND a.staff_id = {who} ORDER BY a.id"), args![now, arg])
}

/// The posts that a member of staff holds now.
pub fn posts_of(id: StaffId, now: Instant) -> Stmt {
    appointments("CAST(?2 AS INTEGER)", now, &id.to_string())
}

/// All posts held now, by all staff.
pub fn all_appointments(now: Instant) -> Stmt {
    sql(format!("{APPOINTMENTS} ORDER BY a.id"), args![now])
}

fn person(row: PersonRow, held: &Rows) -> Result<Person, AppError> {
    let held: Vec<AppointmentRow> = held.all()?;
    let mut appointments: Vec<Appointment> =
        held.into_iter().filter_map(AppointmentRow::appointment).collect();
    appointments.sort_by_key(|a| a.post);
    Ok(Person { id: row.id, name: row.name, number: row.number, appointments })
}

/// Who has come in.
pub struct Entered {
    /// The person.
    pub person: Person,
    /// Whether [`touch`] has something to write.
    pub is_stale: bool,
    /// What was asked for in the same round trip.
    pub rest: Vec<Rows>,
}

#[derive(Deserialize)]
struct EnterRow {
    #[serde(flatten)]
    person: PersonRow,
    created_at: Instant,
    seen_at: Instant,
    mac: String,
}

/// A signed-in browser: its token belongs to this owner.
#[derive(Serialize)]
struct SessionSeal<'a> {
    session: &'a str,
    staff: StaffId,
}

impl Seal for SessionSeal<'_> {
    const PURPOSE: &'static str = "session";
}

/// The person behind a live session. How long one lives follows from the posts held now.
///
/// # Errors
/// [`AppError::NotSignedIn`].
pub async fn enter(app: &App, session: &str, extra: Vec<Stmt>) -> Result<Entered, AppError> {
    let now = app.now();
    let mut statements = vec![
        sql(
            "SELECT t.id, t.name, t.number, s.created_at, s.seen_at, s.mac FROM sessions s JOIN staff t ON t.id = s.staff_id
             WHERE s.token_hash = ?1 AND s.expires_at > ?2 AND t.left_at IS NULL",
            args![session, now],
        ),
        appointments("(SELECT staff_id FROM sessions WHERE token_hash = ?2)", now, session),
    ];
    statements.extend(extra);
    let mut rows = app.db.run(statements).await?;
    let rest = rows.split_off(2.min(rows.len()));
    let [who, held] = rows.as_slice() else { return Err(AppError::NotSignedIn) };
    let EnterRow { person: row, created_at, seen_at, mac } =
        who.first::<EnterRow>()?.ok_or(AppError::NotSignedIn)?;
    if !(SessionSeal { session, staff: row.id }).fits(app.keys()?, &mac) {
        return Err(AppError::NotSignedIn);
    }
    let person = person(row, held)?;
    if !session_rules(&person).lives(created_at, seen_at, now) {
        return Err(AppError::NotSignedIn);
    }
    Ok(Entered { person, is_stale: seen_at.plus(SEEN_EVERY) < now, rest })
}

/// Writes down that a session is in use. Only after it was let in: an idle one must not look used because it tried.
pub async fn touch(app: &App, session: &str) {
    let now = app.now();
    let write =
        sql("UPDATE sessions SET seen_at = ?2 WHERE token_hash = ?1 AND seen_at < ?2", args![session, now]);
    if let Err(error) = app.db.run(vec![write]).await {
        app.log_error("session", &error, json!({}));
    }
}

/// Who might be signing in.
#[derive(Deserialize)]
pub struct Candidate {
    /// Staff id: under it tries are counted, however the login was written.
    pub id: StaffId,
    /// PHC string; none before activation.
    pub password: Option<String>,
    /// When it was chosen.
    pub password_at: Option<Instant>,
}

/// A login in the spellings by which it is looked up.
pub struct Login<'a> {
    /// As it was typed, in one form.
    pub typed: &'a str,
    /// In capitals.
    pub upper: &'a str,
    /// In small letters.
    pub lower: &'a str,
    /// The keyed index of a phone number.
    pub phone: Option<&'a str>,
}

/// The accounts that a login may mean: ?1 to ?3 spellings of a staff number, ?4 a phone's index.
const FOUND: &str =
    "SELECT id, password, password_at FROM staff WHERE left_at IS NULL AND number IN (?1, ?2, ?3)
    UNION
    SELECT t.id, t.password, t.password_at FROM phones p JOIN staff t ON t.phone_id = p.id
    WHERE p.lookup = ?4 AND t.left_at IS NULL";

/// Whose login a text is, with the tries that count for it.
///
/// # Errors
/// Where the database fails.
pub async fn candidate(
    app: &App,
    login: &Login<'_>,
    keyed: &Keyed,
) -> Result<(Option<Candidate>, Vec<CountRow>), AppError> {
    let Login { typed, upper, lower, phone } = *login;
    let rows = app
        .db
        .run(vec![
            sql(format!("{FOUND} LIMIT 2"), args![typed, upper, lower, phone]),
            keyed.read_sql(FOUND, [Some(typed), Some(upper), Some(lower), phone]),
        ])
        .await?;
    let mut found: Vec<Candidate> = rows.at(0)?.all()?;
    // Two people behind one phone: it names nobody.
    Ok((if found.len() == 1 { found.pop() } else { None }, rows.at(1)?.all()?))
}

/// The lane in which a try was counted.
pub enum Lane {
    /// That of a browser known to the account.
    Own(OwnLane),
    /// That of all others.
    Shared(Keyed),
}

/// Opens a session, ends the browser's older one, forgets the failures that counted; answers who it is.
///
/// # Errors
/// Where the database fails.
pub async fn open_session(
    app: &App,
    id: StaffId,
    (token_hash, older): (&str, Option<&str>),
    device: Device,
    lane: &Lane,
) -> Result<Person, AppError> {
    let now = app.now();
    let mac = SessionSeal { session: token_hash, staff: id }.mac(app.keys()?);
    let reads = vec![
        sql("SELECT id, name, number FROM staff WHERE id = ?1 AND left_at IS NULL", args![id]),
        posts_of(id, now),
    ];
    let batch = app
        .db
        .guarded()
        .append(reads)
        .must(
            "INSERT INTO sessions (token_hash, staff_id, system, browser, created_at, seen_at, expires_at, mac)
             SELECT ?1, id, ?5, ?6, ?3, ?3, ?4, ?7 FROM staff WHERE id = ?2 AND left_at IS NULL",
            args![token_hash, id, now, now.plus(SESSION_LIFE), device.system.key(), device.browser.key(), mac],
        )
        .then("DELETE FROM sessions WHERE token_hash = ?1", args![older]);
    let batch = match lane {
        Lane::Own(lane) => lane.forgive(batch),
        Lane::Shared(keyed) => keyed.forgive(batch, id),
    };
    let rows = batch
        .audit(&Audit {
            at: now,
            actor: id.0,
            action: AuditAction::SessionOpened,
            subject: Subject::Row("staff", id.0),
            detail: &json!({}),
        })
        .commit()
        .await?;
    let [who, held, ..] = rows.as_slice() else { return Err(AppError::NotSignedIn) };
    person(who.first()?.ok_or(AppError::NotSignedIn)?, held)
}
