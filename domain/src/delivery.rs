//! Deliveries: the states of an SMS on its way, what each tells a teacher,
//! and the order within a stream.

use serde::{Deserialize, Serialize};

use crate::ids::{ClassId, GuardianId, StreamId, StudentId};
use crate::keys::keyed;
use crate::time::{HOUR, Instant, MINUTE, SECOND};
use crate::words::Words;

/// Most recipients of one batch, and so of one provider call.
pub const BATCH_MAX: usize = 100;
/// How long a consumer may hold a batch that it claimed.
pub const LEASE: i64 = 60 * SECOND;
/// When a provider call without an answer becomes `unknown`.
pub const ATTEMPT_DEADLINE: i64 = 30 * SECOND;
/// When a provider call is broken off: well before its deadline, so that the
/// call is over when the provider is asked about it. If the provider then does
/// not know the SMS, it never will, and sending again is safe (I5).
pub const CALL_TIMEOUT: i64 = 20 * SECOND;
/// When a batch that nobody took from the queue is put there again.
pub const ENQUEUED_MAX: i64 = 60 * SECOND;
/// How long a message that is retried may keep the next one of its stream waiting.
pub const HOLD: i64 = 90 * SECOND;
/// Times that a batch is claimed in vain before it is set apart for a person to look at.
pub const CLAIMS_IN_VAIN: i64 = 3;
/// How long after it is proven that an SMS was not accepted it is tried again.
pub const RETRY_AFTER: i64 = 20 * SECOND;
/// The same where its number got too many SMS.
pub const LIMIT_AFTER: i64 = 10 * MINUTE;
/// How many attempts are made before a delivery is given up as rejected.
pub const ATTEMPTS_MAX: u32 = 5;
/// How long a receipt, or the provider's answer, is waited for.
pub const PATIENCE: i64 = 72 * HOUR;
/// How late a message may be and still be sent.
pub const TOO_OLD: i64 = 24 * HOUR;
/// How soon the provider is asked about an unknown outcome.
pub const ASK_UNKNOWN_AFTER: i64 = MINUTE;

/// The stream of messages to staff: a row that every database has.
pub const STAFF_STREAM: StreamId = StreamId(1);

keyed! {
    /// Whose messages a stream puts in order (I6).
    pub enum StreamKind {
        /// Messages to one class.
        Class = "class",
        /// Messages to staff.
        Staff = "staff",
    }
}

keyed! {
    /// Where one SMS to one phone stands.
    pub enum DeliveryState {
        /// Waits for its turn.
        Queued = "queued",
        /// A provider call is under way. Derived: the row is `queued`, its batch `submitting`.
        Submitting = "submitting",
        /// The provider has taken it.
        Accepted = "accepted",
        /// The phone has it.
        Delivered = "delivered",
        /// The network could not deliver it.
        Undelivered = "undelivered",
        /// The provider refused it.
        Rejected = "rejected",
        /// Nobody knows yet whether the provider took it.
        Unknown = "unknown",
        /// It stayed unknown for 72 hours.
        Abandoned = "abandoned",
        /// Taken, and no receipt within 72 hours.
        NoReceipt = "no_receipt",
        /// Never to be sent, with a reason.
        Skipped = "skipped",
    }
}

impl DeliveryState {
    /// For the screen.
    pub fn title(self) -> Words {
        match self {
            Self::Queued => Words::fixed("等待发出", "Waiting"),
            Self::Submitting => Words::fixed("正在交运营商", "Being handed over"),
            Self::Accepted => Words::fixed("已交运营商", "With the carrier"),
            Self::Delivered => Words::fixed("已送达", "Delivered"),
            Self::Undelivered => Words::fixed("未送达", "Not delivered"),
            Self::Rejected => Words::fixed("被拒收", "Refused"),
            Self::Unknown => Words::fixed("结果待查", "Outcome unknown"),
            Self::Abandoned => Words::fixed("结果不明", "Never known"),
            Self::NoReceipt => Words::fixed("无回执", "No receipt"),
            Self::Skipped => Words::fixed("未发送", "Not sent"),
        }
    }

