//! Files that nothing is done with, and why.

use std::path::PathBuf;

/// A file that an undo, a proposal or a clean-up leaves as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftAlone {
    /// The file or folder.
    pub path: PathBuf,
    /// Why it is left alone (human-readable).
    pub why: String,
}
