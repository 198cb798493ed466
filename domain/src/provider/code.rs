//! What a provider's codes mean: for the SMS, and for the office that has to mend it.

use crate::delivery::Reason;
use crate::keys::keyed;
use crate::words::Words;

/// What became of one SMS of a call, or what is known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Taken.
    Accepted,
    /// Refused for good.
    Rejected(Reason),
    /// Proven not taken; may be tried again a few times.
    NotTaken,
    /// Refused for now, for no fault of this SMS: tried again until its time is over.
    Later,
    /// Refused since its number got too many: tried again a few times, much later.
    OverLimit,
    /// Nobody knows: it may have been taken.
    Unknown,
}

/// What follows from a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Try again by and by.
    Later,
    /// This number gets nothing.
    BadNumber,
    /// This text is not taken.
    ContentRefused,
    /// Nothing goes until somebody mends the account.
    Account,
    /// This number got too many.
    OverLimit,
    /// It may have been taken: ask.
    Unknown,
}

keyed! {
    /// What lies behind a code.
    pub enum Cause {
        /// The provider has too much to do, or is asked too often.
        Busy = "busy",
        /// No such number.
        NoSuchNumber = "no_such_number",
        /// The provider's or carrier's list of numbers that want nothing.
        Blacklisted = "blacklisted",
        /// A word that is not allowed.
        Content = "content",
        /// A variable that breaks the rules.
        Variable = "variable",
        /// Too many SMS to this number.
        PerNumber = "per_number",
        /// No money.
        Balance = "balance",
        /// The signature is not approved, or does not fit.
        Signature = "signature",
        /// The wording is not approved, or does not fit.
        Template = "template",
        /// The key is wrong, or may not send.
        Permission = "permission",
        /// The provider does not take calls from where ours come.
        Address = "address",
        /// The daily or monthly total that the school has set itself.
        Quota = "quota",
        /// A call that the provider does not understand.
        Malformed = "malformed",
        /// Something went wrong inside the provider, or a code that nobody knows.
        Uncertain = "uncertain",
    }
}

impl Cause {
    /// What follows.
    pub fn action(self) -> Action {
        match self {
            Self::Busy => Action::Later,
            Self::NoSuchNumber | Self::Blacklisted => Action::BadNumber,
            Self::Content | Self::Variable => Action::ContentRefused,
            Self::PerNumber => Action::OverLimit,
            Self::Balance
            | Self::Signature
            | Self::Template
            | Self::Permission
            | Self::Address
            | Self::Quota
            | Self::Malformed => Action::Account,
            Self::Uncertain => Action::Unknown,
        }
    }

    /// What becomes of the SMS.
    pub fn outcome(self) -> Outcome {
        match self.action() {
            Action::Later | Action::Account => Outcome::Later,
            Action::BadNumber if self == Self::Blacklisted => Outcome::Rejected(Reason::Blacklisted),
            Action::BadNumber => Outcome::Rejected(Reason::NumberInvalid),
            Action::ContentRefused => Outcome::Rejected(Reason::ContentRefused),
            Action::OverLimit => Outcome::OverLimit,
            Action::Unknown => Outcome::Unknown,
        }
    }

    /// Whether one SMS of a call may be the cause, and the others could go.
    pub fn is_of_one_sms(self) -> bool {
        matches!(self.action(), Action::BadNumber | Action::ContentRefused | Action::OverLimit)
    }

    /// For the office: what happened, and what to do.
    pub fn words(self) -> Words {
        match self {
            Self::Busy => Words::fixed(
                "短信服务商繁忙或限制了提交速度；系统会稍后自动重试",
                "The SMS provider is busy or limits the rate; the system tries again by itself",
            ),
            Self::NoSuchNumber => Words::fixed(
                "号码格式不对或不存在；请核对后在名册中更正",
                "The number is wrong or does not exist; check it and correct the roll",
            ),
            Self::Blacklisted => Words::fixed(
                "号码在短信服务商或运营商的黑名单中，多因机主曾退订；请用其他方式告知",
                "The number is on the provider's or carrier's blocklist, mostly since its owner opted out; tell them in another way",
            ),
            Self::Content => Words::fixed(
                "内容含短信服务商不允许的字词；请改标题后另发",
                "The text holds words that the provider does not allow; change the title and send anew",
            ),
            Self::Variable => Words::fixed(
                "标题太长，或含短信服务商不允许的符号、网址；请改标题后另发",
                "The title is too long, or holds signs or addresses that the provider does not take; change it and send anew",
            ),
            Self::PerNumber => Words::fixed(
                "这个号码 24 小时内收到的短信已达上限；系统稍后再试几次",
                "This number has had the most SMS of 24 hours; the system tries a few more times later",
            ),
            Self::Balance => Words::fixed(
                "短信账户余额或套餐不足；请管理员充值，充值后自动接着发送",
                "The SMS account has no money left; top it up, and sending goes on by itself",
            ),
            Self::Signature => Words::fixed(
                "短信签名未通过审核或与账户不符；请管理员在服务商控制台核对",
                "The SMS signature is not approved or does not belong to the account; check it in the provider's console",
            ),
            Self::Template => Words::fixed(
                "短信模板未通过审核或与登记不符；请管理员在服务商控制台核对",
                "The SMS template is not approved or differs from what was entered; check it in the provider's console",
            ),
            Self::Permission => Words::fixed(
                "短信服务商不接受这个密钥，或密钥没有发送权限；请管理员核对账户",
                "The SMS provider does not take this key, or the key may not send; check the account",
            ),
            Self::Address => Words::fixed(
                "短信服务商不接受来自这一地址的请求；请管理员检查境内转发服务和 IP 白名单",
                "The SMS provider does not take calls from this address; check the relay in the mainland and the list of allowed addresses",
            ),
            Self::Quota => Words::fixed(
                "已达短信账户设定的日或月发送上限；请管理员在服务商控制台调整",
                "The account's own daily or monthly limit is reached; raise it in the provider's console",
            ),
            Self::Malformed => Words::fixed(
                "短信服务商不理解系统的请求；请系统管理员联系开发者",
                "The SMS provider does not understand the system's call; let the administrator tell the developers",
            ),
            Self::Uncertain => Words::fixed(
                "短信服务商没有说明是否收下；系统正在查明，不会重复发送",
                "The SMS provider did not say whether it took the SMS; the system finds out and sends nothing twice",
            ),
        }
    }
}

/// A code as it is kept: what is no code of letters is not, since a number or a text could hide in it.
pub fn shown(code: &str) -> String {
    let is_code = code.len() <= 80
        && code.starts_with(|c: char| c.is_ascii_alphabetic())
        && code.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b':' | b'-' | b' '))
        && code.bytes().filter(u8::is_ascii_digit).count() < 7;
    if is_code { code.to_owned() } else { "unreadable".to_owned() }
}

/// Why an SMS did not arrive, from the carrier's code or its description. Where it says nothing more, the phone
/// could not be reached: even `INVALID_NUMBER` may be one that is only switched off (document_detail/101347).
pub fn failure(word: &str) -> Reason {
    let has = |signs: &[&str]| signs.iter().any(|sign| word.contains(sign));
    if has(&["BLACK", "黑名单", "退订"]) {
        Reason::Blacklisted
    } else if has(&["KEYWORD", "CONTENT", "敏感", "关键字", "关键词"]) {
        Reason::ContentRefused
    } else if has(&["LIMIT", "超限", "频率", "频繁"]) {
        Reason::OverLimit
    } else if has(&["空号", "号码不存在"]) {
        Reason::NumberInvalid
    } else {
        Reason::PhoneUnreachable
    }
}
