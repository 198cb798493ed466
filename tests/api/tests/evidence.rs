//! Evidence (I9): what was before and what is after stands in the log by ids,
//! what is personal lies sealed beside it, the archive keeps each day's first
//! head, and the check names what does not go together.

use std::path::PathBuf;
use std::process::Command;

use api_tests::{App, Client, draft_to, small_university};
use domain::account::Me;
use domain::audit::{
    AuditExport, AuditPage, Fault, Head, History, RecordKind, Reveal, Revealed, VerifyPage, VerifyPart,
};
use domain::delegation::{Delegations, RecordAbsence};
use domain::school::StopOrder;
use domain::time::HOUR;
use serde_json::json;

/// All that the check finds in the log and beside it, piece by piece. (What it says of guards that a
/// test dropped is left out: `audit.rs` asks for that.)
fn faults(app: &App) -> Vec<Fault> {
    let reader = app.principal();
    let mut faults = Vec::new();
    let mut at = Some((VerifyPart::Entries, 0));
    while let Some((part, from)) = at {
        let page: VerifyPage =
            reader.get(&format!("/api/audit/verify?part={}&from={from}", part.key())).json();
        faults.extend(page.faults.into_iter().filter(|f| !matches!(f, Fault::OtherGuard { .. })));
        at = page.next.map(|next| (next.part, next.from));
    }
    faults
}

/// The demo's staff file, with some of its words exchanged, applied by the clerk.
fn import_staff(app: &App, exchange: &[(&str, &str)]) {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/middle-school-staff.csv");
    let mut text = std::fs::read_to_string(file).expect("the roster");
    for (old, new) in exchange {
        assert!(text.contains(old), "{old}");
        text = text.replace(old, new);
    }
    apply(&app.office_clerk(), "staff", text.as_bytes());
}

fn apply(client: &Client, kind: &str, file: &[u8]) {
    // Where the file leaves open who it is, T0042.
    let chosen = |q: &domain::roster::Question| {
        let is_asked = q.min == 1 && q.choices.iter().any(|c| c.number == "T0042") && q.suggested.len() <= 1;
        if is_asked { vec!["T0042".to_owned()] } else { q.suggested.clone() }
    };
    let applied = client.import_with(kind, file, chosen);
    assert_eq!(applied.status, 200, "{}", applied.body);
}

fn history(client: &Client, kind: RecordKind, id: i64) -> History {
    client.get(&format!("/api/audit/history?kind={}&id={id}", kind.key())).json()
}

fn reveal(client: &Client, kind: RecordKind, id: i64) -> Revealed {
    client.post("/api/audit/values", &Reveal { kind, id }).json()
}

fn staff(app: &App, number: &str) -> i64 {
    app.count(&format!("SELECT id FROM staff WHERE number = '{number}'"))
}

fn heads(app: &App) -> PathBuf {
    app.state().join("buckets/ARCHIVE/audit-heads")
}

/// The files of heads, by name.
fn stored(app: &App) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = std::fs::read_dir(heads(app))
        .map(|d| d.map(|e| e.expect("a file").path()).collect())
        .unwrap_or_default();
    all.sort();
    all
}

/// What a database owner can do first.
fn without_triggers(app: &App) {
    let db = app.db();
    let triggers: Vec<String> = db
        .prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        .and_then(|mut s| s.query_map([], |r| r.get(0))?.collect())
        .expect("triggers");
    for trigger in triggers {
        db.execute_batch(&format!("DROP TRIGGER {trigger}")).expect("it goes");
    }
}

fn run(app: &App, sql: &str) {
    app.db().execute_batch(sql).unwrap_or_else(|e| panic!("{e}: {sql}"));
}

