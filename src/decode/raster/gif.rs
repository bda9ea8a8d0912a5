//! GIF: the first frame, on its canvas. Graphics Interchange Format 89a (CompuServe).

use std::io::{self, BufRead, BufReader, Read as _};
use std::num::NonZeroU64;

use gif::{ColorOutput, DecodingError, MemoryLimit};

use crate::container::{ReadAt, Window};
use crate::decode::luma::{Channels, LumaRows, luma};
use crate::decode::{DecodeError, DecodeOptions, Decoded};
use crate::model::media::{Dimensions, Format};

/// Luma of what nothing is drawn on.
const WHITE: u8 = 255;
const TRAILER: u8 = 0x3b;
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
    let damaged_tail = rows.mend(outcome)? || is_cut(source)?;
    let mut decoded = super::complete(Format::Gif, canvas, &rows)?;
    decoded.flags.damaged_tail = damaged_tail;
    Ok(decoded)
}

/// Whether the file ends within a block. A missing trailer (89a, 27) alone is no damage: many
/// writers leave it out.
fn is_cut(source: &dyn ReadAt) -> io::Result<bool> {
    let mut last = [0];
    let size = source.size();
    source.read_exact_at(size.saturating_sub(1), &mut last)?;
    if last == [TRAILER] {
        return Ok(false);
    }
    let mut stream = BufReader::with_capacity(1 << 16, Window::whole(source));
    match step_over_blocks(&mut stream) {
        Ok(()) => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(true),
        Err(error) => Err(error),
    }
}

/// Steps over all blocks up to the trailer, to what is no block, or to the end.
fn step_over_blocks(stream: &mut impl BufRead) -> io::Result<()> {
    let mut head = [0; 13];
    stream.read_exact(&mut head)?;
    skip_colours(stream, head[10])?;
    loop {
        let Some(&kind) = stream.fill_buf()?.first() else { return Ok(()) };
        stream.consume(1);
        match kind {
            // An extension, and its label.
            0x21 => skip(stream, 1)?,
            // An image: its descriptor, colours, and the least code size.
            0x2c => {
                let mut descriptor = [0; 9];
                stream.read_exact(&mut descriptor)?;
                skip_colours(stream, descriptor[8])?;
                skip(stream, 1)?;
            }
            _ => return Ok(()),
        }
        loop {
            let mut len = [0];
            stream.read_exact(&mut len)?;
            if len == [0] {
                break;
            }
            skip(stream, len[0].into())?;
        }
    }
}

/// A colour table, if the flags say that there is one.
fn skip_colours(stream: &mut impl BufRead, flags: u8) -> io::Result<()> {
    if flags & 0x80 == 0 { Ok(()) } else { skip(stream, 3 << (1 + (flags & 7))) }
}

fn skip(stream: &mut impl BufRead, bytes: u64) -> io::Result<()> {
    match io::copy(&mut stream.take(bytes), &mut io::sink())? {
        skipped if skipped == bytes => Ok(()),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
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
