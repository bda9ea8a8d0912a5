//! Decoders on rayon → a bounded channel → one hashing thread → the caller, who keeps the records.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, select, tick};
use rayon::prelude::*;

use super::reading::read_picture;
use crate::decode::DecodeOptions;
use crate::event::{Event, Phase, Progress};
use crate::hash::TileHasher;
use crate::media::MediaFile;
use crate::record::{PictureRecord, Record, Unreadable};
use crate::tile::Tile;

/// Tiles that may wait for the hashing thread: it bounds memory whatever the library.
const WAITING_TILES: usize = 256;
/// A batch is hashed when it has so many tiles …
const BATCH_TILES: usize = 128;
/// … or when no tile came for so long.
const BATCH_PATIENCE: Duration = Duration::from_millis(5);
/// How often the caller is told that time has passed.
const TICK: Duration = Duration::from_millis(500);

/// What there is to read, and how.
pub(super) struct Work<'a> {
    pub files: &'a [MediaFile],
    pub options: &'a DecodeOptions,
    pub progress: &'a dyn Progress,
    pub cancel: &'a AtomicBool,
}

/// What the caller gets, on its own thread.
#[allow(clippy::large_enum_variant)] // Nearly all are records.
pub(super) enum Step {
    /// The record of the file of that index.
    Record(usize, Record),
    /// Some time has passed.
    Tick,
}

type Read = (usize, Result<(Tile, PictureRecord), Unreadable>);

/// Reads and hashes the files of the given indices; each gives one record, in any order, unless
/// the run is cancelled.
pub(super) fn run(
    work: &Work<'_>,
    indices: &[usize],
    hasher: &dyn TileHasher,
    take: &mut dyn FnMut(Step),
) {
    if indices.is_empty() {
        return;
    }
    let (to_hasher, tiles) = bounded::<Read>(WAITING_TILES);
    let (to_caller, records) = bounded::<(usize, Record)>(WAITING_TILES);
    std::thread::scope(|scope| {
        scope.spawn(move || hash_batches(&tiles, &to_caller, hasher));
        scope.spawn(move || {
            // One task a file: a folder of large pictures beside one of small ones would otherwise
            // leave threads idle.
            indices.par_iter().with_max_len(1).for_each_with(to_hasher, |to_hasher, &index| {
                read(work, index, to_hasher);
            });
        });
        let ticker = tick(TICK);
        loop {
            select! {
                recv(records) -> record => match record {
                    Ok((index, record)) => take(Step::Record(index, record)),
                    Err(_) => break,
                },
                recv(ticker) -> _ => take(Step::Tick),
            }
        }
    });
}

fn read(work: &Work<'_>, index: usize, to_hasher: &Sender<Read>) {
    if work.cancel.load(Ordering::Relaxed) {
        return;
    }
    let file = &work.files[index];
    let outcome = read_picture(&file.path, work.options);
    if let Err(why) = &outcome
        && !super::is_no_concern(&file.path, why)
    {
        let (stage, reason) = (why.stage, why.reason.as_str());
        work.progress.on(Event::Skipped { path: &file.path, stage, reason });
    }
    let bytes = file.stamp.size.0;
    work.progress.on(Event::Advanced { stage: Phase::Hash, items: 1, bytes });
    // The channel is closed only when the hashing thread is gone, and then the scope reports why.
    let _ = to_hasher.send((index, outcome));
}

/// Collects tiles into batches until all decoders are done.
fn hash_batches(
    tiles: &Receiver<Read>,
    to_caller: &Sender<(usize, Record)>,
    hasher: &dyn TileHasher,
) {
    let mut waiting: Vec<(usize, PictureRecord)> = Vec::with_capacity(BATCH_TILES);
    let mut batch: Vec<Tile> = Vec::with_capacity(BATCH_TILES);
    let flush = |waiting: &mut Vec<(usize, PictureRecord)>, batch: &mut Vec<Tile>| {
        for ((index, mut record), hash) in waiting.drain(..).zip(hasher.hash(batch)) {
            record.hash = hash;
            let _ = to_caller.send((index, Record::Picture(record)));
        }
        batch.clear();
    };
    loop {
        match tiles.recv_timeout(BATCH_PATIENCE) {
            Ok((index, Ok((tile, record)))) => {
                waiting.push((index, record));
                batch.push(tile);
                if batch.len() == BATCH_TILES {
                    flush(&mut waiting, &mut batch);
                }
            }
            Ok((index, Err(why))) => {
                let _ = to_caller.send((index, Record::Unreadable(why)));
            }
            Err(RecvTimeoutError::Timeout) => flush(&mut waiting, &mut batch),
            Err(RecvTimeoutError::Disconnected) => {
                flush(&mut waiting, &mut batch);
                return;
            }
        }
    }
}
