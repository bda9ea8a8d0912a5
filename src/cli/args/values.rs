//! Values of flags: how they are parsed, and how they become settings.

use std::time::Duration;

use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::cli::config::{Key, Layer, Value};

/// A value that is checked as the configuration's is, with the same words.
pub fn text(key: Key) -> impl TypedValueParser<Value = Value> {
    clap::builder::StringValueParser::new()
        .try_map(move |text| Value::from_text(key, &text).map_err(|bad| Allowed(bad.allowed)))
}

/// A word out of a few: completions offer them.
pub fn word(key: Key, words: &'static [&'static str]) -> impl TypedValueParser<Value = Value> {
    PossibleValuesParser::new(words)
        .try_map(move |text| Value::from_text(key, &text).map_err(|bad| Allowed(bad.allowed)))
}

/// A number with `s`, `m`, `h` or `d` after it.
pub fn time_span(text: &str) -> Result<Duration, Allowed> {
    let units = [("s", 1), ("m", 60), ("h", 3600), ("d", 86400)];
    let span = units.iter().find_map(|(unit, seconds)| {
        let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
        number.checked_mul(*seconds).map(Duration::from_secs)
    });
    span.ok_or_else(|| Allowed("a whole number and a unit, like 90s, 30m, 12h or 2d".to_owned()))
}

/// A path, as it was typed.
pub fn path() -> impl TypedValueParser<Value = Value> {
    clap::builder::PathBufValueParser::new().map(Value::Path)
}

/// What would have been accepted: clap itself says what was given.
#[derive(Debug)]
pub struct Allowed(String);

impl std::fmt::Display for Allowed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "allowed: {}", self.0)
    }
}

impl std::error::Error for Allowed {}

/// How a list looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// Human-readable text
    Text,
    /// JSON
    Json,
}

/// One list of several; `None` when the flag was not given.
pub fn joined(lists: &[Value]) -> Option<Value> {
    if lists.is_empty() {
        return None;
    }
    let items = lists.iter().flat_map(|list| match list {
        Value::List(items) => items.clone(),
        _ => Vec::new(),
    });
    Some(Value::List(items.collect()))
}

/// Sets `key` where its flag was given.
pub fn set(layer: &mut Layer, key: Key, value: &Option<Value>) {
    if let Some(value) = value {
        layer.insert(key, value.clone());
    }
}
