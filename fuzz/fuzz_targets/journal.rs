//! Journals: the log of a run, its first line and its last.
#![no_main]

use std::fs;
use std::sync::OnceLock;

use clean_backup::act::journal::{RunLog, Verdict, has_ended, undoes};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

const RUN: &str = "20261124-105838";

/// Where the journal lies; left behind in the folder for temporary files when the fuzzer stops.
fn runs() -> &'static TempDir {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder for temporary files");
        fs::create_dir(folder.path().join(RUN)).expect("a folder for the run");
        folder
    })
}

fuzz_target!(|bytes: &[u8]| {
    let runs = runs().path();
    fs::write(runs.join(RUN).join("journal.jsonl"), bytes).expect("room for a journal");
    let _ = has_ended(runs, RUN);
    undoes(runs, RUN);
    if let Ok(log) = RunLog::read(runs, RUN) {
        log.count(Verdict::Done);
    }
});
