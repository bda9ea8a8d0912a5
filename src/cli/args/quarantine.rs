//! `quarantine`, as typed.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueHint};
use clap_complete::engine::ArgValueCandidates;

use super::candidates;
use super::values::{ListFormat, time_span};

/// `quarantine`.
#[derive(Clone, Debug, Subcommand)]
pub enum QuarantineCommand {
    /// List what lies in quarantine, by run
    #[command(after_help = "Example: clean-backup quarantine list")]
    List {
        /// Output format
        #[arg(long, short, value_name = "FORM", default_value = "text")]
        format: ListFormat,
    },
    /// Delete what lies in quarantine, for good
    Empty(EmptyArgs),
    /// Put files back where they were
    Restore(RestoreArgs),
}

/// `quarantine empty`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "A file is deleted only while the picture that was kept in its place is \
still there with the same bytes, also after a later run has moved it. Files that no journal knows \
are never touched.

Examples:
  clean-backup quarantine empty --older-than 30d
  clean-backup quarantine empty 20261124-105838 --dry-run")]
pub struct EmptyArgs {
    /// Only what these runs moved aside [default: all runs]
    #[arg(value_name = "RUN", add = ArgValueCandidates::new(candidates::runs))]
    pub runs: Vec<String>,
    /// Only what was moved aside at least this long ago, such as 12h, 30d or 2w
    #[arg(long, value_name = "TIME", value_parser = time_span)]
    pub older_than: Option<Duration>,
    /// Print the plan; change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Output format
    #[arg(long, short, value_name = "FORM", default_value = "text")]
    pub format: ListFormat,
}

/// `quarantine restore`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Nothing is overwritten: a file whose place is taken stays in quarantine.

Examples:
  clean-backup quarantine restore 20261124-105838
  clean-backup quarantine restore ~/Pictures/2019/IMG_0412.jpg")]
pub struct RestoreArgs {
    /// Runs, and files or folders by where they were or where they lie now [default: everything]
    #[arg(value_name = "RUN|PATH", value_hint = ValueHint::AnyPath)]
    pub what: Vec<PathBuf>,
    /// Print the plan; change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Output format
    #[arg(long, short, value_name = "FORM", default_value = "text")]
    pub format: ListFormat,
}
