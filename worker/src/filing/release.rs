//! `POST /api/messages/{id}/release`: the department's designated sender (指派专人), and nobody else,
//! lets out what is approved and registered.

use domain::access::Post;
use domain::audit::AuditAction;
use domain::ids::MessageId;
use domain::message::MessageView;
use serde_json::json;

use super::rights::why_not_released;
use crate::args;
use crate::delivery::provider;
use crate::delivery::release::{self, Release};
use crate::message::commit::commit_and_show;
use crate::message::rows;
use crate::message::transition;
use crate::platform::d1::{Audit, Subject};
use crate::platform::error::AppError;
use crate::platform::http::{Reply, Signed};
use crate::seals::{ReleaseOrderSeal, Seal};
use crate::sequencer;

/// Orders the release; what is due goes out in the same batch.
///
/// # Errors
/// Where the caller is not the designated sender, or it cannot go out.
pub async fn release(call: Signed, id: MessageId) -> Result<Reply<MessageView>, AppError> {
    let loaded = rows::load(&call.app, &call.person, id).await?;
    why_not_released(&call.person, &loaded, call.app.now())?;
    let (row, by, now) = (&loaded.row, call.person.id, call.app.now());
    let mut held = call.person.appointments.iter();
    let held = held.find(|a| a.post == Post::DesignatedSender && a.unit == row.capacity_unit_id);
    let (Some(held), Some(digest)) = (held, row.digest.as_deref()) else { return Err(AppError::Forbidden) };
    let seal = ReleaseOrderSeal {
        message: id.0,
        version: row.version,
        staff: by.0,
        appointment: held.id.0,
        digest,
        at: now,
    };
    let subject = Subject::Row("message", id.0);
    let mut batch = call
        .app
        .db
        .guarded()
        .must(
            "INSERT INTO release_orders (message_id, version, staff_id, appointment_id, digest, at, mac) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            args![id, row.version, by, held.id, digest, now, seal.mac(call.app.keys()?)],
        )
        .audit(&Audit {
            at: now,
            actor: by.0,
            action: AuditAction::MessageOrdered,
            subject,
            detail: &json!({ "version": row.version, "appointment": held.id, "digest": digest }),
        });
    // It was approved for a time that passed while its original was on the way.
    let due = loaded.around.window.next_open(row.send_at.unwrap_or(now).max(now));
    if row.due_at != Some(due) {
        batch = transition::put_off(batch, id, due, by, now);
    }
    provider::prepare(&call.app).await;
    let goes_out = due <= now && provider::missing(&call.app).is_none();
    if goes_out {
        let order = Release { id, ordered_by: by, digest, due_at: due };
        batch = release::statements(batch, &call.app, &order, now)?;
    }
    let (reply, loaded) = commit_and_show(&call, batch, id).await?;
    Ok(if goes_out { sequencer::poke_later(reply, &call.app, loaded.open_streams) } else { reply })
}
