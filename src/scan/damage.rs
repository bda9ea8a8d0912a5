//! Which of two files that should have the same bytes is damaged.
//!
//! Two files of one size whose pictures look the same, but whose bytes differ, are seldom two
//! pictures: mostly one of them was damaged by a failing disk or a broken copy, or its metadata
//! were edited in place. This looks at both and names the damaged one where the evidence allows.

use std::io;
use std::path::Path;

use rayon::prelude::*;

use crate::container::ReadAt;
use crate::decode::{DecodeOptions, decode};
use crate::dedupe::Deduplicated;
use crate::files::content::FileSource;
use crate::model::findings::{Alarm, Damaged, Duplicate};
use crate::model::record::Picture;

/// What is read of both files at a time.
const BLOCK: usize = 1 << 17;
/// Fewer differing bytes than this prove nothing by their values.
const LEAST_FILLED: u64 = 64;

/// One of two files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileSide {
    /// The one given first.
    First,
    /// The one given second.
    Second,
}

/// What a comparison of two files tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    /// The damaged one, if that can be told.
    pub damaged: Option<FileSide>,
    /// What was seen (human-readable).
    pub why: String,
}

/// Compares two files of one size: decodes both to the end, and looks at the bytes that differ.
pub fn examine(first: &Path, second: &Path, options: &DecodeOptions) -> Examined {
    match (flaw(first, options), flaw(second, options)) {
        (Some(why), None) => return Examined { damaged: Some(FileSide::First), why },
        (None, Some(why)) => return Examined { damaged: Some(FileSide::Second), why },
        (Some(why), Some(_)) => {
            return Examined { damaged: None, why: format!("both are flawed: {why}") };
        }
        (None, None) => {}
    }
    match compare(first, second) {
        Ok(difference) => difference.verdict(),
        Err(error) => Examined { damaged: None, why: format!("they cannot be compared: {error}") },
    }
}

/// Looks at the pairs of which one file may be damaged; whether that makes another picture the
/// better one to keep.
pub fn examine_alarms(
    pictures: &mut [Picture],
    found: &mut Deduplicated,
    options: &DecodeOptions,
) -> bool {
    let alarms: Vec<(u32, &mut Duplicate<u32>)> = found
        .groups
        .iter_mut()
        .flat_map(|group| group.duplicates.iter_mut().map(|duplicate| (group.keeper, duplicate)))
        .filter(|(_, duplicate)| duplicate.alarm.is_some())
        .collect();
    let path = |index: u32| pictures[index as usize].file.path.as_path();
    let damaged: Vec<u32> = alarms
        .into_par_iter()
        .filter_map(|(keeper, duplicate)| {
            let seen = examine(path(keeper), path(duplicate.picture), options);
            let (side, index) = match seen.damaged {
                Some(FileSide::First) => (Some(Damaged::Keeper), Some(keeper)),
                Some(FileSide::Second) => (Some(Damaged::Duplicate), Some(duplicate.picture)),
                None => (None, None),
            };
            duplicate.alarm = Some(Alarm { damaged: side, why: seen.why });
            index
        })
        .collect();
    let mut news = false;
    for index in damaged {
        let flags = &mut pictures[index as usize].record.flags;
        news |= !std::mem::replace(&mut flags.damaged_tail, true);
    }
    news
}

/// What is wrong with a picture that is decoded to the end, in words; `None` for a sound one.
pub fn flaw(path: &Path, options: &DecodeOptions) -> Option<String> {
    let exact = DecodeOptions { exact: true, ..options.clone() };
    let source = match FileSource::open(path) {
        Ok(source) => source,
        Err(error) => return Some(error.to_string()),
    };
    match decode(&source, &exact) {
        Ok(decoded) => decoded.flags.flaw().map(str::to_owned),
        Err(error) => Some(error.to_string()),
    }
}

/// The bytes in which two files differ.
#[derive(Debug, Default)]
struct Difference {
    bytes: u64,
    /// Of those, how many are zero in each file.
    zero: [u64; 2],
}

