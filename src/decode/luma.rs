//! BT.601 full-range luma from 8-bit and 16-bit samples, on white where transparent. Integers
//! only.

use super::DecodeError;
use super::grid::GridSample;
use crate::model::media::Dimensions;
use crate::model::provenance::Provenance;
use crate::picture::simd::widest;
use crate::picture::tile::{AreaAverage, Tiles};

/// Luma of an RGB triple, in 16.16 fixed point: .299, .587, .114 rounded so that they add up to
/// 2¹⁶ (the same numbers as Pillow's `convert('L')`): 19595, 38470 and 7471.
#[inline(always)]
pub fn luma(r: u8, g: u8, b: u8) -> u8 {
    // The upper and the lower bytes of the factors by themselves fit into 16 bits, so that many
    // pixels fit into a register. None of the sums overflows: each kind adds up to at most 256.
    let [r, g, b] = [r, g, b].map(u16::from);
    let by = |factors: [u16; 3]| {
        let [r, g, b] =
            [r.wrapping_mul(factors[0]), g.wrapping_mul(factors[1]), b.wrapping_mul(factors[2])];
        r.wrapping_add(g).wrapping_add(b)
    };
    let (upper, lower) = (by([76, 150, 29]), by([139, 70, 47]));
    (upper.wrapping_add(lower >> 8).wrapping_add(0x80) >> 8) as u8
}

/// A 16-bit sample scaled to 8 bits, rounded: 65535 → 255.
pub fn narrow(sample: u16) -> u8 {
    ((u32::from(sample) * 255 + 32_767) / 65_535) as u8
}

/// A sample laid over white with coverage `alpha`, rounded.
pub fn on_white(sample: u8, alpha: u8) -> u8 {
    let (sample, alpha) = (u32::from(sample), u32::from(alpha));
    ((sample * alpha + 255 * (255 - alpha) + 127) / 255) as u8
}

/// Luma of an ink quadruple, 255 = full ink: each colour is what its own ink and the black one
/// let through (no profile is applied).
pub fn luma_of_inks([c, m, y, k]: [u8; 4]) -> u8 {
    let through = |ink: u8| ((255 - u32::from(ink)) * (255 - u32::from(k)) + 127) / 255;
    luma(through(c) as u8, through(m) as u8, through(y) as u8)
}

/// What the samples of a pixel stand for, in the order in which they are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    /// One grey sample.
    Grey,
    /// Grey, then coverage.
    GreyAlpha,
    /// Red, green, blue.
    Rgb,
    /// Red, green, blue, coverage (not multiplied into the colours).
    Rgba,
}

impl Channels {
    /// Samples per pixel.
    pub fn count(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::GreyAlpha => 2,
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }

    /// Replaces `out` by the luma of a row of samples of 8 bits, or of 16, the higher byte first.
    pub fn luma_of(self, wide: bool, samples: &[u8], out: &mut Vec<u8>) {
        if wide {
            let (samples, _) = samples.as_chunks::<2>();
            let narrowed: Vec<u8> =
                samples.iter().map(|&sample| narrow(u16::from_be_bytes(sample))).collect();
            self.luma_row(&narrowed, out);
        } else {
            self.luma_row(samples, out);
        }
    }

    /// Adds the colours of a row of 8-bit samples to `out`, on white: red, green, blue.
    pub fn rgb_row(self, samples: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Grey => out.extend(samples.iter().flat_map(|&grey| [grey; 3])),
            Self::GreyAlpha => {
                let (pixels, _) = samples.as_chunks::<2>();
                out.extend(pixels.iter().flat_map(|&[grey, alpha]| [on_white(grey, alpha); 3]));
            }
            Self::Rgb => out.extend_from_slice(samples),
            Self::Rgba => {
                let (pixels, _) = samples.as_chunks::<4>();
                out.extend(
                    pixels.iter().flat_map(|&[r, g, b, a]| [r, g, b].map(|c| on_white(c, a))),
                );
            }
        }
    }

    /// Replaces `out` by the luma of a row of 8-bit samples.
    fn luma_row(self, samples: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Grey => {
                out.clear();
                out.extend_from_slice(samples);
            }
            Self::GreyAlpha => each(samples, out, |[grey, alpha]| on_white(grey, alpha)),
            Self::Rgb => each(samples, out, |[r, g, b]| luma(r, g, b)),
            Self::Rgba => each(samples, out, |[r, g, b, a]| {
                luma(on_white(r, a), on_white(g, a), on_white(b, a))
            }),
        }
    }
}

