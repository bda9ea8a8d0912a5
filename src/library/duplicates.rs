//! Finding duplicates.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::compare::Others;
use super::doubts::Doubts;
use super::{Library, LibraryError, Monitor};
use crate::catalogue::cache::Cache;
use crate::catalogue::tiles::{TileStore, beside};
use crate::dedupe::{DedupeOptions, Deduplicated, Prefer, report};
use crate::files::globs::Globs;
use crate::model::findings::{
    Alarm, Counts, Damaged, DamagedPicture, Findings, FoundPicture, Matching, Skipped,
};
use crate::model::media::MediaFile;
use crate::model::policy::{KeepRule, Policy};
use crate::model::record::{KnownPicture, Picture, Skip};
use crate::scan::{Confirm, Scan};

/// What is compared, and by which rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DuplicateOptions {
    /// Folders or files.
    pub roots: Vec<PathBuf>,
    /// Folders in which nothing is touched: their pictures are always kept.
    pub references: Vec<PathBuf>,
    /// Caches of other libraries, whose pictures are compared with.
    pub with_cache: Vec<PathBuf>,
    /// Folders that are passed over.
    pub skip_dirs: Vec<PathBuf>,
    /// The two radii.
    pub policy: Policy,
    /// Match by the 256-bit hash alone.
    pub fine_only: bool,
    /// Look for turned and mirrored copies too.
    pub any_orientation: bool,
    /// Look for films that were cut, turned, cropped, or have bars: slow.
    pub deep: bool,
    /// Treat frames of a burst as duplicates.
    pub include_bursts: bool,
    /// Treat pictures that are only alike as duplicates.
    pub include_alike: bool,
    /// Act on copies although it is not sure which one is the original.
    pub include_unsure: bool,
    /// Act on films that show the same although their bytes differ.
    pub include_films: bool,
    /// Rules for the keeper, before the usual order.
    pub keep: Vec<KeepRule>,
    /// Compare pairs that were marked as no duplicates all the same.
    pub ignore_marks: bool,
    /// Something will be done because of what is found: what only the cache says of pictures is
    /// confirmed by reading them, and folders that are suddenly empty are an error.
    pub acts: bool,
    /// Act although a folder is empty where pictures were known before.
    pub allow_empty: bool,
    /// Do not ask what only duplicates know.
    pub no_carry: bool,
}

impl DuplicateOptions {
    /// Compares everything below `roots` by the standard policy.
    pub fn new(roots: impl IntoIterator<Item = impl Into<PathBuf>>) -> Self {
        Self { roots: roots.into_iter().map(Into::into).collect(), ..Self::default() }
    }
}

/// What was found among pictures, and the pictures themselves.
#[derive(Clone, Debug)]
pub struct Explained {
    /// Every picture that was read, by path.
    pub pictures: Vec<FoundPicture>,
    /// What was found.
    pub findings: Findings,
}

impl Library {
    /// Scans and compares. The seconds among the counts are left for the caller to fill in.
    ///
    /// # Errors
    /// [`LibraryError`]; files that cannot be read are in [`Findings::skipped`].
    pub fn duplicates(
        &mut self,
        options: &DuplicateOptions,
        monitor: Monitor<'_>,
    ) -> Result<Findings, LibraryError> {
        Ok(self.find(options, monitor)?.0)
    }

    /// The same, with every picture that was compared, in a group or not: for a few.
    ///
    /// # Errors
    /// [`LibraryError`]
    pub fn explain(
        &mut self,
        options: &DuplicateOptions,
        monitor: Monitor<'_>,
    ) -> Result<Explained, LibraryError> {
        let (findings, scan, matching) = self.find(options, monitor)?;
        let pictures = scan.pictures.iter().map(|picture| report::found(picture, &matching));
        Ok(Explained { pictures: pictures.collect(), findings })
    }

    fn find(
        &mut self,
        options: &DuplicateOptions,
        monitor: Monitor<'_>,
    ) -> Result<(Findings, Scan, DedupeOptions), LibraryError> {
        let roots: Vec<PathBuf> =
            options.roots.iter().chain(&options.references).cloned().collect();
        let mut matching = DedupeOptions {
            policy: options.policy,
            fine_only: options.fine_only,
            any_orientation: options.any_orientation,
            deep: options.deep,
            include_bursts: options.include_bursts,
            include_alike: options.include_alike,
            keep: options.keep.clone(),
            prefer: Some(prefer(&options.keep)?),
            films: Vec::new(),
            units: None,
            marks: if options.ignore_marks { Vec::new() } else { self.marks()? },
            // The pictures of other caches have the root after the last.
            reference_roots: (0..=roots.len()).map(|root| root >= options.roots.len()).collect(),
        };
        let others = other_pictures(&options.with_cache, &self.options.base, roots.len() as u32)?;
        let mut scan = self.scan(&roots, &options.skip_dirs, monitor)?;
        if !options.acts {
            check_roots(&options.roots, &scan)?;
        }
        let base = &self.options.base;
        let doubts = Doubts::new(base, &options.roots, &options.references, &scan, &self.cache);
        doubts.check(options.acts, options.allow_empty)?;
        let counts = self.counts(&scan);
        matching.films = std::mem::take(&mut scan.films);
        let elsewhere: HashSet<PathBuf> =
            others.pictures.iter().map(|p| p.file.path.clone()).collect();
        let confirm = if options.acts { Confirm::Unbound } else { Confirm::Untraced };
        let found = self.compare(&mut scan, others, &matching, confirm, monitor)?;
        let films = self.compare_films(
            &scan,
            &options.with_cache,
            &matching,
            options.acts && options.include_films,
            monitor,
        )?;

        // Files of another cache whose drive is offline are expected to be missing.
        let news = |skip: &&Skip| !elsewhere.contains(&skip.path);
        let skips = scan.skipped.iter().chain(found.skipped.iter().filter(news));
        let skips = skips.chain(&scan.videos.skipped).chain(films.skipped.iter().filter(news));
        let skipped = skips.map(|skip| Skipped {
            path: skip.path.clone(),
            stage: skip.stage,
            reason: skip.reason.clone(),
        });
        let mut groups = found.report_groups(&scan.pictures, &matching);
        groups.extend(films.groups);
        groups.sort_by(|a, b| a.keeper.path.cmp(&b.keeper.path));
        let mut findings = Findings {
            roots: options.roots.clone(),
            references: options.references.clone(),
            matching: Matching {
                policy: options.policy,
                fine_only: options.fine_only,
                any_orientation: options.any_orientation,
                include_bursts: options.include_bursts,
                include_alike: options.include_alike,
                include_unsure: options.include_unsure,
                include_films: options.include_films,
                deep: options.deep,
            },
            groups,
            skipped: skipped.collect(),
            damaged: damaged(&scan, &found, &elsewhere),
            undecoded: scan.videos.undecoded().collect(),
            known: HashMap::new(),
            warnings: doubts.warnings,
            counts,
        };
        if !options.no_carry {
            findings.learn();
        }
        Ok((findings, scan, matching))
    }

