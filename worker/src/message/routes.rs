//! Drafting, previewing, submitting, and taking back.

use domain::access::Action;
use domain::api;
use domain::approval::check_staffing;
use domain::audit::AuditAction;
use domain::ids::MessageId;
use domain::message::{
    Audience, CanonicalMessage, Command, Created, Draft, MessageBox, MessageList, MessageState, MessageView,
    Preview, Submit,
};
use domain::problem::Refusal;
use domain::sms::{LINK_TEMPLATE, length};
use domain::words::Words;
use serde_json::json;

use super::audience::Surroundings;
use super::commit::commit_and_show;
use super::list;
use super::rows::{self, Loaded};
use super::transition::{self, Submission};
use super::view::{self, sample_sms};
use crate::platform::d1::{Answers, Audit, Subject};
use crate::platform::error::AppError;
use crate::platform::http::{Kept, Reply, Signed};
use crate::sequencer;

/// `GET /api/messages?box=waiting|mine|all&before=<id>`.
///
/// # Errors
/// Where the database fails.
pub async fn list(call: Signed) -> Result<Reply<MessageList>, AppError> {
    let which = call.asked(api::BOX)?.unwrap_or(MessageBox::Mine);
    // Ids have 24 bits (the link token): one above them is «from the newest».
    let before = call.asked(api::BEFORE)?.unwrap_or(MessageId(1 << 24));
    let rows = list::list(&call.app, &call.person, which, before).await?;
    let next = (rows.len() == list::PAGE as usize).then(|| rows.last().map(|r| r.id)).flatten();
    let messages = rows.into_iter().map(view::summary).collect();
    Reply::json(200, &MessageList { messages, next })
}

fn refuse(refusals: Vec<Refusal>) -> Result<(), AppError> {
    if refusals.is_empty() { Ok(()) } else { Err(AppError::Invalid(refusals)) }
}

fn check_saving(call: &Signed, draft: &Draft, around: &Surroundings) -> Vec<Refusal> {
    draft.check_saving(&call.person, &around.places())
}

/// What submission asks for beyond a draft.
fn check_submission(call: &Signed, draft: &Draft, around: &Surroundings) -> Vec<Refusal> {
    let author = &call.person;
    let findings = domain::content::check(&draft.title, &draft.body);
    let mut refusals = draft.check_submission(&findings, call.app.now());
    if around.reach.phones == 0
        && !matches!(&draft.audience, Audience::Classes { classes } if classes.is_empty())
    {
        refusals.push(Refusal::field(
            "nobody_to_reach",
            "audience",
            Words::fixed("所选范围内没有可以接收短信的人", "Nobody in this audience can be reached by SMS"),
        ));
    }
    if around.without_custodian.contains(&around.unit(&draft.audience)) {
        refusals.push(Refusal::state(
            "no_custodian",
            Words::fixed(
                "本单位还没有指定账号和密码的专人负责，暂不能发送；请校办室指定",
                "This unit has no custodian for its account yet and cannot send: ask the office to appoint one",
            ),
        ));
    }
    if let Err(refusal) =
        check_staffing(&around.steps(&draft.audience), author.id, &view::holders(&around.holders))
    {
        refusals.push(refusal);
    }
    refusals
}

/// `POST /api/messages/preview`.
///
/// # Errors
/// Where the body is no draft.
pub async fn preview(call: Signed, draft: Draft) -> Result<Reply<Preview>, AppError> {
    let around = Surroundings::of(&call.app, &draft.audience).await?;
    let mut refusals = check_saving(&call, &draft, &around);
    // Who may not write to an audience is told nothing about it.
    let hidden = refusals.iter().any(|r| r.kind == "audience_not_yours");
    refusals.extend(check_submission(&call, &draft, &around));
    let sms = sample_sms(&call.app, &LINK_TEMPLATE, &around.signature, &draft.title);
    let steps = around.steps(&draft.audience);
    let chain = domain::approval::Chain {
        author: call.person.id,
        digest: String::new(),
        steps: steps.clone(),
        decisions: Vec::new(),
    };
    let now = call.app.now();
    Reply::json(
        200,
        &Preview {
            length: length(&sms),
            sms,
            reach: if hidden { Default::default() } else { around.reach },
            audience: if hidden { Words::name("") } else { view::audience_words(&draft.audience, &around) },
            findings: domain::content::check(&draft.title, &draft.body),
            chain: view::chain_view(&steps, &chain, &[], 1, &around, MessageState::Draft),
            refusals,
            sends_at: around.window.next_open(draft.send_at.unwrap_or(now).max(now)),
        },
    )
}

