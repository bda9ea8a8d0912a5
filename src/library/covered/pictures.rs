//! Old pictures that the library shows in another form.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use rayon::prelude::*;

use super::CoveredOptions;
use super::census::{Census, skipped};
use super::facts::{unknown_to, untold_by};
use super::judge::judge;
use crate::act::proposal::known_of;
use crate::decode::{DecodeOptions, colours};
use crate::files::content::FileSource;
use crate::files::walk::Walked;
use crate::library::compare::{Against, Others};
use crate::library::duplicates::other_pictures;
use crate::library::{Library, LibraryError, Monitor};
use crate::model::coverage::Cover;
use crate::model::event::{Event, Phase};
use crate::model::extensions::{is_film, may_be_a_picture};
use crate::model::findings::Duplicate;
use crate::model::media::MediaFile;
use crate::model::record::Picture;
use crate::scan::damage::flaw;
use crate::scan::{Confirm, Scan, scan_found};

/// A picture of the library that is no cover is left out, and what it was compared with is compared
/// with the others: so many times at most.
const ROUNDS: u32 = 8;

/// A picture of the library that may cover an old one.
struct Offer {
    /// The place of the old file in the census.
    old: usize,
    /// The places of both among the pictures of the scan.
    pictures: (u32, u32),
    /// What was proven of both.
    found: Duplicate<u32>,
    /// What it is worth.
    cover: Cover,
}

/// Compares the pictures among the old files that are still without a cover with those of the
/// library, and fills in what is found.
///
/// # Errors
/// As [`Library::duplicates`].
pub(super) fn compare(
    library: &mut Library,
    census: &mut Census,
    covers: &mut [Option<Cover>],
    options: &CoveredOptions,
    monitor: Monitor<'_>,
) -> Result<(), LibraryError> {
    let wanted = |covers: &[Option<Cover>], at: usize, file: &MediaFile| {
        covers[at].is_none() && may_be_a_picture(&file.path)
    };
    let old: HashMap<PathBuf, usize> = (0..)
        .zip(&census.old)
        .filter(|(at, file)| wanted(covers, *at, file))
        .map(|(at, file)| (file.path.clone(), at))
        .collect();
    if old.is_empty() {
        return Ok(());
    }
    let mut scan = scan_pictures(library, census, &old, monitor)?;
    for skip in &scan.skipped {
        if !old.contains_key(&skip.path) {
            census.unread.push(skipped(skip.clone()));
        }
    }
    let library_root = options.old.len() as u32;
    if !options.with_cache.is_empty() {
        // Before anything is left out of the scan.
        let old_pictures = |picture: &&Picture| picture.file.root < library_root;
        let pictures: Vec<Picture> = scan.pictures.iter().filter(old_pictures).cloned().collect();
        in_library(library, &mut scan, &old, covers, options, monitor)?;
        return in_other_caches(library, pictures, &old, covers, options, monitor);
    }
    in_library(library, &mut scan, &old, covers, options, monitor)
}

/// Hashes the pictures of the library, and those of the old files that are named.
fn scan_pictures(
    library: &mut Library,
    census: &Census,
    old: &HashMap<PathBuf, usize>,
    monitor: Monitor<'_>,
) -> Result<Scan, LibraryError> {
    let options = library.options.scan.clone();
    let Monitor { progress, cancel, .. } = monitor;
    library.attempt_scan(
        &|cache, hasher| {
            let mut walked = Walked::default();
            for file in &census.library {
                match may_be_a_picture(&file.path) {
                    true => walked.files.push(file.clone()),
                    false => walked.other += 1,
                }
            }
            let wanted = census.old.iter().filter(|file| old.contains_key(&file.path));
            walked.files.extend(wanted.cloned());
            walked.files.sort_by(|a, b| a.path.cmp(&b.path));
            let films = census.library.iter().chain(&census.old).map(|file| &file.path);
            walked.films = films.filter(|path| is_film(path)).cloned().collect();
            scan_found(walked, &options, Some(cache), hasher, progress, cancel)
        },
        monitor,
    )
}

fn in_library(
    library: &mut Library,
    scan: &mut Scan,
    old: &HashMap<PathBuf, usize>,
    covers: &mut [Option<Cover>],
    options: &CoveredOptions,
    monitor: Monitor<'_>,
) -> Result<(), LibraryError> {
    let library_root = options.old.len() as u32;
    let against = Against {
        policy: options.policy,
        any_orientation: options.any_orientation,
        library_roots: roots(options),
        // The drive is wiped because of what is said here, so all bytes are read.
        confirm: Confirm::All,
    };
    let films = scan.films.clone();
    for _ in 0..ROUNDS {
        scan.films = films.clone();
        let (found, _) = library.compare_incoming(scan, Others::default(), &against, monitor)?;
        let mut offers = Vec::new();
        for group in &found.groups {
            let kept = &scan.pictures[group.keeper as usize];
            if kept.file.root < library_root {
                continue;
            }
            for duplicate in &group.duplicates {
                let picture = &scan.pictures[duplicate.picture as usize];
                if let Some(&old) = old.get(&picture.file.path) {
                    offers.push(Offer {
                        old,
                        pictures: (duplicate.picture, group.keeper),
                        found: duplicate.clone(),
                        cover: judge(picture, kept, duplicate),
                    });
                }
            }
        }
        look_at(&mut offers, scan, &library.options.scan.decode, monitor)?;
        let mut left_out: HashSet<u32> = HashSet::new();
        let mut again: HashSet<u32> = HashSet::new();
        for offer in offers {
            let cover = &mut covers[offer.old];
            let is_look_alike = matches!(offer.cover, Cover::LooksAlike { .. });
            if !offer.cover.is_covered() && !is_look_alike {
                let (old, kept) = offer.pictures;
                left_out.insert(kept);
                again.insert(old);
            }
            // Of several that do not cover it the first is told: it is the best by their order.
            let only_alike = matches!(cover, Some(Cover::LooksAlike { .. }) | None);
            if offer.cover.is_covered() || only_alike {
                *cover = Some(offer.cover);
            }
        }
        if again.is_empty() {
            break;
        }
        let mut at = 0..;
        scan.pictures.retain(|picture| {
            let at: u32 = at.next().unwrap_or(u32::MAX);
            match picture.file.root < library_root {
                true => again.contains(&at),
                false => !left_out.contains(&at),
            }
        });
    }
    Ok(())
}

