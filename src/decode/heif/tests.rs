//! HEIC and AVIF against the fixtures of `fixtures/make_heif.py`.

use std::path::PathBuf;

use super::super::{DecodeError, DecodeOptions, Decoded, Limits, OrientationFrom, avif};
use crate::container::ReadAt;
#[cfg(not(feature = "libheif"))]
use crate::container::isobmff::Items;
use crate::model::media::{Dimensions, Orientation};
use crate::picture::tile::Tile;

type Decoder = fn(&dyn ReadAt, &DecodeOptions) -> Result<Decoded, DecodeError>;

const HEIC: Decoder = super::decode;
const AVIF: Decoder = avif::decode;

fn fixture(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name);
    std::fs::read(&path).unwrap()
}

fn tile(name: &str) -> Tile {
    Tile(fixture(name).try_into().unwrap())
}

/// Mean difference in hundredths of a level.
fn distance(a: &Tile, b: &Tile) -> u32 {
    let sum: u32 = a.0.iter().zip(&b.0).map(|(&a, &b)| u32::from(a.abs_diff(b))).sum();
    sum * 100 / 1024
}

fn decoded(decoder: Decoder, name: &str) -> Decoded {
    decoder(&fixture(name), &DecodeOptions::default()).unwrap_or_else(|e| panic!("{name}: {e}"))
}

#[test]
fn every_form_gives_the_picture() {
    let original = tile("heif/tile.bin");
    let heic =
        ["full_420", "full_422", "full_444", "limited", "rgb", "monochrome", "10bit", "12bit"];
    let avif = ["full_420", "full_444", "limited", "monochrome", "animation"];
    let heic = heic.map(|name| (HEIC, format!("heif/{name}.heic")));
    let avif = avif.map(|name| (AVIF, format!("avif/{name}.avif")));
    for (decoder, name) in heic.into_iter().chain(avif) {
        let found = decoded(decoder, &name);
        assert_eq!(found.dimensions, Dimensions { width: 160, height: 96 }, "{name}");
        assert_eq!(found.orientation, OrientationFrom::Applied, "{name}");
        let distance = distance(&found.tiles.coarse, &original);
        assert!(distance <= 60, "{name}: {distance} hundredths off");
    }
}

#[test]
fn transparency_is_laid_on_white() {
    let original = tile("heif/tile_alpha.bin");
    for (decoder, name) in [(HEIC, "heif/alpha.heic"), (AVIF, "avif/alpha.avif")] {
        let distance = distance(&decoded(decoder, name).tiles.coarse, &original);
        assert!(distance <= 60, "{name}: {distance} hundredths off");
    }
}

#[test]
fn the_turns_of_the_container_are_applied_once() {
    let original = tile("heif/tile.bin");
    let heic = (2..=8).map(|value| (HEIC, format!("heif/orientation{value}.heic"), value));
    let avif = [2, 5, 6].map(|value| (AVIF, format!("avif/orientation{value}.avif"), value));
    for (decoder, name, value) in heic.chain(avif) {
        let found = decoded(decoder, &name);
        let turn = Orientation::from_exif(value);
        assert_eq!(found.dimensions, turn.shown(Dimensions { width: 160, height: 96 }), "{name}");
        let distance = distance(&found.tiles.coarse, &original.oriented(turn));
        assert!(distance <= 100, "{name}: {distance} hundredths off");
    }
}

#[test]
fn the_exif_item_begins_with_its_tiff_header() {
    for (decoder, name) in [(HEIC, "heif/full_420.heic"), (AVIF, "avif/full_420.avif")] {
        let exif = decoded(decoder, name).exif.unwrap();
        assert!(exif.starts_with(b"MM\0*") || exif.starts_with(b"II*\0"), "{name}");
        assert!(exif.windows(19).any(|window| window == b"2019:02:03 12:00:00"), "{name}");
    }
    assert_eq!(decoded(HEIC, "heif/monochrome.heic").exif, None);
}

#[test]
fn limits_hold_before_decoding() {
    let few_pixels = DecodeOptions { limits: Limits::new(15_359, 1 << 30, 1 << 30), exact: false };
    let few_bytes = DecodeOptions { limits: Limits::new(1 << 30, 60_000, 60_000), exact: false };
    for (decoder, name) in [(HEIC, "heif/full_420.heic"), (AVIF, "avif/full_420.avif")] {
        for options in [&few_pixels, &few_bytes] {
            let refusal = decoder(&fixture(name), options).unwrap_err();
            assert!(matches!(refusal, DecodeError::TooLarge { .. }), "{name}: {refusal}");
        }
    }
}

