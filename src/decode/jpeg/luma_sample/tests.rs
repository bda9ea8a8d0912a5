use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{GrayImage, Luma};

use crate::decode::jpeg::pieces::{PieceColours, PieceReader};
use crate::decode::{DecodeOptions, decode};
use crate::model::media::Dimensions;
use crate::model::provenance::{Bandwidth, Provenance};

/// A picture as sharp as a lens draws: slanted edges of all contrasts, a slow change of brightness,
/// and grain.
fn scene(side: u32) -> GrayImage {
    let mut state = 7_u32;
    let mut random = move |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % below
    };
    let shapes: Vec<[u32; 5]> = (0..300)
        .map(|_| [random(2 * side), random(2 * side), 5 + random(60), random(9), random(200)])
        .collect();
    let drawn = GrayImage::from_fn(2 * side, 2 * side, |x, y| {
        let mut value = 30 + 45 * (x + y) / side;
        for &[left, top, size, slant, shade] in &shapes {
            let left = left + (y % 64) * slant / 16;
            if (left..left + size).contains(&x) && (top..top + size).contains(&y) {
                value = 20 + shade;
            }
        }
        Luma([value as u8])
    });
    let mut scene = imageops::resize(&drawn, side, side, FilterType::Triangle);
    scene.pixels_mut().for_each(|pixel| pixel.0[0] = pixel.0[0].saturating_add(random(5) as u8));
    scene
}

fn encode(picture: &GrayImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(picture).unwrap();
    bytes
}

fn provenance(picture: &GrayImage, quality: u8) -> Provenance {
    decode(&encode(picture, quality).as_slice(), &DecodeOptions::default()).unwrap().provenance
}

fn saved(picture: &GrayImage, quality: u8) -> GrayImage {
    image::load_from_memory(&encode(picture, quality)).unwrap().to_luma8()
}

#[test]
fn enlarging_leaves_the_detail_where_it_was() {
    // The first is read by DC terms, the second by four samples a side.
    for side in [560, 200] {
        let picture = scene(side);
        for quality in [90, 95, 100] {
            let whole = provenance(&picture, quality).bandwidth;
            assert_eq!(whole, Some(Bandwidth(1000)), "{side} {quality}");
            for filter in [FilterType::Triangle, FilterType::CatmullRom, FilterType::Lanczos3] {
                for (tenths, range) in [(15, 430..=660), (20, 360..=490), (30, 290..=520)] {
                    let large = side * tenths / 10;
                    let large = imageops::resize(&picture, large, large, filter);
                    let found = provenance(&large, quality).bandwidth;
                    let what = format!("{side} {quality} {filter:?} {tenths}: {found:?}");
                    assert!(found.is_some_and(|found| range.contains(&found.0)), "{what}");
                }
            }
        }
    }
}

#[test]
fn a_coarse_quantiser_hides_how_much_detail_there_was() {
    let picture = scene(560);
    assert_eq!(provenance(&picture, 20).bandwidth, None);
    let flat = GrayImage::from_pixel(560, 560, Luma([90]));
    assert_eq!(provenance(&flat, 95).bandwidth, None);
}

#[test]
fn an_earlier_compression_is_seen() {
    for side in [560, 200] {
        let picture = scene(side);
        for (first, step) in [(75, 8), (88, 4), (90, 3)] {
            let again = saved(&picture, first);
            for second in [95, 97, 100] {
                let found = provenance(&again, second).earlier_dc_step;
                assert_eq!(found, Some(step), "{side}: {first}, then {second}");
            }
            // Of the same or a coarser step, or with its blocks elsewhere, it leaves nothing.
            assert_eq!(provenance(&again, first).earlier_dc_step, None);
            assert_eq!(provenance(&again, 60).earlier_dc_step, None);
            let cut = imageops::crop_imm(&again, 3, 5, side - 8, side - 8).to_image();
            assert_eq!(provenance(&cut, 97).earlier_dc_step, None);
        }
    }
}

#[test]
fn what_was_compressed_once_has_no_earlier_compression() {
    let picture = scene(560);
    for quality in [60, 80, 85, 90, 93, 95, 97, 100] {
        assert_eq!(provenance(&picture, quality).earlier_dc_step, None, "{quality}");
    }
    // Few levels of grey.
    for levels in [2, 16] {
        let few = GrayImage::from_fn(560, 560, |x, y| {
            let level = u32::from(picture.get_pixel(x, y).0[0]) * levels / 256;
            Luma([(level * 255 / (levels - 1)) as u8])
        });
        assert_eq!(provenance(&few, 97).earlier_dc_step, None, "{levels}");
    }
    // Flat blocks are eight times whole numbers.
    let flat = GrayImage::from_fn(560, 560, |x, y| {
        let pixel = picture.get_pixel(x, y).0[0];
        let block = (x / 32 * 7 + y / 32 * 13) % 60;
        Luma([if pixel < 130 { pixel } else { 100 + block as u8 }])
    });
    for quality in [90, 97, 100] {
        assert_eq!(provenance(&flat, quality).earlier_dc_step, None, "{quality}");
    }
}

#[test]
fn a_picture_kept_without_loss_shows_its_earlier_compression() {
    let picture = scene(560);
    let png = |picture: &GrayImage| {
        let mut bytes = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        let decoded = decode(&bytes.into_inner().as_slice(), &DecodeOptions::default());
        decoded.unwrap().provenance
    };
    for (quality, step) in [(75, 8), (88, 4), (93, 2)] {
        let again = saved(&picture, quality);
        let expected = Provenance { earlier_dc_step: Some(step), ..Provenance::default() };
        assert_eq!(png(&again), expected, "{quality}");
        let cut = imageops::crop_imm(&again, 3, 5, 550, 550).to_image();
        assert_eq!(png(&cut), Provenance::default(), "{quality}");
    }
    assert_eq!(png(&picture), Provenance::default());
}

/// A strip alone has too few blocks to tell anything.
#[test]
fn strips_tell_together_what_the_picture_does() {
    let picture = scene(560);
    for quality in [90, 95] {
        let size = Dimensions { width: 560, height: 560 };
        let mut reader = PieceReader::new(&[], PieceColours::Luma(1), size, false).unwrap();
        for top in (0..560).step_by(16) {
            let strip = imageops::crop_imm(&picture, 0, top, 560, 16).to_image();
            let size = Dimensions { width: 560, height: 16 };
            reader.read(&encode(&strip, quality), size, size).unwrap();
        }
        let (strips, whole) = (reader.provenance(), provenance(&picture, quality));
        assert_eq!(strips.bandwidth, Some(Bandwidth(1000)));
        assert_eq!((strips.quantised, strips.bandwidth), (whole.quantised, whole.bandwidth));
    }
}
