//! Stopping one message under way, pausing without holding up others, and
//! what cannot be worked on: one bad row is one bad row.

use api_tests::{App, Client, draft_to};
use domain::audit::AuditPage;
use domain::delivery::{ApartReason, DeliveryList, DeliveryState, Reason};
use domain::ids::MessageId;
use domain::message::{Command, Draft, MessageList, MessageState, MessageView, StopMessage};
use domain::phone::UNREADABLE;
use domain::roster::{ClassRoll, StaffView};
use serde_json::json;

const CLASS: &str = "八年级1班";

/// The class's teacher, the head of the grade, and a notice to the class that is submitted.
struct Two {
    app: App,
    teacher: Client,
    head: Client,
}

impl Two {
    fn start() -> Self {
        let app = App::start();
        Self { teacher: app.homeroom(CLASS), head: app.grade_head("八年级"), app }
    }

    /// A notice that is approved under this title.
    fn sent(&self, title: &str) -> MessageId {
        let draft = Draft { title: title.into(), ..draft_to(&[self.teacher.class(CLASS)]) };
        let id = self.teacher.draft(&draft);
        self.teacher.submit(id);
        self.head.approve(id);
        id
    }

    /// Nobody gets anything while this runs: the switch of the whole school, thrown as the database has it.
    fn held<T>(&self, run: impl FnOnce() -> T) -> T {
        let sql = |text: &str| self.app.db().execute_batch(text).expect(text);
        sql(
            "UPDATE school SET stopped_at = 1, stopped_by = 1, stopped_post = 'principal', stop_reason = 'x'",
        );
        let result = run();
        sql(
            "UPDATE school SET lifted_by = (SELECT staff_id FROM appointments WHERE post = 'principal'), stopped_at = NULL, stopped_by = NULL, stopped_post = NULL, stop_reason = NULL",
        );
        result
    }

    fn later(&mut self, minutes: i64) {
        let set = self.app.clock_offset();
        self.app.forward(set + minutes * 60_000);
        self.app.cron();
        self.teacher = self.app.homeroom(CLASS);
        self.head = self.app.grade_head("八年级");
    }

    fn titles(&self) -> Vec<String> {
        let all = self.app.sms();
        let mut titles: Vec<String> =
            all.iter().map(|s| s.text.trim_start_matches("【示范中学】").chars().take(3).collect()).collect();
        titles.dedup();
        titles
    }
}

fn stop(client: &Client, id: MessageId) -> MessageView {
    client.post(&format!("/api/messages/{id}/stop"), &StopMessage { reason: "时间写错了".into() }).json()
}

fn pause(client: &Client, id: MessageId) -> MessageView {
    client.post(&format!("/api/messages/{id}/pause"), &json!({})).json()
}

fn resume(client: &Client, id: MessageId) -> MessageView {
    client.post(&format!("/api/messages/{id}/resume"), &json!({})).json()
}

#[test]
fn a_stopped_message_ends_and_its_class_goes_on() {
    let mut two = Two::start();
    let (wrong, next) = two.held(|| (two.sent("第一条"), two.sent("第二条")));
    let phones = two.teacher.funnel(wrong).phones;
    let reasonless = StopMessage { reason: " ".into() };
    assert_eq!(two.teacher.post(&format!("/api/messages/{wrong}/stop"), &reasonless).refused(422), "reason");
    assert_eq!(
        two.app.homeroom("七年级1班").post(&format!("/api/messages/{wrong}/stop"), &reasonless).status,
        404
    );

    let stopped = stop(&two.teacher, wrong);
    assert_eq!(stopped.state, MessageState::Stopped);
    let halt = stopped.halted.expect("by whom");
    assert_eq!((halt.by.is_empty(), halt.reason.as_str()), (false, "时间写错了"));
    let funnel = stopped.funnel.expect("released");
    assert_eq!((funnel.phones, funnel.skipped, funnel.waiting), (phones, phones, 0), "nobody had it");
    assert_eq!(stopped.may, [] as [Command; 0], "there is nothing left to order");

    two.later(2);
    assert_eq!(two.titles(), ["第二条"], "the next one goes on");
    assert_eq!(two.teacher.message(next).state, MessageState::Sent);
    let list: DeliveryList = two.teacher.get(&format!("/api/messages/{wrong}/deliveries")).json();
    let rows = || list.children.iter().flat_map(|c| &c.guardians);
    assert!(rows().all(|g| g.state == Some(DeliveryState::Skipped) && g.reason == Some(Reason::Stopped)));
    // What never had its turn has no number that parents could miss.
    assert_eq!(two.app.count(&format!("SELECT number FROM message_streams WHERE message_id = {next}")), 1);
    assert_eq!(two.app.count("SELECT COUNT(*) FROM rounds WHERE ended_at IS NULL"), 0);
    assert_eq!(two.app.count("SELECT COUNT(*) FROM batches WHERE state <> 'settled' OR check_at IS NOT NULL AND json_extract(totals, '$.skipped') = size"), 0);
    let log: AuditPage = two.app.principal().get("/api/audit").json();
    assert!(log.entries.iter().any(|e| e.entry.action == "message.stopped" && e.entry.subject_id == wrong.0));
}

