//! I1, I2, I3 and I14: no delivery without a complete approval, whatever is
//! tried, through the API, by raw SQL, or by several people at once.

use std::sync::OnceLock;

use api_tests::{App, Client, PASSPHRASE, draft_to, draft_to_all};
use domain::account::Me;
use domain::approval::{Decide, Verdict};
use domain::ids::MessageId;
use domain::message::{Draft, MessageList, MessageState, MessageView};
use rusqlite::Connection;

fn app() -> &'static App {
    static APP: OnceLock<App> = OnceLock::new();
    APP.get_or_init(App::start)
}

/// A class notice that waits for the head of its grade.
fn submitted(app: &App) -> (Client, MessageId) {
    let teacher = app.homeroom("八年级1班");
    let id = teacher.draft(&draft_to(&[teacher.class("八年级1班")]));
    teacher.submit(id);
    (teacher, id)
}

fn decide(client: &Client, id: MessageId, digest: &str) -> api_tests::Reply {
    let order = Decide {
        verdict: Verdict::Approve,
        digest: digest.into(),
        reason: String::new(),
        passages: Vec::new(),
        password: Some(PASSPHRASE.into()),
    };
    client.post(&format!("/api/messages/{id}/decisions"), &order)
}

#[test]
fn a_class_notice_is_approved_by_the_head_of_its_grade() {
    let (teacher, id) = submitted(app());
    let seen = app().grade_head("八年级").message(id);
    assert_eq!(seen.chain.label.zh, "本校审批流程");
    assert_eq!((seen.chain.steps.len(), seen.chain.steps[0].waits), (1, true));
    assert!(seen.sms.starts_with("【示范中学】"));
    assert_eq!(seen.reach, teacher.message(id).reach);

    // Nobody else can.
    let digest = seen.digest.clone().expect("a digest");
    for number in ["T0026", "T0018", "T0042", "T0015", "T0001", "T0004", "T0014"] {
        let status = decide(&app().signed_in(number), id, &digest).status;
        assert!(status == 403 || status == 404, "{number}: {status}");
    }
    assert_eq!(decide(&app().grade_head("八年级"), id, &"0".repeat(64)).refused(409), "changed_since");
    let view: MessageView = decide(&app().grade_head("八年级"), id, &digest).json();
    assert!(matches!(view.state, MessageState::Sending | MessageState::Sent), "{:?}", view.state);
    assert_eq!(view.history.len(), 1);
    assert_eq!(decide(&app().grade_head("八年级"), id, &digest).status, 409, "once");
}

/// Only where the post itself cannot decide: `delegation.rs` has the other ways.
#[test]
fn the_substitute_stands_in_for_a_head_who_drafted_it() {
    let (teacher, id) = submitted(app());
    let director = app().office_director();
    let digest = teacher.message(id).digest.expect("a digest");
    assert_eq!(decide(&director, id, &digest).refused(403), "post_can_decide");
    assert_eq!(waiting(&director, id), (false, false), "and she is not asked to");
    let seen = teacher.message(id).chain.steps[0].clone();
    assert_eq!((seen.people.len(), seen.stands_in), (1, None));

    // The head of the grade leads a class as well, and writes to it.
    let app = App::start();
    app.db()
        .execute_batch(
            "INSERT INTO appointments (staff_id, post, unit_id, class_id, since, given_by, mac)
             SELECT (SELECT id FROM staff WHERE number = 'T0016'), 'homeroom_teacher', c.unit_id, c.id, 1, a.staff_id, ''
             FROM classes c, appointments a WHERE c.name = '八年级1班' AND a.given_by = 0 LIMIT 1",
        )
        .expect_err("the giver's own post began later");
    app.db()
        .execute_batch(
            "INSERT INTO appointments (staff_id, post, unit_id, class_id, since, given_by, mac)
             SELECT (SELECT id FROM staff WHERE number = 'T0016'), 'homeroom_teacher', c.unit_id, c.id, a.since, a.staff_id, ''
             FROM classes c, appointments a WHERE c.name = '八年级1班' AND a.given_by = 0 LIMIT 1",
        )
        .expect("a teacher's post needs no second person");
    let head = app.grade_head("八年级");
    let id = head.draft(&draft_to(&[head.class("八年级1班")]));
    let step = head.submit(id).chain.steps[0].clone();
    assert_eq!(step.stands_in.expect("why").zh, "范亮豪是起草人，由校办室主任代为办理");
    let director = app.office_director();
    assert_eq!(waiting(&director, id), (true, true));
    let view = director.approve(id);
    assert!(matches!(view.state, MessageState::Sending | MessageState::Sent));
    let stood_in =
        "SELECT COUNT(*) FROM audit WHERE action = 'message.decided' AND detail ->> '$.stands_in' = 1";
    assert_eq!(app.count(stood_in), 1);
}

