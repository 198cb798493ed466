//! What raw SQL writes past the triggers, or beside them, is not sent: what a
//! batch stands on is read once more before the provider is called, and each
//! row of it has to carry its seal.

use api_tests::{App, Client, SOON, draft_to, eventually};
use domain::audit::AuditPage;
use domain::ids::MessageId;

/// A class notice that was submitted, and nothing more.
fn submitted(app: &App) -> (Client, MessageId) {
    let teacher = app.homeroom("八年级1班");
    let id = teacher.draft(&draft_to(&[teacher.class("八年级1班")]));
    teacher.submit(id);
    (teacher, id)
}

/// What the owner of the database can do.
#[track_caller]
fn run(app: &App, sql: &str) {
    app.db().execute_batch(sql).unwrap_or_else(|e| panic!("{e}: {sql}"));
}

/// Every SMS of it was stopped, nobody got one, and the log says what did not fit.
#[track_caller]
fn is_stopped(app: &App, reader: &Client, id: MessageId, flaw: &str) {
    let funnel = eventually("it is stopped", SOON, || {
        app.cron();
        let funnel = reader.funnel(id);
        (funnel.phones > 0 && funnel.waiting == 0).then_some(funnel)
    });
    assert_eq!((funnel.skipped, funnel.accepted, funnel.delivered), (funnel.phones, 0, 0), "{funnel:?}");
    assert_eq!(app.sms(), []);
    let page: AuditPage = app.administrator().get("/api/audit").json();
    let told = page.entries.iter().any(|e| {
        e.entry.action == "delivery.stopped"
            && e.entry.subject_id == id.0
            && e.entry.detail.contains("\"not_authorised\"")
            && e.entry.detail.contains(&format!("\"{flaw}\""))
    });
    assert!(told, "{flaw} is in the log: {:?}", page.entries.first());
}

/// Approves a submitted message by SQL alone; cron then releases it.
fn approved(id: MessageId) -> String {
    format!(
        "UPDATE messages SET state = 'approved', approved_at = submitted_at, due_at = submitted_at WHERE id = {id};"
    )
}

/// A decision in the name of the year head, as the triggers ask for it.
fn forged_decision(id: MessageId, mac: &str) -> String {
    format!(
        "INSERT INTO decisions (message_id, version, position, staff_id, appointment_id, post, verdict, digest, reason, at, mac)
         SELECT m.id, m.version, s.position, a.staff_id, a.id, a.post, 'approve', m.digest, '', m.submitted_at + 1, {mac}
         FROM messages m JOIN message_steps s ON s.message_id = m.id AND s.version = m.version
         JOIN appointments a ON a.post = s.post AND a.unit_id = s.unit_id AND a.until IS NULL WHERE m.id = {id};"
    )
}

#[test]
fn a_forged_decision_sends_nothing() {
    let app = App::start();
    let (teacher, id) = submitted(&app);
    run(&app, &forged_decision(id, "'forged'"));
    run(&app, &approved(id));
    is_stopped(&app, &teacher, id, "decision");
}

/// A seal fits the row that it was made for, and no other.
#[test]
fn a_seal_that_was_copied_fits_nothing_else() {
    let app = App::start();
    let (_, genuine) = app.class_notice();
    app.settled(&app.homeroom("八年级1班"), genuine);
    let before = app.sms().len();
    let (teacher, id) = submitted(&app);
    run(&app, &forged_decision(id, &format!("(SELECT mac FROM decisions WHERE message_id = {genuine})")));
    run(&app, &approved(id));
    eventually("it is stopped", SOON, || {
        app.cron();
        let funnel = teacher.funnel(id);
        (funnel.phones > 0 && funnel.waiting == 0).then_some(())
    });
    assert_eq!(app.sms().len(), before, "nobody got a second SMS");
}

/// The Worker itself seals the decision of somebody whom SQL has made head of
/// the grade; that appointment was given and confirmed by nobody.
#[test]
fn a_forged_appointment_decides_nothing() {
    let app = App::start();
    run(
        &app,
        "DROP TRIGGER appointments_given; DROP TRIGGER appointments_not_dated_back;
         INSERT INTO appointments (staff_id, post, unit_id, since, given_by, confirmed_by, confirmed_at, mac)
         SELECT t.id, 'grade_head', u.id, 1, 1, 2, 2, 'forged' FROM staff t, units u WHERE t.number = 'T0042' AND u.name = '八年级'",
    );
    let (teacher, id) = submitted(&app);
    app.subject_teacher().approve(id);
    is_stopped(&app, &teacher, id, "appointment");
}

