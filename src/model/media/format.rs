//! Formats of pictures, films and RAWs.

use std::fmt;

/// A format of pictures or films, as recognised by content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Format {
    Jpeg,
    Png,
    Gif,
    WebP,
    Tiff,
    Bmp,
    Tga,
    Qoi,
    Pnm,
    Ico,
    Avif,
    Jxl,
    Heic,
    Raf,
    Cr2,
    Cr3,
    Nef,
    Arw,
    Dng,
    Orf,
    Rw2,
    Pef,
    Srw,
    Mp4,
    Mov,
    ThreeGp,
    Mkv,
    WebM,
    Avi,
    /// A film in a container that is not read.
    OtherFilm,
}

impl Format {
    /// Every format, in a fixed order.
    pub const ALL: [Self; 30] = [
        Self::Jpeg,
        Self::Png,
        Self::Gif,
        Self::WebP,
        Self::Tiff,
        Self::Bmp,
        Self::Tga,
        Self::Qoi,
        Self::Pnm,
        Self::Ico,
        Self::Avif,
        Self::Jxl,
        Self::Heic,
        Self::Raf,
        Self::Cr2,
        Self::Cr3,
        Self::Nef,
        Self::Arw,
        Self::Dng,
        Self::Orf,
        Self::Rw2,
        Self::Pef,
        Self::Srw,
        Self::Mp4,
        Self::Mov,
        Self::ThreeGp,
        Self::Mkv,
        Self::WebM,
        Self::Avi,
        Self::OtherFilm,
    ];

    /// Lower-case name, as reports and the cache write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::WebP => "webp",
            Self::Tiff => "tiff",
            Self::Bmp => "bmp",
            Self::Tga => "tga",
            Self::Qoi => "qoi",
            Self::Pnm => "pnm",
            Self::Ico => "ico",
            Self::Avif => "avif",
            Self::Jxl => "jxl",
            Self::Heic => "heic",
            Self::Raf => "raf",
            Self::Cr2 => "cr2",
            Self::Cr3 => "cr3",
            Self::Nef => "nef",
            Self::Arw => "arw",
            Self::Dng => "dng",
            Self::Orf => "orf",
            Self::Rw2 => "rw2",
            Self::Pef => "pef",
            Self::Srw => "srw",
            Self::Mp4 => "mp4",
            Self::Mov => "mov",
            Self::ThreeGp => "3gp",
            Self::Mkv => "mkv",
            Self::WebM => "webm",
            Self::Avi => "avi",
            Self::OtherFilm => "film",
        }
    }

    /// The format of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Whether pixels are stored compressed, so that the length of a file depends on what it shows.
    pub fn compresses(self) -> bool {
        matches!(
            self,
            Self::Jpeg | Self::Png | Self::Gif | Self::WebP | Self::Avif | Self::Jxl | Self::Heic
        ) || self.is_film()
    }

    /// Whether it is a container of films.
    pub fn is_film(self) -> bool {
        use Format::{Avi, Mkv, Mov, Mp4, OtherFilm, ThreeGp, WebM};
        matches!(self, Mp4 | Mov | ThreeGp | Mkv | WebM | Avi | OtherFilm)
    }

    /// Whether the file holds a sensor's own values.
    pub fn is_raw(self) -> bool {
        matches!(
            self,
            Self::Raf
                | Self::Cr2
                | Self::Cr3
                | Self::Nef
                | Self::Arw
                | Self::Dng
                | Self::Orf
                | Self::Rw2
                | Self::Pef
                | Self::Srw
        )
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
