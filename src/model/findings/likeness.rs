//! What two pictures that show the same have in common, and what was done to one of them.

/// One of the two pictures of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Member {
    /// The one that stays.
    Keeper,
    /// The other one.
    Duplicate,
}

impl Member {
    /// Lower-case name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keeper => "keeper",
            Self::Duplicate => "duplicate",
        }
    }
}

/// What a picture shows around the part that another one shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Surroundings {
    /// More of the picture: the other one was cropped.
    #[default]
    Picture,
    /// A frame on three or four sides.
    Border,
    /// Bars at the left and right.
    BarsBeside,
    /// Bars above and below.
    BarsAboveAndBelow,
    /// A caption above.
    CaptionAbove,
    /// A caption below.
    CaptionBelow,
    /// The rest of a screen.
    Screen,
}

impl Surroundings {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Picture,
        Self::Border,
        Self::BarsBeside,
        Self::BarsAboveAndBelow,
        Self::CaptionAbove,
        Self::CaptionBelow,
        Self::Screen,
    ];

    /// Lower-case name, as JSON has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Picture => "picture",
            Self::Border => "border",
            Self::BarsBeside => "bars-beside",
            Self::BarsAboveAndBelow => "bars-above-and-below",
            Self::CaptionAbove => "caption-above",
            Self::CaptionBelow => "caption-below",
            Self::Screen => "screen",
        }
    }

    /// What was put there, for people.
    fn words(self) -> &'static str {
        match self {
            Self::Picture => "more of the picture",
            Self::Border => "a border",
            Self::BarsBeside => "bars at its sides",
            Self::BarsAboveAndBelow => "bars above and below",
            Self::CaptionAbove => "a caption above",
            Self::CaptionBelow => "a caption below",
            Self::Screen => "a screen around it",
        }
    }
}

/// The part of one picture that the other one shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Region {
    /// Of which picture it is a part.
    pub of: Member,
    /// Top, left, bottom and right edge, in 256ths of that picture's sides, as the pair is turned.
    pub edges: [u16; 4],
    /// What is around it.
    pub surroundings: Surroundings,
}

impl Region {
    /// Its share of the picture, in per cent.
    pub fn per_cent(&self) -> u32 {
        let [top, left, bottom, right] = self.edges.map(u32::from);
        (bottom.saturating_sub(top) * right.saturating_sub(left) * 100 + (1 << 15)) >> 16
    }
}

/// How much of two pictures is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Likeness {
    /// How much of the details agrees where both show the same, in per cent.
    pub per_cent: u8,
    /// Where one of them shows a part of the other; `None` where both show the same.
    pub region: Option<Region>,
}

impl Likeness {
    /// Of files with the same bytes.
    pub const FULL: Self = Self { per_cent: 100, region: None };

    /// The same with keeper and duplicate the other way round, as they are turned.
    #[must_use]
    pub fn inverse(self) -> Self {
        let region = self.region.map(|region| Region {
            of: match region.of {
                Member::Keeper => Member::Duplicate,
                Member::Duplicate => Member::Keeper,
            },
            ..region
        });
        Self { region, ..self }
    }

    /// What was done to the duplicate, in words; nothing where it shows what its keeper shows.
    pub fn words(&self) -> Option<String> {
        let region = self.region?;
        let (share, around) = (region.per_cent(), region.surroundings);
        Some(match (region.of, around) {
            (Member::Keeper, Surroundings::Picture) => format!("cropped to {share} %"),
            (Member::Duplicate, Surroundings::Picture) => {
                format!("shows more: its keeper is {share} % of it")
            }
            (Member::Duplicate, around) => format!("with {}", around.words()),
            (Member::Keeper, around) => format!("without {}", around.words()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_what_was_done_to_the_duplicate() {
        let likeness = |of, surroundings| Likeness {
            per_cent: 97,
            region: Some(Region { of, edges: [0, 26, 256, 230], surroundings }),
        };
        for (of, around, words) in [
            (Member::Keeper, Surroundings::Picture, "cropped to 80 %"),
            (Member::Duplicate, Surroundings::Picture, "shows more: its keeper is 80 % of it"),
            (Member::Duplicate, Surroundings::BarsBeside, "with bars at its sides"),
            (Member::Keeper, Surroundings::CaptionBelow, "without a caption below"),
        ] {
            assert_eq!(likeness(of, around).words().as_deref(), Some(words));
        }
        assert_eq!(Likeness::FULL.words(), None);
    }
}
