//! What all metadata of a picture tell of where it comes from.

use super::blocks::Blocks;
use super::software::{is_editor, is_messenger, is_screenshot};
use super::{exif, iptc, xmp};
use crate::container::ReadAt;
use crate::model::media::{Dimensions, Metadata};
use crate::model::provenance::Traces;

/// What a comment of a JPEG begins with that the GD library wrote, on some web server.
const GD: &str = "CREATOR: gd-jpeg";
/// What Facebook puts into IPTC's special instructions.
const FACEBOOK: &[u8] = b"FBMD";
/// So much of a colour profile is looked at for its name.
const PROFILE_HEAD: usize = 4096;

/// What the metadata of a picture say: the tags of `exif`, the block that its decoder found, and all
/// traces of where it comes from. `stored`: its dimensions, where those in the tags should be the
/// same. What cannot be read is as if it were not there.
pub fn of_picture(
    source: &dyn ReadAt,
    exif: Option<&[u8]>,
    stored: Option<Dimensions>,
) -> (Metadata, Traces) {
    let (metadata, tags) = exif.map(|block| exif::with_traces(block, stored)).unwrap_or_default();
    let blocks = Blocks::read(source);
    let mut traces = tags
        .with_if(blocks.has_auxiliaries, Traces::AUXILIARY)
        .with_if(blocks.has_editors_segment, Traces::EDITOR)
        .with_if(blocks.profile.as_deref().is_some_and(is_wide), Traces::WIDE_COLOUR);
    for packet in &blocks.xmp {
        traces = traces.with(xmp::traces(packet));
    }
    for text in &blocks.texts {
        traces = traces
            .with_if(is_editor(text) || text.starts_with(GD), Traces::EDITOR)
            .with_if(is_messenger(text), Traces::MESSENGER)
            .with_if(is_screenshot(text), Traces::SCREENSHOT);
    }
    for resources in &blocks.photoshop {
        traces = traces.with_if(iptc::is_by_an_editor(resources), Traces::EDITOR);
        if let Some(records) = iptc::in_photoshop(resources) {
            traces = traces.with(iptc_traces(records));
        }
    }
    (metadata, traces)
}

fn iptc_traces(records: &[u8]) -> Traces {
    iptc::values(records).fold(Traces::NONE, |traces, (set, value)| match set {
        _ if value.trim_ascii().is_empty() => traces,
        25 => traces.with(Traces::KEYWORDS),
        40 => traces.with_if(value.starts_with(FACEBOOK), Traces::MESSENGER),
        5 | 105 | 120 => traces.with(Traces::DESCRIPTION),
        65 => traces.with_if(is_editor(&String::from_utf8_lossy(value)), Traces::EDITOR),
        _ => traces,
    })
}

/// Whether an ICC profile does not call itself sRGB, in ASCII or in UTF-16, nor is the small one of
/// that kind that sites use, whose name is `c2`.
fn is_wide(profile: &[u8]) -> bool {
    let head = &profile[..profile.len().min(PROFILE_HEAD)];
    let says = |name: &[u8]| memchr::memmem::find(head, name).is_some();
    let is_standard = says(b"sRGB") || says(b"s\0R\0G\0B");
    let is_small = head.len() < 1024 && (says(b"c2") || says(b"c\x002"));
    !is_standard && !is_small
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(file: &[u8]) -> Traces {
        of_picture(&file, None, None).1
    }

    fn jpeg(segments: &[(u8, &[u8])]) -> Vec<u8> {
        let mut file = vec![0xff, 0xd8];
        for (marker, content) in segments {
            file.extend([0xff, *marker]);
            file.extend((content.len() as u16 + 2).to_be_bytes());
            file.extend(*content);
        }
        [&file[..], &[0xff, 0xd9]].concat()
    }

    fn png(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
        for (name, content) in chunks {
            file.extend((content.len() as u32).to_be_bytes());
            file.extend(*name);
            file.extend(*content);
            file.extend([0; 4]);
        }
        file
    }

    #[test]
    fn segments_of_a_jpeg() {
        let photoshop = |number: u8, content: &[u8]| {
            let head = [b'8', b'B', b'I', b'M', if number < 10 { 4 } else { 3 }, number, 0, 0];
            let length = (content.len() as u32).to_be_bytes();
            [b"Photoshop 3.0\0", &head[..], &length, content].concat()
        };
        let facebook = photoshop(4, b"\x1c\x02\x28\0\x08FBMD0100");
        let keywords = photoshop(4, b"\x1c\x02\x19\0\x03sea");
        let profile = |name: &[u8]| [b"ICC_PROFILE\0\x01\x01", name].concat();
        let (wide, usual) = (profile(b"desc Display P3"), profile(b"desc sRGB IEC61966-2.1"));
        let resolution = photoshop(0xed, &[0; 16]);
        let cases: [(u8, &[u8], Traces); 11] = [
            (0xec, b"Ducky\0\x01\0\x04\0\0\0\x3c", Traces::EDITOR),
            (0xec, b"Picture Info\0", Traces::NONE),
            (0xed, &facebook, Traces::MESSENGER),
            (0xed, &keywords, Traces::KEYWORDS),
            (0xed, &resolution, Traces::EDITOR),
            (0xe2, b"MPF\0II*\0", Traces::AUXILIARY),
            (0xe2, &wide, Traces::WIDE_COLOUR),
            (0xe2, &usual, Traces::NONE),
            (0xfe, b"CREATOR: gd-jpeg v1.0 (using IJG JPEG v62), quality = 90\n", Traces::EDITOR),
            (0xfe, b"Created with GIMP", Traces::EDITOR),
            (0xfe, b"AppleMark", Traces::NONE),
        ];
        for (marker, content, expected) in cases {
            let name = String::from_utf8_lossy(content);
            assert_eq!(of(&jpeg(&[(marker, content)])), expected, "{marker:x} {name}");
        }
        let xmp = b"http://ns.adobe.com/xap/1.0/\0<x xmp:Rating='2'/>";
        let both = of(&jpeg(&[(0xe1, xmp), (0xed, &keywords)]));
        assert_eq!(both, Traces::RATING.with(Traces::KEYWORDS));
    }

    #[test]
    fn texts_of_a_png() {
        assert_eq!(of(&png(&[(b"tEXt", b"Software\0Adobe ImageReady")])), Traces::EDITOR);
        assert_eq!(of(&png(&[(b"tEXt", b"Software\0gnome-screenshot")])), Traces::SCREENSHOT);
        assert_eq!(of(&png(&[(b"tEXt", b"Comment\0Screenshot")])), Traces::SCREENSHOT);
        assert_eq!(of(&png(&[(b"tEXt", b"Other\0Screenshot")])), Traces::NONE);
        let xmp = b"XML:com.adobe.xmp\0\0\0\0\0<x exif:UserComment='Screenshot'/>";
        assert_eq!(of(&png(&[(b"iTXt", xmp)])), Traces::SCREENSHOT);
    }
}
