//! What is to be done, as a value: shown, kept in a file, and carried out later.
//!
//! A plan says of every file what it looked like when it was decided on, so that whoever carries
//! it out can refuse what has changed since.

mod check;
mod form;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use check::PlanError;
pub use form::{ExactPath, Expected};

use crate::path_text::harmless_json;

/// Version of the JSON form.
pub const PLAN_VERSION: u32 = 2;

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
        }
    }

    /// Whether nothing is at the source's path afterwards.
    pub fn removes_source(self) -> bool {
        matches!(self, Self::Quarantine | Self::Move | Self::Trash | Self::Delete)
    }

    /// Whether the file is put somewhere else.
    pub fn has_destination(self) -> bool {
        matches!(self, Self::Quarantine | Self::Move | Self::Copy)
    }

    /// Whether the file's bytes are gone for good afterwards, unless another file has them.
    pub fn relies_on_keeper(self) -> bool {
        matches!(self, Self::Hardlink | Self::Reflink | Self::Delete)
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
    /// Which, and what it is expected to be.
    pub source: Expected,
    /// Where it is to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<ExactPath>,
    /// The file that stays, and that must still be there when the act is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keeper: Option<Expected>,
    /// The modification time that the file is to have afterwards, where it is not the source's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified_ns: Option<i64>,
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
    /// Why, for people.
    pub why: String,
}

/// What a plan was made by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Finding duplicates.
    Dedupe,
    /// Filing by date.
    Organize,
    /// Taking a run back.
    Undo,
    /// Settling what killed runs left.
    Leftovers,
}

impl Origin {
    /// Name as the JSON has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dedupe => "dedupe",
            Self::Organize => "organize",
            Self::Undo => "undo",
            Self::Leftovers => "leftovers",
        }
    }
}

/// A list of acts, in the order to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// [`PLAN_VERSION`].
    pub version: u32,
    /// What made it.
    pub origin: Origin,
    /// The run that it takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
    /// The folder that relative paths start at.
    pub base: ExactPath,
    /// Folders in which nothing may be touched.
    #[serde(default)]
    pub references: Vec<ExactPath>,
    /// The acts.
    pub actions: Vec<Action>,
    /// Folders to be removed at the end, in this order, as far as they are empty then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prune: Vec<ExactPath>,
}

/// How much a plan does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files among them that are to be deleted though their bytes are not the keeper's.
    pub lost_for_good: u64,
}

impl Plan {
    /// A plan that does nothing yet.
    pub fn new(origin: Origin, base: &Path) -> Self {
        Self {
            version: PLAN_VERSION,
            origin,
            undoes: None,
            base: ExactPath(base.to_owned()),
            references: Vec::new(),
            actions: Vec::new(),
            prune: Vec::new(),
        }
    }

    /// As JSON, indented, with a closing line break.
    ///
    /// # Errors
    /// None that a plan can cause; the signature is the serialiser's.
    pub fn to_json(&self) -> serde_json::Result<String> {
        let mut text = harmless_json(&serde_json::to_string_pretty(self)?);
        text.push('\n');
        Ok(text)
    }

    /// Reads what [`Plan::to_json`] wrote, and refuses a plan that contradicts itself.
    ///
    /// # Errors
    /// [`PlanError`], which names what is wrong.
    pub fn from_json(text: &str) -> Result<Self, PlanError> {
        #[derive(Deserialize)]
        struct Head {
            version: Option<u64>,
        }
        let head: Head = serde_json::from_str(text).map_err(|e| PlanError::Form(e.to_string()))?;
        match head.version {
            None => return Err(PlanError::NoVersion),
            Some(version) if version != u64::from(PLAN_VERSION) => {
                return Err(PlanError::Version(version));
            }
            Some(_) => {}
        }
        let plan: Self = serde_json::from_str(text).map_err(|e| PlanError::Form(e.to_string()))?;
        plan.check()?;
        Ok(plan)
    }

    /// A path of this plan, from its base.
    pub fn resolve(&self, path: &Path) -> PathBuf {
        self.base.0.join(path)
    }

    /// How much it does.
    pub fn extent(&self) -> Extent {
        let mut extent = Extent::default();
        for action in &self.actions {
            for member in &action.files {
                extent.files += 1;
                extent.bytes = extent.bytes.saturating_add(member.source.stamp.size.0);
                let identical =
                    member.keeper.as_ref().is_some_and(|k| k.content == member.source.content);
                extent.lost_for_good +=
                    u64::from(action.action == ActionKind::Delete && !identical);
            }
        }
        extent
    }
}

#[cfg(test)]
mod tests;
