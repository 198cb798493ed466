//! Alibaba Cloud's SMS: `SendBatchSms` and `QuerySendDetails` of version 2017-05-25.
//!
//! A call is taken as a whole, and its SMS share one `BizId`; `OutId` is our reference and comes back with
//! receipts and questions. The API has no idempotency of its own. What proves absence: the records of a
//! number's day, read to their end, hold none with our reference. Nobody documents how soon a record is
//! there; in practice it takes seconds, so absence counts only [`ABSENT_AFTER`] the call.

use serde_json::{Value, json};

use super::account::{Account, ProviderKind};
use super::code::{Cause, Outcome, failure};
use super::json as outside;
use super::signing;
use super::variables::variables;
use super::wire::{
    Facts, Fate, Finding, HttpAnswer, HttpCall, NotSendable, Part, Protocol, Question, Reading, Receipt,
    Reply, Submission, Unreadable, address, filed, not_the_providers,
};
use crate::time::{Instant, MINUTE};

pub struct Aliyun;

/// How long after a call a missing record says that nothing was taken.
pub const ABSENT_AFTER: i64 = 10 * MINUTE;
/// Records on a page, the most there are (developer-reference/api-dysmsapi-2017-05-25-querysenddetails).
const PAGE: usize = 50;

const FACTS: Facts = Facts {
    host: "dysmsapi.aliyuncs.com",
    // developer-reference/api-dysmsapi-2017-05-25-sendbatchsms
    recipients_per_call: 100,
    recipients_per_batch: 100,
    calls_per_second: 5_000,
    // Notices with one signature and one template to one number (document_detail/44335).
    per_number_and_day: 50,
    proves_absence: true,
    // developer-reference/smsreport-2, developer-reference/smsup-http
    ack_report: r#"{"code":0,"msg":"接收成功"}"#,
    ack_reply: r#"{"code":0,"msg":"接收成功"}"#,
};

fn call(
    account: &Account,
    action: &str,
    query: &[(&str, &str)],
    body: String,
    now: Instant,
    nonce: &str,
) -> HttpCall {
    const FORM: &str = "application/x-www-form-urlencoded";
    let (query, hash, date) = (signing::pairs(query), signing::sha256(body.as_bytes()), now.rfc3339());
    let headers = [
        ("host", FACTS.host),
        ("content-type", FORM),
        ("x-acs-action", action),
        ("x-acs-content-sha256", &hash),
        ("x-acs-date", &date),
        ("x-acs-signature-nonce", nonce),
        ("x-acs-version", "2017-05-25"),
    ];
    let credentials = &account.credentials;
    let signed = signing::acs3(&credentials.id, &credentials.secret, &query, &headers, body.as_bytes());
    let mut headers: Vec<_> = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    headers.push(("accept", "application/json".to_owned()));
    headers.push(("authorization", signed));
    HttpCall { method: "POST", url: address(account, FACTS.host, &query), headers, body: body.into_bytes() }
}

impl Protocol for Aliyun {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn submit(
        &self,
        account: &Account,
        submission: &Submission<'_>,
        now: Instant,
        nonce: &str,
    ) -> Result<HttpCall, NotSendable> {
        let template = filed(account, submission.template)?;
        let mut values = Vec::with_capacity(submission.sms.len());
        for (_, link) in &submission.sms {
            let of_one = variables(ProviderKind::Aliyun, submission.template, submission.title, link)
                .map_err(NotSendable::Variable)?;
            values.push(of_one.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect());
        }
        let numbers: Vec<&str> = submission.sms.iter().map(|(phone, _)| phone.digits()).collect();
        let signatures = vec![account.signature.as_str(); numbers.len()];
        let body = signing::pairs(&[
            ("PhoneNumberJson", &json!(numbers).to_string()),
            ("SignNameJson", &json!(signatures).to_string()),
            ("TemplateParamJson", &Value::Array(values.into_iter().map(Value::Object).collect()).to_string()),
        ]);
        let query = [("OutId", submission.reference), ("TemplateCode", template)];
        Ok(call(account, "SendBatchSms", &query, body, now, nonce))
    }

    fn read_submit(&self, answer: &HttpAnswer, submission: &Submission<'_>) -> Reading {
        let body = outside::body(&answer.body);
        let code = body.as_ref().and_then(|body| outside::text(body, "Code"));
        match (code.as_deref(), body.as_ref().and_then(|body| outside::id(body, "BizId"))) {
            (Some("OK"), id @ Some(_)) if answer.status == 200 => {
                Reading::of_all(submission, &Part { outcome: Outcome::Accepted, id, code: None }, None)
            }
            (Some("OK"), _) => Reading::unknown(submission, "no BizId"),
            (Some(code), _) => Reading::refused(submission, self.cause(code), code),
            (None, _) => not_the_providers(submission, answer, body.as_ref()),
        }
    }

    fn ask(&self, account: &Account, question: &Question<'_>, now: Instant, nonce: &str) -> HttpCall {
        let day = question.at.date().replace('-', "");
        let size = PAGE.to_string();
        let query = [
            ("PhoneNumber", question.phone.digits()),
            ("SendDate", day.as_str()),
            ("PageSize", size.as_str()),
            ("CurrentPage", "1"),
        ];
        call(account, "QuerySendDetails", &query, String::new(), now, nonce)
    }

