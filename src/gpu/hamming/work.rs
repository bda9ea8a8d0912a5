//! A join in dispatches of some 50 ms each: long ones make a desktop stutter, and drivers reset a
//! device that does not come back for seconds.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use bytemuck::{Pod, Zeroable, bytes_of, cast_slice};
use wgpu::BufferUsages;

use super::Clock;
use super::done::Done;
use crate::gpu::device::{Gpu, GpuError, Kernel, MAX_WORKGROUPS, Mapping, dispatch, read_mapped};
use crate::index::flat::{Backend, Flat};
use crate::index::{Join as _, Pair, Sink};
use crate::model::phash::PerceptualHash;

/// Needles of a workgroup, and hashes that it compares them with: as in the shader.
const NEEDLES: u32 = 2048;
const LIBRARY_BLOCK: u32 = 1024;
/// Hashes of a buffer: 64 MiB, half of what a binding may hold.
const SEGMENT: usize = 8 << 20;
/// Needles of a strip.
const STRIP: u32 = 1 << 17;
/// Pairs that a list holds.
const CAPACITY: u32 = 1 << 20;
/// Pairs that are read back at once, ahead of knowing how many there are.
const AT_ONCE: u64 = 1 << 14;
/// Pairs that a sink gets at once.
const BATCH: usize = 4096;
/// Where the readback buffer holds the pairs; before them is their number.
const PAIRS_AT: u64 = 16;

/// What a dispatch should take.
const DISPATCH_NS: f64 = 50.0e6;
/// Pairs of the first dispatch, and the fewest and most of any.
const FIRST_BUDGET: f64 = 67.0e6;
const BUDGETS: (f64, f64) = (4.0e6, 68.0e9);

/// `Job` of `hamming.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
struct Job {
    needles: [u32; 2],
    library: [u32; 2],
    bases: [u32; 2],
    radius: u32,
    self_join: u32,
    capacity: u32,
    unused: u32,
}

/// The joins on one device.
pub struct HammingGpu {
    gpu: Gpu,
    kernel: Kernel,
    job: wgpu::Buffer,
    found: wgpu::Buffer,
    pairs: wgpu::Buffer,
    readback: wgpu::Buffer,
    clock: Clock,
    strip: u32,
    /// One join at a time, and its pace.
    pace: Mutex<Pace>,
}

impl std::fmt::Debug for HammingGpu {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HammingGpu").field("gpu", &self.gpu).finish_non_exhaustive()
    }
}

/// How fast the device was seen to be.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// Pairs that a dispatch is given.
    budget: f64,
    /// Of the largest dispatch so far.
    pairs_per_ns: f64,
}

/// Hashes in a buffer of the device, from the first one's number on.
struct Segment {
    buffer: wgpu::Buffer,
    numbers: Range<u32>,
}

/// What all dispatches of a join share.
struct JoinQuestion<'a> {
    radius: u32,
    self_join: bool,
    needles: &'a [PerceptualHash],
    library: &'a [PerceptualHash],
    sink: &'a dyn Sink<Pair>,
}

/// Two segments, bound.
struct Bound {
    group: wgpu::BindGroup,
    bases: [u32; 2],
}

impl HammingGpu {
    /// Compiles the shader, checks it against the CPU and measures its pace.
    ///
    /// # Errors
    /// [`GpuError`]; [`GpuError::Wrong`] when its pairs are not the CPU's.
    pub fn new(gpu: Gpu, clock: Clock) -> Result<Self, GpuError> {
        let list = u64::from(CAPACITY) * 8;
        let computed = BufferUsages::STORAGE | BufferUsages::COPY_SRC;
        let joins = Self {
            kernel: gpu.kernel("hamming", include_str!("../../../shaders/hamming.wgsl"))?,
            job: gpu.buffer(
                "job",
                size_of::<Job>() as u64,
                BufferUsages::UNIFORM | BufferUsages::COPY_DST,
            )?,
            found: gpu.buffer("found", 4, computed | BufferUsages::COPY_DST)?,
            pairs: gpu.buffer("pairs", list, computed)?,
            readback: gpu.buffer(
                "pair readback",
                PAIRS_AT + list,
                BufferUsages::MAP_READ | BufferUsages::COPY_DST,
            )?,
            gpu,
            clock,
            strip: STRIP,
            pace: Mutex::new(Pace { budget: FIRST_BUDGET, pairs_per_ns: 0.0 }),
        };
        joins.self_test()?;
        Ok(joins)
    }

