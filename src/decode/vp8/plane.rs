//! Luma planes of whole macroblocks.

/// Luma, row by row.
#[derive(Clone, Debug, Default)]
pub(super) struct LumaPlane {
    pub samples: Vec<u8>,
    pub stride: usize,
}

impl LumaPlane {
    /// A black plane of so many macroblocks.
    pub fn new(across: usize, down: usize) -> Self {
        Self { samples: vec![0; across * 16 * down * 16], stride: across * 16 }
    }

    /// Puts the rows of a macroblock in their place.
    #[inline(always)]
    pub fn put<'a>(&mut self, column: usize, top: usize, rows: impl Iterator<Item = &'a [u8]>) {
        let lines = self.samples.chunks_exact_mut(self.stride).skip(top);
        for (line, row) in lines.zip(rows) {
            line[column * 16..column * 16 + 16].copy_from_slice(row);
        }
    }

    /// Copies a row of pixels that may lie outside: there the nearest one inside counts.
    pub fn copy(&self, left: i32, row: i32, out: &mut [u8]) {
        let height = self.samples.len() / self.stride.max(1);
        let row = usize::try_from(row).unwrap_or(0).min(height.saturating_sub(1));
        let line = &self.samples[row * self.stride..][..self.stride];
        let inside = usize::try_from(left).ok().and_then(|left| line.get(left..left + out.len()));
        if let Some(inside) = inside {
            out.copy_from_slice(inside);
            return;
        }
        for (at, pixel) in (left..).zip(out) {
            let at = usize::try_from(at).unwrap_or(0).min(self.stride - 1);
            *pixel = line[at];
        }
    }
}
