//! A message as its readers see it, made of its rows by the rules.

use domain::access::{Appointment, Person, Post};
use domain::approval::{Chain, ChainView, Decision, DecisionView, Sender, Step, StepKind, StepView, Verdict};
use domain::delivery::{DeliveryState, Funnel};
use domain::filing::Papers;
use domain::message::{
    Audience, CapacityView, ChangedNumber, Draft, Earlier, Halt, Hold, MessageState, MessageSummary,
    MessageView, Moves, Times, children_words, count_words,
};
use domain::sms::{Template, length};
use domain::time::{HOUR, Instant};
use domain::words;
use domain::words::Words;

use super::audience::Surroundings;
use super::children::Named;
use super::list::SummaryRow;
use super::rows::{DecisionRow, Loaded, MessageRow, Moved, ProgressRow, StepRow};
use super::transition::DraftColumns;
use crate::delivery::expire::is_too_old;
use crate::delivery::provider;
use crate::platform::app::App;
use crate::platform::error::AppError;

/// A token as long as a real one, for counting and showing.
const SAMPLE_TOKEN: &str = "AbCdEfGhIjKlMnOpQrStUvWxYz012345";

/// The SMS as the worst recipient would get it: all links are equally long.
pub fn sample_sms(app: &App, template: &Template, signature: &str, title: &str) -> String {
    template.render(signature, title, &format!("{}/m/{SAMPLE_TOKEN}", app.origin))
}

/// The audience as it was written down, or by the names of the children where the reader may know them.
fn in_words(zh: String, en: String, children: Named) -> Words {
    match children {
        Some((class, names)) if !names.is_empty() => children_words(&class, &names),
        _ => Words { zh: zh.into(), en: en.into() },
    }
}

/// The audience of a draft in words, with the names of the children where its writer may know them.
pub fn named_words(audience: &Audience, around: &Surroundings) -> Words {
    let words = audience_words(audience, around);
    let names: Option<Vec<String>> = around.children.iter().map(|child| child.name.clone()).collect();
    let class = around.classes.first().map(|c| around.class_name(c));
    in_words(words.zh.into_owned(), words.en.into_owned(), class.zip(names))
}

/// The audience in the words that are written down: class names, at most five of them, and no child's.
pub fn audience_words(audience: &Audience, around: &Surroundings) -> Words {
    match audience {
        Audience::AllGuardians => Words::fixed("全校家长", "All parents"),
        Audience::AllTeachers => Words::fixed("全体教师", "All teachers"),
        Audience::Units { units } => {
            let names: Vec<&str> = units.iter().filter_map(|unit| around.unit_name(*unit)).collect();
            let n = names.len();
            match n {
                0 => Words::fixed("尚未选择部门", "No unit chosen"),
                1..=5 => {
                    let (zh, en) = (names.join("、"), names.join(", "));
                    words!("{zh}教职工", "Staff of {en}")
                }
                _ => {
                    let (zh, en) = (names[..3].join("、"), names[..3].join(", "));
                    words!("{zh}等 {n} 个部门的教职工", "Staff of {en} and others ({n} units)")
                }
            }
        }
        Audience::Children { students, .. } => {
            let class = around.classes.first().map(|c| around.class_name(c)).unwrap_or_default();
            count_words(&class, students.len())
        }
        Audience::Earlier { .. } => {
            let (zh, en) = around.earlier.as_ref().map_or(("", ""), |e| (&e.audience_zh, &e.audience_en));
            words!("{zh}（原收件人）", "{en} (those who got the original)")
        }
        Audience::Classes { .. } | Audience::Students { .. } => {
            let to_students = matches!(audience, Audience::Students { .. });
            let names: Vec<String> = around.classes.iter().map(|c| around.class_name(c)).collect();
            let n = names.len();
            match n {
                0 => Words::fixed("尚未选择班级", "No class chosen"),
                1..=5 => {
                    let (zh, en) = (names.join("、"), names.join(", "));
                    match to_students {
                        true => words!("{zh}学生", "Students of {en}"),
                        false => words!("{zh}家长", "Parents of {en}"),
                    }
                }
                _ => {
                    let (zh, en) = (names[..3].join("、"), names[..3].join(", "));
                    match to_students {
                        true => words!("{zh}等 {n} 个班的学生", "Students of {en} and others ({n} classes)"),
                        false => words!("{zh}等 {n} 个班的家长", "Parents of {en} and others ({n} classes)"),
                    }
                }
            }
        }
    }
}

