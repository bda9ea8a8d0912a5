//! What two matching pictures are to each other: the same bytes, copies, or shots of one burst.

use crate::media::{CaptureTime, Metadata};

/// How two pictures that match by their hashes belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Relation {
    /// Byte for byte the same file.
    Identical,
    /// The same capture, or nothing that speaks against it.
    Copy,
    /// Two captures, one right after the other. Shown, never acted on unless asked.
    Burst,
}

impl Relation {
    /// Name as reports write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Identical => "identical",
            Self::Copy => "copy",
            Self::Burst => "burst",
        }
    }
}

/// What the decision needs of one picture.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// What its metadata say.
    pub metadata: &'a Metadata,
    /// Name of the file, without folders.
    pub name: &'a str,
}

/// Decides for two pictures that match. `same_bytes` is known from a digest of both files, and
/// `false` where there is none.
///
/// Both have a capture time and it differs: a burst. It is compared at the precision that both
/// have: to the sub-second where both say it, else to the second; as instants where both say
/// their zone, else by the wall clock. The same second without sub-seconds on both, from the same
/// camera: a burst if the names carry different sequence numbers of that camera. Else a copy.
pub fn relation(a: Evidence<'_>, b: Evidence<'_>, same_bytes: bool) -> Relation {
    if same_bytes {
        return Relation::Identical;
    }
    let (Some(time_a), Some(time_b)) = (a.metadata.captured, b.metadata.captured) else {
        return Relation::Copy;
    };
    if seconds(time_a, time_b) != seconds(time_b, time_a) {
        return Relation::Burst;
    }
    if let (Some(sub_a), Some(sub_b)) = (time_a.subsecond_ns, time_b.subsecond_ns) {
        return if same_subsecond(sub_a, sub_b) { Relation::Copy } else { Relation::Burst };
    }
    let same_camera = a.metadata.camera.is_some() && a.metadata.camera == b.metadata.camera;
    match (Sequence::of(a.name), Sequence::of(b.name)) {
        (Some(first), Some(second)) if same_camera && first.differs(&second) => Relation::Burst,
        _ => Relation::Copy,
    }
}

/// Seconds of `of`, in UTC if the other has a zone as well.
fn seconds(of: CaptureTime, other: CaptureTime) -> i64 {
    match (of.offset_minutes, other.offset_minutes) {
        (Some(offset), Some(_)) => of.local_seconds.saturating_sub(i64::from(offset) * 60),
        _ => of.local_seconds,
    }
}

/// Whether two fractions of a second are the same at the coarser one's precision: writers keep
/// two, three or six digits of the same fraction, cut off.
fn same_subsecond(a: u32, b: u32) -> bool {
    let unit = |fraction: u32| {
        // Trailing zeros say nothing of a fraction of 0.
        let mut unit = 1;
        while fraction != 0 && unit < 100_000_000 && fraction.is_multiple_of(unit * 10) {
            unit *= 10;
        }
        unit
    };
    // At least hundredths: a true .30 must not be taken for "some tenth".
    let unit = unit(a).max(unit(b)).min(10_000_000);
    a / unit == b / unit
}

/// The sequence number that a camera put into a file's name: `IMG_1234`, `DSC_0001`, `DSCF1234`,
/// `P1010001`, `_MG_1234`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sequence<'a> {
    prefix: &'a str,
    number: &'a str,
}