#[test]
fn a_year_later_it_is_told_who_made_whom_principal_and_what_the_number_was() {
    let app = App::start();
    let (person, clerk) = (staff(&app, "T0042"), staff(&app, "T0004"));
    import_staff(
        &app,
        &[(
            "T0042,冯海一,19900050347,任课,教师,,七年级1班:物理;七年级2班:物理;七年级3班:物理;七年级4班:物理",
            "T0042,冯海壹,19900050348,校领导,校长,,",
        )],
    );
    let principal = app.office_director();
    let told = history(&principal, RecordKind::Staff, person);
    assert_eq!(told.name, "冯海壹");
    let post = told
        .entries
        .iter()
        .find(|e| e.changes.iter().any(|c| c.field == "post" && c.after == "principal"))
        .expect("the post is told");
    assert_eq!((post.kind, post.view.entry.actor), (Some(RecordKind::Appointment), clerk));
    assert_eq!(
        post.view.actor_name,
        app.office_clerk().get("/api/me").json::<domain::account::Me>().person.name
    );
    assert!(post.changes.iter().any(|c| c.field == "unit" && c.after_name == "示范中学"), "{post:?}");
    let ended = |e: &&domain::audit::HistoryEntry| {
        e.changes.iter().any(|c| c.field == "until" && !c.after.is_empty())
    };
    assert_eq!(told.entries.iter().filter(ended).count(), 4, "the posts of before ended");
    // The same by the post itself.
    let of_post = history(&principal, RecordKind::Appointment, post.id);
    assert_eq!(of_post.entries[0].view.entry.seq, post.view.entry.seq);

    // The values come only when they are asked for, and that is logged.
    let before = app.count("SELECT COUNT(*) FROM audit");
    let revealed = reveal(&principal, RecordKind::Staff, person);
    let one = |field: &str| {
        let value = revealed.values.iter().find(|v| v.field == field && v.before.is_some()).expect(field);
        (value.before.clone().unwrap_or_default(), value.after.clone().unwrap_or_default())
    };
    assert_eq!(one("name"), ("冯海一".into(), "冯海壹".into()));
    assert_eq!(one("phone"), ("19900050347".into(), "19900050348".into()));
    assert_eq!(app.count("SELECT COUNT(*) FROM audit"), before + 1);
    assert_eq!(
        app.count("SELECT COUNT(*) FROM audit WHERE action = 'audit.values_read' AND subject = 'staff'"),
        1
    );
}

#[test]
fn who_may_read_former_values() {
    let app = App::start();
    let clerk = app.office_clerk();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/middle-school-students.csv");
    let text = std::fs::read_to_string(file).expect("the roster");
    let line = text.lines().nth(1).expect("a student");
    let cells: Vec<&str> = line.split(',').collect();
    let renamed = line.replacen(cells[1], "改名同学", 1);
    apply(&clerk, "students", text.replacen(line, &renamed, 1).as_bytes());
    let number = cells.iter().find(|c| c.bytes().all(|b| b.is_ascii_alphanumeric())).expect("a number");
    let id = app.count(&format!("SELECT id FROM students WHERE number = '{number}'"));
    let told = reveal(&clerk, RecordKind::Student, id);
    assert_eq!(told.values[0].after.as_deref(), Some("改名同学"), "{told:?}");
    assert!(history(&clerk, RecordKind::Student, id).entries.iter().any(|e| e.has_values));
    // The principal reads the log, and no roll; nobody else reads either.
    let ask = Reveal { kind: RecordKind::Student, id };
    assert_eq!(app.principal().post("/api/audit/values", &ask).refused(404), "not_found");
    assert_eq!(app.homeroom("七年级1班").post("/api/audit/values", &ask).refused(403), "forbidden");
    let nobody = Reveal { kind: RecordKind::Student, id: 999_999 };
    assert_eq!(clerk.post("/api/audit/values", &nobody).refused(404), "not_found");
    let logged = app.count("SELECT COUNT(*) FROM audit WHERE action = 'audit.values_read'");
    assert_eq!(logged, 1, "what was refused tells of nothing that was read");
}

