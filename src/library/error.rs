//! Why the library could not do what it was asked.

use std::fmt;
use std::path::PathBuf;

use crate::act::journal::{JournalError, LibraryLockError, LockError};
use crate::act::plan::PlanError;
use crate::catalogue::cache::CacheError;
use crate::catalogue::decisions::DecisionsError;
use crate::catalogue::similar::SimilarError;
use crate::catalogue::tiles::TileStoreError;
use crate::files::globs::GlobError;
use crate::model::path_text::for_people;

/// Why pictures could not be scanned, compared or asked for.
#[derive(Debug)]
#[non_exhaustive]
pub enum LibraryError {
    /// The cache cannot be used.
    Cache(CacheError),
    /// The cache of another library, which was named, cannot be used.
    OtherCache(CacheError),
    /// The tiles of the pictures cannot be used, and there is no room for others.
    Tiles(TileStoreError),
    /// The cached hashes cannot be searched.
    Search(SimilarError),
    /// The decisions cannot be read.
    Decisions(DecisionsError),
    /// None of the folders can be read; this is the first.
    Root {
        /// The folder, as it was given.
        path: PathBuf,
        /// Why it cannot be read.
        reason: String,
    },
    /// Folders are missing, or empty where pictures were known: acting would rest on half the
    /// truth. One sentence for each.
    Doubtful(Vec<String>),
    /// A pattern of the options is no glob.
    Glob {
        /// The option.
        option: &'static str,
        /// What is wrong with it.
        reason: GlobError,
    },
    /// There is nothing to be checked, or nothing to check it against.
    NothingChecked {
        /// The folder, as it was given.
        path: PathBuf,
        /// Why (human-readable).
        reason: String,
    },
    /// An old folder and one of the library lie in each other, or are one.
    Overlap {
        /// The old folder.
        old: PathBuf,
        /// That of the library.
        library: PathBuf,
    },
    /// What is copied would go into a folder that is to be wiped.
    IntoOld {
        /// The destination.
        destination: PathBuf,
        /// The old folder.
        old: PathBuf,
    },
    /// Files would go into a photo library of Apple's programs.
    IntoPhotoLibrary(PathBuf),
    /// Source and destination of an import are one folder, and files would be copied.
    OneFolder,
    /// Files change faster than they can be compared.
    Unsettled,
    /// The caller set the flag to stop.
    Interrupted {
        /// Before all pictures were hashed; those that were are in the cache.
        while_scanning: bool,
    },
}

impl fmt::Display for LibraryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cache(error) => error.fmt(f),
            Self::OtherCache(error) => error.fmt(f),
            Self::Tiles(error) => error.fmt(f),
            Self::Search(error) => error.fmt(f),
            Self::Decisions(error) => error.fmt(f),
            Self::Root { path, reason } => write!(f, "{}: {reason}", for_people(path)),
            Self::Doubtful(warnings) => f.write_str(&warnings.join("; ")),
            Self::Glob { option, reason } => write!(f, "{option}: {reason}"),
            Self::NothingChecked { path, reason } => {
                write!(f, "{}: {reason}; nothing was checked", for_people(path))
            }
            Self::Overlap { old, library } => write!(
                f,
                "{} and {} lie in each other: every file would count as its own copy",
                for_people(old),
                for_people(library)
            ),
            Self::IntoOld { destination, old } => write!(
                f,
                "{} lies in {}, which is to be wiped",
                for_people(destination),
                for_people(old)
            ),
            Self::IntoPhotoLibrary(library) => write!(
                f,
                "{} is a photo library: only its own program may put files into it",
                for_people(library)
            ),
            Self::OneFolder => f.write_str(
                "source and destination are the same folder: everything would be duplicated",
            ),
            Self::Unsettled => f.write_str("files keep changing while they are compared"),
            Self::Interrupted { .. } => f.write_str("interrupted"),
        }
    }
}

impl std::error::Error for LibraryError {}

impl From<CacheError> for LibraryError {
    fn from(error: CacheError) -> Self {
        Self::Cache(error)
    }
}

impl From<DecisionsError> for LibraryError {
    fn from(error: DecisionsError) -> Self {
        Self::Decisions(error)
    }
}

/// Why a plan was not carried out; nothing was changed.
#[derive(Debug)]
#[non_exhaustive]
pub enum ActError {
    /// The plan contradicts itself.
    Plan(PlanError),
    /// A folder in which duplicates were found is gone.
    FolderGone(PathBuf),
    /// The receipt for a file on another machine is too old, or of a time to come.
    Receipt(PathBuf),
    /// Another run with the same journals is going on.
    Lock(LockError),
    /// Another run on the same library is going on.
    LibraryLock(LibraryLockError),
    /// The journal cannot be written.
    Unwritable(JournalError),
    /// The journal of an earlier run cannot be read.
    Journal(JournalError),
}

impl fmt::Display for ActError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plan(error) => error.fmt(f),
            Self::Receipt(file) => write!(
                f,
                "{} was not read within the last 24 hours: its receipt is too old",
                for_people(file)
            ),
            Self::FolderGone(folder) => write!(f, "{} is not there", for_people(folder)),
            Self::Lock(error @ LockError::Held { .. }) => error.fmt(f),
            Self::Lock(error @ LockError::Io { .. }) => {
                write!(f, "nothing is done without a journal: {error}")
            }
            Self::LibraryLock(error) => error.fmt(f),
            Self::Unwritable(error) => write!(f, "nothing is done without a journal: {error}"),
            Self::Journal(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ActError {}

impl From<PlanError> for ActError {
    fn from(error: PlanError) -> Self {
        Self::Plan(error)
    }
}

impl From<LockError> for ActError {
    fn from(error: LockError) -> Self {
        Self::Lock(error)
    }
}

impl From<LibraryLockError> for ActError {
    fn from(error: LibraryLockError) -> Self {
        Self::LibraryLock(error)
    }
}
