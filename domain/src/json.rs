//! JSON as the Worker and the staff app read it: parsed by `serde_json`, and
//! read from its `Value` into our types here.
//!
//! `serde_json` reads it, too; but what is compiled anew for each of our two
//! hundred types was, there, a quarter of what is uploaded. Here a struct is read
//! from an object alone (there from a list, too), so that half of what is
//! derived for it is never compiled, and what goes wrong is worded in one
//! place. What goes wrong also names the place in the value: `steps[2].post`.

use std::fmt;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    self, Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::Value;

/// Why a value is not that of the type; behind a pointer, so that what it is the other outcome of is small.
#[derive(Debug)]
pub struct Error(Box<Fault>);

#[derive(Debug)]
struct Fault {
    place: String,
    what: String,
}

impl Error {
    #[cold]
    fn expected(value: &Value, expected: &dyn de::Expected) -> Self {
        let found = match value {
            Value::Null => Unexpected::Unit,
            Value::Bool(value) => Unexpected::Bool(*value),
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(whole), _) => Unexpected::Signed(whole),
                (None, Some(float)) => Unexpected::Float(float),
                (None, None) => Unexpected::Other("number"),
            },
            Value::String(text) => Unexpected::Str(text),
            Value::Array(_) => Unexpected::Seq,
            Value::Object(_) => Unexpected::Map,
        };
        de::Error::invalid_type(found, expected)
    }

    #[cold]
    #[inline(never)]
    fn at(mut self, step: fmt::Arguments<'_>) -> Self {
        let place = &mut self.0.place;
        let dot = if place.is_empty() || place.starts_with('[') { "" } else { "." };
        *place = format!("{step}{dot}{place}");
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fault { place, what } = &*self.0;
        let colon = if place.is_empty() { "" } else { ": " };
        write!(f, "{place}{colon}{what}")
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    #[cold]
    fn custom<T: fmt::Display>(what: T) -> Self {
        Self(Box::new(Fault { place: String::new(), what: what.to_string() }))
    }
}

/// Reads JSON; the fault names the place in the value where it is.
///
/// # Errors
/// Where it is no JSON, or not that of a `T`.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    read(&value(bytes)?)
}

fn value(bytes: &[u8]) -> Result<Value, Error> {
    serde_json::from_slice(bytes).map_err(de::Error::custom)
}

/// Reads a value that was parsed.
///
/// # Errors
/// Where it is not that of a `T`.
pub fn read<'de, T: Deserialize<'de>>(value: &'de Value) -> Result<T, Error> {
    T::deserialize(Reader(value))
}

#[derive(Clone, Copy)]
struct Reader<'de>(&'de Value);

impl<'de> Reader<'de> {
    /// What is no list and no object.
    fn plain<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Null => visitor.visit_unit(),
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(whole), ..) => visitor.visit_u64(whole),
                (None, Some(whole), _) => visitor.visit_i64(whole),
                (None, None, Some(float)) => visitor.visit_f64(float),
                (None, None, None) => Err(Error::expected(self.0, &visitor)),
            },
            Value::Array(_) | Value::Object(_) => Err(Error::expected(self.0, &visitor)),
        }
    }

    fn list<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Value::Array(values) = self.0 else { return Err(Error::expected(self.0, &visitor)) };
        let mut items = Items { values, next: 0 };
        let read = visitor.visit_seq(&mut items)?;
        if items.next == values.len() { Ok(read) } else { Err(too_many(values.len(), items.next)) }
    }

    fn object<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Value::Object(fields) = self.0 else { return Err(Error::expected(self.0, &visitor)) };
        visitor.visit_map(Fields { rest: fields.iter(), value: None })
    }
}

#[cold]
fn too_many(found: usize, expected: usize) -> Error {
    de::Error::custom(format_args!("{found} values, expected {expected}"))
}

impl<'de> Deserializer<'de> for Reader<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(_) => self.list(visitor),
            Value::Object(_) => self.object(visitor),
            _ => self.plain(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.list(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.list(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.list(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.object(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.object(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let variant = match self.0 {
            Value::String(name) => Variant { name, content: None },
            Value::Object(fields) if fields.len() == 1 => match fields.iter().next() {
                Some((name, content)) => Variant { name, content: Some(content) },
                None => return Err(Error::expected(self.0, &"an enum")),
            },
            _ => return Err(Error::expected(self.0, &"an enum")),
        };
        visitor.visit_enum(variant)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.plain(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.plain(visitor)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.plain(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.plain(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.plain(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.plain(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.plain(visitor)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.plain(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.plain(visitor)
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.plain(visitor)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.plain(visitor)
    }

    forward_to_deserialize_any! { i8 i16 i128 u128 f32 char bytes byte_buf unit_struct identifier }
}

/// The values of a list.
struct Items<'de> {
    values: &'de [Value],
    next: usize,
}

impl<'de> SeqAccess<'de> for &mut Items<'de> {
    type Error = Error;

    #[inline(never)]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some(value) = self.values.get(self.next) else { return Ok(None) };
        let place = self.next;
        self.next += 1;
        match seed.deserialize(Reader(value)) {
            Ok(value) => Ok(Some(value)),
            Err(fault) => Err(fault.at(format_args!("[{place}]"))),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.values.len() - self.next)
    }
}

/// The fields of an object.
struct Fields<'de> {
    rest: serde_json::map::Iter<'de>,
    value: Option<(&'de str, &'de Value)>,
}

impl<'de> MapAccess<'de> for Fields<'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some((key, value)) = self.rest.next() else { return Ok(None) };
        self.value = Some((key, value));
        seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some)
    }

    // Once for each type of field, and not in each struct for each field.
    #[inline(never)]
    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        let (key, value) = self.value.take().unwrap_or(("", &Value::Null));
        seed.deserialize(Reader(value)).map_err(|fault| fault.at(format_args!("{key}")))
    }
}

/// A variant of an enum, by its name alone or with what it holds.
struct Variant<'de> {
    name: &'de str,
    content: Option<&'de Value>,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        Ok((seed.deserialize(BorrowedStrDeserializer::new(self.name))?, self))
    }
}

