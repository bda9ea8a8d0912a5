//! The tiles of the pictures at hand, and what is remembered of their pairs.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::atomic::{self, AtomicBool};

use rayon::prelude::*;

use crate::catalogue::tiles::{
    PairRule, StoredPair, TileId, TileStore, TileStoreError, first_word,
};
use crate::decode::DecodeOptions;
use crate::dedupe::DedupeOptions;
use crate::dedupe::prover::{Earlier, Proven, Standing};
use crate::dedupe::tile_prover::TileSource;
use crate::model::event::{Event, Phase, Progress};
use crate::model::phash::HASH_VERSION;
use crate::model::record::{ContentHash, Picture};
use crate::picture::proof::PROOF_VERSION;
use crate::picture::tile::{DetailTile, StoredTile};
use crate::picture::window::WindowSet;
use crate::scan::{read_detail, read_picture};

/// Pictures are looked up one by one when they are fewer than this share of the tiles.
const LOOK_UP_TO_SHARE: usize = 8;
/// Files that are read at once for their tiles: 16 MiB of them.
const READ_AT_ONCE: usize = 1 << 12;

/// Names the way in which pairs are found and judged.
pub fn pair_rule(options: &DedupeOptions) -> PairRule {
    let mut hasher = blake3::Hasher::new();
    let policy = options.policy;
    for number in [
        PROOF_VERSION,
        HASH_VERSION,
        policy.radius.0,
        policy.fine_radius.0,
        u32::from(options.fine_only),
        u32::from(options.any_orientation),
    ] {
        hasher.update(&number.to_le_bytes());
    }
    PairRule(first_word(&hasher))
}

/// How files are read whose tiles are missing.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// Memory and pixel bounds.
    pub options: &'a DecodeOptions,
    /// Receives an event for each file.
    pub progress: &'a dyn Progress,
    /// Checked before each file: stops when set.
    pub cancel: &'a AtomicBool,
}

impl fmt::Debug for Reading<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading").field("options", self.options).finish_non_exhaustive()
    }
}

/// Gives tiles out of the store, and makes those that are missing.
#[derive(Debug)]
pub struct LibraryTiles<'a> {
    pictures: &'a [Picture],
    store: &'a mut TileStore,
    /// Those of other caches: what they have need not be read again, or cannot be.
    others: &'a mut [TileStore],
    reading: Reading<'a>,
    rule: PairRule,
    ids: Vec<Option<TileId>>,
    /// Pictures that have no tile: their files cannot be read any more, or have changed.
    missing: HashSet<u32>,
    known: HashMap<(TileId, TileId), Proven>,
    fresh: HashMap<(TileId, TileId), Proven>,
    /// Tiles of which every pair was looked for in this run.
    compared: Option<Vec<TileId>>,
    /// The set of an earlier run that this one takes the place of.
    replaced: Option<i64>,
    /// What went wrong first.
    failure: Option<TileStoreError>,
}

impl<'a> LibraryTiles<'a> {
    /// Of these pictures, out of this store and of those of other caches; what was found by the
    /// same rule is known again.
    ///
    /// # Errors
    /// [`TileStoreError`]
    pub fn new(
        pictures: &'a [Picture],
        store: &'a mut TileStore,
        others: &'a mut [TileStore],
        reading: Reading<'a>,
        rule: PairRule,
    ) -> Result<Self, TileStoreError> {
        let tiles = store.last_id()?.map_or(0, |id| id.0 as usize);
        let contents = pictures.iter().map(|picture| picture.content);
        let ids = if pictures.len().saturating_mul(LOOK_UP_TO_SHARE) < tiles {
            let id = |content: Option<ContentHash>| match content {
                Some(content) => store.id_of(content),
                None => Ok(None),
            };
            contents.map(id).collect::<Result<_, _>>()?
        } else {
            let ids = store.ids()?;
            contents.map(|content| ids.get(&content?).copied()).collect()
        };
        let mut known = HashMap::new();
        for pair in store.pairs(rule)? {
            if let Some(proven) = Proven::from_bytes(pair.verdict) {
                known.insert((pair.first, pair.second), proven);
            }
        }
        Ok(Self {
            pictures,
            store,
            others,
            reading,
            rule,
            ids,
            missing: HashSet::new(),
            known,
            fresh: HashMap::new(),
            compared: None,
            replaced: None,
            failure: None,
        })
    }

    /// Writes what was found in this run.
    ///
    /// # Errors
    /// [`TileStoreError`]: the first thing that went wrong in this run.
    pub fn finish(self) -> Result<(), TileStoreError> {
        let mut pairs: Vec<StoredPair> = self
            .fresh
            .into_iter()
            .map(|((first, second), proven)| StoredPair {
                first,
                second,
                verdict: proven.to_bytes(),
            })
            .collect();
        pairs.sort_unstable();
        if !pairs.is_empty() {
            self.store.write_pairs(self.rule, &pairs)?;
        }
        if let Some(tiles) = self.compared.filter(|_| self.failure.is_none()) {
            self.store.set_compared(self.rule, &tiles, self.replaced)?;
        }
        self.failure.map_or(Ok(()), Err)
    }

