//! The subcommands that work on pictures.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::render::html::thumbnails::{self, Thumbnails};
use clean_backup::act::plan::{ActionKind, ExactPath};
use clean_backup::act::proposal::Wish;
use clean_backup::catalogue::cache::{Cache, CacheError};
use clean_backup::decode::DecodeOptions;
use clean_backup::files::fsops::{Disk, real_place};
use clean_backup::files::walk::{Globs, WalkOptions};
use clean_backup::model::findings::Counts;
use clean_backup::model::path_text::{for_people, one_line};
use clean_backup::scan::Scan;

use serde::Serialize;

use super::act::Telling;
use super::args::{self, Dedupe, Format, ListFormat};
use super::backends::Backends;
use super::failure::{Failure, Kind, Outcome};
use super::find::{Compared, Found};
use super::progress::Bars;
use super::settings::Settings;
use super::{interrupt, render};

/// What every one of them gets.
pub struct Context<'a> {
    /// Flags, environment, file and defaults, resolved.
    pub settings: Settings,
    /// Bars or none.
    pub progress: &'a Bars,
    /// Standard output is a terminal.
    pub stdout_is_terminal: bool,
    /// Colours on standard output.
    pub colour: bool,
    /// `--yes`.
    pub yes: bool,
    /// Somebody is there to be asked.
    pub asks: bool,
    /// Where journals and the log lie; `None` only where no home folder is known.
    pub state: Option<PathBuf>,
    /// The folder that relative paths start at.
    pub folder: PathBuf,
}

/// `scan`, resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanOptions {
    /// Folders or files.
    pub roots: Vec<PathBuf>,
    /// How the result looks.
    pub format: ListFormat,
}

/// `dedupe`, resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DedupeOptions {
    /// What is compared.
    pub compared: Compared,
    /// What to do with duplicates.
    pub action: ActionKind,
    /// The folder that they go to.
    pub to: Option<PathBuf>,
    /// Delete what only looks the same at once.
    pub delete_unquarantined: bool,
    /// Show what would be done.
    pub dry_run: bool,
    /// Where to keep the plan.
    pub save_plan: Option<PathBuf>,
    /// How the result looks.
    pub format: Format,
    /// Where it goes, if not to standard output.
    pub output: Option<PathBuf>,
    /// Most groups whose pictures a page shows.
    pub thumbnails: usize,
    /// Exit code 10 for duplicates.
    pub fail_on_duplicates: bool,
}

impl From<&args::Scan> for ScanOptions {
    fn from(scan: &args::Scan) -> Self {
        Self { roots: scan.roots.clone(), format: scan.format }
    }
}

impl TryFrom<&Dedupe> for DedupeOptions {
    type Error = Failure;

    fn try_from(dedupe: &Dedupe) -> Result<Self, Failure> {
        let action = dedupe.action.kind();
        let name = action.name();
        if dedupe.to.is_some() && !action.has_destination() {
            let message = format!("--action {name} has no use for --to DIR");
            return Err(Failure::new(Kind::Usage, message)
                .hint("--action quarantine --to DIR moves duplicates there"));
        }
        if dedupe.to.is_none() && matches!(action, ActionKind::Move | ActionKind::Copy) {
            let message = format!("--action {name} needs --to DIR");
            return Err(Failure::new(Kind::Usage, message)
                .hint(format!("for example: --action {name} --to ~/duplicates")));
        }
        Ok(Self {
            compared: Compared {
                acts: action != ActionKind::Report,
                allow_empty: dedupe.allow_empty,
                ..Compared::from(&dedupe.compared)
            },
            action,
            to: dedupe.to.clone(),
            delete_unquarantined: dedupe.delete_unquarantined,
            dry_run: dedupe.dry_run,
            save_plan: dedupe.save_plan.clone(),
            format: dedupe.format,
            output: dedupe.output.clone(),
            thumbnails: dedupe.thumbnails,
            fail_on_duplicates: dedupe.fail_on_duplicates,
        })
    }
}

/// The cache; where none can be had, a warning and one that forgets everything.
///
/// # Errors
/// [`Kind::Refused`] when somebody else's file has its name.
pub fn open_cache(context: &Context<'_>) -> Result<Cache, Failure> {
    match open_kept_cache(context) {
        Err(failure) if failure.kind != Kind::Refused => without_cache(context, &failure.message),
        other => other,
    }
}

