//! A keyframe as a still picture, by rows.

use super::error::Vp8Error;
use super::frame::FrameReader;
use super::header::{FrameTag, Lasting};
use super::loop_filter;
use super::plane::LumaPlane;

/// Reads the luma of a keyframe from the top. Of the picture itself only two rows of macroblocks
/// are in memory.
pub(in crate::decode) struct StillReader<'a> {
    frame: FrameReader<'a>,
    width: usize,
    height: usize,
    across: usize,
    down: usize,
    row: usize,
    filters: bool,
    /// The row of macroblocks in hand; where they are filtered, the one above lies before it.
    band: LumaPlane,
    segments: Vec<u8>,
}

impl<'a> StillReader<'a> {
    /// With or without the loop filter: nothing within a keyframe is predicted from what was
    /// filtered, so that without it only the edges of blocks differ.
    ///
    /// # Errors
    /// [`Vp8Error`] when it is no keyframe, has no pixels, or its header is not whole.
    pub fn new(bytes: &'a [u8], with_filter: bool) -> Result<Self, Vp8Error> {
        let tag = FrameTag::read(bytes)?;
        let (width, height) = tag.key.ok_or(Vp8Error::NeedsKeyframe)?;
        let (width, height) = (usize::from(width), usize::from(height));
        if width == 0 || height == 0 {
            return Err(Vp8Error::Damaged("a frame without pixels"));
        }
        let (across, down) = (width.div_ceil(16), height.div_ceil(16));
        let frame = FrameReader::new(tag, bytes, &mut Lasting::default(), (across, down))?;
        let filters = with_filter && frame.header.filter_level > 0;
        let band = LumaPlane::new(across, if filters { 2 } else { 1 });
        let segments = vec![0; across];
        Ok(Self { frame, width, height, across, down, row: 0, filters, band, segments })
    }

    /// The next rows of the picture, as many as are done.
    ///
    /// # Errors
    /// [`Vp8Error::Truncated`] when the frame ends too early.
    pub fn next_rows(&mut self) -> Result<Option<impl Iterator<Item = &[u8]>>, Vp8Error> {
        let held = usize::from(self.filters);
        if self.row == self.down + held {
            return Ok(None);
        }
        // A row is done when the one below it was filtered.
        let done = self.row.saturating_sub(held) * 16;
        let count = if self.row < held { 0 } else { 16.min(self.height - done) };
        if self.filters && self.row > 0 {
            self.band.samples.copy_within(self.across * 256.., 0);
        }
        if self.row < self.down {
            self.segments.fill(0);
            let target = (&mut self.band, 16 * held);
            self.frame.read_row(self.row, &mut self.segments, None, target)?;
            if self.filters {
                loop_filter::filter_row(&mut self.band, 16, self.row > 0, &self.frame.edges);
            }
        }
        self.row += 1;
        let width = self.width;
        let rows = self.band.samples.chunks_exact(self.band.stride).take(count);
        Ok(Some(rows.map(move |row| &row[..width])))
    }
}
