//! Motion vectors (RFC 6386, 16.2 to 17.1).

use super::bits::BoolDecoder;
use super::macroblock::{Prediction, Reference, Split, Vector};
use super::probabilities::VectorProbabilities;

/// How far motion vectors that are taken over may point out of the picture, beyond the macroblock
/// itself, in quarters of a pixel.
const MARGIN: i32 = 16 * 4;
/// The probabilities of the kind of motion, by the weight of what is around (16.3).
const CONTEXTS: [[u8; 4]; 6] = [
    [7, 1, 1, 143],
    [14, 18, 14, 107],
    [135, 64, 57, 68],
    [60, 56, 128, 65],
    [159, 134, 128, 34],
    [234, 188, 128, 28],
];
/// The probabilities of the motion of a part, by the vectors to the left and above (16.4).
const PART_CONTEXTS: [[u8; 3]; 5] =
    [[147, 136, 18], [106, 145, 1], [179, 121, 1], [223, 1, 34], [208, 1, 1]];
/// To which part each block belongs: halves above each other, halves beside each other, quarters.
const HALVES: [u8; 16] = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1];
const SIDES: [u8; 16] = [0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1];
const QUARTERS: [u8; 16] = [0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3];
const SINGLE: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/// What a macroblock tells of motion to those after it.
#[derive(Clone, Copy, Debug, Default)]
struct Neighbour {
    /// Where it is predicted from; `None` for this frame.
    reference: Option<Reference>,
    is_split: bool,
    vectors: [Vector; 16],
}

impl Neighbour {
    fn of(prediction: &Prediction) -> Self {
        match *prediction {
            Prediction::Whole(_) | Prediction::Subblocks(_) => Self::default(),
            Prediction::Zero(reference) => Self { reference: Some(reference), ..Self::default() },
            Prediction::Moved(reference, vector) => {
                Self { reference: Some(reference), is_split: false, vectors: [vector; 16] }
            }
            Prediction::Split(reference, split) => {
                Self { reference: Some(reference), is_split: true, vectors: split.vectors }
            }
        }
    }

    /// Its vector as a whole: that of the last block.
    fn vector(&self) -> Vector {
        self.vectors[15]
    }
}

/// The motion around a macroblock, and what the frame says of it.
#[derive(Clone, Debug)]
pub(super) struct MotionReader {
    /// Of the row above, with one before its first.
    above: Vec<Neighbour>,
    row: Vec<Neighbour>,
    across: usize,
    down: usize,
    sign_bias: [bool; 4],
    vectors: [VectorProbabilities; 2],
}

/// The vectors that others around a macroblock suggest, and what weighs for them.
struct Census {
    /// What new vectors are added to.
    best: Vector,
    nearest: Vector,
    near: Vector,
    weights: [usize; 4],
}

impl MotionReader {
    pub fn new(
        (across, down): (usize, usize),
        sign_bias: [bool; 4],
        vectors: [VectorProbabilities; 2],
    ) -> Self {
        let above = vec![Neighbour::default(); across + 1];
        Self { row: above.clone(), above, across, down, sign_bias, vectors }
    }

    pub fn start_row(&mut self) {
        std::mem::swap(&mut self.above, &mut self.row);
    }

    /// Takes down how a macroblock is predicted.
    pub fn put(&mut self, column: usize, prediction: &Prediction) {
        self.row[column + 1] = Neighbour::of(prediction);
    }

    /// Reads the motion of a macroblock.
    pub fn read(
        &self,
        bits: &mut BoolDecoder<'_>,
        (column, row): (usize, usize),
        reference: Reference,
    ) -> Prediction {
        let census = self.census((column, row), reference);
        let branches: [u8; 4] =
            std::array::from_fn(|branch| CONTEXTS[census.weights[branch].min(5)][branch]);
        if !bits.bool(branches[0]) {
            Prediction::Zero(reference)
        } else if !bits.bool(branches[1]) {
            Prediction::Moved(reference, census.nearest)
        } else if !bits.bool(branches[2]) {
            Prediction::Moved(reference, census.near)
        } else if !bits.bool(branches[3]) {
            Prediction::Moved(reference, census.best.plus(self.vector(bits)))
        } else {
            Prediction::Split(reference, self.split(bits, column, census.best))
        }
    }

