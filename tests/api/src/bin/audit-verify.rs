//! `npm run audit:verify`: checks the audit log from outside, with the Worker's
//! own rule but without the Worker: on a state folder (a copy of its database
//! and of its archive), or on an export.
//!
//! Ends with 0 where nothing is wrong, with 1 where something is, with 2 where it cannot be checked.

use std::collections::HashMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;

use domain::audit::{AuditExport, Fault, HeadCheck, VerifyPart, Walk, check_head};
use domain::time::Instant;
use domain::words::Lang;
use rusqlite::Connection;
use xiaoxun_worker::audit::verify;
use xiaoxun_worker::platform::app::App;
use xiaoxun_worker::platform::d1::Backend;
use xiaoxun_worker::platform::d1::sqlite::Sqlite;
use xiaoxun_worker::platform::host::native::Native;
use xiaoxun_worker::platform::host::{ARCHIVE, DB, Host};
use xiaoxun_worker::seals::{AuditHeadSeal, Seal};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Where the Worker stores heads, and what the bucket is called in wrangler.toml.
const BUCKET: &str = "xiaoxun-archive";

fn main() -> ExitCode {
    let mut given: HashMap<String, String> = HashMap::new();
    let mut words = std::env::args().skip(1);
    while let (Some(name), Some(value)) = (words.next(), words.next()) {
        given.insert(name.trim_start_matches("--").to_owned(), value);
    }
    match run(&given) {
        Ok(faults) if faults.is_empty() => {
            println!("✓ {}", say(&domain::words::Words::fixed("日志完整", "The log is whole")));
            ExitCode::SUCCESS
        }
        Ok(faults) => {
            for fault in &faults {
                println!("✗ {}", say(&fault.words()));
            }
            ExitCode::from(1)
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn say(words: &domain::words::Words) -> String {
    let zh = std::env::var("LANG").is_ok_and(|lang| lang.starts_with("zh"));
    words.get(if zh { Lang::Zh } else { Lang::En }).to_owned()
}

fn run(given: &HashMap<String, String>) -> Outcome<Vec<Fault>> {
    let path = |name: &str| given.get(name).map(PathBuf::from);
    let settings = match path("secrets") {
        Some(file) => {
            let all: HashMap<String, serde_json::Value> = serde_json::from_slice(&std::fs::read(file)?)?;
            all.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned()))).collect()
        }
        None => Vec::new(),
    };
    match (path("database"), path("export")) {
        (Some(database), None) => {
            of_state(&database, path("buckets").as_deref(), path("r2").as_deref(), settings)
        }
        (None, Some(export)) => of_export(&export, settings),
        _ => Err("--database FILE --secrets FILE and --r2 or --buckets FOLDER, or --export FILE".into()),
    }
}

#[expect(clippy::disallowed_methods, reason = "it runs natively, at the time that it is")]
fn wall_clock() -> Instant {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Instant(i64::try_from(now.as_millis()).unwrap_or(i64::MAX))
}

/// A folder that goes when the check is over.
struct Copy(PathBuf);

