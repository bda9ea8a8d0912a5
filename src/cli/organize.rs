//! `organize`: from what was typed to what is done.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{SystemTime, UNIX_EPOCH};

use clean_backup::act::layout::Template;
use clean_backup::act::plan::ActionKind;
use clean_backup::catalogue::cache::Cache;
use clean_backup::files::stamp::{Volumes, stamp_and_evidence};
use clean_backup::metadata::capture::{Decision, Judge};
use clean_backup::model::findings::Matching;
use clean_backup::model::path_text::for_people;
use clean_backup::model::readable::iso_time;
use clean_backup::organize::{Options, Organized, Twins, organize};
use clean_backup::scan::{Confirm, Confirming};
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use super::args::{ListFormat, Organize, Preflight};
use super::backends::Backends;
use super::failure::{Failure, Kind, Outcome};
use super::run::{Context, open_cache, real_folder, scan_options, scan_roots, start_threads};
use super::{act, interrupt, missing, render};

/// A destination with at most so many pictures that are not in the cache is looked at without
/// being asked: that takes minutes at most.
const SMALL: usize = 5_000;

/// Files a source into a destination, or explains a date.
///
/// # Errors
/// What keeps it from being done.
pub fn run(context: &Context<'_>, options: &Organize) -> Result<Outcome, Failure> {
    let zone = zone(&options.video_tz)?;
    let offset = |utc: i64| -> i16 {
        let at = Timestamp::from_second(utc).unwrap_or(Timestamp::UNIX_EPOCH);
        i16::try_from(zone.to_offset(at).seconds() / 60).unwrap_or(0)
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(0));
    let judge = Judge { now, zone: &offset, file_system: !options.no_fs_dates };
    if let Some(file) = &options.explain {
        return explain(file, judge);
    }
    let (Some(source), Some(destination)) = (&options.source, &options.destination) else {
        return Err(Failure::new(Kind::Usage, "organize needs SRC and DEST")
            .hint("for example: clean-backup organize /mnt/card ~/Pictures"));
    };
    let template = Template::parse(&options.template).map_err(|why| {
        Failure::new(Kind::Usage, format!("--template: {why}"))
            .hint("for example: --template '{year}/{month}-{month_name}'")
    })?;
    if let Some(file) = &options.save_plan {
        render::check_free(file, context.yes)?;
    }
    let real_source = source.canonicalize().map_err(|error| Failure::of_named(source, &error))?;
    let destination = real_folder(context, destination)?;
    let action = if options.moves { ActionKind::Move } else { ActionKind::Copy };
    let in_place = real_source == destination;
    if in_place && action == ActionKind::Copy {
        let message = "source and destination are one folder: copies of everything would be made";
        return Err(Failure::new(Kind::Refused, message).hint("--move files it in place"));
    }
    start_threads(&context.settings)?;
    let mut cache = open_cache(context)?;
    if destination.read_dir().is_ok_and(|mut entries| entries.next().is_none()) {
        let warnings = missing::empty(context, &destination, &cache).into_iter().collect();
        missing::Known { warnings, missing: false }
            .check(true, options.allow_empty || options.dry_run)?;
    }
    let mut walk = scan_options(&context.settings)?.walk;
    if !in_place {
        walk.not_into = vec![destination.clone()];
    }
    let preflight =
        if in_place { Preflight::Off } else { preflight(context, options, &destination, &cache)? };
    let (twins, cancel) = if preflight == Preflight::Visual && destination.is_dir() {
        look(context, source, &destination, &mut cache)?
    } else {
        (Twins::default(), interrupt::watch()?)
    };
    let organized = organize(
        &Options {
            source: source.clone(),
            destination,
            action,
            walk,
            template,
            exact: preflight != Preflight::Off,
            twins,
            prune: options.prune_empty,
            base: context.folder.clone(),
        },
        judge,
        context.progress,
        &cancel,
    );
    if organized.interrupted {
        return Err(Failure::new(Kind::Interrupted, "interrupted; nothing was done"));
    }
    finish(context, options, &organized, action, &mut cache, &cancel)
}

fn finish(
    context: &Context<'_>,
    options: &Organize,
    organized: &Organized,
    action: ActionKind,
    cache: &mut Cache,
    cancel: &AtomicBool,
) -> Result<Outcome, Failure> {
    let found = if organized.skipped.is_empty() { Outcome::Done } else { Outcome::SomeSkipped };
    if let Some(file) = &options.save_plan {
        render::save(file, &render::plan(&organized.plan)?, context.yes)?;
    }
    if options.dry_run {
        render::print(&render::plan(&organized.plan)?)?;
        return Ok(found);
    }
    let text = match options.format {
        ListFormat::Text => organized.to_text(action),
        ListFormat::Json => organized
            .to_json(action)
            .map_err(|error| Failure::new(Kind::Failed, error.to_string()))?,
    };
    render::print(&text)?;
    if options.save_plan.is_some() {
        return Ok(found);
    }
    let telling = match options.format {
        ListFormat::Json => act::Telling::Beside,
        ListFormat::Text => act::Telling::Text,
    };
    let acted = act::carry_out(context, &organized.plan, cache, cancel, telling)?;
    Ok(if acted == Outcome::Done { found } else { acted })
}

