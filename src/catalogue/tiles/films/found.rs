//! What was found of pairs of films, and what the deep search saw of each film.

use std::collections::HashMap;

use rusqlite::{Connection, Row, params};

use super::super::{TileStore, TileStoreError, first_word, is_of_value};
use super::version;
use crate::model::phash::{FineDistance, FineHash};
use crate::video::glimpses::{DENSE, EVERY, Glimpse};
use crate::video::{Agreement, FilmStanding, WAY_BYTES, Way};

pub(super) const TABLES: &str = "
CREATE TABLE IF NOT EXISTS film_agreement (
    first INTEGER NOT NULL,
    second INTEGER NOT NULL,
    way BLOB NOT NULL,
    standing INTEGER NOT NULL,
    median INTEGER NOT NULL,
    motion INTEGER NOT NULL,
    moments INTEGER NOT NULL,
    seal INTEGER NOT NULL,
    PRIMARY KEY (first, second, way)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS film_glimpses (
    film INTEGER PRIMARY KEY,
    seen BLOB NOT NULL,
    seal INTEGER NOT NULL
);
";

/// Bytes of one glimpse: its moment and its hash.
const GLIMPSE_BYTES: usize = 40;

/// Two films by their numbers, and how they were laid on each other. The same whichever of them is
/// named first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FilmPair {
    first: i64,
    second: i64,
    way: [u8; WAY_BYTES],
}

impl FilmPair {
    /// The first film laid on the second in this way.
    pub fn new(first: i64, second: i64, way: Way) -> Self {
        if first <= second {
            Self { first, second, way: way.to_bytes() }
        } else {
            Self { first: second, second: first, way: way.inverse().to_bytes() }
        }
    }

    fn seal(self, found: Agreement) -> i64 {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&version().to_le_bytes());
        hasher.update(&self.first.to_le_bytes()).update(&self.second.to_le_bytes());
        hasher.update(&self.way).update(format!("{found:?}").as_bytes());
        first_word(&hasher)
    }
}

impl TileStore {
    /// Keeps what was found of pairs of films. A film that is read again gets another number, so
    /// that this holds as long as both do.
    ///
    /// # Errors
    /// [`TileStoreError`]
    pub fn write_film_pairs(
        &mut self,
        pairs: &[(FilmPair, Agreement)],
    ) -> Result<(), TileStoreError> {
        self.attempt_mut(|store| {
            let transaction = store.connection.transaction()?;
            {
                let mut insert = transaction.prepare_cached(
                    "INSERT OR REPLACE INTO film_agreement
                     (first, second, way, standing, median, motion, moments, seal)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                )?;
                for &(pair, found) in pairs {
                    insert.execute(params![
                        pair.first,
                        pair.second,
                        pair.way,
                        found.standing as u8,
                        found.median.0,
                        found.motion,
                        found.moments,
                        pair.seal(found),
                    ])?;
                }
            }
            transaction.commit()
        })
    }

