//! The university's regulation clause by clause (五 and 六): what each refuses, over HTTP and by raw SQL,
//! and what it leaves as evidence.

use std::sync::OnceLock;

use api_tests::small_university::*;
use api_tests::{App, Client, PASSPHRASE, draft_to, draft_to_all};
use domain::access::Post;
use domain::account::Me;
use domain::approval::{Decide, Verdict};
use domain::filing::{CommentKind, Filings, Scan};
use domain::ids::MessageId;
use domain::message::{Command, Draft, DraftChange, MessageList, MessageState, MessageView};
use domain::time::DAY;
use serde_json::json;

fn app() -> &'static App {
    static APP: OnceLock<App> = OnceLock::new();
    APP.get_or_init(App::small_university)
}

fn submit(client: &Client, id: MessageId) -> api_tests::Reply {
    client.post(&format!("/api/messages/{id}/submit"), &json!({ "statement": true }))
}

/// Tries to approve on a digest; the status.
fn approves(app: &App, number: &str, id: MessageId, digest: &str) -> u16 {
    let order = Decide {
        verdict: Verdict::Approve,
        digest: digest.into(),
        reason: String::new(),
        passages: Vec::new(),
        password: Some(PASSPHRASE.into()),
    };
    app.signed_in(number).post(&format!("/api/messages/{id}/decisions"), &order).status
}

/// None of these can decide the step that waits.
#[track_caller]
fn nobody_of(app: &App, numbers: &[&str], id: MessageId, digest: &str) {
    for number in numbers {
        let status = approves(app, number, id, digest);
        assert!(status == 403 || status == 404, "{number}: {status}");
    }
}

#[track_caller]
fn refused_by_sql(app: &App, sql: &str) -> String {
    match app.db().execute_batch(sql) {
        Ok(()) => panic!("the database took it: {sql}"),
        Err(e) => e.to_string(),
    }
}

/// A message of the school level, submitted; its digest.
fn school_level(app: &App) -> (Client, MessageId, String) {
    let clerk = app.signed_in(AFFAIRS_CLERK);
    let id = clerk.draft(&draft_to_all());
    let digest = clerk.submit(id).digest.expect("a digest");
    (clerk, id, digest)
}

/// A message of 商学院, submitted; its digest.
fn college(app: &App) -> (Client, MessageId, String) {
    let clerk = app.signed_in(BUSINESS_CLERK);
    let id = clerk.draft(&draft_to(&[app.class_of("商学院")]));
    let digest = clerk.submit(id).digest.expect("a digest");
    (clerk, id, digest)
}

/// A message of 教务处, submitted; its digest.
fn department(app: &App) -> (Client, MessageId, String) {
    let sender = app.signed_in(TEACHING_SENDER);
    let id = sender.draft(&app.department_draft(&sender));
    let digest = sender.submit(id).digest.expect("a digest");
    (sender, id, digest)
}

fn deliveries(app: &App, id: MessageId) -> i64 {
    app.count(&format!("SELECT COUNT(*) FROM deliveries WHERE message_id = {id}"))
}

#[test]
fn clause_5_school_level_is_reviewed_by_the_head_and_approved_by_the_leader_in_overall_charge() {
    let app = app();
    let (_, id, digest) = school_level(app);
    // Before the review, not even the leader; never the deputy in the head's place.
    nobody_of(app, &[AFFAIRS_DEPUTY, AFFAIRS_CLERK, LEADER, TEACHING_LEADER, BUSINESS_DEAN], id, &digest);
    assert_eq!(approves(app, AFFAIRS_HEAD, id, &"0".repeat(64)), 409, "an old digest");
    assert_eq!(approves(app, AFFAIRS_HEAD, id, &digest), 200);
    // 分管校领导 is not 主管校领导, and the reviewer does not approve.
    nobody_of(app, &[TEACHING_LEADER, LOGISTICS_LEADER, AFFAIRS_HEAD, AFFAIRS_DEPUTY], id, &digest);
    assert_eq!(deliveries(app, id), 0, "未经审批，严禁发送");
    assert_eq!(approves(app, LEADER, id, &digest), 200);
    assert!(deliveries(app, id) > 0);
}

