//! All SQL of accounts.

use domain::access::{Appointment, Person, Post};
use domain::account::{ACTIVATION_LIFE, SESSION_IDLE, SESSION_LIFE};
use domain::ids::{ClassId, StaffId, UnitId};
use domain::time::{Instant, MINUTE};
use serde::Deserialize;

use crate::app::App;
use crate::args;
use crate::bindings::{Audit, Db, Guarded, Rows, Stmt, Subject};
use crate::error::AppError;

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
    /// Whose.
    pub staff_id: StaffId,
    post: String,
    unit_id: UnitId,
    unit_name: String,
    class_id: Option<ClassId>,
    class_name: Option<String>,
    subject: Option<String>,
}

impl AppointmentRow {
    /// The appointment; none where the post is one that this version does not know.
    pub fn appointment(self) -> Option<Appointment> {
        Some(Appointment {
            post: Post::from_key(&self.post)?,
            unit: self.unit_id,
            unit_name: self.unit_name,
            class: self.class_id,
            class_name: self.class_name,
            subject: self.subject,
        })
    }
}

/// Appointments that hold as of ?1.
const APPOINTMENTS: &str =
    "SELECT a.staff_id, a.post, a.unit_id, u.name AS unit_name, a.class_id, c.name AS class_name, a.subject
     FROM appointments a JOIN units u ON u.id = a.unit_id LEFT JOIN classes c ON c.id = a.class_id
     WHERE a.since <= ?1 AND (a.until IS NULL OR a.until > ?1)";

/// The posts of the staff id that `who` (SQL of ours, over ?2) gives.
fn appointments(db: &Db, who: &str, now: Instant, arg: &str) -> Result<Stmt, AppError> {
    db.sql(&format!("{APPOINTMENTS} AND a.staff_id = {who} ORDER BY a.id"), args![now, arg])
}

/// All posts held now, by all staff.
///
/// # Errors
/// Where the values cannot be bound.
pub fn all_appointments(db: &Db, now: Instant) -> Result<Stmt, AppError> {
    db.sql(&format!("{APPOINTMENTS} ORDER BY a.id"), args![now])
}

fn person(row: PersonRow, held: &Rows) -> Result<Person, AppError> {
    let held: Vec<AppointmentRow> = held.all()?;
    let mut appointments: Vec<Appointment> =
        held.into_iter().filter_map(AppointmentRow::appointment).collect();
    appointments.sort_by_key(|a| a.post);
    Ok(Person { id: row.id, name: row.name, number: row.number, appointments })
}

/// The person behind a live session.
///
/// # Errors
/// [`AppError::NotSignedIn`].
pub async fn enter(app: &App, session: &str, extra: Vec<Stmt>) -> Result<(Person, Vec<Rows>), AppError> {
    let db = &app.db;
    let now = app.now();
    let mut statements = vec![
        db.sql(
            "SELECT t.id, t.name, t.number FROM sessions s JOIN staff t ON t.id = s.staff_id
             WHERE s.token_hash = ?1 AND s.expires_at > ?2 AND s.seen_at > ?3 AND t.left_at IS NULL",
            args![session, now, now.plus(-SESSION_IDLE)],
        )?,
        appointments(db, "(SELECT staff_id FROM sessions WHERE token_hash = ?2)", now, session)?,
        db.sql(
            "UPDATE sessions SET seen_at = ?2 WHERE token_hash = ?1 AND seen_at < ?3 AND seen_at > ?4 AND expires_at > ?2",
            args![session, now, now.plus(-SEEN_EVERY), now.plus(-SESSION_IDLE)],
        )?,
    ];
    statements.extend(extra);
    let mut rows = db.run(statements).await?;
    let rest = rows.split_off(3.min(rows.len()));
    let [who, held, _] = rows.as_slice() else { return Err(AppError::NotSignedIn) };
    let row = who.first::<PersonRow>()?.ok_or(AppError::NotSignedIn)?;
    Ok((person(row, held)?, rest))
}

