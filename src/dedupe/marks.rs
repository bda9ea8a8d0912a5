//! Pairs that somebody has looked at and called two pictures.

use std::collections::{HashMap, HashSet};

use super::contents::ContentHashes;
use crate::model::event::Progress;
use crate::model::record::{ContentHash, Mark, Picture};

/// The marks, as they concern the pictures at hand.
#[derive(Debug, Default)]
pub(super) struct MarkedPairs {
    /// A number for each content that is part of a mark, by picture.
    contents: HashMap<u32, u32>,
    /// Of those numbers, the smaller first.
    pairs: HashSet<(u32, u32)>,
}

impl MarkedPairs {
    /// Reads the bytes of pictures that are as long as a marked one, unless their hash is known.
    pub fn new(
        marks: &[Mark],
        pictures: &[Picture],
        contents: &mut ContentHashes<'_>,
        progress: &dyn Progress,
    ) -> Self {
        let mut marked = Self::default();
        if marks.is_empty() {
            return marked;
        }
        let mut numbers: HashMap<ContentHash, u32> = HashMap::new();
        let mut number = |content: ContentHash| {
            let next = numbers.len() as u32;
            *numbers.entry(content).or_insert(next)
        };
        for mark in marks {
            let (a, b) = (number(mark.first.content), number(mark.second.content));
            marked.pairs.insert((a.min(b), a.max(b)));
        }
        let sizes: HashSet<u64> =
            marks.iter().flat_map(|m| [m.first.size, m.second.size]).collect();
        let as_long: Vec<u32> = (0..)
            .zip(pictures)
            .filter(|(_, picture)| sizes.contains(&picture.file.stamp.size.0))
            .map(|(index, _)| index)
            .collect();
        contents.prefetch(&as_long, progress);
        for index in as_long {
            let number = contents.get(index).and_then(|content| numbers.get(&content));
            marked.contents.extend(number.map(|&number| (index, number)));
        }
        marked
    }

    /// A number that keeps marked pictures apart from others that look the same.
    pub fn number(&self, picture: u32) -> Option<u32> {
        self.contents.get(&picture).copied()
    }

    /// Whether two pictures are no duplicates of each other, whatever their hashes say.
    pub fn are_apart(&self, a: u32, b: u32) -> bool {
        match (self.number(a), self.number(b)) {
            (Some(a), Some(b)) => self.pairs.contains(&(a.min(b), a.max(b))),
            _ => false,
        }
    }
}