#[test]
fn a_confirmation_that_was_written_by_hand_counts_for_nothing() {
    let app = App::start();
    run(
        &app,
        "DROP TRIGGER appointments_fixed; DROP TRIGGER appointments_confirmed;
         UPDATE appointments SET confirmed_by = 1 WHERE post = 'grade_head'",
    );
    let (teacher, id) = submitted(&app);
    app.grade_head("八年级").approve(id);
    is_stopped(&app, &teacher, id, "appointment");
}

/// Who left comes back without the post; its end is set back by hand, and the Worker itself seals the decision.
#[test]
fn an_end_that_was_removed_by_hand_gives_no_power_back() {
    let app = App::start();
    let (head, clerk) = (app.count("SELECT id FROM staff WHERE number = 'T0016'"), app.office_clerk());
    let order = domain::roster::people::Leave { reason: domain::roster::people::LeaveReason::Resigned };
    assert_eq!(clerk.post(&format!("/api/staff/{head}/leave"), &order).status, 204);
    assert_eq!(clerk.post(&format!("/api/staff/{head}/return"), &()).status, 204);
    run(
        &app,
        &format!(
            "DROP TRIGGER appointments_fixed; UPDATE appointments SET until = NULL WHERE staff_id = {head}"
        ),
    );
    let (teacher, id) = submitted(&app);
    app.grade_head("八年级").approve(id);
    is_stopped(&app, &teacher, id, "appointment");
}

/// What was decided before the end stands.
#[test]
fn what_was_decided_before_an_end_is_sent() {
    let mut app = App::start();
    let stop = |stopped| domain::school::StopOrder { stopped, reason: "测试".into() };
    assert_eq!(app.principal().post("/api/school/stop", &stop(true)).status, 200);
    let (teacher, id) = submitted(&app);
    app.grade_head("八年级").approve(id);
    let head = app.count("SELECT id FROM staff WHERE number = 'T0016'");
    let order = domain::roster::people::Leave { reason: domain::roster::people::LeaveReason::Resigned };
    assert_eq!(app.office_clerk().post(&format!("/api/staff/{head}/leave"), &order).status, 204);
    assert_eq!(app.principal().post("/api/school/stop", &stop(false)).status, 200);
    // What rests is looked at again each minute.
    app.forward(2 * 60_000);
    let teacher = teacher.at(&app);
    let funnel = eventually("it is sent", SOON, || {
        app.cron();
        let funnel = teacher.funnel(id);
        (funnel.phones > 0 && funnel.waiting == 0).then_some(funnel)
    });
    assert_eq!((funnel.skipped, app.sms().len() as u32), (0, funnel.phones), "{funnel:?}");
}

/// Somebody who stands in while the head is said to be away: the absence was written by hand.
#[test]
fn a_forged_absence_lets_nobody_stand_in() {
    let app = App::start();
    let (_, id) = submitted(&app);
    run(
        &app,
        "INSERT INTO delegations (appointment_id, from_at, until_at, recorded_by, recorded_at, why, mac)
         SELECT a.id, 1, 9000000000000000, a.staff_id, 1, '', 'forged' FROM appointments a JOIN units u ON u.id = a.unit_id
         WHERE a.post = 'grade_head' AND u.name = '八年级'",
    );
    let refused = app.office_director().decide(id, domain::approval::Verdict::Approve, "");
    assert_eq!(refused.refused(403), "post_can_decide");
    assert_eq!(app.count("SELECT COUNT(*) FROM changes WHERE kind = 'delegation'"), 1, "and it is told");
}

/// A procedure under which a clerk approves: it is not even submitted to.
#[test]
fn a_forged_procedure_is_followed_by_nobody() {
    let app = App::start();
    run(
        &app,
        "DROP TRIGGER procedures_proposed;
         INSERT INTO procedures SELECT id, 2, sender, scope, label_zh, label_en, replace(steps, 'grade_head', 'office_clerk'), in_force_from,
           set_by, set_at, confirmed_by, confirmed_at, NULL, NULL, mac FROM procedures WHERE scope = 'grade'",
    );
    let teacher = app.homeroom("八年级1班");
    let id = teacher.draft(&draft_to(&[teacher.class("八年级1班")]));
    let refused =
        teacher.post(&format!("/api/messages/{id}/submit"), &domain::message::Submit { statement: true });
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert!(refused.body.contains("/problems/procedure_unsealed"), "{}", refused.body);
}

#[test]
fn steps_that_are_not_the_procedures_send_nothing() {
    let app = App::start();
    let (teacher, id) = submitted(&app);
    run(
        &app,
        &format!(
            "DROP TRIGGER steps_no_update;
             UPDATE message_steps SET post = 'office_director', unit_id = NULL WHERE message_id = {id}"
        ),
    );
    app.office_director().approve(id);
    is_stopped(&app, &teacher, id, "steps");
}

