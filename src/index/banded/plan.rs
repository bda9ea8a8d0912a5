//! Which bits make which band, and how far each band is searched.
//!
//! Bands are disjoint masks; band i is searched to radius sᵢ, or left out (sᵢ = −1). If a pair
//! were farther apart than sᵢ in every band, its distance would be at least Σ(sᵢ+1); so a plan
//! with Σ(sᵢ+1) ≥ r+1 misses nothing within r.

use crate::model::phash::PerceptualHash;

/// Hashes that stand for all when costs are estimated.
const SAMPLE: usize = 1024;
/// Widest band: 2²² buckets are 16 MiB of starts.
const MAX_WIDTH: u32 = 22;
/// Farthest that a band is searched; beyond, its buckets are too many to visit.
const MAX_BAND_RADIUS: u32 = 5;

/// Nanoseconds of one core, estimated for AVX-512: what one pair of a long run costs, what visiting
/// one bucket costs beyond its pairs, and what sorting one hash into a band costs. Whole joins of a
/// million take 1.4 to 2.4 times what these add up to; only their proportions choose a plan.
const PAIR_NS: f64 = 0.1;
const VISIT_NS: f64 = 9.0;
const SORT_NS: f64 = 14.0;

/// Bits of a hash, searched to a radius of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Band {
    /// Its bits.
    pub mask: u64,
    /// Most of them that a candidate may differ in.
    pub radius: u32,
}

impl Band {
    /// Whether this band finds a pair that differs in the bits `difference`.
    pub fn finds(self, difference: u64) -> bool {
        (difference & self.mask).count_ones() <= self.radius
    }
}

/// The bands of one join, in the order in which they are searched.
#[derive(Clone, Debug, PartialEq)]
pub struct BandPlan {
    /// Bands that are searched.
    pub bands: Vec<Band>,
    /// Estimated cost, in nanoseconds of one core.
    pub cost_ns: f64,
}

/// How much there is to join.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Hashes to be sorted into each band.
    pub hashes: f64,
    /// Pairs that the plain scan would look at.
    pub pairs: f64,
    /// Hashes whose neighbour buckets are visited.
    pub visitors: f64,
}

impl Size {
    /// Of a self-join.
    pub fn self_join(count: usize) -> Self {
        let hashes = count as f64;
        // Each pair of buckets is visited from one of its two ends.
        Self { hashes, pairs: hashes * hashes / 2.0, visitors: hashes / 2.0 }
    }

    /// Of a cross-join.
    pub fn cross_join(needles: usize, library: usize) -> Self {
        let (needles, library) = (needles as f64, library as f64);
        Self { hashes: needles + library, pairs: needles * library, visitors: needles }
    }

    /// Of one needle asked of ready tables.
    pub fn query(library: usize) -> Self {
        Self { hashes: 0.0, pairs: library as f64, visitors: 1.0 }
    }

    /// What the plain scan costs, in nanoseconds of one core.
    pub fn flat_ns(self) -> f64 {
        self.pairs * PAIR_NS
    }
}

/// A sample of hashes, which plans are based on.
pub(super) struct Sample {
    hashes: Vec<u64>,
    /// Of each bit: how the sample has it, one bit per hash.
    columns: Vec<[u64; SAMPLE / 64]>,
}

impl Sample {
    pub(super) fn new(hashes: &[PerceptualHash]) -> Self {
        // Evenly through the whole, as neighbours in a library resemble each other.
        let count = hashes.len().min(SAMPLE);
        let sample: Vec<u64> = (0..count).map(|i| hashes[i * hashes.len() / count].0).collect();
        let columns = (0..64)
            .map(|bit| {
                let mut column = [0; SAMPLE / 64];
                for (i, hash) in sample.iter().enumerate() {
                    column[i / 64] |= (hash >> bit & 1) << (i % 64);
                }
                column
            })
            .collect();
        Self { hashes: sample, columns }
    }

    fn ones(&self, bit: u32) -> f64 {
        f64::from(self.columns[bit as usize].iter().map(|word| word.count_ones()).sum::<u32>())
    }

