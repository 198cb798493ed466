//! Standing in: who is away says so with dates, and a substitute decides
//! meanwhile; by the API and by raw SQL.

use api_tests::{App, Client, draft_to, draft_to_all};
use domain::account::Me;
use domain::approval::{Decide, Verdict};
use domain::delegation::{Delegations, RecordAbsence};
use domain::ids::{AppointmentId, MessageId};
use domain::message::{MessageList, MessageState};
use domain::time::{DAY, HOUR, Instant};

fn now(client: &Client) -> Instant {
    client.get("/api/me").json::<Me>().now
}

fn known(client: &Client) -> Delegations {
    client.get("/api/delegations").json()
}

/// The post of somebody, as `reader` finds it on the page.
fn post_of(reader: &Client, number: &str) -> AppointmentId {
    let all = known(reader).posts;
    all.iter().find(|p| p.staff.number == number).expect("one of the posts").appointment.id
}

fn absence(client: &Client, appointment: AppointmentId, hours: i64, reason: &str) -> RecordAbsence {
    RecordAbsence { appointment, from: None, until: now(client).plus(hours * HOUR), reason: reason.into() }
}

fn record(client: &Client, order: &RecordAbsence) -> api_tests::Reply {
    client.post("/api/delegations", order)
}

fn submitted(app: &App) -> (Client, MessageId) {
    let teacher = app.homeroom("八年级1班");
    let id = teacher.draft(&draft_to(&[teacher.class("八年级1班")]));
    teacher.submit(id);
    (teacher, id)
}

fn decide(client: &Client, id: MessageId) -> api_tests::Reply {
    client.decide(id, Verdict::Approve, "")
}

fn waits_for(client: &Client, id: MessageId) -> bool {
    let list: MessageList = client.get("/api/messages?box=waiting").json();
    let waits = list.messages.iter().any(|m| m.id == id);
    assert_eq!(client.get("/api/me").json::<Me>().waiting as usize, list.messages.len());
    waits
}

#[test]
fn while_the_head_is_away_the_director_decides_and_afterwards_the_head() {
    let app = App::start();
    let (head, director) = (app.grade_head("八年级"), app.office_director());
    let (teacher, id) = submitted(&app);
    assert_eq!(decide(&director, id).refused(403), "post_can_decide");
    assert!(!waits_for(&director, id) && waits_for(&head, id));

    let own = post_of(&head, "T0016");
    let order = RecordAbsence { from: Some(now(&head).plus(DAY)), ..absence(&head, own, 48, "") };
    let planned: Delegations = record(&head, &order).json();
    assert_eq!(decide(&director, id).refused(403), "post_can_decide", "it has not begun");
    let path = format!("/api/delegations/{}/withdraw", planned.absences[0].id);
    assert!(head.post(&path, &()).json::<Delegations>().absences.is_empty());
    assert_eq!(head.post(&path, &()).status, 404, "once");

    assert_eq!(record(&head, &absence(&head, own, 3, "")).status, 200);
    let step = teacher.message(id).chain.steps[0].clone();
    assert_eq!(step.people, ["姚燕佳", "范亮豪"], "who stands in, and who is away and may still decide");
    let why = step.stands_in.expect("why").zh;
    assert!(why.starts_with("范亮豪请假至") && why.ends_with("由校办室主任代为办理"), "{why}");
    assert!(waits_for(&director, id));
    let view = director.approve(id);
    assert!(matches!(view.state, MessageState::Sending | MessageState::Sent));
    let entries = "SELECT COUNT(*) FROM audit WHERE action LIKE 'delegation.%' AND actor = (SELECT id FROM staff WHERE number = 'T0016')
        AND json_extract(detail, '$.staff') = actor";
    assert_eq!(app.count(entries), 3, "recorded, withdrawn, recorded");

    // Back again.
    let (_, next) = submitted(&app);
    let absences = known(&head).absences;
    assert_eq!(head.post(&format!("/api/delegations/{}/withdraw", absences[0].id), &()).status, 200);
    assert_eq!(decide(&director, next).refused(403), "post_can_decide");
    assert_eq!(decide(&head, next).status, 200);
}

