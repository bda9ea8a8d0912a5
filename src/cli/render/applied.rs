//! The result of a plan.

use clean_backup::act::apply::Applied;
use clean_backup::act::journal::Verdict;
use clean_backup::act::plan::{ActionKind, ExactPath, Origin, Plan};
use clean_backup::model::path_text::{for_people, one_line};
use clean_backup::model::readable::{count as count_of, human_bytes};
use serde::Serialize;

use crate::cli::args::ListFormat;
use crate::cli::failure::{Failure, FailureKind, Outcome};
use crate::cli::render;

/// Where and how the result of a plan is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputMode {
    /// On standard output (human-readable).
    Text,
    /// On standard error: a program reads something else from standard output.
    Beside,
    /// On standard output, for programs: the result of this command.
    Json(&'static str),
}

impl OutputMode {
    /// For the result of a command that does nothing else.
    pub fn from_format(format: ListFormat, command: &'static str) -> Self {
        match format {
            ListFormat::Text => Self::Text,
            ListFormat::Json => Self::Json(command),
        }
    }

    /// Prints it.
    ///
    /// # Errors
    /// As [`render::print`].
    pub fn print(self, text: &str, content: impl Serialize) -> Result<(), Failure> {
        match self {
            Self::Text => render::print(text),
            Self::Beside => {
                // Quiet means quiet: this is not a result.
                if tracing::enabled!(tracing::Level::WARN) {
                    eprint!("{text}");
                }
                Ok(())
            }
            Self::Json(command) => render::print_json(command, content),
        }
    }
}

/// The result of a plan, as JSON.
#[derive(Default, Serialize)]
pub struct AppliedJson {
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<String>,
    actions: u64,
    files: u64,
    bytes: u64,
    /// Sidecars that were written, or removed again.
    #[serde(skip_serializing_if = "is_zero")]
    sidecars: u64,
    not_done: Vec<NotDoneJson>,
    notes: Vec<NoteJson>,
    /// Actions that were not begun.
    left: u64,
}

#[derive(Serialize)]
struct NotDoneJson {
    #[serde(flatten)]
    path: ExactPath,
    verdict: &'static str,
    reason: String,
}

#[derive(Serialize)]
struct NoteJson {
    #[serde(flatten)]
    path: ExactPath,
    note: String,
}

impl AppliedJson {
    fn from_applied(applied: &Applied) -> Self {
        let not_done = applied.not_done.iter().map(|not_done| NotDoneJson {
            path: ExactPath(not_done.path.clone()),
            verdict: not_done.verdict.name(),
            reason: not_done.reason.clone(),
        });
        let notes = applied.remarks.iter();
        Self {
            run: Some(applied.run.clone()),
            actions: applied.actions(),
            files: applied.files,
            bytes: applied.bytes,
            sidecars: applied.sidecars,
            not_done: not_done.collect(),
            notes: notes
                .map(|(path, note)| NoteJson { path: ExactPath(path.clone()), note: note.clone() })
                .collect(),
            left: applied.left,
        }
    }
}

/// Reports the result of a plan.
///
/// # Errors
/// [`FailureKind::Interrupted`], and when the journal could not be written.
pub fn finish(plan: &Plan, applied: &Applied, mode: OutputMode) -> Result<Outcome, Failure> {
    let mut text = String::new();
    for (path, remark) in &applied.remarks {
        text += &format!("note     {}: {}\n", for_people(path), one_line(remark));
    }
    for not_done in &applied.not_done {
        let verdict = not_done.verdict.name();
        text += &format!("{verdict:8} {}\n", one_line(&not_done.reason));
    }
    let kinds = plan.actions.iter().map(|action| action.action);
    let kinds = kinds.filter(|kind| *kind != ActionKind::WriteSidecar);
    let first = kinds.clone().next().unwrap_or(ActionKind::WriteSidecar);
    let past = if kinds.clone().all(|kind| kind == first) { past(plan, first) } else { "acted on" };
    let count = |verdict| applied.not_done.iter().filter(|n| n.verdict == verdict).count();
    text += &format!(
        "{} {past} ({}){}{}.\n",
        files(applied.files),
        human_bytes(applied.bytes),
        match applied.sidecars {
            0 => String::new(),
            sidecars => format!(", {} {}", count_of(sidecars, "sidecar"), written(plan)),
        },
        match (count(Verdict::Refused), count(Verdict::Failed)) {
            (0, 0) => String::new(),
            (refused, failed) => format!("; {refused} refused, {failed} failed"),
        }
    );
    if let Some(error) = &applied.journal_failure {
        mode.print(&text, AppliedJson::from_applied(applied))?;
        let kind = if applied.files == 0 { FailureKind::Refused } else { FailureKind::Failed };
        return Err(Failure::new(kind, format!("the journal cannot be written: {error}"))
            .hint(format!("once it can be written again: clean-backup resume {}", applied.run)));
    }
    if applied.left > 0 {
        mode.print(&text, AppliedJson::from_applied(applied))?;
        return Err(Failure::new(
            FailureKind::Interrupted,
            "interrupted; the actions begun were completed",
        )
        .hint(format!(
            "finish it with: clean-backup resume {0}; undo it with: clean-backup undo {0}",
            applied.run
        )));
    }
    if applied.files > 0 || applied.sidecars > 0 {
        text += &format!("Undo with: clean-backup undo {}\n", applied.run);
    }
    mode.print(&text, AppliedJson::from_applied(applied))?;
    Ok(Outcome::from_skipped(applied.not_done.len()))
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What has happened to sidecars.
pub fn written(plan: &Plan) -> &'static str {
    match plan.origin {
        Origin::Undo => "undone",
        _ => "written",
    }
}

/// What has happened to files; of copies that are taken back, that nothing is lost.
pub fn past(plan: &Plan, kind: ActionKind) -> &'static str {
    match (plan.origin, kind) {
        (Origin::Undo, ActionKind::Delete) => "removed again (their originals remain)",
        (_, kind) => kind.past(),
    }
}

/// `1 file`, `2 files`.
pub fn files(number: u64) -> String {
    count_of(number, "file")
}
