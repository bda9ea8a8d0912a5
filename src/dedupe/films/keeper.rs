//! Which of several copies of a film to keep. The first difference decides.

use std::cmp::Ordering;
use std::path::Path;

use crate::model::policy::KeepRule;
use crate::picture::part::Part;
use crate::picture::tile::FINE_SIDE;
use crate::video::{Film, between_bars};

/// What the choice depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct FilmCandidate<'a> {
    /// It lies in a reference folder, which is never touched.
    pub reference: bool,
    /// For each rule that prefers paths, by its place among the rules, a set bit where it prefers
    /// this one.
    pub preferred: u64,
    pub film: &'a Film,
}

/// Compares two candidates: `Less` when `a` is the better keeper, with the first difference that
/// says so. Equal only for the same path.
pub(super) fn compare(
    a: &FilmCandidate<'_>,
    b: &FilmCandidate<'_>,
    keep: &[KeepRule],
) -> (Ordering, &'static str) {
    let first = [
        (more(a.reference, b.reference), "in a reference folder"),
        (more(!a.film.record.is_cut, !b.film.record.is_cut), "not damaged"),
    ];
    let wishes = keep.iter().zip(0..u64::BITS).map(|(rule, place)| wish(a, b, rule, place));
    let usual = [
        (more(pixels(a), pixels(b)), "more pixels"),
        (more(pace(a), pace(b)), "more frames a second"),
        (more(length(a), length(b)), "longer"),
        (more(grade(a), grade(b)), "less compressed"),
        (more(a.film.record.camera.is_some(), b.film.record.camera.is_some()), NAMES_ITS_CAMERA),
        (captured(a).cmp(&captured(b)), "older capture"),
        (size(b).cmp(&size(a)), "larger file"),
        (a.film.file.stamp.modified.cmp(&b.film.file.stamp.modified), "older file"),
        (bytes(a).len().cmp(&bytes(b).len()), "shorter path"),
        (bytes(a).cmp(bytes(b)), "first by name"),
    ];
    first
        .into_iter()
        .chain(wishes)
        .chain(usual)
        .find(|(order, _)| order.is_ne())
        .unwrap_or((Ordering::Equal, ""))
}

const NAMES_ITS_CAMERA: &str = "names its camera";

/// Why it is not sure that the keeper is the original, if it is not: it is the better film by its
/// figures, and the other one is what a camera wrote. It may be enlarged.
pub(super) fn doubt(keeper: &Film, other: &Film) -> Option<&'static str> {
    let names = |film: &Film| film.record.camera.is_some();
    (!names(keeper) && names(other))
        .then_some("the other one names its camera, and this one does not")
}

fn wish(
    a: &FilmCandidate<'_>,
    b: &FilmCandidate<'_>,
    rule: &KeepRule,
    place: u32,
) -> (Ordering, &'static str) {
    let age = |c: &FilmCandidate<'_>| (captured(c), c.film.file.stamp.modified);
    match rule {
        KeepRule::Largest if pixels(a) != pixels(b) => (more(pixels(a), pixels(b)), "more pixels"),
        KeepRule::Largest => (more(size(a), size(b)), "larger file"),
        KeepRule::Oldest => (age(a).cmp(&age(b)), "older"),
        KeepRule::Newest => (age(b).cmp(&age(a)), "newer"),
        KeepRule::ShortestPath => (bytes(a).len().cmp(&bytes(b).len()), "shorter path"),
        KeepRule::Prefer(_) => {
            let wanted = |c: &FilmCandidate<'_>| c.preferred >> place & 1;
            (more(wanted(a), wanted(b)), "preferred path")
        }
    }
}

/// More is better.
fn more<T: Ord>(a: T, b: T) -> Ordering {
    b.cmp(&a)
}

/// Those that show something: black bars are none.
fn pixels(candidate: &FilmCandidate<'_>) -> u64 {
    let record = &candidate.film.record;
    let free = record.fingerprint.clear().and_then(|frame| between_bars(&frame.tile));
    // The cells at their edges are bar in part.
    let cell = Part::SIDE / FINE_SIDE as u32;
    let side = |free: u32| u64::from(if free < Part::SIDE { free - 2 * cell } else { free });
    let (height, width) = free.unwrap_or(Part::WHOLE).sides();
    (record.dimensions.pixels() * side(height) * side(width)) >> 16
}

/// Frames a second, rounded: 29.97 and 30 are one pace.
fn pace(candidate: &FilmCandidate<'_>) -> u64 {
    (candidate.film.record.facts.frames_per_1000_s() + 500) / 1000
}

/// In fifths of a second, rounded: of a film and a part of it that is nearly as long, the film.
fn length(candidate: &FilmCandidate<'_>) -> i64 {
    (candidate.film.record.facts.duration_us + 100_000) / 200_000
}

/// How much of the picture is left, by bits a second and what the codec makes of them, in steps of
/// about 6 %: the same frames in another container are no better for a few bytes.
fn grade(candidate: &FilmCandidate<'_>) -> u64 {
    /// What a codec needs for the picture of 100 bits of H.264: bits a second for the same quality
    /// in public comparisons, coarsely.
    const NEEDS: [(&str, u64); 7] = [
        ("av1", 50),
        ("hevc", 60),
        ("vp9", 65),
        ("h264", 100),
        ("vp8", 115),
        ("mpeg4", 160),
        ("mjpeg", 400),
    ];
    let facts = &candidate.film.record.facts;
    let needs = NEEDS.iter().find(|(codec, _)| *codec == facts.codec).map_or(100, |n| n.1);
    let worth = facts.bit_rate().saturating_mul(100) / needs;
    let Some(exponent) = worth.checked_ilog2() else { return 0 };
    u64::from(exponent) << 4 | (worth << 4 >> exponent) & 15
}

/// Those with a capture time first, so that the order stays total.
fn captured(candidate: &FilmCandidate<'_>) -> (bool, Option<i64>) {
    let captured = candidate.film.record.captured;
    (captured.is_none(), captured.map(|time| time.local_seconds))
}

fn size(candidate: &FilmCandidate<'_>) -> u64 {
    candidate.film.file.stamp.size.0
}

fn bytes<'a>(candidate: &FilmCandidate<'a>) -> &'a [u8] {
    let path: &'a Path = &candidate.film.file.path;
    path.as_os_str().as_encoded_bytes()
}
