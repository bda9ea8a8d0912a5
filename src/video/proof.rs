//! Whether frames of the same moments show that two films are one.
//!
//! Frames alone do not tell: two takes before one wall, or two films of one tripod, are nearer to
//! each other than a film to its own copy with a watermark. So what *changes* has to change alike:
//! the mean of its frames is taken off each of them, and what is left is correlated over all cells
//! and all moments. All in integers, so that a verdict is the same on every machine.

use super::frame::Frame;
use super::way::Way;
use crate::model::phash::FineDistance;

/// Fewer moments prove nothing.
const FEWEST: usize = 3;
/// Half of the frames are at least so near …
const NEAR: FineDistance = FineDistance(24);
/// … and the motion agrees to so many thousandths;
const NEAR_MOTION: i64 = 880;
/// or half of the frames are at least so near …
const FAR: FineDistance = FineDistance(56);
/// … and the motion agrees better.
const FAR_MOTION: i64 = 950;
/// One moment at which they are further apart than this decides: one slide of many is another one,
/// an episode begins like the others. Frames of unrelated films differ by 128 of 256 bits, half of
/// them by more.
const MISS: FineDistance = FineDistance(100);
/// Films of which one begins two frames later are this near …
const SHIFTED: FineDistance = FineDistance(72);
/// … and their motion agrees to so many thousandths.
const SHIFTED_MOTION: i32 = 550;
/// Where the cells change by less than this, as the root of the mean square, nothing moves.
const STILL_BELOW: i64 = 2;

/// How two films stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FilmStanding {
    /// They show the same, and it changes in the same way.
    Same,
    /// They show the same, but nothing moves: a title, a slide, a wall.
    Still,
    /// They are different films.
    Different,
    /// There are too few moments at which both show something.
    Unknown,
}

impl FilmStanding {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Same, Self::Still, Self::Different, Self::Unknown];
}

/// What was found of two films.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// How they stand to each other.
    pub standing: FilmStanding,
    /// Bits by which the fine hashes of half of the frames differ at most.
    pub median: FineDistance,
    /// How well the motion agrees, in thousandths: 1000 for the same, 0 for none, below for the
    /// contrary.
    pub motion: i32,
    /// Moments at which both films show something.
    pub moments: u8,
}

/// Two films that were held against each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilmMatch {
    /// What was found.
    pub agreement: Agreement,
    /// How they were laid on each other.
    pub way: Way,
}

impl Agreement {
    /// How well the motion agrees, in per cent; 0 where it does the contrary.
    pub fn per_cent(&self) -> u8 {
        (self.motion / 10).clamp(0, 100) as u8
    }

    /// Whether the films may be the same but for a moment by which one begins later.
    pub fn may_be_shifted(&self) -> bool {
        self.standing == FilmStanding::Different
            && self.median <= SHIFTED
            && self.motion >= SHIFTED_MOTION
    }

    /// Whether the films agree better so.
    pub fn is_better_than(&self, other: &Self) -> bool {
        (self.standing, -self.motion, self.median) < (other.standing, -other.motion, other.median)
    }
}

/// Whether a single moment shows that two films are different: far beyond what any encoding does.
pub fn is_clear_miss(a: &Frame, b: &Frame) -> bool {
    !a.is_flat() && !b.is_flat() && a.view.fine.distance(b.view.fine) > MISS
}

/// Holds frames of the same moments against each other, in any order.
pub fn prove(pairs: &[(Frame, Frame)]) -> Agreement {
    let pairs: Vec<(&Frame, &Frame)> =
        pairs.iter().filter(|(a, b)| !a.is_flat() && !b.is_flat()).map(|(a, b)| (a, b)).collect();
    let mut distances: Vec<FineDistance> =
        pairs.iter().map(|(a, b)| a.view.fine.distance(b.view.fine)).collect();
    distances.sort_unstable();
    let median = distances.get(distances.len().saturating_sub(1) / 2).copied().unwrap_or_default();
    let moments = u8::try_from(pairs.len()).unwrap_or(u8::MAX);
    let Motion { agreement, still } = motion(&pairs);
    let missed = distances.last().is_some_and(|&worst| worst > MISS);
    let standing = if missed {
        FilmStanding::Different
    } else if pairs.len() < FEWEST {
        FilmStanding::Unknown
    } else if still {
        if median <= NEAR { FilmStanding::Still } else { FilmStanding::Different }
    } else if median <= NEAR && agreement >= NEAR_MOTION || median <= FAR && agreement >= FAR_MOTION
    {
        FilmStanding::Same
    } else {
        FilmStanding::Different
    };
    Agreement { standing, median, motion: agreement as i32, moments }
}

