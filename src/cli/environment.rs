//! What the process was started with, gathered once.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use crate::cli::config::{Key, Layer, UnknownKey, Value};

use super::failure::{Failure, FailureKind};

/// Variables of this program begin with it.
const PREFIX: &str = "CLEAN_BACKUP_";

/// Variables, folders, terminals.
#[derive(Clone, Debug, Default)]
pub struct ProcessEnvironment {
    /// All variables.
    pub variables: BTreeMap<OsString, OsString>,
    /// Standard output is a terminal.
    pub stdout_is_terminal: bool,
    /// Standard error is a terminal.
    pub stderr_is_terminal: bool,
    /// Standard input is a terminal.
    pub stdin_is_terminal: bool,
}

impl ProcessEnvironment {
    /// The environment of this process.
    pub fn from_process() -> Self {
        Self {
            variables: std::env::vars_os().collect(),
            stdout_is_terminal: io::stdout().is_terminal(),
            stderr_is_terminal: io::stderr().is_terminal(),
            stdin_is_terminal: io::stdin().is_terminal(),
        }
    }

    /// Somebody sits at a terminal, and sees what is written.
    pub fn is_attended(&self) -> bool {
        self.stdin_is_terminal && self.stdout_is_terminal && self.stderr_is_terminal
    }

    /// A variable that is set and not empty.
    pub fn get(&self, name: &str) -> Option<&OsString> {
        self.variables.get(&OsString::from(name)).filter(|value| !value.is_empty())
    }

    fn folder(&self, name: &str) -> Option<PathBuf> {
        // A relative path here is to be ignored (XDG Base Directory Specification 0.8).
        self.get(name).map(PathBuf::from).filter(|path| path.is_absolute())
    }

    /// The home folder.
    pub fn home(&self) -> Option<PathBuf> {
        self.folder("HOME").or_else(|| self.folder("USERPROFILE"))
    }

    /// Where the configuration is by default: `$XDG_CONFIG_HOME`, on Windows
    /// `%APPDATA%`, on macOS `~/Library/Application Support`, else `~/.config`.
    pub fn config_file(&self) -> Option<PathBuf> {
        let folder = self
            .folder("XDG_CONFIG_HOME")
            .or_else(|| if cfg!(windows) { self.folder("APPDATA") } else { None })
            .or_else(|| self.below_home(".config", "Library/Application Support"))?;
        Some(folder.join("clean-backup").join("config.toml"))
    }

    /// Where the cache is by default: `$XDG_CACHE_HOME`, on Windows
    /// `%LOCALAPPDATA%`, on macOS `~/Library/Caches`, else `~/.cache`.
    pub fn cache_file(&self) -> Option<PathBuf> {
        let folder = self
            .folder("XDG_CACHE_HOME")
            .or_else(|| if cfg!(windows) { self.folder("LOCALAPPDATA") } else { None })
            .or_else(|| self.below_home(".cache", "Library/Caches"))?;
        Some(folder.join("clean-backup").join("hashes.db"))
    }

    /// Where journals and the log are: `$XDG_STATE_HOME`, on Windows `%LOCALAPPDATA%`, on macOS
    /// `~/Library/Application Support`, else `~/.local/state`.
    pub fn state_folder(&self) -> Option<PathBuf> {
        let folder = self
            .folder("XDG_STATE_HOME")
            .or_else(|| if cfg!(windows) { self.folder("LOCALAPPDATA") } else { None })
            .or_else(|| self.below_home(".local/state", "Library/Application Support"))?;
        Some(folder.join("clean-backup"))
    }

    fn below_home(&self, usual: &str, macos: &str) -> Option<PathBuf> {
        let below = if cfg!(target_os = "macos") { macos } else { usual };
        Some(self.home()?.join(below))
    }

    /// The file that `CLEAN_BACKUP_CONFIG` names.
    pub fn named_config_file(&self) -> Option<PathBuf> {
        self.get("CLEAN_BACKUP_CONFIG").map(PathBuf::from)
    }

