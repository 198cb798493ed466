//! Statements, what they give, and the database that runs them as one batch.

use std::borrow::Cow;
use std::cell::Cell;
use std::rc::Rc;

use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::value::Value;
use crate::platform::error::AppError;
use crate::platform::json;

/// Most bytes of a statement's text (D1: 100 KB).
pub const SQL_BYTES_MAX: usize = 100_000;
/// Most values bound to one statement (D1: 100).
pub const VALUES_MAX: usize = 100;
/// Most bytes of one bound value (D1: 2 MB for a string, a BLOB or a row).
pub const VALUE_BYTES_MAX: usize = 2_000_000;

/// A statement with its values.
#[derive(Clone, Debug, Serialize)]
pub struct Stmt(pub(super) Cow<'static, str>, pub(super) Vec<Value>);

/// A statement with its values.
pub fn sql(text: impl Into<Cow<'static, str>>, values: &[Value]) -> Stmt {
    Stmt(text.into(), values.to_vec())
}

/// A statement whose values are made for it, and moved.
pub fn sql_with(text: impl Into<Cow<'static, str>>, values: Vec<Value>) -> Stmt {
    Stmt(text.into(), values)
}

impl Stmt {
    /// Refuses what D1 would refuse in production; the local runtime would let most of it through.
    fn within_limits(&self) -> Result<usize, AppError> {
        let largest = self.1.iter().map(Value::bytes).max().unwrap_or_default();
        if self.0.len() > SQL_BYTES_MAX || self.1.len() > VALUES_MAX || largest > VALUE_BYTES_MAX {
            let (text, values) = (self.0.len(), self.1.len());
            return Err(AppError::Internal(format!(
                "a statement of {text} bytes with {values} values, the largest of {largest} bytes, is beyond D1's limits"
            )));
        }
        Ok(largest)
    }
}

/// What a statement gave.
#[derive(Debug, Deserialize)]
pub struct Rows(pub(super) Box<RawValue>, pub(super) f64, pub(super) f64);

fn fitting<T: DeserializeOwned>(row: &serde_json::Value) -> Result<T, AppError> {
    json::of(row).map_err(|e| misfit(std::any::type_name::<T>(), &e.to_string()))
}

#[cold]
fn misfit(what: &str, why: &str) -> AppError {
    AppError::Internal(format!("a row does not fit {what}: {why}"))
}

impl Rows {
    /// All rows.
    ///
    /// # Errors
    /// Where a row does not fit.
    pub fn all<T: DeserializeOwned>(&self) -> Result<Vec<T>, AppError> {
        self.values()?.iter().map(fitting).collect()
    }

    /// The first row.
    ///
    /// # Errors
    /// Where it does not fit.
    pub fn first<T: DeserializeOwned>(&self) -> Result<Option<T>, AppError> {
        self.values()?.first().map(fitting).transpose()
    }

    /// The rows as they come.
    fn values(&self) -> Result<Vec<serde_json::Value>, AppError> {
        serde_json::from_str(self.0.get()).map_err(|e| misfit("a list", &e.to_string()))
    }

    /// The first row, which has to be there.
    ///
    /// # Errors
    /// [`AppError::NotFound`] where there is none.
    pub fn one<T: DeserializeOwned>(&self) -> Result<T, AppError> {
        self.first()?.ok_or(AppError::NotFound)
    }

    /// Each row by itself, for lists: one that does not fit is told as it is, and the others are shown.
    pub fn each<T: DeserializeOwned>(&self) -> Vec<Result<T, serde_json::Value>> {
        let rows = self.values().unwrap_or_default();
        rows.into_iter().map(|row| json::of(&row).map_err(|_| row)).collect()
    }

    /// The rows that fit.
    pub fn known<T: DeserializeOwned>(&self) -> Vec<T> {
        self.each().into_iter().flatten().collect()
    }
}

/// The answers of one batch, told apart by their place.
pub trait Answers {
    /// The answer of the statement at this place.
    ///
    /// # Errors
    /// Where the batch had fewer statements.
    fn at(&self, place: usize) -> Result<&Rows, AppError>;
}

impl Answers for [Rows] {
    fn at(&self, place: usize) -> Result<&Rows, AppError> {
        self.get(place).ok_or_else(|| AppError::Internal(format!("no answer at place {place}")))
    }
}

/// What a database has been asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Round trips.
    pub trips: u64,
    /// Statements.
    pub queries: u64,
    /// Rows read, as D1 bills them.
    pub rows_read: u64,
    /// Rows written, index entries included, as D1 bills them.
    pub rows_written: u64,
    /// Bytes of the largest bound value.
    pub largest_value: u64,
    /// Calls to the SMS provider.
    pub provider_calls: u64,
    /// Statements of the invocation that asked for most.
    pub largest_invocation: u64,
}

