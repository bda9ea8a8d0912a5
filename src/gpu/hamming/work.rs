//! A join in dispatches of some 50 ms each.

mod check;

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use super::done::Done;
use super::kernels::{Compaction, HammingKernels};
use super::library::{DeviceLibrary, Segment, Side};
use super::list::{Bound, CAPACITY, Job, PairList};
use crate::gpu::device::{Gpu, GpuError, MAX_WORKGROUPS};
use crate::gpu::pace::{Clock, Pace};
use crate::index::{Match, Members, Needles, Pair, Radii, Sink};
use crate::model::phash::PerceptualHash;
use check::check;

/// Needles of a workgroup, and hashes that it compares them with: as in the shader.
const NEEDLES: u32 = 2048;
const LIBRARY_BLOCK: u32 = 1024;
/// Needles of a strip.
const STRIP: u32 = 1 << 17;
/// Pairs that a sink gets at once.
const BATCH: usize = 4096;

/// Pairs of the first dispatch, and the fewest and most of any.
const FIRST_BUDGET: f64 = 67.0e6;
const BUDGETS: (f64, f64) = (4.0e6, 68.0e9);

/// The joins on one device.
pub struct HammingGpu {
    gpu: Gpu,
    kernels: HammingKernels,
    list: PairList,
    clock: Clock,
    strip: u32,
    segment: Option<usize>,
    /// One join at a time, and its pace.
    pace: Mutex<Pace>,
}

impl std::fmt::Debug for HammingGpu {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HammingGpu").field("gpu", &self.gpu).finish_non_exhaustive()
    }
}

/// What all dispatches of a join share.
struct JoinQuestion<'a> {
    radii: Radii,
    self_join: bool,
    needles: Side<'a>,
    library: Side<'a>,
    /// Takes the positions of what was found.
    take: &'a dyn Fn(&[[u32; 2]]),
}

impl HammingGpu {
    /// Compiles the shaders, checks them against the CPU and measures their pace.
    ///
    /// # Errors
    /// [`GpuError`]; [`GpuError::Wrong`] when its pairs are not the CPU's.
    pub fn new(gpu: Gpu, clock: Clock) -> Result<Self, GpuError> {
        if gpu.has_subgroups() {
            match Self::compacting(gpu.clone(), Arc::clone(&clock), Compaction::Subgroups) {
                Err(error @ (GpuError::Wrong(_) | GpuError::Create(_))) => {
                    tracing::info!("{error}; trying without subgroups");
                }
                other => return other,
            }
        }
        Self::compacting(gpu, clock, Compaction::Plain)
    }

    /// The same, and says how pairs come together.
    ///
    /// # Errors
    /// As [`Self::new`]; [`GpuError::Create`] when the device has no subgroups and is to use them.
    pub fn compacting(gpu: Gpu, clock: Clock, compaction: Compaction) -> Result<Self, GpuError> {
        let joins = Self {
            kernels: HammingKernels::new(&gpu, compaction)?,
            list: PairList::new(&gpu)?,
            gpu,
            clock,
            strip: STRIP,
            segment: None,
            pace: Mutex::new(Pace::new(FIRST_BUDGET, BUDGETS)),
        };
        check(&joins)?;
        Ok(joins)
    }

    /// The same with strips of so many needles, at least one, for tests.
    #[must_use]
    pub fn with_strip(self, strip: u32) -> Self {
        Self { strip: strip.max(1), ..self }
    }

    /// The same with segments of the library of so many hashes, for tests.
    #[must_use]
    pub fn with_segment(self, segment: usize) -> Self {
        Self { segment: Some(segment), ..self }
    }

    /// Adapter and driver (human-readable).
    pub fn name(&self) -> &str {
        self.gpu.name()
    }