#[test]
fn an_import_tells_each_row_in_entries_that_stay_small() {
    let app = App::start();
    let db = app.db();
    let entries: Vec<(String, i64, i64)> = db
        .prepare(
            "SELECT detail ->> '$.kind', (SELECT COUNT(*) FROM json_each(detail, '$.rows') r
                                      WHERE detail ->> '$.kind' <> 'appointment' OR r.value -> '$.post' IS NOT NULL), length(detail)
             FROM audit WHERE action = 'record.changed'",
        )
        .and_then(|mut s| s.query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?.collect())
        .expect("entries");
    for (kind, rows, length) in &entries {
        assert!(*rows <= 1_000 && *length < 300_000, "{kind}: {rows} rows, {length} characters");
    }
    for (kind, table) in [("student", "students"), ("guardian", "guardians"), ("appointment", "appointments")]
    {
        let told: i64 = entries.iter().filter(|(k, ..)| k == kind).map(|(_, rows, _)| rows).sum();
        assert_eq!(told, app.count(&format!("SELECT COUNT(*) FROM {table}")), "{kind}");
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM changes"), 0, "all is told");
    // Nothing personal is in the chain, nor open beside it.
    let all: String = db
        .query_row(
            "SELECT group_concat(t, '') FROM (SELECT detail AS t FROM audit UNION ALL SELECT sealed FROM audit_values)",
            [],
            |r| r.get(0),
        )
        .expect("the log");
    for personal in ["姚燕佳", "T0003", "19900048834", "母亲"] {
        assert!(!all.contains(personal), "{personal}");
    }
}

#[test]
fn the_reason_for_a_stop_is_not_in_the_chain() {
    let app = App::start();
    let clerk = app.office_clerk();
    let order = |stopped| StopOrder { stopped, reason: "发错了家长的名字".into() };
    assert_eq!(clerk.post("/api/school/stop", &order(true)).status, 200);
    assert_eq!(app.count("SELECT COUNT(*) FROM audit WHERE detail LIKE '%发错%'"), 0);
    let told = reveal(&app.principal(), RecordKind::School, 1);
    assert_eq!(
        (told.values[0].field.as_str(), told.values[0].after.as_deref()),
        ("reason", Some("发错了家长的名字"))
    );
    assert_eq!(
        app.count(
            "SELECT COUNT(*) FROM audit WHERE action = 'record.changed' AND detail LIKE '%stopped_by%'"
        ),
        1
    );
}

#[test]
fn what_nobody_told_is_named_and_taken_by_nobody() {
    let app = App::start();
    app.cron();
    let person = staff(&app, "T0042");
    run(
        &app,
        &format!(
            "INSERT INTO appointments (staff_id, post, unit_id, since, given_by, mac) SELECT {person}, 'principal', 1, MAX(since) + 1, 1, '' FROM appointments"
        ),
    );
    let forged = app.count("SELECT MAX(id) FROM appointments");
    // What a clerk does next tells its own changes only.
    let stop = StopOrder { stopped: true, reason: "演练".into() };
    assert_eq!(app.office_clerk().post("/api/school/stop", &stop).status, 200);
    assert!(app.db().execute_batch("DELETE FROM changes").is_err(), "it cannot be swept away");
    let found = faults(&app);
    let alone = Fault::ChangeAlone { kind: RecordKind::Appointment, id: forged };
    assert_eq!(found.iter().filter(|f| **f == alone).count(), 2, "by its row and by its trace: {found:?}");
    let told = history(&app.principal(), RecordKind::Appointment, forged);
    assert!(told.entries.is_empty(), "nobody gave it");
}

#[test]
fn what_is_erased_cannot_be_read_and_the_chain_stays_whole() {
    let app = App::start();
    import_staff(&app, &[("冯海一", "冯海壹")]);
    app.cron();
    let person = staff(&app, "T0042");
    let principal = app.principal();
    let names = |r: &Revealed| r.values.iter().filter(|v| v.field == "name").count();
    assert_eq!(names(&reveal(&principal, RecordKind::Staff, person)), 1);
    assert!(app.db().execute_batch("DELETE FROM person_keys").is_err(), "in a retention run only");
    run(
        &app,
        &format!(
            "BEGIN;
             INSERT INTO audit SELECT MAX(seq) + 1, 3, 3, 'retention.started', 'retention_run', 1, '{{}}' FROM audit;
             INSERT INTO retention_runs SELECT 1, 3, NULL, 3, '', MAX(seq) FROM audit;
             DELETE FROM person_keys WHERE kind = 'staff' AND person = {person};
             UPDATE retention_runs SET ended_at = 4; COMMIT"
        ),
    );
    let told = reveal(&principal, RecordKind::Staff, person);
    assert_eq!((names(&told), told.erased), (0, 1));
    app.cron();
    assert_eq!(faults(&app), []);
}

