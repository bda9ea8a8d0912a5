//! What only duplicates know, as acts that write it beside their keepers.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use super::known::KnownPictures;
use super::{Proposal, Proposed, first_path};
use crate::act::left_alone::LeftAlone;
use crate::act::plan::{
    Action, ActionKind, Expected, Member, SidecarBefore, SidecarChange, content_of,
};
use crate::dedupe::carry::{Carried, Informed, carried, same_view};
use crate::files::stamp::stamp;
use crate::metadata::knowledge::{Addition, MOST_SIDECAR_BYTES, SidecarError};
use crate::model::findings::Group;
use crate::model::knowledge::Knowledge;
use crate::model::media::Dimensions;
use crate::model::path_text::for_people;

/// The longest name that file systems commonly allow, in bytes.
const LONGEST_NAME: usize = 255;

/// Why what only a duplicate knows cannot be written beside its keeper.
enum NotCarried {
    /// The keeper lies in a reference folder, or in none of the plan's.
    Untouched,
    /// The sidecar that is there.
    Sidecar(OsString, SidecarError),
    /// Something that is no regular file has the sidecar's name, or cannot be read.
    Unreadable(OsString, String),
    NameTooLong,
    /// Deleting relies on the sidecar as it is.
    ReliedOn(OsString),
}

impl fmt::Display for NotCarried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |name: &OsStr| for_people(Path::new(name));
        match self {
            Self::Untouched => {
                f.write_str("nothing is written beside its keeper, which is only read")
            }
            Self::Sidecar(sidecar, error) => {
                write!(f, "the keeper's {} {error}", name(sidecar))
            }
            Self::Unreadable(sidecar, why) => {
                write!(f, "the keeper's {} cannot be read: {why}", name(sidecar))
            }
            Self::NameTooLong => f.write_str("the keeper's name is too long for that of a sidecar"),
            Self::ReliedOn(sidecar) => write!(
                f,
                "the keeper's {} would change, which deleting relies on: use --action quarantine",
                name(sidecar)
            ),
        }
    }
}

/// The pictures of one group that go.
#[derive(Default)]
struct Going {
    keeper: Option<Expected>,
    /// Their members and actions.
    duplicates: Vec<(usize, Member)>,
}

/// Adds the acts that write what the files of `actions` alone know, before these. Acts of which
/// that cannot be written are left out; but where the keeper may not be touched, and the files do
/// not go for good, that is only told.
pub(super) fn with_sidecars(
    actions: Vec<Action>,
    candidates: &[Proposed<'_>],
    proposal: &mut Proposal,
) -> Vec<Action> {
    let groups: HashMap<u64, &Group> = candidates.iter().map(|c| (c.number, c.group)).collect();
    let mut going: BTreeMap<u64, Going> = BTreeMap::new();
    for (index, action) in actions.iter().enumerate() {
        for member in &action.files {
            let (Some(keeper), Some(proof)) = (&member.keeper, &member.proof) else { continue };
            // A sidecar and its twin stand in no group.
            if proof.group != 0 {
                let of_group = going.entry(proof.group).or_default();
                of_group.keeper.get_or_insert_with(|| keeper.clone());
                of_group.duplicates.push((index, member.clone()));
            }
        }
    }
    let twins: HashSet<PathBuf> = actions
        .iter()
        .flat_map(|action| &action.files)
        .filter(|member| member.proof.is_some_and(|proof| proof.group == 0))
        .filter_map(|member| Some(proposal.plan.resolve(&member.keeper.as_ref()?.path)))
        .collect();
    let mut known = KnownPictures::default();
    let mut sidecars = Vec::new();
    let mut dropped: HashSet<usize> = HashSet::new();
    for (number, going) in going {
        let (Some(group), Some(keeper)) = (groups.get(&number), &going.keeper) else { continue };
        let own = known.of(&proposal.plan.resolve(&keeper.path));
        let carried = decide(&own, &going, proposal, &mut known);
        if carried.gained.is_empty() {
            continue;
        }
        let mut scribe = Scribe { proposal, known: &mut known, twins: &twins };
        match scribe.sidecar(number, group, keeper, &own, &carried.gained) {
            Ok(action) => sidecars.push(action),
            Err(why) => {
                let lost = carried.each.iter().zip(&going.duplicates);
                for (carry, (index, member)) in lost.filter(|(carry, _)| !carry.only.is_empty()) {
                    let path = member.source.path.clone();
                    let text = format!("only it knows: {}; {why}", carry.words());
                    let goes = matches!(why, NotCarried::Untouched)
                        && actions[*index].action != ActionKind::Delete;
                    if goes {
                        proposal.not_carried.push(LeftAlone { path, why: text });
                    } else if dropped.insert(*index) {
                        let (path, hint) =
                            (first_path(&actions[*index]), "; --no-carry ignores that");
                        proposal.left.push(LeftAlone { path, why: text + hint });
                    }
                }
            }
        }
    }
    let rest = actions.into_iter().enumerate().filter(|(index, _)| !dropped.contains(index));
    sidecars.extend(rest.map(|(_, action)| action));
    sidecars
}

fn decide(
    own: &Knowledge,
    going: &Going,
    proposal: &Proposal,
    known: &mut KnownPictures,
) -> Carried {
    let duplicates: Vec<(Knowledge, bool)> = going
        .duplicates
        .iter()
        .map(|(_, member)| {
            let knowledge = known.of(&proposal.plan.resolve(&member.source.path));
            let same = member.proof.is_some_and(|p| same_view(p.relation, p.orientation));
            (knowledge, same)
        })
        .collect();
    let informed: Vec<Informed<'_>> = duplicates
        .iter()
        .map(|(known, same_view)| Informed { known, same_view: *same_view })
        .collect();
    carried(own, &informed)
}

/// Makes the acts.
struct Scribe<'a> {
    proposal: &'a Proposal,
    known: &'a mut KnownPictures,
    /// Sidecars that are relied on as they are.
    twins: &'a HashSet<PathBuf>,
}

