//! Registering a signed original, registering a filing, and what is said beside a message.

use domain::audit::AuditAction;
use domain::filing::{CommentKind, NewComment, Register};
use domain::ids::MessageId;
use domain::message::MessageView;
use domain::problem::Ground;
use domain::words::Words;
use serde_json::json;

use super::rights::{why_not_commented, why_not_received, why_not_registered};
use super::scan;
use crate::args;
use crate::message::commit::commit_and_show;
use crate::message::rows;
use crate::message::transition;
use crate::platform::d1::{Audit, Subject};
use crate::platform::error::AppError;
use crate::platform::http::{Reply, Signed};
use crate::seals::{RegistrationSeal, Seal};

/// `POST /api/messages/{id}/registration`.
///
/// # Errors
/// Where the caller does not register it, something is lacking, or the number or the original was used.
pub async fn register(call: Signed, id: MessageId, order: Register) -> Result<Reply<MessageView>, AppError> {
    let refusals = order.check();
    let loaded = rows::load(&call.app, &call.person, id).await?;
    why_not_registered(&call.person, &loaded)?;
    if !refusals.is_empty() {
        return Err(AppError::Invalid(refusals));
    }
    let (row, now) = (&loaded.row, call.app.now());
    let (Some(position), Some(appointment), Some(digest)) =
        (loaded.beside.missing, loaded.beside.registrar, row.digest.as_deref())
    else {
        return Err(AppError::Forbidden);
    };
    let document = order.document.to_ascii_lowercase();
    let Some((scan, _)) = scan::stored(&call.app, &document).await? else {
        return Err(AppError::field(
            "scan_missing",
            "document",
            Words::fixed("没有找到这份扫描件，请重新上传", "This scan is not there: upload it again"),
        ));
    };
    let (number, by, year) = (order.number.trim(), call.person.id, now.year());
    let seal = RegistrationSeal {
        message: id.0,
        version: row.version,
        position,
        number: (year, Some(number)),
        document: Some(&scan.sha256),
        staff: by.0,
        appointment: appointment.0,
        digest,
        at: now,
    };
    let subject = Subject::Row("message", id.0);
    let mut batch = call
        .app
        .db
        .guarded()
        .must(
            "INSERT INTO registrations (message_id, version, position, year, number, document_sha256, document_kind, document_size,
               delivered_by, place, staff_id, appointment_id, digest, at, mac)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
            args![
                id,
                row.version,
                position,
                year,
                number,
                scan.sha256.as_str(),
                scan.kind.key(),
                scan.size,
                order.delivered_by.trim(),
                order.place.trim(),
                by,
                appointment,
                digest,
                now,
                seal.mac(call.app.keys()?)
            ],
        )
        .audit(&Audit {
            at: now,
            actor: by.0,
            action: AuditAction::MessageRegistered,
            subject,
            detail: &json!({
                "version": row.version, "position": position, "year": year, "number": number, "sha256": scan.sha256,
                "appointment": appointment, "digest": digest,
            }),
        });
    // What waits for nobody's order goes out now, not as something that is long past.
    if let Some(due) = row.due_at.filter(|due| *due < now && !row.needs_order()) {
        let due = loaded.around.window.next_open(now.max(due));
        batch = transition::put_off(batch, id, due, by, now);
    }
    Ok(commit_and_show(&call, batch, id).await?.0)
}

/// `POST /api/messages/{id}/filing`: 学生处 has it. It says nothing about the message.
///
/// # Errors
/// Where the caller does not register it, or there is nothing to register.
pub async fn receive(call: Signed, id: MessageId) -> Result<Reply<MessageView>, AppError> {
    let loaded = rows::load(&call.app, &call.person, id).await?;
    why_not_received(&loaded)?;
    let (Some(position), Some(appointment)) = (loaded.beside.open_filing, loaded.beside.receiver) else {
        return Err(AppError::Forbidden);
    };
    let now = call.app.now();
    let batch = call
        .app
        .db
        .guarded()
        .must(
            "UPDATE filings SET registered_by = ?4, registered_as = ?5, registered_at = ?6
             WHERE message_id = ?1 AND version = ?2 AND position = ?3 AND registered_at IS NULL",
            args![id, loaded.row.version, position, call.person.id, appointment, now],
        )
        .audit(&Audit {
            at: now,
            actor: call.person.id.0,
            action: AuditAction::MessageFilingReceived,
            subject: Subject::Row("message", id.0),
            detail: &json!({ "version": loaded.row.version, "position": position, "appointment": appointment }),
        });
    Ok(commit_and_show(&call, batch, id).await?.0)
}

/// `POST /api/messages/{id}/comments`.
///
/// # Errors
/// Where the caller may not say this, or not now.
pub async fn comment(call: Signed, id: MessageId, said: NewComment) -> Result<Reply<MessageView>, AppError> {
    let loaded = rows::load(&call.app, &call.person, id).await?;
    let row = &loaded.row;
    let refused = why_not_commented(&call.person, &loaded, said.kind == CommentKind::Answer);
    // Who may not say it is told so before what is wrong with the text.
    if let Err(refusal) = &refused
        && refusal.ground == Ground::Rights
    {
        return Err(refusal.clone().into());
    }
    let text = said.checked()?;
    refused?;
    let now = call.app.now();
    let mut batch = call.app.db.guarded().must(
        "INSERT INTO message_comments (message_id, version, kind, staff_id, text, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        args![id, row.version, said.kind.key(), call.person.id, text, now],
    );
    if said.kind == CommentKind::Answer {
        batch = batch.then(
            "UPDATE message_comments SET answered_by = (SELECT MAX(c.id) FROM message_comments c WHERE c.message_id = ?1)
             WHERE message_id = ?1 AND kind = 'question' AND answered_by IS NULL",
            args![id],
        );
    }
    let batch = batch.audit(&Audit {
        at: now,
        actor: call.person.id.0,
        action: AuditAction::MessageCommented,
        subject: Subject::Row("message", id.0),
        detail: &json!({ "version": row.version, "kind": said.kind.key() }),
    });
    Ok(commit_and_show(&call, batch, id).await?.0)
}
