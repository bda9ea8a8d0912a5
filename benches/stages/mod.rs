//! What the stages of finding duplicates cost: a joiner and a prover that keep count.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use clean_backup::dedupe::prover::{Candidate, Earlier, Proven, Prover, Standing};
use clean_backup::index::{Joiner, Pair, Sink};
use clean_backup::model::media::Orientation;
use clean_backup::model::phash::{PerceptualHash, View};
use clean_backup::picture::window::{Window, WindowSet};

use super::cpu_seconds;

/// CPU seconds and counts by stage, in the order in which the stages first came.
#[derive(Default)]
pub struct Stages(Mutex<Vec<(&'static str, f64, u64, u64)>>);

impl Stages {
    /// Runs one stage: it says how much went in and how much came out.
    fn run<T>(&self, name: &'static str, work: impl FnOnce() -> (T, u64, u64)) -> T {
        let before = cpu_seconds();
        let (value, in_, out) = work();
        let spent = cpu_seconds() - before;
        let mut stages = self.0.lock().unwrap();
        let at = stages.iter().position(|stage| stage.0 == name).unwrap_or_else(|| {
            stages.push((name, 0.0, 0, 0));
            stages.len() - 1
        });
        let stage = &mut stages[at];
        *stage = (name, stage.1 + spent, stage.2 + in_, stage.3 + out);
        value
    }

    /// Prints them, with what is left of `all` CPU seconds.
    pub fn print(&self, all: f64) {
        let stages = self.0.lock().unwrap();
        let known: f64 = stages.iter().map(|stage| stage.1).sum();
        for (name, cpu, in_, out) in &*stages {
            println!("      {name:30} {cpu:8.2} CPU-s  {in_:12} in {out:12} out");
        }
        println!("      {:30} {:8.2} CPU-s", "reading, sorting, grouping", all - known);
    }
}

/// Counts the pairs that a joiner finds.
pub struct CountingJoiner<'a, J>(pub J, pub &'a Stages);

impl<J: Joiner> Joiner for CountingJoiner<'_, J> {
    fn self_join(&self, hashes: &[PerceptualHash], radius: u32, sink: &dyn Sink<Pair>) {
        self.1.run("join with itself", || {
            let pairs = AtomicU64::new(0);
            self.0.self_join(hashes, radius, &|found: &[Pair]| {
                pairs.fetch_add(found.len() as u64, Ordering::Relaxed);
                sink.accept(found);
            });
            ((), hashes.len() as u64, pairs.into_inner())
        });
    }

    fn cross_join(
        &self,
        needles: &[PerceptualHash],
        library: &[PerceptualHash],
        radius: u32,
        sink: &dyn Sink<Pair>,
    ) {
        self.1.run("windows against whole pictures", || {
            let pairs = AtomicU64::new(0);
            self.0.cross_join(needles, library, radius, &|found: &[Pair]| {
                pairs.fetch_add(found.len() as u64, Ordering::Relaxed);
                sink.accept(found);
            });
            ((), needles.len() as u64, pairs.into_inner())
        });
    }
}

/// Counts the candidates that a prover judges.
pub struct CountingProver<'a, P>(pub P, pub &'a Stages);

impl<P: Prover> Prover for CountingProver<'_, P> {
    fn sees_tiles(&self) -> bool {
        self.0.sees_tiles()
    }

    fn views(
        &self,
        pictures: &[u32],
        windows: &[Window],
        orientation: Orientation,
    ) -> Vec<Vec<Option<View>>> {
        self.1.run("windows hashed", || {
            let views = self.0.views(pictures, windows, orientation);
            let made = views.iter().flatten().filter(|view| view.is_some()).count();
            (views, pictures.len() as u64, made as u64)
        })
    }

    fn window_hashes(&self, pictures: &[u32], set: WindowSet) -> Vec<Vec<Option<PerceptualHash>>> {
        self.1.run("kept window hashes read", || {
            let hashes = self.0.window_hashes(pictures, set);
            let read = hashes.iter().map(Vec::len).sum::<usize>();
            (hashes, pictures.len() as u64, read as u64)
        })
    }

    fn prove(&self, candidates: &[Candidate]) -> Vec<Proven> {
        self.1.run("candidates proven", || {
            let proven = self.0.prove(candidates);
            let same = proven.iter().filter(|found| found.standing != Standing::Different).count();
            (proven, candidates.len() as u64, same as u64)
        })
    }

    fn earlier(&self, pictures: &[u32]) -> Earlier {
        self.1.run("earlier pairs recalled", || {
            let earlier = self.0.earlier(pictures);
            let known = earlier.pairs.len() as u64;
            (earlier, pictures.len() as u64, known)
        })
    }

    fn note_compared(&self, pictures: &[u32]) {
        self.1.run("pictures noted as compared", || {
            self.0.note_compared(pictures);
            ((), pictures.len() as u64, 0)
        });
    }
}
