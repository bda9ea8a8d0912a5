//! "Do I have this picture already?": the cached pictures that are near a needle, found without
//! touching their files.

mod error;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::catalogue::cache::{Cache, CacheError, Packed};
use crate::catalogue::tiles::{TileId, TileStore};
use crate::index::{self, fine};
use crate::model::findings::Likeness;
use crate::model::media::{Dimensions, Orientation};
use crate::model::phash::{
    Distance, FineDistance, FineHash, Nearness, PerceptualHash, PictureHash, Side, View,
};
use crate::model::policy::{Policy, QUALITY_FLOOR};
use crate::model::record::KnownPicture;
use crate::picture::tile::StoredTile;
pub use error::SimilarError;

/// A picture that is searched by, with its tile: then parts are found too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeedleTile {
    /// Where it lies.
    pub path: PathBuf,
    /// Its hashes.
    pub hash: PictureHash,
    /// Its dimensions as shown.
    pub dimensions: Dimensions,
    /// The tile as shown.
    pub tile: StoredTile,
}

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Needle {
    /// A picture, hashed; it can be looked for turned.
    Picture(PictureHash),
    /// A picture with its tile.
    Shown(Arc<NeedleTile>),
    /// A 64-bit hash alone: found by it, whatever the 256-bit hashes say.
    Perceptual(PerceptualHash),
    /// A 256-bit hash alone.
    Fine(FineHash),
}

/// Which of the cached pictures are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchMode {
    /// All within the radii.
    Within(Policy),
    /// The nearest, by the 256-bit hash, or by the 64-bit one for a needle that has no other.
    Nearest(usize),
}

/// How to look.
#[derive(Clone, Debug)]
pub struct SimilarOptions {
    /// How many, or how near.
    pub wanted: SearchMode,
    /// Turned and mirrored ones too.
    pub any_orientation: bool,
    /// Only pictures in these folders, given as absolute paths; empty: all.
    pub within: Vec<PathBuf>,
    /// Absolute paths that are no answer: the needles themselves.
    pub except: Vec<PathBuf>,
}

impl SimilarOptions {
    /// Searches all cached pictures, as they are turned.
    pub fn new(wanted: SearchMode) -> Self {
        Self { wanted, any_orientation: false, within: Vec::new(), except: Vec::new() }
    }
}

/// A cached picture that is near.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Similar {
    /// What the cache knows of it.
    pub picture: KnownPicture,
    /// Bits that the 64-bit hashes differ by, if the needle has one.
    pub distance: Option<Distance>,
    /// Bits that the 256-bit hashes differ by, if the needle has one.
    pub fine_distance: Option<FineDistance>,
    /// What turns the needle into it.
    pub orientation: Orientation,
    /// What both have in common, where that was proven; the needle stands for the keeper.
    pub likeness: Option<Likeness>,
}

impl Needle {
    /// The hashes of a picture.
    pub fn picture(&self) -> Option<&PictureHash> {
        match self {
            Self::Picture(hash) => Some(hash),
            Self::Shown(shown) => Some(&shown.hash),
            Self::Perceptual(_) | Self::Fine(_) => None,
        }
    }
}

/// A cache that is asked, with its hashes side by side.
#[derive(Debug)]
pub struct Searcher<'a> {
    cache: &'a Cache,
    packed: Packed,
    /// All 256-bit hashes, once they were needed.
    fine: Option<Vec<FineHash>>,
    /// All paths, likewise.
    paths: Option<Vec<PathBuf>>,
}

/// The nearest way of looking at each position that was brought up.
#[derive(Default)]
struct Best(BTreeMap<u32, Nearness>);

impl Best {
    fn offer(&mut self, position: u32, place: Nearness) {
        self.0.entry(position).and_modify(|known| *known = place.min(*known)).or_insert(place);
    }
}

impl<'a> Searcher<'a> {
    /// Of what the cache holds now.
    ///
    /// # Errors
    /// [`CacheError`]
    pub fn new(cache: &'a Cache) -> Result<Self, CacheError> {
        Ok(Self { cache, packed: cache.packed()?, fine: None, paths: None })
    }