    /// The square of the correlation of two bits; 1 where one of them never changes.
    fn correlation(&self, a: u32, b: u32, ones: &[f64; 64]) -> f64 {
        let count = self.hashes.len() as f64;
        let both = self.columns[a as usize].iter().zip(&self.columns[b as usize]);
        let both = f64::from(both.map(|(a, b)| (a & b).count_ones()).sum::<u32>());
        let (ones_a, ones_b) = (ones[a as usize], ones[b as usize]);
        let variance = ones_a * (count - ones_a) * ones_b * (count - ones_b);
        if variance == 0.0 {
            return 1.0;
        }
        let covariance = count * both - ones_a * ones_b;
        covariance * covariance / variance
    }

    /// Deals the bits of `free` to `count` bands of nearly equal width, so that bits which go
    /// together part: a band of bits that all say the same has few full buckets.
    pub(super) fn deal(&self, free: u64, count: u32) -> Vec<u64> {
        let mut ones = [0.0; 64];
        let mut left: Vec<u32> = (0..64).filter(|bit| free >> bit & 1 == 1).collect();
        for &bit in &left {
            ones[bit as usize] = self.ones(bit);
        }
        let mut table = vec![[0.0; 64]; 64];
        for (i, &a) in left.iter().enumerate() {
            for &b in &left[..i] {
                let squared = self.correlation(a, b, &ones);
                table[a as usize][b as usize] = squared;
                table[b as usize][a as usize] = squared;
            }
        }
        // The most entangled first, while there is a choice.
        let entangled = |bit: u32| table[bit as usize].iter().sum::<f64>();
        left.sort_by(|&a, &b| entangled(b).total_cmp(&entangled(a)).then(a.cmp(&b)));
        let width = (left.len() as u32).div_ceil(count).min(MAX_WIDTH);
        let mut bands = vec![0_u64; count as usize];
        for bit in left {
            let load = |mask: u64| {
                (0..64)
                    .filter(|other| mask >> other & 1 == 1)
                    .map(|other| table[bit as usize][other as usize])
                    .sum::<f64>()
            };
            let band = bands.iter_mut().filter(|mask| mask.count_ones() < width).min_by(|a, b| {
                load(**a).total_cmp(&load(**b)).then(a.count_ones().cmp(&b.count_ones()))
            });
            if let Some(mask) = band {
                *mask |= 1 << bit;
            }
        }
        bands
    }

    /// For each band and radius s the share of pairs that are within s in the band: what the
    /// sample shows, and at least what independent bits would give.
    fn shares(&self, bands: &[u64]) -> Vec<[f64; MAX_BAND_RADIUS as usize + 1]> {
        let mut counts = vec![[0_u32; 65]; bands.len()];
        for (i, a) in self.hashes.iter().enumerate() {
            for b in &self.hashes[..i] {
                for (counts, mask) in counts.iter_mut().zip(bands) {
                    counts[((a ^ b) & mask).count_ones() as usize] += 1;
                }
            }
        }
        let pairs = (self.hashes.len() * self.hashes.len().saturating_sub(1) / 2).max(1) as f64;
        counts
            .iter()
            .zip(bands)
            .map(|(counts, mask)| {
                let mut seen = 0.0;
                std::array::from_fn(|radius| {
                    seen += f64::from(counts[radius]);
                    let (width, radius) = (mask.count_ones(), radius as u32);
                    (seen / pairs).max(ball(width, radius) / f64::from(width).exp2()).min(1.0)
                })
            })
            .collect()
    }

    /// The cheapest radii of given bands forevery radius up to `most`; `None` where they do not
    /// reach so far.
    pub(super) fn radii(&self, bands: &[u64], size: Size, most: u32) -> Vec<Option<BandPlan>> {
        let shares = self.shares(bands);
        (0..=most).map(|radius| cheapest_radii(bands, &shares, size, radius)).collect()
    }

