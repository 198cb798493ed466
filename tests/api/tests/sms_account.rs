//! The account with an SMS provider: two people, sealed, on trial first, tried
//! on one's own phone, and what it says of what went out.

use api_tests::{App, Client, Reply, draft_to};
use domain::account::Me;
use domain::audit::AuditPage;
use domain::checklist::{CheckPoint, Checklist};
use domain::ids::SmsAccountId;
use domain::message::MessageState;
use domain::provider::{FiledTemplate, FilingState, ProviderKind};
use domain::sms::{LINK_TEMPLATE, length};
use domain::sms_account::{
    NewCredentials, ProposeSmsAccount, SmsAccountView, TEST_TITLE, TESTS_PER_DAY, TestResult,
};
use serde_json::json;

const PATH: &str = "/api/sms-account";
const KEY: &str = "LTAI5tAbCdEfGh9f2c";
const SECRET: &str = "never-to-be-read-back-0001";

fn known(client: &Client) -> SmsAccountView {
    client.get(PATH).json()
}

fn order(client: &Client, provider: ProviderKind) -> ProposeSmsAccount {
    let known = known(client);
    ProposeSmsAccount {
        behind: known.in_force.map_or(SmsAccountId(0), |v| v.version),
        provider,
        trial: true,
        signature: known.signature,
        signature_state: FilingState::Approved,
        templates: vec![FiledTemplate {
            name: LINK_TEMPLATE.name.into(),
            version: LINK_TEMPLATE.version,
            code: "SMS_154950909".into(),
            state: FilingState::Approved,
        }],
        price: 45,
        credentials: Some(NewCredentials {
            id: KEY.into(),
            secret: SECRET.into(),
            app_id: String::new(),
            region: String::new(),
        }),
    }
}

fn say(client: &Client, view: &SmsAccountView, what: &str) -> Reply {
    let version = view.proposed.as_ref().expect("one waits").version;
    client.post(&format!("{PATH}/{version}/{what}"), &json!({}))
}

/// Proposed by the administrator, confirmed by the office director.
fn in_force(app: &App, order: &ProposeSmsAccount) -> SmsAccountView {
    let reply = app.administrator().post(PATH, order);
    assert_eq!(reply.status, 200, "{}", reply.body);
    let director = app.office_director();
    let reply = say(&director, &known(&director), "confirm");
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.json()
}

#[test]
fn an_account_counts_once_a_second_person_has_confirmed_it() {
    let app = App::start();
    let (administrator, director) = (app.administrator(), app.office_director());
    assert_eq!(app.office_clerk().get(PATH).refused(403), "forbidden");
    assert_eq!(known(&administrator).in_force, None);
    let aliyun = order(&administrator, ProviderKind::Aliyun);
    let waits: SmsAccountView = administrator.post(PATH, &aliyun).json();
    assert_eq!(waits.in_force, None);
    assert!(waits.bar.is_some() && known(&director).bar.is_none());
    assert_eq!(say(&administrator, &waits, "confirm").refused(403), "proposed_by_you");
    assert_eq!(director.post(PATH, &aliyun).refused(409), "proposal_waits");
    let now: SmsAccountView = say(&director, &waits, "confirm").json();
    assert_eq!(say(&director, &waits, "confirm").refused(409), "waits_no_more");
    let version = now.in_force.expect("in force");
    assert_eq!((version.version, version.trial, version.sealed), (SmsAccountId(1), true, true));
    assert_eq!(version.key.as_deref(), Some("LTAI****9f2c"));
    assert_ne!(version.set_by, version.confirmed_by.expect("the second person"));
    // Whoever read the page before that proposes nothing over it.
    assert_eq!(administrator.post(PATH, &aliyun).refused(409), "changed_meanwhile");
    let page: AuditPage = administrator.get("/api/audit").json();
    for action in ["sms_account.proposed", "sms_account.confirmed"] {
        assert!(page.entries.iter().any(|e| e.entry.action == action), "{action}");
    }
}