/// `POST /api/messages`: saves a draft.
///
/// # Errors
/// Where the caller may not write to the audience, or a limit is passed.
pub async fn create(call: Signed, draft: Draft) -> Result<Reply<Created>, AppError> {
    let person = &call.person;
    if ![Action::WriteToClass, Action::WriteToAllGuardians, Action::WriteToAllTeachers]
        .iter()
        .any(|a| person.may(*a))
    {
        return Err(AppError::Forbidden);
    }
    let around = Surroundings::of(&call.app, &draft.audience).await?;
    refuse(check_saving(&call, &draft, &around))?;
    let now = call.app.now();
    let columns = view::columns(person, &draft, &around)?;
    let batch = transition::insert(call.app.db.guarded(), person.id, &draft, &columns, now)?;
    let batch = batch.audit(&Audit {
        at: now,
        actor: person.id.0,
        action: AuditAction::MessageDrafted,
        subject: Subject::NewestMessage,
        detail: &json!({}),
    });
    let batch = call.remember(batch, 201, Kept::NewestMessage);
    let at = batch.len();
    let rows = batch.then("SELECT MAX(id) AS id FROM messages", &[]).commit().await?;
    let created: Created = rows.at(at)?.one()?;
    Reply::json(201, &created)
}

/// `GET /api/messages/{id}`.
///
/// # Errors
/// Where it is not within sight.
pub async fn show(call: Signed, id: MessageId) -> Result<Reply<MessageView>, AppError> {
    let loaded = rows::load(&call.app, &call.person, id).await?;
    Reply::json(200, &loaded.view(&call.app, &call.person)?)
}

fn own(call: &Signed, loaded: &Loaded) -> Result<(), AppError> {
    if loaded.row.author_id == call.person.id { Ok(()) } else { Err(AppError::Forbidden) }
}

fn wrong_state(loaded: &Loaded) -> AppError {
    let state = loaded.row.state.title();
    let (zh, en) = (state.zh, state.en);
    AppError::conflict(
        "wrong_state",
        domain::words!(
            "这条信息的状态是“{zh}”，不能这样操作；请刷新后再看",
            "This message is “{en}”: this cannot be done now. Reload and look again"
        ),
    )
}

/// `PUT /api/messages/{id}`: changes a draft; a returned message becomes the
/// draft of its next version.
///
/// # Errors
/// Where it is not the caller's, or no draft.
pub async fn change(call: Signed, id: MessageId, draft: Draft) -> Result<Reply<MessageView>, AppError> {
    let person = &call.person;
    let loaded = rows::load(&call.app, person, id).await?;
    own(&call, &loaded)?;
    let state = loaded.row.state;
    if !matches!(state, MessageState::Draft | MessageState::Returned) {
        return Err(wrong_state(&loaded));
    }
    let around = Surroundings::of(&call.app, &draft.audience).await?;
    refuse(check_saving(&call, &draft, &around))?;
    let now = call.app.now();
    let columns = view::columns(person, &draft, &around)?;
    let batch = transition::change(call.app.db.guarded(), &loaded.row, &draft, &columns, now)?;
    let batch = batch.audit(&Audit {
        at: now,
        actor: person.id.0,
        action: AuditAction::MessageChanged,
        subject: Subject::Row("message", id.0),
        detail: &json!({ "was": state.key() }),
    });
    Ok(commit_and_show(&call, batch, id).await?.0)
}

