//! SMS over both providers' own protocols, against the stand-in that checks them: what arrives, and what the school
//! knows, under each fault that a network has.

use std::collections::BTreeMap;

use api_tests::App;
use domain::delivery::{DeliveryList, Funnel, Reason};
use domain::ids::MessageId;
use domain::provider::ProviderKind;
use domain::time::{HOUR, MINUTE};
use gateway::{Fault, Number, Receipts, Script};

const BOTH: [ProviderKind; 2] = [ProviderKind::Aliyun, ProviderKind::Tencent];

/// SMS that the provider took, by number.
fn taken(app: &App) -> BTreeMap<String, usize> {
    app.gateway(|gateway| {
        let mut taken = BTreeMap::new();
        for entry in gateway.ledger() {
            *taken.entry(entry.phone.clone()).or_default() += 1;
        }
        taken
    })
}

/// Goes on by so many milliseconds, and fires cron a few times then.
fn later(app: &mut App, ms: i64) {
    app.forward(app.clock_offset() + ms);
    for _ in 0..3 {
        app.cron();
    }
}

/// Goes on in steps until all is known, for a day at most.
fn to_its_end(app: &mut App, id: MessageId) -> Funnel {
    for minutes in [1, 1, 2, 4, 5, 5, 10, 15, 30, 60, 120, 240, 480] {
        let funnel = app.office_director().funnel(id);
        if funnel.waiting + funnel.accepted + funnel.unknown == 0 {
            return funnel;
        }
        later(app, minutes * MINUTE);
    }
    app.office_director().funnel(id)
}

fn count(app: &App, sql: &str) -> i64 {
    app.db().query_row(sql, [], |row| row.get(0)).expect("a count")
}

/// A notice to one class under these faults of the first calls.
fn notice(kind: ProviderKind, faults: &[Fault]) -> (App, MessageId) {
    let mut script = Script::honest();
    script.next_submits(faults);
    let app = App::with_provider(kind, script);
    let (_, id) = app.class_notice();
    (app, id)
}

#[test]
fn an_approved_message_goes_out_over_either_provider() {
    for kind in BOTH {
        let (mut app, id) = notice(kind, &[]);
        let funnel = to_its_end(&mut app, id);
        assert!(funnel.phones > 25 && funnel.delivered == funnel.phones, "{kind:?} {funnel:?}");
        let taken = taken(&app);
        assert_eq!(taken.len() as u32, funnel.phones);
        assert!(taken.values().all(|n| *n == 1), "{kind:?}: one SMS for each phone");
        app.gateway(|gateway| {
            for entry in gateway.ledger() {
                assert!(entry.text.starts_with("【示范中学】秋季运动会安排"), "{}", entry.text);
                assert!(entry.text.contains("http://127.0.0.1:1/m/"), "{}", entry.text);
            }
        });
        // The link in it opens the page.
        let link = app.gateway(|gateway| api_tests::link_in(&gateway.ledger()[0].text));
        assert_eq!(app.anybody().get(&link).status, 200);
        let log = app.log();
        for entry in taken.keys() {
            assert!(!log.contains(entry.as_str()), "a number in the log");
        }
        assert!(!log.contains("demo-access-key-secret") && !log.contains(&app.hook_secret()));
    }
}

/// Faults 2, 4 and 7: no answer, a broken one, or one that is none, although all was taken.
#[test]
fn what_was_taken_without_an_answer_is_found_out_and_not_sent_again() {
    for kind in BOTH {
        for fault in [Fault::HeldTaken, Fault::DropAfter, Fault::Truncated, Fault::Garbage, Fault::WrongCount]
        {
            // No receipt is heard, so that only asking tells.
            let receipts = Receipts { lost: 1_000, ..Receipts::default() };
            let mut script = Script::honest().with_receipts(receipts);
            script.next_submits(&[fault]);
            let mut app = App::with_provider(kind, script);
            let (_, id) = app.class_notice();
            let first = app.office_director().funnel(id);
            assert!(first.unknown > 0, "{kind:?} {fault:?}: unknown, not guessed: {first:?}");
            let funnel = to_its_end(&mut app, id);
            assert_eq!((funnel.unknown, funnel.failed), (0, 0), "{kind:?} {fault:?} {funnel:?}");
            assert!(
                funnel.delivered >= first.unknown,
                "{kind:?} {fault:?}: asked, it says what became of them"
            );
            assert!(taken(&app).values().all(|n| *n == 1), "{kind:?} {fault:?}: nobody twice");
        }
    }
}

