//! Random libraries with links, sidecars and several roots, the reports that finding would make of
//! them, and what every plan must hold to.

#![allow(dead_code, missing_docs, clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use clean_backup::content::content_hash;
use clean_backup::plan::{ExactPath, Plan};

/// Every file with its content, every link with its target, every folder.
pub fn all(root: &Path) -> Vec<(PathBuf, String)> {
    fn collect(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let kind = path.symlink_metadata().unwrap().file_type();
            if kind.is_symlink() {
                found.push((path.clone(), fs::read_link(&path).unwrap().display().to_string()));
            } else if kind.is_dir() {
                found.push((path.clone(), "folder".into()));
                collect(&path, found);
            } else {
                found.push((path.clone(), content_hash(&path).unwrap().to_hex()));
            }
        }
    }
    let mut found = Vec::new();
    collect(root, &mut found);
    found.sort();
    found
}

/// That every path of a plan is real: no symbolic link in its folders, no `.` or `..`.
pub fn check_real(plan: &Plan) {
    assert_eq!(plan.check(), Ok(()));
    let members = || plan.actions.iter().flat_map(|action| &action.files);
    let sources = members().map(|member| &member.source.path);
    let keepers = members().filter_map(|member| member.keeper.as_ref()).map(|k| &k.path);
    let places = members().filter_map(|member| member.destination.as_ref());
    let folders = [&plan.roots, &plan.destinations, &plan.references, &plan.elsewhere, &plan.prune];
    let folders = folders.into_iter().flatten().chain([&plan.base]);
    let named = |ExactPath(path): &ExactPath| path.clone();
    let paths: Vec<PathBuf> = sources
        .chain(keepers)
        .cloned()
        .chain(places.map(named))
        .chain(folders.map(named))
        .collect();
    for path in paths {
        let whole = plan.resolve(&path);
        // As far as it is there.
        let there = whole.ancestors().skip(1).find(|above| above.exists()).unwrap_or(&whole);
        assert_eq!(there.canonicalize().unwrap(), there, "{}", path.display());
        let text = format!("/{}/", whole.display());
        assert!(!text.contains("/./") && !text.contains("/../"), "{}", path.display());
    }
}
