//! The values a picture is compared by: two hashes in Hamming space and a quality.

use std::fmt;

use bytemuck::{Pod, Zeroable};

use crate::model::media::Orientation;

/// Names the whole way from a file's bytes to its hashes: decode policy, luma, tile, DCT, ranking
/// and quality. Any change to one of them changes this number, and cached rows that carry another
/// number are computed again.
pub const HASH_VERSION: u32 = 4;

/// Bits that two 64-bit hashes differ by, 0 to 64; also the most that they may differ by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Distance(pub u32);

impl fmt::Display for Distance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Bits that two 256-bit hashes differ by, 0 to 256; also the most that they may differ by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FineDistance(pub u32);

impl fmt::Display for FineDistance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// 64-bit perceptual hash: the signs against the median of the 8×8 lowest DCT coefficients, DC
/// included, row by row, the first in the most significant bit.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Pod, Zeroable)]
pub struct PerceptualHash(pub u64);

impl PerceptualHash {
    /// Hamming distance, 0–64 bits.
    pub fn distance(self, other: Self) -> Distance {
        Distance((self.0 ^ other.0).count_ones())
    }
}

impl fmt::Display for PerceptualHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl std::str::FromStr for PerceptualHash {
    type Err = HashTextError;

    /// Reads the 16 hexadecimal digits that [`fmt::Display`] writes.
    fn from_str(text: &str) -> Result<Self, HashTextError> {
        Ok(Self(hex_word(text)?))
    }
}

/// 256-bit fine hash: the same rule on the 16×16 lowest coefficients; `0[0]` holds the first 64
/// bits in reading order.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Pod, Zeroable)]
pub struct FineHash(pub [u64; 4]);

impl FineHash {
    /// Hamming distance, 0–256 bits.
    pub fn distance(self, other: Self) -> FineDistance {
        FineDistance(self.0.iter().zip(other.0).map(|(a, b)| (a ^ b).count_ones()).sum())
    }

    /// The 32 bytes in reading order, as the cache stores them.
    pub fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (chunk, word) in bytes.chunks_exact_mut(8).zip(self.0) {
            chunk.copy_from_slice(&word.to_be_bytes());
        }
        bytes
    }

    /// The inverse of [`FineHash::to_bytes`].
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        let mut words = [0; 4];
        for (word, chunk) in words.iter_mut().zip(bytes.chunks_exact(8)) {
            *word = chunk.iter().fold(0, |word, &byte| word << 8 | u64::from(byte));
        }
        Self(words)
    }
}

impl fmt::Display for FineHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|word| write!(f, "{word:016x}"))
    }
}

impl std::str::FromStr for FineHash {
    type Err = HashTextError;

    /// Reads the 64 hexadecimal digits that [`fmt::Display`] writes.
    fn from_str(text: &str) -> Result<Self, HashTextError> {
        if text.len() != 64 || !text.is_ascii() {
            return Err(HashTextError);
        }
        let mut words = [0; 4];
        for (i, word) in words.iter_mut().enumerate() {
            *word = hex_word(&text[i * 16..][..16])?;
        }
        Ok(Self(words))
    }
}

/// A text that is not a hash in hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashTextError;

impl fmt::Display for HashTextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a hash is 16 (perceptual) or 64 (fine) hexadecimal digits")
    }
}

impl std::error::Error for HashTextError {}

fn hex_word(text: &str) -> Result<u64, HashTextError> {
    if text.len() != 16 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(HashTextError);
    }
    u64::from_str_radix(text, 16).map_err(|_| HashTextError)
}

/// How much structure a tile shows, 0 (flat) to 100, from its gradients as PDQ computes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Quality(pub u8);

/// Both hashes of one way of looking at a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct View {
    /// The 64-bit hash, which finds candidates.
    pub phash: PerceptualHash,
    /// The 256-bit hash, which confirms them.
    pub fine: FineHash,
}

impl View {
    /// The 64-bit hash, the higher byte first, then the 256-bit one: how views are stored.
    pub fn to_bytes(self) -> [u8; 40] {
        let mut bytes = [0; 40];
        bytes[..8].copy_from_slice(&self.phash.0.to_be_bytes());
        bytes[8..].copy_from_slice(&self.fine.to_bytes());
        bytes
    }

    /// The inverse of [`View::to_bytes`]; `None` for another number of bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (phash, fine) = bytes.split_first_chunk::<8>()?;
        Some(Self {
            phash: PerceptualHash(u64::from_be_bytes(*phash)),
            fine: FineHash::from_bytes(fine.try_into().ok()?),
        })
    }

    /// The view of the transposed picture (mirrored at the main diagonal): the coefficient at
    /// (row, column) moves to (column, row), and its bit with it.
    pub fn transposed(self) -> Self {
        let mut phash = 0;
        for row in 0..8 {
            for column in 0..8 {
                phash |=
                    (self.phash.0 >> (63 - (column * 8 + row)) & 1) << (63 - (row * 8 + column));
            }
        }
        let mut fine = [0; 4];
        for row in 0..16_usize {
            for column in 0..16_usize {
                let (from, to) = (column * 16 + row, row * 16 + column);
                fine[to / 64] |= (self.fine.0[from / 64] >> (63 - from % 64) & 1) << (63 - to % 64);
            }
        }
        Self { phash: PerceptualHash(phash), fine: FineHash(fine) }
    }
}

