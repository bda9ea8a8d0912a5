//! PNG and APNG (its default picture), row by row. Portable Network Graphics, third edition (W3C).

use std::io::{self, BufReader};

use png::{BitDepth, ColorType, DecodingError, Reader, Transformations};

use crate::container::{ReadAt, Window};
use crate::decode::luma::{Channels, LumaRows};
use crate::decode::{DecodeError, DecodeOptions, Decoded};
use crate::model::media::{Dimensions, Format};

type Rows<'a> = Reader<BufReader<Window<'a>>>;

/// What the decoder may hold beside the rows themselves: its window, its zlib state and the
/// chunks that it keeps.
const OVERHEAD: u64 = 8 << 20;
/// Most bytes of an EXIF chunk that are read.
const MOST_EXIF: u32 = 1 << 20;
/// Most chunks that are stepped over in search of the EXIF chunk.
const MOST_CHUNKS: usize = 1 << 16;
/// First column, first row, and the steps between columns and rows, of the seven passes of an
/// interlaced picture (clause 8.1, "Adam7").
const PASSES: [[usize; 4]; 7] = [
    [0, 0, 8, 8],
    [4, 0, 8, 8],
    [0, 4, 4, 8],
    [2, 0, 4, 4],
    [0, 2, 2, 4],
    [1, 0, 2, 2],
    [0, 1, 1, 2],
];

/// Decodes the PNG in `window`; its EXIF chunk is looked for from the start of `source`.
pub(super) fn decode(
    window: Window<'_>,
    source: &dyn ReadAt,
    options: &DecodeOptions,
) -> Result<Decoded, DecodeError> {
    let mut decoder = png::Decoder::new_with_limits(
        BufReader::with_capacity(1 << 16, window),
        png::Limits { bytes: OVERHEAD as usize },
    );
    decoder.set_transformations(Transformations::EXPAND);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let header = decoder.read_header_info().map_err(refused)?;
    let dimensions = Dimensions { width: header.width, height: header.height };
    let interlaced = header.interlaced;
    options.limits.admit(dimensions)?;
    // A row at its widest (four samples of 16 bits) as packed, as unfiltered twice over, as
    // expanded, and its luma.
    let rows_bytes = u64::from(dimensions.width) * 40;
    let plane_bytes = if interlaced { dimensions.pixels() } else { 0 };
    let _held = options.limits.reserve(OVERHEAD + rows_bytes + plane_bytes)?;
    let decoder_bytes = usize::try_from(OVERHEAD + rows_bytes).unwrap_or(usize::MAX);
    decoder.set_limits(png::Limits { bytes: decoder_bytes });
    let mut reader = decoder.read_info().map_err(refused)?;

    let mut rows = LumaRows::new(dimensions)?;
    let mut damaged_tail = false;
    if interlaced {
        push_interlaced(&mut reader, dimensions, &mut rows)?;
    } else {
        let outcome = push_all(&mut reader, dimensions, &mut rows);
        damaged_tail = rows.mend(outcome)?;
    }
    if !damaged_tail {
        // The rows may be there though the checksums after them are wrong, or the end is missing.
        damaged_tail = is_damaged_behind(&mut reader)?;
    }
    let mut decoded = super::complete(Format::Png, dimensions, &rows)?;
    decoded.flags.damaged_tail = damaged_tail;
    decoded.exif = reader.info().exif_metadata.as_deref().map(<[u8]>::to_vec);
    if decoded.exif.is_none() {
        decoded.exif = exif_chunk(source)?;
    }
    Ok(decoded)
}

/// Whether what follows the rows is damaged: the rest of the packed data with its checksums, the
/// chunks up to the last one.
fn is_damaged_behind(reader: &mut Rows<'_>) -> Result<bool, DecodeError> {
    match reader.finish().map_err(refused) {
        // A chunk that is too large to be kept is none that the picture needs.
        Ok(()) | Err(DecodeError::TooLarge { .. }) => Ok(false),
        Err(error @ DecodeError::Io(_)) => Err(error),
        Err(_) => Ok(true),
    }
}