#[test]
fn clause_5_an_own_draft_is_not_reviewed_by_its_drafter() {
    let app = app();
    let head = app.signed_in(AFFAIRS_HEAD);
    let id = head.draft(&draft_to_all());
    assert_eq!(submit(&head, id).refused(422), "step_without_person");
    let leader = app.signed_in(BUSINESS_LEADER);
    let id = leader.draft(&draft_to(&[app.class_of("商学院")]));
    assert_eq!(submit(&leader, id).refused(422), "step_without_person");
}

#[test]
fn clause_5_an_ended_post_approves_nothing() {
    let app = App::small_university();
    let (_, id, digest) = school_level(&app);
    assert_eq!(approves(&app, AFFAIRS_HEAD, id, &digest), 200);
    let leader = app.signed_in(LEADER);
    app.end_posts(LEADER);
    let order = json!({ "verdict": "approve", "digest": digest, "reason": "", "password": PASSPHRASE });
    let status = leader.post(&format!("/api/messages/{id}/decisions"), &order).status;
    assert!(status == 403 || status == 404, "{status}");
    assert_eq!(deliveries(&app, id), 0);
}

#[test]
fn clause_5_a_college_is_decided_by_its_own_leader_and_dean() {
    let app = app();
    let (_, id, digest) = college(app);
    nobody_of(app, &[INFORMATION_LEADER, INFORMATION_DEAN, BUSINESS_DEAN, AFFAIRS_HEAD, LEADER], id, &digest);
    assert_eq!(approves(app, BUSINESS_LEADER, id, &digest), 200);
    // Neither 学生处 nor 主管校领导 instead of the dean, nor the reviewer once more.
    nobody_of(app, &[AFFAIRS_HEAD, LEADER, BUSINESS_LEADER, INFORMATION_DEAN], id, &digest);
    assert_eq!(deliveries(app, id), 0);
    assert_eq!(approves(app, BUSINESS_DEAN, id, &digest), 200);
    assert!(deliveries(app, id) > 0, "the filing holds nothing");
}

#[test]
fn clause_5_a_college_files_with_its_release_and_student_affairs_registers() {
    let app = App::small_university();
    let (clerk, id) = app.college_notice();
    let filing = clerk.message(id).papers.filing.expect("it is filed with the release");
    assert_eq!((filing.no, filing.received_at), (1, None));
    assert_eq!(filing.number(), format!("备〔{}〕1号", filing.year));
    let same = "SELECT COUNT(*) FROM filings f JOIN rounds r ON r.message_id = f.message_id WHERE f.filed_at <= r.at AND f.digest =
                (SELECT m.digest FROM messages m WHERE m.id = f.message_id)";
    assert_eq!(app.count(same), 1, "no later than its release");
    let (_, second) = app.college_notice();
    assert_eq!(clerk.message(second).papers.filing.expect("filed").no, 2);

    // The college registers nothing itself, nor do others.
    for number in [BUSINESS_CLERK, BUSINESS_DEAN, LEADER, TEACHING_SENDER, ADMINISTRATORS[0]] {
        let status = app.signed_in(number).receive(id).status;
        assert!(status == 403 || status == 404, "{number}: {status}");
    }
    let affairs = app.signed_in(AFFAIRS_CLERK);
    assert!(affairs.message(id).may.contains(&Command::Receive));
    let view: MessageView = affairs.receive(id).json();
    let filing = view.papers.filing.expect("a filing");
    assert_eq!(filing.received_by.as_deref(), Some("韩宁"));
    assert!(!view.may.contains(&Command::Receive));
    assert_eq!(affairs.receive(id).refused(409), "no_open_filing");
}

#[test]
fn clause_5_a_filed_entry_is_not_changed() {
    let app = App::small_university();
    let (_, id) = app.college_notice();
    assert_eq!(app.signed_in(AFFAIRS_CLERK).receive(id).status, 200);
    for change in
        ["no = 9", "year = 2000", "digest = 'x'", "filed_at = 1", "registered_by = 1", "registered_at = NULL"]
    {
        let said = refused_by_sql(&app, &format!("UPDATE filings SET {change} WHERE message_id = {id}"));
        assert!(said.contains("filings_stay"), "{change}: {said}");
    }
    assert!(refused_by_sql(&app, "DELETE FROM filings").contains("retention_only"));
    assert!(
        refused_by_sql(&app, "INSERT OR REPLACE INTO filings SELECT * FROM filings")
            .contains("filing_refused")
    );
}

