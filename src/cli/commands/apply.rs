//! `apply`: carries out a plan that was saved.

use std::path::Path;

use clean_backup::act::plan::{ActionKind, Plan, PlanError};
use clean_backup::model::path_text::for_people;

use crate::cli::carry_out::carry_out;
use crate::cli::context::Context;
use crate::cli::failure::{Failure, FailureKind, Outcome};
use crate::cli::render::applied::OutputMode;
use crate::cli::{args, interrupt, render};

/// Where plans come from.
const PLANS: &str =
    "clean-backup dedupe DIR --action quarantine --save-plan FILE makes one that acts";

/// Carries out a plan that was saved.
///
/// # Errors
/// What keeps it from being done.
pub fn run(context: &Context<'_>, options: &args::ApplyArgs) -> Result<Outcome, Failure> {
    let path = &options.plan;
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::new(FailureKind::Failed, format!("{} cannot be read: {error}", for_people(path)))
            .hint(PLANS)
    })?;
    let plan = read_plan(path, &text, options.edited_plan)?;
    if options.dry_run {
        render::dry_run::print(&plan, &context.places(), options.format)?;
        return Ok(Outcome::Done);
    }
    let reports = plan.actions.iter().filter(|a| a.action == ActionKind::Report).count();
    if reports > 0 {
        let message = format!("{} contains no actions: it only reports", for_people(path));
        return Err(Failure::new(FailureKind::Refused, message).hint(PLANS));
    }
    let cancel = interrupt::watch()?;
    let mut library = context.library()?;
    carry_out(
        context,
        &plan,
        &mut library,
        &cancel,
        OutputMode::from_format(options.format, "apply"),
    )
}

/// A plan that was saved. One that was edited since is only taken when that was asked for.
fn read_plan(path: &Path, text: &str, edited: bool) -> Result<Plan, Failure> {
    let path = for_people(path);
    let refused =
        |error: &PlanError| Failure::new(FailureKind::Refused, format!("{path}: {error}"));
    match Plan::from_json(text) {
        Err(PlanError::Edited) if edited => {
            let plan = Plan::from_edited_json(text).map_err(|e| refused(&e).hint(PLANS))?;
            tracing::warn!("{path}: {}; it is taken as it is now", PlanError::Edited);
            Ok(plan)
        }
        Err(error @ PlanError::Edited) => Err(refused(&error)
            .hint("make a new one, or check it and add --edited-plan to apply it as it is")),
        other => other.map_err(|error| refused(&error).hint(PLANS)),
    }
}
