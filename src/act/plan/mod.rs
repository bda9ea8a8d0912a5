//! What is to be done, as a value: shown, kept in a file, and carried out later.
//!
//! A plan says of every file what it looked like when it was decided on, so that applying
//! it can refuse what has changed since. It names the folders that it may act in, tells of each
//! file that goes which one stays and why, and has a checksum, so that an edited plan is noticed.

mod action;
mod attested;
mod bounds;
mod check;
mod error;
mod form;
mod proof;
mod reach;
mod sidecar;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use action::{Action, ActionKind, Member};
pub use attested::{Attested, named_path};
pub use error::PlanError;
pub use form::{ExactPath, Expected};
pub use proof::{MatchRule, Proof};
pub use reach::Reach;
pub use sidecar::{SidecarBefore, SidecarChange, content_of};

use crate::model::path_text::harmless_json;
use crate::model::record::ContentHash;
use bounds::Bounds;

/// Version of the JSON form.
pub const PLAN_VERSION: u32 = 3;

/// The version before plans were bound to their roots. Only the plans of earlier runs are still
/// read in it, to finish those runs or undo them.
const UNBOUND_VERSION: u32 = 2;

/// What a plan was made by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Finding duplicates.
    Dedupe,
    /// Filing by date.
    Organize,
    /// Undoing a run.
    Undo,
    /// Settling what interrupted runs left behind.
    Leftovers,
    /// Copying what a library lacks of an old folder.
    Covered,
}

impl Origin {
    /// Name as the JSON has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dedupe => "dedupe",
            Self::Organize => "organize",
            Self::Undo => "undo",
            Self::Leftovers => "leftovers",
            Self::Covered => "covered",
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
    /// The run that it undoes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
    /// The folder that relative paths start at. Absolute and real, as all paths of a plan are once
    /// they are resolved: no symbolic link in any folder, no `.` or `..`.
    pub base: ExactPath,
    /// Folders that were searched: every source lies below one of them.
    #[serde(default)]
    pub roots: Vec<ExactPath>,
    /// Folders that files may be put into besides the roots.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub destinations: Vec<ExactPath>,
    /// Folders in which nothing may be touched.
    #[serde(default)]
    pub references: Vec<ExactPath>,
    /// Files in neither that are relied on: another cache knows them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elsewhere: Vec<ExactPath>,
    /// The rule of the match, where the plan acts on pictures that only look the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<MatchRule>,
    /// The acts.
    pub actions: Vec<Action>,
    /// Folders to be removed at the end, in this order, as far as they are empty then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prune: Vec<ExactPath>,
    /// What the text had; only while it is read.
    #[serde(default, skip_serializing)]
    checksum: Option<String>,
}

/// A plan as it is written.
#[derive(Serialize)]
struct Sealed<'a> {
    #[serde(flatten)]
    plan: &'a Plan,
    checksum: String,
}

/// How much a plan does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Files, but for the sidecars.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files among them that are to be deleted though their bytes are not the keeper's.
    pub lost_for_good: u64,
    /// Sidecars that are written.
    pub sidecars: u64,
}

impl Plan {
    /// A plan that does nothing yet, and may act nowhere yet.
    pub fn new(origin: Origin, base: &Path) -> Self {
        Self {
            version: PLAN_VERSION,
            origin,
            undoes: None,
            base: ExactPath(base.to_owned()),
            roots: Vec::new(),
            destinations: Vec::new(),
            references: Vec::new(),
            elsewhere: Vec::new(),
            policy: None,
            actions: Vec::new(),
            prune: Vec::new(),
            checksum: None,
        }
    }

    /// As JSON, indented, with its checksum and a closing line break.
    ///
    /// # Errors
    /// None that a plan can cause; the signature is the serialiser's.
    pub fn to_json(&self) -> serde_json::Result<String> {
        let sealed = Sealed { plan: self, checksum: self.checksum()? };
        let mut text = harmless_json(&serde_json::to_string_pretty(&sealed)?);
        text.push('\n');
        Ok(text)
    }

