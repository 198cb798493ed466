//! Both providers, as their documents describe them.

use proptest::prelude::*;

use super::*;
use crate::delivery::Reason;
use crate::phone::Phone;
use crate::sms::LINK_TEMPLATE;
use crate::time::{DAY, Instant, MINUTE};

const NOW: Instant = Instant(1_798_000_000_000);
const REFERENCE: &str = "00112233445566778899aabbccddeeff";
const LINK: &str = "https://xx.example.cn/m/AQAAAQAAAAHpXw2bQm9ZtM0sQeYk1c2x";

fn phone(n: u32) -> Phone {
    Phone::parse(&format!("199000{n:05}")).expect("a mobile")
}

fn account(provider: ProviderKind) -> Account {
    Account {
        provider,
        credentials: Credentials {
            id: "ID".into(),
            secret: "SECRET".into(),
            app_id: "1400006666".into(),
            region: String::new(),
        },
        signature: "梧桐中学".into(),
        templates: vec![FiledTemplate {
            name: LINK_TEMPLATE.name.into(),
            version: LINK_TEMPLATE.version,
            code: "SMS_1".into(),
            state: FilingState::Approved,
        }],
        base_url: None,
    }
}

fn submission(phones: &[Phone]) -> Submission<'_> {
    Submission {
        reference: REFERENCE,
        template: &LINK_TEMPLATE,
        title: "秋季运动会",
        sms: phones.iter().map(|phone| (phone, LINK)).collect(),
    }
}

fn protocol(kind: ProviderKind) -> &'static dyn Protocol {
    kind.protocol().expect("a provider with a network")
}

fn aliyun() -> &'static dyn Protocol {
    protocol(ProviderKind::Aliyun)
}

fn tencent() -> &'static dyn Protocol {
    protocol(ProviderKind::Tencent)
}

fn answer(status: u16, body: &str) -> HttpAnswer {
    HttpAnswer { status, body: body.as_bytes().to_vec() }
}

fn outcomes(protocol: &dyn Protocol, status: u16, body: &str, phones: &[Phone]) -> Vec<Outcome> {
    let reading = protocol.read_submit(&answer(status, body), &submission(phones));
    reading.parts.iter().map(|part| part.outcome).collect()
}

fn text(call: &HttpCall) -> &str {
    std::str::from_utf8(&call.body).expect("UTF-8")
}

fn header<'a>(call: &'a HttpCall, name: &str) -> &'a str {
    call.headers.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_str()).expect("a header")
}

#[test]
fn a_call_to_aliyun_says_what_its_document_asks_for() {
    let phones = [phone(7), phone(8)];
    let call = aliyun()
        .submit(&account(ProviderKind::Aliyun), &submission(&phones), NOW, "nonce")
        .expect("it can be sent");
    assert_eq!(call.url, format!("https://dysmsapi.aliyuncs.com/?OutId={REFERENCE}&TemplateCode=SMS_1"));
    assert_eq!(header(&call, "x-acs-action"), "SendBatchSms");
    assert_eq!(header(&call, "x-acs-date"), "2026-12-23T04:26:40Z");
    assert_eq!(header(&call, "x-acs-content-sha256"), signing::sha256(&call.body));
    assert!(
        header(&call, "authorization")
            .starts_with("ACS3-HMAC-SHA256 Credential=ID,SignedHeaders=content-type;host;x-acs-")
    );
    let fields: Vec<&str> = text(&call).split('&').collect();
    assert_eq!(fields[0], "PhoneNumberJson=%5B%2219900000007%22%2C%2219900000008%22%5D");
    assert!(fields[1].starts_with("SignNameJson=%5B%22%E6%A2%A7"));
    let token = LINK.rsplit('/').next().expect("a token");
    assert!(fields[2].contains(token) && !fields[2].contains("example"), "{}", fields[2]);
}

