//! `undo`, as typed.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use super::candidates;
use super::values::ListFormat;

/// `undo`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Whatever changed since is left as it is, and reported. An undo is a run \
too, and can be undone.

Examples:
  clean-backup undo --dry-run
  clean-backup undo 20261124-105838")]
pub struct UndoArgs {
    /// The run to undo [default: the last one that was not undone]
    #[arg(value_name = "RUN", add = ArgValueCandidates::new(candidates::runs))]
    pub run: Option<String>,
    /// Print the plan; change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Output format
    #[arg(long, short, value_name = "FORM", default_value = "text")]
    pub format: ListFormat,
}
