use super::*;
use crate::model::readable::iso_time;

#[test]
fn dates_of_avi() {
    for (text, iso) in [
        ("Mon Mar 10 15:04:43 2003", "2003-03-10T15:04:43"),
        ("MON MAR 10 15:04:43 2003\n", "2003-03-10T15:04:43"),
        ("2009/10/27/ 12:14", "2009-10-27T12:14:00"),
        ("2003-03-10 15:04:43", "2003-03-10T15:04:43"),
        ("2003-03-10", "2003-03-10T00:00:00"),
    ] {
        assert_eq!(avi_time(text).map(iso_time).as_deref(), Some(iso), "{text}");
    }
    for text in ["", "2003", "March", "99 99 99"] {
        assert_eq!(avi_time(text), None, "{text}");
    }
}

fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut bytes = (content.len() as u32 + 8).to_be_bytes().to_vec();
    bytes.extend_from_slice(kind);
    bytes.extend_from_slice(content);
    bytes
}

/// A QuickTime file with these seconds in its header, and perhaps Apple's key.
fn quicktime(seconds: u32, creation_date: Option<&str>) -> Vec<u8> {
    let mut header = vec![0; 4];
    header.extend(seconds.to_be_bytes());
    header.extend([0; 92]);
    let mut movie = boxed(b"mvhd", &header);
    if let Some(text) = creation_date {
        let key = b"com.apple.quicktime.creationdate";
        let mut keys = vec![0, 0, 0, 0, 0, 0, 0, 2];
        for name in [&b"com.apple.quicktime.make"[..], key] {
            keys.extend(boxed(b"mdta", name));
        }
        let mut data = vec![0, 0, 0, 1, 0, 0, 0, 0];
        data.extend(text.as_bytes());
        let list = boxed(&[0, 0, 0, 2], &boxed(b"data", &data));
        let inner = [boxed(b"keys", &keys), boxed(b"ilst", &list)].concat();
        movie.extend(boxed(b"meta", &inner));
    }
    [boxed(b"ftyp", b"qt  \0\0\0\0"), boxed(b"moov", &movie)].concat()
}

#[test]
fn quicktime_has_two_dates() {
    let utc = 1_548_973_800_i64;
    let header = u32::try_from(utc + SECONDS_1904).unwrap();
    let both = read(&quicktime(header, Some("2019-01-31T23:30:00+0100"))).dates;
    let texts: Vec<_> = both.iter().map(|d| (d.source, d.text.as_str())).collect();
    assert_eq!(
        texts,
        [
            (DateSource::QuickTimeCreationDate, "2019-01-31T23:30:00+0100"),
            (DateSource::MovieHeader, "2019-01-31T22:30:00Z")
        ]
    );
    assert!(both.iter().all(|date| date.moment.is_some()));
    let none = read(&quicktime(0, None)).dates;
    assert_eq!(none, [DateCandidate::utc(DateSource::MovieHeader, "0", None)]);
}

#[test]
fn a_camera_is_named_by_user_data() {
    let text = |kind: &[u8; 4], text: &[u8]| {
        let mut content = (text.len() as u16).to_be_bytes().to_vec();
        content.extend([0x15, 0xc7]);
        content.extend(text);
        boxed(kind, &content)
    };
    let film = |texts: &[Vec<u8>]| {
        let movie = boxed(b"moov", &boxed(b"udta", &texts.concat()));
        read(&[boxed(b"ftyp", b"qt  \0\0\0\0"), movie].concat()).camera
    };
    let make = text(b"\xa9mak", b"Pinhole\0");
    let model = text(b"\xa9mod", b"One");
    assert_eq!(film(&[make, model.clone()]).as_deref(), Some("Pinhole One"));
    assert_eq!(film(&[model]).as_deref(), Some("One"));
    assert_eq!(film(&[text(b"\xa9swr", b"Lavf")]), None);
}

/// A WebM file of unknown length with a date 100 seconds after 2001.
fn webm() -> Vec<u8> {
    let mut bytes = b"\x1a\x45\xdf\xa3\x84\x42\x86\x81\x01".to_vec();
    bytes.extend(b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff");
    // Something else first.
    bytes.extend(b"\xec\x82\0\0");
    bytes.extend(b"\x15\x49\xa9\x66\x90\x2a\xd7\xb1\x81\x01\x44\x61\x88");
    bytes.extend(100_000_000_000_i64.to_be_bytes());
    bytes
}

#[test]
fn matroska_counts_from_2001() {
    let found = read(&webm()).dates;
    let texts: Vec<_> = found.iter().map(|d| (d.source, d.text.as_str())).collect();
    assert_eq!(texts, [(DateSource::Matroska, "2001-01-01T00:01:40Z")]);
}

#[test]
fn avi_has_its_date_in_a_list() {
    let chunk = |name: &[u8; 4], content: &[u8]| {
        [&name[..], &(content.len() as u32).to_le_bytes(), content].concat()
    };
    let date = chunk(b"IDIT", b"Mon Mar 10 15:04:43 2003\n\0");
    let list = chunk(b"LIST", &[b"hdrl", &date[..]].concat());
    let frames = chunk(b"LIST", b"movi IDIT");
    let avi = chunk(b"RIFF", &[b"AVI ", &frames[..], b"\0", &list[..]].concat());
    let found = read(&avi).dates;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].text, "Mon Mar 10 15:04:43 2003");
}

#[test]
fn cut_files_give_less() {
    for whole in [quicktime(3_000_000_000, Some("2019-01-31T23:30:00+0100")), webm()] {
        for end in 0..whole.len() {
            assert!(read(&whole[..end].to_vec()).dates.len() <= 2);
        }
    }
}
