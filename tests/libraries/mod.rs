//! Random libraries with links, sidecars and several roots, the reports that finding would make of
//! them, and what every plan must hold to.

#![allow(dead_code, missing_docs, clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use std::sync::atomic::AtomicBool;

use clean_backup::act::plan::{ExactPath, Plan};
use clean_backup::files::content::content_hash;
use clean_backup::files::real_paths::real_path;
use clean_backup::files::walk::{WalkOptions, walk};
use clean_backup::model::findings::{
    Counts, Duplicate, Findings, FoundPicture, Group, Matching, Relation,
};
use clean_backup::model::media::{Dimensions, Format, MediaFile, Orientation};
use clean_backup::model::phash::{
    Distance, FineDistance, FineHash, PerceptualHash, PictureHash, Quality, View,
};
use proptest::prelude::*;
use tempfile::TempDir;

/// A link to the library, or the library itself where the tests have no links.
pub const LINKED: &str = if cfg!(unix) { "linked lib" } else { "lib" };
/// A folder in it.
pub const ASIDE: &str = if cfg!(unix) { "linked lib/aside" } else { "lib/aside" };

/// Every file with its content, every link with its target, every folder.
pub fn all(root: &Path) -> Vec<(PathBuf, String)> {
    fn collect(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let kind = path.symlink_metadata().unwrap().file_type();
            if kind.is_symlink() {
                found.push((path.clone(), fs::read_link(&path).unwrap().display().to_string()));
            } else if kind.is_dir() {
                found.push((path.clone(), "folder".into()));
                collect(&path, found);
            } else {
                found.push((path.clone(), content_hash(&path).unwrap().to_hex()));
            }
        }
    }
    let mut found = Vec::new();
    collect(root, &mut found);
    found.sort();
    found
}

/// That every path of a plan is real: no symbolic link in its folders, no `.` or `..`.
pub fn check_real(plan: &Plan) {
    assert_eq!(plan.check(), Ok(()));
    let members = || plan.actions.iter().flat_map(|action| &action.files);
    let sources = members().map(|member| &member.source.path);
    let keepers = members().filter_map(|member| member.keeper.as_ref()).map(|k| &k.path);
    let places = members().filter_map(|member| member.destination.as_ref());
    for file in sources.clone().chain(keepers.clone()) {
        let found = plan.resolve(file).symlink_metadata();
        assert!(found.is_ok_and(|found| found.is_file()), "{}", file.display());
    }
    let folders = [&plan.roots, &plan.destinations, &plan.references, &plan.elsewhere, &plan.prune];
    let folders = folders.into_iter().flatten().chain([&plan.base]);
    let named = |ExactPath(path): &ExactPath| path.clone();
    let paths: Vec<PathBuf> = sources
        .chain(keepers)
        .cloned()
        .chain(places.map(named))
        .chain(folders.map(named))
        .collect();
    for path in paths {
        let whole = plan.resolve(&path);
        // As far as it is there.
        let there = whole.ancestors().skip(1).find(|above| above.exists()).unwrap_or(&whole);
        assert_eq!(real_path(there).unwrap(), there, "{}", path.display());
        let text = format!("/{}/", whole.display());
        assert!(!text.contains("/./") && !text.contains("/../"), "{}", path.display());
    }
}

/// A file: a folder, a name and an extension by their numbers, and what is in it.
pub type Spec = (usize, usize, usize, u8);

const FOLDERS: [&str; 7] = ["lib", "lib/a", "lib/a/b", "lib/c d", "best", "second", "outside"];
const NAMES: [&str; 5] = ["x", "IMG_0001", "IMG_0002", "y z", "2019-02-03 12.34.56"];
const EXTENSIONS: [&str; 7] = ["jpg", "jpg", "raf", "mov", "xmp", "jpg.xmp", "png"];

/// Ways to name the library, from the folder of all.
pub const ROOTS: [&str; 6] = if cfg!(unix) {
    ["lib", "linked lib", "lib/../lib", "./lib/.", "lib/a/back", "linked lib/a"]
} else {
    ["lib", "lib/a/..", "lib/../lib", "./lib/.", "lib/c d/../../lib", "lib/a"]
};

pub fn specs() -> impl Strategy<Value = Vec<Spec>> {
    let spec = (0..FOLDERS.len(), 0..NAMES.len(), 0..EXTENSIONS.len(), 0..4_u8);
    proptest::collection::vec(spec, 1..18)
}

/// Makes a symbolic link, which Windows allows to few.
fn link_to(target: &Path, link: &Path) {
    #[cfg(unix)]
    std::os::unix::fs::symlink(target, link).unwrap();
    #[cfg(not(unix))]
    let _ = (target, link);
}