#[test]
fn clause_5_student_affairs_asks_and_the_sender_answers() {
    let app = App::small_university();
    let (clerk, id) = app.college_notice();
    let affairs = app.signed_in(AFFAIRS_CLERK);
    let me = |client: &Client| client.get("/api/me").json::<Me>().desk;
    assert_eq!((me(&affairs).to_receive, me(&clerk).asked), (1, 0));
    assert_eq!(clerk.say(id, "answer", "没有问题").refused(409), "nothing_asked");
    assert_eq!(clerk.say(id, "question", "可以吗").status, 403);
    assert_eq!(app.signed_in(BUSINESS_DEAN).say(id, "comment", "很好").status, 403);
    let view: MessageView = affairs.say(id, "question", "家长需要带什么？").json();
    assert_eq!(view.papers.comments[0].kind, CommentKind::Question);
    // It holds nothing and changes nothing: what was released goes on.
    assert_ne!(view.state, MessageState::Paused);
    assert_eq!(me(&clerk).asked, 1);
    assert!(clerk.message(id).may.contains(&Command::Answer));
    let view: MessageView = clerk.say(id, "answer", "带身份证").json();
    assert_eq!(view.papers.comments.len(), 2);
    assert_eq!(me(&clerk).asked, 0);
    assert!(!view.may.contains(&Command::Answer));
    assert!(refused_by_sql(&app, "UPDATE message_comments SET text = 'x'").contains("comments_stay"));
    assert!(refused_by_sql(&app, "DELETE FROM message_comments").contains("retention_only"));
}

#[test]
fn clause_5_student_affairs_neither_vetoes_nor_edits_a_college() {
    let app = app();
    let (clerk, id, digest) = college(app);
    let affairs = app.signed_in(AFFAIRS_CLERK);
    let read = clerk.message(id);
    let change = DraftChange { draft: read.draft, changed_at: None };
    assert_eq!(affairs.put(&format!("/api/messages/{id}"), &change).status, 403);
    assert_eq!(affairs.decide(id, Verdict::Return, "不同意").status, 403);
    assert_eq!(affairs.post(&format!("/api/messages/{id}/withdraw"), &()).status, 403);
    assert_eq!(approves(app, BUSINESS_LEADER, id, &digest), 200);
}

#[test]
fn late_filings_come_first_and_are_chased_once_a_day() {
    let mut app = App::small_university();
    let (_, first) = app.college_notice();
    app.forward(2 * DAY);
    let (_, second) = app.college_notice();
    let list = |app: &App| app.signed_in(AFFAIRS_CLERK).get("/api/filings").json::<Filings>();
    assert_eq!(list(&app).days, 3);
    app.cron();
    assert_eq!(app.count("SELECT COUNT(*) FROM chases"), 0, "nothing is late yet");
    app.forward(4 * DAY);
    let now = app.now(&app.signed_in(AFFAIRS_CLERK));
    let late: Vec<(MessageId, bool)> =
        list(&app).filings.iter().map(|line| (line.message, line.filing.is_late(now))).collect();
    assert_eq!(late, [(first, true), (second, false)]);
    app.cron();
    app.cron();
    assert_eq!(app.count("SELECT COUNT(*) FROM chases"), 1, "once a day");
    assert_eq!(app.count("SELECT COUNT(*) FROM audit WHERE action = 'filing.chased'"), 1);
    let desk = app.signed_in(AFFAIRS_CLERK).get("/api/me").json::<Me>().desk;
    assert_eq!((desk.to_receive, desk.late), (2, 1));
    assert!(desk.chased_at.is_some());
    assert_eq!(list(&app).filings[0].chased, 1);
    let before = app.sms().len();
    app.forward(5 * DAY);
    app.cron();
    assert_eq!(app.count("SELECT COUNT(*) FROM chases"), 3, "again the next day, with the second one");
    assert_eq!(app.sms().len(), before, "nobody is sent an SMS for it");

    // The limit is the school's to set: a clerk does not, and what waits is late sooner.
    let limit =
        |number: &str, days: u32| app.signed_in(number).put("/api/filings/limit", &json!({ "days": days }));
    assert_eq!(limit(AFFAIRS_CLERK, 5).status, 403);
    assert_eq!(limit(TEACHING_SENDER, 5).status, 403);
    assert_eq!(limit(AFFAIRS_HEAD, 0).refused(422), "filing_days");
    assert_eq!(limit(AFFAIRS_HEAD, 5).json::<Filings>().days, 5);
    assert_eq!(app.count("SELECT COUNT(*) FROM changes"), 0, "before and after are told");
    // What is registered is late no more.
    assert_eq!(app.signed_in(AFFAIRS_DEPUTY).receive(first).status, 200);
    let last = list(&app).filings;
    assert_eq!((last[0].message, last[1].message), (second, first));
}

