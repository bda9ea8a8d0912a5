//! `similar`, as typed.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use super::values::{set, text};
use crate::cli::config::{Key, Layer, Value};

/// `similar`.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "The library's files are not touched: the answer comes from the cache, and \
may name files that are gone. `clean-backup scan DIR` brings it up to date.

Examples:
  clean-backup similar photo.jpg                      do I have this picture already?
  clean-backup similar photo.jpg -k 10 --in ~/Pictures
  clean-backup similar card/*.jpg --format paths0 | xargs -0 ls -l"
)]
pub struct SimilarArgs {
    /// Pictures to search for
    #[arg(value_name = "IMAGE", value_hint = ValueHint::FilePath, required_unless_present = "hash")]
    pub images: Vec<PathBuf>,
    /// A hash to search for: 16 hexadecimal digits, or 64 of a fine hash. May be repeated
    #[arg(long, value_name = "HEX")]
    pub hash: Vec<String>,
    /// Only pictures in this folder. May be repeated
    #[arg(long = "in", value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub within_folder: Vec<PathBuf>,
    /// Return the N nearest pictures, at any distance
    #[arg(short = 'k', long, value_name = "N", conflicts_with = "within",
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub nearest: Option<u32>,
    /// How many bits of the 64-bit hash may differ, 0 to 16 [default: the same as dedupe]
    #[arg(long, value_name = "N", value_parser = text(Key::Threshold))]
    pub within: Option<Value>,
    /// With -k: search an approximate index, which is fast on libraries of any size but may miss
    /// some. The first search builds it, at a millisecond of CPU time per picture
    #[arg(long, requires = "nearest", conflicts_with = "hash")]
    pub approximate: bool,
    /// Find turned and mirrored copies
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_name = "BOOL", value_parser = text(Key::AnyOrientation))]
    pub any_orientation: Option<Value>,
    /// Leave out the given pictures themselves
    #[arg(long)]
    pub exclude_self: bool,
    /// Also search this cache: that of another library, even one on a drive that is offline. May be
    /// repeated
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub with_cache: Vec<PathBuf>,
    /// Output format
    #[arg(long, short, value_name = "FORM", default_value = "text")]
    pub format: SimilarFormat,
}

/// How the answer of `similar` looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SimilarFormat {
    /// Human-readable text
    Text,
    /// JSON
    Json,
    /// Only paths, each followed by a zero byte
    Paths0,
}

impl SimilarArgs {
    /// Adds the settings among the flags.
    pub fn add_settings(&self, layer: &mut Layer) {
        set(layer, Key::Threshold, &self.within);
        set(layer, Key::AnyOrientation, &self.any_orientation);
    }
}
