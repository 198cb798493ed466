//! Leaving the roll and coming back by hand: one person, and one batch. What it
//! writes stands in `roster/leaving.rs`, since a file takes people off as well.

use domain::audit::AuditAction;
use domain::ids::StaffId;
use domain::message::RecipientKind;
use domain::time::Instant;
use serde_json::json;

use crate::appointment::sealed::{SealedAppointment, end};
use crate::platform::crypto::Keys;
use crate::platform::d1::{Audit, Guarded, Subject};
use crate::platform::error::AppError;
use crate::roster::leaving::{self as roll, Departure, People};

/// Who leaves or comes back.
#[derive(Clone, Copy)]
pub struct Who {
    /// Member of staff, student or guardian.
    pub kind: RecipientKind,
    /// Their id.
    pub id: i64,
}

impl Who {
    fn subject(self) -> Subject {
        Subject::Row(self.kind.key(), self.id)
    }

    fn people(self) -> People {
        People::one(self.kind, self.id)
    }
}

/// The roll has changed: no preview of a file and no list that was read before holds any more.
pub fn roll_changed(batch: Guarded<'_>) -> Guarded<'_> {
    batch.must("UPDATE school SET roll_version = roll_version + 1 WHERE id = 1", &[])
}

/// Takes a person off the roll, with the posts that are read. Loses where they have left already.
///
/// # Errors
/// Where the values cannot be bound.
pub fn leave<'a>(
    batch: Guarded<'a>,
    keys: &Keys,
    (who, posts): (Who, &[SealedAppointment]),
    departure: &Departure,
    detail: &serde_json::Value,
) -> Result<Guarded<'a>, AppError> {
    let people = who.people();
    let batch = roll::leave(roll_changed(batch), &people, departure)?;
    let batch = end(batch, keys, &posts.iter().collect::<Vec<_>>(), departure.now)?;
    let batch = roll::end_service(batch, &people.staff, departure.now)?;
    let action = match who.kind {
        RecipientKind::Staff => AuditAction::StaffLeft,
        RecipientKind::Student => AuditAction::StudentLeft,
        RecipientKind::Guardian => AuditAction::GuardianLeft,
    };
    let subject = who.subject();
    Ok(batch.audit(&Audit { at: departure.now, actor: departure.by.0, action, subject, detail }))
}

/// Puts a person back on the roll, where leaving was a mistake. Posts are not given back: who holds
/// one is for those to say who appoint.
///
/// # Errors
/// Where the values cannot be bound.
pub fn come_back(batch: Guarded<'_>, who: Who, by: StaffId, now: Instant) -> Result<Guarded<'_>, AppError> {
    let action = match who.kind {
        RecipientKind::Staff => AuditAction::StaffReturned,
        RecipientKind::Student => AuditAction::StudentReturned,
        RecipientKind::Guardian => AuditAction::GuardianReturned,
    };
    let batch = roll::come_back(roll_changed(batch), &who.people(), by, now)?;
    Ok(batch.audit(&Audit { at: now, actor: by.0, action, subject: who.subject(), detail: &json!({}) }))
}
