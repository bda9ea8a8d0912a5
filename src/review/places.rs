//! The folders of this machine that can be chosen on the page: by number, never by path. A number
//! stands for a folder that was listed below an allowed one, or made up below one.

use std::collections::HashMap;
use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::files::real_paths::real_path;
use crate::model::extensions::names_a_picture;
use crate::model::path_text::for_people;

/// Most folders that are listed of one.
const MOST: usize = 2_000;
/// Most entries of a folder that are looked at.
const LOOKED_AT: usize = 50_000;
/// Most folders that have a number.
const NUMBERED: usize = 200_000;

/// A folder, and what is in it.
#[derive(Debug, Serialize)]
pub(super) struct Listing {
    /// Its number; nothing for the list of the allowed ones.
    pub id: Option<usize>,
    /// Where it lies (human-readable).
    pub path: String,
    /// The one above; nothing at an allowed one.
    pub above: Option<usize>,
    /// It is there.
    pub exists: bool,
    /// Pictures that lie in it, by their names, without the folders below.
    pub pictures: usize,
    /// The folders in it, by name.
    pub folders: Vec<Entry>,
    /// There are more than those.
    pub more: bool,
}

/// A folder in another one.
#[derive(Debug, Serialize)]
pub(super) struct Entry {
    pub id: usize,
    pub name: String,
}

/// Why a folder cannot be had.
#[derive(Debug)]
pub(super) enum PlaceError {
    /// No folder has that number.
    Unknown,
    /// It lies outside of the allowed folders.
    Outside,
    /// Not a name of one folder.
    Name,
    /// It cannot be read.
    Unreadable(std::io::Error),
}

impl fmt::Display for PlaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("there is no such folder"),
            Self::Outside => f.write_str(
                "that folder may not be chosen here; name it when you start clean-backup app",
            ),
            Self::Name => f.write_str("that is not the name of a folder"),
            Self::Unreadable(error) => write!(f, "the folder cannot be read: {error}"),
        }
    }
}

/// The folders that have a number.
#[derive(Debug, Default)]
pub(super) struct Places {
    inner: Mutex<Numbered>,
}

#[derive(Debug, Default)]
struct Numbered {
    paths: Vec<PathBuf>,
    by_path: HashMap<PathBuf, usize>,
}

impl Numbered {
    fn number(&mut self, path: PathBuf) -> Option<usize> {
        if let Some(number) = self.by_path.get(&path) {
            return Some(*number);
        }
        let number = self.paths.len();
        if number >= NUMBERED {
            return None;
        }
        self.by_path.insert(path.clone(), number);
        self.paths.push(path);
        Some(number)
    }
}

impl Places {
    fn lock(&self) -> MutexGuard<'_, Numbered> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The path of a number, as far as it lies in an allowed folder now.
    ///
    /// # Errors
    /// [`PlaceError`]
    pub fn path(&self, number: usize, roots: &[PathBuf]) -> Result<PathBuf, PlaceError> {
        let path = self.lock().paths.get(number).cloned().ok_or(PlaceError::Unknown)?;
        if is_within(&path, roots) { Ok(path) } else { Err(PlaceError::Outside) }
    }

    /// The allowed folders.
    pub fn roots(&self, roots: &[PathBuf]) -> Listing {
        let mut numbered = self.lock();
        let folders = roots.iter().filter_map(|root| real_path(root).ok());
        let entry =
            |path: PathBuf| Some(Entry { name: for_people(&path), id: numbered.number(path)? });
        Listing {
            id: None,
            path: String::new(),
            above: None,
            exists: true,
            pictures: 0,
            folders: folders.filter_map(entry).collect(),
            more: false,
        }
    }