/// Claims of dimensions in the container that the coded picture exceeds are found out before its
/// planes are allocated.
#[test]
fn a_coded_picture_larger_than_its_claim_is_refused() {
    for (decoder, name) in [(HEIC, "heif/full_444.heic"), (AVIF, "avif/full_444.avif")] {
        let mut bytes = fixture(name);
        let at = bytes.windows(4).position(|window| window == b"ispe").unwrap() + 8;
        bytes[at..at + 8].copy_from_slice(&[0, 0, 0, 8, 0, 0, 0, 8]);
        assert!(decoder(&bytes, &DecodeOptions::default()).is_err(), "{name}");
    }
}

/// Cut and damaged files are refused or read, and nothing is thrown.
#[test]
fn damage_is_an_error() {
    let options = DecodeOptions { limits: Limits::new(1 << 20, 64 << 20, 64 << 20), exact: false };
    let names = ["heif/full_420.heic", "heif/alpha.heic", "avif/full_420.avif", "avif/alpha.avif"];
    for name in names {
        let decoder = if name.starts_with("heif") { HEIC } else { AVIF };
        let whole = fixture(name);
        for len in 0..whole.len() {
            assert!(
                decoder(&whole[..len].to_vec(), &options).is_err() || len > 600,
                "{name} {len}"
            );
        }
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        for _ in 0..2000 {
            let mut bytes = whole.clone();
            for _ in 0..3 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let at = (state >> 8) as usize % bytes.len();
                bytes[at] = state as u8;
            }
            let _read_or_refused = decoder(&bytes, &options);
        }
    }
}

#[test]
fn a_thumbnail_stands_for_its_picture_only_where_it_was_made_with_it() {
    let original = tile("heif/tile.bin");
    let bytes = fixture("heif/thumbnail.heic");
    let read = |bytes: &Vec<u8>, exact| {
        HEIC(bytes, &DecodeOptions { exact, ..DecodeOptions::default() }).unwrap()
    };
    for (exact, is_used) in [(false, cfg!(not(feature = "libheif"))), (true, false)] {
        let found = read(&bytes, exact);
        assert_eq!(found.flags.thumbnail, is_used);
        assert_eq!(found.dimensions, Dimensions { width: 320, height: 192 });
        let distance = distance(&found.tiles.coarse, &original);
        assert!(distance <= 250, "{distance} hundredths off");
    }
    // Of another shape, it is not of this picture.
    let small = [&b"ispe"[..], &[0; 4], &[0, 0, 0, 128]].concat();
    let at = bytes.windows(12).position(|window| window == small).unwrap();
    let mut other = bytes;
    other[at + 15] += 13;
    assert!(!read(&other, false).flags.thumbnail);
}

/// Cameras give a picture a wide profile and its thumbnail the usual one. Neither is applied.
#[test]
fn a_thumbnail_may_have_another_profile() {
    let bytes = fixture("heif/thumbnail_profile.heic");
    let profiles = bytes.windows(8).filter(|window| window == b"colrprof").count();
    assert_eq!(profiles, 1, "the picture alone has one");
    let found = decoded(HEIC, "heif/thumbnail_profile.heic");
    assert_eq!(found.flags.thumbnail, cfg!(not(feature = "libheif")));
    let distance = distance(&found.tiles.coarse, &tile("heif/tile.bin"));
    assert!(distance <= 250, "{distance} hundredths off");
}

/// Filters in the loop are left out, unless all is to be exact: that is seen in the tile, but not
/// far.
#[test]
fn filters_are_applied_on_demand() {
    let pictures = [
        (HEIC, "heif/large.heic"),
        (HEIC, "heif/orientation3.heic"),
        (AVIF, "avif/large.avif"),
        (AVIF, "avif/orientation2.avif"),
    ];
    for (decoder, name) in pictures {
        let exact = DecodeOptions { exact: true, ..DecodeOptions::default() };
        let filtered = decoder(&fixture(name), &exact).unwrap().tiles;
        let plain = decoded(decoder, name).tiles;
        // Small ones always are.
        let is_small = name.contains("orientation");
        let is_exact = is_small || cfg!(feature = "libheif") && name.starts_with("heif");
        assert_eq!(filtered == plain, is_exact, "{name}");
        let distance = distance(&filtered.coarse, &plain.coarse);
        assert!(distance <= 60, "{name}: {distance} hundredths off");
    }
}

