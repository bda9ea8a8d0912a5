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

/// What was typed, pasted or dragged into the terminal as a path. Terminals drag in paths with
/// quotes, with backslashes, or as addresses; a path that is there as it was typed is taken so.
pub(super) fn typed_path(text: &str, home: Option<&Path>) -> PathBuf {
    let literal = expanded(text, home);
    if literal.exists() {
        return literal;
    }
    let trimmed = text.trim();
    if let Some(path) = trimmed.strip_prefix("file://").and_then(from_address) {
        return path;
    }
    let quoted = ['\'', '"'].into_iter().find_map(|quote| {
        trimmed.strip_prefix(quote)?.strip_suffix(quote).filter(|inner| !inner.contains(quote))
    });
    match quoted {
        Some(inner) => expanded(inner, home),
        // What a shell would make of it: drags of some terminals, and names with apostrophes.
        None if trimmed.contains(['\\', '\'', '"']) => expanded(&unquoted(trimmed), home),
        None if expanded(trimmed, home).exists() => expanded(trimmed, home),
        None => literal,
    }
}

/// A word of a POSIX shell without its quotes and backslashes (IEEE Std 1003.1, 2.2).
fn unquoted(text: &str) -> String {
    let (mut out, mut inside) = (String::new(), None);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, inside) {
            ('\\', None | Some('"')) => out.extend(chars.next()),
            ('\'' | '"', None) => inside = Some(c),
            (c, Some(quote)) if c == quote => inside = None,
            (c, _) => out.push(c),
        }
    }
    out
}

/// The path of a `file://` address (RFC 8089), without its first part; `None` for one of another
/// machine, or that is not UTF-8.
fn from_address(rest: &str) -> Option<PathBuf> {
    let path = rest.strip_prefix("localhost").unwrap_or(rest);
    if !path.starts_with('/') {
        return None;
    }
    let mut bytes = Vec::with_capacity(path.len());
    let mut left = path.bytes();
    while let Some(byte) = left.next() {
        if byte == b'%' {
            let digits = [left.next()?, left.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

/// What was typed as a path: `~` is the home folder.
fn expanded(text: &str, home: Option<&Path>) -> PathBuf {
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
    fn quoted_and_dragged_paths_are_understood() {
        let home = Some(Path::new("/home/me"));
        for (typed, path) in [
            ("'/mnt/my card'", "/mnt/my card"),
            ("\"/mnt/my card\" ", "/mnt/my card"),
            ("/mnt/my\\ card\\'s ", "/mnt/my card's"),
            ("'/mnt/it'\\''s'", "/mnt/it's"),
            ("'~/my card'", "/home/me/my card"),
            ("file:///mnt/my%20card%C3%A9", "/mnt/my cardé"),
            ("file://localhost/mnt/a", "/mnt/a"),
            ("file://elsewhere/mnt/a", "file://elsewhere/mnt/a"),
            ("file:///mnt/%zz", "file:///mnt/%zz"),
            ("/mnt/plain", "/mnt/plain"),
            ("~/new folder", "/home/me/new folder"),
        ] {
            assert_eq!(typed_path(typed, home), Path::new(path), "{typed}");
        }
        // A name that holds such signs is taken as it is.
        let root = tempfile::tempdir().unwrap();
        let odd = root.path().join("'odd'\\ name");
        std::fs::create_dir(&odd).unwrap();
        assert_eq!(typed_path(odd.to_str().unwrap(), None), odd);
        let spaced = format!("{} ", root.path().display());
        assert_eq!(typed_path(&spaced, None), root.path());
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
