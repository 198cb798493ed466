//! A procedure as a school sets it: what a sensible one looks like, how it reads
//! as a sentence, and who could take each of its steps today.
//!
//! A procedure is changed by two people: one proposes the next version, a second
//! one confirms it, and it counts from its day on. What has been submitted keeps
//! the version that it was submitted with.

use serde::{Deserialize, Serialize};

use super::holder::{Capacity, Holder};
use super::{
    Binding, Chain, Held, Need, OWN_PROCEDURE, ProcedureStep, Regulation, Scope, Sender, Step, StepKind,
};
use crate::access::Post;
use crate::ids::{ProcedureId, StaffId, UnitId};
use crate::keys::keyed;
use crate::problem::Refusal;
use crate::school::UnitKind;
use crate::time::{DAY, Instant};
use crate::words;
use crate::words::Words;

/// Most steps of a procedure.
pub const STEPS_MAX: usize = 8;
/// Most of them that are decided. Whether a chain comes to an end is found by trying every way.
pub const DECISIONS_MAX: usize = 4;
/// How far ahead a version can be set, in days.
const DAYS_AHEAD: i64 = 366;
/// Longest time that a step can be given, in hours: a month.
pub const HOURS_MAX: u16 = 720;
/// Most drafters that a dry run tries.
pub const DRAFTERS_MAX: usize = 30;

impl Sender {
    /// For which audiences such a sender can have a procedure of its own.
    pub fn scopes(self) -> &'static [Scope] {
        match self {
            Self::Teacher | Self::Office => &[Scope::Grade, Scope::School, Scope::Any],
            Self::SchoolLevel | Self::College | Self::Department | Self::Society => &[Scope::Any],
        }
    }

    /// Whether a unit of this kind sends as such a sender: the unit in which a drafter's post is held.
    pub fn sends_from(self, kind: UnitKind) -> bool {
        match self {
            Self::Teacher => kind == UnitKind::Grade,
            Self::Office => matches!(kind, UnitKind::Office | UnitKind::School),
            Self::SchoolLevel => kind == UnitKind::StudentAffairs,
            Self::College => kind == UnitKind::College,
            Self::Department => kind == UnitKind::Department,
            Self::Society => kind == UnitKind::Society,
        }
    }

    /// The posts whose holders draft as such a sender.
    pub fn posts(self) -> impl Iterator<Item = Post> {
        Post::ALL.into_iter().filter(move |post| post.sender() == Some(self))
    }
}

impl Scope {
    /// For the screen.
    pub fn title(self) -> Words {
        match self {
            Self::Any => Words::fixed("不分对象", "Whoever it is for"),
            Self::Grade => Words::fixed("发给一个年级", "To one year group"),
            Self::School => Words::fixed("发给几个年级或全校", "To several year groups or the whole school"),
        }
    }
}

impl Held {
    /// For the screen.
    pub fn title(self) -> Words {
        match self {
            Self::Anywhere => Words::fixed("全校", "In the school"),
            Self::OwnUnit => Words::fixed("发送单位", "In the unit that sends"),
            Self::CollegeAbove => Words::fixed("所在学院", "In the college that sends"),
            Self::AudienceUnit => Words::fixed("所发的年级", "In the year group that is addressed"),
        }
    }
}

impl Need {
    /// For the screen.
    pub fn title(self) -> Words {
        match self {
            Self::Document => Words::fixed("审批原件", "The signed original"),
            Self::Number => Words::fixed("编号", "A number"),
        }
    }
}

/// Where a post can be held that takes a step, the likely place first; nowhere for a post that takes none.
/// A post that each unit has for itself is never asked for «anywhere»: else another unit's would decide.
pub fn places(post: Post, sender: Sender, scope: Scope) -> &'static [Held] {
    match post {
        Post::Principal
        | Post::VicePrincipal
        | Post::LeaderInCharge
        | Post::OfficeDirector
        | Post::OfficeClerk
        | Post::StudentAffairsHead
        | Post::StudentAffairsDeputy
        | Post::StudentAffairsClerk => &[Held::Anywhere],
        Post::Dean | Post::CollegeLeader | Post::CollegeClerk
            if matches!(sender, Sender::College | Sender::Society) =>
        {
            &[Held::CollegeAbove]
        }
        Post::FirstResponsible | Post::DepartmentLeader if sender == Sender::Department => &[Held::OwnUnit],
        Post::DesignatedSender if sender == Sender::Department => &[Held::OwnUnit],
        Post::GradeHead => match (sender, scope) {
            (Sender::Teacher, Scope::Grade) => &[Held::AudienceUnit, Held::OwnUnit],
            (Sender::Teacher, _) => &[Held::OwnUnit],
            (_, Scope::Grade) => &[Held::AudienceUnit],
            _ => &[],
        },
        _ => &[],
    }
}

