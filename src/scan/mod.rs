//! From folders to hashed pictures: walk, ask the cache, decode what it does not know, hash, and
//! write what was learnt while still at it.

mod confirm;
pub mod damage;
pub mod films;
mod order;
mod pipeline;
mod reading;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use crate::catalogue::cache::{Cache, CacheError, CachedRow};
use crate::catalogue::tiles::{TileStore, TileStoreError};
use crate::decode::{DecodeOptions, TOO_LARGE};
use crate::files::drive::Drives;
use crate::files::walk::{WalkOptions, Walked, walk};
use crate::model::event::{Event, Phase, Progress};
use crate::model::extensions;
use crate::model::findings::DamagedPicture;
use crate::model::media::{Evidence, FileKey, FileStamp, MediaFile};
use crate::model::record::{ContentHash, Picture, Record, Skip, Stage, Unreadable};
use crate::picture::hasher::TileHasher;
use crate::picture::window::WindowSet;
pub use confirm::{Confirm, Confirmed, Confirming};
use films::FilmJob;
pub use films::FilmScan;
use order::Orders;
pub use order::ReadOrder;
use pipeline::{Hashed, ReadJob};
pub use reading::{ReadPicture, read_detail, read_picture};

/// Records are committed at the latest when so many wait.
const COMMIT_RECORDS: usize = 4096;

/// How to scan.
#[derive(Clone, Debug, Default)]
pub struct ScanOptions {
    /// Which files are read.
    pub walk: WalkOptions,
    /// How to read them.
    pub decode: DecodeOptions,
    /// In which order to read them.
    pub order: ReadOrder,
}

/// What a scan saw.
#[derive(Debug, Default)]
pub struct Scan {
    /// Pictures with their hashes, by path.
    pub pictures: Vec<Picture>,
    /// What could not be walked, read or decoded, by path.
    pub skipped: Vec<Skip>,
    /// Regular files that were found, pictures or not.
    pub files: u64,
    /// Files that are no pictures.
    pub not_pictures: u64,
    /// Films that may belong to Live Photos.
    pub films: Vec<PathBuf>,
    /// What was seen of films; nothing where they are files like others.
    pub videos: FilmScan,
    /// What interrupted runs left behind among them.
    pub unsettled: Vec<PathBuf>,
    /// Pictures that were decoded and hashed in this run.
    pub hashed: u64,
    /// Pictures that the cache knew.
    pub from_cache: u64,
    /// Why the cache stopped taking records, if it did; the run went on without it.
    pub cache_failure: Option<String>,
    /// The run was interrupted; what is here is a part.
    pub interrupted: bool,
}

/// Scans `roots`.
///
/// `cancel` is checked before each file; what was hashed until then is in the cache.
///
/// # Errors
/// When the cache cannot be read at all. Failing files are in [`Scan::skipped`].
pub fn scan(
    roots: &[PathBuf],
    options: &ScanOptions,
    cache: Option<&mut Cache>,
    hasher: &dyn TileHasher,
    progress: &dyn Progress,
    cancel: &AtomicBool,
) -> Result<Scan, CacheError> {
    progress.on(Event::StageStarted { stage: Phase::Walk, total: None });
    let walked = walk(roots, &options.walk, &|files| progress.on(Event::Found { files }), cancel);
    progress.on(Event::StageFinished { stage: Phase::Walk });
    scan_found(walked, options, cache, hasher, progress, cancel)
}

