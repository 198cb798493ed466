//! Drafting, previewing, scheduling, taking back.

use std::sync::OnceLock;

use api_tests::{App, Client, SOON, draft_to, draft_to_all, eventually};
use domain::account::Me;
use domain::approval::{StepKind, Verdict};
use domain::delivery::DeliveryList;
use domain::ids::MessageId;
use domain::message::{
    Audience, Category, Command, Created, Draft, DraftChange, MessageList, MessageState, MessageView,
    Preview, reason_field,
};
use domain::roster::ClassView;
use domain::time::{DAY, HOUR, Instant};

fn app() -> &'static App {
    static APP: OnceLock<App> = OnceLock::new();
    APP.get_or_init(App::start)
}

fn me_now(app: &App) -> Instant {
    app.principal().get("/api/me").json::<domain::account::Me>().now
}

#[test]
fn a_preview_tells_sms_reach_chain_and_findings() {
    let teacher = app().homeroom("八年级1班");
    let classes: Vec<ClassView> = teacher.get("/api/classes").json();
    let class = classes.iter().find(|c| c.name == "八年级1班").expect("the own class");
    let preview: Preview = teacher.post("/api/messages/preview", &draft_to(&[class.id])).json();
    assert!(preview.sms.starts_with("【示范中学】秋季运动会安排"), "{}", preview.sms);
    assert!(preview.sms.contains(&format!("{}/m/", app().origin())), "{}", preview.sms);
    assert_eq!(preview.length, domain::sms::length(&preview.sms));
    assert_eq!((preview.reach.children, preview.reach.people), (class.students, class.guardians));
    assert_eq!(preview.reach.phones, class.phones);
    assert_eq!(preview.audience.zh, "八年级1班家长");
    assert_eq!(preview.chain.steps.len(), 1);
    assert_eq!(preview.refusals, []);

    let empty = Draft { category: None, title: String::new(), body: " ".into(), ..draft_to(&[]) };
    let preview: Preview = teacher.post("/api/messages/preview", &empty).json();
    let fields: Vec<&str> = preview.refusals.iter().filter_map(|r| r.field_name()).collect();
    for field in ["title", "body", "audience", "category"] {
        assert!(fields.contains(&field), "{field} in {fields:?}");
    }

    let all: Preview = app().office_clerk().post("/api/messages/preview", &draft_to_all()).json();
    assert_eq!((all.reach.children, all.reach.people, all.reach.phones), (1100, 1822, 1756));
    assert_eq!(all.chain.steps.len(), 2);
}

#[test]
fn a_preview_of_what_is_not_yours_counts_nothing() {
    let other = app().office_clerk().class("九年级1班");
    let preview: Preview =
        app().homeroom("八年级1班").post("/api/messages/preview", &draft_to(&[other])).json();
    assert!(preview.refusals.iter().any(|r| r.kind == "audience_not_yours"));
    assert_eq!(preview.reach, Default::default());
}

#[test]
fn g10_g11_g13_who_may_write_to_whom() {
    let clerk = app().office_clerk();
    let foreign = clerk.class("九年级1班");
    let teachers = Draft { audience: Audience::AllTeachers, ..draft_to(&[]) };
    let try_all = |number: &str, own: &str| {
        let client = app().signed_in(number);
        let own = clerk.class(own);
        [draft_to(&[own]), draft_to(&[own, foreign]), draft_to_all(), teachers.clone()]
            .map(|draft| client.post("/api/messages", &draft).status)
    };
    assert_eq!(try_all("T0026", "八年级1班"), [201, 422, 422, 201], "homeroom teacher");
    assert_eq!(try_all("T0042", "七年级1班"), [201, 422, 422, 201], "subject teacher");
    assert_eq!(try_all("T0004", "八年级1班"), [201, 201, 201, 201], "office clerk");
    for number in ["T0001", "T0014", "T0015"] {
        let statuses = try_all(number, "八年级1班");
        assert!(statuses.iter().all(|s| *s == 403 || *s == 422), "{number} does not write: {statuses:?}");
    }
}

