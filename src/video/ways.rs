//! In which ways films of about one length may show the same: turned, cropped, or with bars.

use std::sync::LazyLock;

use super::film::Film;
use super::fingerprint::Fingerprint;
use super::frame::{Frame, between_bars};
use super::way::Way;
use crate::model::media::Orientation;
use crate::model::phash::{Distance, PerceptualHash, PictureHash};
use crate::picture::dct;
use crate::picture::part::Part;
use crate::picture::proof::{Prepared, Start, Whose, agrees, align, is_plausible};
use crate::picture::window::{Window, WindowHasher, WindowSet};

/// First frames that differ by at most so many of 64 bits are worth a proof.
const NEAR: Distance = Distance(12);
/// A window shows its part less exactly than a film shows itself.
const NEAR_IN_PART: Distance = Distance(14);
/// Most turns of a pair that are proven: frames that look alike in more ways show next to nothing.
const MOST_TURNS: usize = 3;

/// The frames by which a film is found in any way.
#[derive(Clone, Debug)]
pub struct Faces {
    duration_us: i64,
    longest_partner: i64,
    /// Height and width.
    pixels: (u32, u32),
    /// By the number of the probe; those that are not flat.
    faces: Vec<(u8, Face)>,
}

/// What a frame looks like as a whole and in parts.
#[derive(Clone, Debug)]
struct Face {
    whole: PictureHash,
    windows: Vec<PerceptualHash>,
    /// What black bars leave free, and its hash.
    between_bars: Option<(Part, PerceptualHash)>,
    prepared: Prepared,
}

/// The parts that are looked for: what crops leave, and what bars leave free.
static WINDOWS: LazyLock<Vec<Window>> = LazyLock::new(|| {
    let mut windows = WindowSet::Few.windows();
    windows.retain(|window| !window.is_whole());
    for window in WindowSet::Many.windows() {
        let [top, left, bottom, right] = window.edges();
        let is_centred = top + bottom == 40 && left + right == 40;
        if is_centred && !window.is_whole() && !windows.contains(&window) {
            windows.push(window);
        }
    }
    windows
});

impl Face {
    fn new(frame: &Frame) -> Self {
        let mut hasher = WindowHasher::new(&frame.tile);
        let whole = dct::hash_tile(&hasher.tile(Window::WHOLE));
        let windows = WINDOWS.iter().map(|&window| hasher.hash(window).0.phash).collect();
        let between_bars = between_bars(&frame.tile).map(|part| {
            let free = Frame::of_tile(frame.time, Prepared::region(&frame.tile, part));
            (part, free.view.phash)
        });
        Self { whole, windows, between_bars, prepared: Prepared::new(&frame.tile) }
    }

    /// How this one may have to be turned to look like the other, the nearest first.
    fn turns(&self, other: &Self) -> Vec<Orientation> {
        let near = |turn: Orientation| {
            let found = self.whole.nearest(&other.whole, &[turn], |distance, _| distance <= NEAR);
            Some((found?.distance, found?.fine_distance, turn))
        };
        let turns = Orientation::ALL.into_iter().filter(|&turn| turn != Orientation::Upright);
        let mut turns: Vec<_> = turns.filter_map(near).collect();
        turns.sort_unstable();
        turns.truncate(MOST_TURNS);
        turns.into_iter().map(|(_, _, turn)| turn).collect()
    }

    /// The parts of this one that look like the whole of the other.
    fn parts<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = Part> + 'a {
        let wanted = other.whole.upright().phash;
        let windows =
            WINDOWS.iter().map(|&window| Part::from(window)).zip(self.windows.iter().copied());
        self.between_bars
            .into_iter()
            .chain(windows)
            .filter(move |(_, phash)| phash.distance(wanted) <= NEAR_IN_PART)
            .map(|(part, _)| part)
            .filter(|&part| is_plausible(&self.prepared, &other.prepared, part))
    }
}

impl Faces {
    /// Of a film that was decoded.
    pub fn new(film: &Film) -> Self {
        let dimensions = film.record.dimensions;
        Self::of(&film.record.fingerprint, (dimensions.height, dimensions.width))
    }

    fn of(print: &Fingerprint, pixels: (u32, u32)) -> Self {
        let clear = print.frames.iter().filter(|(_, frame)| !frame.is_flat());
        Self {
            duration_us: print.duration_us,
            longest_partner: print.longest_partner(),
            pixels,
            faces: clear.map(|(probe, frame)| (*probe, Face::new(frame))).collect(),
        }
    }

    /// How long the film is, in microseconds.
    pub fn duration_us(&self) -> i64 {
        self.duration_us
    }

    /// Whether a film that is no shorter is no longer than an encoding of this one may be.
    pub fn may_be_as_long(&self, longer: &Self) -> bool {
        longer.duration_us <= self.longest_partner
    }

