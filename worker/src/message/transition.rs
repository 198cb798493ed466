//! Every statement that moves a message from one state to another, and those
//! that write what is moved. A round of SMS is held and goes on with its message.

use domain::access::Post;
use domain::approval::{Procedure, Step};
use domain::audit::AuditAction;
use domain::content::Finding;
use domain::filing::Application;
use domain::ids::{AppointmentId, MessageId, StaffId, UnitId};
use domain::message::{AnswerLevel, Audiences, CanonicalMessage, Draft, ListRoot, MessageState, Mode};
use domain::time::Instant;
use serde_json::json;

use super::rows::{MessageRow, freeze_sql};
use crate::args;
use crate::platform::d1::{Audit, Guarded, Stmt, Subject, Value, sql};
use crate::platform::error::AppError;
use crate::platform::json;

/// The columns that follow from a draft and its surroundings.
pub struct DraftColumns {
    /// The appointment in which it is sent.
    pub appointment: AppointmentId,
    /// The unit of that appointment.
    pub capacity_unit: UnitId,
    /// The smallest unit that holds the audience.
    pub audience_unit: UnitId,
    /// Sender as parents see it.
    pub sender_title: String,
    /// Audience in Chinese.
    pub audience_zh: String,
    /// Audience in English.
    pub audience_en: String,
    /// Signature.
    pub signature: String,
    /// The written application, where a department sends.
    pub application: Option<Application>,
}

/// What a draft puts into its row, as ?1 to ?16 of [`insert`] and [`change`].
fn draft_values(draft: &Draft, columns: &DraftColumns, now: Instant) -> Result<Vec<Value>, AppError> {
    // A new wording of the SMS reaches a draft when it is saved again.
    let template = domain::sms::LINK_TEMPLATE;
    Ok(args![
        columns.appointment,
        columns.capacity_unit,
        columns.audience_unit,
        &columns.sender_title,
        json::text(&draft.audience)?,
        &columns.audience_zh,
        &columns.audience_en,
        draft.category.map(|c| c.key()),
        &draft.title,
        &draft.body,
        draft.send_at,
        json::text(&draft.reasons)?,
        &columns.signature,
        template.name,
        template.version,
        now
    ]
    .to_vec())
}

/// A new draft.
///
/// # Errors
/// Where the draft cannot be written as JSON.
pub fn insert<'a>(
    batch: Guarded<'a>,
    author: StaffId,
    draft: &Draft,
    columns: &DraftColumns,
    now: Instant,
) -> Result<Guarded<'a>, AppError> {
    let mut values = draft_values(draft, columns, now)?;
    let corrects = draft.audience.corrects();
    values.extend([
        author.into(),
        Mode::Link.key().into(),
        AnswerLevel::Confirm.key().into(),
        corrects.into(),
    ]);
    let batch = batch.must(
        "INSERT INTO messages (appointment_id, capacity_unit_id, audience_unit_id, sender_title, audience, audience_zh, audience_en,
           category, title, body, send_at, reasons, signature, template, template_version, created_at, changed_at, author_id, mode, answer,
           corrects_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?16, ?17, ?18, ?19, ?20)",
        &values,
    );
    Ok(apply(batch, None, columns.application.as_ref()))
}

/// Writes what a department applies for beside its draft; of a message, or of the one just inserted.
fn apply<'a>(batch: Guarded<'a>, id: Option<MessageId>, application: Option<&Application>) -> Guarded<'a> {
    let Some(a) = application else {
        let Some(id) = id else { return batch };
        return batch.then(
            "DELETE FROM applications WHERE message_id = ?1 AND version = (SELECT m.version FROM messages m WHERE m.id = ?1)",
            args![id],
        );
    };
    batch.then(
        "INSERT INTO applications (message_id, version, need, content, audience, sender, from_at, until_at)
         SELECT m.id, m.version, ?2, ?3, ?4, ?5, ?6, ?7 FROM messages m WHERE m.id = COALESCE(?1, (SELECT MAX(n.id) FROM messages n))
         ON CONFLICT (message_id, version) DO UPDATE SET need = excluded.need, content = excluded.content, audience = excluded.audience,
           sender = excluded.sender, from_at = excluded.from_at, until_at = excluded.until_at",
        args![id, &a.need, &a.content, &a.audience, &a.sender, a.from, a.until],
    )
}

