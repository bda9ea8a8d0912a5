//! Completion of folders.

use std::path::{Path, PathBuf};

use inquire::CustomUserError;
use inquire::autocompletion::{Autocomplete, Replacement};

/// Most folders that are offered.
const MOST: usize = 50;

/// Offers the folders that begin as what was typed.
#[derive(Clone, Debug)]
pub(super) struct Folders {
    pub home: Option<PathBuf>,
}

/// What was typed as a path: `~` is the home folder.
pub(super) fn expanded(text: &str, home: Option<&Path>) -> PathBuf {
    match (text.strip_prefix('~'), home) {
        (Some(""), Some(home)) => home.to_owned(),
        (Some(rest), Some(home)) if rest.starts_with('/') => {
            home.join(rest.trim_start_matches('/'))
        }
        _ => PathBuf::from(text),
    }
}

impl Folders {
    fn offered(&self, input: &str) -> Vec<String> {
        // What is typed stays as it is typed; only the last name is completed.
        let (folder, begun) = match input.rfind(std::path::is_separator) {
            Some(at) => input.split_at(at + 1),
            None => ("", input),
        };
        let real = if folder.is_empty() {
            PathBuf::from(".")
        } else {
            expanded(folder, self.home.as_deref())
        };
        let entries = std::fs::read_dir(real).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .filter(|entry| entry.path().is_dir())
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| name.starts_with(begun))
            .filter(|name| !name.starts_with('.') || begun.starts_with('.'))
            .collect();
        names.sort();
        names.truncate(MOST);
        names.into_iter().map(|name| format!("{folder}{name}/")).collect()
    }
}

impl Autocomplete for Folders {
    fn get_suggestions(&mut self, input: &str) -> Result<Vec<String>, CustomUserError> {
        // Without a word of what is wanted the list would only be in the way.
        Ok(if input.is_empty() { Vec::new() } else { self.offered(input) })
    }

    fn get_completion(
        &mut self,
        input: &str,
        highlighted: Option<String>,
    ) -> Result<Replacement, CustomUserError> {
        if highlighted.is_some() {
            return Ok(highlighted);
        }
        let offered = self.offered(input);
        let mut offered = offered.iter();
        let Some(first) = offered.next() else { return Ok(None) };
        // As far as all of them agree.
        let common = offered.fold(first.as_str(), |common, other| {
            let alike = common.char_indices().zip(other.chars()).find(|((_, a), b)| a != b);
            alike.map_or(common, |((at, _), _)| common.get(..at).unwrap_or(common))
        });
        Ok((common.len() > input.len()).then(|| common.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn folders_are_completed() {
        let root = tempfile::tempdir().unwrap();
        for name in ["Pictures", "Pictures old", "Music", ".hidden"] {
            std::fs::create_dir(root.path().join(name)).unwrap();
        }
        std::fs::write(root.path().join("Picnic.txt"), "").unwrap();
        let mut folders = Folders { home: Some(root.path().to_owned()) };
        assert_eq!(folders.get_suggestions("~/Pi").unwrap(), ["~/Pictures/", "~/Pictures old/"]);
        assert_eq!(folders.get_completion("~/Pi", None).unwrap().as_deref(), Some("~/Pictures"));
        assert_eq!(folders.get_completion("~/Mu", None).unwrap().as_deref(), Some("~/Music/"));
        assert_eq!(folders.get_completion("~/x", None).unwrap(), None);
        let chosen = Some("~/Pictures old/".to_owned());
        assert_eq!(folders.get_completion("~/Pi", chosen.clone()).unwrap(), chosen);
        assert_eq!(folders.get_suggestions("~/.").unwrap(), ["~/.hidden/"]);
        assert_eq!(folders.get_suggestions("").unwrap(), [""; 0]);
    }

    #[test]
    fn home_is_expanded() {
        let home = Some(Path::new("/home/me"));
        assert_eq!(expanded("~", home), Path::new("/home/me"));
        assert_eq!(expanded("~/a b", home), Path::new("/home/me/a b"));
        assert_eq!(expanded("~other/a", home), Path::new("~other/a"));
        assert_eq!(expanded("~/a", None), Path::new("~/a"));
    }
}
