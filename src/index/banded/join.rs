//! Joining the buckets of a band.
//!
//! Two buckets whose keys differ in at most sᵢ bits hold candidates: every hash of the one is
//! compared with every hash of the other. Where that is too many, because a band's bits are alike
//! in a large part of the library, the two buckets are joined as sets of their own, by bands of
//! the bits outside this one; their pairs differ in a known number of bits inside the band, so
//! the radius left is that much smaller.

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::plan::{Band, BandPlan, Sample, Size, differences};
use super::table::{BandTable, Scratch};
use crate::index::emit::Emitter;
use crate::index::flat::{Backend, IndexHit, Span};
use crate::index::{Pair, Sink};
use crate::model::phash::PerceptualHash;

/// Buckets that a thread joins in one go.
const TILE: u32 = 64;
/// Most needles, and most hashes, of one scan: bounds the memory of its hits.
const NEEDLES: usize = 256;
const BLOCK: u32 = 4096;
/// From so many pairs on, two buckets are joined by the bits outside the band, if a plan says so:
/// some three milliseconds of scanning.
pub(super) const HEAVY: u64 = 1 << 25;

/// Thresholds; tests lower them so that small inputs take every path.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tuning {
    /// Use a plan even where the plain scan is estimated to be cheaper.
    pub(super) always: bool,
    /// See [`HEAVY`].
    pub(super) heavy: u64,
}

/// Hashes with their numbers; where none are given, their positions.
#[derive(Clone, Copy)]
pub(super) struct JoinSide<'a> {
    pub(super) hashes: &'a [PerceptualHash],
    pub(super) ids: Option<&'a [u32]>,
}

/// What holds for a whole join, or for one within a pair of buckets.
pub(super) struct JoinContext<'a> {
    backend: Backend,
    tuning: Tuning,
    radius: u32,
    sink: &'a dyn Sink<Pair>,
    /// Bits that no band has used yet.
    free: u64,
    /// Bits that the pairs of this join are known to differ in, outside `free`.
    spent: u32,
    /// Whether both sides are numbered alike, so that the lower number comes first.
    symmetric: bool,
    /// Bands that have had their turn: what they find has been handed on.
    earlier: Vec<Band>,
}

/// Two buckets that are too full, by key.
struct Heavy {
    left: u32,
    right: u32,
}

/// One band's turn.
struct Turn<'t, 'a> {
    context: &'t JoinContext<'a>,
    left: &'t BandTable,
    /// The table of the other side; `None` when a set is joined with itself.
    right: Option<&'t BandTable>,
    differences: &'t [Vec<u32>],
    heavy: Mutex<Vec<Heavy>>,
}

/// What a thread keeps between tiles.
struct Workspace<'a> {
    emitter: Emitter<'a>,
    runs: Vec<Span>,
    hits: Vec<IndexHit>,
}

impl<'a> JoinContext<'a> {
    /// `symmetric`: for a self-join.
    pub(super) fn new(
        (backend, tuning): (Backend, Tuning),
        radius: u32,
        symmetric: bool,
        sink: &'a dyn Sink<Pair>,
    ) -> Self {
        let (free, spent, earlier) = (u64::MAX, 0, Vec::new());
        Self { backend, tuning, radius, sink, free, spent, symmetric, earlier }
    }

    pub(super) fn self_join(&self, plan: &BandPlan, side: JoinSide<'_>) {
        let (mut table, mut scratch) = (BandTable::default(), Scratch::default());
        self.each_turn(plan, |context, band| {
            table.rebuild(side.hashes, side.ids, band.mask, &mut scratch);
            context.turn(band, &table, None);
        });
    }

    pub(super) fn cross_join(&self, plan: &BandPlan, needles: JoinSide<'_>, library: JoinSide<'_>) {
        let (mut left, mut right) = (BandTable::default(), BandTable::default());
        let mut scratch = Scratch::default();
        self.each_turn(plan, |context, band| {
            left.rebuild(needles.hashes, needles.ids, band.mask, &mut scratch);
            right.rebuild(library.hashes, library.ids, band.mask, &mut scratch);
            context.turn(band, &left, Some(&right));
        });
    }