/// What was asked for; else a look at the destination where that costs little.
fn preflight(
    context: &Context<'_>,
    options: &Organize,
    destination: &Path,
    cache: &Cache,
) -> Result<Preflight, Failure> {
    if let Some(preflight) = options.preflight {
        return Ok(preflight);
    }
    if !destination.is_dir() {
        return Ok(Preflight::Exact);
    }
    let walk = scan_options(&context.settings)?.walk;
    let never = AtomicBool::new(false);
    let roots = [destination.to_owned()];
    let walked = clean_backup::files::walk::walk(&roots, &walk, &|_| {}, &never);
    let known = cache.lookup(&walked.files).map_err(|error| super::run::of_cache(&error))?;
    let unknown = known.iter().filter(|row| row.is_none()).count();
    if unknown <= SMALL {
        return Ok(Preflight::Visual);
    }
    tracing::warn!(
        "only files with the same bytes stay out: {unknown} pictures of {0} are not in the cache; \
         clean-backup scan {0} changes that, or --preflight visual",
        for_people(destination)
    );
    Ok(Preflight::Exact)
}

/// Looks which incoming pictures the library has, and which of them are better.
fn look(
    context: &Context<'_>,
    source: &Path,
    destination: &Path,
    cache: &mut Cache,
) -> Result<(Twins, Arc<AtomicBool>), Failure> {
    let settings = &context.settings;
    let backends = Backends::of(settings.gpu)?;
    let roots = [source.to_owned(), destination.to_owned()];
    let (mut scan, cancel) = scan_roots(context, &roots, &[], cache, &backends)?;
    let matching = clean_backup::dedupe::DedupeOptions {
        policy: settings.policy,
        any_orientation: settings.any_orientation,
        films: std::mem::take(&mut scan.films),
        apart: super::find::marks(context)?,
        reference_roots: vec![false, true],
        ..Default::default()
    };
    let volumes = Volumes::default();
    let live = |path: &Path| stamp_and_evidence(path, &volumes);
    let decode = scan_options(settings)?.decode;
    let progress = context.progress;
    let with = Confirming { options: &decode, live: &live, progress, cancel: &cancel };
    // Whoever empties the card afterwards relies on what is said here, so that all bytes are read.
    let joiner = backends.joiner.as_ref();
    let found =
        super::find::compare(&mut scan, &matching, joiner, Some(Confirm::All), with, cache)?;
    let groups = found.report_groups(&scan.pictures, &matching);
    let rule = Matching { policy: settings.policy, ..Matching::default() };
    Ok((Twins::of(&groups, &|duplicate| rule.acts_on(duplicate)), cancel))
}

/// `local`, `utc`, an offset or a name of the IANA database.
fn zone(text: &str) -> Result<TimeZone, Failure> {
    match text.to_ascii_lowercase().as_str() {
        "local" => return Ok(TimeZone::system()),
        "utc" | "z" => return Ok(TimeZone::UTC),
        _ => {}
    }
    let offset = || -> Option<TimeZone> {
        let sign = if text.starts_with('-') { -1 } else { 1 };
        let (hours, minutes) = text.strip_prefix(['+', '-'])?.split_once(':')?;
        let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
        let sound = (0..=14).contains(&hours) && (0..60).contains(&minutes);
        let seconds = sign * (hours * 3600 + minutes * 60);
        sound.then(|| Offset::from_seconds(seconds).ok()).flatten().map(TimeZone::fixed)
    };
    offset().or_else(|| TimeZone::get(text).ok()).ok_or_else(|| {
        Failure::new(Kind::Usage, format!("--video-tz: {text:?} is no zone"))
            .hint("local, utc, an offset like +02:00, or a name like Europe/Berlin")
    })
}

fn explain(file: &Path, judge: Judge<'_>) -> Result<Outcome, Failure> {
    let decision = clean_backup::organize::explain(file, judge)
        .map_err(|error| Failure::of_named(file, &error))?;
    render::print(&explanation(file, &decision))?;
    Ok(Outcome::Done)
}

fn explanation(file: &Path, decision: &Decision) -> String {
    let mut text = format!("{}\n", for_people(file));
    for (at, judged) in decision.judged.iter().enumerate() {
        let mark = if decision.chosen == Some(at) { '*' } else { ' ' };
        let meaning = match &judged.time {
            Ok(time) => iso_time(*time),
            Err(why) => format!("refused: {why}"),
        };
        let conflict = if decision.conflicts.contains(&at) { "  contradicts it" } else { "" };
        let written = clean_backup::model::path_text::one_line(&judged.candidate.text);
        let source = judged.candidate.source.name();
        text += &format!("{mark} {source:22} {meaning:32} from {written:?}{conflict}\n");
    }
    if decision.chosen.is_none() {
        text += "No date is known: it would go to Unknown.\n";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones() {
        let minutes = |text: &str, utc: i64| {
            let at = Timestamp::from_second(utc).unwrap();
            zone(text).unwrap().to_offset(at).seconds() / 60
        };
        assert_eq!(minutes("utc", 0), 0);
        assert_eq!(minutes("+02:30", 0), 150);
        assert_eq!(minutes("-05:00", 0), -300);
        for wrong in ["", "+2", "+15:00", "+01:60", "Atlantis/Poseidonis", "/etc/passwd"] {
            assert_eq!(zone(wrong).unwrap_err().kind, Kind::Usage, "{wrong}");
        }
    }
}
