//! Tencent Cloud SMS, version 2021-01-11: the signature TC3-HMAC-SHA256,
//! `SendSms`, `PullSmsSendStatusByPhoneNumber` and the codes of
//! cloud.tencent.com/document/api/382/52075.

use chrono::DateTime;
use data_encoding::HEXLOWER;
use serde_json::{Map, Value, json};

use crate::config::{Account, Provider, State};
use crate::http::{Answer, Request};
use crate::ledger::{Entry, Fate};
use crate::script::Number;
use crate::{Gateway, text};

const VERSION: &str = "2021-01-11";
const SERVICE: &str = "sms";
/// How far a request's time may be off, in seconds.
const SKEW: i64 = 300;
const SEND_MAX: usize = 200;
const TEXT_MAX: usize = 500;
const DAY_MS: i64 = 24 * 3_600_000;

/// A call that is refused whole: code and message.
type Refused = (String, String);

fn refused(code: &str, message: &str) -> Refused {
    (code.to_owned(), message.to_owned())
}

/// HTTP says 200 whatever it is.
pub(crate) fn answer(gateway: &mut Gateway, now_ms: i64, request: &Request) -> Answer {
    let id = text::request_id(gateway.calls);
    let mut response = match work(gateway, now_ms, request) {
        Ok(response) => response,
        Err((code, message)) => {
            Map::from_iter([("Error".to_owned(), json!({ "Code": code, "Message": message }))])
        }
    };
    response.insert("RequestId".to_owned(), id.into());
    Answer { status: 200, body: json!({ "Response": response }) }
}

fn work(gateway: &mut Gateway, now_ms: i64, request: &Request) -> Result<Map<String, Value>, Refused> {
    let place = authenticate(gateway, now_ms, request)?;
    let action = request.header("x-tc-action").unwrap_or_default();
    if request.header("x-tc-version").as_deref() != Some(VERSION) {
        return Err(refused("NoSuchVersion", "The API version does not exist."));
    }
    let limits = &gateway.config.limits;
    let most = match action.as_str() {
        "SendSms" => limits.tencent_calls,
        "PullSmsSendStatusByPhoneNumber" => limits.tencent_questions,
        _ => return Err(refused("InvalidAction", "The requested API does not exist.")),
    };
    if request.header("x-tc-region").is_none_or(|region| region.is_empty()) {
        return Err(refused(
            "MissingParameter",
            "The request is missing a required parameter `X-TC-Region`.",
        ));
    }
    if !gateway.rates.count(&format!("tencent {action} {place}"), now_ms, most) {
        return Err(refused(
            "RequestLimitExceeded",
            "Your current request times exceeds the limit, please try again later.",
        ));
    }
    let params: Value = serde_json::from_slice(&request.body)
        .map_err(|_| refused("FailedOperation.JsonParseFail", "The request body could not be parsed."))?;
    let Value::Object(params) = params else {
        return Err(refused("FailedOperation.JsonParseFail", "The request body is no object."));
    };
    let Some(account) = gateway.config.accounts.get(place).cloned() else {
        return Err(refused("AuthFailure.SecretIdNotFound", "The SecretId is not found."));
    };
    let params = Params(params);
    if action == "SendSms" {
        send(gateway, now_ms, &account, &params)
    } else {
        pull(gateway, now_ms, &account, &params)
    }
}

