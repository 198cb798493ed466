//! A message: what is written, to whom, and the states it passes through.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::access::{Action, ClassPlace, Person, Post};
use crate::approval::passage::PassageView;
use crate::approval::{ChainView, DecisionView, StepKind};
use crate::blank::is_blank;
use crate::content::{Finding, Severity};
use crate::delivery::{Funnel, SetApart};
use crate::filing::{Application, Papers};
use crate::ids::{AppointmentId, ClassId, MessageId, StaffId, StudentId, UnitId};
use crate::keys::keyed;
use crate::problem::Refusal;
use crate::sms::Length;
use crate::time::{DAY, Instant};
use crate::words;
use crate::words::Words;

mod asked;
mod canonical;
mod children;
mod command;
mod kinds;
mod recipients;

pub use asked::{AskedFor, Asker};
pub use canonical::{CanonicalMessage, ListRoot, OutOfOrder, Recipient, RecipientKind, RootHasher};
pub use children::{CHILDREN_MAX, CHILDREN_ZH, ChosenChild, children_words, count_words};
pub use command::Command;
pub use kinds::{AnswerLevel, Category, Mode};
pub use recipients::{ChildNames, GroupNames, NamesWanted, RecipientGroup};

/// Most characters of a title: it goes into the SMS.
pub const TITLE_MAX: usize = 20;
/// Most characters of a text: it stands on the page.
pub const TEXT_MAX: usize = 5_000;
/// How far ahead a message can be scheduled.
pub const SCHEDULE_MAX: i64 = 180 * DAY;
/// Most classes that one message names.
pub const CLASSES_MAX: usize = 500;

/// To whom a message goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Audience {
    /// All guardians of these classes.
    Classes {
        /// The classes.
        classes: Vec<ClassId>,
    },
    /// The guardians of some students of one class, each only for the own child.
    Children {
        /// Their class.
        class: ClassId,
        /// The students.
        students: Vec<StudentId>,
    },
    /// The students of these classes themselves, who have a number of their own on the roll (G61).
    Students {
        /// The classes.
        classes: Vec<ClassId>,
    },
    /// All guardians of the school.
    AllGuardians,
    /// The staff of these units: who holds a post in one of them, or below it.
    Units {
        /// The units.
        units: Vec<UnitId>,
    },
    /// 全体教师.
    AllTeachers,
    /// Exactly those to whom an earlier message went, in the same streams: its correction (更正, G33).
    Earlier {
        /// The message that is corrected.
        message: MessageId,
    },
}

impl Audience {
    /// The message that a draft to this audience corrects.
    pub fn corrects(&self) -> Option<MessageId> {
        match self {
            Self::Earlier { message } => Some(*message),
            _ => None,
        }
    }

    /// Whether nobody is chosen yet.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Classes { classes } | Self::Students { classes } => classes.is_empty(),
            Self::Children { students, .. } => students.is_empty(),
            Self::Units { units } => units.is_empty(),
            Self::AllGuardians | Self::AllTeachers | Self::Earlier { .. } => false,
        }
    }

    /// Whether it goes to members of staff, and not to families.
    pub fn is_staff(&self) -> bool {
        matches!(self, Self::Units { .. } | Self::AllTeachers)
    }

    /// Whether it is the guardians of exactly one child, to whom alone may go what concerns one child (G8).
    pub fn is_one_child(&self) -> bool {
        matches!(self, Self::Children { students, .. } if students.len() == 1)
    }
}

/// What the drafter writes: the body of `POST /api/messages`,
/// `PUT /api/messages/{id}` and `POST /api/messages/preview`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Draft {
    /// To whom.
    pub audience: Audience,
    /// In which of one's appointments it is sent; where absent, the first that fits is chosen.
    #[serde(default)]
    pub appointment: Option<AppointmentId>,
    /// What about; one has to be chosen before submission.
    #[serde(default)]
    pub category: Option<Category>,
    /// At most [`TITLE_MAX`] characters; goes into the SMS.
    pub title: String,
    /// At most [`TEXT_MAX`] characters; stands on the page.
    pub body: String,
    /// When to send; at once where absent.
    #[serde(default)]
    pub send_at: Option<Instant>,
    /// Reasons for `explain` findings, by rule name.
    #[serde(default)]
    pub reasons: BTreeMap<String, String>,
    /// The written application (书面申请), where a department sends; of no other sender it is kept.
    #[serde(default)]
    pub application: Option<Application>,
}

