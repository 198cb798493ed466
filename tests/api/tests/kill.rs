//! I5 and I7: workerd is killed with SIGKILL at every resting place of a
//! 24-class send, and started again on the same state. Whatever is lost with
//! its memory (the local queue is), every row ends, each phone has one SMS,
//! and the states add up to the frozen list.

use std::collections::BTreeSet;

use api_tests::{App, PASSPHRASE, PHONES, PHONES_FAILING, PHONES_REFUSED, SOON, draft_to_all, eventually};
use domain::approval::{Decide, Verdict};
use domain::ids::MessageId;
use domain::message::MessageState;

/// A notice to all guardians that waits for the last decision alone.
fn nearly_approved(app: &App) -> (MessageId, Decide) {
    let clerk = app.office_clerk();
    let id = clerk.draft(&draft_to_all());
    clerk.submit(id);
    let view = app.office_director().approve(id);
    (
        id,
        Decide {
            verdict: Verdict::Approve,
            digest: view.digest.expect("a digest"),
            reason: String::new(),
            // Asked again: it goes out to many.
            passages: Vec::new(),
            password: Some(PASSPHRASE.into()),
        },
    )
}

/// Sends the last decision without waiting for what follows.
fn approve(app: &App, id: MessageId, order: &Decide) {
    let principal = app.principal();
    let reply = principal.post(&format!("/api/messages/{id}/decisions"), order);
    assert_eq!(reply.status, 200, "{}", reply.body);
}

/// Starts again and drives cron until everything has ended, with the clock set
/// forward over leases, deadlines and patience; checks what has to hold at
/// every moment and at the end.
fn ends_well(app: &mut App, id: MessageId, offset: i64) {
    app.forward(offset);
    let funnel = app.finish(id);
    assert_eq!((funnel.phones, funnel.skipped), (PHONES, 0), "the whole list: {funnel:?}");
    assert_eq!(funnel.failed, PHONES_FAILING, "{funnel:?}");
    let clerk = app.office_clerk();
    assert_eq!(clerk.message(id).state, MessageState::Sent);

    let sms = app.sms();
    let phones: BTreeSet<&str> = sms.iter().map(|s| s.phone.as_str()).collect();
    assert_eq!(phones.len(), sms.len(), "a phone has two SMS");
    assert_eq!(sms.len() as u32, PHONES - PHONES_REFUSED, "each phone has its SMS");
    assert_eq!(app.count("SELECT COUNT(*) FROM deliveries"), i64::from(PHONES));
    let frozen = "SELECT COUNT(DISTINCT g.phone_id) FROM recipients r JOIN guardians g ON g.id = r.person";
    assert_eq!(app.count(frozen), i64::from(PHONES));
    assert_eq!(app.count("SELECT COUNT(*) FROM batches WHERE state <> 'settled'"), 0);
    assert_eq!(app.count("SELECT COUNT(*) FROM attempts WHERE state = 'submitting'"), 0);
    assert_eq!(app.count("SELECT COUNT(*) FROM message_streams WHERE state <> 'settled'"), 0);
    assert_eq!(app.count("SELECT COUNT(DISTINCT stream_id) FROM message_streams"), 24);
}

/// Waits until the database shows the moment.
fn reaches(app: &App, what: &str, moment: &str) {
    let db = app.db();
    eventually(what, SOON, || {
        let seen: i64 = db.query_row(&format!("SELECT {moment}"), [], |r| r.get(0)).expect(moment);
        (seen > 0).then_some(())
    });
}

/// Kills as soon as the database shows the moment.
fn killed_when(vars: &[(&str, &str)], what: &str, moment: &str) {
    let mut app = App::on_workerd(vars);
    let (id, order) = nearly_approved(&app);
    approve(&app, id, &order);
    reaches(&app, what, moment);
    app.kill();
    ends_well(&mut app, id, 180_000);
}

#[test]
fn right_after_approval() {
    let mut app = App::on_workerd(&[("SANDBOX_LATENCY_MS", "50")]);
    let (id, order) = nearly_approved(&app);
    approve(&app, id, &order);
    app.kill();
    ends_well(&mut app, id, 180_000);
}

