//! A small school on the migrations alone, with messages at each stage of
//! their way.

use rusqlite::Connection;

/// The digest of every message here: nothing recomputes it.
pub const DIGEST: &str = "d";

/// The migrations, as D1 runs them: foreign keys on, triggers not recursive.
pub fn empty() -> Connection {
    let db = Connection::open_in_memory().expect("memory");
    db.execute_batch("PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = OFF").expect("as in D1");
    for migration in [
        include_str!("../../../../schema/0001_foundation.sql"),
        include_str!("../../../../schema/0002_roster.sql"),
        include_str!("../../../../schema/0003_messages.sql"),
        include_str!("../../../../schema/0004_deliveries.sql"),
        include_str!("../../../../schema/0005_evidence.sql"),
        include_str!("../../../../schema/0005_filing.sql"),
        include_str!("../../../../schema/0005_people.sql"),
        include_str!("../../../../schema/0006_office.sql"),
        include_str!("../../../../schema/0007_units.sql"),
        include_str!("../../../../schema/0007_sms_account.sql"),
        include_str!("../../../../schema/0008_providers.sql"),
    ] {
        db.execute_batch(migration).expect("a migration");
    }
    db
}

/// Runs what has to go through.
pub fn run(db: &Connection, sql: &str) {
    db.execute_batch(sql).unwrap_or_else(|e| panic!("{e}: {sql}"));
}

/// What the database refuses, by the name that its trigger raises; nothing of it stays.
pub fn refusal(db: &Connection, sql: &str) -> String {
    run(db, "BEGIN");
    let refused = db.execute_batch(sql);
    // A trigger's ABORT leaves the transaction open.
    run(db, "ROLLBACK");
    match refused {
        Ok(()) => panic!("the database took it: {sql}"),
        Err(rusqlite::Error::SqliteFailure(_, Some(text))) => text,
        Err(other) => other.to_string(),
    }
}

/// One number.
pub fn number(db: &Connection, sql: &str) -> i64 {
    db.query_row(sql, [], |row| row.get(0)).unwrap_or_else(|e| panic!("{e}: {sql}"))
}

/// The steps of the one procedure there is.
pub const STEPS: &str = r#"[{"kind":"approve","post":"grade_head","at":"audience_unit","holds":true}]"#;

/// Stream 1 is the staff's, 2 and 3 are those of classes 1 and 2. Staff 1
/// drafts, 2 heads the grade, 3 directs the office, 4 is principal. 5 and 6
/// administer since the school was opened: 5 gave the posts, 6 confirmed them.
pub fn school() -> Connection {
    let db = empty();
    run(
        &db,
        &format!(
            "INSERT INTO school VALUES (1, '示范中学', '示范中学', '校讯通', 0, 1440, 1, NULL, NULL, NULL, NULL, 1, NULL, NULL, NULL);
         INSERT INTO units (id, parent_id, kind, code, name, created_at) VALUES
           (1, NULL, 'school', NULL, '示范中学', 1), (2, 1, 'grade', 'G7', '七年级', 1), (3, 1, 'grade', 'G8', '八年级', 1);
         INSERT INTO staff (id, number, name, created_at) VALUES
           (1, 'T1', '甲', 1), (2, 'T2', '乙', 1), (3, 'T3', '丙', 1), (4, 'T4', '丁', 1), (5, 'T5', '戊', 1), (6, 'T6', '己', 1);
         INSERT INTO appointments (id, staff_id, post, unit_id, since, given_by, confirmed_by, confirmed_at, mac) VALUES
           (7, 5, 'administrator', 1, 0, 0, 0, 0, 'm'), (8, 6, 'administrator', 1, 0, 0, 0, 0, 'm');
         INSERT INTO appointments (id, staff_id, post, unit_id, since, given_by, mac) VALUES
           (1, 1, 'grade_head', 2, 1, 5, ''), (2, 2, 'grade_head', 2, 1, 5, ''), (3, 3, 'office_director', 1, 1, 5, ''),
           (4, 4, 'principal', 1, 1, 5, ''), (-2, 2, 'custodian', 2, 1, 5, ''), (5, 4, 'grade_head', 3, 1, 5, ''), (6, 4, 'grade_head', 2, 1, 5, '');
         UPDATE appointments SET confirmed_by = 6, confirmed_at = 0, mac = 'm' WHERE id < 7;
         UPDATE appointments SET mac = mac || 'e', until = 5 WHERE id = 6;
         INSERT INTO classes (id, unit_id, code, name, created_at) VALUES (1, 2, 'C1', '七年级1班', 1), (2, 2, 'C2', '七年级2班', 1);
         INSERT INTO phones (id, key_id, index_key_id, sealed, lookup, last4) VALUES
           (1, 1, 1, '', 'a', ''), (2, 1, 1, '', 'b', ''), (3, 1, 1, '', 'c', ''), (4, 1, 1, '', 'd', ''), (5, 1, 1, '', 'e', '');
         INSERT INTO students (id, number, name, class_id, created_at, left_at) VALUES (1, 'S1', '一', 1, 1, NULL), (2, 'S2', '二', 1, 1, NULL), (3, 'S3', '三', 2, 1, NULL);
         INSERT INTO guardians (id, student_id, position, name, relation, phone_id, created_at, left_at) VALUES (1, 1, 1, '父', '父亲', 1, 1, NULL), (2, 2, 1, '母', '母亲', 2, 1, NULL), (3, 3, 1, '父', '父亲', 3, 1, NULL);
         INSERT INTO procedures VALUES (1, 1, 'teacher', 'grade', '本校', 'Own', '{STEPS}', 1, 0, 1, 0, 1, NULL, NULL, 'm')"
        ),
    );
    db
}

