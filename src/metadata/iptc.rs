//! The date in IPTC's records (IPTC-NAA Information Interchange Model 4.2), which picture agencies
//! and older programs write.

use crate::model::calendar::Civil;
use crate::model::media::CaptureTime;

use super::exif::offset_minutes;

/// Number of the resource that holds IPTC's records.
const IPTC: u16 = 0x0404;
/// Resources that only programs write which made the picture anew: resolution, quality of the JPEG,
/// preview.
const BY_EDITORS: [u16; 3] = [0x03ed, 0x0406, 0x040c];

/// The records in Photoshop's list of resources.
pub(super) fn in_photoshop(list: &[u8]) -> Option<&[u8]> {
    resources(list).find(|&(number, _)| number == IPTC).map(|(_, content)| content)
}

/// Whether Photoshop's list of resources has some that only an editor writes.
pub(super) fn is_by_an_editor(list: &[u8]) -> bool {
    resources(list).any(|(number, _)| BY_EDITORS.contains(&number))
}

/// Photoshop's resources: `8BIM`, number, padded name, length.
fn resources(list: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = list;
    std::iter::from_fn(move || {
        let (head, after) =
            rest.split_first_chunk::<7>().filter(|(h, _)| h.starts_with(b"8BIM"))?;
        // The name with its length, padded to an even number of bytes.
        let name = usize::from(head[6]);
        let after = after.get(name + (name + 1) % 2..)?;
        let (length, after) = after.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let content = after.get(..length)?;
        rest = after.get(length + length % 2..).unwrap_or_default();
        Some((u16::from_be_bytes([head[4], head[5]]), content))
    })
}

/// The values of record 2, with the numbers of their data sets.
pub(super) fn values(records: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = records;
    std::iter::from_fn(move || {
        loop {
            let (&[mark, record, set, high, low], after) = rest.split_first_chunk::<5>()?;
            let length = usize::from(u16::from_be_bytes([high, low]));
            let (value, after) = after.split_at_checked(length).filter(|_| mark == 0x1c)?;
            rest = after;
            if record == 2 {
                return Some((set, value));
            }
        }
    })
}

/// Date Created (2:55) and Time Created (2:60), as written and as understood.
pub(super) fn date(records: &[u8]) -> Option<(String, Option<CaptureTime>)> {
    let (mut date, mut time) = (None, None);
    for (set, value) in values(records) {
        let text = || String::from_utf8_lossy(value).trim().to_owned();
        match set {
            55 => date = Some(text()),
            60 => time = Some(text()),
            _ => {}
        }
    }
    let (date, time) = (date?, time.unwrap_or_default());
    let understood = understood(&date, &time);
    Some((format!("{date} {time}").trim().to_owned(), understood))
}

/// `20110224` and `123421+0000`.
fn understood(date: &str, time: &str) -> Option<CaptureTime> {
    let number = |text: &str, from: usize, to: usize| -> Option<i64> {
        let digits = text.get(from..to)?;
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let civil = Civil {
        year: number(date, 0, 4)?,
        month: number(date, 4, 6)?,
        day: number(date, 6, 8)?,
        hour: number(time, 0, 2).unwrap_or(0),
        minute: number(time, 2, 4).unwrap_or(0),
        second: number(time, 4, 6).unwrap_or(0),
    };
    let zone = time.get(6..).filter(|zone| zone.len() == 5);
    let zone =
        zone.and_then(|zone| offset_minutes(&format!("{}:{}", zone.get(..3)?, zone.get(3..)?)));
    let local_seconds = civil.seconds()?;
    Some(CaptureTime { local_seconds, subsecond_ns: None, offset_minutes: zone })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::readable::iso_time;

    fn record(set: u8, text: &str) -> Vec<u8> {
        let mut bytes = vec![0x1c, 2, set, 0, text.len() as u8];
        bytes.extend(text.as_bytes());
        bytes
    }

    #[test]
    fn date_and_time() {
        let read = |records: &[Vec<u8>]| date(&records.concat()).and_then(|(_, time)| time);
        let both = [record(5, "x"), record(55, "20110224"), record(60, "123421-0500")];
        assert_eq!(read(&both).map(iso_time).as_deref(), Some("2011-02-24T12:34:21-05:00"));
        let alone = read(&[record(55, "20110224")]).map(iso_time);
        assert_eq!(alone.as_deref(), Some("2011-02-24T00:00:00"));
        assert_eq!(read(&[record(60, "123421")]), None);
        assert_eq!(read(&[record(55, "2011ö224")]), None);
        let mut resources = b"8BIM\x04\x25\x03abc\0\0\0\x01x\0".to_vec();
        resources.extend(b"8BIM\x04\x04\0\0\0\0\0\x0d");
        resources.extend(record(55, "20110224"));
        let found = in_photoshop(&resources).and_then(date);
        assert_eq!(found.unwrap().0, "20110224");
        for end in 0..resources.len() {
            let _ = in_photoshop(&resources[..end]).and_then(date);
        }
    }
}
