//! `similar`: asks the cache for pictures like given ones.

use std::path::{Path, PathBuf};

use clean_backup::cache::Cache;
use clean_backup::phash::{FineHash, PerceptualHash};
use clean_backup::report::{Answer, Hit, NeedleName, Picture, SimilarReport};
use clean_backup::scan::read_picture;
use clean_backup::similar::{Library, Needle, Similar as Found, SimilarOptions, Wanted};

use super::args::{Similar, SimilarFormat};
use super::failure::{Failure, Kind, Outcome};
use super::render;
use super::run::{Context, of_cache, open_cache, scan_options, start_threads};

/// Answers.
///
/// # Errors
/// What keeps the run from being done; a needle that cannot be read is a part of the answer.
pub fn run(context: &Context<'_>, options: &Similar) -> Result<Outcome, Failure> {
    start_threads(&context.settings)?;
    let absolute = |path: &PathBuf| -> PathBuf {
        // As the cache has it: made absolute, without `.`.
        context.folder.join(path).components().collect()
    };
    let asked = SimilarOptions {
        wanted: match options.nearest {
            Some(count) => Wanted::Nearest(count as usize),
            None => Wanted::Within(context.settings.policy),
        },
        any_orientation: context.settings.any_orientation,
        within: options.within_folder.iter().map(absolute).collect(),
        except: if options.exclude_self {
            options.images.iter().map(absolute).collect()
        } else {
            Vec::new()
        },
    };
    let caches = caches(context, options)?;
    let mut libraries = Vec::new();
    for (cache, other) in &caches {
        libraries.push((Library::new(cache).map_err(|error| of_cache(&error))?, other));
    }
    let mut answers = Vec::new();
    for image in &options.images {
        let needle = needle(context, image)?;
        let hits = needle.and_then(|needle| ask(&mut libraries, &needle, &asked));
        answers.push(Answer { needle: NeedleName::File(image.clone()), hits });
    }
    for hex in &options.hash {
        let needle = of_hex(hex)?;
        let hits = ask(&mut libraries, &needle, &asked);
        answers.push(Answer { needle: NeedleName::Hash(hex.clone()), hits });
    }
    let library = libraries.iter().map(|(library, _)| library.len() as u64).sum();
    if library == 0 {
        tracing::warn!("the cache is empty: `clean-backup scan DIR` fills it");
    }
    let report = SimilarReport { answers, library, approximate: false };
    match options.format {
        SimilarFormat::Text => render::print(&report.to_text())?,
        SimilarFormat::Json => render::print(
            &report.to_json().map_err(|error| Failure::new(Kind::Failed, error.to_string()))?,
        )?,
        SimilarFormat::Paths0 => {
            for answer in &report.answers {
                if let (NeedleName::File(file), Err(why)) = (&answer.needle, &answer.hits) {
                    tracing::warn!("{}: {why}", clean_backup::path_text::for_people(file));
                }
            }
            render::print_bytes(&report.to_paths0())?;
        }
    }
    let failed = report.answers.iter().any(|answer| answer.hits.is_err());
    Ok(if failed { Outcome::SomeSkipped } else { Outcome::Done })
}

/// The usual cache, and those named beside it.
fn caches(
    context: &Context<'_>,
    options: &Similar,
) -> Result<Vec<(Cache, Option<PathBuf>)>, Failure> {
    let mut caches = vec![(open_cache(context)?, None)];
    for file in &options.with_cache {
        let cache = Cache::open_read_only(file, &context.folder)
            .map_err(|error| Failure::new(Kind::Failed, format!("--with-cache: {error}")))?;
        caches.push((cache, Some(file.clone())));
    }
    Ok(caches)
}

/// What a picture is looked for by, or why it cannot be.
fn needle(context: &Context<'_>, image: &Path) -> Result<Result<Needle, String>, Failure> {
    let decode = scan_options(&context.settings)?.decode;
    Ok(match read_picture(image, &decode) {
        Ok((tile, _)) => Ok(Needle::Picture(clean_backup::dct::hash_tile(&tile))),
        Err(why) => Err(why.reason),
    })
}

fn of_hex(hex: &str) -> Result<Needle, Failure> {
    let fine = hex.parse::<FineHash>().map(Needle::Fine);
    fine.or_else(|_| hex.parse::<PerceptualHash>().map(Needle::Perceptual))
        .map_err(|error| Failure::new(Kind::Usage, format!("--hash {hex}: {error}")))
}

/// Asks all caches, and merges what they say.
fn ask(
    libraries: &mut [(Library<'_>, &Option<PathBuf>)],
    needle: &Needle,
    asked: &SimilarOptions,
) -> Result<Vec<Hit>, String> {
    let mut hits = Vec::new();
    for (library, other) in libraries {
        let found = library.similar(needle, asked).map_err(|error| error.to_string())?;
        hits.extend(found.into_iter().map(|found| hit(found, other.as_deref())));
    }
    hits.sort_by_key(|hit| (hit.fine_distance, hit.distance));
    if let Wanted::Nearest(count) = asked.wanted {
        hits.truncate(count);
    }
    Ok(hits)
}

fn hit(found: Found, cache: Option<&Path>) -> Hit {
    let known = found.picture;
    Hit {
        picture: Picture {
            path: known.path,
            stamp: known.stamp,
            content: known.content.map(|content| content.0),
            format: known.record.format,
            dimensions: known.record.dimensions,
            view: known.record.hash.upright(),
            quality: known.record.hash.quality,
            captured: known.record.metadata.captured,
            reference: false,
            other_names: Vec::new(),
        },
        cache: cache.map(Path::to_owned),
        distance: found.distance,
        fine_distance: found.fine_distance,
        orientation: found.orientation,
    }
}
