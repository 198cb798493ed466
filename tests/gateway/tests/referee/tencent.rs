//! Every check on Tencent's side, each by a request that fails it alone.

use super::client::{NOW, Tencent, account, ask, code, gateway, phones, with};
use gateway::{Fate, Script, State};
use serde_json::{Value, json};

fn one() -> Tencent {
    Tencent::send(&["+8619900001000".into()], "运动会", "T")
}

fn codes(answer: &Value) -> Vec<String> {
    let set = answer["Response"]["SendStatusSet"].as_array().cloned().unwrap_or_default();
    set.iter().map(|s| s["Code"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_call_is_taken_number_by_number() {
    let mut gateway = gateway(Script::honest());
    let numbers =
        ["+8619900001000", "008619900001001", "8619900001002", "19900001003", "199"].map(str::to_owned);
    let (status, answer) = ask(&mut gateway, NOW, &Tencent::send(&numbers, "运动会", "T").request());
    assert_eq!(status, 200);
    assert_eq!(codes(&answer), ["Ok", "Ok", "Ok", "Ok", "InvalidParameterValue.IncorrectPhoneNumber"]);
    let set = &answer["Response"]["SendStatusSet"];
    assert_eq!(gateway.ledger().len(), 4);
    for (i, entry) in gateway.ledger().iter().enumerate() {
        assert_eq!(set[i]["SerialNo"], entry.id);
        assert_eq!(set[i]["PhoneNumber"], format!("+86{}", entry.phone));
        assert_eq!((entry.reference.as_str(), entry.at), ("T", NOW));
        assert_eq!(entry.text, "【麻阳中学】运动会，请点开查看并确认： https://school.example/m/T");
    }
    assert_eq!((&set[4]["SerialNo"], &set[4]["Fee"]), (&json!(""), &json!(0)));
}

#[test]
fn every_flaw_of_a_signature_is_seen() {
    let mut gateway = gateway(Script::honest());
    let mut refused = |request: &gateway::Request, expected: &str| {
        let (status, answer) = ask(&mut gateway, NOW, request);
        assert_eq!((status, code(&answer)), (200, expected), "{answer}");
        assert!(answer["Response"]["RequestId"].is_string());
        assert!(gateway.ledger().is_empty());
    };
    let good = one().request();
    refused(&Tencent { at: NOW - 301_000, ..one() }.request(), "AuthFailure.SignatureExpire");
    refused(&Tencent { at: NOW + 301_000, ..one() }.request(), "AuthFailure.SignatureExpire");
    refused(&Tencent { secret: "another".into(), ..one() }.request(), "AuthFailure.SignatureFailure");
    refused(&Tencent { id: "nobody".into(), ..one() }.request(), "AuthFailure.SecretIdNotFound");
    refused(&Tencent { service: "cvm".into(), ..one() }.request(), "AuthFailure.SignatureFailure");
    refused(&with(good.clone(), "host", Some("evil.example")), "AuthFailure.SignatureFailure");
    refused(
        &with(good.clone(), "content-type", Some("application/json; charset=utf-8")),
        "AuthFailure.SignatureFailure",
    );
    refused(&with(good.clone(), "content-type", Some("text/plain")), "InvalidRequest");
    refused(
        &with(good.clone(), "x-tc-timestamp", Some(&(NOW / 1000 + 1).to_string())),
        "AuthFailure.SignatureFailure",
    );
    refused(&with(good.clone(), "x-tc-timestamp", None), "MissingParameter");
    refused(&with(good.clone(), "authorization", None), "MissingParameter");
    refused(&with(good.clone(), "x-tc-region", None), "MissingParameter");
    refused(
        &with(good.clone(), "authorization", Some("TC3-HMAC-SHA256 Credential=a")),
        "AuthFailure.InvalidAuthorization",
    );
    refused(&Tencent { signed: &["host"], ..one() }.request(), "AuthFailure.SignatureFailure");
    refused(&Tencent { signed: &["content-type"], ..one() }.request(), "AuthFailure.SignatureFailure");
    refused(
        &Tencent { signed: &["host", "content-type"], ..one() }.request(),
        "AuthFailure.SignatureFailure",
    );
    let signed = good.header("authorization").unwrap();
    refused(
        &with(good.clone(), "authorization", Some(&signed.replace("content-type;host", "host"))),
        "AuthFailure.SignatureFailure",
    );
    refused(
        &with(good.clone(), "authorization", Some(&signed.replace("content-type;host", "host;content-type"))),
        "AuthFailure.SignatureFailure",
    );
    let mut body = good.clone();
    body.body.push(b' ');
    refused(&body, "AuthFailure.SignatureFailure");
    refused(&Tencent { version: "2019-07-11".into(), ..one() }.request(), "NoSuchVersion");
    refused(&Tencent { action: "SendFax".into(), ..one() }.request(), "InvalidAction");
}

#[test]
fn a_call_that_is_wrong_as_a_whole_is_an_error() {
    let mut gateway = gateway(Script::honest());
    for (name, value, expected) in [
        ("PhoneNumberSet", Value::Null, "MissingParameter"),
        ("PhoneNumberSet", json!([]), "MissingParameter"),
        ("PhoneNumberSet", json!("19900001000"), "InvalidParameter"),
        ("PhoneNumberSet", json!([19_900_001_000_i64]), "InvalidParameter"),
        ("PhoneNumberSet", json!(phones(201)), "LimitExceeded.PhoneNumberCountLimit"),
        (
            "PhoneNumberSet",
            json!(["+8619900001000", "+85291234567"]),
            "UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber",
        ),
        ("SmsSdkAppId", json!("1400000000"), "UnauthorizedOperation.SmsSdkAppIdVerifyFail"),
        ("SmsSdkAppId", Value::Null, "MissingParameter"),
        ("TemplateId", Value::Null, "MissingParameter"),
        ("TemplateId", json!(1001), "InvalidParameter"),
        ("TemplateParamSet", json!(["a", 5]), "InvalidParameter"),
        ("SessionContext", json!("x".repeat(512)), "InvalidParameter.InvalidParameters"),
        ("OutId", json!("x"), "UnknownParameter"),
    ] {
        let (_, answer) = ask(&mut gateway, NOW, &one().set(name, value.clone()).request());
        assert_eq!(answer["Response"]["Error"]["Code"], expected, "{name}={value}: {answer}");
    }
    assert!(gateway.ledger().is_empty());
}

#[test]
fn what_is_wrong_with_the_sms_is_said_beside_each_number() {
    let mut gateway = gateway(Script::honest());
    account(&mut gateway, 1)
        .signatures
        .push(gateway::Signature { name: "待审".into(), state: State::Pending });
    gateway.config_mut().refused_words = vec!["贷款".into()];
    for (name, value, expected) in [
        ("SignName", json!("别的学校"), "FailedOperation.SignatureIncorrectOrUnapproved"),
        ("SignName", json!("待审"), "FailedOperation.SignatureIncorrectOrUnapproved"),
        ("SignName", Value::Null, "FailedOperation.SignatureIncorrectOrUnapproved"),
        ("TemplateId", json!("1002"), "FailedOperation.TemplateIncorrectOrUnapproved"),
        ("TemplateParamSet", json!(["a"]), "FailedOperation.TemplateParamSetNotMatchApprovedTemplate"),
        (
            "TemplateParamSet",
            json!(["a", "b", "c"]),
            "FailedOperation.TemplateParamSetNotMatchApprovedTemplate",
        ),
        (
            "TemplateParamSet",
            json!(["字".repeat(36), "b"]),
            "InvalidParameterValue.TemplateParameterLengthLimit",
        ),
        (
            "TemplateParamSet",
            json!(["看x.cn", "b"]),
            "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter",
        ),
        ("TemplateParamSet", json!(["【别校】", "b"]), "FailedOperation.TemplateIncorrectOrUnapproved"),
        ("TemplateParamSet", json!(["贷款", "b"]), "FailedOperation.ContainSensitiveWord"),
        (
            "PhoneNumberSet",
            json!(["+85291234567"]),
            "UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone",
        ),
    ] {
        let (_, answer) = ask(&mut gateway, NOW, &one().set(name, value.clone()).request());
        assert_eq!(codes(&answer), [expected], "{name}={value}");
    }
    account(&mut gateway, 1).templates[0].longest = 600;
    let long = one().set("TemplateParamSet", json!(["字".repeat(500), "b"]));
    assert_eq!(
        codes(&ask(&mut gateway, NOW, &long.request()).1),
        ["InvalidParameterValue.ContentLengthLimit"]
    );
    assert!(gateway.ledger().is_empty());
}

#[test]
fn limits_of_one_number() {
    let mut gateway = gateway(Script::honest());
    let send = |gateway: &mut gateway::Gateway, at: i64, token: &str| {
        let call = Tencent { at, ..Tencent::send(&["19900001000".into()], "运动会", token) };
        codes(&ask(gateway, at, &call.request()).1).remove(0)
    };
    assert_eq!(send(&mut gateway, NOW, "T0"), "Ok");
    assert_eq!(send(&mut gateway, NOW + 29_999, "T0"), "LimitExceeded.PhoneNumberThirtySecondLimit");
    assert_eq!(send(&mut gateway, NOW + 30_000, "T0"), "Ok");
    for i in 1..9 {
        assert_eq!(send(&mut gateway, NOW + 40_000, &format!("T{i}")), "Ok");
    }
    assert_eq!(send(&mut gateway, NOW + 50_000, "T9"), "LimitExceeded.PhoneNumberDailyLimit");
    // It is a day of the calendar: midnight in Beijing begins another.
    let midnight = NOW + 16 * 3_600_000;
    assert_eq!(send(&mut gateway, midnight - 1000, "T9"), "LimitExceeded.PhoneNumberDailyLimit");
    assert_eq!(send(&mut gateway, midnight, "T9"), "Ok");
}

#[test]
fn balance_and_opting_out() {
    let mut gateway = gateway(Script::honest());
    account(&mut gateway, 1).balance = Some(1);
    let two = Tencent::send(&phones(2), "运动会", "T");
    assert_eq!(
        codes(&ask(&mut gateway, NOW, &two.request()).1),
        ["Ok", "FailedOperation.InsufficientBalanceInSmsPackage"]
    );
    account(&mut gateway, 1).balance = None;
    assert!(gateway.reply(NOW, "19900001000", "退订"));
    assert!(!gateway.reply(NOW, "19900009999", "退订"));
    let again = Tencent::send(&phones(1), "运动会", "T2");
    assert_eq!(
        codes(&ask(&mut gateway, NOW, &again.request()).1),
        ["FailedOperation.PhoneNumberInBlacklist"]
    );
    assert_eq!(gateway.ledger().len(), 1);
}

#[test]
fn a_question_tells_only_what_a_carrier_said() {
    let mut gateway = gateway(Script::honest());
    ask(&mut gateway, NOW, &one().request());
    let pull = || {
        Tencent::new(
            "PullSmsSendStatusByPhoneNumber",
            json!({ "BeginTime": NOW / 1000 - 60, "Offset": 0, "Limit": 100, "PhoneNumber": "+8619900001000", "SmsSdkAppId": "1400006666" }),
        )
    };
    let set = |answer: &Value| answer["Response"]["PullSmsSendStatusSet"].as_array().unwrap().clone();
    assert!(set(&ask(&mut gateway, NOW + 1, &pull().request()).1).is_empty());
    let told = set(&ask(&mut gateway, NOW + 1000, &pull().request()).1);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["SerialNo"], gateway.ledger()[0].id);
    assert_eq!((&told[0]["ReportStatus"], &told[0]["Description"]), (&json!("SUCCESS"), &json!("DELIVRD")));
    assert_eq!(gateway.ledger()[0].fate, Fate::Delivered { at: NOW + 300 });
    for (name, value, expected) in [
        ("BeginTime", json!(NOW / 1000 - 8 * 86_400), "InvalidParameterValue.BeginTimeVerifyFail"),
        ("EndTime", json!(NOW / 1000 - 61), "InvalidParameterValue.InvalidStartTime"),
        ("Offset", json!(1), "InvalidParameterValue.OffsetVerifyFail"),
        ("Limit", json!(101), "InvalidParameterValue.LimitVerifyFail"),
        ("Limit", json!("100"), "InvalidParameter"),
        ("PhoneNumber", json!("19900001000"), "InvalidParameterValue.IncorrectPhoneNumber"),
        ("SmsSdkAppId", json!("1"), "UnauthorizedOperation.SmsSdkAppIdVerifyFail"),
    ] {
        let (_, answer) = ask(&mut gateway, NOW, &pull().set(name, value.clone()).request());
        assert_eq!(code(&answer), expected, "{name}={value}");
    }
    gateway.config_mut().limits.tencent_questions = 1;
    assert_eq!(code(&ask(&mut gateway, NOW + 5000, &pull().request()).1), "none");
    assert_eq!(code(&ask(&mut gateway, NOW + 5000, &pull().request()).1), "RequestLimitExceeded");
}
