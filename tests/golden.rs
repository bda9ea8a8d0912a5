//! Our hashes against Python ImageHash's, on the same 32×32 pixels (`fixtures/golden/make.py`).

use clean_backup::model::phash::{FineHash, PerceptualHash};
use clean_backup::picture::dct;
use clean_backup::picture::tile::Tile;

/// What this crate gave for the first golden tile when the vectors were made: pins every bit,
/// quality included, so that no change of the arithmetic goes unnoticed.
const FIRST_QUALITY: u8 = 57;

#[test]
fn equal_imagehash_bit_for_bit() {
    let tiles = include_bytes!("../fixtures/golden/tiles.bin");
    let lines = include_str!("../fixtures/golden/imagehash.txt");
    assert_eq!(tiles.len() % 1024, 0);
    let mut exact = 0;
    let mut total = 0;
    for (pixels, line) in tiles.chunks_exact(1024).zip(lines.lines()) {
        let (coarse, fine) = line.split_once(' ').unwrap();
        let coarse: PerceptualHash = coarse.parse().unwrap();
        let fine: FineHash = fine.parse().unwrap();
        let ours = dct::hash_tile(&Tile(std::array::from_fn(|i| pixels[i])));
        let d = ours.upright().phash.distance(coarse).0;
        let f = ours.upright().fine.distance(fine).0;
        assert!(d <= 2 && f <= 4, "tile {total}: {d} of 64 and {f} of 256 bits differ");
        exact += u32::from(d == 0 && f == 0);
        total += 1;
        if total == 1 {
            assert_eq!(ours.quality.0, FIRST_QUALITY);
        }
    }
    assert!(total >= 100, "only {total} golden tiles");
    println!("{exact} of {total} tiles have ImageHash's very bits");
    assert!(exact * 1000 >= total * 995, "{exact} of {total}");
}
