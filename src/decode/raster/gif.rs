//! GIF: the first frame, on its canvas. Graphics Interchange Format 89a (CompuServe).

use std::io::BufReader;
use std::num::NonZeroU64;

use gif::{ColorOutput, DecodingError, MemoryLimit};

use crate::container::{ReadAt, Window};
use crate::decode::luma::{Channels, LumaRows, luma};
use crate::decode::{DecodeError, DecodeOptions, Decoded};
use crate::media::{Dimensions, Format};

/// Luma of what nothing is drawn on.
const WHITE: u8 = 255;
/// What the decoder may hold beside the indices of a frame.
const OVERHEAD: u64 = 1 << 20;

pub(super) fn decode(source: &dyn ReadAt, options: &DecodeOptions) -> Result<Decoded, DecodeError> {
    let mut settings = gif::DecodeOptions::new();
    settings.set_color_output(ColorOutput::Indexed);
    settings.allow_unknown_blocks(true);
    let frame_bytes = options.limits.max_picture_bytes.saturating_sub(OVERHEAD).max(1);
    if let Some(limit) = NonZeroU64::new(frame_bytes) {
        settings.set_memory_limit(MemoryLimit::Bytes(limit));
    }
    let stream = BufReader::with_capacity(1 << 16, Window::whole(source));
    let mut decoder = settings.read_info(stream).map_err(refused)?;
    let canvas = Dimensions { width: decoder.width().into(), height: decoder.height().into() };
    let frame = decoder
        .next_frame_info()
        .map_err(refused)?
        .ok_or_else(|| DecodeError::Damaged("GIF without a frame".into()))?;
    let size = Dimensions { width: frame.width.into(), height: frame.height.into() };
    let (left, top) = (usize::from(frame.left), usize::from(frame.top));
    let (transparent, interlaced) = (frame.transparent, frame.interlaced);
    // Some writers leave the screen empty; viewers then take the frame's size.
    let canvas = if canvas.pixels() == 0 { size } else { canvas };
    options.limits.admit(canvas)?;
    options.limits.admit(size)?;
    // Only an interlaced frame has to be there as a whole.
    let frame_bytes = if interlaced { size.pixels() } else { u64::from(size.width) };
    let _held = options.limits.reserve(OVERHEAD + frame_bytes + 4 * u64::from(canvas.width))?;

    let mut shades = [0; 256];
    let (colours, _) = decoder.palette().map_err(refused)?.as_chunks::<3>();
    for (shade, &[r, g, b]) in shades.iter_mut().zip(colours) {
        *shade = luma(r, g, b);
    }
    if let Some(index) = transparent {
        shades[usize::from(index)] = WHITE;
    }

    let mut whole = Vec::new();
    if interlaced {
        whole.resize(decoder.buffer_size(), 0);
        decoder.read_into_buffer(&mut whole).map_err(refused)?;
    }
    let (width, height) = (size.width as usize, size.height as usize);
    let mut indices = vec![0; width];
    let mut rows = LumaRows::new(canvas)?;
    let mut line = vec![WHITE; canvas.width as usize];
    let outcome = (0..canvas.height as usize).try_for_each(|y| {
        line.fill(WHITE);
        if let Some(frame_row) = y.checked_sub(top).filter(|&row| row < height) {
            if interlaced {
                indices.copy_from_slice(&whole[frame_row * width..][..width]);
            } else if !decoder.fill_buffer(&mut indices).map_err(refused)? {
                return Err(DecodeError::Truncated("a GIF frame lacks rows".into()));
            }
            for (pixel, &index) in line.iter_mut().skip(left).zip(&indices) {
                *pixel = shades[usize::from(index)];
            }
        }
        rows.push(Channels::Grey, &line)
    });
    let damaged_tail = super::mend(outcome, &mut rows)?;
    let mut decoded = super::complete(Format::Gif, canvas, &rows)?;
    decoded.marks.damaged_tail = damaged_tail;
    Ok(decoded)
}

fn refused(error: DecodingError) -> DecodeError {
    match error {
        DecodingError::Io(error) => error.into(),
        DecodingError::MemoryLimit | DecodingError::OutOfMemory => DecodeError::TooLarge {
            what: "a GIF frame".into(),
            limit: "what a picture may hold".into(),
        },
        error => DecodeError::Damaged(error.to_string()),
    }
}
