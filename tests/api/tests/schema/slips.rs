//! Activation slips: what raw SQL tries on them, and a world in which it can.

use rusqlite::Connection;

use crate::refused::Refused;
use crate::world::{number, refusal, run, world};

/// Staff 4 is active, 5 administers. Slip 1 is the first one of staff 1; 2 is for staff 4, ordered by 1, and waits.
pub fn add(db: &Connection) {
    run(
        db,
        "UPDATE staff SET password = 'p', password_at = 1 WHERE id = 4;
         INSERT INTO activations (id, staff_id, is_reset, code_index, mac, ordered_by, created_at, expires_at) VALUES
           (1, 1, 0, 'c1', 'm', 0, 1, 100), (2, 4, 1, NULL, NULL, 1, 1, 100)",
    );
}

/// See [`crate::refused`].
pub const SLIPS: &[Refused] = &[
    // One person alone opens no account that is active.
    (
        "INSERT INTO activations (staff_id, is_reset, code_index, mac, ordered_by, created_at, expires_at) VALUES (4, 1, 'x', 'm', 3, 1, 9)",
        &["activations_born"],
    ),
    (
        "INSERT INTO activations (staff_id, is_reset, code_index, mac, ordered_by, created_at, expires_at) VALUES (4, 0, 'x', 'm', 3, 1, 9)",
        &["activations_born"],
    ),
    (
        "INSERT INTO activations (staff_id, is_reset, ordered_by, created_at, confirmed_by, confirmed_at, expires_at) VALUES (4, 1, 3, 1, 5, 1, 9)",
        &["activations_born"],
    ),
    (
        "INSERT INTO activations (staff_id, is_reset, code_index, ordered_by, created_at, expires_at, used_at) VALUES (1, 0, 'x', 3, 1, 9, 2)",
        &["activations_born"],
    ),
    (
        "INSERT OR REPLACE INTO activations (id, staff_id, is_reset, code_index, mac, ordered_by, created_at, expires_at) VALUES (1, 2, 0, 'x', 'm', 3, 1, 9)",
        &["activations_born"],
    ),
    (
        "INSERT OR REPLACE INTO activations (id, staff_id, is_reset, code_index, mac, ordered_by, created_at, expires_at) VALUES (9, 2, 0, 'c1', 'm', 3, 1, 9)",
        &["activations_born"],
    ),
    // The second person is neither who ordered it nor its owner, and manages accounts, in time.
    (
        "UPDATE activations SET code_index = 'x', mac = 'm', confirmed_by = 1, confirmed_at = 2 WHERE id = 2",
        &["activations_second_person"],
    ),
    (
        "UPDATE activations SET code_index = 'x', mac = 'm', confirmed_by = 4, confirmed_at = 2 WHERE id = 2",
        &["activations_second_person"],
    ),
    (
        "UPDATE activations SET code_index = 'x', mac = 'm', confirmed_by = 2, confirmed_at = 2 WHERE id = 2",
        &["activations_second_person"],
    ),
    (
        "UPDATE activations SET code_index = 'x', mac = 'm', confirmed_by = 5, confirmed_at = 100 WHERE id = 2",
        &["activations_second_person"],
    ),
    ("UPDATE activations SET code_index = 'x', mac = 'm' WHERE id = 2", &["activations_second_person"]),
    // What a slip was stays.
    ("UPDATE activations SET staff_id = 2 WHERE id = 1", &["activations_fixed"]),
    ("UPDATE activations SET ordered_by = 5 WHERE id = 2", &["activations_fixed"]),
    ("UPDATE activations SET is_reset = 0 WHERE id = 2", &["activations_fixed"]),
    ("UPDATE activations SET code_index = 'x' WHERE id = 1", &["activations_fixed"]),
    ("UPDATE activations SET expires_at = 101 WHERE id = 1", &["activations_fixed"]),
    ("UPDATE activations SET expires_at = 101 WHERE id = 2", &["activations_fixed"]),
    ("UPDATE activations SET used_at = 5 WHERE id = 2", &["activations_fixed"]),
    (
        "UPDATE activations SET used_at = 5 WHERE id = 1; UPDATE activations SET used_at = NULL WHERE id = 1",
        &["activations_fixed"],
    ),
    ("DELETE FROM activations WHERE id = 1", &["activations_no_delete"]),
    // For three days after a reset its account does not decide on what those two wrote.
    (
        "UPDATE appointments SET mac = mac || 'e', until = 4 WHERE id = 2;
         INSERT INTO decisions SELECT id, version, 0, 3, 3, 'office_director', 'approve', digest, '', 5, '' FROM messages WHERE id = 2;
         UPDATE activations SET code_index = 'x', mac = 'm', confirmed_by = 5, confirmed_at = 6 WHERE id = 2;
         UPDATE activations SET used_at = 7 WHERE id = 2;
         INSERT INTO decisions SELECT id, version, 1, 4, 4, 'principal', 'approve', digest, '', 10, '' FROM messages WHERE id = 2",
        &["decisions_after_reset"],
    ),
];

/// What the Worker does goes through: two people, used once, answered by its owner.
#[test]
fn a_slip_goes_its_way() {
    let db = world();
    run(
        &db,
        "UPDATE activations SET code_index = 'x', mac = 'm', confirmed_by = 5, confirmed_at = 6, expires_at = 106 WHERE id = 2",
    );
    assert_eq!(refusal(&db, "UPDATE activations SET confirmed_by = 3 WHERE id = 2"), "slips_stay");
    run(&db, "UPDATE activations SET used_at = 7 WHERE id = 2");
    run(
        &db,
        "UPDATE activations SET acknowledged_at = 8 WHERE id = 2; UPDATE activations SET reported_at = 9 WHERE id = 2",
    );
    run(&db, "UPDATE activations SET expires_at = 2 WHERE id = 1");
    assert_eq!(number(&db, "SELECT COUNT(*) FROM activations"), 2);
}
