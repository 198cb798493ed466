//! The ways in of shared templates.

use domain::api;
use domain::audit::AuditAction;
use domain::ids::TemplateId;
use domain::template::{NewTemplate, TEMPLATES_MAX, TemplateView};
use domain::words;
use serde_json::json;

use super::store;
use crate::platform::d1::{Answers, Audit, Subject};
use crate::platform::error::AppError;
use crate::platform::http::{Kept, Reply, Signed};

/// `GET /api/templates`.
///
/// # Errors
/// Where the database fails.
pub async fn list(call: Signed) -> Result<Reply<Vec<TemplateView>>, AppError> {
    let rows = call.app.db.run(vec![store::list_sql(&call.person)?]).await?;
    Reply::json(200, &store::views(&call.person, rows.at(0)?)?)
}

/// `POST /api/templates`.
///
/// # Errors
/// 422 where the unit is not the caller's, or something is empty or too long; 409 where the unit has too many.
pub async fn save(call: Signed, order: NewTemplate) -> Result<Reply<Vec<TemplateView>>, AppError> {
    let (app, person, now) = (&call.app, &call.person, call.app.now());
    let refusals = order.check(person);
    if !refusals.is_empty() {
        return Err(AppError::Invalid(refusals));
    }
    if store::count(app, order.unit).await? >= TEMPLATES_MAX {
        return Err(AppError::conflict(
            "too_many_templates",
            words!(
                "这个单位的模板已有 {TEMPLATES_MAX} 个，请先移除不用的",
                "This unit has {TEMPLATES_MAX} templates: take away what is not used any more"
            ),
        ));
    }
    let batch = store::save(app.db.guarded(), &order, person.id, now).audit(&Audit {
        at: now,
        actor: person.id.0,
        action: AuditAction::TemplateSaved,
        subject: Subject::Row("unit", order.unit.0),
        detail: &json!({}),
    });
    let batch = call.remember(batch, 200, Kept::Resource(api::TEMPLATES.operation.path));
    let at = batch.len();
    let rows = batch.append([store::list_sql(person)?]).commit().await?;
    Reply::json(200, &store::views(person, rows.at(at)?)?)
}

/// `DELETE /api/templates/{id}`.
///
/// # Errors
/// 404 where it is not there, or not the caller's to take away.
pub async fn remove(call: Signed, id: TemplateId) -> Result<Reply<()>, AppError> {
    let (app, person, now) = (&call.app, &call.person, call.app.now());
    let rows = app.db.run(vec![store::list_sql(person)?]).await?;
    let known = store::views(person, rows.at(0)?)?;
    let template = known.into_iter().find(|t| t.id == id && t.may_remove).ok_or(AppError::NotFound)?;
    store::remove(app.db.guarded(), id, person.id, now)
        .audit(&Audit {
            at: now,
            actor: person.id.0,
            action: AuditAction::TemplateRemoved,
            subject: Subject::Row("unit", template.unit.0),
            detail: &json!({ "template": id }),
        })
        .commit()
        .await?;
    Ok(Reply::empty())
}