/// The decision's answer never arrives: it either counts whole or not at all.
#[test]
fn while_the_decision_is_made() {
    let mut app = App::on_workerd(&[("SANDBOX_LATENCY_MS", "50")]);
    let (id, order) = nearly_approved(&app);
    let principal = app.principal();
    let path = format!("/api/messages/{id}/decisions");
    let body = serde_json::to_vec(&order).expect("json");
    let (sender, path_there, body_there) = (principal.clone(), path.clone(), body.clone());
    let (started, starts) = std::sync::mpsc::channel();
    let sent = std::thread::spawn(move || {
        let key = [("idempotency-key", "the-last-decision")];
        started.send(()).expect("somebody waits");
        let _ = sender.try_send("POST", &path_there, Some(&body_there), &key);
    });
    // The kill falls where it falls.
    starts.recv().expect("it starts");
    app.kill();
    sent.join().expect("the request ended somehow");
    app.restart_with(&[]);
    let decided = app.count("SELECT COUNT(*) FROM decisions WHERE position = 1");
    let rows = app.count("SELECT COUNT(*) FROM deliveries");
    assert!(
        (decided, rows) == (0, 0) || (decided, rows) == (1, i64::from(PHONES)),
        "half done: {decided} {rows}"
    );
    // The same request again, as the browser would.
    let again =
        principal.at(&app).send("POST", &path, Some(&body), &[("idempotency-key", "the-last-decision")]);
    assert_eq!(again.status, 200, "{}", again.body);
    ends_well(&mut app, id, 180_000);
}

#[test]
fn when_some_batches_are_numbered() {
    killed_when(
        &[("SANDBOX_LATENCY_MS", "100")],
        "a batch has its number",
        "(SELECT COUNT(*) FROM message_streams WHERE state = 'numbered')",
    );
}

#[test]
fn when_some_batches_are_on_the_queue() {
    killed_when(
        &[("SANDBOX_LATENCY_MS", "300")],
        "a batch is on the queue",
        "(SELECT COUNT(*) FROM batches WHERE state IN ('enqueued', 'claimed'))",
    );
}

#[test]
fn when_half_is_sent() {
    killed_when(
        &[("SANDBOX_LATENCY_MS", "200")],
        "half the batches are settled",
        "(SELECT COUNT(*) FROM batches WHERE state = 'settled') * 2 > (SELECT COUNT(*) FROM batches)",
    );
}

/// The provider has taken a batch and its answer is under way.
#[test]
fn between_acceptance_and_its_record() {
    let mut app = App::on_workerd(&[("SANDBOX_ANSWER_DELAY_MS", "3000")]);
    let (id, order) = nearly_approved(&app);
    approve(&app, id, &order);
    {
        let (db, network) = (app.db(), app.network());
        eventually("the provider has SMS that nobody recorded", SOON, || {
            let taken: i64 = network.query_row("SELECT COUNT(*) FROM sms", [], |r| r.get(0)).expect("sms");
            let recorded: i64 = db
                .query_row(
                    "SELECT COUNT(*) FROM deliveries WHERE state IN ('accepted', 'delivered')",
                    [],
                    |r| r.get(0),
                )
                .expect("deliveries");
            (taken > recorded).then_some(())
        });
    }
    app.kill();
    ends_well(&mut app, id, 180_000);
}

/// Again and again, at moments that nobody chose.
#[test]
fn five_times_in_a_row() {
    let mut app = App::on_workerd(&[("SANDBOX_LATENCY_MS", "60"), ("SANDBOX_ANSWER_DELAY_MS", "60")]);
    let (id, order) = nearly_approved(&app);
    approve(&app, id, &order);
    for round in 0..5 {
        let moved = format!("(SELECT COUNT(*) FROM batches WHERE state <> 'ready') > {}", round * 4);
        reaches(&app, "more batches are under way", &moved);
        app.kill();
        let offset = ((round + 1) * 150_000).to_string();
        app.restart_with(&[
            ("SANDBOX_LATENCY_MS", "60"),
            ("SANDBOX_ANSWER_DELAY_MS", "60"),
            ("CLOCK_OFFSET_MS", &offset),
        ]);
        app.cron();
    }
    ends_well(&mut app, id, 900_000);
}
