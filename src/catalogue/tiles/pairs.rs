//! What was found of pairs of tiles, and among which tiles everything was found.

use rusqlite::params;

use super::{TileId, TileStore, TileStoreError};

/// Sets of tiles that are kept for a rule: one for each library that shares the cache.
const SETS: usize = 8;

/// Under what rule pairs were found and judged. Another rule knows nothing of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PairRule(pub i64);

/// A pair of tiles, the smaller first, and what was found of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StoredPair {
    /// One.
    pub first: TileId,
    /// The other.
    pub second: TileId,
    /// As the prover writes it.
    pub verdict: [u8; 12],
}

impl TileStore {
    /// Everything that was found under a rule, in order.
    ///
    /// # Errors
    /// [`TileStoreError`]
    pub fn pairs(&self, rule: PairRule) -> Result<Vec<StoredPair>, TileStoreError> {
        self.attempt(|store| {
            let sql = "SELECT first, second, verdict FROM pair WHERE rule = ?1
                       ORDER BY first, second";
            let mut statement = store.connection.prepare_cached(sql)?;
            let rows = statement.query_map([rule.0], |row| {
                Ok(StoredPair {
                    first: TileId(row.get(0)?),
                    second: TileId(row.get(1)?),
                    verdict: row.get(2)?,
                })
            })?;
            rows.collect()
        })
    }

    /// Writes what was found of pairs, in the place of what is there.
    ///
    /// # Errors
    /// [`TileStoreError`]
    pub fn write_pairs(
        &mut self,
        rule: PairRule,
        pairs: &[StoredPair],
    ) -> Result<(), TileStoreError> {
        self.attempt_mut(|store| {
            let transaction = store.connection.transaction()?;
            {
                let mut insert = transaction.prepare_cached(
                    "INSERT OR REPLACE INTO pair (rule, first, second, verdict)
                     VALUES (?1, ?2, ?3, ?4)",
                )?;
                for pair in pairs {
                    insert.execute(params![rule.0, pair.first.0, pair.second.0, pair.verdict])?;
                }
            }
            transaction.commit()
        })
    }

    /// Sets of tiles within each of which every pair was looked for under a rule; ascending.
    ///
    /// # Errors
    /// [`TileStoreError`]
    pub fn compared(&self, rule: PairRule) -> Result<Vec<(i64, Vec<TileId>)>, TileStoreError> {
        self.attempt(|store| {
            let sql = "SELECT number, tiles FROM compared WHERE rule = ?1 ORDER BY number";
            let mut statement = store.connection.prepare_cached(sql)?;
            let rows = statement.query_map([rule.0], |row| {
                let bytes = row.get_ref(1)?.as_blob_or_null()?.unwrap_or_default();
                let (ids, _) = bytes.as_chunks::<4>();
                let ids = ids.iter().map(|&id| TileId(u32::from_le_bytes(id))).collect();
                Ok((row.get(0)?, ids))
            })?;
            rows.collect()
        })
    }

    /// Takes note that every pair among `tiles` was looked for; in the place of the set `instead`,
    /// or else of the oldest where there are many.
    ///
    /// # Errors
    /// [`TileStoreError`]
    pub fn set_compared(
        &mut self,
        rule: PairRule,
        tiles: &[TileId],
        instead: Option<i64>,
    ) -> Result<(), TileStoreError> {
        self.attempt_mut(|store| {
            let transaction = store.connection.transaction()?;
            let numbers: Vec<i64> = {
                let sql = "SELECT number FROM compared WHERE rule = ?1 ORDER BY number";
                let mut statement = transaction.prepare_cached(sql)?;
                statement.query_map([rule.0], |row| row.get(0))?.collect::<Result<_, _>>()?
            };
            let oldest = (numbers.len() >= SETS).then(|| numbers.first().copied()).flatten();
            if let Some(number) = instead.or(oldest) {
                let sql = "DELETE FROM compared WHERE rule = ?1 AND number = ?2";
                transaction.execute(sql, [rule.0, number])?;
            }
            let next = numbers.last().map_or(0, |last| last + 1);
            let bytes: Vec<u8> = tiles.iter().flat_map(|tile| tile.0.to_le_bytes()).collect();
            transaction.execute(
                "INSERT INTO compared (rule, number, tiles) VALUES (?1, ?2, ?3)",
                params![rule.0, next, bytes],
            )?;
            transaction.commit()
        })
    }
}