    fn each_turn(&self, plan: &BandPlan, mut turn: impl FnMut(&JoinContext<'_>, Band)) {
        let mut earlier = self.earlier.clone();
        for &band in &plan.bands {
            turn(&JoinContext { earlier: earlier.clone(), ..*self }, band);
            earlier.push(band);
        }
    }

    fn turn(&self, band: Band, left: &BandTable, right: Option<&BandTable>) {
        let width = band.mask.count_ones();
        let all = differences(width, band.radius);
        // For each of the eight endings of a key the differences in such an order that
        // neighbouring buckets come one after the other, and make one run.
        let ordered: Vec<Vec<u32>> = (0..8)
            .map(|ending| {
                let mut all = all.clone();
                all.sort_unstable_by_key(|difference| difference ^ ending);
                all
            })
            .collect();
        let turn = Turn {
            context: self,
            left,
            right,
            differences: &ordered,
            heavy: Mutex::new(Vec::new()),
        };
        let buckets = 1_u32 << width;
        (0..buckets.div_ceil(TILE)).into_par_iter().for_each_init(
            || Workspace::new(self.sink),
            |workspace, tile| {
                for key in tile * TILE..((tile + 1) * TILE).min(buckets) {
                    turn.join_bucket(key, workspace);
                }
            },
        );
        let heavy = turn.heavy.into_inner().unwrap_or_else(PoisonError::into_inner);
        for Heavy { left: key, right: other } in heavy {
            let inner = JoinContext {
                free: self.free & !band.mask,
                spent: self.spent + (key ^ other).count_ones(),
                earlier: self.earlier.clone(),
                // Each level has a table to make, and must be worth more than the last.
                tuning: Tuning { heavy: self.tuning.heavy.saturating_mul(16), ..self.tuning },
                ..*self
            };
            if right.is_none() && key == other {
                inner.join_heavy_self(left.side(key));
            } else {
                inner.join_heavy_cross(left.side(key), right.unwrap_or(left).side(other));
            }
        }
    }

    /// Joins a bucket with itself by the bits outside its band.
    fn join_heavy_self(&self, side: JoinSide<'_>) {
        let size = Size::self_join(side.hashes.len());
        if let Some(plan) = self.inner_plan(size, side.hashes) {
            return self.self_join(&plan, side);
        }
        side.hashes.par_chunks(NEEDLES).enumerate().for_each_init(
            || Workspace::new(self.sink),
            |workspace, (tile, needles)| {
                let first = (tile * NEEDLES) as u32;
                workspace.runs.push(Span { start: first, end: side.hashes.len() as u32 });
                workspace.scan(self, needles, side.hashes, |needle, position| {
                    let needle = first + needle;
                    (needle < position).then(|| (side.id(needle), side.id(position)))
                });
            },
        );
    }

    /// Joins two buckets by the bits outside their band.
    fn join_heavy_cross(&self, left: JoinSide<'_>, right: JoinSide<'_>) {
        let size = Size::cross_join(left.hashes.len(), right.hashes.len());
        let larger = if left.hashes.len() < right.hashes.len() { right } else { left };
        if let Some(plan) = self.inner_plan(size, larger.hashes) {
            return self.cross_join(&plan, left, right);
        }
        left.hashes.par_chunks(NEEDLES).enumerate().for_each_init(
            || Workspace::new(self.sink),
            |workspace, (tile, needles)| {
                let first = (tile * NEEDLES) as u32;
                workspace.runs.push(Span { start: 0, end: right.hashes.len() as u32 });
                workspace.scan(self, needles, right.hashes, |needle, position| {
                    Some((left.id(first + needle), right.id(position)))
                });
            },
        );
    }

    /// A plan by the free bits, if it is cheaper than the scan.
    fn inner_plan(&self, size: Size, sample: &[PerceptualHash]) -> Option<BandPlan> {
        let radius = self.radius.checked_sub(self.spent)?;
        let plan = Sample::new(sample).plan(size, radius, self.free)?;
        (self.tuning.always || plan.cost_ns < size.flat_ns()).then_some(plan)
    }
}

impl<'a> JoinSide<'a> {
    fn id(self, position: u32) -> u32 {
        self.ids.map_or(position, |ids| ids[position as usize])
    }
}

impl BandTable {
    fn side(&self, key: u32) -> JoinSide<'_> {
        let bucket = self.bucket(key);
        let range = bucket.start as usize..bucket.end as usize;
        JoinSide { hashes: &self.hashes[range.clone()], ids: Some(&self.ids[range]) }
    }
}