/// What a step's refusal is about: `第 2 步`.
fn of_step(position: usize, kind: &'static str, words: Words) -> Refusal {
    let n = position + 1;
    let (zh, en) = (words.zh, words.en);
    Refusal::field(kind, "steps", words!("第 {n} 步：{zh}", "Step {n}: {en}"))
}

/// Refuses more steps than anybody wants to wait for.
pub fn too_many(steps: &[ProcedureStep]) -> Option<Refusal> {
    let decided = steps.iter().filter(|s| s.kind.decides()).count();
    (steps.len() > STEPS_MAX || decided > DECISIONS_MAX).then(|| {
        Refusal::field(
            "too_many_steps",
            "steps",
            words!(
                "最多 {STEPS_MAX} 步，其中审核和审批最多 {DECISIONS_MAX} 步",
                "At most {STEPS_MAX} steps, {DECISIONS_MAX} of them reviews and approvals"
            ),
        )
    })
}

/// What is wrong with the steps of a procedure, whoever holds which post. Each is told in a sentence.
pub fn check_steps(sender: Sender, scope: Scope, steps: &[ProcedureStep]) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    if !sender.scopes().contains(&scope) {
        refusals.push(Refusal::field(
            "scope",
            "scope",
            Words::fixed(
                "这一类信息不按发送对象区分流程",
                "What such a sender sends takes one procedure, whoever it is for",
            ),
        ));
    }
    refusals.extend(too_many(steps));
    for (position, step) in steps.iter().enumerate() {
        let decides = step.kind.decides();
        let mut refuse = |kind, words| refusals.push(of_step(position, kind, words));
        if !places(step.post, sender, scope).contains(&step.at) {
            let post = step.post.title();
            let (zh, en) = (post.zh, post.en);
            refuse(
                "step_post",
                words!(
                    "{zh}不能在这里办理这类信息",
                    "the post “{en}” does not take a step of such messages, or is not held there"
                ),
            );
        }
        if let Some(substitute) = step.substitute {
            if !decides || substitute == step.post {
                refuse(
                    "step_substitute",
                    Words::fixed(
                        "代行人须是另一个岗位，且只用于审核和审批",
                        "a substitute is another post, and only for reviews and approvals",
                    ),
                );
            } else if !places(substitute, sender, scope).contains(&step.substitute_at) {
                let post = substitute.title();
                let (zh, en) = (post.zh, post.en);
                refuse(
                    "step_substitute",
                    words!("{zh}不能代行这一步", "the post “{en}” cannot stand in for this step"),
                );
            }
        }
        match step.kind {
            StepKind::Review | StepKind::Approve if !step.holds => refuse(
                "step_holds",
                Words::fixed(
                    "审核和审批完成之前不能发送，不能改为不影响发送",
                    "nothing is sent before a review or an approval is done: it always holds sending",
                ),
            ),
            StepKind::File if step.holds => {
                refuse("step_holds", Words::fixed("备案不影响发送", "a filing never holds sending"))
            }
            _ => {}
        }
        if decides && !step.needs.is_empty() {
            refuse(
                "step_needs",
                Words::fixed(
                    "只有备案和登记可以要求交原件或编号",
                    "only filings and registrations ask for a document or a number",
                ),
            );
        }
        if step.within_hours.is_some_and(|hours| !decides || !(1..=HOURS_MAX).contains(&hours)) {
            refuse(
                "step_within",
                words!(
                    "办理期限为 1 至 {HOURS_MAX} 小时，只用于审核和审批",
                    "a review or an approval is given 1 to {HOURS_MAX} hours; other steps none"
                ),
            );
        }
    }
    refusals.extend(check_order(sender, steps));
    refusals
}