    /// The cheapest plan for a join of `size` by the bits of `free`; `None` when no plan reaches
    /// so far, and only the plain scan remains.
    pub(super) fn plan(&self, size: Size, radius: u32, free: u64) -> Option<BandPlan> {
        let bits = free.count_ones();
        let mut best: Option<BandPlan> = None;
        for count in 2..=6 {
            // Bands much wider than the hashes are many are mostly empty buckets.
            let width = bits.div_ceil(count).min(MAX_WIDTH);
            let too_wide = f64::from(width) > size.hashes.max(1.0).log2() + 3.0;
            if width == 0 || bits < count || (too_wide && count < 6) {
                continue;
            }
            let bands = self.deal(free, count);
            if let Some(plan) = cheapest_radii(&bands, &self.shares(&bands), size, radius)
                && best.as_ref().is_none_or(|best| plan.cost_ns < best.cost_ns)
            {
                best = Some(plan);
            }
        }
        best
    }
}

/// The radii of least cost with Σ(sᵢ+1) ≥ radius+1, by dynamic programming over the bands.
fn cheapest_radii(
    bands: &[u64],
    shares: &[[f64; MAX_BAND_RADIUS as usize + 1]],
    size: Size,
    radius: u32,
) -> Option<BandPlan> {
    let needed = radius as usize + 1;
    // best[n]: least cost of the bands so far with Σ(sᵢ+1) ≥ n, and their sᵢ+1.
    let mut best: Vec<Option<(f64, Vec<u32>)>> = vec![None; needed + 1];
    best[0] = Some((0.0, Vec::new()));
    for (mask, shares) in bands.iter().zip(shares) {
        let width = mask.count_ones();
        let buckets = f64::from(width).exp2();
        let mut next: Vec<Option<(f64, Vec<u32>)>> = vec![None; needed + 1];
        for (reached, entry) in best.iter().enumerate() {
            let Some((cost, steps)) = entry else { continue };
            for step in 0..=(MAX_BAND_RADIUS + 1).min(width) {
                let own = match step.checked_sub(1) {
                    None => 0.0,
                    Some(s) => {
                        let visits = size.visitors.min(buckets / 2.0) * ball(width, s);
                        let made = if size.hashes > 0.0 { buckets } else { 0.0 };
                        size.hashes * SORT_NS
                            + made
                            + visits * VISIT_NS
                            + size.pairs * shares[s as usize] * PAIR_NS
                    }
                };
                let to = (reached + step as usize).min(needed);
                if next[to].as_ref().is_none_or(|(known, _)| cost + own < *known) {
                    let steps = steps.iter().copied().chain([step]).collect();
                    next[to] = Some((cost + own, steps));
                }
            }
        }
        best = next;
    }
    let (cost_ns, steps) = best.pop()??;
    let mut bands: Vec<Band> = bands
        .iter()
        .zip(steps)
        .filter_map(|(&mask, step)| Some(Band { mask, radius: step.checked_sub(1)? }))
        .collect();
    // The answer does not depend on the order; a fixed one makes runs alike.
    bands.sort_by_key(|band| (band.radius, band.mask));
    Some(BandPlan { bands, cost_ns })
}

/// How many keys of `width` bits lie within `radius` of one.
fn ball(width: u32, radius: u32) -> f64 {
    let mut ring = 1.0;
    let mut all = 1.0;
    for k in 0..radius.min(width) {
        ring = ring * f64::from(width - k) / f64::from(k + 1);
        all += ring;
    }
    all
}

/// Every difference of at most `radius` bits among `width`, in ascending number of bits.
pub(super) fn differences(width: u32, radius: u32) -> Vec<u32> {
    let mut all = vec![0_u32];
    let mut ring = 0;
    for _ in 0..radius.min(width) {
        let end = all.len();
        for i in ring..end {
            // Only bits above the highest set one, so that each comes once.
            let from = 32 - all[i].leading_zeros();
            for bit in from..width {
                all.push(all[i] | 1 << bit);
            }
        }
        ring = end;
    }
    all
}

#[cfg(test)]
mod tests;
