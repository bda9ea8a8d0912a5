// Laying pairs of 64×64 tiles over each other, and counting what agrees. Its twin on the CPU is
// src/picture/proof: `correlate` is `align::correlation`, `refine` is `align::refine`, and the two
// ways to compare are `blocks::compare`.
//
// A pass over a batch is four dispatches, which leave out what the ones before have decided:
//
//   correlate        a workgroup for each start: how well the part correlates with the whole
//   compare_whole    a workgroup for each pair: whether it is plausible, and how the wholes agree
//   refine           a workgroup for each picture of a pair: the two best starts, mended
//   compare_parts    a workgroup for each mended part: how it agrees with the whole
//
// Parts are rectangles in 256ths of a side, a byte for each edge: top, left, bottom − 1, right − 1,
// the first one highest, so that they compare as numbers as they do on the CPU.

const SIDE = 64u;
const CELLS = 1024u;
const NONE = 0xffffffffu;
const WHOLE = 0x0000ffffu;
const ONE = 65536;

const PLAUSIBLE = 19661;
const LEAST = 80;
const ROUNDS = 6u;

// What one way of laying two pictures over each other takes among the results: the part, the
// blocks at 32×32 and at 64×64 cells (textured, good, bad, median), and the mark.
const RESULT_WORDS = 10u;
// The wholes, then two parts of the first picture, then two of the second.
const SLOTS = 5u;

struct Batch {
    pairs: u32,
    starts: u32,
    // Written beside each result, so that one which was never computed shows.
    mark: u32,
    unused: u32,
}

struct Pair {
    // Numbers of the two tiles.
    tiles: vec2<u32>,
    // Its starts: first, and one past the last. The last two are the wholes, of the first picture
    // and of the second.
    starts: vec2<u32>,
}

struct Start {
    pair: u32,
    // 0: a part of the first picture; 1: of the second.
    whose: u32,
    part: u32,
    unused: u32,
}

@group(0) @binding(0) var<uniform> batch: Batch;
// 1024 words a tile, the first cell in the lowest byte.
@group(0) @binding(1) var<storage, read> tiles: array<u32>;
@group(0) @binding(2) var<storage, read> pairs: array<Pair>;
@group(0) @binding(3) var<storage, read> starts: array<Start>;
@group(0) @binding(4) var<storage, read_write> scores: array<i32>;
@group(0) @binding(5) var<storage, read_write> mended: array<u32>;
@group(0) @binding(6) var<storage, read_write> results: array<u32>;

// The tile whose parts are looked at.
var<workgroup> tile: array<u32, 1024>;
// The other one at 32×32 cells, in quarter levels, two cells a word: row by row, then column by
// column.
var<workgroup> whole: array<u32, 1024>;
// `tile` averaged along one axis, 64 lines of 32 sums, two a word: across the columns, then across
// the rows.
var<workgroup> halves: array<u32, 2048>;
// Three sets of sums in turn: one is filled, one is read, one is cleared.
var<workgroup> sums: array<atomic<u32>, 9>;

// Two planes of at most 64×64 cells, in quarter levels, two cells a word.
var<workgroup> planes: array<u32, 4096>;
var<workgroup> correlations: array<i32, 225>;
var<workgroup> counts: array<atomic<u32>, 3>;

// ---- arithmetic -----------------------------------------------------------------------------

// a · b in 64 bits: high word, low word.
fn wide_product(a: u32, b: u32) -> vec2<u32> {
    let al = a & 0xffffu;
    let ah = a >> 16u;
    let bl = b & 0xffffu;
    let bh = b >> 16u;
    let low = al * bl;
    let middle = ah * bl + (low >> 16u);
    let other = al * bh + (middle & 0xffffu);
    return vec2(ah * bh + (middle >> 16u) + (other >> 16u), (other << 16u) | (low & 0xffffu));
}

// ⌊√(a · b)⌋ of numbers below 2³¹.
fn root_of_product(a: u32, b: u32) -> u32 {
    let product = wide_product(a, b);
    let bits = (64u - countLeadingZeros(a) - countLeadingZeros(b) + 1u) / 2u;
    var root = 0u;
    for (var at = bits; at > 0u; at--) {
        let tried = root | (1u << (at - 1u));
        let square = wide_product(tried, tried);
        if square.x < product.x || (square.x == product.x && square.y <= product.y) {
            root = tried;
        }
    }
    return root;
}