    /// The states that may follow; nothing follows `Delivered`. The trigger
    /// `deliveries_forward` holds the same table; a test compares them.
    pub fn next(self) -> &'static [Self] {
        use DeliveryState::*;
        match self {
            Queued => &[Submitting, Accepted, Rejected, Unknown, Delivered, Undelivered, Skipped],
            Submitting => &[Accepted, Rejected, Unknown, Queued],
            Accepted => &[Delivered, Undelivered, NoReceipt],
            Unknown => &[Accepted, Rejected, Delivered, Undelivered, Abandoned, Queued],
            Undelivered | Rejected | NoReceipt | Abandoned => &[Delivered],
            Delivered | Skipped => &[],
        }
    }

    /// Whether nothing more will be tried or awaited.
    pub fn is_end(self) -> bool {
        use DeliveryState::*;
        matches!(self, Delivered | Undelivered | Rejected | Abandoned | NoReceipt | Skipped)
    }
}

keyed! {
    /// Where a batch stands; this alone says who acts next (I7).
    pub enum BatchState {
        /// Released; the Sequencer acts next.
        Ready = "ready",
        /// Its message has a number; to be put on the queue.
        Numbered = "numbered",
        /// On the queue, or lost there: it is put on the queue again after [`ENQUEUED_MAX`].
        Enqueued = "enqueued",
        /// A consumer prepares the call, until its lease ends.
        Claimed = "claimed",
        /// A provider call is under way, until the attempt's deadline.
        Submitting = "submitting",
        /// Nothing more is sent for it.
        Settled = "settled",
    }
}

impl BatchState {
    /// The states that may follow; the trigger `batches_forward` holds the same table.
    pub fn next(self) -> &'static [Self] {
        use BatchState::*;
        match self {
            Ready => &[Numbered, Enqueued, Settled],
            Numbered => &[Enqueued, Settled],
            Enqueued => &[Numbered, Claimed, Settled],
            Claimed => &[Enqueued, Submitting, Settled],
            // A call that was begun may have been taken: a further try is a new batch (I5).
            Submitting => &[Settled],
            Settled => &[],
        }
    }
}

keyed! {
    /// Why a round of SMS is sent.
    pub enum RoundKind {
        /// The message itself: round 0.
        Sending = "sending",
        /// A reminder to those who have not confirmed.
        Reminder = "reminder",
        /// Once more to those whom it did not reach.
        Resend = "resend",
    }
}

keyed! {
    /// Where a round of a message stands.
    pub enum RoundState {
        /// Its deliveries are being written; nothing is sent.
        Filling = "filling",
        /// Its list is complete and checked; SMS go out.
        Sending = "sending",
        /// Held by the drafter or the office.
        Paused = "paused",
        /// Settled in every stream, and nothing of it waits any more.
        Sent = "sent",
        /// Ended by a person: what was not on its way is not sent.
        Stopped = "stopped",
    }
}

impl RoundState {
    /// The states that may follow; the database's trigger holds the same table.
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Filling => &[Self::Sending],
            Self::Sending => &[Self::Paused, Self::Sent, Self::Stopped],
            Self::Paused => &[Self::Sending, Self::Sent, Self::Stopped],
            Self::Sent | Self::Stopped => &[],
        }
    }
}

keyed! {
    /// Where a round stands in one of its streams.
    pub enum PlaceState {
        /// Waits for its turn.
        Ready = "ready",
        /// Has its place in the order; its batches go to the queue.
        Numbered = "numbered",
        /// The next one may follow.
        Settled = "settled",
    }
}

impl PlaceState {
    /// The states that may follow; the trigger `places_forward` holds the same table.
    pub fn next(self) -> &'static [Self] {
        match self {
            // Without a number only where its round was stopped before its turn.
            Self::Ready => &[Self::Numbered, Self::Settled],
            Self::Numbered => &[Self::Settled],
            Self::Settled => &[],
        }
    }
}

keyed! {
    /// What is known of a provider call.
    pub enum AttemptState {
        /// Under way, or broken off before its answer was written.
        Submitting = "submitting",
        /// The provider has answered.
        Answered = "answered",
        /// No answer came in time; the provider will be asked.
        Unknown = "unknown",
        /// What became of it was found out, or given up.
        Resolved = "resolved",
    }
}

impl AttemptState {
    /// The states that may follow; the trigger `attempts_forward` holds the same table.
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Submitting => &[Self::Answered, Self::Unknown],
            Self::Unknown => &[Self::Answered, Self::Resolved],
            Self::Answered | Self::Resolved => &[],
        }
    }
}

