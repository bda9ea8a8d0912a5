//! `covered`, as typed.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use super::values::{set, text, word};
use crate::cli::config::{Key, Layer, Value};

/// `covered`.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "A file is covered if the library has the same bytes, or the same picture: undamaged, with \
as many pixels, in no lossier format, in the same colours, with all that the metadata of the old one say. Every \
file counts: films, documents, sidecars, hidden files and those in trash cans too. Symbolic links and what cannot \
be read are not covered. Every byte that the answer rests on is read now.

Exit codes: 0 everything is covered; 1 something is not, or could not be checked; 3 there was nothing to check, or \
OLD and LIBRARY lie in each other.

Examples:
  clean-backup covered /mnt/old-disk --by ~/Pictures
  clean-backup covered /mnt/card --by ~/Pictures ~/Documents --ignore Thumbs.db,.DS_Store
  clean-backup covered /mnt/old-disk --by ~/Pictures --copy-missing ~/Pictures/rescued
  clean-backup covered /mnt/old-disk --by ~/Pictures --format paths0 | xargs -0 ls -l"
)]
pub struct CoveredArgs {
    /// Folders that are to be wiped
    #[arg(required = true, value_name = "OLD", value_hint = ValueHint::AnyPath)]
    pub old: Vec<PathBuf>,
    /// Folders that should have everything
    #[arg(long = "by", required = true, value_name = "LIBRARY", num_args = 1..,
          value_hint = ValueHint::AnyPath)]
    pub library: Vec<PathBuf>,
    /// Also tell what this cache of another library knows. Its files are not read, so that it covers
    /// nothing. May be repeated
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub with_cache: Vec<PathBuf>,
    /// Files and folders in OLD that need not be covered; may be repeated, or a comma-separated list
    #[arg(long, value_name = "GLOB", value_delimiter = ',')]
    pub ignore: Vec<String>,
    /// How different two pictures may be and still be compared [default: standard]
    #[arg(long, short, value_name = "HOW",
          value_parser = word(Key::Sensitivity, &["exact", "standard", "aggressive"]))]
    pub sensitivity: Option<Value>,
    /// Turned and mirrored pictures cover one another
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_name = "BOOL", value_parser = text(Key::AnyOrientation))]
    pub any_orientation: Option<Value>,
    /// Copy what is not covered to this folder, keeping the folders it is in
    #[arg(long, value_name = "DEST", help_heading = "Action", value_hint = ValueHint::DirPath)]
    pub copy_missing: Option<PathBuf>,
    /// With --copy-missing: print the plan; change nothing
    #[arg(long, requires = "copy_missing", help_heading = "Action")]
    pub dry_run: bool,
    /// With --copy-missing: write the plan to a new file; `clean-backup apply FILE` carries it out
    #[arg(long, value_name = "FILE", requires = "copy_missing", help_heading = "Action",
          value_hint = ValueHint::FilePath)]
    pub save_plan: Option<PathBuf>,
    /// Output format
    #[arg(long, short, value_name = "FORM", default_value = "text", help_heading = "Output")]
    pub format: CoveredFormat,
}

/// How the answer of `covered` looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CoveredFormat {
    /// Human-readable text
    Text,
    /// JSON
    Json,
    /// Only the paths of what is not covered, each followed by a zero byte
    Paths0,
}

impl CoveredArgs {
    /// Adds the settings among the flags.
    pub fn add_settings(&self, layer: &mut Layer) {
        set(layer, Key::Sensitivity, &self.sensitivity);
        set(layer, Key::AnyOrientation, &self.any_orientation);
    }
}
