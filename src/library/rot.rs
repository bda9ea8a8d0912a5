//! Pictures whose bytes changed although nothing says so: what a failing disk or a broken copy does.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use rayon::prelude::*;

use super::{Library, LibraryError, Monitor};
use crate::decode::DecodeOptions;
use crate::files::content::settled_content_hash;
use crate::files::stamp::{Volumes, stamp_and_evidence};
use crate::model::event::{Event, Phase};
use crate::model::findings::Skipped;
use crate::model::record::{ContentHash, KnownPicture, Stage};
use crate::scan::damage::flaw;

/// Pictures that are read before the next are asked for.
const PAGE: u32 = 512;

/// What reading pictures again found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BytesVerified {
    /// Pictures that have the bytes that were hashed.
    pub sound: u64,
    /// Pictures that have other bytes, by path.
    pub rotten: Vec<RottenPicture>,
    /// Files that were changed since, as their size, modification time or inode says; not read.
    pub changed: u64,
    /// Files that are not there.
    pub gone: u64,
    /// Rows without a hash of the bytes, from an older cache or an imported table; not read.
    pub unbound: u64,
    /// Files that are there and cannot be read.
    pub unreadable: Vec<Skipped>,
    /// It was stopped: not all were read.
    pub interrupted: bool,
}

impl BytesVerified {
    /// Pictures that were read to the end.
    pub fn read(&self) -> u64 {
        self.sound + self.rotten.len() as u64
    }
}

/// A picture whose bytes are not those that were hashed, though it has the size, the modification
/// time and the inode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RottenPicture {
    /// The file.
    pub path: PathBuf,
    /// What else says that it was changed.
    pub change: Change,
    /// What is wrong with it where that shows when it is decoded (human-readable).
    pub flaw: Option<String>,
    /// A file that still has the bytes that were hashed.
    pub sound_copy: Option<PathBuf>,
}

/// What the system says of a file whose bytes are not what they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing: the disk has lost them.
    Unrecorded,
    /// Its change time is another: something wrote to it and set the modification time back, or
    /// renamed it or changed its permissions since.
    Recorded,
}

/// How one picture stands.
enum State {
    Sound,
    Rotten(Change, Option<String>),
    Changed,
    Gone,
    Unbound,
    Unreadable(String),
    /// Not looked at: the run was stopped.
    Left,
}

impl Library {
    /// Reads every picture again that the cache knows below `folders`, or everywhere where none is
    /// named, and compares its bytes with what was hashed. Changes nothing, the cache neither. For
    /// rotten pictures it looks for a file that still has their bytes. When it is stopped, it tells
    /// what it saw so far.
    ///
    /// # Errors
    /// [`LibraryError::Cache`]; files that cannot be read are part of the answer.
    pub fn verify_bytes(
        &self,
        folders: &[PathBuf],
        monitor: Monitor<'_>,
    ) -> Result<BytesVerified, LibraryError> {
        let Monitor { progress, cancel, .. } = monitor;
        let everywhere = [None];
        let named: Vec<Option<&Path>> =
            folders.iter().map(|folder| Some(folder.as_path())).collect();
        let folders = if named.is_empty() { &everywhere[..] } else { &named };
        let mut total = 0;
        for folder in folders {
            total += self.cache.count_below(*folder)?;
        }
        let mut verified = BytesVerified::default();
        let mut wanted: BTreeMap<PathBuf, ContentHash> = BTreeMap::new();
        progress.on(Event::StageStarted { stage: Phase::Verify, total: Some(total) });
        for folder in folders {
            // A single picture may be named too.
            let alone = folder.map(|path| self.cache.picture_at(path)).transpose()?.flatten();
            self.verify_page(alone.into_iter().collect(), &mut verified, &mut wanted, monitor);
            let mut after = None;
            loop {
                let page = self.cache.page(*folder, after.as_deref(), PAGE)?;
                self.verify_page(page.pictures, &mut verified, &mut wanted, monitor);
                after = page.next;
                if after.is_none() || cancel.load(Ordering::Relaxed) {
                    break;
                }
            }
        }
        progress.on(Event::StageFinished { stage: Phase::Verify });
        verified.interrupted = cancel.load(Ordering::Relaxed);
        // By overlapping folders one may have been met twice.
        verified.rotten.sort_by(|a, b| a.path.cmp(&b.path));
        verified.rotten.dedup_by(|a, b| a.path == b.path);
        if !verified.rotten.is_empty() && !verified.interrupted {
            self.find_sound_copies(&mut verified.rotten, &wanted)?;
        }
        Ok(verified)
    }

