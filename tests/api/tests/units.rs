//! Units and posts edited by hand (G1, G2): what the tree refuses, what a
//! closed unit gives, and the second person for each post with power.

use api_tests::{App, Client, draft_to};
use domain::access::Post;
use domain::account::Me;
use domain::appointment::{Confirm, Ending, WaitingAppointments};
use domain::ids::{AppointmentId, StaffId, UnitId};
use domain::roster::{ImportPreview, StaffView};
use domain::school::UnitView;
use domain::time::{DAY, Instant};
use domain::unit::{UnitChanges, WaitingUnitChange};
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
    client.post(&format!("/api/appointments/{id}/end"), &json!({ "knowing": true }))
}

fn rename(client: &Client, unit: UnitId, name: &str) -> api_tests::Reply {
    client.put(&format!("/api/units/{unit}"), &json!({ "name": name }))
}

fn propose_move(client: &Client, unit: UnitId, parent: UnitId) -> api_tests::Reply {
    client.post(&format!("/api/units/{unit}/move"), &json!({ "parent": parent }))
}

fn propose_closing(client: &Client, unit: UnitId) -> api_tests::Reply {
    client.post(&format!("/api/units/{unit}/close"), &json!({}))
}

fn changes(client: &Client) -> Vec<WaitingUnitChange> {
    client.get("/api/units/changes").json::<UnitChanges>().waiting
}

fn say(client: &Client, change: &WaitingUnitChange, what: &str) -> api_tests::Reply {
    client.post(&format!("/api/units/changes/{}/{what}", change.id), &json!({}))
}

/// Closes a unit: one proposes, the other confirms.
fn close(one: &Client, other: &Client, unit: UnitId) {
    assert_eq!(propose_closing(one, unit).status, 200);
    assert_eq!(say(other, &changes(other)[0], "confirm").status, 200);
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

    // Another name takes one person, another place two.
    assert_eq!(rename(&clerk, id, "体育卫生处").status, 200);
    assert_eq!(app.count("SELECT COUNT(*) FROM former_names WHERE kind = 'unit' AND name = '体卫处'"), 1);
    assert_eq!(rename(&clerk, school, "学校").status, 404, "the school itself stays");
    // No circle, and nothing half done.
    assert_eq!(propose_move(&clerk, id, below).refused(422), "unit_cycle");
    assert_eq!(propose_move(&clerk, school, below).status, 404);
    assert_eq!(propose_move(&teacher, below, school).refused(403), "forbidden");
    assert!(changes(&clerk).is_empty());
    assert_eq!(propose_move(&clerk, below, school).status, 200);
    let parent = || units(&clerk).iter().find(|u| u.id == below).and_then(|u| u.parent);
    assert_eq!(parent(), Some(id), "until it is confirmed nothing changes");
    assert_eq!(propose_closing(&clerk, below).refused(409), "unit_change_waits");
    let waits = changes(&clerk);
    assert_eq!((waits.len(), waits[0].bar.is_some()), (1, true));
    assert_eq!(waits[0].to.as_deref().map(<[String]>::len), Some(1));
    assert_eq!(say(&clerk, &waits[0], "confirm").refused(403), "proposed_by_you");
    let admin = app.administrator();
    assert_eq!(admin.get("/api/me").json::<Me>().unit_changes, 1);
    assert_eq!(clerk.get("/api/me").json::<Me>().unit_changes, 0);
    assert_eq!(say(&admin, &changes(&admin)[0], "confirm").status, 200);
    assert_eq!(parent(), Some(school));
    assert_eq!(say(&admin, &waits[0], "confirm").refused(409), "waits_no_more");

    // Closed by two, and open again under its name.
    assert_eq!(propose_closing(&clerk, below).status, 200);
    let waits = changes(&admin);
    assert_eq!(say(&clerk, &waits[0], "decline").status, 200, "taken back by who proposed it");
    assert_eq!(say(&admin, &waits[0], "confirm").refused(409), "waits_no_more");
    close(&admin, &clerk, below);
    assert!(!units(&clerk).iter().any(|u| u.id == below));
    assert_eq!(propose_closing(&clerk, below).status, 404, "once");
    assert_eq!(give(&clerk, staff(&clerk, "T0042"), Post::DepartmentClerk, below).refused(422), "post_place");
    assert_eq!(make(&clerk, school, "department", "卫生室").status, 200);
    assert_eq!(unit(&clerk, "卫生室"), below);
    for action in [
        "unit.made",
        "unit.changed",
        "unit.change_proposed",
        "unit.change_declined",
        "unit.moved",
        "unit.closed",
    ] {
        assert!(
            app.count(&format!("SELECT COUNT(*) FROM audit WHERE action = '{action}' AND subject = 'unit'"))
                > 0,
            "{action}"
        );
    }
}

