//! Free places in the destination.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::act::layout::{TakenNames, fitting, folded};
use crate::files::content::content_hash;
use crate::model::record::ContentHash;

/// What is in the destination's folders, and what was reserved.
#[derive(Default)]
pub(crate) struct Places {
    /// Names in folders that were looked into, by what some file system takes them for.
    listed: HashMap<PathBuf, HashMap<Vec<u8>, PathBuf>>,
    taken: TakenNames,
}

/// What is at a place.
enum At {
    Nothing,
    TheSame,
    Another,
}

impl Places {
    /// A place for each of the files in `folder`; `None` for those that are there already, to the
    /// byte. Where one of the names belongs to something else, all get the same addition, which
    /// comes of the first one's bytes, so that the same files always get the same names.
    pub(crate) fn find(
        &mut self,
        folder: &Path,
        files: &[PathBuf],
        contents: &[ContentHash],
    ) -> Vec<Option<PathBuf>> {
        let plain: Vec<PathBuf> =
            files.iter().map(|file| folder.join(file.file_name().unwrap_or_default())).collect();
        let mut found = Vec::new();
        let places = fitting(&plain, contents.first().copied(), &mut |places| {
            found = places.iter().zip(contents).map(|(place, c)| self.look(place, *c)).collect();
            !found.iter().any(|at| matches!(at, At::Another))
        });
        let given: Vec<Option<PathBuf>> = places
            .into_iter()
            .zip(found)
            .map(|(place, at)| matches!(at, At::Nothing).then_some(place))
            .collect();
        given.iter().flatten().for_each(|place| self.taken.insert(place));
        given
    }

    fn look(&mut self, place: &Path, content: ContentHash) -> At {
        if self.taken.contains(place) {
            return At::Another;
        }
        let folder = place.parent().unwrap_or(place);
        let listed = self.listed.entry(folder.to_owned()).or_insert_with(|| {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            entries.map(|entry| (folded(Path::new(&entry.file_name())), entry.path())).collect()
        });
        match listed.get(&folded(Path::new(place.file_name().unwrap_or_default()))) {
            None => At::Nothing,
            Some(there) if there.is_file() && content_hash(there).ok() == Some(content) => {
                At::TheSame
            }
            Some(_) => At::Another,
        }
    }
}
