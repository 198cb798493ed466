//! What an import must not do unasked: hand a number to somebody else, take a
//! post, drop a person, change what it did not show; and how it is taken back.

use std::path::Path;

use api_tests::{App, Client, PASSPHRASE, Reply, draft_to, link_in};
use domain::account::Slip;
use domain::appointment::WaitingAppointments;
use domain::audit::{Fault, RecordKind, VerifyPage, VerifyPart};
use domain::ids::{ImportId, StaffId};
use domain::message::MessageView;
use domain::roster::{
    ChangeKind, ClassRoll, ImportApplied, ImportApply, ImportPreview, ImportView, ListTeachers, OfferKind,
    PersonAnswer, Sameness,
};
use domain::words::Lang;
use rusqlite::types::Value;
use serde_json::json;

fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data").join(name);
    String::from_utf8(std::fs::read(path).expect(name)).expect("UTF-8")
}

fn staff() -> String {
    file("middle-school-staff.csv")
}

fn students() -> String {
    file("middle-school-students.csv")
}

/// A file with one thing in it exchanged, which has to be there.
#[track_caller]
fn with(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from} is in the file");
    text.replacen(from, to, 1)
}

fn upload(client: &Client, kind: &str, text: &str) -> Reply {
    client.upload(&format!("/api/roster/imports?kind={kind}"), text.as_bytes())
}

#[track_caller]
fn preview(client: &Client, kind: &str, text: &str) -> ImportPreview {
    upload(client, kind, text).json()
}

#[track_caller]
fn again(client: &Client, id: ImportId, given: &ImportApply) -> ImportPreview {
    client.post(&format!("/api/roster/imports/{id}/preview"), given).json()
}

fn apply(client: &Client, id: ImportId, given: &ImportApply) -> Reply {
    client.post(&format!("/api/roster/imports/{id}/apply"), given)
}

fn undo(client: &Client, id: ImportId) -> Reply {
    client.post(&format!("/api/roster/imports/{id}/undo"), &json!({}))
}

/// The likely answers, and this one for everybody who may be another person.
#[track_caller]
fn all(client: &Client, preview: &ImportPreview, is: Sameness) -> ImportApply {
    let persons = preview.others.iter().map(|o| PersonAnswer { id: o.id.clone(), is }).collect();
    let given = ImportApply { persons, ..preview.likely() };
    let shown = again(client, preview.id, &given).shown;
    ImportApply { shown, ..given }
}

fn lines(preview: &ImportPreview, kind: ChangeKind) -> Vec<String> {
    let of_kind = preview.changes.iter().filter(|c| c.kind == kind);
    of_kind.map(|c| format!("{}：{} → {}", c.who, c.before.zh, c.after.zh)).collect()
}

fn offers(preview: &ImportPreview, kind: OfferKind) -> Vec<String> {
    preview.offers.iter().filter(|o| o.kind == kind).map(|o| o.who.clone()).collect()
}

/// The roll as it stands, row by row; of posts those that hold.
fn roll(app: &App) -> Vec<Vec<Value>> {
    let db = app.db();
    let mut rows = Vec::new();
    for sql in [
        "SELECT 'staff', id, number, name, phone_id, left_at FROM staff WHERE left_at IS NULL ORDER BY id",
        "SELECT 'student', id, number, name, class_id, left_at FROM students WHERE left_at IS NULL ORDER BY id",
        "SELECT 'guardian', g.id, student_id, g.name, relation, phone_id FROM guardians g JOIN students s ON s.id = g.student_id
         WHERE g.left_at IS NULL AND s.left_at IS NULL ORDER BY g.id",
        "SELECT 'post', staff_id, post, unit_id, class_id, subject FROM appointments WHERE until IS NULL ORDER BY 2, 3, 4, 5, 6",
        "SELECT 'class', id, unit_id, name, code, archived_at FROM classes WHERE archived_at IS NULL ORDER BY id",
    ] {
        let mut statement = db.prepare(sql).expect(sql);
        let row = |row: &rusqlite::Row<'_>| (0..6).map(|at| row.get(at)).collect::<Result<Vec<Value>, _>>();
        rows.extend(statement.query_map([], row).expect(sql).map(|r| r.expect("a row")));
    }
    rows
}

