//! AV1 through `re_rav1d`, the Rust port of dav1d, without its assembly.

use re_rav1d::dav1d::pixel::YUVRange;
use re_rav1d::dav1d::{
    BitsPerComponent, Decoder, Error, InloopFilterType, Picture, PixelLayout, PlanarImageComponent,
    Settings,
};

use super::DecodeError;
use super::heif::colours::{self, Chroma};
use super::heif::layers::{Colour, Luma, widen};
use super::luma::luma;

/// Most times that the decoder is asked for a picture: each asking takes in one temporal unit.
const MAX_STEPS: usize = 64;

/// A decoder that takes temporal units one after the other.
pub(super) struct Av1Decoder(Decoder);

impl Av1Decoder {
    /// For pictures of at most so many pixels.
    pub(super) fn new(max_pixels: u64) -> Result<Self, DecodeError> {
        Self::with_filters(max_pixels, InloopFilterType::all())
    }

    /// For one picture alone, without the filters in the loop: blocks are predicted from samples
    /// before them, so that nothing goes on from block to block.
    pub(super) fn unfiltered(max_pixels: u64) -> Result<Self, DecodeError> {
        Self::with_filters(max_pixels, InloopFilterType::empty())
    }

    fn with_filters(max_pixels: u64, filters: InloopFilterType) -> Result<Self, DecodeError> {
        let mut settings = Settings::new();
        settings.set_n_threads(1);
        settings.set_max_frame_delay(1);
        settings.set_all_layers(false);
        // Grain is noise that the encoder took out of the picture.
        settings.set_apply_grain(false);
        settings.set_inloop_filters(filters);
        settings.set_frame_size_limit(u32::try_from(max_pixels).unwrap_or(u32::MAX));
        Decoder::with_settings(&settings).map(Self).map_err(wrap)
    }

    /// Decodes temporal units up to the first picture that is shown.
    pub(super) fn first(&mut self, bytes: Vec<u8>) -> Result<Picture, DecodeError> {
        let mut first = None;
        self.feed(bytes, &mut |picture| {
            first = Some(picture);
            false
        })?;
        first.ok_or_else(|| wrap(Error::InvalidArgument))
    }

    /// Decodes temporal units whole; the last picture that is shown.
    pub(super) fn last(&mut self, bytes: Vec<u8>) -> Result<Option<Picture>, DecodeError> {
        let mut last = None;
        self.feed(bytes, &mut |picture| {
            last = Some(picture);
            true
        })?;
        Ok(last)
    }

    fn feed(
        &mut self,
        bytes: Vec<u8>,
        each: &mut dyn FnMut(Picture) -> bool,
    ) -> Result<(), DecodeError> {
        let mut sent = self.0.send_data(bytes, None, None, None);
        for _ in 0..MAX_STEPS {
            match sent {
                Ok(()) | Err(Error::Again) => {}
                Err(error) => return Err(wrap(error)),
            }
            match self.0.get_picture() {
                Err(Error::Again) if sent.is_err() => sent = self.0.send_pending_data(),
                Err(Error::Again) => break,
                Err(error) => return Err(wrap(error)),
                Ok(picture) => {
                    if !each(picture) {
                        break;
                    }
                }
            }
        }
        Ok(())
    }
}

/// A decoded picture, and how its planes are to be taken.
pub(super) struct Planes {
    picture: Picture,
    depth: u32,
    full_range: bool,
    matrix: u16,
    scale: Vec<u8>,
    /// The planes are green, blue and red.
    is_rgb: bool,
}

impl Planes {
    /// `colour` is what the container says of it. Opacity is always full range.
    pub(super) fn new(
        picture: Picture,
        colour: Option<Colour>,
        is_alpha: bool,
    ) -> Result<Self, DecodeError> {
        let full_range =
            is_alpha || colour.map_or(picture.color_range() == YUVRange::Full, |c| c.full_range);
        let BitsPerComponent(depth) = picture.bits_per_component().unwrap_or(BitsPerComponent(8));
        let depth = depth as u32;
        let scale = widen(depth, full_range)
            .ok_or_else(|| DecodeError::Unsupported(format!("AV1 of {depth} bits")))?;
        let matrix = colour.map_or(2, |colour| colour.matrix);
        let is_rgb = matrix == 0 && picture.pixel_layout() == PixelLayout::I444 && !is_alpha;
        Ok(Self { picture, depth, full_range, matrix, scale, is_rgb })
    }

    pub(super) fn luma(&self) -> Result<Luma, DecodeError> {
        let mut samples = self.samples(PlanarImageComponent::Y)?;
        if self.is_rgb {
            let blue = self.samples(PlanarImageComponent::U)?;
            let red = self.samples(PlanarImageComponent::V)?;
            for ((sample, b), r) in samples.iter_mut().zip(blue).zip(red) {
                *sample = luma(r, *sample, b);
            }
        }
        Ok(self.plane(samples))
    }

    /// Red, green and blue.
    pub(super) fn colours(&self) -> Result<[Luma; 3], DecodeError> {
        let plane = |component| self.samples(component).map(|samples| self.plane(samples));
        let y = plane(PlanarImageComponent::Y)?;
        if self.is_rgb {
            return Ok([plane(PlanarImageComponent::V)?, y, plane(PlanarImageComponent::U)?]);
        }
        let picture = &self.picture;
        let half = |side: u32| side.div_ceil(2);
        let (width, height) = match picture.pixel_layout() {
            PixelLayout::I400 => return Ok(colours::rgb(y, None, 2)),
            PixelLayout::I420 => (half(picture.width()), half(picture.height())),
            PixelLayout::I422 => (half(picture.width()), picture.height()),
            PixelLayout::I444 => (picture.width(), picture.height()),
        };
        let scale = colours::widen_chroma(self.depth, self.full_range)
            .ok_or_else(|| DecodeError::Unsupported("AV1: the depth of its colours".into()))?;
        let chroma = |component| samples(picture, component, (width, height), &scale);
        let (blue, red) = (chroma(PlanarImageComponent::U)?, chroma(PlanarImageComponent::V)?);
        let chroma = Chroma { width, height, blue, red };
        Ok(colours::rgb(y, Some(&chroma), self.matrix))
    }

    fn samples(&self, component: PlanarImageComponent) -> Result<Vec<u8>, DecodeError> {
        let size = (self.picture.width(), self.picture.height());
        samples(&self.picture, component, size, &self.scale)
    }

    fn plane(&self, samples: Vec<u8>) -> Luma {
        Luma { width: self.picture.width(), height: self.picture.height(), samples }
    }
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
