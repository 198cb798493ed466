//! All SQL of accounts.

use domain::access::{Appointment, Person, Post};
use domain::account::{ACTIVATION_LIFE, SESSION_IDLE, SESSION_LIFE, throttle};
use domain::audit::AuditAction;
use domain::ids::{AppointmentId, ClassId, StaffId, UnitId};
use domain::time::{DAY, HOUR, Instant, MINUTE, SECOND};
use serde::Deserialize;
use serde_json::json;

use crate::args;
use crate::platform::app::App;
use crate::platform::d1::{Audit, Guarded, Rows, Stmt, Subject, sql};
use crate::platform::error::AppError;
use crate::platform::json;

/// How old `seen_at` may get before it is written again: a write for every request would be paid for.
const SEEN_EVERY: i64 = 5 * MINUTE;
/// After so long without a try an account starts from nothing.
const ACCOUNT_MEMORY: i64 = DAY;
/// After so long without a try an address starts from nothing.
const ADDRESS_MEMORY: i64 = HOUR;
/// A school signs in from one address: it has so many times an account's tries.
const PEOPLE_PER_ADDRESS: u32 = 20;
/// Failures behind which the waiting grows no more.
const WAITS: u32 = 16;

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
    subject: Option<String>,
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
        })
    }
}

/// Appointments that hold as of ?1.
const APPOINTMENTS: &str =
    "SELECT a.id, a.staff_id, a.post, a.unit_id, u.name AS unit_name, a.class_id, c.name AS class_name, a.subject
     FROM appointments a JOIN units u ON u.id = a.unit_id LEFT JOIN classes c ON c.id = a.class_id
     WHERE a.since <= ?1 AND (a.until IS NULL OR a.until > ?1)";

