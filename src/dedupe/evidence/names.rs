//! Names that copies and edits are given. A name proves little: it only decides where nothing else
//! does.

use std::path::Path;

/// What a name says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CopyName {
    /// It is called a copy or an edit: `IMG_1234 (1)`, `lake - Copy`, `lake-edited`, `IMG_E1234`.
    Plain,
    /// It is one if there is a picture of that name, in lower case: `lake_1` beside `lake`.
    Beside(String),
}

/// What programs append, in lower case; the longer ones first.
const SUFFIXES: [&str; 14] = [
    " - copy",
    " - kopie",
    " - copie",
    " - copia",
    " copy",
    " kopie",
    " copie",
    " copia",
    "-copy",
    "_copy",
    "-edited",
    "_edited",
    "-bearbeitet",
    "-edit",
];

/// What the name of a file says of its being a copy; `None` for a name like any other.
pub fn copy_name(path: &Path) -> Option<CopyName> {
    let stem = path.file_stem()?.to_str()?.to_lowercase();
    let numberless = without_number(&stem, " (", ")").unwrap_or(&stem);
    if numberless.len() < stem.len() || SUFFIXES.iter().any(|s| is_longer(&stem, s)) {
        return Some(CopyName::Plain);
    }
    // `lake copy 2`
    if let Some(first) = without_number(&stem, " ", "")
        && SUFFIXES.iter().any(|suffix| is_longer(first, suffix))
    {
        return Some(CopyName::Plain);
    }
    // How iPhones export an edited picture.
    if let Some(number) = stem.strip_prefix("img_e")
        && number.len() == 4
        && number.bytes().all(|byte| byte.is_ascii_digit())
    {
        return Some(CopyName::Plain);
    }
    let base = ["_", "-", "~", " "].iter().find_map(|mark| without_number(&stem, mark, ""));
    base.map(|base| CopyName::Beside(base.to_owned()))
}

fn is_longer(stem: &str, suffix: &str) -> bool {
    stem.len() > suffix.len() && stem.ends_with(suffix)
}

/// What stands before `before`, one to three digits and `after`.
fn without_number<'a>(stem: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let inner = stem.strip_suffix(after)?;
    let base = inner.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = inner.len() - base.len();
    let base = base.strip_suffix(before)?;
    ((1..=3).contains(&digits) && !base.is_empty()).then_some(base)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_copies_and_edits() {
        let said = |name: &str| copy_name(Path::new(name));
        for name in [
            "a/IMG_1234 (1).jpg",
            "lake - Copy.jpg",
            "lake - Copy (2).jpg",
            "lake copy.jpg",
            "lake copy 2.jpg",
            "See - Kopie.jpg",
            "PXL_20210101-edited.jpg",
            "PXL_20210101-bearbeitet.jpg",
            "IMG_E1234.JPG",
        ] {
            assert_eq!(said(name), Some(CopyName::Plain), "{name}");
        }
        for (name, base) in
            [("IMG_1234~2.jpg", "img_1234"), ("lake_1.jpg", "lake"), ("Lake 2.jpg", "lake")]
        {
            assert_eq!(said(name), Some(CopyName::Beside(base.into())), "{name}");
        }
        for name in [
            "IMG_1234.jpg",
            "copy.jpg",
            "1.jpg",
            "(1).jpg",
            "IMG_EDEN.jpg",
            "_1.jpg",
            "photocopy.png",
        ] {
            assert_eq!(said(name), None, "{name}");
        }
    }
}