/// Whose request it is, if its signature holds. The account's place.
fn authenticate(gateway: &Gateway, now_ms: i64, request: &Request) -> Result<usize, Refused> {
    let invalid = |what: &str| refused("AuthFailure.InvalidAuthorization", what);
    let missing = |name: &str| {
        let word = format!("The request is missing a required parameter `{name}`.");
        request.header(name).filter(|v| !v.is_empty()).ok_or_else(|| refused("MissingParameter", &word))
    };
    let authorization = missing("authorization")?;
    let host = missing("host")?;
    let content_type = missing("content-type")?;
    let timestamp = missing("x-tc-timestamp")?;
    missing("x-tc-action")?;
    missing("x-tc-version")?;
    if !gateway.config.hosts.is_empty() && !gateway.config.hosts.contains(&host) {
        return Err(refused("NoSuchProduct", "There is no such host here."));
    }
    if request.method != "POST" || request.path != "/" {
        return Err(refused("InvalidRequest", "POST / is what is served here."));
    }
    if content_type.split(';').next().map(str::trim) != Some("application/json") {
        return Err(refused("InvalidRequest", "The signature v3 is for application/json."));
    }
    let seconds: i64 = timestamp.parse().map_err(|_| invalid("X-TC-Timestamp is no number of seconds."))?;
    if (seconds - now_ms.div_euclid(1000)).abs() > SKEW {
        return Err(refused("AuthFailure.SignatureExpire", "The provided credentials have expired."));
    }
    let rest = authorization
        .strip_prefix("TC3-HMAC-SHA256 ")
        .ok_or_else(|| invalid("The algorithm is not TC3-HMAC-SHA256."))?;
    let (mut credential, mut signed, mut signature) = (None, None, None);
    for field in rest.split(',') {
        match field.trim().split_once('=') {
            Some(("Credential", value)) => credential = Some(value),
            Some(("SignedHeaders", value)) => signed = Some(value),
            Some(("Signature", value)) => signature = Some(value),
            _ => return Err(invalid("The Authorization header has a field that is not known.")),
        }
    }
    let (Some(credential), Some(signed), Some(signature)) = (credential, signed, signature) else {
        return Err(invalid("Credential, SignedHeaders and Signature are needed."));
    };
    let [secret_id, date, service, "tc3_request"] = credential.split('/').collect::<Vec<_>>()[..] else {
        return Err(invalid("Credential is SecretId/date/service/tc3_request."));
    };
    let place = gateway
        .config
        .accounts
        .iter()
        .position(|a| a.provider == Provider::Tencent && a.id == secret_id)
        .ok_or_else(|| {
            refused(
                "AuthFailure.SecretIdNotFound",
                "The SecretId is not found, please ensure that your SecretId is correct.",
            )
        })?;
    let failure = |what: &str| {
        refused(
            "AuthFailure.SignatureFailure",
            &format!("The provided credentials could not be validated. {what}"),
        )
    };
    let today = DateTime::from_timestamp(seconds, 0).unwrap_or_default().format("%Y-%m-%d").to_string();
    if date != today || service != SERVICE {
        return Err(failure("The scope is the UTC date of X-TC-Timestamp and the service sms."));
    }
    let names: Vec<&str> = signed.split(';').collect();
    if !names.is_sorted() || names.windows(2).any(|w| w[0] == w[1]) {
        return Err(failure("SignedHeaders are to be sorted, each once."));
    }
    if !names.contains(&"content-type") || !names.contains(&"host") {
        return Err(failure("content-type and host have to be signed."));
    }
    let mut headers = String::new();
    for name in &names {
        let value = request
            .header(name)
            .ok_or_else(|| failure(&format!("The signed header {name} is not there.")))?;
        // Only the action is signed in lower case.
        let value = if *name == "x-tc-action" { value.to_lowercase() } else { value };
        headers.push_str(&format!("{name}:{value}\n"));
    }
    let canonical = format!("POST\n/\n\n{headers}\n{signed}\n{}", text::sha256(&request.body));
    let to_sign = format!(
        "TC3-HMAC-SHA256\n{timestamp}\n{date}/{service}/tc3_request\n{}",
        text::sha256(canonical.as_bytes())
    );
    let secret = gateway.config.accounts.get(place).map(|a| a.secret.clone()).unwrap_or_default();
    let key = text::hmac(format!("TC3{secret}").as_bytes(), date);
    let key = text::hmac(&text::hmac(&key, service), "tc3_request");
    if HEXLOWER.encode(&text::hmac(&key, &to_sign)) != signature {
        return Err(failure("Please check your signature is correct."));
    }
    Ok(place)
}

