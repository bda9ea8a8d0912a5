//! What all answers share.

use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::State;
use tokio::sync::Semaphore;

use super::connections::Patience;
use super::desk::Desk;
use super::gate::Gate;
use super::job::JobQueue;
use super::places::Places;
use super::session::Session;
use crate::decode::DecodeOptions;

/// One review: what was found, what is being done, and who may ask.
pub(super) struct ReviewState {
    pub session: Mutex<Session>,
    /// Counts the searches: numbers of groups are those of one of them.
    pub search: AtomicU64,
    pub queue: JobQueue,
    pub gate: Gate,
    pub port: u16,
    pub decode: DecodeOptions,
    pub decoding: Semaphore,
    /// Passwords that are looked at, one at a time.
    pub trying: Semaphore,
    pub patience: Patience,
    pub closed: AtomicBool,
    /// What the page of the whole program needs; a page for one review has none.
    pub desk: Option<Arc<dyn Desk>>,
    pub places: Places,
}

impl ReviewState {
    pub fn session(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) type Shared = State<Arc<ReviewState>>;
