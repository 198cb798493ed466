//! Applications, release orders, comments and chases: what raw SQL cannot do, each refusal seen to come
//! from its trigger, in a school with a department that sends.

use rusqlite::Connection;

use crate::refused::Refused;
use crate::world::{SUBMITTED, approve, draft, number, refusal, run, submit, version, world};

/// The world with a department: staff 1 is designated sender of unit 2 by appointment 20, staff 4 by 21.
/// Message 7 is approved, 8 registered, 9 ordered, 10 a draft without application. The filing of 1 was chased.
fn department() -> Connection {
    let db = world();
    run(
        &db,
        "INSERT INTO appointments (id, staff_id, post, unit_id, since, given_by, mac) VALUES
           (20, 1, 'designated_sender', 2, 1, 5, ''), (21, 4, 'designated_sender', 2, 1, 5, ''), (22, 4, 'office_clerk', 1, 1, 5, '');
         UPDATE appointments SET confirmed_by = 6, confirmed_at = 0, mac = 'm' WHERE id IN (20, 21, 22)",
    );
    for id in [7, 8, 9, 10] {
        draft(&db, id);
        run(&db, &format!("UPDATE messages SET appointment_id = 20 WHERE id = {id}"));
    }
    for id in [7, 8, 9] {
        run(&db, &format!("INSERT INTO applications VALUES ({id}, 1, '需求', '内容', '对象', '甲', 5, 100)"));
        submit(&db, id);
        approve(&db, id);
    }
    for id in [8, 9] {
        crate::world::register(&db, id);
    }
    run(
        &db,
        "INSERT INTO release_orders VALUES (9, 1, 1, 20, 'd', 11, 'm');
         INSERT INTO message_comments VALUES (1, 8, 1, 'comment', 3, '意见', 12, NULL), (2, 8, 1, 'question', 3, '问', 12, NULL);
         INSERT INTO message_comments VALUES (3, 8, 1, 'answer', 1, '答', 13, NULL);
         UPDATE message_comments SET answered_by = 3 WHERE id = 2;
         INSERT INTO message_comments VALUES (4, 7, 1, 'question', 3, '问', 12, NULL);
         INSERT INTO chases VALUES (1, 1, 3, '1970-01-02', 20)",
    );
    db
}

