//! The dates of files, and which one is used.

use std::io;
use std::path::{Path, PathBuf};

use clean_backup::act::plan::ExactPath;
use clean_backup::metadata::capture::Decision;
use clean_backup::model::path_text::{for_people, one_line};
use clean_backup::model::readable::iso_time;
use serde::Serialize;
use serde_json::json;

use crate::cli::args::ListFormat;
use crate::cli::failure::Failure;

/// A file with what its dates come to, or why it could not be read.
type Explained<'a> = (&'a PathBuf, io::Result<Decision>);

/// Prints them.
///
/// # Errors
/// As [`super::print`].
pub fn print(files: &[Explained<'_>], format: ListFormat) -> Result<(), Failure> {
    match format {
        ListFormat::Text => {
            let texts: Vec<String> = files.iter().map(text).collect();
            super::print(&texts.join("\n"))
        }
        ListFormat::Json => {
            let files: Vec<FileDatesJson<'_>> = files.iter().map(FileDatesJson::new).collect();
            super::print_json("organize", json!({"explained": files}))
        }
    }
}

fn text((file, decision): &Explained<'_>) -> String {
    match decision {
        Ok(decision) => explanation(file, decision),
        Err(why) => {
            format!("{}\n  cannot be read: {}\n", for_people(file), one_line(&why.to_string()))
        }
    }
}

/// Every date of a file, and which one is used.
fn explanation(file: &Path, decision: &Decision) -> String {
    let mut text = format!("{}\n", for_people(file));
    for (at, judged) in decision.judged.iter().enumerate() {
        let mark = if decision.chosen == Some(at) { '*' } else { ' ' };
        let meaning = match &judged.time {
            Ok(time) => iso_time(*time),
            Err(why) => format!("refused: {why}"),
        };
        let conflict = if decision.conflicts.contains(&at) { "  contradicts it" } else { "" };
        let written = one_line(&judged.candidate.text);
        let source = judged.candidate.source.name();
        text += &format!("{mark} {source:22} {meaning:32} from {written:?}{conflict}\n");
    }
    if decision.chosen.is_none() {
        text += "No date is known: it would go to Unknown.\n";
    }
    text
}

#[derive(Serialize)]
struct FileDatesJson<'a> {
    #[serde(flatten)]
    path: ExactPath,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// The date that is used; null where none is known.
    taken: Option<String>,
    dates: Vec<DateJson<'a>>,
}

#[derive(Serialize)]
struct DateJson<'a> {
    source: &'static str,
    /// As it is written in the file.
    written: &'a str,
    /// What it means; null where it was refused.
    time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
    used: bool,
    contradicts: bool,
}

impl<'a> FileDatesJson<'a> {
    fn new((file, decision): &'a Explained<'_>) -> Self {
        let path = ExactPath((*file).clone());
        let decision = match decision {
            Ok(decision) => decision,
            Err(why) => {
                return Self { path, error: Some(why.to_string()), taken: None, dates: Vec::new() };
            }
        };
        let dates: Vec<DateJson<'_>> = decision
            .judged
            .iter()
            .enumerate()
            .map(|(at, judged)| DateJson {
                source: judged.candidate.source.name(),
                written: &judged.candidate.text,
                time: judged.time.as_ref().ok().map(|time| iso_time(*time)),
                refused: judged.time.as_ref().err().map(ToString::to_string),
                used: decision.chosen == Some(at),
                contradicts: decision.conflicts.contains(&at),
            })
            .collect();
        let used = dates.iter().find(|date| date.used);
        Self { path, error: None, taken: used.and_then(|date| date.time.clone()), dates }
    }
}
