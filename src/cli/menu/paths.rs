//! Completion of folders.

use std::path::{MAIN_SEPARATOR, Path, PathBuf};

/// Most folders that are offered.
const MOST: usize = 50;

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
        None if !cfg!(windows) && trimmed.contains(['\\', '\'', '"']) => {
            expanded(&unquoted(trimmed), home)
        }
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
    let path = String::from_utf8(bytes).ok()?;
    // `file:///C:/Photos`
    let drive = path.strip_prefix('/').filter(|rest| cfg!(windows) && rest.get(1..2) == Some(":"));
    Some(PathBuf::from(drive.unwrap_or(&path)))
}

/// What was typed as a path: `~` is the home folder.
fn expanded(text: &str, home: Option<&Path>) -> PathBuf {
    match (text.strip_prefix('~'), home) {
        (Some(""), Some(home)) => home.to_owned(),
        (Some(rest), Some(home)) if rest.starts_with(std::path::is_separator) => {
            home.join(rest.trim_start_matches(std::path::is_separator))
        }
        _ => PathBuf::from(text),
    }
}

/// The folders that begin as what was typed. What is typed stays as it is typed; only the last name
/// is completed.
pub(super) fn folders_from(typed: &str, home: Option<&Path>) -> Vec<String> {
    let (folder, begun) = match typed.rfind(std::path::is_separator) {
        Some(at) => typed.split_at(at + 1),
        None => ("", typed),
    };
    let real = if folder.is_empty() { PathBuf::from(".") } else { expanded(folder, home) };
    let entries = std::fs::read_dir(real).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.starts_with(begun))
        .filter(|name| !name.starts_with('.') || begun.starts_with('.'))
        // Such a name would be drawn as something else than it is.
        .filter(|name| !name.chars().any(char::is_control))
        .collect();
    names.sort();
    names.truncate(MOST);
    names.into_iter().map(|name| format!("{folder}{name}{MAIN_SEPARATOR}")).collect()
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
        std::fs::create_dir(root.path().join("Pi\u{1b}[2J")).unwrap();
        let offered = |typed| folders_from(typed, Some(root.path()));
        assert_eq!(offered("~/Pi"), ["~/Pictures/", "~/Pictures old/"]);
        assert_eq!(offered("~/Mu"), ["~/Music/"]);
        assert_eq!(offered("~/x"), [""; 0]);
        assert_eq!(offered("~/."), ["~/.hidden/"]);
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
