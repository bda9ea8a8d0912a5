//! AVIF pictures through `re_rav1d`, the Rust port of dav1d, without its assembly.
//!
//! The container is read by our own reader, so that grids, overlays and transparency go the same
//! way as in HEIC. Of an animation the primary item is shown, which is its first frame.

use re_rav1d::dav1d::pixel::YUVRange;
use re_rav1d::dav1d::{
    BitsPerComponent, Decoder, Error, Picture, PixelLayout, PlanarImageComponent, Settings,
};

use super::heif::colours::{self, Chroma};
use super::heif::layers::{self, Codec, Coded, Luma, widen};
use super::luma::luma;
use super::pixels::Pixels;
use super::{DecodeError, DecodeOptions, Decoded};
use crate::container::ReadAt;
use crate::container::isobmff::Items;
use crate::model::media::Format;

/// Most times that the decoder is asked for a picture: each asking takes in one temporal unit.
const MAX_STEPS: usize = 64;

pub(super) fn decode(source: &dyn ReadAt, options: &DecodeOptions) -> Result<Decoded, DecodeError> {
    match Items::read(source)? {
        Some(items) => layers::decode(&Av1, Format::Avif, &items, source, options),
        None => Err(DecodeError::Unsupported("AVIF without a still picture".into())),
    }
}

/// The picture in colour.
pub(super) fn pixels(
    source: &dyn ReadAt,
    side: u32,
    options: &DecodeOptions,
) -> Result<Pixels, DecodeError> {
    match Items::read(source)? {
        Some(items) => colours::pixels(&Av1, &items, source, side, options),
        None => Err(DecodeError::Unsupported("AVIF without a still picture".into())),
    }
}

struct Av1;

impl Codec for Av1 {
    const KINDS: &'static [[u8; 4]] = &[*b"av01"];
    const CONFIG: [u8; 4] = *b"av1C";
    /// Two planes of 16-bit samples with their chroma at 4:4:4, and our own.
    const BYTES_PER_PIXEL: u64 = 16;

    /// AV1-ISOBMFF, 2.3.3: tier, depth, monochrome and subsampling.
    fn sampling(config: &[u8]) -> Option<&[u8]> {
        config.get(2..3)
    }

    fn luma(&self, coded: Coded<'_>) -> Result<Luma, DecodeError> {
        let decoded = Planes::decode(&coded)?;
        let mut samples = decoded.samples(PlanarImageComponent::Y)?;
        if decoded.is_rgb {
            let blue = decoded.samples(PlanarImageComponent::U)?;
            let red = decoded.samples(PlanarImageComponent::V)?;
            for ((sample, b), r) in samples.iter_mut().zip(blue).zip(red) {
                *sample = luma(r, *sample, b);
            }
        }
        Ok(decoded.plane(samples))
    }

    fn colours(&self, coded: Coded<'_>) -> Result<[Luma; 3], DecodeError> {
        let decoded = Planes::decode(&coded)?;
        let plane = |component| decoded.samples(component).map(|samples| decoded.plane(samples));
        let y = plane(PlanarImageComponent::Y)?;
        if decoded.is_rgb {
            return Ok([plane(PlanarImageComponent::V)?, y, plane(PlanarImageComponent::U)?]);
        }
        let picture = &decoded.picture;
        let half = |side: u32| side.div_ceil(2);
        let (width, height) = match picture.pixel_layout() {
            PixelLayout::I400 => return Ok(colours::rgb(y, None, 2)),
            PixelLayout::I420 => (half(picture.width()), half(picture.height())),
            PixelLayout::I422 => (half(picture.width()), picture.height()),
            PixelLayout::I444 => (picture.width(), picture.height()),
        };
        let scale = colours::widen_chroma(decoded.depth, decoded.full_range)
            .ok_or_else(|| DecodeError::Unsupported("AV1: the depth of its colours".into()))?;
        let chroma = |component| samples(picture, component, (width, height), &scale);
        let (blue, red) = (chroma(PlanarImageComponent::U)?, chroma(PlanarImageComponent::V)?);
        let chroma = Chroma { width, height, blue, red };
        Ok(colours::rgb(y, Some(&chroma), decoded.matrix))
    }
}

