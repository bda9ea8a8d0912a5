//! What Exif tags know of a picture besides its date.

use exif::{Context, Exif, In, Rational, Tag, Value};

use super::{tags, text, value};
use crate::metadata::texts::{clean_line, clean_text, meaningful};
use crate::model::knowledge::{Knowledge, Position, Rating, StoredLayout};
use crate::model::media::Orientation;

/// Stars, and stars in per cent, as Windows writes them.
const RATING: Tag = Tag(Context::Tiff, 0x4746);
const RATING_PER_CENT: Tag = Tag(Context::Tiff, 0x4749);
/// Title and keywords as Windows writes them, in UTF-16.
const XP_TITLE: Tag = Tag(Context::Tiff, 0x9c9b);
const XP_KEYWORDS: Tag = Tag(Context::Tiff, 0x9c9e);

/// Reads a block that begins with its TIFF header; the date is read elsewhere.
pub(in crate::metadata) fn knowledge(block: &[u8]) -> Knowledge {
    let Some(tags) = tags(block) else { return Knowledge::default() };
    let number = |tag| value(&tags, tag).and_then(|value| value.get_uint(0)).map(i64::from);
    let stars = number(RATING).and_then(Rating::new);
    let keywords = wide(&tags, XP_KEYWORDS).unwrap_or_default();
    let described = text(&tags, Tag::ImageDescription).or_else(|| user_comment(&tags));
    Knowledge {
        position: position(&tags),
        rating: stars.or_else(|| number(RATING_PER_CENT).and_then(Rating::from_per_cent)),
        title: wide(&tags, XP_TITLE).and_then(|title| clean_line(&title)),
        description: described.and_then(|text| clean_text(&text)).filter(|text| meaningful(text)),
        keywords: keywords.split(';').filter_map(clean_line).collect(),
        layout: StoredLayout {
            orientation: Orientation::from_exif(
                value(&tags, Tag::Orientation).and_then(|value| value.get_uint(0)).unwrap_or(1),
            ),
            ..StoredLayout::default()
        },
        ..Knowledge::default()
    }
}

fn position(tags: &Exif) -> Option<Position> {
    let degrees = |tag, reference, negative: &str| {
        let Some(Value::Rational(parts)) = value(tags, tag) else { return None };
        if parts.iter().any(|part| part.denom == 0) {
            return None;
        }
        let part = |at: usize| parts.get(at).map_or(0.0, Rational::to_f64);
        let degrees = part(0) + part(1) / 60.0 + part(2) / 3600.0;
        let is_negative = text(tags, reference).is_some_and(|r| r.eq_ignore_ascii_case(negative));
        Some(if is_negative { -degrees } else { degrees })
    };
    let latitude = degrees(Tag::GPSLatitude, Tag::GPSLatitudeRef, "S")?;
    let longitude = degrees(Tag::GPSLongitude, Tag::GPSLongitudeRef, "W")?;
    let altitude = match value(tags, Tag::GPSAltitude) {
        Some(Value::Rational(parts)) => {
            let below = value(tags, Tag::GPSAltitudeRef).and_then(|value| value.get_uint(0));
            let metres = parts.first().filter(|part| part.denom != 0).map(Rational::to_f64);
            metres.map(|metres| if below == Some(1) { -metres } else { metres })
        }
        _ => None,
    };
    Position::new(latitude, longitude, altitude)
}

/// A comment after the eight bytes that tell its encoding.
fn user_comment(tags: &Exif) -> Option<String> {
    let Value::Undefined(bytes, _) = value(tags, Tag::UserComment)? else { return None };
    let (encoding, bytes) = bytes.split_first_chunk::<8>()?;
    match encoding {
        b"ASCII\0\0\0" | [0, 0, 0, 0, 0, 0, 0, 0] => {
            std::str::from_utf8(bytes).ok().map(str::to_owned)
        }
        b"UNICODE\0" => {
            // In the byte order of the block, says the standard; not all writers do.
            let big = match bytes {
                [0xfe, 0xff, ..] => true,
                [0xff, 0xfe, ..] => false,
                _ => !tags.little_endian(),
            };
            utf16(bytes, big)
        }
        _ => None,
    }
}

fn wide(tags: &Exif, tag: Tag) -> Option<String> {
    match tags.get_field(tag, In::PRIMARY).map(|field| &field.value)? {
        Value::Byte(bytes) => utf16(bytes, false),
        _ => None,
    }
}

fn utf16(bytes: &[u8], big: bool) -> Option<String> {
    let unit =
        |pair: &[u8; 2]| if big { u16::from_be_bytes(*pair) } else { u16::from_le_bytes(*pair) };
    let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(unit).collect();
    String::from_utf16(&units).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::sketch::{Sketch, ascii, rational, short, tiff};

    #[test]
    fn what_people_and_receivers_wrote() {
        let gps = [
            ascii(1, "S"),
            rational(2, &[(33, 1), (51, 1), (2520, 100)]),
            ascii(3, "W"),
            rational(4, &[(70, 1), (30, 1), (0, 1)]),
            rational(6, &[(5205, 10)]),
        ];
        let main = vec![
            ascii(0x010e, "Our garden in May"),
            short(0x4746, 4),
            short(0x0112, 6),
            Sketch::Ifd(0x8825, gps.to_vec()),
        ];
        let known = knowledge(&tiff(&[main]));
        let position = known.position.unwrap();
        assert!((position.latitude + 33.857).abs() < 1e-9, "{position:?}");
        assert!((position.longitude + 70.5).abs() < 1e-9);
        assert_eq!(position.altitude, Some(520.5));
        assert_eq!(known.rating, Rating::new(4));
        assert_eq!(known.description.as_deref(), Some("Our garden in May"));
        assert_eq!(known.layout.orientation, Orientation::Rotate90);
    }

    #[test]
    fn what_a_camera_writes_by_itself_is_no_description() {
        for text in ["OLYMPUS DIGITAL CAMERA         ", "SONY DSC", "cof", "  "] {
            assert_eq!(knowledge(&tiff(&[vec![ascii(0x010e, text)]])).description, None, "{text}");
        }
        assert_eq!(knowledge(b"II*\0"), Knowledge::default());
    }

    #[test]
    fn utf16_in_either_order() {
        assert_eq!(utf16(&[0x41, 0, 0xe4, 0], false).as_deref(), Some("Aä"));
        assert_eq!(utf16(&[0, 0x41, 0, 0xe4], true).as_deref(), Some("Aä"));
        assert_eq!(utf16(&[0, 0xd8], false), None);
    }
}
