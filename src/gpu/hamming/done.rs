//! Which pairs a join on the GPU has looked at, so that the CPU can do the rest and nothing twice.

use std::ops::Range;

use crate::index::{Match, Pair, Sink};

/// A join goes strip by strip of needles, and in each strip once through the library.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// The strip in hand; those before it are done.
    pub strip: Range<u32>,
    /// How far the library was seen by this strip.
    pub library_to: u32,
    /// Parts that were done beyond it.
    pub parts: Vec<(Range<u32>, Range<u32>)>,
}

impl Done {
    fn contains(&self, (a, b): (u32, u32)) -> bool {
        a < self.strip.start
            || (a < self.strip.end && b < self.library_to)
            || self.parts.iter().any(|(n, l)| n.contains(&a) && l.contains(&b))
    }
}

/// What a join finds: a needle and something of the library, by position.
pub(super) trait Positions: Copy {
    fn positions(&self) -> (u32, u32);
}

impl Positions for Pair {
    fn positions(&self) -> (u32, u32) {
        (self.a, self.b)
    }
}

impl Positions for Match {
    fn positions(&self) -> (u32, u32) {
        (self.a, self.b)
    }
}

/// Lets only that through which was not looked at.
pub(super) struct HammingRest<'a, T> {
    pub done: &'a Done,
    pub sink: &'a dyn Sink<T>,
}

impl<T: Positions> Sink<T> for HammingRest<'_, T> {
    fn accept(&self, batch: &[T]) {
        let is_left = |found: &T| !self.done.contains(found.positions());
        let rest: Vec<T> = batch.iter().copied().filter(is_left).collect();
        if !rest.is_empty() {
            self.sink.accept(&rest);
        }
    }
}