/// The body's parameters; every one has its type, and no other is known.
struct Params(Map<String, Value>);

impl Params {
    fn only(&self, known: &[&str]) -> Result<(), Refused> {
        match self.0.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => {
                Err(refused("UnknownParameter", &format!("The parameter `{name}` is not recognized.")))
            }
            None => Ok(()),
        }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn wrong(name: &str, what: &str) -> Refused {
        refused(
            "InvalidParameter",
            &format!("The value type of parameter `{name}` is not valid, should be {what}."),
        )
    }

    fn missing(name: &str) -> Refused {
        refused("MissingParameter", &format!("The request is missing a required parameter `{name}`."))
    }

    fn word(&self, name: &str) -> Result<Option<String>, Refused> {
        self.get(name)
            .map(|v| v.as_str().map(str::to_owned).ok_or_else(|| Self::wrong(name, "String")))
            .transpose()
    }

    fn number(&self, name: &str) -> Result<Option<i64>, Refused> {
        self.get(name).map(|v| v.as_i64().ok_or_else(|| Self::wrong(name, "Integer"))).transpose()
    }

    fn words(&self, name: &str) -> Result<Option<Vec<String>>, Refused> {
        let wrong = || Self::wrong(name, "Array of String");
        let word = |v: &Value| v.as_str().map(str::to_owned).ok_or_else(wrong);
        self.get(name).map(|v| v.as_array().ok_or_else(wrong)?.iter().map(word).collect()).transpose()
    }
}

fn app(account: &Account, params: &Params) -> Result<(), Refused> {
    let app = params.word("SmsSdkAppId")?.ok_or_else(|| Params::missing("SmsSdkAppId"))?;
    if app == account.app_id {
        Ok(())
    } else {
        Err(refused("UnauthorizedOperation.SmsSdkAppIdVerifyFail", "SmsSdkAppId verification failed."))
    }
}

fn send(
    gateway: &mut Gateway,
    now_ms: i64,
    account: &Account,
    params: &Params,
) -> Result<Map<String, Value>, Refused> {
    params.only(&[
        "PhoneNumberSet",
        "SmsSdkAppId",
        "TemplateId",
        "SignName",
        "TemplateParamSet",
        "ExtendCode",
        "SessionContext",
        "SenderId",
    ])?;
    let numbers = params.words("PhoneNumberSet")?.ok_or_else(|| Params::missing("PhoneNumberSet"))?;
    let template = params.word("TemplateId")?.ok_or_else(|| Params::missing("TemplateId"))?;
    app(account, params)?;
    let signature = params.word("SignName")?.unwrap_or_default();
    let values = params.words("TemplateParamSet")?.unwrap_or_default();
    let extend = params.word("ExtendCode")?.unwrap_or_default();
    let session = params.word("SessionContext")?.unwrap_or_default();
    params.word("SenderId")?;
    if numbers.is_empty() {
        return Err(Params::missing("PhoneNumberSet"));
    }
    if numbers.len() > SEND_MAX {
        return Err(refused(
            "LimitExceeded.PhoneNumberCountLimit",
            "The number of mobile numbers exceeds 200.",
        ));
    }
    if session.len() >= 512 {
        return Err(refused(
            "InvalidParameter.InvalidParameters",
            "SessionContext is longer than 511 bytes.",
        ));
    }
    let foreign = numbers.iter().filter(|n| n.starts_with('+') && !n.starts_with("+86")).count();
    if foreign > 0 && foreign < numbers.len() {
        return Err(refused(
            "UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber",
            "The request contains both domestic and international phone numbers.",
        ));
    }
    let text = render(gateway, account, &signature, &template, &values);
    let mut set = Vec::with_capacity(numbers.len());
    for number in &numbers {
        let taken = text
            .clone()
            .and_then(|text| allowed(gateway, now_ms, account, number, &text).map(|phone| (phone, text)))
            .map(|(phone, text)| {
                let serial = format!("5000:{}{:08}", now_ms.max(0), gateway.ledger.entries.len());
                let entry = Entry {
                    provider: Provider::Tencent,
                    account: account.id.clone(),
                    id: serial.clone(),
                    phone,
                    reference: session.clone(),
                    extend: extend.clone(),
                    signature: signature.clone(),
                    template: template.clone(),
                    parts: text::parts(&text),
                    text,
                    at: now_ms,
                    fate: Fate::Waiting,
                    failed: None,
                    coming: None,
                };
                let parts = entry.parts;
                gateway.take(entry);
                (serial, parts)
            });
        let full = text::mainland(number).map_or_else(|| number.clone(), |phone| format!("+86{phone}"));
        set.push(match taken {
            Ok((serial, parts)) => json!({
                "SerialNo": serial, "PhoneNumber": full, "Fee": parts, "SessionContext": session, "Code": "Ok",
                "Message": "send success", "IsoCode": "CN",
            }),
            Err((code, message)) => json!({
                "SerialNo": "", "PhoneNumber": full, "Fee": 0, "SessionContext": session, "Code": code,
                "Message": message, "IsoCode": "",
            }),
        });
    }
    Ok(Map::from_iter([("SendStatusSet".to_owned(), Value::Array(set))]))
}

