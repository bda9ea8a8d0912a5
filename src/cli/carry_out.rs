//! Asking before files are changed, and carrying a plan out.

use std::sync::atomic::AtomicBool;

use clean_backup::act::plan::{ActionKind, Plan};
use clean_backup::library::Library;
use clean_backup::model::readable::{count, human_bytes};

use super::ask::{Answer, ask, ask_for};
use super::context::Context;
use super::failure::{Failure, FailureKind, Outcome};
use super::render::applied::{AppliedJson, OutputMode, files, finish, past, written};

/// Asks, locks, begins a journal, does it, and tells what became of it.
///
/// # Errors
/// What keeps it from being done, and an interruption.
pub fn carry_out(
    context: &Context<'_>,
    plan: &Plan,
    library: &mut Library,
    cancel: &AtomicBool,
    mode: OutputMode,
) -> Result<Outcome, Failure> {
    if plan.actions.iter().all(|action| action.action == ActionKind::Report) {
        mode.print("Nothing to do.\n", AppliedJson::default())?;
        return Ok(Outcome::Done);
    }
    confirm(context, plan)?;
    let applied = plan.apply(library, &context.acting(cancel)?)?;
    finish(plan, &applied, mode)
}

/// What will happen, and whether it shall.
fn confirm(context: &Context<'_>, plan: &Plan) -> Result<(), Failure> {
    let extent = plan.extent();
    let mut kinds: Vec<ActionKind> = Vec::new();
    let goes = plan.actions.iter().filter(|action| action.action != ActionKind::WriteSidecar);
    for action in goes {
        if !kinds.contains(&action.action) {
            kinds.push(action.action);
        }
    }
    let what: Vec<&str> = kinds.iter().map(|kind| past(plan, *kind)).collect();
    let size = human_bytes(extent.bytes);
    let sidecars = match extent.sidecars {
        0 => String::new(),
        sidecars => format!(", {} {}", count(sidecars, "sidecar"), written(plan)),
    };
    let sentence =
        format!("{} ({size}) will be {}{sidecars}", files(extent.files), what.join(" or "));
    if extent.lost_for_good > 0 {
        let lost = extent.lost_for_good;
        let message = format!(
            "{sentence}; this cannot be undone: {lost} of them only look like what is kept"
        );
        let refused = |message: String| {
            Failure::new(FailureKind::Refused, message).hint(
                "--action quarantine moves them aside instead, and can be undone; --yes deletes them",
            )
        };
        if !context.yes && context.asks {
            let question = format!("{message}. Type `delete` to continue: ");
            return match ask_for("delete", &question)? {
                Answer::Yes => Ok(()),
                Answer::No => Err(refused("nothing was done".to_owned())),
            };
        }
        if !context.yes {
            return Err(refused(message));
        }
        tracing::warn!("{message}");
    }
    if context.yes {
        return Ok(());
    }
    if !context.asks {
        return Err(Failure::new(
            FailureKind::Refused,
            format!("{sentence}, which needs confirmation, but this is not a terminal"),
        )
        .hint("add --yes to do it, or --dry-run to see it"));
    }
    match ask(&format!("{sentence}. Continue? [y/N] "))? {
        Answer::Yes => Ok(()),
        Answer::No => Err(Failure::new(FailureKind::Refused, "nothing was done")),
    }
}
