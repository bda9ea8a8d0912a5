//! The quadtree of transform blocks (ITU-T H.265, 7.3.8.8 to 7.3.8.14).

use super::HevcRefusal;
use super::blocks::{ChromaBlocks, ChromaWork, LumaBlock};
use super::contexts::{
    CBF_CHROMA, CBF_LUMA, QP_DELTA, RESIDUAL_SCALE, RESIDUAL_SIGN, SPLIT_TRANSFORM, TRANSFORM_SKIP,
};
use super::residual::{LevelForm, LevelReader};
use super::scan::Scan;
use super::segment::Segment;
use crate::picture::simd::widest_work;

/// What holds for a coding block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Coding {
    pub(super) is_lossless: bool,
    /// Its four quarters are predicted by themselves.
    pub(super) in_parts: bool,
    pub(super) modes: [u8; 4],
    /// By quarter, and whether it was said to be that of luma.
    pub(super) chroma_modes: [(u8, bool); 4],
    /// How often transform blocks may be split.
    pub(super) max_depth: u32,
}

/// Which chroma blocks have coefficients: of blue and red, the upper one and, at 4:2:2, the lower.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChromaFlags([[bool; 2]; 2]);

impl ChromaFlags {
    pub(super) fn root() -> Self {
        Self([[true; 2]; 2])
    }

    fn any(self) -> bool {
        self.0.as_flattened().contains(&true)
    }
}

/// A block of the tree.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    place: (usize, usize),
    log2: u32,
    depth: u32,
    /// Its number in its parent.
    number: usize,
    /// The quarter of the coding block that it is in.
    quarter: usize,
}

impl Node {
    pub(super) fn root(place: (usize, usize), log2: u32) -> Self {
        Self { place, log2, depth: 0, number: 0, quarter: 0 }
    }

    fn child(self, number: usize) -> Self {
        let half = 1 << (self.log2 - 1);
        Self {
            place: (self.place.0 + number % 2 * half, self.place.1 + number / 2 * half),
            log2: self.log2 - 1,
            depth: self.depth + 1,
            number,
            quarter: if self.depth == 0 { number } else { self.quarter },
        }
    }
}

