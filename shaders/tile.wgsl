// Exact area average of luma planes to 32×32 tiles, one workgroup a picture. Its twin on the CPU
// is src/tile.rs.
//
// A plane has at most 512×512 samples, each standing for up to 8×8 pixels: the weights of a cell
// add up to width × height pixels, at most 4096², so that no sum leaves 32 bits.

const SIDE = 32u;

struct Batch {
    count: u32,
    columns: u32,
    mark: u32,
    unused: u32,
}

struct Plane {
    // First sample, in bytes of `samples`.
    offset: u32,
    // In pixels.
    width: u32,
    height: u32,
    // Pixels along a sample's side.
    scale: u32,
}

@group(0) @binding(0) var<uniform> batch: Batch;
@group(0) @binding(1) var<storage, read> planes: array<Plane>;
@group(0) @binding(2) var<storage, read> samples: array<u32>;
@group(0) @binding(3) var<storage, read_write> tiles: array<u32>;

fn sample(index: u32) -> u32 {
    let shift = (index % 4u) * 8u;
    return (samples[index / 4u] >> shift) & 255u;
}

// In units of 1/32 pixel a cell is as wide as the picture has pixels, and a sample 32 × scale.
fn average(plane: Plane, cell_x: u32, cell_y: u32) -> u32 {
    let size = SIDE * plane.scale;
    let columns = (plane.width + plane.scale - 1u) / plane.scale;
    let left = plane.width * cell_x;
    let right = left + plane.width;
    let upper = plane.height * cell_y;
    let lower = upper + plane.height;
    var sum = 0u;
    for (var y = upper / size; y <= (lower - 1u) / size; y++) {
        let rows = min(lower, (y + 1u) * size) - max(upper, y * size);
        var across = 0u;
        for (var x = left / size; x <= (right - 1u) / size; x++) {
            let overlap = min(right, (x + 1u) * size) - max(left, x * size);
            across += sample(plane.offset + y * columns + x) * overlap;
        }
        sum += across * rows;
    }
    let whole = plane.width * plane.height;
    return (sum + whole / 2u) / whole;
}

@compute @workgroup_size(64)
fn tile(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let picture = group.y * batch.columns + group.x;
    if picture >= batch.count {
        return;
    }
    let plane = planes[picture];
    for (var word = thread; word < 256u; word += 64u) {
        var four = 0u;
        for (var i = 0u; i < 4u; i++) {
            let cell = word * 4u + i;
            four |= average(plane, cell % SIDE, cell / SIDE) << (8u * i);
        }
        tiles[picture * 256u + word] = four;
    }
}
