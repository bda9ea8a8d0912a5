//! Classes of pictures that nothing tells apart: same hashes (turned ones too, where these are
//! asked for), same evidence of when they were taken. Comparing classes instead of pictures keeps
//! 100,000 identical frames from becoming five billion pairs.

use std::cmp::Ordering;
use std::ffi::OsStr;

use rayon::prelude::*;

use super::Question;
use crate::index::Members;
use crate::model::media::CaptureTime;
use crate::model::phash::{FineHash, PerceptualHash, View};
use crate::model::policy::QUALITY_FLOOR;
use crate::model::record::{ContentHash, Picture};
use crate::units::{BurstFrame, UnitRole};

/// The classes, in sections: those that may be anybody's duplicate, those in reference folders,
/// and those too flat for their hashes to mean anything, which have no neighbours. Each section is
/// in the order of the 64-bit hashes. Takes 12 bytes per picture.
#[derive(Debug)]
pub(super) struct Classes {
    /// Where the members of each class begin, and the end of the last.
    starts: Vec<u32>,
    members: Vec<u32>,
    /// Classes of the first section.
    pub own: u32,
    /// Classes of the first and the second.
    pub hashed: u32,
}

impl Classes {
    pub fn len(&self) -> u32 {
        self.starts.len() as u32 - 1
    }

    /// Indices into the pictures.
    pub fn members(&self, class: u32) -> &[u32] {
        let class = class as usize;
        &self.members[self.starts[class] as usize..self.starts[class + 1] as usize]
    }

    /// One of its pictures; they hash alike.
    pub fn first(&self, class: u32) -> u32 {
        self.members[self.starts[class as usize] as usize]
    }

    /// Each different 64-bit hash of some classes, given in ascending order, and which of them have
    /// it. Takes 36 bytes per class and 12 per hash.
    pub fn hashes(&self, question: &Question<'_>, classes: Vec<u32>) -> Hashes {
        let (mut distinct, mut starts) = (Vec::new(), Vec::new());
        let mut fines = Vec::with_capacity(classes.len());
        for (at, &class) in (0..).zip(&classes) {
            let View { phash, fine } = question.view(self.first(class));
            fines.push(fine);
            if distinct.last() != Some(&phash) {
                distinct.push(phash);
                starts.push(at);
            }
        }
        starts.push(classes.len() as u32);
        Hashes { distinct, starts, classes, fines }
    }
}

/// Different hashes, ascending, and the classes of each.
#[derive(Debug)]
pub(super) struct Hashes {
    pub distinct: Vec<PerceptualHash>,
    starts: Vec<u32>,
    classes: Vec<u32>,
    /// Of each class.
    fines: Vec<FineHash>,
}

impl Hashes {
    pub fn classes(&self, hash: u32) -> &[u32] {
        let hash = hash as usize;
        &self.classes[self.starts[hash] as usize..self.starts[hash + 1] as usize]
    }

    /// The classes as members of their hashes, for joins.
    pub fn members(&self) -> Members<'_> {
        Members { distinct: &self.distinct, starts: &self.starts, fines: &self.fines }
    }

    /// The class that is that member.
    pub fn class(&self, member: u32) -> u32 {
        self.classes[member as usize]
    }
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct ClassKey<'a> {
    view: View,
    /// The other views, where pictures are turned: they do not follow from the first one.
    turned: Option<[View; 3]>,
    captured: Option<CaptureTime>,
    camera: Option<&'a str>,
    /// Within one second only the name can tell two frames of a burst apart; and some say that they
    /// are frames.
    name: Option<&'a OsStr>,
    role: UnitRole,
    /// An edit is not what it was made of.
    edited: bool,
    /// What was called another picture than one that looks like it.
    marked: Option<u32>,
    /// Flat pictures are alike only when their bytes are; one that could not be read is like none.
    bytes: Option<(u64, Result<ContentHash, u32>)>,
}

/// What is sorted first: section, then hash.
type SortKey = (u8, u64, u32);

/// The classes of the pictures that count. `content` tells the bytes' hash of a picture, or `None`
/// when it cannot be read.
pub(super) fn classes(
    question: &Question<'_>,
    counted: &[u32],
    content: &mut dyn FnMut(u32) -> Option<ContentHash>,
) -> Classes {
    let pictures = question.pictures;
    let mut places: Vec<SortKey> = counted
        .par_iter()
        .map(|&index| {
            let picture = &pictures[index as usize];
            (section(question, picture), question.view(index).phash.0, index)
        })
        .collect();
    places.par_sort_unstable();

    let mut classes = Classes::with_capacity(places.len());
    for alike in places.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
        match alike {
            [(_, _, index)] => classes.push(&[*index]),
            _ => split(question, alike, content, &mut classes),
        }
        classes.count(alike[0].0);
    }
    classes.finish()
}

