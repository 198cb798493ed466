//! The guards of the database itself, tried on the migrations alone: what raw
//! SQL cannot do, each refusal seen to come from its trigger (without the
//! trigger the same statement goes through), and its tables of states compared
//! with the rules' own.

use domain::delivery::DeliveryState;
use domain::message::MessageState;
use rusqlite::Connection;

/// As D1 is: foreign keys on, triggers not recursive.
fn school() -> Connection {
    let db = Connection::open_in_memory().expect("memory");
    db.execute_batch("PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = OFF").expect("as in D1");
    for migration in [
        include_str!("../../../schema/0001_foundation.sql"),
        include_str!("../../../schema/0002_roster.sql"),
        include_str!("../../../schema/0003_messages.sql"),
        include_str!("../../../schema/0004_deliveries.sql"),
    ] {
        db.execute_batch(migration).expect("a migration");
    }
    // Staff 1 drafts, 2 heads the grade, 3 directs the office, 4 is principal.
    db.execute_batch(
        "INSERT INTO school VALUES (1, '示范中学', '示范中学', '校讯通', 0, 1440, 1, NULL, NULL, NULL, 1);
         INSERT INTO units VALUES (1, NULL, 'school', '示范中学', NULL, 1), (2, 1, 'grade', '七年级', NULL, 1), (3, 1, 'grade', '八年级', NULL, 1);
         INSERT INTO staff (id, number, name, created_at) VALUES (1, 'T1', '甲', 1), (2, 'T2', '乙', 1), (3, 'T3', '丙', 1), (4, 'T4', '丁', 1);
         INSERT INTO appointments (staff_id, post, unit_id, since, until) VALUES
           (1, 'grade_head', 2, 1, NULL), (2, 'grade_head', 2, 1, NULL), (3, 'office_director', 1, 1, NULL), (4, 'principal', 1, 1, NULL),
           (4, 'grade_head', 3, 1, NULL), (4, 'grade_head', 2, 1, 5);
         INSERT INTO classes VALUES (1, 2, '七年级1班', 1, NULL), (2, 2, '七年级2班', 1, NULL);
         INSERT INTO phones (id, key_id, sealed, lookup, last4) VALUES (1, 1, '', 'a', ''), (2, 1, '', 'b', ''), (3, 1, '', 'c', ''), (4, 1, '', 'd', '');
         INSERT INTO students VALUES (1, 'S1', '一', 1, 1, NULL), (2, 'S2', '二', 1, 1, NULL), (3, 'S3', '三', 2, 1, NULL);
         INSERT INTO guardians VALUES (1, 1, 1, '父', '父亲', 1, 1, NULL), (2, 2, 1, '母', '母亲', 2, 1, NULL), (3, 3, 1, '父', '父亲', 3, 1, NULL)",
    )
    .expect("a school");
    db
}

const DIGEST: &str = "d";

fn run(db: &Connection, sql: &str) {
    db.execute_batch(sql).unwrap_or_else(|e| panic!("{e}: {sql}"));
}

/// A draft of staff 1.
fn draft(db: &Connection, id: i64) {
    run(
        db,
        &format!(
            "INSERT INTO messages (id, author_id, unit_id, sender_title, audience, audience_zh, audience_en, category, title, body,
               template, template_version, signature, created_at, changed_at)
             VALUES ({id}, 1, 2, '班主任', '{{}}', '家长', 'parents', 'daily', '题', '文', 'n', 1, '示范中学', 1, 1)"
        ),
    );
}

/// Freezes the guardians of class 1 and a chain: review by the office director, approval by the grade head.
fn submit(db: &Connection, id: i64) {
    run(
        db,
        &format!(
            "INSERT INTO recipients SELECT id, version, 'class:1', s, s FROM messages, (SELECT 1 AS s UNION SELECT 2) WHERE id = {id};
             INSERT INTO message_steps SELECT id, version, 0, 'review', 'office_director', NULL, NULL FROM messages WHERE id = {id};
             INSERT INTO message_steps SELECT id, version, 1, 'approve', 'grade_head', 2, 'principal' FROM messages WHERE id = {id};
             INSERT INTO message_steps SELECT id, version, 2, 'file', 'principal', NULL, NULL FROM messages WHERE id = {id};
             INSERT INTO message_versions SELECT id, version, title, body, audience_zh, audience_en, '{DIGEST}', 1 FROM messages WHERE id = {id};
             UPDATE messages SET state = 'submitted', digest = '{DIGEST}', lists = '[]', submitted_at = 1, statement_at = 1 WHERE id = {id}"
        ),
    );
}

