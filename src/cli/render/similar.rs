//! What `similar` found, and its forms.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde::Serialize;

use super::json::{PictureJson, RegionJson, picture};
use super::text::outline;
use clean_backup::model::findings::{FoundPicture, Likeness, Member, REPORT_VERSION, Surroundings};
use clean_backup::model::media::Orientation;
use clean_backup::model::path_form::PathForm;
use clean_backup::model::path_text::{for_people, harmless_json, one_line};
use clean_backup::model::phash::{Distance, FineDistance};

/// A picture of the library that is near a needle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The picture, as the cache knows it.
    pub picture: FoundPicture,
    /// The other cache that it is known from, if it is not in the usual one.
    pub cache: Option<PathBuf>,
    /// Bits between the 64-bit hashes, if the needle has one.
    pub distance: Option<Distance>,
    /// Bits between the 256-bit hashes, if the needle has one.
    pub fine_distance: Option<FineDistance>,
    /// What turns the needle into it.
    pub orientation: Orientation,
    /// What both have in common, where that was proven; the needle stands for the keeper.
    pub likeness: Option<Likeness>,
}

/// A needle with its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimilarResult {
    /// A path, or a hash in hexadecimal digits.
    pub needle: NeedleName,
    /// What is near it, the nearest first; or why there is no answer.
    pub hits: Result<Vec<Hit>, String>,
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NeedleName {
    /// A picture.
    File(PathBuf),
    /// A hash.
    Hash(String),
}

/// All answers.
#[derive(Clone, Debug, PartialEq)]
pub struct SimilarReport {
    /// In the order of the needles.
    pub answers: Vec<SimilarResult>,
    /// Pictures that were asked.
    pub library: u64,
    /// The answers may lack some: they came from an approximate index.
    pub approximate: bool,
}

#[derive(Serialize)]
struct SimilarJson<'a> {
    version: u32,
    command: &'static str,
    needles: Vec<AnswerJson<'a>>,
    library: u64,
    approximate: bool,
}

#[derive(Serialize)]
struct AnswerJson<'a> {
    #[serde(flatten)]
    needle: NeedleJson<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    similar: Vec<HitJson>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum NeedleJson<'a> {
    File(PathForm),
    Hash { hash: &'a str },
}

#[derive(Serialize)]
struct HitJson {
    #[serde(flatten)]
    picture: PictureJson,
    distance: Option<u32>,
    fine_distance: Option<u32>,
    orientation: &'static str,
    /// How much of the details agrees, in per cent; null where that was not proven.
    likeness: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<RegionJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache: Option<PathForm>,
}

impl SimilarReport {
    /// As JSON, indented, with a closing line break.
    ///
    /// # Errors
    /// None that a report can cause; the signature is the serialiser's.
    pub fn to_json(&self) -> serde_json::Result<String> {
        let hit = |hit: &Hit| HitJson {
            picture: picture(&hit.picture),
            distance: hit.distance.map(|distance| distance.0),
            fine_distance: hit.fine_distance.map(|distance| distance.0),
            orientation: hit.orientation.name(),
            likeness: hit.likeness.map(|likeness| likeness.per_cent),
            region: hit.likeness.and_then(|l| l.region).map(RegionJson::for_needle),
            cache: hit.cache.as_deref().map(PathForm::of),
        };
        let form = SimilarJson {
            version: REPORT_VERSION,
            command: "similar",
            needles: self
                .answers
                .iter()
                .map(|answer| AnswerJson {
                    needle: match &answer.needle {
                        NeedleName::File(file) => NeedleJson::File(PathForm::of(file)),
                        NeedleName::Hash(hash) => NeedleJson::Hash { hash },
                    },
                    error: answer.hits.as_ref().err().map(String::as_str),
                    similar: answer.hits.iter().flatten().map(hit).collect(),
                })
                .collect(),
            library: self.library,
            approximate: self.approximate,
        };
        let mut text = harmless_json(&serde_json::to_string_pretty(&form)?);
        text.push('\n');
        Ok(text)
    }
}

impl SimilarReport {
    /// Human-readable.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        for answer in &self.answers {
            let name = match &answer.needle {
                NeedleName::File(file) => for_people(file),
                NeedleName::Hash(hash) => hash.clone(),
            };
            let hits = match &answer.hits {
                Ok(hits) => hits,
                Err(why) => {
                    let _ = writeln!(out, "{name}: {}\n", one_line(why));
                    continue;
                }
            };
            let what = match hits.len() {
                0 => "nothing similar".to_owned(),
                1 => "1 picture".to_owned(),
                count => format!("{count} pictures"),
            };
            let _ = writeln!(out, "{name}: {what}");
            for hit in hits {
                let _ = writeln!(out, "  {}", hit.line());
            }
            out.push('\n');
        }
        let _ = writeln!(
            out,
            "Searched {} pictures in the cache{}; their files were not touched.",
            self.library,
            if self.approximate { ", approximately" } else { "" }
        );
        out
    }

    /// The paths of all hits, each followed by a zero byte, for `xargs -0`.
    pub fn to_paths0(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for hit in self.answers.iter().flat_map(|answer| answer.hits.iter().flatten()) {
            out.extend_from_slice(hit.picture.path.as_os_str().as_encoded_bytes());
            out.push(0);
        }
        out
    }
}

/// What was proven, in words.
fn hit_words(likeness: Option<Likeness>) -> Option<String> {
    let Likeness { per_cent, region } = likeness?;
    let what = region.map_or_else(String::new, |region| {
        let share = region.per_cent();
        match (region.of, region.surroundings) {
            (Member::Keeper, Surroundings::Picture) => format!(", a crop: {share} % of the needle"),
            (Member::Duplicate, Surroundings::Picture) => {
                format!(", the needle is a crop of it: {share} %")
            }
            _ => likeness
                .and_then(|likeness| likeness.words())
                .map_or_else(String::new, |words| format!(", {words}")),
        }
    });
    Some(format!(", {per_cent} % alike{what}"))
}

impl Hit {
    fn line(&self) -> String {
        let mut line = outline(&self.picture);
        if let Some(likeness) = hit_words(self.likeness) {
            line.push_str(&likeness);
        }
        for (bits, of) in [(self.distance.map(|d| d.0), 64), (self.fine_distance.map(|d| d.0), 256)]
        {
            if let Some(bits) = bits {
                let _ = write!(line, ", {bits} of {of} bits");
            }
        }
        if self.orientation != Orientation::Upright {
            let _ = write!(line, ", {}", self.orientation.name());
        }
        if let Some(cache) = &self.cache {
            let _ = write!(line, ", known from {}", for_people(cache));
        }
        line
    }
}
