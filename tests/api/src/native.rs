//! A school in process: the same code and schema on SQLite, without workerd.
//! One thread runs it and takes one thing at a time, so that a scenario sees
//! all that a request sets going done when the answer is there.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::{Context, Poll, Waker};

use domain::ids::StreamId;
use domain::time::Instant;
use xiaoxun_worker::delivery::sequence;
use xiaoxun_worker::platform::app::App;
use xiaoxun_worker::platform::d1::sqlite::Sqlite;
use xiaoxun_worker::platform::d1::{Backend, Rows, Stmt};
use xiaoxun_worker::platform::error::AppError;
use xiaoxun_worker::platform::host::native::{Native, Sent};
use xiaoxun_worker::platform::host::{DB, Host, SANDBOX_DB};
use xiaoxun_worker::platform::http::{Content, EVERY_ANSWER, Method, Request};
use xiaoxun_worker::platform::log;
use xiaoxun_worker::sequencer::{SmsJob, stream_of};
use xiaoxun_worker::sms_queue::{self, JOBS_MAX, Verdict};
use xiaoxun_worker::{cron, dead_letters, router};

use crate::Reply;
use crate::provider::Network;

/// The address that a school in process believes to have.
pub const ORIGIN: &str = "http://127.0.0.1:1";
/// Times that a queue message comes before it is given up: as in wrangler.toml.
const RETRIES_MAX: u32 = 5;

/// A request as it reaches the router.
pub struct Prepared {
    /// Method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

/// What the requests of each person were answered, and in which order they had their turns.
pub type Turns = (Vec<Vec<Reply>>, Vec<usize>);

/// A request to the school's thread.
enum Order {
    Fetch(Prepared, Sender<Reply>),
    AtOnce(u64, Vec<Vec<Prepared>>, Sender<Turns>),
    Cron(Sender<()>),
    Log(Sender<String>),
    Statements(Sender<Vec<String>>),
    Hold(Sender<()>),
    Undo(Sender<()>),
    Changes(Sender<u64>),
    Count(String, Sender<i64>),
}

/// The way to a school in process.
#[derive(Clone)]
pub struct Handle(Sender<Order>);

impl Handle {
    /// Starts a school on these databases and settings.
    pub fn start(
        database: &Path,
        sandbox: Option<&Path>,
        settings: Vec<(String, String)>,
        network: Option<Network>,
    ) -> Self {
        let (orders, taken) = channel();
        let (database, sandbox) = (database.to_owned(), sandbox.map(Path::to_owned));
        std::thread::spawn(move || {
            let backend = Rc::new(Sqlite::open(&database).expect("the database file"));
            let mut files = vec![backend.clone()];
            let shared = Rc::new(Shared { file: backend.clone(), gives_way: Cell::new(false) });
            let mut databases: Vec<(&'static str, Rc<dyn Backend>)> = vec![(DB, shared.clone())];
            if let Some(path) = sandbox {
                let pretended = Rc::new(Sqlite::open(&path).expect("the network's file"));
                files.push(pretended.clone());
                databases.push((SANDBOX_DB, pretended));
            }
            let host = Native::new(wall_clock(), seed(), settings, databases);
            host.keep_files_in(database.with_file_name("buckets"));
            let school =
                School { host, backend, shared, files, network, alarms: BTreeMap::new(), log: String::new() };
            if let Some(network) = &school.network {
                let (network, ahead) = (network.clone(), school.app().now().0 - school.host.now().0);
                school.host.connect(Box::new(move |now, call| network.handle(now.plus(ahead), call)));
            }
            school.run(&taken);
        });
        Self(orders)
    }

    fn ask<T>(&self, order: impl FnOnce(Sender<T>) -> Order) -> T {
        let (answer, answered) = channel();
        self.0.send(order(answer)).expect("the school runs");
        answered.recv().expect("the school's thread answers")
    }

    /// A request.
    pub fn fetch(&self, request: Prepared) -> Reply {
        self.ask(|reply| Order::Fetch(request, reply))
    }

    /// Several people at once, each with requests one after the other. Whose turn it is between any two batches
    /// of statements is drawn by the seed.
    pub fn at_once(&self, seed: u64, people: Vec<Vec<Prepared>>) -> Turns {
        self.ask(|reply| Order::AtOnce(seed, people, reply))
    }

    /// One run of cron.
    pub fn cron(&self) {
        self.ask(Order::Cron);
    }

    /// What was logged so far.
    pub fn log(&self) -> String {
        self.ask(Order::Log)
    }

    /// Every SQL statement that ran so far, once.
    pub fn statements(&self) -> Vec<String> {
        self.ask(Order::Statements)
    }

    /// From now on all that is written can be undone.
    pub fn hold(&self) {
        self.ask(Order::Hold);
    }

    /// Undoes what was written since it was held, or since the last time.
    pub fn undo(&self) {
        self.ask(Order::Undo);
    }

    /// One number, as the school itself reads it.
    pub fn count(&self, sql: &str) -> i64 {
        self.ask(|told| Order::Count(sql.to_owned(), told))
    }

    /// How many rows were changed so far, those of what was undone or refused half-way included.
    pub fn changes(&self) -> u64 {
        self.ask(Order::Changes)
    }
}

#[expect(clippy::disallowed_methods, reason = "tests run natively, at the time that it is")]
fn wall_clock() -> Instant {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    Instant(i64::try_from(now.as_millis()).expect("before the year 292 million"))
}

fn seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::collections::hash_map::RandomState::new().build_hasher().finish()
}

/// The school's database, to which others may come between any two batches.
struct Shared {
    file: Rc<Sqlite>,
    gives_way: Cell<bool>,
}

impl Backend for Shared {
    fn batch(
        &self,
        statements: Vec<Stmt>,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<Rows>, AppError>> + '_>> {
        Box::pin(async move {
            let mut has_waited = !self.gives_way.get();
            std::future::poll_fn(|_| match std::mem::replace(&mut has_waited, true) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            })
            .await;
            self.file.batch(statements).await
        })
    }
}

