//! `apply`, as typed.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::values::ListFormat;

/// `apply`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Every file is checked again first, byte for byte: whatever changed since \
the plan was made is left alone. A plan acts only in the folders that it names, and has a checksum: one \
that was edited is refused unless --edited-plan is given.

Example: clean-backup apply plan.json")]
pub struct ApplyArgs {
    /// The plan
    #[arg(value_name = "PLAN", value_hint = ValueHint::FilePath)]
    pub plan: PathBuf,
    /// Print what would be done; change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Accept a plan that was edited after it was made; everything else is still checked
    #[arg(long)]
    pub edited_plan: bool,
    /// Output format
    #[arg(long, short, value_name = "FORM", default_value = "text")]
    pub format: ListFormat,
}
