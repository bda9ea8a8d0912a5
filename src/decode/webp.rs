//! WebP pictures: lossy, lossless, with coverage, and the first frame of animated ones. RIFF
//! container as in RFC 9649.

use std::io::{self, BufReader};

use image_webp::{DecodingError, WebPDecoder};

use super::luma::{Channels, LumaRows};
use super::vp8::{FrameTag, StillReader, Vp8Error};
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
    let (dimensions, rows, lacks_rows) = match chunks.lossy {
        Some((at, len)) if !chunks.rich => lossy(source, at, len, options)?,
        _ => any(source, options)?,
    };
    let damaged_tail = chunks.cut || lacks_rows;
    Ok(Decoded {
        format: Format::WebP,
        tiles: rows.finish()?,
        dimensions,
        orientation: OrientationFrom::Exif,
        exif: exif_of(source, &chunks)?,
        flags: DecodeFlags { damaged_tail, ..DecodeFlags::default() },
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
/// The loop filter only smooths the edges of blocks, so that it is left out unless the options ask
/// for exactness. Gives also whether rows are missing.
fn lossy(
    source: &dyn ReadAt,
    at: u64,
    len: u64,
    options: &DecodeOptions,
) -> Result<(Dimensions, LumaRows, bool), DecodeError> {
    let mut head = [0; 10];
    source.read_exact_at(at, &mut head)?;
    let key = FrameTag::read(&head).map_err(vp8_refused)?.key;
    let (width, height) = key.ok_or_else(|| vp8_refused(Vp8Error::NeedsKeyframe))?;
    let dimensions = Dimensions { width: width.into(), height: height.into() };
    options.limits.admit(dimensions)?;
    // The packed bytes; of the picture a few rows of blocks, and what is known of each column.
    let left = source.size().saturating_sub(at).min(len);
    let _held = options.limits.reserve(OVERHEAD + left + 128 * u64::from(width))?;
    let bytes = usize::try_from(left).map_err(|_| DecodeError::TooLarge {
        what: "a WebP picture".into(),
        limit: "the memory of this machine".into(),
    })?;
    let mut bytes = vec![0; bytes];
    source.read_exact_at(at, &mut bytes)?;
    let mut picture = StillReader::new(&bytes, options.exact).map_err(vp8_refused)?;
    let mut rows = LumaRows::new(dimensions)?;
    let outcome = push_rows(&mut picture, &mut rows);
    let is_damaged = rows.mend(outcome)?;
    Ok((dimensions, rows, is_damaged))
}

fn push_rows(picture: &mut StillReader<'_>, rows: &mut LumaRows) -> Result<(), DecodeError> {
    let mut full = Vec::new();
    while let Some(lines) = picture.next_rows().map_err(vp8_refused)? {
        for line in lines {
            full.clear();
            full.extend(line.iter().map(|&stored| full_range(stored)));
            rows.push(Channels::Grey, &full)?;
        }
    }
    Ok(())
}

/// VP8 stores luma as 16 to 235 (RFC 6386, 9.2); this stretches it to 0 to 255, rounded.
fn full_range(stored: u8) -> u8 {
    // In 16 bits, so that many of them fit into a register.
    let above = u16::from(stored.saturating_sub(16).min(219));
    ((above * 255 + 109) / 219) as u8
}

fn vp8_refused(error: Vp8Error) -> DecodeError {
    match error {
        Vp8Error::Truncated => DecodeError::Truncated("the WebP picture ends too early".into()),
        error => DecodeError::Damaged(error.to_string()),
    }
}

fn any(
    source: &dyn ReadAt,
    options: &DecodeOptions,
) -> Result<(Dimensions, LumaRows, bool), DecodeError> {
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
    Ok((dimensions, rows, false))
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
