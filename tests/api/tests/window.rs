//! The window closing is not lateness: what waits for the next opening keeps
//! its place, its order and its state.

use api_tests::{App, Client, draft_to};
use domain::ids::MessageId;
use domain::message::{Draft, MessageState, MessageView};
use domain::time::{HOUR, MINUTE};
use serde_json::json;

const CLASS: &str = "八年级1班";

/// A school whose clock can be set to a time of day in Shanghai.
struct Evening {
    app: App,
}

impl Evening {
    /// Sends from 07:00 to 21:00; the clock stands at 20:59 of some day.
    fn start() -> Self {
        let app = App::start();
        app.db()
            .execute_batch(
                "DROP TRIGGER school_settings_stay; UPDATE school SET window_from = 420, window_to = 1260",
            )
            .expect("a window");
        let me: domain::account::Me = app.homeroom(CLASS).get("/api/me").json();
        let evening = me.now.start_of_day().plus(24 * HOUR + 20 * HOUR + 59 * MINUTE);
        let mut school = Self { app };
        school.app.forward(evening.0 - me.now.0);
        school
    }

    fn later(&mut self, ms: i64) {
        let set = self.app.clock_offset();
        self.app.forward(set + ms);
        self.app.cron();
    }

    fn teacher(&self) -> Client {
        self.app.homeroom(CLASS)
    }

    fn approved(&self, title: &str) -> MessageId {
        let teacher = self.teacher();
        let id = teacher.draft(&Draft { title: title.into(), ..draft_to(&[teacher.class(CLASS)]) });
        teacher.submit(id);
        self.app.grade_head("八年级").approve(id);
        id
    }

    /// What was released at 20:59 and comes to its consumer at 21:00.
    fn two_that_meet_the_closing(&mut self) -> [MessageId; 2] {
        let stop =
            "UPDATE school SET stopped_at = 1, stopped_by = 1, stopped_post = 'principal', stop_reason = 'x'";
        self.app.db().execute_batch(stop).expect("nothing goes out yet");
        let ids = [self.approved("第一条"), self.approved("第二条")];
        // The first one has its turn and is on the queue when the window closes.
        self.app
            .db()
            .execute_batch(
                "UPDATE school SET lifted_by = (SELECT staff_id FROM appointments WHERE post = 'principal'), stopped_at = NULL, stopped_by = NULL, stopped_post = NULL, stop_reason = NULL;
                 UPDATE message_streams SET state = 'numbered', seq = 1, number = 1 WHERE message_id = (SELECT MIN(message_id) FROM message_streams);
                 UPDATE batches SET state = 'enqueued', check_at = 1 WHERE message_id = (SELECT MIN(message_id) FROM batches)",
            )
            .expect("the first one has its turn");
        self.later(2 * MINUTE);
        ids
    }

    fn titles(&self) -> Vec<String> {
        let all = self.app.sms();
        let mut titles: Vec<String> =
            all.iter().map(|s| s.text.trim_start_matches("【示范中学】").chars().take(3).collect()).collect();
        titles.dedup();
        titles
    }
}

#[test]
fn two_messages_at_the_closing_go_out_next_morning_in_order() {
    let mut school = Evening::start();
    let [first, second] = school.two_that_meet_the_closing();
    for _ in 0..3 {
        school.later(HOUR);
        for id in [first, second] {
            let seen = school.teacher().message(id);
            assert_eq!(seen.state, MessageState::Sending, "nothing is sent while it waits");
            assert_eq!(seen.funnel.expect("released").waiting, seen.reach.phones);
        }
        assert_eq!(school.titles(), [] as [String; 0]);
    }
    assert_eq!(
        school.app.count("SELECT COUNT(*) FROM message_streams WHERE state = 'numbered'"),
        1,
        "one has the turn"
    );
    school.later(8 * HOUR);
    assert_eq!(school.titles(), ["第一条", "第二条"]);
    assert_eq!(school.app.count("SELECT COUNT(*) FROM attempts WHERE late = 1"), 0, "that is not lateness");
    for id in [first, second] {
        assert_eq!(school.teacher().message(id).state, MessageState::Sent);
    }
}

#[test]
fn until_the_morning_it_can_be_paused() {
    let mut school = Evening::start();
    let [first, second] = school.two_that_meet_the_closing();
    school.later(2 * HOUR);
    let paused: MessageView =
        school.teacher().post(&format!("/api/messages/{first}/pause"), &json!({})).json();
    assert_eq!(paused.state, MessageState::Paused);
    school.later(9 * HOUR);
    assert_eq!(school.titles(), ["第二条"], "and holds up no other one");
    assert_eq!(school.teacher().message(second).state, MessageState::Sent);
    let funnel = school.teacher().message(first).funnel.expect("released");
    assert_eq!(funnel.waiting, funnel.phones);
}

/// The window closes while a school's notice is going out: each call takes so long that the later
/// batches are claimed after nine.
#[test]
fn what_the_closing_meets_under_way_rests_in_its_place() {
    let mut school = Evening::start();
    let offset = school.app.clock_offset().to_string();
    school.app.restart_with(&[("CLOCK_OFFSET_MS", &offset), ("SANDBOX_LATENCY_MS", "9000")]);
    let (clerk, id) = school.app.school_notice();
    let gone = school.app.sms().len();
    assert!(gone > 0 && gone < 1_700, "it was under way: {gone}");
    assert_eq!(clerk.message(id).state, MessageState::Sending);
    let resting = "SELECT COUNT(*) FROM batches WHERE state = 'numbered' AND not_before = 0 AND check_at > 0";
    assert!(school.app.count(resting) > 0, "it has its turn, and is not put off");
    school.later(3 * HOUR);
    assert_eq!(school.app.sms().len(), gone, "nobody is disturbed at night");
    assert_eq!(school.app.office_clerk().message(id).state, MessageState::Sending);
    school.later(8 * HOUR);
    school.later(MINUTE);
    assert!(school.app.sms().len() > 1_700, "{}", school.app.sms().len());
    let late = "SELECT COUNT(*) FROM attempts a JOIN batches b ON b.message_id = a.message_id AND b.no = a.batch_no WHERE a.late = 1 AND b.tries = 0";
    assert_eq!(school.app.count(late), 0, "that is not lateness");
}

/// Nothing is `sent` while one of its deliveries waits for another try.
#[test]
fn what_waits_for_another_try_is_not_sent() {
    let mut app = App::start();
    let clerk = app.office_clerk();
    let id = clerk.draft(&api_tests::draft_to_all());
    clerk.submit(id);
    app.office_director().approve(id);
    app.principal().approve(id);
    let states = |app: &App| {
        app.cron();
        let queued = app.count("SELECT COUNT(*) FROM deliveries WHERE state IN ('queued', 'unknown')");
        (app.office_clerk().message(id).state == MessageState::Sent, queued > 0)
    };
    let mut seen_waiting = false;
    for minute in 0..12 {
        let (is_sent, waits) = states(&app);
        assert!(!(is_sent && waits), "minute {minute}");
        seen_waiting |= waits;
        app.forward(minute * MINUTE);
    }
    assert!(seen_waiting, "some numbers time out");
    assert_eq!(states(&app), (true, false));
}
