//! JSON of our own values, and JSON that a column holds. What cannot be read
//! is a fault that is told, never an empty value.
//!
//! All of it is read by `domain::json`, for the sake of what is uploaded.

pub use domain::json::{parse, read as of};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::platform::error::AppError;

/// The JSON of one of our own values.
///
/// # Errors
/// Where the value cannot be written as JSON; never for plain structs.
pub fn text<T: Serialize + ?Sized>(value: &T) -> Result<String, AppError> {
    serde_json::to_string(value).map_err(|e| AppError::Internal(e.to_string()))
}

/// Reads JSON that we wrote; `what` names it in the log.
///
/// # Errors
/// Where it is not what was written.
pub fn read<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, AppError> {
    parse(text.as_bytes()).map_err(|e| AppError::Internal(format!("{what} cannot be read: {e}")))
}

/// For `#[serde(deserialize_with)]`: a column that holds JSON as text.
///
/// # Errors
/// Where it is not what was written: the row is then not read at all.
pub fn column<'de, T: DeserializeOwned, D: serde::Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
    parse(text.as_bytes()).map_err(serde::de::Error::custom)
}

/// As [`column()`], for one that may be NULL.
///
/// # Errors
/// As [`column()`].
pub fn optional_column<'de, T: DeserializeOwned, D: serde::Deserializer<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    let text = Option::<std::borrow::Cow<'de, str>>::deserialize(from)?;
    text.map(|text| parse(text.as_bytes()).map_err(serde::de::Error::custom)).transpose()
}

/// As [`column()`], for what is shown in a list: none where it cannot be read, so that one row is one row.
///
/// # Errors
/// Where it is no text at all.
pub fn lenient_column<'de, T: DeserializeOwned, D: serde::Deserializer<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    let value = serde_json::Value::deserialize(from)?;
    Ok(value.as_str().and_then(|text| parse(text.as_bytes()).ok()))
}

/// For a column whose value this version may not know, in what is shown in a list.
///
/// # Errors
/// Where it is no value at all.
pub fn if_known<'de, T: DeserializeOwned, D: serde::Deserializer<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    let value = serde_json::Value::deserialize(from)?;
    Ok(of(&value).ok())
}

/// For a column that holds 0 or 1.
///
/// # Errors
/// Where it is no number.
pub fn flag<'de, D: serde::Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Ok(i64::deserialize(from)? != 0)
}