#[test]
fn the_days_head_is_retried_until_it_stands_and_never_overwritten() {
    let app = App::start();
    // No archive: a file stands in its place.
    std::fs::write(app.state().join("buckets"), "").expect("a file");
    app.cron();
    assert_eq!(app.count("SELECT COUNT(*) FROM audit") - app.count("SELECT COUNT(*) FROM audit_seals"), 0);
    assert_eq!(app.count("SELECT COUNT(*) FROM audit_heads"), 0, "it does not stand");
    std::fs::remove_file(app.state().join("buckets")).expect("the file goes");
    app.cron();
    let all = stored(&app);
    assert_eq!(all.len(), 1);
    let first: Head = serde_json::from_slice(&std::fs::read(&all[0]).expect("the head")).expect("a head");
    assert_eq!(first.seq, app.count("SELECT MAX(seq) FROM audit_seals"));
    assert_eq!(faults(&app), []);
    // Later entries, and even a database that forgot, leave it as it is.
    app.cron();
    run(&app, "DELETE FROM audit_heads");
    app.principal();
    app.cron();
    assert_eq!(
        serde_json::from_slice::<Head>(&std::fs::read(&all[0]).expect("the head")).expect("a head"),
        first
    );
    assert_eq!(stored(&app).len(), 1);
}

#[test]
fn the_archive_names_a_cut_end_a_log_written_anew_a_forged_and_a_missing_head() {
    let app = App::start();
    app.cron();
    without_triggers(&app);
    let reader_entries = |app: &App| faults(app);
    let file = stored(&app).pop().expect("a head");
    let kept = std::fs::read(&file).expect("its words");
    let head: Head = serde_json::from_slice(&kept).expect("a head");
    let (day, seq) = (head.day.clone(), head.seq);
    let backup = "CREATE TABLE a1 AS SELECT * FROM audit; CREATE TABLE s1 AS SELECT * FROM audit_seals;";
    let restore = "DELETE FROM audit; INSERT INTO audit SELECT * FROM a1; DELETE FROM audit_seals; INSERT INTO audit_seals SELECT * FROM s1;";
    run(&app, backup);

    // The end of the log, with its seals: the chain alone would say that it is whole.
    run(
        &app,
        &format!("DELETE FROM audit WHERE seq > {seq} - 2; DELETE FROM audit_seals WHERE seq > {seq} - 2"),
    );
    let found = reader_entries(&app);
    assert!(found.contains(&Fault::CutOff { day: day.clone(), seq }), "{found:?}");
    assert!(!found.iter().any(|f| matches!(f, Fault::Broken { .. })), "{found:?}");
    run(&app, restore);

    // An entry is changed, and the chain computed anew from there.
    run(&app, "UPDATE audit SET actor = 3 WHERE seq = 2; DELETE FROM audit_seals WHERE seq >= 2");
    app.cron();
    let found = reader_entries(&app);
    assert!(found.contains(&Fault::WrittenAnew { day: day.clone(), seq }), "{found:?}");
    assert!(!found.iter().any(|f| matches!(f, Fault::Broken { .. })), "{found:?}");
    // Who writes the archive as well has no key to seal it.
    let anew: String = app
        .db()
        .query_row("SELECT hash FROM audit_seals WHERE seq = ?1", [seq], |r| r.get(0))
        .expect("the new hash");
    std::fs::write(&file, serde_json::to_vec(&Head { hash: anew, ..head }).expect("json"))
        .expect("a forged head");
    assert_eq!(reader_entries(&app), [Fault::ForgedHead { day: day.clone() }]);
    run(&app, restore);
    std::fs::write(&file, &kept).expect("the head");
    assert!(!reader_entries(&app).iter().any(|f| matches!(f, Fault::ForgedHead { .. })));

    // A head is gone. (Of today's it is said once it cannot be on its way any more.)
    std::fs::remove_file(&file).expect("it goes");
    run(&app, "UPDATE audit_seals SET sealed_at = sealed_at - 86400000");
    assert!(reader_entries(&app).iter().any(|f| matches!(f, Fault::NoHead { .. })));
}

