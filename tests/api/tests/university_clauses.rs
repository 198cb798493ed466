//! The university's regulation, what its clauses 一 to 五 refuse beside the steps of 五 and 六 (`clauses.rs`).
//! Who may do what is in `matrix.rs`; here stands what a clause means in one story.

use std::sync::OnceLock;

use api_tests::small_university::*;
use api_tests::{App, Client, PASSPHRASE, Reply, draft_to, draft_to_all};
use domain::access::Post;
use domain::approval::{Decide, Verdict};
use domain::delivery::DeliveryList;
use domain::ids::{MessageId, StaffId};
use domain::message::{Audience, Category, Draft};
use domain::register::{RegisterPage, RegisterSheet};
use domain::roster::{ClassRoll, ClassView, StaffView};
use serde_json::json;

fn app() -> &'static App {
    static APP: OnceLock<App> = OnceLock::new();
    APP.get_or_init(App::small_university)
}

fn submit(client: &Client, draft: &Draft) -> Reply {
    let id = client.draft(draft);
    client.post(&format!("/api/messages/{id}/submit"), &json!({ "statement": true }))
}

#[track_caller]
fn complains_of(reply: &Reply, field: &str) {
    let problem = reply.problem(422);
    assert!(problem.errors.iter().any(|e| e.field == field), "{problem:?}");
}

/// Names of the families of 信息学院.
const FOREIGN: [&str; 4] = ["万可涵", "王馨瑶", "孙子", "江涵志"];

#[test]
fn clause_1_what_is_forbidden_is_not_submitted_and_what_is_doubtful_needs_a_reason() {
    let clerk = app().signed_in(AFFAIRS_CLERK);
    let with = |body: &str| Draft { body: body.into(), ..draft_to_all() };
    complains_of(&submit(&clerk, &with("六*合*彩内幕，速来")), "body");
    let doubtful = with("请联系王老师13800138000");
    let problem = submit(&clerk, &doubtful).problem(422);
    assert!(problem.errors.iter().any(|e| e.field.starts_with("reasons")), "{problem:?}");
    let reasons = [("personal_contact".to_owned(), "值班电话，已征得同意".to_owned())].into();
    let id = clerk.draft(&Draft { reasons, ..doubtful });
    let view = clerk.submit(id);
    assert_eq!(view.draft.reasons["personal_contact"], "值班电话，已征得同意", "the approver reads why");
}

#[test]
fn clause_2_every_message_has_one_category_and_a_childs_affairs_go_to_its_own_parents() {
    let clerk = app().signed_in(BUSINESS_CLERK);
    let class = app().class_of("商学院");
    let of = |category, audience: Audience| Draft { category, audience, ..draft_to(&[]) };
    let to_class = || Audience::Classes { classes: vec![class] };
    complains_of(&submit(&clerk, &of(None, to_class())), "category");
    let roll: ClassRoll = clerk.get(&format!("/api/classes/{class}")).json();
    let students: Vec<_> = roll.students.iter().map(|s| s.id).collect();
    for category in [Category::Thinking, Category::Study] {
        complains_of(&submit(&clerk, &of(Some(category), to_class())), "category");
        let two = Audience::Children { class, students: students.clone() };
        complains_of(&submit(&clerk, &of(Some(category), two)), "category");
        let one = Audience::Children { class, students: students[..1].to_vec() };
        assert_eq!(submit(&clerk, &of(Some(category), one)).status, 200);
    }
}

#[test]
fn clause_3_only_student_affairs_sends_to_all_and_manages_all() {
    let class = app().class_of("信息学院");
    for number in [AFFAIRS_HEAD, AFFAIRS_DEPUTY, AFFAIRS_CLERK] {
        let client = app().signed_in(number);
        assert_eq!(client.post("/api/messages", &draft_to_all()).status, 201, "{number}");
        assert_eq!(client.get(&format!("/api/classes/{class}")).status, 200, "{number}");
    }
    for number in
        [LEADER, TEACHING_LEADER, TEACHING_FIRST, BUSINESS_DEAN, BUSINESS_LEADER, BUSINESS_CLERK, COUNSELLOR]
    {
        let client = app().signed_in(number);
        let status = client.post("/api/messages", &draft_to_all()).status;
        assert!(status == 403 || status == 422, "{number}: {status}");
        assert_eq!(client.get(&format!("/api/classes/{class}")).status, 404, "{number}");
    }
}

