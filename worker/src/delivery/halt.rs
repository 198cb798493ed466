//! Stopping a message under way, and what was set apart: a batch that cannot
//! be worked on holds nobody up, is shown, and goes on once it can be, by
//! itself or when a person puts it again.

use domain::audit::AuditAction;
use domain::delivery::{ApartReason, Reason};
use domain::ids::MessageId;
use domain::message::{CanonicalMessage, Command, MessageView, StopMessage};
use domain::sms::Template;
use domain::time::Instant;
use serde::Deserialize;
use serde_json::json;

use super::{BatchKey, totals};
use crate::args;
use crate::message::commit::commit_and_show;
use crate::message::rows;
use crate::message::transition;
use crate::platform::app::App;
use crate::platform::d1::{Audit, Stmt, Subject, audit_if, sql};
use crate::platform::error::AppError;
use crate::platform::http::{Reply, Signed};
use crate::platform::json;
use crate::sequencer;

/// Most batches set apart that one run of cron looks at.
const APART_MAX: u32 = 50;

/// What nobody has in hand.
const WAITS: &str = "state IN ('ready', 'numbered', 'enqueued')";

/// Ends what nobody has in hand of a stopped message (?1), at ?2: those who would have got it are
/// skipped, and its places settle where nothing of it is under way, so that its classes go on.
fn end_what_waits(id: MessageId, now: Instant) -> Result<[Stmt; 4], AppError> {
    Ok([
        sql(
            format!(
                "UPDATE deliveries SET state = 'skipped', reason = ?3, moved_at = ?2
                 WHERE message_id = ?1 AND state = 'queued' AND EXISTS (
                   SELECT 1 FROM batches b WHERE b.message_id = ?1 AND b.round = deliveries.round AND b.no = deliveries.batch_no AND b.{WAITS})"
            ),
            args![id, now, Reason::Stopped.key()],
        ),
        totals::recount_batches(
            format!("SELECT message_id, round, no FROM batches WHERE message_id = ?1 AND {WAITS}"),
            id.into(),
        ),
        sql(
            format!("UPDATE batches SET state = 'settled', check_at = NULL WHERE message_id = ?1 AND {WAITS}"),
            args![id],
        ),
        sql(
            "UPDATE message_streams SET state = 'settled', settled_at = ?2 WHERE message_id = ?1 AND state <> 'settled'
               AND NOT EXISTS (SELECT 1 FROM batches b INDEXED BY batches_open
                               WHERE b.stream_id = message_streams.stream_id AND b.message_id = ?1 AND b.round = message_streams.round
                                 AND b.state <> 'settled')",
            args![id, now],
        ),
    ])
}

/// `POST /api/messages/{id}/stop`.
///
/// # Errors
/// Where it is not being sent, is not the caller's to stop, or no reason is given.
pub async fn stop(call: Signed, id: MessageId, order: StopMessage) -> Result<Reply<MessageView>, AppError> {
    let person = &call.person;
    let loaded = rows::load(&call.app, person, id).await?;
    let view = loaded.view(&call.app, person)?;
    loaded.allows(Command::Stop, person, call.app.now())?;
    let reason = order.checked()?;
    let now = call.app.now();
    let post = person.highest_post().ok_or(AppError::Forbidden)?;
    let halting = transition::Halting { by: person.id, post, reason: Some(reason), at: now };
    let batch = transition::stopped(call.app.db.guarded(), id, view.state, &halting)
        .append(end_what_waits(id, now)?)
        .append([transition::stopped_rounds(id, now)])
        .audit(&Audit {
            at: now,
            actor: person.id.0,
            action: AuditAction::MessageStopped,
            subject: Subject::Row("message", id.0),
            detail: &json!({ "was": view.state.key(), "post": post.key() }),
        });
    let streams = loaded.open_streams;
    let (reply, _) = commit_and_show(&call, batch, id).await?;
    // Those behind it have their turn now.
    Ok(sequencer::poke_later(reply, &call.app, streams))
}

