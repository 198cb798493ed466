//! 登记: every message that was submitted stands under its number, with who answers for it (G60), open to all
//! staff as far as G64 says; what goes out next; and the wordings that a unit shares (G63).

use std::sync::OnceLock;

use api_tests::{App, Client, draft_to, draft_to_all};
use domain::api::{self, Value};
use domain::approval::{StepKind, Verdict};
use domain::ids::MessageId;
use domain::message::{Draft, MessageState};
use domain::register::{AgendaItem, MonthTotal, RegisterPage, RegisterSheet, Sought, Verification};
use domain::template::TemplateView;
use domain::time::{DAY, HOUR};
use serde_json::json;

fn app() -> &'static App {
    static APP: OnceLock<App> = OnceLock::new();
    APP.get_or_init(App::start)
}

fn register(client: &Client, query: &str) -> RegisterPage {
    client.get(&format!("/api/register{query}")).json()
}

/// `(number, version)` of a message in the register.
fn number(client: &Client, id: MessageId) -> (u32, u32) {
    let sheet: RegisterSheet = client.get(&format!("/api/register/{id}")).json();
    (sheet.entry.number.no, sheet.entry.version)
}

#[test]
fn a_number_by_year_and_unit_kept_over_versions_without_gaps() {
    let app = App::start();
    let (one, two) = (app.homeroom("七年级1班"), app.homeroom("七年级2班"));
    let (class, other) = (one.class("七年级1班"), two.class("七年级2班"));
    let first = one.draft(&draft_to(&[class]));
    let thrown_away = one.draft(&draft_to(&[class]));
    assert_eq!(one.get(&format!("/api/register/{first}")).refused(404), "not_found", "a draft has none");
    one.submit(first);
    assert_eq!(number(&one, first), (1, 1));
    let head = app.grade_head("七年级");
    assert_eq!(head.decide(first, Verdict::Return, "请写明时间").status, 200);
    let second = two.draft(&draft_to(&[other]));
    two.submit(second);
    assert_eq!(number(&two, second), (2, 1), "the unit's, whoever writes");
    assert_eq!(one.put(&format!("/api/messages/{first}"), &draft_to(&[class])).status, 200);
    one.submit(first);
    assert_eq!(number(&one, first), (1, 2), "the next version keeps it");
    assert_eq!(one.post(&format!("/api/messages/{thrown_away}/withdraw"), &json!({})).status, 200);
    // A submission that is refused takes none.
    let empty = one.draft(&Draft { category: None, ..draft_to(&[class]) });
    assert_eq!(one.post(&format!("/api/messages/{empty}/submit"), &json!({"statement": true})).status, 422);
    let third = one.draft(&draft_to(&[class]));
    one.submit(third);
    assert_eq!(number(&one, third), (3, 1));
    // Another unit counts by itself.
    let seven = app.homeroom("八年级1班");
    let elsewhere = seven.draft(&draft_to(&[seven.class("八年级1班")]));
    seven.submit(elsewhere);
    assert_eq!(number(&seven, elsewhere), (1, 1));
}

#[test]
fn submissions_at_once_take_each_number_once() {
    let app = App::start();
    let teacher = app.homeroom("八年级1班");
    let class = teacher.class("八年级1班");
    let drafts: Vec<MessageId> = (0..20).map(|_| teacher.draft(&draft_to(&[class]))).collect();
    std::thread::scope(|scope| {
        for id in &drafts {
            for client in [teacher.clone(), teacher.clone()] {
                scope.spawn(move || {
                    client.post(&format!("/api/messages/{id}/submit"), &json!({"statement": true})).status
                });
            }
        }
    });
    assert_eq!(app.count("SELECT COUNT(DISTINCT register_no) FROM messages WHERE state = 'submitted'"), 20);
    assert_eq!(app.count("SELECT MAX(register_no) FROM messages"), 20, "the one who was late took none");
    assert_eq!(app.count("SELECT SUM(last_no) FROM register_counters"), 20);
}

#[test]
fn g60_a_line_says_who_answers_for_it() {
    let (clerk, id) = app().school_notice();
    let sheet: RegisterSheet = clerk.get(&format!("/api/register/{id}")).json();
    let entry = &sheet.entry;
    assert_eq!(entry.drafter, clerk.get("/api/me").json::<domain::account::Me>().person.name);
    let (reviewed, approved) = (entry.signed(StepKind::Review), entry.signed(StepKind::Approve));
    assert_eq!((reviewed.len(), approved.len()), (1, 1));
    assert!(reviewed[0].name != approved[0].name && approved[0].verdict == Verdict::Approve);
    assert!(entry.statement_at.is_some() && entry.statement_at == entry.submitted_at);
    assert!(entry.registered_at <= entry.approved_at.expect("approved"));
    assert_eq!(entry.digest.as_ref().map(String::len), Some(64));
    assert_eq!(entry.number.unit_name, "校办室");
    assert!(sheet.body.contains("运动会"));
    let page = register(&clerk, "?q=%E7%A7%8B%E5%AD%A3");
    assert!(page.entries.iter().any(|e| e == entry));
}