impl<'a> Sequence<'a> {
    /// Letters and underscores, five at most, then four to eight digits; what follows must not
    /// be more of the same, so that `IMG_20200101_120000` is none, while `IMG_1234 (1)`,
    /// `IMG_1234-edited`, `IMG_1234_1` and `IMG_1234.JPG` all are 1234.
    fn of(name: &'a str) -> Option<Self> {
        let start = name.find(|c: char| c.is_ascii_digit())?;
        let (prefix, rest) = name.split_at(start);
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, suffix) = rest.split_at(end);
        let camera = (1..=5).contains(&prefix.len())
            && prefix.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_')
            && prefix.bytes().any(|b| b.is_ascii_alphabetic());
        let separated =
            suffix.chars().next().is_none_or(|c| matches!(c, '.' | ' ' | '-' | '_' | '(' | '~'));
        let dated = number.len() == 8
            && suffix.get(1..7).is_some_and(|s| s.bytes().all(|b| b.is_ascii_digit()));
        (camera && (4..=8).contains(&number.len()) && separated && !dated)
            .then_some(Self { prefix, number })
    }

    /// The same series, another number.
    fn differs(&self, other: &Self) -> bool {
        self.prefix.eq_ignore_ascii_case(other.prefix) && self.number != other.number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(seconds: i64, subsecond_ns: Option<u32>, offset: Option<i16>) -> Metadata {
        Metadata {
            captured: Some(CaptureTime {
                local_seconds: seconds,
                subsecond_ns,
                offset_minutes: offset,
            }),
            camera: Some("Canon EOS R5".into()),
            ..Metadata::default()
        }
    }

    fn decide(a: &Metadata, a_name: &str, b: &Metadata, b_name: &str) -> Relation {
        let forth = relation(
            Evidence { metadata: a, name: a_name },
            Evidence { metadata: b, name: b_name },
            false,
        );
        let back = relation(
            Evidence { metadata: b, name: b_name },
            Evidence { metadata: a, name: a_name },
            false,
        );
        assert_eq!(forth, back, "{a_name} {b_name}");
        forth
    }

    #[test]
    fn the_same_bytes_are_identical_whatever_else() {
        let (a, b) = (metadata(1, None, None), metadata(2, None, None));
        let [a, b] = [&a, &b].map(|metadata| Evidence { metadata, name: "x.jpg" });
        assert_eq!(relation(a, b, true), Relation::Identical);
        assert_eq!(relation(a, b, false), Relation::Burst);
    }

    #[test]
    fn times_tell_at_the_precision_that_both_have() {
        let cases = [
            (metadata(10, None, None), metadata(10, None, None), Relation::Copy),
            (metadata(10, None, None), metadata(11, None, None), Relation::Burst),
            (metadata(10, Some(120_000_000), None), metadata(10, None, None), Relation::Copy),
            (
                metadata(10, Some(120_000_000), None),
                metadata(10, Some(340_000_000), None),
                Relation::Burst,
            ),
            // Hundredths of the same milliseconds.
            (
                metadata(10, Some(120_000_000), None),
                metadata(10, Some(123_000_000), None),
                Relation::Copy,
            ),
            (
                metadata(10, Some(300_000_000), None),
                metadata(10, Some(340_000_000), None),
                Relation::Burst,
            ),
            (metadata(10, Some(0), None), metadata(10, Some(340_000_000), None), Relation::Burst),
            // One instant in two zones, and the same wall clock in two zones.
            (metadata(7200, None, Some(120)), metadata(0, None, Some(0)), Relation::Copy),
            (metadata(7200, None, Some(120)), metadata(7200, None, Some(0)), Relation::Burst),
            // One zone alone does not help: the wall clocks are compared.
            (metadata(7200, None, Some(120)), metadata(7200, None, None), Relation::Copy),
            (metadata(10, None, None), Metadata::default(), Relation::Copy),
        ];
        for (a, b, expected) in cases {
            assert_eq!(decide(&a, "a.jpg", &b, "b.jpg"), expected, "{a:?} {b:?}");
        }
    }

    #[test]
    fn sequence_numbers_tell_within_a_second() {
        let shot = metadata(10, None, None);
        for (a, b) in [
            ("IMG_1234.JPG", "IMG_1235.jpg"),
            ("DSC_0001.NEF", "DSC_0002.JPG"),
            ("DSCF1234.RAF", "DSCF1235.RAF"),
            ("P1010001.ORF", "p1010002.orf"),
            ("_MG_1234.CR2", "_MG_1235.CR2"),
            ("IMG_1234 (1).jpg", "IMG_1235.jpg"),
        ] {
            assert_eq!(decide(&shot, a, &shot, b), Relation::Burst, "{a} {b}");
        }
        for (a, b) in [
            ("IMG_1234.JPG", "IMG_1234 (1).JPG"),
            ("IMG_1234.JPG", "IMG_1234-edited.jpg"),
            ("IMG_1234.JPG", "IMG_1234_1.png"),
            ("IMG_1234.JPG", "IMG_1234~2.jpg"),
            ("IMG_1234.JPG", "DSC_1235.JPG"),
            ("IMG_1234.JPG", "holiday 7.jpg"),
            ("IMG_20200101_120000.jpg", "IMG_20200102_120000.jpg"),
            ("12345.jpg", "12346.jpg"),
            ("", "é"),
        ] {
            assert_eq!(decide(&shot, a, &shot, b), Relation::Copy, "{a} {b}");
        }
        let other = Metadata { camera: Some("NIKON Z 6".into()), ..shot.clone() };
        assert_eq!(decide(&shot, "IMG_1234.JPG", &other, "IMG_1235.JPG"), Relation::Copy);
    }
}