/// What is wrong with their order.
fn check_order(sender: Sender, steps: &[ProcedureStep]) -> Option<Refusal> {
    let deciding = || steps.iter().filter(|s| s.kind.decides() && s.holds);
    let Some(last) = deciding().next_back() else {
        return Some(Refusal::field(
            "no_deciding_step",
            "steps",
            Words::fixed(
                "至少要有一步审批：未经审批，严禁发送",
                "There has to be an approval: no sending without approval",
            ),
        ));
    };
    let refuse = |kind, words| Some(Refusal::field(kind, "steps", words));
    let after_approval =
        deciding().skip_while(|s| s.kind != StepKind::Approve).any(|s| s.kind == StepKind::Review);
    if after_approval || last.kind != StepKind::Approve {
        return refuse(
            "approval_last",
            Words::fixed(
                "先审核，后审批：最后作决定的一步须是审批",
                "Review comes before approval: the last decision is an approval",
            ),
        );
    }
    let entries_first = steps.iter().skip_while(|s| s.kind.decides()).any(|s| s.kind.decides());
    if entries_first {
        return refuse(
            "entries_last",
            Words::fixed("备案和登记须排在审批之后", "Filings and registrations come after the approvals"),
        );
    }
    // The only post that drafts would approve its own drafts.
    let is_drafter = |post: Post| sender.posts().eq([post]);
    if is_drafter(last.post) && last.substitute.is_none_or(is_drafter) {
        return refuse("drafter_alone", drafter_alone(&last.post.title()));
    }
    None
}

fn drafter_alone(who: &Words) -> Words {
    let (zh, en) = (&who.zh, &who.en);
    words!(
        "最后一步只有起草人（{zh}）能办，而起草人不能审批自己的信息；请换一个岗位，或加上代行人",
        "Only the drafter ({en}) could take the last step, and nobody approves their own draft: choose another post, or add a substitute"
    )
}

/// What a procedure is called: by the clause while its steps are the clause's, else the school's own.
pub fn label(sender: Sender, scope: Scope, steps: &[ProcedureStep]) -> Words {
    let presets = Regulation::ALL.into_iter().flat_map(Regulation::presets);
    let same = |p: &super::Preset| {
        p.sender == sender
            && p.scope == scope
            && p.steps.len() == steps.len()
            // How long a step may take is no part of any clause.
            && p.steps.iter().zip(steps).all(|(a, b)| *a == ProcedureStep { within_hours: None, ..b.clone() })
    };
    presets.into_iter().find(same).map_or(OWN_PROCEDURE, |p| p.label)
}

/// The office to which a filing or registration goes, where the post belongs to one.
fn office_of(post: Post) -> Words {
    match post {
        Post::StudentAffairsHead | Post::StudentAffairsDeputy | Post::StudentAffairsClerk => {
            Words::fixed("学生处", "the student affairs office")
        }
        Post::OfficeDirector | Post::OfficeClerk => Words::fixed("校办室", "the school office"),
        other => with_article(other),
    }
}

/// A post in the middle of a sentence.
fn with_article(post: Post) -> Words {
    let title = post.title();
    let mut letters = title.en.chars();
    let first: String = letters.next().map(|c| c.to_lowercase().collect()).unwrap_or_default();
    let rest = letters.as_str();
    let zh = title.zh;
    words!("{zh}", "the {first}{rest}")
}

/// A post where it is held, as far as the sentence does not say so already.
fn where_held(post: Post, at: Held) -> Words {
    let words = with_article(post);
    match at {
        Held::OwnUnit if post == Post::GradeHead => {
            let (zh, en) = (words.zh, words.en);
            words!("起草人所在年级的{zh}", "{en} of the drafter's year group")
        }
        _ => words,
    }
}

