//! Many small reads, one after the other, as few large ones.

use std::io;
use std::sync::{Mutex, PoisonError};

use super::ReadAt;

/// Bytes of one read.
const WINDOW: usize = 64 << 10;

/// A source that reads ahead.
pub struct Buffered<'a> {
    source: &'a dyn ReadAt,
    window: Mutex<(u64, Vec<u8>)>,
}

impl<'a> Buffered<'a> {
    /// Reads from `source`.
    pub fn new(source: &'a dyn ReadAt) -> Self {
        Self { source, window: Mutex::new((0, Vec::new())) }
    }
}

impl ReadAt for Buffered<'_> {
    fn size(&self) -> u64 {
        self.source.size()
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        if buffer.len() > WINDOW {
            return self.source.read_exact_at(offset, buffer);
        }
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let (start, bytes) = &mut *window;
        let is_inside =
            offset >= *start && offset - *start + buffer.len() as u64 <= bytes.len() as u64;
        if !is_inside {
            let length = self.source.size().saturating_sub(offset).min(WINDOW as u64);
            bytes.resize(length as usize, 0);
            // What a failed read left is no content.
            *start = u64::MAX;
            self.source.read_exact_at(offset, bytes)?;
            *start = offset;
        }
        let at = (offset - *start) as usize;
        let found = bytes.get(at..).and_then(|rest| rest.get(..buffer.len()));
        buffer.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}
