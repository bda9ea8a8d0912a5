//! The probabilities that last from frame to frame.

use super::bits::BoolDecoder;
use super::token_defaults::DEFAULTS;
use super::token_updates::UPDATES;

/// By type of block, band, context and branch.
pub(super) type TokenProbabilities = [[[[u8; 11]; 3]; 8]; 4];
/// Of one component of a motion vector.
pub(super) type VectorProbabilities = [u8; 19];

/// How likely the probabilities of motion vectors are to change, and what they are at first (17.2):
/// vertical, then horizontal.
const VECTOR_UPDATES: [VectorProbabilities; 2] = [
    [237, 246, 253, 253, 254, 254, 254, 254, 254, 254, 254, 254, 254, 254, 250, 250, 252, 254, 254],
    [231, 243, 245, 253, 254, 254, 254, 254, 254, 254, 254, 254, 254, 254, 251, 251, 254, 254, 254],
];
const VECTOR_DEFAULTS: [VectorProbabilities; 2] = [
    [162, 128, 225, 146, 172, 147, 214, 39, 156, 128, 129, 132, 75, 145, 178, 206, 239, 254, 254],
    [164, 128, 204, 170, 119, 235, 140, 230, 228, 128, 130, 130, 74, 148, 180, 203, 236, 254, 254],
];

#[derive(Clone, Debug)]
pub(super) struct Probabilities {
    pub tokens: TokenProbabilities,
    /// Intra modes of luma and chroma in frames that are no keyframes (16.1).
    pub luma_modes: [u8; 4],
    pub chroma_modes: [u8; 3],
    /// Vertical, then horizontal.
    pub vectors: [VectorProbabilities; 2],
}

impl Default for Probabilities {
    /// Those at the start of a keyframe.
    fn default() -> Self {
        Self {
            tokens: DEFAULTS,
            luma_modes: [112, 86, 140, 37],
            chroma_modes: [162, 101, 204],
            vectors: VECTOR_DEFAULTS,
        }
    }
}

impl Probabilities {
    /// 13.4.
    pub fn update_tokens(&mut self, bits: &mut BoolDecoder<'_>) {
        let updates = UPDATES.as_flattened().as_flattened().as_flattened();
        let tokens = self.tokens.as_flattened_mut().as_flattened_mut().as_flattened_mut();
        for (probability, &update) in tokens.iter_mut().zip(updates) {
            if bits.bool(update) {
                *probability = bits.number(8);
            }
        }
    }

    /// 9.10.
    pub fn update_modes(&mut self, bits: &mut BoolDecoder<'_>) {
        if bits.flag() {
            self.luma_modes.fill_with(|| bits.number(8));
        }
        if bits.flag() {
            self.chroma_modes.fill_with(|| bits.number(8));
        }
    }

    /// 17.2.
    pub fn update_vectors(&mut self, bits: &mut BoolDecoder<'_>) {
        let vectors = self.vectors.as_flattened_mut().iter_mut();
        for (probability, &update) in vectors.zip(VECTOR_UPDATES.as_flattened()) {
            if bits.bool(update) {
                *probability = (bits.number(7) << 1).max(1);
            }
        }
    }
}
