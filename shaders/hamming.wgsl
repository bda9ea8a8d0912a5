// Every pair of a needle and a hash of the library within a radius. Its twin on the CPU is
// src/index/flat.
//
// A workgroup holds 2048 needles, eight a thread in registers, and walks a block of the library
// through workgroup memory, 256 hashes at a time, read two at once.
//
// It is followed by hamming/coarse.wgsl or hamming/both.wgsl, which say what confirms a pair, and
// by hamming/plain.wgsl or hamming/subgroups.wgsl, which say where in the list it goes.

const THREADS = 256u;
const NEEDLES = 2048u;
const LIBRARY_BLOCK = 1024u;

struct Job {
    // The needles of this dispatch, by position in `needles`: first, and one past the last.
    needles: vec2<u32>,
    // Likewise in `library`.
    library: vec2<u32>,
    // What to add to the positions to number needles and hashes through the whole.
    bases: vec2<u32>,
    radius: u32,
    // In a self-join only pairs whose first number is smaller count.
    self_join: u32,
    // Pairs that the list holds.
    capacity: u32,
    // Of the 256-bit hashes.
    fine_radius: u32,
}

@group(0) @binding(0) var<uniform> job: Job;
@group(0) @binding(1) var<storage, read> needles: array<vec2<u32>>;
// Two hashes an element.
@group(0) @binding(2) var<storage, read> library: array<vec4<u32>>;
// How many pairs were found; beyond the capacity the list is not whole, and the number too small.
@group(0) @binding(3) var<storage, read_write> found: atomic<u32>;
@group(0) @binding(4) var<storage, read_write> pairs: array<vec2<u32>>;

var<workgroup> block: array<vec4<u32>, 128>;

fn distance(a: vec2<u32>, b: vec2<u32>) -> u32 {
    return countOneBits(a.x ^ b.x) + countOneBits(a.y ^ b.y);
}

// Writes the pair down if it is one.
fn look_at(distance: u32, needle: u32, hash: u32) {
    let a = needle + job.bases.x;
    let b = hash + job.bases.y;
    // What was read from beside the ends is none of this dispatch's.
    let wanted = distance <= job.radius
        && needle < job.needles.y
        && hash >= job.library.x
        && hash < job.library.y
        && (job.self_join == 0u || a < b)
        && is_confirmed(needle, hash);
    let at = place(wanted);
    if wanted && at < job.capacity {
        pairs[at] = vec2(a, b);
    }
}

@compute @workgroup_size(256)
fn hamming(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let first = job.needles.x + group.x * NEEDLES;
    // From an even hash on, as two are read at once.
    let start = (job.library.x & ~1u) + group.y * LIBRARY_BLOCK;
    let end = min(start + LIBRARY_BLOCK, job.library.y);
    // Below the diagonal there is nothing to find.
    if job.self_join == 1u && first + job.bases.x + 1u >= end + job.bases.y {
        return;
    }

    // Reading past the end gives some hash that is there; `look_at` drops its pairs.
    let last = job.needles.y - 1u;
    let n0 = needles[min(first + thread, last)];
    let n1 = needles[min(first + THREADS + thread, last)];
    let n2 = needles[min(first + 2u * THREADS + thread, last)];
    let n3 = needles[min(first + 3u * THREADS + thread, last)];
    let n4 = needles[min(first + 4u * THREADS + thread, last)];
    let n5 = needles[min(first + 5u * THREADS + thread, last)];
    let n6 = needles[min(first + 6u * THREADS + thread, last)];
    let n7 = needles[min(first + 7u * THREADS + thread, last)];

    for (var at = start; at < end; at += 256u) {
        workgroupBarrier();
        if thread < 128u {
            block[thread] = library[min(at / 2u + thread, (job.library.y - 1u) / 2u)];
        }
        workgroupBarrier();
        for (var i = 0u; i < 128u; i++) {
            let two = block[i];
            let d0 = vec4(distance(n0, two.xy), distance(n1, two.xy), distance(n2, two.xy), distance(n3, two.xy));
            let d1 = vec4(distance(n4, two.xy), distance(n5, two.xy), distance(n6, two.xy), distance(n7, two.xy));
            let e0 = vec4(distance(n0, two.zw), distance(n1, two.zw), distance(n2, two.zw), distance(n3, two.zw));
            let e1 = vec4(distance(n4, two.zw), distance(n5, two.zw), distance(n6, two.zw), distance(n7, two.zw));
            let least = min(min(d0, d1), min(e0, e1));
            if any_of(min(min(least.x, least.y), min(least.z, least.w)) <= job.radius) {
                for (var k = 0u; k < 4u; k++) {
                    let needle = first + k * THREADS + thread;
                    let hash = at + 2u * i;
                    look_at(d0[k], needle, hash);
                    look_at(d1[k], needle + 4u * THREADS, hash);
                    look_at(e0[k], needle, hash + 1u);
                    look_at(e1[k], needle + 4u * THREADS, hash + 1u);
                }
            }
        }
    }
}
