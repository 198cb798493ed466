//! Tencent Cloud's SMS: `SendSms` and `PullSmsSendStatusByPhoneNumber` of version 2021-01-11.
//!
//! A call answers per phone, but has one set of variables for all of its phones: since each SMS carries a
//! link of its own, each is a call of its own. `SessionContext` is our reference; receipts name the
//! `SerialNo` alone. What is pulled proves that an SMS was taken: by `SessionContext`, where Tencent has switched
//! on for the account that it comes back; else by elimination, since the application is this school's alone and
//! the numbers of all other SMS to a phone are known. It never proves that one was not taken, since an SMS without
//! a word from the carrier is not listed. So what is unknown stays so until the carrier speaks, or a person.

use serde_json::{Value, json};

use super::account::{Account, ProviderKind};
use super::code::{self, Cause, Outcome, failure};
use super::json as outside;
use super::signing;
use super::variables::variables;
use super::wire::{
    Facts, Fate, Finding, HttpAnswer, HttpCall, NotSendable, Part, Protocol, Question, Reading, Receipt,
    Reply, Submission, Unreadable, address, filed, not_the_providers,
};
use crate::time::{Instant, MINUTE};

pub struct Tencent;

/// Statuses in one answer, the most there are.
const PAGE: usize = 100;

const FACTS: Facts = Facts {
    host: "sms.tencentcloudapi.com",
    // 200 with the same variables (document/api/382/55981).
    recipients_per_call: 1,
    // So many calls, one behind the other, fit the time that an attempt has.
    recipients_per_batch: 25,
    calls_per_second: 3_000,
    // In a calendar day; of the same content also one in 30 seconds (techpedia/1295/8938).
    per_number_and_day: 10,
    proves_absence: false,
    // document/product/382/43547, document/product/382/43548
    ack_report: r#"{"result":0,"errmsg":"OK"}"#,
    ack_reply: r#"{"result":0,"errmsg":"OK"}"#,
};

fn call(account: &Account, action: &str, body: &Value, now: Instant) -> HttpCall {
    let (body, credentials) = (body.to_string(), &account.credentials);
    let timestamp = (now.0.div_euclid(1_000)).to_string();
    let date = now.rfc3339().get(..10).unwrap_or_default().to_owned();
    let signed = [("content-type", "application/json; charset=utf-8"), ("host", FACTS.host)];
    let key = (credentials.id.as_str(), credentials.secret.as_str());
    let authorization = signing::tc3(key, "sms", &timestamp, &date, &signed, body.as_bytes());
    let region = if credentials.region.is_empty() { "ap-guangzhou" } else { &credentials.region };
    let others = [
        ("authorization", authorization.as_str()),
        ("x-tc-action", action),
        ("x-tc-version", "2021-01-11"),
        ("x-tc-timestamp", &timestamp),
        ("x-tc-region", region),
    ];
    let headers = signed.iter().chain(&others).map(|(name, value)| (*name, (*value).to_owned())).collect();
    HttpCall { method: "POST", url: address(account, FACTS.host, ""), headers, body: body.into_bytes() }
}

/// `Response` of an answer.
fn response(answer: &HttpAnswer) -> Option<Value> {
    outside::body(&answer.body)?.get_mut("Response").map(Value::take)
}

fn e164(phone: &crate::phone::Phone) -> String {
    format!("+86{}", phone.digits())
}

impl Protocol for Tencent {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn submit(
        &self,
        account: &Account,
        submission: &Submission<'_>,
        now: Instant,
        _nonce: &str,
    ) -> Result<HttpCall, NotSendable> {
        let template = filed(account, submission.template)?;
        let numbers: Vec<String> = submission.sms.iter().map(|(phone, _)| e164(phone)).collect();
        let link = submission.sms.first().map_or("", |(_, link)| link);
        let values = variables(ProviderKind::Tencent, submission.template, submission.title, link)
            .map_err(NotSendable::Variable)?;
        let values: Vec<String> = values.into_iter().map(|(_, value)| value).collect();
        let body = json!({
            "PhoneNumberSet": numbers,
            "SmsSdkAppId": account.credentials.app_id,
            "SignName": account.signature,
            "TemplateId": template,
            "TemplateParamSet": values,
            "SessionContext": submission.reference,
        });
        Ok(call(account, "SendSms", &body, now))
    }