// product_sum / √(a · b), in 1/65536; 0 where one of both is flat. |product_sum| is at most the root.
fn normalised(product_sum: i32, a: u32, b: u32) -> i32 {
    let root = root_of_product(a, b);
    if root == 0u {
        return 0;
    }
    var rest = u32(abs(product_sum));
    var quotient = 0u;
    if rest >= root {
        quotient = 1u;
        rest -= root;
    }
    for (var bit = 0u; bit < 16u; bit++) {
        rest <<= 1u;
        quotient <<= 1u;
        if rest >= root {
            rest -= root;
            quotient |= 1u;
        }
    }
    let magnitude = min(i32(quotient), ONE);
    return select(magnitude, -magnitude, product_sum < 0);
}

// ---- parts ----------------------------------------------------------------------------------

// Top, left, bottom, right.
fn edges(part: u32) -> vec4<i32> {
    let bytes = vec4(part >> 24u, part >> 16u, part >> 8u, part) & vec4(255u);
    return vec4<i32>(bytes) + vec4(0, 0, 1, 1);
}

fn packed(edges: vec4<i32>) -> u32 {
    let bytes = vec4<u32>(edges - vec4(0, 0, 1, 1));
    return (bytes.x << 24u) | (bytes.y << 16u) | (bytes.z << 8u) | bytes.w;
}

// The first source cell of cell `k` of an interval, and the weights of that and the next two. A
// source cell has 2^`bits` units, a 256th of the side a quarter of that.
fn taps(from_edge: i32, to_edge: i32, k: u32, bits: u32) -> vec4<u32> {
    let width = u32(to_edge - from_edge);
    let begin = (u32(from_edge) << (bits - 2u)) + width * k;
    let end = begin + width;
    let cell = min(begin >> bits, SIDE - 3u);
    let left = (vec3(cell) + vec3(0u, 1u, 2u)) << vec3(bits);
    let right = left + vec3(1u << bits);
    let lower = max(left, vec3(begin));
    let upper = min(right, vec3(end));
    return vec4(cell, select(vec3(0u), upper - lower, upper > lower));
}

fn tile_cell(y: u32, x: u32) -> u32 {
    return (tile[y * 16u + x / 4u] >> ((x % 4u) * 8u)) & 255u;
}

// ---- correlation ----------------------------------------------------------------------------

const COLUMNS = 0u;
const ROWS = 1u;

fn load_tile(number: u32, thread: u32, threads: u32) {
    for (var at = thread; at < CELLS; at += threads) {
        tile[at] = tiles[number * CELLS + at];
    }
}

// The other tile's cells: the sums of four; gives the sum and the sum of squares of this thread's.
fn load_whole(number: u32, thread: u32) -> vec2<u32> {
    var sum = vec2(0u);
    let x = thread % 16u;
    for (var y = thread / 16u; y < 32u; y += 4u) {
        let above = unpack4xU8(tiles[number * CELLS + y * 32u + x]);
        let below = unpack4xU8(tiles[number * CELLS + y * 32u + 16u + x]);
        let four = above + below;
        let two = vec2(four.x + four.y, four.z + four.w);
        sum += vec2(two.x + two.y, dot(two, two));
        whole[y * 16u + x] = two.x | (two.y << 16u);
    }
    return sum;
}

// The same, column by column: of what `load_whole` has left.
fn turn_whole(thread: u32) {
    let y = thread % 16u;
    for (var x = thread / 16u; x < 32u; x += 4u) {
        let shift = (x % 2u) * 16u;
        let upper = (whole[(2u * y) * 16u + x / 2u] >> shift) & 0xffffu;
        let lower = (whole[(2u * y + 1u) * 16u + x / 2u] >> shift) & 0xffffu;
        whole[512u + x * 16u + y] = upper | (lower << 16u);
    }
}

