//! Messages to children chosen one by one: to their own guardians and nobody else.

use std::sync::OnceLock;

use api_tests::{App, Client, draft_to, link_in};
use domain::approval::Verdict;
use domain::delivery::DeliveryList;
use domain::ids::{ClassId, MessageId, StudentId};
use domain::message::{
    Audience, Category, Draft, DraftChange, HoldReason, MessageBox, MessageList, MessageState, Preview,
};
use domain::roster::{ClassRoll, ListTeachers, StudentView};
use domain::time::Instant;
use serde_json::json;

const CLASS: &str = "八年级1班";

fn app() -> &'static App {
    static APP: OnceLock<App> = OnceLock::new();
    APP.get_or_init(App::start)
}

fn students(teacher: &Client) -> Vec<StudentView> {
    let class = teacher.class(CLASS);
    teacher.get(&format!("/api/classes/{class}")).json::<ClassRoll>().students
}

fn to(class: ClassId, students: &[StudentId]) -> Draft {
    Draft { audience: Audience::Children { class, students: students.to_vec() }, ..draft_to(&[]) }
}

fn about_one(class: ClassId, student: StudentId) -> Draft {
    Draft {
        category: Some(Category::Study),
        title: "近期学习情况".into(),
        body: "孩子这一周听课很认真，请多鼓励。".into(),
        ..to(class, &[student])
    }
}

fn preview(client: &Client, draft: &Draft) -> Preview {
    client.post("/api/messages/preview", draft).json()
}

fn kinds(preview: &Preview) -> Vec<&str> {
    preview.refusals.iter().map(|r| r.kind.as_ref()).collect()
}

/// Those with two guardians at two numbers come first.
fn with_two_numbers(teacher: &Client) -> Vec<StudentView> {
    let two = |s: &StudentView| s.guardians.len() == 2 && s.guardians[0].phone != s.guardians[1].phone;
    students(teacher).into_iter().filter(two).collect()
}

fn listed(client: &Client, which: MessageBox, id: MessageId) -> String {
    let list: MessageList = client.get(&format!("/api/messages?box={}", which.key())).json();
    list.messages.iter().find(|m| m.id == id).expect("it is in the list").audience.zh.to_string()
}

#[test]
fn g8_a_message_about_one_child_reaches_that_childs_guardians_and_nobody_else() {
    let app = App::start();
    let teacher = app.homeroom(CLASS);
    let class = teacher.class(CLASS);
    let child = with_two_numbers(&teacher).remove(0);
    let draft = about_one(class, child.id);

    let seen = preview(&teacher, &draft);
    assert_eq!(seen.refusals, []);
    assert_eq!(
        (seen.reach.children, seen.reach.people, seen.reach.phones, seen.reach.unreachable),
        (1, 2, 2, 0)
    );
    assert_eq!(seen.audience.zh, format!("{CLASS} {}的家长", child.name));
    assert_eq!(
        seen.chain,
        preview(&teacher, &Draft { audience: draft_to(&[class]).audience, ..draft.clone() }).chain
    );

    let id = teacher.draft(&draft);
    assert_eq!(teacher.message(id).draft.audience, draft.audience);
    teacher.submit(id);
    assert_eq!(app.count(&format!("SELECT COUNT(*) FROM recipients WHERE student <> {}", child.id)), 0);
    app.grade_head("八年级").approve(id);
    app.settled(&teacher, id);
    assert_eq!(app.sms().len(), 2);
    let list: DeliveryList = teacher.get(&format!("/api/messages/{id}/deliveries")).json();
    assert_eq!(list.children.len(), 1);

    // The page names no other child, and no number: the others of the class would miss it.
    let page = app.anybody().get(&link_in(&app.sms()[0].text)).body;
    assert!(page.contains(&child.name) && page.contains("近期学习情况"), "{page}");
    assert!(!page.contains(" 号"), "{page}");
    for other in students(&teacher).iter().filter(|s| s.id != child.id && !child.name.contains(&s.name)) {
        assert!(!page.contains(&other.name), "{}", other.name);
    }
}