    /// 16.3.
    fn census(&self, place: (usize, usize), reference: Reference) -> Census {
        let column = place.0;
        let around = [(self.above[column + 1], 2), (self.row[column], 2), (self.above[column], 1)];
        // No motion, and then up to three vectors in the order in which they were found.
        let (mut found, mut weights, mut last) = ([Vector::ZERO; 4], [0_usize; 4], 0);
        for (neighbour, weight) in &around {
            let Some(of) = neighbour.reference else { continue };
            if neighbour.vector() == Vector::ZERO {
                weights[0] += weight;
                continue;
            }
            let is_turned = self.sign_bias[of.index()] != self.sign_bias[reference.index()];
            let vector = if is_turned { neighbour.vector().reversed() } else { neighbour.vector() };
            if last == 0 || vector != found[last] {
                last += 1;
                found[last] = vector;
            }
            weights[last] += weight;
        }
        if weights[3] > 0 && found[3] == found[1] {
            weights[1] += 1;
        }
        weights[3] = around.iter().filter(|(n, _)| n.is_split).map(|(_, weight)| weight).sum();
        if weights[2] > weights[1] {
            weights.swap(1, 2);
            found.swap(1, 2);
        }
        let best = if weights[1] >= weights[0] { found[1] } else { Vector::ZERO };
        let clamped = |vector| self.clamped(vector, place);
        Census { best: clamped(best), nearest: clamped(found[1]), near: clamped(found[2]), weights }
    }

    /// Held so that the macroblock ends within a margin around the picture.
    fn clamped(&self, vector: Vector, (column, row): (usize, usize)) -> Vector {
        let within = |value: i16, at: usize, count: usize| {
            let (before, after) = (at as i32 * 64, count.saturating_sub(at + 1) as i32 * 64);
            i32::from(value).clamp(-before - MARGIN, after + MARGIN) as i16
        };
        Vector { x: within(vector.x, column, self.across), y: within(vector.y, row, self.down) }
    }

    /// 16.4.
    fn split(&self, bits: &mut BoolDecoder<'_>, column: usize, best: Vector) -> Split {
        let (parts, count) = if !bits.bool(110) {
            (SINGLE, 16)
        } else if !bits.bool(111) {
            (QUARTERS, 4)
        } else if !bits.bool(150) {
            (HALVES, 2)
        } else {
            (SIDES, 2)
        };
        let (above, left) = (&self.above[column + 1], &self.row[column]);
        let mut vectors = [Vector::ZERO; 16];
        for part in 0..count {
            let first = parts.iter().position(|&of| of == part).unwrap_or(0);
            let left = if first % 4 == 0 { left.vectors[first + 3] } else { vectors[first - 1] };
            let above = if first < 4 { above.vectors[first + 12] } else { vectors[first - 4] };
            let vector = self.part(bits, left, above, best);
            let blocks = vectors.iter_mut().zip(parts).filter(|(_, of)| *of == part);
            blocks.for_each(|(block, _)| *block = vector);
        }
        Split { vectors, in_quarters: count < 16 }
    }

    fn part(
        &self,
        bits: &mut BoolDecoder<'_>,
        left: Vector,
        above: Vector,
        best: Vector,
    ) -> Vector {
        let context = match (left == above, left == Vector::ZERO, above == Vector::ZERO) {
            (true, true, _) => 4,
            (true, false, _) => 3,
            (false, _, true) => 2,
            (false, true, false) => 1,
            (false, false, false) => 0,
        };
        let branches = PART_CONTEXTS[context];
        if !bits.bool(branches[0]) {
            left
        } else if !bits.bool(branches[1]) {
            above
        } else if !bits.bool(branches[2]) {
            Vector::ZERO
        } else {
            best.plus(self.vector(bits))
        }
    }

    /// A vector of its own: the vertical component first.
    fn vector(&self, bits: &mut BoolDecoder<'_>) -> Vector {
        let [y, x] = [0, 1].map(|component: usize| component_of(bits, &self.vectors[component]));
        Vector { x, y }
    }
}

/// 17.1.
fn component_of(bits: &mut BoolDecoder<'_>, probabilities: &VectorProbabilities) -> i16 {
    let [is_long, sign, rest @ ..] = probabilities;
    let (short, long) = rest.split_at(7);
    let mut magnitude = 0_i16;
    if bits.bool(*is_long) {
        for bit in [0, 1, 2, 9, 8, 7, 6, 5, 4] {
            magnitude |= i16::from(bits.bool(long[bit])) << bit;
        }
        // Without a higher bit this one is set, as the number is above 7.
        if magnitude & !0xf == 0 || bits.bool(long[3]) {
            magnitude |= 8;
        }
    } else {
        // A tree of three levels, whose branches stand in the order of their depth-first visit.
        let high = bits.bool(short[0]);
        let middle = bits.bool(short[if high { 4 } else { 1 }]);
        let low = bits.bool(short[if high { 5 } else { 2 } + usize::from(middle)]);
        magnitude = i16::from(high) << 2 | i16::from(middle) << 1 | i16::from(low);
    }
    if magnitude != 0 && bits.bool(*sign) { -magnitude } else { magnitude }
}