    /// BLAKE3, in hexadecimal digits, of the plan as compact JSON, in the order of its fields and
    /// without the checksum itself. It tells an edited plan from one that is as it was made, not a
    /// friend from an enemy: anybody can compute it.
    ///
    /// # Errors
    /// As [`Plan::to_json`].
    pub fn checksum(&self) -> serde_json::Result<String> {
        let mut hasher = blake3::Hasher::new();
        serde_json::to_writer(std::io::BufWriter::with_capacity(1 << 16, &mut hasher), self)?;
        Ok(ContentHash(*hasher.finalize().as_bytes()).to_hex())
    }

    /// Reads what [`Plan::to_json`] wrote, and refuses a plan that was edited since or that breaks
    /// a rule.
    ///
    /// # Errors
    /// [`PlanError`], which names what is wrong.
    pub fn from_json(text: &str) -> Result<Self, PlanError> {
        Self::read(text, &[PLAN_VERSION])?.unsealed()
    }

    /// As [`Plan::from_json`], for a plan that was edited on purpose. Every other rule holds.
    ///
    /// # Errors
    /// [`PlanError`], but never [`PlanError::Edited`].
    pub fn from_edited_json(text: &str) -> Result<Self, PlanError> {
        let plan = Self { checksum: None, ..Self::read(text, &[PLAN_VERSION])? };
        plan.check()?;
        Ok(plan)
    }

    /// As [`Plan::from_json`], for the plan of a run that was begun. Those of the version before
    /// are read too; they have no checksum, and no folders that bound them.
    ///
    /// # Errors
    /// [`PlanError`], which names what is wrong.
    pub fn from_journalled_json(text: &str) -> Result<Self, PlanError> {
        let plan = Self::read(text, &[PLAN_VERSION, UNBOUND_VERSION])?;
        if plan.version == UNBOUND_VERSION {
            plan.check()?;
            return Ok(plan);
        }
        plan.unsealed()
    }

    /// Whether the plan names no folders that bound it, as those of the version before.
    pub fn is_unbound(&self) -> bool {
        self.version == UNBOUND_VERSION
    }

    fn read(text: &str, versions: &[u32]) -> Result<Self, PlanError> {
        #[derive(Deserialize)]
        struct Head {
            version: Option<u64>,
        }
        let head: Head = serde_json::from_str(text).map_err(|e| PlanError::Form(e.to_string()))?;
        let version = head.version.ok_or(PlanError::NoVersion)?;
        if !versions.iter().any(|known| u64::from(*known) == version) {
            return Err(PlanError::Version(version));
        }
        serde_json::from_str(text).map_err(|e| PlanError::Form(e.to_string()))
    }

    /// The plan, if it is what its checksum was computed of and breaks no rule.
    fn unsealed(mut self) -> Result<Self, PlanError> {
        let told = self.checksum.take();
        let computed = self.checksum().map_err(|error| PlanError::Form(error.to_string()))?;
        if told.is_none_or(|told| told != computed) {
            return Err(PlanError::Edited);
        }
        self.check()?;
        Ok(self)
    }

    /// Which of these paths the plan may take files from and put files to.
    ///
    /// # Errors
    /// [`PlanError::Folder`] when the plan's own folders are none.
    pub fn reach(&self) -> Result<Reach, PlanError> {
        Ok(Reach(Bounds::from_plan(self)?))
    }

    /// A path of this plan, from its base.
    pub fn resolve(&self, path: &Path) -> PathBuf {
        self.base.0.join(path)
    }

    /// How much it does.
    pub fn extent(&self) -> Extent {
        let mut extent = Extent::default();
        for action in &self.actions {
            if action.action == ActionKind::WriteSidecar {
                extent.sidecars += action.files.len() as u64;
                continue;
            }
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
