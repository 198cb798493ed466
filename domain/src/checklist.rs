//! What a school needs before its SMS reach anybody, as a list for the office:
//! each point says what is lacking, and what to do about it.

use serde::{Deserialize, Serialize};

use crate::keys::keyed;
use crate::time::{HOUR, Instant};
use crate::words;
use crate::words::Words;

/// How old an audit entry may be before it has to be sealed: cron does so each minute.
pub const SEAL_PATIENCE: i64 = HOUR;

keyed! {
    /// A point of the list, in the order in which it is shown.
    pub enum CheckPoint {
        /// Where parents' links lead.
        Origin = "origin",
        /// The SMS provider.
        Provider = "provider",
        /// The signature filed with the provider.
        SmsSignature = "sms_signature",
        /// The template filed with the provider.
        SmsTemplate = "sms_template",
        /// Still on trial: parents receive nothing.
        SmsTrial = "sms_trial",
        /// The deployment's secrets.
        Secrets = "secrets",
        /// Administrators: at least two.
        Administrators = "administrators",
        /// Posts that decide and are vacant.
        Posts = "posts",
        /// Units without a custodian.
        Custodians = "custodians",
        /// Accounts that were never activated.
        Accounts = "accounts",
        /// Children whom no SMS reaches.
        Children = "children",
        /// Staff without a number.
        StaffNumbers = "staff_numbers",
        /// Sealing the audit log.
        AuditHead = "audit_head",
        /// Batches that are set apart.
        SetApart = "set_apart",
        /// Queue messages that were given up.
        DeadLetters = "dead_letters",
    }
}

impl CheckPoint {
    /// What the point is about.
    pub fn title(self) -> Words {
        match self {
            Self::Origin => Words::fixed("家长链接的网址", "Address of the parents' links"),
            Self::Provider => Words::fixed("短信服务商", "SMS provider"),
            Self::SmsSignature => Words::fixed("短信签名报备", "Filing of the SMS signature"),
            Self::SmsTemplate => Words::fixed("短信模板报备", "Filing of the SMS template"),
            Self::SmsTrial => Words::fixed("试运行", "Trial"),
            Self::Secrets => Words::fixed("系统密钥", "Secrets of the system"),
            Self::Administrators => Words::fixed("系统管理员", "Administrators"),
            Self::Posts => Words::fixed("审批岗位", "Posts that decide"),
            Self::Custodians => Words::fixed("专人负责", "Custodians"),
            Self::Accounts => Words::fixed("教职工账号", "Staff accounts"),
            Self::Children => Words::fixed("家长手机号", "Parents' numbers"),
            Self::StaffNumbers => Words::fixed("教职工手机号", "Staff numbers"),
            Self::AuditHead => Words::fixed("操作日志封存", "Sealing of the audit log"),
            Self::SetApart => Words::fixed("搁置的短信", "SMS set apart"),
            Self::DeadLetters => Words::fixed("未处理的发送任务", "Jobs that were given up"),
        }
    }

