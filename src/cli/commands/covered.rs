//! `covered`: whether a library has everything that lies in old folders.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use clean_backup::library::{CoveredOptions, Library, LibraryError};
use clean_backup::model::coverage::Coverage;
use clean_backup::model::path_text::{for_people, one_line};

use super::leftovers;
use crate::cli::args::{CoveredArgs, CoveredFormat, ListFormat};
use crate::cli::carry_out::carry_out;
use crate::cli::context::Context;
use crate::cli::failure::{Failure, FailureKind, Outcome};
use crate::cli::render::applied::OutputMode;
use crate::cli::render::covered;
use crate::cli::{interrupt, render};

/// Checks, tells, and copies what is missing where that was asked for.
///
/// # Errors
/// What keeps it from being done.
pub fn run(context: &Context<'_>, options: &CoveredArgs) -> Result<Outcome, Failure> {
    let start = Instant::now();
    if options.dry_run && options.format == CoveredFormat::Paths0 {
        let message = "--dry-run prints text or JSON";
        return Err(Failure::new(FailureKind::Usage, message)
            .hint("without --copy-missing, --format paths0 lists what is not covered"));
    }
    if let Some(file) = &options.save_plan {
        render::check_free(file, context.yes)?;
    }
    let destination = options.copy_missing.as_deref();
    let destination = destination.map(|to| context.real_folder(to)).transpose()?;
    let mut library = context.hashing_library()?;
    let cancel = interrupt::watch()?;
    let roots: Vec<PathBuf> = options.old.iter().chain(&options.library).cloned().collect();
    let warn = |unsettled: &[PathBuf]| leftovers::warn(context, &roots, unsettled);
    let monitor = context.monitor(&cancel, &warn);
    let found = library.covered(&resolve(context, options), monitor).map_err(told)?;
    let coverage = Coverage { seconds: start.elapsed().as_secs_f64(), ..found };
    let verdict = match coverage.is_complete() {
        true => Outcome::Done,
        false => Outcome::NotCovered,
    };
    let Some(destination) = destination else {
        deliver(context, options.format, &coverage)?;
        return Ok(verdict);
    };
    let copy = library.copy_missing(&coverage, &destination, monitor).map_err(told)?;
    if let Some(file) = &options.save_plan {
        render::save(file, &render::plan(&copy.plan)?, context.yes)?;
    }
    for skip in &copy.skipped {
        tracing::warn!("not copied: {}: {}", for_people(&skip.path), one_line(&skip.reason));
    }
    if options.dry_run {
        let format = match options.format {
            CoveredFormat::Json => ListFormat::Json,
            _ => ListFormat::Text,
        };
        render::dry_run::print(&copy.plan, &context.places(), format)?;
        return Ok(verdict);
    }
    deliver(context, options.format, &coverage)?;
    if options.save_plan.is_none() && !copy.plan.actions.is_empty() {
        let plan = &copy.plan;
        copy_now(context, plan, &mut library, &cancel, options.format)?;
    }
    Ok(verdict)
}

fn copy_now(
    context: &Context<'_>,
    plan: &clean_backup::Plan,
    library: &mut Library,
    cancel: &AtomicBool,
    format: CoveredFormat,
) -> Result<(), Failure> {
    let mode = match format {
        CoveredFormat::Text => OutputMode::Text,
        _ => OutputMode::Beside,
    };
    if carry_out(context, plan, library, cancel, mode)? == Outcome::Declined {
        return Ok(());
    }
    let advice = "Run `clean-backup covered` again with the copies as a second library: only exit \
                  code 0 says that the old files may go.\n";
    mode.print(advice, ())
}

fn resolve(context: &Context<'_>, options: &CoveredArgs) -> CoveredOptions {
    let mut resolved = CoveredOptions::new(&options.old, &options.library);
    resolved.with_cache = options.with_cache.clone();
    resolved.ignore = options.ignore.clone();
    resolved.policy = context.settings.policy;
    resolved.any_orientation = context.settings.any_orientation;
    resolved
}

fn told(error: LibraryError) -> Failure {
    match error {
        LibraryError::Interrupted { while_scanning: false } => {
            Failure::new(FailureKind::Interrupted, "interrupted; nothing can be said")
        }
        LibraryError::Doubtful(_) => Failure::new(FailureKind::Refused, error.to_string())
            .hint("mount its drive and try again; to forget files that are really gone: clean-backup cache prune"),
        error => error.into(),
    }
}

fn deliver(
    context: &Context<'_>,
    format: CoveredFormat,
    coverage: &Coverage,
) -> Result<(), Failure> {
    match format {
        CoveredFormat::Text => render::print(&covered::text(coverage, context.verbose)),
        CoveredFormat::Json => covered::json(coverage),
        CoveredFormat::Paths0 => {
            for warning in &coverage.warnings {
                tracing::warn!("{warning}");
            }
            render::print_bytes(&covered::paths0(coverage))
        }
    }
}
