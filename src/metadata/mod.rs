//! What the metadata inside of files, and in those beside them, say.

mod blocks;
pub mod capture;
mod exif;
mod iptc;
pub mod knowledge;
pub mod sidecar;
mod software;
mod texts;
mod traces;
mod video;
mod xml;
mod xmp;

pub use exif::read_exif;
pub use traces::of_picture;

use crate::container::ReadAt;
use crate::metadata::capture::{DateCandidate, DateSource};
use blocks::Blocks;

/// What filing needs of a picture or a film.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Embedded {
    /// Every date that it gives.
    pub dates: Vec<DateCandidate>,
    /// Make and model.
    pub camera: Option<String>,
}

/// Reads dates and camera without decoding anything. What cannot be read is as if it were not
/// there: one bad tag does not hide a good one.
pub fn embedded(source: &dyn ReadAt) -> Embedded {
    let blocks = Blocks::read(source);
    let mut embedded = Embedded::default();
    for block in &blocks.exif {
        let (dates, camera) = exif::dates_and_camera(block);
        embedded.dates.extend(dates);
        embedded.camera = embedded.camera.or(camera);
    }
    let dates = &mut embedded.dates;
    for packet in &blocks.xmp {
        let found = xmp::dates(packet).into_iter();
        dates.extend(found.map(|(text, time)| DateCandidate::local(DateSource::Xmp, text, time)));
    }
    for resources in &blocks.photoshop {
        let found = iptc::in_photoshop(resources).and_then(iptc::date);
        dates.extend(found.map(|(text, time)| DateCandidate::local(DateSource::Iptc, text, time)));
    }
    // A HEIC or a CR3 may be a movie by its boxes; its tags come first.
    let film = video::read(source);
    dates.extend(film.dates);
    embedded.camera = embedded.camera.or(film.camera);
    embedded
}

/// The tags of a picture as people read them: name and value, in the order of the file.
pub fn tags(source: &dyn ReadAt) -> Vec<(String, String)> {
    Blocks::read(source).exif.iter().flat_map(|block| exif::for_people(block)).collect()
}

#[cfg(test)]
mod tests;