    fn read_submit(&self, answer: &HttpAnswer, submission: &Submission<'_>) -> Reading {
        let Some(response) = response(answer) else {
            return not_the_providers(submission, answer, outside::body(&answer.body).as_ref());
        };
        if let Some(error) = response.get("Error") {
            let code = outside::text(error, "Code").unwrap_or_default();
            return Reading::refused(submission, self.cause(&code), &code);
        }
        let statuses = response.get("SendStatusSet").and_then(Value::as_array).map(Vec::as_slice);
        let of = |phone: &crate::phone::Phone| {
            let mut found = statuses.unwrap_or_default().iter().filter(|status| {
                outside::phone(status, "PhoneNumber").as_ref() == Some(phone)
                    // A status of some other call is none of ours.
                    && outside::text(status, "SessionContext").is_none_or(|it| it == submission.reference)
            });
            let part = |outcome, id, code: Option<&str>| Part { outcome, id, code: code.map(code::shown) };
            let (Some(status), None) = (found.next(), found.next()) else {
                return part(Outcome::Unknown, None, Some("no status"));
            };
            match (outside::text(status, "Code"), outside::id(status, "SerialNo")) {
                (Some(code), id @ Some(_)) if code == "Ok" => part(Outcome::Accepted, id, None),
                (Some(code), _) if code != "Ok" => part(self.cause(&code).outcome(), None, Some(&code)),
                _ => part(Outcome::Unknown, None, Some("no SerialNo")),
            }
        };
        Reading { parts: submission.sms.iter().map(|(phone, _)| of(phone)).collect(), split: None }
    }

    fn ask(&self, account: &Account, question: &Question<'_>, now: Instant, _nonce: &str) -> HttpCall {
        let body = json!({
            "BeginTime": question.at.plus(-MINUTE).0.div_euclid(1_000),
            "Offset": 0,
            "Limit": PAGE,
            "PhoneNumber": e164(question.phone),
            "SmsSdkAppId": account.credentials.app_id,
        });
        call(account, "PullSmsSendStatusByPhoneNumber", &body, now)
    }

    fn read_ask(&self, answer: &HttpAnswer, question: &Question<'_>, _now: Instant) -> Finding {
        let response = response(answer).unwrap_or_default();
        let statuses = response.get("PullSmsSendStatusSet").and_then(Value::as_array);
        let mut unnamed = Vec::new();
        for status in statuses.map(Vec::as_slice).unwrap_or_default() {
            let Some(id) = outside::id(status, "SerialNo") else { continue };
            if outside::phone(status, "PhoneNumber").as_ref() != Some(question.phone) {
                continue;
            }
            let fate = fate(outside::text(status, "ReportStatus").as_deref(), status, "Description");
            match outside::text(status, "SessionContext") {
                Some(session) if session == question.reference => return Finding::Taken(Some(id), fate),
                Some(_) => {}
                None => unnamed.push((id, fate)),
            }
        }
        // A page that is full may lack some.
        if unnamed.is_empty() || unnamed.len() >= PAGE { Finding::CannotSay } else { Finding::OneOf(unnamed) }
    }

    fn read_report(&self, body: &[u8]) -> Result<Vec<Receipt>, Unreadable> {
        let read = |entry: &Value| {
            Some(Receipt {
                reference: None,
                id: Some(outside::id(entry, "sid")?),
                phone: outside::phone(entry, "mobile")?,
                fate: fate(outside::text(entry, "report_status").as_deref(), entry, "description")?,
            })
        };
        Ok(outside::list(body).ok_or(Unreadable)?.iter().filter_map(read).collect())
    }

    fn read_reply(&self, body: &[u8]) -> Result<Vec<Reply>, Unreadable> {
        let read = |entry: &Value| {
            let (text, time) = (outside::text(entry, "text")?, outside::text(entry, "time")?);
            // It has no id: the same words in the same second are the same SMS.
            Some(Reply { phone: outside::phone(entry, "mobile")?, key: format!("{time}\n{text}"), text })
        };
        Ok(outside::list(body).ok_or(Unreadable)?.iter().filter_map(read).collect())
    }