#[test]
fn clause_6_no_submission_without_a_whole_application() {
    let app = app();
    let sender = app.signed_in(TEACHING_SENDER);
    let whole = app.department_draft(&sender);
    let id = sender.draft(&Draft { application: None, ..whole.clone() });
    assert_eq!(submit(&sender, id).refused(422), "application_missing");
    let lacking = |change: fn(&mut domain::filing::Application)| {
        let mut draft = whole.clone();
        change(draft.application.as_mut().expect("an application"));
        draft
    };
    let drafts = [
        lacking(|a| a.need.clear()),
        lacking(|a| a.content.clear()),
        lacking(|a| a.audience.clear()),
        lacking(|a| a.sender = " ".into()),
        lacking(|a| a.from = None),
        lacking(|a| a.until = None),
    ];
    for draft in drafts {
        let id = sender.draft(&draft);
        let read = sender.message(id);
        assert_eq!(read.draft.application, draft.application, "a draft keeps what there is");
        assert_eq!(submit(&sender, id).refused(422), "application_missing");
    }
    let over = lacking(|a| a.until = a.from.map(|from| from.plus(1)));
    assert_eq!(submit(&sender, sender.draft(&over)).refused(422), "period_over");
    // Nor by raw SQL.
    let sql = format!("DELETE FROM applications WHERE message_id = {id}");
    app.db().execute_batch(&sql).expect("it is a draft's");
    let id = sender.draft(&whole);
    sender.submit(id);
    for sql in [
        "UPDATE applications SET need = 'x' WHERE message_id = {id}",
        "INSERT OR REPLACE INTO applications SELECT * FROM applications WHERE message_id = {id}",
    ] {
        let said = refused_by_sql(app, &sql.replace("{id}", &id.to_string()));
        assert!(said.contains("content_frozen"), "{said}");
    }
    let said = refused_by_sql(app, &format!("DELETE FROM applications WHERE message_id = {id}"));
    assert!(said.contains("retention_only"), "{said}");
}

#[test]
fn clause_6_another_department_cannot_review() {
    let app = app();
    let (_, id, digest) = department(app);
    nobody_of(
        app,
        &[LOGISTICS_FIRST, TEACHING_LEADER, AFFAIRS_HEAD, TEACHING_SECOND_SENDER, LEADER],
        id,
        &digest,
    );
    assert_eq!(approves(app, TEACHING_FIRST, id, &digest), 200);
}

#[test]
fn clause_6_another_leader_cannot_approve() {
    let app = app();
    let (_, id, digest) = department(app);
    nobody_of(app, &[TEACHING_LEADER], id, &digest);
    assert_eq!(approves(app, TEACHING_FIRST, id, &digest), 200);
    // 主管校领导 cannot in 分管校领导's place, nor another department's leader.
    nobody_of(app, &[LEADER, LOGISTICS_LEADER, TEACHING_FIRST, AFFAIRS_HEAD], id, &digest);
    assert_eq!(approves(app, TEACHING_LEADER, id, &digest), 200);
    assert_eq!(deliveries(app, id), 0, "it waits for its registration");
}

