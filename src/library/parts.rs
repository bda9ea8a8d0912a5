//! Asking for pictures that show a part of a needle, or of which it shows a part.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use rayon::prelude::*;

use super::tiles::detail_of;
use crate::catalogue::similar::{NeedleTile, Searcher, SimilarError, SimilarOptions};
use crate::catalogue::tiles::{TileId, TileStore};
use crate::decode::DecodeOptions;
use crate::dedupe::proofs::{MANY_FINE_RADIUS, WINDOW_RADIUS};
use crate::dedupe::prover::{Candidate, Proven, Prover, Standing};
use crate::dedupe::tile_prover::{TileProver, TileSource};
use crate::model::findings::Likeness;
use crate::model::media::{
    Bytes, Evidence, FileKey, FileStamp, Format, MediaFile, Metadata, ModifiedNs, Orientation,
};
use crate::model::phash::PictureHash;
use crate::model::record::{KnownPicture, Picture, PictureRecord};
use crate::picture::dct::hash_tile;
use crate::picture::part::Part;
use crate::picture::proof::{Start, Whose};
use crate::picture::tile::StoredTile;
use crate::picture::window::{WindowHasher, WindowSet, phash_in};

/// Fewer library pictures than this have their windows hashed where that was not done before.
const HASHED_AT_ONCE: usize = 50_000;

/// How a picture of the library stands to a needle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Judged {
    /// What both have in common, the needle being the keeper.
    pub likeness: Likeness,
    /// What turns the needle into it.
    pub orientation: Orientation,
}

/// What may show the same as the needle: by path, what turns the needle into it, and the windows.
type Candidates = BTreeMap<(PathBuf, Orientation), Vec<Start>>;

/// Proves `near` and what the windows of the needle find; where nothing of that shows the same, what
/// the windows of the library find too. That takes longer: a second a million pictures.
pub(super) fn judge(
    searcher: &mut Searcher<'_>,
    tiles: &mut TileStore,
    needle: &NeedleTile,
    near: &[(KnownPicture, Orientation)],
    options: &SimilarOptions,
    decode: &DecodeOptions,
) -> Result<Vec<(KnownPicture, Judged)>, SimilarError> {
    let turns = Orientation::turns(options.any_orientation);
    let mut candidates = Candidates::new();
    by_needle(searcher, needle, turns, &mut candidates)?;
    for (picture, orientation) in near {
        candidates.entry((picture.path.clone(), *orientation)).or_default();
    }
    let judged = prove(searcher, tiles, needle, candidates, options, decode)?;
    if !judged.is_empty() {
        return Ok(judged);
    }
    let mut candidates = Candidates::new();
    by_library(searcher, tiles, needle, turns, &mut candidates)?;
    prove(searcher, tiles, needle, candidates, options, decode)
}

/// Those of the candidates that show the same as the needle.
fn prove(
    searcher: &Searcher<'_>,
    tiles: &mut TileStore,
    needle: &NeedleTile,
    candidates: Candidates,
    options: &SimilarOptions,
    decode: &DecodeOptions,
) -> Result<Vec<(KnownPicture, Judged)>, SimilarError> {
    // The needle is the first picture.
    let mut pictures = vec![needle_picture(needle)];
    let mut known: Vec<KnownPicture> = Vec::new();
    let mut places: HashMap<PathBuf, Option<u32>> = HashMap::new();
    let mut pairs = Vec::new();
    for ((path, orientation), mut starts) in candidates {
        if !searcher.is_answer(&path, options) {
            continue;
        }
        let place = match places.get(&path) {
            Some(&place) => place,
            None => {
                let place = searcher.picture_at(&path)?.map(|picture| {
                    pictures.push(library_picture(&picture));
                    known.push(picture);
                    known.len() as u32
                });
                *places.entry(path).or_insert(place)
            }
        };
        let Some(second) = place else { continue };
        starts.sort_unstable();
        starts.dedup();
        pairs.push(Candidate { first: 0, second, orientation, starts });
    }
    let ids: Vec<Option<TileId>> =
        pictures.iter().map(|picture| tiles.id_of(picture.content?).ok().flatten()).collect();
    let mut source = NeedleTiles { needle, tiles, ids };
    let detail = |picture: &Picture| detail_of(picture, decode);
    let never = AtomicBool::new(false);
    let proven = TileProver::new(&pictures, &mut source, &detail, &never).prove(&pairs);
    let mut best: BTreeMap<u32, Proven> = BTreeMap::new();
    for (pair, proven) in pairs.iter().zip(proven) {
        if proven.standing == Standing::Same {
            let known = best.entry(pair.second).or_insert(proven);
            if proven.per_cent > known.per_cent {
                *known = proven;
            }
        }
    }
    let judged = best.into_iter().filter_map(|(second, proven)| {
        let judged = Judged { likeness: proven.likeness()?, orientation: proven.orientation };
        Some((known.get(second as usize - 1)?.clone(), judged))
    });
    Ok(judged.collect())
}

