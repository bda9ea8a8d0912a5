//! What a long run tells while it goes: to bars on a terminal, to a log, or to nobody.

use std::path::Path;

use crate::model::record::Stage;

/// A part of a run that has a bar of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// Finding files.
    Walk,
    /// Asking the cache.
    Lookup,
    /// Reading, decoding and hashing pictures.
    Hash,
    /// Reading what films are, and the frames by which they are found.
    Films,
    /// Finding neighbours and groups.
    Compare,
    /// Comparing bytes or checking the cache against the files.
    Verify,
    /// Reading when files were taken.
    Dates,
    /// Changing files.
    Act,
    /// Making small pictures to look at.
    Preview,
}

impl Phase {
    /// All phases, in the order of a run.
    pub const ALL: [Self; 9] = [
        Self::Walk,
        Self::Lookup,
        Self::Hash,
        Self::Films,
        Self::Compare,
        Self::Verify,
        Self::Dates,
        Self::Act,
        Self::Preview,
    ];

    /// Lower-case name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Walk => "walk",
            Self::Lookup => "lookup",
            Self::Hash => "hash",
            Self::Films => "films",
            Self::Compare => "compare",
            Self::Verify => "verify",
            Self::Dates => "dates",
            Self::Act => "act",
            Self::Preview => "preview",
        }
    }
}

/// Something that happened.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// The walk found this many more files.
    Found {
        /// Since the last such event.
        files: u64,
    },
    /// A phase begins.
    StageStarted {
        /// The phase.
        stage: Phase,
        /// How many items it will go through, where that is known.
        total: Option<u64>,
    },
    /// A phase got on. Cheap enough forevery picture.
    Advanced {
        /// The phase.
        stage: Phase,
        /// Items since the last such event.
        items: u64,
        /// Bytes of the files that these items are.
        bytes: u64,
    },
    /// A phase is through.
    StageFinished {
        /// The phase.
        stage: Phase,
    },
    /// A file was passed over. It is in the report too.
    Skipped {
        /// The file or folder.
        path: &'a Path,
        /// The stage at which it failed.
        stage: Stage,
        /// The reason (human-readable).
        reason: &'a str,
    },
    /// A file was acted on, or was to be. It is in the journal too.
    Acted(Act<'a>),
    /// Something that people should read at once.
    Message(&'a str),
}

/// What became of one file of an action.
#[derive(Clone, Copy, Debug)]
pub struct Act<'a> {
    /// The name of the run.
    pub run: &'a str,
    /// What was to be done, as plans name it.
    pub kind: &'a str,
    /// `done`, `refused` or `failed`.
    pub verdict: &'a str,
    /// The file.
    pub source: &'a Path,
    /// Where it was to go.
    pub destination: Option<&'a Path>,
    /// Why it was not done; empty if it was.
    pub remark: &'a str,
}

/// Receives progress events. Called from any thread, often: an implementation must return at once.
pub trait Progress: Sync {
    /// Takes one event.
    fn on(&self, event: Event<'_>);
}

/// Discards every event.
impl Progress for () {
    fn on(&self, _event: Event<'_>) {}
}
