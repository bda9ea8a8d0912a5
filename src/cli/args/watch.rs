//! `watch`, as typed.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum, ValueHint};
use clean_backup::act::layout::DEFAULT_TEMPLATE;

use super::files::FilesArgs;
use super::organize::{OrganizeArgs, PreflightChoice};
use super::values::{ListFormat, time_span};

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
    /// Folders below DEST, made of {year} {month} {month_name} {day} {hour} {minute} {camera}
    #[arg(long, value_name = "TEMPLATE", default_value = DEFAULT_TEMPLATE)]
    pub template: String,
    /// Which files of SRC are left out because DEST has them: those that look the same, those with
    /// the same bytes, or none [default: visual where DEST is cached or small, else exact]
    #[arg(long, value_name = "HOW")]
    pub preflight: Option<PreflightChoice>,
    /// Import also what was removed as a duplicate before, even if it looks like what was kept
    #[arg(long)]
    pub include_removed: bool,
    /// Time zone of videos that only give UTC: local, utc, +02:00, Europe/Berlin
    #[arg(long, value_name = "ZONE", default_value = "local", allow_hyphen_values = true)]
    pub video_tz: String,
    /// Ignore modification times: files with no other date go to Unknown
    #[arg(long)]
    pub no_fs_dates: bool,
    /// With --move: remove folders that end up empty
    #[arg(long, requires = "moves")]
    pub prune_empty: bool,
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

impl From<&WatchArgs> for OrganizeArgs {
    /// The import that each batch is.
    fn from(watch: &WatchArgs) -> Self {
        Self {
            source: watch.source.clone(),
            destination: watch.destination.clone(),
            copy: watch.copy,
            moves: watch.moves,
            template: watch.template.clone(),
            preflight: watch.preflight,
            include_removed: watch.include_removed,
            video_tz: watch.video_tz.clone(),
            no_fs_dates: watch.no_fs_dates,
            prune_empty: watch.prune_empty,
            explain: Vec::new(),
            allow_empty: false,
            dry_run: false,
            save_plan: None,
            format: ListFormat::Text,
            files: watch.files.clone(),
        }
    }
}
