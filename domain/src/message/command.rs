//! What a person can order for a message.

use serde::{Deserialize, Serialize};

use crate::words::Words;

/// What a person can order for a message: the last part of
/// `POST /api/messages/{id}/{command}`; `edit` is the `PUT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Change the draft (a returned message becomes one again).
    Edit,
    /// Submit for approval (报批).
    Submit,
    /// Decide the step that waits.
    Decide,
    /// Remind whoever it waits for, once a day.
    Remind,
    /// Take back before the last decision.
    Withdraw,
    /// Enter the number and the scan of the signed original in the register.
    Register,
    /// Release what is registered, as the department's designated sender.
    Release,
    /// Register its filing.
    Receive,
    /// Comment on it, or ask the sender.
    Comment,
    /// Answer what was asked.
    Answer,
    /// Cancel before its time.
    Cancel,
    /// Hold what is not sent yet.
    Pause,
    /// Go on after a pause.
    Resume,
    /// End it: what has not left is not sent.
    Stop,
    /// Put what is set apart on its way again.
    PutAgain,
    /// Write its correction (更正).
    Correct,
}

impl Command {
    /// Every order, in the order in which a message's buttons stand.
    pub const ALL: [Self; 16] = [
        Self::Edit,
        Self::Submit,
        Self::Remind,
        Self::Withdraw,
        Self::Decide,
        Self::Cancel,
        Self::Pause,
        Self::Resume,
        Self::Stop,
        Self::Correct,
        Self::Register,
        Self::Release,
        Self::Receive,
        Self::Comment,
        Self::Answer,
        Self::PutAgain,
    ];

    /// For the screen: what is done.
    pub fn title(self) -> Words {
        match self {
            Self::Edit => Words::fixed("修改", "Edit it"),
            Self::Submit => Words::fixed("提交报批", "Submit it for approval"),
            Self::Remind => Words::fixed("催办", "Remind whoever it waits for"),
            Self::Withdraw => Words::fixed("撤回", "Withdraw it"),
            Self::Decide => Words::fixed("审核、审批或退回", "Approve or return it"),
            Self::Cancel => Words::fixed("取消发送", "Cancel the sending"),
            Self::Pause => Words::fixed("暂停发送", "Pause the sending"),
            Self::Resume => Words::fixed("继续发送", "Resume the sending"),
            Self::Stop => Words::fixed("停止发送", "Stop the sending"),
            Self::Correct => Words::fixed("更正", "Correct it"),
            Self::Register => Words::fixed("登记审批原件", "Register the signed original"),
            Self::Release => Words::fixed("发出", "Release it"),
            Self::Receive => Words::fixed("登记备案", "Register its filing"),
            Self::Comment => Words::fixed("提意见或询问", "Comment or ask"),
            Self::Answer => Words::fixed("答复询问", "Answer what was asked"),
            Self::PutAgain => Words::fixed("重新提交搁置的短信", "Put again what is set apart"),
        }
    }
}
