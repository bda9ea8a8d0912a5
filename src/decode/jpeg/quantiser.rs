//! What the quantisation tables say of the encoder.

use super::frame::Frame;
use super::segments::JpegReader;
use crate::model::provenance::Quantised;

/// The luma table of T.81, Annex K.1, in zigzag order: what libjpeg scales.
#[rustfmt::skip]
const STANDARD_LUMA: [u32; 64] = [
     16,  11,  12,  14,  12,  10,  16,  14,  13,  14,  18,  17,  16,  19,  24,  40,
     26,  24,  22,  22,  24,  49,  35,  37,  29,  40,  58,  51,  61,  60,  57,  51,
     56,  55,  64,  72,  92,  78,  64,  68,  87,  69,  55,  56,  80, 109,  81,  87,
     95,  98, 103, 104, 103,  62,  77, 113, 121, 112, 100, 120,  92, 101, 103,  99,
];

/// How a picture was quantised; `None` where its tables are not there (yet).
pub(super) fn quantised(picture: &JpegReader<'_>, frame: &Frame) -> Option<Quantised> {
    let table = luma_table(picture, frame)?;
    let (quality, distance) = (1..=100)
        .map(|quality| (quality, distance(&table, quality)))
        .min_by_key(|&(quality, distance)| (distance, std::cmp::Reverse(quality)))?;
    let (h_max, v_max) = (frame.h_max, frame.v_max);
    Some(Quantised {
        dc_step: table[0] as u8,
        steps: table.iter().sum::<u32>() as u16,
        quality,
        standard: distance == 0,
        subsampled: frame
            .components
            .iter()
            .skip(1)
            .any(|c| u32::from(c.h) < h_max || u32::from(c.v) < v_max),
        progressive: frame.progressive,
    })
}

/// The table of the first component, in zigzag order; steps of pictures of more than 8 bits, which
/// may be larger than 255, are cut to that.
fn luma_table(picture: &JpegReader<'_>, frame: &Frame) -> Option<[u32; 64]> {
    let slot = frame.components.first()?.quantisation;
    let table = (*picture.quantisation.get(usize::from(slot))?)?;
    Some(table.map(|step| u32::from(step).min(255)))
}

/// How far a table is from the standard one at a quality of libjpeg (`jpeg_set_quality`).
fn distance(table: &[u32; 64], quality: u8) -> u32 {
    table.iter().zip(scaled(quality)).map(|(step, standard)| step.abs_diff(standard)).sum()
}

/// The standard table at a quality of 1 to 100.
fn scaled(quality: u8) -> impl Iterator<Item = u32> {
    let quality = u32::from(quality);
    let percent = if quality < 50 { 5000 / quality } else { 200 - 2 * quality };
    STANDARD_LUMA.iter().map(move |step| ((step * percent + 50) / 100).clamp(1, 255))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::jpeg::tests::fixture;

    fn read(bytes: &[u8]) -> Option<Quantised> {
        let mut picture = JpegReader::new(bytes);
        let frame = picture.read_header().unwrap();
        quantised(&picture, &frame)
    }

    #[test]
    fn each_quality_is_recognised_by_its_table() {
        let bytes = fixture("77x45-baseline.jpg");
        let at = bytes.windows(5).position(|w| w == [0xff, 0xdb, 0, 67, 0]).unwrap() + 5;
        // As libjpeg writes them.
        for (quality, dc_step, steps) in [(75, 8, 1858), (90, 3, 736), (95, 2, 369), (100, 1, 64)] {
            let table: Vec<u32> = scaled(quality).collect();
            assert_eq!((table[0], table.iter().sum::<u32>()), (dc_step, steps), "{quality}");
        }
        for quality in 1..=100 {
            let mut bytes = bytes.clone();
            for (byte, step) in bytes[at..at + 64].iter_mut().zip(scaled(quality)) {
                *byte = step as u8;
            }
            let found = read(&bytes).unwrap();
            assert_eq!((found.quality, found.standard), (quality, true));
            assert_eq!(u32::from(found.steps), scaled(quality).sum::<u32>());
            assert_eq!(u32::from(found.dc_step), scaled(quality).next().unwrap());
            // A table of its own, as cameras have.
            bytes[at + 63] ^= 1;
            let found = read(&bytes).unwrap();
            assert!(!found.standard, "{quality}");
            assert!(found.quality.abs_diff(quality) <= 1, "{quality}: {}", found.quality);
        }
    }

    #[test]
    fn sampling_and_scans_are_told() {
        for (name, subsampled, progressive) in [
            ("683x517-sample1x1.jpg", false, false),
            ("683x517-sample2x1.jpg", true, false),
            ("683x517-sample1x2.jpg", true, false),
            ("683x517-grey.jpg", false, false),
            ("301x259-progressive.jpg", true, true),
        ] {
            let found = read(&fixture(name)).unwrap();
            assert_eq!((found.subsampled, found.progressive), (subsampled, progressive), "{name}");
        }
    }
}