#[test]
fn it_is_searched_and_paged() {
    let app = App::start();
    let teacher = app.homeroom("八年级1班");
    let class = teacher.class("八年级1班");
    let ids: Vec<MessageId> = (0..domain::register::PAGE + 3)
        .map(|n| {
            let title = if n % 10 == 0 { format!("家长会{n}") } else { format!("运动会{n}") };
            let id = teacher.draft(&Draft { title, ..draft_to(&[class]) });
            teacher.submit(id);
            id
        })
        .collect();
    let first = register(&teacher, "");
    assert_eq!(first.entries.len(), domain::register::PAGE);
    let next = first.next.expect("another page");
    let rest = register(&teacher, &format!("?before={}&before_at={}", next.before, next.before_at.0));
    assert_eq!((rest.entries.len(), rest.next), (3, None));
    let all: Vec<MessageId> = first.entries.iter().chain(&rest.entries).map(|e| e.id).collect();
    assert_eq!(all, ids.iter().rev().copied().collect::<Vec<_>>(), "each once, the newest first");
    let sought = |q: &str| register(&teacher, &format!("?q={}", Sought(q.into()).write())).entries.len();
    assert_eq!((sought("家长会"), sought("家长会10"), sought("%"), sought("没有")), (6, 1, 0, 0));
    assert_eq!(sought(&first.entries[0].drafter), domain::register::PAGE);
    let in_state = |state: MessageState| register(&teacher, &format!("?state={}", state.key())).entries.len();
    assert_eq!(
        (in_state(MessageState::Submitted), in_state(MessageState::Sent)),
        (domain::register::PAGE, 0)
    );
    let at = first.entries[0].registered_at.0;
    assert_eq!(register(&teacher, &format!("?since={}", at + 1)).entries.len(), 0);
    assert_eq!(register(&teacher, &format!("?since={at}")).entries[0].id, first.entries[0].id);
    assert!(register(&teacher, &format!("?until={at}")).entries.iter().all(|e| e.registered_at.0 < at));
    let unit = first.entries[0].number.unit;
    assert_eq!(register(&teacher, &format!("?unit={unit}")).entries.len(), domain::register::PAGE);
    assert_eq!(register(&teacher, "?unit=1").entries.len(), domain::register::PAGE, "the school holds all");
    assert_eq!(register(&teacher, "?unit=999999").entries.len(), 0);
}

#[test]
fn g64_totals_are_open_to_all_staff_and_lines_to_those_who_may_see_them() {
    let app = App::start();
    let (teacher, id) = app.class_notice();
    let (stranger, subject) = (app.homeroom("七年级1班"), app.subject_teacher());
    for other in [&stranger, &subject] {
        assert!(register(other, "").entries.iter().all(|e| e.id != id));
        assert_eq!(other.get(&format!("/api/register/{id}")).refused(404), "not_found");
        let totals: Vec<MonthTotal> = other.get("/api/register/totals").json();
        let grade = totals.iter().find(|t| t.unit_name == "八年级").expect("its month");
        assert_eq!((grade.registered, grade.sent), (1, 1));
        let phones: u32 = teacher.message(id).reach.phones;
        assert_eq!(grade.phones, phones);
        assert_eq!(grade.month.len(), 7);
    }
    for reader in [teacher, app.grade_head("八年级"), app.office_clerk(), app.principal()] {
        assert!(register(&reader, "").entries.iter().any(|e| e.id == id));
    }
}

#[test]
fn a_digest_on_paper_is_verified() {
    let app = App::start();
    let (teacher, id) = app.class_notice();
    let digest = teacher.message(id).digest.expect("a digest");
    let verify = |client: &Client, digest: &str| {
        client.get(&api::VERIFY_DIGEST.at(id).with(api::DIGEST, Sought(digest.into())).url)
    };
    // Who has the paper need not see the message.
    let answer: Verification = verify(&app.homeroom("七年级1班"), &digest).json();
    assert_eq!((answer.fits, answer.is_current, answer.version), (Some(true), true, 1));
    assert_eq!((answer.signatures.len(), answer.number.no), (1, 1));
    for wrong in ["0".repeat(64), digest[..63].to_owned(), String::new(), "%".into(), digest.to_uppercase()] {
        assert_eq!(verify(&teacher, &wrong).refused(404), "not_found", "{wrong}");
    }
    assert_eq!(verify(&app.anybody(), &digest).refused(401), "not_signed_in");
    // What was changed behind the rules' back does not fit.
    app.db()
        .execute_batch(&format!(
            "DROP TRIGGER messages_content; UPDATE messages SET body = body || '改' WHERE id = {id}"
        ))
        .expect("a change by hand");
    assert_eq!(verify(&teacher, &digest).json::<Verification>().fits, Some(false));
}

