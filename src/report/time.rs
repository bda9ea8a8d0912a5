//! Capture times as ISO 8601 text.

use crate::calendar::Civil;
use crate::media::CaptureTime;

/// `YYYY-MM-DDTHH:MM:SS`, with the fraction (without trailing zeros) and the offset from UTC where
/// the camera wrote them.
pub fn iso_time(time: CaptureTime) -> String {
    let Civil { year, month, day, hour, minute, second } = Civil::of_seconds(time.local_seconds);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn iso(local_seconds: i64, subsecond_ns: Option<u32>, offset_minutes: Option<i16>) -> String {
        iso_time(CaptureTime { local_seconds, subsecond_ns, offset_minutes })
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
}
