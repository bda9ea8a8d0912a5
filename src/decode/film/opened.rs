//! Which decoder a film needs, and the memory for it.

use super::decoder::FrameDecoder;
use super::{DecodeError, DecodeOptions, Room, av1, mjpeg, vp8};
#[cfg(feature = "video")]
use super::{h264, hevc, mpeg4, vp9};
use crate::container::film::{Codec, FilmTrack};
use crate::decode::limits::Reservation;

/// Bytes that a decoder holds for a pixel of each frame that it keeps: luma and chroma in 16 bits,
/// and motion.
const BYTES_PER_PIXEL: u64 = 4;
/// Frames that a decoder holds beside those that others are predicted from: the one that is
/// decoded, the one that is given out, and our own plane.
const OWN_FRAMES: u64 = 3;
/// Most frames that others are predicted from.
const MAX_REFERENCES: u64 = 16;
/// Most pixels of all of them together: those of level 6 of H.264; HEVC allows as many or fewer.
const MAX_REFERENCE_PIXELS: u64 = 178_257_920;

/// A decoder with the memory that was reserved for it.
pub(super) struct Opened {
    pub decoder: Box<dyn FrameDecoder>,
    _memory: Option<Reservation>,
}

impl Opened {
    #[cfg(all(test, feature = "video"))]
    pub(super) fn of(decoder: Box<dyn FrameDecoder>) -> Self {
        Self { decoder, _memory: None }
    }

    /// A decoder for the frames of a film: for a keyframe alone, or for those that need others too.
    pub(super) fn new(
        track: &FilmTrack,
        alone: bool,
        options: &DecodeOptions,
    ) -> Result<Self, DecodeError> {
        let unsupported = |what: String| Err(DecodeError::Unsupported(what));
        let coding = &track.coding;
        let Some(codec) = track.codec else {
            return unsupported(format!("films coded as {coding}"));
        };
        if !is_built(codec) {
            return unsupported(format!("films coded as {coding}: built without `video`"));
        }
        let room = Room::of(track.width, track.height)?;
        // The reader of JPEG reserves its own.
        let memory = (codec != Codec::Mjpeg)
            .then(|| options.limits.reserve(memory(room.0, alone)))
            .transpose()?;
        let decoder: Box<dyn FrameDecoder> = match codec {
            #[cfg(feature = "video")]
            Codec::H264 => Box::new(h264::H264::new(&track.config, room)?),
            #[cfg(feature = "video")]
            Codec::Hevc => Box::new(hevc::Hevc::new(&track.config, room)?),
            #[cfg(feature = "video")]
            Codec::Vp9 => Box::new(vp9::Vp9::new(room)),
            #[cfg(feature = "video")]
            Codec::Mpeg4 => Box::new(mpeg4::Mpeg4::new(&track.config, room)?),
            Codec::Av1 => Box::new(av1::Av1::new(&track.config, room)?),
            Codec::Vp8 => Box::new(vp8::Vp8::new(room)),
            _ => Box::new(mjpeg::Mjpeg::new(room, options)),
        };
        Ok(Self { decoder, _memory: memory })
    }
}

/// Bytes that a decoder of frames of so many pixels may hold.
fn memory(pixels: u64, alone: bool) -> u64 {
    let references = (MAX_REFERENCE_PIXELS / pixels.max(1)).min(MAX_REFERENCES);
    let frames = OWN_FRAMES + if alone { 1 } else { references };
    frames * pixels * BYTES_PER_PIXEL
}

/// Whether this build decodes the codec.
pub(super) fn is_built(codec: Codec) -> bool {
    cfg!(feature = "video") || matches!(codec, Codec::Av1 | Codec::Mjpeg | Codec::Vp8)
}
