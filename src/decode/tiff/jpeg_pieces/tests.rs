//! TIFFs of JPEGs, against the decoder of every pixel and against the JPEG itself.

use crate::decode::raster::tests::{fixture, of};
use crate::decode::tiff::decode_by;
use crate::decode::{DecodeError, DecodeOptions, Decoded};
use crate::model::media::{DecodeFlags, Format};
use crate::picture::hasher::{CpuHasher, TileHasher};

const FIXTURES: [&str; 7] = [
    "x-jpeg-grey.tif",
    "x-jpeg-libtiff.tif",
    "x-jpeg-one-progressive-strip.tif",
    "x-jpeg-rgb.tif",
    "x-jpeg-strips-of-50.tif",
    "x-jpeg-strips.tif",
    "x-jpeg-tiles.tif",
];

fn every_pixel(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    decode_by(&bytes, &DecodeOptions::default(), true)
}

/// Whether the pieces were read by the reader of JPEG files.
fn is_own(decoded: &Decoded) -> bool {
    decoded.provenance.quantised.is_some()
}

/// Bits of 64 and of 256 that differ.
fn distances(a: &Decoded, b: &Decoded) -> (u32, u32) {
    let hashes = CpuHasher.hash(&[a.tiles.coarse.clone(), b.tiles.coarse.clone()]);
    let (a, b) = (hashes[0].upright(), hashes[1].upright());
    (a.phash.distance(b.phash).0, a.fine.distance(b.fine).0)
}

#[test]
fn pieces_give_the_picture_of_a_full_decoder() {
    for name in FIXTURES {
        let bytes = fixture(name);
        let (own, full) = (of(&bytes).unwrap(), every_pixel(&bytes).unwrap());
        assert!(is_own(&own) && !is_own(&full), "{name}");
        assert_eq!(own.provenance.quantised.unwrap().quality, 70, "{name}");
        assert_eq!((own.dimensions, own.format), (full.dimensions, Format::Tiff), "{name}");
        assert_eq!(own.flags, DecodeFlags::default(), "{name}");
        let (coarse, fine) = distances(&own, &full);
        let cells = own.tiles.fine.0.iter().zip(&full.tiles.fine.0);
        let worst = cells.map(|(a, b)| a.abs_diff(*b)).max().unwrap();
        println!("{name}: {coarse} {fine} {worst}");
        assert!(coarse <= 2 && fine <= 8, "{name}: {coarse} of 64, {fine} of 256");
        assert!(worst <= 24, "{name}: a cell is off by {worst}");
    }
}

/// Blocks at the right and at the lower edge of these tiles are part picture, part black.
#[test]
fn what_lies_beyond_the_picture_does_not_darken_its_edges() {
    let (tiles, strips) =
        (of(&fixture("x-jpeg-tiles.tif")).unwrap(), of(&fixture("x-jpeg-strips.tif")).unwrap());
    let edge = (0..64).map(|at| at * 64 + 63).chain(63 * 64..64 * 64);
    for at in edge {
        let (cell, other) = (tiles.tiles.fine.0[at], strips.tiles.fine.0[at]);
        assert!(cell.abs_diff(other) <= 3, "cell {at}: {cell}, not {other}");
    }
}

#[test]
fn a_strip_that_is_a_whole_jpeg_gives_the_tiles_of_the_jpeg() {
    let bytes = fixture("x-jpeg-one-progressive-strip.tif");
    let at = bytes.windows(4).position(|four| four == [0xff, 0xd8, 0xff, 0xe0]).unwrap();
    let (strip, jpeg) = (of(&bytes).unwrap(), of(&bytes[at..]).unwrap());
    assert_eq!((strip.tiles, strip.provenance.quantised), (jpeg.tiles, jpeg.provenance.quantised));
}

#[test]
fn a_cut_file_is_read_from_half_on() {
    for name in ["x-jpeg-strips.tif", "x-jpeg-tiles.tif", "x-jpeg-strips-of-50.tif"] {
        let bytes = fixture(name);
        let whole = of(&bytes).unwrap();
        // The strips and tiles come last.
        let mut read = 0;
        for len in (bytes.len() / 8..bytes.len() - 2).step_by(97) {
            match of(&bytes[..len]) {
                Ok(cut) if is_own(&cut) => {
                    assert!(cut.flags.damaged_tail, "{name} at {len}");
                    assert_eq!(cut.tiles.coarse.0[..15 * 32], whole.tiles.coarse.0[..15 * 32]);
                    read += 1;
                }
                // Of less than half, the other decoder may make something, or not.
                _ => assert_eq!(read, 0, "{name} at {len}"),
            }
        }
        assert!(read > 20, "{name}: {read}");
    }
}

#[test]
fn a_damaged_strip_does_not_spoil_the_others() {
    let bytes = fixture("x-jpeg-strips.tif");
    let whole = of(&bytes).unwrap();
    let mut damaged = bytes.clone();
    // A marker where none may be, in the middle of the picture.
    let middle = damaged.len() / 2;
    damaged[middle..middle + 2].copy_from_slice(&[0xff, 0xd9]);
    let read = of(&damaged).unwrap();
    assert!(read.flags.damaged_tail && is_own(&read));
    let changed = read.tiles.fine.0.iter().zip(&whole.tiles.fine.0).filter(|(a, b)| a != b);
    assert!((1..=4 * 64).contains(&changed.count()));
}

#[test]
fn pieces_that_share_their_bytes_go_to_the_other_decoder() {
    let mut bytes = fixture("x-jpeg-grey.tif");
    let (offsets, count) = entry(&bytes, 273);
    let (sizes, _) = entry(&bytes, 279);
    for index in 1..count {
        bytes.copy_within(offsets..offsets + 4, offsets + 4 * index);
    }
    for index in 0..count {
        bytes[sizes + 4 * index..][..4].copy_from_slice(&20_000_u32.to_le_bytes());
    }
    assert!(!is_own(&of(&bytes).unwrap()));
}

#[test]
fn the_jpeg_of_early_writers_is_refused() {
    let mut bytes = fixture("x-jpeg-grey.tif");
    let at = bytes.windows(2).position(|tag| tag == 259_u16.to_le_bytes()).unwrap();
    assert_eq!(bytes[at + 8], 7);
    bytes[at + 8] = 6;
    assert!(matches!(of(&bytes), Err(DecodeError::Unsupported(_))));
}

/// Where the values of a tag lie in a small file of Intel's byte order, and how many.
fn entry(bytes: &[u8], tag: u16) -> (usize, usize) {
    let entries = bytes[10..].as_chunks::<12>().0;
    let entry = entries.iter().find(|entry| entry[..2] == tag.to_le_bytes()).unwrap();
    let number = |at: usize| u32::from_le_bytes(entry[at..at + 4].try_into().unwrap()) as usize;
    (number(8), number(4))
}
