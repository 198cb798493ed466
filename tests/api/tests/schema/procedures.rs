//! Procedures by raw SQL: proposed by one who may, confirmed by another, and
//! used only once that is done and their day has come.

use crate::refused::Refused;
use crate::world::{STEPS, draft, number, refusal, run, school};

/// See [`crate::refused`].
pub const PROCEDURES: &[Refused] = &[
    // G58: a procedure is followed by the next version.
    ("UPDATE procedures SET steps = '[1]'", &["procedures_fixed"]),
    ("UPDATE procedures SET in_force_from = 2", &["procedures_fixed"]),
    ("UPDATE procedures SET set_by = 5", &["procedures_fixed"]),
    ("UPDATE procedures SET mac = 'x'", &["procedures_fixed"]),
    ("UPDATE procedures SET declined_by = 5, declined_at = 9", &["procedures_fixed"]),
    ("DELETE FROM procedures", &["procedures_no_delete"]),
    (
        "INSERT OR REPLACE INTO procedures SELECT 1, 1, sender, scope, label_zh, label_en, steps, 9, 5, 9, NULL, NULL, NULL, NULL, 'n' FROM procedures",
        &["procedures_no_replace", "procedures_proposed"],
    ),
    // One without a decision is none: no step, an entry alone, advice that holds nothing.
    (
        "INSERT INTO procedures SELECT 1, 2, sender, scope, label_zh, label_en, '[]', 9, 5, 9, NULL, NULL, NULL, NULL, 'n' FROM procedures",
        &["procedures_proposed"],
    ),
    (
        r#"INSERT INTO procedures SELECT 1, 2, sender, scope, label_zh, label_en, '[{"kind":"register","holds":true}]', 9, 5, 9, NULL, NULL, NULL, NULL, 'n' FROM procedures"#,
        &["procedures_proposed"],
    ),
    (
        r#"INSERT INTO procedures SELECT 1, 2, sender, scope, label_zh, label_en, '[{"kind":"approve","holds":false}]', 9, 5, 9, NULL, NULL, NULL, NULL, 'n' FROM procedures"#,
        &["procedures_proposed"],
    ),
    // By somebody who may: no head of a year group, and no setup once the log has begun.
    (
        "INSERT INTO procedures SELECT 1, 2, sender, scope, label_zh, label_en, steps, 9, 2, 9, NULL, NULL, NULL, NULL, 'n' FROM procedures",
        &["procedures_proposed"],
    ),
    (
        "INSERT INTO procedures SELECT 2, 1, 'office', scope, label_zh, label_en, steps, 9, 0, 9, 0, 9, NULL, NULL, 'n' FROM procedures",
        &["procedures_proposed"],
    ),
    // Never born confirmed or declined.
    (
        "INSERT INTO procedures SELECT 1, 2, sender, scope, label_zh, label_en, steps, 9, 5, 9, 6, 9, NULL, NULL, 'n' FROM procedures",
        &["procedures_proposed"],
    ),
    (
        "INSERT INTO procedures SELECT 1, 2, sender, scope, label_zh, label_en, steps, 9, 5, 9, NULL, NULL, 6, 9, 'n' FROM procedures",
        &["procedures_proposed"],
    ),
    // One procedure for a sender and scope, which never change.
    (
        "INSERT INTO procedures SELECT 2, 1, sender, scope, label_zh, label_en, steps, 9, 5, 9, NULL, NULL, NULL, NULL, 'n' FROM procedures",
        &["procedures_proposed"],
    ),
    (
        "INSERT INTO procedures SELECT 1, 2, 'office', scope, label_zh, label_en, steps, 9, 5, 9, NULL, NULL, NULL, NULL, 'n' FROM procedures",
        &["procedures_proposed"],
    ),
    // Behind the last version, and one at a time.
    (
        "INSERT INTO procedures SELECT 1, 0, sender, scope, label_zh, label_en, steps, 9, 5, 9, NULL, NULL, NULL, NULL, 'n' FROM procedures",
        &["procedures_proposed"],
    ),
    (
        "INSERT INTO procedures SELECT 1, 2, sender, scope, label_zh, label_en, steps, 9, 5, 9, NULL, NULL, NULL, NULL, 'n' FROM procedures;
         INSERT INTO procedures SELECT 1, 3, sender, scope, label_zh, label_en, steps, 9, 6, 9, NULL, NULL, NULL, NULL, 'n' FROM procedures WHERE version = 2",
        &["procedures_proposed"],
    ),
    // Confirmed by neither who proposed it nor somebody without the right, with a seal of its own, once, while it waits.
    (
        "INSERT INTO procedures SELECT 1, 2, sender, scope, label_zh, label_en, steps, 9, 5, 9, NULL, NULL, NULL, NULL, 'n' FROM procedures;
         UPDATE procedures SET confirmed_by = 5, confirmed_at = 9, mac = 'o' WHERE version = 2",
        &["procedures_confirmed"],
    ),
    (
        "INSERT INTO procedures SELECT 1, 2, sender, scope, label_zh, label_en, steps, 9, 5, 9, NULL, NULL, NULL, NULL, 'n' FROM procedures;
         UPDATE procedures SET confirmed_by = 2, confirmed_at = 9, mac = 'o' WHERE version = 2",
        &["procedures_confirmed"],
    ),
    (
        "INSERT INTO procedures SELECT 1, 2, sender, scope, label_zh, label_en, steps, 9, 5, 9, NULL, NULL, NULL, NULL, 'n' FROM procedures;
         UPDATE procedures SET confirmed_by = 0, confirmed_at = 9, mac = 'o' WHERE version = 2",
        &["procedures_confirmed"],
    ),
    (
        "INSERT INTO procedures SELECT 1, 2, sender, scope, label_zh, label_en, steps, 9, 5, 9, NULL, NULL, NULL, NULL, 'n' FROM procedures;
         UPDATE procedures SET confirmed_by = 6, confirmed_at = 9 WHERE version = 2",
        &["procedures_confirmed"],
    ),
    (
        "INSERT INTO procedures SELECT 1, 2, sender, scope, label_zh, label_en, steps, 9, 5, 9, NULL, NULL, NULL, NULL, 'n' FROM procedures;
         UPDATE procedures SET declined_by = 6, declined_at = 9 WHERE version = 2;
         UPDATE procedures SET confirmed_by = 6, confirmed_at = 9, mac = 'o' WHERE version = 2",
        &["procedures_confirmed"],
    ),
    ("UPDATE procedures SET confirmed_by = 6, confirmed_at = 9, mac = 'o'", &["procedures_confirmed"]),
    (
        "INSERT INTO procedures SELECT 1, 2, sender, scope, label_zh, label_en, steps, 9, 5, 9, NULL, NULL, NULL, NULL, 'n' FROM procedures;
         UPDATE procedures SET declined_by = 6, declined_at = 9 WHERE version = 2;
         UPDATE procedures SET declined_by = NULL, declined_at = NULL WHERE version = 2",
        &["procedures_fixed"],
    ),
    // Nothing is submitted to one that waits.
    (
        "INSERT INTO procedures SELECT 1, 2, sender, scope, label_zh, label_en, steps, 1, 5, 1, NULL, NULL, NULL, NULL, 'n' FROM procedures;
         INSERT INTO message_versions SELECT id, version, title, body, audience_zh, audience_en, 'd', 1, 1, template, template_version, mode,
           answer, appointment_id, capacity_unit_id, 1, 2, '[]' FROM messages WHERE id = 3;
         UPDATE register_counters SET last_no = last_no + 1;
         UPDATE messages SET registered_at = 1, register_year = 2026, register_unit = 2,
           register_no = (SELECT last_no FROM register_counters), state = 'submitted', digest = 'd', digest_form = 1, procedure_id = 1, procedure_version = 2,
           submitted_at = 1, statement_at = 1 WHERE id = 3",
        &["messages_procedure"],
    ),
];

