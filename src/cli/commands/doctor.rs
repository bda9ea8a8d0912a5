//! `doctor`: what this machine and this build can do.

use std::env::consts::{ARCH, OS};

use clean_backup::decode::heic_decoders;
use clean_backup::index::flat::Backend;
use clean_backup::model::path_text::{for_people, one_line};
use clean_backup::model::readable::human_bytes;
use clean_backup::picture::dct;
use serde_json::json;

use crate::cli::args::ListFormat;
use crate::cli::context::Context;
use crate::cli::failure::{Failure, FailureKind, Outcome};
use crate::cli::{backends, render};

/// Says what the machine and the build can do, and checks it.
///
/// # Errors
/// What keeps the run from being done.
pub fn run(context: &Context<'_>, format: ListFormat) -> Result<Outcome, Failure> {
    let mut lines = vec![
        format!("clean-backup {} on {}-{}", env!("CARGO_PKG_VERSION"), ARCH, OS),
        format!("threads: {}", std::thread::available_parallelism().map_or(1, usize::from)),
        format!("hashing: {}", dct::backend()),
        format!("comparing: {}", Backend::fastest().name()),
        format!("HEIC: {}", heic_decoders().join(", then ")),
    ];
    let mut good = true;
    lines.extend(backends::examine(context.settings.gpu));
    match dct::self_test() {
        Ok(()) => lines.push("self-test of the hash: good".into()),
        Err(why) => {
            good = false;
            lines.push(format!("self-test of the hash: FAILED: {why}"));
        }
    }
    match &context.settings.cache {
        None => lines.push("cache: none; no home folder is known".into()),
        Some(file) if !file.exists() => {
            lines.push(format!("cache: {} (not there yet)", for_people(file)));
        }
        Some(file) => {
            match context.cache().and_then(|c| c.stats().map_err(|e| Failure::from_cache(&e))) {
                Ok(stats) => lines.push(format!(
                    "cache: {}, {} pictures, {}",
                    for_people(file),
                    stats.pictures,
                    human_bytes(stats.bytes_on_disk)
                )),
                Err(failure) => {
                    good = false;
                    lines.push(format!("cache: FAILED: {failure}"));
                }
            }
        }
    }
    match format {
        ListFormat::Text => {
            render::print(&lines.iter().map(|line| one_line(line) + "\n").collect::<String>())?;
        }
        ListFormat::Json => {
            render::print_json("doctor", json!({"good": good, "findings": lines}))?;
        }
    }
    if good {
        Ok(Outcome::Done)
    } else {
        Err(Failure::new(FailureKind::Failed, "the checks above failed"))
    }
}
