//! What is compared, and when two pictures are the same: as typed.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum, ValueHint};

use super::files::FilesArgs;
use super::values::{joined, set, text, word};
use crate::cli::config::{Key, Layer, Value};

/// Which pictures are compared, and when they are the same.
#[derive(Clone, Debug, Args)]
pub struct ComparedArgs {
    /// Folders or files
    #[arg(required = true, value_name = "DIR", value_hint = ValueHint::AnyPath)]
    pub roots: Vec<PathBuf>,
    /// Also compare with this folder, whose files are never changed. May be repeated
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub reference: Vec<PathBuf>,
    /// Also compare with all pictures in this cache: that of another library, even one on a drive
    /// that is offline. May be repeated
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub with_cache: Vec<PathBuf>,
    /// How different two pictures may be and still match [default: standard]
    #[arg(long, short, value_name = "HOW", conflicts_with = "threshold", help_heading = "Matching",
          value_parser = word(Key::Sensitivity, &["exact", "standard", "aggressive"]))]
    pub sensitivity: Option<Value>,
    /// The same as a number, 0 to 16: how many bits of the 64-bit hash may differ
    #[arg(long, value_name = "N", help_heading = "Matching", value_parser = text(Key::Threshold))]
    pub threshold: Option<Value>,
    /// How many bits of the 256-bit hash may differ [default: follows the threshold]
    #[arg(long, value_name = "N", help_heading = "Matching",
          value_parser = text(Key::FineThreshold))]
    pub fine_threshold: Option<Value>,
    /// Which hashes decide
    #[arg(long, value_name = "WHICH", default_value = "both", help_heading = "Matching")]
    pub hash: HashChoice,
    /// Find turned and mirrored copies
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_name = "BOOL", help_heading = "Matching", value_parser = text(Key::AnyOrientation))]
    pub any_orientation: Option<Value>,
    /// Treat burst shots as copies
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_name = "BOOL", help_heading = "Matching", value_parser = text(Key::IncludeBursts))]
    pub include_bursts: Option<Value>,
    /// Treat pictures that are only alike as copies: documents of one template, shots of one scene
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_name = "BOOL", help_heading = "Matching", value_parser = text(Key::IncludeAlike))]
    pub include_alike: Option<Value>,
    /// Act on copies although it is not sure which one is the original
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_name = "BOOL", help_heading = "Matching", value_parser = text(Key::IncludeUnsure))]
    pub include_unsure: Option<Value>,
    /// Act on films that show the same although their bytes differ; without it they are shown only
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_name = "BOOL", help_heading = "Matching", value_parser = text(Key::IncludeFilms))]
    pub include_films: Option<Value>,
    /// Also find films that were cut, turned, mirrored, cropped, made faster, got another intro or
    /// bars. Slow: 20 seconds of each film are decoded, once
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_name = "BOOL", help_heading = "Matching", value_parser = text(Key::Deep))]
    pub deep: Option<Value>,
    /// Rules for which picture is kept, before the built-in ones: largest, oldest, newest,
    /// shortest-path, prefer=GLOB. May be repeated, or a comma-separated list
    #[arg(long, value_name = "RULE", help_heading = "Matching", value_parser = text(Key::Keep),
          action = ArgAction::Append)]
    pub keep: Vec<Value>,
    /// Also report pairs that were marked as not duplicates on the review page
    #[arg(long, help_heading = "Matching")]
    pub ignore_marks: bool,
    /// Which files are read.
    #[command(flatten)]
    pub files: FilesArgs,
}

/// Which hashes decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HashChoice {
    /// The 64-bit hash finds, the 256-bit one confirms
    Both,
    /// The 256-bit hash alone: slower, and finds heavier edits too
    Fine,
}

impl ComparedArgs {
    /// Adds the settings among the flags.
    pub fn add_settings(&self, layer: &mut Layer) {
        set(layer, Key::Sensitivity, &self.sensitivity);
        set(layer, Key::Threshold, &self.threshold);
        set(layer, Key::FineThreshold, &self.fine_threshold);
        set(layer, Key::AnyOrientation, &self.any_orientation);
        set(layer, Key::IncludeBursts, &self.include_bursts);
        set(layer, Key::IncludeAlike, &self.include_alike);
        set(layer, Key::IncludeUnsure, &self.include_unsure);
        set(layer, Key::IncludeFilms, &self.include_films);
        set(layer, Key::Deep, &self.deep);
        set(layer, Key::Keep, &joined(&self.keep));
        self.files.add_settings(layer);
    }
}
