//! What a person may order for a message, and why not: one rule for each order.
//! The view offers what it allows, the handlers refuse by it, and who asks
//! why is told its refusal.

use domain::access::{Action, Person, Post, Reach};
use domain::approval::{Holder, StepKind};
use domain::message::{Command, MessageState};
use domain::problem::Refusal;
use domain::rank::rank;
use domain::time::Instant;
use domain::why::{WhoMay, by_post};
use domain::words;
use domain::words::Words;

use super::rows::Loaded;
use crate::filing::rights::{why_not_commented, why_not_received, why_not_registered, why_not_released};

/// Refuses whoever did not draft it.
fn drafter_only() -> Refusal {
    Refusal::rights(
        "forbidden",
        Words::fixed("只有起草人才能这样做", "Only the person who drafted it can do this"),
    )
}

impl Loaded {
    /// Refuses an order that the state of the message does not allow.
    pub fn wrong_state(&self) -> Refusal {
        let state = self.row.state.title();
        let (zh, en) = (state.zh, state.en);
        Refusal::state(
            "wrong_state",
            words!(
                "这条信息的状态是“{zh}”，不能这样操作；请刷新后再看",
                "This message is “{en}”: this cannot be done now. Reload and look again"
            ),
        )
    }

    /// Whether a person runs the message: wrote it, or may stop all sending.
    fn runs(&self, person: &Person) -> bool {
        person.id == self.row.author_id || person.may_school(Action::StopSending)
    }

    /// Whether a person may give an order now.
    ///
    /// # Errors
    /// Why not, in words for that person.
    pub fn allows(&self, command: Command, person: &Person, now: Instant) -> Result<(), Refusal> {
        use MessageState::{Approved, Draft, Paused, Returned, Sending, Submitted};
        let (row, state) = (&self.row, self.row.state);
        let mine = row.author_id == person.id;
        let drafter = || if mine { Ok(()) } else { Err(drafter_only()) };
        let runner = || {
            if self.runs(person) {
                return Ok(());
            }
            Err(Refusal::rights(
                "forbidden",
                Words::fixed(
                    "只有起草人，或可以停止全部发送的岗位，才能这样做",
                    "Only its drafter can do this, or a post that may stop all sending",
                ),
            ))
        };
        let in_state = |states: &[MessageState]| {
            if states.contains(&state) { Ok(()) } else { Err(self.wrong_state()) }
        };
        match command {
            Command::Edit => drafter().and_then(|()| in_state(&[Draft, Returned])),
            Command::Submit => drafter().and_then(|()| in_state(&[Draft])),
            Command::Withdraw => drafter().and_then(|()| in_state(&[Draft, Returned, Submitted])),
            Command::Remind => drafter().and_then(|()| self.may_remind(now)),
            Command::Decide if state == Submitted => self.chain().may_decide(person.id).map(drop),
            Command::Decide => Err(Refusal::state(
                "nothing_waits",
                Words::fixed(
                    "这条信息没有待办的审批步骤，请刷新后再看",
                    "No step of this message waits for a decision: reload and look again",
                ),
            )),
            Command::Cancel => {
                // What nobody answers for any more can be ended by the head of the unit in which it was written.
                let heads = || {
                    person
                        .reaches(Action::ReadMessages)
                        .any(|(held, reach)| reach == Reach::Unit && held.unit == row.capacity_unit_id)
                };
                if self.held.is_none() || !heads() {
                    runner()?;
                }
                in_state(&[Approved])
            }
            Command::Pause => runner().and_then(|()| in_state(&[Sending])),
            Command::Resume => {
                runner().and_then(|()| in_state(&[Paused])).and_then(|()| person.may_lift(row.halting_post()))
            }
            Command::Stop => runner().and_then(|()| in_state(&[Sending, Paused])),
            Command::Correct => self.may_correct(person),
            Command::Register => why_not_registered(person, self),
            Command::Release => why_not_released(person, self, now),
            Command::Receive => why_not_received(self),
            Command::Comment => why_not_commented(person, self, false),
            Command::Answer => why_not_commented(person, self, true),
            Command::PutAgain => self.may_put_again(person),
        }
    }

    fn may_remind(&self, now: Instant) -> Result<(), Refusal> {
        if self.row.state != MessageState::Submitted {
            return Err(Refusal::state(
                "nothing_waits",
                Words::fixed(
                    "这条信息没有待办的审批步骤，不需要催办",
                    "No step of this message waits for a decision: there is nobody to remind",
                ),
            ));
        }
        if self.row.reminded_at.is_some_and(|at| at.day() >= now.day()) {
            let today = Words::fixed(
                "今天已经催办过，明天可以再催",
                "You have reminded today already: again tomorrow",
            );
            return Err(Refusal::state("reminded_today", today));
        }
        Ok(())
    }