    /// Pairs per nanosecond, as seen so far.
    pub fn pairs_per_ns(&self) -> f64 {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner).per_ns()
    }

    /// Every pair of `hashes` within `radius`.
    ///
    /// # Errors
    /// [`GpuError`]; the sink has then got some of the pairs.
    pub fn self_join(
        &self,
        hashes: &[PerceptualHash],
        radius: u32,
        sink: &dyn Sink<Pair>,
    ) -> Result<(), GpuError> {
        self.self_join_into(hashes, radius, sink, &mut Done::default())
    }

    /// Every pair of a needle and a hash of the library within `radius`.
    ///
    /// # Errors
    /// As [`Self::self_join`].
    pub fn cross_join(
        &self,
        needles: &[PerceptualHash],
        library: &[PerceptualHash],
        radius: u32,
        sink: &dyn Sink<Pair>,
    ) -> Result<(), GpuError> {
        self.cross_join_into(needles, library, radius, sink, &mut Done::default())
    }

    /// Every match of a needle and a member of the library within both radii.
    ///
    /// # Errors
    /// As [`Self::self_join`].
    pub fn cross_join_both(
        &self,
        needles: Needles<'_>,
        library: Members<'_>,
        radii: Radii,
        sink: &dyn Sink<Match>,
    ) -> Result<(), GpuError> {
        self.cross_join_both_into(needles, library, radii, sink, &mut Done::default())
    }

    pub(super) fn self_join_into(
        &self,
        hashes: &[PerceptualHash],
        radius: u32,
        sink: &dyn Sink<Pair>,
        done: &mut Done,
    ) -> Result<(), GpuError> {
        self.coarse((hashes, hashes), (radius, true), sink, done)
    }

    pub(super) fn cross_join_into(
        &self,
        needles: &[PerceptualHash],
        library: &[PerceptualHash],
        radius: u32,
        sink: &dyn Sink<Pair>,
        done: &mut Done,
    ) -> Result<(), GpuError> {
        self.coarse((needles, library), (radius, false), sink, done)
    }

    fn coarse(
        &self,
        (needles, library): (&[PerceptualHash], &[PerceptualHash]),
        (radius, self_join): (u32, bool),
        sink: &dyn Sink<Pair>,
        done: &mut Done,
    ) -> Result<(), GpuError> {
        let side = |hashes| Side { hashes, fines: None };
        let pair = |&[a, b]: &[u32; 2]| {
            let distance = needles[a as usize].distance(library[b as usize]).0 as u8;
            Pair { a, b, distance }
        };
        let question = JoinQuestion {
            radii: Radii { coarse: radius, fine: 0 },
            self_join,
            needles: side(needles),
            library: side(library),
            take: &|found| sink.accept(&found.iter().map(pair).collect::<Vec<_>>()),
        };
        self.join(&question, done)
    }

    pub(super) fn cross_join_both_into(
        &self,
        needles: Needles<'_>,
        library: Members<'_>,
        radii: Radii,
        sink: &dyn Sink<Match>,
        done: &mut Done,
    ) -> Result<(), GpuError> {
        // Of each member its own: few hashes are of several, and the device looks at all anyway.
        let hashes = library.hashes();
        let found = |&[a, b]: &[u32; 2]| {
            let (needle, member) = (a as usize, b as usize);
            let distance = needles.hashes[needle].distance(hashes[member]).0 as u8;
            let fine_distance = needles.fines[needle].distance(library.fines[member]).0 as u16;
            Match { a, b, distance, fine_distance }
        };
        let question = JoinQuestion {
            radii,
            self_join: false,
            needles: Side { hashes: needles.hashes, fines: Some(needles.fines) },
            library: Side { hashes: &hashes, fines: Some(library.fines) },
            take: &|pairs| sink.accept(&pairs.iter().map(found).collect::<Vec<_>>()),
        };
        self.join(&question, done)
    }

    fn join(&self, question: &JoinQuestion<'_>, done: &mut Done) -> Result<(), GpuError> {
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        let mut library = DeviceLibrary::new(question.library, self.segment);
        let count = question.needles.hashes.len() as u32;
        for start in (0..count).step_by(self.strip as usize) {
            let strip = start..count.min(start.saturating_add(self.strip));
            let first = if question.self_join { strip.start } else { 0 };
            *done = Done { strip: strip.clone(), library_to: first, parts: Vec::new() };
            let needles = Segment::upload(&self.gpu, question.needles, strip.clone())?;
            for number in 0..library.segments() {
                let positions = library.positions(number);
                if positions.end <= first {
                    continue;
                }
                let bound = self.list.bind(
                    &self.gpu,
                    &self.kernels,
                    &needles,
                    library.get(&self.gpu, number)?,
                )?;
                let mut from = first.max(positions.start);
                while from < positions.end {
                    let to = positions.end.min(from.saturating_add(reach(&pace, &strip)));
                    self.part(question, &bound, &mut pace, (strip.clone(), from..to), done)?;
                    done.parts.clear();
                    done.library_to = to;
                    from = to;
                }
            }
        }
        // All strips are done.
        *done = Done { strip: u32::MAX..u32::MAX, ..Done::default() };
        Ok(())
    }

    /// A part of a strip: one dispatch, or its halves when it finds more than the list holds.
    fn part(
        &self,
        question: &JoinQuestion<'_>,
        bound: &Bound<'_>,
        pace: &mut Pace,
        (needles, library): (Range<u32>, Range<u32>),
        done: &mut Done,
    ) -> Result<(), GpuError> {
        let pairs = self.dispatch(question, bound, pace, &needles, &library)?;
        if let Some(pairs) = pairs {
            let (most_a, most_b) = (question.needles.hashes.len(), question.library.hashes.len());
            let known = |&[a, b]: &[u32; 2]| (a as usize) < most_a && (b as usize) < most_b;
            if !pairs.iter().all(known) {
                return Err(GpuError::Wrong("it gave a pair that there is not".into()));
            }
            // Not on rayon: its waiting threads take other work, which may want this very device.
            pairs.chunks(BATCH).for_each(question.take);
            done.parts.push((needles, library));
            return Ok(());
        }
        let halves = |range: &Range<u32>| {
            let middle = range.start + (range.end - range.start) / 2;
            [range.start..middle, middle..range.end]
        };
        if library.len() >= needles.len() {
            for half in halves(&library) {
                self.part(question, bound, pace, (needles.clone(), half), done)?;
            }
        } else {
            for half in halves(&needles) {
                self.part(question, bound, pace, (half, library.clone()), done)?;
            }
        }
        Ok(())
    }

    /// The pairs of one dispatch; `None` when they are more than the list holds.
    fn dispatch(
        &self,
        question: &JoinQuestion<'_>,
        bound: &Bound<'_>,
        pace: &mut Pace,
        needles: &Range<u32>,
        library: &Range<u32>,
    ) -> Result<Option<Vec<[u32; 2]>>, GpuError> {
        let before = (self.clock)();
        let [a, b] = bound.bases;
        let job = Job {
            needles: [needles.start - a, needles.end - a],
            library: [library.start - b, library.end - b],
            bases: bound.bases,
            radius: question.radii.coarse,
            self_join: u32::from(question.self_join),
            capacity: CAPACITY,
            fine_radius: question.radii.fine,
        };
        let groups = (
            (needles.len() as u32).div_ceil(NEEDLES),
            // From an even hash on.
            (job.library[1] - (job.library[0] & !1)).div_ceil(LIBRARY_BLOCK),
        );
        let filled = self.list.fill(&self.gpu, bound, &job, groups)?;
        let took = (self.clock)().saturating_sub(before);
        pace.saw(needles.len() as f64 * library.len() as f64, took);
        self.list.read(&self.gpu, filled)
    }
}

/// How much of the library a strip is compared with at once.
fn reach(pace: &Pace, strip: &Range<u32>) -> u32 {
    let hashes = (pace.budget() / strip.len().max(1) as f64) as u32;
    let blocks = (hashes / LIBRARY_BLOCK).clamp(1, MAX_WORKGROUPS - 1);
    blocks * LIBRARY_BLOCK
}
