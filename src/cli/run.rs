//! The subcommands that work on pictures.

use std::path::PathBuf;

use super::args::{Action, CacheCommand, Dedupe, Format, Scan};
use super::failure::{Failure, Kind, Outcome};
use super::progress::Bars;
use super::settings::Settings;

/// What every one of them gets.
pub struct Context<'a> {
    /// Flags, environment, file and defaults, resolved.
    pub settings: Settings,
    /// Bars or none.
    pub progress: &'a Bars,
    /// Colours on standard output.
    pub colour: bool,
    /// `--yes`.
    pub yes: bool,
    /// The folder that relative paths start at.
    pub folder: PathBuf,
}

/// `scan`, resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanOptions {
    /// Folders or files.
    pub roots: Vec<PathBuf>,
}

/// `dedupe`, resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DedupeOptions {
    /// Folders or files.
    pub roots: Vec<PathBuf>,
    /// Folders that nothing is touched in.
    pub references: Vec<PathBuf>,
    /// Show what would be done.
    pub dry_run: bool,
    /// Where to keep the plan.
    pub save_plan: Option<PathBuf>,
    /// How the result looks.
    pub format: Format,
    /// Where it goes, if not to standard output.
    pub output: Option<PathBuf>,
    /// Exit code 10 for duplicates.
    pub fail_on_duplicates: bool,
}

impl From<&Scan> for ScanOptions {
    fn from(scan: &Scan) -> Self {
        Self { roots: scan.roots.clone() }
    }
}

impl TryFrom<&Dedupe> for DedupeOptions {
    type Error = Failure;

    fn try_from(dedupe: &Dedupe) -> Result<Self, Failure> {
        if dedupe.action != Action::Report {
            let name = clap::ValueEnum::to_possible_value(&dedupe.action)
                .map_or_else(String::new, |value| value.get_name().to_owned());
            let message = format!("--action {name} is not available yet");
            return Err(Failure::new(Kind::Usage, message)
                .hint("--action report shows duplicates, --save-plan FILE keeps what to do"));
        }
        Ok(Self {
            roots: dedupe.roots.clone(),
            references: dedupe.reference.clone(),
            dry_run: dedupe.dry_run,
            save_plan: dedupe.save_plan.clone(),
            format: dedupe.format,
            output: dedupe.output.clone(),
            fail_on_duplicates: dedupe.fail_on_duplicates,
        })
    }
}

fn not_built(what: &str) -> Failure {
    Failure::new(Kind::Failed, format!("{what} is not built yet"))
}

/// Hashes pictures into the cache.
///
/// # Errors
/// What keeps the run from being done.
pub fn scan(_context: &Context<'_>, _options: &ScanOptions) -> Result<Outcome, Failure> {
    Err(not_built("scan"))
}

/// Finds duplicates and reports them.
///
/// # Errors
/// What keeps the run from being done.
pub fn dedupe(_context: &Context<'_>, _options: &DedupeOptions) -> Result<Outcome, Failure> {
    Err(not_built("dedupe"))
}

/// Says what the machine and the build can do.
///
/// # Errors
/// What keeps the run from being done.
pub fn doctor(_context: &Context<'_>) -> Result<Outcome, Failure> {
    Err(not_built("doctor"))
}

/// Looks after the cache.
///
/// # Errors
/// What keeps the run from being done.
pub fn cache(_context: &Context<'_>, _command: CacheCommand) -> Result<Outcome, Failure> {
    Err(not_built("cache"))
}
