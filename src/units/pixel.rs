//! The names that Google's camera gives to the files of one shot.
//!
//! They begin with the moment in thousandths, which no two shots of a phone share; tags follow:
//! `PXL_20231207_032108788.RAW-01.MP.COVER.jpg` and `PXL_20231207_032108788.RAW-02.ORIGINAL.dng`
//! are the JPEG and the RAW of one shot, `PXL_….PORTRAIT-01.COVER.jpg` and
//! `PXL_….PORTRAIT-02.ORIGINAL.jpg` the picture with its blurred background and the one without.
//! Older phones wrote `PXL_….dng` beside `PXL_….MP.jpg`. Takeout cuts long names, as in
//! `….LONG_EXPOSURE-02.ORIGINA.jpg`. (immich-go, `docs/technical.md` and issue 94; photoprism, issue
//! 3954; aves, issue 1462.)

use super::names::is_number;

/// The tags that are known; with `-01` and the like behind them or not. What else follows the
/// moment was added by somebody else, and may be a copy.
const TAGS: &[&str] = &[
    "action_pan",
    "cover",
    "long_exposure",
    "ls",
    "main",
    "motion",
    "mp",
    "night",
    "origin",
    "origina",
    "original",
    "pano",
    "photosphere",
    "portrait",
    "raw",
    "ts",
    "vb",
];

/// A name of that form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PixelName<'a> {
    /// `pxl_20231207_032108788`
    pub(super) moment: &'a str,
    /// `raw-01`, `cover`
    tags: Vec<&'a str>,
}

impl<'a> PixelName<'a> {
    /// Reads a name in lower case, without its extension.
    pub(super) fn parse(stem: &'a str) -> Option<Self> {
        let mut parts = stem.split('.');
        let moment = parts.next()?;
        let (day, time) = moment.strip_prefix("pxl_")?.split_once('_')?;
        let digits = |text: &str, length| text.len() == length && is_number(text);
        if !digits(day, 8) || !digits(time, 9) {
            return None;
        }
        let tags: Vec<&str> = parts.collect();
        let is_known = |tag: &&str| TAGS.contains(&numbered(tag).map_or(*tag, |(kind, _)| kind));
        tags.iter().all(is_known).then_some(Self { moment, tags })
    }

    /// What was done to it, where it is the finished one of two pictures: `portrait`.
    pub(super) fn finished(&self) -> Option<&'a str> {
        self.kind("01").filter(|_| self.tags.contains(&"cover"))
    }

    /// What was done to the other one, where it is the untouched one of two pictures.
    pub(super) fn untouched(&self) -> Option<&'a str> {
        self.kind("02")
    }

    /// The kind with this number. The finished and the untouched one of a RAW are of two formats,
    /// and known by these.
    fn kind(&self, wanted: &str) -> Option<&'a str> {
        let mut kinds = self.tags.iter().filter_map(|tag| numbered(tag));
        kinds.find(|(kind, number)| *number == wanted && *kind != "raw").map(|(kind, _)| kind)
    }
}

/// `portrait-01` → `portrait`, `01`.
fn numbered(tag: &str) -> Option<(&str, &str)> {
    tag.rsplit_once('-').filter(|(_, number)| number.len() == 2 && is_number(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let moment = "pxl_20231207_032108788";
        for (tags, finished, untouched) in [
            ("", None, None),
            (".mp", None, None),
            (".night", None, None),
            (".raw-01.mp.cover", None, None),
            (".night.raw-01.cover", None, None),
            (".raw-02.original", None, None),
            (".portrait-01.cover", Some("portrait"), None),
            (".night.portrait-02.original", None, Some("portrait")),
            (".long_exposure-02.origina", None, Some("long_exposure")),
            (".motion-01", None, None),
        ] {
            let stem = format!("{moment}{tags}");
            let name = PixelName::parse(&stem).unwrap();
            assert_eq!(name.moment, moment);
            assert_eq!((name.finished(), name.untouched()), (finished, untouched), "{stem}");
        }
        for other in [
            "pxl_20231207_032108788.crop",
            "pxl_20231207_032108788.raw-1",
            "pxl_20231207_032108788(1)",
            "pxl_20231207_0321087880",
            "pxl_2023120a_032108788",
            "img_20231207_032108788",
            "pxl_",
        ] {
            assert_eq!(PixelName::parse(other), None, "{other}");
        }
    }
}
