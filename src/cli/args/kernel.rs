//! `kernel`, as typed.

use std::path::PathBuf;

use clap::{ArgAction, Args, Subcommand, ValueHint};

use super::compared::HashChoice;
use super::dedupe::ActionChoice;
use super::files::FilesArgs;
use super::values::{joined, set, text, word};
use crate::cli::config::{Key, Layer, Value};

/// `kernel`.
#[derive(Clone, Debug, Subcommand)]
pub enum KernelCommand {
    /// List the files below a folder
    List {
        /// Name of the volume that the folder is on
        #[arg(long, value_name = "NAME")]
        volume: String,
        /// The folder
        #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
        root: PathBuf,
        /// Which files are read.
        #[command(flatten)]
        files: Box<FilesArgs>,
    },
    /// Read and hash the files of a list
    Hash {
        /// Decode 256×256 luma of known pictures instead
        #[arg(long)]
        detail: bool,
        /// How files are read.
        #[command(flatten)]
        files: Box<FilesArgs>,
    },
    /// Tell which pictures of whole folders belong together
    Units,
    /// Find which pictures of one or two blocks may stand in one group
    Join {
        /// When two pictures are the same.
        #[command(flatten)]
        rule: RuleArgs,
    },
    /// Find the connected components of edges
    Components,
    /// Prove pairs of pictures
    Prove {
        /// When two pictures are the same.
        #[command(flatten)]
        rule: RuleArgs,
    },
    /// Find the groups of whole components
    Group {
        /// When two pictures are the same.
        #[command(flatten)]
        rule: RuleArgs,
        /// Treat burst shots as copies
        #[arg(long)]
        include_bursts: bool,
        /// Treat pictures that are only alike as copies
        #[arg(long)]
        include_alike: bool,
        /// Act on copies although it is not sure which one is the original
        #[arg(long)]
        include_unsure: bool,
        /// Rules for which picture is kept, before the built-in ones
        #[arg(long, value_name = "RULE", value_parser = text(Key::Keep), action = ArgAction::Append)]
        keep: Vec<Value>,
        /// Write paths with the names of their volumes, which may lie at the same place
        #[arg(long, conflicts_with = "read_files")]
        name_volumes: bool,
        /// Open files where more has to be known of them: all volumes are at their paths here
        #[arg(long)]
        read_files: bool,
    },
    /// Read files that plans of other volumes rely on, and write a receipt
    Attest {
        /// The list of files (NAME.keepers.json)
        #[arg(value_name = "KEEPERS", value_hint = ValueHint::FilePath)]
        keepers: PathBuf,
        /// The receipt, a new file
        #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
        output: PathBuf,
    },
    /// Plan what to do with the duplicates on this machine's volume
    Plan {
        /// What was found (NAME.findings.json)
        #[arg(value_name = "FINDINGS", value_hint = ValueHint::FilePath)]
        findings: PathBuf,
        /// What to do with duplicates
        #[arg(long, value_name = "WHAT", default_value = "quarantine")]
        action: ActionChoice,
        /// Folder to put duplicates into
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        to: Option<PathBuf>,
        /// A receipt of another machine. May be repeated
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        receipt: Vec<PathBuf>,
        /// The plan, a new file; `clean-backup apply FILE` carries it out
        #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
        output: PathBuf,
    },
    /// Print the pairs that were marked as not duplicates here, for `group`
    Marks,
}

/// When two pictures are the same.
#[derive(Clone, Debug, Args)]
pub struct RuleArgs {
    /// How different two pictures may be and still match [default: standard]
    #[arg(long, value_name = "HOW", conflicts_with = "threshold",
          value_parser = word(Key::Sensitivity, &["exact", "standard", "aggressive"]))]
    pub sensitivity: Option<Value>,
    /// The same as a number, 0 to 16: how many bits of the 64-bit hash may differ
    #[arg(long, value_name = "N", value_parser = text(Key::Threshold))]
    pub threshold: Option<Value>,
    /// How many bits of the 256-bit hash may differ [default: follows the threshold]
    #[arg(long, value_name = "N", value_parser = text(Key::FineThreshold))]
    pub fine_threshold: Option<Value>,
    /// Which hashes decide
    #[arg(long, value_name = "WHICH", default_value = "both")]
    pub hash: HashChoice,
    /// Find turned and mirrored copies
    #[arg(long)]
    pub any_orientation: bool,
}

impl KernelCommand {
    /// Adds the settings among the flags.
    pub fn add_settings(&self, layer: &mut Layer) {
        match self {
            Self::List { files, .. } | Self::Hash { files, .. } => files.add_settings(layer),
            Self::Join { rule } | Self::Prove { rule } => rule.add_settings(layer),
            Self::Group { rule, keep, .. } => {
                rule.add_settings(layer);
                set(layer, Key::Keep, &joined(keep));
            }
            Self::Units
            | Self::Components
            | Self::Attest { .. }
            | Self::Plan { .. }
            | Self::Marks => {}
        }
    }
}

impl RuleArgs {
    fn add_settings(&self, layer: &mut Layer) {
        set(layer, Key::Sensitivity, &self.sensitivity);
        set(layer, Key::Threshold, &self.threshold);
        set(layer, Key::FineThreshold, &self.fine_threshold);
        set(layer, Key::AnyOrientation, &Some(Value::Flag(self.any_orientation)));
    }
}
