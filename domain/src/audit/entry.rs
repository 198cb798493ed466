//! Entries of the audit log, and how they are chained.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::keys::keyed;
use crate::time::Instant;
use crate::words::Words;

keyed! {
    /// Every action that is logged.
    pub enum AuditAction {
        /// The first setup of a deployment.
        SchoolOpened = "school.opened",
        /// All sending is stopped.
        SchoolStopped = "school.stopped",
        /// Sending goes on after a stop.
        SchoolResumed = "school.resumed",
        /// Asked to let all sending go on, where a second person has to say so.
        SchoolLiftAsked = "school.lift_asked",
        /// A roster file was applied.
        RosterApplied = "roster.applied",
        /// A roster file was taken back.
        RosterUndone = "roster.undone",
        /// A post was given by hand.
        AppointmentGiven = "appointment.given",
        /// A post was ended by hand.
        AppointmentEnded = "appointment.ended",
        /// A unit was made, or opened again.
        UnitMade = "unit.made",
        /// A unit was renamed.
        UnitChanged = "unit.changed",
        /// A move or closing of a unit was proposed; it waits for a second person.
        UnitChangeProposed = "unit.change_proposed",
        /// It was declined, or taken back.
        UnitChangeDeclined = "unit.change_declined",
        /// A second person confirmed a move.
        UnitMoved = "unit.moved",
        /// A second person confirmed the closing of a unit.
        UnitClosed = "unit.closed",
        /// A second person confirmed an appointment.
        AppointmentConfirmed = "appointment.confirmed",
        /// An appointment was declined, and ended.
        AppointmentDeclined = "appointment.declined",
        /// The next version of an approval procedure was proposed; it waits for a second person.
        ProcedureProposed = "procedure.proposed",
        /// The second person confirmed it.
        ProcedureConfirmed = "procedure.confirmed",
        /// It was not confirmed.
        ProcedureDeclined = "procedure.declined",
        /// The next version of the account with the SMS provider was proposed; it waits for a second person.
        SmsAccountProposed = "sms_account.proposed",
        /// The second person confirmed it.
        SmsAccountConfirmed = "sms_account.confirmed",
        /// It was not confirmed.
        SmsAccountDeclined = "sms_account.declined",
        /// Somebody sent a test to the own phone.
        SmsAccountTested = "sms_account.tested",
        /// A homeroom teacher let a subject teacher write to the class.
        TeacherListed = "teacher.listed",
        /// A homeroom teacher took a subject teacher off that list.
        TeacherStruckOff = "teacher.struck_off",
        /// Somebody is away for a time.
        DelegationRecorded = "delegation.recorded",
        /// A recorded absence does not count any more.
        DelegationWithdrawn = "delegation.withdrawn",
        /// A member of staff left.
        StaffLeft = "staff.left",
        /// A member of staff came back.
        StaffReturned = "staff.returned",
        /// A member of staff's number was changed by hand.
        StaffNumberChanged = "staff.number_changed",
        /// A student left.
        StudentLeft = "student.left",
        /// A student came back.
        StudentReturned = "student.returned",
        /// A guardian was taken off the roll.
        GuardianLeft = "guardian.left",
        /// A guardian came back.
        GuardianReturned = "guardian.returned",
        /// A guardian's number was changed by hand.
        GuardianNumberChanged = "guardian.number_changed",
        /// Whether SMS go to a number was changed by hand.
        NumberMarked = "number.marked",
        /// Whoever has the phone said that it is not this person's.
        NumberDisputed = "number.disputed",
        /// It is theirs after all.
        NumberKept = "number.kept",
        /// What an action changed: before and after, by ids.
        RecordChanged = "record.changed",
        /// Former names, numbers or reasons were read.
        ValuesRead = "audit.values_read",
        /// Activation slips were issued.
        AccountSlipsIssued = "account.slips_issued",
        /// An owner chose a password.
        AccountActivated = "account.activated",
        /// An owner changed the password.
        AccountPasswordChanged = "account.password_changed",
        /// A slip for an active account was ordered; it waits for a second person.
        AccountResetOrdered = "account.reset_ordered",
        /// The second person confirmed it.
        AccountResetConfirmed = "account.reset_confirmed",
        /// It was declined.
        AccountResetDeclined = "account.reset_declined",
        /// A slip for an active account was used.
        AccountReset = "account.reset",
        /// The owner says that a reset was the own one.
        AccountResetAcknowledged = "account.reset_acknowledged",
        /// The owner says that somebody else reset the account.
        AccountResetReported = "account.reset_reported",
        /// Someone signed in.
        SessionOpened = "session.opened",
        /// Someone signed out one or more browsers.
        SessionsEnded = "session.ended",
        /// Something was handed in to the office.
        RequestHandedIn = "request.handed_in",
        /// The office took it up.
        RequestTakenUp = "request.taken_up",
        /// The office declined it.
        RequestDeclined = "request.declined",
        /// The office asked whether changed words may go out.
        RequestAsked = "request.asked",
        /// Who handed it in agreed to them, or did not.
        RequestAnswered = "request.answered",
        /// Who handed it in took it back.
        RequestWithdrawn = "request.withdrawn",
        /// A draft was saved for the first time.
        MessageDrafted = "message.drafted",
        /// A draft was saved again.
        MessageChanged = "message.changed",
        /// A draft was submitted for approval.
        MessageSubmitted = "message.submitted",
        /// The names of one class of its list were read before it went out.
        MessageNamesRead = "message.names_read",
        /// A step was approved or returned.
        MessageDecided = "message.decided",
        /// Its drafter reminded whoever it waits for.
        MessageReminded = "message.reminded",
        /// The scan of a signed original was stored.
        MessageScanned = "message.scanned",
        /// A signed original was entered in the register.
        MessageRegistered = "message.registered",
        /// The designated sender ordered the release.
        MessageOrdered = "message.ordered",
        /// A filing was registered.
        MessageFilingReceived = "message.filing_received",
        /// Somebody commented, asked or answered.
        MessageCommented = "message.commented",
        /// Filings that are late were chased.
        FilingsChased = "filing.chased",
        /// Within how many days filings are to be registered.
        FilingLimitSet = "filing.limit_set",
        /// Its drafter took it back.
        MessageWithdrawn = "message.withdrawn",
        /// Took over the draft of somebody who has left.
        MessageTakenOver = "message.taken_over",
        /// Cancelled after approval, before its time.
        MessageCancelled = "message.cancelled",
        /// Its time fell outside the sending hours.
        MessagePutOff = "message.put_off",
        /// Its time was too long past; it is not sent.
        MessageTooOld = "message.too_old",
        /// Its deliveries were made.
        MessageReleased = "message.released",
        /// Sending is held.
        MessagePaused = "message.paused",
        /// Sending goes on after a pause.
        MessageResumed = "message.resumed",
        /// Ended under way: what had not left is not sent.
        MessageStopped = "message.stopped",
        /// What was set apart is put on its way again.
        MessagePutAgain = "message.put_again",
        /// It is settled in every stream.
        MessageSent = "message.sent",
        /// A wording was saved for a unit.
        TemplateSaved = "message.template_saved",
        /// A unit's wording was taken away.
        TemplateRemoved = "message.template_removed",
        /// The system ended deliveries before their call.
        DeliveryStopped = "delivery.stopped",
        /// The system set a batch apart that it could not work on.
        DeliverySetApart = "delivery.set_apart",
    }
}

