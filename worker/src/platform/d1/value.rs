//! Values that are bound to statements.

use data_encoding::BASE64;
use domain::time::Instant;
use serde::ser::{Serialize, SerializeMap, Serializer};

/// A value bound to a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
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

impl Value {
    /// Its length as D1 counts it.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Null | Self::Int(_) => 8,
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
        }
    }
}

/// As `glue.js` reads it.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => to.serialize_none(),
            Self::Int(number) => to.serialize_i64(*number),
            Self::Text(text) => to.serialize_str(text),
            Self::Bytes(bytes) => {
                let mut map = to.serialize_map(Some(1))?;
                map.serialize_entry("base64", &BASE64.encode(bytes))?;
                map.end()
            }
        }
    }
}

macro_rules! whole_numbers {
    ($($number:ty),*) => {$(
        impl From<$number> for Value {
            fn from(v: $number) -> Self {
                Self::Int(i64::from(v))
            }
        }
    )*};
}
whole_numbers!(i64, u32, u16, u8, bool);

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
impl From<&String> for Value {
    fn from(v: &String) -> Self {
        Self::Text(v.clone())
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
macro_rules! ids {
    ($($id:ident),*) => {$(
        impl From<domain::ids::$id> for Value {
            fn from(v: domain::ids::$id) -> Self {
                Self::Int(v.0)
            }
        }
    )*};
}
ids!(
    StaffId,
    UnitId,
    UnitChangeId,
    ClassId,
    StudentId,
    GuardianId,
    PhoneId,
    MessageId,
    ImportId,
    DisputeId,
    StreamId,
    AppointmentId,
    DelegationId,
    RequestId,
    TemplateId,
    SessionId,
    SlipId,
    ProcedureId
);

/// `args![a, b]`: values to bind, in order.
#[macro_export]
macro_rules! args {
    ($($v:expr),* $(,)?) => { &[$($crate::platform::d1::value::Value::from($v)),*] };
}
