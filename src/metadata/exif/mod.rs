//! Exif tags (CIPA DC-008, Exif 3.0) through `kamadak-exif`.

mod knowledge;
mod traces;

pub(super) use knowledge::knowledge;

use exif::{Exif, In, Rational, Reader, Tag, Value};

use crate::metadata::capture::{DateCandidate, DateSource};
use crate::model::calendar::Civil;
use crate::model::media::{CaptureTime, Dimensions, Metadata, Orientation};
use crate::model::path_text::one_line;
use crate::model::provenance::Traces;

/// Most characters of a maker's or a model's name that are kept.
const MAX_NAME: usize = 64;

/// Reads the tags of a block that begins with its TIFF header. What cannot be read is as if it
/// were not there: a broken tag does not hide the others.
pub fn read_exif(block: &[u8]) -> Metadata {
    tags(block).map(|tags| metadata(&tags)).unwrap_or_default()
}

/// The same, and the traces in a block of a picture that is stored with these dimensions, where
/// those in the block should be the same.
pub(super) fn with_traces(block: &[u8], stored: Option<Dimensions>) -> (Metadata, Traces) {
    let Some(tags) = tags(block) else { return Default::default() };
    let metadata = metadata(&tags);
    let traces = traces::traces(&tags, stored).with_if(metadata.captured.is_some(), Traces::DATE);
    (metadata, traces)
}

fn metadata(tags: &Exif) -> Metadata {
    let captured =
        time(tags, Tag::DateTimeOriginal, Tag::SubSecTimeOriginal, Tag::OffsetTimeOriginal)
            .or_else(|| {
                let (subsec, offset) = (Tag::SubSecTimeDigitized, Tag::OffsetTimeDigitized);
                time(tags, Tag::DateTimeDigitized, subsec, offset)
            });
    let orientation = value(tags, Tag::Orientation).and_then(|value| value.get_uint(0));
    Metadata {
        captured,
        has_position: has_position(tags),
        camera: camera(tags),
        orientation: Orientation::from_exif(orientation.unwrap_or(1)),
    }
}

/// Longest value that is shown.
const MOST_SHOWN: usize = 80;

/// The tags of the picture itself, as text; not what only a maker's software can read.
pub(super) fn for_people(block: &[u8]) -> Vec<(String, String)> {
    let Some(tags) = tags(block) else { return Vec::new() };
    let shown = |field: &&exif::Field| {
        field.ifd_num == In::PRIMARY
            && field.tag.description().is_some()
            && !matches!(field.value, Value::Undefined(..) | Value::Unknown(..))
    };
    let text = |field: &exif::Field| {
        // Texts come in quotes.
        let value = field.display_value().with_unit(&tags).to_string();
        let value = one_line(value.trim_matches('"'));
        let short: String = value.chars().take(MOST_SHOWN).collect();
        (field.tag.to_string(), if short.len() < value.len() { short + "…" } else { short })
    };
    tags.fields().filter(shown).map(text).collect()
}

/// The dates of a block, as written and as understood: the original one, then that of digitising;
/// and the camera.
pub(super) fn dates_and_camera(block: &[u8]) -> (Vec<DateCandidate>, Option<String>) {
    let Some(tags) = tags(block) else { return (Vec::new(), None) };
    let both = [
        (
            DateSource::ExifOriginal,
            Tag::DateTimeOriginal,
            Tag::SubSecTimeOriginal,
            Tag::OffsetTimeOriginal,
        ),
        (
            DateSource::ExifDigitized,
            Tag::DateTimeDigitized,
            Tag::SubSecTimeDigitized,
            Tag::OffsetTimeDigitized,
        ),
    ];
    let candidate = |(source, date, subsec, offset)| {
        let written = text(&tags, date)?;
        Some(DateCandidate::local(source, written, time(&tags, date, subsec, offset)))
    };
    (both.into_iter().filter_map(candidate).collect(), camera(&tags))
}

/// As far as they can be read.
fn tags(block: &[u8]) -> Option<Exif> {
    let parsed = Reader::new().continue_on_error(true).read_raw(block.to_vec());
    parsed.or_else(|error| error.distill_partial_result(|_| {})).ok()
}

