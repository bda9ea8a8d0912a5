//! Time of a picture to look at, out of a camera's JPEG of 12 megapixels, by size: beside the usual
//! way, every pixel decoded by the `image` crate, made small by its `thumbnail`, and written by it.

#![allow(missing_docs, clippy::unwrap_used)]

mod scenes;

use std::hint::black_box;

use clean_backup::decode::DecodeOptions;
use clean_backup::decode::preview::preview;
use clean_backup::model::media::Orientation;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use image::codecs::jpeg::JpegEncoder;
use image::imageops;

/// A drawn scene with the noise of a sensor, as a camera writes it.
fn camera_jpeg() -> Vec<u8> {
    let large = scenes::camera_picture();
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 90).encode_image(&large).unwrap();
    jpeg
}

fn bench(c: &mut Criterion) {
    let jpeg = camera_jpeg();
    let options = DecodeOptions::default();
    let mut group = c.benchmark_group("preview");
    group.sample_size(10);
    for side in [200, 320, 1600, 5000] {
        group.bench_with_input(BenchmarkId::new("ours", side), &side, |b, &side| {
            b.iter(|| black_box(preview(&jpeg, side, Orientation::Upright, &options).unwrap()));
        });
        group.bench_with_input(BenchmarkId::new("image", side), &side, |b, &side| {
            b.iter(|| {
                let picture = image::load_from_memory(&jpeg).unwrap().into_rgb8();
                let side = side.min(4000);
                let small = imageops::thumbnail(&picture, side, side * 3 / 4);
                let mut out = Vec::new();
                JpegEncoder::new_with_quality(&mut out, 85).encode_image(&small).unwrap();
                black_box(out)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