/// Rows that are in one of the two only.
fn difference(one: &[Vec<Value>], other: &[Vec<Value>]) -> Vec<String> {
    let lacks = |a: &[Vec<Value>], b: &[Vec<Value>], sign: &str| {
        a.iter().filter(|row| !b.contains(row)).map(|row| format!("{sign} {row:?}")).collect::<Vec<_>>()
    };
    [lacks(one, other, "-"), lacks(other, one, "+")].concat()
}

/// The staff file of another school, whose numbers are the same.
#[test]
fn g38_a_staff_file_whose_numbers_belong_to_others_is_refused() {
    let app = App::start();
    let (clerk, before) = (app.office_clerk(), roll(&app));
    let names: Vec<String> =
        staff().lines().skip(1).map(|l| l.split(',').nth(1).expect("a name").into()).collect();
    let shifted: Vec<String> = staff()
        .lines()
        .enumerate()
        .map(|(at, line)| match line.splitn(3, ',').collect::<Vec<_>>().as_slice() {
            [number, _, rest] if at > 0 => format!("{number},{},{rest}", names[at % names.len()]),
            _ => line.to_owned(),
        })
        .collect();
    let problem = upload(&clerk, "staff", &shifted.join("\n")).problem(422);
    assert_eq!(problem.kind, "/problems/wrong_file");
    assert!(problem.title.contains("这看起来不是要导入的文件：有 65 个号码"), "{}", problem.title);
    assert_eq!(difference(&before, &roll(&app)), [""; 0]);
    assert_eq!(app.count("SELECT COUNT(*) FROM imports WHERE kind = 'staff'"), 1, "nothing was kept of it");
}

/// One row is enough: who has the principal's number has the principal's account.
#[test]
fn g38_a_number_never_hands_over_an_account_or_the_past() {
    let app = App::start();
    let (_, id) = app.school_notice();
    let clerk = app.office_clerk();
    let principal = app.principal();
    let changed = with(&staff(), "T0001,范知,", "T0001,石海涵,");
    let asked = preview(&clerk, "staff", &changed);
    assert_eq!(asked.others.len(), 1);
    let other = &asked.others[0];
    assert_eq!((other.before.as_str(), other.after.as_str(), other.row), ("范知", "石海涵", 2));
    assert!(
        asked.changes.is_empty() && asked.counts.valid == 64,
        "what is open changes nothing: {:?}",
        asked.changes
    );

    // Unanswered, nothing can be applied; nor with an answer to what was not asked.
    let refused = apply(&clerk, asked.id, &asked.likely()).problem(422);
    assert_eq!(refused.errors[0].field, format!("persons.{}", other.id));

    // A mistake leaves the row out.
    let mistake = all(&clerk, &asked, Sameness::Mistake);
    assert_eq!(again(&clerk, asked.id, &mistake).changes, []);

    // A new name is shown as one.
    let renamed = again(&clerk, asked.id, &all(&clerk, &asked, Sameness::Renamed));
    assert_eq!(lines(&renamed, ChangeKind::Renamed), ["范知（T0001）：范知 → 石海涵"]);

    // Another person: the old one leaves, the account starts anew.
    let given = all(&clerk, &asked, Sameness::NewPerson);
    let shown = again(&clerk, asked.id, &given);
    assert_eq!(lines(&shown, ChangeKind::Replaced), ["范知（T0001）：校长 → 离校，号码归石海涵"]);
    assert!(lines(&shown, ChangeKind::Added)[0].starts_with("石海涵（T0001）： → 校长"), "{shown:?}");
    let applied: ImportApplied = apply(&clerk, asked.id, &given).json();
    assert_eq!((applied.counts.added, applied.counts.left, applied.counts.ended), (1, 1, 1));

    assert_eq!(principal.get("/api/me").status, 401, "the session has ended");
    assert_eq!(app.anybody().sign_in("T0001", PASSPHRASE).status, 401, "the old password opens nothing");
    assert_eq!(app.count("SELECT COUNT(*) FROM staff WHERE number = 'T0001'"), 2);
    assert_eq!(
        app.count(
            "SELECT COUNT(*) FROM staff WHERE number = 'T0001' AND left_at IS NULL AND password IS NULL"
        ),
        1
    );
    // What was decided stays the decision of the one who decided.
    let notice: MessageView = clerk.get(&format!("/api/messages/{id}")).json();
    let deciders: Vec<&str> = notice.history.iter().map(|decision| decision.name.as_str()).collect();
    assert_eq!(deciders, ["姚燕佳", "范知"]);
    let log = clerk.get("/api/audit").body;
    assert!(!log.contains("石海涵"), "nor does the log speak of another");
    // The new one opens an account of one's own.
    let new = app.count("SELECT id FROM staff WHERE number = 'T0001' AND left_at IS NULL");
    let slip = clerk.slip(&app.administrator(), StaffId(new));
    assert_eq!(slip.name, "石海涵");
    assert_eq!(app.anybody().activate(&slip, PASSPHRASE).status, 204);
    assert_eq!(app.signed_in("T0001").get("/api/me").status, 200);
}

