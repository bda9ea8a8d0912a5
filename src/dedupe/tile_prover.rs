//! Proves pairs by their tiles, and remembers what it found.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::prover::{Candidate, Earlier, Proven, Prover, Standing};
use crate::model::media::{Dimensions, Orientation};
use crate::model::phash::{PerceptualHash, Quality, View};
use crate::model::policy::QUALITY_FLOOR;
use crate::model::record::Picture;
use crate::picture::part::Part;
use crate::picture::proof::{
    self, Aligner, Alignment, CpuAligner, Detailed, Prepared, Proof, Shown, TilePair, Verdict,
};
use crate::picture::tile::{DetailTile, FineTile, StoredTile};
use crate::picture::window::{
    BatchWindowHasher, CpuWindowHasher, Window, WindowSet, phash_in, view_in,
};

/// Tiles in memory at once: 128 MiB.
const MOST_TILES: usize = 1 << 15;
/// Windows whose hashes are in memory at once: 48 bytes each, 168 with the turned ones.
const MOST_WINDOWS: usize = 1 << 19;
/// Pairs that are looked at together: what is known of them takes 25 KiB each.
const MOST_PAIRS: usize = 1 << 13;
/// Pairs whose details are in memory at once: two tiles of 64 KiB each.
const MOST_DETAILS: usize = 512;

/// Gives tiles, and keeps what was found. Unless it says otherwise, nothing is known from before,
/// and nothing is kept.
pub trait TileSource: Send {
    /// Hands on the tiles of pictures, given by ascending index; in any order, and without those
    /// that have none.
    fn each(&mut self, pictures: &[u32], take: &mut dyn FnMut(u32, StoredTile));

    /// Hands on the kept rows of window hashes ([`WindowSet::row`]) of pictures, each with the place
    /// of its picture; in any order, and without those that have none.
    fn windows(&mut self, _: &[u32], _: WindowSet, _take: &mut dyn FnMut(usize, &[u64])) {}

    /// Keeps rows of window hashes.
    fn keep_windows(&mut self, _: WindowSet, _rows: Vec<(u32, Vec<u64>)>) {}

    /// What earlier runs found among pictures.
    fn earlier(&mut self, _pictures: &[u32]) -> Earlier {
        Earlier::default()
    }

    /// Takes note that every pair among pictures was looked for.
    fn note_compared(&mut self, _pictures: &[u32]) {}

    /// What is known of a pair, the smaller index first.
    fn recall(&mut self, _first: u32, _second: u32) -> Option<Proven> {
        None
    }

    /// Keeps what was found.
    fn remember(&mut self, _found: &[(u32, u32, Proven)]) {}
}

/// Decodes the detail of a picture; `None` where its file cannot be read.
pub type ReadDetail<'a> = dyn Fn(&Picture) -> Option<DetailTile> + Sync + 'a;

/// Proves pairs by their tiles.
pub struct TileProver<'a> {
    pictures: &'a [Picture],
    source: Mutex<&'a mut dyn TileSource>,
    detail: &'a ReadDetail<'a>,
    windows: &'a dyn BatchWindowHasher,
    /// Set to stop: what is not proven by then counts as different, and is not remembered.
    cancel: &'a AtomicBool,
    aligner: &'a dyn Aligner,
    /// Pictures of pairs of which nothing lasting was found, as a file could not be read.
    unsettled: Mutex<HashSet<u32>>,
}

impl<'a> TileProver<'a> {
    /// Of these pictures.
    pub fn new(
        pictures: &'a [Picture],
        source: &'a mut dyn TileSource,
        detail: &'a ReadDetail<'a>,
        cancel: &'a AtomicBool,
    ) -> Self {
        Self {
            pictures,
            source: Mutex::new(source),
            detail,
            windows: &CpuWindowHasher,
            cancel,
            aligner: &CpuAligner,
            unsettled: Mutex::default(),
        }
    }

    /// The same with its tiles laid over each other by `aligner`.
    #[must_use]
    pub fn with_aligner(self, aligner: &'a dyn Aligner) -> Self {
        Self { aligner, ..self }
    }

    /// The same with another hasher of windows than the CPU.
    #[must_use]
    pub fn with_windows(self, windows: &'a dyn BatchWindowHasher) -> Self {
        Self { windows, ..self }
    }

    fn source(&self) -> std::sync::MutexGuard<'_, &'a mut dyn TileSource> {
        self.source.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }

    /// The tiles of these pictures, ascending, in groups of bounded size.
    fn tiles(&self, pictures: &[u32]) -> HashMap<u32, StoredTile> {
        let mut tiles = HashMap::with_capacity(pictures.len());
        self.source().each(pictures, &mut |picture, tile| {
            tiles.insert(picture, tile);
        });
        tiles
    }

