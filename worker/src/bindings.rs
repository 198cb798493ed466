//! Names of the bindings, typed getters, and the guarded batch (I14): all
//! SQL runs through here, always as a D1 batch, so that there is one way to
//! count round trips and one way to fail.

use std::cell::Cell;
use std::rc::Rc;

use domain::time::Instant;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;
use worker::{D1Database, D1PreparedStatement, D1Result, Env, Queue};

use crate::error::AppError;

/// D1: rosters, approvals, deliveries.
pub const DB: &str = "DB";
/// D1 of the demo's pretend telephone network; absent in a real deployment.
pub const SANDBOX_DB: &str = "SANDBOX_DB";
/// Queue towards the SMS provider.
pub const SMS_QUEUE: &str = "SMS_QUEUE";
/// One Durable Object per stream.
pub const SEQUENCER: &str = "SEQUENCER";
/// Object storage.
pub const ARCHIVE: &str = "ARCHIVE";

/// What travels on the SMS queue: which batch, nothing of its content (I11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct SmsJob {
    /// Message id.
    pub message: i64,
    /// Round.
    pub round: u8,
    /// Batch number.
    pub no: i64,
}

/// The queue towards the SMS provider.
///
/// # Errors
/// Where the binding is missing.
pub fn sms_queue(env: &Env) -> Result<Queue, AppError> {
    Ok(env.queue(SMS_QUEUE)?)
}

/// What the isolate has asked of D1 since it started: for `npm run bench`
/// and the tests that count against production limits.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Usage {
    /// Round trips.
    pub trips: u64,
    /// Rows read, as D1 bills them.
    pub rows_read: u64,
    /// Rows written, index entries included, as D1 bills them.
    pub rows_written: u64,
    /// Calls to the SMS provider.
    pub provider_calls: u64,
}

impl std::ops::Add for Usage {
    type Output = Self;
    fn add(self, more: Self) -> Self {
        Self {
            trips: self.trips + more.trips,
            rows_read: self.rows_read + more.rows_read,
            rows_written: self.rows_written + more.rows_written,
            provider_calls: self.provider_calls + more.provider_calls,
        }
    }
}

thread_local! {
    static USAGE: Cell<Usage> = const { Cell::new(Usage { trips: 0, rows_read: 0, rows_written: 0, provider_calls: 0 }) };
}

/// What has been used so far; `reset` starts again from nothing.
pub fn usage(reset: bool) -> Usage {
    let now = USAGE.get();
    if reset {
        USAGE.set(Usage::default());
    }
    now
}

/// Counts one call to the SMS provider.
pub fn count_provider_call() {
    let mut usage = USAGE.get();
    usage.provider_calls += 1;
    USAGE.set(usage);
}

