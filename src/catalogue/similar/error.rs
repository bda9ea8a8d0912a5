//! Why cached hashes cannot be searched.

use std::fmt;
use std::io;

use crate::catalogue::cache::CacheError;
use crate::catalogue::tiles::TileStoreError;

/// Why there is no answer.
#[derive(Debug)]
pub enum SimilarError {
    /// The cache cannot be asked.
    Cache(CacheError),
    /// The tiles cannot be read.
    Tiles(TileStoreError),
    /// The packed hashes cannot be read.
    Packed(io::Error),
    /// An approximate search, in a build without the feature `approximate`.
    NoApproximate,
    /// The picture is nearly flat: all such hash alike, and nearness says nothing.
    Flat,
}

impl fmt::Display for SimilarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cache(error) => error.fmt(f),
            Self::Tiles(error) => error.fmt(f),
            Self::Packed(error) => write!(f, "the packed hashes cannot be read: {error}"),
            Self::NoApproximate => {
                f.write_str("this build only searches exactly: it lacks the feature `approximate`")
            }
            Self::Flat => f.write_str("the picture is nearly flat: its hash says nothing"),
        }
    }
}

impl std::error::Error for SimilarError {}

impl From<CacheError> for SimilarError {
    fn from(error: CacheError) -> Self {
        Self::Cache(error)
    }
}

impl From<TileStoreError> for SimilarError {
    fn from(error: TileStoreError) -> Self {
        Self::Tiles(error)
    }
}

impl From<io::Error> for SimilarError {
    fn from(error: io::Error) -> Self {
        Self::Packed(error)
    }
}
