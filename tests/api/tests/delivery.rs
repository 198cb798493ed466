//! From release to the last receipt.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use api_tests::{
    App, PHONES, PHONES_FAILING, PHONES_REFUSED, Reply, SOON, draft_to, draft_to_all, eventually,
};
use domain::approval::Verdict;
use domain::delivery::{DeliveryList, DeliveryState, Funnel};
use domain::message::{Audience, Draft, MessageState, MessageView, Submit};
use domain::roster::ClassView;
use serde_json::json;

fn app() -> &'static App {
    static APP: OnceLock<App> = OnceLock::new();
    APP.get_or_init(App::start)
}

/// Round trips and rows read of a request: the least of a few, since what else
/// the isolate does meanwhile (it is sending) counts in.
fn least(ask: impl Fn() -> Reply) -> (u32, u32) {
    let costs = (0..8).map(|_| {
        let reply = ask();
        assert_eq!(reply.status, 200, "{}", reply.body);
        let (trips, read, _) = App::usage(&reply);
        (trips, read)
    });
    costs.min().expect("eight answers")
}

fn adds_up(f: &Funnel) -> bool {
    f.phones == f.waiting + f.accepted + f.delivered + f.failed + f.unknown + f.skipped
}

#[test]
fn one_sms_per_phone_with_siblings_merged() {
    let mut app = App::start();
    let (clerk, id) = app.school_notice();
    let funnel = app.finish(id);
    assert!(adds_up(&funnel), "{funnel:?}");
    // Of the 1,756 phones, the pretend network refuses two, cannot reach three
    // and says nothing about one (`domain::sandbox`).
    let (failed, refused) = (PHONES_FAILING, PHONES_REFUSED);
    assert_eq!((funnel.phones, funnel.skipped, funnel.failed), (PHONES, 0, failed), "{funnel:?}");
    assert_eq!(funnel.delivered, PHONES - failed);
    let sms = app.sms();
    let phones: BTreeSet<&str> = sms.iter().map(|s| s.phone.as_str()).collect();
    assert_eq!(sms.len(), phones.len(), "one SMS for each phone");
    assert_eq!(sms.len() as u32, PHONES - refused);
    assert!(sms.iter().all(|s| s.text.starts_with("【示范中学】秋季运动会安排")));
    let links: BTreeSet<String> = sms.iter().map(|s| api_tests::link_in(&s.text)).collect();
    assert_eq!(links.len(), sms.len(), "each phone has its own link");
    // At most a hundred recipients a call, of one class.
    let mut calls: BTreeMap<&str, usize> = BTreeMap::new();
    for s in &sms {
        *calls.entry(&s.reference).or_default() += 1;
    }
    assert!(calls.values().all(|n| *n <= 100));

    let clerk = clerk.again(&app, "T0004");
    let list: DeliveryList = clerk.get(&format!("/api/messages/{id}/deliveries")).json();
    assert_eq!(list.children.len(), 1100);
    assert_eq!(list.funnel, clerk.funnel(id));
    assert!(list.children.iter().all(|c| !c.guardians.is_empty() && !c.confirmed));
    let rows = || list.children.iter().flat_map(|c| &c.guardians);
    assert!(rows().all(|g| g.state.is_some() && g.phone.contains("******")));
    for row in rows() {
        let failed = matches!(
            row.state,
            Some(
                DeliveryState::Rejected
                    | DeliveryState::Undelivered
                    | DeliveryState::Unknown
                    | DeliveryState::Abandoned
            )
        );
        assert!(!failed || row.reason.is_some(), "a failure says why: {row:?}");
    }
}

