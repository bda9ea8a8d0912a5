//! Against the streams of `fixtures/make_hevc.py`, of which ffmpeg decoded the luma.

use std::path::PathBuf;

use super::*;

fn fixture(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/hevc").join(name);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The units between start codes (ITU-T H.265, annex B).
fn between_start_codes(bytes: &[u8]) -> Vec<&[u8]> {
    let starts: Vec<usize> =
        (3..bytes.len()).filter(|&at| bytes[at - 3..at] == [0, 0, 1]).collect();
    let ends = starts.iter().skip(1).map(|start| start - 3).chain([bytes.len()]);
    starts.iter().zip(ends).map(|(&start, end)| &bytes[start..end]).collect()
}

fn decoded(stream: &[u8]) -> Result<HevcLuma, HevcRefusal> {
    decode(between_start_codes(stream).into_iter(), 1 << 20)
}

/// As the script adds it up.
fn checksum(plane: &HevcLuma) -> u64 {
    let add = |state: u64, byte: u16| (state ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    let is_deep = plane.depth > 8;
    plane.rows().flatten().fold(0xcbf2_9ce4_8422_2325, |state, &sample| {
        let low = add(state, sample & 255);
        if is_deep { add(low, sample >> 8) } else { low }
    })
}

#[test]
fn every_plane_is_that_of_the_standard() {
    let list = String::from_utf8(fixture("planes.txt")).unwrap();
    for line in list.lines() {
        let [name, width, height, depth, sum] =
            line.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let plane = decoded(&fixture(&format!("{name}.hevc")));
        let plane = plane.unwrap_or_else(|refusal| panic!("{name}: {refusal:?}"));
        let found = [plane.width, plane.height, plane.depth as usize].map(|n| n.to_string());
        assert_eq!(found, [width, height, depth], "{name}");
        assert_eq!(format!("{:016x}", checksum(&plane)), sum, "{name}");
    }
    assert_eq!(list.lines().count(), 31);
}

#[test]
fn what_is_said_of_the_colours_is_read() {
    let timed = decoded(&fixture("timed.hevc")).unwrap();
    assert!(timed.signal.full_range);
    let plain = decoded(&fixture("ctu16.hevc")).unwrap();
    assert_eq!(plain.signal, Signal::default());
    assert_eq!((plain.chroma, decoded(&fixture("odd.hevc")).unwrap().chroma), (1, 0));
}

/// Cut anywhere, a stream is no picture.
#[test]
fn a_cut_stream_is_refused() {
    for name in ["slices.hevc", "ctu64.hevc", "lossless.hevc"] {
        let whole = fixture(name);
        for len in (0..whole.len() - 8).step_by(7) {
            let refusal = decoded(&whole[..len]).err();
            assert!(matches!(refusal, Some(HevcRefusal::Damaged(_))), "{name} cut to {len}");
        }
    }
}

#[test]
fn a_picture_larger_than_allowed_is_refused_before_it_is_decoded() {
    let stream = fixture("ctu64.hevc");
    let with = |max| decode(between_start_codes(&stream).into_iter(), max).err();
    // 136 × 136 with its padding, of which 64 columns and rows are let go.
    assert_eq!(with(72 * 72), None);
    let refusal = HevcRefusal::Damaged("larger than the container says");
    assert_eq!(with(72 * 72 - 1), Some(refusal));
}

#[test]
fn damage_is_an_error_or_a_picture() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |range: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 20) as usize % range
    };
    let (mut read, mut refused) = (0, 0);
    for name in ["chroma422", "chroma444", "partly_lossless", "slices", "quantisers10", "timed"] {
        let whole = fixture(&format!("{name}.hevc"));
        for _ in 0..150 {
            let mut bytes = whole.clone();
            for _ in 0..=next(3) {
                let at = next(bytes.len());
                bytes[at] ^= 1 << next(8);
            }
            match decoded(&bytes) {
                Ok(_) => read += 1,
                Err(_) => refused += 1,
            }
        }
    }
    assert!(read > 5 && refused > 500, "{read} read, {refused} refused");
}
