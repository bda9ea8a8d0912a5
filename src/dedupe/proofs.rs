//! What was found of pairs, and the policy that they were looked for by.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Question;
use super::prover::{Candidate, Proven, Prover, Standing};
use crate::model::findings::Surroundings;
use crate::model::media::Orientation;
use crate::model::phash::{Distance, FineDistance};
use crate::model::policy::Policy;
use crate::picture::part::Part;
use crate::picture::proof::{Start, Whose};
use crate::picture::window::WindowSet;

/// Radii within which a window and the whole of another picture are candidates, whatever the policy:
/// the proof decides.
pub const WINDOW_RADIUS: u32 = 10;
const FEW_FINE_RADIUS: u32 = 84;
pub const MANY_FINE_RADIUS: u32 = 90;
/// Radius between whole pictures, where windows are looked through.
const WHOLE_RADIUS: u32 = 14;
/// Radii within which the same halves of two pictures are.
const HALF_RADIUS: u32 = 6;
const HALF_FINE_RADIUS: u32 = 64;
/// Up to this radius only whole pictures are compared.
const WHOLE_UP_TO: u32 = 3;
/// Up to this radius few windows are looked through, beyond it many.
const FEW_UP_TO: u32 = 9;

/// How candidates are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Between whole pictures.
    pub whole: (Distance, FineDistance),
    /// The windows that are compared with whole pictures.
    pub windows: WindowSet,
    /// Between a window and a whole picture.
    pub window: (Distance, FineDistance),
    /// Between the same halves of two pictures, where halves are compared.
    pub half: Option<(Distance, FineDistance)>,
}

impl Reach {
    /// What a policy reaches. Without tiles only whole pictures are compared, and hashes are taken
    /// at their word.
    pub fn new(policy: Policy, fine_only: bool, sees_tiles: bool) -> Self {
        let asked = (policy.radius, policy.fine_radius);
        let windows = match policy.radius.0 {
            _ if fine_only || !sees_tiles => WindowSet::Whole,
            radius if radius <= WHOLE_UP_TO => WindowSet::Whole,
            radius if radius <= FEW_UP_TO => WindowSet::Few,
            _ => WindowSet::Many,
        };
        let fine = match windows {
            WindowSet::Whole => {
                return Self { whole: asked, windows, window: asked, half: None };
            }
            WindowSet::Few => FEW_FINE_RADIUS,
            WindowSet::Many => MANY_FINE_RADIUS,
        };
        let window = (Distance(WINDOW_RADIUS), FineDistance(fine));
        Self {
            whole: (asked.0.max(Distance(WHOLE_RADIUS)), asked.1.max(window.1)),
            windows,
            window,
            half: Some((Distance(HALF_RADIUS), FineDistance(HALF_FINE_RADIUS))),
        }
    }
}

/// Pairs of pictures of which something was found, the smaller index first.
pub(super) struct Proofs<'a> {
    prover: &'a dyn Prover,
    found: Mutex<HashMap<(u32, u32), Proven>>,
}

impl<'a> Proofs<'a> {
    pub fn new(prover: &'a dyn Prover) -> Self {
        Self { prover, found: Mutex::default() }
    }

