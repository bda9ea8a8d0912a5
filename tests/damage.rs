//! What is missing or wrong in a file is told: a damaged picture is refused or marked, and a whole
//! one is not, whatever stands behind its end.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use clean_backup::decode::{DecodeError, DecodeOptions, Decoded, decode};

fn fixtures(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(folder);
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    files.iter().map(|path| (name(path), fs::read(path).unwrap())).collect()
}

fn fixture(folder: &str, name: &str) -> Vec<u8> {
    fixtures(folder).into_iter().find(|(found, _)| found == name).unwrap().1
}

fn of(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    decode(&bytes.to_vec(), &DecodeOptions::default())
}

/// Whether a file is refused or marked.
fn is_told(bytes: &[u8]) -> bool {
    of(bytes).map_or(true, |decoded| decoded.flags.damaged_tail)
}

/// The picture of a file that is whole, with other bytes than those of its fixture.
fn whole(name: &str, bytes: &[u8], like: &[u8]) {
    let decoded = of(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(!decoded.flags.damaged_tail, "{name}: marked as damaged");
    assert!(decoded.tiles == of(like).unwrap().tiles, "{name}: another tile");
}

/// Of formats that say where they end, no byte may be missing. Others end in what is no part of the
/// picture (a TGA footer, the line break of a text, a GIF trailer, tags of a TIFF).
#[test]
fn no_last_byte_is_missed() {
    let mut tried = 0;
    for folder in ["raster", "jpeg", "heif", "avif"] {
        for (name, bytes) in fixtures(folder) {
            let extension = name.rsplit('.').next().unwrap();
            if !["jpg", "png", "webp", "heic", "heif", "avif", "jxl"].contains(&extension)
                || is_told(&bytes)
            {
                continue;
            }
            for missing in [1, 2, 3, 7, bytes.len() / 50, bytes.len() / 10] {
                let cut = &bytes[..bytes.len() - missing.max(1)];
                assert!(is_told(cut), "{name} without its last {missing} bytes");
                tried += 1;
            }
        }
    }
    assert!(tried > 400, "{tried}");
}

#[test]
fn a_jpeg_ends_with_its_marker_and_nothing_behind_it_counts() {
    for form in ["baseline", "progressive", "restart", "arithmetic"] {
        let name = format!("150x131-{form}.jpg");
        let bytes = fixture("jpeg", &name);
        let body = &bytes[..bytes.len() - 2];
        assert_eq!(bytes[body.len()..], [0xff, 0xd9], "{name}");
        assert!(is_told(body), "{name} without EOI");
        // The last bytes of the data are there no more, but a marker is.
        assert!(is_told(&[&body[..body.len() - 300], &[0xff, 0xd9][..]].concat()), "{name}");
        for (what, tail) in [
            ("bytes before the marker", &[0x12, 0x34, 0x56, 0xff, 0xd9][..]),
            ("zeros before the marker", &[0, 0, 0, 0, 0xff, 0xd9]),
            ("a restart marker at the end", &[0xff, 0xd3, 0xff, 0xd9]),
            ("fill bytes", &[0xff, 0xff, 0xff, 0xff, 0xd9]),
            ("a comment at the end", &[0xff, 0xfe, 0, 4, 1, 2, 0xff, 0xd9]),
            ("a height at the end", &[0xff, 0xdc, 0, 4, 0, 131, 0xff, 0xd9]),
            ("two end markers", &[0xff, 0xd9, 0xff, 0xd9]),
            ("zeros behind", &[0xff, 0xd9, 0, 0, 0, 0, 0, 0]),
        ] {
            whole(&format!("{name}: {what}"), &[body, tail].concat(), &bytes);
        }
        let second = fixture("jpeg", "77x45-progressive.jpg");
        whole(&format!("{name}: two pictures"), &[&bytes[..], &second].concat(), &bytes);
        // Even if that second one is cut.
        let second = &second[..second.len() / 2];
        whole(&format!("{name}: one and a half"), &[&bytes[..], second].concat(), &bytes);
    }
}

/// Data that do not decode are no data that are missing.
#[test]
fn too_few_rows_are_told_by_what_is_wrong_with_them() {
    let bytes = fixture("jpeg", "683x517-baseline.jpg");
    let refusal = of(&bytes[..bytes.len() / 4]).unwrap_err();
    assert!(matches!(refusal, DecodeError::Truncated(_)), "{refusal}");
    let scan = bytes.windows(2).position(|two| two == [0xff, 0xda]).unwrap();
    let at = scan + (bytes.len() - scan) / 4;
    let mut spoiled = bytes.clone();
    // Ones: a code that no table has.
    spoiled[at..at + 8].copy_from_slice(&[0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0]);
    let refusal = of(&spoiled).unwrap_err();
    assert!(matches!(refusal, DecodeError::Damaged(_)), "{refusal}");
}

#[test]
fn checksums_of_a_png_are_looked_at_behind_the_last_row() {
    for name in ["rgb-reference.png", "rgb-interlaced.png", "alpha-16bit.png"] {
        let bytes = fixture("raster", name);
        let data = bytes.windows(4).position(|word| word == b"IDAT").unwrap();
        let len = u32::from_be_bytes(bytes[data - 4..data].try_into().unwrap()) as usize;
        for at in [data + 4 + len, data + 4 + len + 3, data + 4 + len - 2] {
            let mut spoiled = bytes.clone();
            spoiled[at] ^= 0x40;
            assert!(is_told(&spoiled), "{name}: byte {at}");
        }
        whole(name, &[&bytes[..], b"anything behind"].concat(), &bytes);
    }
    // The PNG in an icon: all of them, as only the largest is read.
    let mut icon = fixture("raster", "rgb-png.ico");
    assert!(!is_told(&icon));
    let data: Vec<usize> =
        (4..icon.len() - 4).filter(|&at| icon[at..].starts_with(b"IDAT")).collect();
    for at in data {
        let len = u32::from_be_bytes(icon[at - 4..at].try_into().unwrap()) as usize;
        icon[at + 4 + len] ^= 1;
    }
    assert!(is_told(&icon));
}

#[test]
fn a_gif_may_lack_its_trailer_and_no_more() {
    for name in ["grey.gif", "palette-interlaced.gif", "palette-first-of-2.gif", "hole.gif"] {
        let bytes = fixture("raster", name);
        assert_eq!(bytes.last(), Some(&0x3b), "{name}");
        whole(name, &bytes[..bytes.len() - 1], &bytes);
        whole(name, &[&bytes[..], &[0, 0, 7]].concat(), &bytes);
        for missing in [2, 3, 9] {
            assert!(is_told(&bytes[..bytes.len() - missing]), "{name} without {missing}");
        }
    }
}

#[test]
fn a_webp_is_as_long_as_it_says() {
    for name in ["rgb-lossless.webp", "lossy-q90.webp", "lossy_alpha-q90.webp", "x-exif.webp"] {
        let bytes = fixture("raster", name);
        whole(name, &[&bytes[..], b"anything behind it"].concat(), &bytes);
    }
    // A second frame that is only zeros.
    let mut bytes = fixture("raster", "rgb-lossless-first-of-2.webp");
    let second = bytes.windows(4).rposition(|word| word == b"ANMF").unwrap();
    bytes[second..].fill(0);
    assert!(is_told(&bytes));
}

#[test]
fn half_of_a_lossy_webp_is_a_picture() {
    let bytes = fixture("library/export", "harbour-brighter.webp");
    let whole = of(&bytes).unwrap();
    let most = of(&bytes[..bytes.len() * 3 / 4]).unwrap();
    assert!(most.flags.damaged_tail);
    let rows = |decoded: &Decoded| decoded.tiles.coarse.0[..32 * 14].to_vec();
    assert_eq!(rows(&most), rows(&whole));
    assert_ne!(most.tiles.coarse, whole.tiles.coarse);
    assert!(most.tiles.intact.bottom < whole.tiles.intact.bottom);
    let few = of(&bytes[..bytes.len() / 4]).unwrap_err().to_string();
    assert_eq!(few, "truncated: the WebP picture ends too early");
}

/// The loop filter is there for who asks for it.
#[test]
fn an_exact_decode_smooths_the_blocks_of_a_lossy_webp() {
    let bytes = fixture("library/export", "harbour-brighter.webp");
    let options = DecodeOptions { exact: true, ..DecodeOptions::default() };
    let exact = decode(&bytes, &options).unwrap().tiles.fine;
    let usual = of(&bytes).unwrap().tiles.fine;
    assert_ne!(exact, usual);
    let most = exact.0.iter().zip(&usual.0).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
    assert!(most < 8, "{most}");
}

#[test]
fn a_run_of_a_tga_that_leaves_the_picture_is_told() {
    let bytes = fixture("raster", "rgb-rle.tga");
    assert!(!is_told(&bytes));
    let mut spoiled = bytes;
    // The last packet but for the footer: 26 bytes, or none.
    let footer = if spoiled.ends_with(b"TRUEVISION-XFILE.\0") { 26 } else { 0 };
    let end = spoiled.len() - footer;
    let mut at = 18;
    let mut last = at;
    while at < end {
        last = at;
        let pixels = usize::from(spoiled[at] & 0x7f) + 1;
        at += 1 + if spoiled[at] & 0x80 == 0 { 3 * pixels } else { 3 };
    }
    spoiled[last] += 1;
    spoiled.splice(end..end, [0; 3]);
    assert!(is_told(&spoiled));
}

/// The tile of an animation or of a thumbnail is there, but not what follows it.
#[test]
fn an_item_beyond_the_end_is_told() {
    let mut marked = 0;
    for (name, bytes) in fixtures("heif").into_iter().chain(fixtures("avif")) {
        if is_told(&bytes) {
            continue;
        }
        // What a camera appends is no box.
        whole(&name, &[&bytes[..], b"SEFT and more that is none"].concat(), &bytes);
        let cut = of(&bytes[..bytes.len() - 1]);
        marked += u32::from(cut.is_ok_and(|decoded| decoded.flags.damaged_tail));
    }
    assert!(marked >= 3, "{marked}");
}

/// What is skipped though others read it is named.
#[test]
fn unusual_codings_are_refused_by_name() {
    let bytes = fixture("raster", "bilevel-group4.tif");
    assert!(!is_told(&bytes));
    // The entry of tag 259 (compression), a SHORT.
    let entry = bytes.windows(4).position(|word| word == [3, 1, 3, 0]).unwrap();
    for (code, name) in [(2, "Huffman"), (3, "Fax3"), (34_925, "34925"), (50_000_u16, "ZSTD")] {
        let mut other = bytes.clone();
        other[entry + 8..entry + 10].copy_from_slice(&code.to_le_bytes());
        let refusal = of(&other).unwrap_err();
        assert!(matches!(refusal, DecodeError::Unsupported(_)), "{refusal}");
        assert!(refusal.to_string().contains(name), "{refusal}");
    }
    // Subsampled chroma in image tiles, or of other than 8 bits, or by a predictor.
    let bytes = fixture("raster", "grey-ycbcr-2x2.tif");
    let entry = bytes.windows(4).position(|word| word == [0x12, 2, 3, 0]).unwrap();
    let mut three = bytes.clone();
    three[entry + 8] = 3;
    let refusal = of(&three).unwrap_err();
    assert!(matches!(refusal, DecodeError::Unsupported(_)), "{refusal}");
    assert!(refusal.to_string().contains("3 × 2 subsampling"), "{refusal}");
}

/// Units of chroma that small files claim to have, and sides that overflow when they are counted
/// in units.
#[test]
fn hostile_subsampling_costs_nothing() {
    use clean_backup::decode::Limits;
    let mut tried = 0;
    for (name, bytes) in fixtures("raster") {
        if !name.contains("ycbcr") && !name.contains("signed") {
            continue;
        }
        let limits = Limits::new(1 << 20, 1 << 26, 1 << 26);
        let options = DecodeOptions { limits, exact: false };
        for at in 0..bytes.len().min(400) {
            for value in [0, 1, 2, 0x7f, 0xff] {
                let mut other = bytes.clone();
                other[at] = value;
                if at % 3 == 0 {
                    other[at + 1] = value;
                }
                let outcome = decode(&other, &options);
                assert!(!matches!(outcome, Err(DecodeError::Panicked(_))), "{name}: {outcome:?}");
                tried += 1;
            }
        }
    }
    assert!(tried > 10_000, "{tried}");
}
