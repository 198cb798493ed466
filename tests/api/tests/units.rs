//! Units and posts edited by hand (G1, G2): what the tree refuses, what a
//! closed unit gives, and the second person for each post with power.

use api_tests::{App, Client, draft_to};
use domain::access::Post;
use domain::account::Me;
use domain::appointment::{Confirm, WaitingAppointments};
use domain::ids::{AppointmentId, StaffId, UnitId};
use domain::roster::{ImportPreview, StaffView};
use domain::school::UnitView;
use serde_json::json;

fn units(client: &Client) -> Vec<UnitView> {
    client.get("/api/units").json()
}

fn unit(client: &Client, name: &str) -> UnitId {
    units(client).into_iter().find(|u| u.name == name).unwrap_or_else(|| panic!("no unit {name}")).id
}

fn make(client: &Client, parent: UnitId, kind: &str, name: &str) -> api_tests::Reply {
    client.post("/api/units", &json!({ "parent": parent, "kind": kind, "name": name }))
}

fn member(client: &Client, number: &str) -> StaffView {
    let all: Vec<StaffView> = client.get("/api/staff").json();
    all.into_iter().find(|s| s.number == number).expect(number)
}

fn staff(client: &Client, number: &str) -> StaffId {
    member(client, number).id
}

fn give(client: &Client, staff: StaffId, post: Post, unit: UnitId) -> api_tests::Reply {
    client.post("/api/appointments", &json!({ "staff": staff, "post": post.key(), "unit": unit }))
}

fn waiting(client: &Client, post: Post) -> Vec<AppointmentId> {
    let all: WaitingAppointments = client.get("/api/appointments/waiting").json();
    all.waiting.iter().filter(|w| w.appointment.post == post).map(|w| w.appointment.id).collect()
}

fn end(client: &Client, id: AppointmentId) -> api_tests::Reply {
    client.post(&format!("/api/appointments/{id}/end"), &json!({}))
}

#[test]
fn g1_units_are_made_renamed_moved_and_closed_by_whom_the_table_names() {
    let app = App::start();
    let (clerk, teacher) = (app.office_clerk(), app.homeroom("八年级1班"));
    let school = units(&clerk).into_iter().find(|u| u.parent.is_none()).expect("the school").id;
    assert_eq!(make(&teacher, school, "department", "体卫处").refused(403), "forbidden");
    assert_eq!(make(&clerk, school, "department", "体卫处").status, 200);
    let id = unit(&clerk, "体卫处");
    assert_eq!(make(&clerk, id, "department", "卫生室").status, 200);
    let below = unit(&clerk, "卫生室");
    // Twice is one: the second is told so.
    assert_eq!(make(&clerk, school, "department", "体卫处").refused(422), "unit_name_taken");

    // No circle, and nothing half done.
    let into = |unit: UnitId, parent: UnitId, name: &str| {
        clerk.put(&format!("/api/units/{unit}"), &json!({ "parent": parent, "name": name }))
    };
    assert_eq!(into(id, below, "体育卫生处").refused(422), "unit_cycle");
    assert_eq!(unit(&clerk, "体卫处"), id);
    assert_eq!(into(id, school, "体育卫生处").status, 200);
    assert_eq!(into(below, school, "卫生室").status, 200);
    assert_eq!(units(&clerk).iter().find(|u| u.id == below).and_then(|u| u.parent), Some(school));
    assert_eq!(app.count("SELECT COUNT(*) FROM former_names WHERE kind = 'unit' AND name = '体卫处'"), 1);
    assert_eq!(into(school, id, "学校").status, 404, "the school itself stays");

    // Closed, and open again under its name.
    assert_eq!(clerk.post(&format!("/api/units/{below}/close"), &json!({})).status, 200);
    assert!(!units(&clerk).iter().any(|u| u.id == below));
    assert_eq!(clerk.post(&format!("/api/units/{below}/close"), &json!({})).status, 404, "once");
    assert_eq!(give(&clerk, staff(&clerk, "T0042"), Post::DepartmentClerk, below).refused(422), "post_place");
    assert_eq!(make(&clerk, school, "department", "卫生室").status, 200);
    assert_eq!(unit(&clerk, "卫生室"), below);
    for action in ["unit.made", "unit.changed", "unit.closed"] {
        assert!(
            app.count(&format!("SELECT COUNT(*) FROM audit WHERE action = '{action}' AND subject = 'unit'"))
                > 0
        );
    }
}

#[test]
fn g1_a_unit_with_members_or_open_messages_is_not_closed() {
    let app = App::start();
    let (clerk, teacher) = (app.office_clerk(), app.homeroom("八年级1班"));
    let grade = unit(&clerk, "八年级");
    let close = || clerk.post(&format!("/api/units/{grade}/close"), &json!({}));
    let reply = close();
    assert!(reply.body.contains("8 个班级") && reply.body.contains("项任职"), "{}", reply.body);
    assert_eq!(reply.refused(409), "unit_in_use");
    // A message that waits there, with everybody else gone.
    let id = teacher.draft(&draft_to(&[teacher.class("八年级1班")]));
    teacher.submit(id);
    let reply = close();
    assert!(reply.body.contains("1 条未办结的通知"), "{}", reply.body);
    assert_eq!(app.count("SELECT COUNT(*) FROM units WHERE closed_at IS NOT NULL"), 0);
    assert_eq!(
        app.count("SELECT COUNT(*) FROM classes WHERE archived_at IS NOT NULL"),
        0,
        "nothing half done"
    );
}

