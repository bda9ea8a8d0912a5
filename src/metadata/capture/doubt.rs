//! Times that are no dates.

use crate::model::calendar::Civil;

/// Why a time on the wall clock is no date that anything was taken at; `None` when it may be.
pub(super) fn refusal(seconds: i64, now: i64) -> Option<&'static str> {
    const DAY: i64 = 86_400;
    let Civil { year, month, day, hour, minute, second } = Civil::from_seconds(seconds);
    let midnight = (hour, minute, second) == (0, 0, 0);
    match (year, month, day) {
        // Clocks that were never set: of QuickTime, of Unix, of FAT, of GPS.
        (1904, 1, 1) => Some("the zero of a clock: 1904-01-01"),
        (1970, 1, 1) => Some("the zero of a clock: 1970-01-01"),
        (1980, 1, 1) => Some("the zero of a clock: 1980-01-01"),
        (1980, 1, 6) if midnight => Some("the zero of a clock: 1980-01-06"),
        // Cameras begin in the year that they were made in, at its first second.
        (2000..=2020, 1, 1) if midnight => Some("what a camera shows whose clock is not set"),
        // The first photograph.
        (..1826, ..) => Some("before there was photography"),
        _ if seconds > now.saturating_add(DAY) => Some("in the future"),
        _ => None,
    }
}