    /// The ids of a pair, the smaller first, and whether they are the other way round.
    fn pair(&self, first: u32, second: u32) -> Option<((TileId, TileId), bool)> {
        let (a, b) = (self.ids[first as usize]?, self.ids[second as usize]?);
        Some(((a.min(b), a.max(b)), a > b))
    }

    fn note(&mut self, result: Result<(), TileStoreError>) {
        if let Err(error) = result {
            self.failure.get_or_insert(error);
        }
    }

    /// Takes tiles over from other caches; gives the pictures of which they have none.
    fn borrow(&mut self, wanted: Vec<u32>, take: &mut dyn FnMut(u32, StoredTile)) -> Vec<u32> {
        if self.others.is_empty() {
            return wanted;
        }
        let mut left = Vec::new();
        for picture in wanted {
            let content = self.pictures[picture as usize].content;
            let found = content.and_then(|content| {
                let mut tile = None;
                for other in self.others.iter() {
                    if let Ok(Some(id)) = other.id_of(content) {
                        // One that cannot be read is none.
                        let _ = other.each(&[id], &mut |_, stored| tile = Some(stored));
                    }
                }
                Some((content, tile?))
            });
            let Some((content, tile)) = found else {
                left.push(picture);
                continue;
            };
            let written = self.store.write([(content, &tile.cells, tile.intact)]);
            self.note(written);
            self.ids[picture as usize] = self.store.id_of(content).ok().flatten();
            take(picture, tile);
        }
        left
    }

    /// Reads files whose tiles are not there.
    fn make(&mut self, wanted: &[u32], take: &mut dyn FnMut(u32, StoredTile)) {
        if wanted.is_empty() {
            return;
        }
        let Reading { options, progress, cancel } = self.reading;
        let total = Some(wanted.len() as u64);
        progress.on(Event::StageStarted { stage: Phase::Hash, total });
        for wanted in wanted.chunks(READ_AT_ONCE) {
            let pictures = self.pictures;
            let read: Vec<(u32, Option<(ContentHash, StoredTile)>)> = wanted
                .par_iter()
                .with_max_len(1)
                .filter(|_| !cancel.load(atomic::Ordering::Relaxed))
                .map(|&index| {
                    let picture = &pictures[index as usize];
                    let made = read_tile(picture, options);
                    let bytes = picture.file.stamp.size.0;
                    progress.on(Event::Advanced { stage: Phase::Hash, items: 1, bytes });
                    (index, made)
                })
                .collect();
            let made = read.iter().filter_map(|(_, made)| made.as_ref());
            let tiles = made.map(|(content, tile)| (*content, &tile.cells, tile.intact));
            let written = self.store.write(tiles);
            self.note(written);
            for (index, made) in read {
                let Some((content, tile)) = made else {
                    self.missing.insert(index);
                    continue;
                };
                self.ids[index as usize] = self.store.id_of(content).ok().flatten();
                take(index, tile);
            }
        }
        progress.on(Event::StageFinished { stage: Phase::Hash });
    }
}

/// The tile of a file, and the hash of its bytes.
fn read_tile(picture: &Picture, options: &DecodeOptions) -> Option<(ContentHash, StoredTile)> {
    let read = read_picture(&picture.file.path, options).ok()?;
    // A file that has changed shows something else than its row says.
    let is_as_known = picture.content.is_none_or(|content| content == read.content);
    let (cells, intact) = (*read.tiles.fine, read.tiles.intact);
    is_as_known.then_some((read.content, StoredTile { cells, intact }))
}

