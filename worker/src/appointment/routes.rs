//! The ways in of appointments that wait.

use std::collections::HashSet;

use domain::access::Post;
use domain::api;
use domain::appointment::{Confirm, Decline, WaitingAppointments, custodian_bar};
use domain::audit::AuditAction;
use domain::ids::AppointmentId;
use domain::words::Words;

use super::sealed::{self, SealedAppointment};
use super::store::{self, WaitingRow};
use crate::platform::d1::Answers;
use crate::platform::error::AppError;
use crate::platform::http::{Kept, Reply, Signed};
use crate::seals::Seal;

/// `GET /api/appointments/waiting`.
///
/// # Errors
/// Where the database fails.
pub async fn waiting(call: Signed) -> Result<Reply<WaitingAppointments>, AppError> {
    let rows = call.app.db.run(store::list_sql(call.app.now())).await?;
    Reply::json(200, &store::view(&rows, &call.person)?)
}

fn waits_no_more() -> AppError {
    AppError::conflict(
        "waits_no_more",
        Words::fixed(
            "其中有任命已经确认、不予确认或结束，请刷新后再看",
            "Some of these have been confirmed, declined or ended meanwhile: reload and look again",
        ),
    )
}

/// `POST /api/appointments/confirmations`: all of them, or none.
///
/// # Errors
/// 403 for what the caller gave, is to hold, or opened the account for, 409 for what does not wait, 422 where it names nothing.
pub async fn confirm(call: Signed, order: Confirm) -> Result<Reply<WaitingAppointments>, AppError> {
    order.check()?;
    let wanted: HashSet<AppointmentId> = order.appointments.iter().copied().collect();
    let (app, person) = (&call.app, &call.person);
    let rows = app.db.run(vec![store::waiting_sql(), sealed::custodians()]).await?;
    let waiting: Vec<WaitingRow> = rows.at(0)?.all()?;
    let custodians: Vec<SealedAppointment> = rows.at(1)?.all()?;
    let chosen: Vec<&WaitingRow> = waiting.iter().filter(|row| wanted.contains(&row.id)).collect();
    if chosen.len() < wanted.len() {
        return Err(waits_no_more());
    }
    let (keys, now) = (app.keys()?, app.now());
    let mut batch = app.db.guarded();
    for row in chosen {
        if let Some(bar) = row.bar(person.id) {
            return Err(bar.refusal().into());
        }
        // What was written past the Worker gets no good seal by being confirmed.
        if !row.seal(None).fits(keys, &row.mac) {
            return Err(AppError::conflict(
                "not_ours",
                Words::fixed(
                    "有一项任命的记录与封印不符，不能确认；请不予确认，并告知系统管理员",
                    "The record of one of these does not fit its seal and cannot be confirmed: decline it, and tell the administrator",
                ),
            ));
        }
        // A custodian takes over from the one before: a unit has one.
        if row.post == Post::Custodian {
            let former: Vec<_> = custodians.iter().filter(|held| held.unit_id == row.unit_id.0).collect();
            if let Some(bar) = custodian_bar(now, row.since, former.iter().map(|held| held.since).max()) {
                return Err(bar.into());
            }
            batch = sealed::end(batch, keys, &former, now)?;
        }
        let mac = row.seal(Some((person.id, now))).mac(keys);
        batch = store::confirm(batch, row, person.id, now, &mac).audit(&row.audit(
            AuditAction::AppointmentConfirmed,
            person.id,
            now,
            &row.facts(),
        ));
    }
    answer(&call, batch).await
}

/// `POST /api/appointments/{id}/decline`: it ends.
///
/// # Errors
/// 404 where it does not wait, 422 without a reason.
pub async fn decline(
    call: Signed,
    id: AppointmentId,
    order: Decline,
) -> Result<Reply<WaitingAppointments>, AppError> {
    order.check()?;
    let (app, person, now) = (&call.app, &call.person, call.app.now());
    let rows = app.db.run(vec![store::waiting_sql()]).await?;
    let waiting: Vec<WaitingRow> = rows.at(0)?.all()?;
    let row = waiting.iter().find(|row| row.id == id).ok_or(AppError::NotFound)?;
    let all: Vec<SealedAppointment> = rows.at(0)?.all()?;
    let sealed = all.iter().find(|sealed| sealed.id == id.0).ok_or(AppError::NotFound)?;
    let said = (person.id, order.reason.trim());
    let batch = sealed::decline(app.db.guarded(), app.keys()?, sealed, said, now).audit(&row.audit(
        AuditAction::AppointmentDeclined,
        person.id,
        now,
        &row.facts(),
    ));
    answer(&call, batch).await
}

/// Commits, and answers with what still waits.
async fn answer(
    call: &Signed,
    batch: crate::platform::d1::Guarded<'_>,
) -> Result<Reply<WaitingAppointments>, AppError> {
    let list = api::WAITING_APPOINTMENTS.operation.path;
    let batch = call.remember(batch, 200, Kept::Resource(list));
    let at = batch.len();
    let rows = batch.append(store::list_sql(call.app.now())).commit().await.map_err(|e| match e {
        AppError::Lost => waits_no_more(),
        other => other,
    })?;
    Reply::json(200, &store::view(rows.get(at..).unwrap_or_default(), &call.person)?)
}
