//! Approval (谁审批，谁负责; G3–G6): the chain that a message takes, who can
//! decide which step, and what makes it complete.

mod holder;
pub mod passage;
pub mod procedure;

pub use holder::{Absence, Holder};

use serde::{Deserialize, Serialize};

use crate::access::Post;
use crate::filing::nobody_registers;
use crate::ids::{AppointmentId, ProcedureId, StaffId, UnitId};
use crate::keys::keyed;
use crate::problem::Refusal;
use crate::time::Instant;
use crate::words;
use crate::words::Words;

use holder::{Bar, Capacity, Unable};
use passage::{Passage, PassageView};

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

    /// What it asks of the person whose turn it is.
    pub fn asked(self) -> Words {
        match self {
            Self::Review => Words::fixed("待您审核", "For your review"),
            Self::Approve => Words::fixed("待您审批", "For your approval"),
            Self::File => Words::fixed("待您备案", "For you to file"),
            Self::Register => Words::fixed("待您登记", "For you to register"),
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

keyed! {
    /// Who sends, as a procedure asks: it follows from the capacity, never from the audience (G4).
    pub enum Sender {
        /// A teacher of a class: 班主任, 任课教师.
        Teacher = "teacher",
        /// 校办室.
        Office = "office",
        /// 学校: 学生处 sends for it.
        SchoolLevel = "school_level",
        /// 学院, and its 辅导员.
        College = "college",
        /// Another department (其他部门).
        Department = "department",
        /// 学生社团, through its teacher (G59).
        Society = "society",
    }
}

impl Sender {
    /// For the screen.
    pub fn title(self) -> Words {
        match self {
            Self::Teacher => Words::fixed("班主任和任课教师", "Teachers of a class"),
            Self::Office => Words::fixed("校办室", "The school office"),
            Self::SchoolLevel => Words::fixed("学校", "The school"),
            Self::College => Words::fixed("学院", "A college"),
            Self::Department => Words::fixed("其他部门", "Another department"),
            Self::Society => Words::fixed("学生社团", "A student society"),
        }
    }
}

impl Post {
    /// As whom its holder sends; none for posts that send nothing.
    pub fn sender(self) -> Option<Sender> {
        match self {
            Self::HomeroomTeacher | Self::SubjectTeacher => Some(Sender::Teacher),
            Self::OfficeDirector | Self::OfficeClerk => Some(Sender::Office),
            Self::StudentAffairsHead | Self::StudentAffairsDeputy | Self::StudentAffairsClerk => {
                Some(Sender::SchoolLevel)
            }
            Self::CollegeLeader | Self::CollegeClerk | Self::Counsellor => Some(Sender::College),
            Self::DesignatedSender => Some(Sender::Department),
            Self::SocietyTeacher => Some(Sender::Society),
            Self::Principal
            | Self::VicePrincipal
            | Self::LeaderInCharge
            | Self::DepartmentLeader
            | Self::Dean
            | Self::FirstResponsible
            | Self::Custodian
            | Self::DepartmentHead
            | Self::DepartmentClerk
            | Self::GradeHead
            | Self::LeadingGroup
            | Self::Auditor
            | Self::Administrator => None,
        }
    }
}

keyed! {
    /// Where the post of a step has to be held.
    #[derive(Default)]
    pub enum Held {
        /// Anywhere: there is one such post in the school.
        #[default]
        Anywhere = "anywhere",
        /// In the unit that sends. 分管校领导 is held in the department of which the leader is in charge.
        OwnUnit = "own_unit",
        /// In the college that sends, or above the class whose counsellor does.
        CollegeAbove = "college_above",
        /// In the smallest unit that holds the audience: the year group that is addressed.
        AudienceUnit = "audience_unit",
    }
}

/// The units that a message's steps are bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The unit of the capacity in which it is sent.
    pub own: UnitId,
    /// The nearest college at or above that unit.
    pub college: Option<UnitId>,
    /// The smallest unit that holds the audience.
    pub audience: UnitId,
}

impl Binding {
    /// The unit in which a post has to be held; none where any will do. What stands above no college is
    /// bound to the sending unit, where nobody holds a college's post.
    fn unit(self, held: Held) -> Option<UnitId> {
        match held {
            Held::Anywhere => None,
            Held::OwnUnit => Some(self.own),
            Held::CollegeAbove => Some(self.college.unwrap_or(self.own)),
            Held::AudienceUnit => Some(self.audience),
        }
    }
}

/// A step of a procedure, before it is bound to a unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProcedureStep {
    /// What it asks for.
    pub kind: StepKind,
    /// The post that decides.
    pub post: Post,
    /// Where it has to be held.
    pub at: Held,
    /// Who stands in where the post cannot decide (vacant, or its holder drafted it).
    #[serde(default)]
    pub substitute: Option<Post>,
    /// Where that post has to be held.
    #[serde(default)]
    pub substitute_at: Held,
    /// Whether nothing is sent before it is done.
    pub holds: bool,
    /// What has to be handed in with it.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// In how many hours it should be done; after that the next in line is told. Nothing is decided by the
    /// clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_hours: Option<u16>,
}

