//! The list of subject teachers who may write to a class (调整能针对本班发布短信的任课教师): the homeroom teacher's
//! alone, asked now and at release (G11).

use api_tests::{App, Client, draft_to};
use domain::ids::{AppointmentId, ClassId};
use domain::message::{Audience, Command, Draft, HoldReason, MessageState};
use domain::roster::{ClassRoll, ClassTeacher, ListTeachers};

fn roll(client: &Client, class: ClassId) -> ClassRoll {
    client.get(&format!("/api/classes/{class}")).json()
}

/// The physics teacher T0042 as a teacher of this class.
fn physics(client: &Client, class: ClassId) -> ClassTeacher {
    let teachers = roll(client, class).teachers;
    teachers.into_iter().find(|t| t.number == "T0042").expect("teaches the class")
}

fn change(client: &Client, class: ClassId, list: &[AppointmentId], strike: &[AppointmentId]) -> u16 {
    let order = ListTeachers { list: list.to_vec(), strike: strike.to_vec() };
    client.put(&format!("/api/classes/{class}/teachers"), &order).status
}

#[test]
fn g11_a_teacher_writes_only_while_on_the_list() {
    let app = App::start();
    let (subject, homeroom) = (app.subject_teacher(), app.homeroom("七年级1班"));
    let class = homeroom.class("七年级1班");
    let unlisted = app.office_clerk().class("七年级3班");
    assert_eq!(subject.post("/api/messages", &draft_to(&[unlisted])).status, 422, "taught, and not listed");
    let id = subject.draft(&draft_to(&[class]));
    let held = physics(&homeroom, class).appointment;
    assert_eq!(change(&homeroom, class, &[], &[held]), 200);
    assert_eq!(physics(&homeroom, class).listed_at, None);
    let refused =
        subject.post(&format!("/api/messages/{id}/submit"), &serde_json::json!({ "statement": true }));
    assert_eq!(refused.status, 422, "struck off since it was drafted: {}", refused.body);
    assert_eq!(subject.post("/api/messages", &draft_to(&[class])).status, 422);
    let to_teachers = Draft { audience: Audience::AllTeachers, ..draft_to(&[]) };
    assert_eq!(
        subject.post("/api/messages", &to_teachers).status,
        201,
        "the list is about the class's parents"
    );
    assert_eq!(change(&homeroom, class, &[held], &[]), 200);
    subject.submit(id);
    // What they did stands in the history, with who.
    let log = app.count("SELECT COUNT(*) FROM audit WHERE action IN ('teacher.listed', 'teacher.struck_off') AND subject_id > 0
                         AND actor = (SELECT id FROM staff WHERE number = 'T0018')");
    assert!(log > 2, "{log}");
}

#[test]
fn g11_who_is_struck_off_has_nothing_released() {
    let mut app = App::start();
    let (subject, homeroom) = (app.subject_teacher(), app.homeroom("七年级1班"));
    let (class, head) = (homeroom.class("七年级1班"), app.grade_head("七年级"));
    let tomorrow =
        subject.get("/api/me").json::<serde_json::Value>()["now"].as_i64().expect("now") + 86_400_000;
    let later = Draft { send_at: Some(domain::time::Instant(tomorrow)), ..draft_to(&[class]) };
    let id = subject.draft(&later);
    subject.submit(id);
    head.approve(id);
    let held = physics(&homeroom, class).appointment;
    assert_eq!(change(&homeroom, class, &[], &[held]), 200);
    app.forward(86_400_000 + 120_000);
    app.cron();
    let head = head.again(&app, "T0015");
    let seen = head.message(id);
    assert_eq!((seen.state, seen.held), (MessageState::Approved, Some(HoldReason::NotListed)));
    assert!(seen.may.contains(&Command::Cancel), "{:?}", seen.may);
    assert!(app.sms().iter().all(|sms| !sms.text.contains(&later.title)));
    assert_eq!(change(&homeroom.again(&app, "T0018"), class, &[held], &[]), 200);
    app.cron();
    assert_eq!(head.message(id).held, None);
    assert_ne!(head.message(id).state, MessageState::Approved, "it goes out once listed again");
}

#[test]
fn g11_the_list_is_the_homeroom_teachers_alone() {
    let app = App::start();
    let homeroom = app.homeroom("七年级1班");
    let class = homeroom.class("七年级1班");
    let held = physics(&homeroom, class).appointment;
    assert!(roll(&homeroom, class).may_list && !roll(&app.office_clerk(), class).may_list);
    for number in ["T0019", "T0026", "T0042", "T0004", "T0003", "T0015", "T0001", "T0014"] {
        assert_eq!(change(&app.signed_in(number), class, &[], &[held]), 404, "{number}");
    }
    // A teacher of another class, a post that is none, and what stands there already.
    let other = app.office_clerk().class("七年级3班");
    let elsewhere = physics(&app.office_clerk(), other).appointment;
    assert_eq!(change(&homeroom, class, &[elsewhere], &[]), 409);
    assert_eq!(change(&homeroom, class, &[AppointmentId(987_654)], &[]), 409);
    assert_eq!(change(&homeroom, class, &[held], &[]), 409, "on it already");
    assert_eq!(change(&homeroom, class, &[], &[]), 422);
    assert_eq!(change(&homeroom, class, &[held], &[held]), 422);
    assert_eq!(physics(&homeroom, class).appointment, held);
    assert!(physics(&homeroom, class).listed_at.is_some(), "nothing half done");
}

/// By raw SQL: not oneself, not by who leads another class, no other post.
#[test]
fn g11_the_database_refuses_a_list_of_anybody_else() {
    let app = App::start();
    let db = app.db();
    let run = |set: &str, which: &str| {
        let sql = format!("UPDATE appointments SET {set} WHERE id = (SELECT MIN(a.id) FROM appointments a JOIN staff t ON t.id = a.staff_id
             LEFT JOIN classes c ON c.id = a.class_id WHERE {which})");
        let refused = db.execute(&sql, []).expect_err("refused").to_string();
        assert!(refused.contains("listing_refused"), "{set}: {refused}");
    };
    let unlisted = "a.post = 'subject_teacher' AND c.name = '七年级3班' AND t.number = 'T0042'";
    let by = |number: &str| {
        format!("listed_at = 9999999999999, listed_by = (SELECT id FROM staff WHERE number = '{number}')")
    };
    run(&by("T0042"), unlisted);
    run(&by("T0018"), unlisted);
    run(&by("T0004"), unlisted);
    run("listed_at = 5", unlisted);
    run(&by("T0018"), "a.post = 'homeroom_teacher' AND c.name = '七年级1班'");
    run(&by("T0018"), "a.post = 'subject_teacher' AND c.name = '七年级1班' AND a.listed_at IS NOT NULL");
}
