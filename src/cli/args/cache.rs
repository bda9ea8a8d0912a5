//! `cache`, as typed.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum, ValueHint};

use super::values::ListFormat;

/// `cache`.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum CacheCommand {
    /// Show what the cache holds
    #[command(after_help = "Example: clean-backup cache stats --format json")]
    Stats {
        /// Output format
        #[arg(long, short, value_name = "FORM", default_value = "text")]
        format: ListFormat,
    },
    /// Remove the entries of files that are gone
    #[command(
        after_help = "The files of drives that are not mounted count as gone: mount them first.

Example: clean-backup cache prune"
    )]
    Prune {
        /// Output format
        #[arg(long, short, value_name = "FORM", default_value = "text")]
        format: ListFormat,
    },
    /// Check the cache, and compare it with the files
    #[command(
        after_help = "--bytes reads every picture that the cache knows. One whose bytes are not those \
that were hashed, though its size and modification time are the same, is rotten: the disk or a copy has damaged it. \
Exit code 1 says that there are such pictures, or some that cannot be read.

Examples:
  clean-backup cache verify
  clean-backup cache verify --bytes ~/Pictures"
    )]
    Verify {
        /// Read the pictures again, and find those whose bytes changed unnoticed
        #[arg(long)]
        bytes: bool,
        /// With --bytes: only pictures in these folders
        #[arg(value_name = "DIR", requires = "bytes", value_hint = ValueHint::AnyPath)]
        folders: Vec<PathBuf>,
        /// Output format
        #[arg(long, short, value_name = "FORM", default_value = "text")]
        format: ListFormat,
    },
    /// Remove all entries
    #[command(after_help = "Nothing is lost but time: hashes are computed again.

Example: clean-backup cache clear")]
    Clear {
        /// Output format
        #[arg(long, short, value_name = "FORM", default_value = "text")]
        format: ListFormat,
    },
    /// Write all entries as a table for other programs
    #[command(after_help = "Examples:
  clean-backup cache export --format parquet -o pictures.parquet
  clean-backup cache export > pictures.csv")]
    Export {
        /// The form of the table
        #[arg(long, short, value_name = "FORM", default_value = "csv")]
        format: TableForm,
        /// Write to a new file
        #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
        output: Option<PathBuf>,
    },
    /// Add the entries of such a table, CSV or Parquet
    #[command(after_help = "Example: clean-backup cache import pictures.parquet")]
    Import {
        /// The table
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
}

/// The form of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TableForm {
    /// Text with commas (RFC 4180)
    Csv,
    /// Apache Parquet, for DuckDB, Spark and the like
    Parquet,
}
