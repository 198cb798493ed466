//! `POST /api/messages/{id}/release`: the department's designated sender (指派专人), and nobody else,
//! lets out what is approved and registered.

use domain::access::Post;
use domain::audit::AuditAction;
use domain::delivery::TOO_OLD;
use domain::ids::MessageId;
use domain::message::{MessageState, MessageView};
use domain::problem::Refusal;
use domain::words::Words;
use serde_json::json;

use crate::args;
use crate::delivery::provider;
use crate::delivery::release::{self, Release};
use crate::message::commit::commit_and_show;
use crate::message::rows::{self, Loaded};
use crate::message::transition;
use crate::platform::d1::{Audit, Subject};
use crate::platform::error::AppError;
use crate::platform::http::{Reply, Signed};
use crate::seals::{ReleaseOrderSeal, Seal};
use crate::sequencer;

/// Why this person does not release it now.
fn refuse(call: &Signed, loaded: &Loaded) -> Result<(), AppError> {
    let (row, beside, now) = (&loaded.row, &loaded.beside, call.app.now());
    let rights = |kind: &'static str, words: Words| Err(AppError::from(Refusal::rights(kind, words)));
    let state = |kind: &'static str, words: Words| Err(AppError::conflict(kind, words));
    if !row.needs_order() {
        let words = Words::fixed(
            "只有部门的信息由指派专人发出，这条信息批准后自动发送",
            "Only a department's message is released by its designated sender: this one goes out by itself",
        );
        return state("needs_no_release", words);
    }
    if !call.person.holds(Post::DesignatedSender, Some(row.capacity_unit_id)) {
        let words = Words::fixed(
            "只有本部门指派的专人可以发出这条信息",
            "Only the designated sender of this department can release it",
        );
        return rights("designated_sender_only", words);
    }
    if beside.had_a_hand {
        let words = Words::fixed(
            "您审核、审批或登记过这条信息，须由另一位指派专人发出",
            "You decided or registered this message: another designated sender has to release it",
        );
        return rights("had_a_hand", words);
    }
    if row.state != MessageState::Approved {
        let words = Words::fixed(
            "审批通过并登记后才能发出，请刷新后再看",
            "It is released once it is approved and registered: reload and look again",
        );
        return state("wrong_state", words);
    }
    if beside.missing.is_some() {
        let words = Words::fixed(
            "审批原件还没有在学生处登记，登记后才能发出",
            "The signed original is not in the register yet: it can be released once it is",
        );
        return state("not_registered", words);
    }
    if beside.papers.ordered.is_some() {
        return state("released_already", Words::fixed("已经发出，到时间自动发送", "It is released already"));
    }
    if let Some(held) = loaded.held {
        return state("held", held.title());
    }
    if !row.application.as_ref().is_some_and(|application| application.holds_at(now)) {
        let words = Words::fixed(
            "现在不在书面申请的使用期限内，不能发出",
            "This is outside the period that was applied for: nothing can be released",
        );
        return state("outside_period", words);
    }
    if row.send_at.is_some_and(|at| at.plus(TOO_OLD) < now) {
        let words = Words::fixed(
            "已超过原定时间 24 小时，不能再发出；如仍需告知，请另写一条",
            "It is more than 24 hours after its time: if it still matters, write a new one",
        );
        return state("time_passed", words);
    }
    Ok(())
}

/// Orders the release; what is due goes out in the same batch.
///
/// # Errors
/// Where the caller is not the designated sender, or it cannot go out.
pub async fn release(call: Signed, id: MessageId) -> Result<Reply<MessageView>, AppError> {
    let loaded = rows::load(&call.app, &call.person, id).await?;
    refuse(&call, &loaded)?;
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
