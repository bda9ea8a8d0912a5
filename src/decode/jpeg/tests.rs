use std::fs;
use std::path::Path;

use super::*;
use crate::decode;
use crate::picture::tile::{AreaAverage, Tile};

pub(super) fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/jpeg");
    fs::read(folder.join(name)).unwrap()
}

fn read_whole(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    decode::decode(&bytes, &DecodeOptions::default())
}

fn tile_of(name: &str) -> Tile {
    read_whole(&fixture(name)).unwrap_or_else(|error| panic!("{name}: {error}")).tiles.coarse
}

/// Every pixel by the other decoder, averaged.
fn full_tile(bytes: &[u8]) -> Tile {
    full::decode(bytes, &DecodeOptions::default(), 0).unwrap().tiles.coarse
}

/// Largest and mean difference of two tiles' cells.
fn differences(a: &Tile, b: &Tile) -> (u8, f64) {
    let each = a.0.iter().zip(&b.0).map(|(a, b)| a.abs_diff(*b));
    let sum: u32 = each.clone().map(u32::from).sum();
    (each.max().unwrap(), f64::from(sum) / 1024.0)
}

const SIZES: [&str; 4] = ["683x517", "301x259", "150x131", "77x45"];

#[test]
fn lossless_twins_give_the_same_tile() {
    for size in SIZES {
        let baseline = tile_of(&format!("{size}-baseline.jpg"));
        assert_eq!(tile_of(&format!("{size}-progressive.jpg")), baseline, "{size}");
    }
    for size in ["683x517", "150x131"] {
        let baseline = tile_of(&format!("{size}-baseline.jpg"));
        for form in ["restart", "optimised"] {
            assert_eq!(tile_of(&format!("{size}-{form}.jpg")), baseline, "{size} {form}");
        }
    }
}

#[test]
fn each_scale_is_near_the_full_decode() {
    // The larger the reduction, the farther: rounding of the full decode's pixels, and what the
    // partial last blocks lose.
    for (size, kept) in SIZES.into_iter().zip([1, 2, 4, 8]) {
        let bytes = fixture(&format!("{size}-baseline.jpg"));
        let frame = segments::find_frame(&bytes.as_slice()).unwrap();
        assert_eq!(kept_side(&frame), kept, "{size}");
        let ours = own(&bytes).unwrap();
        let (most, mean) = differences(&ours.tiles.coarse, &full_tile(&bytes));
        let dimensions = ours.dimensions;
        assert_eq!(format!("{}x{}", dimensions.width, dimensions.height), size);
        let bound = if kept == 8 { 1 } else { 12 };
        assert!(most <= bound && mean < 0.7, "{size}: {most} at most, {mean} on average");
    }
}

#[test]
fn every_sampling_and_colour_space_is_near_its_full_decode() {
    let baseline = tile_of("683x517-baseline.jpg");
    for form in ["sample1x1", "sample2x1", "sample1x2", "sample4x1", "grey", "rgb", "cmyk"] {
        let (most, mean) = differences(&tile_of(&format!("683x517-{form}.jpg")), &baseline);
        assert!(most <= 8 && mean < 1.2, "{form}: {most} at most, {mean} on average");
    }
    // With a black plate; averaging it apart from the others is not exact.
    for form in ["cmyk-black", "ycck-black"] {
        let (most, mean) = differences(&tile_of(&format!("683x517-{form}.jpg")), &baseline);
        assert!(most <= 12 && mean < 2.0, "{form}: {most} at most, {mean} on average");
    }
    // Luma with fewer samples than chroma: a coarser picture of the same.
    let (_, mean) = differences(&tile_of("683x517-sample1x1_2x2_2x2.jpg"), &baseline);
    assert!(mean < 3.0, "{mean}");
}

#[test]
fn tiny_pictures_are_read_whole() {
    for name in ["1x1", "7x9", "8x8", "17x3"] {
        let bytes = fixture(&format!("{name}-tiny.jpg"));
        let (most, _) = differences(&own(&bytes).unwrap().tiles.coarse, &full_tile(&bytes));
        assert!(most <= 1, "{name}: {most}");
    }
}

