//! Paths as text: exact in JSON even where they are not UTF-8, and harmless on a terminal whatever
//! they are called.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The bytes of a path in base64, if it is not UTF-8 (standard alphabet, padded; RFC 4648, 4).
pub fn base64_unless_utf8(path: &Path) -> Option<String> {
    path.to_str().is_none().then(|| STANDARD.encode(path.as_os_str().as_encoded_bytes()))
}

/// The path that `text` and, where the path is not UTF-8, `base64` stand for. `None` when the
/// base64 is damaged or means no path on this system.
pub fn path_of(text: &str, base64: Option<&str>) -> Option<PathBuf> {
    match base64 {
        None => Some(PathBuf::from(text)),
        Some(base64) => path_of_bytes(STANDARD.decode(base64).ok()?),
    }
}

#[cfg(unix)]
fn path_of_bytes(bytes: Vec<u8>) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt as _;
    Some(PathBuf::from(std::ffi::OsString::from_vec(bytes)))
}

/// Names of Windows are UTF-16 in which surrogates may stand alone. The bytes are UTF-8, with three
/// bytes for such a surrogate (WTF-8).
#[cfg(windows)]
fn path_of_bytes(bytes: Vec<u8>) -> Option<PathBuf> {
    use std::os::windows::ffi::OsStringExt as _;
    let mut units = Vec::with_capacity(bytes.len());
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        let text = rest.utf8_chunks().next().map_or("", |chunk| chunk.valid());
        units.extend(text.encode_utf16());
        rest = &rest[text.len()..];
        match *rest {
            [] => {}
            [0xed, b @ 0xa0..=0xbf, c @ 0x80..=0xbf, ..] => {
                units.push(0xd000 | u16::from(b & 0x3f) << 6 | u16::from(c & 0x3f));
                rest = &rest[3..];
            }
            _ => return None,
        }
    }
    Some(PathBuf::from(std::ffi::OsString::from_wide(&units)))
}

/// A path as the key of a database row. `/a/./b` and `/a//b` are `/a/b`; `..` is left alone, since
/// a link may be before it.
pub fn key_of_path(path: &Path) -> Vec<u8> {
    path.components().collect::<PathBuf>().as_os_str().as_encoded_bytes().to_vec()
}

/// The path of a row's key.
#[cfg(unix)]
pub fn path_of_key(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

/// The path of a row's key; of a damaged one, something that is not there.
#[cfg(windows)]
pub fn path_of_key(bytes: &[u8]) -> PathBuf {
    let text = || PathBuf::from(String::from_utf8_lossy(bytes).into_owned());
    path_of_bytes(bytes.to_vec()).unwrap_or_else(text)
}

/// The path for display: as it is where that is harmless, else in double quotes with control
/// characters, quotes, backslashes, invisible and direction-changing characters and bytes that are
/// not UTF-8 written as escapes. Never holds a line break or a terminal escape, and two different
/// paths are never written the same.
pub fn for_people(path: &Path) -> String {
    let bytes = path.as_os_str().as_encoded_bytes();
    match path.to_str() {
        Some(text) if !text.is_empty() && !needs_quotes(text) => text.to_owned(),
        _ => quoted(bytes),
    }
}

/// Any text for display, on one line: as [`for_people`], but without the quotes.
pub fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe(c) { push_escape(&mut out, c) } else { out.push(c) }
    }
    out
}

/// Text of several lines: as [`one_line`], but its line breaks and terminal escapes stay. For
/// output whose every part has been made harmless, or is so by another's promise.
pub fn lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe(c) && c != '\n' && c != '\u{1b}' {
            push_escape(&mut out, c)
        } else {
            out.push(c)
        }
    }
    out
}

/// Text for a cell of a table that people open in a spreadsheet: as [`one_line`], and with an
/// apostrophe before what would be taken for a formula.
pub fn for_spreadsheet(text: &str) -> String {
    let text = one_line(text);
    // The wide forms count where such keyboards are usual.
    let formula = ['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
    if text.starts_with(formula) { format!("'{text}") } else { text }
}

/// A path for a cell of such a table, and its bytes in base64 where the cell does not have them.
pub fn path_for_spreadsheet(path: &Path) -> (String, Option<String>) {
    let shown = for_spreadsheet(&path.to_string_lossy());
    let exact = path.to_str() == Some(shown.as_str());
    (shown, (!exact).then(|| STANDARD.encode(path.as_os_str().as_encoded_bytes())))
}

/// Text for a cell of such a table, and the text itself in base64 where the cell does not have it.
pub fn text_for_spreadsheet(text: &str) -> (String, Option<String>) {
    let shown = for_spreadsheet(text);
    let changed = shown != text;
    (shown, changed.then(|| STANDARD.encode(text)))
}

/// The text that [`text_for_spreadsheet`] wrote in base64; `None` when that is damaged.
pub fn text_of_base64(base64: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(base64).ok()?).ok()
}

/// The same JSON with the characters that could disturb a terminal written as `\uXXXX` (RFC 8259,
/// 7). A serialiser escapes those below U+0020 itself.
pub fn harmless_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && is_unsafe(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

fn needs_quotes(text: &str) -> bool {
    text.starts_with(' ')
        || text.ends_with(' ')
        || text.chars().any(|c| c == '"' || is_unsafe(c))
        // Two blanks are how a report's columns are told apart.
        || text.contains("  ")
}

fn quoted(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() + 2);
    out.push('"');
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' | '\\' => out.extend(['\\', c]),
                c if is_unsafe(c) => push_escape(&mut out, c),
                c => out.push(c),
            }
        }
        for byte in chunk.invalid() {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out.push('"');
    out
}

