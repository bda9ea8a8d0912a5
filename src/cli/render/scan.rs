//! What a scan found.

use clean_backup::act::plan::ExactPath;
use clean_backup::model::findings::Counts;
use clean_backup::model::path_text::{for_people, one_line};
use clean_backup::scan::Scan;
use serde::Serialize;

use crate::cli::args::ListFormat;
use crate::cli::failure::Failure;

/// Prints it.
///
/// # Errors
/// As [`super::print`].
pub fn scan(scan: &Scan, counts: &Counts, format: ListFormat) -> Result<(), Failure> {
    match format {
        ListFormat::Json => super::print_json("scan", ScanJson::from_scan(scan, counts)),
        ListFormat::Text => super::print(&text(scan, counts)),
    }
}

fn text(scan: &Scan, counts: &Counts) -> String {
    let mut text = String::new();
    for skip in scan.skipped.iter().chain(&scan.videos.skipped) {
        let reason = one_line(&skip.reason);
        text +=
            &format!("skipped {}: {} ({})\n", for_people(&skip.path), reason, skip.stage.name());
    }
    let damaged = scan.damaged();
    for picture in &damaged {
        text += &format!("damaged {}: {}\n", for_people(&picture.path), one_line(&picture.what));
    }
    let among = match damaged.len() {
        0 => String::new(),
        number => format!(", {number} damaged"),
    };
    let films = counts.films;
    if films.films > 0 {
        for film in scan.videos.undecoded() {
            let (path, why) = (for_people(&film.path), one_line(&film.reason));
            text += &format!("by bytes alone {path}: {why}\n");
        }
        text += &format!(
            "{} films: {} read, {} from the cache, {} compared by their bytes alone\n",
            films.films, films.hashed, films.from_cache, films.by_bytes
        );
    }
    text + &format!(
        "{} pictures: {} hashed, {} from the cache{among}; {} skipped, {} other files; {:.1} s, {}\n",
        counts.images,
        counts.hashed,
        counts.from_cache,
        scan.skipped.len() + scan.videos.skipped.len(),
        counts.not_pictures,
        counts.seconds,
        counts.backend,
    )
}

/// The result of `scan` for programs.
#[derive(Serialize)]
struct ScanJson<'a> {
    skipped: Vec<ScanSkippedJson<'a>>,
    damaged: Vec<ScanDamagedJson>,
    summary: ScanSummary<'a>,
}

#[derive(Serialize)]
struct ScanSkippedJson<'a> {
    #[serde(flatten)]
    path: ExactPath,
    stage: &'static str,
    reason: &'a str,
}

#[derive(Serialize)]
struct ScanDamagedJson {
    #[serde(flatten)]
    path: ExactPath,
    what: String,
}

#[derive(Serialize)]
struct ScanSummary<'a> {
    files: u64,
    not_pictures: u64,
    images: u64,
    hashed: u64,
    from_cache: u64,
    films: u64,
    films_hashed: u64,
    films_from_cache: u64,
    films_by_bytes: u64,
    skipped: usize,
    damaged: usize,
    seconds: f64,
    backend: &'a str,
}

impl<'a> ScanJson<'a> {
    fn from_scan(scan: &'a Scan, counts: &'a Counts) -> Self {
        let skipped = scan.skipped.iter().chain(&scan.videos.skipped);
        let skipped = skipped.map(|skip| ScanSkippedJson {
            path: ExactPath(skip.path.clone()),
            stage: skip.stage.name(),
            reason: &skip.reason,
        });
        let damaged: Vec<ScanDamagedJson> = scan
            .damaged()
            .into_iter()
            .map(|damaged| ScanDamagedJson { path: ExactPath(damaged.path), what: damaged.what })
            .collect();
        Self {
            skipped: skipped.collect(),
            summary: ScanSummary {
                files: counts.files,
                not_pictures: counts.not_pictures,
                images: counts.images,
                hashed: counts.hashed,
                from_cache: counts.from_cache,
                films: counts.films.films,
                films_hashed: counts.films.hashed,
                films_from_cache: counts.films.from_cache,
                films_by_bytes: counts.films.by_bytes,
                skipped: scan.skipped.len() + scan.videos.skipped.len(),
                damaged: damaged.len(),
                seconds: counts.seconds,
                backend: &counts.backend,
            },
            damaged,
        }
    }
}