keyed! {
    /// What a provider call did with one phone.
    pub enum PartOutcome {
        /// The provider has taken the SMS.
        Accepted = "accepted",
        /// The provider refuses it for good.
        Rejected = "rejected",
        /// Proven not taken; it may be tried again.
        NotTaken = "not_taken",
    }
}

keyed! {
    /// Why a delivery was skipped, refused or failed.
    pub enum Reason {
        /// The child or guardian left the roll before release.
        Left = "left",
        /// The person has another number now; this one gets nothing more.
        NumberChanged = "number_changed",
        /// The number was taken back.
        NumberRevoked = "number_revoked",
        /// Its owner wants no SMS.
        OptedOut = "opted_out",
        /// Whoever has the phone said that it is not this person's.
        NotTheirs = "not_theirs",
        /// The message was withdrawn or cancelled before it went.
        Withdrawn = "withdrawn",
        /// Its time was too long past.
        TooOld = "too_old",
        /// A person stopped the message before it went.
        Stopped = "stopped",
        /// The account with the provider is on trial, and the number is none of staff's.
        Trial = "trial",
        /// The number is there and cannot be opened.
        Unreadable = "unreadable",
        /// The approval behind it, or the change of number that leads to it, does not carry its seal.
        NotAuthorised = "not_authorised",
        /// What would be sent is not what was approved.
        DigestMismatch = "digest_mismatch",
        /// The provider says the number does not exist.
        NumberInvalid = "number_invalid",
        /// The phone is off, full or barred.
        PhoneUnreachable = "phone_unreachable",
        /// The number is on the provider's or carrier's list of those that want nothing.
        Blacklisted = "blacklisted",
        /// The provider or the carrier does not take the text.
        ContentRefused = "content_refused",
        /// The number got too many SMS.
        OverLimit = "over_limit",
        /// The provider refused it for another cause.
        ProviderRefused = "provider_refused",
        /// The provider did not answer in time.
        NoAnswer = "no_answer",
        /// Tried the most times.
        TooManyTries = "too_many_tries",
    }
}

