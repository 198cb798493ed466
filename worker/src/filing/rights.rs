//! Who sees the papers of a message, and who enters it in the register.

use domain::access::{Action, Person, Post};
use domain::approval::StepKind;
use domain::delivery::TOO_OLD;
use domain::filing::Papers;
use domain::message::MessageState;
use domain::problem::Refusal;
use domain::time::Instant;
use domain::words::Words;

use crate::message::rows::Loaded;

/// The papers of a message, for who reads it as a whole.
pub(super) fn with_papers(loaded: &Loaded) -> Option<&Papers> {
    loaded.row.seen_whole.then_some(&loaded.beside.papers)
}

/// Refuses what a post does not allow.
fn not_your_post() -> Refusal {
    Refusal::rights(
        "forbidden",
        Words::fixed("由负责登记备案的岗位办理", "This is done by the posts that keep the register"),
    )
}

/// Says why a person does not enter this message in the register.
///
/// # Errors
/// Where that is so.
pub fn why_not_registered(person: &Person, loaded: &Loaded) -> Result<(), Refusal> {
    if loaded.beside.registrar.is_some() {
        return Ok(());
    }
    if !person.may(Action::KeepRegister) {
        return Err(not_your_post());
    }
    let has_step = loaded.steps.iter().any(|s| s.kind == StepKind::Register);
    Err(match (has_step, loaded.beside.missing) {
        (false, _) => Refusal::state(
            "nothing_to_register",
            Words::fixed("这条信息不需要登记审批原件", "This message needs no entry of a signed original"),
        ),
        (true, None) => Refusal::state(
            "registered_already",
            Words::fixed("这条信息已经登记", "This message is in the register already"),
        ),
        (true, Some(_)) if loaded.row.state != MessageState::Approved => Refusal::state(
            "not_approved_yet",
            Words::fixed(
                "审批通过后才能登记审批原件",
                "The signed original is registered once the message is approved",
            ),
        ),
        (true, Some(_)) => not_your_post(),
    })
}

/// Says why a person does not register the filing of a message.
///
/// # Errors
/// Where that is so.
pub fn why_not_received(loaded: &Loaded) -> Result<(), Refusal> {
    if loaded.beside.open_filing.is_none() {
        let words = if loaded.beside.papers.filing.is_some() {
            Words::fixed("这份备案已经登记", "This filing is registered already")
        } else {
            Words::fixed("这条信息没有备案", "This message has no filing")
        };
        return Err(Refusal::state("no_open_filing", words));
    }
    if loaded.beside.receiver.is_some() { Ok(()) } else { Err(not_your_post()) }
}

/// Says why a person does not comment on a message or ask about it, or answer what was asked.
///
/// # Errors
/// Where that is so.
pub fn why_not_commented(person: &Person, loaded: &Loaded, is_answer: bool) -> Result<(), Refusal> {
    let row = &loaded.row;
    let is_sender = row.author_id == person.id;
    let may = if is_answer { is_sender } else { !is_sender && person.may(Action::KeepRegister) };
    if !may || !row.seen_whole {
        return Err(if is_answer {
            Refusal::rights(
                "forbidden",
                Words::fixed("询问由起草人答复", "What is asked is answered by the drafter"),
            )
        } else {
            not_your_post()
        });
    }
    if row.digest.is_none() {
        return Err(Refusal::state(
            "not_submitted",
            Words::fixed("报批之后才能提意见", "A message can be commented on once it is submitted"),
        ));
    }
    if is_answer && !loaded.beside.is_asked() {
        return Err(Refusal::state(
            "nothing_asked",
            Words::fixed("没有待答复的询问", "There is no question to answer"),
        ));
    }
    Ok(())
}

/// Says why a person does not release a message now.
///
/// # Errors
/// Where that is so.
pub fn why_not_released(person: &Person, loaded: &Loaded, now: Instant) -> Result<(), Refusal> {
    let (row, beside) = (&loaded.row, &loaded.beside);
    let rights = |kind: &'static str, words: Words| Err(Refusal::rights(kind, words));
    let state = |kind: &'static str, words: Words| Err(Refusal::state(kind, words));
    if !row.needs_order() {
        let words = Words::fixed(
            "只有部门的信息由指派专人发出，这条信息批准后自动发送",
            "Only a department's message is released by its designated sender: this one goes out by itself",
        );
        return state("needs_no_release", words);
    }
    if !person.holds(Post::DesignatedSender, Some(row.capacity_unit_id)) {
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
