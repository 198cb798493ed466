//! A school of one's own: in process by default, on workerd where a scenario is
//! about the platform (kills, races, what a deployment answers).

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use domain::time::Instant;
use rusqlite::Connection;
use serde::Deserialize;
use xiaoxun_worker::platform::crypto::Keys;
use xiaoxun_worker::platform::host::native::Native;

use crate::client::Way;
use crate::native::{self, Handle, Prepared, Turns};
use crate::provider::Network;
use crate::{Client, Reply, template};

/// The passphrase of every demo account: `scripts/lib/demo.mjs`.
pub const PASSPHRASE: &str = "wutong-2026-xiaoxun-demo";

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Made once by `scripts/template.mjs` for the build as it stands.
fn templates() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let made = Command::new("node")
            .arg(root().join("scripts/template.mjs"))
            .stderr(Stdio::inherit())
            .output()
            .expect("node runs scripts/template.mjs");
        assert!(made.status.success(), "scripts/template.mjs: {}", String::from_utf8_lossy(&made.stdout));
        let said = String::from_utf8(made.stdout).expect("a path");
        PathBuf::from(said.lines().last().expect("a path in its last line"))
    })
}

/// What `scripts/serve.mjs` says when it is ready.
#[derive(Deserialize)]
struct Ready {
    origin: String,
    setup_key: String,
    d1: PathBuf,
    sandbox: PathBuf,
}

/// What a school runs on.
enum Engine {
    /// SQLite in process.
    Native(Handle),
    /// workerd, with D1, queues and objects.
    Workerd { child: Child, ready: Ready },
}

/// A school of one's own, for one scenario or for those of one file.
pub struct App {
    state: PathBuf,
    workerd: bool,
    production: bool,
    vars: Vec<(String, String)>,
    running: Option<Engine>,
    /// The SMS provider that stands behind it, where that is not the sandbox.
    pub(crate) network: Option<Network>,
    /// Statements that ran before the school was started again.
    ran: BTreeSet<String>,
}

/// An SMS as the pretend telephone company took it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Sms {
    /// Counts up.
    pub id: i64,
    /// To whom.
    pub phone: String,
    /// The whole text, signature and link included.
    pub text: String,
    /// The attempt that sent it.
    pub reference: String,
}

#[derive(Deserialize)]
struct SmsPage {
    messages: Vec<Sms>,
    next: Option<i64>,
}

impl App {
    /// The middle school with its demo accounts.
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// The same, with settings of the pretend telephone company or the clock.
    pub fn with(vars: &[(&str, &str)]) -> Self {
        Self::new("demo", vars, false, false)
    }

    /// The university, with settings of the pretend telephone company or the clock.
    pub fn with_small_university(vars: &[(&str, &str)]) -> Self {
        Self::new("small-university", vars, false, false)
    }

    /// A deployment on which nobody has called `POST /api/setup`.
    pub fn empty() -> Self {
        Self::new("empty", &[], false, false)
    }

    /// The middle school on workerd.
    pub fn on_workerd(vars: &[(&str, &str)]) -> Self {
        Self::new("demo", vars, true, false)
    }

    /// On workerd, a deployment on which nobody has called `POST /api/setup`.
    pub fn empty_on_workerd() -> Self {
        Self::new("empty", &[], true, false)
    }

    /// The demo school's data under production's configuration, on workerd: no `DEMO`, no
    /// sandbox database, the provider that is named, and links that lead to a filed domain.
    pub fn production(provider: &str) -> Self {
        Self::new(
            "demo",
            &[("SMS_PROVIDER", provider), ("PUBLIC_ORIGIN", "https://xx.example.cn")],
            true,
            true,
        )
    }

    fn new(name: &str, vars: &[(&str, &str)], workerd: bool, production: bool) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let folder = format!("xiaoxun-api-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let state = std::env::temp_dir().join(folder);
        let from = if workerd { templates().join(name) } else { template::folder().join(name) };
        let copied = Command::new("cp").arg("-R").arg(from).arg(&state).status();
        assert!(copied.is_ok_and(|s| s.success()), "cannot copy the template to {}", state.display());
        let vars = vars.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let mut app =
            Self { state, workerd, production, vars, running: None, network: None, ran: BTreeSet::new() };
        app.run();
        app
    }

    fn run(&mut self) {
        self.running = Some(if self.workerd { self.run_workerd() } else { self.run_native() });
    }

    fn run_native(&self) -> Engine {
        let provider = self.network.iter().map(|n| ("SMS_PROVIDER".to_owned(), n.kind.key().to_owned()));
        let settings = template::settings(&self.state).into_iter().chain(self.vars.clone()).chain(provider);
        let (database, network) = (self.state.join("school.sqlite"), self.state.join("network.sqlite"));
        Engine::Native(Handle::start(&database, Some(&network), settings.collect(), self.network.clone()))
    }