    /// Somebody got it, there is no correction yet, and an appointment sends as it was sent.
    fn may_correct(&self, person: &Person) -> Result<(), Refusal> {
        let sent_as = self.row.sent_as();
        let reached = self.reached_somebody();
        if !person.appointments.iter().any(|held| sent_as.is_corrected_by(held)) {
            return Err(Refusal::rights(
                "forbidden",
                Words::fixed(
                    "更正由原来的发送岗位来写",
                    "A correction is written in the post in which the original was sent",
                ),
            ));
        }
        if !self.row.state.went_out() || !reached {
            return Err(Refusal::state(
                "not_sent_yet",
                Words::fixed(
                    "还没有人收到，不需要更正",
                    "Nobody has got it yet: there is nothing to correct",
                ),
            ));
        }
        if self.corrected_by.is_some() {
            return Err(Refusal::state(
                "corrected_already",
                Words::fixed("已经有一条更正", "It has a correction already"),
            ));
        }
        Ok(())
    }

    fn may_put_again(&self, person: &Person) -> Result<(), Refusal> {
        if !person.may_school(Action::StopSending) {
            return Err(Refusal::rights(
                "forbidden",
                Words::fixed(
                    "搁置的短信由可以停止全部发送的岗位重新提交",
                    "What is set apart is put again by a post that may stop all sending",
                ),
            ));
        }
        let waits_for_a_person = self.set_apart.iter().any(|apart| !apart.why.goes_on_by_itself());
        if waits_for_a_person { Ok(()) } else { Err(self.wrong_state()) }
    }

    /// What the reader may order now.
    pub fn may(&self, person: &Person, now: Instant) -> Vec<Command> {
        Command::ALL.into_iter().filter(|command| self.allows(*command, person, now).is_ok()).collect()
    }

    /// Whether an order has to do with this message at all: of others nobody asks why not.
    pub fn concerns(&self, command: Command) -> bool {
        let has = |kind: StepKind| self.steps.iter().any(|step| step.kind == kind);
        match command {
            Command::Register => has(StepKind::Register),
            Command::Receive => has(StepKind::File),
            Command::Release => self.row.needs_order(),
            Command::Comment => self.row.digest.is_some(),
            Command::Answer => self.beside.is_asked(),
            Command::Resume => self.row.state == MessageState::Paused,
            Command::PutAgain => !self.set_apart.is_empty(),
            Command::Submit | Command::Edit => {
                matches!(self.row.state, MessageState::Draft | MessageState::Returned)
            }
            Command::Withdraw | Command::Remind | Command::Decide => !self.row.state.went_out(),
            Command::Cancel | Command::Pause | Command::Stop | Command::Correct => true,
        }
    }

    /// Who may give an order, by what lets them: names and posts of those in power today. `unit` are those who hold a
    /// post in the unit that sends, and lead its class.
    pub fn who_may(&self, command: Command, corrects: Vec<WhoMay>) -> Vec<WhoMay> {
        let row = &self.row;
        let drafter =
            || WhoMay { by: Words::fixed("起草人", "The drafter"), names: vec![row.author_name.clone()] };
        let holders =
            |fits: &dyn Fn(&Holder) -> bool| by_post(self.around.holders.iter().filter(|h| fits(h)));
        let stops = |h: &Holder| lets(h.post, Action::StopSending);
        let registers = |kind: StepKind| {
            let asked = self.steps.iter().find(|s| s.kind == kind).map(|s| s.post);
            holders(&|h| h.staff != row.author_id && asked.is_some_and(|post| h.post.registers_for(post)))
        };
        match command {
            Command::Edit | Command::Submit | Command::Withdraw | Command::Remind | Command::Answer => {
                vec![drafter()]
            }
            Command::Decide => {
                let chain = self.chain();
                let step = chain.waiting().or_else(|| chain.steps.iter().find(|s| s.is_decisive()));
                let Some(step) = step else { return Vec::new() };
                let names = chain.able(step).0;
                if names.is_empty() { Vec::new() } else { vec![WhoMay { by: step.post.title(), names }] }
            }
            Command::Cancel | Command::Pause | Command::Stop => {
                std::iter::once(drafter()).chain(holders(&stops)).collect()
            }
            Command::Resume => {
                let least = rank(row.halting_post());
                let by_rank = holders(&|h| stops(h) && rank(h.post) >= least);
                let drafts = (least == 0).then(drafter);
                drafts.into_iter().chain(by_rank).collect()
            }
            Command::PutAgain => holders(&stops),
            Command::Register => registers(StepKind::Register),
            Command::Receive => registers(StepKind::File),
            Command::Comment => holders(&|h| h.staff != row.author_id && lets(h.post, Action::KeepRegister)),
            Command::Release => {
                holders(&|h| h.post == Post::DesignatedSender && h.unit == row.capacity_unit_id)
            }
            Command::Correct => corrects,
        }
    }
}

/// Whether a post grants an action for the whole school.
fn lets(post: Post, action: Action) -> bool {
    domain::access::grants(post).contains(&(action, Reach::School))
}
