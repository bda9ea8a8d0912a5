//! Numbers, sizes and times as people read them.

use super::calendar::Civil;
use super::media::CaptureTime;

/// `YYYY-MM-DDTHH:MM:SS`, with the fraction (without trailing zeros) and the offset from UTC where
/// the camera wrote them.
pub fn iso_time(time: CaptureTime) -> String {
    let Civil { year, month, day, hour, minute, second } = Civil::from_seconds(time.local_seconds);
    let mut text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    if let Some(nanoseconds) = time.subsecond_ns {
        let digits = format!("{:09}", nanoseconds.min(999_999_999));
        let kept = digits.trim_end_matches('0');
        text.push('.');
        text.push_str(if kept.is_empty() { "0" } else { kept });
    }
    if let Some(minutes) = time.offset_minutes {
        let (sign, minutes) = (if minutes < 0 { '-' } else { '+' }, minutes.unsigned_abs());
        text.push_str(&format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60));
    }
    text
}

/// A length in human-readable form: thousands as powers of ten, one decimal, rounded down.
pub fn human_bytes(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1000 {
        return count(bytes, "byte");
    }
    let mut unit = 1000_u64;
    let mut name = UNITS[0];
    for next in UNITS.into_iter().skip(1) {
        if bytes / unit < 1000 {
            break;
        }
        unit *= 1000;
        name = next;
    }
    format!("{}.{} {name}", bytes / unit, bytes % unit / (unit / 10))
}

/// A length of time in microseconds: `8.2 s`, `1:05 min`, `1:02:05 h`, rounded down.
pub fn human_duration(microseconds: i64) -> String {
    let tenths = microseconds.max(0) / 100_000;
    let (seconds, minutes, hours) = (tenths / 10 % 60, tenths / 600 % 60, tenths / 36_000);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}.{} s", tenths % 10),
        (0, _) => format!("{minutes}:{seconds:02} min"),
        _ => format!("{hours}:{minutes:02}:{seconds:02} h"),
    }
}

/// Bits a second: `850 kbit/s`, `12.3 Mbit/s`, rounded down.
pub fn human_bit_rate(bits: u64) -> String {
    match bits {
        0..1_000_000 => format!("{} kbit/s", bits / 1000),
        _ => format!("{}.{} Mbit/s", grouped(bits / 1_000_000), bits / 100_000 % 10),
    }
}

/// `1 file`, `2,000 files`.
pub fn count(number: u64, noun: &str) -> String {
    format!("{} {}", grouped(number), plural(number, noun))
}

/// `file`, or `files` for any number but one.
pub fn plural(number: u64, noun: &str) -> String {
    if number == 1 { noun.to_owned() } else { format!("{noun}s") }
}

/// Digits in groups of three.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn iso(local_seconds: i64, subsecond_ns: Option<u32>, offset_minutes: Option<i16>) -> String {
        iso_time(CaptureTime { local_seconds, subsecond_ns, offset_minutes })
    }

    #[test]
    fn durations_and_rates() {
        for (microseconds, text) in [
            (0, "0.0 s"),
            (-5, "0.0 s"),
            (8_290_000, "8.2 s"),
            (59_999_999, "59.9 s"),
            (65_000_000, "1:05 min"),
            (3_725_000_000, "1:02:05 h"),
        ] {
            assert_eq!(human_duration(microseconds), text);
        }
        for (bits, text) in [(0, "0 kbit/s"), (850_999, "850 kbit/s"), (12_345_678, "12.3 Mbit/s")]
        {
            assert_eq!(human_bit_rate(bits), text);
        }
    }

    #[test]
    fn known_times() {
        assert_eq!(iso(0, None, None), "1970-01-01T00:00:00");
        assert_eq!(iso(951_782_399, None, None), "2000-02-28T23:59:59");
        assert_eq!(iso(951_782_400, None, Some(0)), "2000-02-29T00:00:00+00:00");
        assert_eq!(iso(-1, Some(500_000_000), Some(-570)), "1969-12-31T23:59:59.5-09:30");
        assert_eq!(iso(1_549_197_296, Some(0), Some(120)), "2019-02-03T12:34:56.0+02:00");
        assert_eq!(iso(-2_208_988_801, None, None), "1899-12-31T23:59:59");
    }

    #[test]
    fn absurd_times_do_not_break_it() {
        for seconds in [i64::MIN, i64::MAX] {
            assert!(iso(seconds, Some(u32::MAX), Some(i16::MIN)).contains('T'));
        }
    }

    #[test]
    fn sizes_for_people() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (999, "999 bytes"),
            (1000, "1.0 kB"),
            (999_999, "999.9 kB"),
            (1_000_000, "1.0 MB"),
            (u64::MAX, "18.4 EB"),
        ] {
            assert_eq!(human_bytes(bytes), text);
        }
    }
}
