//! What a school needs before its SMS reach anybody, and what becomes of
//! notices while it is lacking.

use api_tests::{App, draft_to};
use domain::checklist::{CheckPoint, Checklist};
use domain::message::{Hold, MessageState, Preview, Submit};
use domain::time::{DAY, HOUR, MINUTE};

/// A deployment in process: the demo's data, and nothing else of the demo.
fn deployed(origin: &str) -> App {
    App::with(&[("DEMO", "0"), ("PUBLIC_ORIGIN", origin), ("SMS_PROVIDER", "")])
}

fn lacking(list: &Checklist, point: CheckPoint) -> u32 {
    list.lines.iter().find(|line| line.point == point).expect("every point").lacking
}

#[test]
fn nothing_is_submitted_while_links_lead_nowhere() {
    for origin in ["", "http://xx.example.cn", "https://", "xx.example.cn"] {
        let app = deployed(origin);
        let teacher = app.homeroom("八年级1班");
        let draft = draft_to(&[teacher.class("八年级1班")]);
        let id = teacher.draft(&draft);
        let reply = teacher.post(&format!("/api/messages/{id}/submit"), &Submit { statement: true });
        assert_eq!(reply.refused(422), "no_origin", "{origin:?}");
        let preview: Preview = teacher.post("/api/messages/preview", &draft).json();
        assert!(preview.refusals.iter().any(|r| r.kind == "no_origin"), "said before it is submitted");
    }
    let app = deployed("https://xx.example.cn");
    let teacher = app.homeroom("八年级1班");
    let id = teacher.draft(&draft_to(&[teacher.class("八年级1班")]));
    assert_eq!(teacher.submit(id).state, MessageState::Submitted);
}

/// Lost after the submission: nothing is released with links that lead nowhere, and the page says so.
#[test]
fn nothing_goes_out_while_links_lead_nowhere() {
    let mut app = deployed("https://xx.example.cn");
    let teacher = app.homeroom("八年级1班");
    let id = teacher.draft(&draft_to(&[teacher.class("八年级1班")]));
    teacher.submit(id);
    app.restart_with(&[("DEMO", "0"), ("PUBLIC_ORIGIN", ""), ("SMS_PROVIDER", "")]);
    let approved = app.grade_head("八年级").approve(id);
    assert_eq!((approved.state, approved.hold), (MessageState::Approved, Some(Hold::NoOrigin)));
    assert_eq!(app.count("SELECT COUNT(*) FROM rounds"), 0);
}

#[test]
fn without_a_provider_nothing_piles_up_and_its_page_says_so() {
    let mut app = App::with(&[("SMS_PROVIDER", "")]);
    let (teacher, id) = app.class_notice();
    app.cron();
    let seen = teacher.message(id);
    assert_eq!((seen.state, seen.hold, seen.funnel), (MessageState::Approved, Some(Hold::NoProvider), None));
    assert_eq!(app.count("SELECT COUNT(*) FROM deliveries"), 0);
    // Once there is one, it goes by itself.
    app.forward(HOUR);
    app.cron();
    let teacher = app.homeroom("八年级1班");
    assert_eq!((teacher.message(id).state, teacher.message(id).hold), (MessageState::Sent, None));
}

#[test]
fn what_waits_too_long_for_a_provider_is_cancelled_and_says_why() {
    let mut app = App::with(&[("SMS_PROVIDER", "")]);
    let (_, id) = app.class_notice();
    let later = DAY + 2 * MINUTE;
    app.restart_with(&[("SMS_PROVIDER", ""), ("CLOCK_OFFSET_MS", &later.to_string())]);
    app.cron();
    let seen = app.homeroom("八年级1班").message(id);
    assert_eq!((seen.state, seen.hold), (MessageState::Cancelled, Some(Hold::TooOld)));
}