impl ProcedureStep {
    /// A step that nobody stands in for. It holds sending unless it is a filing.
    pub const fn new(kind: StepKind, post: Post) -> Self {
        Self {
            kind,
            post,
            at: Held::Anywhere,
            substitute: None,
            substitute_at: Held::Anywhere,
            holds: !matches!(kind, StepKind::File),
            needs: Vec::new(),
            within_hours: None,
        }
    }

    /// The same step, its post held there.
    #[must_use]
    pub fn held(self, at: Held) -> Self {
        Self { at, ..self }
    }

    /// The same step with a substitute, whose post is held anywhere.
    #[must_use]
    pub fn or(self, substitute: Post) -> Self {
        Self { substitute: Some(substitute), ..self }
    }

    /// The same step, which needs these handed in.
    #[must_use]
    pub fn with(self, needs: Vec<Need>) -> Self {
        Self { needs, ..self }
    }
}

keyed! {
    /// For which audiences a procedure is, where the school's own one tells them apart: by the smallest unit
    /// that holds all of it.
    pub enum Scope {
        /// Whoever it is for.
        Any = "any",
        /// Classes of one grade.
        Grade = "grade",
        /// More than one grade, or all teachers.
        School = "school",
    }
}

/// A school's approval procedure for one sender and scope, stored as data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Procedure {
    /// Its id, the same for all its versions.
    pub id: ProcedureId,
    /// Version; a change is a new one.
    pub version: u32,
    /// Who sends.
    pub sender: Sender,
    /// To whom.
    pub scope: Scope,
    /// The clause of the regulation that it follows, or `本校审批流程`: this school's own.
    pub label: Words,
    /// Its steps in order.
    pub steps: Vec<ProcedureStep>,
}

/// The label of a chain that is the school's own, which the regulation leaves to it.
pub const OWN_PROCEDURE: Words = Words::fixed("本校审批流程", "This school's own procedure");

keyed! {
    /// Which of the two regulations a school begins with.
    #[derive(Default)]
    pub enum Regulation {
        /// A middle school's: it has no step of approval, so the chains are the school's own.
        #[default]
        MiddleSchool = "middle_school",
        /// A university's: two levels, approval by clause 五 and 六.
        University = "university",
    }
}

/// A procedure as a new school gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preset {
    /// Who sends.
    pub sender: Sender,
    /// To whom.
    pub scope: Scope,
    /// Its label.
    pub label: Words,
    /// Its steps.
    pub steps: Vec<ProcedureStep>,
}

