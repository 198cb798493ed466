//! `POST /api/messages/{id}/remind`: the writer reminds whoever a message waits for.

use domain::audit::AuditAction;
use domain::ids::MessageId;
use domain::message::{Command, MessageView};
use serde_json::json;

use super::commit::commit_and_show;
use super::rows;
use crate::args;
use crate::platform::d1::{Audit, Subject};
use crate::platform::error::AppError;
use crate::platform::http::{Reply, Signed};

/// Reminds, once a day: it stands beside the message wherever it waits.
///
/// # Errors
/// 403 for somebody else's message, 409 where nothing waits or it was reminded today.
pub async fn remind(call: Signed, id: MessageId) -> Result<Reply<MessageView>, AppError> {
    let (app, person, now) = (&call.app, &call.person, call.app.now());
    let loaded = rows::load(app, person, id).await?;
    let row = &loaded.row;
    loaded.allows(Command::Remind, person, now)?;
    let batch = app
        .db
        .guarded()
        .must(
            "INSERT INTO reminders (message_id, day, version, at, by) VALUES (?1, ?2, ?3, ?4, ?5)",
            args![id, now.day(), row.version, now, person.id],
        )
        .audit(&Audit {
            at: now,
            actor: person.id.0,
            action: AuditAction::MessageReminded,
            subject: Subject::Row("message", id.0),
            detail: &json!({ "version": row.version }),
        });
    Ok(commit_and_show(&call, batch, id).await?.0)
}
