//! Decoders on rayon → a bounded channel → one hashing thread → the caller, who keeps the records.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, select, tick};
use rayon::prelude::*;

use super::order::{FileRead, Orders, Turn};
use super::reading::{ReadPicture, read_open_picture, unread};
use crate::catalogue::cache::CachedRow;
use crate::decode::DecodeOptions;
use crate::files::content::{FileSource, HashingSource};
use crate::model::event::{Event, Phase, Progress};
use crate::model::media::MediaFile;
use crate::model::record::{ContentHash, PictureRecord, Record, Unreadable};
use crate::picture::hasher::TileHasher;
use crate::picture::part::Part;
use crate::picture::tile::{FineTile, Tile, Tiles};
use crate::picture::window::WindowSet;

/// Tiles that may wait for the hashing thread: it bounds memory whatever the library.
const WAITING_TILES: usize = 256;
/// A batch is hashed when it has so many tiles …
const BATCH_TILES: usize = 128;
/// … or when no tile came for so long.
const BATCH_PATIENCE: Duration = Duration::from_millis(5);
/// How often the caller gets a tick.
const TICK: Duration = Duration::from_millis(500);

/// What there is to read, and how.
pub(super) struct ReadJob<'a> {
    pub files: &'a [MediaFile],
    /// What the cache knows of each. A row that may be of another file is confirmed by the bytes.
    pub known: &'a [Option<CachedRow>],
    pub options: &'a DecodeOptions,
    pub progress: &'a dyn Progress,
    pub cancel: &'a AtomicBool,
}

/// What the caller gets, on its own thread.
#[allow(clippy::large_enum_variant)] // Nearly all are records.
pub(super) enum Step {
    /// The record of the file of that index, and what is known of the bytes it was made from.
    Record(usize, Record, Option<Hashed>),
    /// The file of that index has the bytes that its cached row was made from.
    Confirmed(usize),
    /// Some time has passed.
    Tick,
}

/// The bytes that a record was made from.
pub(super) struct Hashed {
    pub content: ContentHash,
    /// The tile, and the part of it that was read.
    pub tile: Box<FineTile>,
    pub intact: Part,
    /// The hashes of its few windows: made while the tile is at hand, so that comparing need not
    /// read all tiles again.
    pub windows: Vec<u64>,
}

/// What became of one file, on its way to the hashing thread.
#[allow(clippy::large_enum_variant)] // Nearly all are read.
enum FileResult {
    Picture(usize, ReadPicture, Vec<u64>),
    Failed(usize, Unreadable),
    Confirmed(usize),
}

/// Reads and hashes the files that it is given in order; each gives one record, in any order, unless
/// the run is cancelled.
pub(super) fn run(
    work: &ReadJob<'_>,
    orders: Orders,
    hasher: &dyn TileHasher,
    take: &mut dyn FnMut(Step),
) {
    if orders.is_empty() {
        return;
    }
    let (to_hasher, tiles) = bounded::<FileResult>(WAITING_TILES);
    let (to_caller, steps) = bounded::<Step>(WAITING_TILES);
    std::thread::scope(|scope| {
        scope.spawn(move || hash_batches(&tiles, &to_caller, hasher));
        let turns = orders.turns(scope, work.files, work.cancel);
        scope.spawn(move || {
            // One task per file: a folder of large pictures beside one of small ones would
            // otherwise leave threads idle.
            turns.par_bridge().for_each_with(to_hasher, |to_hasher, turn| {
                read(work, turn, to_hasher);
            });
        });
        let ticker = tick(TICK);
        loop {
            select! {
                recv(steps) -> step => match step {
                    Ok(step) => take(step),
                    Err(_) => break,
                },
                recv(ticker) -> _ => take(Step::Tick),
            }
        }
    });
}

fn read(work: &ReadJob<'_>, Turn { index, read }: Turn, to_hasher: &Sender<FileResult>) {
    if work.cancel.load(Ordering::Relaxed) {
        return;
    }
    let file = &work.files[index];
    let content = work.known[index].as_ref().and_then(|row| row.content);
    // What it holds of the memory for files that wait is given back at the end.
    let (source, _room) = match read {
        Some(FileRead { source, room }) => (source, Some(room)),
        None => (FileSource::open(&file.path), None),
    };
    let read = match source {
        Ok(source) if content.is_some_and(|content| is_confirmed(&source, content)) => {
            FileResult::Confirmed(index)
        }
        source => {
            let picture = source.map_err(unread);
            let picture = picture.map(HashingSource::of);
            match picture.and_then(|source| read_open_picture(source, work.options)) {
                Ok(picture) => {
                    let windows = WindowSet::Few.row(&picture.tiles.fine);
                    FileResult::Picture(index, picture, windows)
                }
                Err(why) => {
                    if !super::is_no_concern(&file.path, &why) {
                        let (stage, reason) = (why.stage, why.reason.as_str());
                        work.progress.on(Event::Skipped { path: &file.path, stage, reason });
                    }
                    FileResult::Failed(index, why)
                }
            }
        }
    };
    let bytes = file.stamp.size.0;
    work.progress.on(Event::Advanced { stage: Phase::Hash, items: 1, bytes });
    // The channel is closed only when the hashing thread is gone, and then the scope reports why.
    let _ = to_hasher.send(read);
}

/// Whether the file has the bytes that its cached row was made from. Reading them costs a tenth of
/// decoding them.
fn is_confirmed(source: &FileSource, content: ContentHash) -> bool {
    source.settled_hash().is_ok_and(|now| now == content)
}

/// Collects tiles into batches until all decoders are done.
fn hash_batches(tiles: &Receiver<FileResult>, to_caller: &Sender<Step>, hasher: &dyn TileHasher) {
    let mut waiting: Vec<(usize, PictureRecord, Hashed)> = Vec::with_capacity(BATCH_TILES);
    let mut batch: Vec<Tile> = Vec::with_capacity(BATCH_TILES);
    let flush = |waiting: &mut Vec<(usize, PictureRecord, Hashed)>, batch: &mut Vec<Tile>| {
        for ((index, mut record, hashed), hash) in waiting.drain(..).zip(hasher.hash(batch)) {
            record.hash = hash;
            let _ = to_caller.send(Step::Record(index, Record::Picture(record), Some(hashed)));
        }
        batch.clear();
    };
    loop {
        match tiles.recv_timeout(BATCH_PATIENCE) {
            Ok(FileResult::Picture(index, ReadPicture { tiles, record, content }, windows)) => {
                let Tiles { coarse, fine, intact } = tiles;
                waiting.push((index, record, Hashed { content, tile: fine, intact, windows }));
                batch.push(coarse);
                if batch.len() == BATCH_TILES {
                    flush(&mut waiting, &mut batch);
                }
            }
            Ok(FileResult::Failed(index, why)) => {
                let _ = to_caller.send(Step::Record(index, Record::Unreadable(why), None));
            }
            Ok(FileResult::Confirmed(index)) => {
                let _ = to_caller.send(Step::Confirmed(index));
            }
            Err(RecvTimeoutError::Timeout) => flush(&mut waiting, &mut batch),
            Err(RecvTimeoutError::Disconnected) => {
                flush(&mut waiting, &mut batch);
                return;
            }
        }
    }
}
