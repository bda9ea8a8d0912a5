//! Which folders a plan has to lock.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use crate::act::plan::{ActionKind, Plan};

/// Folders by how they are locked.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct LibraryReach {
    /// Roots and destinations in which files are changed, or relied on: for this run alone.
    pub(super) own: Vec<PathBuf>,
    /// Every folder of a file that the plan names, and all above: no other run may hold a lock
    /// there.
    pub(super) met: BTreeSet<PathBuf>,
    /// Those among them that are only read: a lock that is there is shared.
    pub(super) read: BTreeSet<PathBuf>,
    /// Folders to be removed when they are empty, in this order, that one of `own` lies in: its
    /// lock is in the way while it is held.
    pub(super) prune: Vec<PathBuf>,
}

impl LibraryReach {
    pub(super) fn from_plan(plan: &Plan) -> Self {
        let mut changed: HashSet<PathBuf> = HashSet::new();
        let mut named: HashSet<PathBuf> = HashSet::new();
        let folder = |path: &Path| {
            let path = plan.resolve(path);
            path.parent().map(Path::to_owned).unwrap_or(path)
        };
        let acts = plan.actions.iter().filter(|action| action.action != ActionKind::Report);
        for action in acts {
            for member in &action.files {
                // What is copied stays as it is, and so may the folder that it lies in.
                let copied = matches!(action.action, ActionKind::Copy | ActionKind::WriteSidecar);
                let source = folder(&member.source.path);
                let keeper = member.keeper.iter().map(|keeper| folder(&keeper.path));
                let read: Vec<PathBuf> = keeper.chain([source]).collect();
                if copied {
                    named.extend(read)
                } else {
                    changed.extend(read)
                }
                changed.extend(member.destination.iter().map(|to| folder(&to.0)));
            }
        }
        changed.extend(plan.prune.iter().map(|pruned| folder(&pruned.0)));
        let resolved = |paths: &[crate::act::plan::ExactPath]| -> Vec<PathBuf> {
            paths.iter().map(|path| plan.resolve(&path.0)).collect()
        };
        let bounds = resolved(&plan.roots).into_iter().chain(resolved(&plan.destinations));
        let references = resolved(&plan.references);
        let mut reach = Self::default();
        for bound in bounds {
            let is_changed = changed.iter().any(|folder| folder.starts_with(&bound));
            // Nothing is ever made in a reference folder.
            let is_reference = references.iter().any(|reference| bound.starts_with(reference));
            named.insert(bound.clone());
            if is_changed && !is_reference && !reach.own.contains(&bound) {
                reach.own.push(bound);
            } else if !is_changed || is_reference {
                reach.read.insert(bound);
            }
        }
        let pruned = plan.prune.iter().map(|folder| plan.resolve(&folder.0));
        reach.prune =
            pruned.filter(|folder| reach.own.iter().any(|own| own.starts_with(folder))).collect();
        named.extend(changed);
        reach.read.extend(references.iter().cloned());
        named.extend(references);
        for folder in named {
            for above in folder.ancestors() {
                if !reach.met.insert(above.to_owned()) {
                    break;
                }
            }
        }
        reach
    }
}
