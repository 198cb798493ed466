//! Aliyun Dysms, version 2017-05-25: the V3 signature (help.aliyun.com,
//! "V3 request structure and signature"), `SendSms`, `SendBatchSms`,
//! `QuerySendDetails` and the codes of help.aliyun.com 101346.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use data_encoding::HEXLOWER;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use crate::config::{Account, Provider, State, Template};
use crate::http::{Answer, Request};
use crate::ledger::{Entry, Fate};
use crate::script::Number;
use crate::{Gateway, text};

const VERSION: &str = "2017-05-25";
const HOST: &str = "dysmsapi.aliyuncs.com";
/// How far a request's time may be off.
const SKEW_MS: i64 = 15 * 60_000;
const SEND_MAX: usize = 1000;
const BATCH_MAX: usize = 100;
const TEXT_MAX: usize = 500;
/// What stays as it is in a query that is signed: RFC 3986, unreserved.
const SIGNED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A refusal: HTTP status, code, message.
type Refused = (u16, String, String);

fn refused(status: u16, code: &str, message: &str) -> Refused {
    (status, code.to_owned(), message.to_owned())
}

/// What the product itself refuses comes with 200.
fn isv(code: &str, message: &str) -> Refused {
    refused(200, code, message)
}

pub(crate) fn answer(gateway: &mut Gateway, now_ms: i64, request: &Request) -> Answer {
    let id = text::request_id(gateway.calls);
    match work(gateway, now_ms, request, &id) {
        Ok(body) => Answer { status: 200, body },
        Err((200, code, message)) => {
            Answer { status: 200, body: json!({ "Code": code, "Message": message, "RequestId": id }) }
        }
        Err((status, code, message)) => Answer {
            status,
            body: json!({ "Code": code, "Message": message, "RequestId": id, "HostId": HOST }),
        },
    }
}