impl AuditAction {
    /// Whether it can change a right, the roll, a number, a procedure or a setting, so that before and after
    /// are told beside it. What happens to messages does not; a new action does until it is named here.
    pub fn changes_the_school(self) -> bool {
        let key = self.key();
        !key.starts_with("message.")
            && !key.starts_with("delivery.")
            && !key.starts_with("request.")
            && !matches!(
                self,
                Self::FilingsChased
                    | Self::SessionOpened
                    | Self::SessionsEnded
                    | Self::SmsAccountTested
                    | Self::ValuesRead
            )
    }

    /// For the screen.
    pub fn title(self) -> Words {
        match self {
            Self::SchoolOpened => Words::fixed("建立学校", "Set up the school"),
            Self::SchoolStopped => Words::fixed("停止全部发送", "Stopped all sending"),
            Self::SchoolLiftAsked => Words::fixed("申请恢复发送", "Asked to let sending go on"),
            Self::SchoolResumed => Words::fixed("恢复发送", "Let sending go on"),
            Self::RosterApplied => Words::fixed("导入名单", "Imported a roster"),
            Self::RosterUndone => Words::fixed("撤销一次导入", "Took back an import"),
            Self::AppointmentGiven => Words::fixed("任命", "Gave a post"),
            Self::AppointmentEnded => Words::fixed("结束任职", "Ended a post"),
            Self::UnitMade => Words::fixed("设立部门", "Made a unit"),
            Self::UnitChanged => Words::fixed("更名部门", "Renamed a unit"),
            Self::UnitChangeProposed => {
                Words::fixed("提出移动或停用部门", "Proposed to move or close a unit")
            }
            Self::UnitChangeDeclined => {
                Words::fixed("不同意或撤回部门调整", "Declined to move or close a unit")
            }
            Self::UnitMoved => Words::fixed("确认移动部门", "Confirmed the move of a unit"),
            Self::UnitClosed => Words::fixed("停用部门", "Closed a unit"),
            Self::AppointmentConfirmed => Words::fixed("确认任命", "Confirmed an appointment"),
            Self::AppointmentDeclined => Words::fixed("不予确认任命", "Declined an appointment"),
            Self::ProcedureProposed => Words::fixed("提出审批流程的修改", "Proposed a procedure"),
            Self::ProcedureConfirmed => Words::fixed("确认审批流程的修改", "Confirmed a procedure"),
            Self::ProcedureDeclined => Words::fixed("不采用审批流程的修改", "Declined a procedure"),
            Self::SmsAccountProposed => Words::fixed("提出短信账户的修改", "Proposed the SMS account"),
            Self::SmsAccountConfirmed => Words::fixed("确认短信账户的修改", "Confirmed the SMS account"),
            Self::SmsAccountDeclined => Words::fixed("不采用短信账户的修改", "Declined the SMS account"),
            Self::SmsAccountTested => Words::fixed("向本人手机发测试短信", "Sent a test to the own phone"),
            Self::TeacherListed => {
                Words::fixed("列入任课教师发送名单", "Let a subject teacher write to the class")
            }
            Self::TeacherStruckOff => {
                Words::fixed("移出任课教师发送名单", "Took a subject teacher off the class's list")
            }
            Self::DelegationRecorded => Words::fixed("登记请假", "Recorded an absence"),
            Self::DelegationWithdrawn => Words::fixed("撤销请假登记", "Withdrew a recorded absence"),
            Self::StaffLeft => Words::fixed("教职工离校", "A member of staff left"),
            Self::StaffReturned => Words::fixed("教职工恢复在册", "A member of staff came back"),
            Self::StaffNumberChanged => Words::fixed("更改教职工手机号", "Changed a staff number"),
            Self::StudentLeft => Words::fixed("学生离校", "A student left"),
            Self::StudentReturned => Words::fixed("学生恢复在册", "A student came back"),
            Self::GuardianLeft => Words::fixed("移除家长", "Took a guardian off the roll"),
            Self::GuardianReturned => Words::fixed("恢复家长", "Put a guardian back"),
            Self::GuardianNumberChanged => Words::fixed("更改家长手机号", "Changed a guardian's number"),
            Self::NumberMarked => Words::fixed("更改号码状态", "Marked a number"),
            Self::NumberDisputed => Words::fixed("收信人称不是本人号码", "A number was said to be wrong"),
            Self::NumberKept => Words::fixed("核实号码无误", "Found a number to be right"),
            Self::RecordChanged => Words::fixed("变动前后", "Before and after"),
            Self::ValuesRead => Words::fixed("查看历史内容", "Read former values"),
            Self::AccountSlipsIssued => Words::fixed("签发开通单", "Issued activation slips"),
            Self::AccountActivated => Words::fixed("开通账号", "Activated the account"),
            Self::AccountPasswordChanged => Words::fixed("修改密码", "Changed the password"),
            Self::AccountResetOrdered => {
                Words::fixed("申请重设密码的开通单", "Ordered a slip to reset a password")
            }
            Self::AccountResetConfirmed => {
                Words::fixed("确认重设密码的开通单", "Confirmed a slip to reset a password")
            }
            Self::AccountResetDeclined => {
                Words::fixed("不同意重设密码的开通单", "Declined a slip to reset a password")
            }
            Self::AccountReset => Words::fixed("凭开通单重设密码", "Reset the password by a slip"),
            Self::AccountResetAcknowledged => {
                Words::fixed("确认密码由本人重设", "Confirmed that the reset was their own")
            }
            Self::AccountResetReported => {
                Words::fixed("报告密码不是本人重设", "Reported that someone else reset the password")
            }
            Self::SessionOpened => Words::fixed("登录", "Signed in"),
            Self::SessionsEnded => Words::fixed("退出其他设备的登录", "Signed out other devices"),
            Self::RequestHandedIn => Words::fixed("报校办室办理", "Handed something in to the office"),
            Self::RequestTakenUp => Words::fixed("接办来件", "Took up a request"),
            Self::RequestDeclined => Words::fixed("不予办理来件", "Declined a request"),
            Self::RequestAsked => Words::fixed("请来件人确认改动", "Asked about changed words"),
            Self::RequestAnswered => Words::fixed("答复文字改动", "Answered about changed words"),
            Self::RequestWithdrawn => Words::fixed("撤回来件", "Took back a request"),
            Self::MessageDrafted => Words::fixed("起草通知", "Drafted a notice"),
            Self::MessageChanged => Words::fixed("修改草稿", "Changed a draft"),
            Self::MessageSubmitted => Words::fixed("报批", "Submitted for approval"),
            Self::MessageNamesRead => Words::fixed("查看收件人姓名", "Read the names of recipients"),
            Self::MessageDecided => Words::fixed("作出审核或审批决定", "Decided a step"),
            Self::MessageTakenOver => Words::fixed("接手离校人员的草稿", "Took over a leaver's draft"),
            Self::MessageReminded => Words::fixed("催办", "Reminded who decides"),
            Self::MessageScanned => {
                Words::fixed("上传审批原件扫描件", "Stored the scan of a signed original")
            }
            Self::MessageRegistered => {
                Words::fixed("登记审批原件", "Entered the signed original in the register")
            }
            Self::MessageOrdered => Words::fixed("指派专人发出", "Released as the designated sender"),
            Self::MessageFilingReceived => Words::fixed("登记备案", "Registered the filing"),
            Self::MessageCommented => Words::fixed("提出意见、询问或答复", "Commented, asked or answered"),
            Self::FilingsChased => Words::fixed("催办超期备案", "Chased late filings"),
            Self::FilingLimitSet => Words::fixed("更改备案期限", "Changed the time limit for filings"),
            Self::MessageWithdrawn => Words::fixed("撤回", "Withdrew"),
            Self::MessageCancelled => Words::fixed("取消", "Cancelled"),
            Self::MessagePutOff => Words::fixed("调整发送时间", "Moved the time of sending"),
            Self::MessageTooOld => Words::fixed("错过时间，取消发送", "Cancelled: its time was long past"),
            Self::MessageReleased => Words::fixed("开始发送", "Released for sending"),
            Self::MessagePaused => Words::fixed("暂停发送", "Paused sending"),
            Self::MessageResumed => Words::fixed("继续发送", "Resumed sending"),
            Self::MessageStopped => Words::fixed("停止发送一条通知", "Stopped a notice"),
            Self::MessagePutAgain => Words::fixed("重新提交搁置的短信", "Put again what was set apart"),
            Self::MessageSent => Words::fixed("发送完毕", "All sent"),
            Self::TemplateSaved => Words::fixed("保存共享模板", "Saved a shared template"),
            Self::TemplateRemoved => Words::fixed("移除共享模板", "Took away a shared template"),
            Self::DeliveryStopped => Words::fixed("一批短信被系统停止", "A batch was stopped by the system"),
            Self::DeliverySetApart => {
                Words::fixed("一批短信被系统搁置", "A batch was set apart by the system")
            }
        }
    }
}

