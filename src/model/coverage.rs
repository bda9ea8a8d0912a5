//! What a library has of the files in an old folder, as a value.

use std::path::PathBuf;

use crate::model::findings::{Relation, Skipped};

/// What the library has of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cover {
    /// A file with the same bytes; both were read.
    SameBytes {
        /// The library's file.
        by: PathBuf,
    },
    /// The same picture, undamaged and in no worse form, which knows all that the old file knows.
    SamePicture {
        /// The library's file.
        by: PathBuf,
        /// [`Relation::Copy`], or [`Relation::Part`] where the old file shows a part of it.
        relation: Relation,
        /// How much of the details agrees, in per cent.
        per_cent: u8,
    },
    /// The same picture, but the old file knows what the library's does not.
    LacksMetadata {
        /// The library's file.
        by: PathBuf,
        /// What it lacks, in words: `position`.
        missing: Vec<&'static str>,
    },
    /// The same picture in a worse form.
    Worse {
        /// The library's file.
        by: PathBuf,
        /// In what it is worse (human-readable).
        why: String,
    },
    /// The same picture, but the library's file is damaged, or one of both may be.
    Damaged {
        /// The library's file.
        by: PathBuf,
        /// What was seen (human-readable).
        why: String,
    },
    /// A picture that is near, and not proven to be the same.
    LooksAlike {
        /// The library's file.
        by: PathBuf,
        /// [`Relation::Burst`] or [`Relation::Alike`].
        relation: Relation,
    },
    /// Only another cache knows such a picture; its file was not read.
    Unverified {
        /// Where the file was, when it was hashed.
        by: PathBuf,
        /// The cache that knows it.
        cache: PathBuf,
    },
    /// The library has the very same file, under another name or through another mount.
    SameFile {
        /// The library's name of it.
        by: PathBuf,
    },
    /// Nothing like it.
    Missing,
    /// The old file, or folder, cannot be read.
    Unreadable {
        /// Why (human-readable).
        reason: String,
    },
    /// A symbolic link, socket, pipe or device: not examined.
    Irregular,
}

impl Cover {
    /// Whether nothing is lost when the old file goes.
    pub fn is_covered(&self) -> bool {
        matches!(self, Self::SameBytes { .. } | Self::SamePicture { .. })
    }

    /// Lower-case name, as JSON has it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::SameBytes { .. } => "same-bytes",
            Self::SamePicture { .. } => "same-picture",
            Self::LacksMetadata { .. } => "lacks-metadata",
            Self::Worse { .. } => "worse",
            Self::Damaged { .. } => "damaged",
            Self::LooksAlike { .. } => "looks-alike",
            Self::Unverified { .. } => "unverified",
            Self::SameFile { .. } => "same-file",
            Self::Missing => "missing",
            Self::Unreadable { .. } => "unreadable",
            Self::Irregular => "irregular",
        }
    }

    /// The library's file that was compared with.
    pub fn by(&self) -> Option<&PathBuf> {
        match self {
            Self::SameBytes { by }
            | Self::SamePicture { by, .. }
            | Self::LacksMetadata { by, .. }
            | Self::Worse { by, .. }
            | Self::Damaged { by, .. }
            | Self::LooksAlike { by, .. }
            | Self::Unverified { by, .. }
            | Self::SameFile { by } => Some(by),
            Self::Missing | Self::Unreadable { .. } | Self::Irregular => None,
        }
    }
}

/// A file of the old folder, and what the library has of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OldFile {
    /// The path that it was reached by.
    pub path: PathBuf,
    /// Length in bytes; 0 for what is no regular file.
    pub bytes: u64,
    /// What the library has of it.
    pub cover: Cover,
}

/// A number of files with the sum of their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileSum {
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl FileSum {
    /// With one more file.
    #[must_use]
    pub fn plus(self, bytes: u64) -> Self {
        Self { files: self.files + 1, bytes: self.bytes.saturating_add(bytes) }
    }
}

/// Whether a library has everything of old folders.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Coverage {
    /// The old folders, as given.
    pub old: Vec<PathBuf>,
    /// The folders of the library, as given.
    pub library: Vec<PathBuf>,
    /// Everything in the old folders but what was to be ignored, by path.
    pub files: Vec<OldFile>,
    /// What was to be ignored.
    pub ignored: FileSum,
    /// Files in the library that were looked at, without those that are in the old folders too.
    pub library_files: u64,
    /// What of the library could not be read, and therefore covers nothing.
    pub unread: Vec<Skipped>,
    /// What else to know before anything is wiped (human-readable).
    pub warnings: Vec<String>,
    /// Wall-clock seconds.
    pub seconds: f64,
}

impl Coverage {
    /// Whether the library has everything.
    pub fn is_complete(&self) -> bool {
        !self.files.is_empty() && self.files.iter().all(|file| file.cover.is_covered())
    }

    /// What the library does not have.
    pub fn uncovered(&self) -> impl Iterator<Item = &OldFile> {
        self.files.iter().filter(|file| !file.cover.is_covered())
    }

    /// The sum of the files that `which` picks.
    pub fn sum(&self, which: impl Fn(&Cover) -> bool) -> FileSum {
        let picked = self.files.iter().filter(|file| which(&file.cover));
        picked.fold(FileSum::default(), |sum, file| sum.plus(file.bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_never_complete() {
        let file = |cover| OldFile { path: "a".into(), bytes: 3, cover };
        let covered = || file(Cover::SameBytes { by: "b".into() });
        let coverage = |files| Coverage { files, ..Coverage::default() };
        assert!(!coverage(vec![]).is_complete());
        assert!(coverage(vec![covered()]).is_complete());
        let mixed = coverage(vec![covered(), file(Cover::Irregular)]);
        assert!(!mixed.is_complete());
        assert_eq!(mixed.sum(Cover::is_covered), FileSum { files: 1, bytes: 3 });
        assert_eq!(mixed.uncovered().count(), 1);
    }
}