impl std::ops::Add for Usage {
    type Output = Self;
    fn add(self, more: Self) -> Self {
        Self {
            trips: self.trips + more.trips,
            queries: self.queries + more.queries,
            rows_read: self.rows_read + more.rows_read,
            rows_written: self.rows_written + more.rows_written,
            largest_value: self.largest_value.max(more.largest_value),
            provider_calls: self.provider_calls + more.provider_calls,
            largest_invocation: self.largest_invocation.max(more.largest_invocation),
        }
    }
}

thread_local! {
    static USAGE: Cell<Usage> = const {
        Cell::new(Usage {
            trips: 0,
            queries: 0,
            rows_read: 0,
            rows_written: 0,
            largest_value: 0,
            provider_calls: 0,
            largest_invocation: 0,
        })
    };
}

/// What the isolate has used so far; `reset` starts again from nothing.
pub fn usage(reset: bool) -> Usage {
    let now = USAGE.get();
    if reset {
        USAGE.set(Usage::default());
    }
    now
}

/// Counts one call to the SMS provider.
pub fn count_provider_call() {
    USAGE.set(USAGE.get() + Usage { provider_calls: 1, ..Usage::default() });
}

/// Runs batches: D1, or SQLite in process.
pub trait Backend {
    /// Runs statements as one transaction.
    fn batch(&self, statements: Vec<Stmt>) -> LocalBoxFuture<'_, Result<Vec<Rows>, AppError>>;
}

/// A database; its use is counted where it is the school's.
pub struct Db {
    backend: Rc<dyn Backend>,
    counted: bool,
    used: Rc<Cell<Usage>>,
}

impl Db {
    /// A database behind its backend.
    pub fn new(backend: Rc<dyn Backend>, counted: bool) -> Self {
        Self { backend, counted, used: Rc::default() }
    }

    /// What this invocation has used, whatever else runs in the isolate; it goes on counting.
    pub fn used(&self) -> Rc<Cell<Usage>> {
        self.used.clone()
    }

    /// Runs statements as one transaction, in one round trip.
    ///
    /// # Errors
    /// The first statement that fails undoes all.
    pub async fn run(&self, statements: Vec<Stmt>) -> Result<Vec<Rows>, AppError> {
        let mut more = Usage { trips: 1, queries: statements.len() as u64, ..Usage::default() };
        for statement in &statements {
            more.largest_value = more.largest_value.max(statement.within_limits()? as u64);
        }
        let results = self.backend.batch(statements).await;
        if let Ok(results) = &results {
            for Rows(_, read, written) in results {
                more.rows_read += *read as u64;
                more.rows_written += *written as u64;
            }
        }
        self.used.set(self.used.get() + more);
        if self.counted {
            let largest_invocation = self.used.get().queries;
            USAGE.set(USAGE.get() + Usage { largest_invocation, ..more });
        }
        results
    }

    /// Runs one statement and reads its rows.
    ///
    /// # Errors
    /// Where it fails, or a row does not fit.
    pub async fn all<T: DeserializeOwned>(
        &self,
        text: impl Into<Cow<'static, str>>,
        values: &[Value],
    ) -> Result<Vec<T>, AppError> {
        self.run(vec![sql(text, values)]).await?.at(0)?.all()
    }

    /// Runs one statement and reads its first row.
    ///
    /// # Errors
    /// Where it fails, or the row does not fit.
    pub async fn first<T: DeserializeOwned>(
        &self,
        text: impl Into<Cow<'static, str>>,
        values: &[Value],
    ) -> Result<Option<T>, AppError> {
        self.run(vec![sql(text, values)]).await?.at(0)?.first()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_d1_would_refuse_in_production_is_refused_here() {
        let fits = sql("SELECT ?1", &[Value::Text("x".repeat(VALUE_BYTES_MAX))]);
        assert_eq!(fits.within_limits().expect("at the limit"), VALUE_BYTES_MAX);
        for beyond in [
            sql("SELECT ?1", &[Value::Text("x".repeat(VALUE_BYTES_MAX + 1))]),
            sql("SELECT 1", &vec![Value::Null; VALUES_MAX + 1]),
            sql(" ".repeat(SQL_BYTES_MAX + 1), &[]),
        ] {
            assert!(beyond.within_limits().is_err());
        }
    }
}
