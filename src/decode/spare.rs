//! The parts of one picture on several threads, where threads have nothing else to do: at the end of
//! a scan, or with a single large picture.
//!
//! The threads are not rayon's: a thread of a pool that waits for a part would begin another picture
//! meanwhile, and then may wait for memory that it holds itself.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::{DecodeError, Limits, caught};

/// What has become of the parts so far.
struct Progress<F> {
    take: F,
    /// The first part that failed.
    failed: Option<(usize, DecodeError)>,
}

/// Makes the parts `0..count` and hands each over to `take`, one at a time, in any order. Beside the
/// calling thread, which holds `held` bytes already, so many help as the pool has threads without a
/// picture, and as the memory allows: each of them takes `bytes`. The error is that of the first part that has one.
pub(super) fn spread<T>(
    limits: &Limits,
    (held, bytes): (u64, u64),
    count: usize,
    make: impl Fn(usize) -> Result<T, DecodeError> + Sync,
    take: impl FnMut(usize, T) -> Result<(), DecodeError> + Send,
) -> Result<(), DecodeError> {
    let threads = rayon::current_num_threads();
    let next = AtomicUsize::new(0);
    let progress = Mutex::new(Progress { take, failed: None });
    // Makes one part; whether there was one.
    let one = || {
        let index = next.fetch_add(1, Ordering::Relaxed);
        if index >= count {
            return false;
        }
        let made = caught(|| make(index));
        let mut progress = progress.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = made.and_then(|part| (progress.take)(index, part)) {
            // Parts before it may still fail; those behind it are not begun.
            next.fetch_max(count, Ordering::Relaxed);
            if progress.failed.as_ref().is_none_or(|&(first, _)| index < first) {
                progress.failed = Some((index, error));
            }
        }
        true
    };
    thread::scope(|scope| {
        let room = limits.max_picture_bytes.saturating_sub(held) / bytes.max(1);
        for _ in 1..count.min(usize::try_from(room).unwrap_or(count).saturating_add(1)) {
            let Some(held) = limits.reserve_spare(bytes, threads) else { break };
            let help = || {
                let held = held;
                // A picture of its own goes first.
                while !limits.is_crowded(threads) && one() {}
                drop(held);
            };
            if thread::Builder::new().spawn_scoped(scope, help).is_err() {
                break;
            }
        }
        while one() {}
    });
    let progress = progress.into_inner().unwrap_or_else(PoisonError::into_inner);
    progress.failed.map_or(Ok(()), |(_, error)| Err(error))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    fn in_pool<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
    }

    /// Whether parts were made on other threads than the calling one; each comes once.
    fn is_helped(limits: &Limits, threads: usize) -> bool {
        in_pool(threads, || {
            let calling = thread::current().id();
            let mut taken = vec![0; 50];
            let mut helped = false;
            // The calling thread waits with its first part for that of a helper.
            let (tell, told) = mpsc::channel();
            let (tell, told) = (Mutex::new(tell), Mutex::new(told));
            let make = |index| {
                let helps = thread::current().id() != calling;
                if helps {
                    tell.lock().unwrap().send(()).unwrap();
                } else if index == 0 && limits.is_crowded(1) {
                    let _ = told.lock().unwrap().recv_timeout(Duration::from_secs(20));
                }
                Ok((index, helps))
            };
            spread(limits, (10, 10), 50, make, |index, (made, helps)| {
                assert_eq!(index, made);
                taken[index] += 1;
                helped |= helps;
                Ok(())
            })
            .unwrap();
            assert_eq!(taken, [1; 50]);
            helped
        })
    }

    #[test]
    fn only_threads_without_a_picture_help() {
        let limits = Limits::new(100, 100, 100);
        let _picture = limits.reserve(10).unwrap();
        assert!(is_helped(&limits, 3));
        assert!(!is_helped(&limits, 1));
        let _another = (limits.reserve(10).unwrap(), limits.reserve(10).unwrap());
        assert!(!is_helped(&limits, 3));
        assert!(is_helped(&limits, 4));
    }

    #[test]
    fn nobody_helps_without_memory() {
        let limits = Limits::new(100, 100, 100);
        let picture = limits.reserve(95).unwrap();
        assert!(!is_helped(&limits, 3));
        drop(picture);
        let _picture = limits.reserve(90).unwrap();
        assert!(is_helped(&limits, 3));
        // A picture has its own bound.
        let limits = Limits::new(100, 19, 1000);
        let _picture = limits.reserve(10).unwrap();
        assert!(!is_helped(&limits, 3));
    }

    #[test]
    fn the_first_error_is_told_and_ends_all() {
        let limits = Limits::new(100, 100, 100);
        for threads in [1, 4] {
            let begun = AtomicUsize::new(0);
            // The part behind the first that fails is begun before that has failed.
            let (tell, told) = mpsc::channel();
            let (tell, told) = (Mutex::new(tell), Mutex::new(told));
            let make = |index| {
                begun.fetch_add(1, Ordering::Relaxed);
                match index {
                    7.. if threads > 1 => {
                        if index == 7 {
                            let _ = told.lock().unwrap().recv_timeout(Duration::from_secs(20));
                        } else {
                            tell.lock().unwrap().send(()).unwrap();
                        }
                        Err(DecodeError::Damaged(format!("part {index}")))
                    }
                    7.. => Err(DecodeError::Damaged(format!("part {index}"))),
                    _ => Ok(()),
                }
            };
            let outcome = in_pool(threads, || spread(&limits, (1, 1), 1000, make, |_, ()| Ok(())));
            assert_eq!(outcome.unwrap_err().to_string(), "damaged: part 7");
            assert!(begun.into_inner() <= 7 + threads);
        }
        let outcome = in_pool(4, || {
            spread(
                &limits,
                (1, 1),
                9,
                |index| if index == 3 { panic!("oh") } else { Ok(()) },
                |_, ()| Ok(()),
            )
        });
        assert!(matches!(outcome, Err(DecodeError::Panicked(message)) if message == "oh"));
    }
}
