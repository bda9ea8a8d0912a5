//! `config`, as typed.

use clap::Subcommand;
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter};

use super::candidates;
use super::values::ListFormat;
use crate::cli::config::Key;

/// `config`.
#[derive(Clone, Debug, Subcommand)]
pub enum ConfigCommand {
    /// Show every setting and where it comes from
    #[command(after_help = "Example: clean-backup config show --format json")]
    Show {
        /// Output format
        #[arg(long, short, value_name = "FORM", default_value = "text")]
        format: ListFormat,
    },
    /// Print the value of one setting
    #[command(after_help = "Example: clean-backup config get sensitivity")]
    Get {
        /// The setting
        #[arg(add = ArgValueCandidates::new(candidates::keys))]
        key: Key,
        /// Output format
        #[arg(long, short, value_name = "FORM", default_value = "text")]
        format: ListFormat,
    },
    /// Set a value in the file
    #[command(after_help = "Examples:
  clean-backup config set sensitivity aggressive
  clean-backup config set exclude '*.tmp' '**/cache/**'")]
    Set {
        /// The setting
        #[arg(add = ArgValueCandidates::new(candidates::keys))]
        key: Key,
        /// The value; several for a list
        #[arg(required = true, allow_negative_numbers = true,
              add = ArgValueCompleter::new(candidates::values))]
        value: Vec<String>,
        /// Output format
        #[arg(long, short, value_name = "FORM", default_value = "text")]
        format: ListFormat,
    },
    /// Set the password that `app --listen` asks for: typed twice, or a line of standard input
    #[command(after_help = "Only a hash of it (Argon2id) is kept, as `password_hash`.

Example: clean-backup config set-password")]
    SetPassword,
    /// Remove a setting from the file
    #[command(after_help = "Example: clean-backup config unset exclude")]
    Unset {
        /// The setting
        #[arg(add = ArgValueCandidates::new(candidates::keys))]
        key: Key,
        /// Output format
        #[arg(long, short, value_name = "FORM", default_value = "text")]
        format: ListFormat,
    },
    /// Print the path of the file
    #[command(after_help = "Example: $EDITOR \"$(clean-backup config path)\"")]
    Path {
        /// Output format
        #[arg(long, short, value_name = "FORM", default_value = "text")]
        format: ListFormat,
    },
}