/// Scans what a walk found.
///
/// # Errors
/// As [`scan`].
pub fn scan_found(
    walked: Walked,
    &ScanOptions { decode: ref options, order, .. }: &ScanOptions,
    cache: Option<&mut Cache>,
    hasher: &dyn TileHasher,
    progress: &dyn Progress,
    cancel: &AtomicBool,
) -> Result<Scan, CacheError> {
    let mut known: Vec<_> = match &cache {
        Some(cache) => {
            progress.on(Event::StageStarted { stage: Phase::Lookup, total: None });
            let rows = cache.lookup(&walked.files)?;
            progress.on(Event::StageFinished { stage: Phase::Lookup });
            rows
        }
        None => walked.files.iter().map(|_| None).collect(),
    };
    // Another run may have had other limits: what they refused is tried again.
    for row in &mut known {
        row.take_if(|row| is_beyond_limits(&row.record));
    }
    let counts = |row: &Option<CachedRow>| row.as_ref().is_some_and(|row| !row.unconfirmed);
    let missing: Vec<usize> = (0..known.len()).filter(|&index| !counts(&known[index])).collect();

    progress.on(Event::StageStarted { stage: Phase::Hash, total: Some(missing.len() as u64) });
    let mut fresh: Vec<Fresh> = Vec::with_capacity(missing.len());
    let mut cache = cache;
    let mut writer = CacheWriter { cache: cache.as_deref_mut(), waiting: 0, failure: None };
    let files = &walked.files;
    let work = ReadJob { files, known: &known, options, progress, cancel };
    let orders = Orders::new(files, &missing, order, &Drives::default());
    pipeline::run(&work, orders, hasher, &mut |step| {
        let made = match step {
            pipeline::Step::Record(index, record, hashed) => {
                let content = hashed.as_ref().map(|hashed| hashed.content);
                Some(Fresh { index, record, content, hashed, confirmed: false })
            }
            pipeline::Step::Confirmed(index) => known[index].clone().map(|row| Fresh {
                index,
                record: row.record,
                content: row.content,
                hashed: None,
                confirmed: true,
            }),
            pipeline::Step::Tick => None,
        };
        match made {
            None => writer.commit(files, &mut fresh),
            Some(made) => {
                fresh.push(made);
                writer.waiting += 1;
                if writer.waiting >= COMMIT_RECORDS {
                    writer.commit(files, &mut fresh);
                }
            }
        }
    });
    writer.commit(files, &mut fresh);
    let cache_failure = writer.failure;
    progress.on(Event::StageFinished { stage: Phase::Hash });
    let found = (walked.files.len() + walked.videos.len()) as u64 + walked.other;
    let job = FilmJob { options, progress, cancel };
    let videos = films::scan(walked.videos, cache, job);

    let mut scan = Scan {
        files: found,
        not_pictures: walked.other,
        films: walked.films,
        unsettled: walked.unsettled,
        skipped: walked.skipped,
        cache_failure,
        interrupted: fresh.len() < missing.len() || videos.interrupted || walked.interrupted,
        videos,
        ..Scan::default()
    };
    fresh.sort_unstable_by_key(|fresh| fresh.index);
    let mut fresh = fresh.into_iter().peekable();
    for (index, file) in walked.files.into_iter().enumerate() {
        if let Some(made) = fresh.next_if(|fresh| fresh.index == index) {
            let record = within(options, made.record);
            let pictures = u64::from(matches!(record, Record::Picture(_)));
            *if made.confirmed { &mut scan.from_cache } else { &mut scan.hashed } += pictures;
            scan.add(file, record, made.content);
        } else if let Some(row) = known[index].take().filter(|row| !row.unconfirmed) {
            let record = within(options, row.record);
            scan.from_cache += u64::from(matches!(record, Record::Picture(_)));
            scan.add(file, record, row.content);
        }
    }
    scan.skipped.sort();
    Ok(scan)
}

/// What was learnt of a file in this run.
struct Fresh {
    /// Its place among the files.
    index: usize,
    record: Record,
    content: Option<ContentHash>,
    /// The tile, until it was written.
    hashed: Option<Hashed>,
    /// The record is the cache's, and the bytes are still those that it was made from.
    confirmed: bool,
}

impl Scan {
    /// Takes in pictures that are known from other caches. A row of a picture that was itself
    /// scanned is left out: no file is its own copy. `live` tells what is at a path now.
    ///
    /// Device and inode numbers of another cache mean nothing here: removable drives get the same
    /// numbers in turn. So two rows, or a row and a scanned file, are one file only when looking
    /// at both paths, or the identity of the volume, says so.
    pub fn add_known(
        &mut self,
        known: Vec<Picture>,
        live: &dyn Fn(&Path) -> Option<(FileStamp, Evidence)>,
    ) {
        if known.is_empty() {
            return;
        }
        let by_key: HashMap<FileKey, usize> =
            (0..).zip(&self.pictures).map(|(at, p)| (p.file.stamp.key, at)).collect();
        let by_path: HashMap<&Path, usize> =
            (0..).zip(&self.pictures).map(|(at, p)| (p.file.path.as_path(), at)).collect();
        let is_scanned = |picture: &Picture| {
            let file = &picture.file;
            if let Some(&at) = by_path.get(file.path.as_path()) {
                // An older state of that file, unless it lay on another volume.
                return !on_other_volumes(file, &self.pictures[at].file);
            }
            let Some(&at) = by_key.get(&file.stamp.key) else { return false };
            let scanned = &self.pictures[at].file;
            match live(&file.path) {
                Some((now, _)) => now.key == scanned.stamp.key,
                // Moved since, when all that a move leaves as it was is the same.
                None => {
                    file.stamp == scanned.stamp
                        && file.evidence.volume.is_some()
                        && file.evidence.volume == scanned.evidence.volume
                }
            }
        };
        let mut others: Vec<Picture> =
            known.into_iter().filter(|picture| !is_scanned(picture)).collect();
        for (picture, number) in others.iter_mut().zip(0..) {
            picture.file.stamp.key = FileKey { device: ELSEWHERE, inode: number };
        }
        self.pictures.append(&mut others);
        self.pictures.sort_by(|a, b| a.file.path.cmp(&b.file.path));
    }

