//! Title, keywords and caption in IPTC's records (IIM 4.2, record 2).

use crate::metadata::texts::{clean_line, clean_text, meaningful};
use crate::model::knowledge::{Knowledge, unite};

/// The coded character set of record 1 that stands for UTF-8 (ISO 2022).
const UTF_8: &[u8] = b"\x1b%G";

pub(super) fn knowledge(records: &[u8]) -> Knowledge {
    let mut known = Knowledge::default();
    let mut utf_8 = false;
    let mut rest = records;
    while let Some((&[0x1c, record, set, high, low], after)) = rest.split_first_chunk::<5>() {
        let length = usize::from(u16::from_be_bytes([high, low]));
        let Some((value, after)) = after.split_at_checked(length) else { break };
        match (record, set) {
            (1, 90) => utf_8 = value == UTF_8,
            (2, 5) => known.title = known.title.or(clean_line(&decoded(value, utf_8))),
            (2, 25) => {
                let keyword = clean_line(&decoded(value, utf_8));
                unite(&mut known.keywords, keyword.into_iter().collect());
            }
            (2, 120) => {
                let text = clean_text(&decoded(value, utf_8)).filter(|text| meaningful(text));
                known.description = known.description.or(text);
            }
            _ => {}
        }
        rest = after;
    }
    known
}

/// UTF-8 where it is said to be, or can only be; else Latin-1, as old programs wrote it.
fn decoded(value: &[u8], utf_8: bool) -> String {
    match std::str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) if utf_8 => String::from_utf8_lossy(value).into_owned(),
        Err(_) => value.iter().map(|&byte| char::from(byte)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(record: u8, set: u8, value: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x1c, record, set, 0, value.len() as u8];
        bytes.extend(value);
        bytes
    }

    #[test]
    fn title_keywords_and_caption() {
        let records = [
            record(2, 5, b"A walk"),
            record(2, 25, b"Rome"),
            record(2, 25, b"M\xfcnchen"),
            record(2, 25, b"rome"),
            record(2, 120, b"First line\rsecond"),
            record(2, 120, b"another"),
        ];
        let known = knowledge(&records.concat());
        assert_eq!(known.title.as_deref(), Some("A walk"));
        assert_eq!(known.keywords, ["Rome", "München"]);
        assert_eq!(known.description.as_deref(), Some("First line\nsecond"));
        let utf_8 = [record(1, 90, UTF_8), record(2, 25, "Zürich".as_bytes())].concat();
        assert_eq!(knowledge(&utf_8).keywords, ["Zürich"]);
        for end in 0..utf_8.len() {
            knowledge(&utf_8[..end]);
        }
    }
}
