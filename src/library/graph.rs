//! The approximate index beside a cache.

use std::collections::HashMap;
use std::path::Path;

use crate::catalogue::approximate::{Approximate, GraphOrigin};
use crate::catalogue::cache::Cache;
use crate::catalogue::similar::{Searcher, SimilarError, SimilarOptions};
use crate::model::media::Orientation;
use crate::model::phash::{FineHash, PictureHash};

/// An approximate index, and which pictures have which of its hashes.
pub(super) struct Graph {
    index: Approximate,
    positions: HashMap<FineHash, Vec<u32>>,
}

impl Graph {
    /// The graph beside a cache, brought up to date.
    pub fn open(cache: &Cache, searcher: &mut Searcher<'_>) -> Result<Self, SimilarError> {
        let fine = searcher.fine()?;
        let mut folder = cache.file().as_os_str().to_owned();
        folder.push("-hnsw");
        if cache.is_kept() && !Path::new(&folder).exists() {
            tracing::warn!("making the approximate index of {} pictures, once", fine.len());
        }
        let opened = match cache.is_kept() {
            true => Approximate::open(Path::new(&folder), fine),
            false => Approximate::not_kept(fine),
        };
        match opened.origin {
            GraphOrigin::Kept => {}
            GraphOrigin::Extended(count) => {
                tracing::info!("{count} hashes were added to the index")
            }
            GraphOrigin::Anew(why) => {
                tracing::info!("the approximate index was built from scratch: {why}")
            }
        }
        if let Some(error) = opened.not_kept {
            tracing::warn!("the approximate index is not kept: {error}");
        }
        let mut positions: HashMap<FineHash, Vec<u32>> = HashMap::with_capacity(fine.len());
        for (position, hash) in (0..).zip(fine) {
            positions.entry(*hash).or_default().push(position);
        }
        Ok(Self { index: opened.index, positions })
    }

    /// Positions of pictures near a needle, and how it is turned there: more than `count`, as some
    /// may be no answer.
    pub fn near(
        &self,
        hash: &PictureHash,
        count: usize,
        options: &SimilarOptions,
    ) -> Vec<(u32, Orientation)> {
        let turns = if options.any_orientation { Orientation::ALL.len() } else { 1 };
        // More than are wanted, as some may be no answer.
        let more = count.saturating_mul(if options.within.is_empty() { 2 } else { 10 }) + 8;
        let found = Orientation::ALL.into_iter().take(turns).flat_map(|orientation| {
            let near = self.index.nearest(hash.oriented(orientation).fine, more, 64);
            let positions = near.into_iter().filter_map(|hash| self.positions.get(&hash));
            positions.flatten().map(|&at| (at, orientation)).collect::<Vec<_>>()
        });
        found.collect()
    }
}
