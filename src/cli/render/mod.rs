//! Results: on standard output, or in a new file.

pub mod applied;
mod carry;
pub mod covered;
mod csv;
pub mod dates;
pub mod dry_run;
mod evidence;
pub mod explain;
pub mod history;
pub mod html;
mod json;
pub mod organize;
pub mod quarantine;
pub mod rot;
pub mod scan;
pub mod similar;
mod text;

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use clean_backup::act::plan::Plan;
use clean_backup::files::atomic_file;
use clean_backup::model::findings::{Findings, REPORT_VERSION};
use clean_backup::model::path_text::{for_people, harmless_json};
use html::thumbnails::Thumbnails;

use serde::Serialize;

use super::args::ReportFormat;
use super::failure::{Failure, FailureKind};
use csv::to_csv;
use html::to_html;
#[cfg(feature = "kernel")]
pub use json::group_values as groups;
use json::to_json;
use text::{TextOptions, to_text};

/// Prints a result.
///
/// # Errors
/// [`Failure::from_output`].
pub fn print(text: &str) -> Result<(), Failure> {
    print_bytes(text.as_bytes())
}

/// Prints a result that need not be text.
///
/// # Errors
/// [`Failure::from_output`].
pub fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(bytes)
        .and_then(|()| stdout.flush())
        .map_err(|error| Failure::from_output(&error))
}

/// How a report looks.
#[derive(Clone, Debug)]
pub struct ReportStyle {
    /// Its form.
    pub format: ReportFormat,
    /// With terminal colours, where it goes to the terminal.
    pub colour: bool,
    /// With the distances of the hashes.
    pub bits: bool,
    /// Most groups of the text.
    pub most_groups: Option<usize>,
    /// For a page.
    pub thumbnails: Thumbnails,
}

/// The report in the form that was asked for.
///
/// # Errors
/// [`FailureKind::Failed`], should the serialiser fail.
pub fn form(report: &Findings, look: &ReportStyle) -> Result<String, Failure> {
    match look.format {
        ReportFormat::Text => {
            let ReportStyle { colour, bits, most_groups, .. } = *look;
            Ok(to_text(report, TextOptions { colour, bits, most_groups }))
        }
        ReportFormat::Html => Ok(to_html(report, &|path| look.thumbnails.get(path))),
        ReportFormat::Json => {
            to_json(report).map_err(|e| Failure::new(FailureKind::Failed, e.to_string()))
        }
        ReportFormat::Csv => {
            to_csv(report).map_err(|e| Failure::new(FailureKind::Failed, e.to_string()))
        }
    }
}

/// The report to standard output, or into a file as [`save`] does.
///
/// # Errors
/// As [`print`] and [`save`].
pub fn deliver(
    report: &Findings,
    look: &ReportStyle,
    output: Option<&Path>,
    replace: bool,
) -> Result<(), Failure> {
    match output {
        None => print(&form(report, look)?),
        Some(path) => {
            save(path, &form(report, &ReportStyle { colour: false, ..look.clone() })?, replace)
        }
    }
}

/// What begins every result for programs.
#[derive(Serialize)]
struct Envelope<'a, T> {
    version: u32,
    command: &'a str,
    #[serde(flatten)]
    content: T,
}

/// Prints a result for programs: version, command, and what it came to.
///
/// # Errors
/// As [`print`]; [`FailureKind::Failed`], should the serialiser fail.
pub fn print_json(command: &str, content: impl Serialize) -> Result<(), Failure> {
    print(&json(&Envelope { version: REPORT_VERSION, command, content })?)
}

/// A value as JSON that no terminal can be upset by.
///
/// # Errors
/// [`FailureKind::Failed`], should the serialiser fail.
pub fn json(value: &impl Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::new(FailureKind::Failed, error.to_string()))?;
    Ok(harmless_json(&text) + "\n")
}

/// A plan as JSON.
///
/// # Errors
/// [`FailureKind::Failed`], should the serialiser fail.
pub fn plan(plan: &Plan) -> Result<String, Failure> {
    plan.to_json().map_err(|error| Failure::new(FailureKind::Failed, error.to_string()))
}

