//! Messages to students themselves, who have a number of their own on the roll (G61).

use api_tests::{App, Client, draft_to, link_in};
use domain::ids::ClassId;
use domain::message::{Audience, Category, Draft, HoldReason, MessageState, Preview};
use domain::roster::{ClassRoll, ClassView, ListTeachers, OWN_NUMBER};

const CLASS: &str = "八年级1班";

fn to_students(class: ClassId) -> Draft {
    Draft { audience: Audience::Students { classes: vec![class] }, ..draft_to(&[]) }
}

fn preview(client: &Client, draft: &Draft) -> Preview {
    client.post("/api/messages/preview", draft).json()
}

fn class_view(client: &Client) -> ClassView {
    let classes: Vec<ClassView> = client.get("/api/classes").json();
    classes.into_iter().find(|c| c.name == CLASS).expect("the class")
}

/// The first two students of the class get a number of their own, by the roster file: without a name, so that
/// the entry takes the student's. Gives their names.
fn with_own_numbers(app: &App, class: &str) -> Vec<String> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/middle-school-students.csv");
    let text = std::fs::read_to_string(file).expect("the students' file");
    let mut lines = text.lines();
    let mut file = vec![lines.next().expect("a head").to_owned()];
    let mut names = Vec::new();
    for (line, own) in lines.filter(|l| l.contains(class)).take(2).zip(["19955550101", "19955550102"]) {
        let cells: Vec<&str> = line.split(',').take(7).collect();
        names.push(cells[1].to_owned());
        file.push(format!("{},,本人,{own}", cells.join(",")));
    }
    app.office_clerk().import("students", &(file.join("\n") + "\n"));
    names
}

#[test]
fn g61_students_get_what_is_theirs_and_parents_what_is_theirs() {
    let app = App::start();
    let teacher = app.homeroom(CLASS);
    let before = class_view(&teacher);
    assert_eq!(before.own_numbers, 0);
    let names = with_own_numbers(&app, "八年级,1班");
    let class = teacher.class(CLASS);
    let roll: ClassRoll = teacher.get(&format!("/api/classes/{class}")).json();
    let own: Vec<&str> = roll
        .students
        .iter()
        .flat_map(|s| s.guardians.iter().filter(|g| g.relation == OWN_NUMBER).map(|g| g.name.as_str()))
        .collect();
    assert_eq!(own, names);

    let after = class_view(&teacher);
    assert_eq!((after.own_numbers, after.students, after.unreachable), (2, before.students, 0));
    let draft = to_students(class);
    let seen = preview(&teacher, &draft);
    assert_eq!((seen.reach.children, seen.reach.people, seen.reach.phones), (after.students, 2, 2));
    assert_eq!(seen.reach.unreachable, after.students - 2);
    assert_eq!((seen.audience.zh.as_ref(), seen.refusals.len()), ("八年级1班学生", 0));
    // What is for the parents does not go to a student, whether to the class or to one child.
    let parents = preview(&teacher, &draft_to(&[class]));
    assert_eq!((parents.reach.people, parents.reach.phones), (after.guardians, after.phones));
    let one = Audience::Children { class, students: vec![roll.students[0].id] };
    let one = preview(&teacher, &Draft { audience: one, category: Some(Category::Study), ..draft_to(&[]) });
    assert_eq!((one.reach.people, one.refusals.len()), (1, 0));
    // What concerns one child is no matter for the class's students.
    let wrong = preview(&teacher, &Draft { category: Some(Category::Thinking), ..draft.clone() });
    assert!(wrong.refusals.iter().any(|r| r.kind == "category_about_one_child"));

    let id = teacher.draft(&draft);
    assert_eq!(teacher.message(id).draft.audience, draft.audience);
    teacher.submit(id);
    app.grade_head("八年级").approve(id);
    app.settled(&teacher, id);
    let sms = app.sms();
    let mut phones: Vec<&str> = sms.iter().map(|s| s.phone.as_str()).collect();
    phones.sort_unstable();
    assert_eq!(phones, ["19955550101", "19955550102"]);
    let page = app.anybody().get(&link_in(&sms[0].text)).body;
    assert!(page.contains("学生通知") && page.contains("学生本人") && !page.contains("家长通知"), "{page}");
    // Those of the class without a number would miss it: it has its turn and no number.
    assert_eq!(app.count("SELECT seq FROM message_streams WHERE number IS NULL"), 1);
}

#[test]
fn who_may_not_write_to_a_class_may_not_write_to_its_students() {
    let app = App::start();
    let other = app.office_clerk().class("九年级1班");
    let teacher = app.homeroom(CLASS);
    assert_eq!(teacher.post("/api/messages", &to_students(other)).refused(422), "audience_not_yours");
    let nobody = preview(&teacher, &to_students(teacher.class(CLASS)));
    assert!(nobody.refusals.iter().any(|r| r.kind == "nobody_to_reach"), "{:?}", nobody.refusals);
}

/// G11: asked at submission and again at release, as for the parents of the class.
#[test]
fn who_is_struck_off_the_list_sends_nothing_to_students() {
    let app = App::start();
    with_own_numbers(&app, "七年级,1班");
    let (physics, homeroom) = (app.subject_teacher(), app.homeroom("七年级1班"));
    let class = homeroom.class("七年级1班");
    let strike = || {
        let teachers = homeroom.get(&format!("/api/classes/{class}")).json::<ClassRoll>().teachers;
        let held = teachers.iter().find(|t| t.number == "T0042").expect("teaches the class").appointment;
        let order = ListTeachers { list: Vec::new(), strike: vec![held] };
        assert_eq!(homeroom.put(&format!("/api/classes/{class}/teachers"), &order).status, 200);
    };
    let id = physics.draft(&to_students(class));
    let other = physics.draft(&to_students(class));
    physics.submit(id);
    strike();
    app.grade_head("七年级").approve(id);
    app.cron();
    let seen = app.office_clerk().message(id);
    assert_eq!((seen.state, seen.held), (MessageState::Approved, Some(HoldReason::NotListed)));
    assert_eq!(app.sms().len(), 0);
    let refused =
        physics.post(&format!("/api/messages/{other}/submit"), &serde_json::json!({ "statement": true }));
    assert_eq!(refused.status, 422, "{}", refused.body);
    let released = "UPDATE messages SET state = 'sending', released_at = due_at WHERE state = 'approved'";
    let error = app.db().execute_batch(released).expect_err("the database asks it itself");
    assert!(error.to_string().contains("author_left"), "{error}");
}