/// A procedure in plain words: `学院拟发送的信息，由分管学生工作的院领导审核，院长审批，报学生处备案。`
/// `unit` is the name of the unit that sends, where it is about one.
pub fn sentence(sender: Sender, scope: Scope, unit: Option<&str>, steps: &[ProcedureStep]) -> Words {
    let (who, what) = match (unit, sender) {
        (Some(name), _) => (name.to_owned(), format!("What {name} sends")),
        (None, Sender::Teacher) => {
            (sender.title().zh.into_owned(), "What teachers of a class send".to_owned())
        }
        (None, Sender::Office) => ("校办室".to_owned(), "What the school office sends".to_owned()),
        (None, Sender::SchoolLevel) => ("学校".to_owned(), "What the school level sends".to_owned()),
        (None, Sender::College) => ("学院".to_owned(), "What a college sends".to_owned()),
        (None, Sender::Department) => ("其他部门".to_owned(), "What another department sends".to_owned()),
        (None, Sender::Society) => ("学生社团".to_owned(), "What a student society sends".to_owned()),
    };
    let (to_zh, to_en) = match scope {
        Scope::Any => ("拟发送的信息", ""),
        Scope::Grade => ("拟发给一个年级的信息", " to one year group"),
        Scope::School => ("拟发给几个年级或全校的信息", " to several year groups or the whole school"),
    };
    let (mut zh, mut en) = (Vec::new(), Vec::new());
    for (n, step) in steps.iter().enumerate() {
        let post = where_held(step.post, step.at);
        let office = office_of(step.post);
        let (pz, pe, oz, oe) = (post.zh, post.en, office.zh, office.en);
        let by = if n == 0 { "由" } else { "" };
        let (mut line_zh, mut line_en) = match step.kind {
            StepKind::Review => (format!("{by}{pz}审核"), format!("reviewed by {pe}")),
            StepKind::Approve => (format!("{by}{pz}审批"), format!("approved by {pe}")),
            StepKind::File => (format!("报{oz}备案"), format!("filed with {oe}")),
            StepKind::Register if step.holds => {
                (format!("{oz}登记后发送"), format!("registered by {oe} before it goes out"))
            }
            StepKind::Register => (format!("{oz}登记"), format!("registered by {oe}")),
        };
        let (mut notes_zh, mut notes_en) = (Vec::new(), Vec::new());
        if let Some(substitute) = step.substitute {
            let post = where_held(substitute, step.substitute_at);
            let (sz, se) = (post.zh, post.en);
            notes_zh.push(format!("不能办理时由{sz}代行"));
            notes_en.push(format!("or by {se}, who stands in"));
        }
        if let Some(hours) = step.within_hours {
            notes_zh.push(format!("限 {hours} 小时"));
            notes_en.push(format!("within {hours} h"));
        }
        if !notes_zh.is_empty() {
            line_zh += &format!("（{}）", notes_zh.join("，"));
            line_en += &format!(" ({})", notes_en.join(", "));
        }
        zh.push(line_zh);
        en.push(line_en);
    }
    let chain_zh = if zh.is_empty() { "还没有审批步骤".to_owned() } else { zh.join("，") };
    let chain_en = match en.split_last() {
        None => "has no step yet".to_owned(),
        Some((last, [])) => format!("is {last}"),
        Some((last, [only])) => format!("is {only} and {last}"),
        Some((last, others)) => format!("is {}, and {last}", others.join(", ")),
    };
    words!("{who}{to_zh}，{chain_zh}。", "{what}{to_en} {chain_en}.")
}

/// `POST /api/procedures`: the next version of a procedure, or the first one of this sender and scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProposeProcedure {
    /// Who sends.
    pub sender: Sender,
    /// To whom.
    pub scope: Scope,
    /// Its steps in order.
    pub steps: Vec<ProcedureStep>,
    /// The day from which it holds: any moment of it, today or later.
    pub in_force_from: Instant,
}

impl ProposeProcedure {
    /// What is wrong with it, whoever holds which post.
    pub fn check(&self, now: Instant) -> Vec<Refusal> {
        let mut refusals = check_steps(self.sender, self.scope, &self.steps);
        let (first, last) = (now.start_of_day(), now.start_of_day().plus(DAYS_AHEAD * DAY));
        if self.in_force_from < first || self.in_force_from > last {
            refusals.push(Refusal::field(
                "in_force_from",
                "in_force_from",
                Words::fixed(
                    "起用日期须是今天或以后一年之内",
                    "The day from which it holds is today or within a year",
                ),
            ));
        }
        refusals
    }
}

/// `POST /api/procedures/{id}/confirm` and `…/decline`: which version was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WhichVersion {
    /// The version.
    pub version: u32,
}

keyed! {
    /// How a version of a procedure stands.
    pub enum Standing {
        /// What is submitted now takes it.
        InForce = "in_force",
        /// Confirmed; its day is to come.
        Coming = "coming",
        /// It waits for a second person.
        Proposed = "proposed",
    }
}

impl Standing {
    /// For the screen.
    pub fn title(self) -> Words {
        match self {
            Self::InForce => Words::fixed("现行", "In force"),
            Self::Coming => Words::fixed("待起用", "To come"),
            Self::Proposed => Words::fixed("待确认", "Waits for a second person"),
        }
    }
}

/// A version of a procedure for the screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProcedureView {
    /// Its id, the same for all its versions.
    pub id: ProcedureId,
    /// Version.
    pub version: u32,
    /// Who sends.
    pub sender: Sender,
    /// To whom.
    pub scope: Scope,
    /// The clause that it follows, or that it is the school's own.
    pub label: Words,
    /// All of it in plain words.
    pub sentence: Words,
    /// Its steps.
    pub steps: Vec<ProcedureStep>,
    /// From when it holds.
    pub in_force_from: Instant,
    /// How it stands.
    pub standing: Standing,
    /// Name of who proposed it; none where it came with the setup.
    pub set_by: Option<String>,
    /// Name of the second person; none where it waits, or came with the setup.
    pub confirmed_by: Option<String>,
    /// Why the reader cannot confirm it.
    pub bar: Option<Words>,
    /// Whether it is as it was set. What is not is followed by nothing.
    pub sealed: bool,
}

