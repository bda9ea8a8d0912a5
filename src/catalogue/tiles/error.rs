//! Why tiles cannot be read or kept.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::model::path_text::for_people;

/// Why tiles cannot be read or kept.
#[derive(Debug)]
pub enum TileStoreError {
    /// The folder or the file.
    Io {
        /// The file.
        path: PathBuf,
        /// The error underneath.
        source: io::Error,
    },
    /// The database.
    Database {
        /// The file.
        path: PathBuf,
        /// The error underneath.
        source: rusqlite::Error,
    },
    /// The file is no database of tiles that this version knows.
    Foreign(PathBuf),
}

impl fmt::Display for TileStoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, source } => write!(f, "{}: {source}", for_people(path)),
            Self::Database { path, source } => {
                write!(f, "the tiles in {}: {source}", for_people(path))
            }
            Self::Foreign(path) => {
                write!(f, "{} holds no tiles that this version knows", for_people(path))
            }
        }
    }
}

impl std::error::Error for TileStoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Database { source, .. } => Some(source),
            Self::Foreign(_) => None,
        }
    }
}