fn work(gateway: &mut Gateway, now_ms: i64, request: &Request, id: &str) -> Result<Value, Refused> {
    let account = authenticate(gateway, now_ms, request)?;
    let params = parameters(request);
    let action = request.header("x-acs-action").unwrap_or_default();
    if request.header("x-acs-version").as_deref() != Some(VERSION) {
        return Err(refused(400, "InvalidVersion", "Specified parameter Version is not valid."));
    }
    if !matches!(action.as_str(), "SendSms" | "SendBatchSms" | "QuerySendDetails") {
        return Err(refused(
            404,
            "InvalidAction.NotFound",
            "Specified api is not found, please check your url and method.",
        ));
    }
    let most = gateway.config.limits.aliyun_calls;
    if !gateway.rates.count(&format!("aliyun {action} {account}"), now_ms, most) {
        return Err(refused(400, "Throttling.User", "Request was denied due to user flow control."));
    }
    let Some(account) = gateway.config.accounts.get(account).cloned() else {
        return Err(refused(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found."));
    };
    match action.as_str() {
        "SendSms" => send(gateway, now_ms, &account, &params, id),
        "SendBatchSms" => send_batch(gateway, now_ms, &account, &params, id),
        _ => query(gateway, now_ms, &params, id),
    }
}

/// Whose request it is, if its signature holds. The account's place.
fn authenticate(gateway: &mut Gateway, now_ms: i64, request: &Request) -> Result<usize, Refused> {
    let incomplete = |what: &str| refused(400, "IncompleteSignature", what);
    let header = |name: &str| {
        request
            .header(name)
            .filter(|v| !v.is_empty())
            .ok_or_else(|| incomplete(&format!("The header {name} is missing.")))
    };
    let authorization = header("authorization")?;
    let host = header("host")?;
    let date = header("x-acs-date")?;
    let nonce = header("x-acs-signature-nonce")?;
    let claimed = header("x-acs-content-sha256")?;
    header("x-acs-action")?;
    header("x-acs-version")?;
    if !gateway.config.hosts.is_empty() && !gateway.config.hosts.contains(&host) {
        return Err(refused(404, "InvalidHost", "There is no such host here."));
    }
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    if !matches!(request.method.as_str(), "POST" | "GET") || path != "/" {
        return Err(refused(
            404,
            "InvalidAction.NotFound",
            "Specified api is not found, please check your url and method.",
        ));
    }
    let rest = authorization
        .strip_prefix("ACS3-HMAC-SHA256 ")
        .ok_or_else(|| incomplete("The algorithm is not ACS3-HMAC-SHA256."))?;
    let mut fields = BTreeMap::new();
    for field in rest.split(',') {
        let (name, value) = field
            .split_once('=')
            .ok_or_else(|| incomplete("The Authorization header has a field without a value."))?;
        fields.insert(name.trim(), value.trim());
    }
    let field = |name: &str| fields.get(name).copied().filter(|v| !v.is_empty());
    let (Some(key_id), Some(signed), Some(signature)) =
        (field("Credential"), field("SignedHeaders"), field("Signature"))
    else {
        return Err(incomplete("Credential, SignedHeaders and Signature are needed."));
    };

    let sent = DateTime::parse_from_rfc3339(&date)
        .ok()
        .filter(|_| date.len() == 20 && date.ends_with('Z'))
        .ok_or_else(|| {
        refused(400, "InvalidTimeStamp.Format", "Specified time stamp or date value is not well formatted.")
    })?;
    if (sent.with_timezone(&Utc).timestamp_millis() - now_ms).abs() > SKEW_MS {
        return Err(refused(
            400,
            "InvalidTimeStamp.Expired",
            "Specified time stamp or date value is expired.",
        ));
    }
    let place = gateway
        .config
        .accounts
        .iter()
        .position(|a| a.provider == Provider::Aliyun && a.id == key_id)
        .ok_or_else(|| refused(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found."))?;

    let mismatch = |what: &str| {
        refused(
            400,
            "SignatureDoesNotMatch",
            &format!("Specified signature does not match our calculation. {what}"),
        )
    };
    let names: Vec<&str> = signed.split(';').collect();
    if !names.is_sorted() || names.windows(2).any(|w| w[0] == w[1]) {
        return Err(mismatch("SignedHeaders are to be sorted, each once."));
    }
    // Each public header that is there has to be signed.
    for (name, _) in &request.headers {
        let name = name.to_ascii_lowercase();
        let public = name == "host"
            || name.starts_with("x-acs-")
            || (name == "content-type" && !request.body.is_empty());
        if public && !names.contains(&name.as_str()) {
            return Err(mismatch(&format!("The header {name} is not signed.")));
        }
    }
    let hash = text::sha256(&request.body);
    if claimed != hash {
        return Err(mismatch("x-acs-content-sha256 is not the hash of the body."));
    }
    let mut canonical_headers = String::new();
    for name in &names {
        let value = request
            .header(name)
            .ok_or_else(|| mismatch(&format!("The signed header {name} is not there.")))?;
        canonical_headers.push_str(&format!("{name}:{value}\n"));
    }
    let encode = |value: &str| utf8_percent_encode(value, SIGNED).to_string();
    let mut pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
        .map(|(name, value)| (encode(&name), encode(&value)))
        .collect();
    pairs.sort();
    let canonical_query =
        pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
    let canonical =
        format!("{}\n{path}\n{canonical_query}\n{canonical_headers}\n{signed}\n{hash}", request.method);
    let to_sign = format!("ACS3-HMAC-SHA256\n{}", text::sha256(canonical.as_bytes()));
    let secret = gateway.config.accounts.get(place).map(|a| a.secret.clone()).unwrap_or_default();
    if HEXLOWER.encode(&text::hmac(secret.as_bytes(), &to_sign)) != signature {
        return Err(mismatch(&format!("server string to sign is: {to_sign}")));
    }
    if !gateway.nonces.fresh(&format!("{key_id} {nonce}"), now_ms) {
        return Err(refused(400, "SignatureNonceUsed", "Specified signature nonce was used already."));
    }
    Ok(place)
}

/// The parameters, wherever they stand. A body counts as a form only.
fn parameters(request: &Request) -> BTreeMap<String, String> {
    let (_, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let mut all: BTreeMap<String, String> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let form =
        request.header("content-type").is_some_and(|t| t.starts_with("application/x-www-form-urlencoded"));
    if form {
        all.extend(form_urlencoded::parse(&request.body).into_owned());
    }
    all
}

fn needed<'a>(params: &'a BTreeMap<String, String>, name: &str) -> Result<&'a str, Refused> {
    params.get(name).map(String::as_str).filter(|value| !value.is_empty()).ok_or_else(|| {
        refused(400, &format!("Missing{name}"), &format!("{name} is mandatory for this action."))
    })
}

/// One SMS of a call, checked.
struct Sms {
    phone: String,
    signature: String,
    text: String,
    extend: String,
}

fn send(
    gateway: &mut Gateway,
    now_ms: i64,
    account: &Account,
    params: &BTreeMap<String, String>,
    id: &str,
) -> Result<Value, Refused> {
    let numbers: Vec<&str> = needed(params, "PhoneNumbers")?.split(',').collect();
    let signature = needed(params, "SignName")?;
    let template = template(account, needed(params, "TemplateCode")?)?;
    if numbers.len() > SEND_MAX {
        return Err(isv("isv.MOBILE_COUNT_OVER_LIMIT", "手机号码数量超过限制"));
    }
    let values = match params.get("TemplateParam").filter(|p| !p.is_empty()) {
        Some(json) => serde_json::from_str(json)
            .map_err(|_| isv("isv.INVALID_JSON_PARAM", "参数格式错误，请修改为JSON格式"))?,
        None => Value::Object(Map::new()),
    };
    let extend = params.get("SmsUpExtendCode").cloned().unwrap_or_default();
    let text = render(gateway, account, signature, template, &values)?;
    let sms = numbers
        .into_iter()
        .map(|number| {
            let phone = number_of(gateway, number)?;
            Ok(Sms { phone, signature: signature.to_owned(), text: text.clone(), extend: extend.clone() })
        })
        .collect::<Result<Vec<_>, Refused>>()?;
    take(gateway, now_ms, account, &template.code, params, sms, id)
}

fn send_batch(
    gateway: &mut Gateway,
    now_ms: i64,
    account: &Account,
    params: &BTreeMap<String, String>,
    id: &str,
) -> Result<Value, Refused> {
    let numbers = list(needed(params, "PhoneNumberJson")?)?;
    let signatures = list(needed(params, "SignNameJson")?)?;
    let template = template(account, needed(params, "TemplateCode")?)?;
    let values = match params.get("TemplateParamJson").filter(|p| !p.is_empty()) {
        Some(json) => list(json)?,
        None => vec![Value::Object(Map::new()); numbers.len()],
    };
    let extends = match params.get("SmsUpExtendCodeJson").filter(|p| !p.is_empty()) {
        Some(json) => list(json)?,
        None => vec![Value::from(""); numbers.len()],
    };
    if numbers.len() > BATCH_MAX {
        return Err(isv("isv.MOBILE_COUNT_OVER_LIMIT", "手机号码数量超过限制"));
    }
    if numbers.is_empty() || [signatures.len(), values.len(), extends.len()] != [numbers.len(); 3] {
        return Err(isv("isv.INVALID_PARAMETERS", "参数异常：手机号、签名、变量的个数不一致"));
    }
    let word = |value: &Value| value.as_str().map(str::to_owned).ok_or_else(not_strings);
    let mut sms = Vec::with_capacity(numbers.len());
    for (((number, signature), values), extend) in numbers.iter().zip(&signatures).zip(&values).zip(&extends)
    {
        let phone = number_of(gateway, &word(number)?)?;
        let signature = word(signature)?;
        let text = render(gateway, account, &signature, template, values)?;
        sms.push(Sms { phone, signature, text, extend: word(extend)? });
    }
    take(gateway, now_ms, account, &template.code, params, sms, id)
}

fn list(json: &str) -> Result<Vec<Value>, Refused> {
    serde_json::from_str(json).map_err(|_| isv("isv.INVALID_JSON_PARAM", "参数格式错误，请修改为JSON格式"))
}

fn not_strings() -> Refused {
    isv("isv.INVALID_JSON_PARAM", "参数格式错误，请修改为字符串值")
}

fn number_of(gateway: &Gateway, number: &str) -> Result<String, Refused> {
    text::mainland(number)
        .filter(|phone| gateway.script.number(phone) != Some(Number::Refused))
        .ok_or_else(|| isv("isv.MOBILE_NUMBER_ILLEGAL", &format!("{number}invalid mobile number")))
}

fn template<'a>(account: &'a Account, code: &str) -> Result<&'a Template, Refused> {
    account
        .templates
        .iter()
        .find(|t| t.code == code && t.state == State::Approved)
        .ok_or_else(|| isv("isv.SMS_TEMPLATE_ILLEGAL", "该账号下找不到对应模板"))
}

/// The text that a phone shows, if everything about it is allowed.
fn render(
    gateway: &Gateway,
    account: &Account,
    signature: &str,
    template: &Template,
    values: &Value,
) -> Result<String, Refused> {
    match account.signatures.iter().find(|s| s.name == signature).map(|s| s.state) {
        Some(State::Approved) => {}
        Some(_) => return Err(isv("isv.SIGN_STATE_ILLEGAL", "签名状态不可用")),
        None => return Err(isv("isv.SMS_SIGNATURE_ILLEGAL", "该账号下找不到对应签名")),
    }
    let values =
        values.as_object().ok_or_else(|| isv("isv.INVALID_JSON_PARAM", "参数格式错误，请修改为JSON格式"))?;
    let names = text::variables(&template.wording, "${");
    let mut words = template.wording.clone();
    for name in &names {
        let value = match values.get(*name) {
            None | Some(Value::Null) => {
                return Err(isv(
                    "isv.TEMPLATE_MISSING_PARAMETERS",
                    &format!("模板变量缺少对应参数值：{name}"),
                ));
            }
            Some(value) => value.as_str().ok_or_else(not_strings)?,
        };
        if value.is_empty() {
            return Err(isv("isv.TEMPLATE_MISSING_PARAMETERS", &format!("模板变量缺少对应参数值：{name}")));
        }
        if text::has_link(value) {
            return Err(isv("isv.PARAM_NOT_SUPPORT_URL", "变量不支持传入URL"));
        }
        if text::has_forbidden(value) {
            return Err(isv(
                "isv.TEMPLATE_PARAMS_ILLEGAL",
                "传入的变量内容和实际申请模板时变量所选择的属性类型不配",
            ));
        }
        if value.chars().count() > template.longest {
            return Err(isv("isv.PARAM_LENGTH_LIMIT", "参数超过长度限制"));
        }
        words = words.replace(&format!("${{{name}}}"), value);
    }
    if values.keys().any(|name| !names.contains(&name.as_str())) {
        return Err(isv("isv.TEMPLATE_PARAMS_ILLEGAL", "模板中没有传入的变量"));
    }
    let whole = format!("【{signature}】{words}");
    if text::units(&whole) > TEXT_MAX {
        return Err(isv("isv.PARAM_LENGTH_LIMIT", "参数超过长度限制"));
    }
    if gateway.config.refused_words.iter().any(|word| words.contains(word)) {
        return Err(isv("isv.SMS_CONTENT_ILLEGAL", "短信内容包含禁止发送内容"));
    }
    Ok(whole)
}

/// A call is taken whole or refused whole.
fn take(
    gateway: &mut Gateway,
    now_ms: i64,
    account: &Account,
    template: &str,
    params: &BTreeMap<String, String>,
    sms: Vec<Sms>,
    id: &str,
) -> Result<Value, Refused> {
    let reference = params.get("OutId").cloned().unwrap_or_default();
    if reference.chars().count() >= 256 {
        return Err(isv("isv.INVALID_PARAMETERS", "参数异常：OutId"));
    }
    // One extension belongs to one signature.
    for one in sms.iter().filter(|one| !one.extend.is_empty()) {
        let digits = one.extend.bytes().all(|b| b.is_ascii_digit());
        let before = gateway.ledger.signature_of(Provider::Aliyun, &one.extend);
        let here = sms.iter().any(|o| o.extend == one.extend && o.signature != one.signature);
        if !digits || here || before.is_some_and(|signature| *signature != one.signature) {
            return Err(isv("isv.EXTEND_CODE_ERROR", "扩展码使用错误，相同的扩展码不可用于多个签名"));
        }
    }
    let parts: u64 = sms.iter().map(|one| text::parts(&one.text) as u64).sum();
    if account.balance.is_some_and(|left| left < parts) {
        return Err(isv("isv.AMOUNT_NOT_ENOUGH", "账户余额不足"));
    }
    let most = gateway.config.limits.aliyun_number_day;
    let full = |gateway: &Gateway, one: &Sms| {
        let same = |e: &&Entry| {
            e.at > now_ms - 24 * 3_600_000 && e.signature == one.signature && e.template == template
        };
        gateway.ledger.of(Provider::Aliyun, &one.phone).filter(same).count() >= most
    };
    // Of a single SMS the answer says so; of many, each one's receipt does.
    if let [one] = sms.as_slice()
        && full(gateway, one)
    {
        return Err(isv("isv.BUSINESS_LIMIT_CONTROL", "触发天级流控"));
    }
    let biz_id = format!("{}{:06}^0", now_ms.max(0), gateway.calls);
    for one in sms {
        let failed = if full(gateway, &one) {
            Some("isv.BUSINESS_LIMIT_CONTROL")
        } else if account.opted_out.contains(&one.phone) {
            Some("MOBILE_IN_BLACK")
        } else {
            None
        };
        let entry = Entry {
            provider: Provider::Aliyun,
            account: account.id.clone(),
            id: biz_id.clone(),
            parts: text::parts(&one.text),
            phone: one.phone,
            reference: reference.clone(),
            extend: one.extend,
            signature: one.signature,
            template: template.to_owned(),
            text: one.text,
            at: now_ms,
            fate: Fate::Waiting,
            failed: failed.map(str::to_owned),
            coming: None,
        };
        gateway.take(entry);
    }
    Ok(json!({ "Code": "OK", "Message": "OK", "RequestId": id, "BizId": biz_id }))
}

fn query(
    gateway: &Gateway,
    now_ms: i64,
    params: &BTreeMap<String, String>,
    id: &str,
) -> Result<Value, Refused> {
    let wrong = |name: &str| isv("isv.INVALID_PARAMETERS", &format!("参数异常：{name}"));
    let phone = text::mainland(needed(params, "PhoneNumber")?).ok_or_else(|| wrong("PhoneNumber"))?;
    let date = needed(params, "SendDate")?;
    let day = NaiveDate::parse_from_str(date, "%Y%m%d").map_err(|_| wrong("SendDate"))?;
    let ago = (text::beijing(now_ms).date_naive() - day).num_days();
    if date.len() != 8 || !(0..=30).contains(&ago) {
        return Err(wrong("SendDate"));
    }
    let number = |name: &str| needed(params, name)?.parse::<usize>().map_err(|_| wrong(name));
    let size = number("PageSize")
        .and_then(|n| if (1..=50).contains(&n) { Ok(n) } else { Err(wrong("PageSize")) })?;
    let page = number("CurrentPage").and_then(|n| if n >= 1 { Ok(n) } else { Err(wrong("CurrentPage")) })?;
    let biz_id = params.get("BizId").filter(|b| !b.is_empty());
    let found: Vec<&Entry> = gateway
        .ledger
        .of(Provider::Aliyun, &phone)
        .filter(|e| e.at <= now_ms - gateway.script.visible_after())
        .filter(|e| text::beijing(e.at).date_naive() == day && biz_id.is_none_or(|b| *b == e.id))
        .rev()
        .collect();
    let details: Vec<Value> = found
        .iter()
        .skip((page - 1).saturating_mul(size))
        .take(size)
        .map(|e| {
            let mut detail = json!({
                "PhoneNum": e.phone, "SendDate": text::stamp(e.at), "Content": e.text, "TemplateCode": e.template,
                "OutId": e.reference, "SendStatus": 1,
            });
            match &e.fate {
                Fate::Waiting => {}
                Fate::Delivered { at } => {
                    detail["SendStatus"] = 3.into();
                    detail["ErrCode"] = "DELIVERED".into();
                    detail["ReceiveDate"] = text::stamp(*at).into();
                }
                Fate::Undelivered { at, code } => {
                    detail["SendStatus"] = 2.into();
                    detail["ErrCode"] = code.as_str().into();
                    detail["ReceiveDate"] = text::stamp(*at).into();
                }
            }
            detail
        })
        .collect();
    Ok(json!({
        "Code": "OK", "Message": "OK", "RequestId": id, "TotalCount": found.len(),
        "SmsSendDetailDTOs": { "SmsSendDetailDTO": details },
    }))
}
