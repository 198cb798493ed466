//! The roll and the files that it comes from (G24, G25, G42).

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use api_tests::{App, Client, PASSPHRASE};
use domain::account::Slip;
use domain::roster::{ClassRoll, ClassView, ImportApplied, ImportKind, ImportPreview, RowLevel, StaffView};
use domain::school::{FirstAdministrator, Setup};
use domain::time::SendingWindow;

fn app() -> &'static App {
    static APP: OnceLock<App> = OnceLock::new();
    APP.get_or_init(App::start)
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../data").join(name)
}

fn file(name: &str) -> Vec<u8> {
    std::fs::read(data(name)).expect(name)
}

fn preview(client: &Client, kind: &str, bytes: &[u8]) -> ImportPreview {
    client.upload(&format!("/api/roster/imports?kind={kind}"), bytes).json()
}

fn apply(client: &Client, preview: &ImportPreview) -> api_tests::Reply {
    client.post(&format!("/api/roster/imports/{}/apply", preview.id), &preview.likely())
}

/// An empty deployment with its first administrator signed in.
fn opened() -> (App, Client) {
    let app = App::empty();
    let setup = Setup {
        name: "示范中学".into(),
        signature: "示范中学".into(),
        platform_word: None,
        regulation: Default::default(),
        window: Some(SendingWindow { from: 0, to: 1440 }),
        administrators: vec![
            FirstAdministrator { number: "T0014".into(), name: "田沐华".into() },
            FirstAdministrator { number: "T0013".into(), name: "高佑奕".into() },
        ],
    };
    let body = serde_json::to_vec(&setup).expect("json");
    let key = format!("Bearer {}", app.setup_key());
    let slips: serde_json::Value =
        app.anybody().send("POST", "/api/setup", Some(&body), &[("authorization", &key)]).json();
    let slips: Vec<Slip> = serde_json::from_value(slips["slips"].clone()).expect("slips");
    assert_eq!(app.anybody().activate(&slips[0], PASSPHRASE).status, 204);
    let admin = app.signed_in("T0014");
    (app, admin)
}

#[test]
fn the_middle_school_comes_from_its_two_files() {
    let (app, admin) = opened();
    let staff = preview(&admin, "staff", &file("middle-school-staff.csv"));
    assert_eq!((staff.kind, staff.encoding.as_str()), (ImportKind::Staff, "UTF-8"));
    assert_eq!((staff.counts.rows, staff.counts.valid, staff.counts.errors), (65, 65, 0));
    assert_eq!(app.count("SELECT COUNT(*) FROM staff"), 2, "a preview changes nothing");
    assert!(staff.questions.iter().any(|q| q.id == "administrators"), "{:?}", staff.questions);
    assert!(staff.questions.iter().any(|q| q.id.starts_with("custodian:")), "{:?}", staff.questions);
    assert_eq!(apply(&admin, &staff).status, 200);
    assert_eq!(app.count("SELECT COUNT(*) FROM staff WHERE left_at IS NULL"), 65);
    let people: Vec<StaffView> = admin.get("/api/staff").json();
    assert_eq!(people.iter().filter(|p| p.active).count(), 1, "the import opens no account");

    let students = preview(&admin, "students", &file("middle-school-students.csv"));
    let counts = &students.counts;
    assert_eq!(
        (counts.rows, counts.valid, counts.errors, counts.classes, counts.guardians, counts.phones),
        (1100, 1100, 0, 24, 1822, 1756)
    );
    let applied: ImportApplied = apply(&admin, &students).json();
    assert_eq!(applied.counts.added, 1100);
    assert_eq!(app.count("SELECT COUNT(*) FROM students"), 1100);
    assert_eq!(app.count("SELECT COUNT(*) FROM guardians"), 1822);
    assert_eq!(app.count("SELECT COUNT(*) FROM classes"), 24);
    assert_eq!(app.count("SELECT COUNT(DISTINCT phone_id) FROM guardians"), 1756);

    // The same file again changes nothing.
    let again = preview(&admin, "students", &file("middle-school-students.csv"));
    assert_eq!((again.counts.added, again.counts.changed, again.counts.same), (0, 0, 1100));
}

