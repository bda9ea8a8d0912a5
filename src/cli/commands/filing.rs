//! What people are told of a filing before they agree to it on the page.

use std::path::PathBuf;

use clean_backup::act::left_alone::LeftAlone;
use clean_backup::model::path_text::for_people;
use clean_backup::model::readable::{count, human_bytes};
use clean_backup::organize::{Fate, Organized};

/// What does not come in, and why.
pub fn left_alone(organized: &Organized) -> Vec<LeftAlone> {
    let out = |path: &PathBuf, why: String| LeftAlone { path: path.clone(), why };
    let mut left = Vec::new();
    for filed in &organized.filed {
        let why = match &filed.fate {
            Fate::Twin(twin) => format!("the library has it: {}", for_people(twin)),
            Fate::AlreadyThere(there) => format!("it is there already: {}", for_people(there)),
            Fate::SameAs(other) => format!("the same bytes as {}", for_people(other)),
            Fate::Removed(before) => {
                format!("removed before, in favour of {}", for_people(&before.keeper))
            }
            Fate::Planned { .. } => continue,
        };
        left.extend(filed.files.first().map(|first| out(first, why)));
    }
    left.extend(organized.skipped.iter().map(|skip| out(&skip.path, skip.reason.clone())));
    left.extend(organized.leftovers.iter().map(|path| out(path, "not a picture or video".into())));
    left
}

/// What people should know before they agree.
pub fn notes(organized: &Organized) -> Vec<String> {
    let figures = organized.figures();
    let mut notes = Vec::new();
    let years = figures.by_year.iter().map(|(year, files)| format!("{year}: {files}"));
    let years: Vec<String> = years.collect();
    if !years.is_empty() {
        notes.push(format!("By year: {}", years.join(", ")));
    }
    let sources = figures.by_source.iter().map(|(source, files)| match *source {
        "file-system" => format!("the files' modification times: {files}"),
        source => format!("{source}: {files}"),
    });
    let sources: Vec<String> = sources.collect();
    if !sources.is_empty() {
        notes.push(format!("Dates come from: {}", sources.join(", ")));
    }
    for (what, files) in [
        ("already there", figures.already_there),
        ("in the library elsewhere", figures.twins),
        ("with the same bytes as another one", figures.identical),
        ("removed before as duplicates", figures.removed),
        ("without a date", figures.unknown),
    ] {
        if files.files > 0 {
            let number = count(files.files, "file");
            notes.push(format!("{number} ({}) {what}", human_bytes(files.bytes)));
        }
    }
    if figures.conflicts > 0 {
        notes.push(format!("{} with contradicting dates", count(figures.conflicts, "shot")));
    }
    notes
}
