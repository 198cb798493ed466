//! Puts the gateway on loopback: `gateway SETTINGS.json`.
//!
//! Besides both providers' `/` it has `GET /ledger`, `POST /reply`
//! (`{"phone":"…","text":"…"}`, a parent answers) and `POST /faults`
//! (`{"submits":[{"does":"drop_after"}],"questions":[]}`, what happens to the
//! next calls). Whoever calls it under its loopback address means the
//! provider: as behind a relay, the host is the one in `x-relay-host`, or the
//! provider's own.

use std::cell::RefCell;
use std::convert::Infallible;
use std::fs::File;
use std::io::Write;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use gateway::{Config, Entry, Fault, Gateway, Number, Receipts, Reply, Request, Script};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::Deserialize;
use tokio::net::{TcpListener, TcpStream};

/// Bodies above this are nobody's SMS.
const BODY_MAX: usize = 4 << 20;
/// How long a callback may take.
const CALLBACK_MAX: Duration = Duration::from_secs(10);

/// What the settings file says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Where to listen; port 0 is any free one.
    listen: SocketAddr,
    config: Config,
    #[serde(default)]
    script: Story,
    /// Where callbacks go, `host:port`. Without it there are none.
    hooks: Option<String>,
    /// What was taken is written here before it is answered, and read when it starts.
    journal: Option<String>,
}

/// The script in words.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Story {
    seed: Option<u64>,
    latency_ms: Option<(i64, i64)>,
    receipts: Option<Receipts>,
    numbers: Vec<(String, Number)>,
}

impl Story {
    fn script(self) -> Script {
        let mut script = self.seed.map_or_else(Script::honest, Script::seeded);
        if let Some((from, to)) = self.latency_ms {
            script = script.with_latency(from, to);
        }
        if let Some(receipts) = self.receipts {
            script = script.with_receipts(receipts);
        }
        self.numbers.into_iter().fold(script, |script, (ending, does)| script.with_number(&ending, does))
    }
}

/// Faults for the next calls.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Faults {
    #[serde(default)]
    submits: Vec<Fault>,
    #[serde(default)]
    questions: Vec<Fault>,
}

/// A parent's answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answered {
    phone: String,
    text: String,
}

/// What all connections share.
struct Desk {
    gateway: Gateway,
    journal: Option<File>,
    written: usize,
}

impl Desk {
    /// What was taken is on the disk before anybody hears of it.
    fn write(&mut self) -> std::io::Result<()> {
        let entries = self.gateway.ledger();
        if let Some(journal) = &mut self.journal {
            let mut lines = Vec::new();
            for entry in &entries[self.written..] {
                serde_json::to_writer(&mut lines, entry)?;
                lines.push(b'\n');
            }
            journal.write_all(&lines)?;
        }
        self.written = entries.len();
        Ok(())
    }
}

/// Whatever goes wrong.
type Fail = Box<dyn std::error::Error + Send + Sync>;

type Shared = Rc<RefCell<Desk>>;

#[expect(clippy::disallowed_methods, reason = "the binary is where time enters")]
fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn main() -> Result<(), Fail> {
    let path = std::env::args().nth(1).ok_or("usage: gateway SETTINGS.json")?;
    let settings: Settings = serde_json::from_slice(&std::fs::read(&path)?)?;
    if !settings.listen.ip().is_loopback() {
        return Err("it stands in for a provider on this machine only".into());
    }
    let mut gateway = Gateway::new(settings.config, settings.script.script());
    if let Some(path) = &settings.journal {
        gateway.restore(journal(path)?);
    }
    let journal =
        settings.journal.map(|path| File::options().create(true).append(true).open(path)).transpose()?;
    let written = gateway.ledger().len();
    let desk = Rc::new(RefCell::new(Desk { gateway, journal, written }));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, serve(settings.listen, settings.hooks, desk))
}

/// What an earlier run had taken. A line that broke off was never answered for.
fn journal(path: &str) -> std::io::Result<Vec<Entry>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

