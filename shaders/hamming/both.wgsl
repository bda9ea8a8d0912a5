// The 256-bit hashes of what is near by the 64-bit ones decide, two times four words each.

@group(0) @binding(5) var<storage, read> needle_fines: array<vec4<u32>>;
@group(0) @binding(6) var<storage, read> library_fines: array<vec4<u32>>;

fn is_confirmed(needle: u32, hash: u32) -> bool {
    let bits = countOneBits(needle_fines[2u * needle] ^ library_fines[2u * hash])
        + countOneBits(needle_fines[2u * needle + 1u] ^ library_fines[2u * hash + 1u]);
    return dot(bits, vec4(1u)) <= job.fine_radius;
}