/// A round that no release made: a second SMS to families that have theirs.
#[test]
fn a_forged_round_sends_no_second_sms() {
    let mut app = App::start();
    let (teacher, id) = app.class_notice();
    app.settled(&teacher, id);
    let before = app.sms().len();
    run(
        &app,
        &format!(
            "INSERT INTO rounds (message_id, round, kind, ordered_by, why, due_at, at, mac)
             SELECT message_id, 1, 'resend', ordered_by, why, due_at, at + 1, mac FROM rounds WHERE message_id = {id};
             INSERT INTO message_streams (message_id, round, stream_id, state, takes_number, ready_at)
             SELECT message_id, 1, stream_id, 'ready', 0, ready_at FROM message_streams WHERE message_id = {id} AND round = 0;
             INSERT INTO deliveries SELECT message_id, 1, phone_id, 1, 'queued', NULL, recipients, moved_at FROM deliveries
             WHERE message_id = {id} AND batch_no > 0 LIMIT 5;
             INSERT INTO batches (message_id, round, no, stream_id, state, members, size, provider, ready_at, check_at)
             SELECT d.message_id, 1, 1, (SELECT stream_id FROM message_streams WHERE message_id = {id} AND round = 0), 'ready',
               json_group_array(d.phone_id), COUNT(*), 'sandbox', 1, 1 FROM deliveries d WHERE d.message_id = {id} AND d.round = 1;
             UPDATE rounds SET state = 'sending' WHERE message_id = {id} AND round = 1"
        ),
    );
    // What rests is looked at again each minute.
    app.forward(2 * 60_000);
    eventually("the round has ended", SOON, || {
        app.cron();
        let open = format!("SELECT COUNT(*) FROM rounds WHERE message_id = {id} AND ended_at IS NULL");
        (app.count(&open) == 0).then_some(())
    });
    assert_eq!(app.sms().len(), before);
    let reasons = format!(
        "SELECT COUNT(*) FROM deliveries WHERE message_id = {id} AND round = 1 AND reason = 'not_authorised'"
    );
    assert_eq!(app.count(&reasons), 5);
}

/// A change of number that nobody ordered: the stranger gets nothing, the others theirs.
#[test]
fn a_forged_change_of_number_reaches_nobody_else() {
    let mut app = App::start();
    let order = domain::school::StopOrder { stopped: true, reason: "测试".into() };
    assert_eq!(app.principal().post("/api/school/stop", &order).status, 200);
    let (teacher, id) = submitted(&app);
    let person = format!("(SELECT MIN(person) FROM recipients WHERE message_id = {id})");
    // A number of another class.
    let stranger = format!(
        "(SELECT MAX(g.phone_id) FROM guardians g WHERE g.phone_id NOT IN (SELECT phone_id FROM recipients WHERE message_id = {id}))"
    );
    run(
        &app,
        &format!(
            "INSERT INTO phone_changes (kind, person, from_phone, to_phone, at, by, mac)
             SELECT 'guardian', g.id, g.phone_id, {stranger}, 1, 1, 'forged' FROM guardians g WHERE g.id = {person};
             UPDATE guardians SET phone_id = {stranger} WHERE id = {person}"
        ),
    );
    app.grade_head("八年级").approve(id);
    app.forward(2 * 60_000);
    run(
        &app,
        "UPDATE school SET lifted_by = (SELECT staff_id FROM appointments WHERE post = 'principal'), stopped_at = NULL",
    );
    let teacher = teacher.at(&app);
    let funnel = eventually("it is sent", SOON, || {
        app.cron();
        let funnel = teacher.funnel(id);
        (funnel.phones > 0 && funnel.waiting == 0).then_some(funnel)
    });
    assert_eq!(funnel.skipped, 1, "{funnel:?}");
    let reason =
        format!("SELECT COUNT(*) FROM deliveries WHERE message_id = {id} AND reason = 'not_authorised'");
    assert_eq!(app.count(&reason), 1);
    assert_eq!(app.sms().len() as u32, funnel.phones - 1);
}

/// Whoever writes into the database could else walk in as anybody, and have the Worker itself seal decisions.
#[test]
fn a_session_that_was_written_or_moved_by_hand_opens_nothing() {
    let app = App::start();
    let teacher = app.homeroom("八年级1班");
    assert_eq!(teacher.get("/api/me").status, 200);
    run(&app, "UPDATE sessions SET staff_id = (SELECT id FROM staff WHERE number = 'T0001')");
    assert_eq!(teacher.get("/api/me").status, 401, "moved to the principal");
    run(&app, "UPDATE sessions SET staff_id = (SELECT id FROM staff WHERE number = 'T0026')");
    assert_eq!(teacher.get("/api/me").status, 200, "and back");
    run(&app, "UPDATE sessions SET mac = 'forged'");
    assert_eq!(teacher.get("/api/me").status, 401, "written by hand");
}