#[test]
fn clause_6_who_reviewed_does_not_release_as_designated_sender() {
    let app = App::small_university();
    app.appoint(TEACHING_FIRST, Post::DesignatedSender, "教务处");
    let (_, id) = app.department_approved();
    assert_eq!(app.signed_in(AFFAIRS_CLERK).register(id, "教〔2026〕1").status, 200);
    assert_eq!(app.signed_in(TEACHING_FIRST).release(id).refused(403), "had_a_hand");
    assert_eq!(deliveries(&app, id), 0);
}

#[test]
fn clause_6_the_department_cannot_enter_the_register_number() {
    let app = App::small_university();
    // Who is in 学生处 and in the department at once is the department.
    app.appoint(TEACHING_SECOND_SENDER, Post::StudentAffairsClerk, "学生处");
    let (sender, id) = app.department_approved();
    for number in
        [TEACHING_SENDER, TEACHING_FIRST, TEACHING_LEADER, LEADER, BUSINESS_DEAN, TEACHING_SECOND_SENDER]
    {
        let status = app.signed_in(number).register(id, "自拟1号").status;
        assert!(status == 403 || status == 404, "{number}: {status}");
    }
    assert_eq!(sender.message(id).papers.registration, None);
    let sql = format!(
        "INSERT INTO registrations SELECT m.id, m.version, s.position, CAST(strftime('%Y', m.approved_at / 1000 + 28800, 'unixepoch') AS INTEGER),
           '1', 'h', 'application/pdf', 1, '', '', m.author_id, m.appointment_id, m.digest, m.approved_at, ''
         FROM messages m JOIN message_steps s ON s.message_id = m.id AND s.kind = 'register' WHERE m.id = {id}"
    );
    assert!(refused_by_sql(&app, &sql).contains("registration_refused"));
}

#[test]
fn clause_6_nothing_is_registered_before_it_is_approved() {
    let app = app();
    let (_, id, digest) = department(app);
    let affairs = app.signed_in(AFFAIRS_CLERK);
    assert_eq!(affairs.register(id, "早〔2026〕1").refused(409), "not_approved_yet");
    assert_eq!(approves(app, TEACHING_FIRST, id, &digest), 200);
    assert_eq!(affairs.register(id, "早〔2026〕1").refused(409), "not_approved_yet");
    let (_, college, _) = college(app);
    assert_eq!(affairs.register(college, "早〔2026〕2").refused(409), "nothing_to_register");
}

#[test]
fn clause_6_no_release_before_it_is_registered() {
    let app = App::small_university();
    let (sender, id) = app.department_approved();
    assert_eq!(sender.message(id).state, MessageState::Approved);
    assert_eq!(sender.release(id).refused(409), "not_registered");
    app.cron();
    assert_eq!(deliveries(&app, id), 0, "nor by cron");
    let step = format!("UPDATE messages SET state = 'sending', released_at = due_at WHERE id = {id}");
    // (Which of the two triggers speaks first is SQLite's affair.)
    let said = refused_by_sql(&app, &step);
    assert!(said.contains("not_registered") || said.contains("release_refused"), "nor by raw SQL: {said}");
    let order = format!(
        "INSERT INTO release_orders SELECT id, version, author_id, appointment_id, digest, approved_at, '' FROM messages WHERE id = {id}"
    );
    assert!(refused_by_sql(&app, &order).contains("release_refused"));
    // With the number in the register it still waits for the designated sender.
    assert_eq!(app.signed_in(AFFAIRS_CLERK).register(id, "教〔2026〕1").status, 200);
    app.cron();
    assert_eq!(sender.message(id).state, MessageState::Approved);
    assert!(refused_by_sql(&app, &step).contains("release_refused"), "nor by raw SQL");
    assert!(sender.message(id).may.contains(&Command::Release));
    let view: MessageView = sender.release(id).json();
    assert!(matches!(view.state, MessageState::Sending | MessageState::Sent), "{:?}", view.state);
    app.settled(&sender, id);
    assert_eq!(app.sms().len() as i64, deliveries(&app, id), "and goes to everybody");
    assert!(app.sms().len() >= 3);
}

