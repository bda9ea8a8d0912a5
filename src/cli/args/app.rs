//! `app`, as typed.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueHint};

/// `app`.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "The page is served to this machine alone, by a link that can be opened once; start the same \
command again for a new link to the program that is running. One thing is done at a time. The tab may be closed \
meanwhile, and what was interrupted can be finished the next time. Nothing is changed before you have seen what \
will happen; what was done can be undone, there and with `clean-backup undo`.

Examples:
  clean-backup app
  clean-backup app /srv/photos                 that folder may be chosen too
  clean-backup app --no-open --port 8123       print the link, open it yourself
  clean-backup app /srv/photos --listen 0.0.0.0:8123      on a NAS, with a password"
)]
pub struct AppArgs {
    /// Folders that can be chosen, besides the home folder and mounted drives
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub folders: Vec<PathBuf>,
    /// Port to serve the page on [default: any free one]
    #[arg(long, value_name = "N")]
    pub port: Option<u16>,
    /// Serve other machines too, at this address, like 0.0.0.0:8123: only with a password, which
    /// `clean-backup config set-password` sets
    #[arg(long, value_name = "ADDRESS", conflicts_with_all = ["port", "no_open"],
          help_heading = "Network")]
    pub listen: Option<SocketAddr>,
    /// With --listen: a host name under which the page is asked for, besides addresses and local
    /// names. May be repeated
    #[arg(long, value_name = "NAME", requires = "listen", help_heading = "Network")]
    pub host: Vec<String>,
    /// Print the link; do not open a browser
    #[arg(long)]
    pub no_open: bool,
}
