//! What a key holds: read from text (flags, environment, `config set`) and from TOML.

use std::fmt;
use std::path::{Path, PathBuf};

use toml_edit::Value as Toml;

use super::key::{Key, Shape};
use clean_backup::model::policy::KeepRule;

/// A value of the shape that its key asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// One of a few words.
    Word(&'static str),
    /// A number, or a number of bytes.
    Number(u64),
    /// Yes or no.
    Flag(bool),
    /// A path.
    Path(PathBuf),
    /// Globs or rules.
    List(Vec<String>),
    /// A hash that is not shown.
    Secret(String),
}

/// A value that its key cannot hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadValue {
    /// What was written.
    pub found: String,
    /// What would have been accepted, or what is wrong with a glob.
    pub allowed: String,
}

impl fmt::Display for BadValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot be {}; allowed: {}", self.found, self.allowed)
    }
}

impl std::error::Error for BadValue {}

impl Value {
    /// Reads what somebody typed. Lists are split at commas outside of brackets.
    ///
    /// # Errors
    /// [`BadValue`], which says what is allowed.
    pub fn from_text(key: Key, text: &str) -> Result<Self, BadValue> {
        let value = match key.shape() {
            Shape::Choice(words) => words.iter().find(|word| **word == text).map(|w| Self::Word(w)),
            Shape::Number(least, most) => {
                text.parse().ok().filter(|number| (least..=most).contains(number)).map(Self::Number)
            }
            Shape::Flag => match text {
                "true" => Some(Self::Flag(true)),
                "false" => Some(Self::Flag(false)),
                _ => None,
            },
            Shape::Size => parse_bytes(text).map(Self::Number),
            Shape::Path => (!text.is_empty()).then(|| Self::Path(text.into())),
            Shape::Globs | Shape::KeepRules => return list(key, split(text)),
            // What was typed may be a password: it is not repeated.
            Shape::PasswordHash => {
                return match text.starts_with("$argon2id$") {
                    true => Ok(Self::Secret(text.to_owned())),
                    false => Err(bad(key, "what was given")),
                };
            }
        };
        value.ok_or_else(|| bad(key, &format!("{text:?}")))
    }

    /// Reads what stands in the file. Paths must be absolute there or begin with `~/`: a file has
    /// no current folder.
    ///
    /// # Errors
    /// [`BadValue`], which says what is allowed.
    pub fn from_toml(key: Key, toml: &Toml) -> Result<Self, BadValue> {
        let wrong = || bad(key, toml.to_string().trim());
        match (key.shape(), toml) {
            (Shape::Flag, Toml::Boolean(flag)) => Ok(Self::Flag(*flag.value())),
            (Shape::Number(..) | Shape::Size, Toml::Integer(number)) => {
                Self::from_text(key, &number.value().to_string()).map_err(|_| wrong())
            }
            (Shape::Choice(_) | Shape::Size | Shape::PasswordHash, Toml::String(text)) => {
                Self::from_text(key, text.value())
            }
            (Shape::Path, Toml::String(text)) => {
                let path = Path::new(text.value());
                if !path.is_absolute() && !path.starts_with("~") {
                    return Err(wrong());
                }
                Ok(Self::Path(path.to_owned()))
            }
            (Shape::Globs | Shape::KeepRules, Toml::Array(items)) => {
                let texts: Option<Vec<String>> =
                    items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
                list(key, texts.ok_or_else(wrong)?)
            }
            _ => Err(wrong()),
        }
    }

    /// As it stands in the file.
    ///
    /// # Errors
    /// [`BadValue`] for a path that TOML cannot hold because it is not UTF-8.
    pub fn to_toml(&self, key: Key) -> Result<Toml, BadValue> {
        Ok(match self {
            Self::Word(word) => Toml::from(*word),
            Self::Number(number) => match i64::try_from(*number) {
                Ok(number) => Toml::from(number),
                Err(_) => return Err(bad(key, &number.to_string())),
            },
            Self::Flag(flag) => Toml::from(*flag),
            Self::Path(path) => match path.to_str() {
                Some(text) => Toml::from(text),
                None => return Err(bad(key, &format!("{path:?} (not UTF-8)"))),
            },
            Self::List(items) => items.iter().map(String::as_str).collect(),
            Self::Secret(text) => Toml::from(text.as_str()),
        })
    }

    /// Without quotes, a list one item per line: what `config get` prints.
    pub fn plain(&self) -> String {
        match self {
            Self::Word(word) => (*word).to_owned(),
            Self::Number(number) => number.to_string(),
            Self::Flag(flag) => flag.to_string(),
            Self::Path(path) => clean_backup::model::path_text::for_people(path),
            Self::List(items) => items.join("\n"),
            Self::Secret(_) => "(set)".to_owned(),
        }
    }
}

fn bad(key: Key, found: &str) -> BadValue {
    BadValue { found: clean_backup::model::path_text::one_line(found), allowed: key.allowed() }
}

fn list(key: Key, items: Vec<String>) -> Result<Value, BadValue> {
    for item in &items {
        let checked = match key.shape() {
            Shape::KeepRules => match item.parse() {
                Ok(KeepRule::Prefer(glob)) => check_glob(&glob),
                Ok(_) => Ok(()),
                Err(_) => Err(key.allowed()),
            },
            _ => check_glob(item),
        };
        checked.map_err(|allowed| BadValue { allowed, ..bad(key, &format!("{item:?}")) })?;
    }
    Ok(Value::List(items))
}

fn check_glob(glob: &str) -> Result<(), String> {
    if glob.is_empty() {
        return Err("valid globs (this one is empty)".to_owned());
    }
    globset::Glob::new(glob).map(drop).map_err(|error| format!("valid globs ({})", error.kind()))
}

/// At commas outside of `{}` and `[]`, which belong to globs; empty parts are dropped.
fn split(text: &str) -> Vec<String> {
    let (mut parts, mut part, mut depth) = (Vec::new(), String::new(), 0_usize);
    for c in text.chars() {
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if c == ',' && depth == 0 {
            parts.push(std::mem::take(&mut part));
        } else {
            part.push(c);
        }
    }
    parts.push(part);
    parts.retain(|part| !part.is_empty());
    parts
}

/// Reads a number of bytes: digits, then nothing, `B`, or a unit of powers of 1000 (`kB`, `MB`,
/// `GB`, `TB`) or 1024 (`KiB`, `MiB`, `GiB`, `TiB`; IEC 80000-13), in any case, a blank between
/// allowed. At least 1.
pub fn parse_bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1000,
        "m" | "mb" => 1000_u64.pow(2),
        "g" | "gb" => 1000_u64.pow(3),
        "t" | "tb" => 1000_u64.pow(4),
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "tib" => 1 << 40,
        _ => return None,
    };
    let number: u64 = digits.parse().ok()?;
    // The file holds signed numbers.
    number.checked_mul(factor).filter(|&bytes| bytes > 0 && i64::try_from(bytes).is_ok())
}

/// The path with a leading `~` replaced by the home folder.
pub fn expand_home(path: &Path, home: &Path) -> PathBuf {
    match path.strip_prefix("~") {
        Ok(rest) => home.join(rest),
        Err(_) => path.to_owned(),
    }
}