/// SQL, and the triggers that stand against it.
const FILING: &[Refused] = &[
    // What was applied for is frozen with its version.
    (
        "INSERT OR REPLACE INTO applications SELECT * FROM applications WHERE message_id = 7",
        &["applications_of_drafts"],
    ),
    ("INSERT INTO applications VALUES (4, 1, 'a', 'b', 'c', 'd', 1, 9)", &["applications_of_drafts"]),
    ("INSERT INTO applications VALUES (10, 2, 'a', 'b', 'c', 'd', 1, 9)", &["applications_of_drafts"]),
    ("UPDATE applications SET need = 'x' WHERE message_id = 7", &["applications_frozen"]),
    ("UPDATE applications SET until_at = 900 WHERE message_id = 7", &["applications_frozen"]),
    (
        "INSERT INTO applications VALUES (10, 1, 'a', 'b', 'c', 'd', 1, 9);
         UPDATE applications SET message_id = 4 WHERE message_id = 10",
        &["applications_frozen"],
    ),
    ("DELETE FROM applications WHERE message_id = 7", &["applications_no_delete"]),
    // A release is ordered by the department's designated sender, on what is approved and registered.
    ("INSERT INTO release_orders VALUES (7, 1, 1, 20, 'd', 11, 'm')", &["release_orders_fit"]),
    ("INSERT INTO release_orders VALUES (8, 1, 3, 3, 'd', 11, 'm')", &["release_orders_fit"]),
    ("INSERT INTO release_orders VALUES (8, 1, 2, 20, 'd', 11, 'm')", &["release_orders_fit"]),
    ("INSERT INTO release_orders VALUES (8, 1, 1, 20, 'x', 11, 'm')", &["release_orders_fit"]),
    ("INSERT INTO release_orders VALUES (8, 1, 1, 20, 'd', 100, 'm')", &["release_orders_fit"]),
    ("INSERT INTO release_orders VALUES (8, 1, 1, 20, 'd', 10, 'm')", &["release_orders_fit"]),
    (
        "UPDATE appointments SET until = 5, mac = mac || 'e' WHERE id = 20; INSERT INTO release_orders VALUES (8, 1, 1, 20, 'd', 11, 'm')",
        &["release_orders_fit"],
    ),
    ("INSERT INTO release_orders VALUES (4, 1, 1, 20, 'd', 11, 'm')", &["release_orders_fit"]),
    ("INSERT OR REPLACE INTO release_orders VALUES (9, 1, 4, 21, 'd', 11, 'm')", &["release_orders_fit"]),
    ("UPDATE release_orders SET staff_id = 4", &["release_orders_no_update"]),
    ("DELETE FROM release_orders", &["release_orders_no_delete"]),
    ("UPDATE messages SET state = 'sending', released_at = 12 WHERE id = 8", &["messages_released_by_order"]),
    (
        "UPDATE messages SET state = 'sending', released_at = 100 WHERE id = 9",
        &["messages_released_by_order"],
    ),
    (
        "UPDATE appointments SET until = 5, mac = mac || 'e' WHERE id = 20; UPDATE messages SET state = 'sending', released_at = 12 WHERE id = 9",
        &["messages_released_by_order", "messages_in_a_post"],
    ),
    // Comments are appended, by who may say them; a question is answered once.
    ("INSERT INTO message_comments VALUES (9, 8, 1, 'comment', 2, 'x', 12, NULL)", &["message_comments_fit"]),
    (
        "INSERT INTO message_comments VALUES (9, 8, 1, 'question', 1, 'x', 12, NULL)",
        &["message_comments_fit"],
    ),
    ("INSERT INTO message_comments VALUES (9, 8, 1, 'answer', 1, 'x', 12, NULL)", &["message_comments_fit"]),
    ("INSERT INTO message_comments VALUES (9, 7, 1, 'answer', 3, 'x', 12, NULL)", &["message_comments_fit"]),
    ("INSERT INTO message_comments VALUES (9, 8, 1, 'remark', 3, 'x', 12, NULL)", &["message_comments_fit"]),
    ("INSERT INTO message_comments VALUES (9, 8, 1, 'comment', 3, ' ', 12, NULL)", &["message_comments_fit"]),
    (
        "INSERT INTO message_comments VALUES (9, 10, 1, 'comment', 3, 'x', 12, NULL)",
        &["message_comments_fit"],
    ),
    (
        "INSERT OR REPLACE INTO message_comments VALUES (1, 8, 1, 'comment', 3, 'x', 12, NULL)",
        &["message_comments_fit"],
    ),
    ("UPDATE message_comments SET text = 'x' WHERE id = 1", &["message_comments_answered_once"]),
    ("UPDATE message_comments SET answered_by = NULL WHERE id = 2", &["message_comments_answered_once"]),
    ("UPDATE message_comments SET answered_by = 3 WHERE id = 4", &["message_comments_answered_once"]),
    ("DELETE FROM message_comments", &["message_comments_no_delete"]),
    // The limit is one row; a filing is chased once a day while it waits.
    ("DELETE FROM filing_limit", &["filing_limit_stays"]),
    ("INSERT OR REPLACE INTO filing_limit VALUES (1, 60)", &["filing_limit_no_replace"]),
    ("INSERT OR REPLACE INTO chases VALUES (1, 1, 3, '1970-01-02', 21)", &["chases_fit"]),
    (
        "UPDATE filings SET registered_by = 3, registered_as = 3, registered_at = 14 WHERE message_id = 1;
         INSERT INTO chases VALUES (1, 1, 3, '1970-01-03', 21)",
        &["chases_fit"],
    ),
    ("UPDATE chases SET at = 9", &["chases_no_update"]),
    ("DELETE FROM chases", &["chases_no_delete"]),
    // A registration is of the office that the step asks, and of its digest and year.
    (
        "INSERT INTO registrations VALUES (7, 1, 2, 1970, '1', NULL, NULL, NULL, '', '', 2, 2, 'd', 11, 'm')",
        &["registrations_fit"],
    ),
    (
        "INSERT INTO registrations VALUES (7, 1, 2, 1970, '1', NULL, NULL, NULL, '', '', 3, 3, 'x', 11, 'm')",
        &["registrations_fit"],
    ),
    (
        "INSERT INTO registrations VALUES (7, 1, 2, 1971, '1', NULL, NULL, NULL, '', '', 3, 3, 'd', 11, 'm')",
        &["registrations_fit"],
    ),
    (
        "INSERT INTO registrations VALUES (7, 1, 2, 1970, ' ', NULL, NULL, NULL, '', '', 3, 3, 'd', 11, 'm')",
        &["registrations_fit"],
    ),
    // Who works in the department as well is the department, whatever other office that person is in.
    (
        "INSERT INTO registrations VALUES (7, 1, 2, 1970, '1', NULL, NULL, NULL, '', '', 4, 22, 'd', 11, 'm')",
        &["registrations_fit"],
    ),
];

