//! Approval (谁审批，谁负责; G3–G6): the chain that a message takes, who can
//! decide which step, and what makes it complete.

use serde::{Deserialize, Serialize};

use crate::access::{Person, Post};
use crate::ids::{ProcedureId, StaffId, UnitId};
use crate::keys::keyed;
use crate::problem::Refusal;
use crate::time::Instant;
use crate::words;
use crate::words::Words;

keyed! {
    /// What a step asks for. 审核 and 审批 are never swapped.
    pub enum StepKind {
        /// 审核.
        Review = "review",
        /// 审批: whoever approves answers for it.
        Approve = "approve",
        /// 备案: a record kept until it is complete; sending does not wait for it.
        File = "file",
        /// 登记: the signed original is entered in a register.
        Register = "register",
    }
}

impl StepKind {
    /// For the screen.
    pub fn title(self) -> Words {
        match self {
            Self::Review => Words::fixed("审核", "Review"),
            Self::Approve => Words::fixed("审批", "Approval"),
            Self::File => Words::fixed("备案", "Filing"),
            Self::Register => Words::fixed("登记", "Registration"),
        }
    }

    /// Whether the step is a person's decision; others are entries in a record.
    pub fn decides(self) -> bool {
        matches!(self, Self::Review | Self::Approve)
    }
}

keyed! {
    /// What a step asks to be handed in, beside its decision or entry.
    pub enum Need {
        /// The signed original (审批原件), scanned.
        Document = "document",
        /// A number in the register (登记号) or of the filing (备案号).
        Number = "number",
    }
}

/// A step of a procedure, before it is bound to a unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcedureStep {
    /// What it asks for.
    pub kind: StepKind,
    /// The post that decides.
    pub post: Post,
    /// Who stands in where the post cannot decide (vacant, or its holder drafted it).
    #[serde(default)]
    pub substitute: Option<Post>,
    /// Whether nothing is sent before it is done.
    pub holds: bool,
    /// What has to be handed in with it.
    #[serde(default)]
    pub needs: Vec<Need>,
}

impl ProcedureStep {
    /// A step that nobody stands in for. It holds sending unless it is a filing.
    pub const fn new(kind: StepKind, post: Post) -> Self {
        Self { kind, post, substitute: None, holds: !matches!(kind, StepKind::File), needs: Vec::new() }
    }

    /// The same step with a substitute.
    #[must_use]
    pub fn or(self, substitute: Post) -> Self {
        Self { substitute: Some(substitute), ..self }
    }
}

keyed! {
    /// What a procedure is for: the smallest unit that holds the whole audience.
    pub enum Scope {
        /// Classes of one grade.
        Grade = "grade",
        /// More than one grade, or all teachers.
        School = "school",
    }
}

/// A school's approval procedure for one scope, stored as data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Procedure {
    /// Its id, the same for all its versions.
    pub id: ProcedureId,
    /// Version; a change is a new one.
    pub version: u32,
    /// `本校审批流程`: this school's own procedure, not the regulation's.
    pub label: Words,
    /// Its steps in order.
    pub steps: Vec<ProcedureStep>,
}

/// The label of a chain that is the school's own, which the regulation leaves to it.
pub const OWN_PROCEDURE: Words = Words::fixed("本校审批流程", "This school's own procedure");

/// The middle school's chain for each scope, as set up in a new deployment.
pub fn middle_school_preset(scope: Scope) -> Vec<ProcedureStep> {
    use StepKind::{Approve, Review};
    match scope {
        Scope::Grade => vec![ProcedureStep::new(Approve, Post::GradeHead).or(Post::OfficeDirector)],
        Scope::School => vec![
            ProcedureStep::new(Review, Post::OfficeDirector),
            ProcedureStep::new(Approve, Post::Principal).or(Post::VicePrincipal),
        ],
    }
}

/// A step of a message's chain: copied from the procedure at submission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Step {
    /// 0, 1, 2, ….
    pub position: u32,
    /// What it asks for.
    pub kind: StepKind,
    /// The post that decides.
    pub post: Post,
    /// The unit in which the post has to be held; none where any will do.
    pub unit: Option<UnitId>,
    /// Who stands in.
    pub substitute: Option<Post>,
    /// The unit in which the substitute's post has to be held; none where any will do.
    pub substitute_unit: Option<UnitId>,
    /// Whether nothing is sent before it is done.
    pub holds: bool,
    /// What has to be handed in with it.
    pub needs: Vec<Need>,
}

