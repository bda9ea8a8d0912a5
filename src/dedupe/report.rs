//! The groups as findings: every picture spelled out.

use std::collections::HashMap;
use std::path::PathBuf;

use super::{DedupeOptions, Deduplicated};
use crate::model::findings::{FoundPicture, Group};
use crate::model::media::FileKey;
use crate::model::record::Picture;

impl Deduplicated {
    /// All keepers and duplicates, by index, in ascending order.
    pub fn members(&self) -> Vec<u32> {
        let mut members: Vec<u32> =
            self.groups.iter().flat_map(Group::candidates).copied().collect();
        members.sort_unstable();
        members.dedup();
        members
    }

    /// The groups as reports and plans are made from them.
    pub fn report_groups(&self, pictures: &[Picture], options: &DedupeOptions) -> Vec<Group> {
        let mut contents: HashMap<u32, [u8; 32]> =
            self.contents.iter().map(|(index, content)| (*index, content.0)).collect();
        for (index, picture) in (0..).zip(pictures) {
            if let Some(content) = picture.content {
                contents.insert(index, content.0);
            }
        }
        let mut names: HashMap<FileKey, Vec<u32>> = HashMap::new();
        if self.hard_links > 0 {
            for (index, picture) in (0..).zip(pictures) {
                names.entry(picture.file.stamp.key).or_default().push(index);
            }
        }
        let spell_out = |index: u32| {
            let picture = &pictures[index as usize];
            let other_names: Vec<PathBuf> = names
                .get(&picture.file.stamp.key)
                .into_iter()
                .flatten()
                .filter(|&&other| other != index)
                .map(|&other| pictures[other as usize].file.path.clone())
                .collect();
            FoundPicture {
                content: contents.get(&index).copied(),
                other_names,
                ..found(picture, options)
            }
        };
        self.groups.iter().map(|group| group.map(|&index| spell_out(index))).collect()
    }
}

/// A picture spelled out, without other names.
pub fn found(picture: &Picture, options: &DedupeOptions) -> FoundPicture {
    let Picture { file, record, content } = picture;
    let root = file.root as usize;
    FoundPicture {
        path: file.path.clone(),
        stamp: file.stamp,
        content: content.map(|content| content.0),
        format: record.format,
        dimensions: record.dimensions,
        hash: record.hash,
        captured: record.metadata.captured,
        camera: record.metadata.camera.clone(),
        provenance: record.provenance,
        film: None,
        reference: options.reference_roots.get(root).copied().unwrap_or(false),
        damaged: record.flags.damaged_tail,
        other_names: Vec::new(),
    }
}