/// Triggers that are tried here; [`crate::refused`] tries the others.
pub fn tries(trigger: &str) -> bool {
    FILING.iter().any(|(_, triggers)| triggers.contains(&trigger)) || OTHERS.contains(&trigger)
}

/// Tried by tests of their own below.
const OTHERS: [&str; 3] = ["messages_need_application", "rounds_need_order", "rounds_filed"];

#[test]
fn what_raw_sql_cannot_do_with_papers() {
    for (sql, triggers) in FILING {
        let db = department();
        for keys in ["ON", "OFF"] {
            run(&db, &format!("PRAGMA foreign_keys = {keys}"));
            let name = refusal(&db, sql);
            let raises = |trigger: &&&str| {
                let of = "SELECT COUNT(*) FROM sqlite_master WHERE name = ?1 AND instr(sql, ?2) > 0";
                let raise = format!("RAISE(ABORT, '{name}')");
                db.query_row(of, [**trigger, &raise], |row| row.get::<_, i64>(0)).expect("a count") == 1
            };
            assert!(triggers.iter().any(|t| raises(&t)), "{name} is not of {triggers:?}: {sql}");
        }
        for trigger in *triggers {
            run(&db, &format!("DROP TRIGGER {trigger}"));
        }
        db.execute_batch(sql).unwrap_or_else(|e| panic!("not because of {triggers:?}: {e}: {sql}"));
    }
}

/// Submission of a department's message, with what its application lacks.
#[test]
fn g7_a_department_submits_nothing_without_its_application() {
    for application in [
        "",
        "INSERT INTO applications VALUES (10, 1, ' ', '内容', '对象', '甲', 1, 9);",
        "INSERT INTO applications VALUES (10, 1, '需求', '', '对象', '甲', 1, 9);",
        "INSERT INTO applications VALUES (10, 1, '需求', '内容', '', '甲', 1, 9);",
        "INSERT INTO applications VALUES (10, 1, '需求', '内容', '对象', '', 1, 9);",
        "INSERT INTO applications VALUES (10, 1, '需求', '内容', '对象', '甲', NULL, 9);",
        "INSERT INTO applications VALUES (10, 1, '需求', '内容', '对象', '甲', 1, NULL);",
        "INSERT INTO applications VALUES (10, 1, '需求', '内容', '对象', '甲', 0, 1);",
    ] {
        let db = department();
        let sql = format!("{application} {}; UPDATE messages SET {SUBMITTED} WHERE id = 10", version(10));
        assert_eq!(refusal(&db, &sql), "application_missing", "{application}");
        run(&db, "DROP TRIGGER messages_need_application");
        run(&db, &sql);
    }
    // Whole, it goes; of another capacity none is asked for.
    let db = department();
    let whole = "INSERT INTO applications VALUES (10, 1, '需求', '内容', '对象', '甲', 1, 9)";
    run(&db, &format!("{whole}; {}; UPDATE messages SET {SUBMITTED} WHERE id = 10", version(10)));
}

/// What begins to send a message that is approved and registered.
fn begins(id: i64) -> String {
    format!(
        "UPDATE messages SET state = 'sending', released_at = 12 WHERE id = {id};
         INSERT INTO rounds (message_id, round, kind, ordered_by, why, due_at, at, mac) VALUES ({id}, 0, 'sending', 1, 'approved', 10, 12, 'm')"
    )
}