#[test]
fn limits_are_told_by_field() {
    let teacher = app().homeroom("八年级1班");
    let class = teacher.class("八年级1班");
    let long = Draft { title: "字".repeat(21), body: "字".repeat(5001), ..draft_to(&[class]) };
    let problem = teacher.post("/api/messages", &long).problem(422);
    let fields: Vec<&str> = problem.errors.iter().map(|e| e.field.as_str()).collect();
    assert_eq!(fields, ["title", "body"]);
    let fits = Draft { title: "字".repeat(20), body: "字".repeat(5000), ..draft_to(&[class]) };
    let id = teacher.draft(&fits);
    let read = teacher.message(id).draft;
    assert!(read.appointment.is_some(), "the post that fits was chosen");
    assert_eq!(read, Draft { appointment: read.appointment, ..fits });
    let english = teacher.send(
        "POST",
        "/api/messages",
        Some(&serde_json::to_vec(&long).expect("json")),
        &[("accept-language", "en-GB,en;q=0.9")],
    );
    assert!(english.problem(422).errors[0].message.is_ascii());
}

#[test]
fn g8_what_concerns_one_child_is_refused_at_submission() {
    let teacher = app().homeroom("八年级1班");
    let draft = Draft { category: Some(Category::Study), ..draft_to(&[teacher.class("八年级1班")]) };
    let id = teacher.draft(&draft);
    let problem = teacher
        .post(&format!("/api/messages/{id}/submit"), &serde_json::json!({"statement": true}))
        .problem(422);
    assert!(problem.errors.iter().any(|e| e.field == "category"), "{problem:?}");
    assert_eq!(teacher.message(id).state, MessageState::Draft);
}

#[test]
fn g60_submission_needs_the_statement() {
    let teacher = app().homeroom("八年级1班");
    let id = teacher.draft(&draft_to(&[teacher.class("八年级1班")]));
    let path = format!("/api/messages/{id}/submit");
    assert_eq!(teacher.post(&path, &serde_json::json!({"statement": false})).status, 422);
    assert_eq!(teacher.message(id).state, MessageState::Draft);
    let view = teacher.submit(id);
    assert_eq!(view.state, MessageState::Submitted);
    assert_eq!(view.digest.expect("a digest").len(), 64);
}

#[test]
fn nothing_changes_after_submission_but_by_withdrawal() {
    let teacher = app().homeroom("八年级1班");
    let draft = draft_to(&[teacher.class("八年级1班")]);
    let id = teacher.draft(&draft);
    teacher.submit(id);
    assert_eq!(teacher.put(&format!("/api/messages/{id}"), &draft).refused(409), "wrong_state");
    assert_eq!(teacher.post(&format!("/api/messages/{id}/cancel"), &()).status, 409);
    let view: MessageView = teacher.post(&format!("/api/messages/{id}/withdraw"), &()).json();
    assert_eq!(view.state, MessageState::Withdrawn);
    assert_eq!(view.may, []);
    let head = app().grade_head("八年级");
    assert_eq!(head.get(&format!("/api/messages/{id}/submit")).status, 405);
    let decide = serde_json::json!({"verdict": "approve", "digest": view.digest});
    assert_eq!(head.post(&format!("/api/messages/{id}/decisions"), &decide).status, 409);
    assert_eq!(app().count(&format!("SELECT COUNT(*) FROM deliveries WHERE message_id = {id}")), 0);
}

#[test]
fn lists_show_what_is_within_reach() {
    let teacher = app().homeroom("七年级2班");
    let id = teacher.draft(&draft_to(&[teacher.class("七年级2班")]));
    let list = |number: &str, which: &str| -> Vec<i64> {
        let list: MessageList = app().signed_in(number).get(&format!("/api/messages?box={which}")).json();
        list.messages.iter().map(|m| m.id.0).collect()
    };
    let head = || app().grade_head("七年级").get(&format!("/api/messages/{id}")).status;
    assert!(list("T0019", "mine").contains(&id.0));
    assert!(!list("T0015", "waiting").contains(&id.0), "a draft waits for nobody");
    assert_eq!(head(), 404, "another's draft is the drafter's alone");
    teacher.submit(id);
    assert!(list("T0015", "waiting").contains(&id.0), "the head of the grade decides");
    assert!(!list("T0016", "waiting").contains(&id.0), "not the head of another");
    assert!(
        list("T0003", "waiting").contains(&id.0) || list("T0003", "all").contains(&id.0),
        "the director sees it"
    );
    assert_eq!(head(), 200);
    for number in ["T0018", "T0042", "T0016", "T0014"] {
        let client = app().signed_in(number);
        for part in ["", "/funnel", "/deliveries"] {
            let status = client.get(&format!("/api/messages/{id}{part}")).status;
            assert!(status == 404 || status == 403, "{number} {part}: {status}");
        }
        assert!(!list(number, "all").contains(&id.0), "{number}");
    }
    assert_eq!(teacher.get("/api/messages?box=theirs").status / 100, 4);
}

