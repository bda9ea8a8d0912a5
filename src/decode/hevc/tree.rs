//! The quadtree of coding blocks, and what they say of their prediction (ITU-T H.265, 7.3.8.4 to
//! 7.3.8.7).

use super::HevcRefusal;
use super::border::{DC, PLANAR, VERTICAL};
use super::contexts::{BYPASS, CHROMA_MODE, PART_MODE, PREVIOUS_MODE, SPLIT_CU};
use super::segment::Segment;
use super::transform_tree::{ChromaFlags, Coding, Node};

impl Segment<'_> {
    /// `coding_quadtree()` at a place in samples.
    pub(super) fn coding_quadtree(
        &mut self,
        (x, y): (usize, usize),
        log2: u32,
        depth: u8,
    ) -> Result<(), HevcRefusal> {
        let (side, sps) = (1 << log2, self.sps);
        let fits = x + side <= sps.width && y + side <= sps.height;
        let is_split = match log2 > sps.log2_min_cb {
            true if fits => self.split_flag(x, y, depth),
            can_split => can_split,
        };
        if self.pps.qp_delta_depth.is_some_and(|below| log2 + below >= sps.log2_ctb) {
            let (x, y) = self.within(x, y);
            self.quantiser.begin_group(x, y);
        }
        if !is_split {
            return self.coding_unit((x, y), log2, depth);
        }
        let half = side / 2;
        for (x, y) in [(x, y), (x + half, y), (x, y + half), (x + half, y + half)] {
            if x < sps.width && y < sps.height {
                self.coding_quadtree((x, y), log2 - 1, depth + 1)?;
            }
        }
        Ok(())
    }

    /// A place inside its coding tree block.
    fn within(&self, x: usize, y: usize) -> (usize, usize) {
        let mask = (1 << self.sps.log2_ctb) - 1;
        (x & mask, y & mask)
    }

    fn split_flag(&mut self, x: usize, y: usize, depth: u8) -> bool {
        let is_deeper = |x: usize, y: usize| {
            self.picture.territory(x, y) == self.territory && self.picture.depth(x, y) > depth
        };
        let left = x > 0 && is_deeper(x - 1, y);
        let above = y > 0 && is_deeper(x, y - 1);
        self.bin(SPLIT_CU + usize::from(left) + usize::from(above))
    }

    /// A bin with a context.
    #[inline]
    pub(super) fn bin(&mut self, context: usize) -> bool {
        self.cabac.bin(&mut self.contexts[context & 255]) == 1
    }

    fn coding_unit(
        &mut self,
        place: (usize, usize),
        log2: u32,
        depth: u8,
    ) -> Result<(), HevcRefusal> {
        let (x, y) = place;
        let side = 1 << log2;
        let is_lossless = self.pps.has_bypass && self.bin(BYPASS);
        self.picture.set_depth(place, side, depth);
        let is_smallest = log2 == self.sps.log2_min_cb;
        let in_parts = is_smallest && !self.bin(PART_MODE);
        if let Some(pcm) = self.sps.pcm
            && !in_parts
            && (pcm.log2_min..=pcm.log2_max).contains(&log2)
            && self.cabac.ends()
        {
            self.stored_block(place, log2)?;
        } else {
            let modes = self.luma_modes(place, side, in_parts);
            let mut chroma_modes = [(modes[0], true); 4];
            if self.sps.chroma != 0 {
                let count = if in_parts && self.sps.chroma == 3 { 4 } else { 1 };
                for part in 0..count {
                    chroma_modes[part] = self.chroma_mode(modes[part]);
                }
                if count == 1 {
                    chroma_modes = [chroma_modes[0]; 4];
                }
            }
            let coding = Coding {
                is_lossless,
                in_parts,
                modes,
                chroma_modes,
                max_depth: self.sps.max_transform_depth + u32::from(in_parts),
            };
            self.transform_tree(&coding, Node::root(place, log2), ChromaFlags::root())?;
        }
        let (x, y) = self.within(x, y);
        self.quantiser.end_block(x, y, side);
        Ok(())
    }

    /// The modes of the four quarters, or four times that of the whole (8.4.2).
    fn luma_modes(&mut self, (x, y): (usize, usize), side: usize, in_parts: bool) -> [u8; 4] {
        let (count, part) = if in_parts { (4, side / 2) } else { (1, side) };
        let mut is_likely = [false; 4];
        for flag in &mut is_likely[..count] {
            *flag = self.bin(PREVIOUS_MODE);
        }
        let mut modes = [DC; 4];
        for index in 0..count {
            let (x, y) = (x + index % 2 * part, y + index / 2 * part);
            // Quarters of the same block count as decoded.
            let is_left =
                index % 2 == 1 || x > 0 && self.picture.territory(x - 1, y) == self.territory;
            let left = if is_left { self.picture.mode(x - 1, y) } else { DC };
            // What is above the coding tree block does not count.
            let is_above = index / 2 == 1
                || self.within(x, y).1 > 0 && self.picture.territory(x, y - 1) == self.territory;
            let above = if is_above { self.picture.mode(x, y - 1) } else { DC };
            let mut candidates = candidates(left, above);
            let mode = if is_likely[index] {
                let first = self.cabac.bypass();
                candidates[(first + if first == 1 { self.cabac.bypass() } else { 0 }) as usize]
            } else {
                candidates.sort_unstable();
                let rest = self.cabac.bypass_bits(5) as u8;
                candidates.iter().fold(rest, |mode, &likely| mode + u8::from(mode >= likely))
            };
            self.picture.set_mode((x, y), part, mode);
            modes[index] = mode;
        }
        if in_parts { modes } else { [modes[0]; 4] }
    }

    /// The mode, and whether it was said to be that of luma (8.4.3).
    fn chroma_mode(&mut self, luma: u8) -> (u8, bool) {
        if !self.bin(CHROMA_MODE) {
            return (luma, true);
        }
        let mode = [PLANAR, VERTICAL, 10, DC][(self.cabac.bypass_bits(2) & 3) as usize];
        (if mode == luma { 34 } else { mode }, false)
    }

    /// Samples without any coding.
    fn stored_block(&mut self, place: (usize, usize), log2: u32) -> Result<(), HevcRefusal> {
        let Some(pcm) = self.sps.pcm else { return Ok(()) };
        let side = 1_usize << log2;
        let luma_bits = side * side * pcm.luma_bits as usize;
        let chroma = match self.sps.chroma {
            0 => 0,
            1 => side * side / 2,
            2 => side * side,
            _ => 2 * side * side,
        };
        let bits = luma_bits + chroma * pcm.chroma_bits as usize;
        let early = HevcRefusal::Damaged("a slice ends early");
        let bytes = self.cabac.raw(bits.div_ceil(8)).ok_or(early)?;
        let shift = self.sps.depth.checked_sub(pcm.luma_bits);
        let shift = shift.ok_or(HevcRefusal::Damaged("its samples are too deep"))?;
        let mut bits = super::bits::Bits::new(bytes);
        for row in self.picture.rows_mut(place, side) {
            for sample in row {
                *sample = (bits.take(pcm.luma_bits)? << shift) as u16;
            }
        }
        self.picture.set_mode(place, side, DC);
        self.picture.claim(place, side, self.territory);
        Ok(())
    }
}

/// The likely modes by those of the neighbours (8.4.2).
fn candidates(left: u8, above: u8) -> [u8; 3] {
    if left != above {
        let third = [PLANAR, DC, VERTICAL].into_iter().find(|mode| ![left, above].contains(mode));
        return [left, above, third.unwrap_or(VERTICAL)];
    }
    if left < 2 {
        return [PLANAR, DC, VERTICAL];
    }
    [left, 2 + (left + 29) % 32, 2 + (left - 2 + 1) % 32]
}