impl Regulation {
    /// The procedures that a new school begins with.
    pub fn presets(self) -> Vec<Preset> {
        use StepKind::{Approve, File, Register, Review};
        let step = ProcedureStep::new;
        match self {
            Self::MiddleSchool => {
                let grade =
                    vec![step(Approve, Post::GradeHead).held(Held::AudienceUnit).or(Post::OfficeDirector)];
                let school = vec![
                    step(Review, Post::OfficeDirector),
                    step(Approve, Post::Principal).or(Post::VicePrincipal),
                ];
                let of = |sender, scope, steps: &[ProcedureStep]| Preset {
                    sender,
                    scope,
                    label: OWN_PROCEDURE,
                    steps: steps.to_vec(),
                };
                vec![
                    of(Sender::Teacher, Scope::Grade, &grade),
                    of(Sender::Teacher, Scope::School, &school),
                    of(Sender::Office, Scope::Grade, &grade),
                    of(Sender::Office, Scope::School, &school),
                ]
            }
            Self::University => {
                let clause = |zh: &'static str, en: &'static str| Words::fixed(zh, en);
                vec![
                    Preset {
                        sender: Sender::SchoolLevel,
                        scope: Scope::Any,
                        label: clause(
                            "第五条 校级信息审批",
                            "Article 5: approval of what the school level sends",
                        ),
                        steps: vec![
                            step(Review, Post::StudentAffairsHead),
                            step(Approve, Post::LeaderInCharge),
                        ],
                    },
                    Preset {
                        sender: Sender::College,
                        scope: Scope::Any,
                        label: clause(
                            "第五条 学院信息审批与备案",
                            "Article 5: approval and filing of what a college sends",
                        ),
                        steps: vec![
                            step(Review, Post::CollegeLeader).held(Held::CollegeAbove),
                            step(Approve, Post::Dean).held(Held::CollegeAbove),
                            step(File, Post::StudentAffairsClerk).with(vec![Need::Number]),
                        ],
                    },
                    Preset {
                        sender: Sender::Department,
                        scope: Scope::Any,
                        label: clause(
                            "第六条 其他部门申请使用",
                            "Article 6: use by another department on application",
                        ),
                        steps: vec![
                            step(Review, Post::FirstResponsible).held(Held::OwnUnit),
                            step(Approve, Post::DepartmentLeader).held(Held::OwnUnit),
                            step(Register, Post::StudentAffairsClerk)
                                .with(vec![Need::Document, Need::Number]),
                        ],
                    },
                    // The regulation names no chain for societies: theirs is the college's, and the school
                    // level's where a society lies in no college.
                    Preset {
                        sender: Sender::Society,
                        scope: Scope::Any,
                        label: OWN_PROCEDURE,
                        steps: vec![
                            step(Review, Post::CollegeLeader)
                                .held(Held::CollegeAbove)
                                .or(Post::StudentAffairsHead),
                            step(Approve, Post::Dean).held(Held::CollegeAbove).or(Post::LeaderInCharge),
                            step(File, Post::StudentAffairsClerk).with(vec![Need::Number]),
                        ],
                    },
                ]
            }
        }
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
    /// Binds a procedure's steps to the units of a message.
    pub fn bind(steps: &[ProcedureStep], to: Binding) -> Vec<Self> {
        steps
            .iter()
            .enumerate()
            .map(|(position, step)| Self {
                position: position as u32,
                kind: step.kind,
                post: step.post,
                unit: to.unit(step.at),
                substitute: step.substitute,
                substitute_unit: step.substitute.and_then(|_| to.unit(step.substitute_at)),
                holds: step.holds,
                needs: step.needs.clone(),
            })
            .collect()
    }

    /// Whether a message is only approved once this step is.
    pub fn is_decisive(&self) -> bool {
        self.holds && self.kind.decides()
    }

    /// In which capacity an appointment is of this step: its post's before its substitute's.
    fn capacity(&self, holder: &Holder) -> Option<Capacity> {
        let is = |post: Post, unit: Option<UnitId>| {
            holder.post == post && unit.is_none_or(|unit| holder.unit == unit)
        };
        if is(self.post, self.unit) {
            Some(Capacity::Own)
        } else {
            self.substitute.filter(|post| is(*post, self.substitute_unit)).map(|_| Capacity::StandsIn)
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

/// `POST /api/messages/{id}/decisions`. It can hold a password, so nothing prints it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Decide {
    /// What is said.
    pub verdict: Verdict,
    /// The digest of what the decider has read.
    pub digest: String,
    /// Why; a return needs it, or passages.
    #[serde(default)]
    pub reason: String,
    /// What is wrong where, of a return.
    #[serde(default)]
    pub passages: Vec<Passage>,
    /// The decider's password, where [`asks_password`] says so.
    #[serde(default)]
    pub password: Option<String>,
}

/// Most phones that the last decision releases without the password asked again.
pub const PHONES_WITHOUT_PASSWORD: u32 = 500;

/// Whether a decision asks for the password again: a phone left on a table must not send to a whole school.
pub fn asks_password(then: Then, phones: u32) -> bool {
    then == Then::Approved && phones > PHONES_WITHOUT_PASSWORD
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
    /// When the version was submitted; for a draft, now. Only appointments confirmed before count.
    pub submitted_at: Instant,
    /// The steps in order.
    pub steps: Vec<Step>,
    /// Decisions on this version.
    pub decisions: Vec<Decision>,
    /// Who holds posts that decide.
    pub holders: Vec<Holder>,
}

/// By what somebody decides the step that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct By {
    /// The step.
    pub position: u32,
    /// The appointment.
    pub appointment: AppointmentId,
    /// Its post.
    pub post: Post,
    /// Whether it is the substitute's.
    pub stands_in: bool,
}

/// What a decision would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The step it decides, and by what.
    pub by: By,
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

    /// Why an appointment does not decide this message, whichever step.
    fn bar(&self, holder: &Holder) -> Option<Bar> {
        let among = [self.author, holder.staff];
        if holder.staff == self.author {
            Some(Bar::Drafted)
        } else if self.decisions.iter().any(|d| d.digest == self.digest && d.staff == holder.staff) {
            Some(Bar::Decided)
        } else if holder.confirmed_at >= self.submitted_at {
            Some(Bar::Late)
        } else if among.contains(&holder.given_by) && among.contains(&holder.confirmed_by) {
            Some(Bar::AmongThemselves)
        } else {
            None
        }
    }

    /// Holders of a step's post, or those who could stand in.
    fn held(&self, step: &Step, capacity: Capacity) -> impl Iterator<Item = &Holder> {
        self.holders.iter().filter(move |h| step.capacity(h) == Some(capacity))
    }

    /// Why a holder of a step's post cannot decide it. `for_whom` would stand in: an absence that this
    /// person or the drafter recorded for somebody else does not count then.
    fn unable(&self, holder: &Holder, for_whom: Option<StaffId>) -> Option<Unable> {
        let counts = |absence: &&Absence| {
            absence.recorded_by == holder.staff
                || absence.recorded_by != self.author && Some(absence.recorded_by) != for_whom
        };
        let away = holder.away.iter().filter(counts).map(|absence| absence.until).max();
        self.bar(holder).map(Unable::Barred).or(away.map(Unable::Away))
    }

    /// Who keeps a person from standing in: a holder of the step's post who can decide it.
    fn keeper(&self, step: &Step, for_whom: StaffId) -> Option<&Holder> {
        self.held(step, Capacity::Own).find(|h| self.unable(h, Some(for_whom)).is_none())
    }

    /// Whether a person may decide the step that waits, and by what.
    ///
    /// # Errors
    /// Why not, in words for that person.
    pub fn may_decide(&self, who: StaffId) -> Result<By, Refusal> {
        let Some(step) = self.waiting() else {
            return Err(Refusal::state(
                "nothing_waits",
                Words::fixed("这条信息没有待办的审批步骤", "No step of this message waits for a decision"),
            ));
        };
        let mut refusal = None;
        for capacity in [Capacity::Own, Capacity::StandsIn] {
            for holder in self.held(step, capacity).filter(|h| h.staff == who) {
                let refused = match self.bar(holder) {
                    Some(bar) => Some(bar.refusal()),
                    None if capacity == Capacity::Own => None,
                    None => self.keeper(step, who).map(|keeper| post_can_decide(step, keeper, who)),
                };
                match refused {
                    None => {
                        return Ok(By {
                            position: step.position,
                            appointment: holder.appointment,
                            post: holder.post,
                            stands_in: capacity == Capacity::StandsIn,
                        });
                    }
                    Some(refused) => refusal = refusal.or(Some(refused)),
                }
            }
        }
        Err(refusal.unwrap_or_else(|| {
            let (kind, post) = (step.kind.title(), step.post.title());
            let (kz, ke, pz, pe) = (kind.zh, kind.en, post.zh, post.en);
            Refusal::rights("not_your_step", words!("这一步由{pz}{kz}", "This step ({ke}) belongs to: {pe}"))
        }))
    }

    /// Who can decide a step: holders of its post, or who stands in for them and why.
    pub fn able(&self, step: &Step) -> (Vec<String>, Option<Words>) {
        let name = |h: &Holder| h.name.clone();
        let own: Vec<&Holder> =
            self.held(step, Capacity::Own).filter(|h| self.unable(h, None).is_none()).collect();
        if !own.is_empty() {
            return (own.into_iter().map(name).collect(), None);
        }
        let stand_in = |h: &&Holder| self.bar(h).is_none() && self.keeper(step, h.staff).is_none();
        let mut people: Vec<String> =
            self.held(step, Capacity::StandsIn).filter(stand_in).map(name).collect();
        let why = (!people.is_empty()).then(|| self.why_stands_in(step)).flatten();
        // Who is away may decide all the same.
        let away = self.held(step, Capacity::Own).filter(|h| self.bar(h).is_none());
        people.extend(away.map(name));
        (people, why)
    }

    fn why_stands_in(&self, step: &Step) -> Option<Words> {
        let substitute = step.substitute?.title();
        let (sz, se) = (substitute.zh, substitute.en);
        let whys: Vec<Words> =
            self.held(step, Capacity::Own).filter_map(|h| Some(self.unable(h, None)?.of(&h.name))).collect();
        let (zh, en) = if whys.is_empty() {
            let post = step.post.title();
            (format!("{}空缺", post.zh), format!("Nobody holds the post: {}", post.en))
        } else {
            let all =
                |of: fn(&Words) -> &str, between: &str| whys.iter().map(of).collect::<Vec<_>>().join(between);
            (all(|w| &w.zh, "；"), all(|w| &w.en, "; "))
        };
        Some(words!("{zh}，由{sz}代为办理", "{en}. {se} stands in"))
    }

    /// What a person's decision does.
    ///
    /// # Errors
    /// A refusal in words, where the person may not decide, has read another
    /// version, or returns without a reason.
    pub fn decide(&self, who: StaffId, decide: &Decide) -> Result<Outcome, Refusal> {
        let by = self.may_decide(who)?;
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
            if decide.passages.is_empty() && crate::blank::is_blank(&decide.reason) {
                return Err(Refusal::field(
                    "reason_missing",
                    "reason",
                    Words::fixed(
                        "退回时请写明理由，起草人才知道怎么改",
                        "Say why you return it, so that the drafter knows what to change",
                    ),
                ));
            }
            return Ok(Outcome { by, then: Then::Returned });
        }
        let mut after = self.clone();
        after.decisions.push(Decision {
            position: by.position,
            staff: who,
            verdict: Verdict::Approve,
            digest: self.digest.clone(),
        });
        Ok(Outcome { by, then: if after.is_complete() { Then::Approved } else { Then::Waits } })
    }