struct Motion {
    /// In thousandths.
    agreement: i64,
    /// Nothing moves in one of them, and next to nothing in the other.
    still: bool,
}

fn motion(pairs: &[(&Frame, &Frame)]) -> Motion {
    let count = pairs.len() as i64;
    let Some((first, _)) = pairs.first() else { return Motion { agreement: 0, still: true } };
    let cells = first.tile.0.len();
    let (mut both, mut squares) = (0_i64, [0_i64; 2]);
    for cell in 0..cells {
        // Times the number of moments, so that the mean is a whole number.
        let values = pairs.iter().map(|(a, b)| [a, b].map(|f| i64::from(f.tile.0[cell]) * count));
        let sum = values.clone().fold([0; 2], |sum, pair| [sum[0] + pair[0], sum[1] + pair[1]]);
        let mean = sum.map(|sum| sum / count);
        for [a, b] in values {
            let (a, b) = (a - mean[0], b - mean[1]);
            both += a * b;
            squares[0] += a * a;
            squares[1] += b * b;
        }
    }
    // Of 255 × 255 moments and 4,096 cells at most: far below 2⁶³.
    let product = (i128::from(squares[0]) * i128::from(squares[1])) as u128;
    let root = i128::try_from(product.isqrt()).unwrap_or(i128::MAX);
    let agreement = (i128::from(both) * 1000).checked_div(root).unwrap_or(0) as i64;
    let least = STILL_BELOW * STILL_BELOW * count.pow(3) * cells as i64;
    squares.sort_unstable();
    Motion { agreement, still: squares[0] < least && squares[1] < 4 * least }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::phash::{FineHash, View};
    use crate::picture::tile::FineTile;

    /// A bright square that wanders over a pattern, with noise of this strength.
    fn film(path: &[(usize, usize)], noise: u32, bits: u32) -> Vec<Frame> {
        let frame = |(number, &(x, y)): (usize, &(usize, usize))| {
            let mut tile = Box::new(FineTile([0; 64 * 64]));
            let mut random = 12_345_u32 + number as u32;
            for (at, cell) in tile.0.iter_mut().enumerate() {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let (cx, cy) = (at % 64, at / 64);
                let there = (x..x + 16).contains(&cx) && (y..y + 16).contains(&cy);
                let value = if there { 200 } else { 60 + (cx / 8 % 2 * 40) as u32 };
                *cell = (value + (random >> 16) % (noise + 1)) as u8;
            }
            let fine = FineHash([(1_u64 << bits) - 1, 0, 0, 0]);
            Frame { time: number as i64 * 1_000_000, view: View { fine, ..View::default() }, tile }
        };
        path.iter().enumerate().map(frame).collect()
    }

    const THERE: [(usize, usize); 8] =
        [(0, 0), (10, 5), (20, 10), (30, 20), (40, 30), (45, 40), (30, 45), (10, 48)];
    const ELSEWHERE: [(usize, usize); 8] =
        [(40, 0), (10, 35), (0, 10), (10, 48), (20, 0), (25, 20), (48, 45), (30, 28)];

    fn standing(a: &[Frame], b: &[Frame]) -> FilmStanding {
        let pairs: Vec<_> = a.iter().cloned().zip(b.iter().cloned()).collect();
        prove(&pairs).standing
    }

    #[test]
    fn the_motion_has_to_agree() {
        let original = film(&THERE, 0, 0);
        assert_eq!(standing(&original, &film(&THERE, 20, 0)), FilmStanding::Same);
        assert_eq!(standing(&original, &film(&THERE, 20, 24)), FilmStanding::Same);
        assert_eq!(standing(&original, &film(&THERE, 8, 56)), FilmStanding::Same);
        assert_eq!(standing(&original, &film(&THERE, 8, 57)), FilmStanding::Different);
        // As near by its hashes as can be.
        assert_eq!(standing(&original, &film(&ELSEWHERE, 0, 0)), FilmStanding::Different);
        let mut backwards = film(&THERE, 0, 0);
        backwards.reverse();
        assert_eq!(standing(&original, &backwards), FilmStanding::Different);
    }

    #[test]
    fn one_moment_that_is_another_decides() {
        let original = film(&THERE, 0, 0);
        let mut other = original.clone();
        other[5].view.fine = FineHash([u64::MAX, (1 << 36) - 1, 0, 0]);
        assert_eq!(standing(&original, &other), FilmStanding::Same);
        assert!(!is_clear_miss(&original[5], &other[5]));
        other[5].view.fine = FineHash([u64::MAX, (1 << 37) - 1, 0, 0]);
        assert_eq!(standing(&original, &other), FilmStanding::Different);
        assert!(is_clear_miss(&original[5], &other[5]));
        // Where one shows nothing, nothing is missed.
        other[5].tile.0.fill(16);
        assert_eq!(standing(&original, &other), FilmStanding::Same);
        assert!(!is_clear_miss(&original[5], &other[5]));
    }

    #[test]
    fn better_is_the_same_before_anything_else() {
        let of = |standing, motion, median| Agreement {
            standing,
            median: FineDistance(median),
            motion,
            moments: 8,
        };
        let same = of(FilmStanding::Same, 900, 20);
        assert!(same.is_better_than(&of(FilmStanding::Different, 990, 2)));
        assert!(!same.is_better_than(&same));
        assert!(same.is_better_than(&of(FilmStanding::Same, 899, 2)));
        assert!(same.is_better_than(&of(FilmStanding::Same, 900, 21)));
        for (standing, motion, median, expected) in [
            (FilmStanding::Different, 550, 72, true),
            (FilmStanding::Different, 549, 72, false),
            (FilmStanding::Different, 550, 73, false),
            (FilmStanding::Same, 900, 20, false),
            (FilmStanding::Still, 900, 20, false),
        ] {
            assert_eq!(of(standing, motion, median).may_be_shifted(), expected);
        }
    }

    #[test]
    fn what_does_not_move_proves_nothing() {
        let still = film(&[(20, 20); 8], 2, 0);
        assert_eq!(standing(&still, &still), FilmStanding::Still);
        assert_eq!(standing(&still, &film(&[(20, 20); 8], 2, 30)), FilmStanding::Different);
        // One of them moves: then it is another film.
        assert_eq!(standing(&still, &film(&THERE, 0, 0)), FilmStanding::Different);
    }

    #[test]
    fn moments_count_where_both_show_something() {
        let original = film(&THERE, 0, 0);
        assert_eq!(standing(&original[..3], &original[..3]), FilmStanding::Same);
        assert_eq!(standing(&original[..2], &original[..2]), FilmStanding::Unknown);
        let mut dark = original.clone();
        for frame in &mut dark[..6] {
            frame.tile.0.fill(16);
        }
        assert_eq!(standing(&original, &dark), FilmStanding::Unknown);
        assert_eq!(prove(&[]).standing, FilmStanding::Unknown);
    }

    #[test]
    fn figures_are_those_of_the_definition() {
        let mut other = film(&THERE, 0, 3);
        for (extra, frame) in other.iter_mut().enumerate() {
            frame.view.fine = FineHash([(1 << (3 + extra)) - 1, 0, 0, 0]);
        }
        let pairs: Vec<_> = film(&THERE, 0, 3).into_iter().zip(other).collect();
        let found = prove(&pairs);
        assert_eq!((found.median.0, found.motion, found.moments), (3, 1000, 8));
    }
}
