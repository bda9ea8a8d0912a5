//! Capture times as ISO 8601 text.

use crate::media::CaptureTime;

/// `YYYY-MM-DDTHH:MM:SS`, with the fraction (without trailing zeros) and the offset from UTC where
/// the camera wrote them.
pub fn iso_time(time: CaptureTime) -> String {
    const DAY: i64 = 86_400;
    let (year, month, day) = civil(time.local_seconds.div_euclid(DAY));
    let second = time.local_seconds.rem_euclid(DAY);
    let mut text = format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}",
        second / 3600,
        second / 60 % 60,
        second % 60
    );
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

/// Year, month and day of a day counted from 1970-01-01 in the proleptic Gregorian calendar, by
/// eras of 400 years that begin on 1 March.
fn civil(days: i64) -> (i64, i64, i64) {
    const DAYS_PER_ERA: i64 = 146_097;
    // 0000-03-01 is 719,468 days before 1970-01-01. The quotient of an i64 by 86,400 leaves room.
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(DAYS_PER_ERA), days.rem_euclid(DAYS_PER_ERA));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Months of 153 days in five, from March.
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
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