/// `POST /api/messages/{id}/submit` (报批): freezes the list, takes the digest,
/// copies the chain.
///
/// # Errors
/// Everything that has to change, by field.
pub async fn submit(call: Signed, id: MessageId, order: Submit) -> Result<Reply<MessageView>, AppError> {
    let person = &call.person;
    let (loaded, lists) = rows::load_with_roots(&call.app, person, id).await?;
    own(&call, &loaded)?;
    if loaded.row.state != MessageState::Draft {
        return Err(wrong_state(&loaded));
    }
    let draft = loaded.draft();
    let mut refusals = check_saving(&call, &draft, &loaded.around);
    refusals.extend(check_submission(&call, &draft, &loaded.around));
    if !order.statement {
        refusals.push(Refusal::field(
            "statement_missing",
            "statement",
            Words::fixed("请确认您对内容的真实性负责", "Confirm that you answer for the content"),
        ));
    }
    refuse(refusals)?;

    let now = call.app.now();
    let missing = || AppError::Internal("no procedure is in force for this audience".into());
    let procedure = loaded.around.procedure(&loaded.audience).ok_or_else(missing)?;
    let steps = loaded.around.steps(&loaded.audience);
    let row = &loaded.row;
    let digest = row
        .digest_over(CanonicalMessage::FORM, (procedure.id, procedure.version), &lists)
        .ok_or_else(|| AppError::Internal("the newest form of the digest is unknown".into()))?;
    let entries: u32 = lists.iter().map(|list| list.entries).sum();
    let submission = Submission {
        row,
        lists: &lists,
        digest: &digest,
        procedure,
        steps: &steps,
        findings: &domain::content::check(&draft.title, &draft.body),
        reach: &loaded.around.reach,
        roll_version: loaded.around.roll_version,
        now,
    };
    let batch = transition::submit(call.app.db.guarded(), &submission)?
        .audit(&Audit {
            at: now,
            actor: person.id.0,
            action: AuditAction::MessageSubmitted,
            subject: Subject::Row("message", id.0),
            detail: &json!({ "version": row.version, "digest": digest, "recipients": entries, "steps": steps.len() }),
        });
    Ok(commit_and_show(&call, batch, id).await?.0)
}

/// A plain step from one state to another.
async fn step(
    call: Signed,
    id: MessageId,
    command: Command,
    to: MessageState,
    action: AuditAction,
) -> Result<Reply<MessageView>, AppError> {
    let person = &call.person;
    let loaded = rows::load(&call.app, person, id).await?;
    let view = loaded.view(&call.app, person)?;
    if !view.may.contains(&command) {
        let could_ever = loaded.row.author_id == person.id || person.may_school(Action::StopSending);
        return Err(if could_ever { wrong_state(&loaded) } else { AppError::Forbidden });
    }
    let now = call.app.now();
    let batch = transition::step(call.app.db.guarded(), id, view.state, to, now).audit(&Audit {
        at: now,
        actor: person.id.0,
        action,
        subject: Subject::Row("message", id.0),
        detail: &json!({ "was": view.state.key() }),
    });
    let (reply, loaded) = commit_and_show(&call, batch, id).await?;
    if to == MessageState::Sending {
        return Ok(sequencer::poke_later(reply, &call.app, loaded.open_streams));
    }
    Ok(reply)
}

/// `POST /api/messages/{id}/withdraw`.
///
/// # Errors
/// Where it is not the caller's, or already approved.
pub async fn withdraw(call: Signed, id: MessageId) -> Result<Reply<MessageView>, AppError> {
    step(call, id, Command::Withdraw, MessageState::Withdrawn, AuditAction::MessageWithdrawn).await
}

/// `POST /api/messages/{id}/cancel`.
///
/// # Errors
/// Where it is not approved and waiting for its time.
pub async fn cancel(call: Signed, id: MessageId) -> Result<Reply<MessageView>, AppError> {
    step(call, id, Command::Cancel, MessageState::Cancelled, AuditAction::MessageCancelled).await
}

/// `POST /api/messages/{id}/pause`.
///
/// # Errors
/// Where it is not being sent.
pub async fn pause(call: Signed, id: MessageId) -> Result<Reply<MessageView>, AppError> {
    step(call, id, Command::Pause, MessageState::Paused, AuditAction::MessagePaused).await
}

/// `POST /api/messages/{id}/resume`.
///
/// # Errors
/// Where it is not paused.
pub async fn resume(call: Signed, id: MessageId) -> Result<Reply<MessageView>, AppError> {
    step(call, id, Command::Resume, MessageState::Sending, AuditAction::MessageResumed).await
}
