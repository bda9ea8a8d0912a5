//! `watch`, as typed.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum, ValueHint};

use super::files::FilesArgs;
use super::organize::FilingArgs;
use super::values::time_span;

/// `watch`.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "What is there already is filed first, by the same rules as `organize`, then what \
arrives, once it has not changed for a while. Every batch is a run of its own: `history` lists \
them, `undo RUN` takes one back. A run that was killed is finished when watching begins again. It \
ends with Ctrl-C or SIGTERM.

Examples:
  clean-backup watch ~/Inbox ~/Pictures --move --yes
  clean-backup watch ~/Inbox ~/Pictures --plan-only ~/plans   only plans, to be applied by you
  clean-backup watch ~/Inbox ~/Pictures --print-service systemd"
)]
pub struct WatchArgs {
    /// Folder in which files arrive
    #[arg(value_name = "SRC", value_hint = ValueHint::DirPath,
          required_unless_present = "health")]
    pub source: Option<PathBuf>,
    /// Library to file them into
    #[arg(value_name = "DEST", value_hint = ValueHint::DirPath,
          required_unless_present = "health")]
    pub destination: Option<PathBuf>,
    /// Copy them (the default)
    #[arg(long, conflicts_with = "moves")]
    pub copy: bool,
    /// Move them
    #[arg(long = "move")]
    pub moves: bool,
    /// How long a file must not have changed before it is filed, such as 10s or 5m
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = time_span)]
    pub settle: Duration,
    /// Change nothing: write plans into this folder, for `clean-backup apply`
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub plan_only: Option<PathBuf>,
    /// Print a unit that starts this with the system, and end
    #[arg(long, value_name = "FOR")]
    pub print_service: Option<ServiceManager>,
    /// Tell by the exit code whether a watch is at work, and end
    #[arg(long, conflicts_with_all = ["source", "destination", "plan_only", "print_service"])]
    pub health: bool,
    /// How they are filed.
    #[command(flatten)]
    pub filing: FilingArgs,
    /// Which files are read.
    #[command(flatten)]
    pub files: FilesArgs,
}

/// What starts it with the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ServiceManager {
    /// A user unit of systemd (Linux)
    Systemd,
    /// An agent of launchd (macOS)
    Launchd,
}
