//! The middle school's regulation (S11), row by row: what each refuses. Who may do what is in `matrix.rs`, the
//! list of subject teachers in `listing.rs`, what is handed in to the office in `office_request.rs`, and when
//! nobody may be disturbed in `window.rs`.

use std::sync::OnceLock;

use api_tests::{App, Client, Reply, draft_to, draft_to_all};
use domain::account::Me;
use domain::ids::ClassId;
use domain::message::{Audience, Draft};
use domain::roster::{ClassRoll, ClassView, StaffView};
use domain::time::DAY;
use serde_json::json;

fn app() -> &'static App {
    static APP: OnceLock<App> = OnceLock::new();
    APP.get_or_init(App::start)
}

fn class(name: &str) -> ClassId {
    app().office_clerk().class(name)
}

fn submit(client: &Client, draft: &Draft) -> Reply {
    let id = client.draft(draft);
    client.post(&format!("/api/messages/{id}/submit"), &json!({ "statement": true }))
}

fn to_teachers() -> Draft {
    Draft { audience: Audience::AllTeachers, ..draft_to(&[]) }
}

fn roll(id: ClassId) -> ClassRoll {
    app().office_clerk().get(&format!("/api/classes/{id}")).json()
}

/// Whether it is refused for want of a right.
#[track_caller]
fn barred(reply: &Reply) {
    assert!(matches!(reply.status, 403 | 404 | 422), "{} {}", reply.status, reply.body);
}

#[test]
fn scope_a_head_of_year_group_has_no_power_that_the_school_did_not_give() {
    let head = app().grade_head("七年级");
    let own = class("七年级1班");
    barred(&head.post("/api/messages", &draft_to(&[own])));
    barred(&head.post("/api/messages", &draft_to_all()));
    barred(&head.post("/api/messages", &to_teachers()));
    barred(&head.get(&format!("/api/classes/{own}")));
    let student = &roll(own).students[0];
    let guardian = student.guardians[0].id;
    barred(&head.post(&format!("/api/students/{}/leave", student.id), &json!({ "reason": "transferred" })));
    barred(&head.put(&format!("/api/guardians/{guardian}/phone"), &json!({ "phone": "19900000009" })));
    barred(&head.put(&format!("/api/classes/{own}/teachers"), &json!({ "list": [], "strike": [1] })));
    barred(&head.post("/api/school/stop", &json!({ "stopped": true, "reason": "演练" })));
    // What the school's procedure gives is the approval of the own grade, of no other.
    let teacher = app().homeroom("八年级1班");
    let id = teacher.draft(&draft_to(&[teacher.class("八年级1班")]));
    let digest = teacher.submit(id).digest.expect("a digest");
    let order = json!({ "verdict": "approve", "digest": digest, "reason": "", "password": null });
    barred(&head.post(&format!("/api/messages/{id}/decisions"), &order));
    assert_eq!(app().grade_head("八年级").post(&format!("/api/messages/{id}/decisions"), &order).status, 200);
}

#[test]
fn clause_1_the_system_is_the_offices_to_run() {
    let unit = json!({ "parent": 1, "kind": "department", "name": "别的处" });
    let give = json!({ "staff": 1, "post": "office_clerk", "unit": 1, "class": null, "subject": "" });
    let others = [
        app().principal(),
        app().vice_principal(),
        app().grade_head("七年级"),
        app().homeroom("七年级1班"),
        app().subject_teacher(),
    ];
    for other in others {
        assert_eq!(other.post("/api/units", &unit).status, 403);
        assert_eq!(other.post("/api/units/2/close", &()).status, 403);
        assert_eq!(other.post("/api/appointments", &give).status, 403);
        assert_eq!(other.upload("/api/roster/imports?kind=students", b"x").status, 403);
        assert_eq!(other.post("/api/staff/activations", &json!({ "staff": [] })).status, 403);
        assert_eq!(other.put("/api/filings/limit", &json!({ "days": 5 })).status, 403);
    }
    let app = App::start();
    assert_eq!(app.office_director().post("/api/units", &unit).status, 200);
}

