//! Classes of pictures that nothing tells apart: same hashes, same evidence of when they were
//! taken. Comparing classes instead of pictures keeps 100,000 identical frames from becoming five
//! thousand million pairs.

use std::collections::BTreeMap;
use std::ffi::OsStr;

use super::Question;
use crate::media::CaptureTime;
use crate::phash::View;
use crate::policy::QUALITY_FLOOR;
use crate::record::ContentHash;
use crate::units::UnitRole;

/// Pictures that every other picture is equally far from.
#[derive(Debug)]
pub(super) struct Class {
    /// Indices into the pictures, best keeper first.
    pub members: Vec<u32>,
    /// Hashes as shown.
    pub view: View,
    /// All in a reference folder, or none.
    pub reference: bool,
    /// Their part in a RAW+JPEG unit.
    pub role: UnitRole,
    /// Too little structure for their hashes to mean anything: no neighbours.
    pub flat: bool,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    view: View,
    captured: Option<CaptureTime>,
    camera: Option<&'a str>,
    /// Within one second only the name can tell two frames of a burst apart.
    name: Option<&'a OsStr>,
    reference: bool,
    role: UnitRole,
    /// Flat pictures are alike only when their bytes are; one that could not be read is like none.
    bytes: Option<(u64, Result<ContentHash, u32>)>,
}

/// The classes of all pictures that count (`keep`), in the order of their best members' ranks.
///
/// `content` tells the bytes' hash of a picture, or `None` when it cannot be read.
pub(super) fn classes(
    question: &Question<'_>,
    counted: &[u32],
    content: &mut dyn FnMut(u32) -> Option<ContentHash>,
) -> Vec<Class> {
    let pictures = question.pictures;
    let flat = |index: u32| pictures[index as usize].record.hash.quality < QUALITY_FLOOR;
    // Only flat pictures of one size and one view can have the same bytes, so that only those are
    // read.
    let mut twins: BTreeMap<(View, u64), u32> = BTreeMap::new();
    for &index in counted.iter().filter(|&&index| flat(index)) {
        let picture = &pictures[index as usize];
        *twins.entry((picture.record.hash.upright(), picture.file.stamp.size.0)).or_default() += 1;
    }
    let mut grouped: BTreeMap<Key<'_>, Vec<u32>> = BTreeMap::new();
    for &index in counted {
        let picture = &pictures[index as usize];
        let metadata = &picture.record.metadata;
        let view = picture.record.hash.upright();
        let size = picture.file.stamp.size.0;
        let bytes = flat(index).then(|| {
            let alone = twins.get(&(view, size)).is_none_or(|&count| count < 2);
            (size, if alone { Err(index) } else { content(index).ok_or(index) })
        });
        let dated = metadata.captured.is_some_and(|time| time.subsecond_ns.is_none());
        let key = Key {
            view,
            captured: metadata.captured,
            camera: metadata.camera.as_deref(),
            name: picture.file.path.file_name().filter(|_| dated),
            reference: question.is_reference(picture),
            role: question.roles[index as usize],
            bytes,
        };
        grouped.entry(key).or_default().push(index);
    }
    let mut classes: Vec<Class> = grouped
        .into_iter()
        .map(|(key, mut members)| {
            members.sort_unstable_by_key(|&index| question.rank[index as usize]);
            Class {
                members,
                view: key.view,
                reference: key.reference,
                role: key.role,
                flat: key.bytes.is_some(),
            }
        })
        .collect();
    classes.sort_unstable_by_key(|class| class.members.first().map(|&i| question.rank[i as usize]));
    classes
}