/// A day's work with something of everything that the check holds against the log.
fn worked() -> App {
    let app = App::start();
    let teacher = app.homeroom("八年级1班");
    let id = teacher.draft(&draft_to(&[teacher.class("八年级1班")]));
    teacher.submit(id);
    app.grade_head("八年级").approve(id);
    app.settled(&teacher, id);
    import_staff(&app, &[("19900050347", "19900050348")]);
    // An absence, recorded and withdrawn.
    let head = app.grade_head("八年级");
    let known: Delegations = head.get("/api/delegations").json();
    let appointment = known.posts[0].appointment.id;
    let until = head.get("/api/me").json::<Me>().now.plus(HOUR);
    let order = RecordAbsence { appointment, from: None, until, reason: String::new() };
    let known: Delegations = head.post("/api/delegations", &order).json();
    let path = format!("/api/delegations/{}/withdraw", known.absences[0].id);
    assert_eq!(head.post(&path, &()).status, 200);
    app.cron();
    app
}

#[test]
fn a_change_without_its_entry_and_an_entry_without_its_change_are_named() {
    use RecordKind::{Appointment, Decision, Delegation, Import, PhoneChange, Procedure, Round};
    let app = worked();
    assert_eq!(faults(&app), []);
    without_triggers(&app);
    run(&app, "PRAGMA foreign_keys = OFF");
    let last = |table: &str| app.count(&format!("SELECT MAX(id) FROM {table}"));
    let person = staff(&app, "T0042");
    let message = last("messages");
    let alone = |kind, id| Fault::ChangeAlone { kind, id };
    // Forged rows that no entry tells of.
    let forged = [
        (
            format!("INSERT INTO decisions VALUES ({message}, 2, 0, 3, 3, 'principal', 'approve', 'd', '', 1, '')"),
            format!("DELETE FROM decisions WHERE message_id = {message} AND version = 2"),
            alone(Decision, message),
        ),
        (
            format!("INSERT INTO appointments (staff_id, post, unit_id, since, given_by, mac) SELECT {person}, 'principal', 1, MAX(since) + 1, 1, '' FROM appointments"),
            "DELETE FROM appointments WHERE id = (SELECT MAX(id) FROM appointments)".into(),
            alone(Appointment, last("appointments") + 1),
        ),
        (
            "UPDATE appointments SET until = 7 WHERE id = 1".into(),
            "UPDATE appointments SET until = NULL WHERE id = 1".into(),
            alone(Appointment, 1),
        ),
        (
            "INSERT INTO delegations (appointment_id, from_at, until_at, recorded_by, recorded_at, why, mac) VALUES (1, 1, 2, 1, 1, '', '')".into(),
            "DELETE FROM delegations WHERE until_at = 2".into(),
            alone(Delegation, last("delegations") + 1),
        ),
        (
            "INSERT INTO procedures SELECT id, version + 1, sender, scope, label_zh, label_en, steps, 1, 0, 1, NULL, NULL, NULL, NULL, '' FROM procedures WHERE id = 1".into(),
            "DELETE FROM procedures WHERE version = 2".into(),
            alone(Procedure, 1),
        ),
        (
            format!(
                "INSERT INTO rounds (message_id, round, kind, ordered_by, why, due_at, at, mac) VALUES ({message}, 1, 'reminder', 1, '', 1, 1, '')"
            ),
            "DELETE FROM rounds WHERE round = 1".into(),
            alone(Round, message),
        ),
        (
            "INSERT INTO phone_changes (kind, person, from_phone, to_phone, at, by) VALUES ('guardian', 9, 1, 2, 1, 1)".into(),
            "DELETE FROM phone_changes WHERE person = 9 AND kind = 'guardian'".into(),
            alone(PhoneChange, 9),
        ),
        (
            format!(
                "INSERT INTO imports (id, kind, key_id, sha256, roll_version, uploaded_by, uploaded_at, applied_at)
                 VALUES ({}, 'staff', 1, '', 1, 1, 1, 2)",
                last("imports") + 1
            ),
            "DELETE FROM imports WHERE applied_at = 2".into(),
            alone(Import, last("imports") + 1),
        ),
    ];
    for (harm, cure, fault) in forged {
        run(&app, &harm);
        let found = faults(&app);
        assert!(found.contains(&fault), "{harm}: {found:?}");
        // What was written has no seal, nor has an end; imports carry none.
        let forged = found.iter().any(|f| matches!(f, Fault::ForgedRow { .. }));
        assert_eq!(forged, !harm.contains("imports"), "{harm}: {found:?}");
        run(&app, &cure);
        assert_eq!(faults(&app), [], "{cure}");
    }
    // Rows that are gone or are others than the entries say.
    let post = app.count(
        "SELECT MAX(a.id) FROM appointments a JOIN staff t ON t.id = a.staff_id WHERE t.number = 'T0018'",
    );
    let gone = [
        ("decisions", format!("message_id = {message}"), "DELETE FROM decisions WHERE", Decision),
        ("rounds", format!("message_id = {message}"), "DELETE FROM rounds WHERE", Round),
        (
            "appointments",
            format!("id = {post}"),
            "UPDATE appointments SET post = 'principal' WHERE",
            Appointment,
        ),
        ("procedures", "id = 2".into(), "UPDATE procedures SET steps = '[]' WHERE", Procedure),
        (
            "phone_changes",
            format!("person = {person} AND kind = 'staff'"),
            "DELETE FROM phone_changes WHERE",
            PhoneChange,
        ),
        ("imports", "id = 1".into(), "UPDATE imports SET applied_at = NULL WHERE", Import),
        (
            "delegations",
            "id = 1".into(),
            "UPDATE delegations SET withdrawn_by = NULL, withdrawn_at = NULL WHERE",
            Delegation,
        ),
    ];
    for (table, which, harm, kind) in gone {
        let db = app.db();
        db.execute_batch("PRAGMA foreign_keys = OFF").expect("as a file opened by hand");
        db.execute_batch(&format!(
            "CREATE TABLE kept AS SELECT * FROM {table} WHERE {which}; {harm} {which}"
        ))
        .expect(table);
        let found = faults(&app);
        let named = |f: &Fault| matches!(f, Fault::EntryAlone { kind: k, .. } if *k == kind);
        assert!(found.iter().any(named), "{table}: {found:?}");
        db.execute_batch(&format!(
            "DELETE FROM {table} WHERE {which}; INSERT INTO {table} SELECT * FROM kept; DROP TABLE kept"
        ))
        .expect(table);
        assert_eq!(faults(&app), [], "{table}: undone");
    }
}

