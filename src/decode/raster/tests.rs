//! One picture in many forms, whole, cut off and damaged. `fixtures/make_raster.py` made the files.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use crate::container::ReadAt;
use crate::decode::{DecodeError, DecodeOptions, Decoded, Limits, OrientationFrom, decode, sniff};
use crate::model::media::{Dimensions, Format, Orientation};

/// The fixtures, by group: name and bytes.
fn groups() -> BTreeMap<String, Vec<(String, Vec<u8>)>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/raster");
    let mut groups: BTreeMap<String, Vec<(String, Vec<u8>)>> = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let group = name.split(['-', '.']).next().unwrap().to_owned();
        groups.entry(group).or_default().push((name, std::fs::read(path).unwrap()));
    }
    groups.values_mut().for_each(|files| files.sort());
    groups
}

pub(in crate::decode) fn fixture(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/raster");
    std::fs::read(folder.join(name)).unwrap()
}

pub(in crate::decode) fn of(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    decode(&bytes.to_vec(), &DecodeOptions::default())
}

fn format_of(name: &str) -> Format {
    match name.rsplit('.').next().unwrap() {
        "tif" => Format::Tiff,
        "ppm" | "pgm" | "pbm" | "pam" => Format::Pnm,
        extension => Format::from_name(extension).unwrap(),
    }
}

