//! What a plan does to files, as a sentence: how many, which way, where.

use std::path::{Path, PathBuf};

use clean_backup::act::plan::{Action, ActionKind, Origin, Plan};
use clean_backup::model::readable::{count, human_bytes};

use super::places::Places;

/// Where quarantine lies in a library.
const QUARANTINE: &str = ".clean-backup/quarantine";

/// "Copy 15 files (64.3 kB) into ~/Pictures (new folder)".
pub fn sentence(plan: &Plan, places: &Places) -> String {
    let phrase = phrase(plan, places);
    let mut letters = phrase.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// As [`sentence`], to stand inside of one.
pub fn phrase(plan: &Plan, places: &Places) -> String {
    let mut kinds: Vec<ActionKind> = Vec::new();
    for action in &plan.actions {
        if !kinds.contains(&action.action) {
            kinds.push(action.action);
        }
    }
    let clauses: Vec<String> = kinds.iter().map(|kind| clause(plan, *kind, places)).collect();
    match &clauses[..] {
        [] => "do nothing".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// What is done by actions of one kind.
fn clause(plan: &Plan, kind: ActionKind, places: &Places) -> String {
    let of_kind = || plan.actions.iter().filter(|action| action.action == kind);
    let members = || of_kind().flat_map(|action| &action.files);
    let number = members().count() as u64;
    let bytes = members().map(|member| member.source.stamp.size.0).fold(0, u64::saturating_add);
    let files = format!("{} ({})", count(number, "file"), human_bytes(bytes));
    let back = plan.origin == Origin::Undo;
    let from = || places.list(&sources(plan, of_kind()), Places::show);
    let into = || places.list(&destinations(plan, of_kind()), Places::show_destination);
    match kind {
        ActionKind::Report => format!("show {files} in {}", from()),
        ActionKind::Quarantine => format!("move {files} aside into {}", into()),
        ActionKind::Move if back => format!("move {files} back into {}", into()),
        ActionKind::Move => format!("move {files} into {}", into()),
        ActionKind::Copy => format!("copy {files} into {}", into()),
        ActionKind::Trash => format!("put {files} of {} into the trash", from()),
        ActionKind::Hardlink => format!("replace {files} in {} by hard links", from()),
        ActionKind::Reflink => format!("replace {files} in {} by reflinks", from()),
        ActionKind::Delete if back => {
            format!("remove {files} again from {} (their originals remain)", from())
        }
        ActionKind::Delete => format!("delete {files} in {} for good", from()),
        ActionKind::Untrash => format!("take {files} out of the trash"),
        ActionKind::Detach => format!("make {files} in {} files of their own again", from()),
        ActionKind::WriteSidecar => {
            let sidecars = count(number, "sidecar");
            format!(
                "{} {sidecars} beside {}",
                if back { "restore" } else { "write" },
                match number {
                    1 => "the picture that is kept",
                    _ => "pictures that are kept",
                }
            )
        }
    }
}

/// The folders of the plan that these actions take files from; the folders of the files where the
/// plan names none.
fn sources<'a>(plan: &Plan, actions: impl Iterator<Item = &'a Action>) -> Vec<PathBuf> {
    let files = actions.flat_map(|action| &action.files);
    named(plan, files.map(|member| plan.resolve(&member.source.path)))
}

/// The folders of the plan that these actions put files into.
fn destinations<'a>(plan: &Plan, actions: impl Iterator<Item = &'a Action>) -> Vec<PathBuf> {
    let files = actions.flat_map(|action| &action.files);
    let places = files.filter_map(|member| Some(plan.resolve(&member.destination.as_ref()?.0)));
    named(plan, places)
}

fn named(plan: &Plan, files: impl Iterator<Item = PathBuf>) -> Vec<PathBuf> {
    let folders: Vec<PathBuf> =
        plan.destinations.iter().chain(&plan.roots).map(|folder| plan.resolve(&folder.0)).collect();
    let mut found: Vec<PathBuf> = Vec::new();
    for file in files {
        let folder = quarantine_of(&file).or_else(|| {
            // The innermost: a destination may lie in a root.
            let around = folders.iter().filter(|folder| file.starts_with(folder));
            around.max_by_key(|folder| folder.components().count()).cloned()
        });
        let folder = folder.or_else(|| file.parent().map(Path::to_owned)).unwrap_or(file);
        if !found.contains(&folder) {
            found.push(folder);
        }
    }
    found
}

/// The quarantine that a path lies in.
fn quarantine_of(path: &Path) -> Option<PathBuf> {
    path.ancestors().skip(1).find(|folder| folder.ends_with(QUARANTINE)).map(Path::to_owned)
}

#[cfg(test)]
mod tests;