    /// The rows of window hashes of pictures, each with the place of its picture. Those that are not
    /// kept yet are made, and kept.
    fn each_row(&self, pictures: &[u32], set: WindowSet, take: &mut dyn FnMut(usize, &[u64])) {
        let mut is_missing = vec![true; pictures.len()];
        self.source().windows(pictures, set, &mut |place, row| {
            is_missing[place] = false;
            take(place, row);
        });
        let places = pictures.iter().copied().zip(0..);
        let missing = places.filter(|&(_, place)| is_missing[place]).collect();
        let windows = set.kept();
        self.each_hashed(
            missing,
            windows.len(),
            |tiles| {
                let hashed = self.windows.upright(tiles, &windows);
                hashed.par_chunks(windows.len()).map(|hashed| set.row_of(hashed)).collect()
            },
            |made| {
                for (_, place, row) in &made {
                    take(*place, row);
                }
                let rows = made.into_iter().map(|(picture, _, row)| (picture, row)).collect();
                self.source().keep_windows(set, rows);
            },
        );
    }

    /// Hashes so many windows of the tiles of pictures, each given with its place, and hands the
    /// results, one for each tile, on in groups of bounded size; stops when cancelled.
    fn each_hashed<T>(
        &self,
        mut places: Vec<(u32, usize)>,
        windows: usize,
        hash: impl Fn(&[&FineTile]) -> Vec<T>,
        mut take: impl FnMut(Vec<(u32, usize, T)>),
    ) {
        // A class is named by any of its pictures: not in the order of the index.
        places.sort_unstable();
        for places in places.chunks(MOST_TILES / 4) {
            let indices: Vec<u32> = places.iter().map(|(picture, _)| *picture).collect();
            let tiles = if self.is_cancelled() { break } else { self.tiles(&indices) };
            let seen = |&(picture, place): &(u32, usize)| {
                Some((picture, place, &tiles.get(&picture)?.cells))
            };
            let seen: Vec<(u32, usize, &FineTile)> = places.iter().filter_map(seen).collect();
            for part in seen.chunks((MOST_WINDOWS / windows.max(1)).max(1)) {
                if self.is_cancelled() {
                    break;
                }
                let cells: Vec<&FineTile> = part.iter().map(|(.., cells)| *cells).collect();
                let hashed = part.iter().zip(hash(&cells));
                take(hashed.map(|(&(picture, place, _), hash)| (picture, place, hash)).collect());
            }
        }
    }

    /// Height and width as shown, after a turn.
    fn pixels(&self, picture: u32, orientation: Orientation) -> (u32, u32) {
        let shown = self.pictures[picture as usize].record.dimensions;
        let Dimensions { width, height } = orientation.shown(shown);
        (height, width)
    }

    /// What the tiles say of some pairs.
    fn prove_tiles(
        &self,
        candidates: &[&Candidate],
        tiles: &HashMap<u32, StoredTile>,
    ) -> Vec<Seen> {
        let (mut laid, mut pairs) = (LaidTiles::default(), Vec::new());
        let asked: Vec<Asked> = candidates
            .iter()
            .map(|candidate| self.ask(candidate, tiles, &mut laid, &mut pairs))
            .collect();
        let alignments = self.aligner.align(&laid.tiles(), &pairs);
        asked
            .into_par_iter()
            .zip(candidates)
            .map(|(asked, candidate)| match asked {
                Asked::Answered(seen) => seen,
                Asked::Laid { pair, intact } => match alignments.get(pair).copied().flatten() {
                    Some(alignment) => {
                        self.judge(candidate, &pairs[pair], intact, alignment, &laid)
                    }
                    None => Seen::Refused,
                },
            })
            .collect()
    }