/// A person with posts, by id: for the answer to a sign-in.
///
/// # Errors
/// Where there is none.
pub async fn load_person(app: &App, id: StaffId) -> Result<Person, AppError> {
    let rows = app
        .db
        .run(vec![
            app.db.sql("SELECT id, name, number FROM staff WHERE id = ?1", args![id])?,
            appointments(&app.db, "CAST(?2 AS INTEGER)", app.now(), &id.to_string())?,
        ])
        .await?;
    let [who, held] = rows.as_slice() else { return Err(AppError::NotFound) };
    person(who.first()?.ok_or(AppError::NotFound)?, held)
}

/// Who might be signing in.
#[derive(Deserialize)]
pub struct Candidate {
    /// Staff id.
    pub id: StaffId,
    /// PHC string; none before activation.
    pub password: Option<String>,
}

#[derive(Deserialize)]
struct FailuresRow {
    key: String,
    failures: u32,
    last_at: Instant,
}

/// Failed tries under a key, and when the last one was.
pub type Failures = Option<(u32, Instant)>;

/// The candidate and the failures counted for the account and the address.
///
/// # Errors
/// Where the database fails.
pub async fn candidate(
    app: &App,
    number: &str,
    phone_lookup: Option<&str>,
    keys: [&str; 2],
) -> Result<(Option<Candidate>, [Failures; 2]), AppError> {
    let rows = app
        .db
        .run(vec![
            app.db.sql(
                "SELECT id, password FROM staff WHERE left_at IS NULL AND number = ?1
                 UNION ALL
                 SELECT t.id, t.password FROM phones p JOIN staff t ON t.phone_id = p.id
                 WHERE p.lookup = ?2 AND t.left_at IS NULL LIMIT 2",
                args![number, phone_lookup.unwrap_or_default()],
            )?,
            app.db.sql(
                "SELECT key, failures, last_at FROM signin_failures WHERE key IN (?1, ?2)",
                args![keys[0], keys[1]],
            )?,
        ])
        .await?;
    let [found, failed] = rows.as_slice() else { return Ok((None, [None, None])) };
    let mut found: Vec<Candidate> = found.all()?;
    // Two people behind one phone: it names nobody.
    let candidate = if found.len() == 1 { found.pop() } else { None };
    let failed: Vec<FailuresRow> = failed.all()?;
    let of = |key: &str| failed.iter().find(|f| f.key == key).map(|f| (f.failures, f.last_at));
    Ok((candidate, [of(keys[0]), of(keys[1])]))
}

/// Counts a failure under both keys. Before the hash, so that parallel tries
/// cannot all slip through; a success takes it back.
///
/// # Errors
/// Where the database fails.
pub async fn count_failure(app: &App, keys: [&str; 2]) -> Result<(), AppError> {
    let now = app.now();
    let sql = "INSERT INTO signin_failures (key, failures, last_at) VALUES (?1, 1, ?2)
       ON CONFLICT DO UPDATE SET failures = failures + 1, last_at = ?2";
    app.db.run(vec![app.db.sql(sql, args![keys[0], now])?, app.db.sql(sql, args![keys[1], now])?]).await?;
    Ok(())
}

/// Opens a session and forgets the account's failures.
///
/// # Errors
/// Where the database fails.
pub async fn open_session(app: &App, id: StaffId, token_hash: &str, keys: [&str; 2]) -> Result<(), AppError> {
    let now = app.now();
    app.db
        .guarded()
        .must(
            "INSERT INTO sessions (token_hash, staff_id, created_at, seen_at, expires_at) VALUES (?1, ?2, ?3, ?3, ?4)",
            args![token_hash, id, now, now.plus(SESSION_LIFE)],
        )?
        .then("DELETE FROM signin_failures WHERE key = ?1", args![keys[0]])?
        // The address keeps its count but for this try: one right password does not wash a guesser clean.
        .then("UPDATE signin_failures SET failures = MAX(0, failures - 1) WHERE key = ?1", args![keys[1]])?
        .audit(&Audit {
            at: now,
            actor: id.0,
            action: "session.opened",
            subject: Subject::Row("staff", id.0),
            detail: &serde_json::json!({}),
        })?
        .commit()
        .await?;
    Ok(())
}

