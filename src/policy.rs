//! When two pictures count as the same: two radii, chosen by one number.

/// The largest threshold that makes sense: two unrelated pictures are 32 bits apart on average,
/// and past 16 the 64-bit hash finds everything.
pub const MAX_THRESHOLD: u32 = 16;

/// Radii within which two pictures match. Both must hold: the 64-bit distance finds candidates,
/// the 256-bit distance confirms them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Most bits that the 64-bit hashes may differ by.
    pub radius: u32,
    /// Most bits that the 256-bit hashes may differ by.
    pub fine_radius: u32,
}