impl Copy {
    fn new() -> Outcome<Self> {
        let folder = std::env::temp_dir().join(format!("xiaoxun-audit-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The state itself is never opened: whoever checks changes nothing.
fn of_state(
    database: &Path,
    buckets: Option<&Path>,
    r2: Option<&Path>,
    settings: Vec<(String, String)>,
) -> Outcome<Vec<Fault>> {
    let copy = Copy::new()?;
    let file = copy_database(database, &copy.0, "school.sqlite")?;
    let backend: Rc<dyn Backend> = Rc::new(Sqlite::open(&file)?);
    let host = Native::new(wall_clock(), std::process::id().into(), settings, [(DB, backend)]);
    match (buckets, r2) {
        (Some(folder), _) => host.keep_files_in(folder.to_owned()),
        (None, Some(r2)) => {
            let folder = copy.0.join("buckets");
            copy_archive(r2, &copy.0, &folder.join(ARCHIVE))?;
            host.keep_files_in(folder);
        }
        (None, None) => return Err("--r2 FOLDER or --buckets FOLDER".into()),
    }
    let app = App::new(host).map_err(|e| format!("{e:?}"))?;
    let mut faults = Vec::new();
    let mut at = Some((VerifyPart::Entries, 0));
    while let Some((part, from)) = at {
        let page = pollster::block_on(verify::page(&app, part, from)).map_err(|e| format!("{e:?}"))?;
        eprintln!("  {} {}/{}", say(&part.title()), page.checked, page.of);
        faults.extend(page.faults);
        at = page.next.map(|next| (next.part, next.from));
    }
    Ok(faults)
}

fn copy_database(from: &Path, folder: &Path, name: &str) -> Outcome<PathBuf> {
    let to = folder.join(name);
    std::fs::copy(from, &to)?;
    // What is not yet in the file itself.
    let log = PathBuf::from(format!("{}-wal", from.display()));
    if log.exists() {
        std::fs::copy(log, folder.join(format!("{name}-wal")))?;
    }
    Ok(to)
}

/// The files of the local runtime's bucket, as the Worker sees them.
fn copy_archive(r2: &Path, folder: &Path, to: &Path) -> Outcome<()> {
    let objects = r2.join("miniflare-R2BucketObject");
    for file in std::fs::read_dir(&objects)? {
        let file = file?.path();
        let is_bucket = file.extension().is_some_and(|e| e == "sqlite") && !file.ends_with("metadata.sqlite");
        if !is_bucket {
            continue;
        }
        let db = Connection::open(copy_database(&file, folder, "bucket.sqlite")?)?;
        let mut all = db.prepare("SELECT key, blob_id FROM _mf_objects WHERE key LIKE 'audit-heads/%'")?;
        let rows = all.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
        for row in rows {
            let (key, blob) = row?;
            let name =
                key.strip_prefix("audit-heads/").filter(|name| !name.contains(['/', '\\'])).unwrap_or("odd");
            std::fs::create_dir_all(to.join("audit-heads"))?;
            std::fs::copy(r2.join(BUCKET).join("blobs").join(blob), to.join("audit-heads").join(name))?;
        }
    }
    Ok(())
}

/// A file of pages of `GET /api/audit/export`, as a JSON array. Heads are only told from forged ones
/// where the deployment's RECORD_KEY is given.
fn of_export(export: &Path, settings: Vec<(String, String)>) -> Outcome<Vec<Fault>> {
    let pages: Vec<AuditExport> = serde_json::from_slice(&std::fs::read(export)?)?;
    let has_key = settings.iter().any(|(name, _)| name == "RECORD_KEY");
    let unused = ["DATA_KEYS", "INDEX_KEY", "LINK_KEYS", "PASSWORD_PEPPER", "RECORD_KEY"].map(|name| {
        let key = "0".repeat(64);
        (name.to_owned(), if name.ends_with("KEYS") { format!("0:{key}") } else { key })
    });
    let none: [(&'static str, Rc<dyn Backend>); 0] = [];
    // The given ones come last, and so decide.
    let host = Native::new(wall_clock(), 1, unused.into_iter().chain(settings), none);
    let keys =
        xiaoxun_worker::platform::crypto::Keys::load(&*host as &dyn Host).map_err(|e| format!("{e:?}"))?;
    let entries: HashMap<i64, _> = pages.iter().flat_map(|p| &p.entries).map(|e| (e.seq, e)).collect();
    let seals: HashMap<i64, &str> =
        pages.iter().flat_map(|p| &p.seals).map(|(seq, hash)| (*seq, hash.as_str())).collect();
    let mut walk = Walk::default();
    let mut faults: Vec<Fault> = pages
        .iter()
        .flat_map(|p| &p.seals)
        .filter_map(|(seq, hash)| walk.step(*seq, hash, entries.get(seq).copied()))
        .collect();
    for head in pages.iter().flat_map(|p| &p.heads) {
        let seal = AuditHeadSeal { day: &head.day, seq: head.seq, hash: &head.hash };
        let fits = !has_key || seal.fits(&keys, &head.mac);
        let hash = seals.get(&head.seq).copied();
        faults.extend(check_head(HeadCheck { head, day: &head.day, fits, hash }));
    }
    faults.dedup();
    Ok(faults)
}
