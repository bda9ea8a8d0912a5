//! Hashes of the bytes of pictures, computed where they are asked for and not known.

use std::collections::HashMap;

use rayon::prelude::*;

use crate::model::event::{Event, Phase, Progress};
use crate::model::record::{ContentHash, Picture, Skip, Stage};

/// Computes the hash of a picture's bytes.
pub type ReadContent = dyn Fn(&Picture) -> std::io::Result<ContentHash> + Sync;

/// Byte hashes by picture: those known from before, and those that had to be computed.
pub(super) struct ContentHashes<'a> {
    pictures: &'a [Picture],
    read: &'a ReadContent,
    known: HashMap<u32, Option<ContentHash>>,
    computed: Vec<(u32, ContentHash)>,
    skipped: Vec<Skip>,
}

impl<'a> ContentHashes<'a> {
    pub fn new(pictures: &'a [Picture], read: &'a ReadContent) -> Self {
        Self { pictures, read, known: HashMap::new(), computed: Vec::new(), skipped: Vec::new() }
    }

    /// The hash of a picture's bytes, where it is known; reads nothing.
    pub fn known(&self, index: u32) -> Option<ContentHash> {
        let before = self.pictures.get(index as usize).and_then(|picture| picture.content);
        before.or_else(|| self.known.get(&index).copied().flatten())
    }

    /// What was computed on the way, by picture, and the files that could not be read.
    pub fn into_parts(mut self) -> (Vec<(u32, ContentHash)>, Vec<Skip>) {
        self.skipped.sort();
        self.computed.sort_unstable_by_key(|(index, _)| *index);
        (self.computed, self.skipped)
    }

    /// The hash of a picture's bytes; reads the file where it is not known.
    pub fn get(&mut self, index: u32) -> Option<ContentHash> {
        let picture = self.pictures.get(index as usize)?;
        if picture.content.is_some() {
            return picture.content;
        }
        if let Some(known) = self.known.get(&index) {
            return *known;
        }
        let read = (self.read)(picture);
        self.keep(index, read)
    }

    /// Reads many files at once: [`Self::get`] and [`Self::known`] then find their hashes.
    pub fn prefetch(&mut self, wanted: &[u32], progress: &dyn Progress) {
        let missing: Vec<u32> = wanted
            .iter()
            .copied()
            .filter(|&index| {
                self.pictures[index as usize].content.is_none() && !self.known.contains_key(&index)
            })
            .collect();
        progress
            .on(Event::StageStarted { stage: Phase::Verify, total: Some(missing.len() as u64) });
        let (pictures, read) = (self.pictures, self.read);
        let results: Vec<_> = missing
            .par_iter()
            .map(|&index| {
                let picture = &pictures[index as usize];
                let result = read(picture);
                let bytes = picture.file.stamp.size.0;
                progress.on(Event::Advanced { stage: Phase::Verify, items: 1, bytes });
                result
            })
            .collect();
        for (index, result) in missing.into_iter().zip(results) {
            self.keep(index, result);
        }
        progress.on(Event::StageFinished { stage: Phase::Verify });
    }

    fn keep(&mut self, index: u32, result: std::io::Result<ContentHash>) -> Option<ContentHash> {
        let content = match result {
            Ok(content) => {
                self.computed.push((index, content));
                Some(content)
            }
            Err(error) => {
                self.skipped.push(Skip {
                    path: self.pictures[index as usize].file.path.clone(),
                    stage: Stage::Read,
                    reason: format!("its bytes could not be compared: {error}"),
                });
                None
            }
        };
        self.known.insert(index, content);
        content
    }
}
