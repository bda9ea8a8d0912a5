//! The hashes of the windows of tiles, so that a new picture is held against those of a library
//! without going through all of its tiles again.

use rusqlite::params;

use super::{SCAN_FROM_SHARE, TileId, TileStore, TileStoreError, first_word};
use crate::model::phash::HASH_VERSION;
use crate::picture::window::WindowSet;

/// The rows of a set of windows.
#[derive(Clone, Copy)]
struct RowForm {
    name: i64,
    words: usize,
}

impl From<WindowSet> for RowForm {
    fn from(set: WindowSet) -> Self {
        Self { name: name(set), words: set.words_of_row() }
    }
}

/// Names a set of windows by its edges, and the hashes by their version.
fn name(set: WindowSet) -> i64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&HASH_VERSION.to_le_bytes());
    for edge in set.kept().iter().flat_map(|window| window.edges()) {
        hasher.update(&edge.to_le_bytes());
    }
    first_word(&hasher)
}

/// A row, unless an earlier version of this program made it or it is damaged.
fn row_of<'a>(bytes: &[u8], words: usize, row: &'a mut Vec<u64>) -> Option<&'a [u64]> {
    let (chunks, rest) = bytes.as_chunks::<8>();
    row.clear();
    row.extend(chunks.iter().map(|&word| u64::from_le_bytes(word)));
    (row.len() == words && rest.is_empty()).then_some(row)
}

impl TileStore {
    /// The rows of all tiles that have one, by ascending id.
    ///
    /// # Errors
    /// [`TileStoreError`]
    pub fn each_windows(
        &self,
        set: WindowSet,
        take: &mut dyn FnMut(TileId, &[u64]),
    ) -> Result<(), TileStoreError> {
        self.windows_between(set.into(), TileId(0), TileId(u32::MAX), take)
    }

    /// The rows of tiles, given in ascending order, in that order; those that have none are left
    /// out.
    ///
    /// # Errors
    /// [`TileStoreError`]
    pub fn windows_of(
        &self,
        set: WindowSet,
        wanted: &[TileId],
        take: &mut dyn FnMut(TileId, &[u64]),
    ) -> Result<(), TileStoreError> {
        let (Some(&first), Some(&last)) = (wanted.first(), wanted.last()) else { return Ok(()) };
        let form = RowForm::from(set);
        let between = (last.0 - first.0) as usize + 1;
        if wanted.len().saturating_mul(SCAN_FROM_SHARE) >= between {
            let mut wanted = wanted.iter().peekable();
            return self.windows_between(form, first, last, &mut |id, row| {
                while wanted.next_if(|wanted| **wanted < id).is_some() {}
                if wanted.next_if(|wanted| **wanted == id).is_some() {
                    take(id, row);
                }
            });
        }
        for &id in wanted {
            self.windows_between(form, id, id, take)?;
        }
        Ok(())
    }

    fn windows_between(
        &self,
        form: RowForm,
        first: TileId,
        last: TileId,
        take: &mut dyn FnMut(TileId, &[u64]),
    ) -> Result<(), TileStoreError> {
        self.attempt(|store| {
            let sql = "SELECT id, hashes FROM window
                       WHERE windows = ?1 AND id BETWEEN ?2 AND ?3 ORDER BY id";
            let mut statement = store.connection.prepare_cached(sql)?;
            let mut rows = statement.query(params![form.name, first.0, last.0])?;
            let mut row = Vec::new();
            while let Some(found) = rows.next()? {
                let bytes = found.get_ref(1)?.as_blob_or_null()?.unwrap_or_default();
                if let Some(row) = row_of(bytes, form.words, &mut row) {
                    take(TileId(found.get(0)?), row);
                }
            }
            Ok(())
        })
    }

    /// Keeps the rows of tiles, eight bytes a word, the lower first.
    ///
    /// # Errors
    /// [`TileStoreError`]
    pub fn write_windows(
        &mut self,
        set: WindowSet,
        rows: &[(TileId, Vec<u64>)],
    ) -> Result<(), TileStoreError> {
        let name = name(set);
        self.attempt_mut(|store| {
            let transaction = store.connection.transaction()?;
            {
                let mut insert = transaction.prepare_cached(
                    "INSERT OR REPLACE INTO window (windows, id, hashes) VALUES (?1, ?2, ?3)",
                )?;
                for (id, row) in rows {
                    let bytes: Vec<u8> = row.iter().flat_map(|word| word.to_le_bytes()).collect();
                    insert.execute(params![name, id.0, bytes])?;
                }
            }
            transaction.commit()
        })
    }
}
