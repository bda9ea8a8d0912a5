//! What was decided, as a value.

use std::collections::BTreeSet;

/// What was decided about one group. Members are numbered as [`Group::members`] gives them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Decided {
    /// Who stays.
    pub keeper: usize,
    /// Who stays beside the keeper.
    pub spared: BTreeSet<usize>,
    /// Who was called another picture.
    pub apart: BTreeSet<usize>,
    /// All of this is settled.
    pub accepted: bool,
    /// The run that it was applied in.
    pub run: Option<String>,
}

impl Decided {
    /// Neither accepted nor acted on.
    pub fn is_open(&self) -> bool {
        !self.accepted && self.run.is_none()
    }
}

/// A decision that can be undone.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// What was decided (human-readable).
    pub words: String,
    /// Each group that it changed, as it was.
    pub before: Vec<(usize, Decided)>,
}
