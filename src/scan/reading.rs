//! One file: from its bytes to its tile and all that its record holds but the hashes.

use crate::container::ReadAt;
use crate::content::FileSource;
use crate::decode::{DecodeError, DecodeOptions, Decoded, OrientationFrom, decode};
use crate::media::{Metadata, Orientation};
use crate::metadata::read_exif;
use crate::phash::PictureHash;
use crate::record::{PictureRecord, Stage, Unreadable};
use crate::tile::Tile;
use std::path::Path;

/// Reads one picture: the tile as shown, and the record, its hashes still empty.
///
/// # Errors
/// Where it failed and why.
pub fn read_picture(
    path: &Path,
    options: &DecodeOptions,
) -> Result<(Tile, PictureRecord), Unreadable> {
    let source = FileSource::open(path)
        .map_err(|error| Unreadable { stage: Stage::Read, reason: error.to_string() })?;
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
    Ok(shown(decoded))
}

/// Turns a decoded picture as its metadata ask.
fn shown(decoded: Decoded) -> (Tile, PictureRecord) {
    let mut metadata: Metadata = decoded.exif.as_deref().map(read_exif).unwrap_or_default();
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
        marks: decoded.marks,
    };
    (decoded.tile.oriented(orientation), record)
}