#[test]
fn a_returned_notice_waits_for_its_drafter_until_it_is_submitted_again() {
    let app = App::start();
    let teacher = app.homeroom("八年级1班");
    let draft = draft_to(&[teacher.class("八年级1班")]);
    let waits = |client: &Client| -> (u32, u32, Vec<(MessageState, Option<StepKind>)>) {
        let me: Me = client.get("/api/me").json();
        let list: MessageList = client.get("/api/messages?box=waiting").json();
        (me.waiting, me.returned, list.messages.iter().map(|m| (m.state, m.asked)).collect())
    };
    let id = teacher.draft(&draft);
    teacher.submit(id);
    assert_eq!(waits(&teacher), (0, 0, vec![]), "what waits for others is no to-do");
    let head = app.grade_head("八年级");
    assert_eq!(waits(&head), (1, 0, vec![(MessageState::Submitted, Some(StepKind::Approve))]));
    head.decide(id, Verdict::Return, "请写明地点");
    assert_eq!(waits(&head), (0, 0, vec![]));
    assert_eq!(waits(&teacher), (0, 1, vec![(MessageState::Returned, None)]));
    assert_eq!(teacher.put(&format!("/api/messages/{id}"), &draft).status, 200);
    assert_eq!(waits(&teacher), (0, 1, vec![(MessageState::Draft, None)]), "half corrected is not done");
    teacher.submit(id);
    assert_eq!(waits(&teacher), (0, 0, vec![]));
    // A first draft is nobody's to-do.
    teacher.draft(&draft);
    assert_eq!(waits(&teacher), (0, 0, vec![]));
}

#[test]
fn a_reviewer_is_asked_for_a_review_and_an_approver_for_approval() {
    let app = App::start();
    let clerk = app.office_clerk();
    let id = clerk.draft(&draft_to_all());
    clerk.submit(id);
    let asked = |client: &Client| {
        let list: MessageList = client.get("/api/messages?box=waiting").json();
        list.messages.first().and_then(|m| m.asked)
    };
    assert_eq!((asked(&app.office_director()), asked(&app.principal())), (Some(StepKind::Review), None));
    app.office_director().approve(id);
    assert_eq!((asked(&app.office_director()), asked(&app.principal())), (None, Some(StepKind::Approve)));
}

#[test]
fn a_second_window_does_not_overwrite_unseen() {
    let teacher = app().homeroom("八年级1班");
    let draft = draft_to(&[teacher.class("八年级1班")]);
    let made: Created = teacher.post("/api/messages", &draft).json();
    let path = format!("/api/messages/{}", made.id);
    let save = |body: &str, changed_at: Option<Instant>| {
        let draft = Draft { body: body.into(), ..draft.clone() };
        teacher.put(&path, &DraftChange { draft, changed_at })
    };
    let first: MessageView = save("第一个窗口", Some(made.changed_at)).json();
    assert!(first.times.changed_at > made.changed_at);
    assert_eq!(save("第二个窗口", Some(made.changed_at)).refused(409), "changed_meanwhile");
    assert_eq!(teacher.message(made.id).draft.body, "第一个窗口");
    // Who has seen what is there may replace it.
    let second: MessageView = save("第二个窗口", Some(first.times.changed_at)).json();
    assert_eq!(second.draft.body, "第二个窗口");
    assert_eq!(save("第一个窗口", Some(first.times.changed_at)).refused(409), "changed_meanwhile");
    assert_eq!(save("不问", None).status, 200);
    // An order that comes twice is answered with the same moment.
    let once: Created = teacher.post_with_key("/api/messages", &draft, "twice-the-same").json();
    assert_eq!(teacher.post_with_key("/api/messages", &draft, "twice-the-same").json::<Created>(), once);
}

