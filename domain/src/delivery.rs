//! Deliveries: the states of an SMS on its way, what each tells a teacher,
//! and the order within a stream.

use serde::{Deserialize, Serialize};

use crate::ids::{ClassId, GuardianId, StudentId};
use crate::time::{HOUR, Instant, MINUTE, SECOND};
use crate::words::Words;

/// Most recipients of one batch, and so of one provider call.
pub const BATCH_MAX: usize = 100;
/// A consumer that claimed a batch has so long to finish it.
pub const LEASE: i64 = 60 * SECOND;
/// A provider call without an answer after so long is `unknown`.
pub const ATTEMPT_DEADLINE: i64 = 30 * SECOND;
/// A provider call is broken off after so long. Well before the deadline:
/// whoever asks behind it asks about a call that is over, and «the provider
/// has it not» then proves that it never will (I5).
pub const CALL_TIMEOUT: i64 = 20 * SECOND;
/// A batch that rests on the queue for so long is put there again.
pub const ENQUEUED_MAX: i64 = 60 * SECOND;
/// A message holds its stream no longer than this for a retry.
pub const HOLD: i64 = 90 * SECOND;
/// A proven non-acceptance is tried again after so long.
pub const RETRY_AFTER: i64 = 20 * SECOND;
/// After so many attempts a delivery is given up as rejected.
pub const ATTEMPTS_MAX: u32 = 5;
/// Waiting for a receipt or an answer ends here.
pub const PATIENCE: i64 = 72 * HOUR;
/// A message whose time is longer past than this is not sent any more.
pub const TOO_OLD: i64 = 24 * HOUR;
/// How soon an unknown outcome is asked about, and again.
pub const ASK_UNKNOWN_AFTER: i64 = MINUTE;

/// Where the messages of one class, or to all teachers, stand in line (I6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stream {
    /// All messages to a class.
    Class(ClassId),
    /// All messages to all teachers.
    Staff,
}

impl Stream {
    /// `class:12`, `staff`: the name of its Sequencer object and its key in D1.
    pub fn key(self) -> String {
        match self {
            Self::Class(id) => format!("class:{id}"),
            Self::Staff => "staff".to_owned(),
        }
    }

    /// Reads a [`Stream::key`].
    pub fn from_key(key: &str) -> Option<Self> {
        match key.split_once(':') {
            Some(("class", id)) => id.parse().ok().map(Self::Class),
            None if key == "staff" => Some(Self::Staff),
            _ => None,
        }
    }
}

/// Where one SMS to one phone stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Waits for its turn.
    Queued,
    /// A provider call is under way. Derived: the row is `queued`, its batch `submitting`.
    Submitting,
    /// The provider has taken it.
    Accepted,
    /// The phone has it.
    Delivered,
    /// The network could not deliver it.
    Undelivered,
    /// The provider refused it.
    Rejected,
    /// Nobody knows yet whether the provider took it.
    Unknown,
    /// It stayed unknown for 72 hours.
    Abandoned,
    /// Taken, and no receipt within 72 hours.
    NoReceipt,
    /// Never to be sent, with a reason.
    Skipped,
}

impl DeliveryState {
    /// All states.
    pub const ALL: [Self; 10] = [
        Self::Queued,
        Self::Submitting,
        Self::Accepted,
        Self::Delivered,
        Self::Undelivered,
        Self::Rejected,
        Self::Unknown,
        Self::Abandoned,
        Self::NoReceipt,
        Self::Skipped,
    ];

