//! Notices of changes in a folder, through `notify`.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

/// How often the wish to stop is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Wakes whoever waits when something changes below a folder.
pub struct Notices {
    /// Tells until it is dropped; `None` where the system tells nothing of this folder.
    watcher: Option<RecommendedWatcher>,
    changes: Receiver<()>,
}

impl Notices {
    /// Listens to a folder, and says why where that is not possible: then nobody is woken before
    /// the time is up.
    pub fn of(folder: &Path) -> (Self, Option<String>) {
        // One that waits is as good as a thousand.
        let (tell, changes) = bounded(1);
        let told = move |_| {
            let _ = tell.try_send(());
        };
        let watcher = notify::recommended_watcher(told).and_then(|mut watcher| {
            watcher.watch(folder, RecursiveMode::Recursive)?;
            Ok(watcher)
        });
        match watcher {
            Ok(watcher) => (Self { watcher: Some(watcher), changes }, None),
            Err(error) => (Self { watcher: None, changes }, Some(error.to_string())),
        }
    }

    /// Waits until something changes, the time is up, or `cancel` is set; at least for `least`, in
    /// which further changes are gathered.
    pub fn wait(&self, least: Duration, most: Duration, cancel: &AtomicBool) {
        let start = Instant::now();
        let mut changed = false;
        while !cancel.load(Ordering::Relaxed) {
            let waited = start.elapsed();
            if waited >= most || (changed && waited >= least) {
                return;
            }
            let left = if changed { least } else { most }.saturating_sub(waited).min(LOOK);
            if changed || self.watcher.is_none() {
                std::thread::sleep(left);
            } else {
                changed = self.changes.recv_timeout(left).is_ok();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_new_file_wakes() {
        let folder = tempfile::tempdir().unwrap();
        let (notices, trouble) = Notices::of(folder.path());
        assert_eq!(trouble, None);
        std::fs::create_dir(folder.path().join("deep")).unwrap();
        let start = Instant::now();
        let long = Duration::from_secs(60);
        notices.wait(Duration::ZERO, long, &AtomicBool::new(false));
        assert!(start.elapsed() < long, "nobody was woken");
        notices.wait(Duration::ZERO, long, &AtomicBool::new(true));
        let (deaf, trouble) = Notices::of(Path::new("/nowhere at all"));
        assert!(trouble.is_some());
        deaf.wait(Duration::ZERO, Duration::ZERO, &AtomicBool::new(false));
    }
}