/// Whether a message is in somebody's to-do list, and whether the count on the start page has it.
fn waiting(client: &Client, id: MessageId) -> (bool, bool) {
    let list: MessageList = client.get("/api/messages?box=waiting").json();
    let me: Me = client.get("/api/me").json();
    (list.messages.iter().any(|m| m.id == id), me.waiting as usize == list.messages.len() && me.waiting > 0)
}

#[test]
fn a_school_notice_takes_two_steps_by_two_people() {
    let clerk = app().office_clerk();
    let id = clerk.draft(&draft_to_all());
    let digest = clerk.submit(id).digest.expect("a digest");
    assert_eq!(decide(&app().principal(), id, &digest).refused(403), "not_your_step", "review comes first");
    let view: MessageView = decide(&app().office_director(), id, &digest).json();
    assert_eq!(view.state, MessageState::Submitted);
    assert_eq!(app().count(&format!("SELECT COUNT(*) FROM deliveries WHERE message_id = {id}")), 0);
    assert_eq!(decide(&app().office_director(), id, &digest).status, 403, "the reviewer does not approve");
    assert_eq!(decide(&clerk, id, &digest).status, 403);
    assert_eq!(decide(&app().vice_principal(), id, &digest).refused(403), "post_can_decide");
    let view: MessageView = decide(&app().principal(), id, &digest).json();
    assert!(matches!(view.state, MessageState::Sending | MessageState::Sent));
}

#[test]
fn i3_who_drafts_does_not_decide() {
    // The director drafts: her own review step has nobody else, so submission says so.
    let director = app().office_director();
    let id = director.draft(&draft_to_all());
    let reply = director.post(&format!("/api/messages/{id}/submit"), &serde_json::json!({"statement": true}));
    assert_eq!(reply.refused(422), "step_without_person");
    // A class notice by her goes to the head of the grade, not to herself as substitute.
    let class = director.class("八年级1班");
    let id = director.draft(&draft_to(&[class]));
    let digest = director.submit(id).digest.expect("a digest");
    assert_eq!(decide(&director, id, &digest).refused(403), "own_draft");
    assert_eq!(decide(&app().grade_head("八年级"), id, &digest).status, 200);
}

#[test]
fn a_return_says_why_and_its_correction_needs_everything_anew() {
    let (teacher, id) = submitted(app());
    let head = app().grade_head("八年级");
    let first = teacher.message(id);
    assert_eq!(head.decide(id, Verdict::Return, " ").status, 422, "a return needs its reason");
    let view: MessageView = head.decide(id, Verdict::Return, "请写明集合地点").json();
    assert_eq!(view.state, MessageState::Returned);
    assert_eq!(head.decide(id, Verdict::Approve, "").status, 409);

    let corrected =
        Draft { body: "各位家长：\n\n周五 7:40 在操场集合。".into(), ..first.draft.clone() };
    let view: MessageView = teacher.put(&format!("/api/messages/{id}"), &corrected).json();
    assert_eq!((view.state, view.version, view.digest), (MessageState::Draft, 2, None));
    let view = teacher.submit(id);
    let before = view.before.expect("what it said before");
    assert_eq!((before.body, before.reason), (first.draft.body, "请写明集合地点".to_owned()));
    assert_ne!(view.digest, first.digest);
    assert_eq!(decide(&head, id, &first.digest.expect("a digest")).refused(409), "changed_since");
    let view = head.approve(id);
    assert_eq!((view.version, view.history.len()), (2, 2));
}

/// I14: of eight decisions that come at once from two browsers, one counts; six times over.
#[test]
fn i14_of_racing_decisions_one_counts() {
    let app = App::on_workerd(&[]);
    for round in 0..6 {
        let (teacher, id) = submitted(&app);
        let digest = teacher.message(id).digest.expect("a digest");
        let deciders = [app.grade_head("八年级"), app.grade_head("八年级")];
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let tries: Vec<_> = (0..8)
                .map(|n| {
                    let (client, digest) = (deciders[n % 2].clone(), digest.clone());
                    scope.spawn(move || {
                        let verdict = if n % 4 == 3 { Verdict::Return } else { Verdict::Approve };
                        let order = Decide {
                            verdict,
                            digest,
                            reason: "同时".into(),
                            passages: Vec::new(),
                            password: None,
                        };
                        client.post(&format!("/api/messages/{id}/decisions"), &order).status
                    })
                })
                .collect();
            tries.into_iter().map(|t| t.join().expect("a status")).collect()
        });
        assert_eq!(statuses.iter().filter(|s| **s == 200).count(), 1, "round {round}: {statuses:?}");
        assert!(statuses.iter().all(|s| [200, 403, 409].contains(s)), "{statuses:?}");
        let count = |sql: &str| app.count(&format!("{sql} WHERE message_id = {id}"));
        assert_eq!(count("SELECT COUNT(*) FROM decisions"), 1);
        let state = teacher.message(id).state;
        let phones = teacher.message(id).reach.phones;
        let rows = count("SELECT COUNT(*) FROM deliveries");
        assert_eq!(rows, if state == MessageState::Returned { 0 } else { i64::from(phones) }, "{state:?}");
        let audited =
            format!("SELECT COUNT(*) FROM audit WHERE action = 'message.decided' AND subject_id = {id}");
        assert_eq!(app.count(&audited), 1, "the losers leave no trace in the log");
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM guard"), 0);
}

