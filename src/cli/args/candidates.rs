//! What shells offer when Tab is pressed, where it depends on this machine: keys and values of the
//! configuration, and the names of runs.

use std::ffi::OsStr;

use clap_complete::engine::CompletionCandidate;
use clean_backup::act::journal::{self, RunLog};
use clean_backup::library::runs_folder;

use crate::cli::config::{Key, Shape};
use crate::cli::environment::ProcessEnvironment;

/// Most runs that are offered, the newest first.
const MOST_RUNS: usize = 50;

/// Every key of the configuration, with its purpose.
pub fn keys() -> Vec<CompletionCandidate> {
    let key = |key: &Key| CompletionCandidate::new(key.name()).help(Some(key.about().into()));
    Key::ALL.iter().map(key).collect()
}

/// The values of the key that stands on the command line before what is completed.
pub fn values(begun: &OsStr) -> Vec<CompletionCandidate> {
    let words = std::env::args_os().filter_map(|word| word.into_string().ok());
    let key = words.filter_map(|word| word.parse::<Key>().ok()).next_back();
    let values: &[&str] = match key.map(Key::shape) {
        Some(Shape::Choice(words)) => words,
        Some(Shape::Flag) => &["true", "false"],
        Some(Shape::KeepRules) => &["largest", "oldest", "newest", "shortest-path", "prefer="],
        _ => &[],
    };
    let begun = begun.to_string_lossy();
    let fitting = values.iter().filter(|value| value.starts_with(&*begun));
    fitting.map(|value| CompletionCandidate::new(*value)).collect()
}

/// The names of the last runs, with what they did.
pub fn runs() -> Vec<CompletionCandidate> {
    let Some(state) = ProcessEnvironment::from_process().state_folder() else { return Vec::new() };
    let runs = runs_folder(&state);
    // Whoever presses Tab is not to be bothered with a folder that cannot be read.
    let names = journal::runs(&runs).unwrap_or_default();
    let newest = names.iter().rev().take(MOST_RUNS).enumerate();
    let candidate = |(place, name): (usize, &String)| {
        let what = RunLog::read(&runs, name).ok().map(|log| {
            let ended = if log.ended { "" } else { ", interrupted" };
            format!("{} of {} actions{ended}", log.origin.name(), log.actions)
        });
        CompletionCandidate::new(name).help(what.map(Into::into)).display_order(Some(place))
    };
    newest.map(candidate).collect()
}
