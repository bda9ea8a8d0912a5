//! Everything that a picture's own metadata, and the files beside it, know of it.

mod iptc;
mod sidecar_text;
mod takeout;
pub(super) mod xmp;

pub use sidecar_text::{Addition, MOST_SIDECAR_BYTES, SidecarError, is_sidecar};
pub use takeout::{album_title, from_takeout};

use super::blocks::Blocks;
use super::capture::{DateCandidate, Judge, decide};
use super::{embedded, exif, sidecar, xml::XmlTree};
use crate::container::ReadAt;
use crate::model::knowledge::{Knowledge, StoredLayout};

/// Most keywords, people and albums that are read of one picture.
const MOST_ITEMS: usize = 1000;

/// What a file itself says: XMP before IPTC before Exif, whose texts are often a camera's.
pub fn of_file(source: &dyn ReadAt) -> Knowledge {
    let blocks = Blocks::read(source);
    let mut known = Knowledge { taken: taken(embedded(source).dates), ..Knowledge::default() };
    for packet in &blocks.xmp {
        known.absorb(xmp::knowledge(&XmlTree::read(packet)));
    }
    for resources in &blocks.photoshop {
        if let Some(records) = super::iptc::in_photoshop(resources) {
            known.absorb(iptc::knowledge(records));
        }
    }
    let mut layout = StoredLayout::default();
    for block in blocks.exif.iter().rev() {
        let exif = exif::knowledge(block);
        layout.orientation = exif.layout.orientation;
        known.absorb(exif);
    }
    layout.turned_by_container = blocks.turned_by_container;
    layout.other_regions = known.layout.other_regions;
    known.layout = layout;
    bounded(known)
}

/// What an XMP sidecar says.
pub fn from_xmp(bytes: &[u8]) -> Knowledge {
    let taken = taken(sidecar::from_xmp(bytes));
    bounded(Knowledge { taken, ..xmp::knowledge(&XmlTree::read(bytes)) })
}

/// The date that is believed. Its zone is UTC where nothing tells another.
fn taken(dates: Vec<DateCandidate>) -> Option<crate::model::media::CaptureTime> {
    // Without a clock nothing is in the future.
    decide(dates, Judge { now: i64::MAX, zone: &|_| 0, file_system: false })
        .time()
        .map(|(time, _)| time)
}

fn bounded(mut known: Knowledge) -> Knowledge {
    known.keywords.truncate(MOST_ITEMS);
    known.hierarchy.truncate(MOST_ITEMS);
    known.albums.truncate(MOST_ITEMS);
    known.people.truncate(MOST_ITEMS);
    known
}
