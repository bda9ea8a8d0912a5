//! The 256×256 tile of a picture, for pairs that coarser ones cannot tell apart.

use super::luma::luma;
use super::{DecodeError, DecodeOptions, preview, sniff};
use crate::container::ReadAt;
use crate::picture::tile::{DETAIL_SIDE, DetailTile};

/// The shorter side has so many pixels at least, where the picture has: a cell of fewer than one
/// pixel shows nothing.
const LEAST_PIXELS: u32 = 2 * DETAIL_SIDE as u32;

/// The luma of the picture as it is shown, in 256×256 cells.
///
/// # Errors
/// See [`DecodeError`]; no input makes it panic.
pub fn detail(source: &dyn ReadAt, options: &DecodeOptions) -> Result<DetailTile, DecodeError> {
    let format = sniff(source)?.ok_or(DecodeError::NotAPicture)?;
    super::caught(|| {
        let pixels = preview::pixels(format, source, LEAST_PIXELS, options)?;
        let (triples, _) = pixels.rgb.as_chunks::<3>();
        let plane: Vec<u8> = triples.iter().map(|&[r, g, b]| luma(r, g, b)).collect();
        let (width, height) = (pixels.dimensions.width, pixels.dimensions.height);
        let rows = plane.chunks_exact(width.max(1) as usize);
        let tile = DetailTile::average(width, height, rows)
            .ok_or_else(|| DecodeError::Damaged("rows are missing".into()))?;
        Ok(pixels.turns.into_iter().fold(tile, |tile, turn| tile.oriented(turn)))
    })
}
