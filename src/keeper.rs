//! Which of several equal pictures is kept.
//!
//! The first difference decides, and names itself, so that a report can say why. The order is
//! total: two candidates that are equal in everything have the same path.

use std::cmp::Ordering;
use std::path::Path;

use crate::media::{Bytes, CaptureTime, Format, ModifiedNs};

/// What is known of a picture that may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// Lies in a reference folder, which is never touched.
    pub reference: bool,
    /// All files that belong together are there (RAW and JPEG, both halves of a Live Photo).
    pub complete_unit: bool,
    /// Its path matches the pattern of `--keep prefer=GLOB`.
    pub preferred: bool,
    /// Width × height.
    pub pixels: u64,
    /// Format by content.
    pub format: Format,
    /// When it was taken, if its metadata say so.
    pub captured: Option<CaptureTime>,
    /// Whether its metadata say where.
    pub has_position: bool,
    /// Length of the file.
    pub bytes: Bytes,
    /// When the file was changed.
    pub modified: ModifiedNs,
    /// Where it is.
    pub path: &'a Path,
}

/// What `--keep` asks for. Each but the first moves one criterion to the front, behind only the
/// reference folders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Keep {
    /// The order of [`Reason`].
    #[default]
    Best,
    /// The larger file.
    Largest,
    /// The older picture.
    Oldest,
    /// The newer picture.
    Newest,
    /// The shorter path.
    ShortestPath,
    /// What [`Candidate::preferred`] marks.
    Preferred,
}

/// What decided for a keeper, in the order in which it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Reason {
    Reference,
    Preferred,
    CompleteUnit,
    Pixels,
    Format,
    Metadata,
    Bytes,
    Older,
    Newer,
    ShorterPath,
    PathOrder,
}

impl Reason {
    /// As reports print it.
    pub fn text(self) -> &'static str {
        match self {
            Self::Reference => "in a reference folder",
            Self::Preferred => "preferred path",
            Self::CompleteUnit => "complete unit",
            Self::Pixels => "more pixels",
            Self::Format => "less lossy format",
            Self::Metadata => "more metadata",
            Self::Bytes => "larger file",
            Self::Older => "older",
            Self::Newer => "newer",
            Self::ShorterPath => "shorter path",
            Self::PathOrder => "path order",
        }
    }
}

/// The criteria of [`Keep::Best`], the first to differ decides.
const BEST: [Reason; 9] = [
    Reason::Reference,
    Reason::CompleteUnit,
    Reason::Pixels,
    Reason::Format,
    Reason::Metadata,
    Reason::Bytes,
    Reason::Older,
    Reason::ShorterPath,
    Reason::PathOrder,
];

impl Keep {
    /// The criterion that is asked right behind the reference folders.
    fn first(self) -> Option<Reason> {
        match self {
            Self::Best => None,
            Self::Largest => Some(Reason::Bytes),
            Self::Oldest => Some(Reason::Older),
            Self::Newest => Some(Reason::Newer),
            Self::ShortestPath => Some(Reason::ShorterPath),
            Self::Preferred => Some(Reason::Preferred),
        }
    }

    /// Compares two candidates: `Less` when `a` is the better keeper. With it the criterion that
    /// decided; none only when the two are equal in everything, the path included.
    pub fn compare(self, a: &Candidate<'_>, b: &Candidate<'_>) -> (Ordering, Option<Reason>) {
        let [reference, rest @ ..] = BEST;
        let order = [reference].into_iter().chain(self.first()).chain(rest);
        order
            .map(|reason| (reason.compare(a, b), Some(reason)))
            .find(|(ordering, _)| ordering.is_ne())
            .unwrap_or((Ordering::Equal, None))
    }

