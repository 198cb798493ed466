//! The ways in.

use domain::appointment::may_take_off;
use domain::ids::{DisputeId, GuardianId, StaffId, StudentId};
use domain::message::RecipientKind;
use domain::roster::GuardianView;
use domain::roster::people::{
    Departures, Dispute, FamilyLeaving, Leave, MarkNumber, NewNumber, StaffLeaving,
};
use serde_json::json;

use super::leaving::{self, Who};
use super::{disputes, numbers, preview};
use crate::appointment::sealed::{SealedAppointment, held_by};
use crate::args;
use crate::platform::d1::{Answers, sql};
use crate::platform::error::AppError;
use crate::platform::http::{Kept, Reply, Signed};
use crate::roster::leaving::Departure;
use crate::roster::scope::Scope;

/// `GET /api/staff/{id}/leave`.
///
/// # Errors
/// Where nobody of that id is on the staff.
pub async fn staff_leaving(call: Signed, id: StaffId) -> Result<Reply<StaffLeaving>, AppError> {
    Reply::json(200, &preview::staff(&call.app, id).await?)
}

/// `POST /api/staff/{id}/leave`.
///
/// # Errors
/// Where it is oneself, or they have left already.
pub async fn leave_staff(call: Signed, id: StaffId, order: Leave) -> Result<Reply<()>, AppError> {
    order.check(RecipientKind::Staff)?;
    may_take_off(call.person.id, id)?;
    let here = sql("SELECT id FROM staff WHERE id = ?1 AND left_at IS NULL", args![id]);
    let rows = call.app.db.run(vec![here, held_by(id)]).await?;
    rows.at(0)?.first::<serde_json::Value>()?.ok_or(AppError::NotFound)?;
    let posts: Vec<SealedAppointment> = rows.at(1)?.all()?;
    let ids: Vec<_> = posts.iter().map(|post| post.id).collect();
    let detail = json!({ "reason": order.reason, "posts": ids });
    leave(&call, (Who { kind: RecipientKind::Staff, id: id.0 }, &posts), order, &detail).await
}

async fn leave(
    call: &Signed,
    (who, posts): (Who, &[SealedAppointment]),
    order: Leave,
    detail: &serde_json::Value,
) -> Result<Reply<()>, AppError> {
    let (app, now) = (&call.app, call.app.now());
    let departure = Departure { reason: order.reason, by: call.person.id, now, import: None };
    let batch = leaving::leave(app.db.guarded(), app.keys()?, (who, posts), &departure, detail)?;
    call.remember(batch, 204, Kept::Json("")).commit().await?;
    Ok(Reply::empty())
}

async fn come_back(call: &Signed, who: Who) -> Result<Reply<()>, AppError> {
    let (app, now) = (&call.app, call.app.now());
    let batch = leaving::come_back(app.db.guarded(), who, call.person.id, now)?;
    match call.remember(batch, 204, Kept::Json("")).commit().await {
        Err(AppError::Lost) => Err(AppError::NotFound),
        other => other.map(|_| Reply::empty()),
    }
}

/// `POST /api/staff/{id}/return`.
///
/// # Errors
/// Where nobody of that id has left.
pub async fn return_staff(call: Signed, id: StaffId) -> Result<Reply<()>, AppError> {
    come_back(&call, Who { kind: RecipientKind::Staff, id: id.0 }).await
}

/// `PUT /api/staff/{id}/phone`.
///
/// # Errors
/// Where nobody of that id is on the staff, or that is no number.
pub async fn change_staff_number(call: Signed, id: StaffId, order: NewNumber) -> Result<Reply<()>, AppError> {
    numbers::change_staff(&call, id, &order.phone).await
}

/// `GET /api/staff/departures`.
///
/// # Errors
/// Where the database fails.
pub async fn departures(call: Signed) -> Result<Reply<Departures>, AppError> {
    Reply::json(200, &preview::left_behind(&call.app).await?)
}

/// `GET /api/students/{id}/leave`.
///
/// # Errors
/// Where the student is not within reach.
pub async fn student_leaving(call: Signed, id: StudentId) -> Result<Reply<FamilyLeaving>, AppError> {
    Reply::json(200, &preview::student(&call.app, &call.person, id).await?)
}

