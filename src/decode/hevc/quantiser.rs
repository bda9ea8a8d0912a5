//! The quantiser of each block (ITU-T H.265, 8.6.1).

/// Quantisers are noted for blocks of 8×8 samples.
const GRAIN: usize = 8;
const ACROSS: usize = 64 / GRAIN;

/// What is known of the quantisers inside a coding tree block.
#[derive(Clone, Debug, Default)]
pub(super) struct Quantiser {
    /// Of the slice.
    of_slice: i32,
    /// Of the last coding block.
    last: i32,
    /// What that of the group is told from.
    predicted: i32,
    /// Of the blocks to come.
    pub(super) current: i32,
    /// A difference was coded for this group.
    pub(super) is_coded: bool,
    of_blocks: [[i8; ACROSS]; ACROSS],
}

impl Quantiser {
    /// At the start of a slice.
    pub(super) fn begin(&mut self, qp: i32) {
        self.of_slice = qp;
        self.restart();
    }

    /// At the start of a tile, or of a row that is decoded by itself.
    pub(super) fn restart(&mut self) {
        self.last = self.of_slice;
        self.predicted = self.of_slice;
        self.current = self.of_slice;
    }

    /// A group begins at a place inside its coding tree block.
    pub(super) fn begin_group(&mut self, x: usize, y: usize) {
        self.is_coded = false;
        let of =
            |x: usize, y: usize| i32::from(self.of_blocks[y / GRAIN % ACROSS][x / GRAIN % ACROSS]);
        // Blocks of other coding tree blocks do not count.
        let left = if x > 0 { of(x - 1, y) } else { self.last };
        let above = if y > 0 { of(x, y - 1) } else { self.last };
        self.predicted = (left + above + 1) >> 1;
        self.current = self.predicted;
    }

    /// A difference for the group, of samples of `depth` bits.
    pub(super) fn change(&mut self, difference: i32, depth: u32) {
        let offset = 6 * (depth as i32 - 8);
        let range = 52 + offset;
        self.current = (self.predicted + difference + 52 + 2 * offset).rem_euclid(range) - offset;
        self.is_coded = true;
    }

    /// A coding block of `side` samples ends.
    pub(super) fn end_block(&mut self, x: usize, y: usize, side: usize) {
        self.last = self.current;
        let rows = self.of_blocks.iter_mut().skip(y / GRAIN).take(side / GRAIN);
        for row in rows {
            for qp in row.iter_mut().skip(x / GRAIN).take(side / GRAIN) {
                *qp = self.current as i8;
            }
        }
    }
}