    /// The rank of each candidate, 0 for the best: what [`crate::group`] takes.
    pub fn ranks(self, candidates: &[Candidate<'_>]) -> Vec<u32> {
        let mut order: Vec<u32> = (0..candidates.len() as u32).collect();
        order.sort_unstable_by(|&a, &b| {
            let (left, right) = (&candidates[a as usize], &candidates[b as usize]);
            self.compare(left, right).0.then(a.cmp(&b))
        });
        let mut ranks = vec![0; candidates.len()];
        for (rank, item) in (0..).zip(order) {
            ranks[item as usize] = rank;
        }
        ranks
    }
}

impl Reason {
    fn compare(self, a: &Candidate<'_>, b: &Candidate<'_>) -> Ordering {
        match self {
            Self::Reference => b.reference.cmp(&a.reference),
            Self::Preferred => b.preferred.cmp(&a.preferred),
            Self::CompleteUnit => b.complete_unit.cmp(&a.complete_unit),
            Self::Pixels => b.pixels.cmp(&a.pixels),
            Self::Format => loss(a.format).cmp(&loss(b.format)),
            Self::Metadata => richness(b).cmp(&richness(a)),
            Self::Bytes => b.bytes.cmp(&a.bytes),
            Self::Older => age(a, b),
            Self::Newer => age(b, a),
            Self::ShorterPath => path_bytes(a).len().cmp(&path_bytes(b).len()),
            Self::PathOrder => path_bytes(a).cmp(path_bytes(b)),
        }
    }
}

/// 0 for a sensor's own values, 1 for formats that as a rule keep every pixel, 2 for the others.
fn loss(format: Format) -> u8 {
    match format {
        _ if format.is_raw() => 0,
        Format::Png
        | Format::Tiff
        | Format::Bmp
        | Format::Tga
        | Format::Qoi
        | Format::Pnm
        | Format::Ico => 1,
        _ => 2,
    }
}

fn richness(candidate: &Candidate<'_>) -> u8 {
    u8::from(candidate.captured.is_some()) + u8::from(candidate.has_position)
}

/// The capture times are compared by the wall clock, with an absent time behind every other: an
/// order that mixed them with file times would not be total. Then the file times.
fn age(a: &Candidate<'_>, b: &Candidate<'_>) -> Ordering {
    let captured = |candidate: &Candidate<'_>| {
        candidate
            .captured
            .map_or((1, 0, 0), |time| (0, time.local_seconds, time.subsecond_ns.unwrap_or(0)))
    };
    captured(a).cmp(&captured(b)).then(a.modified.cmp(&b.modified))
}

