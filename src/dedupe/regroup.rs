//! A group around a keeper that somebody has chosen.

use crate::dedupe::relation::{self, Outline, Relation, Side};
use crate::model::findings::{Alarm, Duplicate, Group, Linked, Matching, Picture};
use crate::model::media::{Metadata, Orientation};
use crate::model::phash::Nearness;
use crate::model::policy::Policy;
use crate::model::record::ContentHash;

/// Why a keeper is one that was chosen.
pub const CHOSEN: &str = "chosen by hand";

impl Group {
    /// All pictures of the group: the keeper, its duplicates, and what is linked to them.
    pub fn members(&self) -> impl Iterator<Item = &Picture> {
        std::iter::once(&self.keeper)
            .chain(self.duplicates.iter().map(|duplicate| &duplicate.picture))
            .chain(self.linked.iter().map(|linked| &linked.picture))
    }

    /// The same pictures around the keeper that is the member of that number: 0 is the keeper that
    /// it has, then come the duplicates; what is linked cannot be chosen. Every other one is held
    /// against the new keeper, by the rule that found the group: what it is not near is linked now.
    pub fn around(&self, member: usize, matching: &Matching) -> Option<Self> {
        let chosen = member.checked_sub(1).map(|place| self.duplicates.get(place));
        let keeper = match chosen {
            None => return Some(self.clone()),
            Some(duplicate) => duplicate?.picture.clone(),
        };
        let mut group =
            Self { reason: CHOSEN.to_owned(), duplicates: Vec::new(), linked: Vec::new(), keeper };
        let candidates = self.members().take(1 + self.duplicates.len());
        let mut others: Vec<&Picture> = Vec::new();
        for (_, picture) in candidates.enumerate().filter(|(place, _)| *place != member) {
            others.push(picture);
        }
        // As in every group: the first dated picture speaks for the shot.
        let witness = std::iter::once(&group.keeper)
            .chain(others.iter().copied())
            .find(|picture| picture.captured.is_some())
            .cloned();
        for picture in others {
            match near(&group.keeper, picture, matching) {
                Some(Nearness { fine_distance, distance, orientation }) => {
                    let apart = witness
                        .as_ref()
                        .is_some_and(|witness| relate(witness, picture, false) == Relation::Burst);
                    let identical =
                        group.keeper.content.is_some() && group.keeper.content == picture.content;
                    let relation = match (identical, apart) {
                        (true, _) => Relation::Identical,
                        (false, true) => Relation::Burst,
                        (false, false) => relate(&group.keeper, picture, false),
                    };
                    let distances = (distance, fine_distance);
                    let (kept, other) = (outline(&group.keeper), outline(picture));
                    let suspicious = relation::may_be_damaged(kept, other, distances, relation);
                    group.duplicates.push(Duplicate {
                        whole_beside_damaged: group.keeper.damaged && !picture.damaged,
                        picture: picture.clone(),
                        distance,
                        fine_distance,
                        relation,
                        orientation,
                        alarm: suspicious.then(Alarm::unexamined),
                    });
                }
                None => group.linked.push(linked(&group.keeper, picture, matching)),
            }
        }
        for old in &self.linked {
            group.linked.push(linked(&group.keeper, &old.picture, matching));
        }
        Some(group)
    }
}

fn outline(picture: &Picture) -> Outline {
    let (size, format) = (picture.stamp.size, picture.format);
    Outline { size, format, content: picture.content.map(ContentHash) }
}

fn linked(keeper: &Picture, picture: &Picture, matching: &Matching) -> Linked {
    let nearness = keeper.hash.nearest(&picture.hash, turns(matching), |_, _| true);
    Linked {
        picture: picture.clone(),
        distance: nearness.map_or(0, |nearness| nearness.distance),
        fine_distance: nearness.map_or(0, |nearness| nearness.fine_distance),
        near: None,
    }
}

fn turns(matching: &Matching) -> &'static [Orientation] {
    if matching.any_orientation { &Orientation::ALL } else { &[Orientation::Upright] }
}

/// How near two pictures are, where both distances are within the policy.
fn near(keeper: &Picture, other: &Picture, matching: &Matching) -> Option<Nearness> {
    let Policy { radius, fine_radius, .. } = matching.policy;
    keeper.hash.nearest(&other.hash, turns(matching), |distance, fine_distance| {
        (matching.fine_only || distance <= radius) && fine_distance <= fine_radius
    })
}

fn relate(a: &Picture, b: &Picture, identical: bool) -> Relation {
    let metadata = |picture: &Picture| Metadata {
        captured: picture.captured,
        camera: picture.camera.clone(),
        ..Metadata::default()
    };
    let (first, second) = (metadata(a), metadata(b));
    let a = Side { metadata: &first, path: &a.path };
    relation::relate(a, Side { metadata: &second, path: &b.path }, identical)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::model::media::{
        Bytes, CaptureTime, Dimensions, FileKey, FileStamp, Format, ModifiedNs,
    };
    use crate::model::phash::{FineHash, PerceptualHash, PictureHash, Quality, View};

    fn picture(name: &str, phash: u64, second: Option<i64>) -> Picture {
        let view = View { phash: PerceptualHash(phash), fine: FineHash([phash, 0, 0, 0]) };
        Picture {
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
            reference: false,
            damaged: false,
            other_names: Vec::new(),
        }
    }

    fn duplicate(picture: Picture) -> Duplicate {
        Duplicate {
            alarm: None,
            picture,
            distance: 0,
            fine_distance: 0,
            relation: Relation::Copy,
            orientation: Orientation::Upright,
            whole_beside_damaged: false,
        }
    }

    fn names(group: &Group) -> (String, Vec<(String, Relation)>, Vec<String>) {
        let name = |picture: &Picture| picture.path.display().to_string();
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
            duplicates: vec![
                duplicate(picture("a", 0b11, None)),
                duplicate(picture("b", 0b1100, None)),
            ],
            linked: vec![linked(&picture("k", 0, None), &picture("l", 0b1111, None), &matching)],
        };
        assert_eq!(group.around(0, &matching).unwrap(), group);
        let around = group.around(1, &matching).unwrap();
        assert_eq!(around.reason, CHOSEN);
        let copies = vec![("k".to_owned(), Relation::Copy)];
        assert_eq!(names(&around), ("a".into(), copies, vec!["b".into(), "l".into()]));
        assert_eq!((around.duplicates[0].distance, around.linked[0].distance), (2, 4));
        assert_eq!(group.around(3, &matching), None);
        // Both distances count, unless the 256 bits alone were asked for.
        let policy = |radius, fine| Policy::from_threshold(radius).with_fine_radius(fine);
        let duplicates = |policy, fine_only| {
            let matching = Matching { policy, fine_only, ..Default::default() };
            group.around(1, &matching).unwrap().duplicates.len()
        };
        assert_eq!(duplicates(policy(2, 1), false), 0);
        assert_eq!(duplicates(policy(1, 2), false), 0);
        assert_eq!(duplicates(policy(1, 2), true), 1);
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
            duplicates: vec![
                duplicate(picture("a", 2, Some(5))),
                duplicate(other),
                duplicate(twin),
            ],
            linked: Vec::new(),
        };
        let around = group.around(2, &matching).unwrap();
        let (keeper, duplicates, _) = names(&around);
        let expected = [("k", Relation::Copy), ("a", Relation::Burst), ("c", Relation::Identical)];
        assert_eq!(keeper, "b");
        assert_eq!(duplicates, expected.map(|(name, relation)| (name.to_owned(), relation)));
    }
}
