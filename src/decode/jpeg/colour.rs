//! The picture in colour, for people to look at: the same reader with all components, at the
//! smallest scale that is as large as what is asked for.

use super::frame::{Colours, Frame};
use super::planes::{self, SamplePlane};
use super::segments::{self, JpegReader};
use super::{EntropyData, enough_rows, read_planes};
use crate::container::ReadAt;
use crate::decode::pixels::Pixels;
use crate::decode::raster;
use crate::decode::{DecodeError, DecodeOptions};
use crate::model::media::{Dimensions, Format};

/// Red, green and blue, and what a decoder of every pixel holds beside them, by pixel.
const WHOLE_BYTES: u64 = 3 + 9;

/// The picture in colour, `side` samples along its longer side or more where it has them.
///
/// What is shown small is read by this reader, everything that needs each pixel by the decoder of
/// the `image` crate, and by this one again where that refuses: what can be hashed can be seen.
pub(in crate::decode) fn pixels(
    source: &dyn ReadAt,
    side: u32,
    options: &DecodeOptions,
) -> Result<Pixels, DecodeError> {
    let frame = segments::find_frame(source)?;
    options.limits.admit(frame.dimensions())?;
    let kept = kept_side(&frame, side);
    let own = || {
        let reduced = sides(frame.dimensions(), kept).pixels();
        let needed = planes::bytes(&frame, kept).saturating_add(reduced.saturating_mul(3));
        let _held = options.limits.reserve(needed.saturating_add(source.size()))?;
        let mut bytes = vec![0; usize::try_from(source.size()).unwrap_or(usize::MAX)];
        source.read_exact_at(0, &mut bytes)?;
        from_bytes(&bytes, kept)
    };
    let whole = || {
        let needed = frame.dimensions().pixels().saturating_mul(WHOLE_BYTES);
        // The decoder reads the whole file before it looks at anything.
        let _held = options.limits.reserve(needed.saturating_add(source.size()))?;
        let options = DecodeOptions { limits: options.limits.less_reserved(), ..*options };
        raster::colour::pixels(Format::Jpeg, source, &options)
    };
    // With more samples of colour than of light the other decoder makes something else of it.
    let light = frame.components.first();
    let usual =
        light.is_some_and(|c| (u32::from(c.h), u32::from(c.v)) == (frame.h_max, frame.v_max));
    if kept < 8 || !usual {
        own().or_else(|error| whole().map_err(|_| error))
    } else {
        whole().or_else(|error| own().map_err(|_| error))
    }
}

/// How many samples to keep along each side of a block.
fn kept_side(frame: &Frame, side: u32) -> usize {
    let longer = frame.width.max(frame.height);
    [1, 2, 4].into_iter().find(|kept| longer.div_ceil(8 / kept) >= side).unwrap_or(8) as usize
}

/// The picture's sides when `kept` of 8 samples are kept.
fn sides(dimensions: Dimensions, kept: usize) -> Dimensions {
    let reduced = |side: u32| side.div_ceil(8 / kept as u32);
    Dimensions { width: reduced(dimensions.width), height: reduced(dimensions.height) }
}

fn from_bytes(bytes: &[u8], kept: usize) -> Result<Pixels, DecodeError> {
    let mut picture = JpegReader::new(bytes);
    let mut frame = picture.read_header()?;
    frame.in_colour = true;
    let read = read_planes(&mut picture, &frame, kept)?;
    enough_rows(&read, &frame)?;
    let colours = frame.colours(&picture);
    let dimensions = sides(frame.dimensions(), kept);
    let is_rgb = frame.components.len() == 3;
    Ok(Pixels {
        rgb: rgb(&frame, &read, colours, dimensions)?,
        dimensions,
        turns: vec![raster::colour::turn_of(picture.exif)],
        icc: picture.icc.filter(|_| is_rgb).map(<[u8]>::to_vec),
    })
}

/// Red, green and blue of each pixel, row by row.
fn rgb(
    frame: &Frame,
    read: &EntropyData,
    colours: Colours,
    dimensions: Dimensions,
) -> Result<Vec<u8>, DecodeError> {
    let (width, height) = (dimensions.width as usize, dimensions.height as usize);
    let missing = || DecodeError::Damaged("a component is missing".into());
    let planes: Vec<&SamplePlane> = read.planes.iter().flatten().collect();
    if planes.len() != frame.components.len() {
        return Err(missing());
    }
    let mut rows: Vec<Vec<u8>> = vec![vec![0; width]; planes.len()];
    let mut rgb = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for ((row, plane), component) in rows.iter_mut().zip(&planes).zip(&frame.components) {
            // The nearest sample; smoother ones would not be seen at this size.
            let part = |at: usize, factor: u8, most: u32| at * usize::from(factor) / most as usize;
            let start = part(y, component.v, frame.v_max) * plane.stride;
            let line = plane.samples.get(start..start + plane.stride).ok_or_else(missing)?;
            let last = line.len().checked_sub(1).ok_or_else(missing)?;
            for (x, sample) in row.iter_mut().enumerate() {
                *sample = line[part(x, component.h, frame.h_max).min(last)];
            }
        }
        match (&rows[..], colours) {
            ([grey], _) => rgb.extend(grey.iter().flat_map(|&grey| [grey; 3])),
            // Two components have no meaning in any standard: the first is shown.
            ([grey, _], _) => rgb.extend(grey.iter().flat_map(|&grey| [grey; 3])),
            ([r, g, b], Colours::Rgb) => {
                rgb.extend(r.iter().zip(g).zip(b).flat_map(|((&r, &g), &b)| [r, g, b]));
            }
            ([y, b, r], _) => {
                rgb.extend(y.iter().zip(b).zip(r).flat_map(|((&y, &b), &r)| from_ycc(y, b, r)));
            }
            ([c, m, y, k], _) => {
                let inks = c.iter().zip(m).zip(y).zip(k);
                rgb.extend(inks.flat_map(|(((&c, &m), &y), &k)| {
                    let light = match colours {
                        Colours::Ycck => from_ycc(c, m, y).map(|ink| 255 - ink),
                        _ => [c, m, y],
                    };
                    light.map(|light| planes::under(light, k))
                }));
            }
            _ => return Err(missing()),
        }
    }
    Ok(rgb)
}

/// Red, green and blue (JFIF 1.02), in 16.16 fixed point.
fn from_ycc(y: u8, blue: u8, red: u8) -> [u8; 3] {
    let (y, blue, red) = (i32::from(y) << 16, i32::from(blue) - 128, i32::from(red) - 128);
    let sample = |value: i32| ((value + 0x8000) >> 16).clamp(0, 255) as u8;
    [sample(y + 91_881 * red), sample(y - 22_554 * blue - 46_802 * red), sample(y + 116_130 * blue)]
}