    /// The ways in which this film may show what the other one shows, other than as it is; this
    /// one is the first. None where they are not about equally long.
    pub fn ways(&self, other: &Self) -> Vec<Way> {
        let (short, long) =
            if self.duration_us <= other.duration_us { (self, other) } else { (other, self) };
        if !short.may_be_as_long(long) {
            return Vec::new();
        }
        let common = self.faces.iter().find_map(|(probe, face)| {
            let (_, theirs) = other.faces.iter().find(|(theirs, _)| theirs == probe)?;
            Some((face, theirs))
        });
        let Some((mine, theirs)) = common else { return Vec::new() };
        let mut ways: Vec<Way> = mine.turns(theirs).into_iter().map(Way::turned).collect();
        let of = |whose| move |part| Start { whose, part };
        let starts: Vec<Start> = mine
            .parts(theirs)
            .map(of(Whose::First))
            .chain(theirs.parts(mine).map(of(Whose::Second)))
            .collect();
        if !starts.is_empty() {
            let found = align(&mine.prepared, &theirs.prepared, &starts);
            let found = found.filter(|found| agrees(found, self.pixels, other.pixels));
            let part = found.filter(|found| !found.part.is_whole());
            ways.extend(part.map(|found| Way {
                whose: found.whose,
                part: found.part,
                ..Way::UPRIGHT
            }));
        }
        ways
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::tile::FineTile;

    /// A scene of soft blobs, the same for the same seed.
    fn scene(seed: u32) -> FineTile {
        let mut random = seed;
        let mut next = || {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (random >> 16) % 64
        };
        let blobs: Vec<[u32; 4]> =
            (0..40).map(|_| [next(), next(), 3 + next() / 8, next()]).collect();
        FineTile(std::array::from_fn(|at| {
            let (x, y) = ((at % 64) as u32, (at / 64) as u32);
            let light = blobs.iter().map(|&[bx, by, size, light]| {
                let away = x.abs_diff(bx).pow(2) + y.abs_diff(by).pow(2);
                (light * size * size * 4).checked_div(size * size + away).unwrap_or(0)
            });
            light.sum::<u32>().min(255) as u8
        }))
    }

    fn faces(tile: FineTile, seconds: i64, (height, width): (u32, u32)) -> Faces {
        let frame = Frame::of_tile(0, tile);
        let print = Fingerprint { duration_us: seconds * 1_000_000, frames: vec![(0, frame)] };
        Faces::of(&print, (height, width))
    }

    #[test]
    fn turned_films_are_found() {
        let whole = faces(scene(1), 9, (480, 640));
        assert!(whole.ways(&whole.clone()).is_empty(), "as it is is no other way");
        for turn in Orientation::ALL.into_iter().skip(1) {
            let pixels = if turn.swaps_axes() { (640, 480) } else { (480, 640) };
            let turned = faces(scene(1).oriented(turn), 9, pixels);
            assert_eq!(whole.ways(&turned), [Way::turned(turn)]);
            assert_eq!(turned.ways(&whole), [Way::turned(turn.inverse())]);
            assert!(whole.ways(&faces(scene(2).oriented(turn), 9, pixels)).is_empty());
            // Turned or not, they have to be about equally long.
            let longer = faces(scene(1).oriented(turn), 10, pixels);
            assert!(whole.ways(&longer).is_empty() && longer.ways(&whole).is_empty());
        }
    }

    #[test]
    fn crops_and_bars_are_found() {
        let part = Part { top: 6, left: 6, bottom: 250, right: 250 };
        let whole = faces(scene(3), 9, (480, 640));
        let cropped = faces(Prepared::region(&scene(3), part), 9, (456, 608));
        let [way] = whole.ways(&cropped)[..] else { panic!("not found") };
        let [top, left, bottom, right] = part.to_bytes();
        let found = way.part.to_bytes();
        assert_eq!((way.whose, way.orientation), (Whose::First, Orientation::Upright));
        for (found, made) in found.into_iter().zip([top, left, bottom, right]) {
            assert!(found.abs_diff(made) <= 2, "{way:?}");
        }
        let [back] = cropped.ways(&whole)[..] else { panic!("not found") };
        assert_eq!(back.whose, Whose::Second);
        // Three quarters of the height, the rest black.
        let small = scene(3);
        let barred = FineTile(std::array::from_fn(|at| match (at / 64).checked_sub(8) {
            Some(row) if row < 48 => small.0[row * 64 / 48 * 64 + at % 64],
            _ => 0,
        }));
        let barred = faces(barred, 9, (640, 640));
        let [way] = whole.ways(&barred)[..] else { panic!("not found") };
        assert_eq!(way.whose, Whose::Second);
        assert!(way.part.top.abs_diff(32) <= 4 && way.part.bottom.abs_diff(224) <= 4, "{way:?}");
        assert!(faces(scene(4), 9, (480, 640)).ways(&barred).is_empty());
    }
}
