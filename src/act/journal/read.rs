//! What a journal tells afterwards.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::{
    Ending, Intent, JOURNAL_FILE, JOURNAL_VERSION, JournalError, Line, PLAN_FILE, Verdict, io_error,
};
use crate::act::plan::{Origin, Plan, PlanError};

/// A run as its journal tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunLog {
    /// The name of the run.
    pub run: String,
    /// When it began, in UTC.
    pub time: String,
    /// What made its plan.
    pub origin: Origin,
    /// The run that it undoes.
    pub undoes: Option<String>,
    /// How many actions it has.
    pub actions: u64,
    /// Acts that were begun, or about to be, by their places in the plan.
    pub intents: BTreeMap<usize, Intent>,
    /// How they ended.
    pub endings: BTreeMap<usize, Ending>,
    /// Folders that were made, in that order.
    pub folders: Vec<PathBuf>,
    /// It came to its end.
    pub ended: bool,
    /// Lines that cannot be read: torn by a crash, or damaged.
    pub unreadable: u64,
}

impl RunLog {
    /// Reads the journal of a run.
    ///
    /// # Errors
    /// [`JournalError::NoRun`], [`JournalError::Foreign`], or [`JournalError::Io`].
    pub fn read(runs: &Path, run: &str) -> Result<Self, JournalError> {
        // A name, not a path to elsewhere.
        if run.is_empty() || !run.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(JournalError::NoRun(run.to_owned()));
        }
        let path = runs.join(run).join(JOURNAL_FILE);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(JournalError::NoRun(run.to_owned()));
            }
            Err(error) => return Err(io_error(&path)(error)),
        };
        let mut reader = BufReader::new(file);
        let mut line = Vec::new();
        let mut log: Option<Self> = None;
        loop {
            line.clear();
            if reader.read_until(b'\n', &mut line).map_err(io_error(&path))? == 0 {
                break;
            }
            let parsed = serde_json::from_slice::<Line>(&line).ok();
            match (&mut log, parsed) {
                (None, Some(Line::Begin { version, run, time, origin, undoes, actions }))
                    if version == JOURNAL_VERSION =>
                {
                    log = Some(Self::begun(run, time, origin, undoes, actions));
                }
                (None, _) => return Err(JournalError::Foreign(path)),
                (Some(log), Some(line)) => log.take(line),
                (Some(_), None) if line.trim_ascii().is_empty() => {}
                (Some(log), None) => log.unreadable += 1,
            }
        }
        log.ok_or(JournalError::Foreign(path))
    }

    fn begun(
        run: String,
        time: String,
        origin: Origin,
        undoes: Option<String>,
        actions: u64,
    ) -> Self {
        Self {
            run,
            time,
            origin,
            undoes,
            actions,
            intents: BTreeMap::new(),
            endings: BTreeMap::new(),
            folders: Vec::new(),
            ended: false,
            unreadable: 0,
        }
    }

    fn take(&mut self, line: Line) {
        match line {
            Line::Begin { .. } => self.unreadable += 1,
            Line::Intent(intent) => {
                self.intents.insert(intent.action, intent);
            }
            Line::Ending(ending) => {
                self.endings.insert(ending.action, ending);
            }
            Line::Folder { path } => self.folders.push(path.0),
            // Going back makes what folders it needs.
            Line::Pruned { .. } => {}
            Line::End { .. } => self.ended = true,
        }
    }

    /// How many acts ended so.
    pub fn count(&self, verdict: Verdict) -> u64 {
        self.endings.values().filter(|ending| ending.verdict == verdict).count() as u64
    }

    /// The plan that the run carries out.
    ///
    /// # Errors
    /// [`JournalError::Plan`] when it is damaged, [`JournalError::Io`] when it cannot be read.
    pub fn plan(&self, runs: &Path) -> Result<Plan, JournalError> {
        let path = runs.join(&self.run).join(PLAN_FILE);
        let bytes = fs::read(&path).map_err(io_error(&path))?;
        let text = String::from_utf8(bytes).map_err(|error| PlanError::Form(error.to_string()));
        text.and_then(|text| Plan::from_journalled_json(&text))
            .map_err(|source| JournalError::Plan { path, source })
    }
}

/// Which run this one undoes, according to its first line alone; `None` also for what is no
/// journal.
pub fn undoes(runs: &Path, run: &str) -> Option<String> {
    first_line(runs, run)?
}

/// Which run it undoes, if any; `None` for what does not begin as a journal does.
pub(super) fn first_line(runs: &Path, run: &str) -> Option<Option<String>> {
    let mut line = Vec::new();
    let file = File::open(runs.join(run).join(JOURNAL_FILE)).ok()?;
    BufReader::new(file).read_until(b'\n', &mut line).ok()?;
    match serde_json::from_slice(&line).ok()? {
        Line::Begin { undoes, .. } => Some(undoes),
        _ => None,
    }
}

/// Whether a run came to its end, according to its last line alone.
///
/// # Errors
/// [`JournalError::Io`]
pub fn has_ended(runs: &Path, run: &str) -> Result<bool, JournalError> {
    /// Longer than a line of that kind.
    const TAIL: u64 = 256;
    let path = runs.join(run).join(JOURNAL_FILE);
    let read = || -> io::Result<Vec<u8>> {
        let mut file = File::open(&path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
        let mut tail = Vec::new();
        file.take(TAIL).read_to_end(&mut tail)?;
        Ok(tail)
    };
    let tail = read().map_err(io_error(&path))?;
    let last = tail.trim_ascii_end().rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
    Ok(matches!(serde_json::from_slice(last), Ok(Line::End { .. })))
}

/// The last run that did not come to its end.
///
/// # Errors
/// [`JournalError::Io`]
pub fn interrupted(folder: &Path) -> Result<Option<String>, JournalError> {
    for name in runs(folder)?.into_iter().rev() {
        if !has_ended(folder, &name)? {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// The names of all runs, oldest first.
///
/// # Errors
/// [`JournalError::Io`]
pub fn runs(folder: &Path) -> Result<Vec<String>, JournalError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(io_error(folder)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(io_error(folder))?;
        // A folder without a journal was left by a run that had not begun.
        if entry.path().join(JOURNAL_FILE).is_file()
            && let Ok(name) = entry.file_name().into_string()
        {
            names.push(name);
        }
    }
    // `…-2` before `…-10`: those of one second by their numbers.
    names.sort_by_key(|name| {
        let mut parts = name.split('-');
        let (day, clock) = (parts.next(), parts.next());
        let number: u32 = parts.next().and_then(|number| number.parse().ok()).unwrap_or(1);
        (day.map(str::to_owned), clock.map(str::to_owned), number)
    });
    Ok(names)
}