/// Whether [`save`] would be let, to be asked before hours of work.
///
/// # Errors
/// As [`save`].
pub fn check_free(path: &Path, replace: bool) -> Result<(), Failure> {
    if std::fs::symlink_metadata(path).is_ok() {
        return check_replaceable(path, replace);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if folder.is_some_and(|folder| !folder.is_dir()) {
        let message = format!("the folder of {} does not exist", for_people(path));
        return Err(
            Failure::new(FailureKind::Usage, message).hint("make it first, or name another file")
        );
    }
    Ok(())
}

/// Puts `text` into a file that is not there yet. With `replace` also in the place of an older
/// result of this program, recognised by how it begins; never of anything else.
///
/// # Errors
/// [`FailureKind::Refused`] when something is in the way, [`FailureKind::Failed`] when writing fails.
pub fn save(path: &Path, text: &str, replace: bool) -> Result<(), Failure> {
    let written = match atomic_file::create(path, text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            check_replaceable(path, replace)?;
            atomic_file::replace(path, text.as_bytes())
        }
        other => other,
    };
    written.map_err(|error| {
        Failure::new(
            FailureKind::Failed,
            format!("{} cannot be written: {error}", for_people(path)),
        )
    })
}

/// How results begin: a report or a plan as JSON, as CSV, as text.
const BEGINNINGS: [&[u8]; 9] = [
    b"{\n  \"version\": 1,\n  \"command\": \"dedupe\",\n",
    b"{\n  \"version\": 3,\n  \"origin\": \"",
    b"{\n  \"version\": 2,\n  \"origin\": \"",
    b"group,role,path,bytes,",
    b"Group 1: ",
    b"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"generator\" content=\"clean-backup\">",
    b"No duplicates found.\n",
    b"Skipped: ",
    b"Damaged: ",
];

fn check_replaceable(path: &Path, replace: bool) -> Result<(), Failure> {
    let in_the_way =
        Failure::new(FailureKind::Refused, format!("{} is there already", for_people(path)));
    if !replace {
        return Err(in_the_way.hint("name a new file, or add --yes to replace an older report"));
    }
    let is_file = std::fs::symlink_metadata(path).is_ok_and(|found| found.is_file());
    let mut head = Vec::new();
    let read =
        is_file && File::open(path).is_ok_and(|file| file.take(128).read_to_end(&mut head).is_ok());
    if read && BEGINNINGS.iter().any(|beginning| head.starts_with(beginning)) {
        return Ok(());
    }
    Err(in_the_way.hint("it is not a report of this program, so even --yes does not replace it"))
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod own_results {
    use super::*;

    #[test]
    fn only_own_results_are_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let old = "No duplicates found.\n0 files";
        check_free(&path, false).unwrap();
        save(&path, old, false).unwrap();
        assert_eq!(check_free(&path, false).unwrap_err().kind, FailureKind::Refused);
        check_free(&path, true).unwrap();
        assert_eq!(save(&path, "new", false).unwrap_err().kind, FailureKind::Refused);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), old);
        save(&path, "new", true).unwrap();
        assert_eq!(save(&path, "newer", true).unwrap_err().kind, FailureKind::Refused);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(save(folder.path(), "x", true).unwrap_err().kind, FailureKind::Refused);
        let nowhere = folder.path().join("missing/out");
        assert_eq!(check_free(&nowhere, true).unwrap_err().kind, FailureKind::Usage);
        assert_eq!(save(&nowhere, "x", true).unwrap_err().kind, FailureKind::Failed);
    }

    #[test]
    fn every_form_of_a_report_is_known_again() {
        use clean_backup::act::plan::Origin;
        let report = Findings {
            roots: vec![],
            references: vec![],
            matching: Default::default(),
            groups: vec![],
            skipped: vec![],
            damaged: Vec::new(),
            undecoded: Vec::new(),
            known: Default::default(),
            warnings: Vec::new(),
            counts: Default::default(),
        };
        let plan = Plan::new(Origin::Dedupe, Path::new("/"));
        let mut results = vec![plan.to_json().unwrap()];
        for format in
            [ReportFormat::Text, ReportFormat::Json, ReportFormat::Csv, ReportFormat::Html]
        {
            results.push(
                form(
                    &report,
                    &ReportStyle {
                        format,
                        colour: false,
                        bits: false,
                        most_groups: None,
                        thumbnails: Thumbnails::default(),
                    },
                )
                .unwrap(),
            );
        }
        for text in results {
            assert!(BEGINNINGS.iter().any(|b| text.as_bytes().starts_with(b)), "{text}");
        }
    }
}
