//! `organize`, as typed.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};
use clean_backup::act::layout::DEFAULT_TEMPLATE;

use super::files::FilesArgs;
use super::values::ListFormat;

/// `organize`.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "What belongs together goes together: RAW and JPEG, original and edit, Live \
Photos, .xmp, .aae, Google Takeout's JSON. Frames of a burst go to one folder. Nothing is \
overwritten: a file whose name is taken by another gets eight digits of its hash. A second run \
does nothing. What dedupe removed, and nobody has undone, stays out as long as the picture that \
was kept in its place is in DEST.

Examples:
  clean-backup organize /mnt/card ~/Pictures             copy, into Year/Month
  clean-backup organize ~/Inbox ~/Pictures --move --prune-empty
  clean-backup organize ~/Takeout ~/Pictures --template '{year}/{month}-{month_name}' --dry-run
  clean-backup organize --explain IMG_0001.MOV a.jpg     which dates there are, and which wins"
)]
pub struct OrganizeArgs {
    /// Folder with the files to organize
    #[arg(value_name = "SRC", value_hint = ValueHint::DirPath,
          required_unless_present = "explain")]
    pub source: Option<PathBuf>,
    /// Library to file them into
    #[arg(value_name = "DEST", value_hint = ValueHint::DirPath,
          required_unless_present = "explain")]
    pub destination: Option<PathBuf>,
    /// Copy them (the default)
    #[arg(long, conflicts_with = "moves")]
    pub copy: bool,
    /// Move them
    #[arg(long = "move")]
    pub moves: bool,
    /// How they are filed.
    #[command(flatten)]
    pub filing: FilingArgs,
    /// Print every date found for these files, and which one is used
    #[arg(long, value_name = "FILE", num_args = 1..,
          conflicts_with_all = ["source", "destination"], value_hint = ValueHint::FilePath)]
    pub explain: Vec<PathBuf>,
    /// Go ahead even if the destination held pictures before and is empty now
    #[arg(long)]
    pub allow_empty: bool,
    /// Print the plan; change nothing
    #[arg(long, help_heading = "Action")]
    pub dry_run: bool,
    /// Write the plan to a new file; `clean-backup apply FILE` carries it out
    #[arg(long, value_name = "FILE", help_heading = "Action", value_hint = ValueHint::FilePath)]
    pub save_plan: Option<PathBuf>,
    /// Output format
    #[arg(long, short, value_name = "FORM", default_value = "text", help_heading = "Output")]
    pub format: ListFormat,
    /// Which files are read.
    #[command(flatten)]
    pub files: FilesArgs,
}

/// How files are filed, once or as they arrive. Beside `--move`, which [`Self::prune_empty`] needs.
#[derive(Clone, Debug, Args)]
pub struct FilingArgs {
    /// Folders below DEST, made of {year} {month} {month_name} {day} {hour} {minute} {camera}
    #[arg(long, value_name = "TEMPLATE", default_value = DEFAULT_TEMPLATE)]
    pub template: String,
    /// Which files of SRC are left out because DEST has them: those that look the same, those with
    /// the same bytes, or none [default: visual where DEST is cached or small, else exact]
    #[arg(long, value_name = "HOW")]
    pub preflight: Option<PreflightChoice>,
    /// Leave out films, too, of which DEST has one that shows the same though its bytes are others
    /// (with a visual preflight)
    #[arg(long)]
    pub include_films: bool,
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
}

/// What of an import stays out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PreflightChoice {
    /// Those that look the same and are no better
    Visual,
    /// Those with the same bytes
    Exact,
    /// Only those that are there under the same name
    Off,
}
