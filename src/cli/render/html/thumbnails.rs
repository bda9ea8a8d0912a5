//! Small pictures for the page of a report.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::Thumbnail;
use clean_backup::decode::DecodeOptions;
use clean_backup::decode::preview::preview;
use clean_backup::files::content::FileSource;
use clean_backup::model::event::{Event, Phase, Progress};
use clean_backup::model::findings::Findings;
use clean_backup::model::media::Orientation;

/// Pixels along the longer side: enough to tell two pictures apart, about 4 kB.
const SIDE: u32 = 160;
/// The same on a page of many, about 2 kB: a thousand groups of two take 6 MB.
const SMALL_SIDE: u32 = 96;
/// A page of more pictures has small ones.
const FEW: usize = 400;

/// So many of a group have one: of a time-lapse in one group the file would become gigabytes.
const MOST_OF_GROUP: usize = 100;

/// Why a picture has no thumbnail.
#[derive(Clone, Debug)]
pub enum NoThumbnail {
    /// It is not among the first.
    NotMade,
    /// It cannot be read or decoded.
    Failed(String),
}

impl fmt::Display for NoThumbnail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotMade => f.write_str("only the first groups, and the first of each, are shown"),
            Self::Failed(why) => f.write_str(why),
        }
    }
}

/// By the path of the picture.
#[derive(Clone, Debug, Default)]
pub struct Thumbnails(HashMap<PathBuf, Result<Thumbnail, NoThumbnail>>);

impl Thumbnails {
    /// The thumbnail of a picture, or why there is none.
    ///
    /// # Errors
    /// [`NoThumbnail`]
    pub fn get(&self, path: &Path) -> Result<Thumbnail, NoThumbnail> {
        self.0.get(path).cloned().unwrap_or(Err(NoThumbnail::NotMade))
    }
}

/// Makes the thumbnails of the first pictures in the first `groups` groups. Those that are not made
/// when
/// `cancel` is set are missing.
pub fn thumbnails(
    report: &Findings,
    groups: usize,
    options: &DecodeOptions,
    progress: &dyn Progress,
    cancel: &AtomicBool,
) -> Thumbnails {
    let mut paths: Vec<&Path> = report
        .groups
        .iter()
        .take(groups)
        .flat_map(|group| group.members().take(MOST_OF_GROUP))
        .map(|picture| picture.path.as_path())
        .collect();
    paths.sort_unstable();
    paths.dedup();
    let side = if paths.len() > FEW { SMALL_SIDE } else { SIDE };
    let stage = Phase::Preview;
    progress.on(Event::StageStarted { stage, total: Some(paths.len() as u64) });
    let made = paths.into_par_iter().filter(|_| !cancel.load(Ordering::Relaxed)).map(|path| {
        let made = thumbnail(path, side, options);
        progress.on(Event::Advanced { stage, items: 1, bytes: 0 });
        (path.to_owned(), made)
    });
    let made = made.collect();
    progress.on(Event::StageFinished { stage });
    Thumbnails(made)
}

fn thumbnail(path: &Path, side: u32, options: &DecodeOptions) -> Result<Thumbnail, NoThumbnail> {
    let failed = |error: &dyn fmt::Display| NoThumbnail::Failed(error.to_string());
    let source = FileSource::open(path).map_err(|error| failed(&error))?;
    let made = preview(&source, side, Orientation::Upright, options);
    let made = made.map_err(|error| failed(&error))?;
    let (width, height) = (made.dimensions.width, made.dimensions.height);
    Ok(Thumbnail { jpeg: made.jpeg, width, height })
}
