//! `resume`: finishes interrupted runs.

use super::leftovers;
use crate::cli::context::Context;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::render::applied::{AppliedJson, OutputMode, finish};
use crate::cli::{args, interrupt};

/// Finishes an interrupted run, or settles what runs without a journal left.
///
/// # Errors
/// What keeps it from being done.
pub fn run(context: &Context<'_>, options: &args::ResumeArgs) -> Result<Outcome, Failure> {
    let mode = OutputMode::from_format(options.format, "resume");
    if !options.leftovers.is_empty() {
        return leftovers::run(context, options, mode);
    }
    let cancel = interrupt::watch()?;
    let acting = context.acting(&cancel)?;
    let mut library = context.library()?;
    match library.resume(options.run.as_deref(), &acting)? {
        Some((plan, applied)) => finish(&plan, &applied, mode),
        None => {
            let text = "Nothing to resume: every run has finished.\n";
            mode.print(text, AppliedJson::default())?;
            Ok(Outcome::Done)
        }
    }
}
