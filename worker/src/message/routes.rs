//! Drafting, previewing, submitting, and taking back.

use domain::access::Action;
use domain::api;
use domain::approval::{Chain, Sender};
use domain::audit::AuditAction;
use domain::filing::Application;
use domain::ids::MessageId;
use domain::message::{
    Audience, CanonicalMessage, Category, Command, Created, Draft, DraftChange, MessageBox, MessageList,
    MessageState, MessageView, Preview, Submit, about_one_child,
};
use domain::problem::{Ground, Refusal};
use domain::sms::{LINK_TEMPLATE, length};
use domain::time::Instant;
use domain::words::Words;
use serde_json::json;

use super::audience::{Capacity, Surroundings};
use super::commit::commit_and_show;
use super::list;
use super::rows::{self, Loaded};
use super::transition::{self, Halting, Submission};
use super::view::{self, sample_sms};
use crate::delivery::provider;
use crate::office_request;
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
    let (rows, unreadable) = list::list(&call.app, &call.person, which, before).await?;
    let last = rows.iter().map(|r| r.id).chain(unreadable.iter().copied()).min();
    let next = last.filter(|_| rows.len() + unreadable.len() == list::PAGE as usize);
    let messages = rows.into_iter().map(view::summary).collect();
    Reply::json(200, &MessageList { messages, unreadable, next })
}

pub(super) fn refuse(refusals: Vec<Refusal>) -> Result<(), AppError> {
    if refusals.is_empty() { Ok(()) } else { Err(AppError::Invalid(refusals)) }
}

/// What holds for a correction: `own` is the draft that is saved, where there is one.
fn check_correction(around: &Surroundings, own: impl Fn(MessageId) -> bool) -> Option<Refusal> {
    let earlier = around.earlier.as_ref()?;
    if !earlier.state.went_out() {
        return Some(Refusal::field(
            "not_sent_yet",
            "audience",
            Words::fixed(
                "这条通知还没有发出，不用更正：请撤回或取消后修改",
                "That notice has not gone out: withdraw or cancel it and change it, there is nothing to correct",
            ),
        ));
    }
    let other = earlier.open_id.filter(|id| !own(*id));
    other.map(|id| {
        Refusal::field(
            "corrected_already",
            "audience",
            domain::words!(
                "这条通知已经有一条更正（编号 {id}）：还没发出的请在那里改，已发出的请更正那一条",
                "That notice has a correction already (no. {id}): change it there, or, once it has gone out, correct that one"
            ),
        )
    })
}

pub(super) fn check_saving(
    call: &Signed,
    draft: &Draft,
    around: &Surroundings,
    own: impl Fn(MessageId) -> bool,
) -> Vec<Refusal> {
    let mut refusals = draft.check_saving(&call.person, &around.places());
    if draft.audience.corrects().is_some() && around.capacities(&call.person, &draft.audience).is_empty() {
        refusals.push(Refusal::field(
            "audience_not_yours",
            "audience",
            Words::fixed(
                "更正只能由原起草人，或与原通知发送身份相同的人起草",
                "A correction is written by whoever wrote the original, or by somebody who sends in the same capacity",
            ),
        ));
    } else if let Some(refusal) = check_correction(around, own) {
        refusals.push(refusal);
    }
    if refusals.is_empty() {
        refusals.extend(draft.check_children(&around.children));
        refusals.extend(draft.check_units(&call.person, |unit| around.path(unit)));
    }
    // Who may not write to an audience has no capacity for it, and is told the first.
    if refusals.is_empty() && around.capacity(&call.person, draft).is_none() {
        refusals.push(Refusal::field(
            "capacity_not_yours",
            "appointment",
            Words::fixed(
                "不能以这个身份发给所选范围：请换一个发送身份，或调整发送范围",
                "You cannot send to this audience in that capacity: choose another capacity or audience",
            ),
        ));
    }
    refusals
}

