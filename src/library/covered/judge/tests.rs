#![allow(clippy::unwrap_used)]

use super::*;
use crate::library::covered::facts::unknown_to;
use crate::model::findings::{Alarm, Likeness, Region};
use crate::model::media::{
    self, Bytes, CaptureTime, DecodeFlags, Dimensions, FileKey, Format, MediaFile,
};
use crate::model::phash::{Distance, FineDistance, Nearness, PictureHash};
use crate::model::provenance::{Provenance, Traces};

fn picture(path: &str, width: u32, size: u64) -> Picture {
    Picture {
        file: MediaFile {
            path: path.into(),
            stamp: FileStamp {
                key: FileKey { device: 1, inode: size },
                size: Bytes(size),
                modified: ModifiedNs(size as i64),
            },
            evidence: media::Evidence::default(),
            root: 0,
        },
        record: PictureRecord {
            format: Format::Jpeg,
            dimensions: Dimensions { width, height: width / 2 },
            hash: PictureHash::default(),
            metadata: Metadata::default(),
            flags: DecodeFlags::default(),
            provenance: None,
        },
        content: None,
    }
}

fn proven(relation: Relation) -> Duplicate<u32> {
    let (distance, fine_distance) = (Distance(0), FineDistance(0));
    let near = Nearness { distance, fine_distance, orientation: Default::default() };
    Duplicate { relation, likeness: Some(Likeness::FULL), ..Duplicate::new(0, near) }
}

fn part(of: Member, surroundings: Surroundings) -> Duplicate<u32> {
    let region = Some(Region { of, edges: [0, 0, 256, 128], surroundings });
    Duplicate { likeness: Some(Likeness { per_cent: 98, region }), ..proven(Relation::Part) }
}

fn why(cover: &Cover) -> &str {
    match cover {
        Cover::Worse { why, .. } | Cover::Damaged { why, .. } => why,
        other => other.name(),
    }
}

#[test]
fn only_what_is_as_good_covers() {
    let copy = proven(Relation::Copy);
    let old = picture("old", 100, 500);
    // Neither an older file nor a shorter path makes the old one better.
    assert!(judge(&old, &picture("a longer path", 100, 500), &copy).is_covered());
    assert!(judge(&old, &picture("k", 200, 400), &copy).is_covered());
    assert_eq!(why(&judge(&old, &picture("k", 98, 900), &copy)), "98×49, not 100×50");
    let smaller = judge(&old, &picture("k", 100, 499), &copy);
    assert_eq!(why(&smaller), "the old one is better: larger file");
    let mut lossless = old.clone();
    lossless.record.format = Format::Png;
    let lossier = judge(&lossless, &picture("k", 100, 900), &copy);
    assert_eq!(why(&lossier), "the old one is better: less lossy format");
    let mut damaged = picture("k", 100, 900);
    damaged.record.flags.damaged_tail = true;
    assert_eq!(judge(&old, &damaged, &copy).name(), "damaged");
    let shows_more = Duplicate { shows_more: true, ..copy };
    assert_eq!(judge(&old, &picture("k", 100, 900), &shows_more).name(), "worse");
}

#[test]
fn only_what_is_proven_covers() {
    let (old, kept) = (picture("old", 100, 500), picture("k", 100, 900));
    for relation in [Relation::Burst, Relation::Alike] {
        let cover = judge(&old, &kept, &proven(relation));
        assert_eq!(cover, Cover::LooksAlike { by: "k".into(), relation });
    }
    let unproven = Duplicate { likeness: None, ..proven(Relation::Copy) };
    assert_eq!(judge(&old, &kept, &unproven).name(), "looks-alike");
    for (damaged, name) in [
        (None, "damaged"),
        (Some(Damaged::Keeper), "damaged"),
        // It is the old one that is damaged.
        (Some(Damaged::Duplicate), "same-picture"),
    ] {
        let alarm = Some(Alarm { damaged, why: "zeros".into() });
        let found = Duplicate { alarm, ..proven(Relation::Copy) };
        assert_eq!(judge(&old, &kept, &found).name(), name);
    }
}

#[test]
fn a_part_needs_the_whole_in_as_many_pixels() {
    let old = picture("old", 100, 500);
    let crop = part(Member::Keeper, Surroundings::Picture);
    // Half of 142×71 pixels are as many as 100×50.
    assert!(judge(&old, &picture("k", 142, 900), &crop).is_covered());
    let coarser = judge(&old, &picture("k", 134, 900), &crop);
    assert_eq!(why(&coarser), "it shows that part with fewer pixels");
    let large = picture("k", 300, 900);
    for (found, expected) in [
        (part(Member::Duplicate, Surroundings::Picture), "it shows only 50 % of the old one"),
        (
            part(Member::Duplicate, Surroundings::CaptionBelow),
            "the old one comes with a caption below",
        ),
        (part(Member::Keeper, Surroundings::Border), "the old one comes without a border"),
    ] {
        assert_eq!(why(&judge(&old, &large, &found)), expected);
    }
}

#[test]
fn metadata_that_only_the_old_one_has() {
    let kept = picture("k", 100, 900);
    let mut old = picture("old", 100, 500);
    old.record.metadata.captured =
        Some(CaptureTime { local_seconds: 5, subsecond_ns: None, offset_minutes: None });
    old.record.metadata.has_position = true;
    let traces = Traces::RATING.with(Traces::PEOPLE);
    old.record.provenance = Some(Provenance { traces, ..Provenance::default() });
    assert_eq!(unknown_to(&kept, &old), ["capture date", "position", "rating", "people"]);
    let mut knowing = kept;
    knowing.record.metadata = old.record.metadata.clone();
    knowing.record.provenance = old.record.provenance;
    knowing.record.metadata.camera = Some("more than the old one".into());
    assert!(unknown_to(&knowing, &old).is_empty());
}
