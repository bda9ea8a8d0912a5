//! WebP pictures: lossy, lossless, with coverage, and the first frame of animated ones. RIFF
//! container as in RFC 9649.

use std::io::{self, BufReader};

use image_webp::vp8::Vp8Decoder;
use image_webp::{DecodingError, WebPDecoder};

use super::luma::{Channels, LumaRows};
use super::{DecodeError, DecodeOptions, Decoded, OrientationFrom};
use crate::container::{ReadAt, Window};
use crate::model::media::{DecodeFlags, Dimensions, Format};

/// What the decoder may hold beside the picture.
const OVERHEAD: u64 = 1 << 20;
/// Most bytes of an EXIF chunk that are read.
const MOST_EXIF: u64 = 1 << 20;
/// Chunks that a damaged file may end within; anything may stand behind the last of them.
const KNOWN: [[u8; 4]; 9] =
    [*b"VP8 ", *b"VP8L", *b"VP8X", *b"ALPH", *b"ANIM", *b"ANMF", *b"EXIF", *b"XMP ", *b"ICCP"];
/// Most chunks that are looked at.
const MOST_CHUNKS: usize = 1 << 16;

/// The chunks of a file that count here, as offset and length.
#[derive(Default)]
struct Chunks {
    lossy: Option<(u64, u64)>,
    exif: Option<(u64, u64)>,
    /// There is coverage, an animation, or a lossless picture.
    rich: bool,
    /// The file ends before the container or a chunk of it does.
    cut: bool,
}

pub(super) fn decode(source: &dyn ReadAt, options: &DecodeOptions) -> Result<Decoded, DecodeError> {
    let chunks = find_chunks(source)?;
    let (dimensions, rows) = match chunks.lossy {
        Some((at, len)) if !chunks.rich => lossy(source, at, len, options)?,
        _ => any(source, options)?,
    };
    Ok(Decoded {
        format: Format::WebP,
        tiles: rows.finish()?,
        dimensions,
        orientation: OrientationFrom::Exif,
        exif: exif_of(source, &chunks)?,
        flags: DecodeFlags { damaged_tail: chunks.cut, ..DecodeFlags::default() },
        provenance: rows.provenance(),
    })
}

fn find_chunks(source: &dyn ReadAt) -> io::Result<Chunks> {
    let mut chunks = Chunks::default();
    let mut head = [0; 12];
    source.read_exact_at(0, &mut head)?;
    let [_, _, _, _, l0, l1, l2, l3, ..] = head;
    let end = 8 + u64::from(u32::from_le_bytes([l0, l1, l2, l3]));
    chunks.cut = end > source.size();
    let mut at = 12_u64;
    for _ in 0..MOST_CHUNKS {
        let mut head = [0; 8];
        if at.saturating_add(8) > source.size() {
            break;
        }
        source.read_exact_at(at, &mut head)?;
        let [n0, n1, n2, n3, l0, l1, l2, l3] = head;
        let name = [n0, n1, n2, n3];
        let len = u64::from(u32::from_le_bytes([l0, l1, l2, l3]));
        match &name {
            b"VP8 " => chunks.lossy = chunks.lossy.or(Some((at + 8, len))),
            b"VP8L" | b"ALPH" | b"ANMF" => chunks.rich = true,
            b"EXIF" => chunks.exif = chunks.exif.or(Some((at + 8, len))),
            _ => {}
        }
        chunks.cut |= KNOWN.contains(&name) && at + 8 + len > source.size();
        // Zeros where a chunk should be: what a download or a disk leaves of lost data.
        chunks.cut |= name == [0; 4] && at + 8 <= end;
        at += 8 + len + len % 2;
    }
    Ok(chunks)
}

/// The EXIF block of a file.
pub(super) fn exif_chunk(source: &dyn ReadAt) -> io::Result<Option<Vec<u8>>> {
    exif_of(source, &find_chunks(source)?)
}

fn exif_of(source: &dyn ReadAt, chunks: &Chunks) -> io::Result<Option<Vec<u8>>> {
    Ok(chunks.exif.map(|(at, len)| read_exif(source, at, len)).transpose()?.flatten())
}