fn decision(id: i64, position: i64, staff: i64, post: &str, verdict: &str) -> String {
    format!(
        "INSERT INTO decisions SELECT id, version, {position}, {staff}, '{post}', '{verdict}', '{DIGEST}', '', 10 FROM messages WHERE id = {id}"
    )
}

fn approve(db: &Connection, id: i64) {
    run(db, &decision(id, 0, 3, "office_director", "approve"));
    run(db, &decision(id, 1, 2, "grade_head", "approve"));
    run(
        db,
        &format!("UPDATE messages SET state = 'approved', approved_at = 10, due_at = 10 WHERE id = {id}"),
    );
}

fn release(db: &Connection, id: i64) {
    run(
        db,
        &format!(
            "UPDATE messages SET state = 'sending', released_at = 10 WHERE id = {id};
             INSERT INTO message_streams (message_id, round, stream, state, ready_at) VALUES ({id}, 0, 'class:1', 'ready', 10);
             INSERT INTO deliveries VALUES ({id}, 0, 1, 1, 'queued', NULL, '[[1,1,\"class:1\"]]', 10);
             INSERT INTO batches (message_id, round, no, stream, state, members, ready_at) VALUES ({id}, 0, 1, 'class:1', 'ready', '[1]', 10)"
        ),
    );
}

/// A batch whose provider call is under way.
fn call(db: &Connection, id: i64) {
    for state in ["numbered", "enqueued", "claimed", "submitting"] {
        run(db, &format!("UPDATE batches SET state = '{state}' WHERE message_id = {id}"));
    }
    run(
        db,
        &format!(
            "INSERT INTO attempts VALUES ('r{id}', {id}, 0, 1, 'sandbox', '{DIGEST}', '[1]', 0, 'submitting', 10, 20, NULL, NULL)"
        ),
    );
}

/// Message 1 approved and being sent, its call under way; 2 submitted; 3 a draft; 4 approved only.
fn world() -> Connection {
    let db = school();
    for id in 1..=4 {
        draft(&db, id);
    }
    for id in [1, 2, 4] {
        submit(&db, id);
    }
    for id in [1, 4] {
        approve(&db, id);
    }
    release(&db, 1);
    call(&db, 1);
    run(&db, "INSERT INTO audit VALUES (1, 1, 1, 'a', 's', 1, '{}'), (2, 1, 1, 'a', 's', 1, '{}')");
    run(&db, "INSERT INTO audit_seals VALUES (1, 'h', 1), (2, 'h', 1)");
    run(&db, "INSERT INTO policies VALUES (1, 'grade', '[]', 1, 0)");
    run(&db, "INSERT INTO answers VALUES (1, 1, 0, 5)");
    db
}