#[test]
fn what_goes_out_this_week_is_on_the_agenda() {
    let app = App::start();
    let teacher = app.homeroom("八年级1班");
    let now = teacher.get("/api/me").json::<domain::account::Me>().now;
    let class = teacher.class("八年级1班");
    let at = |ms| Draft { send_at: Some(now.plus(ms)), ..draft_to(&[class]) };
    let planned = |draft: &Draft, approve: bool| {
        let id = teacher.draft(draft);
        teacher.submit(id);
        if approve {
            app.grade_head("八年级").approve(id);
        }
        id
    };
    let (soon, later) = (planned(&at(2 * DAY), true), planned(&at(9 * DAY), true));
    let (asked, at_once) = (planned(&at(DAY), false), planned(&draft_to(&[class]), false));
    let (_, gone) = app.class_notice();
    let agenda = |client: &Client| client.get("/api/agenda").json::<Vec<AgendaItem>>();
    let seen = agenda(&app.office_clerk());
    let ids: Vec<MessageId> = seen.iter().map(|i| i.id).collect();
    assert_eq!(ids, [gone, asked, soon, at_once]);
    assert!(!ids.contains(&later));
    assert!(seen.iter().all(|i| i.phones > 0));
    assert_eq!(seen[1].state, MessageState::Submitted);
    assert!(seen[2].at.is_some_and(|at| at >= now.plus(2 * DAY - HOUR)));
    assert_eq!(agenda(&app.homeroom("七年级1班")), [], "only what one may see");
}

#[test]
fn g63_a_unit_shares_its_templates() {
    let app = App::start();
    let (teacher, colleague, stranger) =
        (app.homeroom("七年级1班"), app.homeroom("七年级2班"), app.homeroom("八年级1班"));
    let unit = teacher.get("/api/me").json::<domain::account::Me>().person.appointments[0].unit;
    let order = json!({ "unit": unit, "title": "期中考试安排", "body": "请准时到校", "category": "event" });
    let saved: Vec<TemplateView> = teacher.post("/api/templates", &order).json();
    assert_eq!(saved.len(), 1);
    let list = |client: &Client| client.get("/api/templates").json::<Vec<TemplateView>>();
    assert_eq!(list(&colleague)[0].body, "请准时到校");
    assert_eq!(list(&stranger), []);
    assert_eq!(stranger.post("/api/templates", &order).refused(422), "unit_not_yours");
    let path = format!("/api/templates/{}", saved[0].id);
    assert_eq!(stranger.delete(&path).refused(404), "not_found");
    // The head of the grade reads it, but holds no post there that sends.
    let head = app.grade_head("七年级");
    assert_eq!(list(&head).len(), 1);
    assert_eq!(head.delete(&path).refused(404), "not_found");
    // The school's are everybody's.
    let office = app.office_clerk();
    let of_office = office.get("/api/me").json::<domain::account::Me>().person.appointments[0].unit;
    let own = json!({ "unit": of_office, "title": "放假安排", "body": "放假三天" });
    assert_eq!(office.post("/api/templates", &own).status, 200);
    assert_eq!(colleague.delete(&path).status, 204);
    assert_eq!(list(&teacher), []);
    assert_eq!(colleague.delete(&path).refused(404), "not_found");
    let long = json!({ "unit": unit, "title": "字".repeat(21), "body": " " });
    let problem = teacher.post("/api/templates", &long).problem(422);
    let fields: Vec<&str> = problem.errors.iter().map(|e| e.field.as_str()).collect();
    assert_eq!(fields, ["title", "body"]);
    // Nothing of the wording is in the log.
    let log = app
        .count("SELECT COUNT(*) FROM audit WHERE action LIKE 'message.template%' AND detail NOT LIKE '%期%'");
    assert_eq!(log, 3);
}

#[test]
fn nobody_who_is_not_signed_in_reads_the_register() {
    for path in ["/api/register", "/api/register/totals", "/api/register/1", "/api/agenda", "/api/templates"]
    {
        assert_eq!(app().anybody().get(path).refused(401), "not_signed_in", "{path}");
    }
    let clerk = app().office_clerk();
    let all = clerk.draft(&draft_to_all());
    assert!(register(&clerk, "").entries.iter().all(|e| e.id != all), "a draft is not in it");
}
