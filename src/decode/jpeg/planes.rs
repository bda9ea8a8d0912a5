//! Planes of samples, and the luma tiles that they make.

use super::frame::{Colours, Frame};
use super::idct;
use crate::decode::luma::luma;
use crate::picture::tile::{AreaAverage, Tiles};

/// The kept samples of one component, whole blocks.
pub(super) struct SamplePlane {
    pub samples: Vec<u8>,
    /// Samples per row.
    pub stride: usize,
    kept: usize,
}

/// What all planes (and, of a progressive picture, all coefficients) take at most.
pub(super) fn bytes(frame: &Frame, kept: usize) -> u64 {
    let per_block = match (frame.progressive || frame.arithmetic, kept) {
        (false, _) => kept * kept,
        (true, 1) => 1 + 2,
        (true, _) => kept * kept + 128,
    };
    let blocks = (0..frame.components.len()).map(|component| {
        let (across, down) = frame.stored_blocks(component);
        u64::from(across) * u64::from(down)
    });
    blocks.sum::<u64>() * per_block as u64
}

impl SamplePlane {
    /// Mid-grey all over.
    pub fn new(blocks: (u32, u32), kept: usize) -> Self {
        let stride = blocks.0 as usize * kept;
        Self { samples: vec![128; stride * blocks.1 as usize * kept], stride, kept }
    }

    /// Puts the samples of a block in their place; blocks outside are dropped.
    #[inline(always)]
    pub fn put(&mut self, (across, down): (usize, usize), block: &[i32; 64]) {
        let at = down * self.kept * self.stride + across * self.kept;
        if let Some(out) = self.samples.get_mut(at..) {
            idct::inverse(block, self.kept, out, self.stride);
        }
    }

    /// [`Self::put`] for one sample per block.
    #[inline(always)]
    pub fn put_dc(&mut self, (across, down): (usize, usize), dc: i32) {
        if let Some(sample) = self.samples.get_mut(down * self.stride + across) {
            *sample = idct::dc_sample(dc);
        }
    }
}

/// Light that what is left of the paper lets through: 255 is no ink, as Adobe stores it.
pub(super) fn under(light: u8, black: u8) -> u8 {
    ((u32::from(light) * u32::from(black) + 127) / 255) as u8
}

/// The luma tiles; `None` for a picture without pixels.
pub(super) fn tiles(
    frame: &Frame,
    planes: &[Option<SamplePlane>],
    colours: Colours,
) -> Option<Tiles> {
    let average = |component: usize| -> Option<Tiles> {
        let plane = planes.get(component)?.as_ref()?;
        let c = &frame.components[component];
        let mut average = AreaAverage::new(c.width, c.height, 8 / plane.kept as u32)?;
        for row in plane.samples.chunks_exact(plane.stride) {
            if average.rows_left() == 0 {
                break;
            }
            average.push_row(row);
        }
        average.finish()
    };
    // Averaging and luma are both linear, so that they may change places; with black ink in
    // between that is not exact, but the planes need not be of one size.
    let wanted: &[usize] = match colours {
        Colours::Luma => &[0],
        Colours::Rgb => &[0, 1, 2],
        Colours::Cmyk => &[0, 1, 2, 3],
        Colours::Ycck => &[0, 3],
    };
    let tiles: Vec<Tiles> =
        wanted.iter().map(|&component| average(component)).collect::<Option<_>>()?;
    let parts: Vec<&Tiles> = tiles.iter().collect();
    Tiles::combine(&parts, |cells| match (colours, cells) {
        (Colours::Rgb, &[r, g, b]) => luma(r, g, b),
        (Colours::Cmyk, &[c, m, y, k]) => under(luma(c, m, y), k),
        (Colours::Ycck, &[y, k]) => under(255 - y, k),
        (_, cells) => cells.first().copied().unwrap_or_default(),
    })
}
