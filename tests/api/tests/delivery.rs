//! From release to the last receipt.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use api_tests::{App, SOON, draft_to, draft_to_all, eventually};
use domain::delivery::{DeliveryList, Funnel};
use domain::message::{Audience, Draft, MessageState, MessageView};
use domain::roster::ClassView;

fn app() -> &'static App {
    static APP: OnceLock<App> = OnceLock::new();
    APP.get_or_init(App::start)
}

fn adds_up(f: &Funnel) -> bool {
    f.phones == f.waiting + f.accepted + f.delivered + f.failed + f.unknown + f.skipped
}

#[test]
fn one_sms_per_phone_with_siblings_merged() {
    let app = App::start();
    let (clerk, id) = app.school_notice();
    let sent = app.settled(&clerk, id);
    let funnel = sent.funnel.expect("released");
    assert!(adds_up(&funnel), "{funnel:?}");
    assert_eq!((funnel.phones, funnel.skipped), (1756, 0));
    let sms = app.sms();
    let phones: BTreeSet<&str> = sms.iter().map(|s| s.phone.as_str()).collect();
    assert_eq!((sms.len(), phones.len()), (1756, 1756), "one SMS for each phone");
    assert!(sms.iter().all(|s| s.text.starts_with("【示范中学】秋季运动会安排")));
    let links: BTreeSet<String> = sms.iter().map(|s| api_tests::link_in(&s.text)).collect();
    assert_eq!(links.len(), 1756, "each phone has its own link");
    // At most a hundred recipients a call, of one class.
    let mut calls: BTreeMap<&str, usize> = BTreeMap::new();
    for s in &sms {
        *calls.entry(&s.reference).or_default() += 1;
    }
    assert!(calls.values().all(|n| *n <= 100));
    let streams = app.count("SELECT SUM((n + 99) / 100) FROM (SELECT COUNT(*) AS n FROM deliveries d JOIN batches b ON b.message_id = d.message_id AND b.round = d.round AND b.no = d.batch_no GROUP BY b.stream)");
    assert!(calls.len() as i64 <= streams, "{} provider calls for {streams} batches", calls.len());

    let list: DeliveryList = clerk.get(&format!("/api/messages/{id}/deliveries")).json();
    assert_eq!(list.children.len(), 1100);
    assert_eq!(list.funnel, clerk.funnel(id));
    assert!(list.children.iter().all(|c| !c.guardians.is_empty() && !c.confirmed));
    assert!(
        list.children
            .iter()
            .flat_map(|c| &c.guardians)
            .all(|g| g.state.is_some() && g.phone.contains("******"))
    );
}

#[test]
fn a_class_notice_reaches_its_class_and_nobody_else() {
    let (teacher, id) = app().class_notice();
    let classes: Vec<ClassView> = teacher.get("/api/classes").json();
    let class = classes.iter().find(|c| c.name == "七年级1班").expect("the own class");
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
    let teacher = app.homeroom("七年级1班");
    let head = app.grade_head("七年级");
    let class = teacher.class("七年级1班");
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
    let app = App::with(&[("SANDBOX_LATENCY_MS", "400")]);
    let (clerk, id) = app.school_notice();
    let paused: MessageView = clerk.post(&format!("/api/messages/{id}/pause"), &()).json();
    assert_eq!(paused.state, MessageState::Paused);
    assert_eq!(app.homeroom("七年级1班").post(&format!("/api/messages/{id}/resume"), &()).status / 100, 4);
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
    app.settled(&clerk, id);
    assert_eq!(app.sms().len(), 1756);
}

#[test]
fn who_left_before_release_gets_nothing_and_who_joined_is_told() {
    let app = App::start();
    let teacher = app.homeroom("七年级1班");
    let id = teacher.draft(&draft_to(&[teacher.class("七年级1班")]));
    let frozen = teacher.submit(id).reach;
    let student = app.count("SELECT MIN(id) FROM students WHERE number LIKE '202601%'");
    app.db()
        .execute_batch(&format!(
            "UPDATE students SET left_at = 1 WHERE id = {student}; UPDATE guardians SET left_at = 1 WHERE student_id = {student}"
        ))
        .expect("a child leaves");
    let seen = app.grade_head("七年级").message(id);
    assert_eq!(seen.reach, frozen, "the frozen list stands");
    assert!(!seen.left.is_empty(), "the approver sees who left");
    app.grade_head("七年级").approve(id);
    let sent = app.settled(&teacher, id);
    let funnel = sent.funnel.expect("released");
    assert!(adds_up(&funnel) && funnel.skipped >= 1, "{funnel:?}");
    assert_eq!(funnel.phones, frozen.phones);
    assert_eq!(app.sms().len() as u32, frozen.phones - funnel.skipped);
}

#[test]
fn a_funnel_poll_is_cheap() {
    let (clerk, id) = app().school_notice();
    app().settled(&clerk, id);
    let reply = clerk.get(&format!("/api/messages/{id}/funnel"));
    let batches = app().count(&format!("SELECT COUNT(*) FROM batches WHERE message_id = {id}"));
    let (trips, read, _) = App::usage(&reply);
    assert!(trips <= 4, "{trips} round trips");
    assert!(i64::from(read) <= 2 * batches + 30, "{read} rows for {batches} batches");
}

/// The idle product costs next to nothing.
#[test]
fn requests_stay_within_four_round_trips() {
    let (clerk, id) = app().school_notice();
    let paths = [
        "/api/me".to_owned(),
        "/api/units".into(),
        "/api/classes".into(),
        "/api/staff".into(),
        "/api/messages?box=all".into(),
        "/api/messages?box=waiting".into(),
        format!("/api/messages/{id}"),
        format!("/api/messages/{id}/funnel"),
        format!("/api/messages/{id}/deliveries"),
        "/api/audit".into(),
    ];
    for path in paths {
        let reply = clerk.get(&path);
        assert_eq!(reply.status, 200, "{path}");
        let (trips, ..) = App::usage(&reply);
        assert!(trips <= 4, "{path}: {trips} round trips");
    }
    let preview = clerk.post("/api/messages/preview", &draft_to_all());
    assert!(App::usage(&preview).0 <= 4);
}