/// The sender as parents see it: the capacity in which it is sent.
pub fn sender_title(held: &Appointment) -> String {
    let class = held.class_name.as_deref().unwrap_or_default();
    match held.post {
        post if post.leads_a_class() => format!("{class}{}", post.title().zh),
        Post::SubjectTeacher => format!("{class}{}教师", held.subject.as_deref().unwrap_or("任课")),
        _ => held.unit_name.clone(),
    }
}

/// An appointment in which a draft can be sent.
pub fn capacity_view(held: &Appointment) -> CapacityView {
    CapacityView { appointment: held.id, title: sender_title(held), post: held.post }
}

/// The columns that follow from a draft and its surroundings.
///
/// # Errors
/// [`AppError::Forbidden`] where the author holds no post that lets write.
pub fn columns(author: &Person, draft: &Draft, around: &Surroundings) -> Result<DraftColumns, AppError> {
    let words = audience_words(&draft.audience, around);
    let held = around.capacity(author, draft).ok_or(AppError::Forbidden)?;
    Ok(DraftColumns {
        appointment: held.id,
        capacity_unit: held.unit,
        audience_unit: around.unit(&draft.audience),
        sender_title: sender_title(held),
        audience_zh: words.zh.into_owned(),
        audience_en: words.en.into_owned(),
        signature: around.signature.clone(),
        application: draft.application.clone().filter(|_| held.post.sender() == Some(Sender::Department)),
    })
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
        passages: row.passages.clone(),
        at: row.at,
    }
}

impl MessageRow {
    /// The wording of its SMS, however old; none where this version does not know it.
    pub fn template(&self) -> Option<&'static Template> {
        Template::find(&self.template, self.template_version)
    }

    /// By whom it is paused or was stopped.
    fn halt(&self) -> Option<Halt> {
        let is_halted = matches!(self.state, MessageState::Paused | MessageState::Stopped);
        let at = self.halted_at.filter(|_| is_halted)?;
        Some(Halt {
            by: self.halted_name.clone().unwrap_or_default(),
            post: self.halting_post(),
            at,
            reason: self.halt_reason.clone().unwrap_or_default(),
        })
    }

    /// Why it is not going out although it was approved.
    fn hold(&self, app: &App) -> Option<Hold> {
        match self.state {
            MessageState::Approved | MessageState::Sending => provider::missing(app),
            MessageState::Cancelled if self.due_at.is_some_and(|due| is_too_old(due, self.changed_at)) => {
                Some(Hold::TooOld)
            }
            _ => None,
        }
    }
}

impl Loaded {
    /// The chain of this version as the rules judge it.
    pub fn chain(&self) -> Chain {
        let decisions = self.decisions.iter().filter(|d| d.version == self.row.version);
        Chain {
            author: self.row.author_id,
            digest: self.row.digest.clone().unwrap_or_default(),
            submitted_at: self.row.submitted_at.unwrap_or(Instant::MAX),
            holders: self.around.holders.clone(),
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
            appointment: Some(self.row.appointment_id),
            category: self.row.category,
            title: self.row.title.clone(),
            body: self.row.body.clone(),
            send_at: self.row.send_at,
            reasons: self.row.reasons.clone(),
            application: self.row.application.clone(),
        }
    }