/// Whole pictures of the library that are near a window of the needle.
fn by_needle(
    searcher: &mut Searcher<'_>,
    needle: &NeedleTile,
    turns: &[Orientation],
    candidates: &mut Candidates,
) -> Result<(), SimilarError> {
    let mut hasher = WindowHasher::new(&needle.tile.cells);
    for window in WindowSet::Many.windows() {
        let hash: PictureHash = hash_tile(&hasher.tile(window));
        for &orientation in turns {
            let view = hash.oriented(orientation);
            for path in searcher.near(view, WINDOW_RADIUS, MANY_FINE_RADIUS)? {
                let part = Part::from(window).oriented(orientation);
                let start = Start { whose: Whose::First, part };
                candidates.entry((path, orientation)).or_default().push(start);
            }
        }
    }
    Ok(())
}

/// Pictures of the library of which a window is near the whole needle.
fn by_library(
    searcher: &mut Searcher<'_>,
    tiles: &TileStore,
    needle: &NeedleTile,
    turns: &[Orientation],
    candidates: &mut Candidates,
) -> Result<(), SimilarError> {
    // The many windows of an aggressive run, where there was one.
    let mut hashed: BTreeMap<TileId, Vec<u64>> = BTreeMap::new();
    let mut set = WindowSet::Many;
    for wanted in [WindowSet::Many, WindowSet::Few] {
        set = wanted;
        // The fine hashes of few windows are not needed: the proof decides.
        let windows = wanted.kept().len();
        tiles.each_windows(wanted, &mut |id, row| {
            hashed.insert(id, row[..windows].to_vec());
        })?;
        if !hashed.is_empty() {
            break;
        }
    }
    let by_id = searcher.paths_by_tile(tiles)?;
    if by_id.len() <= HASHED_AT_ONCE {
        let missing: Vec<TileId> =
            by_id.keys().copied().filter(|id| !hashed.contains_key(id)).collect();
        let mut read: Vec<(TileId, StoredTile)> = Vec::new();
        for missing in missing.chunks(1 << 12) {
            read.clear();
            tiles.each(missing, &mut |id, tile| read.push((id, tile)))?;
            let made: Vec<(TileId, Vec<u64>)> =
                read.par_iter().map(|(id, tile)| (*id, set.row(&tile.cells))).collect();
            hashed.extend(made);
        }
    }
    let windows = set.windows();
    for &orientation in turns {
        // A window of a picture shows the needle as it is turned.
        let view = needle.hash.oriented(orientation).phash;
        for (id, hashes) in &hashed {
            let Some(paths) = by_id.get(id) else { continue };
            for (number, &window) in windows.iter().enumerate().skip(1) {
                let hash = phash_in(hashes, number);
                if hash.is_some_and(|hash| hash.distance(view).0 <= WINDOW_RADIUS) {
                    let start = Start { whose: Whose::Second, part: Part::from(window) };
                    for path in paths {
                        let key = (path.clone(), orientation);
                        candidates.entry(key).or_default().push(start);
                    }
                }
            }
        }
    }
    Ok(())
}

fn needle_picture(needle: &NeedleTile) -> Picture {
    let file = MediaFile {
        path: needle.path.clone(),
        stamp: FileStamp {
            key: FileKey { device: 0, inode: 0 },
            size: Bytes(0),
            modified: ModifiedNs(0),
        },
        evidence: Evidence::default(),
        root: 0,
    };
    let record = PictureRecord {
        format: Format::Jpeg,
        dimensions: needle.dimensions,
        hash: needle.hash,
        metadata: Metadata::default(),
        flags: Default::default(),
        provenance: None,
    };
    Picture { file, record, content: None }
}

fn library_picture(known: &KnownPicture) -> Picture {
    let file = MediaFile {
        path: known.path.clone(),
        stamp: known.stamp,
        evidence: known.evidence,
        root: 0,
    };
    Picture { file, record: known.record.clone(), content: known.content }
}

/// The tiles of the needle, which is the first picture, and of the library.
struct NeedleTiles<'a> {
    needle: &'a NeedleTile,
    // Not shared: the connection may only be used by one thread at a time.
    tiles: &'a mut TileStore,
    ids: Vec<Option<TileId>>,
}

impl TileSource for NeedleTiles<'_> {
    fn each(&mut self, pictures: &[u32], take: &mut dyn FnMut(u32, StoredTile)) {
        let mut by_id: BTreeMap<TileId, Vec<u32>> = BTreeMap::new();
        for &picture in pictures {
            match self.ids[picture as usize] {
                _ if picture == 0 => take(0, self.needle.tile.clone()),
                Some(id) => by_id.entry(id).or_default().push(picture),
                None => {}
            }
        }
        let ids: Vec<TileId> = by_id.keys().copied().collect();
        let read = self.tiles.each(&ids, &mut |id, tile| {
            for &picture in by_id.get(&id).into_iter().flatten() {
                take(picture, tile.clone());
            }
        });
        if let Err(error) = read {
            tracing::warn!("{error}");
        }
    }
}
