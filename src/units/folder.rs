//! What belongs together among the names in one folder.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::path::Path;

use super::names::{split, stem_of};
use super::{shots, takeout};
use crate::model::extensions::{is_film, is_video, names_a_picture};

/// A file that is worth nothing without a picture, with the pictures that it goes with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Companion {
    /// Its place among the names.
    pub file: usize,
    /// The places of its pictures, ascending. It goes with the last of them that stays.
    pub owners: Vec<usize>,
}

/// The files of one folder by what they have to do with each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folder {
    /// The RAWs, developed pictures and edits of one shot each; two or more places, ascending.
    pub shots: Vec<Vec<usize>>,
    /// Those in them that are edits of another one, ascending.
    pub edits: Vec<usize>,
    /// Films of Live Photos, edits, descriptions.
    pub companions: Vec<Companion>,
}

impl Folder {
    /// Sorts out the `names` of all files of a folder.
    ///
    /// - RAW and developed pictures with one name before the extension are a shot, and so is what
    ///   Google's camera wrote at one moment.
    /// - An edit is of one shot with its original: see [`super::edits`]. So are two films, where they
    ///   go with no picture.
    /// - `IMG_1.mov` (or mp4) goes with `IMG_1.heic` or `IMG_1.jpg`: a Live Photo's film.
    /// - `IMG_1.xmp` and `IMG_1.aae` go with the pictures named `IMG_1`, `IMG_1.jpg.xmp` with that
    ///   file alone, `IMG_O1.aae` with the edited `IMG_E1` or, where there is none, with `IMG_1`.
    /// - `PXL_….MP`, as Takeout calls it, is the film of `PXL_….MP.jpg`.
    /// - Takeout's JSON goes with the picture or film that it describes, and with its edits.
    pub fn from_names<S: AsRef<OsStr>>(names: &[S]) -> Self {
        let lower: Vec<String> =
            names.iter().map(|name| name.as_ref().to_string_lossy().to_lowercase()).collect();
        let media = |at: usize| names_a_picture(Path::new(&lower[at]));
        let mut by_stem: HashMap<&str, Vec<usize>> = HashMap::new();
        let mut films: HashMap<&str, Vec<usize>> = HashMap::new();
        let mut by_name: BTreeMap<&str, usize> = BTreeMap::new();
        for (at, name) in lower.iter().enumerate() {
            by_name.entry(name).or_insert(at);
            if media(at) {
                by_stem.entry(stem_of(name)).or_default().push(at);
            } else if is_video(Path::new(name)) {
                films.entry(stem_of(name)).or_default().push(at);
            }
        }
        let mut folder = Self::default();
        let described = described_names(&lower);
        for (at, name) in lower.iter().enumerate() {
            let (stem, extension) = split(name);
            let mut owners = match extension {
                "xmp" => match by_name.get(stem) {
                    // `IMG_1.jpg.xmp`.
                    Some(&owner) if owner != at => vec![owner],
                    _ => by_stem.get(stem).or_else(|| films.get(stem)).cloned().unwrap_or_default(),
                },
                "aae" => {
                    let number = stem.strip_prefix("img_o");
                    let named = number
                        .into_iter()
                        .flat_map(|number| [format!("img_e{number}"), format!("img_{number}")]);
                    let mut named = named.chain([stem.to_owned()]);
                    named.find_map(|stem| by_stem.get(&*stem).cloned()).unwrap_or_default()
                }
                "json" => described.owners(stem),
                "mp" | "mv" => by_stem.get(&**name).cloned().unwrap_or_default(),
                _ if is_film(Path::new(name)) => {
                    let still = |at: &usize| {
                        matches!(split(&lower[*at]).1, "heic" | "heif" | "hif" | "jpg" | "jpeg")
                    };
                    by_stem.get(stem).into_iter().flatten().copied().filter(still).collect()
                }
                _ => Vec::new(),
            };
            owners.retain(|&owner| owner != at);
            owners.sort_unstable();
            owners.dedup();
            if !owners.is_empty() {
                folder.companions.push(Companion { file: at, owners });
            }
        }
        let companions = folder.companions.iter().map(|companion| companion.file);
        (folder.shots, folder.edits) = shots::shots(&lower, companions);
        folder
    }
}

/// Pictures and films by the names that Takeout's JSON has for them.
struct DescribedNames {
    by_name: BTreeMap<(String, Option<String>), Vec<usize>>,
}

