//! Patterns that choose files.

use std::fmt;
use std::path::Path;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// A text that is not a glob; says which, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GlobError(globset::Error);

impl fmt::Display for GlobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for GlobError {}

/// Globs that match a file's path below its root, or its name. Case-insensitive.
#[derive(Clone, Debug, Default)]
pub struct Globs(GlobSet);

impl Globs {
    /// Compiles globs.
    ///
    /// # Errors
    /// [`GlobError`] for the first that is none.
    pub fn new(globs: &[String]) -> Result<Self, GlobError> {
        let mut set = GlobSetBuilder::new();
        for glob in globs {
            set.add(GlobBuilder::new(glob).case_insensitive(true).build().map_err(GlobError)?);
        }
        set.build().map(Self).map_err(GlobError)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of them matches the path or its last name.
    pub fn matches(&self, below_root: &Path) -> bool {
        self.0.is_match(below_root)
            || below_root.file_name().is_some_and(|name| self.0.is_match(Path::new(name)))
    }
}