#[test]
fn a_draft_that_was_thrown_away_leaves_the_list_and_a_withdrawn_notice_stays() {
    let app = App::start();
    let teacher = app.homeroom("八年级1班");
    let draft = draft_to(&[teacher.class("八年级1班")]);
    let (thrown, taken_back) = (teacher.draft(&draft), teacher.draft(&draft));
    teacher.submit(taken_back);
    for id in [thrown, taken_back] {
        assert_eq!(teacher.post(&format!("/api/messages/{id}/withdraw"), &()).status, 200);
    }
    let mine: MessageList = teacher.get("/api/messages?box=mine").json();
    assert_eq!(mine.messages.iter().map(|m| m.id).collect::<Vec<_>>(), [taken_back]);
}

#[test]
fn a_preview_names_the_sender_that_parents_will_see() {
    let teacher = app().homeroom("八年级1班");
    let draft = draft_to(&[teacher.class("八年级1班")]);
    let preview: Preview = teacher.post("/api/messages/preview", &draft).json();
    assert_eq!(preview.sender, "八年级1班班主任");
    assert_eq!(teacher.message(teacher.draft(&draft)).sender_title, preview.sender);
    let foreign = draft_to(&[app().office_clerk().class("九年级1班")]);
    assert_eq!(teacher.post("/api/messages/preview", &foreign).json::<Preview>().sender, "");
}

#[test]
fn a_reason_is_asked_for_once_and_by_the_name_of_its_rule() {
    let teacher = app().homeroom("八年级1班");
    let body = "请于周五前缴费，也可以到学校缴费。请扫码进群。";
    let draft = Draft { body: body.into(), ..draft_to(&[teacher.class("八年级1班")]) };
    let fields = |draft: &Draft| -> Vec<String> {
        let preview: Preview = teacher.post("/api/messages/preview", draft).json();
        preview.refusals.iter().filter_map(|r| r.field_name().map(str::to_owned)).collect()
    };
    assert_eq!(fields(&draft), [reason_field("fees"), reason_field("join_group")]);
    let reasons = [("fees".to_owned(), "代收社会保险，已公示".to_owned())].into();
    assert_eq!(fields(&Draft { reasons, ..draft }), [reason_field("join_group")]);
}

#[test]
fn a_homeroom_teacher_sees_what_the_school_told_the_own_class_and_no_other_names() {
    let app = App::start();
    let clerk = app.office_clerk();
    let teacher = app.homeroom("八年级1班");
    let own = teacher.class("八年级1班");
    let seen = |client: &Client| -> Vec<MessageId> {
        let list: MessageList = client.get("/api/messages?box=all").json();
        list.messages.iter().map(|m| m.id).collect()
    };
    let id = clerk.draft(&draft_to_all());
    clerk.submit(id);
    app.office_director().decide(id, Verdict::Return, "落款有误");
    clerk.put(&format!("/api/messages/{id}"), &draft_to_all());
    clerk.submit(id);
    app.office_director().approve(id);
    assert_eq!(
        (seen(&teacher), teacher.get(&format!("/api/messages/{id}")).status),
        (vec![], 404),
        "not before it goes out"
    );
    app.principal().approve(id);
    assert_eq!(seen(&teacher), [id]);
    let view = teacher.message(id);
    assert!(view.own_class_only && view.may.is_empty() && view.before.is_none());
    assert!(
        view.history.iter().all(|d| d.version == view.version && d.reason.is_empty()),
        "{:?}",
        view.history
    );
    let list: DeliveryList = teacher.get(&format!("/api/messages/{id}/deliveries")).json();
    assert!(!list.children.is_empty() && list.children.iter().all(|c| c.class == own));
    assert!(!clerk.message(id).own_class_only);
    let all: DeliveryList = clerk.get(&format!("/api/messages/{id}/deliveries")).json();
    assert!(all.children.len() > list.children.len());

    // Neither another class's notice, nor what goes to a class that is only taught.
    let other = app.homeroom("七年级2班");
    let theirs = other.draft(&draft_to(&[other.class("七年级2班")]));
    other.submit(theirs);
    app.grade_head("七年级").approve(theirs);
    assert_eq!(seen(&teacher), [id]);
    assert_eq!(teacher.get(&format!("/api/messages/{theirs}")).status, 404);
    assert_eq!(app.subject_teacher().get(&format!("/api/messages/{id}")).status, 404);
}