    /// What the chain is called: of a draft, the one that it would take now.
    fn procedure_label(&self, unfrozen: bool) -> Words {
        let frozen = self.row.procedure_zh.clone().zip(self.row.procedure_en.clone()).filter(|_| !unfrozen);
        match frozen {
            Some((zh, en)) => Words { zh: zh.into(), en: en.into() },
            None => self.around.procedure_label(Some(self.row.capacity()), &self.audience),
        }
    }

    /// The progress of all batches, once released.
    pub fn funnel(&self) -> Option<Funnel> {
        self.skipped.map(|skipped| funnel(&self.progress, skipped))
    }

    /// Whether somebody got it, or is still to get it.
    pub fn reached_somebody(&self) -> bool {
        self.funnel().is_some_and(|funnel| funnel.phones > funnel.skipped)
    }

    /// Says of the step that waits since when, and until when it should be done.
    fn waiting(&self, mut chain: ChainView) -> ChainView {
        for step in chain.steps.iter_mut().filter(|step| step.waits) {
            (step.since, step.until) = waits(self.row.waits);
        }
        chain
    }

    /// Whether it waits for more than its time once it is approved: a registration, or the order of the
    /// designated sender.
    pub fn waits_for_papers(&self) -> bool {
        self.row.needs_order() || self.steps.iter().any(|s| s.kind == StepKind::Register && s.holds)
    }

    fn changed_numbers(&self, app: &App) -> Result<Vec<ChangedNumber>, AppError> {
        let keys = app.keys()?;
        let masked = |phone: &Option<(i64, i64, String)>| match phone {
            Some((id, key, sealed)) => Ok(keys.open_phone(*id, *key, sealed)?.masked()),
            None => Ok::<_, AppError>(String::new()),
        };
        self.changed
            .iter()
            .map(|row| {
                let [from, to] = &row.phones;
                Ok(ChangedNumber {
                    name: row.name.clone().unwrap_or_default(),
                    from: masked(from)?,
                    to: masked(to)?,
                    at: row.at,
                    by_import: row.by_import,
                })
            })
            .collect()
    }

