//! The parts of file names.

/// A name before its last dot, and what is behind that.
pub(super) fn split(name: &str) -> (&str, &str) {
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => (stem, extension),
        _ => (name, ""),
    }
}

/// A name before its extension.
pub(super) fn stem_of(name: &str) -> &str {
    split(name).0
}

/// Whether it is all digits.
pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}