fn push_escape(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if c.is_ascii() => {
            let _ = write!(out, "\\x{:02x}", u32::from(c));
        }
        c => {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        }
    }
}

/// Characters that move the cursor, end a line, turn the direction of what follows (Unicode
/// Standard Annex 9, explicit formatting), or cannot be seen.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0001}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmless_names_stay_as_they_are() {
        for name in ["a/b.jpg", "Ferien 2019/Ü.heic", "👩‍👩‍👧.png", "-rf", "it's", "back\\slash"]
        {
            assert_eq!(for_people(Path::new(name)), name);
        }
    }

    #[test]
    fn hostile_names_are_escaped() {
        for (name, expected) in [
            ("a\nb", r#""a\nb""#),
            ("\u{1b}[2J\\", r#""\x1b[2J\\""#),
            ("say \"x\"", r#""say \"x\"""#),
            ("a\u{202e}gpj.exe", r#""a\u{202e}gpj.exe""#),
            ("\u{9b}31m", r#""\u{9b}31m""#),
            (" lead", "\" lead\""),
            ("", "\"\""),
        ] {
            assert_eq!(for_people(Path::new(name)), expected);
        }
        let json = "[\n\"\u{9b}1m \u{202e} \u{e0001}é\"\n]";
        let escaped = harmless_json(json);
        assert_eq!(escaped, "[\n\"\\u009b1m \\u202e \\udb40\\udc01é\"\n]");
        let read = |text| serde_json::from_str::<Vec<String>>(text).unwrap();
        assert_eq!(read(&escaped), read(json));
        assert_eq!(one_line("bad\r\n\u{7}"), r"bad\r\n\x07");
        assert_eq!(lines("a\n\u{1b}[1mb\u{202e}\r\n"), "a\n\u{1b}[1mb\\u{202e}\\r\n");
    }

    #[test]
    fn cells_are_no_formulas() {
        for (text, cell) in [
            ("a-b.jpg", "a-b.jpg"),
            ("'quoted'", "'quoted'"),
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(1)", "'@SUM(1)"),
            ("\u{ff1d}1", "'\u{ff1d}1"),
            ("\t=1", r"\t=1"),
            ("\r=1", r"\r=1"),
            ("\u{1b}[2J\u{2066}\u{85}", r"\x1b[2J\u{2066}\u{85}"),
        ] {
            let (shown, base64) = text_for_spreadsheet(text);
            assert_eq!(shown, cell);
            assert_eq!(path_for_spreadsheet(Path::new(text)), (shown, base64.clone()));
            let read = base64.map(|base64| text_of_base64(&base64).unwrap());
            assert_eq!(read, (text != cell).then(|| text.to_owned()));
        }
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_no_text_survive() {
        use std::os::unix::ffi::OsStrExt as _;
        let path = Path::new(std::ffi::OsStr::from_bytes(b"caf\xe9/\xff.jpg"));
        assert_eq!(for_people(path), r#""caf\xe9/\xff.jpg""#);
        let base64 = base64_unless_utf8(path).unwrap();
        assert_eq!(path_of(&path.to_string_lossy(), Some(&base64)).unwrap(), path);
        assert_eq!(base64_unless_utf8(Path::new("café")), None);
        assert_eq!(path_of("x", Some("***")), None);
    }

    #[cfg(windows)]
    #[test]
    fn names_that_are_no_text_survive() {
        use std::os::windows::ffi::OsStringExt as _;
        let named = |units: &[u16]| PathBuf::from(std::ffi::OsString::from_wide(units));
        // A half of a pair at the beginning, between, at the end; the halves the wrong way round.
        let odd = [&[0xd83d, 0x61][..], &[0x61, 0xdc00, 0xe9], &[0xd800], &[0xdc00, 0xd800]];
        for units in odd {
            let path = named(units);
            let base64 = base64_unless_utf8(&path).unwrap();
            assert_eq!(path_of(&path.to_string_lossy(), Some(&base64)), Some(path.clone()));
            assert_eq!(path_of_key(&key_of_path(&path)), path);
            assert!(for_people(&path).starts_with('"'));
        }
        let pair = named(&[0xd83d, 0xdc69, 0xe9]);
        assert_eq!((base64_unless_utf8(&pair), path_of_key(&key_of_path(&pair))), (None, pair));
        assert_ne!(key_of_path(&named(&[0xd800])), key_of_path(&named(&[0xd801])));
        assert_eq!(path_of_bytes(vec![0xff]), None);
        assert_eq!(path_of("x", Some("***")), None);
    }

    #[cfg(unix)]
    proptest::proptest! {
        #[test]
        fn any_name_stays_on_its_line_and_is_told_apart(
            a in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..12),
            b in r#"[\\"nx01\n\x1b a\u{202e}]{0,6}"#,
        ) {
            use std::os::unix::ffi::OsStrExt as _;
            let odd = Path::new(std::ffi::OsStr::from_bytes(&a));
            // A name that spells out what the other one's escapes look like.
            let c = b.replace('\n', "\\n").replace('\x1b', "\\x1b");
            let (b, c) = (Path::new(&b), Path::new(&c));
            for path in [odd, b, c] {
                let text = for_people(path);
                proptest::prop_assert!(!text.is_empty() && !text.chars().any(is_unsafe), "{text:?}");
                let base64 = base64_unless_utf8(path);
                let read = path_of(&path.to_string_lossy(), base64.as_deref());
                proptest::prop_assert_eq!(read.as_deref(), Some(path));
            }
            proptest::prop_assert_eq!(for_people(b) == for_people(c), b.as_os_str() == c.as_os_str());
        }
    }
}
