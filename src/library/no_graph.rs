//! Stands in for the approximate index in a build without it.

use crate::catalogue::cache::Cache;
use crate::catalogue::similar::{Searcher, SimilarError, SimilarOptions};
use crate::model::media::Orientation;
use crate::model::phash::PictureHash;

/// There is none.
pub(super) enum Graph {}

impl Graph {
    pub fn open(_: &Cache, _: &mut Searcher<'_>) -> Result<Self, SimilarError> {
        Err(SimilarError::NoApproximate)
    }

    pub fn near(&self, _: &PictureHash, _: usize, _: &SimilarOptions) -> Vec<(u32, Orientation)> {
        match *self {}
    }
}
