//! RAW files written here around the previews of `fixtures/make_heif.py`.

use std::path::PathBuf;

use super::*;
use crate::container::sketch::{Sketch, ascii, long, short, tiff};

fn fixture(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/raw").join(name);
    std::fs::read(path).unwrap()
}

fn large() -> Vec<u8> {
    fixture("preview.jpg")
}

/// A JPEG of lossless frames, as sensors' values are kept: larger than any preview.
fn lossless() -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8, 0xff, 0xc3, 0, 11, 14, 0x20, 0, 0x30, 0, 1, 1, 0x11, 0];
    bytes.resize(4000, 0x55);
    bytes
}

fn read(format: Format, bytes: &[u8]) -> Result<Decoded, DecodeError> {
    decode(format, &bytes, &DecodeOptions::default())
}

fn assert_preview(decoded: &Decoded, width: u32, height: u32, turn: OrientationFrom) {
    let jpeg = jpeg::decode_bytes(&large(), &DecodeOptions::default()).unwrap();
    assert_eq!(decoded.tiles.coarse, jpeg.tiles.coarse);
    assert_eq!(decoded.dimensions, Dimensions { width, height });
    assert_eq!(decoded.orientation, turn);
}

const TURNED: OrientationFrom = OrientationFrom::Given(Orientation::Rotate90);

fn taken() -> Sketch {
    Sketch::Ifd(0x8769, vec![ascii(0x9003, "2019:02:03 12:00:00")])
}

#[test]
fn the_largest_preview_of_the_directories_is_taken() {
    let sensor = vec![
        long(0x0100, 4000),
        long(0x0101, 3000),
        short(0x0103, 7),
        Sketch::Blob(0x0111, 0x0117, lossless()),
    ];
    let jpeg = Sketch::Blob(0x0201, 0x0202, large());
    let strip = vec![short(0x0103, 6), Sketch::Blob(0x0111, 0x0117, large())];
    let thumbnail = Sketch::Blob(0x0201, 0x0202, fixture("small.jpg"));
    let main = |more: Vec<Sketch>| [vec![short(0x0112, 6), taken()], more].concat();
    let below = |ifd: Vec<Sketch>| Sketch::Ifd(0x014a, ifd);
    for (format, chain) in [
        (Format::Arw, vec![main(vec![jpeg.clone(), below(sensor.clone())])]),
        (Format::Nef, vec![main(vec![below([vec![jpeg.clone()], sensor[..2].to_vec()].concat())])]),
        (Format::Cr2, vec![main(strip.clone()), vec![thumbnail.clone()], sensor.clone()]),
        (Format::Dng, vec![main(vec![thumbnail.clone(), below(sensor.clone())]), strip.clone()]),
        (Format::Srw, vec![main(sensor[..2].to_vec()), vec![jpeg.clone()]]),
    ] {
        let decoded = read(format, &tiff(&chain)).unwrap();
        assert_eq!(decoded.format, format);
        assert_preview(&decoded, 4000, 3000, TURNED);
        let exif = decoded.exif.unwrap();
        assert!(exif.len() < 200 && exif.windows(11).any(|w| w == b"2019:02:03 "), "{format}");
    }
}

#[test]
fn previews_in_maker_notes_are_found() {
    let preview = |offset, size| tiff(&[vec![Sketch::Blob(offset, size, large())]]);
    // Nikon: a TIFF of its own inside the note, with a directory for the preview.
    let own = tiff(&[vec![Sketch::Ifd(0x0011, vec![Sketch::Blob(0x0201, 0x0202, large())])]]);
    let nikon = [b"Nikon\0\x02\x10\0\0", &own[..]].concat();
    // Pentax: a directory right after the head, offsets from the note. The sketch's directory
    // begins at 8, so two bytes less of it make it begin at 10 behind a head of four.
    let mut pentax = [b"PENTAX \0II", &preview(0x0004, 0x0003)[8..]].concat();
    let moved = 10 - 8;
    let start = u32::from_le_bytes(pentax[20..24].try_into().unwrap()) + moved;
    pentax[20..24].copy_from_slice(&start.to_le_bytes());
    // Olympus: head of 12 bytes, the directory after it, offsets from the note.
    let settings = tiff(&[vec![Sketch::Ifd(0x2020, vec![Sketch::Blob(0x0101, 0x0102, large())])]]);
    let mut olympus = [b"OLYMPUS\0II\x03\0", &settings[8..]].concat();
    for at in [22, 40] {
        let start = u32::from_le_bytes(olympus[at..at + 4].try_into().unwrap()) + 4;
        olympus[at..at + 4].copy_from_slice(&start.to_le_bytes());
    }
    for (format, note) in [(Format::Nef, nikon), (Format::Pef, pentax), (Format::Orf, olympus)] {
        let note = Sketch::Value(0x927c, 7, note.len() as u32, note);
        let mut file = tiff(&[vec![short(0x0112, 6), Sketch::Ifd(0x8769, vec![note])]]);
        if format == Format::Orf {
            file[2..4].copy_from_slice(b"RO");
        }
        let decoded = read(format, &file).unwrap_or_else(|e| panic!("{format}: {e}"));
        assert_preview(&decoded, 160, 96, TURNED);
    }
}

