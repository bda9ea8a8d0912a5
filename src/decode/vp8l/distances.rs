//! Distances to the pixels that are repeated (3.6.2.2).

/// The pixels nearby that have short codes: columns to the left, and rows up.
#[rustfmt::skip]
const NEAR: [(i8, i8); 120] = [
    (0, 1), (1, 0), (1, 1), (-1, 1), (0, 2), (2, 0), (1, 2), (-1, 2),
    (2, 1), (-2, 1), (2, 2), (-2, 2), (0, 3), (3, 0), (1, 3), (-1, 3),
    (3, 1), (-3, 1), (2, 3), (-2, 3), (3, 2), (-3, 2), (0, 4), (4, 0),
    (1, 4), (-1, 4), (4, 1), (-4, 1), (3, 3), (-3, 3), (2, 4), (-2, 4),
    (4, 2), (-4, 2), (0, 5), (3, 4), (-3, 4), (4, 3), (-4, 3), (5, 0),
    (1, 5), (-1, 5), (5, 1), (-5, 1), (2, 5), (-2, 5), (5, 2), (-5, 2),
    (4, 4), (-4, 4), (3, 5), (-3, 5), (5, 3), (-5, 3), (0, 6), (6, 0),
    (1, 6), (-1, 6), (6, 1), (-6, 1), (2, 6), (-2, 6), (6, 2), (-6, 2),
    (4, 5), (-4, 5), (5, 4), (-5, 4), (3, 6), (-3, 6), (6, 3), (-6, 3),
    (0, 7), (7, 0), (1, 7), (-1, 7), (5, 5), (-5, 5), (7, 1), (-7, 1),
    (4, 6), (-4, 6), (6, 4), (-6, 4), (2, 7), (-2, 7), (7, 2), (-7, 2),
    (3, 7), (-3, 7), (7, 3), (-7, 3), (5, 6), (-5, 6), (6, 5), (-6, 5),
    (8, 0), (4, 7), (-4, 7), (7, 4), (-7, 4), (8, 1), (8, 2), (6, 6),
    (-6, 6), (8, 3), (5, 7), (-5, 7), (7, 5), (-7, 5), (8, 4), (6, 7),
    (-6, 7), (7, 6), (-7, 6), (8, 5), (7, 7), (-7, 7), (8, 6), (8, 7),
];

/// The distance in pixels for a number as it is coded, in a picture of such a width.
pub(super) fn distance(coded: usize, width: usize) -> usize {
    let Some(&(left, up)) = NEAR.get(coded.wrapping_sub(1)) else {
        return coded.saturating_sub(NEAR.len()).max(1);
    };
    let rows = width.saturating_mul(usize::from(up.unsigned_abs()));
    rows.saturating_add_signed(left.into()).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_pixels_come_first() {
        let coded = [1, 2, 4, 120, 121, 122, 1000].map(|coded| distance(coded, 100));
        assert_eq!(coded, [100, 1, 99, 708, 1, 2, 880]);
        // What would lie ahead is the pixel before.
        assert_eq!(distance(4, 1), 1);
        assert_eq!(distance(18, 2), 1);
    }
}