/// Half of a school has it, the other half does not: those who have it keep their page.
#[test]
fn what_had_gone_is_told_and_its_pages_still_open() {
    let mut two = Two::start();
    let (clerk, id) = two.held(|| two.app.school_notice());
    // One class goes out, the others rest.
    two.app
        .db()
        .execute_batch(
            "UPDATE batches SET not_before = 9e15 WHERE no > 1;
             UPDATE message_streams SET state = 'numbered', seq = 1, number = 1",
        )
        .expect("the others rest");
    two.later(2);
    let gone = two.app.sms().len() as u32;
    assert!(gone > 0 && gone <= 100, "{gone}");
    let clerk = clerk.again(&two.app, "T0004");
    let stopped = stop(&clerk, id);
    let funnel = stopped.funnel.expect("released");
    assert_eq!((funnel.waiting, funnel.phones - funnel.skipped), (0, gone), "{funnel:?}");
    let link = api_tests::link_in(&two.app.sms()[0].text);
    assert_eq!(two.app.anybody().get(&link).status, 200);
    assert_eq!(two.app.anybody().confirm(&link).status, 303);
    assert_eq!(clerk.funnel(id).confirmed, 1);
    two.later(2);
    assert_eq!(two.app.sms().len() as u32, gone, "nothing more goes out");
}

/// What a consumer has in hand finishes; what comes back from the provider is not tried again.
#[test]
fn what_is_claimed_ends_by_its_own_rule() {
    let mut two = Two::start();
    let id = two.held(|| two.sent("第一条"));
    let claimed = "UPDATE batches SET state = 'numbered'; UPDATE batches SET state = 'enqueued'; UPDATE batches SET state = 'claimed', claim = 1, check_at = 1;
        UPDATE message_streams SET state = 'numbered', seq = 1, number = 1";
    two.app.db().execute_batch(claimed).expect("a consumer has it");
    assert_eq!(stop(&two.teacher, id).state, MessageState::Stopped);
    let open = "SELECT COUNT(*) FROM rounds WHERE ended_at IS NULL";
    assert_eq!((two.teacher.funnel(id).skipped, two.app.count(open)), (0, 1), "it is in hand");
    // The consumer died: its lease is over, and nobody takes it up again.
    two.later(2);
    two.later(1);
    let funnel = two.teacher.funnel(id);
    assert_eq!((funnel.skipped, two.app.sms().len(), two.app.count(open)), (funnel.phones, 0, 0));
    assert_eq!(two.app.count("SELECT COUNT(*) FROM message_streams WHERE state <> 'settled'"), 0);
}

/// A paused message holds up no other one; it comes in its turn once it is resumed.
#[test]
fn a_paused_message_gives_its_turn_away() {
    let mut two = Two::start();
    let (first, second) = two.held(|| (two.sent("第一条"), two.sent("第二条")));
    assert_eq!(pause(&two.teacher, first).state, MessageState::Paused);
    two.later(2);
    assert_eq!(two.titles(), ["第二条"]);
    assert_eq!(two.teacher.message(second).state, MessageState::Sent);
    assert_eq!(resume(&two.teacher, first).state, MessageState::Sending);
    two.later(2);
    assert_eq!(two.titles(), ["第二条", "第一条"]);
    assert_eq!(two.teacher.message(first).state, MessageState::Sent);
    assert_eq!(two.app.count("SELECT COUNT(*) FROM attempts WHERE late = 1"), 0, "it had not begun");
}