/// The body of `PUT /api/messages/{id}`: the draft, and which saving of it was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DraftChange {
    /// The draft as it now is.
    #[serde(flatten)]
    pub draft: Draft,
    /// When the draft that was changed had been saved: a later saving, from
    /// another window, is not overwritten unseen. Absent: whatever is there is replaced.
    #[serde(default)]
    pub changed_at: Option<Instant>,
}

impl Draft {
    /// What holds for a draft as soon as it is saved: who may write to whom,
    /// and named limits. `classes` are the audience's classes that exist.
    pub fn check_saving(&self, author: &Person, classes: &[ClassPlace]) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        if self.send_at.is_some_and(|at| !(0..=Instant::MAX.0).contains(&at.0)) {
            refusals.push(Refusal::field(
                "time_impossible",
                "send_at",
                Words::fixed("定时时间不正确，请重新选择", "That is no possible time: choose another"),
            ));
        }
        let n = self.title.chars().count();
        if n > TITLE_MAX {
            let over = n - TITLE_MAX;
            refusals.push(Refusal::field(
                "title_too_long",
                "title",
                words!(
                    "标题最多 {TITLE_MAX} 个字，请删去 {over} 个",
                    "The title is {over} characters too long (at most {TITLE_MAX})"
                ),
            ));
        }
        let n = self.body.chars().count();
        if n > TEXT_MAX {
            let over = n - TEXT_MAX;
            refusals.push(Refusal::field(
                "body_too_long",
                "body",
                words!(
                    "正文最多 {TEXT_MAX} 个字，请删去 {over} 个",
                    "The text is {over} characters too long (at most {TEXT_MAX})"
                ),
            ));
        }
        refusals.extend(self.application.iter().flat_map(Application::check_saving));
        let may_write =
            |id: &ClassId| classes.iter().any(|c| c.id == *id && author.may_class(Action::WriteToClass, c));
        match &self.audience {
            Audience::Children { class, students } => {
                refusals.extend(children::too_many(students.len()));
                if !may_write(class) {
                    refusals.push(class_not_yours());
                }
            }
            Audience::Classes { classes: wanted } | Audience::Students { classes: wanted } => {
                if wanted.len() > CLASSES_MAX {
                    refusals.push(Refusal::field(
                        "too_many_classes",
                        "audience",
                        words!("一次最多选择 {CLASSES_MAX} 个班", "At most {CLASSES_MAX} classes at a time"),
                    ));
                }
                if !wanted.iter().all(may_write) {
                    refusals.push(class_not_yours());
                }
            }
            Audience::AllGuardians if !author.may_school(Action::WriteToAllGuardians) => {
                refusals.push(Refusal::field(
                    "audience_not_yours",
                    "audience",
                    Words::fixed(
                        "面向全校家长的通知由校办室办理，请交校办室发送",
                        "Notices to all parents are sent by the school office: please hand yours in there",
                    ),
                ));
            }
            Audience::AllTeachers if !author.may_school(Action::WriteToAllTeachers) => {
                refusals.push(Refusal::field(
                    "audience_not_yours",
                    "audience",
                    Words::fixed(
                        "您的岗位不能向全体教师群发",
                        "Your post does not allow messages to all teachers",
                    ),
                ));
            }
            Audience::Units { units } if units.len() > CLASSES_MAX => {
                refusals.push(Refusal::field(
                    "too_many_units",
                    "audience",
                    words!("一次最多选择 {CLASSES_MAX} 个部门", "At most {CLASSES_MAX} units at a time"),
                ));
            }
            // Which units lie within reach: `check_units`.
            // Who corrects a message depends on that message: the Worker asks.
            Audience::Units { .. }
            | Audience::AllGuardians
            | Audience::AllTeachers
            | Audience::Earlier { .. } => {}
        }
        refusals
    }

    /// Whether each student chosen one by one is, or was, in the class; `known` are those who are or were.
    /// To be asked only of a class that the author may write to.
    pub fn check_children(&self, known: &[ChosenChild]) -> Option<Refusal> {
        match &self.audience {
            Audience::Children { students, .. } => children::unknown(students, known),
            _ => None,
        }
    }

    /// Whether each unit that is written to lies within the author's reach; `path` gives a unit with all
    /// above it, nothing where there is no such unit.
    pub fn check_units(&self, author: &Person, path: impl Fn(UnitId) -> Vec<UnitId>) -> Option<Refusal> {
        let Audience::Units { units } = &self.audience else { return None };
        let within_reach = |id: &UnitId| {
            let path = path(*id);
            !path.is_empty() && author.may_unit(Action::WriteToAllTeachers, &path)
        };
        (!units.iter().all(within_reach)).then(|| {
            let words = Words::fixed(
                "您只能给本部门、本学院的教职工发送；面向其他部门的通知请交校办室办理",
                "You can only write to the staff of your own unit: what is for others is sent by the office",
            );
            Refusal::field("audience_not_yours", "audience", words)
        })
    }

    /// Names those who left the class since they were chosen: nothing is submitted while they stand there.
    pub fn check_children_here(&self, known: &[ChosenChild]) -> Option<Refusal> {
        match &self.audience {
            Audience::Children { .. } => children::left(known),
            _ => None,
        }
    }

    /// What holds at submission, beyond [`Draft::check_saving`]. `findings`
    /// are the content check's, made of this very draft; `now` is the clock's.
    pub fn check_submission(&self, findings: &[Finding], now: Instant) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        if is_blank(&self.title) {
            refusals.push(Refusal::field(
                "title_missing",
                "title",
                Words::fixed("请填写标题", "Write a title"),
            ));
        }
        if is_blank(&self.body) {
            refusals.push(Refusal::field(
                "body_missing",
                "body",
                Words::fixed("请填写正文", "Write the text"),
            ));
        }
        if self.audience.is_empty() {
            let words = match self.audience {
                Audience::Children { .. } => {
                    Words::fixed("请选择至少一名学生", "Choose at least one student")
                }
                Audience::Units { .. } => Words::fixed("请选择至少一个部门", "Choose at least one unit"),
                _ => Words::fixed("请选择至少一个班级", "Choose at least one class"),
            };
            refusals.push(Refusal::field("audience_missing", "audience", words));
        }
        match self.category {
            None => refusals.push(Refusal::field(
                "category_missing",
                "category",
                Words::fixed("请选择内容类别", "Choose a category"),
            )),
            // A correction goes where its original went: whether that was one child's the Worker asks.
            Some(c)
                if c.is_about_one_child()
                    && self.audience.corrects().is_none()
                    && !self.audience.is_one_child() =>
            {
                refusals.push(about_one_child());
            }
            Some(_) => {}
        }
        if let Some(at) = self.send_at {
            if at < now {
                refusals.push(Refusal::field(
                    "time_passed",
                    "send_at",
                    Words::fixed(
                        "定时时间已过，请改选以后的时间，或选择立即发送",
                        "That time has passed: choose a later one, or send at once",
                    ),
                ));
            } else if at > now.plus(SCHEDULE_MAX) {
                refusals.push(Refusal::field(
                    "time_too_far",
                    "send_at",
                    Words::fixed("最多提前 180 天定时", "At most 180 days ahead"),
                ));
            }
        }
        let mut asked: Vec<&str> = Vec::new();
        for finding in findings {
            match finding.severity {
                Severity::Block => refusals.push(Refusal::field(
                    "content_blocked",
                    finding.field.clone(),
                    finding.words.clone(),
                )),
                Severity::Explain => {
                    let rule = finding.rule.as_ref();
                    let is_given = self.reasons.get(rule).is_some_and(|r| !is_blank(r));
                    // One reason answers all places of a rule.
                    if !is_given && !asked.contains(&rule) {
                        asked.push(rule);
                        let (zh, en) = (&finding.words.zh, &finding.words.en);
                        refusals.push(Refusal::field(
                            "reason_missing",
                            reason_field(rule),
                            words!("请修改，或说明理由：{zh}", "Change it, or give a reason: {en}"),
                        ));
                    }
                }
                Severity::Hint => {}
            }
        }
        refusals
    }
}

