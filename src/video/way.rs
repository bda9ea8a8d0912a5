//! How the frames of one film lie on those of another: turned, cropped or with bars, and when.

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
    /// The stretch of either film that shows the same, if it is not all of both from their starts.
    pub stretch: Option<Stretch>,
}

/// The stretch of one film that shows what a stretch of another one shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stretch {
    /// When it begins in the first and in the second film, in microseconds.
    pub starts: [i64; 2],
    /// How long it lasts there, in microseconds, more than 0; of different lengths where one film
    /// is faster.
    pub lasts: [i64; 2],
}

impl Stretch {
    /// What the first of three films has in common with the third, over the second.
    fn then(self, next: Self) -> Option<Self> {
        let from = self.starts[1].max(next.starts[0]);
        let to = (self.starts[1].saturating_add(self.lasts[1]))
            .min(next.starts[0].saturating_add(next.lasts[0]));
        let first = |time: i64| {
            self.starts[0] + scaled(time - self.starts[1], self.lasts[0], self.lasts[1])
        };
        let third = |time: i64| {
            next.starts[1] + scaled(time - next.starts[0], next.lasts[1], next.lasts[0])
        };
        let starts = [first(from), third(from)];
        let lasts = [first(to) - starts[0], third(to) - starts[1]];
        lasts.iter().all(|&last| last > 0).then_some(Self { starts, lasts })
    }

    /// For the same films, the second one first.
    #[must_use]
    pub fn inverse(self) -> Self {
        let Self { starts: [a, b], lasts: [c, d] } = self;
        Self { starts: [b, a], lasts: [d, c] }
    }
}

/// `time` · `by` / `of`, rounded to the nearest.
fn scaled(time: i64, by: i64, of: i64) -> i64 {
    let of = i128::from(of.max(1));
    let scaled = (i128::from(time) * i128::from(by) + of / 2).div_euclid(of);
    i64::try_from(scaled).unwrap_or(i64::MAX)
}

/// Bytes of [`Way::to_bytes`].
pub const WAY_BYTES: usize = 42;

impl Way {
    /// Nothing has to be done.
    pub const UPRIGHT: Self = Self {
        orientation: Orientation::Upright,
        whose: Whose::First,
        part: Part::WHOLE,
        stretch: None,
    };

    /// The first film has to be turned.
    pub fn turned(orientation: Orientation) -> Self {
        Self { orientation, ..Self::UPRIGHT }
    }

    /// How it is stored: another way has other bytes.
    pub fn to_bytes(self) -> [u8; WAY_BYTES] {
        let Self { orientation, whose, part, stretch } = self;
        let turn = Orientation::ALL.iter().position(|&turn| turn == orientation).unwrap_or(0);
        let Part { top, left, bottom, right } = part;
        let edges = [top, left, bottom, right].map(|edge| (edge as u16).to_le_bytes());
        // A stretch lasts longer than 0.
        let Stretch { starts, lasts } =
            stretch.unwrap_or(Stretch { starts: [0; 2], lasts: [0; 2] });
        let times = [starts, lasts].into_iter().flatten().flat_map(i64::to_le_bytes);
        let bytes = [turn as u8, whose as u8].into_iter().chain(edges.into_iter().flatten());
        let mut out = [0; WAY_BYTES];
        out.iter_mut().zip(bytes.chain(times)).for_each(|(out, byte)| *out = byte);
        out
    }

    /// The way for the same films, the second one first.
    #[must_use]
    pub fn inverse(self) -> Self {
        let back = self.orientation.inverse();
        let stretch = self.stretch.map(Stretch::inverse);
        let whose = if self.part.is_whole() { Whose::First } else { self.whose.other() };
        Self { orientation: back, whose, part: self.part.oriented(back), stretch }
    }

    /// The way from the first of three films to the third, over the second; `None` where that would
    /// be a part of a part, or nothing is left of a stretch.
    pub fn then(self, next: Self) -> Option<Self> {
        let orientation = self.orientation.then(next.orientation);
        let (whose, part) = match (self.part.is_whole(), next.part.is_whole()) {
            (_, true) => (self.whose, self.part.oriented(next.orientation)),
            (true, false) => (next.whose, next.part),
            (false, false) => return None,
        };
        let stretch = match (self.stretch, next.stretch) {
            (Some(stretch), Some(next)) => Some(stretch.then(next)?),
            (stretch, None) | (None, stretch) => stretch,
        };
        Some(Self { orientation, whose, part, stretch })
    }

