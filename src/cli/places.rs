//! Files and folders as they are shown to people.

use std::path::{Path, PathBuf};

use clean_backup::model::path_text::for_people;

/// What paths are shortened by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// The current folder: what lies below it is shown from there.
    pub folder: PathBuf,
    /// The home folder, shown as `~`.
    pub home: Option<PathBuf>,
}

impl Places {
    /// A path, as short as it can be without losing its way.
    pub fn show(&self, path: &Path) -> String {
        if let Ok(below) = path.strip_prefix(&self.folder)
            && !below.as_os_str().is_empty()
        {
            return for_people(below);
        }
        let home = self.home.as_deref().filter(|home| home.parent().is_some());
        match home.map(|home| path.strip_prefix(home)) {
            Some(Ok(below)) if below.as_os_str().is_empty() => "~".to_owned(),
            Some(Ok(below)) => for_people(&Path::new("~").join(below)),
            _ => for_people(path),
        }
    }

    /// A folder that files are put into: says so when it has to be created.
    pub fn show_destination(&self, folder: &Path) -> String {
        let new = if folder.is_dir() { "" } else { " (new folder)" };
        format!("{}{new}", self.show(folder))
    }

    /// Several folders: the first two by name.
    pub fn list(&self, folders: &[PathBuf], show: impl Fn(&Self, &Path) -> String) -> String {
        match folders {
            [] => String::new(),
            [one] => show(self, one),
            [one, other] => format!("{} and {}", show(self, one), show(self, other)),
            [one, other, rest @ ..] => {
                format!("{}, {} and {} more", show(self, one), show(self, other), rest.len())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shortened() {
        let places = Places { folder: "/home/me/work".into(), home: Some("/home/me".into()) };
        for (path, shown) in [
            ("/home/me/work/a/b.jpg", "a/b.jpg"),
            ("/home/me/work", "~/work"),
            ("/home/me/Pictures", "~/Pictures"),
            ("/home/me", "~"),
            ("/home/melanie", "/home/melanie"),
            ("/mnt/card\n", "\"/mnt/card\\n\""),
        ] {
            assert_eq!(places.show(Path::new(path)), shown);
        }
        let rootless = Places { folder: "/".into(), home: Some("/".into()) };
        assert_eq!(rootless.show(Path::new("/a")), "a");
        assert_eq!(rootless.show(Path::new("/")), "/");
    }

    #[test]
    fn many_folders_are_counted() {
        let places = Places::default();
        let folders: Vec<PathBuf> = ["/a", "/b", "/c", "/d"].map(PathBuf::from).to_vec();
        assert_eq!(places.list(&folders[..1], Places::show), "/a");
        assert_eq!(places.list(&folders[..2], Places::show), "/a and /b");
        assert_eq!(places.list(&folders, Places::show), "/a, /b and 2 more");
        let gone = [PathBuf::from("/nowhere at all")];
        assert_eq!(places.list(&gone, Places::show_destination), "/nowhere at all (new folder)");
    }
}
