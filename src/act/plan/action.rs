//! What is done with which files.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Attested, ExactPath, Expected, Proof, SidecarChange};

/// What to do with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActionKind {
    /// Show it, change nothing.
    Report,
    /// Move it aside, keeping the tree.
    Quarantine,
    /// Move it.
    Move,
    /// Copy it.
    Copy,
    /// Into the desktop's trash.
    Trash,
    /// Replace it by a hard link to the keeper; only for identical files.
    Hardlink,
    /// Replace it by a reflink of the keeper; only for identical files.
    Reflink,
    /// Remove it for good.
    Delete,
    /// Take it out of the desktop's trash.
    Untrash,
    /// Make a hard link a file of its own again.
    Detach,
    /// Write what is known of a picture into a sidecar. The picture is only named.
    WriteSidecar,
}

impl ActionKind {
    /// Name as the JSON has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Quarantine => "quarantine",
            Self::Move => "move",
            Self::Copy => "copy",
            Self::Trash => "trash",
            Self::Hardlink => "hardlink",
            Self::Reflink => "reflink",
            Self::Delete => "delete",
            Self::Untrash => "untrash",
            Self::Detach => "detach",
            Self::WriteSidecar => "write-sidecar",
        }
    }

    /// What has happened to a file afterwards, for people: "12 files moved aside".
    pub fn past(self) -> &'static str {
        match self {
            Self::Report => "reported",
            Self::Quarantine => "moved aside",
            Self::Move => "moved",
            Self::Copy => "copied",
            Self::Trash => "put into the trash",
            Self::Hardlink => "replaced by hard links",
            Self::Reflink => "replaced by reflinks",
            Self::Delete => "deleted",
            Self::Untrash => "taken out of the trash",
            Self::Detach => "made files of their own",
            Self::WriteSidecar => "described in sidecars",
        }
    }

    /// Whether nothing is at the source's path afterwards.
    pub fn removes_source(self) -> bool {
        matches!(self, Self::Quarantine | Self::Move | Self::Trash | Self::Delete)
    }

    /// Whether the file is put somewhere else.
    pub fn has_destination(self) -> bool {
        matches!(self, Self::Quarantine | Self::Move | Self::Copy | Self::WriteSidecar)
    }

    /// Whether the file's bytes are gone for good afterwards, unless another file has them.
    pub fn relies_on_keeper(self) -> bool {
        matches!(self, Self::Hardlink | Self::Reflink | Self::Delete)
    }

    /// Whether the file is moved within reach of this machine, so that it can be brought back
    /// whatever becomes of others.
    pub fn keeps_the_file(self) -> bool {
        matches!(self, Self::Quarantine | Self::Move)
    }

    /// Whether what takes the file's place, or makes it superfluous, must have its very bytes.
    pub fn needs_identical(self) -> bool {
        matches!(self, Self::Hardlink | Self::Reflink)
    }
}

/// One file of an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// The file, and what it is expected to be.
    pub source: Expected,
    /// Where it is to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<ExactPath>,
    /// The file that stays, and that must still be there when the act is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keeper: Option<Expected>,
    /// The file on another machine that stays, in place of `keeper`: only for what can be undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attested: Option<Box<Attested>>,
    /// Why it may be relied on; there whenever `keeper` or `attested` is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
    /// The modification time that the file is to have afterwards, where it is not the source's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified_ns: Option<i64>,
    /// What becomes of the sidecar at the destination.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sidecar: Option<Box<SidecarChange>>,
}

impl Member {
    /// A file that goes nowhere and relies on nothing.
    pub fn alone(source: Expected) -> Self {
        Self {
            source,
            destination: None,
            keeper: None,
            attested: None,
            proof: None,
            modified_ns: None,
            sidecar: None,
        }
    }

    /// The same, in favour of a file that stays.
    #[must_use]
    pub fn relying_on(self, keeper: Expected, proof: Proof) -> Self {
        Self { keeper: Some(keeper), proof: Some(proof), ..self }
    }

    /// The same, in favour of a file on another machine that stays.
    #[must_use]
    pub fn relying_elsewhere(self, attested: Attested, proof: Proof) -> Self {
        Self { attested: Some(Box::new(attested)), proof: Some(proof), ..self }
    }

    /// The same, on its way to a place.
    #[must_use]
    pub fn going_to(self, place: PathBuf) -> Self {
        Self { destination: Some(ExactPath(place)), ..self }
    }
}

/// One act on the files of one unit: all of them, or none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// The number of its group in the report; 0 without one.
    pub group: u64,
    /// What to do.
    pub action: ActionKind,
    /// With which files: the picture first, then what goes with it.
    pub files: Vec<Member>,
    /// The reason for the action (human-readable).
    pub why: String,
}