    /// The SDKs' list of error codes (tencentcloud/sms/v20210111), and the common ones
    /// (document/api/382/55984).
    fn cause(&self, code: &str) -> Cause {
        match code {
            "FailedOperation.ContainSensitiveWord"
            | "InvalidParameter.DirtyWordFound"
            | "InvalidParameterValue.TemplateWithDirtyWords" => Cause::Content,
            "InvalidParameterValue.ContentLengthLimit"
            | "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter"
            | "InvalidParameterValue.TemplateParameterFormatError"
            | "InvalidParameterValue.TemplateParameterLengthLimit" => Cause::Variable,
            "FailedOperation.PhoneNumberInBlacklist" | "FailedOperation.PhoneNumberOnBlacklist" => {
                Cause::Blacklisted
            }
            "InvalidParameterValue.IncorrectPhoneNumber"
            | "UnsupportedOperation.UnsuportedRegion"
            | "UnsupportedOperation.UnsupportedRegion" => Cause::NoSuchNumber,
            "LimitExceeded.PhoneNumberDailyLimit"
            | "LimitExceeded.PhoneNumberOneHourLimit"
            | "LimitExceeded.PhoneNumberSameContentDailyLimit" => Cause::PerNumber,
            "LimitExceeded.PhoneNumberThirtySecondLimit"
            | "LimitExceeded.DeliveryFrequencyLimit"
            | "LimitExceeded"
            | "RequestLimitExceeded"
            | "RequestLimitExceeded.IPLimitExceeded"
            | "RequestLimitExceeded.UinLimitExceeded"
            | "RequestLimitExceeded.GlobalRegionUinLimitExceeded"
            | "FailedOperation.MarketingSendTimeConstraint" => Cause::Busy,
            "LimitExceeded.AppDailyLimit"
            | "LimitExceeded.DailyLimit"
            | "LimitExceeded.AppCountryOrRegionDailyLimit"
            | "LimitExceeded.AppMainlandChinaDailyLimit" => Cause::Quota,
            "FailedOperation.InsufficientBalanceInSmsPackage"
            | "UnauthorizedOperation.SerivceSuspendDueToArrears"
            | "UnauthorizedOperation.ServiceSuspendDueToArrears" => Cause::Balance,
            "FailedOperation.SignatureIncorrectOrUnapproved"
            | "FailedOperation.MissingSignature"
            | "FailedOperation.MissingSignatureList" => Cause::Signature,
            "FailedOperation.TemplateIncorrectOrUnapproved"
            | "FailedOperation.TemplateParamSetNotMatchApprovedTemplate"
            | "FailedOperation.TemplateUnapprovedOrNotExist"
            | "FailedOperation.MissingTemplateList"
            | "InvalidParameterValue.InvalidTemplateFormat" => Cause::Template,
            "UnauthorizedOperation.RequestIpNotInWhitelist" | "IpNotInWhitelist" | "IpInBlacklist" => {
                Cause::Address
            }
            "InvalidParameterValue.SdkAppIdNotExist"
            | "InvalidParameter.AppidAndBizId"
            | "InternalError.RequestTimeException"
            | "InternalError.SigFieldMissing"
            | "InternalError.SigVerificationFail"
            | "FailedOperation.NotEnterpriseCertification" => Cause::Permission,
            _ if code.starts_with("AuthFailure") || code.starts_with("UnauthorizedOperation") => {
                Cause::Permission
            }
            "FailedOperation.FailResolvePacket"
            | "FailedOperation.JsonParseFail"
            | "InternalError.JsonParseFail"
            | "InternalError.RestApiInterfaceNotExist"
            | "LimitExceeded.PhoneNumberCountLimit"
            | "UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber"
            | "InvalidAction"
            | "InvalidRequest"
            | "NoSuchVersion"
            | "UnknownParameter" => Cause::Malformed,
            _ if code.starts_with("MissingParameter") || code.starts_with("InvalidParameter") => {
                Cause::Malformed
            }
            // `InternalError.Timeout`, `InternalError.SendAndRecvFail`, `FailedOperation.OtherError` and the
            // like: none says whether something was taken.
            _ => Cause::Uncertain,
        }
    }
}

/// What became of an SMS, from Tencent's word for it.
fn fate(word: Option<&str>, entry: &Value, description: &str) -> Option<Fate> {
    match word? {
        "SUCCESS" => Some(Fate::Delivered),
        "FAIL" => Some(Fate::Failed(failure(&outside::text(entry, description).unwrap_or_default()))),
        _ => None,
    }
}
