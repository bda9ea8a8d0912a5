//! Why a plan is not carried out.

use std::fmt;
use std::path::PathBuf;

use super::PLAN_VERSION;
use crate::model::path_text::for_people;

/// Why a text is no plan that can be trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanError {
    /// Not JSON, or not of a plan's shape; with line and column.
    Form(String),
    /// Without a version.
    NoVersion,
    /// Of another version.
    Version(u64),
    /// Its checksum is missing, or is not that of what it says.
    Edited,
    /// One of the folders that bound it cannot be one.
    Folder {
        /// Its role in the plan.
        role: &'static str,
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A path of an action lies where the plan may not reach.
    Outside {
        /// The number of the action, from 1.
        number: u64,
        /// What the path is for.
        role: &'static str,
        /// The path, resolved.
        path: PathBuf,
    },
    /// Contradicts itself.
    Contradiction {
        /// The number of the action, from 1.
        number: u64,
        /// Its source.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(what) => write!(f, "not a plan: {what}"),
            Self::NoVersion => f.write_str("not a plan: no \"version\""),
            Self::Version(found) if *found < u64::from(PLAN_VERSION) => write!(
                f,
                "a plan of version {found}, made by an older version of this program: make a new one"
            ),
            Self::Version(found) => write!(
                f,
                "a plan of version {found}, made by a newer version of this program; this one \
                 reads version {PLAN_VERSION}"
            ),
            Self::Edited => f.write_str("the plan was edited after it was made"),
            Self::Folder { role, path, reason } => {
                write!(f, "{role} of the plan, {}, {reason}", for_people(path))
            }
            Self::Outside { number, role, path } => {
                let path = for_people(path);
                write!(f, "action {number}: its {role}, {path}, lies outside the plan's folders")
            }
            Self::Contradiction { number, path, reason } => {
                write!(f, "action {number} ({}) {reason}", for_people(path))
            }
        }
    }
}

impl std::error::Error for PlanError {}