fn value(tags: &Exif, tag: Tag) -> Option<&Value> {
    tags.get_field(tag, In::PRIMARY).map(|field| &field.value)
}

/// The first string of a tag, without what pads it; `None` when it is empty.
fn text(tags: &Exif, tag: Tag) -> Option<String> {
    let Value::Ascii(strings) = value(tags, tag)? else { return None };
    let text: String = String::from_utf8_lossy(strings.first()?)
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn time(tags: &Exif, date: Tag, subsec: Tag, offset: Tag) -> Option<CaptureTime> {
    Some(CaptureTime {
        local_seconds: local_seconds(&text(tags, date)?)?,
        subsecond_ns: text(tags, subsec).and_then(|digits| subsecond_ns(&digits)),
        offset_minutes: text(tags, offset).and_then(|offset| offset_minutes(&offset)),
    })
}

/// Seconds since 1970 of `YYYY:MM:DD HH:MM:SS`; `None` for what is no such time, and for the
/// days that clocks without a date show: year 0, 1904-01-01 and 1970-01-01.
pub(super) fn local_seconds(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = bytes.get(from..to)?;
        digits.iter().all(u8::is_ascii_digit).then_some(())?;
        Some(digits.iter().fold(0, |value, &digit| value * 10 + i64::from(digit - b'0')))
    };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let separators = [4, 7, 10, 13, 16].map(|at| bytes.get(at));
    if separators.into_iter().flatten().any(u8::is_ascii_digit)
        || bytes.get(19).is_some_and(u8::is_ascii_digit)
    {
        return None;
    }
    // Those days are what clocks without a date show.
    if matches!((year, month, day), (1904 | 1970, 1, 1)) {
        return None;
    }
    Civil { year, month, day, hour, minute, second }.seconds()
}

/// `057` are 57 thousandths.
pub(super) fn subsecond_ns(digits: &str) -> Option<u32> {
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let padded = digits.bytes().chain(std::iter::repeat(b'0')).take(9);
    Some(padded.fold(0, |value, digit| value * 10 + u32::from(digit - b'0')))
}

/// Minutes east of `±HH:MM` or `Z`.
pub(super) fn offset_minutes(text: &str) -> Option<i16> {
    if text == "Z" {
        return Some(0);
    }
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+')?),
    };
    let (hours, minutes) = rest.split_once(':')?;
    let number = |digits: &str| {
        let is_number = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_digit());
        is_number.then(|| digits.parse::<i16>().ok())?
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

/// Whether both coordinates are there, are numbers on the globe, and are not both 0, which is
/// what receivers without a fix write.
fn has_position(tags: &Exif) -> bool {
    let coordinate = |tag, limit: u32| {
        let Some(Value::Rational(parts)) = value(tags, tag) else { return None };
        let broken = |part: &Rational| part.denom == 0;
        let degrees = parts.first()?;
        if parts.iter().any(broken)
            || u64::from(degrees.num) > u64::from(limit) * u64::from(degrees.denom)
        {
            return None;
        }
        Some(parts.iter().any(|part| part.num != 0))
    };
    let (latitude, longitude) =
        (coordinate(Tag::GPSLatitude, 90), coordinate(Tag::GPSLongitude, 180));
    matches!((latitude, longitude), (Some(latitude), Some(longitude)) if latitude || longitude)
}

/// Maker and model.
fn camera_parts(tags: &Exif) -> (Option<String>, Option<String>) {
    let name = |tag| text(tags, tag).map(|name| name.chars().take(MAX_NAME).collect::<String>());
    (name(Tag::Make), name(Tag::Model))
}

