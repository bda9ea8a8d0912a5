//! `history`: what was done to files, in all runs or in one.

use std::collections::HashMap;
use std::path::Path;

use clean_backup::act::journal::{self, JournalError, RunLog, Verdict};
use serde_json::json;

use crate::cli::args::{HistoryArgs, ListFormat};
use crate::cli::context::Context;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::render::{self, history};

/// Which run was undone by which.
///
/// # Errors
/// [`JournalError::Io`]
pub fn undone(runs: &Path) -> Result<HashMap<String, String>, JournalError> {
    let mut undone: HashMap<String, String> = HashMap::new();
    for name in journal::runs(runs)? {
        if let Some(run) = journal::undoes(runs, &name)
            && RunLog::read(runs, &name).is_ok_and(|log| log.count(Verdict::Done) > 0)
        {
            // When an undo is undone, the first run stands again.
            if let Some(first) = journal::undoes(runs, &run) {
                undone.remove(&first);
            }
            undone.insert(run, name);
        }
    }
    Ok(undone)
}

/// Lists runs, or the files of one.
///
/// # Errors
/// [`Failure`]
pub fn run(context: &Context<'_>, options: &HistoryArgs) -> Result<Outcome, Failure> {
    let runs = context.runs_folder()?;
    let failed = |error: JournalError| Failure::from_journal(&error);
    let undone = undone(&runs).map_err(failed)?;
    let text = match &options.run {
        Some(name) => {
            let log = RunLog::read(&runs, name).map_err(failed)?;
            let mut one = history::from_log(&log, &undone);
            let files = history::files(&log);
            match options.format {
                ListFormat::Json => {
                    one.files = Some(files);
                    return render::print_json("history", one).map(|()| Outcome::Done);
                }
                ListFormat::Text => {
                    history::line(&one) + &files.iter().map(history::file_line).collect::<String>()
                }
            }
        }
        None => {
            let mut logs = Vec::new();
            for name in journal::runs(&runs).map_err(failed)? {
                match RunLog::read(&runs, &name) {
                    Ok(log) => logs.push(log),
                    Err(error) => tracing::warn!("{error}"),
                }
            }
            let all: Vec<_> = logs.iter().map(|log| history::from_log(log, &undone)).collect();
            match options.format {
                ListFormat::Json => {
                    return render::print_json("history", json!({"runs": all}))
                        .map(|()| Outcome::Done);
                }
                ListFormat::Text if all.is_empty() => "Nothing has been done yet.\n".to_owned(),
                ListFormat::Text => all.iter().map(history::line).collect(),
            }
        }
    };
    render::print(&text)?;
    Ok(Outcome::Done)
}