// Averages the tile along an axis: 64 lines of 32 sums.
fn average(axis: u32, from_edge: i32, to_edge: i32, thread: u32) {
    let k = (thread % 16u) * 2u;
    let one = taps(from_edge, to_edge, k, 7u);
    let other = taps(from_edge, to_edge, k + 1u, 7u);
    for (var line = thread / 16u; line < SIDE; line += 4u) {
        var two: vec2<u32>;
        if axis == COLUMNS {
            two = vec2(
                tile_cell(line, one.x) * one.y + tile_cell(line, one.x + 1u) * one.z
                    + tile_cell(line, one.x + 2u) * one.w,
                tile_cell(line, other.x) * other.y + tile_cell(line, other.x + 1u) * other.z
                    + tile_cell(line, other.x + 2u) * other.w,
            );
        } else {
            two = vec2(
                tile_cell(one.x, line) * one.y + tile_cell(one.x + 1u, line) * one.z
                    + tile_cell(one.x + 2u, line) * one.w,
                tile_cell(other.x, line) * other.y + tile_cell(other.x + 1u, line) * other.z
                    + tile_cell(other.x + 2u, line) * other.w,
            );
        }
        halves[axis * 1024u + line * 16u + thread % 16u] = two.x | (two.y << 16u);
    }
}

// Adds up over the workgroup: all threads get the sums. `turn` counts the calls.
fn added(values: vec3<u32>, turn: u32, thread: u32) -> vec3<u32> {
    let filled = (turn % 3u) * 3u;
    atomicAdd(&sums[filled], values.x);
    atomicAdd(&sums[filled + 1u], values.y);
    atomicAdd(&sums[filled + 2u], values.z);
    workgroupBarrier();
    let all = vec3(
        atomicLoad(&sums[filled]),
        atomicLoad(&sums[filled + 1u]),
        atomicLoad(&sums[filled + 2u]),
    );
    // Everybody has read the set before: it was read ahead of this barrier.
    if thread < 3u {
        atomicStore(&sums[((turn + 2u) % 3u) * 3u + thread], 0u);
    }
    return all;
}

// How well what is averaged along one axis, and now along the other, correlates with the whole.
// `across` is how long the part is along the averaged axis; `wholes` the sum and the sum of squares
// of the whole's cells.
fn correlated(
    axis: u32,
    from_edge: i32,
    to_edge: i32,
    across: i32,
    wholes: vec2<u32>,
    turn: u32,
    thread: u32,
) -> i32 {
    // To 10 or 11 bits, whatever the part's size.
    let area = u32((to_edge - from_edge) * across);
    let shift = max(firstLeadingBit(area), 2u) - 2u;
    let word = thread % 16u;
    var mine = vec3(0u);
    for (var line = thread / 16u; line < 32u; line += 4u) {
        let tap = taps(from_edge, to_edge, line, 7u);
        let at = axis * 1024u + tap.x * 16u + word;
        let first = halves[at];
        let second = halves[at + 16u];
        let third = halves[at + 32u];
        let low = (first & 0xffffu) * tap.y + (second & 0xffffu) * tap.z + (third & 0xffffu) * tap.w;
        let high = (first >> 16u) * tap.y + (second >> 16u) * tap.z + (third >> 16u) * tap.w;
        let cells = vec2(low, high) >> vec2(shift);
        let both = whole[axis * 512u + line * 16u + word];
        mine += vec3(
            cells.x + cells.y,
            dot(cells, cells),
            dot(cells, vec2(both & 0xffffu, both >> 16u)),
        );
    }
    let all = added(mine, turn, thread);
    // Σ(c − m)(t − n) = Σct − mΣt − nΣc + 1024mn: sums wrap, what they come to does not.
    let mean = (all.x + CELLS / 2u) / CELLS;
    let other_mean = (wholes.x + CELLS / 2u) / CELLS;
    let product_sum = all.z - mean * wholes.x - other_mean * all.x + CELLS * mean * other_mean;
    let own = all.y - 2u * mean * all.x + CELLS * mean * mean;
    let energy = wholes.y - 2u * other_mean * wholes.x + CELLS * other_mean * other_mean;
    return normalised(bitcast<i32>(product_sum), own, energy);
}

fn clear_sums(thread: u32) {
    if thread < 9u {
        atomicStore(&sums[thread], 0u);
    }
}

@compute @workgroup_size(64)
fn correlate(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let number = group.x;
    if number >= batch.starts {
        return;
    }
    let start = starts[number];
    let of_first = start.whose == 0u;
    let pair = pairs[start.pair].tiles;
    load_tile(select(pair.y, pair.x, of_first), thread, 64u);
    clear_sums(thread);
    let part = edges(start.part);
    let mine = load_whole(select(pair.x, pair.y, of_first), thread);
    workgroupBarrier();
    average(COLUMNS, part.y, part.w, thread);
    let wholes = added(vec3(mine, 0u), 0u, thread);
    let score = correlated(COLUMNS, part.x, part.z, part.w - part.y, wholes.xy, 1u, thread);
    if thread == 0u {
        scores[number] = score;
    }
}

