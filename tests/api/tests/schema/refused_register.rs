//! What raw SQL tries on corrections and on the register.

use crate::refused::Refused;
use crate::world::{number, refusal, run, world};

/// A draft that says it corrects a message, to an audience that may say so, too.
macro_rules! draft {
    ($id:literal, $corrects:literal, $audience:literal) => {
        concat!(
            "INSERT INTO messages (id, author_id, appointment_id, capacity_unit_id, audience_unit_id, sender_title, audience,
               audience_zh, audience_en, category, title, body, template, template_version, signature, created_at, changed_at, corrects_id)
             VALUES (", $id, ", 1, 1, 2, 2, '班主任', '", $audience, "', '家长', 'parents', 'daily', '题', '文', 'n', 1, '示范中学', 1, 1, ",
            $corrects, ");"
        )
    };
}

/// Its version, with the number that it takes.
macro_rules! version {
    () => {
        "INSERT INTO message_versions SELECT id, 1, title, body, audience_zh, audience_en, 'd', 1, 1, template, template_version,
           mode, answer, appointment_id, capacity_unit_id, 1, 1, '[]' FROM messages WHERE id = 6;
         UPDATE register_counters SET last_no = last_no + 1;"
    };
}

/// Its submission under a number.
macro_rules! submit {
    ($number:literal) => {
        concat!(
            "UPDATE messages SET state = 'submitted', digest = 'd', digest_form = 1, procedure_id = 1, procedure_version = 1,
               submitted_at = 1, statement_at = 1, registered_at = 1, register_year = 2026, register_unit = 2, register_no = ",
            $number, " WHERE id = 6;"
        )
    };
}

/// See [`crate::refused`].
pub const REGISTER: &[Refused] = &[
    // G33: of what went out, to whom it went, one at a time.
    (draft!("6", "3", r#"{"kind":"earlier","message":3}"#), &["corrections_fit"]),
    (draft!("6", "2", r#"{"kind":"earlier","message":2}"#), &["corrections_fit"]),
    (draft!("6", "1", r#"{"kind":"all_guardians"}"#), &["corrections_fit"]),
    (draft!("6", "NULL", r#"{"kind":"earlier","message":1}"#), &["corrections_fit"]),
    (draft!("6", "5", r#"{"kind":"earlier","message":1}"#), &["corrections_fit"]),
    (
        concat!(draft!("6", "1", r#"{"kind":"earlier","message":1}"#), draft!("7", "1", r#"{"kind":"earlier","message":1}"#)),
        &["corrections_fit"],
    ),
    ("UPDATE messages SET corrects_id = 1 WHERE id = 3", &["corrections_stay"]),
    (r#"UPDATE messages SET audience = '{"kind":"earlier","message":1}' WHERE id = 3"#, &["corrections_stay"]),
    (
        concat!(
            draft!("6", "1", r#"{"kind":"earlier","message":1}"#),
            r#"UPDATE messages SET audience = '{"kind":"all_guardians"}' WHERE id = 6"#
        ),
        &["corrections_stay"],
    ),
    // Guardian 2 stands on the list of message 1, but nothing went to her.
    (
        concat!(
            draft!("6", "1", r#"{"kind":"earlier","message":1}"#),
            "INSERT INTO recipients VALUES (6, 1, 2, 'guardian', 1, 1, 1), (6, 1, 2, 'guardian', 2, 2, 2);",
            version!(), submit!("5")
        ),
        &["corrections_to_whom_it_went"],
    ),
    // The same person, but in another class's order.
    (
        concat!(
            draft!("6", "1", r#"{"kind":"earlier","message":1}"#),
            "INSERT INTO recipients VALUES (6, 1, 3, 'guardian', 1, 1, 1);",
            version!(), submit!("5")
        ),
        &["corrections_to_whom_it_went"],
    ),
    // 登记: a number is the next one, given once, and stays.
    ("UPDATE messages SET register_no = 9 WHERE id = 2", &["messages_in_register"]),
    ("UPDATE messages SET register_unit = 1 WHERE id = 1", &["messages_in_register"]),
    ("UPDATE messages SET registered_at = 2 WHERE id = 4", &["messages_in_register"]),
    ("UPDATE messages SET register_year = 2026 WHERE id = 3", &["messages_in_register"]),
    (concat!(draft!("6", "NULL", "{}"), version!(), submit!("9")), &["messages_in_register"]),
    (concat!(draft!("6", "NULL", "{}"), version!(), submit!("NULL")), &["messages_in_register"]),
    (
        "INSERT INTO messages (author_id, audience_unit_id, sender_title, audience, audience_zh, audience_en, title, body,
           template, template_version, signature, created_at, changed_at, register_no)
         VALUES (1, 2, '', '{}', '', '', '', '', '', 1, '', 1, 1, 9)",
        &["messages_born_as_drafts"],
    ),
    ("INSERT INTO register_counters VALUES (2027, 2, 5)", &["register_counters_begin"]),
    ("INSERT OR REPLACE INTO register_counters VALUES (2026, 2, 0)", &["register_counters_begin"]),
    ("UPDATE register_counters SET last_no = last_no + 2", &["register_counters_step"]),
    ("UPDATE register_counters SET last_no = 0", &["register_counters_step"]),
    ("UPDATE register_counters SET year = 2025", &["register_counters_step"]),
    ("DELETE FROM register_counters", &["register_counters_no_delete"]),
    // G63: a wording is taken away once, and stays on record.
    ("INSERT OR REPLACE INTO templates VALUES (1, 2, '别的', '文', NULL, 1, 1, NULL, NULL)", &["templates_no_replace"]),
    ("UPDATE templates SET body = 'x', removed_at = 2, removed_by = 1", &["templates_removed_once"]),
    ("UPDATE templates SET removed_at = 2", &["templates_removed_once"]),
    ("DELETE FROM templates", &["templates_no_delete"]),
];

/// A number that is taken is not taken again, whatever the counter says.
#[test]
fn a_number_is_given_once() {
    let db = world();
    let again = concat!(draft!("6", "NULL", "{}"), version!(), submit!("5"));
    run(&db, again);
    run(&db, "DROP TRIGGER messages_in_register");
    run(&db, draft!("7", "NULL", "{}"));
    let taken = "UPDATE messages SET register_year = 2026, register_unit = 2, register_no = 5, registered_at = 1 WHERE id = 7";
    assert!(refusal(&db, taken).contains("UNIQUE"), "the index refuses it as well");
}

/// Who got the original gets the correction; once it was withdrawn there may be another.
#[test]
fn a_correction_goes_to_whom_it_went() {
    let db = world();
    run(
        &db,
        concat!(
            draft!("6", "1", r#"{"kind":"earlier","message":1}"#),
            "INSERT INTO recipients VALUES (6, 1, 2, 'guardian', 1, 1, 1);",
            version!(),
            submit!("5")
        ),
    );
    assert_eq!(number(&db, "SELECT register_no FROM messages WHERE id = 6"), 5);
    assert_eq!(refusal(&db, draft!("7", "1", r#"{"kind":"earlier","message":1}"#)), "correction_refused");
    run(&db, "UPDATE messages SET state = 'withdrawn' WHERE id = 6");
    run(&db, draft!("7", "1", r#"{"kind":"earlier","message":1}"#));
}