/// `POST /api/messages/{id}/put-again`: what was claimed in vain gets as many tries again.
///
/// # Errors
/// Where nothing of it is set apart for a person.
pub async fn put_again(call: Signed, id: MessageId) -> Result<Reply<MessageView>, AppError> {
    let person = &call.person;
    let loaded = rows::load(&call.app, person, id).await?;
    let view = loaded.view(&call.app, person)?;
    loaded.allows(Command::PutAgain, person, call.app.now())?;
    let now = call.app.now();
    // What another version has to come for is not a person's to put again.
    let why = ApartReason::ClaimedInVain;
    let apart = "message_id = ?1 AND set_apart_at IS NOT NULL AND set_apart_why = ?2 AND state <> 'settled'";
    let phones =
        view.set_apart.iter().filter(|apart| apart.why == why).map(|apart| apart.phones).sum::<u32>();
    let batch = call
        .app
        .db
        .guarded()
        .require(&format!("EXISTS (SELECT 1 FROM batches WHERE {apart})"), args![id, why.key()])
        .then(
            format!(
                "UPDATE batches SET set_apart_at = NULL, set_apart_why = NULL, forgiven = claim, check_at = ?3 WHERE {apart}"
            ),
            args![id, why.key(), now],
        )
        .audit(&Audit {
            at: now,
            actor: person.id.0,
            action: AuditAction::MessagePutAgain,
            subject: Subject::Row("message", id.0),
            detail: &json!({ "phones": phones }),
        });
    let (reply, loaded) = commit_and_show(&call, batch, id).await?;
    Ok(sequencer::poke_later(reply, &call.app, loaded.open_streams))
}

/// Sets batches apart that are in nobody's hands: given as `[message, round, no, claim]`, so that one
/// that was claimed again meanwhile stays. They keep no stream from going on, and are no job any more.
///
/// # Errors
/// Where the keys cannot be written as JSON.
pub(super) fn set_apart(
    batches: &[(BatchKey, i64)],
    why: ApartReason,
    now: Instant,
) -> Result<Vec<Stmt>, AppError> {
    let Some((first, _)) = batches.first() else { return Ok(Vec::new()) };
    let keys: Vec<(i64, u8, i64, i64)> =
        batches.iter().map(|(b, claim)| (b.message_id, b.round, b.no, *claim)).collect();
    Ok(vec![
        sql(
            "UPDATE batches SET state = 'enqueued', set_apart_at = ?2, set_apart_why = ?3, not_before = MAX(not_before, ?2), check_at = ?2
             WHERE (message_id, round, no, claim) IN (SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?1))
               AND state = 'claimed'",
            args![json::text(&keys)?, now, why.key()],
        ),
        audit_if(
            "changes() > 0",
            &Audit {
                at: now,
                actor: 0,
                action: AuditAction::DeliverySetApart,
                subject: Subject::Row("message", first.message_id),
                detail: &json!({ "why": why.key(), "batches": batches.len() }),
            },
        ),
    ])
}

#[derive(Deserialize)]
struct ApartRow {
    message_id: i64,
    round: u8,
    no: i64,
    template: String,
    template_version: u32,
    digest_form: u32,
}

/// Puts on its way again what an older version of the program could not work on and this one can.
///
/// # Errors
/// Where the database fails.
pub async fn take_up_again(app: &App) -> Result<(), AppError> {
    let now = app.now();
    let apart: Vec<ApartRow> = app
        .db
        .all(
            format!(
                "SELECT b.message_id, b.round, b.no, v.template, v.template_version, v.digest_form
                 FROM batches b INDEXED BY batches_apart CROSS JOIN messages m ON m.id = b.message_id
                 CROSS JOIN message_versions v ON v.message_id = m.id AND v.version = m.version
                 WHERE b.set_apart_at IS NOT NULL AND b.state <> 'settled' AND b.set_apart_why IN ('{}', '{}') LIMIT {APART_MAX}",
                ApartReason::UnknownTemplate.key(),
                ApartReason::UnknownForm.key()
            ),
            &[],
        )
        .await?;
    let known: Vec<(i64, u8, i64)> = apart
        .iter()
        .filter(|a| Template::find(&a.template, a.template_version).is_some())
        .filter(|a| CanonicalMessage::knows(a.digest_form))
        .map(|a| (a.message_id, a.round, a.no))
        .collect();
    if known.is_empty() {
        return Ok(());
    }
    app.db
        .run(vec![sql(
            "UPDATE batches SET set_apart_at = NULL, set_apart_why = NULL, forgiven = claim, check_at = ?2
             WHERE (message_id, round, no) IN (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?1))
               AND set_apart_at IS NOT NULL AND state <> 'settled'",
            args![json::text(&known)?, now],
        )])
        .await?;
    Ok(())
}