    /// The name stored in the database.
    pub fn key(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Submitting => "submitting",
            Self::Accepted => "accepted",
            Self::Delivered => "delivered",
            Self::Undelivered => "undelivered",
            Self::Rejected => "rejected",
            Self::Unknown => "unknown",
            Self::Abandoned => "abandoned",
            Self::NoReceipt => "no_receipt",
            Self::Skipped => "skipped",
        }
    }

    /// The state with this [`DeliveryState::key`].
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.key() == key)
    }

    /// For the screen.
    pub fn title(self) -> Words {
        match self {
            Self::Queued => Words::fixed("待提交", "Waiting"),
            Self::Submitting => Words::fixed("提交中", "Submitting"),
            Self::Accepted => Words::fixed("已提交", "Submitted"),
            Self::Delivered => Words::fixed("已送达", "Delivered"),
            Self::Undelivered => Words::fixed("未送达", "Not delivered"),
            Self::Rejected => Words::fixed("被拒收", "Refused"),
            Self::Unknown => Words::fixed("结果待查", "Outcome unknown"),
            Self::Abandoned => Words::fixed("结果不明", "Never known"),
            Self::NoReceipt => Words::fixed("无回执", "No receipt"),
            Self::Skipped => Words::fixed("未发送", "Not sent"),
        }
    }

    /// The states that may follow. `Delivered` absorbs; the database's
    /// trigger `deliveries_forward` holds the same table; a test compares them.
    pub fn next(self) -> &'static [Self] {
        use DeliveryState::*;
        match self {
            Queued => &[Submitting, Accepted, Rejected, Unknown, Delivered, Undelivered, Skipped],
            Submitting => &[Accepted, Rejected, Unknown, Queued],
            Accepted => &[Delivered, Undelivered, NoReceipt],
            Unknown => &[Accepted, Rejected, Delivered, Undelivered, Abandoned, Queued],
            Undelivered | NoReceipt | Abandoned => &[Delivered],
            Delivered | Rejected | Skipped => &[],
        }
    }

    /// Whether nothing more will be tried or awaited.
    pub fn is_end(self) -> bool {
        use DeliveryState::*;
        matches!(self, Delivered | Undelivered | Rejected | Abandoned | NoReceipt | Skipped)
    }
}

/// Where a batch rests: it carries the truth of who acts next (I7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchState {
    /// Released; the Sequencer acts next.
    Ready,
    /// Its message has a number; to be put on the queue.
    Numbered,
    /// On the queue (or lost with it: put again after [`ENQUEUED_MAX`]).
    Enqueued,
    /// A consumer prepares the call, until its lease ends.
    Claimed,
    /// A provider call is under way, until the attempt's deadline.
    Submitting,
    /// All its deliveries have left our hands.
    Settled,
}

impl BatchState {
    /// The name stored in the database.
    pub fn key(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Numbered => "numbered",
            Self::Enqueued => "enqueued",
            Self::Claimed => "claimed",
            Self::Submitting => "submitting",
            Self::Settled => "settled",
        }
    }
}

/// Why a delivery is where it is; a closed list with words for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The child or guardian left the roll before release.
    Left,
    /// The message was withdrawn or cancelled before it went.
    Withdrawn,
    /// Its time was too long past.
    TooOld,
    /// What would be sent is not what was approved.
    DigestMismatch,
    /// The provider says the number does not exist.
    NumberInvalid,
    /// The phone is off, full or barred.
    PhoneUnreachable,
    /// The provider refused it for another cause.
    ProviderRefused,
    /// The provider did not answer in time.
    NoAnswer,
    /// Tried the most times.
    TooManyTries,
}

impl Reason {
    /// All reasons.
    pub const ALL: [Self; 9] = [
        Self::Left,
        Self::Withdrawn,
        Self::TooOld,
        Self::DigestMismatch,
        Self::NumberInvalid,
        Self::PhoneUnreachable,
        Self::ProviderRefused,
        Self::NoAnswer,
        Self::TooManyTries,
    ];

