//! Receipts and replies, as both providers post them.

use super::client::{Aliyun, NOW, Tencent, account, ask, config, gateway, phones};
use ::gateway::{Callback, Gateway, Provider, Receipts, Script};
use serde_json::{Value, json};

const MINUTE: i64 = 60_000;

fn json(callback: &Callback) -> Value {
    serde_json::from_slice(&callback.body).expect("as the test made it")
}

#[test]
fn an_aliyun_receipt_is_as_documented() {
    let mut gateway = gateway(Script::honest());
    ask(&mut gateway, NOW, &Aliyun::batch("ref", &phones(1)).request());
    assert!(gateway.due(NOW + 299).is_empty());
    let due = gateway.due(NOW + 300);
    assert_eq!(
        (due.len(), due[0].provider, due[0].path.as_str()),
        (1, Provider::Aliyun, "/hooks/aliyun/hook-secret/report")
    );
    let biz_id = gateway.ledger()[0].id.clone();
    assert_eq!(
        json(&due[0]),
        json!([{
            "phone_number": "19900001000", "send_time": "2026-06-01 08:00:00", "report_time": "2026-06-01 08:00:00",
            "success": true, "err_code": "DELIVERED", "err_msg": "用户接收成功", "sms_size": "1", "biz_id": biz_id, "out_id": "ref",
        }])
    );
}

#[test]
fn a_tencent_receipt_is_as_documented() {
    let mut gateway = gateway(Script::honest());
    ask(&mut gateway, NOW, &Tencent::send(&phones(1), "运动会", "T").request());
    let due = gateway.due(NOW + 300);
    assert_eq!(due[0].path, "/hooks/tencent/hook-secret/report");
    let sid = gateway.ledger()[0].id.clone();
    assert_eq!(
        json(&due[0]),
        json!([{
            "user_receive_time": "2026-06-01 08:00:00", "nationcode": "86", "mobile": "19900001000", "report_status": "SUCCESS",
            "errmsg": "DELIVRD", "description": "用户短信送达成功", "sid": sid,
        }])
    );
}