/// Replaces `out` by the luma of pixels of `N` samples.
fn each<const N: usize>(samples: &[u8], out: &mut Vec<u8>, luma: impl Fn([u8; N]) -> u8) {
    let (pixels, _) = samples.as_chunks::<N>();
    // A slice of known length: a vector that grows is not filled by wide registers.
    out.resize(pixels.len(), 0);
    widest(|| out.iter_mut().zip(pixels).for_each(|(out, &pixel)| *out = luma(pixel)));
}

/// Takes the rows of a picture from the top, in whatever samples they are stored, to its tiles.
#[derive(Debug)]
pub struct LumaRows {
    average: AreaAverage,
    grid: GridSample,
    height: u64,
    narrowed: Vec<u8>,
    luma: Vec<u8>,
    /// Rows before the tail was filled, if it was.
    intact: Option<u64>,
}

impl LumaRows {
    /// For a picture of `dimensions`.
    ///
    /// # Errors
    /// [`DecodeError::Damaged`] when it has no pixels.
    pub fn new(dimensions: Dimensions) -> Result<Self, DecodeError> {
        let average = AreaAverage::new(dimensions.width, dimensions.height, 1)
            .ok_or_else(|| DecodeError::Damaged("the picture has no pixels".into()))?;
        Ok(Self {
            average,
            grid: GridSample::new(dimensions),
            height: u64::from(dimensions.height),
            narrowed: Vec::new(),
            luma: Vec::new(),
            intact: None,
        })
    }

    /// How many rows were pushed.
    pub fn rows_done(&self) -> u64 {
        self.height - self.average.rows_left()
    }

    /// Adds a row of 8-bit samples.
    ///
    /// # Errors
    /// [`DecodeError::Damaged`] when it is too short, or one too many.
    pub fn push(&mut self, channels: Channels, samples: &[u8]) -> Result<(), DecodeError> {
        channels.luma_row(samples, &mut self.luma);
        self.push_luma_kept()
    }

