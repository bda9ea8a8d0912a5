//! Days of the proleptic Gregorian calendar, in years that begin in March, so that the leap day is
//! the last of its year.

/// A day and a time of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub struct Civil {
    pub year: i64,
    pub month: i64,
    pub day: i64,
    pub hour: i64,
    pub minute: i64,
    pub second: i64,
}

const DAY: i64 = 86_400;

impl Civil {
    /// Of seconds since 1970-01-01 00:00:00 on the same clock.
    pub fn from_seconds(seconds: i64) -> Self {
        let (year, month, day) = civil(seconds.div_euclid(DAY));
        let of_day = seconds.rem_euclid(DAY);
        let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        Self { year, month, day, hour, minute, second }
    }

    /// Seconds since 1970-01-01 00:00:00 on the same clock; `None` for what is no time of any day.
    /// A second may be the 60th.
    pub fn seconds(self) -> Option<i64> {
        let Self { year, month, day, hour, minute, second } = self;
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let last_day = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return None,
        };
        let sound = (1..=9999).contains(&year)
            && (1..=last_day).contains(&day)
            && (0..24).contains(&hour)
            && (0..60).contains(&minute)
            && (0..=60).contains(&second);
        sound.then(|| days_since_1970(year, month, day) * DAY + hour * 3600 + minute * 60 + second)
    }
}

fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let of_year = (153 * month + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year
        - 719_468
}

/// Year, month and day of a day counted from 1970-01-01, by eras of 400 years.
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
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn there_and_back(seconds in -62_135_596_800_i64..253_402_300_800) {
            prop_assert_eq!(Civil::from_seconds(seconds).seconds(), Some(seconds));
        }
    }

    #[test]
    fn only_days_of_the_calendar() {
        let at =
            |year, month, day| Civil { year, month, day, hour: 0, minute: 0, second: 0 }.seconds();
        assert_eq!(at(1970, 1, 1), Some(0));
        assert_eq!(at(2000, 2, 29), Some(951_782_400));
        for (year, month, day) in [(1900, 2, 29), (2019, 13, 1), (2019, 4, 31), (0, 1, 1)] {
            assert_eq!(at(year, month, day), None);
        }
    }
}