/// `POST /api/students/{id}/leave`.
///
/// # Errors
/// Where the student is not within reach.
pub async fn leave_student(call: Signed, id: StudentId, order: Leave) -> Result<Reply<()>, AppError> {
    order.check(RecipientKind::Student)?;
    preview::student(&call.app, &call.person, id).await?;
    let detail = json!({ "reason": order.reason });
    leave(&call, (Who { kind: RecipientKind::Student, id: id.0 }, &[]), order, &detail).await
}

/// `POST /api/students/{id}/return`.
///
/// # Errors
/// Where the student is not within reach, or has not left.
pub async fn return_student(call: Signed, id: StudentId) -> Result<Reply<()>, AppError> {
    let class = "SELECT class_id FROM students WHERE id = ?1";
    within(&call, class, id.0).await?;
    come_back(&call, Who { kind: RecipientKind::Student, id: id.0 }).await
}

/// `GET /api/guardians/{id}/leave`.
///
/// # Errors
/// Where the guardian is not within reach.
pub async fn guardian_leaving(call: Signed, id: GuardianId) -> Result<Reply<FamilyLeaving>, AppError> {
    Reply::json(200, &preview::guardian(&call.app, &call.person, id).await?)
}

/// `POST /api/guardians/{id}/leave`.
///
/// # Errors
/// Where the guardian is not within reach.
pub async fn leave_guardian(call: Signed, id: GuardianId, order: Leave) -> Result<Reply<()>, AppError> {
    order.check(RecipientKind::Guardian)?;
    preview::guardian(&call.app, &call.person, id).await?;
    let detail = json!({ "reason": order.reason });
    leave(&call, (Who { kind: RecipientKind::Guardian, id: id.0 }, &[]), order, &detail).await
}

/// `POST /api/guardians/{id}/return`.
///
/// # Errors
/// Where the guardian is not within reach, or has not left.
pub async fn return_guardian(call: Signed, id: GuardianId) -> Result<Reply<()>, AppError> {
    let class = "SELECT s.class_id FROM guardians g JOIN students s ON s.id = g.student_id WHERE g.id = ?1";
    within(&call, class, id.0).await?;
    come_back(&call, Who { kind: RecipientKind::Guardian, id: id.0 }).await
}

/// Refuses where the class that `class` gives (SQL of ours over ?1) is not the caller's to edit.
async fn within(call: &Signed, class: &str, id: i64) -> Result<(), AppError> {
    let [school, units, classes] = Scope::of(&call.person, &[domain::access::Action::EditRoster]).args();
    let held = Scope::holds("c", 2);
    let found: Option<serde_json::Value> = call
        .app
        .db
        .first(
            format!("SELECT c.id FROM classes c WHERE c.id = ({class}) AND c.archived_at IS NULL AND {held}"),
            &[args![id], [school, units, classes].as_slice()].concat(),
        )
        .await?;
    found.map(|_| ()).ok_or(AppError::NotFound)
}

/// `PUT /api/guardians/{id}/phone`.
///
/// # Errors
/// Where the guardian is not within reach, or that is no number.
pub async fn change_guardian_number(
    call: Signed,
    id: GuardianId,
    order: NewNumber,
) -> Result<Reply<GuardianView>, AppError> {
    numbers::change_guardian(&call, id, &order.phone).await
}

/// `POST /api/guardians/{id}/phone`.
///
/// # Errors
/// Where the guardian is not within reach, or nobody can say that by hand.
pub async fn mark_number(
    call: Signed,
    id: GuardianId,
    order: MarkNumber,
) -> Result<Reply<GuardianView>, AppError> {
    numbers::mark(&call, id, order).await
}

/// `GET /api/disputes`.
///
/// # Errors
/// Where the database fails.
pub async fn list_disputes(call: Signed) -> Result<Reply<Vec<Dispute>>, AppError> {
    Reply::json(200, &disputes::open(&call.app, &call.person).await?)
}

/// `POST /api/disputes/{id}/keep`.
///
/// # Errors
/// Where it is not open, or not within reach.
pub async fn keep_number(call: Signed, id: DisputeId) -> Result<Reply<()>, AppError> {
    disputes::keep(&call, id).await
}
