//! Drafting, previewing, submitting, and taking back.

use domain::access::Action;
use domain::approval::check_staffing;
use domain::ids::MessageId;
use domain::message::{Audience, Command, Created, Draft, MessageList, MessageState, Preview, Submit};
use domain::problem::Refusal;
use domain::sms::length;
use domain::words::Words;
use serde_json::json;

use super::store::{self, Loaded, Sight, Surroundings};
use super::view::{self, sample_sms};
use crate::args;
use crate::bindings::{Audit, Guarded, Subject};
use crate::error::AppError;
use crate::router::{Answer, Call, Remember};

/// `GET /api/messages?box=waiting|mine|all&before=<id>`.
///
/// # Errors
/// Where the database fails.
pub async fn list(call: Call) -> Result<Answer, AppError> {
    let which = match call.query.get("box").map(String::as_str) {
        Some("waiting") => store::Box::Waiting,
        None | Some("mine") => store::Box::Mine,
        Some("all") => store::Box::All,
        Some(_) => return Err(AppError::NotFound),
    };
    // Ids have 24 bits (the link token): one above them is «from the newest».
    let before = call.query.get("before").and_then(|b| b.parse().ok()).unwrap_or(1 << 24);
    let rows = store::list(&call.app, call.person()?, which, before).await?;
    let next = (rows.len() == store::PAGE as usize).then(|| rows.last().map(|r| r.id)).flatten();
    let messages = rows.into_iter().map(view::summary).collect::<Result<_, _>>()?;
    Answer::json(200, &MessageList { messages, next })
}

fn refuse(refusals: Vec<Refusal>) -> Result<(), AppError> {
    if refusals.is_empty() { Ok(()) } else { Err(AppError::Invalid(refusals)) }
}

fn check_saving(call: &Call, draft: &Draft, around: &Surroundings) -> Result<Vec<Refusal>, AppError> {
    let places: Vec<_> = around.classes.iter().map(store::NamedClass::place).collect();
    Ok(draft.check_saving(call.person()?, &places))
}

