//! The names of the frames of a burst.
//!
//! | camera | frames |
//! |---|---|
//! | Google, Huawei's Nexus, Nothing | `00000IMG_00000_BURST20180101120000000_COVER.jpg`, `00001IMG_00001_BURST20180101120000000.jpg`, `00000PORTRAIT_00000_BURST…` |
//! | Huawei, Motorola, Oppo | `IMG_20180101_120000_BURST001_COVER.jpg`, `IMG_20180914_094602055_BURST000_COVER.jpg`, `IMG20250208154709_BURST000_COVER.jpg` |
//! | Sony | `DSC_0001_BURST20230709220904977.JPG`, `DSC_0052_BURST20230709220904977_COVER.JPG` |
//! | Samsung | `20231207_101605_001.jpg` |
//! | Pixel | `PXL_20230805_123456789.BURST-01.jpg` |
//!
//! (immich-go, `docs/technical.md` and issues 45, 99, 100, 345 and 1259; nextcloud/photos, issue 298;
//! immich, issue 15958.)

use std::path::Path;

use super::names::is_number;

/// A frame of a burst.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BurstFrame {
    /// What the names of all its frames have in common, and no other burst: a moment.
    pub burst: String,
    /// Its place among them.
    pub number: u32,
}

impl BurstFrame {
    /// Reads the name of a file, in whatever folder.
    pub fn of(path: &Path) -> Option<Self> {
        let stem = path.file_stem()?.to_str()?.to_lowercase();
        pixel(&stem).or_else(|| with_word(&stem)).or_else(|| samsung(&stem))
    }

    /// Whether two files are two frames of one burst.
    pub fn are_two(a: &Path, b: &Path) -> bool {
        match (Self::of(a), Self::of(b)) {
            (Some(a), Some(b)) => a.burst == b.burst && a.number != b.number,
            _ => false,
        }
    }
}

fn frame(burst: &str, number: &str) -> Option<BurstFrame> {
    let number = Some(number).filter(|number| is_number(number))?.parse().ok()?;
    Some(BurstFrame { burst: burst.to_owned(), number })
}

/// `PXL_20230805_123456789.BURST-01`
fn pixel(stem: &str) -> Option<BurstFrame> {
    let (moment, tags) = stem.split_once(".burst-")?;
    let (number, rest) = tags.split_once('.').unwrap_or((tags, ""));
    let (day, time) = moment.strip_prefix("pxl_")?.split_once('_')?;
    let sound = is_moment(day, time) && matches!(rest, "" | "cover" | "original");
    frame(moment, number).filter(|_| sound)
}

/// `…_BURST` and digits: the number of the frame after a moment, or a moment after the number.
fn with_word(stem: &str) -> Option<BurstFrame> {
    let (before, after) = stem.rsplit_once("_burst")?;
    let after = after.strip_suffix("_cover").unwrap_or(after);
    match after.len() {
        1..=4 => {
            let moment = before.strip_prefix("img")?;
            let moment = moment.strip_prefix('_').unwrap_or(moment);
            let (day, time) = moment.split_at_checked(8)?;
            let time = time.strip_prefix('_').unwrap_or(time);
            frame(before, after).filter(|_| is_moment(day, time))
        }
        // In digits, or in thousandths since 1970.
        13..=17 => {
            let (first, number) = before.rsplit_once('_')?;
            let google = || {
                let (count, word) = first.split_at_checked(5)?;
                let is_word = !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphabetic());
                Some(is_number(count) && is_word && number.len() == 5)
            };
            let sony = first == "dsc" && number.len() == 4;
            let sound = is_number(after) && (sony || google().unwrap_or(false));
            frame(after, number).filter(|_| sound)
        }
        _ => None,
    }
}

/// `20231207_101605_001`
fn samsung(stem: &str) -> Option<BurstFrame> {
    let (moment, number) = stem.rsplit_once('_')?;
    let (day, time) = moment.split_once('_')?;
    let sound = number.len() == 3 && time.len() == 6 && is_moment(day, time);
    frame(moment, number).filter(|_| sound)
}

/// Whether digits are a day of the years in which phones took pictures, and a time.
fn is_moment(day: &str, time: &str) -> bool {
    let two = |text: &str, from: usize| text.get(from..from + 2).and_then(|t| t.parse::<u8>().ok());
    day.len() == 8
        && matches!(time.len(), 6 | 9)
        && is_number(day)
        && is_number(time)
        && day.starts_with("20")
        && two(day, 4).is_some_and(|month| (1..=12).contains(&month))
        && two(day, 6).is_some_and(|day| (1..=31).contains(&day))
        && two(time, 0).is_some_and(|hour| hour < 24)
        && two(time, 2).is_some_and(|minute| minute < 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> Option<(String, u32)> {
        BurstFrame::of(Path::new(name)).map(|frame| (frame.burst, frame.number))
    }

    #[test]
    fn frames() {
        for (name, burst, number) in [
            ("00000IMG_00000_BURST20180101120000000_COVER.jpg", "20180101120000000", 0),
            ("00014IMG_00014_BURST20171111030039.jpg", "20171111030039", 14),
            ("00001IMG_00001_BURST1723801037429_COVER.jpg", "1723801037429", 1),
            ("00000PORTRAIT_00000_BURST20200418222652648.jpg", "20200418222652648", 0),
            ("00100lrPORTRAIT_00100_BURST20200418222652648_COVER.jpg", "20200418222652648", 100),
            ("IMG_20180101_120000_BURST001.jpg", "img_20180101_120000", 1),
            ("IMG_20180101_120000_BURST1.jpg", "img_20180101_120000", 1),
            ("IMG_20180914_094602055_BURST000_COVER.jpg", "img_20180914_094602055", 0),
            ("IMG20250208154709_BURST017.jpg", "img20250208154709", 17),
            ("DSC_0052_BURST20230709220904977_COVER.JPG", "20230709220904977", 52),
            ("BURST/20231207_101605_039.jpg", "20231207_101605", 39),
            ("PXL_20230805_123456789.BURST-02.jpg", "pxl_20230805_123456789", 2),
            ("PXL_20230805_123456789.BURST-01.COVER.jpg", "pxl_20230805_123456789", 1),
        ] {
            assert_eq!(of(name), Some((burst.to_owned(), number)), "{name}");
        }
        let are_two = |a: &str, b: &str| BurstFrame::are_two(Path::new(a), Path::new(b));
        assert!(are_two("20231207_101605_001.jpg", "x/20231207_101605_002.jpg"));
        assert!(!are_two("20231207_101605_001.jpg", "x/20231207_101605_001.png"));
        assert!(!are_two("20231207_101605_001.jpg", "20231207_101606_002.jpg"));
        assert!(!are_two("a.jpg", "b.jpg"));
    }

    #[test]
    fn other_names() {
        for name in [
            "20180101_120000.jpg",
            "20180101_120000_1.jpg",
            "20181301_120000_001.jpg",
            "20180101_250000_001.jpg",
            "12345678_120000_001.jpg",
            "2018010é_120000_001.jpg",
            "IMG_20180101_120000.jpg",
            "IMG_20180101_120000_BURST.jpg",
            "IMG_20180101_120000_BURST001_COPY.jpg",
            "IMG_0001_BURST001.jpg",
            "IMG_1234_001.jpg",
            "DSC_0001.jpg",
            "DSC_001_BURST20230709220904977.jpg",
            "supernova_BURST20230709220904977.jpg",
            "0000é_00000_BURST20230709220904977.jpg",
            "_BURST001.jpg",
        ] {
            assert_eq!(of(name), None, "{name}");
        }
    }
}