#[test]
fn a_sealed_value_that_was_exchanged_is_named() {
    let app = App::start();
    import_staff(&app, &[("冯海一", "冯海壹"), ("姚燕佳", "姚燕嘉")]);
    app.cron();
    without_triggers(&app);
    let entry = app.count("SELECT MAX(seq) FROM audit_values");
    for harm in [
        "UPDATE audit_values SET sealed = 'AAAA' WHERE person = (SELECT MIN(person) FROM audit_values)",
        "DELETE FROM audit_values WHERE person = (SELECT MIN(person) FROM audit_values)",
        "UPDATE audit_values SET person = person + 1000",
    ] {
        run(&app, &format!("CREATE TABLE kept AS SELECT * FROM audit_values; {harm}"));
        assert_eq!(faults(&app), [Fault::OtherValues { seq: entry }], "{harm}");
        run(&app, "DELETE FROM audit_values; INSERT INTO audit_values SELECT * FROM kept; DROP TABLE kept");
        assert_eq!(faults(&app), []);
    }
}

/// What the check from outside says of a state and of an export.
fn outside(app: &App) -> [(Option<i32>, String); 3] {
    let reader = app.principal();
    let (mut pages, mut from) = (Vec::new(), Some(0));
    while let Some(at) = from {
        let page: AuditExport = reader.get(&format!("/api/audit/export?from={at}")).json();
        from = page.next;
        pages.push(page);
    }
    let export = app.state().join("export.json");
    std::fs::write(&export, serde_json::to_vec(&pages).expect("json")).expect("the export");
    let keys: Vec<(String, String)> =
        serde_json::from_slice(&std::fs::read(app.state().join("keys.json")).expect("keys")).expect("pairs");
    let secrets: serde_json::Map<_, _> = keys.into_iter().map(|(n, v)| (n, json!(v))).collect();
    let file = app.state().join("secrets.json");
    std::fs::write(&file, serde_json::to_vec(&secrets).expect("json")).expect("secrets");
    let check = |args: &[(&str, PathBuf)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_audit-verify"));
        command.env("LANG", "en").arg("--secrets").arg(&file);
        for (name, value) in args {
            command.arg(name).arg(value);
        }
        let done = command.output().expect("it runs");
        (done.status.code(), String::from_utf8_lossy(&done.stdout).into_owned())
    };
    // As the local runtime lays a bucket out.
    let r2 = app.state().join("r2");
    let (objects, blobs) = (r2.join("miniflare-R2BucketObject"), r2.join("xiaoxun-archive/blobs"));
    std::fs::create_dir_all(&objects).expect("a folder");
    std::fs::create_dir_all(&blobs).expect("a folder");
    let bucket = rusqlite::Connection::open(objects.join("b.sqlite")).expect("the bucket");
    bucket
        .execute_batch("DROP TABLE IF EXISTS _mf_objects; CREATE TABLE _mf_objects (key, blob_id)")
        .expect("its table");
    for (at, head) in stored(app).iter().enumerate() {
        let name = head.file_name().expect("a name").to_string_lossy();
        std::fs::copy(head, blobs.join(format!("blob{at}"))).expect("the head");
        let row = (format!("audit-heads/{name}"), format!("blob{at}"));
        bucket.execute("INSERT INTO _mf_objects VALUES (?1, ?2)", row).expect("its row");
    }
    drop(bucket);
    let database = app.state().join("school.sqlite");
    [
        check(&[("--database", database.clone()), ("--buckets", app.state().join("buckets"))]),
        check(&[("--database", database), ("--r2", r2)]),
        check(&[("--export", export)]),
    ]
}