fn class_not_yours() -> Refusal {
    Refusal::field(
        "audience_not_yours",
        "audience",
        Words::fixed(
            "您只能给本人任教或负责的班级发送",
            "You can only write to classes that you teach or lead",
        ),
    )
}

/// Refuses a category about one child for a group (G8).
pub fn about_one_child() -> Refusal {
    Refusal::field(
        "category_about_one_child",
        "category",
        Words::fixed(
            "学生思想动态、学习和生活情况只能发给该生本人的家长，不能群发：请在班级下选这一名学生",
            "What concerns one student goes to that student's own parents only, never to a group: choose that one student of the class",
        ),
    )
}

/// The field of the reason for a rule's findings, as a refusal names it.
pub fn reason_field(rule: &str) -> String {
    format!("reasons.{rule}")
}

keyed! {
    /// Where a message stands.
    pub enum MessageState {
        /// 草稿: the drafter may change everything.
        Draft = "draft",
        /// 报批中: waits for a decision; nothing can change.
        Submitted = "submitted",
        /// 已退回, with a reason.
        Returned = "returned",
        /// 已批准: waits for its time.
        Approved = "approved",
        /// 发送中.
        Sending = "sending",
        /// 已暂停 by the drafter or the office.
        Paused = "paused",
        /// 已发送: nothing more is sent for it.
        Sent = "sent",
        /// 已撤回 before anything was sent.
        Withdrawn = "withdrawn",
        /// 已取消 after approval, before its time.
        Cancelled = "cancelled",
        /// 已停止 under way: what was not on its way is not sent.
        Stopped = "stopped",
    }
}