    /// A folder by its number. Links and hidden folders are left out.
    ///
    /// # Errors
    /// [`PlaceError`]
    pub fn list(&self, number: usize, roots: &[PathBuf]) -> Result<Listing, PlaceError> {
        let path = self.path(number, roots)?;
        let mut names = Vec::new();
        let (mut pictures, mut seen) = (0, 0);
        let exists = path.is_dir();
        if exists {
            for entry in path.read_dir().map_err(PlaceError::Unreadable)?.take(LOOKED_AT) {
                let Ok(entry) = entry else { continue };
                seen += 1;
                let name = entry.file_name();
                let hidden = name.as_encoded_bytes().starts_with(b".");
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() && !hidden => names.push(name),
                    Ok(kind) if kind.is_file() && names_a_picture(Path::new(&name)) => {
                        pictures += 1;
                    }
                    _ => {}
                }
            }
        }
        names.sort_by_key(|name| name.to_string_lossy().to_lowercase());
        let more = names.len() > MOST || seen == LOOKED_AT;
        let above = path.parent().filter(|above| is_within(above, roots)).map(Path::to_owned);
        let mut numbered = self.lock();
        let folders = names.into_iter().take(MOST).filter_map(|name| {
            let id = numbered.number(path.join(&name))?;
            Some(Entry { id, name: for_people(Path::new(&name)) })
        });
        let folders = folders.collect();
        let above = above.and_then(|above| numbered.number(above));
        Ok(Listing {
            id: Some(number),
            path: for_people(&path),
            above,
            exists,
            pictures,
            folders,
            more,
        })
    }

    /// The number of a folder of that name in another one, whether it is there yet or not.
    ///
    /// # Errors
    /// [`PlaceError`]
    pub fn within(
        &self,
        number: usize,
        name: &str,
        roots: &[PathBuf],
    ) -> Result<usize, PlaceError> {
        let above = self.path(number, roots)?;
        let mut parts = Path::new(name).components();
        let one = matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None));
        if !one
            || name.starts_with('.')
            || name.chars().any(|c| c.is_control() || "/\\".contains(c))
        {
            return Err(PlaceError::Name);
        }
        let path = above.join(name);
        if !is_within(&path, roots) {
            return Err(PlaceError::Outside);
        }
        self.lock().number(path).ok_or(PlaceError::Unknown)
    }

    /// The number of a folder that somebody typed the path of.
    ///
    /// # Errors
    /// [`PlaceError`]; outside of the allowed folders nothing is said of what is there.
    pub fn typed(&self, path: &str, roots: &[PathBuf]) -> Result<usize, PlaceError> {
        let real = real_path(Path::new(path)).map_err(|_| PlaceError::Outside)?;
        if !Path::new(path).is_absolute() || !is_within(&real, roots) || !real.is_dir() {
            return Err(PlaceError::Outside);
        }
        self.lock().number(real).ok_or(PlaceError::Unknown)
    }
}

/// Whether a path lies in one of the folders, links resolved; of one that is not there, the folder
/// that it would lie in.
fn is_within(path: &Path, roots: &[PathBuf]) -> bool {
    let mut there = path;
    let real = loop {
        match real_path(there) {
            Ok(real) => break real,
            // A link into nowhere leads wherever somebody makes it lead.
            Err(_) if there.symlink_metadata().is_ok() => return false,
            Err(_) => match there.parent() {
                Some(above) => there = above,
                None => return false,
            },
        }
    };
    roots.iter().filter_map(|root| real_path(root).ok()).any(|root| real.starts_with(root))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::fs;

    use super::*;

    #[test]
    fn numbers_stand_for_folders_within_the_roots() {
        let folder = tempfile::tempdir().unwrap();
        let (root, outside) = (folder.path().join("home"), folder.path().join("secret"));
        for made in [root.join("a/b"), root.join(".hidden"), outside.join("c")] {
            fs::create_dir_all(made).unwrap();
        }
        fs::write(root.join("a/x.jpg"), "").unwrap();
        let roots = [root.clone()];
        let places = Places::default();
        let first = places.roots(&roots).folders[0].id;
        let listed = places.list(first, &roots).unwrap();
        let names = |listing: &Listing| {
            listing.folders.iter().map(|entry| entry.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!((names(&listed), listed.above), (vec!["a".to_owned()], None));
        let a = listed.folders[0].id;
        let listed = places.list(a, &roots).unwrap();
        assert_eq!((listed.pictures, listed.above), (1, Some(first)));
        // New folders, and names that are none.
        let new = places.within(a, "new", &roots).unwrap();
        assert!(!places.list(new, &roots).unwrap().exists);
        for name in ["", ".", "..", "../secret", "x/y", "/etc", "a\0b", ".git", "x\\y"] {
            assert!(places.within(a, name, &roots).is_err(), "{name:?}");
        }
        // Paths that are typed, and numbers of folders that are allowed no more.
        assert_eq!(places.typed(&root.join("a").to_string_lossy(), &roots).unwrap(), a);
        for path in [&outside, &root.join("../secret"), Path::new("home"), Path::new("/")] {
            assert!(places.typed(&path.to_string_lossy(), &roots).is_err(), "{}", path.display());
        }
        assert!(matches!(places.path(a, std::slice::from_ref(&outside)), Err(PlaceError::Outside)));
        assert!(matches!(places.path(99, &roots), Err(PlaceError::Unknown)));
        // A folder that became a link to elsewhere.
        #[cfg(unix)]
        {
            let b = places.list(a, &roots).unwrap().folders[0].id;
            fs::remove_dir(root.join("a/b")).unwrap();
            std::os::unix::fs::symlink(&outside, root.join("a/b")).unwrap();
            assert!(matches!(places.path(b, &roots), Err(PlaceError::Outside)));
            assert_eq!(names(&places.list(a, &roots).unwrap()), Vec::<String>::new());
            std::os::unix::fs::symlink(folder.path().join("nowhere"), root.join("dead")).unwrap();
            assert!(places.within(first, "dead", &roots).is_err());
        }
    }
}
