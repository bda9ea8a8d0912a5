//! The header of a frame (RFC 6386, section 9 and annex A).

use super::bits::BoolDecoder;
use super::error::Vp8Error;
use super::probabilities::Probabilities;
use super::quantiser::{Factors, QuantiserIndices};
use super::segments::{FilterDeltas, Segmentation};

/// The first three bytes of every frame, and the seven after them in keyframes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::decode) struct FrameTag {
    /// The width and the height of a keyframe; `None` for other frames.
    pub key: Option<(u16, u16)>,
    /// Whether it is shown: others are only predicted from.
    pub is_shown: bool,
    /// Motion is interpolated linearly.
    pub(super) bilinear: bool,
    first_len: usize,
}

impl FrameTag {
    /// # Errors
    /// [`Vp8Error`] when the bytes end too early, or a keyframe lacks its start code.
    pub fn read(frame: &[u8]) -> Result<Self, Vp8Error> {
        let &[t0, t1, t2] = frame.first_chunk().ok_or(Vp8Error::Truncated)?;
        let tag = u32::from_le_bytes([t0, t1, t2, 0]);
        let key = if tag & 1 == 0 {
            let side = |low, high| u16::from_le_bytes([low, high]) & 0x3fff;
            match frame.get(3..10) {
                Some(&[0x9d, 0x01, 0x2a, w0, w1, h0, h1]) => Some((side(w0, w1), side(h0, h1))),
                Some(_) => return Err(Vp8Error::Damaged("a keyframe without its start code")),
                None => return Err(Vp8Error::Truncated),
            }
        } else {
            None
        };
        Ok(Self {
            key,
            is_shown: tag >> 4 & 1 == 1,
            bilinear: tag >> 1 & 7 != 0,
            first_len: (tag >> 5) as usize,
        })
    }

    /// The first partition, and what follows it. Both may be cut off.
    fn partitions(self, frame: &[u8]) -> (&[u8], &[u8]) {
        let body = frame.get(if self.key.is_some() { 10 } else { 3 }..).unwrap_or_default();
        body.split_at_checked(self.first_len).unwrap_or((body, &[]))
    }
}

/// What lasts from frame to frame beside the pictures.
#[derive(Clone, Debug, Default)]
pub(super) struct Lasting {
    pub probabilities: Probabilities,
    /// What to go back to after this frame.
    saved: Option<Box<Probabilities>>,
    pub segmentation: Segmentation,
    pub deltas: FilterDeltas,
    /// Whether the motion vectors of a reference point the other way.
    pub sign_bias: [bool; 4],
}

impl Lasting {
    /// Takes back what was for one frame only.
    pub fn end_frame(&mut self) {
        if let Some(saved) = self.saved.take() {
            self.probabilities = *saved;
        }
    }
}

/// From where a reference frame is replaced after a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Replacement {
    #[default]
    None,
    /// This frame.
    Own,
    Last,
    /// The alternative one for the golden one, and the golden one for that.
    Other,
}

/// The probabilities with which macroblocks between keyframes are predicted from something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct InterProbabilities {
    pub intra: u8,
    pub last: u8,
    pub golden: u8,
}

/// What holds for one frame.
#[derive(Clone, Debug)]
pub(super) struct FrameHeader {
    pub simple_filter: bool,
    pub filter_level: u8,
    pub sharpness: u8,
    /// By segment.
    pub factors: [Factors; 4],
    pub golden: Replacement,
    pub alternative: Replacement,
    pub replaces_last: bool,
    /// With what probability a macroblock has coefficients; `None` when all of them may.
    pub skip: Option<u8>,
    /// `None` in keyframes.
    pub inter: Option<InterProbabilities>,
}

/// A frame taken apart.
pub(super) struct FrameParts<'a> {
    pub header: FrameHeader,
    /// What follows the header: the modes of the macroblocks.
    pub modes: BoolDecoder<'a>,
    /// The coefficients of every n-th row of macroblocks.
    pub tokens: Vec<BoolDecoder<'a>>,
}

/// Reads the header of a frame, and carries over what it changes.
pub(super) fn read<'a>(
    tag: FrameTag,
    frame: &'a [u8],
    lasting: &mut Lasting,
) -> Result<FrameParts<'a>, Vp8Error> {
    let (first, rest) = tag.partitions(frame);
    let mut bits = BoolDecoder::new(first);
    let is_key = tag.key.is_some();
    if is_key {
        *lasting = Lasting::default();
        // The colour space, and whether values have to be held within 0 to 255: they are.
        bits.number(2);
    }
    lasting.segmentation.read(&mut bits);
    let simple_filter = bits.flag();
    let (filter_level, sharpness) = (bits.number(6), bits.number(3));
    lasting.deltas.read(&mut bits);
    let count = 1 << bits.number(2);
    let indices = QuantiserIndices::read(&mut bits);
    let factors = lasting.segmentation.quantiser_indices(indices.base);
    let factors = factors.map(|index| indices.factors(index));
    let (mut golden, mut alternative, mut replaces_last) =
        (Replacement::Own, Replacement::Own, true);
    if !is_key {
        let own = [bits.flag(), bits.flag()];
        [golden, alternative] = own.map(|own| replacement(own, &mut bits));
        // Golden, then alternative.
        lasting.sign_bias[2] = bits.flag();
        lasting.sign_bias[3] = bits.flag();
    }
    if !bits.flag() {
        lasting.saved = Some(Box::new(lasting.probabilities.clone()));
    }
    if !is_key {
        replaces_last = bits.flag();
    }
    lasting.probabilities.update_tokens(&mut bits);
    let skip = bits.flag().then(|| bits.number(8));
    let inter = (!is_key).then(|| {
        let inter = InterProbabilities {
            intra: bits.number(8),
            last: bits.number(8),
            golden: bits.number(8),
        };
        lasting.probabilities.update_modes(&mut bits);
        lasting.probabilities.update_vectors(&mut bits);
        inter
    });
    if bits.is_exhausted() {
        return Err(Vp8Error::Truncated);
    }
    let header = FrameHeader {
        simple_filter,
        filter_level,
        sharpness,
        factors,
        golden,
        alternative,
        replaces_last,
        skip,
        inter,
    };
    Ok(FrameParts { header, modes: bits, tokens: token_partitions(rest, count) })
}

fn replacement(own: bool, bits: &mut BoolDecoder<'_>) -> Replacement {
    if own {
        return Replacement::Own;
    }
    match bits.number(2) {
        1 => Replacement::Last,
        2 => Replacement::Other,
        _ => Replacement::None,
    }
}

/// Partitions of coefficients (9.5): the sizes of all but the last one come first, in three bytes
/// each.
fn token_partitions(rest: &[u8], count: usize) -> Vec<BoolDecoder<'_>> {
    let (sizes, mut data) = rest.split_at_checked(3 * (count - 1)).unwrap_or_default();
    let mut partitions = Vec::with_capacity(count);
    for &[s0, s1, s2] in sizes.as_chunks::<3>().0 {
        let size = u32::from_le_bytes([s0, s1, s2, 0]) as usize;
        let (partition, behind) = data.split_at_checked(size).unwrap_or((data, &[]));
        partitions.push(BoolDecoder::new(partition));
        data = behind;
    }
    partitions.resize_with(count, || BoolDecoder::new(data));
    partitions
}
