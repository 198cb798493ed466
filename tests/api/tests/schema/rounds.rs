//! I2: a round leaves `filling` only with those whom the approver saw, at a
//! number that is theirs; and nothing joins it afterwards.

use rusqlite::Connection;

use crate::world::{approve, begin, delivery, refusal, run, submit, world};

const SEND: &str = "UPDATE rounds SET state = 'sending' WHERE message_id = 5 AND round = 0";

/// A round of message 5 (guardians 1 and 2 of class 1, phones 1 and 2) with one delivery.
fn sends(db: &Connection, phone: i64, recipients: &str) -> Result<(), String> {
    run(db, "BEGIN");
    let taken = db.execute_batch(&format!("{}; {SEND}", delivery(5, 0, phone, recipients)));
    run(db, "ROLLBACK");
    taken.map_err(|e| match e {
        rusqlite::Error::SqliteFailure(_, Some(text)) => text,
        other => other.to_string(),
    })
}

fn refused(db: &Connection, phone: i64, recipients: &str) {
    assert_eq!(sends(db, phone, recipients), Err("not_on_the_list".to_owned()), "{phone}: {recipients}");
}

#[test]
fn those_on_the_list_are_sent_to() {
    let db = world();
    assert_eq!(sends(&db, 1, r#"[["guardian",1,1,2]]"#), Ok(()));
    assert_eq!(sends(&db, 2, r#"[["guardian",2,2,2]]"#), Ok(()));
    // As text it differs, as a list it does not.
    assert_eq!(sends(&db, 1, r#" [ ["guardian", 1, 1, 2] ] "#), Ok(()));
    // Skipped ones are looked at as well.
    run(&db, "INSERT INTO deliveries VALUES (5, 0, 4, 0, 'skipped', 'left', '[[\"guardian\",1,1,2]]', 12)");
    assert_eq!(refusal(&db, SEND), "not_on_the_list");
}

#[test]
fn nobody_else_is() {
    let db = world();
    // A stranger's phone, a guardian's who is not on the list, somebody on it at another one's phone.
    refused(&db, 4, r#"[["guardian",1,1,2]]"#);
    refused(&db, 3, r#"[["guardian",3,3,3]]"#);
    refused(&db, 3, r#"[["guardian",3,3,2]]"#);
    refused(&db, 1, r#"[["guardian",2,2,2]]"#);
    refused(&db, 2, r#"[["guardian",2,2,2],["guardian",1,1,2]]"#);
    // Another stream, kind or child than on the list.
    refused(&db, 1, r#"[["guardian",1,1,3]]"#);
    refused(&db, 1, r#"[["staff",1,1,2]]"#);
    refused(&db, 1, r#"[["guardian",1,2,2]]"#);
    refused(&db, 1, r#"[["guardian",1,0,2]]"#);
}

#[test]
fn every_other_form_is_refused() {
    let db = world();
    for form in [
        "{}",
        "[]",
        " []",
        "[ ]",
        "[\n]",
        "[[]]",
        "[[ ]]",
        "[null]",
        "[1]",
        "[\"guardian\"]",
        "[{}]",
        "1",
        "null",
        "\"x\"",
        r#"{"a":["guardian",1,1,2]}"#,
        r#"["guardian",1,1,2]"#,
        r#"[["guardian",1,1]]"#,
        r#"[["guardian",1,1,2,0]]"#,
        r#"[["guardian",1,1,2],[]]"#,
        r#"[["guardian",1,1,2],null]"#,
        r#"[["guardian","1",1,2]]"#,
        r#"[["guardian",1.0,1,2]]"#,
        r#"[[["guardian"],1,1,2]]"#,
        r#"[[null,null,null,null]]"#,
        r#"[[["guardian",1,1,2]]]"#,
    ] {
        refused(&db, 1, form);
    }
    // No JSON at all: the table's own CHECK.
    for form in ["", "[[", "x"] {
        assert!(sends(&db, 1, form).is_err_and(|e| e.contains("CHECK")), "{form}");
    }
}

/// A changed number is reached only where the change was recorded, and is still the number.
#[test]
fn a_changed_number_with_and_without_its_record() {
    let db = world();
    // Else the number could not change unrecorded at all.
    run(&db, "DROP TRIGGER guardians_number_on_record");
    let entry = r#"[["guardian",1,1,2]]"#;
    let changed = |from: i64, to: i64| {
        format!(
            "INSERT INTO phone_changes (kind, person, from_phone, to_phone, at, by) VALUES ('guardian', 1, {from}, {to}, 13, 1)"
        )
    };
    run(&db, "UPDATE guardians SET phone_id = 4 WHERE id = 1");
    refused(&db, 4, entry);
    // Recorded for somebody else, or in another capacity.
    run(
        &db,
        "INSERT INTO phone_changes (kind, person, from_phone, to_phone, at, by) VALUES ('guardian', 2, 1, 4, 13, 1), ('staff', 1, 1, 4, 13, 1)",
    );
    refused(&db, 4, entry);
    run(&db, &changed(1, 4));
    assert_eq!(sends(&db, 4, entry), Ok(()));
    // Changed once more: neither the one in between nor an unrecorded one.
    run(&db, "UPDATE guardians SET phone_id = 5 WHERE id = 1");
    refused(&db, 4, entry);
    refused(&db, 5, entry);
    run(&db, &changed(4, 5));
    assert_eq!(sends(&db, 5, entry), Ok(()));
    // The number that was frozen needs no record.
    assert_eq!(sends(&db, 1, entry), Ok(()));
}

/// A student's own number is on the list as it was frozen, and no other.
#[test]
fn a_student_is_reached_at_the_frozen_number() {
    let db = world();
    run(
        &db,
        "DROP TRIGGER recipients_at_submission; INSERT INTO recipients VALUES (5, 1, 2, 'student', 1, 1, 4)",
    );
    assert_eq!(sends(&db, 4, r#"[["student",1,1,2]]"#), Ok(()));
    run(
        &db,
        "INSERT INTO phone_changes (kind, person, from_phone, to_phone, at, by) VALUES ('student', 1, 4, 5, 13, 1)",
    );
    refused(&db, 5, r#"[["student",1,1,2]]"#);
}

/// An earlier version's list is nobody's.
#[test]
fn the_list_is_that_of_the_version() {
    let db = world();
    run(
        &db,
        "DROP TRIGGER recipients_at_submission; INSERT INTO recipients VALUES (5, 2, 2, 'guardian', 3, 3, 3)",
    );
    refused(&db, 3, r#"[["guardian",3,3,2]]"#);
}

#[test]
fn nothing_joins_a_round_that_is_sending() {
    let db = world();
    let late = delivery(5, 0, 2, r#"[["guardian",2,2,2]]"#);
    run(&db, &delivery(5, 0, 1, r#"[["guardian",1,1,2]]"#));
    run(&db, SEND);
    for state in ["sending", "paused"] {
        run(&db, &format!("UPDATE rounds SET state = '{state}' WHERE message_id = 5"));
        assert_eq!(refusal(&db, &late), "not_filling");
        assert_eq!(refusal(&db, &late.replace("INSERT", "INSERT OR REPLACE")), "not_filling");
    }
    assert_eq!(refusal(&db, "UPDATE rounds SET state = 'filling' WHERE message_id = 5"), "wrong_state");
    // Into another round of the same message only once that was ordered.
    assert_eq!(refusal(&db, &delivery(5, 1, 2, r#"[["guardian",2,2,2]]"#)), "not_filling");
    let reminder = "INSERT INTO rounds (message_id, round, kind, ordered_by, why, due_at, at, mac) VALUES (5, 1, 'reminder', 3, '未确认', 20, 20, 'm')";
    run(&db, reminder);
    run(&db, &delivery(5, 1, 2, r#"[["guardian",2,2,2]]"#));
    run(&db, "UPDATE rounds SET state = 'sending' WHERE message_id = 5 AND round = 1");
}

/// A message is sent when its sending is; a reminder's places do not hold it, nor the other way round.
#[test]
fn rounds_end_by_themselves() {
    let db = world();
    let reminder = "INSERT INTO rounds (message_id, round, kind, ordered_by, why, due_at, at, mac) VALUES (1, 1, 'reminder', 3, '', 20, 20, 'm');
        INSERT INTO message_streams (message_id, round, stream_id, state, takes_number, ready_at) VALUES (1, 1, 2, 'ready', 0, 20);
        UPDATE rounds SET state = 'sending' WHERE message_id = 1 AND round = 1";
    run(&db, reminder);
    let sent = |round: i64| {
        format!("UPDATE rounds SET state = 'sent', ended_at = 30 WHERE message_id = 1 AND round = {round}")
    };
    assert_eq!(refusal(&db, &sent(0)), "wrong_state");
    run(
        &db,
        "UPDATE message_streams SET state = 'settled', settled_at = 29 WHERE message_id = 1 AND round = 0",
    );
    // The class goes on, but something of it still waits.
    assert_eq!(refusal(&db, &sent(0)), "wrong_state");
    assert_eq!(refusal(&db, "UPDATE messages SET state = 'sent' WHERE id = 1"), "wrong_state");
    run(&db, "UPDATE batches SET state = 'settled' WHERE message_id = 1 AND round = 0");
    run(&db, &sent(0));
    run(&db, "UPDATE messages SET state = 'sent' WHERE id = 1");
    assert_eq!(refusal(&db, &sent(1)), "wrong_state");
    // It has an order of its own in the stream, and no number that parents see.
    let order = "UPDATE message_streams SET state = 'numbered', seq = 2 WHERE message_id = 1 AND round = 1";
    assert_eq!(refusal(&db, &order.replace("seq = 2", "seq = 2, number = 2")), "place_fixed");
    run(&db, order);
    run(&db, "UPDATE message_streams SET state = 'settled' WHERE message_id = 1 AND round = 1");
    run(&db, &sent(1));
}

/// A holding registration is asked for by each round, also by a later one.
#[test]
fn a_round_needs_its_registration() {
    let db = world();
    run(&db, "DROP TRIGGER registrations_no_delete; DELETE FROM registrations WHERE message_id = 1");
    let reminder = "INSERT INTO rounds (message_id, round, kind, ordered_by, why, due_at, at, mac) VALUES (1, 1, 'reminder', 3, '', 20, 20, 'm')";
    assert_eq!(refusal(&db, reminder), "not_registered");
    run(&db, "DROP TRIGGER rounds_need_registration");
    run(&db, reminder);
}

/// What fills a round in one statement is checked in one, whoever is behind each phone.
#[test]
fn siblings_and_staff_share_a_phone() {
    let db = world();
    run(
        &db,
        "DROP TRIGGER guardians_number_on_record; DROP TRIGGER staff_number_on_record;
         UPDATE guardians SET phone_id = 1 WHERE id = 3; UPDATE staff SET phone_id = 1 WHERE id = 2;
         INSERT INTO messages (id, author_id, appointment_id, capacity_unit_id, audience_unit_id, sender_title, audience, audience_zh,
           audience_en, title, body, template, template_version, signature, created_at, changed_at)
         SELECT 6, author_id, appointment_id, capacity_unit_id, audience_unit_id, sender_title, audience, audience_zh,
           audience_en, title, body, template, template_version, signature, created_at, changed_at FROM messages WHERE id = 3;
         INSERT INTO recipients VALUES (6, 1, 3, 'guardian', 3, 3, 1), (6, 1, 1, 'staff', 2, 0, 1)",
    );
    submit(&db, 6);
    approve(&db, 6);
    begin(&db, 6);
    let together = r#"[["staff",2,0,1],["guardian",1,1,2],["guardian",3,3,3]]"#;
    run(&db, &delivery(6, 0, 1, together));
    assert_eq!(
        refusal(&db, "INSERT INTO deliveries VALUES (6, 0, 1, 2, 'queued', NULL, '[]', 1)"),
        "one_per_phone"
    );
    run(&db, "UPDATE rounds SET state = 'sending' WHERE message_id = 6");
}