impl MessageState {
    /// Whether it went out, at least in part: then it is corrected, and not taken back.
    pub fn went_out(self) -> bool {
        matches!(self, Self::Sending | Self::Paused | Self::Sent | Self::Stopped)
    }

    /// For the screen.
    pub fn title(self) -> Words {
        match self {
            Self::Draft => Words::fixed("草稿", "Draft"),
            Self::Submitted => Words::fixed("报批中", "Waiting for approval"),
            Self::Returned => Words::fixed("已退回", "Returned"),
            Self::Approved => Words::fixed("已批准，待发送", "Approved, not yet sent"),
            Self::Sending => Words::fixed("发送中", "Sending"),
            Self::Paused => Words::fixed("已暂停", "Paused"),
            Self::Sent => Words::fixed("已发送", "Sent"),
            Self::Withdrawn => Words::fixed("已撤回", "Withdrawn"),
            Self::Cancelled => Words::fixed("已取消", "Cancelled"),
            Self::Stopped => Words::fixed("已停止发送", "Stopped"),
        }
    }

    /// The states a message can go to from here. The database's trigger
    /// `messages_state` holds the same table; a test compares the two.
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Draft => &[Self::Submitted, Self::Withdrawn],
            Self::Submitted => &[Self::Returned, Self::Approved, Self::Withdrawn],
            Self::Returned => &[Self::Draft, Self::Withdrawn],
            Self::Approved => &[Self::Sending, Self::Cancelled],
            Self::Sending => &[Self::Paused, Self::Sent, Self::Stopped],
            Self::Paused => &[Self::Sending, Self::Sent, Self::Stopped],
            Self::Sent | Self::Withdrawn | Self::Cancelled | Self::Stopped => &[],
        }
    }
}

/// An appointment in which a draft can be sent (以什么身份发送).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CapacityView {
    /// The appointment.
    pub appointment: AppointmentId,
    /// The sender as recipients see it: `七年级1班班主任`, `信息学院`.
    pub title: String,
    /// Its post.
    pub post: Post,
}

