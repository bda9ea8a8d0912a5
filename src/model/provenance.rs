//! What a file tells of where its picture comes from: traces that cameras, encoders and programs
//! leave in it. They decide which of several copies is the original.

/// The traces of one file. `Default` is a file that tells nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Provenance {
    /// What its metadata and its structure say.
    pub traces: Traces,
    /// How it was quantised; `None` for what is not stored as a JPEG.
    pub quantised: Option<Quantised>,
    /// The quantiser of an earlier JPEG compression that is still visible in the samples, as the
    /// luma DC step (2–24) in the scale of [`Quantised::dc_step`]; only where it is coarser than
    /// the file's own, or the file is no JPEG. Cropping and resizing hide it, so that `None` proves
    /// nothing.
    pub earlier_dc_step: Option<u8>,
    /// Up to which spatial frequency the picture has detail; `None` where that was not measured.
    pub bandwidth: Option<Bandwidth>,
}

/// Bytes of [`Provenance::to_bytes`].
const BYTES: usize = 12;

impl Provenance {
    /// As the cache and tables keep it: which of the optional parts are there and the flags of the
    /// quantiser, a bit each; the traces, a `u32`; DC step; sum of steps, a `u16`; quality; earlier
    /// DC step; bandwidth, a `u16`. The lower byte of a number comes first.
    pub fn to_bytes(self) -> [u8; BYTES] {
        let flags = [
            self.quantised.is_some(),
            self.earlier_dc_step.is_some(),
            self.bandwidth.is_some(),
            self.quantised.is_some_and(|quantised| quantised.standard),
            self.quantised.is_some_and(|quantised| quantised.subsampled),
            self.quantised.is_some_and(|quantised| quantised.progressive),
        ];
        let flags = (0..).zip(flags).map(|(bit, set)| u8::from(set) << bit).sum();
        let [t0, t1, t2, t3] = self.traces.bits().to_le_bytes();
        let [s0, s1] = self.quantised.map_or(0, |quantised| quantised.steps).to_le_bytes();
        let [b0, b1] = self.bandwidth.map_or(0, |bandwidth| bandwidth.0).to_le_bytes();
        let dc_step = self.quantised.map_or(0, |quantised| quantised.dc_step);
        let quality = self.quantised.map_or(0, |quantised| quantised.quality);
        let earlier = self.earlier_dc_step.unwrap_or(0);
        [flags, t0, t1, t2, t3, dc_step, s0, s1, quality, earlier, b0, b1]
    }

    /// What [`Provenance::to_bytes`] wrote; `None` for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let &[flags, t0, t1, t2, t3, dc_step, s0, s1, quality, earlier, b0, b1] =
            <&[u8; BYTES]>::try_from(bytes).ok()?;
        let flag = |bit: u32| flags & 1 << bit != 0;
        let read = Self {
            traces: Traces::from_bits(u32::from_le_bytes([t0, t1, t2, t3])),
            quantised: flag(0).then_some(Quantised {
                dc_step,
                steps: u16::from_le_bytes([s0, s1]),
                quality,
                standard: flag(3),
                subsampled: flag(4),
                progressive: flag(5),
            }),
            earlier_dc_step: flag(1).then_some(earlier),
            bandwidth: flag(2).then_some(Bandwidth(u16::from_le_bytes([b0, b1]))),
        };
        // Values of parts that are not there would be lost.
        (read.to_bytes() == bytes).then_some(read)
    }
}

/// How a JPEG was quantised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quantised {
    /// Step of the luma DC coefficient.
    pub dc_step: u8,
    /// Sum of the 64 luma steps, 64 (the finest) and more: the measure of how much was lost.
    pub steps: u16,
    /// The quality of libjpeg (1–100) whose scaled standard luma table is nearest.
    pub quality: u8,
    /// The luma table is exactly that scaled standard table: what libjpeg and all that is built on
    /// it write. Cameras and phones often have tables of their own.
    pub standard: bool,
    /// Chroma has fewer samples than luma.
    pub subsampled: bool,
    /// More than one scan (progressive): hardly any camera writes such files, many sites do.
    pub progressive: bool,
}

