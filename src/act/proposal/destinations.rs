//! Where the files of a plan go.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{OWN_FOLDER, ProposalOptions};
use crate::act::layout::{TakenNames, common_folder, fitting};
use crate::act::plan::{Action, ActionKind, ExactPath, Plan};

/// Assigns destinations.
pub(super) struct Destinations {
    /// Where relative paths start.
    base: PathBuf,
    /// Real paths of the roots, each with where its tree goes.
    trees: Vec<(PathBuf, PathBuf)>,
    /// The one folder that all go to.
    flat: Option<PathBuf>,
    taken: TakenNames,
}

impl Destinations {
    pub(super) fn new(plan: &Plan, wanted: &ProposalOptions) -> Self {
        let roots: Vec<PathBuf> = plan.roots.iter().map(|root| root.0.clone()).collect();
        let destination = plan.destinations.first().map(|to| to.0.as_path());
        let mut trees: Vec<(PathBuf, PathBuf)> = match destination {
            Some(to) => {
                let common = common_folder(&roots);
                let below = |root: &PathBuf| to.join(root.strip_prefix(&common).unwrap_or(root));
                roots.iter().map(|root| (root.clone(), below(root))).collect()
            }
            None => {
                let aside = Path::new(OWN_FOLDER).join("quarantine").join(&wanted.label);
                roots.iter().map(|root| (root.clone(), root.join(&aside))).collect()
            }
        };
        // The innermost root first.
        trees.sort_by_key(|(root, _)| std::cmp::Reverse(root.components().count()));
        let flat = destination.filter(|_| wanted.action != ActionKind::Quarantine);
        let base = plan.base.0.clone();
        Self { base, trees, flat: flat.map(Path::to_owned), taken: TakenNames::default() }
    }

    /// Gives every file of an action a free place; all of them with the same addition to their
    /// names where one is not free.
    pub(super) fn give(&mut self, action: &mut Action) {
        let plain: Vec<PathBuf> =
            action.files.iter().map(|member| self.plain(&member.source.path)).collect();
        let content = action.files.first().and_then(|member| member.source.content);
        let places = fitting(&plain, content, &mut |places| {
            let free =
                |place: &PathBuf| !self.taken.contains(place) && place.symlink_metadata().is_err();
            places.iter().all(free)
        });
        for (member, place) in action.files.iter_mut().zip(places) {
            self.taken.insert(&place);
            member.destination = Some(ExactPath(place));
        }
    }

    fn plain(&self, source: &Path) -> PathBuf {
        let name: OsString = source.file_name().unwrap_or_default().to_owned();
        if let Some(flat) = &self.flat {
            return flat.join(name);
        }
        let folder = self.base.join(source.parent().unwrap_or(Path::new("")));
        let tree = self
            .trees
            .iter()
            .find_map(|(root, tree)| Some((folder.strip_prefix(root).ok()?, tree)));
        // A source lies in a root: others were left out.
        tree.map(|(below, tree)| tree.join(below).join(&name)).unwrap_or_default()
    }
}
