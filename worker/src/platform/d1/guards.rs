//! Whether the database still has the schema that this version was built
//! with. What the rules rest on stands in triggers, views and indexes: one
//! that was dropped or replaced refuses nothing any more, and one that was
//! added may write what nobody ordered.

use std::collections::BTreeMap;

use domain::digest::Digest;
use serde::Deserialize;

use super::db::Db;
use super::statement::plain;
use crate::platform::error::AppError;

/// `{name: first half of the SHA-256 of the statement}`, made of the migrations by `build.rs`.
const EXPECTED: &str = include_str!(concat!(env!("OUT_DIR"), "/schema.json"));

/// How a part of the schema differs from what it should be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// It is not there.
    Missing(String),
    /// It says something else.
    Changed(String),
    /// It should not be there.
    Strange(String),
}

#[derive(Deserialize)]
struct PartRow {
    name: String,
    sql: String,
}

/// All differences, by name.
///
/// # Errors
/// Where the database fails.
pub async fn differences(db: &Db) -> Result<Vec<Difference>, AppError> {
    // What SQLite, D1 and the migrations' own list keep for themselves is left out.
    let found: Vec<PartRow> = db
        .all(
            "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL
               AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\' AND name <> 'd1_migrations'",
            &[],
        )
        .await?;
    let mut expected: BTreeMap<String, String> = serde_json::from_str(EXPECTED)
        .map_err(|e| AppError::Internal(format!("the schema of this build: {e}")))?;
    let mut differences: Vec<Difference> = found
        .into_iter()
        .filter_map(|part| match expected.remove(&part.name) {
            None => Some(Difference::Strange(part.name)),
            // Half a hash: 128 bits, which nobody meets with another statement.
            Some(half) if Digest::of_bytes(plain(&part.sql).as_bytes()).to_hex().starts_with(&half) => None,
            Some(_) => Some(Difference::Changed(part.name)),
        })
        .collect();
    differences.extend(expected.into_keys().map(Difference::Missing));
    differences.sort();
    Ok(differences)
}