#[test]
fn i14_submit_withdraw_and_approve_at_once_leave_one_truth() {
    let app = App::on_workerd(&[]);
    for _ in 0..6 {
        let (teacher, id) = submitted(&app);
        let digest = teacher.message(id).digest.expect("a digest");
        let head = app.grade_head("八年级");
        let (approved, withdrawn) = std::thread::scope(|scope| {
            let a = scope.spawn(|| decide(&head, id, &digest).status);
            let w = scope.spawn(|| teacher.post(&format!("/api/messages/{id}/withdraw"), &()).status);
            (a.join().expect("a status"), w.join().expect("a status"))
        });
        assert!((approved == 200) != (withdrawn == 200), "{approved} {withdrawn}");
        let rows = app.count(&format!("SELECT COUNT(*) FROM deliveries WHERE message_id = {id}"));
        assert_eq!(rows > 0, approved == 200);
    }
}

/// Tries a statement on the school's own database.
#[track_caller]
fn refused(db: &Connection, sql: &str) -> String {
    match db.execute_batch(sql) {
        Ok(()) => panic!("the database took it: {sql}"),
        Err(e) => e.to_string(),
    }
}

const ROUND: &str = "INSERT INTO rounds (message_id, round, kind, ordered_by, why, due_at, at, mac) VALUES ({id}, 0, 'sending', 1, 'approved', 1, 1, 'm')";
const DELIVERY: &str =
    "INSERT INTO deliveries (message_id, round, phone_id, batch_no, state, recipients, moved_at)
  SELECT {id}, 0, id, 1, 'queued', '[]', 1 FROM phones LIMIT 1";

#[test]
fn i1a_raw_sql_makes_no_delivery_without_approval() {
    let app = App::start();
    let teacher = app.homeroom("八年级1班");
    let id = teacher.draft(&draft_to(&[teacher.class("八年级1班")]));
    let insert = DELIVERY.replace("{id}", &id.to_string());
    let round = ROUND.replace("{id}", &id.to_string());
    let db = app.db();
    // A delivery needs a round that is being filled, and a round needs the chain.
    assert!(refused(&db, &insert).contains("not_filling"), "a draft");
    assert!(refused(&db, &round).contains("not_approved"), "a draft");
    for state in ["approved", "sending", "sent", "paused"] {
        refused(&db, &format!("UPDATE messages SET state = '{state}' WHERE id = {id}"));
    }
    teacher.submit(id);
    assert!(refused(&db, &insert).contains("not_filling"), "a submitted message");
    assert!(refused(&db, &round).contains("not_approved"), "a submitted message");
    assert!(
        refused(&db, &format!("UPDATE messages SET state = 'approved' WHERE id = {id}"))
            .contains("not_approved")
    );
    refused(&db, &insert.replace("INSERT", "INSERT OR REPLACE"));
    refused(&db, &insert.replace("INSERT", "INSERT OR IGNORE"));

    // A forged decision has to fit: the right step, the right digest, not the drafter.
    let digest = teacher.message(id).digest.expect("a digest");
    let decision = |staff: i64, position: i64, digest: &str| {
        format!(
            "INSERT INTO decisions (message_id, version, position, staff_id, appointment_id, post, verdict, digest, reason, at, mac)
             VALUES ({id}, 1, {position}, {staff}, 1, 'grade_head', 'approve', '{digest}', '', 1, '')"
        )
    };
    let author = app.count(&format!("SELECT author_id FROM messages WHERE id = {id}"));
    assert!(refused(&db, &decision(author, 0, &digest)).contains("decision_refused"), "the drafter");
    assert!(
        refused(&db, &decision(author + 1, 0, &"0".repeat(64))).contains("decision_refused"),
        "another digest"
    );
    assert!(refused(&db, &decision(author + 1, 1, &digest)).contains("decision_refused"), "no such step");
    assert!(refused(&db, &round).contains("not_approved"));
    assert!(refused(&db, &insert).contains("not_filling"));
}