/// `GET /api/procedures`: those in force, to come and proposed, by sender and scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Procedures {
    /// A procedure's versions stand together, the one in force first.
    pub all: Vec<ProcedureView>,
}

/// Why somebody is not the second person for a version.
pub fn confirm_bar(reader: StaffId, set_by: StaffId) -> Option<Refusal> {
    (reader == set_by).then(|| {
        Refusal::rights(
            "proposed_by_you",
            Words::fixed(
                "由您提出，须由另一位有权设定流程的人确认",
                "You proposed it: somebody else who sets procedures has to confirm it",
            ),
        )
    })
}

/// `POST /api/procedures/dry-run`: who would decide this today, and who could not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DryRun {
    /// Who sends.
    pub sender: Sender,
    /// To whom.
    pub scope: Scope,
    /// The steps to try.
    pub steps: Vec<ProcedureStep>,
    /// The unit that would send.
    pub unit: UnitId,
    /// The year group that would be addressed, where that is not the unit that sends.
    #[serde(default)]
    pub audience: Option<UnitId>,
}

/// A step of a dry run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RehearsedStep {
    /// What it asks for.
    pub kind: StepKind,
    /// The post.
    pub post: Post,
    /// Who can take it today.
    pub people: Vec<String>,
    /// Why a substitute is among them.
    pub stands_in: Option<Words>,
    /// Who holds the post and cannot take it, each with the reason.
    pub cannot: Vec<Words>,
    /// What to do where nobody can.
    pub remedy: Option<Words>,
}

/// Somebody who drafts in that unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RehearsedDrafter {
    /// Name.
    pub name: String,
    /// Why what this person drafts could not be brought to an end.
    pub stuck: Option<Words>,
}

/// The answer to a dry run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Rehearsal {
    /// The procedure in plain words, with the unit's name.
    pub sentence: Words,
    /// What is wrong with the steps, whoever holds which post.
    pub refusals: Vec<Refusal>,
    /// Step by step.
    pub steps: Vec<RehearsedStep>,
    /// Who drafts in that unit, at most [`DRAFTERS_MAX`].
    pub drafters: Vec<RehearsedDrafter>,
    /// Whether somebody's drafts could be brought to an end today.
    pub completes: bool,
}

/// The people of a dry run.
pub struct Stage<'a> {
    /// The units to which the steps are bound.
    pub binding: Binding,
    /// Who holds posts that decide.
    pub holders: &'a [Holder],
    /// Whose appointment waits for a second person: post, unit, name.
    pub waiting: &'a [(Post, UnitId, String)],
    /// Who drafts in the unit.
    pub drafters: &'a [(StaffId, String)],
    /// The name of a unit.
    pub unit_name: &'a dyn Fn(UnitId) -> String,
    /// Now.
    pub now: Instant,
}

impl Stage<'_> {
    fn chain(&self, author: StaffId, steps: &[Step]) -> Chain {
        Chain {
            author,
            digest: String::new(),
            submitted_at: self.now,
            steps: steps.to_vec(),
            decisions: Vec::new(),
            holders: self.holders.to_vec(),
        }
    }

    /// Goes through the steps with the people of today.
    pub fn rehearse(&self, sender: Sender, scope: Scope, steps: &[ProcedureStep]) -> Rehearsal {
        let bound = Step::bind(steps, self.binding);
        // Nobody in particular: what holds for whoever drafts.
        let anybody = self.chain(StaffId(-1), &bound);
        let drafters: Vec<RehearsedDrafter> = self
            .drafters
            .iter()
            .take(DRAFTERS_MAX)
            .map(|(author, name)| {
                let stuck = self.chain(*author, &bound).check_staffing().err().map(|r| r.words);
                RehearsedDrafter { name: name.clone(), stuck }
            })
            .collect();
        Rehearsal {
            sentence: sentence(sender, scope, Some(&(self.unit_name)(self.binding.own)), steps),
            refusals: check_steps(sender, scope, steps),
            steps: bound.iter().map(|step| self.rehearse_step(&anybody, step)).collect(),
            completes: drafters.iter().any(|d| d.stuck.is_none()),
            drafters,
        }
    }

    fn rehearse_step(&self, chain: &Chain, step: &Step) -> RehearsedStep {
        let (people, stands_in) = chain.able(step);
        let mut cannot: Vec<Words> = chain
            .held(step, Capacity::Own)
            .filter_map(|h| Some(chain.unable(h, None)?.of(&h.name)))
            .collect();
        let waits = |(post, unit, _): &&(Post, UnitId, String)| {
            *post == step.post && step.unit.is_none_or(|asked| asked == *unit)
        };
        cannot.extend(self.waiting.iter().filter(waits).map(|(.., name)| {
            words!(
                "{name}的任命还没有经第二人确认",
                "{name}'s appointment waits for a second person to confirm it"
            )
        }));
        let remedy = people.is_empty().then(|| self.remedy(step, !cannot.is_empty()));
        RehearsedStep { kind: step.kind, post: step.post, people, stands_in, cannot, remedy }
    }

    /// Whom to appoint.
    fn remedy(&self, step: &Step, somebody: bool) -> Words {
        let post = step.post.title();
        let (pz, pe) = (post.zh, post.en);
        let (in_zh, in_en) = match step.unit {
            Some(unit) => {
                let name = (self.unit_name)(unit);
                (format!("{name}的"), format!(" in {name}"))
            }
            None => (String::new(), String::new()),
        };
        if somebody {
            words!(
                "请确认{in_zh}{pz}的任命，或设一位代行人",
                "Confirm the appointment “{pe}”{in_en}, or name a substitute"
            )
        } else {
            words!(
                "没有人担任{in_zh}{pz}：请先任命，并经第二人确认",
                "Nobody holds the post “{pe}”{in_en}: appoint somebody, and have it confirmed"
            )
        }
    }
}

