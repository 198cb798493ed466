//! What a request can end in other than its answer. The client gets a
//! sentence that a clerk understands; the inner cause is logged once, here,
//! and never leaves.

use domain::problem::{FieldError, Ground, Problem, Refusal};
use domain::words;
use domain::words::{Lang, Words};

/// Why a request was not done.
#[derive(Debug)]
pub enum AppError {
    /// A rule refuses it, with a status of its own.
    Refused(u16, Refusal),
    /// Fields have to change: 422.
    Invalid(Vec<Refusal>),
    /// The body is not the JSON that is asked for: 400.
    BadJson(String),
    /// The body is larger than so many bytes: 413.
    TooLarge(usize),
    /// No session, or an expired one: 401.
    NotSignedIn,
    /// The table in `domain::access` does not grant it: 403.
    Forbidden,
    /// It does not exist, or not for this caller: 404.
    NotFound,
    /// The path exists, the method does not; which do: 405.
    MethodNotAllowed(String),
    /// The request is for another host than this deployment's: 421.
    Misdirected,
    /// The same Idempotency-Key came with another body: 422.
    KeyReused,
    /// Too many tries; again in so many seconds: 429.
    Throttled(i64),
    /// The guard aborted the batch: someone else was quicker (I14): 409.
    Lost,
    /// The batch was done already, under the same Idempotency-Key.
    Replayed,
    /// The request came from another site: 403.
    ForeignSite,
    /// Our own fault; the text is for the log: 500.
    Internal(String),
}

impl AppError {
    /// A refusal by the state of the world.
    pub fn conflict(kind: &'static str, words: Words) -> Self {
        Self::Refused(409, Refusal::state(kind, words))
    }

    /// A refusal of one field.
    pub fn field(kind: &'static str, field: &'static str, words: Words) -> Self {
        Self::Invalid(vec![Refusal::field(kind, field, words)])
    }

    /// HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Self::Refused(status, _) => *status,
            Self::Invalid(_) | Self::KeyReused => 422,
            Self::BadJson(_) => 400,
            Self::TooLarge(_) => 413,
            Self::NotSignedIn => 401,
            Self::Forbidden | Self::ForeignSite => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed(_) => 405,
            Self::Misdirected => 421,
            Self::Throttled(_) => 429,
            Self::Lost | Self::Replayed => 409,
            Self::Internal(_) => 500,
        }
    }

    /// The problem as the client sees it.
    pub fn problem(&self, lang: Lang) -> Problem {
        let (kind, words): (&str, Words) = match self {
            Self::Refused(_, refusal) => (&refusal.kind, refusal.words.clone()),
            Self::Invalid(refusals) => match refusals.as_slice() {
                [only] => (&only.kind, only.words.clone()),
                _ => ("invalid", Words::fixed("有几处需要修改", "A few things have to be changed")),
            },
            Self::BadJson(_) => (
                "bad_json",
                Words::fixed(
                    "请求的格式不正确，请刷新页面后重试",
                    "The request is not in the right form: reload the page and try again",
                ),
            ),
            Self::TooLarge(limit) => {
                let kb = limit / 1000;
                ("too_large", words!("内容太大，最多 {kb} KB", "Too large: at most {kb} KB"))
            }
            Self::NotSignedIn => (
                "not_signed_in",
                Words::fixed("登录已失效，请重新登录", "You are not signed in, or no longer: sign in again"),
            ),
            Self::Forbidden => (
                "forbidden",
                Words::fixed(
                    "您的岗位没有这项权限，如有需要请联系校办室",
                    "Your post does not allow this; ask the school office if you need it",
                ),
            ),
            Self::NotFound => {
                ("not_found", Words::fixed("没有找到，或您无权查看", "Not found, or not yours to see"))
            }
            Self::MethodNotAllowed(_) => {
                ("method_not_allowed", Words::fixed("不支持这种操作", "This cannot be done here"))
            }
            Self::Misdirected => (
                "misdirected",
                Words::fixed(
                    "这不是本校平台的网址，请从短信里的链接或学校公布的网址打开",
                    "This is not the school's address: use the link in the SMS or the address that the school gave",
                ),
            ),
            Self::KeyReused => (
                "key_reused",
                Words::fixed(
                    "这次提交与之前的内容不同，请刷新页面后重试",
                    "This key was used for something else: reload the page and try again",
                ),
            ),
            Self::Throttled(seconds) => (
                "throttled",
                words!(
                    "为防止有人猜密码，请 {seconds} 秒后再试",
                    "To keep guessing slow: try again in {seconds} s"
                ),
            ),
            Self::Lost | Self::Replayed => (
                "changed_meanwhile",
                Words::fixed("刚刚有人处理过，请刷新后再看", "Someone was quicker: reload and look again"),
            ),
            Self::ForeignSite => (
                "foreign_site",
                Words::fixed(
                    "请求来自其他网站，已拒绝",
                    "The request came from another site and was refused",
                ),
            ),
            Self::Internal(_) => (
                "internal",
                Words::fixed(
                    "系统出了问题，您的操作没有生效，请稍后重试；仍不行请告知校办室",
                    "Something went wrong on our side and nothing was changed: try again, and tell the office if it stays",
                ),
            ),
        };
        let errors: Vec<FieldError> = match self {
            Self::Invalid(refusals) => refusals.iter().filter_map(|r| r.as_field_error(lang)).collect(),
            Self::Refused(_, refusal) => refusal.as_field_error(lang).into_iter().collect(),
            _ => Vec::new(),
        };
        Problem {
            kind: format!("/problems/{kind}"),
            title: words.get(lang).to_owned(),
            status: self.status(),
            // Which field of a machine's request is wrong: helps who writes clients, tells nothing of ours.
            detail: match self {
                Self::BadJson(what) => Some(what.clone()),
                _ => None,
            },
            errors,
        }
    }
}

