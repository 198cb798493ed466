//! The history of one person, post or number, as the log tells it.

use serde::{Deserialize, Serialize};

use super::entry::EntryView;
use crate::access::Post;
use crate::keys::keyed;
use crate::time::Instant;
use crate::words;
use crate::words::Words;

keyed! {
    /// What an entry can be about.
    pub enum RecordKind {
        /// A member of staff.
        Staff = "staff",
        /// A student.
        Student = "student",
        /// A guardian's entry.
        Guardian = "guardian",
        /// A post that somebody holds.
        Appointment = "appointment",
        /// A recorded absence.
        Delegation = "delegation",
        /// A number.
        Phone = "phone",
        /// A number that changed.
        PhoneChange = "phone_change",
        /// A unit.
        Unit = "unit",
        /// A move or closing of a unit.
        UnitChange = "unit_change",
        /// A class.
        Class = "class",
        /// An approval procedure.
        Procedure = "procedure",
        /// The account with an SMS provider.
        SmsAccount = "sms_account",
        /// The school's settings.
        School = "school",
        /// A roster file.
        Import = "import",
        /// A message.
        Message = "message",
        /// A decision on a message.
        Decision = "decision",
        /// A round of SMS of a message.
        Round = "round",
    }
}

impl RecordKind {
    /// For the screen.
    pub fn title(self) -> Words {
        match self {
            Self::Staff => Words::fixed("教职工", "member of staff"),
            Self::Student => Words::fixed("学生", "student"),
            Self::Guardian => Words::fixed("家长", "guardian"),
            Self::Appointment => Words::fixed("任职", "post"),
            Self::Delegation => Words::fixed("请假登记", "recorded absence"),
            Self::Phone => Words::fixed("号码", "number"),
            Self::PhoneChange => Words::fixed("号码变更", "change of number"),
            Self::Unit => Words::fixed("单位", "unit"),
            Self::UnitChange => Words::fixed("部门调整", "move or closing of a unit"),
            Self::Class => Words::fixed("班级", "class"),
            Self::Procedure => Words::fixed("审批流程", "procedure"),
            Self::SmsAccount => Words::fixed("短信账户", "SMS account"),
            Self::School => Words::fixed("学校设置", "school settings"),
            Self::Import => Words::fixed("导入", "import"),
            Self::Message => Words::fixed("通知", "notice"),
            Self::Decision => Words::fixed("通知的审批决定", "decision on notice"),
            Self::Round => Words::fixed("通知的发送", "sending of notice"),
        }
    }
}

/// A field of a row, before and after. Ids, times and keys; of what is personal only that it changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FieldChange {
    /// The field's key.
    pub field: String,
    /// What it was; empty where it was nothing.
    pub before: String,
    /// What it is; empty where it is nothing.
    pub after: String,
    /// What the id before is called now.
    pub before_name: String,
    /// What the id after is called now.
    pub after_name: String,
}

impl FieldChange {
    /// Whether the value is personal and lies sealed beside the log.
    pub fn is_sealed(&self) -> bool {
        matches!(self.field.as_str(), "name" | "number" | "relation" | "password" | "added")
            && self.before == "0"
            && self.after == "1"
    }

    /// For the screen; an unknown field keeps its key.
    pub fn words(&self) -> Words {
        let field = match self.field.as_str() {
            "staff" => Words::fixed("任职人", "held by"),
            "post" => Words::fixed("职务", "post"),
            "unit" => Words::fixed("单位", "unit"),
            "class" => Words::fixed("班级", "class"),
            "appointment" => Words::fixed("职务", "post"),
            "subject" => Words::fixed("学科", "subject"),
            "since" => Words::fixed("起始", "from"),
            "until" => Words::fixed("结束", "until"),
            "phone" => Words::fixed("手机号", "number"),
            "left_at" => Words::fixed("离校", "left"),
            "name" => Words::fixed("名称", "name"),
            "number" => Words::fixed("编号", "staff or student number"),
            "relation" => Words::fixed("与学生关系", "relation"),
            "password" => Words::fixed("密码", "password"),
            "student" => Words::fixed("学生", "student"),
            "given_by" => Words::fixed("任命人", "given by"),
            "confirmed_by" => Words::fixed("第二人确认", "confirmed by"),
            "proposed_by" => Words::fixed("提出人", "proposed by"),
            "declined_by" => Words::fixed("不予确认", "declined by"),
            "listed_by" => {
                Words::fixed("列入任课教师发送名单", "put on the list of those who may write to the class by")
            }
            "listed_at" => Words::fixed("列入名单时间", "on that list since"),
            "closed_at" => Words::fixed("停用", "closed"),
            "from_at" => Words::fixed("起始", "from"),
            "until_at" => Words::fixed("结束", "until"),
            "recorded_by" => Words::fixed("登记人", "recorded by"),
            "withdrawn_by" => Words::fixed("撤销人", "withdrawn by"),
            "withdrawn_at" => Words::fixed("撤销时间", "withdrawn"),
            "parent" => Words::fixed("上级单位", "unit above"),
            "code" => Words::fixed("代码", "code"),
            "kind" => Words::fixed("类别", "kind"),
            "archived_at" => Words::fixed("停用", "archived"),
            "signature" => Words::fixed("短信签名", "signature"),
            "platform_word" => Words::fixed("平台称呼", "platform's word"),
            "filing_days" => Words::fixed("备案期限（天）", "days within which filings are registered"),
            "window_from" => Words::fixed("发送时段开始", "sending hours from"),
            "window_to" => Words::fixed("发送时段结束", "sending hours to"),
            "stopped_at" => Words::fixed("停止发送时间", "sending stopped at"),
            "stopped_by" => Words::fixed("停止发送的人", "sending stopped by"),
            "lift_asked_by" => Words::fixed("申请恢复的人", "asked to go on by"),
            "lifted_by" => Words::fixed("恢复发送的人", "let go on by"),
            "version" => Words::fixed("版本", "version"),
            "scope" => Words::fixed("适用范围", "scope"),
            "steps" => Words::fixed("步骤", "steps"),
            "in_force_from" => Words::fixed("生效时间", "in force from"),
            "revoked_at" => Words::fixed("停用号码", "number withdrawn"),
            "added" => return Words::fixed("新增", "added"),
            other => Words::name(other),
        };
        let (zh, en) = (&field.zh, &field.en);
        if self.is_sealed() {
            return words!("{zh}有变化", "{en} changed");
        }
        let before = self.show(&self.before, &self.before_name);
        let after = self.show(&self.after, &self.after_name);
        let (a, b, c, d) = (&before.zh, &before.en, &after.zh, &after.en);
        match (a.is_empty(), c.is_empty()) {
            (true, true) => words!("{zh}：无", "{en}: none"),
            (true, false) => words!("{zh}：{c}", "{en}: {d}"),
            (false, true) => words!("{zh}：{a} → 无", "{en}: {b} → none"),
            (false, false) if before == after => words!("{zh}：{c}", "{en}: {d}"),
            (false, false) => words!("{zh}：{a} → {c}", "{en}: {b} → {d}"),
        }
    }