/// Classes of pictures of the same bytes on the same side, each other picture in one of its own:
/// what is proven of one of a class holds for all.
#[cfg(feature = "kernel")]
pub(super) fn classes_by_bytes(question: &Question<'_>, is_second: &[bool]) -> Classes {
    let pictures = question.pictures;
    let key = |index: u32| {
        let picture = &pictures[index as usize];
        let content = picture.content.ok_or(index);
        let (views, size) = (picture.record.hash.views, picture.file.stamp.size.0);
        (section(question, picture), views, size, content, is_second[index as usize])
    };
    let mut indices: Vec<u32> = (0..pictures.len() as u32).collect();
    indices.par_sort_unstable_by_key(|&index| (key(index), index));
    let mut classes = Classes::with_capacity(indices.len());
    for members in indices.chunk_by(|&a, &b| key(a) == key(b)) {
        classes.push(members);
        classes.count(key(members[0]).0);
    }
    classes.finish()
}

/// 0 for what may be anybody's duplicate, 1 in reference folders, 2 for what is too flat.
fn section(question: &Question<'_>, picture: &Picture) -> u8 {
    match picture.record.hash.quality < QUALITY_FLOOR {
        true => 2,
        false => u8::from(question.is_reference(picture)),
    }
}

impl Classes {
    fn with_capacity(pictures: usize) -> Self {
        let (starts, members) = (Vec::with_capacity(pictures + 1), Vec::with_capacity(pictures));
        Self { starts, members, own: 0, hashed: 0 }
    }

    fn push(&mut self, members: &[u32]) {
        self.starts.push(self.members.len() as u32);
        self.members.extend_from_slice(members);
    }

    /// Takes note that all classes so far belong to sections up to this one.
    fn count(&mut self, section: u8) {
        let classes = self.starts.len() as u32;
        if section == 0 {
            self.own = classes;
        }
        if section <= 1 {
            self.hashed = classes;
        }
    }

    fn finish(mut self) -> Self {
        self.starts.push(self.members.len() as u32);
        self
    }
}

/// Parts pictures of one hash into classes.
fn split(
    question: &Question<'_>,
    alike: &[SortKey],
    content: &mut dyn FnMut(u32) -> Option<ContentHash>,
    classes: &mut Classes,
) {
    let pictures = question.pictures;
    let flat = alike[0].0 == 2;
    // Only flat pictures of one view and one size can have the same bytes: only those are read.
    let outline = |index: u32| (question.view(index), pictures[index as usize].file.stamp.size.0);
    let mut outlines: Vec<(View, u64)> = Vec::new();
    if flat {
        outlines.extend(alike.iter().map(|&(_, _, index)| outline(index)));
        outlines.sort_unstable();
    }
    let mut bytes = |index: u32| {
        let outline = outline(index);
        let from = outlines.partition_point(|other| *other < outline);
        let alone = outlines.get(from + 1) != Some(&outline);
        (outline.1, if alone { Err(index) } else { content(index).ok_or(index) })
    };
    let mut keyed: Vec<(ClassKey<'_>, u32)> = alike
        .iter()
        .map(|&(_, _, index)| {
            let picture = &pictures[index as usize];
            let (path, metadata) = (&picture.file.path, &picture.record.metadata);
            let dated = metadata.captured.is_some_and(|time| time.subsecond_ns.is_none());
            let [view, turned @ ..] = picture.record.hash.views;
            let key = ClassKey {
                view,
                turned: (question.options.any_orientation && !flat).then_some(turned),
                captured: metadata.captured,
                camera: metadata.camera.as_deref(),
                name: path.file_name().filter(|_| dated || BurstFrame::of(path).is_some()),
                role: question.roles[index as usize],
                edited: question.edited[index as usize],
                marked: question.marked.number(index),
                bytes: flat.then(|| bytes(index)),
            };
            (key, index)
        })
        .collect();
    keyed.par_sort_unstable();
    let mut members = Vec::new();
    for class in keyed.chunk_by(|a, b| a.0.cmp(&b.0) == Ordering::Equal) {
        members.clear();
        members.extend(class.iter().map(|(_, index)| *index));
        classes.push(&members);
    }
}