/// Fault 5: Aliyun proves that it has nothing, and it is sent once.
#[test]
fn what_was_not_taken_is_sent_once_its_absence_is_proven() {
    for fault in [Fault::HeldAbsent, Fault::DropBefore, Fault::Unavailable { status: 503 }] {
        let (mut app, id) = notice(ProviderKind::Aliyun, &[fault]);
        let first = app.office_director().funnel(id);
        assert_eq!(first.unknown, first.phones, "{fault:?}");
        later(&mut app, 5 * MINUTE);
        assert_eq!(taken(&app).len(), 0, "{fault:?}: a missing record proves nothing yet");
        let funnel = to_its_end(&mut app, id);
        assert_eq!(funnel.delivered, funnel.phones, "{fault:?} {funnel:?}");
        assert!(taken(&app).values().all(|n| *n == 1), "{fault:?}");
    }
}

/// Fault 5: Tencent Cloud never proves absence, so that nothing is sent again; the others of the batch go.
#[test]
fn what_nobody_can_prove_stays_unknown_until_it_is_given_up() {
    let (mut app, id) = notice(ProviderKind::Tencent, &[Fault::DropBefore]);
    let funnel = to_its_end(&mut app, id);
    assert_eq!((funnel.unknown, funnel.delivered), (1, funnel.phones - 1), "{funnel:?}");
    later(&mut app, 74 * HOUR);
    let funnel = app.office_director().funnel(id);
    assert_eq!((funnel.unknown, funnel.failed), (0, 1), "{funnel:?}");
    let taken = taken(&app);
    assert_eq!(taken.len() as u32, funnel.phones - 1);
    assert!(taken.values().all(|n| *n == 1));
}

/// Fault 6: five minutes of refusals. The provider is left alone meanwhile, and nothing is lost.
#[test]
fn a_storm_is_waited_out() {
    for kind in BOTH {
        let app = App::with_provider(kind, Script::honest());
        let now = count(&app, "SELECT CAST(strftime('%s', 'now') AS INTEGER) * 1000");
        app.gateway(|gateway| gateway.script_mut().storm(now + 5 * MINUTE, Fault::TooMany));
        let mut app = app;
        let (_, id) = app.class_notice();
        for _ in 0..9 {
            later(&mut app, 30_000);
        }
        assert_eq!(taken(&app).len(), 0, "{kind:?}");
        let calls = count(&app, "SELECT COUNT(*) FROM attempts");
        assert!((1..=20).contains(&calls), "{kind:?}: {calls} attempts in a storm");
        let failures = count(&app, "SELECT failures FROM provider_health");
        assert!(failures > 0, "{kind:?}");
        let funnel = to_its_end(&mut app, id);
        assert_eq!(funnel.delivered, funnel.phones, "{kind:?} {funnel:?}");
        assert!(taken(&app).values().all(|n| *n == 1), "{kind:?}");
        assert_eq!(count(&app, "SELECT failures FROM provider_health"), 0, "{kind:?}");
    }
}

/// An account without money: held, and gone on with by itself once it is topped up.
#[test]
fn an_account_that_has_to_be_mended_holds_what_waits() {
    for kind in BOTH {
        let app = App::with_provider(kind, Script::honest());
        let balance = |app: &App, left: Option<u64>| {
            app.gateway(|gateway| {
                for account in &mut gateway.config_mut().accounts {
                    account.balance = left;
                }
            });
        };
        balance(&app, Some(0));
        let mut app = app;
        let (_, id) = app.class_notice();
        later(&mut app, 60 * MINUTE);
        let held = app.office_director().funnel(id);
        assert_eq!((held.waiting, taken(&app).len()), (held.phones, 0), "{kind:?} {held:?}");
        balance(&app, None);
        let funnel = to_its_end(&mut app, id);
        assert_eq!(funnel.delivered, funnel.phones, "{kind:?} {funnel:?}");
    }
}

