//! Flags of every command: as typed.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum, ValueHint};

use super::values::{path, set, text, word};
use crate::cli::config::{Key, Layer, Value};

/// Flags of every subcommand.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// Use the CPU alone
    #[arg(long, global = true, num_args = 0..=1, require_equals = true,
          default_missing_value = "true", value_name = "BOOL", value_parser = text(Key::Cpu),
          conflicts_with = "gpu")]
    pub cpu: Option<Value>,
    /// Whether to use a GPU [default: auto]
    #[arg(long, global = true, value_name = "WHEN",
          value_parser = word(Key::Gpu, &["auto", "on", "any", "off"]))]
    pub gpu: Option<Value>,
    /// Number of threads [default: one per core]
    #[arg(long, global = true, value_name = "N", value_parser = text(Key::Threads))]
    pub threads: Option<Value>,
    /// Keep hashes in this file
    #[arg(long, global = true, value_name = "FILE", value_parser = path(),
          value_hint = ValueHint::FilePath)]
    pub cache: Option<Value>,
    /// Use no cache: hash everything again, and keep nothing
    #[arg(long, global = true, conflicts_with = "cache")]
    pub no_cache: bool,
    /// Read the configuration from this file
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,
    /// Show only results and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Show more messages; twice for everything
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// Format of messages on standard error
    #[arg(long, global = true, value_name = "FORM", default_value = "text")]
    pub log_format: LogFormat,
    /// Colours in the output [default: auto: on a terminal, unless NO_COLOR is set]
    #[arg(long, global = true, value_name = "WHEN",
          value_parser = word(Key::Color, &["auto", "always", "never"]))]
    pub color: Option<Value>,
    /// No progress bars
    #[arg(long, global = true)]
    pub no_progress: bool,
    /// Answer yes to every question; required to change files when there is no terminal. Also lets
    /// -o replace an older report of this program
    #[arg(long, global = true)]
    pub yes: bool,
}

/// How messages look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Human-readable text
    Text,
    /// JSON, one object per line
    Json,
}

impl GlobalArgs {
    /// Adds the settings among the flags.
    pub fn add_settings(&self, layer: &mut Layer) {
        set(layer, Key::Cpu, &self.cpu);
        set(layer, Key::Gpu, &self.gpu);
        set(layer, Key::Threads, &self.threads);
        set(layer, Key::Cache, &self.cache);
        set(layer, Key::Color, &self.color);
    }
}
