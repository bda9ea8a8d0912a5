//! Groups as they are handed to the machines that hold the files, and the plans that come of them.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::pictures::Whereabouts;
use super::receipt::{Attestations, Receipt};
use crate::act::plan::{MatchRule, Proof, named_path};
use crate::act::proposal::Elsewhere;
use crate::files::stamp::stamp;
use crate::model::findings::{Duplicate, Findings, FoundPicture, Group, Likeness, Matching};
use crate::model::media::{Bytes, Dimensions, FileKey, FileStamp, Format, ModifiedNs};
use crate::model::path_form::PathForm;
use crate::model::phash::PictureHash;
use crate::model::policy::Policy;
use crate::model::record::{ContentHash, Skip, Stage};

/// Version of the form.
const VERSION: u32 = 1;

/// One picture, as it was when it was hashed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct PictureForm {
    volume: String,
    #[serde(flatten)]
    path: PathForm,
    bytes: u64,
    modified_ns: i64,
    blake3: String,
    format: String,
    width: u32,
    height: u32,
    reference: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct DuplicateForm {
    #[serde(flatten)]
    picture: PictureForm,
    /// The group has no number yet.
    proof: Proof,
}

/// A group with the duplicates in it that are to be acted on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct GroupForm {
    rule: MatchRule,
    reason: String,
    keeper: PictureForm,
    duplicates: Vec<DuplicateForm>,
}

/// What a search found that concerns one volume.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VolumeFindings {
    version: u32,
    /// The search that the findings belong to.
    run: String,
    /// The volume.
    volume: String,
    /// Where it lies on its machine.
    root: PathForm,
    groups: Vec<GroupForm>,
}

/// The group as JSON; nothing where nothing would be done.
pub(super) fn group_json(
    group: &Group,
    matching: &Matching,
    place: &dyn Fn(&Path) -> Option<Whereabouts>,
) -> Option<String> {
    let acted_on = group.duplicates.iter().filter(|duplicate| matching.acts_on(duplicate));
    let duplicates: Vec<DuplicateForm> = acted_on
        .map(|duplicate| {
            let picture = picture_form(&duplicate.picture, place)?;
            Some(DuplicateForm { picture, proof: Proof::from_duplicate(0, duplicate) })
        })
        .collect::<Option<_>>()?;
    if duplicates.is_empty() {
        return None;
    }
    let form = GroupForm {
        rule: MatchRule::from(matching),
        reason: group.reason.clone(),
        keeper: picture_form(&group.keeper, place)?,
        duplicates,
    };
    serde_json::to_string(&form).ok()
}

fn picture_form(
    picture: &FoundPicture,
    place: &dyn Fn(&Path) -> Option<Whereabouts>,
) -> Option<PictureForm> {
    let Whereabouts { volume_name, path, .. } = place(&picture.path)?;
    Some(PictureForm {
        volume: volume_name,
        path: PathForm::of(&path),
        bytes: picture.stamp.size.0,
        modified_ns: picture.stamp.modified.0,
        blake3: ContentHash(picture.content?).to_hex(),
        format: picture.format.name().to_owned(),
        width: picture.dimensions.width,
        height: picture.dimensions.height,
        reference: picture.reference,
    })
}

/// What is to be planned on the machine of a volume.
#[derive(Debug)]
pub struct Handed {
    /// The groups of which duplicates are on the volume, and nothing else of them.
    pub findings: Findings,
    /// Keepers on other machines, and the receipts for them.
    pub elsewhere: Elsewhere,
    /// Duplicates that are not what they were any more.
    pub skipped: Vec<Skip>,
}

