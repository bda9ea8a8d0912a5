//! One film after the other: what is stored about it, and the frames by which it is found. What is
//! learnt goes beside the cache on the way.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::bounded;
use rayon::prelude::*;

use crate::catalogue::cache::Cache;
use crate::catalogue::tiles::KnownFilm;
use crate::container::ReadAt;
use crate::container::film::{self, FilmError, FilmTrack};
use crate::decode::film::{FrameBudget, frame_at};
use crate::decode::{DecodeError, DecodeOptions, sniff_film};
use crate::files::content::FileSource;
use crate::metadata;
use crate::metadata::capture::{DateSource, Moment};
use crate::model::event::{Event, Phase, Progress};
use crate::model::film::FilmFacts;
use crate::model::findings::{DamagedPicture, FilmCounts, Skipped};
use crate::model::media::{CaptureTime, Dimensions, Format, MediaFile};
use crate::model::record::{Skip, Stage, Unreadable};
use crate::video::{Film, FilmRecord, Fingerprint, Frame, PROBES};

/// Films are written beside the cache at the latest when so many wait: one may have cost seconds.
const WRITE_FILMS: usize = 16;

/// What a scan saw of films.
#[derive(Debug, Default)]
pub struct FilmScan {
    /// The films, by path, those that are compared by their bytes alone among them.
    pub films: Vec<KnownFilm>,
    /// Those that could not be read.
    pub skipped: Vec<Skip>,
    /// Films that were decoded in this run.
    pub hashed: u64,
    /// Films that were known.
    pub from_cache: u64,
    /// The run was interrupted; what is here is a part.
    pub interrupted: bool,
}

impl FilmScan {
    /// What was counted.
    pub fn counts(&self) -> FilmCounts {
        FilmCounts {
            films: self.films.len() as u64,
            hashed: self.hashed,
            from_cache: self.from_cache,
            by_bytes: self.undecoded().count() as u64,
        }
    }

    /// Films that are compared by nothing but their bytes, and why.
    pub fn undecoded(&self) -> impl Iterator<Item = Skipped> {
        self.films.iter().filter_map(|known| {
            let reason = known.film.record.undecoded.clone()?;
            let path = known.film.file.path.clone();
            Some(Skipped { path, stage: Stage::Decode, reason })
        })
    }

    /// Films of which the end is missing.
    pub fn damaged(&self) -> impl Iterator<Item = DamagedPicture> {
        let cut = self.films.iter().filter(|known| known.film.record.is_cut);
        cut.map(|known| DamagedPicture {
            path: known.film.file.path.clone(),
            what: "the film ends before its last frame".to_owned(),
        })
    }
}

/// What a scan needs.
#[derive(Clone, Copy)]
pub(super) struct FilmJob<'a> {
    pub options: &'a DecodeOptions,
    pub progress: &'a dyn Progress,
    pub cancel: &'a AtomicBool,
}

/// Reads the films that the cache does not know.
pub(super) fn scan(files: Vec<MediaFile>, cache: Option<&mut Cache>, job: FilmJob<'_>) -> FilmScan {
    let mut scan = FilmScan::default();
    if files.is_empty() {
        return scan;
    }
    let base = cache.as_ref().map(|cache| cache.base().to_owned()).unwrap_or_default();
    let mut store = match cache.map(Cache::tiles) {
        Some(Ok(store)) => Some(store),
        Some(Err(error)) => {
            tracing::warn!("{error}");
            None
        }
        None => None,
    };
    let known = store.as_ref().map(|store| store.known_films(&files, &base));
    let mut known = match known {
        Some(Ok(known)) => known,
        Some(Err(error)) => {
            tracing::warn!("{error}; films are read again");
            vec![None; files.len()]
        }
        None => vec![None; files.len()],
    };
    let mut missing: Vec<usize> =
        (0..files.len()).filter(|&index| known[index].is_none()).collect();
    // As they lie, for the head of a disk.
    missing.sort_by_key(|&index| files[index].stamp.key);
    scan.from_cache = (files.len() - missing.len()) as u64;
    let total = Some(missing.len() as u64);
    job.progress.on(Event::StageStarted { stage: Phase::Films, total });
    let (to_writer, read) = bounded(WRITE_FILMS);
    let mut waiting: Vec<(usize, Film)> = Vec::new();
    let mut write = |waiting: &mut Vec<(usize, Film)>, known: &mut Vec<Option<KnownFilm>>| {
        if waiting.is_empty() {
            return;
        }
        let films: Vec<&Film> = waiting.iter().map(|(_, film)| film).collect();
        let written = store.as_mut().map(|store| store.write_films(&films, &base));
        let ids = written.unwrap_or_else(|| Ok(Vec::new())).unwrap_or_else(|error| {
            tracing::warn!("{error}; what was read of films is not kept");
            Vec::new()
        });
        let ids = ids.into_iter().chain(std::iter::repeat(NO_ROW));
        for ((index, film), id) in waiting.drain(..).zip(ids) {
            known[index] = Some(KnownFilm { id, film, frames: Vec::new() });
        }
    };
    std::thread::scope(|scope| {
        let (files, missing) = (&files, &missing);
        scope.spawn(move || {
            missing.iter().par_bridge().for_each_with(to_writer, |to_writer, &index| {
                if job.cancel.load(Ordering::Relaxed) {
                    return;
                }
                let file = &files[index];
                let read = read_film(&file.path, job.options);
                let bytes = file.stamp.size.0;
                job.progress.on(Event::Advanced { stage: Phase::Films, items: 1, bytes });
                // It is closed only when the writer is gone, and then the scope reports why.
                let _ = to_writer.send((index, read));
            });
        });
        for (index, read) in read {
            let file = files[index].clone();
            match read {
                Ok(record) => {
                    scan.hashed += u64::from(record.undecoded.is_none());
                    waiting.push((index, Film { file, record, content: None }));
                    if waiting.len() >= WRITE_FILMS {
                        write(&mut waiting, &mut known);
                    }
                }
                Err(Unreadable { stage, reason }) => {
                    let (path, why) = (&file.path, reason.as_str());
                    job.progress.on(Event::Skipped { path, stage, reason: why });
                    scan.skipped.push(Skip { path: file.path, stage, reason });
                }
            }
        }
    });
    write(&mut waiting, &mut known);
    job.progress.on(Event::StageFinished { stage: Phase::Films });
    scan.films = known.into_iter().flatten().collect();
    scan.skipped.sort();
    scan.interrupted = scan.films.len() + scan.skipped.len() < files.len();
    scan
}

