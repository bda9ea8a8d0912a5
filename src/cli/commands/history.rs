//! `history`: what was done to files, in all runs or in one.

use std::collections::HashMap;
use std::path::Path;

use clean_backup::act::journal::{self, JournalError, RunLog, Verdict};
use clean_backup::act::plan::{ActionKind, ExactPath};
use clean_backup::act::settle;
use clean_backup::model::path_text::{for_people, harmless_json, one_line};
use serde::Serialize;

use crate::cli::args::{History, ListFormat};
use crate::cli::context::Context;
use crate::cli::failure::{Failure, Kind, Outcome};
use crate::cli::render;

/// A run in JSON.
#[derive(Serialize)]
struct RunJson<'a> {
    run: &'a str,
    time: &'a str,
    origin: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    undoes: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    undone_by: Option<&'a str>,
    ended: bool,
    actions: u64,
    done: u64,
    refused: u64,
    failed: u64,
    /// What it left among the user's files.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    leftovers: Vec<ExactPath>,
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<Vec<FileJson>>,
}

#[derive(Serialize)]
struct FileJson {
    action: ActionKind,
    verdict: &'static str,
    source: ExactPath,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination: Option<ExactPath>,
    #[serde(skip_serializing_if = "String::is_empty")]
    remark: String,
}

fn of_log<'a>(log: &'a RunLog, undone: &'a HashMap<String, String>) -> RunJson<'a> {
    RunJson {
        run: &log.run,
        time: &log.time,
        origin: log.origin.name(),
        undoes: log.undoes.as_deref(),
        undone_by: undone.get(&log.run).map(String::as_str),
        ended: log.ended,
        actions: log.actions,
        done: log.count(Verdict::Done),
        refused: log.count(Verdict::Refused),
        failed: log.count(Verdict::Failed),
        leftovers: settle::of_run(log).into_iter().map(ExactPath).collect(),
        files: None,
    }
}

/// Every file of a run, in the order of the plan.
fn files_of(log: &RunLog) -> Vec<FileJson> {
    let mut files = Vec::new();
    for (index, intent) in &log.intents {
        let ending = log.endings.get(index);
        for file in &intent.files {
            files.push(FileJson {
                action: intent.kind,
                verdict: ending.map_or("unknown", |ending| ending.verdict.name()),
                source: ExactPath(file.source.path.clone()),
                destination: file.destination.clone(),
                remark: ending.map(|ending| ending.remark.clone()).unwrap_or_default(),
            });
        }
    }
    files
}

/// Which run was taken back by which.
///
/// # Errors
/// [`JournalError::Io`]
pub fn undone(runs: &Path) -> Result<HashMap<String, String>, JournalError> {
    let mut undone: HashMap<String, String> = HashMap::new();
    for name in journal::runs(runs)? {
        if let Some(run) = journal::undoes(runs, &name)
            && RunLog::read(runs, &name).is_ok_and(|log| log.count(Verdict::Done) > 0)
        {
            // When a taking back is taken back, the first run is what it was.
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
pub fn run(context: &Context<'_>, options: &History) -> Result<Outcome, Failure> {
    let runs = context.runs_folder()?;
    let failed = |error: JournalError| Failure::of_journal(&error);
    let undone = undone(&runs).map_err(failed)?;
    let text = match &options.run {
        Some(name) => {
            let log = RunLog::read(&runs, name).map_err(failed)?;
            let mut one = of_log(&log, &undone);
            let files = files_of(&log);
            match options.format {
                ListFormat::Json => {
                    one.files = Some(files);
                    json(&one)?
                }
                ListFormat::Text => line(&one) + &files.iter().map(file_line).collect::<String>(),
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
            let all: Vec<_> = logs.iter().map(|log| of_log(log, &undone)).collect();
            match options.format {
                ListFormat::Json => json(&all)?,
                ListFormat::Text if all.is_empty() => "Nothing was done yet.\n".to_owned(),
                ListFormat::Text => all.iter().map(line).collect(),
            }
        }
    };
    render::print(&text)?;
    Ok(Outcome::Done)
}

fn json<T: Serialize>(value: &T) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::new(Kind::Failed, error.to_string()))?;
    Ok(harmless_json(&text) + "\n")
}

fn line(run: &RunJson<'_>) -> String {
    let mut text = format!("{}  {}  {} of {} done", run.run, run.origin, run.done, run.actions);
    for (count, what) in [(run.refused, "refused"), (run.failed, "failed")] {
        if count > 0 {
            text += &format!(", {count} {what}");
        }
    }
    if let Some(undoes) = run.undoes {
        text += &format!("; undoes {undoes}");
    }
    if let Some(by) = run.undone_by {
        text += &format!("; undone by {by}");
    }
    if !run.ended {
        text += "; interrupted";
    }
    text += "\n";
    for leftover in &run.leftovers {
        text += &format!("  left over  {}\n", for_people(&leftover.0));
    }
    if let Some(folder) = run.leftovers.first().and_then(|path| path.0.parent()) {
        text += &match run.ended {
            true => {
                format!("  settle with: clean-backup resume --leftovers {}\n", for_people(folder))
            }
            false => format!("  settle with: clean-backup resume {}\n", run.run),
        };
    }
    text
}

fn file_line(file: &FileJson) -> String {
    let to = file.destination.as_ref().map(|to| format!(" to {}", for_people(&to.0)));
    let remark = if file.remark.is_empty() {
        String::new()
    } else {
        format!(": {}", one_line(&file.remark))
    };
    format!(
        "  {:8} {:10} {}{}{remark}\n",
        file.verdict,
        file.action.name(),
        for_people(&file.source.0),
        to.unwrap_or_default()
    )
}
