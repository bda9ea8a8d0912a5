//! Pieces of a picture that are each a JPEG of its own, with tables that all of them share: the
//! strips and tiles of a TIFF.

use super::frame::{Colours, Component, Frame};
use super::luma_sample::LumaSample;
use super::planes;
use super::segments::JpegReader;
use super::{DecodeError, kept_of, quantiser, read_planes};
use crate::decode::luma::luma;
use crate::model::media::Dimensions;
use crate::model::provenance::{Provenance, Quantised};

/// What the samples of a pixel mean, as the container says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::decode) enum PieceColours {
    /// The first sample is the luma; there are so many.
    Luma(usize),
    Rgb,
}

impl PieceColours {
    fn components(self) -> usize {
        match self {
            Self::Luma(count) => count,
            Self::Rgb => 3,
        }
    }
}

/// Reads the pieces of one picture.
pub(in crate::decode) struct PieceReader<'a> {
    tables: JpegReader<'a>,
    colours: PieceColours,
    /// Samples that stand for a side of 8 pixels.
    kept: usize,
    /// Of the whole picture.
    blocks: u32,
    sample: Option<Box<LumaSample>>,
    quantised: Option<Quantised>,
}

/// The luma of a piece.
pub(in crate::decode) struct Piece {
    /// Row by row, whole blocks.
    pub luma: Vec<u8>,
    pub stride: usize,
    /// Rows of pixels from the top that were read whole.
    pub rows_read: u64,
    /// Something was missing or wrong.
    pub damaged: bool,
}

impl<'a> PieceReader<'a> {
    /// `tables` is a stream of tables alone, or empty. With `whole`, every pixel has a sample of its
    /// own.
    pub fn new(
        tables: &'a [u8],
        colours: PieceColours,
        picture: Dimensions,
        whole: bool,
    ) -> Result<Self, DecodeError> {
        let mut reader = JpegReader::new(tables);
        reader.read_tables()?;
        let blocks = u64::from(picture.width.div_ceil(8)) * u64::from(picture.height.div_ceil(8));
        Ok(Self {
            tables: reader,
            colours,
            kept: if whole { 8 } else { kept_of(picture) },
            blocks: u32::try_from(blocks).unwrap_or(u32::MAX),
            sample: None,
            quantised: None,
        })
    }

    /// Pixels that a sample stands for, along each side.
    pub fn scale(&self) -> u32 {
        8 / self.kept as u32
    }

    /// What reading a piece of this size takes at most.
    pub fn bytes(&self, piece: Dimensions) -> u64 {
        // An MCU is at most 32 pixels wide; samples, luma and the coefficients of several scans.
        let side = |side: u32| u64::from(side).saturating_add(32);
        let samples = side(piece.width).saturating_mul(side(piece.height));
        samples.saturating_mul(4 * self.colours.components() as u64 + 1)
    }

    /// Reads a piece that has `least` pixels at least and `most` at most. Where the pixels behind
    /// `least` would be mixed with the others, each block is decoded in full first.
    pub fn read(
        &mut self,
        bytes: &[u8],
        least: Dimensions,
        most: Dimensions,
    ) -> Result<Piece, DecodeError> {
        let mut picture = self.tables.with_tables_for(bytes);
        let colours = match self.colours {
            PieceColours::Luma(_) => Colours::Luma,
            PieceColours::Rgb => Colours::Rgb,
        };
        picture.told = Some(colours);
        let mut frame = picture.read_header()?;
        frame.blocks_of_whole = Some(self.blocks);
        self.check(&frame, least, most)?;
        let scale = self.scale();
        let is_mixed = |inside: u32, all: u32| all > inside && !inside.is_multiple_of(scale);
        let mixed = is_mixed(least.width, frame.width) || is_mixed(least.height, frame.height);
        let kept = if mixed { 8 } else { self.kept };
        picture.sample = self.sample.take();
        let read = read_planes(&mut picture, &frame, kept)?;
        self.quantised = self.quantised.or_else(|| quantiser::quantised(&picture, &frame));
        self.sample = read.sample.or(picture.sample);
        let mut planes = read.planes.into_iter().flatten();
        let (luma, stride) = match (colours, planes.next(), planes.next(), planes.next()) {
            (Colours::Rgb, Some(r), Some(g), Some(b)) => {
                let colours = r.samples.iter().zip(&g.samples).zip(&b.samples);
                (colours.map(|((&r, &g), &b)| luma(r, g, b)).collect(), r.stride)
            }
            (Colours::Luma, Some(light), ..) => (light.samples, light.stride),
            _ => return Err(DecodeError::Damaged("a component is missing".into())),
        };
        let mut piece = Piece { luma, stride, rows_read: read.rows_read, damaged: read.damaged };
        if mixed && scale > 1 {
            piece.reduce(least, scale as usize);
        }
        Ok(piece)
    }

    /// Refuses what is not of the size, the components or the sampling that is expected.
    fn check(&self, frame: &Frame, least: Dimensions, most: Dimensions) -> Result<(), DecodeError> {
        let is_fitting = (least.width..=most.width).contains(&frame.width)
            && (least.height..=most.height).contains(&frame.height)
            && frame.components.len() == self.colours.components();
        if !is_fitting {
            return Err(DecodeError::Damaged("a piece of another size than it should have".into()));
        }
        let wanted = if self.colours == PieceColours::Rgb { 3 } else { 1 };
        let is_whole =
            |c: &Component| (u32::from(c.h), u32::from(c.v)) == (frame.h_max, frame.v_max);
        if !frame.components.iter().take(wanted).all(is_whole) {
            return Err(DecodeError::Unsupported("a piece whose luma is subsampled".into()));
        }
        if planes::bytes(frame, 8) > self.bytes(most) {
            return Err(DecodeError::Damaged("a piece that takes too much memory".into()));
        }
        Ok(())
    }

    /// What the pieces tell of where the picture comes from.
    pub fn provenance(&self) -> Provenance {
        let known = Provenance { quantised: self.quantised, ..Provenance::default() };
        self.sample.as_ref().map_or(known, |sample| sample.tell(known))
    }
}

impl Piece {
    /// Makes a sample of every `scale` × `scale` pixels, of those inside of `picture`.
    fn reduce(&mut self, picture: Dimensions, scale: usize) {
        let (width, height) = (picture.width as usize, picture.height as usize);
        let mut reduced = Vec::new();
        for top in (0..height).step_by(scale) {
            for left in (0..width).step_by(scale) {
                let across = scale.min(width - left);
                let rows = self.luma.chunks_exact(self.stride).take(height).skip(top).take(scale);
                let (mut sum, mut count) = (0_u32, 0_u32);
                for row in rows {
                    let part = row.iter().skip(left).take(across);
                    sum += part.map(|&sample| u32::from(sample)).sum::<u32>();
                    count += across as u32;
                }
                reduced.push(((sum + count / 2) / count.max(1)) as u8);
            }
        }
        self.luma = reduced;
        self.stride = width.div_ceil(scale);
    }
}
