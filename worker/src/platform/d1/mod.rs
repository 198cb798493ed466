//! The school's database. All SQL runs through here, always as one batch that
//! commits whole or not at all, so that there is one way to count round trips
//! and one way to fail.
//!
//! There are two backends: D1, and SQLite in process, on which the tests run
//! the same statements on the same schema natively.

#[cfg(target_arch = "wasm32")]
pub mod cloudflare;
mod db;
mod guarded;
pub mod guards;
#[cfg(not(target_arch = "wasm32"))]
pub mod sqlite;
mod statement;
pub mod value;

pub use db::{
    Answers, Backend, Db, Rows, Stmt, Usage, VALUE_BYTES_MAX, count_provider_call, sql, sql_with, usage,
};
pub use guarded::{Audit, Guarded, Subject, audit_if};
pub use value::Value;
