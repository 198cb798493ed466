//! How SQLite goes about every statement that the Worker runs: none may walk
//! through a table that grows with use, or five million deliveries later each
//! request and each idle minute of cron would.

use std::collections::{BTreeMap, BTreeSet};

use api_tests::{App, Client, draft_to, link_in, small_university};
use domain::account::Me;
use domain::appointment::WaitingAppointments;
use domain::approval::Verdict;
use domain::approval::procedure::{Procedures, Standing};
use domain::audit::VerifyPart;
use domain::delegation::Delegations;
use domain::message::{Audience, Created, Draft};
use domain::roster::{ImportApplied, ImportApply, ImportPreview, OtherPerson, PersonAnswer, Sameness};
use domain::school::{StopOrder, UnitKind, UnitView};
use domain::sms_account::SmsAccountView;
use domain::time::HOUR;
use rusqlite::Connection;
use serde_json::json;

/// Tables whose rows are added by use. (Those of the roll are as large as the
/// school, and a school-wide notice has to read them all.)
const GROWING: &[&str] = &[
    "activations",
    "answers",
    "applications",
    "attempt_parts",
    "attempts",
    "audit",
    "audit_about",
    "audit_seals",
    "audit_values",
    "batches",
    "chases",
    "dead_letters",
    "decisions",
    "delegations",
    "deliveries",
    "departures",
    "disputes",
    "filings",
    "former_names",
    "idempotency",
    "import_records",
    "imports",
    "message_comments",
    "message_steps",
    "message_streams",
    "message_versions",
    "messages",
    "opened",
    "person_keys",
    "phone_changes",
    "recipients",
    "registrations",
    "reminders",
    "release_orders",
    "replies",
    "return_passages",
    "rounds",
    "sessions",
    "signin_failures",
    "sms_tests",
    "templates",
    "unit_changes",
];

/// Makes a unit, gives a post in it and takes all of it back.
fn edits_units_and_posts(app: &App) {
    let clerk = app.office_clerk();
    let made: Vec<UnitView> =
        clerk.post("/api/units", &json!({ "parent": 1, "kind": "department", "name": "体卫处" })).json();
    let unit = made.iter().find(|u| u.name == "体卫处").expect("made").id;
    let change = json!({ "name": "体育卫生处" });
    assert_eq!(clerk.put(&format!("/api/units/{unit}"), &change).status, 200);
    let give = json!({ "staff": 20, "post": "department_clerk", "unit": unit });
    assert_eq!(clerk.post("/api/appointments", &give).status, 204);
    let post = app.count("SELECT MAX(id) FROM appointments");
    assert_eq!(clerk.get(&format!("/api/appointments/{post}/end")).status, 200);
    assert_eq!(clerk.post(&format!("/api/appointments/{post}/end"), &json!({ "knowing": true })).status, 204);
    let admin = app.administrator();
    let said = |what: &str| {
        let id = app.count("SELECT MAX(id) FROM unit_changes");
        assert_eq!(admin.post(&format!("/api/units/changes/{id}/{what}"), &json!({})).status, 200);
    };
    let other = made.iter().find(|u| u.kind == UnitKind::Department && u.id != unit).expect("another").id;
    assert_eq!(clerk.post(&format!("/api/units/{unit}/move"), &json!({ "parent": other })).status, 200);
    assert_eq!(admin.get("/api/units/changes").status, 200);
    said("confirm");
    assert_eq!(clerk.post(&format!("/api/units/{unit}/close"), &json!({})).status, 200);
    said("decline");
    assert_eq!(clerk.post(&format!("/api/units/{unit}/close"), &json!({})).status, 200);
    said("confirm");
}

/// Proposes an account with a provider twice, once in vain, and tries it.
fn changes_the_sms_account(app: &App) {
    let (administrator, director) = (app.administrator(), app.office_director());
    let key = json!({ "id": "LTAI5tAbCdEf9f2c", "secret": "a-secret-of-the-demo" });
    for what in ["decline", "confirm"] {
        let known: SmsAccountView = administrator.get("/api/sms-account").json();
        let order = json!({ "behind": 0, "provider": "sandbox", "trial": true, "signature": known.signature,
            "signature_state": "filed", "templates": [], "price": 45, "credentials": key });
        let waits: SmsAccountView = administrator.post("/api/sms-account", &order).json();
        let version = waits.proposed.expect("it waits").version;
        assert_eq!(director.post(&format!("/api/sms-account/{version}/{what}"), &json!({})).status, 200);
    }
    assert_eq!(administrator.post("/api/sms-account/test", &json!({})).status, 200);
}

