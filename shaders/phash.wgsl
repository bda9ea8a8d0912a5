// The hashes of 32×32 tiles, one workgroup a picture. dct.wgsl stands in front of it.

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
// 256 words a tile, the first cell in the lowest byte.
@group(0) @binding(2) var<storage, read> tiles: array<u32>;
@group(0) @binding(3) var<storage, read_write> results: array<u32>;

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
    load_cosines(thread);
    clear(thread);
    workgroupBarrier();
    hash_cells(thread);
    let result_words = VIEWS * VIEW_WORDS + 1u;
    if thread < result_words {
        results[picture * result_words + thread] = result_word(thread, batch.mark);
    }
}
