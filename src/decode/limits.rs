//! What one picture, and all pictures in flight together, may cost in memory.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::DecodeError;
use crate::model::media::Dimensions;

/// Bounds that hold before anything is allocated for a picture.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Most pixels that a picture may claim.
    pub max_pixels: u64,
    /// Most bytes that decoding one picture may hold.
    pub max_picture_bytes: u64,
    /// Shared by all threads.
    pub budget: Arc<MemoryBudget>,
}

impl Limits {
    /// 500 megapixels, 2 GiB per picture, 4 GiB together.
    pub const DEFAULT_MAX_PIXELS: u64 = 500_000_000;
    /// See [`Self::DEFAULT_MAX_PIXELS`].
    pub const DEFAULT_MAX_PICTURE_BYTES: u64 = 2 << 30;
    /// See [`Self::DEFAULT_MAX_PIXELS`].
    pub const DEFAULT_BUDGET_BYTES: u64 = 4 << 30;

    /// Limits with a budget of their own.
    pub fn new(max_pixels: u64, max_picture_bytes: u64, budget_bytes: u64) -> Self {
        Self {
            max_pixels,
            max_picture_bytes,
            budget: Arc::new(MemoryBudget::new(budget_bytes.max(max_picture_bytes))),
        }
    }

    /// Refuses a picture of more pixels than allowed, or of none.
    ///
    /// # Errors
    /// [`DecodeError::TooLarge`] or [`DecodeError::Damaged`].
    pub fn admit(&self, dimensions: Dimensions) -> Result<(), DecodeError> {
        if dimensions.width == 0 || dimensions.height == 0 {
            return Err(DecodeError::Damaged("the picture has no pixels".into()));
        }
        if dimensions.pixels() > self.max_pixels {
            return Err(DecodeError::TooLarge {
                what: format!("{} × {} pixels", dimensions.width, dimensions.height),
                limit: format!("{} pixels", self.max_pixels),
            });
        }
        Ok(())
    }

    /// Takes `bytes` from the budget, waiting while other threads hold it; given back on drop. A
    /// thread must give one reservation back before it asks for the next, or it may wait for
    /// itself.
    ///
    /// # Errors
    /// [`DecodeError::TooLarge`] when one picture alone would need more than it may.
    pub fn reserve(&self, bytes: u64) -> Result<Reservation, DecodeError> {
        if bytes > self.max_picture_bytes {
            return Err(DecodeError::TooLarge {
                what: format!("{bytes} bytes of memory to decode"),
                limit: format!("{} bytes", self.max_picture_bytes),
            });
        }
        Ok(self.budget.reserve(bytes))
    }

    /// Takes `bytes` for a thread that helps with another one's picture, if nobody has to wait for
    /// them and less than `threads` have something to do.
    pub(super) fn reserve_spare(&self, bytes: u64, threads: usize) -> Option<Reservation> {
        let mut held = self.budget.lock();
        let fits = held.bytes.checked_add(bytes).is_some_and(|all| all <= self.budget.total);
        if !fits || !self.budget.has_helpers || held.count >= threads {
            return None;
        }
        held.bytes += bytes;
        held.count += 1;
        Some(Reservation { budget: Arc::clone(&self.budget), bytes })
    }

    /// Whether more than `threads` have something to do, or would have it.
    pub(super) fn is_crowded(&self, threads: usize) -> bool {
        self.budget.lock().count > threads
    }

    /// The same bounds for the parts of a picture whose memory is reserved already as a whole:
    /// reservations wait for nobody, and nobody helps.
    pub(super) fn less_reserved(&self) -> Self {
        let budget = MemoryBudget { has_helpers: false, ..MemoryBudget::new(u64::MAX) };
        Self { budget: Arc::new(budget), ..*self }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new(
            Self::DEFAULT_MAX_PIXELS,
            Self::DEFAULT_MAX_PICTURE_BYTES,
            Self::DEFAULT_BUDGET_BYTES,
        )
    }
}

/// A number of bytes that all decoding threads share.
#[derive(Debug)]
pub struct MemoryBudget {
    total: u64,
    /// Whether threads that help with another one's picture may have of it.
    has_helpers: bool,
    held: Mutex<Held>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct Held {
    bytes: u64,
    /// Reservations, those included that are waited for.
    count: usize,
}

impl MemoryBudget {
    fn new(total: u64) -> Self {
        Self { total, has_helpers: true, held: Mutex::default(), freed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reserve(self: &Arc<Self>, bytes: u64) -> Reservation {
        let mut held = self.lock();
        held.count += 1;
        let mut held = self
            .freed
            .wait_while(held, |held| held.bytes > 0 && held.bytes + bytes > self.total)
            .unwrap_or_else(PoisonError::into_inner);
        held.bytes += bytes;
        Reservation { budget: Arc::clone(self), bytes }
    }
}

/// Bytes taken from the budget until it is dropped.
#[derive(Debug)]
pub struct Reservation {
    budget: Arc<MemoryBudget>,
    bytes: u64,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let mut held = self.budget.lock();
        held.bytes -= self.bytes;
        held.count -= 1;
        self.budget.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_by_name() {
        let limits = Limits::new(100, 1000, 1000);
        let refusal = limits.admit(Dimensions { width: 11, height: 10 }).unwrap_err();
        assert_eq!(refusal.to_string(), "too large: 11 × 10 pixels (the limit is 100 pixels)");
        assert!(limits.admit(Dimensions { width: 10, height: 10 }).is_ok());
        assert!(limits.admit(Dimensions { width: 0, height: 10 }).is_err());
        assert!(limits.reserve(1001).is_err());
    }

    #[test]
    fn spare_memory_is_for_who_has_nothing_else_to_do() {
        let limits = Limits::new(100, 600, 1000);
        let _picture = limits.reserve(600).unwrap();
        assert!(limits.reserve_spare(1, 1).is_none());
        assert!(limits.reserve_spare(401, 2).is_none());
        let helper = limits.reserve_spare(400, 2);
        assert!(helper.is_some() && limits.reserve_spare(0, 2).is_none());
        drop(helper);
        assert!(limits.reserve_spare(1, 2).is_some());
        assert!(limits.less_reserved().reserve_spare(1, 2).is_none());
    }

    #[test]
    fn waits_until_others_give_back() {
        let limits = Limits::new(100, 600, 1000);
        let first = limits.reserve(600).unwrap();
        let waiting = {
            let limits = limits.clone();
            std::thread::spawn(move || limits.reserve(600).map(drop))
        };
        assert!(!waiting.is_finished());
        drop(first);
        assert!(waiting.join().unwrap().is_ok());
        assert_eq!(limits.budget.lock().bytes, 0);
    }
}
