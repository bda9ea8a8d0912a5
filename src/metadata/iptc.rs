//! The date in IPTC's records (IPTC-NAA Information Interchange Model 4.2), which picture agencies
//! and older programs write.

use crate::model::calendar::Civil;
use crate::model::media::CaptureTime;

use super::exif::offset_minutes;

/// The first resource of this number in Photoshop's list: `8BIM`, number, padded name, length.
pub(super) fn in_photoshop(resources: &[u8]) -> Option<&[u8]> {
    const IPTC: [u8; 2] = [4, 4];
    let mut rest = resources;
    while let Some((head, after)) = rest.split_at_checked(7).filter(|(h, _)| h.starts_with(b"8BIM"))
    {
        // The name with its length, padded to an even number of bytes.
        let name = usize::from(head[6]);
        let after = after.get(name + (name + 1) % 2..)?;
        let (length, after) = after.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let content = after.get(..length)?;
        if head[4..6] == IPTC {
            return Some(content);
        }
        rest = after.get(length + length % 2..)?;
    }
    None
}

/// Date Created (2:55) and Time Created (2:60), as written and as understood.
pub(super) fn date(records: &[u8]) -> Option<(String, Option<CaptureTime>)> {
    let (mut date, mut time) = (None, None);
    let mut rest = records;
    while let Some((&[0x1c, record, set, high, low], after)) = rest.split_first_chunk::<5>() {
        let length = usize::from(u16::from_be_bytes([high, low]));
        let Some((value, after)) = after.split_at_checked(length) else { break };
        let text = || String::from_utf8_lossy(value).trim().to_owned();
        match (record, set) {
            (2, 55) => date = Some(text()),
            (2, 60) => time = Some(text()),
            _ => {}
        }
        rest = after;
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