impl Step {
    /// Binds a procedure's steps to the unit that holds the audience.
    pub fn bind(steps: &[ProcedureStep], unit: UnitId) -> Vec<Self> {
        // Only heads of year groups exist once per unit.
        let unit_of = |post: Post| (post == Post::GradeHead).then_some(unit);
        steps
            .iter()
            .enumerate()
            .map(|(position, step)| Self {
                position: position as u32,
                kind: step.kind,
                post: step.post,
                unit: unit_of(step.post),
                substitute: step.substitute,
                substitute_unit: step.substitute.and_then(unit_of),
                holds: step.holds,
                needs: step.needs.clone(),
            })
            .collect()
    }

    /// Whether a message is only approved once this step is.
    pub fn is_decisive(&self) -> bool {
        self.holds && self.kind.decides()
    }

    /// The post by which a person can decide this step, if any: the post
    /// itself before its substitute.
    pub fn post_of(&self, person: &Person) -> Option<Post> {
        if person.holds(self.post, self.unit) {
            Some(self.post)
        } else {
            self.substitute.filter(|post| person.holds(*post, self.substitute_unit))
        }
    }
}

keyed! {
    /// What a decider says.
    pub enum Verdict {
        /// 同意.
        Approve = "approve",
        /// 退回, with a reason.
        Return = "return",
    }
}

/// `POST /api/messages/{id}/decisions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Decide {
    /// What is said.
    pub verdict: Verdict,
    /// The digest of what the decider has read.
    pub digest: String,
    /// Why; a return needs it.
    #[serde(default)]
    pub reason: String,
}

/// Most characters of a reason.
pub const REASON_MAX: usize = 500;

/// A decision that stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The step.
    pub position: u32,
    /// Who decided.
    pub staff: StaffId,
    /// What was said.
    pub verdict: Verdict,
    /// On which digest.
    pub digest: String,
}

/// The chain of one version of a message, with what has been decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Who drafted it.
    pub author: StaffId,
    /// The digest of the current version.
    pub digest: String,
    /// The steps in order.
    pub steps: Vec<Step>,
    /// Decisions on this version.
    pub decisions: Vec<Decision>,
}

/// What a decision would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The step it decides.
    pub position: u32,
    /// The post by which.
    pub post: Post,
    /// What the message becomes: returned, approved, or still waiting.
    pub then: Then,
}

/// What follows a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// The next step waits.
    Waits,
    /// Complete: it may be sent.
    Approved,
    /// Back to the drafter.
    Returned,
}

impl Chain {
    fn decided(&self, position: u32) -> Option<&Decision> {
        self.decisions.iter().find(|d| d.position == position && d.digest == self.digest)
    }

    /// The step that waits: the first decisive one that is not decided.
    pub fn waiting(&self) -> Option<&Step> {
        if self.decisions.iter().any(|d| d.digest == self.digest && d.verdict == Verdict::Return) {
            return None;
        }
        self.steps.iter().find(|s| s.is_decisive() && self.decided(s.position).is_none())
    }

    /// Whether every decisive step is approved on the current digest by
    /// different people, none of them the drafter (I1, I3). A chain without
    /// a decisive step is never complete.
    pub fn is_complete(&self) -> bool {
        let decisive: Vec<&Step> = self.steps.iter().filter(|s| s.is_decisive()).collect();
        let mut deciders = vec![self.author];
        for step in &decisive {
            match self.decided(step.position) {
                Some(d) if d.verdict == Verdict::Approve && !deciders.contains(&d.staff) => {
                    deciders.push(d.staff)
                }
                _ => return false,
            }
        }
        !decisive.is_empty()
    }

    /// Whether a person may decide the step that waits, and by which post.
    ///
    /// # Errors
    /// Why not, in words for that person.
    pub fn may_decide(&self, person: &Person) -> Result<(u32, Post), Refusal> {
        let Some(step) = self.waiting() else {
            return Err(Refusal::state(
                "nothing_waits",
                Words::fixed("这条信息没有待办的审批步骤", "No step of this message waits for a decision"),
            ));
        };
        let Some(post) = step.post_of(person) else {
            let (kind, post) = (step.kind.title(), step.post.title());
            let (kz, ke, pz, pe) = (kind.zh, kind.en, post.zh, post.en);
            return Err(Refusal::rights(
                "not_your_step",
                words!("这一步由{pz}{kz}", "This step ({ke}) belongs to: {pe}"),
            ));
        };
        if person.id == self.author {
            return Err(Refusal::rights(
                "own_draft",
                Words::fixed("不能审批自己起草的信息", "Nobody decides on their own draft"),
            ));
        }
        if self.decisions.iter().any(|d| d.digest == self.digest && d.staff == person.id) {
            return Err(Refusal::rights(
                "decided_before",
                Words::fixed(
                    "您已在前一步作出决定，审核与审批须由不同的人负责",
                    "You decided an earlier step: review and approval are for different people",
                ),
            ));
        }
        Ok((step.position, post))
    }

