//! What no plan may ask for.

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};

use super::{ActionKind, Member, PLAN_VERSION, Plan};
use crate::path_text::for_people;

/// Why a text is no plan that can be trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanError {
    /// Not JSON, or not of a plan's shape; with line and column.
    Form(String),
    /// Without a version.
    NoVersion,
    /// Of another version.
    Version(u64),
    /// Contradicts itself.
    Contradiction {
        /// Which action, from 1.
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
            Self::Version(found) => {
                write!(f, "a plan of version {found}; this program reads version {PLAN_VERSION}")
            }
            Self::Contradiction { number, path, reason } => {
                write!(f, "action {number} ({}) {reason}", for_people(path))
            }
        }
    }
}

impl std::error::Error for PlanError {}

impl Plan {
    /// That no file is both relied on as a keeper and taken away, none is acted on twice, no two
    /// go to one place, and each act has what it needs.
    ///
    /// # Errors
    /// [`PlanError::Contradiction`] for the first action that breaks a rule.
    pub fn check(&self) -> Result<(), PlanError> {
        let members = || self.actions.iter().flat_map(|action| &action.files);
        let keepers: HashSet<&Path> =
            members().filter_map(|m| m.keeper.as_ref()).map(|k| k.path.as_path()).collect();
        let mut acted_on = HashSet::new();
        let mut destinations = HashSet::new();
        for (action, number) in self.actions.iter().zip(1..) {
            let kind = action.action;
            let broken = |member: &Member, reason: &'static str| PlanError::Contradiction {
                number,
                path: member.source.path.clone(),
                reason,
            };
            if action.files.is_empty() {
                let (path, reason) = (PathBuf::new(), "has no file");
                return Err(PlanError::Contradiction { number, path, reason });
            }
            if kind == ActionKind::Report {
                continue;
            }
            for member in &action.files {
                let source = member.source.path.as_path();
                check_member(kind, member).map_err(|reason| broken(member, reason))?;
                if kind != ActionKind::Copy && keepers.contains(source) {
                    return Err(broken(member, "takes away a file that is relied on as a keeper"));
                }
                if !acted_on.insert(source) {
                    return Err(broken(member, "acts on a file that an earlier one acts on"));
                }
                if let Some(destination) = &member.destination
                    && !destinations.insert(&destination.0)
                {
                    return Err(broken(member, "goes where an earlier file goes"));
                }
            }
        }
        Ok(())
    }
}

fn check_member(kind: ActionKind, member: &Member) -> Result<(), &'static str> {
    let keeper = member.keeper.as_ref();
    if member.source.content.is_none() {
        Err("does not say which bytes its file has")
    } else if keeper.is_some_and(|keeper| keeper.content.is_none()) {
        Err("does not say which bytes its keeper has")
    } else if kind.has_destination() != member.destination.is_some() {
        Err("has a destination and needs none, or the other way round")
    } else if kind.relies_on_keeper() && keeper.is_none() {
        Err("names no file that stays")
    } else if kind.needs_identical() && keeper.is_some_and(|k| k.content != member.source.content) {
        Err("puts a link in the place of a file that is not identical")
    } else {
        Ok(())
    }
}