    /// The same with strips of so many needles, at least one, for tests.
    #[must_use]
    pub fn with_strip(self, strip: u32) -> Self {
        Self { strip: strip.max(1), ..self }
    }

    /// Adapter and driver (human-readable).
    pub fn name(&self) -> &str {
        self.gpu.name()
    }

    /// Pairs per nanosecond, as seen so far.
    pub fn pairs_per_ns(&self) -> f64 {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner).pairs_per_ns
    }

    /// Compares a join with the CPU's. It is large enough to show a fast device's pace, and split
    /// in so many dispatches that a slow one takes a second.
    fn self_test(&self) -> Result<(), GpuError> {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let hashes: Vec<PerceptualHash> = (0..20_000)
            .map(|number| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                // Every seventh is near a common centre, at all distances.
                let near = (1_u64 << (number % 13)) - 1;
                PerceptualHash(if number % 7 == 0 { (state & near) | near << 32 } else { state })
            })
            .collect();
        let gathered = |join: &mut dyn FnMut(&dyn Sink<Pair>) -> Result<(), GpuError>| {
            let pairs = Mutex::new(Vec::new());
            join(&|batch: &[Pair]| {
                pairs.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(batch);
            })?;
            let mut pairs = pairs.into_inner().unwrap_or_else(PoisonError::into_inner);
            pairs.sort_unstable();
            Ok(pairs)
        };
        let ours = gathered(&mut |sink| self.self_join(&hashes, 9, sink))?;
        let expected = gathered(&mut |sink| {
            Flat::new(&hashes, Backend::fastest()).self_join(9, sink);
            Ok(())
        })?;
        if ours == expected {
            return Ok(());
        }
        let (ours, expected) = (ours.len(), expected.len());
        let name = self.name();
        Err(GpuError::Wrong(format!("{name} finds {ours} pairs where there are {expected}")))
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

    pub(super) fn self_join_into(
        &self,
        hashes: &[PerceptualHash],
        radius: u32,
        sink: &dyn Sink<Pair>,
        done: &mut Done,
    ) -> Result<(), GpuError> {
        let segments = self.upload(hashes)?;
        let question =
            JoinQuestion { radius, self_join: true, needles: hashes, library: hashes, sink };
        self.join(&question, &segments, &segments, done)
    }

    pub(super) fn cross_join_into(
        &self,
        needles: &[PerceptualHash],
        library: &[PerceptualHash],
        radius: u32,
        sink: &dyn Sink<Pair>,
        done: &mut Done,
    ) -> Result<(), GpuError> {
        let needle_segments = self.upload(needles)?;
        let library_segments = self.upload(library)?;
        let question = JoinQuestion { radius, self_join: false, needles, library, sink };
        self.join(&question, &needle_segments, &library_segments, done)
    }

    fn upload(&self, hashes: &[PerceptualHash]) -> Result<Vec<Segment>, GpuError> {
        let mut from = 0;
        hashes
            .chunks(SEGMENT)
            .map(|part| {
                let bytes: &[u8] = cast_slice(part);
                let usage = BufferUsages::STORAGE | BufferUsages::COPY_DST;
                let buffer = self.gpu.buffer("hashes", bytes.len() as u64, usage)?;
                self.gpu.write(&buffer, bytes);
                let numbers = from..from + part.len() as u32;
                from = numbers.end;
                Ok(Segment { buffer, numbers })
            })
            .collect()
    }

    fn join(
        &self,
        question: &JoinQuestion<'_>,
        needles: &[Segment],
        library: &[Segment],
        done: &mut Done,
    ) -> Result<(), GpuError> {
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        for segment in needles {
            for start in segment.numbers.clone().step_by(self.strip as usize) {
                let strip = start..segment.numbers.end.min(start.saturating_add(self.strip));
                let first = if question.self_join { strip.start } else { 0 };
                *done = Done { strip: strip.clone(), library_to: first, parts: Vec::new() };
                for other in library.iter().filter(|other| other.numbers.end > first) {
                    let buffers =
                        [&self.job, &segment.buffer, &other.buffer, &self.found, &self.pairs];
                    let bound = Bound {
                        group: self.gpu.bind(&self.kernel, &buffers)?,
                        bases: [segment.numbers.start, other.numbers.start],
                    };
                    let mut from = first.max(other.numbers.start);
                    while from < other.numbers.end {
                        let to = other.numbers.end.min(from.saturating_add(pace.reach(&strip)));
                        self.part(question, &bound, &mut pace, (strip.clone(), from..to), done)?;
                        done.parts.clear();
                        done.library_to = to;
                        from = to;
                    }
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
        bound: &Bound,
        pace: &mut Pace,
        (needles, library): (Range<u32>, Range<u32>),
        done: &mut Done,
    ) -> Result<(), GpuError> {
        let pairs = self.dispatch(question, bound, pace, &needles, &library)?;
        if let Some(pairs) = pairs {
            let number = |[a, b]: &[u32; 2]| {
                let distance =
                    question.needles[*a as usize].distance(question.library[*b as usize]);
                Pair { a: *a, b: *b, distance: distance.0 as u8 }
            };
            let known = |[a, b]: &[u32; 2]| {
                (*a as usize) < question.needles.len() && (*b as usize) < question.library.len()
            };
            if !pairs.iter().all(known) {
                return Err(GpuError::Wrong("it gave a pair that there is not".into()));
            }
            // Not on rayon: its waiting threads take other work, which may want this very device.
            for part in pairs.chunks(BATCH) {
                question.sink.accept(&part.iter().map(number).collect::<Vec<_>>());
            }
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
        bound: &Bound,
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
            radius: question.radius,
            self_join: u32::from(question.self_join),
            capacity: CAPACITY,
            unused: 0,
        };
        let groups = (
            (needles.len() as u32).div_ceil(NEEDLES),
            (library.len() as u32).div_ceil(LIBRARY_BLOCK),
        );
        self.gpu.write(&self.job, bytes_of(&job));
        let submission = self.gpu.submit(|encoder| {
            encoder.clear_buffer(&self.found, 0, None);
            dispatch(encoder, &self.kernel, &bound.group, groups);
            encoder.copy_buffer_to_buffer(&self.found, 0, &self.readback, 0, 4);
            let first = AT_ONCE * 8;
            encoder.copy_buffer_to_buffer(&self.pairs, 0, &self.readback, PAIRS_AT, first);
        })?;
        let mapped = Mapping::ask(&self.readback, wgpu::MapMode::Read);
        self.gpu.wait(submission)?;
        let mapped = mapped.finish()?;
        pace.saw(needles.len() as f64 * library.len() as f64, ((self.clock)() - before).as_nanos());
        let read = |count: u64, bytes: &[u8]| -> Vec<[u32; 2]> {
            cast_slice(&bytes[PAIRS_AT as usize..][..count as usize * 8]).to_vec()
        };
        let size = PAIRS_AT + AT_ONCE * 8;
        let (count, first) = read_mapped(&mapped, size, |bytes| {
            let count: u32 = bytes[..4].try_into().map_or(u32::MAX, u32::from_ne_bytes);
            (count, read(u64::from(count).min(AT_ONCE), bytes))
        })?;
        if count > CAPACITY {
            return Ok(None);
        }
        if u64::from(count) <= AT_ONCE {
            return Ok(Some(first));
        }
        let size = u64::from(count) * 8;
        let submission = self.gpu.submit(|encoder| {
            encoder.copy_buffer_to_buffer(&self.pairs, 0, &self.readback, PAIRS_AT, size);
        })?;
        let mapped = Mapping::ask(&self.readback, wgpu::MapMode::Read);
        self.gpu.wait(submission)?;
        let all =
            read_mapped(&mapped.finish()?, PAIRS_AT + size, |bytes| read(u64::from(count), bytes))?;
        Ok(Some(all))
    }
}

impl Pace {
    /// How much of the library a strip is compared with at once.
    fn reach(&self, strip: &Range<u32>) -> u32 {
        let hashes = (self.budget / strip.len().max(1) as f64) as u32;
        let blocks = (hashes / LIBRARY_BLOCK).clamp(1, MAX_WORKGROUPS);
        blocks * LIBRARY_BLOCK
    }

    fn saw(&mut self, pairs: f64, ns: u128) {
        let ns = (ns as f64).max(1.0);
        // Small dispatches measure their overhead; the largest counts.
        if pairs >= self.budget / 4.0 || self.pairs_per_ns == 0.0 {
            self.pairs_per_ns = pairs / ns;
        }
        // A last, short part says nothing of what a whole one would take.
        if pairs >= self.budget / 2.0 || ns > DISPATCH_NS {
            let fitting = pairs / ns * DISPATCH_NS;
            self.budget = fitting.clamp(self.budget / 4.0, self.budget * 4.0);
            self.budget = self.budget.clamp(BUDGETS.0, BUDGETS.1);
        }
    }
}
