//! What may be spent on one film.

use super::DecodeError;

/// Pixels that a byte of a coded frame weighs: its bits are decoded one after the other.
const PIXELS_PER_BYTE: u64 = 4;

/// The work that may go into one film, in pixels decoded. It counts work and not time, so that
/// every machine comes to the same answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameBudget {
    /// What is left.
    pub pixels: u64,
}

impl FrameBudget {
    /// For finding a film: eleven seconds of it at 1920 × 1080 and 30 frames a second, three at
    /// 3840 × 2160.
    pub const PROBE: Self = Self { pixels: 700_000_000 };
    /// For proving that two films are one: a hundred seconds of one at 1920 × 1080.
    pub const PROOF: Self = Self { pixels: 6_500_000_000 };

    /// Takes the cost of so many pixels and bytes.
    ///
    /// # Errors
    /// [`DecodeError::TooMuchWork`] when less is left. Then nothing is left.
    pub(super) fn spend(&mut self, pixels: u64, bytes: usize) -> Result<(), DecodeError> {
        let cost = pixels.saturating_add(PIXELS_PER_BYTE.saturating_mul(bytes as u64));
        let left = self.pixels.checked_sub(cost);
        self.pixels = left.unwrap_or(0);
        left.map(drop).ok_or(DecodeError::TooMuchWork)
    }
}

impl Default for FrameBudget {
    fn default() -> Self {
        Self::PROOF
    }
}
