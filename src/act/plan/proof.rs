//! Why a file may be acted on in favour of another one: what was measured, and the rule it met.

use crate::model::phash::{Distance, FineDistance};
use serde::{Deserialize, Serialize};

use crate::model::findings::{Duplicate, Matching, Relation};
use crate::model::media::Orientation;
use crate::model::policy::{MAX_FINE_THRESHOLD, MAX_THRESHOLD};

/// What a member and its keeper have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ProofJson", into = "ProofJson")]
pub struct Proof {
    /// The number of the group that both are in; 0 for files that are in none, as a sidecar and its
    /// twin.
    pub group: u64,
    /// What kind of match.
    pub relation: Relation,
    /// Bits between the 64-bit hashes.
    pub distance: Distance,
    /// Bits between the 256-bit hashes.
    pub fine_distance: FineDistance,
    /// How the keeper has to be turned to look like the member.
    pub orientation: Orientation,
    /// How much of the details agrees, in per cent, where that was proven: then the hashes may
    /// differ by more than the rule says, as those of a picture and its crop do.
    pub likeness: Option<u8>,
    /// It is not sure which of both is the original.
    pub unsure: bool,
    /// It is a film.
    pub film: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProofJson {
    group: u64,
    relation: String,
    distance: u32,
    fine_distance: u32,
    orientation: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    likeness: Option<u8>,
    #[serde(default, skip_serializing_if = "is_false")]
    unsure: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    film: bool,
}

impl Proof {
    /// Both files have the same bytes, and stand in no group.
    pub const SAME_BYTES: Self = Self {
        group: 0,
        relation: Relation::Identical,
        distance: Distance(0),
        fine_distance: FineDistance(0),
        orientation: Orientation::Upright,
        likeness: None,
        unsure: false,
        film: false,
    };

    /// What was found of a duplicate in the group of that number.
    pub fn from_duplicate(group: u64, duplicate: &Duplicate) -> Self {
        Self {
            group,
            relation: duplicate.relation,
            distance: duplicate.distance,
            fine_distance: duplicate.fine_distance,
            orientation: duplicate.orientation,
            likeness: duplicate.likeness.map(|likeness| likeness.per_cent),
            unsure: duplicate.unsure.is_some(),
            film: duplicate.picture.film.is_some(),
        }
    }
}

impl From<Proof> for ProofJson {
    fn from(proof: Proof) -> Self {
        Self {
            group: proof.group,
            relation: proof.relation.name().to_owned(),
            distance: proof.distance.0,
            fine_distance: proof.fine_distance.0,
            orientation: proof.orientation.name().to_owned(),
            likeness: proof.likeness,
            unsure: proof.unsure,
            film: proof.film,
        }
    }
}

impl TryFrom<ProofJson> for Proof {
    type Error = String;

    fn try_from(json: ProofJson) -> Result<Self, String> {
        let relation = Relation::from_name(&json.relation)
            .ok_or_else(|| format!("{:?} is not a relation", json.relation))?;
        let orientation = Orientation::ALL
            .into_iter()
            .find(|orientation| orientation.name() == json.orientation)
            .ok_or_else(|| format!("{:?} is not an orientation", json.orientation))?;
        Ok(Self {
            group: json.group,
            relation,
            distance: Distance(json.distance),
            fine_distance: FineDistance(json.fine_distance),
            orientation,
            likeness: json.likeness,
            unsure: json.unsure,
            film: json.film,
        })
    }
}

/// Most bits that the hashes of a proven copy differ by: those of unrelated pictures differ by 32
/// and 128 on average.
const PROVEN_THRESHOLD: u32 = 32;
const PROVEN_FINE_THRESHOLD: u32 = 128;

/// The rule by which the pictures of a plan were matched. No proof may go beyond it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatchRule {
    /// Most bits that the 64-bit hashes may differ by.
    pub threshold: u32,
    /// Most bits that the 256-bit hashes may differ by.
    pub fine_threshold: u32,
    /// The 256-bit hash alone decided.
    pub fine_only: bool,
    /// Turned and mirrored copies were asked for.
    pub any_orientation: bool,
    /// Bursts are acted on like copies.
    pub include_bursts: bool,
    /// Pictures that are only alike are acted on like copies.
    #[serde(default, skip_serializing_if = "is_false")]
    pub include_alike: bool,
    /// Acted on although it is not sure which one is the original.
    #[serde(default, skip_serializing_if = "is_false")]
    pub include_unsure: bool,
    /// Films of other bytes are acted on like pictures.
    #[serde(default, skip_serializing_if = "is_false")]
    pub include_films: bool,
    /// Films that were turned, cut or framed were looked for too.
    #[serde(default, skip_serializing_if = "is_false")]
    pub deep: bool,
}

fn is_false(value: &bool) -> bool {
    !value
}

impl From<&Matching> for MatchRule {
    fn from(matching: &Matching) -> Self {
        Self {
            threshold: matching.policy.radius.0,
            fine_threshold: matching.policy.fine_radius.0,
            fine_only: matching.fine_only,
            any_orientation: matching.any_orientation,
            include_bursts: matching.include_bursts,
            include_alike: matching.include_alike,
            include_unsure: matching.include_unsure,
            include_films: matching.include_films,
            deep: matching.deep,
        }
    }
}

impl MatchRule {
    /// Whether this program can have matched by it.
    pub fn is_possible(&self) -> bool {
        self.threshold <= MAX_THRESHOLD && self.fine_threshold <= MAX_FINE_THRESHOLD
    }

    fn may_be_turned(&self, proof: &Proof) -> bool {
        self.any_orientation || self.deep && proof.film
    }

    /// Why a proof does not meet the rule; `None` when it does. Identical bytes meet any.
    pub fn broken_by(&self, proof: &Proof) -> Option<&'static str> {
        let (distance, fine_distance) = (proof.distance.0, proof.fine_distance.0);
        let far = match (proof.likeness, proof.relation) {
            (None, _) => {
                !self.fine_only && distance > self.threshold || fine_distance > self.fine_threshold
            }
            // A part hashes like any other picture.
            (Some(_), Relation::Part) => false,
            // Something may lie over a copy, but not more than half of it.
            (Some(_), _) => distance > PROVEN_THRESHOLD || fine_distance > PROVEN_FINE_THRESHOLD,
        };
        match proof.relation {
            Relation::Identical => None,
            _ if far => Some("is further from its keeper than the plan's policy allows"),
            _ if proof.orientation != Orientation::Upright && !self.may_be_turned(proof) => {
                Some("is turned, and the plan's policy does not allow that")
            }
            Relation::Burst if !self.include_bursts => {
                Some("is a shot of a burst, and the plan's policy leaves bursts alone")
            }
            Relation::Alike if !self.include_alike => {
                Some("is only like its keeper, and the plan's policy leaves that alone")
            }
            _ if proof.unsure && !self.include_unsure => {
                Some("may be the original of its keeper, and the plan's policy leaves that alone")
            }
            _ if proof.film && !self.include_films => {
                Some("is a film of other bytes, and the plan's policy leaves those alone")
            }
            _ => None,
        }
    }
}
