//! I9: the audit log is written with the change, chained, and cannot be altered unseen.

use api_tests::{App, draft_to};
use domain::approval::Verdict;
use domain::audit::{AuditPage, Fault, GuardFault, VerifyPage, VerifyPart};

/// Goes through the whole check; the hash of the last entry, and all that is wrong.
fn verified(app: &App) -> (i64, String, Vec<Fault>) {
    let reader = app.principal();
    let (mut sealed, mut head, mut faults) = (0, String::new(), Vec::new());
    let mut at = Some((VerifyPart::Entries, 0));
    while let Some((part, from)) = at {
        let page: VerifyPage =
            reader.get(&format!("/api/audit/verify?part={}&from={from}", part.key())).json();
        assert_eq!(page.part, part);
        if part == VerifyPart::Entries {
            (sealed, head) = (page.checked, page.head);
        }
        faults.extend(page.faults);
        at = page.next.map(|next| (next.part, next.from));
    }
    (sealed, head, faults)
}

fn faults(app: &App) -> Vec<Fault> {
    verified(app).2
}

/// A school with a day's work in its log, sealed.
fn worked() -> App {
    let app = App::start();
    let teacher = app.homeroom("八年级1班");
    let id = teacher.draft(&draft_to(&[teacher.class("八年级1班")]));
    teacher.submit(id);
    let head = app.grade_head("八年级");
    assert_eq!(head.decide(id, Verdict::Return, "请写明时间").status, 200);
    let draft = teacher.message(id).draft;
    assert_eq!(teacher.put(&format!("/api/messages/{id}"), &draft).status, 200);
    teacher.submit(id);
    head.approve(id);
    app.settled(&teacher, id);
    app.cron();
    app
}

#[test]
fn every_step_stands_in_the_log_and_the_chain_is_whole() {
    let app = worked();
    let page: AuditPage = app.principal().get("/api/audit").json();
    let actions: Vec<&str> = page.entries.iter().map(|e| e.entry.action.as_str()).collect();
    for action in ["message.drafted", "message.submitted", "message.decided", "message.changed"] {
        assert!(actions.contains(&action), "{action} in {actions:?}");
    }
    let decided = page.entries.iter().find(|e| e.entry.action == "message.decided").expect("a decision");
    assert!(!decided.actor_name.is_empty());
    assert!(page.entries.windows(2).all(|w| w[0].entry.seq == w[1].entry.seq + 1), "no gap");

    let (sealed, head, faults) = verified(&app);
    assert_eq!(faults, []);
    assert!(sealed > 0 && head.len() == 64);
    app.cron();
    assert!(app.count("SELECT COUNT(*) FROM audit_seals") >= sealed);
    let (log, seals) = ("SELECT COUNT(*) FROM audit", "SELECT COUNT(*) FROM audit_seals");
    assert_eq!(app.count(log), app.count(seals), "all is sealed within a minute");

    // No names, numbers or texts of people.
    let details: Vec<String> = app
        .db()
        .prepare("SELECT detail FROM audit")
        .and_then(|mut s| s.query_map([], |r| r.get(0))?.collect())
        .expect("details");
    let all = details.join("\n");
    for personal in ["潘然书", "19900042652", "运动会", "请写明时间"] {
        assert!(!all.contains(personal), "{personal}");
    }
}

#[test]
fn older_entries_come_in_pages() {
    let app = worked();
    let reader = app.office_director();
    let mut before = String::new();
    let mut seen = 0;
    loop {
        let page: AuditPage = reader.get(&format!("/api/audit{before}")).json();
        seen += page.entries.len() as i64;
        let last = page.entries.last().expect("entries").entry.seq;
        before = format!("?before={last}");
        if !page.more {
            assert_eq!(last, 1);
            break;
        }
    }
    assert!(seen >= app.count("SELECT COUNT(*) FROM audit") - 5);
}