    /// What has to be laid over each other for a candidate.
    fn ask<'t>(
        &self,
        candidate: &Candidate,
        tiles: &'t HashMap<u32, StoredTile>,
        laid: &mut LaidTiles<'t>,
        pairs: &mut Vec<TilePair>,
    ) -> Asked {
        let content = |index: u32| self.pictures[index as usize].content;
        let (a, b) = (content(candidate.first), content(candidate.second));
        let orientation = candidate.orientation;
        if a.is_some() && a == b && orientation == Orientation::Upright {
            // The same bytes need no proof.
            let same = Proven::by_hashes(Orientation::Upright);
            return Asked::Answered(Seen::Proven(Proven { per_cent: Some(100), ..same }));
        }
        let stored = (tiles.get(&candidate.first), tiles.get(&candidate.second));
        let (Some(first), Some(second)) = stored else { return Asked::Answered(Seen::Unseen) };
        // What was not read of a damaged picture is left out of both.
        let Some(intact) = both(first.intact.oriented(orientation), second.intact) else {
            return Asked::Answered(Seen::Unseen);
        };
        pairs.push(TilePair {
            first: laid.number(candidate.first, &first.cells, orientation, intact),
            second: laid.number(candidate.second, &second.cells, Orientation::Upright, intact),
            starts: if intact.is_whole() { candidate.starts.clone() } else { Vec::new() },
        });
        Asked::Laid { pair: pairs.len() - 1, intact }
    }

    /// What the best alignment of a pair says.
    fn judge(
        &self,
        candidate: &Candidate,
        pair: &TilePair,
        intact: Part,
        alignment: Alignment,
        laid: &LaidTiles<'_>,
    ) -> Seen {
        let orientation = candidate.orientation;
        let first_pixels = scaled(self.pixels(candidate.first, orientation), intact);
        let second_pixels = scaled(self.pixels(candidate.second, Orientation::Upright), intact);
        if !proof::agrees(&alignment, first_pixels, second_pixels) {
            return Seen::Refused;
        }
        let shown =
            |number: u32, pixels| Shown { prepared: Prepared::new(laid.tile(number)), pixels };
        let first = shown(pair.first, first_pixels);
        let second = shown(pair.second, second_pixels);
        match proof::judge(alignment, &first, &second) {
            Proof::Refused => Seen::Refused,
            Proof::Accepted(alignment) => {
                Seen::Proven(proven(Standing::Same, orientation, &alignment, &first, &second))
            }
            Proof::DetailNeeded(alignment) if intact.is_whole() => {
                Seen::DetailNeeded(Box::new((alignment, first, second)))
            }
            // Of the missing part there is no detail.
            Proof::DetailNeeded(alignment) => {
                let standing = match proof::is_plain(&first, &second) {
                    true => Standing::Alike,
                    false => Standing::Same,
                };
                Seen::Proven(proven(standing, orientation, &alignment, &first, &second))
            }
        }
    }

    /// Settles the pairs that need more detail.
    fn settle(&self, candidates: &[&Candidate], seen: Vec<Seen>) -> Vec<Proven> {
        let waiting: Vec<usize> =
            (0..seen.len()).filter(|&at| matches!(seen[at], Seen::DetailNeeded(_))).collect();
        let mut settled: HashMap<usize, Proven> = HashMap::new();
        for waiting in waiting.chunks(MOST_DETAILS) {
            let mut pictures: Vec<u32> = waiting
                .iter()
                .flat_map(|&at| [candidates[at].first, candidates[at].second])
                .collect();
            pictures.sort_unstable();
            pictures.dedup();
            let details: HashMap<u32, DetailTile> = pictures
                .into_par_iter()
                .with_max_len(1)
                .filter_map(|index| {
                    let detail = (self.detail)(&self.pictures[index as usize])?;
                    Some((index, detail))
                })
                .collect();
            let found: Vec<(usize, Proven)> = waiting
                .par_iter()
                .filter_map(|&at| {
                    let Seen::DetailNeeded(seen) = &seen[at] else { return None };
                    let (alignment, first, second) = &**seen;
                    Some((at, settle_pair(candidates[at], alignment, first, second, &details)))
                })
                .collect();
            settled.extend(found);
        }
        seen.into_iter()
            .enumerate()
            .map(|(at, seen)| {
                let orientation = candidates[at].orientation;
                match seen {
                    Seen::Proven(proven) => proven,
                    Seen::Refused => Proven::different(orientation),
                    Seen::DetailNeeded(_) => {
                        settled.remove(&at).unwrap_or_else(|| Proven::different(orientation))
                    }
                    // Without a tile nothing is proven.
                    Seen::Unseen => {
                        Proven { standing: Standing::Alike, ..Proven::by_hashes(orientation) }
                    }
                }
            })
            .collect()
    }
}

/// What the tiles of a pair say.
enum Seen {
    Proven(Proven),
    Refused,
    DetailNeeded(Box<(Alignment, Shown, Shown)>),
    /// One of them has no tile.
    Unseen,
}

/// What is asked of a pair.
enum Asked {
    /// Nothing: it is known.
    Answered(Seen),
    /// How its tiles lie on each other, as far as both pictures are intact: the number among the
    /// pairs.
    Laid { pair: usize, intact: Part },
}

/// The tiles of a batch, as they are laid over each other: turned, and without what is missing of
/// damaged pictures.
#[derive(Default)]
struct LaidTiles<'t> {
    tiles: Vec<Cow<'t, FineTile>>,
    numbers: HashMap<(u32, Orientation, Part), u32>,
}