    /// How many pictures are asked.
    pub fn len(&self) -> usize {
        self.packed.hashes().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All 256-bit hashes, in the order of the pictures.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn fine(&mut self) -> io::Result<&[FineHash]> {
        if self.fine.is_none() {
            self.fine = Some(self.packed.fine()?);
        }
        Ok(self.fine.as_deref().unwrap_or_default())
    }

    /// The pictures near a needle, the nearest first, then by path.
    ///
    /// # Errors
    /// [`SimilarError`]
    pub fn similar(
        &mut self,
        needle: &Needle,
        options: &SimilarOptions,
    ) -> Result<Vec<Similar>, SimilarError> {
        if is_flat(needle) {
            return Err(SimilarError::Flat);
        }
        match options.wanted {
            SearchMode::Within(policy) => {
                let places = self.within(needle, options, policy)?;
                self.answer(needle, options, places, usize::MAX)
            }
            SearchMode::Nearest(count) => {
                // Those that are no answer are found too: ask for more until enough are left.
                let mut asked = count.saturating_add(options.except.len());
                loop {
                    let places = self.nearest(needle, options, asked)?;
                    let exhausted = places.len() < asked;
                    let found = self.answer(needle, options, places, count)?;
                    if found.len() == count || exhausted {
                        return Ok(found);
                    }
                    asked = asked.saturating_mul(8);
                }
            }
        }
    }

    /// The same for positions that another index brought up.
    ///
    /// # Errors
    /// [`SimilarError`]
    pub fn at_positions(
        &mut self,
        needle: &Needle,
        options: &SimilarOptions,
        positions: impl Iterator<Item = (u32, Orientation)>,
        count: usize,
    ) -> Result<Vec<Similar>, SimilarError> {
        if is_flat(needle) {
            return Err(SimilarError::Flat);
        }
        let mut best = Best::default();
        for (position, orientation) in positions {
            let place = match needle {
                Needle::Shown(_) | Needle::Picture(_) => {
                    let Some(hash) = needle.picture() else { continue };
                    let other = self.hash_of(position, options)?;
                    hash.nearest(&other, Orientation::turns(options.any_orientation), |_, _| true)
                }
                Needle::Fine(fine) => {
                    let fine_distance = fine.distance(self.packed.fine_of(position)?);
                    Some(Nearness { fine_distance, distance: Distance(0), orientation })
                }
                Needle::Perceptual(_) => None,
            };
            place.into_iter().for_each(|place| best.offer(position, place));
        }
        self.answer(needle, options, best.0.into_iter().collect(), count)
    }

    /// The paths of pictures whose upright hashes are within both radii of a view.
    ///
    /// # Errors
    /// [`SimilarError`]
    pub fn near(
        &self,
        view: View,
        radius: u32,
        fine_radius: u32,
    ) -> Result<Vec<PathBuf>, SimilarError> {
        let mut paths = Vec::new();
        for near in index::query(self.packed.hashes(), 1, radius).within(view.phash, radius) {
            if self.packed.fine_of(near.position)?.distance(view.fine).0 <= fine_radius {
                paths.push(self.packed.path_of(near.position)?);
            }
        }
        Ok(paths)
    }

    /// What the cache knows of the picture at a path.
    ///
    /// # Errors
    /// [`SimilarError`]
    pub fn picture_at(&self, path: &Path) -> Result<Option<KnownPicture>, SimilarError> {
        Ok(self.cache.picture_at(path)?)
    }

    /// Whether a picture is an answer: it lies in the folders asked for, and is no needle itself.
    pub fn is_answer(&self, path: &Path, options: &SimilarOptions) -> bool {
        let plain = without_dots(path);
        let wanted = options.within.is_empty()
            || options.within.iter().any(|folder| plain.starts_with(without_dots(folder)));
        wanted && !options.except.iter().any(|other| without_dots(other) == plain)
    }

    /// The paths of all pictures that have a tile, by that.
    ///
    /// # Errors
    /// [`SimilarError`]
    pub fn paths_by_tile(
        &self,
        tiles: &TileStore,
    ) -> Result<BTreeMap<TileId, Vec<PathBuf>>, SimilarError> {
        let ids = tiles.ids()?;
        let mut paths: BTreeMap<TileId, Vec<PathBuf>> = BTreeMap::new();
        self.cache.each_content(&mut |path, content| {
            if let Some(&id) = ids.get(&content) {
                paths.entry(id).or_default().push(path);
            }
        })?;
        Ok(paths)
    }

    /// The hashes of a picture, as far as they are asked for.
    fn hash_of(&self, position: u32, options: &SimilarOptions) -> io::Result<PictureHash> {
        let mut hash = PictureHash::default();
        let [upright, turned @ ..] = &mut hash.views;
        upright.phash = self.packed.hashes()[position as usize];
        upright.fine = self.packed.fine_of(position)?;
        if options.any_orientation {
            *turned = self.packed.turned_of(position)?;
        }
        Ok(hash)
    }

    fn within(
        &mut self,
        needle: &Needle,
        options: &SimilarOptions,
        policy: Policy,
    ) -> Result<Vec<(u32, Nearness)>, SimilarError> {
        let mut best = Best::default();
        match needle {
            Needle::Shown(_) | Needle::Picture(_) => {
                let Some(hash) = needle.picture() else { return Ok(Vec::new()) };
                let mut candidates = BTreeSet::new();
                for (view, sides) in by_view(hash, options) {
                    let hashes = self.packed.hashes_of_view(view)?;
                    let query = index::query(&hashes, sides.len(), policy.radius.0);
                    for side in sides {
                        let near = query.within(side.needle.phash, policy.radius.0);
                        candidates.extend(near.into_iter().map(|near| near.position));
                    }
                }
                for position in candidates {
                    let other = self.hash_of(position, options)?;
                    let near = hash.nearest(
                        &other,
                        Orientation::turns(options.any_orientation),
                        |distance, fine| distance <= policy.radius && fine <= policy.fine_radius,
                    );
                    near.into_iter().for_each(|place| best.offer(position, place));
                }
            }
            Needle::Perceptual(hash) => {
                let query = index::query(self.packed.hashes(), 1, policy.radius.0);
                for near in query.within(*hash, policy.radius.0) {
                    best.offer(near.position, upright(0_u32, near.distance));
                }
            }
            Needle::Fine(hash) => {
                let near = fine::within(*hash, self.fine()?, policy.fine_radius.0);
                for found in near {
                    best.offer(found.position, upright(found.distance, 0_u32));
                }
            }
        }
        Ok(best.0.into_iter().collect())
    }

    fn nearest(
        &mut self,
        needle: &Needle,
        options: &SimilarOptions,
        count: usize,
    ) -> Result<Vec<(u32, Nearness)>, SimilarError> {
        let mut best = Best::default();
        match needle {
            Needle::Perceptual(hash) => {
                let query = index::query(self.packed.hashes(), 1, 64);
                for near in query.nearest(*hash, count, 64) {
                    best.offer(near.position, upright(0_u32, near.distance));
                }
            }
            Needle::Fine(hash) => {
                for near in fine::nearest(*hash, self.fine()?, count) {
                    best.offer(near.position, upright(near.distance, 0_u32));
                }
            }
            Needle::Shown(_) | Needle::Picture(_) => {
                let Some(hash) = needle.picture() else { return Ok(Vec::new()) };
                // The nearest of all are among the nearest of one side.
                let mut candidates = BTreeSet::new();
                for (view, sides) in by_view(hash, options) {
                    let turned =
                        if view == 0 { Vec::new() } else { self.packed.fine_of_view(view)? };
                    let hashes = if view == 0 { self.fine()? } else { &turned };
                    for side in sides {
                        let near = fine::nearest(side.needle.fine, hashes, count);
                        candidates.extend(near.into_iter().map(|near| near.position));
                    }
                }
                for position in candidates {
                    let other = self.hash_of(position, options)?;
                    let place = hash.nearest(
                        &other,
                        Orientation::turns(options.any_orientation),
                        |_, _| true,
                    );
                    place.into_iter().for_each(|place| best.offer(position, place));
                }
            }
        }
        let mut places: Vec<_> = best.0.into_iter().collect();
        places.sort_unstable_by_key(|&(position, place)| (place, position));
        places.truncate(count);
        Ok(places)
    }

    /// Looks up the rows, nearest first, and leaves out what is not asked for.
    fn answer(
        &mut self,
        needle: &Needle,
        options: &SimilarOptions,
        mut places: Vec<(u32, Nearness)>,
        count: usize,
    ) -> Result<Vec<Similar>, SimilarError> {
        // Positions are in the order of the paths.
        places.sort_unstable_by_key(|&(position, place)| (place, position));
        let mut found = Vec::new();
        for (position, Nearness { fine_distance, distance, orientation }) in places {
            if found.len() == count {
                break;
            }
            let path = match &self.paths {
                Some(paths) => paths[position as usize].clone(),
                None => self.packed.path_of(position)?,
            };
            if !self.is_answer(&path, options) {
                continue;
            }
            let Some(picture) = self.cache.picture_at(&path)? else { continue };
            found.push(Similar {
                picture,
                distance: (!matches!(needle, Needle::Fine(_))).then_some(distance),
                fine_distance: (!matches!(needle, Needle::Perceptual(_))).then_some(fine_distance),
                orientation,
                likeness: None,
            });
        }
        Ok(found)
    }
}

/// The path with `a/..` taken out: as people mean it, though a link at `a` may lead elsewhere.
fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    plain
}

fn is_flat(needle: &Needle) -> bool {
    needle.picture().is_some_and(|hash| hash.quality < QUALITY_FLOOR)
}

/// What a picture's views are compared with, by the other's view that they stand against.
fn by_view(hash: &PictureHash, options: &SimilarOptions) -> BTreeMap<usize, Vec<Side>> {
    let mut sides: BTreeMap<usize, Vec<Side>> = BTreeMap::new();
    for side in hash.sides(Orientation::turns(options.any_orientation)) {
        sides.entry(side.view).or_default().push(side);
    }
    sides
}

fn upright(fine_distance: impl Into<u32>, distance: impl Into<u32>) -> Nearness {
    Nearness {
        fine_distance: FineDistance(fine_distance.into()),
        distance: Distance(distance.into()),
        orientation: Orientation::Upright,
    }
}
