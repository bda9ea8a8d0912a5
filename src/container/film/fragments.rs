//! The frames of movie fragments (ISO/IEC 14496-12, 8.8).

use super::sample_table::Frame;
use super::{FilmError, Sample, admit, box_content};
use crate::container::ReadAt;
use crate::container::isobmff::{BoxRange, Fields, child, children};

/// Most bytes of one `moof` box that are read.
const MAX_FRAGMENT: u64 = 16 << 20;
/// The flag of frames that need others.
const NOT_KEY: u32 = 0x1_0000;

const DAMAGED: FilmError = FilmError::Damaged("a movie fragment ends too early");

/// What holds for a frame whose run does not say it.
#[derive(Clone, Copy, Debug, Default)]
struct Defaults {
    lasts: u32,
    size: u32,
    flags: u32,
}

/// Adds the frames of all fragments to those of the sample table. `top` are the boxes of the file,
/// `extends` the content of `mvex`.
pub(super) fn read(
    source: &dyn ReadAt,
    top: &[BoxRange],
    extends: &[u8],
    track: u32,
    frames: &mut Vec<Frame>,
) -> Result<(), FilmError> {
    let defaults = children(extends)
        .filter(|(kind, _)| kind == b"trex")
        .find_map(|(_, content)| track_defaults(content, track))
        .unwrap_or_default();
    let mut decoded =
        frames.iter().fold(0_i64, |sum, frame| sum.saturating_add(frame.lasts.into()));
    // Boxes follow each other, so that one begins, header and all, where the last one ended.
    let mut before = 0;
    for found in top {
        if &found.kind == b"moof" {
            let bytes = box_content(source, found, MAX_FRAGMENT, "moof", "16 MiB")?;
            for (_, content) in children(&bytes).filter(|(kind, _)| kind == b"traf") {
                if let Some(run) = Fragment::read(content, track, before, defaults) {
                    run.add_to(content, &mut decoded, frames)?;
                }
            }
        }
        before = found.end;
    }
    Ok(())
}

fn track_defaults(content: &[u8], track: u32) -> Option<Defaults> {
    let mut fields = Fields(content);
    fields.version()?;
    (fields.u32()? == track).then_some(())?;
    fields.u32()?;
    Some(Defaults { lasts: fields.u32()?, size: fields.u32()?, flags: fields.u32()? })
}

/// A `traf` box of the track.
struct Fragment {
    base: u64,
    defaults: Defaults,
}

impl Fragment {
    fn read(content: &[u8], track: u32, start: u64, mut defaults: Defaults) -> Option<Self> {
        let mut fields = Fields(child(content, b"tfhd")?);
        let (_, flags) = fields.version()?;
        (fields.u32()? == track).then_some(())?;
        let base = if flags & 1 != 0 { fields.uint(8)? } else { start };
        if flags & 2 != 0 {
            fields.u32()?;
        }
        if flags & 8 != 0 {
            defaults.lasts = fields.u32()?;
        }
        if flags & 0x10 != 0 {
            defaults.size = fields.u32()?;
        }
        if flags & 0x20 != 0 {
            defaults.flags = fields.u32()?;
        }
        Some(Self { base, defaults })
    }

    fn add_to(
        &self,
        content: &[u8],
        decoded: &mut i64,
        frames: &mut Vec<Frame>,
    ) -> Result<(), FilmError> {
        if let Some(time) = child(content, b"tfdt") {
            let mut fields = Fields(time);
            let long = fields.version().ok_or(DAMAGED)?.0 == 1;
            let time = fields.uint(if long { 8 } else { 4 }).ok_or(DAMAGED)?;
            *decoded = i64::try_from(time).unwrap_or(i64::MAX);
        }
        let mut at = self.base;
        for (_, run) in children(content).filter(|(kind, _)| kind == b"trun") {
            at = self.add_run(run, at, decoded, frames).ok_or(DAMAGED)?;
            admit(frames.len())?;
        }
        Ok(())
    }

    /// Adds the frames of a `trun` box; gives where the next one begins.
    fn add_run(
        &self,
        content: &[u8],
        next: u64,
        decoded: &mut i64,
        frames: &mut Vec<Frame>,
    ) -> Option<u64> {
        let mut fields = Fields(content);
        let (_, flags) = fields.version()?;
        let count = fields.u32()? as usize;
        let mut at = next;
        if flags & 1 != 0 {
            at = self.base.checked_add_signed(i64::from(fields.u32()?.cast_signed()))?;
        }
        let mut first_flags = if flags & 4 != 0 { Some(fields.u32()?) } else { None };
        let row = (flags >> 8 & 15).count_ones() as usize * 4;
        // Rows of no bytes say nothing about how many there can be; the limit of frames does.
        if row > 0 && fields.0.len() / row < count {
            return None;
        }
        for _ in 0..count.min(super::MAX_SAMPLES + 1 - frames.len().min(super::MAX_SAMPLES)) {
            let defaults = self.defaults;
            let lasts = if flags & 0x100 != 0 { fields.u32()? } else { defaults.lasts };
            let size = if flags & 0x200 != 0 { fields.u32()? } else { defaults.size };
            let own = if flags & 0x400 != 0 { fields.u32()? } else { defaults.flags };
            let shift = if flags & 0x800 != 0 { fields.u32()?.cast_signed() } else { 0 };
            let is_key = first_flags.take().unwrap_or(own) & NOT_KEY == 0;
            frames.push(Frame {
                sample: Sample { offset: at, size, time: None, is_key },
                composed: decoded.saturating_add(shift.into()),
                lasts,
            });
            *decoded = decoded.saturating_add(lasts.into());
            at = at.checked_add(size.into())?;
        }
        Some(at)
    }
}