/// Nobody signs off the own account, nor gives it away.
#[test]
fn the_own_account_is_not_given_away_by_the_own_import() {
    let app = App::start();
    let clerk = app.office_clerk();
    let other = preview(&clerk, "staff", &with(&staff(), "T0004,程佑一,", "T0004,石海涵,"));
    let given = all(&clerk, &other, Sameness::NewPerson);
    assert_eq!(apply(&clerk, other.id, &given).refused(422), "own_leaving");
    let lacking = staff().lines().filter(|l| !l.starts_with("T0004")).collect::<Vec<_>>().join("\n");
    let lacking = preview(&clerk, "staff", &lacking);
    let tick = lacking.offers.iter().find(|o| o.kind == OfferKind::StaffLeaves).expect("offered").id.clone();
    let given = ImportApply { ticked: vec![tick], ..lacking.likely() };
    assert_eq!(apply(&clerk, lacking.id, &given).refused(422), "own_leaving");
}

/// A mother's old link speaks of her child, whoever gets the number.
#[test]
fn a_student_s_number_never_passes_a_link_on() {
    let app = App::start();
    let (teacher, id) = app.class_notice();
    app.settled(&teacher, id);
    let child = "方家若";
    let of_child = |page: &str| page.contains(child);
    let links: Vec<String> = app.sms().iter().map(|s| link_in(&s.text)).collect();
    let link =
        links.iter().find(|l| of_child(&app.anybody().get(l).body)).expect("the mother's link").clone();

    let clerk = app.office_clerk();
    let changed = with(&students(), "20250101,方家若,", "20250101,石海涵,");
    let asked = preview(&clerk, "students", &changed);
    assert_eq!(asked.others.len(), 1);
    assert!(asked.others[0].hints.iter().any(|h| h.zh == "有家长的手机号没有变"), "{:?}", asked.others);
    let given = all(&clerk, &asked, Sameness::NewPerson);
    assert_eq!(apply(&clerk, asked.id, &given).status, 200);
    assert!(!app.anybody().get(&link).body.contains("石海涵"), "no other child");
    assert_eq!(app.count("SELECT COUNT(*) FROM students WHERE number = '20250101' AND left_at IS NULL"), 1);
    assert_eq!(app.count("SELECT COUNT(*) FROM students WHERE number = '20250101'"), 2);
}

