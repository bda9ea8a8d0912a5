//! What proves that two pictures show the same, as grouping asks for it.

use std::cmp::Reverse;
use std::collections::HashSet;

use crate::model::findings::{Likeness, Member, Region, Surroundings};
use crate::model::media::Orientation;
use crate::model::phash::{PerceptualHash, View};
use crate::picture::part::Part;
use crate::picture::proof::{Start, Whose};
use crate::picture::window::{Window, WindowSet};

/// A pair of pictures that may show the same, by index, the smaller first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// One picture.
    pub first: u32,
    /// The other.
    pub second: u32,
    /// Turns the first into the second.
    pub orientation: Orientation,
    /// The windows that brought them together; none where the whole pictures did. Parts of the first
    /// picture are given as it is turned.
    pub starts: Vec<Start>,
}

/// How two pictures stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Standing {
    /// They show the same.
    Same,
    /// They show the same but for one place: perhaps two shots of one scene.
    Shots,
    /// They are alike; it cannot be proven that they show the same.
    Alike,
    /// They are different pictures.
    Different,
}

/// What was found of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proven {
    /// How they stand to each other.
    pub standing: Standing,
    /// Turns the first into the second.
    pub orientation: Orientation,
    /// How much of the details agrees, in per cent; `None` where only hashes were compared.
    pub per_cent: Option<u8>,
    /// Which of them has a part that the other one shows.
    pub whose: Whose,
    /// That part; of the first picture, as it is turned.
    pub part: Part,
    /// What is around it.
    pub surroundings: Surroundings,
}

/// A part of at least this share of a picture, in 1/65536, is the whole of it: alignments are as
/// exact as 1/256 of each side.
const WHOLE_FROM: u32 = 61_600;

impl Proven {
    /// Of pictures of which nothing but the hashes is known.
    pub fn by_hashes(orientation: Orientation) -> Self {
        Self {
            standing: Standing::Same,
            orientation,
            per_cent: None,
            whose: Whose::First,
            part: Part::WHOLE,
            surroundings: Surroundings::Picture,
        }
    }

    /// Of different pictures.
    pub fn different(orientation: Orientation) -> Self {
        Self { standing: Standing::Different, ..Self::by_hashes(orientation) }
    }

    /// The same with the pictures the other way round.
    #[must_use]
    pub fn inverse(self) -> Self {
        let back = self.orientation.inverse();
        Self {
            orientation: back,
            whose: self.whose.other(),
            part: self.part.oriented(back),
            ..self
        }
    }

    /// Whether it is the one to keep of two findings about the same pair.
    pub fn is_better_than(&self, other: &Self) -> bool {
        let rank = |proven: &Self| (proven.standing, Reverse(proven.per_cent), proven.orientation);
        rank(self) < rank(other)
    }

    /// Whether one of them shows a part of the other.
    pub fn is_part(&self) -> bool {
        self.part.area() < WHOLE_FROM
    }

    /// What there is to say of the pair whose first picture is the keeper.
    pub fn likeness(&self) -> Option<Likeness> {
        let per_cent = self.per_cent?;
        let Part { top, left, bottom, right } = self.part;
        let region = self.is_part().then(|| Region {
            of: self.whose.of(Member::Keeper, Member::Duplicate),
            edges: [top, left, bottom, right].map(|edge| edge as u16),
            surroundings: self.surroundings,
        });
        Some(Likeness { per_cent, region })
    }

    /// As it is kept between runs.
    pub fn to_bytes(self) -> [u8; 12] {
        let mut bytes = [0; 12];
        bytes[0] = self.standing as u8;
        bytes[1] = self.orientation.exif_value() as u8;
        bytes[2] = self.per_cent.unwrap_or(u8::MAX);
        bytes[3] = self.whose as u8;
        bytes[4..8].copy_from_slice(&self.part.to_bytes());
        bytes[8] = self.surroundings as u8;
        bytes
    }