/// The answer to `POST /api/messages/preview`: what would be sent to whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Preview {
    /// The rendered SMS, at the greatest length that a recipient can get.
    pub sms: String,
    /// Its length.
    pub length: Length,
    /// How many it would reach.
    pub reach: Audiences,
    /// `七年级1班、七年级2班` or `全校家长`.
    pub audience: Words,
    /// The students chosen one by one, those of them who are or were in the class.
    #[serde(default)]
    pub children: Vec<ChosenChild>,
    /// The post that parents will see under the text; empty where nothing may be written to them.
    pub sender: String,
    /// The appointments in which it could be sent, the one that is chosen where none is named first.
    pub capacities: Vec<CapacityView>,
    /// Content findings.
    pub findings: Vec<Finding>,
    /// The chain that it would take; empty where no procedure fits.
    pub chain: ChainView,
    /// What submission would refuse, by field.
    pub refusals: Vec<Refusal>,
    /// When it would be sent: the first open window.
    pub sends_at: Instant,
    /// Of a correction: who got the message that it corrects and will not get this one; at most 50.
    #[serde(default)]
    pub missed: Vec<Missed>,
}

/// Somebody whom a correction does not reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Missed {
    /// `丁书瑶（父亲）`; empty where the reader may not read that roll.
    pub name: String,
    /// Why.
    pub why: MissedWhy,
}

keyed! {
    /// Why a correction does not reach somebody whom the original reached.
    pub enum MissedWhy {
        /// Off the roll since.
        Left = "left",
        /// There is no number any more, or SMS may not go there.
        NumberGone = "number_gone",
    }
}

impl MissedWhy {
    /// For the screen.
    pub fn title(self) -> Words {
        match self {
            Self::Left => Words::fixed("已不在册", "no longer on the roll"),
            Self::NumberGone => Words::fixed("号码已不能接收", "the number takes no SMS any more"),
        }
    }
}

/// A message that another one names: what it corrects, or by which it is corrected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Linked {
    /// Its id.
    pub id: MessageId,
    /// Its title.
    pub title: String,
    /// Where it stands.
    pub state: MessageState,
    /// When it went out.
    pub released_at: Option<Instant>,
}

/// How many an audience holds, after merging.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Audiences {
    /// Children (0 for an audience of teachers).
    pub children: u32,
    /// Guardian or staff entries.
    pub people: u32,
    /// Distinct phones: SMS that would be sent.
    pub phones: u32,
    /// Children whom no SMS can reach.
    pub unreachable: u32,
}

/// The answer to a `POST` that makes a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Created {
    /// Its id.
    pub id: MessageId,
    /// When it was saved, for the next change.
    pub changed_at: Instant,
}

keyed! {
    /// Which messages a list holds.
    pub enum MessageBox {
        /// Those that wait for the reader: to be decided, or returned and not submitted again.
        Waiting = "waiting",
        /// Those that the reader wrote.
        Mine = "mine",
        /// Those whose step is late, of which the reader is the next in line.
        Late = "late",
        /// All within the reader's reach.
        All = "all",
    }
}

/// One line of `GET /api/messages?box=waiting|mine|all`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MessageSummary {
    /// Its id.
    pub id: MessageId,
    /// Title; may be empty in a draft.
    pub title: String,
    /// To whom, in words.
    pub audience: Words,
    /// Where it stands.
    pub state: MessageState,
    /// What is asked of the reader, where it waits for the reader's decision.
    pub asked: Option<StepKind>,
    /// Drafter's name.
    pub author: String,
    /// Since when its step waits, while one does.
    #[serde(default)]
    pub since: Option<Instant>,
    /// Until when that should be done, where its procedure says so.
    #[serde(default)]
    pub until: Option<Instant>,
    /// When its drafter last reminded whoever it waits for.
    #[serde(default)]
    pub reminded_at: Option<Instant>,
    /// When it was last changed.
    pub changed_at: Instant,
    /// When it is or was to be sent.
    pub send_at: Option<Instant>,
    /// How far it has got, once released.
    pub funnel: Option<Funnel>,
}

/// `GET /api/messages`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MessageList {
    /// Newest first.
    pub messages: Vec<MessageSummary>,
    /// Those of this page whose row cannot be read, newest first.
    #[serde(default)]
    pub unreadable: Vec<MessageId>,
    /// Pass as `before=` for older ones.
    pub next: Option<MessageId>,
}

