//! What the tags tell of where a picture comes from.

use exif::{Context, Exif, In, Tag, Value};

use super::{camera_parts, has_position, text, value};
use crate::metadata::software::{is_editor, is_messenger, is_screenshot};
use crate::model::media::Dimensions;
use crate::model::provenance::Traces;

/// Shorter maker's notes hold nothing.
const LEAST_NOTE: usize = 16;
/// By so many pixels the stored size may differ from that in the tags: turning a picture without
/// loss drops up to a whole block.
const TRIMMED: u32 = 16;

/// Tags of Windows, in UCS-2: title, comment, keywords (Exif 3.0 does not know them).
const WINDOWS_TITLE: Tag = Tag(Context::Tiff, 0x9c9b);
const WINDOWS_COMMENT: Tag = Tag(Context::Tiff, 0x9c9c);
const WINDOWS_KEYWORDS: Tag = Tag(Context::Tiff, 0x9c9e);
const RATING: Tag = Tag(Context::Tiff, 0x4746);
const PROCESSING_SOFTWARE: Tag = Tag(Context::Tiff, 0x000b);

/// How a maker's note begins, and a word of the maker's name in lower case. Canon's and others have
/// no head.
const NOTES: &[(&[u8], &[&str])] = &[
    (b"Apple iOS\0", &["apple"]),
    (b"Nikon\0", &["nikon"]),
    (b"OLYMP", &["olympus"]),
    (b"OM SYSTEM", &["om digital"]),
    (b"FUJIFILM", &["fuji"]),
    (b"Panasonic\0", &["panasonic", "leica"]),
    (b"SONY", &["sony"]),
    (b"PENTAX", &["pentax", "ricoh"]),
    (b"AOC\0", &["pentax", "asahi", "samsung"]),
    (b"LEICA", &["leica"]),
    (b"SIGMA", &["sigma"]),
    (b"FOVEON", &["sigma"]),
    (b"KDK", &["kodak"]),
    (b"QVC\0", &["casio"]),
    (b"SANYO\0", &["sanyo"]),
];

/// Descriptions that cameras write by themselves, in lower case.
const BY_CAMERAS: &[&str] = &["digital camera", "sony dsc", "exif_jpeg", "dcim", "default"];

/// The traces in the tags of a picture that is stored with these dimensions.
pub(super) fn traces(tags: &Exif, stored: Option<Dimensions>) -> Traces {
    let (make, model) = camera_parts(tags);
    let texts = [Tag::Software, PROCESSING_SOFTWARE].map(|tag| text(tags, tag));
    let programs = || texts.iter().flatten();
    let comment = user_comment(tags);
    let description = text(tags, Tag::ImageDescription);
    let said = [comment.as_deref(), description.as_deref()];
    let screenshot = said.into_iter().flatten().any(|text| text.len() < 100 && is_screenshot(text));
    let messenger = said.into_iter().flatten().chain(programs().map(String::as_str));
    let exposure = [Tag::ExposureTime, Tag::FNumber, Tag::PhotographicSensitivity];
    let described = description.as_deref().is_some_and(is_description)
        || [WINDOWS_TITLE, WINDOWS_COMMENT].iter().any(|&tag| has_bytes(tags, tag));
    let rating = value(tags, RATING).and_then(|value| value.get_uint(0));
    Traces::NONE
        .with_if(has_note(tags, make.as_deref()), Traces::MAKER_NOTE)
        .with_if(make.is_some() && model.is_some(), Traces::CAMERA)
        .with_if(exposure.iter().any(|&tag| is_positive(tags, tag)), Traces::EXPOSURE)
        .with_if(programs().any(|name| is_editor(name)), Traces::EDITOR)
        .with_if(messenger.into_iter().any(is_messenger), Traces::MESSENGER)
        .with_if(screenshot || programs().any(|name| is_screenshot(name)), Traces::SCREENSHOT)
        .with_if(has_thumbnail(tags), Traces::THUMBNAIL)
        .with_if(stored.is_some_and(|stored| is_resized(tags, stored)), Traces::RESIZED)
        .with_if(has_position(tags), Traces::POSITION)
        .with_if(rating.is_some_and(|stars| stars > 0), Traces::RATING)
        .with_if(described, Traces::DESCRIPTION)
        .with_if(has_bytes(tags, WINDOWS_KEYWORDS), Traces::KEYWORDS)
}

/// Whether there is a note that the maker's own cameras write.
fn has_note(tags: &Exif, make: Option<&str>) -> bool {
    let Some(Value::Undefined(note, _)) = value(tags, Tag::MakerNote) else { return false };
    let Some(make) = make.map(str::to_lowercase) else { return false };
    let head = NOTES.iter().find(|(head, _)| note.starts_with(head));
    note.len() >= LEAST_NOTE
        && head.is_none_or(|(_, makers)| makers.iter().any(|maker| make.contains(maker)))
}

fn is_description(text: &str) -> bool {
    let text = text.to_lowercase();
    !BY_CAMERAS.iter().any(|by_camera| text.contains(by_camera)) && !is_screenshot(&text)
}

fn is_positive(tags: &Exif, tag: Tag) -> bool {
    match value(tags, tag) {
        Some(Value::Rational(parts)) => parts.first().is_some_and(|p| p.num > 0 && p.denom > 0),
        Some(value) => value.get_uint(0).is_some_and(|number| number > 0),
        None => false,
    }
}

/// Whether a tag holds anything but zeros.
fn has_bytes(tags: &Exif, tag: Tag) -> bool {
    match value(tags, tag) {
        Some(Value::Byte(bytes)) => bytes.iter().any(|&byte| byte != 0),
        _ => false,
    }
}