/// A message takes the newest version that is confirmed and whose day has come, and no other.
#[test]
fn a_message_takes_the_version_that_holds_at_that_moment() {
    // Version 2: from when it holds, when it was confirmed; declined where never. Which version a message
    // of 10 takes.
    for (from, confirmed, takes) in
        [(5, Some(5), 2), (10, Some(10), 2), (11, Some(5), 1), (5, Some(11), 1), (5, None, 1)]
    {
        for version in [1, 2] {
            let db = school();
            run(
                &db,
                &format!(
                    "INSERT INTO procedures VALUES (1, 2, 'teacher', 'grade', '本校', 'Own', '{STEPS}', {from}, 5, 2, NULL, NULL, NULL, NULL, 'n')"
                ),
            );
            match confirmed {
                Some(at) => run(
                    &db,
                    &format!(
                        "UPDATE procedures SET confirmed_by = 6, confirmed_at = {at}, mac = 'o' WHERE version = 2"
                    ),
                ),
                None => run(&db, "UPDATE procedures SET declined_by = 6, declined_at = 3 WHERE version = 2"),
            }
            draft(&db, 1);
            run(
                &db,
                "INSERT INTO register_counters VALUES (2026, 2, 0); UPDATE register_counters SET last_no = 1",
            );
            run(
                &db,
                &format!(
                    "INSERT INTO message_versions
                     SELECT id, version, title, body, audience_zh, audience_en, 'd', 10, 1, template, template_version, mode, answer,
                       appointment_id, capacity_unit_id, 1, {version}, '[]' FROM messages"
                ),
            );
            let submit = format!(
                "UPDATE messages SET state = 'submitted', digest = 'd', digest_form = 1, procedure_id = 1, procedure_version = {version},
                   submitted_at = 10, statement_at = 10, registered_at = 10, register_year = 2026, register_unit = 2, register_no = 1"
            );
            if version == takes {
                run(&db, &submit);
            } else {
                assert_eq!(refusal(&db, &submit), "procedure_not_in_force", "{from} {confirmed:?} {version}");
            }
        }
    }
}

/// Setup's come with the two administrators, before anything is written down.
#[test]
fn only_setup_brings_procedures_that_nobody_confirmed() {
    let db = school();
    assert_eq!(number(&db, "SELECT COUNT(*) FROM procedures"), 1);
    let another = format!(
        "INSERT INTO procedures VALUES (2, 1, 'office', 'any', '本校', 'Own', '{STEPS}', 1, 0, 1, 0, 1, NULL, NULL, 'm')"
    );
    run(&db, "BEGIN");
    run(&db, &another);
    run(&db, "ROLLBACK");
    run(&db, "INSERT INTO audit VALUES (1, 1, 1, 'a', 's', 1, '{}')");
    assert_eq!(refusal(&db, &another), "procedure_refused");
}