/// Uses the product from end to end, so that every statement runs.
fn use_everything(app: &mut App) {
    let teacher = app.homeroom("八年级1班");
    let head = app.grade_head("八年级");
    let class = teacher.class("八年级1班");
    let id = teacher.draft(&draft_to(&[class]));
    assert_eq!(teacher.post("/api/messages/preview", &draft_to(&[class])).status, 200);
    teacher.submit(id);
    assert_eq!(teacher.post(&format!("/api/messages/{id}/remind"), &json!({})).status, 200);
    assert_eq!(head.decide(id, Verdict::Return, "请写明时间").status, 200);
    assert_eq!(teacher.put(&format!("/api/messages/{id}"), &draft_to(&[class])).status, 200);
    teacher.submit(id);
    head.approve(id);
    app.settled(&teacher, id);
    let correction: Created = teacher.post(&format!("/api/messages/{id}/correct"), &json!({})).json();
    let earlier = Draft { audience: Audience::Earlier { message: id }, ..draft_to(&[]) };
    assert_eq!(teacher.post("/api/messages/preview", &earlier).status, 200);
    teacher.submit(correction.id);
    head.approve(correction.id);
    app.settled(&teacher, correction.id);
    let other = teacher.draft(&draft_to(&[class]));
    teacher.submit(other);
    assert_eq!(teacher.post(&format!("/api/messages/{other}/withdraw"), &json!({})).status, 200);

    let link = link_in(&app.sms()[0].text);
    let parent = app.anybody();
    assert_eq!(parent.get(&link).status, 200);
    assert_eq!(parent.confirm(&link).status, 303);

    for who in ["T0026", "T0016", "T0003", "T0001", "T0014", "T0042"] {
        let client = app.signed_in(who);
        for path in [
            "/api/me".to_owned(),
            "/api/units".into(),
            "/api/register".into(),
            "/api/register?q=x&unit=1&state=sent&since=1&until=9&before=3&before_at=9".into(),
            "/api/register/totals".into(),
            format!("/api/register/{id}"),
            format!("/api/register/{id}/verify?digest=x"),
            "/api/agenda".into(),
            "/api/templates".into(),
            "/api/classes".into(),
            format!("/api/classes/{class}"),
            "/api/staff".into(),
            "/api/appointments/waiting".into(),
            "/api/delegations".into(),
            "/api/procedures".into(),
            "/api/sms-account".into(),
            "/api/messages?box=all".into(),
            "/api/messages?box=mine&before=3".into(),
            "/api/messages?box=waiting".into(),
            "/api/messages?box=late".into(),
            format!("/api/messages/{id}"),
            format!("/api/messages/{id}/funnel"),
            format!("/api/messages/{id}/deliveries"),
            "/api/audit".into(),
            "/api/audit?before=5".into(),
            "/api/audit/export".into(),
            "/api/audit/history?kind=staff&id=1".into(),
            "/api/audit/history?kind=school&id=1".into(),
        ] {
            client.get(&path);
        }
    }
    let principal = app.principal();
    let now = principal.get("/api/me").json::<Me>().now;
    let steps = json!([{ "kind": "approve", "post": "principal", "at": "anywhere", "holds": true }]);
    let order =
        json!({ "sender": "teacher", "scope": "grade", "steps": steps, "unit": 1, "in_force_from": now });
    assert_eq!(principal.post("/api/procedures/dry-run", &order).status, 422);
    for what in ["decline", "confirm"] {
        let all: Procedures = principal.post("/api/procedures", &order).json();
        let waits = all.all.iter().find(|p| p.standing == Standing::Proposed).expect("it waits");
        let say = format!("/api/procedures/{}/{what}", waits.id);
        assert_eq!(app.office_director().post(&say, &json!({ "version": waits.version })).status, 200);
    }
    edits_units_and_posts(app);
    let own: Delegations = head.get("/api/delegations").json();
    let absence =
        json!({ "appointment": own.posts[0].appointment.id, "until": i64::MAX / 1_000_000, "reason": "" });
    uses_the_own_account(app);
    let unit = own.posts[0].appointment.unit;
    let wording = json!({ "unit": unit, "title": "期中考试", "body": "请准时到校" });
    let saved: Vec<domain::template::TemplateView> = teacher.post("/api/templates", &wording).json();
    assert_eq!(teacher.delete(&format!("/api/templates/{}", saved[0].id)).status, 204);
    let clerk = app.office_clerk();
    for part in VerifyPart::ALL {
        assert_eq!(clerk.get(&format!("/api/audit/verify?part={}", part.key())).status, 200);
    }
    assert_eq!(clerk.post("/api/audit/values", &json!({ "kind": "staff", "id": 1 })).status, 200);
    assert_eq!(head.post("/api/delegations", &absence).status, 422);
    let me: Me = head.get("/api/me").json();
    let absence =
        json!({ "appointment": own.posts[0].appointment.id, "until": me.now.plus(HOUR), "reason": "" });
    let recorded: Delegations = head.post("/api/delegations", &absence).json();
    let withdraw = format!("/api/delegations/{}/withdraw", recorded.absences[0].id);
    assert_eq!(head.post(&withdraw, &json!({})).status, 200);
    assert_eq!(clerk.post("/api/staff/activations", &json!({ "staff": [] })).status, 200);
    let switch =
        |stopped: bool| clerk.post("/api/school/stop", &StopOrder { stopped, reason: "演练".into() }).status;
    assert_eq!(switch(true), 200);
    let (office, school) = app.school_notice();
    assert_eq!(office.post(&format!("/api/messages/{school}/pause"), &json!({})).status, 200);
    assert_eq!(office.post(&format!("/api/messages/{school}/resume"), &json!({})).status, 200);
    // One is paused with another behind it, and stopped; one is set apart, and put again.
    let order = |id: domain::ids::MessageId, what: &str| {
        office.post(&format!("/api/messages/{id}/{what}"), &json!({ "reason": "时间写错了" })).status
    };
    let wrong = {
        let id = office.draft(&draft_to(&[class]));
        office.submit(id);
        head.approve(id);
        id
    };
    assert_eq!(order(wrong, "pause"), 200);
    assert_eq!(order(wrong, "stop"), 200);
    app.db()
        .execute_batch("UPDATE batches SET set_apart_at = 1, set_apart_why = 'claimed_in_vain' WHERE no = 1 AND state = 'ready'")
        .expect("one is set apart");
    assert_eq!(order(school, "put-again"), 200);
    app.db()
        .execute_batch("UPDATE batches SET set_apart_at = 1, set_apart_why = 'unknown_form' WHERE no = 2 AND state = 'ready'")
        .expect("another one is");
    assert_eq!(clerk.get("/api/school/checklist").status, 200);
    assert_eq!(switch(false), 200);
    // What is held is looked at again each minute.
    app.forward(2 * 60_000);
    // Unknown outcomes, late and missing receipts, and what expires.
    app.finish(school);
    // Posts that wait, one confirmed and one declined.
    let (office, admin) = (app.office_clerk(), app.administrator());
    let file = "工号,姓名,手机,部门,职务,班主任班级,任教\nT0901,甲,,校办室,干事,,\nT0902,乙,,校办室,干事,,\n";
    let preview: ImportPreview = office.upload("/api/roster/imports?kind=staff", file.as_bytes()).json();
    let apply = format!("/api/roster/imports/{}/apply", preview.id);
    assert_eq!(office.post(&apply, &preview.likely()).status, 200);
    let waiting: WaitingAppointments = admin.get("/api/appointments/waiting").json();
    let decline = format!("/api/appointments/{}/decline", waiting.waiting[0].appointment.id);
    assert_eq!(admin.post(&decline, &json!({ "reason": "不符" })).status, 200);
    assert!(admin.confirm_waiting().waiting.is_empty());
    people_come_and_go(app);
    changes_the_sms_account(app);
    office.send("DELETE", "/api/session", None, &[]);
    imports(&app.office_clerk());
}

