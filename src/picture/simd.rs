//! Plain code, compiled for wider registers where the processor has them.

/// Something to be done that is compiled for several kinds of processor. A closure is not inlined
/// where it is large; this is wherever `run`, and what it calls, is marked `#[inline(always)]`.
pub trait Work {
    type Output;

    fn run(self) -> Self::Output;
}

struct Closure<F>(F);

impl<T, F: FnOnce() -> T> Work for Closure<F> {
    type Output = T;

    #[inline(always)]
    fn run(self) -> T {
        (self.0)()
    }
}

/// Runs `work`, compiled for AVX2 where the processor has that. The work is the same code either
/// way, so that the results are the same: what it calls has to be inlined to gain anything.
#[inline(always)]
pub fn widest<T>(work: impl FnOnce() -> T) -> T {
    widest_work(Closure(work))
}

/// [`widest`] for work that is too large for a closure.
#[inline(always)]
pub fn widest_work<W: Work>(work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    if is_haswell() {
        // SAFETY: `is_haswell` has found every feature that the function asks for.
        return unsafe { with_avx2(work) };
    }
    work.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn with_avx2<W: Work>(work: W) -> W::Output {
    work.run()
}

/// Whether the processor has AVX2, and what every processor with that was ever sold with.
#[cfg(target_arch = "x86_64")]
pub fn is_haswell() -> bool {
    use std::arch::is_x86_feature_detected as has;
    has!("avx2") && has!("bmi1") && has!("bmi2") && has!("lzcnt") && has!("popcnt")
}