/// The text that a phone shows, if everything about it is allowed.
fn render(
    gateway: &Gateway,
    account: &Account,
    signature: &str,
    template: &str,
    values: &[String],
) -> Result<String, Refused> {
    if !account.signatures.iter().any(|s| s.name == signature && s.state == State::Approved) {
        return Err(refused(
            "FailedOperation.SignatureIncorrectOrUnapproved",
            "signature is not approved or incorrect",
        ));
    }
    let Some(template) = account.templates.iter().find(|t| t.code == template && t.state == State::Approved)
    else {
        return Err(refused(
            "FailedOperation.TemplateIncorrectOrUnapproved",
            "template is not approved or request content does not match the approved template content",
        ));
    };
    let names = text::variables(&template.wording, "{");
    if names.len() != values.len() {
        return Err(refused(
            "FailedOperation.TemplateParamSetNotMatchApprovedTemplate",
            "template params do not match the approved template",
        ));
    }
    let mut words = template.wording.clone();
    for (name, value) in names.iter().zip(values) {
        if text::has_link(value) {
            return Err(refused(
                "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter",
                "urls are prohibited in template params",
            ));
        }
        if text::has_forbidden(value) {
            return Err(refused(
                "FailedOperation.TemplateIncorrectOrUnapproved",
                "request content does not match the approved template content",
            ));
        }
        if value.chars().count() > template.longest {
            return Err(refused(
                "InvalidParameterValue.TemplateParameterLengthLimit",
                "a template param is too long",
            ));
        }
        words = words.replace(&format!("{{{name}}}"), value);
    }
    let whole = format!("【{signature}】{words}");
    if text::units(&whole) > TEXT_MAX {
        return Err(refused("InvalidParameterValue.ContentLengthLimit", "the content is too long"));
    }
    if gateway.config.refused_words.iter().any(|word| words.contains(word)) {
        return Err(refused("FailedOperation.ContainSensitiveWord", "the content contains sensitive words"));
    }
    Ok(whole)
}