#[test]
fn who_may_read_it() {
    let app = App::start();
    for (number, status) in [("T0001", 200), ("T0003", 200), ("T0014", 200), ("T0018", 403), ("T0015", 403)] {
        assert_eq!(app.signed_in(number).get("/api/audit").status, status, "{number}");
        assert_eq!(app.signed_in(number).get("/api/audit/verify").status, status, "{number}");
    }
}

#[test]
fn raw_sql_cannot_touch_it() {
    let app = worked();
    let db = app.db();
    for table in ["audit", "audit_seals"] {
        for sql in [
            format!("DELETE FROM {table}"),
            format!("DELETE FROM {table} WHERE seq = (SELECT MAX(seq) FROM {table})"),
            format!("UPDATE {table} SET seq = seq + 100"),
            format!("INSERT OR REPLACE INTO {table} SELECT * FROM {table} WHERE seq = 1"),
            format!("REPLACE INTO {table} SELECT * FROM {table}"),
        ] {
            assert!(db.execute_batch(&sql).is_err(), "{sql}");
        }
    }
    for sql in [
        "UPDATE audit SET actor = 0 WHERE seq = 1",
        "INSERT INTO audit (seq, at, actor, action, subject, subject_id, detail) VALUES (0, 1, 1, 'x', 'x', 1, '{}')",
        "INSERT INTO audit (seq, at, actor, action, subject, subject_id, detail) SELECT MAX(seq) + 2, 1, 1, 'x', 'x', 1, '{}' FROM audit",
        "INSERT INTO audit (seq, at, actor, action, subject, subject_id, detail) VALUES (1, 1, 1, 'x', 'x', 1, '{}')",
    ] {
        assert!(db.execute_batch(sql).is_err(), "{sql}");
    }
    assert_eq!(faults(&app), []);
}

#[test]
fn what_a_database_owner_changes_is_named() {
    let app = worked();
    let drop_triggers = "DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete; DROP TRIGGER audit_appends_only;
         DROP TRIGGER audit_seals_no_update; DROP TRIGGER audit_seals_no_delete; DROP TRIGGER audit_seals_append_only;";
    app.db().execute_batch(drop_triggers).expect("a database owner can");
    // That the guards are gone is named as well.
    let bare = faults(&app);
    let gone = |f: &Fault| matches!(f, Fault::OtherGuard { how: GuardFault::Missing, .. });
    assert!(bare.len() == 6 && bare.iter().all(gone), "{bare:?}");
    for (what, harm, cure, seq) in [
        (
            "edited",
            "UPDATE audit SET actor = actor + 1 WHERE seq = 3",
            "UPDATE audit SET actor = actor - 1 WHERE seq = 3",
            3,
        ),
        (
            "moved in time",
            "UPDATE audit SET at = at + 1 WHERE seq = 2",
            "UPDATE audit SET at = at - 1 WHERE seq = 2",
            2,
        ),
        (
            "removed",
            "CREATE TABLE kept AS SELECT * FROM audit WHERE seq = 4; DELETE FROM audit WHERE seq = 4",
            "INSERT INTO audit SELECT * FROM kept; DROP TABLE kept",
            4,
        ),
        (
            "swapped",
            "UPDATE audit SET seq = -1 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = -1",
            "UPDATE audit SET seq = -1 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = -1",
            2,
        ),
        (
            "unsealed in the middle",
            "CREATE TABLE kept AS SELECT * FROM audit_seals WHERE seq = 2; DELETE FROM audit_seals WHERE seq = 2",
            "INSERT INTO audit_seals SELECT * FROM kept; DROP TABLE kept",
            2,
        ),
    ] {
        app.db().execute_batch(harm).expect(what);
        let found = faults(&app);
        assert_eq!(found.first(), Some(&Fault::Broken { seq }), "{what}: {found:?}");
        app.db().execute_batch(cure).expect(what);
        assert_eq!(faults(&app), bare, "{what}: undone");
    }
}
