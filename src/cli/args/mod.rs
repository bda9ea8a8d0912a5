//! The command line as it was typed: one file per command.

mod app;
mod apply;
mod cache;
mod candidates;
mod compared;
mod config;
mod covered;
mod dedupe;
mod files;
mod global;
mod history;
#[cfg(feature = "kernel")]
mod kernel;
mod logs;
mod organize;
mod quarantine;
mod resume;
mod review;
mod scan;
mod similar;
mod undo;
mod values;
mod watch;

pub use app::AppArgs;
pub use apply::ApplyArgs;
pub use cache::{CacheCommand, TableForm};
pub use compared::{ComparedArgs, HashChoice};
pub use config::ConfigCommand;
pub use covered::{CoveredArgs, CoveredFormat};
pub use dedupe::{DedupeArgs, ReportFormat, SortChoice};
pub use global::{GlobalArgs, LogFormat};
pub use history::HistoryArgs;
#[cfg(feature = "kernel")]
pub use kernel::{KernelCommand, RuleArgs};
pub use logs::LogsArgs;
pub use organize::{FilingArgs, OrganizeArgs, PreflightChoice};
pub use quarantine::{EmptyArgs, QuarantineCommand, RestoreArgs};
pub use resume::ResumeArgs;
pub use review::ReviewArgs;
pub use scan::ScanArgs;
pub use similar::{SimilarArgs, SimilarFormat};
pub use undo::UndoArgs;
pub use values::{ListFormat, joined};
pub use watch::{ServiceManager, WatchArgs};

use clap::{Parser, Subcommand};

use crate::cli::config::Layer;

/// Finds pictures that are the same picture: resized, re-compressed, converted, turned or lightly
/// edited. Nothing is changed or removed unless an action is asked for, and what was done can be
/// undone.
#[derive(Debug, Parser)]
#[command(
    name = "clean-backup",
    version,
    disable_help_subcommand = true,
    after_help = "Examples:
  clean-backup dedupe ~/Pictures                       show which pictures are the same
  clean-backup dedupe ~/Camera --reference ~/Pictures  what of ~/Camera is in ~/Pictures already
  clean-backup review ~/Pictures                       look at them side by side
  clean-backup covered /mnt/old --by ~/Pictures        may this drive be wiped?
  clean-backup dedupe ~/Pictures --format json -o duplicates.json
  clean-backup config set sensitivity aggressive       from now on

Flags override CLEAN_BACKUP_… variables, which override the configuration file.
Exit codes: 0 done; 1 failed, some files could not be read, or not all are covered; 2 wrong usage; 3 refused;
10 duplicates found (with --fail-on-duplicates); 130 interrupted, 143 by SIGTERM, 129 by SIGHUP."
)]
pub struct ProgramArgs {
    /// For every subcommand.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// Which subcommand; help without one.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Hash all pictures in folders into the cache
    Scan(Box<ScanArgs>),
    /// Find pictures that are the same picture
    Dedupe(Box<DedupeArgs>),
    /// Review duplicates side by side in the browser, choose, and apply
    Review(Box<ReviewArgs>),
    /// Do all of this in the browser: choose folders, review, organize, history, settings
    App(AppArgs),
    /// Find pictures like the given ones among those scanned before
    Similar(Box<SimilarArgs>),
    /// File pictures and videos into folders by the date they were taken
    #[command(visible_alias = "organise")]
    Organize(Box<OrganizeArgs>),
    /// File what arrives in a folder, once it has come to rest
    Watch(Box<WatchArgs>),
    /// Check whether a library has everything of an old drive, before it is wiped
    Covered(Box<CoveredArgs>),
    /// Carry out a saved plan
    Apply(ApplyArgs),
    /// Finish an interrupted run
    Resume(ResumeArgs),
    /// Undo a run
    Undo(UndoArgs),
    /// List, delete or restore what was moved aside
    #[command(subcommand)]
    Quarantine(QuarantineCommand),
    /// Show past runs and what they did
    History(HistoryArgs),
    /// Print the log of what was done to files
    Logs(LogsArgs),
    /// Show or change the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Inspect or clean up the hash cache
    #[command(subcommand)]
    Cache(CacheCommand),
    /// One step of a search over many machines: an Arrow stream in, another one out
    // For other programs: people see it in docs/kernels.md alone.
    #[cfg(feature = "kernel")]
    #[command(subcommand, hide = true)]
    Kernel(KernelCommand),
    /// Show what this machine and this build support, and run self-tests
    #[command(after_help = "Example: clean-backup doctor --gpu any")]
    Doctor {
        /// Output format
        #[arg(long, short, value_name = "FORM", default_value = "text")]
        format: ListFormat,
    },
    /// Print a completion script
    #[command(after_help = "The script asks clean-backup itself, so that it knows your runs and \
settings, and stays right after an update.

Examples:
  clean-backup completions bash > ~/.local/share/bash-completion/completions/clean-backup
  clean-backup completions zsh > ~/.zfunc/_clean-backup     (with ~/.zfunc in fpath)
  clean-backup completions fish > ~/.config/fish/completions/clean-backup.fish
  clean-backup completions powershell >> $PROFILE")]
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    #[command(after_help = "Example: clean-backup man | man -l -")]
    Man,
}