fn described_names(lower: &[String]) -> DescribedNames {
    let mut by_name: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    if lower.iter().any(|name| name.ends_with(".json")) {
        for (at, name) in lower.iter().enumerate() {
            if names_a_picture(Path::new(name)) || is_video(Path::new(name)) {
                for key in takeout::names_of(name) {
                    by_name.entry(key).or_default().push(at);
                }
            }
        }
    }
    DescribedNames { by_name }
}

impl DescribedNames {
    /// What the JSON of this name (without `.json`) describes: by the likeliest reading of the
    /// name that means anything here.
    fn owners(&self, stem: &str) -> Vec<usize> {
        for described in takeout::described(stem) {
            let key = (described.name, described.number);
            let mut owners: Vec<usize> = self.by_name.get(&key).cloned().unwrap_or_default();
            if described.cut && owners.is_empty() {
                owners = self
                    .by_name
                    .range((key.0.clone(), None)..)
                    .take_while(|((name, _), _)| name.starts_with(&key.0))
                    .filter(|((_, number), _)| *number == key.1)
                    .flat_map(|(_, owners)| owners.iter().copied())
                    .collect();
            }
            if !owners.is_empty() {
                return owners;
            }
        }
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Companion → owners, by name.
    fn companions(names: &[&str]) -> Vec<(String, Vec<String>)> {
        let name = |at: usize| names[at].to_owned();
        Folder::from_names(names)
            .companions
            .into_iter()
            .map(|c| (name(c.file), c.owners.into_iter().map(name).collect()))
            .collect()
    }

    fn check(names: &[&str], expected: &[(&str, &[&str])]) {
        let found = companions(names);
        let found: Vec<(&str, Vec<&str>)> = found
            .iter()
            .map(|(file, owners)| (&**file, owners.iter().map(|o| &**o).collect()))
            .collect();
        let expected: Vec<(&str, Vec<&str>)> =
            expected.iter().map(|(file, owners)| (*file, owners.to_vec())).collect();
        assert_eq!(found, expected, "{names:?}");
    }

    #[test]
    fn live_photos_edits_and_sidecars() {
        check(&["IMG_1.HEIC", "img_1.mov", "IMG_2.MOV"], &[("img_1.mov", &["IMG_1.HEIC"])]);
        check(&["MVI_1.png", "MVI_1.mov"], &[]);
        check(
            &["a.jpg", "a.xmp", "a.jpg.xmp", "b.xmp"],
            &[("a.xmp", &["a.jpg"]), ("a.jpg.xmp", &["a.jpg"])],
        );
        check(&["c.mts", "c.xmp"], &[("c.xmp", &["c.mts"])]);
        check(&["a.raf", "a.jpg", "a.xmp"], &[("a.xmp", &["a.raf", "a.jpg"])]);
        check(
            &["IMG_7.HEIC", "IMG_E7.HEIC", "IMG_7.AAE", "IMG_O7.AAE", "IMG_7.MOV"],
            &[
                ("IMG_7.AAE", &["IMG_7.HEIC"]),
                ("IMG_O7.AAE", &["IMG_E7.HEIC"]),
                ("IMG_7.MOV", &["IMG_7.HEIC"]),
            ],
        );
        assert_eq!(
            Folder::from_names(&["a.RAF", "x.png", "A.jpg", "x.jpg", "b.raf"]).shots,
            [vec![0, 2]],
            "a RAW alone, or two developed pictures of one name, are no shot"
        );
        // A portrait has its depth beside it without being edited.
        check(&["IMG_8.HEIC", "IMG_O8.AAE"], &[("IMG_O8.AAE", &["IMG_8.HEIC"])]);
        check(
            &["PXL_20231207_032108788.MP", "PXL_20231207_032108788.MP.jpg"],
            &[("PXL_20231207_032108788.MP", &["PXL_20231207_032108788.MP.jpg"])],
        );
    }

    #[test]
    fn takeout() {
        check(
            &["p.jpg", "p(1).jpg", "p.jpg.json", "p.jpg(1).json", "p-edited.jpg"],
            &[("p.jpg.json", &["p.jpg", "p-edited.jpg"]), ("p.jpg(1).json", &["p(1).jpg"])],
        );
        check(
            &["q.mp4", "q.mp4.supplemental-metadata.json", "metadata.json"],
            &[("q.mp4.supplemental-metadata.json", &["q.mp4"])],
        );
        let long = format!("{}.jpg", "l".repeat(60));
        let json = format!("{}.json", "l".repeat(46));
        check(&[&long, &json], &[(&json, &[&long])]);
    }
}