    fn read_ask(&self, answer: &HttpAnswer, question: &Question<'_>, now: Instant) -> Finding {
        let Some(body) = outside::body(&answer.body).filter(|_| answer.status == 200) else {
            return Finding::CannotSay;
        };
        let records = body.get("SmsSendDetailDTOs").and_then(|list| list.get("SmsSendDetailDTO"));
        let records = records.and_then(Value::as_array).map(Vec::as_slice);
        let total: Option<usize> = outside::text(&body, "TotalCount").and_then(|n| n.parse().ok());
        let (true, Some(records), Some(total)) =
            (outside::text(&body, "Code").as_deref() == Some("OK"), records, total)
        else {
            return Finding::CannotSay;
        };
        let ours = records.iter().find(|record| {
            outside::text(record, "OutId").as_deref() == Some(question.reference)
                && outside::phone(record, "PhoneNum").as_ref() == Some(question.phone)
        });
        if let Some(record) = ours {
            let fate = match outside::text(record, "SendStatus").as_deref() {
                Some("3") => Some(Fate::Delivered),
                Some("2") => {
                    Some(Fate::Failed(failure(&outside::text(record, "ErrCode").unwrap_or_default())))
                }
                _ => None,
            };
            return Finding::Taken(None, fate);
        }
        // Absent only where all records of the day were read, the call lies in one day, and it is long over.
        let whole = total == records.len() && total < PAGE;
        let one_day = question.at.day() == question.at.plus(2 * MINUTE).day();
        if whole && one_day && now >= question.at.plus(ABSENT_AFTER) {
            Finding::Absent
        } else {
            Finding::CannotSay
        }
    }

    fn read_report(&self, body: &[u8]) -> Result<Vec<Receipt>, Unreadable> {
        let read = |entry: &Value| {
            let fate = match entry.get("success")? {
                Value::Bool(true) => Fate::Delivered,
                Value::Bool(false) => {
                    Fate::Failed(failure(&outside::text(entry, "err_code").unwrap_or_default()))
                }
                _ => return None,
            };
            Some(Receipt {
                reference: outside::id(entry, "out_id"),
                id: outside::id(entry, "biz_id"),
                phone: outside::phone(entry, "phone_number")?,
                fate,
            })
        };
        Ok(outside::list(body).ok_or(Unreadable)?.iter().filter_map(read).collect())
    }

    fn read_reply(&self, body: &[u8]) -> Result<Vec<Reply>, Unreadable> {
        let read = |entry: &Value| {
            Some(Reply {
                phone: outside::phone(entry, "phone_number")?,
                text: outside::text(entry, "content")?,
                key: outside::text(entry, "sequence_id")?,
            })
        };
        Ok(outside::list(body).ok_or(Unreadable)?.iter().filter_map(read).collect())
    }

    /// document_detail/101346, and the gateway's own codes.
    fn cause(&self, code: &str) -> Cause {
        let Some(code) = code.strip_prefix("isv.") else {
            return match code {
                "isp.RAM_PERMISSION_DENY" | "NoPermission" => Cause::Permission,
                "SignatureDoesNotMatch" | "IncompleteSignature" | "InvalidTimeStamp.Expired" => {
                    Cause::Permission
                }
                _ if code.starts_with("InvalidAccessKeyId") || code.starts_with("Forbidden") => {
                    Cause::Permission
                }
                _ if code.starts_with("Throttling") => Cause::Busy,
                _ if code.starts_with("MissingParameter") || code.starts_with("InvalidAction") => {
                    Cause::Malformed
                }
                // `isp.SYSTEM_ERROR`, `isp.GATEWAY_ERROR`, `InternalError`, `ServiceUnavailable`, a nonce
                // used before: none says whether something was taken.
                _ => Cause::Uncertain,
            };
        };
        match code {
            "BUSINESS_LIMIT_CONTROL" | "SMS_OVER_LIMIT" => Cause::PerNumber,
            "MOBILE_NUMBER_ILLEGAL" | "PHONE_NUMBER_ILLEGAL" => Cause::NoSuchNumber,
            "BLACK_KEY_CONTROL_LIMIT" | "SMS_CONTENT_ILLEGAL" | "SMS_CONTENT_MISMATCH_TEMPLATE_TYPE" => {
                Cause::Content
            }
            "PARAM_LENGTH_LIMIT"
            | "PARAM_NOT_SUPPORT_URL"
            | "TEMPLATE_PARAMS_ILLEGAL"
            | "UNSUPPORTED_CONTENT" => Cause::Variable,
            "AMOUNT_NOT_ENOUGH" | "OUT_OF_SERVICE" => Cause::Balance,
            "SMS_SIGNATURE_ILLEGAL"
            | "SMS_SIGN_ILLEGAL"
            | "SIGN_NAME_ILLEGAL"
            | "SIGN_STATE_ILLEGAL"
            | "SMS_SIGNATURE_SCENE_ILLEGAL"
            | "EXTEND_CODE_ERROR" => Cause::Signature,
            "SMS_TEMPLATE_ILLEGAL" | "TEMPLATE_MISSING_PARAMETERS" | "DOMESTIC_NUMBER_NOT_SUPPORTED" => {
                Cause::Template
            }
            "ACCOUNT_NOT_EXISTS"
            | "ACCOUNT_ABNORMAL"
            | "PRODUCT_UN_SUBSCRIPT"
            | "PRODUCT_UNSUBSCRIBE"
            | "SMS_TEST_NUMBER_LIMIT" => Cause::Permission,
            "DENY_IP_RANGE" => Cause::Address,
            "DAY_LIMIT_CONTROL" | "MONTH_LIMIT_CONTROL" => Cause::Quota,
            "INVALID_PARAMETERS" | "INVALID_JSON_PARAM" | "MOBILE_COUNT_OVER_LIMIT" => Cause::Malformed,
            _ => Cause::Uncertain,
        }
    }
}
