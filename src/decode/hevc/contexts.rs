//! The contexts of an intra slice (ITU-T H.265, 9.3.2.2 and tables 9-5 to 9-37, `initType` 0).

/// As many as an 8-bit number can name, so that none is out of bounds; most are not used.
pub(super) type Contexts = [u8; 256];

pub(super) const SAO_MERGE: usize = 0;
pub(super) const SAO_TYPE: usize = 1;
pub(super) const SPLIT_CU: usize = 2;
pub(super) const BYPASS: usize = 5;
pub(super) const PART_MODE: usize = 6;
pub(super) const PREVIOUS_MODE: usize = 7;
pub(super) const CHROMA_MODE: usize = 8;
pub(super) const SPLIT_TRANSFORM: usize = 9;
pub(super) const CBF_LUMA: usize = 12;
pub(super) const CBF_CHROMA: usize = 14;
pub(super) const QP_DELTA: usize = 19;
pub(super) const TRANSFORM_SKIP: usize = 21;
pub(super) const LAST_X: usize = 23;
pub(super) const LAST_Y: usize = 41;
pub(super) const SUB_BLOCK: usize = 59;
pub(super) const SIGNIFICANT: usize = 63;
/// Of blocks without a transform, luma and chroma.
pub(super) const SIGNIFICANT_SKIPPED: usize = 105;
pub(super) const GREATER_1: usize = 107;
pub(super) const GREATER_2: usize = 131;
pub(super) const RESIDUAL_SCALE: usize = 137;
pub(super) const RESIDUAL_SIGN: usize = 145;
const COUNT: usize = 147;

/// `initValue`, in the order of the numbers above.
#[rustfmt::skip]
const INITIAL: [u8; COUNT] = [
    153,
    200,
    139, 141, 157,
    154,
    184,
    184,
    63,
    153, 138, 138,
    111, 141,
    94, 138, 182, 154, 154,
    154, 154,
    139, 139,
    110, 110, 124, 125, 140, 153, 125, 127, 140, 109, 111, 143, 127, 111, 79, 108, 123, 63,
    110, 110, 124, 125, 140, 153, 125, 127, 140, 109, 111, 143, 127, 111, 79, 108, 123, 63,
    91, 171, 134, 141,
    111, 111, 125, 110, 110, 94, 124, 108, 124, 107, 125, 141, 179, 153, 125, 107, 125, 141, 179,
    153, 125, 107, 125, 141, 179, 153, 125, 140, 139, 182, 182, 152, 136, 152, 136, 153, 136, 139,
    111, 136, 139, 111,
    141, 111,
    140, 92, 137, 138, 140, 152, 138, 139, 153, 74, 149, 92, 139, 107, 122, 152, 140, 179, 166,
    182, 140, 227, 122, 197,
    138, 153, 136, 167, 152, 152,
    154, 154, 154, 154, 154, 154, 154, 154,
    154, 154,
];

/// The contexts at the beginning of a slice with that quantiser.
pub(super) fn initial(qp: i32) -> Contexts {
    let mut contexts = [0; 256];
    for (context, &value) in contexts.iter_mut().zip(&INITIAL) {
        let (slope, offset) = (i32::from(value >> 4) * 5 - 45, (i32::from(value & 15) << 3) - 16);
        let state = (((slope * qp.clamp(0, 51)) >> 4) + offset).clamp(1, 126);
        *context = if state > 63 { (state - 64) << 1 | 1 } else { (63 - state) << 1 } as u8;
    }
    contexts
}