    /// What is lacking, `n` of it.
    pub fn lacking(self, n: u32) -> Words {
        match self {
            Self::Origin => Words::fixed(
                "没有设置网址，或不是 https 网址，暂不能报批",
                "There is none, or it does not begin with https: nothing can be submitted",
            ),
            Self::Provider => {
                Words::fixed("没有接通，通知批准后暂不发送", "None: what is approved does not go out")
            }
            Self::SmsSignature => {
                Words::fixed("签名还没有通过服务商审核", "The provider has not approved it yet")
            }
            Self::SmsTemplate => {
                Words::fixed("模板还没有通过服务商审核", "The provider has not approved it yet")
            }
            Self::SmsTrial => Words::fixed("正在试运行，家长收不到短信", "On trial: parents receive no SMS"),
            Self::Secrets => Words::fixed("有密钥缺失或格式不对", "One is missing or malformed"),
            Self::Administrators => words!(
                "还差 {n} 位，须有两位，不让一个人独自掌管",
                "{n} short of two: nobody should be alone with the keys"
            ),
            Self::Posts => words!(
                "{n} 个岗位空缺，相应的通知没有人能审批",
                "{n} vacant: nobody can decide on their notices"
            ),
            Self::Custodians => words!("{n} 个单位没有专人，不能发送", "{n} units have none and cannot send"),
            Self::Accounts => words!("{n} 人还没有开通", "{n} not activated yet"),
            Self::Children => {
                words!("{n} 名学生没有可用的家长手机号", "{n} children cannot be reached by SMS")
            }
            Self::StaffNumbers => {
                words!("{n} 人没有手机号，收不到发给教师的通知", "{n} have none and get no notices to staff")
            }
            Self::AuditHead => {
                words!("{n} 条记录超过一小时没有封存", "{n} entries have waited for more than an hour")
            }
            Self::SetApart => {
                words!("{n} 批短信搁置着，没有发出", "{n} batches are set apart and have not gone out")
            }
            Self::DeadLetters => words!("最近 30 天有 {n} 个", "{n} in the last 30 days"),
        }
    }

    /// What to do about it.
    pub fn remedy(self) -> Words {
        match self {
            Self::Origin => Words::fixed(
                "请系统管理员把 PUBLIC_ORIGIN 设为备案域名的 https 网址",
                "Let the administrator set PUBLIC_ORIGIN to the https address of the filed domain",
            ),
            Self::Provider => Words::fixed(
                "请系统管理员在“短信账户”页设置",
                "Let the administrator set it on the page “SMS account”",
            ),
            Self::SmsSignature | Self::SmsTemplate => Words::fixed(
                "请在服务商处报备，通过后在“短信账户”页登记",
                "File it with the provider; once approved, enter it on the page “SMS account”",
            ),
            Self::SmsTrial => Words::fixed(
                "教职工收得到后，请两位管理人员在“短信账户”页结束试运行",
                "Once staff receive, let two people end the trial on the page “SMS account”",
            ),
            Self::Secrets => Words::fixed(
                "请系统管理员按部署说明核对各项密钥",
                "Let the administrator check the secrets against the deployment guide",
            ),
            Self::Administrators | Self::Posts | Self::Custodians => Words::fixed(
                "请重新导入教职工名单，补上任职",
                "Import the staff list again with the posts filled",
            ),
            Self::Accounts => Words::fixed("在“教职工”页签发开通单", "Issue slips on the page “Staff”"),
            Self::Children => Words::fixed(
                "请各班老师核对后重新导入学生名单",
                "Let those who lead the classes check, then import the students again",
            ),
            Self::StaffNumbers => {
                Words::fixed("请重新导入教职工名单，补上手机号", "Import the staff list again with numbers")
            }
            Self::AuditHead => Words::fixed(
                "请系统管理员查看定时任务是否在运行",
                "Let the administrator see whether cron runs",
            ),
            Self::SetApart => Words::fixed("打开相应的通知查看原因", "Open the notices for the reason"),
            Self::DeadLetters => Words::fixed(
                "系统会自动重试；数量持续增加时请告知系统管理员",
                "They are tried again by themselves; tell the administrator if the number grows",
            ),
        }
    }
}

/// A point with how much of it is lacking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CheckLine {
    /// The point.
    pub point: CheckPoint,
    /// How many are lacking; 0 where all is well.
    pub lacking: u32,
}

/// `GET /api/school/checklist`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Checklist {
    /// Every point.
    pub lines: Vec<CheckLine>,
    /// When the audit log was last sealed.
    pub sealed_at: Option<Instant>,
}

impl Checklist {
    /// The points at which something is lacking.
    pub fn open(&self) -> impl Iterator<Item = &CheckLine> {
        self.lines.iter().filter(|line| line.lacking > 0)
    }
}