    /// Whether the chain can be brought to its end by the people there are: each decisive step by
    /// somebody of its own, none of them the author.
    ///
    /// # Errors
    /// Names the step for which nobody is left.
    pub fn check_staffing(&self) -> Result<(), Refusal> {
        if !self.steps.iter().any(Step::is_decisive) {
            return Err(Refusal::state(
                "no_procedure",
                Words::fixed(
                    "本校还没有为这类信息设定审批流程，未经审批，严禁发送",
                    "No approval procedure is set for this kind of message: no sending without approval",
                ),
            ));
        }
        let mut stuck = None;
        if self.clone().comes_to_an_end(&mut stuck) {
            let registered = |s: &&Step| {
                self.holders.iter().any(|h| h.staff != self.author && h.post.registers_for(s.post))
            };
            let mut entries = self.steps.iter().filter(|s| s.kind == StepKind::Register && s.holds);
            return entries.find(|s| !registered(s)).map_or(Ok(()), |s| Err(nobody_registers(s.post)));
        }
        let step = self.steps.iter().find(|s| Some(s.position) == stuck);
        let (kind, post) = step.map_or((StepKind::Approve, Post::Principal), |s| (s.kind, s.post));
        let (kind, post) = (kind.title(), post.title());
        let (kz, ke, pz, pe) = (kind.zh, kind.en, post.zh, post.en);
        Err(Refusal::state(
            "step_without_person",
            words!(
                "“{kz}（{pz}）”这一步没有可以办理的人：起草人不能审批自己的信息，各步须由不同的人负责，任命须先经第二人确认。请校办室先任命并确认，或由他人起草",
                "Nobody can take the step “{ke} ({pe})”: drafters do not decide on their own drafts, each step needs another person, and an appointment counts once a second person has confirmed it. Ask the office to appoint someone, or let someone else draft it"
            ),
        ))
    }