impl<'t> LaidTiles<'t> {
    /// The number of the tile of a picture.
    fn number(
        &mut self,
        picture: u32,
        cells: &'t FineTile,
        orientation: Orientation,
        intact: Part,
    ) -> u32 {
        let tiles = &mut self.tiles;
        *self.numbers.entry((picture, orientation, intact)).or_insert_with(|| {
            let turned = match orientation {
                Orientation::Upright => Cow::Borrowed(cells),
                other => Cow::Owned(cells.oriented(other)),
            };
            tiles.push(match intact.is_whole() {
                true => turned,
                false => Cow::Owned(Prepared::region(&turned, intact)),
            });
            tiles.len() as u32 - 1
        })
    }

    fn tile(&self, number: u32) -> &FineTile {
        &self.tiles[number as usize]
    }

    fn tiles(&self) -> Vec<&FineTile> {
        self.tiles.iter().map(|tile| &**tile).collect()
    }
}

fn settle_pair(
    candidate: &Candidate,
    alignment: &Alignment,
    first: &Shown,
    second: &Shown,
    details: &HashMap<u32, DetailTile>,
) -> Proven {
    let orientation = candidate.orientation;
    let whose = alignment.whose;
    let tiles = details.get(&candidate.first).zip(details.get(&candidate.second));
    let turned = tiles.map(|(a, b)| (a.oriented(orientation), b));
    let detailed = turned.as_ref().map(|(a, b)| {
        let a = Detailed { tile: a, pixels: first.pixels };
        let b = Detailed { tile: b, pixels: second.pixels };
        (whose.of(a, b), whose.of(b, a))
    });
    let found = detailed.map(|(of, other)| proof::differences(of, other, alignment.part));
    let mut verdict = proof::settle(*alignment, first, second, found);
    if let (Verdict::Shots(_), Some((of, other)), Some(differences)) = (verdict, detailed, found) {
        let (part, differences) = proof::refined(of, other, alignment.part, differences);
        let alignment = Alignment { part, ..*alignment };
        verdict = proof::settle(alignment, first, second, Some(differences));
    }
    let (standing, alignment) = match verdict {
        Verdict::Same(alignment) => (Standing::Same, alignment),
        Verdict::Shots(alignment) => (Standing::Shots, alignment),
        Verdict::Alike(alignment) if found.is_none() => {
            // Not for good: the files may be readable another time.
            let alike = proven(Standing::Alike, orientation, &alignment, first, second);
            return Proven { per_cent: None, ..alike };
        }
        Verdict::Alike(alignment) => (Standing::Alike, alignment),
        Verdict::Different => return Proven::different(orientation),
    };
    proven(standing, orientation, &alignment, first, second)
}

fn proven(
    standing: Standing,
    orientation: Orientation,
    alignment: &Alignment,
    first: &Shown,
    second: &Shown,
) -> Proven {
    let Alignment { whose, part, .. } = *alignment;
    let of = whose.of(first, second);
    Proven {
        standing,
        orientation,
        per_cent: Some(alignment.likeness()),
        whose,
        part,
        surroundings: proof::surroundings(&of.prepared, part),
    }
}

/// What both parts have in common, if that is worth looking at.
fn both(a: Part, b: Part) -> Option<Part> {
    let part = Part {
        top: a.top.max(b.top),
        left: a.left.max(b.left),
        bottom: a.bottom.min(b.bottom),
        right: a.right.min(b.right),
    };
    let enough = |from: u32, to: u32| to >= from + Part::SIDE / 3;
    (enough(part.top, part.bottom) && enough(part.left, part.right)).then_some(part)
}

fn scaled((height, width): (u32, u32), part: Part) -> (u32, u32) {
    let (part_height, part_width) = part.sides();
    let scale = |pixels: u32, part: u32| {
        ((u64::from(pixels) * u64::from(part)) / u64::from(Part::SIDE)).max(1) as u32
    };
    (scale(height, part_height), scale(width, part_width))
}

