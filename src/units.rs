//! Which pictures belong together: the RAW and the JPEG (or HEIC) of one shot are one unit, not
//! two copies.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::media::Format;

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
}

impl UnitRole {
    /// Whether a picture of this role may be a copy of one of that role. A RAW and its own JPEG
    /// look the same and are both wanted; so are those of any other copy of the unit.
    pub fn may_match(self, other: Self) -> bool {
        !matches!((self, other), (Self::Raw, Self::Developed) | (Self::Developed, Self::Raw))
    }
}

/// The role of each picture, in the order given: a RAW and pictures of another kind with the same
/// name before the extension (letter case aside) in the same folder are one unit.
pub fn roles<'a>(pictures: impl Iterator<Item = (&'a Path, Format)> + Clone) -> Vec<UnitRole> {
    let mut kinds: HashMap<(PathBuf, OsString), (bool, bool)> = HashMap::new();
    let key = |path: &Path| {
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        (folder, path.file_stem().unwrap_or_default().to_ascii_lowercase())
    };
    for (path, format) in pictures.clone() {
        let (raw, developed) = kinds.entry(key(path)).or_default();
        *(if format.is_raw() { raw } else { developed }) = true;
    }
    pictures
        .map(|(path, format)| match kinds.get(&key(path)) {
            Some((true, true)) if format.is_raw() => UnitRole::Raw,
            Some((true, true)) => UnitRole::Developed,
            _ => UnitRole::Single,
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
        ];
        let roles = roles(files.iter().map(|(path, format)| (Path::new(path), *format)));
        use UnitRole::{Developed, Raw, Single};
        assert_eq!(roles, [Raw, Developed, Single, Single, Single, Single]);
        assert!(!Raw.may_match(Developed) && !Developed.may_match(Raw));
        assert!(Raw.may_match(Raw) && Raw.may_match(Single) && Single.may_match(Developed));
    }
}