#[test]
fn clause_6_only_the_designated_sender_releases() {
    let app = App::small_university();
    let (sender, id) = app.department_approved();
    assert_eq!(app.signed_in(AFFAIRS_CLERK).register(id, "教〔2026〕1").status, 200);
    for number in [
        TEACHING_FIRST,
        AFFAIRS_HEAD,
        AFFAIRS_DEPUTY,
        AFFAIRS_CLERK,
        TEACHING_LEADER,
        LEADER,
        LOGISTICS_SENDER,
        ADMINISTRATORS[0],
    ] {
        let status = app.signed_in(number).release(id).status;
        assert!(status == 403 || status == 404, "{number}: {status}");
        let staff = app.count(&format!("SELECT id FROM staff WHERE number = '{number}'"));
        let order = format!(
            "INSERT INTO release_orders SELECT m.id, m.version, {staff}, (SELECT MAX(a.id) FROM appointments a WHERE a.staff_id = {staff}), m.digest,
               (SELECT MAX(at) FROM audit), '' FROM messages m WHERE m.id = {id}"
        );
        assert!(refused_by_sql(&app, &order).contains("release_refused"), "{number}");
    }
    assert_eq!(deliveries(&app, id), 0);
    // A second designated sender of the department may, and the round says who ordered it.
    let second = app.signed_in(TEACHING_SECOND_SENDER);
    assert_eq!(second.release(id).status, 200);
    app.settled(&sender, id);
    let by = "SELECT t.number = 'U18' FROM rounds r JOIN staff t ON t.id = r.ordered_by";
    assert_eq!(app.count(by), 1);
    let releases = "SELECT COUNT(*) FROM audit WHERE action = 'message.ordered'";
    assert_eq!(app.count(releases), 1, "each release is kept");
    assert_eq!(sender.release(id).status, 409, "once");
}

#[test]
fn clause_6_nothing_is_released_after_the_period_or_the_post_ends() {
    let mut app = App::small_university();
    let (_, id) = app.department_approved();
    assert_eq!(app.signed_in(AFFAIRS_CLERK).register(id, "教〔2026〕1").status, 200);
    app.forward(31 * DAY);
    assert_eq!(app.signed_in(TEACHING_SENDER).release(id).refused(409), "outside_period");
    assert_eq!(deliveries(&app, id), 0);
    // A post that ended releases nothing, whoever wrote it.
    let (sender, other) = app.department_approved();
    assert_eq!(app.signed_in(AFFAIRS_CLERK).register(other, "教〔2026〕2").status, 200);
    app.end_posts(TEACHING_SENDER);
    let status = sender.release(other).status;
    assert!(status == 403 || status == 404, "{status}");
    assert_eq!(app.signed_in(TEACHING_SECOND_SENDER).release(other).refused(409), "held");
    assert_eq!(deliveries(&app, other), 0);
}

#[test]
fn clause_6_a_release_for_later_goes_out_only_while_its_sender_is_designated() {
    let mut app = App::small_university();
    let sender = app.signed_in(TEACHING_SENDER);
    let now = app.now(&sender);
    let id = sender.draft(&Draft { send_at: Some(now.plus(DAY)), ..app.department_draft(&sender) });
    sender.submit(id);
    app.signed_in(TEACHING_FIRST).approve(id);
    app.signed_in(TEACHING_LEADER).approve(id);
    assert_eq!(app.signed_in(AFFAIRS_CLERK).register(id, "教〔2026〕1").status, 200);
    assert_eq!(
        app.signed_in(TEACHING_SECOND_SENDER).release(id).json::<MessageView>().state,
        MessageState::Approved
    );
    app.end_posts(TEACHING_SECOND_SENDER);
    app.forward(DAY + 60_000);
    app.cron();
    assert_eq!(deliveries(&app, id), 0, "who ordered it is designated no more");
}

