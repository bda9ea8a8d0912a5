//! Reading the bytes of files: random access for decoders, BLAKE3 for comparing.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::container::ReadAt;
use crate::files::stamp::FileFacts;
use crate::model::record::ContentHash;

/// What is read at a time of bytes that no decoder asked for.
const BLOCK: usize = 1 << 17;

/// An open file.
#[derive(Debug)]
pub struct FileSource {
    file: File,
    path: PathBuf,
    facts: FileFacts,
    /// All of it, where it was read beforehand.
    bytes: Option<Vec<u8>>,
}

impl FileSource {
    /// Opens a file for reading.
    ///
    /// # Errors
    /// What the system says; `InvalidInput` when it is not a regular file.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        let facts = FileFacts::of_open(path, &file)?;
        Ok(Self { file, path: path.to_owned(), facts, bytes: None })
    }

    /// Opens a file and reads all of it from its first byte to its last, unless it has more bytes
    /// than `most`.
    ///
    /// # Errors
    /// As [`Self::open`]; `ResourceBusy` when it became shorter meanwhile.
    pub fn read_ahead(path: &Path, most: u64) -> io::Result<Self> {
        let mut source = Self::open(path)?;
        let length = source.size();
        if length > most {
            return Ok(source);
        }
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
        (&source.file).take(length).read_to_end(&mut bytes)?;
        if bytes.len() as u64 != length {
            return Err(io::Error::new(io::ErrorKind::ResourceBusy, CHANGED));
        }
        source.bytes = Some(bytes);
        Ok(source)
    }

    /// BLAKE3 of its bytes, which stayed what they were while they were read.
    ///
    /// # Errors
    /// As [`HashingSource::finish`].
    pub fn settled_hash(&self) -> io::Result<ContentHash> {
        self.finish_hash(blake3::Hasher::new(), 0)
    }

    /// The hash of the whole file, of which so many bytes are hashed already.
    fn finish_hash(&self, mut hasher: blake3::Hasher, mut length: u64) -> io::Result<ContentHash> {
        let mut block = vec![0; BLOCK];
        while length < self.size() {
            let left = usize::try_from(self.size() - length).unwrap_or(BLOCK);
            let block = &mut block[..left.min(BLOCK)];
            self.read_exact_at(length, block)?;
            hasher.update(block);
            length += block.len() as u64;
        }
        if self.is_unchanged()? {
            Ok(ContentHash(*hasher.finalize().as_bytes()))
        } else {
            Err(io::Error::new(io::ErrorKind::ResourceBusy, CHANGED))
        }
    }

    /// Whether the file is still what it was when it was opened.
    ///
    /// # Errors
    /// What the system says.
    pub fn is_unchanged(&self) -> io::Result<bool> {
        // Another name of it changes none of its bytes.
        let state = |facts: &FileFacts| (facts.stamp, facts.changed);
        Ok(state(&FileFacts::of_open(&self.path, &self.file)?) == state(&self.facts))
    }
}

impl ReadAt for FileSource {
    fn size(&self) -> u64 {
        self.facts.stamp.size.0
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let Some(bytes) = &self.bytes else { return read_file_at(&self.file, offset, buffer) };
        if buffer.is_empty() {
            // As a read of the file itself: also past its end.
            return Ok(());
        }
        let from = usize::try_from(offset).ok();
        let there = from.and_then(|from| bytes.get(from..from.checked_add(buffer.len())?));
        buffer.copy_from_slice(there.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

#[cfg(unix)]
fn read_file_at(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_file_at(file: &File, mut offset: u64, mut buffer: &mut [u8]) -> io::Result<()> {
    while !buffer.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, buffer, offset)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                buffer = &mut buffer[read..];
                offset += read as u64;
            }
        }
    }
    Ok(())
}

const CHANGED: &str = "it was changed while it was read";

