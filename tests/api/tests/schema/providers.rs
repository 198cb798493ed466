//! What comes from a provider by itself: each trigger with it and without it.

use crate::world::{call, number, run, world};

/// A receipt that came before the id was known is taken up with it; without the trigger it is lost.
#[test]
fn an_early_receipt_is_taken_up_with_its_id() {
    for with in [true, false] {
        let db = world();
        call(&db, 4);
        run(&db, "INSERT INTO early_receipts VALUES ('sandbox', 'p9', 1, 'delivered', NULL, 9)");
        if !with {
            run(&db, "DROP TRIGGER parts_take_early");
        }
        run(&db, "INSERT INTO attempt_parts VALUES ('r4', 1, 'sandbox', 'p9', 'accepted')");
        let told =
            "SELECT COUNT(*) FROM deliveries WHERE message_id = 4 AND phone_id = 1 AND state = 'delivered'";
        assert_eq!(number(&db, told), i64::from(with));
        assert_eq!(number(&db, "SELECT COUNT(*) FROM early_receipts"), i64::from(!with));
    }
}

/// A reply that is told again is the same one, and what it said stays.
#[test]
fn a_reply_that_is_told_again_changes_nothing() {
    let db = world();
    run(&db, "INSERT INTO replies VALUES ('k2', 1, NULL, NULL, 'TD', 1, 5)");
    run(&db, "INSERT OR REPLACE INTO replies VALUES ('k2', 1, NULL, NULL, '收到', 0, 6)");
    assert_eq!(number(&db, "SELECT opts_out FROM replies WHERE key = 'k2'"), 1);
    run(
        &db,
        "DROP TRIGGER replies_no_replace; INSERT OR REPLACE INTO replies VALUES ('k2', 1, NULL, NULL, '收到', 0, 6)",
    );
    assert_eq!(number(&db, "SELECT opts_out FROM replies WHERE key = 'k2'"), 0);
}