/// One that was under way when it was paused: the rest of it is late.
#[test]
fn what_is_left_of_a_paused_one_is_late() {
    let mut two = Two::start();
    let first = two.held(|| two.sent("第一条"));
    two.app
        .db()
        .execute_batch("UPDATE message_streams SET state = 'numbered', seq = 1, number = 1; UPDATE batches SET state = 'numbered'")
        .expect("it has its turn");
    pause(&two.teacher, first);
    two.later(2);
    assert_eq!(
        two.app.count("SELECT COUNT(*) FROM message_streams WHERE state = 'numbered'"),
        1,
        "nobody waits behind it"
    );
    let second = two.sent("第二条");
    assert_eq!(two.titles(), ["第二条"], "at once");
    assert_eq!(two.teacher.message(second).state, MessageState::Sent);
    assert_eq!(two.teacher.message(first).state, MessageState::Paused);
    resume(&two.teacher, first);
    two.later(2);
    assert_eq!(two.titles(), ["第二条", "第一条"]);
    assert_eq!(two.teacher.message(first).state, MessageState::Sent);
    assert_eq!(two.app.count(&format!("SELECT late FROM attempts WHERE message_id = {first}")), 1);
}

/// A consumer that died holds up nobody either: once its lease is over, the turn is given away.
#[test]
fn a_paused_one_in_dead_hands_gives_its_turn_away() {
    let mut two = Two::start();
    let first = two.held(|| two.sent("第一条"));
    let claimed = "UPDATE message_streams SET state = 'numbered', seq = 1, number = 1; UPDATE batches SET state = 'numbered';
        UPDATE batches SET state = 'enqueued'; UPDATE batches SET state = 'claimed', claim = 1, check_at = 1";
    two.app.db().execute_batch(claimed).expect("a consumer had it");
    pause(&two.teacher, first);
    two.sent("第二条");
    two.later(2);
    assert_eq!(two.titles(), ["第二条"]);
    resume(&two.teacher, first);
    two.later(2);
    assert_eq!(two.titles(), ["第二条", "第一条"]);
    assert_eq!(two.teacher.message(first).state, MessageState::Sent);
}

/// A number that cannot be opened ends by itself; the other members of its batch go.
#[test]
fn one_number_that_cannot_be_opened_is_one_number() {
    let mut two = Two::start();
    let id = two.held(|| two.sent("第一条"));
    let phone = two.app.count("SELECT MIN(phone_id) FROM deliveries");
    two.app
        .db()
        .execute_batch(&format!("UPDATE phones SET sealed = 'AAAA' WHERE id = {phone}"))
        .expect("a bad row");
    two.later(2);
    let sent = two.teacher.message(id);
    let funnel = sent.funnel.expect("released");
    assert_eq!((sent.state, funnel.skipped, funnel.waiting), (MessageState::Sent, 1, 0), "{funnel:?}");
    assert_eq!(two.app.sms().len() as u32, funnel.phones - 1);
    let list: DeliveryList = two.teacher.get(&format!("/api/messages/{id}/deliveries")).json();
    let bad: Vec<_> =
        list.children.iter().flat_map(|c| &c.guardians).filter(|g| g.phone == UNREADABLE).collect();
    assert!(!bad.is_empty() && bad.iter().all(|g| g.reason == Some(Reason::Unreadable)), "{bad:?}");
    let class = two.teacher.class(CLASS);
    let roll: ClassRoll = two.teacher.get(&format!("/api/classes/{class}")).json();
    let numbers: Vec<&str> =
        roll.students.iter().flat_map(|s| &s.guardians).map(|g| g.phone.as_str()).collect();
    assert!(numbers.contains(&UNREADABLE) && numbers.iter().any(|n| n.contains("******")));
    let staff = "UPDATE phones SET sealed = '' WHERE id = (SELECT MIN(phone_id) FROM staff)";
    two.app.db().execute_batch(staff).expect("another bad row");
    let staff: Vec<StaffView> = two.app.office_clerk().get("/api/staff").json();
    assert_eq!(staff.iter().filter(|s| s.phone == UNREADABLE).count(), 1);
}

