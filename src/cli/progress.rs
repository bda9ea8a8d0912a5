//! Bars on standard error, one per phase.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use clean_backup::model::event::{Event, Phase, Progress};
use clean_backup::model::path_text::{for_people, one_line};
use clean_backup::model::readable::human_bytes;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

/// The target of what goes into the log of acts.
pub const AUDIT: &str = "audit";

/// Bars, or nothing to be seen where they were not asked for; skipped files go to the log either
/// way.
pub struct Bars {
    shown: MultiProgress,
    bars: [OnceLock<Bar>; Phase::ALL.len()],
    /// When each phase began, for the log.
    began: Mutex<[Option<Instant>; Phase::ALL.len()]>,
}

/// The bars of the command that runs now; from the menu several run one after the other.
#[derive(Clone, Default)]
pub struct CurrentBars(Arc<Mutex<MultiProgress>>);

impl CurrentBars {
    /// Bars for the next command.
    pub fn begin(&self, visible: bool) -> Bars {
        let bars = Bars::new(visible);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = bars.shown.clone();
        bars
    }

    /// A writer to standard error that does not tear the bars; `harmless` makes its messages so.
    pub fn stderr(&self, harmless: fn(&str) -> String) -> BesideBars {
        let shown = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        BesideBars { shown, line: Vec::new(), harmless }
    }
}

struct Bar {
    bar: ProgressBar,
    bytes: Arc<AtomicU64>,
}

impl Bars {
    /// Drawn on standard error when `visible`.
    pub fn new(visible: bool) -> Self {
        let target =
            if visible { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self {
            shown: MultiProgress::with_draw_target(target),
            bars: Default::default(),
            began: Mutex::default(),
        }
    }

    /// Notes the time of a beginning; gives how long ago the last one was.
    fn clock(&self, phase: Phase, begins: bool) -> Option<Duration> {
        let mut began = self.began.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = began.get_mut(phase as usize)?;
        let before = slot.take();
        if begins {
            *slot = Some(Instant::now());
        }
        before.map(|before| before.elapsed())
    }

    fn bar(&self, phase: Phase) -> Option<&Bar> {
        self.bars.get(phase as usize)?.get()
    }

    fn start(&self, phase: Phase, total: Option<u64>) {
        let Some(slot) = self.bars.get(phase as usize) else { return };
        let fresh = slot.get().is_none();
        let bar = slot.get_or_init(|| {
            let bytes = Arc::new(AtomicU64::new(0));
            let bar = self.shown.add(ProgressBar::no_length());
            bar.set_prefix(label(phase));
            bar.set_style(style(total.is_some(), Arc::clone(&bytes)));
            if !self.shown.is_hidden() {
                bar.enable_steady_tick(Duration::from_millis(250));
            }
            Bar { bar, bytes }
        });
        match total {
            Some(total) if fresh => bar.bar.set_length(total),
            // The same phase again, for more files.
            Some(total) => bar.bar.inc_length(total),
            None => {}
        }
    }

    fn advance(&self, phase: Phase, items: u64, bytes: u64) {
        if self.bar(phase).is_none() {
            self.start(phase, None);
        }
        if let Some(bar) = self.bar(phase) {
            bar.bytes.fetch_add(bytes, Ordering::Relaxed);
            bar.bar.inc(items);
        }
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        for bar in self.bars.iter().filter_map(OnceLock::get) {
            bar.bar.finish_and_clear();
        }
    }
}

impl Progress for Bars {
    fn on(&self, event: Event<'_>) {
        match event {
            Event::Found { files } => self.advance(Phase::Walk, files, 0),
            Event::StageStarted { stage, total } => {
                self.clock(stage, true);
                self.start(stage, total);
            }
            Event::Advanced { stage, items, bytes } => self.advance(stage, items, bytes),
            Event::StageFinished { stage } => {
                if let Some(bar) = self.bar(stage) {
                    bar.bar.finish_and_clear();
                }
                if let Some(took) = self.clock(stage, false) {
                    let (stage, seconds) = (stage.name(), took.as_secs_f64());
                    tracing::info!(stage, seconds, "{stage} took {seconds:.3} s");
                }
            }
            Event::Skipped { path, stage, reason } => {
                tracing::info!(
                    "skipped {} ({}): {}",
                    for_people(path),
                    stage.name(),
                    one_line(reason)
                );
            }
            Event::Acted(act) => {
                let to = act.destination.map(|to| format!(" to {}", for_people(to)));
                let why = Some(one_line(act.remark)).filter(|remark| !remark.is_empty());
                tracing::info!(
                    target: AUDIT,
                    "run {} {} {} {}{}{}",
                    act.run,
                    act.kind,
                    act.verdict,
                    for_people(act.source),
                    to.unwrap_or_default(),
                    why.map(|why| format!(": {why}")).unwrap_or_default()
                );
            }
            Event::Message(text) => tracing::warn!("{}", one_line(text)),
        }
    }
}

fn label(phase: Phase) -> &'static str {
    match phase {
        Phase::Walk => "Finding files",
        Phase::Lookup => "Asking the cache",
        Phase::Hash => "Hashing",
        Phase::Compare => "Comparing",
        Phase::Verify => "Checking bytes",
        Phase::Dates => "Reading dates",
        Phase::Act => "Acting",
        Phase::Preview => "Making thumbnails",
    }
}

fn style(with_total: bool, bytes: Arc<AtomicU64>) -> ProgressStyle {
    let template = if with_total {
        "{prefix:16} {bar:30} {human_pos}/{human_len}  {per_sec}  {volume}  {eta} left"
    } else {
        "{prefix:16} {spinner} {human_pos}  {per_sec}  {elapsed}"
    };
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key("volume", move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let milliseconds = state.elapsed().as_millis().max(1);
            let bytes = u128::from(bytes.load(Ordering::Relaxed));
            let rate = u64::try_from(bytes * 1000 / milliseconds).unwrap_or(u64::MAX);
            // A bar that cannot be drawn is no reason to stop.
            let _ = write!(out, "{}/s", human_bytes(rate));
        })
}

/// Gathers a message and writes it above the bars when dropped, as the log does once per message.
pub struct BesideBars {
    shown: MultiProgress,
    line: Vec<u8>,
    harmless: fn(&str) -> String,
}

impl Write for BesideBars {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.line.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        let line = (self.harmless)(&String::from_utf8_lossy(&line));
        self.shown.suspend(|| io::stderr().write_all(line.as_bytes()))
    }
}

impl Drop for BesideBars {
    fn drop(&mut self) {
        // Nobody is left to tell when standard error is closed.
        let _ = self.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_from_any_thread() {
        let bars = Bars::new(false);
        bars.on(Event::StageStarted { stage: Phase::Hash, total: Some(400) });
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..100 {
                        bars.on(Event::Advanced { stage: Phase::Hash, items: 1, bytes: 10 });
                    }
                });
            }
        });
        bars.on(Event::Found { files: 3 });
        let hash = bars.bar(Phase::Hash).unwrap();
        assert_eq!((hash.bar.position(), hash.bar.length()), (400, Some(400)));
        assert_eq!(hash.bytes.load(Ordering::Relaxed), 4000);
        assert_eq!(bars.bar(Phase::Walk).unwrap().bar.position(), 3);
        assert!(bars.bar(Phase::Compare).is_none());
    }
}
