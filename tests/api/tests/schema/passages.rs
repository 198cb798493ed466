//! What was wrong where, of a decision that returns: what raw SQL cannot do with it, each refusal seen to
//! come from its trigger.

use rusqlite::Connection;

use crate::refused::Refused;
use crate::world::{decision, draft, number, refusal, run, submit, world};

/// The world with message 6, returned with a reason to its title, and message 2, whose decision returns it and which is
/// just being returned.
fn returned() -> Connection {
    let db = world();
    draft(&db, 6);
    submit(&db, 6);
    for id in [2, 6] {
        run(&db, &decision(id, 0, 3, "office_director", "return"));
    }
    run(
        &db,
        "INSERT INTO return_passages VALUES (6, 1, 0, 0, 'title', 0, 1, '写明'); UPDATE messages SET state = 'returned' WHERE id = 6",
    );
    db
}

const PASSAGES: &[Refused] = &[
    // In the version that was read, with a reason, before it is returned, under a decision that returns it.
    ("INSERT INTO return_passages VALUES (2, 1, 0, 0, 'title', 0, 2, '理由')", &["return_passages_fit"]),
    ("INSERT INTO return_passages VALUES (2, 1, 0, 0, 'body', 1, 1, '理由')", &["return_passages_fit"]),
    ("INSERT INTO return_passages VALUES (2, 1, 0, 0, 'body', -1, 1, '理由')", &["return_passages_fit"]),
    ("INSERT INTO return_passages VALUES (2, 1, 0, 0, 'body', 0, 0, '理由')", &["return_passages_fit"]),
    ("INSERT INTO return_passages VALUES (2, 1, 0, 0, 'sender', 0, 1, '理由')", &["return_passages_fit"]),
    ("INSERT INTO return_passages VALUES (2, 1, 0, 0, 'body', 0, 1, ' ')", &["return_passages_fit"]),
    ("INSERT INTO return_passages VALUES (6, 1, 0, 1, 'body', 0, 1, '理由')", &["return_passages_fit"]),
    (
        "INSERT OR REPLACE INTO return_passages VALUES (6, 1, 0, 0, 'title', 0, 1, '同意')",
        &["return_passages_fit"],
    ),
    ("UPDATE return_passages SET reason = '同意'", &["return_passages_no_update"]),
    ("DELETE FROM return_passages", &["return_passages_no_delete"]),
];

/// Triggers that are tried here.
pub fn tries(trigger: &str) -> bool {
    PASSAGES.iter().any(|(_, triggers)| triggers.contains(&trigger))
}

#[test]
fn what_raw_sql_cannot_do_with_passages() {
    for (sql, triggers) in PASSAGES {
        let db = returned();
        for keys in ["ON", "OFF"] {
            run(&db, &format!("PRAGMA foreign_keys = {keys}"));
            let name = refusal(&db, sql);
            assert!(
                ["passage_refused", "decisions_stay", "retention_only"].contains(&name.as_str()),
                "{name}: {sql}"
            );
        }
        for trigger in *triggers {
            run(&db, &format!("DROP TRIGGER {trigger}"));
        }
        db.execute_batch(sql).unwrap_or_else(|e| panic!("not because of {triggers:?}: {e}: {sql}"));
    }
}

/// An approval has none, and a return takes them until the message is returned by it.
#[test]
fn only_a_return_has_passages() {
    let db = returned();
    run(&db, "INSERT INTO return_passages VALUES (2, 1, 0, 0, 'body', 0, 1, '理由')");
    let of_an_approval = "INSERT INTO return_passages VALUES (4, 1, 0, 0, 'body', 0, 1, '理由')";
    assert_eq!(refusal(&db, of_an_approval), "passage_refused");
}

/// In a retention run they go before their decision, once nothing is under way.
#[test]
fn passages_go_in_a_run_alone() {
    let db = returned();
    run(
        &db,
        "INSERT INTO audit VALUES (4, 3, 3, 'retention.started', 'retention_run', 2, '{}'); INSERT INTO retention_runs VALUES (2, 3, NULL, 3, '期满', 4)",
    );
    run(&db, "DELETE FROM return_passages WHERE message_id = 6");
    run(&db, "INSERT INTO return_passages VALUES (2, 1, 0, 0, 'body', 0, 1, '理由')");
    assert_eq!(refusal(&db, "DELETE FROM return_passages WHERE message_id = 2"), "retention_only");
    assert_eq!(number(&db, "SELECT COUNT(*) FROM return_passages"), 1);
}
