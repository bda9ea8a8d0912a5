//! `resume`, as typed.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint};
use clap_complete::engine::ArgValueCandidates;

use super::candidates;
use super::values::{ListFormat, time_span};

/// `resume`.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Actions that were in progress when the run was interrupted are completed first, \
then the rest of the plan is carried out. Every file is checked again first.

An interrupted run can leave files named .clean-backup-RUN-….aside (a picture that was renamed \
aside) and .clean-backup-RUN-….part (an unfinished copy). While the journal of the run is there, \
resume settles them. Where it is lost, --leftovers looks for them: a picture gets its name back, or \
NAME-restored-1 where that is taken; a part is moved to DIR/.clean-backup/leftovers/RUN. Nothing is \
removed.

Examples:
  clean-backup resume
  clean-backup resume 20261124-105838
  clean-backup resume --leftovers ~/Pictures --dry-run"
)]
pub struct ResumeArgs {
    /// The run to finish [default: the last one that was interrupted]
    #[arg(value_name = "RUN", add = ArgValueCandidates::new(candidates::runs))]
    pub run: Option<String>,
    /// Instead, clean up files that runs without a journal left in these folders
    #[arg(long, value_name = "DIR", num_args = 1.., conflicts_with = "run",
          value_hint = ValueHint::DirPath)]
    pub leftovers: Vec<PathBuf>,
    /// With --leftovers: only files unchanged for this long, such as 30m or 2d; a run on another
    /// machine may still be using the others
    #[arg(long, value_name = "TIME", default_value = "1h", requires = "leftovers",
          value_parser = time_span)]
    pub older_than: Duration,
    /// With --leftovers: print the plan; change nothing
    #[arg(long, requires = "leftovers")]
    pub dry_run: bool,
    /// Output format
    #[arg(long, short, value_name = "FORM", default_value = "text")]
    pub format: ListFormat,
}
