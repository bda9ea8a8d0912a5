//! At which moments the frames of two films are held against each other.

/// How many there are at most, spread over the whole film.
pub const MOMENTS: usize = 8;

/// Of each eighth of a film the moment that costs least, in ascending order; of several that cost
/// the same the one nearest to the middle. `offered` are moments that may be cheap, in any order,
/// beside the middles themselves; `cost` says how many frames have to be decoded, or `None` where
/// there is no frame to be had.
pub fn choose(duration_us: i64, offered: &[i64], cost: impl Fn(i64) -> Option<u64>) -> Vec<i64> {
    let edge = |part: usize| (i128::from(duration_us) * part as i128 / MOMENTS as i128) as i64;
    let mut offered: Vec<i64> = offered.to_vec();
    offered.sort_unstable();
    offered.dedup();
    let mut chosen = Vec::with_capacity(MOMENTS);
    for part in 0..MOMENTS {
        let (start, end) = (edge(part), edge(part + 1));
        let middle = start.midpoint(end);
        let first = offered.partition_point(|&time| time < start);
        let last = offered.partition_point(|&time| time < end);
        let within = offered.get(first..last).unwrap_or_default().iter().copied();
        let priced = within.chain([middle]).filter_map(|time| Some((cost(time)?, time)));
        let best = priced.min_by_key(|&(cost, time)| (cost, time.abs_diff(middle), time));
        chosen.extend(best.map(|(_, time)| time));
    }
    chosen.dedup();
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cheapest_of_each_eighth() {
        let keys = [0, 900, 1000, 1999, 2000, 7999, 8000];
        let cost = |time: i64| Some(if keys.contains(&time) { 1 } else { 10 });
        assert_eq!(choose(8000, &keys, cost), [900, 1999, 2000, 3500, 4500, 5500, 6500, 7999]);
        // The nearest to the middle of those that cost the same.
        assert_eq!(choose(8000, &[100, 400, 500, 700], |_| Some(1))[0], 500);
        assert_eq!(choose(8000, &[100, 450, 700], |time| (time != 500).then_some(1))[0], 450);
        assert!(choose(8000, &keys, |_| None).is_empty());
        // A film of one frame has one moment.
        assert_eq!(choose(0, &[0], |_| Some(1)), [0]);
    }
}