/// Maker and model; the model alone where it begins with the maker's name.
fn camera(tags: &Exif) -> Option<String> {
    match camera_parts(tags) {
        (Some(make), Some(model)) => {
            let brand = make.split([' ', ',']).next().unwrap_or_default().to_lowercase();
            let says_it = model.to_lowercase().starts_with(&brand);
            Some(if says_it { model } else { format!("{make} {model}") })
        }
        (make, model) => make.or(model),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::sketch::{Sketch, ascii, long, rational, short};

    fn block(main: &[Sketch], exif: &[Sketch], gps: &[Sketch]) -> Vec<u8> {
        let below = |tag, entries: &[Sketch]| Sketch::Ifd(tag, entries.to_vec());
        let mut main = main.to_vec();
        main.extend([below(0x8769, exif), below(0x8825, gps)]);
        crate::container::sketch::tiff(&[main])
    }

    const NOON: i64 = 1_549_195_200;

    #[test]
    fn reads_what_filing_needs() {
        let read = read_exif(&block(
            &[ascii(0x010f, "NIKON CORPORATION"), ascii(0x0110, "NIKON D70 "), short(0x0112, 6)],
            &[
                ascii(0x9003, "2019:02:03 12:00:00"),
                ascii(0x9004, "2001:01:01 00:00:00"),
                ascii(0x9291, "057"),
                ascii(0x9011, "-05:30"),
            ],
            &[rational(2, &[(40, 1), (30, 1), (0, 1)]), rational(4, &[(0, 1), (0, 1), (0, 1)])],
        ));
        let captured = CaptureTime {
            local_seconds: NOON,
            subsecond_ns: Some(57_000_000),
            offset_minutes: Some(-330),
        };
        assert_eq!(
            read,
            Metadata {
                captured: Some(captured),
                has_position: true,
                camera: Some("NIKON D70".into()),
                orientation: Orientation::Rotate90,
            }
        );
    }

    #[test]
    fn takes_the_original_time_from_the_exif_directory_alone() {
        let misplaced = read_exif(&block(&[ascii(0x9003, "2019:02:03 12:00:00")], &[], &[]));
        assert_eq!(misplaced.captured, None);
        let digitized = read_exif(&block(
            &[ascii(0x0132, "2020:01:01 10:00:00")],
            &[ascii(0x9003, "0000:00:00 00:00:00"), ascii(0x9004, "2019:02:03 12:00:00")],
            &[],
        ));
        assert_eq!(digitized.captured.map(|time| time.local_seconds), Some(NOON));
    }

    #[test]
    fn a_date_is_a_day_of_the_calendar() {
        assert_eq!(local_seconds("2019:02:03 12:00:00"), Some(NOON));
        assert_eq!(local_seconds("2019-02-03T12:00:00"), Some(NOON));
        assert_eq!(local_seconds("1969:12:31 23:59:59"), Some(-1));
        assert_eq!(local_seconds("2000:02:29 00:00:00"), Some(951_782_400));
        for wrong in [
            "0000:00:00 00:00:00",
            "    :  :     :  :  ",
            "1904:01:01 00:00:00",
            "1970:01:01 10:00:00",
            "2019:02:29 12:00:00",
            "2019:13:01 12:00:00",
            "2019:02:03 24:00:00",
            "2019:02:03",
            "20190203 120000",
        ] {
            assert_eq!(local_seconds(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn no_fix_is_no_position() {
        let gps = |latitude: &[(u32, u32)], longitude: &[(u32, u32)]| {
            read_exif(&block(&[], &[], &[rational(2, latitude), rational(4, longitude)]))
                .has_position
        };
        assert!(gps(&[(1, 1), (0, 1), (0, 1)], &[(0, 1), (1, 2), (0, 1)]));
        assert!(!gps(&[(0, 1); 3], &[(0, 1); 3]));
        assert!(!gps(&[(0, 0); 3], &[(5, 1); 3]));
        assert!(!gps(&[(91, 1); 3], &[(5, 1); 3]));
        assert!(!read_exif(&block(&[], &[], &[rational(2, &[(40, 1)])])).has_position);
    }

    #[test]
    fn a_broken_tag_hides_no_other() {
        let mut bytes = block(
            &[ascii(0x010f, "Canon, Inc. of somewhere"), ascii(0x0110, "EOS")],
            &[ascii(0x9003, "2019:02:03 12:00:00")],
            &[long(2, 7)],
        );
        // The value of the first entry (Make) now lies outside of the block.
        bytes[18..22].copy_from_slice(&0x00ff_ffff_u32.to_le_bytes());
        let read = read_exif(&bytes);
        assert_eq!(read.camera.as_deref(), Some("EOS"));
        assert_eq!(read.captured.map(|time| time.local_seconds), Some(NOON));
        assert_eq!(read_exif(b"II*\0"), Metadata::default());
    }
}
