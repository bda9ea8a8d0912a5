// Compaction with one atomic a subgroup, as plain.wgsl does it with one a pair. Its functions are
// called by whole subgroups: `any_of` tells all threads of one the same.

fn any_of(wanted: bool) -> bool {
    return subgroupAny(wanted);
}

fn place(wanted: bool) -> u32 {
    let before = subgroupExclusiveAdd(select(0u, 1u, wanted));
    let all = subgroupAdd(select(0u, 1u, wanted));
    var first = job.capacity;
    // The first of them asks for all.
    if subgroupExclusiveAdd(1u) == 0u && all > 0u && atomicLoad(&found) <= job.capacity {
        first = atomicAdd(&found, all);
    }
    first = subgroupBroadcastFirst(first);
    // Past the end of the list nothing is added up: no place is there.
    return select(job.capacity, first + before, wanted && first < job.capacity);
}
