//! When two pictures count as the same: two radii, chosen by one number.

use std::fmt;
use std::str::FromStr;

use crate::model::phash::{Distance, FineDistance, Quality};

/// Below this quality a tile is nearly flat (sky, a black frame, an empty page): all such pictures
/// hash alike, and only byte-identical ones match. 8 is a step of less than 1 grey level between
/// neighbours on average, which noise alone can make; the flattest of 110 photographs has 50.
pub const QUALITY_FLOOR: Quality = Quality(8);

/// The largest threshold that makes sense: two unrelated pictures are 32 bits apart on average,
/// and past 16 the 64-bit hash finds everything.
pub const MAX_THRESHOLD: u32 = 16;

/// The largest distance two fine hashes can have.
pub const MAX_FINE_THRESHOLD: u32 = 256;

/// Fine radius by threshold, at the points that were measured; linear between them, rounded down.
///
/// Read off a near-duplicate corpus of 110 photographs × 12 edits (`cargo bench --bench neardup --
/// grid`): re-encodings stay within 32 bits of 256, light edits and 2 % crops within 32, 98 % of
/// 5 % crops within 56 and all within 64, borders and watermarks within 72 as far as the 64-bit
/// hash finds them. Different pages of text come as near as 76, different photographs as near as
/// 90, so that no threshold goes beyond 74. Equal 64-bit hashes (0) still leave the fine hashes of
/// a re-encoded picture up to 24 bits apart, so that 0 does not mean 0 here.
const FINE_RADII: [(u32, u32); 5] = [(0, 24), (2, 32), (6, 56), (10, 72), (16, 74)];

/// The one number that people choose, by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sensitivity {
    /// The same picture, re-encoded.
    Exact,
    /// Format changes, resizing, light edits.
    #[default]
    Standard,
    /// Crops, borders, watermarks, heavy edits.
    Aggressive,
}

impl Sensitivity {
    /// All three, from strict to loose.
    pub const ALL: [Self; 3] = [Self::Exact, Self::Standard, Self::Aggressive];

    /// Lower-case name, as the command line and the configuration write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Standard => "standard",
            Self::Aggressive => "aggressive",
        }
    }

    /// The threshold that the name stands for.
    pub fn threshold(self) -> u32 {
        match self {
            Self::Exact => 2,
            Self::Standard => 6,
            Self::Aggressive => 14,
        }
    }

    /// The sensitivity that stands for exactly this threshold, if one does.
    pub fn from_threshold(threshold: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|sensitivity| sensitivity.threshold() == threshold)
    }
}

impl fmt::Display for Sensitivity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Sensitivity {
    type Err = PolicyTextError;

    fn from_str(text: &str) -> Result<Self, PolicyTextError> {
        Self::ALL
            .into_iter()
            .find(|sensitivity| sensitivity.name() == text)
            .ok_or(PolicyTextError { allowed: "exact, standard or aggressive" })
    }
}

/// A rule that comes before the usual ones when the keeper of a group is chosen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum KeepRule {
    /// More pixels, then more bytes.
    Largest,
    /// The earliest capture.
    Oldest,
    /// The latest capture.
    Newest,
    /// The fewest bytes of path.
    ShortestPath,
    /// What this glob matches.
    Prefer(String),
}

impl fmt::Display for KeepRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Largest => f.write_str("largest"),
            Self::Oldest => f.write_str("oldest"),
            Self::Newest => f.write_str("newest"),
            Self::ShortestPath => f.write_str("shortest-path"),
            Self::Prefer(glob) => write!(f, "prefer={glob}"),
        }
    }
}

impl FromStr for KeepRule {
    type Err = PolicyTextError;

    fn from_str(text: &str) -> Result<Self, PolicyTextError> {
        match text {
            "largest" => Ok(Self::Largest),
            "oldest" => Ok(Self::Oldest),
            "newest" => Ok(Self::Newest),
            "shortest-path" => Ok(Self::ShortestPath),
            _ => match text.strip_prefix("prefer=") {
                Some(glob) if !glob.is_empty() => Ok(Self::Prefer(glob.to_owned())),
                _ => Err(PolicyTextError {
                    allowed: "largest, oldest, newest, shortest-path or prefer=GLOB",
                }),
            },
        }
    }
}

/// Reads a threshold, 0 to [`MAX_THRESHOLD`].
///
/// # Errors
/// [`PolicyTextError`], which says what is allowed.
pub fn parse_threshold(text: &str) -> Result<u32, PolicyTextError> {
    text.parse()
        .ok()
        .filter(|&threshold| threshold <= MAX_THRESHOLD)
        .ok_or(PolicyTextError { allowed: "a whole number from 0 to 16" })
}

