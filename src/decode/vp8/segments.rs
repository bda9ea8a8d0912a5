//! Adjustments by segment, reference and mode (RFC 6386, 9.3, 9.4, section 10).

use super::bits::BoolDecoder;
use super::macroblock::{Macroblock, Prediction};

/// What the four segments of a frame change.
#[derive(Clone, Debug, Default)]
pub(super) struct Segmentation {
    enabled: bool,
    /// The probabilities of the tree of segments, where macroblocks say to which they belong.
    tree: Option<[u8; 3]>,
    /// The values stand for themselves, and are not added.
    absolute: bool,
    quantisers: [i8; 4],
    levels: [i8; 4],
}

impl Segmentation {
    pub fn read(&mut self, bits: &mut BoolDecoder<'_>) {
        self.enabled = bits.flag();
        self.tree = None;
        if !self.enabled {
            return;
        }
        let (has_map, has_values) = (bits.flag(), bits.flag());
        if has_values {
            self.absolute = bits.flag();
            self.quantisers.fill_with(|| bits.optional(7).unwrap_or(0));
            self.levels.fill_with(|| bits.optional(6).unwrap_or(0));
        }
        if has_map {
            let probability = |_| if bits.flag() { bits.number(8) } else { 255 };
            self.tree = Some(std::array::from_fn(probability));
        }
    }

    /// Reads to which segment a macroblock belongs, where that is said; else it stays as it was.
    #[inline(always)]
    pub fn read_segment(&self, bits: &mut BoolDecoder<'_>, segment: &mut u8) {
        if let Some([root, low, high]) = self.tree {
            *segment = if bits.bool(root) {
                2 + u8::from(bits.bool(high))
            } else {
                u8::from(bits.bool(low))
            };
        }
    }

    /// The segment that counts.
    pub fn effective(&self, segment: u8) -> usize {
        if self.enabled { usize::from(segment & 3) } else { 0 }
    }

    pub fn quantiser_indices(&self, base: i32) -> [i32; 4] {
        self.adjusted(base, self.quantisers, 127)
    }

    fn adjusted(&self, base: i32, values: [i8; 4], most: i32) -> [i32; 4] {
        values.map(|value| match (self.enabled, self.absolute) {
            (false, _) => base,
            (true, true) => i32::from(value).clamp(0, most),
            (true, false) => (base + i32::from(value)).clamp(0, most),
        })
    }
}

/// What is added to the level of the loop filter by reference and mode.
#[derive(Clone, Debug, Default)]
pub(super) struct FilterDeltas {
    enabled: bool,
    references: [i8; 4],
    modes: [i8; 4],
}

impl FilterDeltas {
    pub fn read(&mut self, bits: &mut BoolDecoder<'_>) {
        self.enabled = bits.flag();
        if self.enabled && bits.flag() {
            for value in self.references.iter_mut().chain(&mut self.modes) {
                if let Some(changed) = bits.optional(6) {
                    *value = changed;
                }
            }
        }
    }

    /// The level of a macroblock, 0 to 63; 0 is no filter.
    pub fn level(&self, base: u8, segments: &Segmentation, macroblock: &Macroblock) -> u8 {
        let segment = segments.effective(macroblock.segment);
        let mut level = segments.adjusted(base.into(), segments.levels, 63)[segment];
        if self.enabled {
            let (reference, mode) = match macroblock.prediction {
                Prediction::Whole(_) => (0, None),
                Prediction::Subblocks(_) => (0, Some(0)),
                Prediction::Zero(reference) => (reference.index(), Some(1)),
                Prediction::Moved(reference, _) => (reference.index(), Some(2)),
                Prediction::Split(reference, _) => (reference.index(), Some(3)),
            };
            level += i32::from(self.references[reference]);
            level += mode.map_or(0, |mode: usize| i32::from(self.modes[mode]));
        }
        level.clamp(0, 63) as u8
    }
}
