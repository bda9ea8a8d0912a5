//! The program's own steps for engines that move tables between machines: one task each, an Arrow
//! stream in, another one out. What they decide is decided by the code that one machine runs.
//! `docs/kernels.md` has the columns.

mod components;
mod group;
mod handed;
mod hash;
mod ipc;
mod join;
mod list;
pub mod marks;
mod paths;
mod pictures;
mod prove;
mod receipt;
mod table;
mod tiles;
mod units;

use std::fmt;
use std::io;

pub use components::components;
pub use group::{GroupOptions, RenderGroups, group};
pub use handed::{Handed, VolumeFindings};
pub use hash::{HashOptions, detail, hash};
pub use join::join;
pub use list::list;
pub use prove::prove;
pub use receipt::{KeeperList, Receipt, attest};
pub use units::units;

use crate::dedupe::DedupeOptions;
use crate::model::policy::Policy;

/// Version of the columns and of what they mean.
pub const KERNEL_VERSION: u32 = 1;

/// When two pictures are the same: what a search over many tasks has to agree on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MatchingRule {
    /// The two radii.
    pub policy: Policy,
    /// Match by the 256-bit hash alone.
    pub fine_only: bool,
    /// Look for turned and mirrored copies too.
    pub any_orientation: bool,
}

impl MatchingRule {
    /// As the metadata of streams have it.
    pub fn key(self) -> String {
        let Self { policy, fine_only, any_orientation } = self;
        format!(
            "threshold={} fine={} hash={} orientation={}",
            policy.radius.0,
            policy.fine_radius.0,
            if fine_only { "fine" } else { "both" },
            if any_orientation { "any" } else { "upright" },
        )
    }

    fn options(self) -> DedupeOptions {
        let Self { policy, fine_only, any_orientation } = self;
        DedupeOptions {
            policy,
            fine_only,
            any_orientation,
            reference_roots: vec![false, true],
            ..DedupeOptions::default()
        }
    }
}

/// Why a kernel did not do its task.
#[derive(Debug)]
pub enum KernelError {
    /// The stream is of another version or policy, lacks a column, or has values that make no sense.
    Refused(String),
    /// The stream ended in the middle, or is none.
    Input(String),
    /// The output could not be written.
    Output(io::Error),
}

impl fmt::Display for KernelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(why) => f.write_str(why),
            Self::Input(why) => write!(f, "the input cannot be read: {why}"),
            Self::Output(error) => write!(f, "the output cannot be written: {error}"),
        }
    }
}

impl std::error::Error for KernelError {}
