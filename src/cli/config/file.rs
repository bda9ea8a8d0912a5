//! Reading and changing the file.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml_edit::{Document, DocumentMut, Item, TomlError};

use super::key::{Key, UnknownKey};
use super::value::{BadValue, Value};
use clean_backup::files::atomic_file;
use clean_backup::model::path_text::{for_people, one_line};

/// What one source (the file, the environment, the flags) says.
pub type Layer = BTreeMap<Key, Value>;

/// Why the file could not be read or changed.
#[derive(Debug)]
pub enum ConfigError {
    /// The system refused.
    Io {
        /// The file.
        path: PathBuf,
        /// `read` or `written`.
        what: &'static str,
        /// The error underneath.
        source: io::Error,
    },
    /// The content is wrong.
    Content {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong there.
        problem: ConfigProblem,
    },
    /// A value that was to be set cannot stand in the file.
    Value {
        /// The key.
        key: Key,
        /// What is wrong with the value.
        bad: BadValue,
    },
}

/// What is wrong in one line of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigProblem {
    /// Not TOML.
    Syntax(String),
    /// A key that does not exist.
    UnknownKey(UnknownKey),
    /// A value that the key cannot hold.
    BadValue(Key, BadValue),
    /// Two keys that set the same thing.
    Rivals(Key, Key),
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, what, source } => {
                write!(f, "{} cannot be {what}: {source}", for_people(path))
            }
            Self::Content { path, line, problem } => {
                write!(f, "{}, line {line}: {problem}", for_people(path))
            }
            Self::Value { key, bad } => write!(f, "{key} {bad}"),
        }
    }
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(message) => write!(f, "not TOML: {}", one_line(message.trim_end())),
            Self::UnknownKey(unknown) => unknown.fmt(f),
            Self::BadValue(key, bad) => write!(f, "{key} {bad}"),
            Self::Rivals(first, second) => {
                write!(f, "{first} and {second} set the same thing; keep one of them")
            }
        }
    }
}

impl std::error::Error for ConfigError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// What the file says; a file that does not exist says nothing.
///
/// # Errors
/// [`ConfigError`], with the first wrong line.
pub fn read(path: &Path) -> Result<Layer, ConfigError> {
    parse(path, &text_of(path)?)
}

/// What `text` says; `path` is for errors only.
///
/// # Errors
/// [`ConfigError::Content`], with the first wrong line.
pub fn parse(path: &Path, text: &str) -> Result<Layer, ConfigError> {
    let document = Document::parse(text).map_err(|error| syntax(path, text, &error))?;
    let mut layer = Layer::new();
    let mut problems = Vec::new();
    for (name, item) in document.iter() {
        let at = document.key(name).and_then(|key| key.span());
        let line = line_of(text, at.or_else(|| item.span()));
        match entry(name, item) {
            Ok((key, value)) => {
                if let Some(rival) = key.rival().filter(|rival| layer.contains_key(rival)) {
                    problems.push((line, ConfigProblem::Rivals(rival, key)));
                }
                layer.insert(key, value);
            }
            Err(problem) => problems.push((line, problem)),
        }
    }
    match problems.into_iter().min_by_key(|&(line, _)| line) {
        None => Ok(layer),
        Some((line, problem)) => Err(ConfigError::Content { path: path.to_owned(), line, problem }),
    }
}

/// Sets a key and leaves everything else as it is, comments and order included; a rival key is
/// taken out and returned. The file and its folders are made if need be.
///
/// # Errors
/// [`ConfigError`]; also when some other line of the file is wrong.
pub fn set(path: &Path, key: Key, value: &Value) -> Result<Option<Key>, ConfigError> {
    let mut toml = value.to_toml(key).map_err(|bad| ConfigError::Value { key, bad })?;
    // What the file could not say again must not get into it.
    Value::from_toml(key, &toml).map_err(|bad| ConfigError::Value { key, bad })?;
    let mut document = document(path)?;
    match document.get_mut(key.name()).and_then(Item::as_value_mut) {
        Some(old) => {
            // A comment after the value belongs to the line, not to the value.
            *toml.decor_mut() = old.decor().clone();
            *old = toml;
        }
        None => {
            document.insert(key.name(), Item::Value(toml));
        }
    }
    let rival = key.rival().filter(|rival| document.remove(rival.name()).is_some());
    write(path, &document)?;
    Ok(rival)
}

/// Takes a key out; `false` when it was not there.
///
/// # Errors
/// [`ConfigError`]; also when some other line of the file is wrong.
pub fn unset(path: &Path, key: Key) -> Result<bool, ConfigError> {
    let mut document = document(path)?;
    let was_there = document.remove(key.name()).is_some();
    if was_there {
        write(path, &document)?;
    }
    Ok(was_there)
}

fn entry(name: &str, item: &Item) -> Result<(Key, Value), ConfigProblem> {
    let key: Key = name.parse().ok().filter(|key: &Key| key.name() == name).ok_or_else(|| {
        match name.parse::<Key>() {
            Err(unknown) => ConfigProblem::UnknownKey(unknown),
            // The file has one spelling.
            Ok(key) => {
                ConfigProblem::UnknownKey(UnknownKey { name: name.to_owned(), nearest: Some(key) })
            }
        }
    })?;
    let value = match item.as_value() {
        Some(toml) => Value::from_toml(key, toml),
        None => Err(BadValue { found: "a table".to_owned(), allowed: key.allowed() }),
    };
    value.map(|value| (key, value)).map_err(|bad| ConfigProblem::BadValue(key, bad))
}

fn text_of(path: &Path) -> Result<String, ConfigError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(source) => Err(ConfigError::Io { path: path.to_owned(), what: "read", source }),
    }
}

fn document(path: &Path) -> Result<DocumentMut, ConfigError> {
    let text = text_of(path)?;
    text.parse().map_err(|error| syntax(path, &text, &error))
}

fn write(path: &Path, document: &DocumentMut) -> Result<(), ConfigError> {
    let text = document.to_string();
    parse(path, &text)?;
    atomic_file::replace(path, text.as_bytes()).map_err(|source| ConfigError::Io {
        path: path.to_owned(),
        what: "written",
        source,
    })
}

fn syntax(path: &Path, text: &str, error: &TomlError) -> ConfigError {
    ConfigError::Content {
        path: path.to_owned(),
        line: line_of(text, error.span()),
        problem: ConfigProblem::Syntax(error.message().to_owned()),
    }
}

fn line_of(text: &str, span: Option<Range<usize>>) -> usize {
    let start = span.map_or(0, |span| span.start);
    text.bytes().take(start).filter(|&byte| byte == b'\n').count() + 1
}
