//! `history`, as typed.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use super::candidates;
use super::values::ListFormat;

/// `history`.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "The journals are also what organize goes by when it leaves out files that \
a run removed and nobody has undone.

Examples:
  clean-backup history
  clean-backup history 20261124-105838 --format json"
)]
pub struct HistoryArgs {
    /// Show every file of this run
    #[arg(value_name = "RUN", add = ArgValueCandidates::new(candidates::runs))]
    pub run: Option<String>,
    /// Output format
    #[arg(long, short, value_name = "FORM", default_value = "text")]
    pub format: ListFormat,
}
