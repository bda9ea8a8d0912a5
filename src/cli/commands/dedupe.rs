//! `dedupe`: finds duplicates, reports them, and does what was asked with them.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use clean_backup::act::plan::ActionKind;
use clean_backup::act::proposal::ProposalOptions;
use clean_backup::library::{DuplicateOptions, Library};
use clean_backup::model::findings::{Counts, Findings};
use clean_backup::model::path_text::{for_people, one_line};

use super::leftovers;
use crate::cli::args::{self, HashChoice, ListFormat, ReportFormat, SortChoice};
use crate::cli::carry_out::carry_out;
use crate::cli::context::{Context, now_utc};
use crate::cli::failure::{Failure, FailureKind, Outcome};
use crate::cli::render::applied::OutputMode;
use crate::cli::render::html::thumbnails::{self, Thumbnails};
use crate::cli::settings::Settings;
use crate::cli::shell_words::quoted;
use crate::cli::{interrupt, render};

/// Most groups that a report for people shows on a terminal.
const MOST_GROUPS: usize = 100;

/// `dedupe`, resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DedupeRequest {
    /// What is compared.
    pub compared: DuplicateOptions,
    /// What to do with duplicates.
    pub action: ActionKind,
    /// The folder that they go to.
    pub to: Option<PathBuf>,
    /// Delete what only looks the same at once.
    pub delete_unquarantined: bool,
    /// Write what only a duplicate knows beside its keeper.
    pub carry: bool,
    /// Show what would be done.
    pub dry_run: bool,
    /// Where to keep the plan.
    pub save_plan: Option<PathBuf>,
    /// Output format.
    pub format: ReportFormat,
    /// Where it goes, if not to standard output.
    pub output: Option<PathBuf>,
    /// Most groups whose pictures a page shows.
    pub thumbnails: usize,
    /// The order of the groups.
    pub sort: SortChoice,
    /// Most groups of the text, where that was said; 0 for all.
    pub groups: Option<usize>,
    /// Explain which of two files would be kept.
    pub explain: bool,
    /// Exit code 10 for duplicates.
    pub fail_on_duplicates: bool,
}

impl DedupeRequest {
    /// From what was typed.
    ///
    /// # Errors
    /// [`FailureKind::Usage`] when action and destination do not fit together.
    pub fn resolve(dedupe: &args::DedupeArgs, settings: &Settings) -> Result<Self, Failure> {
        let action = dedupe.action.kind();
        check_destination(action, dedupe.to.as_deref())?;
        if dedupe.dry_run && matches!(dedupe.format, ReportFormat::Csv | ReportFormat::Html) {
            let message = "--dry-run prints text or JSON";
            return Err(Failure::new(FailureKind::Usage, message)
                .hint("without --dry-run, nothing is changed either unless --action asks for it"));
        }
        let mut compared = duplicate_options(&dedupe.compared, settings);
        compared.acts = action != ActionKind::Report;
        compared.allow_empty = dedupe.allow_empty;
        compared.no_carry = dedupe.no_carry;
        Ok(Self {
            compared,
            action,
            to: dedupe.to.clone(),
            delete_unquarantined: dedupe.delete_unquarantined,
            carry: !dedupe.no_carry,
            dry_run: dedupe.dry_run,
            save_plan: dedupe.save_plan.clone(),
            format: dedupe.format,
            output: dedupe.output.clone(),
            thumbnails: dedupe.thumbnails,
            sort: dedupe.sort,
            groups: dedupe.groups,
            explain: dedupe.explain,
            fail_on_duplicates: dedupe.fail_on_duplicates,
        })
    }
}

/// Checks that an action and a destination fit together.
///
/// # Errors
/// [`FailureKind::Usage`]
pub fn check_destination(action: ActionKind, to: Option<&Path>) -> Result<(), Failure> {
    let name = action.name();
    if to.is_some() && !action.has_destination() {
        let message = format!("--action {name} has no use for --to DIR");
        return Err(Failure::new(FailureKind::Usage, message)
            .hint("--action quarantine --to DIR moves duplicates there"));
    }
    if to.is_none() && matches!(action, ActionKind::Move | ActionKind::Copy) {
        let message = format!("--action {name} needs --to DIR");
        return Err(Failure::new(FailureKind::Usage, message)
            .hint(format!("for example: --action {name} --to ~/duplicates")));
    }
    Ok(())
}

