//! Where files are put: names that are free, whatever the file system makes of letter case and
//! accents.

mod template;

use std::collections::HashSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use unicode_normalization::UnicodeNormalization as _;

use crate::model::record::ContentHash;
pub use template::{DEFAULT_TEMPLATE, Template, TemplateError};

/// What a file system that ignores letter case, or keeps names in another normal form, may take a
/// path for: the same text means the same file to some file system. Bytes that are not UTF-8 stand
/// for themselves.
pub fn folded(path: &Path) -> Vec<u8> {
    match path.to_str() {
        Some(text) => {
            text.nfd().flat_map(char::to_lowercase).nfc().collect::<String>().into_bytes()
        }
        None => path.as_os_str().as_encoded_bytes().to_vec(),
    }
}

/// Places that are reserved, whether anything lies there yet or not.
#[derive(Clone, Debug, Default)]
pub struct TakenNames(HashSet<Vec<u8>>);

impl TakenNames {
    /// Reserves a place.
    pub fn insert(&mut self, path: &Path) {
        self.0.insert(folded(path));
    }

    /// Whether a place, or one that some file system takes for it, is reserved.
    pub fn contains(&self, path: &Path) -> bool {
        self.0.contains(&folded(path))
    }
}

/// `a/IMG_1.jpg` → `a/IMG_1-1a2b3c4d.jpg`, with the first 8 hexadecimal digits of the content, so
/// that the same file gets the same name whenever it is asked for. What several files of a unit
/// have in common before their extensions stays in common: `shared` is the length of that
/// beginning, in bytes of the name.
fn told_apart(path: &Path, shared: usize, content: ContentHash) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let at = (0..=shared.min(name.len())).rev().find(|&at| name.is_char_boundary(at)).unwrap_or(0);
    let (before, after) = name.split_at(at);
    let digits = &content.to_hex()[..8];
    path.with_file_name(OsString::from(format!("{before}-{digits}{after}")))
}

/// Names for the files of a unit that `fit` accepts: the plain ones, or all with the same addition,
/// which comes of the first file's content. Without a content the plain ones, as they are.
pub fn fitting(
    plain: &[PathBuf],
    content: Option<ContentHash>,
    fit: &mut dyn FnMut(&[PathBuf]) -> bool,
) -> Vec<PathBuf> {
    let stem = |path: &PathBuf| path.file_stem().unwrap_or_default().to_string_lossy().len();
    let shared = plain.first().map_or(0, stem);
    let mut addition = content;
    let mut names = plain.to_vec();
    while let (false, Some(content)) = (fit(&names), addition) {
        names = plain.iter().map(|place| told_apart(place, shared, content)).collect();
        // Twins of one content and one name: the hash of the hash is as good.
        addition = Some(ContentHash(*blake3::hash(&content.0).as_bytes()));
    }
    names
}

/// The folder that all of `paths` lie in; empty when there is none.
pub fn common_folder(paths: &[PathBuf]) -> PathBuf {
    let mut paths = paths.iter();
    let Some(first) = paths.next() else { return PathBuf::new() };
    paths.fold(first.clone(), |common, path| {
        common
            .components()
            .zip(path.components())
            .take_while(|(a, b)| a == b)
            .map(|(component, _)| component)
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_some_file_system_takes_for_one() {
        let mut taken = TakenNames::default();
        taken.insert(Path::new("a/Käse.JPG"));
        for (path, there) in [
            ("a/käse.jpg", true),
            ("A/KA\u{308}SE.jpg", true),
            ("a/kase.jpg", false),
            ("b/käse.jpg", false),
        ] {
            assert_eq!(taken.contains(Path::new(path)), there, "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_not_text_stand_for_themselves() {
        use std::os::unix::ffi::OsStrExt as _;
        let path = |bytes| Path::new(std::ffi::OsStr::from_bytes(bytes));
        let mut taken = TakenNames::default();
        taken.insert(path(b"a\xff"));
        assert!(taken.contains(path(b"a\xff")) && !taken.contains(path(b"a\xfe")));
    }

    #[test]
    fn told_apart_by_content() {
        let content = ContentHash([0xab; 32]);
        for (path, told) in [
            ("a/IMG_1.jpg", "a/IMG_1-abababab.jpg"),
            ("a/.hidden", "a/.hidden-abababab"),
            ("é", "é-abababab"),
        ] {
            let mut asked = 0;
            let mut second = |_: &[PathBuf]| {
                asked += 1;
                asked == 2
            };
            let plain = [PathBuf::from(path)];
            assert_eq!(fitting(&plain, Some(content), &mut second), [PathBuf::from(told)]);
            assert_eq!(fitting(&plain, None, &mut |_| false), plain);
        }
        let sidecar = told_apart(Path::new("a/IMG_1.jpg.xmp"), 5, content);
        assert_eq!(sidecar, Path::new("a/IMG_1-abababab.jpg.xmp"));
    }

    #[test]
    fn what_folders_have_in_common() {
        let common =
            |paths: &[&str]| common_folder(&paths.iter().map(PathBuf::from).collect::<Vec<_>>());
        assert_eq!(common(&["/a/b/c"]), Path::new("/a/b/c"));
        assert_eq!(common(&["/a/b/c", "/a/b/d", "/a/bc"]), Path::new("/a"));
        assert_eq!(common(&["/a", "b"]), Path::new(""));
    }
}