    pub fn prover(&self) -> &'a dyn Prover {
        self.prover
    }

    fn found(&self) -> MutexGuard<'_, HashMap<(u32, u32), Proven>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Proves pairs of which nothing better is known, and keeps what was found.
    pub fn prove(&self, mut candidates: Vec<Candidate>) {
        {
            let found = self.found();
            let is_same = |candidate: &Candidate| {
                found
                    .get(&(candidate.first, candidate.second))
                    .is_some_and(|proven| proven.standing == Standing::Same)
            };
            candidates.retain(|candidate| !is_same(candidate));
        }
        let proven = self.prover.prove(&candidates);
        let mut found = self.found();
        for (candidate, proven) in candidates.iter().zip(proven) {
            found
                .entry((candidate.first, candidate.second))
                .and_modify(|known| {
                    if proven.is_better_than(known) {
                        *known = proven;
                    }
                })
                .or_insert(proven);
        }
    }

    /// Takes in pairs that were found in an earlier run.
    pub fn extend(&self, pairs: Vec<(u32, u32, Proven)>) {
        let pairs = pairs.into_iter();
        self.found().extend(pairs.map(|(first, second, proven)| ((first, second), proven)));
    }

    /// What was found of a pair, from the side of `a`.
    pub fn get(&self, a: u32, b: u32) -> Option<Proven> {
        let proven = self.found().get(&(a.min(b), a.max(b))).copied()?;
        Some(if a <= b { proven } else { proven.inverse() })
    }
}

impl Question<'_> {
    /// Which of two pictures shows what both show in clearly more pixels, if one does.
    pub(super) fn finer(&self, a: u32, b: u32, proven: &Proven) -> Option<Whose> {
        let pixels = |index: u32, orientation: Orientation, part: Part| {
            let shown = orientation.shown(self.pictures[index as usize].record.dimensions);
            let (height, width) = part.sides();
            u64::from(shown.width) * u64::from(shown.height) * u64::from(height * width)
        };
        let part = |whose| if proven.whose == whose { proven.part } else { Part::WHOLE };
        let first = pixels(a, proven.orientation, part(Whose::First));
        let second = pixels(b, Orientation::Upright, part(Whose::Second));
        // By a quarter along each side.
        match () {
            () if first * 16 > second * 25 => Some(Whose::First),
            () if second * 16 > first * 25 => Some(Whose::Second),
            () => None,
        }
    }

    /// Whether a duplicate shows more than its keeper: a wider view, or finer detail of a part.
    pub(super) fn shows_more(&self, keeper: u32, duplicate: u32, proven: &Proven) -> bool {
        proven.is_part()
            && (proven.whose == Whose::Second && proven.surroundings == Surroundings::Picture
                || self.finer(keeper, duplicate, proven) == Some(Whose::Second))
    }

    /// The pair of a keeper and another picture, to be proven as it was for two that look the same.
    pub(super) fn again(keeper: u32, other: u32, like: Option<Proven>) -> Candidate {
        let (first, second) = (keeper.min(other), keeper.max(other));
        let like = like.map(|like| if keeper <= other { like } else { like.inverse() });
        Candidate {
            first,
            second,
            orientation: like.map_or(Orientation::Upright, |like| like.orientation),
            starts: like
                .filter(|like| !like.part.is_whole())
                .map(|Proven { whose, part, .. }| Start { whose, part })
                .into_iter()
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::policy::Sensitivity;

    #[test]
    fn a_policy_reaches_as_far_as_it_says() {
        let reach = |sensitivity: Sensitivity| Reach::new(sensitivity.into(), false, true);
        let exact = reach(Sensitivity::Exact);
        assert_eq!((exact.whole.0.0, exact.whole.1.0, exact.half), (2, 32, None));
        assert_eq!(exact.windows, WindowSet::Whole);
        let standard = reach(Sensitivity::Standard);
        assert_eq!(standard.windows, WindowSet::Few);
        assert_eq!((standard.whole.0.0, standard.whole.1.0), (14, 84));
        let aggressive = reach(Sensitivity::Aggressive);
        assert_eq!(aggressive.windows, WindowSet::Many);
        assert_eq!((aggressive.whole.0.0, aggressive.whole.1.0), (14, 90));
        // Hashes that nothing proves are taken within their own radii, and so is the fine hash.
        let policy = Policy::from_threshold(6);
        for (fine_only, sees_tiles) in [(false, false), (true, true)] {
            let reach = Reach::new(policy, fine_only, sees_tiles);
            assert_eq!((reach.windows, reach.whole.0.0), (WindowSet::Whole, 6));
        }
    }
}