/// What raw SQL tries, and the triggers that refuse it: with all of them
/// dropped the same statement goes through.
const REFUSED: &[(&str, &[&str])] = &[
    // I1 a: no delivery without a complete, current approval, at its time.
    (
        "INSERT INTO deliveries VALUES (3, 0, 1, 1, 'queued', NULL, '[[1,1,\"class:1\"]]', 1)",
        &["deliveries_need_approval", "deliveries_on_the_list"],
    ),
    (
        "INSERT INTO deliveries VALUES (2, 0, 1, 1, 'queued', NULL, '[[1,1,\"class:1\"]]', 1)",
        &["deliveries_need_approval"],
    ),
    (
        "INSERT INTO deliveries VALUES (4, 0, 1, 1, 'queued', NULL, '[[1,1,\"class:1\"]]', 1)",
        &["deliveries_need_approval"],
    ),
    ("UPDATE messages SET state = 'approved' WHERE id = 2", &["messages_approved_by_chain"]),
    ("UPDATE messages SET state = 'sending', released_at = 20 WHERE id = 2", &["messages_state"]),
    ("UPDATE messages SET state = 'sending', released_at = 9 WHERE id = 4", &["messages_not_early"]),
    ("UPDATE messages SET state = 'sending', released_at = NULL WHERE id = 4", &["messages_not_early"]),
    (
        "INSERT INTO messages SELECT 9, 1, 'submitted', author_id, unit_id, sender_title, audience, audience_zh, audience_en, category, title, body, send_at, reasons, findings, template, template_version, signature, lists, reach, digest, 1, 1, 1, 1, NULL, NULL, NULL FROM messages WHERE id = 2",
        &["messages_born_as_drafts"],
    ),
    // I1 b: nothing changes after submission.
    ("UPDATE messages SET title = 'x' WHERE id = 2", &["messages_content"]),
    ("UPDATE messages SET body = 'x' WHERE id = 1", &["messages_content"]),
    ("UPDATE messages SET category = 'event' WHERE id = 4", &["messages_content"]),
    ("UPDATE messages SET audience = '[]' WHERE id = 2", &["messages_content"]),
    ("UPDATE messages SET send_at = 99 WHERE id = 4", &["messages_content"]),
    ("UPDATE messages SET sender_title = 'x' WHERE id = 2", &["messages_content"]),
    ("UPDATE messages SET signature = 'x' WHERE id = 2", &["messages_content"]),
    ("UPDATE messages SET template_version = 2 WHERE id = 2", &["messages_content"]),
    ("UPDATE messages SET lists = '[1]' WHERE id = 2", &["messages_content"]),
    ("UPDATE messages SET digest = 'e' WHERE id = 2", &["messages_content"]),
    ("UPDATE messages SET digest = NULL WHERE id = 2", &["messages_content"]),
    ("UPDATE messages SET version = 2 WHERE id = 2", &["messages_content"]),
    ("UPDATE messages SET statement_at = NULL WHERE id = 2", &["messages_content"]),
    ("UPDATE messages SET approved_at = 9 WHERE id = 4", &["messages_content"]),
    ("UPDATE messages SET released_at = 9 WHERE id = 1", &["messages_content"]),
    ("UPDATE messages SET author_id = 2 WHERE id = 3", &["messages_keep_id"]),
    ("UPDATE messages SET digest = 'e' WHERE id = 3", &["messages_digest"]),
    ("UPDATE messages SET state = 'submitted' WHERE id = 3", &["messages_digest"]),
    ("UPDATE messages SET version = 2 WHERE id = 3", &["messages_next_version"]),
    ("DELETE FROM messages WHERE id = 3", &["messages_stay"]),
    (
        "INSERT INTO message_steps VALUES (2, 1, 3, 'approve', 'principal', NULL, NULL)",
        &["steps_at_submission"],
    ),
    (
        "INSERT OR REPLACE INTO message_steps VALUES (2, 1, 0, 'approve', 'subject_teacher', NULL, NULL)",
        &["steps_at_submission"],
    ),
    ("UPDATE message_steps SET post = 'subject_teacher' WHERE message_id = 2", &["steps_no_update"]),
    ("DELETE FROM message_steps WHERE message_id = 2", &["steps_no_delete"]),
    ("INSERT INTO recipients VALUES (2, 1, 'class:2', 3, 3)", &["recipients_at_submission"]),
    ("INSERT INTO recipients VALUES (2, 2, 'class:2', 3, 3)", &["recipients_at_submission"]),
    ("INSERT OR REPLACE INTO recipients VALUES (2, 1, 'class:1', 1, 1)", &["recipients_at_submission"]),
    ("UPDATE recipients SET person = 3 WHERE message_id = 2 AND person = 1", &["recipients_no_update"]),
    ("DELETE FROM recipients WHERE message_id = 2", &["recipients_no_delete"]),
    ("UPDATE message_versions SET body = 'x'", &["versions_stay"]),
    ("DELETE FROM message_versions", &["versions_no_delete"]),
    (
        "INSERT OR REPLACE INTO message_versions VALUES (2, 1, 'x', 'x', '', '', '', 1)",
        &["versions_no_replace"],
    ),
    // I1 c: a decision fits, and stays.
    (
        "INSERT INTO decisions VALUES (2, 1, 0, 3, 'office_director', 'approve', 'other', '', 10)",
        &["decisions_fit"],
    ),
    ("INSERT INTO decisions VALUES (2, 1, 2, 4, 'principal', 'approve', 'd', '', 10)", &["decisions_fit"]),
    ("INSERT INTO decisions VALUES (2, 1, 1, 2, 'grade_head', 'approve', 'd', '', 10)", &["decisions_fit"]),
    (
        "INSERT INTO decisions VALUES (3, 1, 0, 3, 'office_director', 'approve', 'd', '', 10)",
        &["decisions_fit"],
    ),
    (
        "INSERT INTO decisions VALUES (2, 1, 0, 2, 'office_director', 'approve', 'd', '', 10)",
        &["decisions_fit"],
    ),
    ("INSERT INTO decisions VALUES (2, 1, 0, 2, 'grade_head', 'approve', 'd', '', 10)", &["decisions_fit"]),
    ("UPDATE decisions SET verdict = 'return' WHERE message_id = 1", &["decisions_no_update"]),
    ("UPDATE decisions SET reason = 'x', at = 9 WHERE message_id = 1", &["decisions_no_update"]),
    ("DELETE FROM decisions WHERE message_id = 1", &["decisions_no_delete"]),
    (
        "INSERT OR REPLACE INTO decisions SELECT * FROM decisions WHERE message_id = 1 AND position = 1",
        &["decisions_fit"],
    ),
    ("UPDATE messages SET state = 'returned' WHERE id = 2", &["messages_returned_by_decision"]),
    // I1 d: a delivery keeps its message and phone.
    ("UPDATE deliveries SET phone_id = 2", &["deliveries_keep_phone"]),
    ("UPDATE OR REPLACE deliveries SET message_id = 4", &["deliveries_keep_phone"]),
    ("UPDATE deliveries SET recipients = '[]'", &["deliveries_keep_phone"]),
    ("DELETE FROM deliveries", &["deliveries_stay"]),
    // I2: to whom the approver saw, at a number of theirs.
    (
        "INSERT INTO deliveries VALUES (1, 0, 3, 1, 'queued', NULL, '[[3,3,\"class:2\"]]', 1)",
        &["deliveries_on_the_list"],
    ),
    (
        "INSERT INTO deliveries VALUES (1, 0, 4, 1, 'queued', NULL, '[[2,2,\"class:1\"]]', 1)",
        &["deliveries_on_the_list"],
    ),
    ("INSERT INTO deliveries VALUES (1, 0, 4, 1, 'queued', NULL, '[]', 1)", &["deliveries_on_the_list"]),
    (
        "INSERT INTO deliveries VALUES (1, 0, 2, 1, 'delivered', NULL, '[[2,2,\"class:1\"]]', 1)",
        &["deliveries_on_the_list"],
    ),
    // I4: one for each phone, and further rounds only where ordered.
    (
        "INSERT OR REPLACE INTO deliveries VALUES (1, 0, 1, 2, 'queued', NULL, '[[1,1,\"class:1\"]]', 1)",
        &["deliveries_no_replace"],
    ),
    (
        "INSERT INTO deliveries VALUES (1, 1, 1, 1, 'queued', NULL, '[[1,1,\"class:1\"]]', 1)",
        &["deliveries_on_the_list"],
    ),
    // I5: one call for each batch, never put back.
    ("UPDATE batches SET state = 'enqueued'", &["batches_forward"]),
    ("UPDATE batches SET members = '[1,2]'", &["batches_keep_members"]),
    ("UPDATE batches SET claim = -1", &["batches_keep_members"]),
    ("DELETE FROM batches", &["batches_stay"]),
    (
        "INSERT OR REPLACE INTO batches (message_id, round, no, stream, state, members, ready_at) VALUES (1, 0, 1, 'class:1', 'ready', '[1]', 1)",
        &["batches_born_waiting"],
    ),
    (
        "INSERT INTO batches (message_id, round, no, stream, state, members, ready_at) VALUES (1, 0, 2, 'class:1', 'submitting', '[1]', 1)",
        &["batches_born_waiting"],
    ),
    (
        "INSERT INTO attempts VALUES ('r9', 4, 0, 1, 'p', 'd', '[1]', 0, 'submitting', 1, 1, NULL, NULL)",
        &["attempts_of_a_call"],
    ),
    (
        "INSERT OR REPLACE INTO attempts VALUES ('r9', 1, 0, 1, 'p', 'd', '[1]', 0, 'submitting', 1, 1, NULL, NULL)",
        &["attempts_of_a_call"],
    ),
    ("UPDATE attempts SET members = '[]'", &["attempts_forward"]),
    ("UPDATE attempts SET state = 'resolved'", &["attempts_forward"]),
    ("DELETE FROM attempts", &["attempts_no_delete"]),
    // I6, I7: a place and its number stay; sent is sent in every stream.
    ("UPDATE message_streams SET state = 'settled', seq = 1", &["places_forward"]),
    ("DELETE FROM message_streams", &["places_stay"]),
    ("INSERT INTO message_streams VALUES (1, 0, 'class:2', 'settled', 1, 1, 1)", &["places_born_ready"]),
    (
        "INSERT OR REPLACE INTO message_streams VALUES (1, 0, 'class:1', 'ready', NULL, 1, NULL)",
        &["places_born_ready"],
    ),
    ("UPDATE messages SET state = 'sent' WHERE id = 1", &["messages_sent_everywhere"]),
    // I9: the log appends.
    ("INSERT INTO audit VALUES (4, 1, 1, 'a', 's', 1, '{}')", &["audit_appends_only"]),
    ("INSERT INTO audit VALUES (NULL, 1, 1, 'a', 's', 1, '{}')", &["audit_appends_only"]),
    ("INSERT OR REPLACE INTO audit VALUES (1, 2, 2, 'a', 's', 1, '{}')", &["audit_appends_only"]),
    ("UPDATE audit SET actor = 2", &["audit_no_update"]),
    ("DELETE FROM audit WHERE seq = 2", &["audit_no_delete"]),
    ("INSERT OR REPLACE INTO audit_seals VALUES (1, 'x', 1)", &["audit_seals_append_only"]),
    ("UPDATE audit_seals SET hash = 'x'", &["audit_seals_no_update"]),
    ("DELETE FROM audit_seals", &["audit_seals_no_delete"]),
    // G58: a procedure is followed by the next version.
    ("UPDATE policies SET steps = '[1]'", &["policies_no_update"]),
    ("DELETE FROM policies", &["policies_no_delete"]),
    ("INSERT OR REPLACE INTO policies VALUES (1, 'grade', '[1]', 1, 0)", &["policies_no_replace"]),
    ("UPDATE answers SET at = 6", &["answers_no_update"]),
    ("DELETE FROM answers", &["answers_no_delete"]),
];

