//! G58: rows are deleted in a retention run only, which is on record before it begins.

use rusqlite::Connection;

use crate::world::{number, refusal, run, world};

/// Opens run 2 as the Worker does: the entry and the run in one batch.
fn open(db: &Connection) {
    run(
        db,
        "BEGIN;
         INSERT INTO audit VALUES (4, 3, 3, 'retention.started', 'retention_run', 2, '{}');
         INSERT INTO retention_runs VALUES (2, 3, NULL, 3, '毕业满一年', 4);
         COMMIT",
    );
}

/// All tables that keep their rows, in an order that foreign keys allow.
const KEPT: &[&str] = &[
    "templates",
    "former_names",
    "departures",
    "disputes",
    "answers",
    "replies",
    "attempt_parts",
    "attempts",
    "deliveries",
    "batches",
    "message_streams",
    "rounds",
    "filings",
    "reminders",
    "registrations",
    "decisions",
    "recipients",
    "message_steps",
    "message_versions",
    "messages",
    "phone_changes",
    "guardians",
    "students",
    "delegations",
    "appointments",
    "activations",
    "staff",
    "phones",
];

#[test]
fn outside_a_run_nothing_goes() {
    let db = world();
    for table in KEPT {
        assert_eq!(refusal(&db, &format!("DELETE FROM {table}")), "retention_only", "{table}");
    }
}

/// In a run everything of what has ended can go, and people and numbers with it.
#[test]
fn in_a_run_what_has_ended_goes() {
    let db = world();
    open(&db);
    run(
        &db,
        "UPDATE batches SET state = 'settled' WHERE message_id = 1;
         UPDATE message_streams SET state = 'settled' WHERE message_id = 1; UPDATE messages SET state = 'sent' WHERE id = 1;
         UPDATE messages SET state = 'cancelled' WHERE id = 4; UPDATE messages SET state = 'withdrawn' WHERE id IN (2, 3);
         UPDATE message_streams SET state = 'numbered', seq = 5, number = 5 WHERE message_id = 5;
         UPDATE message_streams SET state = 'settled' WHERE message_id = 5; UPDATE messages SET state = 'sent' WHERE id = 5",
    );
    for table in KEPT {
        run(&db, &format!("DELETE FROM {table}"));
        assert_eq!(number(&db, &format!("SELECT COUNT(*) FROM {table}")), 0, "{table}");
    }
    run(&db, "UPDATE retention_runs SET ended_at = 4 WHERE id = 2");
    // The ids of those who are gone are not given to others, since the log names them.
    run(&db, "INSERT INTO staff (number, name, created_at) VALUES ('T1', '新', 5)");
    assert_eq!(number(&db, "SELECT id FROM staff"), 7);
    assert_eq!(number(&db, "SELECT COUNT(*) FROM audit"), 4, "the log stays");
    assert_eq!(number(&db, "SELECT COUNT(*) FROM retention_runs"), 2);
}

/// What is still on its way keeps its chain and its list, also in a run.
#[test]
fn in_a_run_nothing_under_way_goes() {
    let db = world();
    open(&db);
    for id in [1, 2, 4, 5] {
        for table in ["decisions", "recipients", "message_steps", "message_versions"] {
            if table == "decisions" && id == 2 {
                continue;
            }
            assert_eq!(
                refusal(&db, &format!("DELETE FROM {table} WHERE message_id = {id}")),
                "retention_only",
                "{table} {id}"
            );
        }
        run(&db, "PRAGMA foreign_keys = OFF");
        assert_eq!(refusal(&db, &format!("DELETE FROM messages WHERE id = {id}")), "retention_only");
        run(&db, "PRAGMA foreign_keys = ON");
    }
    for table in ["registrations", "filings"] {
        assert_eq!(refusal(&db, &format!("DELETE FROM {table} WHERE message_id = 1")), "retention_only");
    }
}

#[test]
fn what_never_goes() {
    let db = world();
    open(&db);
    run(&db, "PRAGMA foreign_keys = OFF");
    for (table, name) in [
        ("audit", "audit_append_only"),
        ("audit_seals", "audit_append_only"),
        ("retention_runs", "retention_runs_stay"),
        ("procedures", "procedures_stay"),
        ("register_counters", "register_fixed"),
        ("units", "units_stay"),
        ("classes", "classes_stay"),
        ("streams", "streams_stay"),
    ] {
        assert_eq!(refusal(&db, &format!("DELETE FROM {table}")), name, "{table}");
    }
}

/// One run at a time, each with an entry of its own that is the newest, and none is opened again.
#[test]
fn runs_are_recorded() {
    let db = world();
    open(&db);
    let third = "INSERT INTO audit VALUES (5, 3, 3, 'retention.started', 'retention_run', 3, '{}');
        INSERT INTO retention_runs VALUES (3, 3, NULL, 3, '', 5)";
    assert_eq!(refusal(&db, third), "retention_unrecorded", "one at a time");
    run(&db, "UPDATE retention_runs SET ended_at = 4 WHERE id = 2");
    assert_eq!(refusal(&db, "DELETE FROM phones WHERE id = 5"), "retention_only");
    assert_eq!(refusal(&db, "UPDATE retention_runs SET ended_at = NULL WHERE id = 2"), "retention_runs_stay");
    // Something else was written since.
    let late = "INSERT INTO audit VALUES (5, 3, 3, 'retention.started', 'retention_run', 3, '{}'), (6, 3, 3, 'a', 's', 1, '{}');
        INSERT INTO retention_runs VALUES (3, 3, NULL, 3, '', 5)";
    assert_eq!(refusal(&db, late), "retention_unrecorded");
    run(&db, third);
}