/// A department's message comes into the register and is released; a college's is filed, asked about,
/// registered and, where that takes long, chased.
fn keeps_the_register(app: &App) {
    let affairs = app.signed_in(small_university::AFFAIRS_HEAD);
    let (sender, id) = app.department_approved();
    assert_eq!(affairs.register(id, "教〔2026〕1").status, 200);
    assert_eq!(affairs.get(&format!("/api/messages/{id}/scan")).status, 200);
    assert_eq!(sender.release(id).status, 200);
    let (clerk, filed) = app.college_notice();
    assert_eq!(affairs.say(filed, "question", "何时？").status, 200);
    assert_eq!(clerk.say(filed, "answer", "周五").status, 200);
    app.db()
        .execute_batch("DROP TRIGGER filings_complete_once; UPDATE filings SET filed_at = 1")
        .expect("long ago");
    app.cron();
    assert_eq!(app.count("SELECT COUNT(*) FROM chases"), 1);
    assert_eq!(affairs.receive(filed).status, 200);
    assert_eq!(affairs.get("/api/filings").status, 200);
    assert_eq!(affairs.put("/api/filings/limit", &json!({ "days": 5 })).status, 200);
}

/// Files in which numbers stand for others, numbers change and people are lacking; all that is
/// offered is ticked, and the file is taken back.
fn imports(client: &Client) {
    let file = |name: &str| {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../data").join(name);
        String::from_utf8(std::fs::read(path).expect(name)).expect("UTF-8")
    };
    let staff = file("middle-school-staff.csv").replace("T0050", "T9050").replacen(",199", ",198", 1);
    let students = file("middle-school-students.csv");
    let students = students.replacen("19900081352", "19900000001", 1).replacen("丁书瑶", "别人", 1);
    let students = students.lines().take(900).collect::<Vec<_>>().join("\n").replacen("1班", "2班", 1);
    for (kind, text) in [("staff", staff), ("students", students)] {
        let preview: ImportPreview =
            client.upload(&format!("/api/roster/imports?kind={kind}"), text.as_bytes()).json();
        let path = format!("/api/roster/imports/{}", preview.id);
        let is = |o: &OtherPerson| PersonAnswer { id: o.id.clone(), is: Sameness::NewPerson };
        let given = ImportApply { persons: preview.others.iter().map(is).collect(), ..preview.likely() };
        let again: ImportPreview = client.post(&format!("{path}/preview"), &given).json();
        let ticked = again.offers.iter().map(|o| o.id.clone()).collect();
        let given = ImportApply { ticked, shown: again.shown, ..given };
        let applied: ImportApplied = client.post(&format!("{path}/apply"), &given).json();
        assert!(applied.counts.left > 0 && applied.counts.changed > 0, "{kind}: {:?}", applied.counts);
        assert_eq!(client.get("/api/roster/imports").status, 200);
        let undone = client.post(&format!("{path}/undo"), &json!({}));
        assert_eq!(undone.status, 200, "{kind}: {}", undone.body);
    }
}