// ---- alignment ------------------------------------------------------------------------------

// Whether a start, or the wholes, correlate at all.
fn is_plausible(pair: Pair) -> bool {
    var plausible = scores[pair.starts.y - 2u] >= PLAUSIBLE;
    for (var at = pair.starts.x; at < pair.starts.y - 2u; at++) {
        plausible |= scores[at] >= PLAUSIBLE;
    }
    return plausible;
}

fn is_before(score: i32, part: u32, other_score: i32, other_part: u32) -> bool {
    return score > other_score || (score == other_score && part < other_part);
}

// The two best starts of one picture; `NONE` where there are fewer.
fn best_two(pair: Pair, whose: u32) -> vec2<u32> {
    var best = vec2(NONE);
    var best_scores = vec2(0);
    for (var at = pair.starts.x; at < pair.starts.y; at++) {
        let start = starts[at];
        let score = scores[at];
        let is_whole = at + 2u >= pair.starts.y;
        let least = select(PLAUSIBLE, 1, is_whole);
        if start.whose != whose || score < least || start.part == best.x {
            continue;
        }
        if is_before(score, start.part, best_scores.x, best.x) {
            best = vec2(start.part, best.x);
            best_scores = vec2(score, best_scores.x);
        } else if is_before(score, start.part, best_scores.y, best.y) {
            best.y = start.part;
            best_scores.y = score;
        }
    }
    return best;
}

// Which edges of an axis a step moves: the first, the last, both.
fn moves(what: u32) -> vec2<i32> {
    return select(vec2(1, 1), select(vec2(1, 0), vec2(0, 1), what == 1u), what < 2u);
}

fn is_inside(interval: vec2<i32>) -> bool {
    return interval.x >= 0 && interval.y <= 256 && interval.y >= interval.x + LEAST;
}

@compute @workgroup_size(64)
fn refine(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let number = group.x;
    if number >= 2u * batch.pairs {
        return;
    }
    let pair = pairs[number / 2u];
    let whose = number % 2u;
    let whole_result = (number / 2u) * SLOTS * RESULT_WORDS;
    if results[whole_result] == NONE || is_perfect(whole_result) {
        if thread < 2u {
            mended[number * 2u + thread] = NONE;
        }
        return;
    }
    let best = best_two(pair, whose);
    let of_first = whose == 0u;
    load_tile(select(pair.tiles.y, pair.tiles.x, of_first), thread, 64u);
    clear_sums(thread);
    let mine = load_whole(select(pair.tiles.x, pair.tiles.y, of_first), thread);
    workgroupBarrier();
    turn_whole(thread);
    let wholes = added(vec3(mine, 0u), 0u, thread).xy;
    var turn = 1u;
    for (var which = 0u; which < 2u; which++) {
        if best[which] == NONE {
            if thread == 0u {
                mended[number * 2u + which] = NONE;
            }
            continue;
        }
        let from_start = edges(best[which]);
        // Vertical and horizontal.
        var part = array(from_start.xz, from_start.yw);
        workgroupBarrier();
        average(COLUMNS, part[1].x, part[1].y, thread);
        average(ROWS, part[0].x, part[0].y, thread);
        workgroupBarrier();
        let length = part[1].y - part[1].x;
        var score = correlated(COLUMNS, part[0].x, part[0].y, length, wholes, turn, thread);
        turn++;
        for (var step = 8; step > 0; step /= 2) {
            for (var round = 0u; round < ROUNDS; round++) {
                let before = score;
                for (var what = 0u; what < 3u; what++) {
                    // With the columns averaged the vertical edges are moved, then the others.
                    for (var axis = COLUMNS; axis <= ROWS; axis++) {
                        let across = part[1u - axis];
                        let length = across.y - across.x;
                        for (var back = 0u; back < 2u; back++) {
                            let moved = part[axis] + moves(what) * select(step, -step, back == 1u);
                            if is_inside(moved) {
                                let tried = correlated(axis, moved.x, moved.y, length, wholes, turn, thread);
                                turn++;
                                if tried > score {
                                    score = tried;
                                    part[axis] = moved;
                                    average(1u - axis, moved.x, moved.y, thread);
                                    workgroupBarrier();
                                    break;
                                }
                            }
                        }
                    }
                }
                if score == before {
                    break;
                }
            }
        }
        if thread == 0u {
            mended[number * 2u + which] = packed(vec4(part[0].x, part[1].x, part[0].y, part[1].y));
        }
    }
}