/// A draft that is changed: a returned message becomes the draft of its next version. A saving
/// since `row` was read loses the batch.
///
/// # Errors
/// Where the draft cannot be written as JSON.
pub fn change<'a>(
    batch: Guarded<'a>,
    row: &MessageRow,
    draft: &Draft,
    columns: &DraftColumns,
    now: Instant,
) -> Result<Guarded<'a>, AppError> {
    let batch = if row.state == MessageState::Returned {
        batch.must(
            "UPDATE messages SET state = 'draft', version = version + 1, digest = NULL, digest_form = NULL,
               procedure_id = NULL, procedure_version = NULL WHERE id = ?1 AND state = 'returned'",
            args![row.id],
        )
    } else {
        batch
    };
    let mut values = draft_values(draft, columns, now)?;
    values.extend([row.id.into(), row.author_id.into(), row.changed_at.into()]);
    let batch = batch.must(
        "UPDATE messages SET appointment_id = ?1, capacity_unit_id = ?2, audience_unit_id = ?3, sender_title = ?4, audience = ?5,
           audience_zh = ?6, audience_en = ?7, category = ?8, title = ?9, body = ?10, send_at = ?11, reasons = ?12, signature = ?13,
           template = ?14, template_version = ?15, changed_at = ?16
         WHERE id = ?17 AND state = 'draft' AND author_id = ?18 AND changed_at = ?19",
        &values,
    );
    Ok(apply(batch, Some(row.id), columns.application.as_ref()))
}

/// What a submission freezes.
pub struct Submission<'a> {
    /// The draft's row, as it was checked.
    pub row: &'a MessageRow,
    /// Roots of the list, by stream.
    pub lists: &'a [ListRoot],
    /// The digest over row and lists, in the newest form.
    pub digest: &'a str,
    /// The procedure that fits.
    pub procedure: &'a Procedure,
    /// Its steps, bound to the audience's unit.
    pub steps: &'a [Step],
    /// The unit in whose part of the register it is entered.
    pub register_unit: UnitId,
    /// What the content check found.
    pub findings: &'a [Finding],
    /// How many it reaches.
    pub reach: &'a Audiences,
    /// The roll that the list was read from.
    pub roll_version: i64,
    /// When.
    pub now: Instant,
}

/// Submits (报批): what was checked is what is frozen. A save in between, or a
/// change of the roll, loses the batch.
///
/// # Errors
/// Where something cannot be written as JSON.
pub fn submit<'a>(batch: Guarded<'a>, s: &Submission<'_>) -> Result<Guarded<'a>, AppError> {
    let (id, version) = (s.row.id, s.row.version);
    let entries: u32 = s.lists.iter().map(|list| list.entries).sum();
    let mut batch = batch
        .require("roll_version = ?1 FROM school", args![s.roll_version])
        .must(
            "UPDATE messages SET findings = ?1, changed_at = ?2 WHERE id = ?3 AND state = 'draft' AND changed_at = ?4",
            args![json::text(s.findings)?, s.now, id, s.row.changed_at],
        )
        .then(freeze_sql(), args![id, version])
        .require("COUNT(*) = ?3 FROM recipients WHERE message_id = ?1 AND version = ?2", args![id, version, entries]);
    for step in s.steps {
        batch = batch.then(
            "INSERT INTO message_steps (message_id, version, position, kind, post, unit_id, substitute, substitute_unit_id, holds, needs)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            args![
                id,
                version,
                step.position,
                step.kind.key(),
                step.post.key(),
                step.unit,
                step.substitute.map(|p| p.key()),
                step.substitute_unit,
                step.holds,
                json::text(&step.needs)?
            ],
        );
    }
    let form = CanonicalMessage::FORM;
    let (year, unit) = (s.now.year(), s.register_unit);
    if s.row.register_no.is_none() {
        batch = batch
            .then(
                "INSERT INTO register_counters (year, unit_id, last_no) SELECT ?1, ?2, 0
                 WHERE NOT EXISTS (SELECT 1 FROM register_counters WHERE year = ?1 AND unit_id = ?2)",
                args![year, unit],
            )
            .must(
                "UPDATE register_counters SET last_no = last_no + 1 WHERE year = ?1 AND unit_id = ?2",
                args![year, unit],
            );
    }
    Ok(batch
        .then(
            "INSERT INTO message_versions (message_id, version, title, body, audience_zh, audience_en, digest, submitted_at, digest_form,
               template, template_version, mode, answer, appointment_id, capacity_unit_id, procedure_id, procedure_version, lists)
             SELECT id, version, title, body, audience_zh, audience_en, ?1, ?2, ?3, template, template_version, mode, answer,
               appointment_id, capacity_unit_id, ?4, ?5, ?6 FROM messages WHERE id = ?7",
            args![s.digest, s.now, form, s.procedure.id, s.procedure.version, json::text(s.lists)?, id],
        )
        .must(
            "UPDATE messages SET state = 'submitted', digest = ?1, digest_form = ?2, procedure_id = ?3, procedure_version = ?4,
               submitted_at = ?5, statement_at = ?5, reach = ?6, registered_at = COALESCE(registered_at, ?5),
               register_year = COALESCE(register_year, ?8), register_unit = COALESCE(register_unit, ?9),
               register_no = COALESCE(register_no, (SELECT last_no FROM register_counters WHERE year = ?8 AND unit_id = ?9))
             WHERE id = ?7 AND state = 'draft'",
            args![s.digest, form, s.procedure.id, s.procedure.version, s.now, json::text(s.reach)?, id, year, unit],
        ))
}