/// The posts of the staff id that `who` (SQL of ours, over ?2) gives.
fn appointments(who: &str, now: Instant, arg: &str) -> Stmt {
    sql(format!("{APPOINTMENTS} AND a.staff_id = {who} ORDER BY a.id"), args![now, arg])
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

/// The person behind a live session.
///
/// # Errors
/// [`AppError::NotSignedIn`].
pub async fn enter(app: &App, session: &str, extra: Vec<Stmt>) -> Result<(Person, Vec<Rows>), AppError> {
    let db = &app.db;
    let now = app.now();
    let mut statements = vec![
        sql(
            "SELECT t.id, t.name, t.number FROM sessions s JOIN staff t ON t.id = s.staff_id
             WHERE s.token_hash = ?1 AND s.expires_at > ?2 AND s.seen_at > ?3 AND t.left_at IS NULL",
            args![session, now, now.plus(-SESSION_IDLE)],
        ),
        appointments("(SELECT staff_id FROM sessions WHERE token_hash = ?2)", now, session),
        sql(
            "UPDATE sessions SET seen_at = ?2 WHERE token_hash = ?1 AND seen_at < ?3 AND seen_at > ?4 AND expires_at > ?2",
            args![session, now, now.plus(-SEEN_EVERY), now.plus(-SESSION_IDLE)],
        ),
    ];
    statements.extend(extra);
    let mut rows = db.run(statements).await?;
    let rest = rows.split_off(3.min(rows.len()));
    let [who, held, _] = rows.as_slice() else { return Err(AppError::NotSignedIn) };
    let row = who.first::<PersonRow>()?.ok_or(AppError::NotSignedIn)?;
    Ok((person(row, held)?, rest))
}

/// Who might be signing in.
#[derive(Deserialize)]
pub struct Candidate {
    /// Staff id.
    pub id: StaffId,
    /// Staff number: under it tries are counted, however the login was written.
    pub number: String,
    /// PHC string; none before activation.
    pub password: Option<String>,
}

/// Whose login a text is.
///
/// # Errors
/// Where the database fails.
pub async fn candidate(
    app: &App,
    login: &str,
    phone_lookup: Option<&str>,
) -> Result<Option<Candidate>, AppError> {
    let mut found: Vec<Candidate> = app
        .db
        .all(
            "SELECT id, number, password FROM staff WHERE left_at IS NULL AND number IN (?1, ?2)
             UNION
             SELECT t.id, t.number, t.password FROM phones p JOIN staff t ON t.phone_id = p.id
             WHERE p.lookup = ?3 AND t.left_at IS NULL LIMIT 2",
            args![login, login.to_uppercase(), phone_lookup],
        )
        .await?;
    // Two people behind one phone: it names nobody.
    Ok(if found.len() == 1 { found.pop() } else { None })
}

/// Under which keyed indexes a try is counted.
pub struct Tries {
    /// The account's.
    pub account: String,
    /// The address's.
    pub address: String,
}

#[derive(Deserialize)]
struct Failures {
    key: String,
    failures: u32,
    last_at: Instant,
}

/// How long a key has to wait after its last try.
fn wait(failures: u32, is_address: bool) -> i64 {
    throttle(if is_address { failures / PEOPLE_PER_ADDRESS } else { failures })
}

/// The waits for 0, 1, 2, … failures, for the database to look up: the rule
/// itself stays in `domain`.
fn waits(is_address: bool) -> String {
    let steps = if is_address { WAITS * PEOPLE_PER_ADDRESS } else { WAITS };
    json!((0..=steps).map(|n| wait(n, is_address)).collect::<Vec<_>>()).to_string()
}

/// Counts a try before it is made, in the statement that checks whether it
/// may be made: tries at the same moment cannot all slip past. A success
/// takes it off again.
///
/// # Errors
/// [`AppError::Throttled`] where the account or the address has to wait.
pub async fn count_try(app: &App, tries: &Tries, now: Instant) -> Result<(), AppError> {
    let keys = json!([tries.account, tries.address]).to_string();
    let (account, address) = (tries.account.as_str(), tries.address.as_str());
    let rows = app
        .db
        .run(vec![
            sql(
                "SELECT key, failures, last_at FROM signin_failures WHERE key IN (?1, ?2)",
                args![account, address],
            ),
            sql(
                "INSERT INTO signin_failures (key, failures, last_at)
                 SELECT j.value, 1, ?2 FROM json_each(?1) j
                 WHERE NOT EXISTS (
                   SELECT 1 FROM signin_failures f WHERE f.key = ?3
                     AND f.last_at + json_extract(?5, '$[' || MIN(f.failures, json_array_length(?5) - 1) || ']') > ?2)
                 AND NOT EXISTS (
                   SELECT 1 FROM signin_failures f WHERE f.key = ?4
                     AND f.last_at + json_extract(?6, '$[' || MIN(f.failures, json_array_length(?6) - 1) || ']') > ?2)
                 ON CONFLICT (key) DO UPDATE SET last_at = excluded.last_at, failures = 1 + CASE
                   WHEN signin_failures.last_at < ?2 - CASE WHEN key = ?3 THEN ?7 ELSE ?8 END THEN 0
                   ELSE signin_failures.failures END
                 RETURNING key, failures, last_at",
                args![keys, now, account, address, waits(false), waits(true), ACCOUNT_MEMORY, ADDRESS_MEMORY],
            ),
        ])
        .await?;
    let [before, counted] = rows.as_slice() else {
        return Err(AppError::Internal("two answers expected".into()));
    };
    if counted.all::<Failures>()?.len() == 2 {
        return Ok(());
    }
    let before: Vec<Failures> = before.all()?;
    let ends = before.iter().map(|f| f.last_at.plus(wait(f.failures, f.key == tries.address)));
    let left = ends.max().map_or(SECOND, |end| end.0 - now.0);
    Err(AppError::Throttled((left + SECOND - 1).div_euclid(SECOND).max(1)))
}

/// Opens a session, ends the browser's older one, forgets the account's
/// failures; answers who it is.
///
/// # Errors
/// Where the database fails.
pub async fn open_session(
    app: &App,
    id: StaffId,
    token_hash: &str,
    older: Option<&str>,
    tries: &Tries,
) -> Result<Person, AppError> {
    let now = app.now();
    let reads = vec![
        sql("SELECT id, name, number FROM staff WHERE id = ?1 AND left_at IS NULL", args![id]),
        appointments("CAST(?2 AS INTEGER)", now, &id.to_string()),
    ];
    let rows = app
        .db
        .guarded()
        .append(reads)
        .must(
            "INSERT INTO sessions (token_hash, staff_id, created_at, seen_at, expires_at)
             SELECT ?1, id, ?3, ?3, ?4 FROM staff WHERE id = ?2 AND left_at IS NULL",
            args![token_hash, id, now, now.plus(SESSION_LIFE)],
        )
        .then("DELETE FROM sessions WHERE token_hash = ?1", args![older])
        .then("DELETE FROM signin_failures WHERE key = ?1", args![tries.account.as_str()])
        // The address keeps its count but for this try: one right password does not wash a guesser clean.
        .then(
            "UPDATE signin_failures SET failures = MAX(0, failures - 1) WHERE key = ?1",
            args![tries.address.as_str()],
        )
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
        )
        .must("UPDATE staff SET password = ?2, password_at = ?3 WHERE id = ?1 AND left_at IS NULL", args![id, password, now])
        .then("DELETE FROM sessions WHERE staff_id = ?1", args![id])
        .audit(&Audit {
            at: now,
            actor: id.0,
            action: AuditAction::AccountActivated,
            subject: Subject::Row("staff", id.0),
            detail: &json!({}),
        })
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
            args![json::text(&ids)?],
        )
        .await
}

/// What is stored of a slip: whose it is, and its token's hash.
pub type SlipRow = (StaffId, String);

/// Statements that issue slips: older unused ones end.
///
/// # Errors
/// Where the list cannot be written as JSON.
pub fn insert_slips<'a>(
    batch: Guarded<'a>,
    slips: &[SlipRow],
    by: StaffId,
    now: Instant,
) -> Result<Guarded<'a>, AppError> {
    let list = json::text(&slips)?;
    Ok(batch
        .then(
            "UPDATE activations SET expires_at = ?2 WHERE used_at IS NULL AND expires_at > ?2
               AND staff_id IN (SELECT value ->> 0 FROM json_each(?1))",
            args![list.as_str(), now],
        )
        .then(
            "INSERT INTO activations (token_hash, staff_id, issued_by, created_at, expires_at)
             SELECT value ->> 1, value ->> 0, ?2, ?3, ?4 FROM json_each(?1)",
            args![list, by, now, now.plus(ACTIVATION_LIFE)],
        ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_waits_says_what_the_rule_says() {
        for is_address in [false, true] {
            let table: Vec<i64> = serde_json::from_str(&waits(is_address)).expect("json");
            assert!(table.iter().zip(0..).all(|(w, n)| *w == wait(n, is_address)));
            assert_eq!(
                table.last().copied(),
                Some(wait(u32::MAX, is_address)),
                "behind its end nothing grows"
            );
        }
        assert_eq!(wait(10, true), 0, "a few wrong tries lock no school out");
    }
}
