//! The inverse transforms (RFC 6386, section 14). As there, everything is kept in 16 bits.

/// √2 · cos(π/8) - 1 and √2 · sin(π/8), times 2¹⁶.
const COS: i32 = 20_091;
const SIN: i32 = 35_468;

/// The DC terms of 16 blocks, of the coefficients of their block of second order.
pub(super) fn inverse_walsh(input: &[i32; 16]) -> [i32; 16] {
    let mut middle = [0; 16];
    for i in 0..4 {
        let column = [input[i], input[4 + i], input[8 + i], input[12 + i]];
        for (row, value) in butterfly(column).into_iter().enumerate() {
            middle[4 * row + i] = narrow(value);
        }
    }
    let mut out = [0; 16];
    for (row, out) in middle.as_chunks::<4>().0.iter().zip(out.as_chunks_mut::<4>().0) {
        *out = butterfly(*row).map(|value| narrow((value + 3) >> 3));
    }
    out
}

fn butterfly([i0, i1, i2, i3]: [i32; 4]) -> [i32; 4] {
    let (a, b, c, d) = (i0 + i3, i1 + i2, i1 - i2, i0 - i3);
    [a + b, c + d, a - b, d - c]
}

/// The differences to the prediction, row by row, of the coefficients of a block.
#[inline(always)]
pub(super) fn inverse_cosine(input: &[i32; 16]) -> [i32; 16] {
    // Both passes run down the columns; the block is mirrored between them.
    let middle = transposed(&columns(input));
    let mut out = transposed(&columns(&middle.map(narrow)));
    for value in &mut out {
        *value = value.wrapping_add(4) >> 3;
    }
    out
}

#[inline(always)]
fn columns(input: &[i32; 16]) -> [i32; 16] {
    let mut out = [0; 16];
    for i in 0..4 {
        let (i0, i1, i2, i3) = (input[i], input[4 + i], input[8 + i], input[12 + i]);
        let a = i0.wrapping_add(i2);
        let b = i0.wrapping_sub(i2);
        let c = by(i1, SIN).wrapping_sub(i3.wrapping_add(by(i3, COS)));
        let d = i1.wrapping_add(by(i1, COS)).wrapping_add(by(i3, SIN));
        out[i] = a.wrapping_add(d);
        out[4 + i] = b.wrapping_add(c);
        out[8 + i] = b.wrapping_sub(c);
        out[12 + i] = a.wrapping_sub(d);
    }
    out
}

#[inline(always)]
fn by(value: i32, factor: i32) -> i32 {
    value.wrapping_mul(factor) >> 16
}

#[inline(always)]
fn transposed(block: &[i32; 16]) -> [i32; 16] {
    let mut out = [0; 16];
    for row in 0..4 {
        for column in 0..4 {
            out[4 * column + row] = block[4 * row + column];
        }
    }
    out
}

#[inline(always)]
fn narrow(value: i32) -> i32 {
    i32::from(value as i16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_of_a_dc_term_is_flat() {
        for dc in [-2000, -5, 0, 3, 4, 1999] {
            let mut block = [0; 16];
            block[0] = dc;
            assert_eq!(inverse_cosine(&block), [(dc + 4) >> 3; 16]);
            assert_eq!(inverse_walsh(&block), [(dc + 3) >> 3; 16]);
        }
    }

    #[test]
    fn the_first_cosine_falls_from_left_to_right() {
        let mut block = [0; 16];
        block[1] = 800;
        let row = [131, 54, -54, -131];
        assert_eq!(inverse_cosine(&block).as_chunks::<4>().0, [row; 4]);
        assert_eq!(inverse_walsh(&block).as_chunks::<4>().0, [[100, 100, -100, -100]; 4]);
    }
}