#[test]
fn panasonic_keeps_the_preview_as_a_value() {
    let jpeg = large();
    let borders = [(4, 6), (5, 8), (6, 2742), (7, 3656)].map(|(tag, value)| short(tag, value));
    let mut main = borders.to_vec();
    main.extend([Sketch::Value(0x002e, 7, jpeg.len() as u32, jpeg), short(0x0112, 6)]);
    let mut file = tiff(&[main]);
    file[2] = b'U';
    assert_preview(&read(Format::Rw2, &file).unwrap(), 3648, 2736, TURNED);
}

#[test]
fn fujifilm_names_it_in_the_header() {
    let mut file = b"FUJIFILMCCD-RAW 0201FF392201".to_vec();
    file.resize(100, 0);
    let records = [0, 0, 0, 1, 0x01, 0x11, 0, 4, 0x0b, 0xb8, 0x0f, 0xa0];
    for (at, value) in [(84, 112), (88, large().len() as u32), (92, 100), (96, 12)] {
        file[at..at + 4].copy_from_slice(&u32::to_be_bytes(value));
    }
    file.extend(records);
    file.extend(large());
    assert_preview(&read(Format::Raf, &file).unwrap(), 4000, 3000, OrientationFrom::Exif);
}

fn boxed(kind: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    [&(content.len() as u32 + 8).to_be_bytes()[..], kind, &content].concat()
}

#[test]
fn canon_keeps_it_in_boxes_and_in_a_track() {
    const TAGS: [u8; 16] = 0x85c0_b687_820f_11e0_8111_f4ce_462b_6a48_u128.to_be_bytes();
    const PREVIEW: [u8; 16] = 0xeaf4_2b5e_1c98_4b88_b9fb_b7dc_406e_4d16_u128.to_be_bytes();
    let main = tiff(&[vec![long(0x0100, 4000), long(0x0101, 3000), short(0x0112, 6)]]);
    let exif = tiff(&[vec![ascii(0x9003, "2019:02:03 12:00:00")]]);
    let head = boxed(b"ftyp", &[b"crx \0\0\0\x01crx isom"]);
    let file = |in_box: &[u8], in_track: &[u8]| {
        let movie = |offset: u32| {
            let size = (in_track.len() as u32).to_be_bytes();
            let sizes = boxed(b"stsz", &[&[0; 4], &size, &[0, 0, 0, 1]]);
            let places =
                boxed(b"co64", &[&[0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0], &offset.to_be_bytes()]);
            let track = boxed(b"minf", &[&boxed(b"stbl", &[&sizes, &places])]);
            let track = boxed(b"trak", &[&boxed(b"mdia", &[&track])]);
            let thumbnail = boxed(b"THMB", &[&[0; 16], &fixture("small.jpg")]);
            let tags = [boxed(b"CMT1", &[&main]), boxed(b"CMT2", &[&exif]), thumbnail].concat();
            boxed(b"moov", &[&boxed(b"uuid", &[&TAGS, &tags]), &track])
        };
        let preview = boxed(b"PRVW", &[&[0; 16], in_box]);
        let preview = boxed(b"uuid", &[&PREVIEW, &[0, 0, 0, 0, 0, 0, 0, 1], &preview]);
        let offset = head.len() + movie(0).len() + preview.len() + 8;
        [head.clone(), movie(offset as u32), preview, boxed(b"mdat", &[in_track])].concat()
    };
    for bytes in [file(&large(), &lossless()), file(&fixture("small.jpg"), &large())] {
        let decoded = read(Format::Cr3, &bytes).unwrap();
        assert_preview(&decoded, 4000, 3000, TURNED);
        let exif = decoded.exif.unwrap();
        assert!(exif.windows(11).any(|window| window == b"2019:02:03 "));
    }
}

#[test]
fn without_a_preview_the_reason_is_told() {
    let refusal =
        |entries: Vec<Sketch>| read(Format::Dng, &tiff(&[entries])).unwrap_err().to_string();
    let strip = |bytes| vec![short(0x0103, 7), Sketch::Blob(0x0111, 0x0117, bytes)];
    let jpeg = |bytes| vec![Sketch::Blob(0x0201, 0x0202, bytes)];
    assert_eq!(refusal(vec![long(0x0100, 5)]), "no usable preview: the file has none");
    assert_eq!(refusal(strip(lossless())), "no usable preview: none of them is a JPEG");
    assert!(read(Format::Dng, &tiff(&[jpeg(fixture("small.jpg"))])).is_ok());
    let mut cut = tiff(&[jpeg(large())]);
    cut.truncate(cut.len() - 1000);
    let refusal = read(Format::Dng, &cut).unwrap_err().to_string();
    assert_eq!(refusal, "no usable preview: it is cut off");
}

/// Directories that point at themselves, and damage anywhere, end.
#[test]
fn damage_is_an_error() {
    let mut ring = tiff(&[vec![long(0x014a, 8)]]);
    let next = ring.len() - 4;
    ring[next] = 8;
    assert!(read(Format::Nef, &ring).is_err());
    let sample = tiff(&[vec![
        short(0x0112, 6),
        taken(),
        Sketch::Ifd(0x014a, vec![Sketch::Blob(0x0201, 0x0202, large())]),
    ]]);
    for at in 0..120.min(sample.len()) {
        for value in [0, 1, 0x7f, 0xff] {
            let mut bytes = sample.clone();
            bytes[at] = value;
            let _read_or_refused = read(Format::Nef, &bytes);
        }
    }
    for len in 0..sample.len() {
        assert!(read(Format::Nef, &sample[..len]).is_err());
    }
}
