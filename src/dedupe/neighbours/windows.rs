//! Looking windows through: block by block of pictures, so that each tile is read once, however
//! many windows it has.

use super::{FINE_BITS, MOST_WAITING, Search};
use crate::dedupe::classes::Hashes;
use crate::dedupe::partition::Edge;
use crate::index::Joiner;
use crate::model::media::Orientation;
use crate::model::phash::{FineDistance, FineHash, PerceptualHash, View};
use crate::picture::window::{HALVES, Window};

/// Windows whose hashes are in memory at once: 48 bytes each as they are made, and as needles.
const WINDOWS_AT_ONCE: usize = 1 << 20;

/// Pictures whose windows are looked for in whole pictures.
pub(super) struct WindowSection<'h> {
    /// The pictures, by class.
    pub classes: Vec<u32>,
    /// In what they are looked for.
    pub libraries: Vec<&'h Hashes>,
    /// Whether the hashes that were kept do: the 64-bit ones alone, so that the proof decides.
    pub kept: bool,
}

/// Hashes that are looked for, and of which window of which class each is.
#[derive(Default)]
pub(super) struct WindowNeedles {
    pub hashes: Vec<PerceptualHash>,
    pub fines: Vec<FineHash>,
    pub origins: Vec<(u32, Option<u16>)>,
}

impl WindowNeedles {
    fn push(&mut self, view: View, origin: (u32, Option<u16>)) {
        self.hashes.push(view.phash);
        self.fines.push(view.fine);
        self.origins.push(origin);
    }
}

impl Search<'_> {
    /// Whole pictures, turned.
    pub(super) fn wholes(&self, classes: &[u32], orientation: Orientation) -> WindowNeedles {
        let mut needles = WindowNeedles::default();
        for &class in classes {
            needles.push(self.view(class, orientation), (class, None));
        }
        needles
    }

    /// Joins all windows of each section with its libraries. Gives the hashes of the halves, half by
    /// half, of each class; of kept ones without the 256-bit hashes.
    pub(super) fn look_through(
        &mut self,
        joiner: &dyn Joiner,
        sections: &[WindowSection<'_>],
        edges: &mut Vec<Edge>,
    ) -> Vec<Vec<Option<View>>> {
        let mut halves = vec![vec![None; self.classes.hashed as usize]; HALVES.len()];
        let at_once = (WINDOWS_AT_ONCE / (self.windows.len() + HALVES.len())).max(1);
        for section in sections {
            // Neighbours in the library are neighbours in the store.
            let mut classes = section.classes.clone();
            classes.sort_unstable_by_key(|&class| self.classes.first(class));
            for block in classes.chunks(at_once) {
                for &orientation in self.turns() {
                    let kept = section.kept && orientation == Orientation::Upright;
                    let (radius, fine_radius) = self.reach.window;
                    let fine_radius = if kept { FineDistance(FINE_BITS) } else { fine_radius };
                    let needles = match kept {
                        true => self.kept_windows(block, &mut halves),
                        false => self.made_windows(block, orientation, &mut halves),
                    };
                    for library in &section.libraries {
                        self.cross(joiner, &needles, library, orientation, (radius, fine_radius));
                    }
                }
                self.settle(edges, MOST_WAITING);
            }
        }
        halves
    }

    /// The windows of pictures, turned; the halves of those that are as they are.
    fn made_windows(
        &self,
        block: &[u32],
        orientation: Orientation,
        halves: &mut [Vec<Option<View>>],
    ) -> WindowNeedles {
        let mut windows: Vec<Window> = self.windows[1..].to_vec();
        if orientation == Orientation::Upright {
            windows.extend(HALVES);
        }
        let firsts: Vec<u32> = block.iter().map(|&class| self.classes.first(class)).collect();
        let views = self.question.proofs.prover().views(&firsts, &windows, orientation);
        let mut needles = WindowNeedles::default();
        for (number, views) in (1..).zip(views) {
            for (&class, view) in block.iter().zip(views) {
                if let Some(view) = view {
                    self.sort_in(view, (class, number), &mut needles, halves);
                }
            }
        }
        needles
    }

    /// The windows of pictures as they are kept, and the halves.
    fn kept_windows(&self, block: &[u32], halves: &mut [Vec<Option<View>>]) -> WindowNeedles {
        let firsts: Vec<u32> = block.iter().map(|&class| self.classes.first(class)).collect();
        let kept = self.question.proofs.prover().window_hashes(&firsts, self.reach.windows);
        let mut needles = WindowNeedles::default();
        for (&class, hashes) in block.iter().zip(kept) {
            // The whole picture comes first.
            for (number, hash) in (1..).zip(hashes.into_iter().skip(1)) {
                let Some(phash) = hash else { continue };
                let view = View { phash, fine: FineHash::default() };
                self.sort_in(view, (class, number), &mut needles, halves);
            }
        }
        needles
    }

    /// A window goes among the needles; what has a number beyond them is a half.
    fn sort_in(
        &self,
        view: View,
        (class, number): (u32, u16),
        needles: &mut WindowNeedles,
        halves: &mut [Vec<Option<View>>],
    ) {
        let half = usize::from(number).checked_sub(self.windows.len());
        match half.and_then(|half| halves.get_mut(half)) {
            Some(half) => half[class as usize] = Some(view),
            None => needles.push(view, (class, Some(number))),
        }
    }
}
