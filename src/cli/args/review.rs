//! `review`, as typed.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::compared::ComparedArgs;

/// `review`.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "The page is served to this machine alone, by a link that can be opened once; start the \
same command again for a new link to the program that is running. What is decided is kept at once, and is there again the next time. Nothing is changed before you \
press Apply; what is applied can be undone, there and with `clean-backup undo`.

Examples:
  clean-backup review ~/Pictures
  clean-backup review /mnt/card --reference ~/Pictures --sensitivity aggressive
  clean-backup review ~/Pictures --no-open --port 8123   print the link, open it yourself"
)]
pub struct ReviewArgs {
    /// What is compared, and how.
    #[command(flatten)]
    pub compared: ComparedArgs,
    /// Folder to move quarantined duplicates to [default: .clean-backup/quarantine below the folder
    /// that they are found in]
    #[arg(long, value_name = "DIR", help_heading = "Page", value_hint = ValueHint::DirPath)]
    pub to: Option<PathBuf>,
    /// Act even if a folder that held pictures before is empty now
    #[arg(long, help_heading = "Page")]
    pub allow_empty: bool,
    /// Do not write what only a duplicate knows into an .xmp beside the picture that is kept
    #[arg(long, help_heading = "Page")]
    pub no_carry: bool,
    /// Port to serve the page on [default: any free one]
    #[arg(long, value_name = "N", help_heading = "Page")]
    pub port: Option<u16>,
    /// Print the link; do not open a browser
    #[arg(long, help_heading = "Page")]
    pub no_open: bool,
}
