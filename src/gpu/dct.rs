//! What the kernels that hash tiles share: `shaders/dct.wgsl` on the device, and what it is given
//! and gives.

use bytemuck::cast_slice;
use wgpu::BufferUsages;

use crate::gpu::device::{Gpu, GpuError};
use crate::model::phash::{FineHash, PerceptualHash, PictureHash, Quality, View};
use crate::picture::dct::{BLOCK_SIDE, COSINES};
use crate::picture::tile::TILE_SIDE;

/// Words of one view in a result: 2 of the 64-bit hash, 8 of the 256-bit one.
pub const VIEW_WORDS: usize = 10;
/// Words of a result of the upright view: the view, then the mark and the quality.
pub const UPRIGHT_WORDS: usize = VIEW_WORDS + 1;
/// Words of a result of all four views, likewise.
pub const TURNED_WORDS: usize = 4 * VIEW_WORDS + 1;

/// The greatest mark: a result has 24 bits for it.
const LAST_MARK: u32 = 0x00ff_ffff;

/// The mark of the next batch; never 0, which is what was never written.
pub fn next_mark(mark: u32) -> u32 {
    mark % LAST_MARK + 1
}

/// The cosines as the shader's uniform has them.
///
/// # Errors
/// [`GpuError::Create`].
pub fn cosines(gpu: &Gpu) -> Result<wgpu::Buffer, GpuError> {
    // Four frequencies beside one another, four apart, of one column after the other.
    let words: Vec<i32> = (0..TILE_SIDE)
        .flat_map(|column| (0..4).map(move |first| (column, first)))
        .flat_map(|(column, first)| (first..BLOCK_SIDE).step_by(4).map(move |f| COSINES[f][column]))
        .map(i32::from)
        .collect();
    let bytes: &[u8] = cast_slice(&words);
    let usage = BufferUsages::UNIFORM | BufferUsages::COPY_DST;
    let buffer = gpu.buffer("cosines", bytes.len() as u64, usage)?;
    gpu.write(&buffer, bytes);
    Ok(buffer)
}

/// Whether the shader wrote a result in the batch of this mark.
pub fn is_marked(result: &[u32], mark: u32) -> bool {
    result.last().is_some_and(|last| last >> 8 == mark)
}

/// The hashes of the upright view.
pub fn upright(result: &[u32; UPRIGHT_WORDS]) -> (View, Quality) {
    (view(result, 0), quality(result))
}

/// The hashes of all four views.
pub fn turned(result: &[u32; TURNED_WORDS]) -> PictureHash {
    PictureHash { views: std::array::from_fn(|at| view(result, at)), quality: quality(result) }
}

fn view<const N: usize>(result: &[u32; N], view: usize) -> View {
    let at = view * VIEW_WORDS;
    let word = |at: usize| u64::from(result[at]) << 32 | u64::from(result[at + 1]);
    View {
        phash: PerceptualHash(word(at)),
        fine: FineHash(std::array::from_fn(|i| word(at + 2 + 2 * i))),
    }
}

fn quality<const N: usize>(result: &[u32; N]) -> Quality {
    Quality((result[N - 1] & 0xff) as u8)
}