#[test]
fn a_class_that_could_be_any_of_four_is_asked_about() {
    let app = App::university();
    let rows = "工号,姓名,手机,部门,职务,班主任班级,任教\nU9999,甲,19900000001,信息学院,辅导员,2023级1班,\n";
    let unclear = preview(&app.signed_in("U0007"), "staff", rows.as_bytes());
    assert_eq!((unclear.counts.valid, unclear.counts.errors), (0, 1));
    assert!(unclear.findings[0].words.zh.contains("商学院/2023级1班"), "{:?}", unclear.findings);
}

#[test]
fn a_changed_number_is_written_down_with_the_import_that_changed_it() {
    let app = App::start();
    let clerk = app.office_clerk();
    let text = String::from_utf8(file("middle-school-students.csv")).expect("utf-8");
    let changed = preview(&clerk, "students", text.replacen("19900063291", "19900000001", 1).as_bytes());
    assert_eq!((changed.counts.added, changed.counts.changed), (0, 1));
    assert_eq!(apply(&clerk, &changed).status, 200);
    let recorded = format!(
        "SELECT COUNT(*) FROM phone_changes x JOIN guardians g ON g.id = x.person AND g.phone_id = x.to_phone
         WHERE x.kind = 'guardian' AND x.from_phone <> x.to_phone AND x.import_id = {}",
        changed.id
    );
    assert_eq!(app.count(&recorded), 1);
    // (The administrators, who had none, got their first number by the file of the staff.)
    assert_eq!(app.count("SELECT COUNT(*) FROM phone_changes WHERE from_phone IS NOT NULL"), 1);
}

#[test]
fn a_dirty_gb18030_file_is_read_repaired_and_explained() {
    let preview = preview(&app().office_clerk(), "students", &file("students-dirty-gb18030.csv"));
    assert_eq!(preview.encoding, "GB18030");
    let level = |row: u32| {
        let mut levels: Vec<RowLevel> =
            preview.findings.iter().filter(|f| f.row == row).map(|f| f.level).collect();
        levels.sort_by_key(|l| match l {
            RowLevel::Error => 0,
            RowLevel::Repaired => 1,
            RowLevel::Warning => 2,
        });
        levels.first().copied()
    };
    assert_eq!(level(4), Some(RowLevel::Repaired), "full-width digits");
    assert_eq!(level(6), Some(RowLevel::Repaired), "dashes");
    assert_eq!(level(8), Some(RowLevel::Repaired), "+86");
    assert_eq!(level(10), Some(RowLevel::Repaired), "a spreadsheet's exponent with all digits");
    assert_eq!(level(12), Some(RowLevel::Error), "ten digits");
    assert!(level(14).is_some(), "nobody to reach");
    assert_eq!(level(18), Some(RowLevel::Error), "no name");
    assert!(
        preview.findings.iter().any(|f| f.level == RowLevel::Error && (f.row == 15 || f.row == 16)),
        "number twice"
    );
    let numbers = ["19900063291", "1990000567", "19900009999", "19900026523"];
    let told = serde_json::to_string(&preview).expect("json");
    for number in numbers {
        assert!(!told.contains(number), "the preview shows a whole number: {number}");
    }
    assert!(preview.counts.errors > 0 && preview.counts.valid > 30, "{:?}", preview.counts);
}

#[test]
fn a_preview_holds_for_the_roll_that_it_saw() {
    let app = App::start();
    let clerk = app.office_clerk();
    let (one, two) = (
        preview(&clerk, "students", &file("middle-school-students.csv")),
        preview(&clerk, "students", &file("students-dirty-gb18030.csv")),
    );
    assert_eq!(apply(&clerk, &one).status, 200);
    assert_eq!(apply(&clerk, &two).status, 409, "the roll has changed since");
    assert!((400..500).contains(&apply(&clerk, &one).status), "applied once");
}

#[test]
fn two_applies_at_once_apply_once() {
    let app = App::on_workerd(&[]);
    let clerk = app.office_clerk();
    let before = app.count("SELECT roll_version FROM school");
    let preview = preview(&clerk, "students", &file("middle-school-students.csv"));
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..4).map(|_| scope.spawn(|| apply(&clerk, &preview).status)).collect();
        tries.into_iter().map(|t| t.join().expect("a status")).collect()
    });
    assert_eq!(statuses.iter().filter(|s| **s == 200).count(), 1, "{statuses:?}");
    assert_eq!(app.count("SELECT roll_version FROM school"), before + 1);
}