/// The phone, where this number may have this text now.
fn allowed(
    gateway: &Gateway,
    now_ms: i64,
    account: &Account,
    number: &str,
    text: &str,
) -> Result<String, Refused> {
    if number.starts_with('+') && !number.starts_with("+86") {
        return Err(refused(
            "UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone",
            "the template is for the Chinese mainland",
        ));
    }
    let phone = text::mainland(number)
        .filter(|phone| gateway.script.number(phone) != Some(Number::Refused))
        .ok_or_else(|| refused("InvalidParameterValue.IncorrectPhoneNumber", "incorrect phone number"))?;
    if account.opted_out.contains(&phone) {
        return Err(refused(
            "FailedOperation.PhoneNumberInBlacklist",
            "the phone number is in the blacklist",
        ));
    }
    let left = gateway.config.accounts.iter().find(|a| a.id == account.id).and_then(|a| a.balance);
    if left.is_some_and(|left| left < text::parts(text) as u64) {
        return Err(refused(
            "FailedOperation.InsufficientBalanceInSmsPackage",
            "insufficient balance in the SMS package",
        ));
    }
    let limits = &gateway.config.limits;
    let mine = || gateway.ledger.of(Provider::Tencent, &phone).filter(|e| e.account == account.id);
    let since = now_ms - limits.tencent_same_seconds * 1000;
    if mine().any(|e| e.at > since && e.text == text) {
        return Err(refused(
            "LimitExceeded.PhoneNumberThirtySecondLimit",
            "the same content within 30 seconds",
        ));
    }
    let today = text::beijing(now_ms).date_naive();
    let on_day = |e: &&Entry| e.at > now_ms - DAY_MS && text::beijing(e.at).date_naive() == today;
    if mine().filter(on_day).count() >= limits.tencent_number_day {
        return Err(refused(
            "LimitExceeded.PhoneNumberDailyLimit",
            "the daily limit of the phone number is reached",
        ));
    }
    Ok(phone)
}

/// Only what a carrier has reported on is in the answer: an SMS that is
/// missing may still have been taken.
fn pull(
    gateway: &Gateway,
    now_ms: i64,
    account: &Account,
    params: &Params,
) -> Result<Map<String, Value>, Refused> {
    params.only(&["BeginTime", "Offset", "Limit", "PhoneNumber", "SmsSdkAppId", "EndTime"])?;
    let begin = params.number("BeginTime")?.ok_or_else(|| Params::missing("BeginTime"))?;
    let offset = params.number("Offset")?.ok_or_else(|| Params::missing("Offset"))?;
    let limit = params.number("Limit")?.ok_or_else(|| Params::missing("Limit"))?;
    let number = params.word("PhoneNumber")?.ok_or_else(|| Params::missing("PhoneNumber"))?;
    app(account, params)?;
    let now = now_ms.div_euclid(1000);
    let end = params.number("EndTime")?.unwrap_or(now);
    if begin < now - 7 * 86_400 || begin > now + SKEW {
        return Err(refused(
            "InvalidParameterValue.BeginTimeVerifyFail",
            "BeginTime is not within the last 7 days.",
        ));
    }
    if end < begin {
        return Err(refused("InvalidParameterValue.InvalidStartTime", "BeginTime is later than EndTime."));
    }
    if offset != 0 {
        return Err(refused("InvalidParameterValue.OffsetVerifyFail", "Offset is 0."));
    }
    if !(1..=100).contains(&limit) {
        return Err(refused("InvalidParameterValue.LimitVerifyFail", "Limit is 1 to 100."));
    }
    let phone = number.strip_prefix("+86").and_then(text::mainland).ok_or_else(|| {
        refused("InvalidParameterValue.IncorrectPhoneNumber", "PhoneNumber is in the E.164 form.")
    })?;
    let set: Vec<Value> = gateway
        .ledger
        .of(Provider::Tencent, &phone)
        .filter(|e| e.account == account.id && (begin..=end).contains(&e.at.div_euclid(1000)))
        .filter_map(|e| {
            let (at, status, description) = match &e.fate {
                Fate::Waiting => return None,
                Fate::Delivered { at } => (*at, "SUCCESS", "DELIVRD"),
                Fate::Undelivered { at, code } => (*at, "FAIL", code.as_str()),
            };
            Some(json!({
                "UserReceiveTime": at.div_euclid(1000), "CountryCode": "86", "SubscriberNumber": e.phone,
                "PhoneNumber": format!("+86{}", e.phone), "SerialNo": e.id, "ReportStatus": status,
                "Description": description, "SessionContext": "",
            }))
        })
        .take(limit.unsigned_abs() as usize)
        .collect();
    Ok(Map::from_iter([("PullSmsSendStatusSet".to_owned(), Value::Array(set))]))
}