/// The own password, sessions, and a slip that two people give.
fn uses_the_own_account(app: &App) {
    let teacher = app.signed_in("T0019");
    let other = app.signed_in("T0019");
    for path in ["/api/me/sessions", "/api/me"] {
        assert_eq!(teacher.get(path).status, 200);
    }
    let sessions: Vec<domain::account::SessionView> = other.get("/api/me/sessions").json();
    let own = sessions.iter().find(|s| s.current).expect("itself").id;
    assert_eq!(teacher.delete(&format!("/api/me/sessions/{own}")).status, 204);
    assert_eq!(teacher.delete("/api/me/sessions").status, 204);
    let change = json!({ "old": api_tests::PASSPHRASE, "password": "the plane trees at the gate" });
    assert_eq!(teacher.put("/api/me/password", &change).status, 204);
    let wrong = json!({ "token": "0000-0000-0000-0000" });
    assert_eq!(teacher.post("/api/activations/check", &wrong).status, 404);
    for n in 0..40 {
        app.anybody().sign_in_from(&format!("198.51.100.{n}"), "T0018", "not the passphrase");
    }
    let mut known = app.signed_in("T0015");
    assert_eq!(known.sign_in("T0015", api_tests::PASSPHRASE).status, 200);

    let (clerk, admin) = (app.office_clerk(), app.administrator());
    let staff: Vec<domain::roster::StaffView> = clerk.get("/api/staff").json();
    let id = staff.iter().find(|s| s.number == "T0019").expect("on the roll").id;
    let waiting = || {
        clerk.post(&format!("/api/staff/{id}/activation"), &json!({}));
        let slips: Vec<domain::account::SlipView> = admin.get("/api/staff/activations").json();
        slips[0].id
    };
    assert_eq!(admin.post(&format!("/api/staff/activations/{}/decline", waiting()), &json!({})).status, 204);
    let path = format!("/api/staff/activations/{}/confirm", waiting());
    let slip: domain::account::Slip = admin.post(&path, &json!({})).json();
    assert_eq!(app.anybody().activate(&slip, "the plane trees at the lake").status, 204);
    let mut owner = app.anybody();
    assert_eq!(owner.sign_in("T0019", "the plane trees at the lake").status, 200);
    let me: domain::account::Me = owner.get("/api/me").json();
    for mine in [true, false] {
        let path = format!("/api/me/resets/{}", me.resets[0].id);
        assert_eq!(owner.post(&path, &json!({ "mine": mine })).status, 204);
    }
}