#[test]
fn clause_3_a_college_finds_nothing_of_another_one() {
    let app = App::small_university();
    let foreign = app.class_of("信息学院");
    let theirs = app.signed_in(INFORMATION_CLERK);
    let id = theirs.draft(&Draft { title: "信息学院内部".into(), ..draft_to(&[foreign]) });
    theirs.submit(id);
    app.signed_in(INFORMATION_LEADER).approve(id);
    app.signed_in(INFORMATION_DEAN).approve(id);
    for number in [BUSINESS_DEAN, BUSINESS_LEADER, BUSINESS_CLERK, COUNSELLOR] {
        let client = app.signed_in(number);
        let classes: Vec<ClassView> = client.get("/api/classes").json();
        assert!(classes.iter().all(|c| c.id != foreign || !(c.may_read || c.may_write)), "{number}");
        let lists = [
            "/api/messages?box=all",
            "/api/messages?box=waiting",
            "/api/register",
            "/api/register?unit=15",
            "/api/agenda",
            "/api/disputes",
            "/api/templates",
        ];
        for path in lists {
            let body = client.get(path).body;
            assert!(!body.contains("信息学院内部"), "{number} {path}");
            assert!(!FOREIGN.iter().any(|name| body.contains(name)), "{number} {path}");
        }
        // Neither is told whether it exists: what is not there answers the same.
        let answers = |id: i64| {
            let reply = client.get(&format!("/api/messages/{id}"));
            (reply.status, reply.body)
        };
        assert_eq!(answers(id.0), answers(999_999), "{number}");
        let preview = client.post("/api/messages/preview", &draft_to(&[foreign]));
        assert!(!FOREIGN.iter().any(|name| preview.body.contains(name)) && preview.status == 200, "{number}");
        let draft = client.post("/api/messages", &draft_to(&[app.class_of("商学院"), foreign]));
        assert!(draft.status == 403 || draft.status == 422, "{number}: {}", draft.body);
    }
    let own: RegisterPage = theirs.get("/api/register?unit=15").json();
    assert_eq!(own.entries.len(), 1, "it is there for its own");
}

#[test]
fn clause_3_a_department_sees_no_roll_not_even_of_those_it_has_written_to() {
    let app = App::small_university();
    let (sender, id) = app.department_approved();
    assert_eq!(app.signed_in(AFFAIRS_CLERK).register(id, "教〔2026〕1").status, 200);
    assert_eq!(sender.release(id).status, 200);
    let class = app.class_of("商学院");
    for number in [TEACHING_SENDER, TEACHING_SECOND_SENDER, TEACHING_FIRST, LOGISTICS_SENDER] {
        let client = app.signed_in(number);
        assert_eq!(client.get(&format!("/api/classes/{class}")).status, 404, "{number}");
        assert_eq!(client.get("/api/students/1/leave").status, 403, "{number}");
        let number_of = client.put("/api/guardians/1/phone", &json!({ "phone": "19900000009" }));
        assert_eq!(number_of.status, 403, "{number}");
    }
    let list: DeliveryList = sender.get(&format!("/api/messages/{id}/deliveries")).json();
    assert_eq!(list.funnel.phones, 4);
    assert_eq!(list.classes.len(), 2, "how many of which class it is told");
    assert!(list.children.is_empty(), "and no names: {:?}", list.children);
    // 学生处 looks after them.
    let affairs = app.signed_in(AFFAIRS_CLERK);
    let list: DeliveryList = affairs.get(&format!("/api/messages/{id}/deliveries")).json();
    assert_eq!(list.children.len(), 4);
}

#[test]
fn clause_4_who_holds_the_account_does_not_give_it_away_and_nobody_takes_it() {
    let app = App::small_university();
    let admin = app.signed_in(ADMINISTRATORS[0]);
    let staff: Vec<StaffView> = admin.get("/api/staff").json();
    let deputy: StaffId = staff.iter().find(|s| s.number == AFFAIRS_DEPUTY).expect("on the staff").id;
    // No answer shows a password or what is kept of it.
    for path in ["/api/staff", "/api/audit/export", "/api/audit"] {
        let body = admin.get(path).body;
        assert!(!body.contains("argon2") && !body.contains(PASSPHRASE), "{path}");
    }
    // Who administers alone opens nobody's account: no code before a second person has confirmed.
    let slip: domain::account::Slip = admin.post(&format!("/api/staff/{deputy}/activation"), &()).json();
    assert!(slip.waits && slip.code.is_empty() && slip.link.is_empty(), "{slip:?}");
    app.signed_in(AFFAIRS_DEPUTY);
    // And a password is changed by who knows the old one.
    let clerk = app.signed_in(AFFAIRS_CLERK);
    let order = json!({ "old": "not the old one 77", "password": "another long passphrase 77" });
    assert_eq!(clerk.put("/api/me/password", &order).status, 422);
}

