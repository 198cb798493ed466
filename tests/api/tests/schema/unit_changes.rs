//! Moving and closing a unit takes two people, whoever writes the rows; what
//! one has confirmed happens once.

use crate::refused::Refused;
use crate::world::{number, refusal, run, world};

/// A move of the eighth year into the seventh, proposed by 5.
const MOVE: &str = "INSERT INTO unit_changes (id, unit_id, from_parent, to_parent, proposed_by, proposed_at, mac) VALUES (1, 3, 1, 2, 5, 10, 'm')";
/// 6 confirms it.
const CONFIRM: &str = "UPDATE unit_changes SET confirmed_by = 6, confirmed_at = 11, mac = 'n' WHERE id = 1";

pub const UNITS: &[Refused] = &[
    // Nobody moves or closes one alone.
    ("UPDATE units SET parent_id = 2 WHERE id = 3", &["units_moved_by_two"]),
    (
        "INSERT INTO units (id, parent_id, kind, name, created_at) VALUES (80, 1, 'grade', 'x', 1); UPDATE units SET closed_at = 9 WHERE id = 80",
        &["units_closed_by_two"],
    ),
    (
        "INSERT INTO unit_changes (id, unit_id, from_parent, to_parent, proposed_by, proposed_at, mac) VALUES (1, 3, 1, 2, 5, 10, 'm');
         UPDATE units SET parent_id = 2 WHERE id = 3",
        &["units_moved_by_two"],
    ),
    // Where it was confirmed, there and nowhere else, and once.
    (
        "INSERT INTO units (id, parent_id, kind, name, created_at) VALUES (80, 1, 'grade', 'x', 1);
         INSERT INTO unit_changes (id, unit_id, from_parent, to_parent, proposed_by, proposed_at, mac) VALUES (1, 3, 1, 2, 5, 10, 'm');
         UPDATE unit_changes SET confirmed_by = 6, confirmed_at = 11, mac = 'n'; UPDATE units SET parent_id = 80 WHERE id = 3",
        &["units_moved_by_two"],
    ),
    (
        "INSERT INTO unit_changes (id, unit_id, from_parent, to_parent, proposed_by, proposed_at, mac) VALUES (1, 3, 1, 2, 5, 10, 'm');
         UPDATE unit_changes SET confirmed_by = 6, confirmed_at = 11, mac = 'n'; UPDATE units SET parent_id = 2 WHERE id = 3;
         INSERT INTO unit_changes (id, unit_id, from_parent, to_parent, proposed_by, proposed_at, mac) VALUES (2, 3, 2, 1, 5, 12, 'm');
         UPDATE unit_changes SET confirmed_by = 6, confirmed_at = 13, mac = 'n' WHERE id = 2; UPDATE units SET parent_id = 1 WHERE id = 3;
         UPDATE units SET parent_id = 2 WHERE id = 3",
        &["units_moved_by_two", "units_moved_once"],
    ),
    (
        "INSERT INTO units (id, parent_id, kind, name, created_at) VALUES (80, 1, 'grade', 'x', 1);
         INSERT INTO unit_changes (id, unit_id, from_parent, to_parent, proposed_by, proposed_at, mac) VALUES (1, 80, 1, NULL, 5, 10, 'm');
         UPDATE unit_changes SET confirmed_by = 6, confirmed_at = 11, mac = 'n'; UPDATE units SET closed_at = 11 WHERE id = 80;
         UPDATE units SET closed_at = NULL WHERE id = 80; UPDATE units SET closed_at = 12 WHERE id = 80",
        &["units_closed_by_two", "units_closed_once"],
    ),
    // Proposed by somebody who may, of an open unit, one at a time, never born confirmed, and not twice with the same facts.
    (
        "INSERT INTO unit_changes (unit_id, from_parent, to_parent, proposed_by, proposed_at, mac) VALUES (3, 1, 2, 1, 10, 'm')",
        &["unit_changes_proposed"],
    ),
    (
        "INSERT INTO unit_changes (unit_id, from_parent, to_parent, proposed_by, proposed_at, confirmed_by, confirmed_at, mac) VALUES (3, 1, 2, 5, 10, 6, 11, 'm')",
        &["unit_changes_proposed"],
    ),
    (
        "INSERT INTO unit_changes (unit_id, from_parent, to_parent, proposed_by, proposed_at, mac) VALUES (3, 1, 2, 5, 10, 'm'), (3, 1, NULL, 6, 11, 'm')",
        &["unit_changes_proposed"],
    ),
    (
        "INSERT INTO unit_changes (unit_id, from_parent, to_parent, proposed_by, proposed_at, mac) VALUES (3, 2, 1, 5, 10, 'm')",
        &["unit_changes_of_open_units"],
    ),
    (
        "INSERT INTO unit_changes (unit_id, from_parent, to_parent, proposed_by, proposed_at, mac) VALUES (3, 1, 2, 5, 10, 'm');
         UPDATE unit_changes SET declined_by = 6, declined_at = 11;
         INSERT INTO unit_changes (unit_id, from_parent, to_parent, proposed_by, proposed_at, mac) VALUES (3, 1, 2, 5, 10, 'm')",
        &["unit_changes_proposed"],
    ),
    // Confirmed by somebody else who may, once, under a new seal, while the unit lies where it lay.
    (
        "INSERT INTO unit_changes (id, unit_id, from_parent, to_parent, proposed_by, proposed_at, mac) VALUES (1, 3, 1, 2, 5, 10, 'm');
         UPDATE unit_changes SET confirmed_by = 5, confirmed_at = 11, mac = 'n'",
        &["unit_changes_confirmed"],
    ),
    (
        "INSERT INTO unit_changes (id, unit_id, from_parent, to_parent, proposed_by, proposed_at, mac) VALUES (1, 3, 1, 2, 5, 10, 'm');
         UPDATE unit_changes SET confirmed_by = 1, confirmed_at = 11, mac = 'n'",
        &["unit_changes_confirmed"],
    ),
    (
        "INSERT INTO unit_changes (id, unit_id, from_parent, to_parent, proposed_by, proposed_at, mac) VALUES (1, 3, 1, 2, 5, 10, 'm');
         UPDATE unit_changes SET confirmed_by = 6, confirmed_at = 11",
        &["unit_changes_confirmed"],
    ),
    (
        "INSERT INTO unit_changes (id, unit_id, from_parent, to_parent, proposed_by, proposed_at, mac) VALUES (1, 3, 1, 2, 5, 10, 'm');
         UPDATE unit_changes SET declined_by = 6, declined_at = 11; UPDATE unit_changes SET confirmed_by = 6, confirmed_at = 11, mac = 'n'",
        &["unit_changes_confirmed"],
    ),
    (
        "INSERT INTO units (id, parent_id, kind, name, created_at) VALUES (80, 1, 'grade', 'x', 1);
         INSERT INTO unit_changes (id, unit_id, from_parent, to_parent, proposed_by, proposed_at, mac) VALUES (1, 80, 1, NULL, 5, 10, 'm');
         UPDATE unit_changes SET confirmed_by = 6, confirmed_at = 11, mac = 'n'; UPDATE units SET closed_at = 11 WHERE id = 80;
         INSERT INTO unit_changes (id, unit_id, from_parent, to_parent, proposed_by, proposed_at, mac) VALUES (2, 80, 1, 2, 5, 12, 'm')",
        &["unit_changes_of_open_units"],
    ),
    (
        "INSERT INTO unit_changes (id, unit_id, from_parent, to_parent, proposed_by, proposed_at, mac) VALUES (1, 3, 1, 2, 5, 10, 'm');
         DROP TRIGGER units_moved_by_two; UPDATE units SET parent_id = 2 WHERE id = 3;
         UPDATE unit_changes SET confirmed_by = 6, confirmed_at = 11, mac = 'n'",
        &["unit_changes_in_place"],
    ),
    // What was proposed stays.
    (
        "INSERT INTO unit_changes (id, unit_id, from_parent, to_parent, proposed_by, proposed_at, mac) VALUES (1, 3, 1, 2, 5, 10, 'm');
         UPDATE unit_changes SET to_parent = NULL",
        &["unit_changes_fixed"],
    ),
    (
        "INSERT INTO unit_changes (id, unit_id, from_parent, to_parent, proposed_by, proposed_at, mac) VALUES (1, 3, 1, 2, 5, 10, 'm');
         UPDATE unit_changes SET mac = 'n'",
        &["unit_changes_fixed"],
    ),
    (
        "INSERT INTO unit_changes (id, unit_id, from_parent, to_parent, proposed_by, proposed_at, mac) VALUES (1, 3, 1, 2, 5, 10, 'm');
         UPDATE unit_changes SET done = 1",
        &["unit_changes_fixed"],
    ),
    (
        "INSERT INTO unit_changes (id, unit_id, from_parent, to_parent, proposed_by, proposed_at, mac) VALUES (1, 3, 1, 2, 5, 10, 'm');
         UPDATE unit_changes SET declined_by = 6, declined_at = 11; UPDATE unit_changes SET declined_by = NULL, declined_at = NULL",
        &["unit_changes_fixed"],
    ),
    (
        "INSERT INTO unit_changes (id, unit_id, from_parent, to_parent, proposed_by, proposed_at, mac) VALUES (1, 3, 1, 2, 5, 10, 'm');
         DELETE FROM unit_changes",
        &["unit_changes_no_delete"],
    ),
    // A post does not begin, and is not confirmed, on a day that is past.
    (
        "INSERT INTO audit VALUES (4, 9000000, 1, 'a', 's', 1, '{}');
         INSERT INTO appointments (staff_id, post, unit_id, since, given_by, mac) VALUES (1, 'principal', 1, 8000000, 5, 'm')",
        &["appointments_not_dated_back"],
    ),
    (
        "INSERT INTO appointments (id, staff_id, post, unit_id, since, given_by, mac) VALUES (90, 1, 'principal', 1, 8000000, 5, 'm');
         INSERT INTO audit VALUES (4, 9000000, 1, 'a', 's', 1, '{}');
         UPDATE appointments SET confirmed_by = 6, confirmed_at = 8000000, mac = 'n' WHERE id = 90",
        &["confirmations_not_dated_back"],
    ),
];