/// Two guardians of whom nothing is the same.
#[test]
fn another_guardian_is_asked_about_and_gets_an_entry_of_the_own() {
    let app = App::start();
    let clerk = app.office_clerk();
    let changed = with(&students(), "卢思梓,母亲,19900044398", "石海涵,母亲,19900000007");
    let asked = preview(&clerk, "students", &changed);
    assert_eq!(asked.others[0].before, "卢思梓（母亲）");
    assert_eq!(asked.counts.changed, 0);
    let old = app.count("SELECT id FROM guardians WHERE name = '卢思梓' AND relation = '母亲' AND phone_id =
        (SELECT phone_id FROM guardians g JOIN students s ON s.id = g.student_id WHERE s.number = '20250101' AND g.position = 1)");
    assert_eq!(asked.others[0].id, format!("guardian:{old}"));
    assert_eq!(apply(&clerk, asked.id, &all(&clerk, &asked, Sameness::NewPerson)).status, 200);
    let left = |id: i64| app.count(&format!("SELECT left_at IS NOT NULL FROM guardians WHERE id = {id}"));
    assert_eq!(left(old), 1);
    assert_eq!(app.count("SELECT COUNT(*) FROM guardians WHERE name = '石海涵' AND left_at IS NULL"), 1);
    assert_eq!(
        app.count(&format!("SELECT COUNT(*) FROM phone_changes WHERE kind = 'guardian' AND person = {old}")),
        0,
        "no approved message follows to a stranger"
    );
}

#[test]
fn every_change_is_shown_and_no_other_is_made() {
    let app = App::start();
    let clerk = app.office_clerk();
    let text = with(&students(), "吴奕轩,母亲,19900063291", "吴奕轩,外婆,19900000001");
    let text = with(&text, "20260102,付志梦,七年级,1班", "20260102,付志梦,七年级,2班");
    let shown = preview(&clerk, "students", &text);
    assert_eq!(
        lines(&shown, ChangeKind::Phone),
        ["丁书瑶（20260101）的家长吴奕轩：199******91 → 199******01"]
    );
    assert_eq!(lines(&shown, ChangeKind::Relation), ["丁书瑶（20260101）的家长吴奕轩：母亲 → 外婆"]);
    assert_eq!(lines(&shown, ChangeKind::Moved), ["付志梦（20260102）：七年级1班 → 七年级2班"]);
    assert_eq!(shown.changes.len(), 3);
    assert!(!serde_json::to_string(&shown).expect("json").contains("19900063291"));

    // An application names what it saw.
    let blind = ImportApply { shown: "0".repeat(64), ..shown.likely() };
    assert_eq!(apply(&clerk, shown.id, &blind).refused(409), "not_as_shown");
    let unoffered = ImportApply { ticked: vec!["student:1".into()], ..shown.likely() };
    assert_eq!(apply(&clerk, shown.id, &unoffered).refused(422), "not_offered");

    // Another answer means other changes: they have to be looked at first.
    let chosen = preview(&clerk, "staff", &staff());
    assert_eq!(chosen.changes, [], "the same file again");
    let mut given = chosen.likely();
    let custodian = given.answers.iter_mut().find(|a| a.id == "custodian:school").expect("asked");
    custodian.chosen = vec!["T0004".into()];
    assert_eq!(apply(&clerk, chosen.id, &given).refused(409), "not_as_shown");
    let seen = again(&clerk, chosen.id, &given);
    assert_eq!(
        lines(&seen, ChangeKind::PostBegins),
        ["程佑一（T0004）： → 账号专人", "程佑一（T0004）： → 账号专人 校办室"]
    );
    assert_eq!(apply(&clerk, chosen.id, &ImportApply { shown: seen.shown, ..given }).status, 200);
    assert_eq!(apply(&clerk, shown.id, &shown.likely()).refused(409), "roll_changed");
}

/// A row that somebody changed between preview and apply is not written over.
#[test]
fn i14_a_hand_that_was_quicker_wins() {
    let app = App::start();
    let clerk = app.office_clerk();
    let shown = preview(&clerk, "students", &with(&students(), "付志梦,七年级,1班", "付志梦,七年级,2班"));
    app.db()
        .execute("UPDATE students SET class_id = class_id + 2, named_at = 9e12 WHERE number = '20260102'", [])
        .expect("by hand");
    let before = roll(&app);
    assert_eq!(apply(&clerk, shown.id, &shown.likely()).status, 409);
    assert_eq!(difference(&before, &roll(&app)), [""; 0]);
}

/// What was changed by hand since is not turned back with the rest.
#[test]
fn i14_an_import_is_taken_back_whole_or_not_at_all() {
    for by_hand in [
        "UPDATE students SET class_id = 2, named_at = 9e12 WHERE number = '20260102'",
        "INSERT INTO departures (kind, person, left_at, reason, by) SELECT 'student', id, 5, 'mistake', 1 FROM students WHERE number = '29250101';
         UPDATE students SET left_at = 5 WHERE number = '29250101'",
        "UPDATE guardians SET relation = '母亲', named_at = 9e12 WHERE relation = '外婆'",
    ] {
        let app = App::start();
        let clerk = app.office_clerk();
        let (shown, given) = everything(&clerk, "students");
        assert_eq!(apply(&clerk, shown.id, &given).status, 200);
        app.db().execute_batch(by_hand).expect(by_hand);
        let before = roll(&app);
        assert_eq!(undo(&clerk, shown.id).refused(409), "import_stays", "{by_hand}");
        assert_eq!(difference(&before, &roll(&app)), [""; 0], "{by_hand}");
    }
}

#[test]
fn a_file_ends_no_post_and_drops_nobody_unless_ticked() {
    let app = App::start();
    let clerk = app.office_clerk();
    let teacher = app.subject_teacher();
    let before = roll(&app);
    // The director becomes a clerk, two people are lacking, a teacher loses a class.
    let text = with(&staff(), "校办室,主任", "校办室,干事");
    let text = with(&text, "七年级1班:物理;", "");
    let text: Vec<&str> =
        text.lines().filter(|l| !l.starts_with("T0005") && !l.starts_with("T0050")).collect();
    let shown = preview(&clerk, "staff", &text.join("\n"));
    let leaving = offers(&shown, OfferKind::StaffLeaves);
    assert_eq!(leaving.len(), 2, "{leaving:?}");
    let ends = offers(&shown, OfferKind::PostEnds);
    assert!(ends.contains(&"冯海一（T0042）".to_owned()), "{ends:?}");
    assert_eq!(apply(&clerk, shown.id, &shown.likely()).status, 200);
    let after = roll(&app);
    let lost: Vec<_> = before.iter().filter(|row| !after.contains(row)).collect();
    assert!(lost.is_empty(), "{lost:?}");

    // Ticked, exactly these.
    let shown = preview(&clerk, "staff", &text.join("\n"));
    let is_ticked = |o: &&domain::roster::Offer| {
        o.kind == OfferKind::StaffLeaves || o.who.contains("T0042") && o.kind == OfferKind::PostEnds
    };
    let ticked: Vec<String> = shown.offers.iter().filter(is_ticked).map(|o| o.id.clone()).collect();
    assert_eq!(ticked.len(), 3);
    let gone = app.count("SELECT id FROM staff WHERE number = 'T0005'");
    app.db()
        .execute(
            "INSERT INTO sessions (token_hash, staff_id, system, browser, created_at, seen_at, expires_at, mac)
             VALUES ('x', ?1, '', '', 1, 1, 9e15, '')",
            [gone],
        )
        .expect("a session");
    let given = ImportApply { ticked, ..shown.likely() };
    let applied: ImportApplied = apply(&clerk, shown.id, &given).json();
    assert_eq!(applied.counts.left, 2);
    assert_eq!(app.count("SELECT COUNT(*) FROM staff WHERE left_at IS NULL"), 63);
    let posts = "SELECT COUNT(*) FROM appointments a JOIN staff t ON t.id = a.staff_id WHERE a.until IS NULL AND t.number = ";
    assert_eq!(app.count(&format!("{posts} 'T0005'")), 0, "a leaver's posts end");
    assert_eq!(app.count(&format!("SELECT COUNT(*) FROM sessions WHERE staff_id = {gone}")), 0);
    assert_eq!(app.count(&format!("{posts} 'T0042'")), 3);
    assert_eq!(
        app.count(&format!("{posts} 'T0003' AND post = 'office_director'")),
        1,
        "unticked, it goes on"
    );
    assert_eq!(teacher.get("/api/me").status, 200);
}

#[test]
fn students_whom_a_file_lacks_are_offered_and_stay() {
    let app = App::start();
    let clerk = app.office_clerk();
    let part: Vec<String> = students().lines().take(50).map(str::to_owned).collect();
    let shown = preview(&clerk, "students", &part.join("\n"));
    assert_eq!(offers(&shown, OfferKind::StudentLeaves).len(), 1100 - 49);
    assert_eq!(shown.changes, []);
    assert_eq!(apply(&clerk, shown.id, &shown.likely()).status, 200);
    assert_eq!(app.count("SELECT COUNT(*) FROM students WHERE left_at IS NULL"), 1100);
    let shown = preview(&clerk, "students", &part.join("\n"));
    let one = shown.offers.iter().find(|o| o.kind == OfferKind::StudentLeaves).expect("offered");
    let given = ImportApply { ticked: vec![one.id.clone()], ..shown.likely() };
    assert_eq!(apply(&clerk, shown.id, &given).status, 200);
    assert_eq!(app.count("SELECT COUNT(*) FROM students WHERE left_at IS NULL"), 1099);
    // Who comes back is the same one.
    let back = preview(&clerk, "students", &students());
    assert_eq!(lines(&back, ChangeKind::Returned).len(), 1);
    assert_eq!(apply(&clerk, back.id, &back.likely()).status, 200);
    assert_eq!(app.count("SELECT COUNT(*) FROM students"), 1100);
}

/// A file of everything: renamed, moved, replaced, added, ticked, with a new class and a new post.
fn everything(client: &Client, kind: &str) -> (ImportPreview, ImportApply) {
    let text = match kind {
        "staff" => {
            let text = with(&staff(), "T0001,范知,", "T0001,石海涵,");
            let text = with(&text, "T0002,毛亮婷,19900022662", "T0002,毛亮婷,19900000002");
            let text = with(&text, "七年级1班:物理;", "七年级15班:物理;");
            with(&text, "T0050,", "T9050,")
        }
        _ => {
            let text = with(&students(), "20260101,丁书瑶,", "20260101,石海涵,");
            let text = with(
                &text,
                "付志梦,七年级,1班,余涵豪,母亲,19900081352",
                "付志梦,七年级,15班,余涵豪,外婆,19900000003",
            );
            with(&text, "20250101,", "29250101,")
        }
    };
    let first = preview(client, kind, &text);
    let given = all(client, &first, Sameness::NewPerson);
    let shown = again(client, first.id, &given);
    let ticked = shown.offers.iter().map(|o| o.id.clone()).collect();
    (shown, ImportApply { ticked, ..given })
}

#[test]
fn an_import_is_taken_back_whole() {
    for kind in ["staff", "students"] {
        let app = App::start();
        let clerk = app.office_clerk();
        let before = roll(&app);
        let (shown, given) = everything(&clerk, kind);
        assert!(shown.changes.len() > 4, "{kind}: {:?}", shown.changes);
        let applied: ImportApplied = apply(&clerk, shown.id, &given).json();
        assert!(difference(&before, &roll(&app)).len() > 6, "{kind}");
        let listed: Vec<ImportView> = clerk.get("/api/roster/imports").json();
        assert_eq!((listed[0].id, &listed[0].stays, listed[0].counts.added), (shown.id, &None, 2));
        assert!(listed[1].stays.is_some(), "only the latest");

        let undone: ImportView = undo(&clerk, applied.id).json();
        assert!(undone.undone_at.is_some());
        assert_eq!(difference(&before, &roll(&app)), [""; 0], "{kind}");
        assert_eq!(undo(&clerk, applied.id).refused(409), "import_stays");
        assert_eq!(app.count("SELECT COUNT(*) FROM import_records"), 0);
        assert_eq!(app.count("SELECT COUNT(*) FROM audit WHERE action = 'roster.undone'"), 1);
        // And the same file can be taken once more.
        let (shown, given) = everything(&clerk, kind);
        assert_eq!(apply(&clerk, shown.id, &given).status, 200);
    }
}

/// All that the check of the log finds.
fn faults(reader: &Client) -> Vec<Fault> {
    let (mut faults, mut at) = (Vec::new(), Some((VerifyPart::Entries, 0)));
    while let Some((part, from)) = at {
        let path = format!("/api/audit/verify?part={}&from={from}", part.key());
        let page: VerifyPage = reader.get(&path).json();
        faults.extend(page.faults);
        at = page.next.map(|next| (next.part, next.from));
    }
    faults
}

/// I9: what a file did and what its undo did is told, sealed and on record like any change by hand.
#[test]
fn i9_an_import_and_its_undo_leave_nothing_untold() {
    for kind in ["staff", "students"] {
        let app = App::start();
        let clerk = app.office_clerk();
        let (shown, given) = everything(&clerk, kind);
        let applied: ImportApplied = apply(&clerk, shown.id, &given).json();
        let open = "SELECT COUNT(*) FROM departures WHERE returned_at IS NULL AND reason = 'imported'";
        assert!(app.count(open) > 0, "{kind}: who left is on record");
        app.cron();
        assert_eq!(faults(&clerk), [], "{kind}: applied");
        assert_eq!(undo(&clerk, applied.id).status, 200);
        app.cron();
        assert_eq!(faults(&clerk), [], "{kind}: taken back");
        assert_eq!(app.count("SELECT COUNT(*) FROM changes"), 0, "{kind}");
        let gone = format!(
            "SELECT COUNT(*) FROM departures d WHERE d.returned_at IS NULL AND NOT EXISTS (
               SELECT 1 FROM {kind} p WHERE d.kind = rtrim('{kind}', 's') AND p.id = d.person AND p.left_at = d.left_at
               UNION ALL SELECT 1 FROM guardians g WHERE d.kind = 'guardian' AND g.id = d.person AND g.left_at = d.left_at)"
        );
        assert_eq!(app.count(&gone), 0, "{kind}: who came back is on record, too");
        // An undo that nobody ordered is named, and an entry without its undo.
        let (id, db) = (applied.id, app.db());
        for (sql, alone) in [
            (format!("UPDATE imports SET undone_at = undone_at + 1 WHERE id = {id}"), true),
            (format!("UPDATE imports SET undone_at = NULL WHERE id = {id}"), false),
        ] {
            db.execute(&sql, []).expect("by raw SQL");
            let named = faults(&clerk);
            let change = |f: &Fault| matches!(f, Fault::ChangeAlone { kind: RecordKind::Import, .. });
            let entry = |f: &Fault| matches!(f, Fault::EntryAlone { kind: RecordKind::Import, .. });
            assert_eq!(named.iter().any(change), alone, "{kind}: {named:?}");
            assert!(named.iter().any(entry), "{kind}: {named:?}");
        }
    }
}

