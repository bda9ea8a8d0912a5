//! What was read goes in; what moved is followed.

use std::path::Path;

use super::{CHANGED, Cache, CacheError, rows};
use crate::model::media::{Evidence, FileStamp, MediaFile};
use crate::model::record::{ContentHash, KnownPicture, Record};

/// A file that was moved, copied or relinked.
#[derive(Clone, Copy, Debug)]
pub struct Moved<'a> {
    /// Their old path.
    pub from: &'a Path,
    /// Their new path.
    pub to: &'a Path,
    /// The file that they were.
    pub before: FileStamp,
    /// The file that they are.
    pub now: FileStamp,
    /// What tells that file from another.
    pub evidence: Evidence,
    /// They are still at `from` too.
    pub kept: bool,
}

impl Cache {
    /// Writes records in one transaction: all of them last, or none. Each comes with the BLAKE3 of
    /// the bytes that it was made from, where that is known.
    ///
    /// # Errors
    /// [`CacheError`]
    pub fn write_batch(
        &mut self,
        batch: &[(&MediaFile, &Record, Option<ContentHash>)],
    ) -> Result<(), CacheError> {
        if !self.kept {
            return Ok(());
        }
        self.attempt_mut(|cache| {
            let keys: Vec<_> = batch.iter().map(|(file, ..)| cache.key(&file.path)).collect();
            let transaction = cache.connection.transaction()?;
            {
                let mut statement = transaction.prepare_cached(rows::INSERT)?;
                for ((file, record, content), key) in batch.iter().zip(keys) {
                    rows::insert(&mut statement, &key, file, record, *content)?;
                }
            }
            transaction.execute(CHANGED, [])?;
            transaction.commit()
        })
    }

    /// Writes pictures that are known from elsewhere, in the place of what is known of their paths.
    ///
    /// # Errors
    /// [`CacheError`]
    pub fn write_known(&mut self, pictures: &[KnownPicture]) -> Result<(), CacheError> {
        let files: Vec<MediaFile> = pictures
            .iter()
            .map(|known| MediaFile {
                path: known.path.clone(),
                stamp: known.stamp,
                evidence: known.evidence,
                root: 0,
            })
            .collect();
        let records: Vec<Record> =
            pictures.iter().map(|known| Record::Picture(known.record.clone())).collect();
        let contents = pictures.iter().map(|known| known.content);
        let batch = files.iter().zip(&records).zip(contents);
        self.write_batch(&batch.map(|((file, record), c)| (file, record, c)).collect::<Vec<_>>())
    }

    /// Removes the rows of these files, so that they are read again.
    ///
    /// # Errors
    /// [`CacheError`]
    pub fn forget(&mut self, paths: &[&Path]) -> Result<(), CacheError> {
        self.attempt_mut(|cache| {
            let keys: Vec<_> = paths.iter().map(|path| cache.key(path)).collect();
            let transaction = cache.connection.transaction()?;
            {
                let mut remove = transaction.prepare_cached("DELETE FROM file WHERE path = ?1")?;
                for key in keys {
                    remove.execute([key])?;
                }
            }
            transaction.execute(CHANGED, [])?;
            transaction.commit()
        })
    }

    /// Takes note that bytes are somewhere else now, so that they need not be read again. What does
    /// not hold for the file that was there is left as it is.
    ///
    /// # Errors
    /// [`CacheError`]
    pub fn follow(&mut self, moves: &[Moved<'_>]) -> Result<(), CacheError> {
        if !self.kept {
            return Ok(());
        }
        self.attempt_mut(|cache| {
            let keys: Vec<_> = moves.iter().map(|m| (cache.key(m.from), cache.key(m.to))).collect();
            let transaction = cache.connection.transaction()?;
            {
                let mut copy = transaction.prepare_cached(rows::FOLLOW)?;
                let mut remove = transaction.prepare_cached("DELETE FROM file WHERE path = ?1")?;
                for (moved, (from, to)) in moves.iter().zip(keys) {
                    let followed = rows::follow(&mut copy, &from, &to, moved)?;
                    if followed && !moved.kept && from != to {
                        remove.execute([&from])?;
                    }
                }
            }
            transaction.execute(CHANGED, [])?;
            transaction.commit()
        })
    }
}
