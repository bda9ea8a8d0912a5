//! The colours of a picture in 256×256 cells.

use super::{DecodeError, DecodeOptions, preview, sniff};
use crate::container::ReadAt;
use crate::picture::colours::ColourTile;
use crate::picture::tile::{DETAIL_SIDE, DetailTile};

/// Red, green and blue of the picture as it is shown. Colour profiles are not applied.
///
/// # Errors
/// See [`DecodeError`]; no input makes it panic.
pub fn colours(source: &dyn ReadAt, options: &DecodeOptions) -> Result<ColourTile, DecodeError> {
    let format = sniff(source)?.ok_or(DecodeError::NotAPicture)?;
    super::caught(|| {
        let pixels = preview::pixels(format, source, DETAIL_SIDE as u32, options)?;
        let (triples, _) = pixels.rgb.as_chunks::<3>();
        let (width, height) = (pixels.dimensions.width, pixels.dimensions.height);
        let plane = |colour: usize| {
            let plane: Vec<u8> = triples.iter().map(|triple| triple[colour]).collect();
            let rows = plane.chunks_exact(width.max(1) as usize);
            DetailTile::average(width, height, rows)
                .ok_or_else(|| DecodeError::Damaged("rows are missing".into()))
        };
        let tile = ColourTile([plane(0)?, plane(1)?, plane(2)?]);
        Ok(pixels.turns.into_iter().fold(tile, |tile, turn| tile.oriented(turn)))
    })
}