impl Difference {
    fn verdict(&self) -> Examined {
        let bytes = self.bytes;
        // An overwritten or unwritten block is full of zeros; picture data is not.
        let filled = |side: usize| self.zero[side].saturating_mul(100) >= bytes.saturating_mul(95);
        let damaged = match (filled(0), filled(1)) {
            _ if bytes < LEAST_FILLED => None,
            (true, false) => Some(FileSide::First),
            (false, true) => Some(FileSide::Second),
            _ => None,
        };
        let why = match damaged {
            Some(_) => format!("{bytes} of its bytes are zero that are not in the other file"),
            None => format!("{bytes} bytes differ, and both can be read to the end"),
        };
        Examined { damaged, why }
    }
}

fn compare(first: &Path, second: &Path) -> io::Result<Difference> {
    let (first, second) = (FileSource::open(first)?, FileSource::open(second)?);
    if first.size() != second.size() {
        return Err(io::Error::other("their sizes are not the same any more"));
    }
    let mut difference = Difference::default();
    let mut blocks = [vec![0; BLOCK], vec![0; BLOCK]];
    let mut offset = 0;
    while offset < first.size() {
        let left = usize::try_from(first.size() - offset).unwrap_or(BLOCK).min(BLOCK);
        let [a, b] = &mut blocks;
        first.read_exact_at(offset, &mut a[..left])?;
        second.read_exact_at(offset, &mut b[..left])?;
        for (a, b) in a[..left].iter().zip(&b[..left]).filter(|(a, b)| a != b) {
            difference.bytes += 1;
            difference.zero[0] += u64::from(*a == 0);
            difference.zero[1] += u64::from(*b == 0);
        }
        offset += left as u64;
    }
    Ok(difference)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// A picture whose pixels are stored as they are, so that nothing but the bytes tells damage.
    fn bitmap(seed: u8) -> Vec<u8> {
        let mut bytes = b"P6\n64 64\n255\n".to_vec();
        bytes.extend((0..64 * 64 * 3_u32).map(|i| (i * 7 / 5 + 1) as u8 | 1 | seed));
        bytes
    }

    fn examined(first: &[u8], second: &[u8]) -> Examined {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a.ppm"), folder.path().join("b.ppm"));
        fs::write(&a, first).unwrap();
        fs::write(&b, second).unwrap();
        examine(&a, &b, &DecodeOptions::default())
    }

    #[test]
    fn zeroed_bytes_name_the_damaged_file() {
        let whole = bitmap(0);
        let mut rotten = whole.clone();
        rotten[6000..7000].fill(0);
        let there = examined(&rotten, &whole);
        assert_eq!(there.damaged, Some(FileSide::First));
        assert!(there.why.starts_with("1000 of its bytes are zero"), "{}", there.why);
        assert_eq!(examined(&whole, &rotten).damaged, Some(FileSide::Second));
    }

    #[test]
    fn what_proves_nothing_names_nobody() {
        let whole = bitmap(0);
        let mut edited = whole.clone();
        edited[6000..6010].fill(0);
        assert_eq!(examined(&whole, &edited).damaged, None);
        assert_eq!(examined(&whole, &bitmap(64)).damaged, None);
        let mut both = [whole.clone(), whole.clone()];
        both[0][6000..7000].fill(0);
        both[1][8000..9000].fill(0);
        assert_eq!(examined(&both[0], &both[1]).damaged, None);
    }

    #[test]
    fn a_file_that_cannot_be_decoded_is_the_damaged_one() {
        let jpeg = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/library/2023");
        let jpeg = fs::read_dir(jpeg).unwrap().map(|entry| entry.unwrap().path());
        let jpeg = jpeg.filter(|path| path.extension().is_some_and(|e| e == "jpg")).min().unwrap();
        let whole = fs::read(jpeg).unwrap();
        let mut cut = whole.clone();
        let from = cut.len() / 3;
        cut[from..].fill(0);
        let there = examined(&whole, &cut);
        assert_eq!(there.damaged, Some(FileSide::Second), "{}", there.why);
    }
}
