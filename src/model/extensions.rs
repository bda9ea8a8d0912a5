//! What a file's name says of its content. Only a first guess: the content decides.

use std::path::Path;

/// Extensions of pictures that are read. A file with one of these that is no picture is reported.
const PICTURES: &[&str] = &[
    "3fr", "apng", "arw", "avif", "avifs", "bmp", "cr2", "cr3", "dib", "dng", "erf", "gif", "hdp",
    "heic", "heics", "heif", "heifs", "hif", "ico", "jfif", "jif", "jpe", "jpeg", "jpg", "jxl",
    "mpo", "nef", "nrw", "orf", "pam", "pbm", "pef", "pgm", "png", "pnm", "ppm", "qoi", "raf",
    "rw2", "sr2", "srf", "srw", "tga", "tif", "tiff", "webp",
];

/// Extensions that no picture ever has: such files are not even opened.
const OTHERS: &[&str] = &[
    "3g2", "3gp", "7z", "aac", "aae", "aif", "aiff", "amr", "apk", "app", "avi", "bat", "bz2", "c",
    "cab", "cfg", "cmd", "conf", "cpp", "css", "csv", "ctl", "db", "dll", "dmg", "doc", "docx",
    "dv", "eml", "epub", "exe", "flac", "flv", "gpx", "gz", "h", "htm", "html", "ics", "ini",
    "iso", "jar", "java", "js", "json", "kml", "lnk", "log", "lrv", "m2ts", "m4a", "m4v", "md",
    "mid", "midi", "mkv", "mobi", "mov", "mp3", "mp4", "mpeg", "mpg", "msg", "msi", "mts", "odp",
    "ods", "odt", "ogg", "opus", "pages", "pdf", "php", "plist", "pps", "ppt", "pptx", "ps1", "py",
    "rar", "rs", "rtf", "sh", "so", "sql", "sqlite", "srt", "sub", "tar", "tgz", "thm", "torrent",
    "ts", "txt", "url", "vcf", "vob", "wav", "webm", "wma", "wmv", "xls", "xlsx", "xml", "xmp",
    "xz", "yaml", "yml", "zip", "zst",
];

/// Extensions of sensors' own values.
const RAWS: &[&str] = &[
    "3fr", "arw", "cr2", "cr3", "dng", "erf", "nef", "nrw", "orf", "pef", "raf", "rw2", "sr2",
    "srf", "srw",
];

/// Extensions of the films that come with pictures.
const FILMS: &[&str] = &["mov", "mp4"];

/// Extensions of films.
const VIDEOS: &[&str] = &[
    "3g2", "3gp", "avi", "dv", "flv", "m2ts", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "mts",
    "vob", "webm", "wmv",
];

/// Whether the name claims that the file is a film.
pub fn is_video(path: &Path) -> bool {
    listed(path, VIDEOS)
}

/// Whether the name claims that the file is a RAW.
pub fn is_raw(path: &Path) -> bool {
    listed(path, RAWS)
}

/// Whether the name claims that the file may be the film of a Live Photo.
pub fn is_film(path: &Path) -> bool {
    listed(path, FILMS)
}

/// Whether the name claims that the file is a picture.
pub fn names_a_picture(path: &Path) -> bool {
    listed(path, PICTURES)
}

/// Whether the file may be a picture: unless its name says that it is something else. Files
/// without an extension, or with an unknown one, are looked into.
pub fn may_be_a_picture(path: &Path) -> bool {
    !listed(path, OTHERS)
}

fn listed(path: &Path, list: &[&str]) -> bool {
    path.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| list.binary_search(&&*extension.to_ascii_lowercase()).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted_and_apart() {
        assert!(PICTURES.is_sorted() && OTHERS.is_sorted());
        assert!(RAWS.is_sorted() && FILMS.is_sorted() && VIDEOS.is_sorted());
        assert!(PICTURES.iter().all(|name| !OTHERS.contains(name)));
        assert!(FILMS.iter().all(|name| VIDEOS.contains(name)));
        assert!(VIDEOS.iter().all(|name| OTHERS.contains(name)));
        assert!(RAWS.iter().all(|name| PICTURES.contains(name)));
    }

    #[test]
    fn guesses() {
        for (name, picture, possible) in [
            ("a.JPG", true, true),
            ("a.xmp", false, false),
            ("a", false, true),
            ("a.jpg_original", false, true),
            (".jpg", false, true),
            ("a.b.heic", true, true),
            ("MOVIE.MOV", false, false),
        ] {
            let path = Path::new(name);
            assert_eq!(
                (names_a_picture(path), may_be_a_picture(path)),
                (picture, possible),
                "{name}"
            );
        }
    }
}
