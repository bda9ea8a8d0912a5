//! `logs`, as typed.

use clap::Args;

use super::values::ListFormat;

/// `logs`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  clean-backup logs -n 500 | grep failed
  tail -f \"$(clean-backup logs --path)\"")]
pub struct LogsArgs {
    /// How many of the last lines to print
    #[arg(short = 'n', long, value_name = "N", default_value_t = 50)]
    pub lines: usize,
    /// Print the path of the log
    #[arg(long)]
    pub path: bool,
    /// Output format
    #[arg(long, short, value_name = "FORM", default_value = "text")]
    pub format: ListFormat,
}
