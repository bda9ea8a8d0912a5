//! `doctor`: what this machine and this build can do.

use std::env::consts::{ARCH, OS};

use clean_backup::decode::heic_decoders;
use clean_backup::index::flat::Backend;
use clean_backup::model::path_text::{for_people, one_line};
use clean_backup::model::readable::human_bytes;
use clean_backup::picture::dct;
use serde::Serialize;
use serde_json::json;

use crate::cli::args::ListFormat;
use crate::cli::context::Context;
use crate::cli::failure::{Failure, FailureKind, Outcome};
use crate::cli::stderr::without_stderr;
use crate::cli::{backends, render};

/// One thing that was looked at.
#[derive(Serialize)]
struct Finding {
    name: &'static str,
    result: String,
    good: bool,
}

impl Finding {
    fn good(name: &'static str, result: impl Into<String>) -> Self {
        Self { name, result: result.into(), good: true }
    }

    /// With what went wrong.
    fn from_check(name: &'static str, check: Result<String, String>) -> Self {
        match check {
            Ok(result) => Self::good(name, result),
            Err(why) => Self { name, result: format!("FAILED: {why}"), good: false },
        }
    }

    fn line(&self) -> String {
        match self.name {
            // They name themselves.
            "GPU" => one_line(&self.result) + "\n",
            "clean-backup" => format!("clean-backup {}\n", self.result),
            name => format!("{name}: {}\n", one_line(&self.result)),
        }
    }
}

/// Says what the machine and the build can do, and checks it.
///
/// # Errors
/// What keeps the run from being done.
pub fn run(context: &Context<'_>, format: ListFormat) -> Result<Outcome, Failure> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut findings = vec![
        Finding::good("clean-backup", format!("{} on {ARCH}-{OS}", env!("CARGO_PKG_VERSION"))),
        Finding::good("threads", threads.to_string()),
        Finding::good("hashing", dct::backend()),
        Finding::good("comparing", Backend::fastest().name()),
        Finding::good("HEIC", heic_decoders().join(", then ")),
    ];
    // Drivers talk on standard error of what is no concern of a user.
    let gpu = without_stderr(|| backends::examine(context.settings.gpu));
    findings.extend(gpu.into_iter().map(|line| Finding::good("GPU", line)));
    let tested = dct::self_test().map(|()| "good".to_owned()).map_err(|why| why.to_string());
    findings.push(Finding::from_check("self-test of the hash", tested));
    findings.push(Finding::from_check("cache", cache(context).map_err(|why| why.to_string())));
    let good = findings.iter().all(|finding| finding.good);
    match format {
        ListFormat::Text => {
            render::print(&findings.iter().map(Finding::line).collect::<String>())?;
        }
        ListFormat::Json => {
            render::print_json("doctor", json!({"good": good, "findings": findings}))?;
        }
    }
    if good {
        Ok(Outcome::Done)
    } else {
        Err(Failure::new(FailureKind::Failed, "the checks above failed"))
    }
}

fn cache(context: &Context<'_>) -> Result<String, Failure> {
    match &context.settings.cache {
        _ if context.no_cache => Ok("not used (--no-cache)".to_owned()),
        None => Ok("none; no home folder is known".to_owned()),
        Some(file) if !file.exists() => Ok(format!("{} (not there yet)", for_people(file))),
        Some(file) => {
            let stats = context.cache()?.stats().map_err(|error| Failure::from_cache(&error))?;
            let (pictures, bytes) = (stats.pictures, human_bytes(stats.bytes_on_disk));
            Ok(format!("{}, {pictures} pictures, {bytes}", for_people(file)))
        }
    }
}
