//! The loop filter (RFC 6386, section 15): 16 segments across an edge at a time.

use super::plane::LumaPlane;

/// What holds for the edges of a macroblock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct EdgeFilter {
    /// 0 for none.
    level: i16,
    interior: i16,
    variance: i16,
    simple: bool,
    /// Whether the edges between its blocks are filtered.
    inside: bool,
}

/// Pixels across an edge: four before it and four after it, of 16 segments.
type Segments = [[u8; 16]; 8];

impl EdgeFilter {
    /// For a level of 0 to 63 and a sharpness of 0 to 7 (15.4).
    pub fn new(level: u8, sharpness: u8, is_key: bool, simple: bool, inside: bool) -> Self {
        let (level, sharpness) = (i16::from(level), i16::from(sharpness));
        let mut interior = level;
        if sharpness > 0 {
            interior >>= if sharpness > 4 { 2 } else { 1 };
            interior = interior.min(9 - sharpness);
        }
        let variance = match level {
            40.. => 2 + i16::from(!is_key),
            20.. => 1 + i16::from(!is_key),
            15.. => 1,
            _ => 0,
        };
        Self { level, interior: interior.max(1), variance, simple, inside }
    }

    fn across(self, segments: &mut Segments, between_macroblocks: bool) {
        let limit = self.level * 2 + self.interior + if between_macroblocks { 4 } else { 0 };
        match (self.simple, between_macroblocks) {
            (true, _) => simple(segments, limit),
            (false, true) => normal::<true>(segments, limit, self.interior, self.variance),
            (false, false) => normal::<false>(segments, limit, self.interior, self.variance),
        }
    }
}

/// Filters a row of macroblocks that begins at the row of pixels `top`. The one above, if there is
/// one, lies before it.
pub(super) fn filter_row(plane: &mut LumaPlane, top: usize, has_above: bool, edges: &[EdgeFilter]) {
    for (column, edge) in edges.iter().enumerate().filter(|(_, edge)| edge.level > 0) {
        let left = column * 16;
        if column > 0 {
            upright(plane, left, top, |segments| edge.across(segments, true));
        }
        if edge.inside {
            for at in [4, 8, 12] {
                upright(plane, left + at, top, |segments| edge.across(segments, false));
            }
        }
        if has_above {
            level(plane, left, top, |segments| edge.across(segments, true));
        }
        if edge.inside {
            for at in [4, 8, 12] {
                level(plane, left, top + at, |segments| edge.across(segments, false));
            }
        }
    }
}

/// Filters across an upright edge of 16 rows to the left of the column `left`.
fn upright(plane: &mut LumaPlane, left: usize, top: usize, filter: impl Fn(&mut Segments)) {
    let mut segments = [[0; 16]; 8];
    let stride = plane.stride;
    let lines = || (0..16).map(move |row| (top + row) * stride + left - 4);
    for (at, start) in lines().enumerate() {
        if let Some(line) = plane.samples.get(start..).and_then(<[u8]>::first_chunk::<8>) {
            segments.iter_mut().zip(line).for_each(|(segment, &pixel)| segment[at] = pixel);
        }
    }
    filter(&mut segments);
    for (at, start) in lines().enumerate() {
        if let Some(line) = plane.samples.get_mut(start..start + 8) {
            line.iter_mut().zip(&segments).for_each(|(pixel, segment)| *pixel = segment[at]);
        }
    }
}

/// Filters across a level edge of 16 columns above the row `top`.
fn level(plane: &mut LumaPlane, left: usize, top: usize, filter: impl Fn(&mut Segments)) {
    let mut segments = [[0; 16]; 8];
    let stride = plane.stride;
    let start = |row: usize| (top + row - 4) * stride + left;
    for (row, segment) in segments.iter_mut().enumerate() {
        if let Some(line) = plane.samples.get(start(row)..).and_then(<[u8]>::first_chunk) {
            *segment = *line;
        }
    }
    filter(&mut segments);
    for (row, segment) in segments.iter().enumerate() {
        if let Some(line) = plane.samples.get_mut(start(row)..start(row) + 16) {
            line.copy_from_slice(segment);
        }
    }
}

/// A number held within 8 bits with a sign.
#[inline(always)]
fn held(value: i16) -> i16 {
    value.clamp(-128, 127)
}

#[inline(always)]
fn signed(pixel: u8) -> i16 {
    i16::from(pixel) - 128
}

#[inline(always)]
fn pixel(value: i16) -> u8 {
    (held(value) + 128) as u8
}

/// 15.2.
fn simple(segments: &mut Segments, limit: i16) {
    let [_, _, s1, s0, t0, t1, _, _] = segments;
    for at in 0..16 {
        let (p1, p0, q0, q1) = (signed(s1[at]), signed(s0[at]), signed(t0[at]), signed(t1[at]));
        let filters = (p0 - q0).abs() * 2 + ((p1 - q1).abs() >> 1) <= limit;
        let common = held(held(p1 - q1) + 3 * (q0 - p0));
        let (after, before) = (held(common + 4) >> 3, held(common + 3) >> 3);
        let (after, before) = if filters { (after, before) } else { (0, 0) };
        t0[at] = pixel(q0 - after);
        s0[at] = pixel(p0 + before);
    }
}

/// 15.3, between macroblocks or between blocks.
fn normal<const BETWEEN_MACROBLOCKS: bool>(
    segments: &mut Segments,
    limit: i16,
    interior: i16,
    variance: i16,
) {
    let [s3, s2, s1, s0, t0, t1, t2, t3] = segments;
    for at in 0..16 {
        let (p3, p2, p1, p0) = (signed(s3[at]), signed(s2[at]), signed(s1[at]), signed(s0[at]));
        let (q0, q1, q2, q3) = (signed(t0[at]), signed(t1[at]), signed(t2[at]), signed(t3[at]));
        let steps = [p3 - p2, p2 - p1, p1 - p0, q3 - q2, q2 - q1, q1 - q0];
        let roughest = steps.iter().fold(0, |most, step| step.abs().max(most));
        let filters = (p0 - q0).abs() * 2 + ((p1 - q1).abs() >> 1) <= limit && roughest <= interior;
        let varies = (p1 - p0).abs() > variance || (q1 - q0).abs() > variance;
        let outer = held(p1 - q1);
        let (mut by0, mut by1, mut by2);
        if BETWEEN_MACROBLOCKS && !varies {
            let w = held(outer + 3 * (q0 - p0));
            by0 = [(27 * w + 63) >> 7; 2];
            by1 = (18 * w + 63) >> 7;
            by2 = (9 * w + 63) >> 7;
        } else {
            let common = held(if varies { outer } else { 0 } + 3 * (q0 - p0));
            by0 = [held(common + 3) >> 3, held(common + 4) >> 3];
            by1 = if varies { 0 } else { (by0[1] + 1) >> 1 };
            by2 = 0;
        }
        if !filters {
            (by0, by1, by2) = ([0; 2], 0, 0);
        }
        s0[at] = pixel(p0 + by0[0]);
        t0[at] = pixel(q0 - by0[1]);
        s1[at] = pixel(p1 + by1);
        t1[at] = pixel(q1 - by1);
        if BETWEEN_MACROBLOCKS {
            s2[at] = pixel(p2 + by2);
            t2[at] = pixel(q2 - by2);
        }
    }
}
