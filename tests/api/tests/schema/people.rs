//! People as they were and as they go: names keep their moment, nobody leaves
//! and no number changes unrecorded, and nothing goes in a post that has ended.

use rusqlite::Connection;

use crate::refused::Refused;
use crate::world::{number, refusal, run, world};

pub const PEOPLE: &[Refused] = &[
    // A name changes with the time of its change, and leaves what it was behind.
    ("UPDATE staff SET name = 'x' WHERE id = 1", &["staff_named", "staff_were_named"]),
    ("UPDATE staff SET named_at = 5 WHERE id = 1", &["staff_named"]),
    ("UPDATE staff SET name = 'x', named_at = NULL WHERE id = 2", &["staff_named", "staff_were_named"]),
    ("UPDATE students SET name = 'x' WHERE id = 1", &["students_named", "students_were_named"]),
    ("UPDATE students SET class_id = 2 WHERE id = 1", &["students_named", "students_were_named"]),
    ("UPDATE guardians SET name = 'x' WHERE id = 1", &["guardians_named", "guardians_were_named"]),
    ("UPDATE guardians SET relation = 'x' WHERE id = 1", &["guardians_named", "guardians_were_named"]),
    // Not a second change at the time of the first, nor one dated back.
    (
        "UPDATE guardians SET name = 'x', named_at = 5 WHERE id = 2",
        &["guardians_named", "guardians_were_named"],
    ),
    (
        "INSERT INTO audit VALUES (4, 9000000, 1, 'a', 's', 1, '{}'); UPDATE staff SET name = 'x', named_at = 8000000 WHERE id = 1",
        &["staff_named"],
    ),
    ("UPDATE classes SET name = 'x' WHERE id = 1", &["classes_named", "classes_were_named"]),
    ("UPDATE classes SET unit_id = 3 WHERE id = 1", &["classes_named", "classes_were_named"]),
    ("UPDATE units SET name = 'x' WHERE id = 2", &["units_named", "units_were_named"]),
    // Nothing is put between.
    (
        "INSERT INTO former_names (kind, subject, until, name) VALUES ('staff', 1, 4, 'x')",
        &["former_names_of_a_change"],
    ),
    (
        "INSERT INTO former_names (kind, subject, until, name) VALUES ('guardian', 2, 4, 'x')",
        &["former_names_of_a_change"],
    ),
    (
        "INSERT OR REPLACE INTO former_names (kind, subject, until, name) VALUES ('guardian', 2, 5, 'x')",
        &["former_names_of_a_change"],
    ),
    ("UPDATE former_names SET name = 'x'", &["former_names_no_update"]),
    ("DELETE FROM former_names", &["former_names_no_delete"]),
    // Nobody leaves, and nobody comes back, unrecorded.
    ("UPDATE staff SET left_at = 9 WHERE id = 2", &["staff_leave_on_record"]),
    ("UPDATE students SET left_at = 9 WHERE id = 1", &["students_leave_on_record"]),
    ("UPDATE guardians SET left_at = 9 WHERE id = 1", &["guardians_leave_on_record"]),
    (
        "INSERT INTO departures (kind, person, left_at, reason, by) VALUES ('guardian', 1, 8, 'custody', 1);
         UPDATE guardians SET left_at = 9 WHERE id = 1",
        &["guardians_leave_on_record"],
    ),
    (
        "INSERT INTO departures (kind, person, left_at, reason, by) VALUES ('staff', 2, 9, 'retired', 1);
         UPDATE staff SET left_at = 9 WHERE id = 2; UPDATE staff SET left_at = NULL WHERE id = 2",
        &["staff_leave_on_record"],
    ),
    (
        "INSERT INTO departures (kind, person, left_at, reason, by) VALUES ('dog', 1, 9, 'custody', 1)",
        &["departures_kind"],
    ),
    (
        "INSERT INTO departures (kind, person, left_at, reason, by) VALUES ('staff', 1, 9, 'bored', 1)",
        &["departures_kind"],
    ),
    (
        "INSERT INTO departures (kind, person, left_at, reason, by, returned_at, returned_by) VALUES ('staff', 1, 9, 'retired', 1, 9, 1)",
        &["departures_append"],
    ),
    (
        "INSERT INTO departures (kind, person, left_at, reason, by) VALUES ('staff', 1, 9, 'retired', 1), ('staff', 1, 9, 'retired', 1)",
        &["departures_append"],
    ),
    (
        "INSERT OR REPLACE INTO departures (id, kind, person, left_at, reason, by) VALUES (1, 'staff', 1, 9, 'retired', 1)",
        &["departures_append"],
    ),
    ("UPDATE departures SET reason = 'retired'", &["departures_return_once"]),
    ("DELETE FROM departures", &["departures_no_delete"]),
    // A number changes with its record alone.
    ("UPDATE guardians SET phone_id = 4 WHERE id = 1", &["guardians_number_on_record"]),
    ("UPDATE staff SET phone_id = 4 WHERE id = 1", &["staff_number_on_record"]),
    // The record of another change, of another person, and one that was followed by a further one.
    (
        "INSERT INTO phone_changes (kind, person, from_phone, to_phone, at, by) VALUES ('guardian', 1, 1, 5, 13, 1);
         UPDATE guardians SET phone_id = 4 WHERE id = 1",
        &["guardians_number_on_record"],
    ),
    (
        "INSERT INTO phone_changes (kind, person, from_phone, to_phone, at, by) VALUES ('guardian', 2, 1, 4, 13, 1), ('staff', 1, 1, 4, 13, 1);
         UPDATE guardians SET phone_id = 4 WHERE id = 1",
        &["guardians_number_on_record"],
    ),
    (
        "INSERT INTO phone_changes (kind, person, from_phone, to_phone, at, by) VALUES ('guardian', 1, 1, 4, 13, 1), ('guardian', 1, 1, 5, 14, 1);
         UPDATE guardians SET phone_id = 4 WHERE id = 1",
        &["guardians_number_on_record"],
    ),
    // Only who got an SMS says that the number is wrong.
    (
        "INSERT INTO disputes (phone_id, kind, person, message_id, at) VALUES (2, 'guardian', 2, 1, 9)",
        &["disputes_by_recipients"],
    ),
    (
        "INSERT INTO disputes (phone_id, kind, person, message_id, at) VALUES (1, 'staff', 1, 1, 9)",
        &["disputes_by_recipients"],
    ),
    (
        "INSERT OR REPLACE INTO disputes (id, phone_id, kind, person, message_id, at) VALUES (1, 1, 'guardian', 1, 1, 9)",
        &["disputes_by_recipients"],
    ),
    ("UPDATE disputes SET phone_id = 2", &["disputes_settle_once"]),
    ("UPDATE disputes SET settled_at = 9, settled_by = 1, outcome = 'forgotten'", &["disputes_settle_once"]),
    ("DELETE FROM disputes", &["disputes_no_delete"]),
    // A message goes in the post of its author.
    (
        "INSERT INTO registrations SELECT id, version, 2, 1970, '07-' || id, NULL, NULL, NULL, '', '', 3, 3, 'd', 11, 'm' FROM messages WHERE id = 4;
         UPDATE appointments SET mac = mac || 'e', until = 11 WHERE id = 1; UPDATE messages SET state = 'sending', released_at = 12 WHERE id = 4",
        &["messages_in_a_post"],
    ),
    (
        "INSERT INTO registrations SELECT id, version, 2, 1970, '07-' || id, NULL, NULL, NULL, '', '', 3, 3, 'd', 11, 'm' FROM messages WHERE id = 4;
         INSERT INTO departures (kind, person, left_at, reason, by) VALUES ('staff', 1, 11, 'retired', 3);
         UPDATE staff SET left_at = 11 WHERE id = 1; UPDATE messages SET state = 'sending', released_at = 12 WHERE id = 4",
        &["messages_in_a_post"],
    ),
    // Nor does it go while nobody answers for the account of the unit that sends.
    (
        "INSERT INTO registrations SELECT id, version, 2, 1970, '07-12', NULL, NULL, NULL, '', '', 3, 3, 'd', 11, 'm' FROM messages WHERE id = 4;
         UPDATE appointments SET until = 11, mac = mac || 'e' WHERE id = -2; UPDATE messages SET state = 'sending', released_at = 12 WHERE id = 4",
        &["messages_with_custodian"],
    ),
    // A unit is closed once nothing is in it: no post, no message, and never the school.
    (
        "UPDATE units SET closed_at = 9 WHERE id = 3",
        &["units_close_empty", "units_closed_by_two"],
    ),
    (
        "UPDATE units SET closed_at = 9 WHERE id = 1",
        &["units_close_empty", "units_closed_by_two"],
    ),
    (
        "UPDATE appointments SET until = 9, mac = mac || 'e' WHERE unit_id = 2 AND until IS NULL; UPDATE classes SET archived_at = 9 WHERE unit_id = 2;
         UPDATE units SET closed_at = 9 WHERE id = 2",
        &["units_close_empty", "units_closed_by_two"],
    ),
    // And nothing comes into one that is closed.
    (
        "INSERT INTO units (id, parent_id, kind, name, created_at, closed_at) VALUES (80, 1, 'grade', 'x', 1, 2);
         INSERT INTO units (parent_id, kind, name, created_at) VALUES (80, 'grade', 'y', 1)",
        &["units_in_an_open_unit"],
    ),
    (
        "INSERT INTO units (id, parent_id, kind, name, created_at, closed_at) VALUES (80, 1, 'grade', 'x', 1, 2);
         UPDATE units SET parent_id = 80 WHERE id = 3",
        &["units_move_to_an_open_unit", "units_moved_by_two"],
    ),
    (
        "INSERT INTO units (id, parent_id, kind, name, created_at, closed_at) VALUES (80, 1, 'grade', 'x', 1, 2);
         INSERT INTO classes (unit_id, name, created_at) VALUES (80, 'y', 1)",
        &["classes_in_an_open_unit"],
    ),
    (
        "INSERT INTO units (id, parent_id, kind, name, created_at, closed_at) VALUES (80, 1, 'grade', 'x', 1, 2);
         UPDATE classes SET unit_id = 80, named_at = 9 WHERE id = 1",
        &["classes_stay_in_open_units"],
    ),
    (
        "INSERT INTO units (id, parent_id, kind, name, created_at, closed_at) VALUES (80, 1, 'grade', 'x', 1, 2);
         INSERT INTO appointments (staff_id, post, unit_id, since, given_by, mac) VALUES (1, 'principal', 80, 1, 5, '')",
        &["appointments_in_an_open_unit"],
    ),
];

