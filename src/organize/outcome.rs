//! What became of the files of a source.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use crate::act::plan::Plan;
use crate::metadata::capture::{DateSource, day};
use crate::model::media::CaptureTime;
use crate::model::record::Skip;

/// Where a unit goes, or why it does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It comes in.
    Planned {
        /// Into this folder.
        folder: PathBuf,
        /// The library's picture that it is better than.
        better: Option<PathBuf>,
        /// It was removed before, and why it comes in all the same.
        removed: Option<(RemovedBefore, WhyTaken)>,
    },
    /// It is there already, under its name.
    AlreadyThere(PathBuf),
    /// The library has it elsewhere.
    Twin(PathBuf),
    /// Another incoming file has the same bytes.
    SameAs(PathBuf),
    /// It was removed as a duplicate before, and what was kept is in the library.
    Removed(RemovedBefore),
}

/// A run that removed the same bytes as a duplicate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovedBefore {
    /// The name of the run.
    pub run: String,
    /// When it began, in UTC, like `2026-11-24T10:58:38Z`.
    pub time: String,
    /// What was kept: where it is, or should be.
    pub keeper: PathBuf,
}

impl RemovedBefore {
    /// The day of the run, like `2026-11-24`.
    pub fn day(&self) -> &str {
        self.time.get(..10).unwrap_or(&self.time)
    }
}

/// Why something comes in although it was removed before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyTaken {
    /// That was asked for.
    Asked,
    /// What was kept is not in the library, or is no longer what it was.
    KeeperMissing,
}

/// A unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filed {
    /// Its files.
    pub files: Vec<PathBuf>,
    /// Their bytes.
    pub bytes: u64,
    /// When it was taken, and who says so.
    pub taken: Option<(CaptureTime, DateSource)>,
    /// What other sources say that contradict it.
    pub conflicts: Vec<String>,
    /// What becomes of it.
    pub fate: Fate,
}

/// What is proposed for a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organized {
    /// What is to be done.
    pub plan: Plan,
    /// Every unit.
    pub filed: Vec<Filed>,
    /// Files that are neither media nor belong to any.
    pub leftovers: Vec<PathBuf>,
    /// What could not be read.
    pub skipped: Vec<Skip>,
    /// It was interrupted; nothing should be done then.
    pub interrupted: bool,
}

/// The figures of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// What comes in.
    pub incoming: Count,
    /// What is there already, under its name.
    pub already_there: Count,
    /// What the library has elsewhere.
    pub twins: Count,
    /// What has the same bytes as another incoming file.
    pub identical: Count,
    /// What was removed before.
    pub removed: Count,
    /// What comes in because it is better than what the library has.
    pub better: Count,
    /// What comes in without a date.
    pub unknown: Count,
    /// Units whose dates contradict each other.
    pub conflicts: u64,
    /// Files that are neither media nor belong to any.
    pub leftovers: u64,
    /// What could not be read.
    pub skipped: u64,
    /// Incoming files by year.
    pub by_year: BTreeMap<i64, u64>,
    /// Incoming files by what gave their date.
    pub by_source: BTreeMap<&'static str, u64>,
}

/// Files and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// How many.
    pub files: u64,
    /// Their sizes, summed.
    pub bytes: u64,
}

impl Count {
    fn add(&mut self, filed: &Filed) {
        self.files += filed.files.len() as u64;
        self.bytes = self.bytes.saturating_add(filed.bytes);
    }
}

impl Organized {
    pub(super) fn new(plan: Plan) -> Self {
        Self {
            plan,
            filed: Vec::new(),
            leftovers: Vec::new(),
            skipped: Vec::new(),
            interrupted: false,
        }
    }

    /// The figures of the import.
    pub fn figures(&self) -> Figures {
        let mut figures = Figures {
            leftovers: self.leftovers.len() as u64,
            skipped: self.skipped.len() as u64,
            ..Figures::default()
        };
        for filed in &self.filed {
            figures.conflicts += u64::from(!filed.conflicts.is_empty());
            match &filed.fate {
                Fate::Planned { better, .. } => {
                    figures.incoming.add(filed);
                    if better.is_some() {
                        figures.better.add(filed);
                    }
                    match filed.taken {
                        Some((time, source)) => {
                            let files = filed.files.len() as u64;
                            *figures.by_year.entry(day(time).year).or_default() += files;
                            *figures.by_source.entry(source.name()).or_default() += files;
                        }
                        None => figures.unknown.add(filed),
                    }
                }
                Fate::AlreadyThere(_) => figures.already_there.add(filed),
                Fate::Twin(_) => figures.twins.add(filed),
                Fate::SameAs(_) => figures.identical.add(filed),
                Fate::Removed(_) => figures.removed.add(filed),
            }
        }
        figures
    }
}