    /// What was found of all pairs.
    ///
    /// # Errors
    /// [`TileStoreError`]
    pub fn film_pairs(&self) -> Result<HashMap<FilmPair, Agreement>, TileStoreError> {
        self.attempt(|store| {
            let sql = "SELECT first, second, way, standing, median, motion, moments, seal
                       FROM film_agreement";
            let mut statement = store.connection.prepare(sql)?;
            let mut rows = statement.query([])?;
            let mut pairs = HashMap::new();
            while let Some(row) = rows.next()? {
                match read_pair(row) {
                    Ok(found) => pairs.extend(found),
                    Err(error) if is_of_value(&error) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(pairs)
        })
    }

    /// Keeps what the deep search saw of films, by their numbers, in the place of what is there.
    ///
    /// # Errors
    /// [`TileStoreError`]
    pub fn write_glimpses(&mut self, films: &[(i64, Vec<Glimpse>)]) -> Result<(), TileStoreError> {
        self.attempt_mut(|store| {
            let transaction = store.connection.transaction()?;
            {
                let mut insert = transaction.prepare_cached(
                    "INSERT OR REPLACE INTO film_glimpses (film, seen, seal) VALUES (?1, ?2, ?3)",
                )?;
                for (film, glimpses) in films {
                    let seen: Vec<u8> = glimpses.iter().copied().flat_map(to_bytes).collect();
                    insert.execute(params![film, seen, glimpses_seal(*film, &seen)])?;
                }
            }
            transaction.commit()
        })
    }

    /// What the deep search saw of a film, if it looked at it.
    ///
    /// # Errors
    /// [`TileStoreError`]
    pub fn glimpses(&self, film: i64) -> Result<Option<Vec<Glimpse>>, TileStoreError> {
        self.attempt(|store| {
            let sql = "SELECT seen, seal FROM film_glimpses WHERE film = ?1";
            let mut statement = store.connection.prepare_cached(sql)?;
            let mut rows = statement.query([film])?;
            let Some(row) = rows.next()? else { return Ok(None) };
            let read = row.get::<_, Vec<u8>>(0).and_then(|seen| Ok((seen, row.get::<_, i64>(1)?)));
            match read {
                Ok((seen, seal)) if seal == glimpses_seal(film, &seen) => {
                    Ok(Some(seen.as_chunks::<GLIMPSE_BYTES>().0.iter().map(from_bytes).collect()))
                }
                Ok(_) => Ok(None),
                Err(error) if is_of_value(&error) => Ok(None),
                Err(error) => Err(error),
            }
        })
    }
}

/// Removes what is known of films that have no row any more.
pub(super) fn prune(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "DELETE FROM film_agreement WHERE first NOT IN (SELECT id FROM film)
             OR second NOT IN (SELECT id FROM film);
         DELETE FROM film_glimpses WHERE film NOT IN (SELECT id FROM film);",
    )
}

fn read_pair(row: &Row<'_>) -> rusqlite::Result<Option<(FilmPair, Agreement)>> {
    let pair = FilmPair { first: row.get(0)?, second: row.get(1)?, way: row.get(2)? };
    let standing = FilmStanding::ALL.get(usize::from(row.get::<_, u8>(3)?));
    let Some(&standing) = standing else { return Ok(None) };
    let found = Agreement {
        standing,
        median: FineDistance(row.get(4)?),
        motion: row.get(5)?,
        moments: row.get(6)?,
    };
    Ok((row.get::<_, i64>(7)? == pair.seal(found)).then_some((pair, found)))
}

fn to_bytes(glimpse: Glimpse) -> [u8; GLIMPSE_BYTES] {
    let mut bytes = [0; GLIMPSE_BYTES];
    let (time, fine) = bytes.split_at_mut(8);
    time.copy_from_slice(&glimpse.time.to_le_bytes());
    fine.copy_from_slice(&glimpse.fine.to_bytes());
    bytes
}

fn from_bytes(&bytes: &[u8; GLIMPSE_BYTES]) -> Glimpse {
    let [a, b, c, d, e, f, g, h, fine @ ..] = bytes;
    Glimpse { time: i64::from_le_bytes([a, b, c, d, e, f, g, h]), fine: FineHash::from_bytes(fine) }
}

/// Other moments are other glimpses.
fn glimpses_seal(film: i64, seen: &[u8]) -> i64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&version().to_le_bytes());
    hasher.update(&EVERY.to_le_bytes()).update(&DENSE.to_le_bytes());
    hasher.update(&film.to_le_bytes()).update(seen);
    first_word(&hasher)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::media::Orientation;

    fn store() -> (tempfile::TempDir, TileStore) {
        let folder = tempfile::tempdir().unwrap();
        let store = TileStore::open(&folder.path().join("x-tiles")).unwrap();
        (folder, store)
    }

    #[test]
    fn pairs_are_kept_for_each_way() {
        let (_folder, mut store) = store();
        let turned = Way::turned(Orientation::Rotate90);
        let found = |motion| Agreement {
            standing: FilmStanding::Same,
            median: FineDistance(3),
            motion,
            moments: 8,
        };
        let pairs = [
            (FilmPair::new(4, 9, Way::UPRIGHT), found(950)),
            (FilmPair::new(9, 4, turned), found(990)),
        ];
        store.write_film_pairs(&pairs).unwrap();
        let known = store.film_pairs().unwrap();
        assert_eq!(known.len(), 2);
        assert_eq!(known.get(&FilmPair::new(9, 4, Way::UPRIGHT)), Some(&found(950)));
        let back = Way::turned(Orientation::Rotate270);
        assert_eq!(known.get(&FilmPair::new(4, 9, back)), Some(&found(990)));
        assert_eq!(known.get(&FilmPair::new(4, 9, turned)), None);
        // A row that was changed counts for nothing.
        store.connection.execute_batch("UPDATE film_agreement SET standing = 1").unwrap();
        assert!(store.film_pairs().unwrap().is_empty());
    }

    #[test]
    fn glimpses_are_kept() {
        let (_folder, mut store) = store();
        let glimpse = |time| Glimpse { time, fine: FineHash([time as u64, 2, 3, 4]) };
        let seen = [glimpse(-1), glimpse(200_000)];
        store.write_glimpses(&[(7, seen.to_vec()), (8, vec![])]).unwrap();
        assert_eq!(store.glimpses(7).unwrap().as_deref(), Some(seen.as_slice()));
        assert_eq!(store.glimpses(8).unwrap().as_deref(), Some([].as_slice()));
        assert_eq!(store.glimpses(9).unwrap(), None);
        store.connection.execute_batch("UPDATE film_glimpses SET film = 9 WHERE film = 7").unwrap();
        assert_eq!(store.glimpses(9).unwrap(), None);
        // Films that are gone.
        prune(&store.connection).unwrap();
        assert_eq!(store.glimpses(8).unwrap(), None);
    }
}