/// The cache, for what is of no use without one.
///
/// # Errors
/// What keeps it from being opened.
pub fn open_kept_cache(context: &Context<'_>) -> Result<Cache, Failure> {
    let Some(file) = &context.settings.cache else {
        return Err(Failure::new(Kind::Failed, "no home folder is known to keep the cache in")
            .hint("name a file with --cache"));
    };
    let opened = Cache::open(file, &context.folder).map_err(|error| of_cache(&error))?;
    if let Some(aside) = opened.set_aside {
        let (there, why) = (for_people(&aside.moved_to), aside.why);
        tracing::warn!(
            "the cache could not be used: {why}; it is now {there}, a new one was begun"
        );
    }
    Ok(opened.cache)
}

fn without_cache(context: &Context<'_>, why: &str) -> Result<Cache, Failure> {
    tracing::warn!("{}; this run goes on without a cache and keeps no hashes", one_line(why));
    Cache::none(&context.folder).map_err(|error| of_cache(&error))
}

pub fn of_cache(error: &CacheError) -> Failure {
    let failure = |kind| Failure::new(kind, error.to_string());
    match error {
        CacheError::Foreign { path, .. } => failure(Kind::Refused).hint(format!(
            "nothing was changed; move {} away, or name another file with --cache",
            for_people(path)
        )),
        CacheError::Newer(_) => failure(Kind::Refused)
            .hint("use that version, or name another file for this one with --cache"),
        _ => failure(Kind::Failed).hint("another file can be named with --cache"),
    }
}

pub fn globs(key: &str, list: &[String]) -> Result<Globs, Failure> {
    Globs::new(list).map_err(|error| Failure::new(Kind::Usage, format!("{key}: {error}")))
}

/// What a scan of `roots` needs of the settings.
pub fn scan_options(settings: &Settings) -> Result<clean_backup::scan::ScanOptions, Failure> {
    Ok(clean_backup::scan::ScanOptions {
        walk: WalkOptions {
            include: globs("include", &settings.include)?,
            exclude: globs("exclude", &settings.exclude)?,
            hidden: settings.hidden,
            follow_links: settings.follow_links,
            one_file_system: settings.one_file_system,
            all: false,
            not_into: Vec::new(),
        },
        decode: DecodeOptions { limits: settings.limits(), exact: settings.exact_decode },
    })
}

/// Starts the threads that decode. Their stacks are large, since decoders of nested formats
/// recurse.
pub fn start_threads(settings: &Settings) -> Result<(), Failure> {
    // From the menu several commands are run one after the other.
    static STARTED: AtomicBool = AtomicBool::new(false);
    if STARTED.swap(true, Ordering::Relaxed) {
        return Ok(());
    }
    rayon::ThreadPoolBuilder::new()
        .num_threads(settings.threads.map_or(0, usize::from))
        .stack_size(16 << 20)
        .thread_name(|n| format!("worker-{n}"))
        .build_global()
        .map_err(|error| Failure::new(Kind::Failed, format!("threads cannot be started: {error}")))
}

/// Scans, with one more try when the cache turns out to be damaged on the way.
pub fn scan_roots(
    context: &Context<'_>,
    roots: &[PathBuf],
    not_into: &[PathBuf],
    cache: &mut Cache,
    backends: &Backends,
) -> Result<(Scan, Arc<AtomicBool>), Failure> {
    let mut options = scan_options(&context.settings)?;
    options.walk.not_into = not_into.to_vec();
    let cancel = interrupt::watch()?;
    let attempt = |cache: &mut Cache| {
        clean_backup::scan::scan(
            roots,
            &options,
            Some(cache),
            backends.hasher.as_ref(),
            context.progress,
            &cancel,
        )
    };
    let scan = match attempt(cache) {
        Err(CacheError::Damaged { source, .. }) => {
            let fresh = open_cache_instead(context, cache, &source)?;
            *cache = fresh;
            attempt(cache)
        }
        Err(error) => {
            *cache = without_cache(context, &error.to_string())?;
            attempt(cache)
        }
        done => done,
    }
    .map_err(|error| of_cache(&error))?;
    super::leftovers::warn(context, roots, &scan.unsettled);
    if let Some(why) = &scan.cache_failure {
        tracing::warn!("hashes of this run are not kept: {why}");
    }
    if scan.interrupted {
        return Err(Failure::new(Kind::Interrupted, "interrupted")
            .hint("what was hashed is kept; the next run goes on from there"));
    }
    Ok((scan, cancel))
}

