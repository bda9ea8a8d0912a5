//! A tiny TIFF writer for tests.

/// An entry to be written, little-endian.
#[derive(Clone)]
pub(crate) enum Sketch {
    /// Tag, type, count and bytes of a value.
    Value(u16, u16, u32, Vec<u8>),
    /// A directory below, with the tag that points to it.
    Ifd(u16, Vec<Sketch>),
    /// Bytes put into the file, with the tag that points to them and the tag of their length.
    Blob(u16, u16, Vec<u8>),
}

pub(crate) fn ascii(tag: u16, text: &str) -> Sketch {
    let bytes = [text.as_bytes(), &[0]].concat();
    Sketch::Value(tag, 2, bytes.len() as u32, bytes)
}

pub(crate) fn short(tag: u16, value: u16) -> Sketch {
    Sketch::Value(tag, 3, 1, value.to_le_bytes().to_vec())
}

pub(crate) fn long(tag: u16, value: u32) -> Sketch {
    Sketch::Value(tag, 4, 1, value.to_le_bytes().to_vec())
}

pub(crate) fn rational(tag: u16, values: &[(u32, u32)]) -> Sketch {
    let bytes = values.iter().flat_map(|(n, d)| [n.to_le_bytes(), d.to_le_bytes()].concat());
    Sketch::Value(tag, 5, values.len() as u32, bytes.collect())
}

/// A file of directories chained to each other.
pub(crate) fn tiff(chain: &[Vec<Sketch>]) -> Vec<u8> {
    let mut out = b"II*\0\x08\0\0\0".to_vec();
    for (index, entries) in chain.iter().enumerate() {
        let next_at = put_ifd(&mut out, entries);
        if index + 1 < chain.len() {
            let end = (out.len() as u32).to_le_bytes();
            out[next_at..next_at + 4].copy_from_slice(&end);
        }
    }
    out
}

/// Appends a directory; gives the place of the pointer to the next one.
fn put_ifd(out: &mut Vec<u8>, entries: &[Sketch]) -> usize {
    let count = entries.iter().map(|e| if matches!(e, Sketch::Blob(..)) { 2 } else { 1 }).sum();
    out.extend(u16::to_le_bytes(count));
    let mut at = out.len();
    let next_at = at + usize::from(count) * 12;
    out.resize(next_at + 4, 0);
    let mut entry = |out: &mut Vec<u8>, tag: u16, kind: u16, count: u32, word: [u8; 4]| {
        let head = [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &word];
        out[at..at + 12].copy_from_slice(&head.concat());
        at += 12;
    };
    for sketch in entries {
        let end = out.len() as u32;
        match sketch {
            Sketch::Value(tag, kind, count, bytes) if bytes.len() <= 4 => {
                let mut word = [0; 4];
                word[..bytes.len()].copy_from_slice(bytes);
                entry(out, *tag, *kind, *count, word);
            }
            Sketch::Value(tag, kind, count, bytes) => {
                entry(out, *tag, *kind, *count, end.to_le_bytes());
                out.extend(bytes);
            }
            Sketch::Ifd(tag, below) => {
                entry(out, *tag, 4, 1, end.to_le_bytes());
                put_ifd(out, below);
            }
            Sketch::Blob(tag, size_tag, bytes) => {
                entry(out, *tag, 4, 1, end.to_le_bytes());
                entry(out, *size_tag, 4, 1, (bytes.len() as u32).to_le_bytes());
                out.extend(bytes);
            }
        }
    }
    next_at
}
