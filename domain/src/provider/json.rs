//! JSON from outside, read field by field: a provider adds fields, writes numbers as text and text as
//! numbers, and none of that may break the rest.

use serde_json::Value;

use crate::phone::Phone;

/// An answer's body, where it is JSON.
pub fn body(bytes: &[u8]) -> Option<Value> {
    serde_json::from_slice(bytes).ok()
}

/// A list that was posted: an array, or one entry by itself.
pub fn list(bytes: &[u8]) -> Option<Vec<Value>> {
    match serde_json::from_slice(bytes) {
        Ok(Value::Array(list)) => Some(list),
        Ok(one @ Value::Object(_)) => Some(vec![one]),
        _ => None,
    }
}

/// A text that is there; a whole number counts as its digits.
pub fn text(value: &Value, name: &str) -> Option<String> {
    match value.get(name)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// An id of the provider's, or a reference of ours: short, and printable.
pub fn id(value: &Value, name: &str) -> Option<String> {
    text(value, name).filter(|id| id.len() <= 128 && id.bytes().all(|b| b.is_ascii_graphic()))
}

/// A mainland number.
pub fn phone(value: &Value, name: &str) -> Option<Phone> {
    Phone::parse(&text(value, name)?).ok()
}
