//! A group around a keeper that somebody has chosen.

use crate::dedupe::relation::{self, File, Shot};
use crate::model::findings::{Duplicate, FoundPicture, Group, Linked, Matching, Relation};
use crate::model::media::Orientation;
use crate::model::phash::Nearness;
use crate::model::policy::Policy;
use crate::model::record::ContentHash;

/// Why a keeper is one that was chosen.
pub const CHOSEN: &str = "chosen by hand";

impl Group {
    /// The same pictures around the keeper that is the member of that number: 0 is the keeper that
    /// it has, then come the duplicates; what is linked cannot be chosen. Every other one is held
    /// against the new keeper, by the rule that found the group: what it is not near is linked now.
    pub fn around(&self, member: usize, matching: &Matching) -> Option<Self> {
        if member == 0 {
            return Some(self.clone());
        }
        let keeper = self.candidates().nth(member)?;
        let others = || {
            let numbered = self.candidates().enumerate();
            numbered.filter(move |(place, _)| *place != member).map(|(_, picture)| picture)
        };
        let (reason, duplicates, linked) = (CHOSEN.to_owned(), Vec::new(), Vec::new());
        let mut group = Group { keeper, reason, duplicates, linked };
        let chosen = &self.duplicates[member - 1];
        let stood = |place: usize| place.checked_sub(1).map(|at| &self.duplicates[at]);
        for (place, picture) in self.candidates().enumerate().filter(|(at, _)| *at != member) {
            let new = match stood(place) {
                // The pair was proven from the other side.
                None => {
                    let turns = [chosen.orientation.inverse()];
                    let near = keeper.hash.nearest(&picture.hash, &turns, |_, _| true);
                    near.map(|near| Duplicate {
                        relation: chosen.relation,
                        likeness: chosen.likeness.map(|likeness| likeness.inverse()),
                        // What was a part of it cannot stand for it.
                        shows_more: chosen.relation == Relation::Part,
                        ..Duplicate::new(picture, near)
                    })
                }
                // Both are copies of the old keeper, and near each other.
                Some(old) if is_copy(old.relation) && is_copy(chosen.relation) => {
                    near(keeper, picture, matching).map(|near| Duplicate::new(picture, near))
                }
                // Nobody has held these two against each other.
                Some(_) => None,
            };
            match new {
                Some(duplicate) => group.duplicates.push(duplicate),
                None => group.linked.push(far(keeper, picture, matching)),
            }
        }
        // Also a picture that is not near the new keeper may speak for the shot.
        let shots = std::iter::once(keeper).chain(others()).map(|picture| describe(picture).0);
        let witness = relation::witness(shots);
        relation::judge(&mut group, witness, |picture| describe(picture));
        for old in &self.linked {
            group.linked.push(far(keeper, &old.picture, matching));
        }
        Some(group.map(|&picture| picture.clone()))
    }
}

/// Whether a picture was proven to show what its keeper shows, or is only another frame of it.
fn is_copy(relation: Relation) -> bool {
    matches!(relation, Relation::Identical | Relation::Copy | Relation::Burst)
}

fn describe(picture: &FoundPicture) -> (Shot<'_>, File) {
    let FoundPicture { captured, stamp, format, content, damaged, .. } = *picture;
    let content = content.map(ContentHash);
    let shot = Shot { captured, camera: picture.camera.as_deref(), path: &picture.path };
    (shot, File { size: stamp.size, format, content, damaged })
}

fn far<'a>(
    keeper: &FoundPicture,
    picture: &'a FoundPicture,
    matching: &Matching,
) -> Linked<&'a FoundPicture> {
    let turns = Orientation::turns(matching.any_orientation);
    Linked::new(picture, keeper.hash.nearest(&picture.hash, turns, |_, _| true))
}

