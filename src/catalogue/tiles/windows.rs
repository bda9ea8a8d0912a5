//! The hashes of the windows of tiles, so that a new picture is held against those of a library
//! without going through all of its tiles again.

use rusqlite::params;

use super::{TileId, TileStore, TileStoreError};

/// Names a set of windows, and the rule that hashes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WindowsId(pub i64);

impl TileStore {
    /// The hashes of the windows of all tiles, by ascending id.
    ///
    /// # Errors
    /// [`TileStoreError`]
    pub fn each_windows(
        &self,
        windows: WindowsId,
        take: &mut dyn FnMut(TileId, &[u64]),
    ) -> Result<(), TileStoreError> {
        self.attempt(|store| {
            let sql = "SELECT id, hashes FROM window WHERE windows = ?1 ORDER BY id";
            let mut statement = store.connection.prepare_cached(sql)?;
            let mut rows = statement.query([windows.0])?;
            let mut hashes = Vec::new();
            while let Some(row) = rows.next()? {
                let bytes = row.get_ref(1)?.as_blob_or_null()?.unwrap_or_default();
                let (words, _) = bytes.as_chunks::<8>();
                hashes.clear();
                hashes.extend(words.iter().map(|&word| u64::from_le_bytes(word)));
                take(TileId(row.get(0)?), &hashes);
            }
            Ok(())
        })
    }

    /// Keeps the hashes of the windows of tiles, eight bytes each, the lower first.
    ///
    /// # Errors
    /// [`TileStoreError`]
    pub fn write_windows(
        &mut self,
        windows: WindowsId,
        hashes: &[(TileId, Vec<u64>)],
    ) -> Result<(), TileStoreError> {
        self.attempt_mut(|store| {
            let transaction = store.connection.transaction()?;
            {
                let mut insert = transaction.prepare_cached(
                    "INSERT OR REPLACE INTO window (windows, id, hashes) VALUES (?1, ?2, ?3)",
                )?;
                for (id, hashes) in hashes {
                    let bytes: Vec<u8> =
                        hashes.iter().flat_map(|hash| hash.to_le_bytes()).collect();
                    insert.execute(params![windows.0, id.0, bytes])?;
                }
            }
            transaction.commit()
        })
    }
}
