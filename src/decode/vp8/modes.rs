//! How each macroblock is predicted (RFC 6386, sections 11 and 16).

use super::bits::BoolDecoder;
use super::macroblock::{Prediction, Submode, WholeMode};
use super::submode_contexts::BY_NEIGHBOURS;

/// The submodes of the blocks above a macroblock and to the left of it, in keyframes.
#[derive(Clone, Debug)]
pub(super) struct SubmodeContexts {
    above: Vec<[Submode; 4]>,
    left: [Submode; 4],
}

impl SubmodeContexts {
    pub fn new(across: usize) -> Self {
        Self { above: vec![[Submode::Dc; 4]; across], left: [Submode::Dc; 4] }
    }

    pub fn start_row(&mut self) {
        self.left = [Submode::Dc; 4];
    }

    /// Reads the modes of a macroblock of a keyframe.
    #[inline(always)]
    pub fn read(&mut self, bits: &mut BoolDecoder<'_>, column: usize) -> Prediction {
        // A copy stays in registers.
        let own = &mut bits.clone();
        let above = &mut self.above[column];
        let left = &mut self.left;
        let prediction = if own.bool(145) {
            let mode = match own.bool(156) {
                false if own.bool(163) => WholeMode::Vertical,
                false => WholeMode::Dc,
                true if own.flag() => WholeMode::TrueMotion,
                true => WholeMode::Horizontal,
            };
            let like = match mode {
                WholeMode::Dc => Submode::Dc,
                WholeMode::Vertical => Submode::Vertical,
                WholeMode::Horizontal => Submode::Horizontal,
                WholeMode::TrueMotion => Submode::TrueMotion,
            };
            (*above, *left) = ([like; 4], [like; 4]);
            Prediction::Whole(mode)
        } else {
            let mut modes = [Submode::Dc; 16];
            for (index, mode) in modes.iter_mut().enumerate() {
                let (above, left) = (&mut above[index % 4], &mut left[index / 4]);
                *mode = submode(own, &BY_NEIGHBOURS[*above as usize][*left as usize]);
                (*above, *left) = (*mode, *mode);
            }
            Prediction::Subblocks(modes)
        };
        skip_chroma(own, [142, 114, 183]);
        *bits = own.clone();
        prediction
    }
}

/// Reads the modes of a macroblock that is predicted from this frame, though it is no keyframe.
pub(super) fn read_intra(bits: &mut BoolDecoder<'_>, luma: [u8; 4], chroma: [u8; 3]) -> Prediction {
    const SUBMODES: [u8; 9] = [120, 90, 79, 133, 87, 85, 80, 111, 151];
    let prediction = if !bits.bool(luma[0]) {
        Prediction::Whole(WholeMode::Dc)
    } else if !bits.bool(luma[1]) {
        let horizontal = bits.bool(luma[2]);
        Prediction::Whole(if horizontal { WholeMode::Horizontal } else { WholeMode::Vertical })
    } else if !bits.bool(luma[3]) {
        Prediction::Whole(WholeMode::TrueMotion)
    } else {
        Prediction::Subblocks(std::array::from_fn(|_| submode(bits, &SUBMODES)))
    };
    skip_chroma(bits, chroma);
    prediction
}

/// The tree of submodes (11.2).
#[inline(always)]
fn submode(bits: &mut BoolDecoder<'_>, branches: &[u8; 9]) -> Submode {
    if !bits.bool(branches[0]) {
        return Submode::Dc;
    }
    if !bits.bool(branches[1]) {
        return Submode::TrueMotion;
    }
    if !bits.bool(branches[2]) {
        return Submode::Vertical;
    }
    if !bits.bool(branches[3]) {
        if !bits.bool(branches[4]) {
            return Submode::Horizontal;
        }
        return if bits.bool(branches[5]) { Submode::VerticalRight } else { Submode::RightDown };
    }
    if !bits.bool(branches[6]) {
        return Submode::LeftDown;
    }
    if !bits.bool(branches[7]) {
        return Submode::VerticalLeft;
    }
    if bits.bool(branches[8]) { Submode::HorizontalUp } else { Submode::HorizontalDown }
}

/// Steps over the mode of chroma (11.4).
fn skip_chroma(bits: &mut BoolDecoder<'_>, branches: [u8; 3]) {
    for branch in branches {
        if !bits.bool(branch) {
            break;
        }
    }
}