#[test]
fn clause_4_nobody_sends_while_the_account_has_no_holder() {
    let app = App::small_university();
    let clerk = app.signed_in(AFFAIRS_CLERK);
    app.end_posts(AFFAIRS_DEPUTY);
    assert_eq!(submit(&clerk, &draft_to_all()).refused(422), "no_custodian");
}

#[test]
fn clause_5_nothing_gets_out_before_the_last_approval_whatever_is_tried() {
    let app = App::small_university();
    let clerk = app.signed_in(BUSINESS_CLERK);
    let id = clerk.draft(&draft_to(&[app.class_of("商学院")]));
    let nothing_sent = |when: &str| {
        app.cron();
        assert_eq!(app.count("SELECT COUNT(*) FROM deliveries"), 0, "{when}");
        assert!(app.sms().is_empty(), "{when}");
    };
    let orders =
        ["release", "resume", "pause", "correct", "put-again", "registration", "filing", "take-over"];
    let try_all = |id: MessageId, when: &str| {
        for who in [BUSINESS_CLERK, BUSINESS_LEADER, AFFAIRS_HEAD, LEADER, TEACHING_SENDER] {
            let client = app.signed_in(who);
            for order in orders {
                let reply = client.post(&format!("/api/messages/{id}/{order}"), &json!({}));
                assert!(reply.status >= 400 && reply.status < 500, "{when} {who} {order}: {}", reply.status);
            }
        }
        nothing_sent(when);
    };
    try_all(id, "a draft");
    let digest = clerk.submit(id).digest.expect("a digest");
    try_all(id, "submitted");
    let order = Decide {
        verdict: Verdict::Approve,
        digest: digest.clone(),
        reason: String::new(),
        passages: Vec::new(),
        password: Some(PASSPHRASE.into()),
    };
    // A decision that comes twice is one decision.
    let leader = app.signed_in(BUSINESS_LEADER);
    for _ in 0..2 {
        let decided = leader.post_with_key(&format!("/api/messages/{id}/decisions"), &order, "one-decision");
        assert_eq!(decided.status, 200);
    }
    try_all(id, "reviewed");
    for sql in [
        format!("UPDATE messages SET state = 'approved' WHERE id = {id}"),
        format!("UPDATE messages SET state = 'sending' WHERE id = {id}"),
        format!(
            "INSERT INTO rounds (message_id, round, version, digest, ordered_by, at, mac) VALUES ({id}, 0, 1, '{digest}', 1, 1, 'x')"
        ),
    ] {
        assert!(app.db().execute_batch(&sql).is_err(), "{sql}");
    }
    nothing_sent("raw SQL");
    app.signed_in(BUSINESS_DEAN).approve(id);
    assert!(app.count("SELECT COUNT(*) FROM deliveries") > 0);
}

#[test]
fn clause_5_whoever_approved_answers_for_it_after_the_post_has_ended() {
    let app = App::small_university();
    let (clerk, id) = app.college_notice();
    app.end_posts(BUSINESS_DEAN);
    app.appoint(COUNSELLOR, Post::Dean, "商学院");
    let approver = |name: &str| {
        let history = clerk.message(id).history;
        assert_eq!(history.last().map(|d| d.name.as_str()), Some(name));
        let sheet: RegisterSheet = clerk.get(&format!("/api/register/{id}")).json();
        let last = sheet.entry.signatures.last().map(|s| (s.post, s.name.clone()));
        assert_eq!(last, Some((Post::Dean, name.to_owned())));
    };
    approver("张岳");
    for sql in [
        format!("DELETE FROM decisions WHERE message_id = {id}"),
        format!("UPDATE decisions SET staff_id = 1 WHERE message_id = {id}"),
        format!("INSERT OR REPLACE INTO decisions SELECT * FROM decisions WHERE message_id = {id}"),
    ] {
        assert!(app.db().execute_batch(&sql).is_err(), "{sql}");
    }
    // Nor when the person leaves.
    let admin = app.signed_in(ADMINISTRATORS[0]);
    let staff: Vec<StaffView> = admin.get("/api/staff").json();
    let dean = staff.iter().find(|s| s.number == BUSINESS_DEAN).expect("on the staff").id;
    assert_eq!(admin.post(&format!("/api/staff/{dean}/leave"), &json!({ "reason": "retired" })).status, 204);
    approver("张岳");
}
