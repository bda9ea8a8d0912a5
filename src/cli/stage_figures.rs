//! What a bar says in figures: as much as the screen is wide.

use std::time::Duration;

use clean_backup::model::event::Phase;
use clean_backup::model::readable::{count, grouped, human_bytes};

/// Longest name of a stage, so that bars begin in one column.
const LABEL: usize = 17;
/// What a bar itself should have at least.
const LEAST_BAR: usize = 8;

/// How far a stage is.
#[derive(Clone, Copy, Debug)]
pub struct StageFigures {
    /// Items that are through.
    pub items: u64,
    /// All of them, where that is known.
    pub total: Option<u64>,
    /// Bytes of those that are through.
    pub bytes: u64,
    /// Since it began.
    pub took: Duration,
}

impl StageFigures {
    /// As many of items, time left, rate and bytes as fit into so many columns beside the name of
    /// the stage and a short bar.
    pub fn fitting(&self, columns: usize) -> String {
        let room = columns.saturating_sub(LABEL + LEAST_BAR + 2);
        let mut line = match self.total {
            Some(total) => format!("{}/{}", grouped(self.items), grouped(total)),
            None => grouped(self.items),
        };
        let left = match self.total {
            Some(_) => self.left().map(|left| format!("{} left", span(left))),
            None => Some(span(self.took)),
        };
        let bytes = (self.bytes > 0).then(|| human_bytes(self.bytes));
        for part in [left, self.rate(), bytes].into_iter().flatten() {
            if line.chars().count() + 2 + part.chars().count() <= room {
                line = format!("{line}  {part}");
            }
        }
        line
    }

    /// By the average so far: there as soon as the first item is through.
    fn left(&self) -> Option<Duration> {
        let more = self.total?.checked_sub(self.items)?;
        (self.items > 0).then(|| {
            let milliseconds = self.took.as_millis() * u128::from(more) / u128::from(self.items);
            Duration::from_millis(u64::try_from(milliseconds).unwrap_or(u64::MAX))
        })
    }

    /// In whole items: a second, or where that is none, a minute.
    fn rate(&self) -> Option<String> {
        let milliseconds = self.took.as_millis().max(1);
        let per = |unit: u128| u128::from(self.items) * unit / milliseconds;
        let shown = |rate: u128| grouped(u64::try_from(rate).unwrap_or(u64::MAX));
        match (per(1000), per(60_000)) {
            (0, 0) => None,
            (0, minute) => Some(format!("{}/min", shown(minute))),
            (second, _) => Some(format!("{}/s", shown(second))),
        }
    }
}

/// `9 s`, `1 min 20 s`, `2 h 5 min`.
fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, _) => format!("{} h {m} min", grouped(h)),
    }
}

/// The name of a stage, as wide as all of them.
pub fn label(phase: Phase) -> String {
    let name = match phase {
        Phase::Walk => "Finding files",
        Phase::Lookup => "Asking the cache",
        Phase::Hash => "Hashing",
        Phase::Films => "Reading films",
        Phase::Compare => "Comparing",
        Phase::Verify => "Checking bytes",
        Phase::Dates => "Reading dates",
        Phase::Act => "Acting",
        Phase::Preview => "Making thumbnails",
    };
    format!("{name:LABEL$}")
}

/// The line that stays of a stage, narrower than so many columns: one that fills the screen would
/// leave the cursor in its line.
pub fn kept(phase: Phase, items: u64, bytes: u64, took: Duration, columns: usize) -> String {
    let noun = match phase {
        Phase::Hash | Phase::Preview => "picture",
        Phase::Films => "film",
        _ => "file",
    };
    let bytes = if bytes > 0 { format!(", {}", human_bytes(bytes)) } else { String::new() };
    let line = format!(
        "{} {}{bytes} in {}.{} s",
        label(phase),
        count(items, noun),
        grouped(took.as_secs()),
        took.subsec_millis() / 100
    );
    line.chars().take(columns.saturating_sub(1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOME: StageFigures = StageFigures {
        items: 1_390,
        total: Some(12_345),
        bytes: 4_200_000_000,
        took: Duration::from_millis(10_400),
    };

    #[test]
    fn what_fits_is_shown() {
        assert_eq!(SOME.fitting(200), "1,390/12,345  1 min 21 s left  133/s  4.2 GB");
        assert_eq!(SOME.fitting(70), "1,390/12,345  1 min 21 s left  133/s");
        assert_eq!(SOME.fitting(60), "1,390/12,345  1 min 21 s left");
        assert_eq!(SOME.fitting(50), "1,390/12,345  133/s");
        assert_eq!(SOME.fitting(10), "1,390/12,345");
        for columns in 45..200 {
            let width = LABEL + LEAST_BAR + 2 + SOME.fitting(columns).chars().count();
            assert!(width <= columns, "{columns}");
        }
    }

    #[test]
    fn the_first_item_gives_an_estimate() {
        let first = StageFigures { items: 1, took: Duration::from_secs(2), ..SOME };
        assert_eq!(first.fitting(200), "1/12,345  6 h 51 min left  30/min  4.2 GB");
        let none = StageFigures { items: 0, bytes: 0, ..SOME };
        assert_eq!(none.fitting(200), "0/12,345");
        let unknown = StageFigures { total: None, ..SOME };
        assert_eq!(unknown.fitting(200), "1,390  10 s  133/s  4.2 GB");
    }

    #[test]
    fn a_line_stays() {
        let took = Duration::from_millis(2_349);
        let line = kept(Phase::Hash, 1_390, 4_200_000_000, took, 80);
        assert_eq!(line, "Hashing           1,390 pictures, 4.2 GB in 2.3 s");
        assert_eq!(kept(Phase::Walk, 1, 0, took, 80), "Finding files     1 file in 2.3 s");
        assert_eq!(kept(Phase::Walk, 1, 0, took, 20), "Finding files     1");
    }
}
