// The hashes of a 32×32 tile that a workgroup of 64 threads has in `cells`. Its twin on the CPU is
// src/picture/dct. Entry points are in the files that this one is put in front of: phash.wgsl and
// windows.wgsl.
//
// A coefficient is 8192·high + low, as in src/picture/dct: no product or sum leaves 32 bits. It is
// kept as two unsigned keys, `top` (high, its sign bit flipped) and `low` (13 bits), which order as
// the coefficients do.

const SIDE = 32u;
const BLOCK = 16u;
const THREADS = 64u;
// What a view takes of a result, in words: 2 of the 64-bit hash, 8 of the 256-bit one.
const VIEW_WORDS = 10u;
// The views of a result: 1 (upright) or 4 (mirrored ones too).
override VIEWS: u32 = 4u;

// Cosines scaled by 2¹³: at 4·i + g those of column i and of the frequencies g, g + 4, g + 8, g + 12.
@group(0) @binding(1) var<uniform> cosines: array<vec4<i32>, 128>;

// Four cells a word, the first in the lowest byte.
var<workgroup> cells: array<u32, 256>;
var<workgroup> cosine: array<vec4<i32>, 128>;
var<workgroup> first_pass: array<i32, 512>;
// Three sets of counters in turn, one for each view: one is filled, one is read, one is cleared.
var<workgroup> counters: array<atomic<u32>, 12>;
var<workgroup> words: array<atomic<u32>, 40>;
var<workgroup> gradients: atomic<u32>;

fn load_cosines(thread: u32) {
    cosine[thread] = cosines[thread];
    cosine[thread + THREADS] = cosines[thread + THREADS];
}

// What is counted and set is to be 0 before `hash_cells`, and a barrier between.
fn clear(thread: u32) {
    if thread < 40u {
        atomicStore(&words[thread], 0u);
    }
    if thread < 12u {
        atomicStore(&counters[thread], 0u);
    }
    if thread == 0u {
        atomicStore(&gradients, 0u);
    }
}

fn cell(index: u32) -> i32 {
    let shift = (index % 4u) * 8u;
    return i32((cells[index / 4u] >> shift) & 255u);
}

// A step between neighbours in whole hundredths of the range.
fn hundredths(a: i32, b: i32) -> u32 {
    return u32(abs(a - b)) * 100u / 255u;
}

fn ones(flags: vec4<bool>) -> u32 {
    return dot(select(vec4(0u), vec4(1u), flags), vec4(1u));
}