/// A file that is hashed while it is decoded, so that its hash is the hash of the very bytes that
/// the decoder saw.
///
/// Decoders mostly read from the first byte to the last: what they read in that order is hashed on
/// the way, and [`HashingSource::finish`] reads only the rest.
pub struct HashingSource {
    source: FileSource,
    hashed: Mutex<Hashed>,
}

/// The hash of the first `length` bytes.
struct Hashed {
    hasher: blake3::Hasher,
    length: u64,
}

impl HashingSource {
    /// Opens a file for reading.
    ///
    /// # Errors
    /// As [`FileSource::open`].
    pub fn open(path: &Path) -> io::Result<Self> {
        FileSource::open(path).map(Self::of)
    }

    /// Of a file that is open.
    pub fn of(source: FileSource) -> Self {
        let hashed = Mutex::new(Hashed { hasher: blake3::Hasher::new(), length: 0 });
        Self { source, hashed }
    }

    /// The hash of the whole file.
    ///
    /// # Errors
    /// What reading gives; `ResourceBusy` when the file was written to since it was opened, so that
    /// what was decoded may not be what was hashed.
    pub fn finish(self) -> io::Result<ContentHash> {
        let Hashed { hasher, length } =
            self.hashed.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.source.finish_hash(hasher, length)
    }
}

impl ReadAt for HashingSource {
    fn size(&self) -> u64 {
        self.source.size()
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.source.read_exact_at(offset, buffer)?;
        let mut hashed = self.hashed.lock().unwrap_or_else(PoisonError::into_inner);
        // The part of it that follows what is hashed already.
        let known = hashed.length.checked_sub(offset).and_then(|known| usize::try_from(known).ok());
        if let Some(new) = known.and_then(|known| buffer.get(known..)) {
            hashed.hasher.update(new);
            hashed.length += new.len() as u64;
        }
        Ok(())
    }
}

/// BLAKE3 of a file's bytes, read as a stream.
///
/// # Errors
/// What the system says.
pub fn content_hash(path: &Path) -> io::Result<ContentHash> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path)?)?;
    Ok(ContentHash(*hasher.finalize().as_bytes()))
}

/// BLAKE3 of a regular file's bytes that stayed what they were while they were read.
///
/// # Errors
/// As [`HashingSource::open`] and [`HashingSource::finish`].
pub fn settled_content_hash(path: &Path) -> io::Result<ContentHash> {
    FileSource::open(path)?.settled_hash()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_file_that_changes_under_the_decoder_has_no_hash() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "first").unwrap();
        let source = HashingSource::open(&path).unwrap();
        source.read_exact_at(0, &mut [0; 3]).unwrap();
        std::fs::write(&path, "longer than before").unwrap();
        assert_eq!(source.finish().unwrap_err().kind(), io::ErrorKind::ResourceBusy);
        let again = settled_content_hash(&path).unwrap();
        assert_eq!(again, content_hash(&path).unwrap());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_hash_is_of_all_bytes_whatever_was_read(
            bytes in proptest::collection::vec(any::<u8>(), 0..3000),
            reads in proptest::collection::vec((0..3000_usize, 0..700_usize), 0..12),
            ahead in any::<bool>(),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("a");
            std::fs::write(&path, &bytes).unwrap();
            let most = if ahead { 3000 } else { 0 };
            let source = HashingSource::of(FileSource::read_ahead(&path, most).unwrap());
            for (offset, length) in reads {
                let mut buffer = vec![0; length];
                let read = source.read_exact_at(offset as u64, &mut buffer);
                let there = bytes.get(offset..offset + length);
                prop_assert_eq!(read.is_ok(), there.is_some() || length == 0);
                if let Some(there) = there {
                    prop_assert_eq!(buffer.as_slice(), there);
                }
            }
            let expected = ContentHash(*blake3::hash(&bytes).as_bytes());
            prop_assert_eq!(source.finish().unwrap(), expected);
        }
    }
}
