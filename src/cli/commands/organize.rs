//! `organize`: files media by date, or explains a date.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use clean_backup::act::layout::Template;
use clean_backup::act::plan::ActionKind;
use clean_backup::library::{ImportOptions, Library, LibraryError, Preflight};
use clean_backup::metadata::capture::Judge;
use clean_backup::organize::Organized;
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use super::leftovers;
use crate::cli::args::{self, FilingArgs, ListFormat, OrganizeArgs};
use crate::cli::carry_out::carry_out;
use crate::cli::context::{Context, now};
use crate::cli::failure::{Failure, FailureKind, Outcome};
use crate::cli::render::applied::OutputMode;
use crate::cli::{interrupt, render};

/// Files a source into a destination, or explains a date.
///
/// # Errors
/// What keeps it from being done.
pub fn run(context: &Context<'_>, options: &OrganizeArgs) -> Result<Outcome, Failure> {
    let dates = DateRules::resolve(&options.filing)?;
    dates.judge(|judge| filed(context, options, judge))
}

fn filed(
    context: &Context<'_>,
    options: &OrganizeArgs,
    judge: Judge<'_>,
) -> Result<Outcome, Failure> {
    if !options.explain.is_empty() {
        return explain(&options.explain, judge, options.format);
    }
    let (Some(source), Some(destination)) = (&options.source, &options.destination) else {
        return Err(Failure::new(FailureKind::Usage, "organize needs SRC and DEST")
            .hint("for example: clean-backup organize /mnt/card ~/Pictures"));
    };
    let import = ImportOptions {
        allow_empty: options.allow_empty || options.dry_run,
        ..resolve(context, (source, destination), options.moves, &options.filing)?
    };
    if let Some(file) = &options.save_plan {
        render::check_free(file, context.yes)?;
    }
    let mut library = context.hashing_library()?;
    let cancel = interrupt::watch()?;
    let roots = [import.source.clone(), import.destination.clone()];
    let warn = |unsettled: &[PathBuf]| leftovers::warn(context, &roots, unsettled);
    let monitor = context.monitor(&cancel, &warn);
    let organized = library.import(&import, judge, monitor).map_err(|error| match error {
        LibraryError::Interrupted { while_scanning: false } => {
            Failure::new(FailureKind::Interrupted, "interrupted; nothing was done")
        }
        error => error.into(),
    })?;
    finish(context, options, &organized, import.action, &mut library, &cancel)
}

/// How dates are judged.
pub(super) struct DateRules {
    zone: TimeZone,
    file_system: bool,
}

impl DateRules {
    /// From what was typed.
    ///
    /// # Errors
    /// [`FailureKind::Usage`] for a time zone that is none.
    pub fn resolve(filing: &FilingArgs) -> Result<Self, Failure> {
        Ok(Self { zone: zone(&filing.video_tz)?, file_system: !filing.no_fs_dates })
    }

    /// For the page: in the time zone of this machine, by the times of files too where that is asked for.
    #[cfg(feature = "review")]
    pub fn here(file_system: bool) -> Self {
        Self { zone: TimeZone::system(), file_system }
    }

    /// Hands over what judges dates now.
    pub fn judge<T>(&self, work: impl FnOnce(Judge<'_>) -> T) -> T {
        let offset = |utc: i64| -> i16 {
            let at = Timestamp::from_second(utc).unwrap_or(Timestamp::UNIX_EPOCH);
            i16::try_from(self.zone.to_offset(at).seconds() / 60).unwrap_or(0)
        };
        work(Judge { now: now(), zone: &offset, file_system: self.file_system })
    }
}

/// What is imported and how, from what was typed.
///
/// # Errors
/// What is wrong with it.
pub(super) fn resolve(
    context: &Context<'_>,
    (source, destination): (&Path, &Path),
    moves: bool,
    filing: &FilingArgs,
) -> Result<ImportOptions, Failure> {
    let template = Template::parse(&filing.template).map_err(|why| {
        Failure::new(FailureKind::Usage, format!("--template: {why}"))
            .hint("for example: --template '{year}/{month}-{month_name}'")
    })?;
    Ok(ImportOptions {
        source: source.to_owned(),
        destination: context.real_folder(destination)?,
        action: if moves { ActionKind::Move } else { ActionKind::Copy },
        template,
        preflight: filing.preflight.map(|preflight| match preflight {
            args::PreflightChoice::Visual => Preflight::Visual,
            args::PreflightChoice::Exact => Preflight::Exact,
            args::PreflightChoice::Off => Preflight::Off,
        }),
        prune: filing.prune_empty,
        policy: context.settings.policy,
        any_orientation: context.settings.any_orientation,
        include_films: filing.include_films || context.settings.include_films,
        allow_empty: false,
        // Without a home folder there are no runs either.
        journals: context.runs_folder().ok(),
        include_removed: filing.include_removed,
        only: None,
    })
}

fn finish(
    context: &Context<'_>,
    options: &OrganizeArgs,
    organized: &Organized,
    action: ActionKind,
    library: &mut Library,
    cancel: &AtomicBool,
) -> Result<Outcome, Failure> {
    let found = Outcome::from_skipped(organized.skipped.len());
    if let Some(file) = &options.save_plan {
        render::save(file, &render::plan(&organized.plan)?, context.yes)?;
    }
    if options.dry_run {
        if options.format == ListFormat::Text {
            render::print(&render::organize::text(organized, action))?;
        }
        render::dry_run::print(&organized.plan, &context.places(), options.format)?;
        return Ok(found);
    }
    let text = match options.format {
        ListFormat::Text => render::organize::text(organized, action),
        ListFormat::Json => render::organize::json(organized, action)?,
    };
    render::print(&text)?;
    if options.save_plan.is_some() {
        return Ok(found);
    }
    let mode = match options.format {
        ListFormat::Json => OutputMode::Beside,
        ListFormat::Text => OutputMode::Text,
    };
    let acted = carry_out(context, &organized.plan, library, cancel, mode)?;
    Ok(acted.after(found))
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
        Failure::new(FailureKind::Usage, format!("--video-tz: {text:?} is not a time zone"))
            .hint("local, utc, an offset like +02:00, or a name like Europe/Berlin")
    })
}

/// Prints the dates of each file; one that cannot be read is named, and the others follow.
fn explain(files: &[PathBuf], judge: Judge<'_>, format: ListFormat) -> Result<Outcome, Failure> {
    let explain = clean_backup::organize::explain;
    if let [file] = files {
        let decision = explain(file, judge).map_err(|error| Failure::from_named(file, &error))?;
        render::dates::print(&[(file, Ok(decision))], format)?;
        return Ok(Outcome::Done);
    }
    let explained: Vec<_> = files.iter().map(|file| (file, explain(file, judge))).collect();
    render::dates::print(&explained, format)?;
    Ok(Outcome::from_skipped(explained.iter().filter(|(_, decision)| decision.is_err()).count()))
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
            assert_eq!(zone(wrong).unwrap_err().kind, FailureKind::Usage, "{wrong}");
        }
    }
}
