//! Which stretch of one film shows what a stretch of another one shows: found by frames a fifth of
//! a second apart, whatever was cut off, put before, or made faster.

use super::way::Stretch;
use crate::model::phash::{FineDistance, FineHash};

/// A frame by its hash alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glimpse {
    /// When it begins, in microseconds from the first frame.
    pub time: i64,
    /// Its hash.
    pub fine: FineHash,
}

/// From glimpse to glimpse in a dense stretch, in microseconds.
pub const EVERY: i64 = 200_000;
/// How long the dense stretch in the middle of a film is at most, in microseconds.
pub const DENSE: i64 = 20_000_000;
/// Frames of one film, a tenth of a second apart, are mostly nearer than this.
const NEAR: FineDistance = FineDistance(40);
/// Glimpses fit one another when they are no further apart than this, in microseconds.
const FIT: i64 = 120_000;
/// So many have to fit …
const FEWEST: usize = 4;
/// … over so many microseconds.
const LEAST: i64 = 2_000_000;
/// Most that are looked at to find how much faster a film is.
const MOST: usize = 120;
/// How much faster a film may be, in thousandths of the other's pace.
const PACES: std::ops::RangeInclusive<i64> = 500..=2000;
/// Least share of the shorter film, in per cent, that both show.
const SHARE: i64 = 60;

/// The moments of a film of that length at which it is looked at densely.
pub fn dense_moments(duration_us: i64) -> Vec<i64> {
    let from = ((duration_us - DENSE) / 2).max(0);
    let to = duration_us.min(from.saturating_add(DENSE));
    (0..).map(|step| from + step * EVERY).take_while(|&time| time < to).collect()
}

/// Second by first: `at` + `pace` · (time − `from`) / 2²⁰.
#[derive(Clone, Copy)]
struct Line {
    from: i64,
    at: i64,
    pace: i64,
}

const ONE: i64 = 1 << 20;

impl Line {
    fn second(self, first: i64) -> i64 {
        let later = i128::from(first - self.from) * i128::from(self.pace) / i128::from(ONE);
        self.at + later as i64
    }

    fn first(self, second: i64) -> i64 {
        let later = i128::from(second - self.at) * i128::from(ONE) / i128::from(self.pace.max(1));
        self.from + later as i64
    }

    fn fitting(self, pairs: &[(i64, i64)]) -> Vec<(i64, i64)> {
        let fits = |&&(a, b): &&(i64, i64)| self.second(a).abs_diff(b) <= FIT.unsigned_abs();
        pairs.iter().filter(fits).copied().collect()
    }
}

/// The stretches of two films that may show the same, if there are such; durations in
/// microseconds.
pub fn common_stretch(a: &[Glimpse], b: &[Glimpse], durations: [i64; 2]) -> Option<Stretch> {
    let pairs = near_pairs(a, b);
    let same_pace = of_one_pace(&pairs);
    let line = match same_pace {
        Some((line, fitting)) => {
            // Most of what is near fits: nothing else could be better.
            if fitting * 3 >= pairs.len() * 2 {
                line
            } else {
                faster(&pairs).filter(|found| found.1 > fitting * 3 / 2).map_or(line, |f| f.0)
            }
        }
        None => faster(&pairs)?.0,
    };
    let from = line.first(0).max(0);
    let to = line.first(durations[1]).min(durations[0]);
    let starts = [from, line.second(from).max(0)];
    let lasts = [to - from, line.second(to).min(durations[1]) - starts[1]];
    let shorter = if durations[0] <= durations[1] { 0 } else { 1 };
    let is_long = lasts[shorter] * 100 >= durations[shorter] * SHARE;
    (lasts.iter().all(|&last| last > 0) && is_long).then_some(Stretch { starts, lasts })
}

/// For each glimpse of the first film the nearest of the second, where it is near.
fn near_pairs(a: &[Glimpse], b: &[Glimpse]) -> Vec<(i64, i64)> {
    let nearest = |one: &Glimpse| {
        let other = b.iter().min_by_key(|other| one.fine.distance(other.fine))?;
        (one.fine.distance(other.fine) <= NEAR).then_some((one.time, other.time))
    };
    a.iter().filter_map(nearest).collect()
}

fn is_enough(fitting: &[(i64, i64)]) -> bool {
    let first = fitting.iter().map(|pair| pair.0).min().unwrap_or(0);
    let last = fitting.iter().map(|pair| pair.0).max().unwrap_or(0);
    fitting.len() >= FEWEST && last - first >= LEAST
}

/// The delay that most pairs have.
fn of_one_pace(pairs: &[(i64, i64)]) -> Option<(Line, usize)> {
    let mut delays: Vec<i64> = pairs.iter().map(|(a, b)| b - a).collect();
    delays.sort_unstable();
    let within = |at: usize| delays.partition_point(|&delay| delay <= delays[at] + 2 * FIT) - at;
    let best = (0..delays.len()).max_by_key(|&at| within(at))?;
    let members = delays.get(best..best + within(best))?;
    let delay = members.get(members.len() / 2).copied()?;
    let line = Line { from: 0, at: delay, pace: ONE };
    let fitting = line.fitting(pairs);
    is_enough(&fitting).then_some((line, fitting.len()))
}

