//! The orders in which coefficients are coded (ITU-T H.265, 6.5.3 to 6.5.5).

/// Column and row.
type Place = (u8, u8);

/// Diagonal, horizontal and vertical: the numbers by which the specification calls them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scan {
    Diagonal = 0,
    Horizontal = 1,
    Vertical = 2,
}

const fn diagonal<const COUNT: usize>(side: u8) -> [Place; COUNT] {
    let mut places = [(0, 0); COUNT];
    let (mut at, mut sum) = (0, 0);
    while at < COUNT {
        // Each diagonal from its lower left end upwards.
        let mut x = 0;
        while x <= sum {
            let y = sum - x;
            if x < side && y < side {
                places[at] = (x, y);
                at += 1;
            }
            x += 1;
        }
        sum += 1;
    }
    places
}

const fn by_lines<const COUNT: usize>(side: u8, upright: bool) -> [Place; COUNT] {
    let mut places = [(0, 0); COUNT];
    let mut at = 0;
    while at < COUNT {
        let (line, along) = (at as u8 / side, at as u8 % side);
        places[at] = if upright { (line, along) } else { (along, line) };
        at += 1;
    }
    places
}

pub(super) const DIAGONAL_2: [Place; 4] = diagonal(2);
pub(super) const DIAGONAL_4: [Place; 16] = diagonal(4);
pub(super) const DIAGONAL_8: [Place; 64] = diagonal(8);

/// The places inside a sub-block, by scan.
pub(super) static WITHIN: [[Place; 16]; 3] = [DIAGONAL_4, by_lines(4, false), by_lines(4, true)];

const ONE: [Place; 1] = [(0, 0)];
const ROWS_2: [Place; 4] = by_lines(2, false);
const COLUMNS_2: [Place; 4] = by_lines(2, true);

/// The sub-blocks of a transform block of `1 << log2` samples a side. Only blocks of up to 8
/// samples are scanned by lines.
pub(super) fn sub_blocks(scan: Scan, log2: u32) -> &'static [Place] {
    match (log2, scan) {
        (2, _) => &ONE,
        (3, Scan::Diagonal) => &DIAGONAL_2,
        (3, Scan::Horizontal) => &ROWS_2,
        (3, Scan::Vertical) => &COLUMNS_2,
        (4, _) => &DIAGONAL_4,
        _ => &DIAGONAL_8,
    }
}

/// The contexts of `sig_coeff_flag` inside a sub-block (9.3.4.2.5), in the order of its scan, by
/// scan and by which of the sub-blocks to the right (1) and below (2) have coefficients.
pub(super) static NEAR: [[[u8; 16]; 4]; 3] = {
    let mut table = [[[0; 16]; 4]; 3];
    let (mut scan, scans) = (0, [DIAGONAL_4, by_lines(4, false), by_lines(4, true)]);
    while scan < 3 {
        let mut at = 0;
        while at < 16 {
            let (x, y) = scans[scan][at];
            table[scan][0][at] = match x + y {
                0 => 2,
                1 | 2 => 1,
                _ => 0,
            };
            table[scan][1][at] = if y == 0 {
                2
            } else if y == 1 {
                1
            } else {
                0
            };
            table[scan][2][at] = if x == 0 {
                2
            } else if x == 1 {
                1
            } else {
                0
            };
            table[scan][3][at] = 2;
            at += 1;
        }
        scan += 1;
    }
    table
};

/// The same for blocks of 4×4 (table 9-50).
pub(super) static NEAR_SMALL: [[u8; 16]; 3] = {
    const MAP: [u8; 16] = [0, 1, 4, 5, 2, 3, 4, 5, 6, 6, 8, 8, 7, 7, 8, 8];
    let mut table = [[0; 16]; 3];
    let (mut scan, scans) = (0, [DIAGONAL_4, by_lines(4, false), by_lines(4, true)]);
    while scan < 3 {
        let mut at = 0;
        while at < 16 {
            let (x, y) = scans[scan][at];
            table[scan][at] = MAP[y as usize * 4 + x as usize];
            at += 1;
        }
        scan += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn diagonals_run_upwards_from_the_left() {
        assert_eq!(DIAGONAL_4[..6], [(0, 0), (0, 1), (1, 0), (0, 2), (1, 1), (2, 0)]);
        assert_eq!(DIAGONAL_4[15], (3, 3));
        assert_eq!(DIAGONAL_8[63], (7, 7));
        assert_eq!(WITHIN[Scan::Horizontal as usize][5], (1, 1));
        assert_eq!(WITHIN[Scan::Vertical as usize][4], (1, 0));
    }

    #[test]
    fn every_place_is_scanned_once() {
        for scan in [Scan::Diagonal, Scan::Horizontal, Scan::Vertical] {
            for log2 in 2..=5 {
                let mut places = sub_blocks(scan, log2).to_vec();
                places.sort_unstable();
                places.dedup();
                assert_eq!(places.len(), 1 << (2 * (log2 - 2)), "{scan:?} {log2}");
            }
        }
    }
}
