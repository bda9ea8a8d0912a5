//! Slice segments: their coding tree blocks one after the other (ITU-T H.265, 7.3.8.1 to 7.3.8.3
//! and 9.3.1).

use super::HevcRefusal;
use super::cabac::Cabac;
use super::contexts::{Contexts, SAO_MERGE, SAO_TYPE, initial};
use super::intra::Predicted;
use super::picture::{Picture, Territory};
use super::pps::Pps;
use super::quantiser::Quantiser;
use super::slice::SliceHeader;
use super::sps::Sps;
use super::tiles::Step;
use super::transform::Block;

/// What is adapted while decoding: contexts, and what Golomb-Rice codes were like.
#[derive(Clone, Copy)]
struct Adapted(Contexts, [u8; 4]);

/// What goes on from one segment to the next.
pub(super) struct Course {
    /// All coding tree blocks, in the order of coding.
    steps: Vec<Step>,
    /// By address, what the block is part of.
    territories: Vec<Territory>,
    territory: Territory,
    /// How many blocks are decoded.
    next: usize,
    /// The state at the end of the segment before.
    ended: Option<Adapted>,
    /// The state after the second block of the row above.
    above: Option<Adapted>,
    quantiser: Quantiser,
}

impl Course {
    pub(super) fn new(steps: Vec<Step>) -> Self {
        Self {
            territories: vec![0; steps.len()],
            steps,
            territory: 0,
            next: 0,
            ended: None,
            above: None,
            quantiser: Quantiser::default(),
        }
    }

    /// All blocks are decoded.
    pub(super) fn is_over(&self) -> bool {
        self.next >= self.steps.len()
    }

    fn enter_territory(&mut self) -> Result<(), HevcRefusal> {
        let next = self.territory.checked_add(1);
        self.territory = next.ok_or(HevcRefusal::Unsupported("so many slices"))?;
        Ok(())
    }

    /// Whether the block has the same slice and tile as the current one.
    fn is_beside(&self, address: Option<usize>) -> bool {
        let territory = address.and_then(|address| self.territories.get(address));
        territory == Some(&self.territory)
    }
}

/// The decoder inside of a segment.
pub(super) struct Segment<'a> {
    pub(super) sps: &'a Sps,
    pub(super) pps: &'a Pps,
    pub(super) header: SliceHeader,
    pub(super) picture: &'a mut Picture,
    pub(super) cabac: Cabac<'a>,
    pub(super) contexts: Contexts,
    pub(super) rice: [u8; 4],
    pub(super) territory: Territory,
    pub(super) quantiser: Quantiser,
    /// Coefficients, all 0 between blocks.
    pub(super) block: Box<Block>,
    pub(super) predicted: Box<Predicted>,
    /// A number was larger than any may be.
    pub(super) is_broken: bool,
}

/// Decodes a segment into the picture.
pub(super) fn decode(
    (sps, pps): (&Sps, &Pps),
    header: &SliceHeader,
    data: &[u8],
    course: &mut Course,
    picture: &mut Picture,
) -> Result<(), HevcRefusal> {
    if course.steps.get(course.next).is_none_or(|step| step.address != header.address) {
        return Err(HevcRefusal::Damaged("its slices are in disorder"));
    }
    if !header.is_dependent {
        course.ended = None;
        course.quantiser.begin(header.qp);
        course.enter_territory()?;
    }
    let Adapted(contexts, rice) = course.ended.take().unwrap_or(fresh(header));
    let mut segment = Segment {
        sps,
        pps,
        header: *header,
        picture,
        cabac: Cabac::new(data),
        contexts,
        rice,
        territory: course.territory,
        quantiser: course.quantiser.clone(),
        block: Box::new([0; 1024]),
        predicted: Box::new([0; 1024]),
        is_broken: false,
    };
    segment.run(course)?;
    course.quantiser = segment.quantiser;
    course.ended = Some(Adapted(segment.contexts, segment.rice));
    Ok(())
}

fn fresh(header: &SliceHeader) -> Adapted {
    Adapted(initial(header.qp), [0; 4])
}

