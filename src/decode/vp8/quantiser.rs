//! What coefficients are multiplied by (RFC 6386, 9.6 and 14.1).

use super::bits::BoolDecoder;

/// Factors of DC terms by index.
#[rustfmt::skip]
const DC: [i32; 128] = [
    4, 5, 6, 7, 8, 9, 10, 10, 11, 12, 13, 14, 15, 16, 17, 17,
    18, 19, 20, 20, 21, 21, 22, 22, 23, 23, 24, 25, 25, 26, 27, 28,
    29, 30, 31, 32, 33, 34, 35, 36, 37, 37, 38, 39, 40, 41, 42, 43,
    44, 45, 46, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58,
    59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74,
    75, 76, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89,
    91, 93, 95, 96, 98, 100, 101, 102, 104, 106, 108, 110, 112, 114, 116, 118,
    122, 124, 126, 128, 130, 132, 134, 136, 138, 140, 143, 145, 148, 151, 154, 157,
];
/// Factors of all other coefficients by index.
#[rustfmt::skip]
const AC: [i32; 128] = [
    4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
    20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35,
    36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51,
    52, 53, 54, 55, 56, 57, 58, 60, 62, 64, 66, 68, 70, 72, 74, 76,
    78, 80, 82, 84, 86, 88, 90, 92, 94, 96, 98, 100, 102, 104, 106, 108,
    110, 112, 114, 116, 119, 122, 125, 128, 131, 134, 137, 140, 143, 146, 149, 152,
    155, 158, 161, 164, 167, 170, 173, 177, 181, 185, 189, 193, 197, 201, 205, 209,
    213, 217, 221, 225, 229, 234, 239, 245, 249, 254, 259, 264, 269, 274, 279, 284,
];

/// The factors for the luma of a macroblock; those of chroma are of no interest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Factors {
    pub luma_dc: i32,
    pub luma_ac: i32,
    /// Of the block of second order.
    pub second_dc: i32,
    pub second_ac: i32,
}

/// The indices of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct QuantiserIndices {
    pub base: i32,
    luma_dc: i32,
    second_dc: i32,
    second_ac: i32,
}

impl QuantiserIndices {
    pub fn read(bits: &mut BoolDecoder<'_>) -> Self {
        let base = bits.number(7).into();
        let [luma_dc, second_dc, second_ac, _, _] =
            std::array::from_fn(|_| bits.optional(4).unwrap_or(0).into());
        Self { base, luma_dc, second_dc, second_ac }
    }

    /// The factors for an index.
    pub fn factors(&self, index: i32) -> Factors {
        let of = |table: &[i32; 128], delta: i32| table[(index + delta).clamp(0, 127) as usize];
        Factors {
            luma_dc: of(&DC, self.luma_dc),
            luma_ac: of(&AC, 0),
            second_dc: of(&DC, self.second_dc) * 2,
            second_ac: (of(&AC, self.second_ac) * 155 / 100).max(8),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_are_scaled_and_held_within_their_tables() {
        let indices = QuantiserIndices { base: 0, luma_dc: -3, second_dc: 15, second_ac: 2 };
        let factors = |luma_dc, luma_ac, second_dc, second_ac| Factors {
            luma_dc,
            luma_ac,
            second_dc,
            second_ac,
        };
        assert_eq!(indices.factors(0), factors(4, 4, 34, 9));
        assert_eq!(indices.factors(127), factors(148, 284, 314, 440));
        // The least factor of the second order.
        let plain = QuantiserIndices { base: 0, luma_dc: 0, second_dc: 0, second_ac: 0 };
        assert_eq!(plain.factors(0), factors(4, 4, 8, 8));
    }
}