// Leaves the hashes of `cells` in `words` and the sum of their steps in `gradients`, for whoever
// comes after its last barrier.
fn hash_cells(thread: u32) {
    // T = x·Cᵀ: a thread takes eight frequencies of one row, as four and four.
    let row = thread / 2u;
    let group = (thread % 2u) * 2u;
    var left = vec4(0);
    var right = vec4(0);
    for (var i = 0u; i < SIDE; i++) {
        let x = vec4(cell(row * SIDE + i));
        left += x * cosine[i * 4u + group];
        right += x * cosine[i * 4u + group + 1u];
    }
    for (var k = 0u; k < 4u; k++) {
        first_pass[row * BLOCK + group + 4u * k] = left[k];
        first_pass[row * BLOCK + group + 1u + 4u * k] = right[k];
    }

    // Quality, from 16 cells a thread.
    var steps = 0u;
    for (var i = 0u; i < 16u; i++) {
        let at = thread * 16u + i;
        let here = cell(at);
        if at % SIDE < SIDE - 1u {
            steps += hundredths(here, cell(at + 1u));
        }
        if at / SIDE < SIDE - 1u {
            steps += hundredths(here, cell(at + SIDE));
        }
    }
    atomicAdd(&gradients, steps);
    workgroupBarrier();

    // C·T by limbs: a thread takes four coefficients of one column, four rows apart.
    let column = thread % BLOCK;
    let first_row = thread / BLOCK;
    var high = vec4(0);
    var low = vec4(0);
    for (var i = 0u; i < SIDE; i++) {
        let t = first_pass[i * BLOCK + column];
        let c = cosine[i * 4u + first_row];
        high += c * vec4(t >> 13u);
        low += c * vec4(t & 8191);
    }
    high += low >> vec4(13u);
    low &= vec4(8191);

    // The views: upright, mirrored left–right, top–bottom, both. Odd frequencies change sign:
    // −(8192·high + low) is 8192·(−high − 1) + (8192 − low), but for low = 0.
    let borrow = select(vec4(1), vec4(0), low == vec4(0));
    let minus_high = -high - borrow;
    let minus_low = (vec4(8192) - low) & vec4(8191);
    let odd_column = column % 2u == 1u;
    let odd_row = first_row % 2u == 1u;
    var top: array<vec4<u32>, 4>;
    var rest: array<vec4<u32>, 4>;
    for (var view = 0u; view < VIEWS; view++) {
        let x = odd_column && view % 2u == 1u;
        let y = odd_row && view / 2u == 1u;
        let h = select(high, minus_high, x != y);
        let l = select(low, minus_low, x != y);
        top[view] = bitcast<vec4<u32>>(h) ^ vec4(0x80000000u);
        rest[view] = bitcast<vec4<u32>>(l);
    }

    // The lower median of each view, among all 256 and among the 8×8 lowest: the greatest value
    // that at most N/2 − 1 are smaller than, bit by bit, all at once.
    let in_low_block = vec4(column < 8u) & vec4(true, true, false, false);
    var pivot: array<vec2<u32>, 4>;
    var low_pivot: array<vec2<u32>, 4>;
    for (var view = 0u; view < VIEWS; view++) {
        pivot[view] = vec2(0u);
        low_pivot[view] = vec2(0u);
    }
    for (var step = 0u; step < 45u; step++) {
        let bit = select(vec2(0u, 1u << (44u - min(step, 44u))), vec2(1u << (31u - min(step, 31u)), 0u), step < 32u);
        let filled = (step % 3u) * 4u;
        for (var view = 0u; view < VIEWS; view++) {
            let t = top[view];
            let r = rest[view];
            let c = pivot[view] | bit;
            let all = ones((t < vec4(c.x)) | ((t == vec4(c.x)) & (r < vec4(c.y))));
            let d = low_pivot[view] | bit;
            let below = (t < vec4(d.x)) | ((t == vec4(d.x)) & (r < vec4(d.y)));
            atomicAdd(&counters[filled + view], all | (ones(below & in_low_block) << 16u));
        }
        workgroupBarrier();
        // Everybody has read the set before: it was read ahead of this barrier.
        if thread < 4u {
            atomicStore(&counters[((step + 2u) % 3u) * 4u + thread], 0u);
        }
        for (var view = 0u; view < VIEWS; view++) {
            let counts = atomicLoad(&counters[filled + view]);
            if (counts & 0xffffu) < 128u {
                pivot[view] |= bit;
            }
            if (counts >> 16u) < 32u {
                low_pivot[view] |= bit;
            }
        }
    }

    for (var view = 0u; view < VIEWS; view++) {
        for (var i = 0u; i < 4u; i++) {
            let t = top[view][i];
            let r = rest[view][i];
            let p = pivot[view];
            let q = low_pivot[view];
            let at = (first_row + 4u * i) * BLOCK + column;
            if t > p.x || (t == p.x && r > p.y) {
                atomicOr(&words[view * VIEW_WORDS + 2u + at / 32u], 1u << (31u - at % 32u));
            }
            if in_low_block[i] && (t > q.x || (t == q.x && r > q.y)) {
                let at = (first_row + 4u * i) * 8u + column;
                atomicOr(&words[view * VIEW_WORDS + at / 32u], 1u << (31u - at % 32u));
            }
        }
    }
    workgroupBarrier();
}

// Word `at` of a result: its views, and last the mark and the quality.
fn result_word(at: u32, mark: u32) -> u32 {
    if at < VIEWS * VIEW_WORDS {
        return atomicLoad(&words[at]);
    }
    return (mark << 8u) | min(atomicLoad(&gradients) / 45u, 100u);
}