/// What this version cannot check rests, is shown, costs nothing, and goes on once it can be checked.
#[test]
fn an_unknown_form_rests_and_goes_on_with_the_version_that_knows_it() {
    let mut two = Two::start();
    let id = two.held(|| two.sent("第一条"));
    let form = |app: &App, form: u32| {
        let sql = format!(
            "DROP TRIGGER IF EXISTS versions_no_update; UPDATE message_versions SET digest_form = {form} WHERE message_id = {id}"
        );
        app.db().execute_batch(&sql).expect("another form");
    };
    form(&two.app, 99);
    two.later(2);
    let seen = two.teacher.message(id);
    assert_eq!((seen.state, seen.set_apart.len()), (MessageState::Sending, 1));
    assert_eq!(seen.set_apart[0].why, ApartReason::UnknownForm);
    assert!(!seen.may.contains(&Command::PutAgain), "nobody has to do anything");
    let claims = two.app.count("SELECT claim FROM batches");
    for _ in 0..3 {
        two.later(2);
    }
    assert_eq!(two.app.count("SELECT claim FROM batches"), claims, "it is not tried each minute");
    // Nobody waits behind it.
    let next = two.sent("第二条");
    assert_eq!(two.teacher.message(next).state, MessageState::Sent);
    form(&two.app, 1);
    two.later(2);
    let sent = two.teacher.message(id);
    assert_eq!((sent.state, sent.set_apart.len()), (MessageState::Sent, 0));
    assert_eq!(two.titles(), ["第二条", "第一条"]);
}

#[test]
fn an_unknown_wording_rests_and_its_page_is_no_error() {
    let mut two = Two::start();
    let id = two.teacher.draft(&draft_to(&[two.teacher.class(CLASS)]));
    let sql = format!("UPDATE messages SET template_version = 9 WHERE id = {id}");
    two.app.db().execute_batch(&sql).expect("a wording of another version");
    two.teacher.submit(id);
    two.head.approve(id);
    two.later(2);
    let seen = two.teacher.message(id);
    assert_eq!(seen.set_apart[0].why, ApartReason::UnknownTemplate);
    assert_eq!((seen.sms.as_str(), two.app.sms().len()), ("", 0));
    let list = two.app.office_clerk().get("/api/school/checklist").json::<domain::checklist::Checklist>();
    let apart = list.lines.iter().find(|line| line.point == domain::checklist::CheckPoint::SetApart);
    assert_eq!(apart.expect("the point").lacking, 1, "the office sees it, too");
    // What rests for more than a day ends, as all else does (I7).
    two.later(25 * 60);
    let funnel = two.teacher.funnel(id);
    assert_eq!((funnel.waiting, funnel.skipped), (0, funnel.phones));
    two.later(1);
    assert!(two.teacher.message(id).set_apart.is_empty());
}

/// Claimed three times in vain it is set apart, and a person puts it again.
#[test]
fn what_is_claimed_in_vain_waits_for_a_person() {
    let mut two = Two::start();
    let id = two.held(|| two.sent("第一条"));
    // A kind of answer that this version does not know: the row cannot be read.
    let answer = |app: &App, to: &str| {
        let sql = format!(
            "DROP TRIGGER IF EXISTS messages_kinds_moved; DROP TRIGGER IF EXISTS messages_content; UPDATE messages SET answer = '{to}' WHERE id = {id}"
        );
        app.db().execute_batch(&sql).expect("another answer");
    };
    answer(&two.app, "poem");
    for _ in 0..8 {
        two.later(2);
    }
    assert_eq!(two.app.count("SELECT claim FROM batches"), 3);
    let list: MessageList = two.teacher.get("/api/messages?box=mine").json();
    assert!(list.messages.iter().any(|m| m.id == id), "the list shows it all the same");
    answer(&two.app, "confirm");
    two.later(2);
    assert_eq!(two.app.sms().len(), 0, "a person has to look");
    let seen = two.teacher.message(id);
    assert_eq!(seen.set_apart[0].why, ApartReason::ClaimedInVain);
    assert_eq!(two.teacher.post(&format!("/api/messages/{id}/put-again"), &json!({})).status, 403);
    let clerk = two.app.office_clerk();
    assert!(clerk.message(id).may.contains(&Command::PutAgain));
    let put: MessageView = clerk.post(&format!("/api/messages/{id}/put-again"), &json!({})).json();
    assert!(put.set_apart.is_empty());
    assert_eq!(clerk.post(&format!("/api/messages/{id}/put-again"), &json!({})).status, 409);
    two.later(2);
    assert_eq!(two.teacher.message(id).state, MessageState::Sent);
}