/// A plain step from one state to another.
pub fn step(
    batch: Guarded<'_>,
    id: MessageId,
    from: MessageState,
    to: MessageState,
    now: Instant,
) -> Guarded<'_> {
    batch.must(
        "UPDATE messages SET state = ?1, changed_at = ?2 WHERE id = ?3 AND state = ?4",
        args![to.key(), now, id, from.key()],
    )
}

/// Who pauses or stops: it says who may let it go on.
#[derive(Clone, Copy, Debug)]
pub struct Halting<'a> {
    /// Who.
    pub by: StaffId,
    /// The highest post of the moment.
    pub post: Post,
    /// Why; none for a pause.
    pub reason: Option<&'a str>,
    /// When.
    pub at: Instant,
}

/// Holds what has not left.
pub fn paused<'a>(batch: Guarded<'a>, id: MessageId, halting: &Halting<'_>) -> Guarded<'a> {
    batch
        .must(
            "UPDATE messages SET state = 'paused', changed_at = ?2, halted_at = ?2, halted_by = ?3, halted_post = ?4
             WHERE id = ?1 AND state = 'sending'",
            args![id, halting.at, halting.by, halting.post.key()],
        )
        .then(
            "UPDATE rounds SET state = 'paused' WHERE message_id = ?1 AND state = 'sending'",
            args![id],
        )
}

/// Lets it go on; `halted` is the pause that was looked at, so that another one is not lifted in its place.
pub fn resumed(batch: Guarded<'_>, id: MessageId, halted: Option<Instant>, now: Instant) -> Guarded<'_> {
    batch
        .must(
            "UPDATE messages SET state = 'sending', changed_at = ?2, halted_at = NULL, halted_by = NULL, halted_post = NULL
             WHERE id = ?1 AND state = 'paused' AND halted_at IS ?3",
            args![id, now, halted],
        )
        .then(
            "UPDATE rounds SET state = 'sending' WHERE message_id = ?1 AND state = 'paused'",
            args![id],
        )
}

/// Ends a message that is being sent, in all its rounds. What becomes of its SMS stands behind it
/// (`delivery::halt`), and then [`stopped_rounds`].
pub fn stopped<'a>(
    batch: Guarded<'a>,
    id: MessageId,
    from: MessageState,
    halting: &Halting<'_>,
) -> Guarded<'a> {
    let now = halting.at;
    batch
        .must(
            "UPDATE messages SET state = 'stopped', changed_at = ?2, halted_at = ?2, halted_by = ?3, halted_post = ?4, halt_reason = ?5
             WHERE id = ?1 AND state = ?6",
            args![id, now, halting.by, halting.post.key(), halting.reason, from.key()],
        )
        .then(
            "UPDATE rounds SET state = 'stopped' WHERE message_id = ?1 AND state IN ('sending', 'paused')",
            args![id],
        )
}

