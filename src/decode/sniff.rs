//! The format of a file by its content.

use std::io;

use crate::container::ReadAt;
use crate::media::Format;

/// Tells the format from the first bytes; `None` for what is no known picture.
///
/// # Errors
/// When the file cannot be read.
pub fn sniff(source: &dyn ReadAt) -> io::Result<Option<Format>> {
    let mut head = [0; 4096];
    let len = usize::try_from(source.size()).unwrap_or(usize::MAX).min(head.len());
    source.read_exact_at(0, &mut head[..len])?;
    Ok(sniff_head(&head[..len]))
}

fn sniff_head(head: &[u8]) -> Option<Format> {
    head.starts_with(&[0xff, 0xd8, 0xff]).then_some(Format::Jpeg)
}
