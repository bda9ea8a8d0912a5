// Every pair of a needle and a hash of the library within a radius. Its twin on the CPU is
// src/index/flat.
//
// A workgroup holds 2048 needles, eight a thread in registers, and walks a block of the library
// through workgroup memory, 256 hashes at a time.

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
}

@group(0) @binding(0) var<uniform> job: Job;
@group(0) @binding(1) var<storage, read> needles: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read> library: array<vec2<u32>>;
// How many pairs were found; beyond the capacity the list is not whole, and the number too small.
@group(0) @binding(3) var<storage, read_write> found: atomic<u32>;
@group(0) @binding(4) var<storage, read_write> pairs: array<vec2<u32>>;

var<workgroup> block: array<vec4<u32>, 128>;

fn distance(a: vec2<u32>, b: vec2<u32>) -> u32 {
    return countOneBits(a.x ^ b.x) + countOneBits(a.y ^ b.y);
}

fn emit(needle: u32, hash: u32) {
    if needle >= job.needles.y || hash >= job.library.y {
        return;
    }
    let a = needle + job.bases.x;
    let b = hash + job.bases.y;
    if job.self_join == 1u && a >= b {
        return;
    }
    // Looked at first, so that no flood of pairs can make the number go round.
    if atomicLoad(&found) > job.capacity {
        return;
    }
    let at = atomicAdd(&found, 1u);
    if at < job.capacity {
        pairs[at] = vec2(a, b);
    }
}

@compute @workgroup_size(256)
fn hamming(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let first = job.needles.x + group.x * NEEDLES;
    let start = job.library.x + group.y * LIBRARY_BLOCK;
    let end = min(start + LIBRARY_BLOCK, job.library.y);
    // Below the diagonal there is nothing to find.
    if job.self_join == 1u && first + job.bases.x + 1u >= end + job.bases.y {
        return;
    }

    // Reading past the end gives some hash that is there; `emit` drops its pairs.
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
            let one = library[min(at + 2u * thread, job.library.y - 1u)];
            let other = library[min(at + 2u * thread + 1u, job.library.y - 1u)];
            block[thread] = vec4(one, other);
        }
        workgroupBarrier();
        for (var i = 0u; i < 128u; i++) {
            let two = block[i];
            let d0 = vec4(distance(n0, two.xy), distance(n1, two.xy), distance(n2, two.xy), distance(n3, two.xy));
            let d1 = vec4(distance(n4, two.xy), distance(n5, two.xy), distance(n6, two.xy), distance(n7, two.xy));
            let e0 = vec4(distance(n0, two.zw), distance(n1, two.zw), distance(n2, two.zw), distance(n3, two.zw));
            let e1 = vec4(distance(n4, two.zw), distance(n5, two.zw), distance(n6, two.zw), distance(n7, two.zw));
            let least = min(min(d0, d1), min(e0, e1));
            if min(min(least.x, least.y), min(least.z, least.w)) <= job.radius {
                for (var k = 0u; k < 4u; k++) {
                    let needle = first + k * THREADS + thread;
                    let hash = at + 2u * i;
                    if d0[k] <= job.radius {
                        emit(needle, hash);
                    }
                    if d1[k] <= job.radius {
                        emit(needle + 4u * THREADS, hash);
                    }
                    if e0[k] <= job.radius {
                        emit(needle, hash + 1u);
                    }
                    if e1[k] <= job.radius {
                        emit(needle + 4u * THREADS, hash + 1u);
                    }
                }
            }
        }
    }
}
