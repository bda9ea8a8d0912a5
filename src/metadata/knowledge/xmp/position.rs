//! Positions as XMP writes them: `48,12.3456N` (XMP specification, part 2, 3.3).

use super::packet::XmpPacket;
use super::space::EXIF;
use crate::model::knowledge::Position;

pub(super) fn read(packet: &XmpPacket<'_>) -> Option<Position> {
    let degrees = |property| degrees(&packet.text(EXIF, property)?);
    let below = packet.text(EXIF, "GPSAltitudeRef").is_some_and(|text| text.trim() == "1");
    let metres = packet.text(EXIF, "GPSAltitude").and_then(|text| rational(&text));
    let metres = metres.map(|metres| if below { -metres } else { metres });
    Position::new(degrees("GPSLatitude")?, degrees("GPSLongitude")?, metres)
}

/// `DD,MM,SSk`, `DD,MM.mmk`, or plain degrees, as some programs write them.
fn degrees(text: &str) -> Option<f64> {
    let text = text.trim();
    let sign = match text.chars().last()? {
        'S' | 'W' | 's' | 'w' => -1.0,
        _ => 1.0,
    };
    let numbers = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let mut degrees = 0.0;
    for (part, unit) in numbers.split(',').zip([1.0, 60.0, 3600.0]) {
        let value: f64 = part.trim().parse().ok()?;
        degrees += value / unit;
    }
    Some(sign * degrees)
}

fn rational(text: &str) -> Option<f64> {
    let number = |text: &str| text.trim().parse::<f64>().ok();
    match text.split_once('/') {
        Some((numerator, denominator)) => {
            let denominator = number(denominator).filter(|d| *d != 0.0)?;
            Some(number(numerator)? / denominator)
        }
        None => number(text),
    }
}

/// Degrees and minutes with the letter of the hemisphere; six digits of a minute are two
/// millimetres.
pub(in crate::metadata) fn written_degrees(
    degrees: f64,
    (positive, negative): (char, char),
) -> String {
    // In millionths of a minute, so that no minute is rounded to 60.
    let all = (degrees.abs() * 60.0 * 1e6).round() as u64;
    let (whole, rest) = (all / 60_000_000, all % 60_000_000);
    let letter = if degrees < 0.0 { negative } else { positive };
    format!("{whole},{}.{:06}{letter}", rest / 1_000_000, rest % 1_000_000)
}

/// Metres as a fraction, without their sign.
pub(in crate::metadata) fn written_altitude(metres: f64) -> String {
    format!("{}/1000", (metres.abs() * 1000.0).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degrees_there_and_back() {
        for (value, text) in [
            (48.2082, "48,12.492000N"),
            (0.5, "0,30.000000N"),
            (10.999_999_999_9, "11,0.000000N"),
            (-33.857, "33,51.420000S"),
        ] {
            assert_eq!(written_degrees(value, ('N', 'S')), text);
            assert!((degrees(text).unwrap() - value).abs() < 1e-8, "{text}");
        }
        assert_eq!(degrees("16,22,12W"), Some(-(16.0 + 22.0 / 60.0 + 12.0 / 3600.0)));
        assert_eq!(degrees("48.5"), Some(48.5));
        for broken in ["", "N", "x,1N", ",N"] {
            assert_eq!(degrees(broken), None, "{broken}");
        }
        assert_eq!(rational("5205/10"), Some(520.5));
        assert_eq!(rational("1/0"), None);
        assert_eq!(written_altitude(-12.3456), "12346/1000");
    }
}