#[test]
fn a_call_to_tencent_says_what_its_document_asks_for() {
    let phones = [phone(7)];
    let call = tencent()
        .submit(&account(ProviderKind::Tencent), &submission(&phones), NOW, "nonce")
        .expect("it can be sent");
    assert_eq!(call.url, "https://sms.tencentcloudapi.com/");
    assert_eq!((header(&call, "x-tc-action"), header(&call, "x-tc-version")), ("SendSms", "2021-01-11"));
    assert_eq!(header(&call, "x-tc-timestamp"), "1798000000");
    assert!(header(&call, "authorization").contains("Credential=ID/2026-12-23/sms/tc3_request,"));
    let body: serde_json::Value = serde_json::from_slice(&call.body).expect("JSON");
    assert_eq!(body["PhoneNumberSet"], serde_json::json!(["+8619900000007"]));
    assert_eq!(body["SessionContext"], REFERENCE);
    assert_eq!(body["TemplateParamSet"][0], "秋季运动会");
    assert_eq!(body["TemplateParamSet"][1], LINK.rsplit('/').next().expect("a token"));
}

#[test]
fn a_relay_changes_the_address_and_nothing_that_is_signed() {
    let phones = [phone(7)];
    let direct = account(ProviderKind::Aliyun);
    let relayed = Account { base_url: Some("https://relay.example.cn:8443/".into()), ..direct.clone() };
    let made = |account| aliyun().submit(account, &submission(&phones), NOW, "n").expect("it can be sent");
    let (direct, mut relayed) = (made(&direct), made(&relayed));
    assert!(relayed.url.starts_with("https://relay.example.cn:8443/?OutId="), "{}", relayed.url);
    assert!(direct.headers == relayed.headers && direct.body == relayed.body);
    by_relay(&mut relayed, "s3cret", NOW);
    assert_eq!(header(&relayed, "x-relay-host"), "dysmsapi.aliyuncs.com");
    let path = relayed.url.strip_prefix("https://relay.example.cn:8443").expect("the relay's");
    let body = signing::sha256(&relayed.body);
    let signed = format!("POST\ndysmsapi.aliyuncs.com\n{path}\n{}\n{body}", NOW.0);
    assert_eq!(header(&relayed, "x-relay-mac"), signing::mac(b"s3cret", &signed));
}

#[test]
fn what_is_not_filed_or_breaks_the_rules_is_not_sent() {
    let phones = [phone(7)];
    for kind in [ProviderKind::Aliyun, ProviderKind::Tencent] {
        let (protocol, good) = (protocol(kind), account(kind));
        let refused = |account: &Account, title| {
            let submission = Submission { title, ..submission(&phones) };
            protocol.submit(account, &submission, NOW, "n").err()
        };
        for state in [FilingState::Filed, FilingState::Refused, FilingState::NotFiled] {
            let mut other = good.clone();
            other.templates[0].state = state;
            assert_eq!(refused(&other, "标题"), Some(NotSendable::NoTemplate));
        }
        let mut old = good.clone();
        old.templates[0].version += 1;
        assert_eq!(refused(&old, "标题"), Some(NotSendable::NoTemplate));
        let bad = |title| refused(&good, title);
        assert_eq!(bad("【通知】"), Some(NotSendable::Variable(NotAllowed::Sign(0, '【'))));
        assert_eq!(bad("见 HTTP://a.b/"), Some(NotSendable::Variable(NotAllowed::Address)));
        assert_eq!(bad("秋季运动会"), None);
    }
}

