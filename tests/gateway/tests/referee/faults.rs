//! Each fault of the script, and that none of them makes the ledger lie.

use super::client::{Aliyun, NOW, Tencent, ask, code, config, gateway, phones};
use ::gateway::{Fate, Fault, Gateway, Number, Reply, Script};
use proptest::prelude::*;
use serde_json::Value;

/// A batch of two under one fault: what came back, after how long, and how many were taken.
fn under(fault: Fault) -> (i64, Reply, usize, Gateway) {
    let mut gateway = gateway(Script::honest());
    gateway.script_mut().next_submits(&[fault]);
    let (delay, reply) = gateway.handle(NOW, &Aliyun::batch("n", &phones(2)).request());
    let taken = gateway.ledger().len();
    (delay, reply, taken, gateway)
}

#[test]
fn nothing_is_taken_where_the_call_never_arrives() {
    for fault in [Fault::DropBefore, Fault::HeldAbsent, Fault::TooMany, Fault::Unavailable { status: 503 }] {
        let (_, reply, taken, mut gateway) = under(fault);
        assert_eq!(taken, 0, "{fault:?}");
        match fault {
            Fault::DropBefore => assert_eq!(reply, Reply::Dropped),
            Fault::HeldAbsent => assert_eq!(reply, Reply::Held),
            Fault::TooMany => assert!(matches!(reply, Reply::Answer { status: 429, .. })),
            _ => assert!(matches!(reply, Reply::Answer { status: 503, .. })),
        }
        // The same request may be sent again, its nonce is unused.
        assert_eq!(code(&ask(&mut gateway, NOW + 1, &Aliyun::batch("n", &phones(2)).request()).1), "OK");
    }
}

