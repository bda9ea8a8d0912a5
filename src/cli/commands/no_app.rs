//! Stands in for the page in a build without it.

use crate::cli::args::{AppArgs, ProgramArgs};
use crate::cli::context::Context;
use crate::cli::environment::ProcessEnvironment;
use crate::cli::failure::{Failure, FailureKind, Outcome};

/// Reports that this build has no page.
///
/// # Errors
/// [`FailureKind::Failed`]
pub fn run(
    _: &Context<'_>,
    _: &AppArgs,
    _: &ProgramArgs,
    _: &ProcessEnvironment,
) -> Result<Outcome, Failure> {
    let message = "this build has no page: it lacks the feature `review`";
    Err(Failure::new(FailureKind::Failed, message)
        .hint("clean-backup without arguments opens a menu in the terminal"))
}
