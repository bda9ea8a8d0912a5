//! `logs`: the end of the log of what was done to files.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead as _, BufReader, ErrorKind};

use clean_backup::act::plan::ExactPath;
use clean_backup::model::path_text::{for_people, one_line};
use serde_json::json;

use crate::cli::args::{ListFormat, LogsArgs};
use crate::cli::context::Context;
use crate::cli::failure::{Failure, FailureKind, Outcome};
use crate::cli::{log, render};

/// Prints the end of the log.
///
/// # Errors
/// [`Failure`]
pub fn run(context: &Context<'_>, options: &LogsArgs) -> Result<Outcome, Failure> {
    let Some(state) = &context.state else {
        return Err(Failure::new(FailureKind::Failed, "there is no home folder for a log"));
    };
    let path = log::audit_file(state);
    if options.path && options.format == ListFormat::Text {
        render::print(&format!("{}\n", for_people(&path)))?;
        return Ok(Outcome::Done);
    }
    let shown = |lines: Vec<String>| match options.format {
        ListFormat::Json if options.path => {
            render::print_json("logs", json!({"file": ExactPath(path.clone())}))
        }
        ListFormat::Json => {
            render::print_json("logs", json!({"file": ExactPath(path.clone()), "lines": lines}))
        }
        ListFormat::Text => {
            render::print(&lines.iter().map(|l| one_line(l) + "\n").collect::<String>())
        }
    };
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            match options.format {
                ListFormat::Text => render::print("Nothing has been done yet.\n")?,
                ListFormat::Json => shown(Vec::new())?,
            }
            return Ok(Outcome::Done);
        }
        Err(error) => {
            let message = format!("{} cannot be read: {error}", for_people(&path));
            return Err(Failure::new(FailureKind::Failed, message));
        }
    };
    let mut last = VecDeque::new();
    for line in BufReader::new(file).split(b'\n') {
        let line = line.map_err(|e| Failure::new(FailureKind::Failed, e.to_string()))?;
        let line = String::from_utf8_lossy(&line).into_owned();
        if last.len() == options.lines {
            last.pop_front();
        }
        last.push_back(line);
    }
    shown(last.into_iter().take(options.lines).collect())?;
    Ok(Outcome::Done)
}
