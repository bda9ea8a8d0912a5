//! The pictures of one shot among the names in one folder.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use super::edits;
use super::names::stem_of;
use super::pixel::PixelName;
use crate::model::extensions::{is_raw, is_video, names_a_picture};

/// Places that were found to belong together, as trees: each knows the one that it hangs from.
struct Union(Vec<usize>);

impl Union {
    fn root(&mut self, mut at: usize) -> usize {
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    /// The smaller place is the root.
    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }
}

/// The shots of two or more, and the edits among them, both ascending. The names are in lower case;
/// `companions` go with other files.
pub(super) fn shots(
    names: &[String],
    companions: impl Iterator<Item = usize>,
) -> (Vec<Vec<usize>>, Vec<usize>) {
    let mut union = Union((0..names.len()).collect());
    let mut companion = vec![false; names.len()];
    companions.for_each(|at| companion[at] = true);
    let pictures = || (0..names.len()).filter(|&at| names_a_picture(Path::new(&names[at])));
    let films = || (0..names.len()).filter(|&at| is_video(Path::new(&names[at])) && !companion[at]);
    join_raws(names, pictures(), &mut union);
    let mut edits = Vec::new();
    join_edits(names, pictures(), &mut union, &mut edits);
    join_edits(names, films(), &mut union, &mut edits);
    edits.sort_unstable();

    let mut shots: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for at in pictures().chain(films()) {
        shots.entry(union.root(at)).or_default().push(at);
    }
    let mut shots: Vec<Vec<usize>> = shots.into_values().filter(|shot| shot.len() > 1).collect();
    shots.iter_mut().for_each(|shot| shot.sort_unstable());
    (shots, edits)
}

/// RAWs and developed pictures of one name, and whatever Google's camera wrote at one moment.
fn join_raws(names: &[String], pictures: impl Iterator<Item = usize>, union: &mut Union) {
    let mut by_shot: HashMap<(bool, &str), Vec<usize>> = HashMap::new();
    for at in pictures {
        let stem = stem_of(&names[at]);
        let key = match PixelName::parse(stem) {
            Some(name) => (true, name.moment),
            None => (false, stem),
        };
        by_shot.entry(key).or_default().push(at);
    }
    for ((is_moment, _), shot) in by_shot {
        let raws = shot.iter().filter(|&&at| is_raw(Path::new(&names[at]))).count();
        if is_moment || raws > 0 && raws < shot.len() {
            shot.windows(2).for_each(|pair| union.join(pair[0], pair[1]));
        }
    }
}

/// Edits, each with the nearest original that is there.
fn join_edits(
    names: &[String],
    files: impl Iterator<Item = usize> + Clone,
    union: &mut Union,
    edits: &mut Vec<usize>,
) {
    let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
    let wanted: Vec<(usize, Vec<String>)> = files
        .clone()
        .map(|at| (at, edits::originals(stem_of(&names[at]))))
        .filter(|(_, originals)| !originals.is_empty())
        .collect();
    if wanted.is_empty() {
        return;
    }
    for at in files {
        for name in edits::names(stem_of(&names[at])) {
            by_name.entry(name.into_owned()).or_default().push(at);
        }
    }
    for (at, originals) in wanted {
        let Some(found) = originals.iter().find_map(|name| by_name.get(name)) else { continue };
        edits.push(at);
        found.iter().for_each(|&original| union.join(at, original));
    }
}

#[cfg(test)]
mod tests {
    use crate::units::Folder;

    fn check(names: &[&str], shots: &[&[usize]], edits: &[usize]) {
        let folder = Folder::from_names(names);
        assert_eq!((&folder.shots[..], &folder.edits[..]), (&owned(shots)[..], edits), "{names:?}");
    }

    fn owned(shots: &[&[usize]]) -> Vec<Vec<usize>> {
        shots.iter().map(|shot| shot.to_vec()).collect()
    }

    #[test]
    fn what_is_one_shot() {
        check(
            &[
                "PXL_20231207_032108788.RAW-01.MP.COVER.jpg",
                "PXL_20231207_032108788.RAW-02.ORIGINAL.dng",
                "PXL_20231207_032108789.jpg",
            ],
            &[&[0, 1]],
            &[],
        );
        check(&["PXL_20231026_205755225.MP.jpg", "PXL_20231026_205755225.dng"], &[&[0, 1]], &[]);
        check(
            &["PXL_20231026_205755225.MP.jpg", "PXL_20231026_205755225.NIGHT.jpg"],
            &[&[0, 1]],
            &[],
        );
        check(
            &[
                "PXL_20200820_143019420.PORTRAIT-01.COVER.jpg",
                "PXL_20200820_143019420.PORTRAIT-02.ORIGINAL.jpg",
                "PXL_20200820_143019420.PORTRAIT-01.COVER~2.jpg",
            ],
            &[&[0, 1, 2]],
            &[0, 2],
        );
        check(
            &["IMG_1234.AAE", "IMG_1234.HEIC", "IMG_1234.MOV", "IMG_E1234.JPG", "IMG_E1234.MOV"],
            &[&[1, 3]],
            &[3],
        );
        check(&["IMG_1234.MOV", "IMG_E1234.MOV"], &[&[0, 1]], &[1]);
        check(&["IMG_1234.MOV", "IMG_E1234.JPG"], &[], &[]);
        check(&["x-edited.jpg", "x-edited~2.jpg", "x.NEF", "x.jpg"], &[&[0, 1, 2, 3]], &[0, 1]);
        check(&["IMG_1.jpg", "IMG_10.jpg", "IMG_E1234.jpg", "IMG_1.png"], &[], &[]);
        check(&["20180101_120000(0).jpg", "20180101_120000.jpg"], &[], &[]);
    }
}
