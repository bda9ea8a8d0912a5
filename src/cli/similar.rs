//! `similar`: asks the cache for pictures like given ones.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::render::similar::{Answer, Hit, NeedleName, SimilarReport};
use clean_backup::catalogue::approximate::{Approximate, Origin};
use clean_backup::catalogue::cache::Cache;
use clean_backup::catalogue::similar::{Library, Needle, Similar as Found, SimilarOptions, Wanted};
use clean_backup::model::findings::Picture;
use clean_backup::model::media::Orientation;
use clean_backup::model::phash::{FineHash, PerceptualHash};
use clean_backup::scan::read_picture;

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
        let mut library = Library::new(cache).map_err(|error| of_cache(&error))?;
        let graph = if options.approximate { Some(graph(cache, &mut library)?) } else { None };
        libraries.push(Asked { library, graph, other: other.as_deref() });
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
    let library = libraries.iter().map(|asked| asked.library.len() as u64).sum();
    if library == 0 {
        tracing::warn!("the cache is empty: `clean-backup scan DIR` fills it");
    }
    let report = SimilarReport { answers, library, approximate: options.approximate };
    match options.format {
        SimilarFormat::Text => render::print(&report.to_text())?,
        SimilarFormat::Json => render::print(
            &report.to_json().map_err(|error| Failure::new(Kind::Failed, error.to_string()))?,
        )?,
        SimilarFormat::Paths0 => {
            for answer in &report.answers {
                if let (NeedleName::File(file), Err(why)) = (&answer.needle, &answer.hits) {
                    tracing::warn!("{}: {why}", clean_backup::model::path_text::for_people(file));
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
            .map_err(|error| Failure::of_other_cache(&error))?;
        caches.push((cache, Some(file.clone())));
    }
    Ok(caches)
}

/// What a picture is looked for by, or why it cannot be.
fn needle(context: &Context<'_>, image: &Path) -> Result<Result<Needle, String>, Failure> {
    let decode = scan_options(&context.settings)?.decode;
    Ok(match read_picture(image, &decode) {
        Ok(read) => Ok(Needle::Picture(clean_backup::picture::dct::hash_tile(&read.tile))),
        Err(why) => Err(why.reason),
    })
}

fn of_hex(hex: &str) -> Result<Needle, Failure> {
    let fine = hex.parse::<FineHash>().map(Needle::Fine);
    fine.or_else(|_| hex.parse::<PerceptualHash>().map(Needle::Perceptual))
        .map_err(|error| Failure::new(Kind::Usage, format!("--hash {hex}: {error}")))
}

/// A cache that is asked, perhaps by its graph.
struct Asked<'a> {
    library: Library<'a>,
    graph: Option<Graph>,
    other: Option<&'a Path>,
}

/// An approximate index, and which pictures have which of its hashes.
struct Graph {
    index: Approximate,
    positions: HashMap<FineHash, Vec<u32>>,
}

/// The graph beside a cache, brought up to date.
fn graph(cache: &Cache, library: &mut Library<'_>) -> Result<Graph, Failure> {
    let failed = |error: std::io::Error| Failure::new(Kind::Failed, error.to_string());
    let fine = library.fine().map_err(failed)?;
    let mut folder = cache.file().as_os_str().to_owned();
    folder.push("-hnsw");
    if cache.is_kept() && !Path::new(&folder).exists() {
        tracing::warn!("making the approximate index of {} pictures, once", fine.len());
    }
    let opened = match cache.is_kept() {
        true => Approximate::open(Path::new(&folder), fine),
        false => Approximate::not_kept(fine),
    };
    match opened.origin {
        Origin::Kept => {}
        Origin::Extended(count) => tracing::info!("{count} hashes were added to the index"),
        Origin::Anew(why) => tracing::info!("the approximate index was made anew: {why}"),
    }
    if let Some(error) = opened.not_kept {
        tracing::warn!("the approximate index is not kept: {error}");
    }
    let mut positions: HashMap<FineHash, Vec<u32>> = HashMap::with_capacity(fine.len());
    for (position, hash) in (0..).zip(fine) {
        positions.entry(*hash).or_default().push(position);
    }
    Ok(Graph { index: opened.index, positions })
}

impl Asked<'_> {
    fn similar(&mut self, needle: &Needle, asked: &SimilarOptions) -> Result<Vec<Found>, String> {
        let (Some(graph), Wanted::Nearest(count), Needle::Picture(hash)) =
            (&self.graph, asked.wanted, needle)
        else {
            return self.library.similar(needle, asked).map_err(|error| error.to_string());
        };
        let turns = if asked.any_orientation { Orientation::ALL.len() } else { 1 };
        // More than are wanted, as some may be no answer.
        let more = count.saturating_mul(if asked.within.is_empty() { 2 } else { 10 }) + 8;
        let found = Orientation::ALL.into_iter().take(turns).flat_map(|orientation| {
            let near = graph.index.nearest(hash.oriented(orientation).fine, more, 64);
            let positions = near.into_iter().filter_map(|hash| graph.positions.get(&hash));
            positions.flatten().map(|&at| (at, orientation)).collect::<Vec<_>>()
        });
        let found: Vec<_> = found.collect();
        let answer = self.library.of_positions(needle, asked, found.into_iter(), count);
        answer.map_err(|error| error.to_string())
    }
}

/// Asks all caches, and merges what they say.
fn ask(
    libraries: &mut [Asked<'_>],
    needle: &Needle,
    asked: &SimilarOptions,
) -> Result<Vec<Hit>, String> {
    let mut hits = Vec::new();
    for library in libraries {
        let found = library.similar(needle, asked)?;
        hits.extend(found.into_iter().map(|found| hit(found, library.other)));
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
            hash: known.record.hash,
            camera: known.record.metadata.camera.clone(),
            captured: known.record.metadata.captured,
            reference: false,
            damaged: known.record.marks.damaged_tail,
            other_names: Vec::new(),
        },
        cache: cache.map(Path::to_owned),
        distance: found.distance,
        fine_distance: found.fine_distance,
        orientation: found.orientation,
    }
}
