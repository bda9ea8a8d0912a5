//! Dates in files beside a picture.

use serde::Deserialize;

use super::xmp;
use crate::metadata::capture::{DateCandidate, DateSource};

/// The dates of an XMP sidecar.
pub fn from_xmp(bytes: &[u8]) -> Vec<DateCandidate> {
    let dates = xmp::dates(bytes).into_iter();
    dates.map(|(text, time)| DateCandidate::local(DateSource::SidecarXmp, text, time)).collect()
}

#[derive(Deserialize)]
struct Takeout {
    #[serde(rename = "photoTakenTime")]
    taken: Option<Taken>,
}

#[derive(Deserialize)]
struct Taken {
    timestamp: Option<Timestamp>,
}

/// Google writes a string; other programs that imitate it, a number.
#[derive(Deserialize)]
#[serde(untagged)]
enum Timestamp {
    Text(String),
    Number(i64),
}

/// The date of Google Takeout's JSON; none for other JSON.
pub fn from_takeout(bytes: &[u8]) -> Vec<DateCandidate> {
    let timestamp =
        serde_json::from_slice::<Takeout>(bytes).ok().and_then(|takeout| takeout.taken?.timestamp);
    let candidate = timestamp.map(|timestamp| match timestamp {
        Timestamp::Text(text) => {
            let seconds = text.trim().parse().ok();
            DateCandidate::utc(DateSource::Takeout, text, seconds)
        }
        Timestamp::Number(seconds) => {
            DateCandidate::utc(DateSource::Takeout, seconds.to_string(), Some(seconds))
        }
    });
    candidate.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::capture::Moment;

    #[test]
    fn takeout() {
        let json = br#"{"title":"a.jpg","creationTime":{"timestamp":"1"},
            "photoTakenTime":{"timestamp":"1549197296","formatted":"x"}}"#;
        assert_eq!(from_takeout(json)[0].moment, Some(Moment::Utc(1_549_197_296)));
        let negative = br#"{"photoTakenTime":{"timestamp":-5}}"#;
        assert_eq!(from_takeout(negative)[0].moment, Some(Moment::Utc(-5)));
        assert_eq!(from_takeout(br#"{"photoTakenTime":{"timestamp":"?"}}"#)[0].moment, None);
        for other in [&b"{}"[..], b"[]", b"", br#"{"photoTakenTime":{}}"#] {
            assert!(from_takeout(other).is_empty());
        }
    }
}
