//! Comparing pictures until what was found rests on nothing but bytes that were read.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use super::tiles::{LibraryTiles, Reading, detail_of, pair_rule};
use super::{Backends, Library, LibraryError, Monitor};
use crate::catalogue::cache::Cache;
use crate::catalogue::tiles::TileStore;
use crate::dedupe::tile_prover::TileProver;
use crate::dedupe::{self, DedupeOptions, Deduplicated};
use crate::files::content::content_hash;
use crate::files::stamp::{Volumes, stamp_and_evidence};
use crate::model::policy::Policy;
use crate::model::record::{Picture, Record};
use crate::scan::damage::examine_alarms;
use crate::scan::{Confirm, Confirming, Scan};

/// Most times that groups are found again because pictures turned out not to be what the cache
/// said.
const ROUNDS: u32 = 8;

impl Library {
    /// Compares the pictures of a scan, and with them `others`, which only other caches know. They
    /// are confirmed as `confirm` asks, and a picture that is found to be damaged loses its claim
    /// to be kept.
    ///
    /// # Errors
    /// [`LibraryError::Interrupted`]; [`LibraryError::Unsettled`] when files change all the time.
    pub(super) fn compare(
        &mut self,
        scan: &mut Scan,
        mut others: Others,
        matching: &DedupeOptions,
        confirm: Confirm,
        monitor: Monitor<'_>,
    ) -> Result<Deduplicated, LibraryError> {
        let volumes = Volumes::default();
        let live = |path: &Path| stamp_and_evidence(path, &volumes);
        scan.add_known(others.pictures, &live);
        let Monitor { progress, cancel, .. } = monitor;
        let with = Confirming { options: &self.options.scan.decode, live: &live, progress, cancel };
        let backends = &self.options.backends;
        settled(scan, matching, backends, confirm, with, (&mut self.cache, &mut others.tiles))
    }
}

/// How incoming pictures are compared with those of a library.
#[derive(Clone, Debug)]
pub(super) struct Against {
    /// The two radii.
    pub policy: Policy,
    /// Whether turned and mirrored pictures are found too.
    pub any_orientation: bool,
    /// For each root of the scan, whether it belongs to the library.
    pub library_roots: Vec<bool>,
    /// What is read again of what was found.
    pub confirm: Confirm,
}

impl Library {
    /// Compares incoming pictures with those of a library, which always are the keepers.
    ///
    /// # Errors
    /// As [`Library::compare`].
    pub(super) fn compare_incoming(
        &mut self,
        scan: &mut Scan,
        others: Others,
        against: &Against,
        monitor: Monitor<'_>,
    ) -> Result<(Deduplicated, DedupeOptions), LibraryError> {
        let matching = DedupeOptions {
            policy: against.policy,
            any_orientation: against.any_orientation,
            films: std::mem::take(&mut scan.films),
            marks: self.marks()?,
            reference_roots: against.library_roots.clone(),
            ..Default::default()
        };
        let found = self.compare(scan, others, &matching, against.confirm, monitor)?;
        Ok((found, matching))
    }
}

/// What other caches know.
#[derive(Debug, Default)]
pub(super) struct Others {
    /// Their pictures.
    pub pictures: Vec<Picture>,
    /// The tiles of those.
    pub tiles: Vec<TileStore>,
}

/// Finds groups until nothing that they rest on turns out to be otherwise.
fn settled(
    scan: &mut Scan,
    matching: &DedupeOptions,
    backends: &Backends,
    confirm: Confirm,
    with: Confirming<'_>,
    (cache, others): (&mut Cache, &mut [TileStore]),
) -> Result<Deduplicated, LibraryError> {
    let read = |picture: &Picture| content_hash(&picture.file.path);
    let mut confirmed: HashSet<PathBuf> = HashSet::new();
    for _ in 0..ROUNDS {
        let mut found = {
            let store = cache.tiles().map_err(LibraryError::Tiles)?;
            let rule = pair_rule(matching);
            let Confirming { options, progress, cancel, .. } = with;
            let reading = Reading { options, progress, cancel };
            let mut tiles = LibraryTiles::new(&scan.pictures, store, others, reading, rule)
                .map_err(LibraryError::Tiles)?;
            let detail = |picture: &Picture| detail_of(picture, with.options);
            let prover = TileProver::new(&scan.pictures, &mut tiles, &detail, cancel)
                .with_windows(backends.windows.as_ref())
                .with_aligner(backends.aligner.as_ref());
            let (pictures, joiner) = (&scan.pictures, backends.joiner.as_ref());
            let found = dedupe::dedupe(pictures, matching, &read, joiner, &prover, with.progress);
            if let Err(error) = tiles.finish() {
                tracing::warn!("{error}; pairs of pictures are compared again in the next run");
            }
            found
        };
        let mut members = found.members();
        members.retain(|&index| confirmed.insert(scan.pictures[index as usize].file.path.clone()));
        let outcome = scan.confirm(&members, confirm, with);
        remember(cache, scan, &outcome.read);
        let changed = outcome.changed || outcome.traced;
        if with.cancel.load(Ordering::Relaxed) {
            return Err(LibraryError::Interrupted { while_scanning: false });
        }
        if changed || examine_alarms(&mut scan.pictures, &mut found, with.options) {
            continue;
        }
        scan.locate(&found.members(), with.live);
        return Ok(found);
    }
    Err(LibraryError::Unsettled)
}

/// What was read again goes into the cache.
fn remember(cache: &mut Cache, scan: &Scan, read: &[u32]) {
    let pictures = read.iter().map(|&index| &scan.pictures[index as usize]);
    let records: Vec<_> = pictures
        .filter(|picture| !scan.is_elsewhere(picture))
        .map(|picture| (&picture.file, Record::Picture(picture.record.clone()), picture.content))
        .collect();
    if records.is_empty() {
        return;
    }
    let rows: Vec<_> = records.iter().map(|(file, record, c)| (*file, record, *c)).collect();
    if let Err(error) = cache.write_batch(&rows) {
        tracing::warn!("what was read again is not kept: {error}");
    }
}