/// A decoded frame, and how its planes are to be taken.
struct Planes {
    picture: Picture,
    depth: u32,
    full_range: bool,
    matrix: u16,
    scale: Vec<u8>,
    /// The planes are green, blue and red.
    is_rgb: bool,
}

impl Planes {
    fn decode(coded: &Coded<'_>) -> Result<Self, DecodeError> {
        let mut settings = Settings::new();
        settings.set_n_threads(1);
        settings.set_max_frame_delay(1);
        settings.set_all_layers(false);
        // Grain is noise that the encoder took out of the picture.
        settings.set_apply_grain(false);
        settings.set_frame_size_limit(u32::try_from(coded.max_pixels).unwrap_or(u32::MAX));
        let picture = first_picture(&settings, coded.bytes.clone()).map_err(wrap)?;
        let full_range = coded.is_alpha
            || coded.colour.map_or(picture.color_range() == YUVRange::Full, |c| c.full_range);
        let BitsPerComponent(depth) = picture.bits_per_component().unwrap_or(BitsPerComponent(8));
        let depth = depth as u32;
        let scale = widen(depth, full_range)
            .ok_or_else(|| DecodeError::Unsupported(format!("AV1 of {depth} bits")))?;
        let matrix = coded.colour.map_or(2, |colour| colour.matrix);
        let is_rgb = matrix == 0 && picture.pixel_layout() == PixelLayout::I444 && !coded.is_alpha;
        Ok(Self { picture, depth, full_range, matrix, scale, is_rgb })
    }

    fn samples(&self, component: PlanarImageComponent) -> Result<Vec<u8>, DecodeError> {
        let size = (self.picture.width(), self.picture.height());
        samples(&self.picture, component, size, &self.scale)
    }

    fn plane(&self, samples: Vec<u8>) -> Luma {
        Luma { width: self.picture.width(), height: self.picture.height(), samples }
    }
}

fn first_picture(settings: &Settings, bytes: Vec<u8>) -> Result<Picture, Error> {
    let mut decoder = Decoder::with_settings(settings)?;
    let mut sent = decoder.send_data(bytes, None, None, None);
    for _ in 0..MAX_STEPS {
        match sent {
            Ok(()) | Err(Error::Again) => {}
            Err(error) => return Err(error),
        }
        match decoder.get_picture() {
            Err(Error::Again) if sent.is_err() => sent = decoder.send_pending_data(),
            Err(Error::Again) => break,
            result => return result,
        }
    }
    Err(Error::InvalidArgument)
}

fn wrap(error: Error) -> DecodeError {
    match error {
        Error::UnsupportedBitstream => DecodeError::Unsupported(format!("AV1: {error}")),
        Error::NotEnoughMemory => DecodeError::TooLarge {
            what: "an AV1 frame".into(),
            limit: "what the system has left".into(),
        },
        _ => DecodeError::Damaged(format!("AV1: {error}")),
    }
}

/// One plane as 8-bit full range.
fn samples(
    picture: &Picture,
    component: PlanarImageComponent,
    (width, height): (u32, u32),
    scale: &[u8],
) -> Result<Vec<u8>, DecodeError> {
    let plane = picture.plane(component);
    let (stride, _) = picture.plane_data_geometry(component);
    let (width, height) = (width as usize, height as usize);
    let wide = picture.bit_depth() > 8;
    let row_bytes = if wide { width * 2 } else { width };
    let mut samples = Vec::with_capacity(width * height);
    for row in plane.chunks(stride as usize).take(height) {
        let Some(row) = row.get(..row_bytes) else { break };
        let scaled = |value: usize| scale.get(value).copied().unwrap_or(255);
        if wide {
            let values = row.as_chunks::<2>().0.iter().map(|&pair| u16::from_ne_bytes(pair));
            samples.extend(values.map(|value| scaled(usize::from(value))));
        } else {
            samples.extend(row.iter().map(|&value| scaled(usize::from(value))));
        }
    }
    if samples.len() == width * height {
        Ok(samples)
    } else {
        Err(DecodeError::Damaged("AV1: rows are missing".into()))
    }
}