/// What is compared and how, from what was typed.
pub fn duplicate_options(compared: &args::ComparedArgs, settings: &Settings) -> DuplicateOptions {
    let mut options = DuplicateOptions::new(&compared.roots);
    options.references = compared.reference.clone();
    options.with_cache = compared.with_cache.clone();
    options.policy = settings.policy;
    options.fine_only = compared.hash == HashChoice::Fine;
    options.any_orientation = settings.any_orientation;
    options.include_bursts = settings.include_bursts;
    options.include_alike = settings.include_alike;
    options.include_unsure = settings.include_unsure;
    options.include_films = settings.include_films;
    options.deep = settings.deep;
    options.keep = settings.keep.clone();
    options.ignore_marks = compared.ignore_marks;
    options
}

/// Scans and compares; `start` is when the command began.
///
/// # Errors
/// As [`Library::duplicates`].
pub fn find(
    context: &Context<'_>,
    library: &mut Library,
    options: &DuplicateOptions,
    cancel: &AtomicBool,
    start: Instant,
) -> Result<Findings, Failure> {
    let roots: Vec<PathBuf> = options.roots.iter().chain(&options.references).cloned().collect();
    let warn = |unsettled: &[PathBuf]| leftovers::warn(context, &roots, unsettled);
    let findings = library.duplicates(options, context.monitor(cancel, &warn))?;
    let seconds = start.elapsed().as_secs_f64();
    Ok(Findings { counts: Counts { seconds, ..findings.counts }, ..findings })
}

/// Names the folders that a run moves files into.
pub fn run_label() -> String {
    now_utc().chars().filter(char::is_ascii_digit).collect()
}

/// Finds duplicates and reports them.
///
/// # Errors
/// What keeps the run from being done.
pub fn run(context: &Context<'_>, options: &DedupeRequest) -> Result<Outcome, Failure> {
    if options.explain {
        return explain(context, options);
    }
    let start = Instant::now();
    for file in options.output.iter().chain(&options.save_plan) {
        render::check_free(file, context.yes)?;
    }
    if options.format == ReportFormat::Html
        && options.output.is_none()
        && context.stdout_is_terminal
    {
        return Err(Failure::new(FailureKind::Usage, "an HTML page cannot be shown on a terminal")
            .hint("add -o report.html and open the file in a browser"));
    }
    let destination = context.destination(options.to.as_deref(), &options.compared.references)?;
    let mut compared = options.compared.clone();
    compared.skip_dirs = destination.iter().cloned().collect();
    let mut library = context.hashing_library()?;
    let cancel = interrupt::watch()?;
    let mut findings = find(context, &mut library, &compared, &cancel, start)?;
    sort(&mut findings, options.sort);
    let skipped = Outcome::from_skipped(findings.skipped.len());
    let planned = options.dry_run || options.save_plan.is_some();
    let acts = options.action != ActionKind::Report && !planned;
    let proposal = (acts || planned).then(|| {
        let wanted = ProposalOptions {
            action: options.action,
            destination,
            base: context.folder.clone(),
            label: run_label(),
            delete_unquarantined: options.delete_unquarantined,
            carry: options.carry,
        };
        findings.plan(&wanted, context.progress)
    });
    if let Some(proposal) = &proposal {
        for left in &proposal.left {
            tracing::warn!("left alone: {}: {}", for_people(&left.path), one_line(&left.why));
        }
        for lost in &proposal.not_carried {
            tracing::warn!("{}: {}", for_people(&lost.path), one_line(&lost.why));
        }
    }
    if let (Some(proposal), true) = (&proposal, planned) {
        if let Some(file) = &options.save_plan {
            render::save(file, &render::plan(&proposal.plan)?, context.yes)?;
        }
        if options.dry_run {
            let format = match options.format {
                ReportFormat::Json => ListFormat::Json,
                _ => ListFormat::Text,
            };
            render::dry_run::print(&proposal.plan, &context.places(), format)?;
            return Ok(skipped);
        }
    }
    let mut thumbnails = Thumbnails::default();
    if options.format == ReportFormat::Html {
        let decode = context.decode_options();
        let progress = context.progress;
        thumbnails =
            thumbnails::thumbnails(&findings, options.thumbnails, &decode, progress, &cancel);
        if cancel.load(Ordering::Relaxed) {
            return Err(Failure::new(FailureKind::Interrupted, "interrupted"));
        }
    }
    let look = render::ReportStyle {
        format: options.format,
        colour: context.colour,
        bits: context.verbose,
        most_groups: match (options.groups, &options.output) {
            (Some(0), _) => None,
            (Some(most), _) => Some(most),
            (None, None) if context.stdout_is_terminal => Some(MOST_GROUPS),
            (None, _) => None,
        },
        thumbnails,
    };
    render::deliver(&findings, &look, options.output.as_deref(), context.yes)?;
    let found = match options.fail_on_duplicates && findings.summary().actionable > 0 {
        true => Outcome::DuplicatesFound,
        false => skipped,
    };
    let Some(proposal) = proposal.filter(|_| acts) else {
        if options.format == ReportFormat::Text && options.output.is_none() {
            render::print(&next_step(options, &findings))?;
        }
        return Ok(found);
    };
    // The report alone is what a program reads from standard output.
    let beside = options.output.is_none() && options.format != ReportFormat::Text;
    let mode = if beside { OutputMode::Beside } else { OutputMode::Text };
    Ok(carry_out(context, &proposal.plan, &mut library, &cancel, mode)?.after(found))
}