#[test]
fn what_raw_sql_cannot_do_and_why() {
    for (sql, triggers) in REFUSED {
        let db = world();
        assert!(db.execute_batch(sql).is_err(), "the database took it: {sql}");
        // With the foreign keys off as well: a file opened by hand has them off.
        run(&db, "PRAGMA foreign_keys = OFF");
        assert!(db.execute_batch(sql).is_err(), "taken without foreign keys: {sql}");
        for trigger in *triggers {
            run(&db, &format!("DROP TRIGGER {trigger}"));
        }
        db.execute_batch(sql).unwrap_or_else(|e| panic!("not because of {triggers:?}: {e}: {sql}"));
    }
}

/// Every trigger has something here that shows what it is for.
#[test]
fn no_trigger_is_untried() {
    let db = school();
    let mut triggers = db.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").expect("a query");
    let names = triggers.query_map([], |row| row.get::<_, String>(0)).expect("rows");
    // Tried by tests of their own below.
    let others = ["answers_once", "deliveries_forward"];
    for name in names.map(|n| n.expect("a name")) {
        let tried = REFUSED.iter().any(|(_, t)| t.contains(&name.as_str()));
        assert!(tried || others.contains(&name.as_str()), "{name}");
    }
}

/// Found by trying: a draft moved onto the id of an approved message would stand under its decisions.
#[test]
fn no_draft_takes_an_approved_messages_place() {
    for column in ["id", "rowid", "oid", "_rowid_"] {
        let db = world();
        run(&db, "PRAGMA foreign_keys = OFF");
        let sql = format!("UPDATE OR REPLACE messages SET {column} = 4 WHERE id = 3");
        assert!(db.execute_batch(&sql).is_err(), "{sql}");
        run(&db, "DROP TRIGGER messages_keep_id");
        run(&db, &sql);
        run(
            &db,
            "UPDATE messages SET title = '没有人批准', state = 'submitted', digest = 'd' WHERE id = 4; UPDATE messages SET state = 'approved' WHERE id = 4",
        );
    }
}

