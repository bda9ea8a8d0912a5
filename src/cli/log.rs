//! Messages on standard error, and the log of what was done to files.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clean_backup::files::atomic_file;
use clean_backup::model::path_text::{self, harmless_json, one_line};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

use super::args::{GlobalArgs, LogFormat};
use super::progress::{AUDIT, BesideBars, CurrentBars};

/// A log is renamed when it is larger, and so many old ones are kept.
const AUDIT_BYTES: u64 = 8 << 20;
const AUDIT_KEPT: u32 = 9;

/// Where the log of acts lies.
pub fn audit_file(state: &Path) -> PathBuf {
    state.join("audit.log")
}

/// A writer that does not tear the progress bars.
struct Beside(BesideBarsSource);

type BesideBarsSource = Box<dyn Fn() -> BesideBars + Send + Sync>;

impl<'a> MakeWriter<'a> for Beside {
    type Writer = BesideBars;

    fn make_writer(&'a self) -> BesideBars {
        (self.0)()
    }
}

/// Writes each line to the end of the log of acts.
struct Audit(Option<PathBuf>);

impl Write for &Audit {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Some(path) = &self.0 {
            atomic_file::append_rotating(path, line, AUDIT_BYTES, AUDIT_KEPT)?;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Audit {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> &'a Self {
        self
    }
}

/// Warnings with nothing said, errors with `-q`, more with `-v` and `-vv`.
pub fn level(global: &GlobalArgs) -> LevelFilter {
    match (global.quiet, global.verbose) {
        (true, _) => LevelFilter::ERROR,
        (_, 0) => LevelFilter::WARN,
        (_, 1) => LevelFilter::INFO,
        (_, 2) => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    }
}

fn each_line(text: &str) -> String {
    text.split('\n').map(one_line).collect::<Vec<_>>().join("\n")
}

/// From now on, for the whole process.
pub fn start(global: &GlobalArgs, bars: &CurrentBars, colour: bool, state: Option<&Path>) {
    let bars = bars.clone();
    // Messages may hold names of files and errors of other crates.
    let harmless: fn(&str) -> String = match (global.log_format, colour) {
        (LogFormat::Json, _) => harmless_json,
        // tracing-subscriber writes the escapes of messages as text; those left are its colours.
        (LogFormat::Text, true) => path_text::lines,
        (LogFormat::Text, false) => each_line,
    };
    let shown = fmt::layer()
        .with_ansi(colour)
        .with_target(false)
        .with_writer(Beside(Box::new(move || bars.stderr(harmless))));
    let shown = match global.log_format {
        LogFormat::Text => shown.without_time().boxed(),
        LogFormat::Json => shown.json().boxed(),
    };
    let acts = fmt::layer()
        .with_ansi(false)
        .with_target(false)
        .with_level(false)
        .with_writer(Audit(state.map(audit_file)))
        .with_filter(filter_fn(|metadata| metadata.target() == AUDIT));
    tracing_subscriber::registry().with(shown.with_filter(level(global))).with(acts).init();
}