/// `GET /api/messages/{id}`: all that the drafter, an approver or a reader sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MessageView {
    /// Its id.
    pub id: MessageId,
    /// Version, 1 upwards; a return and its correction make the next.
    pub version: u32,
    /// Where it stands.
    pub state: MessageState,
    /// What was written.
    pub draft: Draft,
    /// To whom, in words.
    pub audience: Words,
    /// Drafter.
    pub author: StaffId,
    /// Drafter's name.
    pub author_name: String,
    /// The post that parents see.
    pub sender_title: String,
    /// The digest of this version, once submitted. A decision names it.
    pub digest: Option<String>,
    /// The rendered SMS.
    pub sms: String,
    /// Its length.
    pub length: Length,
    /// How many: of the frozen list once submitted, else as of now.
    pub reach: Audiences,
    /// Findings of the content check, as submitted or as of now.
    pub findings: Vec<Finding>,
    /// The chain with its decisions.
    pub chain: ChainView,
    /// All decisions of all versions, oldest first.
    pub history: Vec<DecisionView>,
    /// What changed since the last return: the earlier title and text.
    pub before: Option<Earlier>,
    /// Who joined the audience since it was frozen: they will not get it. Names
    /// only of rolls that the reader may read.
    pub joined: Vec<String>,
    /// Who left it since: they will be skipped.
    pub left: Vec<String>,
    /// How many joined and left, with those whose names are not told.
    pub moved: Moves,
    /// Numbers on the frozen list that were changed between submission and release.
    pub changed: Vec<ChangedNumber>,
    /// Why it is not released, where something holds it.
    pub held: Option<HoldReason>,
    /// Whether the reader sees it for the own class alone: then neither the
    /// decisions nor other classes' names are told.
    pub own_class_only: bool,
    /// What the reader may do now.
    pub may: Vec<Command>,
    /// Saved, submitted, approved, released.
    pub times: Times,
    /// How far it has got, once released.
    pub funnel: Option<Funnel>,
    /// By whom it is paused or was stopped.
    #[serde(default)]
    pub halted: Option<Halt>,
    /// Why it is not going out although it is approved.
    #[serde(default)]
    pub hold: Option<Hold>,
    /// SMS of it that are set apart.
    #[serde(default)]
    pub set_apart: Vec<SetApart>,
    /// The message that it corrects, where the reader may see that one.
    #[serde(default)]
    pub corrects: Option<Linked>,
    /// Its correction that is under way or has gone out, where the reader may see that one.
    #[serde(default)]
    pub corrected_by: Option<Linked>,
    /// Who asked the office for it, and in which words, where somebody did (G13).
    #[serde(default)]
    pub asked: Option<AskedFor>,
    /// When its drafter last reminded whoever it waits for.
    #[serde(default)]
    pub reminded_at: Option<Instant>,
    /// Its entry in the register, its filing, and what was said about it.
    #[serde(default)]
    pub papers: Papers,
}

/// Who paused or stopped, by which post, why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Halt {
    /// Name.
    pub by: String,
    /// The highest post held at that moment.
    pub post: Post,
    /// When.
    pub at: Instant,
    /// Why; empty for a pause.
    pub reason: String,
}

keyed! {
    /// Why an approved message is not going out.
    pub enum Hold {
        /// The deployment has no SMS provider: nothing is released, nothing piles up.
        NoProvider = "no_provider",
        /// The address of the parents' links is lacking, or is not https.
        NoOrigin = "no_origin",
        /// It was cancelled by the system: its time was more than a day past.
        TooOld = "too_old",
    }
}

impl Hold {
    /// What happened, and what becomes of it.
    pub fn title(self) -> Words {
        match self {
            Self::NoProvider => Words::fixed(
                "学校还没有接通短信服务商，通知暂不发送；接通后自动发送，超过原定时间 24 小时的会取消",
                "The school has no SMS provider yet, so nothing goes out. It goes out once there is one; what is then more than 24 hours late is cancelled",
            ),
            Self::NoOrigin => Words::fixed(
                "家长链接的网址没有设置好（须为 https 网址），通知暂不发送；请告知系统管理员，设置好后自动发送",
                "The address of the parents' links is not set (it has to begin with https), so nothing goes out: tell the administrator. It goes out once it is set",
            ),
            Self::TooOld => Words::fixed(
                "超过原定时间 24 小时仍未能发送，系统已取消；如仍需告知，请另发一条",
                "It could not go out within 24 hours of its time and was cancelled by the system: if it still matters, send a new one",
            ),
        }
    }
}