impl Scribe<'_> {
    fn sidecar(
        &mut self,
        number: u64,
        group: &Group,
        keeper: &Expected,
        own: &Knowledge,
        gained: &Knowledge,
    ) -> Result<Action, NotCarried> {
        let plan = &self.proposal.plan;
        let picture = plan.resolve(&keeper.path);
        let within = plan.reach().is_ok_and(|reach| reach.describes(&picture));
        if group.keeper.reference || !within {
            return Err(NotCarried::Untouched);
        }
        let shown = group.keeper.dimensions;
        let stored = match own.layout.orientation.swaps_axes() && !own.layout.turned_by_container {
            true => Dimensions { width: shown.height, height: shown.width },
            false => shown,
        };
        let addition = Addition { own, gained, stored };
        let name = self.name(&picture)?;
        let path = picture.with_file_name(&name);
        let before = before(&path, &name)?;
        if before.is_some() && self.twins.contains(&path) {
            return Err(NotCarried::ReliedOn(name));
        }
        let after = match &before {
            Some(before) => addition.added_to(&before.text),
            None => addition.new_sidecar(),
        };
        let after = Some(after.map_err(|error| NotCarried::Sidecar(name, error))?);
        let member = Member {
            sidecar: Some(Box::new(SidecarChange { before, after })),
            ..Member::alone(keeper.clone()).going_to(path)
        };
        Ok(Action {
            group: number,
            action: ActionKind::WriteSidecar,
            files: vec![member],
            why: "its duplicates know what it does not".to_owned(),
        })
    }

    /// The sidecar that the picture has to itself, or the name of a new one: `IMG_1.jpg.xmp`.
    /// `IMG_1.xmp` may be that of a RAW beside it.
    fn name(&mut self, picture: &Path) -> Result<OsString, NotCarried> {
        let folder = picture.parent().unwrap_or(Path::new(""));
        let mut name = picture.file_name().unwrap_or_default().to_owned();
        let mut own: Vec<OsString> = Vec::new();
        if let Ok(listed) = self.known.folders.look(folder) {
            let companions = listed.companions_of(picture);
            let is_xmp = |name: &OsStr| {
                Path::new(name).extension().is_some_and(|end| end.eq_ignore_ascii_case("xmp"))
            };
            own = companions
                .filter(|(name, owners)| is_xmp(name) && *owners == 1)
                .map(|(name, _)| name.to_owned())
                .collect();
        }
        let is_whole = |own: &&OsString| Path::new(own).file_stem() == Some(&*name);
        if let Some(own) = own.iter().find(is_whole).or_else(|| own.first()) {
            return Ok(own.clone());
        }
        name.push(".xmp");
        if name.len() > LONGEST_NAME { Err(NotCarried::NameTooLong) } else { Ok(name) }
    }
}

/// The sidecar that is there.
fn before(path: &Path, name: &OsStr) -> Result<Option<SidecarBefore>, NotCarried> {
    let unreadable = |why: String| NotCarried::Unreadable(name.to_owned(), why);
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error.to_string())),
    };
    if !metadata.is_file() {
        return Err(unreadable("not a regular file".to_owned()));
    }
    if metadata.len() > MOST_SIDECAR_BYTES {
        return Err(NotCarried::Sidecar(name.to_owned(), SidecarError::TooLong));
    }
    let seen = stamp(path).ok_or_else(|| unreadable("it is gone".to_owned()))?;
    let bytes = fs::read(path).map_err(|error| unreadable(error.to_string()))?;
    let not_xmp = || NotCarried::Sidecar(name.to_owned(), SidecarError::NotXmp);
    let text = String::from_utf8(bytes).map_err(|_| not_xmp())?;
    if seen.size.0 != text.len() as u64 {
        return Err(unreadable("it is being changed".to_owned()));
    }
    let file = Expected { path: path.to_owned(), stamp: seen, content: Some(content_of(&text)) };
    Ok(Some(SidecarBefore { file, text }))
}