/// The comment after the eight bytes that name its character set (Exif 3.0, 4.6.6.5.3).
fn user_comment(tags: &Exif) -> Option<String> {
    let Some(Value::Undefined(bytes, _)) = value(tags, Tag::UserComment) else { return None };
    let text = bytes.get(8..)?.iter().filter(|&&byte| byte != 0).copied().take(256).collect();
    String::from_utf8(text).ok().filter(|text: &String| !text.trim().is_empty())
}

fn has_thumbnail(tags: &Exif) -> bool {
    let of_thumbnail = |tag| tags.get_field(tag, In::THUMBNAIL).is_some();
    of_thumbnail(Tag::JPEGInterchangeFormat) || of_thumbnail(Tag::StripOffsets)
}

/// Whether the tags give another size than the stored one, in whatever direction it was turned.
fn is_resized(tags: &Exif, stored: Dimensions) -> bool {
    let side = |tag| value(tags, tag).and_then(|value| value.get_uint(0)).filter(|&side| side > 0);
    let (Some(width), Some(height)) = (side(Tag::PixelXDimension), side(Tag::PixelYDimension))
    else {
        return false;
    };
    let apart = |a: u32, b: u32| a.abs_diff(b) > TRIMMED;
    let (long, short) = (stored.width.max(stored.height), stored.width.min(stored.height));
    apart(long, width.max(height)) || apart(short, width.min(height))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::sketch::{Sketch, ascii, long, rational, short};

    const STORED: Dimensions = Dimensions { width: 4000, height: 3000 };

    fn read(main: &[Sketch], exif: &[Sketch]) -> Traces {
        let mut main = main.to_vec();
        main.push(Sketch::Ifd(0x8769, exif.to_vec()));
        let block = crate::container::sketch::tiff(&[main]);
        traces(&super::super::tags(&block).unwrap(), Some(STORED))
    }

    fn undefined(tag: u16, bytes: &[u8]) -> Sketch {
        Sketch::Value(tag, 7, bytes.len() as u32, bytes.to_vec())
    }

    #[test]
    fn a_cameras_own_file() {
        let main = [ascii(0x010f, "NIKON CORPORATION"), ascii(0x0110, "NIKON D70")];
        let exif = [
            rational(0x829a, &[(1, 125)]),
            undefined(0x927c, b"Nikon\0\x02\x10\0\0II*\0\x08\0\0\0"),
            long(0xa002, 4000),
            long(0xa003, 3000),
        ];
        let own = Traces::CAMERA.with(Traces::EXPOSURE).with(Traces::MAKER_NOTE);
        assert_eq!(read(&main, &exif), own);
        // Another maker's note, or an empty one.
        let other = [ascii(0x010f, "Canon"), ascii(0x0110, "EOS")];
        assert_eq!(read(&other, &exif), Traces::CAMERA.with(Traces::EXPOSURE));
        assert_eq!(read(&main, &[undefined(0x927c, b"Nikon\0\x02")]), Traces::CAMERA);
        // Canon's notes have no head.
        let canon = read(&other, &[undefined(0x927c, &[1; 40])]);
        assert_eq!(canon, Traces::CAMERA.with(Traces::MAKER_NOTE));
        assert_eq!(read(&main[..1], &[rational(0x829a, &[(0, 1)])]), Traces::NONE);
    }

    #[test]
    fn programs_and_sites() {
        assert_eq!(read(&[ascii(0x0131, "GIMP 2.10.34")], &[]), Traces::EDITOR);
        assert_eq!(read(&[ascii(0x0131, "17.4.1")], &[]), Traces::NONE);
        assert_eq!(read(&[ascii(0x0131, "Instagram")], &[]), Traces::MESSENGER);
        let comment = undefined(0x9286, b"ASCII\0\0\0Screenshot");
        assert_eq!(read(&[], &[comment]), Traces::SCREENSHOT);
    }

    #[test]
    fn another_size_than_it_says() {
        let size = |width, height| read(&[], &[long(0xa002, width), long(0xa003, height)]);
        for (width, height) in [(4000, 3000), (3000, 4000), (4016, 2990), (0, 3000)] {
            assert_eq!(size(width, height), Traces::NONE, "{width}x{height}");
        }
        for (width, height) in [(8000, 6000), (2000, 1500), (4000, 2000)] {
            assert_eq!(size(width, height), Traces::RESIZED, "{width}x{height}");
        }
    }

    #[test]
    fn what_people_added() {
        assert_eq!(read(&[ascii(0x010e, "Anna on the beach")], &[]), Traces::DESCRIPTION);
        assert_eq!(read(&[ascii(0x010e, "OLYMPUS DIGITAL CAMERA")], &[]), Traces::NONE);
        assert_eq!(read(&[short(0x4746, 4)], &[]), Traces::RATING);
        assert_eq!(read(&[short(0x4746, 0)], &[]), Traces::NONE);
        let ucs2 = |tag, bytes: &[u8]| Sketch::Value(tag, 1, bytes.len() as u32, bytes.to_vec());
        assert_eq!(read(&[ucs2(0x9c9e, b"s\0e\0a\0\0\0")], &[]), Traces::KEYWORDS);
        assert_eq!(read(&[ucs2(0x9c9e, &[0; 6])], &[]), Traces::NONE);
        assert_eq!(read(&[ucs2(0x9c9b, b"s\0e\0a\0\0\0")], &[]), Traces::DESCRIPTION);
    }
}