#[test]
fn from_outside_it_says_the_same() {
    let app = App::start();
    app.cron();
    for (code, said) in outside(&app) {
        assert_eq!(code, Some(0), "{said}");
    }
    without_triggers(&app);
    run(&app, "UPDATE audit SET actor = actor + 1 WHERE seq = 2");
    for (code, said) in outside(&app) {
        assert_eq!(code, Some(1));
        assert!(said.contains("Entry 2 is not as it was sealed"), "{said}");
    }
    run(&app, "UPDATE audit SET actor = actor - 1 WHERE seq = 2");
    let cut = app.count("SELECT MAX(seq) FROM audit_seals") - 3;
    run(&app, &format!("DELETE FROM audit WHERE seq > {cut}; DELETE FROM audit_seals WHERE seq > {cut}"));
    for (code, said) in outside(&app) {
        assert_eq!(code, Some(1));
        assert!(said.contains("the end of the log was cut off"), "{said}");
    }
}

/// A log of a length that no single request could go through.
#[test]
fn a_long_log_is_gone_through_in_pieces() {
    let app = App::start();
    app.cron();
    run(
        &app,
        "DROP TRIGGER audit_appends_only; DROP TRIGGER audit_is_found;
         INSERT INTO audit WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)
         SELECT (SELECT MAX(seq) FROM audit) + i, 1, 0, 'message.sent', 'message', 1, '{\"round\":0}' FROM n",
    );
    for _ in 0..14 {
        app.cron();
    }
    let reader = app.principal();
    let (mut from, mut pieces) = (0, 0);
    loop {
        let reply = reader.get(&format!("/api/audit/verify?part=entries&from={from}"));
        let (trips, ..) = App::usage(&reply);
        assert!(trips <= 4, "{trips} round trips");
        let page: VerifyPage = reply.json();
        assert_eq!(page.faults, []);
        pieces += 1;
        match page.next {
            Some(next) if next.part == VerifyPart::Entries => {
                assert!(next.from > from && next.from - from <= 2_000);
                from = next.from;
            }
            _ => break,
        }
    }
    assert!(pieces >= 4, "{pieces}");
    let page: AuditPage = reader.get("/api/audit").json();
    assert_eq!(page.entries.len(), 100);
}

