//! What goes together.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use super::{Proposed, expected_now, first_path};
use crate::act::left_alone::LeftAlone;
use crate::act::plan::{Action, ActionKind, Member, Proof};
use crate::files::content::content_hash;
use crate::model::findings::Relation;
use crate::model::path_text::for_people;
use crate::units::Folder;

/// Folders that were looked into, by their paths as given.
#[derive(Default)]
pub(super) struct Folders(HashMap<PathBuf, io::Result<ListedUnit>>);

/// The names in a folder and what belongs together among them.
pub(super) struct ListedUnit {
    names: Vec<OsString>,
    /// Their places, since folders may hold a hundred thousand.
    places: HashMap<OsString, usize>,
    folder: Folder,
}

impl ListedUnit {
    /// The place of a file of this folder.
    fn place(&self, path: &Path) -> Option<usize> {
        self.places.get(path.file_name()?).copied()
    }

    /// The names of all files.
    pub(super) fn names(&self) -> impl Iterator<Item = &OsStr> {
        self.names.iter().map(OsString::as_os_str)
    }

    /// What goes with a picture, and with how many pictures it goes.
    pub(super) fn companions_of(&self, picture: &Path) -> impl Iterator<Item = (&OsStr, usize)> {
        let at = self.place(picture);
        let companions = self.folder.companions.iter();
        companions
            .filter(move |companion| at.is_some_and(|at| companion.owners.contains(&at)))
            .map(|companion| (self.names[companion.file].as_os_str(), companion.owners.len()))
    }
}