    fn run_workerd(&self) -> Engine {
        let mut command = Command::new(root().join("node_modules/.bin/node"));
        command.arg(root().join("scripts/serve.mjs")).arg("--temporary").arg("--state").arg(&self.state);
        if self.production {
            command.arg("--production");
        }
        for (name, value) in &self.vars {
            command.arg("--var").arg(format!("{name}={value}"));
        }
        // Its own process group: a kill takes workerd along. It ends with its
        // standard input, so that nothing stays behind when a test dies.
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .expect("scripts/serve.mjs starts");
        let out = child.stdout.take().expect("piped");
        let line = BufReader::new(out)
            .lines()
            .map_while(Result::ok)
            .find(|line| line.starts_with('{'))
            .expect("scripts/serve.mjs says that it is ready");
        let ready = serde_json::from_str(&line).expect("what serve.mjs says");
        Engine::Workerd { child, ready }
    }

    fn engine(&self) -> &Engine {
        self.running.as_ref().expect("it runs")
    }

    /// `http://127.0.0.1:port`.
    pub fn origin(&self) -> &str {
        match self.engine() {
            Engine::Native(_) => native::ORIGIN,
            Engine::Workerd { ready, .. } => &ready.origin,
        }
    }

    /// The key that opens `POST /api/setup`.
    pub fn setup_key(&self) -> &str {
        match self.engine() {
            Engine::Native(_) => template::SETUP_KEY,
            Engine::Workerd { ready, .. } => &ready.setup_key,
        }
    }

    /// SIGKILL for workerd and all around it: what memory held is gone, the
    /// local queue's messages included.
    pub fn kill(&mut self) {
        if let Some(Engine::Native(school)) = &self.running {
            self.ran.extend(school.statements());
        }
        // In process, its thread ends with the last way to it, and forgets what it held.
        let Some(Engine::Workerd { mut child, .. }) = self.running.take() else { return };
        let group = format!("-{}", child.id());
        let killed = Command::new("kill").args(["-9", "--", &group]).status();
        assert!(killed.is_ok_and(|s| s.success()), "kill -9 {group}");
        child.wait().expect("it ended");
    }

    /// Starts again on the same state, with other settings.
    pub fn restart_with(&mut self, vars: &[(&str, &str)]) {
        self.kill();
        self.vars = vars.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        self.run();
    }

    /// How far its clock is set forward, in milliseconds.
    pub fn clock_offset(&self) -> i64 {
        let set = self.vars.iter().find(|(name, _)| name == "CLOCK_OFFSET_MS");
        set.and_then(|(_, value)| value.parse().ok()).unwrap_or(0)
    }

    /// Fires cron once, as Cloudflare does each minute.
    pub fn cron(&self) {
        if let Engine::Native(school) = self.engine() {
            return school.cron();
        }
        let reply = self.anybody().get("/cdn-cgi/local/scheduled?cron=*+*+*+*+*");
        assert_eq!(reply.status, 200, "cron: {}", reply.body);
    }

    pub(crate) fn way(&self) -> Way {
        match self.engine() {
            Engine::Native(school) => Way::Native(school.clone()),
            Engine::Workerd { ready, .. } => Way::http(&ready.origin),
        }
    }

    /// Someone who is not signed in.
    pub fn anybody(&self) -> Client {
        Client::new(self.way())
    }

    /// A demo account by staff number.
    pub fn signed_in(&self, number: &str) -> Client {
        let mut client = self.anybody();
        let reply = client.sign_in(number, PASSPHRASE);
        assert_eq!(reply.status, 200, "{number} signs in: {}", reply.body);
        client
    }

    /// 校办室主任 T0003.
    pub fn office_director(&self) -> Client {
        self.signed_in("T0003")
    }

    /// 校办室干事 T0004.
    pub fn office_clerk(&self) -> Client {
        self.signed_in("T0004")
    }

    /// 校长 T0001.
    pub fn principal(&self) -> Client {
        self.signed_in("T0001")
    }

    /// 副校长 T0002.
    pub fn vice_principal(&self) -> Client {
        self.signed_in("T0002")
    }

    /// 系统管理员 T0014.
    pub fn administrator(&self) -> Client {
        self.signed_in("T0014")
    }

    /// 任课教师 T0042: physics in 七年级1班 to 4班.
    pub fn subject_teacher(&self) -> Client {
        self.signed_in("T0042")
    }

    /// The head of a grade.
    ///
    /// # Panics
    /// For a grade that the demo school does not have.
    pub fn grade_head(&self, grade: &str) -> Client {
        self.signed_in(match grade {
            "七年级" => "T0015",
            "八年级" => "T0016",
            "九年级" => "T0017",
            _ => panic!("no {grade} in the demo school"),
        })
    }

    /// The homeroom teacher of a class with a demo account.
    ///
    /// # Panics
    /// For another class.
    pub fn homeroom(&self, class: &str) -> Client {
        self.signed_in(match class {
            "七年级1班" => "T0018",
            "七年级2班" => "T0019",
            "八年级1班" => "T0026",
            _ => panic!("no demo account for {class}"),
        })
    }

