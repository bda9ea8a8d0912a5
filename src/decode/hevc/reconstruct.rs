//! A luma block: predicted, and its differences added (ITU-T H.265, 8.4.4.1 and 8.6).

use super::blocks::{LumaBlock, LumaWork};
use super::border::{self, Manner};
use super::intra;
use super::residual::{LevelReader, Scaling};
use super::segment::Segment;
use super::transform;
use crate::picture::simd::widest_work;

/// `levelScale` (8.6.4.2).
const LEVEL_SCALE: [i64; 6] = [40, 45, 51, 57, 64, 72];

/// What is to be added to a predicted block.
enum Difference {
    None,
    /// The same everywhere.
    Flat(i32),
    /// What the block holds.
    Block,
}

impl Segment<'_> {
    pub(super) fn luma_block(&mut self, block: LumaBlock) {
        widest_work(LumaWork(self, block));
    }

    #[inline(always)]
    pub(super) fn luma_block_here(&mut self, block: LumaBlock) {
        let LumaBlock { place, log2, mode, .. } = block;
        let difference = match block.is_coded {
            true => self.difference(block.is_lossless, log2, mode),
            false => Difference::None,
        };
        match log2 {
            2 => self.reconstruct::<4>(place, mode, &difference),
            3 => self.reconstruct::<8>(place, mode, &difference),
            4 => self.reconstruct::<16>(place, mode, &difference),
            _ => self.reconstruct::<32>(place, mode, &difference),
        }
    }

    #[inline(always)]
    fn reconstruct<const SIDE: usize>(
        &mut self,
        place: (usize, usize),
        mode: u8,
        difference: &Difference,
    ) {
        let sps = self.sps;
        let manner = Manner {
            depth: sps.depth,
            strong_smoothing: sps.strong_smoothing,
            no_smoothing: sps.range.no_smoothing,
        };
        let border = border::border(self.picture, place, SIDE, self.territory, sps.depth);
        intra::predict::<SIDE>(&border, mode, manner, &mut self.predicted);
        let (predicted, _) = self.predicted.as_chunks::<SIDE>();
        let rows = self.picture.rows_mut(place, SIDE).zip(predicted);
        let most = (1 << sps.depth) - 1;
        match difference {
            Difference::None => rows.for_each(|(row, predicted)| row.copy_from_slice(predicted)),
            Difference::Flat(value) => {
                for (row, predicted) in rows {
                    for (out, &sample) in row.iter_mut().zip(predicted) {
                        *out = i32::from(sample).wrapping_add(*value).clamp(0, most) as u16;
                    }
                }
            }
            Difference::Block => {
                let (differences, _) = self.block.as_chunks_mut::<SIDE>();
                for ((row, predicted), differences) in rows.zip(differences) {
                    let values = predicted.iter().zip(differences.iter());
                    for (out, (&sample, &value)) in row.iter_mut().zip(values) {
                        *out = i32::from(sample).wrapping_add(value.into()).clamp(0, most) as u16;
                    }
                    differences.fill(0);
                }
            }
        }
        self.picture.claim(place, SIDE, self.territory);
    }

    /// Reads the coefficients of a block, and makes differences of them.
    #[inline(always)]
    fn difference(&mut self, is_lossless: bool, log2: u32, mode: u8) -> Difference {
        let is_skipped = self.is_transform_skipped(is_lossless, log2, true);
        let is_plain = is_lossless || is_skipped;
        let form = self.level_form(log2, mode, log2 <= 3, (is_lossless, is_skipped));
        let depth = self.sps.depth;
        let qp = (self.quantiser.current + 6 * (depth as i32 - 8)).clamp(0, 99) as usize;
        let lists = self.pps.scaling.as_ref().filter(|_| self.sps.scaling.is_some());
        let lists = lists.or(self.sps.scaling.as_ref()).filter(|_| !(is_skipped && log2 > 2));
        let scaling = match is_lossless {
            true => Scaling { factor: 1, shift: 4, weights: None },
            false => Scaling {
                factor: LEVEL_SCALE[qp % 6] << (qp / 6),
                shift: depth + log2 - 5,
                weights: lists.and_then(|lists| lists.0.get(log2 as usize - 2).map(Vec::as_slice)),
            },
        };
        let rice = &mut self.rice[2 + usize::from(is_plain)];
        let reader = LevelReader {
            cabac: self.cabac.clone(),
            contexts: &mut self.contexts,
            rice: self.sps.range.adapts_rice.then_some(rice),
            is_broken: false,
        };
        let (ended, last) = reader.luma(form, &scaling, &mut self.block);
        self.cabac = ended.cabac;
        self.is_broken |= ended.is_broken;
        let is_sine = log2 == 2;
        if is_skipped {
            self.scale_skipped(log2);
        } else if is_lossless {
            return Difference::Block;
        } else if last == (0, 0) && !is_sine {
            return Difference::Flat(transform::flat(
                std::mem::take(&mut self.block[0]).into(),
                depth,
            ));
        } else {
            transform::inverse(&mut self.block, log2, is_sine, last, depth);
        }
        Difference::Block
    }

    /// 8.6.4.2: blocks whose transform is skipped are scaled all the same.
    fn scale_skipped(&mut self, log2: u32) {
        let (up, down) = (5 + log2, 20 - self.sps.depth);
        for value in &mut self.block[..1 << (2 * log2)] {
            let moved = ((i32::from(*value) << up) + (1 << (down - 1))) >> down;
            *value = moved.clamp(-32768, 32767) as i16;
        }
    }
}