#[test]
fn credentials_are_never_read_back() {
    let app = App::start();
    in_force(&app, &order(&app.administrator(), ProviderKind::Aliyun));
    let administrator = app.administrator();
    for path in [PATH, "/api/audit", "/api/audit/export"] {
        let body = administrator.get(path).body;
        assert!(!body.contains(SECRET) && !body.contains(KEY), "{path}");
    }
    let db = app.db();
    let text = |sql: &str| db.query_row(sql, [], |r| r.get::<_, String>(0)).expect("a value");
    for sql in [
        "SELECT credentials FROM sms_accounts",
        "SELECT group_concat(detail) FROM audit",
        "SELECT COALESCE(group_concat(answer), '') || COALESCE(group_concat(body_hash), '') FROM idempotency",
    ] {
        let stored = text(sql);
        assert!(!stored.contains(SECRET) && !stored.contains(KEY), "{sql}");
    }
    // A change without new credentials keeps them, and one with new ones says that they are others.
    let keep =
        ProposeSmsAccount { credentials: None, price: 40, ..order(&administrator, ProviderKind::Aliyun) };
    let kept = in_force(&app, &keep).in_force.expect("in force");
    assert_eq!((kept.key.as_deref(), kept.new_secret, kept.sealed), (Some("LTAI****9f2c"), false, true));
    let mut other = order(&administrator, ProviderKind::Aliyun);
    other.credentials.as_mut().expect("new ones").secret = "another-secret-0002".into();
    let waits: SmsAccountView = administrator.post(PATH, &other).json();
    assert!(waits.proposed.expect("it waits").new_secret);
}

#[test]
fn a_declined_version_never_counts_and_what_no_provider_takes_is_not_proposed() {
    let app = App::start();
    let administrator = app.administrator();
    let aliyun = order(&administrator, ProviderKind::Aliyun);
    let waits: SmsAccountView = administrator.post(PATH, &aliyun).json();
    let left: SmsAccountView = say(&administrator, &waits, "decline").json();
    assert_eq!((left.in_force.is_some(), left.proposed.is_some(), left.earlier.len()), (false, false, 1));
    let unlike = ProposeSmsAccount { signature: "别校".into(), trial: false, ..aliyun };
    let problem = administrator.post(PATH, &unlike).problem(422);
    let fields: Vec<&str> = problem.errors.iter().map(|e| e.field.as_str()).collect();
    assert_eq!(fields, ["signature", "trial"]);
}

/// Written past the Worker, its seal does not fit: it cannot be confirmed, and the check names it.
#[test]
fn a_version_that_was_written_past_the_worker_is_not_confirmed() {
    let app = App::start();
    let (administrator, director) = (app.administrator(), app.office_director());
    let waits: SmsAccountView = administrator.post(PATH, &order(&administrator, ProviderKind::Aliyun)).json();
    app.db()
        .execute_batch("DROP TRIGGER sms_accounts_fixed; UPDATE sms_accounts SET signature_state = 'filed'")
        .expect("as the database's owner can");
    assert_eq!(say(&director, &waits, "confirm").refused(409), "not_ours");
    assert!(!known(&director).proposed.expect("it waits").sealed);
    let page = administrator.get("/api/audit/verify?part=sms_accounts").body;
    assert!(page.contains("forged_row") && page.contains("sms_account"), "{page}");
}

#[test]
fn on_trial_only_staff_receive_until_two_people_end_it() {
    let app = App::start();
    let sandbox = order(&app.administrator(), ProviderKind::Sandbox);
    in_force(&app, &sandbox);
    let me: Me = app.principal().get("/api/me").json();
    assert!(me.school.trial, "everybody is told");
    let (teacher, id) = app.class_notice();
    app.settled(&teacher, id);
    let funnel = teacher.funnel(id);
    assert_eq!((funnel.skipped, teacher.message(id).state), (funnel.phones, MessageState::Sent));
    let skipped = format!(
        "SELECT COUNT(*) FROM deliveries WHERE message_id = {id} AND state = 'skipped' AND reason = 'trial'"
    );
    assert_eq!(app.count(&skipped), i64::from(funnel.phones));
    assert_eq!(app.sms(), []);
    let whole = ProposeSmsAccount {
        trial: false,
        credentials: None,
        ..order(&app.administrator(), ProviderKind::Sandbox)
    };
    in_force(&app, &whole);
    let (teacher, id) = app.class_notice();
    app.settled(&teacher, id);
    assert!(teacher.funnel(id).skipped < teacher.funnel(id).phones);
    assert!(!app.sms().is_empty());
}