/// G6: posts that a file gives wait for a second person; so do those that its undo gives back.
#[test]
fn g6_an_undo_gives_no_power_back_alone() {
    let app = App::start();
    let (clerk, admin) = (app.office_clerk(), app.administrator());
    let (shown, given) = everything(&clerk, "staff");
    let applied: ImportApplied = apply(&clerk, shown.id, &given).json();
    let waits = |number: &str| {
        let all: WaitingAppointments = admin.get("/api/appointments/waiting").json();
        all.waiting.into_iter().filter(|w| w.staff.number == number).collect::<Vec<_>>()
    };
    assert_eq!((applied.waiting, waits("T0001").len()), (1, 1));
    assert_eq!(undo(&clerk, applied.id).status, 200);
    let principal = waits("T0001");
    assert_eq!(principal.len(), 1);
    assert_eq!((principal[0].staff.name.as_str(), principal[0].bar.is_none()), ("范知", true));
    let in_power = "SELECT COUNT(*) FROM appointments_in_power WHERE post = 'principal'";
    assert_eq!(app.count(in_power), 0);
    admin.confirm_waiting();
    assert_eq!(app.count(in_power), 1);

    // What a second person has decided is not taken back by one.
    let text = format!("{}\nT0099,石海涵,,校办室,干事,,\n", staff().trim_end());
    let shown = preview(&clerk, "staff", &text);
    assert_eq!(apply(&clerk, shown.id, &shown.likely()).status, 200);
    let listed: Vec<ImportView> = clerk.get("/api/roster/imports").json();
    assert_eq!(listed[0].stays, None);
    assert!(admin.confirm_waiting().waiting.is_empty());
    stays(&clerk, shown.id, "其中的任命已由第二人作出决定");
}

