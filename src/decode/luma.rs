//! BT.601 full-range luma from 8-bit and 16-bit samples, on white where transparent. Integers
//! only.

/// Luma of an RGB triple, in 16.16 fixed point: .299, .587, .114 rounded so that they add up to
/// 2¹⁶ (the same numbers as Pillow's `convert('L')`).
pub fn luma(r: u8, g: u8, b: u8) -> u8 {
    ((19_595 * u32::from(r) + 38_470 * u32::from(g) + 7_471 * u32::from(b) + 0x8000) >> 16) as u8
}

/// A 16-bit sample scaled to 8 bits, rounded: 65535 → 255.
pub fn narrow(sample: u16) -> u8 {
    ((u32::from(sample) * 255 + 32_767) / 65_535) as u8
}

/// A sample laid over white with coverage `alpha`, rounded.
pub fn on_white(sample: u8, alpha: u8) -> u8 {
    let (sample, alpha) = (u32::from(sample), u32::from(alpha));
    ((sample * alpha + 255 * (255 - alpha) + 127) / 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_the_scale() {
        assert_eq!((luma(0, 0, 0), luma(255, 255, 255)), (0, 255));
        assert_eq!((luma(255, 0, 0), luma(0, 255, 0), luma(0, 0, 255)), (76, 150, 29));
        assert!((0..=255).all(|v: u16| u16::from(narrow(v * 257)) == v));
        assert_eq!((on_white(0, 0), on_white(7, 255), on_white(0, 128)), (255, 7, 127));
    }
}
