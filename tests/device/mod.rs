//! What the tests of the GPU share. Any adapter will do, a program that acts as one too; without
//! one these tests say so and pass, unless `REQUIRE_GPU_TESTS` is set.

#![allow(dead_code, clippy::panic)]

use std::sync::Arc;
use std::time::Instant;

use clean_backup::gpu::device::{AdapterChoice, Gpu};
use clean_backup::gpu::pace::Clock;

/// An open device, or `None` where there is none and that is allowed.
pub fn gpu() -> Option<Gpu> {
    match Gpu::open(AdapterChoice::Any) {
        Ok(gpu) => Some(gpu),
        Err(error) if std::env::var_os("REQUIRE_GPU_TESTS").is_none() => {
            eprintln!(
                "\n*** SKIPPED, NOT TESTED: {error}. On Debian, mesa-vulkan-drivers has one.\n"
            );
            None
        }
        Err(error) => panic!("{error}, and REQUIRE_GPU_TESTS is set"),
    }
}

pub fn clock() -> Clock {
    let start = Instant::now();
    Arc::new(move || start.elapsed())
}

/// The same numbers on every machine.
pub struct Noise(pub u64);

impl Noise {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}
