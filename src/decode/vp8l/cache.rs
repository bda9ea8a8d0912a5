//! The cache of colours (3.6.3.3 and 3.7.2.3).

/// The colours that were seen last, by a hash of them.
#[derive(Clone, Debug)]
pub(super) struct ColourCache {
    colours: Vec<u32>,
    shift: u32,
}

impl ColourCache {
    /// Of 2 to the power of `bits` colours: 1 to 11 bits.
    pub fn new(bits: u32) -> Self {
        Self { colours: vec![0; 1 << bits], shift: 32 - bits }
    }

    #[inline(always)]
    pub fn add(&mut self, colour: u32) {
        let at = colour.wrapping_mul(0x1e35_a7bd) >> (self.shift & 31);
        if let Some(place) = self.colours.get_mut(at as usize) {
            *place = colour;
        }
    }

    pub fn get(&self, at: usize) -> Option<u32> {
        self.colours.get(at).copied()
    }
}
