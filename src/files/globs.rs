//! Patterns that choose files.

use std::fmt;
use std::path::Path;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use unicode_normalization::UnicodeNormalization as _;

/// A text that is not a glob; says which, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GlobError(globset::Error);

impl fmt::Display for GlobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for GlobError {}

/// Globs that match a file's path below its root, or its name. Case-insensitive, and an accent is
/// one whether it is part of its letter or follows it: macOS may keep another form than was typed.
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
            let glob: String = glob.nfc().collect();
            set.add(GlobBuilder::new(&glob).case_insensitive(true).build().map_err(GlobError)?);
        }
        set.build().map(Self).map_err(GlobError)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of them matches the path or its last name.
    pub fn matches(&self, below_root: &Path) -> bool {
        match below_root.to_str().filter(|text| !text.is_ascii()) {
            Some(text) => self.matches_composed(Path::new(&text.nfc().collect::<String>())),
            None => self.matches_composed(below_root),
        }
    }

    fn matches_composed(&self, below_root: &Path) -> bool {
        self.0.is_match(below_root)
            || below_root.file_name().is_some_and(|name| self.0.is_match(Path::new(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_match_in_either_form() {
        let globs = |glob: &str| Globs::new(&[glob.to_owned()]).unwrap();
        for glob in ["K\u{e4}se/**", "Ka\u{308}se/**"] {
            assert!(globs(glob).matches(Path::new("K\u{e4}se/a.jpg")), "{glob}");
            assert!(globs(glob).matches(Path::new("Ka\u{308}se/a.jpg")), "{glob}");
            assert!(!globs(glob).matches(Path::new("Kase/a.jpg")), "{glob}");
        }
    }
}