/// The EXIF block without the `Exif\0\0` that some writers take over from JPEG.
fn read_exif(source: &dyn ReadAt, at: u64, len: u64) -> io::Result<Option<Vec<u8>>> {
    if len > MOST_EXIF || at.saturating_add(len) > source.size() {
        return Ok(None);
    }
    let mut block = vec![0; len as usize];
    source.read_exact_at(at, &mut block)?;
    if block.starts_with(b"Exif\0\0") {
        block.drain(..6);
    }
    Ok(Some(block))
}

/// A lossy picture without coverage: its luma plane is taken as it is, and no colour is computed.
fn lossy(
    source: &dyn ReadAt,
    at: u64,
    len: u64,
    options: &DecodeOptions,
) -> Result<(Dimensions, LumaRows), DecodeError> {
    // Frame tag, start code, and two sides of 14 bits (RFC 6386, 9.1).
    let mut head = [0; 10];
    source.read_exact_at(at, &mut head)?;
    let [_, _, _, 0x9d, 0x01, 0x2a, w0, w1, h0, h1] = head else {
        return Err(DecodeError::Damaged("WebP without a key frame".into()));
    };
    let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
    let dimensions = Dimensions { width: side(w0, w1), height: side(h0, h1) };
    options.limits.admit(dimensions)?;
    // Planes in whole blocks of 16 × 16 and their modes, beside the packed bytes.
    let blocks = (u64::from(dimensions.width) + 16) * (u64::from(dimensions.height) + 16);
    let left = source.size().saturating_sub(at).min(len);
    let _held = options.limits.reserve(OVERHEAD + 2 * blocks + left)?;
    let stream = BufReader::with_capacity(1 << 16, Window::new(source, at, len));
    let frame = Vp8Decoder::decode_frame(stream).map_err(refused)?;
    let stride = usize::from(frame.width).div_ceil(16) * 16;
    let full = full_range();
    let mut rows = LumaRows::new(dimensions)?;
    let mut row = Vec::new();
    for line in frame.ybuf.chunks_exact(stride).take(usize::from(frame.height)) {
        row.clear();
        row.extend(line.iter().take(usize::from(frame.width)).map(|&y| full[usize::from(y)]));
        rows.push(Channels::Grey, &row)?;
    }
    Ok((dimensions, rows))
}

/// VP8 stores luma as 16 to 235 (RFC 6386, 9.2); this stretches it to 0 to 255, rounded.
fn full_range() -> [u8; 256] {
    std::array::from_fn(|stored| {
        let above = (stored as u32).saturating_sub(16).min(219);
        ((above * 255 + 109) / 219) as u8
    })
}

fn any(
    source: &dyn ReadAt,
    options: &DecodeOptions,
) -> Result<(Dimensions, LumaRows), DecodeError> {
    let stream = BufReader::with_capacity(1 << 16, Window::whole(source));
    let mut decoder = WebPDecoder::new(stream).map_err(refused)?;
    let (width, height) = decoder.dimensions();
    let dimensions = Dimensions { width, height };
    options.limits.admit(dimensions)?;
    // The picture as given, as unpacked, the planes of a lossy one; animated ones also a canvas.
    let copies = if decoder.is_animated() { 4 } else { 3 };
    let bytes = dimensions.pixels() * 4 * copies + source.size().min(dimensions.pixels() * 4);
    let _held = options.limits.reserve(OVERHEAD + bytes)?;
    decoder.set_memory_limit(usize::try_from(bytes).unwrap_or(usize::MAX));
    if decoder.is_animated() && !decoder.has_alpha() {
        // What the first frame leaves free.
        decoder.set_background_color([255; 4]).map_err(refused)?;
    }
    let channels = if decoder.has_alpha() { Channels::Rgba } else { Channels::Rgb };
    let row_bytes = width as usize * channels.count();
    let mut samples = vec![0; row_bytes * height as usize];
    decoder.read_image(&mut samples).map_err(refused)?;
    let mut rows = LumaRows::new(dimensions)?;
    samples.chunks_exact(row_bytes).try_for_each(|row| rows.push(channels, row))?;
    Ok((dimensions, rows))
}

fn refused(error: DecodingError) -> DecodeError {
    match error {
        DecodingError::IoError(error) => error.into(),
        DecodingError::MemoryLimitExceeded | DecodingError::ImageTooLarge => {
            DecodeError::TooLarge {
                what: "a WebP picture".into(),
                limit: "what was reserved for it".into(),
            }
        }
        DecodingError::UnsupportedFeature(what) => DecodeError::Unsupported(what),
        error => DecodeError::Damaged(error.to_string()),
    }
}
