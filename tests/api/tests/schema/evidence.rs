//! I9: whatever changes a right, the roll, a number, a procedure or a setting is
//! put down with what was before and what is after, by ids.

use rusqlite::Connection;

use crate::world::{number, run, world};

/// The trigger, what changes something, and what is put down of it.
const TOLD: &[(&str, &str, &str)] = &[
    (
        "appointments_told",
        "INSERT INTO appointments (id, staff_id, post, unit_id, since, given_by, mac) VALUES (90, 2, 'principal', 1, 5, 5, 'm')",
        r#"appointment 90 {"staff":[null,2],"post":[null,"principal"],"unit":[null,1],"since":[null,5],"given_by":[null,5]}"#,
    ),
    (
        "appointments_changed_told",
        "UPDATE appointments SET mac = mac || 'e', until = 9 WHERE id = 3",
        r#"appointment 3 {"staff":[3,3],"until":[null,9]}"#,
    ),
    (
        "delegations_told",
        "INSERT INTO delegations VALUES (90, 3, 10, 20, 3, 9, '病假', NULL, NULL, 'm')",
        r#"delegation 90 {"appointment":[null,3],"from_at":[null,10],"until_at":[null,20],"recorded_by":[null,3]}"#,
    ),
    (
        "delegations_changed_told",
        "UPDATE delegations SET mac = mac || 'w', withdrawn_by = 4, withdrawn_at = 60 WHERE id = 1",
        r#"delegation 1 {"withdrawn_by":[null,4],"withdrawn_at":[null,60]}"#,
    ),
    (
        "procedures_told",
        r#"INSERT INTO procedures SELECT 1, 2, sender, scope, label_zh, label_en, '[{"kind":"approve","holds":1}]', 4, 5, 3, NULL, NULL, NULL, NULL, 'n' FROM procedures"#,
        r#"procedure 1 {"version":[null,2],"sender":[null,"teacher"],"scope":[null,"grade"],"label":[null,"本校"],"steps":[null,"[{\"kind\":\"approve\",\"holds\":1}]"],"in_force_from":[null,4],"set_by":[null,5],"confirmed_by":[null,null]}"#,
    ),
    (
        "procedures_changed_told",
        "UPDATE procedures SET confirmed_by = 6, mac = 'o'",
        r#"procedure 1 {"version":[1,1],"confirmed_by":[0,6],"declined_by":[null,null]}"#,
    ),
    (
        "sms_accounts_told",
        "INSERT INTO sms_accounts VALUES (1, 'aliyun', 1, '校', 'filed', '[]', 45, 1, 'sealed', 5, 9, NULL, NULL, NULL, NULL, 'n')",
        r#"sms_account 1 {"provider":[null,"aliyun"],"trial":[null,1],"signature":[null,"校"],"templates":[null,"[]"],"price":[null,45],"set_by":[null,5]}"#,
    ),
    (
        "sms_accounts_changed_told",
        "UPDATE sms_accounts SET confirmed_by = 6, confirmed_at = 9, mac = 'o'",
        r#"sms_account 1 {"confirmed_by":[null,6],"declined_by":[null,null]}"#,
    ),
    (
        "school_told",
        "INSERT INTO school VALUES (1, '某校', '某', '校信通', 1, 2, 1, NULL, NULL, NULL, NULL, 1, NULL, NULL, NULL)",
        r#"school 1 {"name":[null,"某校"],"signature":[null,"某"],"platform_word":[null,"校信通"],"window_from":[null,1],"window_to":[null,2]}"#,
    ),
    (
        "school_changed_told",
        "UPDATE school SET window_from = 420, stop_reason = '私事'",
        r#"school 1 {"window_from":[0,420]}"#,
    ),
    (
        "units_told",
        "INSERT INTO units (id, parent_id, kind, name, created_at) VALUES (90, 1, 'grade', '九年级', 1)",
        r#"unit 90 {"name":[null,"九年级"],"kind":[null,"grade"],"parent":[null,1],"code":[null,null]}"#,
    ),
    (
        "unit_changes_told",
        "INSERT INTO unit_changes (id, unit_id, from_parent, to_parent, proposed_by, proposed_at, mac) VALUES (90, 3, 1, 2, 5, 10, 'm')",
        r#"unit_change 90 {"unit":[null,3],"parent":[1,2],"proposed_by":[null,5]}"#,
    ),
    (
        "unit_changes_changed_told",
        "UPDATE unit_changes SET confirmed_by = 6, confirmed_at = 11, mac = 'n'",
        r#"unit_change 1 {"unit":[3,3],"confirmed_by":[null,6],"declined_by":[null,null]}"#,
    ),
    ("units_changed_told", "UPDATE units SET code = 'G9' WHERE id = 2", r#"unit 2 {"code":["G7","G9"]}"#),
    (
        "staff_told",
        "INSERT INTO staff (id, number, name, phone_id, created_at) VALUES (90, 'T90', '戊', 5, 1)",
        r#"staff 90 {"added":[0,1],"phone":[null,5]}"#,
    ),
    (
        "staff_changed_told",
        "UPDATE staff SET name = '己', phone_id = 5, password = 'x' WHERE id = 2",
        r#"staff 2 {"phone":[null,5],"name":[0,1],"password":[0,1]}"#,
    ),
    (
        "students_told",
        "INSERT INTO students VALUES (90, 'S90', '四', 1, 1, NULL, NULL)",
        r#"student 90 {"added":[0,1],"class":[null,1]}"#,
    ),
    (
        "students_changed_told",
        "UPDATE students SET class_id = 2, name = '五', left_at = 7 WHERE id = 1",
        r#"student 1 {"class":[1,2],"left_at":[null,7],"name":[0,1]}"#,
    ),
    (
        "guardians_told",
        "INSERT INTO guardians VALUES (90, 1, 2, '母', '母亲', 5, 1, NULL, NULL)",
        r#"guardian 90 {"added":[0,1],"student":[null,1],"phone":[null,5]}"#,
    ),
    (
        "guardians_changed_told",
        "UPDATE guardians SET phone_id = 5, relation = '爷爷' WHERE id = 3",
        r#"guardian 3 {"phone":[3,5],"relation":[0,1]}"#,
    ),
    (
        "classes_told",
        "INSERT INTO classes (id, unit_id, name, created_at) VALUES (90, 2, '七年级9班', 1)",
        r#"class 90 {"name":[null,"七年级9班"],"unit":[null,2],"code":[null,null]}"#,
    ),
    (
        "classes_changed_told",
        "UPDATE classes SET archived_at = 7 WHERE id = 1",
        r#"class 1 {"archived_at":[null,7]}"#,
    ),
    ("filing_limit_told", "UPDATE filing_limit SET days = 5", r#"school 1 {"filing_days":[3,5]}"#),
    (
        "phones_revoked_told",
        "UPDATE phones SET revoked_at = 7 WHERE id = 5",
        r#"phone 5 {"revoked_at":[null,7]}"#,
    ),
];

/// Whether a trigger is tried here.
pub fn tells(trigger: &str) -> bool {
    TOLD.iter().any(|(name, ..)| *name == trigger)
}

/// The small school without the guards that would refuse a change before it is told.
fn unguarded() -> Connection {
    let db = world();
    let others: Vec<String> = db
        .prepare("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name NOT LIKE '%_told'")
        .and_then(|mut s| s.query_map([], |r| r.get(0))?.collect())
        .expect("triggers");
    others.iter().for_each(|name| run(&db, &format!("DROP TRIGGER {name}")));
    run(
        &db,
        "PRAGMA foreign_keys = OFF;
         INSERT INTO unit_changes (id, unit_id, from_parent, to_parent, proposed_by, proposed_at, mac) VALUES (1, 3, 1, 2, 5, 10, 'm')",
    );
    db
}

#[test]
fn every_change_is_put_down_with_before_and_after() {
    for (trigger, change, told) in TOLD {
        for without in [false, true] {
            let db = unguarded();
            match *trigger {
                "school_told" => run(&db, "DELETE FROM school"),
                "sms_accounts_changed_told" => run(
                    &db,
                    "INSERT INTO sms_accounts VALUES (1, 'aliyun', 1, '校', 'filed', '[]', 45, 1, 'c', 5, 9, NULL, NULL, NULL, NULL, 'n')",
                ),
                _ => {}
            }
            if without {
                run(&db, &format!("DROP TRIGGER {trigger}"));
            }
            let before = number(&db, "SELECT COALESCE(MAX(id), 0) FROM changes");
            run(&db, change);
            let put_down: Vec<String> = db
                .prepare("SELECT kind || ' ' || row_id || ' ' || change FROM changes WHERE id > ?1")
                .and_then(|mut s| s.query_map([before], |r| r.get(0))?.collect())
                .expect("changes");
            let expected: &[&str] = if without { &[] } else { &[told] };
            assert_eq!(put_down, expected, "{change}");
        }
    }
}

#[test]
fn what_stays_as_it_is_puts_nothing_down() {
    let db = world();
    let before = number(&db, "SELECT COUNT(*) FROM changes");
    run(
        &db,
        "UPDATE staff SET name = name; UPDATE students SET class_id = class_id, name = name;
         UPDATE guardians SET position = 2; UPDATE units SET closed_at = closed_at; UPDATE classes SET name = name;
         UPDATE school SET roll_version = roll_version + 1; UPDATE phones SET contact_state = 'reachable'",
    );
    assert_eq!(number(&db, "SELECT COUNT(*) FROM changes"), before);
}

/// A person's posts are found by the person, a change of number by both numbers.
#[test]
fn an_entry_is_found_by_all_that_it_is_about() {
    let db = world();
    let entry = |seq: i64, action: &str, subject: &str, id: i64, detail: &str| {
        run(
            &db,
            &format!("INSERT INTO audit VALUES ({seq}, 1, 1, '{action}', '{subject}', {id}, '{detail}')"),
        );
    };
    entry(
        4,
        "record.changed",
        "audit",
        3,
        r#"{"kind":"appointment","rows":{"7":{"staff":[null,70],"post":[null,"x"]}}}"#,
    );
    entry(
        5,
        "record.changed",
        "audit",
        3,
        r#"{"kind":"guardian","rows":{"8":{"phone":[80,81]},"9":{"left_at":[null,1]}}}"#,
    );
    entry(6, "session.opened", "staff", 70, "{}");
    entry(7, "account.slips_issued", "staff", 71, r#"{"staff":[71,72]}"#);
    let found: Vec<String> = db
        .prepare(
            "SELECT kind || ' ' || id || ' ' || seq FROM audit_about WHERE seq > 3 ORDER BY seq, kind, id",
        )
        .and_then(|mut s| s.query_map([], |r| r.get(0))?.collect())
        .expect("what is found");
    assert_eq!(
        found,
        [
            "appointment 7 4",
            "staff 70 4",
            "guardian 8 5",
            "guardian 9 5",
            "phone 80 5",
            "phone 81 5",
            "staff 71 7",
            "staff 72 7"
        ]
    );
}