impl<'de> Variant<'de> {
    fn content(&self) -> Reader<'de> {
        Reader(self.content.unwrap_or(&Value::Null))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        match self.content {
            None | Some(Value::Null) => Ok(()),
            Some(value) => Err(Error::expected(value, &"no content")),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self.content()).map_err(|fault| fault.at(format_args!("{}", self.name)))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.content().list(visitor).map_err(|fault| fault.at(format_args!("{}", self.name)))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.content().object(visitor).map_err(|fault| fault.at(format_args!("{}", self.name)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::Deserialize;
    use serde_json::json;

    use super::{Value, fmt, read};

    #[derive(Debug, Deserialize, PartialEq)]
    enum Shape {
        Nothing,
        One(i64),
        Pair(bool, String),
        Fields { a: u32 },
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(tag = "kind", rename_all = "snake_case")]
    enum Tagged {
        Left { a: i64 },
        Right,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Wrapped(String);

    #[derive(Debug, Deserialize, PartialEq)]
    struct Everything {
        a: i64,
        b: Option<f64>,
        #[serde(default)]
        c: Vec<Shape>,
        d: BTreeMap<String, Tagged>,
        e: (bool, u8, Option<Wrapped>),
    }

    /// Values that are mostly of the shapes that are read here.
    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-300i64..300).prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            prop_oneof!["Nothing", "One", "left", "[a-e]{0,3}"].prop_map(Value::from),
        ];
        let name =
            prop_oneof!["[a-e]", Just("kind".to_owned()), "One|Pair|Fields|Nothing", "[x-z]{1,2}"].boxed();
        leaf.prop_recursive(4, 48, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(name.clone(), inner, 0..6)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    fn same<'de, T: Deserialize<'de> + PartialEq + fmt::Debug>(value: &'de Value) {
        assert_eq!(read::<T>(value).ok(), T::deserialize(value).ok(), "{value}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]
        #[test]
        fn reads_what_serde_json_reads(value in values()) {
            same::<Shape>(&value);
            same::<Vec<Shape>>(&value);
            same::<(bool, String)>(&value);
            same::<[i64; 2]>(&value);
            same::<BTreeMap<String, Option<i64>>>(&value);
            same::<Option<Wrapped>>(&value);
            same::<f64>(&value);
            same::<Value>(&value);
            // From a list serde_json reads a struct, too; nobody sends one so.
            if !value.is_array() {
                same::<Tagged>(&value);
            }
        }

        #[test]
        fn reads_a_struct_of_everything(a in any::<i64>(), b in any::<Option<f64>>(), rest in prop::collection::vec(values(), 3)) {
            let [c, d, e] = &rest[..] else { unreachable!("three") };
            let value = json!({ "a": a, "b": b, "c": [c], "d": { "x": d }, "e": [true, 7, e], "more": c });
            if c.as_object().is_none_or(|one| !one.contains_key("Fields")) && !d.is_array() {
                same::<Everything>(&value);
            }
            let fits = json!({ "a": a, "b": b, "c": ["Nothing", { "One": a }, { "Pair": [true, "x"] }, { "Fields": { "a": 1 } }],
                "d": { "x": { "kind": "left", "a": a }, "y": { "kind": "right" } }, "e": [false, 0, "w"] });
            same::<Everything>(&fits);
            prop_assert!(read::<Everything>(&fits).is_ok());
        }
    }

    #[test]
    fn what_goes_wrong_names_its_place() {
        let said = |value: Value| read::<Everything>(&value).expect_err("it does not fit").to_string();
        assert_eq!(said(json!({ "a": "x" })), "a: invalid type: string \"x\", expected i64",);
        let deep = json!({ "a": 1, "c": ["Nothing", { "Fields": { "a": -1 } }], "d": {}, "e": [] });
        assert_eq!(said(deep), "c[1].Fields.a: invalid value: integer `-1`, expected u32");
        let many = json!({ "a": 1, "d": {}, "e": [true, 1, null, 4] });
        assert_eq!(said(many), "e: 4 values, expected 3");
        assert_eq!(said(json!({ "a": 1 })), "missing field `d`");
        assert_eq!(said(json!([])), "invalid type: sequence, expected struct Everything");
    }
}
