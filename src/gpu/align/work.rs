//! A batch of pairs on one device: tiles up, alignments back.

use std::collections::HashMap;

use bytemuck::{Pod, Zeroable, bytes_of, cast_slice};
use wgpu::BufferUsages;

use crate::gpu::device::{Gpu, GpuError, Kernel, MAX_WORKGROUPS, Mapping, dispatch, read_mapped};
use crate::picture::part::Part;
use crate::picture::proof::{Agreement, Alignment, Blocks, Start, TilePair, Whose};
use crate::picture::tile::{FINE_SIDE, FineTile};

/// Pairs of a batch at most.
pub(super) const MOST_PAIRS: usize = 4096;
/// Tiles of a batch at most: 32 MiB.
const MOST_TILES: usize = 2 * MOST_PAIRS;
/// Starts of a batch at most, the wholes among them.
const MOST_STARTS: usize = 60_000;
const TILE_BYTES: usize = FINE_SIDE * FINE_SIDE;
/// Ways in which a pair is laid over each other at most: the wholes, and two parts of either.
const SLOTS: usize = 5;
/// Words of one such way: the part, the blocks of both resolutions, the mark.
const RESULT_WORDS: usize = 10;
const PAIR_WORDS: usize = SLOTS * RESULT_WORDS;
/// Stands for no part.
const NONE: u32 = u32::MAX;

// A row of workgroups for each dispatch.
const _: () = assert!(MOST_STARTS <= MAX_WORKGROUPS as usize);
const _: () = assert!(4 * MOST_PAIRS <= MAX_WORKGROUPS as usize);

/// `Batch` of `proof.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
struct AlignBatch {
    pairs: u32,
    starts: u32,
    mark: u32,
    unused: u32,
}

/// `Pair` of `proof.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
struct PairWords {
    tiles: [u32; 2],
    starts: [u32; 2],
}

/// `Start` of `proof.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
struct StartWords {
    pair: u32,
    whose: u32,
    part: u32,
    unused: u32,
}

/// Alignment on one device. Takes 34 MiB of its memory.
#[derive(Debug)]
pub struct AlignGpu {
    gpu: Gpu,
    /// `correlate`, `compare_whole`, `refine` and `compare_parts`, in the order of a pass.
    steps: [(Kernel, wgpu::BindGroup); 4],
    batch: wgpu::Buffer,
    tiles: wgpu::Buffer,
    pairs: wgpu::Buffer,
    starts: wgpu::Buffer,
    results: wgpu::Buffer,
    readback: wgpu::Buffer,
    mark: u32,
}

impl AlignGpu {
    /// Compiles the shader and makes the buffers.
    ///
    /// # Errors
    /// [`GpuError::Create`].
    pub fn new(gpu: Gpu) -> Result<Self, GpuError> {
        let uploaded = BufferUsages::STORAGE | BufferUsages::COPY_DST;
        let uniform = BufferUsages::UNIFORM | BufferUsages::COPY_DST;
        let batch = gpu.buffer("batch", size_of::<AlignBatch>() as u64, uniform)?;
        let tiles = gpu.buffer("tiles", (MOST_TILES * TILE_BYTES) as u64, uploaded)?;
        let list = |label, count: usize, size: usize, usage| {
            gpu.buffer(label, (count * size) as u64, usage)
        };
        let pairs = list("pairs", MOST_PAIRS, size_of::<PairWords>(), uploaded)?;
        let starts = list("starts", MOST_STARTS, size_of::<StartWords>(), uploaded)?;
        let scores = list("scores", MOST_STARTS, 4, BufferUsages::STORAGE)?;
        let mended = list("mended", 4 * MOST_PAIRS, 4, BufferUsages::STORAGE)?;
        let computed = BufferUsages::STORAGE | BufferUsages::COPY_SRC;
        let results = list("results", MOST_PAIRS, 4 * PAIR_WORDS, computed)?;
        let read = BufferUsages::MAP_READ | BufferUsages::COPY_DST;
        let readback = list("readback", MOST_PAIRS, 4 * PAIR_WORDS, read)?;
        let wgsl = include_str!("../../../shaders/proof.wgsl");
        let entry_points = ["correlate", "compare_whole", "refine", "compare_parts"];
        let [correlate, compare_whole, refine, compare_parts] =
            gpu.kernels(entry_points, wgsl, &[])?;
        let all = [&batch, &tiles, &pairs, &starts, &scores, &mended, &results];
        let bound = |kernel: Kernel, numbers: &[u32]| -> Result<_, GpuError> {
            let buffers: Vec<_> = numbers.iter().map(|&at| (at, all[at as usize])).collect();
            let bindings = gpu.bind_at(&kernel, &buffers)?;
            Ok((kernel, bindings))
        };
        let steps = [
            bound(correlate, &[0, 1, 2, 3, 4])?,
            bound(compare_whole, &[0, 1, 2, 4, 6])?,
            bound(refine, &[0, 1, 2, 3, 4, 5, 6])?,
            bound(compare_parts, &[0, 1, 2, 5, 6])?,
        ];
        Ok(Self { steps, batch, tiles, pairs, starts, results, readback, mark: 0, gpu })
    }

    /// How many of the first pairs make a batch, at most `most` of them.
    pub(super) fn batch_of(pairs: &[TilePair], most: usize) -> usize {
        let mut starts = 0;
        let fits = |pair: &&TilePair| {
            starts += pair.starts.len() + 2;
            starts <= MOST_STARTS
        };
        let most = most.clamp(1, MOST_PAIRS);
        pairs.iter().take(most).take_while(fits).count().max(usize::from(!pairs.is_empty()))
    }

