//! One file: from its bytes to its tiles and all that its record holds but the hashes.

use std::io;
use std::path::Path;

use crate::container::ReadAt;
use crate::decode::{self, DecodeError, DecodeOptions, Decoded, OrientationFrom, decode};
use crate::files::content::HashingSource;
use crate::metadata;
use crate::model::media::Orientation;
use crate::model::phash::PictureHash;
use crate::model::provenance::Provenance;
use crate::model::record::{ContentHash, PictureRecord, Stage, Unreadable};
use crate::picture::tile::{DetailTile, Tiles};

/// A picture that was read.
#[derive(Clone, Debug)]
pub struct ReadPicture {
    /// The tiles as shown.
    pub tiles: Tiles,
    /// The record; its hashes are still empty.
    pub record: PictureRecord,
    /// BLAKE3 of the bytes that were decoded.
    pub content: ContentHash,
}

/// A file that the system did not let us read.
pub(super) fn unread(error: io::Error) -> Unreadable {
    Unreadable { stage: Stage::Read, reason: error.to_string() }
}

/// Reads one picture.
///
/// # Errors
/// Where it failed and why. A file that is written to meanwhile fails in [`Stage::Read`].
pub fn read_picture(path: &Path, options: &DecodeOptions) -> Result<ReadPicture, Unreadable> {
    let source = HashingSource::open(path).map_err(unread)?;
    read_open_picture(source, options)
}

/// Reads one picture from a file that is open.
///
/// # Errors
/// As [`read_picture`].
pub(super) fn read_open_picture(
    source: HashingSource,
    options: &DecodeOptions,
) -> Result<ReadPicture, Unreadable> {
    if source.size() == 0 {
        return Err(Unreadable { stage: Stage::Identify, reason: "the file is empty".into() });
    }
    let decoded = decode(&source, options).map_err(|error| {
        let stage = match error {
            DecodeError::Io(_) => Stage::Read,
            DecodeError::NotAPicture => Stage::Identify,
            _ => Stage::Decode,
        };
        Unreadable { stage, reason: error.to_string() }
    })?;
    let (tiles, record) = shown(&source, decoded);
    Ok(ReadPicture { tiles, record, content: source.finish().map_err(unread)? })
}

/// The detail of the picture at `path`, if its file has the bytes of that hash, or none is known.
pub fn read_detail(
    path: &Path,
    known: Option<ContentHash>,
    options: &DecodeOptions,
) -> Option<DetailTile> {
    let source = HashingSource::open(path).ok()?;
    if source.size() == 0 {
        return None;
    }
    let detail = decode::detail(&source, options).ok()?;
    let content = source.finish().ok()?;
    // The metadata say how the picture is turned; what the decoder applied is in both.
    known.is_none_or(|known| known == content).then_some(detail)
}

/// Turns a decoded picture as its metadata ask.
fn shown(source: &dyn ReadAt, decoded: Decoded) -> (Tiles, PictureRecord) {
    // The tags of a RAW may be those of its preview.
    let stored = Some(decoded.dimensions).filter(|_| !decoded.format.is_raw());
    let (mut metadata, traces) = metadata::of_picture(source, decoded.exif.as_deref(), stored);
    metadata.orientation = match decoded.orientation {
        OrientationFrom::Applied => Orientation::Upright,
        OrientationFrom::Exif => metadata.orientation,
        OrientationFrom::Given(orientation) => orientation,
    };
    let orientation = metadata.orientation;
    let record = PictureRecord {
        format: decoded.format,
        dimensions: orientation.shown(decoded.dimensions),
        hash: PictureHash::default(),
        metadata,
        flags: decoded.flags,
        provenance: Some(Provenance {
            traces: decoded.provenance.traces.with(traces),
            ..decoded.provenance
        }),
    };
    (decoded.tiles.oriented(orientation), record)
}