/// Ends the rounds of a stopped message nothing of which is under way any more, or could come back.
pub fn stopped_rounds(id: MessageId, now: Instant) -> Stmt {
    sql(
        "UPDATE rounds SET ended_at = ?2 WHERE message_id = ?1 AND state = 'stopped' AND ended_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM message_streams s WHERE s.message_id = ?1 AND s.round = rounds.round AND s.state <> 'settled')
           AND NOT EXISTS (SELECT 1 FROM batches b WHERE b.message_id = ?1 AND b.round = rounds.round
                           AND (b.state <> 'settled' OR b.totals ->> '$.unknown' > 0))",
        args![id, now],
    )
}

/// Back to its drafter.
pub fn returned<'a>(batch: Guarded<'a>, id: MessageId, digest: &str, now: Instant) -> Guarded<'a> {
    batch.must(
        "UPDATE messages SET state = 'returned', changed_at = ?1 WHERE id = ?2 AND state = 'submitted' AND digest = ?3",
        args![now, id, digest],
    )
}

/// The last decision; `due` is its time, moved to the first open window.
pub fn approved<'a>(
    batch: Guarded<'a>,
    id: MessageId,
    digest: &str,
    due: Instant,
    now: Instant,
) -> Guarded<'a> {
    batch.must(
        "UPDATE messages SET state = 'approved', approved_at = ?1, changed_at = ?1, due_at = ?2
         WHERE id = ?3 AND state = 'submitted' AND digest = ?4",
        args![now, due, id, digest],
    )
}

/// Its time has come.
pub fn released(batch: Guarded<'_>, id: MessageId, now: Instant) -> Guarded<'_> {
    batch.must(
        "UPDATE messages SET state = 'sending', released_at = ?1 WHERE id = ?2 AND state = 'approved' AND due_at <= ?1",
        args![now, id],
    )
}

/// Its time is moved, by `by`; 0 is the system, where it fell outside the window. The entry comes first: the
/// database moves the time only where the log tells of it.
pub fn put_off(batch: Guarded<'_>, id: MessageId, due: Instant, by: StaffId, now: Instant) -> Guarded<'_> {
    let detail = &json!({ "due_at": due });
    let subject = Subject::Row("message", id.0);
    batch
        .audit(&Audit { at: now, actor: by.0, action: AuditAction::MessagePutOff, subject, detail })
        .must("UPDATE messages SET due_at = ?1 WHERE id = ?2 AND state = 'approved'", args![due, id])
}

/// A round is sent once it is settled in every stream, nothing of it waits for a retry, and no outcome is
/// unknown that could become one; a stopped round ends then. The message is sent with its sending. Run
/// behind the statement that settles a place; the second one changes a row where that ended the message.
/// (The places are asked first: the batches are walked through at the end only.)
pub fn sent(id: MessageId, round: u8, now: Instant) -> [Stmt; 2] {
    [
        sql(
            "UPDATE rounds SET state = CASE state WHEN 'stopped' THEN state ELSE 'sent' END, ended_at = ?3
             WHERE message_id = ?1 AND round = ?2 AND state IN ('sending', 'paused', 'stopped') AND ended_at IS NULL
               AND NOT EXISTS (SELECT 1 FROM message_streams s WHERE s.message_id = ?1 AND s.round = ?2 AND s.state <> 'settled')
               AND NOT EXISTS (SELECT 1 FROM batches b WHERE b.message_id = ?1 AND b.round = ?2
                               AND (b.state <> 'settled' OR b.totals ->> '$.unknown' > 0))",
            args![id, round, now],
        ),
        sql(
            "UPDATE messages SET state = 'sent', changed_at = ?2 WHERE id = ?1 AND state IN ('sending', 'paused')
               AND EXISTS (SELECT 1 FROM rounds r WHERE r.message_id = ?1 AND r.round = 0 AND r.state = 'sent')",
            args![id, now],
        ),
    ]
}
