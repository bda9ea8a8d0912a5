//! A film as a picture: up to eight of its keyframes, in the order of time. They are grey and soft:
//! enlarged from the tiles that films are compared by.

use image::imageops::{self, FilterType};
use image::{GrayImage, Luma};

use crate::container::ReadAt;
use crate::container::film::{self, Sample};
use crate::decode::film::{keyframe, refused};
use crate::decode::pixels::Pixels;
use crate::decode::{DecodeError, DecodeOptions};
use crate::model::media::Dimensions;
use crate::picture::tile::FINE_SIDE;

/// Frames of a strip.
const FRAMES: i64 = 8;
/// Frames side by side.
const ABREAST: usize = 4;
/// Widest that a frame is enlarged to: it has no more to show.
const WIDEST: u32 = 240;

/// The strip, at most about `side` pixels wide.
pub(super) fn strip(
    source: &dyn ReadAt,
    side: u32,
    options: &DecodeOptions,
) -> Result<Pixels, DecodeError> {
    let track = film::read(source).map_err(refused)?;
    let keys: Vec<(i64, &Sample)> = track
        .samples
        .iter()
        .filter(|sample| sample.is_key)
        .filter_map(|sample| Some((sample.time?, sample)))
        .collect();
    let mut chosen: Vec<(i64, &Sample)> = (0..FRAMES)
        .map(|number| (i128::from(track.duration) * i128::from(2 * number + 1) / 16) as i64)
        .filter_map(|moment| keys.iter().min_by_key(|key| key.0.abs_diff(moment)).copied())
        .collect();
    chosen.dedup_by_key(|key| key.0);
    let mut frames = Vec::new();
    let mut failed = DecodeError::Damaged("there is no keyframe".into());
    for (_, sample) in chosen {
        match keyframe(source, &track, sample, options) {
            Ok(tiles) => frames.push(tiles.fine),
            Err(error) => failed = error,
        }
    }
    if frames.is_empty() {
        return Err(failed);
    }
    let (width, height) = track.shown_size();
    let abreast = frames.len().min(ABREAST) as u32;
    let cell_width = (side / abreast).clamp(1, WIDEST);
    let cell_height = (u64::from(cell_width) * u64::from(height) / u64::from(width.max(1)))
        .clamp(1, u64::from(4 * cell_width)) as u32;
    let rows = (frames.len() as u32).div_ceil(abreast);
    let mut strip = GrayImage::from_pixel(cell_width * abreast, cell_height * rows, Luma([16]));
    for (number, tile) in (0..).zip(&frames) {
        let side = FINE_SIDE as u32;
        let Some(frame) = GrayImage::from_raw(side, side, tile.0.to_vec()) else { continue };
        let frame = imageops::resize(&frame, cell_width, cell_height, FilterType::Triangle);
        let (x, y) = (number % abreast * cell_width, number / abreast * cell_height);
        imageops::replace(&mut strip, &frame, i64::from(x), i64::from(y));
    }
    Ok(Pixels {
        dimensions: Dimensions { width: strip.width(), height: strip.height() },
        rgb: strip.into_raw().into_iter().flat_map(|grey| [grey; 3]).collect(),
        ..Pixels::default()
    })
}
