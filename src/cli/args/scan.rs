//! `scan`, as typed.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::files::FilesArgs;
use super::values::ListFormat;

/// `scan`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  clean-backup scan ~/Pictures /mnt/old-disk
  clean-backup scan ~/Pictures -v                      and say how long each stage takes")]
pub struct ScanArgs {
    /// Folders or files
    #[arg(required = true, value_name = "DIR", value_hint = ValueHint::AnyPath)]
    pub roots: Vec<PathBuf>,
    /// Output format
    #[arg(long, short, value_name = "FORM", default_value = "text")]
    pub format: ListFormat,
    /// Which files are read.
    #[command(flatten)]
    pub files: FilesArgs,
}