#[test]
fn i1b_raw_sql_changes_nothing_after_submission() {
    let app = App::start();
    let (teacher, id) = submitted(&app);
    let db = app.db();
    let digest = teacher.message(id).digest;
    for change in [
        "title = 'x'",
        "body = 'x'",
        "category = 'daily'",
        "audience = '{}'",
        "audience_zh = 'x'",
        "send_at = 1",
        "signature = 'x'",
        "sender_title = 'x'",
        "template = 'x'",
        "template_version = 9",
        "author_id = author_id + 1",
        "unit_id = 1",
        "lists = '[]'",
        "digest = 'x'",
        "digest = NULL",
        "version = 2",
        "id = 99",
    ] {
        refused(&db, &format!("UPDATE messages SET {change} WHERE id = {id}"));
        refused(&db, &format!("UPDATE OR REPLACE messages SET {change} WHERE id = {id}"));
    }
    for sql in [
        "UPDATE message_steps SET post = 'subject_teacher' WHERE message_id = {id}",
        "DELETE FROM message_steps WHERE message_id = {id}",
        "INSERT INTO message_steps (message_id, version, position, kind, post) VALUES ({id}, 1, 1, 'approve', 'principal')",
        "INSERT OR REPLACE INTO message_steps (message_id, version, position, kind, post) VALUES ({id}, 1, 0, 'approve', 'homeroom_teacher')",
        "UPDATE recipients SET person = person + 1 WHERE message_id = {id}",
        "DELETE FROM recipients WHERE message_id = {id}",
        "INSERT INTO recipients (message_id, version, stream, person, student) VALUES ({id}, 1, 'class:2', 1, 1)",
        "INSERT OR REPLACE INTO recipients SELECT * FROM recipients WHERE message_id = {id}",
        "DELETE FROM messages WHERE id = {id}",
        "INSERT OR REPLACE INTO messages SELECT * FROM messages WHERE id = {id}",
    ] {
        refused(&db, &sql.replace("{id}", &id.to_string()));
    }
    // And it still is what it was.
    assert_eq!(teacher.message(id).digest, digest);
    app.grade_head("八年级").approve(id);
}

#[test]
fn i1c_i1d_raw_sql_changes_neither_decision_nor_delivery() {
    let app = App::start();
    let (teacher, id) = app.class_notice();
    app.settled(&teacher, id);
    let db = app.db();
    for sql in [
        "UPDATE decisions SET verdict = 'return' WHERE message_id = {id}",
        "UPDATE decisions SET staff_id = 1 WHERE message_id = {id}",
        "DELETE FROM decisions WHERE message_id = {id}",
        "INSERT OR REPLACE INTO decisions SELECT * FROM decisions WHERE message_id = {id}",
        "UPDATE deliveries SET phone_id = phone_id + 1 WHERE message_id = {id}",
        "UPDATE deliveries SET message_id = message_id + 1 WHERE message_id = {id}",
        "UPDATE deliveries SET state = 'queued' WHERE message_id = {id} AND state = 'delivered'",
        "DELETE FROM deliveries WHERE message_id = {id}",
        "INSERT OR REPLACE INTO deliveries SELECT * FROM deliveries WHERE message_id = {id}",
        "UPDATE messages SET state = 'draft' WHERE id = {id}",
        "UPDATE messages SET title = 'x' WHERE id = {id}",
    ] {
        refused(&db, &sql.replace("{id}", &id.to_string()));
    }
}

/// Unknown to any code of ours: what is sent is compared with what was
/// approved once more, from what is rendered.
#[test]
fn i2_what_was_changed_behind_the_triggers_is_not_sent() {
    let mut app = App::start();
    let order = domain::school::StopOrder { stopped: true, reason: "测试".into() };
    assert_eq!(app.principal().post("/api/school/stop", &order).status, 200);
    let (_, id) = app.class_notice();
    // What is held is looked at again each minute.
    app.forward(2 * 60_000);
    {
        let db = app.db();
        db.execute_batch(&format!(
            "DROP TRIGGER messages_content; DROP TRIGGER school_lifted; UPDATE messages SET title = '换了标题' WHERE id = {id}; UPDATE school SET stopped_at = NULL"
        ))
        .expect("a database owner can");
    }
    let teacher = app.homeroom("八年级1班");
    let funnel = api_tests::eventually("it is stopped", api_tests::SOON, || {
        app.cron();
        let funnel = teacher.funnel(id);
        (funnel.waiting == 0).then_some(funnel)
    });
    assert_eq!((funnel.skipped, funnel.delivered), (funnel.phones, 0), "{funnel:?}");
    assert_eq!(app.sms(), []);
}