fn name_at(db: &Connection, at: i64) -> String {
    let sql = "SELECT COALESCE((SELECT f.name FROM former_names f WHERE f.kind = 'staff' AND f.subject = t.id AND f.until > ?1
                 ORDER BY f.until LIMIT 1), t.name) FROM staff t WHERE t.id = 1";
    db.query_row(sql, [at], |row| row.get(0)).expect("a name")
}

/// Each moment has the name that was held then.
#[test]
fn names_keep_their_moment() {
    let db = world();
    run(&db, "UPDATE staff SET name = '乙乙', named_at = 20 WHERE id = 1");
    run(&db, "UPDATE staff SET name = '丙丙', named_at = 30 WHERE id = 1");
    assert_eq!(
        [10, 19, 20, 29, 30, 99].map(|at| name_at(&db, at)),
        ["甲", "甲", "乙乙", "乙乙", "丙丙", "丙丙"]
    );
    // A class's children take the class's name with them when they move.
    run(&db, "UPDATE students SET class_id = 2, named_at = 20 WHERE id = 1");
    assert_eq!(number(&db, "SELECT place FROM former_names WHERE kind = 'student' AND subject = 1"), 1);
    // Nothing is written where nothing changes.
    run(&db, "UPDATE staff SET name = name, phone_id = phone_id WHERE id = 2");
    assert_eq!(number(&db, "SELECT COUNT(*) FROM former_names WHERE kind = 'staff' AND subject = 2"), 0);
}

