//! Netpbm pictures P1 to P7, row by row: the format is simple enough to be read here, exactly and
//! forevery depth. As pbm(5), pgm(5), ppm(5) and pam(5) define it.

use std::io::{self, BufRead, BufReader, Read};

use crate::container::{ReadAt, Window};
use crate::decode::luma::{Channels, LumaRows};
use crate::decode::{DecodeError, DecodeOptions, Decoded};
use crate::model::media::{Dimensions, Format};

/// Longest line of a P7 header that is read.
const MOST_LINE: u64 = 4096;
/// What is held beside the rows.
const OVERHEAD: u64 = 1 << 17;

type Stream<'a> = BufReader<Window<'a>>;

/// How the samples are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Coding {
    /// Decimal numbers.
    Text,
    /// The digits 0 and 1, 1 being black.
    TextBits,
    /// One or two bytes per sample, the higher first.
    Binary,
    /// Eight pixels per byte, 1 being black, rows padded to whole bytes.
    Bits,
}

struct PnmHeader {
    dimensions: Dimensions,
    channels: Channels,
    coding: Coding,
    /// The sample that stands for full brightness, 1 to 65,535.
    top: u32,
}

pub(super) fn decode(source: &dyn ReadAt, options: &DecodeOptions) -> Result<Decoded, DecodeError> {
    let mut stream = BufReader::with_capacity(1 << 16, Window::whole(source));
    let header = read_header(&mut stream)?;
    options.limits.admit(header.dimensions)?;
    let width = header.dimensions.width as usize;
    // Stored at up to two bytes per sample, scaled to one, and the luma.
    let row_bytes = 3 * header.channels.count() as u64 + 1;
    let _held = options.limits.reserve(OVERHEAD + row_bytes * width as u64)?;

    let mut rows = LumaRows::new(header.dimensions)?;
    let mut stored = Vec::new();
    let mut scaled = vec![0; width * header.channels.count()];
    let outcome = (0..header.dimensions.height).try_for_each(|_| {
        read_row(&mut stream, &header, &mut stored, &mut scaled)?;
        rows.push(header.channels, &scaled)
    });
    let damaged_tail = rows.mend(outcome)?;
    let mut decoded = super::complete(Format::Pnm, header.dimensions, &rows)?;
    decoded.flags.damaged_tail = damaged_tail;
    Ok(decoded)
}

fn damaged(what: &str) -> DecodeError {
    DecodeError::Damaged(what.into())
}

fn read_header(stream: &mut Stream<'_>) -> Result<PnmHeader, DecodeError> {
    let mut magic = [0; 2];
    stream.read_exact(&mut magic)?;
    let (channels, coding) = match magic[1] {
        b'1' => (Channels::Grey, Coding::TextBits),
        b'2' => (Channels::Grey, Coding::Text),
        b'3' => (Channels::Rgb, Coding::Text),
        b'4' => (Channels::Grey, Coding::Bits),
        b'5' => (Channels::Grey, Coding::Binary),
        b'6' => (Channels::Rgb, Coding::Binary),
        _ => return read_keywords(stream),
    };
    let width = read_number(stream)?;
    let height = read_number(stream)?;
    let bits = matches!(coding, Coding::Bits | Coding::TextBits);
    let top = if bits { 1 } else { read_number(stream)? };
    finish_header(Dimensions { width, height }, channels, coding, top)
}

/// The header of P7: a keyword and its value a line, up to ENDHDR.
fn read_keywords(stream: &mut Stream<'_>) -> Result<PnmHeader, DecodeError> {
    let (mut width, mut height, mut depth, mut top) = (0, 0, 0, 0);
    let mut line = Vec::new();
    for _ in 0..1000 {
        line.clear();
        stream.by_ref().take(MOST_LINE).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        let text = String::from_utf8_lossy(&line);
        let mut words = text.split_ascii_whitespace();
        let keyword = words.next().unwrap_or_default();
        let number = words.next().and_then(|word| word.parse::<u32>().ok()).unwrap_or(0);
        match keyword {
            "WIDTH" => width = number,
            "HEIGHT" => height = number,
            "DEPTH" => depth = number,
            "MAXVAL" => top = number,
            "ENDHDR" => {
                let channels = match depth {
                    1 => Channels::Grey,
                    2 => Channels::GreyAlpha,
                    3 => Channels::Rgb,
                    4 => Channels::Rgba,
                    _ => return Err(DecodeError::Unsupported(format!("PAM of depth {depth}"))),
                };
                let dimensions = Dimensions { width, height };
                return finish_header(dimensions, channels, Coding::Binary, top);
            }
            _ => {}
        }
    }
    Err(damaged("a PAM header without an end"))
}