/// What submission asks for beyond a draft.
fn check_submission(call: &Signed, draft: &Draft, around: &Surroundings) -> Result<Vec<Refusal>, AppError> {
    let findings = domain::content::check(&draft.title, &draft.body, &call.app.text_context());
    let mut refusals = draft.check_submission(&findings, call.app.now());
    let left = draft.check_children_here(&around.children);
    if around.reach.phones == 0 && !draft.audience.is_empty() && left.is_none() {
        refusals.push(Refusal::field(
            "nobody_to_reach",
            "audience",
            Words::fixed("所选范围内没有可以接收短信的人", "Nobody in this audience can be reached by SMS"),
        ));
    }
    refusals.extend(left);
    // A link that leads nowhere, or that anybody on the way could read.
    if !call.app.links_are_safe() {
        refusals.push(Refusal::state(
            "no_origin",
            Words::fixed(
                "系统还没有设置家长链接的网址（须为 https 网址），暂不能报批；请告知系统管理员",
                "The address of the parents' links is not set (it has to begin with https), so nothing can be submitted: tell the administrator",
            ),
        ));
    }
    // What was one child's stays one child's, and what went to a group never becomes one child's.
    if let (Some(category), Some(earlier)) = (draft.category, &around.earlier)
        && category.is_about_one_child()
        && !earlier.category.is_some_and(Category::is_about_one_child)
    {
        refusals.push(about_one_child());
    }
    let capacity = around.capacity(&call.person, draft).map(Capacity::from);
    if let Some(capacity) = capacity
        && around.procedure_is_forged(call.app.keys()?, capacity, &draft.audience)
    {
        refusals.push(Refusal::state(
            "procedure_unsealed",
            Words::fixed(
                "本校审批流程的记录核对不符，可能被人改动过，暂不能报批；请立即告知系统管理员",
                "The approval procedure on record does not check out and may have been changed by hand, so nothing can be submitted: tell the administrator at once",
            ),
        ));
    }
    if capacity.is_some_and(|capacity| capacity.post.sender() == Some(Sender::Department)) {
        let given = draft.application.as_ref();
        refusals.extend(Application::check_submission(given, draft.send_at, call.app.now()));
    }
    if capacity.is_some_and(|capacity| around.lacks_custodian(capacity)) {
        refusals.push(Refusal::state(
            "no_custodian",
            Words::fixed(
                "本单位还没有指定账号和密码的专人负责，暂不能发送；请校办室指定",
                "This unit has no custodian for its account yet and cannot send: ask the office to appoint one",
            ),
        ));
    }
    if let Err(refusal) = chain(call, draft, around).check_staffing() {
        refusals.push(refusal);
    }
    Ok(refusals)
}

/// The chain that a draft would take, submitted now.
fn chain(call: &Signed, draft: &Draft, around: &Surroundings) -> Chain {
    let capacity = around.capacity(&call.person, draft).map(Capacity::from);
    Chain {
        author: call.person.id,
        digest: String::new(),
        submitted_at: call.app.now(),
        steps: capacity.map(|capacity| around.steps(capacity, &draft.audience)).unwrap_or_default(),
        decisions: Vec::new(),
        holders: around.holders.clone(),
    }
}