/// One entry, as it is stored and as it is chained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Entry {
    /// 1, 2, 3, … without a gap.
    pub seq: i64,
    /// When.
    pub at: Instant,
    /// Staff id, or 0 for the system itself.
    pub actor: i64,
    /// The key of an [`AuditAction`]. A text, because the log is verified and
    /// shown also where an entry was forged or comes from a newer version.
    pub action: String,
    /// `message`, `import`, `staff`, ….
    pub subject: String,
    /// Which one.
    pub subject_id: i64,
    /// Details as JSON: ids and counts, no personal data.
    pub detail: String,
}

impl Entry {
    /// What the action is called on the screen; an unknown one keeps its key.
    pub fn title(&self) -> Words {
        AuditAction::from_key(&self.action).map_or_else(|| Words::name(&self.action), AuditAction::title)
    }
}

/// The hash before the first entry.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The hash of an entry behind `previous`.
pub fn link(previous: &str, entry: &Entry) -> String {
    Digest::of(&(previous, entry)).to_hex()
}

keyed! {
    /// Whose personal values lie beside the log.
    pub enum PersonKind {
        /// A member of staff.
        Staff = "staff",
        /// A student.
        Student = "student",
        /// A guardian's entry.
        Guardian = "guardian",
    }
}

/// What an entry tells of somebody that is personal, sealed beside the log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SealedValue {
    /// What the person is.
    pub kind: PersonKind,
    /// Which one.
    pub person: i64,
    /// What was sealed.
    pub sealed: String,
}