// ---- blocks ---------------------------------------------------------------------------------

fn plane_cell(at: u32) -> i32 {
    return extractBits(bitcast<i32>(planes[at / 2u]), (at % 2u) * 16u, 16u);
}

fn pack_cells(low: i32, high: i32) -> u32 {
    return (bitcast<u32>(low) & 0xffffu) | (bitcast<u32>(high) << 16u);
}

// A part of `tile` at `side` cells, in quarter levels, then the whole of the other one.
fn load_planes(part: vec4<i32>, other: u32, side: u32, thread: u32) {
    // As many units as a source cell has: 4 · side.
    let bits = select(8u, 7u, side == 32u);
    let area = u32((part.z - part.x) * (part.w - part.y));
    let own = side * side / 256u;
    let first = thread * own;
    let y = first / side;
    let down = taps(part.x, part.z, y, bits);
    for (var i = 0u; i < own; i += 2u) {
        let x = first % side + i;
        var two: vec2<u32>;
        for (var k = 0u; k < 2u; k++) {
            let across = taps(part.y, part.w, x + k, bits);
            var sum = 0u;
            for (var row = 0u; row < 3u; row++) {
                let line = tile_cell(down.x + row, across.x) * across.y
                    + tile_cell(down.x + row, across.x + 1u) * across.z
                    + tile_cell(down.x + row, across.x + 2u) * across.w;
                sum += line * down[row + 1u];
            }
            two[k] = (sum * 4u + area / 2u) / area;
        }
        planes[(first + i) / 2u] = two.x | (two.y << 16u);
        var whole_two: vec2<u32>;
        if side == 32u {
            let above = unpack4xU8(tiles[other * CELLS + y * 32u + x / 2u]);
            let below = unpack4xU8(tiles[other * CELLS + y * 32u + 16u + x / 2u]);
            let four = above + below;
            whole_two = vec2(four.x + four.y, four.z + four.w);
        } else {
            let word = tiles[other * CELLS + y * 16u + x / 4u] >> ((x % 4u) * 8u);
            whole_two = vec2(word & 255u, (word >> 8u) & 255u) * 4u;
        }
        planes[2048u + (first + i) / 2u] = whole_two.x | (whole_two.y << 16u);
    }
}

// Takes off each cell the mean of the 7×7 cells around it; past the edge the cells at the edge
// count again.
fn high_pass(base: u32, side: u32, thread: u32) {
    let own = side * side / 256u;
    let first = thread * own;
    let y = i32(first / side);
    let left = i32(first % side);
    let last = i32(side) - 1;
    // Sums of seven cells of a column.
    var columns: array<i32, 22>;
    for (var i = 0u; i < own + 6u; i++) {
        let x = clamp(left + i32(i) - 3, 0, last);
        var sum = 0;
        for (var row = -3; row <= 3; row++) {
            sum += plane_cell(base + u32(clamp(y + row, 0, last)) * side + u32(x));
        }
        columns[i] = sum;
    }
    var flat: array<i32, 16>;
    for (var i = 0u; i < own; i++) {
        var sum = 0;
        for (var column = 0u; column < 7u; column++) {
            sum += columns[i + column];
        }
        flat[i] = plane_cell(base + first + i) - (sum + 24) / 49;
    }
    workgroupBarrier();
    for (var i = 0u; i < own; i += 2u) {
        planes[(base + first + i) / 2u] = pack_cells(flat[i], flat[i + 1u]);
    }
}

