//! How the frames of one film lie on those of another: turned, and cropped or with bars.

use super::frame::Frame;
use crate::model::media::Orientation;
use crate::picture::part::Part;
use crate::picture::proof::{Prepared, Whose};

/// What has to be done to the frames of two films before they show the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Way {
    /// How the first film has to be turned to look like the second.
    pub orientation: Orientation,
    /// Of which film this is a part, the first one turned.
    pub whose: Whose,
    /// The part of it that shows what the whole of the other one shows.
    pub part: Part,
}

impl Way {
    /// Nothing has to be done.
    pub const UPRIGHT: Self =
        Self { orientation: Orientation::Upright, whose: Whose::First, part: Part::WHOLE };

    /// The first film has to be turned.
    pub fn turned(orientation: Orientation) -> Self {
        Self { orientation, ..Self::UPRIGHT }
    }

    /// The way for the same films, the second one first.
    #[must_use]
    pub fn inverse(self) -> Self {
        let back = self.orientation.inverse();
        let whose = if self.part.is_whole() { Whose::First } else { self.whose.other() };
        Self { orientation: back, whose, part: self.part.oriented(back) }
    }

    /// Frames of one moment so that they show the same if the films do.
    pub fn lay(self, first: Frame, second: Frame) -> (Frame, Frame) {
        let first = match self.orientation {
            Orientation::Upright => first,
            turn => Frame::of_tile(first.time, first.tile.oriented(turn)),
        };
        let cut =
            |frame: Frame| Frame::of_tile(frame.time, Prepared::region(&frame.tile, self.part));
        match self.whose {
            _ if self.part.is_whole() => (first, second),
            Whose::First => (cut(first), second),
            Whose::Second => (first, cut(second)),
        }
    }

    /// How ways are stored: the EXIF value of the orientation, whose part, and its edges.
    pub fn to_bytes(self) -> [u8; 6] {
        let [top, left, bottom, right] = self.part.to_bytes();
        let whose = self.whose.of(0, 1);
        [self.orientation.exif_value() as u8, whose, top, left, bottom, right]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::tile::FineTile;

    fn frame() -> Frame {
        let cell = |at: usize| ((at * 7 + at / 64 * 13 + (at % 64) * (at / 64) / 5) % 251) as u8;
        Frame::of_tile(40, FineTile(std::array::from_fn(cell)))
    }

    #[test]
    fn frames_are_turned_and_cut() {
        let part = Part { top: 32, left: 0, bottom: 224, right: 256 };
        for orientation in Orientation::ALL {
            let turned = frame().tile.oriented(orientation);
            let way = Way::turned(orientation);
            let (first, second) = way.lay(frame(), Frame::of_tile(40, turned.clone()));
            assert_eq!(first, second, "{orientation:?}");
            // The second one shows a part only.
            let way = Way { part, ..way };
            let cut = Frame::of_tile(40, Prepared::region(&turned, part));
            let (first, second) = way.lay(frame(), cut.clone());
            assert_eq!(first, second, "{orientation:?}");
            assert_eq!((first.time, second.time), (40, 40));
            // And from its side, where the part is turned back before it is cut out.
            let (first, second) = way.inverse().lay(cut, frame());
            let back = frame().tile.oriented(orientation.inverse());
            assert_eq!(first.tile.0.len(), back.0.len());
            assert!(first.view.fine.distance(second.view.fine).0 <= 6, "{orientation:?}");
        }
    }

    #[test]
    fn the_inverse_of_the_inverse_is_the_way() {
        let part = Part { top: 3, left: 10, bottom: 200, right: 256 };
        for orientation in Orientation::ALL {
            for whose in [Whose::First, Whose::Second] {
                let way = Way { orientation, whose, part };
                assert_eq!(way.inverse().inverse(), way);
                assert_ne!(way.inverse().whose, whose);
            }
            assert_eq!(Way::turned(orientation).inverse(), Way::turned(orientation.inverse()));
        }
    }
}