/// I3: three people; neither the drafter nor an earlier decider decides, whatever posts they hold.
#[test]
fn i3_drafter_reviewer_and_approver_differ() {
    let db = world();
    let refused = |sql: &str| assert!(db.execute_batch(sql).is_err(), "{sql}");
    run(
        &db,
        "INSERT INTO appointments (staff_id, post, unit_id, since) VALUES (1, 'office_director', 1, 1), (3, 'grade_head', 2, 1)",
    );
    refused(&decision(2, 0, 1, "office_director", "approve"));
    run(&db, &decision(2, 0, 3, "office_director", "approve"));
    refused(&decision(2, 1, 3, "grade_head", "approve"));
    refused(&decision(2, 1, 1, "grade_head", "approve"));
    refused("UPDATE messages SET state = 'approved' WHERE id = 2");
    // Another grade's head, and one whose appointment has ended.
    refused(&decision(2, 1, 4, "grade_head", "approve"));
    // The substitute may.
    run(&db, &decision(2, 1, 4, "principal", "approve"));
    run(&db, "UPDATE messages SET state = 'approved', due_at = 10 WHERE id = 2");
}

/// A return ends the version: nothing more is decided on it, and the next one starts from nothing.
#[test]
fn a_returned_version_carries_no_decision_over() {
    let db = world();
    run(&db, &decision(2, 0, 3, "office_director", "approve"));
    run(&db, &decision(2, 1, 2, "grade_head", "return"));
    assert!(db.execute_batch("UPDATE messages SET state = 'approved' WHERE id = 2").is_err());
    run(&db, "UPDATE messages SET state = 'returned' WHERE id = 2");
    for wrong in ["version = version", "version = version + 2", "version = version + 1"] {
        let keeps = format!("UPDATE messages SET state = 'draft', {wrong} WHERE id = 2");
        assert!(db.execute_batch(&keeps).is_err(), "the digest goes with the version: {wrong}");
    }
    run(
        &db,
        "UPDATE messages SET state = 'draft', version = version + 1, digest = NULL, lists = NULL WHERE id = 2",
    );
    submit(&db, 2);
    assert!(db.execute_batch("UPDATE messages SET state = 'approved' WHERE id = 2").is_err());
    approve(&db, 2);
}

