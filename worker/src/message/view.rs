//! A message as its readers see it, made of its rows by the rules.

use domain::access::{Action, Appointment, Person, Post};
use domain::approval::{Chain, ChainView, Decision, DecisionView, OWN_PROCEDURE, Step, StepView, Verdict};
use domain::delivery::{DeliveryState, Funnel};
use domain::ids::StaffId;
use domain::message::{Audience, Command, Draft, Earlier, MessageState, MessageSummary, MessageView, Times};
use domain::sms::{Template, length};
use domain::words;
use domain::words::Words;

use super::audience::{HolderRow, Surroundings};
use super::list::SummaryRow;
use super::rows::{DecisionRow, Loaded, MessageRow, Moved, ProgressRow, StepRow};
use super::transition::DraftColumns;
use crate::platform::app::App;
use crate::platform::error::AppError;

/// A token as long as a real one, for counting and showing.
const SAMPLE_TOKEN: &str = "AbCdEfGhIjKlMnOpQrStUvWxYz012345";

/// The SMS as the worst recipient would get it: all links are equally long.
pub fn sample_sms(app: &App, template: &Template, signature: &str, title: &str) -> String {
    template.render(signature, title, &format!("{}/m/{SAMPLE_TOKEN}", app.origin))
}

/// The audience in words: class names, at most five of them.
pub fn audience_words(audience: &Audience, around: &Surroundings) -> Words {
    match audience {
        Audience::AllGuardians => Words::fixed("全校家长", "All parents"),
        Audience::AllTeachers => Words::fixed("全体教师", "All teachers"),
        Audience::Classes { .. } => {
            let names: Vec<&str> = around.classes.iter().map(|c| c.name.as_str()).collect();
            let n = names.len();
            match n {
                0 => Words::fixed("尚未选择班级", "No class chosen"),
                1..=5 => {
                    let (zh, en) = (names.join("、"), names.join(", "));
                    words!("{zh}家长", "Parents of {en}")
                }
                _ => {
                    let (zh, en) = (names[..3].join("、"), names[..3].join(", "));
                    words!("{zh}等 {n} 个班的家长", "Parents of {en} and others ({n} classes)")
                }
            }
        }
    }
}

/// The sender as parents see it: the capacity in which it is sent.
fn sender_title(held: &Appointment) -> String {
    let class = held.class_name.as_deref().unwrap_or_default();
    match held.post {
        Post::HomeroomTeacher => format!("{class}班主任"),
        Post::SubjectTeacher => format!("{class}{}教师", held.subject.as_deref().unwrap_or("任课")),
        _ => held.unit_name.clone(),
    }
}

/// The columns that follow from a draft and its surroundings.
///
/// # Errors
/// [`AppError::Forbidden`] where the author holds no post that lets write.
pub fn columns(author: &Person, draft: &Draft, around: &Surroundings) -> Result<DraftColumns, AppError> {
    let words = audience_words(&draft.audience, around);
    let held = around.capacity(author, &draft.audience).ok_or(AppError::Forbidden)?;
    Ok(DraftColumns {
        appointment: held.id,
        capacity_unit: held.unit,
        audience_unit: around.unit(&draft.audience),
        sender_title: sender_title(held),
        audience_zh: words.zh.into_owned(),
        audience_en: words.en.into_owned(),
        signature: around.signature.clone(),
    })
}

/// Persons that hold deciding posts, from their rows.
pub fn holders(rows: &[HolderRow]) -> Vec<Person> {
    let mut people: Vec<Person> = Vec::new();
    for row in rows {
        let held = Appointment {
            id: row.id,
            post: row.post,
            unit: row.unit_id,
            unit_name: String::new(),
            class: None,
            class_name: None,
            subject: None,
        };
        match people.iter_mut().find(|p| p.id == row.staff_id) {
            Some(person) => person.appointments.push(held),
            None => people.push(Person {
                id: row.staff_id,
                name: row.name.clone(),
                number: row.number.clone(),
                appointments: vec![held],
            }),
        }
    }
    people
}

fn step(row: &StepRow) -> Step {
    Step {
        position: row.position,
        kind: row.kind,
        post: row.post,
        unit: row.unit_id,
        substitute: row.substitute,
        substitute_unit: row.substitute_unit_id,
        holds: row.holds,
        needs: row.needs.clone(),
    }
}

fn decision_view(row: &DecisionRow) -> DecisionView {
    DecisionView {
        version: row.version,
        position: row.position,
        kind: row.kind,
        name: row.name.clone(),
        post: row.post,
        verdict: row.verdict,
        reason: row.reason.clone(),
        at: row.at,
    }
}

impl MessageRow {
    /// The wording of its SMS, however old.
    ///
    /// # Errors
    /// Where nobody knows it any more.
    pub fn template(&self) -> Result<&'static Template, AppError> {
        Template::find(&self.template, self.template_version).ok_or_else(|| {
            AppError::Internal(format!("template {} v{} is unknown", self.template, self.template_version))
        })
    }
}

impl Loaded {
    /// The chain of this version as the rules judge it.
    pub fn chain(&self) -> Chain {
        let decisions = self.decisions.iter().filter(|d| d.version == self.row.version);
        Chain {
            author: self.row.author_id,
            digest: self.row.digest.clone().unwrap_or_default(),
            steps: self.steps.iter().map(step).collect(),
            decisions: decisions
                .map(|d| Decision {
                    position: d.position,
                    staff: d.staff_id,
                    verdict: d.verdict,
                    digest: d.digest.clone(),
                })
                .collect(),
        }
    }

    /// The draft as it was written.
    pub fn draft(&self) -> Draft {
        Draft {
            audience: self.audience.clone(),
            category: self.row.category,
            title: self.row.title.clone(),
            body: self.row.body.clone(),
            send_at: self.row.send_at,
            reasons: self.row.reasons.clone(),
        }
    }

