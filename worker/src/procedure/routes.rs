//! The ways in of approval procedures.

use domain::api;
use domain::approval::ProcedureStep;
use domain::approval::procedure::{
    DryRun, Procedures, ProposeProcedure, Rehearsal, Stage, WhichVersion, confirm_bar, only_the_drafter,
    too_many,
};
use domain::audit::AuditAction;
use domain::ids::ProcedureId;
use domain::problem::Refusal;
use domain::words::Words;
use serde_json::json;

use super::store::{self, Proposal, Row};
use crate::platform::d1::{Answers, Audit, Guarded, Subject};
use crate::platform::error::AppError;
use crate::platform::http::{Kept, Reply, Signed};
use crate::platform::json as read_json;
use crate::seals::Seal;

/// `GET /api/procedures`.
///
/// # Errors
/// Where the database fails.
pub async fn list(call: Signed) -> Result<Reply<Procedures>, AppError> {
    let rows = call.app.db.run(vec![store::all_sql()]).await?;
    let all = rows.at(0)?.all()?;
    Reply::json(200, &store::view(all, call.person.id, call.app.keys()?, call.app.now())?)
}

/// `POST /api/procedures`.
///
/// # Errors
/// 422 for steps that no procedure can have, 409 where a version waits already.
pub async fn propose(call: Signed, order: ProposeProcedure) -> Result<Reply<Procedures>, AppError> {
    let (app, person, now) = (&call.app, &call.person, call.app.now());
    let mut refusals = order.check(now);
    if !refusals.is_empty() {
        return Err(AppError::Invalid(refusals));
    }
    let mut reads = vec![store::all_sql()];
    reads.extend(store::world_sql(order.sender, None, now)?);
    let rows = app.db.run(reads).await?;
    let all: Vec<Row> = rows.at(0)?.all()?;
    let world = store::world(rows.get(1..).unwrap_or_default(), call.app.keys()?)?;
    let of_these = || all.iter().filter(|row| row.sender == order.sender && row.scope == order.scope);
    if of_these().any(Row::waits) {
        return Err(AppError::conflict(
            "proposal_waits",
            Words::fixed(
                "这一流程已有一个修改在等第二人确认，请先确认或不采用",
                "A change of this procedure waits for a second person already: let it be confirmed or declined first",
            ),
        ));
    }
    let newest = of_these().filter(|row| row.confirmed_at.is_some()).max_by_key(|row| row.version);
    let same = |row: &Row| {
        read_json::read::<Vec<ProcedureStep>>("a procedure's steps", &row.steps)
            .is_ok_and(|steps| steps == order.steps)
    };
    if newest.is_some_and(same) {
        refusals.push(Refusal::field(
            "nothing_changed",
            "steps",
            Words::fixed(
                "与现在的流程一样，没有可修改的",
                "It is the same as it is now: nothing would change",
            ),
        ));
    }
    let alone = world.lone_drafters.iter().find_map(|(unit, drafter)| {
        let binding = world.units.binding(*unit, order.scope, None);
        only_the_drafter(&order.steps, binding, &world.holders, *drafter)
    });
    refusals.extend(alone);
    if !refusals.is_empty() {
        return Err(AppError::Invalid(refusals));
    }
    let place = store::place(&all, order.sender, order.scope);
    let (id, version) = (place.id, place.version);
    let proposal = Proposal {
        place,
        sender: order.sender,
        scope: order.scope,
        steps: &order.steps,
        in_force_from: order.in_force_from.start_of_day(),
        by: person.id,
        at: now,
    };
    let batch = store::propose(app.db.guarded(), app.keys()?, &proposal)?.audit(&Audit {
        at: now,
        actor: person.id.0,
        action: AuditAction::ProcedureProposed,
        subject: Subject::Row("procedure", id.0),
        detail: &json!({
            "version": version, "sender": order.sender.key(), "scope": order.scope.key(),
            "steps": order.steps.len(), "in_force_from": proposal.in_force_from,
        }),
    });
    answer(&call, batch).await
}

fn waits_no_more() -> AppError {
    AppError::conflict(
        "waits_no_more",
        Words::fixed(
            "这个修改已经确认、不采用，或换了另一版，请刷新后再看",
            "This change has been confirmed, declined or replaced meanwhile: reload and look again",
        ),
    )
}