/// For each root, whether it is one of the library; other caches have the one after the last.
fn roots(options: &CoveredOptions) -> Vec<bool> {
    let roots = options.old.len() + options.library.len();
    (0..=roots).map(|root| root >= options.old.len()).collect()
}

/// Decodes what may be a cover to its end, and compares the colours of both.
fn look_at(
    offers: &mut [Offer],
    scan: &Scan,
    decode: &DecodeOptions,
    monitor: Monitor<'_>,
) -> Result<(), LibraryError> {
    let Monitor { progress, cancel, .. } = monitor;
    let mut wanted: Vec<&mut Offer> =
        offers.iter_mut().filter(|offer| offer.cover.is_covered()).collect();
    let total = Some(wanted.len() as u64);
    progress.on(Event::StageStarted { stage: Phase::Verify, total });
    let pairs = wanted.iter().flat_map(|offer| [offer.pictures.0, offer.pictures.1]);
    let known = known_of(pairs.map(|index| scan.pictures[index as usize].file.path.as_path()));
    wanted.par_iter_mut().for_each(|offer| {
        if cancel.load(Ordering::Relaxed) {
            return;
        }
        let picture = |index: u32| &scan.pictures[index as usize];
        let (old, kept) = (picture(offer.pictures.0), picture(offer.pictures.1));
        let by = kept.file.path.clone();
        if let Some(why) = flaw(&by, decode) {
            offer.cover = Cover::Damaged { by, why };
        } else if let Some(why) = other_colours(&old.file.path, &by, &offer.found, decode) {
            offer.cover = Cover::Worse { by, why };
        } else {
            let missing = untold_by(kept, old, &known);
            if !missing.is_empty() {
                offer.cover = Cover::LacksMetadata { by, missing };
            }
        }
        let bytes = kept.file.stamp.size.0;
        progress.on(Event::Advanced { stage: Phase::Verify, items: 1, bytes });
    });
    progress.on(Event::StageFinished { stage: Phase::Verify });
    match cancel.load(Ordering::Relaxed) {
        true => Err(LibraryError::Interrupted { while_scanning: false }),
        false => Ok(()),
    }
}

/// Whether a picture of the library was brightened, tinted or made grey since, in words.
fn other_colours(
    old: &Path,
    kept: &Path,
    found: &Duplicate<u32>,
    decode: &DecodeOptions,
) -> Option<String> {
    let read = |path: &Path| -> Result<_, String> {
        let source = FileSource::open(path).map_err(|error| error.to_string())?;
        colours(&source, decode).map_err(|error| error.to_string())
    };
    let both = read(kept).and_then(|kept| Ok((kept, read(old)?)));
    match both {
        Ok((kept, old)) => {
            let region = found.likeness.and_then(|likeness| likeness.region);
            let edges = region.map_or([0, 0, 256, 256], |region| region.edges);
            let difference = kept.oriented(found.orientation).difference(edges, &old);
            (!difference.is_of_encoding()).then(|| "in other colours or tones".to_owned())
        }
        Err(error) => Some(format!("their colours cannot be compared: {error}")),
    }
}

/// Asks each of the other caches for what is still without a cover. Nothing of what they know is
/// read: it tells where to look, and covers nothing.
fn in_other_caches(
    library: &mut Library,
    pictures: Vec<Picture>,
    old: &HashMap<PathBuf, usize>,
    covers: &mut [Option<Cover>],
    options: &CoveredOptions,
    monitor: Monitor<'_>,
) -> Result<(), LibraryError> {
    let against = Against {
        policy: options.policy,
        any_orientation: options.any_orientation,
        library_roots: roots(options),
        confirm: Confirm::Untraced,
    };
    let root = (options.old.len() + options.library.len()) as u32;
    for cache in &options.with_cache {
        let wanted = |picture: &&Picture| {
            let at = old.get(&picture.file.path);
            at.is_some_and(|&at| !covers[at].as_ref().is_some_and(is_settled))
        };
        let pictures: Vec<Picture> = pictures.iter().filter(wanted).cloned().collect();
        let others = other_pictures(std::slice::from_ref(cache), &library.options.base, root)?;
        let mut scan = Scan { pictures, ..Scan::default() };
        let (found, _) = library.compare_incoming(&mut scan, others, &against, monitor)?;
        for group in &found.groups {
            let kept = &scan.pictures[group.keeper as usize];
            if kept.file.root != root {
                continue;
            }
            for duplicate in &group.duplicates {
                let picture = &scan.pictures[duplicate.picture as usize];
                let Some(&at) = old.get(&picture.file.path) else { continue };
                let as_good = judge(picture, kept, duplicate).is_covered();
                if as_good && unknown_to(kept, picture).is_empty() {
                    let (by, cache) = (kept.file.path.clone(), cache.clone());
                    covers[at] = Some(Cover::Unverified { by, cache });
                }
            }
        }
    }
    Ok(())
}

fn is_settled(cover: &Cover) -> bool {
    cover.is_covered() || matches!(cover, Cover::Unverified { .. })
}
