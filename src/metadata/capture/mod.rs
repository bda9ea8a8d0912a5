//! When a picture or a film was taken: every date that anybody gives, and which of them stands.

mod doubt;
mod names;

use crate::model::calendar::Civil;
use crate::model::media::CaptureTime;
use doubt::refusal;
pub use names::from_name;

/// Sources of dates; the first one with a plausible date is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DateSource {
    /// Exif DateTimeOriginal, from the Exif directory.
    ExifOriginal,
    /// Exif DateTimeDigitized.
    ExifDigitized,
    /// XMP inside of the file.
    Xmp,
    /// IPTC's Date Created inside of the file.
    Iptc,
    /// Apple's `com.apple.quicktime.creationdate`, which has a zone.
    QuickTimeCreationDate,
    /// The movie header of MP4 and QuickTime, in UTC.
    MovieHeader,
    /// Matroska's and WebM's DateUTC.
    Matroska,
    /// The date of an AVI file, as the camera's clock showed it.
    Avi,
    /// XMP beside the file.
    SidecarXmp,
    /// Google Takeout's `photoTakenTime`, in UTC.
    Takeout,
    /// Another file of the same unit.
    Partner,
    /// The file's name.
    FileName,
    /// The file's modification time.
    FileSystem,
}

impl DateSource {
    /// All, the most trusted first.
    pub const ALL: [Self; 13] = [
        Self::ExifOriginal,
        Self::ExifDigitized,
        Self::Xmp,
        Self::Iptc,
        Self::QuickTimeCreationDate,
        Self::MovieHeader,
        Self::Matroska,
        Self::Avi,
        Self::SidecarXmp,
        Self::Takeout,
        Self::Partner,
        Self::FileName,
        Self::FileSystem,
    ];

    /// Name as reports write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ExifOriginal => "exif-original",
            Self::ExifDigitized => "exif-digitized",
            Self::Xmp => "xmp",
            Self::Iptc => "iptc",
            Self::QuickTimeCreationDate => "quicktime-creationdate",
            Self::MovieHeader => "movie-header",
            Self::Matroska => "matroska",
            Self::Avi => "avi",
            Self::SidecarXmp => "sidecar-xmp",
            Self::Takeout => "takeout",
            Self::Partner => "partner",
            Self::FileName => "file-name",
            Self::FileSystem => "file-system",
        }
    }

    /// Whether the file itself, or what was made with it, says so.
    pub fn is_firm(self) -> bool {
        !matches!(self, Self::Partner | Self::FileName | Self::FileSystem)
    }
}

/// A time as its source has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Moment {
    /// On the wall clock where it was taken.
    Local(CaptureTime),
    /// In seconds since 1970 in UTC.
    Utc(i64),
}

/// A date as one source gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateCandidate {
    /// The source that gives it.
    pub source: DateSource,
    /// As it is written.
    pub text: String,
    /// What it means; `None` when it means nothing.
    pub moment: Option<Moment>,
}

impl DateCandidate {
    /// A date on the wall clock.
    pub fn local(source: DateSource, text: impl Into<String>, time: Option<CaptureTime>) -> Self {
        Self { source, text: text.into(), moment: time.map(Moment::Local) }
    }

    /// A date in UTC.
    pub fn utc(source: DateSource, text: impl Into<String>, seconds: Option<i64>) -> Self {
        Self { source, text: text.into(), moment: seconds.map(Moment::Utc) }
    }
}

/// Minutes east of UTC at a time in UTC, where the film was taken.
pub type Zone<'a> = dyn Fn(i64) -> i16 + Sync + 'a;

/// What is known of the world when a date is judged.
#[derive(Clone, Copy)]
pub struct Judge<'a> {
    /// Now, in seconds since 1970 in UTC.
    pub now: i64,
    /// The zone of times that are given in UTC only.
    pub zone: &'a Zone<'a>,
    /// Whether the file system's time is a last resort.
    pub file_system: bool,
}

/// A candidate and what was made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The date, and the source that gives it.
    pub candidate: DateCandidate,
    /// On the wall clock, or why it is no date.
    pub time: Result<CaptureTime, &'static str>,
}

/// All candidates, judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// In the order in which they are believed.
    pub judged: Vec<Judged>,
    /// The index of the one that is used.
    pub chosen: Option<usize>,
    /// Which of the firm ones, or the name, differ from it by more than two days.
    pub conflicts: Vec<usize>,
}

/// Sources that are further apart than this contradict each other: no zone explains it.
const CONFLICT_SECONDS: i64 = 48 * 3600;

impl Decision {
    /// The time that won, with who said so.
    pub fn time(&self) -> Option<(CaptureTime, DateSource)> {
        let judged = self.judged.get(self.chosen?)?;
        Some((judged.time.ok()?, judged.candidate.source))
    }
}

/// Judges candidates: the first source that stands wins.
pub fn decide(mut candidates: Vec<DateCandidate>, judge: Judge<'_>) -> Decision {
    candidates.sort_by_key(|candidate| candidate.source);
    // A zone that the file or its partner tells is better than a guess.
    let told = candidates.iter().find_map(|candidate| match candidate.moment {
        Some(Moment::Local(time)) => time.offset_minutes,
        _ => None,
    });
    let judged: Vec<Judged> = candidates
        .into_iter()
        .map(|candidate| Judged { time: judged(&candidate, told, judge), candidate })
        .collect();
    let chosen = judged.iter().position(|judged| judged.time.is_ok());
    let chosen_time = chosen.and_then(|at| judged[at].time.ok());
    let conflicts = judged
        .iter()
        .enumerate()
        .filter(|(_, judged)| judged.candidate.source != DateSource::FileSystem)
        .filter(|(_, judged)| {
            matches!((judged.time, chosen_time), (Ok(time), Some(chosen))
                if (time.local_seconds - chosen.local_seconds).abs() > CONFLICT_SECONDS)
        })
        .map(|(at, _)| at)
        .collect();
    Decision { judged, chosen, conflicts }
}

fn judged(
    candidate: &DateCandidate,
    told: Option<i16>,
    judge: Judge<'_>,
) -> Result<CaptureTime, &'static str> {
    if candidate.source == DateSource::FileSystem && !judge.file_system {
        return Err("not asked");
    }
    let time = match candidate.moment.ok_or("no date")? {
        Moment::Local(time) => time,
        Moment::Utc(seconds) => {
            let offset = told.unwrap_or_else(|| (judge.zone)(seconds));
            CaptureTime {
                local_seconds: seconds.saturating_add(i64::from(offset) * 60),
                subsecond_ns: None,
                offset_minutes: Some(offset),
            }
        }
    };
    // Local times are at most 14 hours ahead of UTC; the day that is granted covers it.
    match refusal(time.local_seconds, judge.now) {
        Some(why) => Err(why),
        None => Ok(time),
    }
}

/// The day on the wall clock.
pub fn day(time: CaptureTime) -> Civil {
    Civil::from_seconds(time.local_seconds)
}

#[cfg(test)]
mod tests;
