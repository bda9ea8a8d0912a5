//! From the bytes of a file to its tiles, the cheapest honest way for each format.
//!
//! Every foreign decoder lives in one file of this folder. [`decode`] tells the format by content,
//! catches what a decoder throws, and gives the tiles **as stored**: turning it as the metadata ask
//! is the caller's part, because metadata are read elsewhere.

mod av1;
mod avif;
mod bits;
mod colours;
mod detail;
mod earlier;
pub mod film;
mod grid;
mod heif;
mod hevc;
mod ifd0;
mod jpeg;
mod jxl;
pub mod limits;
mod luma;
mod pixels;
pub mod preview;
mod raster;
mod raw;
mod sniff;
mod spare;
mod tiff;
mod vp8;
mod vp8l;
mod webp;

pub use colours::colours;
pub use detail::detail;
pub use limits::Limits;
pub use sniff::{sniff, sniff_film};

use std::fmt;
use std::io;

use crate::container::ReadAt;
use crate::model::media::{DecodeFlags, Dimensions, Format, Orientation};
use crate::model::panics;
use crate::model::provenance::Provenance;
use crate::picture::tile::Tiles;

/// How to decode.
#[derive(Clone, Debug, Default)]
pub struct DecodeOptions {
    /// Memory and pixel bounds.
    pub limits: Limits,
    /// Never use an embedded thumbnail, even where the container says that it was made with the
    /// picture, and leave out no filter.
    pub exact: bool,
}

/// Where the orientation of a decoded picture stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrientationFrom {
    /// The decoder applied what the container says (HEIF `irot`/`imir`, JPEG XL); the EXIF value
    /// must not be applied on top.
    Applied,
    /// In the EXIF block, if there is one.
    Exif,
    /// Not in the EXIF block given, but found elsewhere in the file (RAW: the main IFD).
    Given(Orientation),
}

/// The result of decoding a picture.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The format that the content says.
    pub format: Format,
    /// The tiles as stored (after the container's own orientation where
    /// [`OrientationFrom::Applied`]).
    pub tiles: Tiles,
    /// Dimensions of the full picture, in the same sense as the tiles. For a RAW: the sensor's
    /// picture where the file says it, else the preview's.
    pub dimensions: Dimensions,
    /// Whose orientation counts.
    pub orientation: OrientationFrom,
    /// The EXIF block, from its TIFF header on (no `Exif\0\0`), if there is one.
    pub exif: Option<Vec<u8>>,
    /// What is not as it should be, though the picture was read.
    pub flags: DecodeFlags,
    /// What the structure and the samples tell of where the picture comes from; what metadata say
    /// of it is not in here.
    pub provenance: Provenance,
}

/// How the message of [`DecodeError::TooLarge`] begins.
pub const TOO_LARGE: &str = "too large: ";

/// Why a picture could not be decoded.
#[derive(Debug)]
pub enum DecodeError {
    /// The file could not be read.
    Io(io::Error),
    /// The content is no picture format that is known.
    NotAPicture,
    /// The format is known, but not this form of it.
    Unsupported(String),
    /// The content contradicts its format.
    Damaged(String),
    /// The file ends too early; less than half of the picture is there.
    Truncated(String),
    /// More pixels or memory than allowed.
    TooLarge {
        /// What it claims or needs.
        what: String,
        /// The limit it breaks.
        limit: String,
    },
    /// A RAW file without a preview that could be used.
    NoPreview(String),
    /// More frames of a film would have to be decoded than may be.
    TooMuchWork,
    /// A decoder panicked; the message it left.
    Panicked(String),
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "cannot be read: {error}"),
            Self::NotAPicture => f.write_str("not a picture format that is known"),
            Self::Unsupported(what) => write!(f, "not supported: {what}"),
            Self::Damaged(what) => write!(f, "damaged: {what}"),
            Self::Truncated(what) => write!(f, "truncated: {what}"),
            Self::TooLarge { what, limit } => write!(f, "{TOO_LARGE}{what} (the limit is {limit})"),
            Self::NoPreview(what) => write!(f, "no usable preview: {what}"),
            Self::TooMuchWork => f.write_str("too many frames would have to be decoded"),
            Self::Panicked(what) => write!(f, "the decoder failed: {what}"),
        }
    }
}

impl std::error::Error for DecodeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for DecodeError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated("the file ends too early".into()),
            // What unpacks a stream reports so what it cannot unpack; a device has a code.
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput
                if error.raw_os_error().is_none() =>
            {
                Self::Damaged(error.to_string())
            }
            _ => Self::Io(error),
        }
    }
}

/// Decodes one picture to its tiles.
///
/// # Errors
/// See [`DecodeError`]; no input makes it panic.
pub fn decode(source: &dyn ReadAt, options: &DecodeOptions) -> Result<Decoded, DecodeError> {
    let format = sniff(source)?.ok_or(DecodeError::NotAPicture)?;
    caught(|| dispatch(format, source, options))
}

/// What a foreign decoder throws, as an error.
fn caught<T>(attempt: impl FnOnce() -> Result<T, DecodeError>) -> Result<T, DecodeError> {
    panics::catch(attempt).unwrap_or_else(|message| Err(DecodeError::Panicked(message)))
}

/// The decoders that HEIC pictures are given to, in this order.
pub fn heic_decoders() -> &'static [&'static str] {
    heif::DECODERS
}

fn dispatch(
    format: Format,
    source: &dyn ReadAt,
    options: &DecodeOptions,
) -> Result<Decoded, DecodeError> {
    match format {
        Format::Jpeg => jpeg::decode(source, options),
        Format::WebP => webp::decode(source, options),
        Format::Avif => avif::decode(source, options),
        Format::Jxl => jxl::decode(source, options),
        Format::Heic => heif::decode(source, options),
        Format::Tiff => tiff::decode(source, options),
        Format::Png
        | Format::Gif
        | Format::Bmp
        | Format::Tga
        | Format::Qoi
        | Format::Pnm
        | Format::Ico => raster::decode(format, source, options),
        Format::Raf
        | Format::Cr2
        | Format::Cr3
        | Format::Nef
        | Format::Arw
        | Format::Dng
        | Format::Orf
        | Format::Rw2
        | Format::Pef
        | Format::Srw => raw::decode(format, source, options),
        // A film is no picture; its frames are decoded by `film`.
        Format::Mp4
        | Format::Mov
        | Format::ThreeGp
        | Format::Mkv
        | Format::WebM
        | Format::Avi
        | Format::OtherFilm => Err(DecodeError::NotAPicture),
    }
}