#[test]
fn clause_6_student_affairs_views_and_comments_and_decides_nothing() {
    let app = app();
    let (sender, id, digest) = department(app);
    let affairs = app.signed_in(AFFAIRS_HEAD);
    let seen = affairs.message(id);
    assert!(seen.draft.application.is_some() && seen.may.contains(&Command::Comment));
    let change = DraftChange { draft: seen.draft, changed_at: None };
    assert_eq!(affairs.put(&format!("/api/messages/{id}"), &change).status, 403);
    nobody_of(app, &[AFFAIRS_HEAD, AFFAIRS_DEPUTY, AFFAIRS_CLERK], id, &digest);
    let view: MessageView = affairs.say(id, "comment", "建议写明截止时间").json();
    assert_eq!(view.papers.comments[0].by, "白豪怡");
    assert_eq!(sender.message(id).papers.comments.len(), 1, "its sender reads it");
    assert_eq!(affairs.say(id, "comment", " ").refused(422), "comment_text");
    // Another department's people neither see it nor comment on it.
    assert_eq!(app.signed_in(LOGISTICS_SENDER).say(id, "comment", "看看").status, 404);
    assert_eq!(app.signed_in(LOGISTICS_FIRST).sees(id), None);
}

#[test]
fn a_register_number_is_used_once_in_a_year() {
    let app = App::small_university();
    let affairs = app.signed_in(AFFAIRS_CLERK);
    let (_, first) = app.department_approved();
    let (_, second) = app.department_approved();
    assert_eq!(affairs.register(first, "教〔2026〕7").status, 200);
    assert_eq!(affairs.register(first, "教〔2026〕8").refused(409), "registered_already");
    assert_eq!(affairs.register(second, " 教〔2026〕7 ").refused(422), "number_used");
    let scan: String =
        app.db().query_row("SELECT document_sha256 FROM registrations", [], |r| r.get(0)).expect("one");
    assert_eq!(affairs.register_scan(second, "教〔2026〕8", &scan).refused(422), "scan_used");
    assert_eq!(affairs.register_scan(second, "教〔2026〕8", &"0".repeat(64)).refused(422), "scan_missing");
    assert_eq!(affairs.register(second, "").refused(422), "registration_incomplete");
    assert_eq!(affairs.register(second, "教〔2026〕8").status, 200);
    assert!(refused_by_sql(&app, "UPDATE registrations SET number = '9'").contains("registrations_stay"));
    assert!(refused_by_sql(&app, "DELETE FROM registrations").contains("retention_only"));
}

#[test]
fn a_scan_is_a_picture_or_a_pdf_and_comes_back_as_it_was() {
    let app = App::small_university();
    let affairs = app.signed_in(AFFAIRS_CLERK);
    let (sender, id) = app.department_approved();
    for wrong in [
        &b"<html><script>alert(1)</script>"[..],
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"MZ\x90",
        b"",
    ] {
        assert_eq!(affairs.store_scan(id, wrong).refused(422), "scan_unknown");
    }
    assert_eq!(affairs.store_scan(id, &vec![b'x'; 5_000_001]).refused(413), "too_large");
    assert_eq!(sender.get(&format!("/api/messages/{id}/scan")).status, 404, "there is none yet");
    let bytes = pdf();
    let scan: Scan = affairs.store_scan(id, &bytes).json();
    let view: MessageView = affairs.register_scan(id, "教〔2026〕1", &scan.sha256).json();
    let kept = view.papers.registration.expect("it is registered");
    assert_eq!(
        (kept.number.as_str(), kept.by.as_str(), kept.scan.as_ref()),
        ("教〔2026〕1", "韩宁", Some(&scan))
    );
    for number in [TEACHING_SENDER, TEACHING_FIRST, TEACHING_LEADER, AFFAIRS_HEAD, LEADER] {
        let reply = app.signed_in(number).get(&format!("/api/messages/{id}/scan"));
        assert_eq!((reply.status, reply.body.as_bytes()), (200, &bytes[..]), "{number}");
        assert_eq!(reply.header("content-type"), Some("application/pdf"));
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        assert!(reply.header("content-disposition").is_some_and(|d| d.starts_with("attachment")));
    }
    for number in [LOGISTICS_SENDER, BUSINESS_DEAN, COUNSELLOR] {
        assert_eq!(app.signed_in(number).get(&format!("/api/messages/{id}/scan")).status, 404, "{number}");
    }
    let logged = format!(
        "SELECT COUNT(*) FROM audit WHERE action = 'message.registered' AND detail ->> 'sha256' = '{}'",
        scan.sha256
    );
    assert_eq!(app.count(&logged), 1);
    // What was exchanged in the bucket is not served.
    std::fs::write(app.state().join("buckets/ARCHIVE/scans").join(&scan.sha256), b"%PDF-1.4 other")
        .expect("it is there");
    assert_eq!(sender.get(&format!("/api/messages/{id}/scan")).status, 500);
}

