//! Taking over a draft that somebody who left has written. An author is never
//! changed: the draft becomes one of the new author's, and the old one is
//! withdrawn in the same batch. The log tells from whom it came.

use std::collections::BTreeMap;

use domain::audit::AuditAction;
use domain::filing::Application;
use domain::ids::{MessageId, StaffId};
use domain::message::{Audience, Category, Created, Draft, MessageState};
use domain::time::Instant;
use serde::Deserialize;
use serde_json::json;

use super::audience::Surroundings;
use super::routes::{check_saving, refuse};
use super::rows::APPLICATION;
use super::{transition, view};
use crate::args;
use crate::platform::d1::{Answers, Audit, Subject};
use crate::platform::error::AppError;
use crate::platform::http::{Kept, Reply, Signed};
use crate::platform::json as columns;

#[derive(Deserialize)]
struct LeftRow {
    author_id: StaffId,
    state: MessageState,
    #[serde(deserialize_with = "columns::column")]
    audience: Audience,
    category: Option<Category>,
    title: String,
    body: String,
    send_at: Option<Instant>,
    #[serde(deserialize_with = "columns::column")]
    reasons: BTreeMap<String, String>,
    #[serde(deserialize_with = "columns::optional_column")]
    application: Option<Application>,
}

/// `POST /api/messages/{id}/take-over`.
///
/// # Errors
/// 404 where it is no draft of somebody who has left, 422 where the caller may not write to its audience.
pub async fn take_over(call: Signed, id: MessageId) -> Result<Reply<Created>, AppError> {
    let (app, person, now) = (&call.app, &call.person, call.app.now());
    let left: Option<LeftRow> = app
        .db
        .first(
            format!(
                "SELECT m.author_id, m.state, m.audience, m.category, m.title, m.body, m.send_at, m.reasons, {APPLICATION} AS application
                 FROM messages m JOIN staff t ON t.id = m.author_id
                 WHERE m.id = ?1 AND m.state IN ('draft', 'returned') AND t.left_at IS NOT NULL"
            ),
            args![id],
        )
        .await?;
    let LeftRow { author_id, state, audience, category, title, body, send_at, reasons, application } =
        left.ok_or(AppError::NotFound)?;
    let draft = Draft { audience, appointment: None, category, title, body, send_at, reasons, application };
    let around = Surroundings::of(app, &call.person, &draft.audience).await?;
    refuse(check_saving(&call, &draft, &around, |open| open == id))?;
    let drafted = view::columns(person, &draft, &around)?;
    // Lost where the author came back and changed it, or somebody else took it.
    let batch = transition::step(app.db.guarded(), id, state, MessageState::Withdrawn, now)
        .require("(SELECT left_at IS NOT NULL FROM staff WHERE id = ?1)", args![author_id]);
    let batch = transition::insert(batch, person.id, &draft, &drafted, now)?
        .audit(&Audit {
            at: now,
            actor: person.id.0,
            action: AuditAction::MessageTakenOver,
            subject: Subject::Row("message", id.0),
            detail: &json!({ "author": author_id, "was": state.key() }),
        })
        .audit(&Audit {
            at: now,
            actor: person.id.0,
            action: AuditAction::MessageDrafted,
            subject: Subject::NewestMessage,
            detail: &json!({ "from": id, "author": author_id }),
        });
    let batch = call.remember(batch, 201, Kept::NewestMessage);
    let at = batch.len();
    let newest = "SELECT id, changed_at FROM messages WHERE id = (SELECT MAX(id) FROM messages)";
    let rows = batch.then(newest, &[]).commit().await?;
    Reply::json(201, &rows.at(at)?.one::<Created>()?)
}