/// A value bound to a statement.
#[derive(Clone, Debug)]
pub enum Value {
    /// NULL.
    Null,
    /// A whole number below 2^53.
    Int(i64),
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl From<i64> for Value {
    fn from(v: i64) -> Self {
        Self::Int(v)
    }
}
impl From<u32> for Value {
    fn from(v: u32) -> Self {
        Self::Int(v.into())
    }
}
impl From<u8> for Value {
    fn from(v: u8) -> Self {
        Self::Int(v.into())
    }
}
impl From<bool> for Value {
    fn from(v: bool) -> Self {
        Self::Int(v.into())
    }
}
impl From<usize> for Value {
    fn from(v: usize) -> Self {
        Self::Int(v as i64)
    }
}
impl From<&str> for Value {
    fn from(v: &str) -> Self {
        Self::Text(v.to_owned())
    }
}
impl From<String> for Value {
    fn from(v: String) -> Self {
        Self::Text(v)
    }
}
impl From<Vec<u8>> for Value {
    fn from(v: Vec<u8>) -> Self {
        Self::Bytes(v)
    }
}
impl From<Instant> for Value {
    fn from(v: Instant) -> Self {
        Self::Int(v.0)
    }
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(v: Option<T>) -> Self {
        v.map_or(Self::Null, Into::into)
    }
}
macro_rules! id_values {
    ($($id:ident),*) => {$(
        impl From<domain::ids::$id> for Value {
            fn from(v: domain::ids::$id) -> Self {
                Self::Int(v.0)
            }
        }
    )*};
}
id_values!(StaffId, UnitId, ClassId, StudentId, GuardianId, PhoneId, MessageId, ImportId);

impl From<&Value> for JsValue {
    fn from(v: &Value) -> Self {
        match v {
            Value::Null => Self::NULL,
            // D1 takes no BigInt; ids and instants stay far below 2^53.
            Value::Int(i) => Self::from_f64(*i as f64),
            Value::Text(t) => Self::from_str(t),
            Value::Bytes(b) => worker::js_sys::Uint8Array::from(b.as_slice()).buffer().into(),
        }
    }
}

/// `args![a, b]`: values to bind, in order.
#[macro_export]
macro_rules! args {
    ($($v:expr),* $(,)?) => { &[$($crate::bindings::Value::from($v)),*] };
}

/// A database; its use is counted where it is the school's.
pub struct Db {
    d1: D1Database,
    counted: bool,
    used: Rc<Cell<Usage>>,
}

/// A bound statement.
pub struct Stmt(D1PreparedStatement);

/// What a statement gave.
pub struct Rows(D1Result);

impl Db {
    /// The database behind a binding.
    ///
    /// # Errors
    /// Where the binding is missing.
    pub fn open(env: &Env, binding: &str) -> Result<Self, AppError> {
        Ok(Self { d1: env.d1(binding)?, counted: binding == DB, used: Rc::default() })
    }

    /// What this invocation has used, whatever else runs in the isolate; it goes on counting.
    pub fn used(&self) -> Rc<Cell<Usage>> {
        self.used.clone()
    }

    /// A statement with its values.
    ///
    /// # Errors
    /// Where the platform refuses the binding.
    pub fn sql(&self, text: &str, args: &[Value]) -> Result<Stmt, AppError> {
        let statement = self.d1.prepare(text);
        if args.is_empty() {
            return Ok(Stmt(statement));
        }
        let values: Vec<JsValue> = args.iter().map(JsValue::from).collect();
        Ok(Stmt(statement.bind(&values)?))
    }

    /// Runs statements as one transaction, in one round trip.
    ///
    /// # Errors
    /// The first statement that fails undoes all.
    pub async fn run(&self, statements: Vec<Stmt>) -> Result<Vec<Rows>, AppError> {
        let results = self.d1.batch(statements.into_iter().map(|s| s.0).collect()).await;
        let mut more = Usage { trips: 1, ..Usage::default() };
        let results = results?;
        for result in &results {
            if let Ok(Some(meta)) = result.meta() {
                more.rows_read += meta.rows_read.unwrap_or_default() as u64;
                more.rows_written += meta.rows_written.unwrap_or_default() as u64;
            }
        }
        self.used.set(self.used.get() + more);
        if self.counted {
            USAGE.set(USAGE.get() + more);
        }
        Ok(results.into_iter().map(Rows).collect())
    }

    /// Runs one statement and reads its rows.
    ///
    /// # Errors
    /// Where it fails, or a row does not fit.
    pub async fn all<T: DeserializeOwned>(&self, text: &str, args: &[Value]) -> Result<Vec<T>, AppError> {
        let results = self.run(vec![self.sql(text, args)?]).await?;
        results.first().map_or_else(|| Ok(Vec::new()), Rows::all)
    }

    /// Runs one statement and reads its first row.
    ///
    /// # Errors
    /// Where it fails, or the row does not fit.
    pub async fn first<T: DeserializeOwned>(
        &self,
        text: &str,
        args: &[Value],
    ) -> Result<Option<T>, AppError> {
        Ok(self.all(text, args).await?.into_iter().next())
    }

    /// Starts a guarded batch.
    pub fn guarded(&self) -> Guarded<'_> {
        Guarded { db: self, statements: Vec::new(), guarded: false }
    }
}