/// What the second person reads, and that a row written past the Worker is not confirmed.
#[test]
fn g1_the_second_person_reads_who_would_be_above_a_unit() {
    let app = App::university();
    let (one, other) = (app.signed_in("U0007"), app.signed_in("U0006"));
    let information = unit(&one, "信息学院");
    assert_eq!(make(&one, information, "department", "数学系").status, 200);
    let section = unit(&one, "数学系");
    assert_eq!(propose_move(&one, section, unit(&one, "商学院")).status, 200);
    let waits = changes(&other);
    let said: Vec<String> = waits[0].consequences().into_iter().map(|w| w.zh.into_owned()).collect();
    let names = |all: &[domain::unit::Overseer]| all.iter().map(|o| o.post).collect::<Vec<_>>();
    assert!(names(&waits[0].gained).contains(&Post::Dean), "{said:?}");
    assert!(names(&waits[0].lost).contains(&Post::CollegeLeader), "{said:?}");
    assert!(!names(&waits[0].gained).contains(&Post::LeaderInCharge), "who is above both stays");

    app.db().execute("DROP TRIGGER unit_changes_fixed", []).expect("by hand");
    app.db().execute("UPDATE unit_changes SET proposed_at = 1", []).expect("by hand");
    assert_eq!(say(&other, &waits[0], "confirm").refused(409), "not_ours");
    let parent = units(&one).into_iter().find(|u| u.id == section).and_then(|u| u.parent);
    assert_eq!(parent, Some(information), "nothing half done");
}

/// A post can be given ahead: it counts from its day on, and not before.
#[test]
fn g20_a_post_that_begins_on_a_later_day_counts_from_that_day() {
    let mut app = App::start();
    let (clerk, admin) = (app.office_clerk(), app.administrator());
    let (person, grade) = (staff(&clerk, "T0042"), unit(&clerk, "八年级"));
    let now = clerk.get("/api/me").json::<Me>().now;
    let day = |n: i64| now.start_of_day().plus(n * DAY);
    let from = |post: &str, at: Instant| {
        let order = json!({ "staff": person, "post": post, "unit": grade, "from": at });
        clerk.post("/api/appointments", &order)
    };
    assert_eq!(from("grade_head", day(-1)).refused(422), "post_from");
    assert_eq!(from("grade_head", day(400)).refused(422), "post_from");
    assert_eq!(from("grade_head", day(3)).status, 204);
    let ids = waiting(&admin, Post::GradeHead);
    let listed: WaitingAppointments = admin.get("/api/appointments/waiting").json();
    assert_eq!(listed.waiting[0].since, day(3));
    assert!(listed.waiting[0].given_at < day(1), "given today");
    let confirm = Confirm { appointments: ids };
    assert_eq!(admin.post("/api/appointments/confirmations", &confirm).status, 200);
    let me = |app: &App| app.signed_in("T0042").get("/api/me").json::<Me>();
    let today = me(&app);
    assert!(!today.person.holds(Post::GradeHead, None), "not before its day");
    let coming: Vec<_> = today.coming.iter().map(|c| (c.appointment.post, c.since, c.waits)).collect();
    assert_eq!(coming, [(Post::GradeHead, day(3), false)]);
    assert_eq!(member(&clerk, "T0042").coming.len(), 1);

    // An account has a custodian: whoever follows takes over on the day itself.
    assert_eq!(from("custodian", day(2)).refused(409), "custodian_there");
    app.restart_with(&[("CLOCK_OFFSET_MS", &(3 * DAY).to_string())]);
    let then = me(&app);
    assert!(then.person.holds(Post::GradeHead, Some(grade)) && then.coming.is_empty());
}

/// Ending a post is one person's, but not unseen: the consequences are read, and the holder is told.
#[test]
fn g20_who_ends_a_post_reads_what_is_lacking_then_and_its_holder_is_told() {
    let app = App::start();
    let (clerk, head, teacher) = (app.office_clerk(), app.grade_head("八年级"), app.homeroom("八年级1班"));
    let id = teacher.draft(&draft_to(&[teacher.class("八年级1班")]));
    teacher.submit(id);
    let grade = unit(&clerk, "八年级");
    let held = member(&clerk, "T0016").appointments;
    let post = held.iter().find(|a| a.post == Post::GradeHead && a.unit == grade).expect("the head").id;
    let ending: Ending = clerk.get(&format!("/api/appointments/{post}/end")).json();
    assert_eq!((ending.others, ending.undecided), (0, 1));
    let order =
        |knowing: bool| clerk.post(&format!("/api/appointments/{post}/end"), &json!({ "knowing": knowing }));
    let unread = order(false);
    assert!(unread.body.contains("八年级就没有年级组长了"), "{}", unread.body);
    assert_eq!(unread.refused(409), "leaves_nobody");
    assert!(head.get("/api/me").json::<Me>().ended.is_empty());
    assert_eq!(order(true).status, 204);
    let told = head.get("/api/me").json::<Me>().ended;
    let clerk_name = clerk.get("/api/me").json::<Me>().person.name;
    assert_eq!(
        told.iter().map(|e| (e.appointment.id, e.by.as_str())).collect::<Vec<_>>(),
        [(post, clerk_name.as_str())]
    );
}

#[test]
fn g1_a_unit_with_members_or_open_messages_is_not_closed() {
    let app = App::start();
    let (clerk, teacher) = (app.office_clerk(), app.homeroom("八年级1班"));
    let grade = unit(&clerk, "八年级");
    let close = || propose_closing(&clerk, grade);
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
    close(&clerk, &app.administrator(), id);
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
