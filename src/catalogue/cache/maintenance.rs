//! Counting, checking and removing rows.

use std::collections::HashSet;
use std::path::Path;

use super::rows::{self, COLUMNS, RowMatch};
use super::{CHANGED, Cache, CacheError, schema};
use crate::catalogue::tiles::{TileStats, TileStore, beside};
use crate::model::media::{Evidence, FileStamp};
use crate::model::path_text::path_of_key;
use crate::model::phash::HASH_VERSION;
use crate::model::record::ContentHash;

/// What a cache holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Rows.
    pub rows: u64,
    /// Rows of pictures.
    pub pictures: u64,
    /// Rows of files that could not be read.
    pub failures: u64,
    /// Rows of another [`HASH_VERSION`], which count for nothing.
    pub outdated: u64,
    /// Rows with a hash of the bytes.
    pub with_content: u64,
    /// Pictures by format, most first.
    pub formats: Vec<(String, u64)>,
    /// Size of the database with its log.
    pub bytes_on_disk: u64,
    /// The tiles that belong to it.
    pub tiles: TileStats,
}

/// What a check of the cache found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Rows looked at.
    pub rows: u64,
    /// Rows that no record can be made of.
    pub unreadable: u64,
    /// Rows whose file has changed or is gone.
    pub stale: u64,
    /// What SQLite says of the file, unless it is `ok`.
    pub damage: Vec<String>,
}

impl Cache {
    /// Removes the rows of files that `gone` says are gone; how many.
    ///
    /// # Errors
    /// [`CacheError`]
    pub fn prune(&mut self, gone: &dyn Fn(&Path) -> bool) -> Result<u64, CacheError> {
        self.attempt_mut(|cache| {
            let mut removed = Vec::new();
            {
                let mut statement = cache.connection.prepare("SELECT path FROM file")?;
                let mut rows = statement.query([])?;
                while let Some(row) = rows.next()? {
                    let bytes = row.get_ref(0)?.as_blob()?;
                    if gone(&path_of_key(bytes)) {
                        removed.push(bytes.to_vec());
                    }
                }
            }
            let transaction = cache.connection.transaction()?;
            {
                let mut statement = transaction.prepare("DELETE FROM file WHERE path = ?1")?;
                for path in &removed {
                    statement.execute([path])?;
                }
            }
            transaction.execute(CHANGED, [])?;
            transaction.commit()?;
            Ok(removed.len() as u64)
        })
        .inspect(|_| self.prune_tiles())
        .map(|removed| removed + self.prune_films(gone))
    }

    /// Removes what is known of films that are gone; how many. A failure costs room, no more.
    fn prune_films(&mut self, gone: &dyn Fn(&Path) -> bool) -> u64 {
        if !self.kept || !beside(&self.file).exists() {
            return 0;
        }
        let pruned = self.tiles().and_then(|tiles| tiles.prune_films(gone));
        pruned.unwrap_or_else(|error| {
            tracing::warn!("{error}");
            0
        })
    }

    /// Removes the tiles of pictures that are in no row any more. A failure costs room, no more.
    fn prune_tiles(&mut self) {
        let contents = self.attempt(|cache| {
            let mut statement =
                cache.connection.prepare("SELECT content FROM file WHERE content IS NOT NULL")?;
            let rows = statement.query_map([], |row| row.get(0).map(ContentHash))?;
            rows.collect::<rusqlite::Result<HashSet<ContentHash>>>()
        });
        let Ok(contents) = contents else { return };
        if self.kept
            && beside(&self.file).exists()
            && let Ok(tiles) = self.tiles()
            && let Err(error) = tiles.retain(&|content| contents.contains(&content))
        {
            tracing::warn!("{error}");
        }
    }

    /// Removes every row; how many.
    ///
    /// # Errors
    /// [`CacheError`]
    pub fn clear(&mut self) -> Result<u64, CacheError> {
        self.attempt_mut(|cache| {
            let transaction = cache.connection.transaction()?;
            let removed = transaction.execute("DELETE FROM file", [])?;
            transaction.execute(CHANGED, [])?;
            transaction.commit()?;
            cache.connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)")?;
            Ok(removed as u64)
        })
        .inspect(|_| {
            if self.kept
                && beside(&self.file).exists()
                && let Ok(tiles) = self.tiles()
                && let Err(error) = tiles.clear()
            {
                tracing::warn!("{error}");
            }
        })
    }

    /// Counts what is in it.
    ///
    /// # Errors
    /// [`CacheError`]
    pub fn stats(&self) -> Result<Stats, CacheError> {
        self.attempt(|cache| {
            let mut stats = cache.connection.query_row(
                "SELECT count(*), count(format), count(stage), count(content),
                        coalesce(sum(hash_version <> ?1), 0) FROM file",
                [HASH_VERSION],
                |row| {
                    let count = |i| row.get::<_, i64>(i).map(|n| u64::try_from(n).unwrap_or(0));
                    Ok(Stats {
                        rows: count(0)?,
                        pictures: count(1)?,
                        failures: count(2)?,
                        with_content: count(3)?,
                        outdated: count(4)?,
                        ..Stats::default()
                    })
                },
            )?;
            let mut statement = cache.connection.prepare(
                "SELECT format, count(*) FROM file WHERE format IS NOT NULL
                 GROUP BY format ORDER BY count(*) DESC, format",
            )?;
            stats.formats = statement
                .query_map([], |row| {
                    Ok((row.get(0)?, u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0)))
                })?
                .collect::<rusqlite::Result<_>>()?;
            stats.bytes_on_disk = schema::parts(&cache.file)
                .iter()
                .filter_map(|part| part.metadata().ok())
                .map(|metadata| metadata.len())
                .sum();
            Ok(stats)
        })
        .map(|stats| {
            // What keeps the tiles from being counted shows where they are needed.
            let tiles = TileStore::open_read_only(&beside(&self.file)).ok().flatten();
            let tiles = tiles.and_then(|tiles| tiles.stats().ok());
            Stats { tiles: tiles.unwrap_or_default(), ..stats }
        })
    }

    /// Checks the database and every row; `stamp` tells what a file is now, if it is there.
    ///
    /// # Errors
    /// [`CacheError`]
    pub fn verify(
        &self,
        stamp: &dyn Fn(&Path) -> Option<(FileStamp, Evidence)>,
    ) -> Result<Verified, CacheError> {
        self.attempt(|cache| {
            let mut verified = Verified::default();
            let mut check = cache.connection.prepare("PRAGMA integrity_check")?;
            let lines: Vec<String> =
                check.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
            verified.damage = lines.into_iter().filter(|line| line != "ok").collect();
            let mut statement = cache.connection.prepare(&format!("SELECT {COLUMNS} FROM file"))?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                verified.rows += 1;
                let path = path_of_key(row.get_ref(0)?.as_blob()?);
                let standing =
                    stamp(&path).map(|(now, evidence)| rows::standing(row, now, evidence));
                match (rows::read(row), standing.transpose()) {
                    (Ok(Some(_)), Ok(standing)) => {
                        verified.stale += u64::from(standing != Some(RowMatch::Holds));
                    }
                    _ => verified.unreadable += 1,
                }
            }
            Ok(verified)
        })
    }
}
