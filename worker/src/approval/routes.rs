//! `POST /api/messages/{id}/decisions`: approve or return.

use domain::approval::{Decide, Then};
use domain::audit::AuditAction;
use domain::ids::MessageId;
use domain::message::{MessageState, MessageView};
use serde_json::json;

use crate::args;
use crate::delivery::release::{self, Release};
use crate::message::commit::commit_and_show;
use crate::message::{rows, transition};
use crate::platform::d1::{Audit, Subject};
use crate::platform::error::AppError;
use crate::platform::http::{Reply, Signed};
use crate::sequencer;

/// Decides the step that waits. The last approval of a message that is due
/// releases it in the same batch.
///
/// # Errors
/// Where the caller may not decide, has read another version, or was not the
/// first.
pub async fn decide(call: Signed, id: MessageId, order: Decide) -> Result<Reply<MessageView>, AppError> {
    let person = &call.person;
    let loaded = rows::load(&call.app, person, id).await?;
    if loaded.row.state != MessageState::Submitted {
        let nothing = domain::words::Words::fixed(
            "这条信息没有待办的审批步骤，请刷新后再看",
            "No step of this message waits for a decision: reload and look again",
        );
        return Err(AppError::conflict("nothing_waits", nothing));
    }
    let chain = loaded.chain();
    let outcome = chain.decide(person, &order)?;
    let row = &loaded.row;
    let now = call.app.now();
    let mut batch = call
        .app
        .db
        .guarded()
        .must(
            "INSERT INTO decisions (message_id, version, position, staff_id, post, verdict, digest, reason, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            args![
                id,
                row.version,
                outcome.position,
                person.id,
                outcome.post.key(),
                order.verdict.key(),
                order.digest.as_str(),
                order.reason.trim(),
                now
            ],
        )
        .audit(&Audit {
            at: now,
            actor: person.id.0,
            action: AuditAction::MessageDecided,
            subject: Subject::Row("message", id.0),
            detail: &json!({
                "version": row.version, "position": outcome.position, "post": outcome.post.key(),
                "verdict": order.verdict.key(), "digest": order.digest,
            }),
        });
    let mut released = false;
    match outcome.then {
        Then::Waits => {}
        Then::Returned => {
            batch = transition::returned(batch, id, &order.digest, now);
        }
        Then::Approved => {
            let due = loaded.around.window.next_open(row.send_at.unwrap_or(now).max(now));
            batch = transition::approved(batch, id, &order.digest, due, now);
            released = due <= now;
            if released {
                let order = Release { id, author: row.author_id, digest: &order.digest, due_at: due };
                batch = release::statements(batch, &call.app, &order, now)?;
            }
        }
    }
    let (reply, loaded) = commit_and_show(&call, batch, id).await?;
    Ok(if released { sequencer::poke_later(reply, &call.app, loaded.open_streams) } else { reply })
}