/// By hand, too, the roll is another one afterwards; and a number that has passed on is not given twice.
#[test]
fn i14_a_change_by_hand_ends_the_undo_and_no_number_is_given_twice() {
    let app = App::start();
    let clerk = app.office_clerk();
    for change in ["leave", "phone"] {
        let (shown, given) = everything(&clerk, "students");
        assert_eq!(apply(&clerk, shown.id, &given).status, 200);
        let guardian = app.count("SELECT MAX(id) FROM guardians WHERE left_at IS NULL");
        let path = format!("/api/guardians/{guardian}/{change}");
        let reply = match change {
            "leave" => clerk.post(&path, &json!({ "reason": "custody" })),
            _ => clerk.put(&path, &json!({ "phone": "19900000009" })),
        };
        assert!(reply.status < 300, "{}", reply.body);
        stays(&clerk, shown.id, "只能撤销最近一次导入");
        if change == "leave" {
            let old = app.count("SELECT MIN(id) FROM students WHERE number = '20260101'");
            let back = clerk.post(&format!("/api/students/{old}/return"), &json!({}));
            assert_eq!(back.refused(409), "number_taken");
            assert_eq!(
                app.count("SELECT COUNT(*) FROM students WHERE number = '20260101' AND left_at IS NULL"),
                1
            );
            clerk.import("students", &students());
        }
    }
}