/// Unknown values in one row never turn a list into an error.
#[test]
fn a_list_shows_the_rows_that_it_can_read() {
    let mut two = Two::start();
    let (good, bad) = (two.sent("第一条"), two.sent("第二条"));
    two.later(2);
    let sql = |text: String| two.app.db().execute_batch(&text).expect("raw SQL");
    sql(format!(
        "DROP TRIGGER deliveries_forward; DROP TRIGGER deliveries_keep_phone;
         UPDATE deliveries SET state = 'teleported' WHERE message_id = {good} AND phone_id = (SELECT MIN(phone_id) FROM deliveries);
         UPDATE deliveries SET recipients = '[\"x\"]', reason = 'mood' WHERE message_id = {good} AND phone_id = (SELECT MAX(phone_id) FROM deliveries);
         UPDATE batches SET totals = '{{\"teleported\":1,\"delivered\":2}}' WHERE message_id = {good};
         INSERT INTO opened VALUES ({good}, 0, 77, 'no JSON')"
    ));
    let path = format!("/api/messages/{good}/deliveries");
    let list: DeliveryList = two.teacher.get(&path).json();
    let rows: Vec<_> = list.children.iter().flat_map(|c| &c.guardians).collect();
    assert!(
        rows.iter().any(|r| r.unreadable) && rows.iter().any(|r| r.state == Some(DeliveryState::Delivered))
    );
    assert_eq!((list.funnel.unknown, list.funnel.delivered), (1, 2));
    assert_eq!(two.teacher.message(good).funnel, Some(list.funnel));

    sql(format!(
        "DROP TRIGGER messages_state; DROP TRIGGER messages_halted; UPDATE messages SET state = 'dreaming' WHERE id = {bad}"
    ));
    let list: MessageList = two.teacher.get("/api/messages?box=mine").json();
    assert_eq!(list.unreadable, [bad]);
    assert!(list.messages.iter().any(|m| m.id == good));
    // The log has an entry of a version to come.
    sql("INSERT INTO audit SELECT MAX(seq) + 1, 'yesterday', 1, 'x.y', 'z', 1, '{}' FROM audit".into());
    let log: AuditPage = two.app.principal().get("/api/audit").json();
    assert!(log.entries.len() > 10 && log.entries.iter().any(|e| e.entry.action == "message.submitted"));
    assert_eq!(log.entries.iter().filter(|e| e.unreadable).count(), 1);
}

/// A late «delivered» counts whatever was said before.
#[test]
fn what_was_refused_takes_a_late_receipt() {
    let mut two = Two::start();
    let id = two.held(|| two.sent("第一条"));
    two.later(2);
    let reference = &two.app.sms()[0].reference;
    let phone = two.app.count("SELECT MIN(phone_id) FROM deliveries WHERE state = 'delivered'");
    let sql = format!(
        "DROP TRIGGER deliveries_forward; UPDATE deliveries SET state = 'rejected' WHERE phone_id = {phone}"
    );
    two.app.db().execute_batch(&sql).expect("refused");
    let told = format!("UPDATE sms SET told_at = NULL WHERE reference = '{reference}'");
    two.app.network().execute_batch(&told).expect("a receipt comes once more");
    two.app.cron();
    assert_eq!(two.teacher.funnel(id).failed, 0);
}
