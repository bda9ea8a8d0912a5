//! `cache`: looks after the cache.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clean_backup::catalogue::cache::CacheError;
use clean_backup::files::stamp::{Volumes, stamp_and_evidence};
use clean_backup::model::path_text::one_line;
use clean_backup::model::readable::human_bytes;
use serde_json::json;

use super::exchange;
use crate::cli::args::{CacheCommand, ListFormat};
use crate::cli::context::Context;
use crate::cli::failure::{Failure, FailureKind, Outcome};
use crate::cli::{interrupt, render};

/// Looks after the cache.
///
/// # Errors
/// What keeps the run from being done.
pub fn run(context: &Context<'_>, command: &CacheCommand) -> Result<Outcome, Failure> {
    match command {
        CacheCommand::Export { format, output } => {
            return exchange::export(context, *format, output.as_deref());
        }
        CacheCommand::Import { file } => return exchange::import(context, file),
        CacheCommand::Verify { bytes: true, folders, format } => {
            return verify_bytes(context, folders, *format);
        }
        _ => {}
    }
    let mut cache = context.cache()?;
    let failed = |error: CacheError| Failure::from_cache(&error);
    let text = match command {
        CacheCommand::Stats { format } => {
            let stats = cache.stats().map_err(failed)?;
            if *format == ListFormat::Json {
                let formats: BTreeMap<_, _> = stats.formats.into_iter().collect();
                let content = json!({
                    "pictures": stats.pictures,
                    "failures": stats.failures,
                    "outdated": stats.outdated,
                    "with_content": stats.with_content,
                    "bytes_on_disk": stats.bytes_on_disk,
                    "tiles": stats.tiles.tiles,
                    "pairs": stats.tiles.pairs,
                    "films": stats.tiles.films,
                    "tile_bytes_on_disk": stats.tiles.bytes_on_disk,
                    "formats": formats,
                });
                return render::print_json("cache stats", content).map(|()| Outcome::Done);
            }
            let mut text = format!(
                "{} pictures, {} files that could not be read, {} rows of an older version\n\
                 {} with a hash of their bytes; {} on disk\n\
                 {} tiles, {} compared pairs and {} films; {} on disk\n",
                stats.pictures,
                stats.failures,
                stats.outdated,
                stats.with_content,
                human_bytes(stats.bytes_on_disk),
                stats.tiles.tiles,
                stats.tiles.pairs,
                stats.tiles.films,
                human_bytes(stats.tiles.bytes_on_disk)
            );
            for (format, count) in &stats.formats {
                text += &format!("{count:>10} {}\n", one_line(format));
            }
            text
        }
        CacheCommand::Prune { format } => {
            let gone = |path: &Path| {
                std::fs::symlink_metadata(path).is_err_and(|e| e.kind() == ErrorKind::NotFound)
            };
            let removed = cache.prune(&gone).map_err(failed)?;
            if *format == ListFormat::Json {
                let content = json!({ "removed": removed });
                return render::print_json("cache prune", content).map(|()| Outcome::Done);
            }
            format!("{removed} entries of missing files removed\n")
        }
        CacheCommand::Clear { format } => {
            let removed = cache.clear().map_err(failed)?;
            if *format == ListFormat::Json {
                let content = json!({ "removed": removed });
                return render::print_json("cache clear", content).map(|()| Outcome::Done);
            }
            format!("{removed} entries removed\n")
        }
        CacheCommand::Export { .. } | CacheCommand::Import { .. } => String::new(),
        CacheCommand::Verify { format, .. } => {
            let volumes = Volumes::default();
            let verified =
                cache.verify(&|path| stamp_and_evidence(path, &volumes)).map_err(failed)?;
            let damaged = verified.unreadable > 0 || !verified.damage.is_empty();
            let mut text = format!(
                "{} rows: {} of files that changed or are gone, {} unreadable\n",
                verified.rows, verified.stale, verified.unreadable
            );
            for line in &verified.damage {
                text += &format!("damage: {}\n", one_line(line));
            }
            match format {
                ListFormat::Text => render::print(&text)?,
                ListFormat::Json => render::print_json(
                    "cache verify",
                    json!({
                        "rows": verified.rows,
                        "stale": verified.stale,
                        "unreadable": verified.unreadable,
                        "damage": verified.damage,
                    }),
                )?,
            }
            if damaged {
                return Err(Failure::new(FailureKind::Failed, "the cache is damaged")
                    .hint("clean-backup cache clear empties it; hashes are computed again"));
            }
            return Ok(Outcome::Done);
        }
    };
    render::print(&text)?;
    Ok(Outcome::Done)
}

/// Reads every picture again, and tells which ones are rotten.
fn verify_bytes(
    context: &Context<'_>,
    folders: &[PathBuf],
    format: ListFormat,
) -> Result<Outcome, Failure> {
    context.start_threads()?;
    let library = context.library()?;
    let cancel = interrupt::watch()?;
    let checked = library.verify_bytes(folders, context.monitor(&cancel, &|_| {}))?;
    if checked.read() == 0 && checked.changed == 0 {
        tracing::warn!("no pictures to check are known there: `clean-backup scan DIR` hashes them");
    }
    match format {
        ListFormat::Text => render::print(&render::rot::text(&checked))?,
        ListFormat::Json => render::rot::json(&checked)?,
    }
    match checked.interrupted {
        true => Err(Failure::new(FailureKind::Interrupted, "interrupted; not all were read")),
        false => Ok(Outcome::from_skipped(checked.rotten.len() + checked.unreadable.len())),
    }
}