    /// The damaged pictures and films among them, by path.
    pub fn damaged(&self) -> Vec<DamagedPicture> {
        let flawed = self.pictures.iter().filter_map(|picture| {
            let what = picture.record.flags.flaw()?.to_owned();
            Some(DamagedPicture { path: picture.file.path.clone(), what })
        });
        let mut damaged: Vec<DamagedPicture> = flawed.chain(self.videos.damaged()).collect();
        damaged.sort();
        damaged
    }

    /// Whether only another cache knows this picture.
    pub fn is_elsewhere(&self, picture: &Picture) -> bool {
        picture.file.stamp.key.device == ELSEWHERE
    }

    fn add(&mut self, file: MediaFile, record: Record, content: Option<ContentHash>) {
        match record {
            Record::Picture(record) => self.pictures.push(Picture { file, record, content }),
            Record::Unreadable(why) if is_no_concern(&file.path, &why) => self.not_pictures += 1,
            Record::Unreadable(why) => {
                self.skipped.push(Skip { path: file.path, stage: why.stage, reason: why.reason });
            }
        }
    }
}

/// The device number of pictures that only another cache knows. No system gives it away.
const ELSEWHERE: u64 = u64::MAX;

fn on_other_volumes(a: &MediaFile, b: &MediaFile) -> bool {
    matches!((a.evidence.volume, b.evidence.volume), (Some(a), Some(b)) if a != b)
}

/// The record as a run with these limits has it: a picture that the cache knows may have more
/// pixels than they allow.
fn within(options: &DecodeOptions, record: Record) -> Record {
    let dimensions = match &record {
        Record::Picture(picture) => picture.dimensions,
        Record::Unreadable(_) => return record,
    };
    match options.limits.admit(dimensions) {
        Ok(()) => record,
        Err(error) => {
            Record::Unreadable(Unreadable { stage: Stage::Decode, reason: error.to_string() })
        }
    }
}

/// Whether a file was refused for the limits of the run alone.
fn is_beyond_limits(record: &Record) -> bool {
    matches!(record, Record::Unreadable(why) if why.reason.starts_with(TOO_LARGE))
}

/// Whether a file neither is a picture nor claims to be one.
pub(crate) fn is_no_concern(path: &Path, why: &Unreadable) -> bool {
    why.stage == Stage::Identify && !extensions::names_a_picture(path)
}

fn write_tiles(store: &mut TileStore, hashed: Vec<Hashed>) -> Result<(), TileStoreError> {
    store.write(hashed.iter().map(|hashed| (hashed.content, &*hashed.tile, hashed.intact)))?;
    let mut rows = Vec::with_capacity(hashed.len());
    for Hashed { content, windows, .. } in hashed {
        rows.extend(store.id_of(content)?.map(|id| (id, windows)));
    }
    store.write_windows(WindowSet::Few, &rows)
}

/// Commits records in batches; the last `waiting` of those made so far are not committed yet.
struct CacheWriter<'a> {
    cache: Option<&'a mut Cache>,
    waiting: usize,
    failure: Option<String>,
}

impl CacheWriter<'_> {
    fn commit(&mut self, files: &[MediaFile], fresh: &mut [Fresh]) {
        let first = fresh.len() - self.waiting;
        self.waiting = 0;
        let batch = &mut fresh[first..];
        let hashed: Vec<Hashed> = batch.iter_mut().filter_map(|f| f.hashed.take()).collect();
        let Some(cache) = &mut self.cache else { return };
        if !hashed.is_empty() {
            // First the tiles: a row whose tile is missing has its file read again.
            let written = cache.tiles().and_then(|store| write_tiles(store, hashed));
            if let Err(error) = written {
                tracing::warn!("{error}");
            }
        }
        // A file that could not be opened may open tomorrow without having changed.
        let lasting = batch.iter().filter(
            |fresh| !matches!(&fresh.record, Record::Unreadable(why) if why.stage == Stage::Read),
        );
        let rows: Vec<_> =
            lasting.map(|fresh| (&files[fresh.index], &fresh.record, fresh.content)).collect();
        if rows.is_empty() {
            return;
        }
        if let Err(error) = cache.write_batch(&rows) {
            // Without the cache the run is slower next time, not wrong.
            self.failure = Some(error.to_string());
            self.cache = None;
        }
    }
}