#[test]
fn aliyun_takes_a_call_as_a_whole() {
    let phones = [phone(7), phone(8)];
    let read = |status, body| outcomes(aliyun(), status, body, &phones);
    let ok = r#"{"Code":"OK","Message":"OK","BizId":"9006195714750^0","RequestId":"x"}"#;
    let reading = aliyun().read_submit(&answer(200, ok), &submission(&phones));
    assert!(
        reading
            .parts
            .iter()
            .all(|p| p.outcome == Outcome::Accepted && p.id.as_deref() == Some("9006195714750^0"))
    );
    for (status, body) in [
        (200, ""),
        (200, "<html>"),
        (200, &ok[..40]),
        (200, "{}"),
        (200, r#"{"Code":"OK"}"#),
        (200, r#"{"Code":["OK"],"BizId":"1"}"#),
        (500, "oops"),
        (503, r#"{"Code":"ServiceUnavailable"}"#),
        (200, r#"{"Code":"isp.SYSTEM_ERROR"}"#),
        (200, r#"{"Code":"isv.SOMETHING_NEW"}"#),
        (302, ""),
    ] {
        assert_eq!(read(status, body), [Outcome::Unknown; 2], "{status} {body}");
    }
    for (body, outcome) in [
        (r#"{"Code":"Throttling.User"}"#, Outcome::Later),
        (r#"{"Code":"isv.AMOUNT_NOT_ENOUGH"}"#, Outcome::Later),
        (r#"{"Code":"isv.BUSINESS_LIMIT_CONTROL"}"#, Outcome::OverLimit),
        (r#"{"Code":"isv.MOBILE_NUMBER_ILLEGAL"}"#, Outcome::Rejected(Reason::NumberInvalid)),
        (r#"{"Code":"isv.BLACK_KEY_CONTROL_LIMIT"}"#, Outcome::Rejected(Reason::ContentRefused)),
    ] {
        assert_eq!(read(400, body), [outcome; 2], "{body}");
    }
    assert_eq!(read(429, "slow down"), [Outcome::Later; 2]);
    assert_eq!(read(429, "{}"), [Outcome::Later; 2]);
    // What stands in the documents of the relay.
    assert_eq!(read(403, r#"{"Relay":"refused","Message":""}"#), [Outcome::Later; 2]);
    assert_eq!(read(502, r#"{"Relay":"unreachable"}"#), [Outcome::Later; 2]);
    assert_eq!(read(504, r#"{"Relay":"unknown"}"#), [Outcome::Unknown; 2]);
}

#[test]
fn one_bad_number_is_looked_for_among_the_others() {
    let phones = [phone(7), phone(8)];
    let split = |code: &str, phones: &[Phone]| {
        let body = format!(r#"{{"Code":"{code}"}}"#);
        aliyun().read_submit(&answer(200, &body), &submission(phones)).split
    };
    assert_eq!(split("isv.MOBILE_NUMBER_ILLEGAL", &phones), Some(Cause::NoSuchNumber));
    assert_eq!(split("isv.MOBILE_NUMBER_ILLEGAL", &phones[..1]), None);
    assert_eq!(split("isv.OUT_OF_SERVICE", &phones), None);
    assert_eq!(split("isp.SYSTEM_ERROR", &phones), None);
}

#[test]
fn tencent_answers_for_each_phone() {
    let phones = [phone(7)];
    let status = |code: &str, serial: &str| {
        format!(
            r#"{{"Response":{{"SendStatusSet":[{{"SerialNo":"{serial}","PhoneNumber":"+8619900000007","Fee":1,"SessionContext":"{REFERENCE}","Code":"{code}","Message":"","IsoCode":"CN"}}],"RequestId":"r"}}}}"#
        )
    };
    let read = |status, body: &str| outcomes(tencent(), status, body, &phones);
    assert_eq!(read(200, &status("Ok", "5000:1")), [Outcome::Accepted]);
    for body in [
        String::new(),
        "{}".into(),
        r#"{"Response":{}}"#.into(),
        r#"{"Response":{"SendStatusSet":[]}}"#.into(),
        status("Ok", ""),
        status("Ok", "5000:1").replace("19900000007", "19900000008"),
        status("Ok", "5000:1").replace(REFERENCE, "another"),
        status("InternalError.Timeout", ""),
        status("Ok", "5000:1").get(..90).expect("shorter").into(),
        r#"{"Response":{"Error":{"Code":"InternalError","Message":""},"RequestId":"r"}}"#.into(),
        r#"{"Response":{"Error":{}}}"#.into(),
    ] {
        assert_eq!(read(200, &body), [Outcome::Unknown], "{body}");
    }
    for (code, outcome) in [
        ("FailedOperation.PhoneNumberInBlacklist", Outcome::Rejected(Reason::Blacklisted)),
        ("InvalidParameterValue.IncorrectPhoneNumber", Outcome::Rejected(Reason::NumberInvalid)),
        ("FailedOperation.ContainSensitiveWord", Outcome::Rejected(Reason::ContentRefused)),
        ("LimitExceeded.PhoneNumberDailyLimit", Outcome::OverLimit),
        ("LimitExceeded.PhoneNumberThirtySecondLimit", Outcome::Later),
        ("FailedOperation.InsufficientBalanceInSmsPackage", Outcome::Later),
    ] {
        assert_eq!(read(200, &status(code, "")), [outcome], "{code}");
    }
    let limited = r#"{"Response":{"Error":{"Code":"RequestLimitExceeded","Message":""},"RequestId":"r"}}"#;
    assert_eq!(read(200, limited), [Outcome::Later]);
}

/// A refusal is final, put off or asked about by what lies behind its code, and each has its words.
#[test]
fn every_cause_has_an_action_and_words() {
    for cause in Cause::ALL {
        let fits = match cause.action() {
            Action::Later | Action::Account => cause.outcome() == Outcome::Later,
            Action::BadNumber | Action::ContentRefused => matches!(cause.outcome(), Outcome::Rejected(_)),
            Action::OverLimit => cause.outcome() == Outcome::OverLimit,
            Action::Unknown => cause.outcome() == Outcome::Unknown,
        };
        assert!(fits && !cause.words().zh.is_empty() && !cause.words().en.is_empty(), "{cause:?}");
    }
}

#[test]
fn aliyun_proves_absence_once_the_day_is_read_and_the_call_long_over() {
    let phone = phone(7);
    let question = Question { reference: REFERENCE, phone: &phone, at: NOW };
    let long_after = NOW.plus(10 * MINUTE);
    let record = |out: &str, status: u32| {
        format!(
            r#"{{"PhoneNum":"19900000007","OutId":"{out}","SendStatus":{status},"ErrCode":"MOBILE_IN_BLACK"}}"#
        )
    };
    let page = |records: &[String], total: usize| {
        format!(
            r#"{{"Code":"OK","TotalCount":"{total}","SmsSendDetailDTOs":{{"SmsSendDetailDTO":[{}]}}}}"#,
            records.join(",")
        )
    };
    let ask = |body: &str, now| aliyun().read_ask(&answer(200, body), &question, now);
    let others = [record("another", 3)];
    assert_eq!(ask(&page(&others, 1), long_after), Finding::Absent);
    assert_eq!(ask(&page(&[], 0), long_after), Finding::Absent);
    assert_eq!(ask(&page(&others, 1), long_after.plus(-1)), Finding::CannotSay);
    assert_eq!(ask(&page(&others, 60), long_after), Finding::CannotSay);
    for garbage in ["", "{}", r#"{"Code":"OK"}"#, r#"{"Code":"isp.SYSTEM_ERROR","TotalCount":"0"}"#] {
        assert_eq!(ask(garbage, long_after), Finding::CannotSay, "{garbage}");
    }
    let gone = aliyun().read_ask(&answer(503, &page(&[], 0)), &question, long_after);
    assert_eq!(gone, Finding::CannotSay);
    // A call around midnight may lie in either day.
    let midnight = Question { at: NOW.start_of_day().plus(DAY - 1), ..question };
    let body = page(&[], 0);
    let found = aliyun().read_ask(&answer(200, &body), &midnight, NOW.plus(2 * DAY));
    assert_eq!(found, Finding::CannotSay);

    let ours = |status| page(&[record("another", 3), record(REFERENCE, status)], 2);
    assert_eq!(ask(&ours(1), NOW), Finding::Taken(None, None));
    assert_eq!(ask(&ours(3), NOW), Finding::Taken(None, Some(Fate::Delivered)));
    assert_eq!(ask(&ours(2), NOW), Finding::Taken(None, Some(Fate::Failed(Reason::Blacklisted))));
    let call = aliyun().ask(&account(ProviderKind::Aliyun), &question, NOW, "n");
    assert!(
        call.url.ends_with("?CurrentPage=1&PageSize=50&PhoneNumber=19900000007&SendDate=20261223"),
        "{}",
        call.url
    );
}

#[test]
fn tencent_proves_that_it_has_an_sms_and_never_that_it_has_not() {
    let phone = phone(7);
    let question = Question { reference: REFERENCE, phone: &phone, at: NOW };
    let ask = |body: &str| tencent().read_ask(&answer(200, body), &question, NOW.plus(DAY));
    let status = |session: &str, word: &str| {
        format!(
            r#"{{"Response":{{"PullSmsSendStatusSet":[{{"SerialNo":"5000:1","PhoneNumber":"+8619900000007","SubscriberNumber":"19900000007","ReportStatus":"{word}","Description":"空号","UserReceiveTime":1,"SessionContext":"{session}"}}]}}}}"#
        )
    };
    let id = || Some("5000:1".to_owned());
    assert_eq!(ask(&status(REFERENCE, "SUCCESS")), Finding::Taken(id(), Some(Fate::Delivered)));
    assert_eq!(
        ask(&status(REFERENCE, "FAIL")),
        Finding::Taken(id(), Some(Fate::Failed(Reason::NumberInvalid)))
    );
    assert_eq!(ask(&status(REFERENCE, "")), Finding::Taken(id(), None));
    let unnamed = Finding::OneOf(vec![("5000:1".into(), Some(Fate::Delivered))]);
    assert_eq!(ask(&status("", "SUCCESS")), unnamed);
    for body in [&status("another", "SUCCESS"), "", "{}", r#"{"Response":{"PullSmsSendStatusSet":[]}}"#] {
        assert_eq!(ask(body), Finding::CannotSay, "{body}");
    }
}

#[test]
fn receipts_as_the_documents_show_them() {
    let aliyuns = r#"[{"phone_number":"19900000007","send_time":"2017-01-01 00:00:00","report_time":"2017-01-01 00:00:00","success":true,"err_code":"DELIVERED","err_msg":"用户接收成功","sms_size":"1","biz_id":"12345","out_id":"67890"},
        {"phone_number":"19900000008","success":false,"err_code":"MOBILE_SEND_LIMIT","biz_id":"12345","out_id":"67890"},
        {"phone_number":"none","success":true}, {"success":true}, 7]"#;
    let receipt = |n, reference: Option<&str>, id: &str, fate| Receipt {
        reference: reference.map(str::to_owned),
        id: Some(id.to_owned()),
        phone: phone(n),
        fate,
    };
    assert_eq!(
        aliyun().read_report(aliyuns.as_bytes()),
        Ok(vec![
            receipt(7, Some("67890"), "12345", Fate::Delivered),
            receipt(8, Some("67890"), "12345", Fate::Failed(Reason::OverLimit)),
        ])
    );
    let tencents = r#"[{"user_receive_time":"2015-10-17 08:03:04","nationcode":"86","mobile":"19900000007","report_status":"SUCCESS","errmsg":"DELIVRD","description":"用户短信送达成功","sid":"5000:1"},
        {"mobile":"19900000008","report_status":"FAIL","errmsg":"UNDELIV","description":"手机关机","sid":"5000:2"},
        {"mobile":"19900000009","report_status":"PERHAPS","sid":"5000:3"}]"#;
    assert_eq!(
        tencent().read_report(tencents.as_bytes()),
        Ok(vec![
            receipt(7, None, "5000:1", Fate::Delivered),
            receipt(8, None, "5000:2", Fate::Failed(Reason::PhoneUnreachable)),
        ])
    );
    for garbage in ["", "null", "\"x\"", "[", "7"] {
        assert_eq!(aliyun().read_report(garbage.as_bytes()), Err(Unreadable));
        assert_eq!(tencent().read_report(garbage.as_bytes()), Err(Unreadable));
    }
}

#[test]
fn replies_as_the_documents_show_them() {
    let aliyuns = r#"[{"phone_number":"19900000007","send_time":"2017-09-01 00:00:00","content":"收到","sign_name":"x","dest_code":"1234","sequence_id":1234567890}]"#;
    let read = aliyun().read_reply(aliyuns.as_bytes()).expect("a list");
    assert_eq!(read, [Reply { phone: phone(7), text: "收到".into(), key: "1234567890".into() }]);
    let as_text = aliyuns.replace("1234567890", "\"1234567890\"");
    assert_eq!(aliyun().read_reply(as_text.as_bytes()).expect("a list"), read);
    let tencents = r#"{"extend":"1","mobile":"19900000007","nationcode":"86","sign":"x","text":"收到","time":1457336869}"#;
    let read = tencent().read_reply(tencents.as_bytes()).expect("one");
    assert_eq!((&read[0].phone, read[0].text.as_str()), (&phone(7), "收到"));
    let later = tencents.replace("1457336869", "1457336870");
    assert_ne!(tencent().read_reply(later.as_bytes()).expect("one")[0].key, read[0].key);
}

#[test]
fn whoever_wants_no_more_is_understood() {
    for yes in ["退订", "TD", "td", " T ", "n", "ＴＤ", "退订。", "回T"] {
        assert!(is_opt_out(yes), "{yes}");
    }
    for no in ["", "收到", "不退订", "THX", "no", "T恤到了吗", "TD了吗"] {
        assert!(!is_opt_out(no), "{no}");
    }
}

#[test]
fn what_is_kept_of_a_code_holds_no_number() {
    assert_eq!(code::shown("isv.BUSINESS_LIMIT_CONTROL"), "isv.BUSINESS_LIMIT_CONTROL");
    for hidden in ["19900000007", "n19900000007", "短信", "a\nb", ""] {
        assert_eq!(code::shown(hidden), "unreadable", "{hidden}");
    }
}

#[test]
fn no_secret_is_shown() {
    assert!(!format!("{:?}", account(ProviderKind::Aliyun)).contains("SECRET"));
}

/// JSON that is like what a provider sends, and not quite.
fn nearly() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("OK".to_owned()),
        Just("Ok".to_owned()),
        Just("SUCCESS".to_owned()),
        Just("19900000007".to_owned()),
        Just(REFERENCE.to_owned()),
        "\\PC{0,12}",
    ];
    let leaf = prop_oneof![
        word.prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<bool>().prop_map(serde_json::Value::from),
        Just(serde_json::Value::Null),
    ];
    let name = prop::sample::select(vec![
        "Code",
        "BizId",
        "Response",
        "SendStatusSet",
        "SerialNo",
        "PhoneNumber",
        "SessionContext",
        "Error",
        "TotalCount",
        "SmsSendDetailDTOs",
        "SmsSendDetailDTO",
        "OutId",
        "PhoneNum",
        "SendStatus",
        "mobile",
        "sid",
        "report_status",
        "phone_number",
        "success",
        "out_id",
        "content",
        "sequence_id",
        "text",
        "time",
        "PullSmsSendStatusSet",
        "ReportStatus",
    ]);
    let value = leaf.prop_recursive(4, 32, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            prop::collection::vec((name.clone(), inner), 0..5).prop_map(|fields| {
                fields.into_iter().map(|(n, v)| (n.to_owned(), v)).collect::<serde_json::Map<_, _>>().into()
            }),
        ]
    });
    value.prop_map(|value| value.to_string())
}

fn read_all(status: u16, body: &[u8]) -> usize {
    let phones = [phone(7), phone(8)];
    let mut read = 0;
    for kind in [ProviderKind::Aliyun, ProviderKind::Tencent] {
        let protocol = protocol(kind);
        let answer = HttpAnswer { status, body: body.to_vec() };
        let reading = protocol.read_submit(&answer, &submission(&phones));
        assert_eq!(reading.parts.len(), phones.len());
        let question = Question { reference: REFERENCE, phone: &phones[0], at: NOW };
        let _ = protocol.read_ask(&answer, &question, NOW.plus(DAY));
        read += protocol.read_report(body).map_or(0, |list| list.len());
        read += protocol.read_reply(body).map_or(0, |list| list.len());
    }
    read
}

proptest! {
    #[test]
    fn no_bytes_panic(status in 0u16..=999, body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read_all(status, &body);
    }

    #[test]
    fn no_json_panics(status in 0u16..=999, body in nearly()) {
        let _ = read_all(status, body.as_bytes());
    }

    #[test]
    fn no_code_panics(code in "\\PC{0,40}") {
        let _ = (aliyun().cause(&code), tencent().cause(&code), code::failure(&code), is_opt_out(&code));
        prop_assert!(code::shown(&code).len() <= 80);
    }
}