#[test]
fn replies_come_as_a_list_from_one_and_as_an_object_from_the_other() {
    let mut gateway = gateway(Script::honest());
    ask(
        &mut gateway,
        NOW,
        &Aliyun::batch("ref", &phones(1)).set("SmsUpExtendCodeJson", r#"["07"]"#).request(),
    );
    gateway.reply(NOW + 1, "19900001000", "收到");
    let due = gateway.due(NOW + 2);
    assert_eq!(due[0].path, "/hooks/aliyun/hook-secret/reply");
    let one = json(&due[0])[0].clone();
    assert_eq!(
        (&one["phone_number"], &one["content"], &one["dest_code"]),
        (&json!("19900001000"), &json!("收到"), &json!("1069000007"))
    );
    assert!(one["sequence_id"].is_string());
    // It goes to whoever wrote last.
    let call =
        Tencent { at: NOW + 5000, ..Tencent::send(&phones(1), "运动会", "T") }.set("ExtendCode", json!("12"));
    ask(&mut gateway, NOW + 5000, &call.request());
    gateway.reply(NOW + 5001, "19900001000", "谢谢");
    let due = gateway.due(NOW + 5002);
    let reply = due.iter().find(|c| c.path == "/hooks/tencent/hook-secret/reply").unwrap();
    assert_eq!(
        json(reply),
        json!({ "extend": "12", "mobile": "19900001000", "nationcode": "86", "sign": "麻阳中学", "text": "谢谢", "time": NOW / 1000 + 5 })
    );
}

#[test]
fn what_is_not_acknowledged_comes_again_after_1_5_and_10_minutes() {
    let mut gateway = gateway(Script::honest());
    ask(&mut gateway, NOW, &Aliyun::batch("ref", &phones(1)).request());
    let first = gateway.due(NOW + 300);
    let mut at = NOW + 300;
    for minutes in [1, 5, 10] {
        assert!(gateway.due(at + minutes * MINUTE - 1).is_empty());
        at += minutes * MINUTE;
        assert_eq!(gateway.due(at), first);
    }
    assert_eq!(gateway.next_due(), None);
}

#[test]
fn only_the_documented_answer_acknowledges() {
    for (provider, status, body, counts) in [
        (Provider::Aliyun, 200, r#"{"code":0,"msg":"接收成功"}"#, true),
        (Provider::Aliyun, 200, r#"{"code":"0"}"#, false),
        (Provider::Aliyun, 200, "OK", false),
        (Provider::Aliyun, 200, "", false),
        (Provider::Aliyun, 500, r#"{"code":0}"#, false),
        (Provider::Tencent, 200, r#"{"result":0,"errmsg":"OK"}"#, true),
        (Provider::Tencent, 200, r#"{"result":1,"errmsg":"no"}"#, false),
        (Provider::Tencent, 200, r#"{"code":0}"#, false),
        (Provider::Tencent, 404, r#"{"result":0}"#, false),
    ] {
        let mut gateway = gateway(Script::honest());
        match provider {
            Provider::Aliyun => ask(&mut gateway, NOW, &Aliyun::batch("ref", &phones(1)).request()),
            Provider::Tencent => ask(&mut gateway, NOW, &Tencent::send(&phones(1), "运动会", "T").request()),
        };
        let due = gateway.due(NOW + 300);
        gateway.acknowledged(due[0].id, status, body.as_bytes());
        assert_eq!(gateway.due(NOW + 20 * MINUTE).is_empty(), counts, "{provider:?} {status} {body}");
    }
}

/// Sends 200 SMS on a day with these chances: every receipt that came in two
/// days, as (id and phone, delivered).
fn told(receipts: Receipts) -> (Gateway, Vec<(i64, String, bool)>) {
    let mut gateway = Gateway::new(config(), Script::honest().with_receipts(receipts));
    account(&mut gateway, 0).balance = None;
    for i in 0..2 {
        ask(
            &mut gateway,
            NOW,
            &Aliyun::batch(&format!("r{i}"), &phones(200)[i * 100..(i + 1) * 100]).request(),
        );
    }
    let mut all = Vec::new();
    while let Some(at) = gateway.next_due() {
        for callback in gateway.due(at) {
            for one in json(&callback).as_array().expect("as the test made it") {
                let key = format!(
                    "{} {}",
                    one["biz_id"].as_str().expect("as the test made it"),
                    one["phone_number"].as_str().expect("as the test made it")
                );
                all.push((at, key, one["success"].as_bool().expect("as the test made it")));
            }
            gateway.acknowledged(callback.id, 200, br#"{"code":0}"#);
        }
    }
    (gateway, all)
}

#[test]
fn receipts_are_lost_doubled_late_reversed_and_unknown() {
    let always = 1000;
    let of = |set: fn(&mut Receipts)| {
        let mut receipts = Receipts::default();
        set(&mut receipts);
        told(receipts).1
    };
    assert_eq!(of(|_| {}).len(), 200);
    assert!(of(|r| r.lost = 1000).is_empty());
    assert_eq!(of(|r| r.doubled = 1000).len(), 400);
    assert!(of(|r| r.late = 1000).iter().all(|(at, ..)| *at >= NOW + MINUTE));
    let both = of(|r| r.reversed = 1000);
    assert_eq!(both.iter().filter(|(.., delivered)| *delivered).count(), 200);
    assert_eq!(both.iter().filter(|(.., delivered)| !*delivered).count(), 200);
    assert!(of(|r| r.undelivered = 1000).iter().all(|(.., delivered)| !delivered));
    let (gateway, all) = told(Receipts { unknown: always, ..Receipts::default() });
    let known = |key: &str| gateway.ledger().iter().any(|e| format!("{} {}", e.id, e.phone) == key);
    assert_eq!(all.iter().filter(|(_, key, _)| known(key)).count(), 200);
    assert_eq!(all.iter().filter(|(_, key, _)| !known(key)).count(), 200);
}