/// The layout of the rows that the decoder gives, and whether their samples are 16 bits wide.
fn layout(reader: &Rows<'_>) -> Result<(Channels, bool), DecodeError> {
    let (colour, depth) = reader.output_color_type();
    let channels = match colour {
        ColorType::Grayscale => Channels::Grey,
        ColorType::GrayscaleAlpha => Channels::GreyAlpha,
        ColorType::Rgb => Channels::Rgb,
        ColorType::Rgba => Channels::Rgba,
        ColorType::Indexed => return Err(DecodeError::Damaged("PNG without a palette".into())),
    };
    match depth {
        BitDepth::Eight => Ok((channels, false)),
        BitDepth::Sixteen => Ok((channels, true)),
        _ => Err(DecodeError::Damaged("PNG of an odd depth".into())),
    }
}

fn push(
    rows: &mut LumaRows,
    (channels, wide): (Channels, bool),
    samples: &[u8],
) -> Result<(), DecodeError> {
    if wide {
        let (samples, _) = samples.as_chunks::<2>();
        rows.push_wide(channels, samples.iter().map(|&sample| u16::from_be_bytes(sample)))
    } else {
        rows.push(channels, samples)
    }
}

fn push_all(
    reader: &mut Rows<'_>,
    dimensions: Dimensions,
    rows: &mut LumaRows,
) -> Result<(), DecodeError> {
    let layout = layout(reader)?;
    for _ in 0..dimensions.height {
        let Some(row) = reader.next_row().map_err(refused)? else { break };
        push(rows, layout, row.data())?;
    }
    Ok(())
}

/// An interlaced picture gives its rows in seven rounds: they are kept as luma, one byte per pixel.
fn push_interlaced(
    reader: &mut Rows<'_>,
    dimensions: Dimensions,
    rows: &mut LumaRows,
) -> Result<(), DecodeError> {
    let layout = layout(reader)?;
    let (width, height) = (dimensions.width as usize, dimensions.height as usize);
    let mut plane = vec![0; width * height];
    let mut luma = Vec::new();
    for [first_column, first_row, columns, lines] in PASSES {
        if first_column >= width {
            continue;
        }
        for y in (first_row..height).step_by(lines) {
            let row = reader.next_row().map_err(refused)?;
            let row = row.ok_or_else(|| DecodeError::Truncated("interlaced PNG".into()))?;
            let (channels, wide) = layout;
            channels.luma_of(wide, row.data(), &mut luma);
            let line = plane.get_mut(y * width..).and_then(|plane| plane.get_mut(..width));
            let targets = line.into_iter().flatten().skip(first_column).step_by(columns);
            for (target, &value) in targets.zip(&luma) {
                *target = value;
            }
        }
    }
    plane.chunks_exact(width).try_for_each(|row| rows.push(Channels::Grey, row))
}

/// The `eXIf` chunk (clause 11.3.4.6), which may also stand after the picture.
pub(in crate::decode) fn exif_chunk(source: &dyn ReadAt) -> io::Result<Option<Vec<u8>>> {
    let mut at = 8_u64;
    for _ in 0..MOST_CHUNKS {
        let mut head = [0; 8];
        if at.saturating_add(12) > source.size() {
            break;
        }
        source.read_exact_at(at, &mut head)?;
        let [l0, l1, l2, l3, name @ ..] = head;
        let len = u32::from_be_bytes([l0, l1, l2, l3]);
        let end = at + 12 + u64::from(len);
        match &name {
            b"eXIf" if len <= MOST_EXIF && end <= source.size() => {
                let mut block = vec![0; len as usize];
                source.read_exact_at(at + 8, &mut block)?;
                return Ok(Some(block));
            }
            b"IEND" => break,
            _ => at = end,
        }
    }
    Ok(None)
}

fn refused(error: DecodingError) -> DecodeError {
    match error {
        DecodingError::IoError(error) => error.into(),
        DecodingError::LimitsExceeded => DecodeError::TooLarge {
            what: "a PNG chunk or row".into(),
            limit: "what was reserved for it".into(),
        },
        error => DecodeError::Damaged(error.to_string()),
    }
}
