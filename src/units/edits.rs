//! The names of edited pictures that have their original beside them.
//!
//! - Apple: `IMG_E1234.JPG` is the edit of `IMG_1234.HEIC` in what an iPhone shows over USB and in
//!   what Photos exports with its adjustments (`IMG_1234.AAE`); osxphotos writes and reads the same
//!   names (its issues 1579, 1871 and 2043).
//! - Google Takeout: `IMG_1-edited.jpg`, in the language of the account; of a second picture of that
//!   name, `IMG_1-edited(1).jpg`. Lightroom writes `-Edit`, osxphotos `_edited`.
//! - Android's galleries and Google Photos, for a copy that was saved on the phone:
//!   `PXL_20210528_144025399~2.jpg`, `20180101_120000~2.jpg`.
//! - Google's camera: `PXL_….PORTRAIT-01.COVER.jpg` of `PXL_….PORTRAIT-02.ORIGINAL.jpg`, see
//!   [`super::pixel`].
//!
//! A name alone makes no edit: the original has to be in the same folder. `(0)` and `(1)` without
//! more are no edits but other pictures of one name, or of one second.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::path::Path;

use rayon::prelude::*;

use super::names::is_number;
use super::pixel::PixelName;
use super::takeout;

/// Most edits of edits that a name is taken apart into.
const MOST_EDITS: usize = 3;

/// The names, in lower case and without extension, that the original of a picture with this name
/// may have, the likeliest first. Those of Google's camera are told by [`names`].
pub(super) fn originals(stem: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut waiting = vec![stem.to_owned()];
    for _ in 0..MOST_EDITS {
        waiting = waiting.iter().flat_map(|stem| step(stem)).collect();
        for original in &waiting {
            if !found.contains(original) {
                found.push(original.clone());
            }
        }
    }
    found
}

/// The names without the last sign of an edit.
fn step(stem: &str) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(number) = stem.strip_prefix("img_e").filter(|number| number.len() >= 4)
        && is_number(number)
    {
        found.push(format!("img_{number}"));
    }
    if let Some((original, number)) = stem.rsplit_once('~')
        && is_number(number)
        && number.len() <= 2
        // `PICTUR~1.JPG` is a long name as DOS has it.
        && number != "1"
    {
        found.push(original.to_owned());
    }
    let (base, number) = takeout::split_number(stem);
    for suffix in takeout::EDITED.iter().chain(&["_edited"]) {
        if let Some(original) = base.strip_suffix(suffix) {
            found.push(number.map_or(original.to_owned(), |n| format!("{original}({n})")));
        }
    }
    if let Some(name) = PixelName::parse(stem)
        && let Some(kind) = name.finished()
    {
        found.push(untouched(name.moment, kind));
    }
    found.retain(|original| !original.is_empty());
    found
}

/// The names that a picture answers to when its edits look for it.
pub(super) fn names(stem: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let pixel = PixelName::parse(stem);
    let camera = pixel.and_then(|name| Some(untouched(name.moment, name.untouched()?).into()));
    std::iter::once(Cow::Borrowed(stem)).chain(camera)
}

/// How the untouched picture is called, whatever other tags its name has.
fn untouched(moment: &str, kind: &str) -> String {
    format!("{moment}.{kind}-02")
}

/// Whether the name of a file says that it is an edit of the other one, in whatever folders they
/// are.
pub fn is_edit_of(edit: &Path, original: &Path) -> bool {
    let (Some(edit), Some(original)) = (lower_stem(edit), lower_stem(original)) else {
        return false;
    };
    let wanted = originals(&edit);
    names(&original).any(|name| wanted.iter().any(|wanted| **wanted == name))
}

fn lower_stem(path: &Path) -> Option<String> {
    Some(path.file_stem()?.to_str()?.to_lowercase())
}

