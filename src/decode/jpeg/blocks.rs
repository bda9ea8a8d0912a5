//! The coefficients of a picture that is read in several scans.

/// The coefficients of one component: 1 a block (DC alone), or 64 in zigzag order.
pub(super) struct Blocks {
    pub values: Vec<i16>,
    pub per_block: usize,
    pub across: usize,
    /// For each coefficient the bits that are still to come; 16: nothing was read of it.
    pub open: [u8; 64],
}

impl Blocks {
    pub fn at(&mut self, (across, down): (usize, usize)) -> Option<&mut [i16]> {
        let start = (down * self.across + across) * self.per_block;
        self.values.get_mut(start..start + self.per_block)
    }

    /// Notes that a scan has brought the coefficients `first` to `last` down to bit `low`.
    pub fn mark(&mut self, first: usize, last: usize, low: u32) {
        self.open[first..=last].fill(low as u8);
    }

    /// Whether every coefficient that is kept is whole.
    pub fn complete(&self) -> bool {
        self.open[..self.per_block].iter().all(|&open| open == 0)
    }
}
