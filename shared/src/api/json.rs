//! Strict JSON: bounded before it is parsed, no key twice, no key unasked for, integers only.
//!
//! Nothing here goes through `serde_json::Value`: its numbers may be floats and its objects drop duplicate keys.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::request::ParamsError;
use crate::transaction::MAX_INTEGER;

/// A message is at most this many bytes: a transaction is 2 KiB, a batch of 100 of them as hex fits.
pub const MAX_MESSAGE_BYTES: usize = 256 * 1024;
/// Objects and arrays are nested at most this deep; no message needs more than four.
pub const MAX_DEPTH: u32 = 16;

/// A message is too large or too deep to be looked at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// It is too long.
    #[error("the message has {got} bytes; at most {limit} are accepted")]
    TooLong {
        /// Its length.
        got: usize,
        /// [`MAX_MESSAGE_BYTES`].
        limit: usize,
    },
    /// Its objects and arrays are nested too deep.
    #[error("the message is nested deeper than {limit} levels")]
    TooDeep {
        /// [`MAX_DEPTH`].
        limit: u32,
    },
}

/// Checks length and depth in one pass over the bytes, so that no parser recurses on hostile text.
pub(crate) fn check_shape(text: &str) -> Result<(), ShapeError> {
    if text.len() > MAX_MESSAGE_BYTES {
        return Err(ShapeError::TooLong { got: text.len(), limit: MAX_MESSAGE_BYTES });
    }
    let mut depth = 0_u32;
    let mut in_string = false;
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => in_string = !in_string,
            b'\\' if in_string => {
                bytes.next();
            }
            b'[' | b'{' if !in_string => {
                depth = depth.saturating_add(1);
                if depth > MAX_DEPTH {
                    return Err(ShapeError::TooDeep { limit: MAX_DEPTH });
                }
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

/// The members of one JSON object, each still as text.
#[derive(Debug, Default)]
pub(crate) struct Fields<'a> {
    members: BTreeMap<String, &'a RawValue>,
    /// The first key that came twice. It is kept, so that the envelope can be told before it is refused.
    duplicate: Option<String>,
}

impl<'a> Fields<'a> {
    /// Parses one object.
    ///
    /// # Errors
    /// When `text` is not JSON, or not an object.
    pub(crate) fn parse(text: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// Returns whether there is such a member.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// Returns a member as text.
    pub(crate) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.members.get(name).copied()
    }

    /// Takes a member out as text.
    pub(crate) fn take(&mut self, name: &str) -> Option<&'a RawValue> {
        self.members.remove(name)
    }

    /// Takes a member out that must be there and a string.
    pub(crate) fn text(&mut self, name: &'static str) -> Result<String, ParamsError> {
        let raw = self.take(name).ok_or(ParamsError::Missing { field: name })?;
        serde_json::from_str(raw.get()).or(Err(ParamsError::NotText { field: name }))
    }

    /// Takes a member out that, if it is there, must be a string.
    pub(crate) fn optional_text(&mut self, name: &'static str) -> Result<Option<String>, ParamsError> {
        if self.contains(name) { self.text(name).map(Some) } else { Ok(None) }
    }

    /// Takes a member out that must be there and the text form of a `T`; `expected` describes it.
    pub(crate) fn parsed<T: FromStr>(
        &mut self,
        name: &'static str,
        expected: &'static str,
    ) -> Result<T, ParamsError> {
        self.text(name)?.parse().or(Err(ParamsError::Malformed { field: name, expected }))
    }

    /// Takes a member out that must be there and an integer of 0 to 2^53 − 1.
    pub(crate) fn integer(&mut self, name: &'static str) -> Result<u64, ParamsError> {
        self.required_integer(name, 0, MAX_INTEGER)
    }

    /// Takes a member out that must be there and an integer within the bounds.
    pub(crate) fn required_integer(
        &mut self,
        name: &'static str,
        least: u64,
        most: u64,
    ) -> Result<u64, ParamsError> {
        self.optional_integer(name, least, most)?.ok_or(ParamsError::Missing { field: name })
    }

    /// Takes a member out that, if it is there, must be an integer within the bounds.
    pub(crate) fn optional_integer(
        &mut self,
        name: &'static str,
        least: u64,
        most: u64,
    ) -> Result<Option<u64>, ParamsError> {
        let Some(raw) = self.take(name) else { return Ok(None) };
        // For `u64` serde_json refuses fractions, exponents and every minus sign, `-0` included.
        serde_json::from_str(raw.get())
            .ok()
            .filter(|value| (least..=most).contains(value))
            .map(Some)
            .ok_or(ParamsError::NotInteger { field: name, least, most })
    }

    /// Checks that no key came twice.
    pub(crate) fn check_unique(&self) -> Result<(), ParamsError> {
        match &self.duplicate {
            Some(field) => Err(ParamsError::Duplicate { field: shorten(field) }),
            None => Ok(()),
        }
    }

    /// Checks that every member was taken out.
    pub(crate) fn finish(&self) -> Result<(), ParamsError> {
        match self.members.keys().next() {
            Some(field) => Err(ParamsError::Unknown { field: shorten(field) }),
            None => Ok(()),
        }
    }
}

/// Cuts a name from outside to what fits into an error.
fn shorten(name: &str) -> String {
    const KEPT_CHARS: usize = 32;
    let mut short: String = name.chars().take(KEPT_CHARS).collect();
    if short.len() < name.len() {
        short.push('…');
    }
    short
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor;

        impl<'de> Visitor<'de> for ObjectVisitor {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Fields::default();
                while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
                    match fields.members.entry(name) {
                        Entry::Vacant(place) => {
                            place.insert(value);
                        }
                        Entry::Occupied(place) => {
                            fields.duplicate.get_or_insert_with(|| place.key().clone());
                        }
                    }
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(ObjectVisitor)
    }
}
