use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

fn of(bytes: &[u8]) -> Option<Format> {
    sniff(&bytes.to_vec()).unwrap()
}

/// A TIFF head with a directory of SHORT values, one text and no more.
fn tiff(big_endian: bool, shorts: &[(u16, u16)], make: &[u8]) -> Vec<u8> {
    let two = |value: u16| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
    let four = |value: u32| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
    let mut entries: Vec<(u16, Vec<u8>)> = shorts
        .iter()
        .map(|&(tag, value)| (tag, [&two(3)[..], &four(1), &two(value), &[0, 0]].concat()))
        .collect();
    let text_at = 10 + 12 * (shorts.len() as u32 + 1) + 4;
    let text = [&two(2)[..], &four(make.len() as u32), &four(text_at)].concat();
    entries.push((tag::MAKE, text));
    entries.sort();
    let mut file = if big_endian { b"MM\0*".to_vec() } else { b"II*\0".to_vec() };
    file.extend(four(8));
    file.extend(two(entries.len() as u16));
    for (tag, rest) in entries {
        file.extend(two(tag));
        file.extend(rest);
    }
    file.extend([0; 4]);
    file.extend(make);
    file
}

#[test]
fn tiff_and_its_relatives() {
    for big_endian in [false, true] {
        let reduced = [(tag::NEW_SUBFILE_TYPE, 1), (tag::COMPRESSION, 1)];
        let whole = [(tag::NEW_SUBFILE_TYPE, 0), (tag::COMPRESSION, 5)];
        let of_make = |tags: &[(u16, u16)], make: &[u8]| of(&tiff(big_endian, tags, make));
        assert_eq!(of_make(&reduced, b"NIKON CORPORATION\0"), Some(Format::Nef));
        assert_eq!(of_make(&reduced, b"SONY \0"), Some(Format::Arw));
        assert_eq!(of_make(&[(tag::COMPRESSION, 65_535)], b"PENTAX\0"), Some(Format::Pef));
        assert_eq!(of_make(&[(tag::PHOTOMETRIC, 32_803)], b"PENTAX\0"), Some(Format::Pef));
        assert_eq!(of_make(&[(tag::SUB_IFDS, 9)], b"SAMSUNG\0"), Some(Format::Srw));
        assert_eq!(of_make(&reduced, b"Canon\0"), Some(Format::Tiff));
        // What the makers' own programs export.
        assert_eq!(of_make(&whole, b"NIKON CORPORATION\0"), Some(Format::Tiff));
        let dng = [(tag::DNG_VERSION, 0x0401), (tag::NEW_SUBFILE_TYPE, 1)];
        assert_eq!(of_make(&dng, b"NIKON CORPORATION\0"), Some(Format::Dng));
    }
    assert_eq!(of(b"II*\0\x10\0\0\0CR\x02\0\0\0\0\0\0\0\0\0"), Some(Format::Cr2));
    assert_eq!(of(b"IIRO\x08\0\0\0"), Some(Format::Orf));
    assert_eq!(of(b"IIRS\x08\0\0\0"), Some(Format::Orf));
    assert_eq!(of(b"MMOR\0\0\0\x08"), Some(Format::Orf));
    assert_eq!(of(b"IIU\0\x18\0\0\0"), Some(Format::Rw2));
    assert_eq!(of(b"FUJIFILMCCD-RAW 0201"), Some(Format::Raf));
    // A directory beyond the end.
    assert_eq!(of(b"II*\0\xff\xff\xff\x7f\0\0\0\0\0\0\0\0"), None);
}

fn ftyp(brands: &[&[u8; 4]]) -> Vec<u8> {
    let mut file = (16 + 4 * (brands.len() as u32 - 1)).to_be_bytes().to_vec();
    file.extend(b"ftyp");
    file.extend(brands[0]);
    file.extend([0; 4]);
    brands[1..].iter().for_each(|brand| file.extend(*brand));
    // What follows must not be taken for brands.
    file.extend(b"\0\0\0\x20heicavif");
    file
}

#[test]
fn iso_files_by_brand() {
    let cases: [(&[&[u8; 4]], _); 16] = [
        (&[b"heic", b"mif1", b"heic"], Some(Format::Heic)),
        (&[b"heix"], Some(Format::Heic)),
        (&[b"hevc", b"msf1"], Some(Format::Heic)),
        (&[b"mif1", b"heic"], Some(Format::Heic)),
        (&[b"mif1", b"avif", b"miaf"], Some(Format::Avif)),
        (&[b"avif", b"mif1"], Some(Format::Avif)),
        (&[b"avis", b"msf1", b"avif"], Some(Format::Avif)),
        (&[b"msf1", b"hevc"], Some(Format::Heic)),
        (&[b"mif1"], Some(Format::Heic)),
        (&[b"crx ", b"isom"], Some(Format::Cr3)),
        (&[b"qt  "], None),
        (&[b"mp42", b"isom"], None),
        (&[b"isom", b"iso2", b"avc1", b"mp41"], None),
        (&[b"M4A "], None),
        (&[b"qt  ", b"heic"], None),
        (&[b"XAVC", b"mp42"], None),
    ];
    for (brands, format) in cases {
        assert_eq!(of(&ftyp(brands)), format, "{brands:?}");
    }
}