/// Whose account an unused, live activation token opens.
#[derive(Deserialize)]
pub struct ActivationRow {
    /// Staff id.
    pub staff_id: StaffId,
    /// Name.
    pub name: String,
    /// Staff number.
    pub number: String,
}

/// Looks an activation token up by its hash.
///
/// # Errors
/// Where the database fails.
pub async fn activation(app: &App, token_hash: &str) -> Result<Option<ActivationRow>, AppError> {
    app.db
        .first(
            "SELECT a.staff_id, t.name, t.number FROM activations a JOIN staff t ON t.id = a.staff_id
             WHERE a.token_hash = ?1 AND a.used_at IS NULL AND a.expires_at > ?2 AND t.left_at IS NULL",
            args![token_hash, app.now()],
        )
        .await
}

/// Sets the password that its owner chose, once per token; older sessions end.
///
/// # Errors
/// [`AppError::Lost`] where the token was used meanwhile.
pub async fn activate(app: &App, token_hash: &str, id: StaffId, password: &str) -> Result<(), AppError> {
    let now = app.now();
    app.db
        .guarded()
        .must(
            "UPDATE activations SET used_at = ?2 WHERE token_hash = ?1 AND used_at IS NULL AND expires_at > ?2",
            args![token_hash, now],
        )?
        .must("UPDATE staff SET password = ?2, password_at = ?3 WHERE id = ?1 AND left_at IS NULL", args![id, password, now])?
        .then("DELETE FROM sessions WHERE staff_id = ?1", args![id])?
        .audit(&Audit {
            at: now,
            actor: id.0,
            action: "account.activated",
            subject: Subject::Row("staff", id.0),
            detail: &serde_json::json!({}),
        })?
        .commit()
        .await?;
    Ok(())
}

/// Someone who can get a slip.
#[derive(Clone, Debug, Deserialize)]
pub struct Owner {
    /// Staff id.
    pub id: StaffId,
    /// Name.
    pub name: String,
    /// Staff number.
    pub number: String,
}

/// The people asked for, or all who have not activated their account.
///
/// # Errors
/// Where the database fails.
pub async fn for_slips(app: &App, ids: &[StaffId]) -> Result<Vec<Owner>, AppError> {
    app.db
        .all(
            "SELECT id, name, number FROM staff WHERE left_at IS NULL
               AND (json_array_length(?1) = 0 AND password IS NULL OR id IN (SELECT value FROM json_each(?1))) ORDER BY number",
            args![crate::message::store::json(&ids)?],
        )
        .await
}

/// What is stored of a slip: whose it is, and its token's hash.
pub type SlipRow = (StaffId, String);

/// Statements that issue slips: older unused ones end.
///
/// # Errors
/// Where values cannot be bound.
pub fn insert_slips<'a>(
    batch: Guarded<'a>,
    slips: &[SlipRow],
    by: StaffId,
    now: Instant,
) -> Result<Guarded<'a>, AppError> {
    let list = crate::message::store::json(&slips)?;
    batch
        .then(
            "UPDATE activations SET expires_at = ?2 WHERE used_at IS NULL AND expires_at > ?2
               AND staff_id IN (SELECT value ->> 0 FROM json_each(?1))",
            args![list.as_str(), now],
        )?
        .then(
            "INSERT INTO activations (token_hash, staff_id, issued_by, created_at, expires_at)
             SELECT value ->> 1, value ->> 0, ?2, ?3, ?4 FROM json_each(?1)",
            args![list, by, now, now.plus(ACTIVATION_LIFE)],
        )
}