    /// What a scan counted; no seconds.
    pub fn counts(&self, scan: &Scan) -> Counts {
        Counts {
            files: scan.files,
            not_pictures: scan.not_pictures,
            films: scan.videos.counts(),
            images: scan.pictures.len() as u64,
            hashed: scan.hashed,
            from_cache: scan.from_cache,
            seconds: 0.0,
            backend: self.options.backends.hasher.name().to_owned(),
            by_folder: by_folder(scan),
        }
    }
}

fn by_folder(scan: &Scan) -> BTreeMap<PathBuf, u64> {
    let mut folders = BTreeMap::new();
    for folder in scan.pictures.iter().filter_map(|picture| picture.file.path.parent()) {
        match folders.get_mut(folder) {
            Some(count) => *count += 1,
            None => drop(folders.insert(folder.to_owned(), 1)),
        }
    }
    folders
}

/// Pictures whose end is missing, and those that an alarm names, by path.
fn damaged(scan: &Scan, found: &Deduplicated, elsewhere: &HashSet<PathBuf>) -> Vec<DamagedPicture> {
    let mut by_path: BTreeMap<PathBuf, String> =
        scan.damaged().into_iter().map(|damaged| (damaged.path, damaged.what)).collect();
    for group in &found.groups {
        for duplicate in &group.duplicates {
            let Some(Alarm { damaged: Some(side), why }) = &duplicate.alarm else { continue };
            let index = match side {
                Damaged::Keeper => group.keeper,
                Damaged::Duplicate => duplicate.picture,
            };
            let path = scan.pictures[index as usize].file.path.clone();
            by_path.insert(path, why.clone());
        }
    }
    by_path.retain(|path, _| !elsewhere.contains(path));
    by_path.into_iter().map(|(path, what)| DamagedPicture { path, what }).collect()
}

/// At least one of the roots can be read.
fn check_roots(roots: &[PathBuf], scan: &Scan) -> Result<(), LibraryError> {
    let failed = |root: &PathBuf| scan.skipped.iter().find(|skip| skip.path == *root);
    if roots.is_empty() || !roots.iter().all(|root| failed(root).is_some()) {
        return Ok(());
    }
    let Skip { path, reason, .. } = scan.skipped[0].clone();
    Err(LibraryError::Root { path, reason })
}

/// The globs of `prefer=` rules, by the places of the rules.
///
/// # Errors
/// [`LibraryError::Glob`]
pub fn prefer(keep: &[KeepRule]) -> Result<Prefer, LibraryError> {
    let compiled: Vec<Option<Globs>> = keep
        .iter()
        .map(|rule| match rule {
            KeepRule::Prefer(glob) => Globs::new(std::slice::from_ref(glob))
                .map(Some)
                .map_err(|reason| LibraryError::Glob { option: "keep", reason }),
            _ => Ok(None),
        })
        .collect::<Result<_, _>>()?;
    let prefers = move |place: usize, path: &Path| {
        compiled.get(place).and_then(Option::as_ref).is_some_and(|globs| globs.matches(path))
    };
    Ok(Prefer(Arc::new(prefers)))
}

/// What other caches know, as pictures of a root of their own.
pub(super) fn other_pictures(
    files: &[PathBuf],
    base: &Path,
    root: u32,
) -> Result<Others, LibraryError> {
    let mut others = Others::default();
    for file in files {
        let cache = Cache::open_read_only(file, base).map_err(LibraryError::OtherCache)?;
        cache.each_picture(&mut |known| {
            let KnownPicture { path, stamp, evidence, .. } = known;
            let file = MediaFile { path, stamp, evidence, root };
            others.pictures.push(Picture { file, record: known.record, content: known.content });
        })?;
        match TileStore::open_read_only(&beside(file)) {
            Ok(tiles) => others.tiles.extend(tiles),
            Err(error) => tracing::warn!("{error}"),
        }
    }
    Ok(others)
}