/// What the database's own guards raise when somebody else was quicker: a race
/// that was lost, not our fault. Each is a name in the schema's triggers and constraints.
const LOST: &[&str] = &[
    "guard_lost",
    "outranked",
    "wrong_state",
    "content_frozen",
    "not_approved",
    "not_registered",
    "not_due",
    "not_returned",
    "not_filling",
    "next_version",
    "digest_misplaced",
    "decision_refused",
    "decision_after_reset",
    "registration_refused",
    "reminder_refused",
    "release_refused",
    "application_missing",
    "comment_refused",
    "comments_stay",
    "chase_refused",
    "filing_refused",
    "filings_stay",
    "capacity_not_held",
    "correction_refused",
    "register_fixed",
    "templates_stay",
    "appointment_refused",
    "request_refused",
    "words_not_agreed",
    "listing_refused",
    "confirmation_refused",
    "sms_account_refused",
    "sms_accounts_stay",
    "sms_test_refused",
    "appointments_stay",
    "procedure_refused",
    "procedures_stay",
    "procedure_not_in_force",
    "delegation_refused",
    "delegations_stay",
    "slip_refused",
    "phone_id_taken",
    "phones_stay",
    "seq_taken",
    "place_fixed",
    "batch_fixed",
    "attempts_stay",
    "round_fixed",
    "one_per_phone",
    "answer_refused",
    "retention_unrecorded",
    "author_left",
    "no_custodian",
    "one_custodian",
    "unit_in_use",
    "unit_closed",
    "departures_stay",
    "departure_unrecorded",
    "number_unrecorded",
    "unit_cycle",
    "UNIQUE constraint failed: decisions.",
    "UNIQUE constraint failed: message_streams.",
    "UNIQUE constraint failed: phones.lookup",
    "units_root",
];
/// What the database raises where an end of a post would leave fewer than two people who can appoint.
const LAST_TWO: &str = "two_must_remain";
/// What it raises where a number that has passed on would be given to a second person.
const NUMBER_TAKEN: &str = "people_stay";
/// The index that a register number meets which its year has had.
const REGISTER_NUMBER: &str = "UNIQUE constraint failed: registrations.year";
/// The index that a scan meets which was registered for another message.
const REGISTER_DOCUMENT: &str = "UNIQUE constraint failed: registrations.document_sha256";
/// The constraint that the second of two equal orders meets.
const REPLAYED: &str = "UNIQUE constraint failed: idempotency";

/// The error that the database's text stands for: the one place that reads it.
pub fn from_database(text: String) -> AppError {
    if text.contains(REPLAYED) {
        AppError::Replayed
    } else if text.contains(LAST_TWO) {
        AppError::conflict(
            LAST_TWO,
            Words::fixed(
                "这样一来，能管理账号的人就不足两位，以后的任命再也无人确认。请先任命接任的人并经确认，再办理这一项",
                "That would leave fewer than two people who manage accounts, and nobody could confirm appointments any more. Appoint a successor and have that confirmed, then do this",
            ),
        )
    } else if text.contains(NUMBER_TAKEN) {
        AppError::conflict(
            "number_taken",
            Words::fixed(
                "这个学号或教职工号现在已经归别人使用，不能恢复在册。请先改好对方的号码，再办理这一项",
                "This number belongs to somebody else by now, so its former holder cannot come back under it. Put that number right first",
            ),
        )
    } else if text.contains(REGISTER_NUMBER) {
        AppError::field(
            "number_used",
            "number",
            Words::fixed(
                "这个登记号本年度已经用过，请核对登记簿后填写另一个",
                "The register has had this number this year: look into the register and enter another",
            ),
        )
    } else if text.contains(REGISTER_DOCUMENT) {
        AppError::field(
            "scan_used",
            "document",
            Words::fixed(
                "这份扫描件已用于另一条信息的登记，每条信息须有自己的审批原件",
                "This scan is registered for another message: each needs a signed original of its own",
            ),
        )
    } else if LOST.iter().any(|lost| text.contains(lost)) {
        AppError::Lost
    } else {
        AppError::Internal(text)
    }
}

/// The status follows from what the refusal rests on.
impl From<Refusal> for AppError {
    fn from(refusal: Refusal) -> Self {
        match refusal.ground {
            Ground::Rights => Self::Refused(403, refusal),
            Ground::State => Self::Refused(409, refusal),
            Ground::Field(_) => Self::Invalid(vec![refusal]),
        }
    }
}

impl From<worker::Error> for AppError {
    fn from(error: worker::Error) -> Self {
        Self::Internal(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_internal_text_leaves() {
        let problem = AppError::Internal("D1_ERROR: no such table".into()).problem(Lang::En);
        assert!(!serde_json::to_string(&problem).expect("json").contains("D1"));
        assert_eq!(problem.status, 500);
    }
}
