//! Films: which frames a file holds, where their bytes lie and when each is shown. Nothing is
//! decoded here, and of the frames no byte is read.

mod avi;
mod codec;
mod fragments;
mod matroska;
mod movie;
mod sample_table;

use std::fmt;
use std::io;

use super::ReadAt;
use super::isobmff::BoxRange;
pub use codec::Codec;
pub use matroska::Sparse;

/// Most frames of a film: 19 hours at 30 a second.
const MAX_SAMPLES: usize = 1 << 21;

/// Quarter turns, clockwise, by which the stored frames have to be turned to be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rotation {
    /// As stored.
    #[default]
    Upright,
    /// By 90 degrees.
    Quarter,
    /// By 180 degrees.
    Half,
    /// By 270 degrees.
    ThreeQuarters,
}

/// One coded frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Where its bytes begin in the file.
    pub offset: u64,
    /// How many they are.
    pub size: u32,
    /// When it is shown, in microseconds from the first frame of the film; `None` for frames that
    /// the edit list leaves out, which others may be predicted from.
    pub time: Option<i64>,
    /// It can be decoded without any other one.
    pub is_key: bool,
}

/// The pictures of a film.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilmTrack {
    /// How the frames are coded; `None` for a codec that is not known.
    pub codec: Option<Codec>,
    /// The codec as the file names it: a four-character code, or Matroska's identifier.
    pub coding: String,
    /// What the decoder needs to know beforehand: the content of `avcC`, `hvcC`, `av1C` or `vpcC`,
    /// the header of the MPEG-4 stream; empty where all stands in the frames.
    pub config: Vec<u8>,
    /// Width in pixels as stored, before any turning.
    pub width: u32,
    /// Height in pixels as stored.
    pub height: u32,
    /// How it is to be turned.
    pub rotation: Rotation,
    /// From the first frame to the end of the last one, in microseconds.
    pub duration: i64,
    /// Bytes that Matroska took off the beginning of every frame.
    pub stripped: Vec<u8>,
    /// The file ends before its last frame; `samples` holds those that are there.
    pub is_cut: bool,
    /// The frames in the order in which they are decoded.
    pub samples: Vec<Sample>,
    /// Set where `samples` has only the keyframes, of a long film with an index; see
    /// [`Self::around`].
    pub sparse: Option<Sparse>,
}

/// Why a file is not read as a film.
#[derive(Debug)]
pub enum FilmError {
    /// The file could not be read.
    Io(io::Error),
    /// The content is no film container that is known.
    NotAFilm,
    /// The container is known, but not this form of it.
    Unsupported(String),
    /// The content contradicts its container.
    Damaged(&'static str),
    /// More than a film may have.
    TooLarge {
        /// What it claims.
        what: String,
        /// The limit it breaks.
        limit: &'static str,
    },
}

impl fmt::Display for FilmError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "cannot be read: {error}"),
            Self::NotAFilm => f.write_str("not a film format that is known"),
            Self::Unsupported(what) => write!(f, "not supported: {what}"),
            Self::Damaged(what) => write!(f, "damaged: {what}"),
            Self::TooLarge { what, limit } => write!(f, "too large: {what} (the limit is {limit})"),
        }
    }
}

impl std::error::Error for FilmError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for FilmError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Damaged("the file ends too early"),
            _ => Self::Io(error),
        }
    }
}

/// Reads where the frames of a film lie: of MP4, MOV, M4V and 3GP, Matroska and WebM, AVI.
///
/// # Errors
/// See [`FilmError`]; no input makes it panic. A codec that is not known is no error.
pub fn read(source: &dyn ReadAt) -> Result<FilmTrack, FilmError> {
    let mut head = [0; 12];
    if source.size() < 12 {
        return Err(FilmError::NotAFilm);
    }
    source.read_exact_at(0, &mut head)?;
    match &head {
        [b'R', b'I', b'F', b'F', _, _, _, _, b'A', b'V', b'I', b' '] => avi::read(source),
        [0x1a, 0x45, 0xdf, 0xa3, ..] => matroska::read(source),
        [_, _, _, _, kind @ .., _, _, _, _]
            if [b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"].contains(&kind) =>
        {
            movie::read(source)
        }
        _ => Err(FilmError::NotAFilm),
    }
}

impl FilmTrack {
    /// Width and height as shown, after turning.
    pub fn shown_size(&self) -> (u32, u32) {
        match self.rotation {
            Rotation::Upright | Rotation::Half => (self.width, self.height),
            Rotation::Quarter | Rotation::ThreeQuarters => (self.height, self.width),
        }
    }

    /// The bytes of a frame.
    ///
    /// # Errors
    /// [`FilmError::TooLarge`] for more than `most` bytes; else what the source says.
    pub fn frame(
        &self,
        source: &dyn ReadAt,
        sample: &Sample,
        most: u32,
    ) -> Result<Vec<u8>, FilmError> {
        if sample.size > most {
            return Err(FilmError::TooLarge {
                what: format!("a frame of {} bytes", sample.size),
                limit: "32 MiB",
            });
        }
        let mut bytes = vec![0; self.stripped.len() + sample.size as usize];
        let (start, rest) = bytes.split_at_mut(self.stripped.len());
        start.copy_from_slice(&self.stripped);
        source.read_exact_at(sample.offset, rest)?;
        Ok(bytes)
    }

    /// Checks the frames against the file, counts time from the first one that is shown, and takes
    /// the duration from `end`, else from the mean distance of the frames.
    fn finish(mut self, file_size: u64, end: Option<i64>) -> Result<Self, FilmError> {
        let is_there = |sample: &Sample| {
            sample.offset.checked_add(sample.size.into()).is_some_and(|end| end <= file_size)
        };
        self.is_cut = !self.samples.iter().all(is_there);
        self.samples.retain(|sample| sample.size > 0 && is_there(sample));
        let times = || self.samples.iter().filter_map(|sample| sample.time);
        let (Some(first), Some(last)) = (times().min(), times().max()) else {
            return Err(FilmError::Damaged("no frame of the film is in the file"));
        };
        let shown = i64::try_from(times().count()).unwrap_or(i64::MAX);
        let span = last.saturating_sub(first);
        let mean = if shown > 1 { span / (shown - 1) } else { 0 };
        let known = end.map_or(0, |end| end.saturating_sub(first));
        self.duration = if known >= span && known > 0 { known } else { span.saturating_add(mean) };
        for sample in &mut self.samples {
            sample.time = sample.time.map(|time| time.saturating_sub(first));
        }
        Ok(self)
    }
}

/// `ticks` of a clock that has `per_second` of them, in microseconds, rounded to the nearest.
fn micros(ticks: i64, per_second: u32) -> i64 {
    let per_second = i128::from(per_second.max(1));
    let micros = (i128::from(ticks) * 1_000_000 + per_second / 2).div_euclid(per_second);
    micros.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

/// The content of a box that is small enough.
fn box_content(
    source: &dyn ReadAt,
    found: &BoxRange,
    most: u64,
    name: &str,
    limit: &'static str,
) -> Result<Vec<u8>, FilmError> {
    if found.size() > most {
        let what = format!("a {name} box of {} bytes", found.size());
        return Err(FilmError::TooLarge { what, limit });
    }
    let mut bytes = vec![0; found.size() as usize];
    source.read_exact_at(found.start, &mut bytes)?;
    Ok(bytes)
}

/// Refuses more frames than a film may have.
fn admit(count: usize) -> Result<(), FilmError> {
    if count > MAX_SAMPLES {
        return Err(FilmError::TooLarge {
            what: format!("{count} frames"),
            limit: "2,097,152 frames",
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