#[test]
fn arithmetic_coding_is_read_too() {
    for size in SIZES {
        let baseline = tile_of(&format!("{size}-baseline.jpg"));
        for form in ["arithmetic", "arithmetic-progressive"] {
            let read = own(&fixture(&format!("{size}-{form}.jpg"))).unwrap();
            assert_eq!(read.tiles.coarse, baseline, "{size} {form}");
            assert!(!read.flags.damaged_tail, "{size} {form}");
        }
    }
    let restarts = own(&fixture("150x131-arithmetic-restart.jpg")).unwrap();
    assert_eq!(restarts.tiles.coarse, tile_of("150x131-baseline.jpg"));
}

#[test]
fn what_is_not_read_is_refused_by_name() {
    let mut bytes = fixture("150x131-baseline.jpg");
    let sof = bytes.windows(2).position(|w| w == [0xff, 0xc0]).unwrap();
    bytes[sof + 1] = 0xc3;
    let error = read_whole(&bytes).unwrap_err();
    assert_eq!(error.to_string(), "not supported: lossless JPEG");
}

#[test]
fn the_exif_block_is_handed_over() {
    let exif = read_whole(&fixture("150x131-exif6.jpg")).unwrap().exif.unwrap();
    assert!(exif.starts_with(b"II*\0") || exif.starts_with(b"MM\0*"));
    assert!(exif.windows(7).any(|window| window == b"Pinhole"));
    assert_eq!(read_whole(&fixture("150x131-baseline.jpg")).unwrap().exif, None);
}

#[test]
fn tables_of_motion_jpeg_are_the_usual_ones() {
    // Cut every DHT segment out; cjpeg writes the usual tables when it does not optimise.
    for size in ["683x517", "77x45"] {
        let bytes = fixture(&format!("{size}-baseline.jpg"));
        let mut without = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            if bytes[at..].starts_with(&[0xff, 0xc4]) {
                at += 2 + usize::from(u16::from_be_bytes([bytes[at + 2], bytes[at + 3]]));
                continue;
            }
            without.push(bytes[at]);
            at += 1;
        }
        assert!(without.len() < bytes.len());
        assert_eq!(
            own(&without).unwrap().tiles.coarse,
            own(&bytes).unwrap().tiles.coarse,
            "{size}"
        );
    }
}

#[test]
fn a_second_picture_behind_the_first_and_garbage_change_nothing() {
    let bytes = fixture("150x131-baseline.jpg");
    let tile = own(&bytes).unwrap().tiles.coarse;
    let mut two = bytes.clone();
    two.extend(fixture("77x45-baseline.jpg"));
    assert_eq!(read_whole(&two).unwrap().tiles.coarse, tile);
    // Fill bytes and garbage between segments.
    let mut filled = bytes[..2].to_vec();
    filled.extend([0xff, 0xff, 0xff]);
    filled.extend(&bytes[2 + 1..]);
    assert_eq!(read_whole(&filled).unwrap().tiles.coarse, tile);
}

#[test]
fn a_late_height_is_found() {
    let bytes = fixture("150x131-baseline.jpg");
    let mut late = bytes.clone();
    let sof = late.windows(2).position(|w| w == [0xff, 0xc0]).unwrap();
    late[sof + 5..sof + 7].fill(0);
    late.truncate(late.len() - 2);
    late.extend([0xff, 0xdc, 0, 4, 0, 131, 0xff, 0xd9]);
    assert_eq!(read_whole(&late).unwrap().tiles.coarse, own(&bytes).unwrap().tiles.coarse);
}

#[test]
fn a_cut_tail_is_marked_and_half_a_picture_is_the_least() {
    for form in ["baseline", "restart"] {
        let bytes = fixture(&format!("683x517-{form}.jpg"));
        let nearly = own(&bytes[..bytes.len() * 85 / 100]).unwrap();
        assert!(nearly.flags.damaged_tail, "{form}");
        assert!(!own(&bytes).unwrap().flags.damaged_tail, "{form}");
        let little = read_whole(&bytes[..bytes.len() * 30 / 100]).unwrap_err();
        assert!(matches!(little, DecodeError::Truncated(_)), "{form}: {little}");
    }
    // The end of a progressive file only refines.
    let progressive = fixture("301x259-progressive.jpg");
    let coarse = own(&progressive[..progressive.len() * 70 / 100]).unwrap();
    let (_, mean) = differences(&coarse.tiles.coarse, &tile_of("301x259-baseline.jpg"));
    assert!(coarse.flags.damaged_tail && mean < 4.0, "{mean}");
}