fn finish_header(
    dimensions: Dimensions,
    channels: Channels,
    coding: Coding,
    top: u32,
) -> Result<PnmHeader, DecodeError> {
    if top == 0 || top > 65_535 {
        return Err(damaged("a PNM maximum out of range"));
    }
    Ok(PnmHeader { dimensions, channels, coding, top })
}

fn read_byte(stream: &mut Stream<'_>) -> io::Result<u8> {
    let byte = *stream.fill_buf()?.first().ok_or(io::ErrorKind::UnexpectedEof)?;
    stream.consume(1);
    Ok(byte)
}

/// The next byte that is neither white space nor comment.
fn read_solid(stream: &mut Stream<'_>) -> io::Result<u8> {
    let mut comment = false;
    loop {
        match read_byte(stream)? {
            b'\n' | b'\r' => comment = false,
            _ if comment => {}
            b' ' | b'\t' | 0x0b | 0x0c => {}
            b'#' => comment = true,
            byte => return Ok(byte),
        }
    }
}

/// A decimal number, and the one byte after it.
fn read_number(stream: &mut Stream<'_>) -> Result<u32, DecodeError> {
    let mut byte = read_solid(stream)?;
    let mut number = 0_u32;
    let mut digits = 0;
    while byte.is_ascii_digit() {
        number = number
            .checked_mul(10)
            .and_then(|number| number.checked_add(u32::from(byte - b'0')))
            .ok_or_else(|| damaged("a PNM number out of range"))?;
        digits += 1;
        byte = match read_byte(stream) {
            Ok(byte) => byte,
            // The last number of a file in text may end it.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => b' ',
            Err(error) => return Err(error.into()),
        };
    }
    if digits == 0 {
        return Err(damaged("a PNM number is missing"));
    }
    Ok(number)
}

/// A sample of 0..=top as 0..=255, rounded.
fn scale(sample: u32, top: u32) -> u8 {
    ((sample.min(top) * 255 + top / 2) / top) as u8
}

fn read_row(
    stream: &mut Stream<'_>,
    header: &PnmHeader,
    stored: &mut Vec<u8>,
    scaled: &mut [u8],
) -> Result<(), DecodeError> {
    let top = header.top;
    match header.coding {
        Coding::Text => {
            for sample in scaled {
                *sample = scale(read_number(stream)?, top);
            }
        }
        Coding::TextBits => {
            for sample in scaled {
                *sample = match read_solid(stream)? {
                    b'0' => 255,
                    b'1' => 0,
                    _ => return Err(damaged("a PBM digit that is neither 0 nor 1")),
                };
            }
        }
        Coding::Bits => {
            stored.resize(scaled.len().div_ceil(8), 0);
            stream.read_exact(stored)?;
            for (pixels, byte) in scaled.chunks_mut(8).zip(stored.iter()) {
                for (index, pixel) in pixels.iter_mut().enumerate() {
                    *pixel = if byte << index & 0x80 == 0 { 255 } else { 0 };
                }
            }
        }
        Coding::Binary if top == 255 => stream.read_exact(scaled)?,
        Coding::Binary if top < 255 => {
            stream.read_exact(scaled)?;
            scaled.iter_mut().for_each(|sample| *sample = scale(u32::from(*sample), top));
        }
        Coding::Binary => {
            stored.resize(scaled.len() * 2, 0);
            stream.read_exact(stored)?;
            for (sample, &wide) in scaled.iter_mut().zip(stored.as_chunks::<2>().0) {
                *sample = scale(u32::from(u16::from_be_bytes(wide)), top);
            }
        }
    }
    Ok(())
}
