//! Which subject teachers may write to the parents of a class: its homeroom
//! teacher says so (G11). Asked at submission and at release, by the triggers as well.

use domain::access::Action;
use domain::audit::AuditAction;
use domain::ids::{AppointmentId, ClassId, StaffId};
use domain::problem::Refusal;
use domain::roster::ListTeachers;
use domain::time::Instant;
use domain::words::Words;
use serde_json::json;

use crate::args;
use crate::platform::d1::{Audit, Guarded, Stmt, Subject, sql};
use crate::platform::error::AppError;
use crate::platform::http::{Kept, Signed};

/// Reads the subject teachers of class ?1, as of ?2, as `ClassTeacher` shows them. Its homeroom teacher writes to it anyway.
pub fn of_class(class: ClassId, now: Instant) -> Stmt {
    sql(
        "SELECT a.id AS appointment, t.name, t.number, COALESCE(a.subject, '') AS subject, a.listed_at
         FROM appointments a JOIN staff t ON t.id = a.staff_id
         WHERE a.class_id = ?1 AND a.post = 'subject_teacher' AND a.until IS NULL AND a.since <= ?2 AND t.left_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM appointments_in_power h WHERE h.class_id = ?1 AND h.post = 'homeroom_teacher' AND h.staff_id = a.staff_id)
         ORDER BY a.subject, t.number",
        args![class, now],
    )
}

/// An order, all of it or nothing.
///
/// # Errors
/// 404 where it is not the caller's class, 403 for oneself, 409 where someone on it no longer teaches the class
/// or stands on the list already.
pub async fn change(call: &Signed, class: ClassId, order: &ListTeachers) -> Result<(), AppError> {
    order.check()?;
    let (app, person, now) = (&call.app, &call.person, call.app.now());
    if !person.reaches(Action::ListTeachers).any(|(held, _)| held.class == Some(class)) {
        return Err(AppError::NotFound);
    }
    if person.appointments.iter().any(|held| order.list.contains(&held.id)) {
        return Err(Refusal::rights(
            "own_listing",
            Words::fixed(
                "不能把自己加入名单：您作为班主任可以直接给本班家长发通知",
                "Nobody puts himself on the list: as homeroom teacher you write to the class anyway",
            ),
        )
        .into());
    }
    let mut batch = app.db.guarded();
    for id in &order.list {
        batch = set(batch, (class, *id), true, (person.id, now));
    }
    for id in &order.strike {
        batch = set(batch, (class, *id), false, (person.id, now));
    }
    let path = format!("/api/classes/{class}");
    match call.remember(batch, 200, Kept::Resource(&path)).commit().await {
        Err(AppError::Lost) => Err(AppError::conflict(
            "teachers_changed",
            Words::fixed(
                "名单已有变化，或其中有人已不教这个班，请刷新后再改",
                "The list changed meanwhile, or one of them no longer teaches the class: reload and try again",
            ),
        )),
        Err(other) => Err(other),
        Ok(_) => Ok(()),
    }
}

/// Puts an appointment on the list of its class, or takes it off; loses where it stands as it should already.
fn set(
    batch: Guarded<'_>,
    (class, id): (ClassId, AppointmentId),
    listed: bool,
    (by, now): (StaffId, Instant),
) -> Guarded<'_> {
    let action = if listed { AuditAction::TeacherListed } else { AuditAction::TeacherStruckOff };
    batch
        .must(
            "UPDATE appointments SET listed_by = ?3, listed_at = ?4
             WHERE id = ?1 AND class_id = ?2 AND post = 'subject_teacher' AND until IS NULL AND (listed_at IS NULL) = (?4 IS NOT NULL)",
            args![id, class, listed.then_some(by), listed.then_some(now)],
        )
        .audit(&Audit {
            at: now,
            actor: by.0,
            action,
            subject: Subject::Row("appointment", id.0),
            detail: &json!({ "class": class }),
        })
}