#[test]
fn g8_the_two_categories_about_a_child_go_to_exactly_one() {
    let teacher = app().homeroom(CLASS);
    let (class, all) = (teacher.class(CLASS), students(&teacher));
    for category in Category::ALL {
        let of = |ids: &[StudentId]| {
            let draft = Draft { category: Some(category), ..to(class, ids) };
            kinds(&preview(&teacher, &draft)).contains(&"category_about_one_child")
        };
        assert!(!of(&[all[0].id]), "{category:?}");
        assert_eq!(of(&[all[0].id, all[1].id]), category.is_about_one_child(), "{category:?}");
        assert_eq!(of(&[all[0].id, all[0].id]), category.is_about_one_child(), "{category:?}");
    }
    let id =
        teacher.draft(&Draft { category: Some(Category::Thinking), ..to(class, &[all[0].id, all[1].id]) });
    let refused = teacher.post(&format!("/api/messages/{id}/submit"), &json!({ "statement": true }));
    assert_eq!(refused.refused(422), "category_about_one_child");
}

#[test]
fn several_children_get_one_sms_for_each_number() {
    let app = App::start();
    let teacher = app.homeroom(CLASS);
    let class = teacher.class(CLASS);
    let two = with_two_numbers(&teacher);
    let ids = [two[0].id, two[1].id, two[2].id];
    // The second child's father has the first one's number.
    app.db()
        .execute_batch(&format!(
            "INSERT INTO phone_changes (kind, person, from_phone, to_phone, at, by)
               SELECT 'guardian', g.id, g.phone_id, (SELECT o.phone_id FROM guardians o WHERE o.id = {1}), 1, 1 FROM guardians g WHERE g.id = {0};
             UPDATE guardians SET phone_id = (SELECT o.phone_id FROM guardians o WHERE o.id = {1}) WHERE id = {0}",
            two[1].guardians[0].id, two[0].guardians[0].id
        ))
        .expect("a shared number");
    let seen = preview(&teacher, &to(class, &ids));
    assert_eq!((seen.reach.children, seen.reach.people, seen.reach.phones), (3, 6, 5));
    let names: Vec<&str> = two[..3].iter().map(|s| s.name.as_str()).collect();
    assert_eq!(seen.audience.zh, format!("{CLASS} {}的家长", names.join("、")));
    // The same child twice is one child.
    let again = preview(&teacher, &to(class, &[ids[0], ids[0], ids[1], ids[2]]));
    assert_eq!(again.reach, seen.reach);
    let id = teacher.draft(&to(class, &ids));
    teacher.submit(id);
    app.grade_head("八年级").approve(id);
    app.settled(&teacher, id);
    assert_eq!(app.sms().len(), 5);
}

#[test]
fn a_child_of_another_class_is_told_like_one_that_does_not_exist() {
    let teacher = app().homeroom(CLASS);
    let class = teacher.class(CLASS);
    let clerk = app().office_clerk();
    let foreign = clerk.class("九年级1班");
    let of = |class: ClassId| clerk.get(&format!("/api/classes/{class}")).json::<ClassRoll>().students;
    let (own, others) = (of(class).remove(0), of(foreign).remove(0));
    let said = |id: StudentId| {
        let draft = to(class, &[own.id, id]);
        let saved = teacher.post("/api/messages", &draft);
        assert_eq!(saved.refused(422), "student_unknown");
        let seen = preview(&teacher, &draft);
        assert_eq!((seen.reach.children, seen.children.len()), (1, 1));
        (saved.body, Preview { sends_at: Instant(0), ..seen })
    };
    assert_eq!(said(others.id), said(StudentId(999_999)));

    // Of a class that is not the caller's nothing is told at all, whoever is named.
    let nothing = |id: StudentId| {
        let draft = to(foreign, &[id]);
        assert_eq!(teacher.post("/api/messages", &draft).refused(422), "audience_not_yours");
        let seen = preview(&teacher, &draft);
        assert_eq!((seen.reach, seen.children.len(), seen.audience.zh.as_ref()), (Default::default(), 0, ""));
        Preview { sends_at: Instant(0), ..seen }
    };
    assert_eq!(nothing(others.id), nothing(StudentId(999_999)));
    assert_eq!(nothing(own.id), nothing(StudentId(999_999)));
    assert_eq!(
        teacher.post("/api/messages", &to(ClassId(999), &[own.id])).refused(422),
        "audience_not_yours"
    );
    let many: Vec<StudentId> = (0..=domain::message::CHILDREN_MAX as i64).map(StudentId).collect();
    assert_eq!(teacher.post("/api/messages", &to(class, &many)).refused(422), "too_many_students");
    assert!(kinds(&preview(&teacher, &to(class, &[]))).contains(&"audience_missing"));
}

