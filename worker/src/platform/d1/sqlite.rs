//! SQLite in process: the same statements on the same schema, natively and in
//! milliseconds. What D1 does that SQLite alone does not is done here: foreign
//! keys are on, a batch is one transaction, and SQL is held to D1's limits.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;

use futures_util::future::LocalBoxFuture;
use rusqlite::limits::Limit;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql, TransactionBehavior};
use serde_json::{Map, Number};

use super::db::{Backend, Rows, Stmt};
use super::value::Value;
use crate::platform::error::{AppError, from_database};

/// Statements whose text is long and comes often are kept prepared.
const KEPT: usize = 256;

/// What D1 takes in one statement, those of triggers included. SQLite alone would take more, and tell nobody.
const LIMITS: [(Limit, i32); 8] = [
    (Limit::SQLITE_LIMIT_SQL_LENGTH, 100_000),
    (Limit::SQLITE_LIMIT_COLUMN, 100),
    (Limit::SQLITE_LIMIT_EXPR_DEPTH, 100),
    (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 5),
    (Limit::SQLITE_LIMIT_FUNCTION_ARG, 32),
    (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50),
    (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, 100),
    (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 10),
];

/// A SQLite database.
pub struct Sqlite {
    connection: RefCell<Connection>,
    ran: RefCell<BTreeSet<String>>,
}

impl Sqlite {
    /// Opens a file.
    ///
    /// # Errors
    /// Where it cannot be opened.
    pub fn open(path: &Path) -> rusqlite::Result<Self> {
        Self::over(Connection::open(path)?)
    }

    /// Over a connection that is open.
    ///
    /// # Errors
    /// Where SQLite refuses a setting.
    pub fn over(connection: Connection) -> rusqlite::Result<Self> {
        connection.execute_batch(
            "PRAGMA foreign_keys = ON; PRAGMA synchronous = OFF; PRAGMA busy_timeout = 20000;",
        )?;
        for (limit, most) in LIMITS {
            connection.set_limit(limit, most)?;
        }
        connection.set_prepared_statement_cache_capacity(KEPT);
        Ok(Self { connection: RefCell::new(connection), ran: RefCell::default() })
    }

    /// Every statement that ran so far, once: for asking SQLite how it goes about each.
    pub fn statements(&self) -> Vec<String> {
        self.ran.borrow().iter().cloned().collect()
    }

    fn run(&self, statements: &[Stmt]) -> rusqlite::Result<Vec<Rows>> {
        let mut connection = self.connection.borrow_mut();
        for Stmt(text, _) in statements {
            if !self.ran.borrow().contains(text.as_ref()) {
                self.ran.borrow_mut().insert(text.to_string());
            }
        }
        // Whoever holds a transaction open undoes several batches at once: each is whole or nothing inside it, too.
        if !connection.is_autocommit() {
            let batch = connection.savepoint()?;
            let results = statements.iter().map(|s| one(&batch, s)).collect::<rusqlite::Result<Vec<_>>>()?;
            batch.commit()?;
            return Ok(results);
        }
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let results =
            statements.iter().map(|s| one(&transaction, s)).collect::<rusqlite::Result<Vec<_>>>()?;
        transaction.commit()?;
        Ok(results)
    }

    /// What the API does not offer, on the connection that the batches run on: a transaction around several
    /// of them, or how many rows were changed.
    pub fn on<T>(&self, run: impl FnOnce(&Connection) -> T) -> T {
        run(&self.connection.borrow())
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            // As D1 does: a JavaScript number is bound as a floating one.
            Self::Int(number) => ValueRef::Real(*number as f64),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn one(connection: &Connection, Stmt(text, values): &Stmt) -> rusqlite::Result<Rows> {
    let mut statement = connection.prepare_cached(text)?;
    let names: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
    let mut rows = statement.query(rusqlite::params_from_iter(values))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let mut object = Map::new();
        for (at, name) in names.iter().enumerate() {
            object.insert(name.clone(), value(row.get_ref(at)?));
        }
        all.push(serde_json::Value::Object(object));
    }
    drop(rows);
    let raw = serde_json::value::to_raw_value(&all)
        .map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))?;
    Ok(Rows(raw, 0.0, 0.0))
}

/// A column as D1's answer has it in JSON.
fn value(column: ValueRef<'_>) -> serde_json::Value {
    match column {
        ValueRef::Null => serde_json::Value::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => Number::from_f64(number).map_or(serde_json::Value::Null, Into::into),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned().into(),
        ValueRef::Blob(bytes) => bytes.into(),
    }
}

impl Backend for Sqlite {
    fn batch(&self, statements: Vec<Stmt>) -> LocalBoxFuture<'_, Result<Vec<Rows>, AppError>> {
        Box::pin(async move { self.run(&statements).map_err(|e| from_database(e.to_string())) })
    }
}
