//! A frame, one row of macroblocks after the other.

use super::bits::BoolDecoder;
use super::error::Vp8Error;
use super::header::{self, FrameHeader, FrameTag, Lasting};
use super::inter::Motion;
use super::intra;
use super::loop_filter::EdgeFilter;
use super::macroblock::{Macroblock, Prediction, Reference};
use super::modes::{self, SubmodeContexts};
use super::motion::MotionReader;
use super::plane::LumaPlane;
use super::probabilities::Probabilities;
use super::segments::{FilterDeltas, Segmentation};
use super::tokens::{self, Edge, Residual, TokenTables};
use super::workspace::Workspace;
use crate::picture::simd::{Work, widest_work};

/// Decodes the luma of one frame.
pub(super) struct FrameReader<'a> {
    pub header: FrameHeader,
    bilinear: bool,
    probabilities: Probabilities,
    segmentation: Segmentation,
    deltas: FilterDeltas,
    tables: Box<TokenTables>,
    modes: BoolDecoder<'a>,
    tokens: Vec<BoolDecoder<'a>>,
    across: usize,
    submodes: SubmodeContexts,
    motion: MotionReader,
    above: Vec<Edge>,
    residual: Box<Residual>,
    work: Workspace,
    /// How the macroblocks of the last row are to be filtered.
    pub edges: Vec<EdgeFilter>,
}

/// The frames that others are predicted from: the last one, the golden one, the alternative one.
pub(super) type References<'a> = [&'a LumaPlane; 3];

/// A row of macroblocks to be decoded, as [`FrameReader::read_row`] is given it.
struct ReadRow<'a, 'f, 'd> {
    frame: &'a mut FrameReader<'f>,
    row: usize,
    segments: &'a mut [u8],
    references: Option<References<'d>>,
    to: (&'a mut LumaPlane, usize),
}

impl Work for ReadRow<'_, '_, '_> {
    type Output = Result<(), Vp8Error>;

    #[inline(always)]
    fn run(self) -> Self::Output {
        let Self { frame, row, segments, references, to: (plane, top) } = self;
        frame.submodes.start_row();
        frame.motion.start_row();
        frame.work.start_row(row);
        let mut left = [0; 9];
        for (column, segment) in segments.iter_mut().enumerate().take(frame.across) {
            let place = (column, row);
            let (macroblock, is_skipped) = frame.read_modes(segment, place);
            let any = frame.read_residual(&macroblock, is_skipped, place, &mut left);
            frame.work.enter(column);
            frame.predict(&macroblock, references, place)?;
            frame.work.leave(column);
            plane.put(column, top, frame.work.inside());
            if frame.header.filter_level > 0 {
                frame.edges[column] = frame.edge_filter(&macroblock, any);
            }
        }
        let tokens = &frame.tokens[row % frame.tokens.len()];
        if frame.modes.is_exhausted() || tokens.is_exhausted() {
            return Err(Vp8Error::Truncated);
        }
        Ok(())
    }
}

impl<'a> FrameReader<'a> {
    /// Reads the header of a frame of so many macroblocks, and carries over what it changes.
    pub fn new(
        tag: FrameTag,
        frame: &'a [u8],
        lasting: &mut Lasting,
        (across, down): (usize, usize),
    ) -> Result<Self, Vp8Error> {
        let parts = header::read(tag, frame, lasting)?;
        let probabilities = lasting.probabilities.clone();
        Ok(Self {
            tables: Box::new(TokenTables::new(&probabilities.tokens)),
            motion: MotionReader::new((across, down), lasting.sign_bias, probabilities.vectors),
            header: parts.header,
            bilinear: tag.bilinear,
            probabilities,
            segmentation: lasting.segmentation.clone(),
            deltas: lasting.deltas.clone(),
            modes: parts.modes,
            tokens: parts.tokens,
            across,
            submodes: SubmodeContexts::new(across),
            above: vec![[0; 9]; across],
            residual: Box::default(),
            work: Workspace::new(across),
            edges: vec![EdgeFilter::default(); across],
        })
    }