/// One number that the provider refuses keeps none of the others from their SMS.
#[test]
fn a_bad_number_is_one_bad_number() {
    for kind in BOTH {
        // Whoever comes first in the class.
        let probe = {
            let (app, _) = notice(kind, &[]);
            app.gateway(|gateway| gateway.ledger()[3].phone.clone())
        };
        let script = Script::honest().with_number(&probe, Number::Refused);
        let mut app = App::with_provider(kind, script);
        let (teacher, id) = app.class_notice();
        let funnel = to_its_end(&mut app, id);
        assert_eq!((funnel.failed, funnel.delivered), (1, funnel.phones - 1), "{kind:?} {funnel:?}");
        let list: DeliveryList = teacher.get(&format!("/api/messages/{id}/deliveries")).json();
        let reasons = list.children.iter().flat_map(|c| &c.guardians).filter_map(|g| g.reason);
        assert_eq!(reasons.collect::<Vec<_>>(), [Reason::NumberInvalid], "{kind:?}");
        assert!(taken(&app).values().all(|n| *n == 1), "{kind:?}");
    }
}

/// Fault 21: receipts doubled, late, reversed and of SMS that nobody sent change nothing that is true.
#[test]
fn receipts_only_move_forward() {
    for kind in BOTH {
        let receipts = Receipts {
            doubled: 500,
            late: 200,
            reversed: 300,
            unknown: 300,
            undelivered: 100,
            ..Receipts::default()
        };
        let mut app = App::with_provider(kind, Script::honest().with_receipts(receipts));
        let (_, id) = app.class_notice();
        let mut delivered = 0;
        for minutes in [1, 5, 10, 60, 120, 25 * 60, 48 * 60] {
            later(&mut app, minutes * MINUTE);
            let funnel = app.office_director().funnel(id);
            let sum = funnel.waiting
                + funnel.accepted
                + funnel.delivered
                + funnel.failed
                + funnel.unknown
                + funnel.skipped;
            assert_eq!(sum, funnel.phones, "{kind:?} {funnel:?}");
            assert!(funnel.delivered >= delivered, "{kind:?}: delivered stays delivered");
            delivered = funnel.delivered;
        }
        assert!(delivered > 0 && taken(&app).values().all(|n| *n == 1), "{kind:?}");
        assert_eq!(count(&app, "SELECT COUNT(*) FROM early_receipts"), 0, "{kind:?}");
    }
}

/// A receipt that comes while nobody knows the provider's id yet is kept, and taken up with it.
#[test]
fn an_early_receipt_is_not_lost() {
    let (mut app, id) = notice(ProviderKind::Tencent, &[Fault::HeldTaken]);
    later(&mut app, 1_000);
    assert_eq!(count(&app, "SELECT COUNT(*) FROM early_receipts WHERE state = 'delivered'"), 1);
    let funnel = to_its_end(&mut app, id);
    assert_eq!(funnel.delivered, funnel.phones, "{funnel:?}");
    assert_eq!(count(&app, "SELECT COUNT(*) FROM early_receipts"), 0);
}

