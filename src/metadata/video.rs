//! When a film was taken and by what, as its container says.
//!
//! The boxes are read by [`crate::container::isobmff`], as those of HEIC are: the parsers that
//! there are either leave the times out (mp4parse) or give one of them without saying which.

use std::io;

use crate::container::ReadAt;
use crate::container::ebml;
use crate::container::isobmff::{self, Fields};
use crate::metadata::Embedded;
use crate::metadata::capture::{DateCandidate, DateSource};
use crate::model::calendar::Civil;
use crate::model::media::CaptureTime;

/// Longest `moov` box, and longest head of a Matroska file, that is read.
const MOST_BYTES: u64 = 64 << 20;
/// From 1904-01-01 to 1970-01-01.
const SECONDS_1904: i64 = 2_082_844_800;
/// From 1970-01-01 to 2001-01-01.
const SECONDS_2001: i64 = 978_307_200;

/// All dates of a video, and what took it; nothing for other files.
pub(super) fn read(source: &dyn ReadAt) -> Embedded {
    let mut head = [0; 12];
    if source.size() < 12 || source.read_exact_at(0, &mut head).is_err() {
        return Embedded::default();
    }
    let dated = |dates| Embedded { dates, camera: None };
    let read = match &head {
        [b'R', b'I', b'F', b'F', _, _, _, _, b'A', b'V', b'I', b' '] => avi(source).map(dated),
        [0x1a, 0x45, 0xdf, 0xa3, ..] => matroska(source).map(dated),
        [_, _, _, _, b'f' | b'm' | b'w' | b's' | b'p', ..] => movie(source),
        _ => Ok(Embedded::default()),
    };
    read.unwrap_or_default()
}

/// `moov/mvhd` (ISO/IEC 14496-12, 8.2.2), and Apple's keys in `moov/meta` (QuickTime File Format).
fn movie(source: &dyn ReadAt) -> io::Result<Embedded> {
    let top = isobmff::boxes(source, 0, source.size())?;
    let Some(found) = top.iter().find(|found| &found.kind == b"moov") else {
        return Ok(Embedded::default());
    };
    if found.size() > MOST_BYTES {
        return Ok(Embedded::default());
    }
    let mut movie = vec![0; found.size() as usize];
    source.read_exact_at(found.start, &mut movie)?;
    let mut dates = Vec::new();
    if let Some(text) = apple_text(&movie, b"com.apple.quicktime.creationdate") {
        let time = super::xmp::time(&text);
        dates.push(DateCandidate::local(DateSource::QuickTimeCreationDate, text, time));
    }
    // A CR3 is a movie too, whose header repeats what its tags say with a zone.
    if let Some(seconds) = isobmff::child(&movie, b"mvhd").and_then(movie_header) {
        let known = seconds > 0;
        let utc = i64::try_from(seconds).unwrap_or(i64::MAX).saturating_sub(SECONDS_1904);
        let text = if known { utc_text(utc) } else { "0".to_owned() };
        dates.push(DateCandidate::utc(DateSource::MovieHeader, text, known.then_some(utc)));
    }
    Ok(Embedded { dates, camera: camera(&movie) })
}

/// Make and model by Apple's keys, else as user data (QuickTime File Format, "User Data Text
/// Strings": a length, a language, the text).
fn camera(movie: &[u8]) -> Option<String> {
    let user_data = isobmff::child(movie, b"udta");
    let user_text = |kind| {
        let mut fields = Fields(isobmff::child(user_data?, kind)?);
        let length = fields.u16()?;
        fields.u16()?;
        let text = std::str::from_utf8(fields.take(length.into())?).ok()?;
        Some(text.trim_matches(['\0', ' ']).to_owned())
    };
    let make = apple_text(movie, b"com.apple.quicktime.make").or_else(|| user_text(b"\xa9mak"));
    let model = apple_text(movie, b"com.apple.quicktime.model").or_else(|| user_text(b"\xa9mod"));
    let named: Vec<String> =
        make.into_iter().chain(model).filter(|text| !text.is_empty()).collect();
    (!named.is_empty()).then(|| named.join(" "))
}

fn movie_header(content: &[u8]) -> Option<u64> {
    let mut fields = Fields(content);
    match fields.version()?.0 {
        0 => fields.u32().map(u64::from),
        1 => fields.uint(8),
        _ => None,
    }
}

