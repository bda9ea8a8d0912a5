//! Pictures of a cache a page at a time, so that the database is not held while their files are read.

use std::path::{Path, PathBuf};

use rusqlite::{Row, params};

use super::{Cache, CacheError, rows};
use crate::model::path_text::path_of_key;
use crate::model::phash::HASH_VERSION;
use crate::model::record::KnownPicture;

/// Some of the pictures of a cache, by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PicturePage {
    /// The pictures.
    pub pictures: Vec<KnownPicture>,
    /// Where the next page begins; `None` behind the last.
    pub next: Option<PathBuf>,
}

impl Cache {
    /// The pictures of this [`HASH_VERSION`] that are known below `folder`, or everywhere, and
    /// whose path comes after `after`: `limit` at most.
    ///
    /// # Errors
    /// [`CacheError`]
    pub fn page(
        &self,
        folder: Option<&Path>,
        after: Option<&Path>,
        limit: u32,
    ) -> Result<PicturePage, CacheError> {
        self.attempt(|cache| {
            let (from, to) = folder.map_or((Vec::new(), None), |folder| cache.range(folder));
            let from = after.map_or(from, |after| cache.key(after));
            let bound = if to.is_some() { "AND path < ?3" } else { "AND ?3 IS NULL" };
            let columns = cache.columns;
            let sql = format!(
                "SELECT {columns} FROM file WHERE hash_version = ?1 AND path > ?2 {bound}
                 ORDER BY path LIMIT ?4"
            );
            let mut statement = cache.connection.prepare_cached(&sql)?;
            let mut rows = statement.query(params![HASH_VERSION, from, to, limit])?;
            let mut page = PicturePage::default();
            let mut read = 0;
            while let Some(row) = rows.next()? {
                read += 1;
                page.next = (read == limit).then(|| path_of(row)).transpose()?;
                page.pictures.extend(rows::known_picture(row)?);
            }
            Ok(page)
        })
    }

    /// How many pictures [`Cache::page`] goes through.
    ///
    /// # Errors
    /// [`CacheError`]
    pub fn count_below(&self, folder: Option<&Path>) -> Result<u64, CacheError> {
        self.attempt(|cache| {
            let (from, to) = folder.map_or((Vec::new(), None), |folder| cache.range(folder));
            let bound = if to.is_some() { "AND path < ?3" } else { "AND ?3 IS NULL" };
            let sql = format!(
                "SELECT count(format) FROM file WHERE hash_version = ?1 AND path > ?2 {bound}"
            );
            let count: i64 =
                cache.connection.query_row(&sql, params![HASH_VERSION, from, to], |r| r.get(0))?;
            Ok(u64::try_from(count).unwrap_or(0))
        })
    }

    /// Keys between which the paths below a folder lie, both exclusive.
    fn range(&self, folder: &Path) -> (Vec<u8>, Option<Vec<u8>>) {
        const SEPARATOR: u8 = std::path::MAIN_SEPARATOR as u8;
        let mut from = self.key(folder);
        // The root of everything ends in one.
        if from.last() != Some(&SEPARATOR) {
            from.push(SEPARATOR);
        }
        let mut to = from.clone();
        to.pop();
        to.push(SEPARATOR + 1);
        (from, Some(to))
    }
}

fn path_of(row: &Row<'_>) -> rusqlite::Result<PathBuf> {
    Ok(path_of_key(row.get_ref(0)?.as_blob()?))
}