/// What submission asks for beyond a draft.
fn check_submission(call: &Call, draft: &Draft, around: &Surroundings) -> Result<Vec<Refusal>, AppError> {
    let author = call.person()?;
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
    let (unit, _) = around.place(&draft.audience);
    if around.without_custodian.contains(&unit) {
        refusals.push(Refusal::new(
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
    Ok(refusals)
}

/// `POST /api/messages/preview`.
///
/// # Errors
/// Where the body is no draft.
pub async fn preview(call: Call) -> Result<Answer, AppError> {
    let draft: Draft = call.json()?;
    let around = Surroundings::of(&call.app, &draft.audience).await?;
    let mut refusals = check_saving(&call, &draft, &around)?;
    // Who may not write to an audience is told nothing about it.
    let hidden = refusals.iter().any(|r| r.kind == "audience_not_yours");
    refusals.extend(check_submission(&call, &draft, &around)?);
    let sms = sample_sms(&call.app, &around.signature, &draft.title);
    let steps = around.steps(&draft.audience);
    let chain = domain::approval::Chain {
        author: call.person()?.id,
        digest: String::new(),
        steps: steps.clone(),
        decisions: Vec::new(),
    };
    let now = call.app.now();
    Answer::json(
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
pub async fn create(call: Call) -> Result<Answer, AppError> {
    let draft: Draft = call.json()?;
    let person = call.person()?;
    if ![Action::WriteToClass, Action::WriteToAllGuardians, Action::WriteToAllTeachers]
        .iter()
        .any(|a| person.may(*a))
    {
        return Err(AppError::Forbidden);
    }
    let around = Surroundings::of(&call.app, &draft.audience).await?;
    refuse(check_saving(&call, &draft, &around)?)?;
    let now = call.app.now();
    let columns = view::columns(person, &draft, &around);
    let batch = store::insert(call.app.db.guarded(), person.id, &draft, &columns, now)?;
    let batch = batch.audit(&Audit {
        at: now,
        actor: person.id.0,
        action: "message.drafted",
        subject: Subject::NewestMessage,
        detail: &json!({}),
    })?;
    let batch = call.remember(batch, 201, Remember::NewestMessage)?;
    let batch = batch.then("SELECT MAX(id) AS id FROM messages", &[])?;
    // The guard's own statements come last: the id is the row before them.
    let at = batch.len() - 1;
    let rows = batch.commit().await?;
    let created: Created =
        rows.get(at).and_then(|r| r.first().transpose()).transpose()?.ok_or(AppError::Lost)?;
    Answer::json(201, &created)
}

/// `GET /api/messages/{id}`.
///
/// # Errors
/// Where it is not within sight.
pub async fn show(call: Call) -> Result<Answer, AppError> {
    let loaded = store::load(&call.app, call.person()?, call.param("id")?, false).await?;
    Answer::json(200, &loaded.view(&call.app, call.person()?)?)
}

/// Commits a batch and answers with the message as it then is, in the same round trip.
///
/// # Errors
/// Where the batch loses.
pub async fn commit_and_show(
    call: &Call,
    batch: Guarded<'_>,
    id: MessageId,
) -> Result<(Answer, Loaded), AppError> {
    let person = call.person()?;
    let mut batch = call.remember(batch, 200, Remember::Later)?;
    let at = batch.len();
    batch = batch.append(store::load_sql(&call.app.db, &Sight::of(person), id, false, call.app.now())?);
    let rows = batch.commit().await?;
    let loaded = store::read(rows.get(at..).unwrap_or_default())?;
    let answer = Answer::json(200, &loaded.view(&call.app, person)?)?;
    call.keep(&answer).await?;
    Ok((answer, loaded))
}

fn own(call: &Call, loaded: &Loaded) -> Result<(), AppError> {
    if loaded.row.author_id == call.person()?.id { Ok(()) } else { Err(AppError::Forbidden) }
}

fn wrong_state(loaded: &Loaded) -> AppError {
    let state = loaded.state().map(|s| s.title()).unwrap_or_else(|_| Words::name(""));
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
pub async fn change(call: Call) -> Result<Answer, AppError> {
    let draft: Draft = call.json()?;
    let id: MessageId = call.param("id")?;
    let person = call.person()?;
    let loaded = store::load(&call.app, person, id, false).await?;
    own(&call, &loaded)?;
    let state = loaded.state()?;
    if !matches!(state, MessageState::Draft | MessageState::Returned) {
        return Err(wrong_state(&loaded));
    }
    let around = Surroundings::of(&call.app, &draft.audience).await?;
    refuse(check_saving(&call, &draft, &around)?)?;
    let now = call.app.now();
    let mut batch = call.app.db.guarded();
    if state == MessageState::Returned {
        batch = batch.must(
            "UPDATE messages SET state = 'draft', version = version + 1, digest = NULL, lists = NULL WHERE id = ?1 AND state = 'returned'",
            args![id],
        )?;
    }
    let batch = store::update(batch, &loaded.row, &draft, &view::columns(person, &draft, &around), now)?;
    let batch = batch.audit(&Audit {
        at: now,
        actor: person.id.0,
        action: "message.changed",
        subject: Subject::Row("message", id.0),
        detail: &json!({ "was": state.key() }),
    })?;
    Ok(commit_and_show(&call, batch, id).await?.0)
}

/// `POST /api/messages/{id}/submit` (报批): freezes the list, takes the digest,
/// copies the chain.
///
/// # Errors
/// Everything that has to change, by field.
pub async fn submit(call: Call) -> Result<Answer, AppError> {
    let order: Submit = call.json()?;
    let id: MessageId = call.param("id")?;
    let person = call.person()?;
    let loaded = store::load(&call.app, person, id, true).await?;
    own(&call, &loaded)?;
    if loaded.state()? != MessageState::Draft {
        return Err(wrong_state(&loaded));
    }
    let draft = loaded.draft();
    let mut refusals = check_saving(&call, &draft, &loaded.around)?;
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
    let (lists, entries) = store::freeze(&loaded.who)?;
    let digest = loaded.digest(&lists);
    let steps = loaded.around.steps(&loaded.audience);
    let findings = domain::content::check(&draft.title, &draft.body);
    let row = &loaded.row;
    let mut batch = call
        .app
        .db
        .guarded()
        // What was checked is what is frozen: a save in between loses this batch.
        .must(
            "UPDATE messages SET findings = ?1, changed_at = ?2 WHERE id = ?3 AND state = 'draft' AND changed_at = ?4",
            args![store::json(&findings)?, now, id, row.changed_at],
        )?
        .then(
            "INSERT INTO recipients (message_id, version, stream, person, student)
             SELECT ?1, ?2, value ->> 0, value ->> 1, value ->> 2 FROM json_each(?3)",
            args![id, row.version, entries],
        )?;
    for step in &steps {
        batch = batch.then(
            "INSERT INTO message_steps (message_id, version, position, kind, post, unit_id, substitute) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            args![id, row.version, step.position, step.kind.key(), step.post.key(), step.unit, step.substitute.map(|p| p.key())],
        )?;
    }
    let batch = batch
        .then(
            "INSERT INTO message_versions (message_id, version, title, body, audience_zh, audience_en, digest, submitted_at)
             SELECT id, version, title, body, audience_zh, audience_en, ?1, ?2 FROM messages WHERE id = ?3",
            args![digest.as_str(), now, id],
        )?
        .must(
            "UPDATE messages SET state = 'submitted', digest = ?1, lists = ?2, submitted_at = ?3, statement_at = ?3, reach = ?5
             WHERE id = ?4 AND state = 'draft'",
            args![digest.as_str(), store::json(&lists)?, now, id, store::json(&loaded.around.reach)?],
        )?
        .audit(&Audit {
            at: now,
            actor: person.id.0,
            action: "message.submitted",
            subject: Subject::Row("message", id.0),
            detail: &json!({ "version": row.version, "digest": digest, "recipients": loaded.who.len(), "steps": steps.len() }),
        })?;
    Ok(commit_and_show(&call, batch, id).await?.0)
}

/// A plain step from one state to another.
async fn step(
    call: Call,
    command: Command,
    to: MessageState,
    action: &'static str,
) -> Result<Answer, AppError> {
    let id: MessageId = call.param("id")?;
    let person = call.person()?;
    let loaded = store::load(&call.app, person, id, false).await?;
    let view = loaded.view(&call.app, person)?;
    if !view.may.contains(&command) {
        let could_ever = loaded.row.author_id == person.id || person.may_school(Action::StopSending);
        return Err(if could_ever { wrong_state(&loaded) } else { AppError::Forbidden });
    }
    let now = call.app.now();
    let batch = call
        .app
        .db
        .guarded()
        .must(
            "UPDATE messages SET state = ?1, changed_at = ?2 WHERE id = ?3 AND state = ?4",
            args![to.key(), now, id, view.state.key()],
        )?
        .audit(&Audit {
            at: now,
            actor: person.id.0,
            action,
            subject: Subject::Row("message", id.0),
            detail: &json!({ "was": view.state.key() }),
        })?;
    let (answer, loaded) = commit_and_show(&call, batch, id).await?;
    if to == MessageState::Sending {
        return Ok(crate::delivery::poke_later(answer, &call.app, loaded.streams()));
    }
    Ok(answer)
}

/// `POST /api/messages/{id}/withdraw`.
///
/// # Errors
/// Where it is not the caller's, or already approved.
pub async fn withdraw(call: Call) -> Result<Answer, AppError> {
    step(call, Command::Withdraw, MessageState::Withdrawn, "message.withdrawn").await
}

/// `POST /api/messages/{id}/cancel`.
///
/// # Errors
/// Where it is not approved and waiting for its time.
pub async fn cancel(call: Call) -> Result<Answer, AppError> {
    step(call, Command::Cancel, MessageState::Cancelled, "message.cancelled").await
}

/// `POST /api/messages/{id}/pause`.
///
/// # Errors
/// Where it is not being sent.
pub async fn pause(call: Call) -> Result<Answer, AppError> {
    step(call, Command::Pause, MessageState::Paused, "message.paused").await
}

/// `POST /api/messages/{id}/resume`.
///
/// # Errors
/// Where it is not paused.
pub async fn resume(call: Call) -> Result<Answer, AppError> {
    step(call, Command::Resume, MessageState::Sending, "message.resumed").await
}