#[test]
fn all_is_taken_where_only_the_answer_is_lost() {
    for fault in [Fault::DropAfter, Fault::HeldTaken, Fault::Truncated, Fault::Garbage, Fault::WrongCount] {
        let (_, reply, taken, _) = under(fault);
        assert_eq!(taken, 2, "{fault:?}");
        match (fault, reply) {
            (Fault::DropAfter, reply) => assert_eq!(reply, Reply::Dropped),
            (Fault::HeldTaken, reply) => assert_eq!(reply, Reply::Held),
            (Fault::WrongCount, Reply::Answer { body, .. }) => {
                let answer: Value = serde_json::from_slice(&body).unwrap();
                assert_eq!((code(&answer), answer.get("BizId")), ("OK", None));
            }
            (_, Reply::Answer { body, .. }) => {
                let whole: Result<Value, _> = serde_json::from_slice(&body);
                assert!(whole.is_err() || whole.is_ok_and(|a| a["Code"] != "OK"), "{fault:?}");
            }
            (_, other) => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_slow_answer_is_true_and_late() {
    let (delay, reply, taken, _) = under(Fault::Slow { ms: 9_000 });
    assert_eq!((delay, taken), (9_000, 2));
    assert!(matches!(reply, Reply::Answer { status: 200, .. }));
}

#[test]
fn a_held_call_is_worked_on_when_nobody_waits_any_more() {
    let (_, reply, taken, mut gateway) = under(Fault::HeldTakenLate { ms: 20_000 });
    assert_eq!((reply, taken), (Reply::Held, 0));
    gateway.due(NOW + 19_999);
    assert!(gateway.ledger().is_empty());
    assert_eq!(gateway.next_due(), Some(NOW + 20_000));
    gateway.due(NOW + 60_000);
    assert_eq!(gateway.ledger().len(), 2);
    assert_eq!(gateway.ledger()[0].at, NOW + 20_000);
}

#[test]
fn a_status_set_that_is_short_long_or_empty() {
    let mut lengths: Vec<usize> = (0..30)
        .map(|seed| {
            let mut gateway = Gateway::new(config(), Script::seeded(seed));
            gateway.script_mut().next_submits(&[Fault::WrongCount]);
            let (_, answer) = ask(&mut gateway, NOW, &Tencent::send(&phones(3), "运动会", "T").request());
            assert_eq!(gateway.ledger().len(), 3);
            answer["Response"]["SendStatusSet"].as_array().unwrap().len()
        })
        .collect();
    lengths.sort_unstable();
    lengths.dedup();
    assert_eq!(lengths, [0, 2, 4]);
}

#[test]
fn a_storm_lasts_and_ends() {
    let mut gateway = gateway(Script::honest());
    gateway.script_mut().storm(NOW + 300_000, Fault::TooMany);
    let mut send = |at: i64| {
        ask(&mut gateway, at, &Aliyun { at, ..Aliyun::batch(&at.to_string(), &phones(1)) }.request()).0
    };
    assert_eq!(
        [send(NOW), send(NOW + 299_999), send(NOW + 300_000), send(NOW + 300_001)],
        [429, 429, 200, 200]
    );
}

#[test]
fn a_number_does_what_it_is_told() {
    let mut script = Script::honest();
    for (ending, does) in [
        ("001", Number::Refused),
        ("002", Number::Undelivered),
        ("003", Number::NoReceipt),
        ("004", Number::Late { ms: 120_000 }),
        ("005", Number::HeldTaken),
        ("006", Number::HeldAbsentOnce),
    ] {
        script = script.with_number(ending, does);
    }
    let mut gateway = gateway(script);
    let mut send = |nonce: &str, end: &str| {
        gateway.handle(NOW, &Aliyun::batch(nonce, &[format!("19900002{end}")]).request()).1
    };
    assert!(matches!(send("1", "001"), Reply::Answer { .. }));
    send("2", "002");
    send("3", "003");
    send("4", "004");
    assert_eq!(send("5", "005"), Reply::Held);
    assert_eq!(send("6", "006"), Reply::Held);
    gateway.due(NOW + 60_000);
    let fates: Vec<(&str, bool, bool)> = gateway
        .ledger()
        .iter()
        .map(|e| (&e.phone[8..], e.fate == Fate::Waiting, matches!(e.fate, Fate::Undelivered { .. })))
        .collect();
    assert_eq!(
        fates,
        [("002", false, true), ("003", true, false), ("004", true, false), ("005", false, false)]
    );
    let again = Aliyun::batch("7", &["19900002006".into()]).request();
    assert_eq!(code(&ask(&mut gateway, NOW, &again).1), "OK");
}

/// What a caller may believe after a call, given what came back.
#[derive(Debug)]
struct Sent {
    phones: Vec<String>,
    believed: Option<Vec<bool>>,
}

fn believe(reply: &Reply, phones: &[String]) -> Option<Vec<bool>> {
    let Reply::Answer { status, body } = reply else { return None };
    if *status == 429 || *status >= 500 {
        return Some(vec![false; phones.len()]);
    }
    let answer: Value = serde_json::from_slice(body).ok()?;
    if let Some(set) = answer.pointer("/Response/SendStatusSet").and_then(Value::as_array) {
        return (set.len() == phones.len()).then(|| set.iter().map(|s| s["Code"] == "Ok").collect());
    }
    match answer["Code"].as_str()? {
        "OK" => answer["BizId"].is_string().then(|| vec![true; phones.len()]),
        _ => Some(vec![false; phones.len()]),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever goes wrong: an SMS that was confirmed stands in the ledger
    /// once, one that was refused does not, a call's SMS are taken together,
    /// what is told of later was taken, and the questions know the same.
    #[test]
    fn taken_if_and_only_if_in_the_ledger(seed in 0_u64..10_000, sizes in prop::collection::vec((1_usize..20, any::<bool>()), 1..30)) {
        let mut gateway = Gateway::new(config(), Script::seeded(seed));
        let mut sent: Vec<Sent> = Vec::new();
        let mut next = 0;
        for (i, (size, aliyun)) in sizes.iter().enumerate() {
            let at = NOW + i as i64 * 1_500;
            let phones: Vec<String> = (next..next + size).map(|n| format!("199{n:08}")).collect();
            next += size;
            let request = if *aliyun {
                Aliyun { at, ..Aliyun::batch(&format!("c{i}"), &phones) }.request()
            } else {
                Tencent { at, ..Tencent::send(&phones, "运动会", &format!("c{i}")) }.request()
            };
            let before = gateway.ledger().len();
            let (delay, reply) = gateway.handle(at, &request);
            prop_assert!(delay >= 0);
            let mine = gateway.ledger()[before..].iter().filter(|e| e.reference == format!("c{i}")).count();
            prop_assert!(mine == 0 || mine == *size, "{mine} of {size}");
            sent.push(Sent { believed: believe(&reply, &phones), phones });
        }
        let end = NOW + 48 * 3_600_000;
        let mut told: Vec<Value> = Vec::new();
        while let Some(at) = gateway.next_due().filter(|at| *at < end) {
            for callback in gateway.due(at) {
                let all: Vec<Value> = serde_json::from_slice(&callback.body).unwrap();
                told.extend(all);
                gateway.acknowledged(callback.id, 200, br#"{"code":0,"result":0}"#);
            }
        }
        let count = |phone: &str| gateway.ledger().iter().filter(|e| e.phone == phone).count();
        for (i, Sent { phones, believed }) in sent.iter().enumerate() {
            for (j, phone) in phones.iter().enumerate() {
                prop_assert!(count(phone) <= 1);
                if let Some(believed) = believed {
                    prop_assert_eq!(count(phone), usize::from(believed[j]), "call {} phone {}", i, phone);
                }
            }
        }
        // A receipt that names an SMS of ours names one that was taken; the others name none.
        for receipt in &told {
            let id = receipt["biz_id"].as_str().or(receipt["sid"].as_str()).unwrap();
            let phone = receipt["phone_number"].as_str().or(receipt["mobile"].as_str()).unwrap();
            let known = gateway.ledger().iter().filter(|e| e.id == id && e.phone == phone).count();
            let stranger = gateway.ledger().iter().any(|e| format!("{}9", e.id) == id && e.phone == phone);
            prop_assert!(known == 1 || stranger, "{id} {phone}");
        }
        // The questions tell the ledger.
        *gateway.script_mut() = Script::honest();
        let at = NOW + 3_600_000;
        for (i, Sent { phones, .. }) in sent.iter().enumerate().filter(|(i, _)| sizes[*i].1) {
            let params = [("PhoneNumber", phones[0].as_str()), ("SendDate", "20260601"), ("PageSize", "50"), ("CurrentPage", "1")];
            let call = Aliyun { at, ..Aliyun::new("QuerySendDetails", &format!("q{i}"), &params) };
            let (_, answer) = ask(&mut gateway, at, &call.request());
            let taken = gateway.ledger().iter().filter(|e| e.phone == phones[0]).count();
            prop_assert_eq!(&answer["TotalCount"], taken);
        }
    }
}

#[test]
fn one_that_was_killed_goes_on_with_what_it_had_taken() {
    let script = Script::seeded(11);
    let mut first = Gateway::new(config(), script.clone());
    first.script_mut().next_submits(&[Fault::DropAfter]);
    first.handle(NOW, &Aliyun::batch("n", &phones(50)).request());
    let taken = first.ledger().to_vec();
    first.due(NOW + 48 * 3_600_000);
    let mut second = Gateway::new(config(), script);
    second.restore(taken);
    second.due(NOW + 48 * 3_600_000);
    assert_eq!(second.ledger(), first.ledger());
    *second.script_mut() = Script::honest();
    let (_, answer) = ask(&mut second, NOW + 1, &Aliyun::batch("m", &phones(1)).request());
    assert_eq!(code(&answer), "OK");
    assert!(second.ledger()[..50].iter().all(|e| e.id != second.ledger()[50].id));
}
