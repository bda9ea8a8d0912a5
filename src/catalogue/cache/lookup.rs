//! What is known of files.

use std::path::Path;

use rusqlite::params;

use super::rows::{self, COLUMNS};
use super::{Cache, CacheError};
use crate::model::media::MediaFile;
use crate::model::phash::HASH_VERSION;
use crate::model::record::{ContentHash, KnownPicture, Record};

/// A query of this many files is answered by one pass over the table rather than by as many
/// look-ups, when it is at least this share of the rows: a row costs about a tenth of a look-up.
const SCAN_FROM_SHARE: usize = 10;

/// A row that still holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CachedRow {
    /// The result of reading the file.
    pub record: Record,
    /// BLAKE3 of the bytes that the record was made from, where that was recorded.
    pub content: Option<ContentHash>,
    /// The row was found by the inode, or the file's times or inode are not what they were: the row
    /// counts only when the file still has the bytes of `content`, and is then to be written again.
    pub unconfirmed: bool,
}

impl Cache {
    /// For each file the row that still holds, if there is one.
    ///
    /// # Errors
    /// [`CacheError`]
    pub fn lookup(&self, files: &[MediaFile]) -> Result<Vec<Option<CachedRow>>, CacheError> {
        self.attempt(|cache| cache.find(files))
    }

    fn find(&self, files: &[MediaFile]) -> rusqlite::Result<Vec<Option<CachedRow>>> {
        let rows: usize = self.connection.query_row("SELECT count(*) FROM file", [], |row| {
            row.get::<_, i64>(0).map(|count| usize::try_from(count).unwrap_or(0))
        })?;
        let mut found: Vec<Option<CachedRow>> = vec![None; files.len()];
        if rows == 0 {
            return Ok(found);
        }
        if files.len().saturating_mul(SCAN_FROM_SHARE) >= rows {
            self.find_in_one_pass(files, &mut found)?;
        } else {
            let sql = format!("SELECT {COLUMNS} FROM file WHERE path = ?1");
            let mut statement = self.connection.prepare(&sql)?;
            for (file, found) in files.iter().zip(&mut found) {
                let mut rows = statement.query([self.key(&file.path)])?;
                if let Some(row) = rows.next()? {
                    *found = rows::read_for(row, file.stamp, file.evidence)?;
                }
            }
        }
        self.find_moved(files, &mut found)?;
        Ok(found)
    }

    /// Both sides in the order of their paths, side by side.
    fn find_in_one_pass(
        &self,
        files: &[MediaFile],
        found: &mut [Option<CachedRow>],
    ) -> rusqlite::Result<()> {
        let mut wanted: Vec<(Vec<u8>, usize)> =
            files.iter().enumerate().map(|(i, file)| (self.key(&file.path), i)).collect();
        wanted.sort_unstable();
        let mut statement =
            self.connection.prepare(&format!("SELECT {COLUMNS} FROM file ORDER BY path"))?;
        let mut rows = statement.query([])?;
        let mut wanted = wanted.into_iter().peekable();
        while let Some(row) = rows.next()? {
            let path = row.get_ref(0)?.as_blob()?;
            while wanted.next_if(|(key, _)| key.as_slice() < path).is_some() {}
            while let Some((_, index)) = wanted.next_if(|(key, _)| key == path) {
                found[index] = rows::read_for(row, files[index].stamp, files[index].evidence)?;
            }
            if wanted.peek().is_none() {
                break;
            }
        }
        Ok(())
    }

    /// Files that are not known by path: perhaps by inode.
    fn find_moved(
        &self,
        files: &[MediaFile],
        found: &mut [Option<CachedRow>],
    ) -> rusqlite::Result<()> {
        let sql = format!("SELECT {COLUMNS} FROM file WHERE inode = ?1 AND device = ?2");
        let mut statement = self.connection.prepare(&sql)?;
        for (file, found) in files.iter().zip(found).filter(|(_, found)| found.is_none()) {
            let key = file.stamp.key;
            let mut rows = statement.query([key.inode as i64, key.device as i64])?;
            while let Some(row) = rows.next()? {
                // Another drive may have the numbers of the one that the row is of.
                let row = rows::read_for(row, file.stamp, file.evidence)?;
                if let Some(row) = row.filter(|row| row.content.is_some()) {
                    *found = Some(CachedRow { unconfirmed: true, ..row });
                    break;
                }
            }
        }
        Ok(())
    }

    /// The picture that was at `path`.
    ///
    /// # Errors
    /// [`CacheError`]
    pub fn picture_at(&self, path: &Path) -> Result<Option<KnownPicture>, CacheError> {
        self.attempt(|cache| {
            let columns = cache.columns;
            let sql = format!("SELECT {columns} FROM file WHERE path = ?1 AND hash_version = ?2");
            let mut statement = cache.connection.prepare_cached(&sql)?;
            let mut rows = statement.query(params![cache.key(path), HASH_VERSION])?;
            rows.next()?.map_or(Ok(None), rows::known_picture)
        })
    }
}
