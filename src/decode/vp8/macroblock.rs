//! What a macroblock says of itself before its coefficients.

/// How the luma of a macroblock is predicted from what is around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WholeMode {
    Dc,
    Vertical,
    Horizontal,
    TrueMotion,
}

/// How a block of 4 × 4 is predicted from what is around it, in the order of their numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Submode {
    #[default]
    Dc,
    TrueMotion,
    Vertical,
    Horizontal,
    LeftDown,
    RightDown,
    VerticalRight,
    VerticalLeft,
    HorizontalDown,
    HorizontalUp,
}

/// An earlier frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reference {
    Last,
    Golden,
    Alternative,
}

impl Reference {
    /// 1 to 3; 0 is this frame.
    pub fn index(self) -> usize {
        self as usize + 1
    }
}

/// Where the prediction of a macroblock comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prediction {
    Whole(WholeMode),
    Subblocks([Submode; 16]),
    /// The same place of an earlier frame.
    Zero(Reference),
    Moved(Reference, Vector),
    /// Every block moves by itself.
    Split(Reference, Split),
}

/// What stands before the coefficients of a macroblock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Macroblock {
    pub segment: u8,
    pub prediction: Prediction,
}

impl Macroblock {
    /// Whether the DC terms of its blocks are a block of their own.
    pub fn has_second_order(&self) -> bool {
        !matches!(self.prediction, Prediction::Subblocks(_) | Prediction::Split(..))
    }
}

/// A motion vector in quarters of a pixel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Vector {
    pub x: i16,
    pub y: i16,
}

impl Vector {
    pub const ZERO: Self = Self { x: 0, y: 0 };

    pub fn plus(self, other: Self) -> Self {
        Self { x: self.x.wrapping_add(other.x), y: self.y.wrapping_add(other.y) }
    }

    pub fn reversed(self) -> Self {
        Self { x: self.x.wrapping_neg(), y: self.y.wrapping_neg() }
    }
}

/// The motion of each block of a macroblock, row by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Split {
    pub vectors: [Vector; 16],
    /// Blocks move together by fours at least.
    pub in_quarters: bool,
}
