//! AVIF pictures through `re_rav1d`, the Rust port of dav1d, without its assembly.
//!
//! The container is read by our own reader, so that grids, overlays and transparency go the same
//! way as in HEIC. Of an animation the primary item is shown, which is its first frame.

use re_rav1d::dav1d::pixel::YUVRange;
use re_rav1d::dav1d::{
    BitsPerComponent, Decoder, Error, Picture, PixelLayout, PlanarImageComponent, Settings,
};

use super::heif::layers::{self, Codec, Coded, Luma, widen};
use super::luma::luma;
use super::{DecodeError, DecodeOptions, Decoded};
use crate::container::ReadAt;
use crate::container::isobmff::Items;
use crate::media::Format;

/// Most times that the decoder is asked for a picture: each asking takes in one temporal unit.
const MAX_STEPS: usize = 64;

pub(super) fn decode(source: &dyn ReadAt, options: &DecodeOptions) -> Result<Decoded, DecodeError> {
    match Items::read(source)? {
        Some(items) => layers::decode(&Av1, Format::Avif, &items, source, options),
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
        let mut settings = Settings::new();
        settings.set_n_threads(1);
        settings.set_max_frame_delay(1);
        settings.set_all_layers(false);
        // Grain is noise that the encoder took out of the picture.
        settings.set_apply_grain(false);
        settings.set_frame_size_limit(u32::try_from(coded.max_pixels).unwrap_or(u32::MAX));
        let picture = first_picture(&settings, coded.bytes).map_err(wrap)?;
        let full = coded.is_alpha
            || coded.colour.map_or(picture.color_range() == YUVRange::Full, |c| c.full_range);
        let BitsPerComponent(depth) = picture.bits_per_component().unwrap_or(BitsPerComponent(8));
        let scale = widen(depth as u32, full)
            .ok_or_else(|| DecodeError::Unsupported(format!("AV1 of {depth} bits")))?;
        // Matrix 0: the planes are green, blue and red.
        let is_rgb = coded.colour.is_some_and(|colour| colour.matrix == 0)
            && picture.pixel_layout() == PixelLayout::I444
            && !coded.is_alpha;
        let plane = |component| samples(&picture, component, &scale);
        let mut samples = plane(PlanarImageComponent::Y)?;
        if is_rgb {
            let (blue, red) = (plane(PlanarImageComponent::U)?, plane(PlanarImageComponent::V)?);
            for ((sample, b), r) in samples.iter_mut().zip(blue).zip(red) {
                *sample = luma(r, *sample, b);
            }
        }
        Ok(Luma { width: picture.width(), height: picture.height(), samples })
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
    scale: &[u8],
) -> Result<Vec<u8>, DecodeError> {
    let plane = picture.plane(component);
    let (stride, _) = picture.plane_data_geometry(component);
    let (width, height) = (picture.width() as usize, picture.height() as usize);
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
