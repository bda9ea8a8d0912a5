//! `dedupe`, as typed.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};
use clean_backup::act::plan::ActionKind;

use super::compared::ComparedArgs;

/// `dedupe`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  clean-backup dedupe ~/Pictures
  clean-backup dedupe /mnt/card --reference ~/Pictures --sensitivity exact
  clean-backup dedupe ~/Pictures --format html -o report.html
  clean-backup dedupe ~/Pictures --keep prefer='**/originals/**'
  clean-backup dedupe --explain a.jpg b.jpg             which one would be kept, and why
  clean-backup dedupe ~/Pictures --action quarantine   move duplicates aside; can be undone
  clean-backup dedupe ~/Pictures --action trash --save-plan plan.json
  clean-backup apply plan.json")]
pub struct DedupeArgs {
    /// What is compared, and how.
    #[command(flatten)]
    pub compared: ComparedArgs,
    /// Print what two files tell of where they come from, and which of them would be kept
    #[arg(long, conflicts_with_all = ["reference", "with_cache", "action", "to", "dry_run",
          "save_plan", "output"], help_heading = "Output")]
    pub explain: bool,
    /// What to do with duplicates
    #[arg(long, value_name = "WHAT", default_value = "report", help_heading = "Action")]
    pub action: ActionChoice,
    /// Folder to put duplicates into. Quarantine does not need it: by default they go to
    /// .clean-backup/quarantine below the folder that they are found in
    #[arg(long, value_name = "DIR", help_heading = "Action", value_hint = ValueHint::DirPath)]
    pub to: Option<PathBuf>,
    /// With --action delete: also delete pictures that only look like the one that is kept,
    /// immediately and for good; otherwise they are left for --action quarantine
    #[arg(long, help_heading = "Action")]
    pub delete_unquarantined: bool,
    /// Act even if a folder that held pictures before is empty now
    #[arg(long, help_heading = "Action")]
    pub allow_empty: bool,
    /// Do not write what only a duplicate knows (dates, places, ratings, keywords, people, texts,
    /// albums) into an .xmp beside the picture that is kept
    #[arg(long, help_heading = "Action")]
    pub no_carry: bool,
    /// Print the plan; change nothing
    #[arg(long, help_heading = "Action")]
    pub dry_run: bool,
    /// Write the plan to a new file; `clean-backup apply FILE` carries it out
    #[arg(long, value_name = "FILE", help_heading = "Action", value_hint = ValueHint::FilePath)]
    pub save_plan: Option<PathBuf>,
    /// Output format
    #[arg(long, short, value_name = "FORM", default_value = "text", help_heading = "Output")]
    pub format: ReportFormat,
    /// Write the result to a new file
    #[arg(long, short, value_name = "FILE", help_heading = "Output",
          value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// How many groups --format html shows pictures of
    #[arg(long, value_name = "N", default_value_t = 2000, help_heading = "Output")]
    pub thumbnails: usize,
    /// Which groups come first
    #[arg(long, value_name = "BY", default_value = "bytes", help_heading = "Output")]
    pub sort: SortChoice,
    /// How many groups the text shows; 0 for all [default: 100 on a terminal, else all]
    #[arg(long, value_name = "N", help_heading = "Output")]
    pub groups: Option<usize>,
    /// Exit with code 10 if there are duplicates
    #[arg(long, help_heading = "Output")]
    pub fail_on_duplicates: bool,
}

/// The order of groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SortChoice {
    /// Those that free the most first
    Bytes,
    /// Those with the most pictures first
    Pictures,
    /// By the paths of what is kept
    Path,
}

/// What to do with duplicates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ActionChoice {
    /// Show them
    Report,
    /// Move them aside, keeping their folders
    Quarantine,
    /// Move them into one folder
    Move,
    /// Copy them into one folder
    Copy,
    /// Move them to the desktop's trash
    Trash,
    /// Replace identical ones by hard links to what is kept
    Hardlink,
    /// Replace identical ones by reflinks of what is kept (Btrfs, XFS)
    Reflink,
    /// Remove them for good
    Delete,
}

impl ActionChoice {
    /// The same, as plans have it.
    pub fn kind(self) -> ActionKind {
        match self {
            Self::Report => ActionKind::Report,
            Self::Quarantine => ActionKind::Quarantine,
            Self::Move => ActionKind::Move,
            Self::Copy => ActionKind::Copy,
            Self::Trash => ActionKind::Trash,
            Self::Hardlink => ActionKind::Hardlink,
            Self::Reflink => ActionKind::Reflink,
            Self::Delete => ActionKind::Delete,
        }
    }
}

/// How a result looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// Human-readable text
    Text,
    /// JSON
    Json,
    /// CSV for spreadsheets: one row per picture
    Csv,
    /// One self-contained HTML page with pictures
    Html,
}
