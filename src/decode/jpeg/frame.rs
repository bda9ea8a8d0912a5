//! The frame header (T.81, B.2.2) and what follows from it: the geometry of blocks and MCUs.

use super::DecodeError;
use crate::model::media::Dimensions;

/// The coding process and the components.
pub(super) struct Frame {
    pub width: u32,
    pub height: u32,
    /// Bits per sample, 8 or 12.
    pub precision: u8,
    pub progressive: bool,
    /// Coded by Annex D, not by Huffman's codes.
    pub arithmetic: bool,
    pub components: Vec<Component>,
    /// Every component is wanted, not only those that the luma needs.
    pub in_colour: bool,
    /// Luma blocks of the picture that this one is a piece of.
    pub blocks_of_whole: Option<u32>,
    /// The marker, 0xc0 to 0xcf.
    process: u8,
    pub h_max: u32,
    pub v_max: u32,
}

/// A component of a frame.
#[derive(Clone, Debug)]
pub(super) struct Component {
    pub id: u8,
    /// Sampling factors, 1–4.
    pub h: u8,
    pub v: u8,
    /// Number of its quantisation table.
    pub quantisation: u8,
    /// True width and height in its own samples.
    pub width: u32,
    pub height: u32,
}

/// How the components make a luma.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colours {
    /// The first is it: grey and YCbCr.
    Luma,
    Rgb,
    /// Stored inverted, as Adobe does: 255 is no ink.
    Cmyk,
    /// The same, the three colours turned over once more and then luma and chroma of them
    /// (libjpeg's `ycck_cmyk_convert`): there 255 is all ink, of black it is none.
    Ycck,
}

impl Frame {
    pub fn parse(marker: u8, body: &[u8]) -> Result<Self, DecodeError> {
        let bad = || DecodeError::Damaged("the frame header contradicts itself".into());
        let (&[precision, h1, h0, w1, w0, count], rest) =
            body.split_first_chunk::<6>().ok_or_else(bad)?;
        let height = u32::from(u16::from_be_bytes([h1, h0]));
        let width = u32::from(u16::from_be_bytes([w1, w0]));
        let listed = rest.get(..3 * usize::from(count)).ok_or_else(bad)?;
        let mut components: Vec<Component> = listed
            .chunks_exact(3)
            .map(|c| Component {
                id: c[0],
                h: c[1] >> 4,
                v: c[1] & 15,
                quantisation: c[2],
                width: 0,
                height: 0,
            })
            .collect();
        let factor = |f: u8| (1..=4).contains(&f);
        if !(1..=4).contains(&components.len())
            || !components.iter().all(|c| factor(c.h) && factor(c.v) && c.quantisation < 4)
        {
            return Err(bad());
        }
        if components.len() == 1 {
            // A lone component is never interleaved, so that its factors mean nothing (A.2.2).
            (components[0].h, components[0].v) = (1, 1);
        }
        let h_max = components.iter().map(|c| u32::from(c.h)).max().unwrap_or(1);
        let v_max = components.iter().map(|c| u32::from(c.v)).max().unwrap_or(1);
        let mut frame = Self {
            width,
            height,
            precision,
            progressive: matches!(marker, 0xc2 | 0xca),
            arithmetic: matches!(marker, 0xc9 | 0xca),
            components,
            in_colour: false,
            blocks_of_whole: None,
            process: marker,
            h_max,
            v_max,
        };
        frame.measure();
        Ok(frame)
    }

    /// Sizes of the components (A.1.1).
    fn measure(&mut self) {
        for c in &mut self.components {
            c.width = (self.width * u32::from(c.h)).div_ceil(self.h_max);
            c.height = (self.height * u32::from(c.v)).div_ceil(self.v_max);
        }
    }

    /// Refuses the processes that this reader does not know, by name.
    pub fn refuse_what_is_not_read(&mut self) -> Result<(), DecodeError> {
        self.measure();
        let name = match self.process {
            0xc0..=0xc2 | 0xc9 | 0xca => match self.precision {
                8 | 12 => return Ok(()),
                other => {
                    return Err(DecodeError::Unsupported(format!("{other}-bit JPEG samples")));
                }
            },
            0xc3 => "lossless",
            0xc5..=0xc7 => "hierarchical",
            0xcb => "lossless arithmetic-coded",
            _ => "hierarchical arithmetic-coded",
        };
        Err(DecodeError::Unsupported(format!("{name} JPEG")))
    }

    pub fn dimensions(&self) -> Dimensions {
        Dimensions { width: self.width, height: self.height }
    }

    pub fn mcus(&self) -> (u32, u32) {
        (self.width.div_ceil(8 * self.h_max), self.height.div_ceil(8 * self.v_max))
    }

    /// Blocks of a component as they are stored, whole MCUs: across and down.
    pub fn stored_blocks(&self, component: usize) -> (u32, u32) {
        let (across, down) = self.mcus();
        let c = &self.components[component];
        (across * u32::from(c.h), down * u32::from(c.v))
    }

    /// Whether a component is wanted: what the luma needs, or all.
    pub fn needs(&self, component: usize, colours: Colours) -> bool {
        match colours {
            _ if self.in_colour => true,
            Colours::Luma => component == 0,
            Colours::Rgb => component < 3,
            Colours::Cmyk => true,
            Colours::Ycck => component == 0 || component == 3,
        }
    }
}

/// The tables of T.81, Annex K.3, that files without tables are coded with.
pub(super) mod usual {
    type Table = (&'static [u8; 16], &'static [u8]);
    const DC: &[u8] = &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
    pub const LUMA_DC: Table = (&[0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0], DC);
    pub const CHROMA_DC: Table = (&[0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0], DC);
    pub const LUMA_AC: Table =
        (&[0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7d], &LUMA_AC_SYMBOLS);
    pub const CHROMA_AC: Table =
        (&[0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77], &CHROMA_AC_SYMBOLS);
    #[rustfmt::skip]
    const LUMA_AC_SYMBOLS: [u8; 162] = [
        0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07,
        0x22, 0x71, 0x14, 0x32, 0x81, 0x91, 0xa1, 0x08, 0x23, 0x42, 0xb1, 0xc1, 0x15, 0x52, 0xd1, 0xf0,
        0x24, 0x33, 0x62, 0x72, 0x82, 0x09, 0x0a, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x25, 0x26, 0x27, 0x28,
        0x29, 0x2a, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49,
        0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69,
        0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89,
        0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7,
        0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3, 0xc4, 0xc5,
        0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe1, 0xe2,
        0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8,
        0xf9, 0xfa,
    ];
    #[rustfmt::skip]
    const CHROMA_AC_SYMBOLS: [u8; 162] = [
        0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61, 0x71,
        0x13, 0x22, 0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xa1, 0xb1, 0xc1, 0x09, 0x23, 0x33, 0x52, 0xf0,
        0x15, 0x62, 0x72, 0xd1, 0x0a, 0x16, 0x24, 0x34, 0xe1, 0x25, 0xf1, 0x17, 0x18, 0x19, 0x1a, 0x26,
        0x27, 0x28, 0x29, 0x2a, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48,
        0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68,
        0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87,
        0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3, 0xa4, 0xa5,
        0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3,
        0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda,
        0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8,
        0xf9, 0xfa,
    ];
}