#[test]
fn damage_ends_at_the_next_restart_marker() {
    let bytes = fixture("683x517-restart.jpg");
    let whole = own(&bytes).unwrap().tiles.coarse;
    let data = bytes.windows(2).position(|w| w == [0xff, 0xda]).unwrap() + 14;
    let middle = data + (bytes.len() - data) / 2;
    let mut damaged = bytes.clone();
    for byte in &mut damaged[middle..middle + 6] {
        if *byte != 0xff && !(0xd0..=0xd7).contains(byte) {
            *byte = 0x55;
        }
    }
    let read = own(&damaged).unwrap();
    let rows =
        |tile: &Tile, rows: std::ops::Range<usize>| tile.0[rows.start * 32..rows.end * 32].to_vec();
    assert_eq!(rows(&read.tiles.coarse, 0..8), rows(&whole, 0..8));
    assert_eq!(rows(&read.tiles.coarse, 24..32), rows(&whole, 24..32));
    // A whole interval that is missing shifts nothing that comes behind the next marker.
    let marks: Vec<usize> = (middle..bytes.len() - 1)
        .filter(|&at| bytes[at] == 0xff && (0xd0..=0xd7).contains(&bytes[at + 1]))
        .collect();
    let mut missing = bytes.clone();
    missing.drain(marks[0]..marks[1]);
    let read = own(&missing).unwrap();
    assert!(read.flags.damaged_tail);
    assert_eq!(rows(&read.tiles.coarse, 24..32), rows(&whole, 24..32));
}

#[test]
fn every_cut_and_many_flips_are_survived() {
    let names = [
        "77x45-baseline.jpg",
        "77x45-progressive.jpg",
        "150x131-restart.jpg",
        "7x9-tiny.jpg",
        "150x131-arithmetic.jpg",
        "77x45-arithmetic-progressive.jpg",
        "150x131-exif6.jpg",
    ];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for name in names {
        let bytes = fixture(name);
        let check = |bytes: &[u8], what: &str| {
            if let Err(DecodeError::Panicked(why)) = read_whole(bytes) {
                panic!("{name} {what}: {why}");
            }
        };
        for len in 0..bytes.len() {
            check(&bytes[..len], "cut");
        }
        for _ in 0..1500 {
            let mut flipped = bytes.clone();
            for _ in 0..3 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let at = (state >> 33) as usize % flipped.len();
                flipped[at] = (state >> 20) as u8;
            }
            check(&flipped, "flipped");
        }
    }
}

#[test]
fn large_claims_in_small_files_cost_nothing() {
    // 65,500 × 7,600 pixels, just within the limit, in a file of a few hundred bytes.
    for (name, marker) in [("77x45-baseline.jpg", 0xc0), ("77x45-progressive.jpg", 0xc2)] {
        let mut bytes = fixture(name);
        let sof = bytes.windows(2).position(|w| w == [0xff, marker]).unwrap();
        bytes[sof + 5..sof + 9].copy_from_slice(&[0x1d, 0xb0, 0xff, 0xdc]);
        let error = read_whole(&bytes).unwrap_err();
        assert!(matches!(error, DecodeError::Truncated(_)), "{name}: {error}");
        bytes[sof + 5..sof + 9].fill(0xff);
        let error = read_whole(&bytes).unwrap_err();
        assert!(matches!(error, DecodeError::TooLarge { .. }), "{name}: {error}");
    }
}

#[test]
fn many_scans_over_a_large_frame_end_soon() {
    // The same DC scan again and again over a frame that its data fill not even by a row.
    let bytes = fixture("683x517-progressive.jpg");
    let sof = bytes.windows(2).position(|w| w == [0xff, 0xc2]).unwrap();
    let scan = bytes.windows(2).position(|w| w == [0xff, 0xda]).unwrap();
    let mut trap = bytes[..scan].to_vec();
    trap[sof + 5..sof + 9].copy_from_slice(&[0x1d, 0xb0, 0xff, 0xdc]);
    for _ in 0..900 {
        trap.extend(&bytes[scan..scan + 400]);
    }
    let error = read_whole(&trap).unwrap_err();
    assert!(matches!(error, DecodeError::Truncated(_)), "{error}");
}

#[test]
fn averages_are_over_true_pixels() {
    // A plane of one value has it in every cell, whatever the last blocks hold beyond the picture.
    let mut average = AreaAverage::new(683, 517, 8).unwrap();
    while average.rows_left() > 0 {
        assert!(average.push_row(&[77; 86]));
    }
    assert_eq!(average.finish().unwrap().coarse, Tile([77; 1024]));
}