fn open_cache_instead(
    context: &Context<'_>,
    damaged: &Cache,
    why: &dyn std::fmt::Display,
) -> Result<Cache, Failure> {
    match damaged.set_aside() {
        Ok(moved_to) => {
            tracing::warn!("the cache is damaged ({why}); it is now {}", for_people(&moved_to));
            open_cache(context)
        }
        Err(error) => without_cache(context, &error.to_string()),
    }
}

/// Hashes pictures into the cache.
///
/// # Errors
/// What keeps the run from being done.
pub fn scan(context: &Context<'_>, options: &ScanOptions) -> Result<Outcome, Failure> {
    let start = Instant::now();
    start_threads(&context.settings)?;
    let backends = Backends::of(context.settings.gpu)?;
    let mut cache = open_cache(context)?;
    let (scan, _) = scan_roots(context, &options.roots, &[], &mut cache, &backends)?;
    let counts = counts(&scan, start, &backends);
    if options.format == ListFormat::Json {
        render::print_json("scan", ScanJson::of(&scan, &counts))?;
        return Ok(outcome(&scan));
    }
    let mut text = String::new();
    for skip in &scan.skipped {
        let reason = one_line(&skip.reason);
        text +=
            &format!("skipped {}: {} ({})\n", for_people(&skip.path), reason, skip.stage.name());
    }
    text += &format!(
        "{} pictures: {} hashed, {} from the cache; {} skipped, {} other files; {:.1} s, {}\n",
        counts.images,
        counts.hashed,
        counts.from_cache,
        scan.skipped.len(),
        counts.not_pictures,
        counts.seconds,
        counts.backend,
    );
    render::print(&text)?;
    Ok(outcome(&scan))
}

/// The result of `scan` for programs.
#[derive(Serialize)]
struct ScanJson<'a> {
    skipped: Vec<SkippedJson<'a>>,
    summary: ScanSummary<'a>,
}

#[derive(Serialize)]
struct SkippedJson<'a> {
    #[serde(flatten)]
    path: ExactPath,
    stage: &'static str,
    reason: &'a str,
}

#[derive(Serialize)]
struct ScanSummary<'a> {
    files: u64,
    not_pictures: u64,
    images: u64,
    hashed: u64,
    from_cache: u64,
    skipped: usize,
    seconds: f64,
    backend: &'a str,
}

impl<'a> ScanJson<'a> {
    fn of(scan: &'a Scan, counts: &'a Counts) -> Self {
        let skipped = scan.skipped.iter().map(|skip| SkippedJson {
            path: ExactPath(skip.path.clone()),
            stage: skip.stage.name(),
            reason: &skip.reason,
        });
        Self {
            skipped: skipped.collect(),
            summary: ScanSummary {
                files: counts.files,
                not_pictures: counts.not_pictures,
                images: counts.images,
                hashed: counts.hashed,
                from_cache: counts.from_cache,
                skipped: scan.skipped.len(),
                seconds: counts.seconds,
                backend: &counts.backend,
            },
        }
    }
}

pub fn outcome(scan: &Scan) -> Outcome {
    if scan.skipped.is_empty() { Outcome::Done } else { Outcome::SomeSkipped }
}

pub fn counts(scan: &Scan, start: Instant, backends: &Backends) -> Counts {
    Counts {
        files: scan.files,
        not_pictures: scan.not_pictures,
        images: scan.pictures.len() as u64,
        hashed: scan.hashed,
        from_cache: scan.from_cache,
        seconds: start.elapsed().as_secs_f64(),
        backend: backends.hasher.name().to_owned(),
    }
}