    fn show(&self, value: &str, name: &str) -> Words {
        let post = (self.field == "post").then(|| Post::from_key(value)).flatten();
        match (post, name) {
            (Some(post), _) => post.title(),
            (None, "") if self.field == "phone" && !value.is_empty() => {
                words!("第 {value} 号", "no. {value}")
            }
            // What setup and cron do has nobody's name.
            (None, "") if self.field.ends_with("_by") && value == "0" => Words::fixed("系统", "the system"),
            (None, "") => Words::name(self.time(value).unwrap_or_else(|| value.to_owned())),
            (None, name) => Words::name(name),
        }
    }

    fn time(&self, value: &str) -> Option<String> {
        let is_time =
            self.field.ends_with("_at") || matches!(self.field.as_str(), "since" | "until" | "in_force_from");
        is_time.then(|| value.parse().ok().map(|ms| Instant(ms).date_time())).flatten()
    }
}

/// An entry of a history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HistoryEntry {
    /// The entry; of what it tells of many rows, only what is asked about.
    #[serde(flatten)]
    pub view: EntryView,
    /// The row that changed, where it is told apart: `appointment` in the history of its holder.
    pub kind: Option<RecordKind>,
    /// Its id.
    pub id: i64,
    /// Before and after.
    pub changes: Vec<FieldChange>,
    /// Whether something personal lies sealed beside it.
    pub has_values: bool,
}

/// `GET /api/audit/history?kind=&id=`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct History {
    /// Of what.
    pub kind: RecordKind,
    /// Of which.
    pub id: i64,
    /// What it is called now; empty where it has no name.
    pub name: String,
    /// Newest first, at most 100.
    pub entries: Vec<HistoryEntry>,
    /// Whether older ones follow.
    pub more: bool,
    /// Whether the reader may see what is sealed.
    pub may_reveal: bool,
}

/// `POST /api/audit/values`: reads what lies sealed beside the entries about a person or number; itself logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reveal {
    /// `staff`, `student`, `guardian` or `phone`.
    pub kind: RecordKind,
    /// Which.
    pub id: i64,
}

/// A value that was sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RevealedValue {
    /// The entry that it belongs to.
    pub seq: i64,
    /// When.
    pub at: Instant,
    /// `name`, `relation`, `reason`, `phone`.
    pub field: String,
    /// What it was.
    pub before: Option<String>,
    /// What it became.
    pub after: Option<String>,
}

/// The values of one person or number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Revealed {
    /// Newest first.
    pub values: Vec<RevealedValue>,
    /// How many were erased and cannot be read any more.
    pub erased: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(field: &str, before: &str, after: &str, after_name: &str) -> String {
        let field = FieldChange {
            field: field.into(),
            before: before.into(),
            after: after.into(),
            before_name: String::new(),
            after_name: after_name.into(),
        };
        field.words().zh.into_owned()
    }

    #[test]
    fn a_change_reads_as_people_say_it() {
        assert_eq!(change("post", "", "principal", ""), "职务：校长");
        assert_eq!(change("unit", "", "1", "示范中学"), "单位：示范中学");
        assert_eq!(change("phone", "12", "15", ""), "手机号：第 12 号 → 第 15 号");
        assert_eq!(change("until", "", "1788193800000", ""), "结束：2026-09-01 00:30");
        assert_eq!(change("given_by", "", "0", ""), "任命人：系统");
        assert_eq!(change("name", "0", "1", ""), "名称有变化");
        assert_eq!(change("roof", "a", "b", ""), "roof：a → b");
    }
}
