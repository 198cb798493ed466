//! The ways in of what is handed in to the office.

use domain::access::Action;
use domain::api;
use domain::audit::AuditAction;
use domain::ids::{MessageId, RequestId};
use domain::office_request::{
    AnswerChange, DeclineRequest, HandIn, Requests, TakeUp, checked_reason, not_agreed,
};
use domain::words::Words;
use serde_json::{Value, json};

use super::store;
use crate::platform::app::App;
use crate::platform::d1::{Answers, Audit, Guarded, Subject};
use crate::platform::error::AppError;
use crate::platform::http::{Kept, Reply, Signed};

/// `GET /api/requests`.
///
/// # Errors
/// Where the database fails.
pub async fn list(call: Signed) -> Result<Reply<Requests>, AppError> {
    let rows = call.app.db.run(vec![store::list_sql(&call.person)]).await?;
    Reply::json(200, &store::view(&rows, &call.person)?)
}

/// `POST /api/requests`.
///
/// # Errors
/// 422 by field.
pub async fn hand_in(call: Signed, order: HandIn) -> Result<Reply<Requests>, AppError> {
    let (app, person, now) = (&call.app, &call.person, call.app.now());
    let refusals = order.check(now);
    if !refusals.is_empty() {
        return Err(AppError::Invalid(refusals));
    }
    let (held, _) = person.reaches(Action::HandIn).next().ok_or(AppError::Forbidden)?;
    let batch = store::hand_in(app.db.guarded(), &order, (person.id, held.id), now);
    let detail = json!({ "post": held.post.key(), "unit": held.unit });
    let entry = Audit {
        at: now,
        actor: person.id.0,
        action: AuditAction::RequestHandedIn,
        subject: Subject::Row("staff", person.id.0),
        detail: &detail,
    };
    finish(&call, batch.audit(&entry)).await
}

/// `POST /api/requests/{id}/take`.
///
/// # Errors
/// 404 where it is not there, 409 where it is not open any more or the message is no draft of the caller's.
pub async fn take_up(call: Signed, id: RequestId, order: TakeUp) -> Result<Reply<Requests>, AppError> {
    known(&call, id).await?;
    let batch = store::take_up(call.app.db.guarded(), id, order.message, call.person.id, call.app.now());
    let detail = json!({ "message": order.message });
    finish(&call, logged(&call, batch, id, AuditAction::RequestTakenUp, &detail)).await
}

/// `POST /api/requests/{id}/decline`.
///
/// # Errors
/// 404 where it is not there, 409 where it is not open any more, 422 without a reason.
pub async fn decline(
    call: Signed,
    id: RequestId,
    order: DeclineRequest,
) -> Result<Reply<Requests>, AppError> {
    let why = checked_reason(&order.reason)?;
    known(&call, id).await?;
    let batch = store::decline(call.app.db.guarded(), id, call.person.id, why, call.app.now());
    finish(&call, logged(&call, batch, id, AuditAction::RequestDeclined, &json!({}))).await
}

/// `POST /api/requests/{id}/withdraw`.
///
/// # Errors
/// 404 where it is not there, 409 where it is not the caller's or not open any more.
pub async fn withdraw(call: Signed, id: RequestId) -> Result<Reply<Requests>, AppError> {
    known(&call, id).await?;
    let batch = store::withdraw(call.app.db.guarded(), id, call.person.id, call.app.now());
    finish(&call, logged(&call, batch, id, AuditAction::RequestWithdrawn, &json!({}))).await
}

/// `POST /api/requests/{id}/ask`.
///
/// # Errors
/// 404 where it is not there, 409 where there is nothing to ask about.
pub async fn ask(call: Signed, id: RequestId) -> Result<Reply<Requests>, AppError> {
    known(&call, id).await?;
    let batch = store::ask(call.app.db.guarded(), id, call.person.id, call.app.now());
    finish(&call, logged(&call, batch, id, AuditAction::RequestAsked, &json!({}))).await
}

/// `POST /api/requests/{id}/answer`.
///
/// # Errors
/// 404 where it is not there, 409 where that was not asked any more, 422 where a refusal has no reason.
pub async fn answer(call: Signed, id: RequestId, order: AnswerChange) -> Result<Reply<Requests>, AppError> {
    let why_not = if order.agree { None } else { Some(checked_reason(&order.reason)?) };
    known(&call, id).await?;
    let batch = store::answer(call.app.db.guarded(), id, call.person.id, order.asked_at, why_not);
    let detail = json!({ "agree": order.agree });
    finish(&call, logged(&call, batch, id, AuditAction::RequestAnswered, &detail)).await
}

/// Refuses what changed the words of who asked for it without asking.
///
/// # Errors
/// Where the words differ.
pub async fn check_words(app: &App, message: MessageId) -> Result<(), AppError> {
    let rows = app.db.run(vec![store::differs_sql(message)]).await?;
    match rows.at(0)?.first::<Value>()? {
        Some(_) => Err(not_agreed().into()),
        None => Ok(()),
    }
}

/// Refuses what does not concern the caller as if it were not there.
async fn known(call: &Signed, id: RequestId) -> Result<(), AppError> {
    let rows = call.app.db.run(vec![store::one_sql(&call.person, id)]).await?;
    let found = store::view(&rows, &call.person)?;
    if found.requests.is_empty() { Err(AppError::NotFound) } else { Ok(()) }
}

fn logged<'a>(
    call: &Signed,
    batch: Guarded<'a>,
    id: RequestId,
    action: AuditAction,
    detail: &Value,
) -> Guarded<'a> {
    let subject = Subject::Row("request", id.0);
    batch.audit(&Audit { at: call.app.now(), actor: call.person.id.0, action, subject, detail })
}

/// Commits, and answers with the list.
async fn finish(call: &Signed, batch: Guarded<'_>) -> Result<Reply<Requests>, AppError> {
    let batch = call.remember(batch, 200, Kept::Resource(api::REQUESTS.operation.path));
    let at = batch.len();
    let rows = batch.append(vec![store::list_sql(&call.person)]).commit().await.map_err(|e| match e {
        AppError::Lost => AppError::conflict(
            "request_moved_on",
            Words::fixed(
                "这份来件已有变化，请刷新后再看",
                "This request has moved on meanwhile: reload and look again",
            ),
        ),
        other => other,
    })?;
    Reply::json(200, &store::view(rows.get(at..).unwrap_or_default(), &call.person)?)
}