/// Finds duplicates and reports them.
///
/// # Errors
/// What keeps the run from being done.
pub fn dedupe(context: &Context<'_>, options: &DedupeOptions) -> Result<Outcome, Failure> {
    let start = Instant::now();
    for file in options.output.iter().chain(&options.save_plan) {
        render::check_free(file, context.yes)?;
    }
    if options.format == Format::Html && options.output.is_none() && context.stdout_is_terminal {
        return Err(Failure::new(Kind::Usage, "a page is not for a terminal")
            .hint("add -o report.html, and open that in a browser"));
    }
    let settings = &context.settings;
    let destination = destination(context, options.to.as_deref(), &options.compared.references)?;
    let not_into: Vec<PathBuf> = destination.iter().cloned().collect();
    let Found { report, mut cache, cancel, scanned } =
        super::find::find(context, &options.compared, &not_into, start)?;
    let planned = options.dry_run || options.save_plan.is_some();
    let acts = options.action != ActionKind::Report && !planned;
    let proposal = (acts || planned).then(|| {
        let wish = Wish {
            action: options.action,
            destination,
            base: context.folder.clone(),
            label: super::act::now_utc().chars().filter(char::is_ascii_digit).collect(),
            delete_unquarantined: options.delete_unquarantined,
        };
        clean_backup::act::proposal::propose(&report, &wish, context.progress)
    });
    if let Some(proposal) = &proposal {
        for left in &proposal.left {
            tracing::warn!("left alone: {}: {}", for_people(&left.path), one_line(&left.why));
        }
    }
    if let (Some(proposal), true) = (&proposal, planned) {
        let plan = render::plan(&proposal.plan)?;
        if let Some(file) = &options.save_plan {
            render::save(file, &plan, context.yes)?;
        }
        if options.dry_run {
            render::print(&plan)?;
            return Ok(scanned);
        }
    }
    let mut thumbnails = Thumbnails::default();
    if options.format == Format::Html {
        let decode = scan_options(settings)?.decode;
        let progress = context.progress;
        thumbnails =
            thumbnails::thumbnails(&report, options.thumbnails, &decode, progress, &cancel);
        if cancel.load(Ordering::Relaxed) {
            return Err(Failure::new(Kind::Interrupted, "interrupted"));
        }
    }
    let look = render::Look { format: options.format, colour: context.colour, thumbnails };
    render::deliver(&report, &look, options.output.as_deref(), context.yes)?;
    let found = match () {
        () if options.fail_on_duplicates && report.summary().actionable > 0 => {
            Outcome::DuplicatesFound
        }
        () if report.skipped.is_empty() => Outcome::Done,
        () => Outcome::SomeSkipped,
    };
    let Some(proposal) = proposal.filter(|_| acts) else { return Ok(found) };
    // The report alone is what a program reads from standard output.
    let beside = options.output.is_none() && options.format != Format::Text;
    let telling = if beside { Telling::Beside } else { Telling::Text };
    let acted = super::act::carry_out(context, &proposal.plan, &mut cache, &cancel, telling)?;
    Ok(if acted == Outcome::Done { found } else { acted })
}

/// The real place of the folder that duplicates go to.
///
/// # Errors
/// [`Kind::Refused`] when it lies in a reference folder.
pub fn destination(
    context: &Context<'_>,
    to: Option<&Path>,
    references: &[PathBuf],
) -> Result<Option<PathBuf>, Failure> {
    let Some(to) = to else { return Ok(None) };
    let real = real_folder(context, to)?;
    for reference in references {
        if reference.canonicalize().is_ok_and(|reference| real.starts_with(reference)) {
            let message = format!(
                "{} lies in the reference folder {}, where nothing is touched",
                for_people(to),
                for_people(reference)
            );
            return Err(Failure::new(Kind::Refused, message));
        }
    }
    Ok(Some(real))
}

/// The real place of a folder that files are to go to, whether it is there yet or not.
///
/// # Errors
/// [`Kind::Usage`] when something else is there.
pub fn real_folder(context: &Context<'_>, to: &Path) -> Result<PathBuf, Failure> {
    let named = context.folder.join(to);
    let real = named.canonicalize().unwrap_or_else(|_| real_place(&Disk::default(), &named));
    if real.exists() && !real.is_dir() {
        return Err(Failure::new(Kind::Usage, format!("{} is no folder", for_people(to))));
    }
    Ok(real)
}
