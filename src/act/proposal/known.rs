//! What pictures know: their own metadata, their sidecars, and what Google Takeout wrote beside
//! them. Reads the heads of files; changes nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::units::{Folders, ListedUnit};
use crate::files::content::FileSource;
use crate::metadata::knowledge::{
    MOST_SIDECAR_BYTES, album_title, from_takeout, from_xmp, of_file,
};
use crate::model::findings::{Findings, Group};
use crate::model::knowledge::Knowledge;

/// Names of the file that describes an album, by the language of the account.
const ALBUMS: &[&str] = &[
    "metadata.json",
    "metadaten.json",
    "métadonnées.json",
    "metadatos.json",
    "metadati.json",
    "metadados.json",
    "metagegevens.json",
];

/// What pictures know, each folder listed once.
#[derive(Default)]
pub(super) struct KnownPictures {
    pub(super) folders: Folders,
    albums: HashMap<PathBuf, Option<String>>,
}

impl KnownPictures {
    /// What a picture and the files beside it know. What cannot be read says nothing.
    pub(super) fn of(&mut self, picture: &Path) -> Knowledge {
        let folder = picture.parent().unwrap_or(Path::new(""));
        let mut beside = Beside::default();
        if let Ok(listed) = self.folders.look(folder) {
            beside = Beside::of(listed, folder, picture);
            let known = self.albums.entry(folder.to_owned());
            beside.album = known.or_insert_with(|| album(listed, folder)).clone();
        }
        beside.read(picture)
    }
}

/// What belongs to a picture among the files of its folder.
#[derive(Default)]
struct Beside {
    sidecars: Vec<PathBuf>,
    takeout: Vec<PathBuf>,
    album: Option<String>,
}

impl Beside {
    fn of(listed: &ListedUnit, folder: &Path, picture: &Path) -> Self {
        let companions: Vec<PathBuf> =
            listed.companions_of(picture).map(|(name, _)| folder.join(name)).collect();
        let ending = |end: &'static str| {
            let has = move |path: &&PathBuf| {
                path.extension().is_some_and(|other| other.eq_ignore_ascii_case(end))
            };
            companions.iter().filter(has).cloned().collect::<Vec<PathBuf>>()
        };
        let mut sidecars = ending("xmp");
        // `IMG_1.jpg.xmp` before `IMG_1.xmp`, which may be that of another picture as well.
        sidecars.sort_by_key(|path| path.file_stem() != picture.file_name());
        Self { sidecars, takeout: ending("json"), album: None }
    }

    fn read(self, picture: &Path) -> Knowledge {
        let own = FileSource::open(picture).map(|file| of_file(&file)).unwrap_or_default();
        let mut known = Knowledge { layout: own.layout, ..Knowledge::default() };
        for sidecar in &self.sidecars {
            known.absorb(from_xmp(&bytes(sidecar).unwrap_or_default()));
        }
        known.absorb(own);
        for json in &self.takeout {
            known.absorb(from_takeout(&bytes(json).unwrap_or_default()));
        }
        let albums = self.album.into_iter().collect();
        known.absorb(Knowledge { albums, ..Knowledge::default() });
        known
    }
}

/// The album that a folder was.
fn album(listed: &ListedUnit, folder: &Path) -> Option<String> {
    let is_album = |name: &&OsStr| ALBUMS.contains(&&*name.to_string_lossy().to_lowercase());
    let name = listed.names().find(is_album)?;
    album_title(&bytes(&folder.join(name)).ok()?)
}

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST_SIDECAR_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What pictures, their sidecars and what Google Takeout wrote beside them know, by their paths.
/// Each folder is listed once. What cannot be read says nothing.
pub fn known_of<'a>(pictures: impl IntoIterator<Item = &'a Path>) -> HashMap<PathBuf, Knowledge> {
    let mut by_folder: BTreeMap<&Path, BTreeSet<&Path>> = BTreeMap::new();
    for picture in pictures {
        let folder = picture.parent().unwrap_or(Path::new(""));
        by_folder.entry(folder).or_default().insert(picture);
    }
    let known = by_folder.into_par_iter().flat_map_iter(|(_, pictures)| {
        let mut known = KnownPictures::default();
        let read = pictures.into_iter().map(move |path| (path.to_owned(), known.of(path)));
        read.collect::<Vec<_>>()
    });
    known.collect()
}

impl Findings {
    /// Reads what the pictures know of which an action would touch some, so that
    /// [`Findings::carries`] can tell what only a duplicate knows. What cannot be read says nothing.
    pub fn learn(&mut self) {
        // Where nothing goes, nothing is lost.
        let goes = |group: &&Group| group.duplicates.iter().any(|d| self.matching.acts_on(d));
        // Any of them may be chosen as the keeper.
        let candidates = self.groups.iter().filter(goes).flat_map(Group::candidates);
        self.known = known_of(candidates.map(|picture| picture.path.as_path()));
    }
}
