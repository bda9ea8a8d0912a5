//! Bars on standard error, one per phase.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use clean_backup::model::event::{Event, Phase, Progress};
use clean_backup::model::path_text::{for_people, one_line};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::stage_figures::{StageFigures, kept, label};
use super::stderr::screen_width;

/// The target of what goes into the log of acts.
pub const AUDIT: &str = "audit";

/// Bars, or nothing to be seen where they were not asked for; skipped files go to the log either
/// way.
pub struct Bars {
    shown: MultiProgress,
    /// The phases that are under way.
    bars: RwLock<[Option<Bar>; Phase::ALL.len()]>,
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
            bars: RwLock::default(),
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

    /// Does something with the bar of a phase, if it is under way.
    fn with_bar<T>(&self, phase: Phase, work: impl FnOnce(&Bar) -> T) -> Option<T> {
        let bars = self.bars.read().unwrap_or_else(PoisonError::into_inner);
        bars.get(phase as usize)?.as_ref().map(work)
    }

    fn start(&self, phase: Phase, total: Option<u64>) {
        let mut bars = self.bars.write().unwrap_or_else(PoisonError::into_inner);
        let Some(slot) = bars.get_mut(phase as usize) else { return };
        if slot.is_some() {
            return;
        }
        let bytes = Arc::new(AtomicU64::new(0));
        // Made in hiding: each change would be drawn, and the first of them without its name.
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden())
            .with_prefix(label(phase))
            .with_style(style(total.is_some(), Arc::clone(&bytes)));
        let bar = self.shown.add(bar);
        if !self.shown.is_hidden() {
            bar.enable_steady_tick(Duration::from_millis(250));
        }
        *slot = Some(Bar { bar, bytes });
    }

    fn advance(&self, phase: Phase, items: u64, bytes: u64) {
        let step = |bar: &Bar| {
            bar.bytes.fetch_add(bytes, Ordering::Relaxed);
            bar.bar.inc(items);
        };
        if self.with_bar(phase, step).is_none() {
            self.start(phase, None);
            self.with_bar(phase, step);
        }
    }

    /// Takes the bar away, and leaves a line of what there was to do.
    fn finish(&self, phase: Phase, took: Option<Duration>) {
        let mut bars = self.bars.write().unwrap_or_else(PoisonError::into_inner);
        let Some(Bar { bar, bytes }) = bars.get_mut(phase as usize).and_then(Option::take) else {
            return;
        };
        bar.finish_and_clear();
        self.shown.remove(&bar);
        if let (Some(took), items @ 1..) = (took, bar.position()) {
            let bytes = bytes.load(Ordering::Relaxed);
            // Nobody is left to tell when standard error is closed.
            let _ = self.shown.println(kept(phase, items, bytes, took, screen_width()));
        }
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        let bars = self.bars.get_mut().unwrap_or_else(PoisonError::into_inner);
        for bar in bars.iter().flatten() {
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
                let took = self.clock(stage, false);
                self.finish(stage, took);
                if let Some(took) = took {
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
            Event::Message(text) => {
                // The log goes to the same screen.
                if tracing::enabled!(tracing::Level::INFO) {
                    tracing::info!("{}", one_line(text));
                } else {
                    // Nobody is left to tell when standard error is closed.
                    let _ = self.shown.println(one_line(text));
                }
            }
        }
    }
}

fn style(with_total: bool, bytes: Arc<AtomicU64>) -> ProgressStyle {
    let template = if with_total { "{prefix} {wide_bar} {figures}" } else { "{prefix} {figures}" };
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key("figures", move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let figures = StageFigures {
                items: state.pos(),
                total: state.len(),
                bytes: bytes.load(Ordering::Relaxed),
                took: state.elapsed(),
            };
            // A bar that cannot be drawn is no reason to stop.
            let _ = out.write_str(&figures.fitting(screen_width()));
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
        let counted = |bar: &Bar| (bar.bar.position(), bar.bar.length());
        assert_eq!(bars.with_bar(Phase::Hash, counted), Some((400, Some(400))));
        let bytes = bars.with_bar(Phase::Hash, |bar| bar.bytes.load(Ordering::Relaxed));
        assert_eq!(bytes, Some(4000));
        assert_eq!(bars.with_bar(Phase::Walk, counted).map(|counted| counted.0), Some(3));
        assert_eq!(bars.with_bar(Phase::Compare, counted), None);
        // The same phase again begins anew.
        bars.on(Event::StageFinished { stage: Phase::Hash });
        bars.on(Event::StageStarted { stage: Phase::Hash, total: Some(7) });
        assert_eq!(bars.with_bar(Phase::Hash, counted), Some((0, Some(7))));
    }
}