#[track_caller]
fn stays(client: &Client, id: ImportId, why: &str) {
    let problem = undo(client, id).problem(409);
    assert_eq!(problem.kind, "/problems/import_stays");
    assert!(problem.title.contains(why), "{}", problem.title);
    let listed: Vec<ImportView> = client.get("/api/roster/imports").json();
    let told = listed.iter().find(|i| i.id == id).expect("listed").stays.clone().expect("a reason");
    assert_eq!(told.get(Lang::Zh), problem.title);
}

#[test]
fn an_import_on_which_something_rests_stays() {
    let app = App::start();
    let clerk = app.office_clerk();
    // A later import.
    let (first, given) = everything(&clerk, "students");
    assert_eq!(apply(&clerk, first.id, &given).status, 200);
    let second = preview(&clerk, "students", &with(&students(), "卢思梓,母亲", "卢思梓,外婆"));
    let given = all(&clerk, &second, Sameness::Mistake);
    assert_eq!(apply(&clerk, second.id, &given).status, 200);
    stays(&clerk, first.id, "只能撤销最近一次导入");

    // A message to a class that it changed; one to another class does not matter.
    let teacher = app.homeroom("七年级2班");
    let elsewhere = teacher.draft(&draft_to(&[teacher.class("七年级2班")]));
    teacher.submit(elsewhere);
    let listed: Vec<ImportView> = clerk.get("/api/roster/imports").json();
    assert_eq!(listed[0].stays, None);
    let teacher = app.homeroom("八年级1班");
    let id = teacher.draft(&draft_to(&[teacher.class("八年级1班")]));
    teacher.submit(id);
    stays(&clerk, second.id, "已有通知向其中的班级");
}

