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
    /// The names that are passed over, and then those that are here.
    #[derive(Default)]
    struct Names {
        all: Vec<OsString>,
        away: usize,
    }
    let mut folders: BTreeMap<PathBuf, Names> = BTreeMap::new();
    for away in skipped.iter().filter(|skip| skip.reason == online_only::REASON) {
        if let (Some(folder), Some(name)) = (away.path.parent(), away.path.file_name()) {
            let names = folders.entry(folder.to_owned()).or_default();
            names.all.push(name.to_owned());
            names.away += 1;
        }
    }
    for file in files.iter() {
        if let (Some(folder), Some(name)) = (file.path.parent(), file.path.file_name())
            && let Some(names) = folders.get_mut(folder)
        {
            names.all.push(name.to_owned());
        }
    }
    let mut leaving = HashSet::new();
    for (folder, Names { all, away }) in folders {
        for (at, because_of) in torn(&all, away) {
            let path = folder.join(&all[at]);
            let other = for_people(Path::new(&all[because_of]));
            let reason = format!("belongs to {other}, which is online-only");
            leaving.insert(path.clone());
            skipped.push(Skip { path, stage: Stage::Walk, reason });
        }
    }
    files.retain(|file| !leaving.contains(&file.path));
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
    use crate::model::media::{Bytes, Evidence, FileKey, FileStamp, ModifiedNs};

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

    #[test]
    fn only_the_folder_of_the_online_only_file_is_looked_at() {
        let file = |path: &str| MediaFile {
            path: path.into(),
            stamp: FileStamp {
                key: FileKey { device: 1, inode: 1 },
                size: Bytes(1),
                modified: ModifiedNs(0),
            },
            evidence: Evidence::default(),
            root: 0,
        };
        let mut files: Vec<MediaFile> =
            ["a/x.jpg", "a/x.xmp", "a/y.jpg", "b/x.jpg"].map(file).into_iter().collect();
        let skip = |path: &str, reason: &str| Skip {
            path: path.into(),
            stage: Stage::Walk,
            reason: reason.to_owned(),
        };
        let mut skipped = vec![skip("a/x.cr3", online_only::REASON), skip("b/x.cr3", "damaged")];
        leave_torn_units(&mut files, &mut skipped);
        let left: Vec<&Path> = files.iter().map(|file| file.path.as_path()).collect();
        assert_eq!(left, ["a/y.jpg", "b/x.jpg"].map(Path::new));
        let mut told: Vec<(&Path, &str)> =
            skipped[2..].iter().map(|skip| (skip.path.as_path(), skip.reason.as_str())).collect();
        told.sort();
        let why = "belongs to x.cr3, which is online-only";
        assert_eq!(told, [(Path::new("a/x.jpg"), why), (Path::new("a/x.xmp"), why)]);
    }
}
