//! YCbCr in units with subsampled chroma, shown to the `tiff` crate as plain grey.

use super::{YCBCR, damaged};
use crate::decode::DecodeError;
use crate::decode::ifd0::{self, Ifd0};
use crate::decode::luma::{Channels, LumaRows};
use crate::model::media::Dimensions;

/// YCbCr with subsampled chroma (section 21): units of some luma samples, in rows, with one sample
/// of each chroma after them.
pub(super) struct Units {
    /// Luma samples of a unit.
    across: u32,
    down: u32,
    /// In pixels.
    pub picture: Dimensions,
    rows_per_strip: Option<u32>,
}

impl Units {
    /// Of a directory that says so; `None` where every pixel has its own chroma, or where the
    /// decoder may read it in another way.
    pub fn read(ifd: &Ifd0<'_>) -> Result<Option<Self>, DecodeError> {
        let [across, down] = ifd.shorts(ifd0::tag::YCBCR_SUBSAMPLING)[..] else { return Ok(None) };
        if ifd.value(ifd0::tag::PHOTOMETRIC) != Some(YCBCR) || (across, down) == (1, 1) {
            return Ok(None);
        }
        let side = |tag| ifd.value(tag).unwrap_or(0);
        let picture = Dimensions {
            width: side(ifd0::tag::IMAGE_WIDTH),
            height: side(ifd0::tag::IMAGE_LENGTH),
        };
        let rows_per_strip = ifd.value(ifd0::tag::ROWS_PER_STRIP);
        let known = |count: u16| matches!(count, 1 | 2 | 4);
        let plain = known(across)
            && known(down)
            && ifd.shorts(ifd0::tag::BITS_PER_SAMPLE) == [8; 3]
            && ifd.value(ifd0::tag::PREDICTOR).unwrap_or(1) == 1
            && ifd.value(ifd0::tag::PLANAR_CONFIGURATION).unwrap_or(1) == 1
            && !ifd.has(ifd0::tag::TILE_WIDTH)
            && rows_per_strip
                .is_none_or(|rows| rows >= picture.height || rows % u32::from(down) == 0)
            // Whatever is wider is over the limits anyway.
            && picture.width <= 1 << 26;
        if !plain {
            let what = format!("TIFF in YCbCr with {across} × {down} subsampling in this form");
            return Err(DecodeError::Unsupported(what));
        }
        Ok(Some(Self { across: across.into(), down: down.into(), picture, rows_per_strip }))
    }

    /// Bytes of a unit.
    fn bytes(&self) -> u32 {
        self.across * self.down + 2
    }

    /// What makes the decoder see rows of units as rows of grey samples.
    pub fn as_grey(&self, ifd: &Ifd0<'_>) -> Vec<(u64, Vec<u8>)> {
        let Dimensions { width, height } = self.picture;
        let strip = self.rows_per_strip.map(|rows| rows.min(height.max(1)).div_ceil(self.down));
        let shown = [
            (ifd0::tag::IMAGE_WIDTH, Some(width.div_ceil(self.across) * self.bytes())),
            (ifd0::tag::IMAGE_LENGTH, Some(height.div_ceil(self.down))),
            (ifd0::tag::BITS_PER_SAMPLE, Some(8)),
            (ifd0::tag::SAMPLES_PER_PIXEL, Some(1)),
            (ifd0::tag::ROWS_PER_STRIP, strip),
        ];
        shown.into_iter().filter_map(|(tag, value)| ifd.rewritten(tag, value?)).collect()
    }

    /// Adds the luma rows of a row of units.
    pub fn push(&self, row: &[u8], rows: &mut LumaRows) -> Result<(), DecodeError> {
        let (across, down) = (self.across as usize, self.down as usize);
        let left = u64::from(self.picture.height) - rows.rows_done();
        for line in 0..left.min(u64::from(self.down)) as usize {
            let units = row.chunks_exact(across * down + 2);
            let luma: Vec<u8> =
                units.flat_map(|unit| &unit[line * across..][..across]).copied().collect();
            let luma = luma.get(..self.picture.width as usize);
            rows.push(Channels::Grey, luma.ok_or_else(|| damaged("a TIFF row is too short"))?)?;
        }
        Ok(())
    }
}
