//! Units of which a part is online-only: they stay whole, and where they are.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::files::online_only;
use crate::model::media::MediaFile;
use crate::model::path_text::for_people;
use crate::model::record::{Skip, Stage};
use crate::units::Folder;

/// Skips the files that belong to one that was passed over because its bytes are not here.
pub(super) fn leave_torn_units(files: &mut Vec<MediaFile>, skipped: &mut Vec<Skip>) {
    let mut folders: BTreeMap<PathBuf, Vec<OsString>> = BTreeMap::new();
    for away in skipped.iter().filter(|skip| skip.reason == online_only::REASON) {
        if let (Some(folder), Some(name)) = (away.path.parent(), away.path.file_name()) {
            folders.entry(folder.to_owned()).or_default().push(name.to_owned());
        }
    }
    for (folder, away) in folders {
        let here = files.iter().filter(|file| file.path.parent() == Some(&folder));
        let here = here.filter_map(|file| file.path.file_name().map(OsString::from));
        let names: Vec<OsString> = away.iter().cloned().chain(here).collect();
        for (at, because_of) in torn(&names, away.len()) {
            let path = folder.join(&names[at]);
            let other = for_people(Path::new(&names[because_of]));
            let reason = format!("belongs to {other}, which is online-only");
            files.retain(|file| file.path != path);
            skipped.push(Skip { path, stage: Stage::Walk, reason });
        }
    }
}

/// Which of `names` belong to one of the first `away`, directly or not, each with that one.
fn torn(names: &[OsString], away: usize) -> Vec<(usize, usize)> {
    let folder = Folder::from_names(names);
    let companions = folder.companions.iter().map(|companion| {
        let mut unit = companion.owners.clone();
        unit.push(companion.file);
        unit
    });
    let units: Vec<Vec<usize>> = folder.shots.iter().cloned().chain(companions).collect();
    let mut torn = Vec::new();
    let mut reached: HashSet<usize> = HashSet::new();
    for because_of in 0..away {
        let mut queue = vec![because_of];
        while let Some(at) = queue.pop() {
            if !reached.insert(at) {
                continue;
            }
            if at >= away {
                torn.push((at, because_of));
            }
            queue.extend(units.iter().filter(|unit| unit.contains(&at)).flatten());
        }
    }
    torn
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_belongs_to_an_online_only_file_stays_with_it() {
        let check = |away: &[&str], here: &[&str], stay: &[&str]| {
            let names: Vec<OsString> = away.iter().chain(here).map(OsString::from).collect();
            let torn = torn(&names, away.len());
            let found: HashSet<&str> = torn.iter().map(|(at, _)| here[at - away.len()]).collect();
            assert_eq!(found, stay.iter().copied().collect(), "{away:?} {here:?}");
            assert_eq!(torn.len(), stay.len());
        };
        check(&["a.cr3"], &["a.jpg", "a.xmp", "b.jpg", "b.xmp"], &["a.jpg", "a.xmp"]);
        check(&["IMG_1.MOV"], &["IMG_1.HEIC", "IMG_1.AAE"], &["IMG_1.HEIC", "IMG_1.AAE"]);
        check(&["a.xmp", "c.mov"], &["a.jpg", "b.jpg"], &["a.jpg"]);
        check(&["a.jpg"], &["b.jpg"], &[]);
    }
}