/// Attack 19: whoever does not know the secret finds nothing; whoever does moves nothing that is not theirs.
#[test]
fn a_hook_is_behind_its_secret_alone() {
    for kind in BOTH {
        let (mut app, id) = notice(kind, &[]);
        later(&mut app, MINUTE);
        let (secret, name) = (app.hook_secret(), kind.key());
        let entry = app.gateway(|gateway| gateway.ledger()[0].clone());
        let (other, phone) = (app.gateway(|g| g.ledger()[1].phone.clone()), entry.phone.as_str());
        let anybody = app.anybody();
        let post = |path: &str, body: &str| anybody.send("POST", path, Some(body.as_bytes()), &[]);
        let nothing = post("/nothing/at/all", "[]");
        for path in [
            format!("/hooks/{name}/{}/report", "0".repeat(64)),
            format!("/hooks/{name}/{}/report", &secret[1..]),
            format!("/hooks/{name}/{}/reply", secret.to_uppercase() + "0"),
            format!("/hooks/sandbox/{secret}/report"),
            format!("/hooks/nobody/{secret}/report"),
        ] {
            let reply = post(&path, "[]");
            assert_eq!((reply.status, &reply.body), (404, &nothing.body), "{path}");
        }
        let path = format!("/hooks/{name}/{secret}/report");
        for garbage in ["", "{", "null", "\u{0}", "[[[[[["] {
            assert_eq!(post(&path, garbage).status, 400, "{garbage}");
        }
        // Undelivered, of a delivered one; a foreign id; our reference with another's number or id.
        let before = app.office_director().funnel(id);
        let failed = |reference: &str, id: &str, phone: &str| {
            format!(
                r#"[{{"phone_number":"{phone}","success":true,"err_code":"X","biz_id":"{id}","out_id":"{reference}",
                 "mobile":"{phone}","report_status":"SUCCESS","sid":"{id}"}}]"#
            )
        };
        app.db()
            .execute_batch("UPDATE phones SET contact_state = 'unreachable' WHERE contact_state = 'unknown'")
            .expect("nobody is known to be reached");
        for body in [
            failed("ffff", "1^1", phone),
            failed(&entry.reference, "1^1", phone),
            failed(&entry.reference, &entry.id, "13800138000"),
            failed("", "5000:1", &other),
        ] {
            assert_eq!(post(&path, &body).status, 200);
        }
        assert_eq!(
            count(&app, "SELECT COUNT(*) FROM phones WHERE contact_state = 'reachable'"),
            0,
            "{kind:?}"
        );
        assert_eq!(post(&path, &failed(&entry.reference, &entry.id, phone)).status, 200);
        assert_eq!(
            count(&app, "SELECT COUNT(*) FROM phones WHERE contact_state = 'reachable'"),
            1,
            "{kind:?}"
        );
        let after = app.office_director().funnel(id);
        assert_eq!(after, before, "{kind:?}");
    }
}

/// A reply stands beside the last message to its number, once; 退订 and TD hold from then on.
#[test]
fn replies_are_read_beside_the_message_and_opting_out_holds() {
    for kind in BOTH {
        let (mut app, id) = notice(kind, &[]);
        later(&mut app, MINUTE);
        let phones: Vec<String> = taken(&app).into_keys().take(2).collect();
        let now = app.gateway(|g| g.ledger()[0].at) + 2 * MINUTE;
        app.gateway(|gateway| {
            assert!(gateway.reply(now, &phones[0], "收到，谢谢老师"));
            assert!(gateway.reply(now, &phones[1], "TD"));
        });
        later(&mut app, 5 * MINUTE);
        let teacher = app.homeroom("八年级1班");
        let list: DeliveryList = teacher.get(&format!("/api/messages/{id}/deliveries")).json();
        let mut replies: Vec<(String, bool)> = list
            .children
            .iter()
            .flat_map(|child| &child.guardians)
            .flat_map(|guardian| &guardian.replies)
            .map(|reply| (reply.text.clone(), reply.opts_out))
            .collect();
        replies.sort();
        replies.dedup();
        assert_eq!(replies, [("TD".to_owned(), true), ("收到，谢谢老师".to_owned(), false)], "{kind:?}");
        assert_eq!(count(&app, "SELECT COUNT(*) FROM replies"), 2, "{kind:?}: each once");
        let opted = "SELECT COUNT(*) FROM phones WHERE contact_state = 'opted_out' AND contact_why = 'reply'";
        assert_eq!(count(&app, opted), 1, "{kind:?}");
        let (_, next) = app.class_notice();
        let funnel = to_its_end(&mut app, next);
        assert_eq!((funnel.skipped, funnel.delivered), (1, funnel.phones - 1), "{kind:?} {funnel:?}");
        assert_eq!(taken(&app)[&phones[1]], 1, "{kind:?}: nothing more to who opted out");
    }
}
