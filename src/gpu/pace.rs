//! How much a dispatch is given, so that it lasts some 50 ms: long ones make a desktop stutter, and
//! drivers reset a device that does not come back for seconds.

use std::sync::Arc;
use std::time::Duration;

/// Time since some moment; only differences count.
pub type Clock = Arc<dyn Fn() -> Duration + Send + Sync>;

/// What a dispatch should take.
const DISPATCH_NS: f64 = 50.0e6;

/// How fast a kernel was seen to be, in whatever it does most of: pairs, windows.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    budget: f64,
    fewest: f64,
    most: f64,
    per_ns: f64,
}

impl Pace {
    /// Before anything was seen: what the first dispatch is given, and the fewest and most of any.
    pub fn new(first: f64, (fewest, most): (f64, f64)) -> Self {
        Self { budget: first, fewest, most, per_ns: 0.0 }
    }

    /// What the next dispatch is given.
    pub fn budget(&self) -> f64 {
        self.budget
    }

    /// What is done in a nanosecond; 0 before anything was seen.
    pub fn per_ns(&self) -> f64 {
        self.per_ns
    }

    /// Takes note that a dispatch of `amount` took so long.
    pub fn saw(&mut self, amount: f64, took: Duration) {
        let ns = (took.as_nanos() as f64).max(1.0);
        // Small dispatches measure their overhead; the largest counts.
        if amount >= self.budget / 4.0 || self.per_ns == 0.0 {
            self.per_ns = amount / ns;
        }
        // A last, short part says nothing of what a whole one would take.
        if amount >= self.budget / 2.0 || ns > DISPATCH_NS {
            let fitting = amount / ns * DISPATCH_NS;
            self.budget = fitting.clamp(self.budget / 4.0, self.budget * 4.0);
            self.budget = self.budget.clamp(self.fewest, self.most);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dispatches_grow_and_shrink_towards_their_time() {
        let mut pace = Pace::new(1000.0, (100.0, 50_000.0));
        // A thousand in a millisecond: 50 of them fit, four times as much at once.
        let fast = |amount: f64| Duration::from_nanos((amount * 1000.0) as u64);
        let mut budgets = Vec::new();
        for _ in 0..4 {
            let amount = pace.budget();
            pace.saw(amount, fast(amount));
            budgets.push(pace.budget());
        }
        assert_eq!(budgets, [4000.0, 16_000.0, 50_000.0, 50_000.0]);
        assert_eq!(pace.per_ns(), 0.001);
        // A short rest changes neither.
        pace.saw(10.0, Duration::from_millis(1));
        assert_eq!((pace.budget(), pace.per_ns()), (50_000.0, 0.001));
        for _ in 0..9 {
            pace.saw(pace.budget(), Duration::from_secs(30));
        }
        assert_eq!(pace.budget(), 100.0);
    }
}
