//! All SQL of recorded absences.

use domain::access::{Appointment, Person, Post};
use domain::delegation::{AbsenceView, Delegations, HeldPost, RecordAbsence, can_be_away, may_record_others};
use domain::ids::{AppointmentId, DelegationId, StaffId, UnitId};
use domain::school::PersonRef;
use domain::time::Instant;
use serde::Deserialize;

use super::sealed::{OBJECT, SealedAbsence};
use crate::args;
use crate::platform::crypto::Keys;
use crate::platform::d1::{Answers, Guarded, Rows, Stmt, sql};
use crate::platform::error::AppError;
use crate::platform::json;
use crate::seals::{DelegationSeal, Seal};

#[derive(Deserialize)]
struct HeldRow {
    id: AppointmentId,
    staff_id: StaffId,
    name: String,
    number: String,
    post: Post,
    unit_id: UnitId,
    unit_name: String,
}

impl HeldRow {
    fn view(self) -> HeldPost {
        HeldPost {
            staff: PersonRef { id: self.staff_id, name: self.name, number: self.number },
            appointment: Appointment {
                id: self.id,
                post: self.post,
                unit: self.unit_id,
                unit_name: self.unit_name,
                class: None,
                class_name: None,
                subject: None,
                above: None,
                listed: true,
            },
        }
    }
}

#[derive(Deserialize)]
struct AbsenceRow {
    delegation_id: DelegationId,
    #[serde(flatten)]
    held: HeldRow,
    from_at: Instant,
    until_at: Instant,
    recorder: String,
    why: String,
}

/// The post that somebody holds, as an appointment `a` that counts.
const HELD: &str = "a.id, a.staff_id, t.name, t.number, a.post, a.unit_id, u.name AS unit_name";

/// Reads what concerns a person: absences that have not ended, and posts for which one can be recorded.
pub fn list_sql(person: &Person, now: Instant) -> Vec<Stmt> {
    let all = may_record_others(person);
    vec![
        sql(
            format!(
                "SELECT g.id AS delegation_id, {HELD}, g.from_at, g.until_at, r.name AS recorder, g.why, {OBJECT} AS sealed
                 FROM delegations g JOIN appointments_in_power a ON a.id = g.appointment_id
                 JOIN staff t ON t.id = a.staff_id JOIN units u ON u.id = a.unit_id JOIN staff r ON r.id = g.recorded_by
                 WHERE g.withdrawn_at IS NULL AND g.until_at > ?3 AND (?2 = 1 OR a.staff_id = ?1) ORDER BY g.from_at, g.id"
            ),
            args![person.id, all, now],
        ),
        sql(
            format!(
                "SELECT {HELD} FROM appointments_in_power a JOIN staff t ON t.id = a.staff_id JOIN units u ON u.id = a.unit_id
                 WHERE a.post IN (SELECT post FROM posts_to_confirm) AND a.since <= ?3 AND (?2 = 1 OR a.staff_id = ?1)
                 ORDER BY a.staff_id <> ?1, t.number, a.id"
            ),
            args![person.id, all, now],
        ),
    ]
}

/// What [`list_sql`] gave.
///
/// # Errors
/// Where a row cannot be read.
pub fn view(rows: &[Rows]) -> Result<Delegations, AppError> {
    let absences = rows.at(0)?.all::<AbsenceRow>()?.into_iter().map(|row| AbsenceView {
        id: row.delegation_id,
        held: row.held.view(),
        from: row.from_at,
        until: row.until_at,
        recorded_by: row.recorder,
        reason: row.why,
    });
    let posts = rows.at(1)?.all::<HeldRow>()?.into_iter();
    Ok(Delegations {
        absences: absences.collect(),
        posts: posts.filter(|row| can_be_away(row.post)).map(HeldRow::view).collect(),
    })
}

/// One of [`list_sql`] as it is sealed.
///
/// # Errors
/// [`AppError::NotFound`] where it is not among them.
pub fn sealed(rows: &[Rows], id: DelegationId) -> Result<SealedAbsence, AppError> {
    #[derive(Deserialize)]
    struct Row {
        #[serde(deserialize_with = "json::column")]
        sealed: SealedAbsence,
    }
    let all = rows.at(0)?.all::<Row>()?.into_iter().map(|row| row.sealed);
    all.into_iter().find(|absence| absence.id == id.0).ok_or(AppError::NotFound)
}

/// Records an absence.
pub fn record<'a>(
    batch: Guarded<'a>,
    keys: &Keys,
    order: &RecordAbsence,
    from: Instant,
    by: StaffId,
    now: Instant,
) -> Guarded<'a> {
    let why = order.reason.trim();
    let seal = DelegationSeal {
        appointment: order.appointment.0,
        from,
        until: order.until,
        recorded_by: by.0,
        recorded_at: now,
        why,
        withdrawn: None,
    };
    batch.must(
        "INSERT INTO delegations (appointment_id, from_at, until_at, recorded_by, recorded_at, why, mac)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        args![order.appointment, from, order.until, by, now, why, seal.mac(keys)],
    )
}

/// Withdraws one, once.
pub fn withdraw<'a>(
    batch: Guarded<'a>,
    keys: &Keys,
    absence: &SealedAbsence,
    by: StaffId,
    now: Instant,
) -> Guarded<'a> {
    batch.must(
        "UPDATE delegations SET withdrawn_by = ?2, withdrawn_at = ?3, mac = ?4 WHERE id = ?1 AND withdrawn_at IS NULL",
        args![absence.id, by, now, absence.withdrawn_mac(keys, by, now)],
    )
}
