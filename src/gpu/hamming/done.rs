//! Which pairs a join on the GPU has looked at, so that the CPU can do the rest and nothing twice.

use std::ops::Range;

use crate::index::{Pair, Sink};

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
    fn contains(&self, pair: &Pair) -> bool {
        pair.a < self.strip.start
            || (pair.a < self.strip.end && pair.b < self.library_to)
            || self.parts.iter().any(|(n, l)| n.contains(&pair.a) && l.contains(&pair.b))
    }
}

/// Lets only those pairs through that were not looked at.
pub(super) struct HammingRest<'a> {
    pub done: &'a Done,
    pub sink: &'a dyn Sink<Pair>,
}

impl Sink<Pair> for HammingRest<'_> {
    fn accept(&self, batch: &[Pair]) {
        let rest: Vec<Pair> =
            batch.iter().copied().filter(|pair| !self.done.contains(pair)).collect();
        if !rest.is_empty() {
            self.sink.accept(&rest);
        }
    }
}
