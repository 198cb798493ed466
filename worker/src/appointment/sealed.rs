//! An appointment as its seal has it, and its end. What has ended is sealed
//! anew with its end, over the seal that it had in force: whoever sets the end
//! back by hand has a row whose seal does not fit.

use domain::ids::StaffId;
use domain::time::Instant;
use serde::Deserialize;

use crate::args;
use crate::platform::crypto::Keys;
use crate::platform::d1::{Guarded, Stmt, sql};
use crate::platform::error::AppError;
use crate::platform::json;
use crate::seals::{AppointmentSeal, EndedAppointmentSeal, Seal};

/// The columns of [`SealedAppointment`], of an appointment `a`.
pub const COLUMNS: &str =
    "a.id, a.staff_id, a.post, a.unit_id, a.class_id, a.subject, a.since, a.until, a.given_by,
   a.confirmed_by, a.confirmed_at, a.declined_by, a.mac";
/// The same as a JSON object.
pub const OBJECT: &str = "json_object('id', a.id, 'staff_id', a.staff_id, 'post', a.post, 'unit_id', a.unit_id,
  'class_id', a.class_id, 'subject', a.subject, 'since', a.since, 'until', a.until, 'given_by', a.given_by,
  'confirmed_by', a.confirmed_by, 'confirmed_at', a.confirmed_at, 'declined_by', a.declined_by, 'mac', a.mac)";
/// Rows of one statement.
const PIECE: usize = 1_000;

/// A row with all that its seal is over.
#[derive(Clone, Debug, Deserialize)]
pub struct SealedAppointment {
    /// Its id.
    pub id: i64,
    /// Whose.
    pub staff_id: i64,
    /// Key of the post.
    pub post: String,
    /// Where.
    pub unit_id: i64,
    class_id: Option<i64>,
    subject: Option<String>,
    /// From when.
    pub since: Instant,
    /// When it ended.
    pub until: Option<Instant>,
    /// By whom it was given.
    pub given_by: i64,
    /// The second person.
    pub confirmed_by: Option<i64>,
    /// When.
    pub confirmed_at: Option<Instant>,
    declined_by: Option<i64>,
    mac: String,
}

impl SealedAppointment {
    /// Whether it is as it was given, confirmed and ended.
    pub fn fits(&self, keys: &Keys) -> bool {
        match self.until {
            Some(until) => self.ended(until, self.declined_by).fits(keys, &self.mac),
            None => self.in_force().fits(keys, &self.mac),
        }
    }

    fn in_force(&self) -> AppointmentSeal<'_> {
        AppointmentSeal {
            staff: self.staff_id,
            post: &self.post,
            unit: self.unit_id,
            class: self.class_id,
            subject: self.subject.as_deref(),
            since: self.since,
            given_by: self.given_by,
            confirmed_by: self.confirmed_by,
            confirmed_at: self.confirmed_at,
        }
    }

    fn ended(&self, until: Instant, declined_by: Option<i64>) -> EndedAppointmentSeal<'_> {
        EndedAppointmentSeal { appointment: self.in_force(), until, declined_by }
    }

    /// The seal with which it ends. What did not carry a good one gets none by ending.
    fn end_mac(&self, keys: &Keys, until: Instant, declined_by: Option<StaffId>) -> String {
        if self.fits(keys) {
            self.ended(until, declined_by.map(|by| by.0)).mac(keys)
        } else {
            format!("{}!", self.mac)
        }
    }
}

/// Reads what somebody holds, or waits to hold.
pub fn held_by(staff: StaffId) -> Stmt {
    sql(
        format!(
            "SELECT {COLUMNS} FROM appointments a WHERE a.staff_id = ?1 AND a.until IS NULL ORDER BY a.id"
        ),
        args![staff],
    )
}

/// Reads the custodians in power, of all units: whoever takes over ends the former one's time.
pub fn custodians() -> Stmt {
    sql(
        format!(
            "SELECT {COLUMNS} FROM appointments a WHERE a.post = 'custodian' AND a.confirmed_at IS NOT NULL AND a.until IS NULL
             ORDER BY a.id"
        ),
        &[],
    )
}

/// Ends these; lost where one has changed since it was read.
///
/// # Errors
/// Where the values cannot be bound.
pub fn end<'a>(
    mut batch: Guarded<'a>,
    keys: &Keys,
    appointments: &[&SealedAppointment],
    now: Instant,
) -> Result<Guarded<'a>, AppError> {
    for piece in appointments.chunks(PIECE) {
        let rows: Vec<(i64, &str, String)> =
            piece.iter().map(|a| (a.id, a.mac.as_str(), a.end_mac(keys, now, None))).collect();
        batch = batch
            .then(
                "UPDATE appointments SET until = ?2, mac = j.mac
                 FROM (SELECT value ->> 0 AS id, value ->> 1 AS old, value ->> 2 AS mac FROM json_each(?1)) AS j
                 WHERE appointments.id = j.id AND appointments.until IS NULL AND appointments.mac = j.old",
                args![json::text(&rows)?, now],
            )
            .require("changes() = ?1", args![rows.len()]);
    }
    Ok(batch)
}

/// Ends one that waits, without its having counted: declined, and why.
pub fn decline<'a>(
    batch: Guarded<'a>,
    keys: &Keys,
    waiting: &SealedAppointment,
    (by, why): (StaffId, &str),
    now: Instant,
) -> Guarded<'a> {
    batch.must(
        "UPDATE appointments SET until = ?4, declined_by = ?2, declined_why = ?3, mac = ?5
         WHERE id = ?1 AND confirmed_at IS NULL AND until IS NULL",
        args![waiting.id, by, why, now, waiting.end_mac(keys, now, Some(by))],
    )
}