/// The line that most pairs lie on, whatever its pace.
fn faster(pairs: &[(i64, i64)]) -> Option<(Line, usize)> {
    let step = pairs.len().div_ceil(MOST).max(1);
    let some: Vec<(i64, i64)> = pairs.iter().step_by(step).copied().collect();
    let mut best: Option<(usize, Line)> = None;
    for (at, &(a, b)) in some.iter().enumerate() {
        for &(later_a, later_b) in some.get(at + 1..).unwrap_or_default() {
            let (first, second) = (later_a - a, later_b - b);
            if first < LEAST || !PACES.contains(&(second * 1000 / first)) {
                continue;
            }
            let line = Line { from: a, at: b, pace: second * ONE / first };
            let fits = |&&(a, b): &&(i64, i64)| line.second(a).abs_diff(b) <= FIT.unsigned_abs();
            let count = some.iter().filter(fits).count();
            if best.is_none_or(|(most, _)| count > most) {
                best = Some((count, line));
            }
        }
    }
    let fitting = best?.1.fitting(pairs);
    let line = least_squares(&fitting)?;
    let fitting = line.fitting(pairs);
    is_enough(&fitting).then_some((line, fitting.len()))
}

fn least_squares(pairs: &[(i64, i64)]) -> Option<Line> {
    let count = i64::try_from(pairs.len()).ok().filter(|&count| count > 0)?;
    let from = pairs.iter().map(|pair| pair.0).sum::<i64>() / count;
    let at = pairs.iter().map(|pair| pair.1).sum::<i64>() / count;
    let (mut both, mut squares) = (0_i128, 0_i128);
    for (a, b) in pairs {
        let (a, b) = (i128::from(a - from), i128::from(b - at));
        both += a * b;
        squares += a * a;
    }
    let pace = (both * i128::from(ONE)).checked_div(squares)?;
    let pace = i64::try_from(pace).ok().filter(|&pace| pace > 0)?;
    Some(Line { from, at, pace })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A film whose frames change all the time: `scene` microseconds in at `time`.
    fn film(seconds: i64, scene: impl Fn(i64) -> i64) -> Vec<Glimpse> {
        let glimpse = |time: i64| {
            // Every 20 milliseconds four other bits are turned.
            let step = scene(time).div_euclid(20_000);
            let mut fine = [0_u64; 4];
            for word in 0..256_i64 {
                let turned = (step + word * 97).div_euclid(64) as u64;
                let random = (turned ^ word as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                fine[word as usize / 64] |= (random >> 40 & 1) << (word % 64);
            }
            Glimpse { time, fine: FineHash(fine) }
        };
        dense_moments(seconds * 1_000_000).into_iter().map(glimpse).collect()
    }

    fn found(a: &[Glimpse], b: &[Glimpse], seconds: [i64; 2]) -> Option<[i64; 4]> {
        let found = common_stretch(a, b, seconds.map(|seconds| seconds * 1_000_000))?;
        let [a, b] = found.starts;
        let [c, d] = found.lasts;
        Some([a, b, c, d].map(|time| (time + 50_000).div_euclid(100_000)))
    }

    #[test]
    fn cuts_intros_and_paces() {
        let whole = film(10, |time| time);
        let cases = [
            ("the same", film(10, |time| time), 10, [0, 0, 100, 100]),
            ("tail cut", film(9, |time| time), 9, [0, 0, 90, 90]),
            ("head cut", film(9, |time| time + 1_000_000), 9, [10, 0, 90, 90]),
            ("head cut, between", film(9, |time| time + 900_000), 9, [9, 0, 90, 90]),
            ("intro", film(12, |time| time - 2_000_000), 12, [0, 20, 100, 100]),
            ("faster", film(8, |time| time * 5 / 4), 8, [0, 0, 100, 80]),
        ];
        for (what, other, seconds, expected) in cases {
            let near = |found: [i64; 4]| {
                found.iter().zip(expected).all(|(found, made)| found.abs_diff(made) <= 1)
            };
            let forth = found(&whole, &other, [10, seconds]);
            assert!(forth.is_some_and(near), "{what}: {forth:?}");
            let back = found(&other, &whole, [seconds, 10]);
            let back = back.map(|[a, b, c, d]| [b, a, d, c]);
            assert!(back.is_some_and(near), "{what}: {back:?}");
        }
    }

    #[test]
    fn little_in_common_is_nothing() {
        let whole = film(10, |time| time);
        assert_eq!(found(&whole, &film(10, |time| time + 50_000_000), [10, 10]), None);
        // Less than 60 % of either.
        assert_eq!(found(&whole, &film(10, |time| time + 5_000_000), [10, 10]), None);
        assert!(found(&whole, &film(10, |time| time + 3_500_000), [10, 10]).is_some());
        // Less than two seconds of near frames.
        let moment = film(10, |time| if time < 1_400_000 { time } else { time + 90_000_000 });
        assert_eq!(found(&whole, &moment, [10, 10]), None);
        assert_eq!(common_stretch(&[], &whole, [0, 10_000_000]), None);
    }

    #[test]
    fn long_films_are_looked_at_in_the_middle() {
        assert_eq!(dense_moments(600_000), [0, 200_000, 400_000]);
        let long = dense_moments(60_000_000);
        assert_eq!((long.len(), long[0], long[99]), (100, 20_000_000, 39_800_000));
        assert!(dense_moments(0).is_empty() && dense_moments(-1).is_empty());
    }
}