    /// The inverse of [`Self::to_bytes`]; `None` for bytes that it does not make.
    pub fn from_bytes(bytes: [u8; 12]) -> Option<Self> {
        const STANDINGS: [Standing; 4] =
            [Standing::Same, Standing::Shots, Standing::Alike, Standing::Different];
        let [standing, orientation, per_cent, whose, top, left, bottom, right, around, ..] = bytes;
        let orientation =
            Orientation::ALL.into_iter().find(|o| o.exif_value() == u32::from(orientation))?;
        Some(Self {
            standing: *STANDINGS.get(usize::from(standing))?,
            orientation,
            per_cent: Some(per_cent).filter(|&per_cent| per_cent <= 100),
            whose: *[Whose::First, Whose::Second].get(usize::from(whose))?,
            part: Part::from_bytes([top, left, bottom, right])?,
            surroundings: *Surroundings::ALL.get(usize::from(around))?,
        })
    }
}

/// Proves pairs, and hashes windows.
pub trait Prover: Sync {
    /// Whether it sees more of pictures than their hashes: then windows are looked through.
    fn sees_tiles(&self) -> bool;

    /// The hashes of windows of pictures, window by window in the order of the pictures, each
    /// turned; `None` where the picture has no tile or the window is flat.
    fn views(
        &self,
        pictures: &[u32],
        windows: &[Window],
        orientation: Orientation,
    ) -> Vec<Vec<Option<View>>>;

    /// The 64-bit hashes of the windows of a set, and of the halves, as they are: picture by picture
    /// in their order; `None` as for [`Self::views`].
    fn window_hashes(&self, pictures: &[u32], set: WindowSet) -> Vec<Vec<Option<PerceptualHash>>>;

    /// What is found of each of the pairs, in their order.
    fn prove(&self, candidates: &[Candidate]) -> Vec<Proven>;

    /// What earlier runs found among these pictures.
    fn earlier(&self, pictures: &[u32]) -> Earlier;

    /// Takes note that every pair among these pictures was looked for.
    fn note_compared(&self, pictures: &[u32]);
}

/// What earlier runs found.
#[derive(Clone, Debug, Default)]
pub struct Earlier {
    /// Pictures among which every pair was looked for.
    pub compared: HashSet<u32>,
    /// What was found of pairs of those, the smaller index first.
    pub pairs: Vec<(u32, u32, Proven)>,
}

/// Takes the hashes at their word: every candidate shows the same. For callers without tiles.
#[derive(Clone, Copy, Debug, Default)]
pub struct HashesAlone;

impl Prover for HashesAlone {
    fn sees_tiles(&self) -> bool {
        false
    }

    fn views(
        &self,
        pictures: &[u32],
        windows: &[Window],
        _: Orientation,
    ) -> Vec<Vec<Option<View>>> {
        windows.iter().map(|_| vec![None; pictures.len()]).collect()
    }

    fn window_hashes(&self, pictures: &[u32], _: WindowSet) -> Vec<Vec<Option<PerceptualHash>>> {
        vec![Vec::new(); pictures.len()]
    }

    fn prove(&self, candidates: &[Candidate]) -> Vec<Proven> {
        candidates.iter().map(|candidate| Proven::by_hashes(candidate.orientation)).collect()
    }

    fn earlier(&self, _: &[u32]) -> Earlier {
        Earlier::default()
    }

    fn note_compared(&self, _: &[u32]) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_come_back_as_they_were_kept() {
        let proven = Proven {
            standing: Standing::Shots,
            orientation: Orientation::Rotate90,
            per_cent: Some(93),
            whose: Whose::Second,
            part: Part { top: 1, left: 2, bottom: 250, right: 256 },
            surroundings: Surroundings::CaptionBelow,
        };
        for proven in [proven, Proven::different(Orientation::Transverse)] {
            assert_eq!(Proven::from_bytes(proven.to_bytes()), Some(proven));
            assert_eq!(proven.inverse().inverse(), proven);
        }
        let bytes = proven.to_bytes();
        for (at, value) in [(0, 4), (1, 0), (1, 9), (3, 2), (6, 255), (8, 7)] {
            let mut wrong = bytes;
            wrong[at] = value;
            assert_eq!(Proven::from_bytes(wrong), None, "{at} {value}");
        }
    }
}