/// A draft of staff 1, as head of the grade.
pub fn draft(db: &Connection, id: i64) {
    run(
        db,
        &format!(
            "INSERT INTO messages (id, author_id, appointment_id, capacity_unit_id, audience_unit_id, sender_title, audience,
               audience_zh, audience_en, category, title, body, template, template_version, signature, created_at, changed_at)
             VALUES ({id}, 1, 1, 2, 2, '班主任', '{{}}', '家长', 'parents', 'daily', '题', '文', 'n', 1, '示范中学', 1, 1)"
        ),
    );
}

/// The row in which a submitted version is kept, and the number that it takes in the register.
pub fn version(id: i64) -> String {
    format!(
        "INSERT INTO message_versions
         SELECT id, version, title, body, audience_zh, audience_en, '{DIGEST}', 1, 1, template, template_version, mode, answer,
           appointment_id, capacity_unit_id, 1, 1, '[]' FROM messages WHERE id = {id}; {NEXT_NUMBER}"
    )
}

/// What a submission writes to the message itself.
pub const SUBMITTED: &str =
    "state = 'submitted', digest = 'd', digest_form = 1, procedure_id = 1, procedure_version = 1,
    submitted_at = 1, statement_at = 1, registered_at = 1, register_year = 2026, register_unit = 2,
    register_no = COALESCE(register_no, (SELECT last_no FROM register_counters))";

/// The counter of the grade's register steps to the number that the next one takes.
const NEXT_NUMBER: &str =
    "INSERT INTO register_counters SELECT 2026, 2, 0 WHERE NOT EXISTS (SELECT 1 FROM register_counters);
    UPDATE register_counters SET last_no = last_no + 1";

/// Freezes the guardians of class 1 and a chain: review by the office
/// director, approval by the grade head, a number to be registered before it
/// is sent, and a filing.
pub fn submit(db: &Connection, id: i64) {
    run(
        db,
        &format!(
            "INSERT INTO recipients SELECT m.id, m.version, 2, 'guardian', g.id, g.student_id, g.phone_id
               FROM messages m, guardians g WHERE m.id = {id} AND g.id IN (1, 2);
             INSERT INTO message_steps SELECT id, version, 0, 'review', 'office_director', NULL, NULL, NULL, 1, '[]' FROM messages WHERE id = {id};
             INSERT INTO message_steps SELECT id, version, 1, 'approve', 'grade_head', 2, 'principal', 1, 1, '[]' FROM messages WHERE id = {id};
             INSERT INTO message_steps SELECT id, version, 2, 'register', 'office_director', NULL, NULL, NULL, 1, '[\"number\"]' FROM messages WHERE id = {id};
             INSERT INTO message_steps SELECT id, version, 3, 'file', 'office_clerk', NULL, NULL, NULL, 0, '[\"document\"]' FROM messages WHERE id = {id};
             {};
             UPDATE messages SET {SUBMITTED} WHERE id = {id}",
            version(id)
        ),
    );
}

/// A decision on a message's current version.
pub fn decision(id: i64, position: i64, staff: i64, post: &str, verdict: &str) -> String {
    format!(
        "INSERT INTO decisions
         SELECT m.id, m.version, {position}, {staff}, COALESCE((SELECT MIN(a.id) FROM appointments a
           WHERE a.staff_id = {staff} AND a.post = '{post}'), 0), '{post}', '{verdict}', '{DIGEST}', '', 10, 'm'
         FROM messages m WHERE m.id = {id}"
    )
}

/// Both decisions.
pub fn approve(db: &Connection, id: i64) {
    run(db, &decision(id, 0, 3, "office_director", "approve"));
    run(db, &decision(id, 1, 2, "grade_head", "approve"));
    run(
        db,
        &format!("UPDATE messages SET state = 'approved', approved_at = 10, due_at = 10 WHERE id = {id}"),
    );
}

/// The registration that sending waits for.
pub fn register(db: &Connection, id: i64) {
    run(
        db,
        &format!(
            "INSERT INTO registrations SELECT id, version, 2, 1970, '07-' || id, NULL, NULL, NULL, '', '', 3, 3, 'd', 11, 'm' FROM messages WHERE id = {id}"
        ),
    );
}