/// What each magic number does to its batch, watched to the end.
#[test]
fn every_outcome_is_found_out_and_none_is_guessed() {
    let mut app = App::start();
    let (clerk, id) = app.school_notice();
    eventually("all batches have been submitted", SOON, || (clerk.funnel(id).waiting == 0).then_some(()));
    let first = clerk.funnel(id);
    assert!(first.unknown > 0, "a call that timed out is unknown: {first:?}");
    let taken = app.sms().len();
    let state = |app: &App, ending: &str| -> Vec<String> {
        let phones: Vec<i64> = app.phones_ending(ending);
        phones
            .iter()
            .map(|p| {
                let sql = format!("SELECT state FROM deliveries WHERE message_id = {id} AND phone_id = {p}");
                app.db().query_row(&sql, [], |r| r.get(0)).expect("a delivery")
            })
            .collect()
    };
    let all = |states: &[String], of: &[&str]| states.iter().all(|s| of.contains(&s.as_str()));
    // A receipt may settle what timed out; nothing else has been tried.
    assert!(all(&state(&app, "005"), &["unknown", "delivered"]));
    assert!(all(&state(&app, "006"), &["unknown"]));

    let funnel = app.finish(id);
    assert!(adds_up(&funnel));
    assert!(app.sms().len() > taken, "what the provider proved absent was sent");
    assert!(all(&state(&app, "001"), &["rejected"]));
    assert!(all(&state(&app, "002"), &["undelivered"]));
    assert!(all(&state(&app, "003"), &["no_receipt"]));
    for ending in ["004", "005", "006"] {
        assert!(all(&state(&app, ending), &["delivered"]), "{ending}");
    }
    let calls: Vec<i64> = app
        .network()
        .prepare("SELECT COUNT(*) FROM sms GROUP BY phone")
        .and_then(|mut s| s.query_map([], |r| r.get(0))?.collect())
        .expect("counts");
    assert!(calls.iter().all(|n| *n == 1), "nobody has two");
}

#[test]
fn a_class_notice_reaches_its_class_and_nobody_else() {
    let (teacher, id) = app().class_notice();
    let classes: Vec<ClassView> = teacher.get("/api/classes").json();
    let class = classes.iter().find(|c| c.name == "八年级1班").expect("the own class");
    let sent = app().settled(&teacher, id);
    assert_eq!(sent.funnel.expect("released").phones, class.phones);
    let list: DeliveryList = teacher.get(&format!("/api/messages/{id}/deliveries")).json();
    assert_eq!(list.children.len() as u32, class.students);
    assert!(list.children.iter().all(|c| c.class == class.id));
}

#[test]
fn all_teachers_get_theirs() {
    let app = App::start();
    let clerk = app.office_clerk();
    let draft = Draft { audience: Audience::AllTeachers, ..draft_to(&[]) };
    let id = clerk.draft(&draft);
    clerk.submit(id);
    app.office_director().approve(id);
    app.principal().approve(id);
    let sent = app.settled(&clerk, id);
    assert_eq!(sent.funnel.expect("released").phones as usize, app.sms().len());
    let list: DeliveryList = clerk.get(&format!("/api/messages/{id}/deliveries")).json();
    assert_eq!(list.children.len(), 0);
    assert!(list.staff.len() > 40);
}

/// I6: within a class, the provider sees an older message before a newer one.
#[test]
fn i6_messages_of_a_class_go_in_order() {
    let app = App::with(&[("SANDBOX_LATENCY_MS", "200")]);
    let teacher = app.homeroom("八年级1班");
    let head = app.grade_head("八年级");
    let class = teacher.class("八年级1班");
    let ids: Vec<_> = ["第一条", "第二条", "第三条", "第四条"]
        .iter()
        .map(|title| {
            let id = teacher.draft(&Draft { title: (*title).into(), ..draft_to(&[class]) });
            teacher.submit(id);
            id
        })
        .collect();
    for id in &ids {
        head.approve(*id);
    }
    for id in &ids {
        app.settled(&teacher, *id);
    }
    let mut of_phone: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for sms in app.sms() {
        let title: String = sms.text.trim_start_matches("【示范中学】").chars().take(3).collect();
        of_phone.entry(sms.phone).or_default().push(title);
    }
    for (phone, titles) in of_phone {
        assert_eq!(titles, ["第一条", "第二条", "第三条", "第四条"], "{phone}");
    }
    let numbers: Vec<i64> = app
        .db()
        .prepare("SELECT seq FROM message_streams ORDER BY message_id")
        .and_then(|mut s| s.query_map([], |r| r.get(0))?.collect())
        .expect("numbers");
    assert_eq!(numbers, [1, 2, 3, 4]);
}