    /// The whole screen.
    ///
    /// # Errors
    /// None today; what a reader may not see was not loaded.
    pub fn view(&self, app: &App, person: &Person) -> Result<MessageView, AppError> {
        let state = self.row.state;
        let whole = self.row.seen_whole;
        let mut draft = self.draft();
        if !whole {
            draft.reasons.clear();
            draft.application = None;
        }
        let unfrozen = matches!(state, MessageState::Draft) || self.row.digest.is_none();
        // A wording that this version does not know cannot be shown; it is not sent either (`set_apart`).
        let sms = self
            .row
            .template()
            .map(|template| sample_sms(app, template, &self.row.signature, &self.row.title))
            .unwrap_or_default();
        let mut chain = self.chain();
        if unfrozen {
            // A correction is shown the people who can decide it now.
            chain.submitted_at = Instant::MAX;
        }
        // What was said before it was approved stays among those who decide.
        let told = self.decisions.iter().filter(|d| whole || d.version == self.row.version);
        let mut history: Vec<DecisionView> = told.map(decision_view).collect();
        if !whole {
            for decision in &mut history {
                decision.reason.clear();
                decision.passages.clear();
            }
        }
        let steps = if unfrozen {
            self.around.steps(self.row.capacity(), &self.audience)
        } else {
            chain.steps.clone()
        };
        let last_return =
            history.iter().rev().find(|d| d.verdict == Verdict::Return && d.version < self.row.version);
        let names = |what: Moved| {
            self.moved.iter().filter(|m| m.what == what).filter_map(|m| m.name.clone()).collect()
        };
        let count = |what: Moved| self.moved.iter().find(|m| m.what == what).map_or(0, |m| m.n);
        Ok(MessageView {
            id: self.row.id,
            version: self.row.version,
            state,
            audience: in_words(
                self.row.audience_zh.clone(),
                self.row.audience_en.clone(),
                self.row.children.clone(),
            ),
            author: self.row.author_id,
            author_name: self.row.author_name.clone(),
            sender_title: self.row.sender_title.clone(),
            digest: self.row.digest.clone(),
            length: length(&sms),
            sms,
            reach: if unfrozen { self.around.reach } else { self.row.reach.unwrap_or_default() },
            findings: if !whole {
                Vec::new()
            } else if unfrozen {
                domain::content::check(&draft.title, &draft.body, &app.text_context())
            } else {
                self.row.findings.clone()
            },
            chain: self.waiting(chain_view(
                self.procedure_label(unfrozen),
                &steps,
                &chain,
                &history,
                self.row.version,
                state,
            )),
            before: self.earlier.as_ref().filter(|_| whole).map(|e| Earlier {
                title: e.title.clone(),
                body: e.body.clone(),
                audience: in_words(e.audience_zh.clone(), e.audience_en.clone(), e.children.clone()),
                reason: last_return.map(|d| d.reason.clone()).unwrap_or_default(),
                passages: last_return.map(|d| d.passages.clone()).unwrap_or_default(),
            }),
            history,
            joined: names(Moved::Joined),
            left: names(Moved::Left),
            moved: Moves { joined: count(Moved::Joined), left: count(Moved::Left) },
            changed: self.changed_numbers(app)?,
            held: self.held,
            own_class_only: !whole,
            may: self.may(person, app.now()),
            papers: if whole { self.beside.papers.clone() } else { Papers::default() },
            times: Times {
                created_at: self.row.created_at,
                changed_at: self.row.changed_at,
                submitted_at: self.row.submitted_at,
                approved_at: self.row.approved_at,
                released_at: self.row.released_at,
            },
            funnel: self.funnel(),
            halted: self.row.halt(),
            hold: self.row.hold(app),
            set_apart: self.set_apart.clone(),
            corrects: self.corrects.clone(),
            corrected_by: self.corrected_by.clone().filter(|_| self.sees_correction),
            asked: self.asked.clone().filter(|_| whole),
            reminded_at: self.row.reminded_at,
            draft,
        })
    }
}

/// A chain for the screen: its steps with who can decide and what was decided.
pub fn chain_view(
    label: Words,
    steps: &[Step],
    chain: &Chain,
    history: &[DecisionView],
    version: u32,
    state: MessageState,
) -> ChainView {
    let waiting = (state == MessageState::Submitted).then(|| chain.waiting().map(|s| s.position)).flatten();
    ChainView {
        label,
        steps: steps
            .iter()
            .map(|step| {
                let (people, stands_in) = chain.able(step);
                let decided = |d: &&DecisionView| d.version == version && d.position == step.position;
                StepView {
                    people,
                    stands_in,
                    decision: history.iter().find(decided).cloned(),
                    waits: waiting == Some(step.position),
                    since: None,
                    until: None,
                    step: step.clone(),
                }
            })
            .collect(),
    }
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

/// Since when a step waits, and until when it should be done.
fn waits(row: Option<(Instant, Option<i64>)>) -> (Option<Instant>, Option<Instant>) {
    let until = row.and_then(|(since, hours)| hours.map(|hours| since.plus(hours.saturating_mul(HOUR))));
    (row.map(|(since, _)| since), until)
}

/// A line of the list.
pub fn summary(row: SummaryRow) -> MessageSummary {
    let progress = row.progress.into_iter();
    let progress: Vec<ProgressRow> =
        progress.map(|(totals, confirmed)| ProgressRow { totals, confirmed, opened: 0 }).collect();
    let (since, until) = waits(row.waits);
    MessageSummary {
        since,
        until,
        reminded_at: row.reminded_at,
        id: row.id,
        title: row.title,
        audience: in_words(row.audience_zh, row.audience_en, row.children),
        state: row.state,
        asked: row.asked,
        author: row.author_name,
        changed_at: row.changed_at,
        send_at: row.send_at,
        funnel: row.released_at.map(|_| funnel(&progress, row.skipped)),
    }
}
