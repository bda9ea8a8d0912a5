//! Many pairs of tiles laid over each other at once.

use rayon::prelude::*;

use super::{Alignment, Prepared, Start, Whose, align, is_plausible};
use crate::picture::part::Part;
use crate::picture::tile::FineTile;

/// Two tiles of a batch, by number, and the parts that may show each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TilePair {
    /// One of them.
    pub first: u32,
    /// The other.
    pub second: u32,
    /// Parts of either, besides the wholes.
    pub starts: Vec<Start>,
}

/// Lays pairs of tiles over each other. Every implementation finds the same.
pub trait Aligner: Send + Sync {
    /// The best alignment of each pair, in their order; `None` where neither a start nor the wholes
    /// are plausible, or nothing correlates. The numbers of the pairs are places among the tiles.
    fn align(&self, tiles: &[&FineTile], pairs: &[TilePair]) -> Vec<Option<Alignment>>;
}

/// On the CPU's threads.
#[derive(Clone, Copy, Debug, Default)]
pub struct CpuAligner;

impl Aligner for CpuAligner {
    fn align(&self, tiles: &[&FineTile], pairs: &[TilePair]) -> Vec<Option<Alignment>> {
        pairs.par_iter().map(|pair| align_pair(tiles, pair)).collect()
    }
}

/// One pair of a batch.
pub fn align_pair(tiles: &[&FineTile], pair: &TilePair) -> Option<Alignment> {
    let tile = |number: u32| tiles.get(number as usize).map(|tile| Prepared::new(tile));
    let (first, second) = (tile(pair.first)?, tile(pair.second)?);
    let plausible = |start: &Start| {
        let (of, other) = (start.whose.of(&first, &second), start.whose.of(&second, &first));
        is_plausible(of, other, start.part)
    };
    let whole = Start { whose: Whose::First, part: Part::WHOLE };
    let starts: Vec<Start> = pair.starts.iter().copied().filter(plausible).collect();
    if starts.is_empty() && !plausible(&whole) {
        return None;
    }
    align(&first, &second, &starts)
}