    /// The moment of one film (the first for 0) that is `time` after the common start, in
    /// microseconds of the first.
    pub fn moment(self, film: usize, time: i64) -> i64 {
        match self.stretch {
            None => time,
            Some(Stretch { starts, .. }) if film == 0 => starts[0].saturating_add(time),
            Some(Stretch { starts, lasts }) => {
                starts[1].saturating_add(scaled(time, lasts[1], lasts[0]))
            }
        }
    }

    /// The inverse of [`Self::moment`].
    pub fn since_start(self, film: usize, moment: i64) -> i64 {
        match self.stretch {
            None => moment,
            Some(Stretch { starts, .. }) if film == 0 => moment.saturating_sub(starts[0]),
            Some(Stretch { starts, lasts }) => {
                scaled(moment.saturating_sub(starts[1]), lasts[0], lasts[1])
            }
        }
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
                let way = Way { orientation, whose, part, stretch: None };
                assert_eq!(way.inverse().inverse(), way);
                assert_ne!(way.inverse().whose, whose);
                assert_ne!(way.to_bytes(), way.inverse().to_bytes());
            }
            assert_eq!(Way::turned(orientation).inverse(), Way::turned(orientation.inverse()));
        }
    }

    #[test]
    fn ways_are_composed() {
        let part = Part { top: 32, left: 0, bottom: 224, right: 256 };
        let cropped = Way { part, ..Way::UPRIGHT };
        for one in Orientation::ALL {
            for other in Orientation::ALL {
                let (turned, more) = (Way::turned(one), Way::turned(other));
                let both = frame().tile.oriented(one).oriented(other);
                let way = turned.then(more).unwrap();
                assert_eq!(frame().tile.oriented(way.orientation), both, "{one:?} {other:?}");
                // A part of the first film, which is then turned; and of the turned one.
                let (seen, _) = cropped.lay(frame(), frame());
                let seen = seen.tile.oriented(one);
                let (laid, _) = cropped.then(turned).unwrap().lay(frame(), frame());
                assert_eq!(*laid.tile, seen, "{one:?}");
                let (seen, _) =
                    cropped.lay(Frame::of_tile(40, frame().tile.oriented(one)), frame());
                let (laid, _) = turned.then(cropped).unwrap().lay(frame(), frame());
                assert_eq!(laid, seen, "{one:?}");
            }
        }
        let stretch = Stretch { starts: [2_000, 0], lasts: [8_000, 6_000] };
        let cut = Way { stretch: Some(stretch), ..Way::UPRIGHT };
        assert_eq!(cut.then(cropped), cropped.then(cut));
        assert_eq!(cut.then(cropped).unwrap().stretch, Some(stretch));
        assert_eq!(cropped.then(cropped), None);
        // Two seconds of intro; then the first second is cut off, and it is faster by a quarter.
        let of = |starts, lasts| Way { stretch: Some(Stretch { starts, lasts }), ..Way::UPRIGHT };
        let (intro, cut) = (of([2_000, 0], [8_000, 8_000]), of([1_000, 0], [5_000, 4_000]));
        assert_eq!(intro.then(cut), Some(of([3_000, 0], [5_000, 4_000])));
        assert_eq!(cut.inverse().then(intro.inverse()), Some(of([0, 3_000], [4_000, 5_000])));
        // The ends of one film have nothing in common.
        assert_eq!(of([0, 0], [900, 900]).then(cut), None);
    }

    #[test]
    fn moments_of_both_films() {
        let stretch = Stretch { starts: [2_000, 0], lasts: [8_000, 6_000] };
        let way = Way { stretch: Some(stretch), ..Way::UPRIGHT };
        assert_eq!([0, 1].map(|film| way.moment(film, 4_000)), [6_000, 3_000]);
        assert_eq!([way.since_start(0, 6_000), way.since_start(1, 3_000)], [4_000; 2]);
        // In microseconds of the other one.
        assert_eq!([0, 1].map(|film| way.inverse().moment(film, 3_000)), [3_000, 6_000]);
        assert_eq!(way.inverse().inverse(), way);
        assert_eq!([0, 1].map(|film| Way::UPRIGHT.moment(film, 7)), [7; 2]);
        assert_ne!(way.to_bytes(), way.inverse().to_bytes());
        assert_eq!(way.to_bytes()[34..], 6_000_i64.to_le_bytes());
    }
}
