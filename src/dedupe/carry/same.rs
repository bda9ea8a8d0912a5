//! When two values say the same.

use crate::model::knowledge::Position;
use crate::model::media::CaptureTime;

/// Whether two times may be the same moment. One in UTC alone says nothing of the clock on the
/// wall, and one without a zone may be in any.
pub(super) fn same_time(one: &CaptureTime, other: &CaptureTime) -> bool {
    const ANY_ZONE: i64 = 14 * 3600;
    let apart = (one.local_seconds - other.local_seconds).abs();
    match (one.offset_minutes, other.offset_minutes) {
        (Some(first), Some(second)) => {
            let zones = i64::from(first - second) * 60;
            (one.local_seconds - other.local_seconds - zones).abs() <= 1
        }
        (Some(0), None) | (None, Some(0)) => apart <= ANY_ZONE,
        _ => apart <= 1,
    }
}

/// Within about a hundred metres; the altitude of a receiver is worth little.
pub(super) fn near(one: &Position, other: &Position) -> bool {
    const DEGREES: f64 = 0.001;
    let east = (one.longitude - other.longitude).abs();
    let east = east.min(360.0 - east) * one.latitude.to_radians().cos();
    (one.latitude - other.latitude).abs() <= DEGREES && east <= DEGREES
}

pub(super) fn degrees(position: &Position) -> String {
    format!("{:.5} {:.5}", position.latitude, position.longitude)
}
