//! The tiles that belong to a cache.

use super::Cache;
use crate::catalogue::tiles::{TileStore, TileStoreError, beside};

impl Cache {
    /// The tiles of the pictures. Where the database beside the cache cannot be used, a warning is
    /// logged, and they last for this run only.
    ///
    /// # Errors
    /// [`TileStoreError`] when there is no room for them at all.
    pub fn tiles(&mut self) -> Result<&mut TileStore, TileStoreError> {
        if self.tiles.is_none() {
            let opened = match self.kept {
                true => TileStore::open(&beside(&self.file)),
                false => TileStore::none(),
            };
            self.tiles = Some(opened.or_else(|error| {
                tracing::warn!("{error}; tiles are made again in every run until it is gone");
                TileStore::none()
            })?);
        }
        // Was just put there.
        self.tiles.as_mut().ok_or_else(|| TileStoreError::Foreign(self.file.clone()))
    }
}
