//! Dimensions, and the eight ways to turn a picture.

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Dimensions {
    /// Pixels per row.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl Dimensions {
    /// Number of pixels.
    pub fn pixels(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }
}

/// What has to be done to the stored picture to show it, or to one picture to get the other. The
/// eight values of the EXIF tag 0x0112 (Exif 3.0, 4.6.5.1.6), with the operation each asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Orientation {
    /// EXIF 1: as stored.
    #[default]
    Upright,
    /// EXIF 2: mirrored left–right.
    MirrorHorizontal,
    /// EXIF 3: turned by 180°.
    Rotate180,
    /// EXIF 4: mirrored top–bottom.
    MirrorVertical,
    /// EXIF 5: mirrored at the main diagonal.
    Transpose,
    /// EXIF 6: turned by 90° clockwise.
    Rotate90,
    /// EXIF 7: mirrored at the other diagonal.
    Transverse,
    /// EXIF 8: turned by 270° clockwise.
    Rotate270,
}

impl Orientation {
    /// All eight, in the order of the EXIF values 1–8.
    pub const ALL: [Self; 8] = [
        Self::Upright,
        Self::MirrorHorizontal,
        Self::Rotate180,
        Self::MirrorVertical,
        Self::Transpose,
        Self::Rotate90,
        Self::Transverse,
        Self::Rotate270,
    ];

    /// The ways that one picture may be turned to be like another: all, or none but upright.
    pub fn turns(any: bool) -> &'static [Self] {
        if any { &Self::ALL } else { &[Self::Upright] }
    }

    /// The value of EXIF tag 0x0112, 1–8.
    pub fn exif_value(self) -> u32 {
        (1..).zip(Self::ALL).find(|(_, other)| *other == self).map_or(1, |(value, _)| value)
    }

    /// The orientation of an EXIF value; anything but 1–8 means upright, as viewers take it.
    pub fn from_exif(value: u32) -> Self {
        value
            .checked_sub(1)
            .and_then(|index| Self::ALL.get(index as usize).copied())
            .unwrap_or_default()
    }

    /// Whether rows become columns.
    pub fn swaps_axes(self) -> bool {
        matches!(self, Self::Transpose | Self::Rotate90 | Self::Transverse | Self::Rotate270)
    }

    /// The dimensions of a picture of `stored` dimensions once it is shown.
    pub fn shown(self, stored: Dimensions) -> Dimensions {
        if self.swaps_axes() {
            Dimensions { width: stored.height, height: stored.width }
        } else {
            stored
        }
    }

    /// The inverse orientation.
    pub fn inverse(self) -> Self {
        match self {
            Self::Rotate90 => Self::Rotate270,
            Self::Rotate270 => Self::Rotate90,
            other => other,
        }
    }

    /// Both, one after the other.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        // Each is a transposition or none, then mirrored left–right or not, top–bottom or not.
        const STEPS: [[bool; 3]; 8] = [
            [false, false, false],
            [false, true, false],
            [false, true, true],
            [false, false, true],
            [true, false, false],
            [true, true, false],
            [true, true, true],
            [true, false, true],
        ];
        let [swaps, mut across, mut down] = STEPS[self as usize];
        let [swaps_next, across_next, down_next] = STEPS[next as usize];
        if swaps_next {
            (across, down) = (down, across);
        }
        let both = [swaps ^ swaps_next, across ^ across_next, down ^ down_next];
        let place = STEPS.iter().position(|steps| *steps == both);
        place.and_then(|place| Self::ALL.get(place).copied()).unwrap_or_default()
    }

    /// Name as reports write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Upright => "none",
            Self::MirrorHorizontal => "mirror-horizontal",
            Self::Rotate180 => "rotate180",
            Self::MirrorVertical => "mirror-vertical",
            Self::Transpose => "transpose",
            Self::Rotate90 => "rotate90",
            Self::Transverse => "transverse",
            Self::Rotate270 => "rotate270",
        }
    }
}
