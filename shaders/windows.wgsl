// The hashes of windows of 64×64 tiles. dct.wgsl stands in front of it. Its twin on the CPU is
// src/picture/window.rs.
//
// A workgroup takes one picture and a run of windows that have one horizontal interval: the tile is
// averaged along it once, and then along the vertical interval of one window after the other. All
// averages are weighted sums of whole numbers, divided once; no sum leaves 20 bits.

// Cells along the side of a tile, and units of a window's interval that a cell has.
const FINE_SIDE = 64u;
const PER_CELL = 20u;
// Source cells that an averaged cell may touch.
const TAPS = 3u;

struct Job {
    // The first picture of this dispatch, as a position in `tiles`.
    first: u32,
    // Windows of a picture.
    windows: u32,
    // As in phash.wgsl.
    mark: u32,
    unused: u32,
}

struct Run {
    // The first window, and one past the last.
    windows: vec2<u32>,
    // Left and right edge, in fortieths of the side.
    across: vec2<u32>,
}

@group(0) @binding(0) var<uniform> job: Job;
// 1024 words a tile, the first cell in the lowest byte.
@group(0) @binding(2) var<storage, read> tiles: array<u32>;
@group(0) @binding(3) var<storage, read> runs: array<Run>;
// Top and bottom edge of each window, in fortieths of the side.
@group(0) @binding(4) var<storage, read> downs: array<vec2<u32>>;
// Those of a picture's windows one after the other, in their order.
@group(0) @binding(5) var<storage, read_write> results: array<u32>;

// The tile averaged along the horizontal interval: two sums a word, at most 255 · 40 each.
var<workgroup> half: array<u32, 1024>;

struct Taps {
    first: u32,
    weights: vec3<u32>,
}

// Which source cells belong to cell `k` of an interval, and how much of each: a fortieth of the side
// is 32 units, so that a 32nd part of an interval of n fortieths is n units.
fn taps(interval: vec2<u32>, k: u32) -> Taps {
    let begin = interval.x * 32u + (interval.y - interval.x) * k;
    let end = begin + interval.y - interval.x;
    let first = min(begin / PER_CELL, FINE_SIDE - TAPS);
    let left = (vec3(first) + vec3(0u, 1u, 2u)) * PER_CELL;
    let from_edge = max(left, vec3(begin));
    let to_edge = min(left + PER_CELL, vec3(end));
    return Taps(first, max(to_edge, from_edge) - from_edge);
}

// Two neighbouring cells of a thread, down the whole tile.
fn average_across(picture: u32, interval: vec2<u32>, thread: u32) {
    let pair = thread % 16u;
    let one = taps(interval, 2u * pair);
    let other = taps(interval, 2u * pair + 1u);
    for (var y = thread / 16u; y < FINE_SIDE; y += 4u) {
        let row = picture * 1024u + y * 16u;
        half[y * 16u + pair] = weighted(row, one) | (weighted(row, other) << 16u);
    }
}

fn weighted(row: u32, cell: Taps) -> u32 {
    var sum = 0u;
    for (var tap = 0u; tap < TAPS; tap++) {
        let x = cell.first + tap;
        sum += ((tiles[row + x / 4u] >> ((x % 4u) * 8u)) & 255u) * cell.weights[tap];
    }
    return sum;
}

// A row's four cells of a word, four words a thread.
fn average_down(run: Run, interval: vec2<u32>, thread: u32) {
    let whole = (run.across.y - run.across.x) * (interval.y - interval.x);
    for (var word = thread; word < 256u; word += THREADS) {
        let row = taps(interval, word / 8u);
        var sums = vec4(whole / 2u);
        for (var tap = 0u; tap < TAPS; tap++) {
            let at = (row.first + tap) * 16u + (word % 8u) * 2u;
            let one = half[at];
            let other = half[at + 1u];
            let four = vec4(one & 0xffffu, one >> 16u, other & 0xffffu, other >> 16u);
            sums += four * row.weights[tap];
        }
        let cell = sums / whole;
        cells[word] = cell.x | (cell.y << 8u) | (cell.z << 16u) | (cell.w << 24u);
    }
}

@compute @workgroup_size(64)
fn windows(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let picture = job.first + group.x;
    let run = runs[group.y];
    load_cosines(thread);
    average_across(picture, run.across, thread);
    let result_words = VIEWS * VIEW_WORDS + 1u;
    for (var window = run.windows.x; window < run.windows.y; window++) {
        // The result before was read, and the horizontal averages are there.
        workgroupBarrier();
        clear(thread);
        average_down(run, downs[window], thread);
        workgroupBarrier();
        hash_cells(thread);
        if thread < result_words {
            let at = (group.x * job.windows + window) * result_words;
            results[at + thread] = result_word(thread, job.mark);
        }
    }
}
