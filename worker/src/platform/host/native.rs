//! A runtime that whoever runs the code drives: its clock stands until it is
//! set, its randomness comes from a seed, and what is sent to queues and
//! objects waits until somebody takes it.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::rc::Rc;

use domain::provider::{HttpAnswer, HttpCall};
use domain::time::Instant;
use futures_util::future::LocalBoxFuture;

use super::Host;
use crate::platform::d1::Backend;
use crate::platform::error::AppError;

/// Something that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// A message on a queue.
    Queued(&'static str, serde_json::Value),
    /// A call of an object.
    Woken(&'static str, String),
}

/// What comes back from a call.
pub enum Heard {
    /// An answer.
    Answer(HttpAnswer),
    /// Nothing, ever.
    Nothing,
    /// The connection breaks.
    Broken,
}

/// A server that calls go to, asked at a time: how long it takes, and what comes back.
pub type Network = dyn FnMut(Instant, &HttpCall) -> (i64, Heard);

/// A runtime in process.
#[derive(Default)]
pub struct Native {
    now: Rc<Cell<i64>>,
    seed: Cell<u64>,
    settings: RefCell<HashMap<String, String>>,
    databases: RefCell<HashMap<&'static str, Rc<dyn Backend>>>,
    sent: RefCell<VecDeque<Sent>>,
    /// Where buckets lie: `bucket/name` below it. Without one nothing can be stored.
    files: RefCell<Option<PathBuf>>,
    /// Where calls go; without one there is no network.
    network: RefCell<Option<Box<Network>>>,
}

impl Native {
    /// A runtime whose clock stands at `now`, with these settings and databases.
    pub fn new(
        now: Instant,
        seed: u64,
        settings: impl IntoIterator<Item = (String, String)>,
        databases: impl IntoIterator<Item = (&'static str, Rc<dyn Backend>)>,
    ) -> Rc<Self> {
        Rc::new(Self {
            now: Rc::new(Cell::new(now.0)),
            // The generator never leaves zero.
            seed: Cell::new(seed | 1),
            settings: RefCell::new(settings.into_iter().collect()),
            databases: RefCell::new(databases.into_iter().collect()),
            ..Self::default()
        })
    }

    /// Sets the clock.
    pub fn set_now(&self, now: Instant) {
        self.now.set(now.0);
    }

    /// Takes the oldest of what was sent.
    pub fn take_sent(&self) -> Option<Sent> {
        self.sent.borrow_mut().pop_front()
    }

    /// Puts something behind all else that was sent.
    pub fn put_back(&self, sent: Sent) {
        self.sent.borrow_mut().push_back(sent);
    }

    /// Keeps what is stored in buckets below this folder.
    pub fn keep_files_in(&self, folder: PathBuf) {
        *self.files.borrow_mut() = Some(folder);
    }

    /// Lets calls go to this server.
    pub fn connect(&self, network: Box<Network>) {
        *self.network.borrow_mut() = Some(network);
    }

    fn path(&self, bucket: &str, name: &str) -> Result<PathBuf, AppError> {
        let folder = self.files.borrow().clone();
        Ok(folder.ok_or_else(|| AppError::Internal("no bucket is bound".into()))?.join(bucket).join(name))
    }
}

impl Host for Native {
    fn now(&self) -> Instant {
        Instant(self.now.get())
    }

    fn random(&self, bytes: &mut [u8]) -> Result<(), AppError> {
        // xorshift64*: the same seed gives the same run.
        for byte in bytes {
            let mut x = self.seed.get();
            x ^= x >> 12;
            x ^= x << 25;
            x ^= x >> 27;
            self.seed.set(x);
            *byte = (x.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 56) as u8;
        }
        Ok(())
    }

    fn setting(&self, name: &'static str) -> Option<String> {
        self.settings.borrow().get(name).cloned()
    }

    fn database(&self, binding: &'static str) -> Option<Rc<dyn Backend>> {
        self.databases.borrow().get(binding).cloned()
    }

    fn sleep(&self, ms: i64) -> LocalBoxFuture<'static, ()> {
        // Nobody waits for real: sleeping sets the clock forward. What is raced against a sleep
        // is asked first, so that it only loses where it cannot go on by itself.
        let clock = self.now.clone();
        Box::pin(async move { clock.set(clock.get().saturating_add(ms)) })
    }

    fn enqueue<'a>(
        &'a self,
        queue: &'static str,
        bodies: Vec<serde_json::Value>,
    ) -> LocalBoxFuture<'a, Result<(), AppError>> {
        Box::pin(async move {
            self.sent.borrow_mut().extend(bodies.into_iter().map(|body| Sent::Queued(queue, body)));
            Ok(())
        })
    }

    fn fetch<'a>(&'a self, call: &'a HttpCall) -> LocalBoxFuture<'a, Result<HttpAnswer, AppError>> {
        Box::pin(async move {
            let now = self.now();
            let heard = self.network.borrow_mut().as_mut().map(|network| network(now, call));
            let (after, heard) = heard.unwrap_or((0, Heard::Broken));
            self.sleep(after).await;
            match heard {
                Heard::Answer(answer) => Ok(answer),
                Heard::Nothing => std::future::pending().await,
                Heard::Broken => Err(AppError::Internal("a call that did not come back".into())),
            }
        })
    }

    fn wake<'a>(&'a self, objects: &'static str, name: &'a str) -> LocalBoxFuture<'a, Result<(), AppError>> {
        Box::pin(async move {
            self.sent.borrow_mut().push_back(Sent::Woken(objects, name.to_owned()));
            Ok(())
        })
    }

    fn store_new<'a>(
        &'a self,
        bucket: &'static str,
        name: &'a str,
        content: Vec<u8>,
    ) -> LocalBoxFuture<'a, Result<bool, AppError>> {
        Box::pin(async move {
            let path = self.path(bucket, name)?;
            path.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(in_files)?;
            match std::fs::OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(mut file) => file.write_all(&content).map(|()| true).map_err(in_files),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
                Err(error) => Err(in_files(error)),
            }
        })
    }

    fn names<'a>(
        &'a self,
        bucket: &'static str,
        prefix: &'a str,
        after: &'a str,
    ) -> LocalBoxFuture<'a, Result<Vec<String>, AppError>> {
        Box::pin(async move {
            // Prefixes of ours name a folder.
            let folder = match std::fs::read_dir(self.path(bucket, prefix)?) {
                Ok(folder) => folder,
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
                Err(error) => return Err(in_files(error)),
            };
            let mut names = Vec::new();
            for file in folder {
                names.push(format!("{prefix}{}", file.map_err(in_files)?.file_name().to_string_lossy()));
            }
            names.retain(|name| name.as_str() > after);
            names.sort();
            names.truncate(NAMES_MAX);
            Ok(names)
        })
    }

    fn load<'a>(
        &'a self,
        bucket: &'static str,
        name: &'a str,
    ) -> LocalBoxFuture<'a, Result<Option<Vec<u8>>, AppError>> {
        Box::pin(async move {
            match std::fs::read(self.path(bucket, name)?) {
                Ok(content) => Ok(Some(content)),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                Err(error) => Err(in_files(error)),
            }
        })
    }
}

/// Names in one answer, as R2 gives them.
const NAMES_MAX: usize = 1_000;

fn in_files(error: std::io::Error) -> AppError {
    AppError::Internal(format!("a bucket's file: {error}"))
}
