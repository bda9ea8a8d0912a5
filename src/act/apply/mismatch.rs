//! How a file differs from what a plan says of it.

use std::fmt;
use std::io;

/// Why a file is not acted on, or not relied on. Its text follows the file's path.
#[derive(Debug)]
pub(super) enum Mismatch {
    Gone,
    SymbolicLink,
    NotRegular,
    Size { found: u64, expected: u64 },
    ModificationTime,
    ReplacedAlike,
    Bytes,
    BeingChanged,
    Replaced,
    Locked,
    Io(io::Error),
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => f.write_str("no longer exists"),
            Self::SymbolicLink => f.write_str("has become a symbolic link"),
            Self::NotRegular => f.write_str("is no longer a regular file"),
            Self::Size { found, expected } => write!(f, "has {found} bytes now, not {expected}"),
            Self::ModificationTime => {
                f.write_str("was modified since (its modification time differs)")
            }
            Self::ReplacedAlike => {
                f.write_str("was replaced by another file of the same size and time")
            }
            Self::Bytes => f.write_str(
                "has different content than planned, although its size and time are the same",
            ),
            Self::BeingChanged => f.write_str("is being changed"),
            Self::Replaced => f.write_str("was replaced in the meantime"),
            Self::Locked => f.write_str("is locked by another program or another run"),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl From<io::Error> for Mismatch {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
