//! Hashing of windows of many tiles, behind one trait, so that backends are interchangeable: all
//! backends give the same bits.

use rayon::prelude::*;

use super::{Window, WindowHasher};
use crate::model::phash::{PictureHash, Quality, View};
use crate::picture::dct::hash_tile;
use crate::picture::tile::FineTile;

/// Hashes windows of tiles in batches. Results go tile by tile, for each of them window by window,
/// in the order in which they are given.
pub trait BatchWindowHasher: Send + Sync {
    /// Name as a report gives it.
    fn name(&self) -> &'static str;

    /// What [`WindowHasher::hash`] says of each window of each tile.
    fn upright(&self, tiles: &[&FineTile], windows: &[Window]) -> Vec<(View, Quality)>;

    /// What hashing says of each window of each tile, from which the hashes of all orientations
    /// follow.
    fn turned(&self, tiles: &[&FineTile], windows: &[Window]) -> Vec<PictureHash>;
}

/// The CPU, on all threads of rayon.
#[derive(Clone, Copy, Debug, Default)]
pub struct CpuWindowHasher;

impl BatchWindowHasher for CpuWindowHasher {
    fn name(&self) -> &'static str {
        "cpu"
    }

    fn upright(&self, tiles: &[&FineTile], windows: &[Window]) -> Vec<(View, Quality)> {
        each(tiles, windows, |hasher, window| hasher.hash(window))
    }

    fn turned(&self, tiles: &[&FineTile], windows: &[Window]) -> Vec<PictureHash> {
        each(tiles, windows, |hasher, window| hash_tile(&hasher.tile(window)))
    }
}

fn each<T: Send>(
    tiles: &[&FineTile],
    windows: &[Window],
    hash: impl Fn(&mut WindowHasher, Window) -> T + Sync,
) -> Vec<T> {
    let hash = &hash;
    let of_tile = |tile: &&FineTile| {
        let mut hasher = WindowHasher::new(tile);
        windows.iter().map(move |&window| hash(&mut hasher, window))
    };
    tiles.par_iter().flat_map_iter(of_tile).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::window::WindowSet;

    #[test]
    fn results_go_tile_by_tile_and_window_by_window() {
        let tile = |seed: usize| FineTile(std::array::from_fn(|i| (i * (seed + 3) / 7) as u8));
        let tiles: Vec<FineTile> = (0..50).map(tile).collect();
        let tiles: Vec<&FineTile> = tiles.iter().collect();
        let windows = WindowSet::Few.kept();
        let upright = CpuWindowHasher.upright(&tiles, &windows);
        let turned = CpuWindowHasher.turned(&tiles, &windows);
        assert_eq!((upright.len(), turned.len()), (50 * windows.len(), 50 * windows.len()));
        let places = tiles.iter().flat_map(|tile| windows.iter().map(move |w| (tile, *w)));
        for ((tile, window), (upright, turned)) in places.zip(upright.iter().zip(&turned)) {
            let mut hasher = WindowHasher::new(tile);
            assert_eq!(*upright, hasher.hash(window));
            assert_eq!(*turned, hash_tile(&hasher.tile(window)));
        }
        assert!(CpuWindowHasher.upright(&[], &windows).is_empty());
        assert!(CpuWindowHasher.turned(&tiles, &[]).is_empty());
    }
}