#[test]
fn what_waits_for_its_registration_is_in_the_inbox_of_student_affairs() {
    let app = App::small_university();
    let (sender, id) = app.department_approved();
    let waits = |number: &str| {
        let client = app.signed_in(number);
        let list: MessageList = client.get("/api/messages?box=waiting").json();
        let me: Me = client.get("/api/me").json();
        assert_eq!(me.waiting as usize, list.messages.len(), "{number}");
        list.messages.iter().find(|m| m.id == id).and_then(|m| m.asked)
    };
    for number in [AFFAIRS_CLERK, AFFAIRS_DEPUTY, AFFAIRS_HEAD] {
        assert_eq!(waits(number), Some(domain::approval::StepKind::Register), "{number}");
    }
    for number in [TEACHING_FIRST, LEADER, BUSINESS_DEAN] {
        assert_eq!(waits(number), None, "{number}");
    }
    let desk = |client: &Client| client.get("/api/me").json::<Me>().desk;
    assert_eq!(desk(&sender).to_release, 0);
    let affairs = app.signed_in(AFFAIRS_CLERK);
    assert_eq!(affairs.get("/api/filings").json::<Filings>().to_register[0].message, id);
    assert_eq!(affairs.register(id, "教〔2026〕1").status, 200);
    assert_eq!(waits(AFFAIRS_CLERK), None);
    assert_eq!(desk(&sender).to_release, 1);
    assert_eq!(sender.release(id).status, 200);
    assert_eq!(desk(&sender).to_release, 0);
    assert_eq!(sender.get("/api/filings").status, 403, "the list is 学生处's");
}

/// What was forged past the triggers is still not sent: the registration and the order carry seals.
#[test]
fn a_forged_registration_or_order_sends_nothing() {
    for forged in [
        "DROP TRIGGER registrations_no_update; UPDATE registrations SET number = 'x'",
        "DROP TRIGGER registrations_no_update; UPDATE registrations SET document_sha256 = 'x'",
        "DROP TRIGGER registrations_no_delete; DELETE FROM registrations",
        "DROP TRIGGER registrations_no_update; UPDATE registrations SET staff_id = (SELECT author_id FROM messages)",
        "DROP TRIGGER release_orders_no_delete; DELETE FROM release_orders",
        "DROP TRIGGER release_orders_no_update; UPDATE release_orders SET at = at + 1",
        "DROP TRIGGER applications_frozen; UPDATE applications SET need = 'x'",
    ] {
        let mut app = App::small_university();
        let stop = json!({ "stopped": true, "reason": "测试" });
        assert_eq!(app.signed_in(AFFAIRS_HEAD).post("/api/school/stop", &stop).status, 200);
        let (_, id) = app.department_approved();
        assert_eq!(app.signed_in(AFFAIRS_CLERK).register(id, "教〔2026〕1").status, 200);
        assert_eq!(app.signed_in(TEACHING_SENDER).release(id).status, 200);
        // What is held is looked at again each minute.
        app.forward(2 * 60_000);
        app.db().execute_batch(forged).expect("a database owner can");
        let goes_on = json!({ "stopped": false, "reason": "" });
        assert_eq!(app.signed_in(AFFAIRS_HEAD).post("/api/school/stop", &goes_on).status, 200);
        let sender = app.signed_in(TEACHING_SENDER);
        let funnel = api_tests::eventually("it is stopped", api_tests::SOON, || {
            app.cron();
            let funnel = sender.funnel(id);
            (funnel.waiting == 0).then_some(funnel)
        });
        assert_eq!((funnel.skipped, funnel.delivered), (funnel.phones, 0), "{forged}: {funnel:?}");
        assert_eq!(app.sms(), [], "{forged}");
    }
}
