//! Dates in the names of files, as phones, cameras and messengers write them.

use super::Moment;
use crate::model::calendar::Civil;
use crate::model::media::CaptureTime;

/// A run of digits and what stands before it.
struct DigitRun<'a> {
    before: &'a str,
    digits: &'a str,
}

impl DigitRun<'_> {
    fn number(&self, from: usize, to: usize) -> i64 {
        // At most 14 digits, all of them digits.
        self.digits.get(from..to).and_then(|digits| digits.parse().ok()).unwrap_or(-1)
    }

    fn len(&self) -> usize {
        self.digits.len()
    }
}

/// Prefixes after which eight digits alone are a day.
const DATED: &[&str] = &["img", "vid", "pic", "photo", "video", "screenshot", "signal", "whatsapp"];

/// The date that a file's name (without folder, with or without extension) says.
///
/// Serial numbers are no dates: eight digits count only with a time after them, after a word that a
/// date follows, or with separators.
pub fn from_name(name: &str) -> Option<Moment> {
    let (runs, rest) = runs(name);
    let lower = name.to_lowercase();
    for at in 0..runs.len() {
        let run = &runs[at];
        // Facebook: milliseconds since 1970.
        if run.len() == 13 && lower.starts_with("fb_img_") && at == 0 {
            return run.digits.parse::<i64>().ok().map(|ms| Moment::Utc(ms / 1000));
        }
        let found = whole(run).or_else(|| compact(&runs, at)).or_else(|| spelled(&runs, at, rest));
        if let Some(time) = found {
            let seconds = time.civil.seconds()?;
            // Pixel phones write UTC, and thousandths.
            return Some(if lower.starts_with("pxl_") {
                Moment::Utc(seconds)
            } else {
                Moment::Local(CaptureTime {
                    local_seconds: seconds,
                    subsecond_ns: time.thousandths.map(|ms| ms * 1_000_000),
                    offset_minutes: None,
                })
            });
        }
    }
    None
}

fn runs(name: &str) -> (Vec<DigitRun<'_>>, &str) {
    let mut runs = Vec::new();
    let mut rest = name;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
        let (digits, after) = from.split_at(end);
        runs.push(DigitRun { before, digits });
        rest = after;
    }
    (runs, rest)
}

struct NameDate {
    civil: Civil,
    thousandths: Option<u32>,
}

fn found(
    day: (i64, i64, i64),
    time: (i64, i64, i64),
    thousandths: Option<u32>,
) -> Option<NameDate> {
    let ((year, month, day), (hour, minute, second)) = (day, time);
    let civil = Civil { year, month, day, hour, minute, second };
    // Digital pictures; and none of this century's end.
    ((1990..2100).contains(&year) && civil.seconds().is_some())
        .then_some(NameDate { civil, thousandths })
}

fn day_of(run: &DigitRun<'_>) -> (i64, i64, i64) {
    (run.number(0, 4), run.number(4, 6), run.number(6, 8))
}

/// `20190203123456`, with or without thousandths.
fn whole(run: &DigitRun<'_>) -> Option<NameDate> {
    if !matches!(run.len(), 14 | 17) {
        return None;
    }
    let thousandths = (run.len() == 17).then(|| run.number(14, 17)).map(|n| n as u32);
    found(day_of(run), (run.number(8, 10), run.number(10, 12), run.number(12, 14)), thousandths)
}

/// `20190203_123456`, `20190203-WA0001`, `IMG_20190203`.
fn compact(runs: &[DigitRun<'_>], at: usize) -> Option<NameDate> {
    let run = runs.get(at).filter(|run| run.len() == 8)?;
    let next = runs.get(at + 1);
    if let Some(time) = next.filter(|next| matches!(next.before, "_" | "-" | " " | "T" | "t"))
        && matches!(time.len(), 6 | 9)
    {
        let thousandths = (time.len() == 9).then(|| time.number(6, 9)).map(|n| n as u32);
        return found(
            day_of(run),
            (time.number(0, 2), time.number(2, 4), time.number(4, 6)),
            thousandths,
        );
    }
    let word = run.before.trim_end_matches(['_', '-', ' ']).to_lowercase();
    let dated = at == 0 && DATED.contains(&word.as_str());
    let whatsapp = next.is_some_and(|next| next.before.eq_ignore_ascii_case("-wa"));
    if dated || whatsapp { found(day_of(run), (0, 0, 0), None) } else { None }
}

/// `2019-02-03 12.34.56`, `2019-02-03 at 3.04.05 PM`, `2019-02-03-123456`, `2019_02_03`.
fn spelled(runs: &[DigitRun<'_>], at: usize, rest: &str) -> Option<NameDate> {
    let (year, month, day) = (runs.get(at)?, runs.get(at + 1)?, runs.get(at + 2)?);
    let separated = matches!(month.before, "-" | "_" | ".") && month.before == day.before;
    if (year.len(), month.len(), day.len()) != (4, 2, 2) || !separated {
        return None;
    }
    let date = (year.number(0, 4), month.number(0, 2), day.number(0, 2));
    let midnight = || found(date, (0, 0, 0), None);
    let Some(hour) = runs.get(at + 3) else { return midnight() };
    // `, ` and the words of macOS and Windows in some languages.
    let joined = matches!(
        hour.before.trim(),
        "" | "_" | "-" | "T" | "at" | "," | "." | "um" | "à" | "a las" | "alle" | "om" | "kl."
    );
    if !joined {
        return midnight();
    }
    if hour.len() == 6 {
        let time = (hour.number(0, 2), hour.number(2, 4), hour.number(4, 6));
        return found(date, time, None).or_else(midnight);
    }
    let (Some(minute), Some(second)) = (runs.get(at + 4), runs.get(at + 5)) else {
        return midnight();
    };
    let colon =
        |run: &DigitRun<'_>| matches!(run.before, "." | "-" | "_" | ":" | "h" | "m" | "\u{a789}");
    let sound = matches!(hour.len(), 1 | 2)
        && minute.len() == 2
        && second.len() == 2
        && colon(minute)
        && colon(second);
    if !sound {
        return midnight();
    }
    let after = runs.get(at + 6).map_or(rest, |next| next.before).trim_start().to_lowercase();
    let hours = match hour.digits.parse::<i64>().ok()? {
        12 if after.starts_with("am") => 0,
        hours @ 1..=11 if after.starts_with("pm") => hours + 12,
        hours => hours,
    };
    found(date, (hours, minute.number(0, 2), second.number(0, 2)), None).or_else(midnight)
}