/// What the router answers, with the work that it leaves for afterwards done.
async fn answered(app: App, request: Prepared) -> Reply {
    let Prepared { method, path, headers, body } = request;
    let headers: HashMap<String, String> = headers.into_iter().collect();
    let origin = headers.get("host").map_or_else(|| ORIGIN.to_owned(), |host| format!("http://{host}"));
    let url = format!("{origin}{path}").parse().expect("a path");
    let request = Request { method: Method::of(&method), url, headers, body: Box::new(body) };
    let mut reply = router::answer(Rc::new(app), request).await;
    for work in std::mem::take(&mut reply.later) {
        work.await;
    }
    let all: BTreeMap<String, String> = EVERY_ANSWER
        .into_iter()
        .chain(reply.own_headers())
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let body = match &reply.content {
        Content::Empty => String::new(),
        content => {
            content.parts().map(|(bytes, _)| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default()
        }
    };
    Reply { status: reply.status, headers: all.into_iter().collect(), body }
}

struct School {
    host: Rc<Native>,
    backend: Rc<Sqlite>,
    network: Option<Network>,
    shared: Rc<Shared>,
    /// The school's database and the network's.
    files: Vec<Rc<Sqlite>>,
    /// When each stream's object looks again.
    alarms: BTreeMap<StreamId, Instant>,
    log: String,
}

impl School {
    fn run(mut self, orders: &Receiver<Order>) {
        while let Ok(order) = orders.recv() {
            self.host.set_now(wall_clock());
            // Whoever asked may be gone: nobody is left to be told.
            match order {
                Order::Fetch(request, reply) => {
                    let answer = pollster::block_on(async {
                        let answer = self.fetch(request).await;
                        self.hear().await;
                        answer
                    });
                    self.keep_log([&answer]);
                    let _ = reply.send(answer);
                }
                Order::AtOnce(seed, people, reply) => {
                    let turns = self.at_once(seed, people);
                    self.keep_log(turns.0.iter().flatten());
                    let _ = reply.send(turns);
                }
                Order::Cron(done) => {
                    pollster::block_on(async {
                        cron::every_minute(&self.app()).await;
                        self.settle().await;
                        self.hear().await;
                    });
                    let _ = done.send(());
                }
                Order::Log(told) => {
                    self.log.extend(log::take().into_iter().map(|line| line + "\n"));
                    let _ = told.send(self.log.clone());
                }
                Order::Statements(told) => {
                    let _ = told.send(self.backend.statements());
                }
                Order::Hold(done) => {
                    self.sql("BEGIN IMMEDIATE");
                    let _ = done.send(());
                }
                Order::Undo(done) => {
                    self.sql("ROLLBACK; BEGIN IMMEDIATE");
                    // What memory holds followed from what was undone.
                    self.alarms.clear();
                    while self.host.take_sent().is_some() {}
                    let _ = done.send(());
                }
                Order::Count(sql, told) => {
                    let count = self.backend.on(|db| db.query_row(&sql, [], |row| row.get(0)));
                    let _ = told.send(count.expect(&sql));
                }
                Order::Changes(told) => {
                    let _ = told.send(self.backend.on(rusqlite::Connection::total_changes));
                }
            }
        }
    }

    fn sql(&self, text: &str) {
        for file in &self.files {
            file.on(|connection| connection.execute_batch(text)).expect(text);
        }
    }

    fn app(&self) -> App {
        App::new(self.host.clone()).expect("the school's settings")
    }

    fn keep_log<'a>(&mut self, answers: impl IntoIterator<Item = &'a Reply>) {
        let lines = log::take();
        if answers.into_iter().any(|answer| answer.status == 500) {
            eprintln!("{}", lines.join("\n"));
        }
        self.log.extend(lines.into_iter().map(|line| line + "\n"));
    }

    async fn fetch(&mut self, request: Prepared) -> Reply {
        let reply = answered(self.app(), request).await;
        self.settle().await;
        reply
    }

    /// Polls them by turns, as the seed draws, until all have their answers.
    fn at_once(&mut self, seed: u64, people: Vec<Vec<Prepared>>) -> Turns {
        let mut waiting: Vec<_> = people
            .into_iter()
            .map(|requests| {
                let apps: Vec<App> = requests.iter().map(|_| self.app()).collect();
                Box::pin(async move {
                    let mut replies = Vec::new();
                    for (app, request) in apps.into_iter().zip(requests) {
                        replies.push(answered(app, request).await);
                    }
                    replies
                })
            })
            .collect();
        let mut replies: Vec<Option<Vec<Reply>>> = waiting.iter().map(|_| None).collect();
        let mut order = Vec::new();
        let mut drawn = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        self.shared.gives_way.set(true);
        while replies.iter().any(Option::is_none) {
            drawn ^= drawn << 13;
            drawn ^= drawn >> 7;
            drawn ^= drawn << 17;
            let open: Vec<usize> = (0..replies.len()).filter(|at| replies[*at].is_none()).collect();
            let at = open[(drawn >> 33) as usize % open.len()];
            order.push(at);
            let mut context = Context::from_waker(Waker::noop());
            if let Poll::Ready(done) = waiting[at].as_mut().poll(&mut context) {
                replies[at] = Some(done);
            }
        }
        self.shared.gives_way.set(false);
        pollster::block_on(self.settle());
        (replies.into_iter().flatten().collect(), order)
    }

    /// Takes what the provider posts by now.
    async fn hear(&mut self) {
        let Some(network) = self.network.clone() else { return };
        for posted in network.due(self.app().now()) {
            let (method, path) = ("POST".to_owned(), posted.path);
            let answer = self.fetch(Prepared { method, path, headers: Vec::new(), body: posted.body }).await;
            network.acknowledged(posted.id, answer.status, answer.body.as_bytes());
        }
    }

    /// Works on queues, objects and alarms until nothing is left to do at this moment.
    async fn settle(&mut self) {
        let mut tries: HashMap<String, u32> = HashMap::new();
        loop {
            let now = self.app().now();
            let due = self.alarms.iter().find(|(_, at)| **at <= now).map(|(stream, _)| *stream);
            if let Some(stream) = due {
                self.advance(stream).await;
                continue;
            }
            let mut jobs = Vec::new();
            let woken = loop {
                match self.host.take_sent() {
                    Some(Sent::Queued(_, body)) if jobs.len() < JOBS_MAX => jobs.push(body),
                    Some(Sent::Queued(queue, body)) => {
                        self.host.put_back(Sent::Queued(queue, body));
                        break None;
                    }
                    Some(Sent::Woken(_, name)) => break Some(name),
                    None => break None,
                }
            };
            if jobs.is_empty() && woken.is_none() {
                return;
            }
            self.consume(jobs, &mut tries).await;
            if let Some(stream) = woken.as_deref().and_then(stream_of) {
                self.advance(stream).await;
            }
        }
    }

    async fn advance(&mut self, stream: StreamId) {
        self.alarms.remove(&stream);
        let app = self.app();
        match sequence::advance(&app, stream).await {
            Ok(Some(at)) => {
                // At least a moment later, as an object's alarm is.
                self.alarms.insert(stream, at.max(app.now().plus(1)));
            }
            Ok(None) => {}
            Err(error) => app.log_error("sequencer", &error, serde_json::json!({})),
        }
    }

    async fn consume(&self, bodies: Vec<serde_json::Value>, tries: &mut HashMap<String, u32>) {
        if bodies.is_empty() {
            return;
        }
        let app = self.app();
        let jobs: Vec<Option<SmsJob>> =
            bodies.iter().map(|body| serde_json::from_value(body.clone()).ok()).collect();
        let (verdicts, streams) = sms_queue::work(&app, &jobs).await;
        sms_queue::afterwards(&app, streams).await;
        for (body, verdict) in bodies.iter().zip(verdicts) {
            let text = body.to_string();
            let tried = tries.entry(text.clone()).or_default();
            *tried += 1;
            if verdict == Verdict::Retry && *tried <= RETRIES_MAX {
                self.host.put_back(Sent::Queued("SMS_QUEUE", body.clone()));
            } else if verdict == Verdict::Retry {
                dead_letters::keep(&app, "xiaoxun-sms-dead", &text).await.expect("it is written down");
            }
        }
    }
}