    /// All SMS that the pretend telephone company has taken, oldest first.
    pub fn sms(&self) -> Vec<Sms> {
        let anybody = self.anybody();
        let mut all = Vec::new();
        let mut after = 0;
        loop {
            let page: SmsPage =
                anybody.get(&format!("/sandbox/api/messages?after={after}&limit=1000")).json();
            let Some(last) = page.messages.last().map(|m| m.id) else { return all };
            all.extend(page.messages);
            after = page.next.unwrap_or(last);
        }
    }

    /// The school's database itself: what SQL can do that the API does not offer.
    ///
    /// # Panics
    /// Where the file cannot be opened.
    pub fn db(&self) -> Connection {
        match self.engine() {
            Engine::Native(_) => open(&self.state.join("school.sqlite")),
            Engine::Workerd { ready, .. } => open(&ready.d1),
        }
    }

    /// The pretend telephone company's database.
    ///
    /// # Panics
    /// Where the file cannot be opened.
    pub fn network(&self) -> Connection {
        match self.engine() {
            Engine::Native(_) => open(&self.state.join("network.sqlite")),
            Engine::Workerd { ready, .. } => open(&ready.sandbox),
        }
    }

    /// Where a school in process keeps its database, keys and buckets.
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// The secrets of a school in process: what the Worker seals with.
    ///
    /// # Panics
    /// Where they cannot be read.
    pub fn keys(&self) -> Keys {
        let host = Native::new(Instant(0), 1, template::settings(&self.state), []);
        Keys::load(&*host).expect("the template's keys")
    }

    /// One number out of the school's database.
    ///
    /// # Panics
    /// Where the statement fails.
    pub fn count(&self, sql: &str) -> i64 {
        self.db().query_row(sql, [], |row| row.get(0)).expect(sql)
    }

    /// What the Worker logged so far.
    pub fn log(&self) -> String {
        match self.engine() {
            Engine::Native(school) => school.log(),
            Engine::Workerd { .. } => std::fs::read_to_string(self.state.join("log.txt")).unwrap_or_default(),
        }
    }

    /// Every SQL statement that ran so far, once.
    ///
    /// # Panics
    /// On workerd, which does not tell them.
    pub fn statements(&self) -> BTreeSet<String> {
        match self.engine() {
            Engine::Native(school) => self.ran.iter().cloned().chain(school.statements()).collect(),
            Engine::Workerd { .. } => panic!("a school in process tells its statements"),
        }
    }

    /// From now on all that a school in process writes can be undone, its telephone company's notes included.
    /// Nobody else can write to its databases meanwhile.
    pub fn hold(&self) {
        self.native().hold();
    }

    /// Undoes what was written since [`App::hold`], or since the last time.
    pub fn undo(&self) {
        self.native().undo();
    }

    /// How many rows a school in process has changed so far; what was undone or refused half-way counts.
    pub fn changes(&self) -> u64 {
        self.native().changes()
    }

    /// Several people at once in a school in process, each with requests one after the other. Between any two
    /// batches of statements the seed draws whose turn it is; the turns come with the answers.
    pub fn at_once(&self, seed: u64, people: Vec<Vec<Prepared>>) -> Turns {
        self.native().at_once(seed, people)
    }

    /// One number out of the database of a school in process that holds a transaction open, by its own eyes.
    ///
    /// # Panics
    /// Where the statement fails.
    pub fn count_held(&self, sql: &str) -> i64 {
        self.native().count(sql)
    }

    fn native(&self) -> &Handle {
        match self.engine() {
            Engine::Native(school) => school,
            Engine::Workerd { .. } => panic!("only a school in process holds a transaction open"),
        }
    }

    /// D1's figures of one request: (round trips, rows read, rows written).
    ///
    /// # Panics
    /// Where the demo's header is missing.
    pub fn usage(reply: &Reply) -> (u32, u32, u32) {
        let header = reply.header("x-d1").expect("the demo tells what a request cost");
        let mut numbers = header
            .split(';')
            .map(|part| part.split_once('=').and_then(|(_, n)| n.trim().parse().ok()).expect("name=number"));
        let mut next = || numbers.next().expect("three numbers");
        (next(), next(), next())
    }
}

impl Drop for App {
    fn drop(&mut self) {
        // Closing its standard input ends it in order.
        if let Some(Engine::Workerd { mut child, .. }) = self.running.take() {
            drop(child.stdin.take());
            let _ = child.wait();
        }
        let _ = std::fs::remove_dir_all(&self.state);
    }
}

fn open(path: &Path) -> Connection {
    let db = Connection::open(path).expect("the database file");
    db.busy_timeout(Duration::from_secs(20)).expect("a time-out");
    db.execute_batch("PRAGMA foreign_keys = ON").expect("as in D1");
    db
}
