//! Answers are events; what holds now is the newest of each.

use rusqlite::Connection;

use crate::world::{number, refusal, run, world};

/// What holds now for phone 1 of message 1, about its child.
fn now(db: &Connection) -> Option<(i64, Option<String>)> {
    let mut rows = db
        .prepare("SELECT n, value FROM answers_now WHERE message_id = 1 AND phone_id = 1 AND student_id = 1 AND kind = 'confirm'")
        .expect("a query");
    let found: Vec<_> = rows
        .query_map([], |r| Ok((r.get(0)?, r.get(1)?)))
        .expect("rows")
        .map(|r| r.expect("a row"))
        .collect();
    assert!(found.len() <= 1, "{found:?}");
    found.into_iter().next()
}

/// The next event, as the Worker writes it.
fn event(value: &str, withdrawn: i64) -> String {
    format!(
        "INSERT INTO answers SELECT 1, 1, 1, 'confirm', 1 + (SELECT COALESCE(MAX(n), 0) FROM answers
           WHERE message_id = 1 AND phone_id = 1 AND student_id = 1 AND kind = 'confirm'), {value}, {withdrawn}, 0, 6"
    )
}

#[test]
fn a_second_tap_changes_nothing() {
    let db = world();
    // Whichever number it brings: it is passed over, not refused.
    for sql in [
        event("NULL", 0),
        "INSERT INTO answers VALUES (1, 1, 1, 'confirm', 1, NULL, 0, 0, 6)".to_owned(),
        "INSERT OR REPLACE INTO answers VALUES (1, 1, 1, 'confirm', 1, NULL, 0, 0, 6)".to_owned(),
    ] {
        run(&db, &sql);
        assert_eq!((number(&db, "SELECT at FROM answers"), number(&db, "SELECT changes()")), (5, 0), "{sql}");
    }
    run(&db, "DROP TRIGGER answers_change_something");
    run(&db, &event("NULL", 0));
    assert_eq!(number(&db, "SELECT COUNT(*) FROM answers"), 2);
}

#[test]
fn a_change_of_mind_is_a_row_of_its_own() {
    let db = world();
    assert_eq!(now(&db), Some((1, None)));
    run(&db, &event("'x'", 0));
    assert_eq!(now(&db), Some((2, Some("x".to_owned()))));
    run(&db, &event("'x'", 1));
    assert_eq!(now(&db), None);
    // Nothing is left to withdraw.
    run(&db, &event("NULL", 1));
    assert_eq!(number(&db, "SELECT COUNT(*) FROM answers"), 3);
    run(&db, &event("'x'", 0));
    assert_eq!(now(&db), Some((4, Some("x".to_owned()))));
}

#[test]
fn children_are_answered_for_apart() {
    let db = world();
    let second = "INSERT INTO answers VALUES (1, 1, 2, 'confirm', 1, NULL, 0, 0, 6)";
    assert_eq!(refusal(&db, second), "answer_refused", "not a child behind this phone");
    run(
        &db,
        "DROP TRIGGER deliveries_keep_phone;
         UPDATE deliveries SET recipients = '[[\"guardian\",1,1,2],[\"guardian\",4,2,2]]' WHERE message_id = 1 AND phone_id = 1",
    );
    run(&db, second);
    assert_eq!(number(&db, "SELECT COUNT(*) FROM answers_now WHERE message_id = 1"), 2);
    run(&db, "INSERT INTO answers VALUES (1, 1, 2, 'confirm', 2, NULL, 1, 0, 7)");
    assert_eq!(number(&db, "SELECT COUNT(*) FROM answers_now WHERE message_id = 1"), 1);
}

/// Who was skipped got no link, so nobody answers from there.
#[test]
fn only_from_a_phone_that_was_sent_to() {
    let db = world();
    run(&db, "DROP TRIGGER deliveries_into_a_filling_round");
    run(&db, "INSERT INTO deliveries VALUES (1, 0, 2, 0, 'skipped', 'left', '[[\"guardian\",2,2,2]]', 12)");
    let answer = "INSERT INTO answers VALUES (1, 2, 2, 'confirm', 1, NULL, 0, 0, 6)";
    assert_eq!(refusal(&db, answer), "answer_refused");
    run(&db, "INSERT INTO deliveries VALUES (1, 1, 2, 1, 'queued', NULL, '[[\"guardian\",2,2,2]]', 12)");
    assert_eq!(refusal(&db, answer), "answer_refused", "through another round's SMS");
    run(&db, &answer.replace("0, 0, 6", "0, 1, 6"));
}
