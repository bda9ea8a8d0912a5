//! How far a job is and what it came to, as the page shows it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::Proposed;
use crate::act::plan::ActionKind;
use crate::model::findings::Summary;
use crate::model::path_text::{for_people, one_line};

/// Most files that are named one by one.
const NAMED: usize = 200;

/// The result of a plan.
#[derive(Clone, Debug, Default)]
pub struct JobResult {
    /// The run, to undo it.
    pub run: String,
    /// Files that were acted on.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The files that were acted on, where they were.
    pub sources: Vec<PathBuf>,
    /// What was not done, and why.
    pub problems: Vec<String>,
}

/// Status of a job, as the page shows it.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Status {
    /// Counts the jobs.
    pub number: u64,
    /// `plan`, `apply`, `undo`, `find`, `file`, `resume`.
    pub kind: &'static str,
    pub running: bool,
    /// The current phase.
    pub phase: &'static str,
    pub done: u64,
    pub total: Option<u64>,
    pub bytes: u64,
    /// It was stopped before its end, as somebody asked.
    pub paused: bool,
    /// What was searched for, or filed (human-readable).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub about: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<FoundStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<ResultStatus>,
}

/// A plan before it is carried out.
#[derive(Clone, Debug, Serialize)]
pub(super) struct PlanStatus {
    pub action: &'static str,
    pub files: u64,
    pub bytes: u64,
    /// Sidecars that are written first.
    pub sidecars: u64,
    /// Files that nothing has the bytes of afterwards.
    pub lost_for_good: u64,
    pub sources: Vec<String>,
    /// Where each of them goes; empty where it goes nowhere.
    pub destinations: Vec<String>,
    pub left: Vec<String>,
    /// How many files are left alone.
    pub left_alone: usize,
    /// Folders that files go to, and how many go there.
    pub folders: Vec<(String, u64)>,
    pub notes: Vec<String>,
}

/// What a search came to.
#[derive(Clone, Debug, Serialize)]
pub(super) struct FoundStatus {
    pub pictures: u64,
    pub groups: u64,
    pub duplicates: u64,
    pub bytes: u64,
    pub skipped: u64,
}

impl FoundStatus {
    pub fn from_summary(summary: &Summary) -> Self {
        Self {
            pictures: summary.counts.images,
            groups: summary.groups,
            duplicates: summary.duplicates,
            bytes: summary.reclaimable_bytes,
            skipped: summary.skipped,
        }
    }
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct ResultStatus {
    pub run: String,
    pub files: u64,
    pub bytes: u64,
    pub problems: Vec<String>,
}

impl PlanStatus {
    pub fn from_proposed(proposed: &Proposed, action: ActionKind) -> Self {
        let extent = proposed.plan.extent();
        let going = proposed.plan.actions.iter().filter(|a| a.action != ActionKind::WriteSidecar);
        let files = going.flat_map(|action| &action.files).take(NAMED);
        let (sources, destinations) = files
            .map(|file| {
                let to = file.destination.as_ref().map(|to| for_people(&to.0)).unwrap_or_default();
                (for_people(&file.source.path), to)
            })
            .unzip();
        let left = proposed.left.iter();
        let mut folders: BTreeMap<&Path, u64> = BTreeMap::new();
        let to = proposed.plan.actions.iter().flat_map(|a| &a.files);
        for folder in to.filter_map(|file| file.destination.as_ref()?.0.parent()) {
            *folders.entry(folder).or_default() += 1;
        }
        let folders = folders.into_iter().take(NAMED);
        Self {
            left_alone: proposed.left.len(),
            folders: folders.map(|(folder, files)| (for_people(folder), files)).collect(),
            notes: proposed.notes.iter().map(|note| one_line(note)).collect(),
            action: action.name(),
            files: extent.files,
            bytes: extent.bytes,
            sidecars: extent.sidecars,
            lost_for_good: extent.lost_for_good,
            sources,
            destinations,
            left: left
                .take(NAMED)
                .map(|left| format!("{}: {}", for_people(&left.path), one_line(&left.why)))
                .collect(),
        }
    }
}

impl ResultStatus {
    pub fn from_result(result: &JobResult) -> Self {
        Self {
            run: result.run.clone(),
            files: result.files,
            bytes: result.bytes,
            problems: result.problems.iter().take(NAMED).map(|p| one_line(p)).collect(),
        }
    }
}