#[test]
fn every_form_of_a_picture_gives_one_tile() {
    let mut failures = Vec::new();
    let mut compared = 0;
    for (group, files) in groups().iter().filter(|(group, _)| *group != "x") {
        let reference = of(&fixture(&format!("{group}-reference.png"))).unwrap();
        let allowed = if group.starts_with("lossy") { 12 } else { 0 };
        for (name, bytes) in files {
            let decoded = match of(bytes) {
                Ok(decoded) => decoded,
                Err(error) => {
                    failures.push(format!("{name}: {error}"));
                    continue;
                }
            };
            let cells = decoded.tiles.coarse.0.iter().zip(&reference.tiles.coarse.0);
            let worst = cells.map(|(a, b)| a.abs_diff(*b)).max().unwrap();
            let sum: u32 = (decoded.tiles.coarse.0.iter().zip(&reference.tiles.coarse.0))
                .map(|(a, b)| u32::from(a.abs_diff(*b)))
                .sum();
            if worst > allowed || sum > 2 * 1024 {
                failures.push(format!("{name}: a cell is off by {worst}, all by {sum}"));
            }
            if decoded.dimensions != reference.dimensions || decoded.format != format_of(name) {
                failures.push(format!("{name}: {:?} {}", decoded.dimensions, decoded.format));
            }
            if decoded.flags != Default::default() {
                failures.push(format!("{name}: {:?}", decoded.flags));
            }
            compared += 1;
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(compared > 80, "only {compared} fixtures");
}

#[test]
fn a_single_pixel_is_its_luma() {
    let decoded = of(&fixture("x-1x1.png")).unwrap();
    assert_eq!(decoded.tiles.coarse.0, [77; 1024]);
    assert_eq!(decoded.dimensions, Dimensions { width: 1, height: 1 });
}

#[test]
fn netpbm_samples_are_scaled_to_their_maximum() {
    for (file, cell) in [
        (&b"P2 1 1 15 7"[..], 119),
        (b"P5 1 1 15\n\x0f", 255),
        (b"P5 1 1 1023\n\x02\x00", 128),
        (b"P5 1 1 3\n\xff", 255),
        (b"P1 1 1 1", 0),
        (b"P4 1 1\n\x7f", 255),
        (b"P6#c\n1 1 255\n\xff\0\0", 76),
        (b"P7\nDEPTH 2\nWIDTH 1\nHEIGHT 1\nMAXVAL 255\nENDHDR\n\0\x80", 127),
    ] {
        assert_eq!(of(file).unwrap().tiles.coarse.0[0], cell, "{}", String::from_utf8_lossy(file));
    }
    for file in [&b"P2 1 1 0 7"[..], b"P5 1 1 70000\n\0\0", b"P5 0 1 255\n", b"P2 1 1 9 x"] {
        assert!(of(file).is_err(), "{}", String::from_utf8_lossy(file));
    }
}

#[test]
fn metadata_come_along() {
    for name in ["x-exif-before.png", "x-exif-behind.png", "x-exif.webp", "x-exif-lossy.webp"] {
        let decoded = of(&fixture(name)).unwrap();
        assert_eq!(decoded.orientation, OrientationFrom::Exif, "{name}");
        let exif = decoded.exif.unwrap();
        assert!(exif.starts_with(b"II*\0") || exif.starts_with(b"MM\0*"), "{name}");
    }
    let decoded = of(&fixture("x-orientation-6.tif")).unwrap();
    assert_eq!(decoded.orientation, OrientationFrom::Given(Orientation::Rotate90));
    let decoded = of(&fixture("x-orientation-6.jxl")).unwrap();
    assert_eq!(decoded.orientation, OrientationFrom::Applied);
    let upright = of(&fixture("rgb-reference.png")).unwrap();
    assert_eq!(decoded.tiles.coarse, upright.tiles.coarse.oriented(Orientation::Rotate90));
    assert_eq!(decoded.dimensions, Orientation::Rotate90.shown(upright.dimensions));
    assert!(decoded.exif.unwrap().starts_with(b"MM\0*"));
}

#[test]
fn a_cut_png_is_read_from_half_on() {
    // Rows that pack badly, so that the cut falls into the picture.
    let whole = fixture("rgb-reference.png");
    let reference = of(&whole).unwrap();
    let damaged: Vec<_> =
        (60..whole.len()).filter_map(|len| of(&whole[..len]).ok().map(|d| (len, d))).collect();
    let (first, decoded) = damaged.first().unwrap();
    assert!(*first > whole.len() / 3 && *first < whole.len() * 3 / 4, "{first}");
    assert!(decoded.flags.damaged_tail);
    // The upper half is as it was.
    assert_eq!(decoded.tiles.coarse.0[..14 * 32], reference.tiles.coarse.0[..14 * 32]);
    assert!(matches!(of(&whole[..whole.len() / 4]), Err(DecodeError::Truncated(_))));
}

#[test]
fn a_cut_pnm_gif_or_tiff_is_read_from_half_on() {
    for name in ["rgb-p6.ppm", "grey-p2.pgm", "rgb-strips-of-7.tif", "grey.gif"] {
        let whole = fixture(name);
        let cut = of(&whole[..whole.len() * 7 / 8]).unwrap();
        assert!(cut.flags.damaged_tail, "{name}");
        assert_eq!(
            cut.tiles.coarse.0[..15 * 32],
            of(&whole).unwrap().tiles.coarse.0[..15 * 32],
            "{name}"
        );
        assert!(of(&whole[..whole.len() / 3]).is_err(), "{name}");
    }
}

/// Rows are not collected: twenty megapixels pass through a tenth of their size.
#[test]
fn a_large_picture_needs_little_memory() {
    let (width, height) = (5000, 4000);
    let mut png = Vec::new();
    let mut encoder = png::Encoder::new(&mut png, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::Fastest);
    let samples = vec![50; (width * height * 3) as usize];
    encoder.write_header().unwrap().write_image_data(&samples).unwrap();
    let mut ppm = format!("P6 {width} {height} 255\n").into_bytes();
    ppm.extend(samples);
    for (file, megabytes) in [(png, 9), (ppm, 1)] {
        let limits = Limits::new(1 << 30, megabytes << 20, 1 << 30);
        let decoded = decode(&file, &DecodeOptions { limits, exact: false }).unwrap();
        assert_eq!(decoded.tiles.coarse.0, [50; 1024]);
    }
}

/// A source whose device fails from some offset on.
struct Failing(Vec<u8>, u64);

impl ReadAt for Failing {
    fn size(&self) -> u64 {
        self.0.size()
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        if offset + buffer.len() as u64 > self.1 {
            return Err(io::Error::from_raw_os_error(5));
        }
        self.0.read_exact_at(offset, buffer)
    }
}

/// What a second try may cure is no damage: it must not be taken for a shorter picture.
#[test]
fn a_failing_device_is_not_a_damaged_picture() {
    // Larger than any buffer, so that rows come before the failure.
    let mut ppm = b"P6 200 1000 255\n".to_vec();
    ppm.resize(600_016, 100);
    assert!(of(&ppm[..400_000]).unwrap().flags.damaged_tail);
    let outcome = decode(&Failing(ppm, 500_000), &DecodeOptions::default());
    assert!(matches!(outcome, Err(DecodeError::Io(_))), "{outcome:?}");
}

/// Limits under which even a wrong size that was believed would stay small.
fn tight() -> DecodeOptions {
    DecodeOptions { limits: Limits::new(1 << 20, 1 << 26, 1 << 26), exact: false }
}

#[test]
fn hostile_bytes_do_no_harm() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) as usize % below
    };
    let mut outcomes = [0; 3];
    let mut panics = BTreeMap::new();
    for (name, bytes) in groups().into_values().flatten() {
        let mut attempt = |bytes: Vec<u8>| match decode(&bytes, &tight()) {
            Ok(_) => outcomes[0] += 1,
            Err(DecodeError::Panicked(what)) => {
                *panics.entry((name.clone(), what)).or_insert(0) += 1;
            }
            Err(_) => outcomes[1] += 1,
        };
        for len in (0..bytes.len()).step_by((bytes.len() / 60).max(1)) {
            attempt(bytes[..len].to_vec());
        }
        for round in 0..120 {
            let mut bytes = bytes.clone();
            // Headers are where a flip hurts most.
            let within = if round % 2 == 0 { bytes.len().min(200) } else { bytes.len() };
            for _ in 0..=round % 3 {
                let at = random(within);
                bytes[at] = if round % 5 == 0 { 0xff } else { bytes[at] ^ 1 << random(8) };
            }
            attempt(bytes);
        }
    }
    println!("read {}, refused {}, caught {panics:?}", outcomes[0], outcomes[1]);
    assert!(outcomes[0] + outcomes[1] > 10_000);
}

#[test]
fn huge_sizes_are_refused_by_name() {
    let mut png = fixture("rgb-reference.png");
    png[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
    let crc = png_crc(&png[12..29]);
    png[29..33].copy_from_slice(&crc.to_be_bytes());
    let mut bmp = fixture("rgb-24bit.bmp");
    bmp[18..26].copy_from_slice(&[0, 0xff, 0, 0, 0, 0xff, 0, 0]);
    let mut gif = fixture("grey.gif");
    gif[6..10].copy_from_slice(&[0xff; 4]);
    let mut qoi = fixture("rgb-3channels.qoi");
    qoi[4..12].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
    let ppm = b"P6 100000 100000 255\n1234567890".to_vec();
    // Bare: sizes of 30 bits each.
    let jxl = [&[0xff, 0x0a, 0xfe, 0xff, 0xff, 0xff, 0xc1], &[0xff; 12][..]].concat();
    for file in [png, bmp, gif, qoi, ppm, jxl] {
        let refusal = of(&file).unwrap_err();
        assert!(matches!(refusal, DecodeError::TooLarge { .. }), "{:?}: {refusal}", sniff(&file));
    }
}

/// The checksum of a PNG chunk (clause 5.5), bit by bit.
fn png_crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 }
        })
    })
}
