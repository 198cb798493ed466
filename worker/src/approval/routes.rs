//! `POST /api/messages/{id}/decisions`: approve or return.

use domain::account::slip::may_decide_after_reset;
use domain::approval::passage::Passage;
use domain::approval::{Decide, Then, Verdict, asks_password, passage};
use domain::audit::AuditAction;
use domain::ids::MessageId;
use domain::message::{MessageState, MessageView};
use domain::words::Words;
use serde_json::json;

use crate::account;
use crate::args;
use crate::delivery::provider;
use crate::delivery::release::{self, Release};
use crate::message::commit::commit_and_show;
use crate::message::{rows, transition};
use crate::platform::d1::{Answers, Audit, Subject};
use crate::platform::error::AppError;
use crate::platform::http::{Reply, Signed};
use crate::platform::json;
use crate::seals::{DecisionSeal, ReturnSeal, Seal};
use crate::sequencer;

/// Decides the step that waits. The last approval of a message that is due
/// releases it in the same batch.
///
/// # Errors
/// Where the caller may not decide, has read another version, or was not the
/// first.
pub async fn decide(call: Signed, id: MessageId, order: Decide) -> Result<Reply<MessageView>, AppError> {
    let person = &call.person;
    let now = call.app.now();
    let mut reads = rows::load_sql(person, id, now)?;
    let at = reads.len();
    reads.push(account::slips::recent_sql(person.id, now));
    if order.password.is_some() {
        reads.extend(account::again::ask_sql(person.id, now));
    }
    let answers = call.app.db.run(reads).await?;
    let (message, more) = answers.split_at_checked(at).unwrap_or_default();
    let loaded = rows::read(message, call.app.keys()?)?;
    if loaded.row.state != MessageState::Submitted {
        let nothing = Words::fixed(
            "这条信息没有待办的审批步骤，请刷新后再看",
            "No step of this message waits for a decision: reload and look again",
        );
        return Err(AppError::conflict("nothing_waits", nothing));
    }
    let chain = loaded.chain();
    let row = &loaded.row;
    let resets = account::slips::recent(more.at(0)?)?;
    let judged = chain
        .decide(person.id, &order)
        .and_then(|outcome| may_decide_after_reset(&resets, row.author_id, now).map(|()| outcome))
        .and_then(|outcome| {
            let returns = order.verdict == Verdict::Return;
            Ok((outcome, passage::checked(&order.passages, returns, &row.title, &row.body)?))
        });
    let asked = more.get(1..).unwrap_or_default();
    let (outcome, passages) = match judged {
        Ok(judged) => judged,
        Err(refusal) => {
            // Nothing was held against the password: that is no try.
            if order.password.is_some() {
                account::again::take_back(&call.app, person.id, asked, now).await?;
            }
            return Err(refusal.into());
        }
    };
    let mut batch = call.app.db.guarded();
    match &order.password {
        Some(password) => {
            account::again::check(&call.app, person.id, ("password", password), asked, now)?;
            batch = account::again::forgive(batch, person.id);
        }
        None if asks_password(outcome.then, row.reach.unwrap_or_default().phones) => {
            return Err(AppError::field(
                "password_needed",
                "password",
                Words::fixed(
                    "这一步批准后将发给许多家长，请再输入一次您的密码",
                    "This goes out to many parents: enter your password once more",
                ),
            ));
        }
        None => {}
    }
    let by = outcome.by;
    let step = chain.steps.iter().find(|s| s.position == by.position).map(|s| s.kind.key());
    let seal = DecisionSeal {
        message: id.0,
        version: row.version,
        position: by.position,
        staff: person.id.0,
        appointment: by.appointment.0,
        post: by.post.key(),
        verdict: order.verdict.key(),
        digest: &order.digest,
        at: now,
    };
    let (keys, reason) = (call.app.keys()?, order.reason.trim());
    let mac = match order.verdict {
        Verdict::Approve => seal.mac(keys),
        Verdict::Return => {
            let said = |p: &Passage| (p.part.key().to_owned(), p.start, p.len, p.reason.clone());
            let passages: Vec<_> = passages.iter().map(said).collect();
            ReturnSeal { decision: seal, reason, passages: &passages }.mac(keys)
        }
    };
    batch = batch
        .must(
            "INSERT INTO decisions (message_id, version, position, staff_id, appointment_id, post, verdict, digest, reason, at, mac)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            args![
                id,
                row.version,
                by.position,
                person.id,
                by.appointment,
                by.post.key(),
                order.verdict.key(),
                order.digest.as_str(),
                reason,
                now,
                mac
            ],
        )
        .audit(&Audit {
            at: now,
            actor: person.id.0,
            action: AuditAction::MessageDecided,
            subject: Subject::Row("message", id.0),
            detail: &json!({
                "version": row.version, "position": by.position, "step": step, "post": by.post.key(), "appointment": by.appointment,
                "stands_in": by.stands_in, "verdict": order.verdict.key(), "digest": order.digest, "passages": passages.len(),
            }),
        });
    let mut released = false;
    match outcome.then {
        Then::Waits => {}
        Then::Returned => {
            if !passages.is_empty() {
                batch = batch.then(
                    "INSERT INTO return_passages (message_id, version, position, no, part, start, len, reason)
                     SELECT ?1, ?2, ?3, p.key, p.value ->> '$.part', p.value ->> '$.start', p.value ->> '$.len', p.value ->> '$.reason'
                     FROM json_each(?4) p",
                    args![id, row.version, by.position, json::text(&passages)?],
                );
            }
            batch = transition::returned(batch, id, &order.digest, now);
        }
        Then::Approved => {
            let due = loaded.around.window.next_open(row.send_at.unwrap_or(now).max(now));
            batch = transition::approved(batch, id, &order.digest, due, now);
            // Without a provider, or where its author lost the post in which it is sent, it waits, approved,
            // and its page says so.
            // Nor does what waits for its registration and its designated sender (G7).
            provider::prepare(&call.app).await;
            released = due <= now
                && provider::missing(&call.app).is_none()
                && loaded.held.is_none()
                && !loaded.waits_for_papers();
            if released {
                let order = Release { id, ordered_by: row.author_id, digest: &order.digest, due_at: due };
                batch = release::statements(batch, &call.app, &order, now)?;
            }
        }
    }
    let (reply, loaded) = commit_and_show(&call, batch, id).await?;
    Ok(if released { sequencer::poke_later(reply, &call.app, loaded.open_streams) } else { reply })
}
