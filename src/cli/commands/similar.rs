//! `similar`: asks the cache for pictures like given ones.

use std::path::{Path, PathBuf};

use clean_backup::catalogue::similar::{Needle, SearchMode, SimilarOptions};
use clean_backup::library::{FilmHit, SearchSource, SimilarHit};
use clean_backup::model::extensions::is_video;
use clean_backup::model::findings::FoundPicture;
use clean_backup::model::media::Orientation;
use clean_backup::model::path_text::for_people;
use clean_backup::model::phash::{FineHash, PerceptualHash};

use crate::cli::args::{SimilarArgs, SimilarFormat};
use crate::cli::context::Context;
use crate::cli::failure::{Failure, FailureKind, Outcome};
use crate::cli::render;
use crate::cli::render::similar::{Hit, NeedleName, SimilarReport, SimilarResult};

/// Answers.
///
/// # Errors
/// What keeps the run from being done; a needle that cannot be read is a part of the answer.
pub fn run(context: &Context<'_>, options: &SimilarArgs) -> Result<Outcome, Failure> {
    context.start_threads()?;
    let library = context.library()?;
    let mut source = SearchSource::default();
    source.with_cache = options.with_cache.clone();
    source.approximate = options.approximate;
    let search = resolve(context, options);
    // As `dedupe` does: who names relative paths is given relative ones.
    let named = || options.images.iter().chain(&options.within_folder);
    let relative = named().next().is_none() || named().any(|path| path.is_relative());
    let base = if relative { context.folder.clone() } else { PathBuf::new() };
    let mut needles: Vec<(NeedleName, Result<Asked, String>)> = Vec::new();
    for image in &options.images {
        let asked = if is_video(image) {
            let hits = library.similar_films(image, &search, &source)?;
            hits.map(|hits| Asked::Film(hits.into_iter().map(|hit| film_hit(hit, &base)).collect()))
        } else {
            library.needle(image).map(Asked::Picture)
        };
        needles.push((NeedleName::File(image.clone()), asked.map_err(|why| why.reason)));
    }
    for hex in &options.hash {
        needles.push((NeedleName::Hash(hex.clone()), Ok(Asked::Picture(from_hex(hex)?))));
    }
    let pictures = needles.iter().filter_map(|(_, asked)| match asked {
        Ok(Asked::Picture(needle)) => Some(needle.clone()),
        _ => None,
    });
    let readable: Vec<Needle> = pictures.collect();
    let found = library.similar(&readable, &search, &source)?;
    if found.pictures == 0 && !readable.is_empty() {
        tracing::warn!("the cache is empty: `clean-backup scan DIR` fills it");
    }
    let mut found_hits = found.hits.into_iter();
    let answers = needles.into_iter().map(|(name, asked)| {
        let hits = asked.and_then(|asked| match asked {
            Asked::Film(hits) => Ok(hits),
            Asked::Picture(_) => {
                let hits = found_hits.next().unwrap_or(Ok(Vec::new()));
                let shown = |hits: Vec<SimilarHit>| {
                    hits.into_iter().map(|found| hit(found, &base)).collect()
                };
                hits.map(shown).map_err(|error| error.to_string())
            }
        });
        SimilarResult { needle: name, hits }
    });
    let answers = answers.collect();
    let report =
        SimilarReport { answers, library: found.pictures, approximate: options.approximate };
    match options.format {
        SimilarFormat::Text => render::print(&report.to_text())?,
        SimilarFormat::Json => render::print(
            &report
                .to_json()
                .map_err(|error| Failure::new(FailureKind::Failed, error.to_string()))?,
        )?,
        SimilarFormat::Paths0 => {
            for answer in &report.answers {
                if let (NeedleName::File(file), Err(why)) = (&answer.needle, &answer.hits) {
                    tracing::warn!("{}: {why}", for_people(file));
                }
            }
            render::print_bytes(&report.to_paths0())?;
        }
    }
    let failed = report.answers.iter().any(|answer| answer.hits.is_err());
    Ok(if failed { Outcome::SomeSkipped } else { Outcome::Done })
}

/// What is asked about: a picture, or a film with its answer.
enum Asked {
    Picture(Needle),
    Film(Vec<Hit>),
}

/// How to search, from what was typed.
fn resolve(context: &Context<'_>, options: &SimilarArgs) -> SimilarOptions {
    // As the cache has paths: absolute, without `.`.
    let absolute = |path: &PathBuf| -> PathBuf { context.folder.join(path).components().collect() };
    SimilarOptions {
        wanted: match options.nearest {
            Some(count) => SearchMode::Nearest(count as usize),
            None => SearchMode::Within(context.settings.policy),
        },
        any_orientation: context.settings.any_orientation,
        within: options.within_folder.iter().map(absolute).collect(),
        except: match options.exclude_self {
            true => options.images.iter().map(absolute).collect(),
            false => Vec::new(),
        },
    }
}

fn from_hex(hex: &str) -> Result<Needle, Failure> {
    let fine = hex.parse::<FineHash>().map(Needle::Fine);
    fine.or_else(|_| hex.parse::<PerceptualHash>().map(Needle::Perceptual))
        .map_err(|error| Failure::new(FailureKind::Usage, format!("--hash {hex}: {error}")))
}

/// A path from `base` on where it lies below it.
fn below(path: &Path, base: &Path) -> PathBuf {
    let below = path.strip_prefix(base).ok().filter(|_| !base.as_os_str().is_empty());
    below.unwrap_or(path).to_owned()
}

fn film_hit(hit: FilmHit, base: &Path) -> Hit {
    let path = below(&hit.film.path, base);
    Hit {
        picture: FoundPicture { path, ..hit.film },
        cache: hit.cache,
        distance: Some(hit.distance),
        fine_distance: Some(hit.fine_distance),
        orientation: Orientation::Upright,
        likeness: hit.likeness,
    }
}

/// A hit, its path from `base` on where it lies below it.
fn hit(SimilarHit { similar, cache }: SimilarHit, base: &Path) -> Hit {
    let known = similar.picture;
    Hit {
        picture: FoundPicture {
            path: below(&known.path, base),
            stamp: known.stamp,
            content: known.content.map(|content| content.0),
            format: known.record.format,
            dimensions: known.record.dimensions,
            hash: known.record.hash,
            camera: known.record.metadata.camera.clone(),
            captured: known.record.metadata.captured,
            provenance: known.record.provenance,
            film: None,
            reference: false,
            damaged: known.record.flags.damaged_tail,
            other_names: Vec::new(),
        },
        cache,
        distance: similar.distance,
        fine_distance: similar.fine_distance,
        orientation: similar.orientation,
        likeness: similar.likeness,
    }
}