    /// The best alignment of each pair of a batch.
    ///
    /// # Errors
    /// [`GpuError`]: then nothing is known of any of them.
    pub(super) fn align(
        &mut self,
        tiles: &[&FineTile],
        pairs: &[TilePair],
    ) -> Result<Vec<Option<Alignment>>, GpuError> {
        if pairs.is_empty() {
            return Ok(Vec::new());
        }
        self.mark = self.mark.wrapping_add(1).max(1);
        let counts = self.upload(tiles, pairs)?;
        let bytes = (pairs.len() * PAIR_WORDS * 4) as u64;
        let submission = self.gpu.submit(|encoder| {
            for ((kernel, bindings), count) in self.steps.iter().zip(counts) {
                dispatch(encoder, kernel, bindings, (count, 1));
            }
            encoder.copy_buffer_to_buffer(&self.results, 0, &self.readback, 0, bytes);
        })?;
        let mapped = Mapping::ask(&self.readback, wgpu::MapMode::Read);
        self.gpu.wait(submission)?;
        let aligned = read_mapped(&mapped.finish()?, bytes, |bytes| {
            let words: &[u32] = cast_slice(bytes);
            let (results, _) = words.as_chunks::<PAIR_WORDS>();
            results.iter().map(|result| best(result, self.mark)).collect::<Option<Vec<_>>>()
        })?;
        aligned.ok_or_else(|| GpuError::Wrong("an alignment was never written".into()))
    }

    /// Writes a batch; gives the workgroups of each step.
    fn upload(&self, tiles: &[&FineTile], pairs: &[TilePair]) -> Result<[u32; 4], GpuError> {
        let mut numbers = HashMap::with_capacity(2 * pairs.len());
        let mut cells: Vec<u8> = Vec::with_capacity(2 * pairs.len() * TILE_BYTES);
        let mut place = |number: u32| -> Result<u32, GpuError> {
            if let Some(&place) = numbers.get(&number) {
                return Ok(place);
            }
            let tile = tiles.get(number as usize);
            let tile = tile.ok_or_else(|| GpuError::Wrong(format!("there is no tile {number}")))?;
            let place = numbers.len() as u32;
            cells.extend_from_slice(&tile.0);
            numbers.insert(number, place);
            Ok(place)
        };
        let mut pair_words = Vec::with_capacity(pairs.len());
        let mut start_words = Vec::with_capacity(3 * pairs.len());
        for (number, pair) in (0..).zip(pairs) {
            let wholes = [Whose::First, Whose::Second];
            let wholes = wholes.map(|whose| Start { whose, part: Part::WHOLE });
            let first = start_words.len() as u32;
            start_words.extend(pair.starts.iter().chain(&wholes).map(|start| StartWords {
                pair: number,
                whose: start.whose.of(0, 1),
                part: packed(start.part),
                unused: 0,
            }));
            let tiles = [place(pair.first)?, place(pair.second)?];
            pair_words.push(PairWords { tiles, starts: [first, start_words.len() as u32] });
        }
        let (pairs, starts) = (pair_words.len() as u32, start_words.len() as u32);
        let batch = AlignBatch { pairs, starts, mark: self.mark, unused: 0 };
        self.gpu.write(&self.batch, bytes_of(&batch));
        self.gpu.write(&self.tiles, &cells);
        self.gpu.write(&self.pairs, cast_slice(&pair_words));
        self.gpu.write(&self.starts, cast_slice(&start_words));
        Ok([starts, pairs, 2 * pairs, 4 * pairs])
    }
}

/// A byte for each edge, the last two less by one: parts compare as these numbers do.
fn packed(part: Part) -> u32 {
    u32::from_be_bytes(
        [part.top, part.left, part.bottom.wrapping_sub(1), part.right.wrapping_sub(1)]
            .map(|edge| edge as u8),
    )
}

fn unpacked(word: u32) -> Part {
    let [top, left, bottom, right] = word.to_be_bytes().map(u32::from);
    Part { top, left, bottom: bottom + 1, right: right + 1 }
}

/// The best way to lay a pair over each other; `None` when the device left out some of them.
#[allow(clippy::option_option)]
fn best(result: &[u32; PAIR_WORDS], mark: u32) -> Option<Option<Alignment>> {
    let (slots, _) = result.as_chunks::<RESULT_WORDS>();
    let written = |slot: &[u32; RESULT_WORDS]| slot[RESULT_WORDS - 1] == mark;
    if !slots.iter().all(written) {
        return None;
    }
    let way = |slot: &[u32; RESULT_WORDS], whose: Whose| {
        let [part, textured, good, bad, median, ..] = *slot;
        let coarse = Blocks { textured, good, bad, median: median as i32 };
        let [.., textured, good, bad, median, _] = *slot;
        let fine = Blocks { textured, good, bad, median: median as i32 };
        let agreement = Agreement { coarse, fine };
        (part != NONE).then(|| Alignment { whose, part: unpacked(part), agreement })
    };
    let Some(wholes) = way(&slots[0], Whose::First) else { return Some(None) };
    if wholes.agreement.is_perfect() {
        return Some(Some(wholes));
    }
    let mut best: Option<Alignment> = None;
    let whose = [Whose::First, Whose::First, Whose::Second, Whose::Second];
    for alignment in slots[1..].iter().zip(whose).filter_map(|(slot, whose)| way(slot, whose)) {
        if best.is_none_or(|best| alignment.agreement.rank() > best.agreement.rank()) {
            best = Some(alignment);
        }
    }
    Some(best)
}
