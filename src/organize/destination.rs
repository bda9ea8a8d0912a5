//! What a destination has already, by its bytes.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use rayon::prelude::*;

use super::OrganizeOptions;
use crate::files::content::content_hash;
use crate::files::real_paths::real_path;
use crate::files::walk::{WalkOptions, walk};
use crate::model::media::{Bytes, MediaFile};
use crate::model::record::ContentHash;

/// What is in the destination, by size; files of a size are hashed once one of that size comes in.
pub(super) struct DestinationIndex {
    by_size: HashMap<Bytes, Vec<PathBuf>>,
    by_content: HashMap<Bytes, HashMap<ContentHash, Vec<PathBuf>>>,
}

impl DestinationIndex {
    pub(super) fn new(options: &OrganizeOptions, cancel: &AtomicBool) -> Self {
        let mut by_size: HashMap<Bytes, Vec<PathBuf>> = HashMap::new();
        if options.destination.is_dir() {
            // What comes in is not what is there.
            let skip_dirs = vec![options.source.clone()];
            let download_placeholders = options.walk.download_placeholders;
            let walk_options = WalkOptions {
                all: true,
                download_placeholders,
                skip_dirs,
                ..WalkOptions::default()
            };
            let walked =
                walk(std::slice::from_ref(&options.destination), &walk_options, &|_| {}, cancel);
            for MediaFile { path, stamp, .. } in walked.files {
                by_size.entry(stamp.size).or_default().push(path);
            }
        }
        Self { by_size, by_content: HashMap::new() }
    }

    /// A file of the destination with this content that is not the file itself.
    pub(super) fn find(
        &mut self,
        path: &Path,
        size: Bytes,
        content: ContentHash,
    ) -> Option<PathBuf> {
        let of_size = self.by_size.get(&size)?;
        let by_content = self.by_content.entry(size).or_insert_with(|| {
            let hashed: Vec<(ContentHash, PathBuf)> = of_size
                .par_iter()
                .filter_map(|path| Some((content_hash(path).ok()?, path.clone())))
                .collect();
            let mut by_content: HashMap<ContentHash, Vec<PathBuf>> = HashMap::new();
            for (content, path) in hashed {
                by_content.entry(content).or_default().push(path);
            }
            by_content
        });
        let real = real_path(path).ok();
        let twins = by_content.get(&content)?.iter();
        twins.filter(|other| real_path(other).ok() != real).min().cloned()
    }
}