impl Rows {
    /// All rows.
    ///
    /// # Errors
    /// Where a row does not fit.
    pub fn all<T: DeserializeOwned>(&self) -> Result<Vec<T>, AppError> {
        Ok(self.0.results()?)
    }

    /// The first row.
    ///
    /// # Errors
    /// Where it does not fit.
    pub fn first<T: DeserializeOwned>(&self) -> Result<Option<T>, AppError> {
        Ok(self.all()?.into_iter().next())
    }

    /// Rows changed.
    pub fn changes(&self) -> usize {
        self.0.meta().ok().flatten().and_then(|m| m.changes).unwrap_or_default()
    }
}

/// A decisive batch: commits whole, or not at all (I14).
pub struct Guarded<'a> {
    db: &'a Db,
    statements: Vec<Stmt>,
    guarded: bool,
}

/// Whom an audit entry is about.
pub enum Subject {
    /// A row that exists.
    Row(&'static str, i64),
    /// The newest message: the one that this batch inserts.
    NewestMessage,
}

/// An entry for the audit log (I9), written in the batch that it tells of.
pub struct Audit<'a> {
    /// When.
    pub at: Instant,
    /// Staff id, or 0 for the system.
    pub actor: i64,
    /// `message.submitted`.
    pub action: &'static str,
    /// About what.
    pub subject: Subject,
    /// Facts without personal values.
    pub detail: &'a serde_json::Value,
}

impl Guarded<'_> {
    /// Adds a statement.
    ///
    /// # Errors
    /// Where its values cannot be bound.
    pub fn then(mut self, text: &str, args: &[Value]) -> Result<Self, AppError> {
        self.statements.push(self.db.sql(text, args)?);
        Ok(self)
    }

    /// Adds a statement that must change exactly one row; else the batch is
    /// undone and ends in [`AppError::Lost`].
    ///
    /// # Errors
    /// Where its values cannot be bound.
    pub fn must(mut self, text: &str, args: &[Value]) -> Result<Self, AppError> {
        self.statements.push(self.db.sql(text, args)?);
        self.statements.push(self.db.sql("INSERT INTO guard (ok) SELECT changes()", &[])?);
        self.guarded = true;
        Ok(self)
    }

    /// Adds an audit entry.
    ///
    /// # Errors
    /// Where its values cannot be bound.
    pub fn audit(mut self, entry: &Audit<'_>) -> Result<Self, AppError> {
        self.statements.push(self.db.audit_if("1", entry)?);
        Ok(self)
    }

    /// Adds statements that only read: what the caller is shown, in the same round trip.
    pub fn append(mut self, statements: Vec<Stmt>) -> Self {
        self.statements.extend(statements);
        self
    }

    /// How many statements it holds.
    pub fn len(&self) -> usize {
        self.statements.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }

    /// Commits.
    ///
    /// # Errors
    /// [`AppError::Lost`] where a guard failed; nothing was changed then.
    pub async fn commit(mut self) -> Result<Vec<Rows>, AppError> {
        if self.guarded {
            self.statements.push(self.db.sql("DELETE FROM guard", &[])?);
        }
        self.db.run(self.statements).await
    }
}

impl Db {
    /// An audit entry written only where `condition` (SQL of ours) holds, for
    /// changes that are conditional themselves: `changes() = 1`.
    ///
    /// # Errors
    /// Where its values cannot be bound.
    pub fn audit_if(&self, condition: &'static str, entry: &Audit<'_>) -> Result<Stmt, AppError> {
        let (kind, id, expression) = match entry.subject {
            Subject::Row(kind, id) => (kind, id, "?4"),
            Subject::NewestMessage => ("message", 0, "(SELECT MAX(id) FROM messages) + ?4"),
        };
        self.sql(
            &format!(
                "INSERT INTO audit (seq, at, actor, action, subject, subject_id, detail)
                 SELECT COALESCE((SELECT MAX(seq) FROM audit), 0) + 1, ?1, ?2, ?3, ?5, {expression}, ?6 WHERE {condition}"
            ),
            crate::args![entry.at, entry.actor, entry.action, id, kind, entry.detail.to_string()],
        )
    }
}