impl Prover for TileProver<'_> {
    fn sees_tiles(&self) -> bool {
        true
    }

    fn views(
        &self,
        pictures: &[u32],
        windows: &[Window],
        orientation: Orientation,
    ) -> Vec<Vec<Option<View>>> {
        let mut views = vec![vec![None; pictures.len()]; windows.len()];
        let kept = WindowSet::Few.kept();
        let number = |window| kept.iter().position(|kept| kept == window);
        let numbers: Option<Vec<usize>> = windows.iter().map(number).collect();
        if let Some(numbers) = numbers.filter(|_| orientation == Orientation::Upright) {
            self.each_row(pictures, WindowSet::Few, &mut |place, row| {
                for (views, &number) in views.iter_mut().zip(&numbers) {
                    views[place] = view_in(row, number);
                }
            });
            return views;
        }
        if windows.is_empty() {
            return views;
        }
        let places = pictures.iter().copied().zip(0..).collect();
        let shown = |view: View, quality: Quality| (quality >= QUALITY_FLOOR).then_some(view);
        let hash = |tiles: &[&FineTile]| -> Vec<Vec<Option<View>>> {
            let views: Vec<Option<View>> = if orientation == Orientation::Upright {
                let hashed = self.windows.upright(tiles, windows).into_iter();
                hashed.map(|(view, quality)| shown(view, quality)).collect()
            } else {
                let hashed = self.windows.turned(tiles, windows).into_iter();
                hashed.map(|hash| shown(hash.oriented(orientation), hash.quality)).collect()
            };
            views.chunks(windows.len()).map(<[_]>::to_vec).collect()
        };
        self.each_hashed(places, windows.len(), hash, |hashed| {
            for (_, place, hashed) in hashed {
                for (views, view) in views.iter_mut().zip(hashed) {
                    views[place] = view;
                }
            }
        });
        views
    }

    fn window_hashes(&self, pictures: &[u32], set: WindowSet) -> Vec<Vec<Option<PerceptualHash>>> {
        let mut hashes = vec![Vec::new(); pictures.len()];
        let windows = set.kept().len();
        self.each_row(pictures, set, &mut |place, row| {
            hashes[place] = (0..windows).map(|number| phash_in(row, number)).collect();
        });
        hashes
    }

    fn earlier(&self, pictures: &[u32]) -> Earlier {
        self.source().earlier(pictures)
    }

    fn note_compared(&self, pictures: &[u32]) {
        if self.is_cancelled() {
            return;
        }
        let unsettled = self.unsettled.lock().unwrap_or_else(PoisonError::into_inner);
        let settled = pictures.iter().copied().filter(|picture| !unsettled.contains(picture));
        let settled: Vec<u32> = settled.collect();
        self.source().note_compared(&settled);
    }

    fn prove(&self, candidates: &[Candidate]) -> Vec<Proven> {
        let mut found: Vec<Option<Proven>> = {
            let mut source = self.source();
            candidates
                .iter()
                .map(|candidate| {
                    let known = source.recall(candidate.first, candidate.second)?;
                    (known.orientation == candidate.orientation).then_some(known)
                })
                .collect()
        };
        let mut left: Vec<usize> =
            (0..candidates.len()).filter(|&at| found[at].is_none()).collect();
        // Neighbours in the library are mostly in one block, so that a tile is read few times.
        let block = |picture: u32| picture / (MOST_TILES as u32 / 4);
        left.sort_by_key(|&at| {
            let Candidate { first, second, .. } = candidates[at];
            (block(first), block(second), first, second)
        });
        let mut rest = &left[..];
        while !rest.is_empty() && !self.is_cancelled() {
            let mut pictures: BTreeSet<u32> = BTreeSet::new();
            let mut end = 0;
            while end < rest.len().min(MOST_PAIRS) && pictures.len() < MOST_TILES {
                let Candidate { first, second, .. } = candidates[rest[end]];
                pictures.extend([first, second]);
                end += 1;
            }
            let (chunk, later) = rest.split_at(end);
            rest = later;
            let indices: Vec<u32> = pictures.into_iter().collect();
            let tiles = self.tiles(&indices);
            let pairs: Vec<&Candidate> = chunk.iter().map(|&at| &candidates[at]).collect();
            let seen = self.prove_tiles(&pairs, &tiles);
            let proven = self.settle(&pairs, seen);
            let mut lasting: Vec<(u32, u32, Proven)> = Vec::with_capacity(pairs.len());
            for (pair, proven) in pairs.iter().zip(&proven) {
                if proven.per_cent.is_some() || proven.standing == Standing::Different {
                    lasting.push((pair.first, pair.second, *proven));
                } else {
                    let unsettled = self.unsettled.lock();
                    let mut unsettled = unsettled.unwrap_or_else(PoisonError::into_inner);
                    unsettled.extend([pair.first, pair.second]);
                }
            }
            self.source().remember(&lasting);
            for (&at, proven) in chunk.iter().zip(proven) {
                found[at] = Some(proven);
            }
        }
        let different = |at: usize| Proven::different(candidates[at].orientation);
        found.into_iter().enumerate().map(|(at, f)| f.unwrap_or_else(|| different(at))).collect()
    }
}
