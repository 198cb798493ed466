//! Cron is fair: what is held starves nobody, and what may take long comes
//! last and within a budget.

use api_tests::{App, draft_to};
use domain::message::MessageState;
use domain::time::{DAY, MINUTE};

fn sql(app: &App, text: &str) {
    app.db().execute_batch(text).expect(text);
}

/// Seven hundred streams whose calls are under way come before the class in the order of their ids.
#[test]
fn held_streams_do_not_starve_the_next() {
    let mut app = App::start();
    sql(
        &app,
        "UPDATE school SET stopped_at = 1, stopped_by = 1, stopped_post = 'principal', stop_reason = 'x'",
    );
    let (teacher, id) = app.class_notice();
    sql(
        &app,
        &format!(
            "UPDATE school SET lifted_by = (SELECT staff_id FROM appointments WHERE post = 'principal'), stopped_at = NULL;
             DROP TRIGGER streams_fit; DROP TRIGGER streams_no_replace; DROP TRIGGER places_born_ready; DROP TRIGGER batches_born_waiting;
             INSERT INTO cron_cursors VALUES ('poke', -1000);
             WITH RECURSIVE n (i) AS (SELECT -700 UNION ALL SELECT i + 1 FROM n WHERE i < -1)
               INSERT INTO streams (id, kind, rank) SELECT i, 'class', i FROM n;
             INSERT INTO message_streams (message_id, round, stream_id, state, seq, number, takes_number, ready_at)
               SELECT {id}, 0, s.id, 'numbered', 1, 1, 1, 1 FROM streams s WHERE s.id < 0;
             INSERT INTO batches (message_id, round, no, stream_id, state, members, size, ready_at, check_at)
               SELECT {id}, 0, 1000 - s.id, s.id, 'submitting', '[1]', 1, 1, 9e15 FROM streams s WHERE s.id < 0"
        ),
    );
    app.forward(2 * MINUTE);
    let mut runs = 0;
    while app.sms().is_empty() {
        runs += 1;
        assert!(runs <= 3, "the class is starved");
        app.cron();
    }
    assert_eq!(runs, 3, "three hundred at a time, in turn");
    assert_eq!(teacher.again(&app, "T0026").funnel(id).waiting, 0);
    assert_eq!(app.count("SELECT COUNT(*) FROM cron_cursors"), 1);
}

/// Every outcome of a school's notice is unknown, and the provider answers slowly.
#[test]
fn slow_questions_keep_neither_the_sealer_nor_the_pokes() {
    let mut app = App::start();
    let (_, id) = app.school_notice();
    sql(
        &app,
        "DROP TRIGGER attempts_forward; DROP TRIGGER deliveries_forward; DROP TRIGGER parts_no_delete;
         DELETE FROM attempt_parts;
         UPDATE attempts SET state = 'unknown', ended_at = NULL;
         UPDATE deliveries SET state = 'unknown' WHERE state IN ('accepted', 'delivered', 'undelivered');
         UPDATE batches SET totals = json_object('unknown', size), check_at = 1 WHERE state = 'settled'",
    );
    let unknown = |app: &App| app.count("SELECT COUNT(*) FROM attempts WHERE state = 'unknown'");
    let before = unknown(&app);
    assert!(before > 20, "{before} calls without an answer");
    app.restart_with(&[("CLOCK_OFFSET_MS", "120000"), ("SANDBOX_LATENCY_MS", "9000")]);
    let unsealed = "SELECT COUNT(*) FROM audit WHERE seq > (SELECT COALESCE(MAX(seq), 0) FROM audit_seals)";
    app.cron();
    assert_eq!(app.count(unsealed), 0, "the log is sealed all the same");
    let first = "(SELECT MIN(ended_at) FROM attempts WHERE state = 'resolved')";
    let sealed = format!("SELECT MAX(sealed_at) <= {first} FROM audit_seals");
    assert_eq!(app.count(&sealed), 1, "before the first question");
    let asked = before - unknown(&app);
    // Nine seconds each: none is begun after twenty.
    assert_eq!(asked, 3, "of {before}");
    // Each run goes on where the last one was.
    app.restart_with(&[("CLOCK_OFFSET_MS", "300000")]);
    app.cron();
    assert_eq!(before - unknown(&app), 3 + 10, "ten at most, however fast it answers");
    for _ in 0..4 {
        app.cron();
    }
    assert_eq!(unknown(&app), 0);
    // What was proven absent is sent meanwhile.
    app.forward(15 * MINUTE);
    app.cron();
    assert_eq!(app.office_clerk().message(id).state, MessageState::Sent);
}

#[test]
fn what_was_kept_for_a_while_is_swept() {
    let app = App::start();
    let me: domain::account::Me = app.office_clerk().get("/api/me").json();
    let teacher = app.homeroom("八年级1班");
    teacher.draft(&draft_to(&[teacher.class("八年级1班")]));
    let (old, new) = (me.now.0 - 31 * DAY, me.now.0 - DAY);
    sql(
        &app,
        &format!(
            "INSERT INTO dead_letters (queue, body, at) VALUES ('q', 'old', {old}), ('q', 'new', {new});
             UPDATE idempotency SET at = {old}"
        ),
    );
    app.cron();
    assert_eq!(app.count("SELECT COUNT(*) FROM dead_letters"), 1);
    assert_eq!(app.count("SELECT COUNT(*) FROM dead_letters WHERE body = 'new'"), 1);
    assert_eq!(app.count("SELECT COUNT(*) FROM idempotency"), 0);
}