    /// What a person's decision does.
    ///
    /// # Errors
    /// A refusal in words, where the person may not decide, has read another
    /// version, or returns without a reason.
    pub fn decide(&self, person: &Person, decide: &Decide) -> Result<Outcome, Refusal> {
        let (position, post) = self.may_decide(person)?;
        if decide.digest != self.digest {
            return Err(Refusal::state(
                "changed_since",
                Words::fixed(
                    "您看到的不是最新版本，请重新打开后再决定",
                    "This is not the version you read: open it again, then decide",
                ),
            ));
        }
        if decide.reason.chars().count() > REASON_MAX {
            return Err(Refusal::field(
                "reason_too_long",
                "reason",
                words!("理由最多 {REASON_MAX} 个字", "At most {REASON_MAX} characters"),
            ));
        }
        if decide.verdict == Verdict::Return {
            if decide.reason.trim().is_empty() {
                return Err(Refusal::field(
                    "reason_missing",
                    "reason",
                    Words::fixed(
                        "退回时请写明理由，起草人才知道怎么改",
                        "Say why you return it, so that the drafter knows what to change",
                    ),
                ));
            }
            return Ok(Outcome { position, post, then: Then::Returned });
        }
        let mut after = self.clone();
        after.decisions.push(Decision {
            position,
            staff: person.id,
            verdict: Verdict::Approve,
            digest: self.digest.clone(),
        });
        Ok(Outcome { position, post, then: if after.is_complete() { Then::Approved } else { Then::Waits } })
    }
}

/// Whether every decisive step can be decided by someone of its own:
/// different people, none of them the author.
///
/// # Errors
/// Names the step for which nobody is left.
pub fn check_staffing(steps: &[Step], author: StaffId, people: &[Person]) -> Result<(), Refusal> {
    let able: Vec<(&Step, Vec<StaffId>)> = steps
        .iter()
        .filter(|s| s.is_decisive())
        .map(|s| {
            (s, people.iter().filter(|p| p.id != author && s.post_of(p).is_some()).map(|p| p.id).collect())
        })
        .collect();
    let refuse = |step: &Step| {
        let (kind, post) = (step.kind.title(), step.post.title());
        let (kz, ke, pz, pe) = (kind.zh, kind.en, post.zh, post.en);
        Refusal::state(
            "step_without_person",
            words!(
                "“{kz}（{pz}）”这一步没有可以办理的人：起草人不能审批自己的信息，各步须由不同的人负责。请校办室先任命，或由他人起草",
                "Nobody can take the step “{ke} ({pe})”: drafters do not decide on their own drafts, and each step needs another person. Ask the office to appoint someone, or let someone else draft it"
            ),
        )
    };
    // Few steps, few people: try every assignment.
    fn assign(able: &[(&Step, Vec<StaffId>)], taken: &mut Vec<StaffId>) -> bool {
        let Some(((_, people), rest)) = able.split_first() else { return true };
        people.iter().any(|person| {
            if taken.contains(person) {
                return false;
            }
            taken.push(*person);
            let done = assign(rest, taken);
            taken.pop();
            done
        })
    }
    match able.iter().find(|(_, people)| people.is_empty()) {
        Some((step, _)) => return Err(refuse(step)),
        None if assign(&able, &mut Vec::new()) => {}
        None => {
            if let Some((step, _)) = able.last() {
                return Err(refuse(step));
            }
        }
    }
    if able.is_empty() {
        return Err(Refusal::state(
            "no_procedure",
            Words::fixed(
                "本校还没有为这类信息设定审批流程，未经审批，严禁发送",
                "No approval procedure is set for this kind of message: no sending without approval",
            ),
        ));
    }
    Ok(())
}

/// A step with what has become of it, for the screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StepView {
    /// The step.
    #[serde(flatten)]
    pub step: Step,
    /// Names of those who can decide it now.
    pub people: Vec<String>,
    /// The decision, once made.
    pub decision: Option<DecisionView>,
    /// Whether it is the one that waits.
    pub waits: bool,
}

/// A chain for the screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChainView {
    /// Whose procedure: [`OWN_PROCEDURE`].
    pub label: Words,
    /// Its steps.
    pub steps: Vec<StepView>,
}

/// A decision for the screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DecisionView {
    /// Which version it was about.
    pub version: u32,
    /// The step.
    pub position: u32,
    /// What the step asked for.
    pub kind: StepKind,
    /// Who decided.
    pub name: String,
    /// By which post.
    pub post: Post,
    /// What was said.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Instant,
}
