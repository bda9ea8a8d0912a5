//! What kind of match a pair of near pictures is: the same bytes, a copy, or two frames of a burst.

use crate::model::phash::{Distance, FineDistance};
use std::path::Path;

use crate::model::findings::{Alarm, Group, Likeness, Relation};
use crate::model::media::{Bytes, CaptureTime, Format, Metadata};
use crate::model::record::ContentHash;
use crate::units::BurstFrame;

/// What tells one shot from another.
#[derive(Clone, Copy, Debug)]
pub struct Shot<'a> {
    /// When it was taken.
    pub captured: Option<CaptureTime>,
    /// What it was taken with.
    pub camera: Option<&'a str>,
    /// Where it lies; its name may hold the camera's sequence number.
    pub path: &'a Path,
}

impl<'a> Shot<'a> {
    /// From what the metadata of the file at `path` say.
    pub fn new(metadata: &'a Metadata, path: &'a Path) -> Self {
        Self { captured: metadata.captured, camera: metadata.camera.as_deref(), path }
    }
}

/// What tells the file of one picture from that of another.
#[derive(Clone, Copy, Debug)]
pub struct File {
    /// Length in bytes.
    pub size: Bytes,
    /// Format by content.
    pub format: Format,
    /// BLAKE3 of the bytes, where it is known.
    pub content: Option<ContentHash>,
    /// A part of the picture is missing or does not decode.
    pub damaged: bool,
}

/// The shot that speaks for a group. An undated keeper may be near two frames of one burst: the
/// first dated picture decides, and frames that were taken apart from it are shown, not acted on.
pub fn witness<'a>(shots: impl IntoIterator<Item = Shot<'a>>) -> Option<Shot<'a>> {
    shots.into_iter().find(|shot| shot.captured.is_some())
}

/// Fills in what follows from the pictures themselves: how each duplicate is related to the keeper,
/// and which of the two may be damaged. The contents of files of equal size must be known, unless
/// they cannot be read.
pub fn judge<'a, P>(
    group: &mut Group<P>,
    witness: Option<Shot<'a>>,
    describe: impl Fn(&P) -> (Shot<'a>, File),
) {
    let (_, kept) = describe(&group.keeper);
    for duplicate in &mut group.duplicates {
        let (shot, file) = describe(&duplicate.picture);
        let identical =
            file.size == kept.size && kept.content.is_some() && file.content == kept.content;
        // That they are a copy, a part or only alike was proven, not read off the metadata.
        let is_burst = witness.is_some_and(|witness| relate(witness, shot) == Relation::Burst);
        if identical {
            duplicate.relation = Relation::Identical;
            duplicate.likeness = Some(Likeness::FULL);
            duplicate.shows_more = false;
        } else if is_burst {
            duplicate.relation = Relation::Burst;
        }
        duplicate.whole_beside_damaged = kept.damaged && !file.damaged;
        let distances = (duplicate.distance, duplicate.fine_distance);
        let suspicious = may_be_damaged(kept, file, distances, duplicate.relation);
        duplicate.alarm = suspicious.then(Alarm::unexamined);
    }
}

/// Tells what kind of match two pictures of different bytes are that look the same. It takes
/// evidence to call them a burst: names of two frames, two capture times that differ, or one second
/// of one camera and two sequence numbers.
pub fn relate(a: Shot<'_>, b: Shot<'_>) -> Relation {
    if taken_apart(a, b) { Relation::Burst } else { Relation::Copy }
}

/// Whether one of two near pictures may be a damaged copy of the other: their files are equally
/// long, but have other bytes. Where a format compresses, two edits of a picture are hardly ever
/// equally long; where it does not, the hashes must agree too. `near` tells the distances.
pub fn may_be_damaged(
    a: File,
    b: File,
    near: (Distance, FineDistance),
    relation: Relation,
) -> bool {
    let other_bytes = matches!((a.content, b.content), (Some(a), Some(b)) if a != b);
    let unlikely = a.format.compresses() && relation != Relation::Burst;
    a.size == b.size
        && a.format == b.format
        && other_bytes
        && (near == (Distance(0), FineDistance(0)) || unlikely)
}

/// Whether the metadata prove that two pictures are one capture: the same time by the same camera,
/// and no two numbers in their names.
pub fn is_one_capture(a: Shot<'_>, b: Shot<'_>) -> bool {
    let numbers = (sequence(a.path), sequence(b.path));
    a.captured.is_some()
        && b.captured.is_some()
        && a.camera == b.camera
        && !taken_apart(a, b)
        && !matches!(numbers, (Some(a), Some(b)) if a != b)
}

fn taken_apart(a: Shot<'_>, b: Shot<'_>) -> bool {
    if BurstFrame::are_two(a.path, b.path) {
        return true;
    }
    let (Some(first), Some(second)) = (a.captured, b.captured) else {
        return false;
    };
    if differ(first, second) {
        return true;
    }
    let same_second_only = first.subsecond_ns.is_none() && second.subsecond_ns.is_none();
    let same_camera = a.camera.is_some() && a.camera == b.camera;
    let numbers = (sequence(a.path), sequence(b.path));
    match numbers {
        (Some((letters, number)), Some((other_letters, other))) => {
            same_second_only && same_camera && letters == other_letters && number != other
        }
        _ => false,
    }
}

/// Whether two capture times are different instants, at the precision that both have. An edited
/// copy often loses its sub-seconds or its zone, so what only one of them has is no evidence.
fn differ(a: CaptureTime, b: CaptureTime) -> bool {
    let seconds = match (a.offset_minutes, b.offset_minutes) {
        (Some(a_offset), Some(b_offset)) => {
            let utc = |time: CaptureTime, offset: i16| {
                time.local_seconds.saturating_sub(i64::from(offset) * 60)
            };
            utc(a, a_offset) != utc(b, b_offset)
        }
        _ => a.local_seconds != b.local_seconds,
    };
    let fraction = matches!((a.subsecond_ns, b.subsecond_ns), (Some(a), Some(b)) if a != b);
    seconds || fraction
}