/// `POST /api/messages/preview`.
///
/// # Errors
/// Where the body is no draft.
pub async fn preview(call: Signed, draft: Draft) -> Result<Reply<Preview>, AppError> {
    let (around, missed) = Surroundings::with_missed(&call.app, &draft.audience, &call.person).await?;
    // Which draft it is a preview of is not known: a correction of one's own is not in its own way.
    let mine = around.earlier.as_ref().is_some_and(|e| e.open_author == Some(call.person.id));
    let mut refusals = check_saving(&call, &draft, &around, |_| mine);
    // Who may not write to an audience is told nothing about it.
    let hidden = refusals.iter().any(|r| r.kind == "audience_not_yours");
    let of_text = domain::content::check(&draft.title, &draft.body, &call.app.text_context());
    refusals.extend(if hidden {
        draft.check_submission(&of_text, call.app.now())
    } else {
        check_submission(&call, &draft, &around)?
    });
    let sms = sample_sms(&call.app, &LINK_TEMPLATE, &around.signature, &draft.title);
    let mut chain = chain(&call, &draft, &around);
    if hidden {
        chain.steps.clear();
        chain.holders = Default::default();
    }
    let now = call.app.now();
    let sender = around.capacity(&call.person, &draft).filter(|_| !hidden);
    let label = around.procedure_label(sender.map(Capacity::from), &draft.audience);
    let capacities = around.capacities(&call.person, &draft.audience).into_iter().filter(|_| !hidden);
    Reply::json(
        200,
        &Preview {
            children: if hidden { Vec::new() } else { around.children.clone() },
            sender: sender.map(view::sender_title).unwrap_or_default(),
            capacities: capacities.map(view::capacity_view).collect(),
            length: length(&sms),
            sms,
            reach: if hidden { Default::default() } else { around.reach },
            audience: if hidden { Words::name("") } else { view::named_words(&draft.audience, &around) },
            findings: of_text,
            chain: view::chain_view(label, &chain.steps, &chain, &[], 1, MessageState::Draft),
            refusals,
            sends_at: around.window.next_open(draft.send_at.unwrap_or(now).max(now)),
            missed: if hidden { Vec::new() } else { missed },
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
    let around = Surroundings::of(&call.app, &call.person, &draft.audience).await?;
    refuse(check_saving(&call, &draft, &around, |_| false))?;
    save_new(&call, &draft, &around).await
}

/// `POST /api/messages/{id}/correct`: a draft of its correction, in its own words, to exactly those whom it reached.
///
/// # Errors
/// Where it did not go out, has a correction already, or is not the caller's to correct.
pub async fn correct(call: Signed, id: MessageId) -> Result<Reply<Created>, AppError> {
    let loaded = rows::load(&call.app, &call.person, id).await?;
    let draft = Draft {
        audience: Audience::Earlier { message: id },
        appointment: None,
        send_at: None,
        ..loaded.draft()
    };
    let around = Surroundings::of(&call.app, &call.person, &draft.audience).await?;
    match check_saving(&call, &draft, &around, |_| false).into_iter().next() {
        None if !loaded.reached_somebody() => Err(AppError::conflict(
            "nobody_got_it",
            Words::fixed(
                "这条通知没有发给任何人，不用更正；如仍需告知，请另写一条",
                "Nobody got this notice, so there is nothing to correct: if it still matters, write a new one",
            ),
        )),
        None => save_new(&call, &draft, &around).await,
        Some(refusal) if refusal.kind == "audience_not_yours" => {
            Err(Refusal { ground: Ground::Rights, ..refusal }.into())
        }
        Some(refusal) => Err(Refusal { ground: Ground::State, ..refusal }.into()),
    }
}

async fn save_new(call: &Signed, draft: &Draft, around: &Surroundings) -> Result<Reply<Created>, AppError> {
    let person = &call.person;
    let now = call.app.now();
    let columns = view::columns(person, draft, around)?;
    let batch = transition::insert(call.app.db.guarded(), person.id, draft, &columns, now)?;
    let batch = batch.audit(&Audit {
        at: now,
        actor: person.id.0,
        action: AuditAction::MessageDrafted,
        subject: Subject::NewestMessage,
        detail: &draft.audience.corrects().map_or_else(|| json!({}), |id| json!({ "corrects": id })),
    });
    let batch = call.remember(batch, 201, Kept::NewestMessage);
    let at = batch.len();
    let newest = "SELECT id, changed_at FROM messages WHERE id = (SELECT MAX(id) FROM messages)";
    let rows = batch.then(newest, &[]).commit().await?;
    let created: Created = rows.at(at)?.one()?;
    Reply::json(201, &created)
}

/// `GET /api/messages/{id}`.
///
/// # Errors
/// Where it is not within sight.
pub async fn show(call: Signed, id: MessageId) -> Result<Reply<MessageView>, AppError> {
    let loaded = rows::load(&call.app, &call.person, id).await?;
    provider::prepare(&call.app).await;
    Reply::json(200, &loaded.view(&call.app, &call.person)?)
}

fn own(call: &Signed, loaded: &Loaded) -> Result<(), AppError> {
    if loaded.row.author_id == call.person.id { Ok(()) } else { Err(AppError::Forbidden) }
}

/// `PUT /api/messages/{id}`: changes a draft; a returned message becomes the
/// draft of its next version.
///
/// # Errors
/// Where it is not the caller's, or no draft, or was saved since it was read.
pub async fn change(
    call: Signed,
    id: MessageId,
    DraftChange { draft, changed_at }: DraftChange,
) -> Result<Reply<MessageView>, AppError> {
    let person = &call.person;
    let loaded = rows::load(&call.app, person, id).await?;
    own(&call, &loaded)?;
    let state = loaded.row.state;
    if !matches!(state, MessageState::Draft | MessageState::Returned) {
        return Err(loaded.wrong_state().into());
    }
    if changed_at.is_some_and(|read| read != loaded.row.changed_at) {
        let words = Words::fixed(
            "这条草稿刚在别的窗口里改过，没有覆盖；请看看要保留哪一份",
            "This draft was changed in another window and was not overwritten: choose which one to keep",
        );
        return Err(AppError::conflict("changed_meanwhile", words));
    }
    if draft.audience.corrects() != loaded.row.corrects_id {
        return Err(AppError::field(
            "correction_stays",
            "audience",
            Words::fixed(
                "更正通知发给原通知的收件人，发送范围不能改；要发给别人，请另写一条",
                "A correction goes to those who got the original, and to nobody else: write a new notice for others",
            ),
        ));
    }
    let around = Surroundings::of(&call.app, &call.person, &draft.audience).await?;
    refuse(check_saving(&call, &draft, &around, |open| open == id))?;
    // Two savings within one millisecond are two savings.
    let now = call.app.now().max(loaded.row.changed_at.plus(1));
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
        return Err(loaded.wrong_state().into());
    }
    let draft = loaded.draft();
    let mut refusals = check_saving(&call, &draft, &loaded.around, |open| open == id);
    refusals.extend(check_submission(&call, &draft, &loaded.around)?);
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
    let row = &loaded.row;
    let procedure = loaded.around.procedure(row.capacity(), &loaded.audience).ok_or_else(missing)?;
    let steps = loaded.around.steps(row.capacity(), &loaded.audience);
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
        register_unit: loaded.around.register_unit(row.capacity()),
        findings: &domain::content::check(&draft.title, &draft.body, &call.app.text_context()),
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
    match commit_and_show(&call, batch, id).await {
        Err(AppError::Lost) => {
            // What the triggers refuse is said in words where it is no race.
            office_request::routes::check_words(&call.app, id).await?;
            Err(AppError::Lost)
        }
        committed => committed.map(|(reply, _)| reply),
    }
}

/// What has to be true before an order is followed: that its rule allows it.
async fn offered(call: &Signed, id: MessageId, command: Command) -> Result<(Loaded, MessageState), AppError> {
    let loaded = rows::load(&call.app, &call.person, id).await?;
    loaded.allows(command, &call.person, call.app.now())?;
    let state = loaded.row.state;
    Ok((loaded, state))
}

fn entry<'a>(
    call: &Signed,
    id: MessageId,
    action: AuditAction,
    now: Instant,
    detail: &'a serde_json::Value,
) -> Audit<'a> {
    Audit { at: now, actor: call.person.id.0, action, subject: Subject::Row("message", id.0), detail }
}