#[test]
fn g7_a_round_asks_for_the_order_again() {
    let db = department();
    run(&db, "DROP TRIGGER messages_released_by_order");
    assert_eq!(refusal(&db, &begins(8)), "release_refused");
    run(&db, &begins(9));
    run(&db, "DROP TRIGGER rounds_need_order");
    run(&db, &begins(8));
}

#[test]
fn g5_nothing_is_sent_before_it_is_filed() {
    let db = department();
    run(&db, &begins(9));
    run(
        &db,
        "INSERT INTO message_streams (message_id, round, stream_id, state, takes_number, ready_at) VALUES (9, 0, 2, 'ready', 1, 12)",
    );
    for (phone, recipients) in [(1, r#"[["guardian",1,1,2]]"#), (2, r#"[["guardian",2,2,2]]"#)] {
        run(&db, &crate::world::delivery(9, 0, phone, recipients));
    }
    let sends = "UPDATE rounds SET state = 'sending' WHERE message_id = 9";
    assert_eq!(refusal(&db, sends), "not_filed");
    // Whether 学生处 has registered it makes no difference.
    let no = number(&db, "SELECT MAX(no) + 1 FROM filings");
    let files = format!("INSERT INTO filings VALUES (9, 1, 3, 1970, {no}, 'd', 12, NULL, NULL, NULL)");
    run(&db, &format!("{files}; {sends}"));
    let db = department();
    run(&db, "DROP TRIGGER rounds_filed");
    run(&db, &begins(9));
    run(&db, sends);
}

/// Filings count 1, 2, 3, … within the year; a registration's number is one of its year.
#[test]
fn numbers_are_unique_within_their_year() {
    let db = department();
    let filing = |no: i64, year: i64| {
        format!("INSERT INTO filings VALUES (8, 1, 3, {year}, {no}, 'd', 12, NULL, NULL, NULL)")
    };
    let next = number(&db, "SELECT MAX(no) + 1 FROM filings");
    for (no, year) in [(next - 1, 1970), (next + 1, 1970), (1, 1971)] {
        assert_eq!(refusal(&db, &filing(no, year)), "filing_refused", "{no} of {year}");
    }
    run(&db, &filing(next, 1970));
    let entry = |number: &str| {
        format!(
            "INSERT INTO registrations VALUES (7, 1, 2, 1970, '{number}', NULL, NULL, NULL, '', '', 3, 3, 'd', 11, 'm')"
        )
    };
    assert!(refusal(&db, &entry("07-8")).contains("UNIQUE"));
    run(&db, &entry("07-7"));
}

/// In a run what has ended goes with its papers; what is under way keeps them.
#[test]
fn papers_go_in_a_run_alone() {
    let db = department();
    run(
        &db,
        "INSERT INTO audit VALUES (4, 3, 3, 'retention.started', 'retention_run', 2, '{}');
         INSERT INTO retention_runs VALUES (2, 3, NULL, 3, '期满', 4)",
    );
    for table in ["applications", "release_orders", "message_comments"] {
        assert_eq!(refusal(&db, &format!("DELETE FROM {table}")), "retention_only", "{table}");
    }
    run(&db, "UPDATE messages SET state = 'cancelled' WHERE id IN (7, 8, 9)");
    for table in ["chases", "message_comments", "release_orders", "applications"] {
        run(&db, &format!("DELETE FROM {table}"));
        assert_eq!(number(&db, &format!("SELECT COUNT(*) FROM {table}")), 0, "{table}");
    }
}

/// The view and the rule name the same posts.
#[test]
fn who_registers_is_the_same_in_both() {
    use domain::access::Post;
    let db = world();
    for asked in Post::ALL {
        for post in Post::ALL {
            let of = format!(
                "SELECT COUNT(*) FROM posts_that_register WHERE asked = '{}' AND post = '{}'",
                asked.key(),
                post.key()
            );
            assert_eq!(number(&db, &of) == 1, post.registers_for(asked), "{asked:?} {post:?}");
        }
    }
}