#[test]
fn children_are_named_only_to_whom_the_roll_is_open() {
    let teacher = app().homeroom(CLASS);
    let (class, child) = (teacher.class(CLASS), students(&teacher).remove(3));
    let id = teacher.draft(&about_one(class, child.id));
    teacher.submit(id);
    let named = format!("{CLASS} {}的家长", child.name);
    let counted = format!("{CLASS} 1 名学生的家长");
    assert_eq!(teacher.message(id).audience.zh, named);
    assert_eq!(listed(&teacher, MessageBox::Mine, id), named);
    let clerk = app().office_clerk();
    assert_eq!(clerk.message(id).audience.zh, named);
    assert_eq!(listed(&clerk, MessageBox::All, id), named);
    let head = app().grade_head("八年级");
    assert_eq!(head.message(id).audience.zh, counted);
    assert_eq!(listed(&head, MessageBox::Waiting, id), counted);
    assert_eq!(listed(&app().principal(), MessageBox::All, id), counted);
    for (column, table) in
        [("audience_zh", "messages"), ("audience_zh", "message_versions"), ("audience_en", "messages")]
    {
        let kept = format!("SELECT COUNT(*) FROM {table} WHERE {column} LIKE '%{}%'", child.name);
        assert_eq!(app().count(&kept), 0, "{table}.{column}");
    }

    // A subject teacher may write to the class, and does not see its roll.
    let physics = app().subject_teacher();
    let class = physics.class("七年级1班");
    let student = StudentId(app().count(&format!("SELECT MIN(id) FROM students WHERE class_id = {class}")));
    let seen = preview(&physics, &about_one(class, student));
    assert_eq!(seen.audience.zh, "七年级1班 1 名学生的家长");
    assert_eq!(seen.children[0].name, None);
    assert_eq!(seen.refusals, []);
}

/// I6: it has its turn between the others of the class, and they are counted without it.
#[test]
fn i6_it_keeps_its_place_in_the_class_and_takes_no_number() {
    let app = App::with(&[("SANDBOX_LATENCY_MS", "100")]);
    let (teacher, head) = (app.homeroom(CLASS), app.grade_head("八年级"));
    let class = teacher.class(CLASS);
    let child = with_two_numbers(&teacher).remove(0);
    let titled = |title: &str, draft: Draft| Draft { title: title.into(), ..draft };
    let ids: Vec<MessageId> = [
        titled("第一条", draft_to(&[class])),
        titled("第二条", about_one(class, child.id)),
        titled("第三条", draft_to(&[class])),
    ]
    .iter()
    .map(|draft| {
        let id = teacher.draft(draft);
        teacher.submit(id);
        id
    })
    .collect();
    for id in &ids {
        head.approve(*id);
    }
    for id in &ids {
        app.settled(&teacher, *id);
    }
    let db = app.db();
    let mut places =
        db.prepare("SELECT seq, number FROM message_streams ORDER BY message_id").expect("a query");
    let places: Vec<(i64, Option<i64>)> =
        places.query_map([], |r| Ok((r.get(0)?, r.get(1)?))).and_then(Iterator::collect).expect("places");
    assert_eq!(places, [(1, Some(1)), (2, None), (3, Some(2))]);
    let mut of_phone = std::collections::BTreeMap::<String, Vec<String>>::new();
    for sms in app.sms() {
        let title: String = sms.text.trim_start_matches("【示范中学】").chars().take(3).collect();
        of_phone.entry(sms.phone).or_default().push(title);
    }
    let of_the_child = of_phone.values().filter(|titles| titles.len() == 3).count();
    assert_eq!(of_the_child, 2);
    for (phone, titles) in of_phone {
        let all = ["第一条", "第二条", "第三条"];
        assert!(titles == all || titles == ["第一条", "第三条"], "{phone}: {titles:?}");
    }
}