/// The version that waits, as it was read by who decides on it.
async fn waiting(call: &Signed, id: ProcedureId, order: WhichVersion) -> Result<Row, AppError> {
    let rows = call.app.db.run(vec![store::all_sql()]).await?;
    let all: Vec<Row> = rows.at(0)?.all()?;
    if all.iter().all(|row| row.id != id) {
        return Err(AppError::NotFound);
    }
    let waits = |row: &Row| row.id == id && row.version == order.version && row.waits();
    all.into_iter().find(waits).ok_or_else(waits_no_more)
}

/// `POST /api/procedures/{id}/confirm`.
///
/// # Errors
/// 403 for what the caller proposed, 409 for what does not wait or is not as it was proposed.
pub async fn confirm(
    call: Signed,
    id: ProcedureId,
    order: WhichVersion,
) -> Result<Reply<Procedures>, AppError> {
    let row = waiting(&call, id, order).await?;
    let (app, person, now) = (&call.app, &call.person, call.app.now());
    if let Some(bar) = confirm_bar(person.id, row.set_by) {
        return Err(bar.into());
    }
    let keys = app.keys()?;
    // What was written past the Worker gets no good seal by being confirmed.
    if !row.seal(None).fits(keys, &row.mac) {
        return Err(AppError::conflict(
            "not_ours",
            Words::fixed(
                "这个修改的记录与封印不符，不能确认；请不采用，并告知系统管理员",
                "The record of this change does not fit its seal and cannot be confirmed: decline it, and tell the administrator",
            ),
        ));
    }
    let mac = row.seal(Some((person.id, now))).mac(keys);
    let batch = store::confirm(app.db.guarded(), &row, person.id, now, &mac);
    decided(&call, batch, &row, AuditAction::ProcedureConfirmed).await
}

/// `POST /api/procedures/{id}/decline`.
///
/// # Errors
/// 409 for what does not wait.
pub async fn decline(
    call: Signed,
    id: ProcedureId,
    order: WhichVersion,
) -> Result<Reply<Procedures>, AppError> {
    let row = waiting(&call, id, order).await?;
    let batch = store::decline(call.app.db.guarded(), &row, call.person.id, call.app.now());
    decided(&call, batch, &row, AuditAction::ProcedureDeclined).await
}

async fn decided(
    call: &Signed,
    batch: Guarded<'_>,
    row: &Row,
    action: AuditAction,
) -> Result<Reply<Procedures>, AppError> {
    let batch = batch.audit(&Audit {
        at: call.app.now(),
        actor: call.person.id.0,
        action,
        subject: Subject::Row("procedure", row.id.0),
        detail: &json!({ "version": row.version, "set_by": row.set_by, "in_force_from": row.in_force_from }),
    });
    answer(call, batch).await.map_err(|e| match e {
        AppError::Lost => waits_no_more(),
        other => other,
    })
}

/// Commits, and answers with what holds now.
async fn answer(call: &Signed, batch: Guarded<'_>) -> Result<Reply<Procedures>, AppError> {
    let batch = call.remember(batch, 200, Kept::Resource(api::PROCEDURES.operation.path));
    let at = batch.len();
    let rows = batch.append([store::all_sql()]).commit().await?;
    let all = rows.get(at..).unwrap_or_default().at(0)?.all()?;
    Reply::json(200, &store::view(all, call.person.id, call.app.keys()?, call.app.now())?)
}

/// `POST /api/procedures/dry-run`.
///
/// # Errors
/// 422 for a unit that does not send as such a sender, and for more steps than can be tried.
pub async fn dry_run(call: Signed, order: DryRun) -> Result<Reply<Rehearsal>, AppError> {
    if let Some(refusal) = too_many(&order.steps) {
        return Err(refusal.into());
    }
    let now = call.app.now();
    let rows = call.app.db.run(store::world_sql(order.sender, Some(order.unit), now)?).await?;
    let world = store::world(&rows, call.app.keys()?)?;
    if !world.units.kind(order.unit).is_some_and(|kind| order.sender.sends_from(kind)) {
        return Err(AppError::field(
            "unit",
            "unit",
            Words::fixed("请选择以这种身份发送的单位", "Choose a unit that sends as such a sender"),
        ));
    }
    let name = |unit| world.units.name(unit);
    let stage = Stage {
        binding: world.units.binding(order.unit, order.scope, order.audience),
        holders: &world.holders,
        waiting: &world.waiting,
        drafters: &world.drafters,
        unit_name: &name,
        now,
    };
    Reply::json(200, &stage.rehearse(order.sender, order.scope, &order.steps))
}
