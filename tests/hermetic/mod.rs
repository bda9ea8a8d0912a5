//! One environment forevery test of the command line: an own home and own folders for
//! configuration, cache and state, and no variable of whoever runs the tests.

#![allow(dead_code, missing_docs, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File, FileTimes};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::SystemTime;

use clean_backup::files::content::content_hash;
use clean_backup::files::stamp::FileFacts;
use tempfile::TempDir;

/// Removed with everything in it when dropped.
pub struct Hermetic {
    folder: TempDir,
}

/// What a run left.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Hermetic {
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("clean-backup-").tempdir().unwrap();
        for name in ["home", "config", "cache", "state", "work"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self { folder }
    }

    /// With the library of `fixtures` in the work folder, its files as old as `modified` says.
    pub fn with_library(modified: SystemTime) -> Self {
        let hermetic = Self::new();
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/library");
        for folder in ["2023", "2024", "export", "phone"] {
            let to = hermetic.work().join("library").join(folder);
            fs::create_dir_all(&to).unwrap();
            for entry in fs::read_dir(from.join(folder)).unwrap() {
                let entry = entry.unwrap();
                let copy = to.join(entry.file_name());
                fs::copy(entry.path(), &copy).unwrap();
                let file = File::options().write(true).open(&copy).unwrap();
                file.set_times(FileTimes::new().set_modified(modified)).unwrap();
            }
        }
        hermetic
    }

    /// Where everything is.
    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    /// The folder that the program runs in.
    pub fn work(&self) -> PathBuf {
        self.root().join("work")
    }

    pub fn config_file(&self) -> PathBuf {
        self.root().join("config/clean-backup/config.toml")
    }

    pub fn cache_file(&self) -> PathBuf {
        self.root().join("cache/clean-backup/hashes.db")
    }

    /// Writes the configuration.
    pub fn configure(&self, text: &str) {
        fs::create_dir_all(self.config_file().parent().unwrap()).unwrap();
        fs::write(self.config_file(), text).unwrap();
    }

    /// The program, ready to be given arguments and further variables.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clean-backup"));
        command
            .env_clear()
            .env("HOME", self.root().join("home"))
            .env("XDG_CONFIG_HOME", self.root().join("config"))
            .env("XDG_CACHE_HOME", self.root().join("cache"))
            .env("XDG_STATE_HOME", self.root().join("state"))
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC")
            .env("COLUMNS", "100")
            .current_dir(self.work());
        // Windows starts no program without it.
        if let Some(root) = std::env::var_os("SystemRoot") {
            command.env("SystemRoot", root);
        }
        command
    }

    /// As [`Self::command`], but never as root, to whom nothing is forbidden: then a copy of the
    /// program runs as somebody else, whom everything here is given to. For [`Self::run_copy`].
    #[cfg(unix)]
    pub fn restricted_command(&self) -> Command {
        use std::os::unix::fs::{PermissionsExt as _, chown};
        use std::os::unix::process::CommandExt as _;
        const NOBODY: u32 = 65534;
        fn give_away(path: &Path) {
            chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
            if path.is_dir() {
                fs::read_dir(path).unwrap().for_each(|entry| give_away(&entry.unwrap().path()));
            }
        }
        let command = self.command();
        if !rustix::process::getuid().is_root() {
            return command;
        }
        let program = self.root().join("program");
        if !program.exists() {
            give_away(self.root());
            fs::copy(command.get_program(), &program).unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let mut other = Command::new(&program);
        other.env_clear().envs(command.get_envs().filter_map(|(key, value)| Some((key, value?))));
        other.current_dir(self.work()).uid(NOBODY).gid(NOBODY);
        other
    }

    /// All files of the work folder, with the hashes of their bytes.
    pub fn contents(&self) -> BTreeMap<PathBuf, String> {
        contents(&self.work())
    }

    /// Runs the program.
    pub fn run<I: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Ran {
        self.finish(self.command().args(arguments).output().unwrap())
    }

    /// Runs the program with further variables.
    pub fn run_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Ran {
        let mut command = self.command();
        command.args(arguments).envs(variables.iter().copied());
        self.finish(command.output().unwrap())
    }

    /// Runs a program that was just copied here. While a child of another test still has the copy
    /// open for writing, it cannot be started.
    pub fn run_copy(&self, command: &mut Command) -> Ran {
        loop {
            match command.output() {
                Err(error) if error.kind() == std::io::ErrorKind::ExecutableFileBusy => {}
                output => return self.finish(output.unwrap()),
            }
        }
    }

    /// A text with the folder of this environment written as `[ROOT]`. On Windows separators become
    /// slashes, those of JSON too, so that one expectation fits all systems.
    pub fn settled(&self, text: &str) -> String {
        let root = self.root().to_string_lossy().into_owned();
        let text = text.replace(&root, "[ROOT]");
        if cfg!(not(windows)) {
            return text;
        }
        let json = text.starts_with(['{', '[']) && !text.starts_with("[ROOT]");
        let separator = if json { r"\\" } else { r"\" };
        let text = text.replace(separator, "/").replace("clean-backup.exe", "clean-backup");
        text.replace(&root.replace('\\', "/"), "[ROOT]")
    }

    /// The output as text, [settled](Self::settled).
    pub fn finish(&self, output: Output) -> Ran {
        let text = |bytes: Vec<u8>| self.settled(&String::from_utf8_lossy(&bytes));
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

impl Ran {
    /// Everything, for a snapshot.
    pub fn all(&self) -> String {
        format!("exit code {}\n--- stdout\n{}--- stderr\n{}", self.code, self.stdout, self.stderr)
    }
}

/// What the system says of a file.
pub fn facts(path: &Path) -> FileFacts {
    FileFacts::at(path, &path.metadata().unwrap())
}

/// Other bytes in the same file: its identity, size and modification time stay as they are.
pub fn overwrite(path: &Path, bytes: &[u8]) {
    let before = facts(path).stamp;
    let modified = path.metadata().unwrap().modified().unwrap();
    let mut file = File::options().write(true).open(path).unwrap();
    file.write_all(bytes).unwrap();
    file.set_modified(modified).unwrap();
    drop(file);
    assert_eq!(facts(path).stamp, before);
}

/// A relative path with slashes, as expectations are written.
pub fn slashed(path: &Path) -> String {
    let names: Vec<_> = path.components().map(|name| name.as_os_str().to_string_lossy()).collect();
    names.join("/")
}

/// All files below a folder, with the hashes of their bytes.
pub fn contents(folder: &Path) -> BTreeMap<PathBuf, String> {
    fn collect(folder: &Path, out: &mut BTreeMap<PathBuf, String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, out);
            } else {
                out.insert(path.clone(), content_hash(&path).unwrap().to_hex());
            }
        }
    }
    let mut out = BTreeMap::new();
    collect(folder, &mut out);
    out
}
