//! Photo libraries of Apple's programs: folders that the Finder shows as one file. Photos, iPhoto
//! and Aperture keep a database of what is in them, which a file that comes or goes would belie.

use std::path::Path;

/// How their names end, in lower case.
const EXTENSIONS: [&str; 4] =
    ["photoslibrary", "photolibrary", "aplibrary", "migratedphotolibrary"];

/// The outermost photo library that a path lies in, or is, by its name. What is in one may be read,
/// and nothing may come, go or change there.
pub fn photo_library_of(path: &Path) -> Option<&Path> {
    path.ancestors().filter(|folder| names_a_library(folder)).last()
}

fn names_a_library(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|own| EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(own)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_told_by_the_names_of_folders() {
        for (path, library) in [
            (
                "/p/Photos Library.photoslibrary/originals/0/a.heic",
                "/p/Photos Library.photoslibrary",
            ),
            ("/p/Old.PhotoLibrary/Masters/a.jpg", "/p/Old.PhotoLibrary"),
            ("p/x.aplibrary", "p/x.aplibrary"),
            ("/a.migratedphotolibrary/b.photoslibrary/c", "/a.migratedphotolibrary"),
        ] {
            assert_eq!(photo_library_of(Path::new(path)), Some(Path::new(library)), "{path}");
        }
        for path in ["/p/photoslibrary/a.jpg", "/p/a.photoslibrary.zip", "/p/a.jpg", ""] {
            assert_eq!(photo_library_of(Path::new(path)), None, "{path}");
        }
    }
}
