//! `POST /api/messages/{id}/decisions`: approve or return.

use domain::approval::{Decide, Then};
use domain::ids::MessageId;
use domain::message::MessageState;
use domain::problem::Refusal;
use serde_json::json;

use crate::args;
use crate::bindings::{Audit, Subject};
use crate::delivery;
use crate::error::AppError;
use crate::message::{routes::commit_and_show, store};
use crate::router::{Answer, Call};

/// Which status a refusal of the chain has.
fn refused(refusal: Refusal) -> AppError {
    match refusal.kind.as_ref() {
        "not_your_step" | "own_draft" | "decided_before" => AppError::Refused(403, refusal),
        "changed_since" | "nothing_waits" => AppError::Refused(409, refusal),
        _ => AppError::Invalid(vec![refusal]),
    }
}

/// Decides the step that waits. The last approval of a message that is due
/// releases it in the same batch.
///
/// # Errors
/// Where the caller may not decide, has read another version, or was not the
/// first.
pub async fn decide(call: Call) -> Result<Answer, AppError> {
    let order: Decide = call.json()?;
    let id: MessageId = call.param("id")?;
    let person = call.person()?;
    let loaded = store::load(&call.app, person, id, false).await?;
    if loaded.state()? != MessageState::Submitted {
        let nothing = domain::words::Words::fixed(
            "这条信息没有待办的审批步骤，请刷新后再看",
            "No step of this message waits for a decision: reload and look again",
        );
        return Err(AppError::conflict("nothing_waits", nothing));
    }
    let chain = loaded.chain()?;
    let outcome = chain.decide(person, &order).map_err(refused)?;
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
        )?
        .audit(&Audit {
            at: now,
            actor: person.id.0,
            action: "message.decided",
            subject: Subject::Row("message", id.0),
            detail: &json!({
                "version": row.version, "position": outcome.position, "post": outcome.post.key(),
                "verdict": order.verdict.key(), "digest": order.digest,
            }),
        })?;
    let mut released = false;
    match outcome.then {
        Then::Waits => {}
        Then::Returned => {
            batch = batch.must(
                "UPDATE messages SET state = 'returned', changed_at = ?1 WHERE id = ?2 AND state = 'submitted' AND digest = ?3",
                args![now, id, order.digest.as_str()],
            )?;
        }
        Then::Approved => {
            let due = loaded.around.window.next_open(row.send_at.unwrap_or(now).max(now));
            batch = batch.must(
                "UPDATE messages SET state = 'approved', approved_at = ?1, changed_at = ?1, due_at = ?2
                 WHERE id = ?3 AND state = 'submitted' AND digest = ?4",
                args![now, due, id, order.digest.as_str()],
            )?;
            released = due <= now;
            if released {
                batch = delivery::release::statements(batch, id, now)?;
            }
        }
    }
    let (answer, loaded) = commit_and_show(&call, batch, id).await?;
    Ok(if released { delivery::poke_later(answer, &call.app, loaded.streams()) } else { answer })
}