#[test]
fn an_import_whose_people_have_acted_stays() {
    let app = App::start();
    let clerk = app.office_clerk();
    let text = with(&staff(), "七年级1班:物理;", "八年级1班:物理;七年级1班:物理;");
    let shown = preview(&clerk, "staff", &text);
    assert_eq!(lines(&shown, ChangeKind::PostBegins), ["冯海一（T0042）： → 任课教师 八年级1班 物理"]);
    assert_eq!(apply(&clerk, shown.id, &shown.likely()).status, 200);
    let (teacher, homeroom) = (app.subject_teacher(), app.homeroom("八年级1班"));
    let class = homeroom.class("八年级1班");
    let teachers = homeroom.get(&format!("/api/classes/{class}")).json::<ClassRoll>().teachers;
    let list = teachers.iter().filter(|t| t.number == "T0042").map(|t| t.appointment).collect();
    let order = ListTeachers { list, strike: Vec::new() };
    assert_eq!(homeroom.put(&format!("/api/classes/{class}/teachers"), &order).status, 200);
    teacher.draft(&draft_to(&[class]));
    stays(&clerk, shown.id, "已经起草或审批过通知");
    assert_eq!(teacher.class("八年级1班"), teacher.class("八年级1班"), "nothing of it was undone");
}

#[test]
fn an_import_whose_slip_was_used_stays() {
    let app = App::start();
    let clerk = app.office_clerk();
    let text = format!("{}\nT0099,石海涵,19900000009,教务处,干事,,\n", staff().trim_end());
    let shown = preview(&clerk, "staff", &text);
    assert_eq!(lines(&shown, ChangeKind::Added), ["石海涵（T0099）： → 处室干事 教务处；199******09"]);
    assert_eq!(apply(&clerk, shown.id, &shown.likely()).status, 200);
    let new = app.count("SELECT id FROM staff WHERE number = 'T0099'");
    let slip: Slip = clerk.post(&format!("/api/staff/{new}/activation"), &json!({})).json();
    let listed: Vec<ImportView> = clerk.get("/api/roster/imports").json();
    assert_eq!(listed[0].stays, None, "a slip alone opens nothing");
    assert_eq!(app.anybody().activate(&slip, PASSPHRASE).status, 204);
    stays(&clerk, shown.id, "已经开通账号");
}

/// I11: names and numbers lie sealed beside the import.
#[test]
fn i11_the_record_of_an_import_is_sealed() {
    let app = App::start();
    let clerk = app.office_clerk();
    let (shown, given) = everything(&clerk, "students");
    assert_eq!(apply(&clerk, shown.id, &given).status, 200);
    let sealed: Vec<u8> =
        app.db().query_row("SELECT sealed FROM import_records", [], |r| r.get(0)).expect("a record");
    let open = String::from_utf8_lossy(&sealed);
    assert!(["石海涵", "余涵豪", "外婆", "29250101"].iter().all(|told| !open.contains(told)));
    let touched: String = app
        .db()
        .query_row("SELECT touched FROM imports WHERE touched IS NOT NULL ORDER BY id DESC", [], |r| r.get(0))
        .expect("ids");
    assert!(touched.is_ascii(), "{touched}");
}

#[test]
fn only_the_office_and_administrators_take_back() {
    let app = App::start();
    for number in ["T0018", "T0042", "T0015", "T0001"] {
        let client = app.signed_in(number);
        assert_eq!(client.get("/api/roster/imports").status, 403, "{number}");
        assert_eq!(undo(&client, ImportId(1)).status, 403, "{number}");
    }
    assert_eq!(undo(&app.office_clerk(), ImportId(999)).status, 404);
}
