//! Reading file containers (TIFF IFDs, ISO boxes, RAF headers, films) out of any random-access source,
//! without interpreting the pictures inside. Pure: the source is handed in.

pub mod buffered;
pub mod cr3;
pub mod ebml;
pub mod film;
pub mod isobmff;
pub mod raf;
#[cfg(test)]
pub(crate) mod sketch;
pub mod tiff;

use std::io;

/// Random access to the bytes of one file.
pub trait ReadAt: Send + Sync {
    /// Length in bytes when it was opened.
    fn size(&self) -> u64;

    /// Fills `buffer` from `offset`.
    ///
    /// # Errors
    /// `UnexpectedEof` when the source ends before the buffer is full; else what the system says.
    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;
}

impl ReadAt for [u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let source = usize::try_from(offset)
            .ok()
            .and_then(|offset| self.get(offset..)?.get(..buffer.len()))
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(source);
        Ok(())
    }
}

impl ReadAt for &[u8] {
    fn size(&self) -> u64 {
        (**self).size()
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        (**self).read_exact_at(offset, buffer)
    }
}

impl ReadAt for Vec<u8> {
    fn size(&self) -> u64 {
        self.as_slice().size()
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.as_slice().read_exact_at(offset, buffer)
    }
}

/// A window of a source as a [`io::Read`] + [`io::Seek`] stream.
pub struct Window<'a> {
    source: &'a dyn ReadAt,
    start: u64,
    len: u64,
    at: u64,
}

impl<'a> Window<'a> {
    /// `len` bytes from `start`, cut where the source ends.
    pub fn new(source: &'a dyn ReadAt, start: u64, len: u64) -> Self {
        let start = start.min(source.size());
        Self { source, start, len: len.min(source.size() - start), at: 0 }
    }

    /// The whole source.
    pub fn whole(source: &'a dyn ReadAt) -> Self {
        Self::new(source, 0, u64::MAX)
    }
}

impl io::Read for Window<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.len.saturating_sub(self.at);
        let take = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        self.source.read_exact_at(self.start + self.at, &mut buffer[..take])?;
        self.at += take as u64;
        Ok(take)
    }
}

impl io::Seek for Window<'_> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        let target = match to {
            io::SeekFrom::Start(offset) => Some(offset),
            io::SeekFrom::End(offset) => self.len.checked_add_signed(offset),
            io::SeekFrom::Current(offset) => self.at.checked_add_signed(offset),
        };
        self.at = target.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
