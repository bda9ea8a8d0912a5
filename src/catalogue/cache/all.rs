//! All pictures of a cache, one after another or packed side by side.

use std::path::{Path, PathBuf};

use rusqlite::params;

use super::packed::{Generation, Packing};
use super::{Cache, CacheError, Packed, rows, schema};
use crate::model::path_text::{for_people, path_of_key};
use crate::model::phash::HASH_VERSION;
use crate::model::policy::QUALITY_FLOOR;
use crate::model::record::{ContentHash, KnownPicture};

impl Cache {
    /// Goes through all pictures of this [`HASH_VERSION`], by path, whether their files are still
    /// there or not.
    ///
    /// # Errors
    /// [`CacheError`]
    pub fn each_picture(&self, take: &mut dyn FnMut(KnownPicture)) -> Result<(), CacheError> {
        self.attempt(|cache| {
            let columns = cache.columns;
            let sql = format!("SELECT {columns} FROM file WHERE hash_version = ?1 ORDER BY path");
            let mut statement = cache.connection.prepare(&sql)?;
            let mut rows = statement.query([HASH_VERSION])?;
            while let Some(row) = rows.next()? {
                if let Some(picture) = rows::known_picture(row)? {
                    take(picture);
                }
            }
            Ok(())
        })
    }

    /// Goes through the paths of all pictures of which the hash of their bytes is known.
    ///
    /// # Errors
    /// [`CacheError`]
    pub fn each_content(
        &self,
        take: &mut dyn FnMut(PathBuf, ContentHash),
    ) -> Result<(), CacheError> {
        self.attempt(|cache| {
            let sql = "SELECT path, content FROM file
                       WHERE hash_version = ?1 AND content IS NOT NULL AND format IS NOT NULL";
            let mut statement = cache.connection.prepare(sql)?;
            let mut rows = statement.query([HASH_VERSION])?;
            while let Some(row) = rows.next()? {
                let path = path_of_key(row.get_ref(0)?.as_blob()?);
                take(path, ContentHash(row.get(1)?));
            }
            Ok(())
        })
    }

    /// The hashes of all pictures side by side, read from the file beside the database if that
    /// still holds; made of the rows, and written for the next time, if it does not. A file that
    /// cannot be written only costs time.
    ///
    /// # Errors
    /// [`CacheError`]
    pub fn packed(&self) -> Result<Packed, CacheError> {
        let generation = self.attempt(Self::generation)?;
        let path = schema::with_suffix(&self.file, "-packed");
        let kept = generation.filter(|_| self.kept);
        if let Some(packed) = kept.and_then(|generation| Packed::open(&path, generation)) {
            return Ok(packed);
        }
        let mut packing = Packing::default();
        self.attempt(|cache| {
            let sql = "SELECT path, views FROM file
                       WHERE hash_version = ?1 AND quality >= ?2 ORDER BY path";
            let mut statement = cache.connection.prepare(sql)?;
            let mut rows = statement.query(params![HASH_VERSION, QUALITY_FLOOR.0])?;
            while let Some(row) = rows.next()? {
                let views = row.get_ref(1)?.as_blob_or_null()?.and_then(rows::views_from_bytes);
                if let Some(views) = views {
                    packing.push(row.get_ref(0)?.as_blob()?, views);
                }
            }
            Ok(())
        })?;
        let packed = packing.finish();
        // Changes on the way are in the next generation, and then this file does not hold.
        if let Some(generation) = kept
            && let Err(error) = packed.write(&path, generation)
        {
            tracing::debug!("{} is not written: {error}", for_people(&path));
        }
        Ok(packed)
    }

    /// `None` for a database from before there were generations.
    fn generation(&self) -> rusqlite::Result<Option<Generation>> {
        let asked = self.connection.query_row("SELECT epoch, count FROM change", [], |row| {
            Ok(Generation([row.get::<_, i64>(0)? as u64, row.get::<_, i64>(1)? as u64]))
        });
        match asked {
            Ok(generation) => Ok(Some(generation)),
            Err(rusqlite::Error::SqliteFailure(_, Some(text)))
            | Err(rusqlite::Error::SqlInputError { msg: text, .. })
                if text.starts_with("no such") =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Goes through the paths of all pictures that are known below a folder, by path.
    ///
    /// # Errors
    /// [`CacheError`]
    pub fn each_path_below(
        &self,
        folder: &Path,
        take: &mut dyn FnMut(PathBuf),
    ) -> Result<(), CacheError> {
        self.attempt(|cache| {
            let mut from = cache.key(folder);
            from.push(std::path::MAIN_SEPARATOR as u8);
            let mut to = cache.key(folder);
            to.push(std::path::MAIN_SEPARATOR as u8 + 1);
            let sql = "SELECT path FROM file
                       WHERE path >= ?1 AND path < ?2 AND format IS NOT NULL ORDER BY path";
            let mut statement = cache.connection.prepare(sql)?;
            let mut rows = statement.query([from, to])?;
            while let Some(row) = rows.next()? {
                take(path_of_key(row.get_ref(0)?.as_blob()?));
            }
            Ok(())
        })
    }
}
