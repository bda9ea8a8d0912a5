//! The elements of Matroska and WebM (EBML, RFC 8794).

use std::io;

use super::ReadAt;

/// Where an element lies in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element {
    /// Its number, with the marker of its length.
    pub id: u64,
    /// Where the content begins.
    pub start: u64,
    /// Where the content ends: perhaps beyond the file. Of an element of unknown length, where the
    /// enclosing one ends.
    pub end: u64,
}

impl Element {
    /// Length of the content in bytes.
    pub fn size(self) -> u64 {
        self.end.saturating_sub(self.start)
    }
}

/// A number whose first byte tells how long it is, and its length; with the marker or without.
pub fn number(bytes: &[u8], keep_marker: bool) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let length = first.leading_zeros() as usize + 1;
    let bytes = bytes.get(..length).filter(|_| length <= 8)?;
    let value = bytes.iter().fold(0, |value, &byte| value << 8 | u64::from(byte));
    let marker = 1_u64 << (7 * length);
    Some((if keep_marker { value } else { value ^ marker }, length))
}

/// The element at `at`, within an enclosing one that ends at `end`; `None` for what is none.
///
/// # Errors
/// When the source cannot be read.
pub fn element(source: &dyn ReadAt, at: u64, end: u64) -> io::Result<Option<Element>> {
    let mut head = [0; 12];
    let length = end.saturating_sub(at).min(12) as usize;
    source.read_exact_at(at, &mut head[..length])?;
    let Some((id, id_length)) = number(&head[..length.min(4)], true) else { return Ok(None) };
    let Some((size, size_length)) = number(&head[id_length..length], false) else {
        return Ok(None);
    };
    let start = at + (id_length + size_length) as u64;
    let unknown = size == (1_u64 << (7 * size_length)) - 1;
    let end = if unknown { end.max(start) } else { start.saturating_add(size) };
    Ok(Some(Element { id, start, end }))
}

/// The elements inside content that lies in memory; stops at the first one that is not whole.
pub fn children(content: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    let mut rest = content;
    std::iter::from_fn(move || {
        let (id, id_length) = number(rest.get(..rest.len().min(4))?, true)?;
        let (size, size_length) = number(rest.get(id_length..)?, false)?;
        let content = rest.get(id_length + size_length..)?;
        let (content, after) = content.split_at_checked(usize::try_from(size).ok()?)?;
        rest = after;
        Some((id, content))
    })
}

/// Content of the first element of that number.
pub fn child(content: &[u8], id: u64) -> Option<&[u8]> {
    children(content).find(|(found, _)| *found == id).map(|(_, content)| content)
}

/// An unsigned number; 0 for more than eight bytes.
pub fn unsigned(content: &[u8]) -> u64 {
    if content.len() > 8 {
        return 0;
    }
    content.iter().fold(0, |value, &byte| value << 8 | u64::from(byte))
}

/// A floating-point number of four or eight bytes.
pub fn float(content: &[u8]) -> Option<f64> {
    match content.len() {
        4 => content.try_into().ok().map(|bytes| f32::from_be_bytes(bytes).into()),
        8 => content.try_into().ok().map(f64::from_be_bytes),
        _ => None,
    }
}
