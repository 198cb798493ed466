//! The prepared states of a school in process: migrated, and with the demo
//! school loaded through the API as an office would do it. Made once for a
//! test program; each school copies one.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use domain::account::{Slip, SlipView};
use domain::roster::{ClassRoll, ClassView, ImportPreview, ListTeachers, StaffView};
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::json;

use crate::client::Way;
use crate::native::{Handle, ORIGIN};
use crate::{Client, PASSPHRASE, small_university};

/// The key that opens `POST /api/setup`.
pub const SETUP_KEY: &str = "a setup key for tests alone";

/// Demo accounts that are activated.
const ACCOUNTS: [&str; 12] = [
    "T0018", "T0019", "T0026", "T0042", "T0015", "T0016", "T0017", "T0003", "T0004", "T0001", "T0002",
    "T0014",
];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Settings of a demo deployment, with keys of its own.
pub fn settings(state: &Path) -> Vec<(String, String)> {
    let keys = std::fs::read_to_string(state.join("keys.json")).expect("the template's keys");
    serde_json::from_str(&keys).expect("pairs of name and value")
}

fn keys() -> Vec<(&'static str, String)> {
    let key = |n: u8| format!("{n:02x}").repeat(32);
    vec![
        ("DEMO", "1".into()),
        ("SMS_PROVIDER", "sandbox".into()),
        ("PUBLIC_ORIGIN", ORIGIN.into()),
        ("SETUP_KEY", SETUP_KEY.into()),
        ("DATA_KEYS", format!("1:{}", key(17))),
        ("INDEX_KEY", key(34)),
        ("LINK_KEYS", format!("1:{}", key(51))),
        ("RECORD_KEY", key(85)),
        ("PASSWORD_PEPPER", key(68)),
        ("HOOK_SECRET", key(102)),
    ]
}

/// All that a prepared state is made of: a change makes another one.
fn made_of() -> String {
    fn walk(path: &Path, all: &mut Vec<PathBuf>) {
        if path.is_dir() {
            let entries = std::fs::read_dir(path).expect("a folder of the repository");
            entries.for_each(|e| walk(&e.expect("an entry").path(), all));
        } else {
            all.push(path.to_owned());
        }
    }
    let mut all = Vec::new();
    for part in ["schema", "domain/src", "worker/src", "tests/data", "tests/api/src/template.rs"] {
        walk(&repository().join(part), &mut all);
    }
    all.sort();
    let contents = all.iter().flat_map(|path| std::fs::read(path).expect("a file")).collect::<Vec<u8>>();
    domain::digest::Digest::of_bytes(&contents).to_hex()
}

/// The folder with the states `demo` and `empty`; made by whoever comes first.
pub fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let home = repository().join("target/test-states");
        std::fs::create_dir_all(&home).expect("a folder for states");
        let folder = home.join(format!("native-{}", made_of()));
        // One makes it, the others wait: the lock goes with its holder.
        let lock = std::fs::File::create(home.join("native.lock")).expect("a lock");
        lock.lock().expect("the lock");
        if !folder.exists() {
            let making = home.join(format!("native-{}.making", std::process::id()));
            make(&making);
            std::fs::rename(&making, &folder).expect("the state takes its place");
        }
        folder
    })
}

fn make(folder: &Path) {
    for name in ["empty", "demo", "small-university"] {
        let state = folder.join(name);
        std::fs::create_dir_all(&state).expect("a folder of one's own");
        std::fs::write(state.join("keys.json"), json!(keys()).to_string()).expect("keys");
        migrate(&state.join("school.sqlite"), &repository().join("schema"));
        migrate(&state.join("network.sqlite"), &repository().join("schema/sandbox"));
    }
    load_demo(&folder.join("demo"));
    small_university::load(&folder.join("small-university"));
}

fn migrate(database: &Path, migrations: &Path) {
    let db = Connection::open(database).expect("a database");
    let entries = std::fs::read_dir(migrations).expect("the migrations");
    let mut files: Vec<PathBuf> = entries.map(|e| e.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "sql"));
    files.sort();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a migration");
        db.execute_batch(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    }
}

#[derive(Deserialize)]
struct Slips {
    slips: Vec<Slip>,
}

fn load_demo(state: &Path) {
    let (database, network) = (state.join("school.sqlite"), state.join("network.sqlite"));
    let school = Handle::start(&database, Some(&network), settings(state), None);
    let anybody = Client::new(Way::Native(school));
    let body = json!({
        "name": "示范中学", "signature": "示范中学", "platform_word": "校讯通",
        // The whole day, so that scenarios work at any hour.
        "window": { "from": 0, "to": 1440 },
        "administrators": [{ "number": "T0014", "name": "田沐华" }, { "number": "T0013", "name": "高佑奕" }],
    });
    let key = format!("Bearer {SETUP_KEY}");
    let bytes = serde_json::to_vec(&body).expect("json");
    let opened = anybody.send("POST", "/api/setup", Some(&bytes), &[("authorization", &key)]);
    for slip in &opened.json::<Slips>().slips {
        assert_eq!(anybody.activate(slip, PASSPHRASE).status, 204);
    }
    // One administrator imports, the other confirms the posts that need a second person.
    let (mut admin, mut second) = (anybody.clone(), anybody.clone());
    assert_eq!(admin.sign_in("T0014", PASSPHRASE).status, 200);
    assert_eq!(second.sign_in("T0013", PASSPHRASE).status, 200);
    for kind in ["staff", "students"] {
        let file = repository().join(format!("tests/data/middle-school-{kind}.csv"));
        let bytes = std::fs::read(file).expect("a roster");
        let preview: ImportPreview = admin.upload(&format!("/api/roster/imports?kind={kind}"), &bytes).json();
        let applied = admin.post(&format!("/api/roster/imports/{}/apply", preview.id), &preview.likely());
        assert_eq!(applied.status, 200, "{}", applied.body);
    }
    second.confirm_waiting();
    let staff: Vec<StaffView> = admin.get("/api/staff").json();
    let wanted = staff.iter().filter(|s| ACCOUNTS.contains(&s.number.as_str()) && !s.active);
    let ids: Vec<_> = wanted.map(|s| s.id).collect();
    let mut slips: Vec<Slip> = second.post("/api/staff/activations", &json!({ "staff": ids })).json();
    // Slips for managing posts wait for a second person, as the posts did.
    for waiting in admin.get("/api/staff/activations").json::<Vec<SlipView>>() {
        slips.push(admin.post(&format!("/api/staff/activations/{}/confirm", waiting.id), &json!({})).json());
    }
    for slip in slips.iter().filter(|s| !s.waits) {
        assert_eq!(anybody.activate(slip, PASSPHRASE).status, 204);
    }
    // These homeroom teachers let all who teach their class write to its parents.
    for number in ["T0018", "T0019"] {
        let mut teacher = anybody.clone();
        assert_eq!(teacher.sign_in(number, PASSPHRASE).status, 200);
        for class in teacher.get("/api/classes").json::<Vec<ClassView>>().iter().filter(|c| c.may_read) {
            let path = format!("/api/classes/{}", class.id);
            let teachers = teacher.get(&path).json::<ClassRoll>().teachers;
            let list = teachers.iter().map(|t| t.appointment).collect();
            let order = ListTeachers { list, strike: Vec::new() };
            assert_eq!(teacher.put(&format!("{path}/teachers"), &order).status, 200);
        }
        assert_eq!(teacher.sign_out().status, 204);
    }
}
