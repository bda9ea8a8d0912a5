//! A sample of the luma blocks of a picture, for what they tell of how it came about.

use super::frame::{Colours, Frame};
use super::spectrum::Spectrum;
use crate::decode::earlier;
use crate::model::provenance::Provenance;

/// Blocks that are sampled of a large picture whose blocks are else stepped over, and the least
/// distance between two of them: reading a block whole takes twice the time.
const STEPPED_OVER: (u32, u32) = (4096, 8);
/// The same of a small picture, whose blocks are read anyway.
const READ_ANYWAY: (u32, u32) = (4096, 1);

/// Every n-th luma block.
pub(super) struct LumaSample {
    pub stride: u32,
    /// The quantisation table, in zigzag order.
    table: [u16; 64],
    /// DC terms in steps of the quantiser, but for those of flat blocks: 8 times a whole number of
    /// grey, they would pass for multiples of a step of 8.
    dc_terms: Vec<i16>,
    spectrum: Spectrum,
}

impl LumaSample {
    /// For a component of which `kept` samples a side are kept; `None` where nothing can be told:
    /// of chroma, and of more than 8 bits.
    pub fn new(
        frame: &Frame,
        component: usize,
        colours: Colours,
        kept: usize,
        table: &[u16; 64],
    ) -> Option<Box<Self>> {
        if component != 0 || colours != Colours::Luma || frame.precision != 8 {
            return None;
        }
        let (across, down) = frame.stored_blocks(component);
        let blocks = frame.blocks_of_whole.unwrap_or_else(|| across.saturating_mul(down));
        let (wanted, least) = if kept == 1 { STEPPED_OVER } else { READ_ANYWAY };
        // Odd, so that it is not always the same block of an MCU.
        let stride = (blocks / wanted).max(least) | 1;
        Some(Box::new(Self {
            stride,
            table: *table,
            dc_terms: Vec::new(),
            spectrum: Spectrum::default(),
        }))
    }

    /// Takes a block: the DC term in steps of the quantiser, and all terms, dequantised, row by row.
    pub fn take(&mut self, dc_term: i32, block: &[i32; 64]) {
        if block[1..].iter().any(|&term| term != 0) {
            self.take_dc(dc_term);
        }
        self.spectrum.take(block);
    }

    /// Takes a block of which no more is known, but that it is not flat.
    pub fn take_dc(&mut self, dc_term: i32) {
        self.dc_terms.push(dc_term.clamp(-1024, 1023) as i16);
    }

    /// What is known of the picture, with what the sample tells.
    pub fn tell(&self, known: Provenance) -> Provenance {
        let earlier_dc_step = earlier::dc_step(&self.dc_terms, self.table[0]);
        Provenance { earlier_dc_step, bandwidth: self.spectrum.bandwidth(&self.table), ..known }
    }
}

#[cfg(test)]
mod tests;