/// A grid of a coded picture beside itself.
#[cfg(not(feature = "libheif"))]
fn grid_of(name: &str, columns: u8, rows: u8) -> Vec<u8> {
    fn boxed(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
        let body = parts.concat();
        [&(body.len() as u32 + 8).to_be_bytes()[..], kind, &body].concat()
    }
    let file = fixture(name);
    let items = Items::read(&file).unwrap().unwrap();
    let (width, height) = items.extents(items.primary).unwrap();
    let config = items.property(items.primary, b"hvcC").unwrap();
    let coded = items.bytes(&file, items.primary, u64::MAX).unwrap();
    let count = u16::from(columns) * u16::from(rows);
    let size = |columns: u8, rows: u8| {
        [width * u32::from(columns), height * u32::from(rows)].map(u32::to_be_bytes).concat()
    };
    let whole = [&[0, 1, rows - 1, columns - 1][..], &size(columns, rows)].concat();
    let properties = boxed(
        b"ipco",
        &[
            &boxed(b"ispe", &[&[0; 4], &size(columns, rows)]),
            &boxed(b"ispe", &[&[0; 4], &size(1, 1)]),
            &boxed(b"hvcC", &[config]),
        ],
    );
    let of_items = boxed(b"ipma", &[&[0; 4], &[0, 0, 0, 2, 0, 1, 1, 0x81, 0, 2, 2, 2, 0x83]]);
    let infe = |id: u8, kind: &[u8; 4]| boxed(b"infe", &[&[2, 0, 0, 0, 0, id, 0, 0], kind, &[0]]);
    let tiles = [0, 2].repeat(count.into());
    let dimg = boxed(b"dimg", &[&[0, 1], &count.to_be_bytes(), &tiles]);
    let head = boxed(b"ftyp", &[b"heic", &[0; 4], b"mif1heic"]);
    let meta = |start: u32| {
        let at = |id: u8, offset: u32, len: usize| {
            let (offset, len) = (offset.to_be_bytes(), (len as u32).to_be_bytes());
            [&[0, id, 0, 0, 0, 1][..], &offset, &len].concat()
        };
        let places = [at(1, start, whole.len()), at(2, start + whole.len() as u32, coded.len())];
        boxed(
            b"meta",
            &[
                &[0; 4],
                &boxed(b"hdlr", &[&[0; 8], b"pict", &[0; 13]]),
                &boxed(b"pitm", &[&[0, 0, 0, 0, 0, 1]]),
                &boxed(b"iloc", &[&[0, 0, 0, 0, 0x44, 0, 0, 2], &places.concat()]),
                &boxed(b"iinf", &[&[0, 0, 0, 0, 0, 2], &infe(1, b"grid"), &infe(2, b"hvc1")]),
                &boxed(b"iref", &[&[0; 4], &dimg]),
                &boxed(b"iprp", &[&properties, &of_items]),
            ],
        )
    };
    let start = head.len() + meta(0).len() + 8;
    [head, meta(start as u32), boxed(b"mdat", &[&whole, &coded])].concat()
}

/// libheif has threads of its own, and takes this grid for damaged.
#[cfg(not(feature = "libheif"))]
#[test]
fn tiles_on_several_threads_make_the_same_picture() {
    let grid = grid_of("heif/large.heic", 3, 5);
    let with = |threads: usize, bytes: &Vec<u8>, limits: &Limits| {
        let options = DecodeOptions { limits: limits.clone(), ..DecodeOptions::default() };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| super::decode(bytes, &options)).map_err(|error| error.to_string())
    };
    let alone = with(1, &grid, &Limits::default()).unwrap();
    let large = Items::read(&fixture("heif/large.heic")).unwrap().unwrap();
    let (width, height) = large.extents(large.primary).unwrap();
    assert_eq!(alone.dimensions, Dimensions { width: 3 * width, height: 5 * height });
    // Not enough memory for as many as there are threads.
    let tile = 24 * u64::from(width) * u64::from(height);
    let tight = Limits::new(1 << 30, 3 * tile, 3 * tile);
    for (threads, limits) in [(2, Limits::default()), (16, Limits::default()), (16, tight)] {
        let helped = with(threads, &grid, &limits).unwrap();
        assert_eq!((helped.tiles, helped.dimensions), (alone.tiles.clone(), alone.dimensions));
    }
    // And the same refusals.
    let mut broken = grid;
    let last = broken.len() - 600;
    broken[last..].fill(0x55);
    assert_eq!(
        with(1, &broken, &Limits::default()).map(|read| read.tiles),
        with(16, &broken, &Limits::default()).map(|read| read.tiles),
    );
}
