//! Words as a shell takes them.

use std::ffi::OsStr;
use std::path::Path;

use clean_backup::model::path_text::for_people;

/// A word as a POSIX shell takes it (IEEE Std 1003.1, 2.2.2).
pub fn quoted(word: &OsStr) -> String {
    let text = word.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.into_owned();
    }
    match word.to_str() {
        Some(text) if !text.chars().any(char::is_control) => {
            format!("'{}'", text.replace('\'', "'\\''"))
        }
        // Not to be typed on a terminal; the escapes of the message tell what is meant.
        _ => for_people(Path::new(word)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_the_shell() {
        for (word, expected) in [
            ("dedupe", "dedupe"),
            ("/a/b.c", "/a/b.c"),
            ("", "''"),
            ("my pictures", "'my pictures'"),
            ("it's $HOME", "'it'\\''s $HOME'"),
            ("{year}/{month}", "'{year}/{month}'"),
            ("~x", "'~x'"),
        ] {
            assert_eq!(quoted(OsStr::new(word)), expected);
        }
    }
}
