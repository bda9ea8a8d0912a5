//! `logs`: the end of the log of what was done to files.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead as _, BufReader, ErrorKind};

use clean_backup::model::path_text::{for_people, one_line};

use crate::cli::args::LogsArgs;
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
    if options.path {
        render::print(&format!("{}\n", for_people(&path)))?;
        return Ok(Outcome::Done);
    }
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            render::print("Nothing has been done yet.\n")?;
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
    let text: String = last.iter().take(options.lines).map(|line| one_line(line) + "\n").collect();
    render::print(&text)?;
    Ok(Outcome::Done)
}