/// One that vanishes under way: what was released rests, and no job ends among the dead letters.
#[test]
fn what_was_released_rests_while_the_provider_is_gone() {
    let mut app = App::start();
    app.db()
        .execute_batch(
            "UPDATE school SET stopped_at = 1, stopped_by = 1, stopped_post = 'principal', stop_reason = 'x'",
        )
        .expect("nothing goes out yet");
    let (_, id) = app.class_notice();
    app.db().execute_batch("UPDATE school SET lifted_by = (SELECT staff_id FROM appointments WHERE post = 'principal'), stopped_at = NULL").expect("it may go");
    for minutes in 2..8 {
        let offset = (minutes * MINUTE).to_string();
        app.restart_with(&[("SMS_PROVIDER", ""), ("CLOCK_OFFSET_MS", &offset)]);
        app.cron();
    }
    let teacher = app.homeroom("八年级1班");
    for order in ["pause", "resume"] {
        // Its stream looks, and puts nothing on the queue.
        assert_eq!(teacher.post(&format!("/api/messages/{id}/{order}"), &serde_json::json!({})).status, 200);
    }
    let seen = teacher.message(id);
    assert_eq!((seen.state, seen.hold), (MessageState::Sending, Some(Hold::NoProvider)));
    assert_eq!(app.count("SELECT COUNT(*) FROM batches WHERE state = 'ready'"), 1);
    assert_eq!(app.count("SELECT COUNT(*) FROM dead_letters"), 0);
    app.forward(10 * MINUTE);
    app.cron();
    assert_eq!(app.homeroom("八年级1班").message(id).state, MessageState::Sent);
}

#[test]
fn the_checklist_says_what_is_lacking() {
    let app = App::start();
    assert_eq!(app.homeroom("八年级1班").get("/api/school/checklist").refused(403), "forbidden");
    let list: Checklist = app.office_clerk().get("/api/school/checklist").json();
    assert_eq!(list.lines.iter().map(|l| l.point).collect::<Vec<_>>(), CheckPoint::ALL);
    for fine in [
        CheckPoint::Origin,
        CheckPoint::Provider,
        CheckPoint::Secrets,
        CheckPoint::Posts,
        CheckPoint::Custodians,
    ] {
        assert_eq!(lacking(&list, fine), 0, "{fine:?}");
    }
    let inactive = app.count("SELECT COUNT(*) FROM staff WHERE password IS NULL AND left_at IS NULL");
    assert_eq!(i64::from(lacking(&list, CheckPoint::Accounts)), inactive);

    app.db()
        .execute_batch(
            "DROP TRIGGER guardians_leave_on_record; DROP TRIGGER appointments_two_remain;
             UPDATE appointments SET mac = mac || 'e', until = 2 WHERE post IN ('principal', 'grade_head');
             UPDATE appointments SET mac = mac || 'e', until = 2 WHERE post = 'administrator' AND id <> (SELECT MIN(id) FROM appointments WHERE post = 'administrator');
             UPDATE appointments SET mac = mac || 'e', until = 2 WHERE post = 'custodian' AND unit_id IN (SELECT id FROM units WHERE kind = 'grade');
             UPDATE guardians SET left_at = 1 WHERE student_id = (SELECT MIN(id) FROM students);
             INSERT INTO dead_letters (queue, body, at) VALUES ('q', 'x', 1)",
        )
        .expect("much is lacking");
    let list: Checklist = app.office_clerk().get("/api/school/checklist").json();
    for (point, n) in [
        (CheckPoint::Posts, 4),
        (CheckPoint::Custodians, 3),
        (CheckPoint::Children, 1),
        (CheckPoint::DeadLetters, 1),
    ] {
        assert_eq!(lacking(&list, point), n, "{point:?}");
    }
    assert!(lacking(&list, CheckPoint::Administrators) >= 1);

    let list: Checklist = deployed("http://x").office_clerk().get("/api/school/checklist").json();
    assert_eq!((lacking(&list, CheckPoint::Origin), lacking(&list, CheckPoint::Provider)), (1, 1));
}
