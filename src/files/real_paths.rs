//! Paths as plans hold them: without symbolic links in their folders, and without `.` or `..`.

use std::collections::HashMap;
use std::io;
use std::path::{Component, Path, PathBuf};

/// The path without symbolic links, `.` and `..`. On Windows it begins as other programs have it,
/// with a drive's letter or a server's name, unless only `\\?\` leads there.
///
/// # Errors
/// What the system says; `NotFound` when nothing is there.
#[cfg(not(windows))]
pub fn real_path(path: &Path) -> io::Result<PathBuf> {
    path.canonicalize()
}

/// The path without symbolic links, `.` and `..`. On Windows it begins as other programs have it,
/// with a drive's letter or a server's name, unless only `\\?\` leads there.
///
/// # Errors
/// What the system says; `NotFound` when nothing is there.
#[cfg(windows)]
pub fn real_path(path: &Path) -> io::Result<PathBuf> {
    let error = match dunce::canonicalize(path) {
        Err(error) => error,
        found => return found,
    };
    if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) {
        return Err(error);
    }
    // Disks in memory and some encrypted ones cannot say where a file is. Where no link is on the
    // way, its path says it.
    let path = std::path::absolute(path)?;
    let is_link = |path: &Path| path.symlink_metadata().map(|found| found.is_symlink());
    for above in path.ancestors() {
        if is_link(above)? {
            return Err(error);
        }
    }
    Ok(path)
}

/// Finds real paths. Each folder is looked at once.
#[derive(Debug)]
pub struct RealPaths {
    base: PathBuf,
    /// By the folder as given: how a plan writes it.
    folders: HashMap<PathBuf, PathBuf>,
}

impl RealPaths {
    /// For relative paths that start at `base`.
    pub fn new(base: &Path) -> Self {
        let base = real_path(base).unwrap_or_else(|_| base.to_owned());
        Self { base, folders: HashMap::new() }
    }

    /// The real path of the base.
    pub fn base(&self) -> &Path {
        &self.base
    }

    /// The path of a file with a real folder. It stays as it was given, a relative one relative to
    /// the base, where no symbolic link and no `..` is in the way. The file itself may be a link.
    ///
    /// # Errors
    /// What the system says of the folder; `InvalidInput` for a path that names no file.
    pub fn real(&mut self, path: &Path) -> io::Result<PathBuf> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        if let Some(written) = self.folders.get(folder) {
            return Ok(written.join(name));
        }
        let plain: PathBuf = folder.components().filter(|c| *c != Component::CurDir).collect();
        let whole = self.base.join(&plain);
        let real = real_path(&whole)?;
        let written = if real == whole { plain } else { real };
        let path = written.join(name);
        self.folders.insert(folder.to_owned(), written);
        Ok(path)
    }

    /// The real path of a folder; of a file, that of the folder that it is in. `None` when nothing
    /// is there.
    pub fn folder(&self, path: &Path) -> Option<PathBuf> {
        let named = self.base.join(path);
        if named.is_dir() {
            return real_path(&named).ok();
        }
        named.symlink_metadata().ok()?;
        real_path(named.parent()?).ok()
    }

    /// The real place of a folder that may not be there yet.
    pub fn place(&self, path: &Path) -> PathBuf {
        let named = self.base.join(path);
        for above in named.ancestors() {
            if let (Ok(real), Ok(below)) = (real_path(above), named.strip_prefix(above)) {
                return if below.as_os_str().is_empty() { real } else { real.join(below) };
            }
        }
        named
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn links_and_dots_are_resolved_and_nothing_else_changes() {
        use std::fs;
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().canonicalize().unwrap();
        fs::create_dir_all(base.join("a/b")).unwrap();
        symlink(base.join("a"), base.join("link")).unwrap();
        symlink(base.join("a/b"), base.join("a/inner")).unwrap();
        symlink(&base, base.join("a/back")).unwrap();
        let mut real = RealPaths::new(&base.join("link/back"));
        assert_eq!(real.base(), base);
        let absolute = base.join("a/b/x.jpg");
        for (given, written) in [
            ("a/b/x.jpg", Path::new("a/b/x.jpg")),
            ("x.jpg", Path::new("x.jpg")),
            ("./a/./b/x.jpg", Path::new("a/b/x.jpg")),
            ("a/b/../b/x.jpg", &absolute),
            ("link/b/x.jpg", &absolute),
            ("a/inner/x.jpg", &absolute),
            ("a/back/a/b/x.jpg", &absolute),
            (absolute.to_str().unwrap(), &absolute),
        ] {
            // Twice: what was found is remembered.
            for _ in 0..2 {
                assert_eq!(real.real(Path::new(given)).unwrap(), written, "{given}");
            }
        }
        assert!(real.real(Path::new("nowhere/x.jpg")).is_err());
        assert!(real.real(Path::new("a/..")).is_err());

        fs::write(base.join("a/x.jpg"), "x").unwrap();
        symlink(base.join("a/x.jpg"), base.join("x link.jpg")).unwrap();
        assert_eq!(real.folder(Path::new("link/inner")), Some(base.join("a/b")));
        assert_eq!(real.folder(Path::new("link/x.jpg")), Some(base.join("a")));
        assert_eq!(real.folder(Path::new("x link.jpg")), Some(base.clone()));
        assert_eq!(real.folder(Path::new("nowhere")), None);
        assert_eq!(real.place(Path::new("link/b/new/deep")), base.join("a/b/new/deep"));
        assert_eq!(real.place(Path::new("link")), base.join("a"));
    }
}