#[test]
fn clause_2_1_a_homeroom_teacher_keeps_the_own_class_and_no_other() {
    let teacher = app().homeroom("八年级1班");
    for other in ["七年级1班", "八年级2班"] {
        let id = class(other);
        barred(&teacher.get(&format!("/api/classes/{id}")));
        barred(&teacher.post("/api/messages", &draft_to(&[id])));
        barred(&teacher.post("/api/messages", &draft_to(&[teacher.class("八年级1班"), id])));
        let student = &roll(id).students[0];
        let guardian = student.guardians[0].id;
        barred(
            &teacher
                .post(&format!("/api/students/{}/leave", student.id), &json!({ "reason": "transferred" })),
        );
        barred(&teacher.post(&format!("/api/guardians/{guardian}/leave"), &json!({ "reason": "custody" })));
        barred(&teacher.put(&format!("/api/guardians/{guardian}/phone"), &json!({ "phone": "19900000009" })));
        barred(&teacher.put(&format!("/api/classes/{id}/teachers"), &json!({ "list": [], "strike": [1] })));
    }
    barred(&teacher.post("/api/messages", &draft_to_all()));
}

#[test]
fn clause_2_1_taking_somebody_off_the_roll_erases_nothing() {
    let app = App::start();
    let teacher = app.homeroom("八年级1班");
    let id = teacher.class("八年级1班");
    let before: ClassRoll = teacher.get(&format!("/api/classes/{id}")).json();
    let student = &before.students[0];
    let left =
        teacher.post(&format!("/api/students/{}/leave", student.id), &json!({ "reason": "transferred" }));
    assert_eq!(left.status, 204);
    let after: ClassRoll = teacher.get(&format!("/api/classes/{id}")).json();
    let gone = after.left.iter().find(|l| l.name == student.name).expect("who left is still told");
    assert!(!gone.by.is_empty());
    for sql in [
        format!("DELETE FROM students WHERE id = {}", student.id),
        format!("DELETE FROM guardians WHERE student_id = {}", student.id),
        format!("DELETE FROM departures WHERE kind = 'student' AND person = {}", student.id),
    ] {
        let said = app.db().execute_batch(&sql).expect_err(&sql).to_string();
        assert!(said.contains("retention_only"), "{sql}: {said}");
    }
    assert_eq!(teacher.post(&format!("/api/students/{}/return", student.id), &()).status, 204);
}

#[test]
fn clause_2_1_who_writes_to_all_teachers_neither_reads_nor_changes_their_numbers() {
    let teacher = app().homeroom("八年级1班");
    let subject = app().subject_teacher();
    let staff: Vec<StaffView> = app().office_clerk().get("/api/staff").json();
    let colleague = staff.iter().find(|s| s.number == "T0020").expect("a colleague").id;
    for client in [&teacher, &subject] {
        let id = client.draft(&to_teachers());
        assert_eq!(client.get("/api/staff").status, 403);
        let change = json!({ "phone": "19900000009" });
        assert_eq!(client.put(&format!("/api/staff/{colleague}/phone"), &change).status, 403);
        let preview = client.post("/api/messages/preview", &to_teachers()).body;
        let view = client.get(&format!("/api/messages/{id}")).body;
        let list = client.get(&format!("/api/messages/{id}/deliveries")).body;
        for body in [preview, view, list] {
            let digits = |run: &str| run.len() >= 11 && run.starts_with("199");
            assert!(!body.split(|c: char| !c.is_ascii_digit()).any(digits), "a number in {body}");
        }
    }
}