impl Reason {
    /// What happened, in plain words.
    pub fn title(self) -> Words {
        match self {
            Self::Left => Words::fixed("发送前已离校或已从名单移除", "Left the roll before sending"),
            Self::NumberChanged => {
                Words::fixed("号码在发出前已更换", "The number was changed before it went out")
            }
            Self::NumberRevoked => Words::fixed("号码已停用", "The number was taken back"),
            Self::OptedOut => Words::fixed("家长已退订短信", "The family wants no SMS"),
            Self::NotTheirs => {
                Words::fixed("对方称不是本人号码，待核实", "Said to be a wrong number; to be checked")
            }
            Self::Withdrawn => {
                Words::fixed("信息在发出前已撤回", "The message was withdrawn before it went out")
            }
            Self::TooOld => Words::fixed("错过发送时间超过 24 小时", "More than 24 hours past its time"),
            Self::Stopped => Words::fixed("发送前已停止", "Stopped before it went out"),
            Self::Trial => Words::fixed("试运行期间只发给教职工", "On trial, SMS go to staff alone"),
            Self::Unreadable => Words::fixed("号码无法读取", "The number cannot be read"),
            Self::NotAuthorised => Words::fixed(
                "审批记录核对不符，系统已停止发送",
                "The approval on record does not check out: stopped by the system",
            ),
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
            Self::Blacklisted => Words::fixed(
                "号码在短信服务商的黑名单中，多因曾退订",
                "On the SMS provider's blocklist, mostly after opting out",
            ),
            Self::ContentRefused => {
                Words::fixed("内容被短信服务商拦截", "The SMS provider does not take the text")
            }
            Self::OverLimit => {
                Words::fixed("这个号码收到的短信已达上限", "This number has had the most SMS it may get")
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
            Self::NumberChanged => Words::fixed(
                "请电话告知这一次；以后的通知会发到新号码",
                "Tell them by phone this time; later notices go to the new number",
            ),
            Self::NumberRevoked | Self::OptedOut => Words::fixed(
                "请用其他方式告知，或登记另一个接收号码",
                "Tell them in another way, or enter another number",
            ),
            Self::NotTheirs => Words::fixed(
                "请联系家长核对号码，在班级名册中更正",
                "Ask the family for the right number and correct it in the class's roll",
            ),
            Self::Withdrawn => Words::fixed("无需处理", "Nothing to do"),
            Self::TooOld => Words::fixed("如仍需告知，请另发一条", "If it still matters, send a new message"),
            Self::Stopped => Words::fixed("如需更正，请另发一条", "To correct it, send a new message"),
            Self::Trial => Words::fixed(
                "家长收不到短信，请用其他方式告知；结束试运行后另发一条",
                "Parents receive nothing: tell them in another way, and send a new message after the trial",
            ),
            Self::Unreadable => Words::fixed(
                "请电话告知，并请校办室重新录入这个号码",
                "Tell them by phone, and ask the office to enter the number again",
            ),
            Self::DigestMismatch | Self::NotAuthorised => {
                Words::fixed("请立即报告校办室", "Report this to the office at once")
            }
            Self::NumberInvalid => Words::fixed(
                "请联系家长核对接收手机号，更正后电话告知",
                "Ask the family for the right number; tell them by phone for now",
            ),
            Self::PhoneUnreachable => {
                Words::fixed("请稍后电话联系，或通知另一位监护人", "Call later, or tell the other guardian")
            }
            Self::Blacklisted | Self::OverLimit => {
                Words::fixed("请电话告知这一次", "Tell them by phone this time")
            }
            Self::ContentRefused => Words::fixed(
                "请改标题后另发一条，或电话告知",
                "Change the title and send a new message, or tell them by phone",
            ),
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

keyed! {
    /// Why a batch is set apart: it waits, holds nobody up, and is shown to writer and office.
    pub enum ApartReason {
        /// The wording of its SMS is one that this version does not know.
        UnknownTemplate = "unknown_template",
        /// The form of its digest is one that this version does not know.
        UnknownForm = "unknown_form",
        /// Claimed [`CLAIMS_IN_VAIN`] times, and never got as far as a call.
        ClaimedInVain = "claimed_in_vain",
    }
}

impl ApartReason {
    /// What happened, and what becomes of it.
    pub fn title(self) -> Words {
        match self {
            Self::UnknownTemplate => Words::fixed(
                "系统当前版本不认识这条短信的模板；系统更新后会自动接着发送",
                "This version of the system does not know the wording of this SMS; it goes on by itself after an update",
            ),
            Self::UnknownForm => Words::fixed(
                "系统当前版本无法核对这条通知的审批内容；系统更新后会自动接着发送",
                "This version of the system cannot check what was approved; it goes on by itself after an update",
            ),
            Self::ClaimedInVain => Words::fixed(
                "系统试了三次都没能提交；请系统管理员查明原因，再点“重新提交”",
                "The system tried three times in vain: let the administrator find out why, then put it again",
            ),
        }
    }

    /// Whether it goes on by itself once the system can work on it.
    pub fn goes_on_by_itself(self) -> bool {
        self != Self::ClaimedInVain
    }
}

/// SMS of a message that are set apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SetApart {
    /// Why.
    pub why: ApartReason,
    /// How many phones.
    pub phones: u32,
    /// Since when.
    pub since: Instant,
}

/// How far a message has got, counted in phones. The first six add up to `phones`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeliveryList {
    /// The totals.
    pub funnel: Funnel,
    /// Every class that was addressed, in counts.
    pub classes: Vec<ClassCount>,
    /// Children of the classes whose names the reader may see, or none where the audience is staff.
    pub children: Vec<ChildRow>,
    /// Staff recipients, or none where the audience is guardians.
    pub staff: Vec<RecipientRow>,
}

/// A class of the audience in counts, for those who may not read its names, too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClassCount {
    /// The class.
    pub class: ClassId,
    /// Its name.
    pub class_name: String,
    /// Children on the frozen list.
    pub children: u32,
    /// Guardians on it.
    pub people: u32,
    /// Children for whom somebody has confirmed.
    pub confirmed: u32,
    /// Whether the reader sees the names.
    pub named: bool,
}

/// One child of the audience.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// Whether what is stored of its SMS cannot be read.
    #[serde(default)]
    pub unreadable: bool,
    /// SMS that came back from the phone, as they came.
    #[serde(default)]
    pub replies: Vec<SmsReply>,
}

/// An SMS that came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SmsReply {
    /// What it says.
    pub text: String,
    /// When.
    pub at: Instant,
    /// Whether it says that no more are wanted: then none are sent.
    pub opts_out: bool,
}
