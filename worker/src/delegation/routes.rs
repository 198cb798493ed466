//! The ways in of recorded absences.

use domain::api;
use domain::audit::AuditAction;
use domain::delegation::{Delegations, RecordAbsence, may_record, not_your_post};
use domain::ids::DelegationId;
use serde_json::json;

use super::store;
use crate::platform::d1::{Audit, Guarded, Subject};
use crate::platform::error::AppError;
use crate::platform::http::{Kept, Reply, Signed};

/// `GET /api/delegations`.
///
/// # Errors
/// Where the database fails.
pub async fn list(call: Signed) -> Result<Reply<Delegations>, AppError> {
    let rows = call.app.db.run(store::list_sql(&call.person, call.app.now())).await?;
    Reply::json(200, &store::view(&rows)?)
}

/// `POST /api/delegations`.
///
/// # Errors
/// 422 where the post is not the caller's to record for, or the times do not fit.
pub async fn record(call: Signed, order: RecordAbsence) -> Result<Reply<Delegations>, AppError> {
    let (app, person, now) = (&call.app, &call.person, call.app.now());
    let rows = app.db.run(store::list_sql(person, now)).await?;
    let known = store::view(&rows)?;
    let post = known.posts.into_iter().find(|p| p.appointment.id == order.appointment);
    let own = post.as_ref().is_none_or(|p| p.staff.id == person.id);
    let mut refusals = order.check(own, now);
    let Some(post) = post else {
        refusals.push(not_your_post());
        return Err(AppError::Invalid(refusals));
    };
    if !refusals.is_empty() {
        return Err(AppError::Invalid(refusals));
    }
    let from = order.begins(now);
    let batch = store::record(app.db.guarded(), app.keys()?, &order, from, person.id, now).audit(&Audit {
        at: now,
        actor: person.id.0,
        action: AuditAction::DelegationRecorded,
        subject: Subject::Row("appointment", order.appointment.0),
        detail: &json!({
            "staff": post.staff.id, "post": post.appointment.post.key(), "unit": post.appointment.unit,
            "from": from, "until": order.until,
        }),
    });
    answer(&call, batch).await
}

/// `POST /api/delegations/{id}/withdraw`.
///
/// # Errors
/// 404 where it is not there, has ended, or is not the caller's to withdraw.
pub async fn withdraw(call: Signed, id: DelegationId) -> Result<Reply<Delegations>, AppError> {
    let (app, person, now) = (&call.app, &call.person, call.app.now());
    let rows = app.db.run(store::list_sql(person, now)).await?;
    let known = store::view(&rows)?;
    let absence = known.absences.into_iter().find(|a| a.id == id).ok_or(AppError::NotFound)?;
    if !may_record(person, absence.held.staff.id) {
        return Err(AppError::NotFound);
    }
    let sealed = store::sealed(&rows, id)?;
    let batch = store::withdraw(app.db.guarded(), app.keys()?, &sealed, person.id, now).audit(&Audit {
        at: now,
        actor: person.id.0,
        action: AuditAction::DelegationWithdrawn,
        subject: Subject::Row("delegation", id.0),
        detail: &json!({
            "appointment": absence.held.appointment.id, "staff": absence.held.staff.id,
            "from": absence.from, "until": absence.until,
        }),
    });
    answer(&call, batch).await
}

/// Commits, and answers with what holds now.
async fn answer(call: &Signed, batch: Guarded<'_>) -> Result<Reply<Delegations>, AppError> {
    let list = api::DELEGATIONS.operation.path;
    let batch = call.remember(batch, 200, Kept::Resource(list));
    let at = batch.len();
    let rows = batch.append(store::list_sql(&call.person, call.app.now())).commit().await?;
    Reply::json(200, &store::view(rows.get(at..).unwrap_or_default())?)
}