impl Segment<'_> {
    fn run(&mut self, course: &mut Course) -> Result<(), HevcRefusal> {
        let columns = self.sps.columns();
        let mut is_begun = false;
        loop {
            let at = course.next;
            let step = course.steps.get(at).copied();
            let step = step.ok_or(HevcRefusal::Damaged("a slice does not end"))?;
            let before = at.checked_sub(1).and_then(|at| course.steps.get(at)).copied();
            let in_new_tile = before.is_none_or(|before| before.tile != step.tile);
            let in_new_row = self.pps.has_wavefronts && step.begins_row;
            if in_new_tile || in_new_row {
                if std::mem::replace(&mut is_begun, true) {
                    self.cabac.next_substream();
                }
                if in_new_tile && before.is_some() {
                    course.enter_territory()?;
                    self.territory = course.territory;
                }
                self.quantiser.restart();
                // The block above and to the right must be of the same slice and tile.
                let right = (step.address % columns + 1 < columns).then_some(step.address + 1);
                let right = right.and_then(|right| right.checked_sub(columns));
                let known = course.above.filter(|_| !in_new_tile && course.is_beside(right));
                self.adapt(known.unwrap_or(fresh(&self.header)));
            }
            is_begun = true;
            if let Some(entry) = course.territories.get_mut(step.address) {
                *entry = course.territory;
            }
            self.sao(step.address, course);
            let log2 = self.sps.log2_ctb;
            let place = ((step.address % columns) << log2, (step.address / columns) << log2);
            self.coding_quadtree(place, log2, 0)?;
            if self.cabac.is_exhausted() {
                return Err(HevcRefusal::Damaged("a slice ends early"));
            }
            course.next = at + 1;
            let is_second = before.is_some_and(|before| before.begins_row) && !step.begins_row;
            if self.pps.has_wavefronts && is_second {
                course.above = Some(Adapted(self.contexts, self.rice));
            }
            if self.cabac.ends() {
                return Ok(());
            }
            let next = course.steps.get(at + 1);
            let next = next.ok_or(HevcRefusal::Damaged("a slice does not end"))?;
            let ends_row = self.pps.has_wavefronts && next.begins_row;
            if (next.tile != step.tile || ends_row) && !self.cabac.ends() {
                return Err(HevcRefusal::Damaged("a part of a slice does not end"));
            }
        }
    }

    fn adapt(&mut self, to: Adapted) {
        Adapted(self.contexts, self.rice) = to;
    }

    /// The parameters of a filter that is left out (7.3.8.3).
    fn sao(&mut self, address: usize, course: &Course) {
        let parts = [(self.header.sao_luma, 1), (self.header.sao_chroma, 2)];
        if !parts.iter().any(|&(is_on, _)| is_on) {
            return;
        }
        let columns = self.sps.columns();
        let left = address.checked_sub(1).filter(|_| !address.is_multiple_of(columns));
        for neighbour in [left, address.checked_sub(columns)] {
            if course.is_beside(neighbour) && self.cabac.bin(&mut self.contexts[SAO_MERGE]) == 1 {
                return;
            }
        }
        let depths = [self.sps.depth, self.sps.chroma_depth];
        for ((is_on, planes), depth) in parts.into_iter().zip(depths) {
            if !is_on || self.cabac.bin(&mut self.contexts[SAO_TYPE]) == 0 {
                continue;
            }
            let is_edge = self.cabac.bypass() == 1;
            for plane in 0..planes {
                self.sao_offsets(is_edge, plane == 0, depth);
            }
        }
    }

    fn sao_offsets(&mut self, is_edge: bool, is_first: bool, depth: u32) {
        let most = (1 << (depth.min(10) - 5)) - 1;
        let mut signed = 0;
        for _ in 0..4 {
            let mut offset = 0;
            while offset < most && self.cabac.bypass() == 1 {
                offset += 1;
            }
            signed += u32::from(offset > 0);
        }
        match is_edge {
            true if is_first => self.cabac.bypass_bits(2),
            true => 0,
            false => self.cabac.bypass_bits(signed + 5),
        };
    }
}
