//! What raw SQL tries, and the triggers that refuse it: with all of them
//! dropped the same statement goes through.

use rusqlite::Connection;

use crate::children::CHILDREN;
use crate::chosen::CHOSEN;
use crate::office::OFFICE;
use crate::people::PEOPLE;
use crate::powers::POWERS;
use crate::procedures::PROCEDURES;
use crate::refused_deliveries::DELIVERIES;
use crate::refused_messages::MESSAGES;
use crate::refused_register::REGISTER;
use crate::slips::SLIPS;
use crate::sms_account::SMS_ACCOUNTS;
use crate::unit_changes::UNITS;
use crate::world::{number, refusal, run, world};

/// SQL, and the triggers that stand against it.
pub type Refused = (&'static str, &'static [&'static str]);

const FOUNDATION: &[Refused] = &[
    // I9: the log appends.
    ("INSERT INTO audit VALUES (5, 1, 1, 'a', 's', 1, '{}')", &["audit_appends_only"]),
    ("INSERT INTO audit VALUES (NULL, 1, 1, 'a', 's', 1, '{}')", &["audit_appends_only"]),
    ("INSERT OR REPLACE INTO audit VALUES (1, 2, 2, 'a', 's', 1, '{}')", &["audit_appends_only"]),
    ("UPDATE audit SET actor = 2", &["audit_no_update"]),
    ("DELETE FROM audit WHERE seq = 3", &["audit_no_delete"]),
    ("INSERT OR REPLACE INTO audit_seals VALUES (1, 'x', 1)", &["audit_seals_append_only"]),
    ("UPDATE audit_seals SET hash = 'x'", &["audit_seals_no_update"]),
    ("DELETE FROM audit_seals", &["audit_seals_no_delete"]),
    // I9: what was put down of a change stays until it is told; what is told is found for good.
    ("DELETE FROM changes WHERE kind = 'staff'", &["changes_told"]),
    (
        "INSERT INTO audit VALUES (4, 1, 1, 'account.activated', 'staff', 1, '{}');
         UPDATE changes SET stray = 1; DELETE FROM changes WHERE kind = 'staff' AND row_id = 1",
        &["changes_told"],
    ),
    ("INSERT OR REPLACE INTO changes VALUES (1, 'unit', 1, '{}', 0, 0)", &["changes_no_replace"]),
    ("UPDATE changes SET change = '{}' WHERE id = 1", &["changes_stay"]),
    ("UPDATE changes SET stray = 1; UPDATE changes SET stray = 0", &["changes_stay"]),
    ("UPDATE audit_about SET id = 9", &["audit_about_no_update"]),
    ("DELETE FROM audit_about", &["audit_about_no_delete"]),
    ("INSERT INTO audit_values VALUES ('staff', 1, 1, 'x')", &["audit_values_with_entry"]),
    ("INSERT OR REPLACE INTO audit_values VALUES ('staff', 2, 3, 'x')", &["audit_values_with_entry"]),
    ("UPDATE audit_values SET sealed = 'x'", &["audit_values_no_update"]),
    ("DELETE FROM audit_values", &["audit_values_no_delete"]),
    ("INSERT OR REPLACE INTO person_keys VALUES ('staff', 2, 3, 1, 'x')", &["person_keys_no_replace"]),
    ("UPDATE person_keys SET person = 3", &["person_keys_no_update"]),
    ("DELETE FROM person_keys", &["person_keys_no_delete"]),
    // G58: nobody deletes but in a run that is on record.
    ("INSERT INTO retention_runs VALUES (2, 3, NULL, 1, '', 3)", &["retention_runs_recorded"]),
    ("INSERT INTO retention_runs VALUES (2, 3, NULL, 1, '', 2)", &["retention_runs_recorded"]),
    ("INSERT INTO retention_runs VALUES (2, 3, 4, 1, '', 3)", &["retention_runs_recorded"]),
    (
        "INSERT INTO audit VALUES (4, 1, 1, 'retention.started', 'retention_run', 9, '{}');
         INSERT INTO retention_runs VALUES (2, 3, NULL, 1, '', 4)",
        &["retention_runs_recorded"],
    ),
    (
        "INSERT INTO audit VALUES (4, 1, 1, 'retention.started', 'retention_run', 1, '{}');
         INSERT OR REPLACE INTO retention_runs VALUES (1, 3, NULL, 1, '', 4)",
        &["retention_runs_recorded"],
    ),
    ("UPDATE retention_runs SET ended_at = NULL", &["retention_runs_end_once"]),
    ("UPDATE retention_runs SET ended_at = 9", &["retention_runs_end_once"]),
    ("UPDATE retention_runs SET why = 'x'", &["retention_runs_end_once"]),
    ("DELETE FROM retention_runs", &["retention_runs_no_delete"]),
    // What parents read, and when they may be disturbed.
    ("UPDATE school SET window_from = 0, window_to = 1439", &["school_settings_stay"]),
    ("UPDATE school SET signature = '别的学校'", &["school_settings_stay"]),
    (
        "INSERT OR REPLACE INTO school VALUES (1, '示范中学', '别的学校', '校讯通', 0, 1440, 1, NULL, NULL, NULL, NULL, 1, NULL, NULL, NULL)",
        &["school_no_replace"],
    ),
    ("DELETE FROM school", &["school_no_delete"]),
    // The tree of units.
    ("INSERT INTO units (parent_id, kind, name, created_at) VALUES (1, 'faculty', 'x', 1)", &["units_kind"]),
    ("UPDATE units SET kind = 'faculty' WHERE id = 2", &["units_kind_moved"]),
    (
        "INSERT INTO units (id, parent_id, kind, name, created_at) VALUES (9, 9, 'grade', 'x', 1)",
        &["units_below_a_unit"],
    ),
    (
        "INSERT INTO units (parent_id, kind, name, created_at) VALUES (99, 'grade', 'x', 1)",
        &["units_below_a_unit"],
    ),
    (
        "UPDATE units SET parent_id = 2 WHERE id = 1",
        &["units_no_cycle", "units_move_in_tree", "units_moved_by_two"],
    ),
    (
        "UPDATE units SET parent_id = 2 WHERE id = 2",
        &["units_no_cycle", "units_move_in_tree", "units_moved_by_two"],
    ),
    ("UPDATE units SET parent_id = 99 WHERE id = 2", &["units_no_cycle", "units_moved_by_two"]),
    (
        "INSERT OR REPLACE INTO units (id, parent_id, kind, name, created_at) VALUES (3, 1, 'grade', 'x', 1)",
        &["units_no_replace"],
    ),
    ("UPDATE units SET id = 9 WHERE id = 3", &["units_keep_id"]),
    ("DELETE FROM units WHERE id = 3", &["units_no_delete"]),
    // I11: a phone's id is in links.
    (
        "INSERT INTO phones (key_id, index_key_id, sealed, lookup, last4, contact_state) VALUES (1, 1, '', 'x', '', 'asleep')",
        &["phones_contact_state"],
    ),
    ("UPDATE phones SET contact_state = 'asleep'", &["phones_contact_state_moved"]),
    (
        "INSERT INTO phones (id, key_id, index_key_id, sealed, lookup, last4) VALUES (6, 1, 1, '', 'x', '')",
        &["phones_ids_never_return"],
    ),
    (
        "INSERT OR REPLACE INTO phones (id, key_id, index_key_id, sealed, lookup, last4) VALUES (5, 1, 1, '', 'x', '')",
        &["phones_ids_never_return"],
    ),
    (
        "INSERT OR REPLACE INTO phones (key_id, index_key_id, sealed, lookup, last4) VALUES (1, 1, '', 'a', '')",
        &["phones_no_replace"],
    ),
    ("UPDATE phones SET id = 6 WHERE id = 5", &["phones_keep_id"]),
    ("UPDATE OR REPLACE phones SET rowid = 1 WHERE id = 5", &["phones_keep_id"]),
    ("UPDATE OR REPLACE phones SET lookup = 'a' WHERE id = 5", &["phones_keep_id"]),
    ("DELETE FROM phones WHERE id = 5", &["phones_no_delete"]),
    // People are named by id in the log and on frozen lists.
    (
        "INSERT OR REPLACE INTO staff (id, number, name, created_at) VALUES (1, 'T9', '他', 1)",
        &["staff_no_replace"],
    ),
    ("UPDATE staff SET id = 9 WHERE id = 1", &["staff_keep_id"]),
    ("UPDATE OR REPLACE staff SET number = 'T2' WHERE id = 1", &["staff_keep_id"]),
    ("DELETE FROM staff WHERE id = 1", &["staff_no_delete"]),
    (
        "INSERT OR REPLACE INTO appointments (id, staff_id, post, unit_id, since, given_by, mac) VALUES (1, 2, 'principal', 1, 1, 5, '')",
        &["appointments_no_replace"],
    ),
    ("UPDATE appointments SET staff_id = 2 WHERE id = 1", &["appointments_fixed"]),
    ("UPDATE appointments SET post = 'principal' WHERE id = 1", &["appointments_fixed"]),
    ("UPDATE appointments SET unit_id = 1 WHERE id = 1", &["appointments_fixed"]),
    ("UPDATE appointments SET since = 0 WHERE id = 1", &["appointments_fixed"]),
    ("UPDATE appointments SET subject = '数学' WHERE id = 1", &["appointments_fixed"]),
    ("UPDATE appointments SET given_by = 6 WHERE id = 1", &["appointments_fixed"]),
    ("UPDATE appointments SET mac = 'x' WHERE id = 1", &["appointments_fixed"]),
    // An end stays where it was set.
    ("UPDATE appointments SET until = 9 WHERE id = 1", &["appointments_fixed"]),
    ("UPDATE appointments SET mac = mac || 'e', until = NULL WHERE id = 6", &["appointments_fixed"]),
    ("UPDATE appointments SET mac = mac || 'e', until = 99 WHERE id = 6", &["appointments_fixed"]),
    ("UPDATE appointments SET mac = mac || 'e', until = 2 WHERE id = 6", &["appointments_fixed"]),
    ("UPDATE appointments SET declined_by = 6, declined_why = 'x' WHERE id = 1", &["appointments_fixed"]),
    (
        "UPDATE appointments SET declined_by = 6, declined_why = 'x', until = 9 WHERE id = 1",
        &["appointments_fixed"],
    ),
    // Two people who can appoint remain.
    (
        "UPDATE appointments SET mac = mac || 'e', until = 9 WHERE id = 7; UPDATE appointments SET mac = mac || 'e', until = 9 WHERE id = 8",
        &["appointments_two_remain"],
    ),
    ("DELETE FROM appointments WHERE id = 1", &["appointments_no_delete"]),
    // Nobody is away but by the own word or a leader's, who says why.
    ("INSERT INTO delegations VALUES (2, 2, 10, 20, 1, 9, '病假', NULL, NULL, 'm')", &["delegations_fit"]),
    ("INSERT INTO delegations VALUES (2, 2, 10, 20, 3, 9, ' ', NULL, NULL, 'm')", &["delegations_fit"]),
    ("INSERT INTO delegations VALUES (2, 2, 20, 10, 2, 9, '', NULL, NULL, 'm')", &["delegations_fit"]),
    ("INSERT INTO delegations VALUES (2, 2, 5, 9, 2, 9, '', NULL, NULL, 'm')", &["delegations_fit"]),
    ("INSERT INTO delegations VALUES (2, 2, 10, 20, 2, 9, '', 2, 9, 'm')", &["delegations_fit"]),
    ("INSERT INTO delegations VALUES (2, 5, 100, 200, 4, 50, '', NULL, NULL, 'm')", &["delegations_fit"]),
    ("UPDATE delegations SET withdrawn_at = 60, withdrawn_by = 4", &["delegations_withdrawn_once"]),
    ("INSERT INTO delegations VALUES (2, 6, 10, 20, 4, 9, '', NULL, NULL, 'm')", &["delegations_fit"]),
    (
        "INSERT OR REPLACE INTO delegations VALUES (1, 5, 100, 900, 4, 50, '', NULL, NULL, 'm')",
        &["delegations_fit"],
    ),
    ("UPDATE delegations SET until_at = 900", &["delegations_withdrawn_once"]),
    ("UPDATE delegations SET mac = mac || 'w', withdrawn_at = 60", &["delegations_withdrawn_once"]),
    (
        "UPDATE delegations SET mac = mac || 'w', withdrawn_at = 60, withdrawn_by = 4, from_at = 1",
        &["delegations_withdrawn_once"],
    ),
    (
        "UPDATE delegations SET mac = mac || 'w', withdrawn_at = 60, withdrawn_by = 4; UPDATE delegations SET mac = mac || 'w', withdrawn_at = 70",
        &["delegations_withdrawn_once"],
    ),
    ("DELETE FROM delegations", &["delegations_no_delete"]),
];

const ROSTER: &[Refused] = &[
    (
        "INSERT OR REPLACE INTO classes (id, unit_id, name, created_at) VALUES (1, 2, 'x', 1)",
        &["classes_no_replace", "streams_no_replace"],
    ),
    ("UPDATE classes SET id = 9 WHERE id = 1", &["classes_keep_id"]),
    ("DELETE FROM classes WHERE id = 1", &["classes_no_delete"]),
    ("INSERT INTO streams (kind, class_id, rank) VALUES ('group', NULL, 99)", &["streams_fit"]),
    ("INSERT INTO streams (kind, class_id, rank) VALUES ('staff', 9, 99)", &["streams_fit"]),
    ("INSERT OR REPLACE INTO streams VALUES (2, 'staff', NULL, 99)", &["streams_no_replace"]),
    ("INSERT OR REPLACE INTO streams VALUES (9, 'class', 1, 99)", &["streams_no_replace"]),
    ("INSERT OR REPLACE INTO streams VALUES (9, 'staff', NULL, 0)", &["streams_no_replace"]),
    ("UPDATE streams SET rank = 99 WHERE id = 2", &["streams_no_update"]),
    ("DELETE FROM streams", &["streams_no_delete"]),
    ("INSERT OR REPLACE INTO students VALUES (1, 'S9', '他', 2, 1, NULL, NULL)", &["students_no_replace"]),
    ("UPDATE students SET id = 9 WHERE id = 1", &["students_keep_id"]),
    ("UPDATE OR REPLACE students SET number = 'S2' WHERE id = 1", &["students_keep_id"]),
    ("DELETE FROM students WHERE id = 3", &["students_no_delete"]),
    (
        "INSERT OR REPLACE INTO guardians VALUES (1, 3, 1, '他', '父亲', 3, 1, NULL, NULL)",
        &["guardians_no_replace"],
    ),
    ("UPDATE guardians SET id = 9 WHERE id = 1", &["guardians_keep_id"]),
    ("UPDATE guardians SET student_id = 3 WHERE id = 1", &["guardians_keep_id"]),
    ("DELETE FROM guardians WHERE id = 3", &["guardians_no_delete"]),
    // I2: a frozen list follows only a change of number that is on record.
    ("INSERT INTO phone_changes VALUES (2, 'dog', 1, 1, 4, 1, 1, NULL, '')", &["phone_changes_kind"]),
    (
        "INSERT OR REPLACE INTO phone_changes VALUES (1, 'guardian', 1, 1, 4, 1, 1, NULL, '')",
        &["phone_changes_no_replace"],
    ),
    ("UPDATE phone_changes SET person = 1, to_phone = 4", &["phone_changes_no_update"]),
    ("DELETE FROM phone_changes", &["phone_changes_no_delete"]),
];

fn all() -> impl Iterator<Item = &'static Refused> {
    FOUNDATION
        .iter()
        .chain(POWERS)
        .chain(SLIPS)
        .chain(UNITS)
        .chain(ROSTER)
        .chain(MESSAGES)
        .chain(PROCEDURES)
        .chain(SMS_ACCOUNTS)
        .chain(REGISTER)
        .chain(DELIVERIES)
        .chain(CHILDREN)
        .chain(CHOSEN)
        .chain(PEOPLE)
        .chain(OFFICE)
}

/// The SQL of a trigger.
fn source(db: &Connection, trigger: &str) -> String {
    db.query_row("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = ?1", [trigger], |r| {
        r.get(0)
    })
    .unwrap_or_else(|e| panic!("{trigger}: {e}"))
}

#[test]
fn what_raw_sql_cannot_do_and_why() {
    for (sql, triggers) in all() {
        let db = world();
        let sources: Vec<String> = triggers.iter().map(|t| source(&db, t)).collect();
        // With the foreign keys off as well: a file opened by hand has them off.
        for keys in ["ON", "OFF"] {
            run(&db, &format!("PRAGMA foreign_keys = {keys}"));
            let name = refusal(&db, sql);
            let raise = format!("RAISE(ABORT, '{name}')");
            assert!(sources.iter().any(|s| s.contains(&raise)), "{name} is not of {triggers:?}: {sql}");
        }
        for trigger in *triggers {
            run(&db, &format!("DROP TRIGGER {trigger}"));
        }
        db.execute_batch(sql).unwrap_or_else(|e| panic!("not because of {triggers:?}: {e}: {sql}"));
    }
}

/// Every trigger has something here that shows what it is for.
#[test]
fn no_trigger_is_untried() {
    let db = world();
    let mut triggers = db.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").expect("a query");
    let names = triggers.query_map([], |row| row.get::<_, String>(0)).expect("rows");
    // Tried by tests of their own: units.rs, rounds.rs, answers.rs, states.rs, providers.rs, and every *_told in evidence.rs.
    let others = [
        "audit_is_found",
        "units_enter_tree",
        "classes_have_a_stream",
        "rounds_need_registration",
        "answers_change_something",
        "deliveries_forward",
        "batches_probe",
        "parts_take_early",
        "replies_no_replace",
    ];
    for name in names.map(|n| n.expect("a name")) {
        let tried = all().any(|(_, t)| t.contains(&name.as_str()));
        let told = name.ends_with("_told") && crate::evidence::tells(&name);
        let tried = tried || crate::filing::tries(&name) || crate::passages::tries(&name);
        assert!(tried || told || others.contains(&name.as_str()), "{name}");
    }
}

/// The id of a phone that was deleted is in links: neither the database nor
/// the Worker, which reads the next one from `sqlite_sequence`, gives it again.
#[test]
fn a_deleted_phones_id_never_returns() {
    let db = world();
    assert_eq!(next_phone(&db), 7);
    run(&db, "INSERT INTO phones (key_id, index_key_id, sealed, lookup, last4) VALUES (1, 1, '', 'g', '')");
    assert_eq!(number(&db, "SELECT id FROM phones WHERE lookup = 'g'"), 7);
    // Several at once, in any order, with ids that the Worker gave.
    run(
        &db,
        "INSERT INTO phones (id, key_id, index_key_id, sealed, lookup, last4) VALUES (9, 1, 1, '', 'i', ''), (8, 1, 1, '', 'h', '')",
    );
    assert_eq!(next_phone(&db), 10);
    let again =
        "INSERT INTO phones (id, key_id, index_key_id, sealed, lookup, last4) VALUES (6, 1, 1, '', 'x', '')";
    assert_eq!(refusal(&db, again), "phone_id_taken");
    // 30 bits of the link token.
    let beyond = again.replace("(6,", "(1073741824,");
    assert!(refusal(&db, &beyond).contains("CHECK"));
}

fn next_phone(db: &Connection) -> i64 {
    number(db, "SELECT seq + 1 FROM sqlite_sequence WHERE name = 'phones'")
}

/// An answer is kept either as text or as the path that is read again.
#[test]
fn an_idempotent_answer_is_one_of_two() {
    let db = world();
    let kept = |key: &str, answer: &str, resource: &str| {
        format!("INSERT INTO idempotency VALUES (1, 'POST /x', '{key}', 'h', 200, {answer}, {resource}, 1)")
    };
    run(&db, &kept("a", "'{}'", "NULL"));
    run(&db, &kept("b", "NULL", "'/api/messages/1'"));
    for (answer, resource) in [("NULL", "NULL"), ("'{}'", "'/api/messages/1'")] {
        assert!(refusal(&db, &kept("c", answer, resource)).contains("CHECK"));
    }
}
