//! A message as its readers see it, made of its rows by the rules.

use domain::access::{Action, Appointment, Person, Post};
use domain::approval::{
    Chain, ChainView, Decision, DecisionView, OWN_PROCEDURE, Step, StepKind, StepView, Verdict,
};
use domain::content::Finding;
use domain::delivery::{DeliveryState, Funnel};
use domain::ids::StaffId;
use domain::message::{
    Audience, Audiences, Category, Command, Draft, Earlier, ListRoot, MessageState, MessageSummary,
    MessageView, Sealed, Times,
};
use domain::sms::{LINK_TEMPLATE, length};
use domain::time::Instant;
use domain::words;
use domain::words::Words;

use super::store::{
    DecisionRow, DraftColumns, HolderRow, Loaded, ProgressRow, StepRow, SummaryRow, Surroundings,
};
use crate::app::App;
use crate::error::AppError;

/// A token as long as a real one, for counting and showing.
const SAMPLE_TOKEN: &str = "AbCdEfGhIjKlMnOpQrStUvWxYz012345";

/// The SMS as the worst recipient would get it: all links are equally long.
pub fn sample_sms(app: &App, signature: &str, title: &str) -> String {
    LINK_TEMPLATE.render(signature, title, &format!("{}/m/{SAMPLE_TOKEN}", app.origin))
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

/// The sender as parents see it: the post by which this audience is reached.
pub fn sender_title(author: &Person, audience: &Audience, around: &Surroundings) -> String {
    let action = match audience {
        Audience::Classes { .. } => Action::WriteToClass,
        Audience::AllGuardians => Action::WriteToAllGuardians,
        Audience::AllTeachers => Action::WriteToAllTeachers,
    };
    let reaches = |held: &Appointment| match audience {
        Audience::Classes { .. } => held.class.is_none_or(|c| around.classes.iter().any(|x| x.id == c)),
        _ => true,
    };
    let mut posts: Vec<&Appointment> =
        author.reaches(action).map(|(held, _)| held).filter(|h| reaches(h)).collect();
    posts.sort_by_key(|held| held.post);
    match posts.first() {
        Some(held) => {
            let class = held.class_name.as_deref().unwrap_or_default();
            match held.post {
                Post::HomeroomTeacher => format!("{class}班主任"),
                Post::SubjectTeacher => format!("{class}{}教师", held.subject.as_deref().unwrap_or("任课")),
                _ => held.unit_name.clone(),
            }
        }
        None => author.name.clone(),
    }
}

/// The columns that follow from a draft and its surroundings.
pub fn columns(author: &Person, draft: &Draft, around: &Surroundings) -> DraftColumns {
    let words = audience_words(&draft.audience, around);
    DraftColumns {
        unit: around.place(&draft.audience).0,
        sender_title: sender_title(author, &draft.audience, around),
        audience_zh: words.zh.into_owned(),
        audience_en: words.en.into_owned(),
        signature: around.signature.clone(),
    }
}

/// Persons that hold deciding posts, from their rows.
pub fn holders(rows: &[HolderRow]) -> Vec<Person> {
    let mut people: Vec<Person> = Vec::new();
    for row in rows {
        let Some(post) = Post::from_key(&row.post) else { continue };
        let held = Appointment {
            post,
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

fn broken(what: &str) -> AppError {
    AppError::Internal(format!("{what} has an unknown value"))
}

fn step(row: &StepRow) -> Result<Step, AppError> {
    Ok(Step {
        position: row.position,
        kind: StepKind::from_key(&row.kind).ok_or_else(|| broken("step kind"))?,
        post: Post::from_key(&row.post).ok_or_else(|| broken("step post"))?,
        unit: row.unit_id,
        substitute: row.substitute.as_deref().and_then(Post::from_key),
    })
}

fn decision_view(row: &DecisionRow) -> Result<DecisionView, AppError> {
    Ok(DecisionView {
        version: row.version,
        position: row.position,
        kind: StepKind::from_key(&row.kind).ok_or_else(|| broken("step kind"))?,
        name: row.name.clone(),
        post: Post::from_key(&row.post).ok_or_else(|| broken("decision post"))?,
        verdict: Verdict::from_key(&row.verdict).ok_or_else(|| broken("verdict"))?,
        reason: row.reason.clone(),
        at: row.at,
    })
}

impl Loaded {
    /// Where it stands.
    ///
    /// # Errors
    /// Where the row holds an unknown state.
    pub fn state(&self) -> Result<MessageState, AppError> {
        MessageState::from_key(&self.row.state).ok_or_else(|| broken("message state"))
    }

    /// The chain of this version as the rules judge it.
    ///
    /// # Errors
    /// Where a row holds an unknown key.
    pub fn chain(&self) -> Result<Chain, AppError> {
        Ok(Chain {
            author: self.row.author_id,
            digest: self.row.digest.clone().unwrap_or_default(),
            steps: self.steps.iter().map(step).collect::<Result<_, _>>()?,
            decisions: self
                .decisions
                .iter()
                .filter(|d| d.version == self.row.version)
                .map(|d| {
                    Ok(Decision {
                        position: d.position,
                        staff: d.staff_id,
                        verdict: Verdict::from_key(&d.verdict).ok_or_else(|| broken("verdict"))?,
                        digest: d.digest.clone(),
                    })
                })
                .collect::<Result<_, AppError>>()?,
        })
    }

    /// The draft as it was written.
    pub fn draft(&self) -> Draft {
        Draft {
            audience: self.audience.clone(),
            category: self.row.category.as_deref().and_then(Category::from_key),
            title: self.row.title.clone(),
            body: self.row.body.clone(),
            send_at: self.row.send_at,
            reasons: serde_json::from_str(&self.row.reasons).unwrap_or_default(),
        }
    }

    /// The streams that its frozen list lies in.
    pub fn streams(&self) -> Vec<String> {
        self.lists().into_iter().map(|l| l.stream).collect()
    }

    /// The roots of its frozen list; none before submission.
    pub fn lists(&self) -> Vec<ListRoot> {
        self.row.lists.as_deref().and_then(|l| serde_json::from_str(l).ok()).unwrap_or_default()
    }

    /// How many the frozen list reaches.
    fn frozen_reach(&self) -> Audiences {
        self.row.reach.as_deref().and_then(|r| serde_json::from_str(r).ok()).unwrap_or_default()
    }

    /// The digest over what the row and the given lists say (I2).
    pub fn digest(&self, lists: &[ListRoot]) -> String {
        sealed(&self.row, lists).digest().to_hex()
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
    /// Where a row holds an unknown key.
    pub fn view(&self, app: &App, person: &Person) -> Result<MessageView, AppError> {
        let state = self.state()?;
        let chain = self.chain()?;
        let draft = self.draft();
        let unfrozen = matches!(state, MessageState::Draft) || self.row.digest.is_none();
        let sms = sample_sms(app, &self.row.signature, &self.row.title);
        let history: Vec<DecisionView> =
            self.decisions.iter().map(decision_view).collect::<Result<_, _>>()?;
        let steps = if unfrozen { self.around.steps(&self.audience) } else { chain.steps.clone() };
        let last_return =
            history.iter().rev().find(|d| d.verdict == Verdict::Return && d.version < self.row.version);
        let names =
            |what: &str| self.moved.iter().filter(|m| m.what == what).map(|m| m.name.clone()).collect();
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
            reach: if unfrozen { self.around.reach } else { self.frozen_reach() },
            findings: if unfrozen {
                domain::content::check(&draft.title, &draft.body)
            } else {
                serde_json::from_str::<Vec<Finding>>(&self.row.findings).unwrap_or_default()
            },
            chain: chain_view(&steps, &chain, &history, self.row.version, &self.around, state),
            before: self.earlier.as_ref().map(|e| Earlier {
                title: e.title.clone(),
                body: e.body.clone(),
                audience: Words { zh: e.audience_zh.clone().into(), en: e.audience_en.clone().into() },
                reason: last_return.map(|d| d.reason.clone()).unwrap_or_default(),
            }),
            history,
            joined: names("joined"),
            left: names("left"),
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

/// The canonical form of a row and its lists.
pub fn sealed<'a>(row: &'a super::store::MessageRow, lists: &'a [ListRoot]) -> Sealed<'a> {
    Sealed {
        form: Sealed::FORM,
        title: &row.title,
        body: &row.body,
        category: row.category.as_deref().unwrap_or_default(),
        signature: &row.signature,
        template: (&row.template, row.template_version),
        mode: "link",
        answer: "confirm",
        send_at: row.send_at.map(|t| t.0),
        sender: row.author_id.0,
        sender_title: &row.sender_title,
        audience: &row.audience,
        lists,
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
        let totals: std::collections::HashMap<String, u32> =
            serde_json::from_str(&row.totals).unwrap_or_default();
        for (state, n) in totals {
            if let Some(state) = DeliveryState::from_key(&state) {
                funnel.add(state, n);
            }
        }
        funnel.opened += row.opened;
        funnel.confirmed += row.confirmed;
    }
    funnel.add(DeliveryState::Skipped, skipped);
    funnel
}

/// A line of the list.
///
/// # Errors
/// Where a row holds an unknown key.
pub fn summary(row: SummaryRow) -> Result<MessageSummary, AppError> {
    let progress: Vec<(serde_json::Value, u32)> = serde_json::from_str(&row.progress).unwrap_or_default();
    let progress: Vec<ProgressRow> = progress
        .into_iter()
        .map(|(totals, confirmed)| ProgressRow { totals: totals.to_string(), confirmed, opened: 0 })
        .collect();
    Ok(MessageSummary {
        id: row.id,
        title: row.title,
        audience: Words { zh: row.audience_zh.into(), en: row.audience_en.into() },
        state: MessageState::from_key(&row.state).ok_or_else(|| broken("message state"))?,
        author: row.author_name,
        changed_at: row.changed_at,
        send_at: row.send_at,
        funnel: row.released_at.map(|_: Instant| funnel(&progress, row.skipped)),
    })
}
