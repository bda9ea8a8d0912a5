//! Finds pictures that are the same picture, in very large libraries.
//!
//! The flow goes one way:
//!
//! ```text
//! walk ─► MediaFile ─► cache hit? ──────────────────────────────► PictureHash ─┐
//!                         └ miss ─► decode ─► Tile ─► hash (CPU | GPU) ─► cache ┘
//!                                      └────► FineTile ─► tiles (beside the cache)
//! hashes ─► index (candidates) ─► proof by tiles ─► groups ─► report ─► plan
//!                                      ▲                         │ ▲      │
//!                  decisions (not duplicates) ◄── review page ◄──┘ └ kept │
//!                                                                         ▼
//! MediaFile ─► capture date ─► unit ─► destination ─► plan ─► apply ─► journal ─► undo (a plan)
//! ```
//!
//! Modules are rooms by subject, and a file imports only from its own room and from lower ones
//! (`tests/architecture.rs` holds them to it). The library knows no terminal, no environment and no
//! clock: the binary hands them in.
//!
//! ```text
//! ┌ the program ────────────────────────────────────────────────────────────────────────────┐
//! │    main, cli/ (arguments, settings, menu, commands, rendering, exit codes)              │
//! ├ the face ───────────────────────────────────────────────────────────────────────────────┤
//! │    library (Library, Options, DuplicateOptions …)   distributed (steps of many machines)│
//! ├ orchestration: threads, channels ───────────────────────────────────────────────────────┤
//! │    scan  organize  review (server)                                                      │
//! ├ what is remembered, and what changes files ─────────────────────────────────────────────┤
//! │    catalogue (cache, tiles, decisions, search, tables)                                  │
//! │    act (plan, apply, journal, undo)                                                     │
//! ├ decisions, and adapters ────────────────────────────────────────────────────────────────┤
//! │    dedupe   files (walk, content, fsops: the only code that changes a user's files)     │
//! │    gpu (device, hashing, comparing)                                                     │
//! ├ reading pictures, searching hashes ─────────────────────────────────────────────────────┤
//! │    index   metadata   decode   units                                                    │
//! ├ from pixels to hashes ──────────────────────────────────────────────────────────────────┤
//! │    picture (tiles, windows, cosine transform, hashers, proof)                           │
//! ├ values ─────────────────────────────────────────────────────────────────────────────────┤
//! │    model   container                                                                    │
//! └─────────────────────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! Where to begin: a new picture format is a file in [`decode`] and a line in its `dispatch`; a new
//! action is a variant of [`act::plan::ActionKind`] and its steps in [`act::apply`]; what was found
//! is in [`model::findings`], which every output format renders.
//!
//! # Example
//!
//! ```
//! use std::sync::atomic::AtomicBool;
//!
//! use clean_backup::{DuplicateOptions, Library, Monitor, Options};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let pictures = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/library");
//! let cancel = AtomicBool::new(false);
//! let mut library = Library::open(Options::new("/"))?;
//! let options = DuplicateOptions::new([pictures]);
//! let findings = library.duplicates(&options, Monitor::quiet(&cancel))?;
//! for group in &findings.groups {
//!     println!("{} stays: {}", group.keeper.path.display(), group.reason);
//!     for duplicate in &group.duplicates {
//!         println!("  {} {}", duplicate.relation.name(), duplicate.picture.path.display());
//!     }
//! }
//! # assert_eq!(findings.groups.len(), 4);
//! # Ok(())
//! # }
//! ```

pub mod act;
pub mod catalogue;
pub mod container;
pub mod decode;
pub mod dedupe;
#[cfg(feature = "kernel")]
pub mod distributed;
pub mod files;
#[cfg(feature = "gpu")]
pub mod gpu;
pub mod index;
pub mod library;
pub mod metadata;
pub mod model;
pub mod organize;
pub mod picture;
#[cfg(feature = "review")]
pub mod review;
pub mod scan;
pub mod units;
pub mod video;

pub use act::plan::Plan;
pub use act::proposal::{Proposal, ProposalOptions};
pub use catalogue::similar::{Needle, SearchMode, SimilarOptions};
pub use library::{
    Acting, Answers, CoveredOptions, DuplicateOptions, ImportOptions, Library, LibraryError,
    Monitor, Options, Preflight, SearchSource, SimilarHit,
};
pub use metadata::capture::Judge;
pub use model::coverage::{Cover, Coverage};
pub use model::findings::{Findings, Group, Relation};
pub use model::policy::Policy;
