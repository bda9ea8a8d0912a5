//! Messages on standard error.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::args::{Global, LogFormat};
use super::progress::{Bars, BesideBars};

/// Writers that go beside the bars.
struct Beside(BesideBarsSource);

type BesideBarsSource = Box<dyn Fn() -> BesideBars + Send + Sync>;

impl<'a> MakeWriter<'a> for Beside {
    type Writer = BesideBars;

    fn make_writer(&'a self) -> BesideBars {
        (self.0)()
    }
}

/// Warnings with nothing said, errors with `-q`, more with `-v` and `-vv`.
pub fn level(global: &Global) -> LevelFilter {
    match (global.quiet, global.verbose) {
        (true, _) => LevelFilter::ERROR,
        (_, 0) => LevelFilter::WARN,
        (_, 1) => LevelFilter::INFO,
        (_, 2) => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    }
}

/// From now on, for the whole process.
pub fn start(global: &Global, bars: &std::sync::Arc<Bars>, colour: bool) {
    let bars = std::sync::Arc::clone(bars);
    let builder = tracing_subscriber::fmt()
        .with_max_level(level(global))
        .with_ansi(colour)
        .with_target(false)
        .with_writer(Beside(Box::new(move || bars.stderr())));
    match global.log_format {
        LogFormat::Text => builder.without_time().init(),
        LogFormat::Json => builder.json().init(),
    }
}
