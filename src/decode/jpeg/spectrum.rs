//! Up to which spatial frequency a picture has detail, from the cosine terms of its blocks.
//!
//! The amplitudes of a sharp edge fall off as 1/u. Where those of the strongest blocks fall below
//! [`FAINT`] of that, the picture has no detail: it was enlarged, softened, or taken so. The scale
//! is that of the sampling: the same picture enlarged by 1.5 or 2 has a bandwidth smaller by about
//! that factor (bilinear, bicubic and Lanczos; of 49 pictures, half within 8 % and nine in ten
//! within 14 % below and 35 % above). Below a third, the edges of the blocks hide the rest: enlarged
//! by 4 a picture has about 370. Photographs that are soft at full size have 350 to 900, so that
//! copies of one picture should be held against each other and not against a limit.

use super::idct::ZIGZAG;
use crate::model::provenance::Bandwidth;

/// The share of an edge's amplitude below which there is no detail.
const FAINT: f64 = 0.3;
/// The strongest blocks that count: this part of all, and no fewer than that.
const STRONGEST: (u32, u32) = (100, 16);
/// With fewer blocks nothing is told.
const LEAST_BLOCKS: u32 = 256;
/// A step larger than this many faint amplitudes hides them.
const MOST_STEP: f64 = 4.0 / 3.0;
/// Strengths are told apart by quarters of an octave.
const CLASSES: usize = 128;

/// The energies of blocks along both directions.
#[derive(Default)]
pub(super) struct Spectrum {
    across: Energies,
    down: Energies,
}

/// Sums of squares of the terms 1–7 of one direction, by the strength of the block.
struct Energies {
    counts: [u32; CLASSES],
    sums: [[u64; 8]; CLASSES],
}

impl Default for Energies {
    fn default() -> Self {
        Self { counts: [0; CLASSES], sums: [[0; 8]; CLASSES] }
    }
}

impl Spectrum {
    /// Takes the dequantised terms of a block, row by row.
    pub fn take(&mut self, block: &[i32; 64]) {
        let square = |place: usize| {
            let term = u64::from(block[place].unsigned_abs().min(1 << 13));
            term * term
        };
        let (mut across, mut down) = ([0; 8], [0; 8]);
        for u in 1..8 {
            across[u] = square(u) + square(8 + u);
            down[u] = square(8 * u) + square(8 * u + 1);
        }
        self.across.add(&across);
        self.down.add(&down);
    }

    /// The frequency, `None` where the quantiser is too coarse or the picture too flat to tell.
    pub fn bandwidth(&self, table: &[u16; 64]) -> Option<Bandwidth> {
        let mut steps = [0; 64];
        for (&place, &step) in ZIGZAG.iter().zip(table) {
            steps[usize::from(place)] = step;
        }
        let step = |a: usize, b: usize| f64::from(steps[a].max(steps[b]));
        let across = self.across.cutoff(|u| step(u, 8 + u));
        let down = self.down.cutoff(|u| step(8 * u, 8 * u + 1));
        // Motion blurs one direction; what cannot be told of the other may be sharper.
        match (across, down) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (Some(one), None) | (None, Some(one)) => Some(one).filter(|&one| one == ALL),
            (None, None) => None,
        }
    }
}

/// Detail at all frequencies.
const ALL: Bandwidth = Bandwidth(1000);

impl Energies {
    fn add(&mut self, squares: &[u64; 8]) {
        let strength = squares[1] + squares[2] + squares[3];
        let class = match strength.checked_ilog2() {
            Some(log @ 2..) => 4 * log as usize + (strength >> (log - 2) & 3) as usize,
            _ => 0,
        };
        let class = class.min(CLASSES - 1);
        self.counts[class] += 1;
        for (sum, square) in self.sums[class].iter_mut().zip(squares) {
            *sum += square;
        }
    }

    /// Where the amplitudes of the strongest blocks become faint; `step` tells the quantiser's
    /// step of a term.
    fn cutoff(&self, step: impl Fn(usize) -> f64) -> Option<Bandwidth> {
        let all: u32 = self.counts.iter().sum();
        if all < LEAST_BLOCKS {
            return None;
        }
        let wanted = (all / STRONGEST.0).max(STRONGEST.1);
        let (mut count, mut sums) = (0, [0; 8]);
        for (more, squares) in self.counts.iter().zip(&self.sums).rev() {
            if count >= wanted {
                break;
            }
            count += more;
            for (sum, square) in sums.iter_mut().zip(squares) {
                *sum += square;
            }
        }
        let amplitude = |u: usize| (sums[u] as f64 / f64::from(count)).sqrt();
        let edge = amplitude(1);
        if edge <= 0.0 {
            return None;
        }
        let mut before = 1.0;
        for u in 2..8 {
            let faint = FAINT * edge / u as f64;
            if step(u) > faint * MOST_STEP {
                return None;
            }
            let share = amplitude(u) * u as f64 / edge;
            if share < FAINT {
                let part = (before - FAINT) / (before - share);
                return Some(Bandwidth(((u as f64 - 1.0 + part) * 125.0) as u16));
            }
            before = share;
        }
        Some(ALL)
    }
}
