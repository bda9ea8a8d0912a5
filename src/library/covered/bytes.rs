//! Old files of which the library has every byte.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use rayon::prelude::*;

use super::census::Census;
use crate::files::content::settled_content_hash;
use crate::library::{LibraryError, Monitor};
use crate::model::coverage::Cover;
use crate::model::event::{Event, Phase};
use crate::model::findings::Skipped;
use crate::model::media::{Bytes, MediaFile};
use crate::model::record::{ContentHash, Stage};

/// Compares what is equally long, and fills in `covers`, one for each old file. Nothing else is
/// read, and nothing is believed: both files are read now.
///
/// # Errors
/// [`LibraryError::Interrupted`]; what of the library cannot be read is added to
/// [`Census::unread`].
pub(super) fn compare(
    census: &mut Census,
    covers: &mut [Option<Cover>],
    monitor: Monitor<'_>,
) -> Result<(), LibraryError> {
    let sizes: HashSet<Bytes> = census.library.iter().map(|file| file.stamp.size).collect();
    let mut wanted: Vec<usize> = (0..census.old.len()).collect();
    wanted.retain(|&at| sizes.contains(&census.old[at].stamp.size));
    let old_sizes: HashSet<Bytes> = wanted.iter().map(|&at| census.old[at].stamp.size).collect();
    let mut there: Vec<&MediaFile> = census.library.iter().collect();
    there.retain(|file| old_sizes.contains(&file.stamp.size));

    let Monitor { progress, cancel, .. } = monitor;
    let total = Some((wanted.len() + there.len()) as u64);
    progress.on(Event::StageStarted { stage: Phase::Verify, total });
    let read = |file: &MediaFile| -> Option<Result<ContentHash, String>> {
        if cancel.load(Ordering::Relaxed) {
            return None;
        }
        let read = settled_content_hash(&file.path);
        let bytes = file.stamp.size.0;
        progress.on(Event::Advanced { stage: Phase::Verify, items: 1, bytes });
        Some(read.map_err(|error| error.to_string()))
    };
    let old: Vec<_> = wanted.into_par_iter().map(|at| (at, read(&census.old[at]))).collect();
    let library: Vec<_> = there.into_par_iter().map(|file| (&file.path, read(file))).collect();
    progress.on(Event::StageFinished { stage: Phase::Verify });

    let mut by_content: HashMap<ContentHash, &PathBuf> = HashMap::new();
    let mut unread: Vec<Skipped> = Vec::new();
    for (path, read) in library {
        match read {
            // The first one by its path.
            Some(Ok(content)) => {
                by_content.entry(content).or_insert(path);
            }
            Some(Err(reason)) => {
                unread.push(Skipped { path: path.clone(), stage: Stage::Read, reason });
            }
            None => {}
        }
    }
    for (at, read) in old {
        covers[at] = match read {
            Some(Ok(content)) => {
                by_content.get(&content).map(|&by| Cover::SameBytes { by: by.clone() })
            }
            Some(Err(reason)) => Some(Cover::Unreadable { reason }),
            None => None,
        };
    }
    census.unread.append(&mut unread);
    match cancel.load(Ordering::Relaxed) {
        true => Err(LibraryError::Interrupted { while_scanning: false }),
        false => Ok(()),
    }
}
