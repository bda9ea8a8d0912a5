//! What is shown of a picture: a JPEG of it, and its tags.

use std::io;
use std::path::Path;

use serde::Serialize;

use crate::decode::preview::preview;
use crate::decode::{DecodeError, DecodeOptions};
use crate::files::content::FileSource;
use crate::metadata;
use crate::model::media::Orientation;

/// The sides that previews are made in: in the list, side by side, and for a close look.
const SIDES: [u32; 3] = [320, 1600, 5000];

/// Whether pictures are served in this size.
pub(super) fn is_side(side: u32) -> bool {
    SIDES.contains(&side)
}

/// A picture as JPEG, turned as asked on top of how it is shown.
///
/// # Errors
/// Why it cannot be shown.
pub(super) fn jpeg(
    path: &Path,
    side: u32,
    turn: Orientation,
    options: &DecodeOptions,
) -> Result<Vec<u8>, DecodeError> {
    let source = FileSource::open(path)?;
    let made = preview(&source, side, turn, options)?;
    Ok(made.jpeg)
}

#[derive(Serialize)]
pub(super) struct Tags {
    tags: Vec<(String, String)>,
}

/// The tags of a picture (human-readable).
///
/// # Errors
/// Why the file cannot be opened.
pub(super) fn tags(path: &Path) -> io::Result<Tags> {
    let source = FileSource::open(path)?;
    Ok(Tags { tags: metadata::tags(&source) })
}
