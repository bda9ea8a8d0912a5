//! What the page of the whole program is told at once: folders, settings, past runs.

#[cfg(unix)]
use std::path::Path;
use std::path::PathBuf;

use clean_backup::act::journal::{self, RunLog, Verdict};
use clean_backup::act::plan::ExactPath;
use clean_backup::files::atomic_file;
use clean_backup::model::path_text::{for_people, one_line};
use clean_backup::review::{Desk, PastFile, PastRun, Problem, Search, Setting};
use serde::{Deserialize, Serialize};

use super::history;
use crate::cli::config::{self, Key, Layer, Shape, Value};
use crate::cli::environment::ProcessEnvironment;
use crate::cli::location::Location;
use crate::cli::settings::{SettingOrigin, resolve};

/// The settings that the page may change: none of them names a file, or starts a program.
const KEYS: [Key; 8] = [
    Key::Sensitivity,
    Key::AnyOrientation,
    Key::IncludeBursts,
    Key::IncludeAlike,
    Key::IncludeUnsure,
    Key::Hidden,
    Key::FollowLinks,
    Key::OneFileSystem,
];

/// Knows where all of that lies.
pub struct OwnDesk {
    /// Folders that were named on the command line.
    pub named: Vec<PathBuf>,
    /// The home folder.
    pub home: Option<PathBuf>,
    /// Where the journals lie.
    pub runs: PathBuf,
    /// Where a search is noted while it is under way.
    pub search: PathBuf,
    /// The configuration.
    pub location: Location,
    /// What the command line sets.
    pub args: Layer,
    /// What the environment sets.
    pub environment: ProcessEnvironment,
}

/// A search, as it is noted.
#[derive(Serialize, Deserialize)]
struct Noted {
    roots: Vec<ExactPath>,
    references: Vec<ExactPath>,
    sensitivity: Option<String>,
}

impl OwnDesk {
    /// Notes a search, so that it can be gone on with after a kill.
    ///
    /// # Errors
    /// Why the note cannot be written.
    pub fn begin(&self, search: &Search) -> Result<(), Problem> {
        let exact = |paths: &[PathBuf]| paths.iter().cloned().map(ExactPath).collect();
        let noted = Noted {
            roots: exact(&search.roots),
            references: exact(&search.references),
            sensitivity: search.sensitivity.clone(),
        };
        Ok(atomic_file::replace(&self.search, &serde_json::to_vec(&noted)?)?)
    }

    /// The search has come to its end.
    pub fn end(&self) {
        if let Err(error) = atomic_file::replace(&self.search, b"null") {
            tracing::warn!("{} cannot be written: {error}", for_people(&self.search));
        }
    }

    fn resolved(&self) -> Result<crate::cli::settings::Resolved, Problem> {
        let file = match &self.location.path {
            Some(path) if path.exists() => config::read(path)?,
            _ => Layer::new(),
        };
        let environment = self.environment.layer()?;
        Ok(resolve(&self.args, &environment, &file, None, self.home.as_deref()))
    }
}

impl Desk for OwnDesk {
    fn roots(&self) -> Vec<PathBuf> {
        let mut roots: Vec<PathBuf> = self.home.iter().chain(&self.named).cloned().collect();
        roots.extend(mounted());
        roots.dedup();
        roots
    }

    fn settings(&self) -> Result<Vec<Setting>, Problem> {
        let resolved = self.resolved()?;
        let setting = |key: Key| {
            let (value, origin) = resolved.get(&key)?;
            let words = match key.shape() {
                Shape::Choice(words) => words.to_vec(),
                Shape::Flag => vec!["false", "true"],
                _ => Vec::new(),
            };
            let fixed = matches!(origin, SettingOrigin::Flag | SettingOrigin::Environment);
            Some(Setting {
                key: key.name(),
                about: key.about(),
                words,
                value: value.as_ref().map(Value::plain).unwrap_or_default(),
                fixed_by: fixed.then(|| origin.describe(key)),
            })
        };
        Ok(KEYS.into_iter().filter_map(setting).collect())
    }

    fn set(&self, key: &str, value: &str) -> Result<(), Problem> {
        let key = KEYS.into_iter().find(|known| known.name() == key);
        let key = key.ok_or("that setting cannot be changed here")?;
        let value = Value::from_text(key, value).map_err(|bad| format!("{key} {bad}"))?;
        config::set(self.location.writable()?, key, &value)?;
        Ok(())
    }

    fn history(&self) -> Result<Vec<PastRun>, Problem> {
        let undone = history::undone(&self.runs)?;
        let mut runs = Vec::new();
        for name in journal::runs(&self.runs)?.into_iter().rev() {
            let log = match RunLog::read(&self.runs, &name) {
                Ok(log) => log,
                Err(error) => {
                    tracing::warn!("{error}");
                    continue;
                }
            };
            runs.push(PastRun {
                time: log.time.clone(),
                origin: log.origin.name(),
                actions: log.actions,
                done: log.count(Verdict::Done),
                refused: log.count(Verdict::Refused),
                failed: log.count(Verdict::Failed),
                ended: log.ended,
                undoes: log.undoes.clone(),
                undone_by: undone.get(&name).cloned(),
                run: name,
            });
        }
        Ok(runs)
    }

    fn files(&self, run: &str, most: usize) -> Result<Vec<PastFile>, Problem> {
        let log = RunLog::read(&self.runs, run)?;
        let mut files = Vec::new();
        for (index, intent) in &log.intents {
            let ending = log.endings.get(index);
            files.extend(intent.files.iter().map(|file| PastFile {
                action: intent.kind.name(),
                verdict: ending.map_or("unknown", |ending| ending.verdict.name()),
                source: for_people(&file.source.path),
                destination: file.destination.as_ref().map(|to| for_people(&to.0)),
                remark: ending.map(|ending| one_line(&ending.remark)).unwrap_or_default(),
            }));
            if files.len() >= most {
                break;
            }
        }
        files.truncate(most);
        Ok(files)
    }

    fn left_off(&self) -> Option<Search> {
        let noted = std::fs::read(&self.search).ok()?;
        let noted: Noted = serde_json::from_slice::<Option<Noted>>(&noted).ok()??;
        let paths = |paths: Vec<ExactPath>| paths.into_iter().map(|path| path.0).collect();
        Some(Search {
            roots: paths(noted.roots),
            references: paths(noted.references),
            sensitivity: noted.sensitivity,
        })
    }
}

/// Where drives and cards are mounted that a person has put in.
#[cfg(not(windows))]
fn mounted() -> Vec<PathBuf> {
    let usual = ["/media", "/run/media", "/mnt", "/Volumes"].map(Path::new);
    // As `proc_pid_mounts(5)` has it: the second field, with spaces as `\040`.
    let table = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let points = table.lines().filter_map(|line| line.split(' ').nth(1));
    let points = points.map(|point| PathBuf::from(point.replace("\\040", " ")));
    let mut found: Vec<PathBuf> =
        points.filter(|point| usual.iter().any(|usual| point.starts_with(usual))).collect();
    // macOS has no such table, and all of its volumes in one folder.
    let volumes = Path::new("/Volumes").read_dir().into_iter().flatten().flatten();
    found.extend(volumes.map(|volume| volume.path()));
    found.sort();
    found
}

/// The drives with a letter, but for the one that Windows is on, which has everybody's files.
#[cfg(windows)]
fn mounted() -> Vec<PathBuf> {
    let drives = ('C'..='Z').map(|letter| PathBuf::from(format!("{letter}:\\")));
    drives.filter(|drive| drive.is_dir() && !drive.join("Windows").is_dir()).collect()
}
