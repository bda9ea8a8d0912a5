use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/films")
}

fn bytes(name: &str) -> Vec<u8> {
    fs::read(folder().join(name)).unwrap()
}

fn table(name: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(folder().join(name)).unwrap();
    text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

/// RFC 1950, 9.
fn adler32(bytes: &[u8]) -> u32 {
    let (mut a, mut b) = (1_u32, 0_u32);
    for &byte in bytes {
        a = (a + u32::from(byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    b << 16 | a
}

/// Every frame as ffprobe lists it: its time, whether it is a keyframe, its very bytes.
#[test]
fn every_frame_is_found_as_ffprobe_finds_it() {
    let packets = table("packets.tsv");
    let films = table("films.tsv");
    assert_eq!(films.len(), 34);
    for film in &films {
        let name = &film[0];
        let file = bytes(name);
        let track = read(&file).unwrap_or_else(|error| panic!("{name}: {error}"));
        let expected: Vec<&[String]> =
            packets.iter().filter(|row| row[0] == *name).map(|row| &row[1..]).collect();
        let found: Vec<Vec<String>> = track
            .samples
            .iter()
            .map(|sample| {
                let bytes = track.frame(&file, sample, 1 << 20).unwrap();
                let time = sample.time.map_or("-".to_owned(), |time| time.to_string());
                let key = if sample.is_key { "K" } else { "-" };
                let sum = format!("{:08x}", adler32(&bytes));
                vec![time, key.to_owned(), sample.size.to_string(), sum]
            })
            .collect();
        assert_eq!(found, expected, "{name}");
        let (width, height) = (track.width.to_string(), track.height.to_string());
        assert_eq!((&width, &height), (&film[3], &film[4]), "{name}");
        // ffprobe names the codec beneath.
        let encrypted = name == "h264_encrypted.mp4";
        let codec = if film[1] == "prores" || encrypted { None } else { Some(film[1].as_str()) };
        assert_eq!(track.codec.map(Codec::name), codec, "{name}");
        if !name.ends_with(".mkv") && !name.ends_with(".webm") {
            assert_eq!(track.coding, if encrypted { "encv" } else { &film[2] }, "{name}");
        }
        // ffprobe counts to the left.
        let rotation = match track.rotation {
            Rotation::Upright => "0",
            Rotation::Quarter => "-90",
            Rotation::Half => "-180",
            Rotation::ThreeQuarters => "90",
        };
        assert_eq!(rotation, film[5], "{name}");
        assert!(!track.is_cut, "{name}");
    }
}

#[test]
fn the_same_film_lasts_as_long_in_every_container() {
    for film in table("films.tsv") {
        let track = read(&bytes(&film[0])).unwrap();
        let expected = match film[0].as_str() {
            "h264_edited.mp4" => 1_500_000,
            // Its last frame was left out.
            "h264_variable.mp4" => 1_900_000,
            // ffmpeg repeats frames where it changes their rate.
            "mjpeg.avi" => 2_250_000,
            "mjpeg.mov" => 2_500_000,
            "prores.mov" => 3_000_000,
            "h264_444.mp4" => 400_000,
            _ => 2_000_000,
        };
        assert_eq!(track.duration, expected, "{}", film[0]);
    }
}

#[test]
fn the_stream_headers_are_found() {
    let config = |name: &str| read(&bytes(name)).unwrap().config;
    // Version 1, High profile; version 1, Main profile; marker and version; a start code.
    for name in ["h264.mp4", "h264.mkv", "h264_fragments.mp4"] {
        assert!(config(name).starts_with(&[1, 100]), "{name}");
    }
    for name in ["hevc.mp4", "hevc.mkv"] {
        assert!(config(name).starts_with(&[1, 1]), "{name}");
    }
    for name in ["av1.mp4", "av1.mkv"] {
        assert!(config(name).starts_with(&[0x81]), "{name}");
    }
    for name in ["mpeg4.mp4", "mpeg4.mkv"] {
        assert!(config(name).starts_with(&[0, 0, 1]), "{name}");
    }
}

/// A file of 5 GiB that is not there but for its ends, and how many bytes of it were read.
struct Far {
    start: Vec<u8>,
    rest: Vec<u8>,
    read: AtomicU64,
}

const FREE: u64 = 5 << 30;

impl ReadAt for Far {
    fn size(&self) -> u64 {
        FREE + self.rest.len() as u64
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.read.fetch_add(buffer.len() as u64, Ordering::Relaxed);
        for (at, byte) in (offset..).zip(buffer) {
            *byte = match at.checked_sub(FREE) {
                Some(at) => *self.rest.get(at as usize).ok_or(io::ErrorKind::UnexpectedEof)?,
                None => self.start.get(at as usize).copied().unwrap_or(0),
            };
        }
        Ok(())
    }
}

#[test]
fn frames_beyond_four_gigabytes_are_found_without_reading_up_to_them() {
    let file = bytes("h264_fragments.mp4");
    let near = read(&file).unwrap();
    let boxes = crate::container::isobmff::boxes(&file, 0, file.len() as u64).unwrap();
    let movie = boxes.iter().find(|found| &found.kind == b"moov").unwrap().end as usize;
    let mut start = file[..movie].to_vec();
    start.extend(1_u32.to_be_bytes());
    start.extend(b"free");
    start.extend((FREE - movie as u64).to_be_bytes());
    let far = Far { start, rest: file[movie..].to_vec(), read: AtomicU64::new(0) };
    let track = read(&far).unwrap();
    assert_eq!(track.samples.len(), near.samples.len());
    for (far, near) in track.samples.iter().zip(&near.samples) {
        assert_eq!(far.offset, near.offset - movie as u64 + FREE);
    }
    assert!(far.read.into_inner() < file.len() as u64);
}

/// Counts the reads.
struct Counted {
    bytes: Vec<u8>,
    reads: AtomicU64,
}

impl ReadAt for Counted {
    fn size(&self) -> u64 {
        self.bytes.size()
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.bytes.read_exact_at(offset, buffer)
    }
}

/// The same Matroska with every frame so much longer, and an index of its keyframes.
fn long_matroska(name: &str, more: usize) -> Vec<u8> {
    use crate::container::ebml::{children, number, unsigned};
    let element = |id: &[u8], content: &[u8]| {
        let length = (content.len() as u64) | 1 << 56;
        [id, &length.to_be_bytes()[..], content].concat()
    };
    let file = bytes(name);
    let (_, segment) = children(&file).find(|(id, _)| *id == 0x1853_8067).unwrap();
    let (mut head, mut clusters, mut cues) = (Vec::new(), Vec::<u8>::new(), Vec::new());
    for (id, content) in children(segment) {
        match id {
            0x1549_a966 => head.extend(element(b"\x15\x49\xa9\x66", content)),
            0x1654_ae6b => head.extend(element(b"\x16\x54\xae\x6b", content)),
            0x1f43_b675 => {
                let mut cluster = Vec::new();
                let mut time = 0;
                for (id, content) in children(content) {
                    if id == 0xe7 {
                        time = unsigned(content);
                        cluster.extend(element(b"\xe7", content));
                    } else if id == 0xa3 {
                        let (track, at) = number(content, false).unwrap();
                        if content[at + 2] & 0x80 != 0 {
                            let shift = u16::from_be_bytes([content[at], content[at + 1]]);
                            cues.push((time + u64::from(shift), track, clusters.len()));
                        }
                        let longer = [content, &vec![0; more]].concat();
                        cluster.extend(element(b"\xa3", &longer));
                    }
                }
                clusters.extend(element(b"\x1f\x43\xb6\x75", &cluster));
            }
            _ => {}
        }
    }
    let seek_length = element(b"\x11\x4d\x9b\x74", &seek(0)).len();
    let before = seek_length + head.len();
    let mut index = Vec::new();
    for (time, track, at) in cues {
        let place = [
            element(b"\xf7", &track.to_be_bytes()),
            element(b"\xf1", &((before + at) as u64).to_be_bytes()),
        ];
        let place = element(b"\xb7", &place.concat());
        let point = [element(b"\xb3", &time.to_be_bytes()), place].concat();
        index.extend(element(b"\xbb", &point));
    }
    let seek_head = element(b"\x11\x4d\x9b\x74", &seek((before + clusters.len()) as u64));
    let index = element(b"\x1c\x53\xbb\x6b", &index);
    let segment = [seek_head, head, clusters, index].concat();
    let mut out = element(b"\x1a\x45\xdf\xa3", b"");
    out.extend(element(b"\x18\x53\x80\x67", &segment));
    out
}

/// The content of a `SeekHead` that says where the index lies.
fn seek(position: u64) -> Vec<u8> {
    let id = [&b"\x53\xab\x84\x1c\x53\xbb\x6b\x53\xac\x88"[..], &position.to_be_bytes()].concat();
    [&[0x4d, 0xbb, 0x80 | id.len() as u8][..], &id].concat()
}

#[test]
fn of_a_long_matroska_only_what_is_asked_for_is_read() {
    for name in ["h264.mkv", "vp9.webm"] {
        let short = read(&long_matroska(name, 0)).unwrap();
        let same = read(&bytes(name)).unwrap();
        assert_eq!(short.samples.len(), same.samples.len(), "{name}");
        assert_eq!(short.sparse, None);
        let file = Counted { bytes: long_matroska(name, 200_000), reads: AtomicU64::new(0) };
        let long = read(&file).unwrap();
        let keys = |track: &FilmTrack| -> Vec<_> {
            track.samples.iter().filter(|s| s.is_key).map(|s| s.time).collect()
        };
        assert!(long.sparse.is_some(), "{name}");
        assert_eq!(keys(&long), keys(&same), "{name}");
        assert_eq!(long.samples.len(), keys(&same).len(), "{name}");
        assert_eq!(long.duration, same.duration, "{name}");
        let reads = file.reads.swap(0, Ordering::Relaxed);
        assert!(reads < 20, "{name}: {reads} reads");
        // All of it, when all of it is asked for.
        let times: Vec<i64> = same.samples.iter().filter_map(|s| s.time).collect();
        let all = long.around(&file, &times).unwrap();
        let whole = |track: &FilmTrack| -> Vec<_> {
            track.samples.iter().map(|s| (s.time, s.is_key)).collect()
        };
        assert_eq!(whole(&all), whole(&same), "{name}");
        let bytes = |source: &dyn ReadAt, track: &FilmTrack, sample: &Sample, length: usize| {
            let mut bytes = track.frame(source, sample, 1 << 20).unwrap();
            bytes.truncate(length);
            bytes
        };
        let near = self::bytes(name);
        for (one, other) in all.samples.iter().zip(&same.samples) {
            let expected = bytes(&near, &same, other, usize::MAX);
            assert_eq!(bytes(&file, &all, one, expected.len()), expected, "{name}");
        }
        for (key, other) in long.samples.iter().zip(same.samples.iter().filter(|s| s.is_key)) {
            let key = long.located(&file, key).unwrap();
            assert_eq!(key.time, other.time);
            let expected = bytes(&near, &same, other, usize::MAX);
            assert_eq!(bytes(&file, &long, &key, expected.len()), expected, "{name}");
        }
        // The group before and the one after.
        let part = long.around(&file, &[900_000]).unwrap();
        assert!(part.samples.len() < same.samples.len(), "{name}");
        assert!(part.samples.iter().any(|s| s.time == Some(900_000)), "{name}");
    }
}

#[test]
fn small_reads_are_taken_together() {
    let file = Counted { bytes: bytes("vp8.webm"), reads: AtomicU64::new(0) };
    assert_eq!(read(&file).unwrap().samples.len(), 20);
    assert!(file.reads.into_inner() <= 2);
}

fn full_box(kind: &[u8; 4], words: &[u32]) -> Vec<u8> {
    let mut out = (12 + 4 * words.len() as u32).to_be_bytes().to_vec();
    out.extend(kind);
    out.extend([0; 4]);
    out.extend(words.iter().flat_map(|word| word.to_be_bytes()));
    out
}

#[test]
fn chunks_lie_where_their_table_says() {
    // Two chunks of two frames and one of one, at 64-bit offsets; the third frame is a keyframe.
    let table = [
        full_box(b"stsz", &[0, 5, 10, 20, 30, 40, 50]),
        full_box(b"stsc", &[2, 1, 2, 1, 3, 1, 1]),
        full_box(b"co64", &[3, 0, 1000, 1, 7, 2, 9]),
        full_box(b"stts", &[2, 1, 100, 4, 50]),
        full_box(b"ctts", &[2, 2, 0, 3, 0xffff_ffff]),
        full_box(b"stss", &[1, 3]),
    ]
    .concat();
    let frames = sample_table::read(&table, 1 << 40).unwrap();
    let far = 1_u64 << 32;
    let offsets: Vec<u64> = frames.iter().map(|frame| frame.sample.offset).collect();
    assert_eq!(offsets, [1000, 1010, far + 7, far + 37, 2 * far + 9]);
    let composed: Vec<i64> = frames.iter().map(|frame| frame.composed).collect();
    assert_eq!(composed, [0, 100, 149, 199, 249]);
    let keys: Vec<bool> = frames.iter().map(|frame| frame.sample.is_key).collect();
    assert_eq!(keys, [false, false, true, false, false]);
}

#[test]
fn claims_are_held_against_what_is_there() {
    let says = |table: Vec<u8>| sample_table::read(&table, 1000).unwrap_err().to_string();
    assert_eq!(says(full_box(b"stsz", &[0, 9, 1])), "damaged: the sample table ends too early");
    assert_eq!(
        says(full_box(b"stsz", &[100, 11])),
        "damaged: more frames than the file has bytes for"
    );
    assert_eq!(
        says(full_box(b"stsz", &[1, 3_000_000])),
        "too large: 3000000 frames (the limit is 2,097,152 frames)"
    );
    let table = [full_box(b"stsz", &[0, 1, 1]), full_box(b"stts", &[9])].concat();
    assert_eq!(says(table), "damaged: the sample table ends too early");
    let table = [
        full_box(b"stsz", &[0, 1, 1]),
        full_box(b"stco", &[1, 0]),
        full_box(b"stsc", &[1, 1, 1, 2]),
    ];
    assert_eq!(says(table.concat()), "not supported: a film that changes its coding");
}

#[test]
fn what_is_no_film_says_so() {
    assert!(matches!(read(&b"II*\0\x08\0\0\0\0\0\0\0\0".to_vec()), Err(FilmError::NotAFilm)));
    let sound = [full_box(b"ftyp", &[0]), full_box(b"moov", &[])].concat();
    assert_eq!(read(&sound).unwrap_err().to_string(), "damaged: no video track");
    let none = full_box(b"ftyp", &[0]);
    assert_eq!(read(&none).unwrap_err().to_string(), "damaged: the moov box is missing");
}

/// The first half of a film that was copied in part. Where the description stands at the end,
/// nothing can be read.
#[test]
fn a_cut_film_keeps_the_frames_that_are_there() {
    for name in ["h264_first.mov", "h264.mkv", "vp8.webm"] {
        let mut file = bytes(name);
        let whole = read(&file).unwrap().samples.len();
        file.truncate(file.len() * 3 / 4);
        let track = read(&file).unwrap();
        assert!(track.is_cut, "{name}");
        assert!((5..whole).contains(&track.samples.len()), "{name}");
        assert!(track.duration < 2_000_000 || name == "h264_first.mov");
    }
    let mut file = bytes("h264.mp4");
    file.truncate(file.len() - 100);
    assert!(read(&file).is_err());
}

/// Whatever the bytes: an answer, and no frame beyond the file.
#[test]
fn damaged_films_are_survived() {
    let mut random = 1_u64;
    let mut next = || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        (random >> 33) as usize
    };
    let (mut sound, mut refused) = (0, 0);
    for film in table("films.tsv") {
        let whole = bytes(&film[0]);
        for round in 0..300 {
            let mut file = whole.clone();
            for _ in 0..=round % 5 {
                let at = next() % file.len();
                file[at] = [0, 255, next() as u8, file[at] ^ 1 << (next() % 8)][next() % 4];
            }
            if round % 3 == 0 {
                file.truncate(next() % file.len());
            }
            match read(&file) {
                Ok(track) => {
                    sound += 1;
                    let end = file.len() as u64;
                    let inside = |s: &Sample| s.offset + u64::from(s.size) <= end;
                    assert!(track.samples.iter().all(inside), "{}", film[0]);
                    assert!(track.duration >= 0);
                }
                Err(_) => refused += 1,
            }
        }
    }
    assert!(sound > 1000 && refused > 1000, "{sound} {refused}");
}