#[test]
fn a_number_of_staff_receives_on_trial() {
    let app = App::start();
    in_force(&app, &order(&app.administrator(), ProviderKind::Sandbox));
    let teacher = app.homeroom("八年级1班");
    let class = teacher.class("八年级1班");
    // A member of staff who is a parent in this class, too.
    app.db()
        .execute_batch(&format!(
            "DROP TRIGGER staff_number_on_record;
             UPDATE staff SET phone_id = (SELECT MIN(g.phone_id) FROM guardians g JOIN students s ON s.id = g.student_id
               WHERE s.class_id = {class} AND g.left_at IS NULL AND s.left_at IS NULL) WHERE number = 'T0042'"
        ))
        .expect("the same number");
    let id = teacher.draft(&draft_to(&[class]));
    teacher.submit(id);
    app.grade_head("八年级").approve(id);
    app.settled(&teacher, id);
    let funnel = teacher.funnel(id);
    assert_eq!(funnel.skipped, funnel.phones - 1, "{funnel:?}");
    assert_eq!(app.sms().len(), 1);
}

#[test]
fn a_test_goes_to_ones_own_phone_a_few_times_a_day() {
    let app = App::start();
    let administrator = app.administrator();
    let before = known(&administrator);
    assert_eq!(before.tests_left, TESTS_PER_DAY);
    for _ in 0..TESTS_PER_DAY {
        let result: TestResult = administrator.post(&format!("{PATH}/test"), &json!({})).json();
        assert!(result.taken, "{result:?}");
    }
    assert_eq!(administrator.post(&format!("{PATH}/test"), &json!({})).refused(409), "too_many_tests");
    assert_eq!(known(&administrator).tests_left, 0);
    let sms = app.sms();
    assert_eq!(sms.len() as u32, TESTS_PER_DAY);
    assert!(sms[0].text.starts_with(&format!("【{}】{TEST_TITLE}", before.signature)), "{}", sms[0].text);
    assert_eq!(app.count("SELECT COUNT(*) FROM sms_tests WHERE outcome = 'accepted'"), 5);
    let page: AuditPage = administrator.get("/api/audit").json();
    assert!(page.entries.iter().any(|e| e.entry.action == "sms_account.tested"));
    app.db()
        .execute_batch(
            "DROP TRIGGER staff_number_on_record; UPDATE staff SET phone_id = NULL WHERE number = 'T0003'",
        )
        .expect("no number");
    assert_eq!(app.office_director().post(&format!("{PATH}/test"), &json!({})).refused(409), "no_number");
}

#[test]
fn the_page_counts_what_went_out_and_the_days_add_up() {
    let app = App::start();
    let (teacher, id) = app.class_notice();
    app.settled(&teacher, id);
    let view = known(&app.administrator());
    let sms = app.sms();
    let funnel = teacher.funnel(id);
    let taken = u64::from(funnel.accepted + funnel.delivered);
    assert!(taken > 0);
    let parts = length(&sms[0].text).parts as u64;
    let today = &view.days[0];
    assert_eq!(view.month.parts, view.month.sms * parts);
    assert_eq!(view.month.sms + view.month.unknown, sms.len() as u64);
    assert_eq!(
        today.handed,
        today.delivered + today.no_word + today.undelivered + today.rejected + today.unknown
    );
    assert_eq!(today.handed, u64::from(funnel.phones - funnel.skipped));
    assert!(view.days[1..].iter().all(|day| day.handed == 0));
}

#[test]
fn the_checklist_says_what_of_the_filing_is_lacking() {
    let app = App::start();
    let open = |app: &App| {
        let list: Checklist = app.office_clerk().get("/api/school/checklist").json();
        let of_sms = [CheckPoint::SmsSignature, CheckPoint::SmsTemplate, CheckPoint::SmsTrial];
        list.open().map(|l| l.point).filter(|p| of_sms.contains(p)).collect::<Vec<_>>()
    };
    assert_eq!(open(&app), [], "nothing is asked of the demo's own network");
    let mut filed = order(&app.administrator(), ProviderKind::Sandbox);
    filed.signature_state = FilingState::Filed;
    filed.templates[0].state = FilingState::Filed;
    in_force(&app, &filed);
    assert_eq!(open(&app), [CheckPoint::SmsSignature, CheckPoint::SmsTemplate, CheckPoint::SmsTrial]);
    in_force(&app, &order(&app.administrator(), ProviderKind::Sandbox));
    assert_eq!(open(&app), [CheckPoint::SmsTrial]);
    let whole = ProposeSmsAccount { trial: false, ..order(&app.administrator(), ProviderKind::Sandbox) };
    in_force(&app, &whole);
    assert_eq!(open(&app), []);
}
