//! Texts of people, as far as they can be written anywhere else.

/// Longest keyword, name or title, and longest description, in bytes.
const LONGEST_LINE: usize = 1 << 10;
const LONGEST_TEXT: usize = 16 << 10;

/// What cameras and programs put where people are to write.
const DEFAULTS: &[&str] = &[
    "asus",
    "camera phone",
    "cof",
    "created with gimp",
    "dcim",
    "default",
    "dig",
    "digital camera",
    "edf",
    "exif_jpeg_picture",
    "exif jpeg picture",
    "hdr",
    "hdrpl",
    "jpeg image",
    "lead technologies inc. v1.01",
    "maker:whatsapp",
    "my beautiful picture",
    "normal file",
    "null",
    "oznor",
    "rhdr",
    "samsung",
    "sdr",
    "screenshot",
    "sony dsc",
    "untitled",
];

/// Whether somebody may have written this, and not just the camera.
pub(super) fn meaningful(text: &str) -> bool {
    let lower = text.trim().to_lowercase();
    let by_program = lower.starts_with("file written by adobe photoshop")
        || lower.starts_with("kodak ") && lower.ends_with("digital still camera")
        || lower.starts_with("charset=")
        || lower.starts_with('{') && lower.ends_with('}')
        || lower.starts_with('<') && lower.ends_with('>')
        || lower.ends_with(" digital camera")
        || lower.starts_with("data:");
    !lower.is_empty() && !by_program && !DEFAULTS.contains(&&*lower)
}

/// A text of one line; `None` when nothing is left of it or it is too long to be one.
pub(super) fn clean_line(text: &str) -> Option<String> {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let line = writable(&words.join(" "));
    (!line.is_empty() && line.len() <= LONGEST_LINE).then_some(line)
}

/// A text with line breaks; `None` when nothing is left of it or it is too long.
pub(super) fn clean_text(text: &str) -> Option<String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let kept: String =
        text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    let text = writable(kept.trim());
    (!text.is_empty() && text.len() <= LONGEST_TEXT).then_some(text)
}

/// Without what XML cannot hold (XML 1.0, 2.2), and without what only tells that bytes were lost.
fn writable(text: &str) -> String {
    let holds = |c: &char| !matches!(c, '\u{fffd}'..='\u{ffff}');
    text.chars().filter(holds).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_hostile_texts() {
        assert_eq!(clean_line("  a\tb\0c\n\u{fffe}d ").as_deref(), Some("a b c d"));
        assert_eq!(clean_text("one\r\ntwo\u{1b}[31m\0").as_deref(), Some("one\ntwo[31m"));
        assert_eq!(clean_line("\u{fffd}\0 "), None);
        assert_eq!(clean_line(&"x".repeat(LONGEST_LINE + 1)), None);
        assert_eq!(clean_text(&"x".repeat(LONGEST_TEXT + 1)), None);
    }

    #[test]
    fn what_cameras_write_by_themselves() {
        for text in [
            "OLYMPUS DIGITAL CAMERA",
            "SONY DSC",
            "",
            "Kodak EasyShare Digital Still Camera",
            "<Digimax i50 MP3>",
            "KONICA MINOLTA DIGITAL CAMERA",
        ] {
            assert!(!meaningful(text), "{text}");
        }
        for text in ["Our garden", "Sony DSC of my aunt"] {
            assert!(meaningful(text), "{text}");
        }
    }
}