    /// Decodes a row of macroblocks to the rows of a plane from `top` on. `segments` are those that
    /// its macroblocks belonged to, and belong to now.
    ///
    /// # Errors
    /// [`Vp8Error::Truncated`] when the frame ends before the row does.
    pub fn read_row(
        &mut self,
        row: usize,
        segments: &mut [u8],
        references: Option<References<'_>>,
        to: (&mut LumaPlane, usize),
    ) -> Result<(), Vp8Error> {
        widest_work(ReadRow { frame: self, row, segments, references, to })
    }

    /// Reads how a macroblock is predicted, and whether it has no coefficients.
    #[inline(always)]
    fn read_modes(&mut self, segment: &mut u8, place: (usize, usize)) -> (Macroblock, bool) {
        let bits = &mut self.modes;
        self.segmentation.read_segment(bits, segment);
        let is_skipped = self.header.skip.is_some_and(|probability| bits.bool(probability));
        let prediction = match self.header.inter {
            None => self.submodes.read(bits, place.0),
            Some(inter) => {
                let prediction = if bits.bool(inter.intra) {
                    let reference = match bits.bool(inter.last) {
                        false => Reference::Last,
                        true if bits.bool(inter.golden) => Reference::Alternative,
                        true => Reference::Golden,
                    };
                    self.motion.read(bits, place, reference)
                } else {
                    let Probabilities { luma_modes, chroma_modes, .. } = self.probabilities;
                    modes::read_intra(bits, luma_modes, chroma_modes)
                };
                self.motion.put(place.0, &prediction);
                prediction
            }
        };
        (Macroblock { segment: *segment, prediction }, is_skipped)
    }

    /// Reads the coefficients of a macroblock; gives whether it has any.
    #[inline(always)]
    fn read_residual(
        &mut self,
        macroblock: &Macroblock,
        is_skipped: bool,
        (column, row): (usize, usize),
        left: &mut Edge,
    ) -> bool {
        let has_second_order = macroblock.has_second_order();
        let above = &mut self.above[column];
        if is_skipped {
            tokens::clear(above, has_second_order);
            tokens::clear(left, has_second_order);
            return false;
        }
        let count = self.tokens.len();
        let bits = &mut self.tokens[row % count];
        let factors = &self.header.factors[self.segmentation.effective(macroblock.segment)];
        self.residual.read(bits, &self.tables, (above, left), has_second_order, factors)
    }

    /// Predicts a macroblock and adds its coefficients.
    #[inline(always)]
    fn predict(
        &mut self,
        macroblock: &Macroblock,
        references: Option<References<'_>>,
        place: (usize, usize),
    ) -> Result<(), Vp8Error> {
        let (work, residual) = (&mut self.work, &mut self.residual);
        let motion = |reference: Reference| {
            let references = references.ok_or(Vp8Error::NeedsKeyframe)?;
            let (left, top) = (place.0 as i32 * 16, place.1 as i32 * 16);
            let reference = references[reference.index() - 1];
            Ok(Motion { reference, left, top, bilinear: self.bilinear })
        };
        match &macroblock.prediction {
            Prediction::Whole(mode) => intra::whole(work, *mode, place),
            Prediction::Subblocks(modes) => {
                for (index, &mode) in modes.iter().enumerate() {
                    intra::subblock(work, index, mode);
                    work.add(index, residual);
                }
                return Ok(());
            }
            Prediction::Zero(reference) => {
                motion(*reference)?.whole(work, Default::default());
            }
            Prediction::Moved(reference, vector) => motion(*reference)?.whole(work, *vector),
            Prediction::Split(reference, split) => motion(*reference)?.split(work, split),
        }
        work.add_all(residual);
        Ok(())
    }

    fn edge_filter(&self, macroblock: &Macroblock, any: bool) -> EdgeFilter {
        let header = &self.header;
        let level = self.deltas.level(header.filter_level, &self.segmentation, macroblock);
        let inside = any || !macroblock.has_second_order();
        EdgeFilter::new(
            level,
            header.sharpness,
            header.inter.is_none(),
            header.simple_filter,
            inside,
        )
    }
}