    fn verify_page(
        &self,
        pictures: Vec<KnownPicture>,
        verified: &mut BytesVerified,
        wanted: &mut BTreeMap<PathBuf, ContentHash>,
        monitor: Monitor<'_>,
    ) {
        let Monitor { progress, cancel, .. } = monitor;
        let (volumes, decode) = (Volumes::default(), &self.options.scan.decode);
        let states: Vec<(KnownPicture, State)> = pictures
            .into_par_iter()
            .map(|known| {
                let state = match cancel.load(Ordering::Relaxed) {
                    true => State::Left,
                    false => state(&known, &volumes, decode),
                };
                let bytes = known.stamp.size.0;
                progress.on(Event::Advanced { stage: Phase::Verify, items: 1, bytes });
                (known, state)
            })
            .collect();
        for (known, state) in states {
            match state {
                State::Sound => verified.sound += 1,
                State::Changed => verified.changed += 1,
                State::Gone => verified.gone += 1,
                State::Unbound => verified.unbound += 1,
                State::Unreadable(reason) => {
                    let (path, stage) = (known.path, Stage::Read);
                    verified.unreadable.push(Skipped { path, stage, reason });
                }
                State::Rotten(change, flaw) => {
                    wanted.extend(known.content.map(|content| (known.path.clone(), content)));
                    let (path, sound_copy) = (known.path, None);
                    verified.rotten.push(RottenPicture { path, change, flaw, sound_copy });
                }
                State::Left => {}
            }
        }
    }

    /// Looks among all pictures of the cache for files that were hashed to the same, and reads them.
    fn find_sound_copies(
        &self,
        rotten: &mut [RottenPicture],
        wanted: &BTreeMap<PathBuf, ContentHash>,
    ) -> Result<(), LibraryError> {
        let mut candidates: HashMap<ContentHash, Vec<PathBuf>> =
            wanted.values().map(|content| (*content, Vec::new())).collect();
        self.cache.each_content(&mut |path, content| {
            if let Some(candidates) = candidates.get_mut(&content)
                && !wanted.contains_key(&path)
            {
                candidates.push(path);
            }
        })?;
        rotten.par_iter_mut().for_each(|picture| {
            let Some(content) = wanted.get(&picture.path) else { return };
            let candidates = candidates.get(content).into_iter().flatten();
            let has_it =
                |path: &&PathBuf| settled_content_hash(path).is_ok_and(|read| read == *content);
            picture.sound_copy = candidates.into_iter().find(has_it).cloned();
        });
        Ok(())
    }
}

fn state(known: &KnownPicture, volumes: &Volumes, decode: &DecodeOptions) -> State {
    let Some(content) = known.content else { return State::Unbound };
    let now = || stamp_and_evidence(&known.path, volumes);
    let Some(before) = now() else { return State::Gone };
    let (stamp, evidence) = before;
    // The device number is another when a drive is plugged in again.
    let same = stamp.size == known.stamp.size
        && stamp.modified == known.stamp.modified
        && stamp.key.inode == known.stamp.key.inode;
    if !same {
        return State::Changed;
    }
    match settled_content_hash(&known.path) {
        Ok(read) if read == content => State::Sound,
        // Somebody saved it at this moment.
        _ if now() != Some(before) => State::Changed,
        Ok(_) => {
            let change = match evidence.agrees(known.evidence) {
                true => Change::Unrecorded,
                false => Change::Recorded,
            };
            State::Rotten(change, flaw(&known.path, decode))
        }
        Err(error) => State::Unreadable(error.to_string()),
    }
}
