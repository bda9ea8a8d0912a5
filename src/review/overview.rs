//! A review as a whole, as JSON: figures, folders, and what could not be read.

use serde::Serialize;

use super::session::Session;
use crate::model::path_text::{for_people, one_line};

/// Most files, or pairs of folders, that are listed.
const MOST: usize = 200;

#[derive(Serialize)]
pub(super) struct Overview {
    version: &'static str,
    /// Counts the searches; groups are numbered within one.
    search: u64,
    roots: Vec<String>,
    references: Vec<String>,
    threshold: u32,
    fine_threshold: u32,
    groups: usize,
    open: usize,
    accepted: usize,
    applied: usize,
    /// Files that applying now would act on.
    files: u64,
    /// And their bytes.
    bytes: u64,
    /// What all groups together would free.
    bytes_of_all: u64,
    skipped: usize,
    /// Runs that can be undone, the last first.
    runs: Vec<String>,
    /// The last decision, if it can be undone (human-readable).
    undo: Option<String>,
    /// The formats of the pictures, by name.
    formats: Vec<&'static str>,
}

/// What folders have in common.
#[derive(Serialize)]
pub(super) struct FoldersJson {
    /// Their paths, by number (human-readable).
    folders: Vec<String>,
    /// Most bytes first.
    pairs: Vec<PairJson>,
    /// How many pairs there are beside those.
    more: usize,
}

/// Two folders that hold some of the same pictures.
#[derive(Serialize)]
struct PairJson {
    /// The number of the folder of which more is in the other one.
    inner: usize,
    outer: usize,
    /// Pictures of the inner folder, and how many of them the outer one has.
    inner_pictures: u64,
    in_outer: u64,
    outer_pictures: u64,
    in_inner: u64,
    groups: u64,
    bytes: u64,
}

/// What could not be read, and why.
#[derive(Serialize)]
pub(super) struct SkippedFiles {
    files: Vec<SkippedFile>,
    /// How many there are beside those.
    more: usize,
}

#[derive(Serialize)]
struct SkippedFile {
    path: String,
    reason: String,
}

impl Session {
    pub(super) fn skipped(&self) -> SkippedFiles {
        let files = self.report.skipped.iter().take(MOST).map(|skipped| SkippedFile {
            path: for_people(&skipped.path),
            reason: format!("{}: {}", skipped.stage.name(), one_line(&skipped.reason)),
        });
        let more = self.report.skipped.len().saturating_sub(MOST);
        SkippedFiles { files: files.collect(), more }
    }

    pub(super) fn folders(&self) -> FoldersJson {
        let of = |folder: usize| self.folders.pictures.get(folder).copied().unwrap_or(0);
        let pairs = self.folders.shared.iter().take(MOST).map(|pair| PairJson {
            inner: pair.inner,
            outer: pair.outer,
            inner_pictures: of(pair.inner),
            in_outer: pair.in_outer,
            outer_pictures: of(pair.outer),
            in_inner: pair.in_inner,
            groups: pair.groups,
            bytes: pair.bytes,
        });
        FoldersJson {
            folders: self.folders.paths.iter().map(|path| for_people(path)).collect(),
            pairs: pairs.collect(),
            more: self.folders.shared.len().saturating_sub(MOST),
        }
    }

    pub(super) fn overview(&mut self, search: u64) -> Overview {
        let mut overview = Overview {
            version: env!("CARGO_PKG_VERSION"),
            search,
            roots: self.report.roots.iter().map(|root| for_people(root)).collect(),
            references: self.report.references.iter().map(|root| for_people(root)).collect(),
            threshold: self.report.matching.policy.radius.0,
            fine_threshold: self.report.matching.policy.fine_radius.0,
            groups: self.report.groups.len(),
            open: 0,
            accepted: 0,
            applied: 0,
            files: 0,
            bytes: 0,
            bytes_of_all: 0,
            skipped: self.report.skipped.len(),
            runs: self.runs(),
            undo: self.steps.last().map(|step| step.words.clone()),
            formats: self.formats(),
        };
        for number in 0..self.report.groups.len() {
            overview.bytes_of_all += self.bytes_of(number);
            match self.state(number) {
                "applied" => overview.applied += 1,
                "accepted" => {
                    overview.accepted += 1;
                    let (files, bytes) = self.freed(number);
                    overview.files += files;
                    overview.bytes += bytes;
                }
                _ => overview.open += 1,
            }
        }
        overview
    }
}