    /// The settings among the variables: `CLEAN_BACKUP_` and a key in capitals. A name that is no
    /// key is an error, because a slip there would run with settings that nobody wanted.
    ///
    /// # Errors
    /// [`FailureKind::Usage`], naming the variable and what is allowed.
    pub fn layer(&self) -> Result<Layer, Failure> {
        let mut layer = Layer::new();
        for (name, value) in &self.variables {
            let Some(rest) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else {
                continue;
            };
            if rest == "CONFIG" || value.is_empty() {
                continue;
            }
            let key: Key =
                rest.to_lowercase().parse().map_err(|unknown| unknown_name(rest, &unknown))?;
            let wrong = |what: String| {
                Failure::new(FailureKind::Usage, format!("{PREFIX}{rest} {what}")).hint(key.about())
            };
            let value = match (key, value.to_str()) {
                (Key::Cache, _) => Value::Path(value.into()),
                (_, Some(text)) => {
                    Value::from_text(key, text).map_err(|bad| wrong(bad.to_string()))?
                }
                (_, None) => return Err(wrong("is not UTF-8".to_owned())),
            };
            layer.insert(key, value);
        }
        Ok(layer)
    }
}

fn unknown_name(rest: &str, unknown: &UnknownKey) -> Failure {
    let failure = Failure::new(
        FailureKind::Usage,
        format!("the environment variable {PREFIX}{rest} sets nothing that exists"),
    );
    match unknown.nearest {
        Some(key) => failure.hint(format!("did you mean {PREFIX}{}?", key.name().to_uppercase())),
        None => failure.hint("`clean-backup config show` lists what can be set"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> ProcessEnvironment {
        ProcessEnvironment {
            variables: variables.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
            ..ProcessEnvironment::default()
        }
    }

    #[cfg(target_os = "macos")]
    #[test]
    fn folders_of_the_system() {
        let home = environment(&[("HOME", "/h")]);
        let below = |path: &str| Some(PathBuf::from("/h/Library").join(path).join("clean-backup"));
        assert_eq!(home.state_folder(), below("Application Support"));
        let folder = |file: Option<PathBuf>| file.and_then(|file| Some(file.parent()?.to_owned()));
        assert_eq!(folder(home.config_file()), below("Application Support"));
        assert_eq!(folder(home.cache_file()), below("Caches"));
    }

    #[cfg(all(unix, not(target_os = "macos")))]
    #[test]
    fn folders() {
        let paths = |e: ProcessEnvironment| (e.config_file(), e.cache_file());
        assert_eq!(paths(environment(&[])), (None, None));
        assert_eq!(
            paths(environment(&[("HOME", "/h"), ("XDG_CACHE_HOME", "relative")])),
            (
                Some("/h/.config/clean-backup/config.toml".into()),
                Some("/h/.cache/clean-backup/hashes.db".into())
            )
        );
        assert_eq!(
            paths(environment(&[("XDG_CONFIG_HOME", "/c"), ("XDG_CACHE_HOME", "/k")])),
            (Some("/c/clean-backup/config.toml".into()), Some("/k/clean-backup/hashes.db".into()))
        );
    }

    #[test]
    fn settings_among_the_variables() {
        let layer = environment(&[
            ("CLEAN_BACKUP_FINE_THRESHOLD", "9"),
            ("CLEAN_BACKUP_HIDDEN", ""),
            ("CLEAN_BACKUP_CONFIG", "x"),
            ("OTHER", "y"),
        ])
        .layer();
        assert_eq!(layer, Ok(Layer::from([(Key::FineThreshold, Value::Number(9))])));
        let error = |name: &str, value| environment(&[(name, value)]).layer().unwrap_err();
        assert_eq!(
            error("CLEAN_BACKUP_THREAD", "2").to_string(),
            "error: the environment variable CLEAN_BACKUP_THREAD sets nothing that exists\n\
             hint: did you mean CLEAN_BACKUP_THREADS?"
        );
        assert_eq!(
            error("CLEAN_BACKUP_THREADS", "many").to_string(),
            "error: CLEAN_BACKUP_THREADS cannot be \"many\"; allowed: a whole number from 1 to \
             4096\nhint: How many threads work."
        );
    }
}
