//! What is known of every film after a scan, and which pairs it brings together.

use super::frame::{Frame, contrast};
use crate::model::phash::Distance;

/// The moments, in microseconds, of which a fingerprint may have frames: the first frame, and, as
/// long as all before were flat or nearly so, the next. A black or a fading start decides nothing.
pub const PROBES: [i64; 5] = [0, 1_000_000, 2_000_000, 4_000_000, 8_000_000];
/// From this contrast on, no further frame is looked at. Above that of a flat frame, so that of two
/// encodings of a film, one a little above and one a little below it, both have the next frame.
const CLEAR_FROM: u32 = 16;
/// Hashes of two encodings of one frame differ by at most so many of 64 bits (measured: all but
/// watermarks within 6).
const NEAR: Distance = Distance(12);
/// Durations of two encodings of a film differ by at most half a second …
const MOST_LONGER_US: i64 = 500_000;
/// … or by this share of the longer one, in per cent.
const MOST_LONGER_PER_CENT: i64 = 2;

/// The duration of a film, and its frames at some of [`PROBES`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint {
    /// From the first frame to the end of the last one, in microseconds.
    pub duration_us: i64,
    /// The number of the probe, ascending, and its frame.
    pub frames: Vec<(u8, Frame)>,
}

impl Fingerprint {
    /// The next probe that is needed, if one is.
    pub fn wanted(&self) -> Option<usize> {
        let next = match self.frames.last() {
            None => 0,
            Some((_, frame)) if contrast(&frame.tile) >= CLEAR_FROM => return None,
            Some((probe, _)) => usize::from(*probe) + 1,
        };
        PROBES.get(next).filter(|&&time| time < self.duration_us.max(1)).map(|_| next)
    }

    /// The first of the frames that shows something.
    pub fn clear(&self) -> Option<&Frame> {
        self.frames.iter().map(|(_, frame)| frame).find(|frame| !frame.is_flat())
    }

    /// The longest that a film may be which is an encoding of one of this duration that is no
    /// longer itself.
    pub fn longest_partner(&self) -> i64 {
        let duration = self.duration_us.max(0);
        let share = duration.saturating_mul(100) / (100 - MOST_LONGER_PER_CENT);
        share.max(duration.saturating_add(MOST_LONGER_US))
    }

    /// Bits between two films at the first moment at which neither is flat, if they are worth a
    /// proof: about equally long, and near at that moment.
    pub fn nearness(&self, other: &Self) -> Option<Distance> {
        let (short, long) =
            if self.duration_us <= other.duration_us { (self, other) } else { (other, self) };
        if long.duration_us > short.longest_partner() {
            return None;
        }
        let common = self.frames.iter().find_map(|(probe, frame)| {
            let (_, their) = other.frames.iter().find(|(theirs, _)| theirs == probe)?;
            (!frame.is_flat() && !their.is_flat()).then_some((frame, their))
        });
        let distance = common.map(|(a, b)| a.view.phash.distance(b.view.phash));
        distance.filter(|&distance| distance <= NEAR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::phash::{PerceptualHash, View};
    use crate::picture::tile::FineTile;

    fn frame(probe: u8, contrast: u8, phash: u64) -> (u8, Frame) {
        let mut tile = Box::new(FineTile([100; 64 * 64]));
        tile.0[..64 * 32].fill(100 + 2 * contrast);
        let view = View { phash: PerceptualHash(phash), ..View::default() };
        (probe, Frame { time: PROBES[usize::from(probe)], view, tile })
    }

    fn film(seconds: i64, frames: &[(u8, Frame)]) -> Fingerprint {
        Fingerprint { duration_us: seconds * 1_000_000, frames: frames.to_vec() }
    }

    #[test]
    fn contrast_is_the_standard_deviation() {
        for level in [0, 7, 8, 20] {
            let (_, frame) = frame(0, level, 0);
            assert_eq!(contrast(&frame.tile), u32::from(level));
            assert_eq!(frame.is_flat(), level < 8);
        }
    }

    #[test]
    fn probes_go_on_while_all_is_flat() {
        assert_eq!(film(60, &[]).wanted(), Some(0));
        assert_eq!(film(0, &[]).wanted(), Some(0));
        assert_eq!(film(60, &[frame(0, 16, 1)]).wanted(), None);
        assert_eq!(film(60, &[frame(0, 15, 1)]).wanted(), Some(1));
        assert_eq!(film(60, &[frame(0, 0, 1), frame(2, 0, 1)]).wanted(), Some(3));
        assert_eq!(film(3, &[frame(2, 0, 1)]).wanted(), None);
        assert_eq!(film(60, &[frame(4, 0, 1)]).wanted(), None);
    }

    #[test]
    fn durations_may_differ_by_half_a_second_or_two_per_cent() {
        let of = |duration_us| Fingerprint { duration_us, frames: vec![frame(0, 30, 1)] };
        for (a, b, expected) in [
            (10_000_000, 10_500_000, true),
            (10_000_000, 10_500_001, false),
            (98_000_000, 100_000_000, true),
            (97_999_999, 100_000_000, false),
            (0, 400_000, true),
        ] {
            assert_eq!(of(a).nearness(&of(b)).is_some(), expected, "{a} {b}");
            assert_eq!(of(b).nearness(&of(a)).is_some(), expected, "{b} {a}");
        }
    }

    #[test]
    fn a_flat_start_does_not_decide() {
        let near =
            |a: &[(u8, Frame)], b: &[(u8, Frame)]| film(9, a).nearness(&film(9, b)).is_some();
        assert!(near(&[frame(0, 30, 0)], &[frame(0, 30, 0xfff)]));
        assert!(!near(&[frame(0, 30, 0)], &[frame(0, 30, 0x1fff)]));
        // Both black: the next one tells.
        let black = |phash| [frame(0, 0, 7), frame(1, 30, phash)];
        assert!(near(&black(0), &black(1)));
        assert!(!near(&black(0), &black(u64::MAX)));
        assert!(!near(&[frame(0, 0, 7)], &[frame(0, 0, 7)]));
        // One a little brighter than the other: the first moment that both have.
        let bright = [frame(0, 9, 7), frame(1, 30, 0)];
        assert!(near(&bright, &black(1)));
        assert!(!near(&[frame(0, 30, 7)], &black(7)));
    }
}
