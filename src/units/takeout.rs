//! The names that Google Takeout gives to the JSON beside a picture.
//!
//! `IMG_1.jpg` has `IMG_1.jpg.json`, since 2024 `IMG_1.jpg.supplemental-metadata.json`. The part
//! before `.json` is cut to 46 characters, so that `….supplemental-me.json` and, of long names, not
//! even the picture's own extension may be left. A second picture of a name is `IMG_1(1).jpg`, its
//! JSON `IMG_1.jpg(1).json` or `IMG_1.jpg.supplemental-metadata(1).json`. An edited picture,
//! `IMG_1-edited.jpg`, has none of its own. (Forms seen in exports, and in the issue threads of
//! tools that read them.)

/// What the name is cut to, without `.json` and the number.
const CUT: usize = 46;

const SUFFIX: &str = ".supplemental-metadata";

/// What edited pictures end with before the extension, by the language of the account.
/// (GooglePhotosTakeoutHelper lists some of them in its `extras.dart`.)
pub(super) const EDITED: &[&str] = &[
    "-edited",
    "-bearbeitet",
    "-modifié",
    "-modifie",
    "-editado",
    "-editada",
    "-ha editado",
    "-editat",
    "-modificato",
    "-bewerkt",
    "-redigerad",
    "-redigeret",
    "-redigert",
    "-muokattu",
    "-edytowane",
    "-edytowany",
    "-upraveno",
    "-düzenlendi",
    "-編集済み",
    "-已修改",
    "-edit",
];

/// How a JSON's name (in lower case, without `.json`) names its picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Described {
    /// The picture's name as far as it is there.
    pub(super) name: String,
    /// The number of a second picture of the same name.
    pub(super) number: Option<String>,
    /// Only the beginning of the name is there.
    pub(super) cut: bool,
}

/// All that a JSON's name may mean, the likeliest first.
pub(super) fn described(stem: &str) -> Vec<Described> {
    let mut readings = vec![(stem, None)];
    // `IMG_1(1).jpg.json` keeps the number with the name; only after the whole name it is split
    // off.
    if let (base, Some(number)) = split_number(stem) {
        readings.push((base, Some(number)));
    }
    let mut found = Vec::new();
    for (base, number) in readings {
        let mut push = |name: &str, cut| {
            if !name.is_empty() {
                let number = number.map(str::to_owned);
                found.push(Described { name: name.to_owned(), number, cut });
            }
        };
        push(base, false);
        // The longest tail that the suffix begins with: `.`, `.s`, … `.supplemental-metadata`.
        if let Some(dot) = base.rfind('.')
            && SUFFIX.starts_with(&base[dot..])
        {
            push(&base[..dot], false);
        }
        // Some exports count one character less.
        if base.chars().count() >= CUT - 1 {
            push(base, true);
        }
    }
    found
}

/// `name(2)` → `name`, `2`.
pub(super) fn split_number(stem: &str) -> (&str, Option<&str>) {
    let Some((base, digits)) = stem.strip_suffix(')').and_then(|rest| rest.rsplit_once('(')) else {
        return (stem, None);
    };
    let sound = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if sound { (base, Some(digits)) } else { (stem, None) }
}

/// The name (in lower case) that a picture has in its JSON's name, with the number taken out, and
/// the number; and the same for the picture that it is an edit of.
pub(super) fn names_of(picture: &str) -> Vec<(String, Option<String>)> {
    let (stem, extension) = match picture.rsplit_once('.') {
        Some((stem, extension)) => (stem, format!(".{extension}")),
        None => (picture, String::new()),
    };
    let mut names = vec![(picture.to_owned(), None)];
    let (base, number) = split_number(stem);
    if let Some(number) = number {
        names.push((format!("{base}{extension}"), Some(number.to_owned())));
    }
    for edited in EDITED {
        if let Some(original) = base.strip_suffix(edited) {
            names.push((format!("{original}{extension}"), number.map(str::to_owned)));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn describes(json: &str, picture: &str) -> bool {
        let names = names_of(picture);
        described(json.strip_suffix(".json").unwrap()).iter().any(|described| {
            names.iter().any(|(name, number)| {
                *number == described.number
                    && if described.cut {
                        name.starts_with(&described.name)
                    } else {
                        *name == described.name
                    }
            })
        })
    }

    #[test]
    fn forms() {
        let long = "a".repeat(50);
        for (json, picture) in [
            ("img_1.jpg.json", "img_1.jpg"),
            ("img_1.jpg.supplemental-metadata.json", "img_1.jpg"),
            ("img_1.jpg.supplemental-me.json", "img_1.jpg"),
            ("img_1.jpg.s.json", "img_1.jpg"),
            ("img_1.jpg..json", "img_1.jpg"),
            ("img_1.jpg(1).json", "img_1(1).jpg"),
            ("img_1.jpg.supplemental-metadata(12).json", "img_1(12).jpg"),
            ("img_1(1).jpg.json", "img_1(1).jpg"),
            ("img_1.jpg.json", "img_1-edited.jpg"),
            ("img_1.jpg(2).json", "img_1-bearbeitet(2).jpg"),
            (&format!("{}.json", &long[..46]), &format!("{long}.jpg")),
            ("pxl_20230101_000000000.jpg.supplemental-metada.json", "pxl_20230101_000000000.jpg"),
        ] {
            assert!(describes(json, picture), "{json} of {picture}");
        }
        for (json, picture) in [
            ("img_1.jpg.json", "img_1(1).jpg"),
            ("img_1.jpg(1).json", "img_1.jpg"),
            ("img_1.jpg.json", "img_10.jpg"),
            ("img_1.jpg.other.json", "img_1.jpg"),
            ("img_1.json", "img_1.jpg"),
            ("print-subscriptions.json", "img_1.jpg"),
        ] {
            assert!(!describes(json, picture), "{json} of {picture}");
        }
    }
}
