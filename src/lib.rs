//! Finds pictures that are the same picture, in very large libraries.
//!
//! The flow goes one way:
//!
//! ```text
//! walk ─► MediaFile ─► cache hit? ──────────────────────────────► PictureHash ─┐
//!                         └ miss ─► decode ─► Tile ─► hash (CPU | GPU) ─► cache ┘
//! hashes ─► index (neighbours) ─► groups (keeper + duplicates) ─► report ─► plan
//!                    ▲                                              │ ▲       │
//!         decisions (not duplicates) ◄──── review page ◄────────────┘ └ kept  │
//!                                                                             ▼
//! MediaFile ─► capture date ─► unit ─► destination ─► plan ─► apply ─► journal ─► undo (a plan)
//! ```
//!
//! Modules stand on floors, and a file imports only from lower ones (`tests/architecture.rs`
//! holds them to it). The library knows no terminal, no environment and no clock: the binary hands
//! them in.
//!
//! ```text
//! ┌ 5  the program ─────────────────────────────────────────────────────────────────────────┐
//! │    main, cli/ (arguments, settings, menu, progress, exit codes)                         │
//! ├ 4  orchestration: threads, channels ────────────────────────────────────────────────────┤
//! │    scan  dedupe  damage  similar  organize  proposal  apply  undo  settle  thumbnails   │
//! │    quarantine  review/ (server)                                                         │
//! ├ 3  adapters: one foreign crate, one file ───────────────────────────────────────────────┤
//! │    walk  decode/  metadata/  hash/{cpu,gpu}  hamming_gpu  hnsw  cache/  decisions       │
//! │    exchange  config  content  fsops/ (the only code that changes a user's files)        │
//! │    journal/                                                                             │
//! ├ 2  how the program writes files of its own, and gives work to a GPU ────────────────────┤
//! │    own_database  own_file  stamp  real_paths  gpu/                                      │
//! ├ 1  pure decisions: no file system, no clock, no database ───────────────────────────────┤
//! │    dct/  index/  group  keeper  relation  rearrange  capture/  units/  layout/  plan/   │
//! │    report/ (text, JSON, CSV, page)  container/                                          │
//! ├ 0  values ──────────────────────────────────────────────────────────────────────────────┤
//! │    phash  tile  media  record  event  policy  path_text  calendar  extensions  leftover │
//! └─────────────────────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! Where to begin: a new picture format is a file in [`decode`] and a line in its `dispatch`; a new
//! action is a variant of [`plan::ActionKind`] and its steps in [`apply`]; what a report says is in
//! [`report`], which all forms of it share.

pub mod apply;
pub mod cache;
pub mod calendar;
pub mod capture;
pub mod config;
pub mod container;
pub mod content;
pub mod damage;
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
pub mod leftover;
pub mod media;
pub mod metadata;

pub mod organize;
pub mod own_database;
pub mod own_file;
pub mod path_text;
pub mod phash;
pub mod plan;
pub mod policy;
pub mod proposal;
pub mod quarantine;
pub mod real_paths;
pub mod rearrange;
pub mod record;
pub mod relation;
pub mod report;
pub mod review;
pub mod scan;
pub mod settle;
pub mod similar;
pub mod stamp;
pub mod thumbnails;
pub mod tile;
pub mod undo;
pub mod units;
pub mod walk;
