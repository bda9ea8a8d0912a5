//! Which files belong together: the RAW and the JPEG (or HEIC) of one shot are one unit, not two
//! copies, and so are a picture and its edit; the film of a Live Photo, adjustments and descriptions
//! go with their picture. The frames of a burst go to one place.

mod bursts;
mod edits;
mod folder;
mod names;
mod pixel;
mod shots;
mod takeout;

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

pub use bursts::BurstFrame;
pub use edits::{edited, is_edit_of};
pub use folder::{Companion, Folder};

use crate::model::media::Format;
use pixel::PixelName;

/// What a picture is within its unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UnitRole {
    /// It stands alone.
    #[default]
    Single,
    /// The RAW of a RAW+JPEG unit.
    Raw,
    /// The developed picture of a RAW+JPEG unit.
    Developed,
    /// A picture that has its film beside it.
    LivePhoto,
}

impl UnitRole {
    /// Whether a picture of this role may be a copy of one of that role. A RAW and its own JPEG
    /// look the same and are both wanted; so are those of any other copy of the unit.
    pub fn may_match(self, other: Self) -> bool {
        !matches!((self, other), (Self::Raw, Self::Developed) | (Self::Developed, Self::Raw))
    }
}

/// A file's folder and its name before the extension, letter case aside.
pub type Stem = (PathBuf, OsString);

/// The stem of a file.
pub fn stem(path: &Path) -> Stem {
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    (folder, path.file_stem().unwrap_or_default().to_ascii_lowercase())
}

/// The folder, and what the names of the RAW and the developed picture of one shot have in common.
fn shot(path: &Path) -> Stem {
    let (folder, stem) = stem(path);
    let moment = stem.to_str().and_then(PixelName::parse).map(|name| name.moment.into());
    (folder, moment.unwrap_or(stem))
}

/// The stems of pictures whose films, if they have any, are those of Live Photos.
pub fn with_films<'a>(pictures: impl Iterator<Item = (&'a Path, Format)>) -> HashSet<Stem> {
    let live = pictures.filter(|(_, format)| matches!(format, Format::Jpeg | Format::Heic));
    live.map(|(path, _)| stem(path)).collect()
}

/// The role of each picture, in the order given: a RAW and pictures of another kind with the same
/// name before the extension (letter case aside) in the same folder are one unit, and so are the
/// two of Google's camera; a JPEG or HEIC and one of `films` are another.
pub fn roles<'a>(
    pictures: impl Iterator<Item = (&'a Path, Format)> + Clone,
    films: &[PathBuf],
) -> Vec<UnitRole> {
    let films: HashSet<Stem> = films.iter().map(|film| stem(film)).collect();
    // Whether each RAW has a partner; most libraries have few, and most none.
    let mut raws: HashMap<Stem, bool> = HashMap::new();
    raws.extend(
        pictures.clone().filter(|(_, format)| format.is_raw()).map(|(path, _)| (shot(path), false)),
    );
    if !raws.is_empty() {
        for (path, _) in pictures.clone().filter(|(_, format)| !format.is_raw()) {
            if let Some(developed) = raws.get_mut(&shot(path)) {
                *developed = true;
            }
        }
    }
    let in_unit = |path: &Path| !raws.is_empty() && raws.get(&shot(path)) == Some(&true);
    let has_film = |path: &Path| !films.is_empty() && films.contains(&stem(path));
    pictures
        .map(|(path, format)| match in_unit(path) {
            true if format.is_raw() => UnitRole::Raw,
            true => UnitRole::Developed,
            false if matches!(format, Format::Jpeg | Format::Heic) && has_film(path) => {
                UnitRole::LivePhoto
            }
            false => UnitRole::Single,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_and_jpeg_of_one_name_and_folder_are_a_unit() {
        let files = [
            ("a/DSCF1.RAF", Format::Raf),
            ("a/dscf1.jpg", Format::Jpeg),
            ("b/DSCF1.jpg", Format::Jpeg),
            ("a/DSCF2.RAF", Format::Raf),
            ("a/x.png", Format::Png),
            ("a/x.jpg", Format::Jpeg),
            ("a/IMG_1.HEIC", Format::Heic),
            ("a/PXL_20231207_032108788.RAW-01.MP.COVER.jpg", Format::Jpeg),
            ("a/PXL_20231207_032108788.RAW-02.ORIGINAL.dng", Format::Dng),
            ("a/PXL_20231207_032108789.MP.jpg", Format::Jpeg),
            ("a/PXL_20231207_032108789.dng", Format::Dng),
            ("b/PXL_20231207_032108789.dng", Format::Dng),
        ];
        let films = ["a/img_1.MOV".into(), "a/DSCF2.MOV".into(), "b/x.mov".into()];
        let roles = roles(files.iter().map(|(path, format)| (Path::new(path), *format)), &films);
        use UnitRole::{Developed, LivePhoto, Raw, Single};
        assert_eq!(
            roles,
            [
                Raw, Developed, Single, Single, Single, Single, LivePhoto, Developed, Raw,
                Developed, Raw, Single
            ]
        );
        assert!(!Raw.may_match(Developed) && !Developed.may_match(Raw));
        assert!(Raw.may_match(Raw) && Raw.may_match(Single) && Single.may_match(Developed));
    }
}