/// Signed originals, orders to release and moves of units: each has its seal and its entry, and one that was written
/// or changed by hand is named.
#[test]
fn a_registration_an_order_and_a_move_of_a_unit_are_held_against_seal_and_log() {
    let app = App::small_university();
    let (sender, id) = app.department_approved();
    assert_eq!(app.signed_in(small_university::AFFAIRS_CLERK).register(id, "教〔2026〕1").status, 200);
    assert_eq!(sender.release(id).status, 200);
    let [one, other] = small_university::ADMINISTRATORS.map(|number| app.signed_in(number));
    let order = serde_json::json!({ "parent": 14, "kind": "department", "name": "团委" });
    assert_eq!(one.post("/api/units", &order).status, 200);
    let unit = app.count("SELECT id FROM units WHERE name = '团委'");
    let to = serde_json::json!({ "parent": 15 });
    assert_eq!(one.post(&format!("/api/units/{unit}/move"), &to).status, 200);
    assert_eq!(other.post("/api/units/changes/1/confirm", &()).status, 200);
    let found = || {
        let reader = app.signed_in(small_university::LEADER);
        let mut faults = Vec::new();
        let mut at = Some((VerifyPart::UnitChanges, 0));
        while let Some((part, from)) = at {
            let page: VerifyPage =
                reader.get(&format!("/api/audit/verify?part={}&from={from}", part.key())).json();
            faults.extend(page.faults);
            at = page.next.filter(|next| next.part != VerifyPart::Rounds).map(|next| (next.part, next.from));
        }
        faults
    };
    assert_eq!(found(), []);
    without_triggers(&app);
    let message = |id: i64| (RecordKind::Message, id);
    for (harm, cure, (kind, id)) in [
        (
            "UPDATE registrations SET number = number || 'x'",
            "UPDATE registrations SET number = substr(number, 1, length(number) - 1)",
            message(id.0),
        ),
        (
            "UPDATE release_orders SET appointment_id = appointment_id + 1",
            "UPDATE release_orders SET appointment_id = appointment_id - 1",
            message(id.0),
        ),
        (
            "UPDATE unit_changes SET proposed_at = proposed_at + 1",
            "UPDATE unit_changes SET proposed_at = proposed_at - 1",
            (RecordKind::UnitChange, 1),
        ),
    ] {
        run(&app, &format!("PRAGMA foreign_keys = OFF; {harm}"));
        assert_eq!(found(), [Fault::ForgedRow { kind, id }], "{harm}");
        run(&app, &format!("PRAGMA foreign_keys = OFF; {cure}"));
        assert_eq!(found(), []);
    }
    // One that no entry tells of.
    run(
        &app,
        "INSERT INTO unit_changes (unit_id, from_parent, to_parent, proposed_by, proposed_at, mac) VALUES (12, 1, 11, 1, 5, '')",
    );
    assert!(found().contains(&Fault::ChangeAlone { kind: RecordKind::UnitChange, id: 2 }));
}
