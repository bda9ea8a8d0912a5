//! The tables of all bands at once, for asking one needle after another.

use super::gather::Gather;
use super::plan::{Band, Sample, Size, differences};
use super::table::{BandTable, Scratch};
use crate::index::flat::{Backend, IndexHit, Span};
use crate::index::{Neighbour, Query};
use crate::model::phash::PerceptualHash;

/// Multi-index tables: every band's, so about 12 bytes per hash and band (49 with four bands).
///
/// Exact at every radius. Up to the radius it was made for, a needle looks into the buckets near
/// its own; beyond, and where that is estimated to cost more, all hashes are scanned.
#[derive(Debug)]
pub struct MultiIndex {
    backend: Backend,
    bands: Vec<(Gather, BandTable)>,
    /// For each radius the bands to look into, with their number; none: scan.
    lookups: Vec<Option<Vec<Lookup>>>,
}

#[derive(Debug)]
struct Lookup {
    number: usize,
    band: Band,
    differences: Vec<u32>,
}

impl MultiIndex {
    /// Over `hashes`, at least one and fewer than 2³²; for needles of up to `radius`.
    pub fn new(hashes: &[PerceptualHash], radius: u32, backend: Backend) -> Self {
        Self::build(hashes, radius, backend, false)
    }

    /// `always`: by the tables even where the scan is estimated to be cheaper.
    fn build(hashes: &[PerceptualHash], radius: u32, backend: Backend, always: bool) -> Self {
        let sample = Sample::new(hashes);
        // 16 bits per band are right up to some ten million, 22 beyond.
        let masks = sample.deal(u64::MAX, if hashes.len() > 16_000_000 { 3 } else { 4 });
        let mut scratch = Scratch::default();
        let bands: Vec<_> = masks
            .iter()
            .map(|&mask| {
                let mut table = BandTable::default();
                table.rebuild(hashes, None, mask, &mut scratch);
                (Gather::new(mask), table)
            })
            .collect();
        let size = Size::query(hashes.len());
        let lookups = sample
            .radii(&masks, size, radius)
            .into_iter()
            .map(|plan| {
                let plan = plan?;
                let lookups = plan.bands.iter().filter_map(|&band| {
                    let number = masks.iter().position(|&mask| mask == band.mask)?;
                    let differences = differences(band.mask.count_ones(), band.radius);
                    Some(Lookup { number, band, differences })
                });
                (always || plan.cost_ns < size.flat_ns()).then(|| lookups.collect())
            })
            .collect();
        Self { backend, bands, lookups }
    }

    fn scan(
        &self,
        needle: PerceptualHash,
        table: &BandTable,
        runs: &[Span],
        radius: u32,
    ) -> Vec<IndexHit> {
        let mut hits = Vec::new();
        self.backend.scan(&[needle], &table.hashes, runs, radius, &mut hits);
        hits
    }
}

fn neighbour(needle: PerceptualHash, table: &BandTable, hit: IndexHit) -> Neighbour {
    let distance = needle.distance(table.hashes[hit.position as usize]).0 as u8;
    Neighbour { distance, position: table.ids[hit.position as usize] }
}

impl Query for MultiIndex {
    fn within(&self, needle: PerceptualHash, radius: u32) -> Vec<Neighbour> {
        let mut found = Vec::new();
        if let Some(Some(lookups)) = self.lookups.get(radius as usize) {
            let mut runs = Vec::new();
            for (turn, lookup) in lookups.iter().enumerate() {
                let (gather, table) = &self.bands[lookup.number];
                let key = gather.portable(needle);
                runs.clear();
                runs.extend(lookup.differences.iter().map(|difference| {
                    let bucket = table.bucket(key ^ difference);
                    Span { start: bucket.start, end: bucket.end }
                }));
                for hit in self.scan(needle, table, &runs, radius) {
                    let difference = needle.0 ^ table.hashes[hit.position as usize].0;
                    if !lookups[..turn].iter().any(|earlier| earlier.band.finds(difference)) {
                        found.push(neighbour(needle, table, hit));
                    }
                }
            }
        } else if let Some((_, table)) = self.bands.first() {
            let whole = Span { start: 0, end: table.hashes.len() as u32 };
            let hits = self.scan(needle, table, &[whole], radius);
            found.extend(hits.into_iter().map(|hit| neighbour(needle, table, hit)));
        }
        found.sort_unstable();
        found
    }

    /// Widens the radius until enough are found.
    fn nearest(&self, needle: PerceptualHash, count: usize, radius: u32) -> Vec<Neighbour> {
        let mut circle = 2;
        loop {
            let mut found = self.within(needle, circle.min(radius));
            if found.len() >= count || circle >= radius {
                found.truncate(count);
                return found;
            }
            circle += 1 + circle / 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::index::flat::Flat;
    use crate::index::testing;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn the_answers_are_those_of_the_scan(
            hashes in testing::hashes(0..1500),
            needle: u64,
            known: bool,
            radius in 0_u32..=16,
            count in 0_usize..20,
        ) {
            let needle = match hashes.first() {
                Some(&hash) if known => hash,
                _ => PerceptualHash(needle),
            };
            let index = MultiIndex::build(&hashes, 12, Backend::fastest(), true);
            let flat = Flat::new(&hashes, Backend::PORTABLE);
            prop_assert_eq!(index.within(needle, radius), flat.within(needle, radius));
            prop_assert_eq!(
                index.nearest(needle, count, radius),
                flat.nearest(needle, count, radius)
            );
        }
    }
}