#[test]
fn g2_a_post_with_power_given_by_hand_waits_for_a_second_person() {
    let app = App::start();
    let (clerk, admin) = (app.office_clerk(), app.administrator());
    let (person, grade) = (staff(&clerk, "T0042"), unit(&clerk, "八年级"));
    assert_eq!(app.subject_teacher().post("/api/appointments", &json!({})).status, 403);
    assert_eq!(give(&clerk, person, Post::GradeHead, grade).status, 204);
    assert_eq!(give(&clerk, person, Post::GradeHead, grade).refused(409), "already_held");
    let me = |app: &App| app.signed_in("T0042").get("/api/me").json::<Me>();
    assert!(!me(&app).person.holds(Post::GradeHead, None) && me(&app).unconfirmed.len() == 1);

    // Neither who gave it confirms it.
    let ids = waiting(&admin, Post::GradeHead);
    let confirm = |client: &Client| {
        client.post("/api/appointments/confirmations", &Confirm { appointments: ids.clone() })
    };
    assert_eq!(confirm(&clerk).refused(403), "given_by_you");
    assert_eq!(confirm(&admin).status, 200);
    assert!(me(&app).person.holds(Post::GradeHead, Some(grade)));

    // It ends by hand, and gives nothing from then on; nobody ends an own one.
    assert_eq!(end(&clerk, ids[0]).status, 204);
    assert!(!me(&app).person.holds(Post::GradeHead, None));
    assert_eq!(end(&clerk, ids[0]).status, 404, "once");
    let own = member(&clerk, "T0004").appointments[0].id;
    assert_eq!(end(&clerk, own).refused(403), "own_post");
    for action in ["appointment.given", "appointment.ended"] {
        assert_eq!(
            app.count(&format!("SELECT COUNT(*) FROM audit WHERE action = '{action}'")),
            1,
            "{action}"
        );
    }
}

#[test]
fn a_post_is_held_where_it_can_be() {
    let app = App::start();
    let clerk = app.office_clerk();
    let (person, grade, office) = (staff(&clerk, "T0042"), unit(&clerk, "八年级"), unit(&clerk, "校办室"));
    assert_eq!(give(&clerk, person, Post::Dean, grade).refused(422), "post_place");
    assert_eq!(give(&clerk, person, Post::GradeHead, office).refused(422), "post_place");
    assert_eq!(give(&clerk, person, Post::HomeroomTeacher, grade).refused(422), "post_place");
    assert_eq!(give(&clerk, StaffId(999_999), Post::GradeHead, grade).refused(422), "not_on_staff");
    let class = clerk.class("八年级2班");
    let order = json!({ "staff": person, "post": "subject_teacher", "class": class, "subject": "物理" });
    assert_eq!(clerk.post("/api/appointments", &order).status, 204);
    let held = member(&clerk, "T0042").appointments;
    assert!(held.iter().any(|a| a.class == Some(class) && a.unit == grade), "{held:?}");
    // For who has left there is none.
    let leave = json!({ "reason": "resigned" });
    assert_eq!(clerk.post(&format!("/api/staff/{person}/leave"), &leave).status, 204);
    assert_eq!(give(&clerk, person, Post::GradeHead, grade).refused(422), "not_on_staff");
}

#[test]
fn g7_who_leads_a_department_is_named_by_hand_at_a_university() {
    let app = App::university();
    let (admin, second) = (app.signed_in("U0007"), app.signed_in("U0006"));
    let network = unit(&admin, "网络与信息化中心");
    let leader = staff(&admin, "U0002");
    assert_eq!(give(&admin, leader, Post::DepartmentLeader, network).status, 204);
    let ids = waiting(&second, Post::DepartmentLeader);
    assert_eq!(second.post("/api/appointments/confirmations", &Confirm { appointments: ids }).status, 200);
    let me: Me = app.signed_in("U0002").get("/api/me").json();
    assert!(me.person.holds(Post::DepartmentLeader, Some(network)));
    // A college of its own kind and place, with its years below it.
    let school = units(&admin).into_iter().find(|u| u.parent.is_none()).expect("the school").id;
    assert_eq!(make(&admin, school, "college", "外语学院").status, 200);
    assert_eq!(make(&admin, unit(&admin, "外语学院"), "grade", "2026级").status, 200);
    assert_eq!(make(&admin, school, "student_affairs", "学工部").refused(422), "unit_single");
}

#[test]
fn a_file_that_names_a_closed_unit_says_so_and_opens_it_again() {
    let app = App::start();
    let clerk = app.office_clerk();
    let school = units(&clerk).into_iter().find(|u| u.parent.is_none()).expect("the school").id;
    assert_eq!(make(&clerk, school, "department", "体卫处").status, 200);
    let id = unit(&clerk, "体卫处");
    assert_eq!(clerk.post(&format!("/api/units/{id}/close"), &json!({})).status, 200);
    let rows = "工号,姓名,手机,部门,职务,班主任班级,任教\nT0901,新主任,19900000901,体卫处,主任,,\n";
    let preview: ImportPreview = clerk.upload("/api/roster/imports?kind=staff", rows.as_bytes()).json();
    assert!(
        preview.changes.iter().any(|c| c.who == "体卫处" && c.after.zh == "重新启用"),
        "{:?}",
        preview.changes
    );
    let applied = clerk.post(&format!("/api/roster/imports/{}/apply", preview.id), &preview.likely());
    assert_eq!(applied.status, 200, "{}", applied.body);
    assert_eq!(unit(&clerk, "体卫处"), id);
}