#[test]
fn a_long_list_comes_in_pages() {
    let app = App::start();
    let teacher = app.homeroom("八年级1班");
    let draft = draft_to(&[teacher.class("八年级1班")]);
    let ids: Vec<i64> = (0..60).map(|_| teacher.draft(&draft).0).collect();
    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let query = before.map(|b| format!("&before={b}")).unwrap_or_default();
        let list: MessageList = teacher.get(&format!("/api/messages?box=mine{query}")).json();
        seen.extend(list.messages.iter().map(|m| m.id.0));
        before = list.next;
        if before.is_none() {
            break;
        }
    }
    seen.reverse();
    assert_eq!(seen, ids);
}

#[test]
fn a_scheduled_message_waits_for_its_time() {
    let mut app = App::start();
    let teacher = app.homeroom("八年级1班");
    let at = me_now(&app).plus(3 * HOUR);
    let id = teacher.draft(&Draft { send_at: Some(at), ..draft_to(&[teacher.class("八年级1班")]) });
    teacher.submit(id);
    let view = app.grade_head("八年级").approve(id);
    assert_eq!(view.state, MessageState::Approved);
    app.cron();
    assert_eq!(app.sms(), []);
    app.restart_with(&[("CLOCK_OFFSET_MS", &(3 * HOUR + 60_000).to_string())]);
    let teacher = app.homeroom("八年级1班");
    app.cron();
    let sent = app.settled(&teacher, id);
    assert_eq!(app.sms().len(), sent.funnel.expect("released").phones as usize);
}

#[test]
fn a_scheduled_message_can_be_cancelled() {
    let app = App::start();
    let teacher = app.homeroom("八年级1班");
    let later = Some(me_now(&app).plus(DAY));
    let id = teacher.draft(&Draft { send_at: later, ..draft_to(&[teacher.class("八年级1班")]) });
    teacher.submit(id);
    app.grade_head("八年级").approve(id);
    assert_eq!(teacher.post(&format!("/api/messages/{id}/withdraw"), &()).status, 409);
    assert!(teacher.message(id).may.contains(&Command::Cancel));
    let view: MessageView = teacher.post(&format!("/api/messages/{id}/cancel"), &()).json();
    assert_eq!(view.state, MessageState::Cancelled);
    app.cron();
    assert_eq!(app.count("SELECT COUNT(*) FROM deliveries"), 0);
}

#[test]
fn times_that_cannot_be_are_refused_at_submission() {
    let teacher = app().homeroom("八年级1班");
    let now = me_now(app());
    for at in [now.plus(-HOUR), now.plus(181 * DAY)] {
        let id = teacher.draft(&Draft { send_at: Some(at), ..draft_to(&[teacher.class("八年级1班")]) });
        let reply =
            teacher.post(&format!("/api/messages/{id}/submit"), &serde_json::json!({"statement": true}));
        assert!(reply.problem(422).errors.iter().any(|e| e.field == "send_at"));
    }
}

#[test]
fn g14_outside_the_window_nothing_leaves() {
    // 23:30 in Shanghai, with the window that a school has by default.
    let app = App::start();
    let now = me_now(&app);
    app.db()
        .execute_batch(
            "DROP TRIGGER school_settings_stay; UPDATE school SET window_from = 420, window_to = 1260",
        )
        .expect("a setting");
    // The next one: nothing here understands a clock that goes back.
    let night = now.start_of_day().plus(DAY + 23 * HOUR + HOUR / 2);
    let offset = night.0 - now.0;
    let mut app = app;
    app.restart_with(&[("CLOCK_OFFSET_MS", &offset.to_string())]);
    let (teacher, id) = app.class_notice();
    app.cron();
    assert_eq!(teacher.message(id).state, MessageState::Approved);
    assert_eq!(app.sms(), []);
    app.restart_with(&[("CLOCK_OFFSET_MS", &(offset + 7 * HOUR + HOUR / 2 + 60_000).to_string())]);
    let teacher = app.homeroom("八年级1班");
    eventually("it goes at 07:00", SOON, || {
        app.cron();
        (!app.sms().is_empty()).then_some(())
    });
    app.settled(&teacher, id);
}