fn path_bytes<'a>(candidate: &Candidate<'a>) -> &'a [u8] {
    candidate.path.as_os_str().as_encoded_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn candidate(path: &str) -> Candidate<'_> {
        Candidate {
            reference: false,
            complete_unit: false,
            preferred: false,
            pixels: 100,
            format: Format::Jpeg,
            captured: None,
            has_position: false,
            bytes: Bytes(1000),
            modified: ModifiedNs(50),
            path: Path::new(path),
        }
    }

    fn taken(local_seconds: i64) -> Option<CaptureTime> {
        Some(CaptureTime { local_seconds, subsecond_ns: None, offset_minutes: None })
    }

    #[test]
    fn the_first_difference_decides_and_is_named() {
        // Each row is better than the plain one by one criterion, and worse by the next.
        let base = candidate("bb");
        let rows = [
            (Candidate { reference: true, complete_unit: false, ..base }, "in a reference folder"),
            (Candidate { complete_unit: true, pixels: 1, ..base }, "complete unit"),
            (Candidate { pixels: 101, bytes: Bytes(1), ..base }, "more pixels"),
            (Candidate { format: Format::Png, bytes: Bytes(1), ..base }, "less lossy format"),
            (Candidate { has_position: true, bytes: Bytes(1), ..base }, "more metadata"),
            (Candidate { bytes: Bytes(1001), modified: ModifiedNs(60), ..base }, "larger file"),
            (Candidate { modified: ModifiedNs(49), path: Path::new("ccc"), ..base }, "older"),
            (candidate("z"), "shorter path"),
            (candidate("ba"), "path order"),
        ];
        for (better, reason) in &rows {
            let (ordering, decided) = Keep::Best.compare(better, &base);
            assert_eq!((ordering, decided.map(Reason::text)), (Ordering::Less, Some(*reason)));
            assert_eq!(Keep::Best.compare(&base, better).0, Ordering::Greater);
        }
        assert_eq!(Keep::Best.compare(&base, &base), (Ordering::Equal, None));
        for format in [Format::Tiff, Format::Png] {
            assert!(loss(Format::Dng) < loss(format) && loss(format) < loss(Format::Heic));
        }
    }

    #[test]
    fn keep_moves_one_criterion_behind_the_references() {
        let best = Candidate { pixels: 500, ..candidate("long/path") };
        let reference = Candidate { reference: true, pixels: 1, ..candidate("reference") };
        let cases = [
            (Keep::Largest, Candidate { bytes: Bytes(2000), ..candidate("other") }),
            (Keep::Oldest, Candidate { modified: ModifiedNs(1), ..candidate("other") }),
            (Keep::Newest, Candidate { modified: ModifiedNs(99), ..candidate("other") }),
            (Keep::ShortestPath, candidate("o")),
            (Keep::Preferred, Candidate { preferred: true, ..candidate("other") }),
        ];
        for (keep, other) in cases {
            assert_eq!(Keep::Best.compare(&best, &other).0, Ordering::Less, "{keep:?}");
            assert_eq!(keep.compare(&other, &best).0, Ordering::Less, "{keep:?}");
            assert_eq!(keep.ranks(&[best, other, reference]), [2, 1, 0], "{keep:?}");
        }
        let dated = Candidate { captured: taken(7), modified: ModifiedNs(99), ..candidate("d") };
        let later = Candidate { captured: taken(8), modified: ModifiedNs(1), ..candidate("l") };
        assert_eq!(Keep::Oldest.compare(&dated, &later).1, Some(Reason::Older));
        assert_eq!(Keep::Oldest.ranks(&[later, dated]), [1, 0]);
        assert_eq!(Keep::Newest.ranks(&[later, dated]), [0, 1]);
    }

    const PATHS: [&str; 5] = ["a", "b", "ab", "a/b", "é"];

    fn any_candidate() -> impl Strategy<Value = Candidate<'static>> {
        let flags = any::<[bool; 4]>();
        let numbers = (0..2_u64, 0..2_u64, 0..2_i64);
        let time = proptest::option::of((0..2_i64, proptest::option::of(0..2_u32)));
        (flags, numbers, time, 0..Format::ALL.len(), 0..PATHS.len()).prop_map(
            |(
                [reference, complete_unit, preferred, gps],
                (pixels, bytes, modified),
                time,
                f,
                p,
            )| {
                Candidate {
                    reference,
                    complete_unit,
                    preferred,
                    pixels,
                    format: Format::ALL[f],
                    captured: time.map(|(local_seconds, subsecond_ns)| CaptureTime {
                        local_seconds,
                        subsecond_ns,
                        offset_minutes: None,
                    }),
                    has_position: gps,
                    bytes: Bytes(bytes),
                    modified: ModifiedNs(modified),
                    path: Path::new(PATHS[p]),
                }
            },
        )
    }

    proptest! {
        #[test]
        fn the_order_is_total(
            a in any_candidate(),
            b in any_candidate(),
            c in any_candidate(),
            keep in 0_usize..6,
        ) {
            let keep = [
                Keep::Best, Keep::Largest, Keep::Oldest, Keep::Newest, Keep::ShortestPath,
                Keep::Preferred,
            ][keep];
            let order = |a, b| keep.compare(a, b).0;
            prop_assert_eq!(order(&a, &b), order(&b, &a).reverse());
            prop_assert_eq!(order(&a, &a), Ordering::Equal);
            if order(&a, &b).is_le() && order(&b, &c).is_le() {
                prop_assert!(order(&a, &c).is_le());
            }
            if order(&a, &b).is_eq() {
                prop_assert_eq!(a.path, b.path);
            }
        }
    }
}