impl Turn<'_, '_> {
    /// Joins the bucket of `key` with all that are near it; in a self-join with itself and those
    /// of higher keys.
    fn join_bucket(&self, key: u32, workspace: &mut Workspace<'_>) {
        let own = self.left.bucket(key);
        if own.is_empty() {
            return;
        }
        let itself = self.right.is_none();
        let right = self.right.unwrap_or(self.left);
        for difference in &self.differences[key as usize & 7] {
            let other = key ^ difference;
            if itself && other < key {
                continue;
            }
            let bucket = right.bucket(other);
            if u64::from(own.end - own.start) * u64::from(bucket.end - bucket.start)
                >= self.context.tuning.heavy
            {
                let mut heavy = self.heavy.lock().unwrap_or_else(PoisonError::into_inner);
                heavy.push(Heavy { left: key, right: other });
                continue;
            }
            match workspace.runs.last_mut() {
                Some(last) if last.end == bucket.start => last.end = bucket.end,
                _ if bucket.is_empty() => {}
                _ => workspace.runs.push(Span { start: bucket.start, end: bucket.end }),
            }
        }
        let needles = &self.left.hashes[own.start as usize..own.end as usize];
        workspace.scan(self.context, needles, &right.hashes, |needle, position| {
            let needle = own.start + needle;
            // In its own bucket a hash meets itself, and every other one twice.
            if itself && own.contains(&position) && position <= needle {
                return None;
            }
            Some((self.left.ids[needle as usize], right.ids[position as usize]))
        });
    }
}

impl<'a> Workspace<'a> {
    fn new(sink: &'a dyn Sink<Pair>) -> Self {
        Self { emitter: Emitter::new(sink), runs: Vec::new(), hits: Vec::new() }
    }

    /// Compares the needles with the runs, block by block, and hands on what no earlier band
    /// found. `ids` gives the numbers of a needle and of a position, or nothing if the two are
    /// not to be paired. Leaves no runs behind.
    fn scan(
        &mut self,
        context: &JoinContext<'_>,
        needles: &[PerceptualHash],
        hashes: &[PerceptualHash],
        ids: impl Fn(u32, u32) -> Option<(u32, u32)>,
    ) {
        let mut runs = std::mem::take(&mut self.runs);
        let mut waiting = 0;
        let mut from = 0;
        let mut at = 0;
        while at < runs.len() {
            let run = runs[at];
            let room = BLOCK - waiting;
            if run.end - run.start <= room {
                waiting += run.end - run.start;
                at += 1;
                if at < runs.len() {
                    continue;
                }
                self.scan_block(context, needles, hashes, &runs[from..], &ids);
            } else {
                let cut = run.start + room;
                runs[at].end = cut;
                self.scan_block(context, needles, hashes, &runs[from..=at], &ids);
                runs[at] = Span { start: cut, end: run.end };
                from = at;
                waiting = 0;
            }
        }
        runs.clear();
        self.runs = runs;
    }

    fn scan_block(
        &mut self,
        context: &JoinContext<'_>,
        needles: &[PerceptualHash],
        hashes: &[PerceptualHash],
        runs: &[Span],
        ids: impl Fn(u32, u32) -> Option<(u32, u32)>,
    ) {
        for (first, needles) in (0..).step_by(NEEDLES).zip(needles.chunks(NEEDLES)) {
            self.hits.clear();
            context.backend.scan(needles, hashes, runs, context.radius, &mut self.hits);
            for &IndexHit { needle, position } in &self.hits {
                let difference = needles[needle as usize].0 ^ hashes[position as usize].0;
                if context.earlier.iter().any(|band| band.finds(difference)) {
                    continue;
                }
                if let Some((a, b)) = ids(first + needle, position) {
                    let (a, b) = if context.symmetric { (a.min(b), a.max(b)) } else { (a, b) };
                    self.emitter.push_pair(Pair::new(a, b, difference.count_ones()));
                }
            }
        }
    }
}
