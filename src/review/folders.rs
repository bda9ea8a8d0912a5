//! The folders that the pictures of the groups lie in, and how much two of them have in common.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use crate::model::findings::{Findings, FoundPicture, Group, Relation};

/// Folders of one group that are held against each other; one with more is a pile of the same
/// picture, and tells little of its folders.
const PAIRED_UP_TO: usize = 40;

/// Two folders that hold some of the same pictures. Both are numbers of folders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shared {
    /// The one of which more is in the other one.
    pub inner: usize,
    /// The other one.
    pub outer: usize,
    /// Pictures of the inner one that the outer one has too.
    pub in_outer: u64,
    /// Pictures of the outer one that the inner one has too.
    pub in_inner: u64,
    /// Groups that have a picture in both.
    pub groups: u64,
    /// Bytes of those pictures of the inner folder.
    pub bytes: u64,
}

/// The folders of a report, numbered.
#[derive(Debug, Default)]
pub(super) struct Folders {
    /// By path; those above the folders with pictures are among them, up to the roots.
    pub paths: Vec<PathBuf>,
    /// How many pictures lie in each, without the folders below.
    pub pictures: Vec<u64>,
    /// For each group, the folders of its candidates.
    of_group: Vec<Vec<usize>>,
    /// For each group, what it is alike others by: groups with the same number have their pictures
    /// in the same folders, and the same relations.
    kinds: Vec<usize>,
    /// What two folders share, most bytes first.
    pub shared: Vec<Shared>,
}

fn folder(picture: &FoundPicture) -> &Path {
    picture.path.parent().unwrap_or(Path::new(""))
}

/// The candidates that show what the keeper shows: it and its copies.
fn same(group: &Group) -> impl Iterator<Item = &FoundPicture> {
    let copies = group
        .duplicates
        .iter()
        .filter(|duplicate| matches!(duplicate.relation, Relation::Identical | Relation::Copy));
    std::iter::once(&group.keeper).chain(copies.map(|duplicate| &duplicate.picture))
}

impl Folders {
    /// The folders of what was found.
    pub fn of(report: &Findings) -> Self {
        let mut paths: BTreeSet<&Path> = BTreeSet::new();
        let roots: Vec<&Path> =
            report.roots.iter().chain(&report.references).map(PathBuf::as_path).collect();
        for folder in report.groups.iter().flat_map(Group::candidates).map(folder) {
            if paths.insert(folder) {
                let within = |above: &&Path| roots.iter().any(|root| above.starts_with(root));
                paths.extend(folder.ancestors().skip(1).take_while(within));
            }
        }
        let number: HashMap<&Path, usize> =
            paths.iter().enumerate().map(|(number, path)| (*path, number)).collect();
        let at = |picture: &FoundPicture| number.get(folder(picture)).copied().unwrap_or(0);
        let of_group: Vec<Vec<usize>> = report
            .groups
            .iter()
            .map(|group| group.candidates().map(at).collect::<BTreeSet<_>>())
            .map(|folders| folders.into_iter().collect())
            .collect();
        let mut known = HashMap::new();
        let kinds = report
            .groups
            .iter()
            .zip(&of_group)
            .map(|(group, folders)| {
                let relations: BTreeSet<Relation> =
                    group.duplicates.iter().map(|duplicate| duplicate.relation).collect();
                let next = known.len();
                *known.entry((folders, relations)).or_insert(next)
            })
            .collect();
        let pictures: Vec<u64> = paths
            .iter()
            .map(|path| report.counts.by_folder.get(*path).copied().unwrap_or(0))
            .collect();
        let shared = shared(report, &at, &pictures);
        let paths = paths.into_iter().map(Path::to_owned).collect();
        Self { paths, pictures, of_group, kinds, shared }
    }

    /// Whether a group has candidates in both folders themselves.
    pub fn joins(&self, group: usize, a: usize, b: usize) -> bool {
        let Some(folders) = self.of_group.get(group) else { return false };
        folders.binary_search(&a).is_ok() && folders.binary_search(&b).is_ok()
    }

    /// The other groups with pictures in the same folders and the same relations.
    pub fn alike(&self, group: usize) -> impl Iterator<Item = usize> {
        let kind = self.kinds.get(group).copied();
        let others = self.kinds.iter().enumerate();
        others
            .filter(move |(other, of)| *other != group && Some(**of) == kind)
            .map(|(other, _)| other)
    }
}

/// What two folders have in common: pictures and their bytes, on each side.
#[derive(Default)]
struct Tally {
    pictures: [u64; 2],
    bytes: [u64; 2],
    groups: u64,
}

fn shared(report: &Findings, at: &dyn Fn(&FoundPicture) -> usize, pictures: &[u64]) -> Vec<Shared> {
    let mut tallies: HashMap<(usize, usize), Tally> = HashMap::new();
    for group in &report.groups {
        let mut here: BTreeMap<usize, (u64, u64)> = BTreeMap::new();
        for picture in same(group) {
            let (pictures, bytes) = here.entry(at(picture)).or_default();
            *pictures += 1;
            *bytes += picture.stamp.size.0;
        }
        if here.len() > PAIRED_UP_TO {
            continue;
        }
        for (a, of_a) in &here {
            for (b, of_b) in here.range(a + 1..) {
                let tally = tallies.entry((*a, *b)).or_default();
                tally.groups += 1;
                for (side, (count, bytes)) in [of_a, of_b].into_iter().enumerate() {
                    tally.pictures[side] += count;
                    tally.bytes[side] += bytes;
                }
            }
        }
    }
    let mut shared: Vec<Shared> = tallies
        .into_iter()
        .map(|((a, b), tally)| {
            let share = |side: usize, folder: usize| {
                let all =
                    pictures.get(folder).copied().unwrap_or(0).max(tally.pictures[side]).max(1);
                (u128::from(tally.pictures[side]) << 32) / u128::from(all)
            };
            // Of two that are wholly in each other, the later path is called the inner one.
            let (inner, outer) = if share(0, a) > share(1, b) { (0, 1) } else { (1, 0) };
            let folders = [a, b];
            Shared {
                inner: folders[inner],
                outer: folders[outer],
                in_outer: tally.pictures[inner],
                in_inner: tally.pictures[outer],
                groups: tally.groups,
                bytes: tally.bytes[inner],
            }
        })
        .collect();
    shared.sort_by_key(|pair| (std::cmp::Reverse(pair.bytes), pair.inner, pair.outer));
    shared
}