/// On record, somebody leaves, comes back, and leaves again.
#[test]
fn people_leave_and_come_back_on_record() {
    let db = world();
    for at in [20, 40] {
        run(
            &db,
            &format!(
                "INSERT INTO departures (kind, person, left_at, reason, by) VALUES ('staff', 2, {at}, 'retired', 3);
                 UPDATE staff SET left_at = {at} WHERE id = 2"
            ),
        );
        assert_eq!(refusal(&db, "UPDATE staff SET left_at = NULL WHERE id = 2"), "departure_unrecorded");
        run(
            &db,
            "UPDATE departures SET returned_at = 30, returned_by = 3 WHERE person = 2 AND kind = 'staff' AND returned_at IS NULL;
             UPDATE staff SET left_at = NULL WHERE id = 2",
        );
    }
}

/// A number goes there and back, each time by its record.
#[test]
fn a_number_changes_on_record() {
    let db = world();
    for (from, to) in [(1, 4), (4, 1), (1, 4)] {
        run(
            &db,
            &format!(
                "INSERT INTO phone_changes (kind, person, from_phone, to_phone, at, by) VALUES ('guardian', 1, {from}, {to}, 13, 1);
                 UPDATE guardians SET phone_id = {to} WHERE id = 1"
            ),
        );
    }
    assert_eq!(refusal(&db, "UPDATE guardians SET phone_id = 1 WHERE id = 1"), "number_unrecorded");
}

/// One open question for each person and phone; once it is settled the next one may come.
#[test]
fn a_dispute_is_open_once() {
    let db = world();
    let again =
        "INSERT INTO disputes (phone_id, kind, person, message_id, at) VALUES (1, 'guardian', 1, 1, 9)";
    assert!(refusal(&db, again).contains("UNIQUE"));
    run(&db, "UPDATE disputes SET settled_at = 9, settled_by = 3, outcome = 'kept'");
    assert_eq!(
        refusal(&db, "UPDATE disputes SET settled_at = NULL, settled_by = NULL, outcome = NULL"),
        "disputes_stay"
    );
    run(&db, again);
}