impl VolumeFindings {
    /// Reads the JSON form.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_json(text: &str) -> Result<Self, String> {
        let read: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        match read.version {
            VERSION => Ok(read),
            other => Err(format!("it is of version {other}, this program reads {VERSION}")),
        }
    }

    /// Looks at the files on this machine, and takes the rest from receipts.
    ///
    /// # Errors
    /// A value that makes no sense.
    pub fn look(&self, receipts: &[Receipt]) -> Result<Handed, String> {
        let attestations = Attestations::of(&self.run, receipts);
        let root = self.root.path().ok_or("the root of the volume is no path")?;
        let mut handed = Handed {
            findings: Findings { roots: vec![root], ..Findings::default() },
            elsewhere: Elsewhere::new(),
            skipped: Vec::new(),
        };
        for (number, form) in self.groups.iter().enumerate() {
            let matching = matching_of(&form.rule);
            if number == 0 {
                handed.findings.matching = matching;
            } else if handed.findings.matching != matching {
                return Err("its groups were found by different rules".to_owned());
            }
            self.take(form, &attestations, &mut handed)?;
        }
        handed.findings.groups.sort_by(|a, b| a.keeper.path.cmp(&b.keeper.path));
        Ok(handed)
    }

    fn take(
        &self,
        form: &GroupForm,
        attestations: &Attestations,
        handed: &mut Handed,
    ) -> Result<(), String> {
        let keeper = if form.keeper.volume == self.volume {
            match here(&form.keeper)? {
                Ok(keeper) => keeper,
                Err(skip) => {
                    handed.skipped.push(skip);
                    return Ok(());
                }
            }
        } else {
            let keeper = picture_of(&form.keeper, None)?;
            let path = form.keeper.path.path().unwrap_or_default();
            let content = ContentHash(keeper.content.unwrap_or_default());
            let attested = attestations.get(&form.keeper.volume, path, content);
            handed.elsewhere.insert(keeper.path.clone(), attested.cloned());
            keeper
        };
        let mut duplicates = Vec::new();
        for duplicate in form.duplicates.iter().filter(|d| d.picture.volume == self.volume) {
            match here(&duplicate.picture)? {
                Ok(picture) => duplicates.push(duplicate_of(&duplicate.proof, picture)),
                Err(skip) => handed.skipped.push(skip),
            }
        }
        if !duplicates.is_empty() {
            let (reason, linked) = (form.reason.clone(), Vec::new());
            handed.findings.groups.push(Group { keeper, reason, duplicates, linked });
        }
        Ok(())
    }
}

/// A file of this machine, if it still is what it was.
fn here(form: &PictureForm) -> Result<Result<FoundPicture, Skip>, String> {
    let path = form.path.path().unwrap_or_default();
    let now = stamp(&path);
    let same = |now: &FileStamp| now.size.0 == form.bytes && now.modified.0 == form.modified_ns;
    match now.filter(same) {
        Some(now) => Ok(Ok(picture_of(form, Some(now))?)),
        None => {
            let reason = "it is not there any more, or was changed since it was hashed".to_owned();
            Ok(Err(Skip { path, stage: Stage::Read, reason }))
        }
    }
}

/// The picture; with a stamp, on this machine.
fn picture_of(form: &PictureForm, now: Option<FileStamp>) -> Result<FoundPicture, String> {
    let path = form.path.path().ok_or_else(|| format!("{:?} is no path", form.path.text()))?;
    let content = ContentHash::from_hex(&form.blake3);
    let content = content.ok_or_else(|| format!("blake3 of {:?} is no hash", form.path.text()))?;
    let nowhere = FileStamp {
        key: FileKey { device: u64::MAX, inode: 0 },
        size: Bytes(form.bytes),
        modified: ModifiedNs(form.modified_ns),
    };
    Ok(FoundPicture {
        path: if now.is_some() { path } else { named_path(&form.volume, &path) },
        stamp: now.unwrap_or(nowhere),
        content: Some(content.0),
        format: Format::from_name(&form.format)
            .ok_or_else(|| format!("{:?} is no format", form.format))?,
        dimensions: Dimensions { width: form.width, height: form.height },
        // What the hashes had to say is in the distances.
        hash: PictureHash::default(),
        captured: None,
        camera: None,
        provenance: None,
        film: None,
        reference: form.reference,
        damaged: false,
        other_names: Vec::new(),
    })
}

fn duplicate_of(proof: &Proof, picture: FoundPicture) -> Duplicate {
    Duplicate {
        picture,
        distance: proof.distance,
        fine_distance: proof.fine_distance,
        relation: proof.relation,
        orientation: proof.orientation,
        likeness: proof.likeness.map(|per_cent| Likeness { per_cent, region: None }),
        shows_more: false,
        whole_beside_damaged: false,
        unsure: proof.unsure.then_some("it may be the original"),
        alarm: None,
    }
}

fn matching_of(rule: &MatchRule) -> Matching {
    Matching {
        policy: Policy::from_threshold(rule.threshold).with_fine_radius(rule.fine_threshold),
        fine_only: rule.fine_only,
        any_orientation: rule.any_orientation,
        include_bursts: rule.include_bursts,
        include_alike: rule.include_alike,
        include_unsure: rule.include_unsure,
        ..Matching::default()
    }
}
