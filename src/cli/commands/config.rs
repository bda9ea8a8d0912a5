//! `config`: shows and changes the configuration.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::cli::config::{self, Key, Value};
use clean_backup::act::plan::ExactPath;
use clean_backup::model::path_text::{for_people, one_line};

use serde_json::json;

use crate::cli::args::{ConfigCommand, ListFormat, ProgramArgs, joined};
use crate::cli::environment::ProcessEnvironment;
use crate::cli::failure::{Failure, FailureKind, Outcome};
use crate::cli::location::{Location, resolved};
use crate::cli::render;
use crate::cli::settings::{Resolved, SettingOrigin};

/// Carries out a `config` subcommand.
///
/// # Errors
/// A wrong key or value, or a file that cannot be read or written.
pub fn run(
    command: &ConfigCommand,
    args: &ProgramArgs,
    environment: &ProcessEnvironment,
) -> Result<Outcome, Failure> {
    let location = Location::from_args(args, environment);
    match command {
        ConfigCommand::Path { format: ListFormat::Json } => {
            let file = ExactPath(location.writable()?.clone());
            render::print_json("config path", json!({"file": file}))?;
        }
        ConfigCommand::Path { format: ListFormat::Text } => {
            let path = location.writable()?;
            // Exactly, for scripts.
            let mut bytes = path.as_os_str().as_encoded_bytes().to_vec();
            bytes.push(b'\n');
            render::print_bytes(&bytes)?;
        }
        ConfigCommand::Show { format: ListFormat::Text } => {
            render::print(&show(&location, &resolved(args, environment)?))?;
        }
        ConfigCommand::Show { format: ListFormat::Json } => {
            let settings: BTreeMap<&str, serde_json::Value> = resolved(args, environment)?
                .iter()
                .map(|(key, (value, origin))| (key.name(), setting(*key, value.as_ref(), origin)))
                .collect();
            let path = location.path.as_ref().map(|path| path.to_string_lossy().into_owned());
            render::print_json("config show", json!({"file": path, "settings": settings}))?;
        }
        ConfigCommand::Get { key, format: ListFormat::Json } => {
            let resolved = resolved(args, environment)?;
            let found = resolved.get(key);
            let content = found.map(|(value, origin)| setting(*key, value.as_ref(), origin));
            render::print_json("config get", json!({"key": key.name(), "setting": content}))?;
        }
        ConfigCommand::Get { key, format: ListFormat::Text } => {
            let text = match resolved(args, environment)?.get(key) {
                Some((Some(value), _)) => value.plain(),
                _ => absent(*key).to_owned(),
            };
            render::print(&if text.is_empty() { text } else { format!("{text}\n") })?;
        }
        ConfigCommand::Set { key, value, format } => {
            let path = location.writable()?;
            let value = value_of(*key, value)?;
            let rival = config::set(path, *key, &value)?;
            if let Some(rival) = rival {
                tracing::warn!("{rival} was taken out of the file: {key} sets the same thing");
            }
            tracing::info!("{key} is set in {}", for_people(path));
            if *format == ListFormat::Json {
                let setting = setting(*key, Some(&value), &SettingOrigin::File);
                let unset = rival.map(Key::name);
                let file = ExactPath(path.clone());
                let content =
                    json!({"key": key.name(), "setting": setting, "unset": unset, "file": file});
                render::print_json("config set", content)?;
            }
        }
        ConfigCommand::SetPassword => set_password(location.writable()?)?,
        ConfigCommand::Unset { key, format } => {
            let path = location.writable()?;
            let was_set = config::unset(path, *key)?;
            if !was_set {
                tracing::warn!("{key} was not set in {}", for_people(path));
            }
            if *format == ListFormat::Json {
                let file = ExactPath(path.clone());
                let content = json!({"key": key.name(), "was_set": was_set, "file": file});
                render::print_json("config unset", content)?;
            }
        }
    }
    Ok(Outcome::Done)
}

/// Asks for a password, and puts its hash into the file.
#[cfg(feature = "review")]
fn set_password(path: &std::path::Path) -> Result<(), Failure> {
    use clean_backup::review::PasswordHash;
    let password = crate::cli::password::ask()?;
    let random = super::review::random()?;
    let hash = PasswordHash::new(&password, std::array::from_fn(|at| random[at]))
        .map_err(|why| Failure::new(FailureKind::Usage, why.to_string()))?;
    config::set(path, Key::PasswordHash, &Value::Secret(hash.to_string()))?;
    if let Err(error) = clean_backup::files::atomic_file::make_private(path) {
        tracing::warn!("others may be able to read {}: {error}", for_people(path));
    }
    render::print(&format!(
        "The password is set: its hash is in {}.\n\
         Serve the page with: clean-backup app --listen ADDRESS:PORT\n",
        for_people(path)
    ))
}

/// A build without the page asks for no password.
#[cfg(not(feature = "review"))]
fn set_password(_: &std::path::Path) -> Result<(), Failure> {
    Err(Failure::new(FailureKind::Failed, "this build has no page: it lacks the feature `review`"))
}

/// One setting for programs.
fn setting(key: Key, value: Option<&Value>, origin: &SettingOrigin) -> serde_json::Value {
    let value = match value {
        None => serde_json::Value::Null,
        Some(Value::Flag(flag)) => json!(flag),
        Some(Value::Number(number)) => json!(number),
        Some(Value::List(items)) => json!(items),
        Some(other) => json!(other.plain()),
    };
    json!({"value": value, "origin": origin.describe(key)})
}

fn value_of(key: Key, texts: &[String]) -> Result<Value, Failure> {
    let wrong =
        |what: String| Failure::new(FailureKind::Usage, format!("{key} {what}")).hint(key.about());
    let mut values = Vec::new();
    for text in texts {
        values.push(Value::from_text(key, text).map_err(|bad| wrong(bad.to_string()))?);
    }
    match &values[..] {
        [Value::List(_), ..] => joined(&values),
        [value] => Some(value.clone()),
        _ => None,
    }
    .ok_or_else(|| wrong(format!("takes one value; allowed: {}", key.allowed())))
}

/// What stands for a setting without a value.
fn absent(key: Key) -> &'static str {
    match key {
        Key::Threads => "one per core",
        Key::Sensitivity => "between the named ones",
        _ => "none",
    }
}

fn show(location: &Location, resolved: &Resolved) -> String {
    let mut out = String::new();
    let (path, state) = match &location.path {
        Some(path) if path.exists() => (for_people(path), ""),
        Some(path) => (for_people(path), " (not there)"),
        None => ("no home folder is known".to_owned(), ""),
    };
    // Writing to a String cannot fail.
    let _ = writeln!(out, "# {path}{state}");
    for (key, (value, origin)) in resolved {
        let value = match value {
            Some(Value::Path(path)) => for_people(path),
            Some(secret @ Value::Secret(_)) => secret.plain(),
            Some(value) => value
                .to_toml(*key)
                .map_or_else(|_| value.plain(), |toml| toml.to_string().trim().to_owned()),
            None => format!("({})", absent(*key)),
        };
        let _ = writeln!(out, "{key:21} = {:12} # {}", one_line(&value), origin.describe(*key));
    }
    out
}