#[test]
fn clause_2_2_a_subject_teacher_writes_to_the_classes_taught_and_keeps_no_roll() {
    let teacher = app().subject_teacher();
    // Teaches 七年级1班 to 4班; the homeroom teachers of 1班 and 2班 have listed it.
    let own = class("七年级1班");
    assert_eq!(teacher.post("/api/messages", &draft_to(&[own])).status, 201);
    for other in ["七年级3班", "七年级5班", "八年级1班"] {
        barred(&teacher.post("/api/messages", &draft_to(&[class(other)])));
    }
    barred(&teacher.get(&format!("/api/classes/{own}")));
    let student = &roll(own).students[0];
    let guardian = student.guardians[0].id;
    barred(
        &teacher.post(&format!("/api/students/{}/leave", student.id), &json!({ "reason": "transferred" })),
    );
    barred(&teacher.put(&format!("/api/guardians/{guardian}/phone"), &json!({ "phone": "19900000009" })));
    let me: Me = teacher.get("/api/me").json();
    let own_post =
        me.person.appointments.iter().find(|a| a.class == Some(class("七年级3班"))).expect("teaches it").id;
    barred(&teacher.put(
        &format!("/api/classes/{}/teachers", class("七年级3班")),
        &json!({ "list": [own_post], "strike": [] }),
    ));
}

#[test]
fn clause_3_what_has_nothing_to_do_with_the_school_needs_a_reason() {
    let teacher = app().homeroom("八年级1班");
    let draft = draft_to(&[teacher.class("八年级1班")]);
    let private =
        Draft { body: "转让二手车一辆，有意者加微信 abc123 私聊。".into(), ..draft };
    let problem = submit(&teacher, &private).problem(422);
    assert!(problem.errors.iter().any(|e| e.field.starts_with("reasons")), "{problem:?}");
}

#[test]
fn clause_4_leaders_and_departments_send_nothing_themselves() {
    let own = class("八年级1班");
    for client in [app().principal(), app().vice_principal()] {
        for draft in [draft_to(&[own]), draft_to_all(), to_teachers()] {
            assert_eq!(client.post("/api/messages", &draft).status, 403);
        }
        let classes: Vec<ClassView> = client.get("/api/classes").json();
        assert!(classes.iter().all(|c| !c.may_write));
    }
    // And the office does not send in their name: a capacity is one of the writer's own posts.
    let principal: Me = app().principal().get("/api/me").json();
    let theirs = Draft { appointment: Some(principal.person.appointments[0].id), ..draft_to_all() };
    assert_eq!(app().office_clerk().post("/api/messages", &theirs).refused(422), "capacity_not_yours");
}

#[test]
fn clause_6_what_must_not_be_sent_is_refused_and_sure_typos_are_mended_first() {
    let teacher = app().homeroom("八年级1班");
    let own = teacher.class("八年级1班");
    let with = |body: &str| Draft { body: body.into(), ..draft_to(&[own]) };
    for body in ["六*合*彩内幕，速来", "孩子的身份证号码为11010519491231002X", "已后请按时到校"]
    {
        let problem = submit(&teacher, &with(body)).problem(422);
        assert!(problem.errors.iter().any(|e| e.field == "body"), "{body}: {problem:?}");
    }
    assert_eq!(submit(&teacher, &with("以后请按时到校")).status, 200);
}

#[test]
fn the_last_row_a_procedure_without_a_day_is_none() {
    let director = app().office_director();
    let now = director.get("/api/me").json::<Me>().now;
    let steps = json!([{ "kind": "approve", "post": "principal", "at": "anywhere", "substitute": null, "substitute_at": "anywhere",
        "holds": true, "needs": [], "within_hours": null }]);
    let order = |from: serde_json::Value| json!({ "sender": "office", "scope": "school", "steps": steps, "in_force_from": from });
    let mut dayless = order(json!(1));
    dayless.as_object_mut().expect("an object").remove("in_force_from");
    assert_eq!(director.post("/api/procedures", &dayless).status, 400);
    let yesterday = director.post("/api/procedures", &order(json!(now.plus(-2 * DAY))));
    let problem = yesterday.problem(422);
    assert!(problem.errors.iter().any(|e| e.field == "in_force_from"), "{problem:?}");
}