/// Folders with files, and links within the library, out of it and to it.
pub struct Library(TempDir);

impl Library {
    pub fn new(files: &[Spec]) -> Self {
        let library = Self(tempfile::tempdir().unwrap());
        for folder in FOLDERS {
            fs::create_dir_all(library.at(folder)).unwrap();
        }
        for (link, target) in [
            ("linked lib", "lib"),
            ("lib/link", "lib/a"),
            ("lib/a/back", "lib"),
            ("lib/out", "outside"),
            ("second/in", "lib/c d"),
        ] {
            link_to(&library.at(target), &library.at(link));
        }
        for &(folder, name, extension, content) in files {
            let name = format!("{}/{}.{}", FOLDERS[folder], NAMES[name], EXTENSIONS[extension]);
            fs::write(library.at(&name), [b'a' + content; 10]).unwrap();
        }
        link_to(&library.at("outside/x.jpg"), &library.at("lib/a link.jpg"));
        library
    }

    pub fn at(&self, name: &str) -> PathBuf {
        real_path(self.0.path()).unwrap().join(name)
    }

    /// All but the journals.
    pub fn all(&self) -> Vec<(PathBuf, String)> {
        let own = self.at("runs");
        all(&self.at("")).into_iter().filter(|(path, _)| !path.starts_with(&own)).collect()
    }

    /// What finding duplicates would report, if each pair of contents were one picture.
    pub fn report(&self, roots: &[&str], references: &[&str], follow_links: bool) -> Findings {
        let named = |names: &[&str]| names.iter().map(|name| self.at("").join(name)).collect();
        let (roots, references): (Vec<PathBuf>, Vec<PathBuf>) = (named(roots), named(references));
        let options = WalkOptions { all: true, follow_links, ..WalkOptions::default() };
        let searched: Vec<PathBuf> = roots.iter().chain(&references).cloned().collect();
        let walked = walk(&searched, &options, &|_| {}, &AtomicBool::new(false));
        let is_picture = |file: &&MediaFile| {
            let extension = file.path.extension().unwrap_or_default();
            ["jpg", "raf", "png"].iter().any(|known| extension == *known)
        };
        let mut groups: [Vec<(u8, FoundPicture)>; 2] = Default::default();
        for file in walked.files.iter().filter(is_picture) {
            let content = fs::read(&file.path).unwrap()[0] - b'a';
            let reference = file.root as usize >= roots.len();
            let picture = picture(file, reference);
            let group = &mut groups[usize::from(content % 2)];
            // The first one stays, and what lies in a reference folder before all others.
            let at = if reference { 0 } else { group.len() };
            group.insert(at, (content, picture));
        }
        let groups = groups.into_iter().filter_map(|group| {
            let mut pictures = group.into_iter();
            let (kept, keeper) = pictures.next()?;
            let duplicates = pictures.map(|(content, picture)| {
                let (relation, distance) =
                    if content == kept { (Relation::Identical, 0) } else { (Relation::Copy, 3) };
                let orientation = Orientation::Upright;
                let (fine_distance, whole_beside_damaged, alarm) = (distance, false, None);
                Duplicate {
                    picture,
                    distance: Distance(distance),
                    fine_distance: FineDistance(fine_distance),
                    relation,
                    orientation,
                    likeness: None,
                    shows_more: false,
                    unsure: None,
                    whole_beside_damaged,
                    alarm,
                }
            });
            let (duplicates, linked) = (duplicates.collect(), Vec::new());
            Some(Group { keeper, reason: "first".into(), duplicates, linked })
        });
        Findings {
            roots,
            references,
            matching: Matching::default(),
            groups: groups.collect(),
            skipped: Vec::new(),
            damaged: Vec::new(),
            undecoded: Vec::new(),
            known: Default::default(),
            warnings: Vec::new(),
            counts: Counts::default(),
        }
    }
}

fn picture(file: &MediaFile, reference: bool) -> FoundPicture {
    let view = View { phash: PerceptualHash(0), fine: FineHash([0; 4]) };
    FoundPicture {
        provenance: None,
        film: None,
        path: file.path.clone(),
        stamp: file.stamp,
        content: content_hash(&file.path).ok().map(|content| content.0),
        damaged: false,
        format: Format::Jpeg,
        dimensions: Dimensions { width: 4, height: 3 },
        hash: PictureHash { views: [view; 4], quality: Quality(80) },
        captured: None,
        camera: None,
        reference,
        other_names: Vec::new(),
    }
}
