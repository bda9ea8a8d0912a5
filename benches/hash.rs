//! Time of one tile: coefficients, both hashes and quality, and all eight orientations.

#![allow(missing_docs)]

use std::hint::black_box;

use clean_backup::picture::dct;
use clean_backup::picture::tile::Tile;
use criterion::{Criterion, criterion_group, criterion_main};

fn tiles() -> Vec<Tile> {
    let bytes = include_bytes!("../fixtures/golden/tiles.bin");
    bytes.chunks_exact(1024).map(|b| Tile(std::array::from_fn(|i| b[i]))).collect()
}

fn bench(c: &mut Criterion) {
    let tiles = tiles();
    let mut group = c.benchmark_group("tile");
    group.throughput(criterion::Throughput::Elements(tiles.len() as u64));
    group.bench_function("coefficients", |b| {
        b.iter(|| {
            tiles.iter().for_each(|t| {
                black_box(dct::Coefficients::from_tile(black_box(t)));
            })
        });
    });
    group.bench_function("upright view and quality", |b| {
        b.iter(|| {
            tiles.iter().for_each(|t| {
                black_box(dct::hash_upright(black_box(t)));
            })
        });
    });
    group.bench_function("all orientations and quality", |b| {
        b.iter(|| {
            tiles.iter().for_each(|t| {
                black_box(dct::hash_tile(black_box(t)));
            })
        });
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