    /// Few steps, few people: every way is tried. `stuck` becomes the last step that was reached.
    fn comes_to_an_end(&mut self, stuck: &mut Option<u32>) -> bool {
        let Some(step) = self.waiting() else { return true };
        let position = step.position;
        *stuck = (*stuck).max(Some(position));
        let mut people: Vec<StaffId> =
            self.holders.iter().filter(|h| step.capacity(h).is_some()).map(|h| h.staff).collect();
        people.sort_unstable();
        people.dedup();
        people.into_iter().any(|who| {
            if self.may_decide(who).is_err() {
                return false;
            }
            let digest = self.digest.clone();
            self.decisions.push(Decision { position, staff: who, verdict: Verdict::Approve, digest });
            let ends = self.comes_to_an_end(stuck);
            self.decisions.pop();
            ends
        })
    }
}

/// Refuses a substitute where the post itself can decide.
fn post_can_decide(step: &Step, keeper: &Holder, who: StaffId) -> Refusal {
    let name = &keeper.name;
    if keeper.away.iter().any(|absence| absence.recorded_by == who) {
        return Refusal::rights(
            "absence_recorded_by_you",
            words!(
                "{name}的请假是您登记的，不能再由您代为办理；请由校长或校办室主任中的另一位登记",
                "You recorded that {name} is away, so you cannot stand in as well: let the principal or the office director, whoever is not you, record it"
            ),
        );
    }
    let (kind, post) = (step.kind.title(), step.post.title());
    let (kz, ke, pz, pe) = (kind.zh, kind.en, post.zh, post.en);
    Refusal::rights(
        "post_can_decide",
        words!(
            "这一步由{pz}{name}{kz}；岗位空缺、本人起草或已在前一步决定、或登记了请假时，才能代为办理",
            "This step ({ke}) belongs to {name} ({pe}). You stand in only while the post is vacant, or its holder drafted the message, decided an earlier step, or is recorded as away"
        ),
    )
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
    /// Why a substitute is among them, where one stands in.
    pub stands_in: Option<Words>,
    /// The decision, once made.
    pub decision: Option<DecisionView>,
    /// Whether it is the one that waits.
    pub waits: bool,
    /// Since when, while it does.
    #[serde(default)]
    pub since: Option<Instant>,
    /// Until when it should be done, where the procedure says so.
    #[serde(default)]
    pub until: Option<Instant>,
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
    /// What was wrong where, of a return, in the order of the text.
    #[serde(default)]
    pub passages: Vec<PassageView>,
    /// When.
    pub at: Instant,
}
