//! People who leave the roll, and people who come back to it, by a file or by
//! hand: the one place where `left_at` is written. Each is on record in
//! `departures` before. Who leaves keeps the own rows, for the past; posts
//! end, the account closes, and a number can pass on.

use domain::ids::{GuardianId, ImportId, StaffId, StudentId};
use domain::message::RecipientKind;
use domain::roster::people::LeaveReason;
use domain::time::Instant;
use serde::{Deserialize, Serialize};

use super::import_store::{each_counted, each_piece};
use crate::args;
use crate::platform::d1::{Guarded, Value};
use crate::platform::error::AppError;
use crate::platform::json;

/// People by their ids.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct People {
    /// Staff.
    pub staff: Vec<StaffId>,
    /// Students.
    pub students: Vec<StudentId>,
    /// Guardians' entries.
    pub guardians: Vec<GuardianId>,
}

impl People {
    /// One person.
    pub fn one(kind: RecipientKind, id: i64) -> Self {
        match kind {
            RecipientKind::Staff => Self { staff: vec![StaffId(id)], ..Self::default() },
            RecipientKind::Student => Self { students: vec![StudentId(id)], ..Self::default() },
            RecipientKind::Guardian => Self { guardians: vec![GuardianId(id)], ..Self::default() },
        }
    }

    /// By kind; students before guardians.
    fn by_kind(&self) -> [(RecipientKind, Vec<i64>); 3] {
        [
            (RecipientKind::Staff, self.staff.iter().map(|id| id.0).collect()),
            (RecipientKind::Student, self.students.iter().map(|id| id.0).collect()),
            (RecipientKind::Guardian, self.guardians.iter().map(|id| id.0).collect()),
        ]
    }
}

/// Who says that they leave or come back, and why.
pub struct Departure {
    /// Why.
    pub reason: LeaveReason,
    /// Who says so.
    pub by: StaffId,
    /// When.
    pub now: Instant,
    /// By which file; none by hand.
    pub import: Option<ImportId>,
}

fn left(kind: RecipientKind) -> &'static str {
    match kind {
        RecipientKind::Staff => {
            "UPDATE staff SET left_at = ?2 WHERE id IN (SELECT value FROM json_each(?1)) AND left_at IS NULL"
        }
        RecipientKind::Student => {
            "UPDATE students SET left_at = ?2 WHERE id IN (SELECT value FROM json_each(?1)) AND left_at IS NULL"
        }
        RecipientKind::Guardian => {
            "UPDATE guardians SET left_at = ?2 WHERE id IN (SELECT value FROM json_each(?1)) AND left_at IS NULL"
        }
    }
}

fn back(kind: RecipientKind) -> &'static str {
    match kind {
        RecipientKind::Staff => {
            "UPDATE staff SET left_at = NULL WHERE id IN (SELECT value FROM json_each(?1)) AND left_at IS NOT NULL"
        }
        RecipientKind::Student => {
            "UPDATE students SET left_at = NULL WHERE id IN (SELECT value FROM json_each(?1)) AND left_at IS NOT NULL"
        }
        RecipientKind::Guardian => {
            "UPDATE guardians SET left_at = NULL WHERE id IN (SELECT value FROM json_each(?1)) AND left_at IS NOT NULL"
        }
    }
}

/// These people leave; drafts stay with their authors. Lost where one of them
/// had left already. Posts are ended by `appointment/sealed.rs`, all else by [`end_service`].
///
/// # Errors
/// Where the values cannot be bound.
pub fn leave<'a>(
    mut batch: Guarded<'a>,
    people: &People,
    departure: &Departure,
) -> Result<Guarded<'a>, AppError> {
    let Departure { reason, by, now, import } = departure;
    for (kind, ids) in people.by_kind() {
        batch = each_counted(
            batch,
            &ids,
            "INSERT INTO departures (kind, person, left_at, reason, by, import_id)
             SELECT ?2, value, ?3, ?4, ?5, ?6 FROM json_each(?1)",
            args![kind.key(), *now, reason.key(), *by, *import],
        )?;
        batch = each_counted(batch, &ids, left(kind), args![*now])?;
        // A question whose number it is has no object any more.
        batch = each_piece(
            batch,
            &ids,
            "UPDATE disputes SET settled_at = ?3, settled_by = ?4, outcome = 'left'
             WHERE settled_at IS NULL AND kind = ?2 AND person IN (SELECT value FROM json_each(?1))",
            args![kind.key(), *now, *by],
        )?;
    }
    Ok(batch)
}

/// Sessions and slips end with the service, as the posts have before: lost where one of them is left.
///
/// # Errors
/// Where the values cannot be bound.
pub fn end_service<'a>(
    mut batch: Guarded<'a>,
    staff: &[StaffId],
    now: Instant,
) -> Result<Guarded<'a>, AppError> {
    if !staff.is_empty() {
        // Given meanwhile, or never read.
        batch = batch.require(
            "NOT EXISTS (SELECT 1 FROM json_each(?1) j CROSS JOIN appointments a ON a.staff_id = j.value WHERE a.until IS NULL)",
            args![json::text(&staff)?],
        );
    }
    let at: &[Value] = args![now];
    let none: &[Value] = &[];
    for (text, rest) in [
        ("DELETE FROM sessions WHERE staff_id IN (SELECT value FROM json_each(?1))", none),
        (
            "UPDATE activations SET expires_at = ?2
             WHERE staff_id IN (SELECT value FROM json_each(?1)) AND used_at IS NULL AND expires_at > ?2",
            at,
        ),
    ] {
        batch = each_piece(batch, staff, text, rest)?;
    }
    Ok(batch)
}

/// These people are on the roll again; posts and sessions do not come back by
/// it. Lost where one of them had not left.
///
/// # Errors
/// Where the values cannot be bound.
pub fn come_back<'a>(
    mut batch: Guarded<'a>,
    people: &People,
    by: StaffId,
    now: Instant,
) -> Result<Guarded<'a>, AppError> {
    for (kind, ids) in people.by_kind() {
        batch = each_counted(
            batch,
            &ids,
            "UPDATE departures SET returned_at = ?3, returned_by = ?4
             WHERE returned_at IS NULL AND kind = ?2 AND person IN (SELECT value FROM json_each(?1))",
            args![kind.key(), now, by],
        )?;
        batch = each_counted(batch, &ids, back(kind), &[])?;
    }
    Ok(batch)
}