/// The highest spatial frequency with detail, in thousandths of what the sampling allows (1–1000):
/// where the amplitudes of the sharpest edges fall below 0.3 of an ideal edge's. A picture enlarged
/// by 2 has 350–500, one enlarged by more hardly less than 300. Photographs that are soft at full
/// size have 350–900, so that it tells something only when copies of one picture are compared: their
/// widths times their bandwidths mostly agree within a quarter where one was enlarged from the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bandwidth(pub u16);

/// What metadata and structure say, as a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Traces(u32);

impl Traces {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// A maker's note that the named maker's cameras write. Editors mostly keep it.
    pub const MAKER_NOTE: Self = Self(1 << 0);
    /// Make and model of a camera.
    pub const CAMERA: Self = Self(1 << 1);
    /// Exposure, aperture or sensitivity are given.
    pub const EXPOSURE: Self = Self(1 << 2);
    /// A program that edits pictures is named (Software, CreatorTool, an Adobe or GIMP block).
    pub const EDITOR: Self = Self(1 << 3);
    /// XMP has a history of edits or a `DerivedFrom`.
    pub const DERIVED: Self = Self(1 << 4);
    /// A messenger or a site is named, or its marks are there.
    pub const MESSENGER: Self = Self(1 << 5);
    /// It says that it is a screenshot.
    pub const SCREENSHOT: Self = Self(1 << 6);
    /// Further pictures that only a camera adds: depth, gain map, the film of a motion photo, a
    /// Multi-Picture index.
    pub const AUXILIARY: Self = Self(1 << 7);
    /// A thumbnail inside.
    pub const THUMBNAIL: Self = Self(1 << 8);
    /// The dimensions in Exif differ from the stored ones by more than 16 pixels. Never set for a
    /// RAW.
    pub const RESIZED: Self = Self(1 << 9);
    /// An ICC profile other than sRGB.
    pub const WIDE_COLOUR: Self = Self(1 << 10);
    /// It says when it was taken.
    pub const DATE: Self = Self(1 << 16);
    /// It says where it was taken.
    pub const POSITION: Self = Self(1 << 17);
    /// A rating or a colour label.
    pub const RATING: Self = Self(1 << 18);
    /// A title or a description.
    pub const DESCRIPTION: Self = Self(1 << 19);
    /// Keywords.
    pub const KEYWORDS: Self = Self(1 << 20);
    /// Named people.
    pub const PEOPLE: Self = Self(1 << 21);

    /// As the cache writes them.
    pub fn bits(self) -> u32 {
        self.0
    }

    /// What [`Traces::bits`] wrote.
    pub fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// Whether all of `other` are in it.
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// With `other` where `holds`.
    #[must_use]
    pub fn with_if(self, holds: bool, other: Self) -> Self {
        if holds { self.with(other) } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_hold_all_of_it() {
        let quantised = Quantised {
            dc_step: 3,
            steps: 0x1234,
            quality: 92,
            standard: true,
            subsampled: false,
            progressive: true,
        };
        let full = Provenance {
            traces: Traces::CAMERA.with(Traces::PEOPLE),
            quantised: Some(quantised),
            earlier_dc_step: Some(7),
            bandwidth: Some(Bandwidth(513)),
        };
        let parts = [
            Provenance::default(),
            full,
            Provenance { quantised: None, ..full },
            Provenance { quantised: Some(Quantised { subsampled: true, ..quantised }), ..full },
            Provenance { earlier_dc_step: None, ..full },
            Provenance { bandwidth: None, ..full },
        ];
        for part in parts {
            assert_eq!(Provenance::from_bytes(&part.to_bytes()), Some(part));
        }
        assert_eq!(Provenance::from_bytes(&[]), None);
        assert_eq!(Provenance::from_bytes(&[0; 13]), None);
        // A quality without a quantiser.
        assert_eq!(Provenance::from_bytes(&[0, 0, 0, 0, 0, 0, 0, 0, 92, 0, 0, 0]), None);
        assert_eq!(Provenance::from_bytes(&[0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), None);
    }
}
