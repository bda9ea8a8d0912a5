//! How many cells have about one level.

/// Levels to either side of the commonest one, at most.
const MOST_REACH: usize = 8;

/// How many of the cells have about the same level, the commonest: up to `reach` levels off.
#[inline(always)]
pub fn commonest(cells: impl IntoIterator<Item = u8>, reach: usize) -> u32 {
    debug_assert!(reach <= MOST_REACH);
    let mut levels = [0_u32; 256 + 2 * MOST_REACH];
    for level in cells {
        levels[usize::from(level) + reach] += 1;
    }
    let around = levels[..256 + 2 * reach].windows(2 * reach + 1);
    around.map(|around| around.iter().sum()).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::commonest;

    #[test]
    fn levels_near_the_commonest_count_up_to_the_ends_of_the_range() {
        assert_eq!(commonest([], 2), 0);
        assert_eq!(commonest([0, 2, 3, 255], 0), 1);
        assert_eq!(commonest([0, 2, 3, 255], 1), 2);
        assert_eq!(commonest([0, 4, 5], 2), 2);
        assert_eq!(commonest([251, 253, 255, 255, 0], 2), 4);
        assert_eq!(commonest([242, 255], 6), 1);
        assert_eq!(commonest([243, 255], 6), 2);
    }
}