/// The hash over all sealed values of an entry, which the entry itself holds.
pub fn values_hash(values: &[SealedValue]) -> String {
    let mut sorted: Vec<&SealedValue> = values.iter().collect();
    sorted.sort();
    Digest::of(&sorted).to_hex()
}

/// An entry in `GET /api/audit`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EntryView {
    /// The entry.
    #[serde(flatten)]
    pub entry: Entry,
    /// Name of the actor, empty for the system.
    pub actor_name: String,
    /// What the subject is called: a message's title, a person's name; empty where it has no name, or not for the reader.
    pub subject_name: String,
    /// Whether the sealer has chained it.
    pub sealed: bool,
    /// Whether it cannot be read as it is stored.
    #[serde(default)]
    pub unreadable: bool,
}

/// `GET /api/audit?before=<seq>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuditPage {
    /// Newest first, at most 100.
    pub entries: Vec<EntryView>,
    /// Whether older ones follow.
    pub more: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chain_format_unchanged() {
        let entry = Entry {
            seq: 1,
            at: Instant(1000),
            actor: 7,
            action: "message.submitted".into(),
            subject: "message".into(),
            subject_id: 1,
            detail: "{}".into(),
        };
        assert_eq!(link(GENESIS, &entry), "845d41316861f0e3acc5b2556fddf9a5769a508db3c3c2fdae5baf0dd9c42598");
    }

    #[test]
    fn the_hash_of_values_knows_each_of_them_and_no_order() {
        let value =
            |person, sealed: &str| SealedValue { kind: PersonKind::Staff, person, sealed: sealed.into() };
        let (one, two) = (value(1, "a"), value(2, "b"));
        let hash = values_hash(&[one.clone(), two.clone()]);
        assert_eq!(values_hash(&[two.clone(), one.clone()]), hash);
        assert_ne!(values_hash(std::slice::from_ref(&one)), hash);
        assert_ne!(values_hash(&[value(1, "b"), value(2, "a")]), hash);
        assert_ne!(values_hash(&[SealedValue { kind: PersonKind::Student, ..one }, two]), hash);
    }
}
