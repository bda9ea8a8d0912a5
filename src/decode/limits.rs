//! What one picture, and all pictures in flight together, may cost in memory.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

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

    /// The same bounds for the parts of a picture whose memory is reserved already as a whole:
    /// reservations wait for nobody.
    pub(super) fn less_reserved(&self) -> Self {
        Self::new(self.max_pixels, self.max_picture_bytes, u64::MAX)
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
    held: Mutex<u64>,
    freed: Condvar,
}

impl MemoryBudget {
    fn new(total: u64) -> Self {
        Self { total, held: Mutex::new(0), freed: Condvar::new() }
    }

    fn reserve(self: &Arc<Self>, bytes: u64) -> Reservation {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let mut held = self
            .freed
            .wait_while(held, |held| *held > 0 && *held + bytes > self.total)
            .unwrap_or_else(PoisonError::into_inner);
        *held += bytes;
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
        let mut held = self.budget.held.lock().unwrap_or_else(PoisonError::into_inner);
        *held -= self.bytes;
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
        assert_eq!(*limits.budget.held.lock().unwrap(), 0);
    }
}