/// How near two pictures are, where both distances are within the policy.
fn near(keeper: &FoundPicture, other: &FoundPicture, matching: &Matching) -> Option<Nearness> {
    let Policy { radius, fine_radius, .. } = matching.policy;
    keeper.hash.nearest(
        &other.hash,
        Orientation::turns(matching.any_orientation),
        |distance, fine_distance| {
            (matching.fine_only || distance <= radius) && fine_distance <= fine_radius
        },
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::model::findings::Relation;
    use crate::model::media::{
        Bytes, CaptureTime, Dimensions, FileKey, FileStamp, Format, ModifiedNs,
    };
    use crate::model::phash::{
        Distance, FineDistance, FineHash, PerceptualHash, PictureHash, Quality, View,
    };

    fn picture(name: &str, phash: u64, second: Option<i64>) -> FoundPicture {
        let view = View { phash: PerceptualHash(phash), fine: FineHash([phash, 0, 0, 0]) };
        FoundPicture {
            path: name.into(),
            stamp: FileStamp {
                key: FileKey { device: 1, inode: phash },
                size: Bytes(10),
                modified: ModifiedNs(0),
            },
            content: None,
            format: Format::Jpeg,
            dimensions: Dimensions { width: 4, height: 3 },
            hash: PictureHash { views: [view; 4], quality: Quality(80) },
            captured: second.map(|local_seconds| CaptureTime {
                local_seconds,
                subsecond_ns: None,
                offset_minutes: None,
            }),
            camera: None,
            provenance: None,
            film: None,
            reference: false,
            damaged: false,
            other_names: Vec::new(),
        }
    }

    fn copy(picture: FoundPicture) -> Duplicate {
        Duplicate {
            alarm: None,
            unsure: None,
            picture,
            distance: Distance(0),
            fine_distance: FineDistance(0),
            relation: Relation::Copy,
            orientation: Orientation::Upright,
            whole_beside_damaged: false,
            likeness: None,
            shows_more: false,
        }
    }

    fn names(group: &Group) -> (String, Vec<(String, Relation)>, Vec<String>) {
        let name = |picture: &FoundPicture| picture.path.display().to_string();
        let duplicates = group.duplicates.iter().map(|d| (name(&d.picture), d.relation));
        let linked = group.linked.iter().map(|linked| name(&linked.picture));
        (name(&group.keeper), duplicates.collect(), linked.collect())
    }

    #[test]
    fn what_is_not_near_the_chosen_keeper_is_linked() {
        let matching = Matching {
            policy: Policy::from_threshold(2).with_fine_radius(2),
            ..Default::default()
        };
        let group = Group {
            keeper: picture("k", 0b00, None),
            reason: "more pixels".into(),
            duplicates: vec![copy(picture("a", 0b11, None)), copy(picture("b", 0b1100, None))],
            linked: vec![Linked {
                picture: picture("l", 0b1111, None),
                distance: Distance(4),
                fine_distance: FineDistance(4),
                near: None,
            }],
        };
        assert_eq!(group.around(0, &matching).unwrap(), group);
        let around = group.around(1, &matching).unwrap();
        assert_eq!(around.reason, CHOSEN);
        let copies = vec![("k".to_owned(), Relation::Copy)];
        assert_eq!(names(&around), ("a".into(), copies, vec!["b".into(), "l".into()]));
        assert_eq!(
            (around.duplicates[0].distance, around.linked[0].distance),
            (Distance(2), Distance(4))
        );
        assert_eq!(group.around(3, &matching), None);
        // Both distances count, unless the 256 bits alone were asked for.
        let policy = |radius, fine| Policy::from_threshold(radius).with_fine_radius(fine);
        let duplicates = |policy, fine_only| {
            let matching = Matching { policy, fine_only, ..Default::default() };
            group.around(1, &matching).unwrap().duplicates.len()
        };
        // The old keeper was proven to show the same; the other one is 4 bits away.
        assert_eq!(duplicates(policy(4, 4), false), 2);
        assert_eq!(duplicates(policy(4, 3), false), 1);
        assert_eq!(duplicates(policy(3, 4), false), 1);
        assert_eq!(duplicates(policy(3, 4), true), 2);
        // Who was only alike, or a part, is held against nobody else.
        for relation in [Relation::Alike, Relation::Part] {
            let mut group = group.clone();
            group.duplicates[1].relation = relation;
            let around = group.around(1, &Matching { policy: policy(4, 4), ..matching }).unwrap();
            assert_eq!((around.duplicates.len(), around.linked.len()), (1, 2));
            // And what it was a part of shows more.
            let around = group.around(2, &Matching { policy: policy(4, 4), ..matching }).unwrap();
            assert_eq!(around.duplicates[0].relation, relation);
            assert_eq!(around.duplicates[0].shows_more, relation == Relation::Part);
        }
    }

    #[test]
    fn shots_of_a_burst_stay_so() {
        let matching = Matching { policy: Policy::from_threshold(6), ..Default::default() };
        let mut other = picture("b", 3, Some(9));
        other.content = Some([7; 32]);
        let mut twin = picture("c", 3, Some(9));
        twin.content = Some([7; 32]);
        let group = Group {
            keeper: picture("k", 1, None),
            reason: String::new(),
            duplicates: vec![copy(picture("a", 2, Some(5))), copy(other), copy(twin)],
            linked: Vec::new(),
        };
        let around = group.around(2, &matching).unwrap();
        let (keeper, duplicates, _) = names(&around);
        let expected = [("k", Relation::Copy), ("a", Relation::Burst), ("c", Relation::Identical)];
        assert_eq!(keeper, "b");
        assert_eq!(duplicates, expected.map(|(name, relation)| (name.to_owned(), relation)));
    }
}