    /// The name stored in the database.
    pub fn key(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Withdrawn => "withdrawn",
            Self::TooOld => "too_old",
            Self::DigestMismatch => "digest_mismatch",
            Self::NumberInvalid => "number_invalid",
            Self::PhoneUnreachable => "phone_unreachable",
            Self::ProviderRefused => "provider_refused",
            Self::NoAnswer => "no_answer",
            Self::TooManyTries => "too_many_tries",
        }
    }

    /// The reason with this [`Reason::key`].
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.key() == key)
    }

    /// What happened, in plain words.
    pub fn title(self) -> Words {
        match self {
            Self::Left => Words::fixed("发送前已离校或已从名单移除", "Left the roll before sending"),
            Self::Withdrawn => {
                Words::fixed("信息在发出前已撤回", "The message was withdrawn before it went out")
            }
            Self::TooOld => Words::fixed("错过发送时间超过 24 小时", "More than 24 hours past its time"),
            Self::DigestMismatch => Words::fixed(
                "内容与审批不一致，系统已停止发送",
                "Not what was approved: stopped by the system",
            ),
            Self::NumberInvalid => {
                Words::fixed("号码不存在或已停用", "The number does not exist or is out of service")
            }
            Self::PhoneUnreachable => {
                Words::fixed("手机关机、停机或不在服务区", "The phone is off, barred or out of reach")
            }
            Self::ProviderRefused => Words::fixed("短信服务商拒收", "The SMS provider refused it"),
            Self::NoAnswer => Words::fixed(
                "短信服务商没有及时答复，正在核实",
                "The SMS provider did not answer in time; being checked",
            ),
            Self::TooManyTries => Words::fixed("多次提交未成功", "Tried several times without success"),
        }
    }

    /// What to do about it.
    pub fn remedy(self) -> Words {
        match self {
            Self::Left => Words::fixed(
                "无需处理；如有误，请校办室核对名单",
                "Nothing to do; if this is wrong, ask the office to check the roll",
            ),
            Self::Withdrawn => Words::fixed("无需处理", "Nothing to do"),
            Self::TooOld => Words::fixed("如仍需告知，请另发一条", "If it still matters, send a new message"),
            Self::DigestMismatch => Words::fixed("请立即报告校办室", "Report this to the office at once"),
            Self::NumberInvalid => Words::fixed(
                "请联系家长核对接收手机号，更正后电话告知",
                "Ask the family for the right number; tell them by phone for now",
            ),
            Self::PhoneUnreachable => {
                Words::fixed("请稍后电话联系，或通知另一位监护人", "Call later, or tell the other guardian")
            }
            Self::ProviderRefused => Words::fixed(
                "请电话告知，并请校办室查看短信服务商的说明",
                "Tell them by phone, and ask the office to look into the provider's answer",
            ),
            Self::NoAnswer => Words::fixed(
                "请稍候；系统会查明是否送达，不会重复发送",
                "Please wait: the system finds out, and sends nothing twice",
            ),
            Self::TooManyTries => {
                Words::fixed("请电话告知，并报告校办室", "Tell them by phone, and report it to the office")
            }
        }
    }
}

/// How far a message has got, counted in phones. The first six add up to `phones`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Funnel {
    /// Phones of the frozen list at release: one SMS each.
    pub phones: u32,
    /// Not yet submitted (queued or submitting).
    pub waiting: u32,
    /// Taken by the provider, no receipt yet.
    pub accepted: u32,
    /// On the phone.
    pub delivered: u32,
    /// Undelivered, rejected, no receipt, abandoned.
    pub failed: u32,
    /// Outcome not known yet.
    pub unknown: u32,
    /// Not to be sent.
    pub skipped: u32,
    /// Pages opened: a hint only.
    pub opened: u32,
    /// Confirmed.
    pub confirmed: u32,
}

impl Funnel {
    /// Adds `n` deliveries in `state`.
    pub fn add(&mut self, state: DeliveryState, n: u32) {
        use DeliveryState::*;
        self.phones += n;
        *match state {
            Queued | Submitting => &mut self.waiting,
            Accepted => &mut self.accepted,
            Delivered => &mut self.delivered,
            Undelivered | Rejected | NoReceipt | Abandoned => &mut self.failed,
            Unknown => &mut self.unknown,
            Skipped => &mut self.skipped,
        } += n;
    }
}

/// `GET /api/messages/{id}/deliveries`: the named list, by child.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryList {
    /// The totals.
    pub funnel: Funnel,
    /// Children, or none where the audience is staff.
    pub children: Vec<ChildRow>,
    /// Staff recipients, or none where the audience is guardians.
    pub staff: Vec<RecipientRow>,
}

/// One child of the audience.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildRow {
    /// The child.
    pub student: StudentId,
    /// Name.
    pub name: String,
    /// Class.
    pub class: ClassId,
    /// Class name.
    pub class_name: String,
    /// Whether any guardian has confirmed.
    pub confirmed: bool,
    /// Its guardians in this message; empty where nobody can be reached.
    pub guardians: Vec<RecipientRow>,
}

/// One recipient with the SMS to the phone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipientRow {
    /// The guardian's entry; none for staff.
    pub guardian: Option<GuardianId>,
    /// Name.
    pub name: String,
    /// 父亲, 母亲, …; empty for staff.
    pub relation: String,
    /// `199******50`.
    pub phone: String,
    /// Where the SMS stands; none before release.
    pub state: Option<DeliveryState>,
    /// Why, where there is something to say.
    pub reason: Option<Reason>,
    /// When the page was first opened: a hint.
    pub opened_at: Option<Instant>,
    /// When it was confirmed.
    pub confirmed_at: Option<Instant>,
}