/// Which of these pictures, in their order, are edits of another one in their folder.
pub fn edited<'a>(pictures: impl IndexedParallelIterator<Item = &'a Path> + Clone) -> Vec<bool> {
    let mut edited = vec![false; pictures.len()];
    let wanted: Vec<(usize, &Path, Vec<String>)> = pictures
        .clone()
        .enumerate()
        .filter_map(|(at, path)| Some((at, folder_of(path), originals(&lower_stem(path)?))))
        .filter(|(_, _, originals)| !originals.is_empty())
        .collect();
    let mut looked_for: HashMap<&Path, HashSet<&str>> = HashMap::new();
    for (_, folder, originals) in &wanted {
        looked_for.entry(folder).or_default().extend(originals.iter().map(String::as_str));
    }
    let met = |path: &'a Path| {
        let looked_for = looked_for.get(folder_of(path))?;
        let stem = lower_stem(path)?;
        let met: Vec<(&Path, &str)> = names(&stem)
            .filter_map(|name| Some((folder_of(path), *looked_for.get(&*name)?)))
            .collect();
        Some(met)
    };
    let there: HashSet<(&Path, &str)> = pictures.filter_map(met).flatten().collect();
    for (at, folder, originals) in &wanted {
        edited[*at] = originals.iter().any(|name| there.contains(&(*folder, name.as_str())));
    }
    edited
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edits_among<'a>(names: &[&'a str]) -> Vec<&'a str> {
        let edited = edited(names.par_iter().map(|name| Path::new(*name)));
        names.iter().zip(edited).filter(|(_, edited)| *edited).map(|(name, _)| *name).collect()
    }

    #[test]
    fn an_edit_has_its_original_beside_it() {
        for (original, edit) in [
            ("IMG_1234.HEIC", "IMG_E1234.JPG"),
            ("img_1234.jpg", "IMG_E1234.HEIC"),
            ("IMG_1.jpg", "IMG_1-edited.jpg"),
            ("IMG_1.HEIC", "IMG_1-bearbeitet.jpg"),
            ("IMG_1.jpg", "IMG_1-modifié.jpg"),
            ("IMG_1.jpg", "IMG_1-ha editado.jpg"),
            ("IMG_1.jpg", "IMG_1-編集済み.jpg"),
            ("IMG_1(1).jpg", "IMG_1-edited(1).jpg"),
            ("IMG_1(1).jpg", "IMG_1(1)-edited.jpg"),
            ("DSC_1.NEF", "DSC_1-Edit.tif"),
            ("wedding.jpg", "wedding_edited.jpeg"),
            ("20180101_120000.jpg", "20180101_120000~2.jpg"),
            ("20180101_120000(0).jpg", "20180101_120000(0)~2.jpg"),
            ("PXL_20210528_144025399.MP.jpg", "PXL_20210528_144025399.MP~2.jpg"),
            ("PXL_20210528_144025399.jpg", "PXL_20210528_144025399-edited~3.jpg"),
            (
                "PXL_20200820_143019420.PORTRAIT-02.ORIGINAL.jpg",
                "PXL_20200820_143019420.PORTRAIT-01.COVER.jpg",
            ),
            (
                "PXL_20230814_201154491.LONG_EXPOSURE-02.ORIGINA.jpg",
                "PXL_20230814_201154491.LONG_EXPOSURE-01.COVER.jpg",
            ),
        ] {
            assert_eq!(edits_among(&[original, edit]), [edit], "{original}");
            assert_eq!(edits_among(&[edit]), [""; 0], "without its original");
            assert!(is_edit_of(Path::new(edit), Path::new(original)), "{edit}");
            assert!(!is_edit_of(Path::new(original), Path::new(edit)), "{edit}");
            let elsewhere = format!("elsewhere/{original}");
            assert_eq!(edits_among(&[&elsewhere, edit]), [""; 0], "{elsewhere}");
        }
    }

    #[test]
    fn other_names_are_no_edits() {
        for names in [
            ["IMG_1.jpg", "IMG_10.jpg"],
            ["IMG_1.jpg", "IMG_1(1).jpg"],
            ["IMG_1.jpg", "IMG_1 (1).jpg"],
            ["IMG_1.jpg", "IMG_1-edited(1).jpg"],
            ["IMG_1(1).jpg", "IMG_1-edited.jpg"],
            ["IMG_1.jpg", "IMG_10-edited.jpg"],
            ["IMG_123.jpg", "IMG_E123.jpg"],
            ["IMG_1235.jpg", "IMG_E1234.jpg"],
            ["IMG_1234.jpg", "IMG_E1234a.jpg"],
            ["DSC_1234.jpg", "DSC_E1234.jpg"],
            ["20180101_120000.jpg", "20180101_120000(0).jpg"],
            ["20180101_120000.jpg", "20180101_120000_001.jpg"],
            ["PICTUR.JPG", "PICTUR~1.JPG"],
            ["a.jpg", "a~123.jpg"],
            ["a.jpg", "a~.jpg"],
            ["x.jpg", "-edited.jpg"],
            [
                "PXL_20200820_143019420.RAW-02.ORIGINAL.dng",
                "PXL_20200820_143019420.RAW-01.COVER.jpg",
            ],
            [
                "PXL_20200820_143019421.PORTRAIT-02.ORIGINAL.jpg",
                "PXL_20200820_143019420.PORTRAIT-01.COVER.jpg",
            ],
            ["PXL_20200820_143019420.jpg", "PXL_20200820_143019420.PORTRAIT-01.COVER.jpg"],
        ] {
            assert_eq!(edits_among(&names), [""; 0], "{names:?}");
        }
    }
}
