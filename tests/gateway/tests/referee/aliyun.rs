//! Every check on Aliyun's side, each by a request that fails it alone.

use super::client::{Aliyun, NOW, account, ask, code, gateway, phones, sign_aliyun, with};
use gateway::{Fate, Receipts, Script, State};
use serde_json::json;

fn one(nonce: &str) -> Aliyun {
    Aliyun::new(
        "SendSms",
        nonce,
        &[
            ("PhoneNumbers", "19900001000"),
            ("SignName", "麻阳中学"),
            ("TemplateCode", "SMS_1"),
            ("TemplateParam", r#"{"title":"运动会","token":"T"}"#),
            ("OutId", "ref-1"),
        ],
    )
}

#[test]
fn a_batch_is_taken_and_stands_in_the_ledger() {
    let mut gateway = gateway(Script::honest());
    let (status, answer) = ask(&mut gateway, NOW, &Aliyun::batch("n1", &phones(100)).request());
    assert_eq!((status, code(&answer)), (200, "OK"), "{answer}");
    assert_eq!(gateway.ledger().len(), 100);
    let entry = &gateway.ledger()[7];
    assert_eq!(entry.id, answer["BizId"]);
    assert_eq!((entry.phone.as_str(), entry.reference.as_str(), entry.at), ("19900001007", "n1", NOW));
    assert_eq!(entry.text, "【麻阳中学】秋季运动会，请点开查看并确认： https://school.example/m/T7");
    assert_eq!(entry.fate, Fate::Waiting);
}

#[test]
fn many_numbers_of_one_text() {
    let mut gateway = gateway(Script::honest());
    let (_, answer) =
        ask(&mut gateway, NOW, &one("n1").set("PhoneNumbers", &phones(1000).join(",")).request());
    assert_eq!(code(&answer), "OK");
    let (_, answer) =
        ask(&mut gateway, NOW, &one("n2").set("PhoneNumbers", &phones(1001).join(",")).request());
    assert_eq!(code(&answer), "isv.MOBILE_COUNT_OVER_LIMIT");
    assert_eq!(gateway.ledger().len(), 1000);
}

/// The request and the signature that Aliyun's help publishes (V3 request
/// structure and signature): what is refused behind it is not the signature.
#[test]
fn the_published_signature_is_accepted() {
    let mut gateway = gateway(Script::honest());
    account(&mut gateway, 0).id = "YourAccessKeyId".into();
    account(&mut gateway, 0).secret = "YourAccessKeySecret".into();
    let authorization = |signature: &str| {
        format!(
            "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;\
             x-acs-date;x-acs-signature-nonce;x-acs-version,Signature={signature}"
        )
    };
    let request = |signature: &str| gateway::Request {
        method: "POST".into(),
        path: "/?ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai".into(),
        headers: [
            ("Host", "ecs.cn-shanghai.aliyuncs.com"),
            ("x-acs-action", "RunInstances"),
            ("x-acs-content-sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("x-acs-date", "2023-10-26T10:22:32Z"),
            ("x-acs-signature-nonce", "3156853299f313e23d1673dc12e1703d"),
            ("x-acs-version", "2014-05-26"),
            ("Authorization", &authorization(signature)),
        ]
        .map(|(n, v)| (n.to_owned(), v.to_owned()))
        .into(),
        body: Vec::new(),
    };
    let at = 1_698_315_752_000;
    let published = "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0";
    let (_, answer) = ask(&mut gateway, at, &request(published));
    assert_eq!(code(&answer), "InvalidVersion", "{answer}");
    let (status, answer) = ask(&mut gateway, at, &request(&published.replace('0', "1")));
    assert_eq!((status, code(&answer)), (400, "SignatureDoesNotMatch"));
}

#[test]
fn every_flaw_of_a_signature_is_seen() {
    let mut gateway = gateway(Script::honest());
    let mut refused = |request: &gateway::Request, status: u16, expected: &str| {
        let (got, answer) = ask(&mut gateway, NOW, request);
        assert_eq!((got, code(&answer)), (status, expected), "{answer}");
        assert!(gateway.ledger().is_empty());
    };
    let good = one("n").request();
    let date = |at: i64| Aliyun { at, ..one("n") }.request();
    refused(&date(NOW - 901_000), 400, "InvalidTimeStamp.Expired");
    refused(&date(NOW + 901_000), 400, "InvalidTimeStamp.Expired");
    refused(&with(good.clone(), "x-acs-date", Some("2026-06-01 00:00:00")), 400, "InvalidTimeStamp.Format");
    refused(&Aliyun { secret: "another".into(), ..one("n") }.request(), 400, "SignatureDoesNotMatch");
    refused(&with(good.clone(), "x-acs-signature-nonce", Some("m")), 400, "SignatureDoesNotMatch");
    refused(&with(good.clone(), "host", Some("evil.example")), 400, "SignatureDoesNotMatch");
    refused(&with(good.clone(), "x-acs-security-token", Some("t")), 400, "SignatureDoesNotMatch");
    refused(&with(good.clone(), "authorization", None), 400, "IncompleteSignature");
    let mut body = good.clone();
    body.body.push(b'1');
    refused(&body, 400, "SignatureDoesNotMatch");
    // The claimed hash is signed, and is not the body's.
    let mut headers = one("n").request().headers;
    headers.pop();
    headers.retain(|(n, _)| n != "x-acs-content-sha256");
    headers.insert(
        3,
        (
            "x-acs-content-sha256".into(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".into(),
        ),
    );
    refused(
        &sign_aliyun("/", headers.clone(), b"PhoneNumbers=1".to_vec(), "demo-access-key-secret"),
        400,
        "SignatureDoesNotMatch",
    );
    // A public header that is there and not signed.
    let fewer: Vec<(String, String)> = headers.into_iter().filter(|(n, _)| n != "content-type").collect();
    let mut unsigned = sign_aliyun("/", fewer, good.body.clone(), "demo-access-key-secret");
    unsigned.headers.push(("content-type".into(), "application/x-www-form-urlencoded".into()));
    refused(&unsigned, 400, "SignatureDoesNotMatch");
    let other = good.header("authorization").unwrap().replace("demo-access-key-id", "nobody");
    refused(&with(good.clone(), "authorization", Some(&other)), 404, "InvalidAccessKeyId.NotFound");
    refused(&Aliyun { version: "2016-01-01".into(), ..one("a") }.request(), 400, "InvalidVersion");
    refused(&Aliyun { action: "SendCardSms".into(), ..one("b") }.request(), 404, "InvalidAction.NotFound");
}

#[test]
fn a_nonce_is_good_once() {
    let mut gateway = gateway(Script::honest());
    let request = one("n").request();
    assert_eq!(code(&ask(&mut gateway, NOW, &request).1), "OK");
    let (status, answer) = ask(&mut gateway, NOW + 1000, &request);
    assert_eq!((status, code(&answer)), (400, "SignatureNonceUsed"));
    assert_eq!(gateway.ledger().len(), 1);
}

#[test]
fn what_is_sent_is_checked_as_a_whole() {
    let mut gateway = gateway(Script::honest());
    account(&mut gateway, 0)
        .signatures
        .push(gateway::Signature { name: "待审".into(), state: State::Pending });
    let mut nonces = 0;
    let mut refused = |action: &str, name: &str, value: &str, expected: &str| {
        nonces += 1;
        let nonce = format!("n{nonces}");
        let call = if action == "SendSms" { one(&nonce) } else { Aliyun::batch(&nonce, &phones(2)) };
        let (_, answer) = ask(&mut gateway, NOW, &call.set(name, value).request());
        assert_eq!(code(&answer), expected, "{name}={value}: {answer}");
        assert!(gateway.ledger().is_empty(), "{name}={value}");
    };
    for (name, value, expected) in [
        ("PhoneNumbers", "", "MissingPhoneNumbers"),
        ("SignName", "", "MissingSignName"),
        ("TemplateCode", "", "MissingTemplateCode"),
        ("PhoneNumbers", "12345", "isv.MOBILE_NUMBER_ILLEGAL"),
        ("PhoneNumbers", "19900001000,+85291234567", "isv.MOBILE_NUMBER_ILLEGAL"),
        ("SignName", "别的学校", "isv.SMS_SIGNATURE_ILLEGAL"),
        ("SignName", "待审", "isv.SIGN_STATE_ILLEGAL"),
        ("TemplateCode", "SMS_2", "isv.SMS_TEMPLATE_ILLEGAL"),
        ("TemplateParam", "", "isv.TEMPLATE_MISSING_PARAMETERS"),
        ("TemplateParam", "{", "isv.INVALID_JSON_PARAM"),
        ("TemplateParam", "[]", "isv.INVALID_JSON_PARAM"),
        ("TemplateParam", r#"{"title":"a"}"#, "isv.TEMPLATE_MISSING_PARAMETERS"),
        ("TemplateParam", r#"{"title":"","token":"T"}"#, "isv.TEMPLATE_MISSING_PARAMETERS"),
        ("TemplateParam", r#"{"title":5,"token":"T"}"#, "isv.INVALID_JSON_PARAM"),
        ("TemplateParam", r#"{"title":"看 https://x.cn","token":"T"}"#, "isv.PARAM_NOT_SUPPORT_URL"),
        ("TemplateParam", r#"{"title":"看x.cn","token":"T"}"#, "isv.PARAM_NOT_SUPPORT_URL"),
        ("TemplateParam", r#"{"title":"【别校】","token":"T"}"#, "isv.TEMPLATE_PARAMS_ILLEGAL"),
        ("TemplateParam", r#"{"title":"a","token":"T","more":"x"}"#, "isv.TEMPLATE_PARAMS_ILLEGAL"),
        (
            "TemplateParam",
            &json!({ "title": "字".repeat(36), "token": "T" }).to_string(),
            "isv.PARAM_LENGTH_LIMIT",
        ),
        ("OutId", &"x".repeat(256), "isv.INVALID_PARAMETERS"),
        ("SmsUpExtendCode", "12a", "isv.EXTEND_CODE_ERROR"),
    ] {
        refused("SendSms", name, value, expected);
    }
    let many = json!(phones(101)).to_string();
    for (name, value, expected) in [
        ("PhoneNumberJson", r#"["19900001000"]"#, "isv.INVALID_PARAMETERS"),
        ("SignNameJson", r#"["麻阳中学"]"#, "isv.INVALID_PARAMETERS"),
        ("TemplateParamJson", r#"[{"title":"a","token":"T"}]"#, "isv.INVALID_PARAMETERS"),
        ("SmsUpExtendCodeJson", r#"["01"]"#, "isv.INVALID_PARAMETERS"),
        ("PhoneNumberJson", "[]", "isv.INVALID_PARAMETERS"),
        ("PhoneNumberJson", r#"{"0":"19900001000"}"#, "isv.INVALID_JSON_PARAM"),
        ("PhoneNumberJson", r#"[19900001000,19900001001]"#, "isv.INVALID_JSON_PARAM"),
        ("PhoneNumberJson", &many, "isv.MOBILE_COUNT_OVER_LIMIT"),
        ("SignNameJson", r#"["麻阳中学","别的学校"]"#, "isv.SMS_SIGNATURE_ILLEGAL"),
        // One flaw refuses all.
        (
            "TemplateParamJson",
            r#"[{"title":"a","token":"T"},{"title":"a"}]"#,
            "isv.TEMPLATE_MISSING_PARAMETERS",
        ),
        ("PhoneNumberJson", r#"["19900001000","1990000100"]"#, "isv.MOBILE_NUMBER_ILLEGAL"),
    ] {
        refused("SendBatchSms", name, value, expected);
    }
}

#[test]
fn what_the_school_cannot_mend_in_the_text() {
    let mut gateway = gateway(Script::honest());
    gateway.config_mut().refused_words = vec!["贷款".into()];
    let say = r#"{"title":"贷款讲座","token":"T"}"#;
    assert_eq!(
        code(&ask(&mut gateway, NOW, &one("a").set("TemplateParam", say).request()).1),
        "isv.SMS_CONTENT_ILLEGAL"
    );
    account(&mut gateway, 0).balance = Some(1);
    assert_eq!(code(&ask(&mut gateway, NOW, &one("b").request()).1), "OK");
    assert_eq!(code(&ask(&mut gateway, NOW, &one("c").request()).1), "isv.AMOUNT_NOT_ENOUGH");
    account(&mut gateway, 0).templates[0].state = State::Refused;
    assert_eq!(code(&ask(&mut gateway, NOW, &one("d").request()).1), "isv.SMS_TEMPLATE_ILLEGAL");
    assert_eq!(gateway.ledger().len(), 1);
}

#[test]
fn an_extension_belongs_to_one_signature() {
    let mut gateway = gateway(Script::honest());
    account(&mut gateway, 0)
        .signatures
        .push(gateway::Signature { name: "第二中学".into(), state: State::Approved });
    assert_eq!(code(&ask(&mut gateway, NOW, &one("a").set("SmsUpExtendCode", "07").request()).1), "OK");
    let other = one("b").set("SignName", "第二中学").set("SmsUpExtendCode", "07");
    assert_eq!(code(&ask(&mut gateway, NOW, &other.request()).1), "isv.EXTEND_CODE_ERROR");
    // Nor do two of one call share one.
    let both = Aliyun::batch("c", &phones(2))
        .set("SignNameJson", r#"["麻阳中学","第二中学"]"#)
        .set("SmsUpExtendCodeJson", r#"["08","08"]"#);
    assert_eq!(code(&ask(&mut gateway, NOW, &both.request()).1), "isv.EXTEND_CODE_ERROR");
}

#[test]
fn records_may_be_late() {
    let late = Receipts { visible_after_ms: 8_000, ..Receipts::default() };
    let mut gateway = gateway(Script::honest().with_receipts(late));
    ask(&mut gateway, NOW, &one("n").request());
    let mut found = |nonce: &str, at: i64| {
        let call = Aliyun::new(
            "QuerySendDetails",
            nonce,
            &[
                ("PhoneNumber", "19900001000"),
                ("SendDate", "20260601"),
                ("PageSize", "50"),
                ("CurrentPage", "1"),
            ],
        );
        ask(&mut gateway, at, &Aliyun { at, ..call }.request()).1["TotalCount"].clone()
    };
    assert_eq!([found("a", NOW + 7_999), found("b", NOW + 8_000)], [json!(0), json!(1)]);
}

#[test]
fn fifty_in_24_hours_and_no_more() {
    let mut gateway = gateway(Script::honest());
    gateway.config_mut().limits.aliyun_number_day = 3;
    for i in 0..3 {
        assert_eq!(code(&ask(&mut gateway, NOW + i, &one(&format!("n{i}")).request()).1), "OK");
    }
    assert_eq!(code(&ask(&mut gateway, NOW + 3, &one("n3").request()).1), "isv.BUSINESS_LIMIT_CONTROL");
    // In a batch it is taken, and its receipt says so.
    let (_, answer) = ask(&mut gateway, NOW + 4, &Aliyun::batch("n4", &phones(2)).request());
    assert_eq!(code(&answer), "OK");
    gateway.due(NOW + 10_000);
    let fates: Vec<bool> =
        gateway.ledger()[3..].iter().map(|e| matches!(e.fate, Fate::Delivered { .. })).collect();
    assert_eq!(fates, [false, true]);
    let later = NOW + 24 * 3_600_000 + 10;
    let again = Aliyun { at: later, ..one("n5") };
    assert_eq!(code(&ask(&mut gateway, later, &again.request()).1), "OK");
}

#[test]
fn calls_beyond_the_rate_are_throttled() {
    let mut gateway = gateway(Script::honest());
    gateway.config_mut().limits.aliyun_calls = 2;
    let codes: Vec<String> = (0..3)
        .map(|i| code(&ask(&mut gateway, NOW, &one(&format!("n{i}")).request()).1).to_owned())
        .collect();
    assert_eq!(codes, ["OK", "OK", "Throttling.User"]);
    assert_eq!(code(&ask(&mut gateway, NOW + 1000, &one("n4").request()).1), "OK");
}

#[test]
fn a_question_is_answered_by_page_and_day() {
    let mut gateway = gateway(Script::honest());
    for i in 0..3 {
        ask(&mut gateway, NOW, &one(&format!("n{i}")).request());
    }
    let biz_id = gateway.ledger()[1].id.clone();
    let query = |nonce: &str| {
        Aliyun::new(
            "QuerySendDetails",
            nonce,
            &[
                ("PhoneNumber", "19900001000"),
                ("SendDate", "20260601"),
                ("PageSize", "2"),
                ("CurrentPage", "1"),
            ],
        )
    };
    let (_, answer) = ask(&mut gateway, NOW + 1, &query("q1").request());
    assert_eq!(answer["TotalCount"], 3);
    let details = |answer: &serde_json::Value| {
        answer["SmsSendDetailDTOs"]["SmsSendDetailDTO"].as_array().unwrap().clone()
    };
    assert_eq!(details(&answer).len(), 2);
    assert_eq!(details(&answer)[0]["SendStatus"], 1);
    assert_eq!(details(&answer)[0]["OutId"], "ref-1");
    let (_, answer) = ask(&mut gateway, NOW + 1000, &query("q2").set("BizId", &biz_id).request());
    assert_eq!((details(&answer).len(), &details(&answer)[0]["SendStatus"]), (1, &json!(3)));
    assert_eq!(details(&answer)[0]["ErrCode"], "DELIVERED");
    let (_, answer) = ask(&mut gateway, NOW + 1000, &query("q3").set("SendDate", "20260531").request());
    assert_eq!((&answer["TotalCount"], details(&answer).len()), (&json!(0), 0));
    for (i, (name, value)) in [
        ("PageSize", "51"),
        ("PageSize", "0"),
        ("CurrentPage", "0"),
        ("SendDate", "20260430"),
        ("SendDate", "20260602"),
        ("SendDate", "2026-6-1"),
        ("PhoneNumber", "1"),
    ]
    .into_iter()
    .enumerate()
    {
        let (_, answer) = ask(&mut gateway, NOW, &query(&format!("w{i}")).set(name, value).request());
        assert_eq!(code(&answer), "isv.INVALID_PARAMETERS", "{name}={value}");
    }
}