impl TileSource for LibraryTiles<'_> {
    fn each(&mut self, pictures: &[u32], take: &mut dyn FnMut(u32, StoredTile)) {
        let mut stored: Vec<(TileId, u32)> = Vec::with_capacity(pictures.len());
        let mut unknown = Vec::new();
        for &picture in pictures.iter().filter(|picture| !self.missing.contains(picture)) {
            match self.ids[picture as usize] {
                Some(id) => stored.push((id, picture)),
                None => unknown.push(picture),
            }
        }
        stored.sort_unstable();
        let mut wanted: Vec<TileId> = stored.iter().map(|(id, _)| *id).collect();
        wanted.dedup();
        let mut read: Vec<TileId> = Vec::with_capacity(wanted.len());
        let result = self.store.each(&wanted, &mut |id, tile| {
            read.push(id);
            let from = stored.partition_point(|(other, _)| *other < id);
            for &(_, picture) in stored[from..].iter().take_while(|(other, _)| *other == id) {
                take(picture, tile.clone());
            }
        });
        self.note(result);
        // Damaged tiles are made again, and stay as they are in the store.
        let is_damaged = |id: &TileId| read.binary_search(id).is_err();
        unknown.extend(stored.iter().filter(|(id, _)| is_damaged(id)).map(|(_, picture)| *picture));
        let unknown = self.borrow(unknown, take);
        self.make(&unknown, take);
    }

    fn windows(&mut self, pictures: &[u32], set: WindowSet, take: &mut dyn FnMut(usize, &[u64])) {
        let id = |picture: u32| self.ids[picture as usize];
        let mut places: Vec<(TileId, usize)> = (0..)
            .zip(pictures)
            .filter_map(|(place, &picture)| Some((id(picture)?, place)))
            .collect();
        places.sort_unstable();
        let mut wanted: Vec<TileId> = places.iter().map(|(id, _)| *id).collect();
        wanted.dedup();
        let mut rest = places.iter().peekable();
        let read = self.store.windows_of(set, &wanted, &mut |id, row| {
            while rest.next_if(|(other, _)| *other < id).is_some() {}
            while let Some((_, place)) = rest.next_if(|(other, _)| *other == id) {
                take(*place, row);
            }
        });
        self.note(read);
    }

    fn keep_windows(&mut self, set: WindowSet, rows: Vec<(u32, Vec<u64>)>) {
        let id = |picture: u32| self.ids[picture as usize];
        let rows = rows.into_iter().filter_map(|(picture, row)| Some((id(picture)?, row)));
        let rows: Vec<(TileId, Vec<u64>)> = rows.collect();
        let written = self.store.write_windows(set, &rows);
        self.note(written);
    }

    fn earlier(&mut self, pictures: &[u32]) -> Earlier {
        let sets = match self.store.compared(self.rule) {
            Ok(sets) => sets,
            Err(error) => {
                self.note(Err(error));
                return Earlier::default();
            }
        };
        let mut by_id: HashMap<TileId, Vec<u32>> = HashMap::with_capacity(pictures.len());
        for &picture in pictures {
            if let Some(id) = self.ids[picture as usize] {
                by_id.entry(id).or_default().push(picture);
            }
        }
        let shared = |tiles: &[TileId]| tiles.iter().filter(|id| by_id.contains_key(id)).count();
        let best = sets.into_iter().map(|(number, tiles)| (shared(&tiles), number, tiles)).max();
        let Some((shared, number, tiles)) = best.filter(|(shared, ..)| *shared > 0) else {
            return Earlier::default();
        };
        // A set of which little is left is another library's.
        self.replaced = (shared * 2 >= tiles.len()).then_some(number);
        let compared: HashSet<TileId> = tiles.into_iter().collect();
        let mut pairs = Vec::new();
        for (&(a, b), &proven) in &self.known {
            if proven.standing == Standing::Different
                || !compared.contains(&a)
                || !compared.contains(&b)
            {
                continue;
            }
            for &first in by_id.get(&a).into_iter().flatten() {
                for &second in by_id.get(&b).into_iter().flatten() {
                    match first.cmp(&second) {
                        Ordering::Less => pairs.push((first, second, proven)),
                        Ordering::Greater => pairs.push((second, first, proven.inverse())),
                        Ordering::Equal => {}
                    }
                }
            }
        }
        pairs.sort_unstable_by_key(|&(first, second, _)| (first, second));
        pairs.dedup_by_key(|&mut (first, second, _)| (first, second));
        // Files of the same bytes have one tile. Of those that came since only one was compared.
        let mut seen: HashSet<TileId> = HashSet::new();
        let was_compared = |&picture: &u32| {
            self.ids[picture as usize].is_some_and(|id| {
                let is_first = seen.insert(id);
                compared.contains(&id) && (is_first || self.known.contains_key(&(id, id)))
            })
        };
        Earlier { compared: pictures.iter().copied().filter(was_compared).collect(), pairs }
    }

    fn note_compared(&mut self, pictures: &[u32]) {
        let mut tiles: Vec<TileId> =
            pictures.iter().filter_map(|&picture| self.ids[picture as usize]).collect();
        tiles.sort_unstable();
        tiles.dedup();
        self.compared = Some(tiles);
    }

    fn recall(&mut self, first: u32, second: u32) -> Option<Proven> {
        let (pair, reversed) = self.pair(first, second)?;
        let proven = *self.known.get(&pair)?;
        Some(if reversed { proven.inverse() } else { proven })
    }

    fn remember(&mut self, found: &[(u32, u32, Proven)]) {
        for &(first, second, proven) in found {
            let Some((pair, reversed)) = self.pair(first, second) else { continue };
            let proven = if reversed { proven.inverse() } else { proven };
            let best = self.known.entry(pair).or_insert(proven);
            if proven.is_better_than(best) {
                *best = proven;
            }
            let best = *best;
            self.fresh.insert(pair, best);
        }
    }
}

/// The detail of a picture whose file still has the bytes that its row was made from.
pub fn detail_of(picture: &Picture, options: &DecodeOptions) -> Option<DetailTile> {
    read_detail(&picture.file.path, picture.content, options)
}
