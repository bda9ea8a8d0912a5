//! Whether two pictures show the same, block by block: what every pair has to pass.
//!
//! Hashes find pairs that are alike as a whole; documents of one template, product shots and scenes
//! of one kind are so too. The proof lays a part of one tile over the whole of the other as exactly
//! as 64 cells allow, and asks whether the details agree nearly everywhere. All of it is integer
//! arithmetic, so that every machine comes to the same verdict.
//!
//! ```text
//! candidate ─► is_plausible ─► align ─► prove ─► accepted
//!                                         ├────► refused
//!                                         └────► detail needed ─► settle ─► accepted, alike, refused
//! ```
//!
//! The limits were set on 40 photographs × 89 edits, on 19 sets of different pictures that look
//! alike, and on 499,500 pairs of different photographs.

mod align;
mod batch;
mod blocks;
mod detail;
mod shades;
mod surroundings;

pub use align::Prepared;
pub use batch::{Aligner, CpuAligner, TilePair, align_pair};
pub use blocks::{Agreement, Blocks};
pub use detail::{Detailed, Differences, differences, refined};
pub use surroundings::surroundings;

use super::part::Part;
use super::simd::widest;

/// Names the rule: windows, alignment, statistics and limits. Verdicts of another version count for
/// nothing.
pub const PROOF_VERSION: u32 = 2;

/// Which of two pictures shows a part of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Whose {
    /// The part is one of the first picture: the second shows no more than that.
    First,
    /// The part is one of the second picture.
    Second,
}

impl Whose {
    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }

    /// That one of two.
    pub fn of<T>(self, first: T, second: T) -> T {
        match self {
            Self::First => first,
            Self::Second => second,
        }
    }
}

/// How two pictures lie on each other, and how well they agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alignment {
    /// Of which picture it is a part.
    pub whose: Whose,
    /// The part that the other picture shows.
    pub part: Part,
    /// How well they agree there.
    pub agreement: Agreement,
}

/// A part of one picture that may show the whole of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Start {
    /// Of which picture.
    pub whose: Whose,
    /// The part: a window.
    pub part: Part,
}

/// A tile with what the proof has to know besides.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The tile.
    pub prepared: Prepared,
    /// Height and width in pixels, as the tile is turned.
    pub pixels: (u32, u32),
}

/// What the tiles of a pair prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// They show the same.
    Accepted(Alignment),
    /// More detail has to decide.
    DetailNeeded(Alignment),
    /// They are different pictures.
    Refused,
}

/// What is known of a pair in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They show the same.
    Same(Alignment),
    /// They show the same but for one place, so that they may be two shots of one scene.
    Shots(Alignment),
    /// They are alike, and it cannot be proven that they show the same.
    Alike(Alignment),
    /// They are different pictures.
    Different,
}

/// Windows of each picture that are refined.
const REFINED: usize = 2;
/// Least correlation of a window with the whole of another picture, in 1/65536.
const PLAUSIBLE: i32 = 19_661;
/// Fewest textured blocks of 32×32 cells that prove anything.
const LEAST_TEXTURED: u32 = 6;
/// Least shares of good blocks, and least medians, at 32×32 and 64×64 cells, in 1/65536.
const GOOD: [i32; 2] = [45_875, 39_322];
const MEDIAN: [i32; 2] = [52_429, 39_322];
/// Most that the shapes of the two files may differ by from what the alignment says, in 1/16.
const STRETCH: u64 = 24;
/// Share of cells of one shade from which on a picture is mostly background, a document or a
/// drawing, in 1/65536.
const BACKGROUND: u32 = 29_491;
/// Share of cells without detail from which on a picture may show too little, in 1/65536.
const FLAT: u32 = 26_214;
/// So many blocks of 64×64 cells that do not agree at all are a place where the pictures differ.
const ONE_PLACE: u32 = 3;
/// Fewer textured blocks of 256×256 cells say too little.
const LITTLE_DETAIL: u32 = 200;
/// Most detail that two pictures of one document do not have in common, and two that are alike, in
/// 1/65536.
const LOST: u32 = 492;
const LOST_ALIKE: u32 = 6_554;
/// Most cells that differ between two pictures with little detail, in 1/65536.
const CHANGED: u32 = 655;
/// Something moved: so many missing blocks at least, and at most so many thousandths of all.
const MOVED: u32 = 40;
const MOVED_MOST: u32 = 150;
/// … and so much of the detail at least, in 1/65536: coarse quantisation blurs blocks here and there.
const MOVED_LOST: u32 = 492;
/// From so many cells of one shade on it was laid over the picture, in 1/65536.
const OVERLAID: u32 = 16_384;

/// Whether a part of `of` may show what the whole of `other` shows: cheap, and asked before
/// anything else. Of unrelated pictures it lets few through.
pub fn is_plausible(of: &Prepared, other: &Prepared, part: Part) -> bool {
    widest(
        #[inline(always)]
        || align::correlation(of, other, part) >= PLAUSIBLE,
    )
}

/// The best alignment of two pictures that their windows lead to, the whole pictures among them;
/// `None` where nothing correlates at all.
pub fn align(first: &Prepared, second: &Prepared, starts: &[Start]) -> Option<Alignment> {
    widest(
        #[inline(always)]
        || best_alignment(first, second, starts),
    )
}