/// A plain step from one state to another.
async fn step(
    call: Signed,
    id: MessageId,
    command: Command,
    to: MessageState,
    action: AuditAction,
) -> Result<Reply<MessageView>, AppError> {
    let (_, state) = offered(&call, id, command).await?;
    let now = call.app.now();
    let detail = json!({ "was": state.key() });
    let batch = transition::step(call.app.db.guarded(), id, state, to, now)
        .audit(&entry(&call, id, action, now, &detail));
    Ok(commit_and_show(&call, batch, id).await?.0)
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
    let (_, state) = offered(&call, id, Command::Pause).await?;
    let now = call.app.now();
    let post = call.person.highest_post().ok_or(AppError::Forbidden)?;
    let halting = Halting { by: call.person.id, post, reason: None, at: now };
    let detail = json!({ "was": state.key(), "post": post.key() });
    let batch = transition::paused(call.app.db.guarded(), id, &halting).audit(&entry(
        &call,
        id,
        AuditAction::MessagePaused,
        now,
        &detail,
    ));
    let (reply, loaded) = commit_and_show(&call, batch, id).await?;
    // Those behind it may have their turn now.
    Ok(sequencer::poke_later(reply, &call.app, loaded.open_streams))
}

/// `POST /api/messages/{id}/resume`: for the same rank as whoever paused it, or a higher one.
///
/// # Errors
/// Where it is not paused, or was paused by somebody above.
pub async fn resume(call: Signed, id: MessageId) -> Result<Reply<MessageView>, AppError> {
    let (loaded, state) = offered(&call, id, Command::Resume).await?;
    let now = call.app.now();
    let detail = json!({ "was": state.key(), "paused_by": loaded.row.halting_post().key() });
    let batch = transition::resumed(call.app.db.guarded(), id, loaded.row.halted_at, now).audit(&entry(
        &call,
        id,
        AuditAction::MessageResumed,
        now,
        &detail,
    ));
    let (reply, loaded) = commit_and_show(&call, batch, id).await?;
    Ok(sequencer::poke_later(reply, &call.app, loaded.open_streams))
}