/// Groups come out by the paths of their keepers; equal ones stay in that order.
fn sort(findings: &mut Findings, by: SortChoice) {
    let matching = &findings.matching;
    match by {
        SortChoice::Path => {}
        SortChoice::Bytes => {
            findings.groups.sort_by_key(|group| Reverse(group.reclaimable_bytes(matching)));
        }
        SortChoice::Pictures => {
            findings.groups.sort_by_key(|group| Reverse(group.members().count()));
        }
    }
}

/// What to do with what was found.
fn next_step(options: &DedupeRequest, findings: &Findings) -> String {
    if findings.groups.is_empty() {
        return String::new();
    }
    if let Some(plan) = &options.save_plan {
        return format!("Next: clean-backup apply {}\n", quoted(plan.as_os_str()));
    }
    let roots = options.compared.roots.iter().map(|root| quoted(root.as_os_str()));
    let roots: Vec<String> = roots.collect();
    let review = format!("clean-backup review {}", roots.join(" "));
    match findings.summary().actionable {
        0 => format!("Next: look at them with {review}\n"),
        _ => format!(
            "Next: look at them with {review}, or add --action quarantine to move the duplicates \
             aside, which can be undone.\n"
        ),
    }
}

/// Prints the evidence of two files, and which of them would be kept.
fn explain(context: &Context<'_>, options: &DedupeRequest) -> Result<Outcome, Failure> {
    let DuplicateOptions { roots, .. } = &options.compared;
    if roots.len() != 2 || roots.iter().any(|root| root.is_dir()) {
        return Err(Failure::new(FailureKind::Usage, "--explain needs two files")
            .hint("for example: clean-backup dedupe --explain a.jpg b.jpg"));
    }
    let form = match options.format {
        ReportFormat::Text => render::explain::text,
        ReportFormat::Json => render::explain::json,
        ReportFormat::Csv | ReportFormat::Html => {
            let message = "--explain prints text or JSON";
            return Err(Failure::new(FailureKind::Usage, message));
        }
    };
    let mut library = context.hashing_library()?;
    let cancel = interrupt::watch()?;
    let explained = library.explain(&options.compared, context.monitor(&cancel, &|_| ()))?;
    render::print(&form(&explained)?)?;
    Ok(Outcome::from_skipped(explained.findings.skipped.len()))
}
