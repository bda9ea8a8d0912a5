//! Files on other machines that stay: somebody has read them there, and says so in a receipt.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::model::calendar::Civil;
use crate::model::path_form::PathForm;
use crate::model::record::ContentHash;

/// For so many seconds a receipt stands for a file that cannot be looked at.
const VALID_SECONDS: i64 = 24 * 3600;

/// A file on a volume of another machine, as a receipt of that machine tells of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "AttestedJson", into = "AttestedJson")]
pub struct Attested {
    /// The volume that it is on.
    pub volume: String,
    /// Where it is there.
    pub path: PathBuf,
    /// BLAKE3 of its bytes, which were read.
    pub content: ContentHash,
    /// The search that the receipt belongs to.
    pub run: String,
    /// When it was read, in UTC, like `2026-11-24T10:58:38Z`.
    pub at: String,
}

#[derive(Serialize, Deserialize)]
struct AttestedJson {
    volume: String,
    #[serde(flatten)]
    path: PathForm,
    blake3: String,
    run: String,
    at: String,
}

impl From<Attested> for AttestedJson {
    fn from(attested: Attested) -> Self {
        let Attested { volume, path, content, run, at } = attested;
        let path = PathForm::of(&path);
        Self { volume, path, blake3: content.to_hex(), run, at }
    }
}

impl TryFrom<AttestedJson> for Attested {
    type Error = String;

    fn try_from(json: AttestedJson) -> Result<Self, String> {
        let AttestedJson { volume, path, blake3, run, at } = json;
        Ok(Self {
            content: ContentHash::from_hex(&blake3).ok_or_else(|| {
                format!("blake3 of {:?} is not 64 hexadecimal digits", path.text())
            })?,
            path: path
                .path()
                .ok_or_else(|| format!("path_bytes of {:?} are no path", path.text()))?,
            volume,
            run,
            at,
        })
    }
}

impl Attested {
    /// How it is shown, and told from files of this machine: `nas1:/photos/a.jpg`.
    pub fn named(&self) -> PathBuf {
        named_path(&self.volume, &self.path)
    }

    /// Whether the receipt still stands for the file at this time (UTC, in the same form). One from
    /// the future stands for nothing.
    pub fn is_valid(&self, now: &str) -> bool {
        let times = seconds(&self.at).zip(seconds(now));
        times.is_some_and(|(at, now)| (0..=VALID_SECONDS).contains(&(now - at)))
    }
}

/// `nas1:/photos/a.jpg`: a path on a volume, told from that path on other volumes.
pub fn named_path(volume: &str, path: &Path) -> PathBuf {
    let mut named = OsString::from(format!("{volume}:"));
    named.push(path);
    named.into()
}

/// Seconds since 1970 of a time like `2026-11-24T10:58:38Z`.
fn seconds(time: &str) -> Option<i64> {
    let digits = time.strip_suffix('Z')?;
    let (date, clock) = digits.split_once('T')?;
    let numbers = |text: &str, separator| -> Option<Vec<i64>> {
        text.split(separator).map(|part| part.parse().ok()).collect()
    };
    let (date, clock) = (numbers(date, '-')?, numbers(clock, ':')?);
    let (&[year, month, day], &[hour, minute, second]) = (&date[..], &clock[..]) else {
        return None;
    };
    Civil { year, month, day, hour, minute, second }.seconds()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_stands_for_a_day() {
        let attested = |at: &str| Attested {
            volume: "nas".into(),
            path: "/p/a.jpg".into(),
            content: ContentHash([1; 32]),
            run: "r".into(),
            at: at.into(),
        };
        let now = "2026-03-01T00:00:10Z";
        for (at, valid) in [
            ("2026-03-01T00:00:10Z", true),
            ("2026-02-28T00:00:10Z", true),
            ("2026-02-28T00:00:09Z", false),
            ("2026-03-01T00:00:11Z", false),
            ("2026-03-01 00:00:10", false),
            ("yesterday", false),
        ] {
            assert_eq!(attested(at).is_valid(now), valid, "{at}");
        }
        assert_eq!(attested(now).named(), PathBuf::from("nas:/p/a.jpg"));
    }
}
