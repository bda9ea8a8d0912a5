//! Past runs, and the files of one.

use std::collections::HashMap;

use clean_backup::act::journal::{RunLog, Verdict};
use clean_backup::act::plan::{ActionKind, ExactPath};
use clean_backup::act::settle;
use clean_backup::model::path_text::{for_people, one_line};
use serde::Serialize;

/// A run: in JSON as it stands.
#[derive(Serialize)]
pub struct RunJson<'a> {
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
    /// Every file, where one run was asked for.
    pub files: Option<Vec<FileJson>>,
}

/// A file of a run.
#[derive(Serialize)]
pub struct FileJson {
    action: ActionKind,
    verdict: &'static str,
    source: ExactPath,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination: Option<ExactPath>,
    #[serde(skip_serializing_if = "String::is_empty")]
    remark: String,
}

/// A run, ready to be printed.
pub fn from_log<'a>(log: &'a RunLog, undone: &'a HashMap<String, String>) -> RunJson<'a> {
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
        leftovers: settle::left_by(log).into_iter().map(ExactPath).collect(),
        files: None,
    }
}

/// Every file of a run, in the order of the plan.
pub fn files(log: &RunLog) -> Vec<FileJson> {
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

/// A run in a line, with what it left over.
pub fn line(run: &RunJson<'_>) -> String {
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

/// A file in a line.
pub fn file_line(file: &FileJson) -> String {
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
