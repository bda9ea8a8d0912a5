//! What lies in quarantine.

use clean_backup::act::plan::ExactPath;
use clean_backup::model::path_text::for_people;
use clean_backup::model::readable::{count, human_bytes};
use serde::Serialize;

use crate::cli::args::ListFormat;
use crate::cli::failure::Failure;
use crate::cli::render;

/// What lies in quarantine: in JSON as it stands.
#[derive(Debug, Serialize)]
pub struct QuarantineList {
    /// By run.
    pub runs: Vec<QuarantinedRun>,
    /// Files in quarantine folders that no journal knows.
    pub unknown: Vec<ExactPath>,
}

/// What one run moved aside, as far as it is still there.
#[derive(Debug, Serialize)]
pub struct QuarantinedRun {
    /// The name of the run.
    pub run: String,
    /// When it began.
    pub time: String,
    /// Files that are still in quarantine.
    pub files: u64,
    /// Their sizes, summed.
    pub bytes: u64,
    /// Files with the same bytes as what was kept.
    pub identical: u64,
    /// Files of which what was kept cannot be found.
    pub keepers_gone: u64,
    /// The folders that they lie in.
    pub folders: Vec<ExactPath>,
}

/// Prints the list.
///
/// # Errors
/// As [`render::print`].
pub fn print(list: QuarantineList, format: ListFormat) -> Result<(), Failure> {
    match format {
        ListFormat::Json => render::print_json("quarantine list", list),
        ListFormat::Text => render::print(&text(&list)),
    }
}

fn text(list: &QuarantineList) -> String {
    let mut text = String::new();
    for run in &list.runs {
        text += &format!(
            "{}  {} ({}), {} of them identical to what was kept\n",
            run.run,
            count(run.files, "file"),
            human_bytes(run.bytes),
            run.identical
        );
        for folder in &run.folders {
            text += &format!("    in {}\n", for_people(&folder.0));
        }
        if run.keepers_gone > 0 {
            text += &format!(
                "    of {} what was kept is gone or was changed: `quarantine empty` leaves them\n",
                run.keepers_gone
            );
        }
    }
    for path in &list.unknown {
        text += &format!("unknown  {}\n", for_people(&path.0));
    }
    if text.is_empty() {
        text += "Nothing is in quarantine.\n";
    }
    text
}