async fn serve(listen: SocketAddr, hooks: Option<String>, desk: Shared) -> Result<(), Fail> {
    let listener = TcpListener::bind(listen).await?;
    println!("{}", serde_json::json!({ "listening": listener.local_addr()?.to_string() }));
    if let Some(hooks) = hooks {
        tokio::task::spawn_local(call_back(hooks, desk.clone()));
    }
    loop {
        let (stream, _) = listener.accept().await?;
        let desk = desk.clone();
        tokio::task::spawn_local(async move {
            let service = service_fn(|request| handle(desk.clone(), request));
            // A connection that is dropped on purpose ends with an error, too.
            let _ended = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

type Answer = Response<Full<Bytes>>;

fn json(status: StatusCode, body: Vec<u8>) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    let kind = hyper::header::HeaderValue::from_static("application/json; charset=utf-8");
    answer.headers_mut().insert(hyper::header::CONTENT_TYPE, kind);
    answer
}

/// The connection closes where this fails.
async fn handle(desk: Shared, request: hyper::Request<Incoming>) -> Result<Answer, Fail> {
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, BODY_MAX).collect().await?.to_bytes().to_vec();
    let path = parts.uri.path_and_query().map_or("/", |p| p.as_str()).to_owned();
    match (&parts.method, parts.uri.path()) {
        (_, "/") => {}
        (&Method::GET, "/ledger") => {
            return Ok(json(StatusCode::OK, serde_json::to_vec(desk.borrow().gateway.ledger())?));
        }
        (&Method::POST, "/reply") => {
            let Ok(said) = serde_json::from_slice::<Answered>(&body) else {
                return Ok(json(StatusCode::BAD_REQUEST, b"{}".to_vec()));
            };
            let known = desk.borrow_mut().gateway.reply(now_ms(), &said.phone, &said.text);
            return Ok(json(if known { StatusCode::OK } else { StatusCode::NOT_FOUND }, b"{}".to_vec()));
        }
        (&Method::POST, "/faults") => {
            let Ok(faults) = serde_json::from_slice::<Faults>(&body) else {
                return Ok(json(StatusCode::BAD_REQUEST, b"{}".to_vec()));
            };
            let mut desk = desk.borrow_mut();
            desk.gateway.script_mut().next_submits(&faults.submits);
            desk.gateway.script_mut().next_questions(&faults.questions);
            return Ok(json(StatusCode::OK, b"{}".to_vec()));
        }
        _ => return Ok(json(StatusCode::NOT_FOUND, b"{}".to_vec())),
    }
    let headers = parts.headers.iter().map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    let mut request = Request { method: parts.method.to_string(), path, headers: headers.collect(), body };
    as_its_provider(&mut request);
    let (delay, reply) = {
        let mut desk = desk.borrow_mut();
        let said = desk.gateway.handle(now_ms(), &request);
        desk.write()?;
        said
    };
    tokio::time::sleep(Duration::from_millis(delay.unsigned_abs())).await;
    match reply {
        Reply::Answer { status, body } => Ok(json(StatusCode::from_u16(status)?, body)),
        Reply::Held => std::future::pending::<Result<Answer, Infallible>>().await.map_err(Into::into),
        Reply::Dropped => Err("dropped".into()),
    }
}

/// Gives a request that came to a loopback address the host it is meant for.
fn as_its_provider(request: &mut Request) {
    let host = request.header("host").unwrap_or_default();
    if !["127.0.0.1", "localhost", "[::1]"].iter().any(|here| host.starts_with(here)) {
        return;
    }
    let tencent = request.header("authorization").is_some_and(|a| a.starts_with("TC3-"));
    let own = if tencent { "sms.tencentcloudapi.com" } else { "dysmsapi.aliyuncs.com" };
    let meant = request.header("x-relay-host").unwrap_or_else(|| own.to_owned());
    request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("host"));
    request.headers.push(("host".to_owned(), meant));
}

/// Posts what is due, each callback by itself.
async fn call_back(hooks: String, desk: Shared) {
    loop {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let due = {
            let mut desk = desk.borrow_mut();
            let due = desk.gateway.due(now_ms());
            if let Err(error) = desk.write() {
                eprintln!("the journal could not be written: {error}");
            }
            due
        };
        for callback in due {
            let (hooks, desk) = (hooks.clone(), desk.clone());
            tokio::task::spawn_local(async move {
                let posted =
                    tokio::time::timeout(CALLBACK_MAX, post(&hooks, &callback.path, callback.body)).await;
                if let Ok(Ok((status, body))) = posted {
                    desk.borrow_mut().gateway.acknowledged(callback.id, status, &body);
                }
            });
        }
    }
}

async fn post(hooks: &str, path: &str, body: Vec<u8>) -> Result<(u16, Bytes), Fail> {
    let stream = TcpStream::connect(hooks).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::task::spawn_local(connection);
    let request = hyper::Request::post(path)
        .header("host", hooks)
        .header("content-type", "application/json;charset=utf-8")
        .body(Full::new(Bytes::from(body)))?;
    let (parts, body) = sender.send_request(request).await?.into_parts();
    let body = Limited::new(body, BODY_MAX).collect().await?.to_bytes();
    Ok((parts.status.as_u16(), body))
}
