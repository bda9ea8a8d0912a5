//! Which of several copies to keep: the original, as far as evidence tells. The first difference
//! decides.

use std::cmp::Ordering;
use std::path::Path;

use super::criterion::Criterion;
use super::evidence::{CopyName, Evidence, copy_name};
use crate::model::media::FileStamp;
use crate::model::policy::KeepRule;
use crate::model::record::PictureRecord;

/// What the choice of a keeper depends on.
#[derive(Clone, Copy, Debug)]
pub struct KeeperCandidate<'a> {
    /// It lies in a reference folder, which is never touched.
    pub reference: bool,
    /// It shows no more than a part of another one, or the same with something around it.
    pub lesser: bool,
    /// It belongs to a unit (RAW+JPEG, Live Photo) that is complete where it lies.
    pub complete_unit: bool,
    /// It was made from another one that is there.
    pub made_from_another: bool,
    /// Its name is made from that of another one that is there.
    pub named_after_another: bool,
    /// For each rule that prefers paths, by its place among the rules, a set bit where it prefers
    /// this one.
    pub preferred: u64,
    /// Its path.
    pub path: &'a Path,
    /// Size and time.
    pub stamp: FileStamp,
    /// Dimensions, format, metadata.
    pub record: &'a PictureRecord,
    /// What it tells of where it comes from.
    pub evidence: Evidence,
}

type Order = fn(&KeeperCandidate<'_>, &KeeperCandidate<'_>) -> Ordering;

/// Before any wish: a picture of which a part is missing is not what anybody wants to keep.
const FIRST: [(Criterion, Order); 3] = [
    (Criterion::Reference, |a, b| more(a.reference, b.reference)),
    (Criterion::Undamaged, |a, b| more(!damaged(a), !damaged(b))),
    (Criterion::Whole, |a, b| more(!a.lesser, !b.lesser)),
];

const USUAL: [(Criterion, Order); 13] = [
    (Criterion::Unit, |a, b| more(a.complete_unit, b.complete_unit)),
    (Criterion::Claim, |a, b| a.evidence.claim.cmp(&b.evidence.claim)),
    (Criterion::Source, |a, b| more(!a.made_from_another, !b.made_from_another)),
    (Criterion::Pixels, |a, b| more(pixels(a), pixels(b))),
    (Criterion::Raw, |a, b| more(a.record.format.is_raw(), b.record.format.is_raw())),
    (Criterion::Loss, |a, b| a.evidence.loss().cmp(&b.evidence.loss())),
    (Criterion::Facts, |a, b| more(a.evidence.facts, b.evidence.facts)),
    (Criterion::Size, |a, b| more(a.stamp.size, b.stamp.size)),
    (Criterion::Captured, |a, b| captured(a).cmp(&captured(b))),
    (Criterion::Name, |a, b| is_named_copy(a).cmp(&is_named_copy(b))),
    (Criterion::Modified, |a, b| a.stamp.modified.cmp(&b.stamp.modified)),
    (Criterion::PathLength, shorter),
    (Criterion::Path, |a, b| bytes(a.path).cmp(bytes(b.path))),
];

/// Compares two candidates: `Less` when `a` is the better keeper, with the first difference that
/// says so. Equal only for the same path.
pub fn compare(
    a: &KeeperCandidate<'_>,
    b: &KeeperCandidate<'_>,
    keep: &[KeepRule],
) -> (Ordering, Criterion) {
    let wishes = keep.iter().zip(0..u64::BITS).map(|(rule, place)| {
        let (order, words) = wish(a, b, rule, place);
        (order, Criterion::Wish(words))
    });
    let ordered = |(criterion, order): (Criterion, Order)| (order(a, b), criterion);
    let first = FIRST.into_iter().map(ordered);
    first
        .chain(wishes)
        .chain(USUAL.into_iter().map(ordered))
        .find(|(order, _)| order.is_ne())
        .unwrap_or((Ordering::Equal, Criterion::Same))
}

fn wish(
    a: &KeeperCandidate<'_>,
    b: &KeeperCandidate<'_>,
    rule: &KeepRule,
    place: u32,
) -> (Ordering, &'static str) {
    match rule {
        KeepRule::Largest if pixels(a) != pixels(b) => (more(pixels(a), pixels(b)), "more pixels"),
        KeepRule::Largest => (more(a.stamp.size, b.stamp.size), "larger file"),
        KeepRule::Oldest => (age(a, b), "older"),
        KeepRule::Newest => (age(b, a), "newer"),
        KeepRule::ShortestPath => (shorter(a, b), "shorter path"),
        KeepRule::Prefer(_) => {
            let wanted = |c: &KeeperCandidate<'_>| c.preferred >> place & 1;
            (more(wanted(a), wanted(b)), "preferred path")
        }
    }
}

/// More is better.
fn more<T: Ord>(a: T, b: T) -> Ordering {
    b.cmp(&a)
}

fn pixels(candidate: &KeeperCandidate<'_>) -> u64 {
    candidate.record.dimensions.pixels()
}

fn damaged(candidate: &KeeperCandidate<'_>) -> bool {
    candidate.record.flags.damaged_tail
}

fn is_named_copy(candidate: &KeeperCandidate<'_>) -> bool {
    candidate.named_after_another || copy_name(candidate.path) == Some(CopyName::Plain)
}

/// The older is better: by capture time where both have one, then by modification time.
fn age(a: &KeeperCandidate<'_>, b: &KeeperCandidate<'_>) -> Ordering {
    captured(a).cmp(&captured(b)).then(a.stamp.modified.cmp(&b.stamp.modified))
}

/// Those with a capture time first, so that the order stays total.
fn captured(candidate: &KeeperCandidate<'_>) -> (bool, Option<(i64, Option<u32>)>) {
    let captured = candidate.record.metadata.captured;
    (captured.is_none(), captured.map(|time| (time.local_seconds, time.subsecond_ns)))
}

fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

fn shorter(a: &KeeperCandidate<'_>, b: &KeeperCandidate<'_>) -> Ordering {
    bytes(a.path).len().cmp(&bytes(b.path).len())
}

#[cfg(test)]
mod tests;
