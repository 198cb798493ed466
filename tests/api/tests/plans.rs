//! How SQLite goes about every statement that the Worker runs: none may walk
//! through a table that grows with use, or five million deliveries later each
//! request and each idle minute of cron would.

use std::collections::{BTreeMap, BTreeSet};

use api_tests::{App, draft_to, link_in};
use domain::approval::Verdict;
use domain::school::StopOrder;
use rusqlite::Connection;
use serde_json::json;

/// Tables whose rows are added by use. (Those of the roll are as large as the
/// school, and a school-wide notice has to read them all.)
const GROWING: [&str; 22] = [
    "activations",
    "answers",
    "attempt_parts",
    "attempts",
    "audit",
    "audit_seals",
    "batches",
    "dead_letters",
    "decisions",
    "deliveries",
    "filings",
    "idempotency",
    "imports",
    "message_steps",
    "message_streams",
    "message_versions",
    "messages",
    "opened",
    "phone_changes",
    "recipients",
    "registrations",
    "rounds",
];

/// Uses the product from end to end, so that every statement runs.
fn use_everything(app: &mut App) {
    let teacher = app.homeroom("八年级1班");
    let head = app.grade_head("八年级");
    let class = teacher.class("八年级1班");
    let id = teacher.draft(&draft_to(&[class]));
    assert_eq!(teacher.post("/api/messages/preview", &draft_to(&[class])).status, 200);
    teacher.submit(id);
    assert_eq!(head.decide(id, Verdict::Return, "请写明时间").status, 200);
    assert_eq!(teacher.put(&format!("/api/messages/{id}"), &draft_to(&[class])).status, 200);
    teacher.submit(id);
    head.approve(id);
    app.settled(&teacher, id);
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
            "/api/classes".into(),
            format!("/api/classes/{class}"),
            "/api/staff".into(),
            "/api/messages?box=all".into(),
            "/api/messages?box=mine&before=3".into(),
            "/api/messages?box=waiting".into(),
            format!("/api/messages/{id}"),
            format!("/api/messages/{id}/funnel"),
            format!("/api/messages/{id}/deliveries"),
            "/api/audit".into(),
            "/api/audit?before=5".into(),
        ] {
            client.get(&path);
        }
    }
    let clerk = app.office_clerk();
    assert_eq!(clerk.post("/api/staff/activations", &json!({ "staff": [] })).status, 200);
    let switch =
        |stopped: bool| clerk.post("/api/school/stop", &StopOrder { stopped, reason: "演练".into() }).status;
    assert_eq!(switch(true), 200);
    let (office, school) = app.school_notice();
    assert_eq!(office.post(&format!("/api/messages/{school}/pause"), &json!({})).status, 200);
    assert_eq!(office.post(&format!("/api/messages/{school}/resume"), &json!({})).status, 200);
    assert_eq!(switch(false), 200);
    // What is held is looked at again each minute.
    app.forward(2 * 60_000);
    // Unknown outcomes, late and missing receipts, and what expires.
    app.finish(school);
    let office = app.office_clerk();
    office.send("DELETE", "/api/session", None, &[]);
    for name in ["students-dirty-gb18030.csv", "middle-school-students.csv"] {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../data").join(name);
        let client = app.office_clerk();
        let bytes = std::fs::read(file).expect(name);
        let preview: domain::roster::ImportPreview =
            client.upload("/api/roster/imports?kind=students", &bytes).json();
        client.post(&format!("/api/roster/imports/{}/apply", preview.id), &json!({ "answers": [] }));
    }
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
    let all = app.statements();

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