/// Begins to send: a round that is still filling, with its place in class 1.
pub fn begin(db: &Connection, id: i64) {
    register(db, id);
    run(
        db,
        &format!(
            "UPDATE messages SET state = 'sending', released_at = 12 WHERE id = {id};
             INSERT INTO filings SELECT m.id, m.version, 3, 1970, (SELECT COALESCE(MAX(no), 0) + 1 FROM filings), 'd', 12, NULL, NULL, NULL FROM messages m WHERE m.id = {id};
             INSERT INTO rounds (message_id, round, kind, ordered_by, why, due_at, at, mac) VALUES ({id}, 0, 'sending', 1, 'approved', 10, 12, 'm');
             INSERT INTO message_streams (message_id, round, stream_id, state, takes_number, ready_at) VALUES ({id}, 0, 2, 'ready', 1, 12)"
        ),
    );
}

/// A delivery that is still waiting.
pub fn delivery(id: i64, round: i64, phone: i64, recipients: &str) -> String {
    format!("INSERT INTO deliveries VALUES ({id}, {round}, {phone}, 1, 'queued', NULL, '{recipients}', 12)")
}

/// Sends to phone 1 of class 1, and has the provider called.
pub fn call(db: &Connection, id: i64) {
    begin(db, id);
    run(db, &delivery(id, 0, 1, r#"[["guardian",1,1,2]]"#));
    run(
        db,
        &format!(
            "INSERT INTO batches (message_id, round, no, stream_id, state, members, size, ready_at) VALUES ({id}, 0, 1, 2, 'ready', '[1]', 1, 12);
             UPDATE rounds SET state = 'sending' WHERE message_id = {id} AND round = 0;
             UPDATE message_streams SET state = 'numbered', seq = {id}, number = {id} WHERE message_id = {id} AND round = 0"
        ),
    );
    for state in ["numbered", "enqueued", "claimed", "submitting"] {
        run(db, &format!("UPDATE batches SET state = '{state}' WHERE message_id = {id}"));
    }
    run(
        db,
        &format!(
            "INSERT INTO attempts (reference, message_id, round, batch_no, provider, digest, members, late, state, started_at, deadline)
             VALUES ('r{id}', {id}, 0, 1, 'sandbox', '{DIGEST}', '[1]', 0, 'submitting', 12, 20)"
        ),
    );
}

/// Message 1 is being sent, its call under way; 2 is submitted; 3 a draft; 4
/// approved; 5 is just being released: its round is filling. Phone 6 was
/// deleted in a retention run that has ended.
pub fn world() -> Connection {
    let db = school();
    for id in 1..=5 {
        draft(&db, id);
    }
    for id in [1, 2, 4, 5] {
        submit(&db, id);
    }
    for id in [1, 4, 5] {
        approve(&db, id);
    }
    call(&db, 1);
    begin(&db, 5);
    run(
        &db,
        "INSERT INTO attempt_parts VALUES ('r1', 1, 'sandbox', 'p1', 'accepted');
         INSERT INTO replies VALUES ('k', 1, 1, 0, '收到', 0, 6);
         INSERT INTO reminders VALUES (2, 0, 1, 10, 1);
         INSERT INTO answers VALUES (1, 1, 1, 'confirm', 1, NULL, 0, 0, 5);
         INSERT INTO delegations VALUES (1, 5, 100, 200, 4, 50, '', NULL, NULL, 'm');
         INSERT INTO phone_changes VALUES (1, 'guardian', 3, 2, 3, 1, 1, NULL, '');
         INSERT INTO audit VALUES (1, 1, 1, 'a', 's', 1, '{}'), (2, 1, 1, 'retention.started', 'retention_run', 1, '{}');
         INSERT INTO phones (id, key_id, index_key_id, sealed, lookup, last4) VALUES (6, 1, 1, '', 'f', '');
         INSERT INTO retention_runs VALUES (1, 1, NULL, 1, '期满', 2);
         DELETE FROM phones WHERE id = 6;
         UPDATE retention_runs SET ended_at = 2;
         INSERT INTO audit VALUES (3, 1, 1, 'a', 's', 1, '{}');
         INSERT INTO audit_values VALUES ('staff', 2, 3, 'v'); INSERT INTO person_keys VALUES ('staff', 2, 3, 1, 'k');
         INSERT INTO audit_seals VALUES (1, 'h', 1), (2, 'h', 1);
         UPDATE guardians SET name = '娘', named_at = 5 WHERE id = 2;
         INSERT INTO departures (kind, person, left_at, reason, by) VALUES ('guardian', 3, 6, 'mistake', 3);
         UPDATE guardians SET left_at = 6 WHERE id = 3;
         UPDATE departures SET returned_at = 7, returned_by = 3;
         UPDATE guardians SET left_at = NULL WHERE id = 3;
         INSERT INTO disputes (phone_id, kind, person, message_id, at) VALUES (1, 'guardian', 1, 1, 8);
         INSERT INTO templates VALUES (1, 2, '题', '文', NULL, 1, 1, NULL, NULL)",
    );
    crate::slips::add(&db);
    db
}