    /// Adds a row of 16-bit samples, each scaled to 8 bits first.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub fn push_wide(
        &mut self,
        channels: Channels,
        samples: impl Iterator<Item = u16>,
    ) -> Result<(), DecodeError> {
        self.narrowed.clear();
        self.narrowed.extend(samples.map(narrow));
        channels.luma_row(&self.narrowed, &mut self.luma);
        self.push_luma_kept()
    }

    fn push_luma_kept(&mut self) -> Result<(), DecodeError> {
        if self.average.push_row(&self.luma) {
            self.grid.push_row(&self.luma);
            Ok(())
        } else {
            Err(DecodeError::Damaged("the rows contradict the header".into()))
        }
    }

    /// Fills the rows that a damaged or cut-off file lacks with the last one that it has, so that
    /// no edge arises where none was, provided that at least half of the rows are there. Gives
    /// whether that could be done.
    pub fn fill_tail(&mut self) -> bool {
        if self.rows_done() * 2 < self.height || self.rows_done() == 0 {
            return false;
        }
        self.intact = Some(self.rows_done());
        while self.average.rows_left() > 0 {
            if !self.average.push_row(&self.luma) {
                return false;
            }
        }
        true
    }

    /// Passes over damage behind at least half of the rows, filling up what is missing; gives whether
    /// there was any.
    ///
    /// # Errors
    /// The damage itself, when there are less rows, or when the file could not be read: that may
    /// pass.
    pub fn mend(&mut self, outcome: Result<(), DecodeError>) -> Result<bool, DecodeError> {
        match outcome {
            Ok(()) => Ok(false),
            Err(DecodeError::Io(error)) => Err(DecodeError::Io(error)),
            Err(_) if self.fill_tail() => Ok(true),
            Err(damage) => Err(damage),
        }
    }

    /// What the rows tell of where the picture comes from.
    pub fn provenance(&self) -> Provenance {
        Provenance { earlier_dc_step: self.grid.earlier_dc_step(), ..Provenance::default() }
    }

    /// The tiles, once all rows are there.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] before.
    pub fn finish(&self) -> Result<Tiles, DecodeError> {
        let tiles = self.average.finish().ok_or_else(|| {
            DecodeError::Truncated(format!("{} of {} rows", self.rows_done(), self.height))
        })?;
        Ok(match self.intact {
            Some(rows) => tiles.cut_after(rows, self.height),
            None => tiles,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn luma_in_bytes_is_luma_in_words() {
        for [r, g, b] in (0..1 << 24).map(|rgb: u32| [rgb >> 16, rgb >> 8 & 255, rgb & 255]) {
            let words = (19_595 * r + 38_470 * g + 7_471 * b + 0x8000) >> 16;
            assert_eq!(u32::from(luma(r as u8, g as u8, b as u8)), words, "{r} {g} {b}");
        }
    }

    #[test]
    fn rows_are_as_their_pixels() {
        let samples: Vec<u8> = (0..u32::from(u16::MAX)).map(|n| ((n * n) >> 5) as u8).collect();
        for length in [0, 2, 3, 4, 97, 1000, 65_535] {
            let samples = &samples[..length];
            for channels in [Channels::Grey, Channels::GreyAlpha, Channels::Rgb, Channels::Rgba] {
                let mut row = vec![1; 7];
                channels.luma_of(false, samples, &mut row);
                let pixels = samples.chunks_exact(channels.count());
                let expected: Vec<u8> = pixels
                    .map(|pixel| {
                        let mut rgb = Vec::new();
                        channels.rgb_row(pixel, &mut rgb);
                        luma(rgb[0], rgb[1], rgb[2])
                    })
                    .collect();
                assert_eq!(row, expected, "{channels:?} {length}");
            }
        }
    }

    #[test]
    fn ends_of_the_scale() {
        assert_eq!((luma(0, 0, 0), luma(255, 255, 255)), (0, 255));
        assert_eq!((luma(255, 0, 0), luma(0, 255, 0), luma(0, 0, 255)), (76, 150, 29));
        assert!((0..=255).all(|v: u16| u16::from(narrow(v * 257)) == v));
        assert_eq!((on_white(0, 0), on_white(7, 255), on_white(0, 128)), (255, 7, 127));
        assert_eq!(luma_of_inks([0, 0, 0, 0]), 255);
        assert_eq!(luma_of_inks([0, 0, 0, 255]), 0);
        assert_eq!(luma_of_inks([0, 255, 255, 0]), luma(255, 0, 0));
    }

    #[test]
    fn a_tail_is_filled_from_half_on() {
        let mut rows = LumaRows::new(Dimensions { width: 1, height: 64 }).unwrap();
        for _ in 0..31 {
            rows.push(Channels::Grey, &[9]).unwrap();
        }
        assert!(!rows.fill_tail());
        assert!(rows.finish().is_err());
        rows.push_wide(Channels::Grey, [77 * 257].into_iter()).unwrap();
        assert!(rows.fill_tail());
        let tile = rows.finish().unwrap().coarse;
        assert_eq!((tile.0[0], tile.0[15 * 32], tile.0[16 * 32], tile.0[1023]), (9, 43, 77, 77));
        assert!(rows.push(Channels::Grey, &[9]).is_err());
    }
}
