// Compaction where nothing more can be relied on: one atomic a pair. See subgroups.wgsl.

// Whether any of those that walk together has something to look at.
fn any_of(wanted: bool) -> bool {
    return wanted;
}

// Where this thread's pair goes, if it has one.
fn place(wanted: bool) -> u32 {
    // Looked at first, so that no flood of pairs can make the number go round.
    if !wanted || atomicLoad(&found) > job.capacity {
        return job.capacity;
    }
    return atomicAdd(&found, 1u);
}