impl Segment<'_> {
    /// `transform_tree()`.
    pub(super) fn transform_tree(
        &mut self,
        coding: &Coding,
        node: Node,
        parent: ChromaFlags,
    ) -> Result<(), HevcRefusal> {
        let Node { log2, depth, .. } = node;
        let sps = self.sps;
        let is_whole = coding.in_parts && depth == 0;
        let has_choice = (sps.log2_min_tb + 1..=sps.log2_max_tb).contains(&log2);
        let is_split = match has_choice && depth < coding.max_depth && !is_whole {
            true => self.bin(SPLIT_TRANSFORM + (5 - log2 as usize)),
            false => log2 > sps.log2_max_tb || is_whole,
        };
        let chroma = self.chroma_flags(node, is_split, parent);
        if !is_split {
            let has_luma = self.bin(CBF_LUMA + usize::from(depth == 0));
            return self.transform_unit(coding, node, has_luma, chroma);
        }
        if log2 <= sps.log2_min_tb {
            return Err(HevcRefusal::Damaged("a block is split too often"));
        }
        for number in 0..4 {
            self.transform_tree(coding, node.child(number), chroma)?;
        }
        Ok(())
    }

    fn chroma_flags(&mut self, node: Node, is_split: bool, parent: ChromaFlags) -> ChromaFlags {
        let format = self.sps.chroma;
        let mut chroma = ChromaFlags([[false; 2]; 2]);
        if format == 0 {
            return chroma;
        }
        if format != 3 && node.log2 == 2 {
            return parent;
        }
        for (flags, parent) in chroma.0.iter_mut().zip(parent.0) {
            if parent.contains(&true) {
                let context = CBF_CHROMA + node.depth as usize;
                flags[0] = self.bin(context);
                if format == 2 && (!is_split || node.log2 == 3) {
                    flags[1] = self.bin(context);
                }
            }
        }
        chroma
    }

    /// `transform_unit()`.
    fn transform_unit(
        &mut self,
        coding: &Coding,
        node: Node,
        has_luma: bool,
        chroma: ChromaFlags,
    ) -> Result<(), HevcRefusal> {
        if has_luma || chroma.any() {
            self.qp_delta();
        }
        let is_lossless = coding.is_lossless;
        self.luma_block(LumaBlock {
            place: node.place,
            log2: node.log2,
            is_lossless,
            mode: coding.modes[node.quarter & 3],
            is_coded: has_luma,
        });
        let format = self.sps.chroma;
        if format == 3 || node.log2 > 2 {
            let log2 = node.log2 - u32::from(format != 3);
            let (mode, is_of_luma) = coding.chroma_modes[node.quarter & 3];
            let scales = self.pps.cross_component && has_luma && is_of_luma && format == 3;
            for (plane, &flags) in chroma.0.iter().enumerate() {
                if scales {
                    self.cross_component(plane);
                }
                self.chroma_blocks(ChromaBlocks { is_lossless, log2, mode, flags });
            }
        } else if node.number == 3 {
            let (mode, _) = coding.chroma_modes[0];
            for flags in chroma.0 {
                self.chroma_blocks(ChromaBlocks { is_lossless, log2: 2, mode, flags });
            }
        }
        if self.is_broken { Err(HevcRefusal::Damaged("a number is too large")) } else { Ok(()) }
    }

    /// `delta_qp()`.
    fn qp_delta(&mut self) {
        if self.pps.qp_delta_depth.is_none() || self.quantiser.is_coded {
            return;
        }
        let mut size = 0;
        while size < 5 && self.bin(QP_DELTA + usize::from(size > 0)) {
            size += 1;
        }
        if size == 5 {
            let mut bits = 0;
            while bits < 16 && self.cabac.bypass() == 1 {
                size += 1 << bits;
                bits += 1;
            }
            size += self.cabac.bypass_bits(bits) as i32;
        }
        let offset = 3 * (self.sps.depth as i32 - 8);
        let is_less = size > 0 && self.cabac.bypass() == 1;
        let difference = if is_less { -size } else { size };
        self.is_broken |= !(-26 - offset..=25 + offset).contains(&difference);
        self.quantiser.change(difference, self.sps.depth);
    }

    /// `cross_comp_pred()`.
    fn cross_component(&mut self, plane: usize) {
        let mut size = 0;
        while size < 4 && self.bin(RESIDUAL_SCALE + 4 * plane + size) {
            size += 1;
        }
        if size > 0 {
            self.bin(RESIDUAL_SIGN + plane);
        }
    }

    fn chroma_blocks(&mut self, blocks: ChromaBlocks) {
        widest_work(ChromaWork(self, blocks));
    }

    #[inline(always)]
    pub(super) fn chroma_blocks_here(&mut self, blocks: ChromaBlocks) {
        let ChromaBlocks { is_lossless, log2, mode, flags } = blocks;
        let mode = match self.sps.chroma {
            2 => MODES_422[usize::from(mode.min(34))],
            _ => mode,
        };
        for _ in flags.iter().filter(|is_coded| **is_coded) {
            let is_skipped = self.is_transform_skipped(is_lossless, log2, false);
            let by_lines = log2 == 2 || log2 == 3 && self.sps.chroma == 3;
            let form = self.level_form(log2, mode, by_lines, (is_lossless, is_skipped));
            let rice = &mut self.rice[usize::from(is_lossless || is_skipped)];
            let reader = LevelReader {
                cabac: self.cabac.clone(),
                contexts: &mut self.contexts,
                rice: self.sps.range.adapts_rice.then_some(rice),
                is_broken: false,
            };
            let ended = reader.chroma(form);
            self.cabac = ended.cabac;
            self.is_broken |= ended.is_broken;
        }
    }

    /// `transform_skip_flag`.
    #[inline(always)]
    pub(super) fn is_transform_skipped(
        &mut self,
        is_lossless: bool,
        log2: u32,
        luma: bool,
    ) -> bool {
        let has_flag =
            self.pps.has_transform_skip && !is_lossless && log2 <= self.pps.log2_max_skip;
        has_flag && self.bin(TRANSFORM_SKIP + usize::from(!luma))
    }

    /// How the levels of a block are coded that is predicted by `mode`.
    #[inline(always)]
    pub(super) fn level_form(
        &self,
        log2: u32,
        mode: u8,
        by_lines: bool,
        (is_lossless, is_skipped): (bool, bool),
    ) -> LevelForm {
        let is_plain = is_lossless || is_skipped;
        let scan = match mode {
            6..=14 if by_lines => Scan::Vertical,
            22..=30 if by_lines => Scan::Horizontal,
            _ => Scan::Diagonal,
        };
        LevelForm {
            log2,
            scan,
            hides_signs: self.pps.hides_signs && !is_lossless,
            is_plain: self.sps.range.skip_has_context && is_plain,
        }
    }
}

/// The modes of chroma that is half as wide as high (table 8-3).
const MODES_422: [u8; 35] = [
    0, 1, 2, 2, 2, 2, 3, 5, 7, 8, 10, 11, 13, 15, 16, 18, 19, 20, 21, 22, 23, 23, 24, 24, 25, 25,
    26, 27, 27, 28, 28, 29, 29, 30, 31,
];
