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
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProofJson {
    group: u64,
    relation: String,
    distance: u32,
    fine_distance: u32,
    orientation: String,
}

impl Proof {
    /// Both files have the same bytes, and stand in no group.
    pub const SAME_BYTES: Self = Self {
        group: 0,
        relation: Relation::Identical,
        distance: Distance(0),
        fine_distance: FineDistance(0),
        orientation: Orientation::Upright,
    };

    /// What was found of a duplicate in the group of that number.
    pub fn from_duplicate(group: u64, duplicate: &Duplicate) -> Self {
        Self {
            group,
            relation: duplicate.relation,
            distance: duplicate.distance,
            fine_distance: duplicate.fine_distance,
            orientation: duplicate.orientation,
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
        })
    }
}

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
}

impl From<&Matching> for MatchRule {
    fn from(matching: &Matching) -> Self {
        Self {
            threshold: matching.policy.radius.0,
            fine_threshold: matching.policy.fine_radius.0,
            fine_only: matching.fine_only,
            any_orientation: matching.any_orientation,
            include_bursts: matching.include_bursts,
        }
    }
}

impl MatchRule {
    /// Whether this program can have matched by it.
    pub fn is_possible(&self) -> bool {
        self.threshold <= MAX_THRESHOLD && self.fine_threshold <= MAX_FINE_THRESHOLD
    }

    /// Why a proof does not meet the rule; `None` when it does. Identical bytes meet any.
    pub fn broken_by(&self, proof: &Proof) -> Option<&'static str> {
        let far = !self.fine_only && proof.distance.0 > self.threshold
            || proof.fine_distance.0 > self.fine_threshold;
        match proof.relation {
            Relation::Identical => None,
            _ if far => Some("is further from its keeper than the plan's policy allows"),
            _ if proof.orientation != Orientation::Upright && !self.any_orientation => {
                Some("is turned, and the plan's policy does not allow that")
            }
            Relation::Burst if !self.include_bursts => {
                Some("is a shot of a burst, and the plan's policy leaves bursts alone")
            }
            _ => None,
        }
    }
}
