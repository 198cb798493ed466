//! The password asked again of somebody who is signed in: before it is
//! changed, and before a whole school is sent to. Counted like a sign-in.

use domain::ids::StaffId;
use domain::time::Instant;
use domain::words::Words;
use serde::Deserialize;

use super::password::{self, Stored};
use super::throttle::OwnLane;
use crate::args;
use crate::platform::app::App;
use crate::platform::d1::{Answers, Guarded, Rows, Stmt, sql};
use crate::platform::error::AppError;

#[derive(Deserialize)]
struct PasswordRow {
    password: Option<String>,
}

/// Statements that count the try and read what it is held against.
pub fn ask_sql(id: StaffId, now: Instant) -> Vec<Stmt> {
    let stored = sql("SELECT password FROM staff WHERE id = ?1 AND left_at IS NULL", args![id]);
    OwnLane::of_session(id).count_sql(now).into_iter().chain([stored]).collect()
}

/// Holds the password against what [`ask_sql`] gave; `field` is where it stood. Answers the hash that it fits.
///
/// # Errors
/// [`AppError::Throttled`], or a refusal beside the field where it is wrong.
pub fn check(
    app: &App,
    id: StaffId,
    (field, given): (&'static str, &str),
    rows: &[Rows],
    now: Instant,
) -> Result<String, AppError> {
    OwnLane::counted(rows, now)?;
    let stored = rows.at(2)?.one::<PasswordRow>()?.password;
    let fits = password::verify(app.keys()?, given, Some(Stored { owner: id, phc: stored.as_deref() }))?;
    stored.filter(|_| fits).ok_or_else(|| wrong(field))
}

/// That it is not the password.
pub fn wrong(field: &'static str) -> AppError {
    AppError::field("wrong_password", field, Words::fixed("密码不对", "This is not your password"))
}

/// Takes back a try that [`ask_sql`] counted, where nothing was held against the password after all.
///
/// # Errors
/// Where the database fails.
pub async fn take_back(app: &App, id: StaffId, rows: &[Rows], now: Instant) -> Result<(), AppError> {
    // One that had to wait was not counted: taking it back would undo another.
    if OwnLane::counted(rows, now).is_ok() {
        OwnLane::of_session(id).take_back(app.db.guarded()).commit().await?;
    }
    Ok(())
}

/// Forgets the wrong tries, in the batch of what the right one was asked for.
pub fn forgive(batch: Guarded<'_>, id: StaffId) -> Guarded<'_> {
    OwnLane::of_session(id).forgive(batch)
}