/// The letters and the number of a camera's own file name: `IMG_1234`, `DSC_0001`, `P1010001`,
/// `DSCF1234`, with whatever a copy or an editor appended (`IMG_1234 (1)`, `IMG_1234-edit`).
fn sequence(path: &Path) -> Option<(String, u64)> {
    let name = path.file_stem()?.to_str()?;
    let letters = name.find(|c: char| c.is_ascii_digit())?;
    let (prefix, rest) = name.split_at(letters);
    let prefix = prefix.trim_end_matches(['_', '-']);
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let camera_like = (1..=4).contains(&prefix.len())
        && prefix.chars().all(|c| c.is_ascii_alphabetic() || c == '_')
        && (4..=8).contains(&digits);
    let number = rest[..digits].parse().ok()?;
    camera_like.then(|| (prefix.to_ascii_uppercase(), number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(local_seconds: i64, subsecond_ns: Option<u32>, offset: Option<i16>) -> Metadata {
        Metadata {
            captured: Some(CaptureTime { local_seconds, subsecond_ns, offset_minutes: offset }),
            camera: Some("Pinhole One".into()),
            ..Metadata::default()
        }
    }

    fn relation(a: &Metadata, a_name: &str, b: &Metadata, b_name: &str) -> Relation {
        let there = relate(Shot::new(a, Path::new(a_name)), Shot::new(b, Path::new(b_name)));
        let back = relate(Shot::new(b, Path::new(b_name)), Shot::new(a, Path::new(a_name)));
        assert_eq!(there, back);
        there
    }

    #[test]
    fn a_burst_takes_evidence() {
        let undated = Metadata::default();
        let at = |s| taken(s, None, None);
        let fine = |s, ns| taken(s, Some(ns), None);
        use Relation::{Burst, Copy};
        for (a, a_name, b, b_name, expected) in [
            (&undated, "IMG_0001.jpg", &undated, "IMG_0002.jpg", Copy),
            (&undated, "20231207_101605_001.jpg", &undated, "20231207_101605_002.jpg", Burst),
            (&undated, "20231207_101605_001.jpg", &undated, "20231207_101606_002.jpg", Copy),
            (&at(5), "a.jpg", &undated, "b.jpg", Copy),
            (&at(5), "a.jpg", &at(6), "b.jpg", Burst),
            (&at(5), "a.jpg", &at(5), "b.jpg", Copy),
            (&fine(5, 1), "a.jpg", &fine(5, 2), "b.jpg", Burst),
            (&fine(5, 1), "a.jpg", &at(5), "b.jpg", Copy),
            (&at(5), "IMG_0001.jpg", &at(5), "IMG_0002.jpg", Burst),
            (&at(5), "IMG_0001.jpg", &at(5), "IMG_0001 (1).jpg", Copy),
            (&at(5), "IMG_0001.jpg", &at(5), "img_0001-edited.jpg", Copy),
            (&at(5), "P1010001.JPG", &at(5), "P1010002.JPG", Burst),
            (&at(5), "holiday1.jpg", &at(5), "holiday2.jpg", Copy),
            (&taken(7200, None, Some(120)), "a", &taken(0, None, Some(0)), "b", Copy),
            (&taken(7200, None, Some(120)), "a", &taken(7200, None, Some(0)), "b", Burst),
            (&taken(7200, None, Some(120)), "a", &taken(7200, None, None), "b", Copy),
        ] {
            assert_eq!(relation(a, a_name, b, b_name), expected, "{a:?} {a_name} {b:?} {b_name}");
        }
    }

    #[test]
    fn equally_long_files_with_other_bytes_are_suspicious() {
        let file = |size, format, content: u8| File {
            size: Bytes(size),
            format,
            content: Some(ContentHash([content; 32])),
            damaged: false,
        };
        let near = |(bits, fine)| (Distance(bits), FineDistance(fine));
        use Relation::{Burst, Copy};
        let jpeg = file(9, Format::Jpeg, 1);
        for (other, distances, relation, expected) in [
            (file(9, Format::Jpeg, 2), (0, 0), Copy, true),
            (file(9, Format::Jpeg, 2), (4, 10), Copy, true),
            (file(9, Format::Jpeg, 2), (4, 10), Burst, false),
            (file(9, Format::Jpeg, 2), (0, 0), Burst, true),
            (file(9, Format::Jpeg, 1), (0, 0), Copy, false),
            (file(8, Format::Jpeg, 2), (0, 0), Copy, false),
            (file(9, Format::Png, 2), (0, 0), Copy, false),
            (File { content: None, ..jpeg }, (0, 0), Copy, false),
        ] {
            assert_eq!(
                may_be_damaged(jpeg, other, near(distances), relation),
                expected,
                "{other:?}"
            );
            assert_eq!(
                may_be_damaged(other, jpeg, near(distances), relation),
                expected,
                "{other:?}"
            );
        }
        let bitmap = file(9, Format::Bmp, 1);
        assert!(!may_be_damaged(bitmap, file(9, Format::Bmp, 2), near((2, 4)), Copy));
        assert!(may_be_damaged(bitmap, file(9, Format::Bmp, 2), near((0, 0)), Copy));
    }

    #[test]
    fn another_camera_is_no_burst() {
        let mut other = taken(5, None, None);
        other.camera = Some("Pinhole Two".into());
        let one = taken(5, None, None);
        assert_eq!(relation(&one, "IMG_0001.jpg", &other, "IMG_0002.jpg"), Relation::Copy);
    }
}