impl Folders {
    pub(super) fn look(&mut self, folder: &Path) -> &io::Result<ListedUnit> {
        self.0.entry(folder.to_owned()).or_insert_with(|| {
            let real = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            let names = names_in(real)?;
            let places = names.iter().cloned().zip(0..).collect();
            Ok(ListedUnit { folder: Folder::from_names(&names), places, names })
        })
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// One action per unit. A shot of which only a part is a duplicate stays where it is.
pub(super) fn gather(
    candidates: &[Proposed<'_>],
    kind: ActionKind,
    folders: &mut Folders,
    left: &mut Vec<LeftAlone>,
) -> Vec<Action> {
    // Links stand in the file's own place: what belongs to it stays there too.
    if kind.needs_identical() {
        return candidates.iter().map(|candidate| action(&[candidate], kind, Vec::new())).collect();
    }
    let mut by_folder: BTreeMap<&Path, Vec<&Proposed<'_>>> = BTreeMap::new();
    for candidate in candidates {
        by_folder.entry(folder_of(candidate.path())).or_default().push(candidate);
    }
    let mut actions = Vec::new();
    for (folder, candidates) in by_folder {
        match folders.look(folder) {
            Ok(listed) => gather_in(folder, listed, &candidates, kind, left, &mut actions),
            Err(why) => left.extend(candidates.iter().map(|candidate| LeftAlone {
                path: candidate.path().to_owned(),
                why: format!("the files beside it cannot be listed: {why}"),
            })),
        }
    }
    actions.sort_by_key(|action: &Action| action.group);
    actions
}

fn gather_in(
    folder: &Path,
    listed: &ListedUnit,
    candidates: &[&Proposed<'_>],
    kind: ActionKind,
    left: &mut Vec<LeftAlone>,
    actions: &mut Vec<Action>,
) {
    let places: HashMap<usize, &Proposed<'_>> =
        candidates.iter().filter_map(|c| Some((listed.place(c.path())?, *c))).collect();
    // Those that are gone since: they are refused when the plan is carried out, and nothing goes
    // with them.
    let gone = candidates.iter().filter(|c| listed.place(c.path()).is_none());
    actions.extend(gone.map(|candidate| action(&[candidate], kind, Vec::new())));

    let mut units: Vec<Vec<usize>> = Vec::new();
    let mut in_shot = HashSet::new();
    for shot in &listed.folder.shots {
        let keeper_is_in_it = |proposed: &Proposed<'_>| {
            let keeper = &proposed.group.keeper.path;
            folder_of(keeper) == folder && listed.place(keeper).is_some_and(|at| shot.contains(&at))
        };
        // An edit that changed nothing has its original beside it.
        let superfluous =
            |at: &usize| places.get(at).is_some_and(|p| is_identical(p) && keeper_is_in_it(p));
        let shot: Vec<usize> = shot.iter().copied().filter(|at| !superfluous(at)).collect();
        in_shot.extend(shot.iter().copied());
        let selected: Vec<usize> =
            shot.iter().copied().filter(|at| places.contains_key(at)).collect();
        let why = if selected.len() < shot.len() {
            let staying = shot.iter().find(|at| !places.contains_key(at));
            let staying = staying.map(|&at| for_people(Path::new(&listed.names[at])));
            let staying = staying.unwrap_or_default();
            format!("belongs to the same shot as {staying}, which is not a duplicate")
        } else if let Some(keeper) = shared_keeper(&selected, &places) {
            let keeper = for_people(keeper);
            format!("is one of several files of a shot, and {keeper} cannot stand for all of them")
        } else {
            units.push(selected);
            continue;
        };
        for at in selected {
            left.push(LeftAlone { path: places[&at].path().to_owned(), why: why.clone() });
        }
    }
    let mut single: Vec<usize> =
        places.keys().copied().filter(|at| !in_shot.contains(at)).collect();
    single.sort_unstable();
    units.extend(single.into_iter().map(|at| vec![at]));

    let going: HashSet<usize> = units.iter().flatten().copied().collect();
    let mut along: HashMap<usize, Vec<PathBuf>> = HashMap::new();
    for companion in &listed.folder.companions {
        // It goes with its first picture when no other of them stays.
        if companion.owners.iter().all(|owner| going.contains(owner))
            && let Some(first) = companion.owners.first()
        {
            along.entry(*first).or_default().push(folder.join(&listed.names[companion.file]));
        }
    }
    for unit in units {
        let pictures: Vec<&Proposed<'_>> = unit.iter().map(|at| places[at]).collect();
        let companions = unit.iter().flat_map(|at| along.remove(at).unwrap_or_default());
        actions.push(action(&pictures, kind, companions.collect()));
    }
}

fn is_identical(proposed: &Proposed<'_>) -> bool {
    proposed.duplicate.relation == Relation::Identical
}

/// The keeper of two files of a shot that is not the same to the byte as both: a RAW and its JPEG,
/// or a picture and its edit, would leave only one of them.
fn shared_keeper<'a>(
    selected: &[usize],
    places: &HashMap<usize, &'a Proposed<'a>>,
) -> Option<&'a Path> {
    let proposed = || selected.iter().filter_map(|at| places.get(at));
    let shared = |a: &&&'a Proposed<'a>| {
        let stands_for = proposed().filter(|b| b.group.keeper.path == a.group.keeper.path);
        stands_for.clone().count() > 1 && !stands_for.clone().all(|b| is_identical(b))
    };
    proposed().find(shared).map(|proposed| proposed.group.keeper.path.as_path())
}

fn action(pictures: &[&Proposed<'_>], kind: ActionKind, companions: Vec<PathBuf>) -> Action {
    let mut files: Vec<Member> = pictures.iter().map(|candidate| candidate.member()).collect();
    // One that is gone, or is no regular file, has nothing that could go with it.
    files.extend(companions.iter().filter_map(|path| Some(Member::alone(expected_now(path)?))));
    let first = pictures.first();
    Action {
        group: first.map_or(0, |candidate| candidate.number),
        action: kind,
        files,
        why: first.map_or_else(String::new, |candidate| candidate.why()),
    }
}

/// For deleting: every file that goes with it must have a twin, with the same bytes, that belongs
/// to the keeper. What has none may be the only edit of a picture.
pub(super) fn with_twins(
    mut action: Action,
    folders: &mut Folders,
    left: &mut Vec<LeftAlone>,
) -> Option<Action> {
    let keepers: Vec<PathBuf> =
        action.files.iter().filter_map(|m| m.keeper.as_ref()).map(|k| k.path.clone()).collect();
    let mut twins = Vec::new();
    for keeper in &keepers {
        let folder = folder_of(keeper);
        let Ok(listed) = folders.look(folder) else { continue };
        let at = listed.place(keeper);
        let companions = listed.folder.companions.iter();
        let own = companions.filter(|c| at.is_some_and(|at| c.owners.contains(&at)));
        twins.extend(own.map(|companion| folder.join(&listed.names[companion.file])));
    }
    for member in action.files.iter_mut().filter(|member| member.keeper.is_none()) {
        let source = &member.source;
        member.keeper = twins.iter().find_map(|path| {
            let mut twin = expected_now(path)?;
            // Reading is only worth it for one of the same size.
            if twin.stamp.size != source.stamp.size {
                return None;
            }
            twin.content = content_hash(path).ok();
            (twin.content == source.content).then_some(twin)
        });
        member.proof = member.keeper.as_ref().map(|_| Proof::SAME_BYTES);
        if member.keeper.is_none() {
            let name = source.path.file_name().unwrap_or_default();
            let why = format!(
                "its {} is nowhere beside the keeper: deleting would lose it",
                for_people(Path::new(name))
            );
            left.push(LeftAlone { path: first_path(&action), why });
            return None;
        }
    }
    Some(action)
}

/// Reads the names in a folder.
fn names_in(folder: &Path) -> io::Result<Vec<OsString>> {
    let mut names = std::fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect::<io::Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}
