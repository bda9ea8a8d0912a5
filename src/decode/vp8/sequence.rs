//! The frames of a film.

use std::mem;
use std::sync::Arc;

use super::error::Vp8Error;
use super::frame::FrameReader;
use super::header::{FrameTag, Lasting, Replacement};
use super::loop_filter;
use super::plane::LumaPlane;

/// Decodes the luma of frames that come in the order of decoding, from a keyframe on.
#[derive(Default)]
pub(in crate::decode) struct SequenceReader {
    width: usize,
    height: usize,
    lasting: Lasting,
    segments: Vec<u8>,
    /// `None` before the first keyframe.
    references: Option<[Arc<LumaPlane>; 3]>,
    /// The frame that was decoded last.
    current: Arc<LumaPlane>,
    /// A plane that nothing is predicted from any more.
    spare: Option<LumaPlane>,
}

impl SequenceReader {
    /// Decodes a frame.
    ///
    /// # Errors
    /// [`Vp8Error`]: also for a frame that is predicted from others while there are none.
    pub fn decode(&mut self, bytes: &[u8]) -> Result<(), Vp8Error> {
        let tag = FrameTag::read(bytes)?;
        if let Some((width, height)) = tag.key {
            let size = (usize::from(width), usize::from(height));
            if size.0 == 0 || size.1 == 0 {
                return Err(Vp8Error::Damaged("a frame without pixels"));
            }
            if size != (self.width, self.height) {
                (self.width, self.height) = size;
                (self.references, self.spare) = (None, None);
            }
        } else if self.references.is_none() {
            return Err(Vp8Error::NeedsKeyframe);
        }
        let (across, down) = (self.width.div_ceil(16), self.height.div_ceil(16));
        if tag.key.is_some() {
            self.segments.clear();
            self.segments.resize(across * down, 0);
        }
        let mut frame = FrameReader::new(tag, bytes, &mut self.lasting, (across, down))?;
        let mut plane = self.spare.take().unwrap_or_else(|| LumaPlane::new(across, down));
        let references = self.references.as_ref().filter(|_| tag.key.is_none());
        let references = references.map(|planes| planes.each_ref().map(|plane| &**plane));
        for (row, segments) in self.segments.chunks_exact_mut(across).enumerate() {
            frame.read_row(row, segments, references, (&mut plane, row * 16))?;
            if frame.header.filter_level > 0 {
                loop_filter::filter_row(&mut plane, row * 16, row > 0, &frame.edges);
            }
        }
        self.lasting.end_frame();
        let header = &frame.header;
        self.replace(header.golden, header.alternative, header.replaces_last, plane);
        Ok(())
    }

    /// The rows of the frame that was decoded last, and their length.
    pub fn rows(&self) -> (usize, impl Iterator<Item = &[u8]>) {
        let rows = self.current.samples.chunks_exact(self.current.stride.max(1));
        (self.width, rows.take(self.height).map(|row| &row[..self.width]))
    }

    /// RFC 6386, 9.7; where both are taken from each other, in the order of libvpx.
    fn replace(
        &mut self,
        golden: Replacement,
        alternative: Replacement,
        replaces_last: bool,
        plane: LumaPlane,
    ) {
        let plane = Arc::new(plane);
        let references =
            self.references.get_or_insert_with(|| [(); 3].map(|()| Arc::clone(&plane)));
        let mut replaced = vec![mem::replace(&mut self.current, Arc::clone(&plane))];
        for (own, other, from) in [(2, 1, alternative), (1, 2, golden)] {
            let new = match from {
                Replacement::None => continue,
                Replacement::Own => &plane,
                Replacement::Last => &references[0],
                Replacement::Other => &references[other],
            };
            let new = Arc::clone(new);
            replaced.push(mem::replace(&mut references[own], new));
        }
        if replaces_last {
            replaced.push(mem::replace(&mut references[0], plane));
        }
        self.spare = replaced.into_iter().find_map(|plane| Arc::try_unwrap(plane).ok());
        self.spare.take_if(|spare| spare.samples.is_empty());
    }
}