/// Somebody who is ill cannot say so; who records it for them does not stand in as well.
#[test]
fn for_somebody_who_is_ill_a_leader_records_it_and_another_stands_in() {
    let app = App::start();
    let (director, principal, head) = (app.office_director(), app.principal(), app.grade_head("八年级"));
    let (_, id) = submitted(&app);
    let post = post_of(&director, "T0016");
    assert_eq!(record(&director, &absence(&director, post, 3, " ")).refused(422), "reason");
    assert_eq!(record(&director, &absence(&director, post, 3, "急病住院")).status, 200);
    assert_eq!(decide(&director, id).refused(403), "absence_recorded_by_you");
    assert!(!waits_for(&director, id));
    assert_eq!(record(&principal, &absence(&principal, post, 3, "急病住院")).status, 200);
    assert!(waits_for(&director, id));

    // The holder sees what was recorded, and ends it.
    for absence in known(&head).absences {
        assert_eq!(absence.held.staff.number, "T0016");
        assert_eq!(head.post(&format!("/api/delegations/{}/withdraw", absence.id), &()).status, 200);
    }
    assert_eq!(decide(&director, id).refused(403), "post_can_decide");

    // Nobody else records for others, nor sees it.
    let teacher = app.homeroom("八年级1班");
    assert_eq!(known(&teacher), Delegations { absences: vec![], posts: vec![] });
    for client in [&teacher, &app.grade_head("七年级"), &app.office_clerk()] {
        assert_eq!(record(client, &absence(client, post, 3, "急病")).refused(422), "not_your_post");
    }
    // And none for ever.
    assert_eq!(record(&head, &absence(&head, post, 24 * 181, "")).refused(422), "until");
    assert_eq!(record(&head, &absence(&head, post, 0, "")).refused(422), "until");
}

/// The vice principal approves for a principal who is away; the chain keeps its different people.
#[test]
fn the_vice_principal_stands_in_for_the_principal_who_is_away() {
    let app = App::start();
    let clerk = app.office_clerk();
    let id = clerk.draft(&draft_to_all());
    clerk.submit(id);
    app.office_director().approve(id);
    let (principal, vice) = (app.principal(), app.vice_principal());
    assert_eq!(decide(&vice, id).refused(403), "post_can_decide");
    let own = post_of(&principal, "T0001");
    assert_eq!(record(&principal, &absence(&principal, own, 1, "出差")).status, 200);
    assert_eq!(decide(&vice, id).status, 200);
}

/// The database asks the same of whoever writes into it directly.
#[test]
fn raw_sql_lets_no_substitute_decide_while_the_post_can() {
    let app = App::start();
    let (teacher, id) = submitted(&app);
    let order = Decide {
        verdict: Verdict::Approve,
        digest: teacher.message(id).digest.expect("a digest"),
        reason: String::new(),
        passages: Vec::new(),
        password: None,
    };
    let forged = || {
        format!(
            "INSERT INTO decisions (message_id, version, position, staff_id, appointment_id, post, verdict, digest, reason, at, mac)
             SELECT {id}, 1, 0, a.staff_id, a.id, a.post, 'approve', '{}', '', {}, ''
             FROM appointments a WHERE a.post = 'office_director'",
            order.digest,
            now(&teacher).0
        )
    };
    let db = app.db();
    let refused = db.execute_batch(&forged()).expect_err("the head can decide").to_string();
    assert!(refused.contains("decision_refused"), "{refused}");
    let head = app.grade_head("八年级");
    assert_eq!(record(&head, &absence(&head, post_of(&head, "T0016"), 3, "")).status, 200);
    db.execute_batch(&format!("BEGIN; {}; ROLLBACK", forged()))
        .expect("away: it is the seal that is missing");
    // Of another grade's head no absence helps.
    let head = app.grade_head("七年级");
    assert_eq!(record(&head, &absence(&head, post_of(&head, "T0015"), 3, "")).status, 200);
    db.execute_batch("UPDATE delegations SET mac = mac || 'w', withdrawn_at = 9e15, withdrawn_by = recorded_by WHERE id = 1")
        .expect("withdrawn");
    assert!(db.execute_batch(&forged()).is_err());
}