/// No row of the store has this number.
const NO_ROW: i64 = -1;

/// Reads one film.
///
/// # Errors
/// Where it failed and why, for a file that cannot be read at all. What is no film that can be
/// decoded has a record that says so.
pub fn read_film(path: &Path, options: &DecodeOptions) -> Result<FilmRecord, Unreadable> {
    let unread = |error: io::Error| Unreadable { stage: Stage::Read, reason: error.to_string() };
    let source = FileSource::open(path).map_err(unread)?;
    if source.size() == 0 {
        return Err(Unreadable { stage: Stage::Identify, reason: "the file is empty".into() });
    }
    let format = sniff_film(&source).map_err(unread)?;
    let record = match film::read(&source) {
        Ok(track) => of_track(&source, &track, options),
        Err(FilmError::Io(error)) => return Err(unread(error)),
        Err(error @ FilmError::Damaged(_)) => {
            return Err(Unreadable { stage: Stage::Decode, reason: error.to_string() });
        }
        Err(error) => Ok(FilmRecord { undecoded: Some(error.to_string()), ..unknown() }),
    };
    let record = FilmRecord { format, ..record.map_err(unread)? };
    match source.is_unchanged() {
        Ok(true) => Ok(record),
        Ok(false) => Err(unread(io::Error::other("it changed while it was read"))),
        Err(error) => Err(unread(error)),
    }
}

fn unknown() -> FilmRecord {
    FilmRecord {
        format: Format::OtherFilm,
        dimensions: Dimensions { width: 0, height: 0 },
        facts: FilmFacts::default(),
        captured: None,
        camera: None,
        is_cut: false,
        fingerprint: Fingerprint::default(),
        undecoded: None,
    }
}

fn of_track(
    source: &FileSource,
    track: &FilmTrack,
    options: &DecodeOptions,
) -> io::Result<FilmRecord> {
    let (width, height) = track.shown_size();
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let samples = &track.samples;
    // Of a long film only the keyframes were listed.
    let listed = track.sparse.is_none();
    let shown = samples.iter().filter(|sample| sample.time.is_some()).count();
    let facts = FilmFacts {
        codec: track.codec.map_or_else(|| track.coding.clone(), |codec| codec.name().to_owned()),
        duration_us: track.duration,
        frames: if listed { count(shown) } else { 0 },
        keyframes: count(samples.iter().filter(|sample| sample.is_key).count()),
        frame_bytes: match listed {
            true => samples.iter().map(|sample| u64::from(sample.size)).sum(),
            false => source.size(),
        },
    };
    let mut fingerprint = Fingerprint { duration_us: track.duration, frames: Vec::new() };
    let mut budget = FrameBudget::PROBE;
    let mut undecoded = None;
    while let Some(probe) = fingerprint.wanted() {
        match frame(source, track, PROBES[probe], &mut budget, options) {
            Ok(frame) => fingerprint.frames.push((probe as u8, frame)),
            Err(DecodeError::Io(error)) => return Err(error),
            // A first frame that shows nothing is better than none.
            Err(DecodeError::TooMuchWork) if !fingerprint.frames.is_empty() => break,
            Err(error) => {
                undecoded = Some(error.to_string());
                break;
            }
        }
    }
    let embedded = metadata::embedded(source);
    Ok(FilmRecord {
        format: Format::OtherFilm,
        dimensions: Dimensions { width, height },
        facts,
        captured: captured(&embedded),
        camera: embedded.camera,
        is_cut: track.is_cut,
        fingerprint,
        undecoded,
    })
}

/// The frame of one moment.
fn frame(
    source: &dyn ReadAt,
    track: &FilmTrack,
    time: i64,
    budget: &mut FrameBudget,
    options: &DecodeOptions,
) -> Result<Frame, DecodeError> {
    frame_at(source, track, time, budget, options).map(|shown| Frame::new(time, shown.tiles))
}

/// When it was taken: by the clock there where the file says so, else in UTC.
fn captured(embedded: &metadata::Embedded) -> Option<CaptureTime> {
    let of = |source: DateSource| {
        let dates = embedded.dates.iter().filter(move |date| date.source == source);
        dates.filter_map(|date| match date.moment? {
            Moment::Local(time) => Some(time),
            Moment::Utc(seconds) => Some(CaptureTime {
                local_seconds: seconds,
                subsecond_ns: None,
                offset_minutes: Some(0),
            }),
        })
    };
    of(DateSource::QuickTimeCreationDate)
        .chain(of(DateSource::MovieHeader))
        .chain(of(DateSource::Matroska))
        .chain(of(DateSource::Avi))
        .next()
}