#[inline(always)]
fn best_alignment(first: &Prepared, second: &Prepared, starts: &[Start]) -> Option<Alignment> {
    let agreement = blocks::compare(first, second, Part::WHOLE);
    // Most pairs are re-encodings: no other alignment could be better.
    if agreement.is_perfect() {
        return Some(Alignment { whose: Whose::First, part: Part::WHOLE, agreement });
    }
    let mut best: Option<Alignment> = None;
    for (whose, of, other) in [(Whose::First, first, second), (Whose::Second, second, first)] {
        let windows = starts.iter().filter(|start| start.whose == whose);
        let parts = windows.map(|start| start.part).chain([Part::WHOLE]);
        let mut scored: Vec<(i32, Part)> = parts
            .map(|part| (-align::correlation(of, other, part), part))
            .filter(|&(score, _)| score < 0)
            .collect();
        scored.sort_unstable();
        scored.dedup();
        scored.truncate(REFINED);
        for (_, start) in scored {
            let part = align::refine(of, other, start);
            let agreement = blocks::compare(of, other, part);
            if best.is_none_or(|best| agreement.rank() > best.agreement.rank()) {
                best = Some(Alignment { whose, part, agreement });
            }
        }
    }
    best
}

/// What the tiles of two pictures prove, from the windows that brought them together.
pub fn prove(first: &Shown, second: &Shown, starts: &[Start]) -> Proof {
    match align(&first.prepared, &second.prepared, starts) {
        Some(alignment) if agrees(&alignment, first.pixels, second.pixels) => {
            judge(alignment, first, second)
        }
        _ => Proof::Refused,
    }
}

/// Whether two pictures that lie on each other best like this agree.
#[must_use]
pub fn agrees(alignment: &Alignment, first: (u32, u32), second: (u32, u32)) -> bool {
    let Agreement { coarse, fine } = alignment.agreement;
    coarse.textured >= LEAST_TEXTURED
        && coarse.share() >= GOOD[0]
        && coarse.median >= MEDIAN[0]
        && fine.share() >= GOOD[1]
        && fine.median >= MEDIAN[1]
        && alignment.fits(first, second)
}

/// What the best alignment of two pictures that agree proves: they are not refused any more.
pub fn judge(alignment: Alignment, first: &Shown, second: &Shown) -> Proof {
    if is_plain(first, second) || alignment.agreement.fine.bad >= ONE_PLACE {
        Proof::DetailNeeded(alignment)
    } else {
        Proof::Accepted(alignment)
    }
}

/// What more detail says of two pictures; `None` where they could not be decoded.
pub fn settle(
    alignment: Alignment,
    first: &Shown,
    second: &Shown,
    details: Option<Differences>,
) -> Verdict {
    let Some(found) = details else { return Verdict::Alike(alignment) };
    if found.textured < LITTLE_DETAIL {
        return match found.changed <= CHANGED {
            true => Verdict::Same(alignment),
            false => Verdict::Alike(alignment),
        };
    }
    if is_document(first, second) {
        return match found.lost {
            lost if lost <= LOST => Verdict::Same(alignment),
            lost if lost <= LOST_ALIKE => Verdict::Alike(alignment),
            _ => Verdict::Different,
        };
    }
    let thousandths = found.missing * 1000 / found.textured.max(1);
    let moved = found.missing >= MOVED
        && thousandths <= MOVED_MOST
        && found.lost >= MOVED_LOST
        && found.one_shade < OVERLAID;
    if moved { Verdict::Shots(alignment) } else { Verdict::Same(alignment) }
}

/// Whether only detail can tell whether two pictures that agree show the same.
pub fn is_plain(first: &Shown, second: &Shown) -> bool {
    is_document(first, second) || is_flat(first, second)
}

/// Whether one of both pictures is mostly background.
fn is_document(first: &Shown, second: &Shown) -> bool {
    [first, second].into_iter().any(|shown| shown.prepared.one_shade() >= BACKGROUND)
}

/// Whether most of one of both pictures has no detail.
fn is_flat(first: &Shown, second: &Shown) -> bool {
    [first, second].into_iter().any(|shown| shown.prepared.flat_share() >= FLAT)
}

impl Alignment {
    /// Whether the shapes of the files are what cropping, bars and some stretching make of them.
    fn fits(&self, first: (u32, u32), second: (u32, u32)) -> bool {
        let (of, other) = (self.whose.of(first, second), self.whose.of(second, first));
        let (height, width) = self.part.sides();
        // (width of the part / its height) / (width of the other / its height)
        let wide = u64::from(of.1) * u64::from(width) * u64::from(other.0);
        let tall = u64::from(of.0) * u64::from(height) * u64::from(other.1);
        wide * 16 <= tall * STRETCH && tall * 16 <= wide * STRETCH
    }

    /// How much of the details agrees, in per cent.
    pub fn likeness(&self) -> u8 {
        let per_cent = |blocks: &Blocks| {
            let agrees = i64::from(blocks.share()) * i64::from(blocks.median.max(0));
            (agrees * 100 + (1 << 31)) >> 32
        };
        let Agreement { coarse, fine } = &self.agreement;
        ((per_cent(coarse) + per_cent(fine) + 1) / 2).clamp(0, 100) as u8
    }
}

#[cfg(test)]
mod tests;
