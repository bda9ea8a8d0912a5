//! Finds pictures that are the same picture, in very large libraries.
//!
//! The flow goes one way:
//!
//! ```text
//! walk ─► MediaFile ─► cache hit? ──────────────────────────────► PictureHash ─┐
//!                         └ miss ─► decode ─► Tile ─► hash (CPU | GPU) ─► cache ┘
//! hashes ─► index (neighbours) ─► groups (keeper + duplicates) ─► report ─► plan
//!                                                                  plan ─► apply ─► journal ─► undo
//! MediaFile ─► capture date ─► unit ─► destination ─► plan (the same)
//! ```
//!
//! Modules stand on floors, and a file imports only from lower ones (`tests/architecture.rs`
//! holds them to it): values ([`phash`], [`tile`], [`media`]) at the bottom, pure decisions above
//! them, adapters to the file system, decoders and the database above those, and the
//! orchestration on top. The library knows no terminal, no environment and no clock: the binary
//! hands them in.

pub mod apply;
pub mod cache;
pub mod calendar;
pub mod capture;
pub mod config;
pub mod container;
pub mod content;
pub mod dct;
pub mod decisions;
pub mod decode;
pub mod dedupe;
pub mod event;
pub mod exchange;
pub mod extensions;
pub mod fsops;
#[cfg(feature = "gpu")]
pub mod gpu;
pub mod group;
#[cfg(feature = "gpu")]
pub mod hamming_gpu;
pub mod hash;
pub mod hnsw;
pub mod index;
pub mod journal;
pub mod keeper;
pub mod layout;
pub mod media;
pub mod metadata;

pub mod organize;
pub mod own_file;
pub mod path_text;
pub mod phash;
pub mod plan;
pub mod policy;
pub mod proposal;
pub mod rearrange;
pub mod record;
pub mod relation;
pub mod report;
pub mod review;
pub mod scan;
pub mod similar;
pub mod stamp;
pub mod thumbnails;
pub mod tile;
pub mod undo;
pub mod units;
pub mod walk;