#[test]
fn a_second_tap_changes_no_answer() {
    let db = world();
    for sql in
        ["INSERT INTO answers VALUES (1, 1, 0, 6)", "INSERT OR REPLACE INTO answers VALUES (1, 1, 0, 6)"]
    {
        run(&db, sql);
        let at: i64 = db.query_row("SELECT at FROM answers", [], |r| r.get(0)).expect("the answer");
        assert_eq!((at, db.changes()), (5, 0), "{sql}");
    }
    run(&db, "DROP TRIGGER answers_once; DROP TRIGGER answers_no_update");
    run(&db, "INSERT OR REPLACE INTO answers VALUES (1, 1, 0, 6)");
}

/// A table of states against the rules', over all pairs: the other triggers are dropped.
fn compare(
    db: &Connection,
    table: &str,
    keep: &str,
    states: &[&str],
    allowed: impl Fn(usize, usize) -> bool,
) {
    let others: Vec<String> = db
        .prepare("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name <> ?1")
        .and_then(|mut s| s.query_map([keep], |r| r.get(0))?.collect())
        .expect("triggers");
    for trigger in others {
        run(db, &format!("DROP TRIGGER {trigger}"));
    }
    let guard: String = db
        .query_row("SELECT sql FROM sqlite_master WHERE name = ?1", [keep], |r| r.get(0))
        .expect("the trigger");
    for (a, from) in states.iter().enumerate() {
        for (b, to) in states.iter().enumerate() {
            run(db, &format!("DROP TRIGGER {keep}; UPDATE {table} SET state = '{from}'; {guard}"));
            let taken = db.execute_batch(&format!("UPDATE {table} SET state = '{to}'")).is_ok();
            assert_eq!(taken, a == b || allowed(a, b), "{table}: {from} → {to}");
        }
    }
}

#[test]
fn message_states_are_the_rules_own() {
    let db = school();
    draft(&db, 1);
    let all = MessageState::ALL;
    let keys = all.map(MessageState::key);
    compare(&db, "messages", "messages_state", &keys, |a, b| all[a].next().contains(&all[b]));
}

#[test]
fn delivery_states_are_the_rules_own() {
    let db = world();
    // «submitting» is derived: the row is queued, its batch submitting.
    let all: Vec<DeliveryState> =
        DeliveryState::ALL.into_iter().filter(|s| *s != DeliveryState::Submitting).collect();
    let keys: Vec<&str> = all.iter().map(|s| s.key()).collect();
    compare(&db, "deliveries", "deliveries_forward", &keys, |a, b| all[a].next().contains(&all[b]));
    for next in DeliveryState::Submitting.next() {
        assert!(*next == DeliveryState::Queued || DeliveryState::Queued.next().contains(next), "{next:?}");
    }
}

/// I7: whatever end a delivery has, a late «delivered» is the only thing that still moves it.
#[test]
fn ends_are_ends() {
    for state in DeliveryState::ALL.into_iter().filter(|s| s.is_end()) {
        assert!(state.next().iter().all(|n| *n == DeliveryState::Delivered), "{state:?}");
    }
}