impl ProgramArgs {
    /// The settings among the flags.
    pub fn layer(&self) -> Layer {
        let mut layer = Layer::new();
        self.global.add_settings(&mut layer);
        match &self.command {
            Some(Command::Scan(scan)) => scan.files.add_settings(&mut layer),
            Some(Command::Dedupe(dedupe)) => dedupe.compared.add_settings(&mut layer),
            Some(Command::Review(review)) => review.compared.add_settings(&mut layer),
            Some(Command::Organize(organize)) => organize.files.add_settings(&mut layer),
            Some(Command::Watch(watch)) => watch.files.add_settings(&mut layer),
            Some(Command::Covered(covered)) => covered.add_settings(&mut layer),
            Some(Command::Similar(similar)) => similar.add_settings(&mut layer),
            #[cfg(feature = "kernel")]
            Some(Command::Kernel(kernel)) => kernel.add_settings(&mut layer),
            _ => {}
        }
        layer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::config::{Key, Value};
    use clap::CommandFactory as _;
    use std::path::PathBuf;

    fn parse(line: &str) -> Result<ProgramArgs, clap::Error> {
        ProgramArgs::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn the_definition_is_sound() {
        ProgramArgs::command().debug_assert();
    }

    #[test]
    fn flags_become_settings() {
        let args = parse(
            "clean-backup dedupe a -v b --threshold 9 --hidden --follow-links=false \
             --exclude *.tmp,*.{a,b} --exclude x --keep oldest --cpu --cache rel.db",
        )
        .unwrap();
        let layer = args.layer();
        let list = |items: &[&str]| Value::List(items.iter().map(|&i| i.into()).collect());
        assert_eq!(
            layer,
            Layer::from([
                (Key::Threshold, Value::Number(9)),
                (Key::Keep, list(&["oldest"])),
                (Key::Cpu, Value::Flag(true)),
                (Key::Cache, Value::Path("rel.db".into())),
                (Key::Exclude, list(&["*.tmp", "*.{a,b}", "x"])),
                (Key::Hidden, Value::Flag(true)),
                (Key::FollowLinks, Value::Flag(false)),
            ])
        );
        let Some(Command::Dedupe(dedupe)) = args.command else { panic!("dedupe") };
        assert_eq!(dedupe.compared.roots, [PathBuf::from("a"), "b".into()]);
        assert_eq!((args.global.verbose, dedupe.format), (1, ReportFormat::Text));
        assert!(parse("clean-backup scan a").unwrap().layer().is_empty());
    }

    #[test]
    fn contradictions_are_refused() {
        for line in [
            "clean-backup dedupe",
            "clean-backup dedupe a --sensitivity exact --threshold 3",
            "clean-backup dedupe a --threshold 17",
            "clean-backup dedupe a --cpu --gpu on",
            "clean-backup dedupe a -q -v",
            "clean-backup dedupe a --format yaml",
            "clean-backup config get colour-depth",
            "clean-backup resume RUN --leftovers a",
            "clean-backup resume --older-than 1h",
            "clean-backup resume --leftovers a --older-than 1",
            "clean-backup frobnicate",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
