//! Asking before files are changed, and carrying a plan out.

use std::sync::atomic::AtomicBool;

use clean_backup::act::plan::{ActionKind, Plan};
use clean_backup::library::Library;

use super::ask::{Answer, ask, ask_for};
use super::context::Context;
use super::failure::{Failure, FailureKind, Outcome};
use super::question;
use super::render::applied::{AppliedJson, OutputMode, finish};

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
    if confirm(context, plan)? == Answer::No {
        mode.print("Nothing was changed.\n", AppliedJson::default())?;
        return Ok(Outcome::Declined);
    }
    let applied = plan.apply(library, &context.acting(cancel)?)?;
    finish(plan, &applied, mode)
}

/// What will happen and where, and whether it shall.
fn confirm(context: &Context<'_>, plan: &Plan) -> Result<Answer, Failure> {
    let places = context.places();
    let lost = plan.extent().lost_for_good;
    if lost > 0 {
        let warning =
            format!("this cannot be undone, and {lost} of them only look like what is kept");
        if !context.yes && context.asks {
            let sentence = question::sentence(plan, &places);
            return ask_for(
                "delete",
                &format!("{sentence}: {warning}. Type `delete` to continue: "),
            );
        }
        let message = format!("to {}: {warning}", question::phrase(plan, &places));
        if !context.yes {
            return Err(Failure::new(FailureKind::Refused, message).hint(
                "--action quarantine moves them aside instead, and can be undone; --yes deletes them",
            ));
        }
        tracing::warn!("{message}");
    }
    if context.yes {
        return Ok(Answer::Yes);
    }
    if !context.asks {
        let phrase = question::phrase(plan, &places);
        return Err(Failure::new(
            FailureKind::Refused,
            format!("to {phrase} needs confirmation, but this is not a terminal"),
        )
        .hint("add --yes to do it, or --dry-run to see it"));
    }
    ask(&format!("{}? [y/N] ", question::sentence(plan, &places)))
}