/// People leave, come back and change their numbers.
fn people_come_and_go(app: &App) {
    let clerk = app.office_clerk();
    let (student, guardian) =
        (app.count("SELECT MAX(id) FROM students"), app.count("SELECT MAX(id) FROM guardians"));
    let staff = app.count("SELECT MAX(id) FROM staff");
    for (path, reason) in [
        (format!("/api/staff/{staff}"), "retired"),
        (format!("/api/students/{student}"), "transferred"),
        (format!("/api/guardians/{guardian}"), "custody"),
    ] {
        // (The last student is the last guardian's own: one after the other.)
        assert_eq!(clerk.get(&format!("{path}/leave")).status, 200, "{path}");
        assert_eq!(clerk.post(&format!("{path}/leave"), &json!({ "reason": reason })).status, 204, "{path}");
        assert_eq!(clerk.get("/api/staff/departures").status, 200);
        assert_eq!(clerk.post(&format!("{path}/return"), &json!({})).status, 204, "{path}");
    }
    let phone = json!({ "phone": "19900000009" });
    for path in [format!("/api/guardians/{guardian}/phone"), format!("/api/staff/{staff}/phone")] {
        assert!(clerk.put(&path, &phone).status < 300, "{path}");
    }
    let mark = json!({ "state": "usable" });
    assert_eq!(clerk.post(&format!("/api/guardians/{guardian}/phone"), &mark).status, 200);
    let link = link_in(&app.sms()[1].text);
    let form = ("content-type", "application/x-www-form-urlencoded");
    app.anybody().send("POST", &link, Some(b"action=not_mine"), &[form]);
    let open: Vec<domain::roster::people::Dispute> = clerk.get("/api/disputes").json();
    assert_eq!(clerk.post(&format!("/api/disputes/{}/keep", open[0].id), &json!({})).status, 204);
}

/// What stands behind a name in a plan: `FROM deliveries d` makes `d` one.
fn aliases(sql: &str) -> BTreeMap<String, String> {
    let words: Vec<&str> =
        sql.split(|c: char| c.is_whitespace() || "(),;".contains(c)).filter(|w| !w.is_empty()).collect();
    let mut found = BTreeMap::new();
    for pair in words.windows(2) {
        if GROWING.contains(&pair[0]) {
            found.insert(pair[0].to_owned(), pair[0].to_owned());
            found.insert(pair[1].to_owned(), pair[0].to_owned());
        }
    }
    for three in words.windows(3) {
        if GROWING.contains(&three[0]) && three[1].eq_ignore_ascii_case("AS") {
            found.insert(three[2].to_owned(), three[0].to_owned());
        }
    }
    for word in words.iter().filter(|w| GROWING.contains(w)) {
        found.insert((*word).to_owned(), (*word).to_owned());
    }
    found
}

fn plan(db: &Connection, sql: &str) -> Vec<String> {
    let mut statement =
        db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap_or_else(|e| panic!("{e}: {sql}"));
    // Values do not matter to a plan.
    for at in 1..=statement.parameter_count() {
        statement.raw_bind_parameter(at, "1").expect("a parameter");
    }
    let mut rows = statement.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next().expect("a plan") {
        steps.push(row.get(3).expect("its words"));
    }
    steps
}

#[test]
fn no_statement_walks_through_a_growing_table() {
    let mut app = App::start();
    use_everything(&mut app);
    let mut all = app.statements();
    let university = App::small_university();
    keeps_the_register(&university);
    all.extend(university.statements());

    assert!(all.len() > 80, "only {} statements were seen", all.len());
    let db = app.db();
    // A partial index holds what is open, not what has ever been.
    let partial: BTreeSet<String> = db
        .prepare("SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '%WHERE%'")
        .and_then(|mut s| s.query_map([], |r| r.get(0))?.collect())
        .expect("indices");
    let mut walks = Vec::new();
    for sql in &all {
        let names = aliases(sql);
        let steps = plan(&db, sql);
        // The newest few in key order: the walk ends at its LIMIT.
        let sorted = steps.iter().any(|s| s.contains("TEMP B-TREE"));
        if sql.contains("LIMIT") && !sql.contains("WHERE") && !sorted {
            continue;
        }
        for step in steps {
            let Some(rest) = step.strip_prefix("SCAN ") else { continue };
            let mut words = rest.split(' ');
            let Some(table) = words.next().and_then(|name| names.get(name)) else { continue };
            let index = rest.split("INDEX ").nth(1).and_then(|i| i.split(' ').next()).unwrap_or_default();
            if !partial.contains(index) {
                walks.push(format!(
                    "{table}: {step}\n    {}",
                    sql.split_whitespace().collect::<Vec<_>>().join(" ")
                ));
            }
        }
    }
    assert!(walks.is_empty(), "{} of {} statements:\n{}", walks.len(), all.len(), walks.join("\n"));
}
