use super::*;
use crate::container::sketch::{Sketch, ascii, tiff};
use crate::metadata::capture::Moment;

/// Tags with a camera and 2019-02-03 12:00:00.
fn block() -> Vec<u8> {
    let exif = Sketch::Ifd(0x8769, vec![ascii(0x9003, "2019:02:03 12:00:00")]);
    tiff(&[vec![ascii(0x0110, "EOS"), exif]])
}

const XMP: &[u8] = b"<x photoshop:DateCreated='2018-01-02T03:04:05'/>";

fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32 + 8).to_be_bytes()[..], kind, content].concat()
}

/// A RIFF chunk.
fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let pad = vec![0; content.len() % 2];
    [&name[..], &(content.len() as u32).to_le_bytes(), content, &pad].concat()
}

fn png_chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32).to_be_bytes()[..], name, content, &[0; 4]].concat()
}

fn jpeg() -> Vec<u8> {
    let segment = |head: &[u8], content: &[u8]| {
        let length = (head.len() + content.len() + 2) as u16;
        [&[0xff, 0xe1][..], &length.to_be_bytes(), head, content].concat()
    };
    let xmp = segment(b"http://ns.adobe.com/xap/1.0/\0", XMP);
    [&[0xff, 0xd8, 0xff][..], &segment(b"Exif\0\0", &block()), &xmp, &[0xff, 0xd9]].concat()
}

#[test]
fn every_container() {
    let riff = |form: &[u8; 4], chunks: &[u8]| chunk(b"RIFF", &[form, chunks].concat());
    let keyword = b"XML:com.adobe.xmp\0\0\0\0\0";
    let raf = {
        let mut head = vec![0; 100];
        head[..16].copy_from_slice(b"FUJIFILMCCD-RAW ");
        head[84..88].copy_from_slice(&100_u32.to_be_bytes());
        head[88..92].copy_from_slice(&(jpeg().len() as u32).to_be_bytes());
        [head, jpeg()].concat()
    };
    let cr3 = {
        let tags = 0x85c0_b687_820f_11e0_8111_f4ce_462b_6a48_u128.to_be_bytes();
        let adobe = 0xbe7a_cfcb_97a9_42e8_9c71_9994_91e3_afac_u128.to_be_bytes();
        let main = tiff(&[vec![ascii(0x0110, "EOS")]]);
        let exif = tiff(&[vec![ascii(0x9003, "2019:02:03 12:00:00")]]);
        let inner = [boxed(b"CMT1", &main), boxed(b"CMT2", &exif)].concat();
        let movie = boxed(b"moov", &boxed(b"uuid", &[&tags[..], &inner].concat()));
        let xmp = boxed(b"uuid", &[&adobe[..], XMP].concat());
        [boxed(b"ftyp", b"crx \0\0\0\x01crx isom"), movie, xmp].concat()
    };
    let files: [(&str, Vec<u8>, bool); 7] = [
        ("JPEG", jpeg(), true),
        (
            "PNG",
            [
                &b"\x89PNG\r\n\x1a\n"[..],
                &png_chunk(b"IHDR", &[0; 13]),
                &png_chunk(b"eXIf", &block()),
                &png_chunk(b"iTXt", &[keyword, XMP].concat()),
                &png_chunk(b"IEND", b""),
            ]
            .concat(),
            true,
        ),
        (
            "WebP",
            riff(
                b"WEBP",
                &[chunk(b"EXIF", &[b"Exif\0\0", &block()[..]].concat()), chunk(b"XMP ", XMP)]
                    .concat(),
            ),
            true,
        ),
        (
            "JPEG XL",
            [
                boxed(b"JXL ", b"\r\n\x87\n"),
                boxed(b"Exif", &[&[0; 4], &block()[..]].concat()),
                boxed(b"xml ", XMP),
            ]
            .concat(),
            true,
        ),
        ("TIFF", block(), false),
        ("RAF", raf, true),
        ("CR3", cr3, true),
    ];
    for (name, bytes, has_xmp) in files {
        let read = embedded(&bytes);
        let dates: Vec<_> = read.dates.iter().map(|d| (d.source, d.text.as_str())).collect();
        let mut expected = vec![(DateSource::ExifOriginal, "2019:02:03 12:00:00")];
        if has_xmp {
            expected.push((DateSource::Xmp, "2018-01-02T03:04:05"));
        }
        assert_eq!(dates, expected, "{name}");
        assert!(read.dates.iter().all(|d| matches!(d.moment, Some(Moment::Local(_)))), "{name}");
        assert_eq!(read.camera.as_deref(), Some("EOS"), "{name}");
    }
}

#[test]
fn heif() {
    let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for name in ["heif/full_420.heic", "avif/full_420.avif"] {
        let bytes = std::fs::read(fixtures.join(name)).unwrap();
        let dates = embedded(&bytes).dates;
        assert_eq!(dates[0].text, "2019:02:03 12:00:00", "{name}");
        assert_eq!(dates[0].source, DateSource::ExifOriginal, "{name}");
    }
}

#[test]
fn what_is_no_media_says_nothing() {
    for bytes in [&b""[..], b"x", b"plain text that is longer than any head", &[0; 64]] {
        assert_eq!(embedded(&bytes), Embedded::default());
    }
}