#[test]
fn who_left_is_named_and_nothing_is_submitted_until_taken_off() {
    let app = App::start();
    let teacher = app.homeroom(CLASS);
    let (class, all) = (teacher.class(CLASS), students(&teacher));
    let draft = to(class, &[all[0].id, all[1].id]);
    let id = teacher.draft(&draft);
    let leave = json!({ "reason": "transferred" });
    assert_eq!(teacher.post(&format!("/api/students/{}/leave", all[0].id), &leave).status, 204);

    let seen = preview(&teacher, &draft);
    let refusal = seen.refusals.iter().find(|r| r.kind == "student_left").expect("it is told");
    assert!(
        refusal.words.zh.contains(&all[0].name) && !refusal.words.zh.contains(&all[1].name),
        "{:?}",
        refusal.words
    );
    assert_eq!(refusal.field_name(), Some("audience"));
    let here: Vec<bool> = seen.children.iter().map(|c| c.is_here).collect();
    assert_eq!((here, seen.reach.children), (vec![false, true], 1));
    let submit =
        |id: MessageId| teacher.post(&format!("/api/messages/{id}/submit"), &json!({ "statement": true }));
    assert_eq!(submit(id).refused(422), "student_left");
    // The choice stays in the draft, which can still be saved.
    assert_eq!(teacher.put(&format!("/api/messages/{id}"), &draft).status, 200);
    assert_eq!(teacher.message(id).draft.audience, draft.audience);
    assert_eq!(teacher.put(&format!("/api/messages/{id}"), &to(class, &[all[1].id])).status, 200);
    assert_eq!(submit(id).status, 200);

    // Where all have left it says so, and not that nobody can be reached.
    let alone = preview(&teacher, &to(class, &[all[0].id]));
    assert!(kinds(&alone).contains(&"student_left") && !kinds(&alone).contains(&"nobody_to_reach"));

    // Who moved to another class is known as one who was here; there, no more than a stranger.
    let elsewhere = app.office_clerk().class("八年级2班");
    app.db()
        .execute_batch(&format!(
            "UPDATE students SET class_id = {elsewhere}, named_at = (SELECT MAX(at) FROM audit) WHERE id = {}",
            all[2].id
        ))
        .expect("a transfer");
    let moved = preview(&teacher, &to(class, &[all[1].id, all[2].id]));
    let refusal = moved.refusals.iter().find(|r| r.kind == "student_left").expect("it is told");
    assert!(refusal.words.zh.contains(&all[2].name), "{:?}", refusal.words);
}

#[test]
fn at_release_it_is_asked_again_who_is_still_there() {
    let app = App::start();
    let teacher = app.homeroom(CLASS);
    let (class, two) = (teacher.class(CLASS), with_two_numbers(&teacher));
    let id = teacher.draft(&to(class, &[two[0].id, two[1].id]));
    let frozen = teacher.submit(id).reach;
    assert_eq!(frozen.phones, 4);
    let leave = json!({ "reason": "transferred" });
    assert_eq!(teacher.post(&format!("/api/students/{}/leave", two[0].id), &leave).status, 204);
    assert_eq!(teacher.message(id).left, [two[0].name.clone()]);
    let seen = app.grade_head("八年级").message(id);
    assert_eq!((seen.moved.left, seen.moved.joined, seen.left.len()), (1, 0, 0));
    app.grade_head("八年级").approve(id);
    let sent = app.settled(&teacher, id);
    let funnel = sent.funnel.expect("released");
    assert_eq!((funnel.phones, funnel.skipped), (4, 2));
    assert_eq!(app.sms().len(), 2);
    let late = app.count(&format!(
        "SELECT COUNT(*) FROM deliveries WHERE message_id = {id} AND state = 'skipped' AND reason = 'left'"
    ));
    assert_eq!(late, 2);
}