/// All that hashing says of a picture. The four stored views are those that need a ranking of
/// their own; the other four orientations are their transposes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PictureHash {
    /// Upright, mirrored left–right, mirrored top–bottom, turned by 180°.
    pub views: [View; 4],
    /// Structure of the tile; the same for all orientations.
    pub quality: Quality,
}

impl PictureHash {
    /// The upright view.
    pub fn upright(&self) -> View {
        self.views[0]
    }

    /// The view that the picture would have after `orientation` was applied to it.
    pub fn oriented(&self, orientation: Orientation) -> View {
        let (view, transposed) = stored_view(orientation);
        let view = self.views[view];
        if transposed { view.transposed() } else { view }
    }

    /// All comparisons that [`Self::nearest`] makes, for a search among the views of many pictures.
    pub fn sides(&self, turns: &[Orientation]) -> Vec<Side> {
        let forth = turns.iter().map(|&orientation| Side {
            orientation,
            view: 0,
            needle: self.oriented(orientation),
        });
        let back = turns.iter().filter_map(|&orientation| {
            // The other one transposed is as far from this one as it is from this one transposed.
            let (view, transposed) = stored_view(orientation.inverse());
            let upright = self.upright();
            let needle = if transposed { upright.transposed() } else { upright };
            (view > 0).then_some(Side { orientation, view, needle })
        });
        forth.chain(back).collect()
    }

    /// The smallest distance between this picture and `other`, one of them turned by any of
    /// `turns`, among those that `within` accepts (given the 64-bit and the 256-bit distance).
    ///
    /// Turning is not symmetric: the ranking of sign-flipped coefficients breaks ties and rounds
    /// another way, so that turning this picture and turning the other one back may give different
    /// distances. Both are tried, and the smaller one counts. So the result is the same from both
    /// sides, with the inverse orientation.
    pub fn nearest(
        &self,
        other: &Self,
        turns: &[Orientation],
        within: impl Fn(Distance, FineDistance) -> bool,
    ) -> Option<Nearness> {
        let (mine, theirs) = (self.upright(), other.upright());
        // A transposition moves the bits of both views alike: one transposed view serves all turns.
        let (mine_transposed, theirs_transposed) = if turns == [Orientation::Upright] {
            (mine, theirs)
        } else {
            (mine.transposed(), theirs.transposed())
        };
        let mut nearest: Option<Nearness> = None;
        for &orientation in turns {
            let (view, transposed) = stored_view(orientation);
            let turned = (self.views[view], if transposed { theirs_transposed } else { theirs });
            let (view, transposed) = stored_view(orientation.inverse());
            let back = (if transposed { mine_transposed } else { mine }, other.views[view]);
            for (a, b) in [turned, back] {
                let distance = a.phash.distance(b.phash);
                let fine_distance = a.fine.distance(b.fine);
                if within(distance, fine_distance) {
                    let found = Nearness { fine_distance, distance, orientation };
                    nearest = Some(nearest.map_or(found, |known| known.min(found)));
                }
            }
        }
        nearest
    }
}

/// What to hold against one stored view of other pictures, to find one that is near when either of
/// both is turned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Side {
    /// What turns the picture into the other one.
    pub orientation: Orientation,
    /// Which of the other's [`PictureHash::views`].
    pub view: usize,
    /// What it is compared with.
    pub needle: View,
}

/// How near two pictures are; the nearer is the smaller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Nearness {
    /// Bits of 256 that differ.
    pub fine_distance: FineDistance,
    /// Bits of 64 that differ.
    pub distance: Distance,
    /// What turns the first picture into the second.
    pub orientation: Orientation,
}

/// Which of the stored views shows an orientation, and whether it has to be transposed for that.
fn stored_view(orientation: Orientation) -> (usize, bool) {
    match orientation {
        Orientation::Upright => (0, false),
        Orientation::MirrorHorizontal => (1, false),
        Orientation::MirrorVertical => (2, false),
        Orientation::Rotate180 => (3, false),
        Orientation::Transpose => (0, true),
        // A clockwise quarter turn is a top–bottom mirror, then a transposition.
        Orientation::Rotate90 => (2, true),
        Orientation::Transverse => (3, true),
        Orientation::Rotate270 => (1, true),
    }
}

#[cfg(test)]
mod tests;