/// Longest reason for stopping a message.
pub const STOP_REASON_MAX: usize = 200;

/// `POST /api/messages/{id}/stop`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StopMessage {
    /// Why; stands on the message's page.
    pub reason: String,
}

impl StopMessage {
    /// The reason as it is kept.
    ///
    /// # Errors
    /// Where there is none, or it is too long.
    pub fn checked(&self) -> Result<&str, Refusal> {
        let reason = self.reason.trim();
        if (1..=STOP_REASON_MAX).contains(&reason.chars().count()) {
            return Ok(reason);
        }
        Err(Refusal::field(
            "reason",
            "reason",
            words!(
                "请写明停止的理由，最多 {STOP_REASON_MAX} 个字；它会显示在这条通知上",
                "Say why, in at most {STOP_REASON_MAX} characters: it stands on the notice's page"
            ),
        ))
    }
}

/// How many moved since the list was frozen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Moves {
    /// Into the audience.
    pub joined: u32,
    /// Out of it.
    pub left: u32,
}

/// A number of the frozen list that was changed since: the SMS goes to the new one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChangedNumber {
    /// Whose; empty where the reader may not read that roll.
    pub name: String,
    /// `199******50`; empty where there was none.
    pub from: String,
    /// `199******51`; empty where there is none now.
    pub to: String,
    /// When.
    pub at: Instant,
    /// Whether a roster file changed it.
    pub by_import: bool,
}

keyed! {
    /// Why a message is not released although it could be.
    pub enum HoldReason {
        /// Its author no longer holds the post in which it is sent.
        AuthorLeft = "author_left",
        /// The homeroom teacher took its author off the list of those who may write to the class.
        NotListed = "not_listed",
        /// Nobody answers for the account of the level that sends (G2).
        NoCustodian = "no_custodian",
    }
}

impl HoldReason {
    /// For the screen.
    pub fn title(self) -> Words {
        match self {
            Self::AuthorLeft => Words::fixed(
                "暂不发送：起草人已不在发送所用的岗位上",
                "Not sent: its author no longer holds the post in which it is sent",
            ),
            Self::NotListed => Words::fixed(
                "暂不发送：起草人已不在班主任的任课教师发送名单上",
                "Not sent: its author is no longer on the homeroom teacher's list of those who may write to the class",
            ),
            Self::NoCustodian => Words::fixed(
                "暂不发送：发送单位的账号和密码没有专人负责",
                "Not sent: nobody answers for the account and password of the unit that sends",
            ),
        }
    }

    /// What can be done.
    pub fn remedy(self) -> Words {
        match self {
            Self::AuthorLeft => Words::fixed(
                "请由接任者另写一条；这一条可由校办室或所在单位负责人取消",
                "Let the successor write a new one; the office or the head of the unit can cancel this one",
            ),
            Self::NotListed => Words::fixed(
                "班主任在班级页重新加入名单后会自动发送，也可由校办室或所在单位负责人取消",
                "It goes out once the homeroom teacher lists its author again on the class's page; the office or the head of the unit can cancel it",
            ),
            Self::NoCustodian => Words::fixed(
                "请校办室或系统管理员指定专人，并由第二人确认；确认后即按原定时间发送",
                "Let the office or an administrator appoint a custodian and a second person confirm it: then it goes",
            ),
        }
    }
}

/// What an earlier version said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Earlier {
    /// Title.
    pub title: String,
    /// Text.
    pub body: String,
    /// Audience in words.
    pub audience: Words,
    /// Why it was returned.
    pub reason: String,
    /// What was wrong where.
    #[serde(default)]
    pub passages: Vec<PassageView>,
}

/// When what happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Times {
    /// When it was first saved.
    pub created_at: Instant,
    /// When it was last changed: what a [`DraftChange`] names.
    pub changed_at: Instant,
    /// When it was last submitted.
    pub submitted_at: Option<Instant>,
    /// When the last step was approved.
    pub approved_at: Option<Instant>,
    /// When its deliveries were made.
    pub released_at: Option<Instant>,
}

/// `POST /api/messages/{id}/submit`: the statement that G60 asks for.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Submit {
    /// «I answer for this content.» Must be true.
    pub statement: bool,
}
