//! A thread's buffer between a join and the sink.

use super::{Pair, Sink};
use crate::model::phash::PerceptualHash;

/// Pairs handed on at once: 48 KiB.
const BATCH: usize = 4096;

pub(super) struct Emitter<'a> {
    sink: &'a dyn Sink<Pair>,
    batch: Vec<Pair>,
}

impl<'a> Emitter<'a> {
    pub(super) fn new(sink: &'a dyn Sink<Pair>) -> Self {
        Self { sink, batch: Vec::new() }
    }

    /// The pair of hash `a` of `left` and hash `b` of `right`.
    pub(super) fn push(
        &mut self,
        left: &[PerceptualHash],
        a: u32,
        right: &[PerceptualHash],
        b: u32,
    ) {
        self.push_pair(Pair::new(a, b, left[a as usize].distance(right[b as usize]).0));
    }

    pub(super) fn push_pair(&mut self, pair: Pair) {
        self.batch.push(pair);
        if self.batch.len() == BATCH {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if !self.batch.is_empty() {
            self.sink.accept(&self.batch);
            self.batch.clear();
        }
    }
}

impl Drop for Emitter<'_> {
    fn drop(&mut self) {
        // A panic in the sink must not call it again while unwinding.
        if !std::thread::panicking() {
            self.flush();
        }
    }
}
