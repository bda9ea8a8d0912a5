//! BMP, TGA and QOI through the `image` crate, which gives the whole picture at once.

use std::io::{self, BufReader, Read as _};

use image::codecs::bmp::BmpDecoder;
use image::codecs::qoi::QoiDecoder;
use image::codecs::tga::TgaDecoder;
use image::error::ImageError;
use image::{ColorType, ImageDecoder, ImageResult, Limits};

use crate::container::{ReadAt, Window};
use crate::decode::luma::{Channels, LumaRows};
use crate::decode::{DecodeError, DecodeOptions, Decoded};
use crate::model::media::{Dimensions, Format};

/// What a decoder may hold beside the picture.
const OVERHEAD: u64 = 1 << 20;

type Stream<'a> = BufReader<Window<'a>>;

fn stream(source: &dyn ReadAt) -> Stream<'_> {
    BufReader::with_capacity(1 << 16, Window::whole(source))
}

pub(super) fn decode_bmp(
    source: &dyn ReadAt,
    options: &DecodeOptions,
) -> Result<Decoded, DecodeError> {
    decode(Format::Bmp, BmpDecoder::new(stream(source)), false, options)
}

pub(super) fn decode_qoi(
    source: &dyn ReadAt,
    options: &DecodeOptions,
) -> Result<Decoded, DecodeError> {
    // The decoder calls a picture of more than 400 megapixels damaged.
    let mut header = [0; 12];
    source.read_exact_at(0, &mut header)?;
    let [_, _, _, _, w0, w1, w2, w3, h0, h1, h2, h3] = header;
    let (width, height) = ([w0, w1, w2, w3], [h0, h1, h2, h3]);
    options.limits.admit(Dimensions {
        width: u32::from_be_bytes(width),
        height: u32::from_be_bytes(height),
    })?;
    decode(Format::Qoi, QoiDecoder::new(stream(source)), false, options)
}

/// The fourth byte of a pixel is coverage only where the header says how many bits of it are
/// ("image descriptor", bits 3–0).
pub(super) fn decode_tga(
    source: &dyn ReadAt,
    options: &DecodeOptions,
) -> Result<Decoded, DecodeError> {
    let mut header = [0; 18];
    source.read_exact_at(0, &mut header)?;
    let opaque = header[17] & 15 == 0;
    // The colour map is read before its size can be asked for: at most 65,535 × 4 bytes.
    let decoder = TgaDecoder::new(stream(source));
    let mut decoded = decode(Format::Tga, decoder, opaque, options)?;
    decoded.flags.damaged_tail = runs_too_far(source, &header)?;
    Ok(decoded)
}

/// Whether the runs of a packed TGA hold more pixels than the picture: one of them is damaged.
fn runs_too_far(source: &dyn ReadAt, header: &[u8; 18]) -> io::Result<bool> {
    let &[text, _, kind, _, _, c0, c1, colour_bits, _, _, _, _, w0, w1, h0, h1, bits, _] = header;
    if !(9..=11).contains(&kind) {
        return Ok(false);
    }
    let bytes_of = |bits: u8| u64::from(bits).div_ceil(8);
    let colours = u64::from(u16::from_le_bytes([c0, c1])) * bytes_of(colour_bits);
    let start = header.len() as u64 + u64::from(text) + colours;
    let mut packets = BufReader::with_capacity(1 << 16, Window::new(source, start, u64::MAX));
    let mut left =
        u64::from(u16::from_le_bytes([w0, w1])) * u64::from(u16::from_le_bytes([h0, h1]));
    while left > 0 {
        let mut packet = [0];
        packets.read_exact(&mut packet)?;
        let pixels = u64::from(packet[0] & 0x7f) + 1;
        let stored = if packet[0] & 0x80 == 0 { pixels } else { 1 } * bytes_of(bits);
        if pixels > left {
            return Ok(true);
        }
        left -= pixels;
        io::copy(&mut packets.by_ref().take(stored), &mut io::sink())?;
    }
    Ok(false)
}

/// The picture of any decoder of the `image` crate; `opaque` when its alpha means nothing.
pub(super) fn decode(
    format: Format,
    decoder: ImageResult<impl ImageDecoder>,
    opaque: bool,
    options: &DecodeOptions,
) -> Result<Decoded, DecodeError> {
    let mut decoder = decoder.map_err(refused)?;
    let (width, height) = decoder.dimensions();
    let dimensions = Dimensions { width, height };
    options.limits.admit(dimensions)?;
    let (channels, wide) = layout(decoder.color_type())?;
    let sample_bytes = if wide { 2 } else { 1 };
    let row_bytes = u64::from(width) * channels.count() as u64 * sample_bytes;
    let bytes = row_bytes * u64::from(height);
    // Some decoders unpack into a buffer of their own first.
    let reserved = 2 * bytes + OVERHEAD;
    let _held = options.limits.reserve(reserved)?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(reserved);
    decoder.set_limits(limits).map_err(refused)?;

    let mut samples = vec![0; bytes as usize];
    decoder.read_image(&mut samples).map_err(refused)?;
    let mut rows = LumaRows::new(dimensions)?;
    for row in samples.chunks_exact_mut(row_bytes as usize) {
        if opaque && channels == Channels::Rgba {
            row.as_chunks_mut::<4>().0.iter_mut().for_each(|pixel| pixel[3] = 255);
        }
        if wide {
            let row = row.as_chunks::<2>().0.iter().map(|&sample| u16::from_ne_bytes(sample));
            rows.push_wide(channels, row)?;
        } else {
            rows.push(channels, row)?;
        }
    }
    super::complete(format, dimensions, &rows)
}

fn layout(colour: ColorType) -> Result<(Channels, bool), DecodeError> {
    match colour {
        ColorType::L8 => Ok((Channels::Grey, false)),
        ColorType::La8 => Ok((Channels::GreyAlpha, false)),
        ColorType::Rgb8 => Ok((Channels::Rgb, false)),
        ColorType::Rgba8 => Ok((Channels::Rgba, false)),
        ColorType::L16 => Ok((Channels::Grey, true)),
        ColorType::La16 => Ok((Channels::GreyAlpha, true)),
        ColorType::Rgb16 => Ok((Channels::Rgb, true)),
        ColorType::Rgba16 => Ok((Channels::Rgba, true)),
        other => Err(DecodeError::Unsupported(format!("samples of the kind {other:?}"))),
    }
}

fn refused(error: ImageError) -> DecodeError {
    match error {
        ImageError::IoError(error) => error.into(),
        ImageError::Limits(error) => DecodeError::TooLarge {
            what: error.to_string(),
            limit: "what was reserved for it".into(),
        },
        ImageError::Unsupported(error) => DecodeError::Unsupported(error.to_string()),
        error => DecodeError::Damaged(error.to_string()),
    }
}