#[test]
fn names_that_others_use() {
    let none: [&[u8]; 20] = [
        b"",
        b"B",
        b"BMP files are pictures, this text is none",
        b"P1 is the first point of the list",
        b"P6",
        b"P7\nis not a header",
        b"P5\n12",
        b"%PDF-1.7\n",
        b"GIF88a",
        b"RIFF\0\0\0\0AVI LIST",
        b"\xff\xd8",
        b"\x89PNG\r\n",
        b"qoif",
        b"\0\0\x01\xba\x44\0\x04\0\x04\x01",
        b"\0\0\x01\0\xff\xff",
        b"\x1a\x45\xdf\xa3",
        b"PK\x03\x04",
        b"#!/bin/sh\nexit 0\n",
        b"{\"title\": \"IMG_0001.jpg\"}",
        &[0; 4096],
    ];
    for bytes in none {
        assert_eq!(of(bytes), None, "{:?}", String::from_utf8_lossy(bytes));
    }
    assert_eq!(of(b"P5\n# a comment 1\n12 13\n255\n"), Some(Format::Pnm));
    assert_eq!(of(b"P4 8 1 "), Some(Format::Pnm));
    assert_eq!(of(b"\xff\xd8\xff\xe0"), Some(Format::Jpeg));
    assert_eq!(of(b"\xff\x0a\0"), Some(Format::Jxl));
}

/// A plain Targa picture of 4 × 2 pixels of 24 bits.
fn targa() -> Vec<u8> {
    let mut file = vec![0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 2, 0, 24, 0x20];
    file.extend([7; 24]);
    file
}

#[test]
fn targa_without_a_magic() {
    assert_eq!(of(&targa()), Some(Format::Tga));
    // The picture does not fit the file, in either direction.
    assert_eq!(of(&targa()[..41]), None);
    assert_eq!(of(&[targa(), vec![1; 600]].concat()), None);
    // With the signature it may be followed by anything.
    let signed = [targa(), vec![1; 600], b"TRUEVISION-XFILE.\0".to_vec()].concat();
    assert_eq!(of(&signed), Some(Format::Tga));
    for (at, value) in [(1, 2), (2, 4), (4, 1), (12, 0), (16, 23), (17, 0xe0), (17, 0x28)] {
        let mut wrong = targa();
        wrong[at] = value;
        assert_eq!(of(&wrong), None, "byte {at} = {value}");
    }
}

#[test]
fn fixtures_are_what_their_names_say() {
    let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/raster");
    let mut seen = 0;
    for entry in std::fs::read_dir(fixtures).unwrap() {
        let path = entry.unwrap().path();
        let expected = match path.extension().unwrap().to_str().unwrap() {
            "tif" => Format::Tiff,
            "ppm" | "pgm" | "pbm" | "pam" => Format::Pnm,
            extension => Format::from_name(extension).unwrap(),
        };
        let found = sniff(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(found, Some(expected), "{}", path.display());
        seen += 1;
    }
    assert!(seen > 80);
}

/// How many of many noises with a plausible start are taken for a Targa picture: none.
#[test]
fn noise_is_no_targa() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut bytes = [0; 512];
    let mut taken = 0;
    for round in 0..200_000 {
        for chunk in bytes.as_chunks_mut::<8>().0 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            *chunk = state.to_le_bytes();
        }
        if round % 2 == 0 {
            bytes[..8].copy_from_slice(&[0, 0, 2 + (round % 3) as u8, 0, 0, 0, 0, 0]);
            bytes[16] = 24;
        }
        taken += u32::from(sniff(&bytes.to_vec()).unwrap() == Some(Format::Tga));
    }
    assert_eq!(taken, 0);
}

proptest! {
    /// Any bytes, and any bytes behind each start that leads deeper.
    #[test]
    fn never_panics(
        start in prop::sample::select(vec![
            &b""[..], b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0",
            b"\0\0\x01\0\x01\0", b"P3 ", b"P7\n", b"BM", b"\0\0\0\x18ftypmif1", b"\0\x01\x01",
            b"\0\0\x0a", b"RIFF", b"qoif",
        ]),
        rest in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let _ = of(&[start, &rest[..]].concat());
    }
}
