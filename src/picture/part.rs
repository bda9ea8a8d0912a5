//! A rectangle of a picture.

use crate::model::media::Orientation;

/// A rectangle of a picture, in 256ths of its sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Part {
    /// Upper edge.
    pub top: u32,
    /// Left edge.
    pub left: u32,
    /// Lower edge.
    pub bottom: u32,
    /// Right edge.
    pub right: u32,
}

impl Part {
    /// Units along a side.
    pub const SIDE: u32 = 256;
    /// The whole picture.
    pub const WHOLE: Self = Self { top: 0, left: 0, bottom: Self::SIDE, right: Self::SIDE };

    /// Whether it is the whole picture.
    pub fn is_whole(self) -> bool {
        self == Self::WHOLE
    }

    /// Height and width, in 256ths of the sides.
    pub fn sides(self) -> (u32, u32) {
        (self.bottom - self.top, self.right - self.left)
    }

    /// The share of the picture's area, in 1/65536.
    pub fn area(self) -> u32 {
        let (height, width) = self.sides();
        height * width
    }

    /// With another value for each edge.
    #[must_use]
    pub fn map_edges(self, edge: impl Fn(u32) -> u32) -> Self {
        let Self { top, left, bottom, right } = self;
        Self { top: edge(top), left: edge(left), bottom: edge(bottom), right: edge(right) }
    }

    /// With the edge of that number (top, left, bottom, right) moved; `None` where that leaves the
    /// picture or less than half of its length.
    pub fn with_edge_moved(self, edge: usize, by: i32) -> Option<Self> {
        let mut moved = self;
        let place = [&mut moved.top, &mut moved.left, &mut moved.bottom, &mut moved.right];
        let place = place.into_iter().nth(edge)?;
        *place = place.checked_add_signed(by).filter(|&place| place <= Self::SIDE)?;
        let is_long = |from: u32, to: u32, before: u32| to >= from + before.div_ceil(2);
        let (height, width) = self.sides();
        (is_long(moved.top, moved.bottom, height) && is_long(moved.left, moved.right, width))
            .then_some(moved)
    }

    /// Where it lies after `orientation` was applied to the picture.
    #[must_use]
    pub fn oriented(self, orientation: Orientation) -> Self {
        let Self { top, left, bottom, right } = self;
        let back = |edge: u32| Self::SIDE - edge;
        let (top, left, bottom, right) = match orientation {
            Orientation::Upright => (top, left, bottom, right),
            Orientation::MirrorHorizontal => (top, back(right), bottom, back(left)),
            Orientation::Rotate180 => (back(bottom), back(right), back(top), back(left)),
            Orientation::MirrorVertical => (back(bottom), left, back(top), right),
            Orientation::Transpose => (left, top, right, bottom),
            Orientation::Rotate90 => (left, back(bottom), right, back(top)),
            Orientation::Transverse => (back(right), back(bottom), back(left), back(top)),
            Orientation::Rotate270 => (back(right), top, back(left), bottom),
        };
        Self { top, left, bottom, right }
    }

    /// The four edges in a byte each, the last two from the far side: how parts are stored.
    pub fn to_bytes(self) -> [u8; 4] {
        let byte = |edge: u32| edge.min(255) as u8;
        [
            byte(self.top),
            byte(self.left),
            byte(Self::SIDE - self.bottom),
            byte(Self::SIDE - self.right),
        ]
    }

    /// The inverse of [`Self::to_bytes`]; `None` for a part without any area.
    pub fn from_bytes(bytes: [u8; 4]) -> Option<Self> {
        let [top, left, bottom, right] = bytes.map(u32::from);
        let part = Self { top, left, bottom: Self::SIDE - bottom, right: Self::SIDE - right };
        (part.top < part.bottom && part.left < part.right).then_some(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turning_there_and_back_changes_nothing() {
        let part = Part { top: 3, left: 10, bottom: 200, right: 256 };
        for orientation in Orientation::ALL {
            assert_eq!(part.oriented(orientation).oriented(orientation.inverse()), part);
        }
        // A clockwise quarter turn: what was at the left is at the top.
        let turned = Part { top: 10, left: 56, bottom: 256, right: 253 };
        assert_eq!(part.oriented(Orientation::Rotate90), turned);
    }

    #[test]
    fn bytes_hold_every_part() {
        for part in [Part::WHOLE, Part { top: 255, left: 1, bottom: 256, right: 2 }] {
            assert_eq!(Part::from_bytes(part.to_bytes()), Some(part));
        }
        assert_eq!(Part::from_bytes([200, 0, 56, 0]), None);
    }
}
