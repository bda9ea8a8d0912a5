// The hashes of 32×32 tiles, one workgroup a picture. Its twin on the CPU is src/dct.
//
// A coefficient is 8192·high + low, as in src/dct: no product or sum leaves 32 bits. It is kept as
// two unsigned keys, `top` (high, its sign bit flipped) and `low` (13 bits), which order as the
// coefficients do.

const SIDE = 32u;
const BLOCK = 16u;
const THREADS = 64u;
// What one picture's result takes: four views of 2 + 8 words, then the mark and the quality.
const VIEW_WORDS = 10u;
const RESULT_WORDS = 41u;

struct Batch {
    // Pictures in this batch.
    count: u32,
    // Workgroups along x: the dispatch has two dimensions, as one holds at most 65,535.
    columns: u32,
    // Written beside each result, so that one which was never computed shows.
    mark: u32,
    unused: u32,
}

@group(0) @binding(0) var<uniform> batch: Batch;
// 16 rows of 32 cosines, scaled by 2¹³.
@group(0) @binding(1) var<uniform> cosines: array<vec4<i32>, 128>;
// 256 words a tile, the first cell in the lowest byte.
@group(0) @binding(2) var<storage, read> tiles: array<u32>;
@group(0) @binding(3) var<storage, read_write> results: array<u32>;

var<workgroup> cells: array<u32, 256>;
var<workgroup> cosine: array<i32, 512>;
var<workgroup> first_pass: array<i32, 512>;
// Three sets of counters in turn: one is filled, one is read, one is cleared.
var<workgroup> counters: array<atomic<u32>, 9>;
var<workgroup> words: array<atomic<u32>, 40>;
var<workgroup> gradients: atomic<u32>;

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

@compute @workgroup_size(64)
fn phash(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let picture = group.y * batch.columns + group.x;
    if picture >= batch.count {
        return;
    }

    for (var i = 0u; i < 4u; i++) {
        let at = i * THREADS + thread;
        cells[at] = tiles[picture * 256u + at];
    }
    for (var i = 0u; i < 2u; i++) {
        let at = i * THREADS + thread;
        let four = cosines[at];
        cosine[at * 4u] = four.x;
        cosine[at * 4u + 1u] = four.y;
        cosine[at * 4u + 2u] = four.z;
        cosine[at * 4u + 3u] = four.w;
    }
    if thread < 40u {
        atomicStore(&words[thread], 0u);
    }
    if thread < 9u {
        atomicStore(&counters[thread], 0u);
    }
    if thread == 0u {
        atomicStore(&gradients, 0u);
    }
    workgroupBarrier();

    // T = x·Cᵀ: a thread takes eight frequencies of half a row's threads.
    let row = thread / 2u;
    let frequency = (thread % 2u) * 8u;
    for (var f = frequency; f < frequency + 8u; f++) {
        var sum = 0;
        for (var i = 0u; i < SIDE; i++) {
            sum += cell(row * SIDE + i) * cosine[f * SIDE + i];
        }
        first_pass[row * BLOCK + f] = sum;
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
        let c = vec4(
            cosine[first_row * SIDE + i],
            cosine[(first_row + 4u) * SIDE + i],
            cosine[(first_row + 8u) * SIDE + i],
            cosine[(first_row + 12u) * SIDE + i],
        );
        high += c * vec4(t >> 13u);
        low += c * vec4(t & 8191);
    }
    high += low >> vec4(13u);
    low &= vec4(8191);

    // The four views: upright, mirrored left–right, top–bottom, both. Odd frequencies change sign:
    // −(8192·high + low) is 8192·(−high − 1) + (8192 − low), but for low = 0.
    let borrow = select(vec4(1), vec4(0), low == vec4(0));
    let minus_high = -high - borrow;
    let minus_low = (vec4(8192) - low) & vec4(8191);
    let odd_column = column % 2u == 1u;
    let odd_row = first_row % 2u == 1u;
    var top: array<vec4<u32>, 4>;
    var rest: array<vec4<u32>, 4>;
    for (var view = 0u; view < 4u; view++) {
        let x = odd_column && view % 2u == 1u;
        let y = odd_row && view / 2u == 1u;
        let h = select(high, minus_high, x != y);
        let l = select(low, minus_low, x != y);
        top[view] = bitcast<vec4<u32>>(h) ^ vec4(0x80000000u);
        rest[view] = bitcast<vec4<u32>>(l);
    }

    // The lower median of each view, among all 256 and among the 8×8 lowest: the greatest value
    // that at most N/2 − 1 are smaller than, bit by bit, all eight at once.
    let in_low_block = vec4(column < 8u) & vec4(true, true, false, false);
    var pivot: array<vec2<u32>, 4>;
    var low_pivot: array<vec2<u32>, 4>;
    for (var view = 0u; view < 4u; view++) {
        pivot[view] = vec2(0u);
        low_pivot[view] = vec2(0u);
    }
    for (var step = 0u; step < 45u; step++) {
        let bit = select(vec2(0u, 1u << (44u - min(step, 44u))), vec2(1u << (31u - min(step, 31u)), 0u), step < 32u);
        let filled = (step % 3u) * 3u;
        var all = vec4(0u);
        var few = 0u;
        for (var view = 0u; view < 4u; view++) {
            let t = top[view];
            let r = rest[view];
            let c = pivot[view] | bit;
            all[view] = ones((t < vec4(c.x)) | ((t == vec4(c.x)) & (r < vec4(c.y))));
            let d = low_pivot[view] | bit;
            let below = (t < vec4(d.x)) | ((t == vec4(d.x)) & (r < vec4(d.y)));
            few |= ones(below & in_low_block) << (8u * view);
        }
        atomicAdd(&counters[filled], all.x | (all.y << 16u));
        atomicAdd(&counters[filled + 1u], all.z | (all.w << 16u));
        atomicAdd(&counters[filled + 2u], few);
        workgroupBarrier();
        let xy = atomicLoad(&counters[filled]);
        let zw = atomicLoad(&counters[filled + 1u]);
        let low_counts = atomicLoad(&counters[filled + 2u]);
        let counts = vec4(xy & 0xffffu, xy >> 16u, zw & 0xffffu, zw >> 16u);
        // Everybody has read the set before: it was read ahead of this barrier.
        if thread < 3u {
            atomicStore(&counters[((step + 2u) % 3u) * 3u + thread], 0u);
        }
        for (var view = 0u; view < 4u; view++) {
            if counts[view] < 128u {
                pivot[view] |= bit;
            }
            if ((low_counts >> (8u * view)) & 255u) < 32u {
                low_pivot[view] |= bit;
            }
        }
    }

    for (var view = 0u; view < 4u; view++) {
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
    let out = picture * RESULT_WORDS;
    if thread < 40u {
        results[out + thread] = atomicLoad(&words[thread]);
    } else if thread == 40u {
        let quality = min(atomicLoad(&gradients) / 45u, 100u);
        results[out + thread] = (batch.mark << 8u) | quality;
    }
}
