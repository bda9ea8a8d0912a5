//! Confirms what the cache said of pictures, before anything is done because of it.
//!
//! A cached hash never decides alone: the row may be older than the bytes, come from a table that
//! somebody else wrote, or be damaged. What is not bound to the bytes by their BLAKE3 is decoded
//! and hashed again.

use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::{ELSEWHERE, ReadPicture, Scan, read_picture};
use crate::decode::DecodeOptions;
use crate::files::content::settled_content_hash;
use crate::model::event::{Event, Phase, Progress};
use crate::model::media::{Evidence, FileStamp};
use crate::model::record::{Picture, Skip, Stage, Unreadable};
use crate::picture::dct::hash_tile;

/// Which pictures are read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirm {
    /// Those in which nobody has looked for traces of where they come from yet. One that cannot be
    /// read stays as it is known.
    Untraced,
    /// Those, and those whose record is not bound to the bytes that it was made from. The others
    /// are compared byte by byte when they are acted on.
    Unbound,
    /// All: nobody else will look at their bytes.
    All,
}

/// What confirming needs.
#[derive(Clone, Copy)]
pub struct Confirming<'a> {
    /// How to read pictures.
    pub options: &'a DecodeOptions,
    /// Tells what is at a path now.
    pub live: &'a (dyn Fn(&Path) -> Option<(FileStamp, Evidence)> + Sync),
    /// Receives progress events.
    pub progress: &'a dyn Progress,
    /// Checked before each file: stops the work when set.
    pub cancel: &'a AtomicBool,
}

/// The outcome.
#[derive(Debug, Default)]
pub struct Confirmed {
    /// Pictures are gone, or their hashes are not what the cache said: what was found with them
    /// has to be found again.
    pub changed: bool,
    /// Traces of where pictures come from were found, so that another one may be the one to keep.
    pub traced: bool,
    /// Pictures, by index, that were read again, for the cache.
    pub read: Vec<u32>,
}

enum Reread {
    /// The record is of these bytes.
    Good,
    /// Read again.
    Read(Box<Picture>),
    /// It cannot be read.
    Failed(Unreadable),
}

impl Scan {
    /// Confirms pictures, given by index in ascending order. One that cannot be read is taken out
    /// of the pictures and listed as skipped, unless only another cache knew it: its drive may be
    /// offline.
    pub fn confirm(&mut self, members: &[u32], which: Confirm, with: Confirming<'_>) -> Confirmed {
        let wanted: Vec<u32> = members
            .iter()
            .copied()
            .filter(|&index| is_wanted(&self.pictures[index as usize], which))
            .collect();
        if wanted.is_empty() && which == Confirm::Untraced {
            return Confirmed::default();
        }
        let total = Some(wanted.len() as u64);
        with.progress.on(Event::StageStarted { stage: Phase::Verify, total });
        let outcomes: Vec<(u32, Reread)> = wanted
            .into_par_iter()
            .filter(|_| !with.cancel.load(Ordering::Relaxed))
            .map(|index| {
                let picture = &self.pictures[index as usize];
                let outcome = confirm_one(picture, with);
                let bytes = picture.file.stamp.size.0;
                with.progress.on(Event::Advanced { stage: Phase::Verify, items: 1, bytes });
                (index, outcome)
            })
            .collect();
        with.progress.on(Event::StageFinished { stage: Phase::Verify });

        let mut confirmed = Confirmed::default();
        let mut gone: HashSet<usize> = HashSet::new();
        for (index, outcome) in outcomes {
            let picture = &mut self.pictures[index as usize];
            match outcome {
                Reread::Good => {}
                Reread::Read(read) => {
                    confirmed.changed |= read.record.hash != picture.record.hash
                        || picture.content.is_some_and(|content| read.content != Some(content));
                    confirmed.traced |= picture.record.provenance.is_none();
                    confirmed.read.push(index);
                    *picture = *read;
                }
                // It was to be read for its traces alone.
                Reread::Failed(_) if which == Confirm::Untraced => {}
                Reread::Failed(_) if which == Confirm::Unbound && picture.content.is_some() => {}
                Reread::Failed(why) => {
                    gone.insert(index as usize);
                    if picture.file.stamp.key.device != ELSEWHERE {
                        let (stage, reason) = (why.stage, why.reason);
                        let path = picture.file.path.clone();
                        self.skipped.push(Skip { path, stage, reason });
                    }
                }
            }
        }
        if !gone.is_empty() {
            confirmed.changed = true;
            // Where each of the others is now.
            let before =
                |index: &u32| gone.iter().filter(|&&gone| gone < *index as usize).count() as u32;
            confirmed.read.iter_mut().for_each(|index| *index -= before(index));
            let mut at = 0..self.pictures.len();
            self.pictures.retain(|_| at.next().is_none_or(|at| !gone.contains(&at)));
            self.skipped.sort();
        }
        confirmed
    }
}

impl Scan {
    /// Gives pictures of other caches, by index, the identity that their files have on this
    /// machine now, so that a plan can rely on them.
    pub fn locate(
        &mut self,
        members: &[u32],
        live: &dyn Fn(&Path) -> Option<(FileStamp, Evidence)>,
    ) {
        for &index in members {
            let file = &mut self.pictures[index as usize].file;
            if file.stamp.key.device == ELSEWHERE
                && let Some((stamp, evidence)) = live(&file.path)
            {
                (file.stamp, file.evidence) = (stamp, evidence);
            }
        }
    }
}

fn is_wanted(picture: &Picture, which: Confirm) -> bool {
    let untraced = picture.record.provenance.is_none();
    match which {
        Confirm::Untraced => untraced,
        Confirm::Unbound => untraced || picture.content.is_none(),
        Confirm::All => true,
    }
}

fn confirm_one(picture: &Picture, with: Confirming<'_>) -> Reread {
    let path = &picture.file.path;
    if let Some(content) = picture.content
        && picture.record.provenance.is_some()
        && settled_content_hash(path).is_ok_and(|now| now == content)
    {
        return Reread::Good;
    }
    // Taken first: what changes while it is read does not hold afterwards.
    let live = (with.live)(path);
    match (read_picture(path, with.options), live) {
        (Ok(ReadPicture { tiles, mut record, content }), Some((stamp, evidence))) => {
            record.hash = hash_tile(&tiles.coarse);
            let mut file = picture.file.clone();
            let key = if file.stamp.key.device == ELSEWHERE { file.stamp.key } else { stamp.key };
            (file.stamp, file.evidence) = (FileStamp { key, ..stamp }, evidence);
            Reread::Read(Box::new(Picture { file, record, content: Some(content) }))
        }
        (Err(why), _) => Reread::Failed(why),
        (Ok(_), None) => {
            Reread::Failed(Unreadable { stage: Stage::Read, reason: "it no longer exists".into() })
        }
    }
}
