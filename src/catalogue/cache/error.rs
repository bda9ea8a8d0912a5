//! Why a cache cannot be used.

use std::fmt;
use std::path::PathBuf;

use super::Foreign;
use crate::model::path_text::for_people;

/// Why the cache cannot be used.
#[derive(Debug)]
pub enum CacheError {
    /// The file cannot be opened, made or moved.
    Io {
        /// The file.
        path: PathBuf,
        /// The error underneath.
        source: std::io::Error,
    },
    /// The file is a damaged database, or not a database.
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// Any other refusal of SQLite.
    Database {
        /// The file.
        path: PathBuf,
        /// What it says.
        source: rusqlite::Error,
    },
    /// The file is not this program's, and is left as it is.
    Foreign {
        /// The file.
        path: PathBuf,
        /// What the file is instead.
        why: Foreign,
    },
    /// A newer version of this program made the database, which is left as it is.
    Newer(PathBuf),
}

impl fmt::Display for CacheError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, why): (_, &dyn fmt::Display) = match self {
            Self::Io { path, source } => (path, source),
            Self::Damaged { path, source } | Self::Database { path, source } => (path, source),
            Self::Foreign { path, why } => (path, why),
            Self::Newer(path) => (path, &"a newer version of clean-backup made it"),
        };
        write!(f, "cache {}: {why}", for_people(path))
    }
}

impl std::error::Error for CacheError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Damaged { source, .. } | Self::Database { source, .. } => Some(source),
            Self::Foreign { .. } | Self::Newer(_) => None,
        }
    }
}
