//! The first directory of a TIFF file, by which formats are told apart and pictures are read.

use std::io;

use crate::container::ReadAt;
use crate::container::tiff::{Ifd, Tiff};

/// Longest text that is read.
const MOST_TEXT: u64 = 64;

/// Tags of the first directory.
pub mod tag {
    #![allow(missing_docs)]
    pub const NEW_SUBFILE_TYPE: u16 = 0x00fe;
    pub const IMAGE_WIDTH: u16 = 0x0100;
    pub const IMAGE_LENGTH: u16 = 0x0101;
    pub const BITS_PER_SAMPLE: u16 = 0x0102;
    pub const COMPRESSION: u16 = 0x0103;
    pub const PHOTOMETRIC: u16 = 0x0106;
    pub const MAKE: u16 = 0x010f;
    pub const ORIENTATION: u16 = 0x0112;
    pub const SAMPLES_PER_PIXEL: u16 = 0x0115;
    pub const ROWS_PER_STRIP: u16 = 0x0116;
    pub const PLANAR_CONFIGURATION: u16 = 0x011c;
    pub const PREDICTOR: u16 = 0x013d;
    pub const TILE_WIDTH: u16 = 0x0142;
    pub const SUB_IFDS: u16 = 0x014a;
    pub const YCBCR_SUBSAMPLING: u16 = 0x0212;
    pub const DNG_VERSION: u16 = 0xc612;
}

/// The first directory, and the file that it is in.
pub struct Ifd0<'a> {
    tiff: Tiff<'a>,
    ifd: Ifd,
}

impl<'a> Ifd0<'a> {
    /// Reads the directory; `None` when `source` is no TIFF file or its directory lies outside.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn read(source: &'a dyn ReadAt) -> io::Result<Option<Self>> {
        let Some(tiff) = Tiff::open_file(source)? else { return Ok(None) };
        Ok(Some(Self { ifd: tiff.main()?, tiff }))
    }

    /// Whether the tag is there.
    pub fn has(&self, tag: u16) -> bool {
        self.ifd.entry(tag).is_some()
    }

    /// The value of a tag that holds one unsigned number of one to four bytes.
    pub fn value(&self, tag: u16) -> Option<u32> {
        self.tiff.single(&self.ifd, tag)
    }

    /// The values of a tag that holds SHORT numbers, at most eight of them.
    pub fn shorts(&self, tag: u16) -> Vec<u16> {
        self.tiff.shorts(&self.ifd, tag)
    }

    /// An entry rewritten to hold this number, as [`Tiff::rewritten`] gives it.
    pub fn rewritten(&self, tag: u16, value: u32) -> Option<(u64, Vec<u8>)> {
        self.tiff.rewritten(&self.ifd, tag, value)
    }

    /// The text of a tag, cut after 64 bytes.
    pub fn text(&self, tag: u16) -> Vec<u8> {
        self.tiff.text(&self.ifd, tag, MOST_TEXT)
    }
}