#[test]
fn pause_holds_and_resume_goes_on() {
    let mut app = App::on_workerd(&[("SANDBOX_LATENCY_MS", "400")]);
    let (clerk, id) = app.school_notice();
    let paused: MessageView = clerk.post(&format!("/api/messages/{id}/pause"), &()).json();
    assert_eq!(paused.state, MessageState::Paused);
    assert_eq!(app.homeroom("八年级1班").post(&format!("/api/messages/{id}/resume"), &()).status / 100, 4);
    // What was on its way arrives; then nothing more moves.
    let still = eventually("it rests", SOON, || {
        let busy = app.count("SELECT COUNT(*) FROM batches WHERE state IN ('claimed', 'submitting')");
        (busy == 0).then(|| app.sms().len())
    });
    app.cron();
    app.cron();
    assert_eq!(app.sms().len(), still);
    assert!(still < 1756, "it was paused under way");
    assert!(adds_up(&clerk.funnel(id)));
    let resumed: MessageView = clerk.post(&format!("/api/messages/{id}/resume"), &()).json();
    assert_eq!(resumed.state, MessageState::Sending);
    app.finish(id);
    assert_eq!(app.sms().len() as u32, PHONES - PHONES_REFUSED);
}

#[test]
fn who_left_before_release_gets_nothing_and_who_joined_is_told() {
    let app = App::start();
    let teacher = app.homeroom("八年级1班");
    let id = teacher.draft(&draft_to(&[teacher.class("八年级1班")]));
    let frozen = teacher.submit(id).reach;
    let clerk = app.office_clerk();
    let student = app.count(
        "SELECT MIN(s.id) FROM students s JOIN classes c ON c.id = s.class_id WHERE c.name = '八年级1班'",
    );
    let leave = json!({ "reason": "transferred" });
    assert_eq!(clerk.post(&format!("/api/students/{student}/leave"), &leave).status, 204, "a child leaves");
    let seen = app.grade_head("八年级").message(id);
    assert_eq!(seen.reach, frozen, "the frozen list stands");
    assert_eq!((seen.moved.left, seen.left.len()), (1, 0), "the approver sees that somebody left");
    assert_eq!(teacher.message(id).left.len(), 1, "who may read the roll sees who");
    app.grade_head("八年级").approve(id);
    let sent = app.settled(&teacher, id);
    let funnel = sent.funnel.expect("released");
    assert!(adds_up(&funnel) && funnel.skipped >= 1, "{funnel:?}");
    assert_eq!(funnel.phones, frozen.phones);
    assert_eq!(app.sms().len() as u32, frozen.phones - funnel.skipped);
}

#[test]
fn a_funnel_poll_is_cheap() {
    // workerd counts rows as D1 bills them.
    let app = App::on_workerd(&[]);
    let (clerk, id) = app.school_notice();
    let path = format!("/api/messages/{id}/funnel");
    let batches = app.count(&format!("SELECT COUNT(*) FROM batches WHERE message_id = {id}"));
    let (trips, read) = least(|| clerk.get(&path));
    assert!(trips <= 4, "{trips} round trips");
    assert!((1..=2 * batches + 30).contains(&i64::from(read)), "{read} rows for {batches} batches");
}

#[test]
fn requests_stay_within_four_round_trips() {
    let (clerk, id) = app().school_notice();
    let paths = [
        "/api/me".to_owned(),
        "/api/units".into(),
        "/api/classes".into(),
        "/api/staff".into(),
        "/api/appointments/waiting".into(),
        "/api/delegations".into(),
        "/api/messages?box=all".into(),
        "/api/messages?box=waiting".into(),
        format!("/api/messages/{id}"),
        format!("/api/messages/{id}/funnel"),
        format!("/api/messages/{id}/deliveries"),
        "/api/audit".into(),
    ];
    for path in paths {
        let (trips, _) = least(|| clerk.get(&path));
        assert!(trips <= 4, "{path}: {trips} round trips");
    }
    let (trips, _) = least(|| clerk.post("/api/messages/preview", &draft_to_all()));
    assert!(trips <= 4, "a preview: {trips} round trips");
    // A decision takes three: who it is, what it is about, and the batch that decides and shows.
    let id = clerk.draft(&draft_to_all());
    let submitted = clerk.post(&format!("/api/messages/{id}/submit"), &Submit { statement: true });
    assert_eq!(App::usage(&submitted).0, 3, "submitting");
    let director = app().office_director();
    assert_eq!(App::usage(&director.decide(id, Verdict::Approve, "")).0, 3, "reviewing");
    let principal = app().principal();
    assert_eq!(App::usage(&principal.decide(id, Verdict::Approve, "")).0, 3, "approving");
}
