//! The sample table of a track (ISO/IEC 14496-12, 8.6 and 8.7): sizes, chunks, times, keyframes.

use std::slice::ChunksExact;

use super::{FilmError, Sample, admit};
use crate::container::isobmff::{Fields, child};

/// A frame with its times in ticks of its track.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub sample: Sample,
    /// When it is shown.
    pub composed: i64,
    /// For how long.
    pub lasts: u32,
}

const DAMAGED: FilmError = FilmError::Damaged("the sample table ends too early");

/// The rows of a box after version, flags and count, each of `width` bytes; as many as it claims.
fn rows<'a>(
    table: &'a [u8],
    kind: &[u8; 4],
    width: usize,
) -> Result<ChunksExact<'a, u8>, FilmError> {
    let Some(content) = child(table, kind) else { return Ok([].chunks_exact(width)) };
    let mut fields = Fields(content.get(4..).ok_or(DAMAGED)?);
    let count = fields.u32().ok_or(DAMAGED)? as usize;
    let bytes = count.checked_mul(width).and_then(|length| fields.0.get(..length));
    Ok(bytes.ok_or(DAMAGED)?.chunks_exact(width))
}

fn number(row: &[u8], at: usize) -> u32 {
    row.get(at..).and_then(|rest| Fields(rest).u32()).unwrap_or_default()
}

/// How many frames the table claims.
pub(super) fn count(table: &[u8]) -> u32 {
    child(table, b"stsz").or_else(|| child(table, b"stz2")).map_or(0, |content| number(content, 8))
}

/// The sizes of the frames. Where all have one size, their number is held against the file's.
fn sizes(table: &[u8], file_size: u64) -> Result<Vec<u32>, FilmError> {
    let count = count(table) as usize;
    admit(count)?;
    if let Some(content) = child(table, b"stz2") {
        let width = usize::from(*content.get(7).ok_or(DAMAGED)?);
        let content = content.get(12..).ok_or(DAMAGED)?;
        if !matches!(width, 4 | 8 | 16) || content.len() < (count * width).div_ceil(8) {
            return Err(DAMAGED);
        }
        let size = |index: usize| match width {
            4 => u32::from(content[index / 2] >> (4 * (1 - index % 2)) & 15),
            8 => u32::from(content[index]),
            _ => u32::from(content[2 * index]) << 8 | u32::from(content[2 * index + 1]),
        };
        return Ok((0..count).map(size).collect());
    }
    let Some(content) = child(table, b"stsz") else { return Ok(Vec::new()) };
    let size = number(content, 4);
    if size > 0 {
        if count as u64 > file_size / u64::from(size) {
            return Err(FilmError::Damaged("more frames than the file has bytes for"));
        }
        return Ok(vec![size; count]);
    }
    let bytes = content.get(12..).and_then(|rest| rest.get(..count * 4)).ok_or(DAMAGED)?;
    Ok(bytes.chunks_exact(4).map(|row| number(row, 0)).collect())
}

/// Where each frame begins.
fn offsets(table: &[u8], sizes: &[u32]) -> Result<Vec<u64>, FilmError> {
    let long = child(table, b"co64").is_some();
    let chunks = if long { rows(table, b"co64", 8) } else { rows(table, b"stco", 4) }?;
    let runs: Vec<&[u8]> = rows(table, b"stsc", 12)?.collect();
    let mut offsets = Vec::with_capacity(sizes.len());
    let mut sizes = sizes.iter();
    for (index, run) in runs.iter().enumerate() {
        if number(run, 8) > 1 {
            return Err(FilmError::Unsupported("a film that changes its coding".into()));
        }
        let first = (number(run, 0) as usize).checked_sub(1).ok_or(DAMAGED)?;
        let next = runs.get(index + 1).map(|next| number(next, 0) as usize);
        let last = next.map_or(chunks.len(), |next| next.saturating_sub(1));
        for chunk in chunks.clone().skip(first).take(last.saturating_sub(first)) {
            let mut at = if long {
                u64::from(number(chunk, 0)) << 32 | u64::from(number(chunk, 4))
            } else {
                u64::from(number(chunk, 0))
            };
            for _ in 0..number(run, 4) {
                let Some(&size) = sizes.next() else { return Ok(offsets) };
                offsets.push(at);
                at = at.saturating_add(size.into());
            }
        }
    }
    Ok(offsets)
}

/// The frames in the order of decoding.
pub(super) fn read(table: &[u8], file_size: u64) -> Result<Vec<Frame>, FilmError> {
    let sizes = sizes(table, file_size)?;
    let offsets = offsets(table, &sizes)?;
    // Without the box every frame is a keyframe; with an empty one, none is.
    let all_keys = child(table, b"stss").is_none();
    let mut keys = rows(table, b"stss", 4)?.map(|row| number(row, 0)).peekable();
    let mut deltas = rows(table, b"stts", 8)?.map(|row| (number(row, 0), number(row, 4)));
    // Version 0 should be unsigned, but writers put negative shifts there as well.
    let shifts = rows(table, b"ctts", 8)?;
    let mut shifts = shifts.map(|row| (number(row, 0), number(row, 4).cast_signed()));
    let (mut delta, mut shift) = ((0, 0), (0, 0));
    let (mut frames, mut decoded) = (Vec::with_capacity(offsets.len()), 0_i64);
    for (number, (offset, size)) in (1_u32..).zip(offsets.into_iter().zip(sizes)) {
        while delta.0 == 0 {
            delta = deltas.next().unwrap_or((u32::MAX, delta.1));
        }
        while shift.0 == 0 {
            shift = shifts.next().unwrap_or((u32::MAX, 0));
        }
        (delta.0, shift.0) = (delta.0 - 1, shift.0 - 1);
        while keys.peek().is_some_and(|&key| key < number) {
            keys.next();
        }
        let is_key = all_keys || keys.peek() == Some(&number);
        frames.push(Frame {
            sample: Sample { offset, size, time: None, is_key },
            composed: decoded.saturating_add(shift.1.into()),
            lasts: delta.1,
        });
        decoded = decoded.saturating_add(delta.1.into());
    }
    Ok(frames)
}