    /// The progress of all batches, once released.
    pub fn funnel(&self) -> Option<Funnel> {
        self.skipped.map(|skipped| funnel(&self.progress, skipped))
    }

    /// What the reader may order now.
    fn may(&self, person: &Person, state: MessageState, chain: &Chain) -> Vec<Command> {
        let mine = person.id == self.row.author_id;
        let runs = mine || person.may_school(Action::StopSending);
        let mut may = Vec::new();
        match state {
            MessageState::Draft if mine => may.extend([Command::Edit, Command::Submit, Command::Withdraw]),
            MessageState::Returned if mine => may.extend([Command::Edit, Command::Withdraw]),
            MessageState::Submitted => {
                if mine {
                    may.push(Command::Withdraw);
                }
                if chain.may_decide(person).is_ok() {
                    may.push(Command::Decide);
                }
            }
            MessageState::Approved if runs => may.push(Command::Cancel),
            MessageState::Sending if runs => may.push(Command::Pause),
            MessageState::Paused if runs => may.push(Command::Resume),
            _ => {}
        }
        may
    }

    /// The whole screen.
    ///
    /// # Errors
    /// Where the SMS that was submitted has a wording that nobody knows any more.
    pub fn view(&self, app: &App, person: &Person) -> Result<MessageView, AppError> {
        let state = self.row.state;
        let chain = self.chain();
        let draft = self.draft();
        let unfrozen = matches!(state, MessageState::Draft) || self.row.digest.is_none();
        let sms = sample_sms(app, self.row.template()?, &self.row.signature, &self.row.title);
        let history: Vec<DecisionView> = self.decisions.iter().map(decision_view).collect();
        let steps = if unfrozen { self.around.steps(&self.audience) } else { chain.steps.clone() };
        let last_return =
            history.iter().rev().find(|d| d.verdict == Verdict::Return && d.version < self.row.version);
        let names =
            |what: Moved| self.moved.iter().filter(|m| m.what == what).map(|m| m.name.clone()).collect();
        Ok(MessageView {
            id: self.row.id,
            version: self.row.version,
            state,
            audience: Words {
                zh: self.row.audience_zh.clone().into(),
                en: self.row.audience_en.clone().into(),
            },
            author: self.row.author_id,
            author_name: self.row.author_name.clone(),
            sender_title: self.row.sender_title.clone(),
            digest: self.row.digest.clone(),
            length: length(&sms),
            sms,
            reach: if unfrozen { self.around.reach } else { self.row.reach.unwrap_or_default() },
            findings: if unfrozen {
                domain::content::check(&draft.title, &draft.body)
            } else {
                self.row.findings.clone()
            },
            chain: chain_view(&steps, &chain, &history, self.row.version, &self.around, state),
            before: self.earlier.as_ref().map(|e| Earlier {
                title: e.title.clone(),
                body: e.body.clone(),
                audience: Words { zh: e.audience_zh.clone().into(), en: e.audience_en.clone().into() },
                reason: last_return.map(|d| d.reason.clone()).unwrap_or_default(),
            }),
            history,
            joined: names(Moved::Joined),
            left: names(Moved::Left),
            may: self.may(person, state, &chain),
            times: Times {
                created_at: self.row.created_at,
                submitted_at: self.row.submitted_at,
                approved_at: self.row.approved_at,
                released_at: self.row.released_at,
            },
            funnel: self.funnel(),
            draft,
        })
    }
}

/// A chain for the screen: its steps with who can decide and what was decided.
pub fn chain_view(
    steps: &[Step],
    chain: &Chain,
    history: &[DecisionView],
    version: u32,
    around: &Surroundings,
    state: MessageState,
) -> ChainView {
    let people = holders(&around.holders);
    let waiting = (state == MessageState::Submitted).then(|| chain.waiting().map(|s| s.position)).flatten();
    ChainView {
        label: OWN_PROCEDURE,
        steps: steps
            .iter()
            .map(|step| StepView {
                people: able(step, &people, chain.author),
                decision: history
                    .iter()
                    .find(|d| d.version == version && d.position == step.position)
                    .cloned(),
                waits: waiting == Some(step.position),
                step: step.clone(),
            })
            .collect(),
    }
}

/// Names of those who can decide a step: who holds the post before who stands in.
fn able(step: &Step, people: &[Person], author: StaffId) -> Vec<String> {
    let by = |post: Post| people.iter().filter(move |p| p.id != author && step.post_of(p) == Some(post));
    let stand_in = step.substitute.filter(|s| *s != step.post);
    by(step.post).chain(stand_in.into_iter().flat_map(by)).map(|p| p.name.clone()).collect()
}

/// Adds up batches.
pub fn funnel(progress: &[ProgressRow], skipped: u32) -> Funnel {
    let mut funnel = Funnel::default();
    for row in progress {
        for (state, n) in &row.totals {
            funnel.add(*state, *n);
        }
        funnel.opened += row.opened;
        funnel.confirmed += row.confirmed;
    }
    funnel.add(DeliveryState::Skipped, skipped);
    funnel
}

/// A line of the list.
pub fn summary(row: SummaryRow) -> MessageSummary {
    let progress = row.progress.into_iter();
    let progress: Vec<ProgressRow> =
        progress.map(|(totals, confirmed)| ProgressRow { totals, confirmed, opened: 0 }).collect();
    MessageSummary {
        id: row.id,
        title: row.title,
        audience: Words { zh: row.audience_zh.into(), en: row.audience_en.into() },
        state: row.state,
        author: row.author_name,
        changed_at: row.changed_at,
        send_at: row.send_at,
        funnel: row.released_at.map(|_| funnel(&progress, row.skipped)),
    }
}