/// Whether the last decision could be taken by nobody but the one person who drafts: nothing would ever
/// be sent, whatever is written.
pub fn only_the_drafter(
    steps: &[ProcedureStep],
    binding: Binding,
    holders: &[Holder],
    drafter: StaffId,
) -> Option<Refusal> {
    let bound = Step::bind(steps, binding);
    let last = bound.iter().rev().find(|step| step.is_decisive())?;
    let mut able = holders.iter().filter(|h| last.capacity(h).is_some()).peekable();
    let name = able.peek()?.name.clone();
    able.all(|h| h.staff == drafter)
        .then(|| Refusal::field("drafter_alone", "steps", drafter_alone(&Words::name(name))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::AppointmentId;

    fn step(kind: StepKind, post: Post) -> ProcedureStep {
        ProcedureStep::new(kind, post)
    }

    fn kinds(sender: Sender, scope: Scope, steps: &[ProcedureStep]) -> Vec<String> {
        check_steps(sender, scope, steps).into_iter().map(|r| r.kind.into_owned()).collect()
    }

    fn presets() -> Vec<super::super::Preset> {
        Regulation::ALL.into_iter().flat_map(Regulation::presets).collect()
    }

    #[test]
    fn the_presets_of_both_regulations_are_sensible_procedures() {
        for preset in presets() {
            assert_eq!(kinds(preset.sender, preset.scope, &preset.steps), [""; 0], "{:?}", preset.label);
            assert_eq!(label(preset.sender, preset.scope, &preset.steps), preset.label);
        }
    }

    #[test]
    fn a_clause_that_was_changed_is_the_schools_own() {
        let college = presets().into_iter().find(|p| p.sender == Sender::College).expect("a preset");
        let hurried: Vec<ProcedureStep> = college.steps[..2].to_vec();
        assert_eq!(label(Sender::College, Scope::Any, &hurried), OWN_PROCEDURE);
        // A time limit changes no clause.
        let mut timed = college.steps.clone();
        timed[0].within_hours = Some(24);
        assert_eq!(label(Sender::College, Scope::Any, &timed), college.label);
    }

    #[test]
    fn a_procedure_reads_as_a_sentence() {
        let zh = |sender, unit| {
            let preset = presets().into_iter().find(|p| p.sender == sender).expect("a preset");
            sentence(sender, preset.scope, unit, &preset.steps)
        };
        let college = zh(Sender::College, Some("商学院"));
        assert_eq!(college.zh, "商学院拟发送的信息，由分管学生工作的院领导审核，院长审批，报学生处备案。");
        assert_eq!(
            college.en,
            "What 商学院 sends is reviewed by the college leader in charge of student work, approved by the dean, and filed with the student affairs office."
        );
        assert_eq!(
            zh(Sender::Department, None).zh,
            "其他部门拟发送的信息，由部门第一责任人审核，分管校领导审批，学生处登记后发送。"
        );
        let grade = zh(Sender::Teacher, None);
        assert_eq!(
            grade.zh,
            "班主任和任课教师拟发给一个年级的信息，由年级组长审批（不能办理时由校办室主任代行）。"
        );
        assert_eq!(
            grade.en,
            "What teachers of a class send to one year group is approved by the head of year group (or by the office director, who stands in)."
        );
    }

    #[test]
    fn a_procedure_without_a_deciding_step_is_refused() {
        let filing = step(StepKind::File, Post::StudentAffairsClerk);
        let advice = ProcedureStep { holds: false, ..step(StepKind::Approve, Post::LeaderInCharge) };
        assert_eq!(kinds(Sender::SchoolLevel, Scope::Any, &[]), ["no_deciding_step"]);
        assert_eq!(kinds(Sender::SchoolLevel, Scope::Any, &[filing]), ["no_deciding_step"]);
        assert_eq!(kinds(Sender::SchoolLevel, Scope::Any, &[advice]), ["step_holds", "no_deciding_step"]);
    }

    #[test]
    fn review_comes_before_approval_and_entries_come_last() {
        let review = step(StepKind::Review, Post::StudentAffairsHead);
        let approve = step(StepKind::Approve, Post::LeaderInCharge);
        let filing = step(StepKind::File, Post::OfficeClerk);
        let of = |steps: &[&ProcedureStep]| {
            let steps: Vec<ProcedureStep> = steps.iter().map(|s| (*s).clone()).collect();
            kinds(Sender::SchoolLevel, Scope::Any, &steps)
        };
        assert_eq!(of(&[&review, &approve, &filing]), [""; 0]);
        assert_eq!(of(&[&review]), ["approval_last"]);
        assert_eq!(of(&[&approve, &review]), ["approval_last"]);
        assert_eq!(of(&[&approve, &review, &approve]), ["approval_last"]);
        assert_eq!(of(&[&filing, &approve]), ["entries_last"]);
    }

    #[test]
    fn a_post_that_each_unit_has_is_never_asked_for_anywhere() {
        let dean = step(StepKind::Approve, Post::Dean);
        assert_eq!(kinds(Sender::College, Scope::Any, std::slice::from_ref(&dean)), ["step_post"]);
        let own = dean.clone().held(Held::CollegeAbove);
        assert_eq!(kinds(Sender::College, Scope::Any, &[own]), [""; 0]);
        let strange = dean.held(Held::CollegeAbove);
        assert_eq!(kinds(Sender::SchoolLevel, Scope::Any, &[strange]), ["step_post"]);
        // Whose appointment nobody confirms decides nothing; nor does who only administers.
        for post in [Post::HomeroomTeacher, Post::DepartmentHead, Post::Administrator] {
            let steps = [step(StepKind::Approve, post)];
            assert_eq!(kinds(Sender::Office, Scope::School, &steps), ["step_post"], "{post:?}");
        }
        for post in Post::ALL {
            for scope in Scope::ALL {
                let any = Sender::ALL.into_iter().any(|s| !places(post, s, scope).is_empty());
                assert!(!any || post.needs_confirmation(), "{post:?} would decide unconfirmed");
            }
        }
    }

    #[test]
    fn a_sender_does_not_approve_for_itself() {
        let own = step(StepKind::Approve, Post::DesignatedSender).held(Held::OwnUnit);
        assert_eq!(kinds(Sender::Department, Scope::Any, std::slice::from_ref(&own)), ["drafter_alone"]);
        assert_eq!(kinds(Sender::Department, Scope::Any, &[own.or(Post::Principal)]), [""; 0]);
    }

    #[test]
    fn each_kind_of_step_has_its_own_conditions() {
        let approve = step(StepKind::Approve, Post::Principal);
        let with = |change: fn(&mut ProcedureStep)| {
            let mut step = approve.clone();
            change(&mut step);
            kinds(Sender::Office, Scope::School, &[step])
        };
        assert_eq!(with(|_| {}), [""; 0]);
        assert_eq!(with(|s| s.needs = vec![Need::Number]), ["step_needs"]);
        assert_eq!(with(|s| s.substitute = Some(Post::Principal)), ["step_substitute"]);
        assert_eq!(with(|s| s.substitute = Some(Post::Dean)), ["step_substitute"]);
        assert_eq!(with(|s| s.within_hours = Some(0)), ["step_within"]);
        assert_eq!(with(|s| s.within_hours = Some(HOURS_MAX + 1)), ["step_within"]);
        assert_eq!(with(|s| s.within_hours = Some(24)), [""; 0]);
        let filing = ProcedureStep { holds: true, ..step(StepKind::File, Post::OfficeClerk) };
        assert_eq!(kinds(Sender::Office, Scope::School, &[approve.clone(), filing]), ["step_holds"]);
        let many = vec![approve.clone(); DECISIONS_MAX + 1];
        assert_eq!(kinds(Sender::Office, Scope::School, &many), ["too_many_steps"]);
        let entry = step(StepKind::File, Post::OfficeClerk);
        let many: Vec<ProcedureStep> =
            std::iter::once(approve).chain(std::iter::repeat_n(entry, STEPS_MAX)).collect();
        assert_eq!(kinds(Sender::Office, Scope::School, &many), ["too_many_steps"]);
        assert_eq!(
            kinds(Sender::College, Scope::Grade, &[step(StepKind::Approve, Post::Principal)]),
            ["scope"]
        );
    }

    #[test]
    fn a_version_holds_from_today_or_within_a_year() {
        let now = Instant(1_800_000_000_000);
        let from = |at: Instant| {
            let order = ProposeProcedure {
                sender: Sender::Office,
                scope: Scope::School,
                steps: vec![step(StepKind::Approve, Post::Principal)],
                in_force_from: at,
            };
            order.check(now).is_empty()
        };
        assert!(from(now) && from(now.start_of_day()) && from(now.plus(DAY)));
        assert!(!from(now.start_of_day().plus(-1)));
        assert!(!from(now.plus(400 * DAY)));
    }

    fn holder(staff: i64, post: Post, unit: i64) -> Holder {
        Holder {
            appointment: AppointmentId(staff),
            staff: StaffId(staff),
            name: format!("P{staff}"),
            post,
            unit: UnitId(unit),
            given_by: StaffId(90),
            confirmed_by: StaffId(91),
            confirmed_at: Instant(0),
            away: Vec::new(),
        }
    }

    /// College 10: its leader reviews, its dean approves; the leader drafts as well.
    #[test]
    fn a_dry_run_says_who_decides_who_cannot_and_whom_to_appoint() {
        let college = presets().into_iter().find(|p| p.sender == Sender::College).expect("a preset");
        let binding = Binding { own: UnitId(10), college: Some(UnitId(10)), audience: UnitId(1) };
        let run = |holders: &[Holder], waiting: &[(Post, UnitId, String)]| {
            let drafters = [(StaffId(1), "P1".to_owned()), (StaffId(4), "P4".to_owned())];
            let name = |_: UnitId| "商学院".to_owned();
            let stage =
                Stage { binding, holders, waiting, drafters: &drafters, unit_name: &name, now: Instant(10) };
            stage.rehearse(Sender::College, Scope::Any, &college.steps)
        };
        let (leader, dean) = (holder(1, Post::CollegeLeader, 10), holder(2, Post::Dean, 10));
        let clerk = holder(3, Post::StudentAffairsClerk, 5);
        let whole = run(&[leader.clone(), dean.clone(), clerk], &[]);
        assert_eq!(whole.steps.iter().map(|s| s.people.len()).collect::<Vec<_>>(), [1, 1, 1]);
        assert!(whole.completes);
        let stuck: Vec<bool> = whole.drafters.iter().map(|d| d.stuck.is_some()).collect();
        assert_eq!(stuck, [true, false], "who reviews cannot draft");

        // Another college's dean is none of this one; an appointment that waits is told.
        let strange = holder(2, Post::Dean, 11);
        let lacking = run(&[leader, strange], &[(Post::Dean, UnitId(10), "P7".into())]);
        assert!(!lacking.completes);
        assert!(lacking.steps[1].people.is_empty());
        assert!(lacking.steps[1].cannot[0].zh.contains("P7"), "{:?}", lacking.steps[1].cannot);
        assert!(lacking.steps[2].remedy.as_ref().expect("a remedy").zh.contains("学生处科员"));
        let vacant = run(&[], &[]);
        let remedy = vacant.steps[1].remedy.as_ref().expect("a remedy");
        assert_eq!(remedy.zh, "没有人担任商学院的院长：请先任命，并经第二人确认");
    }

    #[test]
    fn the_last_decision_is_not_the_only_drafters() {
        let steps = [step(StepKind::Approve, Post::OfficeDirector)];
        let binding = Binding { own: UnitId(2), college: None, audience: UnitId(1) };
        let alone = |holders: &[Holder]| only_the_drafter(&steps, binding, holders, StaffId(1)).is_some();
        assert!(alone(&[holder(1, Post::OfficeDirector, 2)]));
        assert!(!alone(&[holder(1, Post::OfficeDirector, 2), holder(2, Post::OfficeDirector, 2)]));
        assert!(!alone(&[holder(2, Post::OfficeDirector, 2)]));
        assert!(!alone(&[]), "vacant is another matter: a submission says so");
    }
}