/// G11: asked again at release, as for the class.
#[test]
fn a_subject_teacher_struck_off_before_release_sends_nothing() {
    let app = App::start();
    let physics = app.subject_teacher();
    let class = physics.class("七年级1班");
    let student = StudentId(app.count(&format!("SELECT MIN(id) FROM students WHERE class_id = {class}")));
    let id = physics.draft(&about_one(class, student));
    physics.submit(id);
    let homeroom = app.homeroom("七年级1班");
    let teachers = homeroom.get(&format!("/api/classes/{class}")).json::<ClassRoll>().teachers;
    let held = teachers.iter().find(|t| t.number == "T0042").expect("teaches the class").appointment;
    let order = ListTeachers { list: Vec::new(), strike: vec![held] };
    assert_eq!(homeroom.put(&format!("/api/classes/{class}/teachers"), &order).status, 200);
    app.grade_head("七年级").approve(id);
    app.cron();
    let seen = app.office_clerk().message(id);
    assert_eq!((seen.state, seen.held), (MessageState::Approved, Some(HoldReason::NotListed)));
    assert_eq!(app.sms().len(), 0);
}

/// I2: the choice itself is in the digest, also where it changes nothing about who gets it.
#[test]
fn i2_the_digest_moves_with_the_choice_and_the_choice_stays() {
    let app = App::start();
    let teacher = app.homeroom(CLASS);
    let head = app.grade_head("八年级");
    let (class, all) = (teacher.class(CLASS), with_two_numbers(&teacher));
    let (child, without) = (&all[0], &all[1]);
    for guardian in &without.guardians {
        let leave = json!({ "reason": "mistake" });
        assert_eq!(teacher.post(&format!("/api/guardians/{}/leave", guardian.id), &leave).status, 204);
    }
    let id = teacher.draft(&to(class, &[child.id]));
    let first = teacher.submit(id);
    assert_eq!(head.decide(id, Verdict::Return, "请写明时间").status, 200);
    let back = teacher.message(id);
    assert_eq!(
        (back.state, &back.draft.audience),
        (MessageState::Returned, &to(class, &[child.id]).audience)
    );
    let draft = to(class, &[child.id, without.id]);
    let change = DraftChange { draft: draft.clone(), changed_at: Some(back.times.changed_at) };
    assert_eq!(teacher.put(&format!("/api/messages/{id}"), &change).status, 200);
    let second = teacher.submit(id);
    assert_eq!((second.version, second.reach.unreachable), (2, 1));
    assert_ne!(first.digest, second.digest);
    let lists = "SELECT COUNT(DISTINCT lists) FROM message_versions";
    assert_eq!(app.count(lists), 1, "to the very same people");
    let before = second.before.expect("the earlier version").audience;
    assert_eq!(before.zh, format!("{CLASS} {}的家长", child.name));
    // Only those who were chosen are told to be out of reach.
    let other = &all[2];
    for guardian in &other.guardians {
        let leave = json!({ "reason": "mistake" });
        assert_eq!(teacher.post(&format!("/api/guardians/{}/leave", guardian.id), &leave).status, 204);
    }
    let list: DeliveryList = teacher.get(&format!("/api/messages/{id}/deliveries")).json();
    let listed: Vec<(StudentId, bool)> =
        list.children.iter().map(|c| (c.student, c.guardians.is_empty())).collect();
    assert_eq!(listed, [(child.id, false), (without.id, true)]);
    assert_eq!(
        head.message(id).before.expect("the earlier version").audience.zh,
        format!("{CLASS} 1 名学生的家长")
    );
}

/// G33: what corrects a message to one child reaches that child's guardians, and takes no number either.
#[test]
fn its_correction_goes_to_the_same_guardians_without_a_number() {
    let app = App::start();
    let (teacher, head) = (app.homeroom(CLASS), app.grade_head("八年级"));
    let class = teacher.class(CLASS);
    let child = with_two_numbers(&teacher).remove(0);
    let id = teacher.draft(&about_one(class, child.id));
    teacher.submit(id);
    head.approve(id);
    app.settled(&teacher, id);
    let made = teacher.post(&format!("/api/messages/{id}/correct"), &json!({}));
    assert_eq!(made.status / 100, 2, "{}", made.body);
    let new = MessageId(app.count("SELECT MAX(id) FROM messages"));
    teacher.submit(new);
    head.approve(new);
    app.settled(&teacher, new);
    assert_eq!(app.sms().len(), 4);
    assert_eq!(app.count("SELECT COUNT(*) FROM message_streams WHERE seq IS NOT NULL AND number IS NULL"), 2);
}