#[test]
fn who_may_see_which_roll() {
    let classes: Vec<ClassView> = app().office_clerk().get("/api/classes").json();
    assert_eq!(classes.len(), 24);
    assert_eq!(classes.iter().map(|c| c.students).sum::<u32>(), 1100);
    assert_eq!(classes.iter().map(|c| c.guardians).sum::<u32>(), 1822);
    assert!(classes.iter().all(|c| c.unreachable == 0 && c.may_read && c.may_write && c.homeroom.len() == 1));

    let teacher = app().homeroom("八年级1班");
    let own = teacher.class("八年级1班");
    let roll: ClassRoll = teacher.get(&format!("/api/classes/{own}")).json();
    assert_eq!(roll.students.len() as u32, roll.class.students);
    for guardian in roll.students.iter().flat_map(|s| &s.guardians) {
        assert!(guardian.phone.contains("******"), "{}", guardian.phone);
    }
    let other = app().office_clerk().class("九年级1班");
    for number in ["T0026", "T0042", "T0015", "T0001", "T0014"] {
        let status = app().signed_in(number).get(&format!("/api/classes/{other}")).status;
        assert!(status == 403 || status == 404, "{number}: {status}");
    }
    let seen: Vec<ClassView> = app().subject_teacher().get("/api/classes").json();
    assert_eq!(seen.iter().filter(|c| c.may_write).count(), 2, "{seen:?}");
    assert!(seen.iter().all(|c| !c.may_read));
}

#[test]
fn only_the_office_and_administrators_import() {
    for number in ["T0018", "T0042", "T0015", "T0001"] {
        let client = app().signed_in(number);
        let reply = client.upload("/api/roster/imports?kind=students", &file("students-dirty-gb18030.csv"));
        assert_eq!(reply.refused(403), "forbidden", "{number}");
        assert_eq!(client.get("/api/staff").status, 403, "{number}");
    }
}

#[test]
fn files_that_are_no_rosters_are_refused_in_words() {
    let clerk = app().office_clerk();
    let try_file =
        |kind: &str, bytes: &[u8]| clerk.upload(&format!("/api/roster/imports?kind={kind}"), bytes);
    for (what, bytes) in [
        ("empty", &b""[..]),
        ("no table", b"hello"),
        ("binary", b"\x00\x01\x02\xff\xfe\x00\x00"),
        ("spreadsheet", b"PK\x03\x04 not really a zip file"),
        ("another table", "日期,金额\n2026-09-01,12\n".as_bytes()),
    ] {
        let status = try_file("students", bytes).status;
        assert!(status == 400 || status == 422, "{what}: {status}");
    }
    assert_eq!(try_file("pupils", b"x").status / 100, 4);
    assert_eq!(try_file("students", &vec![b'x'; 1_500_001]).refused(413), "too_large");
    // The staff file where the students' belongs.
    assert_eq!(try_file("students", &file("middle-school-staff.csv")).status, 422);
}

/// I11: a look at the bytes of the database files.
#[test]
fn i11_no_number_lies_open_anywhere() {
    let app = App::start();
    let (teacher, id) = app.class_notice();
    app.settled(&teacher, id);
    let clerk = app.office_clerk();
    let _ = preview(&clerk, "students", &file("middle-school-students.csv"));
    let path = app.db().path().expect("a file").to_owned();
    let rows = file("middle-school-students.csv");
    let text = String::from_utf8(rows).expect("utf-8");
    let numbers: Vec<&str> =
        text.split([',', '\n', '\r']).filter(|c| c.len() == 11 && c.starts_with("199")).collect();
    assert!(numbers.len() > 1800);
    let log = app.log();
    for file in [path.clone(), format!("{path}-wal")] {
        let bytes = std::fs::read(&file).unwrap_or_default();
        let found = bytes.windows(11).find(|w| {
            w.starts_with(b"199")
                && w.iter().all(u8::is_ascii_digit)
                && numbers.contains(&String::from_utf8_lossy(w).as_ref())
        });
        assert_eq!(found.map(String::from_utf8_lossy), None, "{file}");
    }
    assert!(numbers.iter().all(|n| !log.contains(n)), "a number in the log");
}
