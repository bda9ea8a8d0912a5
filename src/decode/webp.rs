//! WebP pictures: lossy, lossless, with coverage, and the first frame of animated ones. RIFF
//! container as in RFC 9649.

use std::io::{self, BufReader};

use image_webp::{DecodingError, WebPDecoder};

use super::luma::{Channels, LumaRows, luma, on_white};
use super::vp8::{FrameTag, StillReader, Vp8Error};
use super::vp8l::{LosslessHead, LosslessReader};
use super::{DecodeError, DecodeOptions, Decoded, OrientationFrom};
use crate::container::{ReadAt, Window};
use crate::model::media::{DecodeFlags, Dimensions, Format};
use crate::picture::simd::widest;

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
    lossless: Option<(u64, u64)>,
    extended: Option<(u64, u64)>,
    exif: Option<(u64, u64)>,
    /// There is coverage, or an animation.
    rich: bool,
    /// The file ends before the container or a chunk of it does.
    cut: bool,
}

pub(super) fn decode(source: &dyn ReadAt, options: &DecodeOptions) -> Result<Decoded, DecodeError> {
    let chunks = find_chunks(source)?;
    let (dimensions, rows, lacks_rows) = match (chunks.lossy, chunks.lossless) {
        (Some((at, len)), None) if !chunks.rich => lossy(source, at, len, options)?,
        (None, Some((at, len))) if !chunks.rich && !chunks.cut => {
            let extended = chunks.extended.map(|(at, _)| Extended::read(source, at));
            match lossless(source, at, len, extended.transpose()?, options)? {
                Some((dimensions, rows)) => (dimensions, rows, false),
                None => any(source, options)?,
            }
        }
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
            b"VP8L" => chunks.lossless = chunks.lossless.or(Some((at + 8, len))),
            b"VP8X" => chunks.extended = chunks.extended.or(Some((at + 8, len))),
            b"ALPH" | b"ANMF" => chunks.rich = true,
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

/// What the header of a file says, where it has one (RFC 9649, 2.7.1).
struct Extended {
    has_alpha: bool,
    canvas: Dimensions,
}

impl Extended {
    fn read(source: &dyn ReadAt, at: u64) -> io::Result<Self> {
        let mut head = [0; 10];
        source.read_exact_at(at, &mut head)?;
        let [flags, _, _, _, w0, w1, w2, h0, h1, h2] = head;
        let side = |low, middle, high| u32::from_le_bytes([low, middle, high, 0]) + 1;
        let canvas = Dimensions { width: side(w0, w1, w2), height: side(h0, h1, h2) };
        Ok(Self { has_alpha: flags & 0x10 != 0, canvas })
    }
}

/// A lossless picture by rows. `None` for what is left to another decoder, as it is damaged or
/// strange.
fn lossless(
    source: &dyn ReadAt,
    at: u64,
    len: u64,
    extended: Option<Extended>,
    options: &DecodeOptions,
) -> Result<Option<(Dimensions, LumaRows)>, DecodeError> {
    let mut head = [0; LosslessHead::BYTES];
    source.read_exact_at(at, &mut head)?;
    let Some(head) = LosslessHead::read(&head) else { return Ok(None) };
    let dimensions = Dimensions { width: head.width, height: head.height };
    options.limits.admit(dimensions)?;
    if extended.as_ref().is_some_and(|extended| extended.canvas != dimensions) {
        return Ok(None);
    }
    let left = source.size().saturating_sub(at).min(len);
    let Ok(bytes) = usize::try_from(left) else { return Ok(None) };
    let _held = options.limits.reserve(OVERHEAD + left + head.memory())?;
    let mut bytes = vec![0; bytes];
    source.read_exact_at(at, &mut bytes)?;
    let Some(mut picture) = LosslessReader::new(&bytes) else { return Ok(None) };
    let has_alpha = extended.map_or(head.has_alpha, |extended| extended.has_alpha);
    let mut rows = LumaRows::new(dimensions)?;
    let mut luma = vec![0; head.width as usize];
    for _ in 0..head.height {
        let Some(row) = picture.next_row() else { return Ok(None) };
        widest(|| {
            for (luma, &pixel) in luma.iter_mut().zip(row) {
                *luma = if has_alpha { luma_on_white(pixel) } else { luma_of(pixel) };
            }
        });
        rows.push(Channels::Grey, &luma)?;
    }
    Ok(Some((dimensions, rows)))
}

#[inline(always)]
fn luma_of(pixel: u32) -> u8 {
    let [blue, green, red, _] = pixel.to_le_bytes();
    luma(red, green, blue)
}

#[inline(always)]
fn luma_on_white(pixel: u32) -> u8 {
    let [blue, green, red, alpha] = pixel.to_le_bytes();
    luma(on_white(red, alpha), on_white(green, alpha), on_white(blue, alpha))
}

fn push_rows(picture: &mut StillReader<'_>, rows: &mut LumaRows) -> Result<(), DecodeError> {
    let mut full = Vec::new();
    while let Some(lines) = picture.next_rows().map_err(vp8_refused)? {
        for line in lines {
            full.resize(line.len(), 0);
            widest(|| {
                full.iter_mut().zip(line).for_each(|(full, &stored)| *full = full_range(stored));
            });
            rows.push(Channels::Grey, &full)?;
        }
    }
    Ok(())
}

/// VP8 stores luma as 16 to 235 (RFC 6386, 9.2); this stretches it to 0 to 255, rounded.
#[inline(always)]
fn full_range(stored: u8) -> u8 {
    // In 16 bits, so that many of them fit into a register; none of it can overflow.
    let above = u16::from(stored.saturating_sub(16).min(219));
    (above.wrapping_mul(255).wrapping_add(109) / 219) as u8
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Cursor;
    use std::path::Path;

    use super::*;

    /// The lossless pictures among the fixtures, as whole files and without their containers.
    fn lossless_files() -> Vec<(String, Vec<u8>, Vec<u8>)> {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        let folders = ["raster", "vp8l"].map(|folder| fs::read_dir(fixtures.join(folder)).unwrap());
        let paths = folders.into_iter().flatten().map(|entry| entry.unwrap().path());
        let webp = paths.filter(|path| path.extension().is_some_and(|end| end == "webp"));
        webp.filter_map(|path| {
            let file = fs::read(&path).unwrap();
            let chunks = find_chunks(&file).unwrap();
            let (at, len) = chunks.lossless.filter(|_| !chunks.rich)?;
            let picture = file[at as usize..][..len as usize].to_vec();
            Some((path.file_name()?.to_string_lossy().into_owned(), file, picture))
        })
        .collect()
    }

    fn by_crate(file: &[u8]) -> Option<(usize, Vec<u8>)> {
        let mut decoder = WebPDecoder::new(Cursor::new(file)).ok()?;
        let mut samples = vec![0; decoder.output_buffer_size()?];
        decoder.read_image(&mut samples).ok()?;
        Some((if decoder.has_alpha() { 4 } else { 3 }, samples))
    }

    fn by_rows(picture: &[u8], samples: usize) -> Option<Vec<u8>> {
        let head = LosslessHead::read(picture.first_chunk()?)?;
        let mut reader = LosslessReader::new(picture)?;
        let mut out = Vec::new();
        for _ in 0..head.height {
            for pixel in reader.next_row()? {
                let [blue, green, red, alpha] = pixel.to_le_bytes();
                out.extend(&[red, green, blue, alpha][..samples]);
            }
        }
        assert!(reader.next_row().is_none());
        Some(out)
    }

    #[test]
    fn lossless_pixels_are_those_of_another_decoder() {
        let files = lossless_files();
        assert!(files.len() > 12, "only {} fixtures", files.len());
        for (name, file, picture) in files {
            let (samples, expected) = by_crate(&file).unwrap();
            assert!(by_rows(&picture, samples).as_ref() == Some(&expected), "{name}");
        }
    }

    /// Of what is damaged within, decoders make different pictures.
    #[test]
    fn cut_lossless_pictures_are_refused_and_damaged_ones_survived() {
        let (mut refused, mut read) = (0, 0);
        for (name, _, picture) in lossless_files().iter().filter(|file| file.1.len() < 4000) {
            for at in (0..picture.len()).step_by(picture.len() / 60 + 1) {
                assert!(by_rows(&picture[..at], 3).is_none(), "{name} cut at {at}");
                let mut damaged = picture.clone();
                damaged[at] ^= 1 << (at % 8);
                if by_rows(&damaged, 3).is_some() { read += 1 } else { refused += 1 }
            }
        }
        assert!(refused > 50 && read > 50, "{refused} refused, {read} read");
    }
}
