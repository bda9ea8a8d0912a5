//! From folders to hashed pictures: walk, ask the cache, decode what it does not know, hash, and
//! write what was learnt while still at it.

mod pipeline;
mod reading;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use crate::cache::{Cache, CacheError, CachedRow};
use crate::decode::DecodeOptions;
use crate::event::{Event, Phase, Progress};
use crate::extensions;
use crate::hash::TileHasher;
use crate::media::{FileKey, FileStamp, MediaFile};
use crate::record::{ContentHash, Picture, Record, Skip, Stage, Unreadable};
use crate::walk::{WalkOptions, walk};
use pipeline::Work;
pub use reading::read_picture;

/// Records are committed at the latest when so many wait.
const COMMIT_RECORDS: usize = 4096;

/// How to scan.
#[derive(Clone, Debug, Default)]
pub struct ScanOptions {
    /// Which files.
    pub walk: WalkOptions,
    /// How to read them.
    pub decode: DecodeOptions,
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
    /// Those among them that may be the films of Live Photos.
    pub films: Vec<PathBuf>,
    /// What killed runs left among them.
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
/// `cancel` is looked at before each file; what was hashed until then is in the cache.
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

    let mut known: Vec<_> = match &cache {
        Some(cache) => {
            progress.on(Event::StageStarted { stage: Phase::Lookup, total: None });
            let rows = cache.lookup(&walked.files)?;
            progress.on(Event::StageFinished { stage: Phase::Lookup });
            rows
        }
        None => walked.files.iter().map(|_| None).collect(),
    };
    let missing: Vec<usize> = (0..known.len()).filter(|&index| known[index].is_none()).collect();

    progress.on(Event::StageStarted { stage: Phase::Hash, total: Some(missing.len() as u64) });
    let mut fresh: Vec<(usize, Record)> = Vec::with_capacity(missing.len());
    let mut writer = Writer { cache, waiting: 0, failure: None };
    let work = Work { files: &walked.files, options: &options.decode, progress, cancel };
    pipeline::run(&work, &missing, hasher, &mut |step| match step {
        pipeline::Step::Record(index, record) => {
            fresh.push((index, record));
            writer.waiting += 1;
            if writer.waiting >= COMMIT_RECORDS {
                writer.commit(&walked.files, &fresh);
            }
        }
        pipeline::Step::Tick => writer.commit(&walked.files, &fresh),
    });
    writer.commit(&walked.files, &fresh);
    writer.rewrite_moved(&walked.files, &known);
    let cache_failure = writer.failure;
    progress.on(Event::StageFinished { stage: Phase::Hash });

    let mut scan = Scan {
        files: walked.files.len() as u64 + walked.other,
        not_pictures: walked.other,
        films: walked.films,
        unsettled: walked.unsettled,
        skipped: walked.skipped,
        cache_failure,
        interrupted: fresh.len() < missing.len() || walked.interrupted,
        ..Scan::default()
    };
    fresh.sort_unstable_by_key(|(index, _)| *index);
    let mut fresh = fresh.into_iter().peekable();
    for (index, file) in walked.files.into_iter().enumerate() {
        if let Some(row) = known[index].take() {
            scan.from_cache += u64::from(matches!(row.record, Record::Picture(_)));
            scan.add(file, row.record, row.content);
        } else if let Some((_, record)) = fresh.next_if(|(fresh, _)| *fresh == index) {
            scan.hashed += u64::from(matches!(record, Record::Picture(_)));
            scan.add(file, record, None);
        }
    }
    scan.skipped.sort();
    Ok(scan)
}

impl Scan {
    /// Takes in pictures that are known from elsewhere. One that was itself scanned is left out:
    /// the same file, or the same path, is not its own copy.
    pub fn add_known(&mut self, known: Vec<Picture>) {
        if known.is_empty() {
            return;
        }
        let seen: HashSet<(FileKey, FileStamp)> =
            self.pictures.iter().map(|p| (p.file.stamp.key, p.file.stamp)).collect();
        let paths: HashSet<PathBuf> = self.pictures.iter().map(|p| p.file.path.clone()).collect();
        self.pictures.extend(known.into_iter().filter(|picture| {
            let stamp = picture.file.stamp;
            !seen.contains(&(stamp.key, stamp)) && !paths.contains(&picture.file.path)
        }));
        self.pictures.sort_by(|a, b| a.file.path.cmp(&b.file.path));
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

/// Whether a file neither is a picture nor claims to be one.
fn is_no_concern(path: &Path, why: &Unreadable) -> bool {
    why.stage == Stage::Identify && !extensions::names_a_picture(path)
}

/// Commits records in batches; the last `waiting` of those made so far are not committed yet.
struct Writer<'a> {
    cache: Option<&'a mut Cache>,
    waiting: usize,
    failure: Option<String>,
}

impl Writer<'_> {
    /// Rows that were found by inode get a row under their new path, with all that is known.
    fn rewrite_moved(&mut self, files: &[MediaFile], known: &[Option<CachedRow>]) {
        let Some(cache) = &mut self.cache else { return };
        let moved: Vec<_> = files
            .iter()
            .zip(known)
            .filter_map(|(file, row)| row.as_ref().filter(|row| row.moved).map(|row| (file, row)))
            .collect();
        if moved.is_empty() {
            return;
        }
        let rows: Vec<_> = moved.iter().map(|(file, row)| (*file, &row.record)).collect();
        let contents: Vec<_> =
            moved.iter().filter_map(|(file, row)| Some((*file, row.content?))).collect();
        let written = cache.write_batch(&rows).and_then(|()| cache.write_contents(&contents));
        if let Err(error) = written {
            self.failure = Some(error.to_string());
        }
    }

    fn commit(&mut self, files: &[MediaFile], fresh: &[(usize, Record)]) {
        let batch = &fresh[fresh.len() - self.waiting..];
        self.waiting = 0;
        let Some(cache) = &mut self.cache else { return };
        // A file that could not be opened may open tomorrow without having changed.
        let lasting = batch.iter().filter(
            |(_, record)| !matches!(record, Record::Unreadable(why) if why.stage == Stage::Read),
        );
        let rows: Vec<_> = lasting.map(|(index, record)| (&files[*index], record)).collect();
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
