//! Stands in for the review page in a build without it.

use crate::cli::args::ReviewArgs;
use crate::cli::context::Context;
use crate::cli::failure::{Failure, FailureKind, Outcome};

/// Reports that this build has no review page.
///
/// # Errors
/// [`FailureKind::Failed`]
pub fn run(_: &Context<'_>, _: &ReviewArgs) -> Result<Outcome, Failure> {
    Err(Failure::new(
        FailureKind::Failed,
        "this build has no review page: it lacks the feature `review`",
    )
    .hint("clean-backup dedupe DIR --format html -o report.html shows the pictures too"))
}