/// The value of one of Apple's keys.
fn apple_text(movie: &[u8], key: &[u8]) -> Option<String> {
    let meta = isobmff::child(movie, b"meta")?;
    // Apple's has no version, ISO's has.
    let meta = match isobmff::child(meta, b"keys") {
        Some(_) => meta,
        None => meta.get(4..)?,
    };
    let mut keys = Fields(isobmff::child(meta, b"keys")?);
    keys.version()?;
    let count = keys.u32()?;
    let mut index = None;
    for number in 1..=count {
        let size = keys.u32()?;
        keys.code()?;
        let name = keys.take(usize::try_from(size).ok()?.checked_sub(8)?)?;
        if name == key {
            index = Some(number);
            break;
        }
    }
    let wanted = index?.to_be_bytes();
    let list = isobmff::child(meta, b"ilst")?;
    let (_, item) = isobmff::children(list).find(|(kind, _)| *kind == wanted)?;
    // Type and locale stand before the value.
    let value = isobmff::child(item, b"data")?.get(8..)?;
    let text = std::str::from_utf8(value).ok()?.trim_matches(['\0', ' ']);
    (!text.is_empty()).then(|| text.to_owned())
}

fn utc_text(seconds: i64) -> String {
    let Civil { year, month, day, hour, minute, second } = Civil::from_seconds(seconds);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// `Segment/Info/DateUTC` (RFC 9559, 5.1.2.11): nanoseconds since 2001.
fn matroska(source: &dyn ReadAt) -> io::Result<Vec<DateCandidate>> {
    const SEGMENT: u64 = 0x1853_8067;
    const INFO: u64 = 0x1549_a966;
    const DATE: u64 = 0x4461;
    /// Elements that are looked at on one level.
    const MOST: usize = 1000;
    let mut at = 0;
    let mut end = source.size();
    let mut wanted = [SEGMENT, INFO, DATE].iter();
    let mut level = wanted.next();
    for _ in 0..3 * MOST {
        let (Some(id), true) = (level, at < end) else { break };
        let Some(found) = ebml::element(source, at, end)? else { break };
        if found.id != *id {
            at = found.end;
            continue;
        }
        level = wanted.next();
        if level.is_some() {
            (at, end) = (found.start, found.end.min(end));
        } else if found.size() == 8 {
            let mut bytes = [0; 8];
            source.read_exact_at(found.start, &mut bytes)?;
            let seconds = i64::from_be_bytes(bytes).div_euclid(1_000_000_000) + SECONDS_2001;
            return Ok(vec![DateCandidate::utc(
                DateSource::Matroska,
                utc_text(seconds),
                Some(seconds),
            )]);
        } else {
            break;
        }
    }
    Ok(Vec::new())
}

/// The chunks `IDIT` and `ICRD`, wherever they are (RIFF; Exif 2.3, part 3).
fn avi(source: &dyn ReadAt) -> io::Result<Vec<DateCandidate>> {
    const MOST: usize = 10_000;
    let mut dates = Vec::new();
    let mut at = 12_u64;
    for _ in 0..MOST {
        let mut head = [0; 12];
        let left = source.size().saturating_sub(at);
        if left < 8 {
            break;
        }
        source.read_exact_at(at, &mut head[..left.min(12) as usize])?;
        let [n0, n1, n2, n3, l0, l1, l2, l3, list @ ..] = head;
        let length = u64::from(u32::from_le_bytes([l0, l1, l2, l3]));
        match &[n0, n1, n2, n3] {
            // Into lists, but not through the frames.
            b"LIST" if &list != b"movi" => at += 12,
            b"IDIT" | b"ICRD" if length <= 64 && length <= left - 8 => {
                let mut bytes = vec![0; length as usize];
                source.read_exact_at(at + 8, &mut bytes)?;
                let text = String::from_utf8_lossy(&bytes);
                let text = text.trim_matches(|c: char| c.is_control() || c == ' ').to_owned();
                let time = avi_time(&text);
                dates.push(DateCandidate::local(DateSource::Avi, text, time));
                at += 8 + length + (length & 1);
            }
            _ => at += 8 + length + (length & 1),
        }
    }
    Ok(dates)
}

/// `Mon Mar 10 15:04:43 2003`, `2009/10/27/ 12:14`, `2003-03-10 15:04:43`, `2003-03-10`.
fn avi_time(text: &str) -> Option<CaptureTime> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let lower = text.to_lowercase();
    let numbers: Vec<i64> = lower
        .split(|c: char| !c.is_ascii_digit())
        .filter(|digits| !digits.is_empty() && digits.len() <= 4)
        .filter_map(|digits| digits.parse().ok())
        .collect();
    let word = lower.split_whitespace().find_map(|word| {
        MONTHS.iter().position(|month| word.starts_with(month) && word.len() == 3)
    });
    let number = |at: usize| numbers.get(at).copied().unwrap_or(0);
    let (year, month, day, clock) = match (word, numbers.len()) {
        (Some(month), 5..) => (number(4), month as i64 + 1, number(0), 1),
        (None, 3..) => (number(0), number(1), number(2), 3),
        _ => return None,
    };
    let (hour, minute) = (number(clock), number(clock + 1));
    let second = if clock == 3 { number(5) } else { number(3) };
    let local_seconds = Civil { year, month, day, hour, minute, second }.seconds()?;
    Some(CaptureTime { local_seconds, subsecond_ns: None, offset_minutes: None })
}

#[cfg(test)]
mod tests;