/// Reads a fine threshold, 0 to [`MAX_FINE_THRESHOLD`].
///
/// # Errors
/// [`PolicyTextError`], which says what is allowed.
pub fn parse_fine_threshold(text: &str) -> Result<u32, PolicyTextError> {
    text.parse()
        .ok()
        .filter(|&threshold| threshold <= MAX_FINE_THRESHOLD)
        .ok_or(PolicyTextError { allowed: "a whole number from 0 to 256" })
}

/// A text that names no sensitivity or threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyTextError {
    /// What would have been accepted, to follow "allowed:".
    pub allowed: &'static str,
}

impl fmt::Display for PolicyTextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "allowed: {}", self.allowed)
    }
}

impl std::error::Error for PolicyTextError {}

/// Radii within which two pictures match. Both must hold: the 64-bit distance finds candidates,
/// the 256-bit distance confirms them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Most bits that the 64-bit hashes may differ by.
    pub radius: Distance,
    /// Most bits that the 256-bit hashes may differ by.
    pub fine_radius: FineDistance,
}

impl Policy {
    /// The policy of a threshold, with the fine radius that the table gives. A threshold above
    /// [`MAX_THRESHOLD`] counts as that.
    pub fn from_threshold(threshold: u32) -> Self {
        let radius = threshold.min(MAX_THRESHOLD);
        Self { radius: Distance(radius), fine_radius: FineDistance(fine_radius(radius)) }
    }

    /// The same with a fine radius of the caller's choice, at most [`MAX_FINE_THRESHOLD`].
    #[must_use]
    pub fn with_fine_radius(self, fine_radius: u32) -> Self {
        Self { fine_radius: FineDistance(fine_radius.min(MAX_FINE_THRESHOLD)), ..self }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Sensitivity::default().into()
    }
}

impl From<Sensitivity> for Policy {
    fn from(sensitivity: Sensitivity) -> Self {
        Self::from_threshold(sensitivity.threshold())
    }
}

/// The table, with straight lines between its points. `radius` is at most [`MAX_THRESHOLD`].
fn fine_radius(radius: u32) -> u32 {
    let mut below = FINE_RADII[0];
    for above in FINE_RADII {
        if radius == above.0 {
            return above.1;
        }
        if radius < above.0 {
            let (from, to) = (below, above);
            return from.1 + (to.1 - from.1) * (radius - from.0) / (to.0 - from.0);
        }
        below = above;
    }
    below.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fine_radius_follows_the_table() {
        let radii: Vec<u32> = (0..=16).map(|t| Policy::from_threshold(t).fine_radius.0).collect();
        assert_eq!(
            radii,
            [24, 28, 32, 38, 44, 50, 56, 60, 64, 68, 72, 72, 72, 73, 73, 73, 74],
            "rising, through every point of the table"
        );
        assert_eq!(
            Policy::from_threshold(40),
            Policy { radius: Distance(16), fine_radius: FineDistance(74) }
        );
        assert_eq!(
            Policy::default(),
            Policy { radius: Distance(6), fine_radius: FineDistance(56) }
        );
        assert_eq!(Policy::from_threshold(6).with_fine_radius(999).fine_radius, FineDistance(256));
    }

    #[test]
    fn names_round_trip_and_errors_say_what_is_allowed() {
        for sensitivity in Sensitivity::ALL {
            assert_eq!(sensitivity.name().parse(), Ok(sensitivity));
            assert_eq!(Sensitivity::from_threshold(sensitivity.threshold()), Some(sensitivity));
        }
        let error = "Exact".parse::<Sensitivity>().unwrap_err();
        assert_eq!(error.to_string(), "allowed: exact, standard or aggressive");
        assert_eq!(parse_threshold("16"), Ok(16));
        for bad in ["17", "-1", "", "six", "1.5"] {
            let error = parse_threshold(bad).unwrap_err();
            assert_eq!(error.to_string(), "allowed: a whole number from 0 to 16", "{bad:?}");
        }
        for rule in ["largest", "oldest", "newest", "shortest-path", "prefer=**/best/**"] {
            assert_eq!(rule.parse::<KeepRule>().map(|rule| rule.to_string()), Ok(rule.into()));
        }
        assert!("prefer=".parse::<KeepRule>().is_err());
        assert_eq!(parse_fine_threshold("256"), Ok(256));
        assert!(parse_fine_threshold("257").is_err());
    }
}
