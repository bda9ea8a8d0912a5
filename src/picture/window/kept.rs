//! The hashes of the windows of a tile as they are kept between runs: a row of words.
//!
//! First comes the 64-bit hash of each window. Of few windows the fine hashes follow, four words
//! each; of many they would take 6 kB a picture, and the proof does without them.

use super::{HALVES, Window, WindowHasher, WindowSet};
use crate::model::phash::{FineHash, PerceptualHash, Quality, View};
use crate::model::policy::QUALITY_FLOOR;
use crate::picture::tile::FineTile;

/// Stands for no hash, as the window is flat: at most half of the bits of a hash are set.
const NO_HASH: u64 = u64::MAX;
/// Words of a fine hash.
const FINE_WORDS: usize = 4;

impl WindowSet {
    /// The windows whose hashes are kept: those of the set, then the halves.
    pub fn kept(self) -> Vec<Window> {
        self.windows().into_iter().chain(HALVES).collect()
    }

    /// Words of the row of a picture.
    pub fn words_of_row(self) -> usize {
        self.kept().len() * if self.keeps_fine() { 1 + FINE_WORDS } else { 1 }
    }

    fn keeps_fine(self) -> bool {
        self == Self::Few
    }

    /// The row of a tile.
    pub fn row(self, tile: &FineTile) -> Vec<u64> {
        let mut hasher = WindowHasher::new(tile);
        let hashed: Vec<_> = self.kept().into_iter().map(|window| hasher.hash(window)).collect();
        self.row_of(&hashed)
    }

    /// The row of a tile whose kept windows were hashed, in their order.
    pub fn row_of(self, hashed: &[(View, Quality)]) -> Vec<u64> {
        let seen = |&(view, quality): &(View, Quality)| (quality >= QUALITY_FLOOR).then_some(view);
        let views: Vec<Option<View>> = hashed.iter().map(seen).collect();
        let mut row: Vec<u64> =
            views.iter().map(|view| view.map_or(NO_HASH, |view| view.phash.0)).collect();
        if self.keeps_fine() {
            row.extend(views.iter().flat_map(|view| view.map_or([0; FINE_WORDS], |v| v.fine.0)));
        }
        row
    }
}

/// The 64-bit hash of the window of that number, among those that are kept.
pub fn phash_in(row: &[u64], number: usize) -> Option<PerceptualHash> {
    row.get(number).filter(|&&hash| hash != NO_HASH).map(|&hash| PerceptualHash(hash))
}

/// Both hashes of the window of that number in a row of few windows.
pub fn view_in(row: &[u64], number: usize) -> Option<View> {
    let phash = phash_in(row, number)?;
    let windows = row.len() / (1 + FINE_WORDS);
    let (fine, _) = row.get(windows..)?.as_chunks::<FINE_WORDS>();
    Some(View { phash, fine: FineHash(*fine.get(number)?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_what_its_windows_hash_to() {
        let block = |at: usize| at / 512 * 8 + at % 64 / 8;
        let level = |at: usize| (block(at).wrapping_mul(2_654_435_761) >> 9) as u8;
        // The upper half is flat.
        let tile = FineTile(std::array::from_fn(|at| if at < 32 * 64 { 9 } else { level(at) }));
        let mut hasher = WindowHasher::new(&tile);
        for set in [WindowSet::Few, WindowSet::Many] {
            let row = set.row(&tile);
            assert_eq!(row.len(), set.words_of_row());
            for (number, window) in set.kept().into_iter().enumerate() {
                let (view, quality) = hasher.hash(window);
                let expected = (quality >= QUALITY_FLOOR).then_some(view);
                assert_eq!(phash_in(&row, number), expected.map(|view| view.phash), "{window:?}");
                if set == WindowSet::Few {
                    assert_eq!(view_in(&row, number), expected, "{window:?}");
                }
            }
            let halves = set.windows().len();
            assert_eq!(phash_in(&row, halves), None, "the upper half is flat");
            assert!(phash_in(&row, halves + 1).is_some(), "the lower one is not");
            assert_eq!(phash_in(&row, row.len()), None);
        }
    }
}