/// A unit moves with two people, and once.
#[test]
fn two_people_move_a_unit_and_then_it_is_done() {
    let db = world();
    run(&db, &format!("{MOVE}; {CONFIRM}; UPDATE units SET parent_id = 2 WHERE id = 3"));
    assert_eq!(number(&db, "SELECT done FROM unit_changes"), 1);
    assert_eq!(number(&db, "SELECT COUNT(*) FROM unit_tree WHERE unit_id = 3 AND ancestor_id = 2"), 1);
    assert_eq!(refusal(&db, "UPDATE units SET parent_id = 1 WHERE id = 3"), "unit_takes_two");
}

/// A custodian named ahead does not answer for the account before the day.
#[test]
fn g2_who_answers_from_a_later_day_does_not_do_so_today() {
    let db = world();
    let held = "SELECT COUNT(*) FROM messages m WHERE m.id = 4 AND NOT EXISTS (
        SELECT 1 FROM message_custodians c WHERE c.message_id = m.id AND c.since <= 12)";
    assert_eq!(number(&db, held), 0);
    run(
        &db,
        "UPDATE appointments SET until = 11, mac = mac || 'e' WHERE id = -2;
         INSERT INTO appointments (id, staff_id, post, unit_id, since, given_by, mac) VALUES (91, 3, 'custodian', 2, 50, 5, 'm');
         UPDATE appointments SET confirmed_by = 6, confirmed_at = 11, mac = 'n' WHERE id = 91",
    );
    assert_eq!(number(&db, held), 1);
    assert_eq!(number(&db, &held.replace("<= 12", "<= 50")), 0);
}