// The blocks of both planes, to `at` of the results: textured, good, bad, median.
fn count_blocks(side: u32, texture: u32, good: i32, at: u32, thread: u32) {
    let along = side / 4u - 1u;
    let blocks = along * along;
    if thread < 3u {
        atomicStore(&counts[thread], 0u);
    }
    workgroupBarrier();
    var correlation = ONE + 1;
    if thread < blocks {
        let y = thread / along * 4u;
        let x = thread % along * 4u;
        var product_sum = 0;
        var energies = vec2(0);
        for (var row = 0u; row < 8u; row++) {
            for (var column = 0u; column < 8u; column += 2u) {
                let word = ((y + row) * side + x + column) / 2u;
                let a = bitcast<i32>(planes[word]);
                let b = bitcast<i32>(planes[2048u + word]);
                let low = vec2(extractBits(a, 0u, 16u), extractBits(b, 0u, 16u));
                let high = vec2(a >> 16u, b >> 16u);
                product_sum += low.x * low.y + high.x * high.y;
                energies += low * low + high * high;
            }
        }
        let strongest = u32(max(energies.x, energies.y));
        if strongest >= texture * 64u {
            correlation = normalised(product_sum, u32(energies.x), u32(energies.y));
            atomicAdd(&counts[0], 1u);
            if correlation >= good {
                atomicAdd(&counts[1], 1u);
            }
            if correlation < 13107 && strongest >= 256u * 64u {
                atomicAdd(&counts[2], 1u);
            }
        }
        correlations[thread] = correlation;
    }
    workgroupBarrier();
    let textured = atomicLoad(&counts[0]);
    if thread < 3u {
        results[at + thread] = atomicLoad(&counts[thread]);
    }
    if thread == 3u && textured == 0u {
        results[at + 3u] = 0u;
    }
    // The upper median: so many are smaller. Blocks without texture are greater than all.
    if correlation <= ONE {
        var smaller = 0u;
        var not_greater = 0u;
        for (var other = 0u; other < blocks; other++) {
            smaller += select(0u, 1u, correlations[other] < correlation);
            not_greater += select(0u, 1u, correlations[other] <= correlation);
        }
        let middle = textured / 2u;
        if smaller <= middle && middle < not_greater {
            results[at + 3u] = bitcast<u32>(correlation);
        }
    }
    workgroupBarrier();
}

// Whether two wholes agree so well that no other alignment could be better.
fn is_perfect(at: u32) -> bool {
    var perfect = true;
    for (var i = 0u; i < 2u; i++) {
        let blocks = at + 1u + 4u * i;
        let textured = results[blocks];
        let share = results[blocks + 1u] * 65536u / max(textured, 1u);
        let median = bitcast<i32>(results[blocks + 3u]);
        perfect &= textured > 0u && share >= 63570u && median >= 62259;
    }
    return perfect;
}

fn compare(one: u32, other: u32, part: u32, result: u32, thread: u32) {
    load_tile(one, thread, 256u);
    workgroupBarrier();
    for (var i = 0u; i < 2u; i++) {
        let side = 32u << i;
        load_planes(edges(part), other, side, thread);
        workgroupBarrier();
        high_pass(0u, side, thread);
        high_pass(4096u, side, thread);
        workgroupBarrier();
        let texture = select(16u, 64u, i == 0u);
        let good = select(32768, 39322, i == 0u);
        count_blocks(side, texture, good, result + 1u + 4u * i, thread);
    }
}

// One result's part and mark: all of it, where there is nothing to compare.
fn finish(result: u32, part: u32, thread: u32) {
    if thread == 0u {
        results[result] = part;
        results[result + RESULT_WORDS - 1u] = batch.mark;
    }
}

@compute @workgroup_size(256)
fn compare_whole(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let number = group.x;
    if number >= batch.pairs {
        return;
    }
    let pair = pairs[number];
    let result = number * SLOTS * RESULT_WORDS;
    let plausible = is_plausible(pair);
    finish(result, select(NONE, WHOLE, plausible), thread);
    if plausible {
        compare(pair.tiles.x, pair.tiles.y, WHOLE, result, thread);
    }
}

@compute @workgroup_size(256)
fn compare_parts(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let number = group.x;
    if number >= 4u * batch.pairs {
        return;
    }
    let pair = pairs[number / 4u];
    let slot = number % 4u;
    let result = ((number / 4u) * SLOTS + 1u + slot) * RESULT_WORDS;
    let part = mended[number];
    finish(result, part, thread);
    if part != NONE {
        let of_first = slot < 2u;
        let one = select(pair.tiles.y, pair.tiles.x, of_first);
        let other = select(pair.tiles.x, pair.tiles.y, of_first);
        compare(one, other, part, result, thread);
    }
}
